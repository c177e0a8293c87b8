"""Journeys against the declared pathway: planted departures are found and named, open journeys not blamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import generate
from event_logs.synthetic.council import Council
from event_logs.window import ObservationWindow
from mining.conformance import check_conformance, pathway_tree
from mining.process_tree import choice, sequence

WHOLE = (
    v.BECAME_LOOKED_AFTER, v.ACCOMMODATED, v.REVIEW, v.RECOMMENDED, v.LEGAL_REQUESTED, v.HEALTH_REQUESTED,
    v.LEGAL_RECEIVED, v.HEALTH_COMPLETED, v.REPORT_COMPLETED, v.PANEL, v.AGENCY_DECISION, v.LODGED,
    v.PERMANENCE_ORDER, v.CEASED,
)  # fmt: skip
ZERO = pd.Timestamp("2020-01-01")


def log_of(
    journeys: Mapping[str, Sequence[str]],
    *,
    open_cases: Sequence[str] = (),
    step: int = 10,
    start: Mapping[str, int] | None = None,
    recorded: dict[str, int] | None = None,
) -> EventLog:
    """One case a journey, its steps `step` days apart from 1 January 2020, or from the day given."""
    rows = [
        (case, name, ZERO + pd.Timedelta(days=(start or {}).get(case, 0) + step * k))
        for case, names in journeys.items()
        for k, name in enumerate(names)
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = events["date"].astype("datetime64[us]")
    cases = events.groupby("case")["date"].agg(start="min", end="max").reset_index()
    cases.loc[cases["case"].isin(list(open_cases)), "end"] = pd.NaT
    since = {name: ZERO + pd.Timedelta(days=day) for name, day in (recorded or {}).items()}
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()} | {"Tea": 5}
    return EventLog.of(events, ObservationWindow(ZERO, ZERO + pd.Timedelta(days=900), since), cases=cases, ranks=ranks)


def without(*names: str) -> tuple[str, ...]:
    return tuple(name for name in WHOLE if name not in names)


def test_planted_departures_are_named() -> None:
    decided_first = list(without())
    panel, decision = decided_first.index(v.PANEL), decided_first.index(v.AGENCY_DECISION)
    decided_first[panel], decided_first[decision] = decided_first[decision], decided_first[panel]
    log = log_of(
        {
            "fine": WHOLE,
            "fine too": WHOLE,
            "no panel": without(v.PANEL),
            "no legal": without(v.LEGAL_REQUESTED),
            "odd": (*WHOLE[:4], "Tea", *WHOLE[4:]),
            "turned": decided_first,
        }
    )
    found = check_conformance(log)
    steps = found.steps.set_index("activity")
    assert (found.cases, found.fitting, found.closed) == (6, 2, 6)
    assert found.fits.tolist() == [case.startswith("fine") for case in log.cases["case"]]
    assert steps.loc[v.PANEL, "skipped"] == 1
    assert steps.loc[v.LEGAL_REQUESTED, "skipped"] == 1
    assert steps.loc["Tea", "extra"] == 1
    assert steps["out_of_order"].sum() == 1
    assert steps.loc[[v.PANEL, v.AGENCY_DECISION], "out_of_order"].sum() == 1
    assert steps[["skipped", "extra"]].to_numpy().sum() == 3
    # Five moves disagree, among 81 events (reviews aside) and the least the pathway asks for: to leave.
    assert found.fitness == pytest.approx(1 - 5 / (13 * 6 - 2 + 1 + 6))
    assert found.findings[0] == "2 of 6 journeys (33%) follow the pathway in every step; fitness 0.940 of 1."
    assert found.findings[1].startswith("Most often skipped: Legal advice requested in 1 journeys (17%); Permanence")
    assert found.left_out == (v.REVIEW,)


def test_an_open_journey_is_compared_up_to_where_it_stands() -> None:
    for length in range(1, len(WHOLE) - 1):
        found = check_conformance(log_of({"x": WHOLE, "y": WHOLE[:length]}, open_cases=["y"]))
        assert (found.cases, found.fitting, found.closed) == (2, 2, 1)
    skipped = check_conformance(log_of({"x": WHOLE, "y": without(v.PANEL)[:11]}, open_cases=["y"]))
    assert skipped.steps.set_index("activity").loc[v.PANEL, "skipped"] == 1
    assert any("nothing still to come" in said for said in skipped.findings)


def test_a_child_may_leave_at_any_time() -> None:
    journeys = {"x": WHOLE} | {f"y{k}": (*WHOLE[:k], v.CEASED) for k in range(1, len(WHOLE) - 1)}
    found = check_conformance(log_of(journeys))
    assert found.fitting == found.cases == len(journeys)
    # But nothing comes after that.
    after = check_conformance(log_of({"x": WHOLE, "y": (*WHOLE[:5], v.CEASED, v.LEGAL_RECEIVED)}))
    assert after.fitting == 1


def test_what_was_not_recorded_is_not_missed() -> None:
    journeys = {"early": without(v.RECOMMENDED), "late": without(v.RECOMMENDED), "full": WHOLE}
    log = log_of(journeys, start={"late": 400, "full": 400}, recorded={v.RECOMMENDED: 300})
    found = check_conformance(log)
    assert dict(zip(log.cases["case"], found.fits.tolist(), strict=True)) == {
        "early": True,
        "late": False,
        "full": True,
    }
    nowhere = check_conformance(log_of({"x": without(v.LEGAL_REQUESTED, v.LEGAL_RECEIVED)}))
    assert nowhere.fitting == 1


def test_journeys_from_before_the_window_are_left_out() -> None:
    found = check_conformance(log_of({"x": WHOLE, "old": WHOLE}, start={"old": -50}))
    assert (found.cases, found.before_window) == (1, 1)
    assert any("began before recording did" in said for said in found.findings)


def test_same_day_steps_are_owned_up_to() -> None:
    found = check_conformance(log_of({"x": without(v.PANEL), "y": WHOLE}, step=0))
    assert (found.fitting, found.tied) == (1, 1)
    assert any("whose order is only assumed" in said for said in found.findings)


def test_time_budget_falls_back_to_token_replay_and_says_so() -> None:
    journeys = {f"x{k}": (*WHOLE[:k], v.CEASED) for k in range(1, 13)}
    journeys |= {"bad": without(v.PANEL), "odd": (*WHOLE[:3], "Tea", v.CEASED), "no end": WHOLE[:4]}
    found = check_conformance(log_of(journeys | {"open": WHOLE[:6]}, open_cases=["open"]), seconds=1e-9)
    assert (found.cases, found.replayed, found.replayed_fitting) == (0, 16, 13)
    assert "By token replay" in found.findings[0]
    whole = check_conformance(log_of(journeys))
    assert (whole.cases, whole.fitting, whole.replayed) == (15, 12, 0)
    with pytest.raises(ValueError, match="above 0"):
        check_conformance(log_of(journeys), seconds=0)


def test_another_model() -> None:
    log = log_of({"x": ("Tea", v.PANEL), "y": ("Tea",), "z": ("Tea",)}, open_cases=["z"])
    found = check_conformance(log, sequence("Tea", v.PANEL))
    assert found.fits.tolist() == [True, False, True]
    assert check_conformance(log, choice("Tea", sequence("Tea", v.PANEL))).fitting == 3
    with pytest.raises(ValueError, match="did you mean 'Permanence panel'"):
        check_conformance(log, sequence("Tea", "Permanence pannel"))


def test_the_pathway_names_every_milestone_but_reviews_and_the_end() -> None:
    assert set(pathway_tree().activities) == set(v.MILESTONES) - {v.REVIEW, v.CEASED}


def test_a_council_follows_the_pathway_it_was_made_by(tmp_path: Path) -> None:
    generate(tmp_path, council=Council.of_size(400), seed=5)
    log = derive(load_project(tmp_path)).log
    found = check_conformance(log)
    assert found.cases > 200
    assert found.fitting == found.cases
    assert found.fitness == 1
    # The same log with every panel of one child in three unrecorded.
    third = np.arange(len(log.cases)) % 3 == 0
    lost = (log.events["activity"] == v.PANEL) & log.events["case"].isin(log.cases["case"][third])
    events = log.events[~lost].drop(columns="rank")
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    spoilt = EventLog.of(events, log.window, cases=log.cases, ranks=ranks)
    steps = check_conformance(spoilt).steps.set_index("activity")
    inside = log.cases["start"] >= log.window.start
    decided = log.cases["case"].isin(log.events.loc[log.events["activity"] == v.AGENCY_DECISION, "case"])
    assert steps["skipped"].idxmax() == v.PANEL
    # Where the decision is an open journey's last step, "no panel" and "a decision too many" explain it as well.
    explained = steps.loc[v.PANEL, "skipped"] + steps.loc[v.AGENCY_DECISION, "extra"]
    assert explained == (third & inside & decided).sum() > 20
    assert steps.loc[v.AGENCY_DECISION, "extra"] < 5


def test_odd_logs_get_a_clear_answer(tiny_log: EventLog) -> None:
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}), tiny_log.window)
    found = check_conformance(empty)
    assert found.findings == ("There are no journeys to compare.",)
    assert np.isnan(found.fitness)
    one = check_conformance(log_of({"x": WHOLE}))
    assert (one.cases, one.fitness) == (1, 1.0)
    all_open = check_conformance(log_of({"x": WHOLE[:3], "y": WHOLE[:5]}, open_cases=["x", "y"]))
    assert (all_open.cases, all_open.closed, all_open.fitting) == (2, 0, 2)
    assert check_conformance(tiny_log).fitting == 3
