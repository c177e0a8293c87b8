"""A pathway model as a BPMN 2.0 file with its layout, as editors and other process tools open it.

Steps are tasks, choices exclusive gateways with the share of each way on its flow, what runs side by side stands
between parallel gateways, and a gate is an event: a timer for a wait for a date, a condition for a wait for a place.
Where the first of several is enough there is a complex gateway, which editors know and pm4py's reader does not. The
layout is Graphviz', so that the file can be looked at as it stands; the same model gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_logs.packed import replacing
from mining.bpmn import TASK
from mining.drawing.engine import Graphviz
from mining.drawing.svg import escape
from mining.drawing.text import printable
from simulation.model import PathwayModel
from simulation.model_graph import Flow, Kind, ModelGraph, Node, graph_of

Point = tuple[float, float]
_TAGS: dict[Kind, str] = {
    "start": "startEvent",
    "end": "endEvent",
    "step": "task",
    "gate": "intermediateCatchEvent",
    "choice": "exclusiveGateway",
    "merge": "exclusiveGateway",
    "split": "parallelGateway",
    "join": "parallelGateway",
    "first": "complexGateway",
}
_EVENT, _GATEWAY = (36.0, 36.0), (50.0, 50.0)
_SIZES: dict[Kind, tuple[float, float]] = {"step": TASK, "start": _EVENT, "end": _EVENT, "gate": _EVENT}
_MARGIN, _APART, _RANKS_APART = 60.0, 70.0, 55.0
_LABEL = (150.0, 56.0)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' id="Definitions_1" targetNamespace="http://bpmn.io/schema/bpmn">'
)


def write_bpmn(model: PathwayModel, path: Path, *, graphviz: Graphviz | None = None) -> None:
    """Write the model as BPMN, for instance as pathway.bpmn. Raises GraphvizMissingError as `bpmn_of` does."""
    content = bpmn_of(model, graphviz=graphviz)
    with replacing(path) as file:
        file.write(content)


def bpmn_of(model: PathwayModel, *, graphviz: Graphviz | None = None) -> bytes:
    """The model as a BPMN 2.0 file. Pass a running `graphviz` to write many; GraphvizMissingError without one."""
    graph = graph_of(model)
    if graphviz is None:
        with Graphviz() as engine:
            placed = _laid_out(graph, engine)
    else:
        placed = _laid_out(graph, graphviz)
    return _document(model, graph, placed).encode()


@dataclass(frozen=True)
class _Placed:
    """Left, top, width and height of each node, and the points of each flow."""

    boxes: dict[str, tuple[float, float, float, float]]
    lines: list[tuple[Point, ...]]


def _laid_out(graph: ModelGraph, engine: Graphviz) -> _Placed:
    number = {node.id: position for position, node in enumerate(graph.nodes)}
    lines = [f"digraph {{ rankdir=LR; splines=polyline; nodesep={_APART / 72:.4f}; ranksep={_RANKS_APART / 72:.4f};"]
    lines.append('node [fixedsize=true, label=""]; edge [arrowhead=none];')
    for node in graph.nodes:
        width, height = _SIZES.get(node.kind, _GATEWAY)
        shape = "box" if node.kind == "step" else "circle" if node.kind in ("start", "end", "gate") else "diamond"
        lines.append(f"n{number[node.id]} [shape={shape}, width={width / 72:.5f}, height={height / 72:.5f}];")
    lines += [f"n{number[flow.source]} -> n{number[flow.target]};" for flow in graph.flows]
    answer = engine.layout("\n".join([*lines, "}"]))
    top = float(str(answer["bb"]).split(",")[3])
    boxes: dict[str, tuple[float, float, float, float]] = {}
    for found in answer["objects"]:
        node = graph.nodes[int(found["name"][1:])]
        (x, y), (width, height) = _points(found["pos"], top)[0], _SIZES.get(node.kind, _GATEWAY)
        boxes[node.id] = (round(x - width / 2, 1), round(y - height / 2, 1), width, height)
    by_ends = {(one["tail"], one["head"]): one for one in answer.get("edges", ())}
    names = {found["name"]: found["_gvid"] for found in answer["objects"]}
    drawn = []
    for flow in graph.flows:
        edge: Any = by_ends[names[f"n{number[flow.source]}"], names[f"n{number[flow.target]}"]]
        # A polyline comes as cubic pieces whose corners are every third point.
        drawn.append(tuple(dict.fromkeys(_points(edge["pos"], top)[::3])))
    return _Placed(boxes, drawn)


def _points(text: str, top: float) -> list[Point]:
    """Graphviz' points, y upwards, as BPMN has them: y downwards, within a margin."""
    pairs = [pair.split(",") for pair in text.split() if not pair.startswith(("s,", "e,"))]
    return [(round(float(x) + _MARGIN, 1), round(top - float(y) + _MARGIN, 1)) for x, y in pairs]


def _document(model: PathwayModel, graph: ModelGraph, placed: _Placed) -> str:
    ids = _ids(graph)
    flows = [(f"Flow_{position}", flow) for position, flow in enumerate(graph.flows, start=1)]
    lines = [_HEAD, f'  <bpmn:process id="Process_1" name="{_quoted(model.name)}" isExecutable="false">']
    if model.leaves_at_days is not None and model.leaves_as:
        said = (
            f"At the age of {model.leaves_at_days / 365.25:.4g} years: {model.leaves_as}, whatever else is under way."
        )
        lines.append(f"    <bpmn:documentation>{_quoted(said)}</bpmn:documentation>")
    for node in graph.nodes:
        lines += _element(node, ids, flows)
    for made, flow in flows:
        name = "" if flow.share is None else f' name="{_percent(flow.share)}"'
        ends = f'sourceRef="{ids[flow.source]}" targetRef="{ids[flow.target]}"'
        lines.append(f'    <bpmn:sequenceFlow id="{made}"{name} {ends} />')
    lines += [
        "  </bpmn:process>",
        '  <bpmndi:BPMNDiagram id="BPMNDiagram_1">',
        '    <bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement="Process_1">',
    ]
    for node in graph.nodes:
        lines += _shape(node, ids[node.id], placed.boxes[node.id])
    for (made, _), points in zip(flows, placed.lines, strict=True):
        lines.append(f'      <bpmndi:BPMNEdge id="{made}_di" bpmnElement="{made}">')
        lines += [f'        <di:waypoint x="{x:.10g}" y="{y:.10g}" />' for x, y in points]
        lines.append("      </bpmndi:BPMNEdge>")
    lines += ["    </bpmndi:BPMNPlane>", "  </bpmndi:BPMNDiagram>", "</bpmn:definitions>", ""]
    return "\n".join(lines)


def _ids(graph: ModelGraph) -> dict[str, str]:
    """An id for each node that XML allows."""
    prefixes = {"step": "Activity", "start": "StartEvent", "end": "EndEvent", "gate": "Event"}
    return {
        node.id: f"{prefixes.get(node.kind, 'Gateway')}_{number}" for number, node in enumerate(graph.nodes, start=1)
    }


def _element(node: Node, ids: dict[str, str], flows: list[tuple[str, Flow]]) -> list[str]:
    about = f' name="{_quoted(node.label)}"' if node.label else ""
    into = [made for made, flow in flows if flow.target == node.id]
    out = [made for made, flow in flows if flow.source == node.id]
    if node.kind in ("choice", "split", "merge", "join", "first"):
        about += f' gatewayDirection="{"Diverging" if len(out) > 1 else "Converging"}"'
    lines = [f'    <bpmn:{_TAGS[node.kind]} id="{ids[node.id]}"{about}>']
    lines += [f"      <bpmn:incoming>{made}</bpmn:incoming>" for made in into]
    lines += [f"      <bpmn:outgoing>{made}</bpmn:outgoing>" for made in out]
    if node.for_place:
        lines += [
            f'      <bpmn:conditionalEventDefinition id="{ids[node.id]}_condition">',
            '        <bpmn:condition xsi:type="bpmn:tFormalExpression">a place is free</bpmn:condition>',
            "      </bpmn:conditionalEventDefinition>",
        ]
    elif node.kind == "gate":
        lines.append(f'      <bpmn:timerEventDefinition id="{ids[node.id]}_timer" />')
    return [*lines, f"    </bpmn:{_TAGS[node.kind]}>"]


def _shape(node: Node, made: str, box: tuple[float, float, float, float]) -> list[str]:
    x, y, width, height = box
    marker = ' isMarkerVisible="true"' if _TAGS[node.kind] == "exclusiveGateway" else ""
    lines = [f'      <bpmndi:BPMNShape id="{made}_di" bpmnElement="{made}"{marker}>', _bounds(x, y, width, height)]
    if node.kind == "gate":
        left, below = x + (width - _LABEL[0]) / 2, y + height + 4
        lines += ["        <bpmndi:BPMNLabel>", f"  {_bounds(left, below, *_LABEL)}", "        </bpmndi:BPMNLabel>"]
    return [*lines, "      </bpmndi:BPMNShape>"]


def _bounds(x: float, y: float, width: float, height: float) -> str:
    return f'        <dc:Bounds x="{x:.10g}" y="{y:.10g}" width="{width:g}" height="{height:g}" />'


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 or share == 0 else "under 1%"


def _quoted(words: str) -> str:
    return escape(printable(words))
