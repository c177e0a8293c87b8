"""Units, measures and round numbers: what a number on a picture is called, how it is written, where a scale breaks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Unit:
    """A unit of time, with the round numbers at which a colour scale may break."""

    name: str
    short: str
    days: float
    breaks: tuple[float, ...]


UNITS = {
    unit.name: unit
    for unit in (
        Unit("minutes", "min", 1 / 1440, (1, 2, 5, 10, 20, 30, 60, 120, 240, 480)),
        Unit("hours", "h", 1 / 24, (0.5, 1, 2, 4, 8, 12, 24, 48, 96, 168, 336)),
        Unit("days", "d", 1.0, (1, 2, 4, 7, 14, 30, 60, 90, 180, 365, 730, 1095)),
        Unit("weeks", "wk", 7.0, (1, 2, 4, 8, 13, 26, 39, 52, 78, 104, 156, 208)),
        Unit("months", "mo", 365.25 / 12, (0.5, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48)),
    )
}

_CHAIN = ("minutes", "hours", "days", "weeks")
"""The units among which a duration is written in a larger or smaller one when its number would be hard to read."""

Kind = Literal["count", "share", "time", "child time"]


@dataclass(frozen=True)
class Measure:
    """Something an arrow can show, by label, colour or width."""

    name: str
    column: str
    """The column of `ProcessMap.arrows`."""
    kind: Kind
    words: str
    """What it is called in the legend; {noun}, {took}, {limit} and {unit} are filled in."""
    after: str = ""
    """What follows the number in a label, for numbers that would not be told apart without."""


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("cases", "cases", "count", "{noun} {took}"),
        Measure("traversals", "traversals", "count", "times it was taken"),
        Measure("cases_share", "cases_share", "share", "share of all {noun} {took}", " %"),
        Measure(
            "waiting", "waiting", "count", "{noun} waiting at its start now, to go this way or another", " waiting"
        ),
        Measure("waiting_median", "waiting_median_days", "time", "how long those at its start have waited", " so far"),
        Measure("median", "median_days", "time", "median time"),
        Measure("p25", "p25_days", "time", "time a quarter stay under"),
        Measure("p75", "p75_days", "time", "time three quarters stay under"),
        Measure("p90", "p90_days", "time", "time nine in ten stay under"),
        Measure("mean", "restricted_mean_days", "time", "mean time within {horizon}", " mean"),
        Measure("child_days", "child_days", "child time", "{one}-{unit} spent on it"),
        Measure("beyond", "beyond_share", "share", "share over {limit}", " % over"),
    )
}
"""What an arrow can show, by name."""


def measure_of(name: str) -> Measure | None:
    """The measure of a name, or of the column that holds it; None for no such measure.

    >>> measure_of("median_days").name
    'median'
    """
    by_column = {measure.column: measure for measure in MEASURES.values()}
    return MEASURES.get(name) or by_column.get(name)


def ladder(kind: Kind, unit: Unit) -> tuple[float, ...]:
    """The round numbers at which a colour scale of this kind may break, in the numbers that are written."""
    if kind == "time":
        return unit.breaks
    if kind == "share":
        return (1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90)
    return tuple(step * 10.0**power for power in range(7) for step in (1, 2, 5))


def breaks_of(values: npt.NDArray[np.float64], steps: tuple[float, ...]) -> tuple[float, ...]:
    """Four round numbers, evenly spaced on their ladder, that part the values most evenly in five."""
    known = values[np.isfinite(values)]
    choices = [
        steps[start : start + 3 * stride + 1 : stride]
        for stride in (1, 2, 3)
        for start in range(len(steps) - 3 * stride)
    ]
    if not len(known):
        return choices[len(choices) // 2]

    # Long waits weigh more: they are what the colours are for.
    weights = np.sqrt(np.maximum(known, 0.0))

    def unevenness(choice: tuple[float, ...]) -> float:
        classes = np.bincount(np.searchsorted(choice, known, side="right"), weights, minlength=5)
        return round(float((classes**2).sum()), 6)

    return min(choices, key=unevenness)


def typical_unit(days: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> str:
    """The unit in which a typical duration is easiest to read."""
    known = np.isfinite(days) & (days > 0)
    if not known.any():
        return "days"
    order = np.argsort(days[known], kind="stable")
    sums = np.cumsum(weights[known][order])
    typical = float(days[known][order][np.searchsorted(sums, sums[-1] / 2)])
    return "minutes" if typical < 1 / 24 else "hours" if typical < 2 else "days" if typical < 21 else "weeks"


def in_unit(days: float, unit: Unit) -> str:
    """A duration in the unit, or in one where it has neither four digits before the point nor none that count.

    >>> in_unit(300.0, UNITS["hours"]), in_unit(300.0, UNITS["weeks"]), in_unit(0.001, UNITS["hours"])
    ('300 d', '42.9 wk', '1.4 min')
    """
    if unit.name in _CHAIN and days > 0:
        unit = readable_unit(days, unit)
        place = _CHAIN.index(unit.name)
        while place > 0 and days / UNITS[_CHAIN[place]].days < 0.05:
            place -= 1
        unit = UNITS[_CHAIN[place]]
    if 0 < days / unit.days < 0.05:
        return f"< 0.1 {unit.short}"
    return f"{number(days / unit.days)} {unit.short}"


def readable_unit(days: float, unit: Unit) -> Unit:
    """The unit, or the next larger one in which a duration has no four digits before the point.

    >>> readable_unit(3.0, UNITS["minutes"]).name, readable_unit(3.0, UNITS["weeks"]).name
    ('hours', 'weeks')
    """
    larger = [UNITS[name] for name in _CHAIN[_CHAIN.index(unit.name) + 1 :]] if unit.name in _CHAIN else []
    return next((one for one in (unit, *larger) if days / one.days < 999.5), larger[-1] if larger else unit)


def number(value: float) -> str:
    """One decimal below 100, none above.

    >>> number(12.34), number(104.4), number(26.0)
    ('12.3', '104', '26.0')
    """
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:,.0f}"


def round_number(value: float) -> str:
    """A round number as it stands in a legend."""
    return f"{value:g}" if value < 1000 else f"{value:,.0f}"


def percent(share: float) -> str:
    """A share as words say it: one decimal, and never 0 % for what is not nothing."""
    hundredths = 100 * share
    return "0 %" if hundredths == 0 else "less than 0.1 %" if hundredths < 0.1 else f"{hundredths:.1f} %"


def samples_up_to(most: float, *, whole: bool = True) -> tuple[float, ...]:
    """Up to three round numbers that show a scale of thickness; whole ones for counts.

    >>> samples_up_to(2450.0), samples_up_to(0.8, whole=False)
    ((20.0, 200.0, 2000.0), (0.005, 0.05, 0.5))
    """
    if not most > 0:
        return ()
    top = 10.0 ** math.floor(math.log10(most))
    first = next(step * top for step in (5, 2, 1) if step * top <= most * (1 + 1e-12))
    values = (first / 100, first / 10, first)
    return tuple(round(value, 9) for value in values if value >= 1 or not whole)
