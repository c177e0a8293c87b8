"""Whether an extract is one of those that come in the same form everywhere, so that a preset describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from event_logs.project.presets import preset_content, preset_names
from event_logs.proposal.profiles import Extract

_COLUMNS = frozenset(
    ("child", "birth", "start", "end", "began_for", "ended_for", "placement", "status", "episode_start", "episode_end")
)
_DATES = frozenset(("birth", "start", "end", "date", "episode_start", "episode_end"))


@dataclass(frozen=True, kw_only=True)
class Preset:
    """The preset that fits an extract."""

    name: str
    evidence: str
    kinds: Mapping[str, str]
    """File -> section of the preset that reads it."""
    dated: frozenset[str]
    """Columns of dates that it reads."""
    births: frozenset[str]
    date_format: str
    """How it says that dates are written; empty if it does not."""


def preset_for(extracts: Sequence[Extract]) -> Preset | None:
    """The preset under which every section that tells of episodes has its files and its columns; None if none fits."""
    for name in preset_names():
        content = preset_content(name)
        kinds: dict[str, str] = {}
        dated: set[str] = set()
        births: set[str] = set()
        told = content.get("stretches", {})
        for group in ("stretches", "details"):
            for section, keys in content.get(group, {}).items():
                fitting = [extract for extract in extracts if _fits(extract, keys)]
                kinds |= {extract.name: f"{group}.{section}" for extract in fitting}
                dated |= {value for key, value in keys.items() if key in _DATES and isinstance(value, str)}
                dated |= set(keys.get("dates", ()))
                births |= {keys["birth"]} if "birth" in keys else set()
        for section in ("reviews", "milestones", "placements", "legal_statuses"):
            if section in content:
                fitting = [extract for extract in extracts if _fits(extract, content[section])]
                kinds |= {extract.name: section for extract in fitting}
                dated |= {content[section]["date"]} if "date" in content[section] else set()
        if told and all(f"stretches.{section}" in kinds.values() for section in told):
            evidence = f"The files have the names and columns of the preset {name}."
            return Preset(
                name=name,
                evidence=evidence,
                kinds=kinds,
                dated=frozenset(dated),
                births=frozenset(births),
                date_format=content.get("reading", {}).get("date_format", ""),
            )
    return None


def _fits(extract: Extract, keys: Mapping[str, Any]) -> bool:
    """Whether a file has the name and the columns that a section of a preset reads."""
    patterns = keys.get("files") or [keys.get("file", "")]
    names = {column.name for column in extract.columns}
    wanted = {value for key, value in keys.items() if key in _COLUMNS and isinstance(value, str)}
    return wanted <= names and any(fnmatchcase(extract.path.name, pattern) for pattern in patterns)
