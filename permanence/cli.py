"""The command line. Nothing heavy is imported until a command runs, so that --help answers at once."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from permanence.cli_compare import compare_command
from permanence.cli_options import (
    Activity,
    Case,
    Cluster,
    End,
    Format,
    HowOften,
    Log,
    ModelPath,
    OutFolder,
    ProjectPath,
    Resource,
    Start,
    SteadyYears,
    Timestamp,
    UntilPrecise,
    Workers,
    log_file,
    model_alone,
    needed_out,
    no_log_for_many_runs,
    no_log_options,
    no_model_or_judgement,
)
from permanence.cli_pictures import discover_command, draw_map_command
from permanence.cli_run import run_project as _run
from permanence.cli_run import say_findings as _say_findings
from permanence.cli_run import say_judgement as _say_judgement
from permanence.cli_run import say_messages as _say_messages
from permanence.cli_scenarios import scenarios_command

if TYPE_CHECKING:
    from permanence.progress import StageDisplay

app = typer.Typer(
    name="permanence",
    help=(
        "Shows how children's permanence planning really runs, where children wait, and what a change would save them."
        "\n\nStart with: permanence demo"
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Mess(StrEnum):
    """How messy generated records are."""

    NONE = "none"
    SOME = "some"
    SWIFT = "swift"


class _Settings:
    """The global options."""

    debug = False


Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the random numbers; the same seed, the same result.")]
FilesFrom = Annotated[
    list[Path],
    typer.Option("--from", metavar="FILE...", help="Files of the extract, or the folder that they are in."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"permanence {version('permanence')}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected fault.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    _Settings.debug = debug


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the demo goes.")] = Path("permanence-demo"),
    seed: Seed = 1,
) -> None:
    """Show everything on made-up case records.

    Makes up the records of a council, does with them all that `run` does, and says where the report is.
    """
    from permanence.progress import StageDisplay

    with StageDisplay() as display:
        _generate(out, children=None, years=10, seed=seed, mess=Mess.NONE, display=display)
        run = _run(out, None, ("derive", "mine", "fit", "compare", "report"), seed=seed, display=display)
    _say_findings(run)


@app.command()
def generate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the records; made if it is not there.")],
    children: Annotated[
        int | None,
        typer.Option("--children", min=20, max=200_000, help="Children looked after on any day.", show_default="1350"),
    ] = None,
    years: Annotated[int, typer.Option("--years", min=1, max=40, help="Years of records.")] = 10,
    seed: Seed = 1,
    mess: Annotated[Mess, typer.Option("--mess", help="Faults of real extracts to put in.")] = Mess.NONE,
) -> None:
    """Write made-up case records.

    With them come a project file and the truth that was planted.
    """
    from permanence.progress import StageDisplay

    with StageDisplay() as display:
        _generate(folder, children=children, years=years, seed=seed, mess=mess, display=display)
    typer.echo(f"Project: {folder / 'permanence.toml'}")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the project; made if it is not there.")],
    files: FilesFrom,
    more: Annotated[list[Path] | None, typer.Argument(metavar="FILE", hidden=True)] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; mark what is not sure with # CHECK.")] = False,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Name of the project; default: the folder.")] = "",
    keep_ids: Annotated[bool, typer.Option("--keep-ids", help="Do not replace identifiers by pseudonyms.")] = False,
) -> None:
    """Start a project from the files of an extract.

    Looks at headers and values, proposes permanence.toml with the evidence for each line, and asks what the files
    leave open. The files stay where they are. A project with a line still marked # CHECK is not run.
    """
    from rich.console import Console

    from permanence.new import on_terminal, read_for, show_new, write_project
    from permanence.progress import StageDisplay

    with StageDisplay() as display, display.stage("Reading the extract") as advance:
        extracts = read_for(folder, [*files, *(more or [])], advance)
    ask = on_terminal(Console()) if sys.stdin.isatty() and not yes else None
    made = write_project(folder, extracts, ask=ask, name=name, pseudonyms=not keep_ids)
    show_new(made, Console(width=None if sys.stdout.isatty() else 200))


@app.command()
def key(project: ProjectPath = Path()) -> None:
    """Make the key for a project's pseudonyms.

    It is kept outside the project, in a file that only you can read. Keep a copy in a safe place: if it is lost, the
    same pseudonyms cannot be made again.
    """
    from permanence.key import new_key

    made = new_key(project)
    typer.echo(f"Key {made.key_id}: {made.path}")


@app.command()
def check(
    project: ProjectPath = Path(),
    out: OutFolder = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--earlier", metavar="FILE", help="data_quality_history.csv of an earlier extract, for the trend."
        ),
    ] = None,
) -> None:
    """Say what is wrong with the records that is worth taking to the team."""
    from permanence.check import check as write_check
    from permanence.progress import StageDisplay

    with StageDisplay() as display, display.stage("Checking the records") as advance:
        files = write_check(project, out, earlier=earlier, advance=advance)
    typer.echo(f"Data quality: {files[0]}")


@app.command()
def run(project: ProjectPath = Path(), out: OutFolder = None, workers: Workers = None, cluster: Cluster = None) -> None:
    """Do everything for a project and write the report.

    Derive, mine, fit, compare, report; a stage runs again only when what it depends on has changed.
    """
    done = _run(project, out, ("derive", "mine", "fit", "compare", "report"), workers=workers, cluster=cluster)
    _say_findings(done)


@app.command()
def derive(project: ProjectPath = Path(), out: OutFolder = None) -> None:
    """Make the event log from the case records.

    Rows that cannot be used go to quarantine.csv with every reason.
    """
    done = _run(project, out, ("derive",))
    typer.echo(f"Event log: {done.folder / 'event_log.csv'}")


@app.command()
def mine(
    project: ProjectPath = Path(),
    log: Log = None,
    out: OutFolder = None,
    case: Case = None,
    activity: Activity = None,
    timestamp: Timestamp = None,
    date_format: Format = None,
    end: End = None,
) -> None:
    """Find process map, bottlenecks and aims.

    Of a project, or, with --log and --out, map and bottlenecks of any event log.
    """
    if log is None:
        no_log_options(case, activity, timestamp, date_format, end)
        done = _run(project, out, ("derive", "mine"))
        _say_findings(done, report=False)
        return
    from permanence.any_log import mine_log
    from permanence.progress import StageDisplay
    from permanence.terminal import show_mined

    file = log_file(log, case, activity, timestamp, date_format, end)
    folder = needed_out(out)
    with StageDisplay() as display:
        results, messages = mine_log(file, folder, display)
    show_mined(results)
    _say_messages(messages)
    typer.echo(f"Files: {folder}")


app.command("map")(draw_map_command)
app.command("discover")(discover_command)
app.command("scenarios")(scenarios_command)


@app.command()
def simulate(
    project: ProjectPath = Path(),
    log: Log = None,
    out: OutFolder = None,
    cases: Annotated[int | None, typer.Option("--cases", min=1, help="With --log: how many; default: as many.")] = None,
    seed: Seed = 1,
    case: Case = None,
    activity: Activity = None,
    timestamp: Timestamp = None,
    start: Start = None,
    resource: Resource = None,
    date_format: Format = None,
    end: End = None,
    model: ModelPath = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="With --log: say how well such a model foretells the log's last fifth.")
    ] = False,
    until_precise: UntilPrecise = None,
    replications: HowOften = None,
    steady_state: SteadyYears = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Write a simulated event log.

    Of a project's next three years, starting from its open cases, or, with --log and --out, of new cases like those
    of any event log. Or a table of figures from many simulations (--until-precise, --replications), or what the pathway
    settles at (--steady-state).
    """
    from permanence.progress import StageDisplay

    if until_precise or replications or steady_state:
        no_log_for_many_runs(log, cases, model, judge)
        from permanence.many_runs import SIMULATED, many_runs
        from permanence.terminal import show_many_runs

        with StageDisplay() as display:
            done = _run(project, out, ("derive", "fit"), display=display, workers=workers, cluster=cluster)
            found = many_runs(done, until_precise or [], replications, steady_state, seed=seed, display=display)
        show_many_runs(found)
        typer.echo(f"Files: {done.folder / SIMULATED}")
        return
    from permanence.terminal import show_simulated

    if log is None:
        no_model_or_judgement(model, judge)
        no_log_options(case, activity, timestamp, start, resource, date_format, end)
        if cases is not None:
            raise typer.BadParameter(
                "only with --log; a project's cases come at the rate fitted from its log", param_hint="--cases"
            )
        from permanence.forecast import forecast

        with StageDisplay() as display:
            done = _run(project, out, ("derive", "fit"), display=display)
            folder = done.folder / "simulated"
            observed, simulated = done.log, forecast(done, folder, seed=seed, display=display)
    else:
        from permanence.any_log import run_on_log, simulate_from_log

        file = log_file(log, case, activity, timestamp, date_format, end, start=start, resource=resource)
        folder = needed_out(out)
        with StageDisplay() as display:
            if model is not None:
                model_alone(cases, judge)
                observed, simulated, messages = run_on_log(file, model, folder, display, seed=seed)
            else:
                observed, simulated, messages = simulate_from_log(file, folder, display, cases=cases, seed=seed)
    show_simulated(observed, simulated)
    typer.echo(f"Simulated log: {folder / 'event_log.csv'}")
    if log is not None:
        if model is None:
            typer.echo(f"Model to read and change: {folder / 'pathway_model.toml'}")
        _say_messages(messages)
        if judge:
            _say_judgement(observed, seed=seed)


app.command("compare")(compare_command)


@app.command()
def validate(
    project: ProjectPath = Path(),
    out: OutFolder = None,
    seed: Seed = 1,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Check the model against the council's own past.

    Forecasts from past days are compared with what happened, and simulated logs with the real one. Says green, amber or
    red, and why; answers the STRESS-DES checklist.
    """
    from permanence.progress import StageDisplay
    from permanence.validate import files, said
    from permanence.validate import validate as judge

    with StageDisplay() as display:
        done = _run(project, out, ("derive",), display=display, workers=workers, cluster=cluster)
        with display.stage("Checking the model against the past") as advance:
            found = judge(done, seed=seed, workers=done.workers, advance=advance)
    for line in said(found):
        typer.echo(line)
    typer.echo(f"Validation: {files(done.folder)[0]}")


@app.command()
def report(project: ProjectPath = Path(), out: OutFolder = None) -> None:
    """Write the report from what has been found.

    Without a comparison the report says so; `run` makes one.
    """
    done = _run(project, out, ("derive", "mine", "report"))
    _say_findings(done)


def main() -> None:
    """The command `permanence`: exit codes 0 done, 1 input at fault, 2 wrong usage, 130 interrupted."""
    # The matrices here are small: threads of the linear algebra only wait for each other, and on a busy machine a fit
    # of a few milliseconds took twenty times as long. Processes do the work side by side.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except Exception as error:
        sys.exit(_failed(error))


def _failed(error: Exception) -> int:
    from event_logs.errors import InputError

    if isinstance(error, InputError):
        if _Settings.debug:
            _show_traceback()
        for problem in error.problems:
            typer.echo(str(problem), err=True)
    elif _Settings.debug:
        _show_traceback()
    else:
        kind = type(error).__name__
        typer.echo(f"An unexpected fault ({kind}) stopped the program; run again with --debug to see where.", err=True)
    return 1


def _show_traceback() -> None:
    import traceback

    typer.echo(traceback.format_exc(), err=True)


def _generate(folder: Path, *, children: int | None, years: int, seed: int, mess: Mess, display: StageDisplay) -> None:
    from event_logs.errors import InputError, Problem
    from event_logs.synthetic import Council
    from event_logs.synthetic import generate as write_records

    if folder.is_dir() and any(folder.iterdir()) and not (folder / "truth.json").is_file():
        problem = "the folder holds other files, and made-up records are never written among those"
        raise InputError(Problem(str(folder), "", problem, "Name a new or empty folder"))
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem(str(folder), "", "this is a file, not a folder", "Name a new or empty folder"))
    council = Council(years=years) if children is None else Council.of_size(children, years=years)
    with display.stage("Making up case records"):
        try:
            write_records(folder, council=council, seed=seed, mess=mess.value)
        except OSError as error:
            problem = f"the records cannot be written ({(error.strerror or str(error)).lower()})"
            raise InputError(Problem(str(folder), "", problem, "Name a folder that you may write to")) from error
