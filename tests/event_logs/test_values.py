"""The value layer against the calendar, the clock and the standard library, on whatever text there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from event_logs.derive import derive
from event_logs.errors import InputError
from event_logs.project import Reading, load_project
from event_logs.quarantine import RULES, Records, ledgers, notices, stop_if_unusable
from event_logs.sources.delimited import parse_table
from event_logs.values import (
    OPEN_SENTINELS,
    UNKNOWN_SENTINELS,
    ColumnReading,
    DateReading,
    Precision,
    cell_reading,
    parse_dates,
    read_dates,
)
from event_logs.values.cells import contact_details, damaged_by_excel, text_and_number
from event_logs.values.codes import DatedCode, canonical, in_use, normalised
from event_logs.values.dates import Found
from event_logs.values.formats import checked_format, example, other_order
from event_logs.values.years import ReportingYear

DAYS = st.dates(date(1850, 1, 1), date(2200, 12, 31))
UK = DateReading(formats=("%d/%m/%Y",), by_shape=True)
EVERYTHING = DateReading(
    formats=("%d/%m/%Y", "%d-%b-%y", "%d %B %Y"),
    by_shape=True,
    sentinels_null=UNKNOWN_SENTINELS,
    sentinels_open=OPEN_SENTINELS,
    open_texts=("ongoing",),
    two_digit_pivot="birth",
    excel_serials=True,
    timezone="Europe/London",
    month_names=("en", "gd"),
)


def text(values: Sequence[str | None]) -> pd.Series[str]:
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize(
    "written",
    [
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%Y%m%d",
        "%d%m%Y",
        "%d %b %Y",
        "%d %B %Y",
        "%A %d %B %Y",
        "%d-%b-%Y",
    ],
)
@settings(max_examples=30, deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=20))
def test_what_is_written_in_a_format_is_read_in_it(written: str, days: list[date]) -> None:
    cells = text([day.strftime(written).replace(f"{day.year % 10000:d}", f"{day.year:04d}") for day in days])
    read = read_dates(cells, DateReading(formats=(written,)))
    assert read.day.dt.date.tolist() == days
    assert set(read.precision) == {Precision.DAY}
    assert parse_dates(cells, written).dt.date.tolist() == days


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.tuples(st.integers(0, 32), st.integers(0, 32), st.integers(1840, 2210)), max_size=30))
def test_a_day_first_column_is_read_as_the_standard_library_does(parts: list[tuple[int, int, int]]) -> None:
    def expected(cell: str) -> date | None:
        try:
            day = datetime.strptime(cell, "%d/%m/%Y").date()
        except ValueError:
            return None
        return day if 1850 <= day.year <= 2200 else None

    cells = [f"{day:02d}/{month:02d}/{year}" for day, month, year in parts]
    read = read_dates(text(cells), UK)
    assert [None if day is pd.NaT else day.date() for day in read.day] == [expected(cell) for cell in cells]
    for cell, found in zip(cells, read.found, strict=True):
        month_first = found == Found.OTHER_ORDER
        day, month, _ = map(int, cell.split("/"))
        assert not month_first or (1 <= day <= 12 < month)


@settings(max_examples=50, deadline=None)
@given(moments=st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)), min_size=1, max_size=30))
def test_local_time_and_utc_are_those_of_the_standard_library(moments: list[datetime]) -> None:
    moments = [moment.replace(second=0, microsecond=0, fold=0) for moment in moments]
    moments += [datetime(2024, 3, 31, 1, 30), datetime(2024, 10, 27, 1, 30), datetime(1970, 6, 1, 12, 0)]
    london = ZoneInfo("Europe/London")
    how = DateReading(by_shape=True, timezone="Europe/London")
    read = read_dates(text([f"{moment:%Y-%m-%d %H:%M}" for moment in moments]), how)
    utc = [moment.replace(tzinfo=london).astimezone(UTC).replace(tzinfo=None) for moment in moments]
    timed = [moment.time() != datetime.min.time() for moment in moments]
    assert [a == b for a, b, there in zip(read.utc, utc, timed, strict=True) if there] == [True] * sum(timed)
    back = read_dates(text([f"{moment:%Y-%m-%dT%H:%M}Z" for moment in moments]), how)
    local = [moment.replace(tzinfo=UTC).astimezone(london).replace(tzinfo=None) for moment in moments]
    assert back.moment.tolist() == local
    assert back.day.dt.date.tolist() == [moment.date() for moment in local]


CELLS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9?]{1,4}[/.-][0-9?]{1,4}[/.-][0-9?]{1,4}([ T][0-9]{2}:[0-9]{2})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["ongoing", "approx Jan 2020", "1.23E+15", "NaN", "now", "today", "2024-06-01T00:00+99:99", "+44"]),
)


@settings(max_examples=80, deadline=None)
@given(cells=st.lists(st.one_of(st.none(), CELLS), max_size=20), seed=st.integers(0, 99))
def test_any_text_is_read_or_explained_whatever_its_place(cells: list[str | None], seed: int) -> None:
    values = text(cells)
    read = read_dates(values, EVERYTHING, reference=pd.Timestamp("2024-07-31"))
    dated = read.found == Found.DATE
    assert (read.moment.notna().to_numpy() == dated).all()
    assert ((read.found == Found.MISSING) == values.isna().to_numpy()).all()
    known = (dated | (read.found == Found.PARTIAL)).tolist()
    assert (read.first.notna() & read.last.notna()).tolist() == known
    assert (read.first[known] <= read.last[known]).all()
    order = np.random.default_rng(seed).permutation(len(cells))
    again = read_dates(values.iloc[order], EVERYTHING, reference=pd.Timestamp("2024-07-31"))
    pd.testing.assert_series_equal(again.moment, read.moment.iloc[order])
    assert (again.found == read.found[order]).all()


@settings(max_examples=50, deadline=None)
@given(
    cells=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\r\n\0'), max_size=25),
        min_size=1,
        max_size=15,
    )
)
def test_no_record_is_lost_and_nothing_breaks_whatever_the_cells(cells: list[str]) -> None:
    lines = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells, start=1))
    table = parse_table(f"id,value\n{lines}".encode(), "a.csv", encoding="utf-8", delimiter=",")
    for read in ("identifier", "date", "code", "attribute"):
        records = Records(table, Reading(), table.columns, pd.Timestamp("2024-07-31"))
        arguments = {"identifier": ("child id",), "code": (["a", "b"],)}.get(read, ())
        assert len(getattr(records, read)("value", *arguments)) == len(cells)
        if not records.problems:
            ledger = records.ledger()
            assert ledger["rows_read"] == len(cells)
            assert ledger["quarantined"] == len(records.quarantined())
        said = " ".join(notice.sentence for notice in records.notices)
        assert not any(len(cell) > 12 and cell in said for cell in cells)


def test_today_and_now_are_no_dates() -> None:
    assert read_dates(text(["today", "now", "-2024-01-01", "+2024-01-01"]), UK).moment.isna().all()
    assert parse_dates(text(["today", "now", "-2024-01-01"]), "%Y-%m-%d").isna().all()


@pytest.mark.parametrize("wrong", ["%d/%m", "%Y-%m-%d %Q", "%d/%m/%Y %d", "%", "%H:%M", "%j %Y"])
def test_formats_that_say_no_date_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="%"):
        checked_format(wrong)
    with pytest.raises(ValueError, match="%"):
        DateReading(formats=(wrong,))


def test_formats_in_words() -> None:
    assert example("%d/%m/%Y %H:%M") == "25/12/2024 14:30"
    assert other_order("%d-%b-%Y") is None
    assert other_order("%d.%m.%y") == "%m.%d.%y"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"formats": ["%d/%m/%Y", "%m/%d/%Y"]}, "would read the same text as different dates"),
        ({"formats": ["%d%m%Y", "%Y%m%d"]}, "would read the same text as different dates"),
        ({"formats": ["%Y-%d-%m"], "by_shape": True}, "would read the same text as different dates"),
        ({"formats": []}, "at least one date format"),
        ({"timezone": "Scotland"}, "in the United Kingdom it is 'Europe/London'"),
        ({"two_digit_pivot": 100}, "less than or equal to 99"),
        ({"sentinels_null": [date(1900, 1, 1)], "sentinels_open": [date(1900, 1, 1)]}, "cannot mean both"),
        ({"sentinel": []}, "sentinel"),
        ({"month_names": ["fr"]}, "'en' or 'gd'"),
    ],
)
def test_what_is_declared_is_checked(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(DateReading).validate_python(keys)


def test_the_defaults_are_iso_dates_and_nothing_else() -> None:
    cells = text(["2024-04-05", "2024-04-05T10:00:00", "05/04/2024", "45292", "1900-01-01", "9999-12-31"])
    read = read_dates(cells, DateReading())
    assert read.day.dt.strftime("%Y-%m-%d").fillna("").tolist() == [
        "2024-04-05",
        "",
        "",
        "",
        "1900-01-01",
        "9999-12-31",
    ]


def test_what_is_said_of_a_column_of_a_file_goes_first() -> None:
    section = Reading(
        date_format="%d/%m/%Y",
        missing=("", "n/k"),
        columns={
            "born": ColumnReading(formats=("%d/%m/%y",), two_digit_pivot="birth"),
            "a.csv:born": ColumnReading(missing=("?",), two_digit_pivot=20),
        },
    )
    assert cell_reading(section, "a.csv", "start").dates == DateReading(formats=("%d/%m/%Y",))
    other, own = cell_reading(section, "b.csv", "born"), cell_reading(section, "a.csv", "born")
    assert (other.dates.formats, other.dates.two_digit_pivot, other.missing) == (("%d/%m/%y",), "birth", ("", "n/k"))
    assert (own.dates.formats, own.dates.two_digit_pivot, own.missing) == (("%d/%m/%y",), 20, ("?",))


def table(lines: str, file: str = "a.csv"):  # type: ignore[no-untyped-def]
    return parse_table(f"id,value\n{lines}".encode(), file, encoding="utf-8", delimiter=",")


def test_a_further_rule_leaves_records_out_by_its_name() -> None:
    records = Records(table("1,a\n2,\n3,b\n"), Reading(), ["id", "value"])
    records.required("value", "code")
    records.ignore("demolished", np.array([True, True, False]))
    ledger = records.ledger()
    assert (ledger["used"], ledger["quarantined"], ledger["ignored"], ledger["demolished"]) == (1, 1, 1, 1)
    both = ledgers([records, Records(table("1,a\n", "b.csv"), Reading(), ["id"])])
    assert both["demolished"].tolist() == [1, 0]
    assert both["demolished"].dtype == "int64"
    assert set(RULES) < set(both.columns)


def test_notices_put_first_what_is_to_be_looked_at_and_count_each_column_once() -> None:
    reading = Reading(date_format="%Y-%m-%d %H:%M")
    records = Records(table("1,2024-01-01 10:00\n2,1900-01-01 00:00\n"), reading, ["id", "value"])
    for _ in range(2):
        assert records.date("value")[0] == pd.Timestamp("2024-01-01")
    told = notices([records])
    assert told[["letter", "rule", "count", "lines"]].to_numpy().tolist() == [
        ["W", "likely sentinel", 1, "3"],
        ["F", "time of day", 1, "2"],
    ]
    assert told["sentence"][1] == "value: 1 date carries a time of day"
    assert notices([Records(table("1,a\n"), Reading(), ["id"])]).empty


def test_every_column_in_doubt_is_named_at_once() -> None:
    reading = Reading(date_format="%d/%m/%Y")
    files = [Records(table("1,12/25/2024\n", name), reading, ["id", "value"]) for name in ("a.csv", "b.csv")]
    for records in files:
        records.date("value")
        with pytest.raises(InputError):
            records.ledger()
    with pytest.raises(InputError) as caught:
        stop_if_unusable(files)
    assert [problem.file for problem in caught.value.problems] == ["a.csv", "b.csv"]
    stop_if_unusable([Records(table("1,a\n"), reading, ["id"])])


def test_codes_are_known_again_by_their_form() -> None:
    values = text(["foster\u00a0carers  LA ", "KINSHIP", "other", None, "2.0"])
    found, changed = normalised(values, ["Foster carers la", "Kinship", "2"])
    assert found.fillna("-").tolist() == ["Foster carers la", "Kinship", "other", "-", "2"]
    assert changed.tolist() == [True, True, False, False, True]
    assert canonical(text(["Zoe\u0308"])).tolist() == ["zoë"]
    same, unchanged = normalised(text(["a", "A"]), ["a", "A"])
    assert (same.tolist(), unchanged.any()) == (["a", "A"], False)


def test_dated_codes() -> None:
    days = pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-01"]))
    meaning, outside = in_use(text(["x", "x", None]), days, [DatedCode(code="x", means="y", last=date(2019, 12, 31))])
    assert meaning.isna().all()
    assert outside.tolist() == [True, False, False]
    with pytest.raises(ValueError, match="is after last day"):
        DatedCode(code="x", means="y", first=date(2020, 1, 2), last=date(2020, 1, 1))


def test_ids_and_contact_details() -> None:
    ids = ["E1", "1e5", "1E5A", "100.0", "100.5", "10.00", "123456789012345000", "123456789012345678", None]
    assert damaged_by_excel(text(ids)).tolist() == [False, True, False, True, False, True, True, False, False]
    assert text_and_number(text(["1", "01", "1.0", "10", "A1", None, "2", "2"])).tolist() == [True] * 3 + [False] * 5
    yes = ["07700 900123", "+44 7700 900123", "(0131) 496 0000", "01314960000", "x@y.org", "eh1 1yz", "QQ123456C"]
    no = ["2024-01-01 10:00", "01/02/2024", "E123456", "Section 25", "1001", "0123456", "C1 2020", None]
    assert contact_details(text([*yes[:6], *no])).tolist() == [True] * 6 + [False] * len(no)


def test_a_reporting_year_begins_on_a_day_that_every_year_has() -> None:
    with pytest.raises(ValueError, match="day"):
        ReportingYear("odd", 2, 29)
    school = ReportingYear("school year", 8, 15)
    days = pd.Series([pd.Timestamp("2024-08-14"), pd.Timestamp("2024-08-15")])
    assert school.of(days).tolist() == [2024, 2025]


@settings(max_examples=50, deadline=None)
@given(month=st.integers(1, 12), day=st.integers(1, 28), days=st.lists(DAYS, min_size=1))
def test_every_day_lies_within_its_reporting_year(month: int, day: int, days: list[date]) -> None:
    year = ReportingYear("some year", month, day)
    stamps = [pd.Timestamp(each) for each in days]
    for stamp, number in zip(stamps, year.of(pd.Series(stamps)), strict=True):
        assert year.first_day(number) <= stamp <= year.last_day(number)
        assert year.last_day(number) - year.first_day(number) in (timedelta(days=364), timedelta(days=365))


@pytest.mark.slow
def test_a_million_dates_are_read_in_time() -> None:
    moments = np.datetime64("2000-01-01T00:00:00") + np.arange(1_000_000) * np.timedelta64(701, "s")
    whole = pd.Series(pd.Series(moments).dt.strftime("%d/%m/%Y %H:%M:%S"), dtype="str")
    for cells, limit in ((whole.str.slice(0, 10), 1.0), (whole, 4.0)):
        began = time.process_time()
        read = read_dates(cells, UK)
        assert time.process_time() - began < limit
        assert read.moment.notna().all()


DECLARED = """\
[reading]
missing = ["", "n/k"]
normalise_codes = true
total_row_labels = ["Total"]
[reading.dates]
formats = ["%d/%m/%Y"]
by_shape = true
sentinels_open = [9999-12-31]
[reading.columns."children.csv:date_of_birth"]
formats = ["%d/%m/%y", "%d/%m/%Y"]
two_digit_pivot = "birth"
[reading.columns.review_date]
excel_serials = true
"""


def test_a_project_file_declares_all_of_it(write_council: Callable[..., Path]) -> None:
    old = '[reading]\ndate_format = "%d/%m/%Y"\nmissing = ["", "n/k"]\ntotal_row_labels = ["Total"]\n'
    folder = write_council(
        project=(old, DECLARED),
        added={
            "children.csv": "C9,10/06/10,Male,Reid\n",
            "episodes.csv": "E9,C9,2021-01-05T09:30,31/12/9999,\n",
            "placements.csv": "E9,FOSTER  carer,05/01/2021,\n",
            "reviews.csv": "E9,44243,Plan continues\n",
        },
    )
    found = derive(load_project(folder))
    assert found.quarantine.empty
    events = found.log.events[found.log.events["case"] == "E9"]
    assert [f"{day:%Y-%m-%d}" for day in events["date"]] == ["2021-01-05", "2021-01-05", "2021-02-16"]
    assert found.log.cases.set_index("case").loc["E9", "birth"] == pd.Timestamp("2010-06-10")
    assert found.log.cases.set_index("case").loc["E9", "first_placement"] == "Foster carer"
    assert {"open end", "code normalised", "Excel date number", "time of day"} <= set(found.notices["rule"])


def test_one_month_first_date_stops_the_run_and_names_its_column(write_council: Callable[..., Path]) -> None:
    folder = write_council(added={"reviews.csv": "E1,12/25/2020,Plan continues\n"})
    with pytest.raises(InputError) as caught:
        derive(load_project(folder))
    (problem,) = caught.value.problems
    assert (problem.file, problem.place) == ("reviews.csv", "column 'review_date', line 8")
    assert "3 other dates can only be read as declared" in problem.problem
