"""Each child by each of the four PACE aims: whose milestone is due and not on record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.ages import birthday
from event_logs.log import from_days, to_days
from event_logs.rules.facts import Bools, Facts, Floats
from event_logs.rules.order import reliable_from

IN_TIME = "recorded in time"
LATE = "recorded late"
NOT_DUE = "not due yet"
OVERDUE = "due, none recorded"
SKIPPED = "none recorded, but a later step is"
ENDED = "episode ended without one"
STATUSES = (IN_TIME, LATE, NOT_DUE, OVERDUE, SKIPPED, ENDED)
_LATER = tuple(
    name
    for name, milestone in v.MILESTONES.items()
    if v.MILESTONES[v.PANEL].rank <= milestone.rank <= v.MILESTONES[v.ADOPTION_ORDER].rank
)
"""Steps that show that all the earlier ones were taken; papers are not among them, they may come early."""


def track(facts: Facts, aims: Sequence[v.Aim] = v.AIMS) -> pd.DataFrame:
    """Every child that an aim is about, one row an episode and aim.

    Columns: `aim`, `name`, `case`, `child`, `clock_started`, `due`, `recorded` (date of the milestone, NaT without),
    `days_over` (days beyond the limit until it was recorded, else until the extraction date; 0 within it), `status`
    (one of `STATUSES`), and the policy's groups. Episodes whose clock started before the milestone was reliably
    recorded are left out: that none is on record says nothing.
    """
    parts = [_of_aim(facts, aim) for aim in aims]
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["aim", "due", "case"], kind="stable").reset_index(drop=True)


def standing(tracked: pd.DataFrame, aims: Sequence[v.Aim] = v.AIMS) -> pd.DataFrame:
    """How the children of each aim stand, one row an aim, in their order.

    Columns: `aim`, `name`, `children` (episodes), one of each status with spaces as underscores and no commas
    (`recorded_in_time`, ...), `unrecorded` (due or passed by a later step, and not on record), `limit_days`,
    `confirmed`.
    """
    rows = []
    for aim in aims:
        status = tracked.loc[tracked["aim"] == aim.number, "status"]
        counts = {status_column(name): int((status == name).sum()) for name in STATUSES}
        told = {"aim": aim.number, "name": aim.name, "children": len(status), **counts}
        unrecorded = counts[status_column(OVERDUE)] + counts[status_column(SKIPPED)]
        rows.append({**told, "unrecorded": unrecorded, "limit_days": aim.limit_days, "confirmed": aim.confirmed})
    return pd.DataFrame(rows)


def status_column(status: str) -> str:
    """The name of a status as a column.

    >>> status_column("due, none recorded")
    'due_none_recorded'
    """
    return status.replace(",", "").replace(" ", "_")


def _of_aim(facts: Facts, aim: v.Aim) -> pd.DataFrame:
    began, _ = facts.firsts.first((aim.clock_start,))
    start = began + aim.starts_after_days
    ended = facts.days("episodes", "end")
    stop = _first_from(facts, aim.clock_stops, start)
    gone = ended.copy()
    if aim.starts_after_days:  # only while the child is still where the clock began
        away = _first_from(facts, (v.ACCOMMODATED,), began)
        gone = np.fmin(ended, away)
        start = np.where((gone <= start) | (start > facts.today), np.nan, start)
        stop = np.where(gone < stop, np.nan, stop)
    at = np.flatnonzero(~np.isnan(start) & _young(facts, start, aim) & (start >= reliable_from(facts, aim.clock_stops)))
    start, stop, gone = start[at], stop[at], gone[at]
    due = start + aim.limit_days
    skipped = np.isnan(stop) & ~np.isnan(_later(facts, aim, start, at))
    conditions = [stop <= due, ~np.isnan(stop), skipped, ~np.isnan(gone), due < facts.today]
    status = np.select(conditions, [IN_TIME, LATE, SKIPPED, ENDED, OVERDUE], default=NOT_DUE)
    until = np.where(np.isnan(stop), np.fmin(gone, facts.today), stop)
    episodes = facts.episodes.take(at)
    groups = {name: episodes[name].to_numpy() for name in facts.policy.groups if name in episodes}
    return pd.DataFrame(
        {
            "aim": aim.number,
            "name": aim.name,
            "case": episodes["case"].to_numpy(),
            "child": episodes["child"].to_numpy(),
            "clock_started": from_days(start),
            "due": from_days(due),
            "recorded": from_days(stop),
            "days_over": np.maximum(until - due, 0),
            "status": status.astype(str),
            **groups,
        }
    )


def _first_from(facts: Facts, activities: tuple[str, ...], start: Floats) -> Floats:
    """For each episode the first day of any of the activities on or after its start."""
    at, day = facts.events["at"].to_numpy(), facts.days("events", "date")
    wanted = facts.events["activity"].isin(list(activities)).to_numpy() & (at >= 0)
    wanted &= day >= np.append(start, np.nan)[at]
    first = np.full(len(facts.episodes), np.inf)
    np.minimum.at(first, at[wanted], day[wanted])
    return np.where(np.isinf(first), np.nan, first)


def _later(facts: Facts, aim: v.Aim, start: Floats, at: np.ndarray) -> Floats:
    """The day of a step that could not have been taken without the aim's milestone; NaN where there is none."""
    if any(v.MILESTONES[stop].recurring for stop in aim.clock_stops if stop in v.MILESTONES):
        return np.full(len(at), np.nan)
    reached = max((v.MILESTONES[stop].rank for stop in aim.clock_stops if stop in v.MILESTONES), default=0)
    later = tuple(name for name in _LATER if v.MILESTONES[name].rank > reached)
    whole = np.full(len(facts.episodes), np.nan)
    whole[at] = start
    return np.asarray(_first_from(facts, later, whole)[at], dtype=np.float64)


def _young(facts: Facts, start: Floats, aim: v.Aim) -> Bools:
    if aim.max_age is None:
        return np.ones(len(start), dtype=bool)
    limit = to_days(birthday(facts.episodes["birth_of"], round(aim.max_age)))
    return np.asarray(start < limit)
