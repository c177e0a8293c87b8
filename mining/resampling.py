"""Case bootstrap of child-days: whole children are drawn again, so that what belongs to a child stays together."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Resampled totals are whole milliseconds, so that they come out the same on every machine in whatever order added.
_MILLISECONDS = 86_400_000.0
_BLOCK = 4_000_000
_MOST_UNITS = 2_000


def resampling_units(log: EventLog) -> IntArray:
    """What is resampled whole: children of one family together, episodes of one child together, else cases."""
    cases = np.arange(len(log.cases))
    for attribute in ("family", "child"):
        if attribute in log.cases:
            codes = pd.factorize(log.cases[attribute])[0]
            return np.where(codes < 0, len(log.cases) + cases, codes).astype(np.int64)
    return cases


def resampled_totals(days: FloatArray, seed: int, draws: int, units: IntArray) -> npt.NDArray[np.float64]:
    """Child-days by stage in each of `draws` resamples of whole units of cases, as [draw, stage]."""
    names, unit = np.unique(units, return_inverse=True)
    if len(names) < len(days):
        days = np.stack([np.bincount(unit, column, minlength=len(names)) for column in days.T], axis=1)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _stable_hash("bottlenecks")])))
    contributing = days[days.sum(axis=1) > 0]
    cases, m = len(days), len(contributing)
    if m > _MOST_UNITS:
        # Bundles of units, put together at random, vary as the units do, and are quicker to draw.
        bundle = generator.permutation(m) % _MOST_UNITS
        contributing = np.stack([np.bincount(bundle, column) for column in contributing.T], axis=1)
        cases, m = max(_MOST_UNITS, round(cases * _MOST_UNITS / m)), _MOST_UNITS
    amounts: IntArray = np.round(contributing * _MILLISECONDS).astype(np.int64)
    # Cases without any days change the totals only by taking up draws: all of them are one last category.
    chance = np.full(m + 1, 1.0 / cases)
    chance[-1] = max(0.0, (cases - m) / cases)
    block = max(1, _BLOCK // (m + 1))
    totals = []
    for done in range(0, draws, block):
        weights = generator.multinomial(cases, chance, size=min(block, draws - done))
        totals.append(weights[:, :-1] @ amounts)
    return np.concatenate(totals) / _MILLISECONDS


def _stable_hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def percentile_limits(units: int, level: float = 0.95) -> tuple[float, float]:
    """The two percentiles, as fractions, between which a bootstrap interval of so many units lies.

    Plain percentiles are too close together with few units; these are set apart as Student's t and the divisor n - 1
    would have them (Hesterberg 2015, expanded percentile interval).

    >>> low, high = percentile_limits(12)
    >>> round(low, 4), round(high, 4)
    (0.0108, 0.9892)
    """
    from scipy.special import ndtr, stdtrit

    if units < 2:
        return 0.0, 1.0
    z = float(np.sqrt(units / (units - 1)) * stdtrit(units - 1, 0.5 + level / 2))
    return float(ndtr(-z)), float(ndtr(z))


def widening(upper: float) -> float:
    """How much farther out than the plain 97.5 % point an expanded percentile lies, on the normal scale."""
    from scipy.special import ndtri

    return float(ndtri(min(upper, 0.999999)) / ndtri(0.975))


def rank_intervals(drawn: FloatArray) -> FloatArray:
    """For each stage the range of ranks that it takes in nearest to 95 % of resamples, as [limit, stage].

    Ranks are whole numbers, so no range may hold just 95 %; between percentiles it would hold far more. The nearest
    never holds less than 90 %, the share below which a first place is called tied. Of ranges equally long the one
    taken most often, then the one that begins first.
    """
    k = drawn.shape[1]
    ranks = np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1, kind="stable")
    cells = np.bincount((ranks + np.arange(k) * k).ravel(), minlength=k * k).reshape(k, k) / len(drawn)
    upto = np.concatenate([np.zeros((k, 1)), np.cumsum(cells, axis=1)], axis=1)
    limits, nearest = np.full((2, k), np.nan), np.full(k, np.inf)
    for length in range(1, k + 1):
        mass = upto[:, length:] - upto[:, :-length]
        best = mass.argmax(axis=1)
        away = np.round(np.abs(mass.max(axis=1) - 0.95), 9)
        fits = away < nearest
        limits[:, fits] = np.stack([best + 1, best + length])[:, fits]
        nearest = np.minimum(nearest, away)
    return limits
