"""Where a case comes to, which loops have no end and how often each step begins, against the plain definitions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hand_models import model_of, only, step
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.laws import fixed
from simulation.model import START, Choice, Option, PathwayModel, reachable
from simulation.routing import _dies_out, _loops, _reached, _sparse, routing

NAMES = ("a", "b", "c", "d", "e", "f")


def test_where_a_case_comes_to_and_what_leads_back_by_hand() -> None:
    # 0 -> 1 <-> 2 -> 3; 4 -> 4; nothing leads to 5.
    chain = _sparse([(0, 1, 0.5), (1, 2, 1.0), (2, 1, 0.3), (2, 3, 0.7), (4, 4, 0.2)], (6, 6))
    assert _reached(chain, np.arange(6) == 0).tolist() == [True, True, True, True, False, False]
    assert _reached(chain, np.isin(np.arange(6), [3, 4])).tolist() == [False, False, False, True, True, False]
    assert not _reached(chain, np.zeros(6, dtype=bool)).any()
    assert sorted(sorted(group.tolist()) for group in _loops(chain)) == [[0], [1, 2], [3], [4], [5]]
    assert _dies_out(chain)
    assert not _dies_out(_sparse([(0, 1, 1.0), (1, 0, 1.0)], (2, 2)))
    assert not _dies_out(_sparse([(0, 1, 2.0), (1, 0, 0.6)], (2, 2)))


def closure(chain: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    reach = np.eye(len(chain), dtype=bool) | (chain > 0)
    for _ in range(len(chain)):
        reach = reach @ reach
    return reach


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.floats(0.0, 0.5), st.integers(0, 2**32 - 1))
def test_random_graphs_are_walked_as_by_matrix_products(count: int, dense: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chain = np.where(rng.random((count, count)) < dense, rng.random((count, count)), 0.0)
    begin = rng.random(count) < 0.3
    sparse = _sparse([(r, c, chain[r, c]) for r, c in zip(*np.nonzero(chain), strict=True)], chain.shape)
    reach = closure(chain)
    assert _reached(sparse, begin).tolist() == (begin @ reach).tolist()
    together = reach & reach.T
    assert {tuple(sorted(group.tolist())) for group in _loops(sparse)} == {
        tuple(np.flatnonzero(row).tolist()) for row in together
    }
    largest = np.abs(np.linalg.eigvals(chain)).max()
    if abs(largest - 1.0) > 1e-6:
        assert _dies_out(sparse) == (largest < 1.0)


ways = st.tuples(st.lists(st.sampled_from(NAMES), max_size=2, unique=True), st.sampled_from([0.0, 0.2, 1.0]))
choices = st.lists(ways, min_size=1, max_size=3)


@st.composite
def models(draw: st.DrawFn) -> PathwayModel:
    """Models with loops, steps side by side, ends, choices that are missing, and steps that wait for others."""
    joins = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), max_size=1))
    steps = [step(name, fixed(1.0), waits_for=(joins[name],) if name in joins else ()) for name in NAMES]
    made = {}
    for after in (START, *draw(st.lists(st.sampled_from(NAMES), unique=True))):
        options = [Option(starts=tuple(starts), share={"": share}) for starts, share in draw(choices)]
        if not any(option.share[""] for option in options):
            options.append(Option(starts=(draw(st.sampled_from(NAMES)),), share={"": 1.0}))
        made[after] = Choice(options=tuple(options))
    return model_of(steps, made, final=tuple(draw(st.lists(st.sampled_from(NAMES), max_size=1))))


def loops_without_end(model: PathwayModel) -> tuple[tuple[str, ...], ...]:
    """The definition, looked at choice by choice until nothing more is found."""
    taken = {
        name: [[model.steps[s] for s in option.starts] for option in choice.options if option.share[""] > 0]
        for name, choice in model.choices.items()
    }
    rests: set[str] = set()
    ends: set[str] = set()
    for _ in model.choices:
        for name, options in taken.items():
            for steps in options:
                past = [s for s in steps if s.activity not in model.final]
                if all(s.leads_to in rests or s.leads_to not in model.choices for s in past):
                    rests.add(name)
                if not steps or len(past) < len(steps) or any(s.leads_to in ends for s in past):
                    ends.add(name)
    beyond = reachable(
        {name: {s.leads_to for steps in options for s in steps} & set(taken) for name, options in taken.items()}
    )
    begin = [START, *(s.leads_to for s in model.steps.values() if s.joins and s.leads_to in taken)]
    reached = {name for first in begin for name in (first, *beyond[first])}
    caught = [name for name in taken if name in reached - rests - ends and name in beyond[name]]
    return tuple(dict.fromkeys(tuple(o for o in caught if o in beyond[name] and name in beyond[o]) for name in caught))


@settings(max_examples=200, deadline=None)
@given(models())
def test_loops_without_end_are_those_of_the_definition(model: PathwayModel) -> None:
    assert routing(model).endless == loops_without_end(model)


def test_thousands_of_activities_are_no_matter() -> None:
    # With matrices of all pairs this took minutes, and gigabytes.
    names = [f"a{number}" for number in range(4_000)]
    steps = [step(name, fixed(1.0)) for name in names]
    onward = {
        name: Choice(options=(Option(starts=(after,), share={"": 0.999}), Option(starts=(), share={"": 0.001})))
        for name, after in pairwise(names)
    }
    found = routing(model_of(steps, {START: only("a0"), **onward}, final=()))
    assert found.begun["a3999"] == pytest.approx(0.999**3_999)
    assert found.endless == ()
    back = {**onward, "a3999": only("a0")}
    back |= {name: only(after) for name, after in pairwise(names)}
    assert routing(model_of(steps, {START: only("a0"), **back}, final=())).endless == (tuple(names),)
