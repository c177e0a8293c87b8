"""Faults 19 to 32: tables of the wrong shape, with titles, totals, gaps, hidden parts, or cut short."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from event_logs.data_quality import quality_report, trend
from event_logs.data_quality.trend import with_earlier
from event_logs.derive import Derivation
from event_logs.errors import InputError
from event_logs.sources import copies, looks_swapped, named
from faults.e_council import council
from faults.reading import checked, read, reasons, refusal, rows, written
from faults.registry import fault

HEADER = "child_id,team,start,end"
RECORDS = ["1,North,2020-01-01,2020-03-01", "2,South,2020-02-01,", "3,North,2020-05-05,2021-01-01"]
TITLE = "Looked after children\nRun date:,14/03/2024\n\n"


def text(*lines: str) -> str:
    """The lines as the text of a file."""
    return "\n".join(lines) + "\n"


def workbook(path: Path, *table: list[Any], name: str = "Data") -> openpyxl.Workbook:
    """A workbook with one sheet; the caller may change it and save it again."""
    book = openpyxl.Workbook()
    book.active.title = name
    for row in table:
        book.active.append(row)
    book.save(path)
    return book


@fault(19)
def test_19_title_above_the_header_is_found_and_shown(tmp_path: Path) -> None:
    path = written(tmp_path, TITLE + text(HEADER, *RECORDS))
    table = read(path, header_row="auto")
    assert table.columns == HEADER.split(",")
    assert table.line.tolist() == [5, 6, 7]
    assert "the header was found on line 4, below 2 lines of title: child_id, team, start, end" in table.found


@fault(19)
def test_19_undeclared_title_is_a_question_that_names_the_header(tmp_path: Path) -> None:
    path = written(tmp_path, TITLE + text(HEADER, *RECORDS))
    problem = refusal(path)
    assert problem.place == "line 1"
    assert "line 4 looks like the header: child_id, team, start, end" in problem.problem
    assert "header_row = 4" in problem.remedy
    assert read(path, header_row=4).columns == HEADER.split(",")
    assert "is not a line with text" in refusal(path, header_row=3).problem
    assert "is not a line with text" in refusal(path, header_row=4_000).problem


@fault(19)
def test_19_a_file_without_any_header_is_refused(tmp_path: Path) -> None:
    assert "looks like a header" in refusal(written(tmp_path, text(*RECORDS)), header_row="auto").problem


@fault(19)
def test_19_title_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    lines = [["Looked after children"], [], HEADER.split(","), *(record.split(",") for record in RECORDS)]
    workbook(path, *lines)
    table = read(path, header_row="auto")
    assert table.columns == HEADER.split(",")
    assert table.line.tolist() == [4, 5, 6]
    assert "header_row = 3" in refusal(path).remedy


TWO_ROWS = ["Child,,Placement,,", "id,born,type,from,to", "1,2010-01-02,Foster carer,2020-01-01,2020-03-01"]


@fault(20)
@pytest.mark.parametrize("header_row", ["auto", (1, 2)])
def test_20_header_on_two_lines_is_joined_by_the_rule_and_shown(tmp_path: Path, header_row: Any) -> None:
    table = read(written(tmp_path, text(*TWO_ROWS, "2,2011-01-02,Kinship,2020-01-01,")), header_row=header_row)
    assert table.columns == ["Child id", "Child born", "Placement type", "Placement from", "Placement to"]
    joined = "the header on lines 1 and 2 was joined into: Child id, Child born, Placement type, Placement from"
    assert any(sentence.startswith(joined) for sentence in table.found)
    assert table.line.tolist() == [3, 4]


@fault(20)
def test_20_merged_header_cells_of_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    book = workbook(path, *([cell or None for cell in line.split(",")] for line in TWO_ROWS))
    book.active.merge_cells("A1:B1")
    book.active.merge_cells("C1:E1")
    book.save(path)
    assert read(path, header_row=(1, 2)).columns == [
        "Child id",
        "Child born",
        "Placement type",
        "Placement from",
        "Placement to",
    ]


@fault(21)
@pytest.mark.parametrize("label", ["Total,3,,", "Grand total,3,,", "Records: 3", ",Total,3,", "(3 rows affected)"])
def test_21_totals_are_ignored_by_name_and_their_number_compared(tmp_path: Path, label: str) -> None:
    table = read(written(tmp_path, text(HEADER, *RECORDS, label)))
    ledger = checked(table).ledger()
    assert (ledger["rows_read"], ledger["used"], ledger["total row"], ledger["quarantined"]) == (4, 3, 1, 0)
    assert "line 5: the total row says 3, and 3 records stand above it" in table.found
    assert not table.warnings


@fault(21)
def test_21_a_total_that_disagrees_is_said(tmp_path: Path) -> None:
    table = read(written(tmp_path, text(HEADER, *RECORDS, "Records: 123")))
    assert table.warnings == ("line 5: the total row says 123, but 3 records stand above it: records may be missing",)


@fault(21)
def test_21_a_total_may_be_the_sum_of_its_column(tmp_path: Path) -> None:
    table = read(written(tmp_path, text("id,team,cost", "1,N,100.50", "2,S,200", "Total,,300.50")))
    assert not table.warnings
    assert "line 4: the total row says 300.5, which is the sum of the column above it" in table.found


@fault(21)
def test_21_a_record_that_speaks_of_a_total_is_kept(tmp_path: Path) -> None:
    lines = ["Total,North,2020-01-01,2020-03-01", "4,Total placements,2020-01-01,", "Totalis,,,2020-01-01"]
    table = read(written(tmp_path, text(HEADER, *lines)))
    assert not table.ignored
    assert checked(table).used.all()


@fault(22)
def test_22_subtotals_repeated_headers_and_page_lines(tmp_path: Path) -> None:
    lines = [
        HEADER,
        RECORDS[0],
        RECORDS[1],
        "Subtotal,2,,",
        "Page 1 of 2",
        HEADER,
        RECORDS[2],
        "South total,1,,",
        "Total,3",
    ]
    table = read(written(tmp_path, text(*lines)))
    ledger = checked(table).ledger()
    assert {rule: ledger[rule] for rule in ("subtotal row", "page line", "repeated header", "total row")} == {
        "subtotal row": 2,
        "page line": 1,
        "repeated header": 1,
        "total row": 1,
    }
    assert (ledger["used"], ledger["quarantined"]) == (3, 0)
    assert "line 5: the subtotal row says 2, and 2 records stand above it" not in table.found
    assert "line 4: the subtotal row says 2, and 2 records stand above it" in table.found
    assert "line 8: the subtotal row says 1, and 1 records stand above it" in table.found
    assert not table.warnings


@fault(23)
def test_23_blank_rows_and_columns(tmp_path: Path) -> None:
    lines = [f"{HEADER},,", f"{RECORDS[0]},,", ",,,,,", "", f"{RECORDS[1]}, ,", RECORDS[2]]
    table = read(written(tmp_path, text(*lines)))
    assert table.columns == HEADER.split(",")
    assert "2 empty columns were left out" in table.found
    ledger = checked(table).ledger()
    assert (ledger["rows_read"], ledger["used"], ledger["blank row"], ledger["quarantined"]) == (5, 3, 2, 0)


@fault(23)
def test_23_blank_rows_and_columns_of_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    workbook(path, ["id", None, "team"], ["1", None, "N"], [None, None, None], ["2", None, "S"])
    table = read(path)
    assert table.columns == ["id", "team"]
    assert table.line.tolist() == [2, 3, 4]
    ledger = checked(table).ledger()
    assert (ledger["used"], ledger["blank row"], ledger["quarantined"]) == (2, 1, 0)


@fault(24)
def test_24_every_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    table = read(written(tmp_path, text(HEADER, *RECORDS)))
    with pytest.raises(InputError) as caught:
        named(table, ["child_id", "teem", "star", "outcome"], section="episodes")
    said = [problem.problem for problem in caught.value.problems]
    assert said == [
        "there is no column 'teem'; the nearest is 'team'",
        "there is no column 'star'; the nearest is 'start'",
        "there is no column 'outcome'; it has: child_id, team, start, end",
    ]
    assert all("[episodes]" in problem.remedy for problem in caught.value.problems)


@fault(25)
def test_25_columns_that_are_not_named_are_not_looked_at(tmp_path: Path) -> None:
    # That they are listed to the user is told by the notes of a derivation.
    path = written(tmp_path, "child_id,mobile\n1,07700\x07\n2,x\n")
    records = checked(read(path), ["child_id"])
    assert records.used.all()
    assert "mobile" not in records.columns


@fault(26)
def test_26_columns_are_found_by_name_whatever_their_order_case_and_spaces(tmp_path: Path) -> None:
    path = written(tmp_path, "End Date,SWIFT no, CHILD-ID \n2020-03-01,9,1\n")
    table = named(read(path), ["child_id", "person", "end_date"], {"person": ("Person ID", "SWIFT no")})
    assert table.cells[["child_id", "person", "end_date"]].to_numpy().tolist() == [["1", "9", "2020-03-01"]]
    assert "the column 'SWIFT no' was read as 'person'" in table.found
    assert "the column 'CHILD-ID' was read as 'child_id'" in table.found


@fault(26)
def test_26_two_columns_that_could_be_one_are_a_question(tmp_path: Path) -> None:
    table = read(written(tmp_path, "Child ID,child-id\n1,2\n"))
    with pytest.raises(InputError, match="could be 'Child ID' and 'child-id'"):
        named(table, ["child_id"])


@fault(27)
def test_27_columns_that_look_swapped() -> None:
    early = pd.Series(pd.date_range("2020-01-01", periods=20))
    late = early + pd.Timedelta(days=30)
    late[:3] = pd.NaT
    problem = looks_swapped("episodes.csv", ("start", late), ("end", early))
    assert problem is not None
    assert problem.problem == (
        "the columns 'start' and 'end' look swapped: in 17 of 17 records 'end' is the earlier one"
    )
    assert looks_swapped("episodes.csv", ("start", early), ("end", late)) is None
    mostly_right = late.where(late.index % 3 > 0, early - pd.Timedelta(days=1))
    assert looks_swapped("episodes.csv", ("start", early), ("end", mostly_right)) is None
    assert looks_swapped("episodes.csv", ("start", late[:8]), ("end", early[:8])) is None


@fault(28)
@pytest.mark.parametrize("header_row", [None, "auto"])
def test_28_two_columns_of_one_name(tmp_path: Path, header_row: str | None) -> None:
    problem = refusal(written(tmp_path, "id,date,date\n1,2020-01-01,2020-01-02\n"), header_row=header_row)
    assert problem.problem == "the column 'date' stands twice in the header"
    assert problem.place == "line 1"


@fault(29)
def test_29_several_sheets_are_a_question(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    book = workbook(path, ["about"], ["text"], name="Cover")
    data = book.create_sheet("Children")
    data.append(["id", "team"])
    data.append(["1", "N"])
    book.create_sheet("Workings").sheet_state = "hidden"
    book.save(path)
    problem = refusal(path)
    assert "the sheets are: 'Cover', 'Children', 'Workings' (hidden)" in problem.problem
    assert "`sheet`" in problem.remedy
    table = read(path, sheet="Children")
    assert rows(table) == [["1", "N"]]
    assert table.found[:2] == (
        "the sheet 'Children' was read",
        "the workbook has 1 hidden sheets, not read: 'Workings'",
    )
    assert "there is no sheet 'Child'" in refusal(path, sheet="Child").problem


@fault(29)
def test_29_hidden_rows_are_a_question_and_hidden_columns_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "extract.xlsx"
    book = workbook(path, ["id", "team"], *([str(i), "N"] for i in range(1, 7)))
    book.active.row_dimensions[3].hidden = True
    book.active.row_dimensions[5].hidden = True
    book.active.column_dimensions["B"].hidden = True
    book.save(path)
    problem = refusal(path)
    assert "2 rows of the sheet are hidden, perhaps by a filter: rows 3, 5" in problem.problem
    read_all = read(path, hidden="read")
    assert checked(read_all).used.sum() == 6
    assert "2 hidden rows were read like the others" in read_all.found
    assert "1 hidden columns stand in the sheet: team" in read_all.found
    shown_only = checked(read(path, hidden="ignore"))
    assert shown_only.ledger()["hidden row"] == 2
    assert shown_only.table.cells["id"][shown_only.used].tolist() == ["1", "3", "5", "6"]


@fault(30)
def test_30_the_same_file_twice_and_an_overlapping_one(tmp_path: Path) -> None:
    march = read(written(tmp_path, text(HEADER, *RECORDS), "march.csv"))
    april = read(written(tmp_path, text(HEADER, *RECORDS), "april.csv"))
    may = read(written(tmp_path, text(HEADER, *RECORDS[1:], "4,West,2021-01-01,"), "may.csv"))
    june = read(written(tmp_path, text(HEADER, "5,West,2021-01-01,", "6,West,2021-01-01,"), "june.csv"))
    assert copies([march, april]) == ("april.csv is the same file as march.csv",)
    assert copies([march, may]) == ("2 of 3 records of may.csv stand in march.csv already",)
    assert copies([march, june]) == ()


@fault(31)
@pytest.mark.parametrize(("records", "warned"), [(65_534, False), (65_535, True), (65_536, True), (65_537, False)])
def test_31_a_file_that_ends_at_an_excel_limit(tmp_path: Path, records: int, warned: bool) -> None:
    path = written(tmp_path, "id,team\n" + "".join(f"{i},N\n" for i in range(records)))
    said = [warning for warning in read(path).warnings if "ends exactly at an Excel limit, 65,536 rows" in warning]
    assert bool(said) is warned


@fault(31)
@pytest.mark.parametrize(("length", "warned"), [(254, False), (255, True), (256, False), (32_767, True)])
def test_31_texts_cut_at_a_limit(tmp_path: Path, length: int, warned: bool) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["id", "note"], ["1", "short"], ["2", "x" * length]])
    table = read(written(tmp_path, buffer.getvalue()))
    said = [warning for warning in table.warnings if f"exactly {length:,} characters long in column 'note'" in warning]
    assert bool(said) is warned


@fault(32)
def test_32_a_filtered_export_shows_against_the_one_before(tmp_path: Path) -> None:
    both = "episode_id,child_id,start_date,end_date,team\nE1,C1,2020-03-01,,North\nE2,C2,2021-01-05,2021-09-20,South\n"
    teams = 'attributes = { team = "team" }\n'
    before = measures(council(tmp_path, replaced={"episodes": (both, teams)})[0])
    filtered = both.replace("E2,C2,2021-01-05,2021-09-20,South\n", "")
    now = measures(council(tmp_path, replaced={"episodes": (filtered, teams)})[0])
    change = trend(with_earlier(now, before.assign(extraction_date="2021-12-31"))).set_index("measure")
    assert change.loc["episodes team South", ["earlier", "now"]].tolist() == [1, 0]
    assert change.loc["episodes team North", ["earlier", "now"]].tolist() == [1, 1]
    assert change.loc["rows episodes.csv", ["earlier", "now"]].tolist() == [2, 1]


def measures(derivation: Derivation) -> pd.DataFrame:
    """The figures that a report keeps for the next one."""
    assert derivation.facts is not None
    assert derivation.findings is not None
    account = (derivation.ledger, derivation.quarantine)
    return quality_report(derivation.log, derivation.facts, derivation.findings, account=account).history


def test_reasons_and_ignored_rules_add_up_on_a_table_with_everything(tmp_path: Path) -> None:
    lines = [HEADER, RECORDS[0], "", HEADER, "9,too few", *RECORDS[1:], RECORDS[0], "Total,3,,", "Page 1"]
    table = read(written(tmp_path, TITLE + text(*lines)), header_row="auto")
    records = checked(table)
    ledger = records.ledger()
    assert set(reasons(records)) == {8}
    assert ledger["rows_read"] == 9
    assert (ledger["used"], ledger["quarantined"], ledger["ignored"], ledger["exact duplicate"]) == (3, 1, 5, 1)
