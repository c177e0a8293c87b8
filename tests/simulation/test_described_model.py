"""What a discovered model says of itself: planted calendars, people, waits and memory are found again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.discovery.describe import activities, described
from simulation.discovery.journeys import Journeys
from simulation.discovery.play import discover_log
from simulation.discovery.routing import routing_memory

MONDAY = pd.Timestamp("2024-01-01")


@pytest.fixture(scope="module")
def log() -> EventLog:
    """A case begins a or b, passes c, and ends d after a and e after b: two activities back say which.

    a, b and c are done by three people from 9 to 16 on weekdays and take 30 minutes; d and e by one, at night, waiting
    for exactly ten hours after the end of c.
    """
    rng = np.random.default_rng(1)
    rows = []
    for number in range(600):
        day = number // 5
        if day % 7 > 4:
            continue
        start = MONDAY + pd.Timedelta(days=day, hours=int(rng.integers(9, 15)))
        first = "a" if rng.random() < 0.4 else "b"
        c = start + pd.Timedelta(hours=1)
        last = c + pd.Timedelta(hours=10.5)
        for activity, begin in ((first, start), ("c", c), ("d" if first == "a" else "e", last)):
            who = "night" if activity in "de" else f"day {rng.integers(3)}"
            rows.append((f"{number:03d}", activity, begin + pd.Timedelta(minutes=30), begin, who))
    frame = pd.DataFrame(rows, columns=["case", "activity", "date", "start", "resource"])
    frame[["date", "start"]] = frame[["date", "start"]].astype("datetime64[us]")
    return EventLog.of(frame, ObservationWindow(MONDAY, MONDAY + pd.Timedelta(days=130)), final=["d", "e"])


def test_work_waits_hours_and_people_are_found_again(log: EventLog) -> None:
    table = activities(Journeys.of(log)).set_index("activity")
    assert table["work_hours"].tolist() == pytest.approx([0.5] * 5)
    assert table.loc["c", "waiting_hours"] == pytest.approx(0.5)
    assert table.loc[["d", "e"], "waiting_hours"].tolist() == pytest.approx([10.0, 10.0])
    assert table.loc["b", "working_hours"] == "Mon-Fri 9-15"
    assert table.loc["c", "working_hours"] == "Mon-Fri 10-16"
    assert table.loc["c", "resources"] == 3
    assert table.loc["d", ["resources", "mostly", "mostly_share"]].tolist() == [1, "night", 1.0]
    assert table["per_case"]["c"] == 1.0


def test_the_memory_that_was_planted_is_found(log: EventLog) -> None:
    table = routing_memory(Journeys.of(log))
    assert table.loc[table["best"], "memory"].tolist() == [2]
    # One toss of a coin of .4 in four steps is all that cannot be told.
    coin = -(0.4 * np.log2(0.4) + 0.6 * np.log2(0.6)) / 4
    assert table["bits"][2] == pytest.approx(coin, abs=0.03)
    assert table["bits"][1] > 1.7 * coin


def test_the_description_is_plain_values(log: EventLog) -> None:
    found = described(discover_log(log, ahead=True))
    assert json.loads(json.dumps(found)) == found
    assert found["known"]["start_times"] is True
    assert found["arrivals"]["share_by_weekday"]["Sun"] == 0.0
    assert sum(row["timing"] for row in found["past_cases_count"]) == pytest.approx(1.0, abs=0.1)
