"""A council's own rules, as it writes them in the project file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from event_logs.errors import InputError, Problem
from event_logs.rules.facts import CASE_TABLES, TABLES, Facts
from event_logs.rules.order import Missing, Order, WrongOrder
from event_logs.rules.rule import Hits, Rule, Severity
from event_logs.vocabulary import MILESTONES

_COMMON = {"kind": str, "code": str, "sentence": str, "severity": str}
_KEYS: Mapping[str, Mapping[str, type]] = {
    "order": {"before": str, "after": str, "required": bool},
    "maximum gap": {"from": str, "to": str, "days": int},
    "allowed codes": {"table": str, "column": str, "codes": list},
}
_OPTIONAL = frozenset({"code", "sentence", "severity", "required"})
_ACTIVITIES = ("before", "after", "from", "to")
_EXAMPLE = {
    "order": 'kind = "order", before = "Permanence panel", after = "Agency decision"',
    "maximum gap": 'kind = "maximum gap", from = "LAAC review", to = "LAAC review", days = 183',
    "allowed codes": 'kind = "allowed codes", table = "placements", column = "type", codes = ["Foster carer"]',
}


@dataclass(frozen=True)
class MaximumGap:
    """Finds steps that another did not follow in time, nor is still in time to.

    Of one and the same step the gap between each two is looked at, otherwise that from the first one to the first of
    the other on or after it. What is still waited for on the extraction date counts once it is beyond the limit.
    """

    start: str
    stop: str
    limit: int

    def __call__(self, facts: Facts) -> Iterator[Hits]:
        """The steps the clock started with, by how many days the limit was passed, and the step that was late."""
        at, day = facts.events["at"].to_numpy(), facts.days("events", "date")
        kind = facts.events["activity"]
        starts = np.flatnonzero(kind.eq(self.start).to_numpy() & (at >= 0) & ~np.isnan(day))
        if self.start != self.stop:
            first, where = facts.firsts.first((self.start,))
            starts = where[~np.isnan(first)]
        stops = np.flatnonzero(kind.eq(self.stop).to_numpy() & (at >= 0) & ~np.isnan(day))
        stops = stops[np.lexsort((stops, day[stops], at[stops]))]
        low = np.nanmin(day, initial=0)
        span = max(np.nanmax(day, initial=0), facts.today) - low + 2
        keys = at[stops] * span + (day[stops] - low)
        # Of the same step the next one lies after it; another one may come on the same day.
        side = "right" if self.start == self.stop else "left"
        place = np.searchsorted(keys, at[starts] * span + (day[starts] - low), side=side)  # type: ignore[call-overload]
        found = np.append(stops, -1)[place]
        found = np.where((found >= 0) & (at[found] == at[starts]), found, -1)
        ended = facts.of_episode("events", "end")[starts]
        until = np.where(np.isnan(ended), facts.today, np.nan)  # nothing is waited for once the episode has ended
        days = np.where(found >= 0, day[found], until) - day[starts]
        late = np.flatnonzero(days > self.limit)
        yield Hits("events", starts[late], other=found[late], days=days[late] - self.limit)


@dataclass(frozen=True)
class AllowedCodes:
    """Finds records whose code is not one of those agreed."""

    table: str
    column: str
    codes: tuple[str, ...]

    def __call__(self, facts: Facts) -> Iterator[Hits]:
        """The records; a missing code is none."""
        frame = facts.table(self.table)
        if self.column not in frame:
            return
        values = frame[self.column]
        found = np.flatnonzero((values.notna() & ~values.isin(list(self.codes))).to_numpy())
        yield Hits(self.table, found, f"{facts.column(self.table, self.column)}: not one of the agreed codes")


@dataclass(frozen=True)
class OwnRule:
    """One `[[rules]]` entry of a project file, checked."""

    kind: str
    values: Mapping[str, Any]

    def rules(self, number: int) -> tuple[Rule, ...]:
        """The rules it stands for; a rule without a `code` is called "own" and its number."""
        given = self.values
        code = str(given.get("code", f"own {number}"))
        severity = Severity(given.get("severity", "W"))
        advice = "One of the council's own rules."
        if self.kind == "order":
            order = Order((given["before"],), (given["after"],))
            said = given.get("sentence") or f"{order.then} is dated before {order.first}."
            milestones = (*order.before, *order.after)
            found = [Rule(code, said, severity, WrongOrder(order), advice, milestones)]
            if given.get("required", False):
                said = f"{order.then} is on record but {order.first} is not."
                found.append(Rule(f"{code}m", said, severity, Missing(order), advice, milestones))
            return tuple(found)
        if self.kind == "maximum gap":
            gap = MaximumGap(given["from"], given["to"], given["days"])
            said = f"{gap.stop} was not recorded within {gap.limit} days of {gap.start}."
            return (Rule(code, given.get("sentence") or said, severity, gap, advice, (gap.start, gap.stop)),)
        allowed = AllowedCodes(given["table"], given["column"], tuple(given["codes"]))
        said = f"The {allowed.column} is not one of the agreed codes."
        return (Rule(code, given.get("sentence") or said, severity, allowed, advice),)


def read_own_rules(
    raw: object, *, file: str = "permanence.toml", text: str = "", activities: Iterable[str] = MILESTONES
) -> tuple[Rule, ...]:
    """The rules of the `[[rules]]` of a project file, given as it was parsed.

    `text` is the project file itself, for the line of a mistake; `activities` are the known ones. Raises InputError
    with everything that is wrong: an unknown kind, key, severity, table or activity (each with the nearest valid one),
    a missing key, a value of the wrong type, a code given twice.
    """
    if not isinstance(raw, list) or not all(isinstance(entry, Mapping) for entry in raw):
        problem = "a council's rules are a list, each under its own [[rules]]"
        raise InputError(Problem(file, "rules", problem, "Write [[rules]] above each"))
    known, lines = tuple(activities), _lines(text)
    problems: list[Problem] = []
    found: list[Rule] = []
    for number, entry in enumerate(raw, start=1):
        place = f"rules, number {number}" + (f" (line {lines[number - 1]})" if number <= len(lines) else "")
        wrong = [Problem(file, place, problem, remedy) for problem, remedy in _wrong(entry, known)]
        problems += wrong
        if not wrong:
            found += OwnRule(entry["kind"], {key: value for key, value in entry.items() if key != "kind"}).rules(number)
    codes = [rule.code for rule in found]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        problems.append(Problem(file, "rules", f"two rules have the code {code!r}", "Give each its own code"))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _wrong(entry: Mapping[str, Any], activities: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong with one entry: the problem and its remedy."""
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        said = f"{kind!r} is not a kind of rule" if "kind" in entry else "the key `kind` is missing"
        yield said, _nearest(str(kind), _KEYS, "The kinds are")
        return
    wanted = {**_COMMON, **_KEYS[kind]}
    for key in entry:
        if key not in wanted:
            yield f"unknown key {key!r}", _nearest(key, wanted, "The keys here are")
    for key, type_ in wanted.items():
        if key not in entry:
            if key not in _OPTIONAL:
                yield f"the key `{key}` is missing", f"Write for example: {_EXAMPLE[kind]}"
        elif not isinstance(entry[key], type_) or (type_ is int and isinstance(entry[key], bool)):
            yield f"`{key}` has the wrong kind of value, {entry[key]!r}", f"Write for example: {_EXAMPLE[kind]}"
        elif key in _ACTIVITIES and entry[key] not in activities:
            yield f"`{key}`: {entry[key]!r} is not an activity", _nearest(entry[key], activities, "The activities are")
        elif key == "severity" and entry[key] not in ("W", "Q"):
            yield f"`severity` is {entry[key]!r}", 'Write "W" to be warned, or "Q" to set the record aside'
        elif key == "days" and entry[key] < 0:
            yield f"`days` is {entry[key]}", "Write how many days at most, 0 or more"
        elif key == "codes" and not (entry[key] and all(isinstance(code, str) for code in entry[key])):
            yield "`codes` must be texts, at least one", f"Write for example: {_EXAMPLE[kind]}"
        elif key == "table" and entry[key] not in (*CASE_TABLES, "children", "episodes"):
            yield f"`table`: there is no table {entry[key]!r}", _nearest(entry[key], TABLES, "The tables are")


def _nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    from event_logs.project import nearest  # the project file's reader will import this module

    near = nearest(word, known)
    return f"Did you mean {near[0]!r}?" if near else f"{otherwise}: {', '.join(known)}"


def _lines(text: str) -> list[int]:
    """The line of each [[rules]] of a project file."""
    return [n for n, line in enumerate(text.splitlines(), start=1) if re.match(r"\s*\[\[\s*rules\s*\]\]", line)]
