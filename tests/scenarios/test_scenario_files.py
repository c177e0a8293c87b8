"""Scenario files: read, written and read again; everything wrong with one told at once."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.errors import InputError
from scenarios import IDEAS, AppliesTo, Elicited, Evidence, Range, Scenario, read_scenario, scenario_text
from scenarios.activities import Add, Remove
from scenarios.capacity import Demand, GateChange, PriorityRule
from scenarios.changes import KINDS
from scenarios.earlier import BringForward
from scenarios.files import parsed_scenario
from scenarios.ready_made import POSTER, idea_names, idea_text
from scenarios.routes import Return, Route
from scenarios.schema import published_schema, scenario_schema, schema_text
from scenarios.shorter import Shorten

GOOD = """\
schema_version = 1
name = "my-idea"
title = "My idea"
rationale = "It should help."
owner = "A. Lead"
start_date = 2024-10-01
no_effect = 0.2
under_way = "redrawn"

[[evidence]]
text = "Somebody measured it."
source = "A report"
confirmed = true

[applies_to]
locality = ["North East"]
age_under = 12
share_reached = 0.8
ramp_up_months = 6

[[changes]]
type = "bring forward"
activity = "Legal advice requested"
days_before_review = { low = 14, likely = 28, high = 42, shape = "pert" }

[[changes]]
type = "shorten"
activities = ["Planning"]
factor = { low = 0.5, high = 1.0, quantiles = { "0.25" = 0.7, "0.5" = 0.8, "0.75" = 0.9 } }
"""


def told(text: str) -> list[str]:
    """Every problem of a file, as a person reads it."""
    with pytest.raises(InputError) as error:
        parsed_scenario(text, "my-idea.toml")
    return [str(problem) for problem in error.value.problems]


def changed(old: str, new: str) -> str:
    """The good file with one thing in it different."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_good_file_is_read_as_it_stands() -> None:
    scenario = parsed_scenario(GOOD, "my-idea.toml")
    assert (scenario.name, scenario.owner, scenario.start_date) == ("my-idea", "A. Lead", date(2024, 10, 1))
    assert scenario.evidence == (Evidence(text="Somebody measured it.", source="A report", confirmed=True),)
    assert scenario.applies_to == AppliesTo(
        locality=("North East",), age_under=12, share_reached=0.8, ramp_up_months=6.0
    )
    assert scenario.changes == (
        BringForward(activity="Legal advice requested", days_before_review=Range(14, 28, 42, "pert")),
        Shorten(activities=("Planning",), factor=Elicited(0.5, 1.0, {"0.25": 0.7, "0.5": 0.8, "0.75": 0.9})),
    )


MESSAGES = [
    ('title = "My idea"', "titel = 1", "titel (line 3): unknown key 'titel'. Did you mean 'title'?"),
    ('name = "my-idea"', 'name = "My Idea"', "name (line 2): string should match pattern"),
    ("no_effect = 0.2", "no_effect = 1.2", "no_effect (line 7): input should be less than or equal to 1, got 1.2"),
    (
        '"redrawn"', '"redrwan"',
        "under_way (line 8): input should be 'unaffected', 'scaled' or 'redrawn', got "
        "'redrwan'",
    ),
    ("2024-10-01", '"1 Oct"', "start_date (line 6): must be a date such as 2024-07-31, got '1 Oct'"),
    (
        "age_under = 12", "age_undr = 12",
        "applies_to.age_undr (line 17): unknown key 'age_undr'. Did you mean "
        "'age_under'?",
    ),
    ("age_under = 12", "age_under = 0", "applies_to.age_under (line 17): input should be greater than or equal to 1"),
    ('"shorten"', '"shortn"', "changes.1.type (line 27): there is no type of change 'shortn'. Did you mean 'shorten'?"),
    (
        'type = "shorten"\n', "",
        "changes.1.type (line 26): a change must say its type. The types are: bring forward, "
        "shorten",
    ),
    (
        '"Legal advice requested"',
        '"Leagl advice requested"',
        "changes.0.activity (line 23): the pathway has no activity 'Leagl advice requested'. "
        "Did you mean 'Legal advice requested'?",
    ),
    (
        '["Planning"]', '["Planing"]',
        "changes.1.activities (line 28): the pathway has no activity 'Planing'. Did you mean "
        "'Planning'?",
    ),
    (
        "days_before_review",
        "days_befor_review",
        "changes.0.days_befor_review (line 24): unknown key 'days_befor_review'. Did you mean 'days_before_review'?",
    ),
    (
        "likely = 28", "likley = 28",
        "changes.0.days_before_review.likley (line 24): unknown key 'likley'. Did you mean "
        "'likely'?",
    ),
    (
        "low = 14, likely = 28",
        "low = 14, likely = 12",
        "changes.0.days_before_review (line 24): a range must be low <= likely <= high, got 14, 12, 42",
    ),
    (
        '{ low = 14, likely = 28, high = 42, shape = "pert" }', '"28"',
        "changes.0.days_before_review (line 24): must be a number, a "
        "range",
    ),
    (
        '{ low = 0.5, high = 1.0, quantiles = { "0.25" = 0.7, "0.5" = 0.8, "0.75" = 0.9 } }',
        "0",
        "changes.1.factor (line 29): factor must be in (0, 2], got 0. Change the limits of `factor`",
    ),
    ('"0.25" = 0.7', '"0.25" = 0.85', "changes.1.factor (line 29): quantiles must rise with their probability"),
    ("[[evidence]]", "[[evidence]", "line 10: not valid TOML"),
    ("text = ", "txt = ", "evidence.0.txt (line 11): unknown key 'txt'. Did you mean 'text'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MESSAGES, ids=[message[:40] for _, _, message in MESSAGES])
def test_one_thing_wrong_is_one_message_with_its_line(old: str, new: str, message: str) -> None:
    lines = told(changed(old, new))
    mine = [line for line in lines if message in line]
    assert len(mine) == 1, lines
    assert mine[0].startswith("my-idea.toml, ")
    # An unknown key may leave a needed one missing: nothing else is said.
    assert all("the key is missing" in line for line in lines if line not in mine), lines


def test_a_key_that_is_missing_is_named_with_its_section() -> None:
    (line,) = told(changed('activity = "Legal advice requested"\n', ""))
    assert "changes.0.activity (line 21): the key is missing. Add `activity` under [[changes]] number 1" in line


def test_everything_wrong_is_told_at_once() -> None:
    lines = told(
        GOOD.replace("no_effect = 0.2", "no_effect = 2").replace('"shorten"', '"shortn"').replace("text", "txt")
    )
    assert len(lines) == 4  # the chance, the type, the unknown key and the one missing for it
    both = GOOD.replace('"Legal advice requested"', '"Legal advise"').replace('"Planning"', '"Plan"')
    assert len(told(both)) == 2


def test_two_changes_of_the_same_thing_overlap() -> None:
    again = GOOD + '\n[[changes]]\ntype = "shorten"\nactivities = ["Planning", "Agency decision"]\ndays = 3\n'
    (line,) = told(again)
    assert "changes.2 (line 31): changes 2 and 3 overlap: both change how long it takes (Planning)" in line
    two = """
[[changes]]
type = "bring forward"
activity = "Legal advice requested"
at = "Accommodated"
"""
    (line,) = told(GOOD + two)
    assert "changes 1 and 3 overlap: both change when it starts (Legal advice requested)" in line


def test_a_gate_cannot_be_changed_for_some_children_only() -> None:
    (line,) = told(GOOD + '\n[[changes]]\ntype = "gate"\nslots = 5\n')
    assert "applies_to (line 15): a change of type 'gate' meets all children" in line


def test_a_scenario_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as error:
        read_scenario(tmp_path / "none.toml")
    assert "Name a scenario file" in str(error.value)
    (tmp_path / "latin.toml").write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_scenario(tmp_path / "latin.toml")


@pytest.mark.parametrize("name", idea_names())
def test_every_ready_made_idea_goes_to_a_file_and_back(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(scenario_text(IDEAS[name]), encoding="utf-8")
    assert read_scenario(path) == IDEAS[name]


SIZES = st.one_of(
    st.floats(0.1, 1.0).map(lambda value: Range.exactly(round(value, 4))),
    st.tuples(*[st.floats(0.1, 1.0)] * 3).map(lambda three: Range(*sorted(three))),
    st.tuples(*[st.floats(0.1, 1.0)] * 3).map(lambda three: Range(*sorted(three), shape="pert")),
    st.just(Elicited(0.0, 1.0, {"0.25": 0.5, "0.75": 0.9})),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=20)
@given(SIZES, TEXTS, st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 18), st.floats(0.01, 1.0))
def test_any_scenario_goes_to_text_and_back(
    size: Range | Elicited, text: str, day: date, age: int, share: float
) -> None:
    scenario = Scenario(
        name="any",
        title=text,
        rationale=text,
        evidence=(Evidence(text=text, source=text),),
        side_effects=(text, text),
        start_date=day,
        under_way="scaled",
        applies_to=AppliesTo(age_under=age, share_reached=share, attributes={text: (text,), "sex": ("F", "M")}),
        changes=(
            Shorten(after=("Agency decision",), factor=size, beyond_quantile=0.5),
            Add(activity="LAAC review", day=Range(28, 30, 35)),
            Remove(activity="Health assessment completed"),
            Return(times=size),
        ),
    )
    assert parsed_scenario(scenario_text(scenario), "any.toml") == scenario


def test_gates_with_dates_and_priorities_go_to_text_and_back() -> None:
    gate = GateChange(
        weekday="Friday", weeks_of_month=(1,), skip_months=(), cancelled=(date(2025, 3, 4),), slots=Range.exactly(5),
        priority=PriorityRule(by="age_band", first=("0", "1-4")),
    )  # fmt: skip
    kinds = {"share_now": Range(0.3, 0.4, 0.5), "times_as_long": Range.exactly(2)}
    route = Route(after="Application lodged", to="contested", times=Range(0.7, 0.8, 1), **kinds)
    scenario = Scenario(name="g", title="t", rationale="r", changes=(gate, route, Demand(factor=Range.exactly(1.1))))
    assert parsed_scenario(scenario_text(scenario), "g.toml") == scenario


def test_the_published_schema_is_that_of_the_program() -> None:
    assert published_schema() == schema_text(), "write scenarios.schema.schema_text() to scenarios/scenario.schema.json"


def test_the_schema_knows_every_type_of_change_and_explains_the_keys() -> None:
    schema = scenario_schema()
    types = {d["properties"]["type"]["const"] for d in schema["$defs"].values() if "type" in d["properties"]}
    assert types == set(KINDS)
    assert "under_way" in schema["properties"]
    assert "remaining time" in schema["properties"]["under_way"]["description"]
    json.dumps(schema)


def test_every_idea_says_why_on_what_evidence_and_what_else_it_does() -> None:
    assert IDEAS.keys() == {*POSTER, *idea_names()}
    assert len(IDEAS) == 10
    for name, idea in IDEAS.items():
        assert name == idea.name
        assert idea.rationale
        assert idea.first_measure
        assert idea.side_effects
        assert 0 < idea.no_effect < 0.5
        assert not idea.confirmed  # no measured effect was found for any of them
        assert all(one.source for one in idea.evidence if one.confirmed)
        # Where nobody measured a size, the file says that it is assumed, or that nothing was found.
        assert any("assumption" in one.text or "not found" in one.text for one in idea.evidence)


def test_the_text_of_an_idea_keeps_its_comments_for_whoever_copies_it() -> None:
    assert "# " in idea_text("leaflet-and-conversations")
    assert tomllib.loads(idea_text("four-week-review"))["name"] == "four-week-review"
    with pytest.raises(ValueError, match="not a ready-made idea"):
        idea_text("earlier-legal-advise")
