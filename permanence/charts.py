"""Small drawings for the cells of a table: a bar, a point, an interval on a shared scale. The figures stand beside."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

WIDTH, HEIGHT = 220.0, 22.0
_PAD = 20.0
_LETTER, _GAP = 8.0, 4.0
"""Pixels that a bold digit of a tick's value takes at most, and between two values."""
INK, FILL, MARK, FAINT = "#12436d", "#9dbdd8", "#801650", "#b1b4b6"


@dataclass(frozen=True)
class Scale:
    """From values to places across a drawing."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Iterable[float | None], *, least: float | None = 0.0) -> Scale:
        """A scale with round ticks that holds all values that are known, and `least`."""
        known = [value for value in values if value is not None] + ([] if least is None else [least])
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        if low == high:
            high = low + 1.0
        step = _round_step((high - low) / 3.5)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
        return cls(ticks[0], ticks[-1], ticks)

    def x(self, value: float) -> float:
        """Where a value stands, in pixels from the left."""
        return round(_PAD + (value - self.low) / (self.high - self.low) * (WIDTH - 2 * _PAD), 2)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def axis(scale: Scale, *, percent: bool = False) -> Markup:
    """The scale's ticks, with the values of as many as there is room for, that of zero among them."""
    labels = [f"{tick * 100:g}%" if percent else _short(tick) for tick in scale.ticks]
    written = _with_room([scale.x(tick) for tick in scale.ticks], labels, scale.ticks.index(min(scale.ticks, key=abs)))
    parts = []
    for number, tick in enumerate(scale.ticks):
        x = scale.x(tick)
        parts.append(f'<line x1="{x}" x2="{x}" y1="17" y2="22" stroke="#505a5f"/>')
        if number in written:
            text = f'<text x="{x}" y="13" text-anchor="middle" font-size="13" fill="#0b0c0c">{labels[number]}</text>'
            parts.append(text)
    return _svg(parts)


def _with_room(places: list[float], labels: list[str], zero: int) -> list[int]:
    """Every tick, or every second, third... from zero on, so that the values neither touch nor are cut off."""
    half = [_LETTER * len(label) / 2 for label in labels]
    fitting = [n for n, x in enumerate(places) if half[n] <= x <= WIDTH - half[n]]
    for stride in range(1, len(places) + 1):
        chosen = [n for n in fitting if (n - zero) % stride == 0]
        if all(places[b] - places[a] >= half[a] + half[b] + _GAP for a, b in pairwise(chosen)):
            return chosen
    return []


def _short(number: float) -> str:
    """A tick's value in little room.

    >>> _short(-1500.0), _short(200000.0), _short(1e6)
    ('−1,500', '200k', '1m')
    """
    size = abs(number)
    text = f"{number / 1e6:g}m" if size >= 1e6 else f"{number / 1e3:g}k" if size >= 1e4 else f"{number:,g}"
    return text.replace("-", "−")


def bar(scale: Scale, value: float | None, low: float | None, high: float | None) -> Markup:
    """A bar from zero with its interval."""
    if value is None:
        return Markup("")
    left, right = sorted((scale.x(0.0), scale.x(value)))
    shape = f'<rect x="{left}" y="4" width="{round(right - left, 2)}" height="14" fill="{FILL}"/>'
    return _svg([*_grid(scale), shape, *_whisker(scale, low, high), _dot(scale, value)])


def point(
    scale: Scale,
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    other: float | None = None,
    limit: float | None = None,
) -> Markup:
    """A point with its interval, another value as an open diamond, and a limit as an upright line."""
    parts = _grid(scale)
    if limit is not None:
        x = scale.x(limit)
        parts.append(f'<line x1="{x}" x2="{x}" y1="1" y2="21" stroke="{MARK}" stroke-width="2.5"/>')
    parts += _whisker(scale, low, high)
    if value is not None:
        parts.append(_dot(scale, value))
    if other is not None:
        x = scale.x(other)
        parts.append(f'<path d="M{x} 4l7 7l-7 7l-7 -7z" fill="none" stroke="{INK}" stroke-width="1.5"/>')
    return _svg(parts)


def difference(scale: Scale, value: float | None, low: float | None, high: float | None) -> Markup:
    """A difference with its interval against the line of no difference."""
    x = scale.x(0.0)
    parts = [*_grid(scale), f'<line x1="{x}" x2="{x}" y1="0" y2="22" stroke="{MARK}" stroke-width="2.5"/>']
    parts += _whisker(scale, low, high)
    if value is not None:
        parts.append(_dot(scale, value))
    return _svg(parts)


def swing(scale: Scale, middle: float, low: float, high: float) -> Markup:
    """A bar between two values, about the line of a middle one; the end for the low value is filled."""
    x = scale.x(middle)
    parts = _grid(scale)
    for end, fill in ((low, INK), (high, FILL)):
        left, right = sorted((x, scale.x(end)))
        parts.append(f'<rect x="{left}" y="5" width="{round(right - left, 2)}" height="12" fill="{fill}"/>')
    parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="22" stroke="{MARK}" stroke-width="2.5"/>')
    return _svg(parts)


def _grid(scale: Scale) -> list[str]:
    places = [scale.x(tick) for tick in scale.ticks]
    return [f'<line x1="{x}" x2="{x}" y1="0" y2="22" stroke="{FAINT}" stroke-width="0.7"/>' for x in places]


def _whisker(scale: Scale, low: float | None, high: float | None) -> list[str]:
    if low is None or high is None:
        return []
    a, b = scale.x(low), scale.x(high)
    return [
        f'<line x1="{a}" x2="{b}" y1="11" y2="11" stroke="{INK}" stroke-width="2"/>',
        *(f'<line x1="{x}" x2="{x}" y1="6" y2="16" stroke="{INK}" stroke-width="2"/>' for x in (a, b)),
    ]


def _dot(scale: Scale, value: float) -> str:
    return f'<circle cx="{scale.x(value)}" cy="11" r="3.2" fill="{INK}"/>'


def _svg(parts: Iterable[str]) -> Markup:
    # Hidden from screen readers: every figure drawn also stands as text in the same row.
    size = f'width="{WIDTH:g}" height="{HEIGHT:g}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}"'
    return Markup(f'<svg class="cell" aria-hidden="true" focusable="false" {size}>{"".join(parts)}</svg>')
