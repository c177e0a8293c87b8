"""Little's law as a check: children in a stage = arrivals a day x days each spends there.

Counted day by day, the children in a stage add up to exactly the child-days of its visits; that is an identity, and a
test of the counting. Read as "arrivals a day x days in the stage", the law gives the time a child takes only while
the number waiting neither grows nor shrinks, so the table says which.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import STAGES, Stage
from mining.visits import OPEN, REACHED, find_visits

FloatArray = npt.NDArray[np.float64]

ALL_STAGES = "Whole journey: case start to case end"
_STEADY = 0.1
_COLUMNS = [
    *("stage", "days", "arrivals", "departures", "at_start", "at_end", "mean_in_stage", "arrivals_a_day"),
    *("days_each", "child_days", "counted_days", "difference", "note"),
]


def littles_law(log: EventLog, stages: Sequence[Stage] = STAGES, *, since: pd.Timestamp | None = None) -> pd.DataFrame:
    """Children in each stage against its visits, from `since` to the window's end; open visits counted to there.

    One row a stage and a last one for the whole journey. Columns: `stage`; `days` (length of the time looked at);
    `arrivals` and `departures` in that time; `at_start`, `at_end` (children in the stage then); `mean_in_stage` (mean
    of the daily counts); `arrivals_a_day`; `days_each` = mean_in_stage / arrivals_a_day, what the law says a child
    spends there (NaN without arrivals); `child_days` (sum over the visits), `counted_days` (sum over the daily
    counts), `difference` between them, 0 but for rounding; `note`. Visits whose end nobody knows are in neither.

    `since` is by default the first day from which each stage's stops were reliably recorded. A time of no length has
    0 days and NaN rates. Raises ValueError for an activity that neither log nor vocabulary knows.
    """
    rows = [_row(stage.name, *_spans(log, stage), log, _since(log, stage, since)) for stage in stages]
    arrays = log.arrays
    end = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)
    begin = arrays.window_start if since is None else float(to_days(pd.Series([since]))[0])
    rows.append(_row(ALL_STAGES, arrays.start, np.maximum(end, arrays.start), np.isnan(arrays.end), log, begin))
    return pd.DataFrame(rows, columns=_COLUMNS)


def daily_counts(log: EventLog, stages: Sequence[Stage] = STAGES) -> pd.DataFrame:
    """How many children were in each stage at the end of each day of the window: `date`, then a column a stage.

    A child is in a stage from the day it began to the day before it ended. Counts are of known visits, see
    `littles_law`; before a stage's stops were reliably recorded they are too low. Raises as that does.
    """
    begin, end = np.floor(log.arrays.window_start), np.floor(log.arrays.window_end)
    days = np.arange(begin, end + 1)
    table: dict[str, object] = {"date": from_days(days)}
    for stage in stages:
        start, leave, still = _spans(log, stage)
        gone = np.sort(np.floor(leave[~still]))
        came = np.sort(np.floor(start))
        inside = np.searchsorted(came, days, side="right") - np.searchsorted(gone, days, side="right")
        table[stage.name] = inside.astype(np.int64)
    return pd.DataFrame(table)


def _since(log: EventLog, stage: Stage, since: pd.Timestamp | None) -> float:
    chosen = log.window.reliable_from(*stage.starts, *stage.stops) if since is None else since
    return float(to_days(pd.Series([chosen]))[0])


def _spans(log: EventLog, stage: Stage) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Start and end of the visits whose end is known, and which are open."""
    found = find_visits(log, stage)
    unknown = found.not_recorded | (found.before_reliable & (found.cause != REACHED))
    keep = ~unknown
    return found.start[keep], found.exit[keep], found.cause[keep] == OPEN


def _row(
    name: str, start: FloatArray, leave: FloatArray, still: npt.NDArray[np.bool_], log: EventLog, begin: float
) -> dict[str, object]:
    end = log.arrays.window_end
    length = max(0.0, end - begin)
    spent = np.maximum(0.0, np.minimum(leave, end) - np.maximum(start, begin))
    counted = _integral(start, leave, begin, end)
    arrivals = int(((start >= begin) & (start < end)).sum())
    departures = int(((leave >= begin) & (leave < end) & ~still).sum())
    mean = counted / length if length else np.nan
    rate = arrivals / length if length else np.nan
    at_start = int(((start < begin) & (leave >= begin)).sum())
    at_end = int(((start < end) & ((leave >= end) | still)).sum())
    return {
        "stage": name,
        "days": length,
        "arrivals": arrivals,
        "departures": departures,
        "at_start": at_start,
        "at_end": at_end,
        "mean_in_stage": mean,
        "arrivals_a_day": rate,
        "days_each": mean / rate if arrivals else np.nan,
        "child_days": float(spent.sum()),
        "counted_days": counted,
        "difference": float(spent.sum()) - counted,
        "note": _note(arrivals, at_start, at_end, mean),
    }


def _integral(start: FloatArray, leave: FloatArray, begin: float, end: float) -> float:
    """Sum over time of how many are inside: counts between all instants at which they change, times their lengths."""
    if end <= begin:
        return 0.0
    times = np.unique(np.clip(np.concatenate([start, leave, [begin, end]]), begin, end))
    inside = np.searchsorted(np.sort(start), times[:-1], side="right")
    inside -= np.searchsorted(np.sort(leave), times[:-1], side="right")
    return float(np.sum(inside * np.diff(times)))


def _note(arrivals: int, at_start: int, at_end: int, mean: float) -> str:
    if not arrivals:
        return "nobody came into this stage in the time looked at"
    change = at_end - at_start
    if abs(change) <= max(_STEADY * mean, 2 * np.sqrt(max(mean, 1.0))):
        return "steady: arrivals x days gives what a child spends here"
    if change > 0:
        return (
            f"the number here grew from {at_start:,} to {at_end:,}: days_each leaves out what they have still to wait"
        )
    return f"the number here shrank from {at_start:,} to {at_end:,}: days_each counts an old backlog being cleared"
