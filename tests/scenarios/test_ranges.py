"""Sizes: their laws, their limits, and what experts are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import Elicited, Range
from scenarios.ranges import MISFIT

UNITS = (np.arange(20_000) + 0.5) / 20_000
FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


def drawn(size: Range | Elicited) -> np.ndarray:
    """Sizes at evenly spread units: the law itself, without luck."""
    return np.array([size.quantile(float(unit)) for unit in UNITS])


def test_a_triangular_range_has_the_mean_and_the_variance_of_its_law() -> None:
    low, likely, high = 14.0, 28.0, 60.0
    sizes = drawn(Range(low, likely, high))
    assert sizes.mean() == pytest.approx((low + likely + high) / 3, rel=1e-5)
    between = low**2 + likely**2 + high**2 - low * likely - low * high - likely * high
    assert sizes.var() == pytest.approx(between / 18, rel=1e-3)


def test_pert_and_triangular_as_the_elicitation_guide_works_them_out() -> None:
    pert, triangular = Range(0.6, 0.8, 1.0, "pert"), Range(0.6, 0.8, 1.0)
    assert drawn(pert).std() == pytest.approx(0.0756, abs=5e-4)
    assert (round(pert.quantile(0.05), 2), round(pert.quantile(0.95), 2)) == (0.68, 0.92)
    assert drawn(triangular).std() == pytest.approx(0.4 / np.sqrt(24), rel=1e-3)
    assert (round(triangular.quantile(0.05), 2), round(triangular.quantile(0.95), 2)) == (0.66, 0.94)


@given(
    st.tuples(FINITE, FINITE, FINITE).map(sorted),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["triangular", "pert"]),
)
def test_draws_stay_within_the_limits_and_rise_with_the_unit(
    limits: list[float], one: float, two: float, shape
) -> None:
    size = Range(*limits, shape)
    first, second = size.quantile(min(one, two)), size.quantile(max(one, two))
    slack = 1e-9 * max(1.0, abs(limits[0]), abs(limits[2]))
    assert limits[0] - slack <= first <= second + slack
    assert second <= limits[2] + slack


def test_a_known_size_uses_a_draw_like_any_other() -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    Range.exactly(3.0).draw(one)
    Range(1, 2, 3).draw(other)
    assert one.random() == other.random()


@pytest.mark.parametrize("limits", [(3, 2, 5), (1, 6, 5), (float("nan"), 1, 2), (0, 1, float("inf"))])
def test_a_range_out_of_order_is_refused_with_its_values(limits: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=f"low <= likely <= high, got {limits[0]}, {limits[1]}, {limits[2]}"):
        Range(*limits)


def test_quartiles_give_the_beta_law_of_the_shelf_example() -> None:
    # The two experts of the SHELF vignette, on [0, 100].
    good = Elicited(0, 100, {"0.25": 30, "0.5": 40, "0.75": 50})
    assert good.beta == pytest.approx((4.50, 6.63), abs=0.005)
    assert not good.joined
    skewed = Elicited(0, 100, {"0.25": 20, "0.5": 25, "0.75": 35})
    assert skewed.beta == pytest.approx((4.22, 11.32), abs=0.005)
    assert sum(miss**2 for miss in skewed.misfit.values()) == pytest.approx(0.003, abs=0.0005)


def test_quantiles_that_no_beta_law_fits_are_kept_exactly_and_the_misfit_is_told() -> None:
    skewed = Elicited(0, 100, {"0.25": 20, "0.5": 25, "0.75": 35})
    assert max(map(abs, skewed.misfit.values())) > MISFIT
    assert skewed.joined
    assert [skewed.quantile(chance) for chance in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0, 20, 25, 35, 100]
    assert "largest misfit of the Beta law -4.1 points" in str(skewed)
    asked = Elicited(0, 100, {"0.25": 30, "0.5": 40, "0.75": 50}, "joined")
    assert asked.quantile(0.25) == 30


@given(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True), st.floats(0, 1))
def test_elicited_sizes_stay_within_their_limits(values: list[int], unit: float) -> None:
    chances = np.linspace(0.1, 0.9, len(values))
    size = Elicited(0, 100, {f"{chance:g}": float(v) for chance, v in zip(chances, sorted(values), strict=True)})
    assert 0 <= size.quantile(unit) <= 100


@pytest.mark.parametrize(
    ("quantiles", "said"),
    [
        ({"half": 3}, "between 0 and 1"),
        ({"1": 3}, "between 0 and 1"),
        ({"0.5": 11}, "rise with"),
        ({"0.2": 4, "0.5": 3}, "rise with"),
    ],
)
def test_impossible_quantiles_are_refused(quantiles: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Elicited(0, 10, quantiles)
