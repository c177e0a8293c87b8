"""Filters by what happened: activities, and what follows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from mining.admissible import stretches_of
from mining.blocks import blocks_of
from mining.filters.algebra import Change, Choice, Verdict
from mining.filters.checks import check_names, is_one_of
from mining.order import arrows_by_case
from mining.visits import check_activities

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HasActivity(Choice):
    """Cases in which an activity has been recorded, at least so often; `~HasActivity(...)` for those without so far.

    This is a fact of the record at the window's end, so open cases can be judged: without the activity *so far*.
    """

    activity: str
    times: int = 1

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError(f"times must be at least 1, got {self.times}")

    @property
    def label(self) -> str:
        often = "" if self.times == 1 else f" at least {self.times} times"
        return f"cases with {self.activity} recorded{often}"

    def check(self, log: EventLog) -> None:
        check_activities(log, (self.activity,))

    def verdict(self, log: EventLog) -> Verdict:
        counts = np.bincount(log.arrays.case[is_one_of(log.arrays, (self.activity,))], minlength=len(log.cases))
        return Verdict(counts >= self.times, counts >= self.times)


@dataclass(frozen=True)
class KeepOnly(Change):
    """The same cases with only the named activities; cases left without events stay, as cases."""

    activities: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names(self.activities)
        if not self.activities:
            raise ValueError("activities must name at least one activity, got none")

    @property
    def label(self) -> str:
        return f"only the events {', '.join(self.activities)}"

    def check(self, log: EventLog) -> None:
        check_activities(log, self.activities)

    def changed(self, log: EventLog) -> EventLog:
        return log.keeping([name for name in self.activities if name in log.activities])

    def note(self, before: EventLog, after: EventLog) -> str:
        return f"{int((np.diff(after.arrays.first) == 0).sum()):,} cases have none of these events and stay as cases."


@dataclass(frozen=True)
class Follower(Choice):
    """Cases in which some `source` is followed by `target`.

    `how`: `eventually` (later in the case), `directly` (as the next event), `never` (what is surely not `eventually`,
    cases without any `source` included; join with `HasActivity(source)` to leave those out). `within_days` asks that
    the target comes at most so many days after the source. Not known: an open case that has the source, where the
    target may still come in time; and events of one day whose order nobody knows.
    """

    source: str
    target: str
    how: Literal["eventually", "directly", "never"] = "eventually"
    within_days: float | None = None

    def __post_init__(self) -> None:
        if self.how not in ("eventually", "directly", "never"):
            raise ValueError(f"how must be eventually, directly or never, got {self.how!r}")
        if self.within_days is not None and not self.within_days >= 0:
            raise ValueError(f"within_days must be 0 or more, got {self.within_days}")

    @property
    def label(self) -> str:
        within = "" if self.within_days is None else f" within {self.within_days:g} days"
        return f"cases with {self.source} {self.how} followed by {self.target}{within}"

    @property
    def why_unknown(self) -> str:
        return "the case is still open and it may yet happen, or the order of events of one day is unknown"

    def check(self, log: EventLog) -> None:
        check_activities(log, (self.source, self.target))

    def verdict(self, log: EventLog) -> Verdict:
        sure, possible = (_follow_directly if self.how == "directly" else _follow_later)(log, self)
        n = len(log.cases)
        surely, possibly = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        surely[sure], possibly[sure], possibly[possible] = True, True, True
        return Verdict(~possibly, ~surely) if self.how == "never" else Verdict(surely, possibly)


def _follow_later(log: EventLog, asked: Follower) -> tuple[IntArray, IntArray]:
    """Cases in which some source surely has a later target in time, and those in which it possibly has."""
    arrays, blocks = log.arrays, blocks_of(log)
    limit = np.inf if asked.within_days is None else asked.within_days
    source, target = (np.flatnonzero(is_one_of(arrays, (name,))) for name in (asked.source, asked.target))
    case = arrays.case.astype(np.int64)
    # The first target in a later block is the earliest that surely comes after; blocks are numbered through the log.
    place = np.searchsorted(blocks.of[target], blocks.of[source], side="right")
    found = np.append(target, len(case))[place]
    later = found < len(case)
    later[later] = case[found[later]] == case[source[later]]
    days = np.full(len(source), np.inf)
    days[later] = arrays.day[found[later]] - arrays.day[source[later]]
    sure = later & (days <= limit)
    shared = np.bincount(blocks.of[target], minlength=len(blocks.case))[blocks.of[source]]
    if asked.source == asked.target:
        # Of two equal events of one day one follows the other, whichever it is.
        sure |= shared > 1
    waiting = np.isnan(arrays.end[case[source]]) & ~later & (arrays.window_end - arrays.day[source] < limit)
    return case[source[sure]], case[source[waiting | ((shared > 0) & (asked.source != asked.target))]]


def _follow_directly(log: EventLog, asked: Follower) -> tuple[IntArray, IntArray]:
    """Cases in which some source is surely followed at once by a target in time, and those in which it possibly is.

    Over all orders that the dates allow, exactly: where more time passes than is allowed a case is cut in two, since
    no movement across counts.
    """
    arrays, blocks = log.arrays, blocks_of(log)
    n, k = len(blocks.case), len(arrays.activities)
    if not n or not {asked.source, asked.target} <= set(arrays.activities):
        return np.zeros(0, dtype=np.int64), _may_come_last(log, asked)
    limit = np.inf if asked.within_days is None else asked.within_days
    day = arrays.day[blocks.first[:-1]]
    begins = np.append(True, (blocks.case[1:] != blocks.case[:-1]) | (np.diff(day) > limit))
    part = np.cumsum(begins) - 1
    case_of_part = blocks.case[begins]
    arrow = arrays.activities.index(asked.source) * k + arrays.activities.index(asked.target)
    activity, of_part = arrays.activity.astype(np.int64), part[blocks.of]
    moves = np.flatnonzero((activity[:-1] * k + activity[1:] == arrow) & (of_part[1:] == of_part[:-1]))
    moves = moves[blocks.certain[moves] & blocks.certain[moves + 1]]
    stretches = stretches_of(arrays, replace(blocks, case=part))
    surely, possibly = arrows_by_case(stretches, stretches.source * k + stretches.target)
    sure = np.concatenate([of_part[moves], surely[1][surely[0] == arrow]])
    possible = case_of_part[possibly[1][possibly[0] == arrow]]
    return case_of_part[sure], np.concatenate([possible, _may_come_last(log, asked)])


def _may_come_last(log: EventLog, asked: Follower) -> IntArray:
    """Open cases whose last event is possibly the source, so that the target may still follow in time."""
    arrays, blocks = log.arrays, blocks_of(log)
    limit = np.inf if asked.within_days is None else asked.within_days
    last = np.append(blocks.case[1:] != blocks.case[:-1], True)[: len(blocks.case)]
    here = is_one_of(arrays, (asked.source,)) & last[blocks.of] & (arrays.window_end - arrays.day < limit)
    case = arrays.case[here].astype(np.int64)
    still_open: IntArray = case[np.isnan(arrays.end[case])]
    return still_open
