"""Event logs that come as tables, whoever wrote them: which columns, which dates, and what cannot be read."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from event_logs.errors import InputError, Problem
from event_logs.lifecycle import START_COLUMN
from event_logs.log import EVENT_COLUMNS
from event_logs.packed import read_bytes
from event_logs.project import nearest
from event_logs.quarantine import parse_dates
from event_logs.sources.delimited import parse_table
from event_logs.xes import without_offset

_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?\s*(?:Z|z|[+-]\d{2}:?\d{2})?"
_DELIMITERS = ",;\t|"
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class LogColumns:
    """Which columns of a table hold the case, the activity and the timestamp; every other is an event attribute.

    What is None is the one column with a customary name, whatever its capitals and spaces: a "Case ID" is a case.
    """

    case: str | None = None
    activity: str | None = None
    timestamp: str | None = None
    """When the event was done."""
    start: str | None = None
    """When work on it began; where the timestamp is named and this is not, the log does not say."""
    resource: str | None = None
    """Who did it; None for no column but one called `resource` already. A "user" may be who is served."""


_OURS = {"case": "case", "activity": "activity", "timestamp": "date"}
_XES = {"case": "case:concept:name", "activity": "concept:name", "timestamp": "time:timestamp"}
_CUSTOMARY = {
    "case": ("case", "caseid"),
    "activity": ("activity", "task"),
    "timestamp": ("date", "timestamp", "endtime", "endtimestamp", "completetimestamp"),
    "start": ("start", "starttime", "starttimestamp"),
}
"""Further column names taken without being told: those that simulation and mining tools write."""
_NAMES = {"timestamp": "date"}
"""What a role's column is called here, where not as the role."""


def csv_events(
    path: Path, columns: LogColumns | None, date_format: str | None, notes: list[str] | None = None
) -> pd.DataFrame:
    """The events of a delimited file, packed (.gz) or not: `case`, `activity`, `date`, then attributes as text.

    The delimiter is the one of , ; tab | that cuts the header into most columns. What is to be known of how it was read
    is added to `notes`. Raises InputError with everything that is wrong at once.
    """
    told = notes if notes is not None else []
    data = read_bytes(path)
    table = parse_table(data, path.name, encoding="utf-8", delimiter=_delimiter(data))
    named = _resolved(columns, table.columns, path.name)
    blank = table.blank
    wrong = ~blank & (table.fields != len(table.columns))

    def place(mask: npt.NDArray[np.bool_]) -> str:
        return _listed("line", table.line[mask])

    problems = []
    if wrong.any():
        problem = f"{int(wrong.sum()):,} records do not have the {len(table.columns)} fields of the header"
        problems.append(Problem(path.name, place(wrong), problem, "Correct the records or export the file again"))
    frame = table.cells.apply(lambda cells: cells.str.strip())
    frame = frame.mask(frame == "")
    return _typed(frame, columns, named, date_format, _Source(path.name, place, ~blank & ~wrong, problems, told))


def parquet_events(
    table: pa.Table, path: Path, columns: LogColumns | None, date_format: str | None, notes: list[str] | None = None
) -> pd.DataFrame:
    frame = table.to_pandas()
    if frame.empty:
        raise InputError(Problem(path.name, "", "the log holds no events", "Export it again"))
    told = notes if notes is not None else []
    named = _resolved(columns, [str(name) for name in frame.columns], path.name)

    def place(mask: npt.NDArray[np.bool_]) -> str:
        return _listed("row", np.flatnonzero(mask) + 1)

    return _typed(
        frame, columns, named, date_format, _Source(path.name, place, np.ones(len(frame), dtype=bool), [], told)
    )


@dataclass(frozen=True)
class _Source:
    """Where the rows of a table come from, for messages."""

    file: str
    place: Callable[[npt.NDArray[np.bool_]], str]
    sound: npt.NDArray[np.bool_]
    """Which rows are records at all."""
    problems: list[Problem]
    """What is wrong so far."""
    notes: list[str]
    """What is to be told."""

    def tell(self, note: str) -> None:
        self.notes.append(f"{self.file}: {note}.")


def _typed(
    frame: pd.DataFrame, columns: LogColumns | None, named: dict[str, str], date_format: str | None, source: _Source
) -> pd.DataFrame:
    """The rows as events; InputError with everything that is missing or unreadable."""
    problems = list(source.problems)
    for role in _OURS:
        bare = source.sound & frame[named[role]].isna().to_numpy()
        if bare.any():
            problem = f"{int(bare.sum()):,} of {int(source.sound.sum()):,} records have no value in {named[role]!r}"
            problems.append(Problem(source.file, source.place(bare), problem, "Complete the records or take them out"))
    wanted = columns or LogColumns()
    if wanted.start is None:
        named = _with_customary_start(frame, wanted, named, date_format, source)
    dates = {
        named[role]: _instants_of(frame[named[role]], named[role], date_format, source, problems)
        for role in ("timestamp", "start")
        if role in named
    }
    if problems:
        raise InputError(problems)
    _tell_of(wanted, named, dates, source)
    own = {column: _NAMES.get(role, role) for role, column in named.items()}
    ours = {role: named[role] for role in _OURS} == _OURS
    kept = {*EVENT_COLUMNS, START_COLUMN, *own.values()} - ({"rank"} if ours else set())
    others: dict[str, str] = {}
    for name in map(str, frame.columns):
        if name in kept and name not in own:
            others[name] = _free(f"{name}_", {*map(str, frame.columns), *others.values()})
    frame = frame.assign(**dates).rename(columns=own | others)
    return frame[source.sound].reset_index(drop=True)


def _free(name: str, taken: Set[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)


def _with_customary_start(
    frame: pd.DataFrame, wanted: LogColumns, named: dict[str, str], date_format: str | None, source: _Source
) -> dict[str, str]:
    """The roles with the start, where one column is called so and holds dates; if not, it is said why not."""
    likely = _customary("start", list(map(str, frame.columns)), named) if wanted.timestamp is None else []
    if len(likely) > 1:
        both = " and ".join(map(repr, likely))
        source.tell(f"{both} could both say when work began, so neither is taken; say which with --start")
    if len(likely) != 1:
        return named
    column, problems = likely[0], list[Problem]()
    dates = _instants_of(frame[column], column, date_format, source, problems)
    if problems or not dates.notna().any():
        why = problems[0].problem if problems else f"there are no values in {column!r}"
        source.tell(f"{column!r} is not taken for the start of work: {why}")
        return named
    return named | {"start": column}


def _tell_of(wanted: LogColumns, named: dict[str, str], dates: dict[str, Any], source: _Source) -> None:
    """Which columns were taken for their names, and starts that cannot be."""
    taken = {role: name for role, name in named.items() if getattr(wanted, role) is None}
    if not taken.items() <= _OURS.items() and not taken.items() <= _XES.items():
        source.tell("columns taken by their names: " + ", ".join(f"{role} {name!r}" for role, name in taken.items()))
    if "start" in named:
        late = source.sound & (dates[named["start"]] > dates[named["timestamp"]]).to_numpy()
        if late.any():
            source.tell(
                f"{source.place(late)}: {int(late.sum()):,} of {int(source.sound.sum()):,} events begin after they are "
                "done; work on them is taken to take no time"
            )


def _instants_of(
    dates: pd.Series[Any], column: str, date_format: str | None, source: _Source, problems: list[Problem]
) -> pd.Series[pd.Timestamp]:
    """The column as datetimes without offset; what cannot be read is added to `problems`."""
    if pd.api.types.is_datetime64_any_dtype(dates):
        return dates.dt.tz_localize(None) if dates.dt.tz is not None else dates
    text = dates.astype("str")
    parsed = parse_log_dates(text, date_format, source.file)
    bad = source.sound & (parsed.isna() & text.notna()).to_numpy()
    if bad.any():
        problems.append(_unreadable(text[bad], column, date_format, source, bad))
    return parsed


def _unreadable(
    values: pd.Series[str],
    column: str,
    date_format: str | None,
    source: _Source,
    bad: npt.NDArray[np.bool_],
) -> Problem:
    wanted = f"in the format {date_format!r}" if date_format else "an ISO 8601 date such as 2024-07-31"
    problem = f"{len(values):,} values in {column!r} are not {wanted}, first {values.iloc[0]!r}"
    remedy = 'Say how the dates are written, for example --format "%d/%m/%Y" for 31/07/2024'
    return Problem(source.file, f"{source.place(bad)}, column {column!r}", problem, remedy)


def parse_log_dates(values: pd.Series[str], date_format: str | None, file: str) -> pd.Series[pd.Timestamp]:
    """Dates as written, without offset; NaT for what is not exactly in the format."""
    if date_format is None:
        shaped = values.where(values.str.fullmatch(_ISO).fillna(False).astype(bool))
        return _from_iso(without_offset(shaped))
    if "%z" in date_format:
        date_format, values = date_format.replace("%z", "").rstrip(), without_offset(values)
    try:
        return parse_dates(values, date_format)
    except ValueError as error:
        remedy = 'Give a format such as --format "%d/%m/%Y"'
        raise InputError(Problem(file, "--format", f"the format cannot be used: {error}", remedy)) from None


def _from_iso(values: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(values, format="ISO8601", errors="coerce").astype("datetime64[us]")


def _resolved(columns: LogColumns | None, found: Sequence[str], file: str) -> dict[str, str]:
    """The column of each role; InputError with all that are not there, the columns found and the options to give."""
    wanted = asdict(columns or LogColumns())
    given = {role: name for role, name in wanted.items() if name is not None}
    named = next((whole for known in (_OURS, _XES) if set((whole := known | given).values()) <= set(found)), given)
    for role in _OURS:
        likely = _customary(role, found, named)
        if role not in named and len(likely) == 1:
            named = named | {role: likely[0]}
    problems = [
        _not_there(role, wanted[role], found, file)
        for role in wanted
        if named.get(role) not in found and (role in _OURS or role in named)
    ]
    for name in dict.fromkeys(named.values()):
        roles = [role for role, column in named.items() if column == name]
        if len(roles) > 1:
            problem = f"the column {name!r} cannot be the {' and the '.join(roles)} at once"
            role = next((role for role in reversed(roles) if role in given), roles[1])
            problems.append(Problem(file, "line 1", problem, f"Give --{role} with another column"))
    if problems:
        raise InputError(problems)
    return named


def _customary(role: str, found: Sequence[str], named: Mapping[str, str]) -> list[str]:
    """The columns with a customary name for it that are not taken for another."""
    bare = {name: re.sub(r"[ _.-]", "", name.casefold()) for name in found if name not in named.values()}
    return [name for name, plain in bare.items() if plain in _CUSTOMARY[role]]


def _not_there(role: str, name: str | None, found: Sequence[str], file: str) -> Problem:
    likely = _customary(role, found, {})
    if len(likely) > 1 and name is None:
        problem = f"{' and '.join(map(repr, likely))} could both be the {role}"
        return Problem(file, "line 1", problem, f'Say which one, for example --{role} "{likely[0]}"')
    near = nearest(name or role, found, 1) or [column for column in found if role in column.casefold()][:1]
    problem = f"there is no column {name!r}" if name else f"it is not said which column is the {role}"
    problem += f"; the columns are: {', '.join(found)}"
    remedy = f'Give --{role} "{near[0]}"' if near else f"Give --{role} with one of them"
    return Problem(file, "line 1", problem, remedy)


def _delimiter(data: bytes) -> str:
    """The delimiter that cuts the header line into most columns; the comma if none does."""
    header = next((line for line in data[:100_000].splitlines() if line.strip()), b"").decode("utf-8", "replace")
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _listed(word: str, numbers: npt.NDArray[np.int64]) -> str:
    """ "line 3" or "lines 3, 7, 9, ..." with the first few only."""
    shown = ", ".join(str(number) for number in numbers[:_SHOWN])
    more = ", ..." if len(numbers) > _SHOWN else ""
    return f"{word} {shown}" if len(numbers) == 1 else f"{word}s {shown}{more}"
