"""Groups side by side: the log-rank test against statsmodels, pooling, remarks, and rankings within groups."""

from __future__ import annotations

import numpy as np
import pytest
from made_logs import log_of, odd_logs, stage_log
from statsmodels.duration.survfunc import survdiff

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.bottlenecks import bottlenecks
from mining.groups import NOT_RECORDED, POOLED, by_group, log_rank
from mining.visits import stage_visits


@pytest.mark.parametrize("groups", [2, 4])
@pytest.mark.parametrize("late", [False, True])
def test_log_rank_equals_statsmodels(groups: int, late: bool) -> None:
    rng = np.random.default_rng(groups)
    days = np.ceil(rng.lognormal(4, 0.8, 150))
    ended = rng.random(150) < 0.7
    group = rng.integers(0, groups, 150)
    entry = np.where(rng.random(150) < 0.3, np.floor(days * 0.4), 0.0) if late else np.zeros(150)
    theirs = survdiff(days, ended.astype(int), group, entry=entry if late else None)[1]
    assert log_rank(days, ended, entry, group) == pytest.approx(theirs, abs=1e-9)


def test_log_rank_of_one_group_or_no_ends_is_unknown() -> None:
    days, no = np.array([1.0, 2.0]), np.zeros(2, dtype=bool)
    assert np.isnan(log_rank(days, ~no, np.zeros(2), np.zeros(2, dtype=int)))
    assert np.isnan(log_rank(days, no, np.zeros(2), np.array([0, 1])))


def test_groups_without_difference_say_so() -> None:
    log = stage_log(1, 300)
    found = by_group(log, ("locality",), v.STAGES[3:], seed=1, draws=50)
    table = found.medians
    assert set(table["group"]) == {"North", "South"}
    assert (table["remark"] == "no difference shown: what is seen may be chance").all()
    for stage in v.STAGES[3:]:
        assert table.loc[table["stage"] == stage.name, "children"].sum() == len(stage_visits(log, stage))


def test_a_slow_group_is_named() -> None:
    rng = np.random.default_rng(2)
    rows, slow = [], {}
    for i in range(120):
        slow[f"c{i:03d}"] = "North" if i % 2 else "South"
        days = float(np.ceil(rng.lognormal(3.0 + (i % 2), 0.5)))
        rows += [(f"c{i:03d}", v.PANEL, i), (f"c{i:03d}", v.AGENCY_DECISION, i + days)]
    table = by_group(log_of(rows, attributes={"locality": slow}), ("locality",), v.STAGES[3:4], seed=1).medians
    assert table["p_adjusted"].iloc[0] < 0.001
    assert table["remark"].str.match(r"groups differ: North \d+ days, South \d+$").all()


def test_small_groups_are_put_together_and_named() -> None:
    places = {f"c{i:02d}": place for i, place in enumerate(["A"] * 30 + ["B"] * 4 + ["C"] * 5 + [None])}
    rows = [(case, name, day) for case in places for name, day in ((v.PANEL, 0), (v.AGENCY_DECISION, 20))]
    found = by_group(log_of(rows, attributes={"locality": places}), ("locality",), v.STAGES[3:4], seed=1)
    table = found.medians.set_index("group")
    assert table["children"].to_dict() == {"A": 30, POOLED: 10}
    assert table.loc[POOLED, "pooled"] == f"B (4), C (5), {NOT_RECORDED} (1)"
    assert set(found.burden["group"]) == {"A", POOLED}


def test_burden_of_the_groups_adds_up() -> None:
    log = stage_log(3)
    burden = by_group(log, ("locality", "age_band"), seed=1, draws=20).burden
    overall = bottlenecks(log, seed=1, draws=2).set_index("stage")["child_days"]
    for attribute in ("locality", "age_band"):
        total = burden[burden["attribute"] == attribute].groupby("stage")["child_days"].sum()
        assert total.to_dict() == pytest.approx(overall.to_dict())
    assert burden["first_too"].all()


def test_burden_by_calendar_year() -> None:
    log = stage_log(3)
    burden = by_group(log, ("year",), seed=1, draws=20).burden
    assert burden["group"].unique().tolist() == ["2020", "2021", "2022"]
    overall = bottlenecks(log, seed=1, draws=2).set_index("stage")["child_days"]
    assert burden.groupby("stage")["child_days"].sum().to_dict() == pytest.approx(overall.to_dict())
    hand = log_of([("a", v.PANEL, 300), ("a", v.AGENCY_DECISION, 400)])  # 2020 has 366 days
    rows = by_group(hand, ("year",), v.STAGES[3:4], seed=1, draws=5).burden
    assert rows["child_days"].tolist() == [66, 34]


def test_year_is_that_in_which_the_stage_began() -> None:
    table = by_group(stage_log(4, 200), ("year",), v.STAGES[3:4], seed=1, fewest=1).medians
    assert {"2020", "2021", "2022"} <= set(table["group"])


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    found = by_group(odd_logs()[name], seed=1, draws=5)
    assert list(found.medians)[:3] == ["attribute", "group", "stage"]
    assert set(found.burden["attribute"]) <= {"year"}  # these logs have no attributes
    if len(found.medians):
        assert found.medians["remark"].str.len().gt(0).all()


def test_bad_requests(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="the case table has no 'ward'"):
        by_group(tiny_log, ("ward",), seed=1)
    with pytest.raises(ValueError, match="at least 1"):
        by_group(tiny_log, seed=1, draws=0)
