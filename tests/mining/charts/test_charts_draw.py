"""Pictures of charts: the same bytes everywhere, type of 9 pt and more, meaning in shape and words, alt text."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from mining.charts import Caption, Marker, Rules, alt_text, cusum, draw_chart, run_chart, shewhart
from mining.charts.caption import marker_place
from mining.charts.layout import RIGHT, SMALL, WIDTH, Page, plan
from mining.charts.run_chart import RunChart
from mining.drawing.text import text_width

NA = float("nan")
DOWN = [
    *(210, 185, 240, 198, 225, 260, 190, 215, 205, 233, 199, 221),
    *(176, 160, 182, 150, 171, 158, 169, 181, 149, 175, 163, 157),
]
TRENDY = [10, 12, 9, 11, 8, 9, 10, 11, 12, 13, 9, 8, 10, 11, 7, 6, 5, 4, 9, 10]
SVG = "{http://www.w3.org/2000/svg}"


HOLLOW = "Hollow points are not complete yet, and no rule judges them."


def monthly(values: Sequence[float], *, n: int = 5, incomplete: int = 0) -> pd.DataFrame:
    months = pd.date_range("2022-01-01", periods=len(values), freq="MS")
    frame = pd.DataFrame(
        {"label": months.strftime("%Y-%m"), "start": months, "value": values, "n": n, "complete": True}
    )
    frame.loc[len(values) - incomplete :, "complete"] = False
    return frame


def example() -> tuple[RunChart, Caption]:
    chart = run_chart(monthly(DOWN, incomplete=2), baseline=12).flagged(5, "strike <of> the panel & all")
    caption = Caption(
        title="Legal advice & <waits>",
        value_label="Median days",
        markers=(Marker(pd.Timestamp("2023-01-01"), "Earlier advice"),),
        notes=("Source: made up.",),
    )
    return chart, caption


def texts_of(path: Path) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.parse(path).iter(f"{SVG}text")]


def test_same_bytes_whatever_the_hash_seed_and_the_users_settings(tmp_path: Path) -> None:
    chart, caption = example()
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\nsvg.fonttype: path\naxes.grid: True\n")
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path; from test_charts_draw import example; "
        "from mining.charts import draw_chart; chart, caption = example(); "
        "[draw_chart(chart, Path(sys.argv[1]).with_suffix(kind), caption=caption) for kind in ('.svg', '.png', '.pdf')]"
    )
    root = Path(__file__).resolve().parents[3]
    there = tmp_path / "there"
    environment = {**os.environ, "PYTHONHASHSEED": "17", "MATPLOTLIBRC": str(tmp_path), "TZ": "Asia/Tokyo"}
    subprocess.run(
        [sys.executable, "-c", code, str(there), str(root), str(Path(__file__).parent)], check=True, env=environment
    )
    for kind in (".svg", ".png", ".pdf"):
        here = tmp_path / f"here{kind}"
        draw_chart(chart, here, caption=caption)
        assert here.read_bytes() == there.with_suffix(kind).read_bytes()
        assert len(here.read_bytes()) > 5000


def test_svg_speaks_for_itself(tmp_path: Path) -> None:
    chart, caption = example()
    path = tmp_path / "chart.svg"
    draw_chart(chart, path, caption=caption)
    raw = path.read_text()
    root = ElementTree.fromstring(raw)
    assert root.get("role") == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == "Legal advice & <waits>"
    assert root[1].text == alt_text(chart, caption=caption)
    # Nothing from outside, and no word of when or with what it was made.
    assert set(re.findall(r"https?://[^\"]*", raw)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<!DOCTYPE" not in raw
    assert "matplotlib" not in raw.lower()
    assert len(re.findall("font-weight: 700", raw)) == 1  # the title


def test_type_is_nine_points_or_more_and_fits_a4_landscape(tmp_path: Path) -> None:
    chart, caption = example()
    path = tmp_path / "chart.svg"
    draw_chart(chart, path, caption=caption, panel=cusum([100.0, 130, 90, 120] * 6, 12))
    root = ElementTree.parse(path).getroot()
    sizes = [float(size) for size in re.findall(r"font(?:-size)?:[^;\"]*?([\d.]+)px", path.read_text())]
    assert len(sizes) > 40
    assert min(sizes) >= 9
    # One user unit is a point: the picture stands on A4 landscape, 842 by 595 points, as it is.
    assert root.get("width") == "756pt"
    assert float(str(root.get("height")).removesuffix("pt")) <= 595
    assert str(root.get("viewBox")).split()[2:] == ["756", str(root.get("height")).removesuffix("pt")]


def test_signals_are_named_in_words(tmp_path: Path) -> None:
    chart, caption = example()
    path = tmp_path / "chart.svg"
    draw_chart(chart, path, caption=caption)
    texts = texts_of(path)
    for text in (
        "shift below",
        "astronomical",
        "Earlier advice",
        "median 212.5",
        "n =",
        "2022-01",
        "Source: made up.",
        HOLLOW,
    ):
        assert text in texts, text
    assert texts.count("5") == 24  # a number of children under each point
    assert any(text.startswith("Shift: 10 points in a row below the median") for text in texts)
    assert any("of 100 charts" in text for text in texts)


def markers_of(path: Path) -> dict[str, int]:
    """How many points each shape marks, by the outline of its symbol: a square has 4 corners, a triangle 3, ..."""
    root = ElementTree.parse(path).getroot()
    outlines = {f"#{node.get('id')}": str(node.get("d")) for node in root.iter(f"{SVG}path") if node.get("id")}
    count: dict[str, int] = {}
    for use in root.iter(f"{SVG}use"):
        outline = outlines[str(use.get("{http://www.w3.org/1999/xlink}href"))]
        count[outline] = count.get(outline, 0) + 1
    return count


def test_shapes_differ_not_only_colours(tmp_path: Path) -> None:
    plain, shift, trend = (tmp_path / f"{name}.svg" for name in ("plain", "shift", "trend"))
    draw_chart(run_chart([31, 28, 35, 30, 27, 33, 29, 34]), plain, caption=Caption(title="x"))
    draw_chart(run_chart(DOWN, baseline=12), shift, caption=Caption(title="x"))
    draw_chart(run_chart(TRENDY), trend, caption=Caption(title="x"))
    plain_shapes = set(markers_of(plain))
    new = {path: {s: n for s, n in markers_of(path).items() if s not in plain_shapes} for path in (shift, trend)}
    assert 12 in new[shift].values()  # twelve squares
    assert {6, 5} <= set(new[trend].values())  # six triangles up, five down
    assert not set(new[shift]) & set(new[trend])


def test_line_is_solid_over_the_baseline_and_dashed_beyond(tmp_path: Path) -> None:
    def dashes(chart: RunChart) -> list[str]:
        path = tmp_path / "chart.svg"
        draw_chart(chart, path, caption=Caption(title="x"))
        lines = re.findall(r'<path d="([^"]*)"[^>]*style="fill: none; ([^"]*stroke: #801650[^"]*)"', path.read_text())
        return [
            "dashed" if "stroke-dasharray" in style else "solid" for shape, style in lines if shape.count("L") >= 10
        ]

    assert dashes(run_chart(DOWN)) == ["solid"]
    assert sorted(dashes(run_chart(DOWN, baseline=12))) == ["dashed", "solid"]


def test_labels_neither_touch_nor_leave_the_page() -> None:
    values = [float(value) for value in np.random.default_rng(5).normal(50, 9, 60)]
    markers = tuple(
        Marker(when, f"Change number {number} with a long label")
        for number, when in enumerate(pd.date_range("2022-02-10", "2026-11-20", periods=7))
    )
    caption = Caption(title="A title " * 40, markers=markers)
    for chart in (run_chart(monthly(values), baseline=12), shewhart(values * 1, "i", baseline=20)):
        chosen = (
            caption if isinstance(chart, RunChart) else Caption(title="x", markers=(Marker(59, "At the very end"),))
        )
        page = plan(chart, chosen, Rules.nelson())
        assert page.rows
        scale = page.wide / page.positions
        for number, row in enumerate(page.rows):
            for one, other in itertools.pairwise(row):
                ordered = sorted((one, other), key=lambda item: item.left)
                assert ordered[0].right <= ordered[1].left
            for item in row:
                assert item.right * scale <= page.wide + RIGHT + 5
                struck = [x.at[0] for r in page.rows[number:] for x in r if not x.bracket]
                assert not any(item.left < x < item.right for x in struck) or item.bracket
        assert len(page.title) <= 2
        assert all(text_width(line.text, 9.5) <= WIDTH - 40 for line in page.lines)


def test_too_many_findings_are_counted() -> None:
    values = [1.0, 2, 3, 4, 5, 6, 1] * 12
    page = plan(run_chart(values), Caption(title="x"))
    text = " ".join(line.text for line in page.lines)
    assert len(run_chart(values).found("trend")) == 12
    assert text.count("Trend:") == 8
    assert "more, each under a bracket above the points." in text


def test_numbers_of_children_are_shown_only_when_small(tmp_path: Path) -> None:
    assert plan(run_chart(monthly(DOWN, n=19)), Caption(title="x")).counted
    assert not plan(run_chart(monthly(DOWN, n=20)), Caption(title="x")).counted
    assert not plan(run_chart(DOWN), Caption(title="x")).counted


def test_markers_stand_where_their_date_falls() -> None:
    points = run_chart(monthly(DOWN)).points
    assert marker_place(points, Marker(pd.Timestamp("2022-01-01"), "")) == -0.5
    assert marker_place(points, Marker(pd.Timestamp("2023-01-01"), "")) == 11.5  # between December and January
    assert marker_place(points, Marker(pd.Timestamp("2022-04-16"), "")) == pytest.approx(3.0)  # mid-April: on the point
    assert marker_place(points, Marker(12, "")) == 11.5
    with pytest.raises(ValueError, match="marker 'late' must lie between 2022-01-01 and the end of 2023-12"):
        marker_place(points, Marker(pd.Timestamp("2024-03-01"), "late"))
    with pytest.raises(ValueError, match="the points have none; give a position"):
        marker_place(run_chart(DOWN).points, Marker(pd.Timestamp("2022-03-01"), "x"))
    with pytest.raises(ValueError, match="must be at a point from 0 to 24, got 25"):
        marker_place(points, Marker(25, "x"))


def test_alt_text_tells_the_chart() -> None:
    chart, caption = example()
    words = alt_text(chart, caption=caption)
    for part in (
        "Run chart: Legal advice & <waits>. Median days.",
        "22 points from 2022-01 to 2023-10, between 149 and 260; the last is 175.",
        "2 drawn hollow: not complete yet, judged by no rule.",
        "The chart has a median of 212.5, frozen on 12 points.",
        "Marked: Earlier advice, 2023-01-01.",
        "Shift: 10 points in a row below the median (2023-01 to 2023-10).",
        "Flagged by a person as astronomical: 2022-06",
        "of 100 charts",
        "Source: made up.",
    ):
        assert part in words, part
    share = shewhart([3, 4, NA, 5], "p", denominators=[8, 10, 9, 10])
    words = alt_text(share, caption=Caption(title="Reviewed in time", percent=True))
    assert "Control chart (p): Reviewed in time. 3 points from 1 to 4, between 38% and 50%; the last is 50%." in words
    assert "1 without a value. centre line 43%, limits 0% to 90% at the last point." in words


@pytest.mark.parametrize("values", [[], [5.0], [NA] * 4, [7.0] * 12, [0.0] * 3, [-5.0, -7, -6], [1e6, 2e6]])
def test_anything_can_be_drawn(tmp_path: Path, values: list[float]) -> None:
    for chart in (run_chart(values), shewhart(values)):
        path = tmp_path / "chart.svg"
        draw_chart(chart, path, caption=Caption(title="Edge"), panel=cusum([], 0))
        texts = texts_of(path)
        assert "Edge" in texts
        if chart.notes:
            assert any(text.startswith(chart.notes[0][:30]) for text in texts)


def test_a_scale_of_shares_ends_at_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    draw_chart(run_chart([0.72, 0.81, 1.0, 0.9, 1.0]), path, caption=Caption(title="In time", percent=True))
    shown = [float(text[:-1]) for text in texts_of(path) if re.fullmatch(r"[0-9.]+%", text)]
    assert len(shown) >= 3
    assert max(shown) <= 100


def test_odd_characters_are_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    caption = Caption(title="$x$ \x07 <script>", value_label="Ünïcode → ​ok", markers=(Marker(1, "a\nb"),))
    draw_chart(run_chart([1, 2, 3]), path, caption=caption)
    texts = texts_of(path)
    assert any("$x$" in text and "<script>" in text for text in texts)
    assert "<script>" not in path.read_text()
    assert "a b" in texts


def test_other_file_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"written as \.svg, \.png or \.pdf, got 'chart.gif'"):
        draw_chart(run_chart([1]), tmp_path / "chart.gif", caption=Caption(title="x"))
    assert not list(tmp_path.iterdir())


def test_page_is_planned_without_matplotlib() -> None:
    code = "import sys, mining.charts; sys.exit('matplotlib' in sys.modules or 'scipy.stats' in sys.modules)"
    root = str(Path(__file__).resolve().parents[3])
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_sizes_are_what_the_page_says() -> None:
    page: Page = plan(run_chart(DOWN), Caption(title="x"))
    assert SMALL == 9
    assert page.high == pytest.approx(page.head + page.strip + page.plot + 30 + page.panel + page.foot)
