"""What columns, steps and codes are called in councils' extracts, and how near a name is to one of them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib import resources
from typing import Any

from event_logs import vocabulary as v

SURE = 0.9
"""From here on a name is taken without asking."""
NEAR = 0.62
"""From here on a name is near enough to be proposed."""


def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("event_logs.proposal").joinpath("words.toml").read_text(encoding="utf-8"))


def _lists(section: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {meaning: tuple(names) for meaning, names in section.items()}


_WORDS = _words()
COLUMNS: Mapping[str, tuple[str, ...]] = _lists(_WORDS["columns"])
"""What a column is for -> what such columns are called."""
STEPS: Mapping[str, tuple[str, ...]] = _lists(_WORDS["steps"])
"""Activity -> what such a step is called."""
PLACEMENTS: Mapping[str, tuple[str, ...]] = _lists(_WORDS["placements"])
"""Whether a child is at home or away -> what such placements are called."""
STATUSES: Mapping[str, tuple[str, ...]] = _lists(_WORDS["statuses"])
"""Legal status, the one that counts first of two from one day before the other -> what it is called."""
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    **{step: STEPS[step] for step in (v.RECOMMENDED, v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.LONG_TERM)},
    **_lists(_WORDS["outcomes"]),
}
"""Activity that a review's outcome tells of, "" for none -> what such outcomes are called."""
PERSONAL: tuple[str, ...] = tuple(_WORDS["personal"])
"""Columns that are never proposed: they say who a child is, and no step needs them."""
FREE_TEXT: tuple[str, ...] = tuple(_WORDS["free_text"])
HOME_DESTINATIONS: tuple[str, ...] = tuple(_WORDS["home_destinations"])
_SHORT: Mapping[str, str] = {**_WORDS["abbreviations"], "s": ""}
_STOP = frozenset(("date", "of", "the", "on", "a", "an", "at", "dt", "in"))
_NUMBERED = re.compile(r"\b(?:\d{1,2}(?:st|nd|rd|th)?|first|second|third|fourth|fifth|sixth)\b")


@dataclass(frozen=True)
class Match:
    """What a name was found to mean, and how near it is: 1 is the same words."""

    meaning: str
    score: float

    @property
    def sure(self) -> bool:
        """Whether it can be taken without asking."""
        return self.score >= SURE


@cache
def words(name: str) -> str:
    """A name in plain words: small letters, no signs, abbreviations written out.

    >>> words("LegalAdvice_Req"), words("DOB")
    ('legal advice requested', 'date of birth')
    """
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = re.sub(r"[.'’]", "", text.casefold())  # D.O.B., child's
    parts = re.sub(r"[\W_]+", " ", text).split()
    return " ".join(filter(None, (_SHORT.get(part, part) for part in parts)))


@cache
def unnumbered(name: str) -> str:
    """The words of a name without a number: the second panel is a panel.

    >>> unnumbered("2nd Permanence panel"), unnumbered("Panel date 3")
    ('permanence panel', 'panel date')
    """
    plain = words(name)
    return " ".join(_NUMBERED.sub(" ", plain).split()) or plain


@cache
def similarity(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1; words like "date" and "of" do not count beside others."""
    a, b = words(one), words(other)
    if a == b:
        return 1.0
    left, right = _telling(a), _telling(b)
    if left == right:
        return 0.97
    shared = sum(1 for word in left if word in right)
    overlap = shared / len(left | right)
    letters = SequenceMatcher(None, " ".join(sorted(left)), " ".join(sorted(right)), autojunk=False).ratio()
    return min(0.89, 0.5 * overlap + 0.5 * letters if shared else 0.8 * letters)


def _telling(plain: str) -> frozenset[str]:
    parts = plain.split()
    return frozenset(part for part in parts if part not in _STOP) or frozenset(parts)


def matches(name: str, meanings: Mapping[str, Iterable[str]]) -> list[Match]:
    """Every meaning near enough to a name, the nearest first."""
    plain = unnumbered(name)
    found = []
    for meaning, names in meanings.items():
        score = max((similarity(plain, other) for other in names), default=0.0)
        if words(name) != plain:  # numbers may be part of a name: "section 25"
            score = max(score, *(similarity(name, other) for other in names), 0.0)
        if score >= NEAR:
            found.append(Match(meaning, round(score, 3)))
    return sorted(found, key=lambda match: -match.score)


@cache
def step_of(name: str) -> Match | None:
    """The step that a column or label is called after, if any is near."""
    found = matches(name, {step: (step, *names) for step, names in STEPS.items()})
    return found[0] if found else None


def is_called(name: str, names: Iterable[str]) -> bool:
    """Whether a name is surely one of some."""
    return any(similarity(name, other) >= SURE for other in names)
