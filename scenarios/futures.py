"""The two futures of a scenario, many times: the cohorts that will enter, with the change and without it.

Each draw resamples the children of the log and fits the model again, draws the size of each effect from its range, and
simulates both futures on the same streams, so that they differ only by the change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from scenarios.checks import check
from scenarios.cohort_shares import CohortShares, Floats, Ints, estimate
from scenarios.nested import drawn_sizes
from scenarios.predicted import WITH
from scenarios.scenario import Scenario
from scenarios.watched import CohortPeriod, CohortPeriods, Watched, cohorts_of, watched_in
from simulation.backcast import resampled_fit
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.model import PathwayModel
from simulation.running import in_order

FEWEST_DRAWS = 20


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """How far a prediction looks, and how it is made."""

    gates: Known = None
    """The panel's calendar, or every gate, that the council declares."""
    months: int = 24
    """Cohorts that enter in so many months after the change begins are predicted."""
    period: CohortPeriod = "quarter"
    draws: int = 100
    power_tests: int = 1000
    """Tests simulated for each figure of power; 0: the table of power stays empty."""
    seed: int = 1

    def __post_init__(self) -> None:
        if self.draws < FEWEST_DRAWS:
            raise ValueError(f"draws must be at least {FEWEST_DRAWS} for a predictive interval, got {self.draws}")
        if self.months < 1:
            raise ValueError(f"months must be at least 1, got {self.months}")


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the draws of the model gave, before anything is made of it."""

    base: PathwayModel
    """The model fitted to the log itself."""
    watched: tuple[Watched, ...]
    begins: pd.Timestamp
    """The day on which the change begins."""
    periods: CohortPeriods
    sizes: Floats
    """[draw, change]: the sizes applied."""
    children: Ints
    """[draw, future, watched, period]."""
    reached: Ints
    days: tuple[tuple[tuple[Floats, Floats], ...], ...]
    """[draw][watched]: the days of every child of all periods, with and without the change; infinite beyond the
    horizon."""

    def shares(self, watched: int, future: int, noise: Floats) -> CohortShares:
        """The chance of each draw and cohort in one future."""
        sizes = self.sizes if future == WITH else None
        return estimate(self.reached[:, future, watched], self.children[:, future, watched], noise, sizes)


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything one draw needs; sent to worker processes."""

    log: EventLog
    base: PathwayModel
    cohort: Cohort
    gates: Known
    scenario: Scenario
    watched: tuple[Watched, ...]
    periods: CohortPeriods
    seed: int

    @property
    def window(self) -> ObservationWindow:
        """Until every child of the last cohort has had the longest horizon; judged by the records of the real log."""
        wait = max(one.horizon_days for one in self.watched)
        end = self.periods.ends[-1] + pd.Timedelta(days=int(np.ceil(wait)) + 1)
        return ObservationWindow(self.log.window.start, end, self.log.window.recorded_from)


def draw_futures(
    log: EventLog,
    scenario: Scenario,
    ahead: Ahead,
    *,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Drawn:
    """Simulate the cohorts that enter in the months after the log's end, with the change and without it.

    Every draw has an effect: how likely the idea is to change nothing at all is weighed in when the prediction is
    judged. `workers`, `store`, `cluster` and `progress` are those of `simulation.running.in_order`; the result does not
    depend on them. Raises ValueError for a log too small to watch anything, and InputError for a scenario that does not
    fit the pathway or reaches too few children (`checks.check`).
    """
    if not len(log.cases):
        raise ValueError("the log has no case to predict from")
    base = fit_pathway(log, panel=ahead.gates)
    watched = watched_in(log, base)
    if not watched:
        raise ValueError("the log has too few children in every stage to predict a run chart")
    begins = first_day(log, scenario)
    periods = CohortPeriods.after(begins - pd.Timedelta(days=1), ahead.months, ahead.period)
    certain, cohort = replace(scenario, no_effect=0.0), snapshot(log, base)
    check([certain], base, cohort, ahead.months / 12.0)
    task = _Task(log, base, cohort, ahead.gates, certain, watched, periods, ahead.seed)
    jobs = [(task, number) for number in range(ahead.draws)]
    found = list(in_order(_draw, jobs, workers, store=store, cluster=cluster, progress=progress))
    counts = np.stack([one[1] for one in found])
    return Drawn(
        base=base,
        watched=watched,
        begins=begins,
        periods=periods,
        sizes=np.asarray([one[0] for one in found], dtype=np.float64).reshape(ahead.draws, -1),
        children=counts[..., 0],
        reached=counts[..., 1],
        days=tuple(one[2] for one in found),
    )


def first_day(log: EventLog, scenario: Scenario) -> pd.Timestamp:
    """The day on which the change begins: the scenario's start, where it names one after the log's end."""
    after = log.window.end + pd.Timedelta(days=1)
    return after if scenario.start_date is None else max(after, pd.Timestamp(scenario.start_date))


def _draw(task: _Task, number: int) -> tuple[tuple[float, ...], Ints, tuple[tuple[Floats, Floats], ...]]:
    model = resampled_fit(task.log, task.base, fit_pathway, task.gates, seed=task.seed, draw=number)
    cohort = replace(task.cohort, model=model)
    sizes = drawn_sizes(task.scenario, task.seed, number)
    futures = ((task.scenario.apply(model, sizes), task.scenario.reach()), (model, None))
    counts = np.zeros((2, len(task.watched), len(task.periods), 2), dtype=np.int64)
    days: list[list[Floats]] = [[] for _ in task.watched]
    for future, (pathway, reach) in enumerate(futures):
        seen = simulate(pathway, cohort, task.window.end, seed=task.seed, replication=number, reach=reach)
        seen = EventLog(seen.events, seen.cases, task.window)
        for place, one in enumerate(task.watched):
            found = cohorts_of(seen, one, task.periods)
            counts[future, place, :, 0], counts[future, place, :, 1] = found.children, found.reached
            days[place].append(found.days)
    known = tuple(float(size) for size in sizes if size is not None)
    return known, counts, tuple((with_change, usual) for with_change, usual in days)
