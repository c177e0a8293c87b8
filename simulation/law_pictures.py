"""Every duration law drawn over the Kaplan-Meier curve that it has to follow: what the simulation takes for granted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.packed import replacing
from mining.drawing.figures import described, font, rendered
from mining.drawing.text import drawable, printable, wrap
from mining.survival import SurvivalCurve, kaplan_meier
from simulation.families import FAMILIES, Families, fit_families
from simulation.fit import observed_stays
from simulation.frailty_fit import Watched
from simulation.laws import MINIMUM_AT_RISK, Stays
from simulation.model import PathwayModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
_WIDE, _HIGH, _TOP = 4.0, 3.1, 0.9
"""Inches: a panel's width and height, and the heading's height."""
_SMALL, _TITLE = 9.0, 10.0
_INK, _BLUE = "#1a1a1a", "#12436d"
_LOOK: dict[str, dict[str, Any]] = {
    "lognormal": {"color": "#b3521e", "linestyle": (0, (5, 2))},
    "weibull": {"color": "#a3195b", "linestyle": (0, (1.2, 1.6))},
    "gamma": {"color": "#28777f", "linestyle": (0, (6, 2, 1.2, 2))},
}
_LARGEST_DAYS = 15 * 365.25


@dataclass(frozen=True, eq=False)
class LawCheck:
    """One stretch of the pathway: what was observed, and the laws for it."""

    name: str
    curve: SurvivalCurve
    ended: int
    open: int
    told_until: float
    """Last day on which at least five were at risk."""
    model: Floats
    """Share still waiting under the model's own law, at the days of `grid`."""
    grid: Floats
    families: Families


def check_laws(log: EventLog, model: PathwayModel) -> tuple[LawCheck, ...]:
    """The laws of the declared pathway beside what they were fitted from; stretches that nobody entered, and those
    that end by age, are left out.

    Where several ways compete the curve is that of leaving by any of them, and so is the model's.
    """
    stretches = [one for one in observed_stays(log) if len(one.stays.days)]
    return tuple(_check(one, model) for one in stretches if not any(model.steps[name].by_age for name in one.steps))


def law_table(checks: Sequence[LawCheck]) -> pd.DataFrame:
    """One row a stretch and law: `stretch`, `law` ("model" or a family), `ended`, `open`, `median_days`, `p90_days`
    (exceeded by one in ten; NaN beyond 15 years), `distance` (largest gap to the Kaplan-Meier curve), `aic` (NaN for
    the model's law, which has no likelihood), `note` (why no family could be fitted)."""
    rows = []
    for check in checks:
        note = "; ".join(check.families.warnings)
        known = check.grid <= check.told_until
        gap = np.abs(check.model[known] - check.curve.at(check.grid[known]))
        counts = {"stretch": check.name, "ended": check.ended, "open": check.open}
        points = [_below(check.grid, check.model, share) for share in (0.5, 0.1)]
        rows.append(
            {**counts, "law": "model", "median_days": points[0], "p90_days": points[1],
             "distance": float(np.nanmax(gap, initial=0.0)), "aic": np.nan, "note": note}
        )  # fmt: skip
        for fit in check.families.fits:
            survival = fit.sf(check.grid)
            points = [_below(check.grid, survival, share) for share in (0.5, 0.1)]
            rows.append(
                {**counts, "law": fit.family, "median_days": points[0], "p90_days": points[1],
                 "distance": fit.distance, "aic": fit.aic, "note": ""}
            )  # fmt: skip
    columns = ["stretch", "law", "ended", "open", "median_days", "p90_days", "distance", "aic", "note"]
    return pd.DataFrame(rows, columns=columns)


def _check(one: Watched, model: PathwayModel) -> LawCheck:
    stays = one.stays
    curve = kaplan_meier(stays.days, stays.cause > 0, entry=stays.entry, weights=stays.weight)
    grid = np.append(np.arange(0.0, 400.0), np.arange(400.0, _LARGEST_DAYS, 7.0))
    laws = [model.steps[name].law("") for name in one.steps]
    total = sum(one.shares) or 1.0
    mixture = np.zeros(len(grid))
    for law, share in zip(laws, one.shares, strict=True):
        mixture += share / total * np.asarray([law.sf(day) for day in grid.tolist()])
    after, _, way = one.steps[0].partition(" → ")
    name = one.steps[0] if len(one.steps) == 1 or not way else f"{after} → any of {len(one.steps)} ways on"
    return LawCheck(
        name=name,
        curve=curve,
        ended=int((stays.cause > 0).sum()),
        open=int((stays.cause == 0).sum()),
        told_until=_told_until(stays),
        model=mixture,
        grid=grid,
        families=fit_families(name, stays),
    )


def _told_until(stays: Stays) -> float:
    """The last day on which at least five were under observation; -1 for none."""
    days = np.sort(np.unique(stays.days))
    at_risk = [int(((stays.entry < day) & (stays.days >= day)).sum()) for day in days.tolist()]
    enough = np.flatnonzero(np.asarray(at_risk) >= MINIMUM_AT_RISK)
    return float(days[enough[-1]]) if len(enough) else -1.0


def _below(grid: Floats, survival: Floats, share: float) -> float:
    """The first day of the grid on which no more than `share` still wait; NaN where there is none."""
    found = np.flatnonzero(survival <= share)
    return float(grid[found[0]]) if len(found) else np.nan


def write_law_pictures(checks: Sequence[LawCheck], path: Path) -> None:
    """Write `law_pictures` to an .svg file, which takes its place only when it is complete."""
    content = law_pictures(checks)
    with replacing(path) as file:
        file.write(content)


def law_pictures(checks: Sequence[LawCheck]) -> bytes:
    """An SVG with a panel a stretch: Kaplan-Meier steps with their 95 % band, the model's law, the families over it.

    The curve is drawn as far as at least five were at risk; steps that are always done within the day have no panel.
    The same checks give the same bytes. Nothing is smaller than 9 pt, and no line is told by its colour alone. Raises
    ValueError where there is nothing to draw.
    """
    checks = [check for check in checks if check.model[0] > 0]
    if not checks:
        raise ValueError("there is no law to draw: no step takes longer than the day it begins")
    rows = -(-len(checks) // 2)
    high = rows * _HIGH + _TOP

    def draw() -> Figure:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(2 * _WIDE, high))
        for number, check in enumerate(checks):
            row, column = divmod(number, 2)
            left, bottom = (column * _WIDE + 0.62) / (2 * _WIDE), (high - _TOP - (row + 1) * _HIGH + 0.55) / high
            axes = figure.add_axes((left, bottom, (_WIDE - 0.85) / (2 * _WIDE), (_HIGH - 1.25) / high))
            _panel(axes, check)
        _heading(figure, high)
        return figure

    medians = [(check.name, _below(check.grid, check.model, 0.5)) for check in checks]
    words = [f"{name}: half wait longer than {days:g} days" for name, days in medians if np.isfinite(days)]
    return described(rendered(draw, salt="laws"), "Duration laws", f"{'; '.join(words)}.")


def _panel(axes: Axes, check: LawCheck) -> None:
    shown = _shown_days(check)
    curve, weeks = check.curve, 7.0
    told = curve.at_risk >= MINIMUM_AT_RISK
    if told.any():
        times, survival = curve.times[told], curve.survival[told]
        low, high = (limit[told] for limit in curve.band())
        known = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(times[known] / weeks, low[known], high[known], step="post", color="#c9cfd6", linewidth=0)
        days = np.concatenate([[0.0], times, [min(max(check.told_until, times[-1]), shown)]])
        axes.step(
            days / weeks, np.concatenate([[1.0], survival, survival[-1:]]), where="post", color=_INK, linewidth=1.6
        )
    grid = check.grid[check.grid <= shown]
    axes.plot(grid / weeks, check.model[: len(grid)], color=_BLUE, linewidth=2.6, alpha=0.55)
    for fit in check.families.fits:
        axes.plot(grid / weeks, fit.sf(grid), linewidth=1.5, **_LOOK[fit.family])
    axes.set_xlim(0, shown / weeks)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(_SMALL))
    axes.set_xlabel("weeks", fontproperties=font(_SMALL), labelpad=1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    name = wrap(drawable(printable(check.name), bold=True), (_WIDE - 0.9) * 64, _TITLE, lines=2)
    axes.text(0, 1.19, "\n".join(name), transform=axes.transAxes, fontproperties=font(_TITLE, bold=True), va="bottom")
    axes.text(0, 1.05, _said(check), transform=axes.transAxes, fontproperties=font(_SMALL), va="bottom", color=_INK)


def _said(check: LawCheck) -> str:
    """What stands under a panel's name."""
    counts = f"{check.ended} ended, {check.open} open"
    if not check.families.fits:
        return f"{counts}; too few or too alike for a family"
    best = check.families.fits[0]
    return f"{counts}; smallest AIC: {best.family}"


def _shown_days(check: LawCheck) -> float:
    """How far a panel goes: to where few still wait, or to the end of what was seen, at most 15 years."""
    seen = check.curve.last if np.isfinite(check.curve.last) else 30.0
    few = _below(check.grid, check.model, 0.02)
    return float(min(max(min(few if np.isfinite(few) else seen, 1.3 * seen), 14.0), _LARGEST_DAYS))


def _heading(figure: Any, high: float) -> None:
    """What the lines are, each with a sample."""
    samples: list[tuple[str, dict[str, Any]]] = [
        ("Kaplan-Meier, band 95 %", {"color": _INK, "linewidth": 1.6}),
        ("law of the model", {"color": _BLUE, "linewidth": 2.6, "alpha": 0.55}),
        *((family, {"linewidth": 1.5, **_LOOK[family]}) for family in FAMILIES),
    ]
    title = "Share of children still waiting, by weeks since the step began"
    figure.text(0.02, 1 - 0.3 / high, title, fontproperties=font(12, bold=True), va="center")
    from matplotlib.lines import Line2D

    for place, (words, look) in zip((0.02, 0.3, 0.5, 0.65, 0.8), samples, strict=True):
        y = 1 - 0.62 / high
        figure.add_artist(Line2D([place, place + 0.045], [y, y], **look))
        figure.text(place + 0.055, y, words, fontproperties=font(_SMALL), va="center", color=_INK)
