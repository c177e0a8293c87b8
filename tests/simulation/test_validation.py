"""The traffic light: green for a process that stays as it is, red with the right reason for one that changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hand_models import weibull
from past_councils import AIM, FIRST, SECOND, STAGES, changed, council, fitted, history, truth

from event_logs.log import EventLog
from simulation.backcast import past_cuts
from simulation.time_split import TimeSplit, after, halves, time_split
from simulation.validation import (
    AMBER,
    GREEN,
    RED,
    Validation,
    distance_checks,
    predictive_checks,
    surprise,
    validate,
    verdict,
)


def judged(log: EventLog) -> Validation:
    return validate(
        log,
        stages=STAGES,
        aims=[AIM],
        cuts=past_cuts(log, count=3),
        fit=fitted,
        draws=39,
    )


@pytest.fixture(scope="module")
def steady() -> EventLog:
    return history(council(), 5.0, seed=11)


@pytest.fixture(scope="module")
def slower() -> Validation:
    """Everything takes two and a half times as long from a day a year before the end."""
    return judged(changed(council(), council(weibull(1.5, 400.0), weibull(1.5, 500.0)), (5.0, 1.0), seed=3))


def test_a_process_that_stays_as_it_is_gets_a_green_light(steady: EventLog) -> None:
    found = judged(steady)
    assert found.light == GREEN
    assert RED not in set(found.checks["light"])
    assert found.checks["topic"].tolist().count("Back-cast") == 4
    assert {"Distance", "Predictive check"} <= set(found.checks["topic"])
    assert "lies within what the model forecast" in found.reasons[0]


def test_a_process_that_became_slower_gets_a_red_light_and_is_told_why(slower: Validation) -> None:
    assert slower.light == RED
    reason = slower.checks.set_index("check")["reason"]
    light = slower.checks.set_index("check")["light"]
    assert light["Closures"] == RED
    assert "fewer than forecast; cases ended within" in reason["Closures"]
    assert light[FIRST.name] == RED
    assert "more than forecast; children in the stage" in reason[FIRST.name]
    assert light["Aim 1: decided in time"] == RED
    assert "less than forecast" in reason["Aim 1: decided in time"]
    assert light["From a case's first event to its last"] != GREEN
    assert light["What the simulated logs look like"] == RED
    assert "do not decide" in slower.reasons[0]
    assert "may have changed about then" in slower.reasons[-1]


def test_fewer_children_coming_is_said_to_be_that() -> None:
    log = changed(council(), council(per_month=2.0), (5.0, 1.0), seed=4)
    found = judged(log)
    reason = found.checks.set_index("check")["reason"]
    assert found.light == RED
    assert "fewer than forecast; children in the stage" in reason[FIRST.name]
    # Those who do come take as long as ever.
    checks = found.split.checks if found.split else pd.DataFrame()
    assert checks.set_index(["check", "stage"]).loc[("share still in it after 13 weeks", FIRST.name), "inside"]


def test_the_same_for_any_number_of_workers(steady: EventLog, always_processes: None) -> None:
    cut = past_cuts(steady)[-1]
    one, two = (time_split(steady, cut, stages=STAGES, fit=fitted, draws=30, workers=workers) for workers in (1, 2))
    pd.testing.assert_frame_equal(one.distances, two.distances)
    pd.testing.assert_frame_equal(one.checks, two.checks)


def test_a_log_too_short_to_be_cut_says_so() -> None:
    found = validate(history(council(), 2.0, seed=1), fit=truth(council()))
    assert found.light == AMBER
    assert found.backcast is None
    assert "takes 3 years of reliable records" in found.reasons[0]


def checks_of(*lights: str) -> pd.DataFrame:
    return pd.DataFrame(
        [("Back-cast", f"check {number}", light, "a reason.") for number, light in enumerate(lights)],
        columns=["topic", "check", "light", "reason"],
    )


def test_the_light_over_all() -> None:
    assert verdict(checks_of(*[GREEN] * 10))[0] == GREEN
    # One amber check is what chance brings about now and then, but it is named.
    light, reasons = verdict(checks_of(*[GREEN] * 9, AMBER))
    assert light == GREEN
    assert reasons[1] == "check 9: a reason."
    assert verdict(checks_of(*[GREEN] * 8, AMBER, AMBER))[0] == AMBER
    light, reasons = verdict(checks_of(*[GREEN] * 8, AMBER, RED))
    assert light == RED
    assert reasons[1:] == ("check 9: a reason.", "check 8: a reason.")


def forecasts_of(scores: list[float], months: int = 3) -> pd.DataFrame:
    cuts = pd.date_range("2020-01-01", periods=len(scores), freq="12MS")
    return pd.DataFrame({"cut": cuts, "months": months, "score": scores})


def test_how_unlikely_the_worst_miss_is() -> None:
    # Student's t with 78 degrees of freedom: 1.99 is passed in 5 of 100, either way.
    assert surprise(forecasts_of([1.9908]), 79)[0] == pytest.approx(0.05, abs=1e-4)
    # Two forecasts and their mean: the worst of three.
    assert surprise(forecasts_of([1.9908, -1.9908]), 79) == (pytest.approx(0.15, abs=3e-4), None)
    # Four small misses to one side, worth two and a half independent ones: 2 x sqrt(2.5) = 3.16 standard deviations.
    chance, months = surprise(forecasts_of([2.0] * 4), 79)
    assert months == 3
    assert chance == pytest.approx(5 * 0.00224, abs=5e-4)
    assert surprise(forecasts_of([]), 79) == (1.0, None)


def test_chance_rarely_makes_a_check_amber() -> None:
    scores = np.random.default_rng(1).standard_normal((400, 4))
    chances = np.asarray([surprise(forecasts_of(row.tolist()), 79)[0] for row in scores])
    assert 0.01 < (chances < 0.05).mean() < 0.07


def split_of(distances: list[dict[str, object]], checks: list[dict[str, object]], as_odd: float = 0.5) -> TimeSplit:
    day = pd.Timestamp("2024-01-01")
    return TimeSplit(day, pd.DataFrame(distances), pd.DataFrame(checks), as_odd, ())


def distance(simulated: float, *, farther: float = 0.4, score: float = 0.0) -> dict[str, object]:
    figures = {"simulated": simulated, "halves": 10.0, "halves_high": 15.0, "between": 5.0}
    return {"measure": "m", "unit": "days", **figures, "farther": farther, "score": score, "arrivals": "observed"}


@pytest.mark.parametrize(
    ("row", "light"),
    [
        (distance(10.0), GREEN),
        (distance(10.1), AMBER),
        (distance(20.0), AMBER),
        (distance(20.1), RED),
        # Nearer than its own halves are to each other, but apart from every simulation.
        (distance(9.0, farther=0.0, score=4.1), AMBER),
        (distance(9.0, farther=0.0, score=3.9), GREEN),
    ],
)
def test_a_distance_is_read_beside_its_yardstick(row: dict[str, object], light: str) -> None:
    ((_, _, found, reason),) = distance_checks(split_of([row], []))
    assert found == light
    assert "two halves of the real log are 10.0 days apart" in reason


def figure(score: float, *, inside: bool, vital: bool = False) -> dict[str, object]:
    values = {"observed": 9.0, "median": 5.0, "low90": 4.0, "high90": 6.0}
    beyond = abs(score) > 2.5
    return {"check": "c", "stage": "S: a", **values, "inside": inside, "beyond": beyond, "vital": vital, "score": score}


def test_predictive_checks_are_judged_together() -> None:
    good, bad = figure(0.5, inside=True), figure(2.0, inside=False)
    light = {
        "all inside": predictive_checks(split_of([], [good] * 10))[0][2],
        "no odder than simulations": predictive_checks(split_of([], [good] * 6 + [bad] * 4, as_odd=0.06))[0][2],
        "odder": predictive_checks(split_of([], [good] * 6 + [bad] * 4, as_odd=0.05))[0][2],
        "odder, mostly outside": predictive_checks(split_of([], [good] * 4 + [bad] * 6, as_odd=0.0))[0][2],
    }
    assert list(light.values()) == [GREEN, GREEN, AMBER, RED]
    assert predictive_checks(split_of([], [])) == []


def test_open_children_there_longer_than_in_any_simulation_are_named() -> None:
    checks = [figure(0.5, inside=True)] * 9
    ((_, _, light, reason),) = predictive_checks(split_of([], [*checks, figure(3.0, inside=False, vital=True)]))
    assert light == AMBER
    assert "the children still in S have been there longer than in any simulation" in reason
    ((_, _, light, _),) = predictive_checks(split_of([], [*checks, figure(3.0, inside=False)]))
    assert light == GREEN


# The time split -------------------------------------------------------------------------------------------------------


def test_what_happened_after_a_day(tiny_log: EventLog) -> None:
    cut = pd.Timestamp("2020-06-01")
    later = after(tiny_log, cut)
    # B ended on the day itself; of A and C only what came later is left.
    assert later.cases["case"].tolist() == ["A", "C"]
    assert later.window.start == cut
    assert later.events["date"].min() > cut
    assert len(later) == 5 + 2


def test_halves_are_halves_and_keep_families_together(steady: EventLog) -> None:
    family = [f"f{number // 4}" for number in range(len(steady.cases))]
    log = EventLog(steady.events, steady.cases.assign(family=family), steady.window)
    for one, other in halves(log, 1, 3):
        assert abs(len(one.cases) - len(other.cases)) <= 4
        assert len(one) + len(other) == len(log)
        assert set(one.cases["family"]).isdisjoint(other.cases["family"])
    assert not halves_equal(log, 1, 2)
    assert halves_equal(log, 1, 1)


def halves_equal(log: EventLog, seed: int, other: int) -> bool:
    first, second = (next(iter(halves(log, number)))[0].cases["case"].tolist() for number in (seed, other))
    return first == second


def test_with_the_true_model_the_real_log_is_as_near_as_simulations_are_to_each_other(steady: EventLog) -> None:
    split = time_split(steady, past_cuts(steady)[-1], stages=STAGES, fit=truth(council()))
    table = split.distances.set_index("measure")
    # Dates only: no hours of the day. All the cases that arrived are given; the model's own are judged as arrivals.
    assert "At what hour events happen" not in table.index
    assert set(table["arrivals"]) == {"observed", "simulated"}
    given = table[table["arrivals"] == "observed"]
    assert (given["simulated"] < 2.0 * given["between"]).all()
    assert (given["simulated"] < given["halves"] * 1.5).all()
    assert split.checks["inside"].mean() > 0.7
    assert split.left_out == ()


def test_a_model_of_another_process_is_far_from_the_real_log(steady: EventLog) -> None:
    wrong = council(weibull(1.5, 60.0), weibull(1.5, 600.0))
    split = time_split(steady, past_cuts(steady)[-1], stages=[FIRST, SECOND], fit=truth(wrong))
    table = split.distances.set_index("measure")
    assert table.loc["From a case's first event to its last", "farther"] == 0.0
    assert (table["simulated"] > 2.0 * table["halves"]).any()
    assert split.checks["inside"].mean() < 0.6


def test_too_few_draws_are_refused(steady: EventLog) -> None:
    with pytest.raises(ValueError, match="at least 30"):
        time_split(steady, past_cuts(steady)[-1], fit=truth(council()), draws=10)
