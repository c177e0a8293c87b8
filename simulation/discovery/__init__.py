"""A model from any event log: how cases go, how long they take, when they arrive, found by the log's own past."""

from simulation.discovery.marked import run_on
from simulation.discovery.pathway import discover_pathway, newcomers
from simulation.discovery.play import simulate_log

__all__ = ["discover_pathway", "newcomers", "run_on", "simulate_log"]
