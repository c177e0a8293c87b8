"""Every event with what came next in its case: the shared ground of the process map and the ranking by activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_logs.log import LogArrays

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Steps:
    """One step for each event, in the log's order: from the event to the next of its case.

    The last event of a case lasts until the case's end, or until the window's end while the case is open, so every
    moment of a case from its first event on belongs to exactly one step.
    """

    source: IntArray
    """Position of the event's activity."""
    arrow: IntArray
    """Position in `pairs` of the movement to the next event; -1 for the last event of a case."""
    pairs: IntArray
    """Each movement that occurs, as source * number of activities + target, increasing."""
    case: IntArray
    """Position of the case in the case table."""
    start: FloatArray
    """Day of the event."""
    until: FloatArray
    """Day of the next event, or of the end."""
    entry: FloatArray
    """Days of the step that had passed when the window began; 0 for steps that began inside it."""
    first: BoolArray
    """First event of its case."""
    waiting: BoolArray
    """Last event of an open case: the case stands here now."""

    @property
    def days(self) -> FloatArray:
        """Length of each step."""
        return self.until - self.start

    @property
    def closing(self) -> BoolArray:
        """Last event of a closed case."""
        return (self.arrow < 0) & ~self.waiting


def steps_of(arrays: LogArrays) -> Steps:
    """The steps of a log. An end recorded before the case's last event takes no time rather than less than none."""
    n, activities = len(arrays.case), max(len(arrays.activities), 1)
    source = arrays.activity.astype(np.int64)
    case = arrays.case.astype(np.int64)
    changes = case[1:] != case[:-1]
    edge = np.ones(min(n, 1), dtype=bool)
    first, last = np.concatenate([edge, changes]), np.concatenate([changes, edge])
    inner = np.flatnonzero(~last)
    pairs, arrow_of_inner = distinct(source[inner] * activities + source[inner + 1], activities**2)
    arrow = np.full(n, -1, dtype=np.int64)
    arrow[inner] = arrow_of_inner
    ends = arrays.end[case]
    until = np.where(np.isnan(ends), arrays.window_end, ends)
    until[inner] = arrays.day[inner + 1]
    return Steps(
        source=source,
        arrow=arrow,
        pairs=pairs,
        case=case,
        start=arrays.day,
        until=np.maximum(until, arrays.day),
        entry=np.maximum(arrays.window_start - arrays.day, 0.0),
        first=first,
        waiting=last & np.isnan(ends),
    )


def distinct(values: IntArray, below: int) -> tuple[IntArray, IntArray]:
    """The different values, increasing, and each one's position among them, for whole numbers from 0 to `below`.

    Counting beats sorting by an order of magnitude as long as a table of all possible values is small.

    >>> [part.tolist() for part in distinct(np.array([7, 2, 7]), 10)]
    [[2, 7], [1, 0, 1]]
    """
    if below > 1 << 22:
        found, position = np.unique(values, return_inverse=True)
        return found, position.astype(np.int64)
    present = np.bincount(values, minlength=1) > 0
    place = np.cumsum(present) - 1
    return np.flatnonzero(present), place[values].astype(np.int64)


def by_group(group: IntArray, groups: int) -> IntArray:
    """The order that puts members of a group together and leaves their order within it, for groups 0 to `groups`."""
    # numpy sorts 16-bit numbers by their digits, in a tenth of the time.
    narrow = group.astype(np.uint16) if groups <= 1 << 16 else group
    return np.argsort(narrow, kind="stable").astype(np.int64)


def distinct_cases(case: IntArray, group: IntArray, groups: int) -> IntArray:
    """How many different cases each group has; `case` must not decrease.

    >>> distinct_cases(np.array([0, 0, 1]), np.array([1, 1, 1]), 3).tolist()
    [0, 2, 0]
    """
    order = by_group(group, groups)
    case, group = case[order], group[order]
    new = np.ones(len(case), dtype=bool)
    new[1:] = (case[1:] != case[:-1]) | (group[1:] != group[:-1])
    return np.bincount(group[new], minlength=groups)[:groups].astype(np.int64)
