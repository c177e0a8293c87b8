"""The pair of charts by which an aim is followed: by entry cohort at a fixed horizon, and by month of completion.

The first says whether things have changed for children who enter, and is not fooled by a cleared backlog; it waits for
its horizon. The second is the one people know; its caption says how it misleads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import Aim
from mining.aims import aim_visits
from mining.charts.caption import Caption, Marker, alt_text
from mining.charts.cusum import Cusum, cusum
from mining.charts.draw import chart_svg
from mining.charts.periods import Period
from mining.charts.points import completed_durations, completion_series, entry_cohort_series
from mining.charts.run_chart import RunChart, run_chart
from mining.charts.shewhart import ShewhartChart, shewhart

_LEAST_CHILDREN = 8
"""Children before the change that a CUSUM needs."""


@dataclass(frozen=True, eq=False)
class PaceChart:
    """A run chart with its points and its words."""

    points: pd.DataFrame
    """The points plotted, as `entry_cohort_series` or `completion_series` gives them."""
    chart: RunChart | ShewhartChart
    caption: Caption
    panel: Cusum | None = None
    """The CUSUM of single children beneath it, where a change is followed."""

    @property
    def svg(self) -> str:
        """The chart as SVG text for a page, described for those who cannot see it; the same text every time."""
        return chart_svg(self.chart, caption=self.caption, panel=self.panel)

    @property
    def alt(self) -> str:
        """The chart in words."""
        return alt_text(self.chart, caption=self.caption, panel=self.panel)


@dataclass(frozen=True, eq=False)
class PaceCharts:
    """The two charts of one aim."""

    aim: Aim
    by_entry: PaceChart
    by_completion: PaceChart

    @property
    def findings(self) -> tuple[str, ...]:
        """What both charts say, in sentences that name the chart."""
        return (
            f"Aim {self.aim.number}, by entry: {self.by_entry.chart}",
            f"Aim {self.aim.number}, by month of completion: {self.by_completion.chart}",
        )


def pace_charts(
    log: EventLog,
    aim: Aim,
    *,
    horizon_days: float | None = None,
    cohort: Period = "quarter",
    change: Marker | None = None,
    planned: int | None = None,
) -> PaceCharts:
    """The pair of charts of one aim.

    `by_entry`: the share of children who reach the stop within the horizon (the aim's limit, or `horizon_days`), by
    the period in which their clock started; a cohort that has not had the horizon is hollow and judged by no rule.
    `by_completion`: the median days of the children who reached the stop, by the month in which they did.

    `change` marks a test of change by its date: the medians are then frozen on the points before it, and the CUSUM of
    single children who finished since is drawn beneath the second chart where at least 8 finished before; `planned`
    is how many are to be watched. A log in which nobody falls under the aim gives charts without points that say so.
    Raises ValueError for an unknown activity, and for a change given by position instead of by date.
    """
    if change is not None and not isinstance(change.at, pd.Timestamp):
        raise ValueError(f"change must be marked by a date, got {change.at!r}")
    horizon = float(aim.limit_days if horizon_days is None else horizon_days)
    cohorts = entry_cohort_series(log, aim, horizon_days=horizon, period=cohort)
    months, missing = _from_first_whole(completion_series(log, aim, period="month"))
    about = f"Aim {aim.number}: {aim.name}"
    target = f" (the aim is {100 * aim.target_share:.0f}%)" if horizon == aim.limit_days else ""
    source = f"{'Confirmed' if aim.confirmed else 'Not confirmed'}: {aim.source}." if aim.source else ""
    entry = Caption(
        title=f"{about}. Share within {horizon:g} days, by {cohort} of entry",
        value_label=f"Share of the children who entered in the {cohort} and got there within {horizon:g} days{target}",
        percent=True,
        notes=(
            "Every child of a cohort is counted, those still waiting and those who left included, so it does not move "
            "when a backlog of those who have waited longer is cleared.",
            *_extremes(log, aim, cohorts),
            *([source] if source else []),
        ),
    )
    completion = Caption(
        title=f"{about}. Days taken, by month of completion",
        value_label="Median days of the children who got there in the month",
        notes=(
            "Only children who got there are counted. When a backlog is cleared this chart first rises and then "
            "falls though nothing has changed for those who enter: judge change by the chart by entry.",
            *missing,
        ),
    )
    return PaceCharts(
        aim,
        _followed(cohorts, entry, change),
        replace(_followed(months, completion, change), panel=_panel(log, aim, change, planned)),
    )


def control_chart(log: EventLog, aim: Aim, *, cohort: Period = "quarter", change: Marker | None = None) -> PaceChart:
    """A p chart of an aim: the share met by entry cohort with control limits for the number of children in each.

    Only cohorts that have had the limit are on it; the lines come from those before the `change`, if there is one.
    With few children in a cohort (15 or less) the limits are so wide that the run chart says more. Raises as
    `pace_charts`.
    """
    if change is not None and not isinstance(change.at, pd.Timestamp):
        raise ValueError(f"change must be marked by a date, got {change.at!r}")
    cohorts = entry_cohort_series(log, aim, period=cohort)
    points = cohorts[cohorts["complete"] & (cohorts["n"] > 0)].reset_index(drop=True)
    before = 0 if change is None else int((points["end"] < pd.Timestamp(change.at)).sum())
    counts = points.assign(value=points["reached"].astype(np.float64))
    chart = shewhart(counts, "p", denominators=points["n"].to_numpy(dtype=np.float64), baseline=before or None)
    caption = Caption(
        title=f"Aim {aim.number}: {aim.name}. Share within {aim.limit_days:g} days, by {cohort} of entry, with limits",
        value_label=f"Share of the children who entered in the {cohort} and got there within {aim.limit_days:g} days",
        percent=True,
    )
    return PaceChart(points, chart, _marked(points, caption, change))


def _from_first_whole(months: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The months from the first that is whole on, and a sentence on those before; all of them where none is whole."""
    whole = np.flatnonzero(months["complete"].to_numpy())
    if not len(whole) or not whole[0]:
        return months, ()
    first = int(whole[0])
    said = f"Months before {months['label'].iloc[first]} are left out: {months['reason'].iloc[first - 1]}."
    return months.iloc[first:].reset_index(drop=True), (said,)


def _extremes(log: EventLog, aim: Aim, cohorts: pd.DataFrame) -> tuple[str, ...]:
    """What to do where most points lie at 0 or 100 per cent, and the chart can hardly show a change."""
    judged = cohorts.loc[cohorts["complete"] & cohorts["value"].notna(), "value"]
    if not len(judged) or not ((judged == 0) | (judged == 1)).mean() > 0.5:
        return ()
    usual = aim_visits(log, aim)[0].sojourn.quantile(0.5)
    better = f"; half the waits are over after {7 * np.ceil(usual / 7):.0f} days, a better horizon" if usual > 0 else ""
    return (f"More than half of the points lie at 0% or 100%, where a change can hardly be seen{better}.",)


def _followed(points: pd.DataFrame, caption: Caption, change: Marker | None) -> PaceChart:
    """The chart, its median frozen on the points before the change, with a marker where that lies on the chart."""
    if change is None or points.empty:
        return PaceChart(points, run_chart(points), caption)
    when = pd.Timestamp(change.at)
    judged = points["complete"] & points["value"].notna()
    before = int((judged & (points["end"] < when)).sum())
    return PaceChart(points, run_chart(points, baseline=before or None), _marked(points, caption, change))


def _marked(points: pd.DataFrame, caption: Caption, change: Marker | None) -> Caption:
    """The caption with the change marked, if it lies on the chart."""
    if change is None or len(points) < 2:
        return caption
    shown = points["start"].iloc[0] <= pd.Timestamp(change.at) <= points["end"].iloc[-1]
    return replace(caption, markers=(change,)) if shown else caption


def _panel(log: EventLog, aim: Aim, change: Marker | None, planned: int | None) -> Cusum | None:
    if change is None:
        return None
    table = completed_durations(log, aim)
    before = int((table["end"] < pd.Timestamp(change.at)).sum())
    if before < _LEAST_CHILDREN or before == len(table):
        return None
    return cusum(table["days"].to_numpy(dtype=np.float64), before, planned=planned)
