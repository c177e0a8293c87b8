"""The measures of a layout, and what a finished one holds: boxes and lines in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mining.drawing.diagram import DiagramEdge, DiagramNode

Point = tuple[float, float]
Direction = Literal["TB", "LR"]

FONT_SIZE = 9.0
LINE = 10.8
NODE_GAP, NODE_GAP_TIGHT = 11.0, 7.0
RANK_GAP, RANK_GAP_TIGHT = 13.0, 10.0
LABEL_HEIGHT = 11.5


@dataclass(frozen=True)
class Shape:
    """One way to lay a diagram out."""

    direction: Direction = "TB"
    rows: int = 99
    """How many ranks one run has before the next one turns back."""
    name_lines: int = 2
    """On how many lines a name may stand: more makes narrower, taller boxes."""
    level_pairs: bool = False
    """Whether two activities that follow each other either way about as often may stand side by side."""
    tight: bool = False
    """Whether everything stands closer together."""

    @property
    def node_gap(self) -> float:
        """Points between neighbours in a row."""
        return NODE_GAP_TIGHT if self.tight else NODE_GAP

    @property
    def rank_gap(self) -> float:
        """Points between two rows besides the label between them."""
        return RANK_GAP_TIGHT if self.tight else RANK_GAP


@dataclass(frozen=True)
class Box:
    """A rectangle by its centre, in points from the top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: Box, *, slack: float = 0.0) -> bool:
        """Whether the two share more than `slack` points both ways."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 - slack
            and abs(self.y - other.y) < (self.height + other.height) / 2 - slack
        )


@dataclass(frozen=True)
class PlacedNode:
    """A box with its place and its broken lines."""

    node: DiagramNode
    box: Box
    name: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True)
class PlacedEdge:
    """An arrow: its line in one piece, or two with the label between them, the head's tip, and the label's room."""

    edge: DiagramEdge
    curves: tuple[tuple[Point, ...], ...]
    """Cubic Bézier points of each piece, 3n + 1 of them, from source to head."""
    tip: Point
    label: str
    label_box: Box | None


@dataclass(frozen=True)
class Layout:
    """A laid-out diagram, its top left corner at 0, 0, at 9 pt text."""

    shape: Shape
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]
    width: float
    height: float

    def fits(self, width: float, height: float) -> bool:
        """Whether it fits a space without being made smaller."""
        return self.width <= width + 0.01 and self.height <= height + 0.01


def line_width(weight: float) -> float:
    """Thickness of an arrow's line in points for a weight from 0 to 1."""
    return 0.8 + 3.7 * min(max(weight, 0.0), 1.0)


def head_length(weight: float) -> float:
    """Length of an arrow's head in points."""
    return 4.5 + 1.1 * line_width(weight)
