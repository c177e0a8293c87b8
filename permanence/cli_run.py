"""What the commands have in common: running a project's stages, and saying what was found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from event_logs import EventLog
    from permanence.pipeline import Run
    from permanence.progress import StageDisplay


def run_project(
    project: Path,
    out: Path | None,
    stages: tuple[str, ...],
    *,
    seed: int | None = None,
    display: StageDisplay | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    together: tuple[tuple[str, str], ...] = (),
) -> Run:
    """Run stages of a project, each only if it is not current, and say what there is to say of its rows.

    What is simulated many times is worked on by up to `workers` processes (None: one a processor), or by a `cluster`.
    `together` names pairs of ideas to be compared both at once as well.
    """
    from permanence.pipeline import Run, run_stages
    from permanence.progress import StageDisplay
    from permanence.terminal import show_ledger, show_loaded

    settings = {"workers": workers or processors(), "cluster": cluster} | ({} if seed is None else {"seed": seed})
    done = Run.of(project, out=out, together=together, **settings)
    if display is not None:
        run_stages(done, stages, display)
    else:
        with StageDisplay() as own:
            run_stages(done, stages, own)
    show_ledger(done.found)
    if "fit" in stages:
        show_loaded(done.found)
    say_messages(done.messages)
    return done


def processors() -> int:
    """How many processors this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def say_findings(done: Run, *, report: bool = True) -> None:
    """The findings, and where the report, or all files, are."""
    from permanence.terminal import show_findings

    show_findings(done.found)
    typer.echo(f"Report: {done.folder / 'report.html'}" if report else f"Files: {done.folder}")


def say_judgement(log: EventLog, *, seed: int) -> None:
    """How well a model of the log foretells its last part; InputError where the log is too small, after a word.

    It comes after the files, and what there is to say of them: a log that cannot be judged takes nothing from these.
    """
    from event_logs.errors import InputError
    from permanence.any_log import judge_log
    from permanence.progress import StageDisplay
    from permanence.terminal import show_judged

    try:
        with StageDisplay() as display:
            judged = judge_log(log, display, seed=seed)
    except InputError:
        typer.echo("All files were written; only the judgement could not be made.", err=True)
        raise
    show_judged(judged)


def say_messages(messages: list[str]) -> None:
    """What the person should know, on standard error."""
    for message in messages:
        typer.echo(message, err=True)
