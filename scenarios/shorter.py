"""Shorten: steps take less time, by a factor or by days, all of them or only the longest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from event_logs.project.fields import FORBID, Text
from scenarios.laws_changed import beyond, mapped
from scenarios.parts import ChangeError, Touch, befores, begun_after, known_activity, share_between, steps_of
from scenarios.ranges import Elicited, Range, Size
from simulation.laws import Law
from simulation.model import PathwayModel
from simulation.model_law import Number

MOST_FACTOR = 2.0
"""A change idea that makes work take more than twice as long is a slip of the pen."""


@dataclass(frozen=True, kw_only=True)
class Shorten:
    """`shorten`: steps take a share of the time they take now, or so many days less; all of them, or their tail only.

    The time at a gate (waiting for a panel or a review) is not part of a step's own time: it follows from the gate.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["shorten"] = "shorten"
    activities: tuple[Text, ...] = ()
    """The steps that end with one of these activities; "Planning" is the work until a plan is ready to be decided."""
    after: tuple[Text, ...] = ()
    """The steps that begin after one of these activities; with `activities`: of those steps only."""
    factor: Size | None = None
    """They take this share of the time they take now, above 0 and at most 2."""
    days: Size | None = None
    """They take this many days less, but never less than 0."""
    beyond_quantile: Annotated[Number, Field(gt=0, lt=1)] | None = None
    """Only what lies beyond this quantile is shortened: with 0.8 the longest fifth, and of it the days in excess."""
    beyond_day: Annotated[Number, Field(ge=0)] | None = None
    """Only the days in excess of this one are shortened."""

    def __post_init__(self) -> None:
        if not (self.activities or self.after):
            raise ValueError("say which steps: `activities` that they end with, `after` which they begin, or both")
        if (self.factor is None) == (self.days is None):
            raise ValueError("say by how much: `factor` or `days`, exactly one of them")
        if self.beyond_quantile is not None and self.beyond_day is not None:
            raise ValueError("say where the tail begins: `beyond_quantile` or `beyond_day`, not both")

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {"factor": self.factor} if self.factor is not None else {"days": self.days}  # type: ignore[dict-item]

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset(("how long it takes", name) for name in self.steps(model))

    def steps(self, model: PathwayModel) -> tuple[str, ...]:
        """The names of the steps that it shortens, in the order of the model."""
        ending = {step.name for activity in self.activities for step in steps_of(model, activity, "activities")}
        beginning: set[str] = set()
        for activity in self.after:
            known_activity(model, activity, "after")
            beginning |= begun_after(model, activity)
        wanted = ending & beginning if self.activities and self.after else ending | beginning
        chosen = tuple(name for name, step in model.steps.items() if name in wanted and not step.by_age)
        if not chosen:
            names = ", ".join(repr(name) for name in (*self.activities, *self.after))
            problem = f"the pathway has no step that is, or begins after, one of: {names}"
            if any(model.steps[name].by_age for name in wanted):
                problem = f"what {names} names is a matter of the child's age, and cannot be shortened"
            raise ChangeError("activities" if self.activities else "after", problem, "Name other activities")
        return chosen

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the laws of those steps shortened; the model itself where the size leaves all as it is."""
        (size,) = sizes
        chosen = self.steps(model)
        if self.factor is not None:
            share_between("factor", size, 0.0, MOST_FACTOR, "factor")
        elif size < 0.0:
            raise ChangeError("days", f"days must not be negative, got {size:g}", "Change the limits of `days`")
        if size == (1.0 if self.factor is not None else 0.0):
            return model
        steps = {
            name: replace(
                model.steps[name], laws={key: self._law(law, size) for key, law in model.steps[name].laws.items()}
            )
            for name in chosen
        }
        return replace(model, steps={**model.steps, **steps})

    def _law(self, law: Law, size: float) -> Law:
        tail = self.beyond_quantile is not None or self.beyond_day is not None
        if self.factor is not None and not tail:
            return law.scaled(size)
        if not tail:
            return mapped(law, lambda days: days - size, law.note)
        begins = self.beyond_day if self.beyond_day is not None else law.isf(1.0 - (self.beyond_quantile or 0.0))
        if self.factor is not None:
            return beyond(law, begins, lambda excess: excess * size, law.note)
        return beyond(law, begins, lambda excess: excess - size, law.note)

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        what = f"time × {self.factor.brief}" if self.factor else f"{self.days.brief} days less" if self.days else ""
        tail = ""
        if self.beyond_quantile is not None:
            tail = f" of what exceeds the {self.beyond_quantile:.0%} quantile"
        elif self.beyond_day is not None:
            tail = f" of what exceeds {self.beyond_day:g} days"
        steps = [model.steps[name] for name in self.steps(model)]
        ends = list(dict.fromkeys(step.activity or step.leads_to for step in steps))
        last = ", ".join(ends) if len(ends) < 4 else f"{ends[0]} or one of {len(ends) - 1} other ways"
        return " → ".join(filter(None, (befores(model, steps), f"[{what}{tail}]", last)))
