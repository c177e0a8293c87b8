"""A pathway model made ready to run: names looked up once, durations and choices tied to their draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulation.draws import Always, Column, Draws
from simulation.gates import NO_DELAY, Places, ReviewCycle
from simulation.model import PathwayModel, Step

if TYPE_CHECKING:
    from simulation.queues.host import Station


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """The draws of a review cycle; the occasion is the review's number."""

    gaps: Column[float]
    decides: Column[float]


@dataclass(slots=True, eq=False)
class Work:
    """A step, ready to run."""

    step: Step
    code: int
    """Position of its activity in the run's activities; -1 for a step that records nothing."""
    days: Column[float] | Always
    final: bool
    """Whether the case ends with it."""
    by_age: bool
    once: bool
    """Whether it is begun only where its activity has not happened and is not under way."""
    plain: bool = False
    """Whether it begins with no question asked, and takes the child's next draw of `days`."""
    station: Station | None = None
    """Its gate in this run; None where it has none."""
    reviews: Reviews | None = None
    """Where the gate is a review cycle."""
    counts: bool = False
    """Whether a join, work begun beforehand, or a step begun only once asks if its activity has happened."""
    joins: list[Work] = field(default_factory=list)
    """Steps that wait for its activity."""
    then: Branch | None = None
    frees: list[Station] = field(default_factory=list)
    """Gates at which its activity gives a place back."""


@dataclass(slots=True, eq=False)
class Branch:
    """A choice, ready to run; with one option there is nothing to draw."""

    number: Column[int] | None
    options: list[list[Work]]


class Runnable:
    """The steps and choices of one model, ready to run with the draws of one run."""

    def __init__(self, model: PathwayModel, draws: Draws, codes: Mapping[str, int]) -> None:
        self.model = model
        self.work = {name: self._work(step, draws, codes) for name, step in model.steps.items()}
        self.branches = {
            name: Branch(
                draws.options(name, choice) if len(choice.options) > 1 else None,
                [[self.work[start] for start in option.starts] for option in choice.options],
            )
            for name, choice in model.choices.items()
        }
        self.turned_away = {
            name: self._work(Step(name=f"turned away: {name}", activity=word, laws=NO_DELAY), draws, codes)
            for name, gate in model.gates.items()
            if isinstance(gate, Places) and (word := gate.turned_away_as)
        }
        """What happens, by gate, to a child that finds no room to wait in."""
        asked = {name for step in model.steps.values() for name in step.joins}
        asked |= {step.activity for step in model.steps.values() if step.joins} | _beforehand(model)
        asked |= {step.activity for step in model.steps.values() if step.once}
        self.asked = asked
        """Activities of which a join, work begun beforehand or a step begun only once asks if they have happened."""
        joining: dict[str, list[Work]] = {}
        for work in self.work.values():
            for activity in dict.fromkeys(work.step.joins):
                joining.setdefault(activity, []).append(work)
        for work in (*self.work.values(), *self.turned_away.values()):
            activity = work.step.activity
            work.then = self.branches.get(work.step.leads_to)
            work.counts = activity in asked
            work.joins = joining.get(activity, []) if activity else []

    def remember_for(self, other: Runnable) -> None:
        """Keep in mind, too, the activities that another model asks for: a child may come to follow that one."""
        for work in self.work.values():
            work.counts = work.counts or work.step.activity in other.asked

    def enter(self, stations: Mapping[str, Station], *, plain: bool = False) -> None:
        """Tie every step to its gate in this run, and to the gates at which it gives a place back.

        `plain`: no change comes to anybody while the run goes on.
        """
        for work in (*self.work.values(), *self.turned_away.values()):
            work.station = stations.get(work.step.gate)
            work.plain = plain and work.station is None and not work.once and not work.by_age
            work.frees = [
                stations[name]
                for name, gate in self.model.gates.items()
                if isinstance(gate, Places) and gate.until and gate.until == work.step.activity
            ]

    def _work(self, step: Step, draws: Draws, codes: Mapping[str, int]) -> Work:
        gate = self.model.gates.get(step.gate)
        cycle = gate if isinstance(gate, ReviewCycle) else None
        return Work(
            step=step,
            code=codes[step.activity] if step.activity else -1,
            days=draws.durations(step, self.model.stratify_by),
            final=step.activity in self.model.final,
            by_age=step.by_age,
            once=step.once,
            reviews=Reviews(draws.gaps(cycle), draws.decides(cycle)) if cycle is not None else None,
        )


def _beforehand(model: PathwayModel) -> set[str]:
    """Activities of the steps that are begun before a review decides."""
    cycles = [gate for gate in model.gates.values() if isinstance(gate, ReviewCycle)]
    return {model.steps[before.step].activity for cycle in cycles for before in cycle.beforehand}
