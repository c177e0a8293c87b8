"""Sessions found from dates: hand-made calendars, the null, and small versions of the promised power."""

from __future__ import annotations

import numpy as np
import pytest
from made_logs import benchmark, log_of, odd_logs

from event_logs import vocabulary as v
from event_logs.log import to_days
from mining.sessions import cell_of, detect_from_days, detect_sessions

FIRST_TUESDAYS = np.array(
    ["2020-01-07", "2020-02-04", "2020-03-03", "2020-04-07", "2020-05-05", "2020-06-02"], dtype="datetime64[D]"
).astype(np.int64)


def test_weekday_and_week_of_the_month() -> None:
    weekday, week = cell_of(
        np.array(["2024-07-01", "2024-07-08", "2024-07-31"], dtype="datetime64[D]").astype(np.int64)
    )
    assert weekday.tolist() == [0, 0, 2]
    assert week.tolist() == [1, 2, 5]


def test_panel_on_first_tuesdays_is_found() -> None:
    found = detect_from_days(np.repeat(FIRST_TUESDAYS, 3), v.PANEL, seed=1)
    assert found.batched
    assert found.cells == ((1, 1),)
    assert (found.same_date_pairs, found.modal_share) == (18, 1.0)
    assert found.p_pairs == pytest.approx(1 / 401)
    assert found.dates["heard"].tolist() == [3] * 6
    assert "the first Tuesday of the month; 18 on 6 dates, at most 3 on one" in found.words


def test_one_weekday_alone_is_no_session() -> None:
    days = 18262 + 5 + 7 * np.arange(60)  # every Monday
    found = detect_from_days(days, v.PANEL, seed=1)
    assert not found.batched
    assert "no sign" in found.words


def test_every_event_counts_also_of_open_cases() -> None:
    rows = [(f"c{i}", v.PANEL, day - 18262) for i, day in enumerate(np.repeat(FIRST_TUESDAYS, 2))]
    found = detect_sessions(log_of(rows), seed=1)
    assert found.events == 12
    assert found.batched
    assert to_days(found.dates["date"]).tolist() == FIRST_TUESDAYS.tolist()


def test_the_seed_decides_and_the_order_does_not() -> None:
    days = np.repeat(FIRST_TUESDAYS, 2)
    shuffled = np.random.default_rng(1).permutation(days)
    assert detect_from_days(days, "x", seed=4).p_modal == detect_from_days(shuffled, "x", seed=4).p_modal


def test_power_and_false_alarms() -> None:
    power, alarms = benchmark("acceptance").session_detector(0.3)
    assert float(power.measured.rstrip("%")) >= 95
    assert float(alarms.measured.rstrip("%")) <= 7


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    found = detect_sessions(odd_logs()[name], seed=1)
    assert found.batched == (name == "all dates equal")
    assert ("too few to tell" in found.words) == (name != "all dates equal")


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="did you mean 'Permanence panel'"):
        detect_sessions(odd_logs()["empty"], "Permanence pannel", seed=1)
    with pytest.raises(ValueError, match="at least 39"):
        detect_sessions(odd_logs()["empty"], seed=1, permutations=10)
