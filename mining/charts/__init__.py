"""Did the change make a difference? Run charts, control charts and CUSUM, with what chance alone would show."""

from mining.charts.caption import Caption, Marker, alt_text
from mining.charts.cusum import cusum
from mining.charts.draw import draw_chart
from mining.charts.points import completion_series, entry_cohort_series
from mining.charts.run_chart import run_chart, suggest_rephase
from mining.charts.shewhart import shewhart
from mining.charts.shewhart_rules import Rules
from mining.charts.simulation import power

__all__ = [
    "Caption",
    "Marker",
    "Rules",
    "alt_text",
    "completion_series",
    "cusum",
    "draw_chart",
    "entry_cohort_series",
    "power",
    "run_chart",
    "shewhart",
    "suggest_rephase",
]
