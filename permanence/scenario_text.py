"""Scenarios in words: the list of them, and one of them whole."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from event_logs.project import Project
from permanence.gates import gates_of
from permanence.project_scenarios import compared_scenarios, known_scenarios, own_scenarios
from scenarios.declared import declared_with
from scenarios.ready_made import POSTER
from scenarios.scenario import Scenario
from simulation.model import PathwayModel

_WIDTH = 110
_UNDER_WAY = {
    "unaffected": "goes on as it would have",
    "scaled": "has its remaining time changed as such a duration is",
    "redrawn": "has its remaining time drawn from the changed law, given the time it has taken",
}


def listed(project: Project | None) -> str:
    """Every scenario with its title and, a line a change, what it touches on the map; * marks what is compared."""
    model = declared_with(gates_of(project) if project is not None else None)
    compared = {one.name for one in compared_scenarios(project)} if project is not None else set(POSTER)
    own = own_scenarios(project) if project is not None else {}
    lines = []
    for name, scenario in known_scenarios(project).items():
        mark = "*" if name in compared else " "
        whose = "  (in the project)" if name in own else ""
        lines += [f"{mark} {name}: {scenario.title}{whose}", *(f"      {line}" for line in scenario.pictured(model))]
    told = "* compared by `permanence compare` and `permanence run`; others when [scenarios] use names them."
    return "\n".join([*lines, "", told])


def shown(scenario: Scenario, project: Project | None) -> str:
    """One scenario whole."""
    model = declared_with(gates_of(project) if project is not None else None)
    return "\n".join([f"{scenario.title} ({scenario.name})", "", *_body(scenario, model)])


def _body(scenario: Scenario, model: PathwayModel) -> Iterator[str]:
    yield from _wrapped(scenario.rationale, "")
    yield ""
    yield "On the map"
    for change, line in zip(scenario.changes, scenario.pictured(model), strict=True):
        yield from _wrapped(f"{change.type}: {line}", "  ")
        for key, size in change.ranges().items():
            yield from _wrapped(f"{key.replace('_', ' ')}: {size}", "    ")
    yield ""
    begins = f"from {scenario.start_date:%-d %B %Y}" if scenario.start_date else "from the day after the extract"
    yield f"For {scenario.applies_to}, {begins}; work under way then {_UNDER_WAY[scenario.under_way]}."
    yield f"Chance that, tried here, it changes nothing: {scenario.no_effect:.0%}."
    if scenario.owner:
        yield f"Owner: {scenario.owner}"
    yield ""
    measured = "a measured effect stands behind the sizes" if scenario.confirmed else "no measured effect was found"
    yield f"Evidence ({measured})"
    for one in scenario.evidence:
        kind = "confirmed" if one.confirmed else "not confirmed" if one.source else "no source"
        yield from _wrapped(f"[{kind}] {one.text}" + (f" {one.source}" if one.source else ""), "  ")
    if scenario.first_measure:
        yield ""
        yield from _wrapped(f"Responds first: {scenario.first_measure}.", "")
    if scenario.side_effects:
        yield ""
        yield "Side effects"
        for text in scenario.side_effects:
            yield from _wrapped(text, "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  " if indent else "",
                break_long_words=False, break_on_hyphens=False)  # fmt: skip
