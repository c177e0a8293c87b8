"""Which change is worth making: change ideas, and what each would save against the baseline."""

from scenarios.changes import IDEAS, NULL, AddReview, Range, ReadySooner, RequestBeforeReview, Scenario
from scenarios.compare import ALL_STAGES, Comparison, compare

__all__ = [
    "ALL_STAGES",
    "IDEAS",
    "NULL",
    "AddReview",
    "Comparison",
    "Range",
    "ReadySooner",
    "RequestBeforeReview",
    "Scenario",
    "compare",
]
