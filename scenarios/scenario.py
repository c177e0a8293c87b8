"""A scenario: a named change idea, what it rests on, whom it is for, and the pathway with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from event_logs.project.fields import FORBID, PlainDate, Text
from scenarios.capacity import Demand
from scenarios.changes import Change
from scenarios.parts import ChangeError
from scenarios.ranges import Elicited, Range
from simulation.model import PathwayModel
from simulation.model_law import Number
from simulation.reach import Reach, UnderWay

Share = Annotated[Number, Field(ge=0, le=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_DAYS_A_MONTH = 365.25 / 12.0


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that is known, or not known, of a change idea."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    text: Text
    source: str = ""
    """Where it is said; empty for what is our assumption."""
    confirmed: StrictBool = False
    """Whether the source was read and says it."""

    def __str__(self) -> str:
        if not self.source:
            return self.text
        return f"{self.text} ({self.source}{'' if self.confirmed else '; not confirmed'})"


@dataclass(frozen=True, kw_only=True)
class AppliesTo:
    """Whom a change is for, by what the case table says of them, and how many of those it reaches."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    locality: tuple[Text, ...] = ()
    """Only children in these localities."""
    legal_basis: tuple[Text, ...] = ()
    """Only children first looked after on one of these legal bases."""
    attributes: Mapping[Text, tuple[Text, ...]] = field(default_factory=dict, hash=False)
    """Only children with one of these values of any other attribute of the case table."""
    age_under: Annotated[StrictInt, Field(ge=1, le=18)] | None = None
    """Only children younger than this, in years, when the change begins, or when their case does if that is later."""
    share_reached: Annotated[Number, Field(gt=0, le=1)] = 1.0
    """The share of those children whom the change reaches once it is under way everywhere."""
    ramp_up_months: Annotated[Number, Field(ge=0, le=60)] = 0.0
    """Months from the start until that share is reached; meanwhile it grows evenly."""

    @property
    def everybody(self) -> bool:
        """Whether the change is for all children, from its first day on."""
        return self == AppliesTo()

    def values(self) -> dict[str, tuple[str, ...]]:
        """Case attribute -> the values of those whom the change is for."""
        named = {"locality": self.locality, "legal_basis": self.legal_basis}
        return {name: values for name, values in {**named, **self.attributes}.items() if values}

    def reach(self, start_date: date | None, under_way: UnderWay) -> Reach:
        """The same as the simulation has it, for a change that begins on this day."""
        start = None if start_date is None else float((start_date - date(1970, 1, 1)).days)
        return Reach(
            start=start,
            values=self.values(),
            age_under=self.age_under,
            share=self.share_reached,
            ramp_days=self.ramp_up_months * _DAYS_A_MONTH,
            under_way=under_way,
        )

    def __str__(self) -> str:
        said = [f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in self.values().items()]
        said += [f"younger than {self.age_under}"] if self.age_under is not None else []
        told = "children of " + ", ".join(said) if said else "all children"
        told = told.replace("children of younger", "children younger")
        told += f"; {self.share_reached:.0%} of them" if self.share_reached < 1.0 else ""
        return told + (f", reached evenly over {self.ramp_up_months:g} months" if self.ramp_up_months else "")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named change idea: what it does, why it should help, and what is known about its size."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    name: Name
    title: Text
    rationale: Text
    evidence: tuple[Evidence, ...] = ()
    confirmed: StrictBool = False
    """Whether a measured effect, of a place where it was tried, stands behind the sizes."""
    owner: str = ""
    """Who answers for the test of change."""
    start_date: PlainDate | None = None
    """The day on which the change begins; missing: the day after the extract."""
    first_measure: str = ""
    """The measure that moves first if the change works: what to look at before any stage can show it."""
    side_effects: tuple[Text, ...] = ()
    """What else it does: extra work, and where waiting may move."""
    no_effect: Share = 0.0
    """Probability that, tried here, the idea changes nothing: the sizes are then not applied at all."""
    under_way: UnderWay = "unaffected"
    """Work under way when the change begins: "unaffected"; "scaled": its remaining time changes as such a duration
    does; "redrawn": its remaining time is drawn from the changed law, given the time it has taken."""
    applies_to: AppliesTo = field(default_factory=AppliesTo)
    changes: tuple[Change, ...]

    @property
    def evidence_text(self) -> str:
        """What is known, and what is not, with its sources, as one paragraph."""
        return " ".join(str(one) for one in self.evidence)

    def pictured(self, model: PathwayModel) -> tuple[str, ...]:
        """A line a change: what it touches on the map; why, where the pathway has nothing to be touched."""
        lines = []
        for change in self.changes:
            try:
                lines.append(change.pictured(model))
            except ChangeError as error:
                lines.append(f"not possible here: {error}")
        return tuple(lines)

    def ranges(self) -> dict[str, Range | Elicited]:
        """Everything uncertain in the changes, in the order of `sizes`, by place: `changes.0.factor`."""
        return {
            f"changes.{number}.{key}": size
            for number, change in enumerate(self.changes)
            for key, size in change.ranges().items()
        }

    def exactly(self, sizes: Mapping[str, float]) -> Scenario:
        """The same scenario, sure to have an effect, with these sizes known: key of a change, or its place, -> size.

        Raises ValueError for a key that no range has, or several have.
        """
        places = list(self.ranges())
        known: dict[str, float] = {}
        for key, value in sizes.items():
            found = [place for place in places if key in (place, place.split(".", 2)[2])]
            if len(found) != 1:
                raise ValueError(f"{key!r} names {len(found)} sizes of {self.name!r}; they are: {', '.join(places)}")
            known[found[0]] = value
        changes = tuple(
            replace(
                change,
                **{  # type: ignore[arg-type]
                    key: Range.exactly(known[f"changes.{number}.{key}"])
                    for key in change.ranges()
                    if f"changes.{number}.{key}" in known
                },
            )
            for number, change in enumerate(self.changes)
        )
        return replace(self, changes=changes, no_effect=0.0)

    def sizes(self, generator: np.random.Generator) -> tuple[float | None, ...]:
        """One size a range, or None for each when this draw has no effect (see `sizes_at`)."""
        return self.sizes_at(generator.random(1 + len(self.ranges())).tolist())

    def sizes_at(self, units: Sequence[float]) -> tuple[float | None, ...]:
        """The sizes at these units in [0, 1): the first says whether there is an effect, the others how large.

        Changes of which nothing is uncertain have the one size 1: made, or None: not made.
        """
        ranges = self.ranges()
        if len(units) != 1 + len(ranges):
            raise ValueError(f"{self.name} needs {1 + len(ranges)} units, got {len(units)}")
        drawn = tuple(size.quantile(unit) for size, unit in zip(ranges.values(), units[1:], strict=True))
        if self.changes and not ranges:
            drawn = (1.0,)
        return drawn if units[0] >= self.no_effect else (None,) * len(drawn)

    def likely_sizes(self) -> tuple[float | None, ...]:
        """The medians of the sizes, in a draw with an effect."""
        return replace(self, no_effect=0.0).sizes_at([0.5] * (1 + len(self.ranges())))

    def apply(self, model: PathwayModel, sizes: tuple[float | None, ...]) -> PathwayModel:
        """The changed model; the model itself where the sizes are None. Raises ChangeError."""
        if any(size is None for size in sizes):
            return model
        left = list(sizes)
        for change in self.changes:
            count = len(change.ranges())
            mine, left = left[:count], left[count:]
            drawn = [size for size in mine if size is not None]
            if isinstance(change, Demand) and self.start_date is not None:
                model = change.apply_from(model, self.start_date.isoformat(), *drawn)
            else:
                model = change.apply(model, *drawn)
        if left and self.ranges():
            raise ValueError(f"{self.name} has {len(self.ranges())} sizes, got {len(sizes)}")
        return model

    def reach(self) -> Reach | None:
        """Whom it reaches, from when on, and what becomes of work under way, as `simulate` asks for it; None where it
        is for all children from the first day on, and leaves work under way alone."""
        if self.applies_to.everybody and self.start_date is None and self.under_way == "unaffected":
            return None
        return self.applies_to.reach(self.start_date, self.under_way)


NULL = Scenario(
    name="no-change",
    title="No change",
    rationale="The check that a comparison of nothing with nothing gives exactly nothing.",
    changes=(),
)
