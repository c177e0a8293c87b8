"""A typed value, from a workbook or a database, as text that says neither more nor less."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

_EXACT = 10**15
"""Excel keeps 15 digits, so a longer number has lost some."""


def cell_text(value: Any) -> str:
    """The value as text: dates in ISO 8601, whole numbers without a decimal point, nothing for a missing value.

    A time of midnight is left out, since it is how systems store a date; numbers of 16 digits or more, which Excel
    has rounded, are written with an exponent as Excel shows them, so that they cannot pass for ids.

    >>> [cell_text(value) for value in ("007", 7.0, 1.5, True, datetime.datetime(2024, 4, 5), None)]
    ['007', '7', '1.5', 'TRUE', '2024-04-05', '']
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        bare = value.tzinfo is None and value.time() == datetime.time()
        return value.date().isoformat() if bare else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return _other(value)


def _number(value: float) -> str:
    if value != value:
        return ""
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return f"{value:.15G}" if abs(value) >= _EXACT else repr(value)


def _other(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else ""
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<binary, {len(value)} bytes>"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return str(value)
