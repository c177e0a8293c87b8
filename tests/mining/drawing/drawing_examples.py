"""Example diagrams and measuring tools shared by the drawing tests."""

from __future__ import annotations

from mining.drawing import Diagram, DiagramEdge, DiagramNode, Legend
from mining.drawing.geometry import Box

HOSTILE = (
    "<script>alert(1)</script>",
    "quotes \" ' and &amp; & ]]>",
    "trailing backslash \\",
    "costs $5 and $6 a_b^c",
    "two\nlines\tand a tab",
    "emoji 😀 👨‍👩‍👧 flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "עברית وعربي",
    "right-to-left override \u202e gnp.exe",
    "long " + "w" * 295,
    "<<b>html</b>>",
    "null \x00 bell \x07 surrogate \ud800",
    "\\N \\G \\l %s {0} n1 -> n2; }",
)


def chain(length: int, *, extra: tuple[tuple[int, int], ...] = ()) -> Diagram:
    """Steps one after another, and further arrows by position."""
    nodes = tuple(
        DiagramNode(
            f"step {n}", f"Step number {n} of the process", lines=(f"{100 - n} children", "3 waiting, 2.0 wk so far")
        )
        for n in range(length)
    )
    pairs = [(n, n + 1) for n in range(length - 1)] + list(extra)
    edges = tuple(
        DiagramEdge(f"step {a}", f"step {b}", label=f"{90 - a} · {a}.5 wk", weight=1 / (1 + a), colour=a / length)
        for a, b in pairs
    )
    legend = Legend(
        colour="Colour: median time, weeks",
        colour_steps=((0.0, "under 4"), (0.5, "4–13"), (1.0, "13 or more")),
        width="Thickness: children",
        width_steps=((0.1, "10"), (1.0, "100")),
        shade="Box shade: share of all time",
        shade_steps=((0.0, "under 5 %"), (1.0, "5 % or more")),
        notes=("On arrows: children who took it and the median time.",),
    )
    return Diagram("A chain", nodes, edges, caption=("100 children.",), legend=legend, description="A chain of steps.")


def branching() -> Diagram:
    """Sixteen steps with parallel ways, ways back, loops and a pair that goes either way."""
    ways = ((0, 2), (2, 5), (2, 6), (5, 8), (6, 8), (8, 4), (9, 9), (10, 13), (13, 11), (6, 5), (1, 14), (3, 3))
    return chain(16, extra=ways)


def hostile() -> Diagram:
    """Every hostile text as a label, a fact, an arrow's label and a tooltip."""
    nodes = tuple(DiagramNode(text, text, lines=(text,), title=text) for text in HOSTILE)
    edges = tuple(
        DiagramEdge(a, b, label=text[:20], title=text)
        for a, b, text in zip(HOSTILE[:-1], HOSTILE[1:], HOSTILE, strict=False)
    )
    return Diagram(HOSTILE[0], nodes, edges, caption=HOSTILE[:2], description=HOSTILE[1])


def distance(box: Box, point: tuple[float, float]) -> float:
    """How far a point is from a box's outline."""
    left, top, right, bottom = box.corners
    x, y = point
    outside = max(left - x, 0.0, x - right), max(top - y, 0.0, y - bottom)
    if outside != (0.0, 0.0):
        return float((outside[0] ** 2 + outside[1] ** 2) ** 0.5)
    return min(x - left, right - x, y - top, bottom - y)
