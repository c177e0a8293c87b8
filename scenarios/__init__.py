"""Which change is worth making: change ideas, and what each would save against the baseline."""

from scenarios.compare import ALL_STAGES, Comparison, compare
from scenarios.files import read_scenario, scenario_text
from scenarios.ranges import Elicited, Range
from scenarios.ready_made import IDEAS
from scenarios.scenario import NULL, AppliesTo, Evidence, Scenario

__all__ = [
    "ALL_STAGES",
    "IDEAS",
    "NULL",
    "AppliesTo",
    "Comparison",
    "Elicited",
    "Evidence",
    "Range",
    "Scenario",
    "compare",
    "read_scenario",
    "scenario_text",
]
