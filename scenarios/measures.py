"""What is compared: from one simulated log to a row of numbers, the same for every run.

Everything is read from the log's arrays, in one pass over its events: a comparison takes thousands of these. The clocks
of stages and aims are those of `mining.visits` and `mining.aims` (a test holds them equal).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, LogArrays, from_days, to_days
from event_logs.vocabulary import AIMS, MILESTONES, STAGES, Aim, Stage
from mining.survival import aalen_johansen, kaplan_meier
from mining.visits import first_days, milestones_beyond

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAYS_A_WEEK = 7.0
MEAN_UP_TO_DAYS = 730.0
"""The mean time in a stage counts the first two years of each visit; the rest of very long ones is not seen."""
TWO_YEARS = 730.0
AWAY_FROM = (0.0, 182.0, 365.0, 730.0)
"""Days since accommodation at which the bands begin in which placement moves have a rate of their own."""


def simulated_aims(aims: Iterable[Aim] = AIMS) -> tuple[Aim, ...]:
    """The aims that a simulated log can speak of: the model holds no reviews of children at home."""
    return tuple(aim for aim in aims if aim.clock_start != v.AT_HOME)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A place where children queue: the waits for it, all of which count."""

    name: str
    waits: tuple[Stage, ...]


_AGAIN = Stage("Panel again", starts=(v.INFORMATION_RECEIVED,), stops=(v.PANEL,))
GATES: tuple[Gate, ...] = (
    Gate(name="Legal advice", waits=(Stage("Legal advice", (v.LEGAL_REQUESTED,), (v.LEGAL_RECEIVED,)),)),
    Gate(name="Health assessment", waits=(Stage("Health", (v.HEALTH_REQUESTED,), (v.HEALTH_COMPLETED,)),)),
    Gate(name="Permanence panel", waits=(STAGES[2], _AGAIN)),
    Gate(name="Agency decision maker", waits=(STAGES[3],)),
    Gate(name="Court", waits=(STAGES[5],)),
)
"""Where the declared pathway has queues, in its order; children sent back by the panel queue there again."""


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """What is measured, and where each measure stands in the row of numbers that `measure` returns."""

    stages: tuple[Stage, ...] = STAGES
    aims: tuple[Aim, ...] = AIMS
    gates: tuple[Gate, ...] = GATES
    activities: tuple[str, ...] = tuple(MILESTONES)
    start: float = 0.0
    """The day the runs start from (days since 1970-01-01)."""
    end: float = 1096.0

    @cached_property
    def quarters(self) -> Floats:
        """Days at which queues are counted: every three months from the start, as far as the end."""
        start, end = (pd.Timestamp(day) for day in from_days([self.start, self.end]))
        dates = [start + pd.DateOffset(months=3 * number) for number in range(1, int((self.end - self.start) / 85) + 2)]
        return to_days(pd.Series([date for date in dates if date <= end], dtype="datetime64[us]"))

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Each measure and its shape.

        `weeks` (mean weeks a visit, by stage), `child_weeks` (by stage), `aims` (share in time), `queue` (mean
        children waiting, by gate), `queue_at` (gate, quarter), `past_two_years` (children, by quarter), `away_days`
        (child-days away from home, by time since accommodation), `moves` (of placement; not known from the log itself:
        `scenarios.nested` fills it in), `events` (by activity).
        """
        quarters = len(self.quarters)
        return {
            "weeks": (len(self.stages),),
            "child_weeks": (len(self.stages),),
            "aims": (len(self.aims),),
            "queue": (len(self.gates),),
            "queue_at": (len(self.gates), quarters),
            "past_two_years": (quarters,),
            "away_days": (len(AWAY_FROM),),
            "moves": (1,),
            "events": (len(self.activities),),
        }

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where each measure stands in a row."""
        found, at = {}, 0
        for name, shape in self.shapes.items():
            found[name] = slice(at, at + prod(shape))
            at += prod(shape)
        return found

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return sum(prod(shape) for shape in self.shapes.values())

    def part(self, name: str, rows: Floats) -> Floats:
        """One measure out of rows of numbers: leading axes stay, the last becomes the measure's shape."""
        part = rows[..., self.places[name]]
        return part.reshape(*rows.shape[:-1], *self.shapes[name])


def measure(log: EventLog, yardstick: Yardstick) -> Floats:
    """The row of numbers for one log whose window is that of the yardstick.

    Mean weeks are the restricted Kaplan-Meier mean (up to two years) of visits begun inside the window, and shares of
    aims Aalen-Johansen at the limit for clocks started inside it; NaN where nobody began, or nobody was followed so
    far. Child-weeks, queues and days away count what lies inside the window, whenever it began. The past-two-years
    count is of children away from home more than two years after accommodation, without going home or permanence.
    """
    clock = Clock(log.arrays)
    birth = log.cases["birth"].to_numpy(dtype="datetime64[D]") if "birth" in log.cases else None
    row = np.full(yardstick.width, np.nan)
    place = yardstick.places
    row[place["weeks"]], row[place["child_weeks"]] = _stages(clock, yardstick)
    row[place["aims"]] = [_aim(clock, aim, birth) for aim in yardstick.aims]
    mean, over_time = _queues(clock, yardstick)
    row[place["queue"]], row[place["queue_at"]] = mean, over_time.ravel()
    row[place["past_two_years"]], row[place["away_days"]] = _away(clock, yardstick)
    row[place["events"]] = _events(clock, yardstick)
    return row


class Clock:
    """The first day of every activity in every case, looked up once, and the visits that follow from them."""

    def __init__(self, arrays: LogArrays) -> None:
        self.arrays = arrays
        self.column = {name: number for number, name in enumerate(arrays.activities)}
        # One more column for what never happens.
        self.first = np.full((len(arrays.start), len(arrays.activities) + 1), np.inf)
        np.minimum.at(self.first, (arrays.case, arrays.activity), arrays.day)
        self.first[np.isinf(self.first)] = np.nan
        self.until = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)

    def days(self, activities: tuple[str, ...]) -> Floats:
        """Day of the first occurrence of each activity, as [case, activity]; NaN for none."""
        return self.first[:, [self.column.get(name, -1) for name in activities]]

    def visits(self, stage: Stage) -> tuple[Floats, Floats, Bools]:
        """Start, exit and whether it ended, of each usable visit, as `mining.visits.stage_visits` has them."""
        start = self.days(stage.starts).max(axis=1)
        if stage.all_stops:
            stop = np.maximum(self.days(stage.stops).max(axis=1), start)
        else:
            stop = self.first_since(stage.stops, start)
        reached = ~np.isnan(stop)
        leave = np.where(reached, stop, np.maximum(self.until, start))
        over = (leave <= self.arrays.window_start) & (start < self.arrays.window_start)
        # A later milestone without the stop: it happened, unrecorded, so the visit's end is not known.
        unknown = ~reached & ~np.isnan(self.first_since(milestones_beyond(stage.stops), start))
        usable = ~np.isnan(start) & ~over & ~unknown
        ended = reached | ~np.isnan(self.arrays.end)
        return start[usable], leave[usable], ended[usable]

    def first_since(self, activities: tuple[str, ...], start: Floats) -> Floats:
        """Day of the first of the activities on or after `start`; NaN for none."""
        if not activities:
            return np.full(len(start), np.nan)
        days = self.days(activities)
        early = days < start[:, None]
        if early.any():
            # Its first occurrence came before the start: a later one may count.
            return first_days(self.arrays, activities, start)
        return np.where(np.isnan(start), np.nan, np.fmin.reduce(days, axis=1))


def _stages(clock: Clock, yardstick: Yardstick) -> tuple[Floats, Floats]:
    first, last = clock.arrays.window_start, clock.arrays.window_end
    up_to = min(MEAN_UP_TO_DAYS, (last - first) * 0.9)
    weeks, child_weeks = [], []
    for stage in yardstick.stages:
        start, leave, ended = clock.visits(stage)
        new = start >= first
        mean = kaplan_meier((leave - start)[new], ended[new]).restricted_mean(up_to) if new.any() else np.nan
        weeks.append(mean / DAYS_A_WEEK)
        child_weeks.append(_inside(start, leave, first, last).sum() / DAYS_A_WEEK)
    return np.asarray(weeks), np.asarray(child_weeks)


def _inside(start: Floats, leave: Floats, first: float, last: float) -> Floats:
    return np.asarray(np.maximum(np.minimum(leave, last) - np.maximum(start, first), 0.0))


def _aim(clock: Clock, aim: Aim, birth: npt.NDArray[np.datetime64] | None) -> float:
    """Share in time of the children whose clock starts inside the window."""
    begin = clock.days((aim.clock_start,))[:, 0]
    start = begin + aim.starts_after_days
    stop = clock.first_since(aim.clock_stops, start)
    gone = clock.arrays.end
    if aim.starts_after_days:
        left = np.fmin(clock.first_since((v.ACCOMMODATED,), begin), gone)
        start = np.where((left <= start) | (start > clock.arrays.window_end), np.nan, start)
        stop = np.where(left < stop, np.nan, stop)
        gone = left
    counts = start >= clock.arrays.window_start
    if aim.max_age is not None and birth is not None:
        counts &= start < birthday(birth, aim.max_age)
    reached, left_early = ~np.isnan(stop), ~np.isnan(gone)
    counts &= reached | np.isnan(clock.first_since(milestones_beyond(aim.clock_stops), start))
    end = np.where(left_early, gone, clock.arrays.window_end)
    days = np.where(reached, stop, np.maximum(end, start)) - start
    cause = np.where(reached, 1, np.where(left_early, 2, 0))
    if not counts.any():
        return np.nan
    return float(aalen_johansen(days[counts], cause[counts], ways=2).at(aim.limit_days)[0])


def birthday(birth: npt.NDArray[np.datetime64], years: float) -> Floats:
    """Day (since 1970-01-01) on which a child born on each day reaches an age; the month's last day where it has none.

    >>> from_days(birthday(np.array(["2012-02-29"], dtype="datetime64[D]"), 1.0)).astype("datetime64[D]").tolist()
    [datetime.date(2013, 2, 28)]
    """
    month = birth.astype("datetime64[M]")
    day_of_month = birth - month.astype("datetime64[D]")
    then = month + np.timedelta64(round(years * 12), "M")
    last = (then + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    days = np.minimum(then.astype("datetime64[D]") + day_of_month, last)
    return np.where(np.isnat(birth), np.nan, days.astype(np.int64).astype(np.float64))


def _queues(clock: Clock, yardstick: Yardstick) -> tuple[Floats, Floats]:
    """Mean children waiting at each gate, and how many at the end of each quarter."""
    first, last = clock.arrays.window_start, clock.arrays.window_end
    mean, at = [], []
    for gate in yardstick.gates:
        spans = [clock.visits(wait)[:2] for wait in gate.waits]
        start, leave = (np.concatenate(ends) for ends in zip(*spans, strict=True))
        mean.append(_inside(start, leave, first, last).sum() / (last - first))
        at.append(_present(start, leave, yardstick.quarters, last))
    return np.asarray(mean), np.asarray(at).reshape(len(yardstick.gates), -1)


def _present(start: Floats, leave: Floats, days: Floats, last: float) -> Floats:
    """How many have started by the end of each day and not left by then; who leaves on the last day is still there."""
    gone = np.sort(np.where(leave >= last, np.inf, leave))
    come = np.searchsorted(np.sort(start), days, side="right")
    return (come - np.searchsorted(gone, days, side="right")).astype(np.float64)


def _away(clock: Clock, yardstick: Yardstick) -> tuple[Floats, Floats]:
    first, last = clock.arrays.window_start, clock.arrays.window_end
    begin, end = away_spells(clock)
    permanent = np.fmin.reduce(clock.days(_PERMANENCE), axis=1)
    late, left = begin + TWO_YEARS, np.fmin(end, permanent)
    drifting = left > late
    drift = _present(late[drifting], left[drifting], yardstick.quarters, last)
    return drift, days_by_band(begin, end, first, last).sum(axis=0)


_PERMANENCE = tuple(name for name, milestone in MILESTONES.items() if milestone.permanence)


def away_spells(clock: Clock) -> tuple[Floats, Floats]:
    """From accommodation to going home, or the end of the case, or of the window: for every accommodated case."""
    begin = clock.days((v.ACCOMMODATED,))[:, 0]
    home = clock.first_since((v.RETURNED_HOME,), begin)
    end = np.fmin(home, clock.until)
    there = ~np.isnan(begin)
    return np.where(there, begin, np.nan), np.where(there, np.maximum(end, begin), np.nan)


def days_by_band(begin: Floats, end: Floats, first: float, last: float) -> Floats:
    """Days of each spell inside [first, last] by the band of time since its begin, as [spell, band]; 0 for no spell."""
    edges = np.append(np.asarray(AWAY_FROM), np.inf)
    low = np.maximum(begin[:, None] + edges[:-1], first)
    high = np.minimum(np.minimum(begin[:, None] + edges[1:], end[:, None]), last)
    return np.asarray(np.nan_to_num(np.maximum(high - low, 0.0)))


def _events(clock: Clock, yardstick: Yardstick) -> Floats:
    arrays = clock.arrays
    within = arrays.activity[arrays.day > arrays.window_start]
    counts = np.bincount(within, minlength=len(arrays.activities))
    return np.asarray([counts[clock.column[name]] if name in clock.column else 0 for name in yardstick.activities])
