"""The map as somebody wants it: options, comparisons, odd logs, and the command as a person runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.exchange import read_run_log, write_log
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.measures import Limit
from permanence.conditions import choose
from permanence.map_command import (
    Detail,
    Look,
    UsageError,
    before_and_since,
    draw_map,
    draw_two,
    file_name,
    filter_note,
    limit_of,
    two_logs,
    two_values,
)

ZERO = pd.Timestamp("2020-01-01")


def log_of(words: list[str], *, days: int = 7, ends: bool = True, spread: int = 1) -> EventLog:
    """One case a word, one step a letter, a step every so many days; `group` is north and south in turn."""
    rows = [
        (f"c{number:03d}", letter, ZERO + pd.Timedelta(days=number * spread + days * place))
        for number, word in enumerate(words)
        for place, letter in enumerate(word)
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = events["date"].astype("datetime64[us]")
    cases = events.groupby("case")["date"].agg(start="min", end="max").reset_index()
    cases["group"] = ["north" if number % 2 else "south" for number in range(len(cases))]
    if not ends:
        cases["end"] = pd.NaT
    ranks = {name: place for place, name in enumerate(sorted(set("".join(words))))}
    return EventLog.of(events, ObservationWindow(ZERO, ZERO + pd.Timedelta(days=400)), cases=cases, ranks=ranks)


def arrows(log: EventLog, look: Look | None = None, **detail: Any) -> dict[tuple[str, str], str]:
    """The arrows of the picture with their labels."""
    drawn = draw_map(log, look or Look(), Detail(**detail))
    return {(edge.source, edge.target): edge.label for edge in drawn.drawing.diagram.edges}


LOG = log_of(["abc"] * 30 + ["abd"] * 10 + ["ac"] * 4)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("26 weeks", Limit(26, "weeks")),
        ("10 working days", Limit(10, "working days")),
        ("1 Month", Limit(1, "months")),
        ("91days", Limit(91, "days")),
    ],
)
def test_limits(text: str, limit: Limit) -> None:
    assert limit_of(text) == limit


@pytest.mark.parametrize("text", ["26", "26 wks", "0 weeks", "-3 days", "1.5 months", "99999 days", ""])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="26 weeks") as caught:
        limit_of(text)
    assert caught.value.option == "--limit"


def test_file_names() -> None:
    assert file_name("My map-2 (a)"[:8]) == "My map-2"
    for name in ("", "../map", "a/b", "a\\b", ".hidden", "map."):
        with pytest.raises(UsageError, match="plain file name"):
            file_name(name)


@pytest.mark.parametrize(
    ("look", "detail", "option"),
    [
        (Look(colour="medain"), Detail(), "--colour"),
        (Look(width="lots"), Detail(), "--width"),
        (Look(label=("cases", "mode")), Detail(), "--label"),
        (Look(unit="fortnights"), Detail(), "--unit"),
        (Look(colour="beyond"), Detail(), "--colour"),
        (Look(), Detail(level=1, paths=0.5), "--level"),
        (Look(), Detail(level=1, groups="stages"), "--group"),
        (Look(), Detail(certain=True, groups="aims"), "--certain"),
    ],
)
def test_options_that_do_not_go_together(look: Look, detail: Detail, option: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw_map(LOG, look, detail)
    assert caught.value.option == option


def test_the_nearest_measure_is_named() -> None:
    with pytest.raises(UsageError, match="Did you mean median"):
        Look(colour="medain").check(None)


def test_measures_unit_and_limit_stand_on_the_picture() -> None:
    assert arrows(LOG)["a", "b"] == "40 · 7.0 d"
    assert arrows(LOG, Look(unit="weeks", label=("traversals", "p90")))["a", "b"] == "40 · 1.0 wk"
    assert arrows(LOG, limit=Limit(6, "days"))["a", "b"] == "40 · 7.0 d · 100 % over"
    # From b to c is a week, begun once on each day from 8 January to 6 February 2020: from a weekend the fifth working
    # day is the Friday before it is over, and 8 of the 30 days are such.
    assert arrows(LOG, Look(label=("beyond",)), limit=Limit(5, "working days"))["b", "c"] == "27 % over"
    drawn = draw_map(LOG, Look(colour="beyond"), Detail(limit=Limit(6, "days")))
    assert drawn.drawing.diagram.legend.colour == "Colour: share over 6 days, %"


def test_threshold_makes_arrows_dashed() -> None:
    edges = draw_map(LOG, Look(), Detail(threshold=0.5)).drawing.diagram.edges
    assert {(edge.source, edge.target): edge.dashed for edge in edges}["a", "b"] is False
    assert {(edge.source, edge.target): edge.dashed for edge in edges}["b", "d"] is True


def test_sliders_and_levels() -> None:
    assert set(arrows(LOG, activities=0.0, paths=0.0)) == {("a", "b"), ("b", "c")}
    assert set(arrows(LOG, activities=1.0, paths=1.0)) == {("a", "b"), ("b", "c"), ("b", "d"), ("a", "c")}
    assert set(arrows(LOG, level=2)) == {("a", "b"), ("b", "c"), ("b", "d")}
    said = " ".join(draw_map(LOG, Look(), Detail(level=2)).said)
    assert "Level 2 of 3: 40 cases (91%) took only steps and movements shown here. It adds: a → b → d." in said
    assert "only 3 levels: this is the last" in " ".join(draw_map(LOG, Look(), Detail(level=9)).said)


def test_certain_movements_only() -> None:
    log = log_of(["abc"] * 10, days=0)
    drawn = draw_map(log, Look(), Detail(certain=True))
    assert drawn.drawing.diagram.edges == ()
    assert "20 movements were taken out" in " ".join(drawn.said)
    assert any("20 movements were taken out" in part for part in drawn.drawing.diagram.caption)
    assert "20 movements" in " ".join(draw_map(log, Look(), Detail(certain=True, level=1)).drawing.diagram.caption)


def test_stages(tiny_log: EventLog) -> None:
    drawn = draw_map(tiny_log, Look(), Detail(groups="stages"))
    assert {"Planning", "Papers and panel"} <= {node.id for node in drawn.drawing.diagram.nodes}
    assert v.PANEL not in {node.id for node in drawn.drawing.diagram.nodes}
    assert "Aim 1" in {node.id for node in draw_map(tiny_log, Look(), Detail(groups="aims")).drawing.diagram.nodes}
    with pytest.raises(InputError, match="none of the log's activities is a milestone"):
        draw_map(LOG, Look(), Detail(groups="stages"))


def test_what_was_chosen_stands_on_the_picture() -> None:
    found = choose(LOG, ["has d", "group = north"])
    assert found is not None
    drawn = draw_map(found.log, Look(), Detail(), note=filter_note(found))
    assert "Chosen: cases with d recorded; group is north." in drawn.drawing.diagram.caption[0]


def test_two_groups_side_by_side() -> None:
    two = two_values(LOG, "group=north/south")
    assert two.names == ("north", "south")
    assert [len(log.cases) for log in (two.first, two.second)] == [22, 22]
    drawn = draw_two(two, Look(colour="cases"), Detail())
    assert drawn.drawing.diagram.title == "North and south, side by side"
    labels = {(edge.source, edge.target): edge.label for edge in drawn.drawing.diagram.edges}
    assert labels["a", "b"] == "91 | 91 %"
    days = draw_two(two, Look(unit="days"), Detail()).drawing.diagram.edges
    assert {edge.label for edge in days if edge.source == "a"} == {"7.0 | 7.0 d"}
    assert two_values(LOG, 'group="north"/ south').names == ("north", "south")


def test_before_and_since() -> None:
    two = before_and_since(LOG, ZERO + pd.Timedelta(days=20))
    assert two.names == ("begun before 2020-01-21", "begun since 2020-01-21")
    assert [len(log.cases) for log in (two.first, two.second)] == [20, 20]
    drawn = draw_two(two, Look(), Detail(), note="Chosen: x.")
    assert "followed alike. Chosen: x." in drawn.drawing.diagram.caption[0]
    with pytest.raises(InputError, match="observed 2020-01-01 to 2021-02-04"):
        before_and_since(LOG, pd.Timestamp("2030-01-01"))


def test_two_logs(tiny_log: EventLog) -> None:
    assert two_logs(LOG, LOG, ("one", "one")).names == ("one", "one (second)")
    assert two_logs(LOG, LOG, ("one", "two")).how == ""
    assert "different lengths of time" in two_logs(LOG, tiny_log, ("one", "two")).how
    by_stage = draw_two(two_logs(tiny_log, tiny_log, ("one", "two")), Look(), Detail(groups="stages"))
    assert "drawn together by stage" in by_stage.drawing.diagram.caption[0]
    assert "Planning" in {node.id for node in by_stage.drawing.diagram.nodes}


@pytest.mark.parametrize(
    ("look", "detail", "option"),
    [
        (Look(colour="p90"), Detail(), "--colour"),
        (Look(width="cases"), Detail(), "--width"),
        (Look(label=("cases",)), Detail(), "--label"),
        (Look(), Detail(limit=Limit(1, "weeks")), "--limit"),
        (Look(), Detail(level=1), "--level"),
        (Look(), Detail(activities=0.0), "--activities"),
        (Look(), Detail(certain=True), "--certain"),
        (Look(), Detail(threshold=0.3), "--threshold"),
    ],
)
def test_a_comparison_has_fewer_options(look: Look, detail: Detail, option: str) -> None:
    with pytest.raises(UsageError) as caught:
        draw_two(two_values(LOG, "group=north/south"), look, detail)
    assert caught.value.option == option


def test_wrong_groups() -> None:
    for text in ("group", "group=north", "group=north/south/east", "=a/b"):
        with pytest.raises(UsageError, match="must be like"):
            two_values(LOG, text)
    with pytest.raises(UsageError, match="same value twice"):
        two_values(LOG, "group=north/North")
    with pytest.raises(InputError, match='Did you mean "north"'):
        two_values(LOG, "group=nroth/south")
    with pytest.raises(InputError, match="no events in: north"):
        draw_two(two_logs(EventLog.of(LOG.events.head(0).drop(columns="rank"), LOG.window), LOG, ("north", "b")),
                 Look(), Detail())  # fmt: skip


@pytest.mark.parametrize("detail", [Detail(), Detail(level=1), Detail(activities=0.5), Detail(certain=True)])
def test_odd_logs_get_a_map(detail: Detail) -> None:
    one = draw_map(log_of(["ab"]), Look(), detail)
    assert "1 case, 0 of them open" in one.said[0]
    all_open = draw_map(log_of(["ab"] * 5, ends=False), Look(), detail)
    assert "5 of them open" in all_open.said[0]
    same_day = draw_map(log_of(["ab"] * 5, days=0, spread=0), Look(), detail)
    assert "2020-01-01" in same_day.said[0]
    empty = draw_map(EventLog.of(LOG.events.head(0).drop(columns="rank"), LOG.window), Look(), detail)
    assert "0 cases" in empty.said[0]


def test_the_picture_appears_whole_under_its_name(tmp_path: Path) -> None:
    drawn = draw_map(LOG, Look(), Detail())
    written = drawn.write(tmp_path / "new", "my map")
    assert [path.name for path in written] == [f"my map.{ending}" for ending in ("svg", "png", "pdf", "dot")]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in written)
    assert drawn.write(tmp_path / "again", "my map")[0].read_bytes() == written[0].read_bytes()


def test_the_command_on_a_project(permanence, project: Path) -> None:
    limit = ("--limit", "26 weeks", "--label", "cases, beyond", "--level", "2")
    done = permanence("map", project, "--where", "locality = north east", *limit)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["Reading the case records", "Drawing the map"]
    assert "Kept: locality is North East. Taken out: " in done.stdout
    assert done.stdout.splitlines()[-1] == f"Map: {project / 'run' / 'map.svg'}"
    picture = (project / "run" / "map.svg").read_text()
    assert "share over 26 weeks" in re.sub(r"<[^>]*>", " ", picture)
    # The log is kept where runs keep it, and pictures go where they are asked for, without the records.
    done = permanence("map", project, "--out", "pictures", "--name", "two", "--level", "1")
    assert done.returncode == 0, done.stderr
    assert "nothing changed, kept" in done.stderr
    pictures = Path(done.stdout.splitlines()[-1].removeprefix("Map: ")).parent
    assert pictures == Path("pictures")
    assert "Children" not in done.stderr
    log = read_run_log(project / "run")
    assert v.PANEL in log.activities
    fails = permanence("map", project, "--name", "outcomes")
    assert fails.returncode == 2
    assert "choose another" in fails.stderr


def test_the_command_on_any_log(permanence, tmp_path: Path) -> None:
    csv = tmp_path / "log.csv"
    LOG.events[["case", "activity", "date"]].to_csv(csv, index=False, date_format="%Y-%m-%d")
    write_log(LOG, tmp_path / "simulated")
    reading = ("--log", csv, "--timestamp", "date", "--end", "c", "--end", "d")
    done = permanence("map", *reading, "--out", "maps", "--against", "simulated")
    assert done.returncode == 0, done.stderr
    assert "Log: 44 cases, 0 open" in done.stdout
    assert "Simulated: 44 cases, 0 open" in done.stdout
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {"map.svg", "map.png", "map.pdf", "map.dot"}
    done = permanence("map", *reading, "--out", "maps", "--name", "since", "--compare-from", "2020-01-21")
    assert done.returncode == 0, done.stderr
    assert "Begun before 2020-01-21: 20 cases" in done.stdout
    done = permanence("map", *reading, "--out", "maps", "--where", "has f")
    assert done.returncode == 1
    assert "--where \"has f\": the log has no activity 'f'. Did you mean" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--log", "log.csv"),
        ("--log", "log.csv", "--out", "o", "--limit", "soon"),
        ("--log", "log.csv", "--out", "o", "--compare-from", "2020-01-01", "--compare", "a=b/c"),
        ("--log", "log.csv", "--out", "o", "--compare-from", "1/2/2020"),
        ("--log", "log.csv", "--out", "o", "--paths", "2"),
        ("--log", "log.csv", "--out", "o", "--name", "a/b"),
        ("--case", "id"),
    ],
)
def test_wrong_usage(permanence, project: Path, arguments: tuple[str, ...]) -> None:
    place = () if "--log" in arguments else (project,)
    done = permanence("map", *place, *arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_that_is_not_there(permanence, tmp_path: Path) -> None:
    done = permanence("map", "--log", "gone.csv", "--out", "o")
    assert done.returncode == 1
    assert "gone.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()
