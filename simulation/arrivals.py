"""New cases: how many come, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import to_days

_BLOCK = 256


@dataclass(frozen=True)
class Arrivals:
    """New cases: a rate for each calendar month and the observed cases whose attributes they take.

    Counts are Poisson; attributes are copied from whole observed cases, so what goes together stays together.
    """

    per_month: npt.NDArray[np.float64]
    """Twelve rates, January first: cases a month."""
    pool: pd.DataFrame
    """One row an observed case that new cases may copy, with its attributes."""
    weight: npt.NDArray[np.float64]
    """How often each row of the pool is drawn, relative to the others."""

    def draw(
        self, start: pd.Timestamp, end: pd.Timestamp, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Days of arrival (since 1970-01-01, whole, ascending) after `start` up to `end`, and rows of the pool.

        A unit-rate Poisson process is read off the running total of the rates (inversion), two draws an arrival: a
        longer horizon only adds arrivals, and under other rates the same cases come sooner or later.
        """
        months = pd.date_range(start.normalize().replace(day=1), end, freq="MS")
        first, last = float(to_days(pd.Series([start]))[0]) + 1.0, float(to_days(pd.Series([end]))[0]) + 1.0
        bounds = np.clip(to_days(pd.Series(months.append(months[-1:] + pd.offsets.MonthBegin(1)))), first, last)
        length = np.asarray(months.days_in_month, dtype=float)
        total = np.append(0.0, np.cumsum(self.per_month[np.asarray(months.month) - 1] * np.diff(bounds) / length))
        points, units = np.zeros(0), np.zeros(0)
        while not len(points) or points[-1] <= total[-1]:
            draws = generator.random((_BLOCK, 2))
            points = np.append(points, (points[-1] if len(points) else 0.0) - np.cumsum(np.log1p(-draws[:, 0])))
            units = np.append(units, draws[:, 1])
        count = int(np.searchsorted(points, total[-1], side="left"))
        # Of two bounds with one total (a month with rate 0 between them), the later one is taken.
        day = np.floor(np.interp(points[:count], total, bounds))
        cumulative = np.cumsum(self.weight) / self.weight.sum()
        rows = np.searchsorted(cumulative, units[:count], side="right")
        return np.minimum(day, last - 1.0), np.minimum(rows, len(self.pool) - 1).astype(np.int64)
