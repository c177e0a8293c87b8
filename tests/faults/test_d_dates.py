"""Faults 51 to 70: dates in the wrong order, of the wrong century, of no calendar, on no clock, of no certainty."""

from __future__ import annotations

import locale
from datetime import date

import pandas as pd
import pytest

from event_logs.ages import age_at
from event_logs.values import OPEN_SENTINELS, UNKNOWN_SENTINELS, DateReading, Precision
from event_logs.values.years import CALENDAR_YEAR, CENSUS_YEAR, FINANCIAL_YEAR
from faults.declared import UK, dated, records, stopped, told, why
from faults.registry import fault

US = DateReading(formats=("%m/%d/%Y",), by_shape=True)
LONDON = DateReading(by_shape=True, timezone="Europe/London")


@fault(51)
def test_51_only_the_declared_order_decides() -> None:
    assert dated(["03/04/2024"], UK)[1] == ["2024-04-03"]
    assert dated(["03/04/2024"], US)[1] == ["2024-03-04"]
    # Ten thousand dates that could be either change nothing: no order is ever inferred.
    cells = ["03/04/2024"] * 10_000
    assert set(dated(cells, UK)[1]) == {"2024-04-03"}
    with pytest.raises(ValueError, match="would read the same text as different dates"):
        DateReading(formats=("%d/%m/%Y", "%m/%d/%Y"))


@fault(52)
def test_52_month_first_dates_in_a_day_first_column_stop_the_run() -> None:
    checked, days = dated(["03/04/2024", "25/06/2024", "13/01/2024", "06/25/2024", "31/06/2024"], UK)
    assert days == ["2024-04-03", "2024-06-25", "2024-01-13", "", ""]
    problem = stopped(checked)
    assert problem.place == "column 'value', line 5"
    assert problem.problem == (
        "1 date can only be read with day and month changed over, while the column is declared as '%d/%m/%Y'; "
        "2 other dates can only be read as declared"
    )
    assert "06/25" not in str(problem)
    assert checked.quarantined()["row"].tolist() == [5, 6]


@fault(52)
def test_52_they_can_be_set_aside_by_a_declared_rule() -> None:
    checked, _ = dated(["03/04/2024", "06/25/2024"], DateReading(formats=("%d/%m/%Y",), other_order="quarantine"))
    assert why(checked) == [
        "",
        "value: unreadable date '06/25/2024', which is only a date with day and month changed over",
    ]


@fault(53)
def test_53_iso_dates_are_known_by_their_shape() -> None:
    checked, days = dated(["05/04/2024", "2024-04-05", "2024-04-05T00:00:00", "2024-4-5", "2024-25-12"], UK)
    assert days == ["2024-04-05", "2024-04-05", "2024-04-05", "2024-04-05", ""]
    assert [bool(reason) for reason in why(checked)] == [False] * 4 + [True]


@fault(53)
def test_53_a_single_declared_format_is_kept_to() -> None:
    checked = records(["2024-04-05"], date_format="%d/%m/%Y")
    assert checked.date("value").isna().all()
    assert why(checked) == ["value: unreadable date '2024-04-05', a date is written like 25/12/2024"]


@fault(54)
def test_54_excel_numbers_only_where_declared() -> None:
    serials = DateReading(excel_serials=True)
    checked, days = dated(["45292", "45292.5", "45292.0", "19999", "60001", "2024-01-01"], serials)
    assert days == ["2024-01-01", "2024-01-01", "2024-01-01", "", "", "2024-01-01"]
    assert [bool(reason) for reason in why(checked)] == [False, False, False, True, True, False]
    assert told(checked, "Excel date number").letter == "F"
    assert told(checked, "Excel date number").count == 3
    column = records(["45292.5", "45292"], dates=serials).dates("value")
    assert column.moment.tolist() == [pd.Timestamp("2024-01-01 12:00"), pd.Timestamp("2024-01-01")]
    assert column.precision.tolist() == [Precision.TIME, Precision.DAY]
    undeclared, days = dated(["45292"], UK)
    assert days == [""]
    assert "a number such as Excel keeps for a date, while excel_serials is not declared" in why(undeclared)[0]


@fault(55)
def test_55_the_workbook_says_from_which_year_it_counts() -> None:
    serials = DateReading(excel_serials=True)
    assert dated(["45292", "43830"], serials, date1904=False)[1] == ["2024-01-01", "2019-12-31"]
    assert dated(["43830"], serials, date1904=True)[1] == ["2024-01-01"]
    # A text file says nothing; then it can be declared, and the declaration goes before the workbook.
    declared = DateReading(excel_serials=True, date_system_1904=True)
    assert dated(["43830"], declared)[1] == ["2024-01-01"]
    assert dated(["43830"], declared, date1904=False)[1] == ["2024-01-01"]


@fault(56)
@pytest.mark.parametrize("cell", ["1", "59", "60", "61", "366"])
def test_56_numbers_before_march_1900_are_no_dates(cell: str) -> None:
    checked, days = dated([cell], DateReading(excel_serials=True))
    assert days == [""]
    assert "a number that is no date of Excel, which lie from 20000 to 60000" in why(checked)[0]


@fault(57)
def test_57_dates_that_stand_for_not_known() -> None:
    cells = ["1900-01-01", "1899-12-30", "01/01/1901", "01/01/1900 00:00:00", "02/01/1900"]
    how = DateReading(formats=("%d/%m/%Y",), by_shape=True, sentinels_null=UNKNOWN_SENTINELS)
    checked, days = dated(cells, how)
    assert days == ["", "", "", "", "1900-01-02"]
    assert why(checked) == [""] * 5
    assert told(checked, "sentinel date").count == 4
    required, _ = dated(cells, how, required=True)
    assert why(required)[:4] == ['value: missing date: the date stands for "not known"'] * 4


@fault(57, 58)
def test_57_58_undeclared_they_are_kept_and_told() -> None:
    checked, days = dated(["01/01/1900", "31/12/9999", "03/04/2024"], UK)
    assert days == ["1900-01-01", "9999-12-31", "2024-04-03"]
    assert told(checked, "likely sentinel").count == 2
    assert told(checked, "likely sentinel").letter == "W"


@fault(58)
def test_58_dates_that_stand_for_still_open() -> None:
    how = DateReading(formats=("%d/%m/%Y",), by_shape=True, sentinels_open=OPEN_SENTINELS)
    checked = records(["31/12/9999", "2099-12-31", "31/12/9999 23:59:59", "03/04/2024", ""], dates=how)
    read = checked.dates("value", required=False)
    assert read.open.tolist() == [True, True, True, False, False]
    assert read.day.isna().tolist() == [True, True, True, False, True]
    assert why(checked) == [""] * 5
    assert told(checked, "open end").count == 3
    start, _ = dated(["31/12/9999"], how, required=True)
    assert why(start) == ["value: a date or word for an open end where a date is needed"]


@fault(59)
def test_59_two_digit_years_by_a_declared_pivot() -> None:
    short = "%d/%m/%y"
    assert dated(["01/02/69", "01/02/24", "01/02/25"], DateReading(formats=(short,), two_digit_pivot=24))[1] == [
        "1969-02-01",
        "2024-02-01",
        "1925-02-01",
    ]
    # The extract was taken on 31 July 2024: whoever was born on "01/08/24" was born in 1924, and is no child in care.
    birth = DateReading(formats=(short,), two_digit_pivot="birth")
    checked, days = dated(["01/02/69", "31/07/24", "01/08/24", "01/02/99", "29/02/00"], birth)
    assert days == ["", "2024-07-31", "", "1999-02-01", "2000-02-29"]
    assert "whose century cannot be told" in why(checked)[0]
    assert "whose century cannot be told" in why(checked)[2]
    undeclared, days = dated(["01/02/69", "01/02/24"], DateReading(formats=(short,)))
    assert days == ["", ""]
    assert all("whose century cannot be told" in reason for reason in why(undeclared))


@fault(60)
@pytest.mark.parametrize(
    "cell", ["31/02/2024", "29/02/2023", "31/04/2020", "00/00/2020x", "01/13/2020x", "32/01/2020", "29/02/1900"]
)
def test_60_dates_of_no_calendar(cell: str) -> None:
    checked, days = dated([cell], UK)
    assert days == [""]
    assert why(checked) == [f"value: unreadable date {cell!r}, a date is written like 25/12/2024"]


@fault(60)
def test_60_leap_days_and_impossible_years() -> None:
    checked, days = dated(["29/02/2024", "29/02/2000", "01/01/0201", "01/01/2999"], UK)
    assert days == ["2024-02-29", "2000-02-29", "", ""]
    assert [("a year that cannot be right" in reason) for reason in why(checked)] == [False, False, True, True]


@fault(61)
def test_61_the_birthday_of_29_february_is_1_march() -> None:
    births = pd.Series(pd.to_datetime(["2024-02-29"] * 4))
    days = pd.Series(pd.to_datetime(["2025-02-28", "2025-03-01", "2028-02-28", "2028-02-29"]))
    assert age_at(births, days).tolist() == [0, 1, 3, 4]


@fault(62)
def test_62_dates_with_and_without_a_time() -> None:
    checked = records(["03/04/2024", "03/04/2024 13:30", "2024-04-03T13:30:15.250", "03/04/2024 24:10"], dates=UK)
    read = checked.dates("value")
    assert read.precision.tolist() == [Precision.DAY, Precision.TIME, Precision.TIME, Precision.NONE]
    assert read.day.dropna().dt.strftime("%Y-%m-%d").tolist() == ["2024-04-03"] * 3
    assert read.moment[2] == pd.Timestamp("2024-04-03 13:30:15.250")
    assert told(checked, "time of day").count == 2
    assert [bool(reason) for reason in why(checked)] == [False, False, False, True]


@fault(63)
def test_63_midnight_is_a_date_without_a_time() -> None:
    checked = records(["03/04/2024 00:00:00", "03/04/2024 00:00", "03/04/2024 00:00:01"], dates=UK)
    assert checked.dates("value").precision.tolist() == [Precision.DAY, Precision.DAY, Precision.TIME]


@fault(64)
def test_64_hours_that_clocks_left_out_and_showed_twice() -> None:
    checked = records(["2024-03-31 01:30", "2024-10-27 01:30", "2024-03-31 02:30", "2024-10-27 02:00"], dates=LONDON)
    read = checked.dates("value")
    assert read.utc.dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        "2024-03-31 01:30",  # the clock of before, still on GMT
        "2024-10-27 00:30",  # the first of the two
        "2024-03-31 01:30",
        "2024-10-27 02:00",
    ]
    assert read.day.dt.strftime("%m-%d").tolist() == ["03-31", "10-27", "03-31", "10-27"]
    assert told(checked, "hour left out").lines.tolist() == [2]
    assert told(checked, "hour shown twice").lines.tolist() == [3]
    assert why(checked) == [""] * 4


@fault(65)
def test_65_offsets_need_a_declared_clock() -> None:
    cells = ["2024-06-01T10:00:00+00:00", "2024-06-01T10:00:00+01:00", "2024-06-01T10:00:00", "2024-06-01T10:00:00Z"]
    problem = stopped(dated(cells, UK)[0])
    assert problem.problem.startswith("3 dates have an offset from UTC and 1 has none, while no time zone is declared")
    assert 'timezone = "Europe/London"' in problem.remedy
    read = records(cells, dates=LONDON).dates("value")
    assert read.utc.dt.strftime("%H:%M").tolist() == ["10:00", "09:00", "09:00", "10:00"]
    assert read.moment.dt.strftime("%H:%M").tolist() == ["11:00", "10:00", "10:00", "11:00"]


@fault(66)
def test_66_the_local_day_is_kept() -> None:
    checked = records(["2024-06-01T00:00:00+01:00", "2024-05-31T23:00:00Z", "2024-01-01T00:30:00Z"], dates=LONDON)
    read = checked.dates("value")
    assert read.day.dt.strftime("%Y-%m-%d").tolist() == ["2024-06-01", "2024-06-01", "2024-01-01"]
    assert read.utc[:2].dt.strftime("%Y-%m-%d %H:%M").tolist() == ["2024-05-31 23:00"] * 2
    assert told(checked, "day in UTC").count == 2


@fault(67)
def test_67_an_extract_that_is_older_than_its_last_event() -> None:
    later = ["01/08/2024", "02/08/2024", "31/12/2024"]
    checked, _ = dated([*["03/04/2024"] * 50, "31/07/2024 23:59", *later], UK)
    notice = told(checked, "after extraction")
    assert notice.count == 3
    assert "of 54 dates are after the extraction date, 2024-07-31; is `extraction_date`" in notice.sentence
    few, _ = dated(["03/04/2024", "01/08/2024"], UK)
    assert not few.notices  # a slip in a record, which the checks of the record set aside


@fault(68)
def test_68_names_of_months_in_declared_formats_only() -> None:
    how = DateReading(formats=("%d-%b-%y", "%d %B %Y", "%b %d, %Y"), two_digit_pivot=50)
    cells = ["3-Apr-24", "03-APR-24", "3 April 2024", "3 apr. 2024", "30 Sept 2023", "Sep 30, 2023", "3 Avril 2024"]
    checked, days = dated(cells, how)
    assert days == ["2024-04-03"] * 4 + ["2023-09-30"] * 2 + [""]
    assert "a date is written like 25-Dec-24 or 25 December 2024 or Dec 25, 2024" in why(checked)[-1]
    assert dated(["3-Apr-24"], UK)[1] == [""]


@fault(68)
def test_68_gaelic_months_where_declared() -> None:
    cells = ["3 dhen Ghiblean 2024", "29 Gearr 2024", "1 an t-Ògmhios 2024", "1 Am Màrt 2024", "2 an Dùbhlachd 2023"]
    assert dated(cells, DateReading(formats=("%d %b %Y",), month_names=("gd",)))[1] == [
        "2024-04-03",
        "2024-02-29",
        "2024-06-01",
        "2024-03-01",
        "2023-12-02",
    ]
    assert dated(cells, DateReading(formats=("%d %b %Y",)))[1] == [""] * 5


@fault(68)
def test_68_no_locale_changes_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    how = DateReading(formats=("%d %B %Y",))
    before = locale.setlocale(locale.LC_TIME)
    there = [name for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "gd_GB.UTF-8", "C") if _has(name)]
    try:
        for name in there:
            locale.setlocale(locale.LC_TIME, name)
            assert dated(["3 May 2024", "1 March 2024"], how)[1] == ["2024-05-03", "2024-03-01"]
    finally:
        locale.setlocale(locale.LC_TIME, before)


def _has(name: str) -> bool:
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_TIME, before)
    return True


@fault(69)
@pytest.mark.parametrize(
    ("year", "last", "number", "label"),
    [
        (CALENDAR_YEAR, "2023-12-31", 2023, "2023"),
        (FINANCIAL_YEAR, "2024-03-31", 2024, "2023-24"),
        (CENSUS_YEAR, "2024-07-31", 2024, "2023-24"),
    ],
)
def test_69_which_year_is_meant_is_always_said(year: object, last: str, number: int, label: str) -> None:
    assert year in (CALENDAR_YEAR, FINANCIAL_YEAR, CENSUS_YEAR)
    end = pd.Timestamp(last)
    days = pd.Series([end, end + pd.Timedelta(days=1), pd.NaT, pd.Timestamp("2024-02-29")])
    assert year.of(days).fillna(-1).tolist() == [number, number + 1, -1, 2024]  # type: ignore[attr-defined]
    assert year.last_day(number) == end  # type: ignore[attr-defined]
    assert year.first_day(number + 1) == end + pd.Timedelta(days=1)  # type: ignore[attr-defined]
    assert year.label(number) == label  # type: ignore[attr-defined]


@fault(70)
def test_70_words_and_uncertain_dates_are_set_aside() -> None:
    cells = ["ongoing", "unknown", "approx Jan 2020", "??/06/2019", "2019", "03/04/2024"]
    checked, days = dated(cells, UK)
    assert days == ["", "", "", "", "", "2024-04-03"]
    assert why(checked) == [
        "value: unreadable date 'ongoing', a word for an open end that is not declared under open_texts",
        "value: unreadable date 'unknown', a date is written like 25/12/2024",
        "value: unreadable date 'approx Jan 2020', of which only the month is known",
        "value: unreadable date '??/06/2019', of which only the month is known",
        "value: unreadable date '2019', of which only the year is known",
        "",
    ]


@fault(70)
def test_70_or_become_an_interval_and_an_open_end() -> None:
    how = DateReading(formats=("%d/%m/%Y",), open_texts=("ongoing",))
    cells = ["Ongoing", "unknown", "approx Jan 2020", "??/02/2024", "c. 2019", "06/2019", "2019-06", "03/04/2024"]
    checked = records(cells, dates=how, missing=["", "unknown"])
    read = checked.dates("value", required=False)
    assert read.open.tolist() == [True] + [False] * 7
    spans = [(a.date(), b.date()) for a, b in zip(read.first[2:], read.last[2:], strict=True)]
    june = (date(2019, 6, 1), date(2019, 6, 30))
    assert spans == [
        (date(2020, 1, 1), date(2020, 1, 31)),
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2019, 1, 1), date(2019, 12, 31)),
        june,
        june,
        (date(2024, 4, 3), date(2024, 4, 3)),
    ]
    assert read.day[:7].isna().all()
    assert why(checked) == [""] * 8
    assert told(checked, "partial date").count == 5
