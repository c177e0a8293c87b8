"""Reading delimited text: every record as text, with the line it stands on."""

from __future__ import annotations

import csv
import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes
from event_logs.sources.assemble import Origin, assembled
from event_logs.sources.header import SAMPLE, chosen_header
from event_logs.sources.plain import plain_body
from event_logs.sources.sniff import DELIMITERS, decoded, line_ends, sniffed_delimiter, sniffed_encoding, text_warnings
from event_logs.sources.spec import AUTO, Source
from event_logs.sources.table import BROKEN, Block, TextTable, gathered, text_lines

_CHUNK = 8_000
Progress = Callable[[int], None]


def read_table(path: Path, *, encoding: str, delimiter: str) -> TextTable:
    """A delimited file with a header, as text.

    Quoted fields may hold delimiters and line breaks. Raises InputError, with all that is wrong with the header at
    once, for a file that is missing, empty, not in the encoding, without records, with two columns of one name, or
    with a quote that is never closed.
    """
    return parse_table(read_bytes(path), path.name, encoding=encoding, delimiter=delimiter)


def parse_table(data: bytes, file: str, *, encoding: str, delimiter: str) -> TextTable:
    """The same as `read_table` for bytes already read; `file` is the name used in messages."""
    return read_delimited(data, Source(file=file, encoding=encoding, delimiter=delimiter))


def read_delimited(data: bytes, spec: Source, progress: Progress | None = None) -> TextTable:
    """The table in the bytes of a delimited file; what the source leaves to "auto" is found and said in `found`."""
    file = spec.name
    found = []
    encoding = spec.encoding or AUTO
    if encoding == AUTO:
        encoding, evidence = sniffed_encoding(data, file)
        found.append(f"the encoding {encoding} was found: {evidence}")
    text = decoded(data, file, encoding)
    if not text.strip():
        raise InputError(Problem(file, "", "the file is empty", "Export it again"))
    delimiter = spec.delimiter or AUTO
    if delimiter == AUTO:
        delimiter, evidence = sniffed_delimiter(text, file)
        found.append(f"the delimiter {DELIMITERS[delimiter]} was found: {evidence}")
    if ends := line_ends(text):
        found.append(ends)
    header = chosen_header(_sample(text, file, delimiter), spec, file)
    body = plain_body(text, header, delimiter, progress)
    if body is None:
        blocks = records(text, file, delimiter, width=len(header.names))
        body = gathered(_reported(blocks, progress), header)
    origin = Origin(
        file,
        text,
        digest=hashlib.sha256(data).hexdigest(),
        found=tuple(found),
        warnings=tuple(text_warnings(text)),
    )
    return assembled(body, header, origin, spec)


def _reported(blocks: Iterator[Block], progress: Progress | None) -> Iterator[Block]:
    done = 0
    for rows, lines in blocks:
        yield rows, lines
        done += len(rows)
        if progress is not None:
            progress(done)


def _sample(text: str, file: str, delimiter: str) -> Block:
    """The first records, from the first that has text."""
    for rows, lines in records(text, file, delimiter, size=SAMPLE):
        if any(cell.strip() for row in rows for cell in row):
            return rows, lines
    return [], []


def records(text: str, file: str, delimiter: str, *, size: int | None = None, width: int = 0) -> Iterator[Block]:
    """Records, and the line each begins on, in blocks: a large file never stands in memory as Python lists.

    A record whose quotes cannot be read is BROKEN, and reading goes on with the line after its first, so a stray
    quotation mark takes no other record with it. Raises InputError for a quotation mark that is never closed.
    """
    size = size or _CHUNK
    behind = _Lines(text)
    source = text_lines(text)
    rows: list[list[str]] = []
    begins: list[int] = []
    begin = 1
    more = True
    while more:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        first = begin
        try:
            for row in reader:
                rows.append(row)
                begins.append(begin)
                after = first + reader.line_num
                if after - begin > 3 and width > 3:
                    _check_swallowed(behind.some(begin, after - begin), begin, file, delimiter, width)
                begin = after
                if len(rows) >= size:
                    yield rows, begins
                    rows, begins = [], []
            more = False
        except csv.Error as error:
            held = behind.some(begin, first + reader.line_num - begin)
            if "unexpected end of data" in str(error):
                opened = begin + _opening_line(held, delimiter)
                problem = "a quotation mark opened in this record is never closed"
                remedy = "Close the quotation mark, or export the file again"
                raise InputError(Problem(file, f"line {opened}", problem, remedy)) from None
            rows.append(BROKEN)
            begins.append(begin)
            begin += 1
            if len(held) > 1:
                source = text_lines(text, behind.offset + len(held[0]))
    if rows:
        yield rows, begins


class _Lines:
    """Looks lines up again, each further on than the one before."""

    def __init__(self, text: str) -> None:
        self._text, self._lines = text, text_lines(text)
        self._number, self._next = 1, 0
        self.offset = 0
        """Where the first of the lines looked up last begins in the text."""

    def some(self, number: int, count: int) -> list[str]:
        """The given number of lines, from the line of the given number on."""
        for line in itertools.islice(self._lines, number - self._number):
            self._next += len(line)
        found = list(itertools.islice(self._lines, count))
        self.offset = self._next
        self._number, self._next = number + 1, self.offset + len(found[0])
        if count > 1:
            self._lines = text_lines(self._text, self._next)
        return found


def _opening_line(lines: list[str], delimiter: str) -> int:
    """Which of a record's lines, counted from 0, holds the quotation mark that is never closed."""
    opened, quoted, fresh = 0, False, True
    for number, line in enumerate(lines):
        for sign in line:
            if sign == '"' and (quoted or fresh):
                quoted = not quoted
                opened = number if quoted else opened
                fresh = True  # a second quotation mark right after stands for itself, and opens the field again
                continue
            fresh = not quoted and sign == delimiter
    return opened


def _check_swallowed(held: list[str], begin: int, file: str, delimiter: str, width: int) -> None:
    """Refuse a quoted field that runs over several lines which are all records of their own."""
    inside = [line for line in held[1:-1] if line.strip()]
    if len(inside) < 2 or not all(line.count(delimiter) == width - 1 for line in inside):
        return
    problem = f"a quotation mark opened in this record runs over {len(inside)} lines that look like records"
    raise InputError(Problem(file, f"line {begin}", problem, "Close the quotation mark, or export the file again"))
