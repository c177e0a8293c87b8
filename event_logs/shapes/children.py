"""Who the children are, from every table that tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from event_logs.project.sections import Children, Episodes
from event_logs.project.shapes import Details, LongTable, Stretches, Tracker
from event_logs.shapes.inputs import Input, by_section, of_kind
from event_logs.shapes.keys import Known
from event_logs.shapes.settle import FIRST_FILE, LATEST_RETURN, NOT_KNOWN, account, settle, supersede

_FIRST = 10_000
"""Above every year: a value of the [children] table stands against that of any return."""


@dataclass(frozen=True, eq=False)
class ChildrenRead:
    """The children as they were read, before anything is said of their episodes."""

    rows: pd.DataFrame
    """One row a record that tells of a child: `child`, `birth`, the attributes, the place, and `year`."""
    known: Known | None
    """The ids of the list of all children; None where there is no such list."""
    reconciled: list[pd.DataFrame]


def read_children(inputs: Sequence[Input]) -> ChildrenRead:
    """The rows of the [children] table and of the [details] that are the list of all children."""
    parts: list[pd.DataFrame] = []
    reconciled: list[pd.DataFrame] = []
    listed: list[tuple[Input, str]] = []
    for items in by_section(of_kind(inputs, Children, Details)).values():
        section = items[0].section
        if isinstance(section, Details) and not section.defines:
            continue
        read = [(item, _child_rows(item, None)) for item in items]
        listed += [(item, section.child) for item in items if isinstance(section, Children | Details)]
        if section.files:
            stands, found = supersede(read, ["child", *_keys(section)], "details of the child")
            reconciled.append(found)
        else:
            ((item, frame),) = read
            item.records.same_details(frame)
            stands = item.used(frame)
        year = _FIRST if isinstance(section, Children) else items[-1].year
        parts.append(stands.assign(year=year, listed=not section.files))
    known = Known.of("child", listed) if listed else None
    return ChildrenRead(_together(parts), known, reconciled)


def read_details(inputs: Sequence[Input], known: Known) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The rows of the other [details], each of a known child."""
    parts, reconciled = [], []
    for items in by_section(of_kind(inputs, Details)).values():
        section = items[0].section
        assert isinstance(section, Details)
        if section.defines:
            continue
        read = [(item, _child_rows(item, known)) for item in items]
        if section.files:
            stands, found = supersede(read, ["child", *_keys(section)], "details of the child")
            reconciled.append(found)
        else:
            stands = pd.concat([item.used(frame) for item, frame in read], ignore_index=True)
        parts.append(stands.assign(year=items[-1].year))
    return _together(parts), reconciled


def told_by(item: Input, child: pd.Series[str]) -> pd.DataFrame:
    """What the rows of a tracker, a long table or a table of stretches tell of their child, beside what happened."""
    section = item.section
    assert isinstance(section, Tracker | LongTable | Stretches)
    rows = pd.DataFrame({"child": child})
    if section.birth is not None:
        rows["birth"] = item.records.date(section.birth, required=False)
    for attribute, column in section.attributes.items():
        rows[attribute] = item.records.attribute(column)
    return rows


def _child_rows(item: Input, known: Known | None) -> pd.DataFrame:
    section, records = item.section, item.records
    assert isinstance(section, Children | Details)
    child = known.refer(item, section.child) if known else records.identifier(section.child, "child id")
    rows = pd.DataFrame({"child": child})
    if section.birth is not None:  # missing or still to come of a child registered unborn: the rules say what may be
        rows["birth"] = records.date(section.birth, required=False)
    if isinstance(section, Children):
        if section.died is not None:
            rows["died"] = records.date(section.died, required=False)
        if section.full_name is not None:
            rows["name"] = records.text(section.full_name)
    if isinstance(section, Details):
        for column in section.dates:
            rows[f"date of {column}"] = records.date(column, required=False)
        for column in section.key:
            rows[column] = records.text(column)
        for attribute, value in section.tells.items():
            rows[attribute] = pd.Series(value, index=rows.index, dtype="str")
    names = section.names if isinstance(section, Details) else {}
    for attribute, column in section.attributes.items():
        if attribute in names:
            rows[attribute] = records.code(column, names[attribute], required=False).map(names[attribute]).astype("str")
        else:
            rows[attribute] = records.attribute(column)
    return rows


def _keys(section: object) -> tuple[str, ...]:
    return section.key if isinstance(section, Details) else ()


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = {"child": "str", "birth": "datetime64[us]", "input": "int64", "row": "int64", "file": "str"}
    columns |= {"line": "int64", "year": "int64", "listed": "bool"}
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    rows = pd.concat([empty, *(part.assign(listed=part.get("listed", False)) for part in parts)], ignore_index=True)
    return rows.astype({"birth": "datetime64[us]", "listed": "bool"})


def settle_children(rows: pd.DataFrame, attributes: Sequence[str]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One row a child, by id: `birth` and the attributes, with the account of what the records disagree on.

    The table [children] stands against all others, a later return against an earlier one, and otherwise the smallest
    value, so that no order of files or rows decides. What one list of children tells in two ways is not known.
    """
    reconciled = []
    children = pd.DataFrame(index=pd.Index(rows["child"].dropna().unique(), name="child"))
    rule = LATEST_RETURN if rows["year"].gt(0).any() else FIRST_FILE
    for name in ["birth", *attributes]:
        told = rows[["child", name, "year", "file", "line"]] if name in rows else None
        if told is None:
            children[name] = pd.Series(index=children.index, dtype="str")
            continue
        told = told.rename(columns={name: "value", "year": "priority"})
        unsure = _told_in_two_ways(told[rows["listed"]])
        values, found = settle(told[~told["child"].isin(unsure["child"])], "child", name, rule)
        children[name] = values.reindex(children.index).astype(rows[name].dtype)
        blank = unsure.assign(value=pd.Series(index=unsure.index, dtype="str"))
        reconciled += [found, account(NOT_KNOWN, name, blank, unsure)]
    return children, reconciled


def _told_in_two_ways(told: pd.DataFrame) -> pd.DataFrame:
    """The rows of children of whom one list tells several different values: which is true, nobody can say here."""
    known = told.dropna(subset=["child", "value"]).drop_duplicates(["child", "file", "value"])
    several = known.duplicated(["child", "file"], keep=False)
    return known[several].sort_values(["child", "file", "line"], ignore_index=True)


def child_attributes(inputs: Sequence[Input]) -> list[str]:
    """The attributes of children, in the order of the project file; those of a case are not among them."""
    names: dict[str, None] = {}
    for item in of_kind(inputs, Children, Details, Stretches):
        section = item.section
        assert isinstance(section, Children | Details | Stretches)
        names |= dict.fromkeys(section.attributes)
        if isinstance(section, Details):
            names |= dict.fromkeys(section.tells)
    return list(names)


def case_attributes(inputs: Sequence[Input]) -> Mapping[str, None]:
    """The attributes of cases, in the order of the project file."""
    names: dict[str, None] = {}
    for item in of_kind(inputs, Episodes, Tracker, LongTable):
        section = item.section
        assert isinstance(section, Episodes | Tracker | LongTable)
        names |= dict.fromkeys(section.attributes)
    return names
