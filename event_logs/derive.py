"""Case records to an event log: what can be used is used, what cannot is kept aside with every reason.

What reads and judges records is imported when records are derived, so that a log can be used without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from event_logs import vocabulary as v
from event_logs.errors import InputError, Problem
from event_logs.log import EventLog

if TYPE_CHECKING:
    from event_logs.project import Project
    from event_logs.pseudonyms import Pseudonyms
    from event_logs.quarantine import Records
    from event_logs.rules import Facts, Findings
    from event_logs.shapes.assemble import Assembled

QUARANTINE = "quarantine.csv"


def _no_warnings() -> pd.DataFrame:
    from event_logs.rules import Findings

    return Findings(pd.DataFrame({"code": pd.Series(dtype="str")}), ()).warnings


def _no_reconciled() -> pd.DataFrame:
    from event_logs.shapes.settle import no_reconciled

    return no_reconciled()


def _no_notices() -> pd.DataFrame:
    from event_logs.account import notices

    return notices(())


@dataclass(frozen=True, eq=False)
class Derivation:
    """An event log with the account of how it came from the records."""

    log: EventLog
    quarantine: pd.DataFrame
    """One row a quarantined record: `file`, `row` (line of the file), `raw` (its text), `reasons`, joined by "; ".
    The records stand here as they came, ids included, also where pseudonyms replace them everywhere else."""
    ledger: pd.DataFrame
    """One row a file: `file`, `rows_read` = `used` + `quarantined` + `ignored`, then those ignored by each rule, and
    `section` of the project file. A tracker has two: its rows, and the dates in them."""
    notes: tuple[str, ...]
    """What a reader of any figure from this log should know, in sentences."""
    data_quality: pd.DataFrame
    """One row a step and year; see `event_logs.data_quality.completeness`."""
    warnings: pd.DataFrame = field(default_factory=_no_warnings)
    """What the rules found in records that are used; see `event_logs.rules.Findings.warnings`."""
    reconciled: pd.DataFrame = field(default_factory=_no_reconciled)
    """Where several records tell of the same thing and differ: one row a record that does not stand; see
    `event_logs.shapes.settle.RECONCILED`."""
    notices: pd.DataFrame = field(default_factory=_no_notices)
    """What was seen in the values of records that are used; see `event_logs.account.notices`."""
    unknown_codes: pd.DataFrame = field(default_factory=pd.DataFrame)
    """The unknown codes that stand most often; see `event_logs.quarantine.Records.unknown_codes`."""
    findings: Findings | None = None
    """Everything the rules found, record by record."""
    facts: Facts | None = None
    """What the rules looked at."""


class NothingUsableError(InputError):
    """Every child or every episode is quarantined; the quarantine says why, record by record."""

    def __init__(self, problem: Problem, quarantine: pd.DataFrame, ledger: pd.DataFrame) -> None:
        super().__init__(problem)
        self.quarantine = quarantine
        self.ledger = ledger


def derive(
    project: Project, *, quarantine: Path | None = None, advance: Callable[[int, int], None] | None = None
) -> Derivation:
    """The event log of a council's records, with quarantine and ledger.

    Every record is used, quarantined with all its reasons, or ignored by a named rule, and the counts are checked to
    add up. The outcome does not depend on the order of rows. A record of a child or episode whose own row is
    quarantined is quarantined too. Raises InputError, for all tables at once, when a file is missing, empty, without
    records, not in the declared encoding, or lacks a column; and NothingUsableError when no episode is left, the
    quarantine written to the file `quarantine` first, where one is given. `advance` is called with how many steps are
    done and of how many: one for each table to read, and three for what follows.
    """
    from event_logs.account import notices, stop_if_unusable
    from event_logs.data_quality.completeness import completeness
    from event_logs.notes import derivation_notes
    from event_logs.shapes.assemble import assemble
    from event_logs.shapes.inputs import read_inputs
    from event_logs.shapes.judged import replaced, with_pseudonyms

    names = _pseudonyms(project)  # a missing key is told before anything is read
    files = project.sources_in_order()
    steps = len(files) + 3
    told = advance or (lambda done, total: None)
    inputs, notes = read_inputs(project, lambda done: told(done, steps))
    made = assemble(project, inputs, lambda done: told(len(files) + done, steps))
    told(steps - 1, steps)
    stop_if_unusable(made.records)
    refused = pd.concat([records.quarantined() for records in made.records], ignore_index=True)
    ledger = _ledger(made)
    if made.cases.empty:
        raise _nothing_usable(refused, ledger, quarantine)
    cases, events, reconciled = made.cases, made.events, made.reconciled
    facts, findings, outcomes = made.facts, made.findings, made.reviews
    if names is not None:
        cases, events, reconciled = (replaced(frame, names) for frame in (cases, events, reconciled))
        facts, findings = with_pseudonyms(facts, findings, names)
        outcomes = None if outcomes is None else replaced(outcomes, names)
    ranks = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
    log = EventLog.of(events[["case", "activity", "date"]], project.window, cases=cases, ranks=ranks)
    read = {item.name + str(item.number): item.records for item in inputs}
    return Derivation(
        log=log,
        quarantine=refused,
        ledger=ledger,
        notes=(*derivation_notes(log, read, outcomes), *notes, *made.notes, *_disagreements(reconciled)),
        data_quality=completeness(log, outcomes),
        warnings=findings.warnings,
        reconciled=reconciled,
        notices=notices(made.records),
        unknown_codes=_unknown_codes(made.records),
        findings=findings,
        facts=facts,
    )


def write_quarantine(derivation: Derivation | NothingUsableError, path: Path) -> None:
    """Write the quarantined rows as CSV in UTF-8; text that a spreadsheet would run as a formula is made inert."""
    from event_logs.packed import replacing
    from event_logs.quarantine import inert

    with replacing(path) as file:
        inert(derivation.quarantine).to_csv(file, index=False, encoding="utf-8", lineterminator="\n")


def _ledger(made: Assembled) -> pd.DataFrame:
    from event_logs.shapes.cells import ledger_of_cells

    lines = []
    for item in made.inputs:
        lines.append({**item.records.ledger(), "section": item.name})
        cells = ledger_of_cells([one for one in made.cells if one.tracker is item])
        lines += [] if cells is None else [{**cells, "section": item.name}]
    table = pd.DataFrame(lines)
    counts = [str(name) for name in table if name not in ("file", "section")]
    table[counts] = table[counts].fillna(0).astype("int64")  # a rule that a file knows nothing of counts 0
    return table[["file", *counts, "section"]]


def _unknown_codes(records: Sequence[Records]) -> pd.DataFrame:
    found = [one.unknown_codes() for one in records if one.has_unknown_codes]
    return pd.concat(found, ignore_index=True) if found else records[0].unknown_codes()


def _disagreements(reconciled: pd.DataFrame) -> list[str]:
    """One sentence for each thing on which records disagree."""
    from event_logs.values.remarks import counted

    counts = reconciled.groupby(["what", "rule"], sort=True).size().rename("count").reset_index()
    return [
        f"{what}: {counted(count, 'record tells', 'records tell')} another thing than the one that stands; {rule}."
        for what, rule, count in zip(counts["what"], counts["rule"], counts["count"], strict=True)
    ]


def _nothing_usable(refused: pd.DataFrame, ledger: pd.DataFrame, path: Path | None) -> NothingUsableError:
    first = refused.iloc[0] if len(refused) else None
    file = str(first["file"]) if first is not None else str(ledger["file"].iloc[0])
    place = f"line {first['row']}" if first is not None else ""
    problem = f"no child's episode can be used: {len(refused):,} rows of all files are quarantined"
    remedy = "Check date_format, missing and codes in the project file, or export the tables again"
    if path is not None:
        remedy = f"Look at {path}, which says for each row why. {remedy}"
    error = NothingUsableError(Problem(file, place, problem, remedy), refused, ledger)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_quarantine(error, path)
    return error


def _pseudonyms(project: Project) -> Pseudonyms | None:
    """The pseudonyms of the project, with its key from outside its folder; None if it wants none."""
    from event_logs.pseudonyms import Pseudonyms, default_key_path, load_key

    if project.pseudonyms is None:
        return None
    path = project.pseudonyms.key
    file = default_key_path(project.name) if path is None else project.folder / Path(path).expanduser()
    return Pseudonyms(load_key(file, project_folder=project.folder), project.name)
