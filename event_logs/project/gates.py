"""The sections of a project file that say how decisions are made: the panel, the decision maker, the court."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from event_logs.project.fields import FORBID, PlainDate, Text, Weekday

Count = Annotated[StrictInt, Field(ge=1)]
Days = Annotated[StrictInt, Field(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Priority:
    """`[panel.priority]`: who is heard first."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    by: Text
    """A case attribute, such as "age_band"."""
    first: Annotated[tuple[Text, ...], Field(min_length=1)]
    """The values of those heard first, in this order; then everybody else."""


@dataclass(frozen=True, kw_only=True)
class KeptSlots:
    """`[[panel.kept_slots]]`: slots of every session that only some children can have."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    by: Text
    """A case attribute, such as "age_band"."""
    values: Annotated[tuple[Text, ...], Field(min_length=1)]
    """The values of the children they are kept for."""
    slots: Count


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`[panel]`: when the permanence panel meets, as the council knows it."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    weekday: Weekday
    weeks_of_month: Annotated[tuple[Annotated[StrictInt, Field(ge=1, le=5)], ...], Field(min_length=1)]
    skip_months: tuple[Annotated[StrictInt, Field(ge=1, le=12)], ...] = ()
    slots: Count
    """Children heard at one session."""
    lead_days: Annotated[StrictInt, Field(ge=0)] = 0
    """Papers must be complete this many days before a session."""
    cancelled: tuple[PlainDate, ...] = ()
    """Dates of the calendar on which it did not, or will not, meet."""
    added: tuple[PlainDate, ...] = ()
    """Dates of additional sessions."""
    slots_on: Mapping[PlainDate, Days] = field(default_factory=dict)
    """Date -> children heard on it, where it is another number."""
    booking: StrictBool = False
    """Whether a child is given a date when its papers are complete, and not called off a waiting list."""
    booked_in: Text | None = None
    """The case attribute with the date that a child is booked for."""
    siblings_together: StrictBool = False
    """Whether siblings (case attribute `family`) who are ready for one session are heard in one slot."""
    priority: Priority | None = None
    kept_slots: tuple[KeptSlots, ...] = ()

    def __post_init__(self) -> None:
        if self.booking and self.priority is not None:
            raise ValueError("`priority` is for a waiting list: it cannot go with `booking`")
        if sum(one.slots for one in self.kept_slots) > self.slots:
            raise ValueError(f"`kept_slots` keep more slots than the {self.slots} of a session")
        both = sorted(set(self.cancelled) & set(self.added))
        if both:
            raise ValueError(f"a session cannot be both cancelled and added: {', '.join(map(str, both))}")


@dataclass(frozen=True, kw_only=True)
class DecisionMaker:
    """`[decision_maker]`: who decides what the panel has recommended; decisions are then made on working days."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    limit_days: Days = 14
    """Days from the panel within which the decision is due."""
    keeps_limit: Annotated[StrictFloat, Field(ge=0, le=1)] = 0.0
    """Share of the decisions that the records would have late, and that will be made within the limit."""


@dataclass(frozen=True, kw_only=True)
class CourtClosed:
    """`[[court.away]]`: places missing from one day to another, such as in a recess."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    start: PlainDate
    end: PlainDate
    places: Count

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"`end` {self.end} is before `start` {self.start}")


@dataclass(frozen=True, kw_only=True)
class Court:
    """`[court]`: how many applications the court has under way at once; more of them wait."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    places: Count
    away: tuple[CourtClosed, ...] = ()
