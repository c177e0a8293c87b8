"""A change touches what it says and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from event_logs import vocabulary as v
from scenarios import IDEAS, NULL, AddReview, Range, ReadySooner, RequestBeforeReview
from simulation import pathway
from simulation.gates import NO_DELAY, ReviewCycle
from simulation.laws import exponential, fixed
from simulation.model import Choice, Option, PathwayModel, Step


@pytest.fixture
def model() -> PathwayModel:
    """The part of the declared pathway that the ready-made ideas touch."""
    legal, report = f"{v.RECOMMENDED} → {v.LEGAL_REQUESTED}", f"{v.RECOMMENDED} → {v.REPORT_COMPLETED}"
    return PathwayModel(
        name="part of the pathway",
        steps={
            pathway.PLANNING: Step(
                name=pathway.PLANNING, activity="", laws={"": exponential(100.0)}, gate=pathway.REVIEW_GATE
            ),
            legal: Step(name=legal, activity=v.LEGAL_REQUESTED, laws={"": fixed(14)}),
            report: Step(name=report, activity=v.REPORT_COMPLETED, laws=NO_DELAY),
        },
        choices={v.RECOMMENDED: Choice(options=(Option(starts=(legal, report), share={"": 1.0}),))},
        ranks={v.LEGAL_REQUESTED: 1, v.REPORT_COMPLETED: 2},
        final=(),
        gates={pathway.REVIEW_GATE: ReviewCycle(review=v.REVIEW, gaps=(fixed(42),), decides=0.75)},
    )


def test_triangular_draws_have_the_mean_and_the_limits_of_the_law() -> None:
    generator = np.random.default_rng(5)
    size = Range(14, 28, 60)
    drawn = np.array([size.draw(generator) for _ in range(20_000)])
    assert 14 <= drawn.min() < 15
    assert 59 < drawn.max() <= 60
    # Mean (a + b + c) / 3 and variance (a² + b² + c² - ab - ac - bc) / 18 of a triangular law.
    assert drawn.mean() == pytest.approx(34.0, abs=4 * 9.58 / np.sqrt(20_000))
    assert drawn.var() == pytest.approx((14**2 + 28**2 + 60**2 - 14 * 28 - 14 * 60 - 28 * 60) / 18, rel=0.05)


def test_a_range_out_of_order_is_refused_with_its_values() -> None:
    with pytest.raises(ValueError, match="low <= likely <= high, got 3, 2, 5"):
        Range(3, 2, 5)


def test_requesting_before_the_review_moves_the_request_and_leaves_the_rest(model: PathwayModel) -> None:
    changed = RequestBeforeReview(activity=v.LEGAL_REQUESTED, lead_days=Range.exactly(28)).apply(model, 28.0)
    after = changed.choices[v.RECOMMENDED].options[0].starts
    assert after == (f"{v.RECOMMENDED} → {v.REPORT_COMPLETED}",)
    cycle = changed.gates[pathway.REVIEW_GATE]
    assert isinstance(cycle, ReviewCycle)
    (beforehand,) = cycle.beforehand
    assert beforehand.lead_days == 28.0
    assert changed.steps[beforehand.step].activity == v.LEGAL_REQUESTED
    assert {name: changed.steps[name] for name in model.steps} == dict(model.steps)


def test_readiness_is_scaled_and_nothing_else(model: PathwayModel) -> None:
    changed = ReadySooner(factor=Range.exactly(0.8)).apply(model, 0.8)
    before, after = model.steps[pathway.PLANNING].law(""), changed.steps[pathway.PLANNING].law("")
    for chance in (0.9, 0.5, 0.1, 0.01):
        assert after.isf(chance) == pytest.approx(0.8 * before.isf(chance))
    assert changed.gates == model.gates


def test_an_additional_review_keeps_the_ordinary_gaps(model: PathwayModel) -> None:
    cycle = AddReview(day=Range.exactly(28)).apply(model, 28.0).gates[pathway.REVIEW_GATE]
    before = model.gates[pathway.REVIEW_GATE]
    assert isinstance(cycle, ReviewCycle)
    assert isinstance(before, ReviewCycle)
    assert cycle.extra_days == (28.0,)
    assert cycle.gaps == before.gaps


def test_an_impossible_factor_and_a_missing_step_are_refused(model: PathwayModel) -> None:
    with pytest.raises(ValueError, match=r"factor must be in \(0, 2\], got 0"):
        ReadySooner(factor=Range.exactly(0)).apply(model, 0.0)
    with pytest.raises(ValueError, match="Hearing advice received"):
        RequestBeforeReview(activity=v.HEARING_ADVICE, lead_days=Range.exactly(7)).apply(model, 7.0)


def test_the_null_scenario_returns_the_model_itself(model: PathwayModel) -> None:
    assert NULL.apply(model, NULL.sizes(np.random.default_rng(1))) is model


def test_every_idea_says_why_and_on_what_evidence() -> None:
    for name, idea in IDEAS.items():
        assert name == idea.name
        assert idea.rationale
        assert idea.evidence
        assert not idea.confirmed  # no measured effect was found for any of them
