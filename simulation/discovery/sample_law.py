"""What a sample of past cases should look like, and how far a sample is from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.discovery.journeys import DAY, HOUR, Floats, Ints, Journeys, hour_of_week, placed, weekday
from simulation.discovery.law_distance import trigrams

_PLACES = 300
"""Places at which a distribution of times is compared."""
_FINELY = 1000
"""Places on the calendar from which those are chosen."""
_CLASSES = 100
"""Of each weekday's times after midnight of the first day, in what is expected on the calendar."""
WEEK_HOURS, DAY_HOURS, _WEEKDAYS = 168, 24, 7
_FARTHEST_HOUR = 23.0


@dataclass(frozen=True, eq=False)
class Counts:
    """What is counted of samples, a row each."""

    features: Floats
    before: Floats
    """Starts and ends before each place on the calendar."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.features + other.features, self.before + other.before)

    def row(self, number: int) -> Counts:
        """One of them."""
        return Counts(self.features[[number]], self.before[[number]])


@dataclass(frozen=True, eq=False)
class Law:
    """The law of weighted cases that come at some arrivals.

    Features of a case are its sequences, the places of the times since its start and of its length, and the hours of
    the week. Apart from them stand places on the calendar, where a case is by its arrival.
    """

    first: Ints
    feature: Ints
    """Of case c the features first[c]:first[c+1], one entry each time."""
    ends: Ints
    """Where each of the four kinds of feature ends."""
    expected: Floats
    since_gaps: Floats
    length_gaps: Floats
    """Hours from one place to the next."""
    calendar: Calendar

    @classmethod
    def of(cls, past: Journeys, weight: Floats, hourly: Floats, arrival: Ints) -> Law:
        """The law of the cases by `weight`, and of their hours by `hourly`; both add up to the number of arrivals."""
        ending, twice, instants = past.first[1:] - 1, np.tile(past.case, 2), np.concatenate([past.start, past.end])
        every, last, behind = trigrams(past)
        kept, sequence = np.unique(np.concatenate([every, last[ending], behind[ending]]), return_inverse=True)
        since, since_gaps = _on_places(instants - past.begin[twice], weight[twice])
        length, length_gaps = _on_places(past.span, weight)
        ends = np.cumsum([len(kept), len(since_gaps) + 1, len(length_gaps) + 1, WEEK_HOURS])
        parts = (sequence.ravel(), since + ends[0], length + ends[1], hour_of_week(instants) + ends[2])
        cases = np.arange(past.cases)
        case = np.concatenate([past.case, cases, cases, twice, cases, twice])
        order = np.argsort(case, kind="stable")
        case, feature = case[order], np.concatenate(parts)[order]
        counted = np.where(feature < ends[2], weight[case], hourly[case])
        expected = np.bincount(feature, counted, ends[3]).astype(np.float64)
        first = np.concatenate([[0], np.cumsum(np.bincount(case, minlength=past.cases))])
        return cls(first, feature, ends, expected, since_gaps, length_gaps, Calendar.of(past, weight, arrival))

    def counts(self, sample: Ints) -> Counts:
        """Those of a sample: for each arrival a case."""
        often = np.bincount(sample, minlength=len(self.first) - 1).astype(np.float64)
        features = np.bincount(self.feature, np.repeat(often, np.diff(self.first)), len(self.expected))
        return Counts(features.astype(np.float64)[None, :], self.calendar.counts(sample)[None, :])

    def changes(self, position: int, former: int, donors: Ints) -> Counts:
        """What the counts change by where each of the donors takes the place of the former case; a row each."""
        cases = np.append(donors, former)
        row, place = _spread(self.first, cases)
        width = len(self.expected)
        features = np.bincount(row * width + self.feature[place], minlength=len(cases) * width).reshape(-1, width)
        before = self.calendar.before(position, cases)
        return Counts((features[:-1] - features[-1]).astype(np.float64), before[:-1] - before[-1])

    def distances(self, counts: Counts) -> Floats:
        """How far samples are from the law in sequences, both times, hours of the day and the calendar; a row each.

        They are the distances of `simulation.distances`, of the times to the nearest place.
        """
        grams, since, length, _ = self.ends
        off = counts.features - self.expected
        sequences, events, lengths = (part.sum() for part in np.split(self.expected, self.ends[:3])[:3])
        found = [
            np.abs(off[:, :grams]).sum(axis=1) / (2.0 * sequences),
            np.abs(np.cumsum(off[:, grams:since], axis=1)[:, :-1]) @ self.since_gaps / events,
            np.abs(np.cumsum(off[:, since:length], axis=1)[:, :-1]) @ self.length_gaps / lengths,
            self._circadian(counts.features[:, length:]),
            self.calendar.distance(counts.before),
        ]
        return np.stack(found, axis=1)

    def _circadian(self, hours: Floats) -> Floats:
        """Mean over the weekdays of the distance between the hours of the day, or of the chance that only one has any.

        The cases to come have events on a weekday on which n are expected with probability 1 - exp(-n).
        """
        shape = (_WEEKDAYS, DAY_HOURS)
        mine, law = hours.reshape(-1, *shape), self.expected[self.ends[2] :].reshape(shape)
        count, wanted = mine.sum(axis=2), law.sum(axis=1)
        below = np.cumsum(mine, axis=2) / np.maximum(count, 1.0)[:, :, None]
        apart = np.abs(below - np.cumsum(law, axis=1) / np.maximum(wanted, 1e-300)[:, None]).sum(axis=2)
        likely = 1.0 - np.exp(-wanted / 2.0)
        found = np.where(count > 0, likely * apart + (1.0 - likely) * _FARTHEST_HOUR, likely * _FARTHEST_HOUR)
        mean: Floats = found.mean(axis=1)
        return mean


@dataclass(frozen=True, eq=False)
class Calendar:
    """When events are expected: starts and ends before each of some places."""

    past: Journeys
    arrival: Ints
    places: Ints
    expected: Floats

    @classmethod
    def of(cls, past: Journeys, weight: Floats, arrival: Ints) -> Calendar:
        """Each arrival's case is drawn by weight from those of its weekday, and moved to its day."""
        places = np.linspace(arrival[0] // DAY * DAY, arrival[-1] + past.span.max() + DAY, _FINELY).astype(np.int64)
        expected = np.zeros(_FINELY)
        twice = np.tile(past.case, 2)
        into = np.concatenate([past.start, past.end]) - (past.begin // DAY * DAY)[twice]
        there, came = weekday(past.begin), weekday(arrival)
        for day in range(_WEEKDAYS):
            days, mine = np.sort(arrival[came == day] // DAY * DAY), there[twice] == day
            total = weight[there == day].sum()
            if len(days) and total > 0:
                for time, share in _classes(into[mine], weight[twice][mine] / total):
                    expected += np.searchsorted(days + time, places) * share
        usual = np.searchsorted(expected, np.linspace(0, expected[-1], _PLACES // 2))
        kept = np.unique(np.concatenate([usual, np.linspace(0, _FINELY - 1, _PLACES // 2).astype(np.int64)]))
        return cls(past, arrival, places[kept], expected[kept])

    def counts(self, sample: Ints) -> Floats:
        """Starts and ends of a sample before each place."""
        played = placed(self.past, sample, self.arrival)
        instants = np.sort(np.concatenate([played.start, played.end]))
        return np.searchsorted(instants, self.places).astype(np.float64)

    def before(self, position: int, cases: Ints) -> Floats:
        """Those of each of the cases, were it to come at the arrival with this position; a row each."""
        past = self.past
        row, place = _spread(past.first, cases)
        moved = ((self.arrival[position] // DAY - past.begin[cases] // DAY) * DAY)[row]
        instants = np.concatenate([past.start[place] + moved, past.end[place] + moved])
        width = len(self.places) + 1
        at = np.searchsorted(self.places, instants, side="right") + np.concatenate([row, row]) * width
        count = np.bincount(at, minlength=len(cases) * width).reshape(-1, width)
        return np.cumsum(count[:, :-1], axis=1).astype(np.float64)

    def distance(self, before: Floats) -> Floats:
        """Hours by which events are earlier or later than expected, a row each."""
        apart = np.abs(before - self.expected)[:, :-1] @ (np.diff(self.places) / HOUR)
        hours: Floats = apart / max(float(self.expected[-1]), 1e-12)
        return hours


def _spread(first: Ints, cases: Ints) -> tuple[Ints, Ints]:
    """Of each entry of the cases, one after the other, which of them it is of, and where it stands."""
    lengths = first[cases + 1] - first[cases]
    row = np.repeat(np.arange(len(cases)), lengths)
    return row, np.arange(len(row)) + (first[cases] - np.cumsum(lengths) + lengths)[row]


def _on_places(times: Ints, weight: Floats) -> tuple[Ints, Floats]:
    """For each time its place, dense where times are and even in between, and the hours from place to place."""
    order = np.argsort(times, kind="stable")
    below = np.cumsum(weight[order]) / weight.sum()
    usual = times[order][np.minimum(np.searchsorted(below, np.linspace(0, 1, _PLACES // 2)), len(times) - 1)]
    places = np.unique(np.concatenate([usual, np.linspace(times.min(), times.max(), _PLACES // 2).astype(np.int64)]))
    return np.searchsorted(places, times, side="left"), np.diff(places) / HOUR


def _classes(times: Ints, weight: Floats) -> list[tuple[int, float]]:
    """Times in the middle of classes of the same weight, and that weight."""
    order = np.argsort(times, kind="stable")
    below = np.cumsum(weight[order])
    middle = np.searchsorted(below, (np.arange(_CLASSES) + 0.5) / _CLASSES * below[-1])
    return [(time, below[-1] / _CLASSES) for time in times[order][np.minimum(middle, len(times) - 1)].tolist()]
