"""What a model file may hold: the same parts as `PathwayModel`, each with the words for a wrong value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from event_logs.log import from_days, to_days
from event_logs.project.fields import FORBID, Text
from simulation.arrivals import Arrivals
from simulation.gates import Gate
from simulation.model import Choice, Option, PathwayModel, Step
from simulation.model_gates import (
    DecisionMakerFile,
    Finding,
    GateFile,
    PlacesFile,
    ReviewsFile,
    SessionsFile,
    gate_problems,
)
from simulation.model_law import LawFile, NotNegative, Number

KIND = "pathway model"
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class StepFile:
    """One step."""

    __pydantic_config__: ClassVar[Any] = FORBID
    activity: StrictStr
    laws: Mapping[str, LawFile]
    waits_for: tuple[StrictStr, ...] = ()
    waits_for_any: tuple[StrictStr, ...] = ()
    gate: StrictStr = ""
    then: StrictStr = ""
    by_age: StrictBool = False
    once: StrictBool = False
    rho: Annotated[StrictFloat, Field(ge=0, lt=1)] = 0.0


@dataclass(frozen=True, kw_only=True)
class OptionFile:
    """One way on."""

    __pydantic_config__: ClassVar[Any] = FORBID
    starts: tuple[StrictStr, ...]
    share: Mapping[str, NotNegative]


@dataclass(frozen=True, kw_only=True)
class ChoiceFile:
    """What may follow."""

    __pydantic_config__: ClassVar[Any] = FORBID
    options: Annotated[tuple[OptionFile, ...], Field(min_length=1)]
    by: StrictStr = ""

    def __post_init__(self) -> None:
        for group in {name for option in self.options for name in option.share}:
            if sum(option.share.get(group, option.share.get("", 0.0)) for option in self.options) <= 0:
                raise ValueError(f"the shares of group {group!r} must add up to more than 0")


Kind = Literal["text", "number", "whole number", "yes or no", "date"]


@dataclass(frozen=True, kw_only=True)
class ColumnFile:
    """One attribute of the cases that new ones copy."""

    __pydantic_config__: ClassVar[Any] = FORBID
    name: Text
    kind: Kind
    dtype: StrictStr
    """How pandas holds it."""
    values: tuple[StrictStr | StrictBool | StrictInt | Number, ...]
    missing: tuple[StrictInt, ...] = ()
    """Rows (from 0) in which it is not known; their entry in `values` means nothing."""
    categories: tuple[StrictStr, ...] = ()

    def __post_init__(self) -> None:
        if any(not 0 <= row < len(self.values) for row in self.missing):
            raise ValueError("missing names a row that is not there")
        self.column()

    def column(self) -> pd.Series[Any]:
        """The column as pandas holds it. Raises ValueError for values that are not of its kind."""
        values: Any = list(self.values)
        wanted = _TYPES[self.kind]
        if any(not isinstance(one, wanted) or (wanted is not bool and isinstance(one, bool)) for one in values):
            raise ValueError(f"the values must each be a {self.kind}")
        if self.kind == "date":
            values = from_days(np.asarray(values, dtype=float))
        try:
            if self.dtype == "category":
                gone = set(self.missing)
                known = [None if row in gone else one for row, one in enumerate(values)]
                if set(known) - {None, *self.categories}:
                    raise ValueError("a value is not among the categories")
                column = pd.Series(pd.Categorical(known, categories=list(self.categories)))
            else:
                column = pd.Series(values, dtype=self.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the values cannot be held as {self.dtype!r} ({error})") from None
        if self.missing:
            column.iloc[list(self.missing)] = pd.NaT if self.kind == "date" else np.nan
        return column


_TYPES: Mapping[str, Any] = {
    "text": str, "number": (float, int), "whole number": int, "yes or no": bool, "date": (float, int)
}  # fmt: skip


def column_of(name: str, column: pd.Series[Any]) -> dict[str, Any]:
    """A column of the pool as it stands in the file."""
    missing = column.isna()
    described: dict[str, Any] = {"name": name}
    if pd.api.types.is_datetime64_any_dtype(column):
        kind: Kind = "date"
        values: list[Any] = [0.0 if day != day else float(day) for day in to_days(column).tolist()]
    elif pd.api.types.is_bool_dtype(column):
        kind, values = "yes or no", [bool(one) for one in column]
    elif pd.api.types.is_integer_dtype(column):
        kind, values = "whole number", [int(one) for one in column]
    elif pd.api.types.is_float_dtype(column):
        kind, values = "number", [0.0 if one != one else float(one) for one in column]
    else:
        kind = "text"
        values = ["" if gone else str(one) for one, gone in zip(column, missing, strict=True)]
    described |= {"kind": kind, "dtype": str(column.dtype), "values": values}
    if missing.any():
        described["missing"] = [int(row) for row in np.flatnonzero(missing)]
    if isinstance(column.dtype, pd.CategoricalDtype):
        described["categories"] = [str(one) for one in column.cat.categories]
    return described


@dataclass(frozen=True, kw_only=True)
class ArrivalsFile:
    """Who comes."""

    __pydantic_config__: ClassVar[Any] = FORBID
    per_month: Annotated[tuple[NotNegative, ...], Field(min_length=12, max_length=12)]
    weight: Annotated[tuple[NotNegative, ...], Field(min_length=1)]
    pool: tuple[ColumnFile, ...]
    trend_per_year: float = 0.0
    origin: str = ""
    trend_lasts_years: float = 2.0
    dispersion: NotNegative = 0.0
    group_sizes: tuple[NotNegative, ...] = ()
    later_factor: float = 1.0
    later_from: str = ""

    def __post_init__(self) -> None:
        wrong = [column.name for column in self.pool if len(column.values) != len(self.weight)]
        if wrong:
            raise ValueError(
                f"every column of the pool must have {len(self.weight)} values, as weight; not {wrong[0]!r}"
            )
        if len({column.name for column in self.pool}) < len(self.pool):
            raise ValueError("two columns of the pool have the same name")
        if sum(self.weight) <= 0:
            raise ValueError("weight must hold at least one number above 0")
        self.arrivals()  # says what is wrong with a trend or with families

    def arrivals(self) -> Arrivals:
        """The arrivals."""
        pool = pd.DataFrame({column.name: column.column() for column in self.pool}, index=range(len(self.weight)))
        return Arrivals(
            np.asarray(self.per_month, dtype=float),
            pool,
            np.asarray(self.weight, dtype=float),
            trend_per_year=self.trend_per_year,
            origin=self.origin,
            trend_lasts_years=self.trend_lasts_years,
            dispersion=self.dispersion,
            group_sizes=self.group_sizes,
            later_factor=self.later_factor,
            later_from=self.later_from,
        )


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model file as it stands."""

    __pydantic_config__: ClassVar[Any] = FORBID
    schema_version: Literal[1]
    kind: Literal["pathway model"]
    name: StrictStr
    final: tuple[StrictStr, ...]
    ranks: Mapping[str, StrictInt]
    steps: Annotated[Mapping[str, StepFile], Field(min_length=1)]
    choices: Mapping[str, ChoiceFile]
    leaves_at_days: NotNegative | None = None
    leaves_as: StrictStr = ""
    whole_days: StrictBool = True
    stratify_by: StrictStr = ""
    warnings: tuple[StrictStr, ...] = ()
    holidays: tuple[StrictStr, ...] = ()
    sessions: Mapping[str, SessionsFile] = field(default_factory=dict)
    reviews: Mapping[str, ReviewsFile] = field(default_factory=dict)
    decision_makers: Mapping[str, DecisionMakerFile] = field(default_factory=dict)
    places: Mapping[str, PlacesFile] = field(default_factory=dict)
    arrivals: ArrivalsFile | None = None

    def problems(self) -> Iterator[Finding]:
        """What is wrong between parts that are each right in themselves."""
        gates = {name for kind in self._gates().values() for name in kind}
        yield from gate_problems(self._gates(), self.ranks, self.steps)
        for name, step in self.steps.items():
            if step.gate and step.gate not in gates:
                yield ("steps", name, "gate"), f"there is no gate {step.gate!r}", f"Name one of: {', '.join(gates)}"
            if "" not in step.laws:
                yield ("steps", name), 'it has no law "" for groups without one of their own', 'Add laws.""'
            for activity in (step.activity, *step.waits_for, *step.waits_for_any):
                if activity and activity not in self.ranks:
                    yield ("steps", name), f"the activity {activity!r} has no rank", "Add it under [ranks]"
        for after, choice in self.choices.items():
            for started in sorted({s for option in choice.options for s in option.starts if s not in self.steps}):
                problem = f"the step {started!r}, which begins here, is not in the file"
                yield ("choices", after), problem, "Add it under [steps], or take it out of starts"
        for activity in (*self.final, *([self.leaves_as] if self.leaves_as else [])):
            if activity not in self.ranks:
                yield ("final",), f"{activity!r} has no rank", "Add it under [ranks]"

    def _gates(self) -> Mapping[str, Mapping[str, GateFile]]:
        """The gates by section of the file."""
        return {
            "sessions": self.sessions,
            "reviews": self.reviews,
            "decision_makers": self.decision_makers,
            "places": self.places,
        }

    def model(self) -> PathwayModel:
        """The model."""
        gates: dict[str, Gate] = {name: gate.gate() for kind in self._gates().values() for name, gate in kind.items()}
        return PathwayModel(
            name=self.name,
            steps={name: _step(name, step) for name, step in self.steps.items()},
            choices={
                after: Choice(
                    options=tuple(Option(starts=one.starts, share=dict(one.share)) for one in choice.options),
                    by=choice.by,
                )
                for after, choice in self.choices.items()
            },
            ranks=dict(self.ranks),
            final=self.final,
            gates=gates,
            arrivals=self.arrivals.arrivals() if self.arrivals else None,
            leaves_at_days=self.leaves_at_days,
            leaves_as=self.leaves_as,
            whole_days=self.whole_days,
            stratify_by=self.stratify_by,
            warnings=self.warnings,
            holidays=self.holidays,
        )


def _step(name: str, step: StepFile) -> Step:
    return Step(
        name=name,
        activity=step.activity,
        laws={stratum: law.law() for stratum, law in step.laws.items()},
        waits_for=step.waits_for,
        waits_for_any=step.waits_for_any,
        gate=step.gate,
        then=step.then,
        by_age=step.by_age,
        once=step.once,
        rho=step.rho,
    )
