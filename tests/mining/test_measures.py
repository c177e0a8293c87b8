"""Limits counted by hand over Februaries and Easters, shares beyond them against Kaplan-Meier, means that own up."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from event_logs.log import from_days
from event_logs.working_days import WorkingDays
from mining.measures import Limit, restricted_mean, share_beyond, wilson
from mining.survival import kaplan_meier


def day(text: str) -> float:
    return float((np.datetime64(text) - np.datetime64("1970-01-01")) / np.timedelta64(1, "D"))


def due(limit: Limit, text: str) -> str:
    return str(from_days(limit.due(np.array([day(text)])))[0])[:16]


@pytest.mark.parametrize(
    ("limit", "start", "last"),
    [
        (Limit(1, "months"), "2023-01-31", "2023-02-28"),
        (Limit(1, "months"), "2024-01-31", "2024-02-29"),
        (Limit(6, "months"), "2023-08-31", "2024-02-29"),
        (Limit(6, "months"), "2023-08-15", "2024-02-15"),
        (Limit(12, "months"), "2024-02-29", "2025-02-28"),
        (Limit(2, "weeks"), "2024-02-20", "2024-03-05"),
        (Limit(14), "2024-02-20", "2024-03-05"),
        # 29 March 2024 is Good Friday; 1 April, Easter Monday, is no bank holiday in Scotland.
        (Limit(10, "working days"), "2024-03-22", "2024-04-08"),
        (Limit(1, "working days"), "2024-03-28", "2024-04-01"),
        (Limit(1, "working days"), "2024-12-24", "2024-12-27"),
    ],
)
def test_the_last_day_in_time(limit: Limit, start: str, last: str) -> None:
    assert due(limit, start) == f"{last}T00:00"


def test_a_councils_own_holidays_count() -> None:
    table = WorkingDays.scotland(2024, 2024, added=[datetime.date(2024, 4, 1)])
    assert due(Limit(1, "working days", table), "2024-03-28")[:10] == "2024-04-02"


def test_dates_count_whatever_the_time_of_day_but_weeks_are_exact() -> None:
    start = np.array([day("2024-01-15T16:00")])
    late_on_last_day = np.array([day("2024-02-15T23:00")])
    assert Limit(1, "months").used(start, late_on_last_day) == 1
    assert Limit(1, "months").used(start, late_on_last_day + 1) > 1
    assert Limit(1, "weeks").used(start, start + 7) == 1
    assert Limit(1, "weeks").used(start, start + 7.01) > 1


def test_limits_say_what_they_are() -> None:
    assert [str(Limit(1, "months")), str(Limit(10, "working days")), str(Limit(26, "weeks"))] == [
        "1 month",
        "10 working days",
        "26 weeks",
    ]


@pytest.mark.parametrize(
    ("amount", "unit", "message"),
    [
        (1, "fortnights", "unit must be one of working days, days, weeks, months, got 'fortnights'"),
        (0, "days", "amount must be above 0"),
        (-3, "months", "amount must be above 0"),
        (1.5, "months", "whole number of months"),
    ],
)
def test_impossible_limits_are_refused(amount: float, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limit(amount, unit)  # type: ignore[arg-type]


def test_share_beyond_a_limit_in_days_is_kaplan_meier_at_the_limit() -> None:
    rng = np.random.default_rng(3)
    days = np.ceil(rng.lognormal(4, 0.8, 300))
    seen = np.ceil(rng.uniform(1, 400, 300))
    start = np.zeros(300)
    entry = np.where(rng.random(300) < 0.2, np.ceil(rng.uniform(1, 60, 300)), 0.0)
    until, ended = np.minimum(days, seen), days <= seen
    kept = until > entry
    start, until, entry, ended = start[kept], until[kept], entry[kept], ended[kept]
    limit = Limit(70)
    found = share_beyond(kaplan_meier(limit.used(start, until), ended, entry=limit.used(start, start + entry)))
    curve = kaplan_meier(until, ended, entry=entry)
    place = np.searchsorted(curve.times, 70, side="right") - 1
    low, high = curve.band()
    assert found == pytest.approx((curve.at(70.0), low[place], high[place]), abs=1e-12)


def test_open_cases_count_as_long_as_they_were_seen() -> None:
    # Limit 10: one done in time, one late, one open for 4 days: of the two seen past day 4, one was late.
    limit = Limit(10)
    until, ended = np.array([5.0, 30.0, 4.0]), np.array([True, True, False])
    share, low, high = share_beyond(kaplan_meier(limit.used(np.zeros(3), until), ended))
    assert share == 0.5
    assert 0 < low < 0.5 < high < 1


def test_nobody_followed_as_long_as_the_limit_is_not_yet_estimable() -> None:
    curve = kaplan_meier(Limit(100).used(np.zeros(3), np.array([5.0, 30.0, 40.0])), [True, False, False])
    assert np.isnan(share_beyond(curve)).all()
    assert np.isnan(share_beyond(kaplan_meier([], []))).all()


def test_all_in_time_and_all_late_have_exact_limits() -> None:
    in_time = share_beyond(kaplan_meier(Limit(10).used(np.zeros(20), np.full(20, 3.0)), np.ones(20, dtype=bool)))
    assert in_time[:2] == (0, 0)
    exact = stats.binomtest(0, 20).proportion_ci(method="exact")
    assert in_time[2] == pytest.approx(exact.high)
    late = share_beyond(kaplan_meier(Limit(2).used(np.zeros(20), np.full(20, 3.0)), np.ones(20, dtype=bool)))
    assert late == pytest.approx((1, 1 - exact.high, 1))


def test_restricted_mean_says_how_far_it_goes() -> None:
    full = restricted_mean(kaplan_meier([10, 20, 30, 1000], [True] * 4), 731)
    assert (full.days, full.to_days) == (pytest.approx((10 + 20 + 30 + 731) / 4), 731)
    assert full.low < full.days < full.high <= 731
    short = restricted_mean(kaplan_meier([10, 20, 100], [True, False, False]), 731)
    assert (short.days, short.to_days) == (pytest.approx(10 + 90 * 2 / 3), 100)
    nothing = restricted_mean(kaplan_meier([], []), 731)
    assert np.isnan([nothing.days, nothing.low, nothing.high, nothing.to_days]).all()


def test_wilson_equals_scipy() -> None:
    for count, total in ((0, 10), (1, 20), (7, 9), (30, 30)):
        ours = wilson(count, total, 0.9)
        theirs = stats.binomtest(count, total).proportion_ci(0.9, method="wilson")
        assert (float(ours[0]), float(ours[1])) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    low, high = wilson(np.array([0.0]), 0)
    assert (low[0], high[0]) == (0, 1)


def test_due_days_of_many_starts_are_those_of_pandas() -> None:
    dates = pd.date_range("2019-01-01", "2024-12-31")
    starts = (dates - pd.Timestamp("1970-01-01")).days.to_numpy(dtype=float)
    expected = dates + pd.DateOffset(months=7)
    assert (from_days(Limit(7, "months").due(starts)) == expected.to_numpy(dtype="datetime64[us]")).all()
    assert len(Limit(3, "working days").due(np.empty(0))) == 0
