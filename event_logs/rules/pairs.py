"""Records that belong together: equal in some columns, or overlapping in time; never each compared with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.rules.facts import Bools, Floats, Ints

NEIGHBOURS = 50
"""At most so many later overlapping spells are listed for one: a child with thousands of them must not stop a run."""


def codes_of(column: pd.Series[Any]) -> Ints:
    """A number for each different value; -1 for a missing one."""
    return pd.factorize(column)[0].astype(np.int64)


def canonical(column: pd.Series[str]) -> pd.Series[str]:
    """Text without case, spaces and punctuation, so that ways of writing fall together; missing stays missing."""
    codes, unique = pd.factorize(column)
    short = pd.Series(unique, dtype="str").str.casefold().str.replace(r"[\W_]+", "", regex=True)
    return pd.Series(short.array.take(codes, allow_fill=True), index=column.index, dtype="str")


def alike(keys: Sequence[Ints], then: Floats | None = None, *, among: Bools | None = None) -> tuple[Ints, Ints]:
    """Neighbouring records that are equal in all keys: the positions of the earlier and of the later of each pair.

    `then` orders equal records (the rows do, where it is equal or not given); only records of `among` are looked at.
    Of three equal records there are two pairs.
    """
    at = np.arange(len(keys[0])) if among is None else np.flatnonzero(among)
    order = np.lexsort([at, *([] if then is None else [then[at]]), *(key[at] for key in keys)])
    sorted_at = at[order]
    same = np.ones(max(len(sorted_at) - 1, 0), dtype=bool)
    for key in keys:
        values = key[sorted_at]
        same &= values[1:] == values[:-1]
    return sorted_at[:-1][same], sorted_at[1:][same]


def overlapping(at: Ints, start: Floats, end: Floats) -> tuple[Ints, Ints, Floats]:
    """Pairs of spells of one episode that overlap: the one that began first, the other, and the days they share.

    A day on which one ends and the other begins is not shared. Spells without an episode or a start are left out;
    `end` must be known (take the extraction date for an open one). At most `NEIGHBOURS` pairs begin with one spell.
    """
    usable = np.flatnonzero((at >= 0) & ~np.isnan(start) & (end > start))
    order = usable[np.lexsort((usable, end[usable], start[usable], at[usable]))]
    if not len(order):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    # One scale on which the episodes stand side by side, so that one search serves them all.
    low = start[order].min()
    span = end[order].max() - low + 1
    begins = at[order] * span + (start[order] - low)
    until = at[order] * span + (end[order] - low)
    later = np.searchsorted(begins, until, side="left") - np.arange(len(order)) - 1
    count = np.clip(later, 0, NEIGHBOURS)
    first = np.repeat(np.arange(len(order)), count)
    step = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count) + 1
    one, two = order[first], order[first + step]
    return one, two, np.minimum(end[one], end[two]) - start[two]


def covered(at: Ints, start: Floats, end: Floats) -> tuple[Ints, Floats, Floats]:
    """The spells of each episode melted together where they touch or overlap: episode, first and last day.

    In order of episode and day; spells without an episode, a start or an end are left out.
    """
    usable = np.flatnonzero((at >= 0) & ~np.isnan(start) & ~np.isnan(end))
    order = usable[np.lexsort((start[usable], at[usable]))]
    whose, begin, until = at[order], start[order], end[order]
    if not len(order):
        return whose, begin, until
    # The latest end so far within the episode: a running maximum on a scale where later episodes lie higher.
    low, span = begin.min(), max(until.max() - begin.min() + 1, 1)
    so_far = np.maximum.accumulate(whose * span + (np.maximum(until, begin) - low))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (whose[1:] != whose[:-1]) | (whose[1:] * span + (begin[1:] - low) > so_far[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    return whose[first], begin[first], so_far[last] - whose[first] * span + low


def texts(*parts: str | npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Sentences put together from texts and columns of texts."""
    size = next(len(part) for part in parts if not isinstance(part, str))
    columns = [[part] * size if isinstance(part, str) else part.tolist() for part in parts]
    return np.array(["".join(map(str, row)) for row in zip(*columns, strict=True)], dtype=object)
