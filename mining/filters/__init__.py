"""Which cases to look at: filters as values that join with &, | and ~ and say what they take out."""

from mining.filters.activities import Follower, HasActivity, KeepOnly
from mining.filters.algebra import Choice, Filter, Filtered
from mining.filters.cases import Attribute, Duration, Endpoints, InVariants
from mining.filters.time import TimeFrame, Trim

__all__ = [
    "Attribute",
    "Choice",
    "Duration",
    "Endpoints",
    "Filter",
    "Filtered",
    "Follower",
    "HasActivity",
    "InVariants",
    "KeepOnly",
    "TimeFrame",
    "Trim",
]
