"""What a zipped workbook holds, before anything unfolds it: its size, its sheets, and the parts that are hidden."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from event_logs.errors import InputError, Problem

MAX_UNPACKED = 1_000_000_000
_RATIO, _RATIO_FROM = 100, 30_000_000
"""Sheets of records pack 5 to 30 times; an archive that packs further, once it is large, is no workbook."""
MAX_CELLS = 30_000_000
"""A sheet is read as a full rectangle, so one cell far away from the others costs as much as all between them."""
_MAX_PARTS = 10_000
_BLOCK = 1 << 20
_OVERLAP = 4_096

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_COL = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*\bt\s*=\s*["']e["'])[^>]*\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["'][^>]*>"""
    rb"""(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]{1,20})</"""
)
_UNSTORED = re.compile(rb"</(?:\w+:)?f>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>")
_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d{1,7})["']""")
_HIDDEN = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_SPAN = re.compile(rb"""\b(min|max)\s*=\s*["'](\d{1,7})["']""")

_ODS_ITEM = re.compile(
    rb"<(/?)table:(table-row|table-column|table-cell|covered-table-cell|table)(?=[\s/>])([^>]*?)(/?)>"
)
_ODS_NAME = re.compile(rb"""table:name="([^"]*)\"""")
_ODS_ROWS = re.compile(rb"""table:number-rows-repeated="(\d{1,9})\"""")
_ODS_COLUMNS = re.compile(rb"""table:number-columns-repeated="(\d{1,9})\"""")
_ODS_HIDDEN = re.compile(rb"""table:visibility="(?:collapse|filter)\"""")


@dataclass(frozen=True)
class SheetParts:
    """What stands in the file of one sheet besides the values."""

    hidden_rows: frozenset[int] = frozenset()
    """Numbers of the rows, from 1."""
    hidden_columns: frozenset[int] = frozenset()
    """Numbers of the columns, from 1."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    """(row, column) of each cell that shows an error such as #N/A -> that error."""
    unstored: int = 0
    """Formulas without a stored result."""
    known: bool = True
    """Whether the format says what is hidden."""


def check_archive(path: Path) -> None:
    """Refuse an archive that would unfold too far, before unpacking any of it; and one that is damaged."""
    file = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputError(
            Problem(file, "", "the workbook is damaged or no workbook", "Open it in Excel and save it again")
        ) from None
    unpacked, packed = sum(part.file_size for part in parts), max(1, path.stat().st_size)
    far = unpacked > MAX_UNPACKED or (unpacked > _RATIO_FROM and unpacked > _RATIO * packed)
    if far or len(parts) > _MAX_PARTS:
        problem = f"the workbook would unfold to {unpacked / 1e6:,.0f} MB, which no honest workbook of this size does"
        raise InputError(Problem(file, "", problem, "Look at what is in it before trying again"))
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(Problem(file, "", "the workbook is protected by a password", "Save it without a password"))
    with path.open("rb") as stream:
        if not all(_keeps_its_word(stream, part) for part in parts):
            problem = "the workbook unfolds to more than it says, which no honest workbook does"
            raise InputError(Problem(file, "", problem, "Look at what is in it before trying again"))


def _keeps_its_word(stream: IO[bytes], part: zipfile.ZipInfo) -> bool:
    """Whether a part of an archive unfolds to no more than the archive's directory says."""
    if part.compress_type == zipfile.ZIP_STORED:
        return part.compress_size == part.file_size
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return False
    stream.seek(part.header_offset)
    head = stream.read(30)
    stream.seek(part.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"))
    unpacker, packed, unpacked = zlib.decompressobj(-15), part.compress_size, 0
    try:
        while packed > 0 and not unpacker.eof and (data := stream.read(min(_BLOCK, packed))):
            packed -= len(data)
            while data:
                unpacked += len(unpacker.decompress(data, _BLOCK))
                data = unpacker.unconsumed_tail
                if unpacked > part.file_size:
                    return False
    except zlib.error:
        return False
    return True


def uses_1904(path: Path) -> bool:
    """Whether the days of an .xlsx workbook are counted from 1904."""
    tree = _xml(path, "xl/workbook.xml")
    found = (e.attrib.get("date1904", "") for e in tree.iter() if _tag(e) == "workbookPr") if tree is not None else ()
    return any(value in ("1", "true") for value in found)


def sheet_parts(path: Path, sheet: str) -> SheetParts:
    """What is hidden in a sheet; InputError for a sheet, of an .ods file any sheet, too wide and long to be read."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".ods":
            with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
                return _ods_parts(stream, path.name, sheet)
        if suffix in (".xlsx", ".xlsm") and (part := _sheet_file(path, sheet)):
            with zipfile.ZipFile(path) as archive, archive.open(part) as stream:
                return _xlsx_parts(stream, path.name, sheet)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, ElementTree.ParseError):
        problem = "the workbook is damaged"
        raise InputError(Problem(path.name, "", problem, "Open it in Excel and save it again")) from None
    return SheetParts(known=False)


def _sheet_file(path: Path, sheet: str) -> str | None:
    book, links = _xml(path, "xl/workbook.xml"), _xml(path, "xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return None
    targets = {e.attrib.get("Id"): e.attrib.get("Target", "") for e in links.iter() if _tag(e) == "Relationship"}
    for element in book.iter():
        if _tag(element) == "sheet" and element.attrib.get("name") == sheet:
            link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def _xml(path: Path, part: str) -> ElementTree.Element | None:
    """A small part of a workbook; a document type, which could define entities, is refused before parsing."""
    with zipfile.ZipFile(path) as archive:
        try:
            with archive.open(part) as stream:
                data = stream.read(10_000_000)
        except KeyError:
            return None
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\x00" in data:
        raise InputError(Problem(path.name, part, "the workbook holds a document type", "Save it again from Excel"))
    return ElementTree.fromstring(data)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _windows(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The stream in blocks that overlap, and how much of each was in the block before."""
    tail = b""
    while block := stream.read(_BLOCK):
        yield tail + block, len(tail)
        tail = (tail + block)[-_OVERLAP:]


def _xlsx_parts(stream: IO[bytes], file: str, sheet: str) -> SheetParts:
    rows: set[int] = set()
    columns: set[int] = set()
    errors: dict[tuple[int, int], str] = {}
    letters: set[bytes] = set()
    first, last, unstored = 1 << 31, 0, 0
    for window, seen in _windows(stream):
        for match in _ROW.finditer(window):
            number = _NUMBER.search(match[0])
            if number is not None and _HIDDEN.search(match[0]):
                rows.add(int(number[1]))
        for match in _COL.finditer(window) if not last else ():
            if _HIDDEN.search(match[0]):
                span = {key: int(value) for key, value in _SPAN.findall(match[0])}
                columns.update(range(span.get(b"min", 1), min(span.get(b"max", 1), 16_384) + 1))
        cells = _CELL.findall(window)
        letters.update(letter for letter, _ in cells)
        if cells:
            numbers = [int(number) for number in {number for _, number in cells}]
            first, last = min(first, *numbers), max(last, *numbers)
        for match in _ERROR.finditer(window):
            errors[int(match[2]), _column_number(match[1])] = match[3].decode("ascii", "replace")
        unstored += sum(1 for match in _UNSTORED.finditer(window) if match.end() > seen)
    if letters:
        numbers = [_column_number(letter) for letter in letters]
        _check_size(max(0, last - first + 1), max(numbers) - min(numbers) + 1, file, sheet)
    return SheetParts(frozenset(rows), frozenset(columns), errors, unstored)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _ods_parts(stream: IO[bytes], file: str, sheet: str) -> SheetParts:
    hidden_rows: set[int] = set()
    hidden_columns: set[int] = set()
    reader = _OdsReader(sheet, hidden_rows, hidden_columns)
    done = 0
    for window, seen in _windows(stream):
        for match in _ODS_ITEM.finditer(window):
            if match.end() > seen and done + match.start() - seen >= reader.after:
                reader.take(match)
                reader.after = done + match.end() - seen
        done += len(window) - seen
    for name, (rows, columns) in reader.sizes.items():
        _check_size(rows, columns, file, name)
    return SheetParts(frozenset(hidden_rows), frozenset(hidden_columns))


class _OdsReader:
    """Follows the rows and columns of all sheets, where one element may stand for a million like it."""

    def __init__(self, sheet: str, hidden_rows: set[int], hidden_columns: set[int]) -> None:
        self.sheet = sheet
        self.hidden_rows, self.hidden_columns = hidden_rows, hidden_columns
        self.sizes: dict[str, tuple[int, int]] = {}
        """Sheet -> its last row and its last column with text."""
        self.name = ""
        self.row = self.column = self.columns_named = self.repeated = 0
        self.filled = False
        self.after = 0

    def take(self, match: re.Match[bytes]) -> None:
        closing, kind, attributes, empty = match[1], match[2], match[3], match[4]
        if kind == b"table" and not closing:
            name = _ODS_NAME.search(attributes)
            self.name = _unescaped(name[1]) if name else ""
            self.row = self.columns_named = 0
            self.sizes[self.name] = (0, 0)
        elif kind == b"table-column" and not closing:
            count = _repeats(_ODS_COLUMNS, attributes)
            if self.name == self.sheet and _ODS_HIDDEN.search(attributes) and count < _MAX_PARTS:
                self.hidden_columns.update(range(self.columns_named + 1, self.columns_named + count + 1))
            self.columns_named += count
        elif kind == b"table-row":
            if not closing:
                self.repeated = _repeats(_ODS_ROWS, attributes)
                self.column, self.filled = 0, False
                if self.name == self.sheet and _ODS_HIDDEN.search(attributes) and self.repeated < 1_000_000:
                    self.hidden_rows.update(range(self.row + 1, self.row + self.repeated + 1))
            if closing or empty:
                self.row += self.repeated
                if self.filled:
                    self.sizes[self.name] = (self.row, self.sizes[self.name][1])
        elif kind.endswith(b"cell") and not closing:
            self.column += _repeats(_ODS_COLUMNS, attributes)
            if not empty or b"office:value" in attributes:
                self.filled = True
                rows, columns = self.sizes.get(self.name, (0, 0))
                self.sizes[self.name] = (rows, max(columns, self.column))


def _repeats(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    match = pattern.search(attributes)
    return int(match[1]) if match else 1


def _unescaped(name: bytes) -> str:
    from xml.sax.saxutils import unescape

    return unescape(name.decode("utf-8", "replace"), {"&quot;": '"', "&apos;": "'"})


def _check_size(rows: int, columns: int, file: str, sheet: str) -> None:
    if rows * columns > MAX_CELLS:
        problem = f"the sheet {sheet!r} reaches over {rows:,} rows and {columns:,} columns, more than can be read"
        remedy = "Delete what stands far away from the table, or save the table as CSV"
        raise InputError(Problem(file, f"sheet {sheet!r}", problem, remedy))
