"""Dates from text, exactly as declared; what is not a date comes back with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from event_logs.values import formats as f
from event_logs.values.partial import partial_dates
from event_logs.values.reading import DateReading
from event_logs.values.zones import to_local, to_utc

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Moments = npt.NDArray[np.datetime64]

SERIALS = (20_000, 60_000)
"""Excel numbers that can be dates: October 1954 to April 2064, counted from 1900."""
YEARS = (1850, 2200)
"""Years that a record can be of; a sentinel date may lie outside."""
_OLDEST = 50
"""How many years a child's record can go back, for `two_digit_pivot = "birth"`."""
_NAT = np.datetime64("NaT", "us")
_DAY_MICROSECONDS = 86_400_000_000
_OPEN_WORDS = frozenset(["ongoing", "current", "present", "open", "continuing"]) | {
    "to date",
    "still open",
    "to present",
}


class Precision(IntEnum):
    """How exactly a date is known."""

    NONE = 0
    """Not at all: missing, not readable, or a date that stands for something else."""
    YEAR = 1
    MONTH = 2
    DAY = 3
    """The day; also where midnight is written, which is how many systems write a date without a time."""
    TIME = 4


class Found(IntEnum):
    """What a text turned out to be."""

    NO_DATE = 0
    DATE = 1
    PARTIAL = 2
    UNKNOWN = 3
    """A date that stands for "not known"."""
    OPEN = 4
    """A date or word that stands for "still open"."""
    OTHER_ORDER = 5
    """A date only with day and month changed over."""
    OFFSET = 6
    """A date with an offset from UTC, where no time zone is declared."""
    SERIAL = 7
    """A number like those of Excel, where none are declared."""
    SERIAL_RANGE = 8
    """A number that cannot be a date of Excel."""
    CENTURY = 9
    """A year of two digits whose century cannot be told."""
    YEAR = 10
    """A year that no record can be of."""
    OPEN_WORD = 11
    """A word like "ongoing" that is not declared."""
    MISSING = 12


@dataclass(frozen=True, eq=False)
class DateColumn:
    """A column of dates as read. Every series and array has one value a text, in its order."""

    moment: pd.Series[pd.Timestamp]
    """Local date with the time of day where there is one; NaT unless at least the day is known."""
    utc: pd.Series[pd.Timestamp]
    """The moment in UTC; NaT without a time of day or a declared time zone."""
    precision: npt.NDArray[np.int8]
    """A `Precision` each."""
    found: npt.NDArray[np.int8]
    """A `Found` each."""
    first: pd.Series[pd.Timestamp]
    """First day that is possible: the day itself, or the beginning of the month or year."""
    last: pd.Series[pd.Timestamp]
    """Last day that is possible."""
    serial: Mask
    """Which were read from an Excel number."""
    never: Mask
    """Which stand in the hour that the clock left out in spring; read with the clock of before."""
    twice: Mask
    """Which stand in the hour that the clock showed twice in autumn; read as the first."""
    moved: Mask
    """Which have another day in UTC than on the clock; the day on the clock is kept."""
    decided: int
    """How many dates can only be read in the declared order of day and month."""

    @property
    def day(self) -> pd.Series[pd.Timestamp]:
        """The local day; NaT unless it is known."""
        return self.moment.dt.floor("D")

    @property
    def open(self) -> Mask:
        """Which mean "still open"."""
        return np.asarray(self.found == Found.OPEN)


def read_dates(
    values: pd.Series[str],
    reading: DateReading,
    *,
    date1904: bool | None = None,
    reference: pd.Timestamp | None = None,
) -> DateColumn:
    """The dates in a column of text; each distinct text is read once, and no text is read in more than one way.

    `date1904` is what the workbook says, if it is one; `reference` is the extraction date, for years of two digits.
    Nothing is raised for a text that is no date: see `found`.
    """
    codes, unique = pd.factorize(values)
    read = _Read.of(f.tidied(pd.Series(unique, dtype="str")))
    _read_formats(read, reading, reference)
    _read_serials(read, reading, date1904)
    _read_zones(read, reading)
    _read_sentinels(read, reading)
    _explain_rest(read, reading)
    return _column(read, codes, values.index)


def parse_dates(values: pd.Series[str], date_format: str) -> pd.Series[pd.Timestamp]:
    """Dates, with their time of day, from text in exactly the given format; NaT for anything else.

    ValueError for a format that cannot be read.
    """
    regular = f.pattern(date_format, ("en",), False)
    codes, unique = pd.factorize(values)
    read = _Read.of(f.tidied(pd.Series(unique, dtype="str")))
    used = {directive for directive, _ in f.tokens(date_format)}
    if not {"d"} < used or not used & set("mbB") or "Y" not in used or "z" in used:
        raise ValueError(f"{date_format!r} does not say day, month and four-digit year")
    at, numbers = f.find(_folded_for(read.texts, date_format), regular)
    read.moment[at], _ = f.moments(numbers, numbers["Y"])
    return pd.Series(np.append(read.moment, _NAT)[codes], index=values.index)


@dataclass
class _Read:
    """The distinct texts of a column while they are read."""

    texts: pa.Array
    moment: Moments
    utc: Moments
    found: npt.NDArray[np.int8]
    timed: Mask
    offset: Ints
    serial: Mask
    decides: Mask
    never: Mask
    twice: Mask
    first: Moments
    last: Moments
    monthly: Mask

    @classmethod
    def of(cls, texts: pa.Array) -> _Read:
        size = len(texts)

        def no() -> Mask:
            return np.zeros(size, dtype=bool)

        def nat() -> Moments:
            return np.full(size, _NAT)

        offset = np.full(size, f.NO_OFFSET, dtype=np.int64)
        found = np.zeros(size, dtype=np.int8)
        return cls(texts, nat(), nat(), found, no(), offset, no(), no(), no(), no(), nat(), nat(), no())

    def todo(self) -> tuple[Ints, pa.Array]:
        """Positions and texts of those that nothing has been made of yet."""
        at = np.flatnonzero(self.found == Found.NO_DATE)
        return at, self.texts if len(at) == len(self.texts) else self.texts.take(pa.array(at))


def _folded_for(texts: pa.Array, date_format: str) -> pa.Array:
    names = any(directive in ("b", "B") for directive, _ in f.tokens(date_format))
    return f.folded(texts) if names else texts


def _each(
    read: _Read, date_format: str, reading: DateReading, accept: Callable[[Ints, f.Fields, Moments, Mask], None]
) -> None:
    """Hand every remaining text that is a date in the format to `accept`, years of two digits as 19.. ones."""
    at, texts = read.todo()
    if not len(at):
        return
    regular = f.pattern(date_format, reading.month_names, reading.by_shape)
    here, numbers = f.find(_folded_for(texts, date_format), regular, reading.month_names)
    year = numbers["Y"] if "Y" in numbers else numbers["y"] + 1900
    moment, timed = f.moments(numbers, year)
    if "y" in numbers:  # 29 February of one century need not be a day in the other
        other, _ = f.moments(numbers, year + 100)
        moment = np.where(np.isnat(moment), other, moment)
    good = ~np.isnat(moment)
    accept(at[here[good]], {name: part[good] for name, part in numbers.items()}, moment[good], timed[good])


def _read_formats(read: _Read, reading: DateReading, reference: pd.Timestamp | None) -> None:
    def accept(at: Ints, numbers: f.Fields, moment: Moments, timed: Mask) -> None:
        read.found[at] = Found.DATE
        read.moment[at] = moment
        read.timed[at] = timed
        if "z" in numbers:
            read.offset[at] = numbers["z"]
        if "y" in numbers:
            _place_century(read, at, numbers, reading, reference)
        if "m" in numbers:
            read.decides[at] = numbers["d"] > 12

    def other_order(at: Ints, numbers: f.Fields, moment: Moments, timed: Mask) -> None:
        read.found[at] = Found.OTHER_ORDER

    for date_format in reading.formats:
        _each(read, date_format, reading, accept)
    if reading.by_shape and f.ISO not in reading.formats:
        decides = read.decides.copy()
        _each(read, f.ISO, reading, accept)
        read.decides = decides  # an ISO date says nothing about the order in the others
    for date_format in reading.formats:
        if changed := f.other_order(date_format):
            _each(read, changed, reading, other_order)


def _place_century(
    read: _Read, at: Ints, numbers: f.Fields, reading: DateReading, reference: pd.Timestamp | None
) -> None:
    """Put years of two digits into their century, as declared."""
    early, timed = f.moments(numbers, numbers["y"] + 1900)
    late, _ = f.moments(numbers, numbers["y"] + 2000)
    pivot = reading.two_digit_pivot
    if isinstance(pivot, int):
        moment = np.where(numbers["y"] > pivot, early, late)
    elif pivot == "birth" and reference is not None:
        end = np.datetime64(reference.to_pydatetime(), "us")
        moment = np.where(late <= end, late, early)
        oldest = np.datetime64((reference - pd.DateOffset(years=_OLDEST)).to_pydatetime(), "us")
        moment = np.where(moment >= oldest, moment, _NAT)
    else:
        moment = np.full(len(at), _NAT)
    read.moment[at] = moment
    read.timed[at] = timed & ~np.isnat(moment)
    # With a pivot the century is always told: what is no date then, 29 February 1900, is none at all.
    read.found[at[np.isnat(moment)]] = Found.NO_DATE if isinstance(pivot, int) else Found.CENTURY


def _read_serials(read: _Read, reading: DateReading, date1904: bool | None) -> None:
    at, texts = read.todo()
    numeric = np.asarray(pc.match_substring_regex(texts, r"\A\d{1,6}(\.\d+)?\z"), dtype=bool)
    at, texts = at[numeric], texts.filter(pa.array(numeric))
    if not len(at):
        return
    number = np.asarray(pc.cast(texts, pa.float64()), dtype=np.float64)
    good = (number >= SERIALS[0]) & (number <= SERIALS[1])
    if not reading.excel_serials:
        read.found[at[good]] = Found.SERIAL
        return
    read.found[at] = np.where(good, Found.DATE, Found.SERIAL_RANGE)
    at, number = at[good], number[good]
    system = reading.date_system_1904 if reading.date_system_1904 is not None else bool(date1904)
    begin = np.datetime64("1904-01-01" if system else "1899-12-30", "us")
    seconds = np.round(number * 86_400).astype(np.int64)
    read.moment[at] = begin + (seconds * 1_000_000).astype("timedelta64[us]")
    read.timed[at] = seconds % 86_400 != 0
    read.serial[at] = True


def _read_zones(read: _Read, reading: DateReading) -> None:
    """Bring what has an offset from UTC to the local clock, and find UTC of what has a time."""
    offset = (read.found == Found.DATE) & (read.offset != f.NO_OFFSET)
    zone = reading.timezone
    if zone is None:
        read.found[offset] = Found.OFFSET
        read.moment[offset] = _NAT
        return
    if offset.any():
        utc = read.moment[offset] - (read.offset[offset] * 60_000_000).astype("timedelta64[us]")
        local = to_local(utc, zone)
        read.moment[offset] = local
        read.utc[offset] = utc
        read.timed[offset] = (local - local.astype("datetime64[D]")).astype(np.int64) % _DAY_MICROSECONDS != 0
    naive = (read.found == Found.DATE) & ~offset & read.timed
    if naive.any():
        read.utc[naive], read.never[naive], read.twice[naive] = to_utc(read.moment[naive], zone)


def _read_sentinels(read: _Read, reading: DateReading) -> None:
    """Take out dates and words that stand for something else, and years that cannot be."""
    day = read.moment.astype("datetime64[D]")
    dated = read.found == Found.DATE
    for sentinels, meaning in ((reading.sentinels_null, Found.UNKNOWN), (reading.sentinels_open, Found.OPEN)):
        if sentinels:
            read.found[dated & np.isin(day, np.array(sentinels, dtype="datetime64[D]"))] = meaning
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    read.found[(read.found == Found.DATE) & ((year < YEARS[0]) | (year > YEARS[1])) & ~_known_sentinel(day)] = (
        Found.YEAR
    )
    read.moment[read.found != Found.DATE] = _NAT
    at, texts = read.todo()
    if reading.open_texts and len(at):
        words = {" ".join(word.split()).casefold() for word in reading.open_texts}
        read.found[at[pd.Series(texts.to_pandas(), dtype="str").str.casefold().isin(words).to_numpy(bool)]] = Found.OPEN


def _known_sentinel(day: npt.NDArray[np.datetime64]) -> Mask:
    """31 December 9999 is no slip of the pen: where it is not declared, the checks of the record see to it."""
    return np.asarray(day == np.datetime64("9999-12-31"))


def _explain_rest(read: _Read, reading: DateReading) -> None:
    at, texts = read.todo()
    if not len(at):
        return
    first, last, monthly = partial_dates(texts, reading.month_names)
    good = ~np.isnat(first)
    read.found[at[good]] = Found.PARTIAL
    read.first[at], read.last[at], read.monthly[at] = first, last, monthly
    words = pd.Series(texts.to_pandas(), dtype="str").str.casefold().isin(_OPEN_WORDS).to_numpy(dtype=bool)
    read.found[at[words & ~good]] = Found.OPEN_WORD


def _column(read: _Read, codes: Ints, index: pd.Index) -> DateColumn:
    """Each row takes what its text was read as; the missing value, code -1, the last of all."""
    dated = read.found == Found.DATE
    day = read.moment.astype("datetime64[D]").astype("datetime64[us]")
    precision = np.where(dated, np.where(read.timed, Precision.TIME, Precision.DAY), Precision.NONE)
    partial = read.found == Found.PARTIAL
    precision = np.where(partial, np.where(read.monthly, Precision.MONTH, Precision.YEAR), precision)

    def series(values: Moments) -> pd.Series[pd.Timestamp]:
        return pd.Series(np.append(values, _NAT)[codes], index=index)

    def mask(values: Mask) -> Mask:
        # Most columns have none; then nothing is worked out for each row.
        return np.append(values, False)[codes] if values.any() else np.zeros(len(codes), dtype=bool)

    moved = dated & ~np.isnat(read.utc) & (read.utc.astype("datetime64[D]").astype("datetime64[us]") != day)
    return DateColumn(
        moment=series(read.moment),
        utc=series(read.utc),
        precision=np.append(precision, Precision.NONE).astype(np.int8)[codes],
        found=np.append(read.found, Found.MISSING).astype(np.int8)[codes],
        first=series(np.where(partial, read.first, day)),
        last=series(np.where(partial, read.last, day)),
        serial=mask(read.serial & dated),
        never=mask(read.never & dated),
        twice=mask(read.twice & dated),
        moved=mask(moved),
        decided=int(mask(read.decides & dated).sum()),
    )
