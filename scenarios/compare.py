"""What a change would save: baseline and changed pathway simulated side by side, child by child.

The interval is honest about three unknowns at once (methods: nested design). Each outer draw resamples the children of
the log and fits the whole model again, and draws the size of each effect from its range; within a draw, baseline and
scenarios run on the same streams, so that they differ only by the change. Replications alone would cover the truth
about half the time or less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import REVIEW, STAGES, Stage
from mining.survival import kaplan_meier
from mining.visits import stage_visits
from scenarios.changes import IDEAS, Scenario
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.gates import Sessions
from simulation.model import PathwayModel
from simulation.streams import stable_hash

ALL_STAGES = "All stages"
_DAYS_A_WEEK = 7.0
_MEAN_UP_TO_DAYS = 730.0
"""The mean time in a stage counts the first two years of each visit; the rest of very long ones is not seen."""
_SECONDS_WORTH_A_POOL = 8.0
"""Starting worker processes costs seconds; below this much work one process is faster."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scenarios against the baseline, with what the figures rest on.

    `stages` has one row a scenario and stage, then one row "All stages": `scenario`, `title`, `stage`,
    `baseline_weeks`, `changed_weeks` (mean weeks of visits begun within the horizon, counting their first two years,
    open ones included by Kaplan-Meier; NaN for all stages), `difference_weeks` with its 95 % interval `low_weeks`,
    `high_weeks`; `baseline_child_weeks` (weeks spent in the stage within the horizon, all children together),
    `difference_child_weeks` with `low_child_weeks`, `high_child_weeks`; `probability_helps` (share of outer draws in
    which fewer child-weeks are spent). Negative differences are less waiting.
    `workload` has one row a scenario and activity that happens more or less often: `baseline_per_year`,
    `difference_per_year` with `low` and `high`.
    """

    stages: pd.DataFrame
    workload: pd.DataFrame
    settings: dict[str, Any]
    loaded: pd.DataFrame
    """Children open at the start, by the step of the model they were loaded into."""
    unplaced: int
    """Children open at the start who are in no step of the model: they stay as they are."""
    warnings: tuple[str, ...]
    evidence: pd.DataFrame
    """scenario, title, rationale, evidence, confirmed."""
    by_draw: npt.NDArray[np.float64]
    """[draw, baseline and scenarios in their order, stages and all together, (mean weeks a visit, child-weeks)]."""


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything one outer draw needs; sent to worker processes."""

    log: EventLog
    base: PathwayModel
    cohort: Cohort
    panel: Sessions | None
    scenarios: tuple[Scenario, ...]
    stages: tuple[Stage, ...]
    end: pd.Timestamp
    seed: int
    replications: int


def compare(
    log: EventLog,
    scenarios: Sequence[Scenario] | None = None,
    *,
    stages: Sequence[Stage] = STAGES,
    panel: Sessions | None = None,
    years: float = 3.0,
    draws: int = 50,
    replications: int = 1,
    seed: int = 1,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Compare scenarios (default: all ready-made ideas) with the baseline over `years` from the end of the log.

    `draws` outer draws (children resampled, model fitted again, effect sizes drawn) of `replications` paired runs
    each; intervals are the mean plus and minus t times the spread between draws. The result does not depend on
    `workers`. `progress` is called with the draws done and their number. Raises ValueError for fewer than 2 draws, or
    a log without a case.
    """
    if draws < 2:
        raise ValueError(f"draws must be at least 2 for an interval, got {draws}")
    if not len(log.cases):
        raise ValueError("the log has no case to compare scenarios on")
    chosen = tuple(IDEAS.values() if scenarios is None else scenarios)
    base = fit_pathway(log, panel=panel)
    cohort = snapshot(log, base)
    end = log.window.end + pd.Timedelta(days=round(years * 365.25))
    task = _Task(log, base, cohort, panel, chosen, tuple(stages), end, seed, replications)
    results = _all_draws(task, draws, workers, progress)
    by_draw = np.stack([r.stages for r in results])
    return Comparison(
        by_draw=by_draw,
        stages=_stage_table(task, by_draw),
        workload=_workload_table(task, np.stack([r.events for r in results]), years),
        settings={
            "years": years,
            "draws": draws,
            "replications": replications,
            "seed": seed,
            "children_open": len(cohort.cases),
            "from": f"{log.window.end:%Y-%m-%d}",
            "to": f"{end:%Y-%m-%d}",
            "new_cases_per_year": round(float(base.arrivals.per_month.sum()), 1) if base.arrivals else 0.0,
        },
        loaded=cohort.counts,
        unplaced=len(cohort.unplaced),
        warnings=base.warnings,
        evidence=pd.DataFrame(
            [(s.name, s.title, s.rationale, s.evidence, s.confirmed) for s in chosen],
            columns=["scenario", "title", "rationale", "evidence", "confirmed"],
        ),
    )


@dataclass(frozen=True, eq=False)
class _Draw:
    """Measures of one outer draw, averaged over its replications."""

    stages: npt.NDArray[np.float64]
    """Shape (1 + scenarios, stages + 1, 2): mean weeks of a visit, and child-weeks."""
    events: npt.NDArray[np.float64]
    """Shape (1 + scenarios, activities): events within the horizon."""


def _all_draws(task: _Task, draws: int, workers: int, progress: Callable[[int, int], None]) -> list[_Draw]:
    results: list[_Draw] = []
    if workers <= 1:
        for number in range(draws):
            results.append(_draw(task, number))
            progress(len(results), draws)
        return results
    from joblib import Parallel, delayed

    runs = Parallel(n_jobs=workers, return_as="generator", max_nbytes=None)(
        delayed(_draw)(task, number) for number in range(draws)
    )
    for result in runs:
        results.append(result)
        progress(len(results), draws)
    return results


def _draw(task: _Task, number: int) -> _Draw:
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([task.seed, number, stable_hash("draw")])))
    cases = len(task.log.cases)
    weight = np.bincount(generator.integers(0, cases, cases), minlength=cases).astype(np.float64)
    model = fit_pathway(task.log, panel=task.panel, weight=weight, base=task.base)
    cohort = replace(task.cohort, model=model)
    models = [model]
    for scenario in task.scenarios:
        # Each scenario has its own sizes, so that adding one leaves the others' as they are.
        key = np.random.SeedSequence([task.seed, number, stable_hash(scenario.name)])
        models.append(scenario.apply(model, scenario.sizes(np.random.Generator(np.random.PCG64(key)))))
    runs = [
        [
            measure(
                simulate(m, cohort, task.end, seed=task.seed, replication=number * task.replications + r), task.stages
            )
            for m in models
        ]
        for r in range(task.replications)
    ]
    return _Draw(
        stages=_mean_over_runs(np.asarray([[one[0] for one in run] for run in runs])),
        events=np.mean([[one[1] for one in run] for run in runs], axis=0),
    )


def _mean_over_runs(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean over the first axis of what is known; a run in which a mean could not be told is left out of it."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    mean: npt.NDArray[np.float64] = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
    return mean


def measure(log: EventLog, stages: Sequence[Stage] = STAGES) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What is compared: for each stage mean weeks a visit and child-weeks within the log's window; events by activity.

    The first array has a row a stage and a last row for all of them. Mean weeks are the restricted Kaplan-Meier mean
    (up to two years) of visits that begin inside the window, NaN where none does. The second counts the events inside
    the window, in the order of `log.activities`.
    """
    arrays = log.arrays
    span = arrays.window_end - arrays.window_start
    table = np.full((len(stages) + 1, 2), np.nan)
    for row, stage in enumerate(stages):
        visits = stage_visits(log, stage)
        new = visits.start >= arrays.window_start
        if new.any():
            curve = kaplan_meier(visits.days[new], visits.cause[new] > 0)
            table[row, 0] = curve.restricted_mean(min(_MEAN_UP_TO_DAYS, span * 0.9)) / _DAYS_A_WEEK
        inside = np.minimum(visits.exit, arrays.window_end) - np.maximum(visits.start, arrays.window_start)
        table[row, 1] = float(np.maximum(inside, 0.0).sum()) / _DAYS_A_WEEK
    table[-1, 1] = table[:-1, 1].sum()
    within = arrays.day > arrays.window_start
    events = np.bincount(arrays.activity[within], minlength=len(arrays.activities)).astype(np.float64)
    return table, events


def interval(differences: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean difference over the outer draws and its 95 % interval, from the spread between draws; NaN for fewer than 2.

    Percentiles would need hundreds of draws; the normal form covered as well in our trials.
    """
    from scipy.special import stdtrit

    known = differences[np.isfinite(differences)]
    if len(known) < 2:
        return float("nan"), float("nan"), float("nan")
    mean, half = float(known.mean()), float(stdtrit(len(known) - 1, 0.975) * known.std(ddof=1))
    return mean, mean - half, mean + half


def _stage_table(task: _Task, results: npt.NDArray[np.float64]) -> pd.DataFrame:
    names = [*(stage.name for stage in task.stages), ALL_STAGES]
    rows = []
    for number, scenario in enumerate(task.scenarios, start=1):
        for row, name in enumerate(names):
            base, changed = results[:, 0, row], results[:, number, row]
            weeks, child_weeks = interval(changed[:, 0] - base[:, 0]), interval(changed[:, 1] - base[:, 1])
            helps = float((changed[:, 1] < base[:, 1]).mean())
            levels = (_mean(base[:, 0]), _mean(changed[:, 0]))
            rows.append((scenario.name, scenario.title, name, *levels, *weeks, _mean(base[:, 1]), *child_weeks, helps))
    columns = ["scenario", "title", "stage", "baseline_weeks", "changed_weeks", "difference_weeks", "low_weeks"]
    columns += ["high_weeks", "baseline_child_weeks", "difference_child_weeks", "low_child_weeks", "high_child_weeks"]
    return pd.DataFrame(rows, columns=[*columns, "probability_helps"])


def _workload_table(task: _Task, results: npt.NDArray[np.float64], years: float) -> pd.DataFrame:
    ranks = task.base.ranks
    activities = sorted(ranks, key=lambda name: (ranks[name], name))
    rows = []
    for number, scenario in enumerate(task.scenarios, start=1):
        for column, activity in enumerate(activities):
            base, changed = results[:, 0, column] / years, results[:, number, column] / years
            if (base != changed).any():
                # The model holds the reviews of a plan in the making, not the half-yearly ones ever after.
                label = f"{activity} until the plan is decided" if activity == REVIEW else activity
                rows.append((scenario.name, label, _mean(base), *interval(changed - base)))
    return pd.DataFrame(
        rows, columns=["scenario", "activity", "baseline_per_year", "difference_per_year", "low", "high"]
    )


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
