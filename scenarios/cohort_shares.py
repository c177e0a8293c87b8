"""The share of a small cohort that gets somewhere in time: what chance and what we do not know let it be.

A draw of the model simulates each future cohort once or twice, with as many children as happen to come. The next real
cohort will have another number. So what a draw says is turned into a chance for each cohort, and the share of any
number of children is then beta-binomial about it: binomial, with the extra spread that cohorts of the simulation show
among themselves (one queue, one panel for all of them). The mixture over the draws is the predictive distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_ROUNDS = 60
_SMALLEST = 1e-6


@dataclass(frozen=True, eq=False)
class CohortShares:
    """The chance of getting there in time, for each draw and each cohort, and how cohorts spread beside it."""

    chance: Floats
    """[draw, cohort], between 0 and 1."""
    spread: float
    """Correlation between two children of one cohort beyond what the chance explains; 0 is binomial."""

    def log_pmf(self, cohort: int, children: int, reached: Ints | int) -> Floats:
        """Log probability of so many of the children, for each draw; shape [draw] or [draw, reached]."""
        from scipy.special import betaln, gammaln

        k = np.asarray(reached, dtype=np.float64)
        p = self.chance[:, cohort].reshape(-1, *(1,) * k.ndim)
        choose = gammaln(children + 1) - gammaln(k + 1) - gammaln(children - k + 1)
        if self.spread <= _SMALLEST:
            binomial: Floats = choose + k * np.log(p) + (children - k) * np.log1p(-p)
            return binomial
        size = (1 - self.spread) / self.spread
        a, b = p * size, (1 - p) * size
        mixed: Floats = choose + betaln(k + a, children - k + b) - betaln(a, b)
        return mixed

    def pmf(self, cohort: int, children: int) -> Floats:
        """Probability of 0, 1, ... all of the children, over the draws."""
        each: Floats = np.exp(self.log_pmf(cohort, children, np.arange(children + 1))).mean(axis=0)
        return each

    def limits(self, cohort: int, children: int, tails: tuple[float, ...]) -> list[float]:
        """The shares below which these probabilities lie, in rising order; the one at the border counts half (mid-P).

        Shares of few children fall into few values; without the half an interval of 95 % would hold nearly all.

        >>> CohortShares(np.full((1, 1), 0.5), 0.0).limits(0, 4, (0.025, 0.5, 0.975))
        [0.0, 0.5, 1.0]
        """
        pmf = self.pmf(cohort, children)
        middle = np.cumsum(pmf) - pmf / 2
        low = [int((middle < tail - 1e-9).sum()) for tail in tails if tail <= 0.5]
        below = [*low, *(int((middle <= tail + 1e-9).sum()) - 1 for tail in tails if tail > 0.5)]
        return [float(np.clip(k, 0, children)) / children for k in below]

    def expected(self, cohort: int) -> float:
        """The mean of the share, whatever the number of children."""
        return float(self.chance[:, cohort].mean())

    def place(self, cohort: int, children: int, reached: int) -> float:
        """Where an observed number stands in its prediction, from 0 to 1 (PIT, the number itself counted by half)."""
        pmf = self.pmf(cohort, children)
        return float(pmf[:reached].sum() + pmf[reached] / 2)

    def log_likelihood(self, children: Ints, reached: Ints) -> Floats:
        """Log probability of all the cohorts together, for each draw; cohorts without children say nothing."""
        total = np.zeros(len(self.chance))
        for cohort in np.flatnonzero(children > 0):
            total += self.log_pmf(int(cohort), int(children[cohort]), int(reached[cohort]))
        return total

    def sample(self, children: Ints, generator: np.random.Generator, size: int) -> Ints:
        """Numbers that get there, [sample, cohort], each sample from one draw: cohorts share what is not known."""
        p = self.chance[np.arange(size) % len(self.chance)]
        if self.spread > _SMALLEST:
            scale = (1 - self.spread) / self.spread
            p = generator.beta(np.maximum(p * scale, _SMALLEST), np.maximum((1 - p) * scale, _SMALLEST))
        return np.asarray(generator.binomial(children[None, :], p), dtype=np.int64)


def estimate(reached: Ints, children: Ints, noise: Floats, sizes: Floats | None = None) -> CohortShares:
    """What simulated cohorts say of the chance in each draw; both arrays are [draw, cohort].

    log odds = level of the cohort, the same in all draws, + level of the draw, which is normal about what the `sizes`
    [draw, change] of the effects explain (empirical Bayes: slopes and variance from the draws by EM, so that draws
    with few children are drawn towards the others of their size). The draw's level is taken from its posterior by
    `noise` [draw], standard normal, so that the draws keep the spread they truly have. Cohorts nobody enters in any
    draw have the level of all cohorts.
    """
    explain = _standardised(sizes, len(children))
    k, n = reached.astype(np.float64), children.astype(np.float64)
    overall = (k.sum() + 0.5) / (n.sum() + 1.0)
    by_cohort = (k.sum(axis=0) + overall) / (n.sum(axis=0) + 1.0)
    level = np.log(by_cohort) - np.log1p(-by_cohort)
    draw, error, variance = _draw_levels(k, n, level, explain, 1.0)
    excess = _excess(k, n, level, draw, error, variance)
    if excess > 0:
        cells, pairs = float((n > 0).sum()), float(np.maximum(n - 1, 0).sum())
        draw, error, variance = _draw_levels(k, n, level, explain, 1 + excess / cells)
        excess = max(_excess(k, n, level, draw, error, variance), 0.0)
        spread = float(np.clip(excess / pairs, 0.0, 0.5)) if pairs else 0.0
    else:
        spread = 0.0
    return CohortShares(_chance(level, draw + error * noise), spread)


def _excess(k: Floats, n: Floats, level: Floats, draw: Floats, error: Floats, variance: float) -> float:
    """By how much the chi-square of the cells passes what binomial cells would give."""
    p = _chance(level, draw)
    chi_square = float(((k - n * p) ** 2 / np.maximum(n * p * (1 - p), 1e-9)).sum())
    # What the levels of cohorts and draws have used up of the freedom of the cells.
    used = float((1 - error**2 / variance).sum()) + len(level)
    return chi_square - (float((n > 0).sum()) - used)


def _draw_levels(
    k: Floats, n: Floats, level: Floats, explain: Floats, dispersion: float
) -> tuple[Floats, Floats, float]:
    """Level of each draw with its posterior standard deviation, and the variance of what sizes do not explain."""
    draw, mean, variance = np.zeros(len(k)), np.zeros(len(k)), 0.1
    for _ in range(_ROUNDS):
        for _ in range(3):
            p = _chance(level, draw)
            information = (n * p * (1 - p)).sum(axis=1) / dispersion + 1 / variance
            step = ((k - n * p).sum(axis=1) / dispersion - (draw - mean) / variance) / information
            draw = draw + np.clip(step, -1.0, 1.0)
        if explain.shape[1]:
            mean = explain @ np.linalg.lstsq(explain, draw, rcond=None)[0]
        variance = max(float(((draw - mean) ** 2 + 1 / information).mean()), 1e-5)
    return draw, 1 / np.sqrt(information), variance


def _standardised(sizes: Floats | None, draws: int) -> Floats:
    """The sizes that differ between draws, about 0 with standard deviation 1."""
    if sizes is None:
        return np.zeros((draws, 0))
    differ = sizes[:, sizes.std(axis=0) > 1e-9]
    return np.asarray((differ - differ.mean(axis=0)) / differ.std(axis=0))


def _chance(level: Floats, draw: Floats) -> Floats:
    odds = np.clip(level[None, :] + draw[:, None], -13.0, 13.0)
    chance: Floats = 1 / (1 + np.exp(-odds))
    return chance
