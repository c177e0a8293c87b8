"""results.json: its published schema, and a file that is the same on every machine."""

from __future__ import annotations

import datetime
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_results import aim_table, bottleneck_table, stage_table

from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.project.sections import TriedChange
from mining import aims, bottlenecks, discover_map
from mining.order import certain_arrows
from permanence import collect
from permanence.mining_stage import mine_stages, stage_durations
from permanence.results import Results, json_schema, load_results, plain, records


def test_the_published_schema_is_that_of_the_program() -> None:
    published = resources.files("permanence").joinpath("results.schema.json").read_text(encoding="utf-8")
    assert published == json_schema()


def test_results_come_back_as_they_were_written(hand_made: Results, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(hand_made.text(), encoding="utf-8")
    assert load_results(file) == hand_made
    assert load_results(file).text() == hand_made.text()


def test_the_file_has_no_nan_and_its_keys_in_the_published_order(hand_made: Results) -> None:
    found = json.loads(hand_made.text(), parse_constant=pytest.fail)
    assert list(found) == list(json.loads(json_schema())["properties"])
    assert found["schema_version"] == 1
    assert found["stages"][1]["median_days"] is None


def test_every_number_names_its_unit() -> None:
    units = ("days", "weeks", "years", "children", "cases", "rows", "records", "share", "probability", "year")
    units += ("traversals", "months", "day", "moves", "value")
    plain_words = {"rank", "number", "events", "traversals", "arrows", "draws", "replications", "seed", "since"}
    plain_words |= {"schema_version", "same_day_pairs", "slots", "arrivals", "departures", "handovers", "times"}
    plain_words |= {"fitness", "places", "correlation", "variance_reduction", "aim"}
    for name, kind in json.loads(json_schema())["$defs"].items():
        for field, about in kind["properties"].items():
            types = {about.get("type"), *(one.get("type") for one in about.get("anyOf", []))}
            if types & {"number", "integer"} and field not in plain_words:
                assert field.rsplit("_", 1)[-1] in units, f"{name}.{field}"


def test_missing_and_damaged_files_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no results yet"):
        load_results(tmp_path / "results.json")
    (tmp_path / "results.json").write_text('{"schema_version": 9}')
    with pytest.raises(InputError, match="not results of this version"):
        load_results(tmp_path / "results.json")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.float64(0.123456), 0.1235),
        (float("inf"), None),
        (np.nan, None),
        (pd.NaT, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (pd.Timestamp("2024-02-29"), "2024-02-29"),
        ({"a": (1.00001, None)}, {"a": [1.0, None]}),
    ],
)
def test_values_are_plain_and_rounded(value: object, wanted: object) -> None:
    found = plain(value)
    assert found == wanted
    assert type(found) is type(wanted)


def test_negative_zero_is_zero() -> None:
    assert str(plain(-0.00001)) == "0.0"


def test_an_empty_table_has_no_rows() -> None:
    assert records(pd.DataFrame({"a": []})) == []


def test_the_tables_of_mining_fit_the_schema(tiny_log: EventLog) -> None:
    results = Results(
        log=collect.log_summary(tiny_log, "Tiny"),
        stages=collect.stages(stage_durations(tiny_log)),
        aims=collect.aims(aims(tiny_log)),
        bottlenecks=collect.bottlenecks(bottlenecks(tiny_log, seed=1, draws=20)),
        transitions=collect.transitions(discover_map(tiny_log), None, certain_arrows(tiny_log)),
    )
    assert (results.log.cases, results.log.open_cases, results.log.events) == (3, 1, 20)
    # A: start, plan and order each share a day with another event; B: start, plan and return; C: start.
    assert results.log.same_day_pairs == 7
    assert results.log.recorded_from == {"Permanence recommended": "2020-02-01"}
    assert results.transitions is not None
    assert sum(row.events for row in results.transitions.activities) == 20


def test_everything_mined_of_a_log_fits_the_schema(tiny_log: EventLog) -> None:
    found = mine_stages(tiny_log, seed=1, advance=lambda done, total: None)
    results = Results(log=collect.log_summary(tiny_log, "Tiny"), **found.parts)
    again = Results.model_validate_json(results.text())
    assert again == results
    assert results.variants is not None
    assert [row.cases for row in results.variants.frequent if row.complete] == [1, 1]
    assert results.order is not None
    assert results.order.unknown_cases == 0
    assert results.conformance is not None
    assert results.conformance.compared_cases == 3
    assert results.flow is not None
    assert all(row.child_days == row.counted_child_days for row in results.flow)
    assert results.run_charts is not None
    assert {chart.picture for chart in results.run_charts.charts} <= set(found.draw)


def test_a_test_of_change_is_marked_on_the_charts(tiny_log: EventLog, tmp_path: Path) -> None:
    tried = TriedChange(date=datetime.date(2020, 6, 1), name="Reviews at four weeks")
    for change in (tried, None):
        found = mine_stages(tiny_log, seed=1, advance=lambda done, total: None, change=change)
        found.draw["aim_2_by_entry.svg"](tmp_path / "chart.svg")
        chart = (tmp_path / "chart.svg").read_text(encoding="utf-8")
        assert ("Reviews at four weeks" in chart) == (change is not None)


def test_hand_made_tables_keep_their_figures() -> None:
    assert collect.stages(stage_table())[0].beyond_limit_share == 0.552
    assert [aim.met_children for aim in collect.aims(aim_table())] == [9, 4, 2]
    ranking = collect.bottlenecks(bottleneck_table([0.6, 0.4], [False, False]))
    assert (ranking[0].child_days, ranking[0].excess_child_days, ranking[1].excess_child_days) == (600.0, 250.0, None)
    assert ranking[0].since == "2018-01-01"


def test_reasons_are_counted_without_the_values_in_them() -> None:
    unknown = """type: unknown code "Mary's; aunt", the nearest known is 'Kin' or 'Foster; other'"""
    quarantine = pd.DataFrame(
        {
            "file": ["children.csv", "children.csv", "reviews.csv", "reviews.csv"],
            "row": [2, 3, 2, 3],
            "raw": ["x", "y", "z", "z"],
            "reasons": [
                "date: unreadable date '31/02/2020', a date is written like 25/12/2024; id: missing child id",
                "date: unreadable date 'a\\'b; \\\\', a date is written like 25/12/2024",
                unknown,
                f"{unknown}; date: before the child's birth",
            ],
        }
    )
    found = collect.quarantine_reasons(quarantine)
    assert list(found.itertuples(index=False, name=None)) == [
        ("children.csv", "date: unreadable date …, a date is written like 25/12/2024", 2),
        ("children.csv", "id: missing child id", 1),
        ("reviews.csv", "type: unknown code …", 2),
        ("reviews.csv", "date: before the child's birth", 1),
    ]
    assert collect.quarantine_reasons(quarantine.iloc[:0]).empty
