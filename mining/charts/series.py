"""What is plotted: values in time order with their labels, dates and numbers of children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from mining.charts.rules import FloatArray

Values: TypeAlias = "Sequence[float] | FloatArray | pd.Series[float] | pd.DataFrame"


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a chart."""

    values: FloatArray
    """NaN where missing, and where the point is still provisional: no rule ever judges those."""
    labels: tuple[str, ...]
    dates: tuple[pd.Timestamp, ...] = ()
    """When each point's period begins; empty for points without dates."""
    provisional: FloatArray | None = None
    """Values whose period, or whose children's time, is not over yet; NaN elsewhere."""
    counts: FloatArray | None = None
    """How many children stand behind each point."""

    def __len__(self) -> int:
        return len(self.values)

    def label(self, position: int) -> str:
        """The label of a point, with "point" before a mere number."""
        label = self.labels[position]
        return f"point {label}" if label == str(position + 1) else label

    def between(self, positions: Sequence[int]) -> str:
        """Where a row of points stands, in words."""
        first, last = positions[0], positions[-1]
        if first == last:
            return self.label(first)
        if not self.dates and self.labels[first] == str(first + 1):
            return f"points {first + 1} to {last + 1}"
        return f"{self.labels[first]} to {self.labels[last]}"


def written(value: float) -> str:
    """A number as it stands in a sentence: three figures, halves of hundreds kept, thousands with a comma.

    >>> written(48.213), written(212.5), written(12345.6)
    ('48.2', '212.5', '12,346')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}"


def as_points(data: Values) -> Points:
    """The points in any of the forms a chart takes.

    A sequence of numbers gets the labels 1, 2, ...; a Series those of its index; a frame as `completion_series` and
    `entry_cohort_series` give it brings labels, dates, numbers of children, and which points are complete. NaN is
    missing. Raises ValueError for anything else: not numbers, infinite, several groups in one frame.
    """
    if isinstance(data, pd.DataFrame):
        return _from_frame(data)
    values = _numbers(data)
    if isinstance(data, pd.Series) and not isinstance(data.index, pd.RangeIndex):
        index = data.index
        if isinstance(index, pd.PeriodIndex):
            index = index.to_timestamp()
        dates = tuple(index) if isinstance(index, pd.DatetimeIndex) else ()
        labels = tuple(f"{day:%Y-%m-%d}" for day in dates) if dates else tuple(str(label) for label in data.index)
        return Points(values, labels, dates)
    return Points(values, tuple(str(number + 1) for number in range(len(values))))


def _from_frame(frame: pd.DataFrame) -> Points:
    missing = [column for column in ("label", "value") if column not in frame]
    if missing:
        raise ValueError(f"points must have the columns label and value; missing: {', '.join(missing)}")
    if "group" in frame and frame["group"].nunique() > 1:
        names = ", ".join(sorted(frame["group"].astype("str").unique()))
        raise ValueError(f"a chart shows one group at a time; the points hold {names}")
    values = _numbers(frame["value"])
    complete = frame["complete"].to_numpy(dtype=bool) if "complete" in frame else np.ones(len(frame), dtype=bool)
    return Points(
        values=np.where(complete, values, np.nan),
        labels=tuple(frame["label"].astype("str")),
        dates=tuple(pd.to_datetime(frame["start"])) if "start" in frame else (),
        provisional=np.where(complete, np.nan, values),
        counts=_numbers(frame["n"]) if "n" in frame else None,
    )


def _numbers(data: object) -> FloatArray:
    try:
        if isinstance(data, pd.Series):
            values = data.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            raw = [np.nan if value is None else value for value in data]  # type: ignore[attr-defined]
            values = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"values must be numbers in time order, NaN for a missing one; got {data!r:.80}") from error
    if values.ndim != 1 or np.isinf(values).any():
        raise ValueError("values must be one row of finite numbers, NaN for a missing one")
    return values
