"""Reading delimited text: no record lost, every line number and raw text right, bad files refused in words."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.errors import InputError, Problem
from event_logs.sources import delimited
from event_logs.sources.delimited import parse_table, read_table
from event_logs.sources.plain import plain_body
from event_logs.sources.table import Header, TextTable, gathered


def parsed(text: str | bytes, encoding: str = "utf-8", delimiter: str = ",") -> TextTable:
    data = text.encode(encoding) if isinstance(text, str) else text
    return parse_table(data, "t.csv", encoding=encoding, delimiter=delimiter)


def problem(text: str | bytes, encoding: str = "utf-8") -> Problem:
    with pytest.raises(InputError) as caught:
        parsed(text, encoding)
    (only,) = caught.value.problems
    assert only.file == "t.csv"
    assert only.remedy
    return only


def test_text_stays_text() -> None:
    table = parsed("id,code\n00123,NA\nNULL,1e5\n nan ,\n")
    assert table.cells.to_numpy().tolist() == [["00123", "NA"], ["NULL", "1e5"], [" nan ", ""]]


def test_lines_and_raw_text_with_quoted_line_breaks_and_any_line_ends() -> None:
    table = parsed('a,b\r\n1,"two\r\nlines"\r\n\r\n2,x\n3,"said ""no"""\r4,y')
    assert table.line.tolist() == [2, 4, 5, 6, 7]
    assert table.blank.tolist() == [False, True, False, False, False]
    assert table.cells["b"].tolist() == ["two\r\nlines", "", "x", 'said "no"', "y"]
    assert table.raw(np.arange(5)) == ['1,"two\r\nlines"', "", "2,x", '3,"said ""no"""', "4,y"]


def test_records_of_the_wrong_width_are_kept_and_marked() -> None:
    table = parsed('a,b\n1\n1,2\n1,2,3\n"x"y,2\n3,4\n')
    assert table.fields.tolist() == [1, 2, 3, -1, 2]
    assert table.line.tolist() == [2, 3, 4, 5, 6]
    assert table.raw(np.array([3])) == ['"x"y,2']


def test_header_may_follow_empty_lines_and_a_byte_order_mark() -> None:
    table = parsed(b"\xef\xbb\xbf\n , \nname;x,b\n1,2\n")
    assert table.columns == ["name;x", "b"]
    assert table.line.tolist() == [4]


def test_other_delimiter_and_encoding() -> None:
    table = parsed("naam;v\nZoë O’Neill;1\n", encoding="cp1252", delimiter=";")
    assert table.cells["naam"].tolist() == ["Zoë O’Neill"]


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        (b"", "", "the file is empty"),
        (b"  \n\n", "", "the file is empty"),
        (b"a,b\n", "", "has a header but no records"),
        (b"a,b\n\n ,\n", "", ""),
        (b"a,b,a\n1,2,3\n", "line 1", "the column 'a' stands twice"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 1", "the header has 2 columns but every record has another number of fields"),
        (b'a,b\n1,2\n3,"open\n4,5\n', "line 3", "a quotation mark opened in this record is never closed"),
        (b"a,b\n1,2\nZo\xeb,2\n", "line 3", "not written in utf-8 (byte 0xeb)"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1", "written in UTF-16"),
    ],
)
def test_refused_files(data: bytes, place: str, says: str) -> None:
    if not says:  # blank lines alone are records that were read, not a broken file
        assert parsed(data).blank.all()
        return
    found = problem(data)
    assert found.place == place
    assert says in found.problem


def test_wrong_encoding_names_one_that_works() -> None:
    assert 'encoding = "cp1252"' in problem(b"a\nZo\xeb\n").remedy
    assert 'encoding = "utf-8"' in problem("a\nÁ\n".encode(), encoding="cp1252").remedy


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_table(tmp_path / "none.csv", encoding="utf-8", delimiter=",")
    with pytest.raises(InputError, match="folder, not a file"):
        read_table(tmp_path, encoding="utf-8", delimiter=",")


CELLS = st.text(st.sampled_from('ab,"\n\r ;é'), max_size=6)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=12), chunk=st.integers(1, 5))
def test_whatever_was_written_comes_back(rows: list[list[str]], chunk: int) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([["p", "q"], *rows])
    text = buffer.getvalue()
    before, delimited._CHUNK = delimited._CHUNK, chunk  # the seams between blocks must not show
    try:
        table = parsed(text)
    finally:
        delimited._CHUNK = before
    assert table.cells.to_numpy().tolist() == rows
    raw = table.raw(np.arange(len(rows)))
    assert [next(csv.reader(io.StringIO(part, newline=""))) for part in raw] == rows
    assert "\r\n".join(['"p","q"', *raw, ""]) == text


PLAIN = st.text(st.sampled_from("ab,; 1é\t|\u2028\x0b\x1c\x85") | st.sampled_from("\n\r"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(body=PLAIN, end=st.sampled_from(["\n", "\r\n"]))
def test_the_fast_way_finds_what_the_slow_way_finds(body: str, end: str) -> None:
    text = "p,q" + end + body.replace("\n", end)
    header = Header(("p", "q"))
    fast = plain_body(text, header, ",", None)
    if fast is None:
        return
    slow = gathered(delimited.records(text, "t.csv", ","), header)
    assert fast.line.tolist() == slow.line.tolist()
    assert fast.fields.tolist() == slow.fields.tolist()
    assert [column.to_pylist() for column in fast.columns] == [column.to_pylist() for column in slow.columns]


def test_the_fast_way_is_taken_where_it_can_be() -> None:
    header = Header(("p", "q"))
    assert plain_body("p,q\n1,NA\n2,\n,null\n", header, ",", None) is not None
    for other in ('p,q\n1,"2"\n', "p,q\n1,2\n\n3,4\n", "p,q\n1,2\n3\n", "p,q\r1,2\r", "p,q\n"):
        assert plain_body(other, header, ",", None) is None
