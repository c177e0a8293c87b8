"""What is asked of Graphviz, and how its answer is read: names and fixed sizes go in, geometry comes out.

No text of the diagram reaches Graphviz, so no label can upset it, and no font it might find can move a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mining.drawing.diagram import Diagram, DiagramEdge, DiagramNode
from mining.drawing.engine import LayoutError
from mining.drawing.geometry import (
    FONT_SIZE,
    LABEL_HEIGHT,
    LINE,
    Box,
    Layout,
    PlacedEdge,
    PlacedNode,
    Point,
    Shape,
    head_length,
)
from mining.drawing.text import balanced, printable, shorten, text_width

_PAD_X, _PAD_Y = 5.0, 3.5
_MARKER = 14.0
_WIDEST_NAME = 150.0
_WIDEST_FACT = 130.0
_LABEL_PAD = 2.0
_MARGIN = 3.0


@dataclass(frozen=True)
class SizedNode:
    """A node with its broken lines and its size in points."""

    node: DiagramNode
    name: tuple[str, ...]
    facts: tuple[str, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Piece:
    """One line to ask of Graphviz, in the arrow's direction; `flip` asks for it the other way round."""

    tail: str
    head: str
    flip: bool


@dataclass(frozen=True)
class Plan:
    """A diagram with its sizes, and the row each node shall stand in."""

    diagram: Diagram
    sizes: tuple[SizedNode, ...]
    rows: Mapping[str, int]
    shape: Shape

    def source(self) -> str:
        """The graph in the DOT language: nodes n0, n1 …, labels e0, e1 …, and anchors r0, r1 … that hold the rows."""
        lines = [
            "digraph {",
            f"graph [rankdir={self.shape.direction} newrank=true splines=true "
            f"nodesep={_inches(self.shape.node_gap)} ranksep={_inches(self.shape.rank_gap / 2)}]",
            'node [shape=box fixedsize=true label=""]',
        ]
        for number, sized in enumerate(self.sizes):
            outline = "box" if sized.node.kind == "activity" else "circle"
            lines.append(f"n{number} [shape={outline} {_size_of(sized.width, sized.height)}]")
        for row in range(max(self.rows.values(), default=-1) + 1):
            here = " ".join(f"n{number}" for number, sized in enumerate(self.sizes) if self.rows[sized.node.id] == row)
            lines.append(f"{{rank=same r{row} [width=0.01 height=0.01 style=invis] {here}}}")
            if row:
                lines.append(f"r{row - 1} -> r{row} [style=invis weight=0 minlen=2]")
        for number, edge in enumerate(self.diagram.edges):
            lines += _edge_lines(edge, number, self._pieces(edge, number))
        return "\n".join([*lines, "}"])

    def read(self, answer: dict[str, Any]) -> Layout:
        """The layout from Graphviz' JSON. Raises LayoutError when a line is missing from it."""
        place = {item["name"]: _pair(item["pos"]) for item in answer.get("objects", []) if "pos" in item}
        drawn = {item["id"]: item for item in answer.get("edges", []) if "id" in item}
        nodes = [
            PlacedNode(s.node, Box(*place[f"n{number}"], s.width, s.height), s.name, s.facts)
            for number, s in enumerate(self.sizes)
        ]
        edges = []
        for number, edge in enumerate(self.diagram.edges):
            label, curves, tip = printable(edge.label), [], (0.0, 0.0)
            for order, piece in enumerate(self._pieces(edge, number)):
                item = drawn.get(f"{number}.{order}", {})
                if "pos" not in item:
                    raise LayoutError(f"Graphviz drew no line from {edge.source!r} to {edge.target!r}")
                curve, tip = _spline(item["pos"], piece.flip)
                curves.append(curve)
            box = Box(*place[f"e{number}"], label_width(label), LABEL_HEIGHT) if label else None
            edges.append(PlacedEdge(edge, tuple(curves), tip, label, box))
        return _moved_to_origin(self.shape, nodes, edges)

    @cached_property
    def _order(self) -> dict[str, int]:
        return {sized.node.id: position for position, sized in enumerate(self.sizes)}

    def _pieces(self, edge: DiagramEdge, number: int) -> list[_Piece]:
        """An arrow as the lines Graphviz is asked for: two that meet at the label, which is a node of its own.

        So the label stands on its own line, and nothing runs over it. Lines are given downwards (`flip`: against the
        arrow), because Graphviz ranks by them. Between boxes in one row the label goes below, or above on the way
        back: then the two ways do not cross. The label of a loop stands below its box.
        """
        first, last = self._order[edge.source], self._order[edge.target]
        start, end, middle = f"n{first}", f"n{last}", f"e{number}"
        back = (self.rows[edge.source], first) > (self.rows[edge.target], last)
        if not printable(edge.label):
            return [_Piece(start, end, flip=back)]
        turns = self.rows[edge.source] == self.rows[edge.target]
        return [_Piece(start, middle, flip=back), _Piece(middle, end, flip=not back if turns else back)]


def size_node(node: DiagramNode, name_lines: int) -> SizedNode:
    """The size a node needs for its text, with the name on at most so many lines."""
    if node.kind != "activity":
        return SizedNode(node, (), (), _MARKER, _MARKER)
    facts = tuple(shorten(printable(line), _WIDEST_FACT, FONT_SIZE) for line in node.lines)
    needed = max((text_width(line, FONT_SIZE) for line in facts), default=0.0)
    name = balanced(printable(node.label), _WIDEST_NAME, FONT_SIZE, lines=name_lines, narrowest=needed)
    widest = max(needed, *(text_width(line, FONT_SIZE) for line in name))
    width = math.ceil(max(widest, 30.0) + 2 * _PAD_X)
    return SizedNode(node, name, facts, width, math.ceil(LINE * (len(name) + len(facts)) + 2 * _PAD_Y))


def label_width(label: str) -> float:
    """The room an arrow's label needs."""
    return text_width(printable(label), FONT_SIZE) + 2 * _LABEL_PAD


def rank_source(diagram: Diagram, *, level_pairs: bool) -> str:
    """A graph from which Graphviz finds the ranks: forward arrows only, the heavy ones short."""
    order = {node.id: position for position, node in enumerate(diagram.nodes)}
    left_out = _either_way(diagram) if level_pairs else set()
    lines = ["digraph {", 'node [shape=point fixedsize=true width=0.1 label=""]']
    lines += [f"n{position}" for position in range(len(diagram.nodes))]
    for edge in _forward(diagram, order):
        if (edge.source, edge.target) not in left_out:
            lines.append(f"n{order[edge.source]} -> n{order[edge.target]} [weight={1 + round(9 * edge.weight)}]")
    return "\n".join([*lines, "}"])


def _forward(diagram: Diagram, order: Mapping[str, int]) -> list[DiagramEdge]:
    """The arrows that lead forward: the heaviest first, each that closes no circle, in process order where it is even.

    What most cases do sets the direction; the process order alone would let a frequent step back float to the top.
    """

    def precedence(edge: DiagramEdge) -> tuple[float, bool, int, int]:
        start, end = order[edge.source], order[edge.target]
        return -edge.weight, start > end, start, end

    after: dict[str, set[str]] = {node.id: {node.id} for node in diagram.nodes}
    kept = []
    for edge in sorted(diagram.edges, key=precedence):
        if edge.source in after[edge.target]:
            continue
        kept.append(edge)
        for reached in after.values():
            if edge.source in reached:
                reached |= after[edge.target]
    return kept


def read_ranks(diagram: Diagram, answer: dict[str, Any]) -> dict[str, int]:
    """The rank of each node, from 0, in Graphviz' answer to `rank_source`."""
    heights = {item["name"]: float(item["pos"].split(",")[1]) for item in answer.get("objects", [])}
    levels = sorted(set(heights.values()), reverse=True)
    return {node.id: levels.index(heights[f"n{position}"]) for position, node in enumerate(diagram.nodes)}


def _either_way(diagram: Diagram) -> set[tuple[str, str]]:
    """Arrows whose opposite is about as heavy: neither direction is the order of things."""
    weights = {(edge.source, edge.target): edge.weight for edge in diagram.edges}
    pairs = set()
    for (source, target), weight in weights.items():
        back = weights.get((target, source), 0.0)
        if source != target and min(weight, back) >= 0.6 * max(weight, back) > 0:
            pairs.add((source, target))
    return pairs


def _edge_lines(edge: DiagramEdge, number: int, pieces: list[_Piece]) -> list[str]:
    style = f"weight={1 + round(9 * edge.weight)} arrowsize={head_length(edge.weight) / 10:.3f}"
    lines = []
    if len(pieces) > 1:
        lines.append(f"e{number} [{_size_of(label_width(edge.label), LABEL_HEIGHT)}]")
    for place, piece in enumerate(pieces):
        pointed = "none" if place < len(pieces) - 1 else "back" if piece.flip else "forward"
        tail, head = (piece.head, piece.tail) if piece.flip else (piece.tail, piece.head)
        lines.append(f'{tail} -> {head} [id="{number}.{place}" dir={pointed} {style}]')
    return lines


def _size_of(width: float, height: float) -> str:
    return f"width={_inches(width)} height={_inches(height)}"


def _inches(points: float) -> str:
    return f"{points / 72:.5f}"


def _pair(text: str) -> Point:
    x, y = text.split(",")
    return float(x), -float(y)


def _spline(pos: str, back: bool) -> tuple[tuple[Point, ...], Point]:
    """The Bézier points from source to head, and the head's tip, of Graphviz' `pos` of an edge."""
    points, tip = [], None
    for part in pos.split(";")[0].split(" "):
        if part.startswith(("e,", "s,")):
            if part[0] == ("s" if back else "e"):
                tip = _pair(part[2:])
        else:
            points.append(_pair(part))
    if len(points) % 3 != 1:
        raise LayoutError(f"Graphviz gave a line of {len(points)} points")
    if back:
        points.reverse()
    return tuple(points), tip if tip is not None else points[-1]


def _moved_to_origin(shape: Shape, nodes: list[PlacedNode], edges: list[PlacedEdge]) -> Layout:
    """The layout with its top left corner at 0, 0, mirrored if the first step would stand on the far side."""
    xs, ys = [], []
    for box in (*(n.box for n in nodes), *(e.label_box for e in edges if e.label_box)):
        left, top, right, bottom = box.corners
        xs += [left, right]
        ys += [top, bottom]
    for edge in edges:
        xs += [x for curve in edge.curves for x, _ in curve]
        ys += [y for curve in edge.curves for _, y in curve]
    first = nodes[0].box
    mirror_x = shape.direction == "TB" and 2 * first.x > min(xs) + max(xs)
    mirror_y = shape.direction == "LR" and 2 * first.y > min(ys) + max(ys)

    def moved(point: Point) -> Point:
        x = max(xs) - point[0] if mirror_x else point[0] - min(xs)
        y = max(ys) - point[1] if mirror_y else point[1] - min(ys)
        return x + _MARGIN, y + _MARGIN

    def moved_box(box: Box) -> Box:
        return Box(*moved((box.x, box.y)), box.width, box.height)

    def moved_edge(edge: PlacedEdge) -> PlacedEdge:
        curves = tuple(tuple(moved(point) for point in curve) for curve in edge.curves)
        label_box = moved_box(edge.label_box) if edge.label_box else None
        return replace(edge, curves=curves, tip=moved(edge.tip), label_box=label_box)

    return Layout(
        shape,
        tuple(replace(placed, box=moved_box(placed.box)) for placed in nodes),
        tuple(moved_edge(edge) for edge in edges),
        max(xs) - min(xs) + 2 * _MARGIN,
        max(ys) - min(ys) + 2 * _MARGIN,
    )
