"""Where points were predicted to lie: a shaded band with a change, and without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mining.charts.layout import GREEN, ORANGE
from mining.charts.rules import FloatArray
from mining.charts.series import Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PALE, _DEEP = "#d5e8e5", "#a3cdc7"


@dataclass(frozen=True, eq=False, kw_only=True)
class Band:
    """Predictive limits, one entry for every point of the chart; NaN where nothing was predicted."""

    low95: FloatArray
    low80: FloatArray
    middle: FloatArray
    high80: FloatArray
    high95: FloatArray
    other_middle: FloatArray
    """The other future: its middle and 95 % limits."""
    other_low: FloatArray
    other_high: FloatArray

    @property
    def words(self) -> str:
        """What the shades and lines mean, for the foot of the chart."""
        return (
            "Predicted with the change: the solid line, with the dark band for 80 and the light one for 95 of 100 "
            "points. Predicted without it: the dashed line, with dotted limits for 95 of 100 points. All limits are "
            "for single points with so many children."
        )

    @property
    def named(self) -> tuple[tuple[float, str], ...]:
        """The two lines at their right ends, to be named there."""
        known = np.flatnonzero(~np.isnan(self.middle))
        if not len(known):
            return ()
        last = known[-1]
        return (float(self.middle[last]), "changed"), (float(self.other_middle[last]), "unchanged")

    def described(self, points: Points, number: Callable[[float], str]) -> str:
        """The limits of each point in words, for those who cannot see the chart."""
        said = []
        for place in np.flatnonzero(~np.isnan(self.middle)):
            inner, outer, other = (
                f"{number(float(low[place]))} to {number(float(high[place]))}"
                for low, high in (
                    (self.low80, self.high80),
                    (self.low95, self.high95),
                    (self.other_low, self.other_high),
                )
            )
            said.append(
                f"{points.label(int(place))}: {number(float(self.middle[place]))} with the change, 80 in 100 within "
                f"{inner}, 95 within {outer}; {number(float(self.other_middle[place]))} without it, 95 within {other}."
            )
        return f"Predicted. {' '.join(said)}" if said else ""

    @property
    def values(self) -> FloatArray:
        """Every value that must fit on the scale."""
        return np.concatenate([self.low95, self.high95, self.other_low, self.other_high])

    def draw(self, axes: Axes) -> None:
        """Draw the band behind what is on the axes."""
        known = np.flatnonzero(~np.isnan(self.middle))
        for place in known:
            x = (place - 0.5, place + 0.5)
            for low, high, colour in ((self.low95, self.high95, _PALE), (self.low80, self.high80, _DEEP)):
                axes.fill_between(x, float(low[place]), float(high[place]), color=colour, linewidth=0, zorder=0.5)
            axes.plot(x, [self.middle[place]] * 2, "-", color=GREEN, linewidth=1.6, zorder=2.2)
        if len(known):
            along = np.repeat(np.arange(known[0], known[-1] + 2) - 0.5, 2)[1:-1]
            lines = ((self.other_low, ":", 1.8), (self.other_high, ":", 1.8), (self.other_middle, (0, (5, 2)), 1.2))
            for level, style, width in lines:
                across = np.repeat(level[known[0] : known[-1] + 1], 2)
                axes.plot(along, across, linestyle=style, color=ORANGE, linewidth=width, zorder=2.1, clip_on=False)
