"""How well a model discovered from a log foretells the rest of the log, beside what needs no model at all.

Two protocols. The *published* one is that of the comparisons of simulation tools in the literature: events are sorted
by their end, the first four fifths are the past, cases cut by the boundary are left out of both sides, and as many
cases are simulated as the rest holds, from its first start on. A case in progress at the boundary is in neither part,
so long cases are missing from the past: a tool that has learnt the true process can be punished for it. The
*censoring-honest* one leaves no case out: the past is all that was known on a day, open cases included; the cases that
began since are compared with as many simulated ones, both as seen on the same last day, open ones included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from mining.survival import kaplan_meier
from simulation.baselines import halves, resampled_cases, seasonal_replay
from simulation.discovery.journeys import HOUR, Floats, Journeys, instant
from simulation.discovery.play import LogModel, discover
from simulation.distances import LogDistances, log_distances
from simulation.streams import stable_hash

LOGS = 10
TRAINING = 0.8
MEASURES = ("ngram", "absolute_hours", "circadian_hours", "relative_hours", "cycle_hours", "arrival_hours")
HONEST_MEASURES = (*MEASURES, "survival_hours")
_FEWEST_PAST, _FEWEST_LATER = 10, 4


class TooSmallError(ValueError):
    """The log has too few cases to be split into a past and a rest."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """One protocol's result.

    `table` has one row a forecast: index "model", "replay" (the latest weeks again), "resampled" (past cases drawn by
    weekday) and "floor" (two halves of the real rest); a column a measure (mean distance from the real rest over ten
    logs, in hours but for the n-grams; NaN where it cannot be told) and `<measure>_sd` (standard deviation of the ten).
    Measures are those of `LogDistances` and, in the honest protocol, `survival_hours`: the area between the curves of
    the share of cases not yet finished (Kaplan-Meier) up to the longest time that both logs speak of.
    """

    table: pd.DataFrame
    model: LogModel
    past_cases: int
    later_cases: int
    left_out: int
    """Cases cut by the boundary; 0 in the honest protocol."""

    @property
    def beaten(self) -> pd.Series[bool]:
        """For each measure whether the model is nearer than both forecasts without a model."""
        means = self.table[[name for name in HONEST_MEASURES if name in self.table]]
        nearer = [bool(column["model"] < min(column["replay"], column["resampled"])) for _, column in means.items()]
        return pd.Series(nearer, index=means.columns)

    @property
    def overall(self) -> pd.Series[float]:
        """How far the model is, over all measures, as a share of how far "replay" and "resampled" are (geometric mean).

        Measures that cannot be told, or in which one of the three is right to the last digit, are left out.
        """
        measures = [name for name in HONEST_MEASURES if name in self.table]
        others = ["replay", "resampled"]
        means = self.table.loc[["model", *others], measures]
        logs = np.log(means.where(means > 0).dropna(axis="columns").to_numpy())
        return pd.Series(np.exp((logs[0] - logs[1:]).mean(axis=1)), index=others)


def published_split(log: EventLog, training: float = TRAINING) -> tuple[Journeys, Journeys, int]:
    """Past, rest, and how many cases the boundary cuts; the share `training` of the events, by end, is the past."""
    every = Journeys.of(log)
    order = np.argsort(every.end, kind="stable")
    before = np.zeros(len(order), dtype=bool)
    before[order[: int(training * len(order))]] = True
    count = np.add.reduceat(before.astype(np.int64), every.first[:-1]) if every.cases else np.zeros(0)
    past, later = every.take(np.flatnonzero(count == every.lengths)), every.take(np.flatnonzero(count == 0))
    return past, later, every.cases - past.cases - later.cases


def judge_published(log: EventLog, *, seed: int = 1, logs: int = LOGS, training: float = TRAINING) -> Judgement:
    """The published protocol. Raises TooSmallError for a log with too few cases on either side."""
    past, later, left_out = published_split(log, training)
    _check_size(past, later)
    model = discover(past, int(past.end.max()), finished_only=True, seed=seed)
    table = _table(past, later, model, None, seed=seed, logs=logs)
    return Judgement(table, model, past.cases, later.cases, left_out)


def judge_honest(log: EventLog, *, seed: int = 1, logs: int = LOGS) -> Judgement:
    """The censoring-honest protocol, cut where the published one is. Raises TooSmallError as that does."""
    every = Journeys.of(log)
    now = int(np.sort(every.end)[max(int(TRAINING * len(every.end)) - 1, 0)]) if every.cases else 0
    last = int(every.end.max(initial=instant(log.window.end)))
    past, later = every.seen_until(now), every.take(np.flatnonzero(every.begin > now))
    _check_size(past, later)
    model = discover(past, now, finished_only=bool(past.finished.all()), seed=seed)
    table = _table(past, later, model, last, seed=seed, logs=logs)
    return Judgement(table, model, past.cases, later.cases, 0)


def _check_size(past: Journeys, later: Journeys) -> None:
    if past.cases < _FEWEST_PAST or later.cases < _FEWEST_LATER:
        raise TooSmallError(
            f"a log must have at least {_FEWEST_PAST} cases before the split and {_FEWEST_LATER} after it, "
            f"got {past.cases} and {later.cases}"
        )


def _table(
    past: Journeys,
    later: Journeys,
    model: LogModel,
    end: int | None,
    *,
    seed: int,
    logs: int,
) -> pd.DataFrame:
    """The distances of every forecast; with `end`, of what was seen of it by then."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stable_hash("baselines")])))
    start, count = int(later.begin[0]), later.cases

    def seen(played: Journeys) -> Journeys:
        return played if end is None else played.seen_until(end)

    every = {
        "model": (seen(model.play(start, count, seed=seed, replication=number)) for number in range(logs)),
        "replay": iter([seen(seasonal_replay(past, start, count))]),
        "resampled": (seen(resampled_cases(past, start, count, generator)) for _ in range(logs)),
    }
    rows = {name: _row([_distances(later, one, end) for one in found]) for name, found in every.items()}
    rows["floor"] = _row([_distances(*halves(later, generator), end) for _ in range(logs)])
    names = HONEST_MEASURES if end is not None else MEASURES
    columns = [*names, *(f"{name}_sd" for name in names)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _row(found: Iterable[Floats]) -> Floats:
    every = np.stack(list(found))
    spread = every.std(axis=0, ddof=1) if len(every) > 1 else np.zeros(every.shape[1])
    return np.concatenate([every.mean(axis=0), spread])


def _distances(real: Journeys, other: Journeys, end: int | None) -> Floats:
    distances = log_distances(real.instants, other.instants)
    named = dict(zip((field.name for field in fields(LogDistances)), astuple(distances), strict=True))
    found = [named[name] for name in MEASURES]
    return np.asarray(found if end is None else [*found, survival_distance(real, other, end)])


def survival_distance(one: Journeys, other: Journeys, end: int) -> float:
    """Area, in hours, between the shares of cases not yet finished, up to the longest time both logs were followed.

    A case that had not finished is censored at the instant `end`. NaN where a log has no cases.
    """
    if not one.cases or not other.cases:
        return float("nan")
    curves, limit = [], np.inf
    for log in (one, other):
        hours = np.where(log.finished, log.span, end - log.begin) / HOUR
        curves.append(kaplan_meier(np.maximum(hours, 0.0), log.finished))
        limit = min(limit, float(hours.max()))
    times = np.unique(np.concatenate([[0.0, limit], *(curve.times[curve.times < limit] for curve in curves)]))
    apart = [curve.at(times[:-1]) for curve in curves]
    return float((np.abs(apart[0] - apart[1]) * np.diff(times)).sum())
