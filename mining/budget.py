"""A time budget for work in steps, each of which must be let finish."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Budget:
    """Time for a piece of work: whether another step of it may begin."""

    seconds: float | None
    """How long all steps may take; None for as long as they need."""
    now: Callable[[], float] = time.monotonic
    begun: float = field(init=False)
    ran_out: bool = field(default=False, init=False)
    """Whether a step was left out."""
    _longest: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.begun = self.now()

    def of(self, kind: str, work: Callable[[], T], *, share: float = 1.0) -> T | None:
        """What a step of some kind gives; None if there is no time for it within a share of the whole.

        It is begun if time is left, and enough of it for the longest step of its kind so far: the time may be passed
        by one step of each kind at the most.
        """
        before = self.now()
        if self.seconds is not None:
            left = self.begun + share * self.seconds - before
            if left <= 0 or self._longest.get(kind, 0.0) > left:
                self.ran_out = True
                return None
        found = work()
        self._longest[kind] = max(self._longest.get(kind, 0.0), self.now() - before)
        return found
