"""How long things take, with the cases still waiting counted: Kaplan-Meier and Aalen-Johansen with delayed entry.

Durations are days. A case still waiting at the end of the observation window is censored; a case already waiting when
recording began enters the risk set late (delayed entry, left truncation). At a tie, events come before censorings.
Both estimators agree with R's survival package (`survfit`) on tied, truncated and competing-risk data.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Two survival probabilities closer than this are equal when a quantile is read off (the tolerance R uses).
_SAME = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """The estimated share still waiting after t days, as a step function.

    The arrays have one entry for each distinct time at which somebody's waiting ended.
    """

    times: FloatArray
    """Days, increasing."""
    survival: FloatArray
    """Share still waiting just after each time."""
    at_risk: FloatArray
    """How many were waiting, and observed to be, just before each time."""
    events: FloatArray
    """How many ended their waiting at each time."""
    greenwood: FloatArray
    """Cumulative sum of events / (at_risk (at_risk - events)); infinite where nobody is left."""
    last: float
    """The longest time anybody was followed for, NaN for no data; beyond it the curve is unknown unless it is at 0."""
    warning: str = ""
    """What a reader must know before trusting the early part of the curve; empty when there is nothing to say."""

    @overload
    def at(self, t: float) -> float: ...
    @overload
    def at(self, t: FloatArray) -> FloatArray: ...
    def at(self, t: float | FloatArray) -> float | FloatArray:
        """Share still waiting after `t` days; NaN beyond the longest follow-up while some still wait there.

        >>> kaplan_meier([5, 8, 8, 12], [True, True, False, False]).at(8.0)
        0.5
        """
        days = np.asarray(t, dtype=np.float64)
        steps = np.concatenate([[1.0], self.survival])
        values = steps[np.searchsorted(self.times, days, side="right")]
        if steps[-1] > 0 or np.isnan(self.last):
            values = np.where(days > _or_zero(self.last), np.nan, values)
        return values if days.ndim else float(values)

    def quantile(self, p: float) -> float:
        """Days by which a share `p` has ended the wait; NaN where the curve does not come down that far.

        It is the smallest time with survival <= 1 - p, and the middle of the flat stretch where the curve lies at
        exactly 1 - p, as R's survfit has it. The median is `quantile(0.5)`.
        """
        return _first_below(self.times, self.survival, 1 - p)

    def interval(self, p: float = 0.5, level: float = 0.95) -> tuple[float, float]:
        """Limits of the confidence interval of `quantile(p)`; NaN means the limit is not reached: longer than seen.

        The pointwise log(-log) band of the curve is read off at 1 - p (Brookmeyer and Crowley 1982), as R does with
        conf.type="log-log".
        """
        low, high = self.band(level)
        return _first_below(self.times, low, 1 - p), _first_below(self.times, high, 1 - p)

    def band(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit of the curve at each of `times`, pointwise, log(-log); NaN where the curve is at 0.

        One addition to R: when enough to tell (6 at level 0.95) end the wait together at the very last time, the limits
        there are 0 and the exact binomial limit for none of that many; else durations that are all equal, as
        statutory periods are, would have no interval.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(self.survival)
            spread = _normal_quantile(level) * np.sqrt(self.greenwood) / np.abs(log)
            low = np.exp(log * np.exp(spread))
            high = np.exp(log * np.exp(-spread))
        known = (self.survival > 0) & (self.survival < 1)
        edge = np.where(self.survival >= 1, 1.0, np.nan)
        low, high = np.where(known, low, edge), np.where(known, high, edge)
        if len(self.times) and self.survival[-1] <= 0:
            none_seen = ((1 - level) / 2) ** (1 / self.at_risk[-1])
            if none_seen >= 0.5:
                before = high[-2] if len(high) > 1 else 1.0
                low[-1], high[-1] = 0.0, before * (1 - none_seen)
        return low, high

    def restricted_mean(self, horizon: float) -> float:
        """Mean days waited within the first `horizon` days: the area under the curve.

        NaN when nobody was followed that long and some still wait at the end of what was seen.
        """
        if not self._reaches(horizon):
            return np.nan
        return float(self._area_from(horizon)[0])

    def restricted_mean_error(self, horizon: float) -> float:
        """Standard error of `restricted_mean` (Klein and Moeschberger 2003, section 4.5); NaN where that is NaN."""
        if not self._reaches(horizon):
            return np.nan
        inside = self.times <= horizon
        area = self._area_from(horizon)[1:][inside]
        n, d = self.at_risk[inside], self.events[inside]
        left = n > d  # nobody left: the curve is at 0 and the area to the right too
        return float(np.sqrt(np.sum(area[left] ** 2 * d[left] / (n[left] * (n[left] - d[left])))))

    def _reaches(self, horizon: float) -> bool:
        ended = len(self.survival) > 0 and self.survival[-1] <= 0
        return bool(horizon <= self.last or ended)

    def _area_from(self, horizon: float) -> FloatArray:
        """Area under the curve from 0, and from each of `times`, to `horizon`; 0 for times beyond it."""
        edges = np.minimum(np.concatenate([[0.0], self.times, [np.inf]]), horizon)
        pieces = np.diff(edges) * np.concatenate([[1.0], self.survival])
        area: FloatArray = np.cumsum(pieces[::-1])[::-1]
        return area


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """The estimated share that has ended the wait in each of several ways after t days (Aalen-Johansen)."""

    times: FloatArray
    """Days, increasing: each distinct time at which a wait ended in any way."""
    survival: FloatArray
    """Share still waiting just after each time; with the incidences it sums to 1."""
    incidence: FloatArray
    """Share ended by way k + 1 just after each time, as [k, time]."""
    variance: FloatArray
    """Variance of each incidence (delta method: Marubini and Valsecchi 1995, as [k, time])."""
    at_risk: FloatArray
    """How many were waiting, and observed to be, just before each time."""
    events: FloatArray
    """How many ended the wait at each time in each way, as [k, time]."""
    last: float
    """The longest time anybody was followed for, NaN for no data."""
    warning: str = ""
    """What a reader must know before trusting the early part; empty when there is nothing to say."""

    def at(self, t: float | FloatArray) -> FloatArray:
        """Share ended in each way after `t` days: one number a way, or [way, time] for several times.

        NaN beyond the longest follow-up while some still wait there.

        >>> aalen_johansen([5, 8, 9, 12], [1, 2, 0, 1]).at(9.0).tolist()
        [0.25, 0.25]
        """
        return self._read(self.incidence, t)

    def error_at(self, t: float | FloatArray) -> FloatArray:
        """Standard error of `at(t)`, in the same shape."""
        return np.sqrt(self._read(self.variance, t))

    def interval_at(self, t: float, cause: int = 1, level: float = 0.95) -> tuple[float, float]:
        """Confidence limits of the share ended by way `cause` after `t` days, on the log(-log) scale.

        (NaN, NaN) where the share itself is unknown, or is exactly 0 or 1: then the data hold no spread to judge by.
        """
        share, error = float(self.at(t)[cause - 1]), float(self.error_at(t)[cause - 1])
        if not 0 < share < 1 or not np.isfinite(error):
            return np.nan, np.nan
        spread = _normal_quantile(level) * error / (share * abs(np.log(share)))
        return float(share ** np.exp(spread)), float(share ** np.exp(-spread))

    def given(self, cause: int) -> SurvivalCurve:
        """How long it takes those who end by way `cause`, with those still waiting counted.

        The incidence of the way divided by its share of all that ended, so those still waiting are taken to split
        as those before them did. This is Kaplan-Meier with the risk set n(t) * P(will end by this way | waiting at
        t), from which the band comes too; with a single way it *is* Kaplan-Meier, and with nobody waiting it is the
        plain distribution of that way's durations. Where many still wait and the ways differ much in length, the
        shares of slow ways are understated (methods: a normalised share of 65 % against a true 60 % in two years).
        """
        k = cause - 1
        ended = 1.0 - self.survival[-1] if len(self.times) else 0.0
        reached = self.incidence[k, -1] if len(self.times) else 0.0
        mine = self.events[k] > 0
        if not mine.any() or ended <= 0:
            nothing = np.empty(0)
            return SurvivalCurve(nothing, nothing, nothing, nothing, nothing, self.last, self.warning)
        share = reached / ended
        law = np.clip(1.0 - self.incidence[k] / share, 0.0, 1.0)
        law[law < _SAME] = 0.0
        before, waiting = _before(law), _before(self.survival)
        effective = self.at_risk * share * before / waiting
        d, n = self.events[k][mine], effective[mine]
        law = law[mine]
        greenwood = _greenwood(d, np.where(law <= 0, d, n))
        return SurvivalCurve(self.times[mine], law, n, d, greenwood, self.last, self.warning)

    def _read(self, values: FloatArray, t: float | FloatArray) -> FloatArray:
        days = np.asarray(t, dtype=np.float64)
        steps = np.concatenate([np.zeros((len(values), 1)), values], axis=1)
        read: FloatArray = steps[:, np.searchsorted(self.times, days, side="right")]
        if len(self.survival) == 0 or self.survival[-1] > 0:
            read = np.where(days > _or_zero(self.last), np.nan, read)
        return read


def kaplan_meier(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> SurvivalCurve:
    """Estimate how long a wait takes, counting those still waiting (Kaplan and Meier 1958).

    `durations` are days, 0 allowed; `observed` says whether the wait ended (else the case was still waiting when last
    seen); `entry` is how many days of the wait had passed when observation began, 0 for a wait seen from its start;
    `weights` are how often each row counts. A row is at risk at t when entry < t <= duration, a row with entry 0 also
    at t = 0; a row whose wait was over when observation began (0 < entry >= duration) was never at risk and is left
    out. No rows give a curve without steps, whose quantiles are NaN.

    With delayed entry the first few at risk may all end at once, which would put the curve at 0 for ever although
    others enter later. Such times are left out, and `warning` says so.

    Raises ValueError for lengths that differ, and for negative or missing durations.
    """
    t, e, w = _checked(durations, entry, weights)
    ended = np.asarray(observed, dtype=bool)
    if ended.shape != t.shape:
        raise ValueError(f"observed must have one value for each of the {len(t)} durations, got {ended.shape}")
    times, n, d, last, warning = _risk_table(t, ended.astype(np.int64), e, w)
    total = d.sum(axis=0)
    return SurvivalCurve(times, np.cumprod(1 - total / n), n, total, _greenwood(total, n), last, warning)


def aalen_johansen(
    durations: npt.ArrayLike,
    causes: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    ways: int = 1,
) -> CumulativeIncidence:
    """Estimate the share that ends a wait in each of several ways by each time (Aalen and Johansen 1978).

    `causes` holds 0 for a case still waiting when last seen and 1, 2, ... for the way in which the wait ended; `ways`
    is how many ways to report at the least, for ways that nobody took. Everything else is as in `kaplan_meier`; with
    one way the incidence is 1 - Kaplan-Meier. Raises ValueError for a negative cause.
    """
    t, e, w = _checked(durations, entry, weights)
    way = np.asarray(causes, dtype=np.int64)
    if way.shape != t.shape or (len(way) and way.min() < 0):
        raise ValueError(f"causes must be 0 or more, one for each of the {len(t)} durations")
    times, n, d, last, warning = _risk_table(t, way, e, w, ways)
    total = d.sum(axis=0)
    survival = np.cumprod(1 - total / n)
    incidence = np.cumsum(_before(survival) * d / n, axis=1)
    variance = _incidence_variance(survival, incidence, n, d)
    return CumulativeIncidence(times, survival, incidence, variance, n, d, last, warning)


def score_interval(share: float, error: float, count: float, level: float = 0.95) -> tuple[float, float]:
    """Limits of an estimated share (Wilson 1927), for as many plain yes-or-no answers as its error is worth.

    A share with standard error `error` is worth share (1 - share) / error^2 independent answers; where that cannot
    be said, because the share is 0 or 1, it is worth `count`. Where few have been seen these limits hold the truth
    about as often as they say, at 0 and 1 too, where those on the log(-log) scale do not exist. (NaN, NaN) for an
    unknown share, or one that nobody stands behind.

    >>> low, high = score_interval(0.0, 0.0, 20)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.161)
    """
    if not 0 <= share <= 1:
        return np.nan, np.nan
    worth = share * (1 - share) / error**2 if 0 < share < 1 and error > 0 else count
    if not np.isfinite(worth) or worth <= 0:
        return np.nan, np.nan
    z = _normal_quantile(level)
    middle = (share + z**2 / (2 * worth)) / (1 + z**2 / worth)
    half = z / (1 + z**2 / worth) * np.sqrt(share * (1 - share) / worth + z**2 / (4 * worth**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _checked(
    durations: npt.ArrayLike, entry: npt.ArrayLike | None, weights: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    t = np.asarray(durations, dtype=np.float64)
    e = np.zeros(len(t)) if entry is None else np.asarray(entry, dtype=np.float64)
    w = np.ones(len(t)) if weights is None else np.asarray(weights, dtype=np.float64)
    if e.shape != t.shape or w.shape != t.shape:
        raise ValueError(f"entry and weights must have one value for each of the {len(t)} durations")
    if not (np.isfinite(t) & (t >= 0) & np.isfinite(e) & np.isfinite(w) & (w >= 0)).all():
        raise ValueError("durations and weights must be known and not negative, and entries known")
    return t, e, w


def _risk_table(
    t: FloatArray, way: npt.NDArray[np.int64], e: FloatArray, w: FloatArray, ways: int = 1
) -> tuple[FloatArray, FloatArray, FloatArray, float, str]:
    """Times, numbers at risk, events [way, time], longest follow-up and warning."""
    keep = ((e <= 0) | (e < t)) & (w > 0)
    t, way, e, w = t[keep], way[keep], e[keep], w[keep]
    ways = max(ways, int(way.max(initial=0)))
    ended = way > 0
    times, step = np.unique(t[ended], return_inverse=True)
    cells = np.bincount((way[ended] - 1) * len(times) + step, weights=w[ended], minlength=ways * len(times))
    d = cells.astype(np.float64).reshape(ways, len(times))
    late = e > 0
    n = _weight_from(t, w, times) - _weight_from(e[late], w[late], times)
    last = float(t.max()) if len(t) else np.nan
    emptied = (d.sum(axis=0) >= n - _SAME) & (times < last)
    warning = ""
    if emptied.any():
        warning = (
            f"at {int(emptied.sum())} early times, up to day {times[emptied].max():g}, everyone then observed ended "
            "the wait before others came into view; those times are left out"
        )
    return times[~emptied], n[~emptied], d[:, ~emptied], last, warning


def _weight_from(values: FloatArray, w: FloatArray, times: FloatArray) -> FloatArray:
    """Total weight of the rows whose value is at or beyond each time."""
    order = np.argsort(values, kind="stable")
    cumulated = np.concatenate([[0.0], np.cumsum(w[order])])
    onward: FloatArray = cumulated[-1] - cumulated[np.searchsorted(values[order], times, side="left")]
    return onward


def _greenwood(d: FloatArray, n: FloatArray) -> FloatArray:
    left = n - d
    parts = np.divide(d, n * left, out=np.full(len(n), np.inf), where=left > _SAME)
    total: FloatArray = np.cumsum(parts)
    return total


def _before(survival: FloatArray) -> FloatArray:
    """The curve just before each of its steps."""
    return np.concatenate([[1.0], survival[:-1]]) if len(survival) else survival


def _incidence_variance(survival: FloatArray, incidence: FloatArray, n: FloatArray, d: FloatArray) -> FloatArray:
    """Variance of each incidence at each time.

    The sum over earlier times j of (F - F_j)^2 a_j + b_j - 2 (F - F_j) c_j, multiplied out so that running sums do.
    """
    total = d.sum(axis=0)
    left = n - total
    # Where nobody is left the step is the last one, and F - F_j is 0 from there on.
    a = np.divide(total, n * left, out=np.zeros(len(n)), where=left > _SAME)
    before = _before(survival)
    b = before**2 * d * (n - d) / n**3
    c = before * d / n**2

    def upto(x: FloatArray) -> FloatArray:
        cumulated: FloatArray = np.cumsum(x, axis=-1)
        return cumulated

    spread = incidence**2 * upto(a) - 2 * incidence * upto(a * incidence) + upto(a * incidence**2)
    variance = spread + upto(b) - 2 * (incidence * upto(c) - upto(c * incidence))
    return np.maximum(variance, 0.0)


def _first_below(times: FloatArray, values: FloatArray, level: float) -> float:
    below = np.flatnonzero(values < level + _SAME)  # NaN compares false, so unknown limits never count as reached
    if len(below) == 0:
        return np.nan
    first = below[0]
    if abs(values[first] - level) < _SAME:
        lower = below[values[below] < values[first]]
        if len(lower):
            return float((times[first] + times[lower[0]]) / 2)
    return float(times[first])


def _normal_quantile(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 2)


def _or_zero(last: float) -> float:
    return -np.inf if np.isnan(last) else last
