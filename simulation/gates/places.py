"""Places held while work goes on: the caseload of a team, the diary of a court."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.gates.iso import check_dates, day_of
from simulation.gates.order import Priority, check_share
from simulation.laws import NO_DELAY, Law


@dataclass(frozen=True, kw_only=True)
class Away:
    """So many places are missing from the first of these days to the last (leave, a vacancy, a court in recess)."""

    start: str
    end: str
    places: int

    def __post_init__(self) -> None:
        check_dates("away", (self.start, self.end))
        if day_of(self.end) < day_of(self.start):
            raise ValueError(f"away must not end before it starts, got {self.start} to {self.end}")
        if self.places < 1:
            raise ValueError(f"away must take at least 1 place, got {self.places}")


@dataclass(frozen=True, kw_only=True)
class Places:
    """A limited number of cases are worked on at once; the others wait, before the step's own time begins.

    `places` people (or courtrooms) with `cases_each` cases each. A place is taken when the step begins and given back
    when it ends, or, with `until`, when that activity happens, however many steps later; at the latest when the case
    ends. First come, first served by the day each was ready, or by `priority`; nobody is sent away for a newcomer.
    While some are `away`, work in hand is finished and no other begun in their place.
    """

    places: int
    cases_each: int = 1
    until: str = ""
    """The activity at which the place is given back; empty: when the step ends."""
    away: tuple[Away, ...] = ()
    working_days: bool = False
    """Whether work begins on working days only and the step's law counts working days."""
    priority: Priority | None = None
    continued: float = 0.0
    """Chance, each time the work is done, that it is not over but continued; the place is kept meanwhile."""
    continuation: Law = NO_DELAY[""]
    """How long each continuation takes."""
    continued_as: str = ""
    """The activity that the log records when a case is continued; empty for none."""
    begins_as: str = ""
    """The activity that the log records when a place is taken, and by which it tells who has one; empty for none."""
    room: int | None = None
    """How many may wait at most; None for any number. Who finds it full is turned away."""
    turned_away_as: str = ""
    """The activity recorded then; the choice named after it follows, if there is one. Only where it is among the
    model's `final` activities does the case end with it."""

    def __post_init__(self) -> None:
        if self.places < 1 or self.cases_each < 1:
            raise ValueError(f"places and cases_each must be at least 1, got {self.places} and {self.cases_each}")
        check_share("continued", self.continued)
        if self.room is not None and self.room < 0:
            raise ValueError(f"room must not be negative, got {self.room}")
        if (self.room is None) != (not self.turned_away_as):
            raise ValueError("room and turned_away_as go together: give both or neither")

    def capacity(self, day: float) -> int:
        """How many cases may be worked on at once on this day (days since 1970-01-01)."""
        missing = sum(one.places for one in self.away if day_of(one.start) <= day < day_of(one.end) + 1.0)
        return max(self.places - missing, 0) * self.cases_each
