"""Rules about a child's life: before birth, after death or adoption, too old."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from event_logs import vocabulary as v
from event_logs.ages import birthday
from event_logs.log import to_days
from event_logs.rules.facts import RECORDS, TABLES, Bools, Facts, Floats
from event_logs.rules.rule import Hits, Rule, Severity
from event_logs.rules.spells import ends


def _dates() -> list[tuple[str, str]]:
    """Every date of a record of something that happened: table and column."""
    return [(name, date) for name in RECORDS if name != "children" for date in TABLES[name][1] if date != "exported"]


def _births(facts: Facts, table: str) -> Floats:
    return np.floor(to_days(facts.table(table)["birth_of"]))


def _unborn_rows(facts: Facts, table: str, day: Floats) -> Bools:
    """Which records may be dated before the birth, because the child was registered unborn."""
    birth, policy = _births(facts, table), facts.policy
    allowed = birth > facts.today
    if "activity" in facts.table(table):
        allowed = allowed | facts.table(table)["activity"].isin(policy.unborn_activities).to_numpy()
    return np.asarray(allowed & (day < birth) & (birth - day <= policy.unborn_days))


def _before_birth(facts: Facts) -> Iterator[Hits]:
    for name, column in _dates():
        day = facts.days(name, column)
        early = (day < _births(facts, name)) & ~_unborn_rows(facts, name, day)
        found = np.flatnonzero(early)
        days = (_births(facts, name) - day)[found]
        yield Hits(name, found, f"{facts.column(name, column)}: before the child's birth", days=days)


def _unborn(facts: Facts) -> Iterator[Hits]:
    birth = facts.days("children", "birth")
    unknown = np.isnan(birth)
    expected = (birth > facts.today) & (birth <= facts.today + facts.policy.unborn_days)
    known = facts.children["child"].notna().to_numpy()
    yield Hits("children", np.flatnonzero((unknown | expected) & known))
    for name, column in _dates():
        yield Hits(name, np.flatnonzero(_unborn_rows(facts, name, facts.days(name, column))))


def _birth_too_late(facts: Facts) -> Iterator[Hits]:
    late = facts.days("children", "birth") > facts.today + facts.policy.unborn_days
    column = facts.column("children", "birth")
    yield Hits("children", np.flatnonzero(late), f"{column}: birth after the extraction date")


def _after_extraction(facts: Facts) -> Iterator[Hits]:
    for name, column in _dates():
        found = np.flatnonzero(facts.days(name, column) > facts.today)
        written = facts.column(name, column)
        yield Hits(name, found, f"{written}: after the extraction date, {facts.window.end.date().isoformat()}")


def _after_death(facts: Facts) -> Iterator[Hits]:
    for name, column in _dates():
        died = np.floor(to_days(facts.table(name)["died_of"]))
        found = np.flatnonzero(facts.days(name, column) > died)
        yield Hits(name, found, f"{facts.column(name, column)}: after the child's death")


def _too_old(facts: Facts) -> Iterator[Hits]:
    age = facts.policy.oldest_age
    for name, column in _dates():
        limit = to_days(birthday(facts.table(name)["birth_of"], age))
        found = np.flatnonzero(facts.days(name, column) >= limit)
        yield Hits(name, found, f"{facts.column(name, column)}: the child was {age} or older")


def _after_adoption(facts: Facts) -> Iterator[Hits]:
    adopted, event = facts.firsts.first((v.ADOPTION_ORDER,))
    at = facts.events["at"].to_numpy()
    after = facts.days("events", "date") - np.append(adopted, np.nan)[at]
    ended = facts.events["activity"].eq(v.CEASED).to_numpy()  # the episode may be closed some days later
    found = np.flatnonzero((after > 0) & ~ended)
    yield Hits("events", found, other=event[at[found]], days=after[found])


def _adult(facts: Facts) -> Iterator[Hits]:
    frame, policy = facts.placements, facts.policy
    limit = to_days(birthday(frame["birth_of"], policy.adult_age))
    over = ends(facts, "placements") - limit
    allowed = frame["type"].isin(policy.continuing_care).to_numpy()
    found = np.flatnonzero((over > 0) & ~allowed)
    yield Hits("placements", found, days=over[found])


_BIRTH = "Is it the date of birth or this date that is wrong?"
RULES: tuple[Rule, ...] = (
    Rule(
        "D67",
        "It is dated after the extract was taken.",
        Severity.QUARANTINE,
        _after_extraction,
        "Was a planned date entered as if it had happened? Is the extraction date in the project file right?",
    ),
    Rule("E84", "It is dated before the child's birth.", Severity.QUARANTINE, _before_birth, _BIRTH),
    Rule("E84.1", "The birth lies further ahead than a pregnancy lasts.", Severity.QUARANTINE, _birth_too_late, _BIRTH),
    Rule(
        "E85",
        "The child is registered unborn, or the date of birth is not known. The records are kept.",
        Severity.FIX,
        _unborn,
        "Enter the date of birth once the child is born.",
    ),
    Rule(
        "E86",
        "It is dated after the child's death.",
        Severity.QUARANTINE,
        _after_death,
        "Is it the date of death or this date that is wrong?",
    ),
    Rule(
        "E86.1",
        "It is dated when the person was too old for any record of a child.",
        Severity.QUARANTINE,
        _too_old,
        _BIRTH,
    ),
    Rule(
        "E86.2",
        "Something is recorded after the child was adopted.",
        Severity.WARN,
        _after_adoption,
        "After adoption the child should have a new record; does this belong there, and is the order's date right?",
        (v.ADOPTION_ORDER,),
    ),
    Rule(
        "E87",
        "A young person over 18 is in a child's placement that is not continuing care.",
        Severity.WARN,
        _adult,
        "Enter it as continuing care, or close the placement.",
    ),
)
"""The rules about a child's life."""
