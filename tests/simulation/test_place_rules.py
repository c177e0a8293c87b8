"""Places held over many steps, leave, caseloads and working days; decisions within a limit; the first of several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_models import DAY_ZERO, days_of, model_of, only, poisson_days, run, step

from simulation.gates import Away, DecisionMaker, Gate, Places
from simulation.gates.iso import text_of
from simulation.laws import Law, exponential, fixed
from simulation.model import START, PathwayModel
from simulation.queues.working_clock import WorkingClock


def iso(day: float) -> str:
    """The date `day` days after 1 January 2020, a Wednesday: days 3 and 4 are the first weekend."""
    return text_of(DAY_ZERO + day)


def gated(law: Law, gate: Gate, *, whole_days: bool = True, holidays: tuple[str, ...] = ()) -> PathwayModel:
    model = model_of([step("end", law, gate="gate")], {START: only("end")}, gates={"gate": gate}, whole_days=whole_days)
    return replace(model, holidays=holidays)


# Places ------------------------------------------------------------------------------------------------------------


def test_so_many_cases_each_are_so_many_places() -> None:
    days = poisson_days(0.5, 300.0, seed=1, whole=True)
    logs = [
        run(gated(exponential(9.0), Places(places=places, cases_each=each)), days, 900.0)
        for places, each in ((6, 1), (2, 3), (1, 6))
    ]
    assert logs[0].events.equals(logs[1].events)
    assert logs[0].events.equals(logs[2].events)


def test_while_some_are_away_work_in_hand_is_finished_and_none_begun_in_their_place() -> None:
    gate = Places(
        places=2,
        begins_as="begun",
        away=(Away(start=iso(5), end=iso(12), places=1), Away(start=iso(20), end=iso(24), places=2)),
    )
    log = run(gated(fixed(4.0), gate), [1, 4, 4, 6, 7, 21], 60.0)
    # Two at work from day 4; the one who is done on day 5 has no successor: on day 8 the next begins, on day 12 the one
    # after; on day 13, when all are back, the last. Nobody from day 20 to 24.
    assert days_of(log, "begun").tolist() == [1, 4, 8, 12, 13, 25]
    assert (days_of(log, "end") - days_of(log, "begun")).tolist() == [4.0] * 6


def test_a_place_is_held_over_many_steps_until_its_activity() -> None:
    steps = [
        step("taken on", fixed(1.0), gate="team"),
        step("report", fixed(5.0)),
        step("closed", fixed(3.0)),
        step("end", fixed(50.0)),
    ]
    choices = {START: only("taken on"), "taken on": only("report"), "report": only("closed"), "closed": only("end")}
    gate = Places(places=1, until="closed", begins_as="begun")
    log = run(model_of(steps, choices, gates={"team": gate}, whole_days=True), [1, 2, 3], 400.0)
    assert days_of(log, "begun").tolist() == [1, 10, 19]
    assert days_of(log, "closed").tolist() == [10, 19, 28]
    assert log.cases["end"].notna().all()


def test_who_holds_a_place_needs_no_second_one_and_a_case_that_ends_gives_it_back() -> None:
    steps = [
        step("first", fixed(2.0), gate="team"),
        step("second", fixed(2.0), gate="team"),
        step("end", fixed(10.0)),
        step("never", exponential(1e9)),
    ]
    choices = {START: only("first"), "first": only("second"), "second": only("end", "never")}
    gates = {"team": Places(places=1, until="never", begins_as="begun")}
    log = run(model_of(steps, choices, gates=gates, whole_days=True), [1, 2], 100.0)
    assert days_of(log, "second").tolist() == [5, 19]
    assert days_of(log, "end").tolist() == [15, 29]


def test_who_is_no_longer_there_loses_the_turn_and_the_place() -> None:
    gate = Places(places=1, begins_as="begun")
    model = model_of(
        [step("end", fixed(10.0), gate="gate"), step("gone", fixed(4.0))],
        {START: only("end", "gone")},
        gates={"gate": gate},
        final=("end", "gone"),
        whole_days=True,
    )
    log = run(model, [1, 2, 3], 60.0)
    # Each leaves after four days: the first from work, the second from the queue on day 6, a day after getting a place.
    assert days_of(log, "begun").tolist() == [1, 5, 6]
    assert days_of(log, "gone").tolist() == [5, 6, 7]


def test_a_case_that_ends_by_being_turned_away_is_turned_away_once() -> None:
    gate = Places(places=2, room=1, turned_away_as="elsewhere")
    steps = [step("a", fixed(5.0), gate="gate"), step("b", fixed(5.0), gate="gate")]
    model = model_of(steps, {START: only("a", "b")}, gates={"gate": gate}, final=("elsewhere",), whole_days=True)
    # Both steps of the first begin; of the four for which one may wait, the last turns the third child away from both,
    # then the second child: though its other step could have stayed, its case has ended.
    log = run(model, [1, 1, 1], 30.0)
    assert days_of(log, "a").tolist()[0] == days_of(log, "b").tolist()[0] == 6.0
    assert log.events.loc[log.events["activity"] == "elsewhere", "case"].tolist() == ["000001", "000002"]


def test_whoever_is_ready_on_a_day_has_the_claim_of_that_day_whatever_the_order_in_the_run() -> None:
    # On day 5 two are ready: by arrival, and by a step that ends then. The rule says who goes first, not the run.
    steps = [step("first", fixed(4.0)), step("end", fixed(3.0), gate="gate")]
    model = model_of(steps, {START: only("first"), "first": only("end")}, gates={"gate": Places(places=1)})
    for whole in (True, False):
        log = run(replace(model, whole_days=whole), [2, 1, 2, 1], 60.0)
        assert days_of(log, "end").tolist() == [14, 8, 17, 11]


def test_work_in_working_days_begins_and_ends_on_them() -> None:
    gate = Places(places=1, begins_as="begun", working_days=True)
    log = run(gated(fixed(3.0), gate, holidays=(iso(12),)), [1, 2, 3, 9], 90.0)
    # Thursday 2 January, three working days: Tuesday the 7th. Then to the Friday. Monday the 13th is a holiday.
    assert days_of(log, "begun").tolist() == [1, 6, 9, 15]
    assert days_of(log, "end").tolist() == [6, 9, 15, 20]
    weekend = run(gated(fixed(0.0), gate), [3, 4, 5], 30.0)
    assert days_of(weekend, "begun").tolist() == [5, 5, 5]


@pytest.mark.parametrize(("day", "count", "end"), [(2, 1, 5), (3, 1, 5), (3, 0, 5), (1, 2, 5), (1.5, 1.75, 5.25)])
def test_working_days_are_counted_as_everywhere(day: float, count: float, end: float) -> None:
    clock = WorkingClock((), DAY_ZERO, DAY_ZERO + 100)
    assert clock.add(DAY_ZERO + day, count) == DAY_ZERO + end


def test_the_working_clock_agrees_with_the_table_of_working_days() -> None:
    from event_logs.working_days import WorkingDays

    table = WorkingDays.scotland(2019, 2022)
    clock = WorkingClock(tuple(f"{day:%Y-%m-%d}" for day in table.holidays["date"]), DAY_ZERO, DAY_ZERO + 400)
    days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2021-01-01"))
    numbers = days.astype(np.int64).astype(float)
    for count in (1, 2, 5, 30):
        added = table.add_working_days(days, count).astype(np.int64)
        assert [clock.add(day, float(count)) for day in numbers.tolist()] == added.tolist()
    last = numbers[-1]
    counted = table.working_days_between(days, days[-1]).tolist()
    assert [clock.between(day, last) for day in numbers.tolist()] == counted
    working = numbers[table.is_working_day(days)]
    assert [clock.on_or_after(day) for day in working.tolist()] == working.tolist()
    assert [clock.on_or_before(day) for day in working.tolist()] == working.tolist()
    assert clock.on_or_before(DAY_ZERO) == DAY_ZERO - 1  # New Year's Day is a holiday


# The decision maker ------------------------------------------------------------------------------------------------


def test_decisions_fall_on_working_days() -> None:
    log = run(gated(fixed(2.0), DecisionMaker(limit_days=None), holidays=(iso(12),)), [1, 2, 5, 8, 9, 10], 60.0)
    assert days_of(log, "end").tolist() == [5, 5, 7, 13, 13, 13]


@pytest.mark.parametrize(("keeps", "share"), [(0.0, 0.0), (0.6, 0.6), (1.0, 1.0)])
def test_the_share_that_keeps_the_limit_decides_on_the_last_lawful_working_day(keeps: float, share: float) -> None:
    days = poisson_days(4.0, 900.0, seed=3, whole=True)
    plain = run(gated(exponential(14.0), DecisionMaker(limit_days=None)), days, 2000.0)
    log = run(gated(exponential(14.0), DecisionMaker(keeps_limit=keeps)), days, 2000.0)
    usual, found = days_of(plain, "end"), days_of(log, "end")
    late = usual - days > 14.0
    np.testing.assert_array_equal(found[~late], usual[~late])
    kept = found - days <= 14.0
    assert kept[late].mean() == pytest.approx(share, abs=3.3 * np.sqrt(share * (1 - share) / late.sum()))
    np.testing.assert_array_equal(found[~kept], usual[~kept])
    # On the limit's own day, or the Friday before where that is at a weekend.
    weekday = (days + 14.0 + 2.0) % 7.0  # day 0 was a Wednesday
    last = days + 14.0 - np.where(weekday >= 5.0, weekday - 4.0, 0.0)
    np.testing.assert_array_equal(found[late & kept], last[late & kept])


def test_a_higher_share_only_brings_decisions_forward_and_an_endless_one_is_made_too() -> None:
    days = poisson_days(2.0, 300.0, seed=4, whole=True)
    found = [
        days_of(run(gated(exponential(20.0), DecisionMaker(keeps_limit=share)), days, 3000.0), "end")
        for share in (0.2, 0.5, 0.9)
    ]
    assert (found[1] <= found[0]).all()
    assert (found[2] <= found[1]).all()
    endless = Law(np.array([0.0]), np.array([1.0]), 1.0, 1e12)
    log = run(gated(endless, DecisionMaker(keeps_limit=1.0, working_days=False)), [1, 2], 60.0)
    assert days_of(log, "end").tolist() == [15, 16]


# The first of several ----------------------------------------------------------------------------------------------


def any_of(*, also: tuple[str, ...] = ()) -> PathwayModel:
    """Three activities side by side, and one that begins at the first of two of them."""
    steps = [
        step("a", exponential(20.0)),
        step("b", exponential(30.0)),
        step("c", exponential(25.0)),
        replace(step("after", fixed(4.0), waits_for=also), waits_for_any=("a", "b")),
    ]
    return model_of(steps, {START: only("a", "b", "c")}, final=(), whole_days=False)


def test_a_step_begins_at_the_first_of_several_activities_and_once() -> None:
    log = run(any_of(), np.arange(1.0, 400.0), 2000.0)
    a, b, after = (days_of(log, name) for name in ("a", "b", "after"))
    assert after == pytest.approx(np.minimum(a, b) + 4.0)
    assert (log.events["activity"] == "after").sum() == 399
    # The other way is not cut short.
    assert not np.isnan(a).any()
    assert not np.isnan(b).any()


def test_all_of_some_and_the_first_of_others_go_together() -> None:
    log = run(any_of(also=("c",)), np.arange(1.0, 400.0), 2000.0)
    a, b, c, after = (days_of(log, name) for name in ("a", "b", "c", "after"))
    assert after == pytest.approx(np.maximum(c, np.minimum(a, b)) + 4.0)
    assert (log.events["activity"] == "after").sum() == 399


def test_speeding_up_the_slower_of_two_changes_nothing_where_the_first_is_enough() -> None:
    model = any_of()
    slow = replace(model, steps={**model.steps, "b": replace(model.steps["b"], laws={"": fixed(500.0)})})
    slower = replace(model, steps={**model.steps, "b": replace(model.steps["b"], laws={"": fixed(900.0)})})
    days = np.arange(1.0, 200.0)
    logs = [run(one, days, 3000.0) for one in (slow, slower)]
    np.testing.assert_array_equal(days_of(logs[0], "after"), days_of(logs[1], "after"))


def test_a_longer_horizon_only_adds_what_comes_later() -> None:
    days = poisson_days(0.5, 200.0, seed=5, whole=True)
    gate = Places(
        places=3,
        begins_as="begun",
        working_days=True,
        continued=0.3,
        continuation=exponential(9.0),
        away=(Away(start=iso(60), end=iso(120), places=2), Away(start=iso(240), end=iso(260), places=2)),
    )
    short, long = (run(gated(exponential(8.0), gate), days, end).events for end in (180.0, 900.0))
    assert short.equals(long[long["date"] <= short["date"].max()].reset_index(drop=True))
    assert len(long) > len(short) + 30
