"""Working days against published lists of holidays, numpy's business days, and days counted on a calendar."""

from __future__ import annotations

import datetime
import pickle
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_logs.working_days import COUNCIL, SCOTLAND, WorkingDays

TABLE = WorkingDays.scotland(2000, 2030)
days = st.dates(date(2000, 1, 1), date(2030, 12, 31))

# The lists that the Scottish Government published for these years, Monday to Friday only.
PUBLISHED = {
    2021: ["01-01", "01-04", "04-02", "05-03", "05-31", "08-02", "11-30", "12-27", "12-28"],
    2022: ["01-03", "01-04", "04-15", "05-02", "06-02", "06-03", "08-01", "09-19", "11-30", "12-26", "12-27"],
    2023: ["01-02", "01-03", "04-07", "05-01", "05-08", "05-29", "08-07", "11-30", "12-25", "12-26"],
    2024: ["01-01", "01-02", "03-29", "05-06", "05-27", "08-05", "12-02", "12-25", "12-26"],
    2025: ["01-01", "01-02", "04-18", "05-05", "05-26", "08-04", "12-01", "12-25", "12-26"],
}


def stamps(*texts: str | None) -> pd.Series[pd.Timestamp]:
    return pd.Series([pd.Timestamp(text) if text else pd.NaT for text in texts], dtype="datetime64[us]")


def between(start: str, end: str, table: WorkingDays = TABLE) -> float:
    return float(table.working_days_between(stamps(start), stamps(end))[0])


def add(start: str, count: int, table: WorkingDays = TABLE) -> str:
    return str(table.add_working_days(stamps(start), count)[0])


def works(day: str, table: WorkingDays = TABLE) -> bool:
    return bool(table.is_working_day(stamps(day))[0])


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_of_a_year_are_those_published(year: int) -> None:
    dates = TABLE.holidays["date"]
    assert dates[dates.dt.year == year].dt.strftime("%m-%d").tolist() == PUBLISHED[year]
    assert set(TABLE.holidays["source"]) == {SCOTLAND}


def moved(day: date, *taken: date) -> date:
    """The day itself, or the next one that is neither at a week-end nor taken."""
    while day.weekday() >= 5 or day in taken:
        day += datetime.timedelta(days=1)
    return day


def nth_monday(year: int, month: int, last: bool = False) -> date:
    mondays = [day for n in range(1, 32) if (day := _day(year, month, n)) is not None and day.weekday() == 0]
    return mondays[-1 if last else 0]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


EASTER = [
    *("2008-03-23", "2009-04-12", "2010-04-04", "2013-03-31", "2014-04-20", "2015-04-05", "2016-03-27"),
    *("2017-04-16", "2018-04-01", "2019-04-21", "2027-03-28", "2028-04-16", "2029-04-01", "2030-04-21"),
]


@pytest.mark.parametrize("easter", [date.fromisoformat(day) for day in EASTER], ids=EASTER)
def test_years_without_royal_occasions_follow_the_acts(easter: date) -> None:
    """The Banking and Financial Dealings Act 1971 and the St Andrew's Day Bank Holiday (Scotland) Act 2007."""
    year = easter.year
    new_year, christmas = moved(date(year, 1, 1)), moved(date(year, 12, 25))
    boxing = date(year, 12, 26)
    if date(year, 12, 25).weekday() == 6:  # Boxing Day is on the Monday itself, Christmas Day's substitute after it.
        christmas = date(year, 12, 27)
    expected = {
        new_year,
        moved(date(year, 1, 2), new_year),
        easter - datetime.timedelta(days=2),
        nth_monday(year, 5),
        nth_monday(year, 5, last=True),
        nth_monday(year, 8),
        moved(date(year, 11, 30)),
        christmas,
        moved(boxing, christmas),
    }
    found = TABLE.holidays["date"]
    assert {day.date() for day in found[found.dt.year == year]} == expected


def test_days_counted_on_a_calendar() -> None:
    assert between("2024-01-05", "2024-01-08") == 1  # Friday to Monday
    assert between("2024-01-08", "2024-01-08") == 0
    assert between("2024-01-06", "2024-01-07") == 0  # a week-end
    assert between("2024-01-06", "2024-01-08") == 1
    assert between("2024-03-28", "2024-04-02") == 2  # Good Friday; Easter Monday is a working day in Scotland
    assert between("2023-12-29", "2024-01-03") == 1  # 1 and 2 January
    assert between("2020-12-31", "2021-01-05") == 1  # 2 January 2021 was a Saturday: Monday the 4th instead
    assert between("2021-12-31", "2022-01-05") == 1  # Saturday and Sunday: Monday the 3rd, Tuesday the 4th
    assert between("2024-08-02", "2024-08-06") == 1  # first Monday in August
    assert between("2024-08-23", "2024-08-27") == 2  # the last one, a holiday in England, is not one here
    assert between("2024-11-29", "2024-12-03") == 1  # St Andrew's Day on a Saturday: Monday 2 December
    assert between("2023-11-29", "2023-12-01") == 1  # on a Thursday
    assert between("2023-12-31", "2024-12-31") == 262 - 9
    assert between("2024-01-08", "2024-01-05") == -1


def test_counting_on_by_hand() -> None:
    assert add("2024-01-05", 1) == "2024-01-08"
    assert add("2024-01-06", 1) == "2024-01-08"
    assert add("2024-03-28", 1) == "2024-04-01"
    assert add("2024-12-24", 2) == "2024-12-30"  # 27 December is the first
    assert add("2023-12-22", 5) == "2024-01-04"  # 27, 28, 29 December, 3 and 4 January
    assert add("2023-12-29", 1) == "2024-01-03"
    assert add("2024-01-06", 0) == "2024-01-06"
    assert add("2024-01-06", -1) == "2024-01-05"
    assert add("2024-01-08", -1) == "2024-01-05"
    assert add("2024-01-03", -1) == "2023-12-29"


def test_which_days_are_working_days() -> None:
    assert [works(day) for day in ("2024-04-01", "2024-03-29", "2024-03-30", "2024-03-31")] == [True] + [False] * 3
    assert works("2020-05-04")  # the May holiday was moved to the 8th for the anniversary of VE day
    assert not works("2020-05-08")


def test_the_council_changes_the_list() -> None:
    easter_monday, autumn, may = date(2024, 4, 1), date(2024, 9, 16), date(2024, 5, 27)
    table = WorkingDays.scotland(2024, 2024, added=[autumn, easter_monday], removed=[may])
    assert between("2024-03-28", "2024-04-02", table) == 1
    assert between("2024-09-13", "2024-09-17", table) == 1
    assert between("2024-05-24", "2024-05-28", table) == 2
    own = table.holidays[table.holidays["source"] == COUNCIL]
    assert own["date"].dt.date.tolist() == [easter_monday, autumn]
    assert may not in table.holidays["date"].dt.date.tolist()
    weekend = WorkingDays.scotland(2024, 2024, added=[date(2024, 6, 1)])
    assert between("2024-01-01", "2024-12-31", weekend) == 262 - 9
    assert len(weekend.holidays) == 9


def test_lists_that_cannot_be_meant_are_refused_with_all_their_dates() -> None:
    with pytest.raises(ValueError, match="outside the years of the table: 2023-12-27, 2026-01-05"):
        WorkingDays.scotland(2024, 2025, added=[date(2026, 1, 5), date(2023, 12, 27), date(2024, 4, 1)])
    with pytest.raises(ValueError, match="not bank holidays of Scotland: 2024-04-01"):
        WorkingDays.scotland(2024, 2025, removed=[date(2024, 4, 1)])
    with pytest.raises(ValueError, match="both added and removed: 2024-12-25"):
        WorkingDays.scotland(2024, 2025, added=[date(2024, 12, 25)], removed=[date(2024, 12, 25)])
    with pytest.raises(ValueError, match="last_year=2024, got 2025"):
        WorkingDays.scotland(2025, 2024)


def test_dates_outside_the_table_are_refused_with_count_and_span() -> None:
    small = WorkingDays.scotland(2024, 2024)
    some, inside = stamps("2024-01-01", "2025-01-01", "2023-12-31"), pd.Timestamp("2024-05-01")
    questions: list[Callable[[], object]] = [
        lambda: small.is_working_day(some),
        lambda: small.working_days_between(some, inside),
        lambda: small.working_days_between(inside, some),
        lambda: small.add_working_days(some, 1),
    ]
    for ask in questions:
        with pytest.raises(ValueError, match=r"2 dates .* 2024-01-01 to 2024-12-31, first 2025-01-01"):
            ask()
    assert add("2024-12-30", 1, small) == "2024-12-31"
    assert add("2024-01-04", -1, small) == "2024-01-03"
    for start, count in (("2024-12-31", 1), ("2024-12-30", 2), ("2024-01-03", -1), ("2024-01-01", -1)):
        with pytest.raises(ValueError, match=f"counted from {start} lies outside"):
            add(start, count, small)


HOLIDAYS = TABLE.holidays["date"].to_numpy(dtype="datetime64[D]")


def test_a_hundred_thousand_spans_agree_with_numpy() -> None:
    rng = np.random.default_rng(11)
    start = np.datetime64("2000-01-01") + rng.integers(0, 9_000, 100_000)
    end = start + rng.integers(0, 2_000, 100_000)
    count = rng.integers(1, 300, 100_000)
    ours = TABLE.working_days_between(start, end)
    assert (ours == np.busday_count(start + 1, end + 1, holidays=HOLIDAYS)).all()
    assert (TABLE.working_days_between(end, start) == -ours).all()
    later = np.busday_offset(start, count, roll="backward", holidays=HOLIDAYS)
    assert (TABLE.add_working_days(start, count) == later).all()
    late = start + 400
    earlier = np.busday_offset(late, -count[: len(late)] // 2, roll="forward", holidays=HOLIDAYS)
    assert (TABLE.add_working_days(late, -count // 2) == earlier).all()
    assert (TABLE.is_working_day(start) == np.is_busday(start, holidays=HOLIDAYS)).all()


@given(days, days, days)
def test_spans_that_follow_each_other_add_up(one: date, two: date, three: date) -> None:
    first, second = TABLE.working_days_between(one, two), TABLE.working_days_between(two, three)
    assert first + second == TABLE.working_days_between(one, three)


@given(days, st.integers(0, 40))
def test_counting_on_and_counting_between_agree(start: date, count: int) -> None:
    if start > date(2030, 10, 1):
        start = date(2030, 10, 1)
    end = TABLE.add_working_days(start, count)
    assert TABLE.working_days_between(start, end) == count
    assert count == 0 or TABLE.is_working_day(end)


def test_missing_dates_stay_missing() -> None:
    starts, ends = stamps("2024-01-05", None, "2024-01-05", None), stamps("2024-01-08", "2024-01-08", None, None)
    counts = TABLE.working_days_between(starts, ends)
    assert counts[0] == 1
    assert np.isnan(counts[1:]).all()
    assert TABLE.is_working_day(starts).tolist() == [True, False, True, False]
    moved_on = TABLE.add_working_days(starts, 1)
    assert np.isnat(moved_on).tolist() == [False, True, False, True]
    assert TABLE.is_working_day(pd.NaT).tolist() is False  # type: ignore[arg-type]


def test_any_form_of_date_gives_the_same() -> None:
    texts = ["2024-03-28", "2024-12-24"]
    series = stamps(*texts).set_axis([5, 4])
    forms: list[Any] = [series, pd.DatetimeIndex(series), series.to_numpy(), np.array(texts, dtype="datetime64[D]")]
    for form in forms:  # 281 days on from a Thursday: 40 weeks and a Friday, less nine holidays
        assert TABLE.working_days_between(form, pd.Timestamp("2025-01-03")).tolist() == [192.0, 4.0]
        assert TABLE.add_working_days(form, [1, 2]).astype(str).tolist() == ["2024-04-01", "2024-12-30"]
    assert TABLE.working_days_between(date(2024, 3, 28), pd.Timestamp("2024-04-02")).item() == 2.0
    assert TABLE.working_days_between(series[:0], series[:0]).shape == (0,)


def test_a_date_with_time_and_offset_is_the_day_on_the_wall() -> None:
    early = pd.Series([pd.Timestamp("2024-07-01 00:30", tz="Europe/London")])  # a Monday; still Sunday in UTC
    assert TABLE.is_working_day(early).tolist() == [True]
    assert TABLE.is_working_day(pd.DatetimeIndex(early)).tolist() == [True]
    assert TABLE.is_working_day(early[0]).item() is True
    assert TABLE.is_working_day(pd.Timestamp("2024-07-05 23:59:59")).item() is True
    assert TABLE.is_working_day(pd.Timestamp("2024-07-06 00:00:01")).item() is False


def test_parts_of_working_days_are_not_counted_on() -> None:
    with pytest.raises(ValueError, match="whole working days, got float64"):
        TABLE.add_working_days(stamps("2024-01-05"), 1.5)


def test_the_table_kept_with_results_makes_the_same_table() -> None:
    table = WorkingDays.scotland(2020, 2024, added=[date(2024, 4, 1)], removed=[date(2024, 5, 27)])
    again = WorkingDays.of(date(2020, 1, 1), date(2024, 12, 31), table.holidays.copy())
    assert again.holidays.equals(table.holidays)
    span = pd.date_range("2020-01-01", "2024-12-31")
    assert (again.is_working_day(span) == table.is_working_day(span)).all()
    assert (pickle.loads(pickle.dumps(table)).is_working_day(span) == table.is_working_day(span)).all()
