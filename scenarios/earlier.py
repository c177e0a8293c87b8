"""Bring forward: an activity starts earlier than it does now, and what must wait for it waits less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import ConfigDict

from event_logs.project.fields import FORBID, Text
from scenarios.parts import ChangeError, Touch, befores, begun_after, known_activity, reviews, steps_of
from scenarios.ranges import Elicited, Range, Size
from simulation.gates import NO_DELAY, Beforehand
from simulation.laws import fixed
from simulation.model import Choice, PathwayModel, Step


@dataclass(frozen=True, kw_only=True)
class BringForward:
    """`bring forward`: an activity starts earlier: before the review that decides, at an earlier activity, or side by
    side with what it now follows. It runs beside what goes on meanwhile, so what needs both waits for the later of the
    two and not for their sum. Children who turn out not to need it have it too, which is extra work, and is counted.

    Children who are past the new start when the change begins have the activity started where it starts now.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["bring forward"] = "bring forward"
    activity: Text
    days_before_review: Size | None = None
    """It starts this many days before the review that decides the plan, for every child decided."""
    at: Text | None = None
    """It starts when this earlier activity happens..."""
    days_after: Size | None = None
    """... or so many days after it."""
    beside: Text | None = None
    """It starts together with this activity's own work, which it now follows: in parallel instead of in sequence."""

    def __post_init__(self) -> None:
        if [self.days_before_review, self.at, self.beside].count(None) != 2:
            raise ValueError("say when it starts: `days_before_review`, `at` or `beside`, exactly one of them")
        if self.days_after is not None and self.at is None:
            raise ValueError("`days_after` counts from the activity `at`; give both or neither")

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        if self.days_before_review is not None:
            return {"days_before_review": self.days_before_review}
        return {"days_after": self.days_after} if self.days_after is not None else {}

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset({("when it starts", self.activity)})

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the activity started earlier. Raises ChangeError where the pathway does not allow it."""
        usual = self._usual(model)
        if self.days_before_review is not None:
            return self._before_review(model, usual, sizes[0])
        if self.beside is not None:
            return self._beside(model, usual, self.beside)
        assert self.at is not None
        return self._at(model, usual, self.at, sizes[0] if sizes else 0.0)

    def _usual(self, model: PathwayModel) -> tuple[Step, ...]:
        """The steps by which the activity starts now."""
        known_activity(model, self.activity, "activity")
        if self.activity in model.downstream().get(self.activity, ()):
            problem = f"{self.activity!r} can happen to a child again and again, so that it has no one start"
            raise ChangeError("activity", problem, "Bring forward an activity that happens once")
        usual = steps_of(model, self.activity)
        for step in usual:
            for after, choice in model.choices.items():
                here = [step.name in option.starts for option in choice.options]
                if any(here) and not all(here):
                    problem = (
                        f"{self.activity!r} is only one of the ways on after {after!r}: who will need it is not known "
                        "before"
                    )
                    raise ChangeError("activity", problem, "Bring forward an activity that all children need")
        return usual

    def _before_review(self, model: PathwayModel, usual: tuple[Step, ...], lead: float) -> PathwayModel:
        if lead < 0.0:
            problem = f"days_before_review must not be negative, got {lead:g}"
            raise ChangeError("days_before_review", problem, "Change the limits of `days_before_review`")
        gate, cycle = reviews(model, "days_before_review")
        early = Step(name=f"{self.activity} before the review", activity=self.activity, laws=NO_DELAY, once=True)
        beforehand = (*cycle.beforehand, Beforehand(step=early.name, lead_days=lead))
        gates = {**model.gates, gate: replace(cycle, beforehand=beforehand)}
        return replace(model, steps=_with(model, early, *_once(usual)), gates=gates)

    def _at(self, model: PathwayModel, usual: tuple[Step, ...], at: str, days: float) -> PathwayModel:
        known_activity(model, at, "at")
        if self.activity not in model.downstream().get(at, ()):
            problem = f"{self.activity!r} does not come after {at!r}, so that it cannot be brought forward to it"
            raise ChangeError("at", problem, "Name an activity that comes before it")
        if days < 0.0:
            raise ChangeError("days_after", f"days_after must not be negative, got {days:g}", "Change its limits")
        early = Step(
            name=f"{self.activity} at {at}",
            activity=self.activity,
            laws={"": fixed(days)},
            waits_for=(at,),
            then=usual[0].then,
            once=True,
        )
        return replace(model, steps=_with(model, early, *_once(usual)))

    def _beside(self, model: PathwayModel, usual: tuple[Step, ...], beside: str) -> PathwayModel:
        known_activity(model, beside, "beside")
        if len(usual) != 1 or usual[0].name not in begun_after(model, beside) or self.activity in model.final:
            after = befores(model, usual) or "nothing"
            problem = f"{self.activity!r} does not follow {beside!r} in sequence"
            raise ChangeError("beside", problem, f"It comes after: {after}")
        if beside in model.downstream().get(beside, ()):
            problem = f"{beside!r} can happen to a child again and again, so that nothing can be set beside it once"
            raise ChangeError("beside", problem, "Name an activity that happens once")
        (step,) = usual
        alone = f"{self.activity} done beside {beside}"
        # The step keeps its name, and with it the child's luck; who is past its new start has it where it starts now.
        early = replace(step, once=True, then=alone)
        late = replace(early, name=f"{step.name}, as before")
        both = Step(
            name=f"{beside} and {self.activity}",
            activity="",
            laws=NO_DELAY,
            waits_for=(beside, self.activity),
            then=step.leads_to,
        )
        steps, choices = {**model.steps, early.name: early, late.name: late, both.name: both}, dict(model.choices)
        choices[beside] = _options(choices[beside], lambda starts: _exchanged(starts, early.name, late.name))
        for number, first in enumerate(steps_of(model, beside, "beside")):
            name = early.name + (f", {number + 1}" if number else "")
            steps[name] = replace(early, name=name, waits_for=first.waits_for)
            for after, choice in choices.items():
                choices[after] = _options(choice, lambda starts: (*starts, name) if first.name in starts else starts)  # noqa: B023
        return replace(model, steps=steps, choices=choices)

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        now = befores(model, self._usual(model))
        if self.days_before_review is not None:
            new = f"{reviews(model, 'days_before_review')[1].review} that decides"
            return f"[{self.activity} {self.days_before_review.brief} days before] → {new}   (now after: {now})"
        if self.beside is not None:
            return f"[{self.activity}] beside {self.beside}   (now after it)"
        later = f" {self.days_after.brief} days later" if self.days_after is not None else ""
        return f"{self.at} → [{self.activity}{later}]   (now after: {now})"


def _once(usual: tuple[Step, ...]) -> tuple[Step, ...]:
    """The usual steps, begun only for those for whom the activity has not been started yet."""
    return tuple(replace(step, once=True) for step in usual)


def _with(model: PathwayModel, *steps: Step) -> Mapping[str, Step]:
    return {**model.steps, **{step.name: step for step in steps}}


def _options(choice: Choice, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Choice:
    return replace(choice, options=tuple(replace(one, starts=change(one.starts)) for one in choice.options))


def _exchanged(starts: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in starts)
