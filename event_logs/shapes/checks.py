"""Dates that cannot be, and columns that look swapped."""

from __future__ import annotations

import pandas as pd

from event_logs.errors import InputError
from event_logs.shapes.inputs import Input
from event_logs.sources import looks_swapped

NamedDates = tuple[str, "pd.Series[pd.Timestamp]"]


def check_dates(
    item: Input,
    extraction: pd.Timestamp,
    birth: pd.Series[pd.Timestamp] | None,
    start: NamedDates,
    end: NamedDates | None = None,
) -> None:
    """Reject dates that cannot be: before birth, after the extraction, an end before its start.

    Of a child who is not born yet on the extraction date the rules say what may be dated before the birth.

    Raises InputError if start and end look swapped: then the columns are wrong, not the records.
    """
    records = item.records
    if end is not None and (swapped := looks_swapped(item.file, start, end)) is not None:
        raise InputError(swapped)
    for column, dates in [start] if end is None else [start, end]:
        if birth is not None:
            early = (dates < birth) & (birth <= extraction)
            records.reject(early.to_numpy(), f"{column}: before the child's birth")
        records.reject(
            (dates > extraction).to_numpy(), f"{column}: after the extraction date, {extraction.date().isoformat()}"
        )
    if end is not None:
        records.reject((end[1] < start[1]).to_numpy(), f"end before start: {end[0]} is before {start[0]}")
