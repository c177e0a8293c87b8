"""Changes to a pathway: each is a mechanism with a range, never "this stage times 0.8"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from event_logs import vocabulary as v
from simulation import pathway
from simulation.gates import NO_DELAY, Beforehand, ReviewCycle, Sessions
from simulation.model import Choice, Option, PathwayModel, Step


@dataclass(frozen=True)
class Range:
    """How large an effect may be: a triangular law over low, likely, high."""

    low: float
    likely: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise ValueError(f"a range must be low <= likely <= high, got {self.low}, {self.likely}, {self.high}")

    @classmethod
    def exactly(cls, value: float) -> Range:
        """A size that is known."""
        return cls(value, value, value)

    def draw(self, generator: np.random.Generator) -> float:
        """One size."""
        unit = float(generator.random())  # drawn even when the size is known, so that other draws stay as they are
        if self.low == self.high:
            return self.low
        turn = (self.likely - self.low) / (self.high - self.low)
        if unit < turn:
            return self.low + float(np.sqrt(unit * (self.high - self.low) * (self.likely - self.low)))
        return self.high - float(np.sqrt((1 - unit) * (self.high - self.low) * (self.high - self.likely)))


@dataclass(frozen=True, kw_only=True)
class RequestBeforeReview:
    """An activity that is requested this many days before the review that decides the plan, for every child decided,
    instead of after the recommendation. It runs side by side with planning; children who go home need it too, which is
    extra work, and is counted."""

    activity: str
    lead_days: Range

    def apply(self, model: PathwayModel, size: float) -> PathwayModel:
        """The model with the activity requested `size` days beforehand."""
        usual = f"{v.RECOMMENDED} → {self.activity}"
        if usual not in model.steps:
            raise ValueError(f"the pathway has no step {usual!r} that could be brought forward")
        name = f"{self.activity} before the review"
        step = Step(name=name, activity=self.activity, laws=NO_DELAY)
        cycle = _reviews(model)
        early = (*cycle.beforehand, Beforehand(step=name, lead_days=size))
        after = Choice(
            options=tuple(
                Option(starts=tuple(s for s in option.starts if s != usual), share=option.share)
                for option in model.choices[v.RECOMMENDED].options
            )
        )
        return replace(
            model,
            steps={**model.steps, name: step},
            gates={**model.gates, pathway.REVIEW_GATE: replace(cycle, beforehand=early)},
            choices={**model.choices, v.RECOMMENDED: after},
        )


@dataclass(frozen=True, kw_only=True)
class AddReview:
    """One more LAAC review this many days after accommodation; the ordinary reviews stay as they are."""

    day: Range

    def apply(self, model: PathwayModel, size: float) -> PathwayModel:
        """The model with the additional review on day `size`."""
        cycle = _reviews(model)
        more = replace(cycle, extra_days=tuple(sorted((*cycle.extra_days, size))))
        return replace(model, gates={**model.gates, pathway.REVIEW_GATE: more})


@dataclass(frozen=True, kw_only=True)
class ReadySooner:
    """Assessments are commissioned earlier, so that plans are ready after this share of the time they take now."""

    factor: Range

    def apply(self, model: PathwayModel, size: float) -> PathwayModel:
        """The model with time to readiness multiplied by `size`."""
        if not 0 < size <= 2:
            raise ValueError(f"factor must be in (0, 2], got {size}")
        planning = model.steps[pathway.PLANNING]
        laws = {stratum: law.scaled(size) for stratum, law in planning.laws.items()}
        return replace(model, steps={**model.steps, pathway.PLANNING: replace(planning, laws=laws)})


@dataclass(frozen=True, kw_only=True)
class Quicker:
    """Steps that take this share of the time they take now: those named, and all that begin after some activities."""

    factor: Range
    steps: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def apply(self, model: PathwayModel, size: float) -> PathwayModel:
        """The model with the laws of those steps multiplied by `size`."""
        if not 0 < size <= 2:
            raise ValueError(f"factor must be in (0, 2], got {size}")
        begins = tuple(f"{activity} → " for activity in self.after)
        chosen = [name for name in model.steps if name in self.steps or name.startswith(begins)]
        if not chosen:
            wanted = ", ".join(repr(name) for name in (*self.steps, *self.after))
            raise ValueError(f"the pathway has no step that is, or begins after, one of: {wanted}")
        steps = {
            name: replace(step, laws={stratum: law.scaled(size) for stratum, law in step.laws.items()})
            for name, step in model.steps.items()
            if name in chosen
        }
        return replace(model, steps={**model.steps, **steps})


@dataclass(frozen=True, kw_only=True)
class MoreSlots:
    """So many more children are heard at each session of the panel."""

    slots: Range

    def apply(self, model: PathwayModel, size: float) -> PathwayModel:
        """The model with `size` more slots, rounded, at each session."""
        gate = model.gates.get(pathway.PANEL_GATE)
        if not isinstance(gate, Sessions):
            raise ValueError("this change needs a pathway with a permanence panel")
        more = replace(gate, slots=max(1, gate.slots + round(size)))
        return replace(model, gates={**model.gates, pathway.PANEL_GATE: more})


Change = RequestBeforeReview | AddReview | ReadySooner | Quicker | MoreSlots


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named change idea: what it does, why it should help, and what is known about its size."""

    name: str
    title: str
    rationale: str
    evidence: str
    changes: tuple[Change, ...]
    no_effect: float = 0.0
    """Probability that, tried here, the idea changes nothing: the sizes are then not applied at all."""
    confirmed: bool = False
    """Whether a measured effect stands behind the sizes."""

    def sizes(self, generator: np.random.Generator) -> tuple[float | None, ...]:
        """One size a change, or None for each when this draw has no effect."""
        helps = float(generator.random()) >= self.no_effect
        drawn = tuple(_range(change).draw(generator) for change in self.changes)
        return drawn if helps else tuple(None for _ in self.changes)

    def apply(self, model: PathwayModel, sizes: tuple[float | None, ...]) -> PathwayModel:
        """The changed model; a size of None leaves its change out."""
        for change, size in zip(self.changes, sizes, strict=True):
            if size is not None:
                model = change.apply(model, size)
        return model


def _range(change: Change) -> Range:
    match change:
        case RequestBeforeReview():
            return change.lead_days
        case AddReview():
            return change.day
        case MoreSlots():
            return change.slots
    return change.factor


def _reviews(model: PathwayModel) -> ReviewCycle:
    cycle = model.gates.get(pathway.REVIEW_GATE)
    if not isinstance(cycle, ReviewCycle):
        raise ValueError("this change needs the declared permanence pathway, with its LAAC reviews")
    return cycle


NULL = Scenario(
    name="no-change",
    title="No change",
    rationale="The check that a comparison of nothing with nothing gives exactly nothing.",
    evidence="",
    changes=(),
)

IDEAS: Mapping[str, Scenario] = {
    idea.name: idea
    for idea in (
        Scenario(
            name="earlier-legal-advice",
            title="Earlier legal advice",
            rationale=(
                "Legal advice is requested before the review that decides the plan, not after the recommendation, so "
                "that it runs side by side with planning instead of after it."
            ),
            evidence=(
                "Up to four weeks of queueing could be removed in Aberdeenshire, where one to two days of work took "
                "four weeks (CELCIS blog, 2016). The turnaround achieved after the test was not found. The lead of two "
                "to six weeks is our assumption."
            ),
            changes=(RequestBeforeReview(activity=v.LEGAL_REQUESTED, lead_days=Range(14, 28, 42)),),
        ),
        Scenario(
            name="four-week-review",
            title="Four-week review",
            rationale=(
                "One more LAAC review four weeks after accommodation: a further chance to decide, and a date for which "
                "assessments are commissioned earlier."
            ),
            evidence=(
                "No measured effect was found. That plans are ready in 75 to 100 % of the time they take now is our "
                "assumption; without it the additional review alone changes little."
            ),
            changes=(AddReview(day=Range.exactly(28)), ReadySooner(factor=Range(0.75, 0.85, 1.0))),
        ),
    )
}
"""The ready-made change ideas, by name."""
