"""Dates of which only the month or the year is known: an interval, never an invented day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from event_logs.values.formats import Language, find, folded, month_pattern

Days = npt.NDArray[np.datetime64]
_ABOUT = r"(?:(?:approx(?:imately|\.)?|about|around|circa|ca\.?|c\.?|roughly|est\.?|~) ?)?"
_GAP = r"(?:[?x*_-]{1,2}|00)"


def partial_dates(texts: pa.Array, languages: tuple[Language, ...]) -> tuple[Days, Days, npt.NDArray[np.bool_]]:
    """First and last possible day of each text, NaT where it names no month or year; and where the month is known.

    "??/06/2019", "06/2019", "Jun 2019" and "2019-06" are the month; "2019" and "??/??/2019" the year; each with or
    without "approx" or the like before it.
    """
    small = folded(texts)
    first = np.full(len(texts), np.datetime64("NaT", "D"))
    last, monthly = first.copy(), np.zeros(len(texts), dtype=bool)
    for regular in (
        rf"\A{_ABOUT}(?:{_GAP}[/.-])?(?P<m>\d{{1,2}})[/.-](?P<Y>\d{{4}})\z",
        rf"\A{_ABOUT}(?P<Y>\d{{4}})-(?P<m>\d{{2}})(?:-{_GAP})?\z",
        rf"\A{_ABOUT}(?:{_GAP}[ /.-])?{month_pattern(languages)}[ ,/.-]{{1,2}}(?P<Y>\d{{4}})\z",
        rf"\A{_ABOUT}(?:{_GAP}[/.-]{_GAP}[/.-])?(?P<Y>(?:19|20)\d{{2}})\z",
    ):
        todo = np.flatnonzero(np.isnat(first))
        at, numbers = find(small.take(pa.array(todo)), regular, languages)
        year, month = numbers["Y"], numbers.get("b", numbers.get("m"))
        begin = (year - 1970) * 12
        good = (year >= 1850) & (year <= 2200)
        span = np.full(len(year), 12)
        if month is not None:
            good &= (month >= 1) & (month <= 12)
            begin, span = begin + month - 1, np.ones(len(year), dtype=np.int64)
        here = todo[at[good]]
        first[here] = begin[good].astype("datetime64[M]").astype("datetime64[D]")
        last[here] = (begin + span)[good].astype("datetime64[M]").astype("datetime64[D]") - np.timedelta64(1, "D")
        monthly[here] = month is not None
    return first, last, monthly
