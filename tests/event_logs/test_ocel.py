"""OCEL 2.0: the file is what the standard says, another product reads it, and the log comes back equal."""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.exchange import read_log
from event_logs.log import EventLog
from event_logs.ocel import read_ocel, write_ocel
from event_logs.window import ObservationWindow

Document = dict[str, list[dict[str, Any]]]
WINDOW = ObservationWindow(
    pd.Timestamp("2020-01-01"), pd.Timestamp("2021-06-30"), {v.RECOMMENDED: pd.Timestamp("2020-02-01")}
)
RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}


def stamps(*texts: str | None) -> pd.Series[pd.Timestamp]:
    return pd.Series([pd.Timestamp(text) if text else pd.NaT for text in texts], dtype="datetime64[us]")


def family_log() -> EventLog:
    """Two siblings and one child more; the first has two episodes, one of them of the same number as a child."""
    events = [
        ("1", v.BECAME_LOOKED_AFTER, "2020-01-01", "Fife & Co", 3),
        ("1", v.ACCOMMODATED, "2020-01-01", None, 1),
        ("1", v.PERMANENCE_ORDER, "2020-09-01", 'Leith\n"quoted" <b> Zoë 🙂', 7),
        ("2", v.BECAME_LOOKED_AFTER, "2020-03-01", None, 4),
        ("2", v.RETURNED_HOME, "2020-05-01", None, 5),
        ("2", v.CEASED, "2020-05-01", None, 6),
        ("3", v.BECAME_LOOKED_AFTER, "2020-10-01", None, 8),
        ("3", v.ADOPTION_ORDER, "2021-01-01", None, 9),
        ("3", v.CEASED, "2021-01-01", None, 9),
    ]
    cases = pd.DataFrame(
        {
            "case": ["1", "2", "3", "4"],
            "start": stamps("2020-01-01", "2020-03-01", "2020-10-01", "2021-01-01"),
            "end": stamps(None, "2020-05-01", "2021-01-01", None),
            "child": ["1", "9", "8", "9"],
            "birth": stamps("2016-02-29", "2018-01-01", "2019-12-31", "2018-01-01"),
            "age_at_start": [3.837, 2.162, 0.753, np.nan],
            "sex": ["Female", "Male", "Male", "Male"],
            "family": ["F1", "F1", None, "F1"],
            "locality": ["North", "East", "East", "West"],  # differs between the episodes of child 9
            "destination": pd.Series([None, "Home", "Adoption", None], dtype="str"),
            "moves": [2, 1, 0, 0],
            "sibling_group": [True, True, False, True],
        }
    )
    frame = pd.DataFrame(events, columns=["case", "activity", "date", "team", "sessions"])
    return EventLog.of(frame.assign(date=pd.to_datetime(frame["date"])), WINDOW, cases=cases, ranks=RANKS)


def placements() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "case": ["1", "1", "2", "3", "3"],
            "type": ["Foster carer", "Kinship carer", "Kinship carer", "Foster carer", "Residential"],
            "start": stamps("2020-01-01", "2020-06-01", "2020-03-01", "2020-10-01", "2020-12-01"),
            "end": stamps("2020-06-01", None, "2020-04-20", "2021-01-01", "2020-12-20"),
            "away": [True, True, True, True, True],
        }
    )


def assert_equal_logs(one: EventLog, two: EventLog) -> None:
    assert_frame_equal(one.events, two.events)
    assert_frame_equal(one.cases, two.cases)
    assert one.window == two.window


def written(path: Path, log: EventLog, placed: pd.DataFrame | None = None) -> Document:
    write_ocel(log, path, placements=placed)
    document: Document = json.loads(path.read_bytes())
    return document


def declarations(document: Document, section: str) -> dict[str, dict[str, str]]:
    """Type -> attribute -> its type."""
    return {each["name"]: {a["name"]: a["type"] for a in each["attributes"]} for each in document[section]}


def check_structure(document: Document) -> None:
    """The published schema (ocel20-schema-json.json), and what the specification says beyond it."""
    assert list(document) == ["objectTypes", "eventTypes", "objects", "events"]
    declared: dict[str, dict[str, dict[str, str]]] = {}
    for section in ("objectTypes", "eventTypes"):
        for each in document[section]:
            assert set(each) == {"name", "attributes"}
            for attribute in each["attributes"]:
                assert set(attribute) == {"name", "type"}
                assert attribute["type"] in {"string", "time", "integer", "float", "boolean"}
        names = [each["name"] for each in document[section]]
        assert len(names) == len(set(names))
        declared[section] = {
            each["name"]: {a["name"]: a["type"] for a in each["attributes"]} for each in document[section]
        }
    ids = {item["id"] for item in document["objects"]}
    for section, types, own in (("objects", "objectTypes", set[str]()), ("events", "eventTypes", {"time"})):
        keys = [item["id"] for item in document[section]]
        assert len(keys) == len(set(keys))
        for item in document[section]:
            assert set(item) == {"id", "type", "attributes", "relationships"} | own
            assert all(isinstance(item[key], str) for key in ("id", "type", *own))
            assert "time" not in own or pd.Timestamp(item["time"]).tzinfo is not None
            for attribute in item["attributes"]:
                assert set(attribute) == {"name", "value"} | ({"time"} - own)
                assert all(isinstance(value, str) for value in attribute.values())
                assert attribute["name"] in declared[types][item["type"]]
            assert all(set(link) == {"objectId", "qualifier"} for link in item["relationships"])
            assert {link["objectId"] for link in item["relationships"]} <= ids


def related(document: Document, section: str, key: str) -> dict[str, list[str]]:
    """The relations of one item: qualifier -> object ids."""
    (item,) = (item for item in document[section] if item["id"] == key)
    found: dict[str, list[str]] = {}
    for link in item["relationships"]:
        found.setdefault(link["qualifier"], []).append(link["objectId"])
    return found


def test_the_file_has_the_structure_of_the_standard(tmp_path: Path, tiny_log: EventLog) -> None:
    check_structure(written(tmp_path / "a.json", family_log(), placements()))
    check_structure(written(tmp_path / "b.json", tiny_log))


def test_objects_and_relations_worked_by_hand(tmp_path: Path) -> None:
    document = written(tmp_path / "log.json", family_log(), placements())
    kinds = Counter(item["type"] for item in document["objects"])
    assert kinds == {"episode": 4, "child": 3, "family": 1, "placement": 5, "order": 2, "observation window": 1}
    assert related(document, "objects", "child:9") == {"has episode": ["episode:2", "episode:4"]}
    assert related(document, "objects", "child:1") == {"has episode": ["episode:1"]}
    assert related(document, "objects", "family:F1") == {"has child": ["child:1", "child:9"]}
    assert related(document, "objects", "placement:1/2") == {"in episode": ["episode:1"]}
    assert related(document, "objects", "order:3/1") == {"for episode": ["episode:3"]}
    # Events in the log's order: 1 became looked after, 2 accommodated, 3 order; 4 to 6 of episode 2; 7 to 9 of 3.
    assert related(document, "events", "event:1") == {
        "episode": ["episode:1"],
        "child": ["child:1"],
        "family": ["family:F1"],
        "placement": ["placement:1/1"],
    }
    assert related(document, "events", "event:3")["placement"] == ["placement:1/2"]
    assert related(document, "events", "event:3")["grants"] == ["order:1/1"]
    assert "placement" not in related(document, "events", "event:5")  # the placement ended ten days before
    assert "family" not in related(document, "events", "event:7")
    assert related(document, "events", "event:8")["placement"] == ["placement:3/1"]  # the second had ended before


def test_of_two_placements_the_one_begun_last_counts_if_it_lasts(tmp_path: Path) -> None:
    log = family_log()
    placed = placements()
    placed.loc[4, "end"] = pd.NaT
    document = written(tmp_path / "log.json", log, placed)
    assert related(document, "events", "event:8")["placement"] == ["placement:3/2"]


def test_what_describes_the_child_stands_with_the_child(tmp_path: Path) -> None:
    document = written(tmp_path / "log.json", family_log())
    types = declarations(document, "objectTypes")
    assert types["child"] == {"birth": "time", "sex": "string", "family": "string"}
    assert types["episode"] == {
        "start": "time",
        "end": "time",
        "age_at_start": "float",
        "locality": "string",  # not the same in both episodes of child 9
        "destination": "string",
        "moves": "integer",
        "sibling_group": "boolean",
    }
    assert "placement" not in types


def test_event_types_are_the_activities_and_dates_keep_their_day(tmp_path: Path) -> None:
    log = family_log()
    document = written(tmp_path / "log.json", log)
    assert [each["name"] for each in document["eventTypes"]] == list(log.activities)
    assert document["events"][2]["time"] == "2020-09-01T00:00:00.000000Z"
    assert [item["type"] for item in document["events"]] == log.events["activity"].astype("str").tolist()


def test_a_log_comes_back_equal(tmp_path: Path, tiny_log: EventLog) -> None:
    for name, log in (("family", family_log()), ("tiny", tiny_log), ("part", tiny_log.keeping([v.REVIEW, v.PANEL]))):
        path = tmp_path / f"{name}.json"
        write_ocel(log, path)
        content = read_ocel(path)
        assert_equal_logs(content.log(), log)
        assert content.placements is None
        assert content.unrelated == 0


@pytest.mark.parametrize("name", ["running-example.xes", "receipt_wabo.xes.gz"])
def test_public_logs_come_back_equal(tmp_path: Path, name: str) -> None:
    path = Path(__file__).resolve().parents[2].parent / "shared" / "logs" / name
    if not path.exists():
        pytest.skip(f"the public log {name} is not there")
    log = read_log(path)
    check_structure(written(tmp_path / "log.json", log))
    assert_equal_logs(read_ocel(tmp_path / "log.json").log(), log)


def test_placements_come_back_equal(tmp_path: Path) -> None:
    write_ocel(family_log(), tmp_path / "log.json", placements=placements())
    content = read_ocel(tmp_path / "log.json")
    assert content.placements is not None
    assert_frame_equal(content.placements, placements())
    assert_equal_logs(content.log(), family_log())
    write_ocel(family_log(), tmp_path / "none.json", placements=placements()[:0])
    none = read_ocel(tmp_path / "none.json").placements
    assert none is not None
    assert_frame_equal(none, placements()[:0])


def test_a_log_without_events_and_one_without_children_come_back(tmp_path: Path) -> None:
    plain = pd.DataFrame({"case": ["b", "a"], "activity": ["x", "y"], "date": stamps("2020-02-01", "2020-01-05")})
    for number, log in enumerate(
        [EventLog.of(plain, WINDOW), EventLog.of(plain[:0], WINDOW, cases=family_log().cases)]
    ):
        write_ocel(log, tmp_path / f"{number}.json")
        assert_equal_logs(read_ocel(tmp_path / f"{number}.json").log(), log)


def test_times_of_day_missing_children_and_own_names_come_back(tmp_path: Path) -> None:
    log = family_log()
    events = log.events.assign(date=log.events["date"] + pd.Timedelta("9h30min15.25s"), id="x", value=1.5, type="t")
    known = pd.Series([True, False, True, False])
    cases = log.cases.assign(id=["p", "q", "r", "s"])
    cases = cases.assign(**{name: cases[name].where(known) for name in ("child", "birth", "family")})
    odd = EventLog.of(events.drop(columns="rank"), WINDOW, cases=cases, ranks=RANKS)
    placed = placements().assign(id=["5", "4", "3", "2", "1"], **{"ocel id": "x"})
    write_ocel(odd, tmp_path / "log.json", placements=placed)
    content = read_ocel(tmp_path / "log.json")
    assert_equal_logs(content.log(), odd)
    assert content.placements is not None
    assert_frame_equal(content.placements, placed)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("xyz"), st.integers(0, 20), st.none() | st.text(max_size=4)),
        min_size=1,
        max_size=15,
    ),
    st.randoms(use_true_random=False),
)
def test_any_log_comes_back_equal_and_row_order_changes_no_byte(
    tmp_path: Path, rows: list[tuple[int, str, int, str | None]], shuffled: Any
) -> None:
    logs = []
    for _ in range(2):
        frame = pd.DataFrame(rows, columns=["case", "activity", "day", "note"]).astype({"note": "str"})
        frame = frame.assign(case="c:" + frame["case"].astype("str"), date=pd.Timestamp("2020-01-01"))
        frame["date"] += pd.to_timedelta(frame.pop("day"), unit="D")
        logs.append(EventLog.of(frame, WINDOW, ranks={"x": 1, "y": 2, "z": 2}))
        shuffled.shuffle(rows)
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for log, path in zip(logs, paths, strict=True):
        write_ocel(log, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert_equal_logs(read_ocel(paths[0]).log(), logs[0])


def test_the_same_log_gives_the_same_bytes_packed_and_not(tmp_path: Path) -> None:
    placed = placements()
    for name in ("a.json", "a.json.gz"):
        write_ocel(family_log(), tmp_path / name, placements=placed)
        first = (tmp_path / name).read_bytes()
        write_ocel(family_log(), tmp_path / name, placements=placed.iloc[::-1])
        assert (tmp_path / name).read_bytes() == first
    assert gzip.decompress((tmp_path / "a.json.gz").read_bytes()) == (tmp_path / "a.json").read_bytes()
    assert_equal_logs(read_ocel(tmp_path / "a.json.gz").log(), family_log())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.json.gz"]


def test_pm4py_reads_the_same_events_objects_and_relations(tmp_path: Path) -> None:
    sys._pm4py_welcome_shown = True  # type: ignore[attr-defined]  # no banner on standard output
    document = written(tmp_path / "log.json", family_log(), placements())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party code, seen with 2.7.23
        import pm4py

        theirs = pm4py.read_ocel2_json(str(tmp_path / "log.json"))
    events = theirs.events.set_index("ocel:eid")
    log = family_log()
    assert sorted(events["ocel:activity"]) == sorted(log.events["activity"].astype("str"))
    by_order = events.loc[[f"event:{number}" for number in range(1, len(log) + 1)]]
    assert by_order["ocel:timestamp"].dt.tz_localize(None).tolist() == log.events["date"].tolist()
    assert by_order["team"].tolist()[2] == log.events["team"].iloc[2] == 'Leith\n"quoted" <b> Zoë 🙂'
    assert by_order["sessions"].tolist() == log.events["sessions"].tolist()
    # pm4py keeps only objects that have events: not episode 4, nor the observation window.
    linked = {link["objectId"] for item in document["events"] for link in item["relationships"]}
    assert set(theirs.objects["ocel:oid"]) == linked
    # 3 episodes, 3 children, 1 family, 2 orders; of placements all but the second of episode 3, which saw no event.
    assert Counter(key.partition(":")[0] for key in linked) == {
        "episode": 3,
        "child": 3,
        "family": 1,
        "order": 2,
        "placement": 4,
    }
    pairs = {(item["id"], link["objectId"]) for item in document["events"] for link in item["relationships"]}
    assert set(zip(theirs.relations["ocel:eid"], theirs.relations["ocel:oid"], strict=True)) == pairs
    inner = {
        (item["id"], link["objectId"], link["qualifier"])
        for item in document["objects"]
        for link in item["relationships"]
        if {item["id"], link["objectId"]} <= linked
    }
    columns = ("ocel:oid", "ocel:oid_2", "ocel:qualifier")
    assert set(zip(*(theirs.o2o[column] for column in columns), strict=True)) == inner
    assert ("family:F1", "child:9", "has child") in inner
    child = theirs.objects.set_index("ocel:oid").loc["child:1"]
    assert pd.Timestamp(child["birth"]).tz_localize(None) == pd.Timestamp("2016-02-29")
    assert theirs.objects.set_index("ocel:oid").loc["episode:1", "age_at_start"] == 3.837


def foreign() -> Document:
    """The log of another product: values that are numbers, a value that changes, an event of two orders and of none."""
    order = {"id": "o1", "type": "order", "attributes": [], "relationships": [{"objectId": "i1", "qualifier": "has"}]}
    order["attributes"] = [
        {"name": "price", "time": "2024-02-01T00:00:00Z", "value": 12.5},
        {"name": "price", "time": "1970-01-01T00:00:00Z", "value": 10},
        {"name": "start", "time": "1970-01-01T00:00:00Z", "value": "here"},
    ]
    return {
        "objectTypes": [{"name": "order", "attributes": [{"name": "price", "type": "float"}]}],
        "eventTypes": [{"name": "place", "attributes": [{"name": "urgent", "type": "boolean"}]}],
        "objects": [order, {"id": "o2", "type": "order"}, {"id": "i1", "type": "item"}],
        "events": [
            {
                "id": "e1",
                "type": "place",
                "time": "2024-01-01T23:30:00+01:00",
                "attributes": [{"name": "urgent", "value": True}],
                "relationships": [{"objectId": "o1", "qualifier": ""}, {"objectId": "o2", "qualifier": ""}],
            },
            {"id": "e2", "type": "place", "time": "2024-01-02T08:00:00Z"},
        ],
    }


def test_the_log_of_another_product_is_read_from_the_objects_named(tmp_path: Path) -> None:
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps(foreign()), encoding="utf-8")
    content = read_ocel(path, case_type="order")
    expected = pd.DataFrame(
        {
            "case": ["o1", "o2"],
            "activity": ["place", "place"],
            "date": stamps("2024-01-01 23:30", "2024-01-01 23:30"),
            "urgent": pd.array([True, True], dtype="boolean"),
        }
    )
    assert_frame_equal(content.events, expected)
    cases = pd.DataFrame({"case": ["o1", "o2"], "price": [12.5, np.nan], "start_": ["here", None]})
    assert_frame_equal(content.cases, cases)
    assert content.unrelated == 1
    with pytest.raises(ValueError, match="only an OCEL file of our own"):
        content.log()
    with pytest.raises(InputError, match="no object of the type 'episode'; the types are: item, order"):
        read_ocel(path)


def damaged(**changes: Any) -> str:
    return json.dumps(foreign() | changes)


EVENT = {"id": "e1", "type": "place", "time": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("{", "line 1: not well-formed JSON"),
        ('{"events": [\n\n}', "line 3: not well-formed JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "there is no list 'events'"),
        ('{"ocel:events": {}}', "this is not OCEL 2.0 JSON"),
        (damaged(objects={}), "there is no list 'objects'"),
        (damaged(events=[EVENT, {"id": "e2", "type": "place"}]), "item 2 must have the texts id, type, time"),
        (damaged(events=[EVENT, 7]), "item 2 must have the texts"),
        (damaged(events=[{**EVENT, "attributes": [{"value": "1"}]}]), "item 1: each of its attributes"),
        (damaged(events=[{**EVENT, "relationships": {"objectId": "o1"}}]), "item 1: each of its relationships"),
        (damaged(objects=[{"id": "o1"}] * 8), "and 3 more items"),
        (damaged(events=[EVENT, EVENT]), "1 ids stand more than once, first 'e1'"),
        (damaged(events=[{**EVENT, "relationships": [{"objectId": "o7", "qualifier": ""}]}]), "not there, first 'o7'"),
        (damaged(events=[{**EVENT, "time": "03/04/2024"}]), "1 timestamps are not ISO 8601 dates, first '03/04/2024'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_ocel(path, case_type="order")
    assert message in str(caught.value)
    assert all(problem.file == "log.json" and problem.remedy for problem in caught.value.problems)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(b'{"events": "\xff\xfe\x80"}')
    with pytest.raises(InputError, match="not JSON in UTF-8"):
        read_ocel(tmp_path / "log.json")
    with pytest.raises(InputError, match="does not exist"):
        read_ocel(tmp_path / "none.json")


def test_a_file_of_ours_that_was_changed_is_an_input_error(tmp_path: Path) -> None:
    document = written(tmp_path / "log.json", family_log())
    about = document["objects"][-1]
    assert about["type"] == "observation window"
    for name in ("recorded from", "start", "case columns"):
        kept = [attribute for attribute in about["attributes"] if attribute["name"] != name]
        changed = {**document, "objects": [*document["objects"][:-1], {**about, "attributes": kept}]}
        (tmp_path / "changed.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match="one of ours, but has been changed"):
            read_ocel(tmp_path / "changed.json")
    about["attributes"] = [{**attribute, "value": 5} for attribute in about["attributes"]]
    (tmp_path / "changed.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="one of ours, but has been changed"):
        read_ocel(tmp_path / "changed.json")


def test_placements_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    for placed, message in (
        (placements().drop(columns=["start", "end"]), "missing: start, end"),
        (placements().assign(case=["1", "1", "7", "6", "3"]), "2 cases that the log does not have, first '6'"),
        (placements().assign(start=stamps(*[None] * 5)), "no missing case or start"),
    ):
        with pytest.raises(ValueError, match=message):
            write_ocel(family_log(), path, placements=placed)
    assert not path.exists()
