"""From when on review outcomes were recorded, as far as the blanks tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from event_logs.values.dates import parse_dates

_BLANK_BEFORE = 0.05
_BLANK_AFTER = 0.01


@dataclass(frozen=True, kw_only=True)
class Month:
    """How many rows of a month have a blank in some column."""

    month: pd.Timestamp
    rows: int
    blank: int


@dataclass(frozen=True, kw_only=True)
class RecordedFrom:
    """A month from which on a column is filled, and how blank it was before and is since."""

    month: pd.Timestamp
    blank_before: float
    blank_after: float


def months(blank: pd.Series[bool], dates: pd.Series[str], formats: Sequence[str]) -> tuple[Month, ...]:
    """Rows and blanks by month, in order; dates in none of the formats are left out."""
    day = pd.Series(pd.NaT, index=dates.index, dtype="datetime64[us]")
    for date_format in formats:
        if "%y" not in date_format:
            day = day.fillna(parse_dates(dates, date_format).astype("datetime64[us]"))
    known = day.notna()
    frame = pd.DataFrame({"month": day[known].dt.to_period("M").dt.to_timestamp(), "blank": blank[known].astype(int)})
    counted = frame.groupby("month", sort=True)["blank"].agg(["size", "sum"])
    return tuple(
        Month(month=pd.Timestamp(month), rows=int(size), blank=int(total))
        for month, size, total in zip(counted.index, counted["size"], counted["sum"], strict=True)
    )


def recorded_from(by_month: Sequence[Month]) -> RecordedFrom | None:
    """The first month from which on next to nothing is blank, where much was before; None where there is none such."""
    for place in range(12, len(by_month)):
        since, before = by_month[place:], by_month[:place]
        after = sum(month.blank for month in since) / sum(month.rows for month in since)
        if after <= _BLANK_AFTER and not by_month[place].blank:
            earlier = sum(month.blank for month in before) / sum(month.rows for month in before)
            if earlier < _BLANK_BEFORE or earlier < 5 * after:
                return None
            return RecordedFrom(month=by_month[place].month, blank_before=earlier, blank_after=after)
    return None
