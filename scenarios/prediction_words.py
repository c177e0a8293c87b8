"""A prediction and its verdicts as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.evidence import OUTSIDE, SEEN
from scenarios.observed import ENOUGH_DRAWS, Observed, ObservedChart
from scenarios.power import METHODS, WANTED
from scenarios.predicted import PredictedChart, Prediction


def sentence(one: ObservedChart) -> str:
    """The verdict on one chart as a sentence with its figures."""
    found, watched = one.evidence, one.predicted.watched
    if not found.points:
        due = next((point.complete_on for point in one.points if point.children), "")
        when = f"; the first will be on {due}" if due else ""
        return f"{watched.name}: no point is complete yet{when}."
    share = 100 * found.reached / found.children
    with_change, without = (100 * value / found.children for value in (found.expected_with, found.expected_without))
    seen = f"{found.reached} of {found.children} children ({share:.0f}%) got there within {watched.horizon_days:g} days"
    if not one.predicted.touched:
        return f"{watched.name}: {one.verdict}. {seen}; {without:.0f}% were expected, with the change or without it."
    expected = f"{with_change:.0f}% were expected with the change, {without:.0f}% without it"
    return f"{watched.name}: {one.verdict}. {seen}; {expected}.{_why(one)}"


def _why(one: ObservedChart) -> str:
    found = one.evidence
    if one.verdict == "no sign yet: too few children to tell":
        if one.children_to_tell is None:
            return (
                " Even ten times as many as expected would not tell 8 times in 10: how things would be without the "
                "change is not known well enough for a change as small as this."
            )
        return f" About {one.children_to_tell} children are needed to tell, 8 times in 10."
    if one.verdict == "less than expected":
        if found.chance_without <= SEEN:
            return " It is more than nothing."
        return " It looks as it would without the change."
    if one.verdict == "something else":
        if found.chance_worse <= OUTSIDE:
            return " It went the other way: the theory of the change, or something else that happened, needs a look."
        if found.chance_more <= OUTSIDE:
            return " It moved further than predicted: find out what else has changed."
        return " The points scatter more than predicted: look at what differs between them."
    return ""


def touched_first(charts: Sequence[ObservedChart]) -> list[ObservedChart]:
    """What the change should move first, the decisive chart before all; then the rest, as in the prediction."""
    return sorted(charts, key=lambda one: not one.predicted.touched)


def odds_in_words(log_ratio: float, *, change: str = "the change", no_change: str = "no change") -> str:
    """A log predictive ratio as odds a person can weigh (scale of Kass and Raftery, 1995).

    >>> odds_in_words(2.5)
    'The points are 12 times as likely with the change as with no change: clear evidence for the change.'
    >>> odds_in_words(-0.3)
    'The points are about as likely with no change as with the change: they do not decide it.'
    """
    first, second = (change, no_change) if log_ratio > 0 else (no_change, change)
    size = abs(log_ratio)
    if size < np.log(1.5):
        return f"The points are about as likely with {first} as with {second}: they do not decide it."
    times = float(np.exp(min(size, 12.0)))
    strength = "slight" if size < np.log(3) else "clear" if size < np.log(20) else "strong"
    number = "more than 1,000" if times > 1000 else f"{times:.0f}" if times >= 10 else f"{times:.1f}"
    return f"The points are {number} times as likely with {first} as with {second}: {strength} evidence for {first}."


def foreseen(prediction: Prediction) -> list[str]:
    """What a prediction says, before anything has happened: where the change should show, and by how much."""
    moved = [chart for chart in prediction.charts if chart.touched]
    if not moved:
        return ["The change is not expected to show on any run chart: it moves no share by as much as 2 in 100."]
    said = []
    for chart in sorted(moved, key=lambda one: _order(prediction, one)):
        with_change, without = (100 * _mean(chart, future) for future in ("change", "no_change"))
        low, high = 100 * chart.low_difference, 100 * chart.high_difference
        label = {prediction.judge_by: " This chart decides.", prediction.responds_first: " It should respond first."}
        said.append(
            f"{chart.watched.label}: {with_change:.0f}% with the change, {without:.0f}% without it (difference "
            f"{low:.0f} to {high:.0f} points of 100).{label.get(chart.watched.name, '')}"
        )
    return said


def _order(prediction: Prediction, chart: PredictedChart) -> int:
    named = (prediction.judge_by, prediction.responds_first)
    return named.index(chart.watched.name) if chart.watched.name in named else len(named)


def _mean(chart: PredictedChart, future: str) -> float:
    return float(np.mean([getattr(point, future).middle for point in chart.points]))


def power_lines(prediction: Prediction) -> list[str]:
    """How many children and months it takes to see the change: a small table for each chart on which it should show."""
    lines: list[str] = []
    for chart in sorted(prediction.charts, key=lambda one: _order(prediction, one)):
        rows = [row for row in prediction.power if row.chart == chart.watched.name]
        if not rows:
            continue
        expected = rows[0].per_month
        months = sorted({row.months for row in rows})
        children = "child" if expected == 1 else "children"
        lines += [
            f"{chart.watched.label}: chance to see it, with {expected:g} {children} a month",
            _row(f"after so many months (and {chart.watched.horizon_days:g} days)", [f"{one}" for one in months])
            + f"  {100 * WANTED:.0f}% after       {100 * WANTED:.0f}% in a year with",
        ]
        for method in METHODS:
            mine = [row for row in rows if row.method == method]
            own = {row.months: row.detected for row in mine if row.per_month == expected}
            enough = [span for span in months if own[span] >= WANTED]
            after = f"{enough[0]} months" if enough else f"over {months[-1]} months"
            rates = sorted({row.per_month for row in mine})
            in_year = [row.per_month for row in mine if row.months == _YEAR and row.detected >= WANTED]
            needed = f"{min(in_year):g} a month" if in_year else f"over {rates[-1]:g} a month"
            lines.append(_row(method, [f"{100 * own[span]:.0f}%" for span in months]) + f"  {after:<16}{needed}")
    if lines:
        most = 100 * max(row.false_alarm for row in prediction.power)
        lines.append(f"Without a change each way of looking sees one in at most {most:.0f} of 100 tests.")
    return lines or ["Nothing to see: the change should not show on any run chart."]


_YEAR = 12


def _row(name: str, cells: list[str]) -> str:
    return f"  {name:<44}" + "".join(f"{cell:>6}" for cell in cells)


def verdict_lines(observed: Observed) -> list[str]:
    """The verdict in plain words: the charts that decide first, then every other."""
    prediction = observed.prediction
    lines = [f"{prediction.title}: predicted from records to {prediction.date}, seen to {observed.seen_to}."]
    decisive = observed.decisive
    for one in decisive:
        role = "The stage that decides" if one.predicted.watched.name == prediction.judge_by else "The first to respond"
        lines.append(f"{role}. {sentence(one)}")
        if one.evidence.points:
            lines.append(f"  {odds_in_words(one.evidence.log_ratio)}")
            lines.append(f"  {points_inside(one)}")
            lines += [f"  {line}" for line in learnt(one)]
    if prediction.no_effect and any(one.evidence.points for one in decisive):
        lines.append(
            f"That it changes nothing here was given {100 * prediction.no_effect:.0f} in 100 before; after what was "
            f"seen it is {_in_hundred(observed.no_effect_after)}."
        )
    lines += [sentence(one) for one in touched_first(observed.charts) if one not in decisive]
    return [*lines, *(f"Note. {note}." for note in observed.notes)]


def _in_hundred(probability: float) -> str:
    value = 100 * probability
    return "less than 1 in 100" if value < 1 else f"{value:.0f} in 100"


def points_inside(one: ObservedChart) -> str:
    """How many points lie within their 80 % limits."""
    found = one.evidence
    return (
        f"{found.inside80} of {found.points} points lie within their 80% limits with the change; "
        f"{found.expected_inside:.1f} were expected to."
    )


def learnt(one: ObservedChart) -> list[str]:
    """What was learnt about the sizes of the changes, with what it rests on."""
    lines = []
    for size in one.sizes:
        if size.high_before - size.low_before < _KNOWN:
            continue
        lines.append(
            f"{size.name}: {size.before:.3g} before ({size.low_before:.3g} to {size.high_before:.3g}), "
            f"{size.after:.3g} after ({size.low_after:.3g} to {size.high_after:.3g})."
        )
    if lines:
        draws = len(one.predicted.change_draws)
        rough = "" if one.draws_left >= ENOUGH_DRAWS else " Too few: the sizes after the test are rough."
        lines.append(f"The sizes rest on {one.draws_left:.0f} effective draws of {draws}.{rough}")
    return lines


_KNOWN = 1e-6
"""A size whose interval is narrower than this was not in question."""
