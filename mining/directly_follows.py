"""Which activity directly follows which, and how long that took those who did it: the plain graph, fast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from mining.steps import by_group, distinct

IntArray = npt.NDArray[np.int64]


def directly_follows(log: EventLog) -> pd.DataFrame:
    """How often each activity directly follows another; one row a pair, most frequent first (ties by name).

    Columns: `source`, `target`, `traversals`. It needs nothing but the order of the events, so a log of a million
    events takes a fraction of a second.
    """
    pair, _, k = _movements(log)
    found, place = distinct(pair, k * k)
    return _table(log, found, {"traversals": np.bincount(place, minlength=len(found))}, k)


def directly_follows_times(log: EventLog) -> pd.DataFrame:
    """The same with the days that completed movements took, as other tools give them; rows as `directly_follows`.

    Columns besides: `mean_days`, `median_days`, `min_days`, `max_days`, `sum_days`, `std_days` (of a sample; NaN
    for a single movement). Nobody still waiting is counted, so in a log with open cases these are too short: what a
    council should read stands in `mining.process_map.discover_map`.
    """
    pair, at, k = _movements(log)
    found, place = distinct(pair, k * k)
    day = to_days(log.events["date"])
    days = day[at + 1] - day[at]
    count = np.bincount(place, minlength=len(found))
    total = np.bincount(place, days, minlength=len(found))
    mean = total / np.maximum(count, 1)
    squares = np.bincount(place, (days - mean[place]) ** 2, minlength=len(found))
    ordered = days[by_group(place, len(found))]
    ends = np.cumsum(count)
    parts = [ordered[end - size : end] for size, end in zip(count, ends, strict=True)]
    columns = {
        "traversals": count,
        "mean_days": mean,
        "median_days": np.array([np.median(part) for part in parts], dtype=np.float64),
        "min_days": np.array([part.min() for part in parts], dtype=np.float64),
        "max_days": np.array([part.max() for part in parts], dtype=np.float64),
        "sum_days": total,
        "std_days": np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan),
    }
    return _table(log, found, columns, k)


def _movements(log: EventLog) -> tuple[IntArray, IntArray, int]:
    """Each movement as source * k + target, the row of its first event, and k."""
    k = max(len(log.activities), 1)
    code = log.events["activity"].cat.codes.to_numpy().astype(np.int64)
    at = np.flatnonzero(_same_case(log))
    return code[at] * k + code[at + 1], at, k


def _same_case(log: EventLog) -> npt.NDArray[np.bool_]:
    """Whether each event but the last is followed by one of its own case; cheaper than numbering the cases."""
    case = log.events["case"]
    same: npt.NDArray[np.bool_] = case.array[1:] == case.array[:-1]
    return np.asarray(same, dtype=bool)


def _table(log: EventLog, found: IntArray, columns: dict[str, npt.NDArray[np.generic]], k: int) -> pd.DataFrame:
    names = np.array(log.activities or [""], dtype=object)
    table = pd.DataFrame(
        {
            "source": pd.Series(names[found // k], dtype="str"),
            "target": pd.Series(names[found % k], dtype="str"),
            **columns,
        }
    )
    return table.sort_values(["traversals", "source", "target"], ascending=[False, True, True], ignore_index=True)
