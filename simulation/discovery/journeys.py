"""The cases of a log as flat arrays of instants: the form in which journeys are weighed, drawn and moved in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.lifecycle import with_starts
from event_logs.log import EventLog, to_days
from event_logs.window import ObservationWindow
from simulation.distances import START_COLUMN, Instants, microseconds

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK = 7 * DAY
_MONDAY = 3 * DAY
"""1 January 1970 was a Thursday."""
RESOURCE_COLUMNS = ("resource", "org:resource", "Resource", "org:group", "group", "role")
"""Columns that say who did the work, the first that is there and names more than one."""
NOBODY = -1


@dataclass(frozen=True, eq=False)
class Journeys:
    """Cases in the order in which they began; instants are whole microseconds since 1970-01-01.

    Case c has the events first[c]:first[c+1], in the order of start, then end, then the log's own. Cases without events
    are not there.
    """

    first: Ints
    activity: Ints
    """Position in `names`."""
    start: Ints
    """When work on the event began; its end where the log says nothing of starts."""
    end: Ints
    resource: Ints
    """Position in `resources`; -1 for nobody."""
    finished: Bools
    """For each case, whether it had ended; one that had not is known up to its last event only."""
    names: tuple[str, ...]
    ranks: tuple[int, ...]
    resources: tuple[str, ...] = ()
    resource_column: str = ""
    timed: bool = False
    """Whether the log has start times."""

    @classmethod
    def of(cls, log: EventLog) -> Journeys:
        """The journeys of a log, with starts where it tells them and people by the first of `RESOURCE_COLUMNS`."""
        log = with_starts(log)
        arrays = log.arrays
        end = microseconds(arrays.day)
        start, timed = end, START_COLUMN in log.events
        if timed:
            known = to_days(log.events[START_COLUMN])
            # Work that begins after it is done, which reading the log has told, takes no time.
            start = np.where(np.isnan(known), end, np.minimum(microseconds(np.nan_to_num(known)), end))
        column = _resource_column(log.events)
        codes, found = np.full(len(end), NOBODY), np.zeros(0, dtype=object)
        if column:
            codes, found = pd.factorize(log.events[column].to_numpy(dtype=object))
        ranks = log.events.drop_duplicates("activity").set_index("activity")["rank"]
        order = np.lexsort((np.arange(len(end)), end, start, arrays.case))
        counts = np.diff(arrays.first)
        whole = cls(
            first=np.concatenate([[0], np.cumsum(counts[counts > 0])]).astype(np.int64),
            activity=arrays.activity.astype(np.int64)[order],
            start=start[order],
            end=end[order],
            resource=np.asarray(codes, dtype=np.int64)[order],
            finished=~np.isnan(arrays.end)[counts > 0],
            names=arrays.activities,
            ranks=tuple(int(ranks.get(name, 0)) for name in arrays.activities),
            resources=tuple(str(name) for name in found),
            resource_column=column,
            timed=timed,
        )
        return whole.take(np.argsort(whole.begin, kind="stable"))

    @property
    def cases(self) -> int:
        """How many cases there are."""
        return len(self.first) - 1

    @cached_property
    def lengths(self) -> Ints:
        """Events of each case."""
        return np.diff(self.first)

    @cached_property
    def case(self) -> Ints:
        """For each event its case."""
        return np.repeat(np.arange(self.cases), self.lengths)

    @cached_property
    def begin(self) -> Ints:
        """First start of each case."""
        return np.minimum.reduceat(self.start, self.first[:-1]) if self.cases else np.zeros(0, dtype=np.int64)

    @cached_property
    def finish(self) -> Ints:
        """Last end of each case."""
        return np.maximum.reduceat(self.end, self.first[:-1]) if self.cases else np.zeros(0, dtype=np.int64)

    @property
    def span(self) -> Ints:
        """From first start to last end."""
        return self.finish - self.begin

    @property
    def instants(self) -> Instants:
        """The same as the log distances want it."""
        return Instants(self.start, self.end, self.case, self.activity, self.names, self.begin, self.finish)

    def take(self, cases: npt.ArrayLike) -> Journeys:
        """The given cases, in that order, any of them more than once."""
        chosen = np.asarray(cases, dtype=np.int64)
        lengths = self.lengths[chosen]
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        place = np.repeat(self.first[:-1][chosen] - first[:-1], lengths) + np.arange(first[-1])
        return self._with(first, place, self.finished[chosen])

    def _with(self, first: Ints, place: Ints, finished: Bools) -> Journeys:
        parts = {name: getattr(self, name)[place] for name in ("activity", "start", "end", "resource")}
        return replace(self, first=first, finished=finished, **parts)

    def moved(self, by: Ints) -> Journeys:
        """Each case moved in time by so many microseconds."""
        each = np.repeat(by, self.lengths)
        return replace(self, start=self.start + each, end=self.end + each)

    @cached_property
    def _final(self) -> Bools:
        """For each activity whether at least half of its events are the last of a finished case."""
        last = self.activity[self.first[1:] - 1][self.finished]
        total = np.bincount(self.activity, minlength=len(self.names))
        found: Bools = (total > 0) & (2 * np.bincount(last, minlength=len(self.names)) >= total)
        return found

    def seen_until(self, instant: int) -> Journeys:
        """What was known by then: the events that had ended.

        A case of which all was seen is as finished as it is; one with more to come counts as finished only if its last
        event seen was of a kind that most often is the end, as anybody would have thought then.
        """
        seen = self.end <= instant
        counts = np.add.reduceat(seen.astype(np.int64), self.first[:-1]) if self.cases else np.zeros(0, dtype=np.int64)
        kept = counts > 0
        first = np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64)
        place = np.flatnonzero(seen)
        seemed = self._final[self.activity[place[first[1:] - 1]]]
        finished = np.where((counts == self.lengths)[kept], self.finished[kept], seemed)
        return self._with(first, place, finished)

    def log(self, window: ObservationWindow) -> EventLog:
        """The journeys as an event log with cases numbered in the order in which they began."""
        order = np.argsort(self.begin, kind="stable")
        mine = self.take(order)
        names = np.asarray([f"{number:07d}" for number in range(1, mine.cases + 1)], dtype=object)
        rank = np.asarray(self.ranks, dtype=np.int32)[mine.activity]
        # A log's order is by end, then rank; that of the arrays is by start.
        by_end = np.lexsort((mine.activity, rank, mine.end, mine.case))
        events = pd.DataFrame(
            {
                "case": pd.Series(names[mine.case[by_end]], dtype="str"),
                "activity": pd.Categorical.from_codes(mine.activity[by_end], categories=pd.Index(self.names)),
                "date": _dates(mine.end[by_end]),
                "rank": rank[by_end],
            }
        )
        if self.timed:
            events[START_COLUMN] = _dates(mine.start[by_end])
        if self.resource_column:
            who = mine.resource[by_end]
            known = np.asarray([*self.resources, None], dtype=object)[who]
            events[self.resource_column] = pd.Series(known, dtype="str")
        end = _dates(mine.finish)
        cases = pd.DataFrame({"case": pd.Series(names, dtype="str"), "start": _dates(mine.begin), "end": end})
        cases["end"] = cases["end"].where(mine.finished)
        return EventLog(events, cases, window)


def placed(past: Journeys, donors: Ints, arrival: Ints) -> Journeys:
    """Copies of the cases `donors`, each moved by whole days to the day of its arrival."""
    copies = past.take(donors)
    return copies.moved((arrival // DAY - copies.begin // DAY) * DAY)


def _dates(instants: Ints) -> npt.NDArray[np.datetime64]:
    return instants.astype("datetime64[us]")


def _resource_column(events: pd.DataFrame) -> str:
    for column in RESOURCE_COLUMNS:
        if column in events and events[column].nunique() > 1:
            return column
    return ""


def weekday(instants: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return (instants + _MONDAY) // DAY % 7


def hour_of_week(instants: Ints) -> Ints:
    """0 for Monday from midnight to 167."""
    return (instants + _MONDAY) // HOUR % 168


def since_recording(log: EventLog) -> Journeys:
    """The journeys that began within the log's window; all, where none did."""
    every = Journeys.of(log)
    inside = every.end[every.first[:-1]] >= instant(log.window.start)
    return every.take(np.flatnonzero(inside)) if inside.any() else every


def instant(time: pd.Timestamp) -> int:
    """Whole microseconds since 1970-01-01."""
    return int(time.to_datetime64().astype("datetime64[us]").astype(np.int64))
