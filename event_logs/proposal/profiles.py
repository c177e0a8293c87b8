"""What stands in an extract: for each file how it is written, and for each column what kind of values it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes
from event_logs.proposal.dates import DateEvidence, date_evidence
from event_logs.proposal.gaps import Month, months
from event_logs.proposal.words import COLUMNS, FREE_TEXT, PERSONAL, is_called, similarity, step_of
from event_logs.sources import read_source
from event_logs.sources.excel import SUFFIXES as WORKBOOKS
from event_logs.sources.sniff import decoded, sniffed_delimiter, sniffed_encoding
from event_logs.sources.spec import Source
from event_logs.sources.table import TextTable

PLAINLY_MISSING = frozenset(
    ("n/k", "n.k.", "-", "--", "---", ".", "?", "??", "null", "nan", "#n/a", "<na>", "not known", "not recorded")
)
"""Texts, in small letters, that mean "not known" and are never a code."""
MISSING = PLAINLY_MISSING | {
    *("nk", "n/a", "na", "none", "nil", "unknown", "tbc", "tba", "not applicable", "not yet", "to be confirmed")
}
"""Texts that mean "not known" among dates, and may be codes elsewhere."""
_LABELS = 200
_LONG_TEXT = 40
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an extract, by what its values are."""

    name: str
    filled: int
    """How many values there are, blanks and texts for "not known" left out."""
    distinct: int
    labels: Mapping[str, int]
    """Value -> how often it stands, the most frequent first; empty where there are too many different ones."""
    missing: Mapping[str, int]
    """Texts that seem to mean "not known", as they stand."""
    dates: DateEvidence | None
    mean_length: float

    @property
    def unique(self) -> bool:
        """Whether no value stands twice, or hardly any does."""
        return self.filled > 0 and self.distinct >= 0.95 * self.filled

    @property
    def dated(self) -> bool:
        """Whether it holds dates, or nothing yet but is called like a date."""
        return self.dates is not None or (not self.filled and called_date(self.name))

    @property
    def personal(self) -> bool:
        """Whether it says who a child is, or holds free text: never proposed."""
        text = self.mean_length > _LONG_TEXT and self.distinct > 0.5 * self.filled
        named = is_called(self.name, (*PERSONAL, *FREE_TEXT)) and not is_called(self.name, COLUMNS["child"])
        return named or (text and self.dates is None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Extract:
    """One table of an extract: a file, or a sheet of a workbook."""

    path: Path
    sheet: str = ""
    encoding: str = ""
    """Empty for what is no delimited text."""
    encoding_evidence: str = ""
    ascii: bool = False
    delimiter: str = ""
    delimiter_evidence: str = ""
    header_below: bool = False
    """Whether the header is not the first line with text."""
    hidden: bool = False
    """Whether rows of the sheet are hidden."""
    found: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    total_labels: tuple[str, ...] = ()
    rows: int
    columns: tuple[Column, ...]
    outcome_months: tuple[Month, ...] = ()
    """Where there is a column of outcomes and one of dates: rows and blank outcomes by month."""

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"{self.path.name}, sheet {self.sheet!r}" if self.sheet else self.path.name

    def column(self, name: str) -> Column:
        """The column of a name."""
        return next(column for column in self.columns if column.name == name)


Progress = Callable[[str, int], None]
"""Called with the name of a file and how many records of it have been read."""


def read_extracts(paths: Sequence[Path], progress: Progress | None = None) -> list[Extract]:
    """Every table of some files; InputError with all that keeps any of them from being read."""
    problems: list[Problem] = []
    extracts: list[Extract] = []
    for path in paths:
        try:
            extracts += [_extract(path, sheet, progress) for sheet in _sheets(path)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return extracts


def _sheets(path: Path) -> list[str]:
    """The sheets of a workbook that are shown and hold something; one nameless for any other file."""
    if path.suffix.lower() not in WORKBOOKS or not path.is_file():
        return [""]
    from python_calamine import CalamineError, SheetVisibleEnum, load_workbook

    from event_logs.sources.workbook import check_archive

    if path.suffix.lower() != ".xls":
        check_archive(path)
    try:
        with load_workbook(path) as book:
            shown = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
            filled = [name for name in shown if book.get_sheet_by_name(name).start is not None]
    except CalamineError:
        return [""]  # reading it says what is wrong
    return filled or [""]


def _extract(path: Path, sheet: str, progress: Progress | None) -> Extract:
    def advance(records: int) -> None:
        if progress is not None:
            progress(path.name, records)

    encoding = delimiter = ""
    evidence: dict[str, str] = {}
    plain = False
    suffix = path.suffix.lower()
    if suffix not in (*WORKBOOKS, *_PARQUET) and path.is_file():
        data = read_bytes(path)
        if data.strip():
            encoding, evidence["encoding"] = sniffed_encoding(data, path.name)
            text = decoded(data, path.name, encoding)
            delimiter, evidence["delimiter"] = sniffed_delimiter(text, path.name)
            plain = data.isascii()
    spec = Source(file=path.name, sheet=sheet or None, encoding=encoding or None, delimiter=delimiter or None)
    table, below, hidden = _read(spec, path.parent, advance)
    kept = _records(table)
    cells = table.cells[kept]
    columns = tuple(_column(cells[name], str(name)) for name in cells)
    return Extract(
        path=path,
        sheet=sheet,
        encoding=encoding,
        encoding_evidence=evidence.get("encoding", ""),
        ascii=plain,
        delimiter=delimiter,
        delimiter_evidence=evidence.get("delimiter", ""),
        header_below=below,
        hidden=hidden,
        found=table.found,
        warnings=table.warnings,
        total_labels=_total_labels(table),
        rows=int(kept.sum()),
        columns=columns,
        outcome_months=_outcome_months(cells, columns),
    )


def _read(spec: Source, folder: Path, progress: Callable[[int], None]) -> tuple[TextTable, bool, bool]:
    """The table, whether its header had to be looked for, and whether it has hidden rows."""
    tries = [
        (spec, False, False),
        (replace(spec, header_row="auto"), True, False),
        (replace(spec, hidden="read"), False, True),
        (replace(spec, hidden="read", header_row="auto"), True, True),
    ]
    first: InputError | None = None
    for source, below, hidden in tries:
        if hidden and not spec.sheet:
            continue
        try:
            return read_source(source, folder, progress), below, hidden
        except InputError as error:
            first = first or error
    assert first is not None
    raise first


def _records(table: TextTable) -> np.ndarray:
    kept = ~table.blank & (table.fields == len(table.columns))
    for mask in table.ignored.values():
        kept &= ~mask
    return np.asarray(kept)


def _total_labels(table: TextTable) -> tuple[str, ...]:
    """The first texts of lines that are totals, as they stand."""
    mask = table.ignored.get("total row")
    if mask is None or not mask.any():
        return ()
    first = table.cells.loc[mask, table.columns[0]].str.strip()
    return tuple(sorted({text for text in first if text and not any(sign.isdigit() for sign in text)}))


def called_date(name: str) -> bool:
    """Whether a column's name promises dates.

    >>> called_date("Date accommodated"), called_date("Child ID")
    (True, False)
    """
    plain = name.casefold()
    if any(part in plain for part in ("date", "dob", "birth")):
        return True
    roles = (*COLUMNS["birth"], *COLUMNS["start"], *COLUMNS["end"], *COLUMNS["date"])
    return any(similarity(name, other) >= 0.9 for other in roles) or step_of(name) is not None


def _column(cells: pd.Series[str], name: str) -> Column:
    values = cells.str.strip()
    values = values[values != ""]
    counts = values.value_counts()
    absent = {str(text): int(count) for text, count in counts.items() if str(text).casefold() in MISSING}
    if absent:
        values = values[~values.isin(list(absent))]
        counts = counts.drop(list(absent))
    few = len(counts) <= _LABELS
    labels = sorted(((str(text), int(count)) for text, count in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    return Column(
        name=name,
        filled=len(values),
        distinct=len(counts),
        labels=dict(labels) if few else {},
        missing=absent,
        dates=date_evidence(values, called_date=called_date(name)),
        mean_length=float(values.str.len().mean()) if len(values) else 0.0,
    )


def _outcome_months(cells: pd.DataFrame, columns: Sequence[Column]) -> tuple[Month, ...]:
    outcome = next((column for column in columns if is_called(column.name, COLUMNS["outcome"])), None)
    dated = next((c for c in columns if c.dates is not None and is_called(c.name, COLUMNS["date"])), None)
    if outcome is None or dated is None or dated.dates is None:
        return ()
    text = cells[outcome.name].str.strip()
    return months(text.isin(["", *outcome.missing]), cells[dated.name].str.strip(), dated.dates.formats)
