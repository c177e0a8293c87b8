"""Two kinds of case that the records do not tell apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import lognorm

from scenarios.laws_changed import law_of, points
from scenarios.two_kinds import Together
from simulation.laws import Law, exponential

DAYS = np.exp(np.linspace(np.log(5.0), np.log(5000.0), 4000))
SHARE, SHORT, LONG, SIGMA = 0.45, 130.0, 280.0, 0.5
"""The court of the synthetic council."""


def lognormals(share: float) -> Law:
    """The exact mixture of contested and other cases on a fine grid."""
    edges = np.append(0.0, np.append(np.sqrt(DAYS[:-1] * DAYS[1:]), np.inf))
    below = (1 - share) * lognorm.cdf(edges, SIGMA, scale=SHORT) + share * lognorm.cdf(edges, SIGMA, scale=LONG)
    return law_of(DAYS, np.diff(below), "")


def test_the_planted_kinds_are_found_again_and_another_share_gives_the_true_law() -> None:
    now = lognormals(SHARE)
    split = Together.of([(1.0, now)]).split(SHARE, LONG / SHORT)
    # Bayes: the chance that a case of t days is contested.
    long, short = lognorm.pdf(DAYS, SIGMA, scale=LONG), lognorm.pdf(DAYS, SIGMA, scale=SHORT)
    assert split.long(DAYS) == pytest.approx(SHARE * long / (SHARE * long + (1 - SHARE) * short), abs=2e-3)
    changed, truth = split.with_share(now, 0.38), lognormals(0.38)
    for day in np.quantile(DAYS, [0.3, 0.5, 0.6, 0.7]):
        assert changed.sf(day) == pytest.approx(truth.sf(day), abs=2e-3)
    assert changed.mean(3000.0) == pytest.approx(truth.mean(3000.0), rel=2e-3)


def few_cases() -> Law:
    """A curve of steps, with a tail."""
    days = np.sort(np.random.default_rng(4).lognormal(5.2, 0.6, 40).round())
    body = np.unique(days)[:30]
    return Law(body, np.linspace(0.97, 0.2, len(body)), 1.2, 260.0)


@pytest.mark.parametrize("law", [few_cases(), exponential(200.0), lognormals(SHARE)])
@pytest.mark.parametrize(("share", "ratio"), [(0.2, 1.4), (0.45, 2.0)])
def test_both_kinds_together_are_the_law_of_the_records(law: Law, share: float, ratio: float) -> None:
    split = Together.of([(1.0, law)]).split(share, ratio)
    days, mass = points(law)
    long = split.long(days)
    assert mass @ long == pytest.approx(share, abs=1e-8)
    logs = np.log(np.maximum(days, 0.5))
    apart = (mass * long) @ logs / (mass @ long) - (mass * (1 - long)) @ logs / (mass @ (1 - long))
    assert np.exp(apart) == pytest.approx(ratio, rel=1e-6)
    # The kinds' own laws, put together in the stated shares, are the law itself; so is the share of today.
    only_long, only_short = split.with_share(law, 1.0), split.with_share(law, 0.0)
    for day in np.quantile(days, [0.1, 0.4, 0.7, 0.9]):
        both = share * only_long.sf(day) + (1 - share) * only_short.sf(day)
        assert both == pytest.approx(float(mass[days > day].sum()), abs=1e-8)
    assert split.with_share(law, share) is law


def test_fewer_long_cases_make_the_law_shorter_everywhere() -> None:
    law = few_cases()
    split = Together.of([(1.0, law)]).split(0.4, 1.8)
    changed = split.with_share(law, 0.3)
    days, _ = points(law)
    assert all(changed.sf(day) <= law.sf(day) + 2e-3 for day in days)
    assert changed.mean(2000.0) < law.mean(2000.0)


@pytest.mark.parametrize("law", [few_cases(), exponential(200.0), lognormals(SHARE)])
@pytest.mark.parametrize("share", [0.38, 0.0, 0.6])
def test_child_by_child_only_those_change_whose_kind_does_and_all_follow_the_changed_law(
    law: Law, share: float
) -> None:
    changed = Together.of([(1.0, law)]).split(SHARE, LONG / SHORT).with_share(law, share)
    unit = 1.0 - np.random.default_rng(11).random(200_000)
    was, now = law.isf_of(unit), changed.isf_of(unit)
    # One in so many was of the kind that became rarer and is not any more; of two kinds' equal days none is seen.
    moved = now != was
    assert moved.mean() <= abs(share - SHARE) + 3.9 * np.sqrt(0.25 / len(unit))
    assert moved.mean() == pytest.approx(abs(share - SHARE), abs=0.03)
    # A contested case takes longer than the uncontested one of the same rank.
    assert ((now < was) if share < SHARE else (now > was))[moved].mean() > 0.97
    for day in np.quantile(was, [0.1, 0.4, 0.7, 0.9]):
        assert (now > day).mean() == pytest.approx(changed.sf(day), abs=0.01)


def test_a_ratio_beyond_what_the_law_allows_is_the_most_it_allows() -> None:
    together = Together.of([(1.0, few_cases())])
    most = together.most_apart(0.5)
    assert 1.0 < most < 10.0
    far, edge = together.split(0.5, 50.0), together.split(0.5, most**0.98)
    assert far.slope == pytest.approx(edge.slope, rel=1e-4)


@pytest.mark.parametrize(("share", "ratio", "said"), [(0.0, 2.0, "between 0 and 1"), (0.5, 1.0, "more than 1 time")])
def test_what_cannot_be_is_refused(share: float, ratio: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Together.of([(1.0, exponential(100.0))]).split(share, ratio)
    with pytest.raises(ValueError, match="equally long"):
        Together.of([(1.0, Law(np.array([5.0]), np.array([0.0])))]).most_apart(0.5)
