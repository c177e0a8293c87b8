"""How much of a log's order is unknown because dates are days, and what that does to the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from mining.admissible import Stretches, stretches_of
from mining.blocks import Blocks, blocks_of, order_is_declared
from mining.sequences import distinct, spread

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class OrderUncertainty:
    """How many pairs of events, and how many cases, stand in an order that nobody knows; what that does to arrows."""

    pairs: pd.DataFrame
    """One row a kind of pair: `adjacent` (an event and the next of its case, as the log lines them up) and `any two`
    (any two events of one case). Columns: `pairs`; `same_time` = `same_activity` (equal, so the order does not matter)
    + `declared` (settled by the declared ranks) + `unknown`; `share_unknown` (of all pairs) and
    `share_unknown_of_same_time`; `beside_unknown` (adjacent pairs whose own order is known, but which of them stand
    next to each other is not, because one is in a group of unknown order; 0 for any two)."""
    cases: int
    """Cases with at least one event."""
    cases_same_time: int
    """Cases with two events on one day (or at one instant)."""
    cases_unknown: int
    """Cases in which the order of at least two different activities is unknown."""
    arrows: pd.DataFrame
    """What `certain_arrows` gives."""
    declared: bool
    """Whether declared ranks were used to settle an order."""

    @property
    def share_of_cases(self) -> float:
        """Share of the cases with an order that is unknown somewhere; 0 without cases."""
        return self.cases_unknown / self.cases if self.cases else 0.0

    @property
    def text(self) -> str:
        """The finding in plain sentences."""
        if not self.cases:
            return "The log holds no events, so there is no order to be unsure of."
        counts = (
            self.pairs.set_index("pair").drop(columns=["share_unknown", "share_unknown_of_same_time"]).astype("int64")
        )
        near, both = (dict(counts.loc[pair]) for pair in ("adjacent", "any two"))
        if not near["same_time"]:
            return "No two events of a case have the same date, so the order of every event is known."
        settled = "no declared order settles any"
        if self.declared:
            settled = f"the declared order of milestones settles {both['declared']:,}"
        pairs = f"{both['same_time']:,} pairs of events of one case have the same date; {settled}"
        if not both["unknown"]:
            return f"{pairs}, {both['same_activity']:,} are of the same kind: no order that matters is unknown."
        text = (
            f"{pairs}, {both['same_activity']:,} are of the same kind, and of {both['unknown']:,} the order is "
            f"unknown. This touches {self.cases_unknown:,} of {self.cases:,} cases ({self.share_of_cases:.1%}) and "
            f"{near['unknown'] + near['beside_unknown']:,} of {near['pairs']:,} movements on the map."
        )
        return f"{text} {self._arrows_text()}"

    def _arrows_text(self) -> str:
        width = (self.arrows["maximum"] - self.arrows["minimum"]).to_numpy()
        loose = int((width > 0).sum())
        if not loose:
            return "No arrow's count depends on it."
        widest = self.arrows.iloc[int(width.argmax())]
        return (
            f"The counts of {loose:,} of {len(self.arrows):,} possible arrows depend on it, most that of "
            f"{widest['source']} → {widest['target']}: between {widest['minimum']:,} and {widest['maximum']:,}."
        )


def order_uncertainty(log: EventLog, *, declared: bool | None = None) -> OrderUncertainty:
    """How much of the order of a log is unknown, and the effect on every arrow of the map.

    Events of one case on one day (at one instant, in a log with times) have an order only where declared ranks give
    one; the order of rows in a file never counts. `declared` says whether the log's ranks are declared, by default
    whether they are those of the milestones: ranks that a log's own typical order suggests settle nothing. An empty
    log gives zeros.
    """
    blocks = blocks_of(log, declared=declared)
    arrays = log.arrays
    case = arrays.case.astype(np.int64)
    follows = case[1:] == case[:-1]
    tied = follows & (arrays.day[1:] == arrays.day[:-1])
    equal = tied & (arrays.activity[1:] == arrays.activity[:-1])
    one_block = blocks.of[1:] == blocks.of[:-1]
    certain = blocks.certain[1:] & blocks.certain[:-1]
    adjacent = {
        "pairs": int(follows.sum()),
        "same_time": int(tied.sum()),
        "same_activity": int(equal.sum()),
        "declared": int((tied & ~one_block).sum()),
        "unknown": int((tied & one_block & ~equal).sum()),
        "beside_unknown": int((follows & ~one_block & ~certain).sum()),
    }
    table = pd.DataFrame([{"pair": "adjacent"} | adjacent, {"pair": "any two"} | _any_two(log, blocks)])
    table["share_unknown"] = table["unknown"] / table["pairs"].clip(lower=1)
    table["share_unknown_of_same_time"] = table["unknown"] / table["same_time"].clip(lower=1)
    return OrderUncertainty(
        pairs=table,
        cases=len(distinct(case)),
        cases_same_time=len(distinct(case[1:][tied])),
        cases_unknown=len(distinct(blocks.case[blocks.unknown])),
        arrows=certain_arrows(log, declared=declared),
        declared=order_is_declared(log) if declared is None else declared,
    )


def _any_two(log: EventLog, blocks: Blocks) -> dict[str, int]:
    """Counts of pairs among all events of each case."""
    arrays = log.arrays
    case = arrays.case.astype(np.int64)
    instant = np.cumsum(np.append(True, (case[1:] != case[:-1]) | (arrays.day[1:] != arrays.day[:-1])))[: len(case)]
    # Events of one instant and activity stand together in the log.
    same = np.unique(instant * (len(arrays.activities) + 1) + arrays.activity, return_counts=True)[1]
    tied, equal = _pairs(np.bincount(instant)), _pairs(same)
    in_blocks = _pairs(np.diff(blocks.first))
    return {
        "pairs": _pairs(np.bincount(case)),
        "same_time": tied,
        "same_activity": equal,
        "declared": tied - in_blocks,
        "unknown": in_blocks - equal,
        "beside_unknown": 0,
    }


def _pairs(sizes: npt.NDArray[np.int64]) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())


def certain_arrows(log: EventLog, *, declared: bool | None = None) -> pd.DataFrame:
    """Every arrow of the map with its counts over all orders that the dates allow; the map of certain pairs only.

    One row an arrow that some admissible order has, most used first (ties by name), with the columns `source`,
    `target`; `count` (movements, in the one order that the log and its map use); `minimum` and `maximum` (over all
    admissible orders of the events of each case; exact for each arrow by itself, though not all arrows can be at
    their minimum or maximum together); `certain` (movements between two events that stand next to each other
    whatever the order: the count of a map of certain pairs only); `cases`, `cases_minimum`, `cases_maximum` and
    `cases_certain` (in how many cases the arrow is taken; `cases_certain` by a certain movement).
    certain <= minimum <= count <= maximum. An empty log gives an empty table. `declared` as in `order_uncertainty`.
    """
    arrays, blocks = log.arrays, blocks_of(log, declared=declared)
    k, cases = max(len(arrays.activities), 1), max(len(log.cases), 1)
    case, activity = arrays.case.astype(np.int64), arrays.activity.astype(np.int64)
    moves = np.flatnonzero(case[1:] == case[:-1])
    arrow, of_case = activity[moves] * k + activity[moves + 1], case[moves]
    sure = blocks.certain[moves] & blocks.certain[moves + 1]
    stretches = stretches_of(arrays, blocks)
    weight = np.bincount(stretches.kind, minlength=int(stretches.kind.max(initial=-1)) + 1)
    ranged = stretches.source * k + stretches.target
    keys = distinct(np.concatenate([arrow, ranged]))

    def total(which: IntArray, counts: IntArray | None = None) -> IntArray:
        return np.bincount(np.searchsorted(keys, which), counts, minlength=len(keys)).astype(np.int64)

    def in_cases(which: IntArray, in_case: IntArray) -> IntArray:
        return total(distinct(which * cases + in_case) // cases)

    surely, possibly = arrows_by_case(stretches, ranged)
    certain_pairs = arrow[sure], of_case[sure]
    certain, rows = total(arrow[sure]), stretches.pattern
    names = np.array(arrays.activities, dtype=object)
    table = pd.DataFrame(
        {
            "source": pd.Series(names[keys // k] if len(keys) else [], dtype="str"),
            "target": pd.Series(names[keys % k] if len(keys) else [], dtype="str"),
            "count": total(arrow),
            "minimum": certain + total(ranged, stretches.least * weight[rows]),
            "maximum": certain + total(ranged, stretches.most * weight[rows]),
            "certain": certain,
            "cases": in_cases(arrow, of_case),
            "cases_minimum": in_cases(*_both(certain_pairs, surely)),
            "cases_maximum": in_cases(*_both(certain_pairs, possibly)),
            "cases_certain": in_cases(*certain_pairs),
        }
    )
    table = table.sort_values(["count", "source", "target"], ascending=[False, True, True], kind="stable")
    return table.reset_index(drop=True)


def arrows_by_case(
    stretches: Stretches, ranged: IntArray
) -> tuple[tuple[IntArray, IntArray], tuple[IntArray, IntArray]]:
    """Arrow and case of each arrow that a stretch surely has, and of each that it possibly has.

    `ranged` numbers the arrows of the rows of the stretches' table.
    """
    kinds = int(stretches.kind.max(initial=-1)) + 1
    # Stretches in the order of their kind, so that each row of a pattern finds its cases standing together.
    case = stretches.case[np.argsort(stretches.kind, kind="stable")]
    sizes = np.bincount(stretches.kind, minlength=kinds)
    begin = np.cumsum(sizes) - sizes
    found = []
    for kept in (stretches.least > 0, stretches.most > 0):
        rows = np.flatnonzero(kept)
        pattern = stretches.pattern[rows]
        where = spread(begin[pattern], sizes[pattern])
        found.append((np.repeat(ranged[rows], sizes[pattern]), case[where]))
    return found[0], found[1]


def _both(one: tuple[IntArray, IntArray], other: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def certain_terminals(log: EventLog, *, declared: bool | None = None) -> pd.DataFrame:
    """How many cases begin and how many stop with each activity, over all orders that the dates allow.

    One row an activity, in rank order: `activity`; `first`, `first_minimum`, `first_maximum` (cases whose first event
    it is: in the log's order, surely, possibly); `last`, `last_minimum`, `last_maximum` the same for the last event,
    open cases included. `declared` as in `order_uncertainty`.
    """
    arrays, blocks = log.arrays, blocks_of(log, declared=declared)
    k = len(arrays.activities)
    activity = arrays.activity.astype(np.int64)
    present = np.flatnonzero(np.diff(arrays.first) > 0)
    table: dict[str, Any] = {"activity": pd.Series(arrays.activities, dtype="str")}
    for name, ends in (("first", arrays.first[present]), ("last", arrays.first[present + 1] - 1)):
        here = np.zeros(len(blocks.case), dtype=bool)
        here[blocks.of[ends]] = True
        inside = np.flatnonzero(here[blocks.of])
        possible = distinct(blocks.of[inside] * max(k, 1) + activity[inside]) % max(k, 1)
        table[name] = np.bincount(activity[ends], minlength=k)
        table[f"{name}_minimum"] = np.bincount(activity[ends][blocks.certain[ends]], minlength=k)
        table[f"{name}_maximum"] = np.bincount(possible, minlength=k)
    return pd.DataFrame(table)
