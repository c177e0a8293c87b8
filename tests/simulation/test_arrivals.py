"""The arrival of new cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulation.arrivals import Arrivals

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
