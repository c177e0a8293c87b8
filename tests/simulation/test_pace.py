"""One number a child that shifts all its durations: laws kept, correlation planted and found, posteriors exact."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hand_models import (
    DAY_ZERO,
    Floats,
    arriving,
    at,
    cut,
    days_of,
    either,
    model_of,
    only,
    poisson_days,
    run,
    step,
    weibull,
)
from planted_pathway import BURN_IN, EXTRACT, PANEL, RECORDING, planted
from scipy import integrate, stats

from event_logs.log import EventLog, to_days
from simulation import pathway as p
from simulation.cohort import Cohort, Running, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.frailty import (
    NODES,
    Paced,
    draw_frailties,
    joined,
    log_likelihood,
    plan_likelihood,
    score,
    survival_given,
)
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law, exponential, fixed
from simulation.model import START, PathwayModel, Step
from simulation.readiness import lognormal
from simulation.streams import Streams

ATOM = Law(np.array([0.0, 10.0, 60.0]), np.array([0.7, 0.5, 0.2]), 1.3, 90.0)
"""Three in ten end at once; two in ten outlast the records."""
TWO = {"one": lognormal(math.log(200), 0.8), "end": lognormal(math.log(300), 0.6)}
LAWS = [exponential(50.0), weibull(1.7, 80.0), ATOM, lognormal(4.0, 0.8), Law(np.array([0.0]), np.array([0.4]), 1.2, 9)]


def in_a_row(rho: float, laws: dict[str, Law] = TWO) -> PathwayModel:
    """Steps one after another, each as frail as the others."""
    names = list(laws)
    steps = [replace(step(name, law), rho=rho) for name, law in laws.items()]
    choices = {START: only(names[0])} | {name: only(following) for name, following in pairwise(names)}
    return model_of(steps, choices)


# The arithmetic ----------------------------------------------------------------------------------------------------


def test_a_score_of_half_is_nothing_and_a_long_duration_scores_high() -> None:
    assert score(0.5) == 0.0
    assert score(0.0249979) == pytest.approx(1.96, abs=1e-4)
    assert math.isfinite(score(0.0))
    assert math.isfinite(score(1.0))


@pytest.mark.parametrize("rho", [0.05, 0.3, 0.8])
def test_over_all_children_a_joined_draw_is_uniform_and_correlates_by_rho(rho: float) -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    for limit in (0.01, 0.2, 0.5, 0.97):
        # P(joined <= limit) = E over b of the own draw that gives limit, which is what survival_given inverts.
        share = sum(w * survival_given(limit, rho, b) for b, w in zip(nodes, weights, strict=True))
        assert share == pytest.approx(limit, abs=1e-9)
    rng = np.random.default_rng(1)
    b = rng.standard_normal(40_000)
    pairs = [[score(joined(1 - rng.random(), rho, one)) for _ in range(2)] for one in b]
    assert np.corrcoef(np.array(pairs).T)[0, 1] == pytest.approx(rho, abs=3.29 / math.sqrt(40_000))


@pytest.mark.parametrize("rho", [0.1, 0.5, 0.9])
def test_joining_and_conditioning_undo_each_other(rho: float) -> None:
    for b in (-3.0, -0.4, 0.0, 2.0):
        for unit in (1e-6, 0.1, 0.5, 0.9, 0.999):
            assert survival_given(joined(unit, rho, b), rho, b) == pytest.approx(unit, rel=1e-6)


@pytest.mark.parametrize("law", LAWS)
def test_over_all_children_a_law_stays_as_it_was_and_so_does_its_share_of_zero_days(law: Law) -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for day in (0.0, 5.0, 20.0, 61.0, 200.0):
        mean = sum(w * Paced(law, 0.4, b).sf(day) for b, w in zip(nodes, weights / weights.sum(), strict=True))
        assert mean == pytest.approx(law.sf(day), abs=1e-7)
    assert Paced(law, 0.4, 2.5).sf(0.0) == pytest.approx(law.sf(0.0))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("b", [-1.5, 2.0])
def test_draws_of_one_child_follow_its_own_curve_also_after_time_has_passed(law: Law, b: float) -> None:
    own = Paced(law, 0.35, b)
    units = (np.arange(8000) + 0.5) / 8000
    for elapsed in (0.0, 12.0, 75.0):
        draws = np.array([own.isf(u) if elapsed == 0 else own.remaining(u, elapsed) for u in units])
        reach = 1.0 if elapsed == 0 else own.sf(elapsed)
        if reach <= 1e-12:
            continue
        for day in elapsed + np.array([0.0, 3.0, 20.0, 100.0]):
            assert (draws > day).mean() == pytest.approx(own.sf(day) / reach, abs=3e-4)


def test_a_slow_child_takes_longer_at_the_same_draw() -> None:
    for law in LAWS:
        assert [Paced(law, 0.4, b).isf(0.2) for b in (-2, -1, 0, 1, 2)] == sorted(
            Paced(law, 0.4, b).isf(0.2) for b in (-2, -1, 0, 1, 2)
        )
    assert Paced(exponential(10.0), 0.4, 2.0).isf(0.5) > exponential(10.0).isf(0.5) > Paced(LAWS[0], 0.4, -9.0).isf(0.5)


def test_rho_must_leave_the_step_something_of_its_own() -> None:
    for rho in (-0.1, 1.0):
        with pytest.raises(ValueError, match=r"rho .* must be at least 0 and below 1"):
            model_of([replace(step("end", fixed(1.0)), rho=rho)], {START: only("end")})


# Without it, nothing changes ---------------------------------------------------------------------------------------


def pathway() -> PathwayModel:
    """Reviews, papers side by side, a panel, and an end."""
    panel = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), slots=3, lead_days=5)
    cycle = ReviewCycle(review="review", gaps=(weibull(14.0, 45.0), weibull(40.0, 185.0)), decides=0.75)
    steps = [
        Step(name="planning", activity="", laws={"": weibull(1.2, 150.0)}, gate="reviews", then="decided"),
        step("home", fixed(0.0)),
        step("recommended", fixed(0.0)),
        step("legal", weibull(1.8, 70.0)),
        step("report", weibull(2.5, 80.0)),
        step("panel", fixed(0.0), waits_for=("recommended", "legal", "report"), gate="panel"),
        step("end", weibull(0.9, 200.0)),
    ]
    choices = {
        START: only("planning"),
        "decided": either({"home": 0.5, "recommended": 0.5}),
        "home": only("end"),
        "recommended": only("legal", "report"),
        "panel": only("end"),
    }
    return model_of(steps, choices, gates={"panel": panel, "reviews": cycle}, whole_days=True)


def frail_everywhere(model: PathwayModel, rho: float, *names: str) -> PathwayModel:
    chosen = names or tuple(name for name, one in model.steps.items() if one.laws[""].sf(0.0) > 0)
    return replace(model, steps={n: replace(s, rho=rho) if n in chosen else s for n, s in model.steps.items()})


def digest(log: EventLog) -> tuple[str, int]:
    text = log.events[["case", "activity", "date"]].astype("str").to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16], len(log)


def test_with_rho_zero_every_draw_is_what_it_was_before_there_was_any_frailty() -> None:
    # The digests were taken from the engine as it was without frailty.
    model = frail_everywhere(pathway(), 0.0)
    whole = run(model, poisson_days(0.2, 1500.0, seed=4, whole=True), 2500.0, seed=9)
    assert digest(whole) == ("1fa7e6fae6982040", 1910)
    log = cut(whole, DAY_ZERO + 1200.0)
    assert digest(simulate(model, snapshot(log, model), at(2400), seed=7)) == ("349ea7029a315584", 476)


def test_frailty_of_one_step_leaves_the_draws_of_the_others_bit_identical() -> None:
    days = poisson_days(0.2, 900.0, seed=4)
    plain, frail = (run(in_a_row(0.0), days, 9000.0), run(frail_everywhere(in_a_row(0.0), 0.5, "end"), days, 9000.0))
    assert days_of(plain, "one").tolist() == days_of(frail, "one").tolist()
    assert days_of(plain, "end").tolist() != days_of(frail, "end").tolist()


# New children ------------------------------------------------------------------------------------------------------


def test_new_children_keep_every_law_and_their_steps_correlate() -> None:
    days = np.linspace(1, 2, 6000)
    log = run(in_a_row(0.5), days, 60_000.0)
    first = days_of(log, "one") - days
    second = days_of(log, "end") - days_of(log, "one")
    for taken, law in ((first, TWO["one"]), (second, TWO["end"])):
        for share in (0.9, 0.5, 0.1):
            assert (taken > law.isf(share)).mean() == pytest.approx(share, abs=3.29 * math.sqrt(0.25 / 6000))
    assert np.corrcoef(np.log(first), np.log(second))[0, 1] == pytest.approx(0.5, abs=3.29 * 0.75 / math.sqrt(6000))


def test_long_journeys_are_longer_and_parallel_papers_quicker_with_frailty() -> None:
    days = np.linspace(1, 2, 4000)
    p90 = [np.percentile(days_of(run(in_a_row(rho), days, 90_000.0), "end") - days, 90) for rho in (0.0, 0.5)]
    # The sum of two lognormal durations, by numerical convolution on the normal scale.
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, 400_000))
    exact = []
    for rho in (0.0, 0.5):
        own = math.sqrt(rho) * z[0] + math.sqrt(1 - rho) * z[1:]
        exact.append(np.percentile(200 * np.exp(0.8 * own[0]) + 300 * np.exp(0.6 * own[1]), 90))
    assert p90 == pytest.approx(exact, rel=0.05)
    assert p90[1] > 1.05 * p90[0]
    side = model_of(
        [step("go", fixed(0.0)), step("a", TWO["one"]), step("b", TWO["one"]),
         step("end", fixed(0.0), waits_for=("a", "b"))],
        {START: only("go"), "go": only("a", "b")},
    )  # fmt: skip
    joins = [days_of(run(frail_everywhere(side, rho), days, 90_000.0), "end") - days for rho in (0.0, 0.6)]
    assert joins[1].mean() < 0.96 * joins[0].mean()


# Children already there --------------------------------------------------------------------------------------------


def one_child(model: PathwayModel, events: list[tuple[str, float]], day: float) -> Cohort:
    from event_logs.window import ObservationWindow

    frame = pd.DataFrame({"case": "a", "activity": [name for name, _ in events], "date": [at(d) for _, d in events]})
    cases = pd.DataFrame({"case": ["a"], "start": [at(0)], "end": pd.to_datetime(pd.Series([""]))})
    log = EventLog.of(frame, ObservationWindow(at(0), at(day)), cases=cases, ranks=model.ranks)
    return snapshot(log, model)


def moments(logs: Floats) -> tuple[float, float]:
    weight = np.exp(logs - 0.5 * NODES**2 - (logs - 0.5 * NODES**2).max())
    mean = float((weight * NODES).sum() / weight.sum())
    return mean, math.sqrt(float((weight * (NODES - mean) ** 2).sum() / weight.sum()))


def test_after_completed_steps_b_is_the_textbook_normal_posterior() -> None:
    laws = {"in": fixed(0.0)} | {name: weibull(1.5, 100.0) for name in ("one", "two", "three", "four")}
    model = replace(frail_everywhere(in_a_row(0.0, laws), 0.4, "one", "two", "three"), final=())
    cohort = one_child(model, [("in", 0.0), ("one", 100.0), ("two", 180.0), ("three", 200.0)], 201.0)
    z = np.array([score(weibull(1.5, 100.0).sf(days)) for days in (100.0, 80.0, 20.0)])
    # Normal prior, normal scores: precision 1 + n rho / (1 - rho), mean sqrt(rho) sum(z) / (1 - rho) over it.
    precision = 1 + 3 * 0.4 / 0.6
    mean, sd = moments(log_likelihood(cohort)[0])
    assert mean == pytest.approx(math.sqrt(0.4) * z.sum() / 0.6 / precision, abs=0.01)
    assert sd == pytest.approx(precision**-0.5, abs=1e-3)


def test_a_step_under_way_for_long_speaks_for_a_slow_child() -> None:
    model = replace(in_a_row(0.4, {"in": fixed(0.0), "one": exponential(100.0)}), final=())
    cohort = one_child(model, [("in", 0.0)], 250.0)
    survival = math.exp(-2.5)
    below = [
        integrate.quad(lambda b, k=k: b**k * stats.norm.pdf(b) * survival_given(survival, 0.4, b), -8, 8)[0]
        for k in (0, 1)
    ]
    assert below[0] == pytest.approx(survival, rel=1e-6)
    mean, _ = moments(log_likelihood(cohort)[0])
    assert mean == pytest.approx(below[1] / below[0], abs=1e-3)
    assert mean > 0.7


def test_reviews_that_decided_nothing_speak_for_a_slow_child_and_all_their_outcomes_add_up() -> None:
    law, held = lognormal(math.log(120), 0.8), [42.0, 133.0, 316.0]
    total = plan_likelihood(law, 0.3, 0.75, held, decided=False)
    for number in (1, 2, 3):
        total = total + 0.75 * plan_likelihood(law, 0.3, 0.75, held[:number], decided=True)
    np.testing.assert_allclose(total, 1.0, atol=1e-12)
    late, _ = moments(np.log(plan_likelihood(law, 0.3, 0.75, held, decided=False)))
    early, _ = moments(np.log(plan_likelihood(law, 0.3, 0.75, [42.0], decided=True)))
    assert early < -0.4
    assert late > 0.4


@pytest.fixture(scope="module")
def under_way() -> tuple[EventLog, EventLog, PathwayModel]:
    """A world in which every child is frail, and the extract taken of it on day 4,000."""
    model = replace(
        in_a_row(0.6, {"in": fixed(0.0), "one": lognormal(5.0, 0.8), "end": lognormal(5.5, 0.8)}), whole_days=True
    )
    model = replace(model, steps={**model.steps, "in": replace(model.steps["in"], rho=0.0)})
    whole = run(model, poisson_days(1.5, 4000.0, seed=2, whole=True), 40_000.0, seed=3)
    return whole, cut(whole, DAY_ZERO + 4000.0), model


def test_children_under_way_carry_on_as_the_truth_did(under_way: tuple[EventLog, EventLog, PathwayModel]) -> None:
    whole, log, model = under_way
    here = set(log.cases["case"][log.cases["end"].isna()])
    truth = to_days(whole.cases.set_index("case")["end"].loc[sorted(here)]) - DAY_ZERO - 4000.0
    cohort = snapshot(log, model)
    assert len(truth) > 400
    assert len(cohort.unplaced) == 0
    flat = replace(model, steps={name: replace(one, rho=0.0) for name, one in model.steps.items()})
    means = {}
    for name, used in (("frail", model), ("flat", flat)):
        ends = [
            to_days(simulate(used, replace(cohort, model=used), at(60_000), seed=seed).cases["end"]) - DAY_ZERO - 4000
            for seed in range(4)
        ]
        means[name] = (float(np.mean(ends)), float(np.mean([np.percentile(one, 90) for one in ends])))
    error = truth.std() / math.sqrt(len(truth))
    assert means["frail"][0] == pytest.approx(truth.mean(), abs=3.29 * error)
    assert means["frail"][1] == pytest.approx(np.percentile(truth, 90), rel=0.12)
    # Without it the long waits to come are cut short.
    assert means["flat"][1] < 0.88 * means["frail"][1]


def test_b_of_the_children_under_way_is_spread_like_the_b_they_had(
    under_way: tuple[EventLog, EventLog, PathwayModel],
) -> None:
    whole, log, model = under_way
    had = np.array(draw_frailties(arriving(model, []), Streams(3, 0, len(whole.cases))))
    here = whole.cases["case"].isin(set(log.cases["case"][log.cases["end"].isna()])).to_numpy()
    cohort = snapshot(log, model)
    drawn = draw_frailties(cohort, Streams(8, 0, len(cohort.rows)))
    assert had[here].mean() > 0.3  # those found under way are the slow ones
    assert stats.ks_2samp(drawn, had[here]).pvalue > 0.001
    assert np.corrcoef(drawn, had[here])[0, 1] > 0.25


def test_a_scenario_meets_the_same_children(under_way: tuple[EventLog, EventLog, PathwayModel]) -> None:
    _, log, model = under_way
    cohort = snapshot(log, model)
    quick = replace(model, steps={**model.steps, "end": replace(model.steps["end"], laws={"": TWO["one"].scaled(0.5)})})
    usual, changed = (simulate(one, cohort, at(9000), seed=1) for one in (model, quick))
    waiting = [number for number, item in enumerate(cohort.running) if item.step == "end"]
    assert len(waiting) > 100
    assert days_of(usual, "one").tolist() == days_of(changed, "one").tolist()
    same = [item.child for item in cohort.running if item.step == "end"]
    assert days_of(usual, "end")[same].tolist() == days_of(changed, "end")[same].tolist()
    assert all(isinstance(item, Running) for item in cohort.running)


# Fitting -----------------------------------------------------------------------------------------------------------


def council(rho: float) -> tuple[PathwayModel, EventLog]:
    """The planted pathway with this frailty in every step that takes time, observed for eight years."""
    truth = planted()
    slow = {n: replace(s, rho=rho) if (s.laws[""].sf(0.0) > 0 and len(s.laws[""].times) < 3) or n == p.PLANNING else s
            for n, s in truth.steps.items()}  # fmt: skip
    truth = replace(truth, steps=slow)
    frame = pd.DataFrame({"case": pd.Series(dtype="str"), "start": pd.Series(dtype="datetime64[us]")})
    frame["end"] = frame["start"]
    nobody = Cohort.newcomers(truth, frame, np.zeros(0), float(to_days(pd.Series([BURN_IN]))[0]))
    first, last = to_days(pd.Series([RECORDING, EXTRACT]))
    return truth, cut(simulate(truth, nobody, EXTRACT, seed=11), float(last), start=float(first))


def test_planted_frailty_is_found_again_also_in_planning_that_is_never_seen() -> None:
    _, log = council(0.35)
    fitted = fit_pathway(log, panel=PANEL)
    found = {name: one.rho for name, one in fitted.steps.items() if one.rho > 0}
    assert len(found) > 15
    assert np.median(list(found.values())) == pytest.approx(0.35, abs=0.06)
    assert all(0.2 < value < 0.5 for value in found.values()), found
    assert found[p.PLANNING] == pytest.approx(0.35, abs=0.12)
    # Steps without a duration, and those that age ends, have none.
    assert all(fitted.steps[name].rho == 0 for name in fitted.steps if fitted.steps[name].laws[""].sf(0.0) == 0)
    again = fit_pathway(log, panel=PANEL, weight=np.ones(len(log.cases)), base=fitted)
    assert {name: one.rho for name, one in again.steps.items()} == {n: one.rho for n, one in fitted.steps.items()}


def test_where_children_are_alike_no_frailty_is_found() -> None:
    _, log = council(0.0)
    assert max(one.rho for one in fit_pathway(log, panel=PANEL).steps.values()) < 0.08
