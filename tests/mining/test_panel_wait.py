"""The wait before a panel, worked by hand, and against a simulated panel whose reasons are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_logs import ORIGIN, benchmark, log_of, odd_logs

from event_logs import vocabulary as v
from event_logs.vocabulary import Stage
from mining.panel_wait import panel_wait

WAIT = Stage("Ready to panel", starts=(v.REPORT_COMPLETED,), stops=(v.PANEL,))
CALENDAR = [ORIGIN + pd.Timedelta(days=day) for day in (100, 130, 160, 190, 220)]


def test_three_children_by_hand() -> None:
    rows = [
        ("a", v.REPORT_COMPLETED, 80), ("a", v.PANEL, 100),  # the next date: 20 days
        ("b", v.REPORT_COMPLETED, 90), ("b", v.PANEL, 130),  # 10 to day 100, which was full, 30 to the next
        ("c", v.REPORT_COMPLETED, 110), ("c", v.PANEL, 190),  # 20 to day 130 (full), 30 past it, 30 past 160 (empty)
        ("d", v.REPORT_COMPLETED, 195),  # still waiting at day 210: 15 days, the next date is 220
    ]  # fmt: skip
    found = panel_wait(log_of(rows, window=(0, 210)), WAIT, seed=1, calendar=CALENDAR, slots=1)
    assert found.parts["child_days"].tolist() == [20 + 10 + 20 + 15, 30 + 30, 30]
    assert found.parts["mean_days"].tolist() == pytest.approx([50 / 3, 60 / 3, 30 / 3])
    assert (found.heard, found.waiting, found.slots) == (3, 1, 1)
    assert found.sessions["heard"].tolist() == [1, 1, 0, 1]
    assert found.sessions["ready"].tolist() == [2, 2, 1, 1]
    assert found.sessions["inferred"].tolist() == [False, False, True, False]
    assert found.jumped == 0
    assert "17 were until the next date, 20 because slots were full, 10 the rest; 1 still waiting" in found.words


def test_papers_must_be_in_time() -> None:
    rows = [("a", v.REPORT_COMPLETED, 95), ("a", v.PANEL, 130)]
    found = panel_wait(log_of(rows), WAIT, seed=1, calendar=CALENDAR, lead_days=14)
    assert found.parts["child_days"].tolist() == [35, 0, 0]
    assert panel_wait(log_of(rows), WAIT, seed=1, calendar=CALENDAR).parts["child_days"].tolist() == [5, 0, 30]


def test_parts_add_up_to_the_wait_and_later_ones_jumping_are_counted() -> None:
    rows = [("a", v.REPORT_COMPLETED, 80), ("a", v.PANEL, 160), ("b", v.REPORT_COMPLETED, 90), ("b", v.PANEL, 100)]
    found = panel_wait(log_of(rows), WAIT, seed=1)
    assert found.parts["child_days"].sum() == 80 + 10
    assert found.jumped == 1


def test_a_calendar_out_of_the_dates() -> None:
    tuesdays = pd.date_range("2020-01-01", "2022-09-01", freq="WOM-1TUE")
    held = tuesdays[tuesdays.month != 7]
    rows = []
    for number, day in enumerate(held[held != pd.Timestamp("2021-03-02")]):
        offset = (day - ORIGIN).days
        rows += [(f"{number:02d}{c}", v.REPORT_COMPLETED, offset - 9) for c in "abc"]
        rows += [(f"{number:02d}{c}", v.PANEL, offset) for c in "abc"]
    found = panel_wait(log_of(rows), WAIT, seed=1, slots=3)
    empty = found.sessions.loc[found.sessions["inferred"], "date"].tolist()
    assert empty == [pd.Timestamp("2021-03-02")]  # and none in July
    assert found.parts["mean_days"].tolist() == [9, 0, 0]


def test_known_reasons_are_found_again() -> None:
    for row in benchmark("acceptance").panel_split(0.06):
        assert row.kept, row


def test_load_counts_those_heard_again() -> None:
    rows = [("a", v.REPORT_COMPLETED, 80), ("a", v.PANEL, 100), ("a", v.PANEL, 160)]
    found = panel_wait(log_of(rows, window=(0, 230)), WAIT, seed=1, calendar=CALENDAR, slots=2)
    assert found.load == pytest.approx(2 / (5 * 2))
    assert found.low_load < found.load < found.high_load


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    found = panel_wait(odd_logs()[name], Stage("x", (v.RECOMMENDED,), (v.PANEL,)), seed=1)
    assert found.words
    assert np.isnan(found.parts["mean_days"]).all() == (name in ("empty", "all open"))


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="slots must be at least 1"):
        panel_wait(odd_logs()["empty"], seed=1, slots=0)
    with pytest.raises(ValueError, match="did you mean"):
        panel_wait(odd_logs()["empty"], Stage("x", ("Pannel",), (v.PANEL,)), seed=1)
