"""What the records say, as a small bundle of frames that every rule looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import to_days
from event_logs.rules.policy import Policy
from event_logs.window import ObservationWindow

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "children": (("child",), ("birth", "died")),
    "episodes": (("case", "child"), ("start", "end", "exported")),
    "legal_statuses": (("case", "status"), ("start", "end")),
    "placements": (("case", "type"), ("start", "end")),
    "reviews": (("case", "outcome"), ("date",)),
    "milestones": (("case", "activity"), ("date",)),
    "events": (("case", "activity"), ("date",)),
}
"""Table -> its text columns and its date columns; any may be missing and is then not known."""
CASE_TABLES = ("legal_statuses", "placements", "reviews", "milestones", "events")
SPELLS = ("episodes", "legal_statuses", "placements")
RECORDS = ("children", "episodes", "legal_statuses", "placements", "reviews", "milestones")
BOOKKEEPING = frozenset({"file", "line", "row", "entered", "exported", "at", "birth_of", "died_of"})
"""Columns that say where a record stands, not what it tells."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything read from the records; a rule never changes it. Build one with `Facts.of`.

    Each frame has one row a record, numbered from 0, and beside the columns of `TABLES`: `file` and `line` (where the
    record stands), `row` (its number among the records of the file), `entered` (when it was typed in, where that is
    given), and for all but children: `at` (position of its episode, of its child for an episode; -1 if there is
    none), `birth_of`, `died_of` (of its child). Times of day are left out of account.
    """

    window: ObservationWindow
    children: pd.DataFrame
    episodes: pd.DataFrame
    legal_statuses: pd.DataFrame
    placements: pd.DataFrame
    reviews: pd.DataFrame
    milestones: pd.DataFrame
    events: pd.DataFrame
    policy: Policy = field(default_factory=Policy)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(table, column here) -> the column's name in the council's file, for the words of a reason."""
    given: frozenset[str] = frozenset()
    """The tables that the council has; a rule must not take a table that was never given for an empty one."""
    events_made: bool = True
    """Whether the events were made from the other tables."""

    @classmethod
    def of(
        cls,
        tables: Mapping[str, pd.DataFrame],
        window: ObservationWindow,
        *,
        policy: Policy | None = None,
        columns: Mapping[tuple[str, str], str] | None = None,
    ) -> Facts:
        """The facts from frames named as in `TABLES`; missing tables and columns are not known, others are kept.

        The index of each frame becomes `row`. Without `events` they are made from the other tables: an episode's
        start and end, its first placement, the first one away (column `away`), reviews and, with a column
        `activity`, the first of each outcome, and milestones. Raises ValueError for an unknown table.
        """
        policy = policy or Policy()
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise ValueError(f"facts have no table {', '.join(unknown)}; they have: {', '.join(TABLES)}")
        frames = {name: _complete(tables.get(name), name) for name in TABLES}
        if "events" not in tables:
            frames["events"] = _complete(_events(frames), "events")
        children, episodes = frames["children"], frames["episodes"]
        frames["episodes"] = episodes = _linked(episodes, "child", children["child"], children["birth"], children)
        for name in [name for name in policy.groups if name in children and name not in episodes]:
            episodes[name] = children[name].array.take(episodes["at"].to_numpy(), allow_fill=True)
        for name in CASE_TABLES:
            frames[name] = _linked(frames[name], "case", episodes["case"], episodes["birth_of"], episodes)
        return cls(
            window=window,
            policy=policy,
            columns=dict(columns or {}),
            given=frozenset(tables) | {"events"},
            events_made="events" not in tables,
            **frames,
        )

    def table(self, name: str) -> pd.DataFrame:
        """One of the frames by its name in `TABLES`."""
        if name not in TABLES:
            raise ValueError(f"facts have no table {name!r}; they have: {', '.join(TABLES)}")
        frame: pd.DataFrame = getattr(self, name)
        return frame

    def column(self, table: str, name: str) -> str:
        """The name of a column as the council wrote it."""
        return self.columns.get((table, name), name)

    def days(self, table: str, column: str) -> Floats:
        """A date column as days since 1970-01-01, NaN where missing; computed once."""
        key = (table, column)
        if key not in self._days:
            self._days[key] = np.floor(to_days(self.table(table)[column]))
        return self._days[key]

    def of_episode(self, table: str, column: str) -> Floats:
        """For each record of a case table a date of its episode, as days; NaN where there is none."""
        at = self.table(table)["at"].to_numpy()
        return np.asarray(np.append(self.days("episodes", column), np.nan)[at], dtype=np.float64)

    def without(self, dropped: pd.DataFrame) -> Facts:
        """The facts without some records, given by `table` and `row`, and without what belongs to a dropped episode.

        Events are made anew where they had been made from the other tables; otherwise those that a dropped record
        told of go with it.
        """
        kept, gone = {}, pd.MultiIndex.from_frame(dropped[["table", "row"]])
        told = pd.Series(False, index=self.events.index)
        for name in RECORDS:
            frame = self.table(name)
            drop = pd.MultiIndex.from_arrays([np.full(len(frame), name, dtype=object), frame["row"]]).isin(gone)
            if name in self.given:
                kept[name] = frame[~drop]
            # Of one line of a tracker only the step that is dropped goes, not all of the child's.
            place = ["file", "line", "activity"] if name == "milestones" else ["file", "line"]
            told |= pd.MultiIndex.from_frame(self.events[place]).isin(pd.MultiIndex.from_frame(frame.loc[drop, place]))
        if not self.events_made:
            kept["events"] = self.events[~told]
        owners = (("episodes", "child", "children"), *((name, "case", "episodes") for name in CASE_TABLES))
        for name, key, owner in owners:
            if owner in kept and name in kept:
                lost = set(self.table(owner)[key]) - set(kept[owner][key])
                kept[name] = kept[name][~kept[name][key].isin(lost)]
        return Facts.of(kept, self.window, policy=self.policy, columns=self.columns)

    @property
    def today(self) -> float:
        """The extraction date as a day number."""
        return float(np.floor(to_days(pd.Series([self.window.end]))[0]))

    @cached_property
    def _days(self) -> dict[tuple[str, str], Floats]:
        return {}

    @cached_property
    def firsts(self) -> Firsts:
        """The first event of each activity of each episode."""
        return Firsts.of(self)


@dataclass(frozen=True, eq=False)
class Firsts:
    """For each activity on record the first day of each episode, and where in `events` that stands."""

    day: Mapping[str, Floats]
    """Activity -> one day an episode, NaN where it never happened."""
    event: Mapping[str, Ints]
    """Activity -> position of that event, -1 where it never happened."""
    nowhere: Floats
    """A column for activities that are not on record at all."""

    @classmethod
    def of(cls, facts: Facts) -> Firsts:
        """The first events of these facts; of two on one day the one that comes first in the file."""
        events, count = facts.events, len(facts.episodes)
        at, day = events["at"].to_numpy(), facts.days("events", "date")
        code, names = pd.factorize(events["activity"])
        usable = np.flatnonzero((at >= 0) & (code >= 0) & ~np.isnan(day))
        order = usable[np.lexsort((usable, day[usable], at[usable]))][::-1]  # the first is written last
        days, places = np.full((len(names), count), np.nan), np.full((len(names), count), -1, dtype=np.int64)
        days[code[order], at[order]], places[code[order], at[order]] = day[order], order
        return cls(
            {str(name): days[i] for i, name in enumerate(names)},
            {str(name): places[i] for i, name in enumerate(names)},
            np.full(count, np.nan),
        )

    def first(self, activities: tuple[str, ...]) -> tuple[Floats, Ints]:
        """For each episode the day of the first of several activities, and where in `events` it stands."""
        best, where = self.nowhere, np.full(len(self.nowhere), -1, dtype=np.int64)
        for activity in activities:
            if activity in self.day:
                day = self.day[activity]
                sooner = np.isnan(best) & ~np.isnan(day) | (day < best)
                best, where = np.where(sooner, day, best), np.where(sooner, self.event[activity], where)
        return best, where


def _complete(frame: pd.DataFrame | None, name: str) -> pd.DataFrame:
    """The frame with every column it should have, typed, and rows numbered from 0."""
    frame = pd.DataFrame() if frame is None else frame
    texts, dates = TABLES[name]
    rows = frame["row"].to_numpy() if "row" in frame else frame.index.to_numpy()
    frame = frame.reset_index(drop=True).assign(row=rows.astype(np.int64) if len(frame) else np.empty(0, np.int64))
    for column in texts:
        frame[column] = frame[column].astype("str") if column in frame else pd.Series(index=frame.index, dtype="str")
    for column in (*dates, "entered"):
        given = pd.to_datetime(frame[column]) if column in frame else pd.Series(pd.NaT, index=frame.index)
        frame[column] = given.astype("datetime64[us]")
    file = frame["file"] if "file" in frame else pd.Series(f"{name}.csv", index=frame.index)
    frame["file"] = file.astype("str")
    frame["line"] = frame["line"].astype("int64") if "line" in frame else frame["row"] + 2
    return frame


def _linked(
    frame: pd.DataFrame, key: str, known: pd.Series[str], birth: pd.Series[pd.Timestamp], to: pd.DataFrame
) -> pd.DataFrame:
    """The frame with the position of its child or episode, and that child's dates."""
    at = position(frame[key], known)
    died = to["died"] if "died" in to else to["died_of"]
    taken = {"birth_of": birth, "died_of": died}
    nat = np.datetime64("NaT", "us")
    dates = {name: np.append(values.to_numpy(dtype="datetime64[us]"), nat)[at] for name, values in taken.items()}
    return frame.assign(at=at, **dates)


def position(values: pd.Series[str], known: pd.Series[str]) -> Ints:
    """Where each value first stands among the known ones; -1 for a missing or unknown one."""
    first = np.flatnonzero((~known.duplicated() & known.notna()).to_numpy())
    found = pd.Index(known.to_numpy(dtype=object)[first]).get_indexer(values.to_numpy(dtype=object))
    return np.append(first, -1).astype(np.int64)[np.where(values.notna().to_numpy(), found, -1)]


def _events(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The events that the other tables tell of, each with the place of its record."""
    episodes, placed = frames["episodes"], frames["placements"]
    parts = [
        _told(episodes, v.BECAME_LOOKED_AFTER, "start"),
        _told(episodes, v.CEASED, "end"),
        _told(frames["reviews"], v.REVIEW, "date"),
        frames["milestones"][["case", "activity", "date", "file", "line", "row", "entered"]],
    ]
    if "activity" in frames["reviews"]:
        decided = frames["reviews"].dropna(subset=["activity"])
        decided = decided[decided["activity"] != ""].sort_values(["case", "date"], kind="stable")
        decided = decided.drop_duplicates(["case", "activity"])
        parts.append(decided[["case", "activity", "date", "file", "line", "row", "entered"]])
    if "away" in placed:
        placed = placed.sort_values(["case", "start", "end", "type"], na_position="last", kind="stable")
        away, first = placed["away"].astype(bool), ~placed["case"].duplicated()
        parts.append(_told(placed[first & ~away], v.AT_HOME, "start"))
        parts.append(_told(placed[away].drop_duplicates("case"), v.ACCOMMODATED, "start"))
    return pd.concat([part.dropna(subset=["date"]) for part in parts], ignore_index=True)


def _told(frame: pd.DataFrame, activity: str, date: str) -> pd.DataFrame:
    told = frame[["case", date, "file", "line", "row", "entered"]].rename(columns={date: "date"})
    return told.assign(activity=pd.Series(activity, index=told.index, dtype="str"))
