"""How much of each duration goes with the child: rho of every step, from children seen at more than one step.

Every stay is turned into the normal score that it has under its step's own fitted law, open and left-truncated ones
as bounds, and the joint likelihood of `mining.frailty` (b integrated out) is fitted to exp(score): the laws keep the
shapes they were fitted with, and only the dependence is estimated. Readiness of a plan is never seen itself; its rho is
the one under which the children's review histories are likeliest, given the scores of their other steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining.frailty import Frailty, Spells, fit_frailty
from simulation.frailty import log_density, survivals
from simulation.laws import Law, Stays
from simulation.model import Step
from simulation.readiness import ReviewHistories

Floats = npt.NDArray[np.float64]
_LEVEL = 5.0
"""Added to scores, so that exp(score) is far from the half day at which logarithms of days are cut off."""
_DEPENDENT = 2.705543  # 95 % point of the likelihood ratio on the edge of the parameter space
_MOST_CHILDREN = 2_500
_MOST_RHO = 0.9
_QUADRATURE = np.linspace(-4.5, 4.5, 37)


@dataclass(frozen=True, eq=False)
class Watched:
    """The stays after one activity, and the steps that compete to end them, with their shares."""

    steps: tuple[str, ...]
    shares: tuple[float, ...]
    stays: Stays
    frail: bool = True
    """Whether how long it takes can go with the child: not where age decides."""


@dataclass(frozen=True, eq=False)
class Planned:
    """The review histories of a step that ends at a review, and the case of each."""

    step: str
    histories: ReviewHistories
    case: npt.NDArray[np.int64]
    decides: float


@dataclass(frozen=True, eq=False)
class _Scores:
    """Normal scores of stays, one row each; `past` is the score when observation began, minus infinity for none."""

    case: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    score: Floats
    ended: npt.NDArray[np.bool_]
    past: Floats


def fit_rho(steps: Mapping[str, Step], watched: Sequence[Watched], planned: Planned | None) -> dict[str, float]:
    """rho by step: 0 for steps fewer than 10 were seen to end, and for all where dependence is not shown at 95 %."""
    watched = [one for one in watched if one.frail]
    scores = _scores(steps, watched)
    fitted = _fit(scores, len(watched))
    if fitted is None or fitted.dependence < _DEPENDENT:
        return {}
    by_group = np.clip(np.nan_to_num(fitted.rho), 0.0, _MOST_RHO)
    rho = {name: float(by_group[number]) for number, one in enumerate(watched) for name in one.steps}
    if planned is not None:
        rho[planned.step] = _rho_of_planning(steps[planned.step].law(""), planned, scores, by_group)
    return {name: round(value, 4) for name, value in rho.items()}


def _scores(steps: Mapping[str, Step], watched: Sequence[Watched]) -> _Scores:
    parts = [_scores_of(number, [steps[name].law("") for name in one.steps], one) for number, one in enumerate(watched)]
    return _Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Scores.__annotations__))


def _scores_of(group: int, laws: list[Law], one: Watched) -> _Scores:
    """Scores of the stays after one activity; ends within the day, and stays at risk for no day, are left out."""
    from scipy.special import ndtri

    stays = one.stays
    assert stays.case is not None
    kept = (stays.days > 0) & (stays.days > stays.entry) & (stays.weight > 0)
    days, cause, entry = stays.days[kept], stays.cause[kept], stays.entry[kept]
    shares = np.asarray(one.shares)
    # An ended stay has the score of its own way; an open one may yet end in any of them.
    own = np.asarray([_curve(law, days - 0.5) + _curve(law, days) for law in laws]) / 2.0
    of_way = own[np.maximum(cause, 1) - 1, np.arange(len(days))]
    still = shares @ np.asarray([_curve(law, days) for law in laws])
    past = shares @ np.asarray([_curve(law, entry) for law in laws])
    survival = np.clip(np.where(cause > 0, of_way, still), 1e-9, 1.0 - 1e-9)
    before = np.where(entry > 0, -ndtri(np.clip(past, 1e-9, 1.0 - 1e-9)), -np.inf)
    return _Scores(
        stays.case[kept], np.full(len(days), group), -np.asarray(ndtri(survival)), cause > 0, np.asarray(before)
    )


def _curve(law: Law, days: Floats) -> Floats:
    """Probability of lasting longer among stays that last beyond the day they begin."""
    lasting = law.sf(0.0)
    if lasting <= 0.0:
        return np.zeros(len(days))
    return np.asarray([min(law.sf(day) / lasting, 1.0) for day in days.tolist()])


def _fit(scores: _Scores, groups: int) -> Frailty | None:
    cases, child = np.unique(scores.case, return_inverse=True)
    if not len(cases):
        return None
    step = -(-len(cases) // _MOST_CHILDREN)
    chosen = child % step == 0
    past = np.where(np.isfinite(scores.past), np.exp(np.where(np.isfinite(scores.past), scores.past, 0) + _LEVEL), 0.0)
    spells = Spells(
        child[chosen] // step,
        scores.group[chosen],
        np.exp(scores.score + _LEVEL)[chosen],
        scores.ended[chosen],
        past[chosen],
    )
    fitted = fit_frailty(spells, groups, nodes=11)
    return None if np.isnan(fitted.child_sigma) or np.isnan(fitted.rho).all() else fitted


def _rho_of_planning(law: Law, planned: Planned, scores: _Scores, rho: Floats) -> float:
    """The rho under which the review histories are likeliest, given what else is known of the children's frailty."""
    from scipy.optimize import minimize_scalar

    other = np.exp(_posterior(planned.case, scores, rho))
    reviews = planned.histories.held
    day = np.where(np.isfinite(planned.histories.days), planned.histories.days, 0.0)
    known = np.flatnonzero(reviews > 0)
    child, column = np.nonzero(np.arange(day.shape[1]) < reviews[known, None])
    survival = _curve(law, day[known[child], column])
    after = reviews[known][child] - 1 - column
    decided = planned.histories.decided[known]
    missed = (1.0 - planned.decides) ** (after + np.where(decided, 0, 1)[child])
    first = column == 0

    def loss(value: float) -> float:
        lasting = survivals(survival, value, _QUADRATURE)
        before = np.where(first[:, None], 1.0, np.vstack([np.ones(len(_QUADRATURE)), lasting[:-1]]))
        ready = np.maximum(before - lasting, 0.0) * missed[:, None]
        starts = np.flatnonzero(first)
        chance = np.add.reduceat(ready, starts, axis=0)
        last = lasting[np.append(starts[1:], len(first)) - 1]
        chance = np.where(decided[:, None], chance, chance + last)
        return -float(np.log(np.maximum((chance * other[known]).sum(axis=1), 1e-300)).sum())

    if not len(known):
        return 0.0
    best = minimize_scalar(loss, bounds=(0.0, _MOST_RHO), method="bounded", options={"xatol": 2e-3})
    return float(best.x) if best.fun < loss(0.0) else 0.0


def _posterior(cases: npt.NDArray[np.int64], scores: _Scores, rho: Floats) -> Floats:
    """Log probability of the nodes for each of the given cases, from the scores of its other steps; rows add to 1."""
    place = np.full(int(max(scores.case.max(initial=0), cases.max(initial=0))) + 1, -1)
    place[cases] = np.arange(len(cases))
    total = np.tile(-0.5 * _QUADRATURE**2, (len(cases), 1))
    from scipy.special import ndtr

    for group, value in enumerate(rho.tolist()):
        for ended in (True, False):
            rows = np.flatnonzero((scores.group == group) & (scores.ended == ended) & (place[scores.case] >= 0))
            if not len(rows) or value <= 0.0:
                continue
            z = scores.score[rows]
            given = log_density(z, value, _QUADRATURE) if ended else np.log(survivals(ndtr(-z), value, _QUADRATURE))
            np.add.at(total, place[scores.case[rows]], given)
    total -= total.max(axis=1, keepdims=True)
    logs: Floats = total - np.log(np.exp(total).sum(axis=1, keepdims=True))
    return logs
