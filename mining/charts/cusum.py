"""CUSUM of single children's durations: the most sensitive honest use of a few children a month.

Each child adds (mu0 - log y) / sigma0 - delta / 2 to a sum that never falls below 0; mu0 and sigma0 are those of the
baseline children's log durations (Page 1954). It signals when the sum passes a limit h, which is simulated so that a
process that has not changed passes it with a stated probability, the uncertainty of the baseline included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mining.charts.rules import FloatArray
from mining.charts.simulation import stream

_LEAST_BASELINE = 8
_SHORTEST = 0.5
"""Days taken for a child whose start and stop share a date: dates tell no more than that it took less than a day."""


@dataclass(frozen=True, eq=False)
class Cusum:
    """The cumulative sum over the children after the baseline."""

    path: FloatArray
    """The sum after each child that follows the baseline, in standard deviations; NaN where it cannot be formed."""
    limit: float
    """The limit h; NaN where it cannot be set."""
    baseline: int
    """How many children made the baseline."""
    typical_days: float
    """exp(mu0): the baseline's geometric mean."""
    spread: float
    """sigma0: the standard deviation of the baseline's log durations."""
    detected: int | None
    """Position (from 0, in all the durations) of the child at whom the sum first passes the limit, or None."""
    false_alarm: float
    """Probability that a process which has not changed passes the limit within the planned number of children."""
    words: str

    def __str__(self) -> str:
        return self.words


def cusum(
    durations: Sequence[float] | FloatArray,
    baseline: int,
    *,
    planned: int | None = None,
    delta: float = 0.4,
    false_alarm: float = 0.1,
    seed: int = 0,
) -> Cusum:
    """Watch for shorter durations after the first `baseline` children.

    `durations` are days, one a child, in the order in which the children finished; those still waiting come in when
    they finish. `planned` is how many children are to be watched after the baseline, agreed before the test: the
    limit keeps the probability `false_alarm` over that many (default: as many as there are so far, which is honest
    only for a single look at the end). `delta` is the shift to be found in standard deviations of the log duration:
    0.4 is a fall by about 27 % at a spread of 0.8; a negative `delta` watches for longer durations.

    Fewer than 8 baseline children, no spread among them, or nobody after them give no limit, and `words` says so.
    Durations of 0 days count as half a day. Raises ValueError for missing or negative durations, a delta of 0, and a
    probability outside (0, 1).
    """
    days = np.asarray(durations, dtype=np.float64)
    if days.ndim != 1 or not np.isfinite(days).all() or (days < 0).any():
        raise ValueError("durations must be one row of days, known and not negative")
    if not 0 < false_alarm < 1 or delta == 0 or baseline < 0:
        raise ValueError(
            f"false_alarm must be in (0, 1), delta not 0 and baseline 0 or more; got {false_alarm}, {delta}, {baseline}"
        )
    logs = np.log(np.maximum(days, _SHORTEST))
    before, after = logs[:baseline], logs[baseline:]
    children = max(planned or 0, len(after))
    centre = float(before.mean()) if len(before) else np.nan
    spread = float(before.std(ddof=1)) if len(before) > 1 else np.nan
    problem = _problem(len(before), len(after), spread)
    if problem:
        nothing = np.full(len(after), np.nan)
        return Cusum(nothing, np.nan, len(before), np.exp(centre), spread, None, false_alarm, problem)
    path = _path(np.sign(delta) * (centre - after[None, :]) / spread, abs(delta))[0]
    limit = decision_limit(len(before), children, delta=abs(delta), false_alarm=false_alarm, seed=seed)
    beyond = np.flatnonzero(path > limit)
    detected = int(beyond[0]) + len(before) if len(beyond) else None
    words = _words(detected, len(before), len(after), children, false_alarm, delta * spread)
    return Cusum(path, limit, len(before), float(np.exp(centre)), spread, detected, false_alarm, words)


@lru_cache(maxsize=256)
def decision_limit(baseline: int, later: int, *, delta: float = 0.4, false_alarm: float = 0.1, seed: int = 0) -> float:
    """The limit that a process which has not changed passes with probability `false_alarm` within `later` children.

    By simulation of 10,000 histories with lognormal durations, whose baseline is estimated afresh in each.
    """
    highest = simulate_paths(stream(seed, "cusum"), baseline, later, delta=delta)
    return float(np.quantile(highest, 1 - false_alarm))


def simulate_paths(
    generator: np.random.Generator,
    baseline: int,
    later: int,
    *,
    delta: float = 0.4,
    moved: float = 0.0,
    charts: int = 10_000,
) -> FloatArray:
    """The highest value the sum reaches in each of many histories.

    `moved` is by how many standard deviations of the log durations the later children are really faster.
    """
    # Only the mean and the spread of the baseline matter, and these have known laws.
    centre = generator.standard_normal(charts) / np.sqrt(baseline)
    spread = np.sqrt(generator.chisquare(baseline - 1, charts) / (baseline - 1))
    highest, total = np.zeros(charts), np.zeros(charts)
    for _ in range(later):
        z = (centre - generator.standard_normal(charts) + moved) / spread
        total = np.maximum(0.0, total + z - delta / 2)
        highest = np.maximum(highest, total)
    return highest


def _path(z: FloatArray, delta: float) -> FloatArray:
    totals, total = np.empty(z.shape), np.zeros(z.shape[0])
    for j in range(z.shape[1]):
        total = np.maximum(0.0, total + z[:, j] - delta / 2)
        totals[:, j] = total
    return totals


def _problem(before: int, after: int, spread: float) -> str:
    if before < _LEAST_BASELINE:
        return f"Too few children for a baseline: {before}, at least {_LEAST_BASELINE} are needed."
    if not after:
        return "Nobody has finished after the baseline yet."
    if not spread > 1e-12:
        return "All baseline durations are equal, so there is no spread to judge by."
    return ""


def _words(detected: int | None, before: int, after: int, children: int, false_alarm: float, log_shift: float) -> str:
    way, size = ("shorter", -np.expm1(-log_shift)) if log_shift > 0 else ("longer", np.expm1(-log_shift))
    look = f"a lasting change of about {100 * size:.0f}%"
    if detected is None:
        found = f"The CUSUM shows no sign of {way} waits among {after} children after the {before} of the baseline"
    else:
        later = detected + 1 - before
        found = f"The CUSUM signals {way} waits at child {detected + 1}, {later} children after the baseline"
    return (
        f"{found}. It looks for {look}; with no change it would signal in {100 * false_alarm:.0f} of 100 tests of "
        f"{children} children."
    )
