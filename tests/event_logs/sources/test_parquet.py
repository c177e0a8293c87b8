"""Reading Parquet: typed columns become text without loss."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from event_logs.errors import InputError
from event_logs.sources import Source, read_source


def test_types_and_raw_text(tmp_path: Path) -> None:
    day = dt.date(2024, 2, 29)
    columns = {
        "id": pa.array(["00123", "NA", None]),
        "big": pa.array([2**60 + 1, None, 7], pa.int64()),
        "code": pa.array(["x", "y", "x"]).dictionary_encode(),
        "day": pa.array([day, None, dt.date(1900, 1, 1)]),
        "moment": pa.array([dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 10, 30), None], pa.timestamp("us")),
        "share": pa.array([0.1, 2.0, None]),
        "cost": pa.array([Decimal("1.50"), None, Decimal("0.00")], pa.decimal128(10, 2)),
        "flag": pa.array([True, False, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = read_source(Source(file="t.parquet"), tmp_path)
    assert table.cells.to_numpy().tolist() == [
        ["00123", "1152921504606846977", "x", "2024-02-29", "2024-02-29", "0.1", "1.50", "TRUE"],
        ["NA", "", "y", "", "2024-02-29 10:30:00", "2", "", "FALSE"],
        ["", "7", "x", "1900-01-01", "", "", "0.00", ""],
    ]
    assert table.line.tolist() == [1, 2, 3]
    assert table.raw(np.array([1])) == ["NA\t\ty\t\t2024-02-29 10:30:00\t2\t\tFALSE"]
    assert table.found == ("dates and times of these columns are written as year-month-day: day, moment",)


def test_no_records(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="no records"):
        read_source(Source(file="t.parquet"), tmp_path)
    assert len(read_source(Source(file="t.parquet", may_be_empty=True), tmp_path)) == 0
