"""The verdict on one chart: its error rates where the truth is planted, and what is learnt from it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hand_predictions import chart

from scenarios import evidence
from scenarios.evidence import chance_to_tell, children_to_tell, update, verdict, weigh
from scenarios.predicted import WITH, WITHOUT, PredictedChart
from scenarios.prediction_words import odds_in_words

TRIALS = 200


@pytest.fixture(autouse=True)
def fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the samples is enough to tell 5 % from 10 %."""
    monkeypatch.setattr(evidence, "_SAMPLES", 1000)


def verdicts(predicted: PredictedChart, true_share: float | int, *, children: int, seed: int = 1) -> Counter[str]:
    """Verdicts on many futures: of the prediction itself (0 with, 1 without the change), or of a true share."""
    generator = np.random.default_rng(seed)
    size = np.full(len(predicted.points), children)
    if isinstance(true_share, int):
        futures = predicted.shares(true_share).sample(size, generator, TRIALS)
    else:
        futures = generator.binomial(size, true_share, (TRIALS, len(size)))
    return Counter(verdict(predicted, weigh(predicted, size, reached)) for reached in futures)


def test_a_large_change_that_happens_is_recognised() -> None:
    found = verdicts(chart(0.75, 0.50), WITH, children=20)
    assert found["did what was expected"] / TRIALS > 0.85
    assert found["less than expected"] / TRIALS < 0.06


@pytest.mark.parametrize(("change", "no_change"), [(0.75, 0.5), (0.6, 0.5), (0.35, 0.5)])
def test_no_change_passes_for_one_at_most_as_often_as_stated(change: float, no_change: float) -> None:
    found = verdicts(chart(change, no_change), WITHOUT, children=15)
    # 5 % stated; three standard errors of the trials on top.
    assert found["did what was expected"] / TRIALS <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_with_many_children_no_change_is_less_than_expected_and_with_few_no_sign_yet() -> None:
    assert verdicts(chart(0.75, 0.5), WITHOUT, children=20)["less than expected"] / TRIALS > 0.8
    few = verdicts(chart(0.56, 0.5, cohorts=2), WITHOUT, children=4)
    assert few["no sign yet: too few children to tell"] / TRIALS > 0.85


def test_what_goes_the_other_way_or_far_beyond_is_something_else() -> None:
    assert verdicts(chart(0.75, 0.5), 0.25, children=20)["something else"] / TRIALS > 0.95
    assert verdicts(chart(0.6, 0.5), 0.9, children=20)["something else"] / TRIALS > 0.95


def test_points_that_scatter_are_something_else() -> None:
    predicted = chart(0.7, 0.5)
    size = np.full(8, 20)
    reached = np.array([20, 8, 20, 8, 20, 8, 20, 8])
    found = weigh(predicted, size, reached)
    assert found.inside80 == 0
    assert verdict(predicted, found) == "something else"


def test_a_chart_nothing_should_move_is_judged_as_such() -> None:
    predicted = chart(0.5, 0.5)
    quiet = verdicts(predicted, WITHOUT, children=15)
    assert set(quiet) == {"nothing expected, nothing seen", "something else"}
    assert quiet["something else"] / TRIALS < 0.05 + 3 * np.sqrt(0.05 * 0.95 / TRIALS)
    assert verdicts(predicted, 0.85, children=20)["something else"] == TRIALS


def test_nothing_complete_is_no_verdict() -> None:
    none = np.zeros(8, dtype=np.int64)
    assert verdict(chart(0.7, 0.5), weigh(chart(0.7, 0.5), none, none)) == "no point is complete yet"


def test_the_ratio_is_that_of_the_two_predictive_laws() -> None:
    predicted = chart(0.7, 0.5, cohorts=1, draws=20)
    found = weigh(predicted, np.array([10]), np.array([8]))
    laws = [predicted.shares(future).pmf(0, 10)[8] for future in (WITH, WITHOUT)]
    assert found.log_ratio == pytest.approx(np.log(laws[0] / laws[1]))
    assert found.expected_with == pytest.approx(7.0, abs=0.1)


def test_the_update_is_bayes_rule_over_the_draws() -> None:
    """Sizes uniform between 0 and 1 that set the log odds: the posterior mean is known by integration."""
    size = np.linspace(0.0025, 0.9975, 200)
    predicted = chart(0.5, 0.5, unknown=0.0, gain=2 * size, cohorts=2)
    children, reached = np.array([20, 20]), np.array([14, 15])
    weight, left = update(predicted, children, reached)
    fine = np.linspace(0, 1, 20_001)
    p = 1 / (1 + np.exp(-2 * fine))
    posterior = p**29 * (1 - p) ** 11
    assert weight @ size == pytest.approx((fine * posterior).sum() / posterior.sum(), abs=1e-3)
    assert weight.sum() == pytest.approx(1.0)
    assert 1 <= left <= 200
    assert left == pytest.approx(1 / (weight**2).sum())


def test_seeing_nothing_teaches_nothing() -> None:
    none = np.zeros(8, dtype=np.int64)
    weight, left = update(chart(0.7, 0.5), none, none)
    assert np.ptp(weight) == pytest.approx(0.0, abs=1e-15)
    assert left == pytest.approx(200)


def test_the_children_needed_are_those_with_which_it_is_told() -> None:
    predicted = chart(0.7, 0.5, unknown=0.05)
    needed = children_to_tell(predicted)
    assert needed is not None
    cohorts = needed // 20
    seen = np.where(np.arange(8) < cohorts, 20, 0)
    assert chance_to_tell(predicted, seen) >= 0.8
    if cohorts > 1:
        assert chance_to_tell(predicted, np.where(np.arange(8) < cohorts - 1, 20, 0)) < 0.8
    found = verdicts(predicted, WITH, children=20)["did what was expected"] / TRIALS
    assert chance_to_tell(predicted, np.full(8, 20)) - found < 0.1


def test_a_small_change_beside_much_that_is_unknown_cannot_be_told() -> None:
    assert children_to_tell(chart(0.53, 0.5, unknown=1.0)) is None


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.1, "do not decide it"),
        (1.0, "2.7 times as likely with the change as with no change: slight evidence for the change"),
        (-4.0, "55 times as likely with no change as with the change: strong evidence for no change"),
        (50.0, "more than 1,000 times as likely"),
    ],
)
def test_odds_are_said_in_words(ratio: float, said: str) -> None:
    assert said in odds_in_words(ratio)
