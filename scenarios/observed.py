"""What happened, laid over what was predicted: the points of a later extract, a verdict a stage, and what was learnt.

The later extract is read by the same definition as the prediction: cohorts by when their clock started, at the same
horizon, counting only when all their children have had it. Limits are worked out again for the number of children who
really came, from the draws kept with the prediction; the prediction itself is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from mining.visits import first_days
from scenarios.cohort_shares import Floats, Ints
from scenarios.evidence import Evidence, Verdict, children_to_tell, update, verdict, weigh
from scenarios.predicted import WITH, WITHOUT, Limits, PredictedChart, Prediction
from scenarios.prediction import limits_of
from scenarios.watched import CohortPeriods, cohorts_of, points

ENOUGH_DRAWS = 50.0
"""An update that rests on fewer draws than this is too rough to use."""
_DIFFERS, _OTHER = 0.10, 0.50
"""Share of the past's children by which two extracts may differ: beyond the first it is said, beyond the second the
extract is taken for another council's or for one with other definitions."""


@dataclass(frozen=True, kw_only=True)
class ObservedPoint:
    """One cohort of the later extract beside its prediction."""

    label: str
    children: int
    reached: int
    complete: bool
    complete_on: str
    change: Limits | None
    """For the number of children who came; None where nobody did."""
    no_change: Limits | None
    place_with: float
    """Where the point stands in its prediction with the change, 0 to 1 (PIT); NaN while it is not complete."""
    place_without: float


@dataclass(frozen=True, kw_only=True)
class SizeLearnt:
    """The size of one change before and after what was seen: mean, and the limits of its 80 % interval."""

    name: str
    before: float
    low_before: float
    high_before: float
    after: float
    low_after: float
    high_after: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ObservedChart:
    """One run chart: what was predicted, what was seen, and the verdict."""

    predicted: PredictedChart
    points: tuple[ObservedPoint, ...]
    past: pd.DataFrame
    """The later extract's own run chart (`mining.charts.entry_cohort_series`), from its beginning."""
    evidence: Evidence
    verdict: Verdict
    children_to_tell: int | None
    """Children needed for a change of the predicted size to show 8 times in 10; None where ten times those expected
    are not enough."""
    sizes: tuple[SizeLearnt, ...] = ()
    """What this chart says about the sizes of the changes; empty where the change should not show."""
    draws_left: float = np.nan
    """How many of the draws kept still fit what was seen (effective sample size)."""

    @property
    def complete(self) -> tuple[ObservedPoint, ...]:
        """The points that can be judged."""
        return tuple(point for point in self.points if point.complete and point.children)


@dataclass(frozen=True, eq=False, kw_only=True)
class Observed:
    """A prediction against reality."""

    prediction: Prediction
    seen_to: str
    """The last day of the later extract (ISO)."""
    charts: tuple[ObservedChart, ...]
    no_effect_after: float
    """Probability, after what was seen, that the idea changes nothing here."""
    notes: tuple[str, ...]

    @property
    def decisive(self) -> tuple[ObservedChart, ...]:
        """The stage agreed beforehand to decide, and the step that should respond first, where there are such."""
        names = [name for name in (self.prediction.judge_by, self.prediction.responds_first) if name]
        by_name = {one.predicted.watched.name: one for one in self.charts}
        return tuple(by_name[name] for name in dict.fromkeys(names))


def observe(prediction: Prediction, log: EventLog, *, file: str = "the prediction", seed: int = 1) -> Observed:
    """Lay the points of a later extract over a prediction.

    `file` is what an error calls the prediction. Raises InputError for an extract that is not later, one that lacks
    the activities, and one whose past is not that of the prediction: another council's, or by other definitions.
    """
    notes = _checked(prediction, log, file)
    periods = _periods(prediction)
    untouched = sum(not chart.touched for chart in prediction.charts)
    found = tuple(_chart(one, log, periods, untouched, (prediction, seed)) for one in prediction.charts)
    prior, odds = prediction.no_effect, 1.0
    for one in found:
        if one.predicted.watched.name == prediction.judge_by:
            odds = float(np.exp(min(one.evidence.log_ratio, 500.0)))
    return Observed(
        prediction=prediction,
        seen_to=f"{log.window.end:%Y-%m-%d}",
        charts=found,
        no_effect_after=prior / (prior + (1 - prior) * odds) if prior else 0.0,
        notes=notes,
    )


def _periods(prediction: Prediction) -> CohortPeriods:
    one = prediction.charts[0].points
    return CohortPeriods(
        period=prediction.period,
        labels=tuple(point.label for point in one),
        starts=tuple(pd.Timestamp(point.start) for point in one),
        ends=tuple(pd.Timestamp(point.end) for point in one),
    )


def _chart(
    predicted: PredictedChart,
    log: EventLog,
    periods: CohortPeriods,
    untouched: int,
    of: tuple[Prediction, int],
) -> ObservedChart:
    prediction, seed = of
    cohorts = cohorts_of(log, predicted.watched, periods)
    with_change, without = predicted.shares(WITH), predicted.shares(WITHOUT)
    seen = []
    for place, label in enumerate(periods.labels):
        children, reached = int(cohorts.children[place]), int(cohorts.reached[place])
        judged = bool(cohorts.complete[place]) and children > 0
        limits = [limits_of(one, place, children) if judged else None for one in (with_change, without)]
        stands = [one.place(place, children, reached) if judged else np.nan for one in (with_change, without)]
        seen.append(
            ObservedPoint(
                label=label,
                children=children,
                reached=reached,
                complete=bool(cohorts.complete[place]),
                complete_on=f"{cohorts.due[place]:%Y-%m-%d}",
                change=limits[WITH],
                no_change=limits[WITHOUT],
                place_with=stands[WITH],
                place_without=stands[WITHOUT],
            )
        )
    children_seen, reached_seen = _counts(seen)
    evidence = weigh(predicted, children_seen, reached_seen, seed=seed)
    weight, left = update(predicted, children_seen, reached_seen)
    return ObservedChart(
        predicted=predicted,
        points=tuple(seen),
        past=points(log, predicted.watched, periods.period),
        evidence=evidence,
        verdict=verdict(predicted, evidence, untouched=untouched),
        children_to_tell=children_to_tell(predicted, seed=seed) if predicted.touched else None,
        sizes=_learnt(prediction, weight) if predicted.touched else (),
        draws_left=left,
    )


def _counts(seen: Sequence[ObservedPoint]) -> tuple[Ints, Ints]:
    """Children and reached of the points that can be judged, one entry a period; 0 elsewhere."""
    children = np.array([point.children if point.complete else 0 for point in seen], dtype=np.int64)
    reached = np.array([point.reached if point.complete else 0 for point in seen], dtype=np.int64)
    return children, reached


def _learnt(prediction: Prediction, weight: Floats) -> tuple[SizeLearnt, ...]:
    drawn = np.asarray(prediction.sizes, dtype=np.float64)
    equal = np.full(len(weight), 1 / len(weight))
    rows = []
    for column, name in enumerate(prediction.size_names):
        values = drawn[:, column]
        before, after = (_summary(values, weights) for weights in (equal, weight))
        rows.append(
            SizeLearnt(
                name=name,
                before=before[0],
                low_before=before[1],
                high_before=before[2],
                after=after[0],
                low_after=after[1],
                high_after=after[2],
            )
        )
    return tuple(rows)


def _summary(values: Floats, weight: Floats) -> tuple[float, float, float]:
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order]) - weight[order] / 2
    low, high = np.interp([0.1, 0.9], below, values[order]).tolist()
    return float(weight @ values), low, high


def _checked(prediction: Prediction, log: EventLog, file: str) -> tuple[str, ...]:
    """Notes on how the extract differs; InputError where it cannot be laid over the prediction."""
    end = log.window.end
    if end <= pd.Timestamp(prediction.date):
        problem = (
            f"it was made from an extract to {prediction.date}, and this one ends on {end:%Y-%m-%d}: nothing of what "
            "was predicted has happened in it"
        )
        remedy = "Put the later extract in the project and its extraction_date in permanence.toml"
        raise InputError(Problem(file, "date", problem, remedy))
    problems, notes = [], []
    for chart in prediction.charts:
        problem, note = _compared(chart, log, prediction)
        problems += [Problem(file, chart.watched.name, problem, _SAME)] if problem else []
        notes += [note] if note else []
    if problems:
        raise InputError(problems)
    return tuple(notes)


_SAME = (
    "Check that this is the same council's extract and that its codes and recording dates in permanence.toml are those "
    "of the prediction"
)


def _compared(chart: PredictedChart, log: EventLog, prediction: Prediction) -> tuple[str, str]:
    """A problem, a note or neither: how the past looks in the two extracts."""
    watched, name = chart.watched, chart.watched.name
    missing = [one for one in watched.activities if not _happens(log, one)]
    if missing and any(point.reached for point in chart.baseline):
        return f"the prediction counts {', '.join(missing)}, which the new extract does not have", ""
    known = {str(row["label"]): row for row in points(log, watched, prediction.period).to_dict("records")}
    both = [(point, known[point.label]) for point in chart.baseline if point.label in known]
    if not both:
        return ("none of its earlier points is in the new extract", "") if chart.baseline else ("", "")
    children = sum(point.children for point, _ in both)
    apart = [sum(abs(getattr(point, a) - int(row[b])) for point, row in both) for a, b in _PAIRS]
    share = max(apart) / max(children, 1)
    if share > _OTHER and max(apart) > 5:
        return f"its past and that of the new extract differ by {100 * share:.0f}% of the children", ""
    if share > _DIFFERS and max(apart) > 5:
        return "", (
            f"{name}: the past differs between the two extracts by {max(apart)} of {children} children; records made "
            "late, or another definition, move the points too"
        )
    return "", ""


_PAIRS = (("children", "n"), ("reached", "reached"))


def _happens(log: EventLog, activity: str) -> bool:
    return bool(np.isfinite(first_days(log.arrays, (activity,))).any())
