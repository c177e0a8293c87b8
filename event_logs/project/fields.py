"""The kinds of value that a project file may hold, each with the words for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Strict, StringConstraints

from event_logs.vocabulary import MILESTONES

FORBID = ConfigDict(extra="forbid")
"""An unknown key is an error: it is a known one, misspelt."""


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words closest to a misspelt one, best first; empty if none is near.

    >>> nearest("Permanence panl", ["Permanence panel", "LAAC review"])
    ['Permanence panel']
    """
    by_fold = {str(name).casefold(): str(name) for name in known}
    found = difflib.get_close_matches(word[:80].casefold(), list(by_fold), n=count, cutoff=0.6)
    return [by_fold[name] for name in found]


def _known_activity(name: str) -> str:
    if name and name not in MILESTONES:
        near = nearest(name, MILESTONES)
        hint = f"; the nearest is {near[0]!r}" if near else f"; the activities are: {', '.join(MILESTONES)}"
        raise ValueError(f"{name!r} is not an activity{hint}")
    return name


def _plain_date(value: object) -> object:
    if isinstance(value, datetime):
        raise ValueError("must be a date without a time, such as 2024-07-31")
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"must be a date such as 2024-07-31, got {value!r}") from None
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
Activity = Annotated[Text, AfterValidator(_known_activity)]
ActivityOrNothing = Annotated[str, AfterValidator(_known_activity)]
PlainDate = Annotated[date, Strict(), BeforeValidator(_plain_date)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Setting = Literal["home", "away"]
