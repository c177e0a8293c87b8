"""How much each case of the past says about the cases to come: by when it began or ended, and what is missing.

A log that holds finished cases only is cut off on the right: of the cases that began shortly before its end only the
quick ones are there. Two ways out are offered to the choice by validation. One weighs each case by 1 / P(a case could
have been seen at its length), from the joint likelihood of lengths and arrivals under right truncation (Lynden-Bell
1971). The other weighs cases by when they *ended*: those that ended in a stretch of time are, in a steady process, a
fair sample of lengths, save that at the log's beginning the long ones among them had begun before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.discovery.journeys import Floats, Ints, Journeys

_HALVINGS = (0.5, 0.25, 0.125, 0.0625, 0.03)
"""Half-lives tried, as shares of the span of the log."""
_LARGEST = 10.0
"""No case stands for more than so many: beyond, its length was hardly ever seen and its weight is noise."""
_ROUNDS = 100


@dataclass(frozen=True, kw_only=True)
class Memory:
    """One way to weigh the past."""

    by: str = "start"
    """Whether a case is as old as its start or as its end."""
    half_life: float = 0.0
    """Share of the log's span in which a case comes to count half; 0 for all alike."""
    corrected: bool = False
    """Whether cases stand also for those of their length that could not be seen."""

    def __str__(self) -> str:
        return self.said(None)

    def said(self, span_days: float | None) -> str:
        """In words; with the log's span in days the half-life too is in days."""
        if not self.half_life:
            found = "all cases alike"
        else:
            age = f"{self.half_life:.1%} of the log's span" if span_days is None else _days(self.half_life * span_days)
            found = f"half as much every {age} since the case {'began' if self.by == 'start' else 'ended'}"
        return found + (", corrected for cases too long to be seen" if self.corrected else "")

    def weights(self, past: Journeys, now: int) -> Floats:
        """A weight for each case of `past`, adding up to 1, as things stand at the instant `now`."""
        began = self.by == "start"
        weight = np.ones(past.cases)
        if self.half_life:
            age = np.maximum(now - (past.begin if began else past.finish), 0)
            weight = 0.5 ** (age / (self.half_life * max(now - past.begin.min(), 1)))
        if self.corrected:
            # Cases that ended soon after the log's beginning are there only if they were quick.
            weight = weight * (unseen_long(past, now, weight) if began else _unseen_before(past, weight))
        total = weight.sum()
        return weight / total if total > 0 else np.full(past.cases, 1.0 / past.cases)


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 3 else f"{days * 24:.0f} hours"


def memories(*, finished_only: bool) -> tuple[Memory, ...]:
    """Everything that is tried.

    Where open cases are in the log nothing is missing, and by age since the start nothing needs to be corrected; nor
    could they be weighed by an end that is yet to come.
    """
    corrections = (False, True) if finished_only else (False,)
    return tuple(Memory(corrected=corrected) for corrected in corrections) + tuple(
        Memory(by=by, half_life=half_life, corrected=corrected)
        for half_life in _HALVINGS
        for by in (("start", "end") if finished_only else ("start",))
        for corrected in corrections
    )


def unseen_long(past: Journeys, now: int, base: Floats | None = None) -> Floats:
    """For each case 1 / P(begun early enough before `now` to be seen at its length), 10 at most.

    Where every length could be seen from anywhere, all are 1. `base` weighs the cases beforehand; none for all alike.
    """
    return _unseen(past.span, now - past.begin, np.ones(past.cases) if base is None else base)


def _unseen_before(past: Journeys, base: Floats) -> Floats:
    """The mirror of `unseen_long`: 1 / P(ended late enough to have begun within the log)."""
    return _unseen(past.span, past.finish - past.begin.min(), base)


def _unseen(length: Ints, room: Ints, base: Floats) -> Floats:
    """1 / P(room for the length), where only cases with length <= room are seen.

    Lengths and rooms are fitted together by alternating the two product-limit weights until they agree.
    """
    by_length, by_room = np.argsort(length, kind="stable"), np.argsort(room, kind="stable")
    within = np.maximum(np.searchsorted(length[by_length], room, side="right") - 1, 0)
    beyond = np.minimum(np.searchsorted(room[by_room], length, side="left"), len(length) - 1)
    weight = np.ones(len(length))
    for _ in range(_ROUNDS):
        short = np.cumsum((base * weight)[by_length])
        arriving = base / np.maximum(short[within] / short[-1], 1.0 / _LARGEST)
        early = np.cumsum(arriving[by_room][::-1])[::-1] / arriving.sum()
        renewed = 1.0 / np.maximum(early[beyond], 1.0 / _LARGEST)
        done = np.allclose(renewed, weight, rtol=1e-4)
        weight = renewed
        if done:
            break
    return weight


@dataclass(frozen=True, eq=False)
class Seen:
    """The distribution of the lengths of cases: P(finished within a time)."""

    length: Ints
    below: Floats

    @classmethod
    def of(cls, past: Journeys, weight: Floats) -> Seen:
        """The weighted lengths of the cases of `past`."""
        order = np.argsort(past.span, kind="stable")
        return cls(past.span[order], np.cumsum(weight[order]) / weight.sum())

    def within(self, time: Ints) -> Floats:
        """P(finished within `time`), 0 for times shorter than any."""
        place = np.searchsorted(self.length, time, side="right")
        return np.concatenate([[0.0], self.below])[place]

    def median(self) -> int:
        """The shortest time within which half the cases are finished."""
        return int(self.length[np.searchsorted(self.below, 0.5 - 1e-12)])
