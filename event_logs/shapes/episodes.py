"""Which episodes there are: from the table of episodes, from trackers and from long tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.project.sections import Episodes
from event_logs.project.shapes import LongTable, Tracker
from event_logs.shapes.children import told_by
from event_logs.shapes.inputs import Input, of_kind
from event_logs.shapes.keys import Known, among

TABLE, TOLD = 1, 0
"""Priority of a row about an episode: the table of the episodes stands against what trackers and long tables tell."""


@dataclass(eq=False)
class Told:
    """What one tracker or long table tells, while it is being read."""

    item: Input
    rows: pd.DataFrame
    """One row a record: `case`, `child` (missing: none named), `birth`, the attributes."""
    start: pd.Series[pd.Timestamp]
    end: pd.Series[pd.Timestamp]
    steps: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Long tables: one row a record with `activity` and `date`."""


def read_table(items: Sequence[Input], children: Known | None) -> list[tuple[Input, pd.DataFrame]]:
    """The rows of the table of episodes: `case`, `child`, `start`, `end`, and its attributes."""
    read = []
    for item in of_kind(items, Episodes):
        names, records = item.section, item.records
        assert isinstance(names, Episodes)
        case = records.identifier(names.episode, "episode id")
        child = children.refer(item, names.child) if children else records.identifier(names.child, "child id")
        frame = pd.DataFrame({"case": case, "child": child, "start": records.date(names.start)})
        frame["end"] = records.date(names.end, required=False)
        if names.exported is not None:
            frame["exported"] = records.date(names.exported, required=False)
        for attribute, column in names.attributes.items():
            frame[attribute] = records.attribute(column)
        read.append((item, frame))
    return read


def read_told(items: Sequence[Input], children: Known | None, cases: Known | None) -> list[Told]:
    """What the trackers and long tables tell of children and episodes, the steps of trackers left for later."""
    told = []
    for item in of_kind(items, Tracker, LongTable):
        section, records = item.section, item.records
        assert isinstance(section, Tracker | LongTable)
        case = child = pd.Series(index=range(len(records.table)), dtype="str")
        if section.case is not None:
            case = cases.refer(item, section.case) if cases else records.identifier(section.case, "episode id")
        if section.child is not None and (children is not None or section.case is None):
            child = children.refer(item, section.child) if children else records.identifier(section.child, "child id")
        elif section.child is not None:
            child = records.text(section.child)
        rows = told_by(item, child).assign(case=case)
        if isinstance(section, Tracker):
            start, end = _span_of_tracker(item, section)
            told.append(Told(item, rows, start, end))
        else:
            steps = _steps(item, section)
            at = steps["date"]
            start = at.where(steps["activity"].eq(v.BECAME_LOOKED_AFTER))
            told.append(Told(item, rows, start, at.where(steps["activity"].eq(v.CEASED)), steps))
    return told


def _span_of_tracker(item: Input, section: Tracker) -> tuple[pd.Series[pd.Timestamp], pd.Series[pd.Timestamp]]:
    """Start and end of each row, from their own columns or those of the two activities; the earliest of several."""
    found = []
    for column, activity in ((section.start, v.BECAME_LOOKED_AFTER), (section.end, v.CEASED)):
        columns = [column] if column is not None else []
        columns += [name for name, of in section.columns.items() if of == activity]
        dates = [item.records.date(name, required=False) for name in dict.fromkeys(columns)]
        blank = pd.Series(pd.NaT, index=range(len(item.records.table)), dtype="datetime64[us]")
        found.append(pd.concat(dates, axis=1).min(axis=1).astype("datetime64[us]") if dates else blank)
    return found[0], found[1]


def _steps(item: Input, section: LongTable) -> pd.DataFrame:
    label = item.records.code(section.activity, section.codes)
    date = item.records.date(section.date)
    return pd.DataFrame({"activity": label.map(section.codes), "date": date})


def name_cases(told: Sequence[Told], known: pd.Index[str]) -> None:
    """Give the rows without an episode id one: the child's id with "-1", "-2" and so on, in order of time.

    Rows of the `known` children belong to an episode that another table tells of. In a tracker the first row of a
    child by start is its first episode, whatever tracker it stands in. In a long table an episode begins with each
    "Became looked after"; a step before the first belongs to the first.
    """
    for one in told:
        without = (one.rows["case"].isna() & one.rows["child"].notna()).to_numpy() & one.item.records.used
        without &= ~among(one.rows["child"], known)
        if not without.any():
            continue
        rows = pd.DataFrame({"child": one.rows["child"], "start": one.start})[without]
        if len(one.steps):
            rows["date"] = one.steps["date"][without]
            rows["begins"] = rows["start"].notna()
            # On one day an episode that ends comes first, then one that begins, then all else.
            rows["order"] = (one.end[without].isna() * 1).where(~rows["begins"], 0.5).where(one.end[without].isna(), 0)
            rows = rows.sort_values(["child", "date", "order"], kind="stable")
            nth = rows.groupby("child", sort=False)["begins"].cumsum().clip(lower=1)
        else:
            rows = rows.sort_values(["child", "start"], kind="stable", na_position="last")
            nth = rows.groupby("child", sort=False).cumcount() + 1
        names = nth_case(rows["child"], nth)
        one.rows["case"] = one.rows["case"].where(~without, names.reindex(one.rows.index))


def nth_case(child: pd.Series[str], nth: pd.Series[int]) -> pd.Series[str]:
    """The id of a child's n-th episode on record; two children's can never be the same.

    >>> nth_case(pd.Series(["1001", "1001"]), pd.Series([1, 2])).tolist()
    ['1001-1', '1001-2']
    """
    return child + "-" + nth.astype("str")


def told_rows(told: Sequence[Told]) -> pd.DataFrame:
    """One row a usable record that tells of an episode: `case`, `child`, `start`, `end`, attributes, place."""
    parts = []
    for one in told:
        rows = one.rows.assign(start=one.start, end=one.end, priority=np.int64(TOLD))
        parts.append(one.item.used(rows).dropna(subset=["case"]))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(
        child=rows["child"].where(rows["child"].notna(), rows["case"]), start_known=rows["start"].notna()
    )
