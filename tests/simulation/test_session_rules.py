"""What a panel may do: cancelled and added dates, booking, deferral, quorum, siblings, kept slots, who goes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, Floats, arriving, at, days_of, model_of, only, poisson_days, run, step
from hypothesis import given, settings
from hypothesis import strategies as st
from process_form import simulate_by_processes
from test_process_form import same

from event_logs.log import EventLog, from_days, to_days
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.gates import CarveOut, Priority, Sessions
from simulation.gates.iso import text_of
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel

WEEKLY: dict[str, Any] = {"weekday": "Wednesday", "weeks_of_month": (1, 2, 3, 4, 5)}
"""1 January 2020 was a Wednesday: sessions on days 7, 14, 21, ..."""


def panel(gate: Sessions, *, holidays: tuple[str, ...] = ()) -> PathwayModel:
    """Cases go straight to the panel, which ends them."""
    model = model_of([step("end", fixed(0.0), gate="panel")], {START: only("end")}, gates={"panel": gate})
    return replace(model, holidays=holidays, whole_days=True)


def heard(gate: Sessions, days: list[float] | Floats, end: float = 200.0, *, seed: int = 1, **about: Any) -> Floats:
    """The day on which each case, ready on `days`, is heard; NaN for those who are not."""
    return days_of(log_of(gate, days, end, seed=seed, **about), "end")


def log_of(gate: Sessions, days: list[float] | Floats, end: float = 200.0, *, seed: int = 1, **about: Any) -> EventLog:
    day = np.asarray(days, dtype=float) + DAY_ZERO
    cases = pd.DataFrame({"case": [f"{n:06d}" for n in range(len(day))], "start": from_days(day), "end": pd.NaT})
    model = panel(gate)
    return simulate(model, Cohort.newcomers(model, cases.assign(**about), day, DAY_ZERO), at(end), seed=seed)


def times(log: EventLog, activity: str) -> np.ndarray:
    """How often each case had the activity."""
    rows = log.arrays.activity == log.arrays.activities.index(activity)
    return np.bincount(log.arrays.case[rows], minlength=len(log.cases))


def iso(day: float) -> str:
    return text_of(DAY_ZERO + day)


def test_a_cancelled_session_is_not_held_an_added_one_is_and_none_on_a_holiday() -> None:
    gate = Sessions(**WEEKLY, slots=9, cancelled=(iso(7),), added=(iso(9), iso(11)), slots_on={iso(9): 1})
    assert heard(gate, [1, 2, 3, 10, 12]).tolist() == [9, 11, 11, 11, 14]
    model = panel(Sessions(**WEEKLY, slots=9, added=(iso(10),)), holidays=(iso(7), iso(10)))
    assert days_of(run(model, [1, 9], 60.0), "end").tolist() == [10, 10]


def test_slots_of_a_date_are_its_own() -> None:
    gate = Sessions(**WEEKLY, slots=1, slots_on={iso(7): 0, iso(14): 3, iso(21): 0})
    assert heard(gate, [1, 2, 3, 4, 5]).tolist() == [14, 14, 14, 28, 35]


def test_a_failed_quorum_loses_the_session_and_only_that_one() -> None:
    ready = poisson_days(0.5, 1400.0, seed=3, whole=True)
    sure = heard(Sessions(**WEEKLY, slots=50), ready, 1500.0)
    gate = Sessions(**WEEKLY, slots=50, quorum_failure=0.2)
    risky = heard(gate, ready, 1500.0)
    held = set(risky[~np.isnan(risky)].tolist())
    failed = set(sure[~np.isnan(sure)].tolist()) - held
    sessions = int(1400 / 7)
    # 99.9 % limits of a binomial count.
    assert abs(len(failed) - 0.2 * sessions) < 3.3 * np.sqrt(sessions * 0.16) + 1
    # Each is heard at the first session from its own on that was held.
    for one, day in zip(sure, risky, strict=True):
        later = [d for d in held if d >= one]
        assert day == min(later) if later else np.isnan(day)
    # A session fails by its date: cancelling another leaves it as it was.
    other = heard(replace(gate, cancelled=(iso(7 * 50),)), ready, 1500.0)
    assert set(other[~np.isnan(other)].tolist()) <= held | {7.0 * 51}
    assert failed - {7.0 * 50} == (set(sure[~np.isnan(sure)].tolist()) - set(other[~np.isnan(other)].tolist())) - {
        350.0
    }


def test_deferral_comes_again_when_ready_and_how_often_is_geometric() -> None:
    # Slots for all, so that the only wait is for the next date: one every seven days.
    gate = Sessions(**WEEKLY, slots=10_000, deferral=0.3, deferral_days=fixed(10.0), deferred_as="deferred")
    log = log_of(gate, np.full(4_000, 7.0), 800.0)
    again = np.bincount(
        log.arrays.case[log.arrays.activity == log.arrays.activities.index("deferred")], minlength=4_000
    )
    # Heard on day 7, ready again on day 17, heard on day 21, and so on: 14 days a deferral.
    assert days_of(log, "end").tolist() == (7.0 + 14.0 * again).tolist()
    shares = np.bincount(again, minlength=6)[:4] / 4_000
    expected = 0.7 * 0.3 ** np.arange(4)
    assert (np.abs(shares - expected) < 3.5 * np.sqrt(expected * (1 - expected) / 4_000)).all()


@pytest.mark.parametrize("booking", [False, True])
@pytest.mark.parametrize(("end_ready", "other"), [(0, []), (1, [7.0, 14.0])])
def test_a_case_that_ends_in_a_session_is_not_heard_again_in_it(
    end_ready: int, other: list[float], booking: bool
) -> None:
    gate = Sessions(**WEEKLY, slots=2, booking=booking)
    steps = [
        step("end", fixed(float(end_ready)), gate="panel"),
        step("other", fixed(float(1 - end_ready)), gate="panel"),
    ]
    model = model_of(steps, {START: only("end", "other")}, gates={"panel": gate}, whole_days=True)
    cohort = arriving(model, [1.0, 3.0])
    log = simulate(model, cohort, at(60), seed=1)
    # The two slots of day 7 are the first child's, those of day 14 the second's: used, whichever step is heard first.
    assert days_of(log, "end").tolist() == [7.0, 14.0]
    assert (to_days(log.events.loc[log.events["activity"] == "other", "date"]) - DAY_ZERO).tolist() == other
    if not booking:
        same(log, simulate_by_processes(model, cohort, at(60), seed=1))


def test_a_deferral_uses_the_slot_and_goes_behind_those_ready_before_it_is_again() -> None:
    gate = Sessions(**WEEKLY, slots=1, deferral=0.5, deferral_days=fixed(3.0), deferred_as="deferred")
    log = log_of(gate, [1, 2, 8], 400.0, seed=4)
    events = log.events[log.events["activity"].isin(["deferred", "end"])]
    assert events["date"].is_unique  # one slot a session
    assert (events["activity"] == "deferred").any()
    assert log.cases["end"].notna().all()


@pytest.mark.parametrize("booking", [False, True])
def test_with_ample_slots_the_wait_is_lead_and_mean_residual_gap_and_deferrals_add_theirs(booking: bool) -> None:
    # Whole days: ready on any of seven days alike, so 3 days on average to the next date, and a lead of 14 more.
    ready = poisson_days(4.0, 2100.0, seed=5, whole=True)
    gate = Sessions(**WEEKLY, slots=10_000, lead_days=14.0, booking=booking)
    wait = heard(gate, ready, 2200.0) - ready
    assert wait.mean() == pytest.approx(17.0, abs=3.29 * 2.0 / np.sqrt(len(ready)))
    assert wait.min() == 14.0
    assert wait.max() == 20.0
    # A deferral of 10 days: the next date that is at least 10 + 14 days ahead is 28 days on. 1/3 deferrals on average.
    deferred = replace(gate, deferral=0.25, deferral_days=fixed(10.0))
    more = heard(deferred, ready, 2600.0) - ready
    spread = np.sqrt(28.0**2 * (0.25 / 0.75**2) + 4.0)
    assert more.mean() == pytest.approx(17.0 + 28.0 / 3.0, abs=3.29 * spread / np.sqrt(len(ready)))


def test_without_deferral_and_without_rules_booking_is_first_come_first_served_too() -> None:
    ready = poisson_days(0.5, 300.0, seed=6, whole=True)
    call_off = Sessions(**WEEKLY, slots=3, lead_days=5.0)
    np.testing.assert_array_equal(heard(call_off, ready, 500.0), heard(replace(call_off, booking=True), ready, 500.0))


def test_a_failed_session_is_booked_again_into_the_next_free_slots() -> None:
    gate = Sessions(**WEEKLY, slots=2, booking=True, quorum_failure=0.3)
    found = heard(gate, [1, 2, 3, 4, 5, 6], 400.0, seed=2)
    days, counts = np.unique(found, return_counts=True)
    assert counts.max() <= 2
    assert not np.isnan(found).any()
    assert days.max() > 21.0  # with every session held, the last is on day 21


def test_who_leaves_gives_a_booked_slot_back() -> None:
    gate = Sessions(**WEEKLY, slots=1, booking=True)
    model = replace(panel(gate), leaves_at_days=1000.0, leaves_as="left", ranks={"end": 2, "left": 1}, final=("end",))
    ready, birthday = np.array([1.0, 2.0, 9.0]), np.array([400.0, 10.0, 400.0])
    day = ready + DAY_ZERO
    cases = pd.DataFrame({"case": list("abc"), "start": from_days(day), "end": pd.NaT})
    cases["birth"] = from_days(birthday + DAY_ZERO - 1000.0)
    log = simulate(model, Cohort.newcomers(model, cases, day, DAY_ZERO), at(60), seed=1)
    # The second is booked for day 14 and leaves on day 10: too late for the third, booked on day 9 for day 21.
    assert days_of(log, "end")[[0, 2]].tolist() == [7.0, 21.0]
    day = day + np.array([0.0, 0.0, 2.0])
    later = Cohort.newcomers(model, cases.assign(start=from_days(day)), day, DAY_ZERO)
    assert days_of(simulate(model, later, at(60), seed=1), "end")[[0, 2]].tolist() == [7.0, 14.0]


@pytest.mark.parametrize("booking", [False, True])
def test_siblings_whose_papers_are_in_take_one_slot(booking: bool) -> None:
    gate = Sessions(**WEEKLY, slots=1, siblings_together=True, booking=booking)
    family = ["x", "x", "y", "x", "", ""]
    #        day 7: the x of days 1 and 2; day 14: y; day 21: the late x; then one each of those without a family.
    assert heard(gate, [1, 2, 3, 8, 9, 10], family=family).tolist() == [7, 7, 14, 21, 28, 35]
    assert heard(replace(gate, siblings_together=False), [1, 2, 3], family=family[:3]).tolist() == [7, 14, 21]


def test_siblings_share_the_slot_and_each_has_its_own_luck() -> None:
    gate = Sessions(**WEEKLY, slots=1, siblings_together=True, deferral=0.5, deferral_days=fixed(0.0))
    days = np.arange(1.0, 400.0, 2.0)
    found = heard(gate, np.repeat(days, 2), 20_000.0, family=np.repeat(days.astype(int).astype(str), 2))
    one, other = found[::2], found[1::2]
    assert 0.2 < (one == other).mean() < 0.8


def test_slots_are_kept_for_some_and_lost_where_none_of_them_waits() -> None:
    kept = CarveOut(by="age_band", values=("0", "1-4"), slots=1)
    gate = Sessions(**WEEKLY, slots=2, carve_outs=(kept,))
    old = ["12+"] * 4
    assert heard(gate, [1, 2, 3, 4], age_band=old).tolist() == [7, 14, 21, 28]
    # The young one takes the slot kept for it, a second young one one that is open to all.
    assert heard(gate, [1, 2, 3, 4], age_band=["12+", "12+", "0", "1-4"]).tolist() == [7, 14, 7, 14]
    assert heard(gate, [3, 4, 1, 2], age_band=["12+", "12+", "0", "1-4"]).tolist() == [14, 21, 7, 7]
    booked = replace(gate, booking=True)
    assert heard(booked, [1, 2, 3, 4], age_band=["12+", "12+", "0", "1-4"]).tolist() == [7, 14, 7, 14]
    # Fewer slots on a date than are kept: what there is goes to those they are kept for.
    assert heard(replace(gate, slots_on={iso(7): 1}), [1, 2], age_band=["12+", "0"]).tolist() == [14, 7]


def test_the_rule_says_who_is_called_first_and_the_day_of_papers_says_the_rest() -> None:
    gate = Sessions(**WEEKLY, slots=1, priority=Priority(by="age_band", first=("0", "1-4")))
    bands = ["12+", "12+", "1-4", "0", "0"]
    #        day 7: of the four ready, the first "0"; then the "0" ready since; then "1-4"; then by the day of papers.
    assert heard(gate, [2, 1, 3, 4, 8], age_band=bands).tolist() == [35, 28, 21, 7, 14]


CASES = st.lists(st.tuples(st.integers(1, 40), st.sampled_from("xyz"), st.sampled_from("abc")), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(CASES, st.integers(1, 3), st.booleans(), st.booleans(), st.booleans())
def test_whatever_the_rules_slots_are_never_exceeded_and_nobody_is_lost(
    cases: list[tuple[int, str, str]], slots: int, booking: bool, together: bool, kept: bool
) -> None:
    gate = Sessions(
        **WEEKLY,
        slots=slots,
        lead_days=3.0,
        booking=booking,
        siblings_together=together,
        carve_outs=(CarveOut(by="band", values=("a",), slots=1),) if kept else (),
        priority=None if booking else Priority(by="band", first=("b",)),
        deferral=0.3,
        deferral_days=exponential(9.0),
        deferred_as="deferred",
    )
    ready, family, band = zip(*cases, strict=True)
    log = log_of(gate, np.sort(np.asarray(ready, dtype=float)), 6_000.0, family=family, band=band)
    # With every slot kept, those who are not of the band are never heard; otherwise everybody is in the end.
    never = np.asarray([kept and slots == 1 and (not together) and one != "a" for one in band])
    ended = days_of(log, "end")
    if not (kept and slots == 1):
        assert not np.isnan(ended).any()
    assert np.isnan(ended[never]).all()
    appearances = log.events[log.events["activity"].isin(["deferred", "end"])].merge(log.cases[["case", "family"]])
    used = appearances.groupby("date")["family" if together else "case"].nunique()
    assert (used <= slots).all()
    assert (to_days(appearances["date"]) - DAY_ZERO) % 7 == pytest.approx(0.0)
    assert (ended - (log.arrays.start - DAY_ZERO) >= 3.0)[~np.isnan(ended)].all()


@pytest.mark.parametrize("booking", [False, True])
def test_one_more_slot_lengthens_nobodys_wait_whatever_else_happens_there(booking: bool) -> None:
    ready = poisson_days(0.6, 400.0, seed=7, whole=True)
    gate = Sessions(**WEEKLY, slots=4, lead_days=7.0, booking=booking, quorum_failure=0.0 if booking else 0.1)
    fewer, more = heard(gate, ready, 900.0), heard(replace(gate, slots=5), ready, 900.0)
    assert (more <= fewer).all()
    assert (more < fewer).any()


def test_what_a_gate_does_touches_no_other_draw() -> None:
    ready = poisson_days(0.5, 400.0, seed=8, whole=True)
    steps = [step("aside", exponential(30.0)), step("end", exponential(9.0), gate="panel")]
    plain = Sessions(**WEEKLY, slots=9)
    busy = replace(plain, deferral=0.4, deferral_days=exponential(20.0), quorum_failure=0.3, siblings_together=True)
    logs = []
    for gate in (plain, busy):
        model = model_of(steps, {START: only("aside", "end")}, gates={"panel": gate}, final=(), whole_days=True)
        logs.append(run(model, ready, 900.0))
    np.testing.assert_array_equal(days_of(logs[0], "aside"), days_of(logs[1], "aside"))
    assert (days_of(logs[0], "end") != days_of(logs[1], "end")).any()


@pytest.mark.parametrize("booking", [False, True])
def test_a_longer_horizon_only_adds_what_comes_later(booking: bool) -> None:
    ready = poisson_days(0.9, 280.0, seed=9, whole=True)
    family = [f"{n // 2}" for n in range(len(ready))]
    gate = Sessions(
        **WEEKLY,
        slots=3,
        booking=booking,
        quorum_failure=0.2,
        deferral=0.2,
        deferral_days=exponential(20.0),
        deferred_as="deferred",
        siblings_together=True,
    )
    short, long = (log_of(gate, ready, end, family=family).events for end in (200.0, 700.0))
    pd.testing.assert_frame_equal(short, long[long["date"] <= at(200.0)].reset_index(drop=True))
    assert len(long) > len(short) + 30
