"""Answers: how does the process look on one page that can be read? (SVG, PNG, PDF; the same bytes every time)"""

from __future__ import annotations

from mining.drawing.diagram import Diagram, DiagramEdge, DiagramNode, Legend
from mining.drawing.drawing import A4_LANDSCAPE, Drawing, Page, draw, write_map
from mining.drawing.engine import GraphvizMissingError
from mining.drawing.fit import fit_map
from mining.drawing.translate import diagram_of

__all__ = [
    "A4_LANDSCAPE",
    "Diagram",
    "DiagramEdge",
    "DiagramNode",
    "Drawing",
    "GraphvizMissingError",
    "Legend",
    "Page",
    "diagram_of",
    "draw",
    "fit_map",
    "write_map",
]
