"""Mining and simulating any event log, without a project."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from event_logs import EventLog, LogColumns, exchange
from event_logs.digests import file_digest
from event_logs.errors import InputError, Problem
from event_logs.lifecycle import with_starts
from permanence import collect
from permanence.files import complete_files, write_text
from permanence.mining_stage import mine_activities
from permanence.progress import StageDisplay
from permanence.results import Results

if TYPE_CHECKING:
    from simulation.judge import Judgement
    from simulation.model import PathwayModel

RESULTS, RUN, MODEL = "results.json", "run.json", "model.json"
PATHWAY_FILES = "pathway_model.toml", "pathway.bpmn"
_SAID = 6
"""Warnings of a discovered pathway that are printed; all are in its file."""


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """A log file and how to read it."""

    path: Path
    columns: LogColumns | None = None
    """Which columns hold case, activity and timestamp; None for the customary ones."""
    date_format: str | None = None
    final: tuple[str, ...] = ()
    """Activities that end a case; empty to have them found from the log."""

    def read(self, notes: list[str]) -> EventLog:
        """The log; what is to be told of how it was read is added to `notes`.

        Raises InputError when the file cannot be used or has no events.
        """
        log = exchange.read_log(
            self.path, columns=self.columns, date_format=self.date_format, final=self.final or None, notes=notes
        )
        if len(log) == 0:
            raise InputError(Problem(self.path.name, "", "the log has no events", "Export the log again"))
        return log


def mine_log(file: LogFile, out: Path, display: StageDisplay) -> tuple[Results, list[str]]:
    """Write map, results and the log itself, typed and ordered, into `out`; return results and messages."""
    notes: list[str] = []
    log = _read(file, display, notes)
    with display.stage("Mining the process map and bottlenecks") as advance:
        found = mine_activities(log, seed=1, advance=advance)
    results = Results(log=collect.log_summary(log, file.path.name), **found.parts)
    with display.stage("Writing the files"), complete_files(out) as scratch:
        exchange.write_log(log, scratch)
        found.write(scratch)
        write_text(scratch / RESULTS, results.text())
        write_text(scratch / RUN, _record(file, seed=1))
    return results, [*notes, *([found.no_picture] if found.no_picture else [])]


def simulate_from_log(
    file: LogFile, out: Path, display: StageDisplay, *, cases: int | None, seed: int
) -> tuple[EventLog, EventLog, list[str]]:
    """Write a simulated log and the models of the given one into `out`; return the given, the simulated and messages.

    Files: the simulated log; model.json, how past journeys are weighed, arrivals and activities; pathway_model.toml, a
    pathway with waits, work and teams that can be changed and run, and the same as pathway.bpmn (a message says so
    where Graphviz is not there to lay it out).
    """
    from mining.drawing import GraphvizMissingError
    from simulation.bpmn_export import write_bpmn
    from simulation.discovery import discover_pathway, simulate_log
    from simulation.discovery.describe import described
    from simulation.discovery.play import discover_log
    from simulation.model_file import write_model

    log, messages = _read_joined(file, display)
    with display.stage("Fitting a model and simulating"):
        simulated = simulate_log(log, cases=cases, seed=seed)
        model = described(discover_log(log, ahead=True, seed=seed))
        pathway = discover_pathway(log)
    with display.stage("Writing the files"), complete_files(out) as scratch:
        exchange.write_log(simulated, scratch)
        write_text(scratch / MODEL, json.dumps(model, indent=1, ensure_ascii=False) + "\n")
        write_model(pathway, scratch / PATHWAY_FILES[0])
        try:
            write_bpmn(pathway, scratch / PATHWAY_FILES[1])
        except GraphvizMissingError as error:
            messages.append(str(error))
        write_text(scratch / RUN, _record(file, seed=seed))
    return log, simulated, [*messages, *_said_of(pathway, out / PATHWAY_FILES[0])]


def run_on_log(
    file: LogFile, model: Path, out: Path, display: StageDisplay, *, seed: int
) -> tuple[EventLog, EventLog, list[str]]:
    """Write into `out` what becomes of the cases of a log, arriving as they did, on the pathway of a model file.

    Return the log, the simulated one, and what is to be known before such a model is run. Raises InputError for a
    model file that cannot be used, or whose routing never ends a case.
    """
    from simulation.checks import before_running
    from simulation.discovery import newcomers, run_on
    from simulation.engine import EndlessLoopError
    from simulation.model_file import read_model

    # Its own arrivals, which a council's model has, would come on top of those of the log.
    pathway = replace(read_model(model), arrivals=None)
    log, messages = _read_joined(file, display)
    _check_fits(pathway, log, model.name)
    cohort = newcomers(log, pathway)
    if log.arrays.window_end <= cohort.day:
        problem = "all its events are of one instant, and a run needs time to pass"
        raise InputError(Problem(file.path.name, "", problem, "Give a longer log"))
    findings = before_running(pathway, cohort, log.window.end)
    messages += [f"Before running: {finding}." for finding in findings]
    with display.stage("Simulating"):
        try:
            ran = run_on(log, pathway, seed=seed)
        except EndlessLoopError as error:
            raise InputError(Problem(model.name, "", str(error), "Give the loop a way out")) from None
    with display.stage("Writing the files"), complete_files(out) as scratch:
        exchange.write_log(ran.log, scratch)
        write_text(scratch / RUN, _record(file, seed=seed, beside=model))
    for gate, pieces, hours in zip(ran.teams["gate"], ran.teams["pieces"], ran.teams["waited_hours"], strict=True):
        messages.append(f"{gate}: waited {_time(hours)} for a place on average, {_counted(pieces, 'piece')} of work.")
    if len(ran.teams):
        # Where few wait very long, one run is luck: on the loan log 0.1 to 4.8 hours at one desk over ten seeds.
        messages.append(f"These waits are of one run, --seed {seed}: see what other seeds give before relying on them.")
    return log, ran.log, messages


def _check_fits(pathway: PathwayModel, log: EventLog, file: str) -> None:
    """InputError for a model by which no case can begin, or that shares no activity with the log."""
    from simulation.model import START

    if START not in pathway.choices:
        problem = f"the model does not say how cases begin: there is no choice {START!r}"
        raise InputError(Problem(file, "choices", problem, f'Put the choice [choices."{START}"] back'))
    modelled = {step.activity for step in pathway.steps.values()}
    if modelled.isdisjoint(log.activities):
        some = ", ".join([*log.activities[:3], *(["..."] if len(log.activities) > 3 else [])])
        problem = f"the model has none of the log's activities ({some})"
        raise InputError(Problem(file, "steps", problem, "Give the model that was discovered from this log"))


def _said_of(pathway: PathwayModel, model_file: Path) -> list[str]:
    """What is to be known of a discovered pathway: the first of it, which concerns the whole, and how much more."""
    said = [f"Pathway: {warning}." for warning in pathway.warnings[:_SAID]]
    more = len(pathway.warnings) - len(said)
    return said + ([f"Pathway: {_counted(more, 'further warning')} in {model_file.name}."] if more else [])


def _time(hours: float) -> str:
    return f"{hours:,.1f} hours" if hours < 72 else f"{hours / 24:,.1f} days"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def judge_log(log: EventLog, display: StageDisplay, *, seed: int) -> list[Judgement]:
    """How well a model discovered from the first part of `log` foretells the rest, by both protocols.

    Raises InputError for a log too small to be split.
    """
    from simulation.judge import TooSmallError, judge_honest, judge_published

    with display.stage("Judging such a model by the log's last fifth"):
        try:
            return [judge(log, seed=seed) for judge in (judge_published, judge_honest)]
        except TooSmallError as error:
            raise InputError(Problem("--judge", "", str(error), "Leave --judge out, or give a longer log")) from None


def _read(file: LogFile, display: StageDisplay, notes: list[str]) -> EventLog:
    with display.stage(f"Reading {file.path.name}"):
        return file.read(notes)


def _read_joined(file: LogFile, display: StageDisplay) -> tuple[EventLog, list[str]]:
    """The log, the start and the completion of one piece of work made one event, and what is to be known of it."""
    notes: list[str] = []
    log = _read(file, display, notes)
    joined = with_starts(log)
    if len(joined) < len(log):
        pieces = _counted(len(log) - len(joined), "start")
        notes.append(f"{file.path.name}: {pieces} of work put together with the completion: {len(joined):,} events.")
    return joined, notes


def _record(file: LogFile, *, seed: int, beside: Path | None = None) -> str:
    from permanence.pipeline import versions

    inputs = [file.path, *([beside] if beside is not None else [])]
    record = {
        "schema_version": 1,
        "seed": seed,
        "inputs_sha256": {path.name: file_digest(path) for path in inputs},
        "versions": versions(),
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
