"""A model written to a file is the same model when read; damage is named, placed, and has a remedy."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, at, cut, open_ends, poisson_days, run, single
from planted_pathway import planted
from test_pace import frail_everywhere, pathway

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.arrivals import Arrivals
from simulation.cohort import snapshot
from simulation.discovery import discover_pathway
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.gates import Beforehand, ReviewCycle
from simulation.laws import Law, exponential
from simulation.model import PathwayModel
from simulation.model_file import model_text, read_model, write_model


def awkward() -> PathwayModel:
    """Everything a model may hold, with names and numbers that are hard to write."""
    model = frail_everywhere(pathway(), 0.1 + 0.2, "legal", "report")
    cycle = model.gates["reviews"]
    assert isinstance(cycle, ReviewCycle)
    cycle = replace(cycle, extra_days=(28.0, 1 / 3), beforehand=(Beforehand(step="legal", lead_days=14.5),))
    odd = replace(model.steps["end"], laws={"": exponential(1e-7), 'a "b" \\ c → é\n\x7f': Law(np.array([0.0, 1 / 3]),
                  np.array([2 / 3, 0.1]), 1.7, 1e300, "no tail, says # who")})  # fmt: skip
    pool = pd.DataFrame(
        {
            "text": pd.Series(["x", None, "[brackets]"], dtype="str"),
            "number": [1.5, np.nan, 1e-300],
            "count": [1, 2, 3],
            "arrives_with": [5, 7, 7],
            "flag": [True, False, True],
            "born": pd.to_datetime(pd.Series(["2001-02-03", None, "1999-12-31"])).astype("datetime64[us]"),
            "band": pd.Categorical(["0", None, "12+"], categories=["0", "1-4", "12+"]),
        }
    )
    return replace(
        model,
        steps={**model.steps, "end": odd},
        gates={**model.gates, "reviews": cycle},
        arrivals=Arrivals(
            np.linspace(0.1, 3.3, 12),
            pool,
            np.array([1.0, 0.0, 2.5]),
            trend_per_year=-1 / 30,
            origin="2024-07-31",
            trend_lasts_years=1 / 3,
            dispersion=0.1 + 0.2,
            group_sizes=(0.1, 0.9),
        ),
        leaves_at_days=6574.0,
        leaves_as="end",
        stratify_by="band",
        warnings=("one", 'two "quoted"'),
    )


MODELS: dict[str, Callable[[], PathwayModel]] = {
    "hand": pathway,
    "awkward": awkward,
    "planted": planted,
    "one step": lambda: single(exponential(3.0)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_read_is_the_model_written_to_the_last_bit(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    write_model(model, tmp_path / "model.toml")
    again = read_model(tmp_path / "model.toml")
    for part in fields(PathwayModel):
        if part.name not in ("steps", "gates", "arrivals", "choices"):
            assert getattr(again, part.name) == getattr(model, part.name), part.name
    assert list(again.steps) == list(model.steps)
    assert list(again.choices) == list(model.choices)
    for key, step in model.steps.items():
        read = again.steps[key]
        assert replace(read, laws={}) == replace(step, laws={})
        assert list(read.laws) == list(step.laws)
        for stratum, law in step.laws.items():
            same_law(read.laws[stratum], law)
    assert again.choices == model.choices
    for key, gate in model.gates.items():
        found = again.gates[key]
        if isinstance(gate, ReviewCycle):
            assert isinstance(found, ReviewCycle)
            assert replace(found, gaps=(exponential(1),)).beforehand == gate.beforehand
            assert (found.review, found.decides, found.extra_days) == (gate.review, gate.decides, gate.extra_days)
            for one, other in zip(found.gaps, gate.gaps, strict=True):
                same_law(one, other)
        else:
            assert found == gate
    if model.arrivals is not None:
        assert again.arrivals is not None
        pd.testing.assert_frame_equal(again.arrivals.pool, model.arrivals.pool)
        assert again.arrivals.weight.tolist() == model.arrivals.weight.tolist()
        assert again.arrivals.per_month.tolist() == model.arrivals.per_month.tolist()
        plain = {"pool": pd.DataFrame(), "weight": np.zeros(0), "per_month": np.zeros(0)}
        assert str(replace(again.arrivals, **plain)) == str(replace(model.arrivals, **plain))
    assert model_text(again) == model_text(model)


def same_law(one: Law, other: Law) -> None:
    assert one.times.tolist() == other.times.tolist()
    assert one.survival.tolist() == other.survival.tolist()
    assert (one.tail_shape, one.tail_scale, one.note) == (other.tail_shape, other.tail_scale, other.note)


def test_the_model_read_simulates_the_same_log(tmp_path: Path) -> None:
    model = frail_everywhere(pathway(), 0.3)
    write_model(model, tmp_path / "model.toml")
    again = read_model(tmp_path / "model.toml")
    log = run(model, poisson_days(0.2, 1200.0, seed=4, whole=True), 2000.0)
    pd.testing.assert_frame_equal(run(again, poisson_days(0.2, 1200.0, seed=4, whole=True), 2000.0).events, log.events)
    extract = cut(log, DAY_ZERO + 900.0)
    ahead = [simulate(one, snapshot(extract, one), at(1800), seed=5) for one in (model, again)]
    pd.testing.assert_frame_equal(ahead[0].events, ahead[1].events)
    pd.testing.assert_frame_equal(ahead[0].cases, ahead[1].cases)
    assert len(ahead[0]) > 300


def test_a_discovered_model_can_be_written_too(tmp_path: Path) -> None:
    model = discover_pathway(run(pathway(), poisson_days(0.2, 1200.0, seed=4, whole=True), 2000.0))
    write_model(model, tmp_path / "model.toml")
    assert model_text(read_model(tmp_path / "model.toml")) == model_text(model)


def test_the_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    write_model(pathway(), tmp_path / "model.toml")
    text = (tmp_path / "model.toml").read_text(encoding="utf-8")
    assert text.startswith("# A pathway model")
    median = 70 * math.log(2) ** (1 / 1.8)
    assert f'[steps.legal.laws.""]  # half take longer than {median:.6g} days' in text
    assert "decides = 0.75" in text


def test_a_fitted_model_names_no_child(tmp_path: Path) -> None:
    frame = pd.DataFrame({"case": ["case-7"], "activity": [v.BECAME_LOOKED_AFTER], "date": [at(40)]})
    cases = pd.DataFrame({"case": ["case-7"], "start": [at(40)], "end": open_ends(1), "child": ["child-9"]})
    cases["birth"], cases["sex"] = at(-400), "F"
    ranks = {v.BECAME_LOOKED_AFTER: 10}
    log = EventLog.of(frame, ObservationWindow(at(0), at(400)), cases=cases, ranks=ranks)
    model = fit_pathway(log)
    write_model(model, tmp_path / "model.toml")
    text = (tmp_path / "model.toml").read_text(encoding="utf-8")
    assert "case-7" not in text
    assert "child-9" not in text
    assert str(DAY_ZERO - 400) not in text
    assert "440.0" in text  # the age at the start, in days, which new cases copy
    coming = simulate(read_model(tmp_path / "model.toml"), snapshot(log, model), at(4000), seed=1).cases.iloc[1:]
    assert len(coming) > 0
    assert ((coming["start"] - coming["birth"]).dt.days == 440).all()
    assert (coming["child"] == coming["case"]).all()


GOOD = model_text(awkward())
DAMAGE = {
    "cut off": (GOOD[: GOOD.index("\n[choices")], "the key is missing", "choices"),
    "cut in a line": (GOOD[: GOOD.index("decides") + 9], "this is not TOML", "end of document"),
    "no toml": ("<xml/>", "this is not TOML", "line 1"),
    "another kind": ('kind = "project"\n', "must say kind = 'pathway model'", ""),
    "newer": (GOOD.replace("schema_version = 1", "schema_version = 2"), "schema_version 2", ""),
    "no final": (GOOD.replace('final = ["end"]\n', ""), "the key is missing", "final"),
    "misspelt": (GOOD.replace("whole_days =", "whole_day ="), "unknown key 'whole_day'", "whole_day"),
    "text for number": (GOOD.replace("decides = 0.75", 'decides = "often"'), "valid number", "reviews.decides (line"),
    "not finite": (GOOD.replace("decides = 0.75", "decides = nan"), "", "reviews.reviews.decides"),
    "out of range": (GOOD.replace("decides = 0.75", "decides = 1.5"), "less than or equal to 1", "decides"),
    "rho": (GOOD.replace("rho = 0.30000000000000004", "rho = 1.0", 1), "less than 1", "steps.legal.rho"),
    "weekday": (GOOD.replace("Tuesday", "Tuesdays"), "'Monday', 'Tuesday'", "sessions.panel.weekday"),
    "slots": (GOOD.replace("slots = 3", "slots = 0"), "greater than or equal to 1", "sessions.panel.slots"),
    "rising curve": (GOOD.replace("0.6666666666666666, 0.1]", "0.1, 0.6666666666666666]"), "never rise", ""),
    "days not in order": (GOOD.replace("[0.0, 0.3333333333333333]", "[0.0, 0.0]"), "times must rise", ""),
    "lengths": (GOOD.replace("[0.0, 0.3333333333333333]", "[0.0]"), "they go together", ""),
    "no tail": (GOOD.replace("tail_scale = 1e+300", "tail_scale = 0.0"), "must end at 0", "steps.end.laws"),
    "gate": (GOOD.replace('gate = "panel"', 'gate = "pannel"'), "there is no gate 'pannel'", "steps.panel.gate (line"),
    "no law": (GOOD.replace('[steps.report.laws.""]', "[steps.report.laws.x]"), 'has no law ""', "steps.report (line"),
    "unknown step": (GOOD.replace('starts = ["end"]', 'starts = ["and"]', 1), "'and', which begins here", "choices"),
    "no rank": (GOOD.replace("\nlegal = ", "\nillegal = "), "'legal' has no rank", "steps.legal"),
    "review": (GOOD.replace('review = "review"', 'review = "LAAC"'), "'LAAC' has no rank", "reviews.review"),
    "beforehand": (GOOD.replace('step = "legal"', 'step = "lega"'), "no step 'lega'", "reviews.reviews"),
    "shares": (GOOD.replace('share = { "" = 0.5 }', 'share = { "" = 0.0 }'), "more than 0", "choices.decided"),
    "months": (GOOD.replace("per_month = [", "per_month = [1.0, "), "at most 12", "arrivals.per_month"),
    "pool": (GOOD.replace("values = [1, 2, 3]", "values = [1, 2]"), "must have 3 values", "arrivals"),
    "pool kind": (GOOD.replace("values = [1, 2, 3]", 'values = [1, 2, "3"]'), "each be a whole number", "arrivals"),
    "pool type": (GOOD.replace('dtype = "int64"', 'dtype = "int7"'), "cannot be held as 'int7'", "arrivals"),
    "pool row": (GOOD.replace("missing = [1]", "missing = [9]", 1), "a row that is not there", "arrivals"),
    "families": (GOOD.replace("group_sizes = [0.1, 0.9]", "group_sizes = [0, 0, 1.0]"), "families of 3", "arrivals"),
    "origin": (GOOD.replace('origin = "2024-07-31"', 'origin = "31/07/2024"'), "must be a date such as", "arrivals"),
    "trend": (GOOD.replace('trend_per_year = -0.03', "trend_per_year = -3.03"), "must be above -1", "arrivals"),
    "weight": (GOOD.replace("weight = [1.0, 0.0, 2.5]", "weight = [0.0, 0.0, 0.0]"), "above 0", "arrivals"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_with_its_place_and_a_remedy(name: str, tmp_path: Path) -> None:
    text, problem, place = DAMAGE[name]
    assert text != GOOD
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_model(tmp_path / "model.toml")
    assert any(problem in one.problem and place in one.place for one in raised.value.problems), raised.value
    assert all(one.file == "model.toml" and one.remedy for one in raised.value.problems)


WORDS = {
    "an entry of a list": (
        GOOD.replace("weight = [1.0, 0.0, 2.5]", "weight = [-1.0, 0.0, 2.5]"),
        "arrivals.weight.0 (line",
        "input should be greater than or equal to 0, got -1.0",
        "Change the value of `weight`",
    ),
    "the group of everybody else": (
        GOOD.replace('share = { "" = 0.5 }', 'share = { "" = -0.5 }', 1),
        '.options.0.share."" (line',
        "input should be greater than or equal to 0, got -0.5",
        "Change the value of `share`",
    ),
    "a law": (
        GOOD.replace("times = [0.0]\nsurvival = [0.0]", "times = [0.0]\nsurvival = [0.0, 0.0]", 1),
        '.laws."" (line',
        "they go together",
        "Change the value of `laws`",
    ),
    "an empty list": (
        GOOD.replace("weight = [1.0, 0.0, 2.5]", "weight = []"),
        "arrivals.weight (line",
        "list should have at least 1 item, not 0",
        "Change the value of `weight`",
    ),
    "too short, and wrong too": (
        GOOD.replace("per_month = [", 'per_month = ["x"]\nold = ['),
        "arrivals.per_month (line",
        "list should have at least 12 items, not 0",
        "Change the value of `per_month`",
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_remedy_names_a_key_that_stands_in_the_file(name: str, tmp_path: Path) -> None:
    text, place, problem, remedy = WORDS[name]
    assert text != GOOD
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_model(tmp_path / "model.toml")
    told = raised.value.problems
    assert [one for one in told if place in one.place and problem in one.problem and one.remedy == remedy], told


def test_one_wrong_entry_is_one_problem(tmp_path: Path) -> None:
    # That the list is too short without it is no problem of its own.
    text = GOOD.replace('share = { "" = 1.0 }', 'share = { "" = "all" }', 1)
    assert text != GOOD
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_model(tmp_path / "model.toml")
    (found,) = raised.value.problems
    assert (found.problem, found.remedy) == (
        "input should be a valid number, got 'all'",
        "Change the value of `share`",
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "does not exist"), (b"", "empty"), (b"\xff\xfe\x00", "not text in UTF-8"), (b"a" * 10, "not TOML")],
)
def test_a_file_that_is_no_model_is_refused(content: bytes | None, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_model(path)
    with pytest.raises(InputError, match="folder"):
        read_model(tmp_path)


def test_any_cut_or_flipped_byte_gives_a_model_or_a_stated_problem_and_never_a_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    raw, path, refused = bytearray(model_text(pathway()).encode()), tmp_path / "model.toml", 0
    for number in range(300):
        damaged = bytearray(raw)
        place = int(rng.integers(len(raw)))
        damaged = damaged[:place] if number % 3 == 0 else damaged
        if number % 3 == 1:
            damaged[place] = int(rng.integers(256))
        if number % 3 == 2:
            del damaged[place : place + int(rng.integers(1, 40))]
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(InputError):
            refused += 1
            read_model(path)
            refused -= 1
    assert refused > 150


def test_several_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("slots = 3", "slots = 0").replace("decides = 0.75", "decides = 2.0")
    (tmp_path / "model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_model(tmp_path / "model.toml")
    assert len(raised.value.problems) == 2
