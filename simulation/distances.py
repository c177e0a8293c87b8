"""How far two event logs are from each other, in the measures that simulated logs are judged by.

The figures are those of the package log-distance-measures 2.2.0 (Chapela-Campa and others, BPM 2023; its defaults, not
normalised but for the n-grams), computed on whole arrays. Times are sorted into hours; a distance between two sets of
hours is the earth mover's distance between their distributions, W = sum over the hours of |F1 - F2|: the hours by which
an event is moved on average to turn one log into the other. Every measure is a bare number: read it only beside the
same measure between logs known to be alike.

An event has an end, its `date`, and a start where the log has the column `start` (a datetime); without it, or where it
is missing, the event starts when it ends. Between a log with events and one without there is no such distance: NaN, but
1 for n-grams. Two logs without events are 0 apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog, to_days

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
START_COLUMN = "start"
_HOUR = 3_600_000_000
"""Microseconds: instants are whole microseconds, so that no rounding moves one into another hour."""
_DAY_HOURS = 24
_FARTHEST_HOUR = 23.0


@dataclass(frozen=True)
class LogDistances:
    """Six distances between two logs; all 0 for equal logs."""

    ngram: float
    """Sequences of activities: 0 the same, 1 nothing in common. Compares counts, so unequal numbers of cases count."""
    absolute_hours: float
    """When events happen on the calendar."""
    circadian_hours: float
    """At what hour of each weekday events happen; NaN where neither log has times of day."""
    relative_hours: float
    """How long after the start of their case events happen."""
    arrival_hours: float
    """When cases arrive."""
    cycle_hours: float
    """How long cases take from their first event to their last; for an open case to the last seen."""


def log_distances(one: EventLog | Instants, other: EventLog | Instants, *, n: int = 3) -> LogDistances:
    """All six distances between two logs; `n` is the length of the n-grams.

    >>> import pandas as pd
    >>> from event_logs.window import ObservationWindow
    >>> window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))
    >>> def two_steps(last: str) -> EventLog:
    ...     dates = pd.to_datetime(["2024-01-01", last])
    ...     events = pd.DataFrame({"case": ["a", "a"], "activity": ["in", "out"], "date": dates})
    ...     return EventLog.of(events, window)
    >>> log_distances(two_steps("2024-01-31"), two_steps("2024-02-01")).cycle_hours
    24.0
    """
    first, second = Instants.of(one), Instants.of(other)
    return LogDistances(
        ngram=_ngram(first, second, n),
        absolute_hours=_absolute(first, second),
        circadian_hours=_circadian(first, second),
        relative_hours=_relative(first, second),
        arrival_hours=_arrival(first, second),
        cycle_hours=_cycle(first, second),
    )


def ngram_distance(one: EventLog | Instants, other: EventLog | Instants, *, n: int = 3) -> float:
    """Sum of |f1 - f2| over all n-grams, divided by the sum of f1 + f2; f counts how often the n-gram occurs.

    The events of a case stand in the order of start, then end, then the log's own order, with n - 1 blanks before and
    after. Raises ValueError for n below 1.
    """
    return _ngram(Instants.of(one), Instants.of(other), n)


def absolute_distance(one: EventLog | Instants, other: EventLog | Instants) -> float:
    """Earth mover's distance, in hours, between all starts and ends, counted from the hour of the first start."""
    return _absolute(Instants.of(one), Instants.of(other))


def circadian_distance(one: EventLog | Instants, other: EventLog | Instants) -> float:
    """Mean over the seven weekdays of the distance, in hours, between the hours of the day of starts and ends.

    A weekday on which only one log has events counts as 23, one on which neither has as 0. NaN where no event of
    either log has a time of day: dates alone say nothing about hours.
    """
    return _circadian(Instants.of(one), Instants.of(other))


def relative_distance(one: EventLog | Instants, other: EventLog | Instants) -> float:
    """Earth mover's distance, in hours, between starts and ends counted from the first start of their case."""
    return _relative(Instants.of(one), Instants.of(other))


def arrival_distance(one: EventLog | Instants, other: EventLog | Instants) -> float:
    """Earth mover's distance, in hours, between the first starts of the cases, from the hour of the first of all."""
    return _arrival(Instants.of(one), Instants.of(other))


def cycle_time_distance(one: EventLog | Instants, other: EventLog | Instants) -> float:
    """Distance, in hours, between the times from first start to last end of a case, less the shortest of both logs."""
    return _cycle(Instants.of(one), Instants.of(other))


@dataclass(frozen=True)
class Instants:
    """One log as whole microseconds since 1970, case by case; cases without events are not there."""

    start: Ints
    end: Ints
    case: Ints
    """For each event the position of its case among those with events."""
    activity: Ints
    names: tuple[str, ...]
    first_start: Ints
    """For each case."""
    last_end: Ints

    @classmethod
    def of(cls, log: EventLog | Instants) -> Instants:
        """Those of a log; instants are taken as they are."""
        if isinstance(log, Instants):
            return log
        arrays = log.arrays
        end = microseconds(arrays.day)
        start = end
        if START_COLUMN in log.events:
            known = to_days(log.events[START_COLUMN])
            start = np.where(np.isnan(known), end, microseconds(np.nan_to_num(known)))
        counts = np.diff(arrays.first)
        begins = arrays.first[:-1][counts > 0]
        return cls(
            start=start,
            end=end,
            case=np.repeat(np.arange(len(begins)), counts[counts > 0]),
            activity=arrays.activity.astype(np.int64),
            names=arrays.activities,
            first_start=np.minimum.reduceat(start, begins) if len(begins) else np.zeros(0, dtype=np.int64),
            last_end=np.maximum.reduceat(end, begins) if len(begins) else np.zeros(0, dtype=np.int64),
        )

    @property
    def both(self) -> Ints:
        """Starts and ends of all events."""
        return np.concatenate([self.start, self.end])

    def __len__(self) -> int:
        return len(self.end)


def microseconds(days: Floats) -> Ints:
    """Days since 1970-01-01 as whole microseconds."""
    return np.round(days * 86_400_000_000).astype(np.int64)


def earth_movers(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """Earth mover's distance between two samples of whole numbers: the area between their distribution functions.

    NaN when one is empty and the other is not; 0 when both are.

    >>> earth_movers(np.array([0, 1]), np.array([1, 2]))
    1.0
    """
    if not len(one) or not len(other):
        return 0.0 if len(one) == len(other) else float("nan")
    one, other = np.sort(one), np.sort(other)
    places = np.unique(np.concatenate([one, other]))
    below_one = np.searchsorted(one, places[:-1], side="right") / len(one)
    below_other = np.searchsorted(other, places[:-1], side="right") / len(other)
    return float((np.abs(below_one - below_other) * np.diff(places)).sum())


def _ngram(one: Instants, other: Instants, n: int) -> float:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    names = {name: number for number, name in enumerate(sorted({*one.names, *other.names}), start=1)}
    first, second = grams(one, names, n), grams(other, names, n)
    if not len(first) and not len(second):
        return 0.0
    _, gram = np.unique(np.concatenate([first, second]), axis=0, return_inverse=True)
    gram = gram.ravel()
    kinds = int(gram.max()) + 1
    counts = np.bincount(gram[: len(first)], minlength=kinds) - np.bincount(gram[len(first) :], minlength=kinds)
    return float(np.abs(counts).sum() / len(gram))


def grams(log: Instants, names: dict[str, int], n: int) -> Ints:
    """All n-grams, one a row, as codes of activities; 0 stands before and after a case."""
    if not len(log):
        return np.zeros((0, n), dtype=np.int64)
    order = np.lexsort((log.end, log.start, log.case))
    code = np.asarray([names[name] for name in log.names], dtype=np.int64)
    # Each case's events behind n - 1 blanks, and n - 1 more at the very end: the blanks between two cases serve both.
    line = np.zeros(len(log) + (n - 1) * (len(log.first_start) + 1), dtype=np.int64)
    line[np.arange(len(log)) + (n - 1) * (log.case + 1)] = code[log.activity[order]]
    return np.lib.stride_tricks.sliding_window_view(line, n)


def _absolute(one: Instants, other: Instants) -> float:
    if not len(one) or not len(other):
        return earth_movers(one.end, other.end)
    origin = min(one.start.min(), other.start.min()) // _HOUR * _HOUR
    return earth_movers((one.both - origin) // _HOUR, (other.both - origin) // _HOUR)


def _circadian(one: Instants, other: Instants) -> float:
    first, second = one.both // _HOUR, other.both // _HOUR
    if not len(first) and not len(second):
        return 0.0
    day = _DAY_HOURS * _HOUR
    if not (one.both % day).any() and not (other.both % day).any():
        return float("nan")
    total = 0.0
    for weekday in range(7):
        here, there = (hours[hours // _DAY_HOURS % 7 == weekday] % _DAY_HOURS for hours in (first, second))
        total += earth_movers(here, there) if bool(len(here)) == bool(len(there)) else _FARTHEST_HOUR
    return total / 7


def _relative(one: Instants, other: Instants) -> float:
    hours = [(log.both - np.tile(log.first_start[log.case], 2)) // _HOUR for log in (one, other)]
    return earth_movers(*hours)


def _arrival(one: Instants, other: Instants) -> float:
    if not len(one) or not len(other):
        return earth_movers(one.end, other.end)
    origin = min(one.first_start.min(), other.first_start.min()) // _HOUR * _HOUR
    return earth_movers((one.first_start - origin) // _HOUR, (other.first_start - origin) // _HOUR)


def _cycle(one: Instants, other: Instants) -> float:
    if not len(one) or not len(other):
        return earth_movers(one.end, other.end)
    lengths = [log.last_end - log.first_start for log in (one, other)]
    shortest = min(lengths[0].min(), lengths[1].min())
    return earth_movers((lengths[0] - shortest) // _HOUR, (lengths[1] - shortest) // _HOUR)
