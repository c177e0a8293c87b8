"""Parametric laws beside the Kaplan-Meier one: planted laws found again through censoring and delayed entry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mining.survival import kaplan_meier
from simulation.families import FAMILIES, FamilyFit, fit_families
from simulation.laws import Stays

PLANTED = {
    "lognormal": stats.lognorm(0.8, scale=120.0),
    "weibull": stats.weibull_min(1.4, scale=200.0),
    "gamma": stats.gamma(2.5, scale=60.0),
}
TRUE = {"lognormal": (120.0, 0.8), "weibull": (200.0, 1.4), "gamma": (60.0, 2.5)}


def seen(family: str, n: int, *, seed: int, late: float = 0.4, zero: float = 0.0) -> Stays:
    """Stays of a planted law, observed through a window: four in ten begin before it, nearly half end after it."""
    rng = np.random.default_rng(seed)
    days = PLANTED[family].rvs(n, random_state=rng)
    days[rng.random(n) < zero] = 0.0
    entry = np.where(rng.random(n) < late, rng.uniform(0, 250, n), 0.0)
    limit = entry + rng.uniform(5, 350, n)
    kept = (days > entry) | ((entry == 0) & (days == 0))
    days, entry, limit = days[kept], entry[kept], limit[kept]
    return Stays(np.minimum(days, limit), (days <= limit).astype(np.int64), entry, np.ones(len(days)))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_planted_law_is_found_through_censoring_and_delayed_entry(family: str) -> None:
    stays = seen(family, 9000, seed=3)
    assert 0.25 < (stays.cause == 0).mean() < 0.6
    assert (stays.entry > 0).mean() > 0.15
    best = fit_families("Court", stays).fits[0]
    assert best.family == family
    assert best.scale == pytest.approx(TRUE[family][0], rel=0.06)
    assert best.shape == pytest.approx(TRUE[family][1], rel=0.05)
    assert best.distance < 0.03
    np.testing.assert_allclose(best.sf([30.0, 150.0, 500.0]), PLANTED[family].sf([30.0, 150.0, 500.0]), atol=0.02)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_delayed_entry_the_estimate_is_that_of_scipy(family: str) -> None:
    stays = seen(family, 400, seed=5, late=0.0)
    data = stats.CensoredData.right_censored(stays.days, stays.cause == 0)
    law = {"lognormal": stats.lognorm, "weibull": stats.weibull_min, "gamma": stats.gamma}[family]
    shape, _, scale = law.fit(data, floc=0)
    ours = {fit.family: fit for fit in fit_families("Court", stays).fits}[family]
    assert ours.shape == pytest.approx(shape, rel=2e-3)
    assert ours.scale == pytest.approx(scale, rel=2e-3)
    exact = law.logpdf(stays.days, shape, scale=scale)[stays.cause > 0].sum()
    exact += law.logsf(stays.days, shape, scale=scale)[stays.cause == 0].sum()
    assert ours.log_likelihood == pytest.approx(exact, abs=0.01)
    assert ours.aic == pytest.approx(4 - 2 * exact, abs=0.02)


def test_ignoring_delayed_entry_would_be_far_off() -> None:
    stays = seen("weibull", 6000, seed=3)
    blind = Stays(stays.days, stays.cause, np.zeros(len(stays.days)), stays.weight)
    right, wrong = ({f.family: f for f in fit_families("x", s).fits}["weibull"] for s in (stays, blind))
    assert right.scale == pytest.approx(200, rel=0.06)
    assert wrong.scale > 1.12 * right.scale


def test_a_weight_is_a_stay_repeated() -> None:
    stays = seen("gamma", 300, seed=7)
    times = np.random.default_rng(1).integers(1, 4, len(stays.days))
    weighted = Stays(stays.days, stays.cause, stays.entry, times.astype(float))
    days, cause, entry = (np.repeat(part, times) for part in (stays.days, stays.cause, stays.entry))
    copies = Stays(days.astype(float), cause.astype(np.int64), entry.astype(float), np.ones(len(days)))
    for one, other in zip(fit_families("x", weighted).fits, fit_families("x", copies).fits, strict=True):
        assert one.family == other.family
        assert one.scale == pytest.approx(other.scale, rel=1e-4)
        assert one.shape == pytest.approx(other.shape, rel=1e-4)
        assert one.distance == pytest.approx(other.distance, abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_zero_day_ends_are_an_atom_that_does_not_bend_the_rest(family: str) -> None:
    plain, with_atom = seen(family, 3000, seed=9, late=0.0), seen(family, 3000, seed=9, late=0.0, zero=0.3)
    found = {fit.family: fit for fit in fit_families("x", with_atom).fits}[family]
    assert found.zero == pytest.approx(0.3, abs=0.03)
    whole = {fit.family: fit for fit in fit_families("x", plain).fits}[family]
    assert found.shape == pytest.approx(whole.shape, rel=0.08)
    law = found.law()
    assert law.sf(0.0) == pytest.approx(1 - found.zero, abs=1e-6)
    assert law.isf(0.99) == 0.0


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("zero", [0.0, 0.25])
def test_as_a_law_of_the_engine_it_draws_the_same_days(family: str, zero: float) -> None:
    scale, shape = TRUE[family]
    law = FamilyFit(family, scale, shape, zero, 0.0, 0.0).law()
    for share in (0.9, 0.5, 0.1, 0.01):
        day = float(PLANTED[family].isf(share))
        assert law.sf(day) == pytest.approx((1 - zero) * share, abs=0.004)
        assert law.isf((1 - zero) * share) == pytest.approx(day, rel=0.01)
    assert family in law.note


@pytest.mark.parametrize(
    ("days", "cause", "said"),
    [
        ([5.0, 9.0], [0, 0], "all stays are still open"),
        ([], [], "all stays are still open"),
        ([float(n) for n in range(1, 30)], [1] * 29, "only 29 stays"),
        ([0.0] * 50, [1] * 50, "only 0 stays of a day or more"),
        ([30.0] * 50 + [80.0] * 9, [1] * 50 + [0] * 9, "all 50 ended stays took 30 days"),
    ],
)
def test_where_no_shape_can_be_told_the_fallback_is_stated(days: list[float], cause: list[int], said: str) -> None:
    n = len(days)
    found = fit_families("Court", Stays(np.array(days), np.array(cause, dtype=np.int64), np.zeros(n), np.ones(n)))
    assert found.fits == ()
    assert said in found.warnings[0]
    assert "Court" in found.warnings[0]
    assert "the Kaplan-Meier law stands alone" in found.warnings[0]


def test_the_distance_is_the_largest_gap_between_the_curves() -> None:
    stays = seen("lognormal", 200, seed=2)
    fit = fit_families("x", stays).fits[0]
    curve = kaplan_meier(stays.days, stays.cause > 0, entry=stays.entry)
    grid = np.linspace(0.01, curve.times[-1], 20_001)
    assert fit.distance == pytest.approx(np.abs(fit.sf(grid) - curve.at(grid)).max(), abs=2e-3)


def test_gamma_survival_holds_beyond_the_reach_of_floating_point() -> None:
    fit = FamilyFit("gamma", 1.0, 1.0, 0.0, 0.0, 0.0)
    from simulation.families import _gamma

    assert _gamma(np.array([5000.0]), 1.0, 1.0)[1][0] == pytest.approx(-5000.0)
    assert float(fit.sf(2.0)) == pytest.approx(math.exp(-2.0))
