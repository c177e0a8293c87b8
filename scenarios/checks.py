"""What is wrong with a scenario that no single key of its file shows: found before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import from_days
from event_logs.project import nearest
from scenarios.changes import AnyChange
from scenarios.parts import ChangeError, Touch
from scenarios.routes import Route
from scenarios.scenario import AppliesTo, Scenario
from simulation.cohort import Cohort
from simulation.model import PathwayModel

_EDGE = 1e-12
"""A limit itself is drawn only where the size is known: a factor may reach down to 0, and never is 0."""
FEWEST = 10
"""A comparison of fewer children than this says nothing, and comes close to telling of single ones."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong: the place in the scenario, as keys; what; and what to do."""

    place: tuple[str, ...]
    problem: str
    remedy: str


def faults(scenario: Scenario, model: PathwayModel) -> Iterator[Fault]:
    """Changes that cannot be made to the model, at the limits of their ranges too, and changes of the same thing."""
    touched: list[frozenset[Touch]] = []
    for number, change in enumerate(scenario.changes):
        place = ("changes", str(number))
        try:
            touched.append(change.touches(model))
            model = _tried(change, model)
        except ChangeError as error:
            yield Fault((*place, error.key), error.problem, error.remedy)
            touched.append(frozenset())
    for (first, one), (second, other) in combinations(enumerate(touched), 2):
        if one & other:
            problem = f"changes {first + 1} and {second + 1} overlap: both change {_shared(one, other)}"
            yield Fault(("changes", str(second)), problem, "Keep one of them, or make one change of the two")
    kinds = [change.type for change in scenario.changes if change.type in ("gate", "staff", "demand")]
    if kinds and not scenario.applies_to.everybody:
        problem = f"a change of type {kinds[0]!r} meets all children, and cannot be for some of them or grow by and by"
        yield Fault(("applies_to",), problem, "Leave `applies_to` out, or put the change into a scenario of its own")


def _shared(one: frozenset[Touch], other: frozenset[Touch]) -> str:
    what, part = min(one & other)
    return f"{what} ({part})"


def _tried(change: AnyChange, model: PathwayModel) -> PathwayModel:
    """The model with the change at its likely sizes; both limits are tried too."""
    ranges = change.ranges().values()
    for limits in ([size.quantile(unit) for size in ranges] for unit in (_EDGE, 1.0 - _EDGE)):
        change.apply(model, *limits)
    if isinstance(change, Route):
        change.check_kinds(model)
    return change.apply(model, *(size.quantile(0.5) for size in ranges))


def check(
    scenarios: Sequence[Scenario],
    model: PathwayModel,
    cohort: Cohort,
    years: float,
    *,
    together: Sequence[tuple[int, int]] = (),
) -> None:
    """Raise InputError, with everything wrong at once, unless all scenarios can be run on this model and these cases.

    A scenario must reach at least `FEWEST` children: those open at the start and those expected within `years`. Two
    scenarios run `together` (their positions) must not change the same thing.
    """
    problems = []
    for scenario in scenarios:
        found = [*faults(scenario, model), *_cohort_faults(scenario, model, cohort, years)]
        problems += [
            Problem(f"scenario {scenario.name!r}", ".".join(fault.place), fault.problem, fault.remedy)
            for fault in found
        ]
    if not problems:
        for one, two in together:
            touched = [
                frozenset().union(*(change.touches(model) for change in scenarios[number].changes))
                for number in (one, two)
            ]
            names = f"scenarios {scenarios[one].name!r} and {scenarios[two].name!r}"
            if scenarios[one].reach() != scenarios[two].reach():
                problem = "they are for other children, begin on other days, or treat work under way differently"
                problems.append(Problem(names, "", problem, "Write one scenario of the two"))
            if touched[0] & touched[1]:
                problem = f"they overlap: both change {_shared(*touched)}"
                problems.append(Problem(names, "", problem, "Compare each by itself, or write one scenario of the two"))
    if problems:
        raise InputError(problems)


def _cohort_faults(scenario: Scenario, model: PathwayModel, cohort: Cohort, years: float) -> Iterator[Fault]:
    who = scenario.applies_to
    missing = [name for name in who.values() if name not in cohort.cases]
    if who.age_under is not None and "birth" not in cohort.cases:
        missing.append("birth")
    for name in missing:
        near = nearest(name, cohort.cases.columns, 1)
        known = ", ".join(sorted(set(map(str, cohort.cases.columns)) - {"case", "child", "start", "end"}))
        remedy = f"Did you mean {near[0]!r}?" if near else f"The case table has: {known}"
        yield Fault(("applies_to", name), f"nothing is known of the children's {name!r}", remedy)
    if missing or not scenario.changes:
        return
    reached = children_reached(who, model, cohort, years)
    if reached < FEWEST:
        problem = (
            f"the change reaches about {reached:.0f} children in {years:g} years ({who}); with fewer than {FEWEST} no "
            "effect can be told, and single children might be"
        )
        yield Fault(("applies_to",), problem, "Let it apply to more children, or compare over more years")


def children_reached(who: AppliesTo, model: PathwayModel, cohort: Cohort, years: float) -> float:
    """Children open at the start, and expected to come within `years`, whom the change is for, times the share reached.

    What is not known of a child (a missing locality or date of birth) does not match.
    """
    reach = who.reach(None, "unaffected")
    reached = float(reach.meant(cohort.cases, cohort.day).sum())
    if model.arrivals is not None:
        pool, weight = model.arrivals.pool, model.arrivals.weight
        day = pd.Timestamp("2001-01-01")
        pool = pool.assign(start=day)
        if "age_days" in pool:  # the pool keeps ages, and no dates of birth
            pool["birth"] = day - pd.to_timedelta(np.floor(pool["age_days"]), unit="D")
        share = float(weight[reach.meant(pool, -np.inf)].sum() / weight.sum())
        start = pd.Timestamp(from_days([cohort.day])[0])
        reached += share * model.arrivals.expected(start, start + pd.Timedelta(days=round(years * 365.25)))
    return reached * who.share_reached
