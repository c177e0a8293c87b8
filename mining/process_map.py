"""The process map: which step follows which, for how many, how long it takes, and who is still waiting."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.abstraction import kept_arrows, most_frequent
from mining.aggregation import grouped
from mining.arrows import arrow_table, waiting_medians
from mining.measures import Limit
from mining.steps import FloatArray, Steps, distinct_cases, steps_of
from mining.visits import check_activities

ESTABLISHED_FROM = 0.01
"""An arrow is established when the lower end of the 90 % Wilson interval of its share of cases is at least this."""


@dataclass(frozen=True)
class Hidden:
    """What a simplified map leaves out, so that the picture can say so."""

    activities: tuple[str, ...] = ()
    """Activities of the log that are not shown, in rank order."""
    arrows: int = 0
    """How many arrows between shown activities are not shown."""
    cases_share: float = 0.0
    """Share of all cases whose path over the shown activities uses at least one arrow that is not shown."""
    traversals_share: float = 0.0
    """Share of all movements of the full log that are not on a shown arrow."""
    child_days_share: float = 0.0
    """Share of all child-days of the full log spent neither on a shown arrow nor standing at a shown activity."""
    merged: int = 0
    """How many activities are drawn together with others, as one stage or aim."""


@dataclass(frozen=True, eq=False)
class ProcessMap:
    """The directly-follows graph of a log with its waiting: activities, arrows, totals and what is hidden.

    `activities` has one row an activity, in rank order: `activity`, `cases` (in which it happened), `events`,
    `starting` (cases whose first event it is), `ending` (closed cases whose last event it is), `waiting` (open cases
    whose last event it is: they stand here now), `waiting_median_days` (how long those have stood here so far, NaN
    for none), `waiting_days` (their sum), `child_days` (all days cases stood here: until the next event, the case's
    end or the window's end).

    `arrows` has one row an arrow, most used first (ties by name): `source`, `target`, `cases`, `traversals`,
    `waiting` (open cases at the source, which could still take it; the same cases on every arrow leaving one
    activity, so never add them up over arrows) with `waiting_median_days` and `waiting_longest_days` so far (NaN for
    none), `median_days` with its 95 % interval `low_days`, `high_days` (NaN: not reached), `p25_days`, `p75_days`,
    `p90_days`, `median_reached`, `more_than_days` (where the median is not reached: the longest anybody was followed,
    so the median is longer and not yet estimable; else NaN), `followed_days` (that longest follow-up, a lower bound of
    every quantile that is not reached), `restricted_mean_days` (mean within the first
    `restricted_to_days`: two years, or as far as anybody was followed) with its 95 % interval `restricted_low_days`,
    `restricted_high_days`, `beyond_share` (share not over when the limit is up, open ones counted; NaN without a
    limit, and where nobody was followed so long) with its 95 % interval `beyond_low`, `beyond_high`, `child_days` (of
    completed traversals), `cases_share` (of all cases) with its 90 % Wilson interval `cases_low`, `cases_high`, and
    `established` (`cases_low` is at least `threshold`). NaN throughout the durations: nobody was seen taking it.

    Counts take every event of the log, also those before the window of cases already running when it began.
    Durations count those waiting: they are Aalen-Johansen over what can happen next at the source, with delayed
    entry at the window's start, normalised to the arrow (`CumulativeIncidence.given`); with one arrow leaving an
    activity that is Kaplan-Meier.
    """

    activities: pd.DataFrame
    arrows: pd.DataFrame
    cases: int
    open_cases: int
    events: int
    traversals: int
    child_days: float
    """All days from each case's first event to its end, or to the window's end while open: the sum over
    `activities.child_days`, and also over arrows plus days of those waiting plus days between a last event and a
    later recorded end."""
    window: ObservationWindow
    summary: str
    """The log in one line, for captions."""
    hidden: Hidden = field(default_factory=Hidden)
    limit: Limit | None = None
    """The limit that `beyond_share` is about."""
    threshold: float = ESTABLISHED_FROM
    """The share of cases that an established arrow has with confidence."""


def discover_map(log: EventLog, *, limit: Limit | None = None, threshold: float = ESTABLISHED_FROM) -> ProcessMap:
    """The process map of a log, with nothing left out.

    An empty log gives a map with empty tables. A case without events counts as a case only. Raises ValueError for a
    threshold that is no share.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be a share from 0 to 1, got {threshold}")
    steps = steps_of(log.arrays)
    return ProcessMap(
        activities=_activity_table(log, steps),
        arrows=arrow_table(log.activities, len(log.cases), steps, limit=limit, threshold=threshold),
        cases=len(log.cases),
        open_cases=log.open_cases,
        events=len(log),
        traversals=int((steps.arrow >= 0).sum()),
        child_days=float(steps.days.sum()),
        window=log.window,
        summary=str(log),
        limit=limit,
        threshold=threshold,
    )


def simplify(
    log: EventLog,
    *,
    activities: Sequence[str] | int = 15,
    arrows: Collection[tuple[str, str]] | int = 25,
    limit: Limit | None = None,
    threshold: float = ESTABLISHED_FROM,
    groups: Mapping[str, str] | None = None,
) -> ProcessMap:
    """A map small enough to read, which says what it hides.

    `groups` first draws activities together (`mining.aggregation.grouped`); `activities` and `arrows` then speak of
    the groups. The log is projected on the shown activities, so that days run from one shown activity to the next:
    the named ones, or as many as given of those in most cases (ties by name), leaving out recurring milestones such
    as reviews, which happen beside the main line; name them to have them. Then the least used arrows are taken away,
    down to `arrows` (or all but those named), except those by which most cases come to an activity from a start or
    go on from it to an end: none ever becomes unreachable, so more arrows may stay. Durations and counts of the
    arrows that stay are untouched. Raises ValueError for an activity or arrow the log does not have, and for numbers
    below 1.
    """
    if any(isinstance(number, int) and number < 1 for number in (activities, arrows)):
        raise ValueError(f"activities and arrows must be at least 1, got {activities} and {arrows}")
    drawn = log if groups is None else grouped(log, groups)
    if not isinstance(activities, int):
        check_activities(drawn, list(activities))
    shown = most_frequent(drawn, activities) if isinstance(activities, int) else tuple(activities)

    def keep(whole: ProcessMap) -> npt.NDArray[np.bool_]:
        return kept_arrows(whole.activities, whole.arrows, arrows)

    lost, merged = _left_out(log, set(shown), groups or {})
    found = map_showing(drawn, shown, keep, original=log, limit=limit, threshold=threshold)
    return replace(found, hidden=replace(found.hidden, activities=lost, merged=merged))


def map_showing(
    log: EventLog,
    activities: Sequence[str],
    keep: Callable[[ProcessMap], npt.NDArray[np.bool_]],
    *,
    original: EventLog | None = None,
    limit: Limit | None = None,
    threshold: float = ESTABLISHED_FROM,
) -> ProcessMap:
    """The map of a log projected on some activities, with those arrows that `keep` picks from the whole of it.

    What is hidden is told as a share of the `original` log, by default the log itself. Nothing sees to it that
    activities stay reachable, as `simplify` does. Raises ValueError for an activity the log does not have.
    """
    projected = log.keeping(activities)
    whole = discover_map(projected, limit=limit, threshold=threshold)
    kept = keep(whole)
    table = whole.arrows[kept].reset_index(drop=True)
    full = steps_of((original or log).arrays)
    hidden = Hidden(
        activities=tuple(name for name in log.activities if name not in set(activities)),
        arrows=int((~kept).sum()),
        cases_share=_cases_using(projected, whole.arrows[~kept]) / max(len(log.cases), 1),
        traversals_share=_hidden_share(float(table["traversals"].sum()), float((full.arrow >= 0).sum())),
        child_days_share=_hidden_share(_shown_days(whole, table), float(full.days.sum())),
    )
    return replace(whole, arrows=table, summary=str(original or log), hidden=hidden)


def _activity_table(log: EventLog, steps: Steps) -> pd.DataFrame:
    k = len(log.activities)

    def count(which: npt.NDArray[np.bool_], days: FloatArray | None = None) -> npt.NDArray[np.generic]:
        return np.bincount(steps.source[which], None if days is None else days[which], minlength=k)[:k]

    everything = np.ones(len(steps.source), dtype=bool)
    return pd.DataFrame(
        {
            "activity": pd.Series(log.activities, dtype="str"),
            "cases": distinct_cases(steps.case, steps.source, k),
            "events": count(everything),
            "starting": count(steps.first),
            "ending": count(steps.closing),
            "waiting": count(steps.waiting),
            "waiting_median_days": waiting_medians(steps, k),
            "waiting_days": count(steps.waiting, steps.days).astype(np.float64),
            "child_days": count(everything, steps.days).astype(np.float64),
        }
    )


def _cases_using(log: EventLog, arrows: pd.DataFrame) -> int:
    """How many cases take at least one of the arrows."""
    arrays = log.arrays
    steps = steps_of(arrays)
    code = {name: position for position, name in enumerate(arrays.activities)}
    k = max(len(arrays.activities), 1)
    wanted = [code[s] * k + code[t] for s, t in zip(arrows["source"], arrows["target"], strict=True)]
    hits = np.isin(steps.arrow, np.flatnonzero(np.isin(steps.pairs, wanted)))
    return len(np.unique(steps.case[hits]))


def _shown_days(whole: ProcessMap, arrows: pd.DataFrame) -> float:
    """Child-days on the shown arrows and standing at the shown activities without going on."""
    standing = whole.child_days - float(whole.arrows["child_days"].sum())
    return standing + float(arrows["child_days"].sum())


def _hidden_share(shown: float, total: float) -> float:
    return max(0.0, 1.0 - shown / total) if total > 0 else 0.0


def _left_out(log: EventLog, shown: set[str], groups: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    """Activities of the log that stand in no shown box, and how many share a box with others."""
    boxes = {name: groups.get(name, name) for name in log.activities}
    sizes = pd.Series(list(boxes.values()), dtype="str").value_counts()
    merged = sum(1 for box in boxes.values() if box in shown and sizes[box] > 1)
    return tuple(name for name, box in boxes.items() if box not in shown), merged
