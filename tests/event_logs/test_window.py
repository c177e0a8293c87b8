"""The observation window: what it refuses, and from when it vouches for an activity."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

from event_logs.window import ObservationWindow

START, END = pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")


def test_length_in_days() -> None:
    assert ObservationWindow(START, END).days == 366


def test_start_after_end_is_refused() -> None:
    with pytest.raises(ValueError, match="start must be on or before end=2020-01-01, got 2021-01-01"):
        ObservationWindow(END, START)


def test_missing_date_is_refused() -> None:
    with pytest.raises(ValueError, match="needs both dates"):
        ObservationWindow(START, pd.NaT)  # type: ignore[arg-type]


def test_reliable_from_is_the_latest_of_the_activities_named() -> None:
    window = ObservationWindow(START, END, {"a": pd.Timestamp("2020-03-01"), "b": pd.Timestamp("2019-01-01")})
    assert window.reliable_from("a", "b", "c") == pd.Timestamp("2020-03-01")
    assert window.reliable_from("b") == START
    assert window.reliable_from() == START


def test_survives_the_way_to_a_worker_and_cannot_be_changed() -> None:
    window = ObservationWindow(START, END, {"a": START})
    back = pickle.loads(pickle.dumps(window))
    assert (back.start, back.end, dict(back.recorded_from)) == (START, END, {"a": START})
    with pytest.raises(TypeError):
        back.recorded_from["b"] = END
