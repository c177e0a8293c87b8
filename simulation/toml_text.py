"""Values written as TOML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any


class Inline(dict[str, Any]):
    """A small table that stands on one line."""


class Lines(list[str]):
    """Texts that stand on a line each."""


def pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """`key = value` lines; what is None is left out."""
    for name, value in values.items():
        if value is not None:
            yield f"{toml_key(name)} = {toml_value(value)}"


def toml_key(name: str) -> str:
    """A key, bare where it can be."""
    plain = name.replace("_", "a").replace("-", "a")
    return name if plain.isascii() and plain.isalnum() else toml_value(name)


def toml_value(value: Any) -> str:
    """Text, a number, a date, yes or no, a list of these, `Lines`, or an `Inline` table."""
    if isinstance(value, Inline):
        return "{ " + ", ".join(f"{toml_key(name)} = {toml_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, Lines) and value:
        return "[\n" + "".join(f"    {toml_value(one)},\n" for one in value) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return repr(value)
