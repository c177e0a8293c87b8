"""The sections of a project file for the other shapes of extract: trackers, long tables, stretches, details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from event_logs.project.fields import Activity, ActivityOrNothing, Setting, Text
from event_logs.project.sections import Table


@dataclass(frozen=True, kw_only=True)
class _CasesTable(Table):
    """A table that can tell by itself who the children are and when their episodes ran."""

    case: Text | None = None
    """Column of the episode id; missing: a row belongs to the child's episode of that date."""
    child: Text | None = None
    """Column of the child id; missing: each episode is taken for a child of its own."""
    birth: Text | None = None
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    """Case attribute -> column."""
    home_destinations: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.case is None and self.child is None:
            raise ValueError("name the column of the `case` id, of the `child` id, or both")


@dataclass(frozen=True, kw_only=True)
class Tracker(_CasesTable):
    """`[[trackers]]`: one row a child or episode, and a date column for each milestone."""

    start: Text | None = None
    """Column of the day on which the episode began; missing: a column of `columns` tells it, or the first milestone."""
    end: Text | None = None
    columns: Annotated[Mapping[Text, Activity], Field(min_length=1)]
    """Column -> activity; several columns of one activity are several times that it happened."""


@dataclass(frozen=True, kw_only=True)
class LongTable(_CasesTable):
    """`[[events]]`: one row an event."""

    activity: Text
    date: Text
    entered: Text | None = None
    """Column of the day on which the row was typed in."""
    codes: Annotated[Mapping[Text, ActivityOrNothing], Field(min_length=1)]
    """Label in the extract -> activity, or "" for one that is no step towards permanence."""


@dataclass(frozen=True, kw_only=True)
class Stretches(Table):
    """`[stretches.NAME]`: one row a stretch of time in one placement, under one legal status, or both.

    Either every row carries the start of its episode (`episode_start`), or an episode is put together from the
    reasons: it begins with a stretch that began for one of `starts_for`, or after one that ended for any reason
    other than `goes_on_for`.
    """

    child: Text
    start: Text
    end: Text
    placement: Text | None = None
    settings: Mapping[Text, Setting] = field(default_factory=dict)
    """Placement type -> whether the child is at home with parents or away."""
    status: Text | None = None
    statuses: Mapping[Text, Text] = field(default_factory=dict)
    """Legal status -> what to call it; of two from one day the one named first stands."""
    placement_names: Mapping[Text, Text] = field(default_factory=dict)
    """Placement type -> what to call it; one that is not named keeps its own name."""
    began_for: Text | None = None
    """Column of the reason why the stretch began."""
    began_reasons: tuple[Text, ...] = ()
    """Every reason why a stretch may begin."""
    starts_for: tuple[Text, ...] = ()
    """Those of them with which an episode begins."""
    ended_for: Text | None = None
    """Column of the reason why the stretch ended."""
    goes_on_for: tuple[Text, ...] = ()
    reasons: Mapping[Text, Text] = field(default_factory=dict)
    """Reason for the end -> what to call it; it becomes the attribute `destination`."""
    home_destinations: tuple[Text, ...] = ()
    """Destinations, as they are called here, that mean the child went home."""
    achieved: Mapping[Text, ActivityOrNothing] = field(default_factory=dict)
    """Reason for the end -> activity that happened with it; reasons not named tell of none."""
    episode_start: Text | None = None
    episode_end: Text | None = None
    destination: Text | None = None
    birth: Text | None = None
    attributes: Mapping[Text, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.placement is None and self.status is None:
            raise ValueError("name the column of the `placement`, of the legal `status`, or both")
        if (self.placement is None) != (not self.settings):
            raise ValueError("`placement` names the column and `settings` its values: give both or neither")
        if (self.status is None) != (not self.statuses):
            raise ValueError("`status` names the column and `statuses` its values: give both or neither")
        by_reason = self.began_for is not None and self.ended_for is not None
        if by_reason == (self.episode_start is not None):
            raise ValueError("give `episode_start`, or `began_for` with `ended_for`: how an episode is told")


@dataclass(frozen=True, kw_only=True)
class Details(Table):
    """`[details.NAME]`: what else is known of each child; of several returns the latest stands."""

    child: Text
    birth: Text | None = None
    key: tuple[Text, ...] = ()
    """Further columns that tell the rows of one child apart; missing: one row a child."""
    dates: tuple[Text, ...] = ()
    """Columns that must hold dates."""
    attributes: Mapping[Text, Text] = field(default_factory=dict)
    """Case attribute -> column."""
    names: Mapping[Text, Mapping[Text, Text]] = field(default_factory=dict)
    """Case attribute -> value -> what to call it; another value is then an unknown code."""
    tells: Mapping[Text, Text] = field(default_factory=dict)
    """Case attribute -> its value for every child in this table."""
    defines: bool = False
    """Whether this is the list of all children: others are then strangers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if unknown := sorted(set(self.names) - set(self.attributes)):
            raise ValueError(f"`names` has attributes that `attributes` does not have: {', '.join(unknown)}")
