"""Working days on the run's clock of days since 1970-01-01, for look-ups one at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from event_logs.working_days import WorkingDays

_EPOCH = date(1970, 1, 1)
_BEYOND_DAYS = 10 * 366
"""How far the table reaches before the start and beyond the horizon."""


class WorkingClock:
    """Monday to Friday without the holidays. The table is made when it is first needed."""

    def __init__(self, holidays: Sequence[str], start: float, horizon: float) -> None:
        self._holidays = holidays
        self._span = int(start) - _BEYOND_DAYS, int(horizon) + _BEYOND_DAYS
        self._days: list[int] = []

    def working(self) -> list[int]:
        """The working days, in order."""
        if not self._days:
            first, last = (_EPOCH + timedelta(days=day) for day in self._span)
            closed = pd.DataFrame({"date": pd.to_datetime(list(self._holidays)), "name": "", "source": ""})
            table = WorkingDays.of(first, last, closed)
            days = np.arange(*self._span)
            self._days = days[table.is_working_day(days.astype("datetime64[D]"))].tolist()
        return self._days

    def on_or_after(self, day: float) -> float:
        """The day itself if work is done on it, otherwise the beginning of the next on which it is."""
        working, whole = self.working(), int(day // 1.0)
        place = bisect_left(working, whole)
        if place == len(working):
            return float("inf")
        return day if working[place] == whole else float(working[place])

    def on_or_before(self, day: float) -> float:
        """The last working day up to and including that day."""
        working = self.working()
        place = bisect_right(working, int(day // 1.0)) - 1
        return float(working[place]) if place >= 0 else float("-inf")

    def between(self, start: float, end: float) -> float:
        """Working days after `start` up to and including `end`."""
        working = self.working()
        return float(bisect_right(working, int(end // 1.0)) - bisect_right(working, int(start // 1.0)))

    def add(self, day: float, count: float) -> float:
        """When so many working days of work are done that goes on from this day; infinite beyond the table.

        As `WorkingDays` counts, the day it goes on from does not count: one working day from a Friday, or from the
        Saturday after, is the Monday.
        """
        if not count < len(self.working()):
            return float("inf")
        whole = int(day // 1.0)
        place = bisect_right(self._days, whole) - 1
        over = count + (day - whole if self._days[place] == whole else 0.0)
        place += int(over // 1.0)
        if place >= len(self._days):
            return float("inf")
        return max(self._days[place] + over % 1.0, self.on_or_after(day))
