"""Shares of competing ways, told from finite logs: what outlasts them is shared out by the mixture likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mining.mixture import fit_mixture, shares_bound_for
from simulation.laws import Stays, fit_competing

Floats = NDArray[np.float64]
SHARE, MEDIANS, SIGMA, YEARS = 0.6, (90.0, 400.0), 0.7, 2.0
"""The planted case of the methods (1.4): three in five go by the quick way, seen through a log of two years."""


def log_of_two_years(seed: int, a_year: float = 60.0) -> Stays:
    rng = np.random.default_rng(seed)
    n = rng.poisson(a_year * YEARS)
    follow = np.floor(rng.uniform(0, YEARS * 365.25, n))
    way = np.where(rng.random(n) < SHARE, 1, 2)
    days = np.ceil(np.exp(np.log(np.array(MEDIANS)[way - 1]) + SIGMA * rng.standard_normal(n)))
    seen = days <= follow
    return Stays(np.minimum(days, follow), np.where(seen, way, 0), np.zeros(n), np.ones(n))


def test_slow_ways_get_their_share_of_a_finite_log() -> None:
    found, counted, bound = [], [], []
    for seed in range(100):
        stays = log_of_two_years(seed)
        found.append(fit_competing("Plan", ("quick", "slow"), stays).shares["quick"])
        counted.append((stays.cause == 1).sum() / (stays.cause > 0).sum())
        shares = shares_bound_for(stays.days, stays.cause, stays.entry, stays.weight, 2)
        assert shares is not None
        bound.append(shares[0])
    error, naive, mixture = (np.array(shares) - SHARE for shares in (found, counted, bound))
    # Of 400 logs the root mean square errors are 0.057, 0.164 and 0.057; of these 100 they are known to 0.005.
    assert np.sqrt((error**2).mean()) < 0.072
    assert abs(error.mean()) < 3.5 * error.std() / 10
    assert np.sqrt((naive**2).mean()) > 0.14
    assert np.sqrt((error**2).mean()) < 1.05 * np.sqrt((mixture**2).mean())


def test_the_law_of_a_slow_way_lasts_beyond_the_log() -> None:
    medians = [
        fit_competing("Plan", ("quick", "slow"), log_of_two_years(s, 200.0)).laws["slow"].isf(0.5) for s in range(20)
    ]
    # Of those seen to go the slow way half had gone within 270 days.
    assert np.mean(medians) == pytest.approx(MEDIANS[1], rel=0.08)


def test_when_everybody_has_gone_the_shares_are_those_counted() -> None:
    rng = np.random.default_rng(1)
    cause = rng.integers(1, 3, 100)
    stays = Stays(np.ceil(rng.exponential(50.0 * cause)), cause, np.zeros(100), np.ones(100))
    fit = fit_competing("Plan", ("a", "b"), stays)
    assert fit.shares["a"] == pytest.approx((cause == 1).mean())
    assert fit.warnings == ()


def test_with_too_few_exits_by_a_way_the_rest_goes_as_the_latest_did_and_a_warning_says_so() -> None:
    rng = np.random.default_rng(2)
    days = np.append(np.arange(1.0, 41.0), np.full(20, 60.0))
    cause = np.append(np.ones(40, dtype=np.int64), np.zeros(20, dtype=np.int64))
    cause[[37, 39]] = 2  # two of the last eleven: where a quarter of the ends is left
    order = rng.permutation(60)
    fit = fit_competing("Plan", ("a", "b"), Stays(days[order], cause[order], np.zeros(60), np.ones(60)))
    assert fit.shares["b"] == pytest.approx(2 / 60 + 20 / 60 * 2 / 11)
    assert fit.warnings == (
        "Plan: fewer than 5 were seen to leave by one of the ways; the 33% who outlast the records are taken to go as "
        "the latest quarter of those who left",
    )


def test_zero_day_ends_are_kept_apart() -> None:
    # A third go by the quick way within the day; the others' law is as planted.
    found = []
    for seed in range(30):
        stays = log_of_two_years(seed, 120.0)
        zero = np.random.default_rng(seed).random(len(stays.days)) < 1 / 3
        days, cause = np.where(zero, 0.0, stays.days), np.where(zero, 1, stays.cause)
        found.append(
            fit_competing("Plan", ("quick", "slow"), Stays(days, cause, stays.entry, stays.weight)).shares["quick"]
        )
    truth = 1 / 3 + 2 / 3 * SHARE
    assert np.mean(found) == pytest.approx(truth, abs=3.5 * 0.03 / np.sqrt(30))


def test_weights_are_repeated_rows_and_an_earlier_fit_leads_to_the_same() -> None:
    stays = log_of_two_years(3)
    times = np.random.default_rng(3).integers(0, 3, len(stays.days))
    again = np.repeat(np.arange(len(times)), times)
    weighted = shares_bound_for(stays.days, stays.cause, stays.entry, times.astype(float), 2)
    repeated = fit_mixture(stays.days[again], stays.cause[again], names=("quick", "slow"), intervals=False).ways["p"]
    assert weighted is not None
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)
    start = (np.array([0.5, 0.5]), np.array([100.0, 300.0]), np.array([0.5, 0.5]))
    led = shares_bound_for(stays.days, stays.cause, stays.entry, times.astype(float), 2, start=start)
    assert led is not None
    np.testing.assert_allclose(led, weighted, atol=1e-3)
    base = fit_competing("Plan", ("quick", "slow"), stays)
    counted = Stays(stays.days, stays.cause, stays.entry, times.astype(float))
    one, other = (fit_competing("Plan", ("quick", "slow"), counted, base=b).shares["quick"] for b in (None, base))
    assert one == pytest.approx(other, abs=1e-3)


def test_late_entrants_are_counted() -> None:
    # Stays that had begun when recording did: only those still there then are seen.
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n = 500
        way = np.where(rng.random(n) < SHARE, 1, 2)
        days = np.ceil(np.exp(np.log(np.array(MEDIANS)[way - 1]) + SIGMA * rng.standard_normal(n)))
        begin = rng.uniform(-600, 600, n)
        entry, follow = np.floor(np.maximum(-begin, 0.0)), np.floor(600 - begin)
        there = days > entry
        cause = np.where(days <= follow, way, 0)
        stays = Stays(np.minimum(days, follow)[there], cause[there], entry[there], np.ones(int(there.sum())))
        found.append(fit_competing("Plan", ("quick", "slow"), stays).shares["quick"])
    assert np.mean(found) == pytest.approx(SHARE, abs=0.02)
    assert np.std(found) < 0.06
