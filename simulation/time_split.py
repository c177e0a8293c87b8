"""The log after a past day against simulations of it: distances, each beside its yardstick, and predictive checks.

The model is fitted on the log as it stood on the day of the split, the children then open are loaded, and the cases
that really arrived since are let in on their days, so that equal numbers of cases are compared. Both logs are cut at
the split and at the same end; what is compared is what happened between. A distance says nothing by itself: beside it
stand the distance between two halves of the real log and that between two simulations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import STAGES, Stage
from event_logs.window import ObservationWindow
from mining.resampling import resampling_units
from mining.survival import kaplan_meier
from mining.visits import OPEN, stage_visits
from simulation.backcast import Fit, cut_log, replication_of, resampled_fit
from simulation.cohort import Cohort, snapshot
from simulation.distances import LogDistances, log_distances
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.model import PathwayModel
from simulation.running import Progress, in_order
from simulation.streams import stable_hash

Floats = npt.NDArray[np.float64]
DRAWS = 39
"""With 39 draws the second lowest and second highest are exactly the limits of a 90 % band."""
HALVINGS = 10
REFERENCE = 10
"""Distances are taken to this many simulations: those of the real log, and, beside them, of every other simulation."""
FEWEST_VISITS = 10
"""A stage with fewer visits than this is not checked."""
_FIRST_SETTING = "first_setting"
_NAMES = {
    "ngram": ("Sequences of activities", "share"),
    "absolute_hours": ("When events happen", "days"),
    "circadian_hours": ("At what hour events happen", "hours"),
    "relative_hours": ("How long after a case's first event", "days"),
    "arrival_hours": ("When cases arrive", "days"),
    "cycle_hours": ("From a case's first event to its last", "days"),
}
_HOURS_A_DAY = 24.0


@dataclass(frozen=True, eq=False)
class TimeSplit:
    """What happened after the split, against simulations of it.

    `distances` has one row a measure: `measure`, `unit` ("share", "days", "hours"), `simulated` (mean distance from the
    real log to a simulated one), `halves` (mean distance between two random halves of the real log, families kept
    together), `halves_high` (the largest of those), `between` (mean distance between two simulations), `farther` (share
    of simulations as far from others as the real log is, or farther), `score` (standard deviations by which the real
    log is farther from the simulations than they are from each other), `arrivals` ("observed": the cases that arrived
    were given to the model; "simulated": it made its own).
    `checks` has one row a statistic: `check`, `stage`, `observed`, `median`, `low90`, `high90`, `inside`, `beyond`
    (outside what any simulation gave), `vital` (open children's time in a stage so far, the statistic that must not
    fail), `score` (standard deviations above the simulated mean).
    `as_odd` is the share of simulations that have as many figures outside the band of the others as the real log has
    outside that of the simulations, or more.
    """

    cut: pd.Timestamp
    distances: pd.DataFrame
    checks: pd.DataFrame
    as_odd: float
    left_out: tuple[str, ...]
    """Activities of the log that the model has no step for (reviews after the plan is decided): in neither log."""


def time_split(
    log: EventLog,
    cut: pd.Timestamp,
    *,
    stages: Sequence[Stage] = STAGES,
    panel: Known = None,
    fit: Fit = fit_pathway,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> TimeSplit:
    """Compare the log after `cut` with `draws` simulations of it, each from a fit to children drawn again.

    `workers`, `store`, `cluster` and `progress` are those of `simulation.running.in_order`, one call a draw. Raises
    ValueError for a cut outside the window, or on or after its end, and for fewer than 30 draws.
    """
    if draws < 30:
        raise ValueError(f"draws must be at least 30 for a 90 % band, got {draws}")
    known = cut_log(log, cut)
    base = fit(known, panel=panel, weight=None, base=None)
    modelled = {step.activity for step in base.steps.values()}
    left_out = tuple(name for name in log.activities if name not in modelled)
    observed = _modelled(after(log, cut), base)
    task = _Task(log, known, base, *_cohorts(log, known, base), panel, fit, seed)
    simulated, arriving = [], []
    arguments = [(task, draw) for draw in range(draws)]
    for run, own in in_order(_simulated, arguments, workers, store=store, cluster=cluster, progress=progress):
        simulated.append(run)
        arriving += [own] if own is not None else []
    distances = _distance_table(observed, simulated, arriving, seed)
    checks, as_odd = _check_table(observed, simulated, stages)
    return TimeSplit(cut, distances, checks, as_odd, left_out)


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything a draw needs; sent to worker processes."""

    log: EventLog
    known: EventLog
    base: PathwayModel
    given: Cohort
    """Those open at the split, and the cases that really arrived since."""
    alone: Cohort
    panel: Known
    fit: Fit
    seed: int


def _simulated(task: _Task, draw: int) -> tuple[EventLog, EventLog | None]:
    """One log with the real arrivals; and, where the model makes arrivals of its own, the bare arrivals of another."""
    model = resampled_fit(task.known, task.base, task.fit, task.panel, seed=task.seed, draw=draw)
    number = {"seed": task.seed, "replication": replication_of(task.given.day, draw)}
    found = _run(task.log, replace(model, arrivals=None), replace(task.given, model=model), **number)
    if model.arrivals is None:
        return found, None
    return found, _begun(_run(task.log, model, replace(task.alone, model=model), **number))


def after(log: EventLog, cut: pd.Timestamp) -> EventLog:
    """What happened after `cut`: the cases then open or begun since, with their later events only.

    The window begins at the cut, so that a case begun before it counts as left-truncated there.
    """
    day = float(to_days(pd.Series([cut]))[0])
    ended = log.arrays.end
    kept = np.isnan(ended) | (ended > day)
    events = log.events[kept[log.arrays.case] & (log.arrays.day >= np.floor(day) + 1.0)].reset_index(drop=True)
    cases = log.cases[kept].reset_index(drop=True)
    return EventLog(events, cases, ObservationWindow(cut, log.window.end, log.window.recorded_from))


def halves(log: EventLog, seed: int, count: int = HALVINGS) -> Iterator[tuple[EventLog, EventLog]]:
    """The log split in two at random, `count` times; cases of one family, or of one child, stay together."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stable_hash("halves")])))
    _, unit = np.unique(resampling_units(log), return_inverse=True)
    units = int(unit.max()) + 1 if len(unit) else 0
    for _ in range(count):
        first = np.isin(unit, generator.permutation(units)[: units // 2])
        yield _part(log, first), _part(log, ~first)


def _part(log: EventLog, kept: npt.NDArray[np.bool_]) -> EventLog:
    events = log.events[kept[log.arrays.case]].reset_index(drop=True)
    return EventLog(events, log.cases[kept].reset_index(drop=True), log.window)


def _run(log: EventLog, model: PathwayModel, cohort: Cohort, *, seed: int, replication: int) -> EventLog:
    """One simulated log after the split, judged by the same records as the real one."""
    found = simulate(model, cohort, log.window.end, seed=seed, replication=replication)
    cut = pd.Timestamp(from_days([cohort.day])[0])
    return _modelled(after(EventLog(found.events, found.cases, log.window), cut), model)


def _modelled(log: EventLog, model: PathwayModel) -> EventLog:
    """The log with only those activities that the model has steps for."""
    modelled = {step.activity for step in model.steps.values()}
    kept = log.events["activity"].isin(list(modelled))
    return EventLog(log.events[kept].reset_index(drop=True), log.cases, log.window)


def _cohorts(log: EventLog, known: EventLog, base: PathwayModel) -> tuple[Cohort, Cohort]:
    """Those open at the split with the cases that really arrived since; and those open at the split alone."""
    alone = snapshot(known, base)
    new = log.cases[(log.arrays.start > alone.day)].reset_index(drop=True)
    days = to_days(new["start"])
    # As they are known on arrival: not yet ended.
    new = new.assign(end=pd.Series(pd.NaT, index=new.index, dtype="datetime64[us]"))
    if any(choice.by == _FIRST_SETTING for choice in base.choices.values()):
        new[_FIRST_SETTING] = _first_settings(log)[log.arrays.start > alone.day]
    arrival = (*[float("nan")] * len(alone.cases), *days.tolist())
    cases = pd.concat([alone.cases, new], ignore_index=True) if len(alone.cases) else new
    return replace(alone, cases=cases, arrival=arrival), alone


def _first_settings(log: EventLog) -> npt.NDArray[np.object_]:
    """Where each case began, at home or away, as a new case is told."""
    first = log.events[log.events["activity"].isin([v.AT_HOME, v.ACCOMMODATED])].drop_duplicates("case")
    settings = dict(zip(first["case"], first["activity"].astype("str"), strict=True))
    return np.asarray([settings.get(case) for case in log.cases["case"]], dtype=object)


# Distances ------------------------------------------------------------------------------------------------------------


def _distance_table(observed: EventLog, simulated: list[EventLog], arriving: list[EventLog], seed: int) -> pd.DataFrame:
    rows = _rows(observed, simulated, seed)
    if arriving:
        # The cases that arrived were given to the model; how well it makes its own is told from runs in which it did.
        rows["arrival_hours"] = _rows(_begun(observed), arriving, seed)["arrival_hours"]
    else:
        del rows["arrival_hours"]
    found = []
    for field, figures in rows.items():
        name, unit = _NAMES[field]
        scale = _HOURS_A_DAY if unit == "days" else 1.0
        itself = "simulated" if field == "arrival_hours" else "observed"
        if np.isfinite(figures[0]):
            found.append((name, unit, *(figure / scale for figure in figures[:-2]), *figures[-2:], itself))
    columns = ["measure", "unit", "simulated", "halves", "halves_high", "between", "farther", "score", "arrivals"]
    return pd.DataFrame(found, columns=columns)


def _rows(observed: EventLog, simulated: list[EventLog], seed: int) -> dict[str, tuple[float, ...]]:
    """For each distance: to the simulations, of the halves (mean, largest), between simulations, `farther`, `score`."""
    reference = simulated[:REFERENCE]
    real = _mean([log_distances(observed, one) for one in reference])
    others = np.stack([_mean([log_distances(other, one) for one in reference]) for other in simulated[REFERENCE:]])
    split = np.stack([np.asarray(astuple(log_distances(one, other))) for one, other in halves(observed, seed)])
    farther = (others >= real - 1e-12).mean(axis=0)
    score = (real - others.mean(axis=0)) / np.maximum(others.std(axis=0, ddof=1), 1e-12)
    table = np.column_stack([real, split.mean(axis=0), split.max(axis=0), others.mean(axis=0), farther, score])
    return {field.name: tuple(table[place].tolist()) for place, field in enumerate(fields(LogDistances))}


def _mean(found: list[LogDistances]) -> Floats:
    mean: Floats = np.asarray([astuple(one) for one in found]).mean(axis=0)
    return mean


def _begun(log: EventLog) -> EventLog:
    """The cases that began inside the window, as bare arrivals: one event a case, on the day it began."""
    new = log.arrays.start > log.arrays.window_start
    cases = log.cases[new].reset_index(drop=True)
    names = pd.Categorical.from_codes(np.zeros(len(cases), dtype=np.int8), categories=pd.Index(["arrival"]))
    rank = np.ones(len(cases), dtype=np.int32)
    events = pd.DataFrame({"case": cases["case"], "activity": names, "date": cases["start"], "rank": rank})
    return EventLog(events, cases, log.window)


# Predictive checks ----------------------------------------------------------------------------------------------------


def _check_table(observed: EventLog, simulated: list[EventLog], stages: Sequence[Stage]) -> tuple[pd.DataFrame, float]:
    """The list is fixed before looking: what it holds does not depend on how the figures come out."""
    real = statistics(observed, stages)
    drawn = [statistics(one, stages) for one in simulated]
    rows, outside = [], np.zeros(len(simulated))
    for key, value in real.items():
        every = np.asarray([one[key] for one in drawn])
        known = np.flatnonzero(np.isfinite(every))
        values = every[known]
        if np.isnan(value) or 2 * len(values) < len(drawn):
            continue
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="weibull").tolist()
        score = (value - values.mean()) / max(float(values.std(ddof=1)), 1e-12)
        inside, beyond = bool(low <= value <= high), bool(value < values.min() or value > values.max())
        rows.append((*key, value, middle, low, high, inside, beyond, key[0] == _OPEN_AGE, float(score)))
        outside[known] += [_apart(values, place) for place in range(len(values))]
    columns = ["check", "stage", "observed", "median", "low90", "high90", "inside", "beyond", "vital", "score"]
    table = pd.DataFrame(rows, columns=columns)
    return table, float((outside >= int((~table["inside"].astype(bool)).sum())).mean())


def _apart(values: Floats, place: int) -> bool:
    """Whether one simulation's figure lies outside the 90 % band of the others."""
    low, high = np.quantile(np.delete(values, place), [0.05, 0.95], method="weibull")
    return not low <= values[place] <= high


_OPEN_AGE = "median days so far of those still in it"


def statistics(log: EventLog, stages: Sequence[Stage]) -> dict[tuple[str, str], float]:
    """The figures of one log that are checked, by what they say and the stage they are of; NaN where too few."""
    found: dict[tuple[str, str], float] = {}
    arrays = log.arrays
    for stage in stages:
        visits = stage_visits(log, stage)
        new = visits.begun_since(arrays.window_start + 1.0)
        enough = len(new) >= FEWEST_VISITS
        found["visits begun", stage.name] = float(len(new)) if enough else np.nan
        curve = kaplan_meier(new.days, new.cause > 0) if enough else None
        for weeks in (13, 26):
            share = curve.at(weeks * 7.0) if curve is not None else np.nan
            found[f"share still in it after {weeks} weeks", stage.name] = share
        there = visits.days[visits.cause == OPEN]
        found[_OPEN_AGE, stage.name] = float(np.median(there)) if len(there) >= FEWEST_VISITS else np.nan
    found["events on the same day as the one before", ""] = _same_day(log)
    heard = arrays.day[arrays.activity == arrays.activities.index(v.PANEL)] if v.PANEL in arrays.activities else []
    found["children heard at a panel session", ""] = len(heard) / len(np.unique(heard)) if len(heard) else np.nan
    return found


def _same_day(log: EventLog) -> float:
    case, day = log.arrays.case, log.arrays.day
    follows = case[1:] == case[:-1]
    return float((follows & (day[1:] == day[:-1])).sum() / follows.sum()) if follows.any() else np.nan
