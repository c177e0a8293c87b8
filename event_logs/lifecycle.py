"""Start and complete events of one piece of work made one event with a start and an end."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from event_logs.log import EventLog

START_COLUMN = "start"
TRANSITIONS = ("lifecycle:transition", "lifecycle")
"""Columns that say what an event is in the life of a piece of work: scheduled, begun, complete."""
_STARTS = ("start_timestamp", "time:start")
"""Columns by which other tools write when work on an event began."""


def with_starts(log: EventLog) -> EventLog:
    """The same log with a column `start` where it tells in another way when work began; itself where it does not.

    A column of datetimes with a customary name is taken as it is; one called `start` that holds anything else is an
    attribute, and is called `start_`. Otherwise, of a case and an activity, the first event
    with the transition "start" belongs to the first with "complete", the second to the second, and so on, provided that
    it is not later; the start then goes into the column and is an event no more. Every other event stays as it is, its
    `start` missing.
    """
    events = log.events
    if START_COLUMN in events:
        if pd.api.types.is_datetime64_dtype(events[START_COLUMN]):
            return log
        log = replace(log, events=events.rename(columns={START_COLUMN: f"{START_COLUMN}_"}))
        events = log.events
    for column in _STARTS:
        if column in events and pd.api.types.is_datetime64_dtype(events[column]):
            return replace(log, events=events.rename(columns={column: START_COLUMN}))
    column = next((name for name in TRANSITIONS if name in events), "")
    if not column:
        return log
    kind = events[column].astype("str").str.casefold()
    begun, done = events[kind == "start"], events[kind == "complete"]
    if begun.empty or done.empty:
        return log
    starts = _numbered(begun).reset_index().merge(_numbered(done).reset_index(), on=["case", "activity", "number"])
    starts = starts[starts["date_x"] <= starts["date_y"]]
    column_of_starts = pd.Series(pd.NaT, index=events.index, dtype="datetime64[us]")
    column_of_starts.loc[starts["index_y"]] = starts["date_x"].to_numpy()
    kept = (
        events.assign(**{START_COLUMN: column_of_starts}).drop(index=starts["index_x"].tolist()).reset_index(drop=True)
    )
    return replace(log, events=kept)


def _numbered(events: pd.DataFrame) -> pd.DataFrame:
    """Case, activity, date and which occurrence of the activity in its case it is."""
    number = events.groupby(["case", "activity"], observed=True).cumcount()
    return events[["case", "activity", "date"]].assign(number=number, activity=events["activity"].astype("str"))
