"""What a difference depends on: designs whose answer is known, and one small council from end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from scenarios import NULL, Range, Scenario
from scenarios.break_even import Question, break_even, first_crossing, root_by_bisection
from scenarios.compare import experiment_of
from scenarios.designs import Point, Space
from scenarios.inputs import inputs_of
from scenarios.nested import Draws
from scenarios.sensitivity import analysed, sampled, screen, swing, tornado
from scenarios.shorter import Shorten
from scenarios.tables import Compared
from scenarios.unknowns import JUDGEMENT, chance_of, size_names, unknowns_table
from simulation import pathway

PROBLEM = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    """A small council, nothing and a shorter planning of uncertain size."""
    folder: Path = tmp_path_factory.mktemp("council")
    generate(folder, council=Council().scaled(60), seed=5)
    log = derive(load_project(folder)).log
    factor = Range(0.1, 0.4, 0.9)
    sooner = Scenario(
        name="sooner",
        title="Plans ready sooner",
        rationale="to see what it depends on",
        changes=(Shorten(activities=(pathway.PLANNING,), factor=factor),),
    )
    return Space.of(experiment_of(log, [NULL, sooner], years=1.5, replications=2, seed=3), 5)


@pytest.fixture(scope="module")
def two(space: Space) -> Space:
    """The same with all but two groups of parameters alike in every fit, so that there is less to run."""
    kept = [one.name in ("New cases", "Time after Returned home") for one in space.inputs]
    return replace(space, told=np.where(kept, space.told, 0.0))


def test_bisection_finds_the_root_of_a_line_from_either_side() -> None:
    assert root_by_bisection(lambda size: size / 10, 0.0, 8.0, 0.5, steps=40) == pytest.approx(5.0, abs=1e-9)
    # A factor: from 1 (nothing) down.
    assert root_by_bisection(lambda size: 1 - size, 1.0, 0.0, 0.3, steps=40) == pytest.approx(0.7, abs=1e-9)
    assert root_by_bisection(lambda size: size, 0.5, 8.0, 0.4) == 0.5
    assert np.isnan(root_by_bisection(lambda size: size, 0.0, 8.0, 9.0))
    assert np.isnan(root_by_bisection(lambda size: float("nan"), 0.0, 8.0, 1.0))


@given(st.floats(0.1, 100), st.floats(0.05, 0.95))
def test_the_root_reaches_the_target_and_hardly_more(most: float, target: float) -> None:
    root = root_by_bisection(lambda size: size / most, 0.0, most, target, steps=12)
    assert target <= root / most <= target + 2.0**-12


def test_a_curve_through_points_is_crossed_on_the_line_between_them() -> None:
    places = np.array([0.0, 0.25, 1.0])
    assert first_crossing(places, np.array([0.1, 0.5, 0.8]), 0.3) == pytest.approx(0.125)
    assert first_crossing(places, np.array([0.4, 0.5, 0.8]), 0.3) == 0.0
    assert np.isnan(first_crossing(places, np.array([0.1, np.nan, 0.2]), 0.3))


def test_a_symmetric_unknown_swings_as_far_either_way() -> None:
    middle = np.array([-10.0, -12.0, -11.0])
    measured = swing(middle, middle - 4.0, middle + 4.0)
    assert measured == pytest.approx((-11.0, -15.0, -7.0, 8.0, 0.0))
    assert np.isnan(swing(middle[:1], middle[:1], middle[:1])[4])


def test_morris_and_sobol_tell_the_parts_of_a_sum() -> None:
    weights = np.array([3.0, 1.0, 0.0])
    sample = sampled("morris", PROBLEM, 10, 1)
    importance, _, interaction = analysed("morris", PROBLEM, sample, sample @ weights, 1)
    assert importance == pytest.approx(weights)
    assert interaction == pytest.approx(np.zeros(3), abs=1e-9)
    sample = sampled("sobol", PROBLEM, 512, 1)
    importance, _, interaction = analysed("sobol", PROBLEM, sample, sample @ weights, 1)
    assert importance == pytest.approx(weights**2 / 10, abs=0.02)
    assert interaction == pytest.approx(np.zeros(3), abs=0.05)
    assert all((part == 0).all() for part in analysed("morris", PROBLEM, sample, np.zeros(len(sample)), 1))


def test_points_take_groups_from_the_fits_that_have_them_at_that_place(space: Space) -> None:
    base = space.experiment.base
    assert space.model(Point()) is base
    place = next(number for number, one in enumerate(space.inputs) if one.name == "New cases")
    for share in (0.0, 1.0):
        taken = space.inputs[place].tell(space.model(Point(groups=((place, share),))))
        assert taken == pytest.approx(np.quantile(space.told[:, place], share))
    # Another group is as it was.
    planning = next(one for one in space.inputs if one.name == "Time until a plan is ready")
    assert planning.tell(space.model(Point(groups=((place, 0.0),)))) == planning.tell(base)
    assert space.sizes(1, Point(sizes=((0, 1.0),))) == pytest.approx((space.drawn[1].max(),))


def test_every_group_taken_from_a_fit_makes_that_fit(space: Space) -> None:
    donor, model = space.fits[0], space.experiment.base
    for one in inputs_of(model):
        model = one.take(model, donor)
    assert [one.tell(model) for one in inputs_of(model)] == [one.tell(donor) for one in inputs_of(donor)]


def test_the_size_of_the_effect_is_what_a_large_change_depends_on(two: Space) -> None:
    bars = tornado(two)
    assert (bars.loc[bars["scenario"] == "no-change", "swing_child_weeks"] == 0).all()
    mine = bars[bars["scenario"] == "sooner"].set_index("input")
    assert mine["swing_child_weeks"].is_monotonic_decreasing
    size = mine.loc["Shorten: factor"]
    assert size["kind"] == JUDGEMENT
    # A smaller factor saves more.
    assert size["low_value"] < size["high_value"]
    assert size["at_low_child_weeks"] < size["middle_child_weeks"] < size["at_high_child_weeks"] < 0
    assert mine.index[0] == "Shorten: factor"


def test_screening_agrees(two: Space) -> None:
    found = screen(two, size=2)
    assert (found.loc[found["scenario"] == "no-change", "importance"] == 0).all()
    told = found[found["scenario"] == "sooner"].set_index("input")["importance"]
    assert told["Shorten: factor"] > 2 * told["Time after Returned home"]
    with pytest.raises(ValueError, match="method must be morris or sobol"):
        screen(two, method="guess")  # type: ignore[arg-type]


def test_break_even_of_planning_lies_between_what_falls_short_and_what_is_enough(space: Space) -> None:
    asked = Question(scenario="sooner", aim=2, nothing=1.0, most=0.05)
    found = break_even(space, asked, draws=3)
    assert found.share_without < found.target_share <= found.share_at_most
    assert found.reached_share == 1.0
    assert 0.05 < found.size < 1.0
    # The smaller change first: the larger factor.
    assert found.low >= found.high
    with pytest.raises(ValueError, match="got 'later' and 2"):
        break_even(space, Question(scenario="later", aim=2, nothing=1.0, most=0.05), draws=2)
    with pytest.raises(ValueError, match="draws must be at most 5"):
        break_even(space, asked, draws=6)


def test_a_target_out_of_reach_is_not_reached(space: Space) -> None:
    found = break_even(space, Question(scenario="no-change", aim=2, nothing=0.0, most=1.0), draws=2)
    assert np.isnan(found.size)
    assert found.reached_share == 0.0
    assert np.isnan(found.low)


def test_the_unknown_that_made_the_draws_differ_is_told(space: Space) -> None:
    """Draws in which only the first input counts, and chance."""
    generator = np.random.default_rng(8)
    yard, inputs = space.experiment.yardstick, space.inputs
    values = np.zeros((200, 1, 2, yard.width))
    told = generator.standard_normal((200, len(inputs)))
    effect = 3 * told[:, 0] + generator.standard_normal(200)
    values[:, 0, 1, yard.places["child_weeks"].start] = effect
    sizes = generator.random((200, 1))
    draws = Draws(values, told, (sizes,))
    table = unknowns_table(Compared(draws, space.experiment.scenarios[1:], yard), inputs)
    assert table.iloc[0]["input"] == inputs[0].name
    assert table.iloc[0]["share"] == pytest.approx(0.9, abs=0.04)
    assert table["told"].tolist() == [True] + [False] * (len(table) - 1)
    few = Draws(values[:5], told[:5], (sizes[:5],))
    assert unknowns_table(Compared(few, space.experiment.scenarios[1:], yard), inputs).empty


def test_the_chance_of_a_share_is_that_of_the_f_test() -> None:
    """Uniform where the terms play no part: 5 % of 1,000 are below 0.05."""
    generator = np.random.default_rng(9)
    small = sum(
        chance_of(generator.standard_normal(30), generator.standard_normal((30, 2))) < 0.05 for _ in range(1000)
    )
    assert small / 1000 == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / 1000))
    x = np.linspace(0, 1, 20)
    assert chance_of(x, x[:, None]) == pytest.approx(0.0, abs=1e-12)
    assert chance_of(x, np.empty((20, 0))) == 1.0


def test_sizes_are_called_by_kind_and_key() -> None:
    shorten = Shorten(after=(v.LODGED,), factor=Range(0.8, 0.9, 1.0))
    scenario = Scenario(name="one", title="One", rationale="r", changes=(shorten, shorten))
    assert size_names(scenario) == ["Shorten: factor", "Shorten: factor"]
    assert size_names(NULL) == []
