"""The event log: its order never comes from the rows, and its arrays say what its frames say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days, to_days, typical_order
from event_logs.window import ObservationWindow

WINDOW = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31"))


def frame(*rows: tuple[str, str, str]) -> pd.DataFrame:
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    return events.assign(date=pd.to_datetime(events["date"]))


def test_tiny_log_introduces_itself(tiny_log: EventLog) -> None:
    assert str(tiny_log) == ("event log: 20 events, 3 cases (1 open), 12 activities, observed 2020-01-01 to 2021-06-30")
    assert len(tiny_log) == 20
    assert tiny_log.open_cases == 1
    assert tiny_log.activities == tuple(a for a in v.MILESTONES if a in set(tiny_log.events["activity"]))


def test_same_day_events_stand_in_milestone_order_though_rows_came_backwards(tiny_log: EventLog) -> None:
    of_a = tiny_log.events.loc[tiny_log.events["case"] == "A", "activity"].tolist()
    assert of_a[:5] == [v.BECAME_LOOKED_AFTER, v.ACCOMMODATED, v.REVIEW, v.REVIEW, v.RECOMMENDED]
    assert of_a[-2:] == [v.ADOPTION_ORDER, v.CEASED]


def test_arrays_of_the_tiny_log(tiny_log: EventLog) -> None:
    arrays = tiny_log.arrays
    assert arrays.first.tolist() == [0, 10, 16, 20]
    assert arrays.case.tolist() == [0] * 10 + [1] * 6 + [2] * 4
    assert [arrays.activities[i] for i in arrays.activity] == tiny_log.events["activity"].tolist()
    assert arrays.day[0] == 18262  # 2020-01-01 is 50 years and 12 leap days after 1970-01-01
    assert (arrays.start[1], arrays.end[1]) == (18262 + 60, 18262 + 152)
    assert np.isnan(arrays.end[2])
    assert arrays.window_end - arrays.window_start == 546


def test_without_cases_a_case_ends_only_with_a_final_activity() -> None:
    events = frame(
        ("a", "in", "2020-01-01"), ("a", "out", "2020-02-01"), ("b", "out", "2020-01-01"), ("b", "in", "2020-03-01")
    )
    log = EventLog.of(events, WINDOW, final=["out"])
    assert log.cases["end"].tolist() == [pd.Timestamp("2020-02-01"), pd.NaT]
    assert log.cases["start"].tolist() == [pd.Timestamp("2020-01-01")] * 2


@pytest.mark.parametrize(
    "dates",
    [
        ["03/04/2024", "25/12/2024"],
        ["2024-04-03", "2024-12-25"],
        [45385, 45651],
        pd.to_datetime(["2024-04-03", "2024-12-25"], utc=True),
    ],
)
def test_what_is_no_date_yet_is_refused_not_guessed(dates: object) -> None:
    events = pd.DataFrame({"case": ["a", "b"], "activity": ["in", "in"], "date": dates})
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))
    with pytest.raises(ValueError, match=r"events\.date must be datetime64 without a time zone, got "):
        EventLog.of(events, window)
    good = events.assign(date=pd.to_datetime(["2024-04-03", "2024-12-25"]))
    with pytest.raises(ValueError, match=r"cases\.end must be datetime64"):
        EventLog.of(good, window, cases=pd.DataFrame({"case": ["a", "b"], "start": good["date"], "end": ["x", None]}))
    log = EventLog.of(
        good, window, cases=pd.DataFrame({"case": ["a", "b"], "start": good["date"], "end": [None, None]})
    )
    assert log.open_cases == 2


def test_keeping_holds_on_to_cases_without_events(tiny_log: EventLog) -> None:
    panel = tiny_log.keeping([v.PANEL])
    assert len(panel) == 1
    assert len(panel.cases) == 3
    assert panel.activities == (v.PANEL,)
    assert panel.arrays.first.tolist() == [0, 1, 1, 1]
    with pytest.raises(ValueError, match="activity not in the log: Panel"):
        tiny_log.keeping(["Panel"])


def test_empty_log() -> None:
    log = EventLog.of(frame(), WINDOW)
    assert (len(log), len(log.cases), log.activities) == (0, 0, ())
    assert log.arrays.first.tolist() == [0]


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        (frame(("a", "x", "2020-01-01")).drop(columns="date"), "missing: date"),
        (frame(("a", "x", "")), "found some in: date"),
        (frame(("a", "x", "2021-01-01")), "not be later than the window's end, 2020-12-31"),
    ],
)
def test_refuses(events: pd.DataFrame, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        EventLog.of(events, WINDOW)


def test_refuses_an_activity_without_rank_and_an_event_of_an_unknown_case() -> None:
    events = frame(("a", "x", "2020-01-01"))
    with pytest.raises(ValueError, match="without a rank: x"):
        EventLog.of(events, WINDOW, ranks={"y": 1})
    nobody = pd.DataFrame({"case": ["b"], "start": [WINDOW.start], "end": [pd.NaT]})
    with pytest.raises(ValueError, match="1 cases have events but no row"):
        EventLog.of(events, WINDOW, cases=nobody)
    with pytest.raises(ValueError, match="must be unique"):
        EventLog.of(events, WINDOW, cases=pd.concat([nobody, nobody]))


def test_typical_order_follows_strictly_ordered_events() -> None:
    # "a" comes before "b" wherever they differ in date; on the shared day of case 2 nothing can be learnt.
    events = frame(
        ("1", "a", "2020-01-01"), ("1", "b", "2020-01-02"), ("2", "b", "2020-01-05"), ("2", "a", "2020-01-05")
    )
    assert typical_order(events) == {"a": 1, "b": 2}


def test_days_there_and_back() -> None:
    dates = pd.Series(pd.to_datetime(["1969-12-31", "2020-02-29 06:00", None], format="ISO8601"))
    days = to_days(dates)
    assert days[:2].tolist() == [-1.0, 18321.25]
    assert np.isnan(days[2])
    assert pd.Series(from_days(days)).equals(dates.astype("datetime64[us]"))


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("pqr"), st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 9), st.sampled_from("xy")
        ),
        min_size=1,
        max_size=30,
    ),
    data=st.data(),
)
def test_order_of_rows_never_matters(rows: list[tuple[str, str, int, str]], data: st.DataObject) -> None:
    def log(rows: list[tuple[str, str, int, str]]) -> EventLog:
        events = frame(*[(case, activity, f"2020-01-0{day}") for case, activity, day, _ in rows])
        return EventLog.of(events.assign(note=[note for *_, note in rows]), WINDOW, final=["d"])

    one, other = log(rows), log(data.draw(st.permutations(rows)))
    pd.testing.assert_frame_equal(one.events, other.events)
    pd.testing.assert_frame_equal(one.cases, other.cases)
