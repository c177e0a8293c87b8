"""All rules together: on a clean council nothing, on a messy one what was planted, and in time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import derive, load_project
from event_logs import vocabulary as v
from event_logs.rules import RULES, Facts, Rule, Severity, apply_rules, remaining
from event_logs.synthetic import Council, generate
from event_logs.window import ObservationWindow

WINDOW = ObservationWindow(pd.Timestamp("2014-01-01"), pd.Timestamp("2023-12-31"))


@pytest.fixture(scope="module")
def councils(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for mess in ("none", "swift"):
        made[mess] = tmp_path_factory.mktemp(mess)
        generate(made[mess], council=Council.of_size(300), seed=5, mess=mess)  # type: ignore[arg-type]
    return made


def facts_of(folder: Path) -> Facts:
    facts = derive(load_project(folder)).facts
    assert facts is not None
    return facts


def test_a_clean_council_has_nothing_but_its_edges(councils: dict[str, Path]) -> None:
    findings = apply_rules(facts_of(councils["none"]), RULES)
    assert set(findings.rows["code"]) == {"E91", "E91.1"}


def test_planted_spans_and_strangers_are_found_on_their_lines(councils: dict[str, Path]) -> None:
    tables = {}
    for name in ("children", "episodes", "legal_statuses", "placements", "milestones"):
        table = pd.read_csv(councils["swift"] / f"{name}.csv", encoding="cp1252", dtype=str)
        table = table.rename(columns={"episode_id": "case", "child_id": "child", "start_date": "start"})
        table = table.rename(columns={"end_date": "end", "milestone": "activity", "date_of_birth": "birth"})
        for column in {"start", "end", "date", "birth"} & set(table):
            table[column] = pd.to_datetime(table[column], format="%d/%m/%Y", errors="coerce")
        tables[name] = table.iloc[:-1]  # the last row is a total
    findings = apply_rules(Facts.of(tables, WINDOW), RULES)
    planted = json.loads((councils["swift"] / "mess.json").read_text(encoding="utf-8"))["faults"]
    for code, fault in (("E79", "end before start"), ("E90", "unknown episode"), ("E71", "exact duplicate")):
        expected = {(entry["file"], line) for entry in planted if entry["fault"] == fault for line in entry["lines"]}
        rows = findings.of(code)
        found = {place for place in zip(rows["file"], rows["line"], strict=True) if place[0] != "reviews.csv"}
        assert found == {place for place in expected if place[0] != "reviews.csv"}
        assert found


def test_what_remains_keeps_the_account_of_what_went() -> None:
    tables = {
        "episodes": pd.DataFrame({"case": ["A"], "child": ["1"], "start": pd.Timestamp("2020-01-01")}),
        "placements": pd.DataFrame(
            {"case": "A", "type": ["x", "y", "y"], "start": pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-01"])}
        ),
    }
    tables["placements"]["end"] = pd.to_datetime(["2019-01-01", None, None])
    facts = Facts.of(tables, WINDOW)
    left, findings = remaining(facts, apply_rules(facts, RULES))
    assert left.placements["line"].tolist() == [3]
    assert findings.of("E79")["line"].tolist() == [2]
    assert findings.of("E71")["line"].tolist() == [4]
    assert findings.of("E88").empty  # the two open placements were one, written twice


def test_without_drops_records_and_what_belongs_to_them() -> None:
    tables = {
        "children": pd.DataFrame({"child": ["1", "2"]}),
        "episodes": pd.DataFrame({"case": ["A", "B"], "child": ["1", "2"], "start": pd.Timestamp("2020-01-01")}),
        "placements": pd.DataFrame(
            {"case": ["A", "B"], "type": "x", "away": True, "start": pd.Timestamp("2020-01-01")}
        ),
    }
    facts = Facts.of(tables, WINDOW)
    left = facts.without(pd.DataFrame({"table": ["children"], "file": ["children.csv"], "row": [0]}))
    assert [left.table(name)["case"].tolist() for name in ("episodes", "placements")] == [["B"], ["B"]]
    assert set(left.events["case"]) == {"B"}
    assert left.placements["line"].tolist() == [3]
    assert left.placements["at"].tolist() == [0]


def test_of_given_events_only_those_of_dropped_records_go() -> None:
    steps = pd.DataFrame({"case": "A", "activity": [v.PANEL, v.LODGED], "date": pd.Timestamp("2020-05-01")})
    steps = steps.assign(file="tracker.csv", line=2)  # two dates of one row of a tracker
    episodes = pd.DataFrame({"case": ["A"], "child": ["1"], "start": pd.Timestamp("2020-01-01")})
    facts = Facts.of({"episodes": episodes, "milestones": steps, "events": steps}, WINDOW)
    left = facts.without(pd.DataFrame({"table": ["milestones"], "row": [1]}))
    assert left.events["activity"].tolist() == [v.PANEL]


def test_order_of_rows_changes_nothing_but_the_lines(councils: dict[str, Path]) -> None:
    facts = facts_of(councils["swift"])
    order = np.random.default_rng(3).permutation(len(facts.placements))
    names = ["children", "episodes", "legal_statuses", "reviews", "milestones"]
    shuffled = {name: facts.table(name) for name in names} | {"placements": facts.placements.take(order)}
    again = apply_rules(Facts.of(shuffled, facts.window), RULES)
    keys = ["code", "file", "line", "case", "days"]
    one, two = (found.rows[keys].sort_values(keys, ignore_index=True) for found in (apply_rules(facts, RULES), again))
    pd.testing.assert_frame_equal(one, two)


def test_two_rules_of_one_code_are_refused() -> None:
    rule = Rule("X", "x", Severity.WARN, lambda facts: ())
    with pytest.raises(ValueError, match="different codes, got more than one X"):
        apply_rules(Facts.of({}, WINDOW), [rule, rule])


def test_no_rule_stumbles_over_nothing() -> None:
    findings = apply_rules(Facts.of({}, WINDOW), RULES)
    assert findings.rows.empty
    assert findings.warnings.empty
    assert findings.quarantined.empty
    assert findings.ignored.empty
    findings.stop_if_unusable()


def test_codes_are_unique_and_sentences_are_sentences() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.sentence for rule in RULES)
    assert all(rule.advice for rule in RULES if rule.severity in (Severity.STOP, Severity.QUARANTINE, Severity.WARN))


def test_a_hundred_thousand_rows_in_two_seconds() -> None:
    random = np.random.default_rng(1)
    count = 10_000
    case = np.array([f"E{n}" for n in range(count)])
    start = pd.Timestamp("2014-01-01") + pd.to_timedelta(random.integers(0, 3000, count), "D")
    many = random.integers(0, count, 30_000)
    begin = start[many] + pd.to_timedelta(random.integers(-30, 900, len(many)), "D")
    length = pd.to_timedelta(random.integers(-20, 400, len(many)), "D")
    birth = start - pd.to_timedelta(random.integers(0, 5000, count), "D")
    children = pd.DataFrame({"child": case, "birth": birth, "sex": random.choice(["F", "M"], count), "family": case})
    episodes = pd.DataFrame({"case": case, "child": case, "start": start, "end": start + pd.Timedelta(days=700)})
    spell = {"case": case[many], "start": begin, "end": begin + length}
    step = {"case": case[many], "date": begin}
    tables = {
        "children": children,
        "episodes": episodes,
        "placements": pd.DataFrame({**spell, "type": random.choice(["a", "b"], len(many)), "away": True}),
        "reviews": pd.DataFrame({**step, "outcome": random.choice(["x", "y"], len(many))}),
        "milestones": pd.DataFrame({**step, "activity": random.choice(list(v.MILESTONES), len(many))}),
    }
    facts = Facts.of(tables, WINDOW)
    begun = time.process_time()
    findings = apply_rules(facts, RULES)
    assert time.process_time() - begun < 2
    assert {"E79", "E81", "E82", "E83", "E84"} <= set(findings.rows["code"])
