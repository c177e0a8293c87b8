"""From paired differences to what can be said of them: interval, the parts it is made of, probability, adjustment.

All functions take differences of the nested design as [draw, replication]: changed minus baseline on the same streams.
NaN (a mean or share that a run could not tell) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ENOUGH_FOR_PERCENTILES = 40
"""Outer draws from which on the limits of a 95 % interval are percentiles: 0.025 lies between the first two of 40."""
LEVELS = (0.95, 0.80)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference: what is expected, and what the years to come may really show."""

    mean: float
    low: float
    """Limits of the 95 % interval, in which the difference that these years will show lies: it covers which children
    were in the records, the fit, the size of the effect, and the chance of the years themselves."""
    high: float
    low_80: float
    high_80: float
    less: float
    """Probability that the difference is below 0."""

    @property
    def detectable(self) -> bool:
        """Whether the 95 % interval lies on one side of no difference."""
        return self.low > 0 or self.high < 0


UNKNOWN = Difference(mean=np.nan, low=np.nan, high=np.nan, low_80=np.nan, high_80=np.nan, less=np.nan)


def difference_of(values: Floats) -> Difference:
    """Mean, intervals and probability from paired differences; all NaN for fewer than 2 draws that are known.

    With 40 draws or more the limits are percentiles of all differences together, at the places p (n + 1), which makes
    them prediction limits whatever the shape of the spread (a share of draws without effect gives a limit of exactly
    0). With fewer they are mean plus and minus t times the spread of one future.
    """
    draws = values[np.isfinite(values).any(axis=1)]
    if len(draws) < 2:
        return UNKNOWN
    known = draws[np.isfinite(draws)]
    mean = float(known.mean())
    (low, high), (low_80, high_80) = (_limits(draws, known, level) for level in LEVELS)
    less = float((known < 0).mean())
    return Difference(mean=mean, low=low, high=high, low_80=low_80, high_80=high_80, less=less)


def _limits(draws: Floats, known: Floats, level: float) -> tuple[float, float]:
    tail = (1.0 - level) / 2.0
    if len(draws) >= ENOUGH_FOR_PERCENTILES:
        low, high = np.quantile(known, [tail, 1.0 - tail], method="weibull")
        return float(low), float(high)
    from scipy.special import stdtrit

    # One future differs from the mean of the draws by its own spread, and the mean by a share of it.
    spread = np.sqrt(_spread_of_one(draws) * (1.0 + 1.0 / len(draws)))
    half = float(stdtrit(len(draws) - 1, 1.0 - tail) * spread)
    return float(known.mean()) - half, float(known.mean()) + half


def _spread_of_one(draws: Floats) -> float:
    """Variance of the difference in one future: that of the draws' means, which hold s^2 / r of chance, made whole."""
    between = float(np.var(np.nanmean(draws, axis=1), ddof=1))
    several = np.isfinite(draws).sum(axis=1) > 1
    if not several.any():
        return between
    within = np.nanvar(draws[several], axis=1, ddof=1).mean()
    return float(between + within * (1.0 - 1.0 / draws.shape[1]))


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the variance of a difference in one future is made of; the parts add up to `total`.

    Which of the first two can be lowered: `parameter` by more or better records, `effect` by measuring the effect in a
    small test; `stochastic` is the chance of the years themselves, which nothing lowers.
    """

    stochastic: float
    parameter: float
    effect: float

    @property
    def total(self) -> float:
        """Variance of the difference in one future."""
        return self.stochastic + self.parameter + self.effect


def parts_of(values: Floats, sizes: Floats) -> Parts:
    """The parts of the variance of differences [draw, replication], with the sizes [draw, change] of each draw.

    Analysis of variance (methods 3.7): stochastic = mean over draws of s^2, the variance between a draw's
    replications; V_input = Var over draws of the draw's mean - mean(s^2 / r), at least 0. The effect part is the share
    of V_input that the sizes explain: R^2, adjusted for the number of terms, of the draw means on each size, its
    square, and whether the draw has an effect at all; the rest is the parameter part. With one replication
    a draw stochastic and parameter part cannot be told apart, and both are NaN.
    """
    known = values[np.isfinite(values).all(axis=1)]
    sizes = sizes[np.isfinite(values).all(axis=1)]
    if len(known) < 2:
        return Parts(stochastic=np.nan, parameter=np.nan, effect=np.nan)
    replications = known.shape[1]
    means = known.mean(axis=1)
    between = float(means.var(ddof=1))
    effect = explained(means, size_terms(sizes)) * between
    if replications < 2:
        return Parts(stochastic=np.nan, parameter=np.nan, effect=effect)
    within = float(known.var(axis=1, ddof=1).mean())
    input_variance = max(between - within / replications, 0.0)
    effect = min(effect, input_variance)
    return Parts(stochastic=within, parameter=input_variance - effect, effect=effect)


def size_terms(sizes: Floats) -> Floats:
    """Regressors from sizes: linear, square, and whether there is an effect; those that do not vary are left out."""
    columns = []
    for column in sizes.T:
        there = np.isfinite(column)
        if not there.any():
            continue
        centred = np.where(there, column - column[there].mean(), 0.0)
        columns += [there.astype(np.float64), centred, centred**2]
    kept: list[Floats] = []
    for column in columns:
        if np.ptp(column) > 0 and not any(np.array_equal(column, other) for other in kept):
            kept.append(column)
    return np.column_stack(kept) if kept else np.empty((len(sizes), 0))


def explained(outcome: Floats, terms: Floats) -> float:
    """Share of the outcome's variance that a linear regression on the terms explains: R^2, adjusted, at least 0.

    0 without terms, without variance, and with too few rows to tell.
    """
    rows, columns = terms.shape
    spread = float(((outcome - outcome.mean()) ** 2).sum())
    if columns == 0 or spread <= 0.0 or rows - columns - 1 < 1:
        return 0.0
    design = np.column_stack([np.ones(rows), (terms - terms.mean(axis=0)) / np.maximum(terms.std(axis=0), 1e-300)])
    fitted = design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
    left = float(((outcome - fitted) ** 2).sum()) / spread
    return float(np.clip(1.0 - left * (rows - 1) / (rows - columns - 1), 0.0, 1.0))


def two_sided(values: Floats) -> float:
    """How likely a difference this far from 0 would be by chance if there were none: from t, two-sided.

    The spread is that of one future, as in the interval; 1 where all differences are exactly 0, NaN where unknown.
    """
    from scipy.special import stdtr

    draws = values[np.isfinite(values).all(axis=1)]
    if len(draws) < 2:
        return float("nan")
    mean = float(draws.mean())
    spread = float(np.sqrt(_spread_of_one(draws) * (1.0 + 1.0 / len(draws))))
    if spread == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return float(2.0 * stdtr(len(draws) - 1, -abs(mean) / spread))


def holm(probabilities: Floats) -> Floats:
    """Probabilities adjusted for their number (Holm 1979); unknown ones stay unknown and do not count.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted = np.full(len(probabilities), np.nan)
    known = np.flatnonzero(np.isfinite(probabilities))
    order = known[np.argsort(probabilities[known], kind="stable")]
    running = 0.0
    for place, where in enumerate(order):
        running = max(running, min(1.0, float(probabilities[where]) * (len(order) - place)))
        adjusted[where] = running
    return adjusted


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """What common random numbers gained, from the replications within draws; NaN with one replication a draw."""

    correlation: float
    """Of baseline and changed within a draw, over its replications."""
    reduction: float
    """Variance of the difference of two independent runs over that of paired ones; infinite where these never vary."""


def pairing_of(baseline: Floats, changed: Floats) -> Pairing:
    """Correlation and variance reduction of runs as [draw, replication]."""
    if baseline.shape[1] < 2:
        return Pairing(correlation=np.nan, reduction=np.nan)
    one = baseline - baseline.mean(axis=1, keepdims=True)
    two = changed - changed.mean(axis=1, keepdims=True)
    difference = changed - baseline
    apart = difference - difference.mean(axis=1, keepdims=True)
    spread_one, spread_two, spread = (float(np.nansum(part**2)) for part in (one, two, apart))
    if spread_one <= 0.0 or spread_two <= 0.0:
        return Pairing(correlation=np.nan, reduction=np.nan)
    correlation = float(np.nansum(one * two)) / float(np.sqrt(spread_one * spread_two))
    return Pairing(
        correlation=correlation, reduction=(spread_one + spread_two) / spread if spread > 0 else float("inf")
    )
