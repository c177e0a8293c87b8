"""Power before the test: how many children, for how many months, until a change of the predicted size would show.

By simulation. Each simulated test takes one draw of the model: children before the change take as long as without it,
children after it as long as with it. Three ways of looking see the same children, each followed to the same horizon:

- the run chart, by its rule of 6 or more points in a row beyond the median frozen on the baseline;
- the CUSUM of single children (log days, methods 6.4), with a limit that a test without change passes once in ten;
- one rank test of all children at the end, at the same error of one in ten.

At one to four children a month the first misses most true changes in a year; the same children say more one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.charts.rules import run_lengths, sides
from mining.charts.run_chart import SHIFT
from simulation.streams import stable_hash

Floats = npt.NDArray[np.float64]
Pools = Sequence[tuple[Floats, Floats]]
"""For each draw the days of children with and without the change; infinite for those never seen to get there."""
FALSE_ALARM = 0.1
WANTED = 0.8
MONTHS = (6, 9, 12, 18, 24, 36)
RATES = (1.0, 2.0, 4.0, 8.0)
RUN_CHART, CUSUM, RANK_TEST = "run chart", "CUSUM of single children", "one rank test at the end"
METHODS = (RUN_CHART, CUSUM, RANK_TEST)
_DELTA = 0.4
_SHORTEST = 0.5
_TESTS = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A test of change that is planned: how it will be looked at."""

    horizon_days: float = np.inf
    """Children are followed for so long; infinite: each to its end."""
    baseline_months: int = 12
    months_a_point: int = 1
    """1: a run chart by month; 3: by quarter."""
    shorter: bool = True
    """Whether the change should make the days fewer."""


def power_table(
    pools: Pools,
    plan: Plan,
    *,
    months: Sequence[int] = MONTHS,
    per_month: Sequence[float] = RATES,
    tests: int = _TESTS,
    seed: int = 1,
) -> pd.DataFrame:
    """How likely each way of looking is to see the change; one row a number of children a month and of months.

    Columns: `per_month` (children whose clock starts in a month, on average), `months` (so many months of them after
    the change), `children` (both together), `method`, `detected` (share of tests with the change in which it is seen),
    `false_alarm` (the same without a change), `error` (standard error of `detected`). Beside the months comes the
    horizon: the last children must have had their time. A run chart's points are the medians of their children's days
    without a horizon (two children at least), the shares within it with one. Raises ValueError for no pool, an empty
    one, and numbers that are not positive.
    """
    if not pools or any(not len(days) for pool in pools for days in pool):
        raise ValueError("power needs at least one draw, each with children with and without the change")
    if min(*months, *per_month, plan.baseline_months, plan.months_a_point) <= 0:
        raise ValueError("months, children a month and the months of the baseline must be positive")
    rows = []
    for rate in per_month:
        with_change = _Tests.drawn(pools, plan, (rate, max(months)), tests, seed, changed=True)
        without = _Tests.drawn(pools, plan, (rate, max(months)), tests, seed, changed=False)
        for span in months:
            for method, (seen, chance) in _both(with_change, without, plan, span).items():
                error = float(np.sqrt(seen * (1 - seen) / tests))
                rows.append((rate, span, round(rate * span), method, seen, chance, error))
    columns = ["per_month", "months", "children", "method", "detected", "false_alarm", "error"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, eq=False)
class _Tests:
    """Many simulated tests: the days of each child, months in order, baseline first."""

    days: Floats
    """[test, month, place]; NaN where nobody is, infinite for a child that does not get there within the horizon."""
    baseline: int

    @classmethod
    def drawn(
        cls, pools: Pools, plan: Plan, size: tuple[float, int], tests: int, seed: int, *, changed: bool
    ) -> _Tests:
        rate, months = size
        # With and without change the same numbers of children come, and the same luck: only the days differ.
        key = np.random.SeedSequence([seed, stable_hash(f"power {rate:g}")])
        generator = np.random.Generator(np.random.PCG64(key))
        count = generator.poisson(rate, (tests, plan.baseline_months + months))
        luck = generator.random((*count.shape, max(int(count.max()), 1)))
        days = np.empty(luck.shape)
        for test in range(tests):
            with_change, usual = pools[test % len(pools)]
            after = with_change if changed else usual
            before = slice(None, plan.baseline_months)
            later = slice(plan.baseline_months, None)
            days[test, before] = usual[(luck[test, before] * len(usual)).astype(np.int64)]
            days[test, later] = after[(luck[test, later] * len(after)).astype(np.int64)]
        days[days > plan.horizon_days] = np.inf
        days[np.arange(luck.shape[-1]) >= count[..., None]] = np.nan
        return cls(days, plan.baseline_months)

    def logs(self, horizon: float) -> Floats:
        """[test, child] in order of entry, baseline first: log days, those not there in time at the horizon."""
        ceiling = horizon if np.isfinite(horizon) else np.nanmax(np.where(np.isinf(self.days), np.nan, self.days))
        return np.log(np.clip(self.days, _SHORTEST, ceiling)).reshape(len(self.days), -1)


def _both(changed: _Tests, usual: _Tests, plan: Plan, span: int) -> dict[str, tuple[float, float]]:
    """For each method how often it sees the change, and how often it sees one where there is none."""
    found = {RUN_CHART: (_shifts(changed, plan, span), _shifts(usual, plan, span))}
    for method, statistic in ((CUSUM, _highest), (RANK_TEST, _rank_score)):
        null, moved = statistic(usual, plan, span), statistic(changed, plan, span)
        limit = float(np.quantile(null, 1 - FALSE_ALARM, method="higher"))
        found[method] = (float((moved > limit).mean()), float((null > limit).mean()))
    return found


def _shifts(tests: _Tests, plan: Plan, span: int) -> float:
    each = plan.months_a_point
    before, after = tests.baseline // each, span // each
    first = tests.baseline - before * each
    days = tests.days[:, first : first + (before + after) * each]
    cells = days.reshape(len(days), before + after, -1)
    children = (~np.isnan(cells)).sum(axis=-1)
    if np.isfinite(plan.horizon_days):
        reached = np.where(np.isnan(cells), False, cells <= plan.horizon_days).sum(axis=-1)
        values = np.where(children > 0, reached / np.maximum(children, 1), np.nan)
        better = 1 if plan.shorter else -1
    else:
        values = _medians(cells, children)
        better = -1 if plan.shorter else 1
    centre = _medians(values[:, :before], (~np.isnan(values[:, :before])).sum(axis=-1), least=1)[:, None]
    side = sides(values[:, before:], centre)
    return float(((run_lengths(side) * (side == better)).max(axis=1, initial=0) >= SHIFT).mean())


def _medians(values: Floats, count: npt.NDArray[np.int64], least: int = 2) -> Floats:
    """Medians over the last axis without the missing; NaN for fewer than `least`."""
    ordered = np.sort(values, axis=-1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(rank, 0)[..., None] // 2, axis=-1)[..., 0] for rank in (count - 1, count)
    )
    middle: Floats = np.where(count >= least, (low + high) / 2, np.nan)
    return middle


def _highest(tests: _Tests, plan: Plan, span: int) -> Floats:
    """The highest value that the CUSUM of the children after the change reaches."""
    places = tests.days.shape[2]
    logs = tests.logs(plan.horizon_days)
    before, after = logs[:, : tests.baseline * places], logs[:, tests.baseline * places :][:, : span * places]
    centre, scale = _mean_and_spread(before)
    z = (centre - after) / scale
    z = np.where(np.isnan(z), np.nan, z if plan.shorter else -z)
    total, highest = np.zeros(len(z)), np.zeros(len(z))
    for column in z.T:
        total = np.where(np.isnan(column), total, np.maximum(0.0, total + column - _DELTA / 2))
        highest = np.maximum(highest, total)
    return highest


def _mean_and_spread(values: Floats) -> tuple[Floats, Floats]:
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    variance = np.where(known, (values - mean) ** 2, 0.0).sum(axis=1, keepdims=True) / np.maximum(count - 1, 1)
    return mean, np.maximum(np.sqrt(variance), 1e-6)


def _rank_score(tests: _Tests, plan: Plan, span: int) -> Floats:
    """How far the children after the change rank before those of the baseline: the standardised Mann-Whitney sum."""
    from scipy.stats import rankdata

    places = tests.days.shape[2]
    days = tests.days[:, : tests.baseline + span].reshape(len(tests.days), -1)
    known = ~np.isnan(days)
    # Those not there in time share the last place; seats nobody sits in come after them all and are not counted.
    top = np.where(np.isinf(days), np.finfo(np.float64).max, days)
    rank = rankdata(np.where(known, top, np.inf), axis=1)
    later = np.zeros(days.shape, dtype=bool)
    later[:, tests.baseline * places :] = True
    m, n = (known & ~later).sum(axis=1), (known & later).sum(axis=1)
    mean_rank = np.where(known & later, rank, 0.0).sum(axis=1) / np.maximum(n, 1)
    spread = np.sqrt(np.maximum(m, 1) * (m + n + 1) / (12 * np.maximum(n, 1)))
    score = ((m + n + 1) / 2 - mean_rank) / spread
    return np.asarray(score if plan.shorter else -score)
