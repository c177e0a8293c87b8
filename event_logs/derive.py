"""Case records to an event log: what can be used is used, what cannot is kept aside with every reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from event_logs.packed import replacing
from event_logs.project import Project, nearest
from event_logs.quality import data_quality, derivation_notes
from event_logs.quarantine import Records, inert
from event_logs.tables import TextTable, read_table

AGE_BANDS = ("0", "1-4", "5-11", "12+")
_AGE_LIMITS = (1, 5, 12)
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class Derivation:
    """An event log with the account of how it came from the records."""

    log: EventLog
    quarantine: pd.DataFrame
    """One row a quarantined record: `file`, `row` (line of the file), `raw` (its text), `reasons`, joined by "; "."""
    ledger: pd.DataFrame
    """One row a file: `file`, `rows_read` = `used` + `quarantined` + `ignored`, then those ignored by each rule."""
    notes: tuple[str, ...]
    """What a reader of any figure from this log should know, in sentences."""
    data_quality: pd.DataFrame
    """Completeness, one row a step and year; see `event_logs.quality.data_quality`."""


def derive(project: Project) -> Derivation:
    """The event log of a council's records, with quarantine and ledger.

    Every record is used, quarantined with all its reasons, or ignored by a named rule, and the counts are checked to
    add up. The outcome does not depend on the order of rows. A record of a child or episode whose own row is
    quarantined is quarantined too. Raises InputError, for all tables at once, when a file is missing, empty, without
    records, not in the declared encoding, or lacks a column.
    """
    files = _read_tables(project)
    end = project.window.end
    children, births = _children(files["children"], project, end)
    episodes, cases = _episodes(files["episodes"], children, births, project)
    frames = [_episode_events(cases)]
    if project.placements is not None:
        placed = _placements(files["placements"], episodes, cases, project)
        frames.append(_placement_events(placed, cases, project.episodes.home_destinations))
        cases["first_placement"] = _look_up(cases["case"], placed.drop_duplicates("case").set_index("case")["type"])
    outcomes: pd.DataFrame | None = None
    if project.reviews is not None:
        outcomes = _reviews(files["reviews"], episodes, cases, project)
        frames.append(_review_events(outcomes, project.reviews.outcomes))
    if project.milestones is not None:
        frames.append(_milestones(files["milestones"], episodes, cases, project))
    if project.legal_statuses is not None:
        basis = _legal_basis(files["legal_statuses"], episodes, cases, project)
        cases["legal_basis"] = _look_up(cases["case"], basis)
    ranks = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
    log = EventLog.of(pd.concat(frames, ignore_index=True), project.window, cases=cases, ranks=ranks)
    quarantine = pd.concat([records.quarantined() for records in files.values()], ignore_index=True)
    return Derivation(
        log=log,
        quarantine=quarantine,
        ledger=pd.DataFrame([records.ledger() for records in files.values()]),
        notes=derivation_notes(log, files, outcomes),
        data_quality=data_quality(log, outcomes),
    )


def write_quarantine(derivation: Derivation, path: Path) -> None:
    """Write the quarantined rows as CSV in UTF-8; text that a spreadsheet would run as a formula is made inert."""
    with replacing(path) as file:
        inert(derivation.quarantine).to_csv(file, index=False, encoding="utf-8", lineterminator="\n")


def _read_tables(project: Project) -> dict[str, Records]:
    """The records of every table, or one InputError with all that is wrong with all files."""
    problems: list[Problem] = []
    tables: dict[str, tuple[TextTable, list[str]]] = {}
    for section, (file, columns) in _wanted(project).items():
        try:
            table = read_table(
                project.folder / file, encoding=project.reading.encoding, delimiter=project.reading.delimiter
            )
        except InputError as error:
            problems += error.problems
            continue
        problems += [_missing_column(table, column, section) for column in columns if column not in table.columns]
        tables[section] = (table, columns)
    if problems:
        raise InputError(problems)
    return {section: Records(table, project.reading, columns) for section, (table, columns) in tables.items()}


def _wanted(project: Project) -> dict[str, tuple[str, list[str]]]:
    """For each section of the project its file and the columns that are read."""
    c, e = project.children, project.episodes
    wanted = {
        "children": (c.file, [c.child, c.birth, *c.attributes.values()]),
        "episodes": (e.file, [e.episode, e.child, e.start, e.end, *e.attributes.values()]),
    }
    if (s := project.legal_statuses) is not None:
        wanted["legal_statuses"] = (s.file, [s.episode, s.status, s.start, s.end])
    if (p := project.placements) is not None:
        wanted["placements"] = (p.file, [p.episode, p.type, p.start, p.end])
    if (r := project.reviews) is not None:
        wanted["reviews"] = (r.file, [r.episode, r.date, r.outcome])
    if (m := project.milestones) is not None:
        wanted["milestones"] = (m.file, [m.episode, m.milestone, m.date])
    return {section: (file, list(dict.fromkeys(columns))) for section, (file, columns) in wanted.items()}


def _missing_column(table: TextTable, column: str, section: str) -> Problem:
    near = nearest(column, table.columns)
    hint = f"the nearest is {near[0]!r}" if near else f"it has: {', '.join(table.columns)}"
    remedy = f"Add the column, or name the right one under [{section}] in the project file"
    if len(table.columns) == 1:
        remedy += ". The header has one column only: is `delimiter` under [reading] right?"
    return Problem(table.file, "line 1", f"there is no column {column!r}; {hint}", remedy)


def _children(records: Records, project: Project, extraction: pd.Timestamp) -> tuple[Records, pd.DataFrame]:
    names = project.children
    child = records.required(names.child, "child id")
    birth = records.date(names.birth)
    records.reject((birth > extraction).to_numpy(), f"{names.birth}: birth after the extraction date")
    read = pd.DataFrame({"child": child, "birth": birth})
    for attribute, column in names.attributes.items():
        read[attribute] = records.text(column)
    records.unique(names.child, read)
    return records, read[records.used].set_index("child")


def _episodes(
    records: Records, children: Records, births: pd.DataFrame, project: Project
) -> tuple[Records, pd.DataFrame]:
    """The checked episodes and the case table."""
    names = project.episodes
    case = records.required(names.episode, "episode id")
    child = records.reference(names.child, "child", children, project.children.child)
    start, end = records.date(names.start), records.date(names.end, required=False)
    birth = _look_up(child, births["birth"])
    _check_span(records, project, (names.start, start), (names.end, end), birth)
    read = pd.DataFrame({"case": case, "start": start, "end": end, "child": child})
    for attribute, column in names.attributes.items():
        read[attribute] = records.text(column)
    records.unique(names.episode, read)
    cases = read[records.used].assign(birth=birth[records.used])
    cases["age_at_start"] = (cases["start"] - cases["birth"]).dt.days / _DAYS_A_YEAR
    years = _completed_years(cases["birth"], cases["start"])
    cases["age_band"] = pd.Series(
        np.asarray(AGE_BANDS)[np.searchsorted(_AGE_LIMITS, years, side="right")], index=cases.index, dtype="str"
    )
    for attribute in project.children.attributes:
        cases[attribute] = _look_up(cases["child"], births[attribute])
    return records, cases.reset_index(drop=True)


def _completed_years(birth: pd.Series[pd.Timestamp], day: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """Age in completed years; a child born on 29 February has the birthday on 1 March in other years."""
    before = (day.dt.month < birth.dt.month) | ((day.dt.month == birth.dt.month) & (day.dt.day < birth.dt.day))
    return day.dt.year - birth.dt.year - before.astype("int64")


def _check_span(
    records: Records,
    project: Project,
    start: tuple[str, pd.Series[pd.Timestamp]],
    end: tuple[str, pd.Series[pd.Timestamp]] | None,
    birth: pd.Series[pd.Timestamp],
) -> None:
    """Reject dates that cannot be: before birth, after the extraction, an end before its start."""
    extraction = project.window.end
    for column, dates in [start] if end is None else [start, end]:
        records.reject((dates < birth).to_numpy(), f"{column}: before the child's birth")
        records.reject(
            (dates > extraction).to_numpy(), f"{column}: after the extraction date, {extraction.date().isoformat()}"
        )
    if end is not None:
        records.reject((end[1] < start[1]).to_numpy(), f"end before start: {end[0]} is before {start[0]}")


def _birth_of(case: pd.Series[str], cases: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    return _look_up(case, cases.set_index("case")["birth"])


def _look_up(keys: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value of each key, missing for a missing or unknown one, with its type even where there is none at all."""
    return values.reindex(keys).set_axis(keys.index)


def _legal_basis(records: Records, episodes: Records, cases: pd.DataFrame, project: Project) -> pd.Series[str]:
    """The first legal status of each episode; of two from one day the one that the project lists first."""
    names = project.legal_statuses
    assert names is not None
    case = records.reference(names.episode, "episode", episodes, project.episodes.episode)
    status = records.code(names.status, names.codes)
    start, end = records.date(names.start), records.date(names.end, required=False)
    _check_span(records, project, (names.start, start), (names.end, end), _birth_of(case, cases))
    order = status.map({code: place for place, code in enumerate(names.codes)})
    read = pd.DataFrame({"case": case, "start": start, "order": order, "status": status})[records.used]
    return read.sort_values(["case", "start", "order"]).drop_duplicates("case").set_index("case")["status"]


def _placements(records: Records, episodes: Records, cases: pd.DataFrame, project: Project) -> pd.DataFrame:
    """The usable placements in order: `case`, `type`, `away` (whether the child is away from home), `start`."""
    names = project.placements
    assert names is not None
    case = records.reference(names.episode, "episode", episodes, project.episodes.episode)
    kind = records.code(names.type, names.settings)
    start, end = records.date(names.start), records.date(names.end, required=False)
    _check_span(records, project, (names.start, start), (names.end, end), _birth_of(case, cases))
    read = pd.DataFrame({"case": case, "type": kind, "start": start, "end": end})[records.used]
    # A placement that ended the day it began comes before the one that followed it on that day.
    read = read.sort_values(["case", "start", "end", "type"], na_position="last", ignore_index=True)
    return read.assign(away=read["type"].map(names.settings) == "away")


def _placement_events(placed: pd.DataFrame, cases: pd.DataFrame, home: tuple[str, ...]) -> pd.DataFrame:
    away, case = placed["away"], placed["case"]
    first = ~case.duplicated()
    first_away = away & ~placed.assign(away=away)[["case", "away"]].duplicated()
    back = ~away & ~first & away.shift(fill_value=False)
    last = placed[~case.duplicated(keep="last")].set_index("case")["away"]
    gone_home = cases["end"].notna() & _look_up(cases["case"], last).eq(True)
    destination = cases["destination"] if "destination" in cases else pd.Series(index=cases.index, dtype="str")
    gone_home &= destination.isin(home)
    return pd.concat(
        [
            _events(placed.loc[first & ~away, "case"], v.AT_HOME, placed["start"]),
            _events(placed.loc[first_away, "case"], v.ACCOMMODATED, placed["start"]),
            _events(placed.loc[back, "case"], v.RETURNED_HOME, placed["start"]),
            _events(cases.loc[gone_home, "case"], v.RETURNED_HOME, cases["end"]),
        ]
    )


def _episode_events(cases: pd.DataFrame) -> pd.DataFrame:
    closed = cases.loc[cases["end"].notna(), "case"]
    began = _events(cases["case"], v.BECAME_LOOKED_AFTER, cases["start"])
    return pd.concat([began, _events(closed, v.CEASED, cases["end"])])


def _events(case: pd.Series[str], activity: str, dates: pd.Series[pd.Timestamp]) -> pd.DataFrame:
    return pd.DataFrame({"case": case, "activity": activity, "date": dates.loc[case.index]})


def _reviews(records: Records, episodes: Records, cases: pd.DataFrame, project: Project) -> pd.DataFrame:
    """The usable reviews: `case`, `date`, `outcome` (missing where none is recorded)."""
    names = project.reviews
    assert names is not None
    case = records.reference(names.episode, "episode", episodes, project.episodes.episode)
    date = records.date(names.date)
    outcome = records.code(names.outcome, names.outcomes, required=False)
    _check_span(records, project, (names.date, date), None, _birth_of(case, cases))
    return pd.DataFrame({"case": case, "date": date, "outcome": outcome})[records.used]


def _review_events(reviews: pd.DataFrame, outcomes: Mapping[str, str]) -> pd.DataFrame:
    decided = reviews.assign(activity=reviews["outcome"].map(outcomes))
    decided = decided[decided["activity"].notna() & decided["activity"].ne("")]
    decided = decided.sort_values(["case", "date", "activity"]).drop_duplicates(["case", "activity"])
    held = reviews[["case", "date"]].assign(activity=v.REVIEW)
    return pd.concat([held, decided[["case", "date", "activity"]]])


def _milestones(records: Records, episodes: Records, cases: pd.DataFrame, project: Project) -> pd.DataFrame:
    names = project.milestones
    assert names is not None
    case = records.reference(names.episode, "episode", episodes, project.episodes.episode)
    label = records.code(names.milestone, names.codes)
    date = records.date(names.date)
    _check_span(records, project, (names.date, date), None, _birth_of(case, cases))
    return pd.DataFrame({"case": case, "activity": label.map(names.codes), "date": date})[records.used]
