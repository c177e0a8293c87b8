"""Years that do not begin in January; which one is meant is always said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True)
class ReportingYear:
    """A year by the day on which it begins; it is numbered by the calendar year in which it ends.

    >>> FINANCIAL_YEAR.of(pd.Series(pd.to_datetime(["2024-03-31", "2024-04-01"]))).tolist()
    [2024, 2025]
    """

    name: str
    month: int
    day: int = 1

    def __post_init__(self) -> None:
        date(2023, self.month, self.day)  # ValueError for a day that not every year has

    def of(self, dates: pd.Series[pd.Timestamp]) -> pd.Series[int]:
        """The year of each date as Int64, missing where the date is."""
        later = (dates.dt.month * 100 + dates.dt.day) >= self.month * 100 + self.day
        january = self.month == 1 and self.day == 1
        return (dates.dt.year.astype("Int64") + (later & (not january)).astype("Int64")).rename(None)

    def first_day(self, year: int) -> pd.Timestamp:
        """The day on which the year with this number begins."""
        begins = year if self.month == 1 and self.day == 1 else year - 1
        return pd.Timestamp(begins, self.month, self.day)

    def last_day(self, year: int) -> pd.Timestamp:
        """The day on which the year with this number ends."""
        return self.first_day(year + 1) - pd.Timedelta(days=1)

    def label(self, year: int) -> str:
        """The year as people write it.

        >>> FINANCIAL_YEAR.label(2024), CALENDAR_YEAR.label(2024)
        ('2023-24', '2024')
        """
        return str(year) if self.first_day(year).year == year else f"{year - 1}-{year % 100:02d}"


CALENDAR_YEAR = ReportingYear("calendar year", 1)
FINANCIAL_YEAR = ReportingYear("financial year", 4)
"""From 1 April to 31 March."""
CENSUS_YEAR = ReportingYear("year to 31 July", 8)
"""From 1 August to 31 July, the year of the Scottish looked-after children return."""
