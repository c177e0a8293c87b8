"""Drawing as many cases as wanted so that the sample is as like the fitted law as its size allows.

A simulated log that is drawn at random differs from its law by chance, and that chance is then taken for a fault of
the model. So cases are drawn systematically, laid out by weekday, variant and length, with as much room as they weigh,
and met by points spaced evenly from a random beginning; and then exchanged, one after the other, for others drawn by
weight wherever that brings the sample nearer to its law in its sequences and times (coordinate exchange, as for the
design of experiments: Meyer and Nachtsheim 1995). What is taken away is the spread between simulated logs, which
therefore says nothing about how uncertain the process is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulation.discovery.journeys import DAY, Floats, Ints, Journeys, hour_of_week, weekday
from simulation.discovery.kinds import variants
from simulation.discovery.sample_law import DAY_HOURS, WEEK_HOURS, Law

_ROUNDS = 30
_TRIES = 8
"""Samples whose mean distance says what is far, and of which the nearest is improved."""
_CANDIDATES = 12
"""Drawn to take a case's place."""
_ENOUGH = 5
"""Cases begun at an hour of the week from which one that comes at that hour may be drawn."""
_SWEEPS, _MOST_STEPS, _MOST_WORK = 12, 6000, 30_000_000
"""Times each case is tried; tries in all; and tries times features."""


def fitted_weights(weight: Floats, margins: Sequence[tuple[Ints, Floats]], total: float) -> Floats:
    """The weights brought to the shares wanted of each code, one margin after the other and over again (raking).

    A margin is a code for each case and how often each code is wanted; codes that no case has are left out, and a
    margin of such codes only. The last margin is met exactly. Adds up to `total`.
    """
    goals = []
    for code, wanted in margins:
        there = np.where(np.bincount(code, weight, len(wanted)) > 0, wanted, 0.0)
        if there.any():
            goals.append((code, there * (total / there.sum())))
    for _ in range(_ROUNDS):
        for code, goal in goals:
            so_far = np.bincount(code, weight, len(goal))
            weight = weight * np.divide(goal, so_far, out=np.zeros(len(goal)), where=so_far > 0)[code]
    raked: Floats = weight * (total / weight.sum())
    return raked


def even_sample(past: Journeys, weight: Floats, hourly: Floats, arrival: Ints, generator: np.random.Generator) -> Ints:
    """For each arrival a case of `past` begun on the same weekday, together as like the weighted past as can be.

    `weight` adds up to the number of arrivals, on each weekday to that of its arrivals. `hourly` are the weights by
    which the hours of the day are expected.
    """
    law, variant = Law.of(past, weight, hourly, arrival), variants(past)
    every = [_drawn(past, weight, variant, arrival, generator, number) for number in range(_TRIES)]
    distances = np.stack([law.distances(law.counts(sample))[0] for sample in every])
    scale = np.maximum(distances.mean(axis=0), 1e-12)
    best = int(np.argmin((distances / scale).sum(axis=1)))
    return _exchanged(law, weight, every[best], scale, generator)


def _drawn(
    past: Journeys, weight: Floats, variant: Ints, arrival: Ints, generator: np.random.Generator, number: int
) -> Ints:
    """A systematic sample in one of three orders, put to the arrivals in order of weekday and time of day."""
    day = weekday(past.begin)
    dealt = generator.permutation(int(variant.max()) + 1)[variant] if number % 2 else variant
    upwards = generator.integers(0, 2, int(variant.max()) + 1)[variant] * 2 - 1
    within = ((past.span * upwards, dealt), (dealt, past.span), (dealt, past.begin % DAY))[number % 3]
    order = np.lexsort((*within, day))
    count = len(arrival)
    points = (np.arange(count) + generator.random()) * (weight.sum() / count)
    sample = order[np.minimum(np.searchsorted(np.cumsum(weight[order]), points, side="right"), past.cases - 1)]
    begin = past.begin[sample]
    found = np.empty(count, dtype=np.int64)
    found[np.lexsort((arrival % DAY, weekday(arrival)))] = sample[np.lexsort((begin % DAY, weekday(begin)))]
    return found


def _exchanged(law: Law, weight: Floats, sample: Ints, scale: Floats, generator: np.random.Generator) -> Ints:
    """The sample with cases exchanged wherever that brings it nearer to its law."""
    sample = sample.copy()
    pools, came = _pools(law.calendar.past.begin, weight), hour_of_week(law.calendar.arrival)
    below = [np.cumsum(weight[pool]) for pool in pools]
    counts = law.counts(sample)
    now = float((law.distances(counts)[0] / scale).sum())
    most = min(_MOST_STEPS, _MOST_WORK // len(law.expected))
    steps = np.concatenate([generator.permutation(len(sample)) for _ in range(_SWEEPS)])[:most]
    for position in steps.tolist():
        pool, running = pools[came[position]], below[came[position]]
        if not len(pool):
            continue
        units = generator.random(_CANDIDATES) * running[-1]
        donors = pool[np.minimum(np.searchsorted(running, units, side="right"), len(pool) - 1)]
        changes = law.changes(position, int(sample[position]), donors)
        found = (law.distances(counts + changes) / scale).sum(axis=1)
        best = int(np.argmin(found))
        if found[best] < now:
            now, sample[position], counts = float(found[best]), donors[best], counts + changes.row(best)
    return sample


def _pools(begin: Ints, weight: Floats) -> list[Ints]:
    """For each hour of the week the cases that one who comes then may be: begun at that hour, or else on that day."""
    hour, counts = hour_of_week(begin), weight > 0
    at_hour = [np.flatnonzero((hour == one) & counts) for one in range(WEEK_HOURS)]
    on_day = [np.flatnonzero((hour // DAY_HOURS == day) & counts) for day in range(WEEK_HOURS // DAY_HOURS)]
    return [pool if len(pool) >= _ENOUGH else on_day[one // DAY_HOURS] for one, pool in enumerate(at_hour)]
