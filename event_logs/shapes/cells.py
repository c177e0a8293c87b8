"""The dates of a tracker: each is a record of its own, so that one wrong date does not cost a child's whole row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.project.shapes import Tracker
from event_logs.quarantine import Records
from event_logs.shapes.inputs import Input
from event_logs.sources import TextTable

DATES = " (dates)"
"""After a tracker's name in the ledger: the account of its dates, beside that of its rows."""


@dataclass(frozen=True, eq=False)
class CellTable(TextTable):
    """One column of a tracker as a table of its own: a record for each row that has something in it."""

    whole: TextTable | None = None
    rows: npt.NDArray[np.int64] | None = None
    """The records of the whole table."""

    def raw(self, records: npt.NDArray[np.int64]) -> list[str]:
        """The text of the whole rows."""
        assert self.whole is not None
        assert self.rows is not None
        return self.whole.raw(self.rows[records])


@dataclass(frozen=True, eq=False)
class Cells:
    """The dates in one column of a tracker."""

    item: Input
    """The column, as an input of its own."""
    tracker: Input
    activity: str
    rows: npt.NDArray[np.int64]
    """For each date the row of the tracker it stands in."""
    date: pd.Series[pd.Timestamp]


def read_cells(tracker: Input, first_number: int) -> Iterator[Cells]:
    """The dates of each milestone column, of rows that can be used; an empty cell is no record.

    The columns of the start and the end of the episode are no milestones: they belong to the row.
    """
    section, records = tracker.section, tracker.records
    assert isinstance(section, Tracker)
    for column, activity in section.columns.items():
        if activity in (v.BECAME_LOOKED_AFTER, v.CEASED):
            continue
        text = records.text(column)
        rows = np.flatnonzero(records.used & text.notna().to_numpy())
        part = _column(records.table, column, rows)
        item = Input(
            first_number,
            tracker.name,
            section,
            Records(part, records.reading, [column], records.extraction),
            tracker.year,
        )
        first_number += 1
        yield Cells(item, tracker, activity, rows, item.records.date(column))


def _column(table: TextTable, column: str, rows: npt.NDArray[np.int64]) -> CellTable:
    # The number of the row keeps two children with the same date from being taken for one record twice.
    cells = pd.DataFrame({column: table.cells[column].iloc[rows], "row": pd.Series(rows).astype("str").to_numpy()})
    return CellTable(
        file=table.file,
        cells=cells.reset_index(drop=True),
        line=table.line[rows],
        fields=np.full(len(rows), 2, dtype=np.int64),
        text=table.text,
        sheet=table.sheet,
        date1904=table.date1904,
        whole=table,
        rows=rows,
    )


def ledger_of_cells(cells: list[Cells]) -> dict[str, object] | None:
    """The account of all dates of one tracker, as one line of the ledger; None where there are no columns."""
    if not cells:
        return None
    lines = pd.DataFrame([one.item.records.ledger() for one in cells])
    counts = lines.drop(columns="file").sum().astype(int)
    return {"file": cells[0].tracker.file + DATES, **{str(name): int(count) for name, count in counts.items()}}
