"""Reading workbooks: text stays text, dates become ISO text, nothing hidden or lost without a word."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from event_logs.errors import InputError
from event_logs.sources import Source, TextTable, read_source
from event_logs.sources.workbook import sheet_parts


def book_of(path: Path, *table: list[Any]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = "Data"
    for row in table:
        book.active.append(row)
    book.save(path)
    return book


def read(path: Path, **keys: Any) -> TextTable:
    return read_source(Source(file=path.name, **keys), path.parent)


def test_types(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    moment = dt.datetime(2024, 3, 31, 1, 30)
    book_of(
        path,
        ["id", "date", "time", "number", "flag", "error", "text"],
        ["00123", dt.date(2024, 2, 29), dt.time(9, 5), 7, True, "#N/A", "NULL"],
        ["NA", moment, dt.timedelta(hours=30), 0.1, False, "#REF!", " £5 "],
        ["003", dt.datetime(2024, 1, 1), None, 1.23e15, None, "ok", "two\nlines"],
    )
    table = read(path)
    assert table.cells.to_numpy().tolist() == [
        ["00123", "2024-02-29", "09:05:00", "7", "TRUE", "#N/A", "NULL"],
        ["NA", "2024-03-31 01:30:00", "30:00:00", "0.1", "FALSE", "#REF!", " £5 "],
        ["003", "2024-01-01", "", "1.23E+15", "", "ok", "two\nlines"],
    ]
    assert table.line.tolist() == [2, 3, 4]
    dates = "column 'date': 3 dates of the workbook are written as year-month-day, 1 of them with a time of day"
    assert dates in table.found
    assert "2 cells show an error such as #N/A" in table.found
    assert table.sheet == "Data"
    assert table.date1904 is False
    assert len(table.digest) == 64


def test_what_stands_beyond_the_header_is_said_and_kept_in_the_raw_text(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book_of(path, ["id", "team"], ["1", "N"], ["2", "S", None, "stray", "more"], ["3"])
    table = read(path)
    assert table.fields.tolist() == [2, 2, 2]
    assert table.warnings == ("2 cells stand in 2 columns without a name, so they were not read",)
    assert table.cells.to_numpy().tolist() == [["1", "N"], ["2", "S"], ["3", ""]]
    assert [text.rstrip("\t") for text in table.raw(table.line - 2)] == ["1\tN", "2\tS\t\tstray\tmore", "3"]


def test_a_table_that_begins_further_down_and_right(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    for cell, value in {"C5": "id", "D5": "error", "C6": "1", "D6": "#N/A", "C8": "2", "D8": "x"}.items():
        book.active[cell] = value
    book.active.row_dimensions[8].hidden = True
    book.save(path)
    table = read(path, hidden="read")
    assert table.columns == ["id", "error"]
    assert table.line.tolist() == [6, 7, 8]
    assert table.cells["error"].tolist() == ["#N/A", "", "x"]
    assert "1 hidden rows were read like the others" in table.found
    assert "the header stands on line 5: id, error" in table.found


def test_numbers_and_text_in_one_column_are_said(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book_of(path, ["id", "code", "n"], ["1", "007", 1], ["2", 7, 2])
    assert read(path).warnings == (
        "column 'code' holds both numbers and text, so ids in it may have lost leading zeros",
    )


def test_formulas_without_a_stored_result_are_said(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book_of(path, ["id", "n"], ["1", "=1+1"], ["2", 5])
    table = read(path)
    assert table.cells["n"].tolist() == ["", "5"]
    assert any(warning.startswith("1 formulas have no stored result") for warning in table.warnings)


def test_workbooks_that_count_from_1904(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["id", "date"])
    book.active.append(["1", dt.date(2024, 2, 29)])
    book.save(path)
    table = read(path)
    assert table.date1904 is True
    assert table.cells["date"].tolist() == ["2024-02-29"]


def test_dates_before_march_1900_are_said(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = book_of(path, ["id", "date"], ["1", dt.date(2024, 2, 29)], ["2", 59])
    book.active["B3"].number_format = "dd/mm/yyyy"
    book.save(path)
    assert any(warning.startswith("1 dates lie before 1 March 1900") for warning in read(path).warnings)


def test_old_workbooks(tmp_path: Path) -> None:
    xlwt = pytest.importorskip("xlwt", reason="xlwt, which writes .xls, is not installed")
    path = tmp_path / "t.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for at, name in enumerate(["id", "date", "n"]):
        sheet.write(0, at, name)
    sheet.write(1, 0, "001")
    sheet.write(1, 1, dt.date(2024, 2, 29), xlwt.easyxf(num_format_str="DD/MM/YYYY"))
    sheet.write(1, 2, 5)
    book.add_sheet("Notes").visibility = 1
    book.save(str(path))
    with pytest.raises(InputError, match=r"'Data', 'Notes' \(hidden\)"):
        read(path)
    table = read(path, sheet="Data")
    assert table.cells.to_numpy().tolist() == [["001", "2024-02-29", "5"]]
    assert "whether rows or columns are hidden cannot be told in a .xls file" in table.found
    assert table.date1904 is None


ODS_ROW = """\
<table:table-row{attributes}><table:table-cell office:value-type="string"><text:p>{id}</text:p></table:table-cell>\
<table:table-cell office:value-type="date" office:date-value="{date}"><text:p>29.02.24</text:p></table:table-cell>\
<table:table-cell table:number-columns-repeated="16382"/></table:table-row>"""
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
ODS_END = (
    '<table:table-row table:number-rows-repeated="1048570">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def ods(path: Path, *tables: str) -> Path:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = "".join(tables)
    body = f"<office:body><office:spreadsheet>{content}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    return path


def test_open_document(tmp_path: Path) -> None:
    header = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>date</text:p></table:table-cell></table:table-row>'
    )
    rows = [
        ODS_ROW.format(attributes="", id="001", date="2024-02-29"),
        ODS_ROW.format(attributes=' table:visibility="filter"', id="002", date="2024-03-31T01:30:00"),
    ]
    data = f'<table:table table:name="A &amp; B">{header}{"".join(rows)}{ODS_END}</table:table>'
    other = '<table:table table:name="Other"></table:table>'
    path = ods(tmp_path / "t.ods", data, other)
    with pytest.raises(InputError, match="'A & B', 'Other'"):
        read(path)
    with pytest.raises(InputError, match="1 rows of the sheet are hidden"):
        read(path, sheet="A & B")
    table = read(path, sheet="A & B", hidden="ignore")
    assert table.cells.to_numpy().tolist() == [["001", "2024-02-29"], ["002", "2024-03-31 01:30:00"]]
    assert table.ignored["hidden row"].tolist() == [False, True]


def test_hidden_parts_are_found_across_the_blocks_in_which_a_sheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = openpyxl.Workbook()
    for number in range(1, 20_001):
        book.active.append([f"a rather long text to fill the sheet {number}", "#N/A" if number % 1000 == 0 else number])
        if number % 777 == 0:
            book.active.row_dimensions[number].hidden = True
    book.save(path)
    parts = sheet_parts(path, "Sheet")
    assert parts.hidden_rows == {number for number in range(1, 20_001) if number % 777 == 0}
    assert set(parts.errors) == {(number, 2) for number in range(1000, 20_001, 1000)}


def test_a_document_type_in_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book_of(path, ["id"], ["1"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b"<workbook ", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook ', 1
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match=r"document type|damaged"):
        read(path)


def test_an_empty_sheet(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(InputError, match="the sheet is empty"):
        read(path)
