"""What came after each event of a log, and when: the stays that a pathway model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from simulation.discovery.journeys import DAY, Floats, Ints, Journeys
from simulation.discovery.parallel_work import waited_for, went_on
from simulation.discovery.teams import NOT_FULL, Team

STILL_OPEN = -1
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Follows:
    """Every stay after an event: where the case is, what came next, days, and days already passed when observed."""

    place: Ints
    """Of every event where the case is after it, as in `builder.Builder`."""
    source: Ints
    target: Ints
    """The next place; `finished` for a finished case; -1 for a case still open."""
    days: Floats
    entry: Floats
    finished: int
    """Twice the number of activities."""
    for_places: float
    """Mean days for which a case waited for places of the teams."""


def follows_of(log: EventLog, journeys: Journeys, found: list[Team]) -> Follows:
    waited = waited_for(journeys)
    since, activities = went_on(journeys, waited), len(journeys.names)
    source = journeys.activity + activities * ~waited
    last: npt.NDArray[np.bool_] = np.zeros(len(source), dtype=bool)
    last[journeys.first[1:] - 1] = True
    is_open = ~journeys.finished[journeys.case]
    target = np.where(last, np.where(is_open, STILL_OPEN, 2 * activities), np.append(source[1:], 0))
    # A finished case finishes with its last event; an open one is still there at the end of the window.
    begins, ends = (np.round(day * DAY).astype(np.int64) for day in (log.arrays.window_start, log.arrays.window_end))
    until = np.where(last, np.where(is_open, ends, since), np.append(journeys.start[1:], 0))
    whole = np.maximum(until - since, 0)
    stay = whole.copy()
    onward = ~last & (target >= 0)
    for team in found:
        for place in (*team.activities, *(code + activities for code in team.activities)):
            for before in np.unique(source[onward & (target == place)]).tolist():
                rows = np.flatnonzero(onward & (target == place) & (source == before))
                stay[rows] = _until_ready(stay[rows], until[rows], team)
    for_places = float((whole - stay).sum() / DAY / journeys.cases)
    entry = np.maximum(begins - since, 0)
    kept = until >= begins
    return Follows(source, source[kept], target[kept], stay[kept] / DAY, entry[kept] / DAY, 2 * activities, for_places)


def _until_ready(wait: Ints, begun: Ints, team: Team) -> Ints:
    """Of each wait until work was `begun`, the part before the case was ready and only wanted a place.

    Who began while a place was free had not waited for one. Who began when a place had just been given back may have
    been ready for it since all places were last taken, or any time after: how long it had taken until then is what it
    took for one of the others, among those for whom it took as long as it can have.
    """
    since = team.full_until(begun)
    queued = since < NOT_FULL
    known = np.sort(wait[~queued])
    least = np.maximum(since[queued] - (begun - wait)[queued], 0)
    first = np.searchsorted(known, least, side="left")
    count = np.searchsorted(known, wait[queued], side="right") - first
    # Evenly spread without chance, however many there are: multiples of the golden ratio.
    spread = (np.arange(len(count)) * _GOLDEN % 1.0 * count).astype(np.int64)
    found = wait.copy()
    found[queued] = np.where(count > 0, np.append(known, 0)[np.minimum(first + spread, len(known))], least)
    return found
