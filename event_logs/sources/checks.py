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
_SHOWN = 5


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


def gone_since(now: TextTable, before: TextTable, by: Sequence[str]) -> tuple[str, ...]:
    """Sentences on what an extract lacks that the one before had: records altogether, and values of columns `by`.

    A team or locality that had records in the last extract and has none now was probably filtered out.
    """
    sentences = []
    if len(now) < len(before):
        fewer = (len(before) - len(now)) / len(before)
        sentences.append(
            f"{now.file} has {len(now):,} records, {fewer:.0%} fewer than the {len(before):,} of {before.file}"
        )
    for column in by:
        if column not in now.columns or column not in before.columns:
            continue
        had = before.cells[column].str.strip().value_counts()
        have = set(now.cells[column].str.strip())
        gone = sorted(value for value in had.index if value and value not in have)
        if gone:
            parts = [f"{value!r} ({had[value]:,} records before)" for value in gone[:_SHOWN]]
            more = ", ..." if len(gone) > _SHOWN else ""
            sentences.append(f"{now.file}: no record has these values of {column!r} any more: {', '.join(parts)}{more}")
    return tuple(sentences)


def missing_months(dates: pd.Series[pd.Timestamp], what: str) -> tuple[str, ...]:
    """A sentence on the months between the first and the last date in which nothing is recorded.

    Only where a month usually has records, 5 or more in the median month, is an empty one worth saying.
    """
    months = dates.dropna().dt.to_period("M")
    if months.empty:
        return ()
    counts = months.value_counts()
    every = pd.period_range(months.min(), months.max(), freq="M")
    gone = [str(month) for month in every if month not in counts.index]
    if not gone or counts.median() < _SHOWN:
        return ()
    shown = ", ".join(gone[:12]) + (", ..." if len(gone) > 12 else "")
    are = "1 month is" if len(gone) == 1 else f"{len(gone)} months are"
    return (f"{what}: {are} without any record: {shown}",)


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
