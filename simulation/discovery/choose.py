"""Which past to go by: every way of weighing it is tried on the log's own past, and counts by how well it foretold.

At several instants of the log's past, the origins, what was known then is weighed in each way, and journeys drawn by
those weights are laid beside the cases that began afterwards: by their sequences (for where cases go), and by when
events come after the start and how long cases take (for how long things take). Nobody knows whether the log to come
will be followed until its cases have ended, as the past was not, so of a log of finished cases only each origin is
judged both ways: journeys of any length, and only those short enough to have been seen. The ways are then mixed, not
one picked: a mixture is never farther away than its parts are on average, and is spared the luck of one origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation.discovery.journeys import Floats, Ints, Journeys
from simulation.discovery.law_distance import Expected, LawDistance
from simulation.discovery.memory import Memory, memories
from simulation.discovery.open_cases import completed
from simulation.streams import stable_hash

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Origins: when these shares of all events had ended."""
_SHARPNESS = 0.015
"""By so much (in mean log distance) a way must have been farther off to count e times less."""
_DOUBT = 0.5
"""Standard errors by which a way must be nearer than all cases alike to count more than they."""
_FEWEST_KNOWN, _FEWEST_LATER, _MOST_LATER = 30, 20, 1500
_FEWEST_WORTH = 30, 100
"""A way must leave the past worth a fifth of its cases, but 100 are always enough and fewer than 30 never."""
_LEAST = 1e-9


@dataclass(frozen=True, eq=False)
class Choice:
    """How much each way of weighing the past counts.

    `table` has one row a way: `memory` (a `Memory`), `routing` and `timing` (its shares in the mixture for where cases
    go and for how long things take), `routing_score` and `timing_score` (mean log distance over the origins, relative
    to all cases alike; NaN without origins), `origins` (how many).
    """

    table: pd.DataFrame

    def weights(self, past: Journeys, now: int) -> tuple[Floats, Floats]:
        """The mixed weights of the cases of `past`, for routing and for timing."""
        every = np.stack([memory.weights(past, now) for memory in self.table["memory"]])
        routing: Floats = self.table["routing"].to_numpy() @ every
        timing: Floats = self.table["timing"].to_numpy() @ every
        return routing, timing


def origins(past: Journeys, *, finished_only: bool) -> Iterator[tuple[int, Journeys, Journeys]]:
    """Instants of the past, each with what was known then and with the cases that began afterwards, as far as seen.

    Afterwards means the next quarter as many cases. An origin with too few cases on either side is passed over.
    """
    ends = np.sort(past.end)
    for share in SHARES:
        instant = int(ends[max(int(share * len(ends)) - 1, 0)])
        known = past.take(np.flatnonzero(past.finish <= instant)) if finished_only else past.seen_until(instant)
        later = np.flatnonzero(past.begin > instant)
        later = later[: max(_FEWEST_LATER, known.cases // 4)]
        later = later[:: len(later) // _MOST_LATER + 1]
        if known.cases >= _FEWEST_KNOWN and len(later) >= _FEWEST_LATER:
            yield instant, known, past.take(later)


def all_alike() -> Choice:
    """No choice: every case of the past counts the same."""
    return _choice((Memory(),), np.zeros((0, 1, 2)))


def _enough(past: Journeys, now: int, way: Memory) -> bool:
    """Whether so weighed the past is worth enough cases (Kish's effective number) to tell a law from."""
    weight = way.weights(past, now)
    fewest = max(_FEWEST_WORTH[0], min(_FEWEST_WORTH[1], past.cases // 5))
    return way == Memory() or bool(weight.sum() ** 2 / (weight**2).sum() >= fewest)


def choose(past: Journeys, now: int, *, finished_only: bool, seed: int) -> Choice:
    """The mixture of ways that the past of `past`, as it stands at `now`, speaks for."""
    every = memories(finished_only=finished_only)
    ways = tuple(way for way in every if _enough(past, now, way))
    scores = []
    for number, (instant, known, later) in enumerate(origins(past, finished_only=finished_only)):
        generator = np.random.Generator(np.random.PCG64([seed, stable_hash("origins"), number]))
        whole = known if finished_only else completed(known, instant, generator)
        beside = LawDistance(whole, later)
        weights = [way.weights(whole, instant) for way in ways]
        scores.append([_score(whole, weight, beside, now - later.begin, finished_only) for weight in weights])
    found = np.asarray(scores).reshape(-1, len(ways), 2)
    # Where nothing that was known could have been seen in the time there was, nothing can be told.
    return _choice(ways, found[np.isfinite(found).all(axis=(1, 2))])


def _score(whole: Journeys, weight: Floats, beside: LawDistance, room: Ints, finished_only: bool) -> Floats:
    """Mean log distance from the later cases: of the sequences, and of both times."""
    laws = [Expected.until(whole, weight, room)]
    if finished_only:
        laws = [Expected.whole(whole, weight), Expected.short(whole, weight, room)]
    found = np.log(np.asarray([beside.measure(law) for law in laws]) + _LEAST).mean(axis=0)
    return np.asarray([found[0], found[1:].mean()])


def _choice(ways: tuple[Memory, ...], scores: Floats) -> Choice:
    relative = scores - scores[:, [ways.index(Memory())]]
    mean = np.full((len(ways), 2), np.nan)
    share = np.asarray([[float(way == Memory())] * 2 for way in ways])
    if len(relative) > 1:
        mean = relative.mean(axis=0)
        # What is not nearer than all cases alike by more than its own uncertainty is not preferred to them.
        sure = mean + _DOUBT * relative.std(axis=0, ddof=1) / np.sqrt(len(relative))
        share = np.exp(-(sure - sure.min(axis=0)) / _SHARPNESS)
    share = share / share.sum(axis=0)
    table = pd.DataFrame(
        {
            "memory": list(ways),
            "routing": share[:, 0],
            "timing": share[:, 1],
            "routing_score": mean[:, 0],
            "timing_score": mean[:, 1],
            "origins": len(relative),
        }
    )
    return Choice(table)
