"""The sections of a project file that describe tables: children, episodes and what happens in an episode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, StrictInt

from event_logs.project.fields import FORBID, Activity, ActivityOrNothing, PlainDate, Setting, Text
from event_logs.sources.spec import Source

HOME_DESTINATIONS = ("Home with parents",)
Count = Annotated[StrictInt, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class WindowDates:
    """`[window]`: when recording began and when the extract was taken."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    recording_start: PlainDate
    extraction_date: PlainDate
    recorded_from: Mapping[Activity, PlainDate] = field(default_factory=dict)
    """Activity -> date from which it is reliably recorded."""


@dataclass(frozen=True, kw_only=True)
class Table(Source):
    """Where a table comes from: one file, one query, or several files of one kind."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    files: tuple[Text, ...] = ()
    """Names or patterns instead of `file`, such as "*-episodes.csv": one file for each year. A later year wins over an
    earlier one; the year is the four digits in the name."""

    def __post_init__(self) -> None:
        if not self.files:
            super().__post_init__()
        elif self.file is not None or self.url is not None:
            raise ValueError("give `file`, `files` or `url`: exactly one of them")


@dataclass(frozen=True, kw_only=True)
class CaseTable(Table):
    """A table whose rows belong to an episode, by its id, or by the child and the date."""

    episode: Text | None = None
    child: Text | None = None
    """Instead of `episode`: a row belongs to the child's episode that last began on or before its date."""
    entered: Text | None = None
    """Column of the day on which the row was typed in: how late records are made is then reported."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.episode is None) == (self.child is None):
            raise ValueError("name the column of the `episode` id, or that of the `child` id: exactly one of them")


@dataclass(frozen=True, kw_only=True)
class Children(Table):
    """`[children]`: one row a child; the values name columns."""

    child: Text
    birth: Text
    died: Text | None = None
    """Column of the date of death."""
    full_name: Text | None = None
    """Column of the child's name: used to find two ids of one child, and never kept."""
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    """Case attribute -> column."""


@dataclass(frozen=True, kw_only=True)
class Episodes(Table):
    """`[episodes]`: one row an episode of being looked after, which is the case."""

    episode: Text
    child: Text
    start: Text
    end: Text
    exported: Text | None = None
    """Column of the day on which the row was exported: of an episode that stands twice the latest export counts."""
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    home_destinations: tuple[Text, ...] = HOME_DESTINATIONS
    """Values of the attribute `destination` that mean the child went home."""


@dataclass(frozen=True, kw_only=True)
class LegalStatuses(CaseTable):
    """`[legal_statuses]`: one row a legal status of an episode."""

    status: Text
    start: Text
    end: Text
    codes: Annotated[tuple[Text, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Placements(CaseTable):
    """`[placements]`: one row a placement of an episode."""

    type: Text
    start: Text
    end: Text
    settings: Annotated[Mapping[Text, Setting], Field(min_length=1)]
    """Placement type -> whether the child is at home with parents or away."""


@dataclass(frozen=True, kw_only=True)
class Reviews(CaseTable):
    """`[reviews]`: one row a review of an episode."""

    date: Text
    outcome: Text | None = None
    """Missing: the extract has no outcomes at all."""
    outcomes: Mapping[Text, ActivityOrNothing] = field(default_factory=dict)
    """Outcome in the extract -> activity, or "" for an outcome that decides nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.outcome is None) != (not self.outcomes):
            raise ValueError("`outcome` names the column and `outcomes` its values: give both or neither")


@dataclass(frozen=True, kw_only=True)
class Milestones(CaseTable):
    """`[milestones]`: one row a permanence milestone of an episode."""

    milestone: Text
    date: Text
    codes: Annotated[Mapping[Text, Activity], Field(min_length=1)]
    """Milestone in the extract -> activity."""


@dataclass(frozen=True, kw_only=True)
class TriedChange:
    """`[test_of_change]`: what is being tried out, and since when; run charts mark it and judge by what was before."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    date: PlainDate
    name: Text
    planned: Count | None = None
    """How many children are to be watched."""


@dataclass(frozen=True, kw_only=True)
class Holidays:
    """`[holidays]`: where the council's working days differ from Monday to Friday without Scottish bank holidays."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    closed: tuple[PlainDate, ...] = ()
    """Further days on which the council is closed."""
    open: tuple[PlainDate, ...] = ()
    """Bank holidays on which it works."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """`[scenarios]`: which change ideas are compared with leaving things as they are."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    use: tuple[Text, ...] = ()
    """Names of ready-made ideas and of scenarios in the folder `scenarios` beside the project file; missing: the four
    of the Edinburgh poster and all in that folder. `permanence scenarios` lists them."""


@dataclass(frozen=True, kw_only=True)
class Pseudonyms:
    """`[pseudonyms]`: identifiers are replaced before anything is written, save in the quarantine."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    key: Text | None = None
    """The key file, outside the project's folder; missing: where `permanence key` puts it."""
