"""Small councils with a known past: one whose process stays as it is, and one whose process changes on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hand_models import DAY_ZERO, arriving, at, model_of, only, step, weibull

from event_logs.log import EventLog
from event_logs.vocabulary import Aim, Stage
from event_logs.window import ObservationWindow
from simulation.arrivals import Arrivals
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.laws import Law, Stays, fit_competing
from simulation.model import START, PathwayModel

YEAR = 365.25
FIRST = Stage("First: in to decided", starts=("in",), stops=("decided",), limit_days=150)
SECOND = Stage("Second: decided to end", starts=("decided",), stops=("end",))
STAGES = (FIRST, SECOND)
AIM = Aim(1, "decided in time", clock_start="in", clock_stops=("decided",), limit_days=150, target_share=0.75)
PLAN, COURT = weibull(1.5, 160.0), weibull(1.5, 200.0)


def council(plan: Law = PLAN, court: Law = COURT, *, per_month: float = 10.0) -> PathwayModel:
    """Arrivals at a steady rate; a plan, then the end of the case."""
    pool = pd.DataFrame({"family": ["one"]})
    steps = [step("in", weibull(50.0, 0.2)), step("decided", plan), step("end", court)]
    choices = {START: only("in"), "in": only("decided"), "decided": only("end")}
    arrivals = Arrivals(np.full(12, per_month), pool, np.ones(1))
    return model_of(steps, choices, whole_days=True, arrivals=arrivals)


def history(model: PathwayModel, years: float, *, seed: int) -> EventLog:
    """The council's whole log, from its first day: nothing is truncated."""
    log = simulate(model, arriving(model, []), at(years * YEAR), seed=seed)
    cases = log.cases.drop(columns="family", errors="ignore")
    return EventLog(log.events, cases, log.window)


def changed(before: PathwayModel, now: PathwayModel, years: tuple[float, float], *, seed: int) -> EventLog:
    """The log of a council that works as `before` for some years and then, from one day on, as `now`."""
    past = history(before, years[0], seed=seed)
    cohort = replace(snapshot(past, before), model=now)
    future = simulate(now, cohort, at(sum(years) * YEAR), seed=seed + 1)
    # New ids differ from those of the open cases only.
    began = set(future.cases.loc[future.cases["start"] > past.window.end, "case"])
    name = {case: f"later-{case}" if case in began else case for case in future.cases["case"]}
    gone = past.cases["end"].notna()
    cases = pd.concat([past.cases[gone], future.cases.assign(case=future.cases["case"].map(name))], ignore_index=True)
    old = past.events[past.events["case"].isin(past.cases.loc[gone, "case"])]
    new = future.events.assign(case=future.events["case"].map(name))
    columns = ["case", "activity", "date"]
    events = pd.concat([part[columns].astype({"activity": "str"}) for part in (old, new)])
    window = ObservationWindow(at(0), future.window.end)
    return EventLog.of(events, window, cases=cases[["case", "start", "end"]], ranks=dict(before.ranks))


def truth(model: PathwayModel) -> TrueFit:
    """A fit that finds exactly this model, whatever the log: forecasts then rest on the truth."""
    return TrueFit(model)


class TrueFit:
    """See `truth`; a class, so that it can be sent to another process."""

    def __init__(self, model: PathwayModel) -> None:
        self.model = model

    def __call__(self, log: EventLog, **_: Any) -> PathwayModel:
        return self.model


def fitted(
    log: EventLog, *, panel: object = None, weight: npt.NDArray[np.float64] | None = None, base: object = None
) -> PathwayModel:
    """The small council fitted to a log: Kaplan-Meier with a Weibull tail, and the rate of all arrivals so far."""
    arrays = log.arrays
    cases = len(arrays.start)
    weight = np.ones(cases) if weight is None else weight
    days: Mapping[str, npt.NDArray[np.float64]] = {name: np.full(cases, np.nan) for name in ("in", "decided", "end")}
    for code, name in enumerate(arrays.activities):
        rows = arrays.activity == code
        days[name][arrays.case[rows]] = arrays.day[rows]
    laws = []
    for start, stop in (("in", "decided"), ("decided", "end")):
        begun = ~np.isnan(days[start])
        done = ~np.isnan(days[stop][begun])
        length = np.where(done, days[stop][begun], arrays.window_end) - days[start][begun]
        stays = Stays(length, done.astype(np.int64), np.zeros(len(length)), weight[begun])
        laws.append(fit_competing(start, (stop,), stays).laws[stop])
    months = (arrays.window_end - DAY_ZERO) / YEAR * 12
    return council(*laws, per_month=float(weight.sum()) / months)
