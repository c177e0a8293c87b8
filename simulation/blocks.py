"""Which children are run together, and how memory is kept small meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from simulation.cohort import Cohort
from simulation.model import PathwayModel
from simulation.queues import shared

BLOCK = 2_500
"""How many children are run together where no child waits for another."""


def blocks(model: PathwayModel, cohort: Cohort, count: int) -> Iterator[tuple[int, int]]:
    """The children that are run together, from one number up to another.

    Where no child waits for another, a block at a time: what a run looks into then stays small, however many there
    are. Those there at the start are all in the first.
    """
    first, last = 0, count if shared(model) else max(BLOCK, len(cohort.rows))
    while True:
        yield first, min(last, count)
        if count > BLOCK:
            # The parts of a run point at each other, and the collector is off. It looks at what is new, no more.
            gc.collect(0)
        if last >= count:
            return
        first, last = last, last + BLOCK


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: a run leaves no cycles while it goes on, and the collector would walk
    through all that is loaded beside it again and again (a seventh of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
