"""What a project file may say of a source."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from event_logs.sources import Source, source_of
from event_logs.sources.header import flattened

ADAPTER = TypeAdapter(Source)


def test_everything_a_file_may_say() -> None:
    source = ADAPTER.validate_python(
        {"file": "a.csv", "encoding": "auto", "delimiter": "\t", "header_row": [3, 4], "aliases": {"id": ["Id", "No"]}}
    )
    assert source.header_row == (3, 4)
    assert source.aliases == {"id": ("Id", "No")}
    assert source.name == "a.csv"
    assert source_of(source) == source
    assert source.resolved(encoding="cp1252", delimiter=";").encoding == "auto"
    assert Source(file="a.csv").resolved(encoding="cp1252", delimiter=";").encoding == "cp1252"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "`file`, or `url`"),
        ({"file": "a.csv", "url": "sqlite://", "table": "t"}, "`file`, or `url`"),
        ({"url": "sqlite://"}, "`query` or `table`"),
        ({"url": "sqlite://", "query": "SELECT 1", "table": "t"}, "`query` or `table`"),
        ({"file": "a.csv", "query": "SELECT 1"}, "`query` cannot go with `file`"),
        ({"url": "sqlite://", "query": "SELECT 1", "where": {"a": 1}}, "`where` goes with `table`"),
        ({"file": "a.csv", "encoding": "utf-9"}, "'utf-9' is not an encoding"),
        ({"file": "a.csv", "delimiter": ",,"}, "must be one character"),
        ({"file": "a.csv", "header_row": 0}, "greater than or equal to 1"),
        ({"file": "a.csv", "header_row": "first"}, "auto"),
        ({"file": "a.csv", "hidden": "drop"}, "ask"),
        ({"file": "a.csv", "colour": "red"}, "colour"),
    ],
)
def test_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(keys)
    assert says in str(caught.value)


def test_a_password_is_not_a_place_to_keep_one() -> None:
    with pytest.raises(ValidationError, match="the password itself is never written"):
        ADAPTER.validate_python({"url": "postgresql://a@b/c", "table": "t", "password_from": "hunter2"})
    for place in ("env:PERMANENCE_DB_PASSWORD", "keyring:permanence records"):
        ADAPTER.validate_python({"url": "postgresql://a@b/c", "table": "t", "password_from": place})


def test_flattening_stops_where_the_header_stops() -> None:
    assert flattened([["A", "", "", "B"], ["x", "y", "", "B"]]) == ("A x", "A y", "", "B")
    assert flattened([["Start\ndate", " End  date "]]) == ("Start date", "End date")
    assert flattened([["A", ""], ["", "x"], ["one", "two"]]) == ("A one", "A x two")
