"""Activities drawn together, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.aggregation import aim_groups, grouped, stage_groups
from mining.process_map import discover_map, simplify


def log_of(rows: list[tuple[str, str, str]]) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    ranks = {name: rank for rank, name in enumerate("abcd")}
    return EventLog.of(events, ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")), ranks=ranks)


ROWS = [
    ("x", "a", "2024-01-01"),
    ("x", "b", "2024-01-05"),
    ("x", "c", "2024-01-09"),
    ("x", "b", "2024-01-20"),
    ("x", "d", "2024-02-01"),
]


def test_runs_in_one_group_become_their_first_event() -> None:
    log = grouped(log_of(ROWS), {"a": "early", "b": "early"})
    assert log.events["activity"].astype("str").tolist() == ["early", "c", "early", "d"]
    assert log.events["date"].dt.day.tolist() == [1, 9, 20, 1]
    assert log.activities == ("early", "c", "d")
    assert len(log.cases) == 1
    found = discover_map(log)
    assert found.arrows.set_index(["source", "target"])["child_days"][("early", "c")] == 8


def test_a_group_without_a_name_is_left_out() -> None:
    log = grouped(log_of(ROWS), {"b": "", "c": ""})
    assert log.events["activity"].astype("str").tolist() == ["a", "d"]


def test_a_misspelt_activity_is_an_error() -> None:
    with pytest.raises(ValueError, match=f"got 'Panell'; did you mean '{v.PANEL}'"):
        grouped(log_of(ROWS), {"Panell": "x"})


def test_odd_logs(tiny_log: EventLog) -> None:
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": []}), tiny_log.window)
    assert len(grouped(empty, stage_groups())) == 0
    one = grouped(log_of(ROWS[:1]), {"a": "z"})
    assert one.activities == ("z",)
    same_day = grouped(log_of([("x", name, "2024-01-01") for name in "abcd"]), {"b": "m", "c": "m"})
    assert same_day.events["activity"].astype("str").tolist() == ["a", "m", "d"]
    unchanged = grouped(tiny_log, {})
    assert unchanged.activities == tiny_log.activities


def test_stages_of_the_tiny_log(tiny_log: EventLog) -> None:
    log = grouped(tiny_log, stage_groups())
    by_case = log.events.groupby("case")["activity"].agg(lambda names: list(names.astype("str")))
    assert by_case["A"] == [
        v.BECAME_LOOKED_AFTER,
        "Planning",
        "Papers and panel",
        "Decision",
        "Lodging",
        "Court",
        v.ADOPTION_ORDER,
        v.CEASED,
    ]
    assert by_case["C"] == [v.BECAME_LOOKED_AFTER, v.AT_HOME, "Planning"]


def test_every_milestone_has_its_stage_and_aim() -> None:
    stages, aims = stage_groups(), aim_groups()
    assert {stages[name] for name in (v.LEGAL_REQUESTED, v.HEALTH_REQUESTED, v.HEALTH_COMPLETED)} == {
        "Papers and panel"
    }
    assert (stages[v.HEARING_ADVICE], stages[v.REVIEW]) == ("Lodging", "")
    assert not {v.CEASED, v.RETURN_HOME, v.NOT_GRANTED, v.PERMANENCE_ORDER} & set(stages)
    assert (aims[v.AT_HOME], aims[v.ACCOMMODATED], aims[v.PANEL], aims[v.AGENCY_DECISION]) == (
        "Aim 1",
        "Aim 2",
        "Aim 3",
        "Aim 4",
    )


def test_a_map_of_groups_says_what_is_drawn_together(tiny_log: EventLog) -> None:
    found = simplify(tiny_log, arrows=40, groups=stage_groups())
    assert "Planning" in set(found.activities["activity"])
    assert found.hidden.activities == (v.REVIEW,)
    assert found.hidden.merged == 0  # papers were not recorded in this log: no box holds two of its activities
    # All 17 movements of the log against those between boxes: 7 of A, 4 of B, 2 of C.
    assert found.traversals == found.arrows["traversals"].sum() == 7 + 4 + 2
    assert found.hidden.traversals_share == pytest.approx(1 - 13 / 17)
    assert found.hidden.child_days_share == 0
    both = simplify(tiny_log, arrows=40, groups={v.RETURN_HOME: "Home", v.RETURNED_HOME: "Home"})
    assert both.hidden.merged == 2
