"""How often the rules speak when nothing has changed, for a chart of a given length: a stored table, read off.

The tables are those of `benchmarks/run_chart_power.py --table`: 200,000 charts of independent normal points a row, so
a figure is right within a quarter of a percentage point. Counts, ties, and points that hang together (the same panel,
the same court) differ from that; hanging together raises the rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mining.charts.rules import FloatArray
from mining.charts.simulation import RULES, false_alarm_rates

# Columns: points; per cent of charts with a shift, a trend of 5, runs too few or too many, any of the three, Anhøj.
_OWN_MEDIAN = np.array(
    [
        (8, 0.0, 5.8, 0.0, 5.8, 0.0),
        (10, 0.0, 8.5, 1.5, 9.9, 0.8),
        (12, 1.3, 11.3, 2.6, 13.5, 1.3),
        (14, 3.4, 13.7, 0.8, 16.7, 2.6),
        (16, 5.6, 16.0, 1.8, 21.2, 0.9),
        (18, 8.0, 18.7, 2.4, 25.8, 1.2),
        (20, 10.7, 21.1, 3.7, 30.7, 2.2),
        (24, 15.7, 25.2, 1.9, 37.0, 3.1),
        (28, 20.7, 29.6, 3.1, 44.6, 2.1),
        (32, 25.8, 33.5, 4.7, 51.6, 3.1),
        (36, 30.4, 37.5, 2.7, 56.5, 4.2),
        (48, 42.7, 47.3, 2.7, 69.7, 3.9),
        (60, 53.1, 55.6, 5.0, 79.7, 4.4),
    ]
)
# The same with a median that is known rather than estimated.
_KNOWN_MEDIAN = np.array(
    [
        (8, 6.3, 5.8, 0.0, 11.5, 0.0),
        (10, 9.4, 8.6, 2.1, 18.1, 4.6),
        (12, 12.4, 11.1, 2.1, 22.4, 4.2),
        (14, 15.4, 13.7, 1.3, 27.0, 6.0),
        (16, 18.2, 16.2, 1.8, 31.4, 4.7),
        (18, 21.1, 18.5, 2.7, 36.2, 5.9),
        (20, 23.7, 20.8, 2.9, 39.9, 7.0),
        (24, 28.9, 25.4, 2.1, 46.9, 6.7),
        (28, 33.3, 29.5, 3.3, 53.2, 5.7),
        (32, 37.8, 33.5, 3.6, 59.0, 7.1),
        (36, 41.9, 37.2, 3.2, 63.7, 8.4),
        (48, 52.7, 47.1, 3.4, 75.1, 6.8),
        (60, 61.4, 55.4, 3.8, 83.0, 7.4),
    ]
)
# Columns: points of the frozen baseline, later points, then as above.
_FROZEN_MEDIAN = np.array(
    [
        (8, 4, 5.5, 11.2, 3.1, 17.5, 1.9),
        (8, 8, 18.5, 16.1, 1.9, 31.7, 6.6),
        (8, 12, 28.5, 20.8, 2.9, 43.9, 11.8),
        (8, 18, 40.5, 27.5, 2.9, 57.2, 12.5),
        (8, 24, 49.7, 33.4, 3.3, 67.0, 17.5),
        (8, 36, 63.3, 43.9, 3.7, 79.8, 24.4),
        (8, 48, 73.0, 52.9, 3.6, 87.5, 23.3),
        (12, 4, 7.3, 16.2, 1.9, 22.7, 1.4),
        (12, 8, 18.1, 20.8, 3.2, 36.0, 6.3),
        (12, 12, 27.1, 25.3, 2.2, 45.7, 8.1),
        (12, 18, 38.1, 31.6, 3.6, 58.1, 10.5),
        (12, 24, 47.1, 37.4, 3.3, 67.3, 14.8),
        (12, 36, 60.6, 47.3, 3.4, 79.5, 15.5),
        (12, 48, 70.4, 55.7, 3.8, 87.1, 18.8),
        (16, 4, 11.5, 20.9, 3.7, 31.1, 2.5),
        (16, 8, 20.7, 25.3, 2.2, 40.8, 4.9),
        (16, 12, 28.9, 29.5, 3.2, 50.3, 5.8),
        (16, 18, 38.9, 35.5, 2.8, 60.6, 10.0),
        (16, 24, 47.0, 40.8, 3.6, 68.9, 11.8),
        (16, 36, 60.2, 50.1, 3.6, 80.3, 13.8),
        (16, 48, 69.5, 58.1, 3.5, 87.4, 16.6),
        (24, 4, 21.1, 29.6, 3.3, 44.9, 2.2),
        (24, 8, 28.5, 33.4, 3.8, 53.2, 4.3),
        (24, 12, 34.8, 37.2, 3.2, 59.3, 6.8),
        (24, 18, 43.3, 42.4, 3.7, 67.6, 8.2),
        (24, 24, 50.6, 47.2, 3.4, 74.1, 8.0),
        (24, 36, 62.3, 55.7, 3.9, 83.6, 10.5),
        (24, 48, 70.7, 62.8, 4.0, 89.3, 14.4),
    ]
)


@dataclass(frozen=True)
class FalseAlarm:
    """Share of charts of a stable process on which each rule speaks; NaN for a chart too short to say."""

    points: int
    shift: float
    trend: float
    runs: float
    any_rule: float
    """Any of shift, trend and runs."""
    anhoej: float
    words: str

    def __str__(self) -> str:
        return self.words


def false_alarm(points: int, baseline: int | None = None, trend_rule: str = "five") -> FalseAlarm:
    """How often the rules speak by chance on a chart with so many values.

    `baseline` is how many of them the median is frozen on: None for all, 0 for a median known from elsewhere. Read
    off between the rows of the table; baselines between 8 and 24 points, charts of 8 to 60. Beyond these the nearest
    row is taken, and fewer than 8 points give NaN and no words. With the trend rule that depends on the chart's
    length, the rates are simulated (10,000 charts).

    >>> print(false_alarm(24))
    If nothing had changed, about 37 of 100 charts with 24 points would still show a shift, a trend or unusual runs.
    """
    if points < 8:
        return FalseAlarm(points, np.nan, np.nan, np.nan, np.nan, np.nan, "")
    if trend_rule == "by length":
        shift, trend, runs, any_rule, anhoej = _simulated(min(points, 200), baseline)
    else:
        shift, trend, runs, any_rule, anhoej = (float(rate) for rate in _read(points, baseline) / 100)
    frozen = f", the median frozen on the first {baseline}," if baseline else ""
    words = (
        f"If nothing had changed, about {100 * any_rule:.0f} of 100 charts with {points} points{frozen} would still "
        "show a shift, a trend or unusual runs."
    )
    return FalseAlarm(points, shift, trend, runs, any_rule, anhoej, words)


def _read(points: int, baseline: int | None) -> FloatArray:
    if baseline is None:
        return _between(_OWN_MEDIAN, points)
    if baseline == 0:
        return _between(_KNOWN_MEDIAN, points)
    sizes = np.unique(_FROZEN_MEDIAN[:, 0])
    later = points - baseline
    rates = []
    for size in sizes:
        rows = _FROZEN_MEDIAN[_FROZEN_MEDIAN[:, 0] == size, 1:]
        start = np.concatenate([[0.0], _between(_OWN_MEDIAN, size)])
        rates.append(_between(np.vstack([start, rows]), later))
    return _between(np.column_stack([sizes, rates]), baseline)


def _between(table: FloatArray, place: float) -> FloatArray:
    """The row at a place, between those of the table; the first or last beyond them."""
    return np.array([np.interp(place, table[:, 0], column) for column in table[:, 1:].T])


@lru_cache(maxsize=256)
def _simulated(points: int, baseline: int | None) -> tuple[float, float, float, float, float]:
    rates = dict(zip(RULES, false_alarm_rates(points, baseline, charts=10_000).tolist(), strict=True))
    return rates["shift"], rates["trend by length"], rates["runs"], rates["any, trend by length"], rates["Anhøj"]
