"""The same thing told twice, and differently: a list for the team, never a silent winner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, eq=False)
class Statement:
    """What one file says of one detail, such as the sex of each child."""

    file: str
    what: str
    """The detail; only statements on the same detail are compared."""
    who: pd.Series[str]
    """Whom or what it is said of: an id a row."""
    value: pd.Series[str]
    """What is said, in the same order."""
    line: npt.NDArray[np.int64]
    """Where it stands in the file."""


def contradictions(statements: Iterable[Statement]) -> pd.DataFrame:
    """Every statement on whatever two files, or two rows of one, tell differently; empty where all agree.

    One row a statement: `what`, `who`, `file`, `line`, `value`, sorted. A missing value says nothing. Nothing is put
    right: which of them is true is for those who know the child.
    """
    columns = ["what", "who", "file", "line", "value"]
    parts = [
        pd.DataFrame(
            {
                "what": said.what,
                "who": said.who.to_numpy(dtype=object),
                "file": said.file,
                "line": np.asarray(said.line, dtype=np.int64),
                "value": said.value.to_numpy(dtype=object),
            }
        )
        for said in statements
    ]
    types = {"what": "str", "who": "str", "file": "str", "line": "int64", "value": "str"}
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    told = told.astype(types).dropna(subset=["who", "value"])
    different = told.groupby(["what", "who"])["value"].transform("nunique") > 1
    return told[different].sort_values(columns, ignore_index=True)


def summary(found: pd.DataFrame) -> tuple[str, ...]:
    """One sentence a detail: for how many the files disagree; without an id or a value."""
    notes = []
    for what, rows in found.groupby("what", sort=True):
        files = " and ".join(sorted(rows["file"].unique()))
        count = rows["who"].nunique()
        notes.append(
            f"{what}: {files} {'disagree' if ' and ' in files else 'disagrees with itself'} on {count:,} of them."
        )
    return tuple(notes)
