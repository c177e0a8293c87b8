"""Run charts: medians and phases, findings in words, and clear answers where there is nothing to judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mining.charts import run_chart, suggest_rephase
from mining.charts.run_chart import Rephase

NA = float("nan")
DOWN = [
    *(210, 185, 240, 198, 225, 260, 190, 215, 205, 233, 199, 221),
    *(176, 160, 182, 150, 171, 158, 169, 181, 149, 175, 163, 157),
]


def test_median_of_all_and_of_a_frozen_baseline() -> None:
    assert run_chart(DOWN).median == 183.5
    frozen = run_chart(DOWN, baseline=12)
    assert (frozen.median, frozen.current.frozen, frozen.current.baseline) == (212.5, 12, 12)
    (shift,) = frozen.found("shift")
    assert (shift.points, shift.direction) == (tuple(range(12, 24)), "below")
    assert shift.words == "Shift: 12 points in a row below the median (points 13 to 24)"
    given = run_chart(DOWN, median=200)
    assert (given.median, given.current.frozen, given.useful) == (200, 0, 24)


def test_a_baseline_counts_points_with_a_value() -> None:
    chart = run_chart([NA, 5, NA, 7, 9, 100, 100], baseline=3)
    assert (chart.median, chart.current.frozen, chart.current.baseline) == (7, 5, 3)


def test_points_on_the_median_and_missing_ones_are_not_useful() -> None:
    chart = run_chart([1, 2, 3, 2, NA, 2, 1, 3, NA])
    assert (chart.median, chart.useful, chart.current.values) == (2, 4, 7)


def test_runs_are_judged_by_exact_limits_or_a_table_of_ones_own() -> None:
    # 2 runs of 6; exactly 4 to 10 are as chance gives them.
    values = [*range(11, 17), *range(1, 7)]
    (few,) = run_chart(values).found("runs")
    assert (few.direction, few.points) == ("too few", tuple(range(12)))
    assert few.words.startswith("Runs: too few, 2 where chance gives 4 to 10 with 12 useful points")
    assert run_chart(values, limits={12: (2, 11)}).found("runs") == ()
    (many,) = run_chart([1, 9] * 8).found("runs")
    assert many.direction == "too many"
    (anhoej,) = run_chart([*range(21, 30), *range(1, 10)]).found("Anhøj")
    assert "longest run 9 (chance: up to 7), crossings 1 (chance: 5 or more)" in anhoej.words


def test_trend_rule_by_length() -> None:
    five = [10, 12, 9, 11, 8, 9, 10, 11, 12, 9, 9.5, 8]
    assert [one.points for one in run_chart(five).found("trend")] == [(4, 5, 6, 7, 8)]
    assert run_chart(five, trend_rule="by length").found("trend") == ()  # 12 points ask for 6
    assert len(run_chart(five[:8], trend_rule="by length").found("trend")) == 0  # 4 of them
    assert len(run_chart([9, *range(1, 6), 4, 3], trend_rule="by length").found("trend")) == 1  # 8 points ask for 5
    long = [5, 4] * 10 + [1, 2, 3, 4, 5, 6]
    assert len(run_chart(long).found("trend")) == 1
    assert run_chart(long, trend_rule="by length").found("trend") == ()  # 26 points ask for 7


def test_labels_are_used_in_words() -> None:
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    (shift,) = run_chart(pd.Series(DOWN, index=months, dtype=float), baseline=12).found("shift")
    assert "(2024-01-01 to 2024-12-01)" in shift.words
    quarters = pd.period_range("2020Q1", periods=24, freq="Q")
    assert run_chart(pd.Series(DOWN, index=quarters, dtype=float)).points.dates[1] == pd.Timestamp("2020-04-01")


def test_a_frame_brings_labels_and_incomplete_points() -> None:
    frame = pd.DataFrame({"label": list("abcdef"), "value": [1.0, 2, 3, 4, 5, 6], "n": [9] * 6, "complete": [True] * 6})
    frame.loc[4:, "complete"] = False
    chart = run_chart(frame)
    assert chart.median == 2.5
    assert chart.current.values == 4
    assert chart.found("trend") == ()
    assert chart.points.provisional is not None
    assert chart.points.provisional[4:].tolist() == [5, 6]
    assert len(run_chart(frame.assign(complete=True)).found("trend")) == 1
    with pytest.raises(ValueError, match="one group at a time; the points hold x, y"):
        run_chart(frame.assign(group=list("xxxyyy")))


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([], "There are no points to plot"),
        ([NA] * 12, "All points are missing"),
        ([7], "The only value lies on the median, so nothing can be judged"),
        ([7] * 12, "All 12 values lie on the median, so nothing can be judged"),
        ([1, 2, 3, 1, 2, 3, 1, 2], "Too short to judge runs: 5 useful points, 10 are needed"),
    ],
)
def test_nothing_to_judge_is_said(values: list[float], note: str) -> None:
    chart = run_chart(values)
    assert chart.notes[0].startswith(note)
    assert chart.findings == ()
    assert "No rule finds" not in str(chart)
    assert "If nothing had changed" not in str(chart) or chart.useful


def test_nine_useful_points_are_too_few_and_ten_are_enough() -> None:
    nine = run_chart([1, 9] * 4 + [1], median=5)
    assert (nine.useful, nine.found("runs")) == (9, ())
    assert nine.notes[0].startswith("Too short to judge runs: 9 useful points")
    ten = run_chart([1, 9] * 5, median=5)
    assert (ten.useful, len(ten.found("runs")), ten.notes) == (10, 1, ())


def test_short_baselines_are_trials() -> None:
    assert run_chart(DOWN, baseline=12).notes == ()
    assert run_chart(DOWN, baseline=8).notes == ("The median is frozen on 8 points: a trial median",)
    assert "hardly a baseline" in run_chart(DOWN, baseline=5).notes[0]
    early = run_chart(DOWN[:8], baseline=12)
    assert early.notes[0] == "The baseline of 12 points is not complete: 8 so far; the median will still move"
    assert early.median == np.median(DOWN[:8])


def test_a_quiet_chart_says_so_with_its_false_alarm_rate() -> None:
    quiet = [31, 28, 35, 30, 27, 33, 29, 34, 36, 26, 32, 30, 28, 37, 31, 25, 33, 29, 35, 30, 27, 34, 32, 28]
    assert str(run_chart(quiet)).startswith("No rule finds a change; a small one may still be hidden. If nothing had")
    assert "about 37 of 100 charts with 24 points" in str(run_chart(quiet))
    assert "the median frozen on the first 12," in str(run_chart(quiet, baseline=12))


def test_rephasing_is_suggested_never_done() -> None:
    chart = run_chart(DOWN, baseline=12)
    assert len(chart.phases) == 1
    suggestion = suggest_rephase(chart, better="lower")
    assert suggestion is not None
    assert (suggestion.phase.start, suggestion.old_median, suggestion.new_median) == (12, 212.5, 170)
    assert "Do so only if the cause of the change is known" in suggestion.words
    confirmed = replace(suggestion.phase, cause="Earlier advice, agreed by the group on 1 March 2024")
    new = run_chart(DOWN, baseline=12, phases=[confirmed])
    assert [phase.median for phase in new.phases] == [212.5, 170]
    assert new.found("shift") == ()
    assert new.centre.tolist() == [212.5] * 12 + [170] * 12
    assert "New phase from point 13: Earlier advice, agreed by the group on 1 March 2024." in str(new)
    assert suggest_rephase(new, better="lower") is None


def test_no_rephasing_for_the_worse_or_without_a_baseline_or_too_soon() -> None:
    assert suggest_rephase(run_chart(DOWN, baseline=12), better="higher") is None
    assert suggest_rephase(run_chart(DOWN), better="lower") is None
    assert suggest_rephase(run_chart(DOWN[:20], baseline=12), better="lower") is None  # 8 points beyond
    assert suggest_rephase(run_chart(DOWN[:21], baseline=12), better="lower") is not None  # 9
    up = [-value for value in DOWN]
    assert suggest_rephase(run_chart(up, baseline=12), better="lower") is None
    assert suggest_rephase(run_chart(up, baseline=12), better="higher") is not None


def test_a_run_does_not_cross_from_one_phase_to_the_next() -> None:
    values = [1, 3] * 6 + [0] * 5 + [1] * 5
    whole = run_chart(values, baseline=12)
    assert [len(one.points) for one in whole.found("shift")] == [10]
    split = run_chart(values, baseline=12, phases=[Rephase(17, 5)])
    assert split.found("shift") == ()
    assert [(phase.start, phase.stop) for phase in split.phases] == [(0, 17), (17, 22)]


def test_astronomical_points_are_flagged_by_people_only() -> None:
    values = [*DOWN[:12], 9999.0]
    chart = run_chart(values)
    assert chart.astronomical == ()
    assert "astronomical" not in str(chart)
    flagged = chart.flagged(12, "one child waited since 2009")
    assert flagged.astronomical[0].points == (12,)
    assert "Flagged by a person as astronomical: point 13: one child waited since 2009." in str(flagged)
    with pytest.raises(ValueError, match="there is none at position 1"):
        run_chart([1, NA]).flagged(1, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseline": 0}, "baseline must be at least 1 point, got 0"),
        ({"baseline": 3, "median": 2.0}, "not both"),
        ({"trend_rule": "six"}, 'must be "five" or "by length"'),
        ({"phases": [Rephase(0)]}, "phases must start in order"),
        ({"phases": [Rephase(5), Rephase(5)]}, "phases must start in order"),
        ({"phases": [Rephase(24)]}, "before point 24"),
    ],
)
def test_wrong_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_chart(DOWN, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [["a", "b"], [[1, 2], [3, 4]], [1, float("inf")], 5, "123"])
def test_values_that_are_not_a_row_of_numbers(values: object) -> None:
    if values == "123":
        assert run_chart(list("123")).median == 2  # type: ignore[arg-type]  # figures as text are figures
        return
    with pytest.raises(ValueError, match="numbers"):
        run_chart(values)  # type: ignore[arg-type]
