"""How the dates of a column are written, with the evidence: nothing is chosen that the values do not decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from event_logs.values import formats as f
from event_logs.values.dates import SERIALS, YEARS
from event_logs.values.reading import OPEN_SENTINELS, UNKNOWN_SENTINELS

Ints = npt.NDArray[np.int64]
Order = Literal["day", "month", "unclear", ""]

_PLAIN = (
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%d/%b/%Y", "%d/%m/%y",
    "%d-%m-%y", "%d.%m.%y", "%d-%b-%y", "%d %b %y", "%b %d %Y", "%Y%m%d",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %H:%M:%S.%f")
_FEW = 0.01
OPEN_WORDS = frozenset(("ongoing", "current", "present", "open", "continuing", "to date", "still open"))


@dataclass(frozen=True, kw_only=True)
class WrittenAs:
    """One way in which dates of a column are written."""

    format: str
    """The format proposed."""
    other: str = ""
    """The same with day and month changed over; empty where nobody writes it so."""
    read: int
    """How many values are dates in the format."""
    only_day_first: int = 0
    """How many exclude month-first, their first number being above 12."""
    only_month_first: int = 0
    """How many exclude day-first, their second number being above 12."""

    @property
    def order(self) -> Order:
        """Which of day and month comes first, "unclear" where the values do not say; empty if that is no question."""
        if not self.other:
            return ""
        if bool(self.only_day_first) == bool(self.only_month_first):
            return "unclear"
        return "day" if self.only_day_first else "month"


@dataclass(frozen=True, kw_only=True)
class DateEvidence:
    """How the dates of one column are written."""

    ways: tuple[WrittenAs, ...]
    """The way most dates are written in first."""
    filled: int
    """How many values there are, blanks and texts for "not known" left out."""
    first: date | None
    last: date | None
    """First and last date, sentinels left out."""
    serials: int = 0
    """How many values are numbers that Excel shows as dates."""
    sentinels: Mapping[date, int] = field(default_factory=dict)
    """Dates that may stand for "not known" or "still open", with how often they stand."""
    open_words: tuple[str, ...] = ()
    """Words such as "ongoing", as they stand."""

    @property
    def read(self) -> int:
        """How many values are dates in one of the formats."""
        return sum(way.read for way in self.ways)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats proposed."""
        return tuple(way.format for way in self.ways)

    @property
    def short_years(self) -> bool:
        """Whether years have two digits."""
        return any("%y" in way.format for way in self.ways)

    @property
    def unclear(self) -> tuple[WrittenAs, ...]:
        """The ways whose order must be asked: nothing decides it, the values contradict each other, or it is the
        American one, which in a British council's extract is more likely a slip."""
        return tuple(way for way in self.ways if way.order in ("unclear", "month"))

    def sentences(self) -> list[str]:
        """The evidence in words, without any child's date but the first and the last."""
        said = []
        for way in self.ways:
            if way.other:
                said.append(
                    f"{way.format}: {way.only_day_first:,} of {way.read:,} dates exclude month-first, "
                    f"{way.only_month_first:,} exclude day-first"
                )
            else:
                said.append(f"{way.format}: {way.read:,} dates")
        if self.filled > self.read:
            said.append(f"{self.filled - self.read:,} of {self.filled:,} values are no dates so written")
        if self.first and self.last:
            said.append(f"{self.first.isoformat()} to {self.last.isoformat()}")
        return said


def date_evidence(values: pd.Series[str], *, called_date: bool = False) -> DateEvidence | None:
    """How a column's dates are written; None where it holds no dates.

    `values` has no missing ones. `called_date` says that the column's name promises dates: only then are plain
    numbers (20240731, Excel serials) taken for dates.
    """
    counts = values.value_counts(sort=False)
    if not len(counts):
        return None
    texts, weight = f.tidied(pd.Series(counts.index, dtype="str")), np.asarray(counts, dtype=np.int64)
    total = int(weight.sum())
    looks = np.asarray(pa.compute.match_substring_regex(texts, r"^\d{1,4}[-/. ]|^\d{8}|^\w{3,9}\.? \d|^\d{5}(\.\d+)?$"))
    if not called_date and int(weight[looks].sum()) * 2 < total:
        return None
    left = np.ones(len(texts), dtype=bool)
    ways: list[WrittenAs] = []
    days: list[tuple[npt.NDArray[np.datetime64], Ints]] = []
    for date_format in _candidates(texts, called_date):
        at = np.flatnonzero(left)
        if not len(at):
            break
        found = _way(texts.take(pa.array(at)), weight[at], date_format)
        if found is None:
            continue
        way, here, moments = found
        left[at[here]] = False
        ways.append(way)
        days.append((moments, weight[at[here]]))
    serials = _serials(texts, weight, left) if called_date else 0
    read = sum(way.read for way in ways)
    if (read + serials) * 2 < total or not read + serials:
        return None
    # One value in a format whose order is a question is more likely a slip, and is left to be quarantined.
    kept = [way for way in ways if not way.other or (way.read > 1 and way.read >= _FEW * total)] or ways[:1]
    kept.sort(key=lambda way: -way.read)
    first, last, sentinels = _span(days)
    shown = [text for text in texts.to_pylist() if text.casefold() in OPEN_WORDS]
    return DateEvidence(
        ways=tuple(kept),
        filled=total,
        first=first,
        last=last,
        serials=serials,
        sentinels=sentinels,
        open_words=tuple(sorted(shown)),
    )


def _candidates(texts: pa.Array, called_date: bool) -> list[str]:
    """The formats worth trying, by what the first texts look like."""
    sample = texts.slice(0, 2_000).to_pylist() + texts.slice(max(0, len(texts) - 2_000)).to_pylist()
    timed = [time for time in _TIMES if not time or any(_time_shape(time).search(text) for text in sample)]
    plain = [item for item in _PLAIN if item != "%Y%m%d" or called_date]
    return [item + time for time in timed for item in plain]


def _time_shape(time: str) -> re.Pattern[str]:
    shapes = {"H": r"\d{1,2}", "M": r"\d\d", "S": r"\d\d", "f": r"\d+"}
    return re.compile(re.sub(r"%(\w)", lambda match: shapes[match[1]], time.replace(".", r"\.")) + "$")


def _way(texts: pa.Array, weight: Ints, date_format: str) -> tuple[WrittenAs, Ints, npt.NDArray[np.datetime64]] | None:
    """The texts that are dates in the format or in its other order, and the order that they speak for."""
    named = "%b" in date_format
    here, numbers = f.find(f.folded(texts) if named else texts, f.pattern(date_format, ("en",), False))
    if not len(here):
        return None
    year = numbers["Y"] if "Y" in numbers else numbers["y"] + np.where(numbers["y"] > 40, 1900, 2000)
    moments, _ = f.moments(numbers, year)
    good = ~np.isnat(moments) & (year >= 1000)
    other = f.other_order(date_format) or ""
    changed = moments
    only_day = only_month = np.zeros(len(here), dtype=bool)
    if other:
        changed, _ = f.moments({**numbers, "d": numbers["m"], "m": numbers["d"]}, year)
        only_day, only_month = good & np.isnat(changed), ~good & ~np.isnat(changed)
    w = weight[here]
    day, month = int(w[only_day].sum()), int(w[only_month].sum())
    monthly = bool(other) and month > day
    best = changed if monthly else moments
    read = ~np.isnat(best)
    if not read.any():
        return None
    way = WrittenAs(
        format=other if monthly else date_format,
        other=date_format if monthly else other,
        read=int(w[read].sum()),
        only_day_first=day,
        only_month_first=month,
    )
    return way, here[read], best[read]


def _serials(texts: pa.Array, weight: Ints, left: npt.NDArray[np.bool_]) -> int:
    numeric = np.asarray(pa.compute.match_substring_regex(texts, r"\A\d{5}(\.\d+)?\z"), dtype=bool) & left
    if not numeric.any():
        return 0
    number = np.asarray(pa.compute.cast(texts.filter(pa.array(numeric)), pa.float64()))
    return int(weight[numeric][(number >= SERIALS[0]) & (number <= SERIALS[1])].sum())


def _span(
    days: list[tuple[npt.NDArray[np.datetime64], Ints]],
) -> tuple[date | None, date | None, dict[date, int]]:
    """First and last day, and the sentinels among them; a day alone more than a year behind all others is a slip."""
    counts: dict[date, int] = {}
    for moments, weight in days:
        for day, count in zip(moments.astype("datetime64[D]").tolist(), weight.tolist(), strict=True):
            counts[day] = counts.get(day, 0) + count
    known = {*UNKNOWN_SENTINELS, *OPEN_SENTINELS}
    sentinels = {day: count for day, count in sorted(counts.items()) if day in known}
    plain = sorted(day for day in counts if day not in known and YEARS[0] <= day.year <= YEARS[1])
    if not plain:
        return None, None, sentinels
    while len(plain) > 2 and (plain[-1] - plain[-2]).days > 366:
        plain.pop()
    while len(plain) > 2 and (plain[1] - plain[0]).days > 3 * 366:
        plain.pop(0)
    return plain[0], plain[-1], sentinels
