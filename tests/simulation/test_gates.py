"""Gates: the calendar of a panel, the reviews of a child, and the arrival of new cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs.log import to_days
from simulation.gates import Arrivals, ReviewCycle, Sessions
from simulation.laws import fixed


def dates(sessions: Sessions, start: str, end: str) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in sessions.dates(pd.Timestamp(start), pd.Timestamp(end))]


def test_session_dates_of_a_summer_by_hand() -> None:
    # In 2024 the Tuesdays are: June 4, 11, 18, 25; July 2, ..., 30; August 6, 13, 20, 27.
    tuesday = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4)
    assert dates(tuesday, "2024-05-31", "2024-08-31") == ["2024-06-04", "2024-06-18", "2024-08-06", "2024-08-20"]


def test_a_session_on_the_first_day_is_past_and_one_on_the_last_is_not() -> None:
    weekly = Sessions(weekday="Monday", weeks_of_month=(1, 2, 3, 4, 5), slots=1)
    assert dates(weekly, "2024-01-01", "2024-01-15") == ["2024-01-08", "2024-01-15"]


def test_a_fifth_week_comes_only_in_some_months() -> None:
    fifth = Sessions(weekday="Wednesday", weeks_of_month=(5,), slots=1)
    assert dates(fifth, "2023-12-31", "2024-06-30") == ["2024-01-31", "2024-05-29"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"weekday": "tuesday"}, "weekday"), ({"slots": 0}, "slots"), ({"lead_days": -1.0}, "lead_days")],
)
def test_an_impossible_panel_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sessions(**{"weekday": "Tuesday", "weeks_of_month": (1,), "slots": 3, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("decides", [0.0, 1.1])
def test_an_impossible_chance_of_a_decision_is_refused(decides: float) -> None:
    with pytest.raises(ValueError, match="decides"):
        ReviewCycle(review="review", gaps=(fixed(42),), decides=decides)


def test_the_last_gap_of_a_review_cycle_repeats() -> None:
    cycle = ReviewCycle(review="review", gaps=(fixed(42), fixed(91), fixed(183)), decides=1.0)
    assert [cycle.gap(n).isf(0.5) for n in range(5)] == [42, 91, 183, 183, 183]


def heard(calendar: Sessions, years: int, rng: np.random.Generator) -> np.ndarray:
    """One date an appearance: between none and all of the slots of each session are used."""
    days = to_days(pd.Series(calendar.dates(pd.Timestamp("2015-01-01"), pd.Timestamp(f"{2015 + years}-01-01"))))
    return rng.permutation(np.repeat(days, rng.integers(0, calendar.slots + 1, len(days))))


@pytest.mark.parametrize(
    "true",
    [
        Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4),
        Sessions(weekday="Thursday", weeks_of_month=(2,), skip_months=(1, 8), slots=6),
        Sessions(weekday="Friday", weeks_of_month=(1, 2, 3, 4, 5), slots=3),
    ],
)
def test_a_calendar_is_recovered_from_its_sessions(true: Sessions) -> None:
    days = heard(true, 8, np.random.default_rng(4))
    found = Sessions.inferred(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == (
        true.weekday,
        true.weeks_of_month,
        true.skip_months,
        true.slots,
    )
    assert "inferred" in found.source


def test_a_few_odd_days_do_not_change_the_calendar() -> None:
    true = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4)
    rng = np.random.default_rng(2)
    days = heard(true, 8, rng)
    days[:: len(days) // 12] += rng.choice([-1.0, 1.0, 2.0, 7.0], len(days[:: len(days) // 12]))
    found = Sessions.inferred(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months) == ("Tuesday", (1, 3), (7,))


def test_a_short_log_claims_no_month_without_panel() -> None:
    days = to_days(pd.Series(pd.to_datetime(["2024-02-06", "2024-03-05", "2024-03-05", "2024-06-04", "2024-10-01"])))
    found = Sessions.inferred(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == ("Tuesday", (1,), (), 2)


def test_no_session_no_calendar() -> None:
    with pytest.raises(ValueError, match="without any observed session"):
        Sessions.inferred(np.zeros(0))


# Arrivals ---------------------------------------------------------------------------------------------------------

RATES = np.array([10.0, 20, 30, 0, 40, 15, 15, 15, 15, 5, 25, 60])


def arrivals(rates: np.ndarray = RATES, weight: tuple[float, ...] = (1.0, 3.0)) -> Arrivals:
    return Arrivals(rates, pd.DataFrame({"sex": ["f", "m"]}), np.array(weight))


def drawn(start: str, end: str, seed: int, model: Arrivals | None = None) -> tuple[pd.DatetimeIndex, np.ndarray]:
    generator = np.random.Generator(np.random.PCG64(seed))
    days, rows = (model or arrivals()).draw(pd.Timestamp(start), pd.Timestamp(end), generator)
    return pd.DatetimeIndex(pd.to_datetime(days, unit="D")), rows


def test_counts_a_month_are_poisson_with_the_months_rate() -> None:
    counts = np.array(
        [np.bincount(drawn("2022-12-31", "2023-12-31", seed)[0].month, minlength=13)[1:] for seed in range(400)]
    )
    assert (counts[:, 3] == 0).all()
    busy = RATES > 0
    # 99.97 % limits of a mean of 400 Poisson counts; of 400, the variance is within 30 % of the mean as surely.
    assert (np.abs(counts.mean(axis=0) - RATES)[busy] < 3.6 * np.sqrt(RATES[busy] / 400)).all()
    assert (np.abs(counts.var(axis=0, ddof=1) / np.maximum(RATES, 1) - 1)[busy] < 0.30).all()
    assert np.abs(np.corrcoef(counts[:, busy].T) - np.eye(int(busy.sum()))).max() < 4 / np.sqrt(400)


def test_partial_months_have_their_share_and_every_day_is_possible() -> None:
    flat = arrivals(np.full(12, 31.0))  # one a day in months of 31 days
    days = [drawn("2023-01-10", "2023-03-20", seed, flat)[0] for seed in range(300)]
    every = pd.Series(pd.DatetimeIndex(np.concatenate(days)))
    per_month = every.dt.month.value_counts() / 300
    # 11 to 31 January: 21 days of 31; February whole; 1 to 20 March: 20 days of 31.
    for month, expected in ((1, 21.0), (2, 31.0), (3, 20.0)):
        assert per_month[month] == pytest.approx(expected, abs=3.5 * np.sqrt(expected / 300))
    assert f"{every.min():%Y-%m-%d}" == "2023-01-11"
    assert f"{every.max():%Y-%m-%d}" == "2023-03-20"
    assert every.nunique() == 21 + 28 + 20


def test_days_are_whole_and_ascending_and_rows_follow_the_weights() -> None:
    days, rows = drawn("2019-12-31", "2029-12-31", 1)
    assert days.is_monotonic_increasing
    assert (days == days.normalize()).all()
    assert set(rows.tolist()) == {0, 1}
    assert (rows == 1).mean() == pytest.approx(0.75, abs=3.5 * np.sqrt(0.1875 / len(rows)))
    assert (drawn("2019-12-31", "2029-12-31", 1, arrivals(weight=(1.0, 0.0)))[1] == 0).all()


def test_a_longer_horizon_only_adds_arrivals() -> None:
    short, long = drawn("2023-01-10", "2023-09-20", 5), drawn("2023-01-10", "2026-01-31", 5)
    assert len(short[0]) > 50
    assert short[0].equals(long[0][: len(short[0])])
    assert (short[1] == long[1][: len(short[1])]).all()


def test_under_higher_rates_the_same_cases_come_sooner() -> None:
    usual = drawn("2023-01-10", "2025-01-31", 5, arrivals(np.full(12, 20.0)))
    more = drawn("2023-01-10", "2025-01-31", 5, arrivals(np.full(12, 25.0)))
    n = len(usual[0])
    assert len(more[0]) > n
    assert (usual[1] == more[1][:n]).all()
    assert (more[0][:n] <= usual[0]).all()


def test_no_rate_no_arrival() -> None:
    days, rows = drawn("2023-01-10", "2024-01-31", 5, arrivals(np.zeros(12)))
    assert len(days) == len(rows) == 0
