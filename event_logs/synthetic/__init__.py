"""What would a council's records look like if its process were known?

Synthetic case records of a council of Edinburgh's size, with the truth that was planted in them. No record is of a
real child.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_logs.synthetic.council import CHANGES, Change, Council, Law
from event_logs.synthetic.journeys import Journeys, population, run, simulate_council
from event_logs.synthetic.mess import WRITING, Mess, make_messy
from event_logs.synthetic.project_file import PROJECT_FILE, project_text
from event_logs.synthetic.tables import extract, write_tables
from event_logs.synthetic.truth import truth, visits

__all__ = [
    "CHANGES",
    "Change",
    "Council",
    "Generated",
    "Journeys",
    "Law",
    "generate",
    "simulate_council",
    "visits",
]


@dataclass(frozen=True)
class Generated:
    """What was written."""

    directory: Path
    project: Path
    """The project file."""
    paths: Mapping[str, Path]
    """Every file by name without ending: the six tables, `permanence`, `truth`, and `mess` where there is any."""
    rows: Mapping[str, int]
    """Rows of each table, without the header."""
    truth: Mapping[str, Any]
    """The content of truth.json."""
    mess: Mapping[str, Any]
    """The content of mess.json; no faults for level "none", where the file is not written."""


def generate(directory: Path, *, council: Council | None = None, seed: int = 1, mess: Mess = "none") -> Generated:
    """Write a council's case records, its project file and the planted truth into `directory` (made if need be).

    The same arguments give the same bytes. `mess` plants the faults of real extracts: "some" dates, blanks and
    duplicates; "swift" also ends before starts, unknown codes and episodes, impossible dates, a total row and names
    in Windows encoding; mess.json lists them. Raises ValueError for another `mess`, and OSError where the directory
    cannot be written.
    """
    if mess not in WRITING:
        raise ValueError(f"mess must be one of {', '.join(WRITING)}, got {mess!r}")
    council = Council() if council is None else council
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    children, entries, streams = population(council, seed)
    journeys = run(council, children, entries, streams, change=None)
    writing = WRITING[mess]
    messy = make_messy(extract(journeys, date_format=writing.date_format), mess, seed)
    planted = truth(journeys, children, entries, streams)
    paths = write_tables(messy.tables, directory, writing)
    paths["permanence"] = directory / PROJECT_FILE
    paths["permanence"].write_text(project_text(council, writing), encoding="utf-8", newline="\n")
    documents = {"truth": planted} | ({"mess": messy.faults} if mess != "none" else {})
    for name, content in documents.items():
        paths[name] = directory / f"{name}.json"
        text = json.dumps(content, indent=2, ensure_ascii=False)
        paths[name].write_text(text + "\n", encoding="utf-8", newline="\n")
    return Generated(
        directory=directory,
        project=paths["permanence"],
        paths=paths,
        rows={name: len(table) for name, table in messy.tables.items()},
        truth=planted,
        mess=messy.faults,
    )
