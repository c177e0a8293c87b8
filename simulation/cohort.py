"""Who is simulated: the children open today, at their stage, and those still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays, from_days, to_days
from simulation.arrivals import GROUP
from simulation.at_gates import AtGates, read_at_gates
from simulation.gates import Places, ReviewCycle, Sessions
from simulation.model import START, UNRECORDED, Choice, PathwayModel, Step


@dataclass(frozen=True)
class Running:
    """A step under way when the simulation starts: the child, and the day the step began."""

    child: int
    step: str
    since: float


@dataclass(frozen=True)
class Undecided:
    """A choice made but not yet visible: which way the child is on will only show when the next activity happens."""

    child: int
    choice: str
    since: float


@dataclass(frozen=True)
class Cohort:
    """The open cases of a log at one instant, loaded into a model.

    Children are numbered from 0 in the order of `cases`. `counts` has one row a step with the children loaded there
    from the log; `unplaced` lists, with the reason, those who are looked after but in no step of the model.
    """

    cases: pd.DataFrame
    """Rows of the case table, open cases only."""
    history: LogArrays
    """The whole log's arrays, from which the past events of the open cases are copied into a simulated log."""
    rows: npt.NDArray[np.int64]
    """Positions of the open cases in the log's case table."""
    running: tuple[Running, ...]
    undecided: tuple[Undecided, ...]
    reviews: dict[int, tuple[float, ...]]
    """For children whose step passes a review cycle: the days of the reviews already held in it."""
    counts: pd.DataFrame
    unplaced: pd.DataFrame
    model: PathwayModel
    """The model whose laws govern the work already under way, whatever a scenario changes for later work."""
    at_gates: AtGates = field(default_factory=AtGates)
    """Dates booked and places held, as far as the log tells."""
    arrival: tuple[float, ...] = ()
    """For a cohort of newcomers, the day each of `cases` arrives; empty when all of them are there already."""

    @property
    def day(self) -> float:
        """The instant of the snapshot, in days since 1970-01-01."""
        return self.history.window_end

    @cached_property
    def happened(self) -> tuple[frozenset[str], ...]:
        """For each open child, the activities that have happened to it: the same for every run from this cohort."""
        history = self.history
        spans = [slice(int(history.first[row]), int(history.first[row + 1])) for row in self.rows]
        return tuple(frozenset(history.activities[code] for code in history.activity[s].tolist()) for s in spans)

    @cached_property
    def frailty_below(self) -> npt.NDArray[np.float64]:
        """Posterior of each open child's frailty: the same for every run from this cohort, so worked out once."""
        from simulation.frailty import posterior_below

        return posterior_below(self)

    def without_openers(self) -> Cohort:
        """The same day, model and newcomers, but nobody there at the start."""
        nobody = np.zeros(0, dtype=np.int64)
        return replace(self, rows=nobody, running=(), undecided=(), reviews={}, at_gates=AtGates())

    def beside(self, pool: pd.DataFrame) -> pd.DataFrame:
        """The cases, then one row for each of the pool's, with all its attributes that a new case copies.

        The same for every run from this cohort, so kept: putting tables together costs more than taking rows of one.
        """
        if not any(kept is pool for kept, _ in self._beside):
            copied = pool.drop(columns=[GROUP, *(["age_days"] if "birth" in pool else [])], errors="ignore")
            never = np.full(len(pool), np.datetime64("NaT", "us"))
            copied = copied.assign(case=pd.Series("", index=pool.index, dtype="str"), start=never, end=never)
            copied, known = _to_write_in(copied, copied), _to_write_in(self.cases, copied)
            both = pd.concat([known, copied], ignore_index=True) if len(known) else copied
            self._beside.append((pool, both))
        return next(both for kept, both in self._beside if kept is pool)

    @cached_property
    def _beside(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        return []

    @classmethod
    def newcomers(
        cls, model: PathwayModel, cases: pd.DataFrame, arrival: npt.NDArray[np.float64], day: float
    ) -> Cohort:
        """A cohort that is empty on `day`, and the given cases to arrive after it (`arrival`, days since 1970)."""
        none = np.zeros(0)
        history = LogArrays(
            none.astype(np.int32), none.astype(np.int32), none, np.zeros(1, np.int64), none, none, (), day, day
        )
        nobody = pd.DataFrame({"step": pd.Series(dtype="str"), "children": pd.Series(dtype="int64")})
        return cls(
            cases=cases,
            history=history,
            rows=np.zeros(0, dtype=np.int64),
            running=(),
            undecided=(),
            reviews={},
            counts=nobody,
            unplaced=pd.DataFrame(columns=["case", "reason"]),
            model=model,
            arrival=tuple(arrival.tolist()),
        )


def _to_write_in(cases: pd.DataFrame, copied: pd.DataFrame) -> pd.DataFrame:
    """The cases with text for ids and dates for births where a new case gets its own: a number holds no new id."""
    both = [name for name in ("child", "family", "birth") if name in cases and name in copied]
    own: dict[str, Any] = {name: cases[name].astype("str") for name in both if name != "birth"}
    if "birth" in both and not pd.api.types.is_datetime64_any_dtype(cases["birth"]):
        own["birth"] = from_days(to_days(cases["birth"]))
    return cases.assign(**own)


def strata_of(cases: pd.DataFrame, by: str) -> list[str]:
    """Each child's stratum by the named attribute; "" where the attribute, or its value, is missing."""
    if not by or by not in cases:
        return [""] * len(cases)
    codes, values = pd.factorize(cases[by])
    names = [*(str(value) for value in values.tolist()), ""]  # what is missing has the code -1
    return [names[code] for code in codes.tolist()]


def snapshot(log: EventLog, model: PathwayModel) -> Cohort:
    """Place every open case of `log` in the steps of `model` as at the end of the observation window.

    A child is in a step when the activity that starts it has happened and the step's own activity has not happened
    since. A step left behind without a record (a later milestone is recorded) is dropped, and so is one that began
    before its ending was reliably recorded. A child that is then in no step at all goes on as the model's choice
    `UNRECORDED` says, if it has one and something of the child is recorded; the others are listed in `unplaced`.
    """
    arrays = log.arrays
    rows = np.flatnonzero(np.isnan(arrays.end))
    placer = _Placer(log, model)
    running: list[Running] = []
    undecided: list[Undecided] = []
    reviews: dict[int, tuple[float, ...]] = {}
    unplaced: list[tuple[str, str]] = []
    for child, row in enumerate(rows):
        found = placer.place(int(row))
        running += [Running(child, step, since) for step, since in found.running]
        undecided += [Undecided(child, choice, since) for choice, since in found.undecided]
        if found.reviews:
            reviews[child] = found.reviews
        if not found.running and not found.undecided:
            unplaced.append((str(log.cases["case"].iloc[row]), found.reason or "no step of the model follows"))
    names = [item.step for item in running] + [f"after {item.choice}" for item in undecided]
    counts = pd.Series(names, dtype="str").value_counts().sort_index()
    return Cohort(
        cases=log.cases.iloc[rows].reset_index(drop=True),
        history=arrays,
        rows=rows,
        running=tuple(running),
        undecided=tuple(undecided),
        reviews=reviews,
        counts=pd.DataFrame({"step": counts.index, "children": counts.to_numpy()}),
        unplaced=pd.DataFrame(unplaced, columns=["case", "reason"]),
        model=model,
        at_gates=read_at_gates(log, model, rows),
    )


@dataclass
class _Place:
    running: list[tuple[str, float]]
    undecided: list[tuple[str, float]]
    reviews: tuple[float, ...] = ()
    reason: str = ""


class _Placer:
    """Reads one case at a time; holds what is the same for all of them."""

    def __init__(self, log: EventLog, model: PathwayModel) -> None:
        self.arrays = log.arrays
        self.model = model
        self.names = self.arrays.activities
        self.downstream = model.downstream()
        self.window = log.window
        self.reliable = {
            name: float(to_days(pd.Series([log.window.reliable_from(*self._endings(step))]))[0])
            for name, step in model.steps.items()
        }

    def place(self, row: int) -> _Place:
        begin, stop = int(self.arrays.first[row]), int(self.arrays.first[row + 1])
        activities = [self.names[code] for code in self.arrays.activity[begin:stop]]
        days = self.arrays.day[begin:stop].tolist()
        last = {name: index for index, name in enumerate(activities)}
        place = _Place([], [])
        if not activities and self.arrays.start[row] < self.arrays.window_start:
            place.reason = "began before recording did, and nothing is recorded since"
        elif not activities and START in self.model.choices:
            place.undecided.append((START, float(self.arrays.start[row])))
        superseded = self._superseded(last)
        for activity, index in last.items():
            choice = self.model.choices.get(activity)
            if choice is not None and activity not in superseded:
                self._follow(activity, choice, days[index], activities[index + 1 :], place)
        for step in self.model.steps.values():
            waiting = step.activity not in last and step.may_begin(set(last))
            if waiting and not self._left_behind({step.name}, activities):
                begun = [days[last[name]] for name in step.waits_for]
                if step.waits_for_any:
                    begun.append(min(days[activities.index(name)] for name in step.waits_for_any if name in last))
                place.running.append((step.name, max(begun)))
        nowhere = bool(place.reason and activities) and not place.running and not place.undecided
        if nowhere and UNRECORDED in self.model.choices:
            place.undecided.append((UNRECORDED, days[0]))
        for name, since in place.running:
            gate = self.model.gates.get(self.model.steps[name].gate)
            if isinstance(gate, ReviewCycle):
                held = [d for a, d in zip(activities, days, strict=True) if a == gate.review and d >= since]
                place.reviews = tuple(sorted(held))
        return place

    def _follow(self, activity: str, choice: Choice, since: float, later: Sequence[str], place: _Place) -> None:
        happened = set(later)
        steps = {name for option in choice.options for name in option.starts}
        done = {name for name in steps if happened & set(self._endings(self.model.steps[name]))}
        fitting = [option for option in choice.options if done <= set(option.starts)] or list(choice.options)
        if not fitting[0].starts and len(choice.options) == 1:
            return
        if not done and len(fitting) > 1:
            if self._left_behind(steps, later):
                place.reason = "a later milestone is recorded, the step before it is not"
            else:
                place.undecided.append((activity, since))
            return
        alternatives = len(choice.options) > 1 and all(len(option.starts) <= 1 for option in choice.options)
        if done and alternatives:
            return
        for name in fitting[0].starts:
            if name in done:
                continue
            if since < self.reliable[name] and self.reliable[name] > self.arrays.window_start:
                place.reason = "began before its ending was reliably recorded"
            elif self._left_behind({name}, later):
                place.reason = "a later milestone is recorded, the step before it is not"
            else:
                place.running.append((name, since))

    def _endings(self, step: Step) -> tuple[str, ...]:
        """The activities that show that a step is over: its own, or, if it leaves no record, what follows it."""
        gate = self.model.gates.get(step.gate)
        away = (gate.turned_away_as,) if isinstance(gate, Places) and gate.turned_away_as else ()
        if step.activity:
            return (step.activity, *away)
        following = self.model.choices.get(step.leads_to, Choice(options=()))
        names = [name for option in following.options for name in option.starts]
        return tuple(dict.fromkeys((*(self.model.steps[name].activity for name in names), *away)))

    def _left_behind(self, steps: set[str], later: Sequence[str]) -> bool:
        """Whether something is recorded that can only come after these steps."""
        endings = [name for step in steps for name in self._endings(self.model.steps[step])]
        beyond = frozenset().union(*(self.downstream.get(name, frozenset()) for name in endings))
        return any(name in beyond for name in later)

    def _superseded(self, last: dict[str, int]) -> set[str]:
        """Activities that another way out of the same choice has replaced since, such as a plan that was changed."""
        found: set[str] = set()
        for choice in self.model.choices.values():
            ways = [self.model.steps[o.starts[0]].activity for o in choice.options if len(o.starts) == 1]
            seen = [way for way in ways if way in last]
            if len(ways) == len(choice.options) > 1 and len(seen) > 1:
                found |= set(seen) - {max(seen, key=lambda way: last[way])}
        return found


def queued(cohort: Cohort, gate: str) -> int:
    """How many children of the cohort wait at a session gate now."""
    if not isinstance(cohort.model.gates.get(gate), Sessions):
        raise ValueError(f"{gate!r} is not a gate with sessions")
    at_gate = {name for name, step in cohort.model.steps.items() if step.gate == gate}
    return sum(1 for item in cohort.running if item.step in at_gate)
