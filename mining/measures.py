"""What can be said of a duration besides its median: limits counted as the law counts them, shares and their spread."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from event_logs.log import from_days
from event_logs.working_days import WorkingDays
from mining.survival import SurvivalCurve

FloatArray = npt.NDArray[np.float64]

LimitUnit = Literal["working days", "days", "weeks", "months"]
_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True)
class Limit:
    """A time that something should take at most, in the unit in which it was set.

    Days and weeks are exact (7 days a week). Months are calendar months: one month from 15 January ends on
    15 February, and one from 31 January on the last day of February. Working days leave out weekends and the holidays
    of `calendar`, by default the bank holidays of Scotland, which is an approximation (see `WorkingDays`). Months and
    working days go by dates: the day of the start does not count, whatever happens on the last day is in time.

    >>> Limit(2, "months").due(np.array([0.0, 58.0])).tolist()  # from 1 January and 28 February 1970
    [59.0, 117.0]
    >>> str(Limit(1, "weeks"))
    '1 week'
    """

    amount: int
    """How many of the unit; at least 1, whole for working days and months."""
    unit: LimitUnit = "days"
    calendar: WorkingDays | None = None
    """The table of working days; only looked at for that unit."""

    def __post_init__(self) -> None:
        if self.unit not in get_args(LimitUnit):
            raise ValueError(f"unit must be one of {', '.join(get_args(LimitUnit))}, got {self.unit!r}")
        if not self.amount > 0 or not np.isfinite(self.amount):
            raise ValueError(f"amount must be above 0, got {self.amount}")
        if self.by_date and self.amount != int(self.amount):
            raise ValueError(f"amount must be a whole number of {self.unit}, got {self.amount}")

    @property
    def by_date(self) -> bool:
        """Whether the unit counts dates, so that the time of day does not matter."""
        return self.unit in {"working days", "months"}

    def due(self, start: FloatArray) -> FloatArray:
        """The last day in time for each start, both as days since 1970-01-01."""
        if not self.by_date:
            return start + float(self.amount) * (7.0 if self.unit == "weeks" else 1.0)
        dates = from_days(np.floor(start)).astype("datetime64[D]")
        last = _months_later(dates, int(self.amount)) if self.unit == "months" else self._working_days_later(dates)
        due: FloatArray = (last - _EPOCH).astype(np.float64)
        return due

    def used(self, start: FloatArray, until: FloatArray) -> FloatArray:
        """How much of the limit has gone by between two days: 1 on the last day in time, more when it is late.

        On this scale limits that differ in days (February, Easter) are alike, so one curve holds them all, with its
        open and its late-entering cases, and is read off at 1.
        """
        due = self.due(start)
        begin, reached = (np.floor(start), np.floor(until)) if self.by_date else (start, until)
        share: FloatArray = (reached - begin) / (due - begin)
        return share

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit[:-1] if self.amount == 1 else self.unit}"

    def _working_days_later(self, dates: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
        calendar = self.calendar
        if calendar is None:
            years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
            first, last = (int(years.min()), int(years.max())) if len(years) else (2000, 2000)
            calendar = WorkingDays.scotland(first, last + 1 + int(self.amount) // 200)
        return calendar.add_working_days(dates, np.int64(self.amount))


@dataclass(frozen=True)
class RestrictedMean:
    """The mean over the first days only, where the data reach no further."""

    days: float
    low: float
    high: float
    """The 95 % interval."""
    to_days: float
    """Within how many days: those asked for, or as far as anybody was followed."""


def restricted_mean(curve: SurvivalCurve, horizon: float) -> RestrictedMean:
    """The mean within `horizon` days with its normal 95 % interval; within fewer days when nobody was followed so long.

    NaN throughout for a curve without steps, and no interval where the spread is unknown.
    """
    if not len(curve.times):
        return RestrictedMean(np.nan, np.nan, np.nan, np.nan)
    mean, to = curve.restricted_mean(horizon), horizon
    if np.isnan(mean):
        to = curve.last
        mean = curve.restricted_mean(to)
    half = NormalDist().inv_cdf(0.975) * curve.restricted_mean_error(to)
    return RestrictedMean(mean, max(0.0, mean - half), min(to, mean + half), to)


def share_beyond(curve: SurvivalCurve) -> tuple[float, float, float]:
    """Share still waiting when the limit is up, and its 95 % interval, of a curve over `Limit.used`.

    Those still waiting count as long as they were seen. NaN where nobody was followed as long as the limit: not yet
    estimable. The interval is the curve's log(-log) band; where the share is exactly 0 or 1 the band is empty, and
    the exact binomial limit for none of those seen stands in (as many as ended, or as were still there).
    """
    if not len(curve.times):
        return np.nan, np.nan, np.nan
    share = curve.at(1.0)
    if np.isnan(share):
        return np.nan, np.nan, np.nan
    place = int(np.searchsorted(curve.times, 1.0, side="right")) - 1
    if share <= 0:
        return 0.0, 0.0, _none_of(float(curve.events.sum()))
    if place < 0:
        return 1.0, 1.0 - _none_of(float(curve.at_risk[0])), 1.0
    low, high = curve.band()
    return share, float(low[place]), float(high[place])


def wilson(count: npt.ArrayLike, total: float, level: float = 0.9) -> tuple[FloatArray, FloatArray]:
    """The interval of a share by Wilson's (1927) score method; (0, 1) for a total of 0.

    >>> [round(float(end), 3) for end in wilson(1, 20)]
    [0.011, 0.196]
    """
    k = np.asarray(count, dtype=np.float64)
    if total <= 0:
        return np.zeros_like(k), np.ones_like(k)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = k / total
    middle = share + z**2 / (2 * total)
    spread = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    low, high = (middle - spread) / (1 + z**2 / total), (middle + spread) / (1 + z**2 / total)
    return np.where(k == 0, 0.0, low), np.where(k == total, 1.0, high)


def _none_of(seen: float) -> float:
    """The upper 97.5 % limit of a share of which none of so many were seen."""
    return 1.0 if seen <= 0 else float(1 - 0.025 ** (1 / seen))


def _months_later(dates: npt.NDArray[np.datetime64], count: int) -> npt.NDArray[np.datetime64]:
    month = dates.astype("datetime64[M]")
    into = dates - month.astype("datetime64[D]")
    first = (month + count).astype("datetime64[D]")
    longest = (month + count + 1).astype("datetime64[D]") - first - np.timedelta64(1, "D")
    later: npt.NDArray[np.datetime64] = first + np.minimum(into, longest)
    return later
