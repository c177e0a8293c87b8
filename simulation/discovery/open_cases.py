"""Open cases go on as cases did that were in the same place for at least as long.

Leaving open cases out would make the process look quick; taking them as they stand would too. Each is completed by the
rest of a case drawn from those that had the same last activities and had then waited at least as long already (risk-set
imputation: Taylor and others 2002, the resampled form of Kaplan and Meier's estimate). A donor may be open itself, in
which case the search goes on from where it stands; where nobody is known to have waited so long, the case stays as it
is, open for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.discovery.journeys import Bools, Ints, Journeys

_ROUNDS = 25
_FEWEST = 5
"""Donors with the same last two activities that are enough; with fewer, the last activity alone must be the same."""


def completed(known: Journeys, now: int, generator: np.random.Generator) -> Journeys:
    """The same cases, each open one with a possible future after `now`; drawn by `generator`."""
    if known.finished.all():
        return known
    stays = _Stays.of(known, now)
    whole = _Growing.of(known)
    waiting = np.flatnonzero(~known.finished)
    at = known.first[1:][waiting] - 1
    waited = np.maximum(now - known.end[at], 0)
    for _ in range(_ROUNDS):
        chosen = stays.draw(at, waited, generator)
        found = chosen >= 0
        waiting, at, waited, chosen = waiting[found], at[found], waited[found], chosen[found]
        if not len(waiting):
            break
        donor = known.case[chosen]
        last = known.first[1:][donor] - 1
        moves = chosen < last
        whole.append(waiting[moves], chosen[moves], last[moves], donor[moves])
        # A donor that is open itself leads to where it stands now, and to how long it has stood there.
        goes_on = ~known.finished[donor]
        waiting, at = waiting[goes_on], last[goes_on]
        waited = np.maximum(now - known.end[at], 0)
    return whole.joined()


@dataclass(frozen=True, eq=False)
class _Stays:
    """All stays after an event that are known to have lasted for some time, sorted by context and length."""

    contexts: tuple[Ints, Ints]
    """For each event of the log, its context: last two activities, and last activity."""
    events: tuple[Ints, Ints]
    """For each of both, events sorted by context, then length of stay."""
    keys: tuple[Ints, Ints]
    length: Ints

    @classmethod
    def of(cls, known: Journeys, now: int) -> _Stays:
        last = np.zeros(len(known.activity), dtype=bool)
        last[known.first[1:] - 1] = True
        until = np.where(last, now, np.append(known.start[1:], 0))
        length = np.maximum(until - known.end, 0)
        usable = np.flatnonzero(~last | ~known.finished[known.case])
        first = np.zeros(len(last), dtype=bool)
        first[known.first[:-1]] = True
        before = np.where(first, len(known.names), np.append(0, known.activity[:-1]))
        short = known.activity
        long = before * len(known.names) + known.activity
        orders = [usable[np.lexsort((length[usable], context[usable]))] for context in (long, short)]
        return cls((long, short), (orders[0], orders[1]), (long[orders[0]], short[orders[1]]), length)

    def draw(self, at: Ints, waited: Ints, generator: np.random.Generator) -> Ints:
        """For each event `at`, in which a case has waited so long, another that lasted longer; -1 for none."""
        found = np.full(len(at), -1)
        unit = generator.random(len(at))
        for context, events, keys, fewest in zip(self.contexts, self.events, self.keys, (_FEWEST, 1), strict=True):
            begins = np.searchsorted(keys, context[at], side="left")
            ends = np.searchsorted(keys, context[at], side="right")
            lasting = _first_longer(self.length[events], begins, ends, waited)
            count = ends - lasting
            use = (found < 0) & (count >= fewest)
            place = lasting + np.minimum((unit * count).astype(np.int64), np.maximum(count - 1, 0))
            found[use] = events[place[use]]
        return found


def _first_longer(lengths: Ints, begins: Ints, ends: Ints, waited: Ints) -> Ints:
    """In each sorted stretch begins:ends the first place with a length above `waited`: bisection, all at once."""
    low, high = begins.copy(), ends.copy()
    while (low < high).any():
        middle = (low + high) // 2
        right = (low < high) & (lengths[np.minimum(middle, len(lengths) - 1)] <= waited)
        high = np.where((low < high) & ~right, middle, high)
        low = np.where(right, middle + 1, low)
    return low


@dataclass(eq=False)
class _Growing:
    """Journeys to which pieces of others are appended."""

    known: Journeys
    case: list[Ints]
    source: list[Ints]
    moved: list[Ints]
    latest: Ints
    """For each case the end of its last event so far."""
    finished: Bools

    @classmethod
    def of(cls, known: Journeys) -> _Growing:
        events = np.arange(len(known.activity))
        latest = known.end[known.first[1:] - 1]
        unmoved = np.zeros(len(events), dtype=np.int64)
        return cls(known, [known.case], [events], [unmoved], latest, known.finished.copy())

    def append(self, cases: Ints, after: Ints, last: Ints, donors: Ints) -> None:
        """To each case what followed its donor's event `after`, up to `last`, from its own latest end on."""
        known = self.known
        count = last - after
        source = np.repeat(after + 1 - np.cumsum(count) + count, count) + np.arange(count.sum())
        by = self.latest[cases] - known.end[after]
        self.case.append(np.repeat(cases, count))
        self.source.append(source)
        self.moved.append(np.repeat(by, count))
        self.latest[cases] = known.end[last] + by
        self.finished[cases] = known.finished[donors]

    def joined(self) -> Journeys:
        case, source, moved = (np.concatenate(part) for part in (self.case, self.source, self.moved))
        order = np.argsort(case, kind="stable")
        place = source[order]
        known = self.known
        first = np.concatenate([[0], np.cumsum(np.bincount(case, minlength=known.cases))]).astype(np.int64)
        return replace(
            known,
            first=first,
            activity=known.activity[place],
            start=known.start[place] + moved[order],
            end=known.end[place] + moved[order],
            resource=known.resource[place],
            finished=self.finished,
        )
