"""New cases: how many come, and when.

Families arrive at a rate that has a level, a season and a trend; how many children a family brings is drawn with the
family, and they all arrive on its day. The points at which families arrive are those of a Poisson process of rate one,
read off the running total of the rate (inversion), so that two scenarios with other rates share who arrives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import to_days

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
GROUP = "arrives_with"
"""Column of the pool: rows with the same value were brothers and sisters who arrived together."""
YEAR = 365.25
_BLOCK = 256
_ISO = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


class Arriving(NamedTuple):
    """New cases in the order in which they come; the members of a family one after another."""

    days: Floats
    """Day of arrival: whole, since 1970-01-01, ascending."""
    rows: Ints
    """Which row of the pool each copies."""
    group: Ints
    """With whom each comes: the number of its family in the run, from 0."""


class _Families(NamedTuple):
    """The rows of a pool, family by family."""

    rows: Ints
    first: Ints
    """Where in `rows` each family begins."""
    size: Ints


@dataclass(frozen=True)
class Arrivals:
    """New cases: a rate for each calendar month and the observed cases whose attributes they take.

    The rate of a month is its entry of `per_month` times the trend since `origin`. Counts of families are Poisson, or
    more scattered (`dispersion`); attributes are copied from whole observed families, so what goes together stays
    together.
    """

    per_month: Floats
    """Twelve rates at `origin`, January first: cases a month, every child of a family counted."""
    pool: pd.DataFrame
    """One row an observed case that new cases may copy, with its attributes. Rows with the same value in the column
    `arrives_with` are one family; without that column every row stands alone."""
    weight: Floats
    """How often each row of the pool is drawn, relative to the others."""
    trend_per_year: float = 0.0
    """Change of the rate in the year around `origin`: -0.05 is 5 % fewer a year."""
    origin: str = ""
    """Day on which `per_month` holds as it stands (ISO date); empty for none, and then there is no trend."""
    trend_lasts_years: float = 2.0
    """How many years' worth of trend lie ahead of the origin, however far one looks: it fades as exp(-years / this)."""
    dispersion: float = 0.0
    """Variance of what each month's rate is multiplied by (mean 1, gamma): 0 is Poisson, more is more scattered."""
    group_sizes: tuple[float, ...] = ()
    """Shares of families of one, two, three... children; empty: every case comes alone."""
    later_factor: float = 1.0
    """What the rate is multiplied by from the day `later_from` on (ISO date; empty: from no day on)."""
    later_from: str = ""

    def __post_init__(self) -> None:
        if not self.trend_per_year > -1.0 or not self.trend_lasts_years > 0.0 or not self.dispersion >= 0.0:
            raise ValueError(
                "trend_per_year must be above -1, trend_lasts_years above 0 and dispersion at least 0, got "
                f"{self.trend_per_year}, {self.trend_lasts_years} and {self.dispersion}"
            )
        if self.origin and not _ISO.fullmatch(self.origin):
            raise ValueError(f"origin must be a date such as 2024-07-31, got {self.origin!r}")
        if self.trend_per_year and not self.origin:
            raise ValueError("a trend needs the day from which it counts: origin is empty")
        if not self.later_factor > 0.0:
            raise ValueError(f"later_factor must be above 0, got {self.later_factor}")
        if self.group_sizes and (min(self.group_sizes) < 0 or sum(self.group_sizes) <= 0):
            raise ValueError(f"group_sizes must be shares of at least 0, not all 0, got {self.group_sizes}")
        shown = set(self._families.size.tolist())
        missing = [size for size, share in enumerate(self.group_sizes, start=1) if share > 0 and size not in shown]
        if missing and len(self.pool):
            raise ValueError(f"group_sizes has families of {missing[0]}, and the pool none of that size to copy")

    @property
    def mean_group(self) -> float:
        """Children a family brings, on average."""
        shares = np.asarray(self.group_sizes or (1.0,), dtype=float)
        return float(shares @ np.arange(1, len(shares) + 1) / shares.sum())

    def in_words(self) -> str:
        """How many come, in a few words.

        >>> one = pd.DataFrame({"sex": ["f"]})
        >>> Arrivals(np.full(12, 10.0), one, np.ones(1), trend_per_year=-0.05, origin="2024-07-31").in_words()
        "120.0 a year at 2024-07-31, a trend of -5.0 % a year that fades (2 years' worth of it lie ahead)"
        """
        said = f"{self.per_month.sum():.1f} a year" + (f" at {self.origin}" if self.origin else "")
        if self.trend_per_year:
            said += f", a trend of {100 * self.trend_per_year:+.1f} % a year that fades "
            said += f"({self.trend_lasts_years:g} years' worth of it lie ahead)"
        if self.mean_group > 1.0:
            said += f", {self.mean_group:.2f} children to a family, who come on one day"
        if self.dispersion > 0.0:
            said += f", months more scattered than chance makes them (variance of the rate {self.dispersion:.3f})"
        return said

    def level(self, days: npt.ArrayLike) -> Floats:
        """What the trend multiplies the rate by on these days (since 1970-01-01); 1 at the origin.

        Looking ahead it is damped: the trend of a noisy count must not run away over years nobody has seen.
        """
        day = np.asarray(days, dtype=float)
        if not self.trend_per_year:
            return np.ones(day.shape)
        years = (day - float(to_days(pd.Series([pd.Timestamp(self.origin)]))[0])) / YEAR
        worth = np.where(years > 0, self.trend_lasts_years * -np.expm1(-years / self.trend_lasts_years), years)
        return np.asarray((1.0 + self.trend_per_year) ** worth)

    def draw(self, start: pd.Timestamp, end: pd.Timestamp, generator: np.random.Generator) -> Arriving:
        """Who arrives after `start` up to and including `end`.

        Two draws a family: its place among the points of rate one, and which observed family it copies. A longer
        horizon only adds arrivals, and under other rates the same families come sooner or later.
        """
        # Far ahead in the same stream: the points are the same with any dispersion.
        ahead = generator.bit_generator
        assert isinstance(ahead, np.random.PCG64), "arrivals are drawn from a PCG64 stream"
        own = np.random.Generator(ahead.jumped())
        bounds, total = self._running_total(start, end, own)
        points: list[Floats] = []
        units: list[Floats] = []
        last = 0.0
        while not points or last <= total[-1]:
            draws = generator.random((_BLOCK, 2))
            points.append(last - np.cumsum(np.log1p(-draws[:, 0])))
            units.append(draws[:, 1])
            last = float(points[-1][-1])
        point = np.concatenate(points)
        count = int(np.searchsorted(point, total[-1], side="left"))
        # Of two bounds with one total (a month with rate 0 between them), the later one is taken.
        day = np.minimum(np.floor(np.interp(point[:count], total, bounds)), bounds[-1] - 1.0)
        families, unit = self._families, np.concatenate(units)[:count]
        chosen = np.minimum(np.searchsorted(self._cumulative, unit, side="right"), len(families.size) - 1)
        size = families.size[chosen]
        group = np.repeat(np.arange(count, dtype=np.int64), size)
        nth = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
        return Arriving(np.repeat(day, size), families.rows[families.first[chosen][group] + nth], group)

    def expected(self, start: pd.Timestamp, end: pd.Timestamp) -> float:
        """How many cases are expected after `start` up to and including `end`."""
        return float(self._running_total(start, end, None)[1][-1]) * self.mean_group

    def _running_total(
        self, start: pd.Timestamp, end: pd.Timestamp, generator: np.random.Generator | None
    ) -> tuple[Floats, Floats]:
        """Bounds of the months, in days, and the families expected up to each."""
        months = np.arange(np.datetime64(start, "M"), np.datetime64(end, "M") + 1)
        first, last = float(to_days(pd.Series([start]))[0]) + 1.0, float(to_days(pd.Series([end]))[0]) + 1.0
        edges = np.append(months, months[-1:] + 1).astype("datetime64[D]").astype(np.float64)
        length = np.diff(edges)
        rates = self.per_month[months.astype(np.int64) % 12] * self.level((edges[1:] + edges[:-1]) / 2.0)
        if self.dispersion > 0.0 and generator is not None:
            rates = rates * generator.gamma(1.0 / self.dispersion, self.dispersion, len(months))
        a_day = rates / self.mean_group / length
        if self.later_from:
            changes = float(to_days(pd.Series([pd.Timestamp(self.later_from)]))[0])
            cut = np.union1d(edges, np.clip(changes, edges[0], edges[-1]))
            a_day = a_day[np.searchsorted(edges, cut[:-1], side="right") - 1]
            a_day, edges = np.where(cut[:-1] >= changes, a_day * self.later_factor, a_day), cut
        bounds = np.clip(edges, first, last)
        return bounds, np.append(0.0, np.cumsum(a_day * np.diff(bounds)))

    @cached_property
    def _families(self) -> _Families:
        """The families of the pool; every row by itself where cases come alone."""
        alone = not self.group_sizes or GROUP not in self.pool
        codes = np.arange(len(self.pool)) if alone else pd.factorize(self.pool[GROUP])[0]
        rows = np.argsort(codes, kind="stable")
        first = np.flatnonzero(np.diff(codes[rows], prepend=-1))
        return _Families(rows, first, np.diff(first, append=len(rows)))

    @cached_property
    def _cumulative(self) -> Floats:
        """Running total of the chance of each family: its size by `group_sizes`, among those of a size by weight."""
        rows, first, size = self._families
        weight = np.asarray([float(one.mean()) for one in np.split(self.weight[rows], first[1:])] if len(rows) else [])
        if self.group_sizes:
            shares = np.asarray(self.group_sizes, dtype=float)
            known = size <= len(shares)
            of_size = np.bincount(size, weight)
            part = np.where(known, shares[np.minimum(size, len(shares)) - 1], 0.0)
            weight = np.divide(weight * part, of_size[size], out=np.zeros(len(size)), where=of_size[size] > 0)
        total = weight.sum()
        return np.asarray(np.cumsum(weight) / total) if total > 0 else np.linspace(0.0, 1.0, len(weight) + 1)[1:]
