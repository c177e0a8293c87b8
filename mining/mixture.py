"""Which way children will go in the end: a semi-Markov mixture, for the simulator and for shares beyond what was seen.

Each child is bound for one way out with probability p, and takes a time by that way's own law. Normalising what has
been seen so far favours quick ways (methods: 75 % counted and 65 % by Aalen-Johansen where 60 % is true, on a two-year
log); the likelihood of this model counts those still waiting as a mixture of all ways and finds 60 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import Stage
from mining.laws import LOGNORMAL, check_family, log_days, log_law, median_shift
from mining.outcomes import ENDS, Outcome, journeys

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Objective = Callable[[FloatArray], tuple[float, FloatArray]]

FEWEST_EXITS = 5
"""A way that fewer have taken has no law of its own to be estimated: the answer is then refused, in words."""
_PRIOR_SD = 1.5
"""Weak normal prior on log sigma, which keeps the law of a way with few exits from collapsing."""
_LIMITS = 8.0
_ROOT_95 = 1.959963984540054
_CLOSE, _STEPS = 0.02, 14
_COLUMNS = ["way", "exits", "p", "low_p", "high_p", "median_days", "low_days", "high_days", "sigma"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """The estimated ways out of one state; `refused` says why there is none, and every estimate is then NaN."""

    ways: pd.DataFrame
    """One row a way: `way`, `exits` (seen to take it), `p` (share bound for it in the end) with its 95 % profile
    interval `low_p`, `high_p`, `median_days` of those who take it with interval `low_days`, `high_days`, `sigma`
    (spread of the log of the days)."""
    waiting: int
    """Still in the state at the window's end."""
    family: str
    log_likelihood: float
    refused: str = ""


def mixture_of(
    log: EventLog, state: str | Stage, outcomes: Sequence[Outcome] = ENDS, *, family: str = LOGNORMAL
) -> Mixture:
    """The ways out of a state of a log in the end; outcomes nobody was seen to reach are left out of the model.

    Raises as `mining.outcomes.journeys`, and ValueError for an unknown family.
    """
    found = journeys(log, state, outcomes)
    taken = np.flatnonzero(np.bincount(found.cause, minlength=len(found.ends) + 1)[1:])
    renumbered = np.zeros(len(found.ends) + 1, dtype=np.int64)
    renumbered[taken + 1] = np.arange(1, len(taken) + 1)
    names = [found.ends[int(way)] for way in taken]
    return fit_mixture(found.days, renumbered[found.cause], entry=found.entry_delay, names=names, family=family)


def fit_mixture(
    durations: npt.ArrayLike,
    causes: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
    family: str = LOGNORMAL,
    intervals: bool = True,
) -> Mixture:
    """Maximum likelihood of the mixture: log p f of those who left, log of sum p S of those waiting, given entry.

    `durations`, `causes` and `entry` as in `mining.survival.aalen_johansen`. Ways are as many as `names`, or as the
    causes say. With fewer than five exits by any way, or no ways at all, nothing is estimated and `refused` says so.
    The interval of p is by profile likelihood, which is not symmetric where many still wait; without `intervals` all
    limits are NaN, and the answer comes ten times as quick. Raises ValueError for
    lengths that differ, negative causes, and an unknown family.
    """
    check_family(family)
    t, way = np.asarray(durations, dtype=np.float64), np.asarray(causes, dtype=np.int64)
    e = np.zeros(len(t)) if entry is None else np.asarray(entry, dtype=np.float64)
    if way.shape != t.shape or e.shape != t.shape or (len(way) and way.min() < 0):
        raise ValueError(f"causes must be 0 or more and entry known, one for each of the {len(t)} durations")
    count = max(len(names), int(way.max(initial=0)))
    labels = [*names, *(f"way {k + 1}" for k in range(len(names), count))]
    keep = (e <= 0) | (e < t)
    t, way, e = t[keep], way[keep], e[keep]
    exits = np.bincount(way, minlength=count + 1)[1:]
    waiting = int((way == 0).sum())
    refused = _refusal(exits, labels, len(t))
    blank = pd.DataFrame({"way": pd.Series(labels, dtype="str"), "exits": exits}).reindex(columns=_COLUMNS)
    if refused:
        return Mixture(blank, waiting, family, np.nan, refused)
    model = _Model.of(t, way, e, count, family)
    best, value = model.fit()
    return Mixture(_table(model, best, blank, value if intervals else None), waiting, family, -value)


def shares_bound_for(
    days: FloatArray,
    causes: IntArray,
    entry: FloatArray,
    weights: FloatArray,
    count: int,
    *,
    start: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> FloatArray | None:
    """Only the shares p of `fit_mixture` for `count` ways, rows counted `weights` times.

    None where fewer than five left by one of the ways. For fits that are made again and again: `start` is where to
    look first (shares, medians in days and sigma of each way, as an earlier fit found them), which takes half the
    time. Rows without weight count for nothing.
    """
    known = (weights > 0) & ((entry <= 0) | (entry < days))
    t, way, e, w = days[known], causes[known], entry[known], weights[known]
    exits = np.bincount(way, minlength=count + 1)[1:]
    if exits.min(initial=FEWEST_EXITS) < FEWEST_EXITS:
        return None
    model = _Model.of(t, way, e, count, LOGNORMAL, w)
    first = None
    if start is not None:
        shares, medians, sigmas = (np.maximum(values, 1e-6) for values in start)
        first = np.concatenate([np.log(shares / shares[0]), np.log(medians), np.log(sigmas)])
    logits = model.fit(start=first)[0][:count]
    return np.asarray(np.exp(logits - _log_sum(logits[:, None])[0]))


def _refusal(exits: IntArray, labels: Sequence[str], n: int) -> str:
    if not len(exits):
        return f"nobody of the {n:,} in this state has left it: which way they will go cannot be said"
    few = [f"{label} ({count})" for label, count in zip(labels, exits, strict=True) if count < FEWEST_EXITS]
    if few:
        return (
            f"fewer than {FEWEST_EXITS} have left by: {', '.join(few)}; the share bound for it cannot be told from "
            "those still waiting. Put it together with another way, or wait for more"
        )
    return ""


@dataclass(frozen=True, eq=False)
class _Model:
    """Data of the likelihood. Parameters: count logits (the first fixed at 0), then mu, then log sigma of each way."""

    exit_log: FloatArray
    exit_way: IntArray
    waiting_log: FloatArray
    entry_log: FloatArray
    count: int
    family: str
    weights: tuple[FloatArray, FloatArray, FloatArray]
    """How often each row of the three counts."""

    @classmethod
    def of(
        cls, t: FloatArray, way: IntArray, e: FloatArray, count: int, family: str, weights: FloatArray | None = None
    ) -> _Model:
        left, late = way > 0, e > 0
        w = np.ones(len(t)) if weights is None else weights
        logs = (log_days(t[left]), way[left] - 1, log_days(t[~left]), log_days(e[late]))
        return cls(*logs, count, family, (w[left], w[~left], w[late]))

    def objective(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Minus the penalised log likelihood and its slope."""
        k = self.count
        logits, mu, scale = theta[:k], theta[k : 2 * k], theta[2 * k :]
        log_p = logits - _log_sum(logits[:, None])[0]
        sigma = np.exp(scale)
        mine = log_law(self.family, self.exit_log, mu[self.exit_way], sigma[self.exit_way])
        weight, *others = self.weights
        value = float(weight @ (log_p[self.exit_way] + mine.density) - 0.5 * np.sum((scale / _PRIOR_SD) ** 2))
        by_p = np.bincount(self.exit_way, weight, minlength=k)
        by_mu = np.bincount(self.exit_way, weight * mine.density_mu, minlength=k)
        by_scale = np.bincount(self.exit_way, weight * mine.density_scale, minlength=k) - scale / _PRIOR_SD**2
        signed = (others[0], -others[1])
        for times, logs in zip(signed, (self.waiting_log, self.entry_log), strict=True):
            law = log_law(self.family, logs[None, :], mu[:, None], sigma[:, None])
            parts = log_p[:, None] + law.survival
            total = _log_sum(parts)
            post = np.exp(parts - total) * times
            value += float(times @ total)
            by_p += post.sum(axis=1)
            by_mu += (post * law.survival_mu).sum(axis=1)
            by_scale += (post * law.survival_scale).sum(axis=1)
        by_logits = by_p - np.exp(log_p) * by_p.sum()
        return -value, -np.concatenate([by_logits, by_mu, by_scale])

    def fit(self, fixed: tuple[int, float] | None = None, start: FloatArray | None = None) -> tuple[FloatArray, float]:
        """The best parameters and minus their log likelihood; with `fixed`, the p of one way is held."""
        starts = [start] if start is not None else [self._start(0.0), self._start(0.5)]
        results = [self._minimise(one, fixed) for one in starts]
        return min(results, key=lambda result: result[1])

    def _start(self, stretch: float) -> FloatArray:
        """From what was seen: shares of exits and each way's log times, the second start with longer times."""
        k = self.count
        weight = self.weights[0]
        n = np.bincount(self.exit_way, weight, minlength=k)
        mean = np.bincount(self.exit_way, weight * self.exit_log, minlength=k) / n
        squares = np.bincount(self.exit_way, weight * self.exit_log**2, minlength=k) / n - mean**2
        logits = np.log(n / n[0])
        return np.concatenate([logits, mean + stretch, 0.5 * np.log(np.maximum(squares, 0.01)) + 0.5 * stretch])

    def _minimise(self, start: FloatArray, fixed: tuple[int, float] | None) -> tuple[FloatArray, float]:
        from scipy.optimize import minimize

        k = self.count
        others = np.array([way for way in range(k) if fixed is None or way != fixed[0]])

        def expand(free: FloatArray) -> FloatArray:
            logits = np.zeros(k)
            logits[others[1:]] = free[: len(others) - 1]
            if fixed is not None:
                rest = _log_sum(logits[others][:, None])[0]
                logits[fixed[0]] = rest + np.log(fixed[1]) - np.log1p(-fixed[1])
            return np.concatenate([logits, free[len(others) - 1 :]])

        def reduced(free: FloatArray) -> tuple[float, FloatArray]:
            theta = expand(free)
            value, slope = self.objective(theta)
            by_logits = slope[:k].copy()
            if fixed is not None:  # the held logit moves with the others
                share = np.exp(theta[others] - _log_sum(theta[others][:, None])[0])
                by_logits[others] += by_logits[fixed[0]] * share
            return value, np.concatenate([by_logits[others[1:]], slope[k:]])

        free = np.concatenate([start[others[1:]] - start[others[0]], start[k:]])
        bounds = [(-12.0, 12.0)] * (len(others) - 1) + [(-5.0, 15.0)] * k + [(-4.0, 2.0)] * k
        found = minimize(reduced, np.clip(free, *np.array(bounds).T), jac=True, method="L-BFGS-B", bounds=bounds)
        return expand(found.x), float(found.fun)


def _log_sum(parts: FloatArray) -> FloatArray:
    """Log of the sum of exponentials over the first axis."""
    top = parts.max(axis=0) if parts.size else np.zeros(parts.shape[1])
    total: FloatArray = top + np.log(np.exp(parts - top).sum(axis=0))
    return total


def _table(model: _Model, best: FloatArray, table: pd.DataFrame, value: float | None) -> pd.DataFrame:
    """The estimates, with intervals unless `value`, minus the log likelihood, is None."""
    k = model.count
    mu, sigma = best[k : 2 * k], np.exp(best[2 * k :])
    logs = best[:k] - _log_sum(best[:k, None])[0]
    p = np.exp(logs)
    shift = median_shift(model.family)
    centre = mu + sigma * shift
    known = table.assign(p=p, median_days=np.exp(centre), sigma=sigma)
    if value is None:
        return known
    error = _median_errors(model, best, shift)
    limits = [_profile(model, best, value, way, float(p[way])) for way in range(1 if k == 2 else k)]
    if k == 2:  # what is not bound for one way is bound for the other
        limits.append((1.0 - limits[0][1], 1.0 - limits[0][0]))
    return known.assign(
        low_p=[low for low, _ in limits],
        high_p=[high for _, high in limits],
        low_days=np.exp(centre - 1.959964 * error),
        high_days=np.exp(centre + 1.959964 * error),
    )


def _median_errors(model: _Model, best: FloatArray, shift: float) -> FloatArray:
    """Standard errors of the log medians, from the curvature of the likelihood; NaN where it has none."""
    k = model.count
    theta = best[1:]

    def slope(free: FloatArray) -> FloatArray:
        return model.objective(np.concatenate([best[:1], free]))[1][1:]

    hessian = hessian_of(slope, theta)
    try:
        covariance = np.linalg.inv(hessian)
    except np.linalg.LinAlgError:
        return np.full(k, np.nan)
    errors = np.full(k, np.nan)
    for way in range(k):
        weights = np.zeros(len(theta))
        weights[k - 1 + way] = 1.0
        weights[2 * k - 1 + way] = shift * np.exp(best[2 * k + way])
        variance = float(weights @ covariance @ weights)
        errors[way] = np.sqrt(variance) if variance > 0 else np.nan
    return errors


def hessian_of(slope: Callable[[FloatArray], FloatArray], at: FloatArray) -> FloatArray:
    """Second derivatives by central differences of the slope, made symmetric."""
    step = 1e-4
    columns = []
    for place in range(len(at)):
        move = np.zeros(len(at))
        move[place] = step
        columns.append((slope(at + move) - slope(at - move)) / (2 * step))
    found = np.array(columns)
    symmetric: FloatArray = (found + found.T) / 2
    return symmetric


def _profile(model: _Model, best: FloatArray, value: float, way: int, p: float) -> tuple[float, float]:
    """Where twice the log likelihood, all else refitted, has fallen by the 95 % point of chi squared."""
    if model.count == 1:
        return 1.0, 1.0
    centre = np.log(p) - np.log1p(-p)

    def side(direction: float) -> float:
        # The root of the deviance is nearly a straight line, so a few steps of regula falsi find where it is 1.96.
        near, near_root, start = 0.0, 0.0, best
        far, far_root = np.inf, np.inf
        reach = 2.0 / np.sqrt(max(1.0, len(model.exit_log) * p * (1 - p)))
        for _ in range(_STEPS):
            if reach > _LIMITS:
                return 1.0 if direction > 0 else 0.0
            held, fell = model.fit((way, _logistic(centre + direction * reach)), start)
            root = float(np.sqrt(max(0.0, 2 * (fell - value))))
            if abs(root - _ROOT_95) < _CLOSE:
                break
            if root < _ROOT_95:
                near, near_root, start = reach, root, held
            else:
                far, far_root = reach, root
            if np.isinf(far):
                reach *= min(4.0, max(1.2, _ROOT_95 / max(root, 0.3)))
            else:
                reach = near + (far - near) * float(
                    np.clip((_ROOT_95 - near_root) / (far_root - near_root), 0.05, 0.95)
                )
        return _logistic(centre + direction * reach)

    return side(-1.0), side(1.0)


def _logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))
