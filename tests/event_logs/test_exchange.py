"""Foreign logs are read or refused in words, and our own come back identical."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_files import csv, problems

from event_logs._pm4py import to_pm4py
from event_logs.errors import InputError
from event_logs.exchange import final_activities, read_log, read_run_log, write_log
from event_logs.log import EventLog
from event_logs.log_tables import LogColumns
from event_logs.window import ObservationWindow

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
FINES = LogColumns(case="case_id", activity="activity", timestamp="timestamp")


def shared(name: str) -> Path:
    path = LOGS / name
    if not path.is_file():
        pytest.skip(f"the public log {name} is not on this machine")
    return path


def same(one: EventLog, other: EventLog) -> bool:
    pd.testing.assert_frame_equal(one.events, other.events)
    pd.testing.assert_frame_equal(one.cases, other.cases)
    return one.window == other.window


def test_own_log_comes_back_identical(tiny_log: EventLog, tmp_path: Path) -> None:
    paths = write_log(tiny_log, tmp_path)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    back = read_run_log(tmp_path)
    assert same(back, tiny_log)
    assert back.activities == tiny_log.activities
    assert same(read_log(tmp_path / "event_log.parquet"), tiny_log)
    assert same(read_log(tmp_path / "event_log.xes.gz"), tiny_log)


def test_written_bytes_are_the_same_each_time(tiny_log: EventLog, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_log(tiny_log, tmp_path / "one")]
    assert first == [path.read_bytes() for path in write_log(tiny_log, tmp_path / "two")]


def test_own_csv(tiny_log: EventLog, tmp_path: Path) -> None:
    write_log(tiny_log, tmp_path)
    lines = (tmp_path / "event_log.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == [
        "case,activity,date,rank",
        "A,Became looked after,2020-01-01,10",
        "A,Accommodated,2020-01-01,30",
    ]
    back = read_log(tmp_path / "event_log.csv")
    pd.testing.assert_frame_equal(back.events, tiny_log.events)  # its ranks order the ties


def test_a_log_whose_files_do_not_belong_together_is_refused(tiny_log: EventLog, tmp_path: Path) -> None:
    write_log(tiny_log, tmp_path / "a")
    write_log(tiny_log.keeping(["LAAC review"]), tmp_path / "b")
    other = EventLog(tiny_log.events, tiny_log.cases.assign(child="9"), tiny_log.window)
    write_log(other, tmp_path / "c")
    (tmp_path / "c" / "event_log.parquet").replace(tmp_path / "a" / "event_log.parquet")
    with pytest.raises(InputError, match="belongs to another log"):
        read_run_log(tmp_path / "a")
    (tmp_path / "b" / "event_log_cases.parquet").unlink()
    with pytest.raises(InputError, match="does not exist"):
        read_run_log(tmp_path / "b")
    with pytest.raises(InputError, match="does not exist"):
        read_run_log(tmp_path / "nowhere")


def test_formulas_in_labels_are_inert_in_the_csv_and_kept_elsewhere(tmp_path: Path) -> None:
    events = pd.DataFrame({"case": ["1"], "activity": ['=cmd|"x"'], "date": pd.to_datetime(["2020-01-01"])})
    log = EventLog.of(events, ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01")))
    write_log(log, tmp_path)
    assert '"\'=cmd|""x""",' in (tmp_path / "event_log.csv").read_text(encoding="utf-8")
    assert same(read_run_log(tmp_path), log)


def test_everything_missing_is_counted_at_once(tmp_path: Path) -> None:
    text = "case,activity,date\n" + "".join(f"{n},,2024-01-01\n" for n in range(7)) + ",a,soon\n1,b\n\n2,c,2024-01-01\n"
    found = {p.problem: p.place for p in problems(csv(tmp_path, text))}
    assert found == {
        "1 records do not have the 3 fields of the header": "line 10",
        "1 of 9 records have no value in 'case'": "line 9",
        "7 of 9 records have no value in 'activity'": "lines 2, 3, 4, 5, 6, ...",
        "1 values in 'date' are not an ISO 8601 date such as 2024-07-31, first 'soon'": "line 9, column 'date'",
    }


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("log.csv", b"", "the file is empty"),
        ("log.csv", b"case,activity,date\n", "no records"),
        ("log.csv.gz", b"not packed", "damaged or cut off"),
        ("log.csv.gz", gzip.compress(b"case,activity,date\n1,a,2024-01-01\n", mtime=0)[:-9], "damaged or cut off"),
        ("log.parquet", b"PAR1....", "not Parquet, or damaged"),
        ("log.xlsx", b"x", "not known from its name"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    (found,) = problems(tmp_path / name)
    assert says in found.problem


def test_a_missing_file(tmp_path: Path) -> None:
    for name in ("none.csv", "none.xes.gz", "none.parquet"):
        (found,) = problems(tmp_path / name)
        assert found.problem == "the file does not exist"


def test_a_file_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(bytes(1 << 20) for _ in range(80))
    (found,) = problems(path)
    assert "unfolds to more than" in found.problem


def test_foreign_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "case:concept:name": ["1", "1"],
            "concept:name": ["a", "b"],
            "time:timestamp": pd.to_datetime(["2024-06-01T00:30+01:00", "2024-06-02T00:30+01:00"]),
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    log = read_log(tmp_path / "log.parquet")
    assert log.events["date"].dt.strftime("%d %H:%M").tolist() == ["01 00:30", "02 00:30"]
    frame.to_parquet(tmp_path / "event_log.parquet")
    with pytest.raises(InputError, match="not written by this product"):
        read_run_log(tmp_path)


def test_final_activities_by_hand(tiny_log: EventLog) -> None:
    # "Ceased" is last both times it occurs. Child C's review is the last of its case too, but one of four.
    assert final_activities(tiny_log) == ("Ceased to be looked after",)


def test_an_activity_too_recent_to_judge_is_no_end() -> None:
    days = pd.to_datetime(["2020-01-01", "2020-01-11", "2020-01-02", "2020-01-12", "2020-01-13"])
    events = pd.DataFrame({"case": list("aabbc"), "activity": ["in", "out", "in", "out", "in"], "date": days})
    events.loc[len(events)] = ["d", "in", pd.Timestamp("2020-02-01")]
    window = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01"))
    # Of the four "in", two are followed and one is settled but last: 1 of 3. The one of 1 February is not judged.
    assert final_activities(EventLog.of(events, window)) == ("out",)
    assert final_activities(EventLog.of(events.iloc[:0], window)) == ()


def lived(tmp_path: Path, *more: str, column: str = "lifecycle:transition", complete: str = "Complete") -> Path:
    """Twelve cases of a, b, c, each scheduled, started and completed, and further lines."""
    hours = {"schedule": 0, "start": 5, complete: 9}
    lines = [
        f"{case},{activity},2024-01-{case + place + 1:02}T{hour:02}:00:00,{kind}"
        for case in range(12)
        for place, activity in enumerate("abc")
        for kind, hour in hours.items()
    ]
    return csv(tmp_path, "\n".join([f"case,activity,date,{column}", *lines, *more, ""]))


@pytest.mark.parametrize("column", ["lifecycle:transition", "lifecycle"])
def test_an_activity_in_several_lifecycle_events_ends_a_case_when_it_is_complete(tmp_path: Path, column: str) -> None:
    # Counted as they stand, only one of three events of c is the last of its case.
    log = read_log(lived(tmp_path, column=column))
    assert (final_activities(log), log.open_cases) == (("c",), 0)
    assert log.cases["end"].iloc[0] == pd.Timestamp("2024-01-03T09:00")


def test_what_is_left_scheduled_keeps_no_case_open_and_what_has_begun_does(tmp_path: Path) -> None:
    log = read_log(lived(tmp_path, "0,b,2024-01-20T00:00:00,schedule", "1,b,2024-01-20T00:00:00,start"))
    assert final_activities(log) == ("c",)
    assert log.cases.loc[log.cases["end"].isna(), "case"].tolist() == ["1"]
    # An end is never before an event of its case.
    assert log.cases["end"].iloc[0] == pd.Timestamp("2024-01-20")


def test_named_final_activities_end_a_case_when_they_are_complete(tmp_path: Path) -> None:
    path = lived(tmp_path, "0,b,2024-01-20T00:00:00,schedule", "12,a,2024-01-20T00:00:00,schedule")
    log = read_log(path, final=["c"])
    assert log.cases.loc[log.cases["end"].isna(), "case"].tolist() == ["12"]


def test_an_event_without_a_transition_is_one_that_happened(tmp_path: Path) -> None:
    out = [f"{case},out,2024-01-20T00:00:00," for case in range(11)]
    log = read_log(lived(tmp_path, *out, "12,a,2024-03-01T00:00:00,Complete"))
    assert (final_activities(log), log.open_cases) == (("out",), 2)


def test_where_nothing_is_complete_every_event_counts(tmp_path: Path) -> None:
    said, unsaid = tmp_path / "said", tmp_path / "unsaid"
    said.mkdir()
    unsaid.mkdir()
    logs = [
        read_log(lived(said, complete="done")),
        read_log(lived(unsaid, column="remark", complete="complete")),
    ]
    for log in logs:
        assert (final_activities(log), log.open_cases) == ((), 12)


def test_unknown_final_activity_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path, "case,activity,date\n1,open,2024-01-01\n1,closed,2024-01-02\n")
    (found,) = problems(path, final=["close"])
    assert (found.problem, found.remedy) == ("there is no activity 'close' to end a case", "Did you mean 'closed'?")


@pytest.mark.parametrize(
    ("name", "events", "cases", "activities", "open_cases", "final"),
    [
        ("sepsis_full.xes.gz", 15_214, 1_050, 16, None, "Release A"),
        ("receipt_wabo.xes.gz", 8_577, 1_434, 27, None, "T10 Determine necessity to stop indication"),
        ("traffic_fines_sample.csv.gz", 34_724, 10_000, 11, None, "Send for Credit Collection"),
        ("running-example.xes", 42, 6, 8, 0, "reject request"),
    ],
)
def test_public_logs(name: str, events: int, cases: int, activities: int, open_cases: int | None, final: str) -> None:
    log = read_log(shared(name), columns=FINES if name.startswith("traffic") else None)
    assert (len(log), len(log.cases), len(log.activities)) == (events, cases, activities)
    ends = final_activities(log)
    assert final in ends
    last = log.events.groupby("case")["activity"].last().astype("str")
    assert log.open_cases == int((~last.isin(ends)).sum())
    assert open_cases in (None, log.open_cases)


LOAN = LogColumns(case="case_id", activity="activity", timestamp="end_time")
EVERY_LOG = {
    "sepsis_full.xes.gz": None,
    "receipt_wabo.xes.gz": None,
    "helpdesk.xes.gz": None,
    "running-example.xes": None,
    "traffic_fines_sample.csv.gz": FINES,
    "loan_app.csv.gz": LOAN,
    "interval_event_log.csv.gz": None,
}
"""All logs of the folder but the one with missing timestamps, which is refused."""


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_LOG)
def test_every_public_log_comes_back_equal_from_xes_and_parquet(name: str, tmp_path: Path) -> None:
    log = read_log(shared(name), columns=EVERY_LOG[name])
    write_log(log, tmp_path)
    assert same(read_run_log(tmp_path), log)
    back = read_log(tmp_path / "event_log.xes.gz")
    assert list(back.events.columns) == list(log.events.columns)
    assert same(back, log)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EVERY_LOG if "xes" in name])
@pytest.mark.filterwarnings("ignore:Install the optional requirement:UserWarning")
def test_pm4py_reads_the_same_of_our_file_as_of_the_original(name: str, tmp_path: Path) -> None:
    import pm4py

    log = read_log(shared(name))
    write_log(log, tmp_path)
    keys = ["case:concept:name", "time:timestamp", "concept:name"]
    theirs, ours = (
        pm4py.read_xes(str(path), variant="iterparse") for path in (shared(name), tmp_path / "event_log.xes.gz")
    )
    # We keep the time as written, without its offset; so does pandas once it is told to.
    assert len(ours) == len(theirs)
    assert set(theirs.columns) <= set(ours.columns) | {"case:creator", "case:variant", "case:variant-index"}
    assert ours["concept:name"].value_counts().to_dict() == theirs["concept:name"].value_counts().to_dict()
    shared_attributes = [column for column in theirs if column in ours and column not in keys]
    assert shared_attributes
    for column in shared_attributes:
        count = ours.groupby("case:concept:name", sort=True)[column].count()
        assert count.equals(theirs.groupby("case:concept:name", sort=True)[column].count()), column
    pm4py.write_xes(ours, str(tmp_path / "theirs.xes"))
    again = read_log(tmp_path / "theirs.xes").events.astype({"activity": "str"})
    told = ["case", "activity", "date"]
    by = ["case", "date", "activity"]
    expected = log.events.astype({"activity": "str"})[told].sort_values(by, ignore_index=True)
    pd.testing.assert_frame_equal(again[told].sort_values(by, ignore_index=True), expected)


def test_an_end_that_shares_its_last_instant_ends_the_case(tmp_path: Path) -> None:
    rows = (
        "1,open,2024-01-01",
        "1,archived,2024-01-02",
        "1,a letter,2024-01-02",
        "1,zip,2024-01-02",
        "2,open,2024-01-01",
    )
    path = csv(tmp_path, "\n".join(["case,activity,date", *rows]) + "\n")
    log = read_log(path, final=["archived"])
    assert log.cases["end"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
    assert log.events.loc[log.events["case"] == "1", "activity"].tolist()[-1] == "archived"


def test_columns_named_for_an_xes_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_text("<log/>", encoding="utf-8")
    (found,) = problems(path, columns=LOAN)
    assert found.problem == "an XES file says itself what the case, the activity and the timestamp are"


def test_traces_without_events_are_counted(tmp_path: Path) -> None:
    path, notes = tmp_path / "log.xes", list[str]()
    event = '<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2020-01-01"/></event>'
    path.write_text(f"<log><trace/><trace>{event}</trace><trace/></log>", encoding="utf-8")
    assert len(read_log(path, notes=notes).cases) == 1
    assert notes == ["log.xes: 2 traces have no events and are left out."]


def test_local_time_of_the_sepsis_log_is_kept() -> None:
    log = read_log(shared("sepsis_full.xes.gz"))
    first = log.events[log.events["case"] == "A"].iloc[0]
    assert (str(first["activity"]), str(first["date"])) == ("ER Registration", "2014-10-22 11:15:41")
    assert first["Age"] == 85


def test_pm4py_frame_gives_the_same_directly_follows_counts(tiny_log: EventLog) -> None:
    import pm4py

    frame = to_pm4py(tiny_log)
    assert list(frame.columns) == ["case:concept:name", "concept:name", "time:timestamp"]
    graph, starts, _ = pm4py.discover_dfg(frame)
    a = tiny_log.arrays
    inside = np.flatnonzero(a.case[1:] == a.case[:-1])
    pairs = pd.Series([(a.activities[a.activity[i]], a.activities[a.activity[i + 1]]) for i in inside]).value_counts()
    assert dict(graph) == pairs.to_dict()
    assert starts == {"Became looked after": 3}


TEXT = st.text(st.sampled_from("aé=<>&\"'\n\t ;]"), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            TEXT,
            TEXT,
            st.datetimes(
                min_value=pd.Timestamp("1950-01-01").to_pydatetime(),
                max_value=pd.Timestamp("2050-01-01").to_pydatetime(),
            ),
            TEXT | st.none(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_log_survives_every_format(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]]
) -> None:
    events = pd.DataFrame(rows, columns=["case", "activity", "date", "note"]).astype({"note": "str"})
    window = ObservationWindow(
        pd.Timestamp("1950-01-01"), pd.Timestamp("2050-01-02"), {"a & <b>": pd.Timestamp("2000-01-01")}
    )
    log = EventLog.of(events, window)
    folder = tmp_path_factory.mktemp("log")
    write_log(log, folder)
    assert same(read_run_log(folder), log)
    back = read_log(folder / "event_log.xes.gz")
    if log.events["note"].isna().all():  # XES leaves missing values out, and so a column without any value
        back = EventLog(back.events.assign(note=log.events["note"]), back.cases, back.window)
    assert same(back, log)


def test_work_that_was_given_up_ends_a_case_as_work_done_does(tmp_path: Path) -> None:
    rows = ["case,activity,date,lifecycle"]
    for case in range(100):
        month = f"2024-{1 + case % 12:02d}"
        rows += [f"{case},register,{month}-01,complete"]
        rows += [f"{case},review,{month}-03,{'withdraw' if case % 3 == 0 else 'complete'}"]
    # Those of the last month are too recent for anybody to know that nothing follows, but are like the others.
    assert read_log(csv(tmp_path, "\n".join(rows) + "\n")).open_cases == 0


def test_a_log_is_recorded_since_the_first_work_began(tmp_path: Path) -> None:
    log = read_log(csv(tmp_path, "case,activity,date,start\n1,a,2024-02-01,2024-01-01\n1,b,2024-03-01,2024-02-02\n"))
    assert (log.window.start, log.window.end) == (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01"))


def test_an_end_that_somebody_names_is_one_whatever_its_transition(tmp_path: Path) -> None:
    rows = ["case,activity,date,lifecycle"]
    rows += [f"{case},work,2024-01-01,complete\n{case},closed,2024-01-02,resolved" for case in range(20)]
    log = read_log(csv(tmp_path, "\n".join(rows) + "\n"), final=["closed"])
    assert log.open_cases == 0
