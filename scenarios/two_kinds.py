"""Two kinds of case that the records do not tell apart, one of which takes longer: contested or not, continued or not.

All that is known is the law of all cases together, f; the share p of the long kind and how many times as long it takes,
r, are stated. The law is split by the chance that a case which took t days was of the long kind,

    pi(t) = 1 / (1 + exp(-(a + b log t))),

with a and b such that p of all cases are long, and that their typical (geometric mean) duration is r times that of the
others. If both kinds are lognormal with the same spread this is the true split (Bayes' rule); otherwise it is the
smoothest one in the exponential family with that share and that ratio. Put together at the share p the two kinds give
back the law of the records exactly, whatever its shape. With a share q instead, a case of t days counts

    (1 - q) / (1 - p) * (1 - pi(t)) + q / p * pi(t)

times as much as before. In a run this is done child by child (`Rerouted`): a case keeps its duration unless it was of
the kind that becomes rarer and is now of the other, as 1 - q/p of them are; then it takes the duration of the same rank
among the others. So a few change a lot and all others not at all: what a council will see has the spread of a few
children, not of a small change to everybody. Solving f(t) = (1 - p) g(t) + p g(t / r) / r for g (deconvolution) was not
taken: each step of an observed curve comes back in g divided by 1 - p, with alternating signs at t, t r, t r^2..., so
that g is no law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenarios.laws_changed import law_of, points
from simulation.laws import Law

Floats = npt.NDArray[np.float64]
_SHORTEST = 0.5
"""A case that ends on its first day counts as half a day on the logarithmic scale."""
_STEEPEST = 200.0
"""With a slope like this, in standard deviations of the logarithm, the split is a cut at one day."""
_A_HAIR = 0.98
_DIGITS = 2.0**20


@dataclass(frozen=True)
class Split:
    """The chance that a case of a given duration is of the long kind."""

    share: float
    intercept: float
    slope: float

    def long(self, days: Floats) -> Floats:
        """The chance that cases which took so many days were of the long kind."""
        return _logistic(self.intercept + self.slope * np.log(np.maximum(days, _SHORTEST)))

    def with_share(self, law: Law, share: float) -> Law:
        """The law when this share of cases is of the long kind; the law itself for the share there is now."""
        if share == self.share:
            return law
        days, mass = points(law)
        long = self.long(days)
        weight = (1.0 - share) / (1.0 - self.share) * (1.0 - long) + share / self.share * long
        plain = law_of(days, mass * weight, law.note)
        fewer, share_now = (long, self.share) if share < self.share else (1.0 - long, 1.0 - self.share)
        moving = abs(share - self.share) / share_now
        return Rerouted(
            plain.times,
            plain.survival,
            note=law.note,
            now=law,
            days=days,
            moved=fewer * moving,
            ranks=tuple(_survival(mass * part) for part in (np.ones(len(mass)), fewer, 1.0 - fewer)),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Rerouted(Law):
    """The law with another share of the long kind, drawn child by child; as a law it is the reweighted one."""

    now: Law
    days: Floats
    """The days of `points(now)`."""
    moved: Floats
    """The chance that a case of so many days is of the other kind now."""
    ranks: tuple[Floats, ...]
    """Share lasting beyond each of those days: of all cases, of the kind that becomes rarer, of the other."""

    def isf(self, probability: float) -> float:
        """The duration of the child with this draw."""
        return float(self.isf_of(np.asarray([probability]))[0])

    def isf_of(self, probability: Floats) -> Floats:
        """The durations of children with these draws: as they were, but for those whose kind has changed."""
        every, left, joined = self.ranks
        found = self.now.isf_of(probability)
        place = np.minimum(np.searchsorted(-every, -probability, side="left"), len(every) - 1)
        # The digits that decide nothing about the duration decide whether the kind has changed.
        moves = np.flatnonzero((probability * _DIGITS) % 1.0 < self.moved[place])
        at = place[moves]
        before = [np.append(1.0, one[:-1]) for one in (every, left)]
        within = (probability[moves] - every[at]) / np.maximum(before[0][at] - every[at], 1e-300)
        rank = left[at] + np.clip(within, 0.0, 1.0) * (before[1][at] - left[at])
        found[moves] = self.days[np.minimum(np.searchsorted(-joined, -rank, side="left"), len(joined) - 1)]
        return found

    def remaining(self, probability: float, elapsed: float) -> float:
        """As of the reweighted law: what has lasted so long may have been of either kind."""
        return self._plain.remaining(probability, elapsed)

    def remaining_of(self, probability: Floats, elapsed: Floats) -> Floats:
        """`remaining` of many at once."""
        return self._plain.remaining_of(probability, elapsed)

    @property
    def _plain(self) -> Law:
        return Law(self.times, self.survival, note=self.note)


def _survival(mass: Floats) -> Floats:
    left: Floats = np.maximum(1.0 - np.cumsum(mass) / mass.sum(), 0.0)
    left[-1] = 0.0
    return left


@dataclass(frozen=True, eq=False)
class Together:
    """The law of all cases, of whichever kind and whichever way out."""

    logs: Floats
    """Logarithms of the days."""
    mass: Floats
    """The share of cases that each stands for."""

    @classmethod
    def of(cls, laws: Sequence[tuple[float, Law]]) -> Together:
        """The ways out put together, each given as (share, law)."""
        parts = [(weight, *points(law)) for weight, law in laws if weight > 0.0]
        days = np.concatenate([days for _, days, _ in parts])
        mass = np.concatenate([mass * weight for weight, _, mass in parts])
        return cls(np.log(np.maximum(days, _SHORTEST)), mass / mass.sum())

    def split(self, share: float, ratio: float) -> Split:
        """Two kinds with this share of the longer one, which takes `ratio` times as long.

        A ratio beyond what this law allows is set to (a hair less than) the most that it allows. Raises ValueError
        unless 0 < share < 1 and ratio > 1.
        """
        if not 0.0 < share < 1.0:
            raise ValueError(f"the share of longer cases must be between 0 and 1, got {share:g}")
        if not ratio > 1.0:
            raise ValueError(f"longer cases must take more than 1 time as long as the others, got {ratio:g}")
        from scipy.optimize import brentq

        wanted = min(np.log(ratio), _A_HAIR * np.log(self.most_apart(share)))
        slope = float(brentq(lambda one: self._apart(share, one) - wanted, 0.0, _STEEPEST, xtol=1e-10))
        centre, scale = self._centre_and_scale
        return Split(share, self._intercept(share, slope) - slope * centre / scale, slope / scale)

    def most_apart(self, share: float) -> float:
        """How many times as long the longer kind can take at most, if it is this share of all cases."""
        if self._centre_and_scale[1] <= 0.0:
            raise ValueError("all cases take equally long, so that none of them can be of a longer kind")
        return float(np.exp(self._apart(share, _STEEPEST)))

    @property
    def _centre_and_scale(self) -> tuple[float, float]:
        centre = float(self.mass @ self.logs)
        return centre, float(np.sqrt(self.mass @ (self.logs - centre) ** 2))

    def _intercept(self, share: float, slope: float) -> float:
        """The intercept, on the standardised scale, with which the mean chance of the long kind is its share."""
        from scipy.optimize import brentq

        centre, scale = self._centre_and_scale
        score = slope * (self.logs - centre) / scale
        edge = 60.0 + float(np.abs(score).max())
        return float(brentq(lambda one: float(self.mass @ _logistic(one + score)) - share, -edge, edge))

    def _apart(self, share: float, slope: float) -> float:
        """Mean logarithm of the long kind less that of the other."""
        centre, scale = self._centre_and_scale
        long = _logistic(self._intercept(share, slope) + slope * (self.logs - centre) / scale)
        means = [float((self.mass * part) @ self.logs / (self.mass @ part)) for part in (long, 1.0 - long)]
        return means[0] - means[1]


def _logistic(score: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -700.0, 700.0))))
