"""Conditions in plain words: what they choose, worked out by hand on the tiny log, and what is said of wrong ones."""

from __future__ import annotations

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.log import EventLog
from permanence.conditions import attribute_value, choose, condition


@pytest.fixture
def log(tiny_log: EventLog) -> EventLog:
    """The tiny log with more kinds of attributes. Child A stays 425 days, B 92, and C is open after 394."""
    cases = tiny_log.cases.assign(
        sibling=[True, False, True],
        house=["North", None, "South East"],
        born=pd.to_datetime(["2019-07-01", "2017-03-01", "2007-12-01"]),
    )
    return EventLog(tiny_log.events, cases, tiny_log.window)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("age_band = 0", "A"),
        ("age_band = 0 | 1-4", "AB"),
        ('"age_band" = "1-4"', "B"),
        ("age_band != 0", "BC"),
        ("Age_Band=12+", "C"),
        ("age_at_start >= 3", "BC"),
        ("age_at_start > 3", "C"),
        ("age_at_start <= 3", "AB"),
        ("age_at_start < 3", "A"),
        ("age_at_start = 0.5", "A"),
        ("born >= 2017-03-01", "AB"),
        ("sibling = yes", "AC"),
        ("sibling = no", "B"),
        ("house = south east", "C"),
        ("house != South East", "A"),  # of B it is not known
        ("house missing", "B"),
        ("not house is missing", "AC"),
        ("has Permanence panel", "A"),
        ("HAS permanence panel", "A"),
        ("not has Permanence panel", "BC"),
        ("has LAAC review 2 times", "A"),
        ("starts with Became looked after", "ABC"),
        ("ends with Ceased to be looked after | Returned home", "AB"),
        ("LAAC review then Returned home", "B"),
        ("LAAC review then Returned home within 8 weeks", "B"),
        ("Permanence panel directly then Agency decision", "A"),
        ("Permanence panel never then Agency decision", "BC"),
        ("started >= 2020-03-01", "BC"),
        ("started > 2020-03-01", "C"),
        ("started <= 2020-03-01", "AB"),
        ("started < 2020-03-01", "A"),
        ("started = 2020-03-01", "B"),
        ("started 2020-02-01..2020-06-01", "BC"),
        ("ended <= 2020-12-31", "B"),
        ("ended in 2021-01-01..2021-06-30", "A"),
        ("ran 2020-01-01..2020-02-01", "A"),
        ("inside 2020-01-01..2020-12-31", "B"),
        ("duration >= 365 days", "AC"),
        ("duration > 1 year", "AC"),
        ("duration < 100 days", "B"),
        ("duration <= 14 weeks", "B"),
        ("duration 80..100 days", "B"),
        ("variant covers 100%", "AB"),
        ("variant top 2", "AB"),
        ("open", "C"),
        ("closed", "AB"),
        ("not open", "AB"),
        ("has Permanence panel || open", "AC"),
    ],
)
def test_a_condition_chooses_cases(log: EventLog, text: str, kept: str) -> None:
    found = choose(log, [text])
    assert found is not None
    assert "".join(found.log.cases["case"]) == kept


def test_conditions_that_change_cases(log: EventLog) -> None:
    found = choose(log, ["only Permanence panel | Agency decision"])
    assert found is not None
    assert found.log.activities == (v.PANEL, v.AGENCY_DECISION)
    assert len(found.log.cases) == 3
    found = choose(log, ["without LAAC review"])
    assert found is not None
    assert v.REVIEW not in found.log.activities
    assert len(found.log) == len(log) - 4
    assert "Kept: all events but LAAC review. Taken out: 0 cases (0 open), 4 events" in found.text
    found = choose(log, ["recorded 2020-01-01..2020-05-31"])
    assert found is not None
    assert found.log.window.end == pd.Timestamp("2020-05-31")
    assert found.log.open_cases == 2  # A and B: neither had ended then; C had not begun


def test_conditions_are_joined_and_each_says_what_it_took_out(log: EventLog) -> None:
    found = choose(log, ["started >= 2020-03-01", "not open"])
    assert found is not None
    assert found.log.cases["case"].tolist() == ["B"]
    one, other = found.text.splitlines()
    assert "Taken out: 1 case (0 open)" in one
    assert "Taken out: 1 case (1 open)" in other
    assert choose(log, []) is None


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("has Permanance panel", "no activity 'Permanance panel'", 'Did you mean "Permanence panel"?'),
        ("without LAAC revew", "no activity 'LAAC revew'", 'Did you mean "LAAC review"?'),
        ("LAAC review then Retuned home", "no activity 'Retuned home'", 'Did you mean "Returned home"?'),
        ("age_bnad = 0", "no attribute of cases 'age_bnad'", 'Did you mean "age_band"?'),
        ("house = Nroth", "no value of house 'Nroth'", 'Did you mean "North"? The log has: North, South East'),
        ("house >= North", "neither numbers nor dates", "house = VALUE"),
        ("age_at_start < five", "'five' is not a number", "such as 5"),
        ("sibling = perhaps", "yes or no", "sibling = yes"),
        ("born >= 1/3/2017", "'1/3/2017' is not a date", "2020-01-31"),
        ("rank = 3", "an attribute of events", "Cases have: child"),
        ("age_band", "an attribute, but no value", "age_band = VALUE"),
        ("Permanence panel", "an activity, but not what is asked", "has Permanence panel"),
        ("hass Permanence panel", "not a condition", "has ACTIVITY"),
        ("", "not a condition", "permanence map --help"),
        ("duration >= 365", "not asked for like this", "duration >= 365 days"),
        ("duration = 3 days", ">=, <=, > or <", "duration >= 3 days"),
        ("started >= 2020-02-30", "'2020-02-30' is not a date", "2020-01-31"),
        ("started 2021-01-01..2020-01-01", "no day lies from", "earlier date first"),
        ("started >= 2035-01-01", "observed 2020-01-01 to 2021-06-30", "within it"),
        ("ran >= 2020-01-01", "needs two dates", "ran 2020-01-01..2021-12-31"),
        ("not without LAAC review", "only filters that choose whole cases", "Change"),
        ("variant covers 130%", "share must be in", "Change"),
        ("starts with Accommodated | ", "a name is missing", "A | B"),
    ],
)
def test_a_wrong_condition_is_named_with_the_fault_and_the_remedy(
    log: EventLog, text: str, problem: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        condition(text, log)
    (found,) = caught.value.problems
    assert found.file == f'--where "{text}"'
    assert problem in found.problem
    assert remedy in found.remedy


def test_all_wrong_conditions_are_named_at_once(log: EventLog) -> None:
    with pytest.raises(InputError) as caught:
        choose(log, ["has Panel", "open", "locality = X"])
    assert [problem.file for problem in caught.value.problems] == ['--where "has Panel"', '--where "locality = X"']


def test_nothing_left_says_which_condition_took_it(log: EventLog) -> None:
    with pytest.raises(InputError, match=r"no cases are left.*Taken out: 3 cases"):
        choose(log, ["age_at_start > 15"])
    with pytest.raises(InputError, match="no events are left"):
        choose(log, ["only Adoption order granted", "age_band = 12+"])
    with pytest.raises(InputError, match="did you mean"):
        choose(log, ["variant = A, B, C"])


def test_a_log_without_attributes_says_so(log: EventLog) -> None:
    bare = EventLog(log.events, log.cases[["case", "start", "end"]], log.window)
    with pytest.raises(InputError, match="has no attribute of cases"):
        condition("locality = North", bare)


def test_values_come_as_the_log_holds_them(log: EventLog) -> None:
    assert attribute_value(log, "sibling", "yes").values == (True,)
    assert attribute_value(log, "age_at_start", "3").values == (3.0,)
    assert attribute_value(log, "HOUSE", "north").values == ("North",)
    with pytest.raises(InputError, match='Did you mean "house"'):
        attribute_value(log, "hose", "north")
