"""A rule as a value: what it says, how grave it is, which records it speaks of, and how it finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from event_logs.rules.facts import Facts, Floats, Ints


class Severity(StrEnum):
    """What becomes of a record that a rule finds."""

    STOP = "E"
    """Nothing is read until the files are put right."""
    QUARANTINE = "Q"
    """The record is set aside, with the reason."""
    WARN = "W"
    """The record is used, and counted."""
    FIX = "F"
    """The record is treated as the rule says: used as it is, or left out by name."""


@dataclass(frozen=True, eq=False)
class Hits:
    """The records of one table that a rule has found."""

    table: str
    at: Ints
    """Positions of the records in that table of the facts."""
    reason: str | npt.NDArray[np.object_] = ""
    """Why, in words for the quarantine file: one text, or one a record. Empty: the rule's own sentence."""
    days: Floats | None = None
    """By how many days, where that means something."""
    other: Ints | None = None
    """Positions of the records they are judged against; -1 for none."""
    other_table: str = ""
    """Where those stand; empty: in the same table."""

    def __len__(self) -> int:
        return len(self.at)


Predicate = Callable[[Facts], Iterable[Hits]]


@dataclass(frozen=True)
class Rule:
    """One rule. Two rules never share a code."""

    code: str
    """Such as "E79"; the letter and number are those of the list of known faults."""
    sentence: str
    """What is found, as a social worker would say it."""
    severity: Severity
    predicate: Predicate
    advice: str = ""
    """What to do about it; empty where nothing is to be done."""
    milestones: tuple[str, ...] = ()
    """The activities concerned; empty: any."""
    ignores: bool = False
    """With severity F: the record is left out, by the name of this rule; otherwise it is used."""
