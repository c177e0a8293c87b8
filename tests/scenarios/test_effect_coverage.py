"""The study of benchmarks/effect_coverage.py, small: two councils whose true effect is known, one idea."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from permanence.gates import gates_of
from scenarios import NULL, compare
from scenarios.planted import planted_idea

IDEA = "four-week-review"
WIDER = 3.29 / 1.96
"""From a 95 % interval to one of 99.9 %."""


@pytest.mark.parametrize("seed", [21, 22])
def test_the_interval_holds_what_came_about(tmp_path: Path, seed: int) -> None:
    council = Council().scaled(40)
    generated = generate(tmp_path, council=council, seed=seed)
    project = load_project(tmp_path)
    found = compare(
        derive(project).log,
        [NULL, planted_idea(IDEA, council)],
        panel=gates_of(project),
        years=council.horizon_days / 365.25,
        draws=8,
        replications=1,
        seed=seed,
    )
    verdicts = found.verdicts.set_index("scenario")
    assert (verdicts.loc["no-change", ["effect_child_weeks", "effect_low_child_weeks"]] == 0.0).all()
    assert (found.stages.loc[found.stages["scenario"] == "no-change", "high_child_weeks"] == 0.0).all()
    mean, low, high = verdicts.loc[IDEA, [f"effect_{end}child_weeks" for end in ("", "low_", "high_")]]
    assert np.isfinite([mean, low, high]).all()
    saved = generated.truth["changes"][IDEA]["child_weeks_saved"]
    assert mean - WIDER * (mean - low) <= -saved <= mean + WIDER * (high - mean)
    assert mean < 0
