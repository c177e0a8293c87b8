"""The command `scenarios`. Nothing heavy is imported until it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from event_logs.project import Project


def scenarios_command(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="PROJECT|NAME|FILE",
            help="A project, whose scenarios are listed; the name of a scenario, or a scenario file, to show.",
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="With NAME: the project whose own scenarios count, too."),
    ] = None,
    copy: Annotated[
        tuple[str, Path] | None,
        typer.Option("--copy", metavar="NAME FILE", help="Write the scenario NAME to a new file, to be changed."),
    ] = None,
) -> None:
    """List the change ideas, with what each touches on the map.

    Ready-made ideas, and those in the folder `scenarios` of a project. What is compared is marked with *. A scenario is
    one file: copy one that is near to what you mean, change it, and put it into that folder.
    """
    from permanence.project_scenarios import found_scenario, known_scenarios
    from permanence.scenario_text import listed, shown

    if copy is not None:
        _copy(copy[0], copy[1], _project(project or (Path(what) if what else None)))
        return
    path = Path(what) if what is not None else None
    if path is not None and path.suffix == ".toml" and path.name != "permanence.toml" and path.is_file():
        _show_file(path, _project(project))
    elif path is not None and not path.exists() and path.suffix != ".toml" and len(path.parts) == 1:
        here = _project(project)
        typer.echo(shown(found_scenario(str(what), known_scenarios(here)), here))
    else:
        typer.echo(listed(_project(path or project)))


def _project(folder: Path | None) -> Project | None:
    """The project of a folder; without one that of this folder, if there is one here."""
    from event_logs.project import PROJECT_FILE, load_project

    if folder is None and not Path(PROJECT_FILE).is_file():
        return None
    return load_project(folder or Path())


def _show_file(path: Path, project: Project | None) -> None:
    from permanence.gates import gates_of
    from permanence.scenario_text import shown
    from scenarios.declared import declared_with
    from scenarios.files import read_scenario

    model = declared_with(gates_of(project) if project is not None else None)
    typer.echo(shown(read_scenario(path, model), project))


def _copy(name: str, file: Path, project: Project | None) -> None:
    """An editable file of a scenario: of a ready-made one with its comments."""
    from event_logs.errors import InputError, Problem
    from permanence.files import write_text
    from permanence.project_scenarios import found_scenario, known_scenarios, own_scenarios
    from scenarios.files import scenario_text
    from scenarios.ready_made import idea_text

    scenario = found_scenario(name, known_scenarios(project))
    if file.exists():
        raise InputError(Problem(str(file), "", "the file is there already", "Name a new file"))
    own = project is not None and name in own_scenarios(project)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, scenario_text(scenario) if own else idea_text(name))
    except OSError as error:
        problem = f"the file cannot be written ({(error.strerror or str(error)).lower()})"
        raise InputError(Problem(str(file), "", problem, "Name a file that you may write")) from error
    typer.echo(f"Scenario: {file}")
