"""Gate, staff and demand: when a panel meets and whom it hears, how many places there are, how many children come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, StrictInt

from event_logs.project.fields import FORBID, PlainDate, Text, Weekday
from scenarios.parts import ChangeError, Touch, share_between, unknown
from scenarios.ranges import Elicited, Range, Size
from simulation import pathway
from simulation.model import PathwayModel

Week = Annotated[StrictInt, Field(ge=1, le=5)]
Month = Annotated[StrictInt, Field(ge=1, le=12)]


@dataclass(frozen=True, kw_only=True)
class PriorityRule:
    """Who goes first where several wait; within a group, first come, first served."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    by: Text
    """The case attribute that it goes by."""
    first: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Its values, first things first; all others come last."""


@dataclass(frozen=True, kw_only=True)
class GateChange:
    """`gate`: a gate with another calendar, another number of slots, another rule. What is not said stays as it is.

    A gate serves all children: a change of it cannot be for some of them only.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["gate"] = "gate"
    gate: Text = pathway.PANEL_GATE
    slots: Size | None = None
    """Children heard at one session; rounded to whole children."""
    more_slots: Size | None = None
    """Instead: so many more of them than now; less than 0 is fewer."""
    lead_days: Size | None = None
    """Papers must be complete so many days before a session."""
    quorum_failure: Size | None = None
    """The chance that a session cannot take place."""
    deferral: Size | None = None
    """The chance that a child whose turn it is goes away undecided."""
    keeps_limit: Size | None = None
    """Of a decision maker: the share of decisions, late otherwise, that are made on the last lawful day."""
    weekday: Weekday | None = None
    weeks_of_month: tuple[Week, ...] | None = None
    """The weeks of the month in which it meets."""
    skip_months: tuple[Month, ...] | None = None
    """The months in which it does not meet; [] for none."""
    cancelled: tuple[PlainDate, ...] | None = None
    """The dates on which a session falls out; [] for none."""
    added: tuple[PlainDate, ...] | None = None
    """Further dates on which it meets."""
    priority: PriorityRule | None = None
    """Who goes first."""

    def __post_init__(self) -> None:
        if not self._said():
            raise ValueError("say what changes at the gate: `slots`, `weeks_of_month`, `lead_days` or another key")
        if self.slots is not None and self.more_slots is not None:
            raise ValueError("say how many slots: `slots` or `more_slots`, not both")

    def _said(self) -> dict[str, Any]:
        names = [one.name for one in fields(self) if one.name not in ("type", "gate")]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {name: value for name, value in self._said().items() if isinstance(value, Range | Elicited)}

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset((f"the {name.removeprefix('more_')} of a gate", self.gate) for name in self._said())

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the gate changed. Raises ChangeError where the gate has no such property."""
        gate = found_gate(model, self.gate)
        size = dict(zip(self.ranges(), sizes, strict=True))
        new: dict[str, Any] = {}
        for key, value in self._said().items():
            name = key.removeprefix("more_")
            if not hasattr(gate, name):
                problem = f"the gate {self.gate!r} has no {name.replace('_', ' ')} to change"
                raise ChangeError(key, problem, f"Leave `{key}` out")
            new[name] = self._value(gate, key, size.get(key, value))
        if all(getattr(gate, name) == value for name, value in new.items()):
            return model
        return _with_gate(model, self.gate, new)

    def _value(self, gate: Any, key: str, value: Any) -> Any:
        if key in ("slots", "more_slots"):
            slots = round(value) + (gate.slots if key == "more_slots" else 0)
            if slots < 1:
                raise ChangeError(key, f"slots must be at least 1, got {slots}", f"Change the limits of `{key}`")
            return slots
        if key in ("quorum_failure", "deferral", "keeps_limit") and not 0.0 <= value <= 1.0:
            raise ChangeError(key, f"{key} must be in [0, 1], got {value:g}", f"Change the limits of `{key}`")
        if key == "lead_days" and value < 0.0:
            raise ChangeError(key, f"lead_days must not be negative, got {value:g}", "Change the limits of `lead_days`")
        if key in ("cancelled", "added"):
            return tuple(day.isoformat() for day in value)
        if key == "priority":
            from simulation.gates import Priority

            return Priority(by=value.by, first=value.first)
        return value

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        found_gate(model, self.gate)
        said = "; ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in self._said().items())
        ends = [step.activity for step in model.steps.values() if step.gate == self.gate and step.activity]
        return f"[{self.gate}: {said}] → {' or '.join(dict.fromkeys(ends))}"


@dataclass(frozen=True, kw_only=True)
class Staff:
    """`staff`: more or fewer places at a gate where work is done by a limited number of people or courtrooms."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["staff"] = "staff"
    gate: Text
    places: Size | None = None
    """How many there are; rounded to whole ones."""
    more: Size | None = None
    """Instead: so many more than now; less than 0 is fewer."""

    def __post_init__(self) -> None:
        if (self.places is None) == (self.more is None):
            raise ValueError("say how many places: `places` or `more`, exactly one of them")

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {"places": self.places} if self.places is not None else {"more": self.more}  # type: ignore[dict-item]

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset({("the places of a gate", self.gate)})

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the other number of places. Raises ChangeError where the gate has no places."""
        gate: Any = found_gate(model, self.gate)
        if not hasattr(gate, "places"):
            problem = f"the gate {self.gate!r} has no places: it is not staffed by a number of people"
            raise ChangeError("gate", problem, "Use a change of type `gate`")
        key = next(iter(self.ranges()))
        places = round(sizes[0]) + (gate.places if key == "more" else 0)
        if places < 1:
            raise ChangeError(key, f"places must be at least 1, got {places}", f"Change the limits of `{key}`")
        return model if places == gate.places else _with_gate(model, self.gate, {"places": places})

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        found_gate(model, self.gate)
        ends = [step.activity for step in model.steps.values() if step.gate == self.gate and step.activity]
        said = f"{self.places.brief} places" if self.places else f"{self.more.brief} more places" if self.more else ""
        return f"[{self.gate}: {said}] → {' or '.join(dict.fromkeys(ends))}"


@dataclass(frozen=True, kw_only=True)
class Demand:
    """`demand`: more or fewer children come. The same children, with the same luck, come sooner or later."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["demand"] = "demand"
    factor: Size
    """So many times the arrivals there are now, above 0 and at most 5."""

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {"factor": self.factor}

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return frozenset({("how many children come", "arrivals")})

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the other arrivals. Raises ChangeError where it has none."""
        (size,) = sizes
        share_between("factor", size, 0.0, 5.0, "factor")
        if model.arrivals is None:
            raise ChangeError("factor", "nobody comes in this pathway", "Leave the change out")
        if size == 1.0:
            return model
        return replace(model, arrivals=replace(model.arrivals, per_month=model.arrivals.per_month * size))

    def apply_from(self, model: PathwayModel, day: str, *sizes: float) -> PathwayModel:
        """The model with the other arrivals from a day on (ISO date)."""
        changed = self.apply(model, *sizes)
        if changed is model or model.arrivals is None:
            return model
        return replace(model, arrivals=replace(model.arrivals, later_factor=sizes[0], later_from=day))

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        return f"[arrivals × {self.factor.brief}] → start"


def found_gate(model: PathwayModel, name: str) -> Any:
    """The gate with this name. Raises ChangeError with the nearest one where there is none."""
    if name not in model.gates:
        raise unknown("gate", name, "gate", model.gates)
    return model.gates[name]


def _with_gate(model: PathwayModel, name: str, new: Mapping[str, Any]) -> PathwayModel:
    return replace(model, gates={**model.gates, name: replace(model.gates[name], **new)})


def _shown(value: Any) -> str:
    if isinstance(value, Range | Elicited):
        return value.brief
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"by {value.by}: {', '.join(value.first)}" if isinstance(value, PriorityRule) else str(value)
