"""Children who are slow at one step are slow at the next: one number a child that shifts all its durations.

The number, b, is standard normal, positive for a slow child. A duration's own draw u (the probability of lasting
longer) is read as the normal score z = -Phi^-1(u), and joined with it: u' = Phi(-(sqrt(rho) b + sqrt(1 - rho) z)).
Over all children u' is uniform again, so each step keeps its own fitted law; two steps of one child correlate by
sqrt(rho1 rho2) on the normal scale (the joint lognormal law of the methods, 1.5 and 3.5, for any law). Zero-day ends
are left to the step's own draw: whether a step is skipped is not a matter of pace.

For a child already there at the start, b is drawn from its posterior on a grid: standard normal, times the likelihood
of every step it has completed (its normal score, taken half-way down the fall of the curve on its day, is normal with
mean sqrt(rho) b and variance 1 - rho) and of every step under way lasting as long as it has. The step's laws and rho
are taken as known. Each step counts once, at its first occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from event_logs.log import LogArrays
from simulation.cohort import Cohort, Running, Undecided, strata_of
from simulation.gates import ReviewCycle
from simulation.laws import Law
from simulation.model import Choice, PathwayModel, Step
from simulation.streams import Streams

Floats = npt.NDArray[np.float64]
STREAM = "frailty of the child"
"""Name of the stream of b: it belongs to the child and to no step."""
NODES: Floats = np.linspace(-5.0, 5.0, 101)
"""Values of b at which posteriors are worked out."""
_LEAST = 1e-300
_ROOT_HALF = sqrt(0.5)
_NORMAL = NormalDist()


def joined(unit: float, rho: float, b: float) -> float:
    """A child's own draw and its frailty made into one: the marginal probability of lasting longer.

    >>> joined(0.2, 0.0, 1.5)
    0.2
    >>> round(joined(0.5, 1.0, 1.0), 4)  # with rho 1 the frailty alone decides: Phi(-1)
    0.1587
    """
    if rho <= 0.0:
        return unit
    return 0.5 * erfc((sqrt(rho) * b + sqrt(1.0 - rho) * score(unit)) * _ROOT_HALF)


def score(survival: float) -> float:
    """The normal score of a duration: high for a long one. Beyond 1e-300 and 1 - 1e-16 it stays where it is."""
    return -_NORMAL.inv_cdf(min(max(survival, _LEAST), 1.0 - 1.1e-16))


def survival_given(survival: float, rho: float, b: float) -> float:
    """Probability that this child lasts longer, where among all children it is `survival`; the inverse of `joined`."""
    if rho <= 0.0 or survival <= 0.0 or survival >= 1.0:
        return survival
    if rho >= 1.0:
        return float(score(survival) < b)
    return 0.5 * erfc((score(survival) - sqrt(rho) * b) / sqrt(1.0 - rho) * _ROOT_HALF)


def joined_of(unit: Floats, rho: float, b: Floats) -> Floats:
    """`joined` of many draws, each with the frailty of its child, at once."""
    from scipy.special import ndtr, ndtri

    z = -ndtri(np.minimum(np.maximum(unit, _LEAST), 1.0 - 1.1e-16))
    return np.asarray(ndtr(-(sqrt(rho) * b + sqrt(1.0 - rho) * z)))


def paced_quantiles(law: Law, rho: float, b: Floats, unit: Floats) -> Floats:
    """`Paced(law, rho, b).isf` of many children at once: one frailty and one draw each."""
    if rho <= 0.0:
        return law.isf_of(unit)
    lasting = law.sf(0.0)
    if lasting >= 1.0:
        return law.isf_of(joined_of(unit, rho, b))
    own = np.where(unit > lasting, unit, lasting * joined_of(np.minimum(unit / max(lasting, _LEAST), 1.0), rho, b))
    return law.isf_of(own)


def paced_remaining(law: Law, rho: float, own: tuple[Floats, Floats], elapsed: Floats) -> Floats:
    """`Paced(law, rho, b).remaining` of many children at once; `own` is their frailties and their draws."""
    b, unit = own
    if rho <= 0.0:
        return law.remaining_of(unit, elapsed)
    reach, lasting = law.sf_of(elapsed), law.sf(0.0)
    plain = (reach <= 1e-12) | (elapsed < 0.0)
    within = np.clip(reach / max(lasting, _LEAST), _LEAST, 1.0 - 1.1e-16)
    given = np.where(reach >= lasting, 1.0, survivals_of(within, rho, b))
    beyond = lasting * joined_of(np.maximum(unit * given, _LEAST), rho, b)
    share = np.where(plain, unit, np.minimum(beyond / np.maximum(reach, _LEAST), 1.0))
    return law.remaining_of(share, elapsed)


def paced_survival(law: Law, rho: float, b: Floats, day: Floats) -> Floats:
    """`Paced(law, rho, b).sf` of many children at once: one frailty and one day each."""
    reach, lasting = law.sf_of(day), law.sf(0.0)
    if rho <= 0.0 or lasting <= 0.0:
        return reach
    within = (day >= 0.0) & (reach > 0.0) & (reach < lasting)
    own = survivals_of(np.clip(reach / lasting, _LEAST, 1.0 - 1.1e-16), rho, b)
    return np.where(within, lasting * own, reach)


def survivals_of(survival: Floats, rho: float, b: Floats) -> Floats:
    """`survival_given` of many children at once, for survivals strictly between 0 and 1."""
    from scipy.special import ndtr, ndtri

    if rho >= 1.0:
        return np.asarray(-ndtri(survival) < b, dtype=np.float64)
    return np.asarray(ndtr((ndtri(survival) + sqrt(rho) * b) / sqrt(1.0 - rho)))


@dataclass(frozen=True, slots=True)
class Paced:
    """A duration law as it is for one child: it answers what a `Law` answers."""

    law: Law
    rho: float
    b: float

    def isf(self, probability: float) -> float:
        """The day that this child exceeds with this probability."""
        lasting = self.law.sf(0.0)
        if probability > lasting:
            return self.law.isf(probability)
        return self.law.isf(lasting * joined(probability / lasting, self.rho, self.b) if lasting > 0.0 else probability)

    def sf(self, day: float) -> float:
        """Probability that this child lasts longer than `day`."""
        lasting = self.law.sf(0.0)
        if lasting <= 0.0 or day < 0.0:
            return self.law.sf(day)
        return lasting * survival_given(self.law.sf(day) / lasting, self.rho, self.b)

    def remaining(self, probability: float, elapsed: float) -> float:
        """Total duration of this child given that `elapsed` days have passed without an end."""
        reach, lasting = self.law.sf(elapsed), self.law.sf(0.0)
        if reach <= 1e-12 or elapsed < 0.0:
            return self.law.remaining(probability, elapsed)
        own = survival_given(reach / lasting, self.rho, self.b)
        beyond = lasting * joined(max(probability * own, _LEAST), self.rho, self.b)
        return self.law.remaining(min(beyond / reach, 1.0), elapsed)


def frail(model: PathwayModel) -> bool:
    """Whether any step of the model depends on the child's frailty."""
    return any(step.rho > 0.0 for step in model.steps.values())


def draw_frailties(cohort: Cohort, streams: Streams) -> Floats:
    """b of every child of a run, those of the cohort first: theirs given their records so far, the others' anew."""
    from scipy.special import ndtri

    units = streams.column(STREAM)
    drawn = -np.asarray(ndtri(np.clip(units, _LEAST, 1.0 - 1.1e-16)))
    if len(cohort.rows) and frail(cohort.model):
        # A low draw is a slow child, here as for newcomers.
        drawn[: len(cohort.rows)] = _interpolated(1.0 - units[: len(cohort.rows)], cohort.frailty_below)
    return drawn


def _interpolated(chance: Floats, below: Floats) -> Floats:
    """The value of b that each child is below with this chance: its own row of `below` read backwards."""
    right = np.clip((below < chance[:, None]).sum(axis=1), 1, len(NODES) - 1)
    rows = np.arange(len(chance))
    low, high = below[rows, right - 1], below[rows, right]
    share = np.clip((chance - low) / np.maximum(high - low, _LEAST), 0.0, 1.0)
    return np.asarray(NODES[right - 1] + share * (NODES[right] - NODES[right - 1]))


def posterior_below(cohort: Cohort) -> Floats:
    """Probability that b of each open child is below each of `NODES`, given its records so far."""
    weight = log_likelihood(cohort) - 0.5 * NODES**2
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    below: Floats = (np.cumsum(weight, axis=1) - 0.5 * weight) / weight.sum(axis=1, keepdims=True)
    return below


def log_likelihood(cohort: Cohort) -> Floats:
    """Log likelihood of b at `NODES` for each open child of the cohort, up to a constant a child."""
    strata = strata_of(cohort.cases, cohort.model.stratify_by)
    total = np.zeros((len(cohort.rows), len(NODES)))
    for step, child, days in completed(cohort.history, cohort.rows, cohort.model):
        for one, day in zip(child.tolist(), days.tolist(), strict=True):
            z = seen_score(step.law(strata[one]), day)
            if z is not None:
                total[one] += log_density(np.asarray([z]), step.rho)[0]
    for step, child, held in decided_plans(cohort.history, cohort.rows, cohort.model):
        gate = cohort.model.gates[step.gate]
        assert isinstance(gate, ReviewCycle)
        for one, reviews in zip(child.tolist(), held, strict=True):
            total[one] += np.log(plan_likelihood(step.law(strata[one]), step.rho, gate.decides, reviews, decided=True))
    choices = cohort.model.choices
    ways = [(item, _steps_of(choices[item.choice])) for item in cohort.undecided]
    for item, options in ways:
        total[item.child] += np.log(_still_undecided(cohort, item, options, strata[item.child]))
    for running in cohort.running:
        step = cohort.model.steps[running.step]
        if step.rho > 0.0:
            total[running.child] += np.log(_still_running(cohort, running, strata[running.child]))
    return total


def seen_score(law: Law, days: float) -> float | None:
    """Normal score of a duration seen to its end, half-way down the fall of its day; None for an end within the day."""
    lasting = law.sf(0.0)
    if days <= 0.0 or lasting <= 0.0:
        return None
    return score(0.5 * (min(law.sf(days - 0.5), lasting) + law.sf(days)) / lasting)


def log_density(scores: Floats, rho: float, nodes: Floats = NODES) -> Floats:
    """Log density of completed normal scores given b, one row a score and one column a node."""
    rest = 1.0 - min(rho, 0.99)
    log: Floats = -0.5 * (scores[:, None] - sqrt(rho) * nodes[None, :]) ** 2 / rest - 0.5 * np.log(rest)
    return log


def survivals(survival: Floats, rho: float, nodes: Floats = NODES) -> Floats:
    """Probability of lasting longer given b: one row a marginal probability, one column a node."""
    from scipy.special import ndtr, ndtri

    inner = np.clip(survival, _LEAST, 1.0 - 1.1e-16)
    given = ndtr((ndtri(inner)[:, None] + sqrt(rho) * nodes[None, :]) / sqrt(1.0 - min(rho, 0.99)))
    return np.asarray(np.where(survival[:, None] >= 1.0, 1.0, np.maximum(given, _LEAST)))


def completed(
    arrays: LogArrays, rows: npt.NDArray[np.int64], model: PathwayModel
) -> list[tuple[Step, npt.NDArray[np.int64], Floats]]:
    """Steps with frailty that the given cases have been through: the step, positions in `rows`, and days it took.

    A step runs from the first occurrence of what starts it to the first of its activity since. Of alternatives, only
    the one that came first was taken.
    """
    days = _FirstDays(arrays, rows)
    found = []
    for after, choice in model.choices.items():
        names = list(dict.fromkeys(name for option in choice.options for name in option.starts))
        steps = [model.steps[name] for name in names if model.steps[name].activity]
        if after not in arrays.activities or not any(step.rho > 0.0 for step in steps):
            continue
        begin = days.first(after)
        ends = np.asarray([days.since(step.activity, begin) for step in steps])
        if len(choice.options) > 1 and all(len(option.starts) <= 1 for option in choice.options):
            ends = np.where(ends == ends.min(axis=0), ends, np.inf)
        for step, end in zip(steps, ends, strict=True):
            child = np.flatnonzero(np.isfinite(end))  # an end is never before its beginning
            if step.rho > 0.0 and not step.gate and len(child):
                found.append((step, child, end[child] - begin[child]))
    return found


def decided_plans(
    arrays: LogArrays, rows: npt.NDArray[np.int64], model: PathwayModel
) -> list[tuple[Step, npt.NDArray[np.int64], list[list[float]]]]:
    """Steps with frailty that end at a review: the step, positions in `rows`, and days of the reviews up to it."""
    first = _FirstDays(arrays, rows)
    found = []
    for after, choice in model.choices.items():
        for step in (model.steps[name] for option in choice.options for name in option.starts):
            gate, then = model.gates.get(step.gate), model.choices.get(step.leads_to)
            if step.rho <= 0.0 or not isinstance(gate, ReviewCycle) or then is None:
                continue
            begin = first.first(after)
            ways = [model.steps[name].activity for option in then.options for name in option.starts]
            end = np.min([first.since(way, begin) for way in ways], axis=0)
            child = np.flatnonzero(np.isfinite(begin) & np.isfinite(end))
            held = [first.days_of(gate.review, one, begin[one], end[one]) for one in child.tolist()]
            seen = [number for number, days in enumerate(held) if days]
            found.append((step, child[seen], [held[number] for number in seen]))
    return found


class _FirstDays:
    """First days of activities in some cases; infinite where there is none."""

    def __init__(self, arrays: LogArrays, rows: npt.NDArray[np.int64]) -> None:
        self.arrays, self.rows = arrays, rows
        self.place = np.full(len(arrays.start), -1)
        self.place[rows] = np.arange(len(rows))
        self.count = len(rows)

    def first(self, activity: str) -> Floats:
        """Day of the first such event."""
        return self.since(activity, np.full(self.count, -np.inf))

    def since(self, activity: str, begin: Floats) -> Floats:
        """Day of the first such event on or after `begin`."""
        days = np.full(self.count, np.inf)
        if activity in self.arrays.activities:
            events = np.flatnonzero(self.arrays.activity == self.arrays.activities.index(activity))
            child = self.place[self.arrays.case[events]]
            kept = (child >= 0) & (self.arrays.day[events] >= begin[child])  # without a beginning none is late enough
            np.minimum.at(days, child[kept], self.arrays.day[events[kept]])
        return days

    def days_of(self, activity: str, child: int, begin: float, end: float) -> list[float]:
        """Days after `begin`, up to `end`, on which one case had the activity."""
        if activity not in self.arrays.activities:
            return []
        span = slice(int(self.arrays.first[self.rows[child]]), int(self.arrays.first[self.rows[child] + 1]))
        code, days = self.arrays.activities.index(activity), self.arrays.day[span]
        kept = (self.arrays.activity[span] == code) & (days >= begin) & (days <= end)
        return [float(day) for day in days[kept] - begin]


def _steps_of(choice: Choice) -> list[tuple[Mapping[str, float], tuple[str, ...]]]:
    return [(option.share, option.starts) for option in choice.options]


def _still_undecided(
    cohort: Cohort, item: Undecided, options: list[tuple[Mapping[str, float], tuple[str, ...]]], stratum: str
) -> Floats:
    """Probability, at each node, that no way out of a choice has shown itself yet."""
    by = cohort.model.choices[item.choice].by
    value = cohort.cases[by].iloc[item.child] if by and by in cohort.cases else None
    group = str(value) if value is not None and value == value else ""
    chance = np.zeros(len(NODES))
    for share, starts in options:
        lasting = np.ones(len(NODES))
        for name in starts:
            step = cohort.model.steps[name]
            lasting *= _lasting(step.law(stratum), step.rho, cohort.day - item.since)
        chance += share.get(group, share.get("", 0.0)) * lasting
    return np.asarray(np.maximum(chance, _LEAST))


def _still_running(cohort: Cohort, item: Running, stratum: str) -> Floats:
    """Probability, at each node, that a step under way has not ended yet."""
    step = cohort.model.steps[item.step]
    gate = cohort.model.gates.get(step.gate)
    law = step.law(stratum)
    if not isinstance(gate, ReviewCycle):
        return _lasting(law, step.rho, cohort.day - item.since)
    held = [day - item.since for day in cohort.reviews.get(item.child, ())]
    return plan_likelihood(law, step.rho, gate.decides, held, decided=False)


def plan_likelihood(law: Law, rho: float, decides: float, held: Sequence[float], *, decided: bool) -> Floats:
    """Probability at each node of reviews on the days `held` of which none, or only the last, decided."""
    survival = [np.ones(len(NODES)), *(_lasting(law, rho, day) for day in held)]
    missed = len(held) - 1 if decided else len(held)
    # Ready since the i-th of the reviews and passed over at each since then, or not ready at the last.
    chance = np.zeros(len(NODES)) if decided else survival[-1].copy()
    for number in range(len(held)):
        chance += (survival[number] - survival[number + 1]) * (1.0 - decides) ** max(missed - number, 0)
    return np.asarray(np.maximum(chance, _LEAST))


def _lasting(law: Law, rho: float, day: float) -> Floats:
    lasting = law.sf(0.0)
    if rho <= 0.0 or lasting <= 0.0 or day < 0.0:
        return np.full(len(NODES), max(law.sf(day), _LEAST))
    return np.asarray(lasting * survivals(np.asarray([law.sf(day) / lasting]), rho)[0])
