"""How complete the records are, in a table and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog

if TYPE_CHECKING:
    from event_logs.quarantine import Records

REVIEW_OUTCOME = "Review outcome"
_ORDERS = (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER)

IMPLIED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (v.RECOMMENDED, (v.PANEL,)),
    (v.LEGAL_REQUESTED, (v.LEGAL_RECEIVED,)),
    (v.LEGAL_RECEIVED, (v.PANEL,)),
    (v.HEALTH_REQUESTED, (v.HEALTH_COMPLETED,)),
    (v.HEALTH_COMPLETED, (v.PANEL,)),
    (v.REPORT_COMPLETED, (v.PANEL,)),
    (v.PANEL, (v.AGENCY_DECISION,)),
    (v.AGENCY_DECISION, (v.LODGED,)),
    (v.LODGED, _ORDERS),
)
"""Step -> the later steps that cannot happen without it: whoever has a later one should have the step on record."""


def data_quality(log: EventLog, reviews: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many steps that must have happened are on record, one row a step and calendar year.

    Columns: `activity` (the step, or "Review outcome"), `year` (of the later step that implies it; of the review),
    `implied_by`, `expected` (cases that first reached the later step that year; reviews held), `recorded` (those of
    them with the step, or the outcome, on record), `share` (recorded / expected). Years without an expected record
    have no row. `reviews` has the columns case, date, outcome.
    """
    parts = []
    first = log.events.groupby(["case", "activity"], observed=True)["date"].min().reset_index()
    for step, later in IMPLIED:
        reached = first[first["activity"].isin(later)].sort_values("date", kind="stable").drop_duplicates("case")
        has = reached["case"].isin(first.loc[first["activity"] == step, "case"])
        parts.append(_expected(reached["date"], has, step, " or ".join(later)))
    if reviews is not None:
        parts.append(_expected(reviews["date"], reviews["outcome"].notna(), REVIEW_OUTCOME, v.REVIEW))
    rows = pd.concat(parts, ignore_index=True)
    keys = ["activity", "year", "implied_by"]
    counts = rows.groupby(["place", *keys], sort=True)["recorded"].agg(expected="size", recorded="sum").reset_index()
    counts = counts.astype({"expected": "int64", "recorded": "int64"})[[*keys, "expected", "recorded"]]
    return counts.assign(share=counts["recorded"] / counts["expected"])


_PLACE = {step: place for place, step in enumerate([*(step for step, _ in IMPLIED), REVIEW_OUTCOME])}


def _expected(dates: pd.Series[pd.Timestamp], recorded: pd.Series[bool], step: str, implied_by: str) -> pd.DataFrame:
    """One row for each time that a step should be on record."""
    rows = pd.DataFrame({"year": dates.dt.year.astype("int64"), "recorded": recorded})
    return rows.assign(activity=step, implied_by=implied_by, place=_PLACE[step])


def derivation_notes(log: EventLog, files: Mapping[str, Records], reviews: pd.DataFrame | None) -> tuple[str, ...]:
    """What a reader of the log should know, one sentence each; a sentence that would say "none" is left out."""
    notes = [*_unread_columns(files), _ties(log), _truncated(log), _outside(log)]
    if reviews is not None:
        notes.append(_outcomes_missing(reviews))
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


def _outcomes_missing(reviews: pd.DataFrame) -> str:
    held = reviews["date"].dt.year.value_counts().sort_index()
    blank = reviews.loc[reviews["outcome"].isna(), "date"].dt.year.value_counts().sort_index()
    if blank.empty:
        return ""
    parts = [f"{year} {count:,} of {held[year]:,}" for year, count in blank.items()]
    return f"No outcome is recorded for these reviews, by year: {', '.join(parts)}."
