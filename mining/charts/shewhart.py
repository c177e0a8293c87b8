"""Shewhart charts: centre line and control limits for durations, times between, counts, rates and shares.

Formulas as in Montgomery (2013) and the R package qicharts2, whose results are reproduced:
I: mean ± 3 mR/1.128, moving ranges above 3.267 mR left out once (Nelson 1982). MR: upper limit 3.267 mR. T: I chart
of y^(1/3.6), transformed back. G: median, limits mean ± 3 sqrt(m (m + 1)). C: m ± 3 sqrt(m). U: u ± 3 sqrt(u/n).
P: p ± 3 sqrt(p (1 - p)/n). P' and U' (Laney 2002): the same times the spread of the points beyond their own chance
variation, and I' (Taylor 2018): I with a number behind each point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from mining.charts.rules import Finding, FloatArray, sides
from mining.charts.runs_test import RunsTest, runs_test
from mining.charts.series import Points, Values, as_points
from mining.charts.shewhart_rules import Rules, any_signal, signals
from mining.charts.simulation import stream

Kind = Literal["i", "mr", "t", "g", "c", "u", "u'", "p", "p'", "i'"]
_PER_UNIT = ("u", "u'", "p", "p'", "i'")
_MR_TO_SIGMA = 1.128
_MR_LIMIT = 3.267
_TIME_POWER = 3.6
_JUDGED = 10
"""A chart with fewer points is shown, with a note, but silence of the rules on it means nothing."""


@dataclass(frozen=True)
class Part:
    """A stretch of a chart with one centre line and one set of limits."""

    start: int
    stop: int
    frozen: int
    """One past the last point its lines come from."""
    runs: RunsTest
    """Runs about its centre line."""


@dataclass(frozen=True, eq=False)
class ShewhartChart:
    """Points with centre line and limits, one value of each a point."""

    kind: Kind
    points: Points
    """What is plotted: for u and p charts the rate or share, for mr charts the moving ranges."""
    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    distance: FloatArray
    """Distance of each point from the middle of its limits in standard deviations, on the scale on which the limits
    are symmetric; 3 is the limit."""
    parts: tuple[Part, ...]
    notes: tuple[str, ...]

    @cached_property
    def outside(self) -> tuple[int, ...]:
        """Positions (from 0) of the points outside the limits."""
        return tuple(np.flatnonzero(np.abs(self.distance) > 3).tolist())

    def signals(self, rules: Rules | None = None) -> tuple[Finding, ...]:
        """What a set of rules finds, part by part; by default points outside and 8 on one side.

        Trends and zones are not judged on mr and g charts, whose points are skewed by nature.
        """
        wanted = rules or Rules()
        if self.kind in ("mr", "g"):
            wanted = Rules(label=wanted.label, outside=wanted.outside, one_side=wanted.one_side)
        found = []
        for part in self.parts:
            span = slice(part.start, part.stop)
            for one in signals(self.points.values[span], self.centre[span], self.distance[span], wanted):
                points = tuple(i + part.start for i in one.points)
                over = tuple(i + part.start for i in one.passed_over)
                words = f"{one.words} ({self.points.between(points)})"
                found.append(Finding(one.rule, points, one.direction, words, over))
        return tuple(found)

    def sentences(self, rules: Rules | None = None) -> tuple[str, ...]:
        """What the chart says by a set of rules, in words, and how often such rules speak by chance."""
        wanted = rules or Rules()
        said = [f"{finding.words}." for finding in self.signals(wanted)]
        known = int((~np.isnan(self.points.values)).sum())
        judged = known >= _JUDGED and not np.isnan(self.distance).all()
        if not said and judged:
            said = ["No rule finds a signal; a small change may still be hidden."]
        chance = []
        if judged:
            rate = stable_false_alarm_rate(min(known, 200), wanted, charts=5_000)
            chance = [
                f"If nothing had changed, about {100 * rate:.0f} of 100 charts with {known} points would still show a "
                f"signal by these rules ({wanted.label}; worked out for single normal measurements)."
            ]
        return (*(f"{note}." for note in self.notes), *said, *chance)


def shewhart(
    values: Values,
    kind: Kind = "i",
    *,
    denominators: Sequence[float] | FloatArray | None = None,
    baseline: int | None = None,
    parts: Sequence[int] = (),
    screened: bool = True,
) -> ShewhartChart:
    """Centre line and control limits of values in time order; NaN is a missing point.

    `kind`: "i" (single measurements, also called XmR: durations best as their logs), "mr" (their moving ranges), "t"
    (time between rare events, above 0), "g" (cases between rare events), "c" (counts), "u" and "u'" (`values`
    counted among `denominators`), "p" and "p'" (`values` of `denominators` children), "i'" (as p', for any ratio).
    Lines come from all points, from the first `baseline` points (frozen and extended), or from each part: `parts` are
    the positions (from 0) at which a new one starts. `screened` leaves moving ranges beyond their own limit out once,
    as Nelson advises; without it a single extreme point widens the limits.

    No points, or none with a value, give NaN lines and a note; so do limits on fewer than 10 points a warning. Raises
    ValueError for an unknown kind, missing or needless denominators, values that the kind does not allow, baseline
    and parts together, and parts out of order.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    if baseline is not None and (parts or baseline < 1):
        raise ValueError("give a baseline of 1 point or more, or parts, not both")
    points = as_points(values)
    bounds = [0, *parts, len(points)]
    if parts and any(later <= earlier for earlier, later in pairwise(bounds)):
        raise ValueError(f"parts must start in order, after point 0 and before point {len(points)}, got {list(parts)}")
    n = _checked(points.values, kind, denominators)
    y = _plotted(points.values, n, kind)
    lines, found = [], []
    for start, stop in pairwise(bounds):
        span = slice(start, stop)
        frozen = stop if baseline is None else min(start + baseline, stop)
        lines.append(_lines(y[span], n[span], frozen - start, kind, screened))
        found.append(Part(start, stop, frozen, runs_test(sides(y[span], lines[-1].centre))))
    joined = (np.concatenate([getattr(line, name) for line in lines]) for name in _LINE_FIELDS)
    centre, lower, upper, middle, sigma, scaled = joined
    distance = np.full(len(y), np.nan)
    np.divide(scaled - middle, sigma, out=distance, where=sigma > 0)
    plotted = Points(y, points.labels, points.dates, points.provisional, points.counts)
    return ShewhartChart(kind, plotted, centre, lower, upper, distance, tuple(found), _notes(y, found))


_LINE_FIELDS = ("centre", "lower", "upper", "middle", "sigma", "scaled")


@dataclass(frozen=True, eq=False)
class _Lines:
    """Lines at each point of a part; middle, sigma and scaled values on the scale with symmetric limits."""

    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    middle: FloatArray
    sigma: FloatArray
    scaled: FloatArray


def _checked(values: FloatArray, kind: Kind, denominators: Sequence[float] | FloatArray | None) -> FloatArray:
    known = values[~np.isnan(values)]
    if kind in _PER_UNIT:
        if denominators is None or len(denominators) != len(values):
            raise ValueError(f"a {kind} chart needs denominators, one for each of the {len(values)} values")
        n = np.asarray(denominators, dtype=np.float64)
        if not (n[~np.isnan(values)] > 0).all():
            raise ValueError("denominators must be above 0 wherever there is a value")
        if kind in ("p", "p'") and (values > n).any():
            raise ValueError(f"a {kind} chart counts children out of the denominator; a value is above its own")
    elif denominators is not None:
        raise ValueError(f"a {kind} chart takes no denominators")
    else:
        n = np.ones(len(values))
    if kind == "t" and (known <= 0).any():
        raise ValueError(f"times between events must be above 0, got {known.min():g}")
    if kind in ("g", "c", "u", "u'", "p", "p'") and (known < 0).any():
        raise ValueError(f"counts must not be negative, got {known.min():g}")
    return n


def _plotted(values: FloatArray, n: FloatArray, kind: Kind) -> FloatArray:
    if kind == "mr":
        return np.concatenate([[np.nan], np.abs(np.diff(values))]) if len(values) else values
    plotted: FloatArray = values / n
    return plotted


def _lines(y: FloatArray, n: FloatArray, baseline: int, kind: Kind, screened: bool) -> _Lines:
    scaled = y ** (1 / _TIME_POWER) if kind == "t" else y
    base, base_n = scaled[:baseline], n[:baseline]
    known = ~np.isnan(base)
    if not known.any():
        nothing = np.full(len(y), np.nan)
        return _Lines(nothing, nothing, nothing, nothing, nothing, y)
    if kind in _PER_UNIT:
        mean = float((base[known] * base_n[known]).sum() / base_n[known].sum())
    else:
        mean = float(base[known].mean())
    sigma = _sigma(base, base_n, n, (mean, kind, screened))
    middle = np.full(len(y), mean)
    lower, upper = middle - 3 * sigma, middle + 3 * sigma
    centre = middle
    if kind == "t":
        centre, upper = middle**_TIME_POWER, upper**_TIME_POWER
        lower = np.maximum(lower, 0.0) ** _TIME_POWER
    elif kind == "g":
        centre = np.full(len(y), float(np.median(base[known])))
    if kind not in ("i", "i'", "t"):
        lower = np.maximum(lower, 0.0)
    if kind in ("p", "p'"):
        upper = np.minimum(upper, 1.0)
    return _Lines(centre, lower, upper, middle, sigma, scaled)


def _sigma(base: FloatArray, base_n: FloatArray, n: FloatArray, how: tuple[float, Kind, bool]) -> FloatArray:
    """The standard deviation at each point of a part, from its baseline."""
    mean, kind, screened = how
    one = _constant_sigma(base, how)
    if not np.isnan(one) or kind in ("i", "t"):
        return np.full(len(n), one)
    sigma: FloatArray
    if kind == "i'":
        moved = np.sqrt(np.pi / 2) * np.abs(np.diff(base)) / np.sqrt(1 / base_n[:-1] + 1 / base_n[1:])
        sigma = _mean_range(moved, screened, 3.2665) / np.sqrt(n)
        return sigma
    sigma = np.sqrt(mean / n) if kind in ("u", "u'") else np.sqrt(mean * (1 - mean) / n)
    if kind in ("u'", "p'"):
        own = sigma[: len(base)]
        z = np.divide(base - mean, own, out=np.full(len(base), np.nan), where=own > 0)
        sigma = sigma * _mean_range(np.abs(np.diff(z)), screened, _MR_LIMIT) / _MR_TO_SIGMA
    return sigma


def _constant_sigma(base: FloatArray, how: tuple[float, Kind, bool]) -> float:
    """The standard deviation of the kinds for which it is the same at each point; NaN for the others."""
    mean, kind, screened = how
    if kind in ("i", "t"):
        return _mean_range(np.abs(np.diff(base)), screened, _MR_LIMIT) / _MR_TO_SIGMA
    if kind == "mr":
        return mean * (_MR_LIMIT - 1) / 3
    if kind == "g":
        return math.sqrt(mean * (mean + 1))
    return math.sqrt(mean) if kind == "c" else np.nan


def _mean_range(ranges: FloatArray, screened: bool, limit: float) -> float:
    """Mean moving range; with `screened` after leaving out once those beyond `limit` times the mean."""
    known = ranges[~np.isnan(ranges)]
    if not len(known):
        return np.nan
    mean = float(known.mean())
    if screened and mean > 0:
        mean = float(known[known < limit * mean].mean())
    return mean


def _notes(y: FloatArray, parts: Sequence[Part]) -> tuple[str, ...]:
    if not len(y):
        return ("There are no points to plot",)
    if np.isnan(y).all():
        return ("There is nothing to plot: values are missing, or too few",)
    notes = []
    for number, part in enumerate(parts, start=1):
        name = f"Part {number}: " if len(parts) > 1 else ""
        made_of = y[part.start : part.frozen]
        known = int((~np.isnan(made_of)).sum())
        if known < _JUDGED:
            notes.append(f"{name}Trial limits: they rest on {known} point{'s' if known != 1 else ''}")
        if known and np.ptp(made_of[~np.isnan(made_of)]) == 0:
            notes.append(f"{name}All points the lines rest on are equal")
    return tuple(notes)


@lru_cache(maxsize=256)
def stable_false_alarm_rate(points: int, rules: Rules, *, charts: int = 20_000, seed: int = 0) -> float:
    """Share of I charts (screened) of independent normal points from a stable process on which any rule speaks."""
    x = stream(seed, f"shewhart {points}").standard_normal((charts, points))
    middle = x.mean(axis=1, keepdims=True)
    ranges = np.abs(np.diff(x, axis=1))
    kept = ranges < _MR_LIMIT * ranges.mean(axis=1, keepdims=True)
    sigma = (ranges * kept).sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True) / _MR_TO_SIGMA
    return float(any_signal(x, middle, (x - middle) / sigma, rules).mean())
