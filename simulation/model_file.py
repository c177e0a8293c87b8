"""A pathway model as a TOML file that a person can read, check and change, and the model that such a file describes.

Nothing is rounded: a model written and read again gives the same simulated log, byte for byte.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes, replacing
from event_logs.project.problems import line_of, worded
from simulation.arrivals import Arrivals
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import PathwayModel, Step
from simulation.model_schema import KIND, SCHEMA_VERSION, ModelFile, column_of

_REMEDY = "Correct the file, or write it again from the log"
_HEAD = """\
# A pathway model: how long each step takes, what follows it, the gates to pass, and who comes.
# All durations are days. In `laws` and `share` the key "" serves every group that has no entry of its own.
# A law: `times` are the days at which the share still waiting falls, `survival` that share from that day on; what is
# left at the end is shared out by a Weibull tail (`tail_shape`, `tail_scale`; a scale of 0 is no tail).
# `rho`: share of a step's variation (on the normal scale) that goes with the child from step to step.
"""


def write_model(model: PathwayModel, path: Path) -> None:
    """Write a model to a file, which takes its place only when it is complete. The same model gives the same bytes."""
    with replacing(path) as file:
        file.write(model_text(model).encode())


def read_model(path: Path) -> PathwayModel:
    """The model that a file describes, exactly as it was written.

    Raises InputError, with every problem that can be told apart, when the file is missing, unreadable, no TOML, no
    pathway model, or describes one that cannot be run.
    """
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(path.name, f"byte {error.start + 1}", "the file is not text in UTF-8", "Save it as UTF-8")
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        raise InputError(
            Problem(path.name, place.rstrip(")"), f"this is not TOML: {message or error}", _REMEDY)
        ) from None
    except RecursionError:
        raise InputError(Problem(path.name, "", "the file is nested too deeply to be a model", _REMEDY)) from None
    if data.get("kind") != KIND or data.get("schema_version") != SCHEMA_VERSION:
        found = f"kind {data.get('kind')!r}, schema_version {data.get('schema_version')!r}"
        problem = f"the file must say kind = {KIND!r} and schema_version = {SCHEMA_VERSION}, and says {found}"
        raise InputError(Problem(path.name, "", problem, "Name a file that `write_model` wrote, or write it again"))
    try:
        described = _SCHEMA.validate_python(data)
    except ValidationError as error:
        raise InputError([worded(path.name, text, found, ModelFile) for found in error.errors()]) from None
    problems = [
        Problem(path.name, ".".join(place) + line_of(text, place), problem, remedy)
        for place, problem, remedy in described.problems()
    ]
    if problems:
        raise InputError(problems)
    try:
        return described.model()
    except ValueError as error:
        raise InputError([Problem(path.name, "", said, _REMEDY) for said in str(error).split("; ")]) from None


_SCHEMA = TypeAdapter(ModelFile)


def model_text(model: PathwayModel) -> str:
    """The content of the file."""
    lines = [_HEAD.rstrip()]
    lines += _pairs(
        {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "name": model.name,
            "final": list(model.final),
            "leaves_at_days": model.leaves_at_days,
            "leaves_as": model.leaves_as,
            "whole_days": model.whole_days,
            "stratify_by": model.stratify_by,
            "warnings": list(model.warnings),
        }
    )
    lines += [
        "",
        "[ranks]  # of two activities on one day, the lower comes first",
        *_pairs({name: int(rank) for name, rank in model.ranks.items()}),
    ]
    for name, step in model.steps.items():
        lines += _step(name, step)
    for after, choice in model.choices.items():
        lines += ["", f"[choices.{_key(after)}]", *_pairs({"by": choice.by})]
        for option in choice.options:
            lines += [f"[[choices.{_key(after)}.options]]"]
            lines += _pairs({"starts": list(option.starts), "share": _Inline(option.share)})
    for name, gate in model.gates.items():
        if isinstance(gate, Sessions):
            lines += _sessions(name, gate)
    for name, gate in model.gates.items():
        if isinstance(gate, ReviewCycle):
            lines += _review_cycle(name, gate)
    if model.arrivals is not None:
        lines += _arrivals(model.arrivals)
    return "\n".join([*lines, ""])


class _Inline(dict[str, Any]):
    """A small table that stands on one line."""

    def __init__(self, values: Mapping[str, float]) -> None:
        super().__init__({name: float(value) for name, value in values.items()})


def _step(name: str, step: Step) -> Iterator[str]:
    yield ""
    yield f"[steps.{_key(name)}]"
    values = {"activity": step.activity, "waits_for": list(step.waits_for), "gate": step.gate}
    yield from _pairs({**values, "then": step.then, "rho": float(step.rho), "by_age": step.by_age})
    for stratum, law in step.laws.items():
        median, told = law.isf(0.5), "are older then than" if step.by_age else "take longer than"
        yield f"[steps.{_key(name)}.laws.{_key(stratum)}]  # half {told} {median:.6g} days"
        yield from _pairs(_law(law))


def _law(law: Law) -> dict[str, Any]:
    return {
        "times": [float(day) for day in law.times],
        "survival": [float(share) for share in law.survival],
        "tail_shape": float(law.tail_shape),
        "tail_scale": float(law.tail_scale),
        "note": law.note,
    }


def _sessions(name: str, gate: Sessions) -> Iterator[str]:
    yield from ("", f"[sessions.{_key(name)}]")
    yield from _pairs(
        {
            "weekday": gate.weekday,
            "weeks_of_month": [int(week) for week in gate.weeks_of_month],
            "skip_months": [int(month) for month in gate.skip_months],
            "slots": int(gate.slots),
            "lead_days": float(gate.lead_days),
            "source": gate.source,
        }
    )


def _review_cycle(name: str, gate: ReviewCycle) -> Iterator[str]:
    yield from ("", f"[reviews.{_key(name)}]")
    extra = [float(day) for day in gate.extra_days]
    yield from _pairs({"review": gate.review, "decides": float(gate.decides), "extra_days": extra})
    for gap in gate.gaps:
        yield f"[[reviews.{_key(name)}.gaps]]"
        yield from _pairs(_law(gap))
    for before in gate.beforehand:
        yield f"[[reviews.{_key(name)}.beforehand]]"
        yield from _pairs({"step": before.step, "lead_days": float(before.lead_days)})


def _arrivals(arrivals: Arrivals) -> Iterator[str]:
    yield ""
    yield "[arrivals]  # new cases a month, January first; each copies the attributes of a row of the pool"
    weight = [float(value) for value in arrivals.weight]
    yield from _pairs({"per_month": [float(rate) for rate in arrivals.per_month], "weight": weight})
    for name in arrivals.pool.columns:
        yield "[[arrivals.pool]]"
        yield from _pairs(column_of(str(name), arrivals.pool[name]))


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """`key = value` lines; what is None is left out."""
    for key, value in values.items():
        if value is not None:
            yield f"{_key(key)} = {_value(value)}"


def _key(name: str) -> str:
    plain = name.replace("_", "a").replace("-", "a")
    return name if plain.isascii() and plain.isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, _Inline):
        return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
