"""How filters join, what they say of cases that nobody can judge yet, and what each of them took out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog

BoolArray = npt.NDArray[np.bool_]

_NUMBERS = ["cases", "not_known", "open_cases", "events", "child_days", "cases_left", "open_cases_left"]
REMOVED_COLUMNS = ["step", *_NUMBERS, "sentence"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a filter says of each case: surely yes, possibly yes, or no. What is possible but not sure is not known."""

    surely: BoolArray
    possibly: BoolArray


@dataclass(frozen=True, eq=False)
class Filtered:
    """A log after a filter, and what each step took out."""

    log: EventLog
    removed: pd.DataFrame
    """One row a step, in the order of the steps: `step` (what was kept); `cases` taken out, of them `not_known`
    (nobody can say yet, or a value is missing) and `open_cases`; `events` and `child_days` taken out (days of cases
    inside the window); `cases_left`, `open_cases_left`; `sentence` (all of it in words)."""

    @property
    def text(self) -> str:
        """What every step took out, in sentences; empty if there was no step."""
        return "\n".join(self.removed["sentence"])


class Filter(ABC):
    """A question put to a log. Filters are values: they join with &, | and ~, and change no log."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What is kept, in words."""

    def apply(self, log: EventLog, *, keep_unknown: bool = False) -> Filtered:
        """The log with what passes the filter, and what each step took out.

        Cases of which nobody can say yet whether they pass are taken out, and counted as such; `keep_unknown` keeps
        them. Raises ValueError for a name that the log does not have, naming the nearest.
        """
        self.check(log)
        return self.applied(log, keep_unknown)

    def check(self, log: EventLog) -> None:  # noqa: B027  many filters name nothing, so there is nothing to check
        """Raise ValueError for a name that the log, as it is before any filter, does not have."""

    @abstractmethod
    def applied(self, log: EventLog, keep_unknown: bool) -> Filtered:
        """What `apply` gives, names having been checked; a name that an earlier step took away never happened."""

    def __and__(self, other: Filter) -> Filter:
        """Both. Filters that choose cases judge the same log; after one that changes cases, the changed log."""
        if isinstance(self, Choice) and isinstance(other, Choice):
            return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))
        return Then((*_steps(self), *_steps(other)))

    def __or__(self, other: Filter) -> Choice:
        """Either. Only for filters that choose cases."""
        return AnyOf((*_parts(_choice(self), AnyOf), *_parts(_choice(other), AnyOf)))

    def __invert__(self) -> Choice:
        """The cases that surely do not pass. Only for filters that choose cases."""
        chosen = _choice(self)
        return chosen.part if isinstance(chosen, Not) else Not(chosen)


class Choice(Filter):
    """A filter that chooses whole cases and leaves them as they are."""

    @abstractmethod
    def verdict(self, log: EventLog) -> Verdict:
        """Yes, no or not known for each case of the log."""

    @property
    def why_unknown(self) -> str:
        """Why some cases cannot be judged, to be put after "because"."""
        return "the records do not say"

    def applied(self, log: EventLog, keep_unknown: bool) -> Filtered:
        verdicts = [(part, part.verdict(log)) for part in self.taken_together]
        rows, kept = [], np.ones(len(log.cases), dtype=bool)
        now = log
        for part, verdict in verdicts:
            passing = verdict.possibly if keep_unknown else verdict.surely
            unknown = int((kept & verdict.possibly & ~verdict.surely).sum())
            kept = kept & passing
            before, now = now, with_cases(log, kept)
            rows.append(removal(part.label, before, now, unknown=unknown, why=part.why_unknown, kept=keep_unknown))
        return Filtered(now, pd.DataFrame(rows, columns=REMOVED_COLUMNS))

    @property
    def taken_together(self) -> tuple[Choice, ...]:
        """The choices that must all hold, each a step of its own."""
        return (self,)


class Change(Filter):
    """A filter that changes cases: it takes events out of them, or moves the window."""

    @abstractmethod
    def changed(self, log: EventLog) -> EventLog:
        """The changed log."""

    def note(self, before: EventLog, after: EventLog) -> str:
        """What a reader must know about the changed cases, as a sentence; empty for nothing."""
        return ""

    def applied(self, log: EventLog, keep_unknown: bool) -> Filtered:
        after = self.changed(log)
        row = removal(self.label, log, after)
        row["sentence"] = f"{row['sentence']} {self.note(log, after)}".strip()
        return Filtered(after, pd.DataFrame([row], columns=REMOVED_COLUMNS))


@dataclass(frozen=True)
class AllOf(Choice):
    """Cases that pass every one of several choices."""

    parts: tuple[Choice, ...]

    @property
    def label(self) -> str:
        return " and ".join(_bracketed(part) for part in self.parts)

    @property
    def why_unknown(self) -> str:
        return _reasons(self.parts)

    @property
    def taken_together(self) -> tuple[Choice, ...]:
        return tuple(step for part in self.parts for step in part.taken_together)

    def check(self, log: EventLog) -> None:
        for part in self.parts:
            part.check(log)

    def verdict(self, log: EventLog) -> Verdict:
        found = [part.verdict(log) for part in self.parts]
        return Verdict(
            np.logical_and.reduce([one.surely for one in found]), np.logical_and.reduce([one.possibly for one in found])
        )


@dataclass(frozen=True)
class AnyOf(Choice):
    """Cases that pass at least one of several choices."""

    parts: tuple[Choice, ...]

    @property
    def label(self) -> str:
        return " or ".join(_bracketed(part) for part in self.parts)

    @property
    def why_unknown(self) -> str:
        return _reasons(self.parts)

    def check(self, log: EventLog) -> None:
        for part in self.parts:
            part.check(log)

    def verdict(self, log: EventLog) -> Verdict:
        found = [part.verdict(log) for part in self.parts]
        return Verdict(
            np.logical_or.reduce([one.surely for one in found]), np.logical_or.reduce([one.possibly for one in found])
        )


@dataclass(frozen=True)
class Not(Choice):
    """Cases that surely do not pass a choice; what is not known of it stays not known."""

    part: Choice

    @property
    def label(self) -> str:
        return f"not {_bracketed(self.part)}"

    @property
    def why_unknown(self) -> str:
        return self.part.why_unknown

    def check(self, log: EventLog) -> None:
        self.part.check(log)

    def verdict(self, log: EventLog) -> Verdict:
        found = self.part.verdict(log)
        return Verdict(~found.possibly, ~found.surely)


@dataclass(frozen=True)
class Then(Filter):
    """Several filters one after another, each on what the one before it left."""

    steps: tuple[Filter, ...]

    @property
    def label(self) -> str:
        return ", then ".join(step.label for step in self.steps)

    def check(self, log: EventLog) -> None:
        for step in self.steps:
            step.check(log)

    def applied(self, log: EventLog, keep_unknown: bool) -> Filtered:
        tables = []
        for step in self.steps:
            done = step.applied(log, keep_unknown)
            log = done.log
            tables.append(done.removed)
        return Filtered(log, pd.concat(tables, ignore_index=True))


def with_cases(log: EventLog, kept: BoolArray) -> EventLog:
    """The log with only some of its cases, whole."""
    events = log.events[kept[log.arrays.case]].reset_index(drop=True)
    events["activity"] = events["activity"].cat.remove_unused_categories()
    return EventLog(events, log.cases[kept].reset_index(drop=True), log.window)


def child_days(log: EventLog) -> float:
    """Days that cases ran inside the window, the open ones until its end."""
    arrays = log.arrays
    until = np.where(np.isnan(arrays.end), arrays.window_end, np.minimum(arrays.end, arrays.window_end))
    days = until - np.maximum(arrays.start, arrays.window_start)
    return float(np.nansum(np.maximum(days, 0.0)))


def removal(
    step: str, before: EventLog, after: EventLog, *, unknown: int = 0, why: str = "", kept: bool = False
) -> dict[str, object]:
    """A row of `Filtered.removed`."""
    cases, events = len(before.cases) - len(after.cases), len(before) - len(after)
    opened = max(before.open_cases - after.open_cases, 0)
    days = max(child_days(before) - child_days(after), 0.0)
    words = (
        f"Kept: {step}. Taken out: {_many(cases, 'case')} ({opened:,} open), {_many(events, 'event')} and "
        f"{days:,.0f} child-days; left: {_many(len(after.cases), 'case')} ({after.open_cases:,} open)."
    )
    if unknown:
        place = "Among those left, of" if kept else "Among those taken out, of"
        words += f" {place} {_many(unknown, 'case')} it is not known, because {why}."
    if not len(after.cases):
        words += " Nothing is left."
    numbers = [cases, 0 if kept else unknown, opened, events, days, len(after.cases), after.open_cases]
    return {"step": step, **dict(zip(_NUMBERS, numbers, strict=True)), "sentence": words}


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _choice(filter_: Filter) -> Choice:
    if not isinstance(filter_, Choice):
        raise ValueError(
            f"only filters that choose whole cases can stand under | or ~; this one does not: {filter_.label}"
        )
    return filter_


def _parts(choice: Choice, kind: type[AllOf] | type[AnyOf]) -> tuple[Choice, ...]:
    return choice.parts if isinstance(choice, kind) else (choice,)


def _steps(filter_: Filter) -> tuple[Filter, ...]:
    return filter_.steps if isinstance(filter_, Then) else (filter_,)


def _bracketed(choice: Choice) -> str:
    return f"({choice.label})" if isinstance(choice, AllOf | AnyOf) else choice.label


def _reasons(parts: tuple[Choice, ...]) -> str:
    return " or ".join(dict.fromkeys(part.why_unknown for part in parts))
