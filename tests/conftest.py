"""One tiny log, made by hand, that every package's tests can work out on paper."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command has it; read when numpy is first imported

import pandas as pd
import pytest
from faults.registry import FAULTS

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many of the known faults have tests that passed, all of them: one line at the end of the run."""
    outcome: dict[int, bool] = {}
    for kind in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(kind, []):
            for name, number in getattr(report, "user_properties", ()):
                if name == "fault":
                    outcome[number] = outcome.get(number, True) and kind == "passed"
    if outcome:
        held = {number for number, passed in outcome.items() if passed}
        missing = sorted(set(range(1, FAULTS + 1)) - held)
        tail = f"; without a test that passed: {', '.join(map(str, missing))}" if missing else ""
        terminalreporter.write_line(f"faults: {len(held)} of {FAULTS}{tail}")


TINY_EVENTS = [
    # Child A: accommodated on the first day (a tie), two reviews (a loop), the second with the plan (a tie), an order.
    ("A", v.BECAME_LOOKED_AFTER, "2020-01-01"),
    ("A", v.ACCOMMODATED, "2020-01-01"),
    ("A", v.REVIEW, "2020-02-10"),
    ("A", v.REVIEW, "2020-05-10"),
    ("A", v.RECOMMENDED, "2020-05-10"),
    ("A", v.PANEL, "2020-09-01"),
    ("A", v.AGENCY_DECISION, "2020-09-11"),
    ("A", v.LODGED, "2020-12-20"),
    ("A", v.ADOPTION_ORDER, "2021-03-01"),
    ("A", v.CEASED, "2021-03-01"),
    # Child B: goes home after one review.
    ("B", v.BECAME_LOOKED_AFTER, "2020-03-01"),
    ("B", v.ACCOMMODATED, "2020-03-01"),
    ("B", v.REVIEW, "2020-04-10"),
    ("B", v.RETURN_HOME, "2020-04-10"),
    ("B", v.RETURNED_HOME, "2020-06-01"),
    ("B", v.CEASED, "2020-06-01"),
    # Child C: at home first, then accommodated, reviewed once, and still waiting for a plan: open.
    ("C", v.BECAME_LOOKED_AFTER, "2020-06-01"),
    ("C", v.AT_HOME, "2020-06-01"),
    ("C", v.ACCOMMODATED, "2020-09-01"),
    ("C", v.REVIEW, "2020-10-10"),
]
"""Every event of the tiny log, in the log's own order."""


def build_tiny_log() -> EventLog:
    """Three children, 20 events, a loop, same-day ties, child C open; observed 1 January 2020 to 30 June 2021."""
    events = pd.DataFrame(TINY_EVENTS, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"], format="%Y-%m-%d")
    cases = pd.DataFrame(
        {
            "case": ["A", "B", "C"],
            "start": pd.to_datetime(["2020-01-01", "2020-03-01", "2020-06-01"]),
            "end": pd.to_datetime(["2021-03-01", "2020-06-01", None]),
            "child": ["1", "2", "3"],
            "age_at_start": [0.5, 3.0, 12.5],
            "age_band": ["0", "1-4", "12+"],
        }
    )
    window = ObservationWindow(
        pd.Timestamp("2020-01-01"), pd.Timestamp("2021-06-30"), {v.RECOMMENDED: pd.Timestamp("2020-02-01")}
    )
    ranks = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
    # The rows go in backwards, so that nothing can lean on the order in which they stand.
    return EventLog.of(events.iloc[::-1], window, cases=cases, ranks=ranks)


@pytest.fixture
def tiny_log() -> EventLog:
    """The tiny log; see `build_tiny_log`."""
    return build_tiny_log()


@pytest.fixture
def always_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two workers or more, processes work from the third result on, however short the work is."""
    from simulation import running

    monkeypatch.setattr(running, "SECONDS_WORTH_A_POOL", 0.0)
