"""What does the log show: which way children go, how long each step takes, where they wait, and which aims are met?"""

from mining.aims import aims
from mining.bottlenecks import bottlenecks, bottlenecks_by_activity
from mining.process_map import Hidden, ProcessMap, discover_map, simplify
from mining.survival import SurvivalCurve, aalen_johansen, kaplan_meier
from mining.visits import stage_summary, stage_visits

__all__ = [
    "Hidden",
    "ProcessMap",
    "SurvivalCurve",
    "aalen_johansen",
    "aims",
    "bottlenecks",
    "bottlenecks_by_activity",
    "discover_map",
    "kaplan_meier",
    "simplify",
    "stage_summary",
    "stage_visits",
]
