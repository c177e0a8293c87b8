"""Each kind of change on models made by hand: it does what it says and touches nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hand_models import either, model_of, only, step, weibull

from scenarios import NULL, Range, Scenario
from scenarios.activities import Add, Remove
from scenarios.capacity import Demand, GateChange, PriorityRule, Staff
from scenarios.changes import AnyChange
from scenarios.earlier import BringForward
from scenarios.parts import ChangeError
from scenarios.routes import Return, Route
from scenarios.shorter import Shorten
from simulation.gates import Arrivals, Places, ReviewCycle, Sessions
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel, Step

REVIEWS = ReviewCycle(review="review", gaps=(fixed(42),), decides=0.75)
PANEL = Sessions(weekday="Tuesday", weeks_of_month=(1,), slots=4, skip_months=(7,), lead_days=14.0)


@pytest.fixture
def model() -> PathwayModel:
    """Planning, recommended, advice asked for and in (beside a report), panel (papers may come back), court, end."""
    return model_of(
        [
            step("start", fixed(0)),
            Step(name="planning", activity="", laws={"": exponential(100.0)}, gate="reviews", then="decided"),
            step("recommended", fixed(0)),
            step("asked", fixed(14)),
            step("advice", weibull(1.5, 60.0)),
            step("report", fixed(70)),
            step("panel", fixed(0), waits_for=("advice", "report"), gate="panel"),
            step("more information", fixed(30)),
            step("panel", fixed(0), gate="panel", name="panel again"),
            step("decision", fixed(12)),
            step("order", weibull(1.5, 200.0)),
            step("refused", weibull(1.5, 200.0)),
            step("end", fixed(400)),
        ],
        {
            START: only("start"),
            "start": only("planning"),
            "decided": only("recommended"),
            "recommended": only("asked", "report"),
            "asked": only("advice"),
            "panel": either({"decision": 0.8, "more information": 0.2}),
            "more information": only("panel again"),
            "decision": either({"order": 0.9, "refused": 0.1}),
            "order": only("end"),
            "refused": only("end"),
        },
        gates={"reviews": REVIEWS, "panel": PANEL, "team": Places(places=3)},
        arrivals=Arrivals(np.full(12, 10.0), pool=_pool(), weight=np.ones(1)),
    )


def _pool():
    import pandas as pd

    return pd.DataFrame({"sex": ["F"]})


def different(before: PathwayModel, after: PathwayModel) -> set[str]:
    """The parts of the model that differ: steps, choices and gates by name, and the ranks and arrivals."""
    found: set[str] = set()
    for kind in ("steps", "choices", "gates", "ranks"):
        old: Mapping[str, object] = getattr(before, kind)
        new: Mapping[str, object] = getattr(after, kind)
        found |= {f"{kind} {name}" for name in {*old, *new} if old.get(name) is not new.get(name)}
    return found | ({"arrivals"} if before.arrivals is not after.arrivals else set())


def test_bringing_forward_starts_an_activity_once_and_leaves_the_rest(model: PathwayModel) -> None:
    changed = BringForward(activity="asked", days_before_review=Range.exactly(28)).apply(model, 28.0)
    assert different(model, changed) == {"steps asked", "steps asked before the review", "gates reviews"}
    (early,) = changed.gates["reviews"].beforehand  # type: ignore[union-attr]
    assert (early.step, early.lead_days) == ("asked before the review", 28.0)
    # Who is past the new start still has it where it starts now, and nobody has it twice.
    assert changed.steps["asked"].once
    assert changed.steps["asked"].laws == model.steps["asked"].laws


def test_bringing_forward_to_an_earlier_activity(model: PathwayModel) -> None:
    changed = BringForward(activity="asked", at="start", days_after=Range.exactly(3)).apply(model, 3.0)
    assert different(model, changed) == {"steps asked", "steps asked at start"}
    early = changed.steps["asked at start"]
    assert (early.activity, early.waits_for, early.law("").isf(0.5), early.once) == ("asked", ("start",), 3.0, True)


@pytest.mark.parametrize(
    ("change", "key", "problem", "remedy"),
    [
        (BringForward(activity="askd", at="start"), "activity", "no activity 'askd'", "Did you mean 'asked'?"),
        (BringForward(activity="asked", at="strat"), "at", "no activity 'strat'", "Did you mean 'start'?"),
        (BringForward(activity="asked", at="order"), "at", "does not come after 'order'", "comes before it"),
        (BringForward(activity="panel", at="start"), "activity", "again and again", "happens once"),
        (BringForward(activity="order", at="start"), "activity", "only one of the ways", "all children need"),
        (BringForward(activity="advice", beside="report"), "beside", "does not follow 'report'", "comes after: asked"),
    ],
)
def test_what_cannot_be_brought_forward(
    model: PathwayModel, change: BringForward, key: str, problem: str, remedy: str
) -> None:
    with pytest.raises(ChangeError, match=problem) as told:
        change.apply(model)
    assert told.value.key == key
    assert remedy in told.value.remedy


def test_shortening_by_a_factor_scales_the_named_steps(model: PathwayModel) -> None:
    changed = Shorten(activities=("planning", "advice"), factor=Range.exactly(0.8)).apply(model, 0.8)
    assert different(model, changed) == {"steps planning", "steps advice"}
    for name in ("planning", "advice"):
        before, after = model.steps[name].law(""), changed.steps[name].law("")
        for p in (0.9, 0.5, 0.01):
            assert after.isf(p) == pytest.approx(0.8 * before.isf(p))


def test_shortening_after_an_activity_and_both_together(model: PathwayModel) -> None:
    after = Shorten(after=("decision",), factor=Range.exactly(0.5))
    assert different(model, after.apply(model, 0.5)) == {"steps order", "steps refused"}
    both = Shorten(after=("decision",), activities=("order",), factor=Range.exactly(0.5))
    assert different(model, both.apply(model, 0.5)) == {"steps order"}


def test_shortening_by_days_never_goes_below_nothing(model: PathwayModel) -> None:
    changed = Shorten(activities=("advice",), days=Range.exactly(20)).apply(model, 20.0)
    before, after = model.steps["advice"].law(""), changed.steps["advice"].law("")
    for p in (0.9, 0.6, 0.3, 0.05):
        assert after.isf(p) == pytest.approx(max(before.isf(p) - 20.0, 0.0), abs=0.3)
    assert after.sf(0.0) == pytest.approx(before.sf(20.0), abs=3e-3)


@pytest.mark.parametrize("where", [{"beyond_quantile": 0.8}, {"beyond_day": 60.0}])
def test_shortening_the_tail_leaves_what_is_below_it(model: PathwayModel, where: dict[str, float]) -> None:
    before = model.steps["advice"].law("")
    begins = where.get("beyond_day") or before.isf(0.2)
    change = Shorten(activities=("advice",), factor=Range.exactly(0.5), **where)
    after = change.apply(model, 0.5).steps["advice"].law("")
    for p in (0.95, 0.7, 0.4, 0.15, 0.02):
        day = before.isf(p)
        assert after.isf(p) == pytest.approx(day if day <= begins else begins + 0.5 * (day - begins), abs=0.6)
    assert after.mean(2000.0) == pytest.approx(
        before.mean(2000.0) - 0.5 * (before.mean(2000.0) - before.mean(begins)), rel=3e-3
    )


def test_an_added_review_keeps_the_ordinary_gaps(model: PathwayModel) -> None:
    changed = Add(activity="review", day=Range.exactly(28)).apply(model, 28.0)
    assert different(model, changed) == {"gates reviews"}
    cycle = changed.gates["reviews"]
    assert isinstance(cycle, ReviewCycle)
    assert (cycle.extra_days, cycle.gaps) == ((28.0,), REVIEWS.gaps)


def test_an_added_activity_stands_beside_or_holds_up(model: PathwayModel) -> None:
    beside = Add(activity="meeting", after="recommended", days=Range.exactly(42)).apply(model, 42.0)
    assert different(model, beside) == {"steps recommended → meeting", "ranks meeting"}
    holding = Add(activity="meeting", after="recommended", days=Range.exactly(7), holds_up=True).apply(model, 7.0)
    assert holding.choices["recommended"].options[0].starts == ("recommended → meeting",)
    assert holding.choices["meeting done"] is model.choices["recommended"]
    assert holding.steps["recommended → meeting"].leads_to == "meeting done"


def test_a_removed_activity_is_waited_for_by_nothing(model: PathwayModel) -> None:
    changed = Remove(activity="report").apply(model)
    assert changed.steps["panel"].waits_for == ("advice",)
    begun = changed.choices["recommended"].options[0].starts
    assert [changed.steps[name].activity for name in begun] == ["asked", ""]
    in_sequence = Remove(activity="asked").apply(model)
    (skipped, _) = in_sequence.choices["recommended"].options[0].starts
    assert (in_sequence.steps[skipped].activity, in_sequence.steps[skipped].leads_to) == ("", "asked")


def test_a_route_shifts_the_odds_of_every_stratum_alike(model: PathwayModel) -> None:
    choice = either({"order": 0.8, "refused": 0.2})
    options = tuple(
        type(option)(starts=option.starts, share={**option.share, "young": young})
        for option, young in zip(choice.options, (0.9, 0.1), strict=True)
    )
    banded = type(choice)(options=options, by="age_band")
    changed = Route(after="decision", to="refused", share=Range.exactly(0.1)).apply(
        type(model)(**{**vars(model), "choices": {**model.choices, "decision": banded}}), 0.1
    )
    new = changed.choices["decision"]
    assert new.options[1].share[""] == pytest.approx(0.1)
    assert new.options[0].share[""] == pytest.approx(0.9)
    # Odds 0.25 -> 1/9, a factor of 4/9: for the young 1/9 -> 4/81.
    assert new.options[1].share["young"] == pytest.approx(4 / 85)
    assert new.by == "age_band"


def test_three_ways_keep_their_proportions() -> None:
    three = model_of(
        [step(name, fixed(1)) for name in ("a", "b", "c", "end")], {START: either({"a": 0.5, "b": 0.3, "c": 0.2})}
    )
    changed = Route(after=START, to="a", times=Range.exactly(0.5))
    with pytest.raises(ChangeError, match="no activity"):
        changed.apply(three, 0.5)
    four = model_of(
        [step(name, fixed(1)) for name in ("s", "a", "b", "c", "end")],
        {START: only("s"), "s": either({"a": 0.5, "b": 0.3, "c": 0.2})},
    )
    options = Route(after="s", to="a", times=Range.exactly(0.5)).apply(four, 0.5).choices["s"].options
    assert [option.share[""] for option in options] == pytest.approx([0.25, 0.45, 0.30])


def test_the_share_decided_at_a_review(model: PathwayModel) -> None:
    changed = Route(after="review", to="decided", share=Range.exactly(0.9)).apply(model, 0.9)
    assert changed.gates["reviews"].decides == 0.9  # type: ignore[union-attr]
    with pytest.raises(ChangeError, match=r"must be in \[0, 1\]"):
        Route(after="review", to="decided", times=Range.exactly(2)).apply(model, 2.0)


def test_papers_come_back_less_often(model: PathwayModel) -> None:
    change = Return(times=Range.exactly(0.5), after="panel", to="more information")
    changed = change.apply(model, 0.5)
    assert different(model, changed) == {"choices panel"}
    assert [o.share[""] for o in changed.choices["panel"].options] == pytest.approx([0.9, 0.1])
    with pytest.raises(ChangeError, match=r"would be 1\.5"):
        Return(probability=Range.exactly(1.5), after="panel", to="more information").apply(model, 1.5)


def test_a_kind_that_the_records_do_not_tell_changes_the_laws_and_no_shares(model: PathwayModel) -> None:
    known = {"share_now": Range.exactly(0.4), "times_as_long": Range.exactly(2.0)}
    change = Route(after="decision", to="contested", share=Range.exactly(0.2), **known)
    changed = change.apply(model, 0.2, 0.4, 2.0)
    assert different(model, changed) == {"steps order", "steps refused"}
    assert changed.steps["order"].law("").mean(3000.0) < model.steps["order"].law("").mean(3000.0)
    with pytest.raises(ChangeError, match="at most"):
        Route(after="decision", to="contested", share=Range.exactly(0.2), share_now=Range.exactly(0.5),
              times_as_long=Range.exactly(40.0)).check_kinds(model)  # fmt: skip


def test_a_gate_has_what_is_said_and_keeps_the_rest(model: PathwayModel) -> None:
    change = GateChange(gate="panel", more_slots=Range.exactly(2), skip_months=(), weeks_of_month=(1, 3))
    changed = change.apply(model, 2.0)
    assert different(model, changed) == {"gates panel"}
    gate = changed.gates["panel"]
    assert isinstance(gate, Sessions)
    assert (gate.slots, gate.skip_months, gate.weeks_of_month, gate.lead_days) == (6, (), (1, 3), 14.0)
    first = GateChange(gate="panel", priority=PriorityRule(by="sex", first=("F",))).apply(model).gates["panel"]
    assert first.priority.first == ("F",)  # type: ignore[union-attr]
    with pytest.raises(ChangeError, match="slots must be at least 1, got 0"):
        GateChange(gate="panel", more_slots=Range.exactly(-4)).apply(model, -4.0)
    with pytest.raises(ChangeError, match="no lead days"):
        GateChange(gate="reviews", lead_days=Range.exactly(4)).apply(model, 4.0)
    with pytest.raises(ChangeError, match="no gate 'pannel'") as told:
        GateChange(gate="pannel", slots=Range.exactly(4)).apply(model, 4.0)
    assert told.value.remedy == "Did you mean 'panel'?"


def test_staff_and_demand(model: PathwayModel) -> None:
    staffed = Staff(gate="team", more=Range.exactly(2)).apply(model, 2.0)
    assert different(model, staffed) == {"gates team"}
    assert staffed.gates["team"].places == 5  # type: ignore[union-attr]
    with pytest.raises(ChangeError, match="has no places"):
        Staff(gate="panel", more=Range.exactly(2)).apply(model, 2.0)
    fewer = Demand(factor=Range.exactly(0.9)).apply(model, 0.9)
    assert different(model, fewer) == {"arrivals"}
    assert fewer.arrivals is not None
    assert fewer.arrivals.per_month.tolist() == [9.0] * 12


NOTHING: tuple[tuple[AnyChange, tuple[float, ...]], ...] = (
    (Shorten(activities=("advice",), factor=Range.exactly(1)), (1.0,)),
    (Shorten(activities=("advice",), days=Range.exactly(0), beyond_day=30.0), (0.0,)),
    (Return(times=Range.exactly(1), after="panel", to="more information"), (1.0,)),
    (
        Route(after="decision", to="contested", times=Range.exactly(1), share_now=Range.exactly(0.4),
              times_as_long=Range.exactly(2)),
        (1.0, 0.4, 2.0),
    ),
    (GateChange(gate="panel", more_slots=Range.exactly(0)), (0.0,)),
    (Staff(gate="team", more=Range.exactly(0)), (0.0,)),
    (Demand(factor=Range.exactly(1)), (1.0,)),
)  # fmt: skip


@pytest.mark.parametrize(("change", "sizes"), NOTHING, ids=lambda value: getattr(value, "type", ""))
def test_a_size_that_changes_nothing_leaves_every_part_as_it_is(
    model: PathwayModel, change: AnyChange, sizes: tuple[float, ...]
) -> None:
    assert not different(model, change.apply(model, *sizes)) - {"choices panel"}
    assert change.apply(model, *sizes).choices == model.choices


@pytest.mark.parametrize("size", [0.0, -1.0, 2.5])
def test_an_impossible_factor_is_refused_with_its_value(model: PathwayModel, size: float) -> None:
    with pytest.raises(ChangeError, match=rf"factor must be in \(0, 2\], got {size:g}"):
        Shorten(activities=("advice",), factor=Range.exactly(size)).apply(model, size)


def test_a_scenario_without_effect_or_without_changes_returns_the_model_itself(model: PathwayModel) -> None:
    assert NULL.apply(model, NULL.sizes(np.random.default_rng(1))) is model
    change = Shorten(activities=("advice",), factor=Range(0.5, 0.6, 0.7))
    never = Scenario(name="never", title="n", rationale="r", changes=(change,), no_effect=1.0)
    assert never.apply(model, never.sizes(np.random.default_rng(1))) is model
    fixed_date = GateChange(gate="panel", skip_months=())
    calendar = Scenario(name="calendar", title="n", rationale="r", changes=(fixed_date,), no_effect=1.0)
    assert calendar.apply(model, calendar.sizes(np.random.default_rng(1))) is model


def test_sizes_come_in_the_order_of_the_ranges_and_can_be_made_exact() -> None:
    one = Shorten(activities=("advice",), factor=Range(0.5, 0.6, 0.7))
    two = GateChange(gate="panel", more_slots=Range(0, 1, 2), lead_days=Range(7, 7, 7))
    scenario = Scenario(name="both", title="b", rationale="r", changes=(one, two), no_effect=0.25)
    assert list(scenario.ranges()) == ["changes.0.factor", "changes.1.more_slots", "changes.1.lead_days"]
    assert scenario.sizes_at([0.3, 0.0, 1.0, 0.5]) == (0.5, 2.0, 7.0)
    assert scenario.sizes_at([0.2, 0.0, 1.0, 0.5]) == (None, None, None)
    exact = scenario.exactly({"factor": 0.65, "changes.1.more_slots": 1.0})
    assert exact.sizes_at([0.0, 0.9, 0.9, 0.9]) == (0.65, 1.0, 7.0)
    with pytest.raises(ValueError, match="'slots' names 0 sizes"):
        scenario.exactly({"slots": 1.0})
