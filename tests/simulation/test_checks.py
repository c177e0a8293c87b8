"""What is said before a model is run, against theory; expected visits against absorbing chains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, arriving, at, either, model_of, only, run, step, weibull
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_pathway import planted
from scipy import stats

from simulation.arrivals import Arrivals
from simulation.checks import before_running, mean_days
from simulation.cohort import Cohort
from simulation.gates import Away, Places, Sessions
from simulation.gates.iso import text_of
from simulation.laws import Law, exponential, fixed
from simulation.model import START, Choice, Option, PathwayModel
from simulation.routing import routing

WEEKLY: dict[str, Any] = {"weekday": "Wednesday", "weeks_of_month": (1, 2, 3, 4, 5)}
YEARS = 4 * 365.25


def coming(per_month: float, **pool: list[str]) -> Arrivals:
    frame = pd.DataFrame(pool or {"sex": ["f"]})
    return Arrivals(np.full(12, per_month), frame, np.ones(len(frame)))


def nobody(model: PathwayModel) -> Cohort:
    return arriving(model, [])


def said(model: PathwayModel) -> list[tuple[str, str]]:
    return [(one.kind, one.where) for one in before_running(model, nobody(model), at(YEARS))]


def gated(gate: Any, per_month: float = 10.0, law: Law | None = None) -> PathwayModel:
    steps = [step("in", fixed(0.0)), step("end", law or fixed(0.0), gate="gate")]
    return model_of(steps, {START: only("in"), "in": only("end")}, gates={"gate": gate}, arrivals=coming(per_month))


# Expected visits ----------------------------------------------------------------------------------------------------


def test_visits_of_a_chain_with_a_loop_are_those_of_the_fundamental_matrix() -> None:
    # a -> b; b -> a with 0.4, c with 0.3, end with 0.3; c -> b with 0.5, end with 0.5.
    p = np.array([[0, 1.0, 0], [0.4, 0, 0.3], [0, 0.5, 0]])
    expected = np.linalg.inv(np.eye(3) - p)[0]
    steps = [step(name, exponential(1.0)) for name in ("a", "b", "c", "end")]
    choices = {
        START: only("a"),
        "a": only("b"),
        "b": either({"a": 0.4, "c": 0.3, "end": 0.3}),
        "c": either({"b": 0.5, "end": 0.5}),
    }
    model = model_of(steps, choices)
    found = routing(model)
    assert [found.begun[name] for name in "abc"] == pytest.approx(expected)
    assert found.begun["end"] == pytest.approx(1.0)
    assert found.events == pytest.approx(expected.sum() + 1.0)
    assert found.endless == ()
    log = run(model, np.linspace(1.0, 50.0, 4_000), 5_000.0)
    per_case = log.events.groupby("case").size().to_numpy()
    assert len(per_case) == 4_000
    assert per_case.mean() == pytest.approx(found.events, abs=3.29 * per_case.std() / np.sqrt(4_000))


def test_visits_are_those_of_the_children_that_come() -> None:
    choice = Choice(
        by="band",
        options=(
            Option(starts=("end",), share={"": 0.5, "old": 1.0}),
            Option(starts=("more",), share={"": 0.5, "old": 0.0}),
        ),
    )
    steps = [step("in", fixed(0.0)), step("more", fixed(1.0)), step("end", fixed(1.0))]
    arrivals = coming(5.0, band=["old", "old", "old", "young"])
    model = model_of(steps, {START: only("in"), "in": choice, "more": only("end")}, arrivals=arrivals)
    assert routing(model).begun == pytest.approx({"in": 1.0, "more": 0.125, "end": 1.0})


def test_what_runs_side_by_side_joins_once_and_what_is_not_begun_joins_never() -> None:
    steps = [
        step("in", fixed(0.0)),
        step("a", exponential(9.0)),
        step("b", exponential(9.0)),
        step("all", fixed(1.0), waits_for=("a", "b")),
        replace(step("any", fixed(1.0)), waits_for_any=("a", "b")),
        step("never", fixed(1.0), waits_for=("a", "elsewhere")),
        step("elsewhere", fixed(1.0)),
        step("after", fixed(1.0)),
    ]
    choices = {START: only("in"), "in": either({"a": 0.3, "b": 0.7}), "all": only("after"), "any": only("after")}
    found = routing(model_of(steps, choices, final=())).begun
    assert found == pytest.approx(
        {"in": 1, "a": 0.3, "b": 0.7, "all": 0.3, "any": 1, "never": 0, "elsewhere": 0, "after": 1.3}
    )
    both = routing(model_of(steps, {**choices, "in": only("a", "b")}, final=())).begun
    assert both["all"] == both["any"] == 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4), min_size=3, max_size=3))
def test_any_chain_is_an_absorbing_one_or_said_to_have_no_end(rows: list[list[float]]) -> None:
    names = ["a", "b", "c"]
    rows = [[0.0 if value < 0.25 else value for value in row] for row in rows]
    rows = [row if sum(row) > 0 else [0.0, 0.0, 0.0, 1.0] for row in rows]
    p = np.array([np.array(row) / sum(row) for row in rows])
    steps = [step(name, exponential(1.0)) for name in (*names, "end")]
    choices = {START: only("a")} | {
        name: either(dict(zip((*names, "end"), row.tolist(), strict=True))) for name, row in zip(names, p, strict=True)
    }
    found = routing(model_of(steps, choices))
    reach = np.eye(3, dtype=bool) | (p[:, :3] > 0)
    reach = reach @ reach @ reach
    trapped = reach[0] & ~(reach & (p[:, 3] > 0)[None, :]).any(axis=1)
    looping = trapped & np.diag((p[:, :3] > 0) @ reach)
    assert {name for loop in found.endless for name in loop} == {
        name for name, there in zip(names, looping, strict=True) if there
    }
    assert np.isfinite(found.events) == (not trapped.any())
    if not trapped.any():
        seen = np.flatnonzero(reach[0])
        chain = p[np.ix_(seen, seen)]
        expected = np.linalg.inv(np.eye(len(seen)) - chain)[0]
        assert [found.begun[names[n]] for n in seen] == pytest.approx(expected.tolist(), rel=1e-6)


# What is said -------------------------------------------------------------------------------------------------------


def test_a_loop_without_end_is_named() -> None:
    steps = [step(name, exponential(1.0)) for name in ("a", "b", "end")]
    model = model_of(steps, {START: only("a"), "a": only("b"), "b": only("a")}, arrivals=coming(1.0))
    found = before_running(model, nobody(model), at(YEARS))
    assert [(one.kind, one.where, one.figure) for one in found] == [
        ("loop without end", "a", np.inf),
    ]
    assert "From 'a', 'b' there is no way out" in str(found[0])
    out = replace(model, choices={**model.choices, "b": either({"a": 0.99, "end": 0.01})})
    assert said(out) == []
    # Each a begins two more: it can end, but is not expected to.
    growing = replace(model, choices={START: only("a"), "a": Choice(options=(
        Option(starts=("a", "b"), share={"": 0.6}), Option(starts=("b",), share={"": 0.4}))),
        "b": either({"a": 0.9, "end": 0.1})})  # fmt: skip
    assert [one.where for one in before_running(growing, nobody(growing), at(YEARS))] == [""]


def test_shares_that_do_not_add_up_are_said_as_they_are_taken() -> None:
    steps = [step(name, exponential(1.0)) for name in ("a", "b", "end")]
    model = model_of(
        steps,
        {START: only("a"), "a": either({"b": 1.5, "end": 0.375, "a": 0.525}), "b": only("end")},
        arrivals=coming(1.0),
    )
    (found,) = before_running(model, nobody(model), at(YEARS))
    assert (found.kind, found.where, found.figure) == ("shares", "a", pytest.approx(2.4))
    assert str(found) == "The shares after 'a' add up to 2.40; taken as 62 %, 16 %, 22 %"


def test_shares_are_looked_at_group_by_group() -> None:
    steps = [step(name, exponential(1.0)) for name in ("a", "b", "end")]
    options = (
        Option(starts=("b",), share={"": 0.5, "old": 0.001, "young": 0.5}),
        Option(starts=("end",), share={"": 0.504}),
    )
    choices = {START: only("a"), "a": Choice(by="band", options=options), "b": only("end")}
    model = model_of(steps, choices, arrivals=coming(1.0, band=["old", "young"]))
    # 1.004 is rounding; what a group has no entry for is taken from "".
    (found,) = before_running(model, nobody(model), at(YEARS))
    assert str(found) == "The shares of group 'old' after 'a' add up to 0.51; taken as 0.2 %, 100 %"
    # Without an attribute to go by, the groups are nobody's.
    plain = replace(model, choices={**choices, "a": Choice(options=options)})
    assert before_running(plain, nobody(plain), at(YEARS)) == []


def test_of_very_many_shares_only_some_are_said() -> None:
    names = [f"s{n}" for n in range(12)]
    steps = [step(name, exponential(1.0)) for name in (*names, "end")]
    model = model_of(steps, {START: either(dict.fromkeys(names, 0.5))}, arrivals=coming(1.0))
    (found,) = before_running(model, nobody(model), at(YEARS))
    assert str(found).endswith("add up to 6.00; taken as " + "8 %, " * 8 + "and 4 more")


def test_no_arrivals_no_session_and_no_slots_are_said_with_their_figure() -> None:
    assert said(gated(Sessions(**WEEKLY, slots=9), per_month=0.0)) == [("no arrivals", "")]
    assert said(replace(gated(Sessions(**WEEKLY, slots=9)), arrivals=None)) == [("no arrivals", "")]
    july = gated(Sessions(weekday="Wednesday", weeks_of_month=(1,), slots=9, skip_months=tuple(range(1, 13))))
    found = before_running(july, nobody(july), at(YEARS))
    assert [(one.kind, one.figure) for one in found] == [("no session", 0.0)]
    assert "0 sessions from 2020-01-01" in str(found[0])
    dates = Sessions(**WEEKLY, slots=9).dates(at(0), at(20))
    none = Sessions(**WEEKLY, slots=9, slots_on={f"{day:%Y-%m-%d}": 0 for day in dates})
    model = gated(none)
    assert [one.kind for one in before_running(model, nobody(model), at(20))] == ["no slots"]
    listed = replace(model, arrivals=None)
    assert [one.kind for one in before_running(listed, arriving(listed, [3.0]), at(20))] == ["no slots"]


@pytest.mark.parametrize(
    ("slots", "more", "load"),
    [
        (3, {}, 10 * 12 / (3 * 365.25 / 7)),
        (2, {}, 10 * 12 / (2 * 365.25 / 7)),
        (3, {"deferral": 0.25}, 10 * 12 / 0.75 / (3 * 365.25 / 7)),
        (3, {"quorum_failure": 0.3}, 10 * 12 / (3 * 0.7 * 365.25 / 7)),
    ],
)
def test_the_load_of_a_panel(slots: int, more: dict[str, Any], load: float) -> None:
    model = gated(Sessions(**WEEKLY, slots=slots, **more))
    found = before_running(model, nobody(model), at(YEARS))
    assert [one.kind for one in found] == ["unstable gate"] * (load >= 1.0)
    if found:
        assert found[0].figure == pytest.approx(load, rel=0.01)
        assert f"load {found[0].figure:.2f}" in str(found[0])


def test_the_load_of_places_is_the_work_they_get_by_the_work_they_can_do() -> None:
    a_day = 10 * 12 / 365.25
    for places, days in ((3, 9.0), (3, 9.3), (2, 6.0), (2, 6.2)):
        model = gated(Places(places=places), law=exponential(days))
        found = before_running(model, nobody(model), at(YEARS))
        load = a_day * days / places
        assert [one.figure for one in found] == (pytest.approx([load], rel=0.01) if load >= 1 else [])
    half = Away(start=text_of(DAY_ZERO), end=text_of(DAY_ZERO + YEARS / 2), places=2)
    assert said(gated(Places(places=4), law=fixed(10.0))) == []
    assert said(gated(Places(places=4, away=(half,)), law=fixed(10.0))) == [("unstable gate", "gate")]
    assert said(gated(Places(places=4, working_days=True), law=fixed(10.0))) == [("unstable gate", "gate")]
    assert said(gated(Places(places=4, continued=0.5, continuation=fixed(5.0)), law=fixed(10.0))) == [
        ("unstable gate", "gate")
    ]
    room = replace(gated(Places(places=4)), ranks={"in": 1, "end": 2, "away": 3})
    room = replace(room, gates={"gate": Places(places=1, room=3, turned_away_as="away")})
    assert said(room) == []


def test_a_place_held_over_many_steps_counts_with_all_of_them() -> None:
    steps = [step("in", fixed(1.0), gate="team"), step("report", fixed(20.0)), step("end", fixed(300.0))]
    choices = {START: only("in"), "in": only("report"), "report": only("end")}
    model = model_of(steps, choices, gates={"team": Places(places=6, until="report")}, arrivals=coming(10.0))
    found = before_running(model, nobody(model), at(YEARS))
    assert found[0].figure == pytest.approx(10 * 12 / 365.25 * 21.0 / 6, rel=0.01)
    assert "at least" in str(found[0])
    assert said(replace(model, gates={"team": Places(places=7, until="report")})) == []


def test_the_declared_pathway_is_measured_by_its_panel() -> None:
    model = planted()
    name, panel = next((name, gate) for name, gate in model.gates.items() if isinstance(gate, Sessions))
    assert all(one.kind == "unstable gate" for one in before_running(model, None, at(YEARS)))
    ample = replace(model, gates={**model.gates, name: replace(panel, slots=500)})
    assert before_running(ample, None, at(YEARS)) == []
    scarce = replace(model, gates={**model.gates, name: Sessions(weekday="Tuesday", weeks_of_month=(1,), slots=1)})
    found = before_running(scarce, None, at(YEARS))
    assert [(one.kind, one.where) for one in found] == [("unstable gate", name)]
    assert found[0].figure > 1.0


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.5])
def test_the_mean_of_a_law_is_that_of_its_body_and_its_tail(shape: float) -> None:
    assert mean_days(weibull(shape, 40.0)) == pytest.approx(stats.weibull_min(shape, scale=40.0).mean(), rel=1e-3)
    body = Law(np.array([2.0, 10.0]), np.array([0.75, 0.25]), 1.0, 8.0)
    # Beyond the body the tail is exponential of mean 8 days from day 10.
    assert mean_days(body) == pytest.approx(2.0 + 0.75 * 8.0 + 0.25 * 8.0)
    assert mean_days(fixed(3.0)) == 3.0
    assert mean_days(Law(np.array([2.0]), np.array([0.5]))) == np.inf
