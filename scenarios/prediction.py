"""A prediction, frozen before the test of change: what each point of each run chart should be, and how far it may lie.

For every cohort of children still to enter: the 80 and 95 % *predictive* interval of the share plotted, with the change
and without it: what is not known of the process and of the size of the effect, and on top the chance in a cohort of the
expected number of children. A confidence interval of the mean would hold the next point a quarter of the time
(methods 8.4). The draws are kept with the prediction: what is seen later updates the size of the effect without
simulating again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from event_logs.log import EventLog
from scenarios.cohort_shares import CohortShares, Floats
from scenarios.evidence import chance_to_tell
from scenarios.futures import Ahead, Drawn, draw_futures
from scenarios.power import RATES, Plan, power_table
from scenarios.predicted import (
    WITH,
    WITHOUT,
    BaselinePoint,
    Limits,
    MadeFrom,
    PowerRow,
    PredictedChart,
    PredictedPoint,
    Prediction,
)
from scenarios.scenario import Scenario
from scenarios.watched import CohortPeriod, Watched, points
from simulation.model_file import model_text
from simulation.streams import stable_hash

_TAILS = (0.025, 0.1, 0.9, 0.975)
_BASELINE_MONTHS = 24
_MOST_BASELINE_POINTS = 60


def predict(
    log: EventLog,
    scenario: Scenario,
    ahead: Ahead | None = None,
    *,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Prediction:
    """The prediction of a scenario for the cohorts that enter after the log's end (or from its start date on).

    The same arguments give the same prediction, whatever `workers`, `store` and `cluster` (see `draw_futures`, which
    says what is raised too).
    """
    ahead = ahead or Ahead()
    seed = ahead.seed
    drawn = draw_futures(log, scenario, ahead, workers=workers, store=store, cluster=cluster, progress=progress)
    found = charts(log, drawn, seed=seed)
    return Prediction(
        name=scenario.name,
        title=scenario.title,
        date=f"{log.window.end:%Y-%m-%d}",
        begins=f"{drawn.begins:%Y-%m-%d}",
        period=ahead.period,
        judge_by=_most_telling(found, ("stage", "aim", "responds first"), seed),
        responds_first=_most_telling(found, ("responds first",), seed),
        no_effect=float(scenario.no_effect),
        size_names=_size_names(scenario),
        charts=found,
        power=_power(drawn, found, ahead),
        made_from=MadeFrom(
            log_sha256=log_digest(log),
            model_sha256=_digest(model_text(drawn.base)),
            scenario_sha256=_digest(repr(scenario)),
            version=metadata.version("permanence"),
            seed=seed,
            draws=ahead.draws,
        ),
        sizes=tuple(tuple(round(size, 4) for size in row) for row in drawn.sizes.tolist()),
    )


def log_digest(log: EventLog) -> str:
    """SHA-256 of what a log holds: its events, cases and window."""
    window = f"{log.window.start} {log.window.end} {sorted(log.window.recorded_from.items())}"
    parts = [log.events.to_csv(index=False), log.cases.to_csv(index=False), window]
    return _digest("\n".join(parts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _size_names(scenario: Scenario) -> tuple[str, ...]:
    """The sizes drawn, in words: what kind of change, of what, and which of its sizes."""
    names = []
    for place in scenario.ranges():
        _, number, key = place.split(".", 2)
        change = scenario.changes[int(number)]
        what = f" {activity}" if (activity := getattr(change, "activity", "")) else ""
        names.append(f"{change.type}{what}: {key.replace('_', ' ')}")
    return tuple(names)


def _most_telling(found: tuple[PredictedChart, ...], kinds: tuple[str, ...], seed: int) -> str:
    """The chart on which the change is most likely to show: of the first kind that has one; "" where none has."""
    for kind in kinds:
        moved = [chart for chart in found if chart.watched.kind == kind and chart.touched]
        if moved:
            best = max(moved, key=lambda chart: (round(_telling(chart, seed), 2), -chart.watched.horizon_days))
            return best.watched.name
    return ""


def _telling(chart: PredictedChart, seed: int) -> float:
    children = np.array([point.children for point in chart.points], dtype=np.int64)
    return chance_to_tell(chart, children, seed=seed)


def _power(drawn: Drawn, found: tuple[PredictedChart, ...], ahead: Ahead) -> tuple[PowerRow, ...]:
    """Power of every chart the change should move, with the children expected and with other numbers of them."""
    rows = []
    months = drawn.periods.months_each
    for place, chart in enumerate(found):
        pools = [days[place] for days in drawn.days if all(len(one) for one in days[place])]
        if not (chart.touched and pools and ahead.power_tests):
            continue
        expected = sum(point.children for point in chart.points) / (months * len(chart.points))
        baseline = min(_BASELINE_MONTHS, months * len(chart.baseline))
        plan = Plan(
            horizon_days=chart.watched.horizon_days,
            baseline_months=max(baseline, 6),
            months_a_point=months,
            shorter=chart.difference > 0,
        )
        rates = dict.fromkeys([round(expected, 1), *RATES])
        table = power_table(
            pools, plan, per_month=[rate for rate in rates if rate > 0], tests=ahead.power_tests, seed=ahead.seed
        )
        rows += [
            PowerRow(
                chart=chart.watched.name,
                per_month=float(row["per_month"]),
                months=int(row["months"]),
                children=int(row["children"]),
                method=str(row["method"]),
                detected=round(float(row["detected"]), 3),
                false_alarm=round(float(row["false_alarm"]), 3),
            )
            for row in table.to_dict("records")
        ]
    return tuple(rows)


def charts(log: EventLog, drawn: Drawn, *, seed: int = 1) -> tuple[PredictedChart, ...]:
    """The predicted run chart of everything watched."""
    key = np.random.SeedSequence([seed, stable_hash("prediction")])
    noise = np.random.Generator(np.random.PCG64(key)).standard_normal(len(drawn.sizes))
    return tuple(_chart(log, drawn, place, noise) for place in range(len(drawn.watched)))


def _chart(log: EventLog, drawn: Drawn, place: int, noise: Floats) -> PredictedChart:
    watched, periods = drawn.watched[place], drawn.periods
    futures = [_rounded(drawn.shares(place, future, noise)) for future in (WITH, WITHOUT)]
    if (drawn.reached[:, WITH, place] == drawn.reached[:, WITHOUT, place]).all():
        futures[WITH] = futures[WITHOUT]
    expected = np.rint(drawn.children[:, :, place].mean(axis=(0, 1))).astype(np.int64)
    moved = futures[WITH].chance.mean(axis=1) - futures[WITHOUT].chance.mean(axis=1)
    predicted = []
    for cohort, label in enumerate(periods.labels):
        children = max(int(expected[cohort]), 1)
        limits = [limits_of(shares, cohort, children) for shares in futures]
        start, end = (f"{day[cohort]:%Y-%m-%d}" for day in (periods.starts, periods.ends))
        predicted.append(
            PredictedPoint(
                label=label, start=start, end=end, children=children, change=limits[WITH], no_change=limits[WITHOUT]
            )
        )
    low, high = np.quantile(moved, [0.025, 0.975]).tolist()
    return PredictedChart(
        watched=watched,
        baseline=_baseline(log, watched, periods.period),
        points=tuple(predicted),
        difference=round(float(moved.mean()), 4),
        low_difference=round(low, 4),
        high_difference=round(high, 4),
        spread=futures[WITH].spread,
        no_change_spread=futures[WITHOUT].spread,
        change_draws=tuple(tuple(row) for row in futures[WITH].chance.tolist()),
        no_change_draws=tuple(tuple(row) for row in futures[WITHOUT].chance.tolist()),
    )


def _rounded(shares: CohortShares) -> CohortShares:
    """As it is written in the file, so that what is read back gives the same limits to the last digit."""
    chance = np.clip(np.round(shares.chance, 4), 0.0001, 0.9999)
    return CohortShares(chance, round(shares.spread, 5))


def limits_of(shares: CohortShares, cohort: int, children: int) -> Limits:
    """The middle and limits of one cohort's share, for so many children."""
    low95, low80, high80, high95 = (round(limit, 4) for limit in shares.limits(cohort, children, _TAILS))
    middle = round(shares.expected(cohort), 4)
    return Limits(low95=low95, low80=low80, middle=middle, high80=high80, high95=high95)


def _baseline(log: EventLog, watched: Watched, period: CohortPeriod) -> tuple[BaselinePoint, ...]:
    table = points(log, watched, period)
    first = max(log.window.start, log.window.reliable_from(*watched.activities))
    table = table[table["complete"] & (table["start"] >= first)].tail(_MOST_BASELINE_POINTS)
    return tuple(
        BaselinePoint(label=str(row["label"]), children=int(row["n"]), reached=int(row["reached"]))
        for row in table.to_dict("records")
    )
