"""Bars of where children had got to after one, two and three years, those still waiting among them."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mining.drawing.svg import escape
from mining.drawing.text import drawable, font_file, printable, text_width, wrap
from mining.outcomes import STILL_WAITING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 756.0  # points; A4 landscape within margins
_LINE, _TEXT, _HEAD, _TITLE = 16.0, 9.5, 10.5, 13.0
_EDGE = 12.0
_INK, _QUIET, _REACHED, _WAITING = "#1a1a1a", "#4d4d4d", "#12436d", "#d9d9d9"
_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "svg.hashsalt": "outcome bars",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def draw_outcomes(table: pd.DataFrame, path: Path, *, title: str) -> None:
    """Draw the table of `mining.outcomes.competing_outcomes` as the file type its name says: .svg, .png or .pdf.

    A bar for each end and, hatched, for those still waiting, under a heading for each horizon; a line through the end
    of a bar is its 95 % interval, and both are printed. A horizon nobody was followed to says so in words. The same
    table gives the same bytes. Raises ValueError for another file type or a table without rows.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise ValueError(f"a picture is written as .svg, .png or .pdf, got {path.name!r}")
    if table.empty:
        raise ValueError("table must have rows: it is that of competing_outcomes")
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = _figure(table, title)
        FigureCanvasAgg(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format=kind, dpi=200, metadata=_METADATA[kind])
    data = buffer.getvalue()
    path.write_bytes(_described(data, title, outcomes_in_words(table)) if kind == "svg" else data)


def outcomes_in_words(table: pd.DataFrame) -> str:
    """The table of `mining.outcomes.competing_outcomes` as sentences, one a horizon.

    >>> outcomes_in_words(pd.DataFrame({"years": [1, 1], "outcome": ["Adopted", "Still waiting"], "share": [0.25, 0.75],
    ...     "low_share": [0.1, 0.6], "high_share": [0.4, 0.9], "note": ["", ""]}))
    'After 1 year: Adopted 25% (10 to 40%); Still waiting 75% (60 to 90%).'
    """
    sentences = []
    for years, rows in table.groupby("years", sort=True):
        if rows["share"].isna().any():
            sentences.append(f"After {_years(years)}: {rows['note'].iloc[0]}.")
            continue
        parts = [f"{row['outcome']} {_told(row)}" for row in rows.to_dict("records")]
        sentences.append(f"After {_years(years)}: {'; '.join(parts)}.")
    return " ".join(sentences)


def _years(years: object) -> str:
    number = float(str(years))
    return f"{number:g} year" if number == 1 else f"{number:g} years"


def _told(row: dict[Any, Any]) -> str:
    share = "under 1%" if 0 < row["share"] < 0.005 else f"{100 * row['share']:.0f}%"
    if pd.isna(row["low_share"]):
        return share
    digits = 1 if row["high_share"] < 0.015 else 0
    return f"{share} ({100 * row['low_share']:.{digits}f} to {100 * row['high_share']:.{digits}f}%)"


def _figure(table: pd.DataFrame, title: str) -> Figure:
    from matplotlib.figure import Figure

    heading = wrap(title, _WIDTH - 2 * _EDGE, _TITLE, bold=True)
    lines = len(table) + 1.6 * table["years"].nunique() + 2.5
    height = _LINE * lines + 18 * len(heading) + 2 * _EDGE
    figure: Figure = Figure(figsize=(_WIDTH / 72, height / 72))
    for number, text in enumerate(heading):
        _write(figure, (_EDGE, height - _EDGE - 18 * (number + 1) + 5), text, _TITLE, bold=True)
    left = max(text_width(str(name), _TEXT) for name in table["outcome"]) + 2 * _EDGE
    box = (left / _WIDTH, (_EDGE + 2.2 * _LINE) / height, 0.86 - left / _WIDTH, 0.0)
    top = height - 18 * len(heading) - _EDGE
    axes: Axes = figure.add_axes((*box[:3], top / height - box[1]), facecolor="none")
    y = 0.0
    for years, rows in table.groupby("years", sort=True):
        y -= 1.4
        _label(axes, left, y, f"After {_years(years)}", _HEAD, bold=True)
        if rows["share"].isna().any():
            axes.text(0.01, y, drawable(printable(str(rows["note"].iloc[0]))), va="center", **_look(_TEXT))
        for row in rows.to_dict("records"):
            y -= 1.0
            _label(axes, left, y, str(row["outcome"]), _TEXT)
            _bar(axes, y, row)
        y -= 0.2
    _frame(axes, y)
    return figure


def _bar(axes: Axes, y: float, row: dict[Any, Any]) -> None:
    if pd.isna(row["share"]):
        axes.text(0.01, y, "not yet known", va="center", **_look(_TEXT))
        return
    waiting = row["outcome"] == STILL_WAITING
    look = {"color": _WAITING, "hatch": "///", "edgecolor": _QUIET} if waiting else {"color": _REACHED}
    axes.barh(y, row["share"], height=0.68, **look)  # type: ignore[arg-type]
    end = float(row["share"])
    if pd.notna(row["low_share"]):
        end = max(end, float(row["high_share"]))
        axes.plot([row["low_share"], row["high_share"]], [y, y], color="white", linewidth=3.4, solid_capstyle="butt")
        axes.plot([row["low_share"], row["high_share"]], [y, y], color=_INK, linewidth=1.4, marker="|", markersize=6)
    axes.text(end + 0.012, y, _told(row), va="center", **_look(_TEXT))


def _frame(axes: Axes, y: float) -> None:
    axes.set_ylim(y - 0.5, 0.0)
    axes.set_xlim(0.0, 1.0)
    axes.set_yticks([])
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_xticks(ticks, [f"{100 * tick:.0f}%" for tick in ticks])
    for label in axes.get_xticklabels():
        label.set(**_look(_TEXT))
    axes.set_xlabel("share of children, with 95 % interval; open cases counted", **_look(_TEXT))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _label(axes: Axes, left: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
    """Words in the margin left of the bars."""
    axes.annotate(
        drawable(printable(text), bold=bold), (0, y), xytext=(-left + _EDGE, 0), textcoords="offset points",
        va="center", ha="left", annotation_clip=False, **_look(size, bold=bold),
    )  # fmt: skip


def _write(figure: Figure, place: tuple[float, float], text: str, size: float, *, bold: bool = False) -> None:
    width, height = figure.get_size_inches() * 72
    shown = drawable(printable(text), bold=bold)
    figure.text(place[0] / width, place[1] / height, shown, **_look(size, bold=bold))


def _look(size: float, *, bold: bool = False) -> dict[str, Any]:
    from matplotlib.font_manager import FontProperties

    weight = "bold" if bold else "normal"
    return {"fontproperties": FontProperties(fname=str(font_file(bold=bold)), size=size, weight=weight), "color": _INK}


def _described(data: bytes, title: str, words: str) -> bytes:
    """The SVG with its title and description, and without references to anything outside."""
    text = re.sub(r"<!DOCTYPE.*?>\n?", "", data.decode(), flags=re.DOTALL)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    about = f"<title>{escape(printable(title))}</title>\n <desc>{escape(printable(words))}</desc>"
    return re.sub(r"<svg ([^>]*)>", lambda tag: f'<svg role="img" {tag[1]}>\n {about}', text, count=1).encode()
