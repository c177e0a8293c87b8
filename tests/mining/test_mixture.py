"""The mixture likelihood: its slope, its recovery of planted shares, and when it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from made_logs import odd_logs, stage_log
from scipy.optimize import check_grad
from scipy.stats import lognorm, norm

from event_logs import vocabulary as v
from mining.laws import FAMILIES, log_law
from mining.mixture import _Model, fit_mixture, mixture_of
from mining.outcomes import Outcome


def planted(seed: int, n: int, years: float = 2) -> tuple[np.ndarray, np.ndarray]:
    """Two ways, 60 % the quick one, seen for some years: days and causes."""
    rng = np.random.default_rng([3, seed])
    quick = rng.random(n) < 0.6
    days = np.where(quick, rng.lognormal(np.log(90), 0.7, n), rng.lognormal(np.log(400), 0.7, n))
    until = rng.uniform(0, years * 365, n)
    return np.minimum(days, until), np.where(days > until, 0, np.where(quick, 1, 2))


@pytest.mark.parametrize("family", FAMILIES)
def test_slopes_of_the_laws_and_of_the_likelihood(family: str) -> None:
    t, z = np.array([0.5, 30.0, 900.0]), np.array([4.2, 0.7])
    law = log_law(family, np.log(t), z[0], z[1])
    step = 1e-6
    up, down = (log_law(family, np.log(t), z[0] + s, z[1]) for s in (step, -step))
    assert law.density_mu == pytest.approx((up.density - down.density) / (2 * step), rel=1e-5, abs=1e-6)
    assert law.survival_mu == pytest.approx((up.survival - down.survival) / (2 * step), rel=1e-5, abs=1e-6)
    days, cause = planted(1, 80)
    model = _Model.of(days, cause, np.where(np.arange(80) % 4 == 0, 0.5 * days, 0.0), 2, family)
    theta = np.array([0.0, -0.3, 4.4, 6.1, -0.4, -0.2])
    off = check_grad(lambda x: model.objective(x)[0], lambda x: model.objective(x)[1], theta)
    assert off < 1e-3


def test_laws_equal_scipy() -> None:
    t = np.array([1.0, 50.0, 4000.0])
    law = log_law("lognormal", np.log(t), 4.0, 0.8)
    assert law.density == pytest.approx(lognorm.logpdf(t, 0.8, scale=np.exp(4.0)))
    assert law.survival == pytest.approx(norm.logsf((np.log(t) - 4.0) / 0.8))


def test_planted_share_is_recovered_where_counting_is_not() -> None:
    fits = [fit_mixture(*planted(seed, 120), intervals=False).ways["p"].iloc[0] for seed in range(16)]
    counted = [(c == 1).sum() / (c > 0).sum() for c in (planted(seed, 120)[1] for seed in range(16))]
    assert np.sqrt(np.mean((np.array(fits) - 0.6) ** 2)) <= 0.07  # 0.06 promised, over 400 logs: see benchmarks
    assert np.mean(counted) > 0.7


def test_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(12):
        ways = fit_mixture(*planted(seed, 150), names=("A", "B")).ways.set_index("way")
        held += bool(ways.loc["A", "low_p"] <= 0.6 <= ways.loc["A", "high_p"])
        assert ways["p"].sum() == pytest.approx(1)
        assert ways.loc["B", "low_p"] == pytest.approx(1 - ways.loc["A", "high_p"])
        assert (ways["low_days"] < ways["median_days"]).all()
    assert held >= 9


def test_without_open_cases_shares_are_those_counted() -> None:
    days, cause = planted(2, 200, years=1000)
    done = cause > 0
    ways = fit_mixture(days[done], cause[done]).ways
    assert ways["p"].iloc[0] == pytest.approx((cause[done] == 1).mean(), abs=1e-4)
    assert ways["median_days"].iloc[0] == pytest.approx(np.exp(np.log(days[cause == 1]).mean()), rel=1e-3)


def test_delayed_entry_is_counted() -> None:
    rng = np.random.default_rng(4)
    days = rng.lognormal(np.log(200), 0.7, 4000)
    cause = np.where(rng.random(4000) < 0.3, 1, 2)
    entry = rng.uniform(0, 400, 4000)
    seen = days > entry
    ways = fit_mixture(days[seen], cause[seen], entry=entry[seen], intervals=False).ways
    assert ways["median_days"].to_numpy() == pytest.approx(200, rel=0.12)
    assert ways["p"].iloc[0] == pytest.approx(0.3, abs=0.05)


def test_three_ways_and_one() -> None:
    rng = np.random.default_rng(6)
    way = rng.choice([1, 2, 3], 400, p=[0.5, 0.3, 0.2])
    days = rng.lognormal(np.log(np.array([60, 120, 240])[way - 1]), 0.5)
    until = rng.uniform(0, 900, 400)
    found = fit_mixture(np.minimum(days, until), np.where(days > until, 0, way))
    assert found.ways["p"].to_numpy() == pytest.approx([0.5, 0.3, 0.2], abs=0.08)
    assert ((found.ways["low_p"] < found.ways["p"]) & (found.ways["p"] < found.ways["high_p"])).all()
    alone = fit_mixture([10, 20, 30, 40, 50, 60], [1, 1, 1, 1, 1, 0]).ways
    assert alone[["p", "low_p", "high_p"]].to_numpy().tolist() == [[1, 1, 1]]


def test_too_few_exits_are_refused() -> None:
    found = fit_mixture([10] * 12, [1] * 8 + [2] * 4, names=("order", "home"))
    assert "home (4)" in found.refused
    assert found.ways[["p", "median_days"]].isna().all(axis=None)
    assert found.ways["exits"].tolist() == [8, 4]
    assert "nobody of the 3" in fit_mixture([1, 2, 3], [0, 0, 0]).refused


def test_from_a_log() -> None:
    found = mixture_of(
        stage_log(1), v.LODGED, (Outcome("Order", (v.ADOPTION_ORDER,)), Outcome("Home", (v.RETURNED_HOME,)))
    )
    assert found.ways["way"].tolist() == ["Order"]
    assert found.ways["median_days"].iloc[0] == pytest.approx(np.exp(5), rel=0.25)


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    found = mixture_of(odd_logs()[name], v.ACCOMMODATED)
    assert bool(found.refused) == (name != "all dates equal")


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="family must be one of"):
        fit_mixture([1.0], [1], family="gamma")
    with pytest.raises(ValueError, match="causes"):
        fit_mixture([1.0, 2.0], [1])
