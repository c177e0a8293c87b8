"""What the terminal says of the open cases in the model, of its gates, and before it is run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from permanence.collect import model as collected
from permanence.results import LogSummary, Results
from permanence.terminal import show_loaded
from simulation.cohort import snapshot
from simulation.gates import Places
from simulation.laws import fixed
from simulation.model import START, Choice, Option, PathwayModel, Step

NOW = pd.Timestamp("2024-01-31")


def in_court(open_cases: int, places: int) -> tuple[PathwayModel, EventLog]:
    """So many cases before a court with so many places, and one of which nothing is known."""
    court = Step(name="court", activity="order", laws={"": fixed(400.0)}, gate="court")
    lodged = Step(name="lodged", activity="lodged", laws={"": fixed(0.0)})
    model = PathwayModel(
        name="by hand",
        steps={"lodged": lodged, "court": court},
        choices={
            START: Choice(options=(Option(starts=("lodged",), share={"": 1.0}),)),
            "lodged": Choice(options=(Option(starts=("court",), share={"": 1.0}),)),
        },
        ranks={"lodged": 1, "begun": 2, "order": 3},
        final=("order",),
        gates={"court": Places(places=places, begins_as="begun")},
    )
    names = [f"{n}" for n in range(open_cases)]
    events = pd.DataFrame({"case": names * 2, "activity": ["lodged"] * open_cases + ["begun"] * open_cases})
    events["date"] = NOW - pd.Timedelta(days=30)
    cases = pd.DataFrame({"case": [*names, "x"], "start": NOW - pd.Timedelta(days=900), "end": pd.NaT})
    window = ObservationWindow(NOW - pd.Timedelta(days=800), NOW)
    return model, EventLog.of(events.iloc[:-1], window, cases=cases, ranks=model.ranks)


def test_counts_over_full_gates_and_findings_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    model, log = in_court(5, 3)
    found = collected(model, snapshot(log, model), None, NOW + pd.Timedelta(days=365))
    summary = LogSummary.model_construct()
    show_loaded(Results.model_construct(log=summary, model=found))
    said = capsys.readouterr().out
    assert "court" in said
    assert "6 open in the log = 5 in the model + 1 in no step" in said
    assert "1: began before recording did, and nothing is recorded since" in said
    assert "At court: 1 wait, 4 hold or are booked for one of 3 places; 1 more than there are, which drain" in said
    assert "Before running: No new cases arrive from 2024-01-31 to 2025-01-30: 0 are expected a year." in said


def test_without_anything_to_say_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_loaded(Results.model_construct(model=None))
    assert capsys.readouterr().out == ""
    model, log = in_court(5, 4)
    free = replace(model, gates={**model.gates, "court": Places(places=9, begins_as="begun")})
    found = collected(free, snapshot(log, free), None, NOW + pd.Timedelta(days=365))
    assert [gate.over_children for gate in found.gates] == [0]
    assert np.sum([step.children for step in found.loaded]) == 5
