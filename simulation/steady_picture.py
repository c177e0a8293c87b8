"""The picture that tells whether a warm-up is long enough: the weekly number, smoothed, and where MSER-5 cuts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mining.drawing.figures import described, font, rendered
from simulation.steady_state import SteadyState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _BLUE, _ORANGE = "#1a1a1a", "#12436d", "#b3521e"
_BAND, _QUIET = "#c9cfd6", "#5a6570"
_SMALL, _NORMAL, _TITLE = 9.0, 10.0, 12.0
_WEEKS_A_YEAR = 365.25 / 7.0


def steady_picture(found: SteadyState) -> bytes:
    """An SVG: the mean weekly number in progress with its 95 % band, Welch's moving average, the warm-up in grey.

    The same figures give the same bytes; nothing is smaller than 9 pt, and no line is told by its colour alone.
    """
    return described(rendered(lambda: _drawn(found), salt="steady"), "From empty to a steady state", said(found))


def said(found: SteadyState) -> str:
    """What the picture shows, in words."""
    weeks, runs = len(found.weeks), f"{found.replications} replications"
    if not found.warm_up.settled:
        return (
            f"In {weeks} weeks from empty, {runs}, the number in progress has not settled: MSER-5 would leave out the "
            "first half. Simulate more years."
        )
    return (
        f"{found.mean:.1f} cases in progress once it has settled (95 % interval {found.low:.1f} to {found.high:.1f}); "
        f"MSER-5 leaves out the first {found.warm_up.deleted} of {weeks} weeks, {runs}. Look at Welch's moving "
        "average: if it still climbs after that, simulate more years."
    )


def _drawn(found: SteadyState) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.6))
    axes = figure.add_axes((0.08, 0.13, 0.9, 0.66))
    weeks = found.weeks
    years = weeks["week"].to_numpy() / _WEEKS_A_YEAR
    axes.fill_between(years, weeks["low"], weeks["high"], color=_BAND, linewidth=0, label="95 % of the mean")
    axes.plot(years, weeks["in_progress"], color=_INK, linewidth=0.8, label="mean of the replications")
    label = f"Welch's moving average, {2 * found.window_weeks + 1} weeks"
    axes.plot(years, weeks["smoothed"], color=_BLUE, linewidth=2.6, label=label)
    if found.warm_up.settled:
        cut = found.warm_up.deleted / _WEEKS_A_YEAR
        axes.axvspan(0.0, cut, facecolor="none", edgecolor=_QUIET, hatch="//", linewidth=0, alpha=0.5)
        label = f"warm-up by MSER-5: {found.warm_up.deleted} weeks"
        axes.axvline(cut, color=_QUIET, linestyle=(0, (4, 2)), linewidth=1.4, label=label)
        label = f"settles at {found.mean:.1f}"
        axes.plot(
            [cut, years[-1]], [found.mean] * 2, color=_ORANGE, linestyle=(0, (1.2, 1.6)), linewidth=2, label=label
        )
    axes.set_xlim(0.0, float(years[-1]))
    axes.set_ylim(bottom=0.0)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_fontproperties(font(_SMALL))
    axes.set_xlabel("years since an empty start", fontproperties=font(_SMALL), labelpad=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(prop=font(_SMALL), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    figure.text(0.08, 0.955, "Cases in progress, week by week", fontproperties=font(_TITLE, bold=True), va="center")
    return figure
