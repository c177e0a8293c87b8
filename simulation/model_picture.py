"""A pathway model drawn like a process map: steps with how long they take, joins, gates, and the share of each way."""

from __future__ import annotations

from collections import defaultdict

from mining.drawing.diagram import Diagram, DiagramEdge, DiagramNode, Legend
from mining.drawing.scales import UNITS, in_unit
from simulation.model import PathwayModel
from simulation.model_graph import Flow, ModelGraph, Node, graph_of

_DAYS_A_WEEK = 7.0
_PASSED_THROUGH = ("choice", "merge", "split")
"""Gateways of BPMN that a map shows by its arrows alone."""


def diagram_of_model(model: PathwayModel, *, title: str = "") -> Diagram:
    """The model as a diagram for `mining.drawing.draw` and `write_map`.

    Boxes are steps, gates (what is waited for), and joins (all must be there). An arrow says which share of the
    children take that way, where there is a choice, and the time that half of them exceed on it; it is as thick as the
    share. A step that leaves no record, such as planning, has its time in its box.
    """
    graph = graph_of(model)
    nodes = tuple(_node(node, model, graph) for node in graph.nodes if node.kind not in _PASSED_THROUGH)
    edges = tuple(_edge(flow, model) for flow in _contracted(graph))
    return Diagram(
        title=title or model.name,
        nodes=nodes,
        edges=edges,
        caption=_caption(model),
        legend=Legend(
            width="thickness: share of those who could take the way",
            width_steps=((0.0, "few"), (1.0, "all")),
            notes=("times: half of the children take longer; waiting at gates is not in them",),
        ),
        description=_description(graph),
    )


def _node(node: Node, model: PathwayModel, graph: ModelGraph) -> DiagramNode:
    if node.kind in ("start", "end"):
        return DiagramNode(node.id, {"start": "start of the case", "end": "end of the case"}[node.kind], node.kind)
    if node.kind == "join":
        waited = sum(flow.target == node.id for flow in graph.flows)
        return DiagramNode(node.id, f"all {waited} are there", emphasis=0.35, title="The next step waits for all")
    if node.kind == "first":
        waited = sum(flow.target == node.id for flow in graph.flows)
        said = f"the first of {waited} is there"
        return DiagramNode(node.id, said, emphasis=0.35, title="The next step begins at the first of them")
    if node.kind == "gate":
        wait = f"gate: a wait for {'a place' if node.for_place else 'a date'}"
        return DiagramNode(node.id, node.label, lines=(wait,), emphasis=0.6, title=node.label)
    lines = (_time(model, (node.step,)),) if node.step else ()
    return DiagramNode(node.id, node.label, lines=lines, title=", ".join((node.label, *lines)))


def _time(model: PathwayModel, steps: tuple[str, ...]) -> str:
    """The time that half of the children exceed, from one step to another where there are several; "" for no time."""
    if any(model.steps[name].by_age for name in steps):
        return "by age"
    medians = [law.isf(0.5) for name in steps if (law := model.steps[name].law("")).sf(0.0) > 0.0]
    said = list(dict.fromkeys(_weeks(days) for days in (min(medians), max(medians)))) if medians else []
    return " to ".join(said)


def _weeks(days: float) -> str:
    if 0 < days < 1:
        return in_unit(days, UNITS["hours"])
    if days < 2 * _DAYS_A_WEEK:
        return f"{days:.3g} d"
    return f"{days / _DAYS_A_WEEK:.0f} wk"


def _edge(flow: Flow, model: PathwayModel) -> DiagramEdge:
    share = "" if flow.share is None else f"{flow.share:.0%}"
    time = _time(model, tuple(name for name in flow.steps if model.steps[name].activity))
    label = " · ".join(filter(None, (share, time)))
    return DiagramEdge(flow.source, flow.target, label=label, weight=1.0 if flow.share is None else flow.share)


def _contracted(graph: ModelGraph) -> list[Flow]:
    """The flows with gateways passed through; two ways from one place to another are one, with their shares added."""
    kinds = {node.id: node.kind for node in graph.nodes}
    out: dict[str, list[Flow]] = defaultdict(list)
    for flow in graph.flows:
        out[flow.source].append(flow)
    found: dict[tuple[str, str], Flow] = {}
    for node in graph.nodes:
        ahead = [] if node.kind in _PASSED_THROUGH else list(out[node.id])
        while ahead:
            flow = ahead.pop(0)
            if kinds[flow.target] in _PASSED_THROUGH:
                ahead += [
                    Flow(node.id, on.target, _times(flow.share, on.share), flow.steps + on.steps)
                    for on in out[flow.target]
                ]
                continue
            known = found.get((node.id, flow.target))
            share, steps = flow.share, flow.steps
            if known is not None:
                share = None if share is None or known.share is None else min(known.share + share, 1.0)
                steps = tuple(dict.fromkeys(known.steps + steps))
            found[node.id, flow.target] = Flow(node.id, flow.target, share, steps)
    return list(found.values())


def _times(share: float | None, other: float | None) -> float | None:
    if share is None or other is None:
        return other if share is None else share
    return share * other


def _caption(model: PathwayModel) -> tuple[str, ...]:
    said = [f"The model that is simulated: {len(model.steps)} steps, {len(model.gates)} gates."]
    if model.arrivals is not None:
        said.append(f"New cases: {model.arrivals.per_month.sum():.0f} a year.")
    if model.leaves_at_days is not None and model.leaves_as:
        said.append(f"At {model.leaves_at_days / 365.25:.4g} years: {model.leaves_as}, whatever else is under way.")
    return (" ".join(said),)


def _description(graph: ModelGraph) -> str:
    names = {node.id: node.label or node.kind for node in graph.nodes}
    names |= {node.id: "all are there" for node in graph.nodes if node.kind == "join"}
    names |= {node.id: "the first is there" for node in graph.nodes if node.kind == "first"}
    said = []
    for flow in _contracted(graph):
        share = "" if flow.share is None else f" ({flow.share:.0%})"
        said.append(f"{names[flow.source]} leads to {names[flow.target]}{share}")
    return "; ".join(said) + "."
