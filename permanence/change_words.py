"""What a comparison found, in sentences: where the delay goes, how sure that is, what it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from permanence.compared import BreakEvenSize, IdeaSensitivity, Interaction, QuarterCount, ScenarioResult, TornadoBar
from permanence.wording import NOT_KNOWN, detectable, interval, listed, percent, sentence, short, weeks, whole

_KINDS = {"records": "fitted from the records", "judgement": "stated with the idea"}


def how_sure(idea: ScenarioResult, ideas: int) -> str:
    """The probability that it helps, and whether the difference can be told, alone and among all ideas."""
    verdict = idea.verdict
    if verdict.helps_probability is None:
        return "Whether it helps is not known."
    said = f"Probability that it helps: {percent(verdict.helps_probability)}."
    if not verdict.detectable:
        return f"{said} No detectable difference."
    if ideas < 2:
        return said
    still = (
        "it can still be told from chance" if verdict.detectable_among_all else "it can no longer be told from chance"
    )
    return f"{said} Allowing for the {ideas} ideas compared, {still}."


def delay_goes(idea: ScenarioResult) -> str:
    """In which stage the change saves most, and where the delay turns up again."""
    delay = idea.delay
    parts = []
    if delay.saves_stage:
        parts.append(
            f"Most is saved in {short(delay.saves_stage)}: {whole(-(delay.saves_child_weeks or 0))} child-weeks"
        )
    else:
        parts.append("No stage surely has fewer child-weeks")
    if delay.grows_stage:
        parts.append(
            f"each child then waits longer in {short(delay.grows_stage)}: {weeks(delay.grows_weeks)} weeks more"
        )
    if delay.fills_gate:
        more = weeks(delay.fills_children)
        parts.append(f"the next queue to fill is {delay.fills_gate}: {more} more children waiting on an average day")
    if not (delay.grows_stage or delay.fills_gate):
        parts.append("no stage surely grows and no queue surely fills")
    return f"{'; '.join(parts)}."


def spread_made_of(idea: ScenarioResult) -> str:
    """What the width of the interval is made of, and what would narrow it."""
    parts = idea.spread[-1] if idea.spread else None
    if parts is None or parts.effect_share is None:
        return ""
    if parts.stochastic_share is None or parts.parameter_share is None:
        return f"The stated range of the effect makes up {percent(parts.effect_share)} of the spread."
    return (
        f"Of the spread of this figure {percent(parts.stochastic_share)} is the chance of the years themselves, "
        f"{percent(parts.parameter_share)} what the records leave open, and {percent(parts.effect_share)} the range "
        "stated for the effect."
    )


def measure_first(idea: ScenarioResult) -> str:
    """Which unknown is worth measuring first."""
    told = [unknown for unknown in idea.unknowns if unknown.told]
    if not idea.unknowns:
        return ""
    if not told:
        return "No single unknown stands out as the one to measure first."
    first = told[0]
    share = f"{percent(first.share)} of the spread between draws"
    said = f"Worth measuring first: {first.input} ({_KINDS[first.kind]}), {share}"
    others = [f"{one.input} ({percent(one.share)})" for one in told[1:3]]
    return f"{said}; then {listed(others)}." if others else f"{said}."


def interaction(pair: Interaction, titles: dict[str, str]) -> str:
    """What two changes do together, against what each does alone."""
    names = f"{titles[pair.first]} and {titles[pair.second]} together"
    if pair.together_child_weeks is None or pair.interaction_child_weeks is None:
        return f"{names}: {NOT_KNOWN}."
    span = interval(pair.low_together_child_weeks, pair.high_together_child_weeks)
    said = f"{names}: {whole(pair.together_child_weeks)} child-weeks (95% interval {span})"
    apart = f"{whole((pair.first_child_weeks or 0) + (pair.second_child_weeks or 0))} if each did what it does alone"
    if not detectable(pair.low_child_weeks, pair.high_child_weeks):
        return f"{said}, against {apart}: no detectable interaction."
    less = "less" if pair.interaction_child_weeks > 0 else "more"
    return f"{said}, against {apart}: they save {whole(abs(pair.interaction_child_weeks))} child-weeks {less} together."


def ends_of(bar: TornadoBar) -> str:
    """The two values of an unknown between which it was moved."""
    if bar.low_value is None or bar.high_value is None:
        return NOT_KNOWN
    return f"{_plain(bar.low_value)} to {_plain(bar.high_value)} {bar.unit}".strip()


def break_even(found: BreakEvenSize) -> str:
    """How large an effect must be for an aim's target, or that no size tried is enough."""
    share = f"{percent(found.target_share)} for aim {found.aim}"
    effect = sentence(found.effect)
    if found.size_value is None:
        there, without = percent(found.tried_share), percent(found.without_share)
        tried = f"not reached even at {_plain(found.tried_value)}"
        return f"{effect}: {share} is {tried} ({there} there, {without} without the change)."
    if found.size_value == found.none_value:
        return f"{effect}: {share} is reached without the change ({percent(found.without_share)})."
    high = _plain(found.high_value) if found.high_value is not None else f"more than {_plain(found.tried_value)}"
    low = _plain(found.low_value) if found.low_value is not None else f"more than {_plain(found.tried_value)}"
    return f"{effect}: {_plain(found.size_value)} brings {share} (95% interval {low} to {high})."


def _plain(number: float | None) -> str:
    """A number in a sentence.

    >>> _plain(28.0), _plain(0.856), _plain(346.05), _plain(None)
    ('28', '0.86', '346', 'not known')
    """
    if number is None:
        return NOT_KNOWN
    text = f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}" if abs(number) >= 10 else f"{number:.2g}"
    return text.replace("-", "−")


def shown_bars(idea: IdeaSensitivity, most: int = 8) -> Sequence[TornadoBar]:
    """The widest bars, as many as a page holds."""
    return idea.tornado[:most]


def tornado_values(idea: IdeaSensitivity) -> list[float | None]:
    """Every value that the shown bars reach, for their scale."""
    ends = [end for bar in shown_bars(idea) for end in (bar.at_low_child_weeks, bar.at_high_child_weeks)]
    return [idea.middle_child_weeks, *ends]


def what_else(idea: IdeaSensitivity) -> list[str]:
    """The three that matter most with all unknowns moved at once, and the break-even sizes."""
    first = [one for one in idea.screened if one.rank <= 3 and one.importance_child_weeks > 0]
    named = [f"{one.input} ({whole(one.importance_child_weeks)} ± {whole(one.error_child_weeks)})" for one in first]
    said = [f"With all unknowns moved at once (Morris), most matter: {listed(named)} child-weeks."] if named else []
    return [*said, *(break_even(found) for found in idea.break_even)]


def points(share: float | None) -> str:
    """A difference of two shares in percentage points.

    >>> points(0.052), points(-0.004), points(None)
    ('+5.2', '−0.4', 'not known')
    """
    if share is None:
        return NOT_KNOWN
    text = weeks(share * 100)
    return text if share <= 0 or text == "0.0" else f"+{text}"


def titles(ideas: Sequence[ScenarioResult]) -> dict[str, str]:
    """Title of each idea by its name."""
    return {idea.name: idea.title for idea in ideas}


def last_counts(idea: ScenarioResult) -> list[QuarterCount]:
    """The count past two years at the end of the last quarter."""
    gates = {gate.gate for gate in idea.gates}
    counted = [count for count in idea.quarters if count.count not in gates]
    return counted[-1:]


def by_quarter(idea: ScenarioResult) -> dict[str, Any]:
    """The counts as a table: `dates`, `counts` (names) and `cells` by date."""
    dates = list(dict.fromkeys(count.date for count in idea.quarters))
    counts = list(dict.fromkeys(count.count for count in idea.quarters))
    cells: dict[str, list[QuarterCount]] = {date: [] for date in dates}
    for count in idea.quarters:
        cells[count.date].append(count)
    return {"dates": dates, "counts": counts, "cells": cells}
