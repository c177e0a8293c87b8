"""The event log: what happened to each child, when, and what could be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.window import ObservationWindow

EVENT_COLUMNS = ("case", "activity", "date", "rank")
CASE_COLUMNS = ("case", "start", "end")
_DAY = np.timedelta64(1, "D")
_EPOCH = np.datetime64("1970-01-01", "us")


@dataclass(frozen=True)
class LogArrays:
    """An event log as plain arrays, in the log's order: the form every heavy computation uses.

    Row i of the event arrays is one event; events of a case stand together, in order. Times are days since
    1970-01-01 as floats.
    """

    case: npt.NDArray[np.int32]
    """Position of the event's case in the case arrays."""
    activity: npt.NDArray[np.int32]
    """Position of the event's activity in `activities`."""
    day: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    """For each case, the position of its first event; one more at the end: case c spans first[c]:first[c+1]."""
    start: npt.NDArray[np.float64]
    """For each case, the day it began."""
    end: npt.NDArray[np.float64]
    """For each case, the day it ended; NaN while it is open."""
    activities: tuple[str, ...]
    window_start: float
    window_end: float


@dataclass(frozen=True, eq=False)
class EventLog:
    """Events, cases and the observation window; nothing in the product ever loses sight of the last.

    `events` has one row an event with the columns `case` (text), `activity` (categorical text), `date` (datetime64,
    whole days for case records), `rank` (order among events of one case on one instant) and any attributes.
    `cases` has one row a case with `case`, `start`, `end` (NaT while open: the case is right-censored at
    `window.end`) and any attributes. Build one with `EventLog.of`, which checks and orders; do not change the frames.

    >>> log = EventLog.of(
    ...     pd.DataFrame({"case": ["a", "a", "b"], "activity": ["in", "out", "in"],
    ...                   "date": pd.to_datetime(["2024-01-01", "2024-01-31", "2024-02-01"])}),
    ...     ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")), final=["out"])
    >>> print(log)
    event log: 3 events, 2 cases (1 open), 2 activities, observed 2024-01-01 to 2024-12-31
    """

    events: pd.DataFrame
    cases: pd.DataFrame
    window: ObservationWindow

    @classmethod
    def of(
        cls,
        events: pd.DataFrame,
        window: ObservationWindow,
        *,
        cases: pd.DataFrame | None = None,
        ranks: Mapping[str, int] | None = None,
        final: Sequence[str] = (),
    ) -> EventLog:
        """Check, order and freeze a log.

        `ranks` gives each activity its place among events of one instant; without it the activities' typical order
        in the log itself is used (`typical_order`), never the order of the rows. Without `cases`, a case starts at
        its first event, and ends at its last event if that is one of the `final` activities; otherwise it is open.
        An empty frame gives an empty log. Raises ValueError for a missing column, a missing value, an event after
        the window, an event of a case that `cases` does not hold, or dates that are not datetime64: text is never
        guessed to be a date.
        """
        missing = [column for column in ("case", "activity", "date") if column not in events]
        if missing:
            raise ValueError(f"events must have the columns case, activity, date; missing: {', '.join(missing)}")
        nulls = events[["case", "activity", "date"]].isna().any()
        if nulls.any():
            raise ValueError(f"events must have no missing values; found some in: {', '.join(nulls.index[nulls])}")
        # Rows are picked by label below, and a frame put together from several may repeat its labels.
        events = events.reset_index(drop=True)
        events = events.assign(
            case=events["case"].astype("str"),
            activity=events["activity"].astype("str"),
            date=_instants(events["date"], "events.date"),
        )
        if len(events) and events["date"].max() > window.end + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1):
            raise ValueError(f"events must not be later than the window's end, {window.end:%Y-%m-%d}")
        order = dict(ranks) if ranks is not None else typical_order(events)
        unknown = sorted(set(events["activity"].unique()) - set(order))
        if unknown:
            raise ValueError(f"activities without a rank: {', '.join(unknown)}")
        names = sorted(events["activity"].unique(), key=lambda name: (order[name], name))
        events["rank"] = events["activity"].map(order).astype("int32")
        events["activity"] = pd.Categorical(events["activity"], categories=names)
        attributes = [column for column in events if column not in EVENT_COLUMNS]
        # Attributes come last in the sort so that equal events stand in the same order however the rows came.
        keys = events[attributes].astype("str") if attributes else pd.DataFrame(index=events.index)
        keys.insert(0, "case", events["case"])
        keys.insert(1, "date", events["date"])
        keys.insert(2, "rank", events["rank"])
        keys.insert(3, "activity", events["activity"].cat.codes)
        index = keys.sort_values(list(keys.columns), kind="stable").index if len(keys) else keys.index
        events = events.loc[index, [*EVENT_COLUMNS, *attributes]].reset_index(drop=True)
        if cases is None:
            cases = _cases_from_events(events, final)
        cases = _checked_cases(cases, events)
        return cls(events, cases, window)

    @cached_property
    def arrays(self) -> LogArrays:
        """The log as integer codes and days since 1970-01-01, computed once."""
        position = pd.Index(self.cases["case"])
        case = position.get_indexer(self.events["case"]).astype(np.int32)
        activity = self.events["activity"].cat.codes.to_numpy().astype(np.int32)
        first = np.searchsorted(case, np.arange(len(self.cases) + 1))
        return LogArrays(
            case=case,
            activity=activity,
            day=to_days(self.events["date"]),
            first=first.astype(np.int64),
            start=to_days(self.cases["start"]),
            end=to_days(self.cases["end"]),
            activities=self.activities,
            window_start=float(to_days(pd.Series([self.window.start]))[0]),
            window_end=float(to_days(pd.Series([self.window.end]))[0]),
        )

    @property
    def activities(self) -> tuple[str, ...]:
        """Activity names in rank order."""
        return tuple(str(name) for name in self.events["activity"].cat.categories)

    @property
    def open_cases(self) -> int:
        """How many cases are still open at the end of the window."""
        return int(self.cases["end"].isna().sum())

    def keeping(self, activities: Sequence[str]) -> EventLog:
        """The same cases with only the named activities; cases left without events stay, as cases.

        Raises ValueError for an activity the log does not have.
        """
        unknown = sorted(set(activities) - set(self.activities))
        if unknown:
            raise ValueError(f"activity not in the log: {', '.join(unknown)}; it has: {', '.join(self.activities)}")
        kept = self.events[self.events["activity"].isin(list(activities))].reset_index(drop=True)
        kept["activity"] = kept["activity"].cat.remove_unused_categories()
        return EventLog(kept, self.cases, self.window)

    def __len__(self) -> int:
        return len(self.events)

    def __str__(self) -> str:
        return (
            f"event log: {len(self.events):,} events, {len(self.cases):,} cases ({self.open_cases:,} open), "
            f"{len(self.activities)} activities, observed {self.window.start:%Y-%m-%d} to {self.window.end:%Y-%m-%d}"
        )


def to_days(dates: pd.Series[pd.Timestamp]) -> npt.NDArray[np.float64]:
    """Days since 1970-01-01 as floats, NaN for missing dates."""
    values = dates.to_numpy(dtype="datetime64[us]")
    days = (values - _EPOCH) / _DAY
    return np.asarray(days, dtype=np.float64)


def from_days(days: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
    """Dates from days since 1970-01-01, NaT for NaN; the inverse of `to_days`."""
    values = np.asarray(days, dtype=np.float64)
    micro = np.full(values.shape, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    known = np.isfinite(values)
    micro[known] = _EPOCH + np.round(values[known] * 86_400_000_000).astype("timedelta64[us]")
    return micro


def _instants(values: pd.Series[Any], name: str) -> pd.Series[pd.Timestamp]:
    """The values as datetime64[us], ValueError if they are anything but datetime64 already, or all missing."""
    if not pd.api.types.is_datetime64_dtype(values) and not values.isna().all():
        raise ValueError(
            f"{name} must be datetime64 without a time zone, got {values.dtype}; parse it first, with the format it has"
        )
    return values.astype("datetime64[us]")


def typical_order(events: pd.DataFrame) -> dict[str, int]:
    """Each activity's place in the usual order of this log, from strictly ordered events only.

    The place is the mean position of the activity among the distinct instants of its cases (0 first, 1 last); equal
    places go by name. It does not depend on the order of the rows, so shuffling a file changes nothing.
    """
    if events.empty:
        return {}
    instants = events.groupby("case", sort=False)["date"].rank(method="dense")
    last = instants.groupby(events["case"], sort=False).transform("max")
    place = ((instants - 1) / (last - 1).clip(lower=1)).groupby(events["activity"].astype("str")).mean()
    ordered = sorted(place.items(), key=lambda item: (round(float(item[1]), 9), str(item[0])))
    return {str(name): rank for rank, (name, _) in enumerate(ordered, start=1)}


def _cases_from_events(events: pd.DataFrame, final: Sequence[str]) -> pd.DataFrame:
    grouped = events.groupby("case", sort=True)
    cases = grouped["date"].agg(start="min", end="max").reset_index()
    last = grouped["activity"].last().reset_index(drop=True).astype("str")
    cases.loc[~last.isin(list(final)).to_numpy(), "end"] = pd.NaT
    return cases


def _checked_cases(cases: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in CASE_COLUMNS if column not in cases]
    if missing:
        raise ValueError(f"cases must have the columns case, start, end; missing: {', '.join(missing)}")
    attributes = [column for column in cases if column not in CASE_COLUMNS]
    cases = cases.assign(
        case=cases["case"].astype("str"),
        start=_instants(cases["start"], "cases.start"),
        end=_instants(cases["end"], "cases.end"),
    )
    if cases["case"].duplicated().any():
        twice = cases.loc[cases["case"].duplicated(), "case"].iloc[0]
        raise ValueError(f"case ids must be unique in the case table, got {twice!r} more than once")
    cases = cases.sort_values("case", kind="stable")[[*CASE_COLUMNS, *attributes]].reset_index(drop=True)
    strangers = sorted(set(events["case"].unique()) - set(cases["case"]))
    if strangers:
        raise ValueError(f"{len(strangers)} cases have events but no row in the case table, first {strangers[0]!r}")
    return cases
