"""A process tree as a BPMN 2.0 file that an editor opens as it stands: with its layout, and the same bytes every time.

The layout follows the tree: what comes one after another stands side by side, what is chosen or done side by side
stands one below the other between two gateways, and the way back of a loop runs below it. So no shape lies on another
and no line crosses a shape, whatever the tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

from mining.drawing.svg import escape
from mining.drawing.text import drawable, font_file, printable, wrap
from mining.process_tree import Tree

Kind = Literal["startEvent", "endEvent", "task", "exclusiveGateway", "parallelGateway"]
Point = tuple[float, float]

TASK = (130.0, 80.0)
_GATEWAY, _EVENT, _GAP, _LANE = 50.0, 36.0, 45.0, 30.0
_MARGIN = 60.0


@dataclass(frozen=True)
class Shape:
    """A node with its place; lengths in pixels, y downwards, as BPMN has it."""

    id: str
    kind: Kind
    name: str
    x: float
    y: float
    width: float
    height: float
    diverging: bool = False
    """For gateways whether ways part here; else they meet."""


@dataclass(frozen=True)
class Flow:
    """A sequence flow with the points it runs through."""

    id: str
    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Diagram:
    """Shapes and flows of a process."""

    shapes: tuple[Shape, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True)
class _Extent:
    width: float
    up: float
    down: float


@dataclass(frozen=True)
class _Loose:
    """A flow that has left its source and not yet reached its target."""

    source: str
    points: tuple[Point, ...]

    def to(self, *points: Point) -> _Loose:
        return _Loose(self.source, (*self.points, *points))


def diagram(tree: Tree) -> Diagram:
    """The tree laid out, between a start and an end event."""
    drawing = _Drawing()
    extent = _extent(tree)
    middle = _MARGIN + max(extent.up, _EVENT / 2)
    loose = drawing.start((_MARGIN, middle))
    x = _MARGIN + _EVENT + _GAP
    loose = drawing.add(tree, loose, (x, middle), 1)
    drawing.end(loose, (x + extent.width + (_GAP if extent.width else 0.0), middle))
    return Diagram(tuple(drawing.shapes), tuple(drawing.flows))


def _extent(tree: Tree) -> _Extent:
    """How far a tree reaches to the right of its entry, and above and below its line."""
    if tree.operator == "activity":
        return _Extent(TASK[0], TASK[1] / 2, TASK[1] / 2) if tree.label else _Extent(0.0, 0.0, 0.0)
    parts = [_extent(child) for child in tree.children]
    if tree.operator == "sequence":
        width = sum(part.width for part in parts) + _GAP * (len(parts) - 1)
        return _Extent(width, max(part.up for part in parts), max(part.down for part in parts))
    down = _lanes(tree)[-1] + parts[-1].down
    width = max(part.width for part in parts) + 2 * (_GATEWAY + _GAP)
    return _Extent(width, max(parts[0].up, _GATEWAY / 2), max(down, _GATEWAY / 2))


def _lanes(tree: Tree) -> list[float]:
    """How far below the line of the tree each of its children has its own."""
    lanes, bottom = [0.0], 0.0
    for number, child in enumerate(tree.children):
        part = _extent(child)
        if number:
            lanes.append(bottom + _LANE + part.up)
        bottom = max(lanes[-1] + part.down, _GATEWAY / 2)
    return lanes


@dataclass
class _Drawing:
    shapes: list[Shape] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    def start(self, place: Point) -> _Loose:
        x, y = place
        self.shapes.append(Shape("StartEvent_1", "startEvent", "", x, y - _EVENT / 2, _EVENT, _EVENT))
        return _Loose("StartEvent_1", ((x + _EVENT, y),))

    def end(self, loose: _Loose, place: Point) -> None:
        x, y = place
        self.shapes.append(Shape("EndEvent_1", "endEvent", "", x, y - _EVENT / 2, _EVENT, _EVENT))
        self.flow(loose.to(place), "EndEvent_1")

    def flow(self, loose: _Loose, target: str) -> None:
        self.flows.append(Flow(f"Flow_{len(self.flows) + 1}", loose.source, target, _straight(loose.points)))

    def add(self, tree: Tree, loose: _Loose, at: Point, way: int) -> _Loose:
        """Draw a tree whose entry is at a point and which runs to the right (way 1) or to the left (-1)."""
        x, y = at
        if tree.operator == "activity":
            return self._task(tree.label, loose, at, way) if tree.label else loose.to(at)
        if tree.operator == "sequence":
            for child in tree.children:
                loose = self.add(child, loose, (x, y), way)
                x += way * (_extent(child).width + _GAP)
            return loose
        return self._block(tree, loose, at, way)

    def _task(self, name: str, loose: _Loose, at: Point, way: int) -> _Loose:
        (x, y), (width, height) = at, TASK
        made = f"Activity_{sum(shape.kind == 'task' for shape in self.shapes) + 1}"
        left = x if way > 0 else x - width
        self.shapes.append(Shape(made, "task", name, left, y - height / 2, width, height))
        self.flow(loose.to(at), made)
        return _Loose(made, ((x + way * width, y),))

    def _gateway(self, kind: Kind, at: Point, way: int, *, diverging: bool) -> str:
        x, y = at
        made = f"Gateway_{sum('Gateway' in shape.kind for shape in self.shapes) + 1}"
        left = x if way > 0 else x - _GATEWAY
        self.shapes.append(Shape(made, kind, "", left, y - _GATEWAY / 2, _GATEWAY, _GATEWAY, diverging))
        return made

    def _block(self, tree: Tree, loose: _Loose, at: Point, way: int) -> _Loose:
        (x, y), half, width = at, _GATEWAY / 2, _extent(tree).width
        is_loop = tree.operator == "loop"
        kind: Kind = "parallelGateway" if tree.operator == "parallel" else "exclusiveGateway"
        far = x + way * (width - _GATEWAY)
        first = self._gateway(kind, at, way, diverging=not is_loop)
        self.flow(loose.to(at), first)
        last = self._gateway(kind, (far, y), way, diverging=is_loop)
        inside, back = x + way * (_GATEWAY + _GAP), far - way * _GAP
        for number, (child, lane) in enumerate(zip(tree.children, _lanes(tree), strict=True)):
            if not number:
                out = _Loose(first, ((x + way * _GATEWAY, y),))
                self.flow(self.add(child, out, (inside, y), way).to((far, y)), last)
                continue
            # Below the first: down from one gateway, along the lane, and up to the other.
            begin, finish, source, target, start, turn = x, far, first, last, inside, way
            if is_loop:
                begin, finish, source, target, start, turn = far, x, last, first, back, -way
            down, up = begin + way * half, finish + way * half
            out = _Loose(source, ((down, y + half), (down, y + lane)))
            done = self.add(child, out, (start, y + lane), turn)
            self.flow(done.to((up, y + lane), (up, y + half)), target)
        return _Loose(last, ((far + way * _GATEWAY, y),))


def _straight(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points without those that lie on the straight line between their neighbours."""
    kept = [points[0]]
    for number in range(1, len(points) - 1):
        (ax, ay), (bx, by), (cx, cy) = kept[-1], points[number], points[number + 1]
        if (bx, by) != (ax, ay) and not (ax == bx == cx or ay == by == cy):
            kept.append((bx, by))
    return (*kept, points[-1])


_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' id="Definitions_1" targetNamespace="http://bpmn.io/schema/bpmn">'
)


def bpmn(tree: Tree, name: str) -> bytes:
    """The tree as a BPMN 2.0 file: the process and, for editors, where everything stands."""
    drawn = diagram(tree)
    lines = [_HEAD, f'  <bpmn:process id="Process_1" name="{_quoted(name)}" isExecutable="false">']
    for shape in drawn.shapes:
        lines += _node(shape, drawn)
    for flow in drawn.flows:
        ends = f'sourceRef="{flow.source}" targetRef="{flow.target}"'
        lines.append(f'    <bpmn:sequenceFlow id="{flow.id}" {ends} />')
    lines += [
        "  </bpmn:process>",
        '  <bpmndi:BPMNDiagram id="BPMNDiagram_1">',
        '    <bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement="Process_1">',
    ]
    for shape in drawn.shapes:
        marker = ' isMarkerVisible="true"' if shape.kind == "exclusiveGateway" else ""
        lines.append(f'      <bpmndi:BPMNShape id="{shape.id}_di" bpmnElement="{shape.id}"{marker}>')
        box = f'x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}"'
        lines += [f"        <dc:Bounds {box} />", "      </bpmndi:BPMNShape>"]
    for flow in drawn.flows:
        lines.append(f'      <bpmndi:BPMNEdge id="{flow.id}_di" bpmnElement="{flow.id}">')
        lines += [f'        <di:waypoint x="{x:.10g}" y="{y:.10g}" />' for x, y in flow.points]
        lines.append("      </bpmndi:BPMNEdge>")
    lines += ["    </bpmndi:BPMNPlane>", "  </bpmndi:BPMNDiagram>", "</bpmn:definitions>", ""]
    return "\n".join(lines).encode()


def _node(shape: Shape, drawn: Diagram) -> list[str]:
    about = f' name="{_quoted(shape.name)}"' if shape.name else ""
    if "Gateway" in shape.kind:
        about += f' gatewayDirection="{"Diverging" if shape.diverging else "Converging"}"'
    into = [f"      <bpmn:incoming>{flow.id}</bpmn:incoming>" for flow in drawn.flows if flow.target == shape.id]
    out = [f"      <bpmn:outgoing>{flow.id}</bpmn:outgoing>" for flow in drawn.flows if flow.source == shape.id]
    return [f'    <bpmn:{shape.kind} id="{shape.id}"{about}>', *into, *out, f"    </bpmn:{shape.kind}>"]


def _quoted(words: str) -> str:
    return escape(printable(words)).replace('"', "&quot;")


def picture(tree: Tree) -> bytes:
    """The layout of the BPMN file as a PNG, for a report; the same bytes every time."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import Circle, FancyBboxPatch, Polygon

    drawn = diagram(tree)
    wide = max(shape.x + shape.width for shape in drawn.shapes) + _MARGIN
    high = max([y for flow in drawn.flows for _, y in flow.points] + [s.y + s.height for s in drawn.shapes]) + _MARGIN
    font = FontProperties(fname=str(font_file()), size=11)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        figure = Figure(figsize=(wide / 72, high / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, wide), ylim=(high, 0))
        axes.set_axis_off()
        for flow in drawn.flows:
            axes.plot(*zip(*flow.points[:-1], strict=True), color="#333333", linewidth=1.2)
            axes.annotate("", flow.points[-1], flow.points[-2], arrowprops={"arrowstyle": "-|>", "color": "#333333"})
        for shape in drawn.shapes:
            x, y = shape.x + shape.width / 2, shape.y + shape.height / 2
            look: dict[str, Any] = {"facecolor": "white", "edgecolor": "#12436d", "linewidth": 1.4, "zorder": 3}
            if shape.kind == "task":
                corner, size = (shape.x + 6, shape.y + 6), (shape.width - 12, shape.height - 12)
                axes.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=6", **look))
                said = "\n".join(wrap(drawable(printable(shape.name)), shape.width - 12, 11, lines=5))
                axes.text(x, y, said, ha="center", va="center", fontproperties=font, zorder=4, parse_math=False)
            elif "Event" in shape.kind:
                look["linewidth"] = 1.4 if shape.kind == "startEvent" else 3.5
                axes.add_patch(Circle((x, y), _EVENT / 2, **look))
            else:
                half = _GATEWAY / 2
                axes.add_patch(Polygon([(x - half, y), (x, y - half), (x + half, y), (x, y + half)], **look))
                sign = "+" if shape.kind == "parallelGateway" else "x"
                axes.plot([x], [y], sign, markersize=16, markeredgewidth=3, color="#12436d", zorder=4)
        FigureCanvasAgg(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
