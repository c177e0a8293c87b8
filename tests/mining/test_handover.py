"""Handovers by hand and against pm4py; those waiting and those who do not say who are counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs._pm4py import to_pm4py
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.handover import handover
from mining.process_map import discover_map

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
BASE = 18262


def log_of(rows: Sequence[tuple[str, str, float, str | None]], *, end: int = 100) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day", "team"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    start = pd.Timestamp("2020-01-01")
    return EventLog.of(events, ObservationWindow(start, start + pd.Timedelta(days=end)), final=["out"])


@pytest.fixture
def small() -> EventLog:
    return log_of(
        [
            *(("a", "in", 0, "North"), ("a", "mid", 4, "Legal"), ("a", "out", 9, "Legal")),
            *(("b", "in", 0, "North"), ("b", "mid", 10, "Legal"), ("b", "out", 11, None)),
            *(("c", "in", 50, "North"),),
        ]
    )


def test_counts_by_hand(small: EventLog) -> None:
    found = handover(small, "team")
    assert found.between[["source", "target", "handovers", "cases", "waiting", "certain"]].values.tolist() == [
        ["North", "Legal", 2, 2, 1, 2]
    ]
    assert found.within[["source", "handovers", "cases", "share"]].values.tolist() == [["Legal", 1, 1, 1.0]]
    # 4 and 10 days, and one still waiting after 50: the middle of three is 10.
    assert found.between["median_days"].tolist() == [10.0]
    assert (found.events, found.missing, found.movements, found.unknown) == (7, 1, 4, 1)
    assert (
        "Of 4 movements 2 (50.0%) pass from one to another (team) and 1 stay. Of 1 it is not known: 14.3%" in found.text
    )
    assert "North → Legal, 2 times in 2 cases" in found.text


def test_medians_are_those_of_the_map_when_every_activity_has_its_team(tiny_log: EventLog) -> None:
    events = tiny_log.events.assign(team=tiny_log.events["activity"].astype("str"))
    log = EventLog(events, tiny_log.cases, tiny_log.window)
    found = handover(log, "team")
    both = pd.concat([found.between, found.within]).set_index(["source", "target"])
    arrows = discover_map(tiny_log).arrows.set_index(["source", "target"])
    assert len(both) == len(arrows)
    for name in ("median_days", "low_days", "high_days"):
        assert np.allclose(both[name], arrows.loc[both.index, name], equal_nan=True)
    assert (both["handovers"] == arrows.loc[both.index, "traversals"]).all()
    assert (both["waiting"] == arrows.loc[both.index, "waiting"]).all()


def test_handovers_of_one_day_are_not_certain() -> None:
    log = log_of([("a", "in", 0, "North"), ("a", "mid", 0, "Legal"), ("a", "out", 3, "Legal")])
    found = handover(log, "team")
    assert found.between["certain"].sum() == 0
    assert handover(log, "team", declared=True).between["certain"].tolist() == [1]
    same = log_of([("a", "in", 0, "North"), ("a", "mid", 0, "North"), ("a", "out", 3, "Legal")])
    assert handover(same, "team").between["certain"].tolist() == [1]


@pytest.mark.parametrize(("name", "column"), [("helpdesk.xes.gz", "org:resource"), ("sepsis_full.xes.gz", "org:group")])
def test_counts_are_those_of_pm4py(name: str, column: str) -> None:
    if not (LOGS / name).exists():
        pytest.skip("the public logs are not beside the repository")
    import pm4py

    log = read_log(LOGS / name)
    found = handover(log, column)
    assert found.missing == 0
    both = pd.concat([found.between, found.within]).set_index(["source", "target"])["handovers"]
    theirs = pm4py.discover_handover_of_work_network(to_pm4py(log), resource_key=column).connections
    assert set(both.index) == set(theirs)
    for pair, share in theirs.items():
        assert both[pair] / found.movements == pytest.approx(share, abs=1e-12)


def test_misspelt_names_and_small_logs(small: EventLog) -> None:
    with pytest.raises(ValueError, match="did you mean 'team'"):
        handover(small, "taem")
    with pytest.raises(ValueError, match="no attributes"):
        handover(EventLog(small.events.drop(columns="team"), small.cases, small.window), "team")
    empty = handover(EventLog(small.events.iloc[:0], small.cases.iloc[:0], small.window), "team")
    assert empty.between.empty
    assert empty.within.empty
    assert "no work was handed over" in empty.text
    one = handover(log_of([("a", "in", 0, "North")]), "team")
    assert (one.movements, one.events) == (0, 1)
    nobody = handover(log_of([("a", "in", 0, None), ("a", "mid", 1, None)]), "team")
    assert (nobody.unknown, nobody.share_missing) == (1, 1.0)
    equal = handover(log_of([("a", "in", 3, "x"), ("a", "mid", 3, "y"), ("b", "in", 3, "y")]), "team")
    assert equal.between["median_days"].tolist() == [0.0]
    assert equal.between["certain"].tolist() == [0]
