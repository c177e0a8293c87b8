"""The commands `map` and `discover`. Nothing heavy is imported until one of them runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from permanence.cli_options import (
    Activity,
    Case,
    End,
    Format,
    Log,
    ProjectPath,
    Timestamp,
    log_file,
    needed_out,
    no_log_options,
)

if TYPE_CHECKING:
    from event_logs.log import EventLog
    from mining.filters import Filtered
    from mining.measures import Limit
    from permanence.any_log import LogFile
    from permanence.map_command import Detail, Drawn, Look
    from permanence.progress import StageDisplay


class Groups(StrEnum):
    """What steps may be drawn together by."""

    STAGES = "stages"
    AIMS = "aims"


class MinerName(StrEnum):
    """Miners of models."""

    INDUCTIVE = "inductive"
    HEURISTICS = "heuristics"


PictureFolder = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Where the files go; default: PROJECT/run, where the event log is kept, too."
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="CONDITION", help="Only these cases; repeat for more, all must hold; see above."),
]


def draw_map_command(
    project: ProjectPath = Path(),
    log: Log = None,
    out: PictureFolder = None,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Name of the files.")] = "map",
    colour: Annotated[str, typer.Option("--colour", metavar="MEASURE", help="Default: median.")] = "",
    width: Annotated[str, typer.Option("--width", metavar="MEASURE", help="Thickness; default: cases.")] = "",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="MEASURE", help="On arrows; repeat, or join by commas: cases,median."),
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="minutes, hours, days, weeks, months, or auto.")] = "auto",
    limit: Annotated[
        str, typer.Option("--limit", metavar="TIME", help='Such as "26 weeks", "10 working days", "6 months".')
    ] = "",
    activities: Annotated[
        float | None, typer.Option("--activities", min=0, max=1, help="Slider: 0 the main pathway's, 1 all.")
    ] = None,
    paths: Annotated[
        float | None, typer.Option("--paths", min=0, max=1, help="Slider: 0 what joins the steps, 1 all.")
    ] = None,
    level: Annotated[
        int | None, typer.Option("--level", min=1, help="The so many most frequent pathways that add something.")
    ] = None,
    group: Annotated[Groups | None, typer.Option("--group", help="Draw steps together.")] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", min=0, max=1, help="Share of cases from which an arrow is solid; default: 0.01."),
    ] = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="Only movements whose order the dates leave no doubt about.")
    ] = False,
    where: Where = None,
    compare_from: Annotated[
        datetime | None,
        typer.Option("--compare-from", formats=["%Y-%m-%d"], metavar="DATE", help="Cases begun before and since."),
    ] = None,
    compare: Annotated[
        str, typer.Option("--compare", metavar="ATTRIBUTE=VALUE/VALUE", help="Two groups side by side on one map.")
    ] = "",
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Another log on the same map, or its folder.")
    ] = None,
    case: Case = None,
    activity: Activity = None,
    timestamp: Timestamp = None,
    date_format: Format = None,
    end: End = None,
) -> None:
    """Draw a process map as you want it.

    Of a project, or, with --log and --out, of any event log. Without options it shows as much as can be read on A4.
    Writes SVG, PNG, PDF and DOT, and says what was chosen and what is hidden.

    \b
    Measures: cases, traversals, cases_share, waiting, waiting_median, median,
    p25, p75, p90, mean, child_days, beyond (share over --limit).
    A comparison is coloured by the difference: --colour median or cases.

    Working days leave out weekends and the bank holidays of Scotland, as the project's [holidays] change them.

    \b
    Conditions for --where:
      locality = North East | South       an attribute of the case; != >= <= > < too
      first_placement missing             its value is not recorded
      has Permanence panel 2 times        the activity, at least so often
      starts with A | B; ends with A | B  first and last activity
      A then B within 90 days             also: A directly then B, A never then B
      started >= 2020-01-01               also: ended; ran, inside, started 2020-01-01..2021-12-31
      duration >= 365 days                days, weeks, months, years; 1..2 years
      variant top 10                      also: variant covers 80%
      open; closed
      only A | B; without A               leaves events out, not cases
      recorded 2020-01-01..2021-12-31     as if only this had been recorded
      not CONDITION; CONDITION || CONDITION
    """
    from dataclasses import replace

    from mining.process_map import ESTABLISHED_FROM
    from permanence.map_command import Detail, Look, file_name, limit_of
    from permanence.progress import StageDisplay

    reading = (case, activity, timestamp, date_format, end)
    with _usage():
        name = file_name(name)
        labels = tuple(part.strip() for text in label or () for part in text.split(",") if part.strip())
        look = Look(colour=colour, width=width, label=labels, unit=unit)
        detail = Detail(
            activities=activities,
            paths=paths,
            level=level,
            groups="" if group is None else group.value,
            threshold=ESTABLISHED_FROM if threshold is None else threshold,
            certain=certain,
            limit=limit_of(limit) if limit else None,
        )
        look.check(detail.limit)
        detail.check()
        if sum((compare_from is not None, bool(compare), against is not None)) > 1:
            raise typer.BadParameter("one comparison at a time", param_hint="--compare-from, --compare, --against")
        other = None if against is None else _other_log(against, *reading)
        with StageDisplay() as display:
            read, called, folder = _log_and_folder(project, log, out, reading, display, other=other is not None)
            _free_name(folder, name)
            if log is None and detail.limit is not None:
                detail = replace(detail, limit=_as_the_council_works(detail.limit, project))
            found = _chosen(read, where)
            read = read if found is None else found.log
            with display.stage("Drawing the map"):
                drawn = _drawn(read, look, detail, called, found, compare_from, compare, other)
            paths_written = drawn.write(folder, name)
    for sentence in drawn.said:
        typer.echo(sentence)
    typer.echo(f"Map: {paths_written[0]}")


def _as_the_council_works(limit: Limit, project: Path) -> Limit:
    """The limit with the working days of the project."""
    from dataclasses import replace

    from event_logs.project import load_project

    return replace(limit, calendar=load_project(project).working_days)


def discover_command(
    project: ProjectPath = Path(),
    log: Log = None,
    out: PictureFolder = None,
    miner: Annotated[MinerName, typer.Option("--miner", help="How the model is found.")] = MinerName.INDUCTIVE,
    noise: Annotated[
        float | None,
        typer.Option("--noise", metavar="0..1", help="Inductive: ignore ways rarer than this; default: tried out."),
    ] = None,
    dependency: Annotated[
        float | None, typer.Option("--dependency", metavar="-1..1", help="Heuristics: the least shown; default: 0.9.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, help="How long trying out and measuring may take.")
    ] = 120.0,
    where: Where = None,
    case: Case = None,
    activity: Activity = None,
    timestamp: Timestamp = None,
    date_format: Format = None,
    end: End = None,
) -> None:
    """Find a model of the process: BPMN, Petri net, and in words.

    Of a project, or, with --log and --out, of any event log. Open cases teach a model nothing, since nobody knows
    their end, and reviews are left aside. Conditions for --where as in `permanence map --help`.
    """
    from permanence.discover_command import Mining, discover
    from permanence.progress import StageDisplay

    with _usage():
        asked = Mining(miner.value, noise, dependency, seconds)
        asked.check()
        with StageDisplay() as display:
            reading = (case, activity, timestamp, date_format, end)
            read, called, folder = _log_and_folder(project, log, out, reading, display)
            found = _chosen(read, where)
            read = read if found is None else found.log
            with display.stage("Finding a model"):
                made = discover(read, called, asked, chosen=() if found is None else found.text.splitlines())
                written = made.write(folder)
    for sentence in made.said:
        typer.echo(sentence)
    typer.echo(f"Files: {', '.join(map(str, written))}")


@contextmanager
def _usage() -> Iterator[None]:
    """Options that are wrong together end as wrong usage."""
    from permanence.map_command import UsageError

    try:
        yield
    except UsageError as error:
        raise typer.BadParameter(str(error), param_hint=error.option) from error


Reading = tuple[str | None, str | None, str | None, str | None, list[str] | None]


def _log_and_folder(
    project: Path, log: Path | None, out: Path | None, reading: Reading, display: StageDisplay, *, other: bool = False
) -> tuple[EventLog, str, Path]:
    """The log that is asked for, what it is called, and where the files go."""
    if log is not None:
        folder, file, notes = needed_out(out), log_file(log, *reading), list[str]()
        with display.stage(f"Reading {file.path.name}"):
            read = file.read(notes)
        for note in notes:
            typer.echo(note, err=True)
        return read, _called(log), folder
    if not other:
        no_log_options(*reading)
    from permanence.pipeline import RUN, Run, run_stages

    # Only a folder that is a run's own already keeps an event log: pictures are passed on, records are not.
    kept = out if out is not None and (out / RUN).is_file() else None
    done = Run.of(project, out=kept)
    run_stages(done, ("derive",), display)
    for message in done.messages:
        typer.echo(message, err=True)
    return done.log, done.project.name, out or done.folder


def _called(file: Path) -> str:
    """What a log is called by: its file, or the folder of one that we wrote ourselves."""
    stem = file.name.split(".")[0]
    parent = file.absolute().parent.name
    return parent if stem == "event_log" and parent else stem


def _other_log(
    against: Path,
    case: str | None,
    activity: str | None,
    timestamp: str | None,
    date_format: str | None,
    end: list[str] | None,
) -> LogFile:
    """The log to compare with; columns are only named where the file does not name them itself."""
    from event_logs.exchange import EVENTS_FILE

    file = against / EVENTS_FILE if against.is_dir() else against
    if file.name == EVENTS_FILE:
        return log_file(file, None, None, None, None, None)
    if file.name.lower().endswith((".xes", ".xes.gz")):
        return log_file(file, None, None, None, None, end)
    return log_file(file, case, activity, timestamp, date_format, end)


def _free_name(folder: Path, name: str) -> None:
    """Wrong usage for a name that would write over a picture of the run."""
    from permanence.map_command import UsageError
    from permanence.pipeline import RUN, STAGES

    taken = {file.split(".")[0] for stage in STAGES.values() for file in stage.files}
    if name in taken and (folder / RUN).is_file():
        raise UsageError("--name", f"{name} is the name of a file of the run; choose another")


def _chosen(log: EventLog, where: list[str] | None) -> Filtered | None:
    """The log after the conditions, having said what each took out."""
    from permanence.conditions import choose

    found = choose(log, where or [])
    if found is not None:
        for line in found.text.splitlines():
            typer.echo(line)
    return found


def _drawn(
    log: EventLog,
    look: Look,
    detail: Detail,
    called: str,
    found: Filtered | None,
    compare_from: datetime | None,
    compare: str,
    other: LogFile | None,
) -> Drawn:
    import pandas as pd

    from permanence import map_command as maps

    note = maps.filter_note(found)
    if compare_from is not None:
        return maps.draw_two(maps.before_and_since(log, pd.Timestamp(compare_from)), look, detail, note=note)
    if compare:
        return maps.draw_two(maps.two_values(log, compare), look, detail, note=note)
    if other is not None:
        notes: list[str] = []
        two = maps.two_logs(log, other.read(notes), (called, _called(other.path)))
        return maps.draw_two(two, look, detail, note=" ".join(filter(None, [note, *notes])))
    return maps.draw_map(log, look, detail, note=note)
