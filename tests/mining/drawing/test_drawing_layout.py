"""A laid-out diagram: nothing overlaps, every arrow touches its boxes, all of it on the page."""

from __future__ import annotations

from itertools import combinations

import pytest
from drawing_examples import branching, chain, distance, hostile

from mining.drawing import A4_LANDSCAPE, Diagram, DiagramEdge, DiagramNode, draw
from mining.drawing.clutter import clutter_of
from mining.drawing.engine import Graphviz
from mining.drawing.geometry import Box, Layout, Shape
from mining.drawing.layout import Ranker


def rectangles(layout: Layout) -> list[Box]:
    return [node.box for node in layout.nodes] + [edge.label_box for edge in layout.edges if edge.label_box]


def assert_sound(layout: Layout) -> None:
    boxes = {placed.node.id: placed.box for placed in layout.nodes}
    for one, other in combinations(rectangles(layout), 2):
        assert not one.overlaps(other, slack=0.1), (one, other)
    for box in rectangles(layout):
        left, top, right, bottom = box.corners
        assert left >= 0, box
        assert top >= 0, box
        assert right <= layout.width + 0.01, box
        assert bottom <= layout.height + 0.01, box
    for placed in layout.edges:
        start, end = boxes[placed.edge.source], boxes[placed.edge.target]
        assert distance(start, placed.curves[0][0]) <= 1.5, placed.edge
        assert distance(end, placed.tip) <= 1.5, placed.edge
        if placed.label_box and len(placed.curves) == 2:
            assert distance(placed.label_box, placed.curves[0][-1]) <= 1.5, placed.edge
            assert distance(placed.label_box, placed.curves[1][0]) <= 1.5, placed.edge
        for curve in placed.curves:
            assert len(curve) % 3 == 1


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("rows", [3, 5, 99])
@pytest.mark.parametrize("level_pairs", [False, True])
def test_every_shape_is_sound(direction: str, rows: int, level_pairs: bool) -> None:
    with Graphviz() as graphviz:
        layout = Ranker(branching(), graphviz).layout(Shape(direction, rows, level_pairs=level_pairs))  # type: ignore[arg-type]
    assert len(layout.nodes) == 16
    assert len(layout.edges) == 15 + 12
    assert_sound(layout)


def test_a_long_chain_is_folded_onto_the_page() -> None:
    drawing = draw(chain(14))
    assert drawing.fits
    assert drawing.layout.shape.rows < 14
    assert_sound(drawing.layout)
    assert clutter_of(drawing.layout).crossings == 0


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("rows", [3, 4, 5, 6])
def test_the_first_step_stands_where_reading_begins(direction: str, rows: int) -> None:
    with Graphviz() as graphviz:
        layout = Ranker(branching(), graphviz).layout(Shape(direction, rows))  # type: ignore[arg-type]
    first = layout.nodes[0].box
    if direction == "TB":
        assert first.x <= layout.width / 2 + 0.01
    else:
        assert first.y <= layout.height / 2 + 0.01


def test_what_most_do_leads_forward_whatever_the_process_order_says() -> None:
    nodes = tuple(DiagramNode(name, name) for name in ("start", "late", "early"))
    edges = (
        DiagramEdge("start", "early", "90", weight=0.9),
        DiagramEdge("early", "late", "80", weight=0.8),
        DiagramEdge("late", "early", "10", weight=0.1),
    )
    with Graphviz() as graphviz:
        layout = Ranker(Diagram("", nodes, edges), graphviz).layout(Shape("TB"))
    start, late, early = (placed.box.y for placed in layout.nodes)
    assert start < early < late


def test_a_short_chain_is_not_folded_and_goes_forward() -> None:
    layout = draw(chain(4)).layout
    centres = [(placed.box.x, placed.box.y) for placed in layout.nodes]
    axis = 1 if layout.shape.direction == "TB" else 0
    places = [centre[axis] for centre in centres]
    assert places == sorted(places)
    assert len(set(places)) == 4


def test_a_small_picture_is_enlarged_but_not_beyond_the_page() -> None:
    drawing = draw(chain(2))
    assert drawing.scale == pytest.approx(1.3)
    assert drawing.scene.width == pytest.approx(A4_LANDSCAPE.width)


def test_what_cannot_fit_makes_the_page_larger_not_the_text_smaller() -> None:
    drawing = draw(chain(50))
    assert not drawing.fits
    assert drawing.scale == pytest.approx(1.0)
    assert drawing.scene.width > A4_LANDSCAPE.width or drawing.scene.height > A4_LANDSCAPE.height
    assert_sound(drawing.layout)


def test_single_node_and_empty_diagram() -> None:
    assert_sound(draw(chain(1)).layout)
    empty = draw(Diagram("Nothing", (), ()))
    assert empty.fits
    assert empty.layout.nodes == ()


def test_a_loop_with_and_without_label() -> None:
    nodes = (DiagramNode("a", "Review"), DiagramNode("b", "Panel"))
    edges = (DiagramEdge("a", "a", label="30 · 26.0 wk"), DiagramEdge("b", "b"), DiagramEdge("a", "b"))
    layout = draw(Diagram("Loops", nodes, edges)).layout
    assert_sound(layout)
    loop = layout.edges[1]
    assert loop.curves[0][0] != loop.tip


def test_start_and_end_markers_are_small() -> None:
    nodes = (DiagramNode("s", "", "start"), DiagramNode("a", "Accommodated"), DiagramNode("e", "", "end"))
    edges = (DiagramEdge("s", "a", "12"), DiagramEdge("a", "e", "7"))
    layout = draw(Diagram("Markers", nodes, edges)).layout
    sizes = {placed.node.id: placed.box for placed in layout.nodes}
    assert sizes["s"].width == sizes["e"].height == 14.0
    assert sizes["a"].width > 60
    assert distance(sizes["a"], layout.edges[0].tip) <= 1.5


def test_hostile_labels_change_nothing_but_the_words() -> None:
    layout = draw(hostile()).layout
    assert_sound(layout)
    assert len(layout.nodes) == 12
    longest = next(placed for placed in layout.nodes if placed.node.id.startswith("long"))
    assert longest.name[-1].endswith("…")
    assert longest.box.width < 170


def test_a_diagram_must_hold_together() -> None:
    with pytest.raises(ValueError, match="node ids must be unique, got 'a'"):
        Diagram("", (DiagramNode("a", ""), DiagramNode("a", "")), ())
    with pytest.raises(ValueError, match="must join nodes of the diagram, got 'a' to 'b'"):
        Diagram("", (DiagramNode("a", ""),), (DiagramEdge("a", "b"),))
    with pytest.raises(ValueError, match="at most one edge"):
        Diagram("", (DiagramNode("a", ""),), (DiagramEdge("a", "a"), DiagramEdge("a", "a")))


def test_clutter_counts_a_crossing_and_a_line_over_a_box() -> None:
    nodes = tuple(DiagramNode(name, name) for name in "abcd")
    edges = (DiagramEdge("a", "d"), DiagramEdge("b", "c"), DiagramEdge("a", "c"), DiagramEdge("b", "d"))
    with Graphviz() as graphviz:
        layout = Ranker(Diagram("K2,2", nodes, edges), graphviz).layout(Shape("TB"))
    found = clutter_of(layout)
    assert found.crossings == 1
    assert found.struck == 0
