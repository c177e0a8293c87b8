"""Named random streams: what is drawn for one child and one purpose never depends on any other.

A stream is a matrix of unit draws, one row a child and one column an occasion (the first, second... time the child
needs this draw). It is keyed by (seed, replication, name), so adding a stream, an activity or a child at the end leaves
every other draw bit-identical, and two scenarios that share a child share that child's luck.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_BLOCK = 4
"""Occasions drawn at a time; most steps of a pathway happen to a child once or twice."""
_MOST_KEPT = 2_000_000
"""Rows of blocks kept: 64 MB."""


def stable_hash(name: str) -> int:
    """A 64-bit number for a stream's name, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


class Streams:
    """The unit draws of one replication.

    >>> one, two = Streams(1, 0, 3), Streams(1, 0, 5)
    >>> _ = two.unit("another stream", 0, 0)
    >>> one.unit("legal advice", 2, 0) == two.unit("legal advice", 2, 0)
    True
    """

    def __init__(self, seed: int, replication: int, children: int, *, first: int = 0) -> None:
        """The draws of so many children, of whom the first has the number `first` among all those of the run."""
        self._key = (seed, replication)
        self._children, self._first = children, first
        self._blocks: dict[tuple[str, int], list[npt.NDArray[np.float64]]] = {}

    def generator(self, name: str) -> np.random.Generator:
        """A generator of its own for a purpose that is not a child's, such as the arrivals."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([*self._key, stable_hash(name)])))

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """The first draw of every child, uniform on (0, 1]."""
        return self.occasion(name, 0)

    def occasion(self, name: str, number: int) -> npt.NDArray[np.float64]:
        """The draw of every child on one occasion (from 0), uniform on (0, 1]."""
        block, column = divmod(number, _BLOCK)
        return self._block(name, block)[column]

    def unit(self, name: str, child: int, occasion: int) -> float:
        """One draw, uniform on (0, 1]: the `occasion`-th (from 0) that this child makes from this stream."""
        return float(self.occasion(name, occasion)[child])

    def _block(self, name: str, block: int) -> list[npt.NDArray[np.float64]]:
        """A block of occasions, each for all children."""
        key = (name, block)
        if key not in self._blocks:
            while len(self._blocks) > 1 and len(self._blocks) * self._children >= _MOST_KEPT:
                del self._blocks[next(iter(self._blocks))]  # the oldest; drawn again, the same, where it is asked for
            bits = np.random.PCG64(np.random.SeedSequence([*self._key, stable_hash(f"{name}#{block}")]))
            generator = np.random.Generator(bits.advance(self._first * _BLOCK))
            drawn = generator.random((self._children, _BLOCK)).T  # a child's draws come one after another
            # random() may return exactly 0, which no inverse survival function can take: 1 - u lies in (0, 1].
            self._blocks[key] = list(np.subtract(1.0, drawn, out=np.empty(drawn.shape)))
        return self._blocks[key]
