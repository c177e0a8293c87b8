"""In which shapes a diagram can be laid out, and the layout for each.

A long process does not fit a page in one run of ranks, so the ranks may be *folded*: the first rows run down the page,
the next ones up again beside them, and so on, like a river. Folding makes no arrow longer, and every arrow between
neighbouring ranks stays short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product

from mining.drawing.diagram import Diagram
from mining.drawing.engine import Graphviz
from mining.drawing.geometry import LABEL_HEIGHT, Direction, Layout, Shape
from mining.drawing.plan import Plan, SizedNode, label_width, rank_source, read_ranks, size_node

_DIRECTIONS: tuple[Direction, ...] = ("TB", "LR")
_RUN_LENGTHS = 3
"""How many lengths of a run to try: the longest that could fit, and the next shorter ones."""


class Ranker:
    """Ranks and lays out one diagram in different shapes, ranking only once."""

    def __init__(self, diagram: Diagram, graphviz: Graphviz) -> None:
        self._diagram = diagram
        self._graphviz = graphviz
        self._ranks: dict[bool, dict[str, int]] = {}
        self._sizes: dict[int, tuple[SizedNode, ...]] = {}

    def layout(self, shape: Shape) -> Layout:
        """The diagram in this shape. Raises LayoutError."""
        sizes = self._sized(shape.name_lines)
        if not sizes:
            return Layout(shape, (), (), 0.0, 0.0)
        plan = Plan(self._diagram, sizes, self._rows(shape), shape)
        return plan.read(self._graphviz.layout(plan.source()))

    def least_size(self, shape: Shape) -> tuple[float, float]:
        """No layout in this shape is smaller; cheap to know, so that hopeless shapes are never laid out."""
        rows = self._rows(shape)
        by_row: dict[int, list[SizedNode]] = {}
        for sized in self._sized(shape.name_lines):
            by_row.setdefault(rows[sized.node.id], []).append(sized)
        upright = shape.direction == "TB"
        labels = [label_width(edge.label) for edge in self._diagram.edges if edge.label]
        step = shape.rank_gap + (0.0 if not labels else LABEL_HEIGHT if upright else min(labels))
        along = sum(max(s.height if upright else s.width for s in row) for row in by_row.values())
        along += step * (len(by_row) - 1)
        wide = [sum((s.width if upright else s.height) + shape.node_gap for s in row) for row in by_row.values()]
        across = max(wide, default=0.0) - shape.node_gap
        return (across, along) if upright else (along, across)

    def shapes(self, width: float, height: float, *, quick: bool = False) -> Iterator[Shape]:
        """The shapes that could fit a space, plainest first; `quick` leaves out those that seldom make a difference."""
        for tight in (True,) if quick else (False, True):
            for level_pairs in (False, True):
                if level_pairs and self._ranked(True) == self._ranked(False):
                    continue
                ranks = max(self._ranked(level_pairs).values(), default=0) + 1
                for direction, name_lines in product(_DIRECTIONS, (2,) if quick else (2, 3)):
                    whole = Shape(direction, ranks, name_lines, level_pairs, tight)
                    fitting = (replace(whole, rows=rows) for rows in range(ranks, min(ranks, 3) - 1, -1))
                    yield from islice(
                        (shape for shape in fitting if self._could_fit(shape, width, height)), _RUN_LENGTHS
                    )

    def folds(self, shape: Shape) -> int:
        """In how many runs the shape lays the ranks."""
        return max(self._ranked(shape.level_pairs).values(), default=0) // shape.rows + 1

    def _could_fit(self, shape: Shape, width: float, height: float) -> bool:
        least_width, least_height = self.least_size(shape)
        return least_width <= width and least_height <= height and self._area(shape) <= width * height

    def _area(self, shape: Shape) -> float:
        """What boxes and labels take up together with the gaps beside and below them."""
        sizes = [(sized.width, sized.height) for sized in self._sized(shape.name_lines)]
        sizes += [(label_width(edge.label), LABEL_HEIGHT) for edge in self._diagram.edges if edge.label]
        return sum((width + shape.node_gap) * (height + shape.rank_gap / 2) for width, height in sizes)

    def _sized(self, name_lines: int) -> tuple[SizedNode, ...]:
        if name_lines not in self._sizes:
            self._sizes[name_lines] = tuple(size_node(node, name_lines) for node in self._diagram.nodes)
        return self._sizes[name_lines]

    def _rows(self, shape: Shape) -> dict[str, int]:
        ranks = self._ranked(shape.level_pairs)
        rows = {}
        for name, rank in ranks.items():
            run, place = divmod(rank, shape.rows)
            rows[name] = place if run % 2 == 0 else shape.rows - 1 - place
        # A short last run may leave rows empty only at the far end, but a diagram of one row must begin at 0.
        least = min(rows.values(), default=0)
        return {name: row - least for name, row in rows.items()}

    def _ranked(self, level_pairs: bool) -> dict[str, int]:
        if level_pairs not in self._ranks:
            answer = self._graphviz.layout(rank_source(self._diagram, level_pairs=level_pairs))
            self._ranks[level_pairs] = read_ranks(self._diagram, answer)
        return self._ranks[level_pairs]
