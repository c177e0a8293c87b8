"""The ready-made change ideas: one file each, in scenarios/ideas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from scenarios.files import parsed_scenario
from scenarios.scenario import Scenario

POSTER = ("earlier-legal-advice", "earlier-health-advice", "four-week-review", "leaflet-and-conversations")
"""The four ideas of the Edinburgh poster: what is compared where a project names nothing else."""


@cache
def idea_names() -> tuple[str, ...]:
    """The names of the ready-made ideas: those of the poster first, then the others by name."""
    folder = resources.files("scenarios").joinpath("ideas")
    names = sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    return (*POSTER, *(name for name in names if name not in POSTER))


def idea_text(name: str) -> str:
    """The file of a ready-made idea as it stands; ValueError for a name that there is not."""
    if name not in idea_names():
        raise ValueError(f"{name!r} is not a ready-made idea; they are: {', '.join(idea_names())}")
    return resources.files("scenarios").joinpath("ideas", f"{name}.toml").read_text(encoding="utf-8")


def _idea(name: str) -> Scenario:
    scenario = parsed_scenario(idea_text(name), f"{name}.toml")
    if scenario.name != name:
        raise ValueError(f"{name}.toml must say name = {name!r}, and says {scenario.name!r}")
    return scenario


IDEAS: Mapping[str, Scenario] = MappingProxyType({name: _idea(name) for name in idea_names()})
"""The ready-made change ideas, by name."""
