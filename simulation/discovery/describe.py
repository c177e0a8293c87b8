"""A discovered model as a person reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulation.discovery.journeys import DAY, HOUR, NOBODY, Floats, Ints, Journeys, hour_of_week
from simulation.discovery.kinds import kinds, variants
from simulation.discovery.play import LogModel
from simulation.discovery.routing import routing_memory

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ON_DUTY = 0.95
"""The hours of the week that hold so much of an activity's starts are its working hours."""
_FEWEST = 30
_LEAST_SAY = 0.01


def activities(past: Journeys) -> pd.DataFrame:
    """One row an activity, most frequent first.

    `activity`, `per_case` (mean number), `work_hours` (median from start to end; NaN where the log has no starts),
    `waiting_hours` (median from the end of the case's event before to the start; NaN for none before; 0 where they
    overlap), `working_hours` (the hours of the week that hold 95 % of its starts, in words; empty for dates without
    times or fewer than 30 events), `resources` (how many do it), `mostly` (who does it most often) and `mostly_share`.
    """
    work = (past.end - past.start) / HOUR
    first = np.zeros(len(past.activity), dtype=bool)
    first[past.first[:-1]] = True
    waiting = np.maximum(past.start - np.append(0, past.end[:-1]), 0) / HOUR
    dated = not (past.end % DAY).any()
    rows = []
    for code, name in enumerate(past.names):
        here = past.activity == code
        if not here.any():
            continue
        follows = waiting[here & ~first]
        who = past.resource[here & (past.resource != NOBODY)]
        count = np.bincount(who, minlength=len(past.resources)) if len(who) else np.zeros(1, dtype=np.int64)
        rows.append(
            {
                "activity": name,
                "per_case": float(here.sum() / past.cases),
                "work_hours": float(np.median(work[here])) if past.timed else np.nan,
                "waiting_hours": float(np.median(follows)) if len(follows) else np.nan,
                "working_hours": "" if dated or here.sum() < _FEWEST else working_hours(past.start[here]),
                "resources": int((count > 0).sum()),
                "mostly": past.resources[int(count.argmax())] if len(who) else "",
                "mostly_share": float(count.max() / len(who)) if len(who) else np.nan,
            }
        )
    return pd.DataFrame(rows).sort_values("per_case", ascending=False, kind="stable", ignore_index=True)


def working_hours(starts: Ints) -> str:
    """The fewest hours of the week that hold 95 % of the instants, in words: "Mon-Fri 8-17".

    Of the days with a usual share of the instants, the hours that hold 95 % of those.

    >>> monday = 4 * 86_400_000_000
    >>> hours = [24 * day + hour for day in range(5) for hour in range(9, 17)]
    >>> working_hours(monday + np.array(hours) * 3_600_000_000)
    'Mon-Fri 9-17'
    """
    table = np.bincount(hour_of_week(starts), minlength=168).reshape(7, 24)
    days = _holding(table.sum(axis=1).astype(np.float64))
    hours = _holding(table[days].sum(axis=0).astype(np.float64))
    return f"{_spans(days, _WEEKDAYS)} {_hours(hours)}"


def _holding(count: Floats) -> Ints:
    """The fewest places that hold 95 % of the count, in order."""
    order = np.argsort(-count, kind="stable")
    needed = int(np.searchsorted(np.cumsum(count[order]), _ON_DUTY * count.sum() - 1e-9)) + 1
    return np.sort(order[:needed])


def _runs(places: Ints) -> list[tuple[int, int]]:
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    return [(int(run[0]), int(run[-1])) for run in np.split(places, cuts)]


def _spans(days: Ints, names: tuple[str, ...]) -> str:
    return ", ".join(names[a] if a == b else f"{names[a]}-{names[b]}" for a, b in _runs(days))


def _hours(hours: Ints) -> str:
    return ", ".join(f"{a}-{b + 1}" for a, b in _runs(hours))


def described(model: LogModel) -> dict[str, Any]:
    """The model as plain values, for a file: what was known, what counts how much, routing, arrivals, activities."""
    past = model.past
    weekly = model.arrivals.profile.reshape(7, 24).sum(axis=1)
    return {
        "known": {
            "cases": past.cases,
            "events": len(past.activity),
            "activities": len(np.unique(past.activity)),
            "variants": int(variants(past).max()) + 1,
            "kinds_of_journey": int(kinds(past).max()) + 1,
            "only_finished_cases": model.finished_only,
            "start_times": past.timed,
            "resources": len(past.resources),
        },
        "past_cases_count": _counts(model),
        "tried_on_origins": int(model.choice.table["origins"].iloc[0]),
        "next_activity_told_from_the_last": _plain(routing_memory(past)),
        "arrivals": {
            "per_week": round(model.arrivals.per_week, 3),
            "share_by_weekday": dict(zip(_WEEKDAYS, weekly.round(4).tolist(), strict=True)),
            "like_the_latest_weeks": round(model.arrivals.again, 3),
            "mean_error_hours": {way: round(error, 2) for way, error in model.arrivals.errors},
        },
        "activities": _plain(activities(past)),
    }


def _counts(model: LogModel) -> list[dict[str, Any]]:
    """The ways of weighing the past that have at least a hundredth of a say, the weightiest for times first."""
    span = (model.now - int(model.past.begin.min())) / DAY
    table = model.choice.table
    said = table.assign(counts=[memory.said(span) for memory in table["memory"]])
    said = said[(said["routing"] >= _LEAST_SAY) | (said["timing"] >= _LEAST_SAY)]
    said = said.sort_values("timing", ascending=False, kind="stable")
    return _plain(said[["counts", "routing", "timing"]])


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table with numbers rounded and nothing where a number is not known."""
    rows: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    for row in rows:
        for key, value in row.items():
            if isinstance(value, float):
                row[key] = None if np.isnan(value) else round(value, 4)
    return rows
