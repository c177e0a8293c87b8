"""A project file as it is being proposed: sections of keys, with their evidence and what is still to be checked."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from event_logs.project.unchecked import CHECK, GOES_ON

Value = str | int | bool | date | Sequence["str | int | date"] | Mapping[str, str]
_WIDTH = 116


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that the extracts do not decide."""

    key: str
    """Names it among all questions; an answer is given under this name."""
    asks: str
    """The question, in one sentence."""
    evidence: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """What can be answered; empty where anything of the right kind can."""
    proposed: str
    """What stands in the project file until it is answered."""
    kind: Literal["choice", "date"] = "choice"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One key of the project file."""

    key: str
    value: Value
    evidence: tuple[str, ...] = ()
    check: str = ""
    """What is to be checked about it; empty where it is sure."""


@dataclass(kw_only=True)
class Section:
    """One section of the project file, while it is put together."""

    header: str
    """As between the brackets, with both pairs for an entry of a list; empty for the top of the file."""
    evidence: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    """What is to be checked and belongs to no key."""

    def add(self, key: str, value: Value, *evidence: str, check: str = "") -> None:
        """Add a key."""
        self.entries.append(Entry(key=key, value=value, evidence=evidence, check=check))


def rendered(sections: Sequence[Section]) -> str:
    """The project file as text."""
    blocks = []
    for section in sections:
        lines = [f"[{section.header}]"] if section.header else []
        lines += [line for sentence in section.evidence for line in _comment(sentence)]
        for entry in section.entries:
            lines += [line for sentence in entry.evidence for line in _comment(sentence)]
            lines += _check(entry.check) if entry.check else []
            lines.append(f"{_key(entry.key)} = {literal(entry.value)}")
        for sentence in section.checks:
            lines += _check(sentence)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def section_name(*parts: str) -> str:
    """The header of a section whose parts may be any text.

    >>> section_name("reading", "columns", "a.csv:date")
    'reading.columns."a.csv:date"'
    """
    return ".".join(map(_key, parts))


def literal(value: Value) -> str:
    """A value as TOML.

    >>> literal({"sex": "Gender"}), literal(["", "n/k"])
    ('{ sex = "Gender" }', '["", "n/k"]')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{_key(key)} = {literal(item)}" for key, item in value.items()) + " }"
    return "[" + ", ".join(literal(item) for item in value) + "]"


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(sentence: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(_plain(sentence), _WIDTH - 2)]


def _check(sentence: str) -> list[str]:
    first, *rest = textwrap.wrap(_plain(sentence), _WIDTH - len(CHECK) - 1)
    return [f"{CHECK} {first}", *(f"{GOES_ON}{line}" for line in rest)]


def _plain(sentence: str) -> str:
    """Without the control characters that no comment may hold."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", sentence)
