"""Every table that a project names, as records to be checked, with the columns that are read of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.project.loading import year_of
from event_logs.project.sections import (
    CaseTable,
    Children,
    Episodes,
    LegalStatuses,
    Milestones,
    Placements,
    Reviews,
    Table,
)
from event_logs.project.shapes import Details, LongTable, Stretches, Tracker
from event_logs.quarantine import Records
from event_logs.sources import copies, named, read_source

if TYPE_CHECKING:
    from event_logs.project import Project

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Input:
    """One file of one section, while its records are checked."""

    number: int
    """Its place among the inputs of the project."""
    name: str
    """The section in the project file, such as "children" or "trackers.0"."""
    section: Table
    records: Records
    year: int
    """The year in the file's name, where the section is made up of yearly files; otherwise 0."""

    @property
    def file(self) -> str:
        """The file's name."""
        return self.records.table.file

    def used(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of a frame, one a record, that have passed every check so far, each with its place.

        The place is `input`, `row` (number of the record), `file` and `line`.
        """
        rows = np.flatnonzero(self.records.used)
        return frame.iloc[rows].assign(
            input=self.number,
            row=rows,
            file=pd.Series(self.file, index=frame.index[rows], dtype="str"),
            line=self.records.table.line[rows],
        )

    def reject(self, rows: npt.NDArray[np.int64], reason: str) -> None:
        """Set records aside, by their numbers."""
        mask = np.zeros(len(self.records.table), dtype=bool)
        mask[rows] = True
        self.records.reject(mask, reason)


PLACE = ["input", "row", "file", "line"]


def read_inputs(project: Project, advance: Callable[[int], None]) -> tuple[list[Input], list[str]]:
    """The records of every table, and what is to be told of how they were read.

    `advance` is called with the number of tables read. Raises InputError with all that is wrong with all files.
    """
    problems: list[Problem] = []
    inputs: list[Input] = []
    notes: list[str] = []
    single = []
    for done, (name, section, source) in enumerate(project.sources_in_order()):
        advance(done)
        columns = wanted(section)
        spec = source.resolved(encoding=project.reading.encoding, delimiter=project.reading.delimiter)
        try:
            table = named(read_source(spec, project.records), columns, spec.aliases, name)
        except InputError as error:
            problems += error.problems
            continue
        notes += [f"{table.file}: {said}." for said in (*table.found, *table.warnings)]
        year = year_of(table.file) if section.files else 0
        records = Records(table, project.reading, columns, project.window.end)
        inputs.append(Input(len(inputs), name, section, records, year))
        single += [] if section.files else [table]
    if problems:
        raise InputError(problems)
    different = {table.file + table.sheet: table for table in single}  # one file may serve several sections
    notes += [f"{said}." for said in copies(list(different.values()))]
    return inputs, list(dict.fromkeys(notes))


def wanted(section: Table) -> list[str]:
    """The columns that are read of a section's table, in their order, each once."""
    return list(dict.fromkeys(column for column in _columns(section) if column is not None))


def _columns(section: Table) -> Iterable[str | None]:
    s = section
    keys: Sequence[str | None] = (s.episode or s.child, s.entered) if isinstance(s, CaseTable) else ()
    match s:
        case Children():
            return [s.child, s.birth, s.died, s.full_name, *s.attributes.values()]
        case Episodes():
            return [s.episode, s.child, s.start, s.end, s.exported, *s.attributes.values()]
        case LegalStatuses():
            return [*keys, s.status, s.start, s.end]
        case Placements():
            return [*keys, s.type, s.start, s.end]
        case Reviews():
            return [*keys, s.date, s.outcome]
        case Milestones():
            return [*keys, s.milestone, s.date]
        case Tracker():
            return [s.case, s.child, s.birth, s.start, s.end, *s.columns, *s.attributes.values()]
        case LongTable():
            return [s.case, s.child, s.activity, s.date, s.entered, s.birth, *s.attributes.values()]
        case Details():
            return [s.child, s.birth, *s.key, *s.dates, *s.attributes.values()]
        case Stretches():
            told = [s.placement, s.status, s.began_for, s.ended_for, s.episode_start, s.episode_end, s.destination]
            return [s.child, s.start, s.end, *told, s.birth, *s.attributes.values()]
    raise TypeError(f"no columns are known for a section of type {type(section).__name__}")


def of_kind(inputs: Iterable[Input], *kinds: type) -> list[Input]:
    """The inputs whose section is of one of the kinds."""
    return [item for item in inputs if isinstance(item.section, kinds)]


def by_section(inputs: Iterable[Input]) -> dict[str, list[Input]]:
    """The inputs of each section, by its name."""
    sections: dict[str, list[Input]] = {}
    for item in inputs:
        sections.setdefault(item.name, []).append(item)
    return sections
