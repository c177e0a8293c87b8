"""Measures of a log: worked by hand on three children, and equal to mining's own clocks on a simulated council."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.log import EventLog, to_days
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from event_logs.vocabulary import AIMS, STAGES
from event_logs.window import ObservationWindow
from mining.aims import aim_visits, share_met
from mining.visits import stage_visits
from scenarios.measures import GATES, Clock, Yardstick, birthday, measure
from scenarios.moves import Moves
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway

RANKS = {name: milestone.rank for name, milestone in v.MILESTONES.items()}


def log_of(rows: list[tuple[str, str, str]], ends: dict[str, str], births: dict[str, str] | None = None) -> EventLog:
    """A log observed in 2024 and 2025, from (case, activity, date)."""
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    names = sorted(set(events["case"]))
    cases = pd.DataFrame(
        {
            "case": names,
            "start": events.groupby("case")["date"].min().loc[names].to_numpy(),
            "end": pd.to_datetime([ends.get(name) for name in names]),
        }
    )
    if births is not None:
        cases["birth"] = pd.to_datetime([births[name] for name in names])
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2025-12-31"))
    return EventLog.of(events, window, cases=cases, ranks=RANKS)


@pytest.fixture(scope="module")
def made_up_log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """Two years of a small council simulated from its records: messy pasts, open ends, all that happens."""
    folder: Path = tmp_path_factory.mktemp("council")
    generate(folder, council=Council().scaled(60), seed=5)
    log = derive(load_project(folder)).log
    model = fit_pathway(log)
    return simulate(model, snapshot(log, model), log.window.end + pd.Timedelta(days=730), seed=1)


@pytest.fixture(scope="module")
def three() -> tuple[EventLog, Yardstick]:
    """a: accommodated before the window, home in it. b: plan decided in 70 days, open at court. c: waits for a plan."""
    log = log_of(
        [
            ("a", v.ACCOMMODATED, "2021-06-01"),
            ("a", v.RETURN_HOME, "2024-01-20"),
            ("a", v.RETURNED_HOME, "2024-04-10"),
            ("b", v.ACCOMMODATED, "2024-02-01"),
            ("b", v.RECOMMENDED, "2024-04-11"),
            ("b", v.PANEL, "2024-08-01"),
            ("b", v.LEGAL_REQUESTED, "2024-04-20"),
            ("b", v.LEGAL_RECEIVED, "2024-05-20"),
            ("b", v.HEALTH_REQUESTED, "2024-04-12"),
            ("b", v.HEALTH_COMPLETED, "2024-05-01"),
            ("b", v.REPORT_COMPLETED, "2024-06-01"),
            ("b", v.AGENCY_DECISION, "2024-08-11"),
            ("b", v.LODGED, "2024-10-01"),
            ("c", v.ACCOMMODATED, "2025-11-01"),
        ],
        {"a": "2024-05-01"},
        {"a": "2015-01-01", "b": "2020-03-01", "c": "2010-01-01"},
    )
    start, end = to_days(pd.Series([log.window.start, log.window.end])).tolist()
    return log, Yardstick(start=start, end=end)


def test_measures_worked_by_hand(three: tuple[EventLog, Yardstick]) -> None:
    log, yard = three
    row = measure(log, yard)
    # Papers: 11 April to 1 June; panel: to 1 August; decision: 10 days; lodging: 51; court: open for 456 days.
    assert yard.part("child_weeks", row)[1:] * 7 == pytest.approx([51, 61, 10, 51, 456])
    assert yard.part("child_weeks", row)[0] * 7 == pytest.approx(19 + 70 + 60)
    assert yard.part("weeks", row)[1] * 7 == pytest.approx(51)
    days = yard.end - yard.start
    assert yard.part("queue", row) * days == pytest.approx([30, 19, 61, 10, 456])
    # Quarter ends: 1 April, 1 July, 1 October 2024, ...: b is before the panel on 1 July, in court from 1 October on.
    assert len(yard.quarters) == 7
    assert yard.part("queue_at", row)[2].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert yard.part("queue_at", row)[4].tolist() == [0, 0, 1, 1, 1, 1, 1]
    # a is past two years from June 2023 until it goes home in April 2024: there on 1 April only.
    assert yard.part("past_two_years", row).tolist() == [1, 0, 0, 0, 0, 0, 0]
    # Away: a 100 days in the band beyond two years; b 182, 183, 334; c 60.
    assert yard.part("away_days", row) == pytest.approx([182 + 60, 183, 334, 100])
    assert np.isnan(yard.part("moves", row)).all()
    events = dict(zip(yard.activities, yard.part("events", row).tolist(), strict=True))
    assert (events[v.ACCOMMODATED], events[v.RETURNED_HOME], events[v.PANEL], events[v.CEASED]) == (2, 1, 1, 0)


def test_aims_count_the_children_whose_clock_starts_in_the_window_and_are_young_enough(three) -> None:
    log, yard = three
    shares = dict(zip((aim.number for aim in yard.aims), yard.part("aims", measure(log, yard)), strict=True))
    assert shares[2] == 1.0  # b within 228 days; c is 15, a began before
    assert shares[3] == 0.0  # b took 122 days of 98
    assert shares[4] == 1.0


def test_a_log_with_nothing_in_it_has_unknown_means_and_no_time() -> None:
    log = log_of([("a", v.BECAME_LOOKED_AFTER, "2024-03-01")], {})
    start, end = to_days(pd.Series([log.window.start, log.window.end])).tolist()
    yard = Yardstick(start=start, end=end)
    row = measure(log, yard)
    assert np.isnan(yard.part("weeks", row)).all()
    assert np.isnan(yard.part("aims", row)).all()
    assert (yard.part("child_weeks", row) == 0).all()
    assert (yard.part("queue_at", row) == 0).all()


def test_a_simulated_log_brings_the_arrays_that_its_tables_hold(made_up_log: EventLog) -> None:
    again = EventLog(made_up_log.events, made_up_log.cases, made_up_log.window).arrays
    for name in ("case", "activity", "day", "first", "start", "end"):
        brought, read = getattr(made_up_log.arrays, name), getattr(again, name)
        assert brought.dtype == read.dtype, name
        assert np.array_equal(brought, read, equal_nan=name in ("start", "end")), name
    assert made_up_log.arrays.activities == again.activities
    assert (made_up_log.arrays.window_start, made_up_log.arrays.window_end) == (again.window_start, again.window_end)


def test_clocks_are_those_of_mining(made_up_log: EventLog) -> None:
    clock = Clock(made_up_log.arrays)
    for stage in [*STAGES, *(wait for gate in GATES for wait in gate.waits)]:
        start, leave, ended = clock.visits(stage)
        same = stage_visits(made_up_log, stage)
        assert np.array_equal(start, same.start), stage.name
        assert np.array_equal(leave, same.exit), stage.name
        assert np.array_equal(ended, same.cause > 0), stage.name


def test_shares_of_aims_are_those_of_mining_for_clocks_started_in_the_window(made_up_log: EventLog) -> None:
    arrays = made_up_log.arrays
    yard = Yardstick(start=arrays.window_start, end=arrays.window_end, activities=made_up_log.activities)
    shares = yard.part("aims", measure(made_up_log, yard))
    for aim, share in zip(AIMS, shares, strict=True):
        visits, _ = aim_visits(made_up_log, aim)
        expected = share_met(visits.begun_since(arrays.window_start), aim.limit_days)[0]
        assert share == pytest.approx(expected, nan_ok=True), aim.name


def test_birthdays_are_those_of_the_calendar() -> None:
    born = pd.date_range("2012-01-15", "2016-12-31", freq="17D")
    expected = to_days(pd.Series(born) + pd.DateOffset(months=144))
    assert np.array_equal(birthday(born.to_numpy().astype("datetime64[D]"), 12.0), expected)
    assert np.isnan(birthday(np.array(["NaT"], dtype="datetime64[D]"), 12.0)[0])


def test_moves_come_at_the_rate_of_their_band(three: tuple[EventLog, Yardstick]) -> None:
    log, _ = three
    placements = pd.DataFrame(
        {
            "case": ["a", "a", "b", "b", "b", "b", "nobody"],
            # The first of b's is where it came to, two on one day are one move, the last is a year on; a's second is
            # in the band beyond two years; its first was before the window.
            "start": pd.to_datetime(
                ["2021-07-01", "2024-02-01", "2024-02-01", "2024-03-01", "2024-03-01", "2025-03-01", "2024-02-02"]
            ),
        }
    )
    found = Moves.of(log, placements)
    assert found.moves.sum(axis=0).tolist() == [1, 0, 1, 1]
    assert found.days.sum(axis=0) == pytest.approx([242, 183, 334, 100])
    assert found.rates(np.ones(3)) == pytest.approx([1 / 242, 0, 1 / 334, 1 / 100])
    # Counting b twice and a not at all.
    assert found.rates(np.array([0.0, 2.0, 0.0])) == pytest.approx([1 / 182, 0, 1 / 334, 0])
    with pytest.raises(ValueError, match="missing: start"):
        Moves.of(log, placements[["case"]])
