"""A project's scenarios: the files in its folder `scenarios`, and which of all scenarios are compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from event_logs.errors import InputError, Problem
from event_logs.project import Project, nearest
from event_logs.project.problems import line_of

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

FOLDER = "scenarios"


def scenario_files(project: Project) -> list[Path]:
    """The project's own scenario files, by name."""
    return sorted((project.folder / FOLDER).glob("*.toml"), key=lambda path: path.name)


def own_scenarios(project: Project) -> dict[str, Scenario]:
    """The project's own scenarios by name, in the order of their files, checked against the gates that it declares.

    Raises InputError with everything wrong with any of the files, and for two of one name.
    """
    from permanence.gates import gates_of
    from scenarios.declared import declared_with
    from scenarios.files import read_scenario

    files = scenario_files(project)
    if not files:
        return {}
    model = declared_with(gates_of(project))
    found: dict[str, Scenario] = {}
    named: dict[str, str] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            scenario = read_scenario(path, model)
        except InputError as error:
            problems += error.problems
            continue
        if scenario.name in named:
            problem = f"the name {scenario.name!r} is also that of the scenario in {named[scenario.name]}"
            problems.append(Problem(path.name, "name", problem, "Give one of the two another name"))
        found[scenario.name], named[scenario.name] = scenario, path.name
    if problems:
        raise InputError(problems)
    return found


def known_scenarios(project: Project | None) -> dict[str, Scenario]:
    """Every scenario that can be named: the ready-made ideas, and the project's own, which go before them."""
    from scenarios.ready_made import IDEAS

    return {**IDEAS, **(own_scenarios(project) if project is not None else {})}


def compared_scenarios(project: Project) -> tuple[Scenario, ...]:
    """What is compared: what `[scenarios] use` names, else the ideas of the poster and all of the project's own.

    Raises InputError for a name that there is not, with the nearest one.
    """
    from scenarios.ready_made import POSTER

    known = known_scenarios(project)
    names = project.scenarios.use or tuple(dict.fromkeys([*POSTER, *own_scenarios(project)]))
    return tuple(found_scenario(name, known, project.path, ("scenarios", "use")) for name in names)


def found_scenario(
    name: str, known: dict[str, Scenario], file: Path | None = None, key: tuple[str, ...] = ()
) -> Scenario:
    """The scenario with this name. Raises InputError with the nearest name; `file` and `key` say where it is named."""
    if name in known:
        return known[name]
    near = nearest(name, known, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"The scenarios are: {', '.join(known)}"
    place = ".".join(key) + line_of(file.read_text(encoding="utf-8-sig"), key) if file is not None else ""
    raise InputError(Problem(file.name if file else name, place, f"there is no scenario {name!r}", remedy))
