"""Differences by hand, against published intervals, and with the cover they promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.process_map import discover_map
from mining.side_by_side import (
    before_and_after,
    cohorts_around,
    difference_of_shares,
    difference_with_limits,
    side_by_side,
)
from mining.survival import kaplan_meier

BASE = 18262  # 1 January 2020


def log_of(
    rows: list[tuple[str, str, float]], *, final: tuple[str, ...] = (), window: tuple[int, int] = (0, 1000)
) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    observed = ObservationWindow(*(pd.Timestamp("2020-01-01") + pd.Timedelta(days=day) for day in window))
    ranks = {name: rank for rank, name in enumerate(sorted(events["activity"].unique()))}
    return EventLog.of(events, observed, ranks=ranks, final=final)


def group(name: str, size: int, days: float, *, through: int | None = None, start: float = 0) -> EventLog:
    """Cases that come on one day; so many go on to b after some days, the others straight to c."""
    through = size if through is None else through
    rows = [(f"{name}{i:03d}", "a", start) for i in range(size)]
    rows += [(f"{name}{i:03d}", "b", start + days + i % 5) for i in range(through)]
    rows += [(f"{name}{i:03d}", "c", start + days + 10) for i in range(size)]
    return log_of(rows, final=("c",))


def arrow(table: pd.DataFrame, source: str, target: str) -> pd.Series:
    rows = table[(table["source"] == source) & (table["target"] == target)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_difference_of_shares_is_newcombes() -> None:
    # The first row of table II of Newcombe 1998: 56 of 70 less 48 of 80 by method 10.
    found = difference_of_shares((np.array(48.0), np.array(56.0)), (80, 70))
    assert [float(one) for one in found] == pytest.approx([0.2, 0.0524, 0.3339], abs=6e-5)


@pytest.mark.parametrize(
    ("counts", "totals"),
    [((3, 9), (10, 10)), ((2, 6), (84, 7)), ((0, 5), (29, 56)), ((0, 10), (20, 10)), ((10, 0), (10, 10))],
)
def test_difference_of_shares_equals_statsmodels(counts: tuple[int, int], totals: tuple[int, int]) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = difference_of_shares((np.array(float(counts[0])), np.array(float(counts[1]))), totals)
    theirs = confint_proportions_2indep(counts[1], totals[1], counts[0], totals[0], method="newcomb", compare="diff")
    assert [float(one) for one in found[1:]] == pytest.approx(list(theirs), abs=1e-9)


def test_nobody_on_one_side_leaves_everything_possible() -> None:
    difference, low, high = difference_of_shares((np.array(0.0), np.array(3.0)), (0, 6))
    assert (float(difference), float(low)) == (0.5, pytest.approx(-0.5, abs=0.5))
    assert float(high) <= 1


def test_differences_of_two_groups_by_hand() -> None:
    two = side_by_side(group("x", 40, 20, through=40), group("y", 50, 40, through=20), names=("old", "new"))
    row = arrow(two.arrows, "a", "b")
    assert (row["cases_first"], row["cases_second"]) == (40, 20)
    assert (row["share_first"], row["share_second"], row["share_difference"]) == (1, 0.4, pytest.approx(-0.6))
    assert row["share_high"] < 0
    assert row["share_established"]
    assert (row["median_first_days"], row["median_second_days"]) == (22, 42)
    assert row["median_difference_days"] == 20
    assert row["median_low_days"] <= 20 <= row["median_high_days"]
    assert row["median_established"]
    missing = arrow(two.arrows, "a", "c")
    assert (missing["cases_first"], missing["cases_second"]) == (0, 30)
    assert np.isnan(missing["median_difference_days"])
    assert not missing["median_established"]
    assert two.activities.set_index("activity")["cases_second"].to_dict() == {"a": 50, "b": 20, "c": 50}
    assert (two.names, two.shared_cases) == (("old", "new"), 0)


def test_the_same_log_twice_differs_in_nothing(tiny_log: EventLog) -> None:
    two = side_by_side(tiny_log, tiny_log)
    assert (two.arrows["share_difference"] == 0).all()
    assert not two.arrows["share_established"].any()
    assert not two.arrows["median_established"].any()
    assert two.shared_cases == 3
    assert set(two.arrows["source"]) <= set(two.activities["activity"])
    assert v.REVIEW not in set(two.activities["activity"])


def test_a_median_not_reached_leaves_the_difference_open() -> None:
    slow = [(f"s{i:02d}", "a", 900) for i in range(20)] + [(f"s{i:02d}", "b", 950) for i in range(4)]
    quick = [(f"q{i:02d}", "a", 0) for i in range(20)] + [(f"q{i:02d}", "b", 10 + i % 3) for i in range(20)]
    row = arrow(side_by_side(log_of(quick, final=("b",)), log_of(slow, final=("b",))).arrows, "a", "b")
    assert row["more_than_second_days"] == 100
    assert np.isnan([row["median_second_days"], row["median_difference_days"]]).all()
    assert not row["median_established"]


def test_a_limit_that_is_not_known_opens_its_side_only() -> None:
    known = np.array([10.0]), np.array([8.0]), np.array([12.0])
    open_above = np.array([30.0]), np.array([25.0]), np.array([np.nan])
    difference, low, high = difference_with_limits(known, open_above)
    assert (difference[0], low[0]) == (20, pytest.approx(20 - np.hypot(5, 2)))
    assert np.isnan(high[0])


@pytest.mark.slow
def test_the_interval_of_the_medians_covers_the_truth() -> None:
    covers = {(60, 60, 1.0): 0, (150, 80, 1.5): 0}
    rng = np.random.default_rng(11)
    for n, m, ratio in covers:
        for _ in range(400):
            parts = []
            for size, median in ((n, 100.0), (m, 100.0 * ratio)):
                days, seen = median * np.exp(0.8 * rng.standard_normal(size)), rng.uniform(0, 600, size)
                curve = kaplan_meier(np.minimum(days, seen), days <= seen)
                parts.append(tuple(np.array([one]) for one in (curve.quantile(0.5), *curve.interval(0.5))))
            _, low, high = difference_with_limits(*parts)
            truth = 100.0 * (ratio - 1)
            covers[n, m, ratio] += int(
                (np.isnan(low[0]) or low[0] <= truth) and (np.isnan(high[0]) or truth <= high[0])
            )
    assert all(0.92 <= count / 400 <= 0.985 for count in covers.values()), covers


# --- before and after a date


def moving(starts: dict[str, float], days: float) -> list[tuple[str, str, float]]:
    return [(case, name, day + (days if name == "b" else 0)) for case, day in starts.items() for name in "ab"]


def test_both_sides_are_followed_alike() -> None:
    rows = moving({f"c{i:03d}": 10.0 * i for i in range(100)}, 150)
    log = log_of([row for row in rows if row[2] <= 1000], final=("b",))
    first, second, how = cohorts_around(log, pd.Timestamp("2020-01-01") + pd.Timedelta(days=600))
    # 400 days are left after day 600, so the earlier cases are those of days 199 to 599, seen on day 599.
    assert first.cases["case"].tolist() == [f"c{i:03d}" for i in range(20, 60)]
    assert second.cases["case"].tolist() == [f"c{i:03d}" for i in range(60, 100)]
    assert (first.arrays.window_end - BASE, second.arrays.window_end - BASE) == (599, 1000)
    assert (first.arrays.window_start - BASE, second.arrays.window_start - BASE) == (199, 600)
    assert first.open_cases == sum(10 * i + 150 > 599 for i in range(20, 60))
    assert second.open_cases == sum(10 * i + 150 > 1000 for i in range(60, 100))
    assert "begun within 401 days" in how
    two = before_and_after(log, pd.Timestamp("2020-01-01") + pd.Timedelta(days=600))
    assert two.names == ("begun before 2021-08-23", "begun since 2021-08-23")
    assert not two.arrows["share_established"].any()
    assert arrow(two.arrows, "a", "b")["median_difference_days"] == 0


def test_without_equal_follow_up_the_later_cases_seem_to_get_less_far() -> None:
    rows = moving({f"c{i:03d}": 5.0 * i for i in range(200)}, 250)
    log = log_of([row for row in rows if row[2] <= 1000], final=("b",))
    date = pd.Timestamp("2020-01-01") + pd.Timedelta(days=600)
    unequal = before_and_after(log, date, equal_follow_up=False)
    assert arrow(unequal.arrows, "a", "b")["share_high"] < 0  # an artefact, and said to be one
    assert "followed for longer" in unequal.how
    equal = before_and_after(log, date)
    assert not arrow(equal.arrows, "a", "b")["share_established"]
    assert unequal.first.cases + unequal.second.cases == 200


def test_cases_already_running_keep_their_late_entry() -> None:
    rows = moving({f"c{i:03d}": -300.0 + 5 * i for i in range(200)}, 200)
    log = log_of([row for row in rows if row[2] <= 1000], final=("b",))
    first, _, _ = cohorts_around(log, pd.Timestamp("2020-04-10"), equal_follow_up=False)
    assert first.arrays.window_start == log.arrays.window_start
    assert discover_map(first).arrows["median_days"].tolist() == [200]


@pytest.mark.parametrize("date", ["2019-12-31", "2020-01-01", "2022-09-28"])
def test_a_date_outside_the_window_is_refused(date: str) -> None:
    with pytest.raises(ValueError, match="the date must be after the first day of the window 2020-01-01 to 2022-09-27"):
        cohorts_around(group("x", 3, 5), pd.Timestamp(date))


# --- odd logs


def test_odd_logs() -> None:
    some, empty = group("x", 5, 10), log_of([])
    two = side_by_side(some, empty)
    assert (two.arrows["cases_second"] == 0).all()
    assert not two.arrows["median_established"].any()
    assert side_by_side(empty, empty).arrows.empty
    alone = log_of([("x", "a", 0)])
    assert side_by_side(alone, alone).activities["waiting_first"].tolist() == [1]
    all_open = log_of([(f"c{i}", name, day) for i in range(6) for name, day in (("a", 5), ("b", 9))])
    assert side_by_side(all_open, all_open).first.open_cases == 6
    same_day = log_of([("x", "a", 5), ("x", "b", 5)], final=("b",))
    assert side_by_side(same_day, some).arrows["median_first_days"].iloc[0] == 0
    with pytest.raises(ValueError, match="activity must be in the log or the vocabulary, got 'Pannel'"):
        side_by_side(some, some, activities=["a", "Pannel"])
    with pytest.raises(ValueError, match="at least 1"):
        side_by_side(some, some, arrows=0)


def test_steps_of_the_second_log_alone_stand_where_they_belong() -> None:
    one = log_of([("x", "a", 0), ("x", "c", 5)])
    other = log_of([("y", "a", 0), ("y", "b", 3), ("y", "c", 5)])
    two = side_by_side(one, other)
    assert two.activities["activity"].tolist() == ["a", "b", "c"]
    assert len(two.arrows) == 3
