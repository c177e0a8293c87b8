"""The pathway as data: refused when it does not hang together, readable, and clear about what follows what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_models import either, model_of, only, single, step

from event_logs import vocabulary as v
from event_logs.log import EventLog
from simulation import pathway as p
from simulation.fit import fit_pathway
from simulation.laws import exponential, fixed
from simulation.model import START, Choice, Option, PathwayModel, Step, reachable


def test_a_model_that_does_not_hang_together_is_refused_with_every_reason() -> None:
    lost = Step(name="lost", activity="nowhere", laws={"old": fixed(1.0)}, gate="locked")
    with pytest.raises(ValueError, match=r"'locked'.*'nowhere'.*no law for strata.*'missing'"):
        PathwayModel(name="x", steps={"lost": lost}, choices={START: only("missing")}, ranks={"end": 1}, final=("end",))


def test_shares_are_cumulated_by_stratum_and_end_at_one() -> None:
    choice = Choice(
        options=(
            Option(starts=("a",), share={"": 2.0, "old": 1.0}),
            Option(starts=("b",), share={"": 6.0}),
            Option(starts=("c",), share={"": 0.0, "old": 3.0}),
        )
    )
    assert choice.cumulative("") == [0.25, 1.0, 1.0]
    assert choice.cumulative("young") == [0.25, 1.0, 1.0]
    assert choice.cumulative("old") == pytest.approx([0.1, 0.7, 1.0])
    with pytest.raises(ValueError, match="more than 0"):
        Choice(options=(Option(starts=("a",), share={"x": 1.0}),)).cumulative("")


def test_the_law_of_a_stratum_without_one_is_the_common_one() -> None:
    one = Step(name="a", activity="a", laws={"": fixed(1.0), "old": fixed(2.0)})
    assert one.law("old").isf(0.5) == 2.0
    assert one.law("young").isf(0.5) == one.law("").isf(0.5) == 1.0


def test_a_description_has_a_row_for_every_law() -> None:
    model = single(exponential(100.0))
    model = replace(model, steps={"end": replace(model.steps["end"], laws={"": exponential(100.0), "old": fixed(3.0)})})
    rows = model.describe()
    assert [(row["step"], row["stratum"], row["median_days"]) for row in rows] == [
        ("end", "all", 69.315),
        ("end", "old", 3.0),
    ]
    assert [row["share_from_tail"] for row in rows] == [1.0, 0.0]


def test_what_follows_looks_through_joins_silent_steps_and_loops() -> None:
    silent = Step(name="planning", activity="", laws={"": fixed(1.0)}, then="decided")
    steps = [
        step("in", fixed(0.0)),
        silent,
        step("plan", fixed(0.0)),
        step("left", fixed(1.0)),
        step("right", fixed(1.0)),
        step("panel", fixed(0.0), waits_for=("left", "right")),
        step("more", fixed(1.0)),
        step("panel", fixed(0.0), name="panel again"),
        step("end", fixed(1.0)),
    ]
    choices = {
        START: only("in"),
        "in": only("planning"),
        "decided": only("plan"),
        "plan": only("left", "right"),
        "panel": either({"more": 0.2, "end": 0.8}),
        "more": only("panel again"),
    }
    follows = model_of(steps, choices).downstream()
    assert follows["in"] == {"plan", "left", "right", "panel", "more", "end"}
    # Side by side: neither shows that the other is over.
    assert follows["left"] == follows["right"] == {"panel", "more", "end"}
    assert follows["more"] == {"panel", "more", "end"}
    assert follows["end"] == frozenset()


def test_reachable_by_hand() -> None:
    assert reachable({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}) == {
        "a": {"b", "c"},
        "b": {"b", "c"},
        "c": {"b", "c"},
        "d": set(),
    }


def test_the_declared_pathway_knows_what_follows_what_as_its_model_does(tiny_log: EventLog) -> None:
    declared = p.downstream()
    assert v.REPORT_COMPLETED not in declared[v.LEGAL_REQUESTED]
    assert v.LEGAL_RECEIVED not in declared[v.HEALTH_REQUESTED]
    assert v.LODGED in declared[v.LEGAL_RECEIVED]
    assert v.PANEL in declared[v.PANEL]
    model = fit_pathway(tiny_log).downstream()
    # This log shows no hearing advice, so its model has no such step; how a case begins is not declared but fitted.
    for activity in set(v.MILESTONES) - {v.BECAME_LOOKED_AFTER, v.HEARING_ADVICE}:
        assert model[activity] == declared[activity] - {v.HEARING_ADVICE}


def test_a_step_by_age_is_described_by_the_age_and_not_by_days() -> None:
    model = single(fixed(17.25 * 365.25))
    aged = replace(model, steps={"end": replace(model.steps["end"], by_age=True)})
    row = aged.describe()[0]
    assert np.isnan(row["median_days"])
    assert row["note"] == "by age: half by 17.2 years"
    assert model.describe()[0]["median_days"] == pytest.approx(17.25 * 365.25)
