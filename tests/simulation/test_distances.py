"""Log distances: worked by hand, equal to the package they follow, and quick."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.distances import (
    LogDistances,
    absolute_distance,
    arrival_distance,
    circadian_distance,
    cycle_time_distance,
    earth_movers,
    log_distances,
    ngram_distance,
    relative_distance,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
ORACLE = SHARED / "oracles" / "log_distances_loan_app.json"
FIELDS = {
    "ngd3": "ngram",
    "aed_h": "absolute_hours",
    "ced_h": "circadian_hours",
    "red_h": "relative_hours",
    "ctd_h": "cycle_hours",
}


def log_of(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> EventLog:
    """A log from (case, activity, end) or (case, activity, start, end)."""
    frame = pd.DataFrame(
        {
            "case": [row[0] for row in rows],
            "activity": [row[1] for row in rows],
            "date": pd.to_datetime([row[-1] for row in rows]).astype("datetime64[us]"),
        }
    )
    if rows and len(rows[0]) == 4:
        frame["start"] = pd.to_datetime([row[2] for row in rows]).astype("datetime64[us]")
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))
    return EventLog.of(frame, window, ranks=dict.fromkeys("abcdef", 1))


NOTHING = log_of()
ONE = log_of(("1", "a", "2024-01-01 09:00"), ("1", "b", "2024-01-01 12:30"), ("2", "a", "2024-01-02 09:00"))
LATER = log_of(("1", "a", "2024-01-01 10:00"), ("1", "b", "2024-01-01 13:30"), ("2", "a", "2024-01-02 10:00"))


def loan() -> pd.DataFrame:
    """The loan log that the frozen values were computed from."""
    if not ORACLE.is_file():
        pytest.skip("the frozen values and public logs are not beside the repository")
    frame = pd.read_csv(SHARED / "logs" / "loan_app.csv.gz")
    for column in ("start_time", "end_time"):
        frame[column] = pd.to_datetime(frame[column], format="ISO8601").astype("datetime64[us]")
    return frame


def loan_log(frame: pd.DataFrame) -> EventLog:
    events = frame.rename(columns={"case_id": "case", "start_time": "start", "end_time": "date"})
    window = ObservationWindow(events["start"].min().floor("D"), events["date"].max().ceil("D"))
    return EventLog.of(events[["case", "activity", "date", "start"]], window)


def test_equal_to_the_frozen_values_of_the_package() -> None:
    frame = loan()
    frozen = json.loads(ORACLE.read_text(encoding="utf-8"))
    ordered = frame.sort_values("end_time", kind="stable")
    cut = int(0.8 * len(ordered))
    both = set(ordered["case_id"].iloc[:cut]) & set(ordered["case_id"].iloc[cut:])
    train, test = (part[~part["case_id"].isin(both)] for part in (ordered.iloc[:cut], ordered.iloc[cut:]))
    assert (len(train), len(test)) == (frozen["train_vs_test"]["train_events"], frozen["train_vs_test"]["test_events"])
    odd = frame["case_id"] % 2 == 1
    pairs = {"train_vs_test": (train, test), "odd_vs_even_case_ids": (frame[odd], frame[~odd])}
    for name, (one, other) in pairs.items():
        found = log_distances(loan_log(one), loan_log(other))
        for frozen_name, field in FIELDS.items():
            assert getattr(found, field) == pytest.approx(frozen[name][frozen_name], rel=1e-12, abs=1e-12)


def test_all_six_of_a_thousand_cases_take_a_fraction_of_a_second() -> None:
    frame = loan()
    one, other = loan_log(frame[frame["case_id"] % 2 == 1]), loan_log(frame[frame["case_id"] % 2 == 0])
    log_distances(one, other)
    begin = time.process_time()
    log_distances(one, other)
    # The package takes about ten seconds for seven measures of two logs of 300 cases.
    assert time.process_time() - begin < 0.5


def test_a_log_is_no_distance_from_itself() -> None:
    assert log_distances(ONE, ONE) == LogDistances(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_shift_of_an_hour_moves_what_is_absolute_and_nothing_else() -> None:
    found = log_distances(ONE, LATER)
    assert found == LogDistances(0.0, 1.0, pytest.approx(2 / 7), 0.0, 1.0, 0.0)


def test_ngrams_by_hand() -> None:
    # With two blanks on either side: 1: ..a .ab ab. b.. ; 2: ..a .a. a..   against   1: ..a .ac ac. c..
    other = log_of(("1", "a", "2024-01-01"), ("1", "c", "2024-01-02"))
    # Of the 7 and 4 only ..a is shared, twice in the one and once in the other.
    assert ngram_distance(ONE, other) == pytest.approx((1 + 5 + 3) / 11)
    assert ngram_distance(ONE, other, n=1) == pytest.approx((1 + 1 + 1) / 5)


def test_ngrams_compare_counts_so_twice_the_cases_are_a_third_apart() -> None:
    twice = log_of(*[(case, "a", "2024-01-01") for case in "12"])
    assert ngram_distance(log_of(("1", "a", "2024-01-01")), twice) == pytest.approx(1 / 3)


def test_ngrams_follow_starts_where_there_are_any() -> None:
    nested = log_of(
        ("1", "a", "2024-01-01 09:00", "2024-01-01 12:00"), ("1", "b", "2024-01-01 10:00", "2024-01-01 11:00")
    )
    assert ngram_distance(nested, log_of(("1", "a", "2024-01-01"), ("1", "b", "2024-01-02"))) == 0.0
    assert ngram_distance(nested, log_of(("1", "b", "2024-01-01"), ("1", "a", "2024-01-02"))) > 0.5


def test_starts_and_ends_both_count() -> None:
    one = log_of(("1", "a", "2024-01-01 00:00", "2024-01-01 04:00"))
    other = log_of(("1", "a", "2024-01-01 00:00", "2024-01-01 10:00"))
    # Hours 0 and 4 against 0 and 10: half of the mass moves by six.
    assert absolute_distance(one, other) == 3.0
    assert relative_distance(one, other) == 3.0
    assert cycle_time_distance(one, other) == 6.0
    assert arrival_distance(one, other) == 0.0


def test_cycle_times_are_binned_from_the_shortest() -> None:
    short = log_of(("1", "a", "2024-01-01 00:00"), ("1", "b", "2024-01-01 00:50"))
    longer = log_of(("1", "a", "2024-01-01 00:00"), ("1", "b", "2024-01-01 01:40"))
    # 50 and 100 minutes lie in two clock hours, but less than an hour apart: the same bin.
    assert cycle_time_distance(short, longer) == 0.0


def test_calendar_hours_begin_on_the_hour() -> None:
    early, late = log_of(("1", "a", "2024-01-01 09:30")), log_of(("1", "a", "2024-01-01 10:15"))
    # Less than an hour apart, but in two hours of the clock.
    assert absolute_distance(early, late) == 1.0
    assert arrival_distance(early, late) == 1.0


def test_a_weekday_that_only_one_log_has_costs_23_hours() -> None:
    monday = log_of(("1", "a", "2024-01-01 09:00"))
    both = log_of(("1", "a", "2024-01-01 09:00"), ("1", "b", "2024-01-02 09:00"))
    assert circadian_distance(monday, both) == pytest.approx(23 / 7)


def test_dates_alone_say_nothing_about_hours() -> None:
    one, other = log_of(("1", "a", "2024-01-01")), log_of(("1", "a", "2024-01-02"))
    assert np.isnan(circadian_distance(one, other))
    assert arrival_distance(one, other) == 24.0


def test_logs_without_events() -> None:
    assert log_distances(NOTHING, NOTHING) == LogDistances(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for one, other in ((ONE, NOTHING), (NOTHING, ONE)):
        assert ngram_distance(one, other) == 1.0
        for distance in (absolute_distance, relative_distance, arrival_distance, cycle_time_distance):
            assert np.isnan(distance(one, other))


def test_ngrams_of_no_length_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        ngram_distance(ONE, ONE, n=0)


numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=30)


@settings(deadline=None)
@given(numbers, numbers)
def test_the_earth_mover_s_distance_is_scipy_s(one: list[int], other: list[int]) -> None:
    from scipy.stats import wasserstein_distance

    found = earth_movers(np.asarray(one), np.asarray(other))
    assert found == pytest.approx(wasserstein_distance(one, other), rel=1e-12, abs=1e-12)
    assert found == pytest.approx(earth_movers(np.asarray(other), np.asarray(one)))
