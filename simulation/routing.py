"""How often each step comes up in one new case, from the shares alone, and which loops have no end.

The choices of a model are the states of an absorbing chain (several may be under way at once, so that it is the chain
of the mean numbers): expected visits are its fundamental matrix (Kemeny and Snell, Finite Markov Chains, 3.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.cohort import strata_of
from simulation.gates import Places, Sessions
from simulation.model import START, PathwayModel, Step

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Sparse: TypeAlias = "csr_array[Any]"


@dataclass(frozen=True)
class Routing:
    """What is expected of one new case of a model."""

    begun: Mapping[str, float]
    """Times each step begins; infinite where a loop goes on for ever."""
    events: float
    """Activities recorded, reviews left out: their number hangs on how long planning takes."""
    endless: tuple[tuple[str, ...], ...]
    """Loops in which a case can neither end nor come to rest: the choices of each, in the order of the model."""


def routing(model: PathwayModel) -> Routing:
    """Expected visits of a new case, over the attributes that new cases have.

    A step that waits for several activities begins once at most: as often as the rarest of them happens, or, for the
    first of several, as often as any does (for ways taken side by side an upper limit). Where a final activity cuts
    short what runs beside it, the visits are an upper limit too.
    """
    endless = _endless(model)
    begun: dict[str, float] = defaultdict(float)
    for weight, strata in _groups(model):
        if weight <= 0.0:
            continue
        for name, times in _begun(model, strata).items():
            begun[name] += weight * times
    result = {name: begun.get(name, 0.0) for name in model.steps}
    return Routing(result, sum(_recorded(model, step, result[step.name]) for step in model.steps.values()), endless)


def _groups(model: PathwayModel) -> Iterator[tuple[float, Mapping[str, str]]]:
    """The combinations of strata among new cases, with their weights; one without attributes where there are none."""
    by = sorted({choice.by for choice in model.choices.values()} - {""})
    if model.arrivals is None or not by or not len(model.arrivals.pool):
        yield 1.0, {}
        return
    frame = pd.DataFrame({name: strata_of(model.arrivals.pool, name) for name in by})
    frame["weight"] = model.arrivals.weight / model.arrivals.weight.sum()
    for values, weight in frame.groupby(by)["weight"].sum().items():
        found = values if isinstance(values, tuple) else (values,)
        yield float(weight), dict(zip(by, map(str, found), strict=True))


def _begun(model: PathwayModel, strata: Mapping[str, str]) -> dict[str, float]:
    from scipy.sparse import csr_array, diags_array

    names, steps = list(model.choices), list(model.steps.values())
    place = {name: number for number, name in enumerate(names)}
    column = {step.name: number for number, step in enumerate(steps)}
    begins: list[tuple[int, int, float]] = []
    for after, choice in model.choices.items():
        stratum = strata.get(choice.by, "")
        total = sum(option.share_of(stratum) for option in choice.options)
        for option in choice.options:
            begins += [(place[after], column[name], option.share_of(stratum) / total) for name in option.starts]
    ways = [
        (number, place[step.leads_to], 1.0)
        for number, step in enumerate(steps)
        if step.activity not in model.final and step.leads_to in place
    ]
    starts = _sparse(begins, (len(names), len(steps)))  # choice -> times a visit to it begins each step
    leads = _sparse(ways, (len(steps), len(names)))  # step -> the choice it leads to
    first = np.asarray([1.0 if name == START else 0.0 for name in names])
    own = np.asarray([1.0 if step.joins else 0.0 for step in steps]) @ leads
    chain = csr_array(starts @ leads)
    # A loop that nobody comes to is no matter.
    chain = csr_array(diags_array(_reached(chain, first + own > 0).astype(float)) @ chain)
    if not _dies_out(chain):
        return _growing(chain, starts, first, steps)
    visits = _visits(chain)
    joined = np.zeros(len(steps))
    for _ in range(len(steps) + 1):
        begun = visits(first + joined @ leads) @ starts + joined
        now = _joined(steps, begun)
        if np.allclose(now, joined, atol=1e-12):
            break
        joined = now
    return dict(zip(column, begun.tolist(), strict=True))


def _sparse(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> Sparse:
    """The matrix with these entries (row, column, value); of one place they are added up."""
    from scipy.sparse import coo_array, csr_array

    rows, columns, values = np.asarray(entries, dtype=float).reshape(-1, 3).T
    return csr_array(coo_array((values, (rows.astype(np.int32), columns.astype(np.int32))), shape=shape))


def _visits(chain: Sparse) -> Callable[[Floats], Floats]:
    """What gives the expected visits to each choice from the times that each is come to from outside."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    if not chain.shape[0]:
        return lambda times: times
    return splu(csc_array(eye_array(chain.shape[0]) - chain.T)).solve


def _dies_out(chain: Sparse) -> bool:
    """Whether what goes round in a chain comes to an end: its largest eigenvalue is below 1.

    That is so exactly where x = 1 + chain x has a positive solution (Berman and Plemmons, Nonnegative Matrices, 6.2.3),
    which is had without the eigenvalues: of thousands of choices they take minutes.
    """
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    if not chain.shape[0]:
        return True
    try:
        factors = splu(csc_array(eye_array(chain.shape[0]) - chain / (1.0 - 1e-9)))
    except RuntimeError:  # singular: an eigenvalue of 1
        return False
    return bool((factors.solve(np.ones(chain.shape[0])) > 0.0).all())


def _joined(steps: list[Step], begun: Floats) -> Floats:
    """How often each step begins by itself, given how often every step is begun."""
    happened: dict[str, float] = defaultdict(float)
    for step, times in zip(steps, begun.tolist(), strict=True):
        happened[step.activity] += times
    found = np.zeros(len(steps))
    for number, step in enumerate(steps):
        if step.joins:
            parts = [min(1.0, happened[name]) for name in step.waits_for]
            if step.waits_for_any:
                parts.append(min(1.0, sum(happened[name] for name in step.waits_for_any)))
            found[number] = min(parts)
    return found


def _growing(chain: Sparse, starts: Sparse, first: Floats, steps: list[Step]) -> dict[str, float]:
    """Where loops go on for ever: infinite for the steps in them and after them, 1 or 0 for the others, as reached."""
    forever = np.zeros(chain.shape[0], dtype=bool)
    for together in _loops(chain):
        forever[together] = not _dies_out(chain[together][:, together])
    reached = _reached(chain, first > 0)
    endless = reached & _reached(chain, forever & reached)
    times = np.where(endless, np.inf, reached.astype(float))
    begun = dict.fromkeys((step.name for step in steps), 0.0)
    rows, columns = starts.nonzero()
    for row, number in zip(rows.tolist(), columns.tolist(), strict=True):
        begun[steps[number].name] = max(begun[steps[number].name], float(times[row]))
    return begun


def _reached(chain: Sparse, begin: Bools) -> Bools:
    """Which choices a case comes to that begins at any of `begin`, those among them."""
    from scipy.sparse.csgraph import breadth_first_order

    count = chain.shape[0]
    rows, columns = chain.nonzero()
    before = np.flatnonzero(begin)  # one node more leads to all of them
    pairs = [*zip(rows.tolist(), columns.tolist(), strict=True), *((count, place) for place in before.tolist())]
    graph = _sparse([(row, column, 1.0) for row, column in pairs], (count + 1, count + 1))
    found = np.zeros(count + 1, dtype=bool)
    found[breadth_first_order(graph, count, return_predecessors=False)] = True
    return found[:count]


def _loops(chain: Sparse) -> list[npt.NDArray[np.int64]]:
    """The choices that each lead to all others of their group: every choice is in one group, most alone."""
    from scipy.sparse.csgraph import connected_components

    _, group = connected_components(chain, directed=True, connection="strong")
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _recorded(model: PathwayModel, step: Step, times: float) -> float:
    """Activities that a step records each time it begins, times the number of times."""
    gate, number = model.gates.get(step.gate), 1.0 if step.activity else 0.0
    if isinstance(gate, Sessions) and gate.deferred_as:
        number += gate.deferral / (1.0 - gate.deferral)
    if isinstance(gate, Places):
        number += bool(gate.begins_as) + bool(gate.continued_as) * gate.continued / (1.0 - gate.continued)
    return number * times if number else 0.0


def _endless(model: PathwayModel) -> tuple[tuple[str, ...], ...]:
    """The loops, of those that some case comes to, in which it can neither end nor come to rest."""
    taken = [
        (name, [model.steps[start] for start in option.starts])
        for name, choice in model.choices.items()
        for option in choice.options
        if max(option.share.values(), default=0.0) > 0.0
    ]

    def onward(step: Step) -> bool:
        return step.activity not in model.final and step.leads_to in model.choices

    def ends_case(step: Step) -> bool:
        return step.activity in model.final

    rests = _derived([(name, {step.leads_to for step in steps if onward(step)}) for name, steps in taken])
    ways_out: list[tuple[str, set[str]]] = []
    for name, steps in taken:
        if not steps or any(ends_case(step) for step in steps):
            ways_out.append((name, set()))
        ways_out += [(name, {step.leads_to}) for step in steps if onward(step)]
    ends = _derived(ways_out)
    names = list(model.choices)
    place = {name: number for number, name in enumerate(names)}
    graph = _sparse(
        [(place[name], place[s.leads_to], 1.0) for name, steps in taken for s in steps if s.leads_to in place],
        (len(names), len(names)),
    )
    begin = {START, *(step.leads_to for step in model.steps.values() if step.joins)}
    reached = _reached(graph, np.asarray([name in begin for name in names], dtype=bool))
    caught = np.asarray([name not in rests and name not in ends for name in names], dtype=bool) & reached
    again = graph.diagonal() > 0
    loops = [group for group in _loops(graph) if len(group) > 1 or again[group[0]]]
    found = sorted(sorted(group[caught[group]].tolist()) for group in loops if caught[group].any())
    return tuple(tuple(names[number] for number in loop) for loop in found)


def _derived(ways: list[tuple[str, set[str]]]) -> set[str]:
    """The choices that have a way of which all that it needs is found itself, each way a choice and its needs."""
    missing = [len(needs) for _, needs in ways]
    needed_by: dict[str, list[int]] = defaultdict(list)
    for number, (_, needs) in enumerate(ways):
        for name in needs:
            needed_by[name].append(number)
    found: set[str] = set()
    ahead = [name for name, needs in ways if not needs]
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        found.add(name)
        for number in needed_by[name]:
            missing[number] -= 1
            if not missing[number]:
                ahead.append(ways[number][0])
    return found
