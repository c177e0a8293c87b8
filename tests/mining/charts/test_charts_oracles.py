"""Every number of the stored results of R's qicharts2 and runchart, and published figures, reproduced to 1e-4."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mining.charts.run_chart import Rephase, RunChart, run_chart, suggest_rephase
from mining.charts.shewhart import ShewhartChart, shewhart

ORACLES = Path(__file__).resolve().parents[3].parent / "shared" / "oracles"

# Our own numbers, the inputs of the R script that made the stored results.
SETS: dict[str, list[float]] = {
    "stable24": [31, 28, 35, 30, 27, 33, 29, 34, 36, 26, 32, 30, 28, 37, 31, 25, 33, 29, 35, 30, 27, 34, 32, 28],
    "shiftdown": [
        *(210, 185, 240, 198, 225, 260, 190, 215, 205, 233, 199, 221),
        *(176, 160, 182, 150, 171, 158, 169, 181, 149, 175, 163, 157),
    ],
    "ties": [5, 5, 6, 4, 5, 7, 5, 3, 5, 6, 6, 6, 7, 6, 8, 6, 5, 4, 5, 6],
    "short": [12, 15, 11, 14, 13, 16, 12, 10],
    "trendy": [10, 12, 9, 11, 8, 9, 10, 11, 12, 13, 9, 8, 10, 11, 7, 6, 5, 4, 9, 10],
}
DNA = [9, 8, 9, 6, 7, 5, 6, 8, 9, 6, 7, 6, 6, 7, 9, 9, 8, 6, 7, 8, 6, 8, 7, 5, 4]
COUNTS, CHILDREN = [3, 4, 2, 5, 3, 6, 4, 5, 6, 7, 5, 6], [8, 10, 7, 11, 9, 12, 8, 9, 10, 11, 8, 9]
SPIKE = [10, 11, 9, 10, 12, 30, 10, 11, 9, 10, 11, 10]
CLOSE = 1e-4


def lines_of(name: str) -> list[str]:
    path = ORACLES / name
    if not path.exists():
        pytest.skip(f"the stored R results {name} are not beside the repository")
    return path.read_text().splitlines()


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return lines_of("qicharts2_runchart_expected.txt")


def fields(line: str) -> dict[str, str]:
    """name=value pairs of a line, "longest=2(max 8)" as longest and longest max."""
    found = dict(re.findall(r"([\w.]+)=([^\s(]*)", line))
    found.update({f"{name} {kind}": value for name, kind, value in re.findall(r"(\w+)=\S+\((max|min) (\S+)\)", line)})
    return found


def close(value: float, text: str) -> bool:
    return bool(np.isnan(value)) if text == "NA" else abs(value - float(text)) <= CLOSE


def test_five_series_by_six_charts(expected: list[str]) -> None:
    checked = 0
    for line in expected:
        match = re.match(r"(\w+)\|(run|i|mr|t|c|g)\|(.*)", line)
        if not match:
            continue
        name, kind, rest = match.groups()
        values, wanted = SETS[name], fields(rest)
        chart: RunChart | ShewhartChart = run_chart(values) if kind == "run" else shewhart(values, kind)  # type: ignore[arg-type]
        runs = chart.current.runs if isinstance(chart, RunChart) else chart.parts[0].runs
        assert len(chart.points) == int(wanted["n.obs"]), line
        assert runs.useful == int(wanted["useful"]), line
        assert (runs.longest, runs.longest_max) == (int(wanted["longest"]), int(wanted["longest max"])), line
        assert (runs.crossings, runs.crossings_min) == (int(wanted["cross"]), int(wanted["cross min"])), line
        assert runs.anhoej is (wanted["runs.signal"] == "TRUE"), line
        assert close(float(chart.centre[0]), wanted["CL"]), line
        if isinstance(chart, ShewhartChart):
            assert close(float(chart.lower[0]), wanted["LCL"]), line
            assert close(float(chart.upper[0]), wanted["UCL"]), line
            outside = [int(i) - 1 for i in wanted["sigma.signal"].split(",") if i]
            assert list(chart.outside) == outside, line
            assert [one.points[0] for one in chart.signals() if one.rule == "outside the limits"] == outside
        checked += 1
    assert checked == 30


def test_frozen_medians(expected: list[str]) -> None:
    checked = 0
    for line in expected:
        match = re.match(r"(\w+)\|run freeze12\|(.*)", line)
        if match:
            chart, wanted = run_chart(SETS[match[1]], baseline=12), fields(match[2])
            runs = chart.current.runs
            assert close(chart.median, wanted["CL"]), line
            assert (runs.longest, runs.crossings, runs.useful) == tuple(
                int(wanted[name]) for name in ("longest", "cross", "useful")
            ), line
            assert runs.anhoej is (wanted["signal"] == "TRUE"), line
            checked += 1
    assert checked == 5


def test_shifts_and_trends_of_the_scottish_rules(expected: list[str]) -> None:
    checked, name = 0, ""
    found: dict[str, list[list[int]]] = {name: [] for name in SETS}
    for line in expected:
        shift = re.match(r"(\w+) \|NHSScot shift idx: ([\d ]*) base (\S+)", line)
        trend = re.match(r"\s+trend\d+ idx ([\d ]+)", line)
        if shift:
            name = shift[1]
            chart = run_chart(SETS[name])
            points = sorted(i + 1 for one in chart.found("shift") for i in one.points + one.passed_over)
            assert points == [int(i) for i in shift[2].split()], line
            assert close(chart.median, shift[3]), line
            checked += 1
        elif trend:
            found[name].append([int(i) for i in trend[1].split()])
    assert checked == 5
    assert sum(len(trends) for trends in found.values()) == 2
    for name, trends in found.items():
        ours = [[i + 1 for i in one.points] for one in run_chart(SETS[name]).found("trend")]
        assert ours == trends, name


def test_rephased_baselines(expected: list[str]) -> None:
    """runchart rephases by itself; here a person says yes to every suggestion. Its baseline is the first 8 points."""
    checked = 0
    for line in expected:
        match = re.match(r"(\w+) \|rephase base_ext: (.*)", line)
        if match:
            phases: list[Rephase] = []
            chart = run_chart(SETS[match[1]], baseline=8)
            while suggestion := suggest_rephase(chart):
                phases.append(suggestion.phase)
                chart = run_chart(SETS[match[1]], baseline=8, phases=phases)
            assert chart.centre == pytest.approx([float(value) for value in match[2].split()], abs=CLOSE), line
            checked += 1
    assert checked == 4


KIND_IN_R = {"p": "p", "pp": "p'", "u": "u", "up": "u'", "ip": "i'"}


def test_shares_and_rates(expected: list[str]) -> None:
    start = expected.index("--- p/pp/u charts (x, y, n) ---")
    checked = 0
    for line in expected[start + 1 :]:
        match = re.match(r"(p|pp|u|up|ip) CL (\S+) UCL (.*) LCL (.*)", line)
        if match:
            chart = shewhart(COUNTS, KIND_IN_R[match[1]], denominators=CHILDREN)  # type: ignore[arg-type]
            assert close(float(chart.centre[0]), match[2])
            assert chart.upper == pytest.approx([float(value) for value in match[3].split()], abs=CLOSE), line
            assert chart.lower == pytest.approx([float(value) for value in match[4].split()], abs=CLOSE), line
            checked += 1
    assert checked == 5


def test_without_denominators_is_refused(expected: list[str]) -> None:
    """The R script also called these charts without denominators, by mistake, and got Inf and NA."""
    assert sum("CL Inf" in line for line in expected) == 3
    for kind in ("p", "p'", "u"):
        with pytest.raises(ValueError, match="needs denominators, one for each of the 12 values"):
            shewhart(COUNTS, kind)


def test_screening_parts_and_freezing(expected: list[str]) -> None:
    text = "\n".join(expected)

    def numbers(pattern: str) -> list[float]:
        match = re.search(pattern, text)
        assert match, pattern
        return [float(value) for value in match.groups()]

    raw = shewhart(SETS["shiftdown"], screened=False)
    want = numbers(r"shiftdown i unscreened CL (\S+) UCL (\S+) LCL (\S+)")
    assert [raw.centre[0], raw.upper[0], raw.lower[0]] == pytest.approx(want, abs=CLOSE)
    for screened in (True, False):
        chart = shewhart(SPIKE, screened=screened)
        want = numbers(rf"spike i screened= {str(screened).upper()} CL (\S+) UCL (\S+) LCL (\S+)")
        assert [chart.centre[0], chart.upper[0], chart.lower[0]] == pytest.approx(want, abs=CLOSE)
    parts = shewhart(SETS["shiftdown"], parts=[12])
    want = numbers(r"part=12 CL (\S+) (\S+) UCL (\S+) (\S+)")
    found = [parts.centre[0], parts.centre[12], parts.upper[0], parts.upper[12]]
    assert found == pytest.approx(want, abs=CLOSE)
    frozen = shewhart(SETS["shiftdown"], baseline=12)
    want = numbers(r"freeze=12 CL (\S+) UCL (\S+) LCL (\S+) sigma")
    assert [frozen.centre[0], frozen.upper[0], frozen.lower[0]] == pytest.approx(want, abs=CLOSE)
    assert frozen.outside == ()
    assert re.search(r"freeze=12 CL .* sigma\s*$", text)


def test_quest_slides_of_nhs_scotland() -> None:
    run_line, i_line, last = lines_of("dna_expected.txt")[:3]
    want = re.findall(r"-?\d+\.?\d*", run_line)
    chart = run_chart(DNA)
    runs = chart.current.runs
    found = [len(DNA), runs.useful, chart.median, runs.longest, runs.longest_max, runs.crossings, runs.crossings_min]
    assert found == [float(value) for value in want]
    assert "FALSE" in run_line
    assert not runs.anhoej
    assert runs.runs == 10
    single = shewhart(DNA)
    centre, low, high = (float(value) for value in re.findall(r"-?\d+\.\d+", i_line))
    assert [single.centre[0], single.lower[0], single.upper[0]] == pytest.approx([centre, low, high], abs=CLOSE)
    assert single.outside == ()
    # R found neither a shift nor a trend.
    assert last.split("|") == ["shift idx  ", " trend cols  "]
    assert chart.findings == ()


def test_published_infection_counts() -> None:
    """First 24 monthly counts of qicharts2's documentation."""
    counts = [17, 12, 27, 20, 20, 18, 22, 19, 19, 24, 17, 16, 24, 19, 19, 22, 25, 19, 17, 6, 25, 17, 11, 14]
    run = run_chart(counts)
    assert (run.median, run.useful, run.current.runs.longest, run.current.runs.longest_max) == (19, 19, 3, 7)
    assert run.findings == ()
    chart = shewhart(counts, "c")
    found = [chart.centre[0], chart.lower[0], chart.upper[0]]
    assert found == pytest.approx([18.708, 5.732, 31.684], abs=5e-4)
    runs = chart.parts[0].runs
    assert (runs.longest, runs.crossings, runs.crossings_min, runs.anhoej) == (6, 8, 8, False)


def test_published_example_of_screened_ranges() -> None:
    """The captions of the NHS guide to this very series: upper limit 4.6 with screening, 6.95 without."""
    values = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
    screened, raw = (shewhart(values, screened=which) for which in (True, False))
    assert round(float(screened.upper[0]), 1) == 4.6
    assert round(float(raw.upper[0]), 2) == 6.95
    assert screened.outside == raw.outside == (4,)
