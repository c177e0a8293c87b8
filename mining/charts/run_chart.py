"""Run charts by the rules taught in Scotland: median, shift, trend, runs, frozen baselines and phases.

Rules as in Public Health Scotland's dashboard text and Perla, Provost and Murray (2011): a shift is 6 or more points
in a row on one side of the median, a trend 5 or more all going up or all going down. A point on the median, or equal
to the one before, neither breaks nor counts. An astronomical point is only ever flagged by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from mining.charts.false_alarms import FalseAlarm, false_alarm
from mining.charts.rules import Finding, FloatArray, Stretch, same_side, sides, trends
from mining.charts.runs_test import LEAST_USEFUL, Limits, RunsTest, runs_test
from mining.charts.series import Points, Values, as_points, written
from mining.charts.simulation import trend_length

SHIFT = 6
TREND = 5
SUSTAINED = 9
"""So many points in a row beyond the baseline before a new phase is suggested."""
_PHASE_BASELINE = 8
_FULL_BASELINE = 12
TrendRule = Literal["five", "by length"]


@dataclass(frozen=True)
class Rephase:
    """A person's decision that a new phase begins: a known cause, and a change in the desired direction."""

    start: int
    """Position (from 0) of the first point of the new phase."""
    baseline: int | None = None
    """How many points with a value, from there on, make the new median; None for all of them."""
    cause: str = ""
    """The known cause, and who confirmed it when; printed with the chart."""


@dataclass(frozen=True)
class Phase:
    """A stretch of a chart with one median."""

    start: int
    stop: int
    """One past its last point."""
    frozen: int
    """One past the last point its median comes from."""
    median: float
    """NaN when it has no values."""
    values: int
    """How many of its points have a value."""
    baseline: int
    """How many of them make the median."""
    runs: RunsTest
    cause: str = ""


@dataclass(frozen=True, eq=False)
class RunChart:
    """A run chart and everything its rules say; the points are numbered from 0 in data and from 1 in words."""

    points: Points
    phases: tuple[Phase, ...]
    """At least one; later ones only where asked for."""
    findings: tuple[Finding, ...]
    """Shifts, trends, runs and Anhøj's rules, phase by phase."""
    notes: tuple[str, ...]
    """What keeps the chart from being judged as it stands: too few points, a short baseline, no spread."""
    false_alarm: FalseAlarm
    """How often these rules speak on a chart of this length when nothing has changed."""
    astronomical: tuple[Finding, ...] = ()
    """Points a person has flagged; never computed."""

    @property
    def current(self) -> Phase:
        """The last phase."""
        return self.phases[-1]

    @property
    def median(self) -> float:
        """The median of the last phase; NaN without values."""
        return self.current.median

    @property
    def useful(self) -> int:
        """How many points of the last phase lie off its median."""
        return self.current.runs.useful

    @property
    def centre(self) -> FloatArray:
        """The median that holds at each point."""
        return np.concatenate([np.full(phase.stop - phase.start, phase.median) for phase in self.phases])

    def found(self, rule: str) -> tuple[Finding, ...]:
        """The findings of one rule: "shift", "trend", "runs" or "Anhøj"."""
        return tuple(finding for finding in self.findings if finding.rule == rule)

    def flagged(self, point: int, words: str) -> RunChart:
        """The chart with a point a person calls astronomical, and why; raises ValueError for a point without value."""
        if not 0 <= point < len(self.points) or np.isnan(self.points.values[point]):
            raise ValueError(f"an astronomical point must have a value; there is none at position {point}")
        where = self.points.label(point)
        finding = Finding("astronomical", (point,), "", f"Flagged by a person as astronomical: {where}: {words}")
        return replace(self, astronomical=(*self.astronomical, finding))

    def __str__(self) -> str:
        return " ".join(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the chart says, in words: the notes, each finding, and how often the rules speak by chance."""
        causes = [
            f"New phase from {self.points.label(phase.start)}: {phase.cause}." for phase in self.phases if phase.cause
        ]
        said = [f"{finding.words}." for finding in (*self.findings, *self.astronomical)]
        if not self.findings and self.useful >= LEAST_USEFUL:
            said.insert(0, "No rule finds a change; a small one may still be hidden.")
        chance = [self.false_alarm.words] if self.false_alarm.words and self.useful else []
        return (*(f"{note}." for note in self.notes), *causes, *said, *chance)


def run_chart(
    values: Values,
    *,
    baseline: int | None = None,
    median: float | None = None,
    trend_rule: TrendRule = "five",
    limits: Limits = "exact",
    phases: Sequence[Rephase] = (),
) -> RunChart:
    """Judge values in time order against their median; NaN is a missing point, which no rule counts.

    `values` are numbers, a Series (its index gives the labels), or a frame from `completion_series` or
    `entry_cohort_series`, whose incomplete points are drawn but not judged. The median is that of all values, of the
    first `baseline` points that have a value (frozen, and extended over the rest), or the one given. `trend_rule` is
    "five" points, or "by length" of the chart (5 up to 8 points, 6 up to 20, else 7). `limits` are the numbers of
    runs that chance explains: exact, or a table {useful points: (low, high)}. A new phase starts only where `phases`
    says so; `suggest_rephase` says where one might.

    A chart with fewer than 10 useful points is not judged on the number of its runs, and `notes` says so; so it does
    for no points, no values, and values that are all equal. Raises ValueError for a baseline below 1, for baseline
    and median together, and for phases out of order.

    >>> chart = run_chart([31, 28, 35, 30, 27, 33, 24, 22, 21, 25, 20, 23], baseline=6)
    >>> print(chart.found("shift")[0].words)
    Shift: 6 points in a row below the median (points 7 to 12)
    """
    if baseline is not None and baseline < 1:
        raise ValueError(f"baseline must be at least 1 point, got {baseline}")
    if baseline is not None and median is not None:
        raise ValueError("give a baseline to take the median from, or a median, not both")
    if trend_rule not in ("five", "by length"):
        raise ValueError(f'trend_rule must be "five" or "by length", got {trend_rule!r}')
    points = as_points(values)
    starts = [0, *(phase.start for phase in phases), len(points)]
    if any(later <= earlier for earlier, later in pairwise(starts)) and phases:
        raise ValueError(
            f"phases must start in order, after point 0 and before point {len(points)}, got {starts[1:-1]}"
        )
    firsts = [Rephase(0, baseline), *phases]
    found = []
    for rephase, stop in zip(firsts, starts[1:], strict=True):
        given = median if rephase.start == 0 else None
        found.append(_phase(points, rephase, stop, given, limits))
    findings = [finding for phase in found for finding in _findings(points, phase, trend_rule)]
    last = found[-1]
    chance = false_alarm(last.values, last.baseline if last.baseline < last.values else None, trend_rule)
    notes = _notes(points, found, baseline, known=median is not None)
    return RunChart(points, tuple(found), tuple(findings), notes, chance)


def _phase(points: Points, rephase: Rephase, stop: int, given: float | None, limits: Limits) -> Phase:
    start = rephase.start
    values = points.values[start:stop]
    known = np.flatnonzero(~np.isnan(values))
    from_these = known if rephase.baseline is None else known[: rephase.baseline]
    median = float(np.median(values[from_these])) if len(from_these) else np.nan
    if given is not None:
        from_these, median = known[:0], float(given)
    frozen = stop
    if given is not None:
        frozen = start
    elif len(from_these) < len(known):
        frozen = start + int(from_these[-1]) + 1
    test = runs_test(sides(values, median), limits)
    return Phase(start, stop, frozen, median, len(known), len(from_these), test, rephase.cause)


def _findings(points: Points, phase: Phase, trend_rule: TrendRule) -> list[Finding]:
    values = points.values[phase.start : phase.stop]
    runs = phase.runs
    found = []
    for row in same_side(values, phase.median, SHIFT):
        way = "above" if row.sign > 0 else "below"
        words = f"Shift: {len(row.points)} points in a row {way} the median"
        found.append(_placed(points, phase, row, ("shift", way, words)))
    for row in trends(values, TREND if trend_rule == "five" else trend_length(phase.values)):
        way = "up" if row.sign > 0 else "down"
        words = f"Trend: {len(row.points)} points in a row going {way}"
        found.append(_placed(points, phase, row, ("trend", way, words)))
    useful = tuple((np.flatnonzero(sides(values, phase.median)) + phase.start).tolist())
    if runs.unusual:
        meaning = (
            "the points may hang together or have shifted"
            if runs.unusual == "too few"
            else ("the points may come from two mixed sources, or each corrects the last")
        )
        words = (
            f"Runs: {runs.unusual}, {runs.runs} where chance gives {runs.low} to {runs.high} with {runs.useful} useful "
            f"points; {meaning}"
        )
        found.append(Finding("runs", useful, runs.unusual, words))
    if runs.anhoej:
        words = (
            f"Anhøj's rules: longest run {runs.longest} (chance: up to {runs.longest_max}), crossings {runs.crossings} "
            f"(chance: {runs.crossings_min} or more)"
        )
        found.append(Finding("Anhøj", useful, "", words))
    return found


def _placed(points: Points, phase: Phase, row: Stretch, found: tuple[str, str, str]) -> Finding:
    rule, way, words = found
    positions = tuple(i + phase.start for i in row.points)
    over = tuple(i + phase.start for i in row.passed_over)
    return Finding(rule, positions, way, f"{words} ({points.between(positions)})", over)


def _notes(points: Points, phases: Sequence[Phase], baseline: int | None, *, known: bool) -> tuple[str, ...]:
    if not len(points):
        return ("There are no points to plot",)
    total = int((~np.isnan(points.values)).sum())
    if not total:
        waiting = points.provisional is not None and not np.isnan(points.provisional).all()
        return ("No point is complete yet, so nothing can be judged",) if waiting else ("All points are missing",)
    notes = []
    if baseline is not None and phases[0].values < baseline:
        have = phases[0].values
        notes.append(f"The baseline of {baseline} points is not complete: {have} so far; the median will still move")
    for number, phase in enumerate(phases, start=1):
        name = f"Phase {number}: " if len(phases) > 1 else ""
        if phase.values and not phase.runs.useful:
            why = "The only value lies" if phase.values == 1 else f"All {phase.values} values lie"
            notes.append(f"{name}{why} on the median, so nothing can be judged")
        elif not phase.runs.enough:
            notes.append(
                f"{name}Too short to judge runs: {phase.runs.useful} useful points, {LEAST_USEFUL} are needed; a shift "
                "or trend found on so few points is weak evidence"
            )
        if phase.frozen < phase.stop and phase.baseline < _FULL_BASELINE and not (known and number == 1):
            low = "fewer than 8 points are hardly a baseline" if phase.baseline < _PHASE_BASELINE else "a trial median"
            notes.append(f"{name}The median is frozen on {phase.baseline} points: {low}")
    return tuple(notes)


@dataclass(frozen=True)
class Suggestion:
    """Where a new phase might start; a person decides."""

    phase: Rephase
    """To be passed to `run_chart` once a person has confirmed it, with the cause filled in."""
    old_median: float
    new_median: float
    words: str


def suggest_rephase(
    chart: RunChart, *, better: Literal["lower", "higher", "either"] = "either", run: int = SUSTAINED
) -> Suggestion | None:
    """Where a new phase might start after the last one, or None.

    It takes a frozen baseline, `run` or more points in a row beyond it on one side, and that side to be the better
    one: a chart is never rephased on a change for the worse. The new median would come from the first 8 of those
    points. Nothing is changed: pass `suggestion.phase` to `run_chart` when the cause of the change is known.
    """
    phase = chart.current
    if phase.frozen >= phase.stop:
        return None
    values = chart.points.values[phase.frozen : phase.stop]
    for row in same_side(values, phase.median, run):
        if better == ("higher" if row.sign < 0 else "lower"):
            continue
        start, last = row.points[0] + phase.frozen, row.points[min(_PHASE_BASELINE, run) - 1] + phase.frozen
        first = chart.points.values[start : last + 1]
        new = float(np.median(first[~np.isnan(first)]))
        way = "above" if row.sign > 0 else "below"
        words = (
            f"{len(row.points)} points in a row lie {way} the frozen median of {written(phase.median)} from "
            f"{chart.points.label(start)} on. A new phase could start there, with a median of {written(new)}. Do so "
            "only if the cause of the change is known and the change is wanted."
        )
        return Suggestion(Rephase(start, int((~np.isnan(first)).sum())), phase.median, new, words)
    return None
