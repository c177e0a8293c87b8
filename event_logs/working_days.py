"""Working days: Monday to Friday without the bank holidays of Scotland, changed by the council's own list.

How they are counted: the day from which a period runs does not count, the day on which it ends does. From a Friday to
the Monday after is one working day. (The Scottish Arbitration Rules, rule 84, count so: a period begins immediately
after the date of the event, and Saturdays, Sundays and public holidays are ignored.)

Most Scottish public holidays are local, and no employer need observe a bank holiday: without the council's own list
the count is an approximation. A duration fitted on calendar dates holds weekends already; count working days only
for clocks that the law or a council sets in working days.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Dates = pd.Series | pd.DatetimeIndex | pd.Timestamp | datetime.date | npt.NDArray[np.datetime64]
Day = npt.NDArray[np.datetime64]

SCOTLAND, COUNCIL = "bank holidays of Scotland", "council's list"
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class WorkingDays:
    """A table of working days from `first` to `last`, built once; every question is then a look-up.

    Dates may be a Series, an array or one date, with or without a time of day, which is left out of account. Answers
    are arrays in the order of the dates, whatever index a Series has; of two arguments one may be a single date.
    Dates outside the table raise ValueError with the first of them and the table's span.

    >>> table = WorkingDays.scotland(2024, 2025)
    >>> table.working_days_between(pd.Timestamp("2024-12-24"), pd.Timestamp("2025-01-03")).item()  # 27, 30, 31, 3
    4.0
    """

    first: np.datetime64
    last: np.datetime64
    holidays: pd.DataFrame
    """The days on which, of Monday to Friday, no work is done: `date`, `name`, `source`; to be kept with results."""
    _until: npt.NDArray[np.int64]
    """For each day of the table, how many working days there are from `first` up to and including it."""
    _days: Day
    """The working days in order."""

    @classmethod
    def scotland(
        cls,
        first_year: int,
        last_year: int,
        *,
        added: Iterable[datetime.date] = (),
        removed: Iterable[datetime.date] = (),
    ) -> WorkingDays:
        """The table of whole years; `added` are days on which the council is closed, `removed` ones on which it is not.

        Bank holidays are those of the `holidays` library, with substitutes and one-off days; years to come are as
        known when that library was made. Raises ValueError, naming all dates at fault, for an added date outside the
        years, a removed date that is no bank holiday, or one that is added too.
        """
        if first_year > last_year:
            raise ValueError(f"first_year must not be later than last_year={last_year}, got {first_year}")
        known, closed, opened = _bank_holidays(first_year, last_year), sorted(set(added)), sorted(set(removed))
        _refuse([day for day in closed if not first_year <= day.year <= last_year], "outside the years of the table")
        _refuse([day for day in opened if day not in known], "removed, but not bank holidays of Scotland")
        _refuse([day for day in opened if day in closed], "both added and removed")
        rows = [(day, name, SCOTLAND) for day, name in known.items() if day not in opened]
        rows += [(day, "closed", COUNCIL) for day in closed if day not in known]
        return cls.of(
            datetime.date(first_year, 1, 1),
            datetime.date(last_year, 12, 31),
            pd.DataFrame(rows, columns=["date", "name", "source"]),
        )

    @classmethod
    def of(cls, first: datetime.date, last: datetime.date, holidays: pd.DataFrame) -> WorkingDays:
        """The table from holidays with the columns `date`, `name` and `source`, as they were kept with results."""
        holidays = holidays.assign(date=pd.to_datetime(holidays["date"]).astype("datetime64[us]"))
        holidays = holidays[holidays["date"].dt.day_of_week < 5].sort_values("date", kind="stable", ignore_index=True)
        start, end = np.datetime64(first, "D"), np.datetime64(last, "D")
        days = np.arange(start, end + _DAY)
        # 1970-01-01 was a Thursday, weekday 3 counted from Monday.
        working = (days.astype(np.int64) + 3) % 7 < 5
        working &= ~np.isin(days, holidays["date"].to_numpy(dtype="datetime64[D]"))
        return cls(start, end, holidays, np.cumsum(working), days[working])

    def is_working_day(self, dates: Dates) -> npt.NDArray[np.bool_]:
        """Whether each date is a working day; False for a missing date."""
        days, known = self._positions(dates)
        before = np.where(days > 0, self._until[days - 1], 0)
        return np.asarray(known & (self._until[days] > before))

    def working_days_between(self, starts: Dates, ends: Dates) -> npt.NDArray[np.float64]:
        """How many working days there are after each start up to and including the end; NaN where a date is missing.

        0 for the same day; for an end before its start, minus the days counted the other way round.
        """
        start, start_known = self._positions(starts)
        end, end_known = self._positions(ends)
        return np.where(start_known & end_known, self._until[end] - self._until[start], np.nan)

    def add_working_days(self, starts: Dates, count: npt.ArrayLike) -> Day:
        """The day that lies `count` working days after each start, as datetime64[D]; NaT where a start is missing.

        The result is a working day, and `working_days_between` of start and result is `count` again, save that a
        count of 0 gives the start itself. With a negative count, the working day that many working days before the
        start: -1 on a Saturday is the Friday. Raises ValueError where the result lies outside the table.
        """
        start, known = self._positions(starts)
        steps = np.asarray(count)
        if not np.issubdtype(steps.dtype, np.integer):
            raise ValueError(f"count must be whole working days, got {steps.dtype} values")
        start, known, steps = np.broadcast_arrays(start, known, steps)
        past = self._until[start] - self.is_working_day(self.first + start * _DAY)
        place = np.where(steps > 0, self._until[start] + steps - 1, past + steps)
        moved = known & (steps != 0)
        if np.any(moved & ((place < 0) | (place >= len(self._days)))):
            bad = self.first + start[moved & ((place < 0) | (place >= len(self._days)))].flat[0] * _DAY
            raise ValueError(f"the working day counted from {bad} lies outside the table of working days, {self._span}")
        days = np.where(moved, self._days[np.where(moved, place, 0)], self.first + start * _DAY)
        return np.where(known, days, np.datetime64("NaT", "D"))

    @property
    def _span(self) -> str:
        return f"{self.first} to {self.last}"

    def _positions(self, dates: Dates) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Each date's row of the table, 0 for a missing one, and whether it is there."""
        days = _days(dates)
        known = ~np.isnat(days)
        outside = known & ((days < self.first) | (days > self.last))
        if outside.any():
            first, count = days[outside].flat[0], int(outside.sum())
            raise ValueError(
                f"{count:,} dates lie outside the table of working days, {self._span}, first {first}; "
                "make the table for more years"
            )
        return (np.where(known, days, self.first) - self.first).astype(np.int64), known


def _days(dates: Dates) -> Day:
    """Whole days. A date with an offset keeps the day on the wall; numpy would move it to UTC, maybe a day back."""
    if isinstance(dates, pd.Series):
        return dates.dt.tz_localize(None).to_numpy(dtype="datetime64[us]").astype("datetime64[D]")
    if isinstance(dates, pd.DatetimeIndex):
        return dates.tz_localize(None).to_numpy(dtype="datetime64[us]").astype("datetime64[D]")
    if isinstance(dates, datetime.datetime):
        return np.asarray(pd.Timestamp(dates).tz_localize(None).to_datetime64()).astype("datetime64[D]")
    return np.asarray(dates, dtype="datetime64[D]")


def _bank_holidays(first_year: int, last_year: int) -> dict[datetime.date, str]:
    import holidays

    found = holidays.country_holidays(
        "GB", subdiv="SCT", years=range(first_year, last_year + 1), expand=False, language="en_GB"
    )
    return {day: found[day] for day in sorted(found) if first_year <= day.year <= last_year}


def _refuse(days: list[datetime.date], problem: str) -> None:
    if days:
        raise ValueError(f"dates {problem}: {', '.join(day.isoformat() for day in days)}")
