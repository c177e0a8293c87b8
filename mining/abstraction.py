"""Which activities and arrows a simplified map keeps, so that every activity stays reachable."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import MILESTONES
from mining.steps import distinct_cases


def most_frequent(log: EventLog, number: int) -> tuple[str, ...]:
    """The activities in most cases (ties by name), recurring milestones left out; in the log's order."""
    chosen = set(by_frequency(log, recurring=False)[:number])
    return tuple(name for name in log.activities if name in chosen)


def by_frequency(log: EventLog, *, recurring: bool = True) -> tuple[str, ...]:
    """All activities, those in most cases first (ties by name), recurring milestones last or left out."""
    arrays = log.arrays
    cases = distinct_cases(arrays.case.astype(np.int64), arrays.activity.astype(np.int64), len(log.activities))
    ranked = sorted((is_recurring(name), -int(count), name) for name, count in zip(log.activities, cases, strict=True))
    return tuple(name for late, _, name in ranked if recurring or not late)


def is_recurring(activity: str) -> bool:
    """Whether an activity happens again and again beside the main line, as reviews do."""
    return activity in MILESTONES and MILESTONES[activity].recurring


def kept_arrows(
    activities: pd.DataFrame, arrows: pd.DataFrame, wanted: Collection[tuple[str, str]] | int
) -> npt.NDArray[np.bool_]:
    """Which arrows stay when all but the most used (or the named ones) go, as long as the map stays connected.

    `activities` and `arrows` are those of a `ProcessMap`, arrows most used first. Always kept are the arrows by which
    most cases come to each activity from a start, and by which most go on from it to an end, however few were asked
    for: the main line is never broken in favour of a detour. Raises ValueError for a named arrow that is not there.
    """
    pairs = list(zip(arrows["source"].astype(object), arrows["target"].astype(object), strict=True))
    if isinstance(wanted, int):
        asked = set(range(min(wanted, len(pairs))))
    else:
        place = {pair: position for position, pair in enumerate(pairs)}
        missing = sorted(set(wanted) - set(place))
        if missing:
            raise ValueError(f"no arrow leads from {missing[0][0]!r} to {missing[0][1]!r} in this map")
        asked = {place[pair] for pair in wanted}
    counts = activities.set_index("activity")
    starting, closing = counts["starting"], counts["ending"] + counts["waiting"]
    if isinstance(wanted, int):
        begins = _terminals(pairs, starting, counts["cases"])
        ends = _terminals([(t, s) for s, t in pairs], closing, counts["cases"])
    else:
        begins, ends = ([str(name) for name in here.index[here > 0]] for here in (starting, closing))
    kept = asked | _backbone(pairs, begins) | _backbone([(t, s) for s, t in pairs], ends)
    mask = np.zeros(len(pairs), dtype=bool)
    mask[sorted(kept)] = True
    return mask


def _terminals(pairs: list[tuple[str, str]], here: pd.Series[int], cases: pd.Series[int]) -> list[str]:
    """Where cases mainly begin (or, with arrows turned round, end): a rare beginning must not hide the main way in.

    The activity with most beginnings, those where at least half of their cases begin, and whatever cannot be reached
    from these otherwise.
    """
    if here.empty:
        return []
    mainly = {str(here.idxmax()), *map(str, here.index[here * 2 >= cases])}
    reached = _reached(pairs, mainly)
    rest = {str(name) for name in here.index[here > 0]} - reached
    return sorted(mainly | rest)


def _backbone(pairs: list[tuple[str, str]], begins: Iterable[str]) -> set[int]:
    """The arrows of a tree that reaches everything from the beginnings by ways as much used as can be.

    The most used arrow out of what is reached so far is added again and again (Prim), which gives each activity the
    way whose least used arrow is most used.
    """
    leaving: dict[str, list[int]] = {}
    for position, (source, _) in enumerate(pairs):
        leaving.setdefault(source, []).append(position)
    reached = set(begins)
    tree: set[int] = set()
    heap = [position for name in reached for position in leaving.get(name, [])]
    heapq.heapify(heap)
    while heap:
        position = heapq.heappop(heap)
        target = pairs[position][1]
        if target in reached:
            continue
        reached.add(target)
        tree.add(position)
        for onward in leaving.get(target, []):
            heapq.heappush(heap, onward)
    return tree


def _reached(pairs: list[tuple[str, str]], begins: Iterable[str]) -> set[str]:
    onward: dict[str, set[str]] = {}
    for source, target in pairs:
        onward.setdefault(source, set()).add(target)
    reached = set(begins)
    waiting = list(reached)
    while waiting:
        new = onward.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached
