"""Start and complete events become one event with a start and an end."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from event_logs.lifecycle import with_starts
from event_logs.log import EventLog
from event_logs.window import ObservationWindow


def log_of(*rows: tuple[str, str, str, str]) -> EventLog:
    """A log from (case, activity, transition, time on 1 January 2024)."""
    frame = pd.DataFrame(rows, columns=["case", "activity", "lifecycle:transition", "date"])
    frame["date"] = pd.to_datetime("2024-01-01 " + frame["date"]).astype("datetime64[us]")
    return EventLog.of(frame, ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")))


def told(log: EventLog) -> list[tuple[str, str, str, str]]:
    """Case, activity, start and end of each event; "-" for no start."""
    start = log.events["start"].dt.strftime("%H:%M").fillna("-")
    return list(
        zip(log.events["case"], log.events["activity"], start, log.events["date"].dt.strftime("%H:%M"), strict=True)
    )


def test_the_first_start_belongs_to_the_first_end_and_so_on() -> None:
    log = with_starts(
        log_of(
            ("a", "x", "start", "08:00"),
            ("a", "x", "complete", "09:00"),
            ("a", "x", "START", "10:00"),
            ("a", "y", "complete", "11:00"),
            ("a", "x", "COMPLETE", "12:00"),
            ("b", "x", "start", "08:30"),
        )
    )
    assert told(log) == [
        ("a", "x", "08:00", "09:00"),
        ("a", "y", "-", "11:00"),
        ("a", "x", "10:00", "12:00"),
        ("b", "x", "-", "08:30"),
    ]


def test_a_start_after_its_end_is_none() -> None:
    log = log_of(("a", "x", "complete", "08:00"), ("a", "x", "start", "09:00"))
    assert told(with_starts(log)) == [("a", "x", "-", "08:00"), ("a", "x", "-", "09:00")]


def test_a_log_that_says_nothing_of_starts_stays_as_it_is() -> None:
    log = log_of(("a", "x", "complete", "08:00"), ("a", "y", "complete", "09:00"))
    assert with_starts(log) is log


def test_a_customary_column_of_starts_is_taken() -> None:
    log = log_of(("a", "x", "complete", "08:00"))
    frame = log.events.assign(start_timestamp=log.events["date"] - pd.Timedelta(hours=1))
    assert told(with_starts(EventLog(frame, log.cases, log.window))) == [("a", "x", "07:00", "08:00")]


def test_a_column_called_start_that_holds_no_dates_is_an_attribute() -> None:
    log = log_of(("a", "x", "start", "07:00"), ("a", "x", "complete", "08:00"))
    found = with_starts(replace(log, events=log.events.assign(start="home")))
    assert told(found) == [("a", "x", "07:00", "08:00")]
    assert found.events["start_"].tolist() == ["home"]
