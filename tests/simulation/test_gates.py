"""Gates: the calendar of a panel and the reviews of a child."""

from __future__ import annotations

import pandas as pd
import pytest

from simulation.gates import ReviewCycle, Sessions
from simulation.laws import fixed


def dates(sessions: Sessions, start: str, end: str) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in sessions.dates(pd.Timestamp(start), pd.Timestamp(end))]


def test_session_dates_of_a_summer_by_hand() -> None:
    # In 2024 the Tuesdays are: June 4, 11, 18, 25; July 2, ..., 30; August 6, 13, 20, 27.
    tuesday = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4)
    assert dates(tuesday, "2024-05-31", "2024-08-31") == ["2024-06-04", "2024-06-18", "2024-08-06", "2024-08-20"]


def test_a_session_on_the_first_day_is_past_and_one_on_the_last_is_not() -> None:
    weekly = Sessions(weekday="Monday", weeks_of_month=(1, 2, 3, 4, 5), slots=1)
    assert dates(weekly, "2024-01-01", "2024-01-15") == ["2024-01-08", "2024-01-15"]


def test_a_fifth_week_comes_only_in_some_months() -> None:
    fifth = Sessions(weekday="Wednesday", weeks_of_month=(5,), slots=1)
    assert dates(fifth, "2023-12-31", "2024-06-30") == ["2024-01-31", "2024-05-29"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"weekday": "tuesday"}, "weekday"), ({"slots": 0}, "slots"), ({"lead_days": -1.0}, "lead_days")],
)
def test_an_impossible_panel_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sessions(**{"weekday": "Tuesday", "weeks_of_month": (1,), "slots": 3, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("decides", [0.0, 1.1])
def test_an_impossible_chance_of_a_decision_is_refused(decides: float) -> None:
    with pytest.raises(ValueError, match="decides"):
        ReviewCycle(review="review", gaps=(fixed(42),), decides=decides)


def test_the_last_gap_of_a_review_cycle_repeats() -> None:
    cycle = ReviewCycle(review="review", gaps=(fixed(42), fixed(91), fixed(183)), decides=1.0)
    assert [cycle.gap(n).isf(0.5) for n in range(5)] == [42, 91, 183, 183, 183]
