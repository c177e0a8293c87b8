"""The page that pictures of single children are drawn on: for internal use, with the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from event_logs.log import from_days
from mining.drawing.svg import escape
from mining.drawing.text import drawable, font_file, printable, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

WIDTH, HEIGHT = 756.0, 520.0
"""Size in points; A4 landscape is 842 by 595, so the page prints at full size within margins of 37."""
SMALL, NORMAL, BIG = 9.0, 9.5, 13.0
INK, QUIET, FAINT = "#1a1a1a", "#4d4d4d", "#c8c8c8"
INTERNAL = "internal: shows single children"
RASTER_FROM = 2_000
"""From so many marks on, an SVG holds them as a picture: its text stays text, and it stays small."""

_LINE, _TITLE_LINE, _GAP = 13.0, 17.0, 6.0
_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "svg.hashsalt": "internal view",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "path.simplify": False,
    "agg.path.chunksize": 0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_DAYS = (1, 2, 7, 14)


@dataclass(frozen=True)
class Words:
    """What stands around the marks."""

    title: str
    """The heading; that the picture is internal is added to it."""
    notes: tuple[str, ...]
    """Sentences under the marks."""
    alt: str
    """What the picture shows, for those who cannot see it."""


class Paper:
    """A page with room for marks between its heading and its notes; lengths in points from the lower left corner."""

    def __init__(self, words: Words) -> None:
        from matplotlib.figure import Figure

        self.figure: Figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        self.words = words
        y = HEIGHT - 4
        for text in wrap(f"{words.title} ({INTERNAL})", WIDTH - 24, BIG, bold=True):
            y -= _TITLE_LINE
            self.write((12, y), text, size=BIG, bold=True)
        self.top = y - _GAP
        lines = [line for note in words.notes for line in wrap(note, WIDTH - 24, NORMAL)]
        for number, text in enumerate(lines):
            self.write((12, 6 + _LINE * (len(lines) - 1 - number)), text, size=NORMAL)
        self.bottom = 6 + _LINE * len(lines) + _GAP

    def write(
        self, place: tuple[float, float], text: str, *, size: float = SMALL, bold: bool = False, align: str = "left"
    ) -> None:
        """Put a line of text on the page."""
        shown = drawable(printable(text), bold=bold)
        look: Any = {"fontproperties": font(size, bold=bold), "color": INK, "ha": align}
        self.figure.text(place[0] / WIDTH, place[1] / HEIGHT, shown, **look)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place of the page."""
        box = (left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT)
        axes: Axes = self.figure.add_axes(box, facecolor="none")
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(QUIET)
        axes.set_yticks([])
        return axes


def drawn(path: Path, paint: Any) -> Path:
    """Write what `paint()` puts on a `Paper` as the file type its name says: .svg, .png or .pdf.

    A user's own matplotlib settings do not change it. Raises ValueError for another file type.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise ValueError(f"a picture is written as .svg, .png or .pdf, got {path.name!r}")
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        paper: Paper = paint()
        FigureCanvasAgg(paper.figure)
        buffer = BytesIO()
        paper.figure.savefig(buffer, format=kind, dpi=150 if kind == "svg" else 200, metadata=_METADATA[kind])
    data = buffer.getvalue()
    path.write_bytes(_described(data, paper.words) if kind == "svg" else data)
    return path


def font(size: float, *, bold: bool = False) -> FontProperties:
    """The font that comes with matplotlib, whatever else is installed."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(font_file(bold=bold)), size=size, weight="bold" if bold else "normal")


def date_ticks(low: float, high: float, width: float) -> tuple[list[float], list[str]]:
    """Places (days since 1970-01-01) and labels for a time axis: years, months or days, as many as have room."""
    most = max(int(width / (text_width("2024-12-31", SMALL) + 14)), 2)
    first, last = (pd.Timestamp(value) for value in from_days([low, high]))
    months = (last.year - first.year) * 12 + last.month - first.month
    if months >= 4:
        step = next((one for one in _MONTHS if months / one <= most), 600)
        starts = range(-(-(first.year * 12 + first.month - 1) // step) * step, last.year * 12 + last.month, step)
        dates = [pd.Timestamp(year=month // 12, month=month % 12 + 1, day=1) for month in starts]
        labels = [f"{date:%Y}" if step >= 12 else f"{date:%Y-%m}" for date in dates]
    else:
        days = max(int(np.ceil(high - low)), 1)
        step = next((one for one in _DAYS if days / one <= most), 28)
        dates = [first.floor("D") + pd.Timedelta(days=n) for n in range(0, days + 1, step)]
        labels = [f"{date:%Y-%m-%d}" for date in dates]
    places = [(date - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1) for date in dates]
    inside = [(place, label) for place, label in zip(places, labels, strict=True) if low <= place <= high]
    return [place for place, _ in inside], [label for _, label in inside]


def set_ticks(axes: Axes, places: Sequence[float], labels: Sequence[str]) -> None:
    """Ticks on the axis below, lettered at 9 pt."""
    axes.set_xticks(list(places), [drawable(printable(label)) for label in labels])
    axes.tick_params(length=3, color=QUIET)
    for text in axes.get_xticklabels():
        text.set_fontproperties(font(SMALL))
        text.set_color(INK)


def _described(data: bytes, words: Words) -> bytes:
    """The SVG with its title and description, and without references to anything outside."""
    text = data.decode()
    text = re.sub(r"<!DOCTYPE.*?>\n?", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    title = escape(printable(f"{words.title} ({INTERNAL})"))
    about = f"<title>{title}</title>\n <desc>{escape(printable(words.alt))}</desc>"
    return re.sub(r"<svg ([^>]*)>", lambda tag: f'<svg role="img" {tag[1]}>\n {about}', text, count=1).encode()
