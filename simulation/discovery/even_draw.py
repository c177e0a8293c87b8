"""Drawing as many cases as wanted so that the sample is as like the fitted law as its size allows.

A simulated log that is drawn at random differs from its law by chance, and that chance is then taken for a fault of
the model. So cases are drawn systematically: laid out in order, by weekday, variant and length, with as much room as
they weigh, and met by points spaced evenly from a random beginning. The order of the variants is dealt anew several
times and the sample kept that is nearest to the law in its sequences and times (rejective sampling: Fuller 2009). Every
case keeps a chance in proportion to its weight; what is taken away is the spread between simulated logs, which
therefore says nothing about how uncertain the process is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from simulation.discovery.journeys import DAY, HOUR, Floats, Ints, Journeys, hour_of_week, weekday
from simulation.distances import grams

_TRIES = 8, 200
_EVENTS_TRIED = 2_000_000
_PLACES = 500
_WEEK_HOURS = 168
_BINS = 40
_ROUNDS = 30
_GRAM = 3


def fitted_weights(weight: Floats, margins: Sequence[tuple[Ints, Floats]], total: float) -> Floats:
    """The weights brought to the shares wanted of each code, one margin after the other and over again (raking).

    A margin is a code for each case and how often each code is wanted; codes that no case has are left out. The last
    margin is met exactly. Adds up to `total`.
    """
    goals = []
    for code, wanted in margins:
        there = np.where(np.bincount(code, weight, len(wanted)) > 0, wanted, 0.0)
        goals.append((code, there * (total / max(there.sum(), 1e-300))))
    for _ in range(_ROUNDS):
        for code, goal in goals:
            so_far = np.bincount(code, weight, len(goal))
            weight = weight * np.divide(goal, so_far, out=np.zeros(len(goal)), where=so_far > 0)[code]
    raked: Floats = weight * (total / weight.sum())
    return raked


@dataclass(frozen=True, eq=False)
class Law:
    """What a sample should look like: how often each sequence and each time is expected."""

    case: Ints
    feature: Ints
    """Features that the cases have, one entry each time."""
    expected: Floats
    sequences: int
    """How many of the features are sequences; then come times since the start, lengths of cases, hours of the week."""
    widths: Floats
    """For each feature that is a time, how far it is to the next, in hours."""

    @classmethod
    def of(cls, past: Journeys, weight: Floats) -> Law:
        """The law of the weighted cases: features are n-grams, forty equally likely classes of each time, and hours."""
        names = {name: number for number, name in enumerate(past.names, start=1)}
        rows = grams(past.instants, names, _GRAM)
        case = np.repeat(np.arange(past.cases), past.lengths + _GRAM - 1)
        # Beyond the last case stand blanks only.
        packed = (rows[: len(case)] * (len(names) + 1) ** np.arange(_GRAM)).sum(axis=1)
        kept, sequence = np.unique(packed, return_inverse=True)
        twice = np.tile(past.case, 2)
        since = np.concatenate([past.start, past.end]) - past.begin[twice]
        times, since_widths = _classes(since, weight[twice])
        lengths, span_widths = _classes(past.span, weight)
        hours = hour_of_week(np.concatenate([past.start, past.end])) + len(kept) + 2 * _BINS
        every = np.concatenate([case, twice, np.arange(past.cases), twice])
        feature = np.concatenate([sequence.ravel(), times + len(kept), lengths + len(kept) + _BINS, hours])
        widths = np.concatenate([since_widths, span_widths, np.ones(_WEEK_HOURS)])
        expected: Floats = np.bincount(feature, weight[every], len(kept) + 2 * _BINS + _WEEK_HOURS).astype(np.float64)
        return cls(every, feature, expected, len(kept), widths)

    def distance(self, sample: Ints) -> Floats:
        """How far a sample of cases is from the law in its sequences and in each of the three times."""
        count = np.bincount(sample, minlength=int(self.case.max()) + 1)
        off = np.bincount(self.feature, count[self.case], len(self.expected)) - self.expected
        ends = np.cumsum([0, self.sequences, _BINS, _BINS, _WEEK_HOURS])
        found = [np.abs(off[: self.sequences]).sum() / self.expected[: self.sequences].sum()]
        for begin, end in itertools.pairwise(ends[1:].tolist()):
            apart = np.abs(np.cumsum(off[begin:end])) @ self.widths[begin - self.sequences : end - self.sequences]
            found.append(apart / max(self.expected[begin:end].sum(), 1e-12))
        return np.asarray(found)


def _classes(times: Ints, weight: Floats) -> tuple[Ints, Floats]:
    """Forty classes of about the same weight, and the hours from the middle of each to that of the next."""
    order = np.argsort(times, kind="stable")
    below = np.cumsum(weight[order]) / weight.sum()
    found = np.empty(len(times), dtype=np.int64)
    found[order] = np.minimum((below * _BINS).astype(np.int64), _BINS - 1)
    places = np.minimum(np.searchsorted(below, (np.arange(_BINS) + 0.5) / _BINS), len(times) - 1)
    middles = times[order][places] / HOUR
    return found, np.append(np.diff(middles), 0.0)


def even_samples(
    past: Journeys, weight: Floats, variant: Ints, count: int, generator: np.random.Generator
) -> Iterator[Ints]:
    """As many samples as wanted of `count` cases of `past`, some perhaps more than once, by weekday and time of day."""
    day = weekday(past.begin)
    for attempt in itertools.count():
        dealt = generator.permutation(int(variant.max()) + 1)[variant] if attempt % 2 else variant
        upwards = generator.integers(0, 2, int(variant.max()) + 1)[variant] * 2 - 1
        within = ((past.span * upwards, dealt), (dealt, past.span), (dealt, past.begin % DAY))[attempt % 3]
        order = np.lexsort((*within, day))
        points = (np.arange(count) + generator.random()) * (weight.sum() / count)
        sample = order[np.minimum(np.searchsorted(np.cumsum(weight[order]), points, side="right"), past.cases - 1)]
        yield in_week(past, sample)


def in_week(past: Journeys, sample: Ints) -> Ints:
    """The cases in order of the weekday and the time of day at which they began."""
    begin = past.begin[sample]
    return sample[np.lexsort((begin % DAY, weekday(begin)))]


def tries(events: int) -> int:
    """How many samples to choose from for a log of so many events: the larger it is, the less chance there is in it."""
    return int(np.clip(_EVENTS_TRIED // max(events, 1), *_TRIES))


def most_usual(distances: list[Floats], calendars: list[Floats]) -> int:
    """Which of several samples is nearest to its law, and in its calendar to the mean of all of them."""
    below = np.stack(calendars)
    apart = np.abs(below - below.mean(axis=0)).mean(axis=1)
    every = np.column_stack([np.stack(distances), apart])
    return int(np.argmin((every / np.maximum(every.mean(axis=0), 1e-12)).sum(axis=1)))


def calendar(played: Journeys, first: int, last: int) -> Floats:
    """The share of starts and ends before each of 500 instants from `first` to `last`."""
    instants = np.sort(np.concatenate([played.start, played.end]))
    found: Floats = np.searchsorted(instants, np.linspace(first, last, _PLACES)) / len(instants)
    return found
