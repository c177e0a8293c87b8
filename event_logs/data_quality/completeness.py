"""How many of the steps that must have happened are on record, by year and by team or locality."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog

ALL = "all"
NOT_KNOWN = "not known"
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


def completeness(log: EventLog, reviews: pd.DataFrame | None = None, *, groups: Sequence[str] = ()) -> pd.DataFrame:
    """How many steps that must have happened are on record; one row a step, year and group.

    Columns: `activity` (the step, or "Review outcome"), `by` ("all", or the case attribute), `group` (its value, "all"
    or "not known"), `year` (of the later step that implies it; of the review), `implied_by`, `expected`, `recorded`,
    `share` (recorded / expected), `reliable` (whether the step was reliably recorded from before that year began; for a
    step that `recorded_from` names from a year before, since the step that implies it comes months later).
    `reviews` has the columns case, date, outcome. Groups that the case table does not have are left out. Years and
    groups without an expected record have no row.
    """
    rows = _expected(log, reviews)
    parts = [rows.assign(by=ALL, group=ALL)]
    for name in groups:
        if name in log.cases:
            value = rows["case"].map(log.cases.set_index("case")[name]).astype("str").fillna(NOT_KNOWN)
            parts.append(rows.assign(by=name, group=value))
    keys = ["place", "by", "group", "year", "activity", "implied_by"]
    counts = pd.concat(parts, ignore_index=True).groupby(keys, sort=True)["recorded"].agg(["size", "sum"]).reset_index()
    counts = counts.rename(columns={"size": "expected", "sum": "recorded"})
    counts = counts.astype({"expected": "int64", "recorded": "int64", "year": "int64"})
    since = {step: _first_whole_year(log.window.reliable_from(step)) for step in counts["activity"].unique()}
    since = {step: year + (step in log.window.recorded_from) for step, year in since.items()}
    since[REVIEW_OUTCOME] = _first_whole_year(log.window.reliable_from(*log.window.recorded_from))
    first_whole_year = counts["activity"].map(since).astype("int64")
    columns = ["activity", "by", "group", "year", "implied_by", "expected", "recorded", "share", "reliable"]
    share = counts["recorded"] / counts["expected"]
    return counts.assign(share=share, reliable=counts["year"] >= first_whole_year)[columns]


def _first_whole_year(day: pd.Timestamp) -> int:
    return day.year if (day.month, day.day) == (1, 1) else day.year + 1


def _expected(log: EventLog, reviews: pd.DataFrame | None) -> pd.DataFrame:
    """One row for each step that should be on record: `case`, `year`, `recorded`, the step and what implies it."""
    first = log.events.groupby(["case", "activity"], observed=True)["date"].min().reset_index()
    parts = []
    for place, (step, later) in enumerate(IMPLIED):
        reached = first[first["activity"].isin(later)].sort_values("date", kind="stable").drop_duplicates("case")
        has = reached["case"].isin(first.loc[first["activity"] == step, "case"])
        rows = _rows(reached["case"], reached["date"], has)
        parts.append(rows.assign(activity=step, implied_by=" or ".join(later), place=place))
    if reviews is not None:
        known = reviews[reviews["date"].notna() & reviews["case"].isin(log.cases["case"])]
        rows = _rows(known["case"], known["date"], known["outcome"].notna())
        parts.append(rows.assign(activity=REVIEW_OUTCOME, implied_by=v.REVIEW, place=len(IMPLIED)))
    return pd.concat(parts, ignore_index=True)


def _rows(case: pd.Series[str], date: pd.Series[pd.Timestamp], recorded: pd.Series[bool]) -> pd.DataFrame:
    return pd.DataFrame({"case": case, "year": date.dt.year, "recorded": recorded.astype(bool)})
