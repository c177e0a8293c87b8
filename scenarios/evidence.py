"""What the points seen so far say about one predicted run chart: in numbers, and as a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenarios.cohort_shares import CohortShares, Floats, Ints
from scenarios.predicted import WITH, WITHOUT, PredictedChart
from simulation.streams import stable_hash

Verdict = Literal[
    "did what was expected",
    "less than expected",
    "no sign yet: too few children to tell",
    "something else",
    "nothing expected, nothing seen",
    "no point is complete yet",
]

SEEN = 0.05
"""A chart without a change passes for one with it at most so often, at one look."""
OUTSIDE = 0.025
SCATTERED = 0.01
_SAMPLES = 4000
_MORE_CHILDREN = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How the points seen lie to what was predicted; probabilities are those of the prediction, all that is not known
    included."""

    children: int
    reached: int
    expected_with: float
    """Mean number expected to get there, of so many children, with the change."""
    expected_without: float
    chance_without: float
    """Probability of so many or more (in the direction of the change) without it: the error of saying it shows."""
    chance_worse: float
    """Probability without the change of so many or fewer."""
    chance_less: float
    """Probability with the change of so many or fewer."""
    chance_more: float
    """Probability with the change of so many or more."""
    log_ratio: float
    """Natural log of how much likelier the points are with the change than without it."""
    inside80: int
    """Points within the 80 % interval."""
    points: int
    expected_inside: float
    chance_scatter: float
    """Probability with the change of so few points, or fewer, within the 80 % interval."""


def weigh(chart: PredictedChart, children: Ints, reached: Ints, *, seed: int = 1) -> Evidence:
    """The evidence of the cohorts with children; `children` and `reached` have one entry a period, 0 where unseen."""
    shares = [chart.shares(future) for future in (WITH, WITHOUT)]
    drawn = [_samples(one, children, chart.watched.name, seed) for one in shares]
    totals = [one.sum(axis=1) for one in drawn]
    total = int(reached.sum())
    # The direction of the change is up or down; what follows speaks of "more" in that direction.
    way = 1 if chart.difference >= 0 else -1
    more_without, more_with = (float((way * one >= way * total).mean()) for one in (totals[WITHOUT], totals[WITH]))
    less_without, less_with = (float((way * one <= way * total).mean()) for one in (totals[WITHOUT], totals[WITH]))
    ratio = [float(np.logaddexp.reduce(one.log_likelihood(children, reached))) for one in shares]
    # Points of a stage that nothing should move are judged by the future without the change: it is the same one.
    judged = np.flatnonzero(children > 0)
    band = [shares[WITH].limits(int(c), int(children[c]), (0.1, 0.9)) for c in judged]
    inside, expected, scatter = 0, 0.0, 1.0
    if len(judged):
        low, high = np.array(band).T
        within = _within(drawn[WITH][:, judged] / children[judged], low, high).sum(axis=1)
        inside = int(_within(reached[judged] / children[judged], low, high).sum())
        expected, scatter = float(within.mean()), float((within <= inside).mean())
    return Evidence(
        children=int(children.sum()),
        reached=total,
        expected_with=float(totals[WITH].mean()),
        expected_without=float(totals[WITHOUT].mean()),
        chance_without=more_without,
        chance_worse=less_without,
        chance_less=less_with,
        chance_more=more_with,
        log_ratio=ratio[WITH] - ratio[WITHOUT],
        inside80=inside,
        points=len(judged),
        expected_inside=expected,
        chance_scatter=scatter,
    )


def verdict(chart: PredictedChart, found: Evidence, *, untouched: int = 1) -> Verdict:
    """The verdict on one chart; `untouched` charts share the error of 5 % of seeing something where nothing is."""
    if not found.points:
        return "no point is complete yet"
    if not chart.touched:
        moved = min(found.chance_without, found.chance_worse) <= OUTSIDE / max(untouched, 1)
        return "something else" if moved else "nothing expected, nothing seen"
    if found.chance_worse <= OUTSIDE or found.chance_more <= OUTSIDE:
        return "something else"
    if found.chance_less <= OUTSIDE:
        return "less than expected"
    if found.chance_scatter <= SCATTERED:
        return "something else"
    if found.chance_without <= SEEN and found.log_ratio > 0:
        return "did what was expected"
    return "no sign yet: too few children to tell"


def update(chart: PredictedChart, children: Ints, reached: Ints) -> tuple[Floats, float]:
    """Weight of each draw with the change after what was seen (sum 1), and how many draws they are worth (ESS)."""
    log = chart.shares(WITH).log_likelihood(children, reached)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    return weight, float(1 / (weight**2).sum())


def chance_to_tell(chart: PredictedChart, children: Ints, *, seed: int = 1) -> float:
    """How likely a change of the predicted size is to be seen by its verdict's own test with so many children."""
    with_change, without = (
        chart.shares(future).sample(children, _generator(chart.watched.name, seed), _SAMPLES).sum(axis=1)
        for future in (WITH, WITHOUT)
    )
    way = 1 if chart.difference >= 0 else -1
    null = np.sort(way * without)
    # The smallest total that at most 5 % of futures without the change reach.
    least = null[-int(SEEN * _SAMPLES)] if len(null) else 0
    if (null >= least).mean() > SEEN:
        least = least + 1
    return float((way * with_change >= least).mean())


def children_to_tell(chart: PredictedChart, *, wanted: float = 0.8, seed: int = 1) -> int | None:
    """The fewest children of all predicted cohorts together, of those tried, that show the change so often.

    Fewer than the cohorts expected: the first cohorts alone; more: every cohort with more. None where ten times as
    many are not enough: what the level without the change is, is then not known well enough.
    """
    expected = np.array([point.children for point in chart.points], dtype=np.int64)
    for cohorts in range(1, len(expected) + 1):
        some = np.where(np.arange(len(expected)) < cohorts, expected, 0)
        if chance_to_tell(chart, some, seed=seed) >= wanted:
            return int(some.sum())
    for times in _MORE_CHILDREN[1:]:
        more = np.rint(expected * times).astype(np.int64)
        if chance_to_tell(chart, more, seed=seed) >= wanted:
            return int(more.sum())
    return None


def _within(values: Floats, low: Floats, high: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (values >= low - 1e-9) & (values <= high + 1e-9)
    return inside


def _samples(shares: CohortShares, children: Ints, name: str, seed: int) -> Ints:
    return shares.sample(children, _generator(name, seed), _SAMPLES)


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stable_hash(f"evidence {name}")])))
