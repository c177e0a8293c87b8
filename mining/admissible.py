"""The least and the most often that each arrow can be taken, over all orders that the dates allow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from event_logs.log import LogArrays
from mining.blocks import Blocks
from mining.sequences import distinct, equal_slices, spread

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_NEVER = 10**9
"""Cost of what is impossible, larger than any count."""
_ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
class Stretches:
    """Runs of neighbouring blocks of unknown order, each with the event before and after it where there is one.

    What happens in one stretch does not depend on any other: the event between two of them is certain.
    """

    kind: IntArray
    """For each stretch, which pattern of activities it is."""
    case: IntArray
    """For each stretch, the position of its case."""
    pattern: IntArray
    """For each row of the tables below, the pattern."""
    source: IntArray
    target: IntArray
    least: IntArray
    """Fewest times a stretch of this pattern can hold source directly followed by target."""
    most: IntArray


def stretches_of(arrays: LogArrays, blocks: Blocks) -> Stretches:
    """The stretches of unknown order in a log, with the range of every arrow in each kind of them.

    Equal patterns are worked out once. The ranges are exact: for each arrow, whether a block begins with the target
    and ends with the source is all that its neighbours need to know, so a pass from block to block with these two
    facts finds the least and the most over all orders.
    """
    unknown, case = blocks.unknown, blocks.case
    before = np.zeros(len(case), dtype=bool)
    before[1:] = case[1:] == case[:-1]
    linked = before.copy()
    linked[1:] &= unknown[:-1]
    opens = np.flatnonzero(unknown & ~linked)
    follows = np.append(before[1:], False)
    closes = np.flatnonzero(unknown & ~(follows & np.append(unknown[1:], False)))
    lo = blocks.first[opens] - before[opens]
    hi = blocks.first[closes + 1] + follows[closes] if len(closes) else np.zeros(0, dtype=np.int64)
    tokens = arrays.activity.astype(np.int64) * 2 + blocks.joined
    kind, stands = equal_slices(tokens, lo, hi)
    tables = _ranges_in_parts(tokens, lo[stands], hi[stands], max(len(arrays.activities), 1))
    return Stretches(kind, case[opens], *tables)


def _ranges_in_parts(tokens: IntArray, lo: IntArray, hi: IntArray, activities: int) -> tuple[IntArray, ...]:
    """`_ranges` a part at a time, so that memory stays bounded."""
    # A block of n activities has n * n arrows at most.
    load = np.cumsum((hi - lo) ** 2) // _ROWS_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(load)) + 1).tolist(), len(lo)]
    parts = []
    for begin, end in pairwise(cuts):
        pattern, *rest = _ranges(tokens, lo[begin:end], hi[begin:end], activities)
        parts.append((pattern + begin, *rest))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _ranges(tokens: IntArray, lo: IntArray, hi: IntArray, activities: int) -> tuple[IntArray, ...]:
    """For patterns given as slices: pattern, source, target, least and most of each arrow that can occur."""
    lengths = hi - lo
    mine = tokens[spread(lo, lengths)]
    activity, starts = mine // 2, mine % 2 == 0
    block = np.cumsum(starts) - 1
    pattern = np.repeat(np.arange(len(lo)), lengths)[starts]
    first_block = np.searchsorted(pattern, np.arange(len(lo) + 1))
    cells, counts = np.unique(block * activities + activity, return_counts=True)
    sizes = np.bincount(block, minlength=len(pattern))
    rows = distinct(_candidates(cells, pattern, activities))
    of, source, target = rows // activities**2, rows // activities % activities, rows % activities

    def count(blocks: IntArray, wanted: IntArray) -> IntArray:
        key = blocks * activities + wanted
        place = np.minimum(np.searchsorted(cells, key), len(cells) - 1)
        return np.where(cells[place] == key, counts[place], 0).astype(np.int64)

    n = len(rows)
    most = np.stack([np.zeros(n, dtype=np.int64), np.full(n, -_NEVER)])
    least = np.stack([np.zeros(n, dtype=np.int64), np.full(n, _NEVER)])
    long = np.diff(first_block)[of]
    for place in range(int(long.max(initial=0))):
        here = np.flatnonzero(long > place)
        at = first_block[of[here]] + place
        a, b = count(at, source[here]), count(at, target[here])
        loop = source[here] == target[here]
        others = sizes[at] - a - np.where(loop, 0, b)
        most[:, here] = _most_after(most[:, here], a, b, others, loop)
        least[:, here] = _least_after(least[:, here], a, b, others, loop)
    high = most.max(axis=0)
    kept = high > 0
    return of[kept], source[kept], target[kept], least.min(axis=0)[kept], high[kept]


def _candidates(cells: IntArray, pattern: IntArray, activities: int) -> IntArray:
    """Arrows within each block and from each block to the next of its pattern, as pattern, source, target in one."""
    block = cells // activities
    first = np.searchsorted(block, np.arange(len(pattern) + 1))
    last_block = block + 1
    inside = np.append(pattern[1:] == pattern[:-1], False)
    last_block += inside[block]
    partners = first[last_block] - first[block]
    target = cells[spread(first[block], partners)] % activities
    source, of = cells % activities, pattern[block]
    arrows: IntArray = np.repeat((of * activities + source) * activities, partners) + target
    return arrows


def _most_after(before: IntArray, a: IntArray, b: IntArray, others: IntArray, loop: BoolArray) -> IntArray:
    """The most times up to and with this block, by whether its last event is claimed to be the source.

    A claim only ever restricts the order, so what nobody claims need not be forbidden.
    """
    free = np.maximum(before[0], before[1])
    held = _most_inside(a, b, others, loop)
    return np.stack([np.maximum(free + held[0][last], before[1] + 1 + held[1][last]) for last in (0, 1)])


def _most_inside(a: IntArray, b: IntArray, others: IntArray, loop: BoolArray) -> list[list[IntArray]]:
    """[begins with the target][ends with the source] -> most arrows inside a block."""

    def apart(begins: int, ends: int) -> IntArray:
        return np.where((a >= ends) & (b >= begins), np.minimum(a - ends, b - begins), -_NEVER)

    one_run = np.where(a >= 1, a - 1, -_NEVER)
    both = np.where(others == 0, one_run, np.where(a >= 2, a - 2, -_NEVER))
    looped = [[np.maximum(a - 1, 0), one_run], [one_run, both]]
    return [[np.where(loop, looped[f][e], apart(f, e)) for e in (0, 1)] for f in (0, 1)]


def _least_after(before: IntArray, a: IntArray, b: IntArray, others: IntArray, loop: BoolArray) -> IntArray:
    """The fewest times up to and with this block, by whether its last event is the source."""
    any_before = np.minimum(before[0], before[1])
    into_target = np.minimum(before[0], before[1] + 1)
    held = _least_inside(a, b, others, loop)
    after = [np.minimum(any_before + held[0][last], into_target + held[1][last]) for last in (0, 1)]
    fewest: IntArray = np.minimum(np.stack(after), _NEVER)
    return fewest


def _least_inside(a: IntArray, b: IntArray, others: IntArray, loop: BoolArray) -> list[list[IntArray]]:
    """[begins with the target][ends with the source] -> fewest arrows inside a block, `_NEVER` if it cannot be so."""
    zero, never = np.zeros_like(a), np.full_like(a, _NEVER)
    # With anything between them the two can be kept apart; alone, targets first is the only way.
    mixed = others > 0
    alone = [
        [np.where((a > 0) & (b > 0), 1, never), np.where(b == 0, 0, np.where(a > 1, 1, never))],
        [np.where(a == 0, 0, np.where(b > 1, 1, never)), np.where((a > 0) & (b > 0), 0, never)],
    ]
    possible = [[mixed, a > 0], [b > 0, (a > 0) & (b > 0)]]
    apart = [[np.where(mixed, np.where(possible[f][e], zero, never), alone[f][e]) for e in (0, 1)] for f in (0, 1)]
    # A loop counts its events less its runs; the others stand between the runs.
    runs = [[others - 1, others], [others, others + 1]]
    able = [[others >= np.where(a > 0, 2, 1), (a > 0) & mixed], [(a > 0) & mixed, np.where(mixed, a > 1, a > 0)]]
    looped = [[np.where(able[f][e], a - np.minimum(a, runs[f][e]), never) for e in (0, 1)] for f in (0, 1)]
    return [[np.where(loop, looped[f][e], apart[f][e]) for e in (0, 1)] for f in (0, 1)]
