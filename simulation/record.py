"""From what a run recorded to the event log it returns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays, from_days, to_days
from event_logs.window import ObservationWindow
from simulation.children import NEVER, Children
from simulation.cohort import Cohort
from simulation.model import PathwayModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Events = tuple[Ints, Ints, Floats]
"""Of each event the child, the activity's code and the day."""
_MOST_BITS = 63
"""Of a whole number above 0."""


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

    @classmethod
    def nothing(cls, children: int) -> Recorded:
        """Before anything has happened to so many children."""
        return cls(array("i"), array("i"), array("d"), [NEVER] * children)

    def take_over(self, others: Recorded) -> None:
        """What was recorded of other children, whose numbers come after those of all the children so far."""
        child = np.asarray(others.child, dtype=np.intc) + np.intc(len(self.ended))
        self.child.frombytes(child.tobytes())
        self.activity.extend(others.activity)
        self.day.extend(others.day)
        self.ended.extend(others.ended)

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
    code = activity_codes(model)
    ended = np.asarray(recorded.ended)
    child, day = np.asarray(recorded.child), np.asarray(recorded.day)
    if model.whole_days:
        day = np.floor(day)
    kept = np.flatnonzero((day <= ended[child]) & (day <= horizon))
    past = _past(cohort, np.asarray([code.get(name, -1) for name in cohort.history.activities], dtype=np.int32))
    events = (
        np.concatenate([past[0], child[kept]]),
        np.concatenate([past[1], np.asarray(recorded.activity)[kept]]),
        np.concatenate([past[2], day[kept]]),
    )
    final_day = np.where(np.isfinite(ended), np.floor(ended) if model.whole_days else ended, np.nan)
    ends = np.where(final_day <= horizon, final_day, np.nan)
    ranks = np.asarray([model.ranks[name] for name in code], dtype=np.int32)
    return _ordered(children.cases, ends, events, (tuple(code), ranks), window)


def _past(cohort: Cohort, codes: Ints) -> Events:
    history = cohort.history
    lengths = history.first[cohort.rows + 1] - history.first[cohort.rows]
    child = np.repeat(np.arange(len(cohort.rows), dtype=np.int32), lengths)
    offset = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(history.first[cohort.rows], lengths) + offset
    activity = codes[history.activity[rows]] if len(rows) else np.zeros(0, dtype=np.int32)
    known = activity >= 0
    return child[known], activity[known], history.day[rows][known]


def _ordered(
    cases: pd.DataFrame,
    ends: Floats,
    events: Events,
    activities: tuple[tuple[str, ...], Ints],
    window: ObservationWindow,
) -> EventLog:
    """The log with its cases in the order of their ids; `activities`: their names, and the rank of each."""
    order = cases["case"].argsort().to_numpy()
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    cases = cases.take(order)
    cases.index = pd.RangeIndex(len(order))
    cases["end"] = from_days(ends[order])
    names, ranks = activities
    child, activity, day = _sorted((place[events[0]], *events[1:]), len(names))
    frame = pd.DataFrame(
        {
            "case": cases["case"].array.take(child),
            "activity": pd.Categorical.from_codes(activity, categories=pd.Index(names)),
            "date": from_days(day),
            "rank": ranks[activity],
        },
        copy=False,
    )
    log = EventLog(frame, cases, window)
    # The arrays are what all this was made from; taken back out of the tables they would cost a tenth of the run.
    log.__dict__["arrays"] = LogArrays(
        case=child,
        activity=activity,
        day=day,
        first=np.searchsorted(child, np.arange(len(cases) + 1, dtype=np.int32)),
        start=to_days(cases["start"]),
        end=to_days(cases["end"]),
        activities=names,
        window_start=float(to_days(pd.Series([window.start]))[0]),
        window_end=float(to_days(pd.Series([window.end]))[0]),
    )
    return log


def _sorted(events: Events, activities: int) -> Events:
    """By child, day and activity; events that agree in all three cannot be told apart, whatever their order."""
    child, activity, day = events
    first, last = day.min(initial=0.0), day.max(initial=0.0)
    of_day, of_activity = int(last - first).bit_length(), activities.bit_length()
    whole = bool((day == np.floor(day)).all())
    if not whole or int(child.max(initial=0)).bit_length() + of_day + of_activity > _MOST_BITS:
        sort = np.lexsort((activity, day, child))
        return child[sort], activity[sort], day[sort]
    # Whole days: all three as one number, which is sorted many times faster.
    key = child.astype(np.int64)
    key <<= of_day
    key |= (day - first).astype(np.int64)
    key <<= of_activity
    key |= activity
    key.sort()
    activity = (key & ((1 << of_activity) - 1)).astype(np.int32)
    key >>= of_activity
    day = (key & ((1 << of_day) - 1)) + first
    key >>= of_day
    return key.astype(np.int32), activity, day
