"""What is to be said about a column of dates: why some cannot be used, and what was seen in those that can."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import numpy as np
import pandas as pd

from event_logs.values.dates import SERIALS, DateColumn, Found, Precision
from event_logs.values.formats import example
from event_logs.values.reading import OPEN_SENTINELS, UNKNOWN_SENTINELS, DateReading
from event_logs.values.remarks import Refusal, Remark, counted

_SHOWN = 60
_LATE_SHARE = 0.01
_LATE_LEAST = 3

_HINTS = {
    Found.OTHER_ORDER: "which is only a date with day and month changed over",
    Found.OFFSET: "which has an offset from UTC while no timezone is declared",
    Found.SERIAL: "a number such as Excel keeps for a date, while excel_serials is not declared",
    Found.SERIAL_RANGE: f"a number that is no date of Excel, which lie from {SERIALS[0]} to {SERIALS[1]}",
    Found.CENTURY: "with a year of two digits whose century cannot be told",
    Found.YEAR: "with a year that cannot be right",
    Found.OPEN_WORD: "a word for an open end that is not declared under open_texts",
}


def refusals(
    values: pd.Series[str], read: DateColumn, how: DateReading, *, required: bool, partial: bool
) -> Iterator[Refusal]:
    """The dates that cannot be used; `partial` lets a month or a year pass, `required` no open end."""
    if required:
        yield Refusal(read.found == Found.UNKNOWN, 'missing date: the date stands for "not known"')
        yield Refusal(read.open, "a date or word for an open end where a date is needed")
    fine = [Found.DATE, Found.UNKNOWN, Found.OPEN, Found.MISSING, *([Found.PARTIAL] if partial else [])]
    bad = ~np.isin(read.found, fine)
    if bad.any():
        written = f"a date is written like {' or '.join(example(item) for item in how.formats)}"
        month = "of which only the month is known"
        hints = {int(found): hint for found, hint in _HINTS.items()}
        said = []
        for value, found, precision in zip(values[bad], read.found[bad], read.precision[bad], strict=True):
            hint = hints.get(int(found), written)
            if found == Found.PARTIAL:
                hint = month if precision == Precision.MONTH else "of which only the year is known"
            said.append(f"unreadable date {_short(value)!r}, {hint}")
        yield Refusal(bad, said)


def remarks(read: DateColumn, how: DateReading, extraction: pd.Timestamp | None, *, partial: bool) -> Iterator[Remark]:
    """What was seen in the dates, without those that have nothing."""
    for remark in (*_doubts(read, how), *_stand_ins(read, how), *_clock(read), *_late(read, extraction)):
        if remark.mask.any():
            yield remark
    if partial and (mask := read.found == Found.PARTIAL).any():
        words = ("date is known to the month or year only", "dates are known to the month or year only")
        yield Remark("W", "partial date", mask, words)


def _doubts(read: DateColumn, how: DateReading) -> Iterator[Remark]:
    """What puts the whole column in doubt."""
    if how.other_order == "stop":
        declared = ", ".join(map(repr, how.formats))
        proof = counted(read.decided, "other date can", "other dates can")
        tail = f"only be read with day and month changed over, while the column is declared as {declared}"
        tail += f"; {proof} only be read as declared"
        remedy = (
            "Find out which order is meant; then correct these cells, or declare `formats` for the column under "
            '[reading.columns], or set them aside with other_order = "quarantine"'
        )
        yield Remark(
            "E", "other order", read.found == Found.OTHER_ORDER, (f"date can {tail}", f"dates can {tail}"), remedy
        )
    dated = int((read.found == Found.DATE).sum())
    rest = f"an offset from UTC and {dated:,} {'has' if dated == 1 else 'have'} none, while no time zone is declared"
    remedy = 'Declare the clock of the records under [reading.dates]: timezone = "Europe/London"'
    yield Remark("E", "offset", read.found == Found.OFFSET, (f"date has {rest}", f"dates have {rest}"), remedy)


def _stand_ins(read: DateColumn, how: DateReading) -> Iterator[Remark]:
    unknown = (
        'date or word stands for "not known" and is read so',
        'dates or words stand for "not known" and are read so',
    )
    yield Remark("W", "sentinel date", read.found == Found.UNKNOWN, unknown)
    still = (
        'date or word stands for "still open" and is read so',
        'dates or words stand for "still open" and are read so',
    )
    yield Remark("W", "open end", read.open, still)
    likely: list[datetime.date] = sorted(
        {*UNKNOWN_SENTINELS, *OPEN_SENTINELS} - {*how.sentinels_null, *how.sentinels_open}
    )
    at = read.moment.to_numpy(dtype="datetime64[D]")
    seems = np.zeros(len(at), dtype=bool)
    for day in likely:
        seems |= at == np.datetime64(day)
    words = "like 1900-01-01 or 9999-12-31, which often {} for something else, but {} not declared as a sentinel"
    one, many = words.format("stands", "is"), words.format("stand", "are")
    yield Remark("W", "likely sentinel", seems, (f"date is {one}", f"dates are {many}"))


def _clock(read: DateColumn) -> Iterator[Remark]:
    yield Remark(
        "F",
        "Excel date number",
        read.serial,
        ("number was read as a date of Excel", "numbers were read as dates of Excel"),
    )
    timed = read.precision == Precision.TIME
    yield Remark("F", "time of day", timed, ("date carries a time of day", "dates carry a time of day"))
    never = "in the hour that the clocks left out in spring; read with the clock of before"
    yield Remark("W", "hour left out", read.never, (f"time is {never}", f"times are {never}"))
    twice = "in the hour that the clocks showed twice in autumn; read as the first"
    yield Remark("W", "hour shown twice", read.twice, (f"time is {twice}", f"times are {twice}"))
    moved = "another day in UTC; the local day is kept"
    yield Remark("F", "day in UTC", read.moved, (f"date has {moved}", f"dates have {moved}"))


def _late(read: DateColumn, extraction: pd.Timestamp | None) -> Iterator[Remark]:
    """Dates after the extraction; a slip each while they are few, and a wrong extraction date when they are many."""
    if extraction is None:
        return
    late = (read.moment >= extraction.normalize() + pd.Timedelta(days=1)).to_numpy(dtype=bool)
    dated = int((read.found == Found.DATE).sum())
    if late.sum() >= max(_LATE_LEAST, _LATE_SHARE * dated):
        tail = f"after the extraction date, {extraction:%Y-%m-%d}; is `extraction_date` in the project file right?"
        yield Remark("W", "after extraction", late, (f"of {dated:,} dates is {tail}", f"of {dated:,} dates are {tail}"))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
