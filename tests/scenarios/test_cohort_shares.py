"""The share of a small cohort: against scipy's laws, and against draws whose truth is planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scenarios.cohort_shares import CohortShares, estimate


def test_without_spread_a_cohort_is_binomial() -> None:
    shares = CohortShares(np.array([[0.3, 0.6]]), 0.0)
    assert shares.pmf(1, 7) == pytest.approx(stats.binom.pmf(np.arange(8), 7, 0.6))


def test_with_spread_it_is_beta_binomial_and_draws_are_mixed() -> None:
    shares = CohortShares(np.array([[0.3], [0.7]]), 0.2)
    size = (1 - 0.2) / 0.2
    each = [stats.betabinom.pmf(np.arange(6), 5, p * size, (1 - p) * size) for p in (0.3, 0.7)]
    assert shares.pmf(0, 5) == pytest.approx(np.mean(each, axis=0))


def test_limits_hold_what_they_say_on_average() -> None:
    """Mid-P limits of a binomial: exact for none, right on average over levels and numbers of children."""
    held = []
    for children in (4, 7, 12, 20):
        for p in np.linspace(0.1, 0.9, 33):
            shares = CohortShares(np.array([[p]]), 0.0)
            low, high = (round(limit * children) for limit in shares.limits(0, children, (0.025, 0.975)))
            held.append(stats.binom.cdf(high, children, p) - stats.binom.cdf(low - 1, children, p))
    # Near 0 and 1 few children leave few values to choose from.
    assert 0.94 <= np.mean(held) <= 0.975
    assert min(held) > 0.85


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.02, 0.98), min_size=1, max_size=5),
    st.floats(0.0, 0.4),
    st.integers(1, 30),
    st.data(),
)
def test_a_prediction_is_a_law_and_its_limits_are_in_order(
    chances: list[float], spread: float, children: int, data: st.DataObject
) -> None:
    shares = CohortShares(np.array(chances)[:, None], spread)
    assert shares.pmf(0, children).sum() == pytest.approx(1.0)
    low95, low80, high80, high95 = shares.limits(0, children, (0.025, 0.1, 0.9, 0.975))
    assert 0 <= low95 <= low80 <= high80 <= high95 <= 1
    reached = data.draw(st.integers(0, children))
    assert 0 <= shares.place(0, children, reached) <= 1 + 1e-9
    likelihood = shares.log_likelihood(np.array([children]), np.array([reached]))
    assert np.exp(likelihood).mean() == pytest.approx(shares.pmf(0, children)[reached])


def test_a_cohort_without_children_says_nothing() -> None:
    shares = CohortShares(np.array([[0.3, 0.5]]), 0.1)
    none = shares.log_likelihood(np.array([0, 0]), np.array([0, 0]))
    assert none.tolist() == [0.0]


def planted(
    draws: int, spread: float, generator: np.random.Generator, slope: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Simulated cohorts with a known chance in each draw: reached, children, chance, sizes."""
    level = np.array([-0.4, 0.0, 0.3, 0.5, 0.2, -0.1])
    size = generator.uniform(0, 1, draws)
    odds = level[None, :] + (0.25 * generator.standard_normal(draws) + slope * (size - 0.5))[:, None]
    chance = 1 / (1 + np.exp(-odds))
    children = generator.poisson(12, chance.shape)
    p = chance if not spread else generator.beta(chance * (1 / spread - 1), (1 - chance) * (1 / spread - 1))
    return generator.binomial(children, p), children, chance, size[:, None]


@pytest.mark.parametrize("spread", [0.0, 0.12])
def test_the_planted_level_of_cohorts_spread_of_draws_and_spread_of_cohorts_are_found(spread: float) -> None:
    generator = np.random.default_rng(7)
    reached, children, chance, _ = planted(400, spread, generator)
    found = estimate(reached, children, generator.standard_normal(400))
    assert found.chance.mean(axis=0) == pytest.approx(chance.mean(axis=0), abs=0.035)
    assert found.chance.std(axis=0).mean() == pytest.approx(chance.std(axis=0).mean(), abs=0.015)
    assert found.spread == pytest.approx(spread, abs=0.02)


def test_the_size_of_the_effect_explains_what_it_should() -> None:
    generator = np.random.default_rng(8)
    reached, children, _, size = planted(400, 0.0, generator, slope=1.5)
    found = estimate(reached, children, np.zeros(400), size)
    odds = np.log(found.chance / (1 - found.chance)).mean(axis=1)
    assert np.polyfit(size[:, 0], odds, 1)[0] == pytest.approx(1.5, abs=0.25)


def test_samples_of_one_draw_share_what_is_not_known() -> None:
    shares = CohortShares(np.array([[0.1, 0.1], [0.9, 0.9]]), 0.0)
    drawn = shares.sample(np.array([50, 50]), np.random.default_rng(1), 2000)
    assert np.corrcoef(drawn.T)[0, 1] > 0.9
    assert drawn.mean() == pytest.approx(25, abs=1)
