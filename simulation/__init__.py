"""What would happen under given inputs: a pathway model fitted to a log, and the engine that runs it."""

from simulation.arrivals import Arrivals
from simulation.cohort import Cohort, snapshot
from simulation.discover import discover_pathway, simulate_log
from simulation.engine import EndlessLoopError, simulate
from simulation.fit import fit_pathway
from simulation.gates import ReviewCycle, Sessions
from simulation.model import PathwayModel

__all__ = [
    "Arrivals",
    "Cohort",
    "EndlessLoopError",
    "PathwayModel",
    "ReviewCycle",
    "Sessions",
    "discover_pathway",
    "fit_pathway",
    "simulate",
    "simulate_log",
    "snapshot",
]
