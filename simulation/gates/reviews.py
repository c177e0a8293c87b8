"""The child's own calendar of reviews, at which a plan can be decided once the assessment is ready."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.laws import NO_DELAY, Law


@dataclass(frozen=True, kw_only=True)
class Beforehand:
    """A step that is started before the review that decides, for every child decided."""

    step: str
    lead_days: float


@dataclass(frozen=True, kw_only=True)
class ReviewCycle:
    """The child's own reviews after a start: gap laws one after another, and the chance that a ready plan is decided.

    `gaps[0]` is the time from the start to the first review, `gaps[1]` to the second, the last one repeats. A plan can
    be decided at the first review on or after the day the assessment is ready, and is with probability `decides`;
    otherwise it waits for the next. `extra_days` are additional reviews due at set days after the start, and held
    `extra_late` days later.
    """

    review: str
    gaps: tuple[Law, ...]
    decides: float
    extra_days: tuple[float, ...] = ()
    beforehand: tuple[Beforehand, ...] = ()
    extra_late: Law = NO_DELAY[""]

    def __post_init__(self) -> None:
        if not 0.0 < self.decides <= 1.0:
            raise ValueError(f"decides must be in (0, 1], got {self.decides}")
        if not self.gaps:
            raise ValueError("a review cycle needs at least one gap law")

    def gap(self, number: int) -> Law:
        """The law of the gap before the review with this number, counted from 0."""
        return self.gaps[min(number, len(self.gaps) - 1)]
