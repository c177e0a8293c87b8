"""Two groups on one picture: both values, direction and size, and what is only chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.drawing.clutter import clutter_of
from mining.drawing.compare import diagram_of_two, fit_side_by_side
from mining.drawing.diagram import UNKNOWN
from mining.drawing.scales import number
from mining.drawing.scene import DIFFERENCES, NOT_KNOWN, Text, colour_of
from mining.drawing.svg import svg_text
from mining.drawing.text import text_width
from mining.side_by_side import cohorts_around, side_by_side


def group(name: str, size: int, days: float, *, through: float = 1.0, seed: int = 0) -> EventLog:
    """Children who come in over a year; a share goes through "check", which takes some days; the rest go straight."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01")
    rows = []
    for place in range(size):
        begin, passed = float(rng.uniform(0, 365)), days * float(np.exp(0.3 * rng.standard_normal()))
        rows.append((f"{name}{place}", "in", begin))
        if place < through * size:
            rows.append((f"{name}{place}", "check", begin + passed))
        rows.append((f"{name}{place}", "out", begin + 200))
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = start + pd.to_timedelta(events.pop("day").round(), unit="D")
    window = ObservationWindow(start, start + pd.Timedelta(days=900))
    return EventLog.of(events, window, ranks={"in": 1, "check": 2, "out": 3}, final=["out"])


def test_labels_colours_and_dashes_follow_the_differences() -> None:
    two = side_by_side(group("x", 80, 100), group("y", 80, 40, through=0.5, seed=1), names=("old", "new"))
    medians = diagram_of_two(two, unit="days")
    edges = {(edge.source, edge.target): edge for edge in medians.edges}
    check = edges["in", "check"]
    row = two.arrows.set_index(["source", "target"]).loc[("in", "check")]
    assert check.label == f"{number(row['median_first_days'])} | {number(row['median_second_days'])} d"
    assert (check.colour, check.dashed) == (0.0, False)
    assert "difference -" in check.title
    assert "95 % interval" in check.title
    straight = edges["in", "out"]
    assert straight.label == "– | 200 d"
    assert (straight.colour, straight.dashed) == (UNKNOWN, True)
    shares = {(edge.source, edge.target): edge for edge in diagram_of_two(two, show="cases").edges}
    assert shares["in", "check"].label == "100 | 50 %"
    assert (shares["in", "check"].colour, shares["in", "out"].colour) == (0.0, 1.0)
    assert not shares["in", "out"].dashed


def test_legend_and_caption_in_words() -> None:
    first, second, how = cohorts_around(group("x", 200, 60), pd.Timestamp("2020-07-01"))
    two = side_by_side(first, second, names=("before July", "since July"), how=how)
    diagram = diagram_of_two(two, unit="weeks")
    assert diagram.legend.colour == "Colour: since July against before July, weeks"
    assert any(words.endswith(" longer") for _, words in diagram.legend.colour_steps)
    assert "before July | since July" in diagram.legend.notes[0]
    assert "wk = weeks" in diagram.legend.notes[0]
    assert "of twenty arrows without any difference about one" in diagram.legend.notes[0]
    assert "both were followed alike" in diagram.caption[0]
    assert f"Before July: {first.cases.shape[0]} cases" in diagram.caption[0]
    assert diagram.description.startswith("Process map that compares before July")
    again = side_by_side(first, first)
    assert "are in both and count as different ones" in diagram_of_two(again).caption[0]


def test_the_picture_fits_a_page_with_nine_points() -> None:
    two, drawing = fit_side_by_side(group("x", 80, 100), group("y", 60, 40, seed=1), names=("old", "new"))
    assert drawing.fits
    assert len(two.arrows) == 2
    svg = svg_text(drawing.scene)
    assert DIFFERENCES[0] in svg
    assert "Old and new, side by side" in svg
    texts = [mark for one in drawing.scene.groups for mark in one.marks if isinstance(mark, Text)]
    assert min(mark.size for mark in texts) >= 9 - 1e-9
    assert clutter_of(drawing.layout).struck == 0
    assert (
        svg_text(fit_side_by_side(group("x", 80, 100), group("y", 60, 40, seed=1), names=("old", "new"))[1].scene)
        == svg
    )


def test_a_long_legend_goes_on_in_the_next_line() -> None:
    names = ("begun before 2020-01-01, in the North East", "begun since 2020-01-01, in the North East")
    _, drawing = fit_side_by_side(group("x", 40, 100), group("y", 40, 60, seed=1), names=names)
    texts = [mark for part in drawing.scene.groups for mark in part.marks if isinstance(mark, Text)]
    legend = [mark for part in drawing.scene.groups if part.kind == "legend" for mark in part.marks]
    assert any(isinstance(mark, Text) and mark.text.endswith("+ longer") for mark in legend)
    assert max(mark.x + text_width(mark.text, mark.size) for mark in texts if mark in legend) <= drawing.scene.width
    assert min(mark.x for mark in texts if mark in legend) >= 0


def test_the_scale_of_differences_is_told_apart_and_stands_out_from_paper() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    for colour in (*DIFFERENCES, NOT_KNOWN):
        assert 1.05 / (luminance(colour) + 0.05) >= 3
    assert [colour_of(step / 4, "difference") for step in range(5)] == list(DIFFERENCES)
    # For red-green blindness what counts is blue against the rest: less is bluish, more is not.
    blue_less_red = [int(colour[5:7], 16) - int(colour[1:3], 16) for colour in DIFFERENCES]
    assert min(blue_less_red[:2]) > 60
    assert max(blue_less_red[3:]) < -60


def test_empty_logs_and_bad_requests() -> None:
    empty = EventLog.of(
        pd.DataFrame({"case": [], "activity": [], "date": []}),
        ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")),
    )
    two, drawing = fit_side_by_side(empty, empty)
    assert two.arrows.empty
    assert "0 cases" in svg_text(drawing.scene)
    with pytest.raises(ValueError, match="show must be median or cases"):
        diagram_of_two(two, show="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unit must be one of"):
        diagram_of_two(two, unit="years")
