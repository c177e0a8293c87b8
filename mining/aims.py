"""The PACE aims: how many of the children each aim is about meet its limit, with those still waiting counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.vocabulary import ACCOMMODATED, AIMS, AT_HOME, Aim
from mining.survival import aalen_johansen
from mining.visits import (
    LEFT,
    OPEN,
    REACHED,
    BoolArray,
    FloatArray,
    FoundVisits,
    Visits,
    check_activities,
    start_days,
    stop_days,
    visits_between,
)

_YEAR = 365.2425

_COLUMNS = [
    *("number", "name", "eligible", "met", "late", "overdue", "open_within", "left"),
    *("share_met", "low_share", "high_share", "target_share", "limit_days", "crude_share", "meets_target"),
    *("not_recorded", "before_reliable", "before_window", "age_unknown"),
    *("clock", "population", "confirmed", "source", "warning"),
]


def aims(log: EventLog, aims: Sequence[Aim] = AIMS) -> pd.DataFrame:
    """How each aim stands; one row an aim, in the order given.

    Columns: `number`; `name`; `eligible` (children the aim is about, whose clock started) = `met` (stop within the
    limit) + `late` (stop after it) + `overdue` (open beyond it) + `open_within` (open, limit not yet up) + `left`
    (the case ended, or the child left the aim's population, before the stop); `share_met` with its 95 % interval
    `low_share`, `high_share`: the share of starters whose stop comes within the limit, by Aalen-Johansen with delayed
    entry, so that open cases count as far as they were seen and leaving another way counts as not met (NaN when
    nobody was followed to the limit); `target_share`; `limit_days`; `crude_share` = met / (met + late), which drops
    open cases, only to show the difference; `meets_target`: "yes" or "no" when the whole interval lies on that side
    of the target, else "cannot tell"; children left out: `not_recorded`, `before_reliable`, `before_window` (see
    `Visits`), `age_unknown`; `clock` and `population` in words; `confirmed` and `source` of limit and target;
    `warning`.

    Age when the clock starts comes from the case attribute `birth`, else from `age_at_start` (years at the case's
    start); a log with neither takes children of all ages, and `population` says so. An aim nobody falls under has
    zero counts and NaN shares. Raises ValueError for an activity that neither log nor vocabulary knows.
    """
    return pd.DataFrame([_row(log, aim) for aim in aims], columns=_COLUMNS)


def aim_visits(log: EventLog, aim: Aim) -> tuple[Visits, int]:
    """The visits an aim is judged by (from clock start to clock stop), and how many children's age is unknown."""
    found, unknown = find_aim_visits(log, aim)
    return found.usable(), unknown


def find_aim_visits(log: EventLog, aim: Aim) -> tuple[FoundVisits, int]:
    """Every visit of the aim's children, those included whose dates cannot be trusted, and how many lack an age."""
    check_activities(log, (aim.clock_start, *aim.clock_stops))
    arrays = log.arrays
    begin = start_days(arrays, (aim.clock_start,))
    start = begin + aim.starts_after_days
    stop = stop_days(arrays, aim.clock_stops, start)
    if aim.starts_after_days:
        left = _left_home(log, begin)
        start = np.where((left <= start) | (start > arrays.window_end), np.nan, start)
        stop = np.where(left < stop, np.nan, stop)
    else:
        left = np.full(len(start), np.nan)
    young, unknown = _young_enough(log, start, aim.max_age)
    start = np.where(young, start, np.nan)
    stop = np.where(young, stop, np.nan)
    reliable = log.window.reliable_from(*aim.clock_stops)
    found = visits_between(log, start, stop, stops=aim.clock_stops, reliable_from=reliable, left=left)
    return found, int(unknown.sum())


def _left_home(log: EventLog, begin: FloatArray) -> FloatArray:
    """For each case the day it stopped being looked after at home: accommodated, or ended; NaN while neither."""
    accommodated = stop_days(log.arrays, (ACCOMMODATED,), begin)
    return np.fmin(accommodated, log.arrays.end)


def _young_enough(log: EventLog, start: FloatArray, max_age: float | None) -> tuple[BoolArray, BoolArray]:
    """Which cases are under the age on the day the clock starts, and for which started clock it is unknown."""
    began = ~np.isnan(start)
    if max_age is None or not _has_age(log):
        return began, np.zeros(len(start), dtype=bool)
    limit_day = np.full(len(start), np.nan)
    if "birth" in log.cases:
        birthdays = pd.to_datetime(log.cases["birth"]) + pd.DateOffset(months=round(max_age * 12))
        limit_day = to_days(birthdays)
    if "age_at_start" in log.cases:
        age = pd.to_numeric(log.cases["age_at_start"]).to_numpy(dtype=np.float64, na_value=np.nan)
        by_age = log.arrays.start + (max_age - age) * _YEAR
        limit_day = np.where(np.isnan(limit_day), by_age, limit_day)
    return began & (start < limit_day), began & np.isnan(limit_day)


def _has_age(log: EventLog) -> bool:
    return "birth" in log.cases or "age_at_start" in log.cases


def _row(log: EventLog, aim: Aim) -> dict[str, object]:
    visits, age_unknown = aim_visits(log, aim)
    within = visits.days <= aim.limit_days
    met = int((within & (visits.cause == REACHED)).sum())
    late = int((~within & (visits.cause == REACHED)).sum())
    share, low, high, warning = share_met(visits, aim.limit_days)
    return {
        "number": aim.number,
        "name": aim.name,
        "eligible": len(visits),
        "met": met,
        "late": late,
        "overdue": int((~within & (visits.cause == OPEN)).sum()),
        "open_within": int((within & (visits.cause == OPEN)).sum()),
        "left": int((visits.cause == LEFT).sum()),
        "share_met": share,
        "low_share": low,
        "high_share": high,
        "target_share": aim.target_share,
        "limit_days": float(aim.limit_days),
        "crude_share": met / (met + late) if met + late else np.nan,
        "meets_target": verdict(low, high, aim.target_share),
        "not_recorded": visits.not_recorded,
        "before_reliable": visits.before_reliable,
        "before_window": visits.before_window,
        "age_unknown": age_unknown,
        "clock": _clock(aim),
        "population": _population(log, aim),
        "confirmed": aim.confirmed,
        "source": aim.source,
        "warning": warning,
    }


def share_met(visits: Visits, limit: float) -> tuple[float, float, float, str]:
    """Share whose stop comes within the limit, its 95 % interval, and a warning."""
    shares = aalen_johansen(visits.days, visits.cause, entry=visits.entry_delay, ways=2)
    share = float(shares.at(limit)[0])
    low, high = shares.interval_at(limit, 1)
    # With nobody or everybody meeting the limit there is no spread to go by: the exact binomial limits, for as many
    # as were followed to the end of the wait or to the limit from its start.
    followed = int(((visits.entry_delay <= 0) & ((visits.cause > 0) | (visits.days > limit))).sum())
    if np.isnan(low) and followed and not np.isnan(share):
        none_seen = 0.025 ** (1 / followed)
        low, high = (0.0, 1.0 - none_seen) if share < 0.5 else (none_seen, 1.0)
    return share, low, high, shares.warning


def verdict(low: float, high: float, target: float) -> str:
    """Whether a share meets its target: "yes", "no", or "cannot tell" where its interval holds the target."""
    if low >= target:
        return "yes"
    if high < target:
        return "no"
    return "cannot tell"


def _clock(aim: Aim) -> str:
    stops = aim.clock_stops[0] if len(aim.clock_stops) == 1 else f"the first of: {', '.join(aim.clock_stops)}"
    after = f"{aim.starts_after_days:g} days after " if aim.starts_after_days else ""
    return f"from {after}{aim.clock_start} to {stops}; limit {aim.limit_days:g} days"


def _population(log: EventLog, aim: Aim) -> str:
    state = f" and still looked after at home {aim.starts_after_days:g} days later" if aim.starts_after_days else ""
    if aim.clock_start != AT_HOME and aim.starts_after_days:
        state = f" and neither accommodated nor ceased {aim.starts_after_days:g} days later"
    age = "children of all ages" if aim.max_age is None else f"children under {aim.max_age:g} when the clock starts"
    if aim.max_age is not None and not _has_age(log):
        age = f"children of all ages (meant: under {aim.max_age:g}; the log does not hold ages)"
    return f"{age} with the milestone {aim.clock_start}{state}"
