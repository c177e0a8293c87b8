"""OCEL 2.0: an event log in which every event belongs to several objects: child, episode, family, placement, order.

The JSON form of the standard (ocel-standard.org, version 2.0): all attribute values are text, typed by declaration.

| object | is | attributes | relations to |
|---|---|---|---|
| episode | a case of the log | the case table's | |
| child | a child of one or more episodes | birth, sex, locality, family | episode: "has episode" |
| family | the children of one family key | | child: "has child" |
| placement | one placement in an episode | the placements table's | episode: "in episode" |
| order | a legal order: the grant of a milestone that counts as permanence | kind, granted | episode: "for episode" |
| observation window | what the log can speak about | start, end, recorded from, the tables' columns | |

An event is related to its episode, child and family, to the placement the child is in on that day (of several the one
begun last) and, when it grants one, to the order. An object's id begins with its type, since a child and an episode
may have the same number.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import CASE_COLUMNS, EVENT_COLUMNS, EventLog
from event_logs.packed import read_bytes
from event_logs.vocabulary import MILESTONES
from event_logs.window import ObservationWindow
from event_logs.xes import without_offset

CHILD, EPISODE, FAMILY, ORDER, PLACEMENT, WINDOW = (
    *("child", "episode", "family", "order", "placement", "observation window"),
)
CHILD_ATTRIBUTES = ("birth", "sex", "locality", "family")
"""Case attributes that describe the child; one that differs between episodes of a child stays with the episodes."""
_ALWAYS = "1970-01-01T00:00:00Z"  # the standard's time for a value that does not change
_SHAPES: Mapping[str, tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]] = {
    "objectTypes": (("name",), {"attributes": ("name", "type")}),
    "eventTypes": (("name",), {"attributes": ("name", "type")}),
    "objects": (("id", "type"), {"attributes": ("name", "time"), "relationships": ("objectId", "qualifier")}),
    "events": (("id", "type", "time"), {"attributes": ("name",), "relationships": ("objectId", "qualifier")}),
}
"""For each list of a document the texts that an item must have, and those that the items of its own lists must have."""
Item = dict[str, Any]


@dataclass(frozen=True, eq=False)
class OcelContent:
    """What stands in an OCEL file, seen from one type of object as the case."""

    events: pd.DataFrame
    """One row an event of a case: `case`, `activity`, `date`, then attributes. An event of two cases has two rows."""
    cases: pd.DataFrame
    """One row a case: `case`, then attributes; in a file of our own the case table."""
    placements: pd.DataFrame | None
    """The placements of a file of our own, as `write_ocel` orders them; None if it was written without."""
    window: ObservationWindow | None
    """The observation window of a file of our own; None for any other."""
    unrelated: int
    """Events that belong to no case, and so are not among `events`."""

    def log(self) -> EventLog:
        """The log of a file of our own, equal to the one written. Raises ValueError for the file of another product."""
        if self.window is None:
            raise ValueError("only a file of our own says what its window and its open cases are")
        ranks = dict(zip(self.events["activity"], self.events["rank"], strict=True))
        return EventLog.of(self.events, self.window, cases=self.cases, ranks=ranks)


def write_ocel(log: EventLog, path: Path, *, placements: pd.DataFrame | None = None) -> None:
    """Write a log as OCEL 2.0 JSON, packed if the name ends in .gz; same log, same bytes.

    `placements` has one row a placement with `case`, `start`, `end` (NaT while it lasts) and attributes; the order of
    its rows does not matter. Dates have no zone and are written as UTC; missing values are left out. The file appears
    complete or not at all. Raises ValueError for placements without these columns or of a case not in the log.
    """
    placed = None if placements is None else _ordered(placements, log)
    document = {
        "objectTypes": [],
        "eventTypes": [{"name": name, "attributes": _declared(_attributes(log.events))} for name in log.activities],
        "objects": [],
        "events": _events(log, placed),
    }
    for kind, attributes, objects in _objects(log, placed):
        document["objectTypes"].append({"name": kind, "attributes": _declared(attributes)})
        document["objects"] += objects
    sections = [f'"{name}":[\n{_lines(items)}\n]' for name, items in document.items()]
    data = ("{" + ",\n".join(sections) + "}\n").encode("ascii")
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
    """The events and cases of an OCEL 2.0 JSON file, packed (.gz) or not; `case_type` is the object taken as the case.

    Of an attribute that changes over time the last value is read. Timestamps keep the date and time as written,
    without offset. Raises InputError, with all that is wrong, for a file that is not OCEL 2.0 JSON, has ids twice,
    refers to objects it does not hold, has unreadable timestamps, or has no object of the case type.
    """
    document = _parsed(path)
    objects, events = document["objects"], document["events"]
    kind_of = {item["id"]: item["type"] for item in objects}
    if case_type not in kind_of.values():
        problem = f"it holds no object of the type {case_type!r}; its types are: {', '.join(sorted(set(kind_of.values())))}"
        raise InputError(Problem(path.name, "objects", problem, "Name the type of object that is the case"))
    cases = _table([item for item in objects if item["type"] == case_type], document["objectTypes"])
    rows, owners = [], []
    for row, event in enumerate(events):
        for other in dict.fromkeys(link["objectId"] for link in event.get("relationships", ())):
            if kind_of[other] == case_type:
                rows.append(row)
                owners.append(other)
    table = _table(events, document["eventTypes"])
    dates = without_offset(pd.Series([event["time"] for event in events], dtype="str"))
    table.insert(0, "date", pd.to_datetime(dates, format="ISO8601").astype("datetime64[us]"))
    table.insert(0, "activity", pd.Series([event["type"] for event in events], dtype="str"))
    table = table.drop(columns="id").take(rows).reset_index(drop=True)
    table.insert(0, "case", pd.Series(owners, dtype="str"))
    content = OcelContent(table, cases.rename(columns={"id": "case"}), None, None, len(events) - len(set(rows)))
    windows = [item for item in objects if item["type"] == WINDOW]
    return _own(content, document, windows[0]) if windows and case_type == EPISODE else content


def _objects(log: EventLog, placed: pd.DataFrame | None) -> Iterator[tuple[str, pd.DataFrame, list[Item]]]:
    """Every type of object with its attributes and its objects, in a fixed order."""
    cases, of_child = log.cases, _child_attributes(log.cases)
    episode = EPISODE + ":" + cases["case"]
    own = cases.drop(columns=["case", "child", *of_child], errors="ignore")
    yield EPISODE, own, _items(episode, EPISODE, own)
    if "child" in cases:
        links = pd.DataFrame({"from": CHILD + ":" + cases["child"].astype("str"), "to": episode})
        attributes = cases[of_child].set_axis(links["from"]).loc[lambda frame: frame.index.notna()]
        attributes = attributes[~attributes.index.duplicated()].sort_index()
        yield CHILD, attributes, _items(attributes.index, CHILD, attributes, links, "has episode")
        if "family" in cases:
            links = pd.DataFrame({"from": FAMILY + ":" + cases["family"].astype("str"), "to": links["from"]})
            links = links.dropna().drop_duplicates().sort_values(["from", "to"])
            none = pd.DataFrame(index=range(links["from"].nunique()))
            yield FAMILY, none, _items(links["from"].unique(), FAMILY, none, links, "has child")
    if placed is not None:
        links = pd.DataFrame({"from": placed["id"], "to": EPISODE + ":" + placed["case"]})
        own = placed.drop(columns=["id", "case"])
        yield PLACEMENT, own, _items(placed["id"], PLACEMENT, own, links, "in episode")
    orders = _orders(log)
    links = pd.DataFrame({"from": orders["id"], "to": EPISODE + ":" + orders["case"]})
    yield ORDER, orders[["kind", "granted"]], _items(orders["id"], ORDER, orders[["kind", "granted"]], links, "for episode")
    window = _window(log, placed)
    yield WINDOW, window, _items([WINDOW], WINDOW, window)
