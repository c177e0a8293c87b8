"""A council's own rules: what they find, and what is said about a mistake in them."""

from __future__ import annotations

import tomllib

import pandas as pd
import pytest

from event_logs import InputError
from event_logs import vocabulary as v
from event_logs.rules import Facts, apply_rules, read_own_rules
from event_logs.window import ObservationWindow

WINDOW = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2022-12-31"))


def facts(*steps: tuple[str, str, str]) -> Facts:
    episodes = pd.DataFrame(
        {"case": ["A", "B"], "child": ["1", "2"], "start": ["2020-01-01"] * 2, "end": [None, "2021-06-01"]}
    )
    events = pd.DataFrame(steps, columns=["case", "activity", "date"])
    placements = pd.DataFrame({"case": ["A", "A", "B"], "type": ["Foster carer", "Resp.", None]})
    tables = {"episodes": episodes, "events": events.astype({"date": "datetime64[us]"}), "placements": placements}
    return Facts.of(tables, WINDOW)


def test_order_finds_the_wrong_way_round_and_with_required_the_missing() -> None:
    rules = read_own_rules(
        [{"kind": "order", "code": "X1", "before": v.PANEL, "after": v.LODGED, "required": True, "severity": "Q"}]
    )
    findings = apply_rules(
        facts(("A", v.LODGED, "2020-05-01"), ("A", v.PANEL, "2020-06-01"), ("B", v.LODGED, "2020-05-01")), rules
    )
    assert findings.of("X1")[["case", "days", "severity"]].to_numpy().tolist() == [["A", 31, "Q"]]
    assert findings.of("X1m")["case"].tolist() == ["B"]
    assert findings.quarantined["reasons"].tolist() == [
        "Application lodged is dated before Permanence panel.",
        "Application lodged is on record but Permanence panel is not.",
    ]


def test_maximum_gap_between_repeats_counts_what_is_still_waited_for() -> None:
    rules = read_own_rules([{"kind": "maximum gap", "from": v.REVIEW, "to": v.REVIEW, "days": 183}])
    steps = [
        ("A", v.REVIEW, "2020-02-01"),
        ("A", v.REVIEW, "2020-08-02"),  # 183 days: in time
        ("A", v.REVIEW, "2021-02-02"),  # 184 days: late; nothing since, and the case is open
        ("B", v.REVIEW, "2020-02-01"),  # nothing since, but the episode has ended
    ]
    findings = apply_rules(facts(*steps), rules)
    assert findings.of("own 1")[["case", "line", "days", "other_line"]].to_numpy().tolist() == [
        ["A", 3, 1, 4],
        ["A", 4, 697 - 183, 0],
    ]


def test_maximum_gap_between_two_steps_takes_the_first_of_each() -> None:
    rules = read_own_rules([{"kind": "maximum gap", "from": v.PANEL, "to": v.AGENCY_DECISION, "days": 14}])
    steps = [
        ("A", v.AGENCY_DECISION, "2020-01-01"),  # before the panel: no answer to it
        ("A", v.PANEL, "2020-02-01"),
        ("A", v.PANEL, "2020-02-10"),
        ("A", v.AGENCY_DECISION, "2020-02-20"),
        ("B", v.PANEL, "2020-02-01"),
        ("B", v.AGENCY_DECISION, "2020-02-01"),
    ]
    findings = apply_rules(facts(*steps), rules)
    assert findings.of("own 1")[["case", "days"]].to_numpy().tolist() == [["A", 5]]


def test_allowed_codes() -> None:
    entry = {
        "kind": "allowed codes",
        "table": "placements",
        "column": "type",
        "codes": ["Foster carer"],
        "sentence": "No.",
    }
    findings = apply_rules(facts(), read_own_rules([entry]))
    assert findings.of("own 1")[["line", "reason"]].to_numpy().tolist() == [[3, "type: not one of the agreed codes"]]
    assert findings.warnings["sentence"].tolist() == ["No."]


PROJECT = """\
name = "x"
[[rules]]
kind = "order"
before = "Permanence panl"
after = "Agency decision"
[[rules]]
kind = "maximum gaps"
[[rules]]
kind = "maximum gap"
from = "LAAC review"
too = "LAAC review"
days = -1
[[rules]]
kind = "allowed codes"
table = "placement"
column = "type"
codes = []
severity = "E"
"""


def test_every_mistake_is_told_at_once_with_its_line_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        read_own_rules(tomllib.loads(PROJECT)["rules"], text=PROJECT)
    said = [str(problem) for problem in caught.value.problems]
    assert said[:2] == [
        "permanence.toml, rules, number 1 (line 2): `before`: 'Permanence panl' is not an activity. "
        "Did you mean 'Permanence panel'?",
        "permanence.toml, rules, number 2 (line 6): 'maximum gaps' is not a kind of rule. Did you mean 'maximum gap'?",
    ]
    assert "number 3 (line 8): unknown key 'too'. Did you mean 'to'?" in said[2]
    assert 'the key `to` is missing. Write for example: kind = "maximum gap"' in said[3]
    assert "`days` is -1" in said[4]
    assert {"severity", "table", "codes"} <= {word.strip("`:") for line in said[5:] for word in line.split()}
    assert "Did you mean 'placements'?" in " ".join(said)


@pytest.mark.parametrize("raw", [{"kind": "order"}, "order", [3], [{"kind": ["order"]}], [{}]])
def test_what_is_no_list_of_rules_is_an_input_error(raw: object) -> None:
    with pytest.raises(InputError):
        read_own_rules(raw)


def test_two_rules_with_one_code_are_a_mistake() -> None:
    entry = {"kind": "order", "code": "X", "before": v.PANEL, "after": v.LODGED}
    with pytest.raises(InputError, match="two rules have the code 'X'"):
        read_own_rules([entry, entry])
