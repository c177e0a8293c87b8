"""The faults of real extracts, planted in known numbers at known lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from event_logs.synthetic.streams import Ints, generator
from event_logs.synthetic.tables import Extract, Writing

Mess = Literal["none", "some", "swift"]

MISSING = ("", "n/k", "-", "NULL")
TOTAL = "Total"
_UK = "%d/%m/%Y"
WRITING: Mapping[Mess, Writing] = {
    "none": Writing(),
    "some": Writing(date_format=_UK, missing=MISSING),
    "swift": Writing(encoding="cp1252", date_format=_UK, missing=MISSING, total_row_labels=(TOTAL,)),
}
"""How the tables of each level of mess are written."""

_DUPLICATE, _SPAN, _CODE, _IMPOSSIBLE, _STRANGER, _TOTAL = (
    "exact duplicate",
    "end before start",
    "unknown code",
    "impossible date",
    "unknown episode",
    "total row",
)
_BLANKABLE = {
    "episodes": ("end_date", "destination"),
    "legal_statuses": ("end_date",),
    "placements": ("end_date",),
    "reviews": ("outcome",),
}
_UNKNOWN_CODES = {
    "legal_statuses": ("legal_status", ("S70 OLD", "zz", "Warrant (see notes)")),
    "placements": ("placement_type", ("Fost. carer - LA", "PL99", "Respite?")),
    "reviews": ("outcome", ("TBC", "see minute", "Perm. rec'd")),
    "milestones": ("milestone", ("Perm panel (old form)", "LAM", "Form E sent")),
}
_IMPOSSIBLE_DATES = {"reviews": "review_date", "milestones": "date"}
_SHARES = {_DUPLICATE: 0.004, _SPAN: 0.002, _CODE: 0.003, _IMPOSSIBLE: 0.001, _STRANGER: 0.002}
"""Planted rows as a share of the rows of a file; always at least one."""


@dataclass(frozen=True)
class Messy:
    """The tables with their faults, and the account of them."""

    tables: Mapping[str, pd.DataFrame]
    faults: dict[str, Any]
    """The content of mess.json: `level`, `faults` (one entry a file and fault: `file`, `fault`, `count`, `lines` of
    the file, the header being line 1) and `missing_as` (file -> text -> cells written so). A row has one fault at
    most. For a duplicate the line is that of the later of the two equal rows."""


def make_messy(extract: Extract, level: Mess, seed: int) -> Messy:
    """The tables with the faults of this level; `some` has only dates, blanks and duplicates.

    A fault is never planted in a child's or an episode's own row (except as a duplicate or a total), so that the
    rows it touches are the ones listed and no others.
    """
    if level == "none":
        return Messy(extract.tables, {"level": level, "faults": [], "missing_as": {}})
    tables: dict[str, pd.DataFrame] = {}
    faults: list[dict[str, Any]] = []
    missing_as: dict[str, dict[str, int]] = {}
    for name, table in extract.tables.items():
        stream = generator(seed, f"mess {name}")
        marked = table.assign(_fault="", _place=np.arange(len(table), dtype=float))
        if name in _BLANKABLE:
            missing_as[f"{name}.csv"] = _write_blanks(marked, _BLANKABLE[name], stream)
        if level == "swift":
            _plant_in_place(name, marked, stream)
            marked = _add_strangers(name, marked, stream)
        marked = _add_duplicates(marked, stream).sort_values("_place", kind="stable", ignore_index=True)
        if level == "swift":
            marked = _add_total(marked)
        for fault in sorted(set(marked["_fault"]) - {""}):
            lines = (np.flatnonzero(marked["_fault"] == fault) + 2).tolist()
            faults.append({"file": f"{name}.csv", "fault": fault, "count": len(lines), "lines": lines})
        tables[name] = marked.drop(columns=["_fault", "_place"])
    return Messy(tables, {"level": level, "faults": faults, "missing_as": missing_as})


def _write_blanks(table: pd.DataFrame, columns: tuple[str, ...], stream: np.random.Generator) -> dict[str, int]:
    """Write empty cells in several ways; returns how many of each there are."""
    counts = dict.fromkeys(MISSING, 0)
    for column in columns:
        blank = (table[column] == "").to_numpy()
        written = np.array(MISSING, dtype=object)[stream.choice(len(MISSING), blank.sum(), p=[0.4, 0.25, 0.2, 0.15])]
        table.loc[blank, column] = written
        for text in MISSING:
            counts[text] += int((written == text).sum())
    return counts


def _plant_in_place(name: str, table: pd.DataFrame, stream: np.random.Generator) -> None:
    """Spoil some rows: spans that end before they start, unknown codes, dates that no calendar has."""
    if name in ("legal_statuses", "placements"):
        start, end = table["start_date"].astype("str"), table["end_date"].astype("str")
        both = end.str.match(r"\d\d/\d\d/\d{4}") & (start != end)
        rows = _free_rows(table, _SPAN, stream, both.to_numpy())
        table.loc[rows, "start_date"], table.loc[rows, "end_date"] = end[rows], start[rows]
    if name in _UNKNOWN_CODES:
        column, codes = _UNKNOWN_CODES[name]
        rows = _free_rows(table, _CODE, stream)
        table.loc[rows, column] = np.array(codes, dtype=object)[stream.integers(0, len(codes), len(rows))]
    if name in _IMPOSSIBLE_DATES:
        rows = _free_rows(table, _IMPOSSIBLE, stream)
        years = table.loc[rows, _IMPOSSIBLE_DATES[name]].astype("str").str[-4:]
        table.loc[rows, _IMPOSSIBLE_DATES[name]] = "31/02/" + years


def _free_rows(table: pd.DataFrame, fault: str, stream: np.random.Generator, allowed: np.ndarray | None = None) -> Ints:
    """Choose rows without a fault and mark them with this one."""
    free = (table["_fault"] == "").to_numpy()
    candidates = np.flatnonzero(free if allowed is None else free & allowed)
    count = min(len(candidates), max(1, round(_SHARES[fault] * len(table))))
    rows = np.sort(stream.choice(candidates, count, replace=False))
    table.loc[rows, "_fault"] = fault
    return np.asarray(rows, dtype=np.int64)


def _add_strangers(name: str, table: pd.DataFrame, stream: np.random.Generator) -> pd.DataFrame:
    """Milestones of episodes that the extract does not hold."""
    if name != "milestones":
        return table
    rows = stream.choice(np.flatnonzero(table["_fault"] == ""), max(1, round(_SHARES[_STRANGER] * len(table))))
    strangers = table.loc[np.sort(rows)].assign(_fault=_STRANGER)
    strangers["episode_id"] = [f"E{900001 + number}" for number in range(len(strangers))]
    strangers["_place"] += 0.25
    return pd.concat([table, strangers], ignore_index=True)


def _add_duplicates(table: pd.DataFrame, stream: np.random.Generator) -> pd.DataFrame:
    """Rows that stand twice, some side by side and some far apart."""
    free = np.flatnonzero(table["_fault"] == "")
    rows = np.sort(stream.choice(free, max(1, round(_SHARES[_DUPLICATE] * len(table))), replace=False))
    copies = table.loc[rows].assign(_fault=_DUPLICATE)
    far = stream.random(len(rows)) < 0.5
    copies["_place"] += np.where(far, stream.uniform(1, 300, len(rows)), 0.5)
    return pd.concat([table, copies], ignore_index=True)


def _add_total(table: pd.DataFrame) -> pd.DataFrame:
    """The row that a report writer leaves at the foot of a table: the label, and how many rows there are."""
    columns = [column for column in table.columns if not column.startswith("_")]
    total = dict.fromkeys(columns, "") | {columns[0]: TOTAL, columns[1]: str(len(table))}
    foot = pd.DataFrame([{**total, "_fault": _TOTAL, "_place": float("inf")}])
    return pd.concat([table, foot], ignore_index=True)
