"""Conditions in plain words, such as "locality = North East": the filters of `mining.filters` for the command line.

What can be written stands in the help of `permanence map`. A condition names activities, attributes and values of a
log, so it is read together with that log, and what the log does not have is refused with the nearest that it has.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from event_logs.vocabulary import MILESTONES
from mining.filters import (
    Attribute,
    Choice,
    Duration,
    Endpoints,
    Filter,
    Filtered,
    Follower,
    HasActivity,
    InVariants,
    KeepOnly,
    TimeFrame,
    Trim,
)
from mining.filters.algebra import Change, Verdict
from mining.visits import check_activities

_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_UNIT = r"(?P<unit>day|week|month|year)s?"
_NUMBER = r"\d+(?:\.\d+)?"
_NAME = r'"[^"]+"|.+?'
_OPERATOR = r"!=|>=|<=|=|>|<"
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0"}
_LISTED = 12


@dataclass(frozen=True)
class StillOpen(Choice):
    """Cases that have not ended by the window's end."""

    @property
    def label(self) -> str:
        return "cases still open at the end of the window"

    def verdict(self, log: EventLog) -> Verdict:
        is_open = np.isnan(log.arrays.end)
        return Verdict(is_open, is_open)


@dataclass(frozen=True)
class LeaveOut(Change):
    """The same cases without the events of some activities."""

    activities: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"all events but {', '.join(self.activities)}"

    def check(self, log: EventLog) -> None:
        check_activities(log, self.activities)

    def changed(self, log: EventLog) -> EventLog:
        return log.keeping([name for name in log.activities if name not in self.activities])


class _FaultError(Exception):
    """What is wrong with a condition, and what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def choose(log: EventLog, texts: Sequence[str]) -> Filtered | None:
    """The log with what passes all the conditions, and what each took out; None when there are none.

    Cases of which nobody can say yet whether they pass are taken out, and counted as such. Raises InputError with
    every condition that cannot be read, and when nothing is left.
    """
    if not texts:
        return None
    filters, problems = [], []
    for text in texts:
        try:
            filters.append(_read(text, log))
        except _FaultError as fault:
            problems.append(Problem(f'--where "{text}"', "", fault.problem, fault.remedy))
    if problems:
        raise InputError(problems)
    try:
        found = reduce(operator.and_, filters).apply(log)
    except ValueError as error:
        named = " and ".join(f'"{text}"' for text in texts)
        raise InputError(Problem(f"--where {named}", "", str(error), "Change the condition")) from error
    if not len(found.log.cases) or not len(found.log):
        left = "cases" if not len(found.log.cases) else "events"
        problem = f"no {left} are left. {' '.join(found.removed['sentence'])}".rstrip(".")
        named = " and ".join(f'"{text}"' for text in texts)
        raise InputError(Problem(f"--where {named}", "", problem, "Leave a condition out, or ask for less"))
    return found


def condition(text: str, log: EventLog) -> Filter:
    """The filter that a condition means for a log. Raises InputError naming the condition, the fault and the nearest.

    >>> from event_logs.window import ObservationWindow
    >>> log = EventLog.of(pd.DataFrame({"case": ["a", "b"], "activity": ["in", "in"],
    ...                                 "date": pd.to_datetime(["2024-01-01", "2024-02-01"])}),
    ...                   ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")))
    >>> print(condition("not has in 2 times", log).label)
    not cases with in recorded at least 2 times
    """
    try:
        return _read(text, log)
    except _FaultError as fault:
        raise InputError(Problem(f'--where "{text}"', "", fault.problem, fault.remedy)) from fault


def attribute_value(log: EventLog, column: str, value: str) -> Attribute:
    """Cases whose attribute has the value, both as a person writes them. Raises InputError naming the nearest."""
    try:
        name = _attribute(column, log)
        return Attribute.equals(name, _value(value, name, log))
    except _FaultError as fault:
        raise InputError(Problem(f'"{column} = {value}"', "", fault.problem, fault.remedy)) from fault


def _read(text: str, log: EventLog) -> Filter:
    parts = [part.strip() for part in text.split("||")]
    try:
        filters = [_single(part, log) for part in parts]
        found = reduce(operator.or_, filters) if len(filters) > 1 else filters[0]
        found.check(log)
    except ValueError as error:
        raise _FaultError(str(error), "Change the condition") from error
    return found


def _single(text: str, log: EventLog) -> Filter:
    negated = re.fullmatch(r"not\s+(.+)", text, re.IGNORECASE)
    if negated:
        return ~_single(negated[1].strip(), log)
    for form, make in _FORMS:
        match = form.fullmatch(text)
        if match:
            return make(match, log)
    raise _unknown_form(text, log)


def _unknown_form(text: str, log: EventLog) -> _FaultError:
    """What a text that is no condition was probably meant to be."""
    attributes = _attributes(log)
    words = text.split() or [""]
    if _found(text, log.activities):
        return _FaultError(
            "this names an activity, but not what is asked of it", f'Write "has {text}" or "not has {text}"'
        )
    if _found(text, attributes):
        return _FaultError("this names an attribute, but no value", f'Write "{text} = VALUE"')
    starts = [*_STARTS, *attributes]
    near = get_close_matches(words[0].casefold(), [name.casefold() for name in starts], n=1, cutoff=0.6)
    remedy = "The conditions are listed by permanence map --help"
    if near:
        name = next(name for name in starts if name.casefold() == near[0])
        remedy = f'Did you mean "{_STARTS.get(name, f"{name} = VALUE")}"? {remedy}'
    return _FaultError("this is not a condition", remedy)


def _has(match: re.Match[str], log: EventLog) -> Filter:
    return HasActivity(_activity(match["name"], log), int(match["times"] or 1))


def _endpoints(match: re.Match[str], log: EventLog) -> Filter:
    names = tuple(_activity(name, log) for name in _listed(match["names"]))
    return Endpoints(starts=names) if match["which"].lower() == "starts" else Endpoints(ends=names)


def _events(match: re.Match[str], log: EventLog) -> Filter:
    names = tuple(_activity(name, log) for name in _listed(match["names"]))
    if match["which"].lower() == "only":
        return KeepOnly(names)
    return LeaveOut(names)


def _follower(match: re.Match[str], log: EventLog) -> Filter:
    how = cast(Literal["eventually", "directly", "never"], (match["how"] or "eventually").lower())
    within = None if match["number"] is None else float(match["number"]) * _DAYS[match["unit"].lower()]
    return Follower(_activity(match["first"], log), _activity(match["then"], log), how, within)


def _spans(match: re.Match[str], log: EventLog) -> Filter:
    """Time frames: two dates, or one with an operator."""
    which = match["which"].lower()
    if match["low"] is not None:
        low, high = _date(match["low"]), _date(match["high"])
    elif which in {"started", "ended"}:
        low, high = _open_span(match["sign"], _date(match["date"]), log)
    else:
        raise _FaultError(f"{which} needs two dates", f'Write "{which} 2020-01-01..2021-12-31"')
    if low > high:
        raise _FaultError(f"no day lies from {low:%Y-%m-%d} to {high:%Y-%m-%d}", "Give the earlier date first")
    window = log.window
    if high < window.start.floor("D") or low > window.end:
        seen = f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"
        raise _FaultError(f"the log was observed {seen}, which these dates do not touch", "Give dates within it")
    if which == "recorded":
        return Trim(low, high)
    kinds = {"started": "started", "ended": "ended", "ran": "intersecting", "inside": "contained"}
    return TimeFrame(low, high, cast(Literal["contained", "intersecting", "started", "ended"], kinds[which]))


def _open_span(sign: str, date: pd.Timestamp, log: EventLog) -> tuple[pd.Timestamp, pd.Timestamp]:
    """All days from, or up to, a date that any case of the log could have."""
    starts = log.cases["start"]
    first = min(log.window.start, starts.min()) if len(starts) else log.window.start
    day = pd.Timedelta(days=1)
    if sign in {">=", ">"}:
        low = date + day if sign == ">" else date
        return low, max(log.window.end, low)
    if sign in {"<=", "<"}:
        high = date - day if sign == "<" else date
        return min(first.floor("D"), high), high
    if sign == "=":
        return date, date
    raise _FaultError("a date cannot be asked for with !=", f'Write "not started = {date:%Y-%m-%d}"')


def _duration(match: re.Match[str], log: EventLog) -> Filter:
    days = _DAYS[match["unit"].lower()]
    if match["low"] is not None:
        return Duration(float(match["low"]) * days, float(match["high"]) * days)
    limit = float(match["number"]) * days
    if match["sign"] in {"=", "!="}:
        raise _FaultError("a duration is asked for with >=, <=, > or <", f'Write "duration >= {limit:g} days"')
    if match["sign"] in {">=", "<"}:
        found: Choice = Duration(at_least=limit)
        return found if match["sign"] == ">=" else ~found
    found = Duration(at_most=limit)
    return found if match["sign"] == "<=" else ~found


def _variant(match: re.Match[str], log: EventLog) -> Filter:
    if match["top"] is not None:
        return InVariants.top(int(match["top"]))
    if match["share"] is not None:
        return InVariants.covering(float(match["share"]) / 100)
    return InVariants.named(_bare(match["name"]))


def _compared(match: re.Match[str], log: EventLog) -> Filter:
    """An attribute and its value."""
    word = match["name"].casefold()
    if word in _STARTS and not _found(match["name"], _attributes(log)):
        raise _FaultError(f"{word} is not asked for like this", f'Write "{_STARTS[word]}"')
    name, sign = _attribute(match["name"], log), match["sign"]
    if sign in {"=", "!="}:
        found: Choice = Attribute.one_of(name, tuple(_value(one, name, log) for one in _listed(match["value"])))
        return found if sign == "=" else ~found
    column = log.cases[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        limit: Any = _date(match["value"])
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        limit = _number(match["value"])
    else:
        raise _FaultError(
            f"{name} holds neither numbers nor dates, so it cannot be compared", f'Write "{name} = VALUE"'
        )
    if sign in {">=", "<"}:
        found = Attribute.between(name, low=limit)
        return found if sign == ">=" else ~found
    found = Attribute.between(name, high=limit)
    return found if sign == "<=" else ~found


def _missing(match: re.Match[str], log: EventLog) -> Filter:
    return Attribute.missing(_attribute(match["name"], log))


def _activity(word: str, log: EventLog) -> str:
    word = _bare(word)
    if word in MILESTONES:
        return word
    return _known(word, log.activities, "activity")


def _attribute(word: str, log: EventLog) -> str:
    word, known = _bare(word), _attributes(log)
    if word in log.events and word not in known:
        have = f"Cases have: {_named(known)}" if known else "Cases of this log have none"
        raise _FaultError(f"{word} is an attribute of events, and conditions ask for those of cases", have)
    return _known(word, known, "attribute of cases")


def _attributes(log: EventLog) -> tuple[str, ...]:
    return tuple(str(name) for name in log.cases if name not in ("case", "start", "end"))


def _value(text: str, name: str, log: EventLog) -> Any:
    """A value as the column holds it."""
    text, column = _bare(text), log.cases[name]
    if pd.api.types.is_bool_dtype(column):
        if text.casefold() not in _YES | _NO:
            raise _FaultError(f"{name} is yes or no, got {text!r}", f'Write "{name} = yes"')
        return text.casefold() in _YES
    if pd.api.types.is_numeric_dtype(column):
        return _number(text)
    if pd.api.types.is_datetime64_any_dtype(column):
        return _date(text)
    held = {str(value): value for value in sorted(column.dropna().unique(), key=str)}
    return held[_known(text, tuple(held), f"value of {name}")]


def _known(word: str, known: Sequence[str], what: str) -> str:
    found = _found(word, known)
    if found is not None:
        return found
    if not known:
        raise _FaultError(f"the log has no {what}, got {word!r}", "Leave the condition out")
    by_fold = {name.casefold(): name for name in reversed(known)}
    near = get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.0)
    remedy = f'Did you mean "{by_fold[near[0]]}"? The log has: {_named(known)}'
    raise _FaultError(f"the log has no {what} {word!r}", remedy)


def _found(word: str, known: Collection[str]) -> str | None:
    """The name itself, or the only one that differs by capitals alone."""
    if word in known:
        return word
    alike = [name for name in known if name.casefold() == word.casefold()]
    return alike[0] if len(alike) == 1 else None


def _named(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more


def _listed(text: str) -> list[str]:
    outside_quotes = r'\|(?=(?:[^"]*"[^"]*")*[^"]*$)'
    names = [name.strip() for name in re.split(outside_quotes, text)]
    if not all(names):
        raise _FaultError("a name is missing beside |", 'Write "A | B"')
    return names


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _date(text: str) -> pd.Timestamp:
    text = _bare(text)
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        return pd.Timestamp(text)
    except ValueError:
        raise _FaultError(f"{text!r} is not a date", "Write dates as 2020-01-31 (year-month-day)") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _FaultError(f"{text!r} is not a number", "Write a number such as 5 or 0.5") from None


_Maker = Callable[[re.Match[str], EventLog], Filter]
_FORMS: tuple[tuple[re.Pattern[str], _Maker], ...] = tuple(
    (re.compile(form, re.IGNORECASE), make)
    for form, make in (
        ("open", lambda match, log: StillOpen()),
        ("closed", lambda match, log: ~StillOpen()),
        (rf"has\s+(?P<name>{_NAME})(?:\s+(?P<times>\d+)\s+times)?", _has),
        (r"(?P<which>starts|ends)\s+with\s+(?P<names>.+)", _endpoints),
        (r"(?P<which>only|without)\s+(?P<names>.+)", _events),
        (
            rf"(?P<which>started|ended|ran|inside|recorded)\s*(?:(?P<sign>{_OPERATOR})\s*(?P<date>[^.]+)"
            r"|(?:in\s+)?(?P<low>[^.]+?)\s*\.\.\s*(?P<high>[^.]+))",
            _spans,
        ),
        (
            rf"duration\s*(?:(?P<sign>{_OPERATOR})\s*(?P<number>{_NUMBER})"
            rf"|(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER}))\s*{_UNIT}",
            _duration,
        ),
        (
            rf"variant\s*(?:top\s+(?P<top>\d+)|covers\s+(?P<share>{_NUMBER})\s*%|=\s*(?P<name>.+))",
            _variant,
        ),
        (rf"(?P<name>{_NAME})\s*(?P<sign>{_OPERATOR})\s*(?P<value>.+)", _compared),
        (rf"(?P<name>{_NAME})\s+(?:is\s+)?missing", _missing),
        (
            rf"(?P<first>{_NAME})\s+(?:(?P<how>directly|never)\s+)?then\s+(?P<then>{_NAME})"
            rf"(?:\s+within\s+(?P<number>{_NUMBER})\s*{_UNIT})?",
            _follower,
        ),
    )
)
_STARTS = {
    "has": "has ACTIVITY",
    "not": "not has ACTIVITY",
    "starts": "starts with ACTIVITY",
    "ends": "ends with ACTIVITY",
    "only": "only ACTIVITY | ACTIVITY",
    "without": "without ACTIVITY",
    "started": "started >= 2020-01-01",
    "ended": "ended 2020-01-01..2021-12-31",
    "ran": "ran 2020-01-01..2021-12-31",
    "inside": "inside 2020-01-01..2021-12-31",
    "recorded": "recorded 2020-01-01..2021-12-31",
    "duration": "duration >= 365 days",
    "variant": "variant top 10",
    "open": "open",
    "closed": "closed",
}
