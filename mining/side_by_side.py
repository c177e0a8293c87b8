"""Two groups of cases on one map: what is more frequent or slower in the one than in the other, and how sure that is.

Differences are always second minus first.

*Counts* are compared as shares of the cases of each group, with Newcombe's interval for the difference of two
independent shares (Newcombe 1998, Statistics in Medicine 17:873-890, method 10: the Wilson limits of the two, squared
and added).

*Median days* count those still waiting, as everywhere. The interval of their difference is put together from the
log(-log) limits of the two medians (the variance estimates recovered from them: Zou and Donner 2008, Statistics in
Medicine 27:1693-1702), so it is lopsided where they are, and open to the side on which a limit is not reached.

Both take the cases of the two groups for different cases, and independent; a case that goes the same way several
times counts each time, which makes the limits of its durations a little too narrow. Every arrow has its own 95 %
interval: of twenty arrows with no difference at all, about one will seem to have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.window import ObservationWindow
from mining.abstraction import by_frequency, kept_arrows
from mining.measures import wilson
from mining.process_map import ProcessMap, discover_map, map_showing
from mining.visits import check_activities

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Two process maps with the same activities and arrows, and their differences (second minus first).

    `activities` has one row an activity, in rank order: `activity`, `cases_first`, `cases_second`, `waiting_first`,
    `waiting_second` (open cases standing there).

    `arrows` has one row an arrow, most used first (by the mean of the two shares; ties by name): `source`, `target`,
    `cases_first`, `cases_second`, `share_first`, `share_second` (of the cases of each group), `share_difference` with
    its 95 % interval `share_low`, `share_high`, `share_established` (the interval leaves out 0); `median_first_days`,
    `median_second_days` (NaN: not reached, or nobody took it), `more_than_first_days`, `more_than_second_days` (the
    lower bound of a median that is not reached), `median_difference_days` with its 95 % interval `median_low_days`,
    `median_high_days` (NaN: open to that side), and `median_established`. The difference of two medians of which one
    is not reached is NaN and not established.
    """

    names: tuple[str, str]
    """What the two groups are called."""
    first: ProcessMap
    second: ProcessMap
    activities: pd.DataFrame
    arrows: pd.DataFrame
    how: str = ""
    """How the two were made comparable, in a sentence, or why they are not; empty when nothing was done."""
    shared_cases: int = 0
    """How many case ids are in both groups; the intervals take them for different cases."""


def side_by_side(
    first: EventLog,
    second: EventLog,
    *,
    names: tuple[str, str] = ("first", "second"),
    activities: Sequence[str] | int = 15,
    arrows: int = 25,
    how: str = "",
) -> SideBySide:
    """Two logs, or two selections from one log, on one map: observed and simulated, one area and another.

    `activities` are the ones named, or as many as given of those in the largest shares of cases of the two (recurring
    milestones left out), and `arrows` is how many arrows stay at the least, as in `simplify`. An empty log gives
    shares of 0 with an interval of all that is possible. The caller sees to it that the two were observed in like
    ways: shares of groups followed for different times differ for that reason alone (see `before_and_after`).
    Raises ValueError for an activity that neither log nor the vocabulary knows, and for numbers below 1.
    """
    if any(isinstance(number, int) and number < 1 for number in (activities, arrows)):
        raise ValueError(f"activities and arrows must be at least 1, got {activities} and {arrows}")
    logs = (first, second)
    shown = _shown(logs, activities)
    wholes = [discover_map(log.keeping([name for name in shown if name in log.activities])) for log in logs]
    pairs = _pairs(wholes, shown, arrows)
    maps = []
    for log in logs:
        present = [name for name in shown if name in log.activities]
        maps.append(map_showing(log, present, lambda whole: _is_one_of(whole.arrows, pairs)))
    return SideBySide(
        names=names,
        first=maps[0],
        second=maps[1],
        activities=_activities(maps, shown),
        arrows=_arrows(maps, pairs),
        how=how,
        shared_cases=len(set(first.cases["case"]) & set(second.cases["case"])),
    )


def before_and_after(
    log: EventLog,
    date: pd.Timestamp,
    *,
    equal_follow_up: bool = True,
    activities: Sequence[str] | int = 15,
    arrows: int = 25,
) -> SideBySide:
    """Cases that began before a date and on or after it, on one map; see `cohorts_around`, also for the errors."""
    first, second, how = cohorts_around(log, date, equal_follow_up=equal_follow_up)
    names = (f"begun before {date:%Y-%m-%d}", f"begun since {date:%Y-%m-%d}")
    return side_by_side(first, second, names=names, activities=activities, arrows=arrows, how=how)


def cohorts_around(
    log: EventLog, date: pd.Timestamp, *, equal_follow_up: bool = True
) -> tuple[EventLog, EventLog, str]:
    """The cases begun before a date, those begun on or after it, and in a sentence how they can be compared.

    Cases begun later have had less time: fewer of them can have come to the late steps, and none can have taken long.
    With `equal_follow_up` the earlier ones are therefore seen as they stood when they were as young: those begun in a
    stretch before the date, cut off at its end, against those begun in a stretch of the same length from the date on,
    cut off at its end. Each side then has the same length of entry and the same censoring, and the stretch is as long
    as the window allows on both sides. Without it all cases are used with all that is known of them: medians count
    the open cases and stay comparable as far as both were followed, shares of cases do not.

    Raises ValueError for a date before or on the first day of the window, or after its last.
    """
    arrays = log.arrays
    day = float(np.floor(to_days(pd.Series([date]))[0]))
    begin, end = np.floor(arrays.window_start), np.floor(arrays.window_end)
    if not begin < day <= end:
        window = f"{log.window.start:%Y-%m-%d} to {log.window.end:%Y-%m-%d}"
        raise ValueError(f"the date must be after the first day of the window {window} and within it, got {date}")
    if not equal_follow_up:
        how = "All cases with all that is known of them: the earlier ones were followed for longer."
        return _begun(log, -np.inf, day - 1, end), _begun(log, day, np.inf, end), how
    length = min(day - 1 - begin, end - day)
    how = (
        f"Each side: cases begun within {length + 1:,.0f} days, seen as they stood on the last of these days, "
        f"so that both were followed alike."
    )
    return _begun(log, day - 1 - length, day - 1, day - 1), _begun(log, day, day + length, day + length), how


def difference_of_shares(counts: tuple[FloatArray, FloatArray], totals: tuple[int, int]) -> tuple[FloatArray, ...]:
    """Second share minus first, and the limits of its 95 % interval (Newcombe 1998, method 10).

    >>> [round(float(x), 4) for x in difference_of_shares((np.array(48.0), np.array(56.0)), (80, 70))]
    [0.2, 0.0524, 0.3339]
    """
    (one, other), (n, m) = counts, totals
    p, q = one / max(n, 1), other / max(m, 1)
    (low_p, high_p), (low_q, high_q) = wilson(one, n, 0.95), wilson(other, m, 0.95)
    difference = q - p
    low = difference - np.sqrt((q - low_q) ** 2 + (high_p - p) ** 2)
    high = difference + np.sqrt((high_q - q) ** 2 + (p - low_p) ** 2)
    return difference, low, high


def difference_with_limits(
    first: tuple[FloatArray, FloatArray, FloatArray], second: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Second minus first, each given as (estimate, low, high), with limits recovered from theirs (Zou and Donner).

    A limit that is not known (NaN) leaves the difference open to the side on which it matters.
    """
    (a, low_a, high_a), (b, low_b, high_b) = first, second
    difference = b - a
    low = difference - np.sqrt((b - low_b) ** 2 + (high_a - a) ** 2)
    high = difference + np.sqrt((high_b - b) ** 2 + (a - low_a) ** 2)
    return difference, low, high


def _begun(log: EventLog, first: float, last: float, until: float) -> EventLog:
    """The cases begun on the days from first to last, as they stood at the end of another day."""
    arrays = log.arrays
    start = np.floor(arrays.start)
    chosen = (start >= first) & (start <= last)
    cases = log.cases[chosen].reset_index(drop=True)
    moment = pd.Timestamp("1970-01-01") + pd.Timedelta(days=float(until) + 1)
    cases["end"] = cases["end"].where(cases["end"] < moment)
    kept = chosen[arrays.case] & (np.floor(arrays.day) <= until)
    events = log.events[kept].reset_index(drop=True)
    events["activity"] = events["activity"].cat.remove_unused_categories()
    begin = max(log.window.start, pd.Timestamp("1970-01-01") + pd.Timedelta(days=max(first, 0.0)))
    if not np.isfinite(first):
        begin = log.window.start
    window = ObservationWindow(begin, min(log.window.end, moment - pd.Timedelta(days=1)), log.window.recorded_from)
    return EventLog(events, cases, window)


def _shown(logs: tuple[EventLog, EventLog], activities: Sequence[str] | int) -> list[str]:
    """The activities of the map, in the order of the first log, those of the second alone after what they follow."""
    order = list(logs[0].activities)
    for place, name in enumerate(logs[1].activities):
        if name not in order:
            before = [order.index(earlier) for earlier in logs[1].activities[:place] if earlier in order]
            order.insert(max(before, default=-1) + 1, name)
    if not isinstance(activities, int):
        for log in logs:
            check_activities(log, [name for name in activities if name not in order])
        return [name for name in order if name in set(activities)]
    shares: dict[str, float] = {}
    for log in logs:
        spine = by_frequency(log, recurring=False)
        counts = log.events.groupby("activity", observed=True)["case"].nunique()
        for name in spine:
            shares[name] = shares.get(name, 0.0) + float(counts[name]) / max(len(log.cases), 1)
    chosen = sorted(shares, key=lambda name: (-round(shares[name], 12), name))[:activities]
    return [name for name in order if name in set(chosen)]


def _pairs(wholes: Sequence[ProcessMap], shown: Sequence[str], number: int) -> list[tuple[str, str]]:
    """The arrows of the common map, chosen as in `simplify` from the sum of the two groups' shares."""
    parts, moves = [], []
    for whole in wholes:
        size = max(whole.cases, 1)
        counts = whole.activities.set_index("activity")[["cases", "starting", "ending", "waiting"]] / size
        parts.append(counts.reindex(list(shown)).fillna(0.0))
        moves.append(whole.arrows.set_index(["source", "target"])["cases"] / size)
    activities = (parts[0] + parts[1]).rename_axis("activity").reset_index()
    used = moves[0].add(moves[1], fill_value=0.0).rename("used").reset_index()
    # Rounded, so that the order of adding up never decides a tie.
    used["used"] = used["used"].astype(float).round(12)
    used = used.sort_values(["used", "source", "target"], ascending=[False, True, True], ignore_index=True)
    kept = kept_arrows(activities, used, number)
    return list(zip(used["source"][kept].astype(object), used["target"][kept].astype(object), strict=True))


def _is_one_of(arrows: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.bool_]:
    wanted = set(pairs)
    return np.array([pair in wanted for pair in zip(arrows["source"], arrows["target"], strict=True)], dtype=bool)


def _activities(maps: Sequence[ProcessMap], shown: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame({"activity": pd.Series(list(shown), dtype="str")})
    for column in ("cases", "waiting"):
        for name, one in zip(("first", "second"), maps, strict=True):
            counts = one.activities.set_index("activity")[column].reindex(table["activity"])
            table[f"{column}_{name}"] = counts.fillna(0).to_numpy(dtype=np.int64)
    return table


def _arrows(maps: Sequence[ProcessMap], pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=["source", "target"]).astype("str")
    places = pd.MultiIndex.from_frame(table)
    found = [one.arrows.set_index(["source", "target"]).reindex(places) for one in maps]
    counts = [one["cases"].fillna(0).to_numpy(dtype=np.float64) for one in found]
    for name, count, one in zip(("first", "second"), counts, maps, strict=True):
        table[f"cases_{name}"] = count.astype(np.int64)
        table[f"share_{name}"] = count / max(one.cases, 1)
    parts = difference_of_shares((counts[0], counts[1]), (maps[0].cases, maps[1].cases))
    table["share_difference"], table["share_low"], table["share_high"] = parts
    table["share_established"] = (table["share_low"] > 0) | (table["share_high"] < 0)
    for name, law in zip(("first", "second"), found, strict=True):
        table[f"median_{name}_days"] = law["median_days"].to_numpy(dtype=np.float64)
        table[f"more_than_{name}_days"] = law["more_than_days"].to_numpy(dtype=np.float64)
    difference, low, high = difference_with_limits(_limits(found[0]), _limits(found[1]))
    table["median_difference_days"], table["median_low_days"], table["median_high_days"] = difference, low, high
    table["median_established"] = (low > 0) | (high < 0)
    return table


def _limits(arrows: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median days of each arrow with its interval."""
    columns = (arrows[name].to_numpy(dtype=np.float64) for name in ("median_days", "low_days", "high_days"))
    median, low, high = columns
    return median, low, high
