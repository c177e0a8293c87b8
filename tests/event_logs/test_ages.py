"""Ages, counted by hand and against the standard library, with the birthdays of 29 February."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_logs.ages import age_at, age_bands, ages_at_events, band_labels, birthday
from event_logs.log import EventLog
from event_logs.shapes.cases import AGE_BANDS
from event_logs.window import ObservationWindow

days = st.dates(datetime.date(1925, 1, 1), datetime.date(2075, 12, 31))


def dates(*texts: str | None) -> pd.Series[pd.Timestamp]:
    return pd.Series([pd.Timestamp(text) if text else pd.NaT for text in texts], dtype="datetime64[us]")


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("2010-06-15", "2010-06-15", 0),
        ("2010-06-15", "2011-06-14", 0),
        ("2010-06-15", "2011-06-15", 1),
        ("2010-06-15", "2028-06-14", 17),
        ("2010-06-15", "2028-06-15", 18),
        ("2009-12-31", "2010-01-01", 0),
        ("2009-12-31", "2010-12-31", 1),
        ("2016-02-29", "2017-02-28", 0),  # the law of Scotland: 1 March
        ("2016-02-29", "2017-03-01", 1),
        ("2016-02-29", "2020-02-28", 3),
        ("2016-02-29", "2020-02-29", 4),
        ("2016-02-28", "2017-02-28", 1),
        ("2016-03-01", "2017-02-28", 0),
        ("1900-02-28", "2000-02-29", 100),
        ("2010-06-15", "2010-06-14", -1),  # registered before birth
        ("2010-06-15", "2009-06-15", -1),
        ("2010-06-15", "2009-06-14", -2),
    ],
)
def test_completed_years(birth: str, day: str, age: int) -> None:
    assert age_at(dates(birth), dates(day)).tolist() == [age]


def anniversary(birth: datetime.date, year: int) -> datetime.date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return datetime.date(year, 3, 1)


@given(days, days)
def test_the_age_is_the_number_of_birthdays_there_have_been(birth: datetime.date, day: datetime.date) -> None:
    birthdays = [anniversary(birth, year) for year in range(birth.year + 1, day.year + 1)]
    expected = sum(when <= day for when in birthdays)
    if day < birth:
        expected = -sum(when > day for when in [anniversary(birth, y) for y in range(day.year, birth.year + 1)])
    assert age_at(pd.Series([pd.Timestamp(birth)]), pd.Timestamp(day)).tolist() == [expected]


@given(days, st.integers(0, 30))
def test_the_age_is_attained_on_the_birthday_and_not_the_day_before(birth: datetime.date, age: int) -> None:
    births = pd.Series([pd.Timestamp(birth)])
    attained = birthday(births, age)
    assert attained[0].date() == anniversary(birth, birth.year + age)
    assert age_at(births, attained).tolist() == [age]
    assert age_at(births, attained - pd.Timedelta(days=1)).tolist() == [age - 1]


def test_missing_births_and_dates_give_missing_ages() -> None:
    births = dates("2010-06-15", None, "2010-06-15", None)
    ages = age_at(births, dates("2015-01-01", "2015-01-01", None, None))
    assert ages.dtype == "Int64"
    assert ages.isna().tolist() == [False, True, True, True]
    assert ages[0] == 4
    assert birthday(births, 18).isna().tolist() == [False, True, False, True]


def test_the_time_of_day_does_not_matter() -> None:
    births = pd.Series([pd.Timestamp("2010-06-15 18:00")])
    assert age_at(births, pd.Timestamp("2011-06-15 00:00")).tolist() == [1]
    assert age_at(births, pd.Timestamp("2011-06-14 23:59:59")).tolist() == [0]
    assert birthday(births, 1).tolist() == [pd.Timestamp("2011-06-15")]


def test_the_index_is_kept_and_must_agree() -> None:
    births = dates("2010-06-15", "2012-01-01").set_axis([7, 3])
    ages = age_at(births, dates("2015-01-01", "2015-01-01").set_axis([7, 3]))
    assert ages.to_dict() == {7: 4, 3: 3}
    assert birthday(births, 1).index.tolist() == [7, 3]
    with pytest.raises(ValueError, match="same index"):
        age_at(births, dates("2015-01-01", "2015-01-01"))


def test_no_children_have_no_ages() -> None:
    assert age_at(dates(), dates()).empty
    assert birthday(dates(), 18).empty
    assert age_bands(age_at(dates(), dates())).empty


def test_bands_by_hand() -> None:
    ages = pd.Series([0, 1, 4, 5, 11, 12, 17, -1, None], dtype="Int64")
    expected = ["0", "1-4", "1-4", "5-11", "5-11", "12+", "12+", "before birth"]
    assert age_bands(ages).tolist()[:-1] == expected
    assert age_bands(ages).isna().tolist() == [False] * 8 + [True]
    by_two = age_bands(pd.Series([0, 1, 2, 15, 16, 30]), (1, 2, 16))
    assert by_two.tolist() == ["0", "1", "2-15", "2-15", "16+", "16+"]
    assert band_labels() == AGE_BANDS
    assert band_labels(()) == ("0+",)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5, unique=True).map(sorted), st.integers(0, 50))
def test_every_age_is_in_the_one_band_that_names_it(limits: list[int], age: int) -> None:
    band = age_bands(pd.Series([age]), limits).iloc[0]
    low, _, high = band.rstrip("+").partition("-")
    top = float("inf") if band.endswith("+") else int(high or low)
    assert int(low) <= age <= top
    assert band in band_labels(limits)


@pytest.mark.parametrize("limits", [(0, 5), (5, 5), (5, 1), (-1,)])
def test_limits_that_do_not_grow_are_refused(limits: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="that grow"):
        age_bands(pd.Series([3]), limits)


def test_ages_at_the_events_of_a_log() -> None:
    events = pd.DataFrame(
        {
            "case": ["b", "a", "b", "a"],
            "activity": ["in", "in", "out", "out"],
            "date": dates("2020-01-01", "2020-01-01", "2020-06-01", "2022-02-28"),
        }
    )
    cases = pd.DataFrame(
        {
            "case": ["b", "a", "c"],
            "start": dates("2020-01-01", "2020-01-01", "2020-01-01"),
            "end": dates(None, None, None),
            "birth": dates("2019-06-01", "2016-02-29", None),
        }
    )
    window = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2022-12-31"))
    log = EventLog.of(events, window, cases=cases, ranks={"in": 1, "out": 2})
    assert ages_at_events(log).tolist() == [3, 5, 0, 1]
    assert ages_at_events(log).index.equals(log.events.index)
    without = EventLog.of(events, window)
    with pytest.raises(ValueError, match="no 'birth'; it has: case, start, end"):
        ages_at_events(without)


def test_a_million_ages_agree_with_dates_written_as_whole_numbers() -> None:
    """The usual formula on YYYYMMDD, which also has the birthdays of 29 February on 1 March."""
    rng = np.random.default_rng(5)
    birth = pd.Series(np.datetime64("1996-01-01", "us") + rng.integers(0, 8_000, 1_000_000) * np.timedelta64(1, "D"))
    day = birth + pd.to_timedelta(rng.integers(-300, 7_000, 1_000_000), unit="D")
    birth_number, day_number = (when.dt.year * 10_000 + when.dt.month * 100 + when.dt.day for when in (birth, day))
    expected = (day_number - birth_number) // 10_000
    ages = age_at(birth, day)
    assert (ages == expected).all()
    assert ages.min() == -1
    assert ages.max() == 19
    leap = (birth.dt.month == 2) & (birth.dt.day == 29)
    assert leap.sum() > 500
