"""What the tests of values share: a column of cells as the records of a file, and what became of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from event_logs.errors import InputError, Problem
from event_logs.project import Reading
from event_logs.quarantine import Notice, Records
from event_logs.sources.delimited import parse_table
from event_logs.values import DateReading

EXTRACTION = pd.Timestamp("2024-07-31")
UK = DateReading(formats=("%d/%m/%Y",), by_shape=True)
"""A day-first column as most councils have it."""


def records(cells: Sequence[str], *, file: str = "extract.csv", date1904: bool | None = None, **how: Any) -> Records:
    """A file with the columns `id` (1, 2, ...) and `value` (the cells); `how` are keys of `[reading]`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "value"])
    writer.writerows([number, cell] for number, cell in enumerate(cells, start=1))
    table = parse_table(text.getvalue().encode(), file, encoding="utf-8", delimiter=",")
    assert len(table) == len(cells)
    return Records(replace(table, date1904=date1904), Reading(**how), table.columns, EXTRACTION)


def dated(cells: Sequence[str], how: DateReading, *, required: bool = False, **rest: Any) -> tuple[Records, list[str]]:
    """The cells read as dates, and each day as text, empty where there is none."""
    checked = records(cells, dates=how, **rest)
    days = checked.date("value", required=required)
    return checked, days.dt.strftime("%Y-%m-%d").fillna("").tolist()


def why(checked: Records) -> list[str]:
    """The reasons of each record, empty where it is used; the rows add up."""
    ledger = checked.ledger()
    assert ledger["rows_read"] == ledger["used"] + ledger["quarantined"] + ledger["ignored"]
    reasons = [""] * len(checked.table)
    quarantined = checked.quarantined()
    for line, reason in zip(quarantined["row"], quarantined["reasons"], strict=True):
        reasons[line - 2] = reason
    return reasons


def told(checked: Records, rule: str) -> Notice:
    """The one notice by this rule; it says file, column and count, and no cell."""
    (notice,) = [notice for notice in checked.notices if notice.rule == rule]
    assert f"{notice.count:,}" in str(notice)
    assert str(notice).startswith(f"{checked.table.file}: value: ")
    return notice


def stopped(checked: Records) -> Problem:
    """The one problem for which the file cannot be used; no figure comes out of it."""
    with pytest.raises(InputError) as caught:
        checked.ledger()
    (problem,) = caught.value.problems
    assert problem.file == checked.table.file
    assert problem.place
    assert problem.remedy
    return problem
