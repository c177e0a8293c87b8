"""XES: hostile and broken files are refused before they do anything; what is read keeps its type."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pytest

from event_logs.errors import InputError, Problem
from event_logs.exchange import read_log
from event_logs.log import EventLog
from event_logs.xes import read_xes, write_xes

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
EVENT = (
    '<event><string key="concept:name" value="a"/>'
    '<date key="time:timestamp" value="2020-01-01T10:00:00.000+02:00"/>{}</event>'
)


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "log.xes"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problem(tmp_path: Path, text: str | bytes) -> Problem:
    with pytest.raises(InputError) as caught:
        read_xes(written(tmp_path, text))
    (found,) = caught.value.problems
    assert found.remedy
    return found


def log_of(*traces: str) -> str:
    return f'{HEAD}<log xmlns="http://www.xes-standard.org/">{"".join(traces)}</log>'


def test_attributes_keep_their_type_and_names_do_not_collide(tmp_path: Path) -> None:
    extra = (
        '<int key="n" value="3"/><float key="x" value="1.5"/><boolean key="b" value="true"/>'
        '<date key="d" value="2020-02-01T00:00:00Z"/><string key="rank" value="r"/><int key="odd" value="many"/>'
        '<list key="l"><string key="inside" value="no"/></list>'
    )
    trace = f'<trace><string key="concept:name" value="1"/><string key="end" value="x"/>{EVENT.format(extra)}</trace>'
    content = read_xes(written(tmp_path, log_of(trace)))
    (row,) = content.events.to_dict("records")
    assert row == {
        "case": "1",
        "activity": "a",
        "date": "2020-01-01T10:00:00.000+02:00",
        "n": 3,
        "x": 1.5,
        "b": True,
        "d": pd.Timestamp("2020-02-01"),
        "rank_": "r",
        "odd": "many",
    }
    assert content.cases.to_dict("records") == [{"case": "1", "end_": "x"}]


def test_traces_without_names_or_events_and_traces_of_one_name(tmp_path: Path) -> None:
    named = '<trace><string key="concept:name" value="n"/>' + EVENT.format("") + "</trace>"
    log = read_log(written(tmp_path, log_of("<trace>" + EVENT.format("") + "</trace>", "<trace/>", named, named)))
    assert log.cases["case"].tolist() == ["n", "trace 1"]
    assert log.events["case"].tolist() == ["n", "n", "trace 1"]


def test_without_namespace_and_with_prefix(tmp_path: Path) -> None:
    plain = f"<log><trace>{EVENT.format('')}</trace></log>"
    assert len(read_xes(written(tmp_path, plain)).events) == 1
    prefixed = (HEAD + plain).replace("<log>", '<x:log xmlns:x="u">').replace("</log>", "</x:log>")
    for tag in ("trace", "event", "string", "date"):
        prefixed = prefixed.replace(f"<{tag}", f"<x:{tag}").replace(f"</{tag}", f"</x:{tag}")
    assert (
        len(read_xes(written(tmp_path, "<!-- <!DOCTYPE in a comment is only text -->" + prefixed[len(HEAD) :])).events)
        == 1
    )


def test_a_document_type_is_refused_and_no_file_touched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret", encoding="utf-8")
    body = f'<log><trace><string key="concept:name" value="&x;"/>{EVENT.format("")}</trace></log>'
    for doctype in (
        f'<!DOCTYPE log [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        '<!DOCTYPE log SYSTEM "http://example.org/a.dtd">',
    ):
        found = problem(tmp_path, f"{HEAD}<!-- hello -->\n<?pi?>{doctype}{body}")
        assert "document type" in found.problem
        assert "s3cret" not in str(found)
    assert "not well-formed" in problem(tmp_path, HEAD + body).problem  # an entity that nothing declares


def test_encodings_one_cannot_look_into_are_refused(tmp_path: Path) -> None:
    text = f"<log><trace>{EVENT.format('')}</trace></log>"
    assert "UTF-8" in problem(tmp_path, text.encode("utf-16")).problem
    assert "UTF-8" in problem(tmp_path, text.encode("utf-16-le")).problem
    assert "utf-7" in problem(tmp_path, '<?xml version="1.0" encoding="UTF-7"?>' + text).problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("case,activity\n1,a\n", "not XES"),
        ("<html><body/></html>", "does not begin with a <log>"),
        ("<log><trace></trace></log>", "holds no events"),
        ("<log><trace><event>", "not well-formed XML"),
        ("<log><trace>" + "<a>" * 5_000, "not well-formed XML"),
    ],
)
def test_what_is_not_a_log(tmp_path: Path, text: str, says: str) -> None:
    assert says in problem(tmp_path, text).problem


def test_a_truncated_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "log.xes.gz"
    path.write_bytes(gzip.compress(log_of(*["<trace>" + EVENT.format("") + "</trace>"] * 500).encode())[:-20])
    with pytest.raises(InputError, match="damaged or cut off"):
        read_xes(path)


def test_events_without_timestamp_or_name_are_counted_and_their_trace_named(tmp_path: Path) -> None:
    bare = '<event><string key="concept:name" value="a"/></event>'
    trace = f'<trace><string key="concept:name" value="T"/>{bare}{bare}<event/>{EVENT.format("")}</trace>'
    with pytest.raises(InputError) as caught:
        read_xes(written(tmp_path, log_of(trace)))
    assert [(p.place, p.problem) for p in caught.value.problems] == [
        ("trace 'T'", "1 of 4 events have no name (concept:name)"),
        ("trace 'T'", "3 of 4 events have no timestamp (time:timestamp)"),
    ]


def test_an_unreadable_timestamp_names_the_trace(tmp_path: Path) -> None:
    bad = EVENT.format("").replace("2020-01-01T10:00:00.000+02:00", "01/02/2020")
    with pytest.raises(InputError, match=r"trace 'trace 1': 1 timestamps are not ISO 8601 dates, first '01/02/2020'"):
        read_log(written(tmp_path, log_of(f"<trace>{bad}</trace>")))


def test_the_public_log_with_missing_timestamps_is_refused() -> None:
    path = LOGS / "L1_missing_timestamp.xes"
    if not path.is_file():
        pytest.skip("the public log L1_missing_timestamp.xes is not on this machine")
    with pytest.raises(InputError, match="events have no timestamp"):
        read_log(path)


def test_pm4py_reads_what_we_write(tiny_log: EventLog, tmp_path: Path) -> None:
    import pm4py

    path = tmp_path / "log.xes"
    with path.open("wb") as file:
        write_xes(tiny_log, file)
    frame = pm4py.read_xes(str(path), variant="iterparse")
    assert frame["concept:name"].tolist() == tiny_log.events["activity"].tolist()
    assert frame["time:timestamp"].dt.tz_localize(None).tolist() == tiny_log.events["date"].tolist()
    assert frame["case:child"].drop_duplicates().tolist() == ["1", "2", "3"]


def test_characters_that_xml_cannot_hold_become_the_replacement_character(tiny_log: EventLog) -> None:
    stream = io.BytesIO()
    odd = EventLog(tiny_log.events, tiny_log.cases.assign(note="a\x00b\x1f"), tiny_log.window)
    write_xes(odd, stream)
    assert 'key="note" value="a�b�"' in stream.getvalue().decode()
