"""The performance spectrum and the dotted chart: what is drawn, by hand; the same bytes; letters of 9 pt or more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.dotted import dotted_chart, draw_dotted_chart
from mining.drawing.text import text_width
from mining.internal_view import HEIGHT, INTERNAL, WIDTH, date_ticks
from mining.spectrum import draw_spectrum, spectrum

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "logs"
BASE = 18262
PATHWAY = (v.ACCOMMODATED, v.REVIEW, v.RECOMMENDED, v.PANEL)
Row = tuple[str, str, float]


def log_of(rows: Sequence[Row], *, final: tuple[str, ...] = (), end: int = 1000) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    start = pd.Timestamp("2020-01-01")
    return EventLog.of(events, ObservationWindow(start, start + pd.Timedelta(days=end)), final=final)


def draw_both(log: EventLog, folder: Path, pathway: Sequence[str] = PATHWAY, kind: str = "svg") -> list[Path]:
    return [
        draw_spectrum(spectrum(log, pathway), folder / f"spectrum.{kind}"),
        draw_dotted_chart(dotted_chart(log), folder / f"dotted.{kind}"),
    ]


def test_lines_of_the_tiny_log_by_hand(tiny_log: EventLog) -> None:
    found = spectrum(tiny_log, PATHWAY)
    base = (pd.Timestamp("2020-01-01") - pd.Timestamp("1970-01-01")).days
    lines = found.lines.assign(start=found.lines["start"] - base, end=found.lines["end"] - base)
    # A: accommodated day 0, reviews days 40 and 130, recommended day 130, panel day 244. B: day 60 to its review, day
    # 100, and no further on this pathway. C: day 244 to its review on day 283, and open there.
    assert lines.values.tolist() == [
        [0, 0, 0, 40, False],
        [1, 0, 130, 130, False],
        [2, 0, 130, 244, False],
        [0, 1, 60, 100, False],
        [0, 2, 244, 283, False],
        [1, 2, 283, 546, True],
    ]
    segments = found.segments
    assert segments["taken"].tolist() == [3, 1, 1]
    assert segments["open"].tolist() == [0, 1, 0]
    assert segments["left"].tolist() == [0, 1, 0]
    assert segments["elsewhere"].tolist() == [0, 1, 0]
    assert "LAAC review → Permanence recommended: 1 took it, 1 open cases have not" in found.text


def test_sessions_are_days_busier_than_chance_makes_them() -> None:
    rows: list[Row] = []
    # 60 cases on ten days of six: a panel. 300 cases one by one: none.
    for case in range(60):
        rows += [(f"p{case:03}", "A", case), (f"p{case:03}", "B", 100 + 30 * (case // 6))]
    found = spectrum(log_of(rows), ("A", "B"))
    assert found.segments[["sessions", "in_sessions"]].values.tolist() == [[10, 60]]
    rows = [row for case in range(300) for row in ((f"q{case:03}", "A", case), (f"q{case:03}", "B", 3 * case + 1))]
    found = spectrum(log_of(rows), ("A", "B"))
    assert found.segments[["sessions", "in_sessions"]].values.tolist() == [[0, 0]]
    # Four on every day is usual, not a session.
    rows = [row for case in range(3600) for row in ((f"r{case:04}", "A", 0), (f"r{case:04}", "B", 1 + case // 4))]
    assert spectrum(log_of(rows), ("A", "B")).segments["sessions"].tolist() == [0]


def test_rows_and_dots_of_the_tiny_log_by_hand(tiny_log: EventLog) -> None:
    chart = dotted_chart(tiny_log, sort="duration", relative=True)
    # B lasted 92 days, C 394 so far, A 425.
    assert chart.rows[["case", "start", "stop", "open"]].values.tolist() == [
        [1, 0, 92, False],
        [2, 0, 394, True],
        [0, 0, 425, False],
    ]
    assert len(chart.dots) == len(tiny_log)
    assert chart.dots[chart.dots["row"] == 1]["at"].tolist() == [0, 0, 92, 131]
    assert chart.activities[0] == v.REVIEW
    assert dotted_chart(tiny_log).rows["case"].tolist() == [0, 1, 2]
    fewer = dotted_chart(tiny_log, activities=(v.REVIEW,))
    assert set(fewer.dots["activity"]) == {v.REVIEW}
    assert len(fewer.dots) == 4


def test_letters_are_9_pt_or_more_and_lie_on_the_page(tiny_log: EventLog, tmp_path: Path) -> None:
    for path in draw_both(tiny_log, tmp_path):
        text = path.read_text(encoding="utf-8")
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
        assert sizes
        # matplotlib writes an SVG in points and calls them px.
        assert min(sizes) >= 9
        tree = ElementTree.fromstring(text)
        assert [float(value) for value in str(tree.get("viewBox")).split()] == [0, 0, WIDTH, HEIGHT]
        assert WIDTH <= 842 - 72
        assert HEIGHT <= 595 - 72
        assert INTERNAL in str(tree.findtext("{http://www.w3.org/2000/svg}title"))
        description = tree.findtext("{http://www.w3.org/2000/svg}desc")
        assert description
        assert len(description) > 80
        for element in tree.iter("{http://www.w3.org/2000/svg}text"):
            style, written = str(element.get("style")), "".join(element.itertext())
            width = text_width(written, float(re.findall(r"font-size: ([\d.]+)px", style)[0]), bold="700" in style)
            place = re.findall(r"translate\(([\d.]+) ([\d.]+)\)", str(element.get("transform")))
            x, y = map(float, place[0] if place else (str(element.get("x")), str(element.get("y"))))
            left = x - {"middle": width / 2, "end": width}.get(
                *re.findall(r"text-anchor: (\w+)", style) or ["start"], 0
            )
            assert 0 <= left <= left + width <= WIDTH, written
            assert 9 <= y <= HEIGHT, written
        assert "http" not in text.replace("http://www.w3.org", "")


def test_no_case_is_named_in_a_picture(tmp_path: Path) -> None:
    log = log_of([("case-4711", "A", 0), ("case-4711", "B", 3), ("case-4712", "A", 1)])
    for path in draw_both(log, tmp_path, ("A", "B")):
        assert "4711" not in path.read_text(encoding="utf-8")


def test_same_bytes_whatever_the_hash_seed_and_the_users_settings(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from pathlib import Path\n"
        "import matplotlib; matplotlib.rcParams['font.size'] = float(sys.argv[2])\n"
        "from conftest import build_tiny_log; from mining.dotted import dotted_chart, draw_dotted_chart\n"
        "from mining.spectrum import draw_spectrum, spectrum\n"
        f"log, folder, pathway = build_tiny_log(), Path(sys.argv[1]), {PATHWAY!r}\n"
        "for kind in ('png', 'svg', 'pdf'):\n"
        "    draw_spectrum(spectrum(log, pathway), folder / f'spectrum.{kind}')\n"
        "    draw_dotted_chart(dotted_chart(log), folder / f'dotted.{kind}')\n"
    )
    made = []
    for seed, size in (("1", "10"), ("77", "20")):
        folder = tmp_path / seed
        folder.mkdir()
        settings = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(folder), size], cwd=ROOT, env=settings, check=True)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert len(made[0]) == 6
    assert all(len(data) > 2_000 for data in made[0].values())


def test_many_lines_and_dots_are_drawn_as_a_picture_inside_the_svg(tmp_path: Path) -> None:
    rows: list[Row] = []
    for case in range(12_000):
        rows += [(f"{case:05}", "A", case % 900), (f"{case:05}", "B", case % 900 + 1 + case % 40)]
    log = log_of(rows, final=("B",))
    for path in draw_both(log, tmp_path, ("A", "B")):
        text = path.read_text(encoding="utf-8")
        assert "data:image/png;base64" in text
        assert len(text) < 3_000_000
        assert text.count("<path") < 500
    assert "24,000 events are drawn as" in (tmp_path / "dotted.svg").read_text(encoding="utf-8")


def test_a_public_log_is_drawn(tmp_path: Path) -> None:
    path = LOGS / "sepsis_full.xes.gz"
    if not path.exists():
        pytest.skip("the public logs are not beside the repository")
    log = read_log(path)
    for path in draw_both(log, tmp_path, log.activities[:3], "png"):
        assert path.stat().st_size > 20_000


@pytest.mark.parametrize("relative", [False, True])
def test_empty_logs_one_case_equal_dates_and_all_open(relative: bool, tmp_path: Path) -> None:
    one = log_of([("a", "A", 0), ("a", "B", 0)], final=("B",), end=0)
    empty = EventLog(one.events.iloc[:0], one.cases.iloc[:0], one.window)
    bare = EventLog(one.events.iloc[:0], one.cases, one.window)
    waiting = EventLog(one.events, one.cases.assign(end=pd.NaT), one.window)
    for number, log in enumerate((one, empty, bare, waiting)):
        known = log.activities if len(log) else (v.PANEL, v.LODGED)
        found = spectrum(log, known[:2])
        assert len(found.segments) == 1
        draw_spectrum(found, tmp_path / f"s{number}.svg")
        draw_dotted_chart(dotted_chart(log, relative=relative), tmp_path / f"d{number}.svg")
    assert spectrum(waiting, ("A", "B")).segments["taken"].tolist() == [1]


def test_misuse_is_answered(tiny_log: EventLog, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'Permanence panel'"):
        spectrum(tiny_log, (v.ACCOMMODATED, "Permanence panl"))
    with pytest.raises(ValueError, match="two or more different activities"):
        spectrum(tiny_log, (v.PANEL,))
    with pytest.raises(ValueError, match="two or more different activities"):
        spectrum(tiny_log, (v.PANEL, v.PANEL))
    with pytest.raises(ValueError, match="two or more different activities"):
        spectrum(tiny_log, v.PANEL)
    with pytest.raises(ValueError, match="sort must be"):
        dotted_chart(tiny_log, sort="name")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="did you mean 'LAAC review'"):
        dotted_chart(tiny_log, activities=("LAAC reviw",))
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.pdf"):
        draw_dotted_chart(dotted_chart(tiny_log), tmp_path / "chart.gif")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2014-08-01", "2024-07-31", ["2016", "2018", "2020", "2022", "2024"]),
        ("2020-01-10", "2020-07-02", ["2020-02", "2020-03", "2020-04", "2020-05", "2020-06", "2020-07"]),
        ("2020-01-10", "2020-01-12", ["2020-01-10", "2020-01-11", "2020-01-12"]),
    ],
)
def test_time_axes_have_as_many_labels_as_have_room(low: str, high: str, expected: list[str]) -> None:
    begin, end = ((pd.Timestamp(day) - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1) for day in (low, high))
    places, labels = date_ticks(begin, end, 480)
    assert labels == expected
    assert places == sorted(places)
    assert begin <= places[0]
    assert places[-1] <= end
