"""Filters by time: cases by when they ran, and the log as it would have been recorded in a shorter window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.window import ObservationWindow
from mining.filters.algebra import Change, Choice, Verdict

_WORDS = {
    "contained": "cases that started and ended",
    "intersecting": "cases that ran at some time",
    "started": "cases that started",
    "ended": "cases that ended",
}


@dataclass(frozen=True)
class TimeFrame(Choice):
    """Cases by when they ran: both days belong to the frame, and nothing is cut.

    `relation`: `contained` (started and ended in it), `intersecting` (ran on at least one day of it), `started` or
    `ended` in it. The start is the case's own, also where it lies before the window. An open case has not ended by
    the window's end; whether it ends in a frame that goes beyond is not known.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    relation: Literal["contained", "intersecting", "started", "ended"] = "contained"

    def __post_init__(self) -> None:
        _check_frame(self.start, self.end)
        if self.relation not in _WORDS:
            raise ValueError(f"relation must be one of {', '.join(_WORDS)}, got {self.relation!r}")

    @property
    def label(self) -> str:
        return f"{_WORDS[self.relation]} from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"

    @property
    def why_unknown(self) -> str:
        return "the case is still open and the frame goes beyond the window"

    def verdict(self, log: EventLog) -> Verdict:
        _check_overlap(log, self.start, self.end)
        arrays = log.arrays
        low, high = _edges(self.start, self.end)
        is_open = np.isnan(arrays.end)
        began = (arrays.start >= low) & (arrays.start < high)
        if self.relation == "started":
            return Verdict(began, began)
        last = np.where(is_open, arrays.window_end, arrays.end)
        if self.relation == "intersecting":
            runs = (arrays.start < high) & (last >= low)
            return Verdict(runs, runs | (is_open & (low > arrays.window_end)))
        ended = (arrays.end >= low) & (arrays.end < high)
        may_end = ended | (is_open & (high > arrays.window_end + 1))
        if self.relation == "ended":
            return Verdict(ended, may_end)
        return Verdict(began & ended, began & may_end)


@dataclass(frozen=True)
class Trim(Change):
    """The log as it would have been, had recording begun on `start` and the extract been taken on `end`.

    Events outside are taken out, and so are cases that did not run inside. The window becomes the frame, so that
    what the frame cuts off is not mistaken for what never happened: a case that ended later is open (censored) at its
    end, and a case that started earlier keeps its true start (left truncation: delayed entry). With `history` the
    events before the frame stay for cases running when it begins: then waits already running have their true start
    and count, with delayed entry; without it such a case's first event is not its beginning, and those waits are left
    out, which wastes data but bends nothing.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    history: bool = False

    def __post_init__(self) -> None:
        _check_frame(self.start, self.end)

    @property
    def label(self) -> str:
        return f"what was recorded from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"

    def changed(self, log: EventLog) -> EventLog:
        _check_overlap(log, self.start, self.end)
        arrays = log.arrays
        low, high = _edges(self.start, self.end)
        kept = (arrays.start < high) & (np.isnan(arrays.end) | (arrays.end >= low))
        dates = arrays.day < high
        if not self.history:
            dates &= arrays.day >= low
        events = log.events[kept[arrays.case] & dates].reset_index(drop=True)
        events["activity"] = events["activity"].cat.remove_unused_categories()
        cases = log.cases.assign(end=log.cases["end"].where(arrays.end < high))[kept].reset_index(drop=True)
        window = log.window
        frame = ObservationWindow(max(window.start, self.start), min(window.end, self.end), window.recorded_from)
        return EventLog(events, cases, frame)

    def note(self, before: EventLog, after: EventLog) -> str:
        arrays = after.arrays
        running = int((arrays.start < arrays.window_start).sum())
        cut = after.open_cases - int(before.cases.set_index("case").loc[after.cases["case"], "end"].isna().sum())
        shown = "their true start is kept" if self.history else "their first event here is not their beginning"
        return (
            f"{running:,} of the cases left were running when the frame begins ({shown}), and {cut:,} that ended "
            "after it count as open at its end."
        )


def _edges(start: pd.Timestamp, end: pd.Timestamp) -> tuple[float, float]:
    """The frame as days: from its first day's beginning to its last day's end, which no longer belongs to it."""
    low, high = to_days(pd.Series([start.floor("D"), end.floor("D") + pd.Timedelta(days=1)]))
    return float(low), float(high)


def _check_frame(start: pd.Timestamp, end: pd.Timestamp) -> None:
    if pd.isna(start) or pd.isna(end) or start > end:
        raise ValueError(f"a time frame must start on or before its end, got {start} to {end}")


def _check_overlap(log: EventLog, start: pd.Timestamp, end: pd.Timestamp) -> None:
    window = log.window
    if end.floor("D") + pd.Timedelta(days=1) <= window.start or start > window.end:
        raise ValueError(
            f"the time frame must overlap the window, {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}, "
            f"got {start:%Y-%m-%d} to {end:%Y-%m-%d}"
        )
