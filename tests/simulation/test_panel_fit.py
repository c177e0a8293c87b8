"""The calendar of a panel as its observed sessions suggest it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs.log import to_days
from simulation.gates import Sessions
from simulation.panel_fit import inferred_sessions


def heard(calendar: Sessions, years: int, rng: np.random.Generator) -> np.ndarray:
    """One date an appearance: between none and all of the slots of each session are used."""
    days = to_days(pd.Series(calendar.dates(pd.Timestamp("2015-01-01"), pd.Timestamp(f"{2015 + years}-01-01"))))
    return rng.permutation(np.repeat(days, rng.integers(0, calendar.slots + 1, len(days))))


@pytest.mark.parametrize(
    "true",
    [
        Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4),
        Sessions(weekday="Thursday", weeks_of_month=(2,), skip_months=(1, 8), slots=6),
        Sessions(weekday="Friday", weeks_of_month=(1, 2, 3, 4, 5), slots=3),
    ],
)
def test_a_calendar_is_recovered_from_its_sessions(true: Sessions) -> None:
    days = heard(true, 8, np.random.default_rng(4))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == (
        true.weekday,
        true.weeks_of_month,
        true.skip_months,
        true.slots,
    )
    assert "inferred" in found.source


def test_a_few_odd_days_do_not_change_the_calendar() -> None:
    true = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4)
    rng = np.random.default_rng(2)
    days = heard(true, 8, rng)
    days[:: len(days) // 12] += rng.choice([-1.0, 1.0, 2.0, 7.0], len(days[:: len(days) // 12]))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months) == ("Tuesday", (1, 3), (7,))


def test_a_short_log_claims_no_month_without_panel() -> None:
    days = to_days(pd.Series(pd.to_datetime(["2024-02-06", "2024-03-05", "2024-03-05", "2024-06-04", "2024-10-01"])))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == ("Tuesday", (1,), (), 2)


def test_no_session_no_calendar() -> None:
    with pytest.raises(ValueError, match="without any observed session"):
        inferred_sessions(np.zeros(0))
