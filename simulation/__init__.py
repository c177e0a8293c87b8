"""What would happen under given inputs: a pathway model fitted to a log, and the engine that runs it."""

from importlib import import_module
from typing import TYPE_CHECKING

from simulation.arrivals import Arrivals
from simulation.cohort import Cohort, snapshot
from simulation.engine import EndlessLoopError, simulate
from simulation.gates import ReviewCycle, Sessions
from simulation.model import PathwayModel

if TYPE_CHECKING:
    from simulation.discovery import discover_pathway, simulate_log
    from simulation.fit import fit_pathway

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

_LATER = {
    **dict.fromkeys(("discover_pathway", "simulate_log"), "simulation.discovery"),
    "fit_pathway": "simulation.fit",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A name whose module takes long to import, when it is first asked for."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LATER[name]), name)
