"""The gates as a forecast finds them: queues in order, booked dates kept, places held, what is over drained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, at, cut, days_of, either, model_of, only, poisson_days, run, step
from process_form import simulate_by_processes

from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from simulation.at_gates import over_full
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.gates import DecisionMaker, Gate, Places, Priority, Sessions
from simulation.gates.iso import text_of
from simulation.laws import exponential, fixed
from simulation.model import START, Choice, PathwayModel
from simulation.reach import Reach

NOW = 100.0
"""Day of the snapshot, 10 April 2020, a Friday; the next Wednesdays are days 105, 112, 119, ..."""
WEEKLY: dict[str, Any] = {"weekday": "Wednesday", "weeks_of_month": (1, 2, 3, 4, 5)}


def open_cases(events: dict[str, list[float | None]], **about: list[Any]) -> EventLog:
    """Open cases with the given days of each activity, extracted on day 100."""
    count = len(next(iter(events.values())))
    names = [f"{n}" for n in range(count)]
    rows = [
        (names[n], activity, at(day))
        for activity, days in events.items()
        for n, day in enumerate(days)
        if day is not None
    ]
    first = [min(day for days in events.values() if (day := days[n]) is not None) for n in range(count)]
    cases = pd.DataFrame({"case": names, "start": from_days(np.asarray(first) + DAY_ZERO), "end": pd.NaT, **about})
    frame = pd.DataFrame(rows, columns=["case", "activity", "date"])
    ranks = {activity: number for number, activity in enumerate(events, start=1)}
    return EventLog.of(frame, ObservationWindow(at(0), at(NOW)), cases=cases, ranks=ranks)


def papers_then(gate: Gate, *, law: Any = None, whole_days: bool = True) -> PathwayModel:
    """After the papers, a step at the gate, which ends the case."""
    steps = [step("papers", fixed(0.0)), step("end", law or fixed(0.0), gate="gate")]
    return model_of(steps, {START: only("papers"), "papers": only("end")}, gates={"gate": gate}, whole_days=whole_days)


def forecast(log: EventLog, model: PathwayModel, *, under: PathwayModel | None = None, days: float = 400.0) -> EventLog:
    return simulate(under or model, snapshot(log, model), at(NOW + days), seed=1)


def iso(day: float) -> str:
    return text_of(DAY_ZERO + day)


# Sessions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booking", [False, True])
def test_the_queue_keeps_its_order_and_the_waits_count_from_the_real_start(booking: bool) -> None:
    log = open_cases({"papers": [60.0, 20.0, 98.0, 40.0]})
    model = papers_then(Sessions(**WEEKLY, slots=1, lead_days=14.0, booking=booking))
    # Papers of day 98 are in time for day 112 at the earliest; the others were long ago.
    assert days_of(forecast(log, model), "end").tolist() == [119.0, 105.0, 126.0, 112.0]


@pytest.mark.parametrize("booking", [False, True])
def test_a_booked_date_is_kept_even_where_it_is_one_more_than_there_are_slots(booking: bool) -> None:
    booked = ["2020-04-22", "", "2020-04-22", "2020-04-24", "2020-03-25"]  # days 112, -, 112, 114 (a Friday), past
    log = open_cases({"papers": [10.0, 20.0, 30.0, 40.0, 50.0]}, panel_booked=pd.to_datetime(pd.Series(booked)))
    gate = Sessions(**WEEKLY, slots=1, booking=booking, booked_in="panel_booked")
    model = papers_then(gate)
    # The second child is not booked and takes day 105, the last (whose date is past) day 119: day 112 is over-full.
    assert days_of(forecast(log, model), "end").tolist() == [112.0, 105.0, 112.0, 114.0, 119.0]
    row = over_full(snapshot(log, model)).iloc[0]
    assert (row["gate"], row["held"], row["waiting"], row["over"]) == ("gate", 3, 2, 2)
    as_text = open_cases({"papers": [10.0, 20.0, 30.0, 40.0, 50.0]}, panel_booked=[one or None for one in booked])
    assert snapshot(as_text, model).at_gates == snapshot(log, model).at_gates
    with pytest.raises(ValueError, match="'panel_booked' must hold dates such as"):
        snapshot(open_cases({"papers": [10.0]}, panel_booked=["22/04/2020"]), model)


def test_a_booked_date_that_is_cancelled_is_booked_again() -> None:
    log = open_cases({"papers": [10.0, 20.0]}, panel_booked=pd.to_datetime(pd.Series(["2020-04-22", "2020-04-29"])))
    model = papers_then(Sessions(**WEEKLY, slots=1, booking=True, booked_in="panel_booked"))
    off = replace(model, gates={"gate": Sessions(**WEEKLY, slots=1, booking=True, booked_in="panel_booked",
                  cancelled=(iso(105), iso(112)))})  # fmt: skip
    assert days_of(forecast(log, model), "end").tolist() == [112.0, 119.0]
    assert days_of(forecast(log, model, under=off), "end").tolist() == [126.0, 119.0]


def test_a_date_booked_before_the_papers_are_ready_is_kept_if_they_are_by_then() -> None:
    steps = [step("asked", fixed(0.0)), step("papers", fixed(110.0)), step("end", fixed(0.0), gate="gate")]
    choices = {START: only("asked"), "asked": only("papers"), "papers": only("end")}
    gate = Sessions(**WEEKLY, slots=1, lead_days=7.0, booked_in="panel_booked")
    model = model_of(steps, choices, gates={"gate": gate}, whole_days=True)
    booked = pd.to_datetime(pd.Series(["2020-04-22", "2020-04-22", None]))
    log = open_cases({"asked": [1.0, 5.0, 2.0]}, panel_booked=booked)
    # Ready on day 111, booked for 112: kept, whatever the lead. Ready on day 115: lost, and heard a lead later, on 126.
    # Both booked dates leave no slot on day 112; the third child, ready on day 112, has day 119.
    assert days_of(forecast(log, model), "end").tolist() == [112.0, 126.0, 119.0]


# Places ------------------------------------------------------------------------------------------------------------


def test_without_a_record_of_it_as_many_as_there_are_places_are_at_work_in_turn() -> None:
    log = open_cases({"papers": [60.0, 20.0, 98.0, 40.0]}, band=["y", "x", "x", "y"])
    model = papers_then(Places(places=2), law=fixed(110.0))
    # At work since days 20 and 40, to days 130 and 150; then the child of day 60, then that of day 98.
    assert days_of(forecast(log, model), "end").tolist() == [240.0, 130.0, 260.0, 150.0]
    first = papers_then(Places(places=2, priority=Priority(by="band", first=("y",))), law=fixed(110.0))
    assert days_of(forecast(log, first), "end").tolist() == [170.0, 260.0, 280.0, 150.0]


def test_where_the_log_says_who_has_a_place_they_hold_it_and_what_is_over_drains() -> None:
    gate = Places(places=2, begins_as="begun")
    model = papers_then(gate, law=fixed(30.0))
    log = open_cases({"papers": [60.0, 20.0, 70.0, 40.0, 50.0], "begun": [80.0, None, 90.0, 95.0, None]})
    cohort = snapshot(log, model)
    found = over_full(cohort).iloc[0]
    assert (found["places"], found["held"], found["waiting"], found["over"]) == (2, 3, 2, 1)
    ahead = forecast(log, model)
    # Three at work for two places, to days 110, 120 and 125: nobody begins on day 110, and nobody is sent away.
    assert days_of(ahead, "end").tolist() == [110.0, 150.0, 120.0, 125.0, 155.0]
    begun = ahead.events[ahead.events["activity"] == "begun"]
    assert len(begun) == 5


def test_a_place_held_until_a_later_activity_is_held_at_the_start() -> None:
    steps = [
        step("taken on", fixed(1.0), gate="team"),
        step("closed", fixed(50.0)),
        step("end", fixed(10.0)),
        step("in", fixed(0.0)),
    ]
    choices = {START: only("in"), "in": only("taken on"), "taken on": only("closed"), "closed": only("end")}
    model = model_of(steps, choices, gates={"team": Places(places=1, until="closed")}, whole_days=True)
    log = open_cases({"in": [60.0, 70.0, 80.0], "taken on": [61.0, None, None], "closed": [None, None, None]})
    assert over_full(snapshot(log, model)).iloc[0].tolist() == ["team", 1, 1, 2, 0]
    assert days_of(forecast(log, model), "taken on").tolist() == [61.0, 112.0, 163.0]
    two = open_cases({"in": [60.0, 70.0, 80.0], "taken on": [61.0, 75.0, None], "closed": [None, None, None]})
    assert over_full(snapshot(two, model)).iloc[0].tolist() == ["team", 1, 2, 1, 1]
    assert days_of(forecast(two, model), "taken on").tolist() == [61.0, 75.0, 126.0]


def test_a_place_is_held_at_the_start_though_nobody_is_in_a_step_of_its_gate() -> None:
    steps = [step("in", fixed(0.0)), step("taken on", fixed(1.0), gate="team"), step("closed", fixed(50.0))]
    choices = {START: only("in"), "in": only("taken on"), "taken on": only("closed")}
    gates = {"team": Places(places=1, until="closed")}
    model = model_of(steps, choices, gates=gates, final=("closed",), whole_days=True)
    there = snapshot(open_cases({"in": [60.0], "taken on": [61.0]}), model)
    assert [item.step for item in there.running] == ["closed"]
    coming = pd.DataFrame({"case": ["later"], "start": [at(105)], "end": [pd.NaT]})
    both = replace(
        there,
        cases=pd.concat([there.cases, coming], ignore_index=True),
        arrival=(float("nan"), DAY_ZERO + 105.0),
    )
    # Closed 50 days after day 61, on day 111: only then does the newcomer of day 105 get the place, for a day's work.
    for form in (simulate, simulate_by_processes):
        assert days_of(form(model, both, at(300), seed=1), "taken on").tolist() == [61.0, 112.0]


@pytest.mark.parametrize("begins_as", ["begun", ""])
@pytest.mark.parametrize("ways", [only("report"), either({"report": 0.5, "other report": 0.5})])
def test_who_kept_a_place_from_an_earlier_step_does_not_wait_for_it(begins_as: str, ways: Choice) -> None:
    steps = [
        step("in", fixed(0.0)),
        step("visit", fixed(5.0), gate="team"),
        step("report", fixed(30.0), gate="team"),
        step("report", fixed(30.0), gate="team", name="other report"),
        step("closed", fixed(1.0)),
    ]
    choices = {START: only("in"), "in": only("visit"), "visit": ways, "report": only("closed")}
    gates = {"team": Places(places=1, until="closed", begins_as=begins_as)}
    model = model_of(steps, choices, gates=gates, final=("closed",), whole_days=True)
    log = open_cases({"in": [80.0, 90.0], "begun": [80.0, None], "visit": [85.0, None]})
    cohort = snapshot(log, model)
    assert over_full(cohort).iloc[0].tolist() == ["team", 1, 1, 1, 0]
    # The report of the first is under way since day 85, to day 115; on day 116, when its case is closed, the second has
    # the place: a visit of five days, a report of thirty.
    for form in (simulate, simulate_by_processes):
        ahead = form(model, cohort, at(400), seed=1)
        assert days_of(ahead, "visit").tolist() == [85.0, 121.0]
        assert days_of(ahead, "report").tolist() == [115.0, 151.0]
        assert days_of(ahead, "closed").tolist() == [116.0, 152.0]


def test_who_is_at_work_waits_for_no_second_place_once_places_are_kept() -> None:
    steps = [
        step("in", fixed(0.0)),
        step("a", fixed(30.0), gate="team"),
        step("b", fixed(30.0), gate="team"),
        step("end", fixed(1.0), waits_for=("a", "b")),
    ]
    model = model_of(
        steps, {START: only("in"), "in": only("a", "b")}, gates={"team": Places(places=1)}, whole_days=True
    )
    kept = replace(model, gates={"team": Places(places=1, until="end")})
    cohort = snapshot(open_cases({"in": [80.0]}), model)
    # At work on one since day 80, to day 110, and waiting with the other: for thirty days from day 110, from the first
    # day of the forecast where the place is kept from then on, or from day 105 where it is from then on.
    found = simulate(model, cohort, at(400), seed=1)
    assert (days_of(found, "a").tolist(), days_of(found, "b").tolist()) == ([110.0], [140.0])
    for form in (simulate, simulate_by_processes):
        found = form(kept, cohort, at(400), seed=1)
        assert [days_of(found, name).tolist() for name in ("a", "b", "end")] == [[110.0], [131.0], [132.0]]
    found = simulate(kept, cohort, at(400), seed=1, reach=Reach(start=DAY_ZERO + 105.0))
    assert [days_of(found, name).tolist() for name in ("a", "b", "end")] == [[110.0], [135.0], [136.0]]


def test_one_more_place_lets_one_more_begin_and_one_fewer_evicts_nobody() -> None:
    log = open_cases({"papers": [60.0, 20.0, 70.0, 40.0]})
    model = papers_then(Places(places=2), law=fixed(110.0))
    more = replace(model, gates={"gate": Places(places=3)})
    assert days_of(forecast(log, model, under=more), "end").tolist() == [211.0, 130.0, 240.0, 150.0]
    fewer = replace(model, gates={"gate": Places(places=1)})
    # At work to days 130 and 150; the next begins on day 150, when only one place is held.
    assert days_of(forecast(log, model, under=fewer), "end").tolist() == [260.0, 130.0, 370.0, 150.0]


def test_a_gate_cannot_be_taken_from_those_who_stand_at_it() -> None:
    log, model = open_cases({"papers": [60.0, 95.0]}), papers_then(Places(places=2))
    bare = replace(model, steps={**model.steps, "end": replace(model.steps["end"], gate="")}, gates={})
    with pytest.raises(ValueError, match=r"'end' is under way for open cases at gate 'gate'.*got no gate"):
        forecast(log, model, under=bare)
    gone = replace(model, steps={"papers": model.steps["papers"]}, choices={START: only("papers")}, gates={})
    with pytest.raises(ValueError, match="'end' is under way for open cases, so the model must have it"):
        forecast(log, model, under=gone)
    # Where nobody stands at it, it may go.
    log = open_cases({"other": [60.0]})
    assert len(forecast(log, model, under=bare).cases) == 1


def test_a_warm_start_of_a_queue_goes_on_as_the_queue_would_have() -> None:
    # The service has no memory, so the log cut on a day and forecast is as the log that went on: in the mean of many.
    gate = Places(places=2, begins_as="begun")
    model = papers_then(gate, law=exponential(9.0), whole_days=False)
    whole = [run(model, poisson_days(0.2, 600.0, seed=seed), 900.0, seed=seed) for seed in range(60)]
    done, foreseen = [], []
    for seed, log in enumerate(whole):
        part = cut(log, DAY_ZERO + 300.0)
        if part.cases["end"].isna().any():
            ahead = simulate(model, snapshot(part, model), at(330.0), seed=1000 + seed)
            there = log.cases["case"].isin(part.cases["case"][part.cases["end"].isna()])
            done.append(int((log.cases["end"][there] <= at(330.0)).sum()))
            foreseen.append(int(ahead.cases["end"].notna().sum()))
    difference = np.asarray(foreseen) - np.asarray(done)
    assert len(difference) > 40
    assert abs(difference.mean()) < 3.29 * difference.std(ddof=1) / np.sqrt(len(difference))
    assert np.mean(done) > 1.0


# Decisions, joins ----------------------------------------------------------------------------------------------------


def test_a_limit_still_to_come_may_be_kept_and_one_that_has_passed_was_not() -> None:
    model = papers_then(DecisionMaker(keeps_limit=1.0), law=exponential(1e6))
    log = open_cases({"papers": [95.0, 86.0, 88.0, 50.0]})
    found = days_of(forecast(log, model, days=4000.0), "end")
    # Day 109 is a Sunday: decided on the Friday before. Day 100 is today, and nothing was decided; day 102 is a Sunday,
    # so that its last lawful day was today too.
    assert found[0] == 107.0
    assert not (found[1:] < 200.0).any()


@pytest.mark.parametrize(("a", "b", "since"), [(10.0, None, 10.0), (None, 30.0, 30.0), (20.0, 30.0, 20.0)])
def test_a_step_at_the_first_of_several_is_under_way_since_the_first(
    a: float | None, b: float | None, since: float
) -> None:
    steps = [
        step("in", fixed(0.0)),
        step("a", fixed(500.0)),
        step("b", fixed(500.0)),
        replace(step("after", fixed(95.0)), waits_for_any=("a", "b")),
    ]
    model = model_of(steps, {START: only("in"), "in": only("a", "b")}, final=(), whole_days=True)
    log = open_cases({"in": [1.0], "a": [a], "b": [b], "after": [None]})
    cohort = snapshot(log, model)
    assert [(item.step, item.since - DAY_ZERO) for item in cohort.running if item.step == "after"] == [("after", since)]
    assert days_of(forecast(log, model), "after").tolist() == [max(since + 95.0, 101.0)]


def test_counts_in_the_log_are_counts_in_the_model_at_every_gate() -> None:
    log = open_cases({"papers": [60.0, 20.0, 70.0, 40.0, 50.0], "begun": [80.0, None, 90.0, 95.0, None]})
    cohort = snapshot(log, papers_then(Places(places=2, begins_as="begun"), law=fixed(30.0)))
    assert cohort.counts.to_dict("records") == [{"step": "end", "children": 5}]
    found = over_full(cohort)
    assert int((found["held"] + found["waiting"]).sum()) == 5
