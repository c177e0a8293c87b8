"""Readiness told from reviews: the likelihood, and what is still to come for children under way."""

from __future__ import annotations

import numpy as np
import pytest
from hand_models import Floats
from numpy.typing import NDArray
from scipy import stats

from event_logs import vocabulary as v
from event_logs.log import EventLog
from simulation.gates import ReviewCycle
from simulation.laws import fixed
from simulation.model import Step
from simulation.queues.reviews import _readiness
from simulation.readiness import ReviewHistories, _loss, _Reviews, fit_readiness, lognormal

DUE = np.array([42.0, 133.0, *(133.0 + 183.0 * np.arange(1, 38))])


def histories(
    n: int, rng: np.random.Generator, *, median: float = 120.0, sigma: float = 0.8, q: float = 0.75
) -> tuple[ReviewHistories, Floats]:
    """Children followed for up to six years, and the day on which each one's plan was ready."""
    held = np.sort(DUE + np.round(rng.lognormal(np.log(3), 0.9, (n, len(DUE)))), axis=1)
    ready = median * np.exp(sigma * rng.standard_normal(n))
    decides = (held >= ready[:, None]) & (rng.random(held.shape) < q)
    at = np.where(decides.any(axis=1), decides.argmax(axis=1), len(DUE))
    followed = rng.uniform(0, 2200, n)
    inside = (held <= followed[:, None]) & (np.arange(len(DUE)) <= at[:, None])
    number = inside.sum(axis=1)
    decided = number == at + 1
    days = np.full((n, 40), np.inf)
    days[:, : len(DUE)][inside] = held[inside]
    last = days[np.arange(n), np.maximum(number - 1, 0)]
    return ReviewHistories(days, number.astype(np.int64), decided, np.where(decided, last, followed)), ready


def test_readiness_and_the_chance_of_a_decision_are_recovered_on_average() -> None:
    rng = np.random.default_rng(1)
    fits = [fit_readiness(histories(1500, rng)[0], np.ones(1500)) for _ in range(12)]
    found = np.array([(np.exp(fit.log_median), fit.sigma, fit.decides) for fit in fits])
    # In one log the two are hard to tell apart (11 days and .065 either way); on average they are right.
    for mean, true, tolerance in zip(found.mean(axis=0), (120.0, 0.8, 0.75), (10.0, 0.045, 0.06), strict=True):
        assert mean == pytest.approx(true, abs=tolerance)
    naive = np.median(np.concatenate([histories(1500, rng)[0].followed[:100] for _ in range(3)]))
    assert naive > 1.1 * 120


def test_quicker_readiness_shows_although_reviews_stay_where_they_are() -> None:
    rng = np.random.default_rng(2)
    slow, quick = (
        fit_readiness(histories(6000, rng, median=m)[0], np.ones(6000), start=lognormal(np.log(m), 0.8), decides=0.75)
        for m in (120.0, 84.0)
    )
    assert np.exp(quick.log_median - slow.log_median) == pytest.approx(0.7, abs=0.12)


def test_the_likelihood_of_three_children_by_hand() -> None:
    # Decided at the second review (days 50, 140); undecided after one review (60); never reviewed.
    days = np.full((3, 40), np.inf)
    days[0, :2], days[1, 0] = (50.0, 140.0), 60.0
    some = ReviewHistories(days, np.array([2, 1, 0]), np.array([True, False, False]), np.array([140.0, 90.0, 30.0]))
    mu, sigma, q = np.log(120), 0.8, 0.7
    f50, f60, f140 = stats.norm.cdf((np.log([50, 60, 140]) - mu) / sigma)
    decided = f50 * (1 - q) * q + (f140 - f50) * q
    undecided = f60 * (1 - q) + 1 - f60
    prior = 0.5 * (np.log(q / (1 - q)) - 1.0) ** 2 / 1.5**2
    weight = np.array([1.0, 2.0, 5.0])
    parameters = np.array([mu, np.log(sigma), np.log(q / (1 - q))])
    assert _loss(parameters, some, _Reviews.of(some), weight) == pytest.approx(
        -np.log(decided) - 2 * np.log(undecided) + prior
    )


def test_without_any_decision_the_placeholder_is_stated() -> None:
    nothing = ReviewHistories(
        np.full((2, 40), np.inf), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=bool), np.array([100.0, 300.0])
    )
    for some, n in ((nothing, 2), (ReviewHistories.of(_empty(), v.REVIEW, _none(), np.zeros(0), np.zeros(0)), 0)):
        fit = fit_readiness(some, np.ones(n))
        assert "no decision in the log" in fit.warnings[0]
        assert [gap.isf(0.5) for gap in fit.gaps] == [42.0, 91.0, 183.0]
        assert 0 < fit.decides <= 1


def _none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


def _empty() -> EventLog:
    import pandas as pd

    from event_logs.window import ObservationWindow

    frame = pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])})
    cases = pd.DataFrame({"case": [], "start": pd.to_datetime([]), "end": pd.to_datetime([])})
    window = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01"))
    return EventLog.of(frame, window, cases=cases, ranks={})


def test_histories_of_the_tiny_log(tiny_log: EventLog) -> None:
    # A: reviews on days 40 and 130 after accommodation, the plan at the second; B: on day 40 with the plan;
    # C: on day 39 (accommodated 1 September, reviewed 10 October), undecided when the window ends 302 days on.
    arrays = tiny_log.arrays
    begun = np.array([arrays.day[arrays.first[c] + (2 if c == 2 else 1)] for c in range(3)])
    decision = begun + np.array([130.0, 40.0, np.inf])
    some = ReviewHistories.of(tiny_log, v.REVIEW, np.arange(3), begun, decision)
    assert some.held.tolist() == [2, 1, 1]
    assert [row[np.isfinite(row)].tolist() for row in some.days] == [[40.0, 130.0], [40.0], [39.0]]
    assert some.decided.tolist() == [True, True, False]
    assert some.followed.tolist() == [130.0, 40.0, 302.0]


@pytest.mark.parametrize("probability", [0.9, 0.5, 0.1, 0.001])
def test_the_lognormal_law_is_not_rounded_to_one_side(probability: float) -> None:
    law = lognormal(float(np.log(120)), 0.8)
    true = 120 * np.exp(0.8 * stats.norm.isf(probability))
    assert law.isf(probability) == pytest.approx(true, rel=0.006)
    mean = np.mean([law.isf(u) for u in (np.arange(20_000) + 0.5) / 20_000])
    assert mean == pytest.approx(120 * np.exp(0.32), rel=0.002)


@pytest.mark.parametrize("q", [0.4, 0.75, 1.0])
def test_readiness_of_children_under_way_follows_its_posterior(q: float) -> None:
    # Full histories are simulated and cut; what is drawn for the undecided from their reviews alone must be
    # distributed like the truth that was cut off.
    rng = np.random.default_rng(3)
    some, ready = histories(20_000, rng, q=q)
    law = lognormal(float(np.log(120)), 0.8)
    step = Step(name="planning", activity="", laws={"": law}, gate="reviews")
    cycle = ReviewCycle(review="review", gaps=(fixed(42),), decides=q)
    undecided = np.flatnonzero(~some.decided)
    drawn = np.array(
        [
            _readiness(step.law(""), rng.random(), (0.0, *some.days[row, : some.held[row]].tolist()), cycle)
            for row in undecided
        ]
    )
    assert len(drawn) > 1000
    assert stats.ks_2samp(drawn, ready[undecided]).pvalue > 0.001
    # Number of reviews by number of reviews as well, and not by the law as it was at the start.
    for held in (0, 1, 2):
        rows = some.held[undecided] == held
        assert stats.ks_2samp(drawn[rows], ready[undecided][rows]).pvalue > 0.001
    unconditional = np.array([law.isf(rng.random()) for _ in undecided])
    assert stats.ks_2samp(unconditional, ready[undecided]).pvalue < 1e-6


def test_a_larger_draw_means_a_shorter_wait_as_for_children_who_begin() -> None:
    law = lognormal(float(np.log(120)), 0.8)
    step = Step(name="planning", activity="", laws={"": law}, gate="reviews")
    cycle = ReviewCycle(review="review", gaps=(fixed(42),), decides=0.75)
    waits = [_readiness(step.law(""), u, (0.0, 42.0, 133.0), cycle) for u in np.linspace(0.001, 0.999, 200)]
    assert (np.diff(waits) <= 0).all()
