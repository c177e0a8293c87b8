"""The run chart over the prediction: what the records show, where the points were said to lie, and the rules' words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mining.charts import Caption, Marker, alt_text, chart_svg, run_chart
from mining.charts.band import Band
from mining.charts.run_chart import RunChart
from scenarios.observed import Observed, ObservedChart
from scenarios.predicted import PredictedChart

_MOST_BEFORE = {"quarter": 16, "month": 24}
"""Points before the change that are drawn, so that every number of children can be read."""


@dataclass(frozen=True, eq=False)
class BandChart:
    """A run chart, the band behind it, and its words."""

    chart: RunChart
    band: Band
    caption: Caption

    @property
    def svg(self) -> str:
        """The chart as SVG text for a page."""
        return chart_svg(self.chart, caption=self.caption, band=self.band)

    @property
    def alt(self) -> str:
        """The chart in words."""
        return alt_text(self.chart, caption=self.caption, band=self.band)


def band_chart(observed: Observed, one: ObservedChart) -> BandChart:
    """The chart of one prediction with everything seen since.

    The median is frozen on the points before the change. Limits are those for the number of children who came, and
    where a cohort is not complete yet, or nobody has come, for the number expected.
    """
    prediction, predicted = observed.prediction, one.predicted
    first = pd.Timestamp(predicted.points[0].start)
    begins = pd.Timestamp(prediction.begins)
    past = one.past[one.past["start"] < first].tail(_MOST_BEFORE[prediction.period])
    later = one.past.set_index("label").reindex([point.label for point in predicted.points]).reset_index()
    later = later.assign(
        start=pd.to_datetime([point.start for point in predicted.points]),
        end=pd.to_datetime([point.end for point in predicted.points]),
        complete=later["complete"].astype("boolean").fillna(False).astype("bool"),
        n=later["n"].astype("float64"),
    )
    shown = pd.concat([past.astype({"n": "float64"}), later], ignore_index=True)[_COLUMNS]
    before = int((shown["complete"] & shown["value"].notna() & (shown["end"] < begins)).sum())
    watched = predicted.watched
    caption = Caption(
        title=f"{watched.name}. Share within {watched.horizon_days:g} days, by {prediction.period} of entry",
        value_label=f"Share of the children who entered in the {prediction.period} and got there in time",
        percent=True,
        markers=(Marker(begins, prediction.title),) if len(past) else (),
    )
    chart = run_chart(shown, baseline=before or None)
    return BandChart(chart, _band(one, predicted, len(past)), caption)


_COLUMNS = ["label", "start", "end", "n", "value", "complete"]


def _band(one: ObservedChart, predicted: PredictedChart, before: int) -> Band:
    rows = []
    for point, seen in zip(predicted.points, one.points, strict=True):
        change, usual = seen.change or point.change, seen.no_change or point.no_change
        limits = (change.low95, change.low80, change.middle, change.high80, change.high95)
        rows.append((*limits, usual.middle, usual.low95, usual.high95))
    columns = np.vstack([np.full((before, 8), np.nan), np.array(rows)]).T
    names = ("low95", "low80", "middle", "high80", "high95", "other_middle", "other_low", "other_high")
    return Band(**dict(zip(names, columns, strict=True)))
