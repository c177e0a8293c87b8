"""Are there too few or too many runs about the centre line for chance? Exact limits, and Anhøj's two rules.

Swed and Eisenhart (1943): given n1 points above and n2 below, all orders being equally likely,
P(R = 2k) = 2 C(n1-1, k-1) C(n2-1, k-1) / C(n1+n2, n1), and P(R = 2k+1) accordingly. Printed tables differ from the
exact limits, and from one another, by one here and there; so the limits are computed.
Anhøj and Olesen (2014): the longest run is unusual above round(log2 n) + 3, crossings below the 5 % quantile of
Binomial(n - 1, 1/2), n being the useful points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mining.charts.rules import IntArray, run_count, run_lengths

Limits = Literal["exact"] | Mapping[int, tuple[int, int]]

LEAST_USEFUL = 10
"""Rules about the number of runs are judged on at least as many useful points."""
_TAIL = 0.025
_EXACT_INTEGERS = 300
"""Up to so many points the counts of orders are whole numbers; beyond, logarithms of them are quick and as good."""


@dataclass(frozen=True)
class RunsTest:
    """Runs about a centre line; a point on the line is not useful and not counted."""

    above: int
    below: int
    runs: int
    low: int
    """The fewest runs that chance explains (2.5 % in each tail); 0 when no limit applies."""
    high: int
    """The most; 0 when no limit applies."""
    longest: int
    longest_max: int
    """The longest run that chance explains (Anhøj)."""
    crossings: int
    crossings_min: int
    """The fewest crossings of the centre line that chance explains (Anhøj)."""

    @property
    def useful(self) -> int:
        """How many points lie off the line."""
        return self.above + self.below

    @property
    def enough(self) -> bool:
        """Whether there are enough useful points to judge."""
        return self.useful >= LEAST_USEFUL

    @property
    def unusual(self) -> str:
        """ "too few" or "too many" runs, or "" when the number is as chance gives it or cannot be judged."""
        if not self.enough or not self.high:
            return ""
        if self.runs < self.low:
            return "too few"
        return "too many" if self.runs > self.high else ""

    @property
    def anhoej(self) -> bool:
        """Whether the longest run is too long or crossings are too few, by Anhøj's rules."""
        return self.enough and (self.longest > self.longest_max or self.crossings < self.crossings_min)


def runs_test(signs: IntArray, limits: Limits = "exact") -> RunsTest:
    """Judge the runs of a chart from its signs (1 above, -1 below, 0 on the line or missing)."""
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    useful = above + below
    runs = int(run_count(signs))
    low, high = exact_limits(above, below) if limits == "exact" else limits.get(useful, (0, 0))
    longest = int(run_lengths(signs).max(initial=0))
    return RunsTest(
        above, below, runs, low, high, longest, longest_max(useful), max(runs - 1, 0), crossings_min(useful)
    )


def runs_probability(runs: int, above: int, below: int) -> float:
    """Chance of exactly so many runs, given how many points lie above and below.

    >>> round(runs_probability(11, 5, 11), 6)
    0.057692
    """
    if not above or not below:
        return float(runs == (1 if above or below else 0))
    if runs < 2 or runs > 2 * min(above, below) + 1:
        return 0.0
    half, odd = divmod(runs, 2)
    splits = [(half, half - 1), (half - 1, half)] if odd else [(half - 1, half - 1)] * 2
    if above + below <= _EXACT_INTEGERS:
        ways = sum(math.comb(above - 1, a) * math.comb(below - 1, b) for a, b in splits)
        return ways / math.comb(above + below, above)
    total = _log_comb(above + below, above)
    return sum(math.exp(_log_comb(above - 1, a) + _log_comb(below - 1, b) - total) for a, b in splits)


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) if 0 <= k <= n else -math.inf


@lru_cache(maxsize=4096)
def exact_limits(above: int, below: int) -> tuple[int, int]:
    """The fewest and the most runs that chance explains: not more than 2.5 % lies beyond either.

    (0, 0) without points; a chart with all points on one side has one run, whatever chance does.

    >>> exact_limits(10, 10)
    (7, 15)
    """
    if not above or not below:
        return (1, 1) if above or below else (0, 0)
    every = range(2, 2 * min(above, below) + 2)
    return _limit(every, above, below), _limit(reversed(every), above, below)


def _limit(order: Iterable[int], above: int, below: int) -> int:
    probability, runs = 0.0, 0
    for runs in order:
        probability += runs_probability(runs, above, below)
        # A tail of exactly 2.5 % is not more than 2.5 %, however the sum is rounded.
        if probability > _TAIL + 1e-9:
            break
    return runs


def longest_max(useful: int) -> int:
    """The longest run that chance explains: round(log2 n) + 3 (Schilling 2012); 0 without useful points."""
    return round(math.log2(useful)) + 3 if useful else 0


@lru_cache(maxsize=4096)
def crossings_min(useful: int) -> int:
    """The fewest crossings that chance explains: the 5 % quantile of Binomial(n - 1, 1/2) (Chen 2010)."""
    trials = max(useful - 1, 0)
    cumulated = 0
    for crossings in range(trials + 1):
        cumulated += math.comb(trials, crossings)
        if cumulated * 20 >= 2**trials:
            return crossings
    return trials
