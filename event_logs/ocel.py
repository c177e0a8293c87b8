"""OCEL 2.0: an event log in which every event belongs to several objects (`event_logs.ocel_objects` says which)."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from event_logs.ocel_json import Document, Item, declared, parse, render, table
from event_logs.ocel_objects import (
    CASE_TABLE,
    CHILD,
    EPISODE,
    EVENT_TABLE,
    PLACEMENT,
    PLACEMENT_TABLE,
    RECORDED_FROM,
    WINDOW,
    event_attributes,
    event_items,
    objects,
    ordered_placements,
)
from event_logs.packed import read_bytes
from event_logs.window import ObservationWindow
from event_logs.xes import without_offset


@dataclass(frozen=True, eq=False)
class OcelContent:
    """What stands in an OCEL file, seen from one type of object as the case."""

    events: pd.DataFrame
    """One row an event of a case: `case`, `activity`, `date`, then attributes. An event of two cases has two rows."""
    cases: pd.DataFrame
    """One row a case: `case`, then attributes; of a file of our own the case table."""
    unrelated: int
    """Events that belong to no case, and so are not among `events`."""
    placements: pd.DataFrame | None = None
    """The placements in a file of our own, ordered by case, start and end; None if it was written without."""
    window: ObservationWindow | None = None
    """The observation window in a file of our own; None for any other."""

    def log(self) -> EventLog:
        """The log in a file of our own, equal to the one written; ValueError for the file of another product.

        Categories come back as text.
        """
        if self.window is None:
            raise ValueError("only an OCEL file of our own says what its window and its open cases are")
        known = self.events[["activity", "rank"]].drop_duplicates()
        ranks = dict(zip(known["activity"], known["rank"], strict=True))
        return EventLog.of(self.events, self.window, cases=self.cases, ranks=ranks)


def write_ocel(log: EventLog, path: Path, *, placements: pd.DataFrame | None = None) -> None:
    """Write a log as OCEL 2.0 JSON, packed if the name ends in .gz; same log, same bytes.

    `placements` has one row a placement with `case`, `start`, `end` (NaT while it lasts) and attributes, in any order.
    Dates have no zone and are written as UTC; missing values are left out. The file appears complete or not at all.
    Raises ValueError for placements without these columns, without a start, or of a case that the log does not have.
    """
    placed = None if placements is None else ordered_placements(placements, log)
    kinds, attributes = list(objects(log, placed)), declared(event_attributes(log))
    document = {
        "objectTypes": [{"name": kind, "attributes": declared(frame)} for kind, frame, _ in kinds],
        "eventTypes": [{"name": name, "attributes": attributes} for name in log.activities],
        "objects": [item for _, _, items in kinds for item in items],
        "events": event_items(log, placed),
    }
    data = render(document)
    if path.suffix.lower() == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_ocel(path: Path, *, case_type: str = EPISODE) -> OcelContent:
    """The events and cases in an OCEL 2.0 JSON file, packed (.gz) or not; `case_type` is the object taken as the case.

    Timestamps keep the date and time as written, without offset. Of an attribute that changes over time the last
    value is read. Raises InputError, with all that is wrong, for a file that is not OCEL 2.0 JSON, has ids twice,
    relations to objects it does not hold, unreadable timestamps, or no object of the case type.
    """
    document = parse(read_bytes(path), path.name)
    events, kinds = document["events"], {item["id"]: item["type"] for item in document["objects"]}
    if case_type not in kinds.values():
        found = ", ".join(sorted(set(kinds.values()))) or "none"
        problem = f"there is no object of the type {case_type!r}; the types are: {found}"
        raise InputError(Problem(path.name, "objects", problem, "Say which type of object is the case"))
    rows: list[int] = []
    owners: list[str] = []
    for row, event in enumerate(events):
        related = dict.fromkeys(link["objectId"] for link in event.get("relationships", []))
        owned = [key for key in related if kinds[key] == case_type]
        rows += [row] * len(owned)
        owners += owned
    read = _renamed(table(events, document["eventTypes"]).reset_index(drop=True), ("case", "activity", "date"))
    read.insert(0, "date", _dates(events, path.name))
    read.insert(0, "activity", pd.Series([event["type"] for event in events], dtype="str"))
    read = read.take(rows).reset_index(drop=True)
    read.insert(0, "case", pd.Series(owners, dtype="str"))
    unrelated = len(events) - len(set(rows))
    if case_type == EPISODE and WINDOW in kinds:
        try:
            return _own(document, read, unrelated)
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = "the file is one of ours, but has been changed: its tables cannot be put together again"
            raise InputError(Problem(path.name, "objects", problem, "Write it again from the log")) from None
    cases = _objects_table(document, case_type)
    own = _renamed(cases.reset_index(drop=True), ("case", "start", "end"))
    own.insert(0, "case", cases.index.to_series(index=own.index))
    return OcelContent(read, own, unrelated)


def _own(document: Document, events: pd.DataFrame, unrelated: int) -> OcelContent:
    """Window, cases and placements as `write_ocel` took them apart."""
    about = {
        attribute["name"]: attribute["value"]
        for item in document["objects"]
        if item["id"] == WINDOW
        for attribute in item["attributes"]
    }
    days = {name: pd.Timestamp(day) for name, day in json.loads(about[RECORDED_FROM]).items()}
    start, end = (pd.Timestamp(about[name].removesuffix("Z")) for name in ("start", "end"))
    cases, children = _objects_table(document, EPISODE), _objects_table(document, CHILD)
    child = pd.Series({target: source for source, target in _related(document, CHILD)}, dtype="str")
    cases = cases.assign(child=child.reindex(cases.index)).join(children, on="child")
    cases = cases.assign(case=_number(cases.index.to_series()), child=_number(cases["child"]))
    placements = None
    if PLACEMENT_TABLE in about:
        placements = _objects_table(document, PLACEMENT)
        episode = pd.Series(dict(_related(document, PLACEMENT)), dtype="str").reindex(placements.index)
        placements = placements.assign(case=_number(episode)).reset_index(drop=True)
        placements = placements[json.loads(about[PLACEMENT_TABLE])]
    return OcelContent(
        events.assign(case=_number(events["case"])).reindex(columns=json.loads(about[EVENT_TABLE])),
        cases[json.loads(about[CASE_TABLE])].reset_index(drop=True),
        unrelated,
        placements,
        ObservationWindow(start, end, days),
    )


def _objects_table(document: Document, kind: str) -> pd.DataFrame:
    return table([item for item in document["objects"] if item["type"] == kind], document["objectTypes"], kind)


def _renamed(frame: pd.DataFrame, taken: Sequence[str]) -> pd.DataFrame:
    """An attribute with a name that event logs use themselves has an underscore added."""
    return frame.rename(columns={name: f"{name}_" for name in taken})


def _related(document: Document, kind: str) -> list[tuple[str, str]]:
    """The relations of the objects of one type: from, to."""
    return [
        (item["id"], link["objectId"])
        for item in document["objects"]
        if item["type"] == kind
        for link in item.get("relationships", [])
    ]


def _number(ids: pd.Series[str]) -> pd.Series[str]:
    """The ids without the type before them."""
    return pd.Series([key.partition(":")[2] if isinstance(key, str) else None for key in ids], ids.index, dtype="str")


def _dates(events: Sequence[Item], file: str) -> pd.Series[pd.Timestamp]:
    texts = pd.Series([event["time"] for event in events], dtype="str")
    dates = pd.to_datetime(without_offset(texts), format="ISO8601", errors="coerce").astype("datetime64[us]")
    bad = dates.isna()
    if bad.any():
        first = texts[bad].iloc[0]
        problem = f"{int(bad.sum()):,} timestamps are not ISO 8601 dates, first {first!r}"
        raise InputError(Problem(file, "events", problem, "Correct them or export the log again"))
    return dates
