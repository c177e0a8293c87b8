"""The building stones of every chart rule: which points lie on a side, and how many in a row.

Everything works on arrays whose last axis is the points of a chart, so that a single chart and a million simulated
ones are judged by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """What one rule found on a chart."""

    rule: str
    """The rule's name: "shift", "trend", "runs", "Anhøj", "outside the limits", ..."""
    points: tuple[int, ...]
    """Positions (from 0) of the points that make the signal; all useful points for a rule about the whole chart."""
    direction: str
    """"above", "below", "up", "down", "too few", "too many" or ""."""
    words: str
    """The finding as a sentence."""
    passed_over: tuple[int, ...] = ()
    """Positions between them that neither count nor break: points on the centre line, or equal to the one before."""


@dataclass(frozen=True)
class Stretch:
    """Points in a row that go the same way."""

    sign: int
    """1 above or up, -1 below or down."""
    points: tuple[int, ...]
    passed_over: tuple[int, ...]


def sides(values: FloatArray, centre: FloatArray | float) -> IntArray:
    """1 above the centre, -1 below, 0 on it or missing."""
    return np.nan_to_num(np.sign(values - centre)).astype(np.int64)


def steps(values: FloatArray) -> IntArray:
    """1 where a point is higher than the one before it, -1 where lower, 0 where equal, missing, or first.

    Missing points are stepped over: the one before is the last that has a value.
    """
    filled = np.array(values, dtype=np.float64)
    for j in range(1, filled.shape[-1]):
        column = filled[..., j]
        filled[..., j] = np.where(np.isnan(column), filled[..., j - 1], column)
    changes = np.zeros(filled.shape, dtype=np.int64)
    changes[..., 1:] = np.nan_to_num(np.sign(np.diff(filled, axis=-1)))
    return changes


def run_lengths(signs: IntArray) -> IntArray:
    """At each point how many of its sign stand in a row up to there; zeros neither break a row nor count.

    >>> run_lengths(np.array([1, 1, 0, 1, -1, 0, -1])).tolist()
    [1, 2, 2, 3, 1, 1, 2]
    """
    lengths = np.zeros(signs.shape, dtype=np.int64)
    latest = np.zeros(signs.shape[:-1], dtype=np.int64)
    length = np.zeros(signs.shape[:-1], dtype=np.int64)
    for j in range(signs.shape[-1]):
        sign = signs[..., j]
        length = np.where(sign == 0, length, np.where(sign == latest, length + 1, 1))
        latest = np.where(sign == 0, latest, sign)
        lengths[..., j] = length
    return lengths


def run_count(signs: IntArray) -> IntArray:
    """How many runs (rows of one sign, zeros left out) there are."""
    starts = (signs != 0) & (run_lengths(signs) == 1)
    total: IntArray = starts.sum(axis=-1)
    return total


def same_side(values: FloatArray, centre: FloatArray | float, least: int) -> tuple[Stretch, ...]:
    """Each row of at least `least` points on one side of the centre; points on it neither break nor count."""
    return _stretches(sides(values, centre), least, values)


def trends(values: FloatArray, least: int) -> tuple[Stretch, ...]:
    """Each row of at least `least` points all going up or all going down.

    A value equal to the one before it neither breaks nor counts; two trends may share the point where they turn.
    """
    found = []
    signs = steps(values)
    for stretch in _stretches(signs, least - 1, values):
        start = _turning_point(signs, values, stretch.points[0])
        between = range(start + 1, stretch.points[-1])
        passed = tuple(i for i in between if i not in stretch.points and not np.isnan(values[i]))
        found.append(Stretch(stretch.sign, (start, *stretch.points), passed))
    return tuple(found)


def _turning_point(signs: IntArray, values: FloatArray, first: int) -> int:
    """Where the move that arrives at `first` set out: the point at which that level was reached.

    A chart that begins with equal values has reached no level yet; there the last of them is taken.
    """
    moved = np.flatnonzero(signs[:first])
    if len(moved):
        return int(moved[-1])
    return int(np.flatnonzero(~np.isnan(values[:first]))[-1])


def _stretches(signs: IntArray, least: int, values: FloatArray) -> tuple[Stretch, ...]:
    useful = np.flatnonzero(signs)
    if not len(useful) or least < 1:
        return ()
    breaks = np.flatnonzero(np.diff(signs[useful])) + 1
    found = []
    for points in np.split(useful, breaks):
        if len(points) >= least:
            span = np.arange(points[0], points[-1] + 1)
            passed = span[(signs[span] == 0) & ~np.isnan(values[span])]
            found.append(Stretch(int(signs[points[0]]), tuple(points.tolist()), tuple(passed.tolist())))
    return tuple(found)
