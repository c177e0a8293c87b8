"""What children wait for before a panel: its next date, a free slot, or something else.

The wait from the day the papers are ready to the day the child is heard falls into three parts: until the first
session that could have heard the child ("next date"), then past each session that was full of children ready no later
("slots full"), and past each other one ("the rest": late papers, not ready after all, others first).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import STAGES, Stage
from mining.sessions import Sessions, cell_of, detect_from_days
from mining.visits import OPEN, REACHED, Visits, events_of, stage_visits

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PARTS = ("Next date", "Slots full", "The rest")
_PANEL_STAGE = STAGES[2]
_MOVED_DAYS = 7
_QUEUE_EXPECTED = 0.9
_Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class PanelWait:
    """The wait before a panel and what it was for."""

    parts: pd.DataFrame
    """One row a part: `part`; `child_days` (all waits, open ones so far), `share` of them; of children who were
    heard `mean_days` with its 95 % interval `low_days`, `high_days`. NaN where nobody was."""
    sessions: pd.DataFrame
    """One row a session: `date`, `heard`, `full`, `ready` (children whose papers were in time, the heard among
    them), `inferred` (nobody was heard; the calendar says it met)."""
    heard: int
    waiting: int
    """Children still waiting at the window's end."""
    slots: int
    """Children a session can hear: as given, else the most it ever heard."""
    arrivals_per_session: float
    """Children whose papers became ready, and hearings of children heard before, for each session."""
    load: float
    """That by slots, with its 95 % interval `low_load`, `high_load` (Poisson)."""
    low_load: float
    high_load: float
    jumped: int
    """Children heard while one whose papers had been ready for longer was waiting."""
    months_full: int
    """Months in the longest run of sessions that each left ready children unheard."""
    words: str


def panel_wait(
    log: EventLog,
    stage: Stage = _PANEL_STAGE,
    *,
    seed: int,
    calendar: Sequence[pd.Timestamp] | pd.DatetimeIndex | None = None,
    slots: int | None = None,
    lead_days: int = 0,
) -> PanelWait:
    """Split the wait of a stage that ends at sessions, from its start to its first stop.

    `calendar` are the days on which it met, which beat what is inferred from the dates; `slots` how many children a
    session can hear; `lead_days` how long before a session papers must be complete. Without a calendar sessions are
    the days on which children were heard, and days of the inferred calendar on which none was, unless one a week
    off took its place or that month never has one. Raises ValueError for fewer than 1 slot, a negative lead, or an
    activity that neither log nor vocabulary knows.
    """
    if (slots is not None and slots < 1) or lead_days < 0:
        raise ValueError(f"slots must be at least 1 and lead_days at least 0, got {slots} and {lead_days}")
    visits = stage_visits(log, stage)
    events = events_of(log.arrays, stage.stops)
    days, case = np.floor(log.arrays.day[events]).astype(np.int64), log.arrays.case[events]
    again = np.concatenate([[False], case[1:] == case[:-1]]) if len(case) else np.zeros(0, dtype=bool)
    held = None if calendar is None else np.unique(np.floor(to_days(pd.Series(calendar))).astype(np.int64))
    found = detect_from_days(days, stage.stops[0], seed=seed)
    since = float(to_days(pd.Series([log.window.reliable_from(*stage.starts, *stage.stops)]))[0])
    hearings = Hearings(days, again, found, held, slots, lead_days)
    return split_wait(visits, hearings, (since, log.arrays.window_end))


@dataclass(frozen=True, eq=False)
class Hearings:
    """What is known of the sessions: every hearing, and what was said or inferred of the calendar."""

    days: IntArray
    """Day of each hearing, days since 1970-01-01."""
    again: npt.NDArray[np.bool_]
    """Whether the child had been heard before."""
    found: Sessions
    held: IntArray | None = None
    """The days on which it met, where they are known."""
    slots: int | None = None
    lead_days: int = 0


def split_wait(visits: Visits, hearings: Hearings, window: tuple[float, float]) -> PanelWait:
    """As `panel_wait`, from visits; `window` is the time over which sessions and load are counted."""
    # Sessions are days: a child is heard on one, whatever the hour.
    visits = replace(visits, start=np.floor(visits.start), exit=np.floor(visits.exit))
    ready, end = visits.start + hearings.lead_days, visits.exit
    session, heard = _sessions(hearings, window)
    capacity = int(hearings.slots if hearings.slots is not None else max(1, heard.max(initial=0)))
    full = heard >= capacity
    seen = visits.cause == REACHED
    waiting = int((visits.cause == OPEN).sum())
    table = _session_table(session, heard, full, (ready, end), window)
    parts = _parts(_spent(visits, ready, session, full), seen)
    # Children heard again need a slot as those heard for the first time do.
    inside = (hearings.days >= window[0]) & (hearings.days <= window[1])
    wanted = int((visits.start >= window[0]).sum() + (hearings.again & inside).sum())
    sessions, (low, high) = len(table), _poisson(wanted)
    scale = 1 / (sessions * capacity) if sessions else np.nan
    return PanelWait(
        parts=parts,
        sessions=table,
        heard=int(seen.sum()),
        waiting=waiting,
        slots=capacity,
        arrivals_per_session=wanted / sessions if sessions else np.nan,
        load=wanted * scale,
        low_load=low * scale,
        high_load=high * scale,
        jumped=_jumped(ready, end, seen),
        months_full=_longest_full(table),
        words=_words(hearings, parts, (low * scale, high * scale), waiting),
    )


def _sessions(hearings: Hearings, window: tuple[float, float]) -> tuple[IntArray, IntArray]:
    """The days on which it met, and how many children were heard on each."""
    observed, counts = np.unique(hearings.days, return_counts=True)
    held = hearings.held if hearings.held is not None else _inferred(hearings.found, observed, window)
    session = np.union1d(observed, held).astype(np.int64)
    heard = np.zeros(len(session), dtype=np.int64)
    heard[np.searchsorted(session, observed)] = counts
    return session, heard


def _inferred(found: Sessions, observed: IntArray, window: tuple[float, float]) -> IntArray:
    """Days of the inferred calendar on which nobody was heard and which nevertheless were sessions."""
    if not found.batched or not len(observed):
        return observed
    low, high = max(int(observed[0]), int(window[0])), min(int(observed[-1]), int(window[1]))
    day = np.arange(low, high + 1)
    weekday, week = cell_of(day)
    on = np.zeros(len(day), dtype=bool)
    for a, b in found.cells:
        on |= (weekday == a) & (week == b)
    empty = np.setdiff1d(day[on], observed)
    # A session that was moved was held on another day: no second one on the day it should have been.
    off = observed[~np.isin(observed, day[on])]
    taken = _nearest_gap(empty, off) <= _MOVED_DAYS
    empty = empty[~taken]
    # A month of the year that never has a session, such as July, has no empty ones either.
    months = np.bincount(_month(observed), minlength=12) > 0
    empty = empty[months[_month(empty)]] if len(day) > 730 else empty
    return np.union1d(observed, empty).astype(np.int64)


def _month(days: IntArray) -> IntArray:
    month: IntArray = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return month


def _nearest_gap(days: IntArray, others: IntArray) -> FloatArray:
    """How far each day is from the nearest of the others; infinite without any."""
    if not len(others):
        return np.full(len(days), np.inf)
    place = np.searchsorted(others, days)
    after = np.abs(others[np.minimum(place, len(others) - 1)] - days)
    before = np.abs(others[np.maximum(place - 1, 0)] - days)
    nearest: FloatArray = np.minimum(after, before).astype(np.float64)
    return nearest


def _spent(visits: Visits, ready: FloatArray, session: IntArray, full: npt.NDArray[np.bool_]) -> FloatArray:
    """Days of each child's wait as [part, child]; the parts add up to the wait."""
    start, end = visits.start, visits.exit
    days = session.astype(np.float64)
    first = np.append(days, np.inf)[np.searchsorted(days, ready, side="left")]
    first = np.maximum(start, np.minimum(first, end))
    # One row for each session that passed a child by. It did so for want of a slot if it was full, and had heard
    # nobody whose papers were ready later.
    begin = np.searchsorted(days, ready, side="left")
    passed = np.maximum(0, np.searchsorted(days, end, side="left") - begin)
    child = np.repeat(np.arange(len(start)), passed)
    at = np.arange(len(child)) - np.repeat(np.cumsum(passed) - passed, passed) + begin[child]
    gap = np.minimum(np.append(days[1:], np.inf)[at], end[child]) - days[at]
    latest = np.full(len(days) + 1, -np.inf)
    heard = np.where(visits.cause == REACHED, np.searchsorted(days, end, side="left"), len(days))
    np.maximum.at(latest, heard, ready)
    no_slot = full[at] & (latest[at] <= ready[child])
    slots_full = np.bincount(child, np.where(no_slot, gap, 0.0), minlength=len(start))
    return np.stack([first - start, slots_full, end - first - slots_full])


def _parts(spent: FloatArray, seen: npt.NDArray[np.bool_]) -> pd.DataFrame:
    total = spent.sum(axis=1)
    n = int(seen.sum())
    mean = spent[:, seen].mean(axis=1) if n else np.full(3, np.nan)
    error = spent[:, seen].std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.full(3, np.nan)
    return pd.DataFrame(
        {
            "part": list(PARTS),
            "child_days": total,
            "share": total / total.sum() if total.sum() > 0 else np.nan,
            "mean_days": mean,
            "low_days": np.maximum(0.0, mean - _Z * error),
            "high_days": mean + _Z * error,
        }
    )


def _session_table(
    session: IntArray,
    heard: IntArray,
    full: npt.NDArray[np.bool_],
    waits: tuple[FloatArray, FloatArray],
    window: tuple[float, float],
) -> pd.DataFrame:
    came = np.searchsorted(np.sort(waits[0]), session, side="right")
    gone = np.searchsorted(np.sort(waits[1]), session, side="left")
    table = pd.DataFrame(
        {
            "date": from_days(session),
            "heard": heard,
            "full": full,
            "ready": np.maximum(heard, came - gone),
            "inferred": heard == 0,
        }
    )
    inside = (session >= window[0]) & (session <= window[1])
    return table[inside].reset_index(drop=True)


def _jumped(ready: FloatArray, end: FloatArray, seen: npt.NDArray[np.bool_]) -> int:
    """How many were heard while one ready earlier was left waiting."""
    order = np.lexsort((end, ready))
    # Of all who were ready before, was the latest heard only after this one?
    latest = np.maximum.accumulate(np.concatenate([[-np.inf], end[order][:-1]])) if len(order) else end
    return int((seen[order] & (latest > end[order])).sum())


def _longest_full(table: pd.DataFrame) -> int:
    """Months from the first to the last of the longest run of sessions that left ready children unheard."""
    left = (table["ready"] > table["heard"]).to_numpy()
    if not left.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], left.astype(np.int64), [0]])))
    begins, ends = edges[::2], edges[1::2] - 1
    days = to_days(table["date"])
    return round(float((days[ends] - days[begins]).max()) / 30.4375)


def _poisson(count: int) -> tuple[float, float]:
    """Exact 95 % limits of a Poisson mean."""
    from scipy.stats import chi2

    low = 0.0 if count == 0 else float(chi2.ppf(0.025, 2 * count) / 2)
    return low, float(chi2.ppf(0.975, 2 * count + 2) / 2)


def _words(hearings: Hearings, parts: pd.DataFrame, load: tuple[float, float], waiting: int) -> str:
    if hearings.held is None and not hearings.found.batched:
        return f"{hearings.found.words} The wait before it cannot be split by sessions."
    if parts["mean_days"].isna().any():
        return "Nobody whose papers were ready has been heard: there is no wait to split yet."
    days = dict(zip(parts["part"], parts["mean_days"], strict=True))
    text = (
        f"Of an average wait of {sum(days.values()):.0f} days before being heard, {days['Next date']:.0f} were until "
        f"the next date, {days['Slots full']:.0f} because slots were full, {days['The rest']:.0f} the rest"
    )
    text += f"; {waiting:,} still waiting." if waiting else "."
    if load[1] > _QUEUE_EXPECTED:
        text += " Slots are nearly all needed: a queue is to be expected even if everything goes well."
    return text
