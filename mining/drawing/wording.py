"""The words and numbers of a map's picture: labels, tooltips, legend, caption, and the picture in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mining.drawing.diagram import UNKNOWN, DiagramNode, Legend
from mining.drawing.scales import (
    Measure,
    Unit,
    breaks_of,
    in_unit,
    ladder,
    number,
    percent,
    round_number,
    samples_up_to,
)
from mining.process_map import ProcessMap
from mining.visits import RESTRICTED_TO_DAYS

START_MARK, END_MARK = "●", "■"
_SHADE_LIMITS = (0.05, 0.10, 0.20)
_MARK_SHARE = 0.02
_BOUNDED = ("median_days", "p25_days", "p75_days", "p90_days")
"""Columns for which `followed_days` is a lower bound where they are not known."""


@dataclass(frozen=True)
class Wording:
    """Puts the numbers of one map into words, in one unit."""

    map: ProcessMap
    unit: Unit
    noun: str

    @property
    def one(self) -> str:
        """One of them."""
        return "child" if self.noun == "children" else "case"

    def many(self, number: int) -> str:
        """So many of them."""
        return f"{number:,} {self.one if number == 1 else self.noun}"

    def values(self, measure: Measure) -> npt.NDArray[np.float64]:
        """A measure of each arrow as it is written: in the unit, in per cent, or a count.

        Where a duration is not known, the longest that anybody was followed; NaN where nothing is known.
        """
        arrows = self.map.arrows
        known = arrows[measure.column].to_numpy(dtype=float)
        if measure.column in _BOUNDED:
            known = np.where(np.isfinite(known), known, arrows["followed_days"].to_numpy(dtype=float))
        return known * 100 if measure.kind == "share" else known if measure.kind == "count" else known / self.unit.days

    def weights(self, measure: Measure) -> npt.NDArray[np.float64]:
        """Thickness of each arrow, from 0 to 1: the root of the measure, so that the area grows with it."""
        values = np.nan_to_num(self.values(measure), nan=0.0)
        shares: npt.NDArray[np.float64] = np.sqrt(values / max(float(values.max(initial=0.0)), 1e-12))
        return shares

    def colours(self, measure: Measure) -> tuple[npt.NDArray[np.float64], tuple[float, ...]]:
        """Place of each arrow on the colour scale, `UNKNOWN` where nothing is known, and where the scale breaks."""
        values = self.values(measure)
        breaks = breaks_of(values, ladder(measure.kind, self.unit))
        places = np.searchsorted(breaks, values, side="right") / len(breaks)
        return np.where(np.isnan(values), UNKNOWN, places), breaks

    def words(self, measure: Measure) -> str:
        """What a measure is called."""
        took = "who took it" if self.noun == "children" else "that took it"
        parts = {"noun": self.noun, "one": self.one, "took": took, "unit": self.unit.name}
        return measure.words.format(**parts, limit=self.map.limit or "the limit", horizon=self._horizon)

    def time(self, days: float, more_than: float = math.nan) -> str:
        """A duration; "> 104 wk" when only its lower bound is known, "? wk" when not even that.

        Far too long or too short for the map's unit, it is given in a larger or smaller one.
        """
        if days == 0:
            return "same day" if self.unit.days >= 1 else f"0 {self.unit.short}"
        if math.isfinite(days):
            return in_unit(days, self.unit)
        if math.isfinite(more_than):
            return f"> {in_unit(more_than, self.unit)}"
        return f"? {self.unit.short}"

    def part(self, row: Any, measure: Measure) -> str:
        """One part of an arrow's label."""
        value = getattr(row, measure.column)
        if measure.name.startswith("waiting") and not row.waiting:
            return ""  # most arrows have nobody waiting: saying so everywhere would hide where somebody is
        if measure.kind == "count":
            return f"{value:,}{measure.after}"
        if measure.kind == "share":
            return f"{share_number(value)}{measure.after}"
        if measure.kind == "child time":
            return f"{number(value / self.unit.days)} {self.one}-{self.unit.short}"
        bound = row.followed_days if measure.column in _BOUNDED else math.nan
        return f"{self.time(value, bound)}{measure.after}"

    def node(self, row: Any) -> DiagramNode:
        """A box: who starts here, how many came, who is still waiting, who ends here."""
        least = max(1.0, _MARK_SHARE * self.map.cases)
        # What nothing leads to, or leads on from, says why, however few they are.
        starts = row.starting >= least or (row.starting > 0 and row.activity not in self._entered)
        ends = row.ending >= least or (row.ending > 0 and row.activity not in self._left)
        lines = []
        if starts:
            lines.append(f"{START_MARK} {row.starting:,} start here")
        if not (starts and row.starting == row.cases) and not (ends and row.ending == row.cases):
            lines.append(self.many(row.cases))
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
            f"{row.activity}: {self.many(row.cases)}, {row.events:,} times; {row.starting:,} start here, "
            f"{row.ending:,} end here{waiting}; {percent(share)} of all time was spent here before the next step"
        )

    def arrow_title(self, row: Any) -> str:
        """All about an arrow."""
        parts = [f"{self.many(row.cases)} ({percent(row.cases_share)}), {row.traversals:,} times"]
        parts.append(self._duration(row))
        if math.isfinite(row.beyond_share):
            spread = f" (95 % interval {percent(row.beyond_low)} to {percent(row.beyond_high)})"
            parts.append(f"{percent(row.beyond_share)} over {self.map.limit}{spread}")
        elif self.map.limit is not None:
            parts.append(f"share over {self.map.limit} not yet estimable")
        parts.append(f"{self._child_time(row.child_days)} spent on it")
        so_far = f", the longest for {self.time(row.waiting_longest_days)} so far" if row.waiting else ""
        parts.append(f"{row.waiting:,} still waiting at {row.source}{so_far}")
        if not row.established:
            parts.append("too rare to be sure it is part of the process")
        return f"{row.source} to {row.target}: {'; '.join(parts)}"

    def _duration(self, row: Any) -> str:
        interval = ""
        if math.isfinite(row.low_days):
            high = "not known" if not math.isfinite(row.high_days) else self.time(row.high_days)
            interval = f" (95 % interval {self.time(row.low_days)} to {high})"
        if row.median_reached:
            return f"median {self.time(row.median_days)}{interval}"
        if not math.isfinite(row.more_than_days):
            return "time not yet estimable"
        mean = ""
        if math.isfinite(row.restricted_mean_days):
            within = self.time(row.restricted_to_days)
            mean = f", mean within the first {within} {self.time(row.restricted_mean_days)}"
        return f"median more than {self.time(row.more_than_days)}, not yet estimable{interval}{mean}"

    def _child_time(self, days: float) -> str:
        return f"{number(days / self.unit.days)} {self.one}-{self.unit.name}"

    def legend(self, colour: Measure, breaks: tuple[float, ...], width: Measure, label: Sequence[Measure]) -> Legend:
        """What everything means."""
        steps = [f"under {round_number(breaks[0])}", *(_span(a, b) for a, b in pairwise(breaks))]
        steps.append(f"{round_number(breaks[-1])} or more")
        places = [(step / len(breaks), text) for step, text in enumerate(steps)]
        if np.isnan(self.values(colour)).any():
            places.append((UNKNOWN, "not known"))
        most = float(np.nan_to_num(self.values(width)).max(initial=0.0))
        samples = samples_up_to(most, whole=width.kind == "count")
        shades = (f"under {_SHADE_LIMITS[0]:.0%}", *(f"{a:.0%}–{b:.0%}" for a, b in pairwise(_SHADE_LIMITS)))
        shades = tuple(
            text.replace("%–", "–").replace("%", " %") for text in (*shades, f"{_SHADE_LIMITS[-1]:.0%} or more")
        )
        thickness = {"cases": self.noun, "traversals": "movements"}.get(width.name) or self._with_unit(width)
        return Legend(
            colour=f"Colour: {self._with_unit(colour)}",
            colour_steps=tuple(places),
            width=f"Thickness: {thickness}",
            width_steps=tuple((math.sqrt(value / most), round_number(value)) for value in samples),
            shade="Box shade: share of all time spent",
            shade_steps=tuple((step / len(_SHADE_LIMITS), text) for step, text in enumerate(shades)),
            notes=(self._note(label),),
        )

    def _note(self, label: Sequence[Measure]) -> str:
        """How to read labels, dashes and boxes."""
        words = [self.words(measure) for measure in label]
        counted = [m.name == "beyond" or (m.kind == "time" and m.name != "waiting_median") for m in label]
        if any(counted):
            words[len(words) - 1 - counted[::-1].index(True)] += ", counting those still waiting"
        parts = " · ".join(words)
        written = [self.part(row, measure) for row in self.map.arrows.itertuples() for measure in label]
        waits = ""
        if any(text.startswith(">") for text in written):
            waits += "; “> …”: not yet estimable, longer than anybody could be followed"
        if any(text.startswith("?") for text in written):
            waits += "; “?”: the log is too short to tell"
        if any(measure.kind in {"time", "child time"} for measure in label) or not label:
            waits += f" ({self.unit.short} = {self.unit.name})"
        on_arrows = f"On arrows: {parts}{waits}. " if label else ""
        dashed = ""
        if len(self.map.arrows) and not self.map.arrows["established"].all():
            least = f"{100 * self.map.threshold:g} %"
            dashed = f"Dashed: rare, not established as the way of {least} of {self.noun}. "
        return (
            f"{on_arrows}{dashed}In boxes: {START_MARK} where {self.noun} start, {END_MARK} where they end; waiting: "
            f"still there when the extract was taken, and how long so far (median)."
        )

    def caption(self) -> tuple[str, ...]:
        """Who was counted, and what is not shown."""
        window, hidden = self.map.window, self.map.hidden
        who = (
            f"{self.many(self.map.cases)}, {self.map.open_cases:,} of them open at the end; observed "
            f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}."
        )
        if hidden.merged:
            who += f" {hidden.merged} steps are drawn together in boxes, what happens inside these is hidden."
        if hidden.activities:
            who += " Times and waiting run from one step shown to the next."
        if not hidden.activities and not hidden.arrows and not hidden.traversals_share:
            return (f"{who} Nothing is hidden.",)
        listed = [name for place, name in enumerate(hidden.activities) if _length(hidden.activities[: place + 1]) <= 90]
        names = ", ".join(listed)
        if len(listed) < len(hidden.activities):
            names = (
                f"{names} and {len(hidden.activities) - len(listed)} more" if listed else f"{len(hidden.activities)}"
            )
        what = f"; steps not shown: {names}" if names else ""
        return (
            f"{who} Hidden: {percent(hidden.traversals_share)} of movements and "
            f"{percent(hidden.child_days_share)} of {self.one}-days; "
            f"{percent(hidden.cases_share)} of {self.noun} also took a movement that is not shown{what}.",
        )

    def description(self) -> str:
        """The picture in a few sentences."""
        activities, arrows = self.map.activities, self.map.arrows
        window = self.map.window
        sentences = [
            f"Process map of {self.many(self.map.cases)} observed {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}: "
            f"{len(activities):,} steps and {len(arrows):,} movements between them."
        ]
        if len(arrows):
            often = arrows.iloc[int(arrows["traversals"].argmax())]
            sentences.append(
                f"The most frequent movement is from {often['source']} to {often['target']} "
                f"({self.many(often['cases'])})."
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
            f"{self.time(row['median_days'], row['more_than_days'])} for {self.many(row['cases'])}."
        )

    def _with_unit(self, measure: Measure) -> str:
        """What a measure is called, with the unit of its numbers."""
        words = self.words(measure)
        if measure.kind == "time":
            return f"{words}, {self.unit.name}"
        return f"{words}, %" if measure.kind == "share" else words

    @property
    def _horizon(self) -> str:
        shorter = self.map.arrows["restricted_to_days"].min() < RESTRICTED_TO_DAYS
        return "the first two years (or as long as anybody was followed)" if shorter else "the first two years"

    @cached_property
    def _entered(self) -> frozenset[str]:
        others = self.map.arrows[self.map.arrows["source"] != self.map.arrows["target"]]
        return frozenset(others["target"])

    @cached_property
    def _left(self) -> frozenset[str]:
        others = self.map.arrows[self.map.arrows["source"] != self.map.arrows["target"]]
        return frozenset(others["source"])


def share_number(share: float) -> str:
    """A share in per cent without its sign: whole numbers, but one decimal where that would hide it.

    >>> share_number(0.124), share_number(0.004), share_number(float("nan")), share_number(0.997)
    ('12', '0.4', '?', '99.7')
    """
    if math.isnan(share):
        return "?"
    hundredths = 100 * share
    near_edge = 0 < hundredths < 1 or 99 < hundredths < 100
    return f"{hundredths:.1f}" if near_edge else f"{hundredths:.0f}"


def _span(low: float, high: float) -> str:
    return f"{round_number(low)}–{round_number(high)}"


def _length(names: Sequence[str]) -> int:
    return sum(len(name) + 2 for name in names)
