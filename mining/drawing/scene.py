"""The page: everything to be drawn, in points from the top left corner, for every format the same."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from mining.drawing.diagram import Diagram
from mining.drawing.geometry import FONT_SIZE, LINE, Box, Layout, PlacedEdge, PlacedNode, Point, head_length, line_width
from mining.drawing.text import printable, shorten, text_width, wrap

INK, QUIET, PAPER = "#1a1a1a", "#4d4d4d", "#ffffff"
COLOURS = ("#5f97c7", "#7a75bd", "#934f9e", "#8f2468", "#5c0f33")
"""Light blue to dark red-violet: ever darker, so that it reads without colour vision too; 3:1 on white and more."""
DIFFERENCES = ("#0f4c8a", "#5f8fc4", "#4a4a4a", "#c1792f", "#8a4500")
"""Dark blue over dark grey to dark orange, for less and more: told apart with any colour vision, 3:1 on white."""
NOT_KNOWN = "#8f8f8f"
SHADES = ("#ffffff", "#fdf0d9", "#fbdfb0", "#f6c987")
"""Box shades, all light enough for dark text at far more than 4.5:1."""
TITLE_SIZE = 12.0
MARGIN = 22.0


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    anchor: str = "start"
    """start, middle or end."""
    fill: str = INK
    bold: bool = False


@dataclass(frozen=True)
class Rectangle:
    """A box with rounded corners."""

    box: Box
    fill: str = PAPER
    stroke: str = INK
    width: float = 0.8
    radius: float = 2.5


@dataclass(frozen=True)
class Curve:
    """Cubic Bézier pieces."""

    points: tuple[Point, ...]
    stroke: str
    width: float
    dashed: bool = False


@dataclass(frozen=True)
class Polygon:
    """A filled shape."""

    points: tuple[Point, ...]
    fill: str


Mark = Text | Rectangle | Curve | Polygon


@dataclass(frozen=True)
class Group:
    """Marks that belong together; `id` and `title` are empty for decoration."""

    marks: tuple[Mark, ...]
    id: str = ""
    kind: str = ""
    title: str = ""


@dataclass(frozen=True)
class Scene:
    """A whole page."""

    width: float
    height: float
    groups: tuple[Group, ...]
    title: str
    description: str


def space_for_map(diagram: Diagram, width: float, height: float, *, size: float) -> tuple[float, float]:
    """Width and height left on a page for the map itself, beside title, legend and caption in text of a size."""
    inner = width - 2 * MARGIN
    _, used = _footer(diagram, inner, size)
    return inner, height - 2 * MARGIN - _title_height(diagram) - used - 6.0


def compose(
    diagram: Diagram, layout: Layout, *, width: float, height: float, scale: float, footer_size: float
) -> Scene:
    """The page of the given size, with the layout in the middle of its space, enlarged by `scale`."""
    inner, free = space_for_map(diagram, width, height, size=footer_size)
    left = MARGIN + max(0.0, (inner - layout.width * scale) / 2)
    top = MARGIN + _title_height(diagram) + max(0.0, (free - layout.height * scale) / 2)
    placed = _scaled(layout, scale, left, top)
    slugs = slugs_of(node.id for node in diagram.nodes)
    arrows = [_arrow(edge, slugs, scale, diagram.palette) for edge in placed.edges]
    boxes = [_node(node, slugs, scale) for node in placed.nodes]
    footer, used = _footer(diagram, inner, footer_size)
    below = tuple(_moved(mark, MARGIN, height - MARGIN - used) for mark in footer)
    heading = shorten(printable(diagram.title), inner, TITLE_SIZE, bold=True)
    title = Text(MARGIN, MARGIN + TITLE_SIZE * 0.8, heading, TITLE_SIZE, bold=True)
    groups = (Group((title,), kind="title"), *arrows, *boxes, Group(below, id="legend", kind="legend"))
    return Scene(width, height, groups, printable(diagram.title), printable(diagram.description))


def slugs_of(names: Iterable[str]) -> dict[str, str]:
    """A short ASCII name for each, fit for an id: the same for the same names, never two alike.

    >>> slugs_of(["Child's report", "child s report", "日本"])
    {"Child's report": 'child-s-report', 'child s report': 'child-s-report-2', '日本': 'x-ce47dfba'}
    """
    slugs: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        # Hyphens in a row would look like the join of two names in an arrow's id.
        stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
        stem = stem or "x-" + blake2b(name.encode("utf-8", "replace"), digest_size=4).hexdigest()
        slug, number = stem, 2
        while slug in used:
            slug, number = f"{stem}-{number}", number + 1
        used.add(slug)
        slugs[name] = slug
    return slugs


def colour_of(value: float, palette: str = "amount") -> str:
    """The colour for a place on the scale from 0 to 1; grey below 0, which stands for not known."""
    return NOT_KNOWN if value < 0 else _step(DIFFERENCES if palette == "difference" else COLOURS, value)


def shade_of(value: float) -> str:
    """The box shade for an emphasis from 0 to 1."""
    return _step(SHADES, value)


def _step(colours: tuple[str, ...], value: float) -> str:
    return colours[round(min(max(value, 0.0), 1.0) * (len(colours) - 1))]


def _title_height(diagram: Diagram) -> float:
    return TITLE_SIZE * 1.6 if diagram.title else 0.0


def _scaled(layout: Layout, scale: float, left: float, top: float) -> Layout:
    def point(p: Point) -> Point:
        return left + p[0] * scale, top + p[1] * scale

    def box(b: Box) -> Box:
        return Box(*point((b.x, b.y)), b.width * scale, b.height * scale)

    return replace(
        layout,
        nodes=tuple(replace(n, box=box(n.box)) for n in layout.nodes),
        edges=tuple(
            replace(
                e,
                curves=tuple(tuple(point(p) for p in curve) for curve in e.curves),
                tip=point(e.tip),
                label_box=box(e.label_box) if e.label_box else None,
            )
            for e in layout.edges
        ),
    )


def _node(placed: PlacedNode, slugs: dict[str, str], scale: float) -> Group:
    node, box = placed.node, placed.box
    marks: list[Mark] = []
    if node.kind == "activity":
        marks.append(Rectangle(box, fill=shade_of(node.emphasis), width=0.8 * scale, radius=2.5 * scale))
        size, line = FONT_SIZE * scale, LINE * scale
        y = box.y - line * (len(placed.name) + len(placed.facts)) / 2 + size * 0.95
        for text, fill in (*((t, INK) for t in placed.name), *((t, QUIET) for t in placed.facts)):
            marks.append(Text(box.x, y, text, size, "middle", fill))
            y += line
    else:
        round_box = Rectangle(box, INK if node.kind == "start" else PAPER, INK, 1.6 * scale, box.width / 2)
        marks.append(round_box)
        if node.kind == "end":
            inner = Box(box.x, box.y, box.width * 0.5, box.height * 0.5)
            marks.append(Rectangle(inner, INK, INK, 0.0, inner.width / 2))
    return Group(tuple(marks), f"node-{slugs[node.id]}", "node", printable(node.title or node.label))


def _arrow(placed: PlacedEdge, slugs: dict[str, str], scale: float, palette: str) -> Group:
    edge = placed.edge
    colour, width = colour_of(edge.colour, palette), line_width(edge.weight) * scale
    marks: list[Mark] = [Curve(curve, colour, width, edge.dashed) for curve in placed.curves]
    marks.append(_head(placed, width, scale, colour))
    if placed.label_box:
        box, size = placed.label_box, FONT_SIZE * scale
        marks.append(Text(box.x, box.y + size * 0.36, placed.label, size, "middle"))
    name = f"arrow-{slugs[edge.source]}--{slugs[edge.target]}"
    return Group(tuple(marks), name, "arrow", printable(edge.title or edge.label))


def _head(placed: PlacedEdge, width: float, scale: float, colour: str) -> Polygon:
    """A triangle whose tip touches the box; its length is what Graphviz was asked to leave free."""
    end, tip = placed.curves[-1][-1], placed.tip
    dx, dy = tip[0] - end[0], tip[1] - end[1]
    length = math.hypot(dx, dy)
    if length < 0.5:  # no room was left: point along the end of the line
        before = next((p for p in reversed(placed.curves[-1][:-1]) if math.dist(p, end) > 0.01), (end[0], end[1] - 1))
        step = math.dist(before, end)
        length = head_length(placed.edge.weight) * scale
        dx, dy = (end[0] - before[0]) / step * length, (end[1] - before[1]) / step * length
        end = tip[0] - dx, tip[1] - dy
    half = (1.4 * scale + width * 0.8) / length
    return Polygon((tip, (end[0] - dy * half, end[1] + dx * half), (end[0] + dy * half, end[1] - dx * half)), colour)


def _footer(diagram: Diagram, width: float, size: float) -> tuple[list[Mark], float]:
    """Legend and caption from 0, 0 down, and their height."""
    marks: list[Mark] = []
    y = 0.0
    line = size * 1.35
    legend = diagram.legend
    rows = [
        *_sample_rows(legend.colour, legend.colour_steps, diagram.palette, size, width),
        *_sample_rows(legend.width, legend.width_steps, "width", size, width),
        *_sample_rows(legend.shade, legend.shade_steps, "shade", size, width),
    ]
    for row in _in_lines(rows, width):
        x = 0.0
        for items, wide in row:
            marks += [_moved(mark, x, y) for mark in items]
            x += wide + 18.0
        y += line
    for paragraph in (*legend.notes, *diagram.caption):
        for text in wrap(printable(paragraph), width, size):
            marks.append(Text(0.0, y + size * 0.9, text, size, fill=INK))
            y += line
    return marks, y


def _in_lines(rows: list[tuple[list[Mark], float]], width: float) -> list[list[tuple[list[Mark], float]]]:
    """Legend rows put beside each other as far as the width goes."""
    lines: list[list[tuple[list[Mark], float]]] = []
    used = width + 1
    for row in rows:
        if used + 18.0 + row[1] > width:
            lines.append([])
            used = -18.0
        lines[-1].append(row)
        used += 18.0 + row[1]
    return lines


def _sample_rows(
    heading: str, steps: tuple[tuple[float, str], ...], kind: str, size: float, width: float
) -> list[tuple[list[Mark], float]]:
    """The rows of one legend: as many steps in each as the width holds, the heading in the first."""
    rows: list[tuple[list[Mark], float]] = []
    while heading and steps:
        taken = len(steps)
        while taken > 1 and _samples(heading, steps[:taken], kind, size)[1] > width:
            taken -= 1
        rows.append(_samples("" if rows else heading, steps[:taken], kind, size))
        steps = steps[taken:]
    return rows


def _samples(heading: str, steps: tuple[tuple[float, str], ...], kind: str, size: float) -> tuple[list[Mark], float]:
    """A legend row: its heading, if any, then a sample and its words for each step. Returns the marks and the width."""
    base, middle = size * 0.9, size * 0.6
    marks: list[Mark] = [Text(0.0, base, printable(heading), size)] if heading else []
    x = text_width(printable(heading), size) + 6.0 if heading else 0.0
    for value, words in steps:
        if kind == "shade":
            marks.append(Rectangle(Box(x + 7, middle, 14.0, 8.0), shade_of(value), INK, 0.6, 1.5))
            x += 17.0
        else:
            stroke = QUIET if kind == "width" else colour_of(value, kind)
            thickness = line_width(value) if kind == "width" else 4.0
            ends = ((x, middle), (x + 6, middle), (x + 12, middle), (x + 18, middle))
            marks.append(Curve(ends, stroke, thickness))
            x += 21.0
        marks.append(Text(x, base, printable(words), size))
        x += text_width(printable(words), size) + 8.0
    return marks, x - 8.0


def _moved(mark: Mark, dx: float, dy: float) -> Mark:
    if isinstance(mark, Text):
        return replace(mark, x=mark.x + dx, y=mark.y + dy)
    if isinstance(mark, Rectangle):
        return replace(mark, box=replace(mark.box, x=mark.box.x + dx, y=mark.box.y + dy))
    return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))
