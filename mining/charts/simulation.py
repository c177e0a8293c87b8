"""How often chart rules speak when nothing has changed, and how often when something has: by simulation.

The rules run on matrices, one chart a row, by the same code that judges a single chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from mining.charts.rules import BoolArray, FloatArray, IntArray, run_count, run_lengths, sides, steps
from mining.charts.runs_test import LEAST_USEFUL, crossings_min, exact_limits, longest_max

LEAST_CHILDREN = 2
"""A period in which fewer children than this finish gives no point: a median of one child is that child's wait."""
_CHARTS = 20_000


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of this name: the same numbers on every machine, whatever else is drawn."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key])))


def false_alarm_rates(points: int, baseline: int | None = None, *, charts: int = _CHARTS, seed: int = 0) -> FloatArray:
    """Share of run charts of a stable process on which each rule speaks, in the order of `RULES`.

    The points are independent and normal; the median is that of all points, or of the first `baseline`, or with a
    baseline of 0 the process's own, known. A rule on a frozen median is judged over the whole chart, as `run_chart`
    judges it, except "shift after the baseline".
    """
    x = stream(seed, f"false alarms {points} {baseline}").standard_normal((charts, points))
    frozen = points if baseline is None else baseline
    median = np.median(x[:, :frozen], axis=1, keepdims=True) if frozen else np.zeros((charts, 1))
    about = sides(x, median)
    moves = run_lengths(steps(x)).max(axis=1)
    shift = run_lengths(about).max(axis=1) >= 6
    later = run_lengths(about[:, frozen:]).max(axis=1, initial=0) >= 6
    runs, anhoej = _runs_rules(about)
    trend = moves >= 4
    by_length = moves >= trend_length(points) - 1
    either = shift | runs
    found = (shift, trend, by_length, runs, either | trend, either | by_length, anhoej, later)
    return np.array([rule.mean() for rule in found])


RULES = (
    "shift",
    "trend",
    "trend by length",
    "runs",
    "any",
    "any, trend by length",
    "Anhøj",
    "shift after the baseline",
)
"""What `false_alarm_rates` gives."""


def trend_length(points: int) -> int:
    """How many points make a trend when that depends on the chart's length (NHS Scotland QuEST training slides)."""
    if points <= 8:
        return 5
    return 6 if points <= 20 else 7


def _runs_rules(about: IntArray) -> tuple[BoolArray, BoolArray]:
    """For each chart whether runs are too few or too many, and whether Anhøj's rules speak."""
    above, below = (about > 0).sum(axis=1), (about < 0).sum(axis=1)
    runs, longest = run_count(about), run_lengths(about).max(axis=1)
    # Charts with the same numbers above and below share their limits; there are few such pairs.
    pairs, which = np.unique(np.column_stack([above, below]), axis=0, return_inverse=True)
    low, high = np.array([exact_limits(int(a), int(b)) for a, b in pairs]).T[:, which]
    useful = [int(a + b) for a, b in pairs]
    most = np.array([longest_max(n) for n in useful])[which]
    fewest = np.array([crossings_min(n) for n in useful])[which]
    enough = above + below >= LEAST_USEFUL
    return enough & ((runs < low) | (runs > high)), enough & ((longest > most) | (runs - 1 < fewest))


@dataclass(frozen=True)
class Power:
    """What a run chart can be expected to show of a test of change."""

    detected: float
    """Share of tests in which a real fall of this size shows as a shift below the frozen median."""
    false_alarm: float
    """The same share when nothing has changed."""
    words: str
    """Both as a sentence, to be read before the test starts."""

    def __str__(self) -> str:
        return self.words


def power(
    points_before: int,
    points_after: int,
    *,
    per_point: float,
    fall: float,
    sigma: float = 0.8,
    seed: int = 0,
) -> Power:
    """How likely a run chart is to show a change, before the test of it starts.

    Each point is the median duration of the children who finish in its period: `per_point` of them on average
    (Poisson; fewer than two give no point), durations lognormal with standard deviation `sigma` on the log scale.
    After `points_before` points the median is frozen; from then on durations are shorter by the share `fall`. The
    change is seen when 6 or more later points in a row lie below that median. By simulation: 20,000 tests, so a share
    is right within a percentage point.

    Raises ValueError for numbers of points below 1, `per_point` or `sigma` that are not positive, and a `fall`
    outside [0, 1).

    >>> power(12, 12, per_point=2, fall=0.25).words
    'If waits fall by 25% and 2 children finish per point, the chart shows it within 12 points in about 19 of 100 \
tests; when nothing changes it says the same in about 6 of 100.'
    """
    if points_before < 1 or points_after < 1:
        raise ValueError(f"points_before and points_after must be at least 1, got {points_before} and {points_after}")
    if not (per_point > 0 and sigma > 0 and 0 <= fall < 1):
        raise ValueError(
            f"per_point and sigma must be positive and fall in [0, 1), got {per_point}, {sigma} and {fall}"
        )
    generator = stream(seed, "power")
    seen, chance = 0.0, 0.0
    points = points_before + points_after
    # In batches of some ten megabytes, however many children there are.
    batches = int(np.clip(_CHARTS * points * (1.5 * per_point + 10) / 2e6, 1, 2000))
    for _ in range(batches):
        logs = _median_logs(generator, (_CHARTS // batches, points), per_point, sigma)
        centre = _median(logs[:, :points_before])
        after = logs[:, points_before:]
        seen += _shift_below(after + np.log1p(-fall), centre) / batches
        chance += _shift_below(after, centre) / batches
    children = f"{per_point:g} {'child finishes' if per_point == 1 else 'children finish'}"
    words = (
        f"If waits fall by {100 * fall:.0f}% and {children} per point, the chart shows it within {points_after} points "
        f"in about {100 * seen:.0f} of 100 tests; when nothing changes it says the same in about "
        f"{100 * chance:.0f} of 100."
    )
    return Power(seen, chance, words)


def _median_logs(generator: np.random.Generator, shape: tuple[int, int], per_point: float, sigma: float) -> FloatArray:
    """Log of the median duration in each period; NaN where too few children finish."""
    count = generator.poisson(per_point, shape)
    logs = sigma * generator.standard_normal((*shape, max(int(count.max()), 1)))
    logs[np.arange(logs.shape[-1]) >= count[..., None]] = np.inf
    logs.sort(axis=-1)
    low, high = (
        np.take_along_axis(logs, (np.maximum(rank, 0) // 2)[..., None], axis=-1)[..., 0] for rank in (count - 1, count)
    )
    medians = np.full(shape, np.nan)
    enough = count >= LEAST_CHILDREN
    medians[enough] = np.log((np.exp(low[enough]) + np.exp(high[enough])) / 2)
    return medians


def _median(rows: FloatArray) -> FloatArray:
    """Median of each row without its missing values, as a column; NaN for a row without values."""
    ordered = np.sort(rows, axis=1)
    known = (~np.isnan(rows)).sum(axis=1)
    low = np.take_along_axis(ordered, (np.maximum(known - 1, 0) // 2)[:, None], axis=1)
    high = np.take_along_axis(ordered, np.minimum(known // 2, rows.shape[1] - 1)[:, None], axis=1)
    # The points are medians in days, so their median is too: halfway in days, not in logs.
    middle: FloatArray = np.where(low == high, low, np.log((np.exp(low) + np.exp(high)) / 2))
    return middle


def _shift_below(after: FloatArray, centre: FloatArray) -> float:
    signs = sides(after, centre)
    rows = run_lengths(signs) * (signs < 0)
    return float((rows.max(axis=1) >= 6).mean())
