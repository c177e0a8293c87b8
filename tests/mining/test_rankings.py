"""The rankings that a log shows: loops of their own, excess by hand, ties."""

from __future__ import annotations

import numpy as np
import pytest
from made_logs import log_of, odd_logs, stage_log

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.bottlenecks import LOOPS, REVIEWS, bottlenecks, tied
from mining.excess import excess
from mining.rankings import rankings
from mining.resampling import percentile_limits, rank_intervals, resampled_totals, resampling_units

DECISION = v.STAGES[3].name


def test_rework_is_taken_off_its_stage() -> None:
    rows = [
        ("a", v.PANEL, 100), ("a", v.INFORMATION_RECEIVED, 120), ("a", v.PANEL, 160), ("a", v.AGENCY_DECISION, 170),
        ("b", v.PANEL, 100), ("b", v.AGENCY_DECISION, 110),
        ("c", v.PANEL, 900), ("c", v.INFORMATION_RECEIVED, 950),
    ]  # fmt: skip
    log = log_of(rows)
    table = bottlenecks(log, seed=1, draws=20, loops=LOOPS).set_index("stage")
    again = table.loc["Rework: returned to panel"]
    assert again["child_days"] == 60 + 100
    assert (again["children"], again["open"]) == (2, 1)
    assert table.loc[DECISION, "child_days"] == 10 + 10
    plain = bottlenecks(log, seed=1, draws=20)
    assert plain["child_days"].sum() == table["child_days"].sum()
    assert table["share"].sum() == pytest.approx(1)


def test_reviews_as_a_loop_of_planning() -> None:
    rows = [("a", v.ACCOMMODATED, 0), *[("a", v.REVIEW, day) for day in (40, 130, 300)], ("a", v.LONG_TERM, 300)]
    table = bottlenecks(log_of(rows), seed=1, draws=5, loops=(REVIEWS,)).set_index("stage")
    assert table.loc[REVIEWS.name, "child_days"] == 260
    assert table.loc[v.STAGES[0].name, "child_days"] == 40


def test_excess_by_hand() -> None:
    rows = [("a", v.PANEL, 100), ("a", v.AGENCY_DECISION, 150), ("b", v.PANEL, 980), ("c", v.PANEL, 990)]
    rows += [("d", v.AGENCY_DECISION, 10), ("d", v.LODGED, 10 + 112)]
    table = excess(log_of(rows), seed=1, draws=200).set_index("stage")
    row = table.loc[DECISION]
    assert row["excess_days"] == (50 - 14) + (20 - 14)  # a, and b still waiting; c is within the limit
    assert (row["children"], row["children_beyond"], row["open_beyond"]) == (3, 2, 1)
    assert row["low_days"] <= row["excess_days"] <= row["high_days"]
    assert table.loc[v.STAGES[4].name, "excess_days"] == 850 - 112 + 0
    assert set(table.index) == {stage.name for stage in v.STAGES if stage.limit_days is not None}
    # Of the three who began, c is followed for 10 days, b for 20; a alone stays, to day 50.
    assert (row["share_beyond"], row["mean_excess_days"], row["followed_days"]) == (1, 50 - 14, 50)
    assert excess(log_of(rows), [v.STAGES[5]], seed=1).empty


def test_excess_agrees_with_the_burden_table(tiny_log: EventLog) -> None:
    burden = bottlenecks(tiny_log, seed=1, draws=5).set_index("stage")["excess_days"].dropna()
    assert excess(tiny_log, seed=1, draws=5).set_index("stage")["excess_days"].to_dict() == burden.to_dict()


def test_a_first_place_is_tied_below_nine_in_ten() -> None:
    assert tied(np.array([0.95, 0.05, 0.0])).tolist() == [False, False, False]
    assert tied(np.array([0.85, 0.11, 0.04])).tolist() == [True, True, False]
    assert tied(np.array([0.0, 0.0])).tolist() == [False, False]  # nobody is first: there is nothing to be tied for


def test_loop_of_a_stage_not_asked_for() -> None:
    with pytest.raises(ValueError, match="must belong to one of the stages"):
        bottlenecks(stage_log(1, 20), v.STAGES[:1], seed=1, loops=LOOPS)
    assert len(rankings(stage_log(1, 20), v.STAGES[:1], seed=1, draws=5).burden) == 1


def test_families_are_drawn_together() -> None:
    rows = [(f"c{i:02d}", name, day) for i in range(40) for name, day in ((v.PANEL, 0), (v.AGENCY_DECISION, 10 + i))]
    rows += [(f"c{i:02d}", v.LODGED, 60 + (i // 2) * 9) for i in range(40)]
    alone = log_of(rows)
    families = log_of(rows, attributes={"family": {f"c{i:02d}": f"f{i // 2}" for i in range(40)}})
    assert len(np.unique(resampling_units(families))) == 20
    widths = []
    for log in (alone, families):
        row = bottlenecks(log, v.STAGES[3:5], seed=1).iloc[0]
        widths.append(row["high_share"] - row["low_share"])
    assert widths[1] > 1.2 * widths[0]


def test_missing_families_stand_alone() -> None:
    rows = [(f"c{i}", v.PANEL, 0) for i in range(4)]
    log = log_of(rows, attributes={"family": {"c0": "x", "c1": "x", "c2": None, "c3": None}})
    assert len(np.unique(resampling_units(log))) == 3


def test_rank_intervals() -> None:
    drawn = np.array([[0.5, 0.3, 0.2]] * 96 + [[0.3, 0.5, 0.2]] * 4)
    assert rank_intervals(drawn).tolist() == [[1, 2, 3], [1, 2, 3]]
    drawn = np.array([[0.5, 0.3, 0.2]] * 88 + [[0.3, 0.5, 0.2]] * 12)
    assert rank_intervals(drawn).tolist() == [[1, 1, 3], [2, 2, 3]]


def test_many_units_are_bundled_without_changing_the_spread() -> None:
    rng = np.random.default_rng(1)
    days = rng.lognormal(3, 1, (9000, 2))
    totals = resampled_totals(days, 1, 2000, np.arange(9000))
    shares = totals[:, 0] / totals.sum(axis=1)
    plain = np.array([_share(days[rng.integers(0, 9000, 9000)]) for _ in range(600)])
    assert shares.std() == pytest.approx(plain.std(), rel=0.12)
    assert shares.mean() == pytest.approx(_share(days), abs=3 * plain.std())


def _share(days: np.ndarray) -> float:
    total = days.sum(axis=0)
    return float(total[0] / total.sum())


def test_percentile_limits_approach_the_plain_ones() -> None:
    assert percentile_limits(100_000) == pytest.approx((0.025, 0.975), abs=1e-4)
    assert percentile_limits(1) == (0, 1)


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    found = rankings(odd_logs()[name], seed=1, draws=20)
    assert len(found.burden) == len(v.STAGES) + len(LOOPS)
    assert len(found.excess) == 3
