"""What the labels of a code column mean, with the nearest known meaning where they are none of the known ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

import pandas as pd

from event_logs.proposal.profiles import Column
from event_logs.proposal.words import (
    HOME_DESTINATIONS,
    OUTCOMES,
    PLACEMENTS,
    STATUSES,
    STEPS,
    SURE,
    is_called,
    matches,
    words,
)
from event_logs.values.cells import contact_details

FREQUENT = 0.01
"""A label on this share of the rows is likely to be a code; on fewer it may be a slip."""
_SHOWN = 12
_LONGEST = 60

MEANINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "type": PLACEMENTS,
    "status": STATUSES,
    "outcome": OUTCOMES,
    "label": {step: (step, *names) for step, names in STEPS.items()},
}
"""What a column is for -> meaning of a label -> what such labels are called."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label of a code column."""

    text: str
    rows: int
    meaning: str
    """The nearest known meaning; for a legal status the known one. Empty also for an outcome that decides nothing."""
    score: float
    nearest: str = ""
    """The known label that it is like."""

    @property
    def sure(self) -> bool:
        """Whether it is a known label."""
        return self.score >= SURE


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of a code column, sorted out."""

    known: tuple[Label, ...]
    """Those that mean something surely, in the order of their meanings."""
    asked: tuple[Label, ...]
    """Those that are frequent, or near a known one: what they mean is a question."""
    rare: tuple[str, ...]
    """Those on few rows that are like nothing known, as far as they can be shown."""
    rare_rows: int
    rare_count: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all to map."""
        return not self.known and not self.asked


def sorted_out(column: Column, role: str) -> Labels:
    """The labels of a column that is for `type`, `status`, `outcome` or `label`."""
    meanings = MEANINGS[role]
    place = {meaning: number for number, meaning in enumerate(meanings)}
    labels = [_label(text, rows, meanings) for text, rows in column.labels.items()]
    total = max(1, sum(column.labels.values()))
    known = sorted((label for label in labels if label.sure), key=lambda label: place[label.meaning])
    unsure = [label for label in labels if not label.sure]
    shown = _showable(unsure)
    asked = [label for label in unsure if label.text in shown and (label.nearest or label.rows >= FREQUENT * total)]
    others = [label for label in unsure if label not in asked]
    return Labels(
        known=tuple(known),
        asked=tuple(asked),
        rare=tuple(_showable(others)[:_SHOWN]),
        rare_rows=sum(label.rows for label in others),
        rare_count=len(others),
    )


def _label(text: str, rows: int, meanings: Mapping[str, tuple[str, ...]]) -> Label:
    found = matches(text, meanings)
    if not found:
        return Label(text=text, rows=rows, meaning="", score=0.0)
    best = found[0]
    tied = len(found) > 1 and found[1].score > best.score - 0.02
    nearest = max(meanings[best.meaning], key=lambda name: _alike(text, name))
    score = min(best.score, SURE - 0.01) if tied else best.score
    return Label(text=text, rows=rows, meaning=best.meaning, score=score, nearest=nearest)


def _alike(text: str, name: str) -> float:
    return SequenceMatcher(None, words(text), words(name), autojunk=False).ratio()


def _showable(labels: list[Label]) -> list[str]:
    """The texts that may be shown: a text on one row, or a long one, may be a note about a child."""
    texts = pd.Series([label.text for label in labels if label.rows > 1 and len(label.text) <= _LONGEST], dtype="str")
    return texts[~contact_details(texts)].tolist() if len(texts) else []


def home_destinations(column: Column) -> tuple[str, ...]:
    """The labels of a destination that mean the child went home."""
    return tuple(text for text in column.labels if is_called(text, HOME_DESTINATIONS))
