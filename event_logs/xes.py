"""XES: the XML form of an event log that process-mining tools exchange."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import CASE_COLUMNS, EVENT_COLUMNS, EventLog
from event_logs.packed import BoundedStream, opened

WINDOW_START, WINDOW_END, RECORDED_FROM = "window:start", "window:end", "window:recorded_from"
"""Attributes of the log by which our own files carry their observation window."""
EVENT_ORDER, CASE_ORDER = "columns:events", "columns:cases"
"""Those by which they carry the order of columns, as a list in JSON."""
_PROLOG = 1_000_000
_ENCODINGS = {"utf-8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
_VALUE_TAGS = {"string", "date", "int", "float", "boolean", "id"}
_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "huge_tree": False,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OFFSET = r"\s*(?:Z|z|[+-]\d{2}:?\d{2})$"


@dataclass(frozen=True, eq=False)
class XesContent:
    """What stands in an XES file, before anything is made of it."""

    events: pd.DataFrame
    """One row an event: `case`, `activity`, `date` (text as written), then attributes. An attribute of a name that
    event logs use themselves has an underscore added."""
    cases: pd.DataFrame
    """One row a case: `case`, then attributes. Traces of one name are one case, the first giving its attributes."""
    attributes: Mapping[str, str]
    """The log's own attributes."""
    recorded_from: Mapping[str, str]
    """Activity -> date, as our own files carry it."""
    empty_traces: int = 0
    """How many traces have no events."""


@dataclass
class _Columns:
    """Attributes collected sparsely: for each key where it stands, its text, and with which kinds of tag."""

    rows: int = 0
    found: dict[str, tuple[list[int], list[str | None], set[str]]] = field(default_factory=dict)

    def add(self, element: Any) -> None:
        tag, key = _local(element), element.get("key")
        if tag in _VALUE_TAGS and key is not None:
            positions, values, tags = self.found.setdefault(key, ([], [], set()))
            positions.append(self.rows)
            values.append(element.get("value"))
            tags.add(tag)

    def text(self, key: str) -> pd.Series[str]:
        positions, values, _ = self.found.get(key, ([], [], set()))
        column = np.full(self.rows, None, dtype=object)
        column[positions] = values
        return pd.Series(column, dtype="str")

    def typed(self, key: str) -> pd.Series[Any]:
        """Numbers, dates or truth values where every value is tagged as one and reads as one, otherwise text."""
        values, tags = self.text(key), self.found[key][2]
        try:
            if tags <= {"int"}:
                return pd.to_numeric(values)
            if tags <= {"float", "int"}:
                return pd.to_numeric(values).astype("float64")
            if tags == {"date"}:
                return pd.to_datetime(without_offset(values), format="ISO8601").astype("datetime64[us]")
            if tags == {"boolean"} and values.isin(["true", "false"]).all():
                return values == "true"
        except ValueError:
            pass
        return values


def without_offset(values: pd.Series[str]) -> pd.Series[str]:
    """Timestamps without their offset from UTC: the date and time on the wall where the event was recorded."""
    return values.str.replace(_OFFSET, "", regex=True)


def read_xes(path: Path) -> XesContent:
    """Events, cases and log attributes of an XES file, packed (.gz) or not.

    A document type declaration is refused before anything is parsed, so no entity is ever read. Lists and containers
    are not read. Raises InputError for a file that is not XES, is cut off or holds no events, and, naming the first
    traces and the count, for events without a name or a timestamp.
    """
    from lxml import etree

    with opened(path) as stream:
        _check_beginning(stream)
        events, traces = _Columns(), _Columns()
        case_of: list[int] = []
        try:
            parser: Any = etree.iterparse(stream, events=("end",), tag="{*}trace", **_SAFE)
            for _, trace in parser:
                _read_trace(trace, events, traces, case_of)
        except etree.XMLSyntaxError as error:
            place = f"line {error.lineno}" if error.lineno else ""
            problem = f"not well-formed XML: {str(error.msg).split(', line')[0]}"
            raise InputError(Problem(stream.file, place, problem, "Export the log again as XES")) from None
    if not events.rows:
        raise InputError(Problem(path.name, "", "the log holds no events", "Export it again"))
    names = traces.text("concept:name")
    names = names.where(names.notna(), "trace " + pd.Series(range(1, len(names) + 1)).astype("str"))
    return _content(path.name, parser.root, events, traces, names.astype("str"), np.asarray(case_of))


def _check_beginning(stream: BoundedStream) -> None:
    """Make sure that we can look into the file's beginning, that it declares no document type, and that it is a log."""
    head, file = stream.peek(_PROLOG), stream.file
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head[:8]:
        raise InputError(Problem(file, "line 1", "the file is not written in UTF-8", "Save it as UTF-8"))
    declared = re.match(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""", head)
    encoding = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if encoding not in _ENCODINGS:
        raise InputError(Problem(file, "line 1", f"the encoding {encoding!r} is not one we read", "Save it as UTF-8"))
    prolog = re.match(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*", head, re.DOTALL)
    at = prolog.end() if prolog else 0
    place = "line " + str(head.count(b"\n", 0, at) + 1)
    if head[at : at + 2] == b"<!":
        problem = "a document type declaration (<!DOCTYPE) is not allowed"
        raise InputError(Problem(file, place, problem, "Remove the declaration; an event log needs none"))
    if not re.match(rb"<(?:[\w.-]+:)?log[\s/>]", head[at : at + 200]):
        problem = "the file is not XES: it does not begin with a <log> element"
        raise InputError(Problem(file, place, problem, "Export the log as XES"))


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _read_trace(trace: Any, events: _Columns, traces: _Columns, case_of: list[int]) -> None:
    for child in trace:
        if _local(child) == "event":
            for attribute in child:
                events.add(attribute)
            events.rows += 1
            case_of.append(traces.rows)
        else:
            traces.add(child)
    traces.rows += 1
    # What has been read is let go of, or a large file would stand in memory as a tree.
    trace.clear()
    before = trace.getprevious()
    if before is not None and _local(before) == "trace":
        before.getparent().remove(before)


def _content(
    file: str, root: Any, events: _Columns, traces: _Columns, names: pd.Series[str], case_of: Any
) -> XesContent:
    frame = pd.DataFrame(
        {
            "case": names.take(case_of).reset_index(drop=True),
            "activity": events.text("concept:name"),
            "date": events.text("time:timestamp"),
        }
    )
    problems = []
    for column, what in (("activity", "name (concept:name)"), ("date", "timestamp (time:timestamp)")):
        bare = frame[column].isna()
        if bare.any():
            first = ", ".join(repr(name) for name in frame.loc[bare, "case"].unique()[:3])
            problem = f"{int(bare.sum()):,} of {len(frame):,} events have no {what}"
            problems.append(Problem(file, f"trace {first}", problem, "Complete the events or take them out"))
    if problems:
        raise InputError(problems)
    for key in events.found:
        if key not in ("concept:name", "time:timestamp"):
            frame[key + "_" if key in EVENT_COLUMNS else key] = events.typed(key)
    cases = pd.DataFrame({"case": names})
    for key in traces.found:
        if key != "concept:name":
            cases[key + "_" if key in CASE_COLUMNS else key] = traces.typed(key)
    attributes = {child.get("key", ""): child.get("value", "") for child in root if _local(child) in _VALUE_TAGS}
    nested = next((child for child in root if child.get("key") == RECORDED_FROM), ())
    recorded_from = {child.get("key", ""): child.get("value", "") for child in nested}
    empty = len(names) - len(np.unique(case_of))
    return XesContent(frame, cases.drop_duplicates("case", ignore_index=True), attributes, recorded_from, empty)


def write_xes(log: EventLog, stream: IO[bytes] | gzip.GzipFile) -> None:
    """Write a log as XES, case by case: its window as log attributes, the case table as trace attributes.

    Same log, same bytes. Missing values are left out; characters that XML cannot hold become U+FFFD.
    """
    stream.write(_header(log).encode())
    events = _lines(log.events, {"activity": "concept:name", "date": "time:timestamp"}, skip="case")
    cases = _lines(log.cases, {"case": "concept:name"}, skip="")
    first = log.arrays.first
    for case, attributes in enumerate(cases):
        body = "".join(f"<event>{event}</event>\n" for event in events[first[case] : first[case + 1]])
        stream.write(f"<trace>{attributes}\n{body}</trace>\n".encode())
    stream.write(b"</log>\n")


def _header(log: EventLog) -> str:
    window = log.window
    extensions = "".join(
        f'<extension name="{name}" prefix="{name.lower()}" uri="http://www.xes-standard.org/{name.lower()}.xesext"/>\n'
        for name in ("Concept", "Time")
    )
    dates = "".join(
        f'<date key="{_text(activity)}" value="{_stamp(day)}"/>'
        for activity, day in sorted(window.recorded_from.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<log xes.version="1.0" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">\n'
        f'{extensions}<classifier name="Activity" keys="concept:name"/>\n'
        f'<date key="{WINDOW_START}" value="{_stamp(window.start)}"/>\n'
        f'<date key="{WINDOW_END}" value="{_stamp(window.end)}"/>\n'
        f'<string key="{RECORDED_FROM}" value="">{dates}</string>\n'
        f'<string key="{EVENT_ORDER}" value="{_text(json.dumps(list(log.events), ensure_ascii=False))}"/>\n'
        f'<string key="{CASE_ORDER}" value="{_text(json.dumps(list(log.cases), ensure_ascii=False))}"/>\n'
    )


def _stamp(day: pd.Timestamp) -> str:
    return f"{day.isoformat(timespec='microseconds')}+00:00"


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("�", value), {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _lines(frame: pd.DataFrame, keys: Mapping[str, str], *, skip: str) -> list[str]:
    """For each row its attributes as XES elements."""
    columns = [str(column) for column in frame if column != skip]
    parts = [_elements(frame[column], keys.get(column, column)) for column in columns]
    return ["".join(row) for row in zip(*parts, strict=True)]


def _elements(values: pd.Series[Any], key: str) -> list[str]:
    """One element a value, nothing for a missing one; each distinct value is written once."""
    codes, unique = pd.factorize(values)
    kind = values.dtype.kind
    if kind == "M":
        stamps = np.datetime_as_string(np.asarray(unique, dtype="datetime64[us]"), unit="us")
        tag, texts = "date", [f"{stamp}+00:00" for stamp in stamps]
    elif kind == "b":
        tag, texts = "boolean", ["true" if value else "false" for value in unique]
    elif kind in "iu":
        tag, texts = "int", [str(int(value)) for value in unique]
    elif kind == "f":
        tag, texts = "float", [repr(float(value)) for value in unique]
    else:
        tag, texts = "string", [_text(str(value)) for value in unique]
    elements = [f'<{tag} key="{_text(key)}" value="{text}"/>' for text in texts]
    elements.append("")  # code -1, a missing value
    return [elements[code] for code in codes]
