"""Where children wait: stages ranked by the child-days actually spent in them, open cases included.

A child-day is observed, not estimated, so this ranking has no censoring to correct (methods: completed-only shares
understate the longest stage by 4 to 10 points of 36). It says where children wait, not why, nor what would help.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.vocabulary import STAGES, Stage
from mining.steps import FloatArray, IntArray, steps_of
from mining.visits import OPEN, REACHED, find_visits

SURE = 0.9
"""Below this probability of being the first, a first place is called tied."""
_IN_REACH = 0.05
"""Stages ranked first in at least this share of resamples have a first place inside their 90 % rank interval."""

_COLUMNS = [
    *("rank", "stage", "child_days", "share", "low_share", "high_share", "probability_first", "tied"),
    *("excess_days", "children", "open", "not_recorded", "before_reliable", "since"),
]
# Resampled totals are whole milliseconds, so that they come out the same on every machine in whatever order added.
_MILLISECONDS = 86_400_000.0
_BLOCK = 4_000_000


def bottlenecks(
    log: EventLog,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 1000,
    since: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Stages by the child-days spent in them between `since` and the window's end, longest first.

    `since` is by default the first day from which the milestones of all the stages were reliably recorded, because
    shares are comparable only over a time in which every stage could be seen.

    Columns: `rank`; `stage`; `child_days` (open visits up to the window's end, visits begun before `since` from
    then); `share` of all of them with the 95 % interval `low_share`, `high_share` (percentiles over `draws`
    resamples of whole cases); `probability_first` (share of resamples in which the stage comes first); `tied` (no
    stage comes first in 90 % of resamples, and this one is among those that may be first: do not call one of them
    the bottleneck); `excess_days` (child-days beyond the stage's limit, NaN without a limit); `children` (with days
    in the stage), `open` of them still in it; `not_recorded` and `before_reliable`; `since`.

    Nothing is guessed: a visit whose stop was not recorded (a later milestone is) adds no days and is counted in
    `not_recorded`, and a visit that began before its stops were reliably recorded adds days only when its stop
    is on record, else it is counted in `before_reliable`. Without any child-days shares are NaN and `tied` is false.
    Raises ValueError for fewer than 1 draw, no stages, or an activity nobody knows.
    """
    if draws < 1 or not stages:
        raise ValueError(f"bottlenecks needs at least one stage and one draw, got {len(stages)} and {draws}")
    if since is None:
        since = log.window.reliable_from(*(name for stage in stages for name in (*stage.starts, *stage.stops)))
    days = np.zeros((len(log.cases), len(stages)))
    rows = []
    for column, stage in enumerate(stages):
        row, cases, spent = _stage_burden(log, stage, since)
        rows.append(row)
        days[cases, column] = spent
    return _ranked(pd.DataFrame(rows), days, seed, draws)


def bottlenecks_by_activity(log: EventLog, *, seed: int, draws: int = 1000) -> pd.DataFrame:
    """As `bottlenecks`, for a log without declared stages: the time after each activity until the next event.

    Each moment of a case belongs to the activity it last did, until the case ends or, while it is open, until the
    window's end. Columns as in `bottlenecks`, with the activity as `stage`, `excess_days` NaN, and `open` the cases
    that now stand there. An empty log gives an empty table. Raises ValueError for fewer than 1 draw.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    arrays = log.arrays
    steps, k = steps_of(arrays), len(arrays.activities)
    spent = _overlap(steps.start, steps.until, arrays.window_start, arrays.window_end)
    cells = np.bincount(steps.case * k + steps.source, spent, minlength=len(arrays.start) * k)
    days = cells.astype(np.float64).reshape(len(arrays.start), k)
    rows = pd.DataFrame(
        {
            "stage": pd.Series(arrays.activities, dtype="str"),
            "excess_days": np.nan,
            "children": (days > 0).sum(axis=0),
            "open": np.bincount(steps.source[steps.waiting], minlength=k)[:k],
            "not_recorded": 0,
            "before_reliable": 0,
            "since": log.window.start,
        }
    )
    return _ranked(rows, days, seed, draws)


def _stage_burden(log: EventLog, stage: Stage, since: pd.Timestamp) -> tuple[dict[str, object], IntArray, FloatArray]:
    """A stage's counts, and the cases that spent days in it with how many."""
    begin, end = float(to_days(pd.Series([since]))[0]), log.arrays.window_end
    visits = find_visits(log, stage)
    in_window = (visits.exit > begin) & (visits.start < end)
    # A visit from before reliable recording may have stopped unrecorded, unless its stop is on record after all.
    unknown = visits.before_reliable & (visits.cause != REACHED) & ~visits.not_recorded
    counted = in_window & ~unknown & ~visits.not_recorded
    spent = _overlap(visits.start, visits.exit, begin, end)
    excess = np.nan
    if stage.limit_days is not None:
        excess = float(_overlap(visits.start + stage.limit_days, visits.exit, begin, end)[counted].sum())
    row: dict[str, object] = {
        "stage": stage.name,
        "excess_days": excess,
        "children": int(counted.sum()),
        "open": int((counted & (visits.cause == OPEN)).sum()),
        "not_recorded": int((in_window & visits.not_recorded).sum()),
        "before_reliable": int((in_window & unknown).sum()),
        "since": since,
    }
    return row, visits.case[counted], spent[counted]


def _overlap(start: FloatArray, stop: FloatArray, begin: float, end: float) -> FloatArray:
    """Days of each span that lie between `begin` and `end`."""
    days: FloatArray = np.maximum(0.0, np.minimum(stop, end) - np.maximum(start, begin))
    return days


def _ranked(rows: pd.DataFrame, days: FloatArray, seed: int, draws: int) -> pd.DataFrame:
    """Add shares, intervals and probabilities to one row a stage, and sort by child-days (ties by name)."""
    rows["child_days"] = days.sum(axis=0)
    total = float(days.sum())
    rows["share"] = rows["child_days"] / total if total > 0 else np.nan
    rows = rows.assign(low_share=np.nan, high_share=np.nan, probability_first=np.nan, tied=False)
    if total > 0:
        totals = _resampled(days, seed, draws)
        sums = totals.sum(axis=1)
        drawn = totals[sums > 0] / sums[sums > 0, None]
        if len(drawn):
            first = np.bincount(drawn.argmax(axis=1), minlength=days.shape[1]) / len(drawn)
            rows["low_share"], rows["high_share"] = np.quantile(drawn, [0.025, 0.975], axis=0)
            rows["probability_first"] = first
            rows["tied"] = (first.max() < SURE) & (first >= _IN_REACH)
    rows = rows.sort_values(["child_days", "stage"], ascending=[False, True], kind="stable").reset_index(drop=True)
    rows["rank"] = np.arange(1, len(rows) + 1)
    return rows[_COLUMNS]


def _resampled(days: FloatArray, seed: int, draws: int) -> npt.NDArray[np.float64]:
    """Child-days by stage in each of `draws` resamples of whole cases, as [draw, stage]."""
    contributing = days[days.sum(axis=1) > 0]
    cases, m = len(days), len(contributing)
    units: IntArray = np.round(contributing * _MILLISECONDS).astype(np.int64)
    # Cases without any days change the totals only by taking up draws: all of them are one last category.
    chance = np.full(m + 1, 1.0 / cases)
    chance[-1] = max(0.0, (cases - m) / cases)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _stable_hash("bottlenecks")])))
    block = max(1, _BLOCK // (m + 1))
    totals = []
    for done in range(0, draws, block):
        weights = generator.multinomial(cases, chance, size=min(block, draws - done))
        totals.append(weights[:, :-1] @ units)
    return np.concatenate(totals) / _MILLISECONDS


def _stable_hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
