"""Every gate, and the first of several, in the graph, the BPMN file and the picture of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hand_models import either, model_of, only, step
from lxml import etree

from mining import _pm4py
from simulation.bpmn_export import bpmn_of, write_bpmn
from simulation.gates import DecisionMaker, Gate, Places, Sessions
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel
from simulation.model_graph import graph_of
from simulation.model_picture import diagram_of_model

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def every_gate() -> PathwayModel:
    """A report or an assessment, whichever is first, and legal advice; then a panel, a decision and the court."""
    steps = [
        step("in", fixed(0.0)),
        step("report", exponential(30.0)),
        step("assessment", exponential(40.0)),
        step("legal", exponential(20.0)),
        replace(step("panel", fixed(0.0), waits_for=("legal",), gate="panel"), waits_for_any=("report", "assessment")),
        step("decision", exponential(9.0), gate="decision maker"),
        step("order", exponential(90.0), gate="court"),
        step("withdrawn", exponential(50.0)),
    ]
    gates: dict[str, Gate] = {
        "panel": Sessions(weekday="Tuesday", weeks_of_month=(1,), slots=4, booking=True, deferral=0.1),
        "decision maker": DecisionMaker(),
        "court": Places(places=3, cases_each=2, until="order"),
    }
    choices = {
        START: only("in"),
        "in": only("report", "assessment", "legal"),
        "panel": only("decision"),
        "decision": either({"order": 0.8, "withdrawn": 0.2}),
    }
    return model_of(steps, choices, gates=gates, final=("order", "withdrawn"))


def arrows(model: PathwayModel) -> set[tuple[str, str]]:
    graph = graph_of(model)
    said = {node.id: node.label or node.kind for node in graph.nodes}
    return {(said[flow.source], said[flow.target]) for flow in graph.flows}


def test_the_graph_is_the_one_drawn_on_paper() -> None:
    panel = "panel: Tuesdays of week 1, 4 slots, by booking, 10% deferred"
    decides, court = (
        "decision maker: on a working day, within 14 days",
        "court: 3 places of 2 cases each, held until order",
    )
    assert arrows(every_gate()) == {
        ("start", "in"),
        ("in", "split"),
        ("split", "report"),
        ("split", "assessment"),
        ("split", "legal"),
        ("report", "the first of them"),
        ("assessment", "the first of them"),
        ("the first of them", "join"),
        ("legal", "join"),
        ("join", panel),
        (panel, "panel"),
        ("panel", decides),
        (decides, "decision"),
        ("decision", "choice"),
        ("choice", court),
        ("choice", "withdrawn"),
        (court, "order"),
        ("order", "end"),
        ("withdrawn", "end"),
    }


def test_a_place_is_waited_for_before_the_work_and_who_finds_no_room_goes_another_way() -> None:
    steps = [step("in", fixed(0.0)), replace(step("work", exponential(9.0), gate="team"), activity="", then="done")]
    ends = [step("end", fixed(1.0)), step("gone", fixed(1.0))]
    gate = Places(places=1, room=2, turned_away_as="elsewhere")
    choices = {START: only("in"), "in": only("work"), "done": only("end"), "elsewhere": only("gone")}
    model = model_of([*steps, *ends], choices, gates={"team": gate}, final=("end", "gone"))
    assert arrows(model) == {
        ("start", "in"),
        ("in", "room to wait?"),
        ("room to wait?", "team: 1 place"),
        ("room to wait?", "elsewhere"),
        ("team: 1 place", "work"),
        ("work", "end"),
        ("elsewhere", "gone"),
        ("end", "end"),
        ("gone", "end"),
    }


def test_the_bpmn_file_tells_a_date_from_a_place_and_all_from_the_first(tmp_path: Path) -> None:
    root = etree.fromstring(bpmn_of(every_gate()))
    assert len(list(root.iter(f"{MODEL}timerEventDefinition"))) == 2
    assert [one.text for one in root.iter(f"{MODEL}condition")] == ["a place is free"]
    assert [one.get("name") for one in root.iter(f"{MODEL}complexGateway")] == ["the first of them"]
    _pm4py.import_quietly()
    import pm4py

    # Its reader knows no complex gateway, so that a model with one cannot be handed on to it.
    panel = every_gate().steps["panel"]
    model = replace(every_gate(), steps={**every_gate().steps, "panel": replace(panel, waits_for_any=())})
    write_bpmn(model, tmp_path / "model.bpmn")
    read = pm4py.read_bpmn(str(tmp_path / "model.bpmn"))
    assert {"panel", "decision", "order"} <= {node.get_name() for node in read.get_nodes()}


def test_the_picture_says_what_is_waited_for() -> None:
    diagram = diagram_of_model(every_gate())
    lines = {node.label: node.lines for node in diagram.nodes}
    assert lines["court: 3 places of 2 cases each, held until order"] == ("gate: a wait for a place",)
    assert lines["decision maker: on a working day, within 14 days"] == ("gate: a wait for a date",)
    assert "the first of 2 is there" in lines
    assert "report leads to the first is there" in diagram.description
