"""Stage medians when children who are slow at one stage are slow at the next.

What can be seen of a child is fixed, so one who was slow early has little of it left: later stages are cut short for
exactly the slow children, and their Kaplan-Meier medians come out too low (methods: 7 to 28 % in two-year logs). The
remedy is one likelihood for all stages of a child: log days = mu of the stage + b of the child + a rest of its own,
both normal, b integrated out by Gauss-Hermite quadrature.

Delayed entry is exact: what a child had already been through when recording began is given, and only what came after
is evidence (the likelihood of everything divided by that of the past).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import STAGES, Stage
from mining.laws import LOGNORMAL, log_days, log_law
from mining.mixture import hessian_of
from mining.visits import FoundVisits, find_visits

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NODES = 15
FEWEST = 10
"""A stage that fewer have been seen to leave is left out of the likelihood."""
MOST_CHILDREN = 4_000
"""Of more children an evenly spread part is used: the intervals are then narrow enough, and the answer quick."""
_DEPENDENT = 2.705543  # 95 % point of the likelihood ratio against no dependence, which lies on the edge (half chi2_1)
_SHIFT = 0.05
_PRIOR_SD = 1.5
_LEAST = 1e-3
_Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Spells:
    """One row a child and stage: what the joint likelihood is made of."""

    child: IntArray
    stage: IntArray
    days: FloatArray
    ended: BoolArray
    past: FloatArray
    """Days of the stage before observation began: 0 for a stage begun after it, `inf` for one over by then."""


@dataclass(frozen=True, eq=False)
class Frailty:
    """The fitted joint law; arrays have one entry a stage, NaN for stages left out."""

    median_days: FloatArray
    low_days: FloatArray
    high_days: FloatArray
    sigma: FloatArray
    """Spread of log days at the stage within children."""
    child_sigma: float
    """Spread of b, what a child carries from stage to stage."""
    rho: FloatArray
    """Share of the variance of log days that belongs to the child: child_sigma^2 / (child_sigma^2 + sigma^2)."""
    independent_median_days: FloatArray
    """Medians of the same laws without dependence, to tell it from a law that does not fit."""
    dependence: float
    """Twice the gain in log likelihood over no dependence; above 2.7 it is shown at 95 %."""
    children: int


def fit_frailty(spells: Spells, stages: int, *, nodes: int = NODES) -> Frailty:
    """Maximum likelihood of the joint law. A stage fewer than 10 were seen to leave is left out (NaN).

    Medians have 95 % intervals from the curvature of the likelihood. With one usable stage, or none, there is nothing
    to depend on: the fit is that of single lognormal laws, and `rho` is NaN.
    """
    seen = spells.ended & ~np.isinf(spells.past)
    usable = np.flatnonzero(np.bincount(spells.stage[seen], minlength=stages) >= FEWEST)
    model = _Model.of(spells, usable, stages, nodes)
    nothing = np.full(stages, np.nan)
    if not len(usable):
        return Frailty(nothing, nothing, nothing, nothing, np.nan, nothing, nothing, np.nan, 0)
    alone, alone_value = model.fit(dependent=False)
    k = len(usable)
    best, value = alone, alone_value
    if k > 1:
        together, together_value = model.fit(dependent=True, start=alone)
        if together_value < alone_value:
            best, value = together, together_value
    error = model.errors(best)
    mu, sigma, spread = best[:k], np.exp(best[k : 2 * k]), float(best[2 * k])
    values = {
        "median_days": np.exp(mu),
        "low_days": np.exp(mu - _Z * error),
        "high_days": np.exp(mu + _Z * error),
        "sigma": sigma,
        "rho": spread**2 / (spread**2 + sigma**2) if k > 1 else np.full(k, np.nan),
        "independent_median_days": np.exp(alone[:k]),
    }
    columns = {name: nothing.copy() for name in values}
    for name, found in values.items():
        columns[name][usable] = found
    return Frailty(
        **columns, child_sigma=spread, dependence=max(0.0, 2 * (alone_value - value)), children=model.children
    )


def frailty_summary(log: EventLog, stages: Sequence[Stage] = STAGES) -> pd.DataFrame:
    """Stage medians corrected for dependence, to be printed beside those of `mining.visits.stage_summary`.

    One row a stage, in the order given. Columns: `stage`; `median_days` (Kaplan-Meier, as in `stage_summary`);
    `frailty_median_days` with its 95 % interval `low_days`, `high_days`; `rho` (share of the variance of log days
    that goes with the child); `prefer_frailty` (whether to print it instead); `note`, which says why or why not. NaN
    where a stage has too few ends. Raises as `mining.visits.stage_visits`, and ValueError for no stages.
    """
    if not stages:
        raise ValueError("frailty_summary needs at least one stage")
    found = [find_visits(log, stage) for stage in stages]
    curves = [one.usable().sojourn for one in found]
    fitted = fit_frailty(spells_of(found), len(stages))
    rows = []
    for place, (stage, curve) in enumerate(zip(stages, curves, strict=True)):
        median = curve.quantile(0.5)
        prefer, note = _advice(fitted, place, median, curve.interval(0.5))
        rows.append(
            {
                "stage": stage.name,
                "median_days": median,
                "frailty_median_days": fitted.median_days[place],
                "low_days": fitted.low_days[place],
                "high_days": fitted.high_days[place],
                "rho": fitted.rho[place],
                "prefer_frailty": prefer,
                "note": note,
            }
        )
    return pd.DataFrame(rows)


def spells_of(found: Sequence[FoundVisits]) -> Spells:
    """The visits of all stages as rows of the likelihood; visits whose end is unknown are left out.

    Of more than `MOST_CHILDREN` cases every so manyeth is taken.
    """
    keeps = [~(one.not_recorded | one.before_reliable) for one in found]
    case = np.concatenate([one.case[keep] for one, keep in zip(found, keeps, strict=True)])
    begin = found[0].window_start if found else 0.0
    start = np.concatenate([one.start[keep] for one, keep in zip(found, keeps, strict=True)])
    leave = np.concatenate([one.exit[keep] for one, keep in zip(found, keeps, strict=True)])
    ended = np.concatenate([one.cause[keep] > 0 for one, keep in zip(found, keeps, strict=True)])
    stage = np.repeat(np.arange(len(found)), [int(keep.sum()) for keep in keeps])
    past = np.where((leave <= begin) & (start < begin), np.inf, np.maximum(0.0, begin - start))
    cases, child = np.unique(case, return_inverse=True)
    step = -(-len(cases) // MOST_CHILDREN) if len(cases) else 1
    chosen = child % step == 0
    return Spells(child[chosen] // step, stage[chosen], (leave - start)[chosen], ended[chosen], past[chosen])


@dataclass(frozen=True, eq=False)
class _Model:
    """Rows sorted by child. Parameters: mu and log sigma of each usable stage, then the spread of b."""

    child: IntArray
    stage: IntArray
    log_days: FloatArray
    ended: BoolArray
    past_child: IntArray
    past_stage: IntArray
    past_log: FloatArray
    past_ended: BoolArray
    children: int
    count: int
    node: FloatArray
    log_weight: FloatArray

    @classmethod
    def of(cls, spells: Spells, usable: IntArray, stages: int, nodes: int) -> _Model:
        place = np.full(stages, -1)
        place[usable] = np.arange(len(usable))
        keep = np.flatnonzero(place[spells.stage] >= 0)
        names, child = np.unique(spells.child[keep], return_inverse=True)
        stage, days = place[spells.stage[keep]], spells.days[keep]
        past = spells.past[keep]
        before = past > 0
        over = np.isinf(past)
        node, weight = np.polynomial.hermite_e.hermegauss(nodes)
        return cls(
            child=child,
            stage=stage,
            log_days=log_days(days),
            ended=spells.ended[keep],
            past_child=child[before],
            past_stage=stage[before],
            past_log=log_days(np.where(over, days, past)[before]),
            past_ended=over[before],
            children=len(names),
            count=len(usable),
            node=node,
            log_weight=np.log(weight / weight.sum()),
        )

    def objective(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Minus the log likelihood and its slope."""
        value, slope = self._part(theta, self.child, self.stage, self.log_days, self.ended)
        if len(self.past_child):
            given, given_slope = self._part(theta, self.past_child, self.past_stage, self.past_log, self.past_ended)
            value, slope = value - given, slope - given_slope
        scale = theta[self.count : 2 * self.count]
        slope[self.count : 2 * self.count] -= scale / _PRIOR_SD**2
        return -(value - 0.5 * float(np.sum((scale / _PRIOR_SD) ** 2))), -slope

    def _part(
        self, theta: FloatArray, child: IntArray, stage: IntArray, logs: FloatArray, ended: BoolArray
    ) -> tuple[float, FloatArray]:
        """Log likelihood of some rows with b integrated out, and its slope."""
        k, spread = self.count, float(theta[2 * self.count])
        mu, sigma = theta[:k], np.exp(theta[k : 2 * k])
        nodes = self.node if spread > 0 else np.zeros(1)
        weights = self.log_weight if spread > 0 else np.zeros(1)
        centre = mu[stage][:, None] + spread * nodes[None, :]
        law = log_law(LOGNORMAL, logs[:, None], centre, sigma[stage][:, None])
        how = ended[:, None]
        inner = _by_child(np.where(how, law.density, law.survival), child, self.children) + weights[None, :]
        top = inner.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(inner - top).sum(axis=1))
        post = np.exp(inner - total[:, None])[child]
        by_mu = post * np.where(how, law.density_mu, law.survival_mu)
        by_scale = (post * np.where(how, law.density_scale, law.survival_scale)).sum(axis=1)
        slope = np.concatenate(
            [
                np.bincount(stage, by_mu.sum(axis=1), minlength=k),
                np.bincount(stage, by_scale, minlength=k),
                [float((by_mu * nodes[None, :]).sum())],
            ]
        )
        return float(total.sum()), slope

    def fit(self, *, dependent: bool, start: FloatArray | None = None) -> tuple[FloatArray, float]:
        """The best parameters and minus their log likelihood."""
        from scipy.optimize import minimize

        k = self.count
        first = self._start() if start is None else start.copy()
        bounds = [(-5.0, 15.0)] * k + [(-4.0, 2.0)] * k
        if not dependent:

            def alone(theta: FloatArray) -> tuple[float, FloatArray]:
                value, slope = self.objective(np.append(theta, 0.0))
                return value, slope[:-1]

            found = minimize(alone, first[: 2 * k], jac=True, method="L-BFGS-B", bounds=bounds)
            return np.append(found.x, 0.0), float(found.fun)
        first[2 * k] = 0.5 * float(np.exp(first[k : 2 * k]).mean())
        bounds.append((_LEAST, 5.0))
        found = minimize(self.objective, first, jac=True, method="L-BFGS-B", bounds=bounds)
        return np.asarray(found.x), float(found.fun)

    def _start(self) -> FloatArray:
        k = self.count
        stage, logs = self.stage[self.ended], self.log_days[self.ended]
        n = np.maximum(1, np.bincount(stage, minlength=k))
        mean = np.bincount(stage, logs, minlength=k) / n
        squares = np.bincount(stage, logs**2, minlength=k) / n - mean**2
        return np.concatenate([mean, 0.5 * np.log(np.maximum(squares, 0.01)), [0.0]])

    def errors(self, best: FloatArray) -> FloatArray:
        """Standard errors of the mu, with the spread of b taken as known where it lies on its edge."""
        k = self.count
        free = 2 * k + 1 if best[2 * k] > 10 * _LEAST else 2 * k

        def slope(theta: FloatArray) -> FloatArray:
            return self.objective(np.concatenate([theta, best[free:]]))[1][:free]

        try:
            variance = np.diag(np.linalg.inv(hessian_of(slope, best[:free])))[:k]
        except np.linalg.LinAlgError:
            return np.full(k, np.nan)
        return np.sqrt(np.where(variance > 0, variance, np.nan))


def _by_child(values: FloatArray, child: IntArray, children: int) -> FloatArray:
    """Column sums by child."""
    from scipy.sparse import csr_matrix

    rows = csr_matrix((np.ones(len(child)), (child, np.arange(len(child)))), shape=(children, len(child)))
    return np.asarray(rows @ values)


def _advice(fitted: Frailty, place: int, median: float, interval: tuple[float, float]) -> tuple[bool, str]:
    """Whether the corrected median is the one to print, and why, in words."""
    corrected, alone = fitted.median_days[place], fitted.independent_median_days[place]
    if np.isnan(corrected):
        return False, f"too few have left this stage (fewer than {FEWEST}): no correction"
    if np.isnan(fitted.rho[place]):
        return False, "no other stage to depend on: keep the Kaplan-Meier median"
    low, high = interval
    if (np.isfinite(low) and alone < low) or (np.isfinite(high) and alone > high):
        return False, "a lognormal law does not fit this stage: keep the Kaplan-Meier median"
    if fitted.dependence < _DEPENDENT:
        return False, "no sign that children slow at one stage are slow at others: keep the Kaplan-Meier median"
    if np.isnan(median):
        return True, "the Kaplan-Meier median is not reached; this one leans on the lognormal law and is an estimate"
    change = corrected / median - 1
    if abs(change) < _SHIFT:
        return False, "children slow at one stage are slow at others, but here it changes the median by less than 5 %"
    way = "longer" if change > 0 else "shorter"
    return True, (
        "children slow at one stage are slow at others, and the slow ones are seen for less of this stage: prefer "
        f"the corrected median, {abs(change):.0%} {way}"
    )
