"""What objects an event log has, for OCEL: children, episodes, families, placements, orders, and the window.

| object | is | attributes | relations |
|---|---|---|---|
| episode | a case of the log | the case table's | |
| child | a child of one or more episodes | birth, sex, locality, family | episode: "has episode" |
| family | the children of one family key | | child: "has child" |
| placement | one placement in an episode | the placements table's | episode: "in episode" |
| order | a legal order granted: a milestone that counts as permanence | kind, granted | episode: "for episode" |
| observation window | what the log can speak about | start, end, recorded from, the tables' columns | |

An event is related to its episode, child and family, to the placement the child is in on that day (of several the one
begun last) and, when it grants one, to the order. An object's id begins with its type, since a child and an episode
may have the same number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.ocel_json import Item, attribute_items, object_items
from event_logs.vocabulary import MILESTONES

EPISODE, CHILD, FAMILY, PLACEMENT, ORDER, WINDOW = (
    *("episode", "child", "family", "placement", "order", "observation window"),
)
CHILD_ATTRIBUTES = ("birth", "sex", "locality", "family")
"""Case attributes that describe the child; one that differs between episodes of a child stays with the episodes."""
RECORDED_FROM, EVENT_TABLE, CASE_TABLE, PLACEMENT_TABLE = (
    *("recorded from", "event columns", "case columns", "placement columns"),
)
_PLACEMENT_COLUMNS = ("case", "start", "end")


def ordered_placements(placements: pd.DataFrame, log: EventLog) -> pd.DataFrame:
    """The placements in a fixed order, indexed by object id: episode and number in it."""
    missing = [column for column in _PLACEMENT_COLUMNS if column not in placements]
    if missing:
        raise ValueError(f"placements must have the columns case, start, end; missing: {', '.join(missing)}")
    placed = placements.assign(
        case=placements["case"].astype("str"),
        start=pd.to_datetime(placements["start"]).astype("datetime64[us]"),
        end=pd.to_datetime(placements["end"]).astype("datetime64[us]"),
    )
    if placed[["case", "start"]].isna().any(axis=None):
        raise ValueError("placements must have no missing case or start")
    strangers = sorted(set(placed["case"]) - set(log.cases["case"]))
    if strangers:
        raise ValueError(f"placements of {len(strangers)} cases that the log does not have, first {strangers[0]!r}")
    # Attributes come last in the sort, as text, so that equal spans stand in the same order however the rows came.
    others = [str(column) for column in placed if column not in _PLACEMENT_COLUMNS]
    text = placed.reset_index(drop=True).astype(dict.fromkeys(others, "str"))
    placed = placed.take(text.sort_values([*_PLACEMENT_COLUMNS, *others], kind="stable").index.to_numpy())
    number = placed.groupby("case").cumcount() + 1
    return placed.set_axis(pd.Index(_ids(PLACEMENT, placed["case"]) + "/" + number.astype("str"), dtype="str"))


def objects(log: EventLog, placed: pd.DataFrame | None) -> Iterator[tuple[str, pd.DataFrame, list[Item]]]:
    """Every type of object with its attributes and its objects, in a fixed order."""
    cases, of_child = log.cases, _child_attributes(log.cases)
    episodes = _ids(EPISODE, cases["case"])
    own = cases.drop(columns=["case", "child", *of_child], errors="ignore")
    yield EPISODE, own, object_items(episodes, EPISODE, own)
    if "child" in cases:
        children = _ids(CHILD, cases["child"])
        links = _links(children, episodes, "has episode")
        first = (~children.duplicated() & children.notna()).to_numpy()
        own = cases.loc[first, of_child]
        yield CHILD, own, object_items(children[first], CHILD, own, links)
        if "family" in cases:
            links = _links(_ids(FAMILY, cases["family"]), children, "has child").drop_duplicates()
            families = links["from"].unique()
            own = pd.DataFrame(index=range(len(families)))
            yield FAMILY, own, object_items(families, FAMILY, own, links)
    if placed is not None:
        links = _links(placed.index.to_series(), _ids(EPISODE, placed["case"]), "in episode")
        own = placed.drop(columns="case")
        yield PLACEMENT, own, object_items(placed.index, PLACEMENT, own, links)
    granted = _orders(log)
    links = _links(granted["id"], _ids(EPISODE, granted["case"]), "for episode")
    own = granted[["kind", "granted"]]
    yield ORDER, own, object_items(granted["id"], ORDER, own, links)
    own = _window_table(log, placed)
    yield WINDOW, own, object_items([WINDOW], WINDOW, own)


def event_attributes(log: EventLog) -> pd.DataFrame:
    """The columns of the events that are attributes in OCEL."""
    return log.events.drop(columns=["case", "activity", "date"])


def event_items(log: EventLog, placed: pd.DataFrame | None) -> list[Item]:
    """The events in the log's order, each with its attributes and the objects it is related to."""
    events, at = log.events, log.arrays.case
    related = [("episode", _ids(EPISODE, events["case"]))]
    for column, kind in (("child", CHILD), ("family", FAMILY)):
        if column in log.cases and "child" in log.cases:
            related.append((kind, _ids(kind, log.cases[column]).take(at)))
    if placed is not None:
        related.append((PLACEMENT, _placement_of(events, placed)))
    granted = _orders(log)
    related.append(("grants", granted["id"].reindex(events.index)))
    links: list[list[Item]] = [[] for _ in range(len(events))]
    for qualifier, ids in related:
        for row, key, known in zip(links, ids, ids.notna(), strict=True):
            if known:
                row.append({"objectId": key, "qualifier": qualifier})
    stamps = np.datetime_as_string(events["date"].to_numpy(dtype="datetime64[us]"), unit="us")
    values = attribute_items(event_attributes(log), timed=False)
    return [
        {"id": f"event:{number}", "type": activity, "time": f"{stamp}Z", "attributes": value, "relationships": link}
        for number, (activity, stamp, value, link) in enumerate(
            zip(events["activity"].astype("str"), stamps, values, links, strict=True), start=1
        )
    ]


def _ids(kind: str, values: pd.Series[Any]) -> pd.Series[str]:
    return kind + ":" + values.astype("str")


def _links(sources: pd.Series[str], targets: pd.Series[str], qualifier: str) -> pd.DataFrame:
    links = pd.DataFrame({"from": sources.to_numpy(), "to": targets.to_numpy(), "qualifier": qualifier}, dtype="str")
    return links.dropna().sort_values(["from", "to"], kind="stable", ignore_index=True)


def _child_attributes(cases: pd.DataFrame) -> list[str]:
    """Those of the child's attributes that are the same in all its episodes, so that the child can carry them."""
    if "child" not in cases:
        return []
    found = [name for name in CHILD_ATTRIBUTES if name in cases]
    by_child = cases.groupby("child", dropna=False)
    orphans = cases["child"].isna()
    return [
        name
        for name in found
        if by_child[name].nunique(dropna=False).le(1).all() and cases.loc[orphans, name].isna().all()
    ]


def _placement_of(events: pd.DataFrame, placed: pd.DataFrame) -> pd.Series[str]:
    """For each event the placement in which the child is on that day; missing if in none."""
    known = placed[["case", "start", "end"]].assign(placement=placed.index)
    pairs = events[["case", "date"]].assign(event=events.index).merge(known, on="case")
    day = pairs["date"].dt.normalize()
    pairs = pairs[(pairs["start"] <= pairs["date"]) & (pairs["end"].isna() | (pairs["end"] >= day))]
    # The placements come in order of their start, and the merge keeps that order.
    last = pairs.drop_duplicates("event", keep="last")
    return pd.Series(last["placement"].to_numpy(), index=last["event"], dtype="str").reindex(events.index)


def _orders(log: EventLog) -> pd.DataFrame:
    """The orders granted, indexed by their event's row: `case`, `kind`, `granted`, `id`."""
    kinds = [name for name in log.activities if name in MILESTONES and MILESTONES[name].permanence]
    events = log.events[log.events["activity"].isin(kinds)]
    number = events.groupby("case").cumcount() + 1
    return pd.DataFrame(
        {
            "case": events["case"],
            "kind": events["activity"].astype("str"),
            "granted": events["date"],
            "id": _ids(ORDER, events["case"]) + "/" + number.astype("str"),
        }
    )


def _window_table(log: EventLog, placed: pd.DataFrame | None) -> pd.DataFrame:
    recorded_from = {name: day.isoformat() for name, day in sorted(log.window.recorded_from.items())}
    columns = {EVENT_TABLE: log.events, CASE_TABLE: log.cases, PLACEMENT_TABLE: placed}
    row: dict[str, object] = {"start": log.window.start, "end": log.window.end}
    row[RECORDED_FROM] = json.dumps(recorded_from)
    for name, frame in columns.items():
        if frame is not None:
            row[name] = json.dumps([str(column) for column in frame])
    return pd.DataFrame([row])
