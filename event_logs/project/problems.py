"""What is wrong with a project file, in the words of the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Any, get_args, get_type_hints

from event_logs.errors import Problem
from event_logs.project.fields import nearest


def worded(file: str, text: str, found: Mapping[str, Any], root: type, *, keys: Sequence[str] | None = None) -> Problem:
    """One pydantic error as a problem; `root` is the dataclass of the whole file.

    `keys` are the keys known in the section of the error, where `root` cannot tell them.
    """
    parts = [part for part in found["loc"] if part != "[key]"]
    loc = tuple(map(str, parts))
    place = dotted(loc) + line_of(text, loc)
    kind, value = found["type"], found["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        keys = _keys_at(loc[:-1], root) if keys is None else keys
        near = nearest(loc[-1], keys)
        hint = f"Did you mean {near[0]!r}?" if near else "Remove it."
        return Problem(file, place, f"unknown key {loc[-1]!r}", f"{hint} The keys here are: {', '.join(keys)}")
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        section = f"[{dotted(loc[:-1])}]" if len(loc) > 1 else "the top of the file"
        return Problem(file, place, "the key is missing", f"Add `{loc[-1]}` under {section}")
    message = str(found["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if kind != "value_error":
        message = message.replace("tuple", "list").replace(" after validation", "")
        message += f", got {value!r}" if not isinstance(value, dict | list) else ""
    # The number of an entry, or the key "" of whoever has none of their own, says nothing to who looks for it.
    named = [part for part in parts if part and isinstance(part, str)]
    remedy = f"Change the value of `{named[-1]}`" if named else "Change the value"
    return Problem(file, place, message, remedy)


def without_echoes(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The pydantic errors of a file but those that say that a list is too short only because an entry is wrong.

    pydantic counts the entries that are right, and tells of the wrong ones besides.
    """
    return [one for one in found if one["type"] != "too_short" or len(one["input"]) < one["ctx"]["min_length"]]


def dotted(loc: Sequence[str]) -> str:
    """The keys that lead to a place, an empty one as it is written in the file."""
    return ".".join(part or '""' for part in loc)


def _keys_at(section: Sequence[str], root: type) -> list[str]:
    """The keys that a section may have."""
    kind: Any = root
    for part in section:
        if part.isdigit():  # the number of an entry of a list, whose kind is known already
            continue
        hints = get_type_hints(kind)
        kind = dataclass_in(hints[part]) if part in hints else kind
        if kind is None:
            return []
    return [item.name for item in dataclass_fields(kind)]


def dataclass_in(hint: Any) -> Any:
    """The dataclass in a type such as `X | None`, `tuple[X, ...]` or `Mapping[str, X]`."""
    if hasattr(hint, "__dataclass_fields__"):
        return hint
    return next((found for choice in get_args(hint) if (found := dataclass_in(choice)) is not None), None)


def line_of(text: str, loc: Sequence[str]) -> str:
    """ " (line 12)" for a key of the file, or of the nearest section that holds it; empty if it cannot be found."""
    section: tuple[str, ...] = ()
    best, best_depth = 0, 0
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$", line)
        key = re.match(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""", line)
        if header:
            section = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[section] = counts.get(section, -1) + 1
            section = _numbered(section, counts)
            here = section
        elif key:
            here = (*section, next(part for part in key.groups() if part is not None))
        else:
            continue
        depth = len(here)
        if depth > best_depth and tuple(loc[:depth]) == here:
            best, best_depth = number, depth
    return f" (line {best})" if best else ""


def _numbered(section: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """The section with the number of the entry that it lies in: ("trackers", "0", "columns")."""
    for depth in range(1, len(section) + 1):
        if section[:depth] in counts:
            return (*section[:depth], str(counts[section[:depth]]), *section[depth:])
    return section
