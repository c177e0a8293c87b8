"""Finding the parts of a model that a change names, with the nearest valid name where there is none."""

from __future__ import annotations

from collections.abc import Iterable

from event_logs.project import nearest
from simulation.gates import ReviewCycle
from simulation.model import PathwayModel, Step

Touch = tuple[str, str]
"""What a change does, and to which part: two changes of one scenario with a touch in common overlap."""


class ChangeError(ValueError):
    """A change cannot be made to a pathway: which key of the change is at fault, what is wrong, and what to do."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.key, self.problem, self.remedy = key, problem, remedy


def unknown(key: str, word: str, kind: str, known: Iterable[str]) -> ChangeError:
    """The error for a name that the pathway does not have."""
    names = sorted(set(known))
    near = nearest(word, names, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"Name one of: {', '.join(names)}"
    return ChangeError(key, f"the pathway has no {kind} {word!r}", remedy)


def steps_of(model: PathwayModel, activity: str, key: str = "activity") -> tuple[Step, ...]:
    """The steps that record an activity, or the step of that name that leaves no record (such as Planning)."""
    found = tuple(step for step in model.steps.values() if step.activity == activity)
    if not found and activity in model.steps and not model.steps[activity].activity:
        found = (model.steps[activity],)
    if not found or not activity:
        silent = [name for name, step in model.steps.items() if not step.activity]
        raise unknown(key, activity, "activity", [*model.ranks, *silent])
    return found


def known_activity(model: PathwayModel, activity: str, key: str) -> None:
    """Raise ChangeError where the pathway does not have the activity."""
    if activity not in model.ranks:
        raise unknown(key, activity, "activity", model.ranks)


def begun_after(model: PathwayModel, activity: str) -> frozenset[str]:
    """The steps that the choice after an activity may begin."""
    if activity not in model.choices:
        return frozenset()
    return frozenset(name for option in model.choices[activity].options for name in option.starts)


def before(model: PathwayModel, step: Step) -> str:
    """What a step comes after, in words: an activity, several that are all waited for, or nothing."""
    if step.waits_for:
        return " + ".join(step.waits_for)
    return next((name for name in model.choices if step.name in begun_after(model, name)), "")


def befores(model: PathwayModel, steps: Iterable[Step]) -> str:
    """What these steps come after, in words."""
    return " or ".join(dict.fromkeys(filter(None, (before(model, step) for step in steps))))


def reviews(model: PathwayModel, key: str) -> tuple[str, ReviewCycle]:
    """The review cycle of a model, with its name."""
    for name, gate in model.gates.items():
        if isinstance(gate, ReviewCycle):
            return name, gate
    raise ChangeError(
        key,
        "this change needs a pathway with reviews that decide a plan, and this one has none",
        "Leave the change out, or run it on the declared permanence pathway",
    )


def share_between(key: str, value: float, low: float, high: float, what: str) -> None:
    """Raise ChangeError where a size lies outside what it can be; `low` itself is outside where it is 0."""
    inside = (low < value if low == 0.0 else low <= value) and value <= high
    if not inside:
        bracket = "(" if low == 0.0 else "["
        raise ChangeError(
            key, f"{what} must be in {bracket}{low:g}, {high:g}], got {value:g}", f"Change the limits of `{key}`"
        )
