"""The data of the gates: what is refused, the calendar's exceptions, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hand_models import model_of, only, step
from test_model_file import same_law

from event_logs.errors import InputError
from simulation.gates import Away, CarveOut, DecisionMaker, Gate, Places, Priority, Sessions
from simulation.gates.iso import day_of, text_of
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel
from simulation.model_file import model_text, read_model, write_model

PANEL: dict[str, Any] = {"weekday": "Tuesday", "weeks_of_month": (1, 3), "slots": 4}


def full() -> PathwayModel:
    """A model with every key of every gate."""
    panel = Sessions(
        **PANEL,
        lead_days=10.0,
        skip_months=(7,),
        cancelled=("2025-03-04",),
        added=("2025-03-06",),
        slots_on={"2025-03-06": 2, "2025-03-18": 0},
        quorum_failure=0.1,
        deferral=0.25,
        deferral_days=exponential(20.0),
        deferred_as="deferred",
        siblings_together=True,
        carve_outs=(CarveOut(by="age_band", values=("0", "1-4"), slots=2), CarveOut(by="sex", values=("f",), slots=1)),
        priority=Priority(by="age_band", first=("0", "1-4")),
        booked_in="panel_booked",
    )
    court = Places(
        places=3,
        cases_each=2,
        until="end",
        away=(
            Away(start="2025-01-01", end="2025-02-28", places=1),
            Away(start="2025-07-01", end="2025-07-01", places=3),
        ),
        working_days=True,
        priority=Priority(by="sex", first=("f",)),
        continued=0.3,
        continuation=fixed(28.0),
        continued_as="continued",
        begins_as="before the court",
        room=12,
        turned_away_as="elsewhere",
    )
    steps = [
        step("papers", fixed(1.0)),
        step("panel", fixed(0.0), gate="panel"),
        step("hearing", fixed(0.0), gate="hearing"),
        step("decision", fixed(3.0), gate="decision maker", name="decide"),
        step("order", fixed(9.0), gate="court", name="court"),
        replace(step("end", fixed(9.0), waits_for=("panel",)), waits_for_any=("decision", "order")),
    ]
    gates: dict[str, Gate] = {
        "panel": panel,
        "hearing": Sessions(**PANEL, booking=True),
        "decision maker": DecisionMaker(limit_days=None),
        "in time": DecisionMaker(working_days=False, limit_days=14.0, keeps_limit=1.0),
        "court": court,
        "team": Places(places=2),
    }
    model = model_of(steps, {START: only("papers")}, gates=gates)
    return replace(model, holidays=("2025-01-01", "2025-01-02"))


def test_every_key_of_every_gate_comes_back_from_the_file(tmp_path: Path) -> None:
    model = full()
    write_model(model, tmp_path / "model.toml")
    again = read_model(tmp_path / "model.toml")
    assert again.holidays == model.holidays
    assert again.steps["end"].waits_for_any == ("decision", "order")
    assert set(again.gates) == set(model.gates)
    for name, gate in model.gates.items():
        found = again.gates[name]
        if isinstance(gate, Sessions):
            assert isinstance(found, Sessions)
            same_law(found.deferral_days, gate.deferral_days)
            assert replace(found, deferral_days=gate.deferral_days) == gate
        elif isinstance(gate, Places):
            assert isinstance(found, Places)
            same_law(found.continuation, gate.continuation)
            assert replace(found, continuation=gate.continuation) == gate
        else:
            assert found == gate
    assert model_text(again) == model_text(model)


GOOD = model_text(full())
DAMAGE = {
    "date": ('cancelled = ["2025-03-04"]', 'cancelled = ["4 March 2025"]', "written like 2025-03-04", "sessions.panel"),
    "twice": ('added = ["2025-03-06"]', 'added = ["2025-03-04"]', "both cancelled and added", "sessions.panel"),
    "deferral": ("deferral = 0.25", "deferral = 1.0", "less than 1", "sessions.panel.deferral"),
    "carve-outs": ("slots = 2\n", "slots = 4\n", "more than the 4", "sessions.panel"),
    "priority": ('first = ["f"]', "first = []", "at least 1", "places.court.priority"),
    "away": ('end = "2025-02-28"', 'end = "2024-02-28"', "before it starts", "places.court.away"),
    "places": ("places = 2\n", "places = 0\n", "greater than or equal to 1", "places.team.places"),
    "room": ("room = 12\n", "", "go together", "places.court"),
    "no rank": ('"before the court" = ', '"after the court" = ', "'before the court' has no rank", "places.court"),
    "any": ('["decision", "order"]', '["decision", "orders"]', "'orders' has no rank", "steps.end"),
    "misspelt": ("keeps_limit =", "keep_limit =", "unknown key 'keep_limit'", "decision_makers.in time"),
    "holiday": ('holidays = ["2025-01-01"', 'holidays = ["1.1.2025"', "holidays: a date", ""),
    "double": ("[places.team]", '[places."hearing"]', "is also among the sessions", "places.hearing"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_wrong_gate_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    old, new, problem, place = DAMAGE[name]
    assert old in GOOD
    (tmp_path / "model.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_model(tmp_path / "model.toml")
    assert any(problem in one.problem and place in one.place for one in raised.value.problems), raised.value


@pytest.mark.parametrize(
    ("make", "wrong", "message"),
    [
        (Sessions, {"cancelled": ("2025-3-4",)}, "cancelled: a date"),
        (Sessions, {"cancelled": ("20250304",)}, "cancelled: a date"),
        (Sessions, {"slots_on": {"2025-03-04": -1}}, "negative"),
        (Sessions, {"quorum_failure": 1.0}, r"quorum_failure must be in \[0, 1\)"),
        (Sessions, {"deferral": -0.1}, "deferral"),
        (Sessions, {"booking": True, "priority": Priority(by="x", first=("y",))}, "waiting list"),
        (Sessions, {"carve_outs": (CarveOut(by="x", values=("y",), slots=5),)}, "more than the 4"),
        (Priority, {"by": "", "first": ("a",)}, "name the case attribute"),
        (Priority, {"by": "x", "first": ("a", "a")}, "each once"),
        (CarveOut, {"by": "x", "values": ("a",), "slots": 0}, "at least 1 slot"),
        (CarveOut, {"by": "x", "values": (), "slots": 1}, "at least one"),
        (DecisionMaker, {"limit_days": -1.0}, "limit_days"),
        (DecisionMaker, {"keeps_limit": 1.1}, r"\[0, 1\]"),
        (Away, {"start": "2025-03-04", "end": "2025-03-03", "places": 1}, "before it starts"),
        (Away, {"start": "2025-03-04", "end": "2025-03-04", "places": 0}, "at least 1 place"),
        (Places, {"places": 0}, "at least 1"),
        (Places, {"places": 1, "cases_each": 0}, "at least 1"),
        (Places, {"places": 1, "continued": 1.0}, "continued"),
        (Places, {"places": 1, "room": 3}, "go together"),
        (Places, {"places": 1, "turned_away_as": "x"}, "go together"),
        (Places, {"places": 1, "room": -1, "turned_away_as": "x"}, "room must not"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(make: Any, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**({**PANEL, **wrong} if make is Sessions else wrong))


def test_a_model_says_which_activity_of_a_gate_has_no_rank() -> None:
    model = full()
    with pytest.raises(ValueError, match="'court' names 'before the court', which has no rank"):
        replace(model, ranks={name: rank for name, rank in model.ranks.items() if name != "before the court"})
    with pytest.raises(ValueError, match="holidays: a date"):
        replace(model, holidays=("1 May 2025",))


def test_the_calendar_without_the_cancelled_with_the_added_and_never_on_a_holiday() -> None:
    # Tuesdays of weeks 1 and 3 of March to May 2025: 4 and 18 March, 1 and 15 April, 6 and 20 May.
    panel = Sessions(**PANEL, cancelled=("2025-03-18",), added=("2025-03-20", "2025-05-05"))
    days = panel.dates(pd.Timestamp("2025-03-01"), pd.Timestamp("2025-05-31"), closed=("2025-04-15", "2025-05-05"))
    assert [f"{day:%m-%d}" for day in days] == ["03-04", "03-20", "04-01", "05-05", "05-06", "05-20"]
    assert Sessions(**PANEL, slots_on={"2025-03-04": 9}).slots_at("2025-03-04") == 9
    assert Sessions(**PANEL, slots_on={"2025-03-04": 9}).slots_at("2025-03-18") == 4


def test_the_capacity_of_places_falls_while_some_are_away_and_never_below_none() -> None:
    team = Places(
        places=3,
        cases_each=5,
        away=(
            Away(start="2025-03-04", end="2025-03-06", places=1),
            Away(start="2025-03-06", end="2025-03-06", places=4),
        ),
    )
    assert [team.capacity(day_of(f"2025-03-0{n}")) for n in range(3, 8)] == [15, 10, 10, 0, 15]
    assert team.capacity(day_of("2025-03-06") + 0.999) == 0


def test_dates_and_days_are_each_others_inverse() -> None:
    assert text_of(day_of("2024-02-29")) == "2024-02-29"
    assert text_of(day_of("2024-02-29") + 0.5) == "2024-02-29"


def test_a_step_at_the_first_of_two_activities_follows_what_both_follow() -> None:
    steps = [
        step("in", fixed(0.0)),
        step("a", fixed(1.0)),
        step("b", fixed(2.0)),
        replace(step("c", fixed(1.0)), waits_for_any=("a", "b")),
        step("end", fixed(1.0)),
    ]
    model = model_of(steps, {START: only("in"), "in": only("a", "b"), "c": only("end")})
    after = model.downstream()
    assert after["in"] == {"a", "b", "c", "end"}
    assert after["c"] == {"end"}
    # c may have come by the other way: it does not show that a or b is over.
    assert after["a"] == after["b"] == frozenset()
    assert model.describe()[3]["waits_for"] == ["the first of: a, b"]
