"""Kaplan-Meier and Aalen-Johansen agree with R, scipy and statsmodels, and their intervals cover."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from mining.survival import aalen_johansen, kaplan_meier, score_interval

ORACLE = Path(__file__).resolve().parents[2].parent / "shared" / "oracles" / "e2_data.csv"


@pytest.fixture(scope="module")
def tied() -> pd.DataFrame:
    """80 rows with ties, delayed entry and two ways out (t, d, entry)."""
    if not ORACLE.exists():
        pytest.skip("the oracle data are not beside the repository")
    return pd.read_csv(ORACLE)


def sample(seed: int, n: int = 60, *, tied: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Durations, causes (0 censored, 1, 2) and entries, with ties when rounded to weeks."""
    rng = np.random.default_rng(seed)
    t = rng.lognormal(4.5, 0.8, n)
    t = np.ceil(t / 7) * 7 if tied else t
    entry = np.where(rng.random(n) < 0.3, np.floor(rng.random(n) * t * 0.9), 0.0)
    return t, rng.choice([0, 1, 2], n, p=[0.3, 0.45, 0.25]), entry


# --- R's survival package (survfit), numbers as printed by R 4.2.2, survival 3.5-3


def test_kaplan_meier_equals_r(tied: pd.DataFrame) -> None:
    curve = kaplan_meier(tied["t"], tied["d"] > 0)
    assert curve.at(np.array([182.0, 364.0])) == pytest.approx([0.477007, 0.075042], abs=1e-6)
    assert curve.quantile(0.5) == 175
    low, high = curve.band(0.95)
    step = int(np.searchsorted(curve.times, 182, side="right")) - 1
    assert (low[step], high[step]) == pytest.approx((0.358065, 0.586545), abs=1e-6)


def test_kaplan_meier_with_delayed_entry_equals_r(tied: pd.DataFrame) -> None:
    curve = kaplan_meier(tied["t"], tied["d"] > 0, entry=tied["entry"])
    assert curve.at(np.array([182.0, 364.0])) == pytest.approx([0.449975, 0.070789], abs=1e-6)
    assert curve.warning == ""


def test_aalen_johansen_equals_r(tied: pd.DataFrame) -> None:
    shares = aalen_johansen(tied["t"], tied["d"])
    assert shares.at(364.0) == pytest.approx([0.643226, 0.281732], abs=1e-6)
    assert shares.error_at(364.0) == pytest.approx([0.059124, 0.053898], abs=1e-6)
    late = aalen_johansen(tied["t"], tied["d"], entry=tied["entry"])
    assert late.at(364.0) == pytest.approx([0.622918, 0.306293], abs=1e-6)


# --- other implementations


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [True, False])
def test_kaplan_meier_equals_scipy(seed: int, ties: bool) -> None:
    t, cause, _ = sample(seed, tied=ties)
    curve = kaplan_meier(t, cause > 0)
    theirs = stats.ecdf(stats.CensoredData.right_censored(t, cause == 0)).sf
    assert curve.survival == pytest.approx(theirs.evaluate(curve.times), abs=1e-9)
    inside = curve.survival > 0
    with warnings.catch_warnings():  # scipy warns where the curve is at 0, which is left out of the comparison
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = theirs.confidence_interval(method="log-log")
    low, high = curve.band(0.95)
    assert low[inside] == pytest.approx(limits.low.evaluate(curve.times)[inside], abs=1e-9)
    assert high[inside] == pytest.approx(limits.high.evaluate(curve.times)[inside], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [True, False])
def test_delayed_entry_equals_statsmodels(seed: int, ties: bool) -> None:
    t, cause, entry = sample(seed, tied=ties)
    curve = kaplan_meier(t, cause > 0, entry=entry)
    theirs = SurvfuncRight(t, (cause > 0).astype(int), entry=entry)
    assert curve.warning == ""
    assert curve.times == pytest.approx(theirs.surv_times)
    assert curve.survival == pytest.approx(theirs.surv_prob, abs=1e-9)
    assert curve.at_risk == pytest.approx(theirs.n_risk)
    assert curve.events == pytest.approx(theirs.n_events)
    inside = curve.survival > 0
    errors = curve.survival[inside] * np.sqrt(curve.greenwood[inside])
    assert errors == pytest.approx(theirs.surv_prob_se[inside], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [True, False])
def test_aalen_johansen_equals_statsmodels(seed: int, ties: bool) -> None:
    t, cause, _ = sample(seed, tied=ties)
    shares = aalen_johansen(t, cause)
    with np.errstate(divide="ignore", invalid="ignore"):  # statsmodels has no error where nobody is left
        theirs = CumIncidenceRight(t, cause)
    step = np.searchsorted(theirs.times, shares.times)
    for way in range(2):
        assert shares.incidence[way] == pytest.approx(theirs.cinc[way][step], abs=1e-9)
        followed = shares.survival > 0
        assert np.sqrt(shares.variance[way][followed]) == pytest.approx(theirs.cinc_se[way][step][followed], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_aalen_johansen_with_delayed_entry_equals_the_formula_step_by_step(seed: int) -> None:
    t, cause, entry = sample(seed)
    shares = aalen_johansen(t, cause, entry=entry)
    assert shares.warning == ""
    waiting, reached, errors = 1.0, np.zeros(2), []
    for day in sorted(set(t[cause > 0])):
        at_risk = ((entry < day) & (t >= day)).sum()
        left = np.array([((t == day) & (cause == way)).sum() for way in (1, 2)])
        reached = reached + waiting * left / at_risk
        waiting *= 1 - left.sum() / at_risk
        errors.append(np.abs(shares.at(float(day)) - reached).max())
    assert max(errors) < 1e-9
    theirs = SurvfuncRight(t, (cause > 0).astype(int), entry=entry)
    assert shares.survival == pytest.approx(theirs.surv_prob, abs=1e-9)


def test_score_limits_equal_scipy_and_hold_at_the_edges() -> None:
    theirs = stats.binomtest(7, 40).proportion_ci(method="wilson")
    assert score_interval(7 / 40, np.sqrt(7 / 40 * 33 / 40 / 40), 3) == pytest.approx((theirs.low, theirs.high))
    none = stats.binomtest(0, 25).proportion_ci(method="wilson")
    assert score_interval(0.0, 0.0, 25) == pytest.approx((none.low, none.high), abs=1e-12)
    assert np.isnan(score_interval(np.nan, 0.1, 25)).all()
    assert np.isnan(score_interval(1.0, 0.0, 0)).all()


# --- identities


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 12)),
        min_size=0,
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_incidences_and_survival_sum_to_one(rows: list[tuple[int, int, int]]) -> None:
    t = np.array([row[0] for row in rows], dtype=float)
    cause = np.array([row[1] for row in rows], dtype=int)
    entry = np.array([row[2] for row in rows], dtype=float)
    shares = aalen_johansen(t, cause, entry=entry, ways=3)
    assert shares.incidence.sum(axis=0) + shares.survival == pytest.approx(np.ones(len(shares.times)), abs=1e-12)
    curve = kaplan_meier(t, cause > 0, entry=entry)
    assert curve.survival == pytest.approx(shares.survival, abs=1e-12)
    one = aalen_johansen(t, (cause > 0).astype(int), entry=entry)
    assert one.incidence[0] == pytest.approx(1 - curve.survival, abs=1e-12)


def test_without_censoring_the_curve_is_the_empirical_distribution() -> None:
    t = np.array([3.0, 0.0, 5.0, 5.0, 9.0])
    curve = kaplan_meier(t, np.ones(5, dtype=bool))
    assert curve.at(np.array([0.0, 2.9, 3.0, 5.0, 8.9, 9.0, 50.0])) == pytest.approx([0.8, 0.8, 0.6, 0.2, 0.2, 0, 0])
    assert curve.quantile(0.5) == np.median(t)
    assert curve.restricted_mean(100.0) == pytest.approx(t.mean())
    # Without censoring the Greenwood-type error is that of a plain mean (divisor n).
    assert curve.restricted_mean_error(100.0) == pytest.approx(t.std() / np.sqrt(5))


def test_weights_are_repetitions() -> None:
    t, cause, entry = sample(3, 25)
    w = np.random.default_rng(0).integers(0, 4, 25)
    whole = aalen_johansen(np.repeat(t, w), np.repeat(cause, w), entry=np.repeat(entry, w))
    weighted = aalen_johansen(t, cause, entry=entry, weights=w)
    assert weighted.incidence == pytest.approx(whole.incidence, abs=1e-12)
    assert weighted.variance == pytest.approx(whole.variance, abs=1e-12)
    assert kaplan_meier(t, cause > 0, weights=w).greenwood == pytest.approx(
        kaplan_meier(np.repeat(t, w), np.repeat(cause > 0, w)).greenwood
    )


def test_row_order_does_not_matter() -> None:
    t, cause, entry = sample(5)
    order = np.random.default_rng(1).permutation(len(t))
    a, b = aalen_johansen(t, cause, entry=entry), aalen_johansen(t[order], cause[order], entry=entry[order])
    assert np.array_equal(a.incidence, b.incidence)


# --- hand-worked


def test_quantile_on_a_flat_stretch_is_its_middle() -> None:
    curve = kaplan_meier([10, 20, 30, 40], [True, True, True, True])
    assert curve.quantile(0.5) == 25  # the curve lies at exactly 0.5 from day 20 to day 30
    assert curve.quantile(0.25) == 15
    assert curve.quantile(0.6) == 30


def test_median_not_reached_is_not_a_number() -> None:
    curve = kaplan_meier([10, 20, 30, 40], [True, False, False, False])
    assert np.isnan(curve.quantile(0.5))
    assert np.isnan(curve.interval(0.5)[1])
    assert curve.last == 40
    assert curve.at(40.0) == 0.75
    assert np.isnan(curve.at(41.0))
    assert np.isnan(curve.restricted_mean(50.0))
    assert curve.restricted_mean(40.0) == pytest.approx(10 + 30 * 0.75)


def test_events_come_before_censorings_at_a_tie() -> None:
    assert kaplan_meier([5, 5], [True, False]).at(5.0) == 0.5


def test_a_wait_of_no_days_counts() -> None:
    curve = kaplan_meier([0, 0, 4, 8], [True, False, True, True])
    assert curve.at(0.0) == 0.75
    assert curve.at(4.0) == pytest.approx(0.375)


def test_at_risk_only_after_entry() -> None:
    # At day 5 the third has not come into view (entry 5 < 5 is false); at day 6 it has.
    curve = kaplan_meier([5, 9, 9, 6], [True, True, False, True], entry=[0, 0, 5, 0])
    assert curve.at_risk.tolist() == [3, 3, 2]
    assert kaplan_meier([5, 9], [True, True], entry=[5, 0]).at_risk.tolist() == [1]


def test_early_risk_set_that_empties_is_left_out_and_said() -> None:
    curve = kaplan_meier([3, 20, 30], [True, True, True], entry=[0, 10, 10])
    assert curve.times.tolist() == [20, 30]
    assert curve.survival.tolist() == [0.5, 0]
    assert "up to day 3" in curve.warning


@pytest.mark.parametrize("observed", [True, False])
def test_all_equal_durations(observed: bool) -> None:
    curve = kaplan_meier(np.full(20, 60.0), np.full(20, observed))
    if observed:
        assert (curve.quantile(0.5), *curve.interval(0.5)) == (60, 60, 60)
    else:
        assert np.isnan(curve.quantile(0.5))
        assert curve.at(60.0) == 1


def test_one_duration_gives_no_interval() -> None:
    assert np.isnan(kaplan_meier([60], [True]).interval(0.5)).all()


def test_no_rows() -> None:
    curve = kaplan_meier([], [])
    assert np.isnan([curve.quantile(0.5), curve.at(3.0), curve.restricted_mean(3.0), curve.last]).all()
    shares = aalen_johansen([], [], ways=2)
    assert np.isnan(shares.at(3.0)).all()
    assert shares.at(3.0).shape == (2,)
    assert np.isnan(shares.given(1).quantile(0.5))


@pytest.mark.parametrize(
    ("durations", "entry", "message"),
    [([-1.0], [0.0], "not negative"), ([np.nan], [0.0], "known"), ([1.0, 2.0], [0.0], "one value for each")],
)
def test_bad_input_is_refused(durations: list[float], entry: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kaplan_meier(durations, [True] * len(durations), entry=entry)
    with pytest.raises(ValueError, match="causes"):
        aalen_johansen([1.0], [-1])


# --- the law of one way out of several


def test_law_of_the_only_way_is_kaplan_meier() -> None:
    t, cause, entry = sample(11)
    law = aalen_johansen(t, cause > 0, entry=entry).given(1)
    curve = kaplan_meier(t, cause > 0, entry=entry)
    assert law.survival == pytest.approx(curve.survival, abs=1e-9)
    assert law.greenwood[:-1] == pytest.approx(curve.greenwood[:-1], abs=1e-9)
    assert law.interval(0.5) == pytest.approx(curve.interval(0.5), nan_ok=True)


def test_law_of_a_way_with_nobody_waiting_is_its_plain_distribution() -> None:
    t, cause, _ = sample(12)
    cause = np.where(cause == 0, 1, cause)
    for way in (1, 2):
        law = aalen_johansen(t, cause).given(way)
        mine = t[cause == way]
        plain = kaplan_meier(mine, np.ones(len(mine), dtype=bool))
        assert law.survival == pytest.approx(plain.survival, abs=1e-9)
        assert law.interval(0.5) == pytest.approx(plain.interval(0.5))


def test_way_nobody_took_has_no_law() -> None:
    assert np.isnan(aalen_johansen([3, 4], [1, 0], ways=2).given(2).quantile(0.5))


# --- coverage: the true median lies in the 95 % interval about 95 times in 100


def test_kaplan_meier_interval_covers_the_true_median() -> None:
    covered, naive_off, estimates = 0, 0, []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        began = np.sort(rng.uniform(-2000, 730, 400))  # two years seen, some already running when they begin
        ended = began + rng.lognormal(np.log(300), 0.8, 400)
        seen = ended > 0
        began, ended = began[seen], ended[seen]
        curve = kaplan_meier(np.minimum(ended, 730) - began, ended <= 730, entry=np.maximum(0, -began))
        low, high = curve.interval(0.5)
        covered += bool(low <= 300 and (np.isnan(high) or high >= 300))
        estimates.append(curve.quantile(0.5))
        inside = (began >= 0) & (ended <= 730)
        naive_off += bool(np.median((ended - began)[inside]) < 240)
    assert covered >= 26  # with true coverage 95 %, fewer than 26 of 30 comes about once in 300 times
    assert abs(np.mean(estimates) / 300 - 1) < 0.04
    assert naive_off >= 25  # counting completed ones only is a fifth and more too short


def test_interval_of_one_way_of_two_covers_its_true_median() -> None:
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng([7, seed])
        fast = rng.random(250) < 0.6
        t = np.where(fast, rng.lognormal(np.log(90), 0.7, 250), rng.lognormal(np.log(150), 0.7, 250))
        until = rng.uniform(0, 1460, 250)
        cause = np.where(t > until, 0, np.where(fast, 1, 2))
        low, high = aalen_johansen(np.minimum(t, until), cause).given(1).interval(0.5)
        covered += bool(low <= 90 <= high)
    assert covered >= 52
