"""Reading workbooks: one sheet as text, with what is hidden in it said."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from event_logs.errors import InputError, Problem
from event_logs.sources.assemble import Origin, assembled
from event_logs.sources.celltext import cell_text
from event_logs.sources.furniture import HIDDEN_ROW
from event_logs.sources.header import SAMPLE, chosen_header
from event_logs.sources.spec import Source
from event_logs.sources.table import Block, TextTable, gathered
from event_logs.sources.workbook import SheetParts, check_archive, sheet_parts, uses_1904

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
_CHUNK = 4_000
_EXCEL_BEGINS = (1900, 3)
_SHOWN = 8


def read_excel(path: Path, spec: Source, progress: Callable[[int], None] | None = None) -> TextTable:
    """One sheet of a workbook as text; cells in columns without a name are left out, and that is said.

    Text stays text; dates and times are written in ISO 8601; error values such as #N/A stay as they show. Raises
    InputError when it is not said which of several sheets to read, when a sheet has hidden rows and it is not said
    what to do with them, and before unpacking a workbook that would unfold too far.
    """
    from python_calamine import CalamineError, SheetVisibleEnum, load_workbook

    file = path.name
    if path.suffix.lower() != ".xls":
        check_archive(path)
    if path.suffix.lower() == ".ods":
        sheet_parts(path, "")  # all sheets are unfolded as soon as the file is opened
    try:
        with load_workbook(path) as book:
            visible = {meta.name: meta.visible == SheetVisibleEnum.Visible for meta in book.sheets_metadata}
            sheet, notes = _chosen_sheet(visible, spec, file)
            parts = sheet_parts(path, sheet)
            reader = _SheetReader(book.get_sheet_by_name(sheet), parts)
            return _table(reader, path, spec, _Chosen(sheet, tuple(notes)), progress)
    except CalamineError as error:
        if "password" in str(error).casefold() or type(error).__name__ == "PasswordError":
            problem, remedy = "the workbook is protected by a password", "Save it without a password"
        else:
            problem, remedy = "the workbook is damaged or no workbook", "Open it in Excel and save it again"
        raise InputError(Problem(file, "", problem, remedy)) from None


@dataclass(frozen=True)
class _Chosen:
    sheet: str
    found: tuple[str, ...]


def _chosen_sheet(visible: dict[str, bool], spec: Source, file: str) -> tuple[str, list[str]]:
    """The sheet to read, and what to say about the others."""
    listed = ", ".join(repr(name) + ("" if shown else " (hidden)") for name, shown in visible.items())
    if spec.sheet is not None:
        if spec.sheet not in visible:
            problem = f"there is no sheet {spec.sheet!r}; the sheets are: {listed}"
            raise InputError(Problem(file, "", problem, "Correct `sheet` in the project file"))
        name = spec.sheet
    elif len(visible) == 1:
        name = next(iter(visible))
    else:
        problem = f"it is not said which sheet to read; the sheets are: {listed}" if visible else "there is no sheet"
        raise InputError(Problem(file, "", problem, "Name one as `sheet` for this table in the project file"))
    notes = [f"the sheet {name!r} was read" + ("" if visible[name] else ", which is hidden")]
    hidden = [repr(other) for other, shown in visible.items() if not shown and other != name]
    if hidden:
        notes.append(f"the workbook has {len(hidden)} hidden sheets, not read: {', '.join(hidden)}")
    return name, notes


@dataclass
class _SheetReader:
    """The rows of a sheet as text, in blocks, counting on the way what a reader should know of them."""

    sheet: Any
    parts: SheetParts
    dates: Counter[int] = field(default_factory=Counter)
    timed: Counter[int] = field(default_factory=Counter)
    early: int = 0
    kinds: dict[int, set[str]] = field(default_factory=dict)

    def sample(self) -> Block:
        """The first rows, from the first that has text."""
        first = self.sheet.start[0] + 1
        rows = islice(self.sheet.iter_rows(), first - 1, first - 1 + SAMPLE)
        return [[cell_text(value) for value in row] for row in rows], list(range(first, first + SAMPLE))

    def blocks(self, after: int) -> Iterator[Block]:
        """The rows below the given one. Iterating a sheet gives its first row first, even where that is empty."""
        rows, begin = islice(self.sheet.iter_rows(), after, None), after + 1
        while part := list(islice(rows, _CHUNK)):
            lines = list(range(begin, begin + len(part)))
            yield [self._texts(row, line) for row, line in zip(part, lines, strict=True)], lines
            begin += len(part)

    def _texts(self, row: list[Any], line: int) -> list[str]:
        offset = self.sheet.start[1] + 1
        texts = []
        for at, value in enumerate(row):
            if type(value) is str:
                texts.append(value)
                if value:
                    self.kinds.setdefault(at, set()).add("text")
                continue
            texts.append(cell_text(value))
            if isinstance(value, datetime.date):
                self.dates[at] += 1
                whole = not isinstance(value, datetime.datetime)
                self.timed[at] += not whole
                self.early += (value.year, value.month) < _EXCEL_BEGINS
            elif type(value) in (float, int):
                self.kinds.setdefault(at, set()).add("number")
        if self.parts.errors:
            for at in range(len(texts)):
                if error := self.parts.errors.get((line, at + offset)):
                    texts[at] = error
        return texts


def _table(
    reader: _SheetReader, path: Path, spec: Source, chosen: _Chosen, progress: Callable[[int], None] | None
) -> TextTable:
    file, sheet = spec.name, reader.sheet
    if sheet.start is None:
        raise InputError(Problem(file, f"sheet {chosen.sheet!r}", "the sheet is empty", "Choose another sheet"))
    rows, lines = reader.sample()
    header = chosen_header((rows, lines[: len(rows)]), spec, file)
    wide: list[str] = []

    def blocks() -> Iterator[Block]:
        for part, numbers in _counted(reader.blocks(header.last), progress):
            wide.extend(map("\t".join, part))
            # All rows of a sheet are as wide as the widest; an empty one is a record without fields.
            yield [row if any(row) else [] for row in part], numbers

    body = gathered(blocks(), header)
    lengths = np.fromiter((len(text) + 1 for text in wide), dtype=np.int64, count=len(wide))
    starts = np.cumsum(lengths) - lengths
    hidden = np.isin(body.line, sorted(reader.parts.hidden_rows)) & (body.fields > 0)
    ignored = _hidden_rows(hidden, body.line, spec, file)
    suffix = path.suffix.lower()
    origin = Origin(
        file,
        "\n".join(wide),
        starts=starts,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        sheet=chosen.sheet,
        date1904=uses_1904(path) if suffix in (".xlsx", ".xlsm") else None,
        found=(*chosen.found, *_notes(reader, header.names, hidden, spec, suffix)),
        warnings=tuple(_warnings(reader, header.names)),
        ignored=ignored,
    )
    return assembled(body, header, origin, spec)


def _counted(blocks: Iterator[Block], progress: Callable[[int], None] | None) -> Iterator[Block]:
    done = 0
    for rows, lines in blocks:
        yield rows, lines
        done += len(rows)
        if progress is not None:
            progress(done)


def _hidden_rows(hidden: np.ndarray, lines: np.ndarray, spec: Source, file: str) -> dict[str, np.ndarray]:
    count = int(hidden.sum())
    if not count or spec.hidden == "read":
        return {}
    if spec.hidden == "ignore":
        return {HIDDEN_ROW: hidden}
    shown = ", ".join(str(line) for line in lines[hidden][:_SHOWN]) + (", ..." if count > _SHOWN else "")
    problem = f"{count:,} rows of the sheet are hidden, perhaps by a filter: rows {shown}"
    remedy = 'Show them in Excel, or set `hidden = "read"` or `hidden = "ignore"` for this table in the project file'
    raise InputError(Problem(file, f"rows {shown}", problem, remedy))


def _notes(
    reader: _SheetReader, names: tuple[str, ...], hidden: np.ndarray, spec: Source, suffix: str
) -> Iterator[str]:
    if hidden.any():
        done = "read like the others" if spec.hidden == "read" else 'ignored by the rule "hidden row"'
        yield f"{int(hidden.sum()):,} hidden rows were {done}"
    offset = reader.sheet.start[1] + 1
    places = [(n, n - offset) for n in sorted(reader.parts.hidden_columns)]
    covered = [names[at] or f"number {n}" for n, at in places if 0 <= at < len(names)]
    if covered:
        yield f"{len(covered)} hidden columns stand in the sheet: {', '.join(covered)}"
    if not reader.parts.known:
        yield f"whether rows or columns are hidden cannot be told in a {suffix} file"
    for at, count in sorted(reader.dates.items()):
        if at < len(names):
            timed = reader.timed[at]
            clock = f", {timed:,} of them with a time of day" if timed else ""
            yield f"column {names[at]!r}: {count:,} dates of the workbook are written as year-month-day{clock}"
    if reader.parts.errors:
        yield f"{len(reader.parts.errors):,} cells show an error such as {min(reader.parts.errors.values())}"


def _warnings(reader: _SheetReader, names: tuple[str, ...]) -> Iterator[str]:
    if reader.early:
        day = "Excel counts a day that never was"
        yield f"{reader.early:,} dates lie before 1 March 1900, where {day}: they may be one day off"
    if reader.parts.unstored:
        remedy = "open and save it in Excel"
        yield f"{reader.parts.unstored:,} formulas have no stored result and were read as empty: {remedy}"
    for at, kinds in sorted(reader.kinds.items()):
        if len(kinds) > 1 and at < len(names):
            yield f"column {names[at]!r} holds both numbers and text, so ids in it may have lost leading zeros"
