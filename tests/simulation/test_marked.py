"""A run that says when work began and which team did it: nothing else about it is changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import at
from timed_logs import log_of, three_at_once

from event_logs.log import EventLog
from simulation.discovery import discover_pathway, newcomers, run_on
from simulation.discovery.marked import Ran
from simulation.engine import simulate
from simulation.gates import Places
from simulation.laws import fixed
from simulation.model import Choice, Option, PathwayModel

HOUR = pd.Timedelta(hours=1)


def queue(places: int = 1) -> EventLog:
    """Two cases a day come at midnight, are looked at for 1 hour by ann and for 6 by bob, who takes one at a time."""
    rows = []
    for day in range(200):
        for second in range(2):
            name, came = f"{2 * day + second:04d}", 24.0 * day
            begun = came + 1 + (6.0 * second if places == 1 else 0.0)
            rows += [(name, "look", came, came + 1, "ann"), (name, "report", begun, begun + 6, f"bob{second % places}")]
            rows.append((name, "panel", begun + 7, begun + 7, ""))
    frame = pd.DataFrame([row[:4] for row in rows], columns=["case", "activity", "start", "date"])
    log = log_of([tuple(row) for row in frame.itertuples(index=False)])
    who = {(case, activity): name for case, activity, _, _, name in rows}
    keys = zip(log.events["case"], log.events["activity"].astype("str"), strict=True)
    return replace(log, events=log.events.assign(resource=pd.Series([who[key] or None for key in keys], dtype="str")))


def same(one: EventLog, other: EventLog) -> bool:
    tables = [log.events[["case", "activity", "date"]].astype("str") for log in (one, other)]
    left, right = (table.sort_values(list(table)).reset_index(drop=True) for table in tables)
    return left.equals(right) and one.cases.equals(other.cases)


def test_who_waits_for_the_one_place_begins_when_it_is_given_back() -> None:
    log = queue()
    model = discover_pathway(log)
    assert model.gates["report"] == Places(places=1)
    ran = run_on(log, model, seed=1)
    report = ran.log.events[ran.log.events["activity"] == "report"]
    came = ran.log.cases.set_index("case")["start"].loc[report["case"]]
    waited = (report["start"].to_numpy() - came.to_numpy()) / HOUR.to_numpy() - 1
    # Of the two of a day one begins at once and one when the other is done.
    assert np.round(waited, 6).reshape(-1, 2).tolist() == [[0.0, 6.0]] * 200
    assert ((report["date"] - report["start"]) / HOUR).round(6).eq(6.0).all()
    assert set(report["resource"]) == {"report"}
    (row,) = ran.teams[ran.teams["gate"] == "report"].itertuples()
    assert (row.pieces, row.waited_hours) == (400, pytest.approx(3.0))
    two = replace(model, gates={**model.gates, "report": Places(places=2)})
    (row,) = run_on(log, two, seed=1).teams.query("gate == 'report'").itertuples()
    assert row.waited_hours == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_happens_is_the_same_with_marks_and_without(seed: int) -> None:
    for log in (queue(), log_of([row for case in range(200) for row in three_at_once(case, case % 3)], who="ann")):
        model = discover_pathway(log)
        plain = simulate(model, newcomers(log, model), log.window.end, seed=seed)
        ran = run_on(log, model, seed=seed)
        assert same(ran.log, plain)
        assert ran.log.events["start"].notna().all()
        assert (ran.log.events["start"] <= ran.log.events["date"]).all()


def test_a_model_that_does_not_tell_waiting_from_work_gives_a_log_without_starts() -> None:
    log = queue()
    bare = replace(log, events=log.events[["case", "activity", "date", "rank"]])
    model = discover_pathway(bare)
    ran = run_on(bare, model, seed=1)
    assert "start" not in ran.log.events
    assert ran.teams.empty
    assert same(ran.log, simulate(model, newcomers(bare, model), bare.window.end, seed=1))


def test_an_activity_that_ends_the_case_still_does() -> None:
    log = queue()
    model: PathwayModel = replace(discover_pathway(log), final=("panel",))
    ran = run_on(log, model, seed=1)
    assert same(ran.log, simulate(model, newcomers(log, model), log.window.end, seed=1))
    assert (ran.log.events["start"] <= ran.log.events["date"]).all()


def test_activities_that_are_waited_for_by_name_are_left_alone() -> None:
    log = queue()
    model = discover_pathway(log)
    model = replace(model, gates={**model.gates, "report": replace(model.gates["report"], until="panel")})
    ran = run_on(log, model, seed=1)
    assert same(ran.log, simulate(model, newcomers(log, model), log.window.end, seed=1))
    assert "start" not in ran.log.events


def hours_of(ran: Ran, activity: str) -> np.ndarray:
    """Hours of work on each."""
    events = ran.log.events[ran.log.events["activity"] == activity]
    return ((events["date"] - events["start"]) / HOUR).round(6).to_numpy()


@pytest.mark.parametrize("both", [False, True])
def test_a_gate_that_records_by_itself_when_work_begins_does_so_still(both: bool) -> None:
    log = queue()
    model = discover_pathway(log)
    # Two gates may record the same.
    telling = {name: replace(gate, begins_as="begun") for name, gate in model.gates.items() if both or name == "report"}
    model = replace(model, gates={**model.gates, **telling}, ranks={**model.ranks, "begun": 0})
    ran = run_on(log, model, seed=1)
    assert same(ran.log, simulate(model, newcomers(log, model), log.window.end, seed=1))
    assert (ran.log.events["activity"] == "begun").sum() == 400 * len(telling)
    assert set(hours_of(ran, "report")) == {6.0}
    (row,) = ran.teams.query("gate == 'report'").itertuples()
    assert (row.pieces, row.waited_hours) == (400, pytest.approx(3.0))


def test_work_may_be_of_two_kinds_and_come_without_a_wait() -> None:
    log = queue()
    model = discover_pathway(log)
    slow = model.steps["work on report"]
    quick = replace(slow, name="quick report", laws={"": fixed(1 / 24)}, then="again")
    again = replace(slow, name="once more", activity="again", laws={"": fixed(2 / 24)}, then="report")
    ways = tuple(Option(starts=(name,), share={"": 0.5}) for name in ("work on report", "quick report"))
    model = replace(
        model,
        steps={**model.steps, "quick report": quick, "once more": again},
        choices={
            **model.choices,
            "report begins": Choice(options=ways),
            "again": Choice(options=(Option(starts=("once more",), share={"": 1.0}),)),
        },
        ranks={**model.ranks, "again": 5},
    )
    ran = run_on(log, model, seed=1)
    assert set(hours_of(ran, "report")) == {1.0, 6.0}
    assert set(hours_of(ran, "again")) == {2.0}
    (row,) = ran.teams.query("gate == 'report'").itertuples()
    assert row.pieces == ran.log.events["activity"].isin(["report", "again"]).sum()


def test_where_nothing_is_done_before_the_end_there_is_nothing_to_tell() -> None:
    log = queue()
    model = discover_pathway(log)
    never = {name: replace(step, laws={"": fixed(1000.0)}) for name, step in model.steps.items() if step.activity}
    ran = run_on(log, replace(model, steps={**model.steps, **never}), seed=1)
    assert len(ran.log) == 0
    assert ran.teams.empty
    assert len(ran.log.cases) == 400


def test_work_that_takes_no_time_begins_as_it_is_done_whatever_goes_on_beside() -> None:
    # A long look by the team goes on beside a stamp by the team, which takes no time; both are for two places.
    rows: list[tuple[str, str, float, float]] = []
    for case in range(200):
        day = 24.0 * case
        rows += [(f"{case:03d}", "in", day, day + 1), (f"{case:03d}", "look", day + 1, day + 9)]
        rows += [(f"{case:03d}", "legal", day + 2, day + 10), (f"{case:03d}", "stamp", day + 11, day + 11)]
        rows.append((f"{case:03d}", "panel", day + 12, day + 13))
    log = log_of(rows, who="ann")
    ran = run_on(log, discover_pathway(log), seed=1)
    assert set(hours_of(ran, "stamp")) == {0.0}


def test_the_window_of_a_run_begins_on_the_day_of_the_first_arrival() -> None:
    log = queue()
    ran = run_on(log, discover_pathway(log), seed=1)
    assert ran.log.window.start == at(0)
    assert len(ran.log.cases) == len(log.cases)
