"""Activities drawn together: a log whose steps are the stages or the aims they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import AIMS, MILESTONES, STAGES, Aim, Stage
from mining.abstraction import is_recurring
from mining.visits import check_activities


def grouped(log: EventLog, groups: Mapping[str, str]) -> EventLog:
    """The log with each activity replaced by its group; activities not named keep their own name.

    Events of one case in one group, with none of another group between them, become the first of them: the case came
    into the group then and stays until it comes into another one. An activity in the group "" is left out. Groups
    stand in the order of their first activity. Raises ValueError for an activity that neither the log nor the
    vocabulary knows.
    """
    check_activities(log, list(groups))
    names = [groups.get(name, name) for name in log.activities]
    order = [name for name in dict.fromkeys(names) if name]
    place = np.array([order.index(name) if name else -1 for name in names], dtype=np.int64)
    code = place[log.arrays.activity] if len(log) else np.empty(0, dtype=np.int64)
    held = np.flatnonzero(code >= 0)
    case, code = log.arrays.case[held], code[held]
    enters = np.ones(len(held), dtype=bool)
    enters[1:] = (case[1:] != case[:-1]) | (code[1:] != code[:-1])
    events = log.events.iloc[held[enters]].reset_index(drop=True)
    events["activity"] = pd.Categorical.from_codes(code[enters], categories=pd.Index(order, dtype="str"))
    events["activity"] = events["activity"].cat.remove_unused_categories()
    events["rank"] = code[enters].astype("int32")
    return EventLog(events, log.cases, log.window)


def stage_groups(stages: Sequence[Stage] = STAGES) -> dict[str, str]:
    """Which stage each milestone belongs to, for `grouped`, by the stages' short names (the part before the colon).

    Stages that begin at one milestone share a box, "Papers and panel". A milestone between a stage's start and its
    stops in process order belongs to it; one that ends the last stage, or no stage at all, stands for itself;
    recurring ones are left out.

    >>> from event_logs import vocabulary as v
    >>> groups = stage_groups()
    >>> groups[v.RECOMMENDED], groups[v.LEGAL_RECEIVED], groups[v.INFORMATION_RECEIVED], groups[v.REVIEW]
    ('Papers and panel', 'Papers and panel', 'Decision', '')
    """
    spans = [(stage.name.split(":")[0], stage.starts[0], stage.stops) for stage in stages]
    closing = {stop for stage in stages if not stage.all_stops for stop in stage.stops}
    return _groups(spans, closing)


def aim_groups(aims: Sequence[Aim] = AIMS) -> dict[str, str]:
    """Which aim's clock runs after each milestone, for `grouped`, as "Aim 2"; otherwise as `stage_groups`."""
    spans = [(f"Aim {aim.number}", aim.clock_start, aim.clock_stops) for aim in aims]
    return _groups(spans, {stop for aim in aims for stop in aim.clock_stops})


def _groups(spans: Sequence[tuple[str, str, Sequence[str]]], closing: set[str]) -> dict[str, str]:
    """Milestone -> group, from (name, start, stops) of each span."""
    begun: dict[str, list[str]] = {}
    until: dict[str, float] = {}
    for name, start, stops in spans:
        begun.setdefault(start, []).append(name)
        known = [MILESTONES[stop].rank for stop in stops if stop in MILESTONES]
        until[start] = max(until.get(start, 0.0), *known, 0.0)
    named = {start: _together(names) for start, names in begun.items()}
    groups: dict[str, str] = {}
    for name, milestone in MILESTONES.items():
        inside = [start for start in named if start in MILESTONES and MILESTONES[start].rank < milestone.rank]
        latest = max(inside, key=lambda start: MILESTONES[start].rank, default=None)
        if is_recurring(name):
            groups[name] = ""
        elif name in named:
            groups[name] = named[name]
        elif name not in closing and latest is not None and milestone.rank < until[latest]:
            groups[name] = named[latest]
    return groups


def _together(names: Sequence[str]) -> str:
    first, *others = names
    return " and ".join([first, *(name[:1].lower() + name[1:] for name in others)])
