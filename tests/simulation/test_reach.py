"""A change for some children, or from a later day on: who follows which model, and what becomes of work under way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, arriving, at, days_of, model_of, only, open_ends, poisson_days, step, weibull

from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.gates import Arrivals, Beforehand, Places, ReviewCycle, Sessions
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel, Step
from simulation.reach import Reach
from simulation.streams import Streams


def two_steps(first: float, second: float, **how) -> PathwayModel:
    """Two steps one after another; their laws are exponential with these means."""
    return model_of(
        [step("half-way", exponential(first)), step("end", exponential(second))],
        {START: only("half-way"), "half-way": only("end")},
        **how,
    )


BEFORE, AFTER = two_steps(100.0, 100.0), two_steps(50.0, 50.0)
DAYS = np.linspace(1.0, 400.0, 400)


def ran(changed: PathwayModel, reach: Reach | None, *, cases: dict | None = None) -> EventLog:
    """400 children coming one a day, the model changed under `reach`."""
    cohort = arriving(BEFORE, DAYS)
    if cases:
        cohort = replace(cohort, cases=cohort.cases.assign(**cases))
    return simulate(changed, cohort, at(6000.0), seed=3, reach=reach)


def ends(log: EventLog, activity: str = "end") -> np.ndarray:
    return days_of(log, activity)


def test_without_anybody_left_out_it_is_the_changed_model_and_with_all_left_out_the_former_one() -> None:
    everybody, nobody = Reach(), Reach(values={"locality": ("nowhere",)})
    assert np.array_equal(ends(ran(AFTER, everybody)), ends(ran(AFTER, None)))
    assert np.array_equal(ends(ran(AFTER, nobody)), ends(ran(BEFORE, None)))


def test_only_children_with_the_attribute_are_reached_and_unknown_is_no_match() -> None:
    locality = np.array(["N", "S", None, "N"] * 100, dtype=object)
    log = ran(AFTER, Reach(values={"locality": ("N",)}), cases={"locality": locality})
    changed, before = ends(ran(AFTER, None)), ends(ran(BEFORE, None))
    assert np.array_equal(ends(log), np.where(locality == "N", changed, before))


def test_age_counts_when_the_change_begins_or_the_case_does() -> None:
    start = DAYS + DAY_ZERO
    birth = from_days(start - np.where(np.arange(400) % 2, 11.9, 12.1) * 365.25)
    log = ran(AFTER, Reach(age_under=12), cases={"birth": birth})
    young = np.arange(400) % 2 == 1
    assert np.array_equal(ends(log), np.where(young, ends(ran(AFTER, None)), ends(ran(BEFORE, None))))


def test_a_larger_share_reaches_the_same_children_and_more() -> None:
    changed, before = ends(ran(AFTER, None)), ends(ran(BEFORE, None))
    differ = changed != before
    found = []
    for share in (0.25, 0.75):
        log = ends(ran(AFTER, Reach(share=share)))
        assert np.isin(log, np.concatenate([changed, before])).all()
        reached = (log == changed) & differ
        assert reached.sum() / differ.sum() == pytest.approx(share, abs=0.09)  # four standard errors
        found.append(reached)
    assert (found[0] <= found[1]).all()


def test_what_begins_on_or_after_the_day_follows_the_change_and_nothing_before() -> None:
    log = ran(AFTER, Reach(start=DAY_ZERO + 200.0))
    changed, before = ran(AFTER, None), ran(BEFORE, None)
    half = ends(log, "half-way")
    assert np.array_equal(half, np.where(DAYS >= 200.0, ends(changed, "half-way"), ends(before, "half-way")))
    # The second step begins when the first is done: by the change if that is after its day.
    second = ends(log) - half
    own_before = ends(before) - ends(before, "half-way")
    assert second == pytest.approx(np.where(half >= 200.0, own_before / 2.0, own_before))


def test_the_share_reached_grows_evenly_over_the_ramp() -> None:
    cases = pd.DataFrame({"case": [str(n) for n in range(4000)], "start": pd.Timestamp("2020-01-01")})
    reach = Reach(start=DAY_ZERO + 100.0, share=0.5, ramp_days=200.0)
    since = np.array(reach.since(cases, Streams(1, 0, 4000), DAY_ZERO)) - DAY_ZERO
    assert [np.mean(since <= day) for day in (100.0, 150.0, 200.0, 300.0, 1e9)] == pytest.approx(
        [0.0, 0.125, 0.25, 0.5, 0.5], abs=0.032
    )


@pytest.mark.parametrize("policy", ["unaffected", "scaled", "redrawn"])
def test_work_under_way_when_the_change_begins(policy: str) -> None:
    """All begin on day 1 with Weibull(2, 100); from day 51 on the law is Weibull(2, 50)."""
    base = model_of([step("end", weibull(2.0, 100.0))], {START: only("end")})
    after = model_of([step("end", weibull(2.0, 50.0))], {START: only("end")})
    many = arriving(base, np.ones(4000))
    reach = Reach(start=DAY_ZERO + 51.0, under_way=policy)  # type: ignore[arg-type]
    before = days_of(simulate(base, many, at(3000.0), seed=2), "end") - 1.0
    log = days_of(simulate(after, many, at(3000.0), seed=2, reach=reach), "end") - 1.0
    over = before <= 50.0
    assert np.array_equal(log[over], before[over])
    rest = log[~over] - 50.0
    if policy == "unaffected":
        assert np.array_equal(log, before)
    elif policy == "scaled":
        assert rest == pytest.approx((before[~over] - 50.0) / 2.0, rel=1e-6)
    else:
        # P(T > 50 + r | T > 50) = exp(-((50 + r) / 50)^2 + 1): median 50 (sqrt(1 + log 2) - 1).
        assert np.median(rest) == pytest.approx(50.0 * (np.sqrt(1.0 + np.log(2.0)) - 1.0), rel=0.08)
        assert (np.argsort(rest) == np.argsort(before[~over])).all()  # the same luck


@pytest.mark.parametrize("policy", ["unaffected", "scaled", "redrawn"])
def test_work_under_way_on_the_first_day(policy: str) -> None:
    base, after = two_steps(100.0, 100.0, whole_days=True), two_steps(50.0, 100.0, whole_days=True)
    log = EventLog.of(
        pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}),
        ObservationWindow(at(-900.0), at(0.0)),
        cases=pd.DataFrame({"case": [f"{n:04d}" for n in range(600)], "start": at(-60.0), "end": open_ends(600)}),
        ranks={"half-way": 1, "end": 2},
    )
    cohort = snapshot(log, base)
    run = {"seed": 4, "cohort": cohort, "end": at(4000.0)}
    before, plain = (days_of(simulate(model, **run), "half-way") for model in (base, after))
    assert np.array_equal(before, plain)  # what is under way follows the former law
    changed = days_of(simulate(after, reach=Reach(under_way=policy), **run), "half-way")  # type: ignore[arg-type]
    if policy == "unaffected":
        assert np.array_equal(changed, before)
    else:
        # Exponential: half the time that remains, whichever way; to the day.
        assert changed == pytest.approx(np.maximum(before / 2.0, 1.0), abs=1.6)
    nothing = days_of(simulate(replace(base), reach=Reach(under_way=policy), **run), "half-way")  # type: ignore[arg-type]
    assert np.array_equal(nothing, before)


def test_a_panel_changes_its_calendar_on_the_day() -> None:
    rules = {"weekday": "Wednesday", "slots": 1}
    monthly, weekly = Sessions(weeks_of_month=(1,), **rules), Sessions(weeks_of_month=(1, 2, 3, 4, 5), **rules)
    base, after = (
        model_of([step("end", fixed(0), gate="panel")], {START: only("end")}, gates={"panel": gate})
        for gate in (monthly, weekly)
    )
    cohort = arriving(base, np.ones(30))
    log = simulate(after, cohort, at(200.0), seed=1, reach=Reach(start=DAY_ZERO + 91.0))
    heard = np.sort(ends(log)[np.isfinite(ends(log))])
    first = [day for day in range(1, 91) if at(day).weekday() == 2 and at(day).day <= 7]
    then = [day for day in range(91, 201) if at(day).weekday() == 2]
    assert heard.tolist() == [*first, *then]


def test_a_priority_that_begins_later_puts_those_waiting_in_its_order() -> None:
    from simulation.gates import Priority

    panel = Sessions(weekday="Wednesday", weeks_of_month=(1, 2, 3, 4, 5), slots=1)
    base, after = (
        model_of([step("end", fixed(0), gate="panel")], {START: only("end")}, gates={"panel": gate})
        for gate in (panel, replace(panel, priority=Priority(by="band", first=("young",))))
    )
    band = ["old"] * 5 + ["young"] * 5
    cohort = arriving(base, np.linspace(0.1, 1.0, 10))
    cohort = replace(cohort, cases=cohort.cases.assign(band=band))
    heard = ends(simulate(after, cohort, at(200.0), seed=1, reach=Reach(start=DAY_ZERO + 15.0)))
    order = np.argsort(heard)
    assert order.tolist() == [0, 1, 5, 6, 7, 8, 9, 2, 3, 4]


def test_places_become_more_on_the_day() -> None:
    base, after = (
        model_of([step("end", fixed(10), gate="team")], {START: only("end")}, gates={"team": Places(places=number)})
        for number in (1, 3)
    )
    log = simulate(after, arriving(base, np.full(12, 0.5)), at(200.0), seed=1, reach=Reach(start=DAY_ZERO + 25.0))
    # One at a time until day 25, when two more begin; from then on three at a time.
    assert np.sort(ends(log)).tolist() == [10.5, 20.5, 30.5, 35.0, 35.0, 40.5, 45.0, 45.0, 50.5, 55.0, 55.0, 60.5]


def test_what_is_begun_before_a_review_begins_when_the_child_is_reached() -> None:
    """Reviews every 100 days; ready on day 150 of the plan, so decided at 200; asked for 80 days before."""
    cycle = ReviewCycle(review="review", gaps=(fixed(100),), decides=1.0)
    steps = [
        Step(name="plan", activity="", laws={"": fixed(150)}, gate="reviews", then="decided"),
        replace(step("asked", fixed(20)), once=True),
        step("end", fixed(1000)),
    ]
    early = replace(step("asked", fixed(0), name="asked early"), once=True)
    choices = {START: only("plan"), "decided": only("asked"), "asked": only("end")}
    base = model_of(steps, choices, gates={"reviews": cycle})
    with_early = replace(cycle, beforehand=(Beforehand(step="asked early", lead_days=80.0),))
    after = model_of([*steps, early], choices, gates={"reviews": with_early})
    cohort = arriving(base, np.full(3, 1.0))

    def asked(reach: Reach | None) -> list[float]:
        return days_of(simulate(after, cohort, at(400.0), seed=1, reach=reach), "asked").tolist()

    assert asked(None) == [121.0] * 3
    assert asked(Reach(start=DAY_ZERO + 50.0)) == [121.0] * 3
    assert asked(Reach(start=DAY_ZERO + 150.0)) == [150.0] * 3  # reached while the plan is in the making
    assert asked(Reach(start=DAY_ZERO + 210.0)) == [221.0] * 3  # decided before: as ever, and once only


def test_a_join_that_waits_for_less_goes_on_when_the_change_begins() -> None:
    """The panel waits for advice (day 11) and a report (day 101); from day 51 on, no longer for the report."""
    steps = [step("advice", fixed(10)), step("report", fixed(100))]
    choices = {START: only("advice", "report")}
    base = model_of([*steps, step("end", fixed(0), waits_for=("advice", "report"))], choices)
    after = model_of([*steps, step("end", fixed(0), waits_for=("advice",))], choices)
    days = [1.0, 45.0, 60.0]
    log = simulate(after, arriving(base, days), at(400.0), seed=1, reach=Reach(start=DAY_ZERO + 51.0))
    assert ends(log).tolist() == [51.0, 55.0, 70.0]


def test_arrivals_change_on_the_day_and_the_same_children_come() -> None:
    pool = pd.DataFrame({"sex": ["F", "M"]})
    rates = Arrivals(np.full(12, 30.0), pool, np.ones(2))
    later = replace(rates, later_factor=0.5, later_from="2021-07-15")
    start, end = pd.Timestamp("2020-12-31"), pd.Timestamp("2021-12-31")

    def drawn(arrivals: Arrivals):
        return arrivals.draw(start, end, np.random.Generator(np.random.PCG64(5)))

    one, two = drawn(rates), drawn(later)
    day = (pd.Timestamp("2021-07-15") - pd.Timestamp("1970-01-01")).days
    before = one.days < day
    assert np.array_equal(one.days[before], two.days[: before.sum()])
    assert np.array_equal(one.rows[: len(two.rows)], two.rows)
    assert later.expected(start, end) == pytest.approx(180 + 30 * 14 / 31 + 0.5 * (180 - 30 * 14 / 31))
    assert replace(rates, later_from="2021-07-15").expected(start, end) == pytest.approx(rates.expected(start, end))


def test_children_who_are_not_reached_have_the_same_luck_beside_those_who_are() -> None:
    """With no gate between them, a change for half the children leaves the other half alone to the byte."""
    gates = {"team": Places(places=10_000)}
    base = model_of([step("end", exponential(80.0), gate="team")], {START: only("end")}, gates=gates)
    after = model_of([step("end", exponential(40.0), gate="team")], {START: only("end")}, gates=gates)
    cohort = arriving(base, poisson_days(1.0, 300.0, 4))
    half = Reach(share=0.5)
    units = Streams(9, 0, len(cohort.cases)).column("reached by a change")
    before, changed = (ends(simulate(m, cohort, at(3000.0), seed=9)) for m in (base, after))
    log = ends(simulate(after, cohort, at(3000.0), seed=9, reach=half))
    assert np.array_equal(log, np.where(units <= 0.5, changed, before))
