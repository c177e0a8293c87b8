"""`permanence map`: a process map of any log as somebody wants it, or of two groups of cases side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from mining.aggregation import aim_groups, grouped, stage_groups
from mining.certain_map import CertainMap, certain_only
from mining.drawing import Diagram, Drawing, diagram_of, draw, fit_map, write_map
from mining.drawing.compare import fit_side_by_side
from mining.drawing.scales import MEASURES, UNITS
from mining.filters import Filtered
from mining.levels import along_pathways, pathway_levels, slide
from mining.measures import Limit
from mining.process_map import ESTABLISHED_FROM, ProcessMap, simplify
from mining.side_by_side import cohorts_around
from permanence.conditions import attribute_value
from permanence.files import complete_files

ENDINGS = ("svg", "png", "pdf", "dot")
_LIMIT = re.compile(r"\s*(\d{1,4})\s*(working day|day|week|month)s?\s*", re.IGNORECASE)
_COMPARED = {"median": "median", "cases": "cases", "cases_share": "cases"}
_LIKE = 0.05


class UsageError(ValueError):
    """Options that are wrong whatever the log: `option` is the one at fault."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True, kw_only=True)
class Look:
    """What stands on the map."""

    colour: str = ""
    """A measure; empty for the median."""
    width: str = ""
    """A measure; empty for cases."""
    label: tuple[str, ...] = ()
    """Measures; empty for cases and median, and with a limit also the share over it."""
    unit: str = "auto"

    def check(self, limit: Limit | None) -> None:
        """Raise UsageError for a measure or unit that is none, and for the share over a limit that is not given."""
        for option, names in (("--colour", [self.colour]), ("--width", [self.width]), ("--label", self.label)):
            for name in filter(None, names):
                check_choice(option, name, MEASURES)
                if name == "beyond" and limit is None:
                    raise UsageError(option, 'beyond is the share over a limit: give one, such as --limit "26 weeks"')
        check_choice("--unit", self.unit, (*UNITS, "auto"))

    def diagram(self, process_map: ProcessMap, notes: Sequence[str] = ()) -> Diagram:
        """The map as a diagram, with more to be said in its caption."""
        usual = ("cases", "median") if process_map.limit is None else ("cases", "median", "beyond")
        made = diagram_of(
            process_map,
            colour=self.colour or "median",
            width=self.width or "cases",
            label=self.label or usual,
            unit=self.unit,
        )
        return replace(made, caption=(" ".join([*made.caption, *notes]),))


@dataclass(frozen=True, kw_only=True)
class Detail:
    """How much of a log a map shows, and which durations are too long."""

    activities: float | None = None
    """A slider from 0 to 1; None to have what fits a page."""
    paths: float | None = None
    level: int | None = None
    """How many of the levels that begin with the most frequent pathway."""
    groups: Literal["", "stages", "aims"] = ""
    threshold: float = ESTABLISHED_FROM
    certain: bool = False
    limit: Limit | None = None

    @property
    def slides(self) -> bool:
        """Whether a slider is set."""
        return self.activities is not None or self.paths is not None

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        if self.level is not None and self.slides:
            raise UsageError("--level", "either levels or the sliders --activities and --paths, not both")
        if self.groups and (self.level is not None or self.slides):
            raise UsageError("--group", "stages and aims are few: they are drawn without --level and the sliders")
        if self.groups and self.certain:
            raise UsageError("--certain", "order is certain between single steps, not between the groups of --group")


@dataclass(frozen=True)
class Drawn:
    """A picture and what is to be said of it."""

    drawing: Drawing
    said: tuple[str, ...]

    def write(self, folder: Path, name: str) -> list[Path]:
        """Write the picture as `name`.svg, .png, .pdf and .dot, each appearing whole; return the paths."""
        with complete_files(folder) as scratch:
            written = write_map(self.drawing, scratch, name)
        return [folder / path.name for path in written]


@dataclass(frozen=True)
class TwoGroups:
    """Two logs to be put side by side."""

    first: EventLog
    second: EventLog
    names: tuple[str, str]
    how: str = ""
    """How they can be compared, in a sentence."""


def check_choice(option: str, name: str, known: Collection[str]) -> None:
    """Raise UsageError naming the nearest for a name that is not one of those known."""
    if name not in known:
        near = get_close_matches(name, list(known), n=1, cutoff=0.0)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(option, f"{name!r} is not one of {', '.join(known)}.{hint}")


def limit_of(text: str) -> Limit:
    """A limit as a person writes it; UsageError for anything else.

    >>> str(limit_of("10 Working days")), str(limit_of("1 week"))
    ('10 working days', '1 week')
    """
    match = _LIMIT.fullmatch(text)
    if match is None or int(match[1]) < 1:
        raise UsageError(
            "--limit", f'{text!r} is no limit: write "26 weeks", "10 working days", "6 months" or "91 days"'
        )
    unit = cast(Literal["working days", "days", "weeks", "months"], f"{match[2].lower()}s")
    return Limit(int(match[1]), unit)


def file_name(name: str) -> str:
    """The name of a picture's files without ending; UsageError for one that is no plain file name."""
    if not re.fullmatch(r"[\w][\w .+-]*", name) or name.endswith((" ", ".")):
        raise UsageError("--name", f"{name!r} is no plain file name: use letters, digits, spaces, - and _")
    return name


def filter_note(found: Filtered | None) -> str:
    """What a picture of chosen cases must say."""
    if found is None:
        return ""
    return f"Chosen: {'; '.join(found.removed['step'])}."


def draw_map(log: EventLog, look: Look, detail: Detail, *, note: str = "") -> Drawn:
    """One map. `note` goes into its caption.

    Raises UsageError for options that do not go together, InputError for groups that the log has nothing of, and
    GraphvizMissingError.
    """
    look.check(detail.limit)
    detail.check()
    notes = [note] if note else []
    said: list[str] = []
    if detail.level is not None or detail.slides:
        process_map = _chosen(log, detail, notes, said)
        drawing = draw(look.diagram(process_map, notes))
    else:
        groups = _groups(log, detail)
        outcome: list[str] = []

        def choose(log: EventLog, *, activities: int, arrows: int) -> ProcessMap:
            found = simplify(
                log,
                activities=activities,
                arrows=arrows,
                limit=detail.limit,
                threshold=detail.threshold,
                groups=groups,
            )
            return _certain(found, log, outcome) if detail.certain else found

        _, drawing = fit_map(log, choose=choose, diagram=lambda level: look.diagram(level, [*notes, *outcome[-1:]]))
    if not drawing.fits:
        said.append("It does not fit A4 with readable text, so the page is larger; show less to have it on one page.")
    return Drawn(drawing, (*drawing.diagram.caption, *said, drawing.diagram.description))


def _certain(process_map: ProcessMap, log: EventLog, outcome: list[str]) -> ProcessMap:
    found: CertainMap = certain_only(process_map, log)
    outcome.append(found.text)
    return found.map


def _chosen(log: EventLog, detail: Detail, notes: list[str], said: list[str]) -> ProcessMap:
    """The map of a level or of the sliders."""
    shared = {"limit": detail.limit, "threshold": detail.threshold}
    make: Callable[..., ProcessMap]
    if detail.level is not None:
        make = partial(along_pathways, log, detail.level)
        said.append(_level_said(log, detail.level))
    else:
        activities = 1.0 if detail.activities is None else detail.activities
        make = partial(slide, log, activities=activities, paths=1.0 if detail.paths is None else detail.paths)
    process_map = make(**shared)
    if detail.certain:
        process_map = _certain(process_map, log, notes)
    return process_map


def _level_said(log: EventLog, level: int) -> str:
    levels = pathway_levels(log)
    if levels.empty:
        return "The log has no pathways, so there are no levels."
    row = levels.iloc[min(level, len(levels)) - 1]
    beyond = f" There are only {len(levels)} levels: this is the last." if level > len(levels) else ""
    return (
        f"Level {row['level']} of {len(levels)}: {row['covered_cases']:,} cases ({row['covered_share']:.0%}) took only "
        f"steps and movements shown here. It adds: {row['pathway']}.{beyond}"
    )


def _groups(log: EventLog, detail: Detail) -> dict[str, str] | None:
    if not detail.groups:
        return None
    groups = stage_groups() if detail.groups == "stages" else aim_groups()
    if not any(groups.get(name) for name in log.activities):
        problem = "none of the log's activities is a milestone of permanence planning, so none belongs to a group"
        raise InputError(Problem(f"--group {detail.groups}", "", problem, "Leave --group out"))
    return groups


def before_and_since(log: EventLog, date: pd.Timestamp) -> TwoGroups:
    """Cases begun before a date and since, followed alike. Raises InputError for a date outside the log."""
    try:
        first, second, how = cohorts_around(log, date)
    except ValueError as error:
        window = f"{log.window.start:%Y-%m-%d} to {log.window.end:%Y-%m-%d}"
        problem = f"the log was observed {window}, so there are no two groups to compare"
        raise InputError(
            Problem(f"--compare-from {date:%Y-%m-%d}", "", problem, "Give a date well inside these")
        ) from error
    return TwoGroups(first, second, (f"begun before {date:%Y-%m-%d}", f"begun since {date:%Y-%m-%d}"), how)


def two_values(log: EventLog, text: str) -> TwoGroups:
    """Cases with one and with another value of an attribute, from ATTRIBUTE=VALUE/VALUE.

    Raises UsageError for a text of another form, and InputError for names that the log does not have.
    """
    match = re.fullmatch(r'\s*(.+?)\s*=\s*("[^"]+"|[^/]+?)\s*/\s*("[^"]+"|[^/]+?)\s*', text)
    if match is None:
        raise UsageError("--compare", f'{text!r} must be like "locality=North East/South West"')
    column, *values = match.groups()
    filters = [attribute_value(log, column, value) for value in values]
    names = [str(value).strip('"') for value in values]
    if filters[0] == filters[1]:
        raise UsageError("--compare", f"{text!r} names the same value twice")
    first, second = (one.apply(log).log for one in filters)
    return TwoGroups(first, second, (names[0], names[1]))


def two_logs(first: EventLog, second: EventLog, names: tuple[str, str]) -> TwoGroups:
    """Two logs, with a warning when they were observed for different lengths of time."""
    days = [max(log.window.days, 1.0) for log in (first, second)]
    how = ""
    if abs(days[0] - days[1]) > _LIKE * max(days):
        how = (
            "They were observed for different lengths of time: medians count open cases and can be compared as far as "
            "both were followed, shares of cases differ for that reason alone."
        )
    if names[0] == names[1]:
        names = (names[0], f"{names[1]} (second)")
    return TwoGroups(first, second, names, how)


def draw_two(two: TwoGroups, look: Look, detail: Detail, *, note: str = "") -> Drawn:
    """Two groups on one map, coloured by how much they differ.

    Raises UsageError for options that a comparison does not have, InputError where a group has no cases, and
    GraphvizMissingError.
    """
    look.check(detail.limit)
    colour = look.colour or "median"
    if colour not in _COMPARED:
        raise UsageError("--colour", f"a comparison shows {', '.join(_COMPARED)}, got {colour}")
    given = {
        "--width": look.width,
        "--label": look.label,
        "--limit": detail.limit,
        "--level": detail.level,
        "--activities": detail.activities,
        "--paths": detail.paths,
        "--certain": detail.certain or None,
        "--threshold": None if detail.threshold == ESTABLISHED_FROM else detail.threshold,
    }
    for option, value in given.items():
        if value not in (None, "", ()):
            raise UsageError(option, "not with a comparison, which shows both values on each arrow")
    logs = (two.first, two.second)
    empty = [name for name, log in zip(two.names, logs, strict=True) if not len(log)]
    if empty:
        problem = f"there are no events in: {', '.join(empty)}"
        raise InputError(Problem("comparison", "", problem, "Compare groups that both have cases"))
    notes = [two.how] if two.how else []
    if detail.groups:
        found = [_groups(log, detail) for log in logs]
        logs = cast(
            tuple[EventLog, EventLog], tuple(grouped(log, by or {}) for log, by in zip(logs, found, strict=True))
        )
        notes.append(f"Steps are drawn together by {detail.groups[:-1]}; movements inside one are not counted.")
    if note:
        notes.append(note)
    shown = cast(Literal["median", "cases"], _COMPARED[colour])
    _, drawing = fit_side_by_side(*logs, names=two.names, how=" ".join(notes), show=shown, unit=look.unit)
    return Drawn(drawing, (*drawing.diagram.caption, drawing.diagram.description))
