"""Finding the columns that a project names in the columns that a table has: by name, never by position."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from event_logs.errors import InputError, Problem
from event_logs.sources.table import TextTable

Aliases = Mapping[str, "str | Sequence[str]"]


def named(table: TextTable, wanted: Sequence[str], aliases: Aliases | None = None, section: str = "") -> TextTable:
    """The table with its columns under the names that the project uses for them.

    A wanted column is the one of exactly that name; else of one of its aliases; else of that name or an alias written
    with other case, spaces, hyphens or underscores. What was renamed is said in `found`. Raises InputError with every
    wanted column that is missing, and the nearest names, or that two columns could be.
    """
    problems, renamed = [], {}
    for name in dict.fromkeys(wanted):
        other = (aliases or {}).get(name, ())
        matches = _matches(name, [other] if isinstance(other, str) else list(other), table.columns)
        if len(matches) > 1:
            both = " and ".join(repr(match) for match in matches)
            problem = f"the column {name!r} could be {both}"
            problems.append(Problem(table.file, _place(table), problem, "Take one of them out, or name it exactly"))
        elif not matches:
            problems.append(_missing(table, name, section))
        elif matches[0] != name:
            renamed[matches[0]] = name
    if problems:
        raise InputError(problems)
    if not renamed:
        return table
    taken = [name for name in renamed.values() if name in table.columns]
    assert not taken, "a column of exactly the wanted name comes first"
    found = tuple(f"the column {old!r} was read as {new!r}" for old, new in renamed.items())
    return replace(table, cells=table.cells.rename(columns=renamed), found=(*table.found, *found))


def folded(name: str) -> str:
    """A column name without case, spaces and their like.

    >>> folded("Child ID") == folded(" child_id")
    True
    """
    return re.sub(r"[\s_\-.]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def _matches(name: str, aliases: Sequence[str], columns: Sequence[str]) -> list[str]:
    if name in columns:
        return [name]
    if exact := [alias for alias in aliases if alias in columns]:
        return exact
    keys = {folded(alias) for alias in (name, *aliases)}
    return [column for column in columns if folded(column) in keys]


def _missing(table: TextTable, column: str, section: str) -> Problem:
    near = _nearest(column, table.columns)
    hint = f"the nearest is {near[0]!r}" if near else f"it has: {', '.join(table.columns)}"
    where = f" under [{section}]" if section else ""
    remedy = f"Add the column, or name the right one{where} in the project file"
    if len(table.columns) == 1:
        remedy += ". The header has one column only: is `delimiter` under [reading] right?"
    return Problem(table.file, _place(table), f"there is no column {column!r}; {hint}", remedy)


def _place(table: TextTable) -> str:
    return f"sheet {table.sheet!r}" if table.sheet else "line 1"


def _nearest(word: str, known: Sequence[str]) -> list[str]:
    by_fold = {folded(name): name for name in known}
    found = difflib.get_close_matches(folded(word)[:80], list(by_fold), n=3, cutoff=0.6)
    return [by_fold[name] for name in found]
