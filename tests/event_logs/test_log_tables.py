"""Tables as logs: which columns are taken for what, which dates can be read, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from log_files import csv, problems

from event_logs.exchange import read_log
from event_logs.log import EventLog
from event_logs.log_tables import LogColumns


def same(one: EventLog, other: EventLog) -> bool:
    pd.testing.assert_frame_equal(one.events, other.events)
    pd.testing.assert_frame_equal(one.cases, other.cases)
    return one.window == other.window


def test_csv_with_named_columns_and_format(tmp_path: Path) -> None:
    text = "Nr;Step;When;Who\n1;open;03/04/2024 09:30;x\n1;close;25/06/2024 10:00;\n2;open;01/05/2024 00:00;y\n"
    columns = LogColumns(case="Nr", activity="Step", timestamp="When")
    log = read_log(csv(tmp_path, text), columns=columns, date_format="%d/%m/%Y %H:%M", final=["close"])
    assert log.events["date"].astype("str").tolist() == [
        "2024-04-03 09:30:00",
        "2024-06-25 10:00:00",
        "2024-05-01 00:00:00",
    ]
    assert log.cases["end"].isna().tolist() == [False, True]
    assert (log.window.start, log.window.end) == (pd.Timestamp("2024-04-03 09:30"), pd.Timestamp("2024-06-25 10:00"))
    assert log.events["Who"].fillna("-").tolist() == ["x", "-", "y"]
    assert same(
        read_log(csv(tmp_path, text, "log.csv.gz"), columns=columns, date_format="%d/%m/%Y %H:%M", final=["close"]), log
    )


def test_offsets_are_dropped_and_the_day_stays(tmp_path: Path) -> None:
    # In UTC this midnight in British summer time would be the day before.
    log = read_log(
        csv(tmp_path, "case,activity,date\n1,a,2024-06-01T00:00:00+01:00\n1,b,2024-06-02 10:00Z\n2,a,2024-06-03\n")
    )
    assert log.events["date"].astype("str").tolist() == [
        "2024-06-01 00:00:00",
        "2024-06-02 10:00:00",
        "2024-06-03 00:00:00",
    ]


def test_columns_named_like_ours_do_not_collide(tmp_path: Path) -> None:
    columns = LogColumns(case="id", activity="what", timestamp="when")
    log = read_log(csv(tmp_path, "id,what,when,case,rank\n1,a,2024-01-01,x,y\n"), columns=columns)
    assert log.events.to_dict("records")[0] | {"date": None} == {
        "case": "1",
        "activity": "a",
        "date": None,
        "rank": 1,
        "case_": "x",
        "rank_": "y",
    }


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("case_id,resource,activity,start_time,end_time", "1,ann,a,2024-01-01,2024-01-02"),
        ("caseid,task,resource,start_timestamp,end_timestamp", "1,a,ann,2024-01-01,2024-01-02"),
        ("Case ID,Activity,resource,Start Timestamp,Complete Timestamp", "1,a,ann,2024-01-01,2024-01-02"),
        ("case,activity,date,start,resource", "1,a,2024-01-02,2024-01-01,ann"),
    ],
)
def test_columns_named_as_other_tools_name_them_are_known(tmp_path: Path, header: str, row: str) -> None:
    notes: list[str] = []
    log = read_log(csv(tmp_path, f"{header}\n{row}\n"), notes=notes)
    (event,) = log.events[["case", "activity", "date", "start", "resource"]].astype("str").to_dict("records")
    assert event == {"case": "1", "activity": "a", "date": "2024-01-02", "start": "2024-01-01", "resource": "ann"}
    # What is not ours is said, so that a wrong guess is seen.
    (said,) = notes
    assert "columns taken by their names" in said
    assert all(repr(name) in said for name in header.split(",") if name != "resource")


def test_a_user_may_be_who_is_served_and_is_nobody_at_work(tmp_path: Path) -> None:
    path = csv(tmp_path, "case,activity,date,user\n1,a,2024-01-02,a child\n")
    assert "resource" not in read_log(path).events
    assert read_log(path, columns=LogColumns(resource="user")).events["resource"].tolist() == ["a child"]


def test_what_is_named_is_taken_and_only_the_rest_is_known_by_custom(tmp_path: Path) -> None:
    text = "case_id,what,done,start_time\n1,a,2024-01-02,2024-01-01\n"
    log = read_log(csv(tmp_path, text), columns=LogColumns(activity="what", timestamp="done"))
    assert list(log.events["case"]) == ["1"]
    # Who names the timestamp decides whether there is a start.
    assert "start_time" in log.events
    log = read_log(csv(tmp_path, text), columns=LogColumns(activity="what", timestamp="done", start="start_time"))
    assert log.events["start"].tolist() == [pd.Timestamp("2024-01-01")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "start\n1,a,2024-01-02,2024-01-01\n1,b,2024-01-03,unknown\n",
            "'start' is not taken for the start of work: 1 values in 'start' are not an ISO 8601 date such as "
            "2024-07-31, first 'unknown'.",
        ),
        ("start\n1,a,2024-01-02,home\n", "first 'home'."),
        ("start\n1,a,2024-01-02,\n", "'start' is not taken for the start of work: there are no values in 'start'."),
        (
            "start,start_time\n1,a,2024-01-02,2024-01-01,2024-01-01\n",
            "'start' and 'start_time' could both say when work began, so neither is taken; say which with --start.",
        ),
        (
            "start\n1,a,2024-01-02,2024-01-01\n1,b,2024-01-03,2024-01-04\n",
            "line 3: 1 of 2 events begin after they are done; work on them is taken to take no time.",
        ),
    ],
)
def test_starts_that_are_not_taken_are_told(tmp_path: Path, text: str, said: str) -> None:
    notes: list[str] = []
    read_log(csv(tmp_path, f"case,activity,date,{text}"), notes=notes)
    assert notes[-1].endswith(said)


def test_one_column_cannot_be_two_things(tmp_path: Path) -> None:
    (found,) = problems(csv(tmp_path, "case,activity,date\n1,a,2024-01-01\n"), columns=LogColumns(activity="case"))
    assert found.problem == "the column 'case' cannot be the case and the activity at once"
    assert found.remedy == "Give --activity with another column"


def test_of_two_columns_that_could_be_it_none_is_taken(tmp_path: Path) -> None:
    (found,) = problems(csv(tmp_path, "case_id,activity,date,timestamp\n1,a,2024-01-01,2024-01-01\n"))
    assert found.problem == "'date' and 'timestamp' could both be the timestamp"
    assert found.remedy == 'Say which one, for example --timestamp "date"'


def test_a_start_by_name_only_that_holds_no_dates_stays_an_attribute(tmp_path: Path) -> None:
    log = read_log(csv(tmp_path, "case_id,activity,end_time,start\n1,a,2024-01-01,home\n"))
    assert (
        log.events["start_"].tolist() == ["home"]
        if "start_" in log.events
        else log.events["start"].tolist() == ["home"]
    )


def test_missing_columns_are_all_named_with_the_option_to_give(tmp_path: Path) -> None:
    found = problems(csv(tmp_path, "case_nr,aktivity,time\n1,a,2024-01-01\n"))
    assert [p.remedy for p in found] == [
        'Give --case "case_nr"',
        'Give --activity "aktivity"',
        'Give --timestamp "time"',
    ]
    assert all("the columns are: case_nr, aktivity, time" in p.problem for p in found)
    (found_one,) = problems(
        csv(tmp_path, "case_id,activity,time\n1,a,2024-01-01\n"),
        columns=LogColumns(case="caseid", activity="activity", timestamp="time"),
    )
    assert (found_one.problem.split(";")[0], found_one.remedy) == (
        "there is no column 'caseid'",
        'Give --case "case_id"',
    )


def test_dates_that_are_not_iso_are_a_question_to_the_user(tmp_path: Path) -> None:
    (found,) = problems(csv(tmp_path, "case,activity,date\n1,a,2024-01-01\n1,b,03/04/2024\n1,c,today\n"))
    assert found.place == "lines 3, 4, column 'date'"
    assert found.problem == "2 values in 'date' are not an ISO 8601 date such as 2024-07-31, first '03/04/2024'"
    assert '--format "%d/%m/%Y"' in found.remedy
    (found,) = problems(csv(tmp_path, "case,activity,date\n1,a,31/02/2024\n"), date_format="%d/%m/%Y")
    assert found.problem.startswith("1 values in 'date' are not in the format '%d/%m/%Y', first '31/02/2024'")
