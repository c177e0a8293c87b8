"""Where children wait: stages ranked by the child-days actually spent in them, open cases included.

A child-day is observed, not estimated, so this ranking has no censoring to correct (methods: completed-only shares
understate the longest stage by 4 to 10 points of 36). It says where children wait, not why, nor what would help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.vocabulary import INFORMATION_RECEIVED, LODGED, PANEL, REVIEW, STAGES, Stage
from mining.resampling import percentile_limits, rank_intervals, resampled_totals, resampling_units, widening
from mining.steps import FloatArray, IntArray, steps_of
from mining.visits import OPEN, REACHED, BoolArray, FoundVisits, check_activities, find_visits, first_days, last_days

SURE = 0.9
"""Below this probability of being the first, a first place is called tied."""
_IN_REACH = 0.05
"""Stages ranked first in at least this share of resamples have a first place inside their 90 % rank interval."""

_COLUMNS = [
    *("rank", "stage", "child_days", "share", "low_share", "high_share", "probability_first", "tied"),
    *("excess_days", "children", "open", "not_recorded", "before_reliable", "since", "low_rank", "high_rank"),
]


@dataclass(frozen=True)
class Loop:
    """Time of a stage spent going round again: from the first to the last occurrence of an activity within it."""

    name: str
    stage: str
    """Name of the stage whose days these are; they are taken off its own bar."""
    activity: str
    pending: str = ""
    """An activity after which the child waits to go round again: time after it counts too."""


LOOPS: tuple[Loop, ...] = (
    Loop("Rework: returned to panel", STAGES[3].name, PANEL, pending=INFORMATION_RECEIVED),
    Loop("Rework: application lodged again", STAGES[5].name, LODGED),
)
"""What counts as doing again. A further review is due by law, so it is not among them; see `REVIEWS`."""
REVIEWS = Loop("Repeats: from first to last review before the plan", STAGES[0].name, REVIEW)


def bottlenecks(
    log: EventLog,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 1000,
    since: pd.Timestamp | None = None,
    loops: Sequence[Loop] = (),
) -> pd.DataFrame:
    """Stages by the child-days spent in them between `since` and the window's end, longest first.

    `since` is by default the first day from which the milestones of all the stages were reliably recorded, because
    shares are comparable only over a time in which every stage could be seen.

    Columns: `rank`; `stage`; `child_days` (open visits up to the window's end, visits begun before `since` from
    then); `share` of all of them with the 95 % interval `low_share`, `high_share` (expanded percentiles over
    `draws` resamples of whole cases); `probability_first` (share of resamples in which the stage comes first); `tied`
    (no stage comes first in 90 % of resamples, and this one is among those that may be first: do not call one of them
    the bottleneck); `excess_days` (child-days beyond the stage's limit; NaN without a limit, and where a loop took days
    off, whose part beyond the limit is not told apart here: see `mining.excess`); `children` (with days in the stage),
    `open` of them still in it; `not_recorded` and `before_reliable`; `since`; `low_rank`, `high_rank` (the range of
    ranks that the stage takes in nearest to 95 % of the resamples; NaN without child-days). Children of one family,
    where the cases say so, are drawn together.

    Each of `loops` has a row of its own, whose days are taken off its stage's: `LOOPS` for rework.

    Nothing is guessed: a visit whose stop was not recorded (a later milestone is) adds no days and is counted in
    `not_recorded`, and a visit that began before its stops were reliably recorded adds days only when its stop
    is on record, else it is counted in `before_reliable`. Without any child-days shares are NaN and `tied` is false.
    Raises ValueError for fewer than 1 draw, no stages, an activity nobody knows, or a loop of another stage.
    """
    if draws < 1 or not stages:
        raise ValueError(f"bottlenecks needs at least one stage and one draw, got {len(stages)} and {draws}")
    since = comparable_since(log, stages) if since is None else since
    rows, days = spent_days(log, stages, since, loops)
    return ranked(rows, days, seed=seed, draws=draws, units=resampling_units(log))


def spent_days(
    log: EventLog, stages: Sequence[Stage], since: pd.Timestamp, loops: Sequence[Loop] = ()
) -> tuple[pd.DataFrame, FloatArray]:
    """Counts of each stage and loop, one row each, and the days each case spent in it, as [case, row]."""
    days = np.zeros((len(log.cases), len(stages) + len(loops)))
    rows = []
    counted = {}
    for column, stage in enumerate(stages):
        part = counted[stage.name] = stage_burden(log, stage, since)
        rows.append(part.row)
        days[part.case, column] = part.days
    for column, loop in enumerate(loops, start=len(stages)):
        if loop.stage not in counted:
            raise ValueError(f"loop {loop.name!r} must belong to one of the stages, got {loop.stage!r}")
        row, again = _loop_burden(log, loop, counted[loop.stage], since)
        rows.append(row)
        days[:, column] = again
        of = [stage.name for stage in stages].index(loop.stage)
        days[:, of] -= again
        if again.any():
            rows[of]["excess_days"] = np.nan
    return pd.DataFrame(rows), days


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
    return ranked(rows, days, seed=seed, draws=draws, units=resampling_units(log))


def comparable_since(log: EventLog, stages: Sequence[Stage]) -> pd.Timestamp:
    """The first day from which the milestones of all the stages were reliably recorded."""
    return log.window.reliable_from(*(name for stage in stages for name in (*stage.starts, *stage.stops)))


@dataclass(frozen=True, eq=False)
class Burden:
    """A stage's counts, and the visits that count: case, days since `since`, days beyond the limit, still open."""

    row: dict[str, object]
    case: IntArray
    days: FloatArray
    beyond: FloatArray
    found: FoundVisits
    counted: BoolArray

    @property
    def open(self) -> BoolArray:
        still: BoolArray = self.found.cause[self.counted] == OPEN
        return still


def stage_burden(
    log: EventLog, stage: Stage, since: pd.Timestamp, until: float | None = None, found: FoundVisits | None = None
) -> Burden:
    """What the visits to a stage come to between `since` and a day, by default the window's end.

    `found` are its visits, where they have been found already.
    """
    begin, end = float(to_days(pd.Series([since]))[0]), log.arrays.window_end if until is None else until
    visits = find_visits(log, stage) if found is None else found
    in_window = (visits.exit > begin) & (visits.start < end)
    # A visit from before reliable recording may have stopped unrecorded, unless its stop is on record after all.
    unknown = visits.before_reliable & (visits.cause != REACHED) & ~visits.not_recorded
    counted = in_window & ~unknown & ~visits.not_recorded
    spent = _overlap(visits.start, visits.exit, begin, end)[counted]
    beyond = np.full(len(spent), np.nan)
    if stage.limit_days is not None:
        beyond = _overlap(visits.start + stage.limit_days, visits.exit, begin, end)[counted]
    row: dict[str, object] = {
        "stage": stage.name,
        "excess_days": np.nan if stage.limit_days is None else float(beyond.sum()),
        "children": int(counted.sum()),
        "open": int((counted & (visits.cause == OPEN)).sum()),
        "not_recorded": int((in_window & visits.not_recorded).sum()),
        "before_reliable": int((in_window & unknown).sum()),
        "since": since,
    }
    return Burden(row, visits.case[counted], spent, beyond, visits, counted)


def _loop_burden(log: EventLog, loop: Loop, part: Burden, since: pd.Timestamp) -> tuple[dict[str, object], FloatArray]:
    """A loop's counts, and the days each case went round in it since `since`."""
    start, last = loop_spans(log, loop, part.found)
    begin, end = float(to_days(pd.Series([since]))[0]), log.arrays.window_end
    again = np.zeros(len(log.cases))
    again[part.case] = _overlap(start, last, begin, end)[part.case]
    inside = again > 0
    still = np.zeros(len(log.cases), dtype=bool)
    still[part.case[part.open]] = True
    row: dict[str, object] = {
        "stage": loop.name,
        "excess_days": np.nan,
        "children": int(inside.sum()),
        "open": int((inside & still & (last >= end)).sum()),
        "not_recorded": 0,
        "before_reliable": 0,
        "since": since,
    }
    return row, again


def loop_spans(log: EventLog, loop: Loop, found: FoundVisits) -> tuple[FloatArray, FloatArray]:
    """For each case the days on which going round began and ended; NaN where it went straight through.

    `found` are the visits to the loop's stage. Raises ValueError for an activity nobody knows.
    """
    check_activities(log, (loop.activity, *((loop.pending,) if loop.pending else ())))
    arrays = log.arrays
    entered, left = np.full(len(log.cases), np.nan), np.full(len(log.cases), -np.inf)
    entered[found.case], left[found.case] = found.start, found.exit
    begin = first_days(arrays, (loop.activity,), entered)
    last = last_days(arrays, (loop.activity,), left)
    if loop.pending:
        asked = last_days(arrays, (loop.pending,), left)
        last = np.where(asked >= last, left, last)
    straight = np.isnan(begin) | np.isnan(last) | (last <= begin)
    return np.where(straight, np.nan, begin), np.where(straight, np.nan, last)


def _overlap(start: FloatArray, stop: FloatArray, begin: float, end: float) -> FloatArray:
    """Days of each span that lie between `begin` and `end`."""
    days: FloatArray = np.fmax(0.0, np.minimum(stop, end) - np.maximum(start, begin))
    return days


def tied(first: FloatArray) -> BoolArray:
    """Which stages may be the first when none is in 90 % of draws; `first` is how often each comes first."""
    return np.asarray((first.max(initial=0.0) < SURE) & (first >= _IN_REACH))


def ranked(rows: pd.DataFrame, days: FloatArray, *, seed: int, draws: int, units: IntArray) -> pd.DataFrame:
    """Add shares, intervals and probabilities to one row a stage, and sort by child-days (ties by name).

    `days` are those each case spent, as [case, stage]; `units` says which cases are resampled together.
    """
    rows = rows.copy()
    rows["child_days"] = days.sum(axis=0)
    total = float(days.sum())
    rows["share"] = rows["child_days"] / total if total > 0 else np.nan
    nothing = dict.fromkeys(("low_share", "high_share", "probability_first", "low_rank", "high_rank"), np.nan)
    rows = rows.assign(**nothing, tied=False)
    if total > 0:
        totals = resampled_totals(days, seed, draws, units)
        sums = totals.sum(axis=1)
        drawn = totals[sums > 0] / sums[sums > 0, None]
        if len(drawn):
            limits = percentile_limits(len(np.unique(units[days.sum(axis=1) > 0])))
            first = np.bincount(drawn.argmax(axis=1), minlength=days.shape[1]) / len(drawn)
            rows["low_share"], rows["high_share"] = np.quantile(drawn, limits, axis=0)
            rows["probability_first"] = first
            rows["tied"] = tied(first)
            middle = rows["share"].to_numpy(dtype=np.float64)
            rows["low_rank"], rows["high_rank"] = rank_intervals(middle + (drawn - middle) * widening(limits[1]))
    rows = rows.sort_values(["child_days", "stage"], ascending=[False, True], kind="stable").reset_index(drop=True)
    rows["rank"] = np.arange(1, len(rows) + 1)
    return rows[_COLUMNS]
