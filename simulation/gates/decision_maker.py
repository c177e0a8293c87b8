"""A person who decides, within a time that the law sets."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.gates.order import check_share


@dataclass(frozen=True, kw_only=True)
class DecisionMaker:
    """A decision, after the step's own time: made on working days only, and due within a limit.

    The limit runs, in calendar days, from the day the step began (the recommendation). A decision that would be late
    is made on the last lawful day with probability `keeps_limit`, and otherwise when it is made: that breach is in the
    log, where mining finds it. The agency decision of adoption panels is due within 14 days: Adoption Agencies
    (Scotland) Regulations 2009, regulation 13.
    """

    working_days: bool = True
    """Whether decisions are made on working days only; one that falls on another day is made on the next."""
    limit_days: float | None = 14.0
    keeps_limit: float = 0.0

    def __post_init__(self) -> None:
        if self.limit_days is not None and self.limit_days < 0:
            raise ValueError(f"limit_days must not be negative, got {self.limit_days}")
        check_share("keeps_limit", self.keeps_limit, certain=True)
