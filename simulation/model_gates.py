"""The gates in a model file: what each section may hold, and how it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from event_logs.project.fields import FORBID, Text, Weekday
from simulation.gates import Away, Beforehand, CarveOut, DecisionMaker, Gate, Places, Priority, ReviewCycle, Sessions
from simulation.gates.recorded import recorded_at
from simulation.laws import NO_DELAY, Law
from simulation.model_law import LawFile, NotNegative, Number, law_values
from simulation.toml_text import Inline, pairs, toml_key

Finding = tuple[tuple[str, ...], str, str]
"""Where, what is wrong, and what to do."""
Count = Annotated[StrictInt, Field(ge=1)]
Share = Annotated[StrictFloat, Field(ge=0, le=1)]
UnderOne = Annotated[StrictFloat, Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True)
class PriorityFile:
    """Who goes first."""

    __pydantic_config__: ClassVar[Any] = FORBID
    by: Text
    first: Annotated[tuple[StrictStr, ...], Field(min_length=1)]

    def priority(self) -> Priority:
        """The rule."""
        return Priority(by=self.by, first=self.first)

    def __post_init__(self) -> None:
        self.priority()


@dataclass(frozen=True, kw_only=True)
class CarveOutFile:
    """Slots kept for some."""

    __pydantic_config__: ClassVar[Any] = FORBID
    by: Text
    values: Annotated[tuple[StrictStr, ...], Field(min_length=1)]
    slots: Count

    def carve_out(self) -> CarveOut:
        """The carve-out."""
        return CarveOut(by=self.by, values=self.values, slots=self.slots)


@dataclass(frozen=True, kw_only=True)
class SessionsFile:
    """A panel or a hearing."""

    __pydantic_config__: ClassVar[Any] = FORBID
    weekday: Weekday
    weeks_of_month: Annotated[tuple[Annotated[StrictInt, Field(ge=1, le=5)], ...], Field(min_length=1)]
    slots: Count
    lead_days: NotNegative = 0.0
    skip_months: tuple[Annotated[StrictInt, Field(ge=1, le=12)], ...] = ()
    source: StrictStr = "declared"
    cancelled: tuple[StrictStr, ...] = ()
    added: tuple[StrictStr, ...] = ()
    slots_on: Mapping[str, Annotated[StrictInt, Field(ge=0)]] = field(default_factory=dict)
    quorum_failure: UnderOne = 0.0
    deferral: UnderOne = 0.0
    deferral_days: LawFile | None = None
    deferred_as: StrictStr = ""
    booking: StrictBool = False
    siblings_together: StrictBool = False
    carve_outs: tuple[CarveOutFile, ...] = ()
    priority: PriorityFile | None = None
    booked_in: StrictStr = ""

    def __post_init__(self) -> None:
        self.gate()

    def gate(self) -> Sessions:
        """The gate. Raises ValueError for what no session gate can be."""
        plain = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ("deferral_days", "carve_outs", "priority", "slots_on")
        }
        return Sessions(
            **plain,
            slots_on=dict(self.slots_on),
            deferral_days=_law(self.deferral_days),
            carve_outs=tuple(one.carve_out() for one in self.carve_outs),
            priority=self.priority.priority() if self.priority else None,
        )


@dataclass(frozen=True, kw_only=True)
class BeforehandFile:
    """What is started before the review that decides."""

    __pydantic_config__: ClassVar[Any] = FORBID
    step: StrictStr
    lead_days: Number


@dataclass(frozen=True, kw_only=True)
class ReviewsFile:
    """A review cycle."""

    __pydantic_config__: ClassVar[Any] = FORBID
    review: Text
    gaps: Annotated[tuple[LawFile, ...], Field(min_length=1)]
    decides: Annotated[StrictFloat, Field(gt=0, le=1)]
    extra_days: tuple[Number, ...] = ()
    beforehand: tuple[BeforehandFile, ...] = ()
    extra_late: LawFile | None = None

    def gate(self) -> ReviewCycle:
        """The gate."""
        return ReviewCycle(
            review=self.review,
            gaps=tuple(gap.law() for gap in self.gaps),
            decides=self.decides,
            extra_days=self.extra_days,
            beforehand=tuple(Beforehand(step=one.step, lead_days=one.lead_days) for one in self.beforehand),
            extra_late=_law(self.extra_late),
        )


@dataclass(frozen=True, kw_only=True)
class DecisionMakerFile:
    """A decision maker. Without `limit_days` there is no limit."""

    __pydantic_config__: ClassVar[Any] = FORBID
    working_days: StrictBool = True
    limit_days: NotNegative | None = None
    keeps_limit: Share = 0.0

    def gate(self) -> DecisionMaker:
        """The gate."""
        return DecisionMaker(working_days=self.working_days, limit_days=self.limit_days, keeps_limit=self.keeps_limit)


@dataclass(frozen=True, kw_only=True)
class AwayFile:
    """Places missing for some time."""

    __pydantic_config__: ClassVar[Any] = FORBID
    start: StrictStr
    end: StrictStr
    places: Count

    def away(self) -> Away:
        """The absence."""
        return Away(start=self.start, end=self.end, places=self.places)

    def __post_init__(self) -> None:
        self.away()


@dataclass(frozen=True, kw_only=True)
class PlacesFile:
    """Places held while work goes on."""

    __pydantic_config__: ClassVar[Any] = FORBID
    places: Count
    cases_each: Count = 1
    until: StrictStr = ""
    away: tuple[AwayFile, ...] = ()
    working_days: StrictBool = False
    priority: PriorityFile | None = None
    continued: UnderOne = 0.0
    continuation: LawFile | None = None
    continued_as: StrictStr = ""
    begins_as: StrictStr = ""
    room: Annotated[StrictInt, Field(ge=0)] | None = None
    turned_away_as: StrictStr = ""

    def __post_init__(self) -> None:
        self.gate()

    def gate(self) -> Places:
        """The gate. Raises ValueError for what no such gate can be."""
        plain = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ("away", "priority", "continuation")
        }
        return Places(
            **plain,
            away=tuple(one.away() for one in self.away),
            priority=self.priority.priority() if self.priority else None,
            continuation=_law(self.continuation),
        )


GateFile = SessionsFile | ReviewsFile | DecisionMakerFile | PlacesFile
SECTIONS: Mapping[type, str] = {
    Sessions: "sessions",
    ReviewCycle: "reviews",
    DecisionMaker: "decision_makers",
    Places: "places",
}
_ALWAYS = ("source", "lead_days", "skip_months", "limit_days", "extra_days")
"""Written even when it says the usual."""


def _law(law: LawFile | None) -> Law:
    return NO_DELAY[""] if law is None else law.law()


def gate_problems(
    sections: Mapping[str, Mapping[str, GateFile]], ranks: Collection[str], steps: Collection[str]
) -> Iterator[Finding]:
    """What is wrong between gates and the rest of the file."""
    seen: dict[str, str] = {}
    for section, gates in sections.items():
        for name, gate in gates.items():
            if name in seen:
                problem = f"the gate {name!r} is also among the {seen[name].replace('_', ' ')}"
                yield (section, name), problem, "Give one of them another name"
            seen[name] = section
            for word in recorded_at(gate):
                if word not in ranks:
                    yield (section, name), f"{word!r} has no rank", "Add it under [ranks]"
            for before in getattr(gate, "beforehand", ()):
                if before.step not in steps:
                    yield (section, name), f"there is no step {before.step!r} to begin beforehand", "Add it"


def gate_lines(gates: Mapping[str, Gate]) -> Iterator[str]:
    """The gates as they stand in the file, one kind after another; what is left out of a gate is not written."""
    for kind, section in SECTIONS.items():
        for name, gate in gates.items():
            if isinstance(gate, kind):
                yield ""
                yield from _table(f"{section}.{toml_key(name)}", gate)


def _table(place: str, part: Any, *, listed: bool = False) -> Iterator[str]:
    """A part as a table, or as one entry of an array of tables: plain values first, then tables within it."""
    yield f"[[{place}]]" if listed else f"[{place}]"
    within: list[str] = []
    plain: dict[str, Any] = {}
    for item in fields(part):
        found = getattr(part, item.name)
        if isinstance(found, Law):
            if found is not NO_DELAY[""]:
                within += [f"[{place}.{item.name}]", *pairs(law_values(found))]
        elif is_dataclass(found):
            within += _table(f"{place}.{item.name}", found)
        elif isinstance(found, tuple) and found and isinstance(found[0], Law):
            for law in found:
                within += [f"[[{place}.{item.name}]]", *pairs(law_values(law))]
        elif isinstance(found, tuple) and found and is_dataclass(found[0]):
            for one in found:
                within += _table(f"{place}.{item.name}", one, listed=True)
        elif item.name in _ALWAYS or not _usual(item, found):
            plain[item.name] = _plain(str(item.type), found)
    yield from pairs(plain)
    yield from within


def _usual(item: Any, found: Any) -> bool:
    if item.default_factory is not MISSING:
        return bool(found == item.default_factory())
    return item.default is not MISSING and bool(found == item.default)


def _plain(annotation: str, found: Any) -> Any:
    """A value as the file has it: numbers of days are written with a decimal point, sequences as lists."""
    if isinstance(found, Mapping):
        return Inline({name: int(value) for name, value in found.items()})
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [float(one) if "float" in annotation else one for one in found]
    if isinstance(found, int | float) and not isinstance(found, bool):
        return float(found) if "float" in annotation else int(found)
    return found
