"""What is done again, and what drifts: returns, repeated reviews, continuations, moves, years at home on an order.

Each is a share of the children to whom it could have happened, by Aalen-Johansen or Kaplan-Meier at a stated time, so
that children still on their way count as far as they were seen. Who they are is given as counts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, to_days
from event_logs.vocabulary import STAGES
from mining.bottlenecks import LOOPS, REVIEWS, Loop, loop_spans
from mining.survival import aalen_johansen, score_interval
from mining.visits import events_of, find_visits, first_days, nth_days

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

_PLAN = STAGES[0].stops
_ORDERS = STAGES[5].stops
TWO_YEARS = 730.0
_ONE_YEAR = 365.0
WHO = ("age_band", "locality", "legal_basis", "first_placement", "sex")
_COLUMNS = [
    *("what", "children", "n", "share", "low_share", "high_share", "within_days", "open", "times", "child_days"),
    *("now", "note"),
]


@dataclass(frozen=True, eq=False)
class Rework:
    """What was done again, and to whom."""

    table: pd.DataFrame
    """One row a kind: `what`; `children` (to whom it could happen); `n` of them to whom it did; `share` to whom it
    does within `within_days`, with its 95 % interval `low_share`, `high_share` (open children counted; NaN where
    nobody was followed that long); `open` (of `children`, to whom it may still happen); `times` (how often in all);
    `child_days` (spent in it, open ones so far); `now` (children in it at the window's end); `note`. A kind that the
    log cannot show has NaN throughout and says why."""
    who: pd.DataFrame
    """Counts of the children of each kind: `what`, `attribute`, `group`, `n`, `of` (children to whom it could
    happen). Small counts are for the reader of the log only."""


def rework(
    log: EventLog,
    *,
    placements: pd.DataFrame | None = None,
    continuations: Sequence[str] | None = None,
    reviews: int = 3,
    moves: int = 3,
    who: Sequence[str] = WHO,
) -> Rework:
    """What was done again in a log of permanence planning, and who drifted.

    `placements` has one row a placement (`case`, `start`), which the log does not hold; without it moves are those
    between home and away that the milestones show. `continuations` are the activities that put a court hearing off;
    by default those of the log whose names contain "continu" or "adjourn". `reviews` is how many reviews without a
    plan count as repeated, `moves` how many moves as many. Raises ValueError for counts below 1, placements without
    those columns, or a continuation that is not in the log.
    """
    if reviews < 1 or moves < 1:
        raise ValueError(f"reviews and moves must be at least 1, got {reviews} and {moves}")
    if continuations is None:
        continuations = [name for name in log.activities if "continu" in name.lower() or "adjourn" in name.lower()]
    elif unknown := sorted(set(continuations) - set(log.activities)):
        raise ValueError(f"continuation must be an activity of the log, got {unknown[0]!r}")
    kinds = [
        _returned_to_panel(log),
        _repeated_reviews(log, reviews),
        _court(log, continuations),
        _lodged_again(log),
        _moves(log, placements, 1),
        _moves(log, placements, moves) if placements is not None else None,
        *_years_at_home(log),
    ]
    found = [kind for kind in kinds if kind is not None]
    table = pd.DataFrame([kind.row() for kind in found], columns=_COLUMNS)
    return Rework(table, _who(log, found, who))


@dataclass(frozen=True, eq=False)
class _Kind:
    """Cases to whom something could happen from `start` on: when it did, and when it no longer could (NaN: not yet)."""

    what: str
    window: tuple[float, float]
    within: float = np.nan
    start: FloatArray = field(default_factory=lambda: np.empty(0))
    happened: FloatArray = field(default_factory=lambda: np.empty(0))
    closed: FloatArray = field(default_factory=lambda: np.empty(0))
    times: int = 0
    child_days: float = np.nan
    now: int = 0
    note: str = ""

    @property
    def could(self) -> BoolArray:
        """Cases to whom it could happen while they were observed."""
        begin = self.window[0]
        over = np.fmin(self.happened, self.closed) <= begin
        known: BoolArray = ~np.isnan(self.start) & ~(over & (self.start < begin))
        return known

    @property
    def did(self) -> BoolArray:
        """Of them those to whom it did: before or as it was closed."""
        later = self.happened > np.where(np.isnan(self.closed), np.inf, self.closed)
        done: BoolArray = self.could & ~np.isnan(self.happened) & ~later
        return done

    def row(self) -> dict[str, object]:
        """The row of the table."""
        if not len(self.start):
            return {"what": self.what, "note": self.note}
        could, did = self.could, self.did
        end = self.window[1]
        exit_day = np.where(did, self.happened, np.where(np.isnan(self.closed), end, self.closed))[could]
        start = self.start[could]
        cause = np.where(did, 1, np.where(np.isnan(self.closed), 0, 2))[could]
        days, late = np.maximum(0.0, exit_day - start), np.maximum(0.0, self.window[0] - start)
        shares = aalen_johansen(days, cause, entry=late, ways=2)
        share, error = float(shares.at(self.within)[0]), float(shares.error_at(self.within)[0])
        followed = int((((cause > 0) | (days >= self.within)) & (late <= 0)).sum())
        low, high = score_interval(share, error, followed)
        note = self.note if could.any() else "nobody to whom it could happen"
        if could.any() and np.isnan(share):
            note = f"nobody was followed for {self.within:g} days. {note}".strip()
        return {
            "what": self.what,
            "children": int(could.sum()),
            "n": int(did.sum()),
            "share": share,
            "low_share": low,
            "high_share": high,
            "within_days": self.within,
            "open": int((cause == 0).sum()),
            "times": self.times,
            "child_days": self.child_days,
            "now": self.now,
            "note": note,
        }


def _window(log: EventLog) -> tuple[float, float]:
    return log.arrays.window_start, log.arrays.window_end


def _loop_days(log: EventLog, loop: Loop) -> tuple[float, int]:
    """Child-days in a loop within the window, and how many are in it now."""
    stage = next(stage for stage in STAGES if stage.name == loop.stage)
    begin, end = loop_spans(log, loop, find_visits(log, stage))
    low, high = _window(log)
    spent = np.fmax(0.0, np.minimum(end, high) - np.maximum(begin, low))
    return float(spent.sum()), int((np.isnan(log.arrays.end) & (end >= high)).sum())


def _returned_to_panel(log: EventLog) -> _Kind:
    arrays = log.arrays
    panel = first_days(arrays, (v.PANEL,))
    asked = first_days(arrays, (v.INFORMATION_RECEIVED,), panel)
    again = nth_days(arrays, (v.PANEL,), 2, panel)
    decided = np.fmin(first_days(arrays, (v.AGENCY_DECISION,), panel), arrays.end)
    child_days, now = _loop_days(log, LOOPS[0])
    happened = np.fmin(asked, again)
    happened = np.where(happened <= np.where(np.isnan(decided), np.inf, decided), happened, np.nan)
    times = _events_between(log, (v.PANEL,), panel, decided) - int((~np.isnan(panel)).sum())
    return _Kind(
        "Returned to panel, or for further information", _window(log), _ONE_YEAR, panel, happened, decided,
        times=max(times, 0), child_days=child_days, now=now,
        note="from the first panel; it ends with the agency decision",
    )  # fmt: skip


def _repeated_reviews(log: EventLog, reviews: int) -> _Kind:
    arrays = log.arrays
    start = first_days(arrays, (v.ACCOMMODATED,))
    plan = np.fmin(first_days(arrays, _PLAN, start), arrays.end)
    nth = nth_days(arrays, (v.REVIEW,), reviews, start)
    # A review on the day of the plan is the one that decided it.
    happened = np.where(nth < np.where(np.isnan(plan), np.inf, plan), nth, np.nan)
    reliable = float(to_days(pd.Series([log.window.reliable_from(*_PLAN)]))[0])
    early = (start < reliable) & (reliable > arrays.window_start)
    visits = find_visits(log, STAGES[0])
    start[visits.case[visits.not_recorded]] = np.nan  # decided, but nobody knows when
    start = np.where(early, np.nan, start)
    child_days, now = _loop_days(log, REVIEWS)
    left_out = f"; {int(early.sum()):,} accommodated before plans were recorded are left out" if early.any() else ""
    last = np.where(np.isnan(plan), arrays.window_end, plan - 0.5)
    return _Kind(
        f"{reviews} or more reviews without a plan", _window(log), 2 * _ONE_YEAR, start, happened, plan,
        times=_events_between(log, (v.REVIEW,), start, last), child_days=child_days, now=now,
        note=f"from being accommodated; child-days from the first review to the last before the plan{left_out}",
    )  # fmt: skip


def _court(log: EventLog, continuations: Sequence[str]) -> _Kind:
    what = "Court hearing continued"
    if not continuations:
        return _Kind(what, _window(log), note="the log records no continuations of court hearings: not to be counted")
    arrays = log.arrays
    lodged = first_days(arrays, (v.LODGED,))
    order = np.fmin(first_days(arrays, _ORDERS, lodged), arrays.end)
    happened = first_days(arrays, continuations, lodged)
    happened = np.where(happened <= np.where(np.isnan(order), np.inf, order), happened, np.nan)
    low, high = _window(log)
    last = np.where(np.isnan(order), high, order)
    spent = np.fmax(0.0, last - np.maximum(happened, low))
    return _Kind(
        what, _window(log), _ONE_YEAR, lodged, happened, order,
        times=_events_between(log, continuations, lodged, order), child_days=float(spent.sum()),
        now=int((~np.isnan(happened) & np.isnan(order)).sum()),
        note="from lodging; child-days from the first continuation to the order",
    )  # fmt: skip


def _lodged_again(log: EventLog) -> _Kind:
    arrays = log.arrays
    lodged = first_days(arrays, (v.LODGED,))
    again = nth_days(arrays, (v.LODGED,), 2, lodged)
    child_days, now = _loop_days(log, LOOPS[1])
    times = _events_between(log, (v.LODGED,), lodged, arrays.end) - int((~np.isnan(lodged)).sum())
    return _Kind(
        "Application lodged again", _window(log), 3 * _ONE_YEAR, lodged, again, arrays.end,
        times=max(times, 0), child_days=child_days, now=now, note="from the first lodging, whatever came of it",
    )  # fmt: skip


def _moves(log: EventLog, placements: pd.DataFrame | None, moves: int) -> _Kind:
    arrays = log.arrays
    begin = arrays.start.copy()
    if placements is None:
        moved = np.fmin(first_days(arrays, (v.RETURNED_HOME,), begin), _accommodated_later(log))
        times = int((~np.isnan(first_days(arrays, (v.RETURNED_HOME,), begin))).sum())
        times += int((~np.isnan(_accommodated_later(log))).sum())
        note = "only moves between home and away, which the milestones show; placements would show all"
        return _Kind("Moved between home and away", _window(log), 2 * _ONE_YEAR, begin, moved, arrays.end,
                     times=times, note=note)  # fmt: skip
    day, case = _placement_starts(log, placements)
    count = np.bincount(case, minlength=len(begin))
    # The first placement is where the child came to; each later one is a move.
    place = np.arange(len(case)) - np.concatenate([[0], np.cumsum(count)])[case]
    moved = np.full(len(begin), np.nan)
    moved[case[place == moves]] = day[place == moves]
    what = "Moved to another placement" if moves == 1 else f"{moves} or more moves of placement"
    return _Kind(what, _window(log), 2 * _ONE_YEAR, begin, moved, arrays.end,
                 times=int(np.maximum(count - 1, 0).sum()), note="from the case's start")  # fmt: skip


def _placement_starts(log: EventLog, placements: pd.DataFrame) -> tuple[FloatArray, IntArray]:
    """Day and case of each placement of the log's cases, in order; several that start on a day are one."""
    missing = [name for name in ("case", "start") if name not in placements]
    if missing:
        raise ValueError(f"placements must have the columns case and start; missing: {', '.join(missing)}")
    codes = pd.Index(log.cases["case"]).get_indexer(placements["case"].astype("str"))
    day = to_days(placements["start"])
    keep = (codes >= 0) & ~np.isnan(day)
    rows = np.unique(np.stack([codes[keep].astype(np.float64), day[keep]], axis=1), axis=0)
    return rows[:, 1], rows[:, 0].astype(np.int64)


def _accommodated_later(log: EventLog) -> FloatArray:
    """The day a child looked after at home was accommodated; NaN for none."""
    at_home = first_days(log.arrays, (v.AT_HOME,))
    later = first_days(log.arrays, (v.ACCOMMODATED,), at_home)
    return np.where(later > at_home, later, np.nan)


def _years_at_home(log: EventLog) -> list[_Kind]:
    """Two years at home: of those looked after at home from the first, and of those returned home."""
    arrays = log.arrays
    low, high = _window(log)
    kinds = []
    for what, activity in (
        ("Past two years at home on an order", v.AT_HOME),
        ("Past two years at home on an order, after returning home", v.RETURNED_HOME),
    ):
        start = first_days(arrays, (activity,))
        start = np.where(arrays.end <= start, np.nan, start)  # went home and ceased on the same day
        left = np.fmin(first_days(arrays, (v.ACCOMMODATED,), start), arrays.end)
        past = start + TWO_YEARS
        reached = (past <= np.where(np.isnan(left), high, left)) & (past <= high)
        happened = np.where(reached, past, np.nan)
        closed = np.where(reached, np.nan, left)
        spent = np.fmax(0.0, np.where(np.isnan(left), high, left) - np.maximum(happened, low))
        now = int((reached & np.isnan(left)).sum())
        note = "the log does not hold orders over time: every child at home counts as on a supervision order"
        kinds.append(_Kind(what, (low, high), TWO_YEARS, start, happened, closed, int(reached.sum()),
                           float(spent.sum()), now, note))  # fmt: skip
    return kinds


def _events_between(log: EventLog, activities: Sequence[str], start: FloatArray, end: FloatArray) -> int:
    """How many events of the activities lie between two days of their case; a missing end is the window's."""
    arrays = log.arrays
    events = events_of(arrays, activities)
    case, day = arrays.case[events], arrays.day[events]
    return int(((day >= start[case]) & (day <= np.where(np.isnan(end), np.inf, end)[case])).sum())


def _who(log: EventLog, kinds: Sequence[_Kind], attributes: Sequence[str]) -> pd.DataFrame:
    rows = []
    for kind in kinds:
        if not len(kind.start) or not kind.could.any():
            continue
        for name in attributes:
            if name in log.cases:
                groups = log.cases[name].astype("str").where(log.cases[name].notna(), "not recorded")
                of = groups[kind.could].value_counts()
                n = groups[kind.did].value_counts().reindex(of.index, fill_value=0)
                rows += [(kind.what, name, str(group), int(n[group]), int(of[group])) for group in sorted(of.index)]
    return pd.DataFrame(rows, columns=["what", "attribute", "group", "n", "of"])
