"""What only shows when tables are compared with each other, or dates with dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from event_logs.errors import Problem
from event_logs.sources.table import TextTable

_COPY_SHARE = 0.5
_SWAPPED_SHARE = 0.5
_SWAPPED_ROWS = 10


def copies(tables: Sequence[TextTable]) -> tuple[str, ...]:
    """Sentences on files that are the same, and on files with the same header that share most of their records.

    Each of several monthly or yearly files should bring its own records; one that repeats another is a copy of it
    under a new name.
    """
    sentences = []
    hashes = [_hashes(table) for table in tables]
    for second in range(len(tables)):
        for first in range(second):
            a, b = tables[first], tables[second]
            if a.digest and a.digest == b.digest and (a.sheet == b.sheet):
                sentences.append(f"{b.file} is the same file as {a.file}")
                continue
            if sorted(a.columns) != sorted(b.columns) or not len(a) or not len(b):
                continue
            shared = int(np.isin(hashes[second], hashes[first]).sum())
            if shared > _COPY_SHARE * len(b):
                sentences.append(f"{shared:,} of {len(b):,} records of {b.file} stand in {a.file} already")
    return tuple(sentences)


def _hashes(table: TextTable) -> np.ndarray:
    if not len(table):
        return np.empty(0, dtype=np.uint64)
    return pd.util.hash_pandas_object(table.cells[sorted(table.columns)], index=False).to_numpy()


def looks_swapped(
    file: str, earlier: tuple[str, pd.Series[pd.Timestamp]], later: tuple[str, pd.Series[pd.Timestamp]]
) -> Problem | None:
    """What to tell where most records have their earlier date after the later one; nothing where they do not.

    Each argument is a column name and its dates. Ten records with both dates are needed to say anything.
    """
    both = (earlier[1].notna() & later[1].notna()).to_numpy()
    wrong = int((earlier[1].to_numpy()[both] > later[1].to_numpy()[both]).sum())
    known = int(both.sum())
    if known < _SWAPPED_ROWS or wrong <= _SWAPPED_SHARE * known:
        return None
    problem = f"the columns {earlier[0]!r} and {later[0]!r} look swapped: in {wrong:,} of {known:,} records "
    problem += f"{later[0]!r} is the earlier one"
    return Problem(file, "", problem, "Correct the two column names in the project file, or the extract")
