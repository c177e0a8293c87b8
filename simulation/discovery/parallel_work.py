"""Work of one case that goes on side by side: which of it the case waited for, and when it went on.

Of several pieces of work that overlap a case waits for the last to end. Followed back from the end of the case, each
piece was waited for that was the last to end before the one behind it began (the critical path: Kelley and Walker
1959). Its work and the waits between make up the whole length of the case; all other work went on beside it.
"""

from __future__ import annotations

import numpy as np

from simulation.discovery.journeys import Bools, Ints, Journeys


def waited_for(journeys: Journeys) -> Bools:
    """For each event whether its case waited for it: for every one where the log says nothing of starts."""
    if not journeys.timed:
        return np.ones(len(journeys.end), dtype=bool)
    order = np.lexsort((journeys.start, journeys.end, journeys.case))
    place = _case_and_rank(journeys, np.concatenate([journeys.start, journeys.end]))
    began, ended = (part[order] for part in np.split(place, 2))
    # The last to end before each began; of work that takes no time, one that stands before it.
    before = np.minimum(np.searchsorted(ended, began, side="right"), np.arange(len(order))) - 1
    first = journeys.first[:-1]
    before = np.where(before >= first[journeys.case], before, -1)
    found, at = np.zeros(len(order), dtype=bool), journeys.first[1:] - 1
    while len(at):
        found[at] = True
        at = before[at]
        at = at[at >= 0]
    waited = np.empty(len(order), dtype=bool)
    waited[order] = found
    return waited


def went_on(journeys: Journeys, waited: Bools) -> Ints:
    """For each event the instant from which the case was free for the next: the end of all that it has waited for so
    far, or the start of what goes on beside it."""
    instants = np.where(waited, journeys.end, journeys.start)
    known, place = np.unique(instants, return_inverse=True)
    case = journeys.case * len(known)
    return known[np.maximum.accumulate(case + place) - case]


def _case_and_rank(journeys: Journeys, instants: Ints) -> Ints:
    """One number by which instants are in order of their case and then of time."""
    known, place = np.unique(instants, return_inverse=True)
    found: Ints = np.tile(journeys.case, 2) * len(known) + place
    return found
