"""How hard a layout is to read: crossings, lines over text, length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining.drawing.geometry import Layout, Point

FloatArray = npt.NDArray[np.float64]
_STEPS = 6
_NEAR = 2.5
"""Closer than this, in points, a line seems to touch a box."""


@dataclass(frozen=True)
class Clutter:
    """What makes a layout hard to read."""

    crossings: int
    """Places where two lines cross."""
    struck: int
    """Lines that run over a box or a label."""
    length: float
    """All lines together, in points."""
    arrows: int
    grazed: int = 0
    """Lines that run right along a box that is not theirs."""

    @property
    def tangled(self) -> bool:
        """Whether lines cross more than once for every seven arrows, or run over boxes or labels: then show less."""
        return self.struck > 0 or self.crossings > max(2.0, self.arrows / 7)


def clutter_of(layout: Layout) -> Clutter:
    """Count what makes a layout hard to read.

    >>> from mining.drawing.geometry import Layout, Shape
    >>> clutter_of(Layout(Shape(), (), (), 0.0, 0.0)).tangled
    False
    """
    lines = [polyline(curve) for edge in layout.edges for curve in edge.curves[:-1]]
    lines += [np.vstack([polyline(edge.curves[-1]), edge.tip]) for edge in layout.edges]
    if not lines:
        return Clutter(0, 0, 0.0, 0)
    spans = np.array([[*line.min(axis=0), *line.max(axis=0)] for line in lines])
    low, high = spans[:, None, :2], spans[:, None, 2:]
    near = ((low <= spans[None, :, 2:]) & (spans[None, :, :2] <= high)).all(axis=2)
    pairs = zip(*np.nonzero(np.triu(near, 1)), strict=True)
    crossings = sum(_crossings(lines[one], lines[other]) for one, other in pairs)
    rooms = [edge.label_box for edge in layout.edges if edge.label_box] + [placed.box for placed in layout.nodes]
    left, top, right, bottom = np.array([room.corners for room in rooms]).reshape(-1, 4).T
    struck, grazed, length = 0, 0, 0.0
    boxes = len(layout.nodes)
    name = np.array([placed.node.id for placed in layout.nodes], dtype=object)
    ends = [edge.edge for edge in layout.edges for _ in edge.curves[:-1]] + [edge.edge for edge in layout.edges]
    for line, edge in zip(lines, ends, strict=True):
        x, y = line[:, :1], line[:, 1:]
        length += float(np.hypot(*np.diff(line, axis=0).T).sum())
        inside = (x > left + 1) & (x < right - 1) & (y > top + 1) & (y < bottom - 1)
        struck += int(inside.any(axis=0).sum())
        near = (x > left - _NEAR) & (x < right + _NEAR) & (y > top - _NEAR) & (y < bottom + _NEAR)
        others = (name != edge.source) & (name != edge.target)
        grazed += int((near[:, len(rooms) - boxes :].any(axis=0) & others).sum())
    return Clutter(crossings, struck, length, len(layout.edges), grazed)


def polyline(curve: tuple[Point, ...]) -> FloatArray:
    """Points along Bézier pieces, six steps a piece, one row (x, y) a point."""
    points = np.array(curve)
    t = np.linspace(0, 1, _STEPS + 1)[:, None, None]
    a, b, c, d = points[:-3:3], points[1:-2:3], points[2:-1:3], points[3::3]
    runs = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return np.concatenate([runs.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])


def _crossings(one: FloatArray, other: FloatArray) -> int:
    """How often two polylines cross."""
    a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]

    def turns_left(p: FloatArray, q: FloatArray, r: FloatArray) -> npt.NDArray[np.bool_]:
        cross = (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        left: npt.NDArray[np.bool_] = cross > 0
        return left

    apart = (turns_left(a, b, c) != turns_left(a, b, d)) & (turns_left(c, d, a) != turns_left(c, d, b))
    return int(apart.sum())
