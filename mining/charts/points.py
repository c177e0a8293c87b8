"""The points of a chart from an event log: by the month in which children finished, or by the quarter they entered.

A chart by completion month is what people know, and misleads: when a backlog is cleared the median first rises, for
the children cleared had waited long, and then falls, though nothing has changed for a child who enters; and a real
change takes as long to arrive as children take to finish. A chart by entry cohort at a fixed horizon shows a change in
the first cohort it touches, and nothing for a cleared backlog, at the price of waiting for the horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import Aim, Stage
from mining.aims import aim_visits
from mining.charts.rules import FloatArray, IntArray
from mining.survival import aalen_johansen, kaplan_meier
from mining.visits import REACHED, Visits, find_visits, stage_visits

Period = Literal["month", "quarter", "year"]
Statistic = Literal["median", "mean", "count", "share within limit"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
COMPLETION_COLUMNS = ("group", "label", "start", "end", "n", "value", "complete", "reason")
COHORT_COLUMNS = ("group", "label", "start", "end", "n", "reached", "value", "complete", "reason")


def completion_series(
    log: EventLog,
    stage: Stage,
    *,
    period: Period = "month",
    statistic: Statistic = "median",
    by: str | None = None,
) -> pd.DataFrame:
    """A stage's durations by the period in which children reached its stop; one row a period, in time order.

    Columns: `group` (value of the case attribute `by`, "" without it; every group has all periods), `label`
    ("2024-01", "2024 Q1", "2024"), `start` and `end` (first and last day), `n` (children who reached the stop in it),
    `value` (`statistic` of their days: "median", "mean", "count" of them, or "share within limit" of the stage; NaN
    where n is 0, but a count is 0), `complete` and `reason`: False where the period is cut by the edge of the
    observation, or where children who began before starts were reliably recorded are missing from it, so that only
    short waits can be seen. Only children who reached the stop are here: those still waiting are not, nor are those
    who left another way. The table goes straight into `run_chart`, one group at a time.

    A log without completions gives an empty table. Raises ValueError for an unknown activity or attribute, and for a
    share within the limit of a stage without one.
    """
    if statistic == "share within limit" and stage.limit_days is None:
        raise ValueError(f"a share within the limit needs a stage with a limit; {stage.name!r} has none")
    found = find_visits(log, stage)
    first = _first_day(log, stage.stops)
    used = (found.cause == REACHED) & ~found.not_recorded & (found.exit >= first)
    days = found.exit[used] - found.start[used]
    limit = np.nan if stage.limit_days is None else float(stage.limit_days)
    grid = _Grid.of(log, found.exit[used], period, first)
    groups, group = _groups(log, found.case[used], by)
    starts_known = _first_day(log, stage.starts)
    blind = _blind_until(log, stage, starts_known)
    rows = []
    for name in groups:
        for number in range(len(grid)):
            mine = days[(group == name) & (grid.cell == number)]
            reason = grid.cut(number, first, log.arrays.window_end)
            if not reason and starts_known > log.arrays.window_start and grid.edges[number] < blind:
                reason = "children who began before starts were recorded are missing"
            value = _STATISTICS[statistic](mine, limit) if len(mine) or statistic == "count" else np.nan
            rows.append((name, *grid.row(number), len(mine), value, not reason, reason))
    return _frame(rows, COMPLETION_COLUMNS)


def entry_cohort_series(
    log: EventLog,
    aim: Aim | Stage,
    *,
    horizon_days: float | None = None,
    period: Period = "quarter",
    by: str | None = None,
) -> pd.DataFrame:
    """The share of children who reach the stop within the horizon, by the period in which their clock started.

    Columns: `group`, `label`, `start`, `end` as in `completion_series`; `n` (children whose clock started in the
    period), `reached` (of them, with the stop within `horizon_days` so far), `value` (the share), `complete`: True
    when the period is over and every child of the cohort has had the horizon; then the value is reached / n, leaving
    another way counting as not reached. Until then `value` counts those still waiting as far as they were seen
    (Aalen-Johansen; NaN while nobody was followed to the horizon), `complete` is False and `reason` says when the
    cohort will be; such points are drawn hollow and judged by no rule. `horizon_days` is by default the limit of the
    aim or stage. Children are left out as in `aims` and `stage_visits`; so are those who began before recording did,
    of whom only the slow ones are in the log.

    A log in which no clock started gives an empty table. Raises ValueError for an unknown activity or attribute, a
    horizon that is not positive, and a stage without limit when no horizon is given.
    """
    horizon = aim.limit_days if horizon_days is None else horizon_days
    if horizon is None or not horizon > 0:
        raise ValueError(f"horizon_days must be given and positive for {aim.name!r}, got {horizon}")
    if isinstance(aim, Aim):
        visits, _ = aim_visits(log, aim)
        first = _first_day(log, (aim.clock_start, *aim.clock_stops)) + aim.starts_after_days
    else:
        visits = stage_visits(log, aim)
        first = _first_day(log, (*aim.starts, *aim.stops))
    visits = _entered_from(visits, max(first, log.arrays.window_start))
    grid = _Grid.of(log, visits.start, period, first)
    groups, group = _groups(log, visits.case, by)
    end = log.arrays.window_end
    rows = []
    for name in groups:
        for number in range(len(grid)):
            mine = (group == name) & (grid.cell == number)
            n, days, cause = int(mine.sum()), visits.days[mine], visits.cause[mine]
            reached = int(((cause == REACHED) & (days <= horizon)).sum())
            # Every child of the cohort must have had the horizon; the last of them may have started on its last day.
            due = max(grid.edges[number + 1] - 1, float(visits.start[mine].max(initial=-np.inf)) + horizon)
            reason = "" if due <= end else f"complete on {_date(due):%Y-%m-%d}"
            value = _share(days, cause, float(horizon), over=not reason)
            rows.append((name, *grid.row(number), n, reached, value, not reason, reason))
    return _frame(rows, COHORT_COLUMNS)


def completed_durations(log: EventLog, stage: Stage) -> pd.DataFrame:
    """The days each child took for a stage, in the order in which children finished it: what `cusum` watches.

    Columns: `case`, `start`, `end` (dates), `days`. Children who finished on the same day stand in the order of
    their start, then of their case id. Raises as `completion_series`.
    """
    found = find_visits(log, stage)
    used = (found.cause == REACHED) & ~found.not_recorded & (found.exit >= _first_day(log, stage.stops))
    table = pd.DataFrame(
        {
            "case": log.cases["case"].to_numpy()[found.case[used]],
            "start": from_days(found.start[used]),
            "end": from_days(found.exit[used]),
            "days": found.exit[used] - found.start[used],
        }
    )
    return table.sort_values(["end", "start", "case"], kind="stable").reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Calendar periods from the first to the last that can hold anything."""

    cell: IntArray
    """For each day given, the number of its period."""
    edges: FloatArray
    """The day each period begins, and one more: the day after the last."""
    labels: tuple[str, ...]

    @classmethod
    def of(cls, log: EventLog, days: FloatArray, period: Period, first: float) -> _Grid:
        if period not in _MONTHS:
            raise ValueError(f"period must be one of {', '.join(_MONTHS)}, got {period!r}")
        if not len(days):
            return cls(np.empty(0, dtype=np.int64), np.empty(0), ())
        width = _MONTHS[period]
        ends = _months(np.array([max(first, log.arrays.window_start), log.arrays.window_end])) // width
        months = np.arange(ends[0], ends[1] + 2) * width
        edges = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.float64)
        labels = tuple(_label(int(month), period) for month in months[:-1])
        return cls(_months(days) // width - ends[0], edges, labels)

    def __len__(self) -> int:
        return len(self.labels)

    def row(self, number: int) -> tuple[str, pd.Timestamp, pd.Timestamp]:
        """Label, first day and last day of a period."""
        return self.labels[number], _date(self.edges[number]), _date(self.edges[number + 1] - 1)

    def cut(self, number: int, first: float, end: float) -> str:
        """Why the period is not seen whole, or ""."""
        if self.edges[number] < first:
            return "recording began within the period"
        return "the period was not over at the extraction date" if self.edges[number + 1] - 1 > end else ""


def _months(days: FloatArray) -> IntArray:
    """Months since January 1970."""
    return from_days(days).astype("datetime64[M]").astype(np.int64)


def _date(day: float) -> pd.Timestamp:
    return pd.Timestamp(from_days([day])[0])


def _label(month: int, period: Period) -> str:
    year, inside = 1970 + month // 12, month % 12
    if period == "month":
        return f"{year}-{inside + 1:02d}"
    return f"{year} Q{inside // 3 + 1}" if period == "quarter" else str(year)


def _first_day(log: EventLog, activities: tuple[str, ...]) -> float:
    return float(to_days(pd.Series([log.window.reliable_from(*activities)]))[0])


def _blind_until(log: EventLog, stage: Stage, starts_known: float) -> float:
    """Until when completions are short of children who began before starts were recorded: nine in ten done by then."""
    if starts_known <= log.arrays.window_start:
        return -np.inf
    visits = _entered_from(stage_visits(log, stage), starts_known)
    curve = kaplan_meier(visits.days, visits.cause > 0)
    longest = curve.quantile(0.9)
    return starts_known + (curve.last if np.isnan(longest) else longest)


def _entered_from(visits: Visits, day: float) -> Visits:
    keep = visits.start >= day
    return Visits(
        case=visits.case[keep],
        start=visits.start[keep],
        exit=visits.exit[keep],
        cause=visits.cause[keep],
        entry_delay=visits.entry_delay[keep],
    )


def _share(days: FloatArray, cause: IntArray, horizon: float, *, over: bool) -> float:
    if not len(days):
        return np.nan
    if over:
        return float(((cause == REACHED) & (days <= horizon)).mean())
    return float(aalen_johansen(days, cause, ways=2).at(horizon)[0])


_STATISTICS: dict[str, Callable[[FloatArray, float], float]] = {
    "median": lambda days, limit: float(np.median(days)),
    "mean": lambda days, limit: float(days.mean()),
    "count": lambda days, limit: float(len(days)),
    "share within limit": lambda days, limit: float((days <= limit).mean()),
}


def _groups(log: EventLog, case: IntArray, by: str | None) -> tuple[list[str], npt.NDArray[np.object_]]:
    """The groups in order, and each visit's."""
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


def _frame(rows: Sequence[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns))
    for column in ("start", "end"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    kinds = {"n": "int64", "reached": "int64", "value": "float64", "complete": "bool"}
    return frame.astype({column: kind for column, kind in kinds.items() if column in frame})
