"""Duration laws: the fit against other implementations, and conditional draws against probability."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from simulation.laws import Competing, Law, Stays, exponential, fit_competing, fixed

Floats = NDArray[np.float64]


def stays_of(
    days: Floats, cause: NDArray[np.int64], entry: Floats | None = None, weight: Floats | None = None
) -> Stays:
    zeros, ones = np.zeros(len(days)), np.ones(len(days))
    return Stays(days, cause, zeros if entry is None else entry, ones if weight is None else weight)


def one_way(
    days: Floats, ended: NDArray[np.bool_], entry: Floats | None = None, weight: Floats | None = None
) -> Competing:
    return fit_competing("step", ("out",), stays_of(days, ended.astype(np.int64), entry, weight))


def censored_sample(seed: int, n: int = 300) -> tuple[Floats, NDArray[np.bool_]]:
    """Whole days with ties, zero-day endings, and about half censored."""
    rng = np.random.default_rng(seed)
    true = np.floor(100 * rng.weibull(1.3, n) * (rng.random(n) > 0.1))
    limit = np.floor(rng.uniform(0, 180, n))
    return np.minimum(true, limit), true <= limit


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_one_way_fit_is_the_kaplan_meier_curve_of_scipy(seed: int) -> None:
    days, ended = censored_sample(seed)
    law = one_way(days, ended).laws["out"]
    oracle = stats.ecdf(stats.CensoredData.right_censored(days, ~ended)).sf
    grid = np.arange(0.0, law.times[-1] + 1.0)
    assert len(grid) > 100
    np.testing.assert_allclose([law.sf(t) for t in grid], oracle.evaluate(grid), atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_delayed_entry_is_the_curve_of_statsmodels(seed: int) -> None:
    from statsmodels.duration.survfunc import SurvfuncRight  # type: ignore[import-untyped]

    rng = np.random.default_rng(seed)
    n = 600
    true = np.ceil(200 * rng.weibull(1.2, n))
    entry = np.where(rng.random(n) < 0.5, 0.0, np.floor(rng.uniform(0, 200, n)))
    limit = entry + np.ceil(rng.uniform(1, 300, n))
    seen = true > entry
    days, ended, entry = np.minimum(true, limit)[seen], (true <= limit)[seen], entry[seen]
    weight = rng.integers(1, 4, len(days)).astype(float)
    law = one_way(days, ended, entry, weight).laws["out"]
    oracle = SurvfuncRight(days, ended.astype(int), entry=entry, freq_weights=weight)
    body = oracle.surv_times <= law.times[-1]
    assert body.sum() > 100
    np.testing.assert_allclose([law.sf(t) for t in oracle.surv_times[body]], oracle.surv_prob[body], atol=1e-9)


def test_weights_are_the_same_as_repeated_rows() -> None:
    rng = np.random.default_rng(5)
    days, cause = np.ceil(rng.exponential(100, 80)), rng.integers(0, 3, 80)
    entry = np.where(rng.random(80) < 0.3, np.floor(days * 0.4), 0.0)
    times = rng.integers(0, 4, 80)
    weighted = fit_competing("s", ("a", "b"), stays_of(days, cause, entry, times.astype(float)))
    repeated = fit_competing(
        "s", ("a", "b"), stays_of(np.repeat(days, times), np.repeat(cause, times), np.repeat(entry, times))
    )
    for way in ("a", "b"):
        assert weighted.shares[way] == pytest.approx(repeated.shares[way], abs=1e-9)
        np.testing.assert_allclose(weighted.laws[way].times, repeated.laws[way].times)
        np.testing.assert_allclose(weighted.laws[way].survival, repeated.laws[way].survival, atol=1e-9)
        assert weighted.laws[way].tail_scale == pytest.approx(repeated.laws[way].tail_scale, rel=1e-3)


def test_the_order_of_the_rows_does_not_matter() -> None:
    days, ended = censored_sample(4)
    order = np.random.default_rng(0).permutation(len(days))
    one, other = one_way(days, ended).laws["out"], one_way(days[order], ended[order]).laws["out"]
    np.testing.assert_allclose(one.survival, other.survival, atol=1e-12)
    assert (other.tail_shape, other.tail_scale) == pytest.approx((one.tail_shape, one.tail_scale), rel=1e-6)


LAWS = [
    exponential(90.0),
    Law(np.array([0.0]), np.array([1.0]), 2.0, 100.0),
    one_way(*censored_sample(1)).laws["out"],
    one_way(*censored_sample(2)).laws["out"].scaled(0.85),
]


@pytest.mark.parametrize("law", LAWS)
@given(probability=st.floats(1e-9, 1.0))
@settings(max_examples=60, deadline=None)
def test_isf_is_the_inverse_of_sf(law: Law, probability: float) -> None:
    day = law.isf(probability)
    # The smallest day that is exceeded with at most this probability.
    assert law.sf(day) <= probability + 1e-9
    if day > 0:
        assert law.sf(day * (1 - 1e-9) - 1e-9) >= probability - 1e-6
    if probability < law.survival[-1]:
        assert law.sf(day) == pytest.approx(probability, rel=1e-6)


@pytest.mark.parametrize("law", LAWS)
@given(low=st.floats(1e-6, 1.0), high=st.floats(1e-6, 1.0), elapsed=st.floats(0, 5000), more=st.floats(0, 500))
@settings(max_examples=60, deadline=None)
def test_a_remaining_time_is_never_less_than_the_time_spent_and_grows_with_it(
    law: Law, low: float, high: float, elapsed: float, more: float
) -> None:
    low, high = min(low, high), max(low, high)
    total = law.remaining(low, elapsed)
    assert elapsed <= total < math.inf
    assert law.remaining(high, elapsed) <= total * (1 + 1e-12)
    assert law.remaining(low, elapsed + more) >= total * (1 - 1e-9)


def test_an_exponential_law_has_no_memory() -> None:
    law = exponential(50.0)
    for unit in (0.01, 0.3, 0.5, 0.99):
        for elapsed in (0.0, 17.0, 400.0, 1e5):
            assert law.remaining(unit, elapsed) - elapsed == pytest.approx(-50 * math.log(unit), rel=1e-6)


@pytest.mark.parametrize("elapsed", [0.0, 20.0, 60.0, 150.0])
def test_remaining_times_follow_the_conditional_law(elapsed: float) -> None:
    # A law with an atom at 0, a body, and a tail: P(T > t | T > e) = S(t) / S(e).
    law = one_way(*censored_sample(1)).laws["out"]
    units = (np.arange(20_000) + 0.5) / 20_000
    totals = np.array([law.remaining(u, elapsed) for u in units])
    for t in elapsed + np.array([0.0, 1.0, 5.0, 25.0, 60.0, 200.0]):
        assert (totals > t).mean() == pytest.approx(law.sf(t) / law.sf(elapsed), abs=2e-4)


def test_beyond_a_law_without_a_tail_the_step_ends_at_once() -> None:
    assert fixed(10.0).remaining(0.4, 25.0) == 25.0
    assert fixed(10.0).remaining(0.4, 3.0) == 10.0


def test_shares_count_the_open_stays() -> None:
    # Methods 1.4: true share of A is .60, A has median 90 days and B 400 (sigma .7), the log is two years long.
    rng = np.random.default_rng(11)
    naive, fitted = [], []
    for _ in range(60):
        n = 120
        is_a = rng.random(n) < 0.6
        true = np.ceil(np.where(is_a, 90.0, 400.0) * np.exp(0.7 * rng.standard_normal(n)))
        limit = np.floor(rng.uniform(0, 730, n))
        cause = np.where(true > limit, 0, np.where(is_a, 1, 2))
        fit = fit_competing("s", ("A", "B"), stays_of(np.minimum(true, limit), cause))
        naive.append((cause == 1).sum() / (cause > 0).sum())
        fitted.append(fit.shares["A"])
        assert sum(fit.shares.values()) == pytest.approx(1.0)
    assert np.mean(naive) == pytest.approx(0.75, abs=0.03)
    assert np.mean(fitted) == pytest.approx(0.60, abs=0.04)


def test_competing_laws_recover_both_ways_when_follow_up_is_long() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    is_a = rng.random(n) < 0.3
    true = np.ceil(np.where(is_a, 60.0, 200.0) * np.exp(0.5 * rng.standard_normal(n)))
    limit = np.floor(rng.uniform(0, 4000, n))
    cause = np.where(true > limit, 0, np.where(is_a, 1, 2))
    fit = fit_competing("s", ("A", "B", "never"), stays_of(np.minimum(true, limit), cause))
    assert fit.shares["A"] == pytest.approx(0.3, abs=3.29 * math.sqrt(0.21 / n))
    assert fit.shares["never"] == 0.0
    assert fit.laws["A"].isf(0.5) == pytest.approx(60, abs=4)
    assert fit.laws["B"].isf(0.5) == pytest.approx(200, abs=9)
    assert fit.laws["B"].isf(0.1) == pytest.approx(200 * math.exp(0.5 * 1.2816), rel=0.06)


def test_zero_day_endings_stay_an_atom() -> None:
    days = np.array([0.0] * 40 + [10.0] * 60)
    law = one_way(days, np.ones(100, dtype=bool)).laws["out"]
    assert law.sf(0.0) == pytest.approx(0.6)
    assert [law.isf(u) for u in (0.99, 0.61, 0.59, 0.01)] == [0.0, 0.0, 10.0, 10.0]
    assert law.remaining(0.99, 0.0) == 10.0


def test_a_stay_open_since_today_counts_against_ending_within_the_day() -> None:
    law = one_way(np.array([0.0] * 10 + [5.0] * 5), np.array([True] * 5 + [False] * 5 + [True] * 5)).laws["out"]
    assert law.sf(0.0) == pytest.approx(10 / 15)


def test_zero_day_endings_do_not_bend_the_tail() -> None:
    days, ended = weibull_sample(500, 1.6, 400.0, seed=2, zero=0.0)
    plain = one_way(days, ended).laws["out"]
    with_atom = one_way(np.append(days, np.zeros(200)), np.append(ended, np.ones(200, dtype=bool))).laws["out"]
    assert with_atom.tail_shape == pytest.approx(plain.tail_shape, rel=1e-3)
    assert with_atom.tail_scale == pytest.approx(plain.tail_scale, rel=1e-3)


def weibull_sample(n: int, shape: float, scale: float, *, seed: int, zero: float) -> tuple[Floats, NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    true = np.ceil(scale * rng.weibull(shape, n)) * (rng.random(n) >= zero)
    limit = np.floor(rng.uniform(1, 1.3 * scale, n))
    return np.minimum(true, limit), true <= limit


@pytest.mark.parametrize(("shape", "scale"), [(0.8, 300.0), (1.0, 500.0), (2.0, 400.0)])
def test_the_tail_recovers_a_weibull_law_from_censored_and_truncated_stays(shape: float, scale: float) -> None:
    rng = np.random.default_rng(8)
    n = 12_000
    true = scale * rng.weibull(shape, n)
    entry = np.where(rng.random(n) < 0.4, rng.uniform(0, scale, n), 0.0)
    limit = entry + rng.uniform(1, 0.9 * scale, n)
    seen = true > entry
    days, ended = np.minimum(true, limit)[seen], (true <= limit)[seen]
    assert 0.3 < (~ended).mean() < 0.8
    law = one_way(days, ended, entry[seen]).laws["out"]
    assert law.tail_share > 0
    assert law.tail_shape == pytest.approx(shape, rel=0.05)
    assert law.tail_scale == pytest.approx(scale, rel=0.06)
    assert law.isf(0.02) == pytest.approx(scale * (-math.log(0.02)) ** (1 / shape), rel=0.12)


@pytest.mark.parametrize(
    ("days", "cause", "observed"),
    [
        ([], [], 0),
        ([5.0, 9.0, 12.0], [0, 0, 0], 0),
        ([0.0, 0.0], [0, 0], 0),
        ([30.0] * 50, [1] * 50, 50),
        ([30.0] * 4, [2, 2, 0, 0], 2),
        ([0.0] * 6 + [50.0] * 20, [1] * 6 + [0] * 20, 6),
        ([7.0], [1], 1),
    ],
)
def test_thin_records_give_a_stated_fallback_and_never_an_exception(
    days: list[float], cause: list[int], observed: int
) -> None:
    fit = fit_competing("Court", ("a", "b"), stays_of(np.array(days), np.array(cause, dtype=np.int64)))
    assert fit.observed == observed
    assert sum(fit.shares.values()) == pytest.approx(1.0)
    same = observed > 1 and len({day for day, way in zip(days, cause, strict=True) if way}) == 1 and max(days) > 0
    assert bool(fit.warnings) == (observed < 30 or same)
    assert all("Court" in warning for warning in fit.warnings)
    for law in fit.laws.values():
        for unit in (1e-6, 0.5, 1.0):
            assert 0.0 <= law.isf(unit) < math.inf
    if observed == 0:
        assert fit.shares == {"a": 0.5, "b": 0.5}
        assert "no ended stay" in fit.warnings[0]


def test_where_many_stay_at_risk_without_an_end_the_curve_is_flat_that_far() -> None:
    # 60 end within 50 days; 40 are still there after 400 to 1,000 days. Nobody is to end in between.
    days = np.append(np.linspace(1, 50, 60).round(), np.linspace(400, 1000, 40).round())
    law = one_way(days, days <= 50).laws["out"]
    assert law.sf(50.0) == law.sf(900.0) == pytest.approx(0.4)
    assert law.isf(0.399) > 900
    assert law.remaining(0.999, 200.0) > 900


def test_durations_of_minutes_keep_their_shape_in_the_tail() -> None:
    days, ended = weibull_sample(3000, 1.6, 400.0, seed=2, zero=0.0)
    slow, quick = one_way(days, ended).laws["out"], one_way(days / 1e5, ended).laws["out"]
    assert quick.tail_shape == pytest.approx(slow.tail_shape, rel=1e-3)
    assert quick.tail_scale * 1e5 == pytest.approx(slow.tail_scale, rel=1e-3)


def test_early_risk_sets_that_empty_do_not_end_the_curve() -> None:
    # One child under observation from day 1 ends on day 2; two hundred more join on day 10.
    rng = np.random.default_rng(1)
    days = np.append(2.0, 10.0 + np.ceil(rng.exponential(100, 200)))
    entry = np.append(1.0, np.full(200, 10.0))
    law = one_way(days, np.ones(201, dtype=bool), entry).laws["out"]
    assert law.isf(0.5) == pytest.approx(10 + 100 * math.log(2), rel=0.25)


def test_a_stay_that_ended_as_it_came_under_observation_is_not_counted() -> None:
    days = np.array([50.0] * 3 + [80.0] * 6 + [90.0] * 6)
    entry = np.array([50.0] * 3 + [0.0] * 12)
    law = one_way(days, np.ones(15, dtype=bool), entry).laws["out"]
    assert law.times.tolist() == [80.0, 90.0]
    assert law.sf(80.0) == pytest.approx(0.5)


@pytest.mark.parametrize("law", LAWS)
def test_a_law_survives_being_written_and_read(law: Law) -> None:
    again = Law.from_dict(json.loads(json.dumps(law.as_dict())))
    for unit in np.linspace(0.001, 1.0, 57):
        assert again.isf(unit) == pytest.approx(law.isf(unit), abs=1e-5)
    assert again.note == law.note


def test_scaling_a_law_scales_every_draw() -> None:
    for law in LAWS:
        for unit in (0.01, 0.2, 0.5, 0.9):
            assert law.scaled(2.0).isf(unit) == pytest.approx(2 * law.isf(unit), rel=1e-9)


def test_the_restricted_mean_is_the_area_under_the_curve() -> None:
    assert exponential(100.0).mean(5000.0) == pytest.approx(100.0, rel=1e-3)
    assert exponential(100.0).mean(100.0) == pytest.approx(100 * (1 - math.exp(-1)), rel=1e-3)
    assert fixed(40.0).mean(1000.0) == pytest.approx(40.0, abs=0.5)


def test_the_share_from_the_tail_is_said() -> None:
    assert exponential(10.0).tail_share == 1.0
    assert fixed(10.0).tail_share == 0.0
