"""Blocks of draws give what one draw at a time would: the law's own answer, the child's own luck, the next occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hand_models import weibull
from hypothesis import given
from hypothesis import strategies as st

from simulation.children import Children
from simulation.draws import WITHIN_THE_DAY, Column, Draws
from simulation.frailty import Paced, paced_quantiles, paced_remaining, paced_survival
from simulation.gates import ReviewCycle
from simulation.laws import Law, exponential, fixed
from simulation.model import Choice, Option, Step
from simulation.streams import Streams

LAWS = {
    "no delay": fixed(0.0),
    "fixed": fixed(12.0),
    "tail only": exponential(30.0),
    "body": Law(np.array([3.0, 8.0, 20.0]), np.array([0.7, 0.2, 0.0])),
    "body and tail": Law(np.array([0.0, 5.0, 40.0]), np.array([0.9, 0.6, 0.25]), 1.4, 60.0),
}
UNITS = np.concatenate([np.linspace(0.001, 1.0, 400), [1e-12, 0.9, 0.6, 0.25, 0.7, 0.2]])


def everybody(count: int, **attributes: list[str]) -> Children:
    cases = pd.DataFrame({"case": [str(n) for n in range(count)], **attributes})
    strata = attributes.get("band", [""] * count)
    return Children(cases, [0.0] * count, strata, [np.inf] * count, [np.nan] * count)


@pytest.mark.parametrize("name", LAWS)
def test_many_draws_of_a_law_are_those_of_one_at_a_time(name: str) -> None:
    law = LAWS[name]
    assert law.isf_of(UNITS) == pytest.approx([law.isf(unit) for unit in UNITS.tolist()], rel=1e-12)
    days = np.array([0.0, 0.5, 3.0, 5.0, 5.5, 12.0, 39.9, 40.0, 41.0, 300.0])
    assert law.sf_of(days) == pytest.approx([law.sf(day) for day in days.tolist()], rel=1e-12)
    for elapsed in days.tolist():
        expected = [law.remaining(unit, elapsed) for unit in UNITS.tolist()]
        assert law.remaining_of(UNITS, np.full(len(UNITS), elapsed)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", LAWS)
@given(rho=st.floats(0.0, 0.9), b=st.floats(-3.0, 3.0), elapsed=st.floats(0.0, 90.0))
def test_many_children_of_their_own_pace_are_those_of_one_at_a_time(
    name: str, rho: float, b: float, elapsed: float
) -> None:
    law = LAWS[name]
    one = Paced(law, rho, b)
    units = UNITS[::23]
    pace = np.full(len(units), b)
    # Where the law falls in steps, a draw on the very edge of one may be read from either side.
    found, expected = paced_quantiles(law, rho, pace, units), np.array([one.isf(unit) for unit in units.tolist()])
    assert (np.isclose(found, expected, rtol=1e-6) | on_an_edge(law, found, expected)).all()
    found = paced_remaining(law, rho, (pace, units), np.full(len(units), elapsed))
    expected = np.array([one.remaining(unit, elapsed) for unit in units.tolist()])
    assert (np.isclose(found, expected, rtol=1e-6) | on_an_edge(law, found, expected)).all()
    days = np.array([-1.0, 0.0, 3.0, 12.0, elapsed, 400.0])
    survival = paced_survival(law, rho, np.full(len(days), b), days)
    assert survival == pytest.approx([one.sf(day) for day in days.tolist()], rel=1e-9, abs=1e-280)


def on_an_edge(law: Law, found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Whether the two are neighbouring times of the law's body."""
    place = [np.searchsorted(law.times, days) for days in (found, expected)]
    inside = np.isin(found, law.times) & np.isin(expected, law.times)
    return np.asarray(inside & (np.abs(place[0] - place[1]) <= 1))


def test_each_child_has_its_own_occasions_and_two_models_share_them() -> None:
    streams = Streams(4, 1, 3)
    draws = Draws(everybody(3), streams, whole_days=False)
    step = Step(name="legal", activity="legal", laws={"": weibull(1.0, 10.0)})
    slower = Step(name="legal", activity="legal", laws={"": weibull(1.0, 20.0)})
    first, second = draws.durations(step, ""), draws.durations(slower, "")
    expected = [[step.laws[""].isf(streams.unit("legal", child, n)) for n in range(6)] for child in range(3)]
    assert [first.next(1), first.next(1), first.next(2)] == pytest.approx([*expected[1][:2], expected[2][0]])
    # The third time this child needs legal advice it is under the other model, with the luck of a third time.
    assert second.next(1) == pytest.approx(2 * expected[1][2])
    assert first.next(1) == pytest.approx(expected[1][3])
    assert draws.unit("legal", 1) == streams.unit("legal", 1, 4)
    assert first.next(0) == pytest.approx(expected[0][0])


def test_strata_have_their_own_laws_and_shares() -> None:
    draws = Draws(everybody(4, band=["a", "b", "a", ""]), Streams(1, 0, 4), whole_days=True)
    step = Step(name="x", activity="x", laws={"": fixed(3.0), "a": fixed(7.0)})
    column = draws.durations(step, "band")
    assert [column.next(child) for child in range(4)] == [7.0, 3.0, 7.0, 3.0]
    share = Choice(options=(Option(starts=("x",), share={"": 1.0, "a": 0.0}),
                            Option(starts=(), share={"": 0.0, "a": 1.0})), by="band")  # fmt: skip
    chosen = draws.options("x", share)
    assert [chosen.next(child) for child in range(4)] == [1, 0, 1, 0]


def test_choices_come_up_as_often_as_their_shares_say() -> None:
    draws = Draws(everybody(20_000), Streams(2, 0, 20_000), whole_days=True)
    three = Choice(options=tuple(Option(starts=(name,), share={"": s}) for name, s in (("a", 1), ("b", 3), ("c", 6))))
    column = draws.options("after", three)
    counts = np.bincount([column.next(child) for child in range(20_000)], minlength=3) / 20_000
    assert (np.abs(counts - [0.1, 0.3, 0.6]) < 3.9 * np.sqrt(0.25 / 20_000)).all()


def test_a_law_with_one_duration_draws_nothing_and_counts_its_occasions() -> None:
    assert [law.always for law in LAWS.values()] == [0.0, 12.0, None, None, None]
    draws = Draws(everybody(3), Streams(2, 0, 3), whole_days=True)
    column = draws.durations(Step(name="a", activity="a", laws={"": fixed(3.6)}), "")
    assert [column.next(child) for child in (0, 0, 2)] == [4.0] * 3
    later = draws.durations(Step(name="a", activity="a", laws={"": exponential(30.0)}), "")
    assert isinstance(later, Column)
    assert later.next(0) == later.at(0, 2)


def test_a_review_never_falls_on_the_day_of_the_one_before() -> None:
    cycle = ReviewCycle(review="review", gaps=(fixed(0.0), exponential(1.0)), decides=0.5)
    gaps = Draws(everybody(500), Streams(3, 0, 500), whole_days=True).gaps(cycle)
    found = np.array([[gaps.at(child, number) for number in (0, 1, 5)] for child in range(500)])
    assert (found >= 1.0).all()
    assert (found == np.floor(found)).all()
    assert set(found[:, 0]) == {1.0}
    assert found[:, 1].mean() > 1.0 + WITHIN_THE_DAY / 2
