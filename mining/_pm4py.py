"""The only place where mining meets pm4py. Nothing of pm4py's own types goes out of here.

Three things are seen to. It is imported when it is needed (it takes seconds) and says nothing. Activities go in as
numbers, and nets with parts of fixed hash, so that its sets are walked in the same order every time: with names the
models it finds change with Python's hash seed. And its searches get a time limit.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mining.petri_net import PetriNet, Transition
from mining.process_tree import SILENT, Tree, choice, leaf, loop, parallel, sequence

Trace = tuple[int, ...]


def import_quietly() -> None:
    """Import pm4py without its banner and without the warnings of what it is built on."""
    sys._pm4py_welcome_shown = True  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pm4py  # noqa: F401


def inductive_tree(variants: Mapping[Trace, int], noise: float) -> Tree:
    """The process tree that the inductive miner (infrequent) finds; its labels are the numbers as text."""
    import_quietly()
    from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL
    from pm4py.algo.discovery.inductive.variants.im import IMUVCL
    from pm4py.algo.discovery.inductive.variants.imf import IMFUVCL, IMFParameters

    counted = Counter({trace: variants[trace] for trace in sorted(variants)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if noise > 0:
            parameters = {IMFParameters.NOISE_THRESHOLD: noise}
            found = IMFUVCL().apply(IMDataStructureUVCL(counted), parameters)
        else:
            found = IMUVCL().apply(IMDataStructureUVCL(counted), None)
    return _tree(found)


def _tree(node: Any) -> Tree:
    if node.operator is None:
        return SILENT if node.label is None else leaf(str(node.label))
    parts = [_tree(child) for child in node.children]
    sign = str(node.operator.value)
    if sign == "*":
        body, again = parts[0], parts[1] if len(parts) > 1 else SILENT
        return sequence(loop(body, again), *parts[2:])
    return {"->": sequence, "X": choice, "+": parallel}[sign](*parts)


@dataclass(frozen=True)
class HeuristicArc:
    """A dependency that the heuristics miner found, between two numbers."""

    source: str
    target: str
    dependency: float
    count: int


def heuristics(variants: Mapping[Trace, int], threshold: float) -> tuple[tuple[HeuristicArc, ...], PetriNet]:
    """Dependencies and Petri net that the heuristics miner finds; labels are the numbers as text, zeros before them."""
    import_quietly()
    from pm4py.algo.discovery.heuristics.variants import classic
    from pm4py.objects.conversion.heuristics_net.variants import to_petri_net

    steps: Counter[tuple[str, str]] = Counter()
    happened: Counter[str] = Counter()
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for trace in sorted(variants):
        count, names = variants[trace], [label(code) for code in trace]
        for pair in pairwise(names):
            steps[pair] += count
        for name in names:
            happened[name] += count
        first[names[0]] += count
        last[names[-1]] += count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = classic.apply_heu_dfg(
            dict(sorted(steps.items())),
            activities=sorted(happened),
            activities_occurrences=dict(sorted(happened.items())),
            start_activities=dict(sorted(first.items())),
            end_activities=dict(sorted(last.items())),
            parameters={"dependency_thresh": threshold},
        )
        net, initial, final = to_petri_net.apply(found)
    arcs = [
        HeuristicArc(source, target, float(found.dependency_matrix[source][target]), int(steps[source, target]))
        for source in sorted(found.nodes)
        for target in sorted({str(other.node_name) for other in found.nodes[source].output_connections})
    ]
    return tuple(arcs), _frozen(net, initial, final)


def label(code: int) -> str:
    """A number as text that sorts as the number does."""
    return f"{code:06d}"


def _frozen(net: Any, initial: Any, final: Any) -> PetriNet:
    """The net with names that depend on nothing but its structure."""

    def key(one: Any) -> tuple[str, list[str], list[str]]:
        return (
            str(one.label or "~"),
            sorted(str(arc.source.name) for arc in one.in_arcs),
            sorted(str(arc.target.name) for arc in one.out_arcs),
        )

    names = {place: f"p{k}" for k, place in enumerate(sorted(net.places, key=lambda one: str(one.name)), start=1)}
    steps = [
        Transition(
            f"t{k}",
            str(one.label or ""),
            tuple(sorted(names[arc.source] for arc in one.in_arcs)),
            tuple(sorted(names[arc.target] for arc in one.out_arcs)),
        )
        for k, one in enumerate(sorted(net.transitions, key=key), start=1)
    ]
    ends = [tuple(sorted(names[place] for place in marking)) for marking in (initial, final)]
    return PetriNet(tuple(names.values()), tuple(steps), ends[0], ends[1])


@dataclass(frozen=True)
class Loaded:
    """A net as pm4py has it."""

    net: Any
    initial: Any
    final: Any


def loaded(net: PetriNet) -> Loaded:
    """The net for pm4py, its parts with fixed hashes."""
    import_quietly()
    from pm4py.objects.petri_net.obj import Marking
    from pm4py.objects.petri_net.obj import PetriNet as Theirs
    from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

    class Place(Theirs.Place):  # type: ignore[misc]  # pm4py has no types
        def __hash__(self) -> int:
            return self.properties["number"]  # type: ignore[no-any-return]

        __eq__ = Theirs.Place.__eq__

    class Step(Theirs.Transition):  # type: ignore[misc]
        def __hash__(self) -> int:
            return self.properties["number"]  # type: ignore[no-any-return]

        __eq__ = Theirs.Transition.__eq__

    theirs = Theirs("net")
    places = {name: Place(name, properties={"number": k}) for k, name in enumerate(net.places)}
    for place in places.values():
        theirs.places.add(place)
    for k, one in enumerate(net.transitions):
        step = Step(one.name, one.label or None, properties={"number": len(places) + k})
        theirs.transitions.add(step)
        for name in one.takes:
            add_arc_from_to(places[name], step, theirs)
        for name in one.gives:
            add_arc_from_to(step, places[name], theirs)
    initial, final = (Marking(dict(Counter(places[name] for name in names))) for names in (net.initial, net.final))
    return Loaded(theirs, initial, final)


@dataclass(frozen=True)
class Replay:
    """Token replay of one trace: tokens missing, consumed, left over and produced."""

    missing: int
    consumed: int
    remaining: int
    produced: int
    fits: bool
    enabled: bool
    """Whether every step had what it needed; tokens left over, and an end not reached, do not count here."""


def replay(net: Loaded, traces: Sequence[Sequence[str]]) -> list[Replay]:
    """Token replay of each trace."""
    from pm4py.algo.conformance.tokenreplay.variants import token_replay

    parameters = {token_replay.Parameters.SHOW_PROGRESS_BAR: False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = token_replay.apply(_log(traces), net.net, net.initial, net.final, parameters=parameters)
    return [
        Replay(
            int(one["missing_tokens"]),
            int(one["consumed_tokens"]),
            int(one["remaining_tokens"]),
            int(one["produced_tokens"]),
            bool(one["trace_is_fit"]),
            not one["transitions_with_problems"],
        )
        for one in found
    ]


def precision(net: Loaded, traces: Sequence[Sequence[str]]) -> float:
    """ETC precision by token replay (Munoz-Gama and Carmona 2010); the traces one a case."""
    from pm4py.algo.evaluation.precision.variants import etconformance_token

    parameters = {etconformance_token.Parameters.SHOW_PROGRESS_BAR: False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(etconformance_token.apply(_log(traces), net.net, net.initial, net.final, parameters=parameters))


def simplicity(net: Loaded) -> float:
    """Simplicity by the mean number of arcs a node has (Blum 2015), in (0, 1]."""
    from pm4py.algo.evaluation.simplicity.variants import arc_degree

    return float(arc_degree.apply(net.net))


@dataclass(frozen=True)
class Alignment:
    """The cheapest way to explain a trace by the net: what both do, what only the trace, what only the net does."""

    extra: tuple[str, ...]
    """Activities of the trace for which the net has no place."""
    skipped: tuple[str, ...]
    """Activities that the net asks for and the trace does not have."""

    @property
    def cost(self) -> int:
        """How many moves do not agree."""
        return len(self.extra) + len(self.skipped)


_MOVE = 10_000
"""What a move that does not agree costs; a silent one costs 1."""


def align(net: Loaded, traces: Sequence[Sequence[str]], *, seconds_each: float, until: float) -> list[Alignment | None]:
    """The alignment of each trace, or None where its time, or the time of all (`until`, a monotonic clock), ran out."""
    from pm4py.algo.conformance.alignments.petri_net.variants import dijkstra_less_memory as dijkstra

    costs = {step: _MOVE if step.label else 1 for step in net.net.transitions}
    found: list[Alignment | None] = []
    for trace in traces:
        left = min(seconds_each, until - time.monotonic())
        if left <= 0:
            found.append(None)
            continue
        parameters = {
            dijkstra.Parameters.PARAM_MODEL_COST_FUNCTION: costs,
            dijkstra.Parameters.PARAM_TRACE_COST_FUNCTION: dict.fromkeys(range(len(trace)), _MOVE),
            dijkstra.Parameters.PARAM_MAX_ALIGN_TIME_TRACE: left,
        }
        result = dijkstra.apply(_log([trace])[0], net.net, net.initial, net.final, parameters=parameters)
        found.append(None if result is None else _alignment(result["alignment"]))
    return found


def _alignment(moves: Sequence[tuple[str, str | None]]) -> Alignment:
    return Alignment(
        extra=tuple(ours for ours, theirs in moves if theirs == ">>"),
        skipped=tuple(theirs for ours, theirs in moves if ours == ">>" and theirs not in (None, ">>")),
    )


def _log(traces: Sequence[Sequence[str]]) -> Any:
    from pm4py.objects.log.obj import Event, EventLog
    from pm4py.objects.log.obj import Trace as Their

    return EventLog([Their([Event({"concept:name": name}) for name in trace]) for trace in traces])
