"""Loading today's open cases: each in its steps, and carried on without bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import (
    DAY_ZERO,
    arriving,
    at,
    cut,
    days_of,
    either,
    model_of,
    only,
    open_ends,
    single,
    step,
    weibull,
)
from process_form import simulate_by_processes
from small_permanence import AHEAD, HISTORY, permanence, world

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.cohort import Cohort, Running, Undecided, queued, snapshot
from simulation.engine import simulate
from simulation.gates import Beforehand, ReviewCycle
from simulation.laws import fixed
from simulation.model import START, UNRECORDED, Choice, Option, PathwayModel


def placed(events: list[tuple[str, float]], model: PathwayModel | None = None) -> Cohort:
    """The snapshot on day 1000 of one open case with these events."""
    frame = pd.DataFrame(
        {"case": "a", "activity": [name for name, _ in events], "date": [at(day) for _, day in events]}
    )
    cases = pd.DataFrame({"case": ["a"], "start": [at(0)], "end": open_ends(1)})
    model = model or permanence()
    log = EventLog.of(frame, ObservationWindow(at(0), at(1000)), cases=cases, ranks=model.ranks)
    return snapshot(log, model)


def where(cohort: Cohort) -> set[tuple[str, float]]:
    running = {(item.step, item.since - DAY_ZERO) for item in cohort.running}
    return running | {(f"after {item.choice}", item.since - DAY_ZERO) for item in cohort.undecided}


UNTIL_RECOMMENDED: list[tuple[str, float]] = [("in", 0), ("review", 45), ("review", 140), ("recommended", 140)]
PAPERS: list[tuple[str, float]] = [("legal", 200), ("health", 190), ("report", 220)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("in", 0)], {("planning", 0)}),
        (UNTIL_RECOMMENDED, {("legal", 140), ("health", 140), ("report", 140)}),
        # Side by side: what is done does not show that the others were left behind, whatever their ranks.
        ([*UNTIL_RECOMMENDED, ("report", 220)], {("legal", 140), ("health", 140)}),
        ([*UNTIL_RECOMMENDED, ("health", 190), ("report", 220)], {("legal", 140)}),
        ([*UNTIL_RECOMMENDED, *PAPERS], {("panel", 220)}),
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260)], {("after panel", 260)}),
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260), ("more", 280)], {("panel again", 280)}),
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260), ("more", 280), ("panel", 300)], {("after panel", 300)}),
        # A way not taken twice, an optional step either way, and a choice between orders.
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260), ("decision", 270)], {("after decision", 270)}),
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260), ("decision", 270), ("advice", 300)], {("lodged", 270)}),
        ([*UNTIL_RECOMMENDED, *PAPERS, ("panel", 260), ("decision", 270), ("lodged", 400)], {("after lodged", 400)}),
        # Milestones missing in the records: a later one shows that the step is over.
        ([("in", 0), ("recommended", 140), ("panel", 260)], {("after panel", 260)}),
        ([("in", 0), *PAPERS, ("recommended", 140), ("decision", 270)], {("after decision", 270)}),
        ([("in", 0), ("lodged", 400)], {("after lodged", 400)}),
        # A plan that was changed: the latest one counts.
        ([("in", 0), ("go home", 50), ("recommended", 140)], {("legal", 140), ("health", 140), ("report", 140)}),
        ([("in", 0), ("recommended", 140), ("go home", 150)], {("home end", 150)}),
        ([], {(f"after {START}", 0)}),
        ([("review", 45)], set()),
    ],
)
def test_a_child_stands_where_the_records_say(
    events: list[tuple[str, float]], expected: set[tuple[str, float]]
) -> None:
    cohort = placed(events)
    assert where(cohort) == expected
    assert len(cohort.unplaced) == (0 if expected else 1)
    assert cohort.counts["children"].sum() == len(expected)


def test_the_reviews_held_since_the_step_began_are_kept() -> None:
    cohort = placed([("review", 3), ("in", 10), ("review", 55), ("review", 150)])
    assert cohort.reviews == {0: (DAY_ZERO + 55, DAY_ZERO + 150)}


def test_a_step_begun_before_its_ending_was_recorded_is_not_taken_for_open() -> None:
    model = permanence()
    cases = pd.DataFrame({"case": ["a", "b"], "start": [at(100), at(600)], "end": open_ends(2)})
    events = pd.DataFrame({"case": ["a", "b"], "activity": "in", "date": [at(100), at(600)]})
    window = ObservationWindow(at(0), at(1000), {"recommended": at(500)})
    cohort = snapshot(EventLog.of(events, window, cases=cases, ranks=model.ranks), model)
    assert [(item.child, item.step) for item in cohort.running] == [(1, "planning")]
    assert cohort.unplaced.to_numpy().tolist() == [["a", "began before its ending was reliably recorded"]]


def test_a_child_whose_stage_is_not_recorded_goes_on_as_the_model_says_of_such_children() -> None:
    model = permanence()
    way = Choice(options=(Option(starts=("home end",), share={"": 1.0}),))
    model = replace(model, choices={**model.choices, UNRECORDED: way})
    cases = pd.DataFrame({"case": ["a", "b"], "start": [at(-900), at(100)], "end": open_ends(2)})
    events = pd.DataFrame({"case": ["b"], "activity": "in", "date": [at(100)]})
    window = ObservationWindow(at(0), at(1000), {"recommended": at(500)})
    cohort = snapshot(EventLog.of(events, window, cases=cases, ranks=model.ranks), model)
    assert [(item.child, item.choice, item.since) for item in cohort.undecided] == [(1, UNRECORDED, DAY_ZERO + 100)]
    assert cohort.counts.to_numpy().tolist() == [[f"after {UNRECORDED}", 1]]
    # Of the other nothing at all is recorded.
    assert cohort.unplaced["case"].tolist() == ["a"]


def test_a_case_older_than_the_records_without_any_event_is_not_started_anew() -> None:
    model = permanence()
    cases = pd.DataFrame({"case": ["a", "b"], "start": [at(-900), at(5)], "end": open_ends(2)})
    nothing = pd.DataFrame({"case": ["b"], "activity": ["in"], "date": [at(5)]})
    log = EventLog.of(nothing, ObservationWindow(at(0), at(1000)), cases=cases, ranks=model.ranks)
    cohort = snapshot(log, model)
    assert cohort.unplaced["case"].tolist() == ["a"]
    future = simulate(model, cohort, at(1500), seed=1)
    assert set(future.events["case"]) == {"b"}


def test_every_open_case_is_loaded_or_listed_and_the_counts_say_where() -> None:
    log = cut(world(permanence(), 3), DAY_ZERO + HISTORY)
    cohort = snapshot(log, permanence())
    loaded = {item.child for item in cohort.running} | {item.child for item in cohort.undecided}
    assert len(cohort.cases) == log.open_cases > 50
    assert len(loaded) + len(cohort.unplaced) == log.open_cases
    assert cohort.unplaced.empty
    assert cohort.counts["children"].sum() == len(cohort.running) + len(cohort.undecided)
    by_step = pd.Series([item.step for item in cohort.running]).value_counts()
    counts = cohort.counts.set_index("step")["children"]
    assert counts.reindex(by_step.index).tolist() == by_step.tolist()
    assert queued(cohort, "panel") == counts.get("panel", 0) + counts.get("panel again", 0)
    with pytest.raises(ValueError, match="not a gate with sessions"):
        queued(cohort, "reviews")


def test_the_snapshot_finds_the_state_that_the_simulation_was_in() -> None:
    # Whoever is in a step at the cut is known from the uncut log: it began before, and ended after.
    model = permanence()
    whole = world(model, 5)
    cohort = snapshot(cut(whole, DAY_ZERO + HISTORY), model)
    for name, since in (("legal", "recommended"), ("report", "recommended"), ("home end", "go home")):
        began, done = days_of(whole, since), np.nan_to_num(days_of(whole, step_activity(model, name)), nan=np.inf)
        expected = int(((began <= HISTORY) & (done > HISTORY)).sum())
        assert sum(item.step == name for item in cohort.running) == expected
    ready = np.max([days_of(whole, name) for name in ("legal", "health", "report")], axis=0)
    heard = np.nan_to_num(days_of(whole, "panel"), nan=np.inf)
    waiting = sum(item.step == "panel" for item in cohort.running)
    assert waiting == int(((ready <= HISTORY) & (heard > HISTORY)).sum()) > 0


def step_activity(model: PathwayModel, name: str) -> str:
    return model.steps[name].activity


# By age ---------------------------------------------------------------------------------------------------------------


def test_a_step_by_age_ends_on_its_birthday_whenever_it_began() -> None:
    # Everybody leaves at 6,000 days of age: those who come, and those already there, and the oldest at once.
    model = single(fixed(6000.0), whole_days=True)
    model = replace(model, steps={"end": replace(model.steps["end"], by_age=True)})
    model = replace(model, steps={**model.steps, "in": step("in", fixed(0.0))}, ranks={"in": 1, "end": 2})
    model = replace(model, choices={START: only("in"), "in": only("end")})
    born = [-5900.0, -3000.0, -5999.0, -7000.0]
    days = [10.0, 20.0, 30.0, 40.0]
    coming = arriving(model, days)
    cases = coming.cases.assign(birth=[at(day) for day in born])
    whole = simulate(model, replace(coming, cases=cases), at(4000), seed=1)
    assert days_of(whole, "end").tolist() == [100.0, 3000.0, 30.0, 40.0]
    log = cut(whole, DAY_ZERO + 60.0)
    later = simulate(model, snapshot(log, model), at(4000), seed=2)
    assert sorted(days_of(later, "end").tolist()) == [100.0, 3000.0]


# Carrying on -------------------------------------------------------------------------------------------------------


def test_the_past_of_the_open_cases_is_in_the_simulated_log_and_the_future_after_it() -> None:
    model = permanence()
    log = cut(world(model, 3), DAY_ZERO + HISTORY)
    cohort = snapshot(log, model)
    future = simulate(model, cohort, at(HISTORY + AHEAD), seed=1)
    open_cases = log.cases["case"][log.cases["end"].isna()]
    past = log.events[log.events["case"].isin(open_cases)]
    kept = future.events[future.events["date"] <= log.window.end]
    assert kept[["case", "activity", "date"]].astype("str").to_numpy().tolist() == (
        past[["case", "activity", "date"]].astype("str").to_numpy().tolist()
    )
    assert future.window.start == log.window.end
    assert len(future.events) > len(kept) + 100
    assert sorted(future.cases["case"]) == sorted(open_cases)


def test_activities_that_the_model_does_not_know_are_left_out_of_the_past() -> None:
    model = single(fixed(2000.0), whole_days=True)
    frame = pd.DataFrame({"case": "a", "activity": ["odd", "end"], "date": [at(5), at(7)]})
    cases = pd.DataFrame({"case": ["a"], "start": [at(0)], "end": open_ends(1)})
    log = EventLog.of(frame, ObservationWindow(at(0), at(10)), cases=cases, ranks={"odd": 1, "end": 2})
    future = simulate(model, snapshot(log, model), at(20), seed=1)
    assert future.events["activity"].astype("str").tolist() == ["end"]


def test_the_queue_at_the_start_keeps_the_order_of_the_papers() -> None:
    model = permanence()
    names = ["a", "b", "c", "d", "e", "f"]
    complete = [990.0, 300.0, 800.0, 500.0, 700.0, 600.0]
    rows = [
        (case, name, day)
        for case, last in zip(names, complete, strict=True)
        for name, day in [("in", 0.0), ("recommended", 140.0), ("legal", 200.0), ("health", 190.0), ("report", last)]
    ]
    frame = pd.DataFrame(rows, columns=["case", "activity", "date"])
    frame["date"] = [at(day) for day in frame["date"]]
    cases = pd.DataFrame({"case": names, "start": [at(0)] * 6, "end": open_ends(6)})
    log = EventLog.of(frame, ObservationWindow(at(0), at(1000)), cases=cases, ranks=model.ranks)
    future = simulate(model, snapshot(log, model), at(1100), seed=1)
    panel = days_of(future, "panel")
    by_papers = np.argsort(complete)
    assert (np.diff(panel[by_papers]) >= 0).all()
    assert len(np.unique(panel)) == 2
    assert np.bincount(np.unique(panel, return_inverse=True)[1]).tolist() == [3, 3]


def test_an_overdue_step_ends_after_the_snapshot_and_not_on_it() -> None:
    # The step should have ended after 10 days and has not after 100: it ends on the first day that can be seen.
    model = single(fixed(10.0), whole_days=True)
    model = replace(model, steps={**model.steps, "in": step("in", fixed(0.0))}, ranks={"in": 1, "end": 2})
    model = replace(model, choices={START: only("in"), "in": only("end")})
    assert days_of(simulate(model, placed([("in", 900)], model), at(1050), seed=1), "end").tolist() == [1001.0]


@pytest.mark.parametrize(("begun", "late"), [(900, 1000.0), (995, 1005.5)])
def test_an_overdue_step_in_days_that_are_not_whole_ends_at_the_snapshot_and_not_before_it(
    begun: int, late: float
) -> None:
    # Of ten and a half days: one that should have ended on day 910.5 and has not by day 1000, and one in good time.
    steps = [step("in", fixed(0.0)), step("late", fixed(10.5)), step("end", fixed(3.25))]
    model = model_of(steps, {START: only("in"), "in": only("late"), "late": only("end")})
    for form in (simulate, simulate_by_processes):
        future = form(model, placed([("in", begun)], model), at(1050), seed=1)
        assert (days_of(future, "late").tolist(), days_of(future, "end").tolist()) == ([late], [late + 3.25])


def test_overdue_reviews_come_after_the_snapshot() -> None:
    cohort = placed([("in", 0), ("review", 45)])
    for seed in range(5):
        future = simulate(permanence(), cohort, at(1300), seed=seed)
        reviews = future.events[future.events["activity"] == "review"]["date"]
        assert (reviews[1:] > at(1000)).all()
        assert len(reviews) > 1


def test_what_is_to_be_asked_for_beforehand_is_asked_for_children_under_way_too() -> None:
    model = permanence()
    cycle = model.gates["reviews"]
    assert isinstance(cycle, ReviewCycle)
    ask = step("asked", fixed(0.0))
    changed = replace(
        model,
        steps={**model.steps, "asked": ask},
        ranks={**model.ranks, "asked": 99},
        gates={**model.gates, "reviews": replace(cycle, beforehand=(Beforehand(step="asked", lead_days=28.0),))},
    )
    leads = []
    for case in ([("in", 1000.0)], [("in", 900.0), ("review", 945.0)]):
        for seed in range(15):
            future = simulate(changed, placed(case), at(1900), seed=seed)
            decided = np.fmin(days_of(future, "go home"), days_of(future, "recommended"))[0]
            asked = days_of(future, "asked")[0]
            if decided <= 1900:
                assert asked == max(decided - 28, 1001.0)
                leads.append(decided - asked)
    assert max(leads) == 28.0
    assert min(leads) < 28.0


def test_work_under_way_keeps_the_law_of_its_own_model_and_later_work_the_new_one() -> None:
    model = permanence()
    slower = {n: replace(s, laws={"": s.laws[""].scaled(3.0)}) if n in ("legal", "order") else s
              for n, s in model.steps.items()}  # fmt: skip
    cohort = placed([("in", 800), ("review", 845), ("recommended", 940), ("health", 990), ("report", 995)])
    courts = 0
    for seed in range(6):
        usual, changed = (simulate(m, cohort, at(4000), seed=seed) for m in (model, replace(model, steps=slower)))
        for name in ("legal", "panel", "lodged"):
            assert days_of(usual, name).tolist() == days_of(changed, name).tolist()
        times = [(days_of(log, "order") - days_of(log, "lodged"))[0] for log in (usual, changed)]
        if not np.isnan(times[0]):
            courts += 1
            assert times[1] == pytest.approx(3 * times[0], abs=2.0)
    assert courts > 0


def test_the_next_review_comes_by_the_gap_law_given_the_time_since_the_last() -> None:
    # A review 80 days ago: the next one after a gap G is due given that G > 80.
    gap = weibull(4.0, 95.0)
    model = permanence()
    cycle = ReviewCycle(review="review", gaps=(weibull(9.0, 45.0), gap), decides=0.75)
    model = replace(model, gates={**model.gates, "reviews": cycle})
    base = placed([("in", 875), ("review", 920)], model)
    n = 3000
    many = replace(
        base,
        cases=pd.concat([base.cases] * n, ignore_index=True).assign(case=[f"{i:05d}" for i in range(n)]),
        rows=np.zeros(n, dtype=np.int64),
        running=tuple(replace(base.running[0], child=child) for child in range(n)),
        reviews=dict.fromkeys(range(n), base.reviews[0]),
    )
    future = simulate(model, many, at(1200), seed=1)
    reviews = future.events[(future.events["activity"] == "review") & (future.events["date"] > at(1000))]
    gaps = (reviews.groupby("case")["date"].first() - at(920)) / pd.Timedelta(days=1)
    assert len(gaps) == n
    assert gaps.min() == 81.0
    for t in (85.0, 95.0, 110.0):
        expected = gap.sf(t + 0.5) / gap.sf(80.5)
        assert (gaps > t).mean() == pytest.approx(expected, abs=3.5 * np.sqrt(expected * (1 - expected) / n))


def test_a_review_that_should_have_been_long_ago_comes_on_the_next_day() -> None:
    model = permanence()
    cycle = ReviewCycle(review="review", gaps=(fixed(42), fixed(91)), decides=0.01)
    model = replace(model, gates={**model.gates, "reviews": cycle})
    future = simulate(model, placed([("in", 500), ("review", 542)], model), at(1200), seed=1)
    days = future.arrays.day[future.arrays.activity == future.activities.index("review")] - DAY_ZERO
    assert days.tolist() == [542.0, 1001.0, 1092.0, 1183.0]


def test_whoever_is_past_eighteen_already_leaves_on_the_first_day() -> None:
    model = replace(permanence(), leaves_at_days=6574.0, leaves_as="end")
    cohort = placed([("in", 900)], model)
    for age, day in ((7000.0, 1001.0), (6574.0, 1001.0), (6570.0, 1004.0)):
        cases = cohort.cases.assign(birth=at(1000) - pd.Timedelta(days=age))
        future = simulate(model, replace(cohort, cases=cases), at(1200), seed=1)
        assert days_of(future, "end").tolist() == [day]


def test_whole_day_remaining_times_follow_the_conditional_law() -> None:
    law = weibull(1.5, 40.0)
    model = single(law, whole_days=True)
    model = replace(model, steps={"in": step("in", fixed(0.0)), "end": step("end", law)}, ranks={"in": 1, "end": 2})
    model = replace(model, choices={START: only("in"), "in": only("end")})
    base = placed([("in", 970)], model)
    n = 4000
    many = replace(
        base,
        cases=pd.concat([base.cases] * n, ignore_index=True).assign(case=[f"{i:05d}" for i in range(n)]),
        rows=np.zeros(n, dtype=np.int64),
        running=tuple(Running(child, "end", DAY_ZERO + 970) for child in range(n)),
    )
    lasted = days_of(simulate(model, many, at(3000), seed=1), "end") - 970
    assert lasted.min() == 31.0  # 30 days have passed; an end on the day of the snapshot would have been seen
    for t in (31.0, 35.0, 50.0, 80.0):
        expected = law.sf(t + 0.5) / law.sf(30.5)
        assert (lasted > t).mean() == pytest.approx(expected, abs=3.5 * np.sqrt(expected * (1 - expected) / n))


def test_a_hidden_choice_is_revealed_by_how_long_it_has_taken() -> None:
    # After 500 days only the slow way can still be under way; after 1 day the shares are as they were.
    steps = [step("in", fixed(0.0)), step("end", weibull(3.0, 60.0)), step("order", weibull(3.0, 600.0))]
    model = model_of(steps, {START: only("in"), "in": either({"end": 0.5, "order": 0.5})}, whole_days=True)
    n = 2000
    for since, low, high in ((500.0, 0.99, 1.0), (999.0, 0.46, 0.54)):
        base = placed([("in", since)], model)
        many = replace(
            base,
            cases=pd.concat([base.cases] * n, ignore_index=True).assign(case=[f"{i:05d}" for i in range(n)]),
            rows=np.zeros(n, dtype=np.int64),
            undecided=tuple(Undecided(child, "in", DAY_ZERO + since) for child in range(n)),
        )
        future = simulate(model, many, at(4000), seed=1)
        assert low <= (~np.isnan(days_of(future, "order"))).mean() <= high
