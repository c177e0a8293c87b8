"""Reviews in the engine: when a ready plan is decided, additional reviews, and what is asked for beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hand_models import (
    DAY_ZERO,
    days_of,
    model_of,
    only,
    poisson_days,
    run,
    step,
    weibull,
)
from scipy import stats

from event_logs.log import EventLog, to_days
from simulation.gates import Beforehand, ReviewCycle
from simulation.laws import Law, fixed
from simulation.model import START, PathwayModel, Step


def review_model(
    readiness: Law,
    decides: float,
    *,
    extra: tuple[float, ...] = (),
    gaps: tuple[Law, ...] = (fixed(42), fixed(91), fixed(183)),
    beforehand: tuple[Beforehand, ...] = (),
) -> PathwayModel:
    cycle = ReviewCycle(review="review", gaps=gaps, decides=decides, extra_days=extra, beforehand=beforehand)
    planning = Step(name="planning", activity="", laws={"": readiness}, gate="reviews", then="decided")
    steps = [planning, step("plan", fixed(0.0)), step("end", fixed(400.0)), step("advice", fixed(0.0))]
    choices = {START: only("planning"), "decided": only("plan"), "plan": only("end")}
    return model_of(steps, choices, gates={"reviews": cycle}, whole_days=True)


@pytest.mark.parametrize(("ready", "decision"), [(0, 42), (42, 42), (43, 133), (133, 133), (200, 316), (400, 499)])
def test_a_ready_plan_is_decided_at_the_first_review_on_or_after_it(ready: int, decision: int) -> None:
    log = run(review_model(fixed(ready), 1.0), [1.0, 5.0], 700)
    assert (days_of(log, "plan") - [1.0, 5.0]).tolist() == [decision, decision]
    reviews = log.events[log.events["activity"] == "review"]
    grid = [due for due in (42, 133, 316, 499, 682) if due <= decision]
    assert (to_days(reviews[reviews["case"] == "000000"]["date"]) - DAY_ZERO - 1).tolist() == grid


def test_how_many_more_reviews_a_ready_plan_needs_is_geometric() -> None:
    q, n = 0.6, 6000
    log = run(review_model(fixed(0), q, gaps=(fixed(10),)), [number // 10 + 1.0 for number in range(1, n + 1)], 3000)
    number = (days_of(log, "plan") - (to_days(log.cases["start"]) - DAY_ZERO)) / 10
    assert not np.isnan(number).any()
    counts = np.bincount(number.astype(int), minlength=9)[1:9]
    expected = n * q * (1 - q) ** np.arange(8)
    # 99.9 % point of chi-squared with 8 degrees of freedom (the rest has no parameter fitted).
    assert (((counts - expected) ** 2) / expected).sum() < stats.chi2.ppf(0.999, 8)


def test_additional_reviews_leave_the_ordinary_ones_and_only_bring_decisions_forward() -> None:
    gaps = (weibull(9.0, 45.0), weibull(9.0, 95.0), weibull(9.0, 190.0))
    days = poisson_days(0.5, 1000, seed=2, whole=True)
    usual = run(review_model(weibull(1.2, 150.0), 0.7, gaps=gaps), days, 1500)
    with_extra = run(review_model(weibull(1.2, 150.0), 0.7, gaps=gaps, extra=(28.0, 100.0)), days, 1500)
    before, after = (np.nan_to_num(days_of(log, "plan"), nan=np.inf) for log in (usual, with_extra))
    assert (after <= before).all()
    assert (after < before).mean() > 0.1
    began = to_days(usual.cases["start"])

    def reviews(log: EventLog) -> set[tuple[str, float]]:
        rows = log.events[log.events["activity"] == "review"]
        return set(zip(rows["case"], to_days(rows["date"]), strict=True))

    ordinary, all_of_them = reviews(usual), reviews(with_extra)
    start = dict(zip(usual.cases["case"], began, strict=True))
    decided = dict(zip(with_extra.cases["case"], after + DAY_ZERO, strict=True))
    assert all((case, day) in all_of_them for case, day in ordinary if day <= decided[case])
    assert all(day - start[case] in (28.0, 100.0) for case, day in all_of_them - ordinary)


def test_an_additional_review_on_the_day_of_an_ordinary_one_is_not_a_second_one() -> None:
    log = run(review_model(fixed(0), 1e-9, extra=(42.0,)), [1.0], 60)
    assert (log.events["activity"] == "review").sum() == 1


def test_what_is_asked_for_beforehand_comes_its_lead_before_the_decision_but_not_before_the_start() -> None:
    for lead, expected in ((28.0, 316 - 28), (400.0, 0)):
        log = run(review_model(fixed(200), 1.0, beforehand=(Beforehand(step="advice", lead_days=lead),)), [1.0], 700)
        assert days_of(log, "advice").tolist() == [1.0 + expected]
        assert days_of(log, "plan").tolist() == [317.0]


def test_what_is_asked_for_before_a_decision_just_beyond_the_horizon_is_in_the_log() -> None:
    log = run(review_model(fixed(200), 1.0, beforehand=(Beforehand(step="advice", lead_days=28.0),)), [1.0], 300)
    assert days_of(log, "advice").tolist() == [289.0]
    assert np.isnan(days_of(log, "plan")).all()
