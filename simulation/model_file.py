"""A pathway model as a TOML file that a person can read, check and change, and the model that such a file describes.

Nothing is rounded: a model written and read again gives the same simulated log, byte for byte.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes, replacing
from event_logs.project.problems import dotted, line_of, without_echoes, worded
from simulation.arrivals import Arrivals
from simulation.model import PathwayModel, Step
from simulation.model_gates import gate_lines
from simulation.model_law import law_values
from simulation.model_schema import KIND, SCHEMA_VERSION, ModelFile, column_of
from simulation.toml_text import Inline, Lines, pairs, toml_key

_REMEDY = "Correct the file, or write it again from the log"
_HEAD = """\
# A pathway model: how long each step takes, what follows it, the gates to pass, and who comes.
# All durations are days. In `laws` and `share` the key "" serves every group that has no entry of its own.
# A law: `times` are the days at which the share still waiting falls, `survival` that share from that day on; what is
# left at the end is shared out by a Weibull tail (`tail_shape`, `tail_scale`; a scale of 0 is no tail).
# The shares after an activity are taken in proportion: change one, and the others too, so that they still add up to 1;
# if they do not, each is divided by their sum, and the run says so.
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
        wrong = without_echoes(error.errors())
        raise InputError([worded(path.name, text, one, ModelFile) for one in wrong]) from None
    problems = [
        Problem(path.name, dotted(place) + line_of(text, place), problem, remedy)
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
    lines += pairs(
        {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "name": model.name,
            "final": list(model.final),
            "leaves_at_days": model.leaves_at_days,
            "leaves_as": model.leaves_as,
            "whole_days": model.whole_days,
            "stratify_by": model.stratify_by,
            "warnings": Lines(model.warnings),
            "holidays": list(model.holidays) or None,
        }
    )
    lines += [
        "",
        "[ranks]  # of two activities on one day, the lower comes first",
        *pairs({name: int(rank) for name, rank in model.ranks.items()}),
    ]
    for name, step in model.steps.items():
        lines += _step(name, step)
    for after, choice in model.choices.items():
        lines += ["", f"[choices.{toml_key(after)}]", *pairs({"by": choice.by})]
        for option in choice.options:
            lines += [f"[[choices.{toml_key(after)}.options]]"]
            lines += pairs(
                {
                    "starts": list(option.starts),
                    "share": Inline({group: float(share) for group, share in option.share.items()}),
                }
            )
    lines += gate_lines(model.gates)
    if model.arrivals is not None:
        lines += _arrivals(model.arrivals)
    return "\n".join([*lines, ""])


def _step(name: str, step: Step) -> Iterator[str]:
    yield ""
    yield f"[steps.{toml_key(name)}]"
    values = {"activity": step.activity, "waits_for": list(step.waits_for), "gate": step.gate}
    if step.waits_for_any:
        values["waits_for_any"] = list(step.waits_for_any)
    once = {"once": True} if step.once else {}
    yield from pairs({**values, "then": step.then, "rho": float(step.rho), "by_age": step.by_age, **once})
    for stratum, law in step.laws.items():
        median, told = law.isf(0.5), "are older then than" if step.by_age else "take longer than"
        yield f"[steps.{toml_key(name)}.laws.{toml_key(stratum)}]  # half {told} {median:.6g} days"
        yield from pairs(law_values(law))


def _arrivals(arrivals: Arrivals) -> Iterator[str]:
    yield ""
    yield "[arrivals]  # new cases a month, January first; each copies the attributes of a row of the pool"
    weight = [float(value) for value in arrivals.weight]
    yield from pairs({"per_month": [float(rate) for rate in arrivals.per_month]})
    yield "# a trend counts from its origin and fades ahead of it; group_sizes: families of one, two, three... children"
    yield from pairs(
        {
            "trend_per_year": float(arrivals.trend_per_year),
            "origin": arrivals.origin,
            "trend_lasts_years": float(arrivals.trend_lasts_years),
            "dispersion": float(arrivals.dispersion),
            "group_sizes": [float(share) for share in arrivals.group_sizes],
            "weight": weight,
        }
        | ({"later_factor": arrivals.later_factor, "later_from": arrivals.later_from} if arrivals.later_from else {})
    )
    for name in arrivals.pool.columns:
        yield "[[arrivals.pool]]"
        yield from pairs(column_of(str(name), arrivals.pool[name]))
