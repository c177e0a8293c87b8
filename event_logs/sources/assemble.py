"""The last step of reading any source: header and records to a checked table with its account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from event_logs.errors import InputError, Problem
from event_logs.sources.furniture import furniture
from event_logs.sources.header import check_names
from event_logs.sources.spec import Source
from event_logs.sources.table import UNREADABLE, Body, Header, Mask, TextTable

_CUT_ROWS = (65_536, 1_048_576)
_CUT_TEXT = (255, 32_767)


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a table came from, and what was noticed so far."""

    file: str
    text: str
    starts: npt.NDArray[np.int64] | None = None
    digest: str = ""
    sheet: str = ""
    date1904: bool | None = None
    found: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ignored: Mapping[str, Mask] = field(default_factory=dict)


def assembled(body: Body, header: Header, origin: Origin, spec: Source) -> TextTable:
    """The table: empty columns dropped, lines that are no records named, signs of a cut export noticed.

    Raises InputError for two columns of one name, records that all have another width than the header, and a table
    without records unless the source says that it may be empty.
    """
    file = origin.file
    check_names(header, file)
    keep, names, dropped, unread = _named_columns(body, header, origin)
    fields = _without_empty_columns(body.fields, len(header.names), keep)
    _check_records(fields, names, file, spec)
    cells = pa.Table.from_arrays([body.columns[i] for i in keep], names=names).to_pandas()
    kept = Header(tuple(names), header.lines, tuple(_kept(part, keep) for part in header.parts))
    extra = furniture(cells, fields, body.line, kept)
    found = [*origin.found, *header.found, *dropped, *extra.found]
    if not len(fields):
        found.append("the file has a header but no records")
    ignored = dict(origin.ignored)
    for rule, mask in extra.ignored.items():
        ignored[rule] = ignored[rule] | mask if rule in ignored else mask
    return TextTable(
        file=file,
        cells=cells,
        line=body.line,
        fields=fields,
        text=origin.text,
        found=tuple(found),
        warnings=(*origin.warnings, *unread, *extra.warnings, *_cut_off(body, cells)),
        ignored=ignored,
        sheet=origin.sheet,
        date1904=origin.date1904,
        digest=origin.digest,
        starts=origin.starts,
    )


def _kept(part: tuple[str, ...], keep: list[int]) -> tuple[str, ...]:
    return tuple(part[i] if i < len(part) else "" for i in keep)


def _named_columns(body: Body, header: Header, origin: Origin) -> tuple[list[int], list[str], list[str], list[str]]:
    """The columns to keep, their names, and sentences on those left out: empty ones, and those with cells unread.

    In a delimited line, a cell without a name may have pushed others to a wrong place; in a sheet it has not.
    """
    nameless = [i for i, name in enumerate(header.names) if not name]
    empty = [i for i in nameless if len(header.names) > 1 and not _cells_filled(body.columns[i])]
    rest = [i for i in nameless if i not in empty]
    unread = []
    if origin.starts is not None and len(rest) < len(header.names):
        count = sum(_cells_filled(body.columns[i]) for i in rest)
        if rest:
            unread = [f"{count:,} cells stand in {len(rest)} columns without a name, so they were not read"]
        rest = []
    elif len(rest) > 1:
        place = f"line {header.last}"
        raise InputError(Problem(origin.file, place, "more than one column has no name", "Give each its own name"))
    keep = [i for i, name in enumerate(header.names) if name or i in rest]
    columns = "1 empty column without a name was" if len(empty) == 1 else f"{len(empty)} empty columns were"
    return keep, [header.names[i] for i in keep], [f"{columns} left out"] if empty else [], unread


def _cells_filled(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0)


def _without_empty_columns(fields: npt.NDArray[np.int64], width: int, keep: list[int]) -> npt.NDArray[np.int64]:
    """The number of fields as if the columns left out had never been there."""
    if len(keep) == width:
        return fields
    changed = fields.copy()
    changed[fields == width] = len(keep)
    if keep == list(range(len(keep))):  # a record may stop before the empty columns at the end
        changed[(fields >= len(keep)) & (fields < width)] = len(keep)
    else:
        changed[fields == len(keep)] = len(keep) - 1
    return changed


def _check_records(fields: npt.NDArray[np.int64], header: list[str], file: str, spec: Source) -> None:
    filled = fields[fields > 0]
    if not len(filled) and not (fields == UNREADABLE).any():
        if spec.may_be_empty:
            return
        raise InputError(Problem(file, "", "the file has a header but no records", "Export it again"))
    if len(filled) > 1 and (filled != len(header)).all():
        usual = int(np.bincount(filled).argmax())
        problem = f"the header has {len(header)} columns but every record has another number of fields, mostly {usual}"
        raise InputError(Problem(file, "line 1", problem, "Check the delimiter and the header"))


def _cut_off(body: Body, cells: pd.DataFrame) -> list[str]:
    """Signs that an export was cut by a limit of Excel."""
    if not len(body.line):
        return []
    ends = (int(body.line[-1]), len(body.line), len(body.line) + 1)
    warnings = [
        f"the file ends exactly at an Excel limit, {limit:,} rows: records after it may be missing"
        for limit in _CUT_ROWS
        if limit in ends
    ]
    for column in cells:
        lengths = cells[column].str.len()
        longest = int(lengths.max())
        if longest in _CUT_TEXT:
            count = int((lengths == longest).sum())
            are = "text is" if count == 1 else "texts are"
            warnings.append(
                f"{count:,} {are} exactly {longest:,} characters long in column {column!r}, and none is longer: "
                "an Excel limit may have cut them"
            )
    return warnings
