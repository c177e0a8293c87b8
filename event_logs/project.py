"""The project file: which tables a council's extract has, and how to read them."""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import pandas as pd
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from event_logs.errors import InputError, Problem
from event_logs.vocabulary import MILESTONES
from event_logs.window import ObservationWindow

PROJECT_FILE = "permanence.toml"
_SECTIONS_WITH_FILES = ("children", "episodes", "legal_statuses", "placements", "reviews", "milestones")
_FORBID = ConfigDict(extra="forbid")


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words closest to a misspelt one, best first; empty if none is near.

    >>> nearest("Permanence panl", ["Permanence panel", "LAAC review"])
    ['Permanence panel']
    """
    by_fold = {str(name).casefold(): str(name) for name in known}
    found = difflib.get_close_matches(word[:80].casefold(), list(by_fold), n=count, cutoff=0.6)
    return [by_fold[name] for name in found]


def _known_activity(name: str) -> str:
    if name and name not in MILESTONES:
        near = nearest(name, MILESTONES)
        hint = f"; the nearest is {near[0]!r}" if near else f"; the activities are: {', '.join(MILESTONES)}"
        raise ValueError(f"{name!r} is not an activity{hint}")
    return name


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"{name!r} is not an encoding; most extracts are 'utf-8' or 'cp1252'") from None
    return name


def _whole_date_format(text: str) -> str:
    sample = datetime(2024, 12, 25)
    try:
        back = datetime.strptime(sample.strftime(text), text)
    except ValueError:
        back = None
    if back is None or back.date() != sample.date():
        raise ValueError(f"{text!r} does not say day, month and year; write for example '%d/%m/%Y' for 25/12/2024")
    return text


def _plain_date(value: object) -> object:
    if isinstance(value, datetime):
        raise ValueError("must be a date without a time, such as 2024-07-31")
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"must be a date such as 2024-07-31, got {value!r}") from None
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
Activity = Annotated[Text, AfterValidator(_known_activity)]
ActivityOrNothing = Annotated[str, AfterValidator(_known_activity)]
PlainDate = Annotated[date, Strict(), BeforeValidator(_plain_date)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, kw_only=True)
class WindowDates:
    """`[window]`: when recording began and when the extract was taken."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    recording_start: PlainDate
    extraction_date: PlainDate
    recorded_from: Mapping[Activity, PlainDate] = field(default_factory=dict)
    """Activity -> date from which it is reliably recorded."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`[reading]`: how the text of the tables is written; nothing of it is ever guessed."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    date_format: Annotated[str, AfterValidator(_whole_date_format)] = "%Y-%m-%d"
    missing: tuple[str, ...] = ("",)
    """Texts that mean "not known". An empty cell always does."""
    total_row_labels: tuple[Text, ...] = ()
    """A row whose first cell is one of these is a total, not a record."""


@dataclass(frozen=True, kw_only=True)
class Children:
    """`[children]`: one row a child; the values name columns."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    child: Text
    birth: Text
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    """Case attribute -> column."""


@dataclass(frozen=True, kw_only=True)
class Episodes:
    """`[episodes]`: one row an episode of being looked after, which is the case."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    episode: Text
    child: Text
    start: Text
    end: Text
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    home_destinations: tuple[Text, ...] = ("Home with parents",)
    """Values of the attribute `destination` that mean the child went home."""


@dataclass(frozen=True, kw_only=True)
class LegalStatuses:
    """`[legal_statuses]`: one row a legal status of an episode."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    episode: Text
    status: Text
    start: Text
    end: Text
    codes: Annotated[tuple[Text, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Placements:
    """`[placements]`: one row a placement of an episode."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    episode: Text
    type: Text
    start: Text
    end: Text
    settings: Annotated[Mapping[Text, Literal["home", "away"]], Field(min_length=1)]
    """Placement type -> whether the child is at home with parents or away."""


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """`[reviews]`: one row a review of an episode."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    episode: Text
    date: Text
    outcome: Text
    outcomes: Annotated[Mapping[Text, ActivityOrNothing], Field(min_length=1)]
    """Outcome in the extract -> activity, or "" for an outcome that decides nothing."""


@dataclass(frozen=True, kw_only=True)
class Milestones:
    """`[milestones]`: one row a permanence milestone of an episode."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    file: Text
    episode: Text
    milestone: Text
    date: Text
    codes: Annotated[Mapping[Text, Activity], Field(min_length=1)]
    """Milestone in the extract -> activity."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`[panel]`: when the permanence panel meets, as the council knows it."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    weekday: Weekday
    weeks_of_month: Annotated[tuple[Annotated[StrictInt, Field(ge=1, le=5)], ...], Field(min_length=1)]
    skip_months: tuple[Annotated[StrictInt, Field(ge=1, le=12)], ...] = ()
    slots: Annotated[StrictInt, Field(ge=1)]
    """Children heard at one session."""
    lead_days: Annotated[StrictInt, Field(ge=0)] = 0
    """Papers must be complete this many days before a session."""


@dataclass(frozen=True, kw_only=True)
class _File:
    """permanence.toml as it stands; `Project` is what the rest of the product sees."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID
    schema_version: Literal[1]
    name: Text
    window: WindowDates
    reading: Reading = field(default_factory=Reading)
    children: Children
    episodes: Episodes
    legal_statuses: LegalStatuses | None = None
    placements: Placements | None = None
    reviews: Reviews | None = None
    milestones: Milestones | None = None
    panel: Panel | None = None


@dataclass(frozen=True, kw_only=True)
class Project:
    """A council's project: its tables, how they are read, and what span of time they cover."""

    path: Path
    """The project file."""
    name: str
    window: ObservationWindow
    reading: Reading
    children: Children
    episodes: Episodes
    legal_statuses: LegalStatuses | None
    placements: Placements | None
    reviews: Reviews | None
    milestones: Milestones | None
    panel: Panel | None
    """The known calendar of the panel; None when the council gives none."""

    @property
    def folder(self) -> Path:
        """The folder of the project file; the tables are found from here."""
        return self.path.parent


def load_project(path: Path) -> Project:
    """The project described by a permanence.toml, given as the file or as its folder.

    Raises InputError with everything wrong at once: no file, unreadable TOML, a missing, unknown or mistyped key, an
    unknown activity (each with the nearest valid name), a table file that is not there.
    """
    file = path / PROJECT_FILE if path.is_dir() else path
    text = _text_of(file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        problem = re.sub(r"\s*\(at .*\)$", "", str(error))
        remedy = "Texts stand in quotes, dates as 2024-07-31, one `key = value` a line"
        where = f"line {place[1]}" if place else "end of file"
        raise InputError(Problem(file.name, where, f"not valid TOML: {problem}", remedy)) from None
    problems: list[Problem] = []
    parsed: _File | None = None
    try:
        parsed = _adapter().validate_python(raw)
    except ValidationError as error:
        problems += [_problem(file.name, text, dict(found)) for found in error.errors(include_url=False)]
    problems += _missing_tables(file, text, raw)
    if parsed is not None and parsed.window.recording_start > parsed.window.extraction_date:
        line = _line_of(text, ("window", "recording_start"))
        problem = f"recording_start {parsed.window.recording_start} is after extraction_date"
        problems.append(Problem(file.name, f"window.recording_start{line}", problem, "Correct one of the two dates"))
    if parsed is None or problems:
        raise InputError(problems)
    return _project(file, parsed)


@cache
def _adapter() -> TypeAdapter[_File]:
    return TypeAdapter(_File)


def _project(file: Path, parsed: _File) -> Project:
    dates = parsed.window
    window = ObservationWindow(
        pd.Timestamp(dates.recording_start),
        pd.Timestamp(dates.extraction_date),
        {activity: pd.Timestamp(day) for activity, day in dates.recorded_from.items()},
    )
    same = {item.name for item in dataclass_fields(_File)} - {"schema_version", "window"}
    return Project(path=file, window=window, **{name: getattr(parsed, name) for name in sorted(same)})


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


def _problem(file: str, text: str, found: Mapping[str, Any]) -> Problem:
    """One pydantic error in the words of a person who wrote the file."""
    loc = tuple(str(part) for part in found["loc"] if part != "[key]")
    place = ".".join(loc) + _line_of(text, loc)
    kind, value = found["type"], found["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        keys = _keys_at(loc[:-1])
        near = nearest(loc[-1], keys)
        hint = f"Did you mean {near[0]!r}?" if near else "Remove it"
        return Problem(file, place, f"unknown key {loc[-1]!r}", f"{hint} The keys here are: {', '.join(keys)}")
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        section = f"[{'.'.join(loc[:-1])}]" if len(loc) > 1 else "the top of the file"
        return Problem(file, place, "the key is missing", f"Add `{loc[-1]}` under {section}")
    message = str(found["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if kind != "value_error" and not isinstance(value, dict | list):
        message += f", got {value!r}"
    remedy = f"Change the value of `{loc[-1]}`" if loc else "Change the value"
    return Problem(file, place, message, remedy)


def _keys_at(section: Sequence[str]) -> list[str]:
    """The keys that a section may have."""
    kind: Any = _File
    for part in section:
        hints = get_type_hints(kind)
        choices = [hints.get(part), *get_args(hints.get(part))]
        kind = next((choice for choice in choices if hasattr(choice, "__dataclass_fields__")), None)
        if kind is None:
            return []
    return [item.name for item in dataclass_fields(kind)]


def _line_of(text: str, loc: Sequence[str]) -> str:
    """ " (line 12)" for a key of the file, or of the nearest section that holds it; empty if it cannot be found."""
    section: tuple[str, ...] = ()
    best, best_depth = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([^\[\]]+)\]\s*(#.*)?$", line)
        key = re.match(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""", line)
        if header:
            section = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            here = section
        elif key:
            here = (*section, next(part for part in key.groups() if part is not None))
        else:
            continue
        depth = len(here)
        if depth > best_depth and tuple(loc[:depth]) == here:
            best, best_depth = number, depth
    return f" (line {best})" if best else ""


def _missing_tables(file: Path, text: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for section in _SECTIONS_WITH_FILES:
        table = raw.get(section)
        name = table.get("file") if isinstance(table, dict) else None
        if not isinstance(name, str) or not name or (file.parent / name).is_file():
            continue
        present = sorted(entry.name for entry in file.parent.iterdir() if entry.is_file() and entry.name != file.name)
        near = nearest(name, present)
        hint = f"; the nearest name there is {near[0]!r}" if near else ""
        place = f"{section}.file{_line_of(text, (section, 'file'))}"
        problem = f"the table {name!r} is not in the project's folder{hint}"
        problems.append(Problem(file.name, place, problem, "Put the file there or correct its name"))
    return problems
