"""From a log to a picture: the numbers on it, the words about it, and how much of it is shown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.drawing import Diagram, diagram_of, draw, fit_map
from mining.drawing.clutter import clutter_of
from mining.drawing.svg import svg_text
from mining.process_map import ProcessMap, discover_map, simplify


def log_of(rows: list[tuple[str, str, str]], *, final: tuple[str, ...] = (), end: str = "2024-12-31") -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp(end))
    return EventLog.of(events, window, final=list(final))


@pytest.fixture
def three() -> EventLog:
    """In -> out after 14 and 28 days, and one child who has waited 70 days in `in`."""
    rows = [
        ("a", "in", "2024-01-01"),
        ("a", "out", "2024-01-15"),
        ("b", "in", "2024-01-01"),
        ("b", "out", "2024-01-29"),
    ]
    return log_of([*rows, ("c", "in", "2024-01-01")], final=("out",), end="2024-03-11")


def council(children: int) -> EventLog:
    """A permanence-like log: 20 activities, parallel papers, deferrals, several ends, open cases."""
    random = np.random.default_rng(20240731)
    rows: list[tuple[str, str, float]] = []
    ends: dict[str, float] = {}
    for number in range(children):
        child, day = f"c{number:05d}", float(random.uniform(0, 3000))

        def after(start: float, median: float) -> float:
            return start + float(np.ceil(median * np.exp(0.6 * random.standard_normal())))

        rows.append((child, v.BECAME_LOOKED_AFTER, day))
        if random.random() < 0.3:
            rows.append((child, v.AT_HOME, day))
            day = after(day, 300)
        rows.append((child, v.ACCOMMODATED, day))
        plan = after(day, 150)
        if random.random() < 0.6:
            home = after(plan, 70)
            rows += [(child, v.RETURN_HOME, plan), (child, v.RETURNED_HOME, home), (child, v.CEASED, home)]
            ends[child] = home
            continue
        legal, health = after(plan, 14), after(plan, 7)
        received, completed, report = after(legal, 56), after(health, 45), after(plan, 70)
        rows += [(child, v.RECOMMENDED, plan), (child, v.LEGAL_REQUESTED, legal), (child, v.HEALTH_REQUESTED, health)]
        rows += [(child, v.LEGAL_RECEIVED, received), (child, v.HEALTH_COMPLETED, completed)]
        rows.append((child, v.REPORT_COMPLETED, report))
        panel = after(max(received, completed, report), 40)
        rows.append((child, v.PANEL, panel))
        while random.random() < 0.2:
            rows += [
                (child, v.INFORMATION_RECEIVED, panel := after(panel, 30)),
                (child, v.PANEL, panel := after(panel, 30)),
            ]
        decision = after(panel, 12)
        lodged = after(decision, 105)
        order = after(lodged, 190)
        kind = v.PERMANENCE_ORDER if random.random() < 0.5 else v.ADOPTION_ORDER
        rows += [(child, v.AGENCY_DECISION, decision), (child, v.LODGED, lodged), (child, kind, order)]
        ends[child] = after(order, 100)
        rows.append((child, v.CEASED, ends[child]))
    begin = pd.Timestamp("2014-08-01")
    events = pd.DataFrame([row for row in rows if row[2] <= 3650], columns=["case", "activity", "day"])
    events["date"] = begin + pd.to_timedelta(events.pop("day").round(), unit="D")
    window = ObservationWindow(begin, begin + pd.Timedelta(days=3650))
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    return EventLog.of(events, window, ranks=ranks, final=[v.CEASED])


def test_labels_carry_cases_and_the_median_that_counts_those_waiting(three: EventLog) -> None:
    # Two of three moved on, after 14 and 28 days: S falls to 2/3, then to 1/3, so half are gone after 28 days.
    diagram = diagram_of(discover_map(three))
    (edge,) = diagram.edges
    assert edge.label == "2 · 4.0 wk"
    assert diagram_of(discover_map(three), unit="days").edges[0].label == "2 · 28.0 d"
    assert diagram_of(discover_map(three), unit="months").edges[0].label == "2 · 0.9 mo"
    assert diagram_of(discover_map(three), unit="hours").edges[0].label == "2 · 672 h"
    later = diagram_of(discover_map(three), label=("traversals", "p75"))
    assert later.edges[0].label == "2 · > 10.0 wk"
    assert "“> …”: not yet estimable, longer than anybody could be followed" in later.legend.notes[0]


def test_those_waiting_stand_in_the_box_and_are_no_end(three: EventLog) -> None:
    first, last = diagram_of(discover_map(three)).nodes
    assert first.lines == ("● 3 start here", "1 waiting, 10.0 wk so far")
    assert last.lines == ("■ 2 end here",)


def test_a_median_that_is_not_reached_is_a_bound() -> None:
    rows = [("a", "in", "2024-01-01"), ("a", "out", "2024-01-15")]
    rows += [(case, "in", "2024-01-01") for case in "bcdef"]
    (edge,) = diagram_of(discover_map(log_of(rows, final=("out",), end="2024-12-30"))).edges
    assert edge.label == "1 · > 52.0 wk"


def test_legend_and_caption_say_what_is_shown_and_hidden(three: EventLog) -> None:
    diagram = diagram_of(discover_map(three), unit="weeks")
    words = " ".join([diagram.legend.colour, diagram.legend.width, diagram.legend.shade, *diagram.legend.notes])
    for part in ("median time, weeks", "Thickness: cases", "still waiting", "wk = weeks", "● where cases start"):
        assert part in words
    assert diagram.caption == (
        "3 cases, 1 of them open at the end; observed 2024-01-01 to 2024-03-11. Nothing is hidden.",
    )
    hidden = diagram_of(simplify(council(300), activities=6, arrows=7)).caption[0]
    assert "300 children" in hidden
    assert "% of movements" in hidden
    assert "child-days" in hidden
    assert "steps not shown:" in hidden


def test_description_names_the_longest_wait_and_where_most_wait() -> None:
    shown = simplify(council(300), activities=12, arrows=20)
    words = diagram_of(shown).description
    longest = shown.arrows[shown.arrows["established"]].sort_values("median_days").iloc[-1]
    assert f"The longest wait is from {longest['source']} to {longest['target']}: median " in words
    assert words.startswith("Process map of 300 children observed 2014-08-01 to 2024-07-29: 12 steps and 20 movements")
    assert "Most are waiting at" in words


def test_colour_and_width_follow_the_numbers() -> None:
    shown = simplify(council(300), activities=12, arrows=20)
    diagram = diagram_of(shown)
    by_time = [
        edge.colour
        for _, edge in sorted(zip(shown.arrows["median_days"], diagram.edges, strict=True), key=lambda p: p[0])
    ]
    assert by_time == sorted(by_time)
    assert len(set(by_time)) >= 3
    weights = [edge.weight for edge in diagram.edges]
    most = shown.arrows["cases"].max()
    assert weights == pytest.approx([math.sqrt(cases / most) for cases in shown.arrows["cases"]])
    assert [edge.dashed for edge in diagram.edges] == [not known for known in shown.arrows["established"]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("unit", "years", "unit must be one of"), ("colour", "red", "colour must be"), ("width", "x", "width must be")],
)
def test_unknown_choices_are_refused(three: EventLog, name: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        diagram_of(discover_map(three), **{name: value})  # type: ignore[arg-type]


def test_an_empty_log_gives_an_empty_picture_with_its_caption() -> None:
    process_map, drawing = fit_map(log_of([]))
    assert len(process_map.activities) == 0
    assert drawing.fits
    assert "0 cases" in svg_text(drawing.scene)


def test_one_activity_and_a_loop() -> None:
    process_map, drawing = fit_map(log_of([("a", "review", "2024-01-01"), ("a", "review", "2024-02-01")]))
    assert len(process_map.arrows) == 1
    assert "arrow-review--review" in svg_text(drawing.scene)


def test_fit_shows_much_of_a_council_and_stays_readable() -> None:
    log = council(400)
    process_map, drawing = fit_map(log)
    assert drawing.fits
    assert drawing.scale >= 1.0
    assert len(process_map.activities) >= 12
    assert len(process_map.arrows) >= 16
    clutter = clutter_of(drawing.layout)
    assert clutter.struck == 0
    assert clutter.crossings <= max(2, len(process_map.arrows) / 7)
    assert draw(drawing.diagram).scene == drawing.scene


def test_fit_shows_less_when_the_text_must_be_larger() -> None:
    log = council(200)
    small, _ = fit_map(log)
    large, drawing = fit_map(log, min_pt=14)
    assert drawing.fits
    assert len(large.activities) < len(small.activities)
    assert min(mark.size for group in drawing.scene.groups for mark in group.marks if hasattr(mark, "size")) >= 12


def test_fit_uses_the_given_choice_and_diagram() -> None:
    asked: list[tuple[int, int]] = []

    def choose(log: EventLog, *, activities: int, arrows: int) -> ProcessMap:
        asked.append((activities, arrows))
        return simplify(log, activities=activities, arrows=arrows)

    def to_diagram(process_map: ProcessMap) -> Diagram:
        return replace(diagram_of(process_map, unit="days"), title="Our own")

    _, drawing = fit_map(council(60), choose=choose, diagram=to_diagram)
    assert drawing.diagram.title == "Our own"
    assert 4 <= len(asked) <= 20
    assert len(set(asked)) == len(asked), "no level is made twice"
