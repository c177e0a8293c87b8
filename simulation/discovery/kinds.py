"""Kinds of journey: the variants of a log, the rare ones put together with those most like them."""

from __future__ import annotations

import numpy as np

from simulation.discovery.journeys import Ints, Journeys

FEWEST = 20
"""Cases that make a kind of their own."""


def variants(journeys: Journeys) -> Ints:
    """For each case the number of its variant, in the order of the sequences: neighbours begin alike."""
    longest = int(journeys.lengths.max())
    table = np.zeros((journeys.cases, longest), dtype=np.int32)
    place = np.arange(len(journeys.activity)) - journeys.first[:-1][journeys.case]
    table[journeys.case, place] = journeys.activity + 1
    return _numbered(table)


def kinds(journeys: Journeys, fewest: int = FEWEST) -> Ints:
    """For each case the number of its kind.

    A variant of at least `fewest` cases is a kind; of the rest, those with the same set of activities are, if that
    many; what remains is sorted into three by length.
    """
    found = np.full(journeys.cases, -1)
    met = np.zeros((journeys.cases, len(journeys.names)), dtype=bool)
    met[journeys.case, journeys.activity] = True
    thirds = np.searchsorted(np.quantile(journeys.lengths, [1 / 3, 2 / 3]), journeys.lengths)
    count = 0
    for code, enough in ((variants(journeys), fewest), (_numbered(met), fewest), (thirds, 1)):
        rest = found < 0
        left = rest & (np.bincount(code[rest], minlength=int(code.max()) + 1) >= enough)[code]
        kept, number = np.unique(code[left], return_inverse=True)
        found[left] = count + number
        count += len(kept)
    return found


def _numbered(rows: np.ndarray) -> Ints:
    """For each row its place among the distinct rows."""
    packed = np.ascontiguousarray(rows.astype(">i4" if rows.dtype != bool else bool))
    keys = packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel()
    _, number = np.unique(keys, return_inverse=True)
    return number.ravel().astype(np.int64)
