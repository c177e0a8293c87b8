"""The process map: which step follows which, for how many, how long it takes, and who is still waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import MILESTONES
from event_logs.window import ObservationWindow
from mining.steps import FloatArray, IntArray, Steps, steps_of
from mining.survival import aalen_johansen

# One-sided 95 % normal quantile: the lower end of a 90 % Wilson interval.
_Z90 = 1.6448536269514722


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
    activity, so never add them up over arrows), `median_days` with its 95 % interval `low_days`, `high_days` (NaN:
    not reached), `p75_days`, `p90_days`, `median_reached`, `more_than_days` (where the median is not reached: the
    longest anybody was followed, so the median is longer; else NaN), `child_days` (of completed traversals),
    `cases_share` (of all cases) and `established` (the lower end of the 90 % Wilson interval of that share is at
    least 1 %).

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


def discover_map(log: EventLog) -> ProcessMap:
    """The process map of a log, with nothing left out.

    An empty log gives a map with empty tables. A case without events counts as a case only.
    """
    steps = steps_of(log.arrays)
    activities = _activity_table(log, steps)
    arrows = _arrow_table(log, steps, activities["waiting"].to_numpy())
    return ProcessMap(
        activities=activities,
        arrows=arrows,
        cases=len(log.cases),
        open_cases=log.open_cases,
        events=len(log),
        traversals=int((steps.arrow >= 0).sum()),
        child_days=float(steps.days.sum()),
        window=log.window,
        summary=str(log),
    )


def simplify(log: EventLog, *, activities: Sequence[str] | int = 15, arrows: int = 25) -> ProcessMap:
    """A map small enough to read, which says what it hides.

    The log is first projected on the shown activities, so that days run from one shown activity to the next: the
    named ones, or as many as given of those in most cases (ties by name), leaving out recurring milestones such as
    reviews, which happen beside the main line; name them to have them. Then the least used arrows are taken away,
    down to `arrows`, except where an activity could no longer be reached from a start or reach an end: then more
    arrows stay. Durations and counts of the arrows that stay are untouched. Raises ValueError for an activity the
    log does not have, and for numbers below 1.
    """
    if arrows < 1 or (isinstance(activities, int) and activities < 1):
        raise ValueError(f"activities and arrows must be at least 1, got {activities} and {arrows}")
    shown = _most_frequent(log, activities) if isinstance(activities, int) else tuple(activities)
    projected = log.keeping(shown)
    whole = discover_map(projected)
    kept = _kept_arrows(whole, arrows)
    table = whole.arrows[kept].reset_index(drop=True)
    full = steps_of(log.arrays)
    return replace(
        whole,
        arrows=table,
        summary=str(log),
        hidden=Hidden(
            activities=tuple(name for name in log.activities if name not in set(shown)),
            arrows=int((~kept).sum()),
            cases_share=_cases_using(projected, whole.arrows[~kept]) / max(len(log.cases), 1),
            traversals_share=_hidden_share(float(table["traversals"].sum()), float((full.arrow >= 0).sum())),
            child_days_share=_hidden_share(_shown_days(whole, table), float(full.days.sum())),
        ),
    )


def _activity_table(log: EventLog, steps: Steps) -> pd.DataFrame:
    k = len(log.activities)

    def count(which: npt.NDArray[np.bool_], days: FloatArray | None = None) -> npt.NDArray[np.generic]:
        return np.bincount(steps.source[which], None if days is None else days[which], minlength=k)[:k]

    everything = np.ones(len(steps.source), dtype=bool)
    elapsed = pd.Series(steps.days[steps.waiting]).groupby(steps.source[steps.waiting]).median()
    return pd.DataFrame(
        {
            "activity": pd.Series(log.activities, dtype="str"),
            "cases": _distinct_cases(steps.case, steps.source, k),
            "events": count(everything),
            "starting": count(steps.first),
            "ending": count(steps.closing),
            "waiting": count(steps.waiting),
            "waiting_median_days": elapsed.reindex(range(k)).to_numpy(dtype=np.float64),
            "waiting_days": count(steps.waiting, steps.days).astype(np.float64),
            "child_days": count(everything, steps.days).astype(np.float64),
        }
    )


def _arrow_table(log: EventLog, steps: Steps, waiting: npt.NDArray[np.generic]) -> pd.DataFrame:
    k, m = max(len(log.activities), 1), len(steps.pairs)
    names = np.array(log.activities, dtype=object)
    source, target = steps.pairs // k, steps.pairs % k
    taken = steps.arrow >= 0
    cases = _distinct_cases(steps.case[taken], steps.arrow[taken], m)
    table = pd.DataFrame(
        {
            "source": pd.Series(names[source], dtype="str"),
            "target": pd.Series(names[target], dtype="str"),
            "cases": cases,
            "traversals": np.bincount(steps.arrow[taken], minlength=m)[:m],
            "waiting": waiting[source],
        }
    )
    table = pd.concat([table, _arrow_laws(steps, source)], axis=1)
    table["child_days"] = np.bincount(steps.arrow[taken], steps.days[taken], minlength=m)[:m].astype(np.float64)
    table["cases_share"] = cases / max(len(log.cases), 1)
    table["established"] = _wilson_low(cases, len(log.cases)) >= 0.01
    table = table.sort_values(["traversals", "source", "target"], ascending=[False, True, True], kind="stable")
    return table.reset_index(drop=True)


def _arrow_laws(steps: Steps, sources: IntArray) -> pd.DataFrame:
    """Quantiles of each arrow's days, arrows in the order of `pairs`, which goes by source."""
    order = np.argsort(steps.source, kind="stable")
    visits, days, closing = steps.source[order], steps.days, steps.closing
    rows: list[tuple[float, float, float, float, float, bool, float]] = []
    for source in np.unique(sources):
        mine = order[np.searchsorted(visits, source) : np.searchsorted(visits, source, side="right")]
        arrows = np.flatnonzero(sources == source)
        # Ways: 1.. the arrows in order, then one more for cases that were closed here.
        way = np.where(steps.arrow[mine] >= 0, steps.arrow[mine] - arrows[0] + 1, 0)
        way[closing[mine]] = len(arrows) + 1
        shares = aalen_johansen(days[mine], way, entry=steps.entry[mine], ways=len(arrows) + 1)
        for cause in range(1, len(arrows) + 1):
            law = shares.given(cause)
            median = law.quantile(0.5)
            reached = bool(np.isfinite(median))
            low, high = law.interval(0.5)
            bound = np.nan if reached else law.last
            rows.append((median, low, high, law.quantile(0.75), law.quantile(0.9), reached, bound))
    columns = ["median_days", "low_days", "high_days", "p75_days", "p90_days", "median_reached", "more_than_days"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({column: "bool" if column == "median_reached" else "float64" for column in columns})


def _distinct_cases(case: IntArray, group: IntArray, groups: int) -> IntArray:
    """How many different cases each group has."""
    pairs = np.unique(group * (int(case.max(initial=0)) + 1) + case)
    return np.bincount(pairs // (int(case.max(initial=0)) + 1), minlength=groups)[:groups].astype(np.int64)


def _wilson_low(count: IntArray, total: int) -> FloatArray:
    """Lower end of the 90 % Wilson interval of a share."""
    n = max(total, 1)
    share = count / n
    middle = share + _Z90**2 / (2 * n)
    spread = _Z90 * np.sqrt(share * (1 - share) / n + _Z90**2 / (4 * n**2))
    low: FloatArray = (middle - spread) / (1 + _Z90**2 / n)
    return low


def _most_frequent(log: EventLog, number: int) -> tuple[str, ...]:
    steps = steps_of(log.arrays)
    cases = _distinct_cases(steps.case, steps.source, len(log.activities))
    spine = [
        (-int(count), name)
        for name, count in zip(log.activities, cases, strict=True)
        if not (name in MILESTONES and MILESTONES[name].recurring)
    ]
    chosen = {name for _, name in sorted(spine)[:number]}
    return tuple(name for name in log.activities if name in chosen)


def _kept_arrows(whole: ProcessMap, number: int) -> npt.NDArray[np.bool_]:
    """Which arrows stay when the least used are taken away one by one, as long as the map stays connected."""
    import networkx as nx

    pairs = list(zip(whole.arrows["source"], whole.arrows["target"], strict=True))
    kept = np.ones(len(pairs), dtype=bool)
    graph = nx.DiGraph(pairs)
    graph.add_nodes_from(whole.activities["activity"])
    counts = whole.activities.set_index("activity")
    begin, finish = object(), object()
    graph.add_edges_from((begin, name) for name in _terminals(graph, counts["starting"], counts["cases"]))
    closing = counts["ending"] + counts["waiting"]
    graph.add_edges_from((name, finish) for name in _terminals(graph.reverse(), closing, counts["cases"]))
    for position in range(len(pairs) - 1, -1, -1):
        if kept.sum() <= number:
            break
        graph.remove_edge(*pairs[position])
        through = len(nx.descendants(graph, begin)), len(nx.ancestors(graph, finish))
        # All but the terminal itself must be joined to it; self-loops never matter.
        if min(through) == len(graph) - 1:
            kept[position] = False
        else:
            graph.add_edge(*pairs[position])
    return kept


def _terminals(graph: Any, cases_here: pd.Series[int], cases: pd.Series[int]) -> list[str]:
    """Where cases mainly begin (or, on the reversed graph, end), so that a rare beginning cannot hide the main way in.

    The activity with most beginnings, those where at least half of their cases begin, and whatever cannot be reached
    from these otherwise.
    """
    import networkx as nx

    if cases_here.empty:
        return []
    mainly = {str(cases_here.idxmax()), *cases_here.index[cases_here * 2 >= cases]}
    reached = mainly.union(*(nx.descendants(graph, name) for name in sorted(mainly)))
    rest = {str(name) for name in cases_here.index[cases_here > 0]} - reached
    return sorted(mainly | rest)


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
