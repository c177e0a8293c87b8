"""When each case was in a stage: start, end, how it ended, and which visits the records cannot speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays, to_days
from event_logs.vocabulary import (
    HEALTH_COMPLETED,
    HEALTH_REQUESTED,
    LEGAL_RECEIVED,
    LEGAL_REQUESTED,
    MILESTONES,
    REPORT_COMPLETED,
    STAGES,
    Stage,
)
from mining.survival import SurvivalCurve, kaplan_meier

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

OPEN, REACHED, LEFT = 0, 1, 2
"""How a visit stands: still open; its stop was reached; the case ended without the stop."""

RESTRICTED_TO_DAYS = 731.0
"""The mean of a stage is restricted to its first two years: the longest stages are seldom seen to their end."""

# Papers are often asked for, and ready, before the step they belong to (that is what earlier advice is about), so
# having them proves nothing about the steps before.
_MAY_COME_EARLY = frozenset({LEGAL_REQUESTED, HEALTH_REQUESTED, LEGAL_RECEIVED, HEALTH_COMPLETED, REPORT_COMPLETED})


@dataclass(frozen=True, eq=False)
class Visits:
    """One visit to a stage for each case that began it, at its first start; arrays of equal length, in case order.

    Leaving the stage another way ends the visit as reaching the stop does: the child is no longer there.
    """

    case: IntArray
    """Position of the case in the log's case table."""
    start: FloatArray
    """Day the stage began (days since 1970-01-01); its true start, also when that is before the window."""
    exit: FloatArray
    """Day it ended; the window's end while open."""
    cause: IntArray
    """0 open, 1 stop reached, 2 case ended without the stop."""
    entry_delay: FloatArray
    """Days of the visit that had passed when observation began; 0 for a visit begun inside the window."""
    not_recorded: int = 0
    """Visits left out because a later milestone is recorded although the stop is not."""
    before_reliable: int = 0
    """Visits left out because they began before the stage's stops were reliably recorded."""
    before_window: int = 0
    """Visits left out because they were over when the window began."""

    @property
    def days(self) -> FloatArray:
        """Length of each visit in days, so far for open ones."""
        return self.exit - self.start

    @property
    def sojourn(self) -> SurvivalCurve:
        """How long the stage lasts until it is left, by its stop or another way, open visits counted."""
        return kaplan_meier(self.days, self.cause > 0, entry=self.entry_delay)

    def begun_since(self, day: float) -> Visits:
        """The visits that began on or after this day (days since 1970-01-01)."""
        return self.only(self.start >= day)

    def only(self, kept: BoolArray) -> Visits:
        """The visits for which `kept` is true; the counts of those left out stay."""
        return replace(
            self,
            case=self.case[kept],
            start=self.start[kept],
            exit=self.exit[kept],
            cause=self.cause[kept],
            entry_delay=self.entry_delay[kept],
        )

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True, eq=False)
class FoundVisits:
    """Every visit that began, with flags for those whose dates cannot be trusted; nothing is left out yet."""

    case: IntArray
    start: FloatArray
    exit: FloatArray
    cause: IntArray
    not_recorded: BoolArray
    """No stop, but a later milestone: the stop happened and was not recorded. `exit` is the day of that milestone,
    the latest the visit can have ended, and `cause` says how the case stands."""
    before_reliable: BoolArray
    """Began before the stops were reliably recorded, so that a missing stop proves nothing."""
    window_start: float

    def usable(self) -> Visits:
        """The visits a duration can be estimated from; the others are counted by the rule that left them out.

        A visit falls under one rule only, the first of: over before the window, not yet reliable, not recorded.
        """
        over = (self.exit <= self.window_start) & (self.start < self.window_start)
        early = self.before_reliable & ~over
        unknown = self.not_recorded & ~over & ~early
        keep = ~(over | early | unknown)
        return Visits(
            case=self.case[keep],
            start=self.start[keep],
            exit=self.exit[keep],
            cause=self.cause[keep],
            entry_delay=np.maximum(0.0, self.window_start - self.start[keep]),
            not_recorded=int(unknown.sum()),
            before_reliable=int(early.sum()),
            before_window=int(over.sum()),
        )


def stage_visits(log: EventLog, stage: Stage) -> Visits:
    """The visits to a stage that durations can be estimated from, and how many were left out and why.

    A visit without its stop ends when the case ends (another way out) or is open at the window's end. Stage
    activities that this log does not contain simply never happened: a stage whose start never happened has no visits.
    Raises ValueError for an activity that neither the log nor the vocabulary knows, naming the nearest that they do.
    """
    return find_visits(log, stage).usable()


def find_visits(log: EventLog, stage: Stage) -> FoundVisits:
    """Every visit to a stage, with the flags by which `stage_visits` leaves some out; raises as that does."""
    check_activities(log, (*stage.starts, *stage.stops))
    start = start_days(log.arrays, stage.starts)
    stop = stop_days(log.arrays, stage.stops, start, all_stops=stage.all_stops)
    # Only the stops matter here: a stop that was not recorded makes an ended visit look open for ever, while a start
    # that was not recorded leaves its case out, which bends no duration.
    reliable = log.window.reliable_from(*stage.stops)
    return visits_between(log, start, stop, stops=stage.stops, reliable_from=reliable)


def visits_between(
    log: EventLog,
    start: FloatArray,
    stop: FloatArray,
    *,
    stops: Sequence[str],
    reliable_from: pd.Timestamp,
    left: FloatArray | None = None,
) -> FoundVisits:
    """Visits from a start and a stop day for each case of the log, NaN where there is none.

    `left` is the day each case left without the stop, NaN while it has not; by default the day the case ended.
    """
    arrays = log.arrays
    gone = arrays.end if left is None else np.fmin(left, arrays.end)
    began = ~np.isnan(start)
    end = np.where(np.isnan(gone), arrays.window_end, gone)
    reached = ~np.isnan(stop)
    cause = np.where(reached, REACHED, np.where(np.isnan(gone), OPEN, LEFT))
    proof = first_days(arrays, milestones_beyond(stops), start)
    not_recorded = ~reached & ~np.isnan(proof)
    exit_day = np.select([reached, not_recorded], [stop, proof], np.maximum(end, start))
    # A window that is reliable throughout must not turn away those already in the stage when it began.
    reliable = float(to_days(pd.Series([reliable_from]))[0])
    early = (start < reliable) & (reliable > arrays.window_start)
    return FoundVisits(
        case=np.flatnonzero(began),
        start=start[began],
        exit=exit_day[began],
        cause=cause[began].astype(np.int64),
        not_recorded=not_recorded[began],
        before_reliable=early[began],
        window_start=arrays.window_start,
    )


def start_days(arrays: LogArrays, activities: Sequence[str]) -> FloatArray:
    """For each case the day by which all the activities had happened, each at its first; NaN unless all did."""
    days: FloatArray = np.maximum.reduce([first_days(arrays, (activity,)) for activity in activities])
    return days


def stop_days(
    arrays: LogArrays, activities: Sequence[str], start: FloatArray, *, all_stops: bool = False
) -> FloatArray:
    """For each case the day of the first of the activities on or after its start; NaN without start or stop.

    With `all_stops` the day by which all of them had happened, or the start day if that was earlier.
    """
    if all_stops:
        return np.maximum(start_days(arrays, activities), start)
    return first_days(arrays, activities, start)


def first_days(arrays: LogArrays, activities: Sequence[str], start: FloatArray | None = None) -> FloatArray:
    """For each case the day of its first event of any of the activities (on or after `start`); NaN for none."""
    days = np.full(len(arrays.start), np.nan)
    events = events_of(arrays, activities)
    if start is not None:
        events = events[arrays.day[events] >= start[arrays.case[events]]]
    # Written last to first, so that the first of a case stays.
    days[arrays.case[events[::-1]]] = arrays.day[events[::-1]]
    return days


def last_days(arrays: LogArrays, activities: Sequence[str], until: FloatArray) -> FloatArray:
    """For each case the day of its last event of any of the activities on or before `until`; NaN for none.

    A case whose `until` is NaN has all its events looked at.
    """
    days = np.full(len(arrays.start), np.nan)
    events = events_of(arrays, activities)
    limit = np.where(np.isnan(until), np.inf, until)
    events = events[arrays.day[events] <= limit[arrays.case[events]]]
    days[arrays.case[events]] = arrays.day[events]
    return days


def nth_days(arrays: LogArrays, activities: Sequence[str], nth: int, start: FloatArray) -> FloatArray:
    """For each case the day of its nth event (1 the first) of the activities on or after `start`; NaN for fewer."""
    days = np.full(len(arrays.start), np.nan)
    events = events_of(arrays, activities)
    events = events[arrays.day[events] >= start[arrays.case[events]]]
    case = arrays.case[events]
    opens = np.concatenate([[True], case[1:] != case[:-1]]) if len(case) else np.empty(0, dtype=bool)
    place = np.arange(len(case)) - np.maximum.accumulate(np.where(opens, np.arange(len(case)), 0))
    wanted = place == nth - 1
    days[case[wanted]] = arrays.day[events[wanted]]
    return days


def events_of(arrays: LogArrays, activities: Sequence[str]) -> IntArray:
    """Positions of the events of the given activities, in the log's order."""
    wanted = np.zeros(len(arrays.activities) + 1, dtype=bool)
    wanted[_codes(arrays, activities)] = True
    return np.flatnonzero(wanted[arrays.activity])


def check_activities(log: EventLog, activities: Sequence[str]) -> None:
    """Raise ValueError for an activity that neither the log nor the vocabulary knows, naming the nearest."""
    known = {*MILESTONES, *log.activities}
    for activity in activities:
        if activity not in known:
            near = get_close_matches(activity, sorted(known), n=1, cutoff=0.0)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"activity must be in the log or the vocabulary, got {activity!r}{hint}")


def stage_summary(
    log: EventLog, stages: Sequence[Stage] = STAGES, *, begun_since: pd.Timestamp | None = None
) -> pd.DataFrame:
    """How long each stage takes, with the children still in it counted; one row a stage, in the order given.

    With `begun_since` only visits begun on or after that day are used: what a look at the latest years sees, where
    leaving out the open visits does most harm.

    Columns: `stage`; `children` (visits used) = `reached` + `left` (case ended without the stop) + `open`;
    `median_days` with its 95 % interval `low_days`, `high_days`, `p25_days`, `p75_days`, `p90_days` (Kaplan-Meier
    with delayed entry, of the time until the stage is left in either way; NaN: not reached in the time seen);
    `more_than_days` (where the median is not reached, the longest anybody was followed; else NaN);
    `naive_median_days` (of completed visits only: what a count without open cases would say, for comparison; far too
    short where recording began not long ago, close where the log is long and steady);
    `restricted_mean_days` (mean days within the first two years, NaN when nobody was followed that long);
    `limit_days`, `limit_confirmed`, `share_beyond_limit` (share still in the stage when the limit is up);
    `not_recorded`, `before_reliable`, `before_window` (visits left out, see `Visits`); `warning`.

    A stage that nobody began has zero counts and NaN elsewhere. Raises as `stage_visits`.
    """
    since = -np.inf if begun_since is None else float(to_days(pd.Series([begun_since]))[0])
    rows = [_summary_row(stage, stage_visits(log, stage).begun_since(since)) for stage in stages]
    return pd.DataFrame(rows, columns=_SUMMARY_COLUMNS)


_SUMMARY_COLUMNS = [
    *("stage", "children", "reached", "left", "open", "median_days", "low_days", "high_days"),
    *("p25_days", "p75_days", "p90_days", "more_than_days", "naive_median_days", "restricted_mean_days"),
    *("limit_days", "limit_confirmed", "share_beyond_limit"),
    *("not_recorded", "before_reliable", "before_window", "warning"),
]


def _summary_row(stage: Stage, visits: Visits) -> dict[str, object]:
    curve = visits.sojourn
    median = curve.quantile(0.5)
    low, high = curve.interval(0.5)
    completed = visits.days[visits.cause == REACHED]
    limit = np.nan if stage.limit_days is None else float(stage.limit_days)
    return {
        "stage": stage.name,
        "children": len(visits),
        "reached": int((visits.cause == REACHED).sum()),
        "left": int((visits.cause == LEFT).sum()),
        "open": int((visits.cause == OPEN).sum()),
        "median_days": median,
        "low_days": low,
        "high_days": high,
        "p25_days": curve.quantile(0.25),
        "p75_days": curve.quantile(0.75),
        "p90_days": curve.quantile(0.9),
        "more_than_days": curve.last if np.isnan(median) else np.nan,
        "naive_median_days": float(np.median(completed)) if len(completed) else np.nan,
        "restricted_mean_days": curve.restricted_mean(RESTRICTED_TO_DAYS),
        "limit_days": limit,
        "limit_confirmed": stage.confirmed and stage.limit_days is not None,
        "share_beyond_limit": curve.at(limit) if len(visits) and np.isfinite(limit) else np.nan,
        "not_recorded": visits.not_recorded,
        "before_reliable": visits.before_reliable,
        "before_window": visits.before_window,
        "warning": curve.warning,
    }


def _codes(arrays: LogArrays, activities: Sequence[str]) -> list[int]:
    return [code for code, name in enumerate(arrays.activities) if name in set(activities)]


def milestones_beyond(stops: Sequence[str]) -> tuple[str, ...]:
    """Milestones that cannot come before the stops, so that having one proves that a stop happened.

    None for stops the vocabulary does not know, or that recur: nothing follows from a missing review.
    """
    if any(stop not in MILESTONES or MILESTONES[stop].recurring for stop in stops):
        return ()
    latest = max(MILESTONES[stop].rank for stop in stops)
    return tuple(
        name
        for name, milestone in MILESTONES.items()
        if milestone.rank > latest
        and not (milestone.final or milestone.recurring)
        and name not in _MAY_COME_EARLY.difference(stops)
    )
