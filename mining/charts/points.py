"""The points of a chart from an event log: by the month in which children finished, or by the quarter they entered.

A chart by completion month is what people know, and misleads: when a backlog is cleared the median first rises, for
the children cleared had waited long, and then falls, though nothing has changed for a child who enters; and a real
change takes as long to arrive as children take to finish. A chart by entry cohort at a fixed horizon shows a change in
the first cohort it touches, and nothing for a cleared backlog, at the price of waiting for the horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from event_logs.log import EventLog, from_days
from event_logs.vocabulary import Aim, Stage
from mining.aims import find_aim_visits
from mining.charts.periods import Grid, Period, date_of, first_day, groups_of
from mining.charts.rules import FloatArray, IntArray
from mining.survival import aalen_johansen, kaplan_meier
from mining.visits import REACHED, BoolArray, FoundVisits, check_activities, find_visits

Statistic = Literal["median", "mean", "count", "share within limit"]

_SAME_DAY = 0.5
COMPLETION_COLUMNS = ("group", "label", "start", "end", "n", "value", "complete", "reason")
COHORT_COLUMNS = ("group", "label", "start", "end", "n", "reached", "value", "complete", "reason")


def completion_series(
    log: EventLog,
    stage: Stage | Aim,
    *,
    period: Period = "month",
    statistic: Statistic = "median",
    by: str | None = None,
) -> pd.DataFrame:
    """Durations of a stage or an aim by the period in which children reached the stop; one row a period, in order.

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
    clock = _Clock.of(log, stage)
    found, first = clock.found, first_day(log, clock.stops)
    used = clock.completed(log)
    days = found.exit[used] - found.start[used]
    limit = np.nan if stage.limit_days is None else float(stage.limit_days)
    grid = Grid.of(log, found.exit[used], period, first)
    groups, group = groups_of(log, found.case[used], by)
    starts_known = first_day(log, clock.starts)
    blind = clock.blind_until(log)
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
    clock = _Clock.of(log, aim)
    first = first_day(log, (*clock.starts, *clock.stops)) + clock.delay
    visits = clock.found.usable().begun_since(max(first, log.arrays.window_start))
    grid = Grid.of(log, visits.start, period, first)
    groups, group = groups_of(log, visits.case, by)
    end = log.arrays.window_end
    rows = []
    for name in groups:
        for number in range(len(grid)):
            mine = (group == name) & (grid.cell == number)
            n, days, cause = int(mine.sum()), visits.days[mine], visits.cause[mine]
            reached = int(((cause == REACHED) & (days <= horizon)).sum())
            # Every child of the cohort must have had the horizon; the last of them may have started on its last day.
            due = max(grid.edges[number + 1] - 1, float(visits.start[mine].max(initial=-np.inf)) + horizon)
            reason = "" if due <= end else f"complete on {date_of(due):%Y-%m-%d}"
            value = _share(days, cause, float(horizon), over=not reason)
            rows.append((name, *grid.row(number), n, reached, value, not reason, reason))
    return _frame(rows, COHORT_COLUMNS)


def completed_durations(log: EventLog, stage: Stage | Aim) -> pd.DataFrame:
    """The days each child took for a stage or aim, in the order in which children finished: what `cusum` watches.

    Columns: `case`, `start`, `end` (dates), `days`. Children who finished on the same day stand in the order of
    their start, then of their case id. The logs of the days go into `shewhart` (kind "i", one point a child). Raises
    as `completion_series`.
    """
    clock = _Clock.of(log, stage)
    found, used = clock.found, clock.completed(log)
    table = pd.DataFrame(
        {
            "case": log.cases["case"].to_numpy()[found.case[used]],
            "start": from_days(found.start[used]),
            "end": from_days(found.exit[used]),
            "days": found.exit[used] - found.start[used],
        }
    )
    return table.sort_values(["end", "start", "case"], kind="stable").reset_index(drop=True)


def met_between_misses(log: EventLog, aim: Aim | Stage) -> pd.DataFrame:
    """How many children finished in time between one who did not and the next: the points of a g chart.

    One row a child who finished late, in the order of finishing, from the first on. Columns: `label` (the date it
    finished), `start` (the same), `value` (children in time since the one before). Right where misses are rare; empty
    where nobody was late. Raises ValueError for a stage without limit, and as `completion_series`.
    """
    if aim.limit_days is None:
        raise ValueError(f"misses need a limit; {aim.name!r} has none")
    table = completed_durations(log, aim)
    late = np.flatnonzero(table["days"].to_numpy() > aim.limit_days)
    between = np.diff(late, prepend=-1) - 1
    dates = table["end"].iloc[late].reset_index(drop=True)
    return pd.DataFrame({"label": dates.dt.strftime("%Y-%m-%d"), "start": dates, "value": between.astype(np.float64)})


def days_between(log: EventLog, *activities: str) -> pd.DataFrame:
    """Days from one event of the activities to the next in the whole log: the points of a t chart, for rare events.

    One row an event from the second on, in time order, those before the activities were reliably recorded left out.
    Columns: `label` (its date), `start` (the same), `value` (days since the one before; half a day for two on one
    day, since a t chart needs values above 0). Raises ValueError for an unknown activity.
    """
    if not activities:
        raise ValueError("days_between must be given at least one activity")
    check_activities(log, activities)
    events = log.events.loc[log.events["activity"].isin(activities), "date"]
    dates = events[events >= log.window.reliable_from(*activities)].sort_values().reset_index(drop=True)
    days = dates.diff().dt.total_seconds().to_numpy()[1:] / 86_400
    later = dates.iloc[1:].reset_index(drop=True)
    values = np.maximum(days, _SAME_DAY).astype(np.float64)
    return pd.DataFrame({"label": later.dt.strftime("%Y-%m-%d"), "start": later, "value": values})


@dataclass(frozen=True, eq=False)
class _Clock:
    """What is timed: a stage or an aim, with the visits it found."""

    found: FoundVisits
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    delay: float
    """Days after the start until the clock runs."""

    @classmethod
    def of(cls, log: EventLog, what: Stage | Aim) -> _Clock:
        if isinstance(what, Aim):
            found, _ = find_aim_visits(log, what)
            return cls(found, (what.clock_start,), what.clock_stops, what.starts_after_days)
        return cls(find_visits(log, what), what.starts, what.stops, 0.0)

    def completed(self, log: EventLog) -> BoolArray:
        """Which visits ended by a stop that was recorded."""
        found = self.found
        reached: BoolArray = (found.cause == REACHED) & ~found.not_recorded & (found.exit >= first_day(log, self.stops))
        return reached

    def blind_until(self, log: EventLog) -> float:
        """Until when completions lack children who began before starts were recorded: nine in ten done by then."""
        starts_known = first_day(log, self.starts)
        if starts_known <= log.arrays.window_start:
            return -np.inf
        visits = self.found.usable().begun_since(starts_known)
        curve = kaplan_meier(visits.days, visits.cause > 0)
        longest = curve.quantile(0.9)
        return starts_known + (curve.last if np.isnan(longest) else longest)


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


def _frame(rows: Sequence[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns))
    for column in ("start", "end"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    kinds = {"n": "int64", "reached": "int64", "value": "float64", "complete": "bool"}
    return frame.astype({column: kind for column, kind in kinds.items() if column in frame})
