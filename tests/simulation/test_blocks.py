"""Children who wait for nobody are run a block at a time, and the log is that of one run with all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, at, cut, model_of, only, step
from process_form import simulate_by_processes
from test_process_form import END, arrivals, gated, random_model, same

import simulation.blocks
from event_logs.log import from_days
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.gates import DecisionMaker
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel
from simulation.reach import Reach
from simulation.streams import Streams


def alone(seed: int) -> PathwayModel:
    """A random model in which no child waits for another: reviews and decisions are each child's own."""
    model = gated(seed)
    steps = {
        name: replace(one, gate=one.gate if one.gate in ("reviews", "who") else "") for name, one in model.steps.items()
    }
    return replace(model, steps=steps, gates={name: model.gates[name] for name in ("reviews", "who")})


def both(
    model: PathwayModel, cohort: Cohort, until: float, monkeypatch: pytest.MonkeyPatch, reach: Reach | None = None
) -> None:
    """The same log from blocks of seven and from one block."""
    whole = simulate(model, cohort, at(until), seed=3, reach=reach)
    with monkeypatch.context() as patch:
        patch.setattr(simulation.blocks, "BLOCK", 7)
        same(simulate(model, cohort, at(until), seed=3, reach=reach), whole)
    if reach is None:
        same(simulate_by_processes(model, cohort, at(until), seed=3), whole, within="1ms")


@pytest.mark.parametrize("seed", range(20))
def test_a_run_in_blocks_is_the_run_of_all_at_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = alone(seed)
    cohort = arrivals(model, seed)
    both(model, cohort, 1100, monkeypatch)
    # From the middle of it: those under way, and newcomers beside them, with a change for all or for some.
    log = simulate(model, cohort, at(1100), seed=3)
    under_way = snapshot(cut(log, DAY_ZERO + 500), model)
    coming = 40
    days = DAY_ZERO + 501.0 + np.arange(coming) * 5.0
    cases = cohort.cases.iloc[:coming].assign(case=[f"later {n:03d}" for n in range(coming)])
    there = len(under_way.cases)
    assert there > 0
    open_cases = replace(
        under_way,
        cases=pd.concat([under_way.cases, cases], ignore_index=True),
        arrival=(*[float("nan")] * there, *days.tolist()),
    )
    changed = replace(model, steps={**model.steps, END: replace(model.steps[END], laws={"": exponential(10.0)})})
    for later in (model, changed):
        both(later, open_cases, 900, monkeypatch)
    both(
        changed,
        open_cases,
        900,
        monkeypatch,
        Reach(start=DAY_ZERO + 560.0, share=0.6, ramp_days=90.0, under_way="scaled"),
    )


def blocks(model: PathwayModel, cohort: Cohort, count: int) -> list[tuple[int, int]]:
    return list(simulation.blocks.blocks(model, cohort, count))


def test_who_waits_for_others_is_run_with_them() -> None:
    size = simulation.blocks.BLOCK
    model = gated(1)
    cohort = arrivals(model, 1)
    assert blocks(model, cohort, 3 * size) == [(0, 3 * size)]
    for name in ("panel", "team", "desk"):
        assert blocks(replace(alone(1), gates={**alone(1).gates, name: model.gates[name]}), cohort, 2 * size) == [
            (0, 2 * size)
        ]
    assert blocks(alone(1), cohort, 2 * size + 3) == [(0, size), (size, 2 * size), (2 * size, 2 * size + 3)]
    assert blocks(alone(1), cohort, 0) == [(0, 0)]
    assert blocks(model, cohort, 0) == [(0, 0)]  # nobody, once, where they would wait for one another too
    assert blocks(alone(1), cohort, size) == [(0, size)]
    many = replace(cohort, rows=np.arange(size + 5))
    assert blocks(alone(1), many, 2 * size) == [(0, size + 5), (size + 5, 2 * size)]


def test_the_draws_of_some_children_are_their_rows_of_everybodys() -> None:
    everybody, some = Streams(7, 3, 500), Streams(7, 3, 20, first=31)
    for occasion in (0, 2, 5, 11):
        assert some.occasion("a", occasion).tolist() == everybody.occasion("a", occasion)[31:51].tolist()


def test_who_should_have_left_before_coming_leaves_before_anything_else_happens() -> None:
    model = model_of(
        [step("first", fixed(0.0)), step(END, fixed(0.0))], {START: only("first"), "first": only(END)}, whole_days=True
    )
    model = replace(model, ranks={**model.ranks, "left": 9}, leaves_at_days=6574.0, leaves_as="left")
    cohort = arrivals(model, 1)
    days = np.asarray(cohort.arrival)
    late = np.arange(len(days)) % 3 == 0
    birth = from_days(np.where(late, days - 6574.0 - np.arange(len(days)), days - 1000.0))
    cohort = replace(cohort, cases=cohort.cases.assign(birth=birth))
    log = simulate(model, cohort, at(1100), seed=1)
    same(log, simulate_by_processes(model, cohort, at(1100), seed=1))
    events = log.events.groupby("case")["activity"].agg(list)
    assert [list(one) for one in events[late]] == [["left"]] * int(late.sum())
    assert [list(one) for one in events[~late]] == [["first", END]] * int((~late).sum())


def test_the_random_models_keep_their_reviews_and_decisions() -> None:
    kept = [alone(seed) for seed in range(20)]
    assert sum(any(one.gate == "reviews" for one in model.steps.values()) for model in kept) == 20
    assert sum(any(one.gate == "who" for one in model.steps.values()) for model in kept) >= 10
    assert all(isinstance(model.gates["who"], DecisionMaker) for model in kept)
    assert random_model(1).gates.keys() >= {"panel"}
