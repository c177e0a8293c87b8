"""Back-casting: what the model would have forecast on past days, against what happened.

The log is cut at each of some past days as an extract of that day would have shown it: later events unseen, cases then
running open. The model is fitted on the cut log, today's children of that day are loaded, and the months that follow
are simulated many times. Each simulation rests on a fit of its own to children drawn again (whole families where they
are known), so that the spread of the forecasts holds both what chance does to the children and what a finite log does
not tell about the process; replications of one fit alone would be far too sure of themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import AIMS, STAGES, Aim, Stage
from event_logs.window import ObservationWindow
from mining.aims import find_aim_visits
from mining.resampling import resampling_units
from mining.visits import REACHED, stage_visits
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.known_gates import Known, KnownGates
from simulation.model import PathwayModel
from simulation.running import Progress, in_order
from simulation.streams import stable_hash

Floats = npt.NDArray[np.float64]
Fit = Callable[..., PathwayModel]
"""How a model is fitted to a log: called with the log, and `panel`, `weight` and `base` by name, as `fit_pathway`."""
MONTHS = (3, 6, 12)
CLOSURES, QUEUE, AIM = "closures", "queue", "aim share"
DRAWS = 79
"""With 79 draws the second lowest and second highest are exactly the limits of a 95 % interval."""
MINIMUM_HISTORY_DAYS = 730.0
FEWEST_CHILDREN = 5
"""A share of fewer children than this is not judged: one child more or less moves it too far."""
_KNOWN_AT_THE_END = ("destination", "permanence_as")
"""Attributes of a case that nobody knows while it is open."""


@dataclass(frozen=True)
class Measure:
    """One figure that is forecast."""

    kind: str
    name: str
    stage: Stage | None = None
    aim: Aim | None = None


@dataclass(frozen=True, eq=False)
class Backcast:
    """Forecasts made on past days beside what happened.

    `forecasts` has one row a cut, horizon and measure: `cut` (date), `months`, `kind` ("closures": cases that ended
    within the months; "queue": children in the stage at their end; "aim share": of the children whose limit came up
    within them, undecided at the cut, the share who met it), `measure` (its name), `observed`, `children` (those that a
    share rests on), `forecast` (mean), `low80`, `high80`, `low95`, `high95` (predictive limits), `spread` (standard
    deviation of the forecasts), and `score`: how many standard deviations what happened lies above the forecast (see
    `score`).
    `summary` has one row a measure and horizon: `cuts`, `observed` and `forecast` (means), `bias` (mean of forecast
    less observed), `bias_error` (its standard error by the forecast's own spread, overlapping months counted once),
    `rmse`, `inside80` and `inside95` (forecasts whose interval holds what happened).
    """

    forecasts: pd.DataFrame
    summary: pd.DataFrame
    settings: dict[str, Any]
    notes: tuple[str, ...]
    """What could not be forecast or judged, and why."""


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything the draws of one cut need; sent to worker processes."""

    log: EventLog
    base: PathwayModel
    cohort: Cohort
    window: ObservationWindow
    panel: Known
    fit: Fit
    measures: tuple[Measure, ...]
    days: tuple[float, ...]
    """The ends of the horizons, in days since 1970."""
    seed: int


def cut_log(log: EventLog, cut: pd.Timestamp) -> EventLog:
    """The log as an extract of the day `cut` would have been: nothing later is in it, cases then running are open.

    Dates among the attributes that lie after the cut, and attributes that are known only at a case's end, are emptied.
    Raises ValueError for a cut outside the window.
    """
    if not log.window.start <= cut <= log.window.end:
        span = f"{log.window.start:%Y-%m-%d} to {log.window.end:%Y-%m-%d}"
        raise ValueError(f"cut must lie in the window, {span}, got {cut:%Y-%m-%d}")
    after = np.floor(_day(cut)) + 1.0
    known = log.arrays.start < after
    cases = log.cases[known].reset_index(drop=True)
    still_open = pd.Series(~(to_days(cases["end"]) < after))
    for column in _KNOWN_AT_THE_END:
        if column in cases:
            cases[column] = cases[column].where(~still_open)
    for column in cases.columns.drop("start"):
        if pd.api.types.is_datetime64_dtype(cases[column]):
            cases[column] = cases[column].where(to_days(cases[column]) < after)
    kept = (log.arrays.day < after) & known[log.arrays.case]
    events = log.events[kept].reset_index(drop=True)
    return EventLog(events, cases, ObservationWindow(log.window.start, cut, log.window.recorded_from))


def past_cuts(
    log: EventLog, *, count: int = 4, every_months: int = 6, ahead_months: int = max(MONTHS)
) -> tuple[pd.Timestamp, ...]:
    """Past days to forecast from, oldest first: the latest that leaves the months ahead, and others before it.

    Each has at least two years of reliable records behind it; a log too short for that gives none.
    """
    reliable = log.window.reliable_from(*log.window.recorded_from)
    found = []
    for number in range(count):
        cut = log.window.end.normalize() - pd.DateOffset(months=ahead_months + number * every_months)
        if (cut - reliable) / pd.Timedelta(days=1) >= MINIMUM_HISTORY_DAYS:
            found.append(pd.Timestamp(cut))
    return tuple(reversed(found))


def backcast(
    log: EventLog,
    *,
    cuts: Sequence[pd.Timestamp] | None = None,
    months: Sequence[int] = MONTHS,
    stages: Sequence[Stage] = STAGES,
    aims: Sequence[Aim] = AIMS,
    panel: Known = None,
    fit: Fit = fit_pathway,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> Backcast:
    """Forecast `months` ahead from each of the past `cuts` (default: `past_cuts`) and compare with what happened.

    `draws` forecasts a cut, each from a fit to children drawn again; `panel` is a known calendar, taken to have held
    then too. `workers`, `store`, `cluster` and `progress` are those of `simulation.running.in_order`, one call a draw;
    the result does not depend on them, and that of one cut not on the others. Raises ValueError for fewer than 19
    draws (no 80 % interval means much), without a cut, or for a cut whose months do not lie within the log.
    """
    days = past_cuts(log, ahead_months=max(months)) if cuts is None else tuple(cut.normalize() for cut in cuts)
    if draws < 19:
        raise ValueError(f"draws must be at least 19 for a forecast with intervals, got {draws}")
    if not days:
        raise ValueError(f"a back-cast needs a cut with two years behind it and {max(months)} months ahead; none fits")
    for cut in days:
        if cut + pd.DateOffset(months=max(months)) > log.window.end:
            end = f"{log.window.end:%Y-%m-%d}"
            raise ValueError(f"{max(months)} months after a cut must lie in the log, to {end}; got {cut:%Y-%m-%d}")
    tasks = [_task(log, cut, months, (stages, aims), (panel, fit), seed) for cut in days]
    measures, notes = tasks[-1].measures, list(_notes(tasks[-1].base, aims))
    arguments = [(task, number) for task in tasks for number in range(draws)]
    runs = in_order(_draw, arguments, workers, store=store, cluster=cluster, progress=progress)
    results = {task.cohort.day: np.stack([next(runs) for _ in range(draws)]) for task in tasks}
    rows = [row for task in tasks for row in _rows(log, task, months, results[task.cohort.day])]
    order = {measure.name: place for place, measure in enumerate(measures)}
    rows.sort(key=lambda row: (order[row["measure"]], row["months"], row["cut"]))
    forecasts = pd.DataFrame(rows, columns=_COLUMNS)
    judged = set(forecasts["measure"])
    notes += [f"{m.name}: too few children to judge" for m in measures if m.name not in judged]
    settings = {
        "cuts": [f"{cut:%Y-%m-%d}" for cut in days],
        "months": list(months),
        "draws": draws,
        "seed": seed,
        "panel": "declared" if KnownGates.of(panel).panel is not None else "inferred from the log at each cut",
    }
    return Backcast(forecasts, _summary(forecasts, days), settings, tuple(notes))


def resampled_fit(log: EventLog, base: PathwayModel, fit: Fit, panel: Known, *, seed: int, draw: int) -> PathwayModel:
    """The model fitted to children drawn again from the log: whole families, or children, where they are known."""
    key = [seed, int(log.arrays.window_end), draw, stable_hash("draw")]
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
    _, unit = np.unique(resampling_units(log), return_inverse=True)
    units = int(unit.max()) + 1
    weight = np.bincount(generator.integers(0, units, units), minlength=units)[unit].astype(np.float64)
    return fit(log, panel=panel, weight=weight, base=base)


def replication_of(cut_day: float, draw: int) -> int:
    """The replication number of a draw at a cut: no two cuts share one, and none depends on the other cuts."""
    return int(cut_day) * 100_000 + draw


def measures_of(model: PathwayModel, stages: Sequence[Stage], aims: Sequence[Aim]) -> tuple[Measure, ...]:
    """What can be forecast: closures, and the stages and aims whose activities the model has steps for."""
    modelled = {step.activity for step in model.steps.values()}
    found = [Measure(CLOSURES, "Closures")]
    found += [Measure(QUEUE, stage.name, stage=stage) for stage in stages if {*stage.starts, *stage.stops} <= modelled]
    found += [Measure(AIM, _aim_name(a), aim=a) for a in aims if _can_forecast(model, a)]
    return tuple(found)


def measured(log: EventLog, measures: Sequence[Measure], cut_day: float, days: Sequence[float]) -> Floats:
    """Each measure over each span from the cut to one of `days`, shape (measures, days, 2): value, and children.

    `children` is the number a share rests on, NaN for counts. The log's window must end on the last of `days`.
    """
    found = np.full((len(measures), len(days), 2), np.nan)
    for place, measure in enumerate(measures):
        for column, day in enumerate(days):
            if measure.stage is not None:
                if column == 0:
                    visits = stage_visits(log, measure.stage)
                there = (visits.start <= day) & ((visits.exit > day) | ((visits.cause == 0) & (visits.exit >= day)))
                found[place, column, 0] = float(there.sum())
            elif measure.aim is not None:
                if column == 0:
                    visits = find_aim_visits(log, measure.aim)[0].usable()
                due = visits.start + measure.aim.limit_days
                running = (due > cut_day) & (due <= day) & (visits.exit > cut_day)
                met = running & (visits.cause == REACHED) & (visits.exit <= due)
                found[place, column] = met.sum() / running.sum() if running.any() else np.nan, running.sum()
            else:
                ended = log.arrays.end
                found[place, column, 0] = float(((ended > cut_day) & (ended <= day)).sum())
    return found


def _can_forecast(model: PathwayModel, aim: Aim) -> bool:
    modelled = {step.activity for step in model.steps.values()}
    return aim.clock_start in modelled and set(aim.clock_stops) <= modelled


def _aim_name(aim: Aim) -> str:
    return f"Aim {aim.number}: {aim.name}"


def _notes(model: PathwayModel, aims: Sequence[Aim]) -> list[str]:
    return [
        f"{_aim_name(aim)}: not forecast, because the model has no step for what starts or stops its clock"
        for aim in aims
        if not _can_forecast(model, aim)
    ]


def _task(
    log: EventLog,
    cut: pd.Timestamp,
    months: Sequence[int],
    wanted: tuple[Sequence[Stage], Sequence[Aim]],
    how: tuple[Known, Fit],
    seed: int,
) -> _Task:
    panel, fit = how
    known = cut_log(log, cut)
    base = fit(known, panel=panel, weight=None, base=None)
    days = tuple(_day(pd.Timestamp(cut + pd.DateOffset(months=ahead))) for ahead in months)
    end = pd.Timestamp(from_days([days[-1]])[0])
    window = ObservationWindow(log.window.start, end, log.window.recorded_from)
    return _Task(known, base, snapshot(known, base), window, panel, fit, measures_of(base, *wanted), days, seed)


def _draw(task: _Task, number: int) -> Floats:
    model = resampled_fit(task.log, task.base, task.fit, task.panel, seed=task.seed, draw=number)
    cohort = replace(task.cohort, model=model)
    replication = replication_of(cohort.day, number)
    simulated = simulate(model, cohort, task.window.end, seed=task.seed, replication=replication)
    # Judged by the same records as the real log: what was not reliably recorded counts in neither.
    simulated = EventLog(simulated.events, simulated.cases, task.window)
    return measured(simulated, task.measures, cohort.day, task.days)[:, :, 0]


def _rows(log: EventLog, task: _Task, months: Sequence[int], simulated: Floats) -> list[dict[str, Any]]:
    """The forecasts of one cut beside what happened."""
    happened = measured(cut_log(log, task.window.end), task.measures, task.cohort.day, task.days)
    rows = []
    for place, measure in enumerate(task.measures):
        for column, ahead in enumerate(months):
            observed, children = happened[place, column]
            row = _forecast(measure, (observed, children), simulated[:, place, column])
            if row is not None:
                named = {"cut": task.log.window.end, "months": ahead, "kind": measure.kind, "measure": measure.name}
                rows.append({**named, **row})
    return rows


_COLUMNS = ["cut", "months", "kind", "measure", "observed", "children", "forecast"]
_COLUMNS += ["low80", "high80", "low95", "high95", "spread", "score"]


def _forecast(measure: Measure, happened: tuple[float, float], drawn: Floats) -> dict[str, float] | None:
    """One row of the forecasts; None where there is too little to judge by."""
    observed, children = happened
    known = drawn[np.isfinite(drawn)]
    too_few = measure.kind == AIM and not children >= FEWEST_CHILDREN
    if np.isnan(observed) or too_few or 2 * len(known) < len(drawn):
        return None
    low95, low80, high80, high95 = np.quantile(known, [0.025, 0.1, 0.9, 0.975], method="weibull").tolist()
    return {
        "observed": observed,
        "children": children,
        "forecast": float(known.mean()),
        "low80": low80,
        "high80": high80,
        "low95": low95,
        "high95": high95,
        "spread": float(known.std(ddof=1)),
        "score": score(observed, known, counts=measure.kind != AIM),
    }


def score(observed: float, drawn: Floats, *, counts: bool) -> float:
    """How far above the forecasts it lies, in standard deviations of a forecast; counts as square roots (Anscombe).

    Small counts fall into few values, most forecasts often into one: what some of the forecasts foresaw is never taken
    for less likely than their number says.
    """
    from scipy.special import stdtrit

    values = np.append(drawn, observed)
    scaled = 2.0 * np.sqrt(values + 0.375) if counts else values
    spread = float(scaled[:-1].std(ddof=1)) * np.sqrt(1.0 + 1.0 / len(drawn))
    away = float(scaled[-1] - scaled[:-1].mean())
    if spread <= 1e-12:
        # All forecasts agree: what none of them foresaw is as unlikely as their number can tell.
        return 0.0 if abs(away) <= 1e-12 else float(np.sign(away) * np.sqrt(len(drawn)))
    as_far = int((drawn >= observed).sum() if away > 0 else (drawn <= observed).sum())
    most = float(stdtrit(len(drawn) - 1, max(1.0 - as_far / (len(drawn) + 1), 0.5))) if as_far else np.inf
    return float(np.sign(away) * min(abs(away) / spread, most))


def _summary(forecasts: pd.DataFrame, cuts: Sequence[pd.Timestamp]) -> pd.DataFrame:
    columns = ["kind", "measure", "months", "cuts", "observed", "forecast", "bias", "bias_error", "rmse"]
    rows = []
    groups: dict[Any, pd.DataFrame] = dict(list(forecasts.groupby(["kind", "measure", "months"], sort=False)))
    for (kind, name, ahead), group in groups.items():
        error = (group["forecast"] - group["observed"]).to_numpy()
        apart = independent(group["cut"], int(ahead))
        inside = [int(group["observed"].between(group[f"low{p}"], group[f"high{p}"]).sum()) for p in (80, 95)]
        spread = float(np.sqrt((group["spread"] ** 2).mean()) / np.sqrt(apart))
        levels = (float(group["observed"].mean()), float(group["forecast"].mean()))
        found = (kind, name, ahead, len(group), *levels, float(error.mean()), spread)
        rows.append((*found, float(np.sqrt((error**2).mean())), *inside))
    return pd.DataFrame(rows, columns=[*columns, "inside80", "inside95"])


def independent(cuts: pd.Series[pd.Timestamp], months: int) -> float:
    """How many forecasts so many months ahead are worth that overlap: the months covered, over the months of one."""
    days = np.sort(to_days(cuts))
    gaps = np.minimum(np.diff(days) / (months * 30.4375), 1.0)
    return float(1.0 + gaps.sum())


def _day(date: pd.Timestamp) -> float:
    return float(to_days(pd.Series([date]))[0])
