"""Every measure can be label, colour and width, says its unit, and owns up to what is not known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.aggregation import aim_groups, stage_groups
from mining.drawing import diagram_of, draw, fit_map
from mining.drawing.diagram import UNKNOWN
from mining.drawing.scales import MEASURES, UNITS, breaks_of, measure_of, samples_up_to, typical_unit
from mining.drawing.scene import NOT_KNOWN, colour_of
from mining.drawing.svg import svg_text
from mining.measures import Limit
from mining.process_map import discover_map, simplify


def log_of(rows: list[tuple[str, str, str]], *, final: tuple[str, ...] = (), end: str = "2024-12-31") -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp(end))
    return EventLog.of(events, window, final=list(final))


@pytest.fixture
def four() -> EventLog:
    """Gone on after 14, 28 and 84 days; one has waited 140 days, to the end."""
    rows = [(case, "in", "2024-01-01") for case in "abcd"]
    rows += [("a", "out", "2024-01-15"), ("b", "out", "2024-01-29"), ("c", "out", "2024-03-25")]
    return log_of(rows, final=("out",), end="2024-05-20")


@pytest.mark.parametrize(
    ("measure", "label"),
    [
        ("cases", "3"),
        ("traversals", "3"),
        ("cases_share", "75 %"),
        ("waiting", "1 waiting"),
        ("waiting_median", "20.0 wk so far"),
        ("median", "8.0 wk"),
        ("p25", "3.0 wk"),
        ("p75", "12.0 wk"),
        ("p90", "> 20.0 wk"),
        ("mean", "9.5 wk mean"),
        ("child_days", "18.0 case-wk"),
        ("beyond", "50 % over"),
    ],
)
def test_each_measure_as_a_label(four: EventLog, measure: str, label: str) -> None:
    found = discover_map(four, limit=Limit(6, "weeks"))
    (edge,) = diagram_of(found, label=(measure,)).edges
    assert edge.label == label


def test_the_quartile_of_a_curve_that_stops_at_a_quarter(four: EventLog) -> None:
    # S = 3/4, 1/2, 1/4: half of the flat stretches, as R has it.
    row = discover_map(four).arrows.iloc[0]
    assert (row["p25_days"], row["median_days"]) == (21, 56)


@pytest.mark.parametrize("measure", list(MEASURES))
def test_each_measure_as_colour_and_width_is_drawn_with_its_unit(four: EventLog, measure: str) -> None:
    found = discover_map(four, limit=Limit(2, "months"))
    diagram = diagram_of(found, colour=measure, width=measure, label=(measure,))
    heading = diagram.legend.colour
    kind = MEASURES[measure].kind
    assert ("weeks" in heading) == (kind in {"time", "child time"})
    assert heading.endswith(", %") == (kind == "share")
    assert ("2 months" in heading) == (measure == "beyond")
    assert diagram.edges[0].weight in {0.0, 1.0}
    assert all(UNKNOWN <= edge.colour <= 1 for edge in diagram.edges)
    assert heading.split(":")[1].strip()[:12] in svg_text(draw(diagram).scene)


def test_measures_go_by_their_columns_too() -> None:
    assert [measure_of(measure.column) for measure in MEASURES.values()] == list(MEASURES.values())
    assert measure_of("colour") is None


def test_nobody_waiting_is_not_said_on_every_arrow() -> None:
    rows = [("a", "in", "2024-01-01"), ("a", "out", "2024-01-15")]
    found = discover_map(log_of(rows, final=("out",)))
    diagram = diagram_of(found, label=("cases", "median", "waiting", "waiting_median"))
    assert diagram.edges[0].label == "1 · 2.0 wk"
    assert "median time, counting those still waiting · cases waiting at its start now" in diagram.legend.notes[0]


def test_hidden_steps_make_times_run_on() -> None:
    rows = [(f"m{i}", name, day) for i in range(5) for name, day in (("in", "2024-01-01"), ("out", "2024-02-01"))]
    rows.append(("m0", "by", "2024-01-05"))
    found = simplify(log_of(rows, final=("out",)), activities=["in", "out"])
    assert "Times and waiting run from one step shown to the next" in diagram_of(found).caption[0]


def test_what_is_not_known_is_grey_and_said_to_be(four: EventLog) -> None:
    found = discover_map(four, limit=Limit(30, "weeks"))
    diagram = diagram_of(found, colour="beyond", label=("beyond",))
    (edge,) = diagram.edges
    assert (edge.label, edge.colour) == ("? % over", UNKNOWN)
    assert diagram.legend.colour_steps[-1] == (UNKNOWN, "not known")
    assert "“?”: the log is too short to tell" in diagram.legend.notes[0]
    assert "share over 30 weeks not yet estimable" in edge.title
    assert colour_of(UNKNOWN) == NOT_KNOWN
    assert NOT_KNOWN in svg_text(draw(diagram).scene)


def test_tooltip_gives_the_restricted_mean_where_the_median_is_not_reached() -> None:
    rows = [(case, "in", "2024-01-01") for case in "abcdef"] + [("a", "out", "2024-01-15")]
    (edge,) = diagram_of(discover_map(log_of(rows, final=("out",), end="2024-12-30"))).edges
    assert "median more than 52.0 wk, not yet estimable" in edge.title
    assert "mean within the first 52.0 wk 43.7 wk" in edge.title
    assert edge.label == "1 · > 52.0 wk"


def test_tooltip_gives_the_share_beyond_the_limit_with_its_interval(four: EventLog) -> None:
    (edge,) = diagram_of(discover_map(four, limit=Limit(6, "weeks"))).edges
    assert "50.0 % over 6 weeks (95 % interval " in edge.title
    assert "18.0 case-weeks spent on it; 1 still waiting at in, the longest for 20.0 wk so far" in edge.title


def test_the_share_beyond_needs_a_limit(four: EventLog) -> None:
    with pytest.raises(ValueError, match="the map was made without a limit"):
        diagram_of(discover_map(four), colour="beyond")
    with pytest.raises(ValueError, match="label must be one of cases, traversals"):
        diagram_of(discover_map(four), label=("mode",))


def test_where_nothing_leads_on_the_box_says_how_many_end() -> None:
    rows = [(f"m{i:03d}", name, day) for i in range(200) for name, day in (("in", "2024-01-01"), ("out", "2024-02-01"))]
    rows += [("rare", "in", "2024-01-01"), ("rare", "stop", "2024-03-01")]
    diagram = diagram_of(discover_map(log_of(rows, final=("out", "stop"))))
    (stop,) = [node for node in diagram.nodes if node.id == "stop"]
    assert stop.lines == ("■ 1 end here",)


def test_dashes_say_what_threshold_they_are_about() -> None:
    rows = [(f"m{i:03d}", name, day) for i in range(60) for name, day in (("in", "2024-01-01"), ("out", "2024-02-01"))]
    rows += [("rare", "in", "2024-01-01"), ("rare", "stop", "2024-03-01")]
    found = discover_map(log_of(rows, final=("out", "stop")), threshold=0.05)
    diagram = diagram_of(found)
    assert [edge.dashed for edge in diagram.edges] == [False, True]
    assert "not established as the way of 5 % of cases" in diagram.legend.notes[0]


def test_stages_and_aims_are_about_children(tiny_log: EventLog) -> None:
    for groups in (stage_groups(), aim_groups()):
        found = simplify(tiny_log, arrows=40, groups=groups)
        caption = diagram_of(found).caption[0]
        assert "3 children" in caption
        assert "child-days" in caption
    merged = simplify(tiny_log, arrows=40, groups={v.RETURN_HOME: "Home", v.RETURNED_HOME: "Home"})
    assert "2 steps are drawn together in boxes" in diagram_of(merged).caption[0]


def test_fit_takes_a_limit_and_a_measure(four: EventLog) -> None:
    found, drawing = fit_map(
        four,
        choose=lambda log, *, activities, arrows: simplify(
            log, activities=activities, arrows=arrows, limit=Limit(6, "weeks")
        ),
        diagram=lambda level: diagram_of(level, colour="beyond", label=("beyond",), unit="auto"),
    )
    assert drawing.diagram.edges[0].label == "50 % over"
    assert found.limit == Limit(6, "weeks")


def test_breaks_part_any_kind_of_number() -> None:
    for values in (np.array([]), np.array([np.nan]), np.array([0.0]), np.array([1e9, 2e9])):
        breaks = breaks_of(values, UNITS["days"].breaks)
        assert len(breaks) == 4
        assert list(breaks) == sorted(breaks)
    assert samples_up_to(0.0) == samples_up_to(math.nan) == ()
    assert samples_up_to(1000.0)[-1] == 1000


def test_the_unit_suits_the_typical_duration() -> None:
    ones = np.ones(3)
    assert typical_unit(np.array([0.2, 0.3, 40]) / 24, ones) == "minutes"
    assert typical_unit(np.array([0.2, 30, 40]) / 24, ones) == "hours"
    assert typical_unit(np.array([1.0, 10, 40]), ones) == "days"
    assert typical_unit(np.array([1.0, 30, 40]), ones) == "weeks"
    assert typical_unit(np.array([0.0, np.nan, 0.0]), ones) == "days"
