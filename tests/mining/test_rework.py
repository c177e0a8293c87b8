"""What is done again and who drifts, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from made_logs import ORIGIN, log_of, odd_logs

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.rework import Rework, rework

PANELS = [
    ("a", v.PANEL, 100), ("a", v.INFORMATION_RECEIVED, 120), ("a", v.PANEL, 160), ("a", v.AGENCY_DECISION, 170),
    ("b", v.PANEL, 100), ("b", v.AGENCY_DECISION, 110),
    ("c", v.PANEL, 900), ("c", v.INFORMATION_RECEIVED, 950),
    ("d", v.PANEL, 990),
]  # fmt: skip


def row(found: Rework, start: str) -> pd.Series:
    return found.table[found.table["what"].str.startswith(start)].iloc[0]


def test_returned_to_panel() -> None:
    found = row(rework(log_of(PANELS)), "Returned to panel")
    assert (found["children"], found["n"], found["open"], found["now"]) == (4, 2, 1, 1)
    assert found["times"] == 1
    assert found["child_days"] == (160 - 100) + (1000 - 900)
    # At 10 days b is decided, d leaves the risk set open, at 20 a returns, at 50 c: 1/4 decided, 3/4 returned.
    assert found["share"] == pytest.approx(0.75)
    assert found["low_share"] < 0.75 < found["high_share"]


def test_repeated_reviews_without_a_plan() -> None:
    rows = [("a", v.ACCOMMODATED, 0), *[("a", v.REVIEW, day) for day in (40, 130, 300)], ("a", v.LONG_TERM, 300)]
    rows += [("b", v.ACCOMMODATED, 0), *[("b", v.REVIEW, day) for day in (40, 130, 300, 480)]]
    found = row(rework(log_of(rows)), "3 or more reviews")
    assert (found["children"], found["n"], found["open"]) == (2, 1, 0)  # a's third review decided the plan
    assert found["share"] == pytest.approx(0.5)
    assert found["times"] == 2 + 4
    assert found["child_days"] == (300 - 40) + (480 - 40)
    assert row(rework(log_of(rows), reviews=2), "2 or more reviews")["n"] == 2


def test_reviews_before_plans_were_recorded_are_left_out() -> None:
    rows = [("a", v.ACCOMMODATED, 0), ("b", v.ACCOMMODATED, 500), ("b", v.REVIEW, 540)]
    found = row(rework(log_of(rows, recorded_from={v.LONG_TERM: 300})), "3 or more reviews")
    assert found["children"] == 1
    assert "1 accommodated before plans were recorded" in found["note"]


def test_court_continuations() -> None:
    rows = [
        ("a", v.LODGED, 0),
        ("a", "Hearing continued", 50),
        ("a", "Hearing continued", 80),
        ("a", v.ADOPTION_ORDER, 200),
    ]
    rows += [("b", v.LODGED, 0), ("b", v.ADOPTION_ORDER, 90), ("c", v.LODGED, 990)]
    found = row(rework(log_of(rows)), "Court hearing")
    assert (found["children"], found["n"], found["times"], found["open"]) == (3, 1, 2, 1)
    assert found["child_days"] == 150
    silent = row(rework(log_of(PANELS)), "Court hearing")
    assert "records no continuations" in silent["note"]
    assert pd.isna(silent["share"])
    with pytest.raises(ValueError, match="must be an activity of the log"):
        rework(log_of(rows), continuations=["Hearing adjourned"])


def test_lodged_again() -> None:
    rows = [("a", v.LODGED, 0), ("a", v.NOT_GRANTED, 100), ("a", v.LODGED, 300), ("b", v.LODGED, 0)]
    found = row(rework(log_of(rows)), "Application lodged again")
    assert (found["children"], found["n"], found["times"]) == (2, 1, 1)


def test_placement_moves() -> None:
    rows = [("a", v.BECAME_LOOKED_AFTER, 0), ("b", v.BECAME_LOOKED_AFTER, 0), ("b", v.CEASED, 900)]
    starts = [("a", 0), ("a", 100), ("a", 300), ("a", 350), ("b", 0), ("b", 0), ("stranger", 5)]
    placements = pd.DataFrame(
        {"case": [case for case, _ in starts], "start": [ORIGIN + pd.Timedelta(days=day) for _, day in starts]}
    )
    found = rework(log_of(rows), placements=placements)
    moved, often = row(found, "Moved to another placement"), row(found, "3 or more moves")
    assert (moved["n"], moved["children"], moved["times"]) == (1, 2, 3)
    assert moved["share"] == pytest.approx(0.5)
    assert often["n"] == 1
    with pytest.raises(ValueError, match="columns case and start"):
        rework(log_of(rows), placements=placements[["case"]])


def test_moves_the_milestones_show(tiny_log: EventLog) -> None:
    found = row(rework(tiny_log), "Moved between home and away")
    assert (found["children"], found["n"]) == (3, 2)  # B went home, C was accommodated from home
    assert "placements would show all" in found["note"]


def test_two_years_at_home() -> None:
    rows = [
        ("a", v.AT_HOME, 0),  # still at home: past two years since day 730
        ("b", v.AT_HOME, 0), ("b", v.ACCOMMODATED, 400),
        ("c", v.AT_HOME, 600),  # not there yet
        ("d", v.AT_HOME, -900), ("d", v.CEASED, 100),  # past two years before recording began
        ("e", v.ACCOMMODATED, 0), ("e", v.RETURNED_HOME, 100),
        ("f", v.ACCOMMODATED, 0), ("f", v.RETURNED_HOME, 100), ("f", v.CEASED, 100),
    ]  # fmt: skip
    found = rework(log_of(rows))
    home = found.table[found.table["what"] == "Past two years at home on an order"].iloc[0]
    assert (home["children"], home["n"], home["now"], home["open"]) == (3, 1, 1, 1)
    assert home["share"] == pytest.approx(2 / 3)  # b left at 400 of three, c is followed no farther, a gets there
    assert home["child_days"] == 270 + 100
    returned = found.table[found.table["what"].str.endswith("after returning home")].iloc[0]
    assert (returned["children"], returned["n"], returned["now"]) == (1, 1, 1)


def test_who_they_are_as_counts() -> None:
    attributes = {"locality": {"a": "North", "b": "North", "c": "South", "d": None}}
    who = rework(log_of(PANELS, attributes=attributes)).who
    panel = who[who["what"].str.startswith("Returned to panel") & (who["attribute"] == "locality")].set_index("group")
    assert panel["n"].to_dict() == {"North": 1, "South": 1, "not recorded": 0}
    assert panel["of"].sum() == 4
    assert list(who) == ["what", "attribute", "group", "n", "of"]


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    table = rework(odd_logs()[name]).table
    assert len(table) == 7
    if name == "empty":
        assert (table["note"].str.len() > 0).all()
    assert (table["n"].fillna(0) <= table["children"].fillna(0)).all()


def test_bad_requests(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        rework(tiny_log, reviews=0)
