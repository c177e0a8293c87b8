"""What is wrong with the keys of a scenario file, in the words of the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from event_logs.errors import Problem
from event_logs.project import nearest
from event_logs.project.problems import dataclass_in, line_of, worded
from scenarios.changes import KINDS
from scenarios.ranges import KINDS_OF_SIZE, Elicited, Range

_SIZES = dict(zip(KINDS_OF_SIZE, (Range, Elicited), strict=True))


def said(file: str, text: str, found: Mapping[str, Any], root: type) -> Problem:
    """One pydantic error of a scenario file as a problem; `root` is the dataclass of the whole file."""
    parts, keys = _place(found, root)
    place = tuple(map(str, parts))
    if found["type"] in ("union_tag_invalid", "union_tag_not_found"):
        kind = found["input"].get("type") if isinstance(found["input"], Mapping) else None
        near = nearest(str(kind), KINDS, 1) if kind is not None else []
        remedy = f"Did you mean {near[0]!r}? " if near else ""
        where = ".".join((*place, "type")) + line_of(text, (*place, "type"))
        problem = "a change must say its type" if kind is None else f"there is no type of change {kind!r}"
        return Problem(file, where, problem, f"{remedy}The types are: {', '.join(KINDS)}")
    told = worded(file, text, {**found, "loc": parts}, root, keys=keys)
    if "changes" in place[:1] and len(place) > 1:
        inside = f"[[changes]] number {int(place[1]) + 1}"
        return Problem(told.file, told.place, told.problem, told.remedy.replace(f"[{'.'.join(place[:2])}]", inside))
    return told


def _place(found: Mapping[str, Any], root: type) -> tuple[tuple[str | int, ...], list[str]]:
    """Where the error is, as keys of the file, and the keys that are known there.

    pydantic names the kinds of change and of size on the way; in the file they are no keys.
    """
    place: list[str | int] = []
    inside: Any = root
    parts = [part for part in found["loc"] if part != "[key]"]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part in KINDS and place[:1] == ["changes"] and len(place) == 2:
            inside = KINDS[part]
        elif part in _SIZES and place[:1] == ["changes"] and len(place) == 3:
            inside = _SIZES[part]
        else:
            place.append(part)
            if not last and isinstance(part, str):
                inside = _below(inside, part)
    return tuple(place), [one.name for one in fields(inside)] if inside is not None else []


def _below(kind: Any, key: str) -> Any:
    """The dataclass that a key of another one holds, if it holds one of one kind."""
    hints = get_type_hints(kind, include_extras=False) if kind is not None else {}
    return dataclass_in(hints.get(key))
