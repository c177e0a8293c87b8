"""`permanence discover`: the models that a log teaches, as files that other tools open, and in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from mining import bpmn
from mining.drawing import Diagram, DiagramEdge, DiagramNode, Drawing, Legend, draw
from mining.drawing.scales import round_number, samples_up_to
from mining.models import THRESHOLDS, DiscoveredModel, Quality, discover_heuristics, discover_model
from permanence.files import complete_files, write_text
from permanence.map_command import UsageError

Miner = Literal["inductive", "heuristics"]
FILES = (
    *("discovered.bpmn", "discovered.pnml", "discovered.png", "discovered_scan.csv", "discovered_dependencies.csv"),
    "discovered.txt",
)
DEPENDENCY = 0.9
_LARGEST = 30_000.0
"""Pixels that a picture may be wide or high; beyond, picture programs refuse it."""


@dataclass(frozen=True)
class Mining:
    """How a model is to be found."""

    miner: Miner = "inductive"
    noise: float | None = None
    """Inductive miner: the noise threshold; None to have the usual ones tried."""
    dependency: float | None = None
    """Heuristics miner: the least dependency that counts; None for 0.9."""
    seconds: float | None = None
    """How long measuring may take."""

    def check(self) -> None:
        """Raise UsageError for an option of the other miner, and for numbers that are none of these."""
        if self.miner == "heuristics" and self.noise is not None:
            raise UsageError("--noise", "the heuristics miner has no noise threshold, but --dependency")
        if self.miner == "inductive" and self.dependency is not None:
            raise UsageError("--dependency", "only with --miner heuristics; the inductive miner has --noise")
        if self.noise is not None and not 0 <= self.noise < 1:
            raise UsageError("--noise", f"must be from 0 to below 1, got {self.noise:g}")
        if self.dependency is not None and not -1 < self.dependency < 1:
            raise UsageError("--dependency", f"must be between -1 and 1, got {self.dependency:g}")


@dataclass(frozen=True, eq=False)
class Discovered:
    """A model with what is to be said of it."""

    model: DiscoveredModel
    text: str
    """Everything in words, for discovered.txt."""
    said: tuple[str, ...]
    """The same, without the model itself, for the terminal."""
    drawing: Drawing | None = None
    """Heuristics miner: the picture of what depends on what."""

    def write(self, folder: Path) -> list[Path]:
        """Write the files, each appearing whole, take away those of an earlier model, and return the paths."""
        model, tree = self.model, self.model.tree
        with complete_files(folder) as scratch:
            (scratch / "discovered.pnml").write_bytes(model.pnml())
            write_text(scratch / "discovered.txt", self.text)
            if tree is not None:
                (scratch / "discovered.bpmn").write_bytes(model.bpmn())
                write_text(scratch / "discovered_scan.csv", model.scan.to_csv(index=False, lineterminator="\n"))
                if _drawable(model):
                    (scratch / "discovered.png").write_bytes(bpmn.picture(tree))
            else:
                arcs = model.arcs.to_csv(index=False, lineterminator="\n")
                write_text(scratch / "discovered_dependencies.csv", arcs)
            if self.drawing is not None:
                from mining.drawing.raster import write_png

                write_png(self.drawing.scene, scratch / "discovered.png")
            written = {path.name for path in scratch.iterdir()}
        for name in FILES:
            if name not in written:
                (folder / name).unlink(missing_ok=True)
        return [folder / name for name in FILES if name in written]


def discover(log: EventLog, name: str, asked: Mining, *, chosen: Sequence[str] = ()) -> Discovered:
    """The model of the closed cases of a log.

    `name` is what the log is called, `chosen` which cases were chosen, in words. Raises UsageError as
    `Mining.check` does, InputError for a log without closed cases, and GraphvizMissingError for the picture of the
    heuristics miner.
    """
    asked.check()
    if asked.miner == "inductive":
        thresholds = THRESHOLDS if asked.noise is None else (asked.noise,)
        model = discover_model(log, thresholds=thresholds, seconds=asked.seconds)
    else:
        dependency = DEPENDENCY if asked.dependency is None else asked.dependency
        model = discover_heuristics(log, threshold=dependency)
    if model.net is None:
        problem = model.messages[0].rstrip(".").replace("No model: it can", "there is no model: it can")
        remedy = "Name the activities that end a case with --end, or wait until cases have ended"
        raise InputError(Problem(name, "", problem, remedy))
    said = [*model.messages, *quality_in_words(model.quality)]
    drawing = draw(_dependencies(model, log)) if model.tree is None else None
    if model.tree is None:
        said.append("A BPMN file needs the inductive miner; the Petri net is in discovered.pnml.")
    elif not _drawable(model):
        said.append("The model is too large for a picture; open discovered.bpmn in an editor.")
    heading = [f"Model of {name}, found by the {asked.miner} miner", str(log), *chosen]
    text = "\n".join([*heading, "", *(f"- {sentence}" for sentence in said), "", *_in_full(model), ""])
    return Discovered(model, text, tuple(said), drawing)


def quality_in_words(quality: Quality) -> list[str]:
    """What the measures mean, a sentence each; those not measured are left out."""
    words: dict[str, Callable[[], str]] = {
        "share_fitting": lambda: (
            f"Played through it, {100 * quality.share_fitting:.0f}% of the closed cases fit whole "
            f"(fitness {quality.fitness:.2f}: how little is missing or left over)."
        ),
        "precision": lambda: (
            f"Of what it allows at each step, {100 * quality.precision:.0f}% was seen "
            f"(precision {quality.precision:.2f})."
        ),
        "generalisation": lambda: (
            f"Made from other cases of the same kind it fits {100 * quality.generalisation:.0f}% of those left out "
            f"(generalisation {quality.generalisation:.2f})."
        ),
        "simplicity": lambda: f"Simplicity {quality.simplicity:.2f} (1: nothing but a line).",
    }
    return [say() for name, say in words.items() if not math.isnan(getattr(quality, name))]


def _in_full(model: DiscoveredModel) -> list[str]:
    if model.tree is not None:
        return [
            "The model:",
            model.tree.outline(1),
            "",
            "As process mining tools write it:",
            f"  {model.tree.notation}",
        ]
    lines = [
        f"  {arc.source} -> {arc.target}: dependency {arc.dependency:.2f}, {arc.count:,} times"
        for arc in model.arcs.itertuples()
    ]
    return ["What depends on what:", *(lines or ["  nothing as much as asked for"])]


def _drawable(model: DiscoveredModel) -> bool:
    if model.tree is None:
        return False
    drawn = bpmn.diagram(model.tree)
    reach = [max(shape.x + shape.width, shape.y + shape.height) for shape in drawn.shapes]
    reach += [y for flow in drawn.flows for _, y in flow.points]
    return max(reach) * 110 / 72 < _LARGEST


def _dependencies(model: DiscoveredModel, log: EventLog) -> Diagram:
    """What depends on what, as a diagram: thickness by how often, dependency and number as label."""
    named = {*model.arcs["source"], *model.arcs["target"]}
    net = set() if model.net is None else set(model.net.activities)
    nodes = tuple(DiagramNode(name, name) for name in log.activities if name in named | net)
    rows: list[Any] = list(model.arcs.itertuples())
    most = max((arc.count for arc in rows), default=1)
    edges = tuple(
        DiagramEdge(
            arc.source,
            arc.target,
            label=f"{arc.dependency:.2f} · {arc.count:,}",
            weight=math.sqrt(arc.count / most),
        )
        for arc in rows
    )
    note = "On arrows: dependency (how much more often this way than back, -1 to 1) · times in closed cases."
    steps = tuple((math.sqrt(value / most), round_number(value)) for value in samples_up_to(float(most)))
    base = Diagram(title="What depends on what: heuristics miner", nodes=nodes, edges=edges)
    return replace(
        base,
        caption=(f"{model.cases:,} closed cases; arrows with a dependency of {model.noise:g} or more.",),
        legend=Legend(width="Thickness: times", width_steps=steps, notes=(note,)),
        description=(
            f"Dependency graph of {model.cases:,} closed cases: {len(nodes)} activities and {len(edges)} dependencies."
        ),
    )
