"""The planted truth: what an analysis of the records should find, known because the process was planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from event_logs import vocabulary as v
from event_logs.synthetic.council import CHANGES, Change
from event_logs.synthetic.entries import Children, Entries
from event_logs.synthetic.journeys import (
    Beginning,
    Journeys,
    contest,
    gather_papers,
    lodge,
    plan,
    rule,
    run,
)
from event_logs.synthetic.streams import Bools, Floats, Streams, working_day

POPULATION = 100_000
"""Children in the large sample behind the true medians of the stages without a queue."""
CAP_DAYS = 730
"""A visit counts with at most two years in the mean weeks of a stage, so that a few very long ones do not rule it."""
_PLANNING, _PAPERS, _PANEL, _DECISION, _LODGING, _COURT = (stage.name for stage in v.STAGES)


@dataclass(frozen=True)
class Visits:
    """The visits of one stage: one entry an episode that entered it."""

    enter: Floats
    leave: Floats
    """The day the stage's clock stopped, or the day the child ceased to be looked after before it did."""
    stopped: Bools
    """Whether the clock stopped, rather than the episode ended."""

    @property
    def days(self) -> Floats:
        """Length of each visit."""
        return self.leave - self.enter

    def within(self, first: float, last: float) -> float:
        """Days spent in the stage from `first` to `last`, by all children together."""
        return float(np.clip(np.minimum(self.leave, last) - np.maximum(self.enter, first), 0, None).sum())

    def entering(self, first: float, last: float) -> Visits:
        """The visits that begin after `first` and not after `last`."""
        inside = (self.enter > first) & (self.enter <= last)
        return Visits(self.enter[inside], self.leave[inside], self.stopped[inside])


def visits(journeys: Journeys, stage: v.Stage) -> Visits:
    """The visits of a stage, by the vocabulary's definition of its clock, uncensored."""
    starts = np.column_stack([journeys.days[activity] for activity in stage.starts])
    enter = starts.max(axis=1)  # NaN where one of them never happens
    stops = np.column_stack([journeys.days[activity] for activity in stage.stops])
    if stage.all_stops:
        stop = np.fmax(stops.max(axis=1), enter)
    else:
        stop = np.where(stops >= enter[:, None], stops, np.inf)
        stop = np.where(np.isnan(stops), np.inf, stop).min(axis=1)
    if stage.all_stops:
        stop = np.where(np.isnan(stops).any(axis=1), np.inf, stop)
    entered = np.isfinite(enter)
    stop, end, enter = stop[entered], journeys.end[entered], enter[entered]
    return Visits(enter, np.minimum(stop, end), stop <= end)


def truth(journeys: Journeys, children: Children, entries: Entries, streams: Streams) -> dict[str, Any]:
    """The content of truth.json: parameters, stages, burden, panel and the true effect of each change idea.

    `journeys` is the run without a change of these children, entries and streams.
    """
    council = journeys.council
    return {
        "seed": journeys.seed,
        "parameters": _plain(asdict(council)),
        "stages": stage_truth(journeys),
        "burden": burden(journeys),
        "panel": panel_truth(journeys),
        "changes": {
            name: effect(journeys, run(council, children, entries, streams, change=change), change)
            for name, change in CHANGES.items()
        },
        "horizon_days": council.horizon_days,
    }


def stage_truth(journeys: Journeys) -> dict[str, dict[str, Any]]:
    """True median and mean days of each stage.

    For the stages without a queue: of a sample of 100,000 children from the planted laws. For the panel, and for the
    decision, in which a deferred child queues again: of this council's children who entered the stage in the window,
    followed to the end.
    """
    sampled = _sample(journeys)
    stages: dict[str, dict[str, Any]] = {}
    for stage in v.STAGES:
        days = sampled.get(stage.name)
        source = f"{POPULATION:,} children from the planted laws"
        if days is None:
            first, last = journeys.council.window
            here = visits(journeys, stage).entering(first - 1, last)
            days, source = here.days[here.stopped], "this council's children who entered in the window"
        stages[stage.name] = {
            "median_days": round(float(np.median(days)), 1),
            "mean_days": round(float(days.mean()), 1),
            "from": source,
        }
    return stages


def _sample(journeys: Journeys) -> dict[str, Floats]:
    """Durations of the stages without a queue, for many children, by the same steps as the council's own."""
    council = journeys.council
    streams = Streams(journeys.seed, POPULATION, prefix="population ", episodes=1)
    index = np.arange(POPULATION)
    draws = streams.of(index, np.zeros_like(index), council.frailty_correlation)
    first, last = council.window
    accommodated = first + np.floor(draws.uniform("day") * (last - first))
    held, decided = plan(council, draws, accommodated)
    # A plan that 38 reviews never decide does not count; there is hardly one.
    made = np.isfinite(decided)
    index, accommodated, held, decided = index[made], accommodated[made], held[made], decided[made]
    draws = streams.of(index, np.zeros_like(index), council.frailty_correlation)
    begun = Beginning.of_plans(accommodated, held, decided)
    papers = gather_papers(council, draws, begun, decided)
    complete = np.maximum.reduce([papers[v.LEGAL_RECEIVED], papers[v.HEALTH_COMPLETED], papers[v.REPORT_COMPLETED]])
    # The weekday matters by a fraction of a day: decisions follow a panel day.
    panel = decided + np.mod(council.panel_weekday - np.mod(decided + 3, 7), 7)
    decision = working_day(panel + draws.duration("agency decision", council.decision))
    lodged = lodge(council, draws, decision, ~draws.below("voluntary", council.voluntary_throughout))[v.LODGED]
    ordered = rule(council, draws, lodged, contest(council, draws, lodged), np.zeros_like(index))[v.PERMANENCE_ORDER]
    return {
        _PLANNING: decided - accommodated,
        _PAPERS: complete - decided,
        _LODGING: lodged - decision,
        _COURT: ordered - lodged,
    }


def burden(journeys: Journeys) -> list[dict[str, Any]]:
    """True child-days of each stage in the window, largest first; open cases and unrecorded decisions included."""
    first, last = journeys.council.window
    spent = [(stage.name, visits(journeys, stage).within(first, last)) for stage in v.STAGES]
    return [{"stage": name, "child_days": days} for name, days in sorted(spent, key=lambda item: (-item[1], item[0]))]


def panel_truth(journeys: Journeys) -> dict[str, Any]:
    """How busy the panel was in the window."""
    first, last = journeys.council.window
    hearings = journeys.hearings
    inside = (hearings.session >= first) & (hearings.session <= last)
    stage = next(stage for stage in v.STAGES if stage.name == _PANEL)
    waiting = visits(journeys, stage).within(first, last)
    # Deferred children wait a second time, from their further information to the next hearing.
    again = np.column_stack([journeys.panel[:, 1:], np.full(len(journeys), np.nan)])
    back = np.isfinite(journeys.information) & np.isfinite(again)
    waiting += Visits(journeys.information[back], again[back], back[back]).within(first, last)
    sessions = int(inside.sum())
    return {
        "sessions": sessions,
        "hearings": int(hearings.heard[inside].sum()),
        "load": round(float(hearings.heard[inside].sum() / (sessions * journeys.council.panel_slots)), 4),
        "mean_queue": round(waiting / (last - first), 2),
        "mean_left_without_slot": round(float(hearings.left[inside].mean()), 2),
        "sessions_with_children_left": int((hearings.left[inside] > 0).sum()),
    }


def effect(baseline: Journeys, changed: Journeys, change: Change) -> dict[str, Any]:
    """The true effect of a change on each stage, from the extraction date to the end of the horizon.

    `mean_weeks_…` is the mean of min(days, 730) / 7 over the visits that begin in the horizon, followed to their end.
    `child_weeks_saved` compares all days spent in the stage within the horizon, visits already begun included.
    """
    first = float(baseline.council.window[1])
    last = first + baseline.council.horizon_days
    stages: dict[str, dict[str, float]] = {}
    total = 0.0
    for stage in v.STAGES:
        before, after = visits(baseline, stage), visits(changed, stage)
        saved = (before.within(first, last) - after.within(first, last)) / 7
        means = [_mean_weeks(those.entering(first, last)) for those in (before, after)]
        total += saved
        stages[stage.name] = {
            "mean_weeks_baseline": round(means[0], 4),
            "mean_weeks_changed": round(means[1], 4),
            "difference_weeks": round(means[1] - means[0], 4),
            "child_weeks_saved": round(saved, 2),
        }
    parameters = {name: value for name, value in asdict(change).items() if name not in ("name", "description")}
    return {
        "description": change.description,
        "parameters": parameters,
        "stages": stages,
        "child_weeks_saved": round(total, 2),
    }


def _mean_weeks(those: Visits) -> float:
    return float(np.minimum(those.days, CAP_DAYS).mean() / 7) if len(those.days) else 0.0


def _plain(value: Any) -> Any:
    """Dates as ISO text and tuples as lists, all the way down."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
