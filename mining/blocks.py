"""Which events of a case happened in an order that nobody knows: those of one instant that no rank tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from event_logs.vocabulary import MILESTONES

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Blocks:
    """The events of a log cut into blocks: one case, one instant, and one rank where ranks are declared.

    Blocks of a case follow one another in an order that is known. Inside a block the order is unknown, which matters
    only where the block holds different activities.
    """

    of: IntArray
    """Block of each event."""
    first: IntArray
    """Position of each block's first event; one more at the end."""
    case: IntArray
    """Position of each block's case in the case table."""
    unknown: BoolArray
    """Whether the block holds different activities, so that their order is unknown."""
    joined: BoolArray
    """For each event, whether it is in one block of unknown order with the event before it."""

    @cached_property
    def certain(self) -> BoolArray:
        """For each event, whether its place in its case is certain: its block holds one activity only."""
        known: BoolArray = ~self.unknown[self.of]
        return known


def order_is_declared(log: EventLog) -> bool:
    """Whether the ranks of a log are those of the milestones, so that they say which event of a day came first.

    Ranks that were worked out from the log itself (its typical order) put events into a line, but prove nothing about
    any one case.
    """
    ranks = log.events.drop_duplicates("activity").set_index("activity")["rank"]
    return len(ranks) > 0 and all(
        name in MILESTONES and MILESTONES[name].rank == rank for name, rank in zip(ranks.index, ranks, strict=True)
    )


def blocks_of(log: EventLog, *, declared: bool | None = None) -> Blocks:
    """The blocks of a log.

    `declared` says whether the log's ranks settle the order of events of one instant; by default they do if they are
    the ranks of the milestones (`order_is_declared`). The instant is the day where the log has days only, and the
    timestamp where it has times.
    """
    arrays = log.arrays
    settled = order_is_declared(log) if declared is None else declared
    case = arrays.case.astype(np.int64)
    changes = np.ones(len(case), dtype=bool)
    changes[1:] = (case[1:] != case[:-1]) | (arrays.day[1:] != arrays.day[:-1])
    if settled:
        rank = log.events["rank"].to_numpy()
        changes[1:] |= rank[1:] != rank[:-1]
    first = np.flatnonzero(changes)
    of = np.cumsum(changes) - 1
    stop = np.append(first[1:], len(case)).astype(np.int64)
    # Events of a block are sorted by activity, so one that holds a single activity begins and ends with it.
    unknown = arrays.activity[first] != arrays.activity[stop - 1] if len(first) else np.zeros(0, dtype=bool)
    return Blocks(
        of=of.astype(np.int64),
        first=np.append(first, len(case)).astype(np.int64),
        case=case[first],
        unknown=unknown,
        joined=~changes & unknown[of],
    )
