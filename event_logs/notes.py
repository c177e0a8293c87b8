"""What a reader of an event log should know of how it came from the records, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from event_logs.log import EventLog

if TYPE_CHECKING:
    from event_logs.quarantine import Records


def derivation_notes(log: EventLog, files: Mapping[str, Records], reviews: pd.DataFrame | None) -> tuple[str, ...]:
    """What a reader of the log should know, one sentence each; a sentence that would say "none" is left out."""
    notes = [*_unread_columns(files), _ties(log), _truncated(log), _outside(log)]
    if reviews is not None:
        notes.append(_outcomes_missing(reviews, log.window.start))
    return tuple(note for note in notes if note)


def _unread_columns(files: Mapping[str, Records]) -> list[str]:
    notes = []
    for records in files.values():
        unread = [column for column in records.table.columns if column not in records.columns]
        if unread:
            are = "1 column is" if len(unread) == 1 else f"{len(unread)} columns are"
            names = ", ".join(unread)
            notes.append(f"{records.table.file}: {are} not named in the project, so not read: {names}.")
    return notes


def _ties(log: EventLog) -> str:
    tied = log.events.duplicated(["case", "date"], keep=False)
    pairs = int(log.events.duplicated(["case", "date"]).sum())
    if not pairs:
        return ""
    return (
        f"{int(tied.sum()):,} of {len(log):,} events share their day with another event of the same case; the order of "
        f"these {pairs:,} neighbouring pairs is the order of the milestones, not of the rows."
    )


def _truncated(log: EventLog) -> str:
    running = int((log.cases["start"] < log.window.start).sum())
    gone = int((log.cases["end"] < log.window.start).sum())
    if not running:
        return ""
    note = (
        f"{running:,} of {len(log.cases):,} episodes began before recording did, on {log.window.start:%Y-%m-%d}; they "
        "are on record only because they lasted that long."
    )
    return note + (f" {gone:,} of them also ended before it." if gone else "")


def _outside(log: EventLog) -> str:
    """Events outside their episode are kept: which of the two dates is wrong is not for us to say."""
    span = log.cases.set_index("case")
    dates = log.events.set_index("case")["date"]
    early = int((dates < span["start"].reindex(dates.index)).sum())
    late = int((dates > span["end"].reindex(dates.index)).sum())
    if not early + late:
        return ""
    return f"{early:,} events are dated before their episode began and {late:,} after it ended; they are kept."


def _outcomes_missing(reviews: pd.DataFrame, since: pd.Timestamp) -> str:
    reviews = reviews[reviews["date"] >= since]  # what was held before recording began, nobody had to record
    held = reviews["date"].dt.year.value_counts().sort_index()
    blank = reviews.loc[reviews["outcome"].isna(), "date"].dt.year.value_counts().sort_index()
    if blank.empty:
        return ""
    parts = [f"{year} {count:,} of {held[year]:,}" for year, count in blank.items()]
    return f"No outcome is recorded for these reviews, by year: {', '.join(parts)}."
