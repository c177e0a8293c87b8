"""The written files: readable, inert, complete, and the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from drawing_examples import HOSTILE, branching, chain, hostile

from mining.drawing import A4_LANDSCAPE, Diagram, DiagramEdge, DiagramNode, draw, write_map
from mining.drawing.drawing import dot_text
from mining.drawing.scene import COLOURS, INK, QUIET, SHADES
from mining.drawing.svg import svg_text
from mining.drawing.text import text_width

SVG = "{http://www.w3.org/2000/svg}"
HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def parsed(diagram: Diagram) -> ET.Element:
    return ET.fromstring(svg_text(draw(diagram).scene))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "diagram", [chain(1), chain(5), branching(), hostile()], ids=["one", "five", "branching", "hostile"]
)
def test_svg_is_a4_with_text_of_nine_points_or_more_inside_the_page(diagram: Diagram) -> None:
    drawing = draw(diagram)
    svg = ET.fromstring(svg_text(drawing.scene))
    left, top, width, height = (float(part) for part in svg.attrib["viewBox"].split())
    millimetres = float(svg.attrib["width"].removesuffix("mm"))
    points_per_unit = millimetres / 25.4 * 72 / width
    if drawing.fits:
        assert (millimetres, svg.attrib["height"]) == (297.0, "210.00mm")
    texts = list(svg.iter(f"{SVG}text"))
    assert len(texts) > 1
    for text in texts:
        size, x, y = (float(text.attrib[name]) for name in ("font-size", "x", "y"))
        assert size * points_per_unit >= 8.99
        wide = text_width(text.text or "", size, bold=text.get("font-weight") == "bold")
        begin = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")] * wide
        assert left <= begin
        assert begin + wide <= width
        assert top + size * 0.7 <= y <= height
    for path in svg.iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.attrib["d"])]
        assert 0 <= min(numbers[::2]) <= max(numbers[::2]) <= width
        assert 0 <= min(numbers[1::2]) <= max(numbers[1::2]) <= height


def test_title_is_twelve_points() -> None:
    first = next(parsed(chain(3)).iter(f"{SVG}text"))
    assert first.text == "A chain"
    assert first.attrib["font-size"] == "12.00"


def test_svg_names_every_node_and_arrow_once() -> None:
    svg = parsed(branching())
    ids = [group.attrib["id"] for group in svg.iter(f"{SVG}g") if "id" in group.attrib]
    assert len(set(ids)) == len(ids)
    assert {f"node-step-{n}" for n in range(16)} <= set(ids)
    assert {"arrow-step-0--step-1", "arrow-step-9--step-9", "arrow-step-8--step-4"} <= set(ids)
    assert sum(name.startswith("arrow-") for name in ids) == 27
    for group in svg.iter(f"{SVG}g"):
        if group.attrib.get("id", "").startswith(("node-", "arrow-")):
            assert group.findtext(f"{SVG}title")


def test_svg_speaks_to_a_screen_reader() -> None:
    svg = parsed(chain(3))
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"] == "A chain of steps."
    assert svg.findtext(f"{SVG}title") == "A chain"
    assert svg.findtext(f"{SVG}desc") == "A chain of steps."


def test_hostile_labels_are_shown_and_inert() -> None:
    text = svg_text(draw(hostile()).scene)
    svg = ET.fromstring(text)
    kinds = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert kinds <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "text"}
    assert not any(name.lower().startswith("on") or "href" in name for e in svg.iter() for name in e.attrib)
    assert "<script" not in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", text)
    titles = {group.findtext(f"{SVG}title") for group in svg.iter(f"{SVG}g")}
    assert HOSTILE[0] in titles
    assert HOSTILE[8] in titles, "the full text stands in the tooltip"
    assert "two lines and a tab" in titles
    assert "costs $5 and $6 a_b^c" in titles
    shown = " ".join(element.text or "" for element in svg.iter(f"{SVG}text"))
    assert "<script>" in shown
    assert "…" in shown


def test_all_four_formats_of_hostile_labels_are_written(tmp_path: Path) -> None:
    paths = write_map(draw(hostile()), tmp_path / "new" / "folder", "odd")
    assert [path.name for path in paths] == ["odd.svg", "odd.png", "odd.pdf", "odd.dot"]
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    pdf = paths[2].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"FontFile2" in pdf, "the font is inside"
    assert b"CreationDate" not in pdf


def test_png_is_200_dots_an_inch_and_not_blank(tmp_path: Path) -> None:
    from matplotlib.image import imread

    png = write_map(draw(chain(4)), tmp_path)[1]
    pixels = imread(png)
    assert pixels.shape[:2] == (round(A4_LANDSCAPE.height / 72 * 200), round(A4_LANDSCAPE.width / 72 * 200)) or (
        abs(pixels.shape[1] - A4_LANDSCAPE.width / 72 * 200) < 1.01
    )
    assert 0.005 < (pixels[..., :3].min(axis=2) < 0.9).mean() < 0.5
    border = pixels[:20].min(), pixels[-20:].min(), pixels[:, :20].min(), pixels[:, -20:].min()
    assert border == (1.0, 1.0, 1.0, 1.0), "nothing runs into the margin"


def test_dot_text_is_what_graphviz_reads_back(tmp_path: Path) -> None:
    import pygraphviz

    graph = pygraphviz.AGraph(string=dot_text(hostile()))
    assert graph.number_of_nodes() == 12
    assert graph.number_of_edges() == 11
    assert graph.get_node("n0").attr["label"].startswith("<script>")
    assert "\\\\" in graph.get_node("n2").attr["label"], "a backslash is escaped"


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from drawing_examples import branching
from mining.drawing import draw, write_map
write_map(draw(branching()), Path(sys.argv[2]))
"""


def test_bytes_are_the_same_in_every_process(tmp_path: Path) -> None:
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC+{seed}"}
        command = [sys.executable, "-c", SCRIPT, str(HERE), str(tmp_path / seed)]
        subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    here = write_map(draw(branching()), tmp_path / "here")
    for path in here:
        written = path.read_bytes()
        assert len(written) > 500
        for seed in ("0", "1"):
            assert (tmp_path / seed / path.name).read_bytes() == written, path.name


def test_a_users_own_matplotlib_settings_change_nothing(tmp_path: Path) -> None:
    import matplotlib

    plain = write_map(draw(chain(3)), tmp_path / "plain")
    with matplotlib.rc_context(
        {"text.parse_math": True, "savefig.dpi": 50, "savefig.facecolor": "red", "path.sketch": (1, 10, 2)}
    ):
        other = write_map(draw(chain(3)), tmp_path / "other")
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in other]


def test_colours_can_be_told_apart_without_colour_vision() -> None:
    levels = [luminance(colour) for colour in COLOURS]
    assert levels == sorted(levels, reverse=True)
    assert all(contrast(one, other) > 1.25 for one, other in pairwise(COLOURS))
    assert min(contrast(colour, "#ffffff") for colour in COLOURS) >= 3
    assert min(contrast(ink, shade) for ink in (INK, QUIET) for shade in SHADES) >= 4.5


def test_slashes_and_case_give_different_ids() -> None:
    nodes = tuple(DiagramNode(name, name) for name in ("A b", "a-B", "a b ", "日本", "!!!"))
    svg = parsed(Diagram("", nodes, (DiagramEdge("A b", "a-B"),)))
    ids = [group.attrib["id"] for group in svg.iter(f"{SVG}g") if "id" in group.attrib]
    assert ids[:4] == ["arrow-a-b--a-b-2", "node-a-b", "node-a-b-2", "node-a-b-3"]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)
