"""The extract of some years later: what became of a council's children, with or without a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from event_logs.synthetic.council import Change, Council
from event_logs.synthetic.journeys import simulate_council
from event_logs.synthetic.project_file import PROJECT_FILE, project_text
from event_logs.synthetic.tables import Writing, extract, write_tables


def generate_later(directory: Path, council: Council, seed: int, change: Change | None = None, *, years: int) -> Path:
    """Write the case records and the project file of the same council `years` after its extraction date.

    The children are those of `generate` with the same seed; a `change` applies from the day after the first extract
    on. Returns the project file. Raises ValueError for years beyond the council's horizon, where nothing is known.
    """
    if years * 365 > council.horizon_days:
        raise ValueError(f"years must lie within the horizon of {council.horizon_days} days, got {years}")
    journeys = simulate_council(council, seed, change)
    day = council.extraction_date.replace(year=council.extraction_date.year + years)
    then = replace(council, extraction_date=day, years=council.years + years)
    writing = Writing()
    directory.mkdir(parents=True, exist_ok=True)
    write_tables(extract(replace(journeys, council=then)).tables, directory, writing)
    project = directory / PROJECT_FILE
    project.write_text(project_text(then, writing), encoding="utf-8", newline="\n")
    return project
