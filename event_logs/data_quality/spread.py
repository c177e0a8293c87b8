"""How records lie over time: steps of one day, days with too many, months with none, and how late they were entered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.rules.facts import Facts, Ints
from event_logs.rules.order import reliable_from
from event_logs.rules.spread import lags

NEVER_BY_CHANCE = 0.01
"""Months without a record are told when chance would leave so many empty, anywhere, less often than this."""


def same_day(log: EventLog) -> pd.DataFrame:
    """Neighbouring steps of one episode on one day, whose order only the rule of milestones decides.

    Columns: `first`, `second` (in the order of the milestones), `pairs`, `cases`, `share` (of all neighbouring pairs of
    steps); most pairs first.
    """
    events = log.events
    case, date, activity = (events[name] for name in ("case", "date", "activity"))
    neighbours = case.eq(case.shift(-1))
    tied = neighbours & date.eq(date.shift(-1))
    pairs = pd.DataFrame(
        {
            "first": activity[tied].astype("str").to_numpy(),
            "second": activity.shift(-1)[tied].astype("str").to_numpy(),
            "case": case[tied].to_numpy(),
        }
    )
    counts = pairs.groupby(["first", "second"])["case"].agg(pairs="size", cases="nunique").reset_index()
    counts = counts.assign(share=counts["pairs"] / max(int(neighbours.sum()), 1))
    order = counts.sort_values(["pairs", "first", "second"], ascending=[False, True, True])
    return order.astype({"pairs": "int64", "cases": "int64"}).reset_index(drop=True)


def recording_lag(facts: Facts) -> pd.DataFrame:
    """How long after a step it was entered, one row an activity; empty where no entry date is known.

    Columns: `activity`, `events`, `entered` (with an entry date), `median_days`, `p90_days`, `late` (beyond the
    policy's limit), `ahead` (entered before its date).
    """
    lag, limit = lags(facts), facts.policy.late_entry_days
    table = pd.DataFrame({"activity": facts.events["activity"], "lag": lag, "late": lag > limit, "ahead": lag < 0})
    by_activity = table.groupby("activity", sort=True)
    found = pd.DataFrame(
        {
            "events": by_activity.size(),
            "entered": by_activity["lag"].count(),
            "median_days": by_activity["lag"].median(),
            "p90_days": by_activity["lag"].quantile(0.9),
            "late": by_activity["late"].sum(),
            "ahead": by_activity["ahead"].sum(),
        }
    )
    return found[found["entered"] > 0].reset_index()


def missing_months(facts: Facts, *, groups: Sequence[str] = ()) -> pd.DataFrame:
    """Stretches of months without a single record of an activity, too long to be chance.

    Columns: `activity`, `by` ("all" or the attribute), `group`, `first_month`, `last_month` (as 2024-03), `months`,
    `usual` (records in an average month from the first one on record), `chance` (at most this likely to be found
    anywhere in the table if records came evenly). Looked at from the month in which recording became reliable to the
    last whole month. A month of the year that never has a record, such as a panel's July, is no gap.
    """
    events = facts.events
    series = []
    for name in ("all", *[group for group in groups if group in facts.episodes]):
        group = np.full(len(events), "all", dtype=object)
        if name != "all":
            values = np.append(facts.episodes[name].fillna("not known").to_numpy(dtype=object), "not known")
            group = values[events["at"].to_numpy()]
        table = pd.DataFrame({"activity": events["activity"], "group": group, "month": _month(events["date"])})
        for (activity, label), found in table.dropna().groupby(["activity", "group"], sort=True):
            series.append((name, str(label), str(activity), found["month"].to_numpy(dtype=np.int64)))
    parts = []
    for name, label, activity, months in series:
        runs = _empty_runs(months, facts, activity)
        runs["chance"] *= len(series)
        parts.append(runs[runs["chance"] < NEVER_BY_CHANCE].assign(by=name, group=label))
    columns = ["activity", "by", "group", "first_month", "last_month", "months", "usual", "chance"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _month(dates: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    """Months since January of year 0."""
    return dates.dt.year * 12 + dates.dt.month - 1


def _empty_runs(months: Ints, facts: Facts, activity: str) -> pd.DataFrame:
    """The empty stretches of one series between the first reliable month and the last whole one."""
    since = pd.to_datetime(reliable_from(facts, (activity,)), unit="D")
    end = facts.window.end + pd.Timedelta(days=1)
    first = since.year * 12 + since.month - 1 + (since.day > 1)
    last = end.year * 12 + end.month - 2  # the month before the one in which the next day lies
    span = np.arange(first, max(last + 1, first))
    seen = months[(months >= first) & (months <= last)]
    open_ = span[np.isin(span % 12, seen % 12)]  # months of the year in which it happens at all
    count = np.bincount(np.searchsorted(open_, seen), minlength=len(open_))
    edges = np.diff(np.concatenate([[0], (count == 0).astype(np.int64), [0]]))
    begin, until = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    usual = len(seen) / max(len(open_) - int(np.argmax(count > 0)), 1) if len(seen) else 0.0
    return pd.DataFrame(
        {
            "activity": np.full(len(begin), activity, dtype=object),
            "first_month": [_written(int(month)) for month in open_[begin]],
            "last_month": [_written(int(month)) for month in open_[until - 1]],
            "months": until - begin,
            "usual": usual,
            "chance": np.exp(-usual * (until - begin)) * len(open_),
        }
    )


def _written(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
