"""A table as text, whatever it was read from, with the account of how it was read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
UNREADABLE = -1
_PIECE = 200_000
BROKEN: list[str] = []
"""Stands for a record that cannot be read; told apart by identity from an empty line."""
Block = tuple[list[list[str]], list[int]]
"""Some records, and the line on which each begins."""


@dataclass(frozen=True, eq=False)
class TextTable:
    """A table as text; nothing is converted, and no record is left out.

    `cells` has one row a record and one text column a header name. A record with too few fields is filled up with
    empty cells and one with too many is cut, so look at `fields` before trusting its cells.
    """

    file: str
    cells: pd.DataFrame
    line: npt.NDArray[np.int64]
    """The line of the file, or row of the sheet, on which each record begins; the header is usually line 1."""
    fields: npt.NDArray[np.int64]
    """How many fields each record has: 0 for an empty line, -1 for one whose quotes make it unreadable."""
    text: str = field(repr=False)
    """All text of the file; for what is no text file, its records with a tab between the cells."""
    found: tuple[str, ...] = ()
    """What was found out about the file and done about it, in sentences with the evidence."""
    warnings: tuple[str, ...] = ()
    """What may be wrong with the file as a whole, in sentences."""
    ignored: Mapping[str, Mask] = field(default_factory=dict)
    """Name of a rule -> the records that are no records by that rule: totals, repeated headers, and so on."""
    sheet: str = ""
    date1904: bool | None = None
    """Whether the workbook counts its days from 1904; missing if unknown, or if it is no workbook."""
    digest: str = ""
    """SHA-256 of the file, to know a copy again."""
    starts: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    """Where each record begins in `text`; missing where `line` says it."""

    def __len__(self) -> int:
        return len(self.line)

    @property
    def columns(self) -> list[str]:
        """The header."""
        return [str(name) for name in self.cells.columns]

    @property
    def blank(self) -> Mask:
        """Which records have no text in any cell."""
        blank: Mask = self.fields != UNREADABLE
        for name in self.cells:
            if not blank.any():
                break
            blank &= (self.cells[name].str.strip() == "").to_numpy(dtype=bool)
        return blank

    def raw(self, records: npt.NDArray[np.int64]) -> list[str]:
        """The text of the given records as it stands in the file, without the last line break."""
        if not len(records):
            return []
        if self.starts is not None:
            ends = np.append(self.starts[1:], len(self.text) + 1) - 1
            return [self.text[self.starts[i] : ends[i]] for i in records]
        after = np.append(self.line[1:], len(self.text) + 2)
        lines, number, found = text_lines(self.text), 1, {}
        for record in np.unique(records).tolist():
            first, last = int(self.line[record]), int(after[record])
            found[record] = "".join(islice(lines, first - number, last - number)).rstrip("\r\n")
            number = last
        return [found[record] for record in records.tolist()]


def text_lines(text: str, start: int = 0) -> Iterator[str]:
    """The lines from an offset on, cut at LF, CR and CRLF; a stream of the whole text would take it four times."""
    return chain.from_iterable(io.StringIO(piece, newline="") for piece in _pieces(text, start))


def _pieces(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = text.find("\n", start + _PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


@dataclass(frozen=True)
class Header:
    """The header of a table: its names and where it stands."""

    names: tuple[str, ...]
    """One name a column, empty where there is none."""
    lines: tuple[int, ...] = (1,)
    parts: tuple[tuple[str, ...], ...] = ()
    """The cells of each line of a header that stands on several, as written."""
    found: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """Records begin after this line."""
        return self.lines[-1]


@dataclass(frozen=True, eq=False)
class Body:
    """The records below a header."""

    columns: list[pa.ChunkedArray]
    line: npt.NDArray[np.int64]
    fields: npt.NDArray[np.int64]


def gathered(blocks: Iterable[Block], header: Header) -> Body:
    """The records after the header as Arrow columns; only one block stands in memory as Python lists."""
    width = len(header.names)
    lines, widths = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    parts: list[list[pa.Array]] = [[] for _ in range(width)]
    for rows, begins in blocks:
        if begins[0] <= header.last:
            after = next((i for i, line in enumerate(begins) if line > header.last), len(begins))
            rows, begins = rows[after:], begins[after:]
        if not rows:
            continue
        found = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        if (found != width).any():
            found[np.fromiter((row is BROKEN for row in rows), dtype=bool, count=len(rows))] = UNREADABLE
            padding = [""] * width
            rows = [(row + padding)[:width] for row in rows]
        lines.append(np.asarray(begins, dtype=np.int64))
        widths.append(found)
        for part, column in zip(parts, zip(*rows, strict=True), strict=True):
            part.append(pa.array(column, pa.string()))
    columns = [pa.chunked_array(part, pa.string()) for part in parts]
    return Body(columns, np.concatenate(lines), np.concatenate(widths))


def joined_text(columns: Sequence[pa.ChunkedArray]) -> tuple[str, npt.NDArray[np.int64]]:
    """The records with a tab between the cells, a line break after each, and where each begins in the text."""
    import pyarrow.compute as pc

    if not columns or not len(columns[0]):
        return "", np.empty(0, dtype=np.int64)
    rows = pc.binary_join_element_wise(*columns, pa.scalar("\t"))
    lengths = pc.utf8_length(rows).to_numpy().astype(np.int64) + 1
    return "\n".join(rows.to_pylist()), np.concatenate([[0], np.cumsum(lengths)[:-1]])
