"""Reading delimited text: every record as text, with the line it stands on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes

_CHUNK = 8_000
_UNREADABLE = -1
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, eq=False)
class TextTable:
    """A delimited file as text; nothing is converted, and no record is left out.

    `cells` has one row a record and one text column a header name. A record with too few fields is filled up with
    empty cells and one with too many is cut, so look at `fields` before trusting its cells.
    """

    file: str
    cells: pd.DataFrame
    line: npt.NDArray[np.int64]
    """The line of the file on which each record begins; the header is usually line 1."""
    fields: npt.NDArray[np.int64]
    """How many fields each record has: 0 for an empty line, -1 for one whose quotes make it unreadable."""
    text: str = field(repr=False)

    def __len__(self) -> int:
        return len(self.line)

    @property
    def columns(self) -> list[str]:
        """The header."""
        return [str(name) for name in self.cells.columns]

    @property
    def blank(self) -> npt.NDArray[np.bool_]:
        """Which records have no text in any cell."""
        blank: npt.NDArray[np.bool_] = self.fields != _UNREADABLE
        for name in self.cells:
            if not blank.any():
                break
            blank &= (self.cells[name].str.strip() == "").to_numpy(dtype=bool)
        return blank

    def raw(self, records: npt.NDArray[np.int64]) -> list[str]:
        """The text of the given records as it stands in the file, without the last line break."""
        if not len(records):
            return []
        lines = list(io.StringIO(self.text, newline=""))
        after = np.append(self.line[1:], len(lines) + 1)
        spans = zip(self.line[records], after[records], strict=True)
        return ["".join(lines[first - 1 : last - 1]).rstrip("\r\n") for first, last in spans]


def read_table(path: Path, *, encoding: str, delimiter: str) -> TextTable:
    """A delimited file with a header, as text.

    Quoted fields may hold delimiters and line breaks. Raises InputError, with all that is wrong with the header at
    once, for a file that is missing, empty, not in the encoding, without records, with two columns of one name, or
    with a quote that is never closed.
    """
    return parse_table(read_bytes(path), path.name, encoding=encoding, delimiter=delimiter)


def parse_table(data: bytes, file: str, *, encoding: str, delimiter: str) -> TextTable:
    """The same as `read_table` for bytes already read; `file` is the name used in messages."""
    text = _decode(data, file, encoding)
    if not text.strip():
        raise InputError(Problem(file, "", "the file is empty", "Export it again"))
    line_parts, field_parts, column_parts = [], [], []
    header: list[str] = []
    for rows, lines in _chunks(text, file, delimiter):
        if not header:
            at = next(i for i, row in enumerate(rows) if any(cell.strip() for cell in row))
            header = _checked_header(rows[at], file, f"line {lines[at]}")
            rows, lines = rows[at + 1 :], lines[at + 1 :]
        widths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        if (widths != len(header)).any():
            padding = [""] * len(header)
            unreadable = np.fromiter((row is _BROKEN for row in rows), dtype=bool, count=len(rows))
            widths[unreadable] = _UNREADABLE
            rows = [(row + padding)[: len(header)] for row in rows]
        line_parts.append(np.asarray(lines, dtype=np.int64))
        field_parts.append(widths)
        column_parts.append([pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if rows else None)
    line, fields = np.concatenate(line_parts), np.concatenate(field_parts)
    _check_records(fields, header, file)
    filled = [part for part in column_parts if part is not None]
    chunked = [pa.chunked_array([part[i] for part in filled]) for i in range(len(header))]
    cells = pa.Table.from_arrays(chunked, names=header).to_pandas()
    return TextTable(file, cells, line, fields, text)


_BROKEN: list[str] = []
"""Stands for a record that the csv rules cannot read; told apart by identity from an empty line."""


def _chunks(text: str, file: str, delimiter: str) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Records, and the line each begins on, in blocks: a large file never stands in memory as Python lists."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    ends = [0]
    header_seen = False
    while True:
        try:
            for row in reader:
                rows.append(row)
                ends.append(reader.line_num)
                if len(rows) >= _CHUNK and (header_seen or _has_text(rows)):
                    header_seen = True
                    yield rows, [end + 1 for end in ends[:-1]]
                    rows, ends = [], [ends[-1]]
            break
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                problem = "a quotation mark opened in this record is never closed"
                remedy = "Close the quotation mark, or export the file again"
                raise InputError(Problem(file, f"line {ends[-1] + 1}", problem, remedy)) from None
            rows.append(_BROKEN)
            ends.append(reader.line_num)
    if rows:
        yield rows, [end + 1 for end in ends[:-1]]


def _has_text(rows: list[list[str]]) -> bool:
    return any(cell.strip() for row in rows for cell in row)


def _checked_header(row: list[str], file: str, place: str) -> list[str]:
    header = [name.strip() for name in row]
    problems = []
    for name in sorted({name for name in header if header.count(name) > 1}):
        what = f"the column {name!r} stands twice in the header" if name else "more than one column has no name"
        problems.append(Problem(file, place, what, "Give each column its own name"))
    if problems:
        raise InputError(problems)
    return header


def _check_records(fields: npt.NDArray[np.int64], header: list[str], file: str) -> None:
    filled = fields[fields > 0]
    if not len(filled) and not (fields == _UNREADABLE).any():
        raise InputError(Problem(file, "", "the file has a header but no records", "Export it again"))
    if len(filled) > 1 and (filled != len(header)).all():
        usual = int(np.bincount(filled).argmax())
        problem = f"the header has {len(header)} columns but every record has another number of fields, mostly {usual}"
        raise InputError(Problem(file, "line 1", problem, "Check the delimiter and the header"))


def _decode(data: bytes, file: str, encoding: str) -> str:
    if data.startswith(_UTF16) and "16" not in encoding:
        problem = f"the file is written in UTF-16, not in {encoding}"
        raise InputError(Problem(file, "line 1", problem, _encoding_remedy("utf-16")))
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"the file is not written in {encoding} (byte 0x{data[error.start]:02x})"
        other = "utf-8" if codecs.lookup(encoding).name != "utf-8" and _decodes(data, "utf-8") else "cp1252"
        raise InputError(Problem(file, f"line {line}", problem, _encoding_remedy(other))) from None


def _encoding_remedy(encoding: str) -> str:
    return f'Save the file as UTF-8, or in the project file set encoding = "{encoding}" under [reading]'


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
