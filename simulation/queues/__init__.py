"""The gates while a run goes on: who waits, who holds a place, and when each goes on.

One small class a kind of gate. The engine begins a step at its gate's station and is called back when the step is done.
"""

from collections.abc import Mapping
from dataclasses import replace

from simulation.cohort import Cohort
from simulation.gates import DecisionMaker, Places, ReviewCycle, Sessions
from simulation.model import PathwayModel
from simulation.queues.deciding import Decisions
from simulation.queues.host import Host, Station
from simulation.queues.places import PlaceQueue
from simulation.queues.reviews import ReviewPlans
from simulation.queues.sessions import SessionQueue
from simulation.queues.working_clock import WorkingClock

__all__ = ["Host", "Station", "own_stations", "shared", "stations"]


def shared(model: PathwayModel) -> bool:
    """Whether there is a gate at which children wait for one another."""
    return any(isinstance(gate, Sessions | Places) for gate in model.gates.values())


def stations(model: PathwayModel, cohort: Cohort, host: Host, *, since: float | None = None) -> Mapping[str, Station]:
    """One station for each gate of the model, not yet open.

    With `since`, a day of the run, gates that children share are those of the cohort's own model before it.
    """
    clock = WorkingClock(model.holidays, host.start, host.horizon)
    found: dict[str, Station] = {}
    for name, gate in model.gates.items():
        former = gate if since is None else cohort.model.gates.get(name, gate)
        match gate, former:
            case Sessions(), Sessions():
                found[name] = panel = SessionQueue(name, former, host, cohort)
                if since is not None and former is not gate:
                    panel.becomes(since, gate)
            case Places(), Places():
                found[name] = places = PlaceQueue(name, former, host, clock, cohort)
                if since is not None and former is not gate:
                    places.becomes(since, gate)
            case ReviewCycle(), _:
                found[name] = ReviewPlans(gate, host)
            case DecisionMaker(), _:
                found[name] = Decisions(name, gate, host, clock)
    return found


def own_stations(model: PathwayModel, changed: PathwayModel, host: Host) -> Mapping[str, Station]:
    """The gates that each child has for itself, as they are for those whom a change has not reached.

    What a change begins before a review, it begins for a child reached while its plan is in the making too.
    """
    clock = WorkingClock(model.holidays, host.start, host.horizon)
    found: dict[str, Station] = {}
    for name, gate in model.gates.items():
        if isinstance(gate, ReviewCycle):
            now = changed.gates[name]
            early = now.beforehand if isinstance(now, ReviewCycle) else ()
            found[name] = ReviewPlans(replace(gate, beforehand=early), host)
        elif isinstance(gate, DecisionMaker):
            found[name] = Decisions(name, gate, host, clock)
    return found
