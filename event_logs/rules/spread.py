"""Rules about how records are spread over days, children and teams, and about the edges of the window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from event_logs.log import to_days
from event_logs.rules.facts import Bools, Facts, Floats, Ints
from event_logs.rules.order import reliable_from
from event_logs.rules.pairs import codes_of
from event_logs.rules.rule import Hits, Rule, Severity


def _truncated(facts: Facts) -> Iterator[Hits]:
    began = reliable_from(facts, ())
    days = began - facts.days("episodes", "start")
    found = np.flatnonzero(days > 0)
    yield Hits("episodes", found, days=days[found])


def _censored(facts: Facts) -> Iterator[Hits]:
    days = facts.today - facts.days("episodes", "start")
    found = np.flatnonzero(np.isnan(facts.days("episodes", "end")) & ~np.isnan(days))
    yield Hits("episodes", found, days=days[found])


def spikes(facts: Facts) -> pd.DataFrame:
    """Days of the window with far more records of one kind than its median day, most first.

    Columns: `activity` (or "any step"), `date`, `events`, `median_day` (of the days that have any), `times`.
    """
    day, activity = facts.days("events", "date"), facts.events["activity"].to_numpy(dtype=object)
    parts = [_spikes(day, np.full(len(day), "any step", dtype=object), facts), _spikes(day, activity, facts)]
    found = pd.concat(parts, ignore_index=True)
    order = found.sort_values(["events", "day", "activity"], ascending=[False, True, True], kind="stable")
    dates = pd.to_datetime(order["day"], unit="D").astype("datetime64[us]")
    return (
        order.assign(date=dates)
        .drop(columns="day")
        .reset_index(drop=True)[["activity", "date", "events", "median_day", "times"]]
    )


def _spikes(day: Floats, what: np.ndarray, facts: Facts) -> pd.DataFrame:
    known = (day >= reliable_from(facts, ())) & (day <= facts.today)  # older history is thinner: another median
    counts = pd.DataFrame({"activity": what[known], "day": day[known]}).value_counts(sort=False)
    table = counts.rename("events").reset_index()
    table["median_day"] = table.groupby("activity")["events"].transform("median").astype("float64")
    table["times"] = table["events"] / table["median_day"]
    policy = facts.policy
    return table[(table["times"] > policy.spike_times) & (table["events"] >= policy.spike_records)]


def _spike_days(facts: Facts) -> Iterator[Hits]:
    found = spikes(facts)
    days = to_days(found["date"])
    whole = found["activity"].eq("any step").to_numpy()
    day = facts.days("events", "date")
    hit = np.isin(day, days[whole])
    if (~whole).any():
        wanted = pd.MultiIndex.from_arrays([found["activity"][~whole], days[~whole]])
        hit |= pd.MultiIndex.from_arrays([facts.events["activity"], day]).isin(wanted)
    yield Hits("events", np.flatnonzero(hit))


def lags(facts: Facts) -> Floats:
    """For each event the days from its date to its entry; NaN where the entry date is not known."""
    return np.floor(to_days(facts.events["entered"])) - facts.days("events", "date")


def _late(facts: Facts) -> Iterator[Hits]:
    lag = lags(facts)
    found = np.flatnonzero(lag > facts.policy.late_entry_days)
    yield Hits("events", found, days=lag[found])


def _ahead(facts: Facts) -> Iterator[Hits]:
    lag = lags(facts)
    found = np.flatnonzero(lag < 0)
    yield Hits("events", found, days=-lag[found])


def _many_records(facts: Facts) -> Iterator[Hits]:
    at = facts.events["at"].to_numpy()
    count = np.bincount(at[at >= 0], minlength=len(facts.episodes))
    if not len(count):
        return
    policy = facts.policy
    usual = float(np.quantile(count[count > 0], 0.95, method="lower")) if (count > 0).any() else 0.0
    # In a small extract the child with too many is at the 95th percentile itself: then the median speaks.
    usual = min(usual, 5 * float(np.median(count)))
    found = np.flatnonzero((count >= policy.records_least) & (count > policy.records_times * usual))
    yield Hits("episodes", found)


def _one_group(facts: Facts) -> Iterator[Hits]:
    for name in facts.policy.groups:
        if name not in facts.episodes:
            continue
        code = codes_of(facts.episodes[name])
        count: Ints = np.bincount(code[code >= 0], minlength=1)
        if len(count) > 1 and count.max() > facts.policy.group_share * count.sum():
            most: Bools = code == count.argmax()
            yield Hits("episodes", np.flatnonzero(most))


RULES: tuple[Rule, ...] = (
    Rule(
        "E91",
        "The episode began before recording did. It is kept, and counted from the day recording began.",
        Severity.FIX,
        _truncated,
    ),
    Rule(
        "E91.1",
        "The episode is still open. It is kept, and counted up to the extraction date.",
        Severity.FIX,
        _censored,
    ),
    Rule(
        "E92",
        "Very many steps bear one date: more than ten times the median day's.",
        Severity.WARN,
        _spike_days,
        "Was a system introduced, or data moved, on that day? Then the date is not when the step was taken.",
    ),
    Rule(
        "E93",
        "The step was entered long after its date.",
        Severity.WARN,
        _late,
        "Dates entered from memory are less sure; agree when a step is to be recorded.",
    ),
    Rule(
        "E93.1",
        "The step was entered before its date.",
        Severity.WARN,
        _ahead,
        "Was a planned date entered as if it had happened?",
    ),
    Rule(
        "E94",
        "One episode has very many more records than others.",
        Severity.WARN,
        _many_records,
        "Is the id a real child's, or one that records without an id were put under?",
    ),
    Rule(
        "E94.1",
        "One team or locality has nearly all episodes.",
        Severity.WARN,
        _one_group,
        "Was the extract filtered, or is this the value that the system fills in by itself?",
    ),
)
"""The rules about how records are spread."""
