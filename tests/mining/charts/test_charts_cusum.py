"""The CUSUM of single children: path by hand, limits against published ones, its rate of false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from mining.charts import cusum
from mining.charts.cusum import decision_limit, simulate_paths
from mining.charts.simulation import stream


def test_path_by_hand() -> None:
    base = np.exp([5.0, 7.0] * 5)  # mean 6, standard deviation sqrt(10/9) on the log scale
    sigma = np.sqrt(10 / 9)
    chart = cusum([*base, np.exp(5.0), np.exp(5.5), np.exp(9.0), np.exp(5.0)], 10)
    one = 1 / sigma - 0.2
    two = one + 0.5 / sigma - 0.2
    assert chart.path == pytest.approx([one, two, 0.0, one])
    assert (chart.baseline, chart.detected) == (10, None)
    assert chart.spread == pytest.approx(sigma)
    assert chart.typical_days == pytest.approx(np.exp(6))


def test_limits_are_the_published_ones() -> None:
    """12 months before and after at 1, 2, 4, 8 children a month, false alarm 10 %: 6.1, 7.5, 9.2, 11.0."""
    for per_month, published in ((1, 6.1), (2, 7.5), (4, 9.2), (8, 11.0)):
        assert decision_limit(12 * per_month, 12 * per_month) == pytest.approx(published, rel=0.04)


@pytest.mark.parametrize(
    ("per_month", "fall", "published"),
    [
        (1, 0.25, 30),
        (1, 0.4, 50),
        (2, 0.25, 42),
        (2, 0.4, 76),
        (4, 0.25, 60),
        (4, 0.4, 93),
        (8, 0.25, 81),
        (8, 0.4, 99),
    ],
)
def test_power_is_the_published_one(per_month: int, fall: float, published: int) -> None:
    """The published figures come from a few hundred histories: a standard error of 2 to 3 points."""
    children = 12 * per_month
    paths = simulate_paths(stream(5, "test"), children, children, moved=-np.log(1 - fall) / 0.8)
    assert 100 * np.mean(paths > decision_limit(children, children)) == pytest.approx(published, abs=6)


def test_false_alarms_are_as_stated() -> None:
    """Whole histories through the public function, spread and baseline estimated from the data."""
    generator = np.random.default_rng(12)
    alarms = 0
    for _ in range(400):
        days = np.exp(5.3 + 0.8 * generator.standard_normal(60))
        alarms += cusum(days, 30, false_alarm=0.2).detected is not None
    assert alarms / 400 == pytest.approx(0.2, abs=0.06)


def test_a_real_fall_is_detected_where_the_limit_is_passed() -> None:
    generator = np.random.default_rng(1)
    days = np.exp(5.3 + 0.5 * generator.standard_normal(100))
    days[50:] *= 0.5
    chart = cusum(days, 50, planned=60)
    assert chart.detected is not None
    at = chart.detected - 50
    assert chart.path[at] > chart.limit
    assert (chart.path[:at] <= chart.limit).all()
    assert f"signals shorter waits at child {chart.detected + 1}, {at + 1} children after the baseline" in str(chart)
    assert "of 60 children" in str(chart)
    longer = cusum(days, 50, planned=60, delta=-0.4)
    assert longer.detected is None
    assert "no sign of longer waits" in str(longer)
    assert cusum(1 / days * 40_000, 50, planned=60, delta=-0.4).detected == chart.detected


def test_planning_for_more_children_asks_for_more() -> None:
    assert decision_limit(30, 90) > decision_limit(30, 30)
    assert decision_limit(30, 30, false_alarm=0.05) > decision_limit(30, 30)
    days = np.exp(np.random.default_rng(0).standard_normal(40))
    assert cusum(days, 20, planned=80).limit > cusum(days, 20).limit


def test_the_same_seed_gives_the_same_limit_whatever_the_data() -> None:
    days = np.exp(np.random.default_rng(0).standard_normal(40))
    assert cusum(days, 20, seed=3).limit == cusum(days[::-1], 20, seed=3).limit
    assert cusum(days, 20, seed=3).limit != cusum(days, 20, seed=4).limit


@pytest.mark.parametrize(
    ("days", "baseline", "words"),
    [
        ([], 0, "Too few children for a baseline: 0, at least 8 are needed."),
        ([100.0], 1, "Too few children for a baseline: 1"),
        ([100.0] * 8, 8, "Nobody has finished after the baseline yet."),
        ([100.0] * 12, 8, "All baseline durations are equal"),
        (list(range(1, 30)), 7, "Too few children for a baseline: 7"),
    ],
)
def test_too_little_to_judge_is_said(days: list[float], baseline: int, words: str) -> None:
    chart = cusum(days, baseline)
    assert str(chart).startswith(words)
    assert (chart.detected, np.isnan(chart.limit)) == (None, True)


def test_no_days_count_as_half_a_day() -> None:
    assert cusum([0.0] * 4 + [2.0] * 4 + [0.0], 8).path == pytest.approx(cusum([0.5] * 4 + [2.0] * 4 + [0.5], 8).path)


@pytest.mark.parametrize(
    ("days", "arguments"),
    [
        ([1, -1], {}),
        ([1, np.nan], {}),
        ([1, 2], {"false_alarm": 0}),
        ([1, 2], {"delta": 0}),
        ([1, 2], {"baseline": -1}),
    ],
)
def test_wrong_arguments(days: list[float], arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        cusum(days, **{"baseline": 1, **arguments})  # type: ignore[arg-type]
