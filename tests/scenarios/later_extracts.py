"""A synthetic council twice: its records of today, and those of some years later, with or without a change since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Change, Council, simulate_council
from event_logs.synthetic.project_file import PROJECT_FILE, project_text
from event_logs.synthetic.tables import Writing, extract, write_tables


def write_later(folder: Path, council: Council, seed: int, change: Change | None, *, years: int) -> Path:
    """Case records and project file of the same council `years` after its extraction date."""
    journeys = simulate_council(council, seed, change)
    day = council.extraction_date.replace(year=council.extraction_date.year + years)
    then = replace(council, extraction_date=day, years=council.years + years)
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(extract(replace(journeys, council=then)).tables, folder, Writing())
    (folder / PROJECT_FILE).write_text(project_text(then, Writing()), encoding="utf-8", newline="\n")
    return folder


def later(folder: Path, council: Council, seed: int, change: Change | None, *, years: int) -> EventLog:
    """The event log of `write_later`."""
    return derive(load_project(write_later(folder, council, seed, change, years=years))).log
