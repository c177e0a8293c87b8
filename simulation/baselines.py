"""What a simulated log has to beat: two forecasts that need no model, and the distance between two real halves.

`seasonal_replay` says that the latest weeks come again. `resampled_cases` lets cases arrive as in those weeks, each a
copy of a past case drawn from those that began on the same weekday. The floor is the mean distance between two random
halves of the real log: what two samples of one process differ by, at half the size.
"""

from __future__ import annotations

import numpy as np

from simulation.discovery.arrivals import latest_weeks
from simulation.discovery.journeys import Journeys, placed, weekday


def seasonal_replay(past: Journeys, start: int, count: int) -> Journeys:
    """The latest `count` cases of `past` that lie whole weeks before `start`, moved to there.

    Fewer where the past has fewer.
    """
    chosen, moved = latest_weeks(past.begin, start, count)
    return past.take(chosen).moved(np.full(len(chosen), moved))


def resampled_cases(past: Journeys, start: int, count: int, generator: np.random.Generator) -> Journeys:
    """Copies of past cases, drawn at random from those begun on the same weekday, on the days of the seasonal replay.

    A copy keeps its time of day. Where no case began on a weekday, any will do.
    """
    chosen, moved = latest_weeks(past.begin, start, count)
    arrival = past.begin[chosen] + moved
    began, wanted = weekday(past.begin), weekday(arrival)
    donors = np.empty(len(arrival), dtype=np.int64)
    for day in np.unique(wanted):
        these = np.flatnonzero(began == day)
        donors[wanted == day] = generator.choice(these if len(these) else past.cases, int((wanted == day).sum()))
    return placed(past, donors, arrival)


def halves(real: Journeys, generator: np.random.Generator) -> tuple[Journeys, Journeys]:
    """The cases in two halves at random; of an odd number one is left out."""
    order, half = generator.permutation(real.cases), real.cases // 2
    return real.take(np.sort(order[:half])), real.take(np.sort(order[half : 2 * half]))
