"""Changes in a run, on models whose every day can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import arriving, at, days_of, model_of, only, open_ends, step

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from scenarios import Range
from scenarios.activities import Add, Remove
from scenarios.changes import AnyChange
from scenarios.earlier import BringForward
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.gates import ReviewCycle
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel, Step

CYCLE = ReviewCycle(review="review", gaps=(fixed(42), fixed(91), fixed(183)), decides=1.0)
EXACT = Range.exactly


def pathway() -> PathwayModel:
    """Ready on day 50 of the plan, decided at the review on day 133; asked 14 days later, advice after 56 more, the
    report 60 days after the recommendation; the panel when both are in; then 10 days to the end."""
    return model_of(
        [
            step("start", fixed(0)),
            Step(name="planning", activity="", laws={"": fixed(50)}, gate="reviews", then="decided"),
            step("recommended", fixed(0)),
            step("asked", fixed(14)),
            step("advice", fixed(56)),
            step("report", fixed(60)),
            step("panel", fixed(0), waits_for=("advice", "report")),
            step("end", fixed(10)),
        ],
        {
            START: only("start"),
            "start": only("planning"),
            "decided": only("recommended"),
            "recommended": only("asked", "report"),
            "asked": only("advice"),
            "panel": only("end"),
        },
        gates={"reviews": CYCLE},
        whole_days=True,
    )


BASE = pathway()
EARLY = arriving(BASE, [1.0])
"""One child, who starts on day 1: recommended on 134, asked 148, advice 204, report 194, panel 204, end 214."""


def under_way(happened: dict[str, float]) -> Cohort:
    """One child on day 0 for whom these activities happened on these days."""
    events = pd.DataFrame({"case": "x", "activity": list(happened), "date": [at(day) for day in happened.values()]})
    window = ObservationWindow(at(-900.0), at(0.0))
    cases = pd.DataFrame({"case": ["x"], "start": [at(min(happened.values()))], "end": open_ends(1)})
    return snapshot(EventLog.of(events, window, cases=cases, ranks=dict(BASE.ranks)), BASE)


def day(change: AnyChange | None, activity: str, cohort: Cohort = EARLY, *sizes: float) -> float:
    """The one day on which the child has the activity, with the change."""
    drawn = sizes or tuple(size.quantile(0.5) for size in change.ranges().values()) if change else ()
    model = change.apply(BASE, *drawn) if change else BASE
    log = simulate(model, cohort, at(2000.0), seed=1)
    assert (log.events["activity"] == activity).sum() <= 1
    return float(days_of(log, activity)[0])


def test_the_pathway_as_it_is() -> None:
    names = ("recommended", "asked", "advice", "report", "panel", "end")
    assert [day(None, name) for name in names] == [134, 148, 204, 194, 204, 214]


def test_asked_before_the_review_runs_beside_planning() -> None:
    change = BringForward(activity="asked", days_before_review=EXACT(28))
    assert [day(change, name) for name in ("asked", "advice", "report", "panel")] == [106, 162, 194, 194]
    # Never before the plan begins: a lead longer than planning starts it with planning.
    assert day(replace(change, days_before_review=EXACT(500)), "asked") == 1


def test_asked_at_an_earlier_activity() -> None:
    change = BringForward(activity="asked", at="start", days_after=EXACT(5))
    assert [day(change, name) for name in ("asked", "advice", "panel")] == [6, 62, 194]


def test_side_by_side_takes_the_longer_and_not_the_sum() -> None:
    change = BringForward(activity="advice", beside="asked")
    # Both begin at the recommendation: asked after 14 days, advice after 56.
    assert [day(change, name) for name in ("asked", "advice", "panel")] == [148, 190, 194]
    slow = replace(BASE, steps={**BASE.steps, "asked": step("asked", fixed(80))})
    log = simulate(change.apply(slow), EARLY, at(2000.0), seed=1)
    # What followed the advice (the panel) needs the advice only, but not before both are done.
    assert days_of(log, "panel")[0] == 194


def test_what_follows_side_by_side_work_waits_for_both() -> None:
    base = model_of(
        [step("a", fixed(30)), step("b", fixed(20)), step("end", fixed(5))],
        {START: only("a"), "a": only("b"), "b": only("end")},
    )
    change = BringForward(activity="b", beside="a")
    log = simulate(change.apply(base), arriving(base, [1.0]), at(500.0), seed=1)
    assert [days_of(log, name)[0] for name in ("a", "b", "end")] == [31, 21, 36]
    long = replace(base, steps={**base.steps, "b": step("b", fixed(50))})
    log = simulate(change.apply(long), arriving(long, [1.0]), at(500.0), seed=1)
    assert [days_of(log, name)[0] for name in ("a", "b", "end")] == [31, 51, 56]


@pytest.mark.parametrize(
    "change",
    [
        BringForward(activity="asked", days_before_review=EXACT(28)),
        BringForward(activity="asked", at="start"),
        BringForward(activity="advice", beside="asked"),
    ],
    ids=["before the review", "at the start", "beside"],
)
@pytest.mark.parametrize(
    "happened",
    [
        {"start": -150.0, "recommended": -5.0},
        {"start": -150.0, "recommended": -25.0, "asked": -10.0},
        {"start": -150.0, "recommended": -25.0, "asked": -20.0, "report": -2.0},
    ],
    ids=["recommended", "asked", "asked, report in"],
)
def test_children_past_the_new_start_go_on_as_they_would(change: BringForward, happened: dict[str, float]) -> None:
    cohort = under_way(happened)
    for name in ("asked", "advice", "panel", "end"):
        assert day(change, name, cohort) == day(None, name, cohort)
        assert np.isfinite(day(change, name, cohort))


def test_a_child_in_planning_has_the_request_brought_forward_and_no_second_one() -> None:
    cohort = under_way({"start": -100.0, "review": -58.0})  # decided on day 33
    change = BringForward(activity="asked", days_before_review=EXACT(28))
    assert [day(change, name, cohort) for name in ("asked", "recommended", "advice")] == [5, 33, 61]
    at_start = BringForward(activity="asked", at="start")  # too late for that: asked as now
    assert [day(at_start, name, cohort) for name in ("asked", "recommended")] == [47, 33]


def test_one_more_review_decides_sooner_and_is_as_late_as_the_first() -> None:
    ready = replace(BASE, steps={**BASE.steps, "planning": replace(BASE.steps["planning"], laws={"": fixed(20)})})

    def reviewed(change: Add, model: PathwayModel) -> float:
        log = simulate(change.apply(model, 28.0), arriving(model, [1.0]), at(500.0), seed=1)
        return float(days_of(log, "recommended")[0])

    change = Add(activity="review", day=EXACT(28))
    assert reviewed(change, ready) == 29
    assert reviewed(change, BASE) == 134  # not ready on day 28: the additional review alone changes nothing
    late = replace(ready, gates={"reviews": replace(CYCLE, gaps=(fixed(47), fixed(91)))})
    assert reviewed(change, late) == 29
    assert reviewed(replace(change, first_due=42.0), late) == 34
    early = replace(ready, gates={"reviews": replace(CYCLE, gaps=(fixed(40), fixed(91)))})
    assert reviewed(replace(change, first_due=42.0), early) == 29


def test_an_added_activity_is_recorded_and_holds_up_only_when_it_should() -> None:
    beside = Add(activity="meeting", after="recommended", days=EXACT(42))
    assert [day(beside, name) for name in ("meeting", "panel")] == [176, 204]
    holding = replace(beside, holds_up=True)
    assert [day(holding, name) for name in ("meeting", "asked", "report", "panel")] == [176, 190, 236, 246]
    past = under_way({"start": -150.0, "recommended": -5.0})  # already past it: not held up
    assert day(holding, "panel", past) == day(None, "panel", past)


def test_a_removed_activity_is_gone_and_what_followed_it_follows_at_once() -> None:
    without = Remove(activity="asked")
    assert np.isnan(day(without, "asked"))
    assert [day(without, name) for name in ("advice", "panel")] == [190, 194]
    assert [day(Remove(activity="report"), name) for name in ("advice", "panel")] == [204, 204]
    # Both papers gone: the panel comes with the recommendation.
    both = Remove(activity="asked").apply(Remove(activity="report").apply(BASE))
    assert days_of(simulate(both, EARLY, at(500.0), seed=1), "panel")[0] == 190


def test_who_waits_only_for_what_was_removed_goes_on_the_day_after() -> None:
    waiting = under_way({"start": -150.0, "recommended": -55.0, "asked": -45.0, "advice": -3.0})
    assert day(None, "panel", waiting) == 5
    assert day(Remove(activity="report"), "panel", waiting) == 1
    assert day(Remove(activity="report"), "report", waiting) == 5  # work under way is finished


def test_a_brought_forward_step_keeps_the_child_s_luck() -> None:
    base = model_of(
        [step("a", fixed(30)), step("b", exponential(40.0)), step("end", fixed(5))],
        {START: only("a"), "a": only("b"), "b": only("end")},
    )
    cohort = arriving(base, np.ones(50))
    before = simulate(base, cohort, at(3000.0), seed=1)
    after = simulate(BringForward(activity="b", beside="a").apply(base), cohort, at(3000.0), seed=1)
    assert days_of(after, "b") == pytest.approx(days_of(before, "b") - 30.0)
    ends = np.maximum(days_of(after, "b"), 31.0) + 5.0
    assert days_of(after, "end") == pytest.approx(ends)
