"""Reading a project file: everything wrong with it at once, and the project it describes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import ConfigDict, TypeAdapter, ValidationError

from event_logs.errors import InputError, Problem
from event_logs.project.fields import FORBID, Text, nearest
from event_logs.project.gates import Court, DecisionMaker, Panel
from event_logs.project.presets import preset_content, preset_names, with_preset
from event_logs.project.problems import line_of, without_echoes, worded
from event_logs.project.reading import Reading
from event_logs.project.sections import (
    Children,
    Compared,
    Episodes,
    Holidays,
    LegalStatuses,
    Milestones,
    Placements,
    Pseudonyms,
    Reviews,
    Table,
    TriedChange,
    WindowDates,
)
from event_logs.project.shapes import Details, LongTable, Stretches, Tracker
from event_logs.project.unchecked import unchecked
from event_logs.rules import Policy, Rule, read_own_rules
from event_logs.sources.spec import Source
from event_logs.window import ObservationWindow
from event_logs.working_days import WorkingDays

PROJECT_FILE = "permanence.toml"


@dataclass(frozen=True, kw_only=True)
class PolicyNumbers(Policy):
    """`[policy]`: what the rules take for granted."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """permanence.toml as it stands; `Project` is what the rest of the product sees."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    schema_version: Literal[1]
    name: Text
    preset: Text | None = None
    """A ready-made project file that this one is laid over: "ssda903" or "clas"."""
    folder: Text | None = None
    """Where the extracts are, seen from the project file; missing: beside it."""
    window: WindowDates
    reading: Reading = field(default_factory=Reading)
    children: Children | None = None
    episodes: Episodes | None = None
    legal_statuses: LegalStatuses | None = None
    placements: Placements | None = None
    reviews: Reviews | None = None
    milestones: Milestones | None = None
    trackers: tuple[Tracker, ...] = ()
    events: tuple[LongTable, ...] = ()
    stretches: Mapping[Text, Stretches] = field(default_factory=dict)
    details: Mapping[Text, Details] = field(default_factory=dict)
    panel: Panel | None = None
    decision_maker: DecisionMaker | None = None
    court: Court | None = None
    holidays: Holidays = field(default_factory=Holidays)
    test_of_change: TriedChange | None = None
    scenarios: Compared = field(default_factory=Compared)
    pseudonyms: Pseudonyms | None = None
    policy: PolicyNumbers = field(default_factory=PolicyNumbers)
    rules: tuple[Mapping[str, Any], ...] = ()
    """The council's own rules; see `event_logs.rules.own`."""

    def __post_init__(self) -> None:
        if not (self.episodes or self.trackers or self.events or self.stretches):
            raise ValueError("no section tells of the episodes; add [episodes], [[trackers]], [[events]] or a preset")
        if self.episodes and not (self.children or self.trackers or self.events or self.details):
            raise ValueError("[episodes] needs [children], or another section that tells of the children")
        if self.children and not self.episodes:
            raise ValueError("[children] needs [episodes]; other shapes tell of the children in [details.NAME]")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A council's project: its tables, how they are read, and what span of time they cover."""

    path: Path
    """The project file."""
    name: str
    window: ObservationWindow
    reading: Reading
    preset: str | None = None
    records_folder: str | None = None
    children: Children | None = None
    episodes: Episodes | None = None
    legal_statuses: LegalStatuses | None = None
    placements: Placements | None = None
    reviews: Reviews | None = None
    milestones: Milestones | None = None
    trackers: tuple[Tracker, ...] = ()
    events: tuple[LongTable, ...] = ()
    stretches: Mapping[str, Stretches] = field(default_factory=dict)
    details: Mapping[str, Details] = field(default_factory=dict)
    panel: Panel | None = None
    """The known calendar of the panel; None when the council gives none."""
    decision_maker: DecisionMaker | None = None
    court: Court | None = None
    holidays: Holidays = field(default_factory=Holidays)
    """Where the council's working days differ from those of Scotland's bank holidays."""
    test_of_change: TriedChange | None = None
    """What is being tried out, and since when."""
    scenarios: Compared = field(default_factory=Compared)
    """Which change ideas are compared."""
    pseudonyms: Pseudonyms | None = None
    """How identifiers are replaced; None: they are not."""
    policy: Policy = field(default_factory=Policy)
    """What the rules take for granted."""
    rules: tuple[Rule, ...] = ()
    """The council's own rules."""

    @property
    def folder(self) -> Path:
        """The folder of the project file."""
        return self.path.parent

    @property
    def records(self) -> Path:
        """The folder in which the tables are found."""
        return self.folder / self.records_folder if self.records_folder else self.folder

    @property
    def working_days(self) -> WorkingDays:
        """The council's working days, for dates from 1970 until ten years after the extraction."""
        return _working_days(self.holidays, self.window.end.year)

    def sections(self) -> Iterator[tuple[str, Table]]:
        """Every section that describes a table, by its name in the project file, in a fixed order."""
        yield from _sections(self)

    def sources(self, section: Table) -> list[Source]:
        """The sources of a section: one, or for `files` one a file, the earliest year first."""
        shared = {item.name: getattr(section, item.name) for item in dataclass_fields(Source)}
        if not section.files:
            return [Source(**shared)]
        return [Source(**{**shared, "file": name}) for name in files_of(section, self.records)]

    def sources_in_order(self) -> list[tuple[str, Table, Source]]:
        """Every source with the section that it is of and that section's name, in the order in which they are read."""
        return [(name, section, source) for name, section in self.sections() for source in self.sources(section)]

    def input_files(self) -> list[Path]:
        """The project file and every file that it names, each once."""
        named = [self.records / source.file for _, _, source in self.sources_in_order() if source.file is not None]
        return list(dict.fromkeys([self.path, *named]))


def load_project(path: Path) -> Project:
    """The project described by a permanence.toml, given as the file or as its folder.

    Raises InputError with everything wrong at once: no file, unreadable TOML, a line still marked `# CHECK`, a
    missing, unknown or mistyped key, an unknown activity (each with the nearest valid name), a table file that is
    not there.
    """
    file = path / PROJECT_FILE if path.is_dir() else path
    text = _text_of(file)
    raw = _parsed(file, text)
    problems: list[Problem] = list(unchecked(file.name, text))
    parsed: ProjectFile | None = None
    try:
        parsed = project_adapter().validate_python(raw)
    except ValidationError as error:
        found = without_echoes(error.errors(include_url=False))
        problems += [worded(file.name, text, one, ProjectFile) for one in found]
    problems += _missing_tables(file, text, raw) if parsed is None else _missing_files(file, text, parsed)
    if parsed is not None and parsed.window.recording_start > parsed.window.extraction_date:
        line = line_of(text, ("window", "recording_start"))
        problem = f"recording_start {parsed.window.recording_start} is after extraction_date"
        problems.append(Problem(file.name, f"window.recording_start{line}", problem, "Correct one of the two dates"))
    if parsed is not None and (parsed.holidays.closed or parsed.holidays.open):
        try:
            _working_days(parsed.holidays, parsed.window.extraction_date.year)
        except ValueError as error:
            place = f"holidays{line_of(text, ('holidays',))}"
            problems.append(Problem(file.name, place, str(error), "Correct the dates of [holidays]"))
    own: tuple[Rule, ...] = ()
    try:
        own = read_own_rules(raw.get("rules", []), file=file.name, text=text)
    except InputError as error:
        problems += error.problems
    if parsed is None or problems:
        raise InputError(problems)
    return _project(file, parsed, own)


def _working_days(holidays: Holidays, until: int) -> WorkingDays:
    return WorkingDays.scotland(1970, until + 10, added=holidays.closed, removed=holidays.open)


@cache
def project_adapter() -> TypeAdapter[ProjectFile]:
    """What checks a project file; its JSON Schema is that of the file, presets already laid under."""
    return TypeAdapter(ProjectFile)


def files_of(section: Table, folder: Path) -> list[str]:
    """The files that a section with `files` names, the earliest year first; a name without a year comes first."""
    found = {path.name for pattern in section.files for path in folder.glob(pattern) if path.is_file()}
    return sorted(found, key=lambda name: (year_of(name), name))


def year_of(name: str) -> int:
    """The year in a file name, 0 if there is none.

    >>> year_of("2017-episodes.csv"), year_of("episodes.csv")
    (2017, 0)
    """
    found = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)
    return int(found[0]) if found else 0


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        problem = re.sub(r"\s*\(at .*\)$", "", str(error))
        remedy = "Texts stand in quotes, dates as 2024-07-31, one `key = value` a line"
        where = f"line {place[1]}" if place else "end of file"
        raise InputError(Problem(file.name, where, f"not valid TOML: {problem}", remedy)) from None
    preset = raw.get("preset")
    if preset is None:
        return raw
    if preset not in preset_names():
        near = nearest(str(preset), preset_names(), 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        remedy = f"{hint.capitalize()}The presets are: {', '.join(preset_names())}"
        key = f"preset{line_of(text, ('preset',))}"
        raise InputError(Problem(file.name, key, f"there is no preset {preset!r}", remedy))
    return with_preset(raw, preset_content(preset))


def _project(file: Path, parsed: ProjectFile, rules: tuple[Rule, ...]) -> Project:
    dates = parsed.window
    window = ObservationWindow(
        pd.Timestamp(dates.recording_start),
        pd.Timestamp(dates.extraction_date),
        {activity: pd.Timestamp(day) for activity, day in dates.recorded_from.items()},
    )
    same = {item.name for item in dataclass_fields(ProjectFile)} - {"schema_version", "window", "folder", "rules"}
    return Project(
        path=file,
        window=window,
        records_folder=parsed.folder,
        rules=rules,
        **{name: getattr(parsed, name) for name in sorted(same)},
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        remedy = "Give the folder that holds a permanence.toml, or the file itself"
        raise InputError(Problem(str(file), "", "the project file does not exist", remedy)) from None
    except UnicodeDecodeError:
        raise InputError(Problem(file.name, "", "the file is not UTF-8", "Save it as UTF-8")) from None
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error})"
        raise InputError(Problem(str(file), "", problem, "Check the permissions of the file")) from None


_SINGLE = ("children", "episodes", "legal_statuses", "placements", "reviews", "milestones")
_LISTS = ("trackers", "events")
_NAMED = ("stretches", "details")


def _sections(project: Project | ProjectFile) -> Iterator[tuple[str, Table]]:
    for name in _SINGLE:
        if (section := getattr(project, name)) is not None:
            yield name, section
    for name in _LISTS:
        for number, section in enumerate(getattr(project, name)):
            yield f"{name}.{number}", section
    for name in _NAMED:
        for key, section in getattr(project, name).items():
            yield f"{name}.{key}", section


def _missing_files(file: Path, text: str, parsed: ProjectFile) -> list[Problem]:
    """The tables that are not there; a pattern that finds no file is a missing table too."""
    folder = file.parent / parsed.folder if parsed.folder else file.parent
    problems = []
    for name, section in _sections(parsed):
        loc = tuple(name.split("."))
        if section.file is not None and not (folder / section.file).is_file():
            problems.append(_missing_table(file, text, folder, (*loc, "file"), section.file))
        if section.files and not section.may_be_empty and not files_of(section, folder):
            place = f"{'.'.join(loc)}.files{line_of(text, (*loc, 'files'))}"
            problem = f"no file in the folder of the extracts is named like {' or '.join(section.files)}"
            remedy = "Put the files there, name their `folder`, or correct the pattern"
            problems.append(Problem(file.name, place, problem, remedy))
    return problems


def _missing_tables(file: Path, text: str, raw: Mapping[str, Any]) -> list[Problem]:
    """The same for a file that is not valid otherwise, as far as it can be told."""
    problems = []
    folder = file.parent / raw["folder"] if isinstance(raw.get("folder"), str) else file.parent
    for section in _SINGLE:
        table = raw.get(section)
        name = table.get("file") if isinstance(table, dict) else None
        if isinstance(name, str) and name and not (folder / name).is_file():
            problems.append(_missing_table(file, text, folder, (section, "file"), name))
    return problems


def _missing_table(file: Path, text: str, folder: Path, loc: tuple[str, ...], name: str) -> Problem:
    entries = folder.iterdir() if folder.is_dir() else iter(())
    present = sorted(entry.name for entry in entries if entry.is_file() and entry.name != file.name)
    near = nearest(name, present)
    hint = f"; the nearest name there is {near[0]!r}" if near else ""
    place = f"{'.'.join(loc)}{line_of(text, loc)}"
    where = "the project's folder" if folder == file.parent else "the folder of the extracts"
    problem = f"the table {name!r} is not in {where}{hint}"
    return Problem(file.name, place, problem, "Put the file there or correct its name")
