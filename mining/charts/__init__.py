"""Did the change make a difference? Run charts, control charts and CUSUM, with what chance alone would show."""

from mining.charts.caption import Caption, Marker, alt_text
from mining.charts.cusum import cusum
from mining.charts.draw import chart_svg, draw_chart
from mining.charts.pace import PaceChart, PaceCharts, control_chart, pace_charts
from mining.charts.points import (
    completed_durations,
    completion_series,
    days_between,
    entry_cohort_series,
    met_between_misses,
)
from mining.charts.run_chart import run_chart, suggest_rephase
from mining.charts.shewhart import shewhart
from mining.charts.shewhart_rules import Rules
from mining.charts.simulation import power

__all__ = [
    "Caption",
    "Marker",
    "PaceChart",
    "PaceCharts",
    "Rules",
    "alt_text",
    "chart_svg",
    "completed_durations",
    "completion_series",
    "control_chart",
    "cusum",
    "days_between",
    "draw_chart",
    "entry_cohort_series",
    "met_between_misses",
    "pace_charts",
    "power",
    "run_chart",
    "shewhart",
    "suggest_rephase",
]
