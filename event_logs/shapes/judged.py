"""What the rules say of the records that could be read: some are set aside, of others there is a warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from event_logs.project.sections import CaseTable, Children, Episodes, LegalStatuses, Milestones, Placements, Reviews
from event_logs.project.shapes import LongTable, Tracker
from event_logs.rules import RULES, Facts, Findings, Severity, apply_rules
from event_logs.shapes.inputs import Input

if TYPE_CHECKING:
    from event_logs.project import Project
    from event_logs.pseudonyms import Pseudonyms

CASE_TABLES = ("legal_statuses", "placements", "reviews", "milestones")


def judge(project: Project, tables: Mapping[str, pd.DataFrame]) -> tuple[Facts, Findings]:
    """The facts in the frames of what was read, and what the standard rules and the council's own find in them.

    Raises InputError if a rule finds that nothing can be read before the files are put right.
    """
    facts = Facts.of(tables, project.window, policy=project.policy, columns=_columns(project))
    findings = apply_rules(facts, (*RULES, *project.rules))
    findings.stop_if_unusable()
    return facts, findings


def set_aside(
    findings: Findings,
    tables: Mapping[str, pd.DataFrame],
    owners: Mapping[str, pd.DataFrame],
    inputs: Mapping[int, Input],
) -> dict[str, pd.DataFrame]:
    """The frames without what the rules set aside, which is noted against its records.

    `owners` has for each "child" and "case" all records (`input`, `row`) that tell of it: they go with it, as do the
    records of what happened to it.
    """
    left = {name: frame.reset_index(drop=True) for name, frame in tables.items()}
    left = _without_duplicates(findings, left, inputs)
    found = findings.rows[findings.rows["severity"] == str(Severity.QUARANTINE)]
    found = found[found["table"].isin(list(left))]  # an event is told by a record of another table, and found there
    if found.empty:
        return left
    kept = dict(left)
    for (name, reason), rows in found.groupby(["table", "reason"], sort=False):
        frame = left[str(name)].loc[rows["row"].to_numpy()]
        key = {"children": "child", "episodes": "case"}.get(str(name))
        told = owners[key][owners[key][key].isin(frame[key])] if key == "case" else frame
        _reject(told, inputs, str(reason))
        kept[str(name)] = kept[str(name)].drop(index=frame.index, errors="ignore")
    children = set(kept["children"]["child"])
    episodes = kept["episodes"]
    if len(kept["children"]) < len(left["children"]):
        lost = episodes["child"].isin(sorted(set(left["children"]["child"].dropna()) - children))
        told = owners["case"][owners["case"]["case"].isin(episodes.loc[lost, "case"])]
        _reject(told, inputs, "the child's own row is quarantined")
        kept["episodes"] = episodes = episodes[~lost]
    gone = sorted(set(left["episodes"]["case"]) - set(episodes["case"]))
    for name in CASE_TABLES:
        if name in kept and gone:
            orphans = kept[name]["case"].isin(gone)
            _reject(kept[name][orphans], inputs, "the episode's own row is quarantined")
            kept[name] = kept[name][~orphans]
    return {name: frame.reset_index(drop=True) for name, frame in kept.items()}


def _without_duplicates(
    findings: Findings, tables: Mapping[str, pd.DataFrame], inputs: Mapping[int, Input]
) -> dict[str, pd.DataFrame]:
    """The frames of what happened without the records that a rule leaves out by its name.

    A row of several columns, such as one of a tracker or a stretch, tells of more than one thing and stays.
    """
    ignored, kept = findings.ignored, dict(tables)
    for (name, rule), rows in ignored[ignored["table"].isin(CASE_TABLES)].groupby(["table", "rule"], sort=False):
        frame = kept[str(name)]
        at = frame.index.intersection(pd.Index(rows["row"]))
        alone = [
            isinstance(inputs[number].section, (CaseTable, LongTable, Tracker)) for number in frame.loc[at, "input"]
        ]
        told = frame.loc[at[np.array(alone, dtype=bool)]]
        for number, part in told.groupby("input"):
            item = inputs[int(str(number))]
            mask = np.zeros(len(item.records.table), dtype=bool)
            mask[part["row"].to_numpy()] = True
            item.records.ignore(str(rule), mask)
        kept[str(name)] = frame.drop(index=told.index)
    return kept


def _reject(rows: pd.DataFrame, inputs: Mapping[int, Input], reason: str) -> None:
    for number, part in rows.groupby("input"):
        inputs[int(str(number))].reject(part["row"].to_numpy(dtype=np.int64), reason)


def with_pseudonyms(facts: Facts, findings: Findings, names: Pseudonyms) -> tuple[Facts, Findings]:
    """The same with the ids replaced; the rules have looked at the ids themselves by now."""
    frames: dict[str, Any] = {}
    for name in ("children", "episodes", *CASE_TABLES, "events"):
        frames[name] = replaced(facts.table(name).drop(columns="name", errors="ignore"), names)
    return replace(facts, **frames), replace(findings, rows=replaced(findings.rows, names))


def replaced(frame: pd.DataFrame, names: Pseudonyms) -> pd.DataFrame:
    """A frame with tokens for the ids in its columns `child`, `case` and `family`."""
    purposes = {"child": "child", "case": "episode", "family": "family"}
    return frame.assign(
        **{
            column: names.tokens(frame[column].astype("str"), purpose)
            for column, purpose in purposes.items()
            if column in frame
        }
    )


def _columns(project: Project) -> dict[tuple[str, str], str]:
    """(table, column of the facts) -> the council's name for it, where one section alone gives the table."""
    columns: dict[tuple[str, str], str | None] = {}
    for name, section in project.sections():
        match section:
            case Children():
                given: dict[str, str | None] = {"child": section.child, "birth": section.birth}
            case Episodes():
                given = {"case": section.episode, "child": section.child, "start": section.start, "end": section.end}
            case LegalStatuses():
                given = {"status": section.status, "start": section.start, "end": section.end}
            case Placements():
                given = {"type": section.type, "start": section.start, "end": section.end}
            case Reviews():
                given = {"date": section.date, "outcome": section.outcome}
            case Milestones():
                given = {"activity": section.milestone, "date": section.date}
            case _:
                continue
        if isinstance(section, CaseTable):
            given["case"] = section.episode
        columns |= {(name, here): column for here, column in given.items()}
    return {key: column for key, column in columns.items() if column is not None}
