"""Two groups on one map: both values on each arrow, and how they differ in its colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from mining.drawing.diagram import UNKNOWN, Diagram, DiagramEdge, DiagramNode, Legend
from mining.drawing.drawing import A4_LANDSCAPE, Drawing, Page
from mining.drawing.fit import MOST_ACTIVITIES, Levels, fit_levels, usual_activities
from mining.drawing.scales import UNITS, Unit, number, percent, readable_unit, round_number, samples_up_to, typical_unit
from mining.drawing.translate import noun_of
from mining.drawing.wording import share_number
from mining.side_by_side import SideBySide, side_by_side

Shown = Literal["median", "cases"]
_POINTS = (2, 5, 10, 15, 20, 30)


def fit_side_by_side(
    first: EventLog,
    second: EventLog,
    *,
    names: tuple[str, str] = ("first", "second"),
    how: str = "",
    show: Shown = "median",
    unit: str = "auto",
    page: Page = A4_LANDSCAPE,
) -> tuple[SideBySide, Drawing]:
    """Two logs on one map at the most detailed level whose picture fits the page with 9 pt text, and that picture.

    The level is searched as in `fit_map`; arrows that at least one group has established count. For cases before and
    after a date give the three parts of `cohorts_around`. `show` and `unit` as in `diagram_of_two`. Raises
    as `side_by_side` and `fit_map` do.
    """

    def established(two: SideBySide) -> int:
        found = {pair for one in (two.first, two.second) for pair in _established(one.arrows)}
        return len(found)

    levels = Levels(
        make=lambda activities, arrows: side_by_side(
            first, second, names=names, activities=activities, arrows=arrows, how=how
        ),
        draw=lambda two: diagram_of_two(two, show=show, unit=unit),
        activities=min(usual_activities(first, second), MOST_ACTIVITIES),
        established=established,
    )
    return fit_levels(levels, page=page)


def diagram_of_two(two: SideBySide, *, show: Shown = "median", unit: str = "weeks", title: str = "") -> Diagram:
    """Both groups on one map: on each arrow the first value, then the second; colour by direction and size.

    `show` is what is compared: the median days that count those waiting, or the share of cases (`cases`). Blue is
    shorter or rarer in the second group, orange longer or more frequent, grey not known; dashed where the 95 %
    interval of the difference holds 0, or there is none. `unit` as in `diagram_of`. Raises ValueError for another
    name.
    """
    if show not in ("median", "cases"):
        raise ValueError(f"show must be median or cases, got {show!r}")
    if unit not in (*UNITS, "auto"):
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, auto, got {unit!r}")
    if unit == "auto":
        arrows = two.arrows
        days = np.concatenate([arrows["median_first_days"], arrows["median_second_days"]])
        unit = typical_unit(days, np.concatenate([arrows["cases_first"], arrows["cases_second"]]).astype(float))
    writer = _Comparison(two, show, UNITS[unit], noun_of(two.activities["activity"]))
    places, breaks = writer.colours()
    shares = (two.arrows["share_first"] + two.arrows["share_second"]).to_numpy(dtype=float) / 2
    weights = np.sqrt(shares / max(float(shares.max(initial=0.0)), 1e-12))
    rows: list[Any] = list(two.arrows.itertuples(index=False))
    edges = tuple(
        DiagramEdge(
            row.source,
            row.target,
            label=writer.label(row),
            weight=float(weights[position]),
            colour=float(places[position]),
            dashed=not writer.is_established(row),
            title=writer.title(row),
        )
        for position, row in enumerate(rows)
    )
    return Diagram(
        title=title or f"{_capital(two.names[0])} and {two.names[1]}, side by side",
        nodes=tuple(writer.node(row) for row in two.activities.itertuples(index=False)),
        edges=edges,
        caption=writer.caption(),
        legend=writer.legend(breaks, float(shares.max(initial=0.0))),
        description=writer.description(),
        palette="difference",
    )


@dataclass(frozen=True)
class _Comparison:
    """Puts the numbers of two maps into words."""

    two: SideBySide
    show: Shown
    unit: Unit
    noun: str

    @property
    def differences(self) -> npt.NDArray[np.float64]:
        """Each arrow's difference as it is written: in the unit, or in percentage points."""
        if self.show == "cases":
            return self.two.arrows["share_difference"].to_numpy(dtype=float) * 100
        return self.two.arrows["median_difference_days"].to_numpy(dtype=float) / self.unit.days

    def colours(self) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
        """Place of each arrow on the scale from much less to much more, and the two sizes at which it breaks."""
        differences = self.differences
        small, large = _two_breaks(np.abs(differences), _POINTS if self.show == "cases" else self.unit.breaks)
        steps = np.searchsorted((small, large), np.abs(differences), side="right") * np.sign(differences)
        return np.where(np.isnan(differences), UNKNOWN, (np.nan_to_num(steps) + 2) / 4), (small, large)

    def is_established(self, row: Any) -> bool:
        """Whether the difference of what is shown is more than chance."""
        return bool(row.share_established if self.show == "cases" else row.median_established)

    def label(self, row: Any) -> str:
        """The first value, then the second, and their unit."""
        if self.show == "cases":
            return f"{share_number(row.share_first)} | {share_number(row.share_second)} %"
        first, second, unit = self._times(row)
        return f"{first} | {second} {unit.short}"

    def _times(self, row: Any) -> tuple[str, str, Unit]:
        """Both medians in the unit, or in a larger one where a number would have four digits."""
        values = (row.median_first_days, row.more_than_first_days, row.median_second_days, row.more_than_second_days)
        unit = readable_unit(max((days for days in values if math.isfinite(days)), default=0.0), self.unit)
        first = _time(row.median_first_days, row.more_than_first_days, row.cases_first, unit)
        return first, _time(row.median_second_days, row.more_than_second_days, row.cases_second, unit), unit

    def title(self, row: Any) -> str:
        """All about an arrow."""
        one, other = self.two.names
        first, second, unit = self._times(row)
        median = ""
        if math.isfinite(row.median_difference_days):
            limits = (
                "not known" if math.isnan(limit) else f"{number(limit / self.unit.days)}"
                for limit in (row.median_low_days, row.median_high_days)
            )
            difference = f"{row.median_difference_days / self.unit.days:+.1f} {self.unit.name}"
            median = f", difference {difference} (95 % interval {' to '.join(limits)})"
        return (
            f"{row.source} to {row.target}: {one} {row.cases_first:,} {self.noun} ({percent(row.share_first)}), "
            f"{other} {row.cases_second:,} ({percent(row.share_second)}), difference "
            f"{100 * row.share_difference:+.1f} points (95 % interval {100 * row.share_low:.1f} to "
            f"{100 * row.share_high:.1f}); median {first} and {second} {unit.name}{median}"
        )

    def node(self, row: Any) -> DiagramNode:
        """A box: how many came, and how many are waiting, in each group."""
        lines = [f"{row.cases_first:,} | {row.cases_second:,} {self.noun}"]
        if row.waiting_first or row.waiting_second:
            lines.append(f"{row.waiting_first:,} | {row.waiting_second:,} waiting")
        one, other = self.two.names
        title = (
            f"{row.activity}: {one} {row.cases_first:,} {self.noun}, {row.waiting_first:,} waiting here; "
            f"{other} {row.cases_second:,}, {row.waiting_second:,} waiting here"
        )
        return DiagramNode(row.activity, row.activity, "activity", tuple(lines), 0.0, title)

    def legend(self, breaks: tuple[float, float], most: float) -> Legend:
        """What everything means."""
        small, large = (round_number(value) for value in breaks)
        one, other = self.two.names
        less, more = ("rarer", "more frequent") if self.show == "cases" else ("shorter", "longer")
        unit = "percentage points" if self.show == "cases" else self.unit.name
        steps = [
            (0.0, f"{large}+ {less}"),
            (0.25, f"{small}–{large} {less}"),
            (0.5, f"less than {small} apart"),
            (0.75, f"{small}–{large} {more}"),
            (1.0, f"{large}+ {more}"),
        ]
        if np.isnan(self.differences).any():
            steps.append((UNKNOWN, "not known"))
        samples = samples_up_to(100 * most)
        return Legend(
            colour=f"Colour: {other} against {one}, {unit}",
            colour_steps=tuple(steps),
            width=f"Thickness: share of {self.noun}, mean of both, %",
            width_steps=tuple((math.sqrt(value / 100 / most), round_number(value)) for value in samples),
            notes=(self._note(one, other),),
        )

    def _note(self, one: str, other: str) -> str:
        took = "who took it" if self.noun == "children" else "that took it"
        what = f"share of {self.noun} {took}" if self.show == "cases" else "median time, counting those still waiting"
        labels = [self.label(row) for row in self.two.arrows.itertuples()]
        extra = "; “> …”: not yet estimable, longer than anybody could be followed" if _any(labels, ">") else ""
        extra += "; “–”: nobody took it" if _any(labels, "–") else ""
        unit = "" if self.show == "cases" else f" ({self.unit.short} = {self.unit.name})"
        came = "who came" if self.noun == "children" else "that came"
        return (
            f"On arrows: {what}, {one} | {other}{extra}{unit}. Dashed: the difference is not established, its 95 % "
            f"interval holds 0; of twenty arrows without any difference about one would still be solid. In boxes: "
            f"{self.noun} {came}, and those still waiting there."
        )

    def caption(self) -> tuple[str, ...]:
        """Who was compared, how, and what is not shown."""
        two = self.two
        groups = [
            f"{_capital(name)}: {one.cases:,} {self.noun}, {one.open_cases:,} open at the end, observed "
            f"{one.window.start:%Y-%m-%d} to {one.window.end:%Y-%m-%d}, "
            f"{percent(one.hidden.traversals_share)} of movements hidden."
            for name, one in zip(two.names, (two.first, two.second), strict=True)
        ]
        notes = [two.how] if two.how else []
        if two.shared_cases:
            notes.append(f"{two.shared_cases:,} {self.noun} are in both and count as different ones in each.")
        return (" ".join([*groups, *notes]),)

    def description(self) -> str:
        """The picture in a few sentences."""
        one, other = self.two.names
        arrows = self.two.arrows
        column = "share_established" if self.show == "cases" else "median_established"
        sure = arrows[arrows[column]]
        sentences = [
            f"Process map that compares {one} ({self.two.first.cases:,} {self.noun}) with {other} "
            f"({self.two.second.cases:,}): {len(arrows):,} movements, {len(sure):,} of them with an established "
            f"difference."
        ]
        values = self.differences[arrows[column].to_numpy(dtype=bool)]
        words = ("less frequent", "more frequent") if self.show == "cases" else ("shorter", "longer")
        if len(values):
            row, value = sure.iloc[int(np.abs(values).argmax())], float(values[np.abs(values).argmax()])
            size = f"{number(abs(value))} percentage points"
            if self.show == "median":
                unit = readable_unit(abs(value) * self.unit.days, self.unit)
                size = f"{number(abs(value) * self.unit.days / unit.days)} {unit.name}"
            sentences.append(f"The largest: {row['source']} to {row['target']} is {size} {words[value > 0]} ({other}).")
        return " ".join(sentences)


def _established(arrows: Any) -> list[tuple[str, str]]:
    sure = arrows[arrows["established"]]
    return list(zip(sure["source"], sure["target"], strict=True))


def _two_breaks(sizes: npt.NDArray[np.float64], steps: Sequence[float]) -> tuple[float, float]:
    """Two round numbers that part the sizes most evenly in three."""
    known = sizes[np.isfinite(sizes)]
    choices = [pair for stride in (1, 2, 3) for pair in zip(steps, steps[stride:], strict=False)]
    if not len(known) or not known.max() > 0:
        return next(iter(pairwise(steps)))

    def unevenness(pair: tuple[float, float]) -> float:
        classes = np.bincount(np.searchsorted(pair, known, side="right"), minlength=3)
        return float((classes.astype(np.float64) ** 2).sum())

    return min(choices, key=unevenness)


def _time(days: float, more_than: float, cases: int, unit: Unit) -> str:
    if math.isfinite(days):
        return number(days / unit.days)
    if math.isfinite(more_than):
        return f"> {number(more_than / unit.days)}"
    return "?" if cases else "–"


def _any(labels: Sequence[str], mark: str) -> bool:
    return any(mark in label for label in labels)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
