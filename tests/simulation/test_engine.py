"""The engine against theory: queues, joins, reviews and conservation, on small models whose behaviour is known."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import (
    DAY_ZERO,
    Floats,
    arriving,
    at,
    days_of,
    either,
    model_of,
    only,
    poisson_days,
    run,
    single,
    step,
    weibull,
    with_arrivals,
)
from scipy import stats

from event_logs.log import EventLog, to_days
from simulation.engine import EVENTS_PER_CASE, EndlessLoopError, simulate
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law, exponential, fixed
from simulation.model import START, Choice, Option, PathwayModel, Step

PANEL = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4, lead_days=14)


def panel_model(panel: Sessions, *, whole_days: bool = True, papers: Law | None = None) -> PathwayModel:
    """Papers are made ready, then wait for the panel, which ends the case."""
    steps = [step("papers", papers or fixed(0.0)), step("end", fixed(0.0), gate="panel")]
    return model_of(
        steps, {START: only("papers"), "papers": only("end")}, gates={"panel": panel}, whole_days=whole_days
    )


def sessions_of(panel: Sessions, end: float) -> Floats:
    days: Floats = to_days(pd.Series(panel.dates(at(0), at(end)))) - DAY_ZERO
    return days


# Occupancy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [exponential(20.0), weibull(2.0, 22.567583)])
def test_occupancy_without_gates_is_poisson_with_mean_rate_times_duration(law: Law) -> None:
    # M/G/infinity: two arrivals a day, 20 days on average, so 40 present; samples 100 days apart are independent.
    end = 9000.0
    log = run(single(law), poisson_days(2.0, end, seed=1), end)
    began, ended = to_days(log.cases["start"]) - DAY_ZERO, to_days(log.cases["end"]) - DAY_ZERO
    ended = np.where(np.isnan(ended), np.inf, ended)
    times = np.arange(300.0, end, 100.0)
    present = np.array([((began <= t) & (ended > t)).sum() for t in times])
    assert abs(present.mean() - 40) < 3.29 * np.sqrt(40 / len(times))
    low, high = stats.chi2.ppf(np.array([0.0005, 0.9995]), len(times) - 1) * 40 / (len(times) - 1)
    assert low < present.var(ddof=1) < high


# The panel ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "panel",
    [replace(PANEL, slots=1000), Sessions(weekday="Friday", weeks_of_month=(2,), slots=1000, lead_days=5)],
)
def test_with_ample_slots_the_wait_is_lead_plus_the_mean_residual_gap(panel: Sessions) -> None:
    sessions = sessions_of(panel, 7700)
    gaps = np.diff(sessions)
    ready = np.random.default_rng(2).uniform(sessions[0] - panel.lead_days, sessions[-1] - panel.lead_days, 20_000)
    ready = np.sort(ready[ready > 0])
    log = run(panel_model(panel, whole_days=False), ready, 7700)
    waits = days_of(log, "end") - days_of(log, "papers")
    expected = panel.lead_days + (gaps**2).mean() / (2 * gaps.mean())
    assert len(waits) > 19_000
    assert waits.min() >= panel.lead_days
    assert waits.mean() == pytest.approx(expected, abs=3.29 * waits.std() / np.sqrt(len(waits)))


@pytest.mark.parametrize("lead", [0, 14])
@pytest.mark.parametrize("slots", [1, 4])
def test_every_session_follows_the_bulk_queue_recursion(lead: int, slots: int) -> None:
    panel = replace(PANEL, slots=slots, lead_days=lead)
    end = 2000.0
    sessions = sessions_of(panel, end)
    days = poisson_days(0.97 * slots * len(sessions) / end, end, seed=slots + lead, whole=True)
    log = run(panel_model(panel, papers=weibull(1.5, 30.0)), days, end)
    ready, heard = days_of(log, "papers"), days_of(log, "end")
    queue, reached = 0, -np.inf
    for session in sessions:
        # Papers complete on the very day of the deadline count as in.
        coming = int(((ready > reached) & (ready <= session - lead)).sum())
        expected = min(queue + coming, slots)
        assert int((heard == session).sum()) == expected
        queue, reached = queue + coming - expected, session - lead
        assert queue == int(((ready <= session - lead) & ~(heard <= session)).sum())
    assert np.isin(heard[~np.isnan(heard)], sessions).all()
    assert (~np.isnan(heard)).sum() > 80


def test_first_come_first_served_and_equal_days_by_number() -> None:
    log = run(panel_model(PANEL, papers=weibull(1.0, 40.0)), poisson_days(0.25, 2500, seed=9, whole=True), 2500)
    ready, heard = days_of(log, "papers"), days_of(log, "end")
    order = np.lexsort((np.arange(len(ready)), ready))
    in_turn = np.where(np.isnan(heard), np.inf, heard)[order][~np.isnan(ready[order])]
    assert np.isinf(in_turn).any()
    assert (in_turn[1:] >= in_turn[:-1]).all()


@pytest.mark.parametrize("slots", [2, 3, 4])
def test_one_more_slot_lengthens_nobodys_wait(slots: int) -> None:
    days = poisson_days(0.15, 3000, seed=3, whole=True)
    few, more = (
        np.nan_to_num(
            days_of(run(panel_model(replace(PANEL, slots=n), papers=weibull(1.0, 40.0)), days, 3000), "end"), nan=1e9
        )
        for n in (slots, slots + 1)
    )
    assert (more <= few).all()
    assert (more < few).any()


def test_deferral_puts_a_child_back_in_the_queue_behind_those_waiting() -> None:
    # Everybody is deferred once; with one slot a session, the second hearing comes after all who were there before.
    panel = Sessions(weekday="Monday", weeks_of_month=(1, 2, 3, 4, 5), slots=1)
    steps = [
        step("panel", fixed(0.0), gate="panel"),
        step("more information", fixed(3.0)),
        step("panel", fixed(0.0), gate="panel", name="panel again"),
        step("end", fixed(10.0)),
    ]
    choices = {
        START: only("panel"),
        "panel": either({"more information": 0.5, "end": 0.5}),
        "more information": only("panel again"),
    }
    log = run(model_of(steps, choices, gates={"panel": panel}, whole_days=True), [1.0] * 40, 1000)
    events = log.events[log.events["activity"] == "panel"]
    assert events["date"].is_unique
    assert len(events) > 50
    information = log.events[log.events["activity"] == "more information"].groupby("case")["date"].first()
    again = events[events["case"].duplicated()].groupby("case")["date"].first()
    first = events.groupby("case")["date"].first()
    for case, day in zip(again.index, again, strict=True):
        assert (first[first > information.loc[case]] < day).all()


# Joins -------------------------------------------------------------------------------------------------------------


def fork(left: Law, right: Law) -> PathwayModel:
    steps = [step("left", left), step("right", right), step("end", fixed(5.0), waits_for=("left", "right"))]
    return model_of(steps, {START: only("left", "right")})


def test_a_join_happens_when_the_last_branch_is_done() -> None:
    log = run(fork(weibull(1.3, 50.0), weibull(0.8, 40.0)), poisson_days(0.5, 2000, seed=1), 2000)
    left, right, end = (days_of(log, name) for name in ("left", "right", "end"))
    both = ~np.isnan(end)
    assert both.sum() > 700
    np.testing.assert_allclose(end[both], np.maximum(left, right)[both] + 5.0, atol=1e-6)


def test_speeding_up_a_branch_that_is_not_critical_changes_nothing() -> None:
    days = poisson_days(0.5, 2000, seed=1)
    usual, faster = (run(fork(weibull(1.3, 50.0), weibull(0.8, 40.0).scaled(f)), days, 2000) for f in (1.0, 0.5))
    left, right = days_of(usual, "left"), days_of(usual, "right")
    waits_for_left = left >= right
    before, after = days_of(usual, "end"), days_of(faster, "end")
    assert 200 < waits_for_left.sum() < 900
    np.testing.assert_array_equal(before[waits_for_left], after[waits_for_left])
    others = ~waits_for_left & ~np.isnan(before)
    assert (after[others] < before[others]).all()


def test_every_branch_keeps_its_own_luck() -> None:
    days = poisson_days(0.5, 1000, seed=1)
    usual, slower = (run(fork(weibull(1.3, 50.0), weibull(0.8, f)), days, 1500) for f in (40.0, 90.0))
    np.testing.assert_array_equal(days_of(usual, "left"), days_of(slower, "left"))


# Scale, conservation, Little ---------------------------------------------------------------------------------------


def winding() -> PathwayModel:
    """A loop, a fork with a join, a choice and a way out without a record."""
    steps = [
        step("a", weibull(1.4, 30.0)),
        step("b", weibull(0.7, 60.0)),
        step("back", exponential(10.0)),
        step("left", weibull(1.3, 50.0)),
        step("right", weibull(0.8, 40.0)),
        step("end", weibull(2.0, 20.0), waits_for=("left", "right")),
    ]
    out = Option(starts=(), share={"": 0.1})
    choices = {
        START: only("a"),
        "a": either({"b": 0.6, "back": 0.4}),
        "back": only("a"),
        "b": Choice(options=(Option(starts=("left", "right"), share={"": 0.9}), out)),
    }
    return model_of(steps, choices)


def scaled(model: PathwayModel, factor: float) -> PathwayModel:
    return replace(
        model,
        steps={
            n: replace(s, laws={k: law.scaled(factor) for k, law in s.laws.items()}) for n, s in model.steps.items()
        },
    )


def test_doubling_all_times_doubles_all_waits() -> None:
    days = poisson_days(0.4, 600, seed=4)
    usual, double = run(winding(), days, 800), run(scaled(winding(), 2.0), 2 * days, 1600)
    assert usual.events["activity"].tolist() == double.events["activity"].tolist()
    np.testing.assert_allclose(2 * (usual.arrays.day - DAY_ZERO), double.arrays.day - DAY_ZERO, atol=1e-6)


def test_children_are_conserved_and_nothing_happens_after_the_end() -> None:
    days = poisson_days(0.8, 900, seed=5)
    log = run(winding(), days, 900)
    arrays = log.arrays
    assert len(log.cases) == len(days)
    ended = ~np.isnan(arrays.end)
    assert 0.5 < ended.mean() < 0.99
    last = np.where(ended, arrays.end, DAY_ZERO + 900)
    assert (arrays.day <= last[arrays.case] + 1e-9).all()
    assert (arrays.day >= arrays.start[arrays.case] - 1e-9).all()
    # The final activity is recorded exactly for those who ended by it.
    final = ~np.isnan(days_of(log, "end"))
    assert ended[final].all()
    left_silently = ended & ~final
    assert 0.05 < left_silently.mean() < 0.2
    assert log.open_cases == (~ended).sum()


def test_littles_law_holds_on_the_log() -> None:
    log = run(winding(), poisson_days(0.8, 900, seed=6), 900)
    arrays = log.arrays
    stop = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)
    times = np.concatenate([arrays.start, stop])
    change = np.concatenate([np.ones(len(stop)), -np.ones(len(stop))])
    order = np.argsort(times, kind="stable")
    times, present = times[order], np.cumsum(change[order])
    area = float((present[:-1] * np.diff(times)).sum())
    span = arrays.window_end - arrays.window_start
    rate, mean_stay = len(stop) / span, float((stop - arrays.start).mean())
    assert area / span == pytest.approx(rate * mean_stay, rel=1e-9)


# Leaving, arrivals, determinism ------------------------------------------------------------------------------------


def birthdays(model: PathwayModel, ages: list[float]) -> tuple[PathwayModel, pd.DataFrame]:
    model = replace(model, leaves_at_days=6574.0, leaves_as="end")
    births = [at(1.0) - pd.Timedelta(days=age) for age in ages]
    return model, pd.DataFrame({"birth": births})


def test_children_leave_at_eighteen_whatever_else_is_happening() -> None:
    ages = [6574.0 - 100, 6574.0 - 10, 6574.0 - 1000, 6574.0 + 50]
    model, births = birthdays(single(fixed(200.0), whole_days=True), ages)
    cohort = arriving(model, [1.0] * 4)
    cohort = replace(cohort, cases=cohort.cases.assign(birth=births["birth"]))
    log = simulate(model, cohort, at(900), seed=1)
    assert (to_days(log.cases["end"]) - DAY_ZERO).tolist() == [101.0, 11.0, 201.0, 1.0]
    assert log.events["case"].is_unique


def test_a_birthday_on_the_day_of_the_panel_comes_first() -> None:
    model = panel_model(Sessions(weekday="Tuesday", weeks_of_month=(1,), slots=1))
    model = replace(model, ranks={**model.ranks, "left": 9}, leaves_at_days=6574.0, leaves_as="left")
    session = sessions_of(Sessions(weekday="Tuesday", weeks_of_month=(1,), slots=1), 60)[0]
    cohort = arriving(model, [1.0, 2.0])
    birth = [at(session) - pd.Timedelta(days=6574), at(0)]
    log = simulate(model, replace(cohort, cases=cohort.cases.assign(birth=birth)), at(60), seed=1)
    assert days_of(log, "left").tolist()[0] == session
    assert np.isnan(days_of(log, "left")[1])
    assert days_of(log, "end").tolist()[1] == session


def busy() -> PathwayModel:
    """Panel, reviews, join, loop and arrivals in one, in whole days."""
    cycle = ReviewCycle(review="review", gaps=(weibull(9.0, 45.0), weibull(9.0, 95.0)), decides=0.75)
    planning = Step(name="planning", activity="", laws={"": weibull(1.2, 90.0)}, gate="reviews", then="decided")
    steps = [
        planning,
        step("home", fixed(0.0)),
        step("plan", fixed(0.0)),
        step("left", weibull(1.3, 50.0)),
        step("right", weibull(0.8, 40.0)),
        step("panel", fixed(0.0), waits_for=("left", "right"), gate="panel"),
        step("more", weibull(1.0, 30.0)),
        step("panel", fixed(0.0), gate="panel", name="panel again"),
        step("end", weibull(1.5, 60.0)),
        step("end", weibull(1.5, 30.0), name="home end"),
    ]
    choices = {
        START: only("planning"),
        "decided": either({"home": 0.5, "plan": 0.5}),
        "home": only("home end"),
        "plan": only("left", "right"),
        "panel": either({"more": 0.2, "end": 0.8}),
        "more": only("panel again"),
    }
    return model_of(steps, choices, gates={"reviews": cycle, "panel": replace(PANEL, slots=3)}, whole_days=True)


def test_a_log_in_whole_days_holds_whole_days_and_a_proper_order() -> None:
    log = simulate(
        with_arrivals(busy()), arriving(busy(), poisson_days(0.3, 1500, seed=1, whole=True)), at(1500), seed=2
    )
    arrays = log.arrays
    assert len(log) > 3000
    assert (arrays.day == np.floor(arrays.day)).all()
    ended = arrays.end[~np.isnan(arrays.end)]
    assert (ended == np.floor(ended)).all()
    again = EventLog.of(
        log.events.iloc[::-1], log.window, cases=log.cases, ranks=dict(log.events[["activity", "rank"]].values.tolist())
    )
    assert (
        again.events[["case", "activity", "date"]]
        .astype("str")
        .equals(log.events[["case", "activity", "date"]].astype("str"))
    )


def fingerprint() -> str:
    log = simulate(with_arrivals(busy()), arriving(busy(), poisson_days(0.3, 700, seed=1, whole=True)), at(900), seed=2)
    return log.events.to_csv() + log.cases.to_csv()


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert fingerprint() == fingerprint()


def test_bytes_do_not_depend_on_pythons_hash_seed() -> None:
    from hashlib import blake2b

    code = (
        "from hashlib import blake2b; import test_engine;print(blake2b(test_engine.fingerprint().encode()).hexdigest())"
    )
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == blake2b(fingerprint().encode()).hexdigest()


def test_seeds_and_replications_give_other_logs() -> None:
    cohort = arriving(busy(), poisson_days(0.3, 700, seed=1, whole=True))
    logs = [
        simulate(busy(), cohort, at(900), seed=s, replication=r).events.to_csv() for s, r in ((1, 0), (2, 0), (1, 1))
    ]
    assert len(set(logs)) == 3


def test_a_step_that_nobody_takes_leaves_the_log_identical() -> None:
    model, cohort = busy(), arriving(busy(), poisson_days(0.3, 700, seed=1, whole=True))
    unused = step("end", exponential(3.0), name="unused")
    more = replace(model, steps={"unused": unused, **model.steps}, choices={**model.choices, "nowhere": only("unused")})
    assert simulate(model, cohort, at(900), seed=4).events.equals(simulate(more, cohort, at(900), seed=4).events)


def test_more_children_later_leave_the_earlier_ones_as_they_were() -> None:
    model = winding()
    few, many = run(model, [1.0, 2.0, 3.0], 700), run(model, [1.0, 2.0, 3.0, 300.0, 301.0], 700)
    earlier = many.events[many.events["case"] < "000003"].reset_index(drop=True)
    assert few.events[["case", "date"]].equals(earlier[["case", "date"]])


def test_a_longer_horizon_only_adds_events() -> None:
    cohort = arriving(busy(), poisson_days(0.3, 600, seed=1, whole=True))
    short = simulate(with_arrivals(busy()), cohort, at(600), seed=4)
    long = simulate(with_arrivals(busy()), cohort, at(1200), seed=4)
    until = long.events[long.events["date"] <= at(600)].reset_index(drop=True)
    assert short.events.astype("str").equals(until.astype("str"))


@pytest.mark.parametrize("activity", ["round", ""])
def test_a_loop_without_end_is_an_error(activity: str) -> None:
    loop = Step(name="round", activity=activity, laws={"": fixed(0.0)}, then="again")
    model = model_of([loop, step("end", fixed(0.0))], {START: only("round"), "again": only("round")})
    with pytest.raises(EndlessLoopError, match=str(EVENTS_PER_CASE)):
        run(model, [1.0], 100)


def test_a_loop_within_an_instant_keeps_no_more_than_it_records() -> None:
    loop = Step(name="round", activity="round", laws={"": fixed(0.0)}, then="again")
    model = model_of([loop, step("end", fixed(0.0))], {START: only("round"), "again": only("round")})
    cohort = arriving(model, [1.0] * 5)
    tracemalloc.start()
    try:
        with pytest.raises(EndlessLoopError):
            simulate(model, cohort, at(100), seed=1)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Sixteen bytes an event are recorded, and twice that held while the record grows; all that was due is 120 more.
    assert most < 60 * 5 * EVENTS_PER_CASE


def test_an_end_before_the_start_is_refused() -> None:
    model = single(fixed(1.0))
    with pytest.raises(ValueError, match="end must be after"):
        simulate(model, arriving(model, [1.0]), at(0), seed=1)


def test_running_changes_no_input() -> None:
    model, cohort = with_arrivals(busy()), arriving(busy(), [1.0, 2.0])
    assert model.arrivals is not None
    before = (cohort.cases.copy(), model.arrivals.pool.copy())
    simulate(model, cohort, at(400), seed=1)
    pd.testing.assert_frame_equal(cohort.cases, before[0])
    pd.testing.assert_frame_equal(model.arrivals.pool, before[1])


def test_strata_have_their_own_laws_and_shares_and_the_missing_ones_the_common() -> None:
    wait = Step(name="wait", activity="wait", laws={"": fixed(10.0), "old": fixed(30.0)})
    options = (
        Option(starts=("x",), share={"": 1.0, "old": 0.0}),
        Option(starts=("end",), share={"": 0.0, "old": 1.0}),
    )
    model = model_of(
        [wait, step("x", fixed(1.0)), step("end", fixed(1.0))],
        {START: only("wait"), "wait": Choice(options=options, by="band")},
    )
    model = replace(model, stratify_by="band")
    cohort = arriving(model, [1.0, 1.0, 1.0])
    cohort = replace(cohort, cases=cohort.cases.assign(band=pd.Series(["old", "young", None], dtype="str")))
    log = simulate(model, cohort, at(100), seed=1)
    assert (days_of(log, "wait") - 1).tolist() == [30.0, 10.0, 10.0]
    assert np.isnan(days_of(log, "x")).tolist() == [True, False, False]
    # Without the attribute everybody is in the common stratum.
    assert not np.isnan(days_of(run(model, [1.0], 100), "x")).any()
