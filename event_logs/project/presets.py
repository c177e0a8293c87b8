"""Ready-made parts of project files, for extracts whose form is the same everywhere."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def preset_names() -> tuple[str, ...]:
    """The names of the presets."""
    folder = resources.files("event_logs").joinpath("presets")
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def preset_text(name: str) -> str:
    """A preset as it stands; ValueError for a name that there is not."""
    if name not in preset_names():
        raise ValueError(f"{name!r} is not a preset; the presets are: {', '.join(preset_names())}")
    return resources.files("event_logs").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")


def with_preset(raw: Mapping[str, Any], preset: Mapping[str, Any]) -> dict[str, Any]:
    """A project file laid over a preset: what the file says stands, key by key; a list replaces a list.

    >>> with_preset({"reading": {"encoding": "cp1252"}}, {"reading": {"encoding": "utf-8", "missing": [""]}})
    {'reading': {'encoding': 'cp1252', 'missing': ['']}}
    """
    merged = dict(preset)
    for key, value in raw.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = with_preset(value, below)
        else:
            merged[key] = value
    return merged


def preset_content(name: str) -> dict[str, Any]:
    """A preset as data; ValueError for a name that there is not."""
    return tomllib.loads(preset_text(name))
