"""Reading Parquet files as text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from event_logs.errors import InputError, Problem
from event_logs.packed import MAX_BYTES
from event_logs.sources.assemble import Origin, assembled
from event_logs.sources.celltext import cell_text
from event_logs.sources.spec import Source
from event_logs.sources.table import Body, Header, TextTable, joined_text

_ROWS = 50_000


def read_parquet(path: Path, spec: Source, progress: Callable[[int], None] | None = None) -> TextTable:
    """A Parquet file as text: numbers as they are, dates and times in ISO 8601, missing values empty.

    The `line` of a record is its number, counted from 1. Raises InputError for a file that is damaged, would unfold
    too far, has two columns of one name or no records.
    """
    import pyarrow.parquet as pq

    file = spec.name
    try:
        with pq.ParquetFile(path) as parquet:
            unpacked = sum(parquet.metadata.row_group(i).total_byte_size for i in range(parquet.num_row_groups))
            if unpacked > MAX_BYTES:
                problem = f"the file would unfold to {unpacked / 1e6:,.0f} MB, more than can be read"
                raise InputError(Problem(file, "", problem, "Take out the columns that are not needed"))
            schema = parquet.schema_arrow
            return typed_table(
                [str(name) for name in schema.names],
                (batch.columns for batch in parquet.iter_batches(_ROWS)),
                Origin(file, "", digest=hashlib.sha256(path.read_bytes()).hexdigest(), found=tuple(_kinds(schema))),
                spec,
                progress,
            )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, pa.ArrowException):
        problem = "the file is damaged or no Parquet file"
        raise InputError(Problem(file, "", problem, "Export it again")) from None


def _kinds(schema: pa.Schema) -> Iterator[str]:
    dated = [field.name for field in schema if pa.types.is_temporal(field.type)]
    if dated:
        yield f"dates and times of these columns are written as year-month-day: {', '.join(dated)}"


def typed_table(
    names: Sequence[str],
    batches: Iterator[Sequence[pa.Array]],
    origin: Origin,
    spec: Source,
    progress: Callable[[int], None] | None,
) -> TextTable:
    """The table from batches of typed columns, for sources that have records but no lines."""
    parts: list[list[pa.Array]] = [[] for _ in names]
    done = 0
    for batch in batches:
        for part, column in zip(parts, batch, strict=True):
            part.append(as_text(column))
        done += len(batch[0]) if names else 0
        if progress is not None:
            progress(done)
    columns = [pa.chunked_array(part, pa.string()) for part in parts]
    text, starts = joined_text(columns)
    fields = np.full(done, len(names), dtype=np.int64)
    body = Body(columns, np.arange(1, done + 1, dtype=np.int64), fields)
    header = Header(tuple(" ".join(name.split()) for name in names), ())
    full = Origin(origin.file, text, starts=starts, digest=origin.digest, found=origin.found, warnings=origin.warnings)
    return assembled(body, header, full, spec)


def as_text(column: pa.Array) -> pa.Array:
    """A typed column as text, an empty text for a missing value."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    plain = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_date32)
    if any(is_kind(kind) for is_kind in plain):
        text = pc.cast(column, pa.string())
    else:
        values: list[Any] = column.to_pylist()
        text = pa.array([cell_text(value) for value in values], pa.string())
    return pc.fill_null(text, "")
