"""The model as a picture: what leads to what, worked by hand; as BPMN that other tools read, and as a map."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hand_models import either, model_of, only, poisson_days, run, step, weibull
from lxml import etree
from planted_pathway import planted
from test_gate_pictures import every_gate
from test_pace import pathway

from mining import _pm4py
from mining.drawing import Diagram, draw
from simulation.bpmn_export import bpmn_of, write_bpmn
from simulation.discovery import discover_pathway
from simulation.gates import Beforehand, ReviewCycle
from simulation.laws import fixed
from simulation.model import START, Choice, Option, PathwayModel
from simulation.model_graph import ModelGraph, graph_of
from simulation.model_picture import diagram_of_model

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"


def optional() -> PathwayModel:
    """Advice that three in four need beside the application, and a plan under way that begins it beforehand."""
    steps = [
        step("decided", fixed(0.0)),
        step("lodged", weibull(1.0, 100.0)),
        step("advice", weibull(1.0, 40.0)),
        step("end", weibull(1.0, 70.0)),
    ]
    both = Choice(
        options=(Option(starts=("lodged",), share={"": 1.0}), Option(starts=("lodged", "advice"), share={"": 3.0}))
    )
    return model_of(steps, {START: only("decided"), "decided": both, "lodged": only("end")})


def models() -> dict[str, PathwayModel]:
    plain = pathway()
    cycle = plain.gates["reviews"]
    assert isinstance(cycle, ReviewCycle)
    early = replace(cycle, beforehand=(Beforehand(step="legal", lead_days=28.0),))
    log = run(plain, poisson_days(0.2, 800.0, seed=4, whole=True), 2000.0)
    return {
        "by hand": plain,
        "declared": planted(),
        "optional": optional(),
        "beforehand": replace(plain, gates={**plain.gates, "reviews": early}),
        "discovered": discover_pathway(log),
        "loop": model_of(
            [step("a", fixed(1.0)), step("end", fixed(1.0))], {START: only("a"), "a": either({"a": 0.4, "end": 0.6})}
        ),
        "every gate": every_gate(),
        "no end": model_of([step("a", fixed(1.0)), step("b", fixed(1.0))], {START: only("a", "b")}, final=()),
    }


MODELS = models()


def arrows(graph: ModelGraph) -> set[tuple[str, str]]:
    kinds = {node.id: node.label or node.kind for node in graph.nodes}
    return {(kinds[flow.source], kinds[flow.target]) for flow in graph.flows}


def test_the_hand_made_pathway_has_the_graph_drawn_on_paper() -> None:
    door = "reviews: at one held when ready, 75% decided"
    panel = "panel: Tuesdays of weeks 1 and 3, 3 slots"
    assert arrows(graph_of(pathway())) == {
        ("start", "planning"),
        ("planning", door),
        (door, "choice"),
        ("choice", "home"),
        ("choice", "recommended"),
        ("recommended", "split"),
        ("split", "legal"),
        ("split", "report"),
        ("legal", "join"),
        ("report", "join"),
        ("join", panel),
        (panel, "panel"),
        ("home", "merge"),
        ("panel", "merge"),
        ("merge", "end"),
        ("end", "end"),
    }


def test_what_only_some_need_has_a_way_past_it_and_what_all_need_is_there_once() -> None:
    graph = graph_of(optional())
    assert arrows(graph) == {
        ("start", "decided"),
        ("decided", "split"),
        ("split", "lodged"),
        ("split", "choice"),
        ("choice", "end"),
        ("choice", "advice"),
        ("advice", "end"),
        ("lodged", "end"),
        ("end", "end"),
    }
    shares = {flow.target: flow.share for flow in graph.flows if flow.share is not None}
    assert sorted(shares.values()) == [0.25, 0.75]


def test_what_is_begun_beforehand_runs_beside_the_step_before_the_review() -> None:
    found = arrows(graph_of(MODELS["beforehand"]))
    assert ("start", "split") in found
    assert ("split", "planning") in found


@pytest.mark.parametrize("name", MODELS)
def test_gateways_part_or_meet_and_shares_add_up(name: str) -> None:
    graph = graph_of(MODELS[name])
    ids = [node.id for node in graph.nodes]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "start"
    for node in graph.nodes:
        into = [flow for flow in graph.flows if flow.target == node.id]
        out = [flow for flow in graph.flows if flow.source == node.id]
        assert bool(into) == (node.kind != "start")
        assert bool(out) == (node.kind != "end")
        if node.kind in ("choice", "split"):
            assert len(into) == 1
            assert len(out) > 1
        if node.kind in ("merge", "join", "first"):
            assert len(into) > 1
            assert len(out) == 1
        if node.kind in ("step", "gate"):
            assert len(into) == len(out) == 1, "what splits or merges has a gateway for it"
        if node.kind == "choice":
            assert sum(flow.share or 0.0 for flow in out) == pytest.approx(1.0)
        else:
            assert all(flow.share is None for flow in out)
    drawn = {step for flow in graph.flows for step in flow.steps}
    assert len(drawn) >= 2
    assert drawn <= set(MODELS[name].steps)


def test_every_step_of_the_declared_pathway_is_drawn() -> None:
    graph = graph_of(MODELS["declared"])
    assert {name for flow in graph.flows for name in flow.steps} == set(MODELS["declared"].steps)
    waiting = [flow for flow in graph.flows if flow.target.startswith("join")]
    assert len(waiting) == 3, "the recommendation comes before the papers and needs no line of its own"


@pytest.mark.parametrize("name", MODELS)
def test_the_bpmn_file_is_the_graph_with_a_place_for_everything(name: str) -> None:
    graph, root = graph_of(MODELS[name]), etree.fromstring(bpmn_of(MODELS[name]))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    process = root.find(f"{MODEL}process")
    flows = {
        one.get("id"): (one.get("sourceRef"), one.get("targetRef")) for one in process.iter(f"{MODEL}sequenceFlow")
    }
    nodes = [one for one in process if one.tag not in (f"{MODEL}sequenceFlow", f"{MODEL}documentation")]
    assert len(nodes) == len(graph.nodes)
    assert len(flows) == len(graph.flows)
    assert [one.get("name") or "" for one in nodes] == [node.label for node in graph.nodes]
    for node in nodes:
        assert {one.text for one in node.iter(f"{MODEL}incoming")} == {
            f for f, (_, t) in flows.items() if t == node.get("id")
        }
        assert {one.text for one in node.iter(f"{MODEL}outgoing")} == {
            f for f, (s, _) in flows.items() if s == node.get("id")
        }
    boxes = {}
    for shape in root.iter(f"{DI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        boxes[shape.get("bpmnElement")] = tuple(float(bounds.get(key)) for key in ("x", "y", "width", "height"))
    assert set(boxes) == {one.get("id") for one in nodes}
    for (x, y, w, h), (left, top, wide, high) in itertools.combinations(boxes.values(), 2):
        assert x + w < left or left + wide < x or y + h < top or top + high < y, "no shape lies on another"
    assert min(min(box[:2]) for box in boxes.values()) >= 50
    edges = {edge.get("bpmnElement"): edge for edge in root.iter(f"{DI}BPMNEdge")}
    assert set(edges) == set(flows)
    for made, (source, target) in flows.items():
        points = [(float(p.get("x")), float(p.get("y"))) for p in edges[made].iter(WAYPOINT)]
        assert len(points) >= 2
        assert near(points[0], boxes[source]), made
        assert near(points[-1], boxes[target]), made


def near(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    """Whether a point lies on a shape's outline, or within a pixel and a half of it, inside its bounds."""
    (x, y), (left, top, width, height) = point, box
    return left - 1.5 <= x <= left + width + 1.5 and top - 1.5 <= y <= top + height + 1.5


def test_pm4py_reads_the_file_as_the_same_process(tmp_path: Path) -> None:
    path = tmp_path / "pathway.bpmn"
    write_bpmn(MODELS["declared"], path)
    _pm4py.import_quietly()
    import pm4py

    graph, read = graph_of(MODELS["declared"]), pm4py.read_bpmn(str(path))
    kinds = {"step": "Task", "choice": "ExclusiveGateway", "merge": "ExclusiveGateway", "split": "ParallelGateway",
             "join": "ParallelGateway", "gate": "IntermediateCatchEvent"}  # fmt: skip
    for kind in set(kinds.values()):
        expected = sum(kinds.get(node.kind) == kind for node in graph.nodes)
        assert sum(type(node).__name__ == kind for node in read.get_nodes()) == expected > 0
    names = {(flow.get_source().get_name(), flow.get_target().get_name()) for flow in read.get_flows()}
    assert ("Legal advice requested", "Legal advice received") in names
    assert ("Became looked after", "") in names
    assert len(read.get_flows()) == len(graph.flows)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert bpmn_of(MODELS["declared"]) == bpmn_of(planted())


def test_names_are_made_harmless() -> None:
    odd = model_of([step('<b> & "c"\x00', fixed(1.0))], {START: only('<b> & "c"\x00')}, final=())
    process = etree.fromstring(bpmn_of(odd)).find(f"{MODEL}process")
    assert process.find(f"{MODEL}task").get("name") == '<b> & "c"�'


def test_a_pathway_of_a_thousand_steps_is_followed_to_its_end() -> None:
    names = [f"s{number:04d}" for number in range(1000)]
    following = {name: only(after) for name, after in itertools.pairwise(names)}
    long = model_of([step(name, fixed(1.0)) for name in names], {START: only(names[0]), **following}, final=())
    assert len(graph_of(long).nodes) == 1002


def test_a_step_that_goes_on_by_another_choice_ends_the_case_if_its_activity_does() -> None:
    steps = [step("a", fixed(1.0)), replace(step("end", fixed(1.0), name="early"), then="elsewhere")]
    model = model_of([*steps, step("b", fixed(1.0))], {START: only("a"), "a": only("early"), "elsewhere": only("b")})
    assert arrows(graph_of(model)) == {("start", "a"), ("a", "end"), ("end", "end")}


# The map -----------------------------------------------------------------------------------------------------------


def labels(diagram: Diagram) -> dict[tuple[str, str], str]:
    names = {node.id: node.label for node in diagram.nodes}
    return {(names[edge.source], names[edge.target]): edge.label for edge in diagram.edges}


def test_the_map_says_shares_and_times_on_its_arrows() -> None:
    diagram = diagram_of_model(pathway())
    said = labels(diagram)
    panel = "panel: Tuesdays of weeks 1 and 3, 3 slots"
    assert said["recommended", "legal"] == "8 wk"  # 70 days x (log 2)^(1/1.8) = 57
    assert said["legal", "all 2 are there"] == ""
    assert said["all 2 are there", panel] == ""
    assert said["reviews: at one held when ready, 75% decided", "home"] == "50%"
    assert said["panel", "end"] == "19 wk"  # 200 days x (log 2)^(1/0.9) = 133
    planning = next(node for node in diagram.nodes if node.label == "planning")
    assert planning.lines == ("16 wk",)  # 150 days x (log 2)^(1/1.2) = 111
    assert "recommended leads to legal" in diagram.description


def test_a_share_is_that_of_the_whole_way_and_ways_to_one_place_are_added() -> None:
    assert labels(diagram_of_model(MODELS["loop"])) == {
        ("start of the case", "a"): "1 d",
        ("a", "a"): "40% · 1 d",
        ("a", "end"): "60% · 1 d",
        ("end", "end of the case"): "",
    }
    said = labels(diagram_of_model(optional()))
    assert said["decided", "advice"] == "75% · 4 wk"
    assert said["decided", "end of the case"] == "25%"
    assert said["decided", "lodged"] == "10 wk"


@pytest.mark.parametrize("name", ["declared", "optional", "discovered", "loop"])
def test_the_map_is_drawn_with_text_of_nine_points(name: str) -> None:
    drawing = draw(diagram_of_model(MODELS[name]))
    assert drawing.scale >= 1.0  # text is 9 pt times this
    assert len(drawing.layout.nodes) == len(drawing.diagram.nodes)
