"""Add or remove an activity: one more review, a tracking meeting, a step that is no longer needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from event_logs.project.fields import FORBID, Text
from scenarios.laws_changed import mapped
from scenarios.parts import ChangeError, Touch, before, befores, known_activity, reviews, steps_of
from scenarios.ranges import Elicited, Range, Size
from simulation.gates import NO_DELAY
from simulation.laws import fixed
from simulation.model import Choice, Option, PathwayModel, Step
from simulation.model_law import Number


@dataclass(frozen=True, kw_only=True)
class Add:
    """`add`: one more activity. With `day` it is one more review, so many days after the child's reviews begin, at
    which a plan that is ready can be decided; the ordinary reviews stay as they are. Otherwise it is done `days` after
    an activity: beside all else, or, with `holds_up`, before anything that follows that activity can begin.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["add"] = "add"
    activity: Text
    """What is added; a review has the name that reviews have."""
    day: Size | None = None
    """Of a review: the day after accommodation on which it falls due."""
    first_due: Annotated[Number, Field(gt=0)] | None = None
    """Of a review: the day on which the first ordinary review falls due. The added one is then held as late after its
    own day as that one is after this; without it, on its day."""
    after: Text | None = None
    """Of another activity: what it comes after."""
    days: Size | None = None
    """Days from then until it is done."""
    holds_up: bool = False
    """Whether what follows waits for it."""

    def __post_init__(self) -> None:
        if (self.day is None) == (self.after is None):
            raise ValueError("say when it is: `day` of a review, or `after` an activity, exactly one of them")
        if (self.after is None) != (self.days is None):
            raise ValueError("`after` and `days` go together; give both or neither")
        if self.first_due is not None and self.day is None:
            raise ValueError("`first_due` is for a review, which has a `day`")
        if self.holds_up and self.after is None:
            raise ValueError("`holds_up` is for an activity `after` another; a review holds nothing up")

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {"day": self.day} if self.day is not None else {"days": self.days}  # type: ignore[dict-item]

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset({("one more", self.activity if self.day is None else f"{self.activity}, day {self.day}")})

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the activity added. Raises ChangeError where the pathway does not allow it."""
        (size,) = sizes
        if size < 0.0:
            key = "day" if self.day is not None else "days"
            raise ChangeError(key, f"{key} must not be negative, got {size:g}", f"Change the limits of `{key}`")
        if self.after is None:
            gate, cycle = reviews(model, "activity")
            if self.activity != cycle.review:
                problem = f"{self.activity!r} is not what reviews are called in this pathway"
                raise ChangeError("activity", problem, f"Write {cycle.review!r}, or say what it comes `after`")
            more = replace(cycle, extra_days=tuple(sorted((*cycle.extra_days, size))))
            if self.first_due is not None:
                due = self.first_due
                more = replace(more, extra_late=mapped(cycle.gap(0), lambda days: days - due, ""))
            return replace(model, gates={**model.gates, gate: more})
        known_activity(model, self.after, "after")
        if self.activity in model.ranks:
            problem = f"the pathway has {self.activity!r} already"
            raise ChangeError("activity", problem, "Give the added activity a name of its own")
        ranks = {**model.ranks, self.activity: model.ranks[self.after] + 1}
        done = f"{self.activity} done"
        step = Step(name=f"{self.after} → {self.activity}", activity=self.activity, laws={"": fixed(size)}, then=done)
        if not self.holds_up:
            beside = replace(step, waits_for=(self.after,))
            return replace(model, ranks=ranks, steps={**model.steps, step.name: beside})
        if self.after not in model.choices:
            problem = f"nothing follows {self.after!r} by itself, so that nothing can be held up there"
            raise ChangeError("after", problem, "Leave `holds_up` out, or name another activity")
        choices = {**model.choices, done: model.choices[self.after]}
        choices[self.after] = Choice(options=(Option(starts=(step.name,), share={"": 1.0}),))
        return replace(model, ranks=ranks, steps={**model.steps, step.name: step}, choices=choices)

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        if self.day is not None:
            gate, _ = reviews(model, "activity")
            waiting = [step for step in model.steps.values() if step.gate == gate]
            first = before(model, waiting[0]) if waiting else ""
            return " → ".join(filter(None, (first, f"[{self.activity} day {self.day.brief}]", "plan decided")))
        assert self.days is not None
        held = "" if self.holds_up else ", beside what follows"
        return f"{self.after} → [{self.activity} {self.days.brief} days later{held}]"


@dataclass(frozen=True, kw_only=True)
class Remove:
    """`remove`: an activity is no longer done. Nothing waits for it, and what followed it follows at once."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["remove"] = "remove"
    activity: Text

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """Nothing in it is uncertain."""
        return {}

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part: nothing else can be done to what is no longer done."""
        names = [step.name for step in steps_of(model, self.activity)]
        kinds = ("when it starts", "one more", "removed")
        return frozenset([(kind, self.activity) for kind in kinds] + [("how long it takes", name) for name in names])

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model without the activity. Work on it that is under way is finished. Raises ChangeError."""
        known_activity(model, self.activity, "activity")
        if self.activity in model.final:
            problem = f"{self.activity!r} ends the case, and cannot be removed"
            raise ChangeError("activity", problem, "Remove another activity")
        steps, passed = dict(model.steps), {}
        for step in steps_of(model, self.activity):
            if not step.activity:
                raise ChangeError("activity", f"{self.activity!r} leaves no record to remove", "Shorten it instead")
            left_out = f"{step.name}, left out"
            passed[step.name] = left_out
            steps[left_out] = Step(
                name=left_out, activity="", laws=NO_DELAY, waits_for=step.waits_for, then=step.leads_to
            )
            if step.waits_for:
                steps[step.name] = replace(step, waits_for=())
        for name, step in steps.items():
            if self.activity in step.waits_for:
                rest = tuple(activity for activity in step.waits_for if activity != self.activity)
                gone = steps_of(model, self.activity)[0]
                steps[name] = replace(step, waits_for=rest or gone.waits_for or (before(model, gone),))
        choices = {after: choice.starting(passed) for after, choice in model.choices.items()}
        return replace(model, steps=steps, choices=choices)

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        first = befores(model, steps_of(model, self.activity))
        return " → ".join(filter(None, (first, f"[no more {self.activity}]")))
