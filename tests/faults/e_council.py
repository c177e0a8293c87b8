"""A council of two children as CSV files, and facts made by hand, for the faults of records and logic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from event_logs import load_project
from event_logs.derive import Derivation, derive
from event_logs.rules import RULES, Facts, Findings, Policy, apply_rules
from event_logs.window import ObservationWindow

WINDOW = ObservationWindow(pd.Timestamp("2019-01-01"), pd.Timestamp("2022-12-31"))
PROJECT = """\
schema_version = 1
name = "Two children"
[window]
recording_start = 2019-01-01
extraction_date = 2022-12-31
[children]
file = "children.csv"
child = "child_id"
birth = "date_of_birth"
attributes = { sex = "sex", family = "family_id" }
[episodes]
file = "episodes.csv"
episode = "episode_id"
child = "child_id"
start = "start_date"
end = "end_date"
[placements]
file = "placements.csv"
episode = "episode_id"
type = "placement_type"
start = "start_date"
end = "end_date"
[placements.settings]
"At home with parents" = "home"
"Kinship carer" = "away"
"Foster carer" = "away"
[milestones]
file = "milestones.csv"
episode = "episode_id"
milestone = "milestone"
date = "date"
[milestones.codes]
"Permanence recommended" = "Permanence recommended"
"Permanence panel" = "Permanence panel"
"Agency decision" = "Agency decision"
"""
TABLES = {
    "children": "child_id,date_of_birth,sex,family_id\nC1,2016-02-29,Female,F1\nC2,2010-06-10,Male,F2\n",
    "episodes": "episode_id,child_id,start_date,end_date\nE1,C1,2020-03-01,\nE2,C2,2021-01-05,2021-09-20\n",
    "placements": "episode_id,placement_type,start_date,end_date\nE1,Foster carer,2020-03-01,\n"
    "E2,Kinship carer,2021-01-05,2021-09-20\n",
    "milestones": "episode_id,milestone,date\nE1,Permanence recommended,2020-07-09\nE1,Permanence panel,2020-10-06\n",
}


def council(
    folder: Path, *, replaced: Mapping[str, tuple[str, str]] = MappingProxyType({}), policy: str = "", **added: str
) -> tuple[Derivation, Findings]:
    """The council with lines added to its tables: what derive makes of it, and what the rules find.

    `replaced` gives some tables another text, and their sections further keys.
    """
    project = PROJECT
    for name, text in TABLES.items():
        whole, keys = replaced.get(name, (text, ""))
        (folder / f"{name}.csv").write_text(whole + added.get(name, ""), encoding="utf-8")
        project = project.replace(f'file = "{name}.csv"\n', f'file = "{name}.csv"\n{keys}')
    (folder / "permanence.toml").write_text(project + policy, encoding="utf-8")
    derivation = derive(load_project(folder))
    assert derivation.findings is not None
    return derivation, derivation.findings


def found(policy: Policy | None = None, **tables: list[tuple[object, ...]] | pd.DataFrame) -> Findings:
    """What the rules find in tables given row by row, in the order of the columns of `COLUMNS`."""
    return apply_rules(facts(policy, **tables), RULES)


COLUMNS = {
    "children": ["child", "birth", "sex", "family"],
    "episodes": ["case", "child", "start", "end"],
    "legal_statuses": ["case", "status", "start", "end"],
    "placements": ["case", "type", "start", "end"],
    "reviews": ["case", "date", "outcome"],
    "milestones": ["case", "activity", "date"],
    "events": ["case", "activity", "date"],
}
DATES = ("birth", "start", "end", "date", "died", "entered", "exported")
ONE_CHILD = [("C1", "2016-02-29", "Female", "F1")]
ONE_EPISODE = [("E1", "C1", "2020-03-01", None)]


def facts(policy: Policy | None = None, **tables: list[tuple[object, ...]] | pd.DataFrame) -> Facts:
    """Facts of tables given row by row; without children and episodes there are those of one child."""
    tables = {"children": ONE_CHILD, "episodes": ONE_EPISODE} | tables  # type: ignore[dict-item]
    frames = {}
    for name, rows in tables.items():
        frame = rows.copy() if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=COLUMNS[name])
        for column in DATES:
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        frames[name] = frame
    return Facts.of(frames, WINDOW, policy=policy)


def lines(findings: Findings, code: str) -> list[tuple[str, int]]:
    """Where the records of one rule stand."""
    rows = findings.of(code)
    return sorted(zip(rows["file"], rows["line"].tolist(), strict=True))


def count(derivation: Derivation, file: str, column: str) -> int:
    """A number of the ledger."""
    return int(derivation.ledger.set_index("file").loc[file, column])  # type: ignore[arg-type]
