"""Rules say what they mean, in Declare's words and in plain ones, and cannot be made wrong without being told."""

from __future__ import annotations

import pytest

from event_logs import vocabulary as v
from mining import declare as d


def test_names_and_sentences() -> None:
    rule = d.response(v.AGENCY_DECISION, v.LODGED, within_days=112)
    assert rule.name == "response(Agency decision, Application lodged) within 112 days"
    assert (
        rule.sentence
        == "After Agency decision comes Application lodged within 112 days (limit not confirmed by a source)"
    )
    assert d.absence("x", 1).sentence == "x happens no more than once"
    assert d.absence("x").sentence == "x happens never"
    assert d.existence("x", 2, within_days=1).sentence.startswith("x happens at least twice within 1 day ")
    assert d.precedence(("a", "b"), "c").sentence == "c comes only after a or b"
    assert "at most 14 days before" in d.precedence("a", "b", within_days=14).sentence
    assert str(d.not_co_existence("a", "b")) == "No child has both a and b"


def test_rules_are_values() -> None:
    assert d.response("a", "b") == d.response(["a"], ["b"])
    assert len({d.response("a", "b"), d.response(("a",), "b"), d.precedence("a", "b")}) == 2


def test_wrong_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="two different activities; 'a'"):
        d.response("a", ("b", "a"))
    with pytest.raises(ValueError, match="must name two activities"):
        d.precedence("a", ())
    with pytest.raises(ValueError, match="at least 1, got 0"):
        d.exactly("a", 0)
    with pytest.raises(ValueError, match="within_days"):
        d.response("a", "b", within_days=-1)


def test_the_declared_pathway_is_made_of_milestones_and_its_limits_of_stages() -> None:
    rules = d.pathway_rules()
    assert {name for rule in rules for name in (*rule.first, *rule.second)} <= set(v.MILESTONES)
    assert len({rule.name for rule in rules}) == len(rules)
    limited = {rule.within_days: rule for rule in rules if rule.within_days is not None}
    assert set(limited) == {42, 183, 14, 112}
    assert limited[183].confirmed
    assert limited[183].sentence == "After Accommodated a plan is decided, or the child leaves, within 183 days"
    assert not limited[112].confirmed
    assert limited[112].source == v.STAGES[4].limit_source
