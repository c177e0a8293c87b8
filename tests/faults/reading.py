"""What the tests of faulty files share: writing a file, reading it as a source, and the four parts of a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from event_logs.errors import InputError, Problem
from event_logs.project import Reading
from event_logs.quarantine import Records
from event_logs.sources import Source, TextTable, read_source


def read(path: Path, **keys: Any) -> TextTable:
    """The file as a table, by the keys of a table section of the project file."""
    return read_source(Source(file=path.name, **keys), path.parent)


def written(folder: Path, data: str | bytes, name: str = "extract.csv", encoding: str = "utf-8") -> Path:
    """A file of the folder that holds exactly the data."""
    path = folder / name
    path.write_bytes(data.encode(encoding) if isinstance(data, str) else data)
    return path


def refusal(path: Path, **keys: Any) -> Problem:
    """The one problem for which the file is refused; it names file and remedy."""
    with pytest.raises(InputError) as caught:
        read(path, **keys)
    (problem,) = caught.value.problems
    assert path.name in problem.file
    assert problem.problem
    assert problem.remedy
    return problem


def checked(table: TextTable, columns: Sequence[str] = (), **reading: Any) -> Records:
    """The records of the table after the checks that every table gets; the ledger adds up."""
    records = Records(table, Reading(**reading), columns or table.columns)
    ledger = records.ledger()
    assert ledger["rows_read"] == len(table)
    return records


def reasons(records: Records) -> dict[int, str]:
    """Line of each quarantined record -> its reasons."""
    quarantined = records.quarantined()
    return dict(zip(quarantined["row"].tolist(), quarantined["reasons"].tolist(), strict=True))


def rows(table: TextTable) -> list[list[str]]:
    """The cells, row by row."""
    return [list(map(str, row)) for row in table.cells.to_numpy()]


def raw_lines(table: TextTable) -> list[str]:
    """The raw text of every record."""
    return table.raw(np.arange(len(table)))
