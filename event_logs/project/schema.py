"""The published JSON Schema of the project file, by which editors complete and check it."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from dataclasses import fields, is_dataclass
from importlib import resources
from typing import Any, get_args, get_type_hints

from event_logs.project.loading import PROJECT_FILE, ProjectFile, project_adapter

SCHEMA_FILE = "project.schema.json"


def project_schema() -> dict[str, Any]:
    """The JSON Schema of permanence.toml, made from the model that reads it, each key with its explanation.

    With a `preset` hardly anything is needed, as the file is laid over the preset, so only without one is the rest
    required. What TOML cannot write, a null, is left out: a key that is not wanted is not written.
    """
    schema = explained(project_adapter().json_schema(), ProjectFile)
    needed = schema.pop("required", [])
    schema["if"] = {"not": {"required": ["preset"]}}
    schema["then"] = {"required": needed}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": PROJECT_FILE,
        "description": "A council's project: which tables its extract has, and how they are read.",
    }
    return {**schema, **head}


def explained(made: dict[str, Any], root: type) -> dict[str, Any]:
    """A schema that pydantic made of a dataclass, without null, and with the text below each field in its key."""
    schema: dict[str, Any] = _without_null(made)
    known = _dataclasses(root)
    for name, definition in {**schema.get("$defs", {}), root.__name__: schema}.items():
        if name in known:
            _explain(definition, known[name])
    return schema


def schema_text() -> str:
    """The schema as it is published: the same bytes from the same model."""
    return json.dumps(project_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def published_schema() -> str:
    """The text of event_logs/project.schema.json, of which a project may keep a copy."""
    return resources.files("event_logs").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def _without_null(part: Any) -> Any:
    """The schema without the choice of null and without null as a default."""
    if isinstance(part, list):
        return [_without_null(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _without_null(value) for key, value in part.items() if not (key == "default" and value is None)}
    if isinstance(choices := kept.get("anyOf"), list):
        some = [choice for choice in choices if choice != {"type": "null"}]
        del kept["anyOf"]
        kept |= some[0] if len(some) == 1 else {"anyOf": some}
    return kept


def _dataclasses(root: type) -> dict[str, type]:
    """Every dataclass that a dataclass is made of, by its name."""
    found: dict[str, type] = {}
    todo: list[Any] = [root]
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and is_dataclass(kind):
            if kind.__name__ not in found:
                found[kind.__name__] = kind
                todo += get_type_hints(kind).values()
        else:
            todo += get_args(kind)
    return found


def _explain(definition: dict[str, Any], kind: type) -> None:
    """Put the text below each field of a dataclass, or of one it inherits from, into the schema of its key."""
    texts = {name: text for parent in reversed(kind.__mro__) if is_dataclass(parent) for name, text in _below(parent)}
    for item in fields(kind):
        key = definition.get("properties", {}).get(item.name)
        if key is not None and item.name in texts:
            key["description"] = texts[item.name]


def _below(kind: type) -> list[tuple[str, str]]:
    """The name of each field and the text below it in the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = []
    for line, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found.append((line.target.id, " ".join(below.value.value.split())))
    return found
