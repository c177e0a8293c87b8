"""What the pathway settles at if everything stays as it is: run from empty, the filling up left out.

Forecasts start from today's children instead (warm start): reaching the steady state takes years, and then describes a
system that never was. This is for questions of long-run capacity only. Where the filling up ends is told by MSER-5
(White 1997; Franklin and White 2008) on the weekly number of cases in progress averaged over the replications, as
methods.md 4.1 has it, and looked at beside Welch's moving average (1983): MSER-5 does not see small drifts in noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from simulation.checks import Finding, before_running
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.model import PathwayModel
from simulation.replications import half_widths
from simulation.running import Progress, in_order

Floats = npt.NDArray[np.float64]
BATCH = 5
WINDOW_WEEKS = 26
"""Welch's average takes in half a year to either side."""
DAYS_A_WEEK = 7.0


class NoSteadyStateError(ValueError):
    """The pathway never settles: a queue grows for ever, a loop has no end, or nobody comes."""


@dataclass(frozen=True, eq=False)
class WarmUp:
    """Where a series settles, by MSER."""

    deleted: int
    """Observations to leave out: those of the first batches."""
    statistic: Floats
    """The squared standard error of the mean of what is left, by number of batches left out."""
    settled: bool
    """Whether it is lowest within the first half; otherwise the series is too short to tell."""


@dataclass(frozen=True, eq=False)
class SteadyState:
    """Cases in progress from empty on, and what they settle at.

    `weeks` has one row a week: `week` (from 1), `in_progress` (mean over the replications), `low`, `high` (95 %
    interval of that mean), `smoothed` (Welch's moving average; missing in the last half window).
    """

    weeks: pd.DataFrame
    warm_up: WarmUp
    window_weeks: int
    mean: float
    """Cases in progress after the warm-up: mean of the replications' means, NaN where the series did not settle."""
    low: float
    high: float
    """Its 95 % interval."""
    replications: int
    per_week: float
    """New cases a week."""


def steady_state(
    model: PathwayModel,
    start: pd.Timestamp,
    *,
    years: float,
    seed: int,
    replications: int = 10,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> SteadyState:
    """Run the model from nobody on `start`, with the demand of that day held, and tell what it settles at.

    `workers`, `store`, `cluster` and `progress` are those of `simulation.running.in_order`. Raises NoSteadyStateError,
    with the figure, for a gate with a load of 1 or more or without sessions, a loop without end, or no new cases; and
    ValueError for less than a year, or fewer than two replications.
    """
    if years < 1.0 or replications < 2:
        raise ValueError(f"it takes at least a year and 2 replications, got {years} and {replications}")
    held = _with_steady_demand(model)
    end = start + pd.Timedelta(days=round(years * 365.25))
    nobody = _nobody(held, start)
    problems = [finding for finding in before_running(held, nobody, end) if _never_settles(finding)]
    if problems:
        raise NoSteadyStateError("; ".join(str(problem) for problem in problems))
    arguments = [(held, nobody, end, seed, number) for number in range(replications)]
    runs = in_order(_one, arguments, workers, store=store, cluster=cluster, progress=progress)
    series = np.stack(list(runs))
    average = series.mean(axis=0)
    warm_up = mser5(average)
    smoothed = np.full(len(average), np.nan)
    window = min(WINDOW_WEEKS, (len(average) - 1) // 4)
    smoothed[: len(average) - window] = welch(average, window)
    widths = np.asarray([half_widths(week)[-1] for week in series.T])
    weeks = pd.DataFrame(
        {
            "week": np.arange(1, len(average) + 1),
            "in_progress": average,
            "low": average - widths,
            "high": average + widths,
            "smoothed": smoothed,
        }
    )
    means = series[:, warm_up.deleted :].mean(axis=1) if warm_up.settled else np.full(replications, np.nan)
    width = float(half_widths(means)[-1])
    return SteadyState(
        weeks=weeks,
        warm_up=warm_up,
        window_weeks=window,
        mean=float(means.mean()),
        low=float(means.mean()) - width,
        high=float(means.mean()) + width,
        replications=replications,
        per_week=0.0 if held.arrivals is None else float(held.arrivals.per_month.sum()) * DAYS_A_WEEK / 365.25,
    )


def weekly_in_progress(log: EventLog) -> Floats:
    """Cases in progress at the end of each week of the log's window, the first week first: begun by then, not ended.

    A case that ends on the very day is no longer in progress.
    """
    arrays = log.arrays
    weeks = int((arrays.window_end - arrays.window_start) // DAYS_A_WEEK)
    days = arrays.window_start + DAYS_A_WEEK * np.arange(1, weeks + 1)
    ended = np.sort(np.where(np.isnan(arrays.end), np.inf, arrays.end))
    begun = np.searchsorted(np.sort(arrays.start), days, side="right")
    return np.asarray(begun - np.searchsorted(ended, days, side="right"), dtype=np.float64)


def mser5(series: npt.ArrayLike) -> WarmUp:
    """How many of the first observations to leave out, so that the mean of the rest has the least standard error.

    For the means z of batches of 5 (what is left over at the end is not used) and d batches left out, the statistic is
    the sum of (z - mean)^2 over those left, divided by their number squared; d goes up to half of them. Raises
    ValueError for fewer than two batches.

    >>> mser5(np.repeat([10.0, 0.0, 1.0, 0.0, 1.0], 5)).deleted
    5
    """
    values = np.asarray(series, dtype=np.float64)
    batches = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(batches) < 2:
        raise ValueError(f"MSER-5 needs at least {2 * BATCH} observations, got {len(values)}")
    most = len(batches) // 2
    statistic = np.asarray([batches[left_out:].var() / (len(batches) - left_out) for left_out in range(most + 1)])
    best = int(np.argmin(statistic))
    return WarmUp(best * BATCH, statistic, settled=best < most)


def welch(series: npt.ArrayLike, window: int) -> Floats:
    """Welch's moving average: of `window` observations to either side, and of as many as there are near the beginning.

    As long as the series less `window`. Raises ValueError for a window that does not fit into it twice.

    >>> welch([1, 3, 2, 6, 4, 8, 5], 2).tolist()
    [1.0, 2.0, 3.2, 4.6, 5.0]
    """
    values = np.asarray(series, dtype=np.float64)
    if not 0 <= 2 * window < len(values):
        raise ValueError(f"window must be at least 0 and fit twice into {len(values)} observations, got {window}")
    return np.asarray(
        [values[max(i - min(i, window), 0) : i + min(i, window) + 1].mean() for i in range(len(values) - window)]
    )


def _one(model: PathwayModel, nobody: Cohort, end: pd.Timestamp, seed: int, number: int) -> Floats:
    return weekly_in_progress(simulate(model, nobody, end, seed=seed, replication=number))


def _with_steady_demand(model: PathwayModel) -> PathwayModel:
    """The model with the demand of today for ever: the seasons stay, the trend does not."""
    if model.arrivals is None or not model.arrivals.trend_per_year:
        return model
    return replace(model, arrivals=replace(model.arrivals, trend_per_year=0.0))


def _nobody(model: PathwayModel, start: pd.Timestamp) -> Cohort:
    """An empty start."""
    cases = pd.DataFrame({"case": pd.Series(dtype="str"), "start": pd.to_datetime([]), "end": pd.to_datetime([])})
    return Cohort.newcomers(model, cases, np.zeros(0), float(to_days(pd.Series([start]))[0]))


def _never_settles(finding: Finding) -> bool:
    return finding.kind in {"unstable gate", "no session", "no slots", "loop without end", "no arrivals"}
