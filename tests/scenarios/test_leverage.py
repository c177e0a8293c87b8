"""Shortening one stage at a time: what it touches, and what is saved in all stages together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from event_logs.vocabulary import STAGES
from scenarios import Range
from scenarios.capacity import GateChange
from scenarios.leverage import LEVERS, leverage
from scenarios.shorter import Shorten
from simulation import Sessions, pathway
from simulation.fit import fit_pathway

ROOMY = Sessions(weekday="Tuesday", weeks_of_month=(1, 2, 3, 4), slots=500)
"""A panel at which nobody ever waits for a slot."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """A small council."""
    folder: Path = tmp_path_factory.mktemp("council")
    generate(folder, council=Council().scaled(60), seed=5)
    return derive(load_project(folder)).log


def test_a_lever_touches_the_steps_of_its_stage_and_no_others(log: EventLog) -> None:
    model = fit_pathway(log, panel=ROOMY)
    changed = Shorten(after=(v.LODGED,), factor=Range.exactly(0.9)).apply(model, 0.9)
    touched = {name for name in model.steps if changed.steps[name] is not model.steps[name]}
    assert touched == {name for name in model.steps if name.startswith(f"{v.LODGED} → ")}
    for name in touched:
        before, after = model.steps[name].laws[""], changed.steps[name].laws[""]
        assert after.mean(10_000.0) == pytest.approx(0.9 * before.mean(10_000.0 / 0.9), rel=1e-3)
    assert GateChange(more_slots=Range.exactly(1)).apply(model, 1.0).gates[pathway.PANEL_GATE].slots == 501
    with pytest.raises(ValueError, match="no activity 'Tea'"):
        Shorten(activities=("Tea",), factor=Range.exactly(0.9)).apply(model, 0.9)
    with pytest.raises(ValueError, match=r"factor must be in \(0, 2\], got 0"):
        Shorten(after=(v.LODGED,), factor=Range.exactly(0.9)).apply(model, 0.0)


def test_every_stage_has_a_lever_that_touches_the_model(log: EventLog) -> None:
    model = fit_pathway(log, panel=ROOMY)
    assert list(LEVERS) == [stage.name for stage in STAGES]
    for lever in LEVERS.values():
        changed = lever.apply(model, lever.sizes(np.random.default_rng(1)))
        assert changed != model


def test_slots_nobody_waits_for_save_nothing_and_other_levers_save_days(log: EventLog) -> None:
    table = leverage(log, panel=ROOMY, years=2.0, draws=3, seed=2).set_index("stage")
    panel = table.loc[STAGES[2].name]
    assert (panel["saved_child_days"], panel["low_days"], panel["high_days"]) == (0.0, 0.0, 0.0)
    assert table.loc[STAGES[5].name, "saved_child_days"] > 0
    assert table.loc[STAGES[0].name, "saved_child_days"] > 0
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["saved_child_days"].is_monotonic_decreasing
    assert table["probability_first"].sum() == pytest.approx(1.0)
    assert table.iloc[0]["probability_first"] > 0
