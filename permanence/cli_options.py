"""Options that several commands have, and what they mean together. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from permanence.any_log import LogFile

ProjectPath = Annotated[
    Path,
    typer.Argument(metavar="PROJECT", help="Folder with a permanence.toml, or that file.", show_default="this folder"),
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the files go; default: PROJECT/run.")
]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Any event log instead of a project: XES, CSV or Parquet.")
]
Case = Annotated[str | None, typer.Option("--case", metavar="COLUMN", help="Table: column of the case id.")]
Activity = Annotated[str | None, typer.Option("--activity", metavar="COLUMN", help="Table: column of the activity.")]
Timestamp = Annotated[str | None, typer.Option("--timestamp", metavar="COLUMN", help="Table: column of the timestamp.")]
Start = Annotated[
    str | None, typer.Option("--start", metavar="COLUMN", help="Table: column of when work on the event began.")
]
Resource = Annotated[str | None, typer.Option("--resource", metavar="COLUMN", help="Table: column of who did it.")]
Format = Annotated[
    str | None,
    typer.Option("--format", help="CSV: how timestamps are written, such as %d/%m/%Y; default ISO 8601."),
]
End = Annotated[
    list[str] | None,
    typer.Option("--end", metavar="ACTIVITY", help="An activity that ends a case; repeat for more. Default: found."),
]

ModelPath = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        help="With --log: run this pathway_model.toml, perhaps changed, with the arrivals of the log.",
    ),
]

Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, metavar="N", help="Processes to work with at most; default: one a processor."),
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Work on a dask cluster, such as tcp://127.0.0.1:8786."),
]
UntilPrecise = Annotated[
    list[str] | None,
    typer.Option(
        "--until-precise",
        metavar="MEASURE=HALFWIDTH",
        help="Again and again, until the 95 % interval is as narrow: closures=5, or closures=5%; repeat for more.",
    ),
]
HowOften = Annotated[
    int | None, typer.Option("--replications", min=2, help="Again and again, so often (with --until-precise: at most).")
]
SteadyYears = Annotated[
    float | None,
    typer.Option("--steady-state", metavar="YEARS", min=1.0, help="From empty for so many years: what it settles at."),
]


def needed_out(out: Path | None) -> Path:
    """The folder for the files of a log without a project; wrong usage without."""
    if out is None:
        raise typer.BadParameter("needed with --log: the folder for the files", param_hint="--out")
    return out


def no_model_or_judgement(model: Path | None, judge: bool) -> None:
    """Wrong usage when a model is to be run, or to be judged, without the log that it is run or judged on."""
    if model is not None:
        raise typer.BadParameter(
            "goes with --log FILE: the model is run with that log's arrivals", param_hint="--model"
        )
    if judge:
        raise typer.BadParameter(
            "goes with --log FILE: the model is judged by that log's last fifth", param_hint="--judge"
        )


def no_log_options(*given: object) -> None:
    """Wrong usage when options for reading a log are given for a project."""
    if any(given):
        raise typer.BadParameter(
            "only with --log; a project names its columns in permanence.toml", param_hint="--case ..."
        )


def model_alone(cases: int | None, judge: bool) -> None:
    """Wrong usage when a model is to be run and something asked of another model too."""
    if cases is not None or judge:
        raise typer.BadParameter(
            "not with --cases or --judge: the model runs once, with every case", param_hint="--model"
        )


def no_log_for_many_runs(*given: object) -> None:
    """Wrong usage when many simulations are asked of a log without a project."""
    if any(given):
        raise typer.BadParameter(
            "only of a project, not with --log, --cases, --model or --judge", param_hint="--until-precise ..."
        )


def log_file(
    log: Path,
    case: str | None,
    activity: str | None,
    timestamp: str | None,
    date_format: str | None,
    end: list[str] | None,
    *,
    start: str | None = None,
    resource: str | None = None,
) -> LogFile:
    """A log file and how to read it."""
    from event_logs import LogColumns
    from permanence.any_log import LogFile

    named = LogColumns(case=case, activity=activity, timestamp=timestamp, start=start, resource=resource)
    columns = None if named == LogColumns() else named
    return LogFile(path=log, columns=columns, date_format=date_format, final=tuple(end or ()))
