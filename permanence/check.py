"""The data-quality report of a project: one page, and the tables behind it as CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from event_logs.data_quality import QualityReport, quality_report, read_history
from event_logs.derive import Derivation, derive, write_quarantine
from event_logs.project import Project, load_project
from event_logs.quarantine import inert
from event_logs.rules import remaining
from permanence import wording
from permanence.files import complete_files, write_text
from permanence.pages import environment
from permanence.progress import Advance
from permanence.quality_topics import topics

PAGE = "data_quality.html"
QUARANTINE = "quarantine.csv"
HISTORY = "data_quality_history.csv"


def check(
    project_path: Path, out: Path | None = None, *, earlier: Path | None = None, advance: Advance | None = None
) -> list[Path]:
    """Write the data-quality report of a project into a folder; returns the files, the page first.

    `out` is PROJECT/run if it is not given. `earlier` is the data_quality_history.csv of an earlier report; without
    it the one already in the folder is taken, so that checking each extract into one folder gives the trend. The page
    is for the council's own use: it names files, lines and episodes. Raises InputError for a project or files that
    cannot be used, and for records that a rule of severity E stops.
    """
    project = load_project(project_path)
    folder = out or project.folder / "run"
    before = earlier or folder / HISTORY
    history = read_history(before) if earlier is not None or before.is_file() else None
    derivation = derive(project, advance=advance)
    if derivation.facts is None or derivation.findings is None:
        raise ValueError("the derivation holds no facts; make it with event_logs.derive")
    facts, findings = remaining(derivation.facts, derivation.findings)
    report = quality_report(
        derivation.log,
        facts,
        findings,
        account=(derivation.ledger, derivation.quarantine),
        earlier=history,
        unknown_codes=derivation.unknown_codes,
    )
    names = [PAGE, QUARANTINE, *(f"data_quality_{field.name}.csv" for field in fields(report))]
    with complete_files(folder) as scratch:
        write_text(scratch / PAGE, page(project, derivation, report))
        write_quarantine(derivation, scratch / QUARANTINE)
        for field in fields(report):
            _write_table(scratch / f"data_quality_{field.name}.csv", getattr(report, field.name))
    return [folder / name for name in names]


def page(project: Project, derivation: Derivation, report: QualityReport) -> str:
    """The report as one HTML text that needs nothing else; the same arguments give the same text."""
    templates = environment()
    log = derivation.log
    return templates.get_template("data_quality.html.j2").render(
        name=project.name,
        synthetic=(project.folder / "truth.json").is_file(),
        extraction=wording.date(f"{log.window.end:%Y-%m-%d}"),
        since=wording.date(f"{log.window.start:%Y-%m-%d}"),
        episodes=f"{len(log.cases):,}",
        open_episodes=f"{log.open_cases:,}",
        rows_read=f"{int(derivation.ledger['rows_read'].sum()):,}",
        first=first_sentences(report),
        topics=topics(report, ledger=derivation.ledger, quarantine=derivation.quarantine, notes=derivation.notes),
    )


def first_sentences(report: QualityReport) -> Sequence[dict[str, str]]:
    """What to take to the team first: how many children, what, what to do, where."""
    return [
        {
            "count": _counted(int(row["children"]), int(row["records"])),
            "what": str(row["what"]),
            "advice": str(row["advice"]),
            "where": str(row["where"]),
        }
        for row in report.first.to_dict("records")
    ]


def _counted(children: int, records: int) -> str:
    """How many children are touched, or, where that is not known, how many records."""
    if children:
        return f"{children:,} {'child' if children == 1 else 'children'}"
    return f"{records:,} {'record' if records == 1 else 'records'}"


def _write_table(path: Path, table: pd.DataFrame) -> None:
    """A table as CSV in UTF-8, dates without time, texts that a spreadsheet would run made inert."""
    text = inert(table).to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
    write_text(path, text)
