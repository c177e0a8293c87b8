"""How far the law of a weighted past is from the cases that came afterwards, without drawing a log.

A log drawn from the law would be laid beside those cases by the same measures; but its distance is the law's plus the
chance of the draw, and of ways to weigh the past that differ by a few hundredths the luckiest would be taken for the
best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.discovery.journeys import HOUR, Floats, Ints, Journeys


@dataclass(frozen=True, eq=False)
class Expected:
    """How much of each event of a past a law expects to be seen.

    `seen` is the weight with which an event happens, `last` that with which it is the last one seen of its case. Cases
    seen to their end have all their weight on their last event.
    """

    seen: Floats
    last: Floats

    @classmethod
    def whole(cls, past: Journeys, weight: Floats) -> Expected:
        """Every case of `past` to its end, each with its weight."""
        last = np.zeros(len(past.activity))
        last[past.first[1:] - 1] = weight
        return cls(weight[past.case], last)

    @classmethod
    def short(cls, past: Journeys, weight: Floats, room: Ints) -> Expected:
        """Whole cases only, drawn anew for each of several cases among those that last no longer than its `room`.

        Where nothing is as short, the shortest case stands for it.
        """
        order = np.argsort(past.span, kind="stable")
        below = np.concatenate([[0.0], np.cumsum(weight[order])])[
            np.searchsorted(past.span[order], np.sort(room), side="right")
        ]
        each = np.divide(1.0, below, out=np.zeros(len(room)), where=below > 0)
        onwards = np.concatenate([np.cumsum(each[::-1])[::-1], [0.0]])
        expected = weight * onwards[np.searchsorted(np.sort(room), past.span, side="left")]
        expected[order[0]] += (below <= 0).sum()
        return cls.whole(past, expected)

    @classmethod
    def until(cls, past: Journeys, weight: Floats, room: Ints) -> Expected:
        """Of each case only what happens within its `room`, which is as likely to be any of those given."""
        since = furthest(past) - past.begin[past.case]
        beyond = np.searchsorted(np.sort(room), since, side="left") / len(room)
        seen = weight[past.case] * (1.0 - beyond)
        following = np.append(seen[1:], 0.0)
        following[past.first[1:] - 1] = 0.0
        return cls(seen, seen - following)


def furthest(log: Journeys) -> Ints:
    """For each event the latest end of its case so far."""
    found = log.end.copy()
    for place in range(1, int(log.lengths.max(initial=0))):
        here = log.first[:-1][log.lengths > place] + place
        found[here] = np.maximum(found[here], found[here - 1])
    return found


class LawDistance:
    """Lays laws over one past beside one set of later cases: sorted once, measured as often as wanted."""

    def __init__(self, past: Journeys, later: Journeys) -> None:
        self._cases = later.cases
        whole = Expected.whole(later, np.ones(later.cases))
        self._grams = _Beside(np.concatenate(trigrams(past)), np.concatenate(trigrams(later)), _gram_weights(whole))
        self._events = _Beside(_since(past), _since(later), np.tile(whole.seen, 2))
        self._lengths = _Beside(_length(past), _length(later), whole.last)

    def measure(self, law: Expected) -> tuple[float, float, float]:
        """Distances of the law from the later cases: n-grams (0 to 1), events since the start and lengths (hours).

        They are those of `simulation.distances` with every case of the past counted as often as the law expects it
        among as many cases as the later ones. NaN where the law expects nothing to be seen.
        """
        if law.last.sum() <= 0:
            return float("nan"), float("nan"), float("nan")
        law = Expected(*(part * (self._cases / law.last.sum()) for part in (law.seen, law.last)))
        return (
            self._grams.difference(_gram_weights(law)),
            self._events.earth_movers(np.tile(law.seen, 2)),
            self._lengths.earth_movers(law.last),
        )


class _Beside:
    """Weighted values of the past beside those of the later cases, on the places that either has."""

    def __init__(self, past: Ints, later: Ints, weight: Floats) -> None:
        self._places, place = np.unique(np.concatenate([past, later]), return_inverse=True)
        self._past = place[: len(past)]
        self._later = np.bincount(place[len(past) :], weight, len(self._places))

    def _count(self, weight: Floats) -> Floats:
        found: Floats = np.bincount(self._past, weight, len(self._places)).astype(np.float64)
        return found

    def difference(self, weight: Floats) -> float:
        """Sum of |f1 - f2| over all places, divided by that of f1 + f2."""
        count = self._count(weight)
        return float(np.abs(count - self._later).sum() / (count + self._later).sum())

    def earth_movers(self, weight: Floats) -> float:
        """Area between the two distribution functions."""
        below, other = np.cumsum(self._count(weight)), np.cumsum(self._later)
        apart = np.abs(below / below[-1] - other / other[-1])[:-1]
        return float(apart @ np.diff(self._places))


def _since(log: Journeys) -> Ints:
    """Hours since the start of the case, of all starts and then all ends."""
    return (np.concatenate([log.start, log.end]) - np.tile(log.begin[log.case], 2)) // HOUR


def _length(log: Journeys) -> Ints:
    """Hours from the start of its case to each event's being the last."""
    return (furthest(log) - log.begin[log.case]) // HOUR


def trigrams(log: Journeys) -> tuple[Ints, Ints, Ints]:
    """Of each event the trigram that it ends, and the two that end behind it where it is the last of its case."""
    here = log.activity + 1
    starts = np.zeros(len(here), dtype=bool)
    starts[log.first[:-1]] = True
    before = np.where(starts, 0, np.append(0, here[:-1]))
    second = np.where(starts, 0, np.append(0, before[:-1]))
    base = len(log.names) + 1
    return (second * base + before) * base + here, (before * base + here) * base, here * base * base


def _gram_weights(law: Expected) -> Floats:
    return np.concatenate([law.seen, law.last, law.last])
