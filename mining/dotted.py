"""The dotted chart: every event as a dot in time, one row for each case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.window import ObservationWindow
from mining.drawing.text import shorten
from mining.internal_view import (
    FAINT,
    HEIGHT,
    INK,
    RASTER_FROM,
    SMALL,
    WIDTH,
    Paper,
    Words,
    date_ticks,
    drawn,
    set_ticks,
)
from mining.visits import check_activities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Okabe and Ito's colours without the yellow, which is lost on white. Seven colours and eight shapes: no pair comes
# again before the 57th activity, and neighbours differ in both.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#000000", "#cc79a7", "#e69f00", "#56b4e9")
_SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*")
_OTHER = ("#7a7a7a", ".")
_OPEN = "#808080"
_MOST_NAMED = 14
_LEFT, _LEGEND, _LINE = 32.0, 190.0, 14.0
_AGGREGATE_FROM, _COLUMNS, _ROWS = 20_000, 400, 250
_MOST_APART = 25
"""Up to so many rows there is room to set events of one day above one another."""


@dataclass(frozen=True, eq=False)
class DottedChart:
    """The dots of a dotted chart and the rows they stand in.

    `dots` has one row an event: `row` (0 on top), `at` (days since 1970-01-01, or since the case's start), `activity`.
    `rows` has one row a case, top first: `case` (position in the log's case table), `start` and `stop` (of its line,
    in the same unit; the window's end while open), `open`.
    """

    dots: pd.DataFrame
    rows: pd.DataFrame
    activities: tuple[str, ...]
    """Activities by number of events, most first (ties by name)."""
    sort: str
    relative: bool
    left_out: int
    """Events of activities that were not asked for."""
    window: ObservationWindow


def dotted_chart(
    log: EventLog,
    *,
    sort: Literal["start", "duration"] = "start",
    relative: bool = False,
    activities: Sequence[str] | None = None,
) -> DottedChart:
    """The dotted chart of a log: cases as rows, sorted by their start or their length, events as dots in time.

    With `relative`, time runs from each case's start. Open cases run to the window's end: their length is their
    length so far. Ties are broken by case. With `activities` only their events are dots (reviews, say, hide much else).
    Raises ValueError for another sort, and for an activity that neither the log nor the vocabulary knows, naming the
    nearest.
    """
    if sort not in ("start", "duration"):
        raise ValueError(f"sort must be 'start' or 'duration', got {sort!r}")
    check_activities(log, activities or ())
    arrays = log.arrays
    is_open = np.isnan(arrays.end)
    begin = arrays.start.copy()
    present = np.diff(arrays.first) > 0
    # A line reaches every dot, also one that lies before the recorded start or after the recorded end.
    first, last = arrays.first[:-1][present], arrays.first[1:][present] - 1
    stop = np.where(is_open, arrays.window_end, arrays.end)
    begin[present] = np.fmin(begin[present], arrays.day[first])
    stop[present] = np.maximum(stop[present], arrays.day[last])
    order = np.lexsort((begin, stop - begin)) if sort == "duration" else np.argsort(begin, kind="stable")
    row_of = np.empty(len(order), dtype=np.int64)
    row_of[order] = np.arange(len(order))
    shift = begin if relative else np.zeros(len(begin))
    counts = log.events["activity"].value_counts()
    names = [name for name in log.activities if activities is None or name in activities]
    names.sort(key=lambda name: (-int(counts[name]), name))
    dots = pd.DataFrame(
        {
            "row": row_of[arrays.case],
            "at": arrays.day - shift[arrays.case],
            "activity": log.events["activity"].astype("str").to_numpy(),
        }
    )
    dots = dots[dots["activity"].isin(names)].reset_index(drop=True)
    rows = pd.DataFrame(
        {"case": order, "start": (begin - shift)[order], "stop": (stop - shift)[order], "open": is_open[order]}
    )
    return DottedChart(dots, rows, tuple(names), sort, relative, len(log) - len(dots), log.window)


def draw_dotted_chart(chart: DottedChart, path: Path, *, title: str = "Dotted chart") -> Path:
    """Write the chart as .svg, .png or .pdf; an internal picture, which shows single children.

    Every activity has a colour and a shape of its own; beyond fourteen the rarest share a grey point. A line is the
    time a case ran; an open case's line is dark, and ends in a ring where there is room. The axis is the window (with
    `relative`, the longest case). With very many events, those that would fall on one spot are drawn as one dot of
    the rarest activity among them that has a name. Legible at 9 pt on A4 landscape.
    """
    return drawn(path, lambda: _painted(chart, title))


def _painted(chart: DottedChart, title: str) -> Paper:
    cases = len(chart.rows)
    low, high = _span(chart)
    inside = chart.dots[chart.dots["at"] >= low]
    dots, merged = _merged(chart, inside, (low, high))
    paper = Paper(_words(chart, len(inside), len(dots) if merged else None, title))
    bottom, width = paper.bottom + 18, WIDTH - _LEFT - _LEGEND - 12
    height = paper.top - bottom
    axes = paper.axes(_LEFT, bottom, width, height)
    room = (high - low) * 0.012
    axes.set(xlim=(low - room, high + room), ylim=(max(cases, 1) - 0.3, -0.7))
    pitch = height / max(cases, 1)
    if cases <= _MOST_APART:
        dots = _set_apart(dots, 5.5 / pitch)
    _draw_rows(axes, chart.rows.assign(start=chart.rows["start"].clip(lower=low)), pitch)
    look: Any = {"ms": 1.6 if merged else float(np.clip(0.75 * pitch, 1.6, 6.0)), "mew": 0}
    look["rasterized"] = len(dots) >= RASTER_FROM
    # The rarest last, so that the frequent ones cannot hide them.
    for number, name in enumerate(chart.activities):
        mine = dots[dots["activity"] == name]
        colour, shape = _look(number)
        axes.plot(mine["at"], mine["row"], shape, color=colour, zorder=3 + number / 1000, **look)
    if chart.relative:
        _day_ticks(axes, high)
    else:
        set_ticks(axes, *date_ticks(low, high, width))
    _draw_legend(paper, chart.activities)
    return paper


def _words(chart: DottedChart, inside: int, merged: int | None, title: str) -> Words:
    """What stands around the dots: of `inside` events on the axis, `merged` dots are drawn if spots are shared."""
    cases, opened = len(chart.rows), int(chart.rows["open"].sum())
    by = "start" if chart.sort == "start" else "length (open cases: so far)"
    time = "days since the case began" if chart.relative else "date"
    together = "Events of one day stand above each other."
    if cases > _MOST_APART:
        together = "Of events of one day the rarest kind is on top."
    notes = [
        f"{cases:,} cases, one row each, sorted by {by}; {opened:,} open on {chart.window.end:%Y-%m-%d}: their "
        f"line is dark. Across: {time}. {together}"
    ]
    if merged is not None:
        notes.append(
            f"{inside:,} events are drawn as {merged:,} dots: where several fall on one spot, as one dot of "
            "the rarest kind that is named."
        )
    if inside < len(chart.dots):
        notes.append(f"{len(chart.dots) - inside:,} events before {chart.window.start:%Y-%m-%d} are not drawn.")
    if chart.left_out:
        notes.append(f"{chart.left_out:,} events of other activities are left out.")
    alt = (
        f"Dotted chart of {len(chart.dots):,} events of {cases:,} cases by {time}, {opened:,} cases open. "
        f"Most frequent activities: {', '.join(chart.activities[:5])}."
    )
    return Words(title, tuple(notes), alt)


def _span(chart: DottedChart) -> tuple[float, float]:
    """First and last place on the axis: the window, or from 0 to the longest case."""
    if chart.relative:
        return 0.0, max(float(chart.rows["stop"].max()) if len(chart.rows) else 0.0, 1.0)
    low, end = to_days(pd.Series([chart.window.start, chart.window.end]))
    return float(low), max(float(end), float(chart.dots["at"].max()) if len(chart.dots) else 0.0, float(low) + 1.0)


def _draw_rows(axes: Axes, rows: pd.DataFrame, pitch: float) -> None:
    from matplotlib.collections import LineCollection

    y = np.arange(len(rows), dtype=np.float64)
    ends = np.stack([np.stack([rows["start"], y], axis=1), np.stack([rows["stop"], y], axis=1)], axis=1)
    colours = np.where(rows["open"], _OPEN, FAINT).tolist()
    marks = LineCollection(list(ends), colors=colours, linewidths=float(np.clip(pitch * 0.4, 0.1, 1.2)), zorder=1)
    marks.set_rasterized(len(rows) >= RASTER_FROM // 4)
    axes.add_collection(marks)
    if pitch >= 2.5:
        waiting = rows["open"].to_numpy()
        look: Any = {"ms": min(pitch * 0.9, 6.0), "mfc": "white", "mec": INK, "mew": 0.7, "clip_on": False, "zorder": 2}
        axes.plot(rows["stop"][waiting], y[waiting], "o", **look)


def _merged(chart: DottedChart, dots: pd.DataFrame, span: tuple[float, float]) -> tuple[pd.DataFrame, bool]:
    """The dots as they are, or one for each spot that has any, of the rarest activity there that has a name."""
    if len(dots) < _AGGREGATE_FROM:
        return dots, False
    k = len(chart.activities)
    across, down = (span[1] - span[0]) / _COLUMNS, max(len(chart.rows) / _ROWS, 1.0)
    code = pd.Categorical(dots["activity"], categories=list(chart.activities)).codes.astype(np.int64)
    # Activities without a name of their own come last in what is shown on a spot.
    shown = np.where(code < _MOST_NAMED, code + k, k - code)
    x = np.minimum((dots["at"].to_numpy() - span[0]) // across, _COLUMNS - 1).astype(np.int64)
    y = (dots["row"].to_numpy() // down).astype(np.int64)
    order = np.lexsort((shown, x, y))
    keep = order[np.append((np.diff(x[order]) != 0) | (np.diff(y[order]) != 0), True)]
    at, names = span[0] + (x[keep] + 0.5) * across, np.array(chart.activities, dtype=object)[code[keep]]
    return pd.DataFrame({"row": (y[keep] + 0.5) * down - 0.5, "at": at, "activity": names}), True


def _set_apart(dots: pd.DataFrame, step: float) -> pd.DataFrame:
    """Events of one row and time moved up and down, so that all can be seen."""
    same = dots.groupby(["row", "at"], sort=False)["activity"]
    place, number = same.cumcount(), same.transform("size")
    return dots.assign(row=dots["row"] + (place - (number - 1) / 2) * np.minimum(step, 0.9 / number))


def _look(number: int) -> tuple[str, str]:
    if number >= _MOST_NAMED:
        return _OTHER
    return _COLOURS[number % len(_COLOURS)], _SHAPES[number % len(_SHAPES)]


def _day_ticks(axes: Axes, high: float) -> None:
    days = max(high, 1.0)
    step = next(one for one in (1, 7, 30, 91, 182, 365, 730, 1826, 3652, 10**9) if days / one <= 9)
    places = list(np.arange(0, days + 1e-9, step))
    set_ticks(axes, places, [f"{place:,.0f}" for place in places])


def _draw_legend(paper: Paper, activities: tuple[str, ...]) -> None:
    from matplotlib.lines import Line2D

    x, y = WIDTH - _LEGEND, paper.top - 12
    named = [(name, *_look(number)) for number, name in enumerate(activities[:_MOST_NAMED])]
    if len(activities) > _MOST_NAMED:
        named.append((f"{len(activities) - _MOST_NAMED} rarer activities", *_OTHER))
    for name, colour, shape in named:
        mark = Line2D([x / WIDTH], [(y + 3) / HEIGHT], linestyle="none", marker=shape, ms=6, color=colour, mew=0)
        paper.figure.add_artist(mark)
        paper.write((x + 10, y), shorten(name, _LEGEND - 16, SMALL))
        y -= _LINE
