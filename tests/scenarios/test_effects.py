"""What is said of paired differences, on arrays whose variances and answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scenarios.effects import difference_of, explained, holm, pairing_of, parts_of, two_sided

NO_SIZES = np.empty((4000, 0))


def planted(draws: int, replications: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Differences with parameter sd 3, effect 4 x a size of sd 1, stochastic sd 5; and the sizes."""
    generator = np.random.default_rng(seed)
    sizes = generator.standard_normal((draws, 1))
    level = -20 + 3 * generator.standard_normal(draws) + 4 * sizes[:, 0]
    return level[:, None] + 5 * generator.standard_normal((draws, replications)), sizes


@pytest.mark.parametrize("replications", [2, 5])
def test_the_parts_of_the_variance_are_those_planted(replications: int) -> None:
    values, sizes = planted(4000, replications)
    parts = parts_of(values, sizes)
    assert parts.stochastic == pytest.approx(25, rel=0.08)
    assert parts.parameter == pytest.approx(9, rel=0.15)
    assert parts.effect == pytest.approx(16, rel=0.08)
    assert parts.total == pytest.approx(50, rel=0.06)


def test_without_sizes_there_is_no_effect_part_and_noise_is_none_either() -> None:
    values, _ = planted(4000, 2)
    assert parts_of(values, NO_SIZES).effect == 0.0
    noise = np.random.default_rng(5).standard_normal((4000, 1))
    assert parts_of(values, noise).effect == pytest.approx(0.0, abs=0.1)


def test_a_share_of_draws_without_effect_belongs_to_the_effect_part() -> None:
    generator = np.random.default_rng(3)
    there = generator.random(4000) < 0.8
    sizes = np.where(there, 2.0, np.nan)[:, None]
    values = np.where(there, -10.0, 0.0)[:, None] + generator.standard_normal((4000, 2))
    parts = parts_of(values, sizes)
    assert parts.effect == pytest.approx(100 * 0.8 * 0.2, rel=0.05)
    assert parts.parameter == pytest.approx(0.0, abs=0.3)


def test_with_one_replication_chance_and_parameters_are_not_told_apart() -> None:
    values, sizes = planted(400, 1)
    parts = parts_of(values, sizes)
    assert np.isnan(parts.stochastic)
    assert np.isnan(parts.parameter)
    assert parts.effect == pytest.approx(16, rel=0.4)


@pytest.mark.parametrize("draws", [12, 80])
def test_the_interval_holds_one_more_future_as_often_as_it_says(draws: int) -> None:
    """Both forms, t and percentiles, on normal differences: 95 and 80 of 100 futures lie inside."""
    generator = np.random.default_rng(11)
    inside = np.zeros(2)
    rounds = 1500
    for _ in range(rounds):
        level = 2 * generator.standard_normal(draws + 1)
        values = level[:-1, None] + generator.standard_normal((draws, 2))
        future = level[-1] + generator.standard_normal()
        found = difference_of(values)
        inside += [found.low <= future <= found.high, found.low_80 <= future <= found.high_80]
    # 99.9 % limits of a binomial share of 1500.
    assert inside[0] / rounds == pytest.approx(0.95, abs=3.3 * np.sqrt(0.95 * 0.05 / rounds) + 0.005)
    assert inside[1] / rounds == pytest.approx(0.80, abs=3.3 * np.sqrt(0.80 * 0.20 / rounds) + 0.005)


def test_a_chance_of_no_effect_ends_the_interval_at_exactly_nothing() -> None:
    values = np.where(np.arange(100) < 20, 0.0, -10.0 - np.arange(100) / 100)[:, None].repeat(2, axis=1)
    found = difference_of(values)
    assert found.high == 0.0
    assert found.low < -10
    assert found.less == pytest.approx(0.8)
    assert not found.detectable


def test_nothing_but_nothing_is_exactly_nothing() -> None:
    for draws in (3, 60):
        found = difference_of(np.zeros((draws, 2)))
        assert (found.mean, found.low, found.high, found.low_80, found.high_80, found.less) == (0, 0, 0, 0, 0, 0)
        assert not found.detectable
        assert two_sided(np.zeros((draws, 2))) == 1.0


def test_what_cannot_be_told_in_a_run_is_left_out_and_too_little_is_unknown() -> None:
    values = np.array([[1.0, np.nan], [3.0, 2.0], [np.nan, np.nan]])
    assert difference_of(values).mean == pytest.approx(2.0)
    assert np.isnan(difference_of(values[:1]).mean)
    assert np.isnan(two_sided(values[:1]))


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.2 times 4, 3, 2, 1 = 0.04, 0.06, 0.06, 0.2; never falling.
    assert holm(np.array([0.02, 0.2, 0.01, 0.03])) == pytest.approx([0.06, 0.2, 0.04, 0.06])
    with_unknown = holm(np.array([0.02, np.nan, 0.04]))
    assert with_unknown[[0, 2]] == pytest.approx([0.04, 0.04])
    assert np.isnan(with_unknown[1])


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)))
def test_adjusted_probabilities_keep_order_and_are_never_below_the_plain_ones(plain: np.ndarray) -> None:
    adjusted = holm(plain)
    assert (adjusted >= plain).all()
    assert (adjusted <= 1).all()
    order = np.argsort(plain, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


@given(
    arrays(np.float64, (45, 2), elements=st.floats(-1e3, 1e3)),
    st.floats(0.1, 50.0),
    st.floats(-100, 100),
)
def test_intervals_move_and_stretch_with_the_differences(values: np.ndarray, factor: float, shift: float) -> None:
    one, two = difference_of(values), difference_of(values * factor + shift)
    for name in ("mean", "low", "high", "low_80", "high_80"):
        assert getattr(two, name) == pytest.approx(getattr(one, name) * factor + shift, rel=1e-6, abs=1e-6)
    assert one.low <= one.low_80 <= one.high_80 <= one.high


def test_two_sided_probabilities_are_uniform_when_there_is_nothing() -> None:
    """Exact for one future predicted from the others: of 2,000 null changes 5 % fall below 0.05."""
    generator = np.random.default_rng(2)
    # The mean of a null change's draws is itself one future's difference from 0.
    small = 0
    for _ in range(2000):
        draws = generator.standard_normal() + generator.standard_normal((41, 1))
        small += two_sided(draws) < 0.05
    assert small / 2000 == pytest.approx(0.05, abs=0.02)


def test_pairing_is_the_gain_of_common_streams() -> None:
    generator = np.random.default_rng(4)
    base = 100 + 10 * generator.standard_normal((2000, 3)) + 50 * generator.standard_normal((2000, 1))
    changed = base - 5 + generator.standard_normal((2000, 3))
    found = pairing_of(base, changed)
    # Independent: 100 + 101; paired: 1. Correlation 100 / sqrt(100 x 101).
    assert found.reduction == pytest.approx(201, rel=0.1)
    assert found.correlation == pytest.approx(100 / np.sqrt(100 * 101), rel=1e-3)
    assert np.isnan(pairing_of(base[:, :1], changed[:, :1]).correlation)
    assert pairing_of(base, base - 3).reduction == pytest.approx(np.inf)


def test_explained_is_the_share_and_nothing_without_terms_or_rows() -> None:
    generator = np.random.default_rng(6)
    terms = generator.standard_normal((5000, 2))
    outcome = 3 * terms[:, 0] + 4 * terms[:, 1] + 5 * generator.standard_normal(5000)
    assert explained(outcome, terms) == pytest.approx(0.5, abs=0.03)
    assert explained(outcome, np.empty((5000, 0))) == 0.0
    assert explained(outcome[:3], terms[:3]) == 0.0
