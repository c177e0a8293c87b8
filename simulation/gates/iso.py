"""Dates as they stand in a gate: ISO text, so that a model file can be read and changed by hand."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

_EPOCH = datetime.date(1970, 1, 1)


def day_of(text: str) -> float:
    """Days since 1970-01-01. Raises ValueError for anything that is not written like 2025-03-04.

    >>> day_of("1970-01-11")
    10.0
    """
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        day = None
    # Other ISO forms (20250304, 2025-W10-2) are allowed by the library, but not read by people without a second look.
    if day is None or day.isoformat() != text:
        raise ValueError(f"a date must be written like 2025-03-04, got {text!r}")
    return float((day - _EPOCH).days)


def text_of(day: float) -> str:
    """The date of a day since 1970-01-01; the time of day is left out."""
    return (_EPOCH + datetime.timedelta(days=int(day // 1.0))).isoformat()


def check_dates(name: str, texts: Iterable[str]) -> None:
    """Raise ValueError, naming the field, at the first that is no date."""
    for text in texts:
        try:
            day_of(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
