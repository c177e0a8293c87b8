"""The published JSON Schema of a scenario file, by which editors complete and check it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from event_logs.project.schema import explained
from scenarios.changes import KINDS
from scenarios.files import ScenarioFile, scenario_adapter

SCHEMA_FILE = "scenario.schema.json"


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, made from the dataclass that reads it, each key with its explanation."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scenario file",
        "description": "One change idea: why it should help, what is known of it, whom it is for, and what it changes.",
    }
    schema = explained(scenario_adapter().json_schema(), ScenarioFile)
    for kind in KINDS.values():
        definition = schema["$defs"][kind.__name__]
        definition["required"] = ["type", *definition.get("required", [])]
    return {**schema, **head}


def schema_text() -> str:
    """The schema as it is published: the same bytes from the same dataclasses."""
    return json.dumps(scenario_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def published_schema() -> str:
    """The text of scenarios/scenario.schema.json, of which a project may keep a copy."""
    return resources.files("scenarios").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
