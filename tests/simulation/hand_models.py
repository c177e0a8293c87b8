"""Small models made by hand, whose behaviour is known from theory, and what the tests need to run and cut them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.window import ObservationWindow
from simulation.arrivals import Arrivals
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.gates import Gate
from simulation.gates.recorded import recorded_at
from simulation.laws import Law
from simulation.model import START, Choice, Option, PathwayModel, Step

Floats = npt.NDArray[np.float64]
DAY_ZERO = 18_262.0
"""1 January 2020, in days since 1970-01-01."""


def at(day: float) -> pd.Timestamp:
    """The date `day` days after 1 January 2020."""
    return pd.Timestamp(from_days([DAY_ZERO + day])[0])


def open_ends(cases: int) -> pd.Series[pd.Timestamp]:
    """The `end` column of cases that are all open."""
    return pd.to_datetime(pd.Series([""] * cases))


def weibull(shape: float, scale: float) -> Law:
    """A Weibull law: no body, all tail."""
    return Law(np.array([0.0]), np.array([1.0]), shape, scale)


def step(activity: str, law: Law, *, waits_for: tuple[str, ...] = (), gate: str = "", name: str = "") -> Step:
    """A step named like its activity."""
    return Step(name=name or activity, activity=activity, laws={"": law}, waits_for=waits_for, gate=gate)


def only(*starts: str) -> Choice:
    """The choice with one option."""
    return Choice(options=(Option(starts=starts, share={"": 1.0}),))


def either(shares: Mapping[str, float]) -> Choice:
    """A choice between single steps."""
    return Choice(options=tuple(Option(starts=(name,), share={"": share}) for name, share in shares.items()))


def model_of(
    steps: Sequence[Step],
    choices: Mapping[str, Choice],
    *,
    gates: Mapping[str, Gate] | None = None,
    final: tuple[str, ...] = ("end",),
    whole_days: bool = False,
    arrivals: Arrivals | None = None,
) -> PathwayModel:
    """A model whose activities have the ranks of the order in which the steps stand."""
    names = dict.fromkeys([s.activity for s in steps if s.activity])
    at_gates = [name for gate in (gates or {}).values() for name in recorded_at(gate)]
    ranks = {name: rank for rank, name in enumerate([*at_gates, *names], start=1)}
    return PathwayModel(
        name="by hand",
        steps={s.name: s for s in steps},
        choices=dict(choices),
        ranks=ranks,
        final=final,
        gates=gates or {},
        whole_days=whole_days,
        arrivals=arrivals,
    )


def single(law: Law, *, whole_days: bool = False) -> PathwayModel:
    """One step, then the case ends."""
    return model_of([step("end", law)], {START: only("end")}, whole_days=whole_days)


def arriving(model: PathwayModel, days: Sequence[float] | Floats) -> Cohort:
    """Nobody on 1 January 2020; one case a day in `days` (counted from then, above 0)."""
    arrival = np.asarray(days, dtype=float) + DAY_ZERO
    cases = pd.DataFrame(
        {"case": [f"{n:06d}" for n in range(len(arrival))], "start": from_days(arrival), "end": pd.NaT}
    )
    return Cohort.newcomers(model, cases, arrival, DAY_ZERO)


def poisson_days(rate: float, end: float, seed: int, *, whole: bool = False) -> Floats:
    """Days of a Poisson process on (0, end)."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0.0, end, rng.poisson(rate * end)))
    return np.maximum(np.floor(days), 1.0) if whole else np.maximum(days, 1e-6)


def run(model: PathwayModel, days: Sequence[float] | Floats, end: float, *, seed: int = 1) -> EventLog:
    """The log of cases arriving on `days`, up to day `end`."""
    return simulate(model, arriving(model, days), at(end), seed=seed)


def days_of(log: EventLog, activity: str) -> Floats:
    """First day, counted from 1 January 2020, on which each case had the activity; NaN where it has not."""
    arrays = log.arrays
    found = np.full(len(arrays.start), np.nan)
    rows = np.flatnonzero(arrays.activity == arrays.activities.index(activity))[::-1]
    found[arrays.case[rows]] = arrays.day[rows] - DAY_ZERO
    return found


def cut(log: EventLog, day: float, *, start: float | None = None) -> EventLog:
    """The extract that would have been taken on `day` (days since 1970): later events unseen, cases then running open.

    With `start`, recording begins on that day: cases that ended before are missing.
    """
    ended = to_days(log.cases["end"])
    began = to_days(log.cases["start"])
    kept = (began <= day) & (np.isnan(ended) | (ended >= (-np.inf if start is None else start)))
    cases = log.cases[kept].copy()
    cases["end"] = cases["end"].where(to_days(cases["end"]) <= day)
    events = log.events[log.events["case"].isin(cases["case"]) & (to_days(log.events["date"]) <= day)]
    ranks = log.events.groupby("activity", observed=True)["rank"].first()
    begin = log.window.start if start is None else pd.Timestamp(from_days([start])[0])
    window = ObservationWindow(begin, pd.Timestamp(from_days([day])[0]), log.window.recorded_from)
    return EventLog.of(
        events[["case", "activity", "date"]], window, cases=cases, ranks={str(k): int(r) for k, r in ranks.items()}
    )


def with_arrivals(model: PathwayModel) -> PathwayModel:
    """The model with new cases of two kinds."""
    pool = pd.DataFrame({"sex": ["f", "m"], "child": ["x", "y"], "age_days": [100.0, 900.0], "birth": [at(0), at(0)]})
    return replace(model, arrivals=Arrivals(np.full(12, 9.0), pool, np.ones(2)))
