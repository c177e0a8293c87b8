"""A diagram on a page: the plainest layout that fits at a readable size, and the files written from it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from mining.drawing.clutter import Clutter, clutter_of
from mining.drawing.diagram import Diagram
from mining.drawing.engine import Graphviz, LayoutError
from mining.drawing.geometry import FONT_SIZE, Layout, Shape
from mining.drawing.layout import Ranker
from mining.drawing.scene import Scene, compose, space_for_map
from mining.drawing.text import printable

_LARGEST = 1.3


@dataclass(frozen=True)
class Page:
    """A page's size in points."""

    width: float
    height: float


A4_LANDSCAPE = Page(297 / 25.4 * 72, 210 / 25.4 * 72)


@dataclass(frozen=True)
class Drawing:
    """A laid-out page, ready to be written."""

    diagram: Diagram
    scene: Scene
    layout: Layout
    scale: float
    """How much the layout was enlarged; text on the map is 9 pt times this."""
    fits: bool
    """Whether the page has the asked size; otherwise it was made larger so that text stays readable."""


def draw(
    diagram: Diagram, *, page: Page = A4_LANDSCAPE, min_pt: float = 9.0, graphviz: Graphviz | None = None
) -> Drawing:
    """The diagram on a page, nothing on it smaller than `min_pt`.

    Of all the layouts that fit, the clearest is taken: fewest crossings, lines along boxes and folds, then shortest
    arrows. When none fits, the page grows. Pass a running `graphviz` to draw many. Raises GraphvizMissingError without
    one.
    """
    with contextlib.ExitStack() as stack:
        engine = graphviz or stack.enter_context(Graphviz())
        least = min_pt / FONT_SIZE
        width, height = space_for_map(diagram, page.width, page.height, size=min_pt)
        ranker = Ranker(diagram, engine)
        found = fitting(ranker, width / least, height / least)
        if found:
            layout, _ = min(found, key=lambda one: _plainness(one[0], one[1], ranker.folds(one[0].shape)))
            scale = least * min(_LARGEST, width / least / max(layout.width, 1), height / least / max(layout.height, 1))
            return _drawing(diagram, page, layout, max(scale, least), min_pt)
        layout = _smallest(ranker, width / least, height / least)
    # The footer's own height falls as the page grows wider, so the width must be settled first.
    wider = Page(max(page.width, page.width + layout.width * least - width), page.height)
    _, free = space_for_map(diagram, wider.width, wider.height, size=min_pt)
    taller = Page(wider.width, max(page.height, page.height + layout.height * least - free))
    return _drawing(diagram, taller, layout, least, min_pt, fits=False)


def fitting(ranker: Ranker, width: float, height: float, *, quick: bool = False) -> list[tuple[Layout, Clutter]]:
    """The layouts that fit a space and are not a tangle; with `quick`, the first one found."""
    found: list[tuple[Layout, Clutter]] = []
    for shape in ranker.shapes(width, height, quick=quick):
        with contextlib.suppress(LayoutError):
            layout = ranker.layout(shape)
            if not layout.fits(width, height):
                continue
            clutter = clutter_of(layout)
            if not clutter.tangled:
                found.append((layout, clutter))
                if quick:
                    break
    return found


def _smallest(ranker: Ranker, width: float, height: float) -> Layout:
    """The layout that sticks out least, of the two plain ones."""
    layouts = []
    for shape in (Shape("TB", tight=True), Shape("LR", tight=True)):
        with contextlib.suppress(LayoutError):
            layouts.append(ranker.layout(shape))
    if not layouts:
        raise LayoutError("Graphviz could not lay out this diagram in either shape")
    return min(layouts, key=lambda layout: max(layout.width / width, layout.height / height))


def _drawing(
    diagram: Diagram, page: Page, layout: Layout, scale: float, footer_size: float, *, fits: bool = True
) -> Drawing:
    scene = compose(diagram, layout, width=page.width, height=page.height, scale=scale, footer_size=footer_size)
    return Drawing(diagram, scene, layout, scale, fits)


def _plainness(layout: Layout, clutter: Clutter, folds: int) -> tuple[float, float]:
    """Plainest is smallest: crossings, lines along boxes and folds first, then length."""
    return clutter.crossings + clutter.grazed + 2.0 * (folds - 1) + layout.shape.tight, round(clutter.length, 1)


def write_map(drawing: Drawing, directory: Path, name: str = "process_map") -> list[Path]:
    """Write the drawing as `name`.svg, .png, .pdf and .dot into a folder, and return the four paths.

    The same drawing gives the same bytes. The folder is made when it is not there.
    """
    from mining.drawing.raster import write_pdf, write_png
    from mining.drawing.svg import svg_text

    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{name}.{ending}" for ending in ("svg", "png", "pdf", "dot")]
    paths[0].write_text(svg_text(drawing.scene), encoding="utf-8", newline="\n")
    write_png(drawing.scene, paths[1])
    write_pdf(drawing.scene, paths[2])
    paths[3].write_text(dot_text(drawing.diagram), encoding="utf-8", newline="\n")
    return paths


def dot_text(diagram: Diagram) -> str:
    """The diagram in Graphviz' DOT language, with its labels, for those who want to draw it themselves."""
    import graphviz

    name = {node.id: f"n{position}" for position, node in enumerate(diagram.nodes)}
    graph = graphviz.Digraph(node_attr={"shape": "box"})
    for node in diagram.nodes:
        label = "\\n".join(str(graphviz.escape(printable(text))) for text in (node.label, *node.lines))
        graph.node(name[node.id], label=graphviz.nohtml(label))
    for edge in sorted(diagram.edges, key=lambda edge: (edge.source, edge.target)):
        style = {"style": "dashed"} if edge.dashed else {}
        graph.edge(name[edge.source], name[edge.target], label=graphviz.escape(printable(edge.label)), **style)
    return str(graph.source)
