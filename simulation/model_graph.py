"""A pathway model as one picture's worth of nodes and flows: steps, choices, splits, joins and gates.

Steps that record the same activity at the same gate are one node, so that a way back (a second hearing) leads to where
the first one was. What may or may not be needed beside what always is (hearing advice) is a choice with a way past it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from simulation.gates import DecisionMaker, Gate, Places, ReviewCycle, Sessions
from simulation.model import START, Choice, PathwayModel, Step

Kind = Literal["start", "end", "step", "gate", "choice", "merge", "split", "join", "first"]
"""At a join all must be there; at `first` one is enough, and what comes later changes nothing."""


@dataclass(frozen=True)
class Node:
    """A place in the picture."""

    id: str
    kind: Kind
    label: str = ""
    step: str = ""
    """For a step that leaves no record: its name in the model."""
    for_place: bool = False
    """For a gate: whether a free place is waited for, and not a date."""


@dataclass(frozen=True)
class Flow:
    """What leads on from one node to another."""

    source: str
    target: str
    share: float | None = None
    """The part of all who reach a choice; None elsewhere."""
    steps: tuple[str, ...] = ()
    """The steps of the model that begin on this way."""


@dataclass(frozen=True)
class ModelGraph:
    """Nodes in the order in which the pathway reaches them, and flows."""

    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]


def graph_of(model: PathwayModel) -> ModelGraph:
    """The model's graph, from the start of a case on. What nothing leads to is left out."""
    builder = _Builder(model)
    builder.follow("start", "", START)
    while builder.ahead:
        builder.follow(*builder.ahead.pop(0))
    builder.merge()
    return ModelGraph(tuple(builder.nodes.values()), tuple(builder.flows))


@dataclass
class _Builder:
    model: PathwayModel
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    ahead: list[tuple[str, str, str]] = field(default_factory=list)
    """Nodes that are there, with what they record and the choice after them, but not yet what follows."""
    joins: dict[str, list[Step]] = field(default_factory=dict)
    """By activity, the steps that wait for it."""
    waited: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By step, the activities that a line has to lead from."""

    def __post_init__(self) -> None:
        self.add(Node("start", "start"))
        downstream = self.model.downstream()
        for step in self.model.steps.values():
            # Of two things waited for, the one that must have come before the other needs no line of its own.
            last = [a for a in step.waits_for if not downstream.get(a, frozenset()) & ({*step.waits_for} - {a})]
            self.waited[step.name] = tuple(last) or step.waits_for
            for activity in (*self.waited[step.name], *step.waits_for_any):
                self.joins.setdefault(activity, []).append(step)

    def add(self, node: Node) -> str:
        if node.id not in self.nodes:
            self.nodes[node.id] = node
        return node.id

    def flow(self, source: str, target: str, share: float | None = None, step: str = "") -> None:
        """Add a flow; two options to the same place are one way, with their shares added."""
        steps = (step,) if step else ()
        for number, known in enumerate(self.flows):
            if (known.source, known.target) == (source, target):
                total = None if share is None else (known.share or 0.0) + share
                self.flows[number] = Flow(source, target, total, tuple(dict.fromkeys((*known.steps, *steps))))
                return
        self.flows.append(Flow(source, target, share, steps))

    def end(self) -> str:
        return self.add(Node("end", "end"))

    def follow(self, source: str, activity: str, after: str) -> None:
        """What comes after a node: the choice `after`, and the joins that wait for its activity."""
        over = activity in self.model.final
        joins = [] if over else self.joins.get(activity, [])
        choice = None if over else self.model.choices.get(after)
        always, options = _split(choice) if choice else ((), [])
        parts = len(always) + len(joins) + bool(options)
        if not parts:
            self.flow(source, self.end())
            return
        if parts > 1:
            split = self.add(Node(f"split {after}", "split"))
            self.flow(source, split)
            source = split
        for name in always:
            self.flow(source, self.enter(self.model.steps[name]), step=name)
        if options:
            self._choose(source, after, options)
        for step in joins:
            self._join(source, activity, step)

    def _choose(self, source: str, after: str, options: Sequence[tuple[tuple[str, ...], float]]) -> None:
        made = self.add(Node(f"choice {after}", "choice"))
        self.flow(source, made)
        for number, (starts, share) in enumerate(options):
            if not starts:
                self.flow(made, self.end(), share)
            elif len(starts) == 1:
                self.flow(made, self.enter(self.model.steps[starts[0]]), share, starts[0])
            else:
                split = self.add(Node(f"split {after} {number}", "split"))
                self.flow(made, split, share)
                for name in starts:
                    self.flow(split, self.enter(self.model.steps[name]), step=name)

    def _join(self, source: str, activity: str, step: Step) -> None:
        """One of the things that a step waits for is there."""
        if activity in step.waits_for_any and len(step.waits_for_any) > 1:
            node, new = f"first {step.name}", f"first {step.name}" not in self.nodes
            self.add(Node(node, "first", "the first of them"))
            self.flow(source, node)
            if new:
                self._meet(node, step)
        else:
            self._meet(source, step)

    def _meet(self, source: str, step: Step) -> None:
        """Where all that a step waits for comes together, if it is more than one thing, and then the step."""
        if len(self.waited[step.name]) + bool(step.waits_for_any) == 1:
            self.flow(source, self.enter(step), step=step.name)
            return
        name = f"join {step.name}"
        new = name not in self.nodes
        self.add(Node(name, "join"))
        self.flow(source, name)
        if new:
            self.flow(name, self.enter(step), step=step.name)

    def enter(self, step: Step) -> str:
        """Where a step begins; the first time, what follows it is put on the list."""
        gate = self.model.gates.get(step.gate)
        label = step.activity or step.name
        work, door = f"step {label} {step.gate}", f"gate {label} {step.gate}"
        first = step.activity or isinstance(gate, Places)  # at the door before the work is done, or recorded
        if work in self.nodes:
            return self._door(step, gate, door) if first and gate is not None else work
        silent = "" if step.activity else step.name
        if gate is None:
            self.add(Node(work, "step", label, silent))
            self.ahead.append((work, step.activity, step.leads_to))
            return work
        named = Node(door, "gate", gate_in_words(step.gate, gate), for_place=isinstance(gate, Places))
        if first:
            entry = self._door(step, gate, door)
            self.add(named)
            self.add(Node(work, "step", label, silent))
            self.flow(door, work)
            self.ahead.append((work, step.activity, step.leads_to))
            return entry
        entry = self._beforehand(step, gate)
        self.add(Node(work, "step", label, silent))
        self.add(named)
        if entry:
            self.flow(entry, work)
        self.flow(work, door)
        self.ahead.append((door, step.activity, step.leads_to))
        return entry or work

    def _door(self, step: Step, gate: Gate, door: str) -> str:
        """Where one comes to a gate: its door, or before that the question whether there is room to wait."""
        if not isinstance(gate, Places) or not gate.turned_away_as:
            return door
        room = f"choice room {door}"
        if room not in self.nodes:
            away = f"step {gate.turned_away_as} "
            self.add(Node(room, "choice", "room to wait?"))
            self.flow(room, door)
            if away not in self.nodes:
                self.add(Node(away, "step", gate.turned_away_as))
                self.ahead.append((away, gate.turned_away_as, gate.turned_away_as))
            self.flow(room, away)
        return room

    def _beforehand(self, step: Step, gate: Gate) -> str:
        """The split before a step at whose end something else has been begun already; empty where there is none."""
        if not isinstance(gate, ReviewCycle) or not gate.beforehand:
            return ""
        split = self.add(Node(f"split before {step.name}", "split"))
        for before in gate.beforehand:
            self.flow(split, self.enter(self.model.steps[before.step]), step=before.step)
        return split

    def merge(self) -> None:
        """Where several flows meet that do not wait for each other, they merge first."""
        for node in list(self.nodes.values()):
            into = [flow for flow in self.flows if flow.target == node.id]
            if len(into) < 2 or node.kind in ("join", "first", "end"):
                continue
            made = f"merge {node.id}"
            before = dict(self.nodes)
            self.nodes.clear()
            for name, one in before.items():
                if name == node.id:
                    self.nodes[made] = Node(made, "merge")
                self.nodes[name] = one
            self.flows = [replace(f, target=made) if f.target == node.id else f for f in self.flows]
            self.flows.append(Flow(made, node.id))


def _split(choice: Choice) -> tuple[tuple[str, ...], list[tuple[tuple[str, ...], float]]]:
    """What begins whichever option is taken, and what the options begin beside it, with their shares."""
    total = sum(option.share.get("", 0.0) for option in choice.options) or 1.0
    sets = [option.starts for option in choice.options]
    always = tuple(name for name in dict.fromkeys(sets[0]) if all(name in starts for starts in sets))
    if len(choice.options) == 1:
        return always, []
    return always, [
        (tuple(name for name in dict.fromkeys(option.starts) if name not in always), option.share.get("", 0.0) / total)
        for option in choice.options
    ]


def gate_in_words(name: str, gate: Gate) -> str:
    """What a child waits for at a gate, in a few words.

    >>> gate_in_words("panel", Sessions(weekday="Tuesday", weeks_of_month=(1, 3), slots=4))
    'panel: Tuesdays of weeks 1 and 3, 4 slots'
    """
    if isinstance(gate, ReviewCycle):
        return f"{name}: at one held when ready, {gate.decides:.0%} decided"
    if isinstance(gate, DecisionMaker):
        within = "" if gate.limit_days is None else f", within {gate.limit_days:g} days"
        return f"{name}: {'on a working day' if gate.working_days else 'on any day'}{within}"
    if isinstance(gate, Places):
        held = f", held until {gate.until}" if gate.until else ""
        each = f" of {gate.cases_each} cases each" if gate.cases_each > 1 else ""
        return f"{name}: {gate.places} place{'s' * (gate.places > 1)}{each}{held}"
    return f"{name}: {_sessions_in_words(gate)}"


def _sessions_in_words(gate: Sessions) -> str:
    weeks = [str(week) for week in gate.weeks_of_month]
    said = weeks[0] if len(weeks) == 1 else f"{', '.join(weeks[:-1])} and {weeks[-1]}"
    when = f"{gate.weekday}s of week{'s' * (len(weeks) > 1)} {said}, {gate.slots} slot{'s' * (gate.slots > 1)}"
    return when + ", by booking" * gate.booking + (f", {gate.deferral:.0%} deferred" if gate.deferral else "")
