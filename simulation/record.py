"""From what a run recorded to the event log it returns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays, from_days, to_days
from event_logs.window import ObservationWindow
from simulation.children import Children
from simulation.cohort import Cohort
from simulation.model import PathwayModel


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run leaves behind: sixteen bytes an event, in no particular order.

    Also what lies beyond the horizon or a child's end.
    """

    child: array[int]
    activity: array[int]
    """Codes, as in `activity_codes`."""
    day: array[float]
    ended: list[float]
    """For each child, the day the case ended; infinite for those still there."""

    def add(self, child: int, activity: int, day: float) -> None:
        """One event."""
        self.child.append(child)
        self.activity.append(activity)
        self.day.append(day)


def activity_codes(model: PathwayModel) -> dict[str, int]:
    """Each activity's position in the order of the log: by rank, then by name."""
    names = sorted(model.ranks, key=lambda name: (model.ranks[name], name))
    return {name: number for number, name in enumerate(names)}


def log_of(recorded: Recorded, model: PathwayModel, cohort: Cohort, children: Children, end: pd.Timestamp) -> EventLog:
    """The event log of a run: recorded past of the openers, then what the run recorded, up to the window's end.

    Past activities that the model does not know are left out.
    """
    window = ObservationWindow(pd.Timestamp(from_days([cohort.day])[0]), end)
    horizon = float(to_days(pd.Series([end]))[0])
    ranks, code = model.ranks, activity_codes(model)
    names = list(code)
    past = _past(cohort, np.asarray([code.get(name, -1) for name in cohort.history.activities], dtype=np.int64))
    child = np.asarray(recorded.child, dtype=np.int64)
    activity = np.asarray(recorded.activity, dtype=np.int64)
    day = np.asarray(recorded.day, dtype=np.float64)
    if model.whole_days:
        day = np.floor(day)
    ended = np.asarray(recorded.ended)
    kept = (day <= ended[child]) & (day <= horizon)
    child = np.concatenate([past[0], child[kept]])
    activity = np.concatenate([past[1], activity[kept]])
    day = np.concatenate([past[2], day[kept]])
    cases = children.cases.copy()
    final_day = np.where(np.isfinite(ended), np.floor(ended) if model.whole_days else ended, np.nan)
    cases["end"] = from_days(np.where(final_day <= horizon, final_day, np.nan))
    return _ordered(cases, (child, activity, day), names, np.asarray([ranks[name] for name in names]), window)


def _past(
    cohort: Cohort, codes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    history = cohort.history
    lengths = history.first[cohort.rows + 1] - history.first[cohort.rows]
    child = np.repeat(np.arange(len(cohort.rows)), lengths)
    offset = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(history.first[cohort.rows], lengths) + offset
    activity = codes[history.activity[rows]] if len(rows) else np.zeros(0, dtype=np.int64)
    known = activity >= 0
    return child[known], activity[known], history.day[rows][known]


def _ordered(
    cases: pd.DataFrame,
    events: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]],
    names: list[str],
    ranks: npt.NDArray[np.int64],
    window: ObservationWindow,
) -> EventLog:
    child, activity, day = events
    order = cases["case"].argsort().to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    cases = cases.iloc[order].reset_index(drop=True)
    sort = np.lexsort((activity, ranks[activity], day, place[child])) if len(child) else np.zeros(0, dtype=np.int64)
    child, activity, day = place[child][sort], activity[sort], day[sort]
    frame = pd.DataFrame(
        {
            "case": cases["case"].take(child).array,
            "activity": pd.Categorical.from_codes(activity, categories=pd.Index(names)),
            "date": from_days(day),
            "rank": ranks[activity].astype(np.int32),
        }
    )
    log = EventLog(frame, cases, window)
    # The arrays are what all this was made from; taken back out of the tables they would cost a tenth of the run.
    log.__dict__["arrays"] = LogArrays(
        case=child.astype(np.int32),
        activity=activity.astype(np.int32),
        day=day,
        first=np.searchsorted(child, np.arange(len(cases) + 1)).astype(np.int64),
        start=to_days(cases["start"]),
        end=to_days(cases["end"]),
        activities=tuple(names),
        window_start=float(to_days(pd.Series([window.start]))[0]),
        window_end=float(to_days(pd.Series([window.end]))[0]),
    )
    return log
