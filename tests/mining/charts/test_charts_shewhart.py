"""Shewhart charts beyond the R fixtures: formulas by hand, each rule on a made series, edges."""

from __future__ import annotations

import numpy as np
import pytest

from mining.charts import Rules, shewhart
from mining.charts.shewhart import ShewhartChart
from mining.charts.shewhart_rules import any_signal, signals

NA = float("nan")


def test_formulas_by_hand() -> None:
    i = shewhart([10, 12, 11, 13])
    assert i.upper[0] == pytest.approx(11.5 + 3 * (5 / 3) / 1.128)
    mr = shewhart([10, 12, 11, 13], "mr")
    assert np.isnan(mr.points.values[0])
    assert mr.points.values[1:].tolist() == [2, 1, 2]
    assert (mr.centre[0], mr.upper[0], mr.lower[0]) == pytest.approx((5 / 3, 3.267 * 5 / 3, 0))
    c = shewhart([4, 5, 3, 4], "c")
    assert (c.centre[0], c.upper[0], c.lower[0]) == (4, 10, 0)
    g = shewhart([0, 1, 5], "g")
    assert (g.centre[0], g.upper[0], g.lower[0]) == pytest.approx((1, 2 + 3 * np.sqrt(6), 0))
    p = shewhart([1, 3], "p", denominators=[4, 4])
    assert (p.centre[0], p.upper[0], p.lower[0]) == (0.5, 1, 0)
    u = shewhart([2, 6], "u", denominators=[1, 3])
    assert u.upper.tolist() == pytest.approx([2 + 3 * np.sqrt(2), 2 + 3 * np.sqrt(2 / 3)])


def test_missing_values_leave_their_ranges_out() -> None:
    chart = shewhart([10, NA, 12, 11, NA, NA, 13])
    assert chart.centre[0] == 11.5
    assert chart.upper[0] == pytest.approx(11.5 + 3 * 1 / 1.128)  # only 12 to 11 stand side by side
    assert np.isnan(shewhart([10, NA, 12]).upper[0])  # no two stand side by side: no limits
    assert shewhart([10, NA, 12]).outside == ()


def test_prime_charts_equal_plain_ones_when_there_is_no_more_than_chance() -> None:
    generator = np.random.default_rng(13)
    n = np.full(2000, 50)
    counts = generator.binomial(n, 0.3).astype(float)
    plain, prime = (shewhart(counts, kind, denominators=n, screened=False) for kind in ("p", "p'"))
    assert prime.upper[0] - prime.centre[0] == pytest.approx(plain.upper[0] - plain.centre[0], rel=0.04)
    wild = generator.binomial(n, generator.normal(0.3, 0.1, 2000).clip(0.01, 0.99)).astype(float)
    plain, prime = (shewhart(wild, kind, denominators=n) for kind in ("p", "p'"))
    spread = np.std(wild / n)
    assert (prime.upper[0] - prime.centre[0]) / 3 == pytest.approx(spread, rel=0.06)
    assert (plain.upper[0] - plain.centre[0]) / 3 < 0.6 * spread


def normal(*z: float) -> ShewhartChart:
    """A chart whose points lie z standard deviations from the centre, by its own baseline of even ups and downs."""
    baseline = [0.564, -0.564] * 10  # moving range 1.128: standard deviation 1, mean 0
    return shewhart([*baseline, *z], baseline=20)


def found(chart: ShewhartChart, rules: Rules) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(one.rule, one.direction, tuple(i - 20 for i in one.points if i >= 20)) for one in chart.signals(rules)]


def only(**rule: object) -> Rules:
    return Rules(**{"outside": False, "one_side": None, **rule})  # type: ignore[arg-type]


def test_each_rule_on_a_made_series() -> None:
    assert found(normal(0.1, 3.1, -3.1, 2.9), only(outside=True)) == [
        ("outside the limits", "above", (1,)), ("outside the limits", "below", (2,))
    ]  # fmt: skip
    # The last point of the baseline lies below, so that it belongs to a row below.
    assert found(normal(*[0.2] * 8, -0.1), only(one_side=8)) == [("one side", "above", tuple(range(8)))]
    assert found(normal(*[0.2] * 7, -0.1), only(one_side=8)) == []
    assert found(normal(0, 1, 2, 1.5, 0.5), only(trend=4)) == [("trend", "up", (0, 1, 2))]  # from the last below
    assert found(normal(2.1, 0, 2.2, 0, 0, 2.3), only(outer_third=True)) == [
        ("2 of 3 in the outer third", "above", (0, 2))
    ]
    assert found(normal(2.1, -2.1, 0), only(outer_third=True)) == []
    assert found(normal(-1.1, -1.2, 0, -1.3, -1.4), only(beyond_one=True)) == [
        ("4 of 5 beyond one standard deviation", "below", (0, 1, 3, 4))
    ]
    near = found(normal(*[0.9] * 15, 1.1), only(near_centre=15))
    assert [(one[0], one[2]) for one in near] == [("near the centre line", tuple(range(15)))]
    assert found(normal(*[1.1, -1.1] * 4, 0), only(away_from_centre=8)) == [
        ("away from the centre line", "", tuple(range(8)))
    ]
    assert found(normal(*[1.1, -1.1] * 3, 0), only(away_from_centre=8)) == []


def test_alternating_points() -> None:
    turns = [0, 1] * 7
    assert [len(one.points) for one in shewhart(turns).signals(only(alternating=14))] == [14]
    assert shewhart(turns[:13]).signals(only(alternating=14)) == ()
    assert shewhart([*turns[:7], 0, *turns[7:13]]).signals(only(alternating=14)) == ()


def test_overlapping_windows_are_one_signal() -> None:
    assert found(normal(*[2.5] * 5), only(outer_third=True)) == [
        ("2 of 3 in the outer third", "above", (0, 1, 2, 3, 4))
    ]


def test_ready_sets_of_rules() -> None:
    assert Rules.public_health_scotland().one_side == 8
    assert Rules.making_data_count().one_side == 7
    assert Rules.nelson().alternating == 14
    drift = [1.0, 0.0] * 6 + [0.9] * 7
    assert [one.rule for one in shewhart(drift).signals(Rules.making_data_count())] == ["one side"]
    assert shewhart(drift).signals() == ()
    with pytest.raises(ValueError, match="one_side must be at least 3, or None"):
        Rules(one_side=1)


def test_signals_stay_within_their_part_and_skip_missing_points() -> None:
    chart = shewhart([0, 1, 0, 1, *[5.0] * 4, NA, 4, 6, 4], parts=[4])
    assert chart.centre.tolist() == pytest.approx([0.5] * 4 + [34 / 7] * 8)
    (row,) = shewhart([1, 0, 1, 0, 5, 5, NA, 5, 5, 4, 6, 4, 6], baseline=4).signals(only(one_side=8))
    assert row.points == (4, 5, 7, 8, 9, 10, 11, 12)


def test_zones_are_not_judged_on_skewed_charts() -> None:
    values = [*range(1, 9), 3, 2, 5, 1]
    assert {one.rule for one in shewhart(values, "g").signals(Rules.nelson())} <= {"outside the limits", "one side"}
    assert any(one.rule == "trend" for one in shewhart(values, "i").signals(Rules.nelson()))


def test_single_charts_and_matrices_are_judged_alike() -> None:
    rules = (Rules.nelson(), Rules.public_health_scotland(), Rules.making_data_count(), Rules())
    z = np.random.default_rng(4).standard_normal((300, 22)) * 1.1
    for which in rules:
        mask = any_signal(z, np.zeros((300, 1)), z, which)
        assert 0.05 < mask.mean() < 0.95
        assert mask.tolist() == [bool(signals(row, np.zeros(22), row, which)) for row in z]


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([], "There are no points to plot"),
        ([NA, NA], "There is nothing to plot: values are missing, or too few"),
        ([5], "Trial limits: they rest on 1 point"),
        ([5] * 12, "All points the lines rest on are equal"),
        ([1, 2, 3], "Trial limits: they rest on 3 points"),
    ],
)
def test_nothing_to_judge_is_said(values: list[float], note: str) -> None:
    chart = shewhart(values)
    assert chart.notes[0] == note
    assert chart.signals(Rules.nelson()) == ()
    assert "No rule finds" not in " ".join(chart.sentences())


def test_sentences() -> None:
    spike = shewhart([10, 11, 9, 10, 12, 30, 10, 11, 9, 10, 11, 10])
    first, last = spike.sentences(Rules.making_data_count())
    assert first == "A point above the upper control limit (point 6)."
    assert "about 8 of 100 charts with 12 points" in last
    assert "Making Data Count" in last
    assert shewhart([1, 3, 2] * 5).sentences()[0] == "No rule finds a signal; a small change may still be hidden."


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([1, 2], {"kind": "x"}, "kind must be one of i, mr, t, g, c, u, u', p, p', i', got 'x'"),
        ([1, 0], {"kind": "t"}, "times between events must be above 0, got 0"),
        ([1, -1], {"kind": "c"}, "counts must not be negative, got -1"),
        ([1, 5], {"kind": "p", "denominators": [4, 4]}, "a value is above its own"),
        ([1, 2], {"kind": "u", "denominators": [4, 0]}, "denominators must be above 0"),
        ([1, 2], {"kind": "i", "denominators": [4, 4]}, "takes no denominators"),
        ([1, 2], {"baseline": 1, "parts": [1]}, "not both"),
        ([1, 2], {"baseline": 0}, "1 point or more"),
        ([1, 2], {"parts": [2]}, "parts must start in order"),
    ],
)
def test_wrong_arguments(values: list[float], arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shewhart(values, **arguments)  # type: ignore[arg-type]
