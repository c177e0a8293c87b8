"""The mining stage: tables for results.json and the picture of the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import mining
from event_logs.log import EventLog
from mining.drawing import Drawing, GraphvizMissingError, fit_map, write_map
from mining.process_map import Hidden, ProcessMap
from permanence import collect
from permanence.progress import Advance

RECENT = pd.DateOffset(years=2)
PICTURES = ("process_map.svg", "process_map.png", "process_map.pdf", "process_map.dot")


@dataclass(frozen=True, eq=False)
class Mined:
    """What mining found."""

    parts: dict[str, Any]
    """Parts of the results, by name."""
    drawing: Drawing | None
    """The picture of the map; None when nothing on this machine can lay it out."""
    no_picture: str
    """Why there is no picture; empty when there is one."""

    def write(self, folder: Path) -> None:
        """Write the picture's files."""
        if self.drawing is not None:
            write_map(self.drawing, folder)


def mine_stages(log: EventLog, *, seed: int, advance: Advance) -> Mined:
    """Map, stage durations, bottlenecks among the declared stages, and aims of a log of permanence planning."""
    return _mined(
        log,
        {
            "stages": lambda: collect.stages(stage_durations(log)),
            "aims": lambda: collect.aims(mining.aims(log)),
            "bottlenecks": lambda: collect.bottlenecks(mining.bottlenecks(log, seed=seed)),
        },
        advance,
    )


def stage_durations(log: EventLog) -> pd.DataFrame:
    """The stages, and beside each what a look at the completed stays of the last two years alone would say."""
    recent = mining.stage_summary(log, begun_since=log.window.end - RECENT)
    return mining.stage_summary(log).assign(recent_naive_median_days=recent["naive_median_days"])


def mine_activities(log: EventLog, *, seed: int, advance: Advance) -> Mined:
    """Map and bottlenecks among the activities of any log."""
    ranking = {"bottlenecks": lambda: collect.bottlenecks(mining.bottlenecks_by_activity(log, seed=seed))}
    return _mined(log, ranking, advance)


def _mined(log: EventLog, tables: dict[str, Callable[[], Any]], advance: Advance) -> Mined:
    total = len(tables) + 2
    parts = {}
    for done, (name, make) in enumerate(tables.items()):
        advance(done, total)
        parts[name] = make()
    advance(total - 2, total)
    full = mining.discover_map(log)
    advance(total - 1, total)
    drawing, hidden, missing = _picture(log, full)
    parts["transitions"] = collect.transitions(full, hidden)
    return Mined(parts, drawing, missing)


def _picture(log: EventLog, full: ProcessMap) -> tuple[Drawing | None, Hidden | None, str]:
    try:
        shown, drawing = fit_map(log)
    except GraphvizMissingError as error:
        return None, None, str(error)
    return drawing, shown.hidden, ""
