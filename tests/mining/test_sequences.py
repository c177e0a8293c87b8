"""Equal slices are found, whatever the hash does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mining.sequences import equal_slices, spread

slices = st.lists(st.lists(st.integers(0, 2), max_size=4), max_size=12)


def cut(parts: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens = np.array([token for part in parts for token in part], dtype=np.int64)
    stop = np.cumsum([len(part) for part in parts]).astype(np.int64)
    return tokens, stop - np.array([len(part) for part in parts], dtype=np.int64), stop


@given(slices)
def test_kinds_are_those_of_the_sequences_themselves(parts: list[list[int]]) -> None:
    tokens, first, stop = cut(parts)
    distinct = list(dict.fromkeys(tuple(part) for part in parts))
    for base in (0x9E3779B97F4A7C15, 1):
        # With base 1 the hash forgets the order of tokens: AB and BA collide, and the exact way must be taken.
        kinds, stands = equal_slices(tokens, first, stop, base=base)
        assert kinds.tolist() == [distinct.index(tuple(part)) for part in parts]
        assert [tuple(parts[stand]) for stand in stands] == distinct


def test_a_collision_is_found() -> None:
    tokens, first, stop = cut([[1, 2], [2, 1], [1, 2]])
    assert equal_slices(tokens, first, stop, base=1)[0].tolist() == [0, 1, 0]


def test_spread_of_nothing_is_nothing() -> None:
    assert spread(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)).tolist() == []
