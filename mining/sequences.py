"""Which of many sequences are equal, found in a few passes over all of them at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]

# An odd multiplier, so that every power of it has an inverse modulo 2**64.
_BASE = 0x9E3779B97F4A7C15


def equal_slices(tokens: IntArray, first: IntArray, stop: IntArray, *, base: int = _BASE) -> tuple[IntArray, IntArray]:
    """Number the distinct slices tokens[first[i]:stop[i]], and give one slice that stands for each.

    Returns the number of each slice's kind (kinds are numbered by their first slice) and for each kind the position
    of its first slice. Slices may overlap and may be empty. Equal slices get equal polynomial hashes modulo 2**64
    (`base` is odd); every slice is then compared with the one that stands for its kind, token by token, so a
    collision can never pass: it makes the exact, slower way be taken.

    >>> kinds, stands = equal_slices(np.array([1, 2, 1, 2, 3]), np.array([0, 2, 4]), np.array([2, 4, 5]))
    >>> kinds.tolist(), stands.tolist()
    ([0, 0, 1], [0, 2])
    """
    lengths = stop - first
    kinds = _numbered(_slice_hashes(tokens, first, stop, base))
    stands = _stands(kinds)
    if not _same(tokens, first, stop, stands[kinds]):
        kinds = _refined(tokens, first, lengths)
        stands = _stands(kinds)
    return kinds, stands


def distinct(values: IntArray) -> IntArray:
    """The different values, increasing; by sorting, which for a million integers takes a tenth of what hashing does.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values)
    if len(ordered) < 2:
        return ordered
    kept: IntArray = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return kept


def spread(first: IntArray, lengths: IntArray) -> IntArray:
    """The positions first[0], first[0] + 1, ... of all slices, one slice after another.

    >>> spread(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    begins = np.cumsum(lengths) - lengths
    positions: IntArray = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(first - begins, lengths)
    return positions


def _slice_hashes(tokens: IntArray, first: IntArray, stop: IntArray, base: int) -> HashArray:
    """Sum of token * base**(place in its slice), modulo 2**64; tokens are scrambled first."""
    n = len(tokens)
    power, inverse = np.ones(n + 1, dtype=np.uint64), np.ones(n + 1, dtype=np.uint64)
    power[1:], inverse[1:] = np.uint64(base), np.uint64(pow(base, -1, 2**64))
    power, inverse = np.cumprod(power), np.cumprod(inverse)
    running = np.zeros(n + 1, dtype=np.uint64)
    np.cumsum(_scrambled(tokens) * power[:n], out=running[1:])
    lengths = (stop - first).astype(np.uint64)
    return _mixed((running[stop] - running[first]) * inverse[first] + _mixed(lengths))


def _scrambled(tokens: IntArray) -> HashArray:
    return _mixed(tokens.astype(np.uint64) + np.uint64(1))


def _mixed(x: HashArray) -> HashArray:
    """Every bit of the result depends on every bit given (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: HashArray = x ^ (x >> np.uint64(31))
    return mixed


def _numbered(keys: npt.NDArray[np.generic]) -> IntArray:
    """Numbers for equal keys, in the order in which they first appear."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbers: IntArray = place[inverse.reshape(-1)]
    return numbers


def _stands(kinds: IntArray) -> IntArray:
    """Position of the first slice of each kind."""
    stands = np.zeros(int(kinds.max(initial=-1)) + 1, dtype=np.int64)
    stands[kinds[::-1]] = np.arange(len(kinds))[::-1]
    return stands


def _same(tokens: IntArray, first: IntArray, stop: IntArray, stands: IntArray) -> bool:
    lengths = stop - first
    if not np.array_equal(lengths, lengths[stands]):
        return False
    return bool(np.array_equal(tokens[spread(first, lengths)], tokens[spread(first[stands], lengths)]))


def _refined(tokens: IntArray, first: IntArray, lengths: IntArray) -> IntArray:
    """Kinds by splitting on one place after another: exact, and as slow as the longest slice is long."""
    kinds = _numbered(lengths)
    for place in range(int(lengths.max(initial=0))):
        here = np.flatnonzero(lengths > place)
        pairs = np.stack([kinds[here], tokens[first[here] + place]], axis=1)
        _, split = np.unique(pairs, axis=0, return_inverse=True)
        kinds[here] = split.reshape(-1) + int(kinds.max()) + 1
    return _numbered(kinds)
