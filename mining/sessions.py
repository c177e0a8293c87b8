"""Is a step taken at sessions, on set days? Found from dates alone.

Panels and hearings meet on set days, so the dates of their events fall together: many share a date, and most lie on
the same weekday of the same weeks of a month. Both are judged against the same events moved by whole weeks, which
keeps weekdays and slow drift: a Monday roll-over of weekend dates is no session. A council's own calendar always
beats what is inferred here.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days
from event_logs.vocabulary import PANEL
from mining.visits import check_activities, events_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FEWEST_EVENTS = 8
_LEVEL = 0.025
"""Two tests are made, so each at half of one in twenty."""
_FURTHEST_WEEKS = 6
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NTH = ("first", "second", "third", "fourth", "fifth")
_WEEKS = len(_NTH)
_BLOCK = 4_000_000
_ALSO = 0.4
"""A weekday of a week of the month belongs to the calendar when it has this part of the events of the fullest."""


@dataclass(frozen=True, eq=False)
class Sessions:
    """Whether an activity happens at sessions, and on which days."""

    activity: str
    events: int
    same_date_pairs: int
    """Pairs of events that share a date."""
    p_pairs: float
    """How often events moved by whole weeks share as many dates; NaN where there are too few to tell."""
    modal_share: float
    """Share of events on the fullest weekday and week of the month."""
    p_modal: float
    """How often moved events fill one as much."""
    batched: bool
    """Whether either is rarer than 2.5 %."""
    cells: tuple[tuple[int, int], ...]
    """The calendar: (weekday, 0 for Monday; week of the month, 1 for its first seven days), fullest first."""
    dates: pd.DataFrame
    """The days on which it happened: `date`, `heard` (events that day), `on_calendar`."""
    words: str


def detect_sessions(log: EventLog, activity: str = PANEL, *, seed: int, permutations: int = 400) -> Sessions:
    """Judge from its dates whether an activity happens at sessions; every event counts, of open cases too.

    Fewer than 8 events are too few to tell: not batched, and `words` says so. Raises ValueError for an activity that
    neither log nor vocabulary knows, and for fewer than 39 permutations, with which nothing is ever rare enough.
    """
    check_activities(log, (activity,))
    days = np.floor(log.arrays.day[events_of(log.arrays, (activity,))]).astype(np.int64)
    return detect_from_days(days, activity, seed=seed, permutations=permutations)


def detect_from_days(days: IntArray, activity: str, *, seed: int, permutations: int = 400) -> Sessions:
    """As `detect_sessions`, from days since 1970-01-01."""
    if permutations < 39:
        raise ValueError(f"permutations must be at least 39, got {permutations}")
    ordered = np.sort(days)
    pairs, cell_counts = _pairs(ordered), _cell_counts(ordered)
    enough = len(ordered) >= FEWEST_EVENTS
    p_pairs = p_modal = np.nan
    modal = int(cell_counts.max(initial=0))
    if enough:
        moved_pairs, moved_modal = _moved(ordered, seed, permutations)
        p_pairs = float((1 + (moved_pairs >= pairs).sum()) / (1 + permutations))
        p_modal = float((1 + (moved_modal >= modal).sum()) / (1 + permutations))
    batched = bool(enough and min(p_pairs, p_modal) <= _LEVEL)
    cells = _calendar(cell_counts) if batched else ()
    share = modal / len(ordered) if len(ordered) else np.nan
    dates = _dates(ordered, cells)
    words = _words(activity, len(ordered), batched, cells, dates)
    return Sessions(activity, len(ordered), pairs, p_pairs, share, p_modal, batched, cells, dates, words)


def cell_of(days: IntArray) -> tuple[IntArray, IntArray]:
    """Weekday (0 Monday) and week of the month (1 its first seven days) of days since 1970-01-01."""
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype("datetime64[D]")
    weekday: IntArray = np.mod(days + 3, 7)
    return weekday, (dates - month).astype(np.int64) // 7 + 1


def _pairs(days: IntArray) -> int:
    heard = np.unique(days, return_counts=True)[1].astype(np.int64)
    return int((heard * (heard - 1) // 2).sum())


def _cell_counts(days: IntArray) -> IntArray:
    weekday, week = cell_of(days)
    return np.bincount(weekday * _WEEKS + week - 1, minlength=7 * _WEEKS)


def _moved(days: IntArray, seed: int, permutations: int) -> tuple[IntArray, IntArray]:
    """Same-date pairs and the fullest cell of events moved by -6 to 6 weeks each, for each permutation."""
    key = int.from_bytes(blake2b(b"sessions", digest_size=8).digest(), "big")
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key])))
    low = int(days.min()) - 7 * _FURTHEST_WEEKS
    span = int(days.max()) - low + 7 * _FURTHEST_WEEKS + 1
    weekday, week = cell_of(np.arange(low, low + span))
    cell_by_day = weekday * _WEEKS + week - 1
    block = max(1, _BLOCK // max(len(days), span))
    pairs, modal = [], []
    for done in range(0, permutations, block):
        size = min(block, permutations - done)
        shift = generator.integers(-_FURTHEST_WEEKS, _FURTHEST_WEEKS + 1, size=(size, len(days)))
        place = days[None, :] + 7 * shift - low
        row = np.arange(size)[:, None]
        heard = np.bincount((row * span + place).ravel(), minlength=size * span).reshape(size, span)
        pairs.append((heard * (heard - 1) // 2).sum(axis=1))
        cells = (row * 7 * _WEEKS + cell_by_day[place]).ravel()
        modal.append(np.bincount(cells, minlength=size * 7 * _WEEKS).reshape(size, -1).max(axis=1))
    return np.concatenate(pairs), np.concatenate(modal)


def _calendar(counts: IntArray) -> tuple[tuple[int, int], ...]:
    """The cells that hold sessions, fullest first; a fifth week is rare and stands by its fourth."""
    order = np.argsort(-counts, kind="stable")
    chosen = [int(cell) for cell in order if counts[cell] >= _ALSO * counts[order[0]] and counts[cell] > 0]
    return tuple((cell // _WEEKS, cell % _WEEKS + 1) for cell in chosen)


def _dates(days: IntArray, cells: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    sessions, heard = np.unique(days, return_counts=True)
    weekday, week = cell_of(sessions)
    wanted = {weekday * _WEEKS + week for weekday, week in cells}
    on_calendar = np.isin(weekday * _WEEKS + week, sorted(wanted))
    return pd.DataFrame({"date": from_days(sessions), "heard": heard, "on_calendar": on_calendar})


def _words(activity: str, events: int, batched: bool, cells: tuple[tuple[int, int], ...], dates: pd.DataFrame) -> str:
    if events < FEWEST_EVENTS:
        return f"{activity}: {events} on record, too few to tell whether it meets on set days."
    if not batched:
        return f"{activity}: no sign that it meets on set days ({events:,} on {len(dates):,} dates)."
    weekdays = sorted({weekday for weekday, _ in cells})
    named = [
        f"the {' and '.join(_NTH[week - 1] for week in sorted(week for day, week in cells if day == weekday))} "
        f"{_WEEKDAYS[weekday]}"
        for weekday in weekdays
    ]
    return (
        f"{activity}: it meets on set days, mostly {' and '.join(named)} of the month; {events:,} on {len(dates):,} "
        f"dates, at most {int(dates['heard'].max())} on one."
    )
