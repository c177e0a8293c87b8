"""The words and numbers of a map's picture: labels, tooltips, legend, caption, and the picture in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mining.drawing.diagram import DiagramNode, Legend
from mining.process_map import ProcessMap

START_MARK, END_MARK = "●", "■"
_SHADE_LIMITS = (0.05, 0.10, 0.20)
_MARK_SHARE = 0.02


@dataclass(frozen=True)
class Unit:
    """A unit of time, with the round numbers at which a colour scale may break."""

    name: str
    short: str
    days: float
    breaks: tuple[float, ...]


UNITS = {
    unit.name: unit
    for unit in (
        Unit("minutes", "min", 1 / 1440, (1, 2, 5, 10, 20, 30, 60, 120, 240, 480)),
        Unit("hours", "h", 1 / 24, (0.5, 1, 2, 4, 8, 12, 24, 48, 96, 168, 336)),
        Unit("days", "d", 1.0, (1, 2, 4, 7, 14, 30, 60, 90, 180, 365, 730, 1095)),
        Unit("weeks", "wk", 7.0, (1, 2, 4, 8, 13, 26, 39, 52, 78, 104, 156, 208)),
        Unit("months", "mo", 365.25 / 12, (0.5, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48)),
    )
}

DURATIONS = {
    "median_days": "median time",
    "p75_days": "time three quarters stay under",
    "p90_days": "time nine in ten stay under",
}


@dataclass(frozen=True)
class Wording:
    """Puts the numbers of one map into words, in one unit."""

    map: ProcessMap
    unit: Unit
    noun: str

    def values(self, column: str) -> npt.NDArray[np.float64]:
        """A duration column in the unit; where it is not known, the longest that anybody was followed."""
        arrows = self.map.arrows
        known = arrows[column].to_numpy(dtype=float)
        return np.where(np.isfinite(known), known, arrows["more_than_days"].to_numpy(dtype=float)) / self.unit.days

    def time(self, days: float, more_than: float = math.nan) -> str:
        """A duration; "> 104 wk" when only its lower bound is known, "? wk" when not even that.

        Far too long or too short for the map's unit, it is given in a larger or smaller one.
        """
        if days == 0:
            return "same day" if self.unit.days >= 1 else f"0 {self.unit.short}"
        if math.isfinite(days):
            return _in_unit(days, self.unit)
        if math.isfinite(more_than):
            return f"> {_in_unit(more_than, self.unit)}"
        return f"? {self.unit.short}"

    def part(self, row: Any, part: str) -> str:
        """One part of an arrow's label."""
        if part in {"cases", "traversals"}:
            return f"{getattr(row, part):,}"
        return self.time(getattr(row, f"{part}_days"), row.more_than_days)

    def node(self, row: Any) -> DiagramNode:
        """A box: who starts here, how many came, who is still waiting, who ends here."""
        least = max(1.0, _MARK_SHARE * self.map.cases)
        starts, ends = row.starting >= least, row.ending >= least
        lines = []
        if starts:
            lines.append(f"{START_MARK} {row.starting:,} start here")
        if not (starts and row.starting == row.cases) and not (ends and row.ending == row.cases):
            lines.append(f"{row.cases:,} {self.noun}")
        if row.waiting:
            lines.append(f"{row.waiting:,} waiting, {self.time(row.waiting_median_days)} so far")
        if ends:
            lines.append(f"{END_MARK} {row.ending:,} end here")
        share = row.child_days / self.map.child_days if self.map.child_days > 0 else 0.0
        shade = sum(share >= limit for limit in _SHADE_LIMITS) / len(_SHADE_LIMITS)
        return DiagramNode(row.activity, row.activity, "activity", tuple(lines), shade, self._node_title(row, share))

    def _node_title(self, row: Any, share: float) -> str:
        waiting = f"; {row.waiting:,} waiting here now"
        if row.waiting:
            waiting += f", half of them for {self.time(row.waiting_median_days)} or more"
        return (
            f"{row.activity}: {row.cases:,} {self.noun}, {row.events:,} times; {row.starting:,} start here, "
            f"{row.ending:,} end here{waiting}; {_percent(share)} of all time was spent here before the next step"
        )

    def arrow_title(self, row: Any) -> str:
        """All about an arrow."""
        interval = ""
        if math.isfinite(row.low_days):
            high = "not known" if not math.isfinite(row.high_days) else self.time(row.high_days)
            interval = f" (95 % interval {self.time(row.low_days)} to {high})"
        seen = "" if row.established else "; too rare to be sure it is part of the process"
        return (
            f"{row.source} to {row.target}: {row.cases:,} {self.noun}, {row.traversals:,} times; median "
            f"{self.time(row.median_days, row.more_than_days)}{interval}; {row.waiting:,} still waiting at "
            f"{row.source}{seen}"
        )

    def legend(self, colour: str, breaks: tuple[float, ...], width: str, most: float, label: Sequence[str]) -> Legend:
        """What everything means."""
        words = [f"under {_round(breaks[0])}", *(f"{_round(a)}–{_round(b)}" for a, b in pairwise(breaks))]
        words.append(f"{_round(breaks[-1])} or more")
        of_width = self.noun if width == "cases" else "movements"
        names = {"cases": f"{self.noun} who took it", "traversals": "times it was taken", "median": "median time"}
        names |= {"p75": "time three quarters stay under", "p90": "time nine in ten stay under"}
        parts = " · ".join(names[part] for part in label)
        if self.noun == "cases":
            parts = parts.replace("who took", "that took")
        waits = "counting those still waiting; “> …”: longer than anybody could be followed"
        if any(self.part(row, part).startswith("?") for row in self.map.arrows.itertuples() for part in label):
            waits += "; “?”: the log is too short to tell"
        dashed = (
            "" if self.map.arrows.empty or self.map.arrows["established"].all() else " Dashed: rare, not established."
        )
        shades = (f"under {_SHADE_LIMITS[0]:.0%}", *(f"{a:.0%}–{b:.0%}" for a, b in pairwise(_SHADE_LIMITS)))
        shades = tuple(
            text.replace("%–", "–").replace("%", " %") for text in (*shades, f"{_SHADE_LIMITS[-1]:.0%} or more")
        )
        return Legend(
            colour=f"Colour: {DURATIONS[colour]}, {self.unit.name}",
            colour_steps=tuple((step / len(breaks), text) for step, text in enumerate(words)),
            width=f"Thickness: {of_width}",
            width_steps=tuple((math.sqrt(count / most), f"{count:,.0f}") for count in _samples_up_to(most)),
            shade="Box shade: share of all time spent",
            shade_steps=tuple((step / len(_SHADE_LIMITS), text) for step, text in enumerate(shades)),
            notes=(
                f"On arrows: {parts}, {waits} ({self.unit.short} = {self.unit.name}).{dashed} "
                f"In boxes: {START_MARK} where {self.noun} start, {END_MARK} where they end; waiting: still there when "
                f"the extract was taken, and how long so far (median).",
            ),
        )

    def caption(self) -> tuple[str, ...]:
        """Who was counted, and what is not shown."""
        window, hidden = self.map.window, self.map.hidden
        who = (
            f"{self.map.cases:,} {self.noun}, {self.map.open_cases:,} of them open at the end; observed "
            f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}."
        )
        if not hidden.activities and not hidden.arrows:
            return (f"{who} Nothing is hidden.",)
        listed = [name for place, name in enumerate(hidden.activities) if _length(hidden.activities[: place + 1]) <= 90]
        names = ", ".join(listed)
        if len(listed) < len(hidden.activities):
            names = (
                f"{names} and {len(hidden.activities) - len(listed)} more" if listed else f"{len(hidden.activities)}"
            )
        what = f"; steps not shown: {names}" if names else ""
        return (
            f"{who} Hidden: {_percent(hidden.traversals_share)} of movements and "
            f"{_percent(hidden.child_days_share)} of {'child' if self.noun == 'children' else 'case'}-days; "
            f"{_percent(hidden.cases_share)} of {self.noun} also took a movement that is not shown{what}.",
        )

    def description(self) -> str:
        """The picture in a few sentences."""
        activities, arrows = self.map.activities, self.map.arrows
        window = self.map.window
        sentences = [
            f"Process map of {self.map.cases:,} {self.noun} observed {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}: "
            f"{len(activities):,} steps and {len(arrows):,} movements between them."
        ]
        if len(arrows):
            often = arrows.iloc[int(arrows["traversals"].argmax())]
            sentences.append(
                f"The most frequent movement is from {often['source']} to {often['target']} "
                f"({often['cases']:,} {self.noun})."
            )
            sentences.append(self._longest())
        if len(activities) and activities["waiting"].max() > 0:
            most = activities.iloc[int(activities["waiting"].argmax())]
            sentences.append(
                f"Most are waiting at {most['activity']}: {most['waiting']:,}, "
                f"half of them for {self.time(most['waiting_median_days'])} or more so far."
            )
        return " ".join(sentences)

    def _longest(self) -> str:
        arrows = self.map.arrows
        certain = arrows[arrows["established"]] if arrows["established"].any() else arrows
        days = certain["median_days"].fillna(certain["more_than_days"]).fillna(-1.0)
        row = certain.iloc[int(days.argmax())]
        return (
            f"The longest wait is from {row['source']} to {row['target']}: median "
            f"{self.time(row['median_days'], row['more_than_days'])} for {row['cases']:,} {self.noun}."
        )


def _in_unit(days: float, unit: Unit) -> str:
    """A duration in the unit, or in one where it has neither four digits before the point nor none that count.

    >>> _in_unit(300.0, UNITS["hours"]), _in_unit(300.0, UNITS["weeks"]), _in_unit(0.001, UNITS["hours"])
    ('300 d', '42.9 wk', '1.4 min')
    """
    chain = ("minutes", "hours", "days", "weeks")
    if unit.name in chain and days > 0:
        place = chain.index(unit.name)
        while place < len(chain) - 1 and days / UNITS[chain[place]].days >= 999.5:
            place += 1
        while place > 0 and days / UNITS[chain[place]].days < 0.05:
            place -= 1
        unit = UNITS[chain[place]]
    if 0 < days / unit.days < 0.05:
        return f"< 0.1 {unit.short}"
    return f"{_number(days / unit.days)} {unit.short}"


def _number(value: float) -> str:
    """One decimal below 100, none above.

    >>> _number(12.34), _number(104.4), _number(26.0)
    ('12.3', '104', '26.0')
    """
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def _round(value: float) -> str:
    return f"{value:g}" if value < 1000 else f"{value:,.0f}"


def _percent(share: float) -> str:
    percent = 100 * share
    return "0 %" if percent == 0 else "less than 0.1 %" if percent < 0.1 else f"{percent:.1f} %"


def _length(names: Sequence[str]) -> int:
    return sum(len(name) + 2 for name in names)


def _samples_up_to(most: float) -> tuple[int, ...]:
    """Up to three round counts that show a scale of thickness.

    >>> _samples_up_to(2450.0)
    (20, 200, 2000)
    """
    top = 10 ** math.floor(math.log10(most))
    first = next(step * top for step in (5, 2, 1) if step * top <= most)
    return tuple(int(value) for value in (first // 100, first // 10, first) if value >= 1)
