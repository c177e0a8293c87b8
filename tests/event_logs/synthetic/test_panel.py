"""The panel's calendar and its queue."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from event_logs.synthetic import Council, Journeys
from event_logs.synthetic.council import day_number
from event_logs.synthetic.panel import MAX_HEARINGS, Hearings, hold_panels, sessions
from event_logs.synthetic.streams import Streams

YEAR_2020 = Council(deferral=0.0, panel_slots=2, panel_lead_days=14)


def day(month: int, number: int) -> float:
    return float(day_number(date(2020, month, number)))


def hold(council: Council, ready: list[float], leaves: list[float] | None = None) -> Hearings:
    size = len(ready)
    draws = Streams(1, size).of(np.arange(size), np.zeros(size, dtype=int), 0.3)
    return hold_panels(council, draws, np.array(ready), np.array(leaves or [np.inf] * size))


def test_sessions_are_the_first_and_third_tuesdays_but_not_in_july() -> None:
    expected = []
    for month in (m for m in range(1, 13) if m != 7):
        weeks = calendar.Calendar().monthdatescalendar(2020, month)
        tuesdays = [week[1] for week in weeks if week[1].month == month]
        expected += [day_number(tuesdays[0]), day_number(tuesdays[2])]
    held = sessions(Council(), int(day(12, 31)))
    assert held[held >= day(1, 1)].tolist() == expected


def test_papers_must_be_in_fourteen_days_before() -> None:
    # Tuesdays of the calendar in March and April 2020: 3 and 17 March, 7 and 21 April.
    hearings = hold(YEAR_2020, [day(3, 3), day(3, 4)])
    assert hearings.first.tolist() == [day(3, 17), day(4, 7)]


def test_first_come_first_served_with_two_slots() -> None:
    # Child 3 was ready first; children 0, 1 and 2 on one day, so by their row.
    hearings = hold(YEAR_2020, [day(2, 5), day(2, 5), day(2, 5), day(2, 4)])
    assert hearings.first.tolist() == [day(3, 3), day(3, 3), day(3, 17), day(2, 18)]
    at = {float(session): left for session, left in zip(hearings.session, hearings.left, strict=True)}
    assert at[day(3, 3)] == 1
    assert at[day(3, 17)] == 0


def test_a_child_who_leaves_while_waiting_takes_no_slot() -> None:
    hearings = hold(YEAR_2020, [day(2, 5)] * 4, leaves=[day(3, 2), np.inf, np.inf, np.inf])
    assert hearings.first.tolist() == [np.inf, day(3, 3), day(3, 3), day(3, 17)]


def test_a_deferred_child_queues_again_from_its_information() -> None:
    hearings = hold(replace(YEAR_2020, deferral=1.0), [day(2, 5)])
    panel, information = hearings.panel[0], hearings.information[0]
    assert np.isfinite(panel).sum() == MAX_HEARINGS
    assert np.isfinite(information).tolist() == [True, True, True, False]
    assert (panel[:-1] < information[:-1]).all()
    assert (panel[1:] - information[:-1] >= 14).all()
    assert hearings.last[0] == panel[-1]
    # The next session that the information was in time for: the panel is otherwise empty.
    for back, heard in zip(information[:-1], panel[1:], strict=True):
        assert heard == hearings.session[hearings.session >= back + 14][0]


def test_an_overfull_panel_decides_nobody_it_has_not_heard_out() -> None:
    hearings = hold(replace(YEAR_2020, panel_slots=1, deferral=0.5), [day(1, 6)] * 600)
    unheard = np.isinf(hearings.first)
    assert unheard.any()
    assert np.isinf(hearings.last[unheard]).all()
    waiting_again = np.isfinite(hearings.information).sum(axis=1) == np.isfinite(hearings.panel).sum(axis=1)
    assert np.isinf(hearings.last[waiting_again]).all()


def test_council_queue_is_in_turn_and_within_its_slots(journeys: Journeys) -> None:
    hearings = journeys.hearings
    held = hearings.panel[np.isfinite(hearings.panel)]
    _, counts = np.unique(held, return_counts=True)
    assert counts.max() == journeys.council.panel_slots
    assert counts.sum() == hearings.heard.sum()
    papers = ("Legal advice received", "Health assessment completed", "Child's report completed")
    ready = np.maximum.reduce([journeys.days[name] for name in papers])
    both = np.isfinite(ready) & np.isfinite(journeys.panel[:, 0]) & (journeys.route == 2)
    order = np.argsort(ready[both], kind="stable")
    assert (np.diff(journeys.panel[both, 0][order]) >= 0).all()


@pytest.mark.parametrize("slots", [5, 6])
def test_more_slots_never_make_a_child_wait_longer_for_its_first_hearing(journeys: Journeys, slots: int) -> None:
    ready = np.sort(np.random.default_rng(2).uniform(day(1, 1), day(1, 1) + 3650, 600)).round().tolist()
    few = hold(replace(Council(), deferral=0.0), ready).first
    many = hold(replace(Council(), deferral=0.0, panel_slots=slots), ready).first
    assert (many <= few).all()
    assert (many < few).any()
