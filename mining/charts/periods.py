"""Calendar periods of a log, and the groups of its cases: what every chart over time stands on."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from mining.charts.rules import FloatArray, IntArray

Period = Literal["month", "quarter", "year"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, eq=False)
class Grid:
    """Calendar periods from the first to the last that can hold anything."""

    cell: IntArray
    """For each day given, the number of its period."""
    edges: FloatArray
    """The day each period begins, and one more: the day after the last."""
    labels: tuple[str, ...]

    @classmethod
    def of(cls, log: EventLog, days: FloatArray, period: Period, first: float) -> Grid:
        """The periods of the window from a first day on, with the given days put in them; none without days."""
        if period not in _MONTHS:
            raise ValueError(f"period must be one of {', '.join(_MONTHS)}, got {period!r}")
        if not len(days):
            return cls(np.empty(0, dtype=np.int64), np.empty(0), ())
        width = _MONTHS[period]
        ends = _months(np.array([max(first, log.arrays.window_start), log.arrays.window_end])) // width
        months = np.arange(ends[0], ends[1] + 2) * width
        edges = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.float64)
        labels = tuple(_label_of(int(month), period) for month in months[:-1])
        return cls(_months(days) // width - ends[0], edges, labels)

    def __len__(self) -> int:
        return len(self.labels)

    def row(self, number: int) -> tuple[str, pd.Timestamp, pd.Timestamp]:
        """Label, first day and last day of a period."""
        return self.labels[number], date_of(self.edges[number]), date_of(self.edges[number + 1] - 1)

    def cut(self, number: int, first: float, end: float) -> str:
        """Why the period is not seen whole, or ""."""
        if self.edges[number] < first:
            return "recording began within the period"
        return "the period was not over at the extraction date" if self.edges[number + 1] - 1 > end else ""


def _months(days: FloatArray) -> IntArray:
    """Months since January 1970."""
    return from_days(days).astype("datetime64[M]").astype(np.int64)


def date_of(day: float) -> pd.Timestamp:
    """The date of a day since 1970-01-01."""
    return pd.Timestamp(from_days([day])[0])


def _label_of(month: int, period: Period) -> str:
    year, inside = 1970 + month // 12, month % 12
    if period == "month":
        return f"{year}-{inside + 1:02d}"
    return f"{year} Q{inside // 3 + 1}" if period == "quarter" else str(year)


def first_day(log: EventLog, activities: tuple[str, ...]) -> float:
    """The day from which the activities were reliably recorded."""
    return float(to_days(pd.Series([log.window.reliable_from(*activities)]))[0])


def groups_of(log: EventLog, case: IntArray, by: str | None) -> tuple[list[str], npt.NDArray[np.object_]]:
    """The groups of the case attribute `by` in order, and the group of each of the given cases.

    One group, "", without `by`; raises ValueError for an attribute that the cases do not have.
    """
    if by is None:
        return [""], np.full(len(case), "", dtype=object)
    if by not in log.cases:
        attributes = sorted(str(column) for column in log.cases if column not in ("case", "start", "end"))
        near = get_close_matches(by, attributes, n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]!r}?" if near else "; the cases have none"
        raise ValueError(f"by must be an attribute of the cases, got {by!r}{hint}")
    values = log.cases[by].astype("object")
    names = values.where(values.notna(), "not recorded").astype("str")
    return sorted(names.unique()), names.to_numpy(dtype=object)[case]
