"""Where everything stands on a chart's page, worked out before anything is drawn; lengths in points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mining.charts.caption import Caption, Marker, marker_place, sentences
from mining.charts.cusum import Cusum
from mining.charts.rules import Finding
from mining.charts.run_chart import RunChart
from mining.charts.shewhart import ShewhartChart
from mining.charts.shewhart_rules import Rules
from mining.drawing.text import text_width, wrap

if TYPE_CHECKING:
    from mining.charts.band import Band

SMALL, NORMAL, BIG = 9.0, 9.5, 13.0
"""Sizes of type; nothing is smaller than 9 pt at full size."""
WIDTH, LEFT, RIGHT = 756.0, 52.0, 108.0
"""Width of the picture, and of what stands left and right of the points; A4 landscape is 842 wide."""
LINE, ROW, TITLE_LINE = 13.5, 24.0, 17.0
_TALLEST = 560.0
_PLOT = (150.0, 270.0)
_SMALL_N = 20
"""Healthcare Improvement Scotland asks for samples of 20 a point; below that the number stands on the chart."""
_MOST_SENTENCES = 8

INK, QUIET, BLUE, PINK, GREEN, ORANGE = "#1a1a1a", "#4d4d4d", "#12436d", "#801650", "#1b6b64", "#b3440c"


@dataclass(frozen=True)
class Symbol:
    """How the points of a finding are marked; the shape alone tells them apart."""

    marker: str
    """matplotlib's letter."""
    face: str
    edge: str
    size: float


SYMBOLS = {
    "shift": Symbol("s", "none", PINK, 10.5),
    "trend up": Symbol("^", GREEN, GREEN, 8.0),
    "trend down": Symbol("v", GREEN, GREEN, 8.0),
    "signal": Symbol("D", "none", ORANGE, 10.0),
    "astronomical": Symbol("*", "none", ORANGE, 16.0),
}


def shape_of(finding: Finding | None) -> str:
    """By which symbol a finding's points are marked; "" for findings about the whole chart."""
    if finding is None or finding.rule in ("runs", "Anhøj"):
        return ""
    if finding.rule == "trend":
        return f"trend {finding.direction}"
    if finding.rule in ("shift", "one side"):
        return "shift"
    return "astronomical" if finding.rule == "astronomical" else "signal"


_SHORT = {
    "one side": "",
    "outside the limits": "outside",
    "2 of 3 in the outer third": "2 of 3",
    "4 of 5 beyond one standard deviation": "4 of 5",
    "near the centre line": "near centre",
    "away from the centre line": "away from centre",
    "alternating up and down": "alternating",
}


@dataclass(frozen=True)
class Item:
    """A bracket over the points of a finding, or a marker's label, in the strip above the points; in positions."""

    left: float
    right: float
    """With the text, which may reach beyond the bracket."""
    text: str
    colour: str
    at: tuple[float, float]
    """First and last end of the bracket; twice the same for a marker."""
    bracket: bool
    text_left: bool = False
    """The text of a marker stands left of it, for want of room on the right."""


@dataclass(frozen=True)
class Line:
    """A line of text under the chart."""

    text: str
    symbol: Symbol | None = None


@dataclass(frozen=True)
class Page:
    """The plan of a chart."""

    title: tuple[str, ...]
    label: tuple[str, ...]
    findings: tuple[Finding, ...]
    rows: tuple[tuple[Item, ...], ...]
    """The strip's rows from the points upwards; markers stand in the lowest."""
    lines: tuple[Line, ...]
    counted: bool
    """Whether the numbers of children are printed under the points."""
    panel: float
    """Height of the CUSUM with its words, 0 without."""
    plot: float
    """Height of the points."""
    positions: int

    @property
    def wide(self) -> float:
        """Width of the points."""
        return WIDTH - LEFT - RIGHT

    @property
    def head(self) -> float:
        """Height of title and label."""
        return 14 + TITLE_LINE * len(self.title) + LINE * len(self.label)

    @property
    def strip(self) -> float:
        """Height of the strip of brackets."""
        return ROW * len(self.rows)

    @property
    def foot(self) -> float:
        """Height of the words below."""
        return LINE * len(self.lines) + 12

    @property
    def high(self) -> float:
        """Height of the whole."""
        return self.head + self.strip + self.plot + 30 + (16 if self.counted else 0) + self.panel + self.foot


def plan(
    chart: RunChart | ShewhartChart,
    caption: Caption,
    rules: Rules | None = None,
    panel: Cusum | None = None,
    band: Band | None = None,
) -> Page:
    """Work out the page of a chart."""
    if isinstance(chart, RunChart):
        findings: tuple[Finding, ...] = (*chart.findings, *chart.astronomical)
    else:
        findings = chart.signals(rules)
    counts, provisional = chart.points.counts, chart.points.provisional
    hollow = provisional is not None and not bool(np.isnan(provisional).all())
    more = [
        *(["Hollow points are not complete yet, and no rule judges them."] if hollow else []),
        *([panel.words] if panel else []),
        *([band.words] if band else []),
        *caption.notes,
    ]
    positions = max(len(chart.points), 1)
    page = Page(
        title=wrap(caption.title, WIDTH - 24, BIG, lines=2, bold=True),
        label=wrap(caption.value_label, WIDTH - 24, NORMAL, lines=2) if caption.value_label else (),
        findings=findings,
        rows=_rows(chart, caption, findings, (WIDTH - LEFT - RIGHT) / positions),
        lines=tuple(_lines(sentences(chart, rules), findings, more)),
        counted=counts is not None and len(counts) > 0 and bool((counts < _SMALL_N).any()),
        panel=148.0 if panel else 0.0,
        plot=0.0,
        positions=positions,
    )
    room = _TALLEST - page.high
    return Page(**{**page.__dict__, "plot": max(_PLOT[0], min(_PLOT[1], room))})


def _lines(said: Sequence[str], findings: Sequence[Finding], more: Sequence[str]) -> Iterable[Line]:
    """The sentences broken into lines, the first of a finding with its symbol; too many findings are only counted."""
    by_words = {f"{finding.words}.": finding for finding in findings}
    dropped = [one for one in said if one in by_words][_MOST_SENTENCES:]
    kept = [one for one in said if one not in dropped]
    if dropped:
        place = said.index(dropped[0])
        kept.insert(place, f"And {len(dropped)} more, each under a bracket above the points.")
    for one in (*kept, *more):
        shape = shape_of(by_words.get(one))
        for number, text in enumerate(wrap(one, WIDTH - 40, NORMAL)):
            yield Line(text, SYMBOLS[shape] if shape and not number else None)


def _rows(
    chart: RunChart | ShewhartChart, caption: Caption, findings: Sequence[Finding], scale: float
) -> tuple[tuple[Item, ...], ...]:
    """Brackets and markers in rows without overlap; `scale` is points of length a position."""
    rows = _marker_rows(_markers(chart, caption.markers, scale), 6 / scale)
    lowest = len(rows)
    brackets = [_bracket(finding, scale) for finding in findings if shape_of(finding)]
    for item in sorted(brackets, key=lambda item: (item.left, item.right, item.text)):
        free = [row for row in rows[lowest:] if row[-1].right + 6 / scale < item.left]
        if free:
            free[0].append(item)
        else:
            rows.append([item])
    return tuple(tuple(row) for row in rows)


def _markers(chart: RunChart | ShewhartChart, markers: Sequence[Marker], scale: float) -> list[Item]:
    """Each marker with its label on the right, or on the left where it would leave the page or meet one that does."""
    edge = len(chart.points) - 0.5 + RIGHT / scale
    items = []
    placed = sorted(((marker_place(chart.points, one), one.label) for one in markers), reverse=True)
    for place, label in placed:
        width = (text_width(label, SMALL) + 10) / scale
        flip = place + width > edge
        if flip:
            edge = place
        left, right = (place - width, place) if flip else (place, place + width)
        items.append(Item(left, right, label, INK, (place, place), bracket=False, text_left=flip))
    return items


def _bracket(finding: Finding, scale: float) -> Item:
    text = f"{_SHORT.get(finding.rule, finding.rule)} {finding.direction}".strip()
    if finding.rule == "one side":
        text = f"{len(finding.points)} {finding.direction}"
    first, last = finding.points[0] - 0.3, finding.points[-1] + 0.3
    half, middle = max((last - first) / 2, text_width(text, SMALL) / 2 / scale), (first + last) / 2
    colour = SYMBOLS[shape_of(finding)].edge
    return Item(middle - half, middle + half, text, colour, (first, last), bracket=True)


def _marker_rows(markers: Sequence[Item], gap: float) -> list[list[Item]]:
    """Markers in rows so that no label lies on another, nor on the line that runs from a label down to the points."""
    rows: list[list[Item]] = []
    # Labels right of their lines are laid from the last to the first; those left of theirs come on top, first to last.
    for item in sorted(markers, key=lambda item: (item.text_left, item.at if item.text_left else (-item.at[0], 0.0))):
        for number in range(len(rows) + 1):
            row = rows[number] if number < len(rows) else []
            touched = any(other.left - gap < item.right and item.left - gap < other.right for other in row)
            above = [other for higher in rows[number:] for other in higher]
            struck = any(item.left < other.at[0] < item.right for other in above)
            strikes = any(other.left < item.at[0] < other.right for lower in rows[:number] for other in lower)
            if not (touched or struck or strikes):
                break
        if number == len(rows):
            rows.append([])
        rows[number].append(item)
    return rows
