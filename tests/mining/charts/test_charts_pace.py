"""The pair of charts of an aim: a cleared backlog fools the one and not the other, and says so; SVG for a page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import etree

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.charts import (
    Marker,
    PaceChart,
    completed_durations,
    completion_series,
    control_chart,
    days_between,
    draw_chart,
    met_between_misses,
    pace_charts,
    shewhart,
)
from mining.charts.run_chart import RunChart
from mining.charts.shewhart import ShewhartChart

AIM = v.AIMS[3]  # agency decision to application lodged, within 112 days
RANKS = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
NEW_YEAR = 18993  # 1 January 2022
BLITZ = Marker(pd.Timestamp("2022-01-01"), "backlog cleared")


def council(*, blitz: bool = False, factor: float = 1.0, per_month: float = 12, seed: int = 5) -> EventLog:
    """Seven years of children, median 150 days; on 1 January 2022 all who have waited 112 days may be dealt with."""
    generator = np.random.default_rng(seed)
    n = int(per_month * 84)
    start = np.floor(generator.uniform(-1461, 1096, n))
    days = np.exp(np.log(150) + 0.8 * generator.standard_normal(n)) * np.where(start >= 0, factor, 1.0)
    dealt_with, stop = generator.uniform(0, 90, n), np.floor(start + days)
    if blitz:
        stop = np.where((start <= -113) & (stop > 90), np.floor(dealt_with), stop)
    start, stop, end = start + NEW_YEAR, stop + NEW_YEAR, NEW_YEAR + 1095
    case = np.array([f"c{number:05d}" for number in range(n)])
    entered, done = start <= end, (start <= end) & (stop <= end)
    events = pd.DataFrame(
        {
            "case": np.concatenate([case[entered], case[done]]),
            "activity": np.repeat([v.AGENCY_DECISION, v.LODGED], [entered.sum(), done.sum()]),
            "date": from_days(np.concatenate([start[entered], stop[done]])),
        }
    )
    return EventLog.of(events, ObservationWindow(pd.Timestamp("2018-01-01"), pd.Timestamp("2024-12-31")), ranks=RANKS)


def after(chart: PaceChart, rule: str) -> list[str]:
    """Which way the findings of a rule go that lie in the months after New Year 2022."""
    first = int(np.flatnonzero(chart.points["start"] >= BLITZ.at)[0])
    return [found.direction for found in chart.chart.found(rule) if found.points[0] >= first]


def test_a_backlog_blitz_does_not_read_as_worse_then_better_by_entry() -> None:
    usual, cleared = (
        pace_charts(council(blitz=blitz, per_month=60, seed=8), AIM, change=BLITZ) for blitz in (False, True)
    )
    # By month of completion: far above the median at first, below it afterwards: worse, then better.
    months = cleared.by_completion.points.set_index("label")["value"]
    median = cleared.by_completion.chart.median
    assert months["2022-01":"2022-03"].min() > 1.15 * median
    assert months["2022-01":"2022-03"].max() > 1.5 * median
    assert months["2022-04":"2022-06"].max() < 0.95 * median
    # By entry: the very same points and findings as without the blitz, and no shift either way.
    pd.testing.assert_frame_equal(usual.by_entry.points, cleared.by_entry.points)
    assert after(cleared.by_entry, "shift") == []
    assert cleared.by_entry.chart.sentences == usual.by_entry.chart.sentences
    assert any("backlog is cleared" in note for note in cleared.by_completion.caption.notes)


def test_a_real_change_shows_by_entry() -> None:
    found = pace_charts(council(factor=0.5), AIM, change=BLITZ)
    assert after(found.by_entry, "shift") == ["above"]
    assert found.by_completion.panel is not None
    assert found.by_completion.panel.detected is not None
    assert found.by_entry.chart.current.baseline == 16  # frozen on the quarters before the change


def test_captions_say_what_is_shown() -> None:
    found = pace_charts(council(), AIM)
    assert found.by_entry.caption.title == (
        "Aim 4: Agency decision to application lodged. Share within 112 days, by quarter of entry"
    )
    assert "(the aim is 75%)" in found.by_entry.caption.value_label
    assert any(note.startswith("Not confirmed:") for note in found.by_entry.caption.notes)
    assert "by month of completion" in found.findings[1]
    assert "hollow" in found.by_entry.alt
    assert not found.by_entry.points["complete"].iloc[-1]
    assert "(the aim is" not in pace_charts(council(), AIM, horizon_days=150).by_entry.caption.value_label


def test_shares_at_the_extremes_are_warned_about() -> None:
    short = pace_charts(council(per_month=2), AIM, horizon_days=7)
    said = [note for note in short.by_entry.caption.notes if "More than half of the points" in note]
    assert len(said) == 1
    assert re.search(r"half the waits are over after 1[3-7]\d days", said[0])


def test_control_chart_of_shares() -> None:
    found = control_chart(council(factor=0.5, per_month=30), AIM, change=BLITZ)
    chart = found.chart
    assert isinstance(chart, ShewhartChart)
    before = found.points[found.points["end"] < BLITZ.at]
    centre = before["reached"].sum() / before["n"].sum()
    assert chart.centre == pytest.approx(centre)
    room = 3 * np.sqrt(centre * (1 - centre) / found.points["n"].to_numpy())
    assert chart.upper == pytest.approx(np.minimum(centre + room, 1))
    assert chart.points.values == pytest.approx((found.points["reached"] / found.points["n"]).to_numpy())
    assert set(chart.outside) >= set(range(len(before), len(before) + 4))
    assert found.caption.markers == (BLITZ,)
    assert "Control chart (p)" in found.alt
    assert control_chart(council(), AIM).svg.startswith("<svg")


def test_svg_for_a_page() -> None:
    found = pace_charts(council(per_month=4), AIM, change=BLITZ)
    for chart in (found.by_entry, found.by_completion):
        text = chart.svg
        assert text == chart.svg
        root = etree.fromstring(text)
        assert root.get("role") == "img"
        described = root.find("{http://www.w3.org/2000/svg}desc").text
        assert described == chart.alt
        assert "backlog cleared" in described
        assert not re.search(r"(href|src)=\"(?!#)|url\((?!#)|@import|<script", text)
        assert text.startswith("<svg")


def test_svg_is_the_file_that_is_drawn(tmp_path: Path) -> None:
    chart = pace_charts(council(per_month=4), AIM).by_entry
    draw_chart(chart.chart, tmp_path / "x.svg", caption=chart.caption)
    assert (tmp_path / "x.svg").read_text(encoding="utf-8").endswith(chart.svg)


def test_aims_complete_as_the_stage_with_the_same_clock_does() -> None:
    log = council(per_month=4)
    stage = v.Stage("lodging", starts=(v.AGENCY_DECISION,), stops=(v.LODGED,), limit_days=112)
    pd.testing.assert_frame_equal(completion_series(log, AIM), completion_series(log, stage))
    pd.testing.assert_frame_equal(completed_durations(log, AIM), completed_durations(log, stage))


def small(rows: list[tuple[str, int, int]]) -> EventLog:
    events = [(case, v.AGENCY_DECISION, start) for case, start, _ in rows]
    events += [(case, v.LODGED, start + days) for case, start, days in rows]
    frame = pd.DataFrame(events, columns=["case", "activity", "day"])
    frame["date"] = from_days(frame.pop("day").to_numpy(dtype=float) + 18262)
    return EventLog.of(frame, ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31")), ranks=RANKS)


def test_points_of_g_and_t_charts_by_hand() -> None:
    log = small([("a", 0, 10), ("b", 1, 20), ("c", 2, 130), ("d", 3, 131), ("e", 100, 50), ("f", 150, 120)])
    misses = met_between_misses(log, AIM)
    # In the order of finishing: a, b in time; c, d late; e in time; f late.
    assert misses["value"].tolist() == [2, 0, 1]
    assert misses["label"].tolist() == ["2020-05-12", "2020-05-14", "2020-09-27"]
    assert len(shewhart(misses, "g").points) == 3
    between = days_between(log, v.LODGED)
    assert between["value"].tolist() == [11, 111, 2, 16, 120]
    assert days_between(small([("a", 0, 10), ("b", 1, 9)]), v.LODGED)["value"].tolist() == [0.5]
    assert shewhart(between, "t").points.labels[0] == "2020-01-22"


def test_odd_logs_get_a_clear_answer(tiny_log: EventLog) -> None:
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}), tiny_log.window)
    nothing = pace_charts(empty, AIM, change=BLITZ)
    assert nothing.by_entry.chart.sentences == ("There are no points to plot.",)
    assert "There are no points" in control_chart(empty, AIM).alt
    assert "There are no points to plot" in nothing.by_completion.svg
    assert met_between_misses(empty, AIM).empty
    assert days_between(empty, v.LODGED).empty
    one = pace_charts(tiny_log, AIM)
    assert isinstance(one.by_entry.chart, RunChart)
    assert one.by_entry.points["n"].sum() == 1
    same_day = pace_charts(
        small([(str(k), 5, 0) for k in range(9)]), AIM, change=Marker(pd.Timestamp("2030-01-01"), "x")
    )
    assert same_day.by_entry.points.loc[0, "value"] == 1
    assert same_day.by_entry.caption.markers == ()  # a date outside the chart is not drawn
    with pytest.raises(ValueError, match="did you mean"):
        pace_charts(tiny_log, v.Aim(9, "x", "Agency desicion", (v.LODGED,), 10, 0.5))
    with pytest.raises(ValueError, match="did you mean"):
        days_between(tiny_log, "Application lodgd")
    with pytest.raises(ValueError, match="by a date"):
        pace_charts(tiny_log, AIM, change=Marker(3, "x"))
    with pytest.raises(ValueError, match="at least one activity"):
        days_between(tiny_log)


def test_all_cases_open() -> None:
    log = small([("a", 0, 10)])
    opened = EventLog(
        log.events[log.events["activity"] == v.AGENCY_DECISION].reset_index(drop=True), log.cases, log.window
    )
    found = pace_charts(opened, AIM)
    assert found.by_entry.points["reached"].sum() == 0
    assert found.by_completion.chart.sentences == ("There are no points to plot.",)
