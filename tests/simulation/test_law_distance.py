"""The distance of a law is that of the log it would give if chance played no part; samples come near to their law."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.discovery.even_draw import even_sample, fitted_weights
from simulation.discovery.journeys import DAY, HOUR, Floats, Ints, Journeys, hour_of_week, weekday
from simulation.discovery.law_distance import Expected, LawDistance, furthest
from simulation.discovery.sample_law import Law
from simulation.distances import (
    circadian_distance,
    cycle_time_distance,
    ngram_distance,
    relative_distance,
)

MONDAY = 19_723 * DAY
"""1 January 2024."""


def log_of(seed: int, cases: int, days: int = 60, *, slow: float = 1.0) -> Journeys:
    """Cases on working days from nine to five, of two to six events with starts; some overlap."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, days // 7 * 5, cases))
    begin = MONDAY + (day // 5 * 7 + day % 5) * DAY + rng.integers(9 * HOUR, 17 * HOUR, cases)
    lengths = rng.integers(2, 7, cases)
    first = np.concatenate([[0], np.cumsum(lengths)])
    case = np.repeat(np.arange(cases), lengths)
    place = np.arange(first[-1]) - first[:-1][case]
    start = begin[case] + np.round(place * slow * rng.exponential(20 * HOUR, len(case))).astype(np.int64)
    end = start + rng.integers(0, 3 * HOUR, len(case))
    activity = np.where(place == 0, 0, rng.integers(1, 4, len(case)))
    order = np.lexsort((end, start, case))
    return Journeys(
        first=first,
        activity=activity[order],
        start=start[order],
        end=end[order],
        resource=np.full(len(case), -1),
        finished=np.ones(cases, dtype=bool),
        names=tuple("abcd"),
        ranks=(0, 1, 2, 3),
    )


@pytest.mark.parametrize("cases", [150, 400])
def test_a_law_of_cases_all_alike_is_as_far_as_the_log_of_those_cases(cases: int) -> None:
    past, later = log_of(1, cases), log_of(2, 150, slow=1.5)
    ngram, relative, _ = LawDistance(past, later).measure(Expected.whole(past, np.ones(cases)))
    assert relative == pytest.approx(relative_distance(past.instants, later.instants), rel=1e-12)
    if cases == later.cases:
        assert ngram == pytest.approx(ngram_distance(past.instants, later.instants), rel=1e-2)


def test_lengths_are_those_of_the_last_events() -> None:
    past, later = log_of(1, 100), log_of(2, 80, slow=2.0)
    zero = int(min(past.span.min(), later.span.min()) // HOUR * HOUR)
    apart = np.abs(np.diff(quantiles(past, later, zero)))
    _, _, length = LawDistance(past, later).measure(Expected.whole(past, np.full(100, 0.3)))
    assert length == pytest.approx(float(apart.mean()), abs=0.2)
    # The published measure counts hours from the shortest case of all, so that hours may fall differently.
    assert length == pytest.approx(cycle_time_distance(past.instants, later.instants), abs=1.0)


def quantiles(past: Journeys, later: Journeys, zero: int) -> Floats:
    """Lengths in hours at 4,000 evenly spaced shares of the cases, of both logs."""
    share = (np.arange(4000) + 0.5) / 4000
    each = [np.sort((log.span // HOUR).astype(float)) for log in (past, later)]
    return np.stack([one[np.minimum((share * len(one)).astype(int), len(one) - 1)] for one in each], axis=1)


def test_weights_count_like_copies() -> None:
    past, later = log_of(3, 90), log_of(4, 120)
    weight = np.random.default_rng(5).integers(0, 4, 90)
    copies = past.take(np.repeat(np.arange(90), weight))
    one = LawDistance(past, later).measure(Expected.whole(past, weight.astype(float)))
    other = LawDistance(copies, later).measure(Expected.whole(copies, np.ones(copies.cases)))
    assert one == pytest.approx(other, rel=1e-12)


def test_what_is_seen_until_a_day_is_the_mean_of_many_logs_seen_until_then() -> None:
    past = log_of(6, 40)
    weight = np.random.default_rng(7).random(40)
    room = np.random.default_rng(8).integers(0, 80 * HOUR, 25)
    law = Expected.until(past, weight, room)
    seen, last = np.zeros(len(past.activity)), np.zeros(len(past.activity))
    since = furthest(past) - past.begin[past.case]
    for one in room:
        here = since <= one
        seen += here * weight[past.case] / len(room)
        for case in range(past.cases):
            mine = np.flatnonzero(here & (past.case == case))
            if len(mine):
                last[mine[-1]] += weight[case] / len(room)
    assert law.seen == pytest.approx(seen)
    assert law.last == pytest.approx(last)


def test_where_nothing_can_have_been_seen_nothing_is_told() -> None:
    past, later = log_of(6, 40), log_of(2, 30)
    law = Expected.until(past, np.ones(40), np.full(5, -1))
    assert np.isnan(LawDistance(past, later).measure(law)).all()


def test_short_cases_are_drawn_anew_for_each_room() -> None:
    past = log_of(9, 30)
    weight = np.random.default_rng(10).random(30)
    room = np.concatenate([np.random.default_rng(11).integers(0, 100 * HOUR, 12), [-1]])
    expected = np.zeros(30)
    for one in room:
        short = past.span <= one
        expected += weight * short / weight[short].sum() if short.any() else np.arange(30) == past.span.argmin()
    law = Expected.short(past, weight, room)
    assert law.last[past.first[1:] - 1] == pytest.approx(expected)
    assert law.last.sum() == pytest.approx(13)


def weights(past: Journeys, arrival: Ints) -> tuple[Floats, Floats]:
    """Cases all alike, on the weekdays of the arrivals, and at their hours."""
    even = np.ones(past.cases)
    found = []
    for when, codes in ((weekday, 7), (hour_of_week, 168)):
        wanted = np.bincount(when(arrival), minlength=codes).astype(float)
        found.append(fitted_weights(even, [(when(past.begin), wanted)], float(len(arrival))))
    return found[0], found[1]


def test_a_sample_of_every_case_is_its_law() -> None:
    past = log_of(12, 300)
    law = Law.of(past, np.ones(300), np.ones(300), past.begin)
    sequences, since, length, hours, calendar = law.distances(law.counts(np.arange(300)))[0]
    assert (sequences, since, length) == pytest.approx((0, 0, 0), abs=1e-9)
    # No weekday is quite sure to have events; and each arrival's case may be any of its weekday.
    assert hours < 1e-6
    assert calendar < 0.02 * 2 * len(past.activity)


def test_changes_are_the_difference_of_the_counts() -> None:
    past = log_of(13, 80)
    arrival = past.begin[:30] + 70 * DAY
    law = Law.of(past, *weights(past, arrival), arrival)
    sample = np.random.default_rng(14).integers(0, 80, 30)
    other = sample.copy()
    other[7] = 55
    before, after = law.counts(sample), law.counts(other)
    changed = before + law.changes(7, int(sample[7]), np.array([3, 55])).row(1)
    assert changed.features == pytest.approx(after.features)
    assert changed.before == pytest.approx(after.before)


def test_an_even_sample_is_far_nearer_to_its_past_than_a_random_one_in_every_measure() -> None:
    past = log_of(15, 600)
    arrival = past.begin[::6] + 70 * DAY
    weight, hourly = weights(past, arrival)
    generator = np.random.default_rng(16)
    even, random, law = np.zeros(5), np.zeros(5), Law.of(past, weight, hourly, arrival)
    for _ in range(5):
        sample = even_sample(past, weight, hourly, arrival, generator)
        assert (weekday(past.begin[sample]) == weekday(arrival)).all()
        even += [*measured(past, sample), law.distances(law.counts(sample))[0, 4]]
        chance = np.empty(len(arrival), dtype=np.int64)
        for day in range(7):
            came = weekday(arrival) == day
            chance[came] = generator.choice(np.flatnonzero(weekday(past.begin) == day), came.sum()) if came.any() else 0
        random += [*measured(past, chance), law.distances(law.counts(chance))[0, 4]]
    assert (even < 0.7 * random).all()


def measured(past: Journeys, sample: Ints) -> list[float]:
    """Distances, by the published measures, of the sampled cases from the whole past (six copies of each sample)."""
    six = past.take(np.tile(sample, 6))
    each = (ngram_distance, relative_distance, cycle_time_distance, circadian_distance)
    return [distance(six.instants, past.instants) for distance in each]
