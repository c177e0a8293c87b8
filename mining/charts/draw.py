"""Charts as SVG, PNG and PDF: the same bytes every time, no text under 9 pt, no meaning in colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mining.charts.band import Band
from mining.charts.caption import Caption, alt_text
from mining.charts.cusum import Cusum
from mining.charts.layout import (
    BIG,
    BLUE,
    INK,
    LEFT,
    LINE,
    NORMAL,
    ORANGE,
    PINK,
    QUIET,
    SMALL,
    SYMBOLS,
    TITLE_LINE,
    WIDTH,
    Page,
    plan,
    shape_of,
)
from mining.charts.rules import FloatArray
from mining.charts.run_chart import RunChart
from mining.charts.shewhart import ShewhartChart
from mining.charts.shewhart_rules import Rules
from mining.drawing.figures import METADATA, described, font, rendered
from mining.drawing.text import drawable, printable, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_chart(
    chart: RunChart | ShewhartChart,
    path: Path,
    *,
    caption: Caption,
    rules: Rules | None = None,
    panel: Cusum | None = None,
    band: Band | None = None,
) -> None:
    """Write a chart as the file type its name says: .svg, .png or .pdf. It fits A4 landscape at full size.

    The median or centre line is solid over the points it comes from and dashed where it is extended; the line of an
    earlier phase stays in sight, dotted. Points of a shift stand in squares, those of a trend are triangles, other
    signals stand in diamonds, points a person flagged in stars, each named in a bracket above; points not complete
    yet are hollow. Where fewer than 20 children stand behind a point, their numbers are printed. What the rules say,
    and how often they say it by chance, stands below. `rules` are for Shewhart charts; `panel` adds the CUSUM of
    single children beneath, `band` where points were predicted to lie behind them. An SVG carries `alt_text` as its
    description.

    Raises ValueError for another file type and for a marker that lies outside the chart.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in METADATA:
        raise ValueError(f"a chart is written as .svg, .png or .pdf, got {path.name!r}")
    path.write_bytes(_rendered(chart, kind, caption, (rules, panel, band)))


def chart_svg(
    chart: RunChart | ShewhartChart,
    *,
    caption: Caption,
    rules: Rules | None = None,
    panel: Cusum | None = None,
    band: Band | None = None,
) -> str:
    """The chart of `draw_chart` as SVG text that stands in a page as it is: no header, nothing from outside."""
    text = _rendered(chart, "svg", caption, (rules, panel, band)).decode()
    return text[text.index("<svg") :]


def _rendered(
    chart: RunChart | ShewhartChart,
    kind: str,
    caption: Caption,
    beside: tuple[Rules | None, Cusum | None, Band | None],
) -> bytes:
    rules, panel, band = beside
    page = plan(chart, caption, rules, panel, band)
    data = rendered(lambda: _Picture(chart, caption, band, page).drawn(panel), kind=kind)
    if kind == "svg":
        data = described(data, caption.title, alt_text(chart, caption=caption, rules=rules, panel=panel, band=band))
    return data


@dataclass(frozen=True, eq=False)
class _Picture:
    """Draws one chart on its planned page."""

    chart: RunChart | ShewhartChart
    caption: Caption
    band: Band | None
    page: Page

    def drawn(self, panel: Cusum | None) -> Figure:
        """The figure, from the top down: title, strip of brackets, points, numbers, CUSUM, words."""
        from matplotlib.figure import Figure

        page = self.page
        figure = Figure(figsize=(WIDTH / 72, page.high / 72))
        y = page.high - 4
        for text in page.title:
            y -= TITLE_LINE
            self._write(figure, (12, y), text, BIG, bold=True)
        for text in page.label:
            y -= LINE
            self._write(figure, (12, y), text, NORMAL, colour=QUIET)
        top = page.high - page.head - page.strip
        main = self._box(figure, top - page.plot, page.plot)
        self._scale(main)
        if self.band:
            self.band.draw(main)
        self._draw_lines(main)
        self._draw_points(main)
        self._draw_ticks(main)
        if page.rows:
            self._draw_strip(self._box(figure, top, page.strip), main)
        if panel:
            _draw_panel(self._box(figure, page.foot + 34, page.panel - 56), panel)
        for number, line in enumerate(page.lines):
            y = page.foot - 14 - LINE * number
            if line.symbol:
                look = {"marker": line.symbol.marker, "mfc": line.symbol.face, "mec": line.symbol.edge}
                figure.add_artist(_legend_symbol(14 / WIDTH, (y + 3.2) / page.high, look))
            self._write(figure, (24, y), line.text, NORMAL)
        return figure

    def _box(self, figure: Figure, bottom: float, height: float) -> Axes:
        page = self.page
        box = (LEFT / WIDTH, bottom / page.high, page.wide / WIDTH, height / page.high)
        axes: Axes = figure.add_axes(box, facecolor="none", xlim=(-0.5, page.positions - 0.5))
        return axes

    def _write(
        self,
        figure: Figure,
        place: tuple[float, float],
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
    ) -> None:
        x, y = place
        shown = drawable(printable(text), bold=bold)
        figure.text(x / WIDTH, y / self.page.high, shown, fontproperties=font(size, bold=bold), color=colour)

    def _scale(self, axes: Axes) -> None:
        chart = self.chart
        shown = [chart.points.values, chart.centre]
        if isinstance(chart, ShewhartChart):
            shown += [chart.lower, chart.upper]
        if chart.points.provisional is not None:
            shown.append(chart.points.provisional)
        if self.band:
            shown.append(self.band.values)
        values = np.concatenate(shown)
        values = values[~np.isnan(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if 0 <= low < 0.6 * high:
            low = 0.0
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        # The scale ends at 0, and for shares at 1, where no value can lie beyond.
        top = min(high + room, 1.0) if self.caption.percent and high <= 1.0 else high + room
        axes.set_ylim(low if low == 0 and high > 0 else low - room, top)
        if not len(values):
            axes.set_yticks([])
        _frame(axes)
        axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
        axes.set_axisbelow(True)

    def _draw_lines(self, axes: Axes) -> None:
        chart = self.chart
        if isinstance(chart, RunChart):
            stretches = [(phase.start, phase.frozen, phase.stop) for phase in chart.phases]
        else:
            stretches = [(part.start, part.frozen, part.stop) for part in chart.parts]
        count = len(chart.points)
        for start, frozen, stop in stretches:
            if stop > start and not np.isnan(chart.centre[start]):
                _level(axes, chart.centre, (start, frozen), "-", PINK)
                _level(axes, chart.centre, (frozen, stop), "--", PINK)
                # The old line stays in sight when a new phase begins.
                _level(axes, np.full(count, chart.centre[start]), (stop, count), ":", PINK, width=0.9)
                if isinstance(chart, ShewhartChart):
                    for limit in (chart.lower, chart.upper):
                        _level(axes, limit, (start, stop), "-.", QUIET, width=1.0)
        self._name_lines(axes, [stop - 1 for start, _, stop in stretches if stop > start])

    def _name_lines(self, axes: Axes, ends: list[int]) -> None:
        """The value of each line at its right end, moved apart where they would touch."""
        chart = self.chart
        if not ends or np.isnan(chart.centre[ends[-1]]):
            return
        name = "median" if isinstance(chart, RunChart) or chart.kind == "g" else "mean"
        named = [(float(chart.centre[ends[-1]]), name)]
        named += [(float(chart.centre[end]), "before:") for end in ends[:-1]]
        if isinstance(chart, ShewhartChart) and chart.lower[-1] != chart.upper[-1]:
            named += [(float(chart.lower[-1]), "lower limit"), (float(chart.upper[-1]), "upper limit")]
        named += self.band.named if self.band else ()
        low, high = axes.get_ylim()
        least, place = 12.0 / self.page.plot * (high - low), -np.inf
        x = self.page.positions - 0.5 + 5 * self.page.positions / self.page.wide
        for value, word in sorted((one for one in named if not np.isnan(one[0])), key=lambda one: one[0]):
            place = max(value, place + least)
            text = drawable(f"{word} {self.caption.number(value)}")
            axes.text(x, place, text, va="center", fontproperties=font(SMALL), color=INK)

    def _draw_points(self, axes: Axes) -> None:
        values = self.chart.points.values
        axes.plot(np.arange(len(values)), values, "-", color=BLUE, linewidth=1.1, zorder=3)
        plain = set(range(len(values)))
        for finding in self.page.findings:
            shape = shape_of(finding)
            if shape:
                symbol, here = SYMBOLS[shape], np.array(finding.points, dtype=np.int64)
                look: Any = {"markersize": symbol.size, "mfc": symbol.face, "mec": symbol.edge, "mew": 1.2}
                axes.plot(here, values[here], symbol.marker, zorder=5, clip_on=False, **look)
                if shape.startswith("trend"):
                    plain -= set(finding.points)
        dots = np.array(sorted(plain), dtype=np.int64)
        axes.plot(dots, values[dots], "o", color=BLUE, markersize=5.5, zorder=6, clip_on=False)
        hollow = self.chart.points.provisional
        if hollow is not None:
            axes.plot(
                np.arange(len(hollow)), hollow, "o", markersize=6.5, mfc="white", mec=BLUE, zorder=6, clip_on=False
            )

    def _draw_strip(self, axes: Axes, main: Axes) -> None:
        axes.set_axis_off()
        axes.set_ylim(0, len(self.page.rows))
        gap = 5 * self.page.positions / self.page.wide
        for number, row in enumerate(self.page.rows):
            for item in row:
                first, last = item.at
                place, side = (first + last) / 2, "center"
                if item.bracket:
                    height = [number + 0.1, number + 0.28, number + 0.28, number + 0.1]
                    axes.plot([first, first, last, last], height, color=item.colour, linewidth=1.2, clip_on=False)
                else:
                    axes.plot([first, first], [0, number + 0.9], color=INK, linewidth=1.1, clip_on=False)
                    main.axvline(first, color=INK, linewidth=1.1, zorder=2)
                    place, side = (first - gap, "right") if item.text_left else (first + gap, "left")
                look: Any = {"ha": side, "fontproperties": font(SMALL), "color": INK}
                axes.text(place, number + 0.4, drawable(printable(item.text)), **look)

    def _draw_ticks(self, axes: Axes) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        points, scale = self.chart.points, self.page.wide / self.page.positions
        if not (np.isnan(points.values).all() and np.isnan(self.chart.centre).all()) or points.provisional is not None:
            axes.yaxis.set_major_locator(MaxNLocator(6))
            axes.yaxis.set_major_formatter(
                FuncFormatter(lambda value, _: f"{100 * value:.0f}%" if self.caption.percent else f"{value:,g}")
            )
        widest = max((text_width(label, SMALL) for label in points.labels), default=0.0) + 12
        places = list(range(0, len(points), max(1, int(np.ceil(widest / scale)))))
        axes.set_xticks(places, [drawable(printable(points.labels[i])) for i in places])
        _small_ticks(axes)
        if self.page.counted and points.counts is not None:
            drop = -30 / self.page.plot
            look: Any = {
                "transform": axes.get_xaxis_transform(),
                "va": "center",
                "fontproperties": font(SMALL),
                "color": QUIET,
            }
            axes.text(-0.5 - 8 / scale, drop, "n =", ha="right", **look)
            every = scale >= text_width("00", SMALL) + 4
            for i in range(len(points)) if every else places:
                if np.isfinite(points.counts[i]):
                    axes.text(i, drop, f"{points.counts[i]:.0f}", ha="center", **look)


def _draw_panel(axes: Axes, panel: Cusum) -> None:
    """The CUSUM: one point a child, and its limit."""
    n = len(panel.path)
    known = panel.path[~np.isnan(panel.path)]
    top = max([*known.tolist(), 0.0 if np.isnan(panel.limit) else panel.limit, 1.0])
    axes.set(xlim=(0, max(n, 1) + 0.5), ylim=(0, top * 1.15))
    axes.plot(np.arange(n + 1), [0.0, *panel.path], "-", color=BLUE, linewidth=1.2)
    if not np.isnan(panel.limit):
        axes.axhline(panel.limit, color=QUIET, linestyle="-.", linewidth=1.0)
        look: Any = {"va": "center", "fontproperties": font(SMALL), "color": INK}
        axes.text(1.01, panel.limit, f"limit {panel.limit:.1f}", transform=axes.get_yaxis_transform(), **look)
    if panel.detected is not None:
        at = panel.detected - panel.baseline
        symbol = SYMBOLS["signal"]
        mark: Any = {"markersize": 9, "mfc": "none", "mec": ORANGE, "mew": 1.4}
        axes.plot([at + 1], [panel.path[at]], symbol.marker, clip_on=False, **mark)
    _frame(axes)
    _small_ticks(axes)
    title = f"CUSUM, by number of children finished after the {panel.baseline} of the baseline"
    axes.set_title(title, loc="left", fontproperties=font(NORMAL), color=INK, pad=5)


def _frame(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)


def _small_ticks(axes: Axes) -> None:
    axes.tick_params(length=3, color=QUIET)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_fontproperties(font(SMALL))
        text.set_color(INK)


def _level(
    axes: Axes, level: FloatArray, between: tuple[int, int], style: str, colour: str, *, width: float = 1.5
) -> None:
    """A line at the level of each point, as steps where it changes from point to point."""
    start, stop = between
    if stop > start:
        edges = np.repeat(np.arange(start, stop + 1) - 0.5, 2)[1:-1]
        axes.plot(edges, np.repeat(level[start:stop], 2), style, color=colour, linewidth=width, zorder=2)


def _legend_symbol(x: float, y: float, look: dict[str, Any]) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([x], [y], linestyle="none", markersize=7, mew=1.2, **look)
