"""BPMN files as the OMG's standard has them, laid out so that an editor shows them as they stand."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from random_trees import language, random_tree

from mining import _pm4py
from mining.bpmn import Diagram, Shape, bpmn, diagram, picture
from mining.conformance import pathway_tree
from mining.process_tree import SILENT, Tree, choice, leaf, loop, parallel, sequence

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"

ODD = sequence(
    loop(
        sequence("a", loop("b", "c")),
        sequence("d", choice("e", parallel("f", "g"), SILENT), loop("h", choice("i", "j"))),
    ),
    parallel(loop("k"), choice(loop(SILENT, "l"), "m")),
    choice(SILENT, "n"),
)
TREES = [pathway_tree(), ODD, leaf("a"), SILENT, loop("a"), choice("a", SILENT)]
TREES += [random_tree(np.random.default_rng(seed), list("abcdefgh"), depth=4) for seed in range(60)]


def _inside(shape: Shape, x: float, y: float, slack: float) -> bool:
    across = shape.x + slack < x < shape.x + shape.width - slack
    return across and shape.y + slack < y < shape.y + shape.height - slack


def _crossed(drawn: Diagram) -> list[tuple[str, str]]:
    """Flows that run through a shape: points every pixel along each, well inside a shape."""
    found = []
    for flow in drawn.flows:
        for (ax, ay), (bx, by) in itertools.pairwise(flow.points):
            steps = int(abs(bx - ax) + abs(by - ay)) + 1
            for t in np.linspace(0, 1, steps + 1):
                x, y = ax + t * (bx - ax), ay + t * (by - ay)
                found += [(flow.id, shape.id) for shape in drawn.shapes if _inside(shape, x, y, 0.5)]
    return found


@pytest.mark.parametrize("number", range(0, len(TREES), 6))
def test_nothing_overlaps_and_every_flow_touches_its_ends(number: int) -> None:
    for tree in TREES[number : number + 6]:
        drawn = diagram(tree)
        shapes = {shape.id: shape for shape in drawn.shapes}
        assert len(shapes) == len(drawn.shapes)
        for a, b in itertools.combinations(drawn.shapes, 2):
            apart_x = a.x + a.width + 10 <= b.x or b.x + b.width + 10 <= a.x
            apart_y = a.y + a.height + 4 <= b.y or b.y + b.height + 4 <= a.y
            assert apart_x or apart_y, (a.id, b.id, str(tree))
        assert _crossed(drawn) == []
        for flow in drawn.flows:
            for point, name in ((flow.points[0], flow.source), (flow.points[-1], flow.target)):
                assert _on_border(shapes[name], *point), (flow, name)
            for (ax, ay), (bx, by) in itertools.pairwise(flow.points):
                assert (ax == bx) != (ay == by), "every stretch is upright or level, and has a length"
        assert all(0 < value < 1e5 for shape in drawn.shapes for value in (shape.x, shape.y, shape.width, shape.height))


def _on_border(shape: Shape, x: float, y: float) -> bool:
    middle_x, middle_y = shape.x + shape.width / 2, shape.y + shape.height / 2
    return (x, y) in {
        (shape.x, middle_y), (shape.x + shape.width, middle_y), (middle_x, shape.y), (middle_x, shape.y + shape.height)
    }  # fmt: skip


@pytest.mark.parametrize("tree", TREES[:12], ids=range(12))
def test_the_structure_is_that_of_the_standard(tree: Tree) -> None:
    root = etree.fromstring(bpmn(tree, 'A "name" & <more>'))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    process = root.find(f"{MODEL}process")
    assert process.get("isExecutable") == "false"
    flows = {one.get("id"): one for one in process.iter(f"{MODEL}sequenceFlow")}
    nodes = {one.get("id"): one for one in process if one.tag != f"{MODEL}sequenceFlow"}
    for node in nodes.values():
        into = [one.text for one in node.findall(f"{MODEL}incoming")]
        out = [one.text for one in node.findall(f"{MODEL}outgoing")]
        assert [child.tag for child in node] == [f"{MODEL}incoming"] * len(into) + [f"{MODEL}outgoing"] * len(out)
        assert all(flows[name].get("targetRef") == node.get("id") for name in into)
        assert all(flows[name].get("sourceRef") == node.get("id") for name in out)
        kind = etree.QName(node).localname
        if kind == "startEvent":
            assert (len(into), len(out)) == (0, 1)
        elif kind == "endEvent":
            assert (len(into), len(out)) == (1, 0)
        elif kind == "task":
            assert (len(into), len(out)) == (1, 1)
            assert node.get("name")
        elif node.get("gatewayDirection") == "Diverging":
            assert len(into) == 1 < len(out)
        else:
            assert len(out) == 1 < len(into)
    assert sum(etree.QName(one).localname == "startEvent" for one in nodes.values()) == 1
    plane = root.find(f"{DI}BPMNDiagram/{DI}BPMNPlane")
    assert plane.get("bpmnElement") == process.get("id")
    drawn = {one.get("bpmnElement"): one for one in plane}
    assert set(drawn) == set(nodes) | set(flows)
    for name in nodes:
        bounds = drawn[name].find(f"{DC}Bounds")
        assert all(float(bounds.get(side)) > 0 for side in ("x", "y", "width", "height"))
    for name in flows:
        assert len(drawn[name].findall(WAYPOINT)) >= 2


@pytest.mark.parametrize("tree", [ODD, *TREES[6:14]], ids=range(9))
def test_pm4py_reads_the_same_process_back(tree: Tree, tmp_path: Path) -> None:
    """Every trace of the tree can be replayed on what pm4py makes of the file, and no activity is lost."""
    _pm4py.import_quietly()
    import pm4py

    path = tmp_path / "model.bpmn"
    path.write_bytes(bpmn(tree, "model"))
    read = pm4py.read_bpmn(str(path))
    net, initial, final = pm4py.convert_to_petri_net(read)
    assert {one.label for one in net.transitions if one.label} == set(tree.activities)
    words = sorted(language(tree, loops=1), key=lambda word: (len(word), word))
    words = words[:: max(1, len(words) // 40)]
    from pm4py.algo.conformance.alignments.petri_net.variants import dijkstra_less_memory
    from pm4py.objects.log.obj import Event, Trace

    for word in words:
        trace = Trace([Event({"concept:name": name}) for name in word])
        assert dijkstra_less_memory.apply(trace, net, initial, final)["cost"] < 10_000, word
    wrong = Trace([Event({"concept:name": "not in the model"})])
    assert dijkstra_less_memory.apply(wrong, net, initial, final)["cost"] >= 10_000


def test_bytes_and_picture_are_the_same_every_time() -> None:
    assert bpmn(ODD, "x") == bpmn(ODD, "x")
    assert picture(leaf("a")) == picture(leaf("a"))
    assert picture(ODD).startswith(b"\x89PNG")
