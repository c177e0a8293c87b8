"""Duration laws: how long a step takes, as fitted from records that are partly still open."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, log
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Law:
    """A duration in days: the Kaplan-Meier curve as far as it can be trusted, then a Weibull tail.

    `times` are the days at which the curve falls and `survival` its value from that day on; `survival[-1]` is the
    probability of lasting beyond the body, which the tail then shares out. A law without a tail (`tail_scale` 0) ends
    at its last time. Methods: Kaplan-Meier body with Weibull tail was the most even choice over the shapes tried.
    """

    times: Floats
    survival: Floats
    tail_shape: float = 1.0
    tail_scale: float = 0.0
    note: str = ""
    """How the law came about where it is not the ordinary fit, in words."""

    def isf(self, probability: float) -> float:
        """The day that is exceeded with this probability; infinite where the law cannot reach it."""
        body = self._survival
        if probability > body[-1]:
            return self._times[bisect_left(self._fall, -probability)]
        if self.tail_scale <= 0.0:
            return self._times[-1] if body[-1] <= 1e-12 else float("inf")
        return self._in_tail(self._times[-1], log(body[-1]) - log(max(probability, 1e-300)))

    def sf(self, day: float) -> float:
        """Probability of lasting longer than `day`."""
        times = self._times
        if day < times[0]:
            return 1.0
        if day <= times[-1] or self.tail_scale <= 0.0:
            return self._survival[bisect_right(times, day) - 1]
        grown = (day / self.tail_scale) ** self.tail_shape - (times[-1] / self.tail_scale) ** self.tail_shape
        return self._survival[-1] * exp(-grown)

    def remaining(self, probability: float, elapsed: float) -> float:
        """Total duration given that `elapsed` days have passed without an end (never less than `elapsed`).

        Work already under way is continued, never re-drawn: P(T > t | T > e) = S(t) / S(e). Beyond the body the tail's
        own rate carries on from `elapsed`, however small the chance of lasting that long; a law without a tail that
        gives no child this long ends at once.
        """
        if self.tail_scale > 0.0 and elapsed >= self._times[-1] and self._survival[-1] > 0.0:
            return self._in_tail(elapsed, -log(max(probability, 1e-300)))
        reach = self.sf(elapsed)
        if reach <= 1e-12:
            return elapsed
        return max(self.isf(probability * reach), elapsed)

    def isf_of(self, probability: Floats) -> Floats:
        """`isf` of many probabilities at once."""
        body = self.survival
        place = np.searchsorted(-body, -probability, side="left")
        days = self.times[np.minimum(place, len(body) - 1)]
        beyond = np.flatnonzero(probability <= body[-1])
        if len(beyond):
            if self.tail_scale > 0.0:
                spent = np.log(body[-1]) - np.log(np.maximum(probability[beyond], 1e-300))
                days[beyond] = self._in_tail_of(np.full(len(beyond), self.times[-1]), spent)
            else:
                days[beyond] = self.times[-1] if body[-1] <= 1e-12 else np.inf
        return days

    def sf_of(self, day: Floats) -> Floats:
        """`sf` of many days at once."""
        place = np.searchsorted(self.times, day, side="right")
        left = np.where(place > 0, self.survival[np.maximum(place - 1, 0)], 1.0)
        if self.tail_scale > 0.0:
            beyond = np.flatnonzero(day > self.times[-1])
            ends = (self.times[-1] / self.tail_scale) ** self.tail_shape
            grown = (day[beyond] / self.tail_scale) ** self.tail_shape - ends
            left[beyond] = self.survival[-1] * np.exp(-grown)
        return left

    def remaining_of(self, probability: Floats, elapsed: Floats) -> Floats:
        """`remaining` of many probabilities, each with its own days elapsed, at once."""
        reach = self.sf_of(elapsed)
        inside = np.maximum(self.isf_of(np.maximum(probability * reach, 1e-300)), elapsed)
        days = np.where(reach <= 1e-12, elapsed, inside)
        if self.tail_scale > 0.0 and self.survival[-1] > 0.0:
            late = np.flatnonzero(elapsed >= self.times[-1])
            days[late] = self._in_tail_of(elapsed[late], -np.log(np.maximum(probability[late], 1e-300)))
        return days

    def _in_tail_of(self, since: Floats, hazard: Floats) -> Floats:
        spent = (since / self.tail_scale) ** self.tail_shape + hazard
        return np.asarray(np.maximum(self.tail_scale * spent ** (1.0 / self.tail_shape), since))

    def _in_tail(self, since: float, hazard: float) -> float:
        """The day by which the tail has spent this much hazard since the day `since`."""
        spent = (since / self.tail_scale) ** self.tail_shape + hazard
        return max(self.tail_scale * float(spent ** (1.0 / self.tail_shape)), since)

    def scaled(self, factor: float) -> Law:
        """The same law with every duration multiplied by `factor`."""
        return Law(self.times * factor, self.survival, self.tail_shape, self.tail_scale * factor, self.note)

    @cached_property
    def always(self) -> float | None:
        """The one duration of a law that has no other; None where there are several."""
        one = len(self.times) == 1 and self.survival[0] <= 1e-12 and self.tail_scale <= 0.0
        return float(self.times[0]) if one else None

    def mean(self, horizon: float) -> float:
        """Mean of min(duration, horizon), in days: the area under the survival curve up to `horizon`."""
        grid = np.linspace(0.0, horizon, 2001)
        return float(np.trapezoid(self.sf_of(grid), grid))

    @property
    def tail_share(self) -> float:
        """Share of draws that come from the tail, that is, from beyond what the records show."""
        return float(self.survival[-1]) if self.tail_scale > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The law as plain numbers."""
        return {
            "times": [round(float(t), 6) for t in self.times],
            "survival": [round(float(s), 9) for s in self.survival],
            "tail_shape": self.tail_shape,
            "tail_scale": self.tail_scale,
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Law:
        """The inverse of `as_dict`."""
        return cls(
            np.asarray(data["times"], dtype=float),
            np.asarray(data["survival"], dtype=float),
            float(data["tail_shape"]),
            float(data["tail_scale"]),
            str(data["note"]),
        )

    # Plain lists: bisecting them one draw at a time is several times faster than numpy.
    @cached_property
    def _times(self) -> list[float]:
        return [float(t) for t in self.times]

    @cached_property
    def _survival(self) -> list[float]:
        return [float(s) for s in self.survival]

    @cached_property
    def _fall(self) -> list[float]:
        return [-float(s) for s in self.survival]


def fixed(days: float, note: str = "") -> Law:
    """A law that always takes `days` days."""
    return Law(np.array([float(days)]), np.array([0.0]), note=note)


NO_DELAY: Mapping[str, Law] = {"": fixed(0.0)}
"""Laws of a step that takes no time of its own."""


def exponential(mean: float) -> Law:
    """An exponential law, for checks against queueing theory."""
    return Law(np.array([0.0]), np.array([1.0]), 1.0, float(mean))


@dataclass(frozen=True)
class Competing:
    """What follows a step, and how long each way takes: shares and one law a way."""

    shares: Mapping[str, float] = field(default_factory=dict)
    laws: Mapping[str, Law] = field(default_factory=dict)
    observed: int = 0
    open: int = 0
    warnings: tuple[str, ...] = ()


MINIMUM_OBSERVED = 30
"""Fewer ended stays than this, and the fit says so."""
LITTLE_LEFT = 0.01
"""When less than this outlasts the records, which way they go does not matter to any share."""
FEWEST_EXITS = 5
"""With fewer ended stays than this nothing is said of a way by itself."""
MINIMUM_AT_RISK = 5
"""The Kaplan-Meier body stops where fewer than this many were still at risk; the tail takes over."""


@dataclass(frozen=True, eq=False)
class Stays:
    """Stays to fit from: one row a stay, in days; `cause` 0 is still open, k > 0 the k-th way out."""

    days: Floats
    cause: npt.NDArray[np.int64]
    entry: Floats
    """Days already passed when the stay came under observation (left truncation)."""
    weight: Floats
    case: npt.NDArray[np.int64] | None = None
    """Position of each stay's case in the log, where the fit has to know which stays are of one child."""


class _Incidence(NamedTuple):
    """The all-cause curve: at each time its fall by way, what is left, and until when it can be trusted."""

    times: Floats
    falls: Floats
    survival: Floats
    end: float


def fit_competing(name: str, ways: tuple[str, ...], stays: Stays, *, base: Competing | None = None) -> Competing:
    """Shares and laws of the ways out of a step, open and left-truncated stays counted.

    All ways share one risk set (Aalen-Johansen), as far as the records go. The probability that outlasts them is given
    to the ways as the semi-Markov mixture likelihood says who is still there (`mining.mixture`): a slow way has more
    of those still waiting than of those who left. Where fewer than five were seen to leave by one of the ways, that
    cannot be told: the mix is then that of the latest quarter of endings, and a warning says so. Less than
    `LITTLE_LEFT` is shared out in that way without one. Without any ended stay the shares are equal and the law is
    exponential with the time at risk as its mean, and a warning says so. `base`, an earlier fit of the same stays with
    other weights, is where the search begins.
    """
    # At risk at t: entry < t <= days. A stay that ended on the very day it came under observation was never at risk;
    # one that began on the last day of the records was, of ending within that day.
    known = (stays.weight > 0) & ((stays.days > stays.entry) | ((stays.entry <= 0) & (stays.days >= 0)))
    days, cause, entry, weight = stays.days[known], stays.cause[known], stays.entry[known], stays.weight[known]
    ended = cause > 0
    observed, still = int(ended.sum()), int((~ended).sum())
    if observed == 0:
        mean = float((days * weight).sum() / max(weight.sum(), 1.0)) or 1.0
        law = exponential(max(mean, 1.0))
        note = (
            f"{name}: no ended stay to fit from; equal shares and an exponential law of mean {law.tail_scale:.0f} days"
        )
        return Competing({w: 1 / len(ways) for w in ways}, dict.fromkeys(ways, law), 0, still, (note,))
    seen = _incidence(days, cause, entry, weight, len(ways))
    times, falls, survival, end = seen
    body = falls.sum(axis=1)
    left = float(survival[-1]) if survival[-1] > 1e-9 else 0.0
    mix, unsure = _mix_of_the_rest(name, ways, (days, cause, entry, weight), seen, base)
    total = body + left * mix
    shape, scale = _weibull_tail(days, cause, entry, weight, end) if left else (1.0, 0.0)
    shares, laws = {}, {}
    for k, way in enumerate(ways):
        shares[way] = float(total[k] / total.sum())
        laws[way] = _law_of(times, falls[k], (left * float(mix[k]), end), shape, scale)
    return Competing(shares, laws, observed, still, _warnings(name, days[ended], bool(left)) + unsure)


def fit_complete(name: str, ways: tuple[str, ...], days: Floats, cause: npt.NDArray[np.int64]) -> Competing:
    """Shares and laws of stays all seen from beginning to end by way `cause` (from 1): those that were observed.

    Nothing is missing, so nothing need be put in its place: shares and means are exactly those of the stays, and none
    lasts longer than the longest.
    """
    shares, laws = {}, {}
    for number, way in enumerate(ways, start=1):
        times, count = np.unique(days[cause == number], return_counts=True)
        shares[way] = float(count.sum() / len(days))
        laws[way] = Law(times, 1.0 - np.cumsum(count) / count.sum())
    return Competing(shares, laws, len(days), 0, _warnings(name, days, tail=False))


def _mix_of_the_rest(
    name: str,
    ways: tuple[str, ...],
    stays: tuple[Floats, npt.NDArray[np.int64], Floats, Floats],
    seen: _Incidence,
    base: Competing | None,
) -> tuple[Floats, tuple[str, ...]]:
    """Which ways those go who are still there when the records end, and what a reader must know of it."""
    falls, left = seen.falls, float(seen.survival[-1])
    body = falls.sum(axis=1)
    endings = np.cumsum(falls.sum(axis=0))
    late = falls[:, int(np.searchsorted(endings, 0.75 * endings[-1])) :].sum(axis=1)
    latest = late / late.sum() if late.sum() > 0 else body / body.sum()
    if len(ways) == 1 or left < LITTLE_LEFT:
        return latest, ()
    days, cause, entry, weight = stays
    # Ends within the day are an atom of their own, which no law of the ways has.
    lasting = days > 0
    at_once = falls[:, seen.times <= 0].sum(axis=1)
    shares = _bound_for(days[lasting], cause[lasting], entry[lasting], weight[lasting], len(ways), base)
    if shares is None:
        note = f"{name}: fewer than {FEWEST_EXITS} were seen to leave by one of the ways; the {left:.0%} who outlast "
        return latest, (f"{note}the records are taken to go as the latest quarter of those who left",)
    rest = np.maximum(at_once + (1.0 - at_once.sum()) * shares - body, 0.0)
    return (rest / rest.sum() if rest.sum() > 0 else latest), ()


def _bound_for(
    days: Floats,
    cause: npt.NDArray[np.int64],
    entry: Floats,
    weight: Floats,
    ways: int,
    base: Competing | None,
) -> Floats | None:
    """The share of all that each way takes in the end, by the mixture likelihood; None where it cannot be told."""
    from mining.mixture import shares_bound_for

    start = None
    if base is not None:
        laws = list(base.laws.values())
        middle = np.asarray([max(law.isf(0.5), 0.5) for law in laws])
        spread = np.log(np.asarray([max(law.isf(0.159), 1.0) for law in laws]) / middle)
        start = np.asarray(list(base.shares.values())), middle, np.clip(spread, 0.05, 3.0)
    return shares_bound_for(days, cause, entry, weight, ways, start=start)


def _warnings(name: str, ended: Floats, tail: bool) -> tuple[str, ...]:
    """What a reader must know of a fit from few stays, or from stays that are all alike, and what stands in instead."""
    found: tuple[str, ...] = ()
    if len(ended) < MINIMUM_OBSERVED:
        found = (f"{name}: fitted from only {len(ended)} ended stays; read its figures with care",)
    # Ends within the day are what some steps are: an order and the end of being looked after, for instance.
    if len(ended) > 1 and ended[0] > 0 and np.ptp(ended) == 0:
        beyond = "; beyond it a Weibull tail for those open longer" if tail else ""
        took = f"{ended[0]:g} days" if ended[0] >= 1 else f"{24 * ended[0]:.3g} hours"
        found += (f"{name}: all {len(ended)} ended stays took {took}; the law is that one figure{beyond}",)
    return found


def _incidence(days: Floats, cause: npt.NDArray[np.int64], entry: Floats, weight: Floats, ways: int) -> _Incidence:
    """Fall of the all-cause curve by cause at each time an end was seen, up to where enough were at risk (the last).

    Where many stay at risk long after the last ending, the curve is flat that far: some will never end.

    With delayed entry the first few at risk may all end before others join; the curve would be 0 from there on, so
    such a time is passed over.
    """
    times, inverse = np.unique(days[cause > 0], return_inverse=True)
    ends = np.zeros((ways, len(times)))
    np.add.at(ends, (cause[cause > 0] - 1, inverse), weight[cause > 0])
    at_risk = _at_risk(times, days, entry, weight)
    instants = np.unique(days)
    enough = _at_risk(instants, days, entry, weight) >= min(MINIMUM_AT_RISK, at_risk.max()) - 1e-9
    end = float(instants[np.flatnonzero(enough)[-1]])
    stop = int(np.searchsorted(times, end, side="right"))
    hazard = ends[:, :stop] / np.maximum(at_risk[:stop], ends[:, :stop].sum(axis=0))
    hazard[:, :-1][:, hazard[:, :-1].sum(axis=0) > 1.0 - 1e-12] = 0.0
    survival = np.cumprod(1.0 - np.minimum(hazard.sum(axis=0), 1.0))
    before = np.concatenate([[1.0], survival[:-1]])
    return _Incidence(times[:stop], hazard * before, survival, end)


def _at_risk(times: Floats, days: Floats, entry: Floats, weight: Floats) -> Floats:
    """Weight under observation just before each time; zero-day stays count at time 0."""
    by_exit, by_entry = np.argsort(days, kind="stable"), np.argsort(entry, kind="stable")
    leaving = np.concatenate([[0.0], np.cumsum(weight[by_exit])])
    joining = np.concatenate([[0.0], np.cumsum(weight[by_entry])])
    entered = joining[np.searchsorted(entry[by_entry], times, side="left")]
    # At time 0 nobody has "entered before"; those who start then are at risk of ending then.
    entered[times <= 0] = joining[np.searchsorted(entry[by_entry], 0.0, side="right")]
    gone = leaving[np.searchsorted(days[by_exit], times, side="left")]
    at_risk: Floats = entered - gone
    return at_risk


def _law_of(times: Floats, falls: Floats, beyond: tuple[float, float], shape: float, scale: float) -> Law:
    """One way's own law: its falls, normalised, then its part of the tail: `beyond` is how much, and from which day."""
    left, end = beyond
    mass = float(falls.sum()) + left
    if mass <= 0:
        return fixed(end, note="never seen")
    seen = falls > 0
    survival = np.maximum(1.0 - np.cumsum(falls[seen]) / mass, 0.0)
    survival[-1:] = left / mass
    if left <= 0:
        return Law(times[seen], survival)
    # The tail starts where the records end, not at this way's last observed ending.
    if not seen.any() or times[seen][-1] < end:
        return Law(np.append(times[seen], end), np.append(survival, left / mass), shape, scale)
    return Law(times[seen], survival, shape, scale)


def _weibull_tail(
    days: Floats, cause: npt.NDArray[np.int64], entry: Floats, weight: Floats, start: float
) -> tuple[float, float]:
    """Weibull shape and scale fitted with censoring and delayed entry, by maximum likelihood.

    Stays of no days at all are an atom of their own and say nothing about the shape of the rest.
    """
    from scipy.optimize import minimize_scalar

    lasting = days > 0
    t, e, weight, ended = days[lasting], entry[lasting], weight[lasting], cause[lasting] > 0
    log_t = np.log(t)
    deaths = float(weight[ended].sum())
    if deaths <= 0:
        # All that was seen ended within the day: as slow as one ending in all the time at risk.
        return 1.0, max(float((weight * (t - e)).sum()), 1.0)

    def exposure(shape: float) -> float:
        return float((weight * (t**shape - e**shape)).sum())

    def loss(log_shape: float) -> float:
        shape = float(np.exp(log_shape))
        # For a given shape the best scale is known in closed form: scale^shape = exposure / deaths.
        likelihood = deaths * (np.log(shape) + np.log(deaths) - np.log(exposure(shape)))
        return -float(likelihood + (shape - 1.0) * (weight[ended] * log_t[ended]).sum())

    best = minimize_scalar(loss, bounds=(np.log(0.3), np.log(4.0)), method="bounded", options={"xatol": 1e-4})
    shape = float(np.exp(best.x))
    scale = (exposure(shape) / deaths) ** (1.0 / shape)
    return shape, max(scale, start * 1e-3, 1e-3)
