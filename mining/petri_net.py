"""Petri nets as frozen values: from a process tree, as a PNML file (ISO/IEC 15909-2) with the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mining.drawing.svg import escape
from mining.drawing.text import printable
from mining.process_tree import Tree

STILL_OPEN = "(still open)"
"""The activity put at the end of an open case, so that what has not happened yet is not held against it."""


@dataclass(frozen=True)
class Transition:
    """A step of the net; silent where the label is empty."""

    name: str
    label: str
    takes: tuple[str, ...]
    """The places it takes a token from."""
    gives: tuple[str, ...]
    """The places it puts a token in."""


@dataclass(frozen=True)
class PetriNet:
    """Places, transitions, and the tokens at the beginning and at the end."""

    places: tuple[str, ...]
    transitions: tuple[Transition, ...]
    initial: tuple[str, ...]
    final: tuple[str, ...]

    @property
    def activities(self) -> tuple[str, ...]:
        """The labels, each once, in the net's order."""
        return tuple(dict.fromkeys(one.label for one in self.transitions if one.label))

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return sum(len(one.takes) + len(one.gives) for one in self.transitions)


@dataclass
class _Building:
    places: list[str] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    def place(self) -> str:
        self.places.append(f"p{len(self.places) + 1}")
        return self.places[-1]

    def transition(self, label: str, takes: Sequence[str], gives: Sequence[str]) -> None:
        name = f"t{len(self.transitions) + 1}"
        self.transitions.append(Transition(name, label, tuple(takes), tuple(gives)))

    def add(self, tree: Tree, start: str, end: str) -> None:
        if tree.operator == "activity":
            self.transition(tree.label, [start], [end])
        elif tree.operator == "sequence":
            for child in tree.children[:-1]:
                between = self.place()
                self.add(child, start, between)
                start = between
            self.add(tree.children[-1], start, end)
        elif tree.operator == "choice":
            for child in tree.children:
                self.add(child, start, end)
        elif tree.operator == "parallel":
            ends = [(self.place(), self.place()) for _ in tree.children]
            self.transition("", [start], [first for first, _ in ends])
            for child, (first, last) in zip(tree.children, ends, strict=True):
                self.add(child, first, last)
            self.transition("", [last for _, last in ends], [end])
        else:
            inside, done = self.place(), self.place()
            self.transition("", [start], [inside])
            self.add(tree.children[0], inside, done)
            self.add(tree.children[1], done, inside)
            self.transition("", [done], [end])


def net_of(tree: Tree) -> PetriNet:
    """The workflow net of a process tree: one place at the beginning, one at the end, sound."""
    building = _Building(["start", "end"])
    building.add(tree, "start", "end")
    return PetriNet(tuple(building.places), tuple(building.transitions), ("start",), ("end",))


def with_way_out(net: PetriNet, label: str, *, anywhere: bool = True) -> PetriNet:
    """The net with a step that may end everything, whatever is still to be done.

    The step has the label given; after it nothing else can happen and what is left of the tokens is cleared away.
    With it a case may leave at any time, and with the label `STILL_OPEN` the beginnings of cases fit that have not
    come to their end. `anywhere=False`: only once the net has reached its end.
    """
    running, over = "running", "over"
    steps = [replace(one, takes=(*one.takes, running), gives=(*one.gives, running)) for one in net.transitions]
    takes, gives = ((running,), (over,)) if anywhere else ((running, *net.final), (over,))
    steps.append(Transition("out", label, takes, gives))
    steps += [Transition(f"clear_{place}", "", (place, over), (over,)) for place in net.places]
    return PetriNet((*net.places, running, over), tuple(steps), (*net.initial, running), (over,))


def pnml(net: PetriNet, name: str) -> bytes:
    """The net as a PNML file, with names for people, an initial and a final marking.

    Tools other than pm4py read the final marking as a tool-specific note, or leave it out.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">',
        ' <net id="net1" type="http://www.pnml.org/version-2009/grammar/pnmlcoremodel">',
        f"  <name><text>{_text(name)}</text></name>",
        '  <page id="page1">',
    ]
    for place in net.places:
        tokens = net.initial.count(place)
        marking = f"<initialMarking><text>{tokens}</text></initialMarking>" if tokens else ""
        lines.append(f'   <place id="{place}"><name><text>{place}</text></name>{marking}</place>')
    for one in net.transitions:
        hidden = f'<toolspecific tool="ProM" version="6.4" activity="$invisible$" localNodeID="{one.name}"/>'
        label = f"<name><text>{_text(one.label or one.name)}</text></name>{'' if one.label else hidden}"
        lines.append(f'   <transition id="{one.name}">{label}</transition>')
    number = 0
    for one in net.transitions:
        pairs = [(place, one.name) for place in one.takes] + [(one.name, place) for place in one.gives]
        for source, target in pairs:
            number += 1
            lines.append(f'   <arc id="a{number}" source="{source}" target="{target}"/>')
    lines += ["  </page>", "  <finalmarkings>", "   <marking>"]
    lines += [f'    <place idref="{place}"><text>1</text></place>' for place in net.final]
    lines += ["   </marking>", "  </finalmarkings>", " </net>", "</pnml>", ""]
    return "\n".join(lines).encode()


def _text(words: str) -> str:
    return escape(printable(words))
