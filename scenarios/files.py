"""Scenario files: one TOML file a scenario, read with everything wrong with it told at once, and written again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from event_logs.errors import InputError, Problem
from event_logs.project.fields import FORBID
from event_logs.project.problems import line_of, without_echoes
from scenarios.checks import faults
from scenarios.declared import declared_pathway
from scenarios.file_problems import said
from scenarios.ranges import Range
from scenarios.scenario import Scenario
from simulation.model import PathwayModel
from simulation.toml_text import Inline, pairs

SCHEMA_VERSION = 1
_HEAD = """\
# A scenario: one change idea, as mechanisms with ranges. A size is a number that is known exactly, a range such as
# { low = 14, likely = 28, high = 42 } (add shape = "pert" to give the likely value more), or elicited quantiles such as
# { low = 0, high = 60, quantiles = { "0.25" = 20, "0.5" = 28, "0.75" = 35 } }.
"""


@dataclass(frozen=True, kw_only=True)
class ScenarioFile(Scenario):
    """A scenario file as it stands."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    schema_version: Literal[1]

    def scenario(self) -> Scenario:
        """The scenario."""
        return Scenario(**{one.name: getattr(self, one.name) for one in fields(Scenario)})


@cache
def scenario_adapter() -> TypeAdapter[ScenarioFile]:
    """What checks a scenario file."""
    return TypeAdapter(ScenarioFile)


def read_scenario(path: Path, model: PathwayModel | None = None) -> Scenario:
    """The scenario of a file, which `model` (default: the declared permanence pathway) can run.

    Raises InputError with everything wrong at once, each with its line: no file, no TOML, a missing, unknown or
    mistyped key, an unknown activity or gate (each with the nearest valid name), an impossible size, two changes of the
    same thing.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(Problem(path.name, "", "the file is not UTF-8", "Save it as UTF-8")) from None
    except OSError as error:
        problem = f"the scenario file cannot be read ({(error.strerror or str(error)).lower()})"
        raise InputError(
            Problem(str(path), "", problem, "Name a scenario file, such as scenarios/my-idea.toml")
        ) from None
    return parsed_scenario(text, path.name, model)


def parsed_scenario(text: str, file: str, model: PathwayModel | None = None) -> Scenario:
    """The scenario that a text describes; `file` is what messages call it. Raises InputError as `read_scenario`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        problem = re.sub(r"\s*\(at .*\)$", "", str(error))
        remedy = "Texts stand in quotes, dates as 2024-07-31, one `key = value` a line"
        where = f"line {place[1]}" if place else "end of file"
        raise InputError(Problem(file, where, f"not valid TOML: {problem}", remedy)) from None
    try:
        scenario = scenario_adapter().validate_python(raw).scenario()
    except ValidationError as error:
        found = without_echoes(error.errors(include_url=False))
        raise InputError([said(file, text, dict(one), ScenarioFile) for one in found]) from None
    if scenario.confirmed and not any(one.confirmed for one in scenario.evidence):
        problem = "confirmed is true, but no evidence is confirmed by a source that was read"
        raise InputError(Problem(file, f"confirmed{line_of(text, ('confirmed',))}", problem, "Add [[evidence]]"))
    problems = [
        Problem(file, ".".join(fault.place) + line_of(text, fault.place), fault.problem, fault.remedy)
        for fault in faults(scenario, model or declared_pathway())
    ]
    if problems:
        raise InputError(problems)
    return scenario


def scenario_text(scenario: Scenario) -> str:
    """The file of a scenario: read again it gives an equal scenario."""
    top, sections = _split(scenario)
    lines = [_HEAD.rstrip(), *pairs({"schema_version": SCHEMA_VERSION, **top})]
    for name, section in sections:
        values = section if isinstance(section, list) else [section]
        for one in values:
            lines += ["", f"[[{name}]]" if isinstance(section, list) else f"[{name}]", *pairs(one)]
    return "\n".join([*lines, ""])


def _split(scenario: Scenario) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """What stands at the top of the file, and the sections below it."""
    top: dict[str, Any] = {}
    sections: list[tuple[str, Any]] = []
    for name, value in _said(scenario):
        if name in ("evidence", "changes"):
            sections.append((name, [dict(_plain_pairs(one)) for one in value]))
        elif name == "applies_to":
            sections.append((name, dict(_plain_pairs(value))))
        else:
            top[name] = _plain(value)
    return top, sections


def _said(thing: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass that are not as they would be if nothing were said of them; `type` is always said."""
    for one in fields(thing):
        value = getattr(thing, one.name)
        made = one.default_factory() if callable(one.default_factory) else one.default
        if value != made or one.name == "type":
            yield one.name, value


def _plain_pairs(thing: Any) -> Iterator[tuple[str, Any]]:
    for name, value in _said(thing):
        yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Range) and value == Range.exactly(value.low):
        return value.low
    if is_dataclass(value):
        return Inline(dict(_plain_pairs(value)))
    if isinstance(value, Mapping):
        return Inline({key: _plain(one) for key, one in value.items()})
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value
