"""The children and their episodes, from every table that tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.project.sections import Episodes
from event_logs.project.shapes import Tracker
from event_logs.rules.identity import older_exports
from event_logs.shapes.cases import settle_cases
from event_logs.shapes.checks import check_dates
from event_logs.shapes.children import (
    case_attributes,
    child_attributes,
    read_children,
    read_details,
    settle_children,
)
from event_logs.shapes.episodes import TABLE, Told, name_cases, read_table, read_told, told_rows
from event_logs.shapes.inputs import PLACE, Input, of_kind
from event_logs.shapes.keys import Known, look_up
from event_logs.shapes.settle import LATEST_EXPORT, account, supersede
from event_logs.shapes.stretches import StretchesRead, read_stretches

_CASE = {"case": "str", "child": "str", "start": "datetime64[us]", "end": "datetime64[us]"}


@dataclass(frozen=True, eq=False)
class People:
    """The children and episodes as they were read, before what several records tell of them is settled."""

    child_rows: pd.DataFrame
    """One row for what a record tells of a child: `child`, `birth`, attributes, `year`, place."""
    table_rows: pd.DataFrame
    """One row an episode of the table of episodes and of stretches."""
    told: list[Told]
    stretches: StretchesRead | None
    births: pd.Series[pd.Timestamp]
    prospective: pd.DataFrame
    """Every case with its child and, as far as told, its start."""
    known_cases: Known | None
    known_children: Known | None
    child_attributes: list[str]
    case_attributes: list[str]
    reconciled: list[pd.DataFrame]
    notes: list[str]

    def settled(self, left: pd.Series[str]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """One row for each child that is left."""
        rows = self.child_rows
        return settle_children(rows[rows["child"].isin(left)], self.child_attributes)

    def different(self) -> pd.DataFrame:
        """The rows of `child_rows` that tell different dates of birth of a child; one row where all agree."""
        rows = self.child_rows
        untold = rows["birth"].isna() & rows["child"].isin(rows.loc[rows["birth"].notna(), "child"])
        ordered = rows[~untold].sort_values(["child", "birth", "year"], ascending=[True, True, False], kind="stable")
        return ordered.drop_duplicates(["child", "birth"]).sort_index()

    def case_rows(self) -> pd.DataFrame:
        """Every record that tells of a case by itself: `case`, `input`, `row`."""
        parts = [self.table_rows[["case", "input", "row"]]]
        parts += [told_rows(self.told)[["case", "input", "row"]]] if self.told else []
        parts += [self.stretches.rows[["case", "input", "row"]]] if self.stretches is not None else []
        return pd.concat(parts, ignore_index=True)

    def cases(self, first_days: pd.Series[pd.Timestamp]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """One row a case; records that tell of one but not when are set aside.

        `first_days` has for each case the first day of which anything is told.
        """
        rows = pd.concat([self.table_rows, *([told_rows(self.told)] if self.told else [])], ignore_index=True)
        rows["first_step"] = look_up(rows["case"], first_days).astype("datetime64[us]")
        without = rows.groupby("case")[["start", "first_step"]].transform("min").isna().all(axis=1)
        for one in self.told:
            lost = rows.loc[without & (rows["input"] == one.item.number), "row"]
            one.item.reject(
                lost.to_numpy(dtype=np.int64), "no date of the row can be used, so nothing can be said of when"
            )
        cases, reconciled = settle_cases(rows[~without], self.case_attributes)
        return cases, reconciled


def read_people(inputs: Sequence[Input], extraction: pd.Timestamp) -> People:
    """The children and the episodes in the records; what cannot be is noted against its record."""
    listed = read_children(inputs)
    births = settle_children(listed.rows, [])[0]["birth"]
    stretches = read_stretches(inputs, listed.known, births, extraction)
    table, found = _table(inputs, listed.known, births, extraction)
    rows = [table]
    notes: list[str] = []
    reconciled = [*listed.reconciled, *found]
    if stretches is not None:
        rows.append(stretches.cases.assign(priority=np.int64(TABLE)))
        notes += stretches.notes
        reconciled += stretches.reconciled
    table_rows = pd.concat(rows, ignore_index=True)
    by_case = [(item, item.section.episode) for item in of_kind(inputs, Episodes) if isinstance(item.section, Episodes)]
    known_cases = Known.of("episode", by_case) if by_case else None
    of_episodes = Known("child", "any table of episodes", *[pd.Index(table_rows["child"].unique())] * 2)
    known_children = listed.known or (of_episodes if len(table_rows) else None)
    told = read_told(inputs, known_children, known_cases)
    have_case = [table_rows["child"], *(one.rows.loc[one.rows["case"].notna(), "child"] for one in told)]
    name_cases(told, pd.Index(pd.concat(have_case).dropna().unique()))
    child_rows, births = _all_child_rows(listed.rows, told, stretches, child_attributes(inputs))
    for one in told:
        birth = look_up(one.rows["child"].where(one.rows["child"].notna(), one.rows["case"]), births)
        if (section := one.item.section) and isinstance(section, Tracker):
            columns = {of: column for column, of in section.columns.items()}
            start = section.start or columns.get(v.BECAME_LOOKED_AFTER, "start")
            end = section.end or columns.get(v.CEASED, "end")
            check_dates(one.item, extraction, birth, (start, one.start), (end, one.end))
    everyone = known_children or Known("child", "any table", *[pd.Index(child_rows["child"].unique())] * 2)
    details, more = read_details(inputs, everyone)
    child_rows = pd.concat([child_rows, details], ignore_index=True)
    prospective = pd.concat([table_rows, *([told_rows(told)] if told else [])], ignore_index=True)
    return People(
        child_rows=child_rows,
        table_rows=table_rows,
        told=told,
        stretches=stretches,
        births=settle_children(child_rows, [])[0]["birth"],
        prospective=prospective.groupby("case")[["child", "start"]].min().reset_index(),
        known_cases=known_cases,
        known_children=known_children,
        child_attributes=child_attributes(inputs),
        case_attributes=_case_attributes(inputs, stretches),
        reconciled=[*reconciled, *more],
        notes=notes,
    )


def _table(
    inputs: Sequence[Input], children: Known | None, births: pd.Series[pd.Timestamp], extraction: pd.Timestamp
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The rows of the table of episodes, checked, each id once."""
    read = read_table(inputs, children)
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _CASE.items()})
    empty = empty.assign(start_known=pd.Series(dtype=bool), input=0, row=0, file="", line=0, priority=np.int64(TABLE))
    for item, frame in read:
        names = item.section
        assert isinstance(names, Episodes)
        birth = look_up(frame["child"], births)
        check_dates(item, extraction, birth, (names.start, frame["start"]), (names.end, frame["end"]))
    if not read:
        return empty, []
    section = read[0][0].section
    assert isinstance(section, Episodes)
    if section.files:
        rows, found = supersede(read, ["case"], "episode")
        return rows.assign(start_known=True, priority=np.int64(TABLE)), [found]
    ((item, frame),) = read
    superseded = [] if section.exported is None else [_latest_export(item, frame)]
    frame = frame.drop(columns="exported", errors="ignore")
    item.records.unique(section.episode, frame)
    return item.used(frame).assign(start_known=True, priority=np.int64(TABLE)).reset_index(drop=True), superseded


def _latest_export(item: Input, frame: pd.DataFrame) -> pd.DataFrame:
    """Ignore the older exports of each episode, by name, and give the account of them."""
    used = item.used(frame)
    used = used[used["exported"].notna()].reset_index(drop=True)
    older, newer = older_exports(used)
    mask = np.zeros(len(item.records.table), dtype=bool)
    mask[used["row"].to_numpy()[older]] = True
    item.records.ignore(LATEST_EXPORT, mask)
    told = used.assign(value=used["end"])
    return account(LATEST_EXPORT, "end of the episode", told.iloc[newer], told.iloc[older])


def _all_child_rows(
    listed: pd.DataFrame, told: Sequence[Told], stretches: StretchesRead | None, attributes: Sequence[str]
) -> tuple[pd.DataFrame, pd.Series[pd.Timestamp]]:
    """What every record tells of its child, once for each thing told in a file, and the birth of each child."""
    parts = [listed]
    for one in told:
        rows = one.rows.assign(child=one.rows["child"].where(one.rows["child"].notna(), one.rows["case"]))
        rows = one.item.used(rows.drop(columns="case")).dropna(subset=["child"])
        parts.append(rows.drop_duplicates([name for name in rows if name not in PLACE]))
    if stretches is not None:
        named = [name for name in ("child", "birth", *attributes) if name in stretches.rows]
        parts.append(stretches.rows[[*named, *PLACE]].drop_duplicates([*named, "input"]))
    parts = [part.assign(year=part.get("year", 0), listed=part.get("listed", False)) for part in parts]
    rows = pd.concat(parts, ignore_index=True)
    return rows, settle_children(rows, [])[0]["birth"]


def _case_attributes(inputs: Sequence[Input], stretches: StretchesRead | None) -> list[str]:
    names = list(case_attributes(inputs))
    return names if stretches is None or "destination" in names else [*names, "destination"]
