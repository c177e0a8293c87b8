"""How often each step comes up in one new case, from the shares alone, and which loops have no end.

The choices of a model are the states of an absorbing chain (several may be under way at once, so that it is the chain
of the mean numbers): expected visits are its fundamental matrix (Kemeny and Snell, Finite Markov Chains, 3.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.cohort import strata_of
from simulation.gates import Places, Sessions
from simulation.model import START, Option, PathwayModel, Step, reachable

Floats = npt.NDArray[np.float64]


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


def _share(option: Option, stratum: str) -> float:
    return option.share.get(stratum, option.share.get("", 0.0))


def _begun(model: PathwayModel, strata: Mapping[str, str]) -> dict[str, float]:
    names = list(model.choices)
    place = {name: number for number, name in enumerate(names)}
    starts = np.zeros((len(names), len(model.steps)))  # choice -> times a visit to it begins each step
    steps = list(model.steps.values())
    column = {step.name: number for number, step in enumerate(steps)}
    for after, choice in model.choices.items():
        stratum = strata.get(choice.by, "")
        total = sum(_share(option, stratum) for option in choice.options)
        for option in choice.options:
            for name in option.starts:
                starts[place[after], column[name]] += _share(option, stratum) / total
    leads = np.zeros((len(steps), len(names)))  # step -> the choice it leads to
    for number, step in enumerate(steps):
        if step.activity not in model.final and step.leads_to in place:
            leads[number, place[step.leads_to]] = 1.0
    chain = starts @ leads
    first = np.asarray([1.0 if name == START else 0.0 for name in names])
    own = np.asarray([1.0 if step.joins else 0.0 for step in steps]) @ leads
    chain[~((first + own > 0) @ _reach(chain))] = 0.0  # a loop that nobody comes to is no matter
    if len(names) and np.abs(np.linalg.eigvals(chain)).max() >= 1.0 - 1e-9:
        return _growing(chain, starts, first, steps)
    visits = np.linalg.inv(np.eye(len(names)) - chain)
    joined = np.zeros(len(steps))
    for _ in range(len(steps) + 1):
        begun = (first + joined @ leads) @ visits @ starts + joined
        now = _joined(steps, begun)
        if np.allclose(now, joined, atol=1e-12):
            break
        joined = now
    return dict(zip(column, begun.tolist(), strict=True))


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


def _growing(chain: Floats, starts: Floats, first: Floats, steps: list[Step]) -> dict[str, float]:
    """Where loops go on for ever: infinite for the steps in them and after them, 1 or 0 for the others, as reached."""
    count = len(chain)
    reach = _reach(chain)
    forever = np.zeros(count, dtype=bool)
    for number in range(count):
        together = np.flatnonzero(reach[number] & reach[:, number])
        forever[number] = np.abs(np.linalg.eigvals(chain[np.ix_(together, together)])).max() >= 1.0 - 1e-9
    there = first > 0
    reached = there @ reach
    endless = reached & ((forever & reached) @ reach)
    times = np.where(endless, np.inf, reached.astype(float))
    begun = [max((times[c] for c in np.flatnonzero(starts[:, n] > 0)), default=0.0) for n in range(len(steps))]
    return {step.name: float(value) for step, value in zip(steps, begun, strict=True)}


def _reach(chain: Floats) -> npt.NDArray[np.bool_]:
    """Which choices each leads to, itself among them."""
    reach = np.eye(len(chain), dtype=bool) | (chain > 0)
    for _ in range(len(chain).bit_length()):
        reach = reach @ reach
    return reach


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
    rests: set[str] = set()
    ends: set[str] = set()

    def leads(step: Step, among: set[str], otherwise: bool) -> bool:
        if step.activity in model.final:
            return True
        return step.leads_to in among if step.leads_to in model.choices else otherwise

    grown = True
    while grown:
        grown = False
        for name, choice in model.choices.items():
            for option in choice.options:
                if max(option.share.values(), default=0.0) <= 0.0:
                    continue
                steps = [model.steps[start] for start in option.starts]
                if name not in rests and all(leads(step, rests, True) for step in steps):
                    rests.add(name)
                    grown = True
                if name not in ends and (not steps or any(leads(step, ends, False) for step in steps)):
                    ends.add(name)
                    grown = True
    nexts = {
        name: {
            model.steps[start].leads_to
            for option in choice.options
            if max(option.share.values(), default=0.0) > 0.0
            for start in option.starts
        }
        & set(model.choices)
        for name, choice in model.choices.items()
    }
    beyond = reachable(nexts)
    begin = [START, *(step.leads_to for step in model.steps.values() if step.joins)]
    reached = {name for first in begin if first in beyond for name in (first, *beyond[first])}
    caught = [name for name in model.choices if name in reached - rests - ends and name in beyond[name]]
    loops = [tuple(other for other in caught if other in beyond[name] and name in beyond[other]) for name in caught]
    return tuple(dict.fromkeys(loops))
