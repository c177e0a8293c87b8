"""The gates while a run goes on: who waits, who holds a place, and when each goes on.

One small class a kind of gate. The engine begins a step at its gate's station and is called back when the step is done.
"""

from collections.abc import Mapping

from simulation.cohort import Cohort
from simulation.gates import DecisionMaker, Places, ReviewCycle, Sessions
from simulation.model import PathwayModel
from simulation.queues.deciding import Decisions
from simulation.queues.host import Host, Station
from simulation.queues.places import PlaceQueue
from simulation.queues.reviews import ReviewPlans
from simulation.queues.sessions import SessionQueue
from simulation.queues.working_clock import WorkingClock

__all__ = ["Host", "Station", "stations"]


def stations(model: PathwayModel, cohort: Cohort, host: Host) -> Mapping[str, Station]:
    """One station for each gate of the model, not yet open."""
    clock = WorkingClock(model.holidays, host.start, host.horizon)
    found: dict[str, Station] = {}
    for name, gate in model.gates.items():
        match gate:
            case Sessions():
                found[name] = SessionQueue(name, gate, host, cohort)
            case ReviewCycle():
                found[name] = ReviewPlans(gate, host)
            case DecisionMaker():
                found[name] = Decisions(name, gate, host, clock)
            case Places():
                found[name] = PlaceQueue(name, gate, host, clock)
    return found
