"""The performance spectrum: every child's way from step to step as a line in time, batches and waits in plain sight."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.drawing.text import drawable, printable, text_width, wrap
from mining.internal_view import (
    HEIGHT,
    INK,
    QUIET,
    RASTER_FROM,
    SMALL,
    WIDTH,
    Paper,
    Words,
    date_ticks,
    drawn,
    font,
    set_ticks,
)
from mining.visits import check_activities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FEWEST, _CHANCE = 3, 0.01
"""A session has at least so many cases; steps that fell at random would make one day in a hundred as busy."""
_QUARTERS = ("#0072b2", "#56b4e9", "#e69f00", "#d55e00")
_QUARTER_WORDS = ("quickest quarter", "second", "third", "slowest quarter")
_LEFT, _RIGHT, _ROW_LEGEND = 142.0, 70.0, 16.0
_AGGREGATE_FROM, _BINS = 8_000, 500


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The segments of a pathway, each from one activity to the next, with a line for every case that took it.

    `lines` has one row a line: `segment` (0 for the first), `case` (position in the log's case table), `start` and
    `end` (days since 1970-01-01; the window's end while open), `open`.

    `segments` has one row a segment: `source`, `target`, `taken` (lines that reached the target), `open` (cases whose
    last event on the pathway is the source), `left` (cases that ended without a later event on the pathway),
    `elsewhere` (went on to another activity of the pathway); `sessions` (days inside the window on which at least
    `session_size` cases reached the target: three, or more where so many are usual on any day) and `in_sessions` (how
    many cases reached it on those days). Sessions are a first look: a weekly round makes them as a panel does.
    """

    lines: pd.DataFrame
    segments: pd.DataFrame
    pathway: tuple[str, ...]
    window: ObservationWindow
    first_day: float
    """The window's start, days since 1970-01-01."""
    last_day: float
    """The window's end, or a day after its start."""
    session_days: Mapping[int, FloatArray]
    """The days of the sessions of each segment."""

    @property
    def text(self) -> str:
        """What each segment shows, in sentences."""
        return " ".join(_segment_text(row) for row in self.segments.to_dict("records"))


def spectrum(log: EventLog, pathway: Sequence[str]) -> Spectrum:
    """The performance spectrum of a log along a pathway, two activities or more (Denisov, Fahland, van der Aalst 2018).

    Events of other activities are passed over. A line runs from an event of one activity to the next event of its
    case on the pathway, if that is the activity that comes next. Open cases are lines to the window's end. Raises
    ValueError for an activity that neither the log nor the vocabulary knows, naming the nearest, for fewer than two
    activities and for one that is named twice.
    """
    names, arrays = _checked(log, pathway), log.arrays
    place_of = np.array([names.index(name) if name in names else -1 for name in arrays.activities] + [-1])
    place = place_of[arrays.activity]
    on = np.flatnonzero(place >= 0)
    place, case, day = place[on], arrays.case[on].astype(np.int64), arrays.day[on]
    last = np.append(case[1:] != case[:-1], True)[: len(case)]
    following, until = np.roll(place, -1), np.roll(day, -1)
    taken = ~last & (following == place + 1)
    is_open = last & np.isnan(arrays.end[case])
    n = len(names)
    waiting, now = is_open & (place < n - 1), max(arrays.window_end, float(day.max(initial=arrays.window_end)))
    ends = np.where(waiting, now, until)
    lines = pd.DataFrame({"segment": place, "case": case, "start": day, "end": ends, "open": waiting})
    lines = lines[taken | waiting].reset_index(drop=True)

    def count(which: npt.NDArray[np.bool_]) -> IntArray:
        return np.bincount(place[which], minlength=n)[: n - 1].astype(np.int64)

    begin, end = arrays.window_start, max(arrays.window_end, arrays.window_start + 1.0)
    sessions = [_sessions(lines[(lines["segment"] == one) & ~lines["open"]]["end"], begin, end) for one in range(n - 1)]
    segments = pd.DataFrame(
        {
            "source": list(names[:-1]),
            "target": list(names[1:]),
            "taken": count(taken),
            "open": count(waiting),
            "left": count(last & ~is_open),
            "elsewhere": count(~last & ~taken),
            "session_size": [size for size, _ in sessions],
            "sessions": [len(counts) for _, counts in sessions],
            "in_sessions": [int(counts.sum()) for _, counts in sessions],
        }
    )
    days = {number: counts.index.to_numpy(dtype=np.float64) for number, (_, counts) in enumerate(sessions)}
    return Spectrum(lines, segments, names, log.window, begin, end, days)


def draw_spectrum(found: Spectrum, path: Path, *, title: str = "Performance spectrum") -> Path:
    """Write the spectrum as .svg, .png or .pdf; an internal picture, which shows single children.

    Each line is one child, from the day of one step (above) to the day of the next (below): steep is quick. Its colour
    is its quarter of the durations of its segment. A dashed line that ends in a ring half-way is an open case that had
    not taken the step when the extract was taken. A triangle is a session. The axis is the window: a line that began
    before comes in from the left. With very many lines, equal ones are drawn as one, wider. Legible at 9 pt on A4
    landscape.
    """
    return drawn(path, lambda: _painted(found, title))


def _checked(log: EventLog, pathway: Sequence[str]) -> tuple[str, ...]:
    names = tuple(pathway)
    if isinstance(pathway, str) or len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"a pathway must be two or more different activities, got {pathway!r}")
    check_activities(log, names)
    return names


def _sessions(ends: pd.Series[float], begin: float, end: float) -> tuple[int, pd.Series[int]]:
    """From how many cases on a day is a session, and the number of cases of each session by day."""
    days = ends[(ends >= begin) & (ends <= end + 1)] // 1
    # Were steps spread at random over the working days of the window, so many a day would be usual.
    usual = len(days) / max((end - begin) * 5 / 7, 1.0)
    size, term, beyond = 0, float(np.exp(-usual)), 1.0
    while beyond >= _CHANCE and size < len(days) + _FEWEST:
        beyond -= term
        size += 1
        term *= usual / size
    size = max(size, _FEWEST)
    counts = days.value_counts().sort_index()
    return size, counts[counts >= size]


def _segment_text(row: Mapping[Hashable, Any]) -> str:
    text = f"{row['source']} → {row['target']}: {row['taken']:,} took it, {row['open']:,} open cases have not"
    if row["sessions"]:
        text += (
            f"; {row['in_sessions']:,} moved on in groups of {row['session_size']} or more on {row['sessions']:,} days"
        )
    return f"{text}."


def _words(found: Spectrum, shown: pd.DataFrame, title: str) -> Words:
    """What stands around the lines."""
    notes = [
        "Each line is one case from one step (above) to the next (below); steep is quick. Dashed with a ring: open, "
        f"and not there on {found.window.end:%Y-%m-%d}. Triangle: a day on which many moved on together.",
        *(
            (_segment_text(row) for row in found.segments.to_dict("records"))
            if len(found.segments) <= 5
            else [found.text]
        ),
    ]
    if len(shown) < len(found.lines):
        notes.append(
            f"{len(found.lines) - len(shown):,} lines that ended before {found.window.start:%Y-%m-%d} are not drawn."
        )
    alt = (
        f"Performance spectrum of {len(found.pathway) - 1} segments from {found.pathway[0]} to {found.pathway[-1]}, "
        f"{len(shown):,} lines, {int(shown['open'].sum()):,} of them open. {found.text}"
    )
    return Words(title, tuple(notes), alt)


def _painted(found: Spectrum, title: str) -> Paper:
    # Lines that were over when recording began are counted, not drawn.
    shown = found.lines[found.lines["end"] >= found.first_day]
    paper = Paper(_words(found, shown, title))
    bottom = paper.bottom + _ROW_LEGEND + 18
    axes = paper.axes(_LEFT, bottom, WIDTH - _LEFT - _RIGHT, paper.top - bottom - 6)
    room = (found.last_day - found.first_day) * 0.01
    rows = len(found.pathway) - 1
    axes.set(xlim=(found.first_day, found.last_day + room), ylim=(-0.16, rows + 0.06))
    height = (paper.top - bottom - 6) / (rows + 0.22)
    for number in range(rows):
        mine = shown[shown["segment"] == number]
        _draw_segment(axes, mine, rows - number, heavy=len(shown) >= RASTER_FROM)
        days = found.session_days[number]
        axes.plot(days + 0.5, np.full(len(days), rows - number - 1.05), "^", ms=3.5, color=INK, mew=0, zorder=6)
        if waiting := int(mine["open"].sum()):
            look: Any = {"va": "center", "fontproperties": font(SMALL), "color": INK}
            axes.text(found.last_day + room, rows - number - 0.5, f" {waiting:,} open", **look)
    _name_rows(axes, found, room, height)
    axes.axvline(found.last_day, color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
    set_ticks(axes, *date_ticks(found.first_day, found.last_day, WIDTH - _LEFT - _RIGHT))
    _draw_legend(paper)
    return paper


def _name_rows(axes: Axes, found: Spectrum, room: float, height: float) -> None:
    rows = len(found.pathway) - 1
    for number, name in enumerate(found.pathway):
        axes.axhline(rows - number, color=INK, linewidth=0.8, zorder=4)
        lines = wrap(name, _LEFT - 22, SMALL, lines=max(int(height // 11), 1))
        text = "\n".join(drawable(printable(line)) for line in lines)
        middle = {0: "top", rows: "bottom"}.get(number, "center")
        axes.text(
            found.first_day - 2 * room,
            rows - number,
            text,
            ha="right",
            va=middle,
            fontproperties=font(SMALL),
            color=INK,
        )


def _draw_segment(axes: Axes, lines: pd.DataFrame, top: int, *, heavy: bool) -> None:
    from matplotlib.collections import LineCollection

    going = lines[~lines["open"]]
    start, end = going["start"].to_numpy(), going["end"].to_numpy()
    quarter = _quarters(end - start)
    # Slow lines are drawn last, so that the many quick ones cannot hide them.
    for number, colour in enumerate(_QUARTERS):
        a, b, width = _drawn_lines(start[quarter == number], end[quarter == number], axes.get_xlim())
        ends = np.stack(
            [np.stack([a, np.full(len(a), float(top))], 1), np.stack([b, np.full(len(b), top - 1.0)], 1)], 1
        )
        marks = LineCollection(list(ends), colors=colour, linewidths=width, alpha=_alpha(len(going)), zorder=2)
        marks.set_rasterized(heavy)
        axes.add_collection(marks)
    waiting = lines[lines["open"]]
    a, b = waiting["start"].to_numpy(), waiting["end"].to_numpy()
    ends = np.stack([np.stack([a, np.full(len(a), float(top))], 1), np.stack([b, np.full(len(b), top - 0.5)], 1)], 1)
    marks = LineCollection(list(ends), colors=INK, linewidths=0.8, linestyles=(0, (4, 2)), zorder=3)
    marks.set_alpha(float(np.clip(40 / max(len(waiting), 1), 0.15, 0.8)))
    marks.set_rasterized(heavy)
    axes.add_collection(marks)
    axes.plot(b, np.full(len(b), top - 0.5), "o", ms=4.5, mfc="white", mec=INK, mew=0.9, zorder=5, clip_on=False)


def _quarters(days: FloatArray) -> IntArray:
    if not len(days):
        return np.zeros(0, dtype=np.int64)
    limits = np.quantile(days, [0.25, 0.5, 0.75])
    return np.searchsorted(limits, days, side="left").astype(np.int64)


def _alpha(lines: int) -> float:
    return float(np.clip(400 / max(lines, 1), 0.25, 0.85))


def _drawn_lines(
    start: FloatArray, end: FloatArray, limits: tuple[float, float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The lines as they are, or, when there are very many, equal ones of a fine grid as one, wider."""
    if len(start) < _AGGREGATE_FROM:
        return start, end, np.full(len(start), 0.9)
    step = (limits[1] - limits[0]) / _BINS
    cells = np.round((np.stack([start, end], 1) - limits[0]) / step).astype(np.int64)
    kept, counts = np.unique(cells, axis=0, return_counts=True)
    low, high = (kept * step + limits[0]).T
    return low, high, 0.4 + 0.35 * np.log2(counts + 1.0)


def _draw_legend(paper: Paper) -> None:
    from matplotlib.lines import Line2D

    x, y = _LEFT, paper.bottom + 4
    items = [(colour, "-", word) for colour, word in zip(_QUARTERS, _QUARTER_WORDS, strict=True)]
    for colour, style, word in [*items, (INK, "--", "open")]:
        xs = [x / WIDTH, (x + 20) / WIDTH]
        look: Any = {"color": colour, "linestyle": style, "linewidth": 1.6}
        paper.figure.add_artist(Line2D(xs, [(y + 3) / HEIGHT] * 2, **look))
        paper.write((x + 24, y), word)
        x += 24 + text_width(word, SMALL) + 16
