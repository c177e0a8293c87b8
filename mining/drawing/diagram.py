"""What is drawn, as data: boxes, arrows, and the words that explain them. Knows nothing of logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UNKNOWN = -1.0
"""The colour of an arrow of which the coloured measure is not known: grey."""


@dataclass(frozen=True)
class DiagramNode:
    """One box, or a small start or end marker."""

    id: str
    label: str
    kind: Literal["activity", "start", "end"] = "activity"
    lines: tuple[str, ...] = ()
    """Smaller facts under the label, one a line."""
    emphasis: float = 0.0
    """How dark the box is shaded, 0 to 1."""
    title: str = ""
    """All about the box in words, for a tooltip."""


@dataclass(frozen=True)
class DiagramEdge:
    """One arrow."""

    source: str
    target: str
    label: str = ""
    weight: float = 0.5
    """Thickness, 0 to 1."""
    colour: float = 0.0
    """Place on the colour scale, 0 to 1, or `UNKNOWN`."""
    dashed: bool = False
    title: str = ""


@dataclass(frozen=True)
class Legend:
    """What colour, thickness and shade mean: a heading, then (value 0 to 1, words) for each sample."""

    colour: str = ""
    colour_steps: tuple[tuple[float, str], ...] = ()
    width: str = ""
    width_steps: tuple[tuple[float, str], ...] = ()
    shade: str = ""
    shade_steps: tuple[tuple[float, str], ...] = ()
    notes: tuple[str, ...] = ()
    """Further explanations, a paragraph each."""


@dataclass(frozen=True)
class Diagram:
    """A picture before it is laid out. Raises ValueError for ids used twice and arrows to nowhere."""

    title: str
    nodes: tuple[DiagramNode, ...]
    """In process order, which settles what leads forward where the arrows do not."""
    edges: tuple[DiagramEdge, ...]
    caption: tuple[str, ...] = ()
    """What the reader must know beside the picture: who was counted, what is hidden. A paragraph each."""
    legend: Legend = Legend()
    palette: Literal["amount", "difference"] = "amount"
    """What colours run over: from little to much, or from much less over the same to much more."""
    description: str = ""
    """The picture in words, for those who cannot see it."""

    def __post_init__(self) -> None:
        ids = [node.id for node in self.nodes]
        if len(set(ids)) < len(ids):
            raise ValueError(
                f"node ids must be unique, got {next(i for i in ids if ids.count(i) > 1)!r} more than once"
            )
        pairs = [(edge.source, edge.target) for edge in self.edges]
        if len(set(pairs)) < len(pairs):
            raise ValueError(
                f"at most one edge from a node to another, got {next(p for p in pairs if pairs.count(p) > 1)}"
            )
        known = set(ids)
        for edge in self.edges:
            if edge.source not in known or edge.target not in known:
                raise ValueError(f"an edge must join nodes of the diagram, got {edge.source!r} to {edge.target!r}")
