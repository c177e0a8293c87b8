"""The words around a chart: its title, what is measured, tests of change, and the text for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mining.charts.cusum import Cusum
from mining.charts.run_chart import RunChart
from mining.charts.series import Points, written
from mining.charts.shewhart import ShewhartChart
from mining.charts.shewhart_rules import Rules

if TYPE_CHECKING:
    from mining.charts.band import Band


@dataclass(frozen=True)
class Marker:
    """When something was changed."""

    at: pd.Timestamp | int
    """A date, for charts whose points have dates; else the position (from 0) of the first point after it."""
    label: str


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What is written around a chart."""

    title: str
    value_label: str = ""
    """What is measured, with its unit: stands above the scale."""
    percent: bool = False
    """Whether values are shares, to be shown as per cent."""
    markers: tuple[Marker, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences to add under the chart: the source, who confirmed what."""

    def number(self, value: float) -> str:
        """A value as it is written on the chart."""
        if self.percent:
            return f"{100 * value:.0f}%"
        return written(value)


def sentences(chart: RunChart | ShewhartChart, rules: Rules | None = None) -> tuple[str, ...]:
    """What a chart says, in words."""
    return chart.sentences if isinstance(chart, RunChart) else chart.sentences(rules)


def marker_place(points: Points, marker: Marker) -> float:
    """Where a marker stands among the points, in positions; raises ValueError outside the chart or without dates.

    A point's period reaches half a position to either side of it.
    """
    if isinstance(marker.at, int):
        if not 0 <= marker.at <= len(points):
            raise ValueError(f"marker {marker.label!r} must be at a point from 0 to {len(points)}, got {marker.at}")
        return marker.at - 0.5
    if len(points.dates) < 2:
        raise ValueError(f"marker {marker.label!r} has a date, but the points have none; give a position")
    starts = [date.timestamp() for date in points.dates]
    starts.append(2 * starts[-1] - starts[-2])
    when = pd.Timestamp(marker.at).timestamp()
    if not starts[0] <= when <= starts[-1]:
        span = f"{points.dates[0]:%Y-%m-%d} and the end of {points.labels[-1]}"
        raise ValueError(f"marker {marker.label!r} must lie between {span}, got {marker.at:%Y-%m-%d}")
    return float(np.interp(when, starts, np.arange(len(starts)) - 0.5))


def alt_text(
    chart: RunChart | ShewhartChart,
    *,
    caption: Caption,
    rules: Rules | None = None,
    panel: Cusum | None = None,
    band: Band | None = None,
) -> str:
    """The chart in words, for those who cannot see it: what is plotted, its lines, its last value, every finding."""
    points = chart.points
    kind = "Run chart" if isinstance(chart, RunChart) else f"Control chart ({chart.kind})"
    known = np.flatnonzero(~np.isnan(points.values))
    parts = [f"{kind}: {caption.title}."]
    if caption.value_label:
        parts.append(f"{caption.value_label}.")
    if len(known):
        first, last = points.labels[known[0]], points.labels[known[-1]]
        low, high = (caption.number(float(f(points.values[known]))) for f in (np.min, np.max))
        parts.append(
            f"{len(known)} points from {first} to {last}, between {low} and {high}; the last is "
            f"{caption.number(float(points.values[known[-1]]))}."
        )
    missing = int(np.isnan(points.values).sum()) - _provisional(points)
    if band and missing:
        parts.append(f"{missing} still to come, or without a value.")
    elif missing:
        parts.append(f"{missing} without a value.")
    if _provisional(points):
        parts.append(f"{_provisional(points)} drawn hollow: not complete yet, judged by no rule.")
    parts += _lines(chart, caption)
    for marker in caption.markers:
        when = f"{marker.at:%Y-%m-%d}" if isinstance(marker.at, pd.Timestamp) else f"before point {marker.at + 1}"
        parts.append(f"Marked: {marker.label}, {when}.")
    parts += [*sentences(chart, rules), *([panel.words] if panel else [])]
    parts += [band.words, band.described(points, caption.number)] if band else []
    parts += caption.notes
    return " ".join(parts)


def _provisional(points: Points) -> int:
    return 0 if points.provisional is None else int((~np.isnan(points.provisional)).sum())


def _lines(chart: RunChart | ShewhartChart, caption: Caption) -> list[str]:
    if isinstance(chart, ShewhartChart):
        said = []
        for part in chart.parts:
            here = part.stop - 1
            if part.stop > part.start and not np.isnan(chart.centre[here]):
                centre, low, high = (caption.number(float(a[here])) for a in (chart.centre, chart.lower, chart.upper))
                name = f"From {chart.points.label(part.start)}: " if len(chart.parts) > 1 else ""
                said.append(f"{name}centre line {centre}, limits {low} to {high} at the last point.")
        return said
    said = []
    for number, phase in enumerate(chart.phases, start=1):
        if np.isnan(phase.median):
            continue
        name = f"Phase {number}, from {chart.points.label(phase.start)}" if len(chart.phases) > 1 else "The chart"
        frozen = f", frozen on {phase.baseline} points" if phase.start < phase.frozen < phase.stop else ""
        cause = f" ({phase.cause})" if phase.cause else ""
        said.append(f"{name} has a median of {caption.number(phase.median)}{frozen}{cause}.")
    return said
