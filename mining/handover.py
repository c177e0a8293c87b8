"""Who passes work on to whom, how often, and how long the next step waits afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EVENT_COLUMNS, EventLog
from mining.blocks import blocks_of
from mining.given import waits, weighted_medians
from mining.sequences import distinct
from mining.steps import steps_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_WITH_INTERVAL = 50
"""For so many of the most frequent handovers an interval is worked out."""
_COLUMNS = ["handovers", "certain", "cases", "share", "waiting", "median_days", "low_days", "high_days"]


@dataclass(frozen=True, eq=False)
class Handover:
    """Movements of work between those who did two events that follow each other in a case.

    Names in it may be those of people who work: a picture of how work flows, not of how anybody works.
    """

    between: pd.DataFrame
    """One row a pair of different teams (or people), most frequent first (ties by name): `source`, `target`;
    `handovers`; `certain` (of them, those whose order no missing time of day puts in doubt); `cases`; `share` of all
    handovers between different teams; `waiting` (open cases whose last event was the source's: the next step may be
    anybody's, so never add them up over targets); `median_days` from the source's event to the target's with its 95 %
    interval `low_days`, `high_days` (for the 50 most frequent; NaN: not worked out, or longer than was seen), where
    the waiting count: Aalen-Johansen over who comes next, as on the map."""
    within: pd.DataFrame
    """The same for work that stays with the same team: `source`, `target` equal."""
    column: str
    """The event attribute that says who."""
    events: int
    missing: int
    """Events that do not say who."""
    movements: int
    unknown: int
    """Movements between two events one of which does not say who: in neither table."""

    @property
    def share_missing(self) -> float:
        """Share of the events that do not say who; 0 for an empty log."""
        return self.missing / self.events if self.events else 0.0

    @property
    def text(self) -> str:
        """The finding in plain sentences."""
        if not self.movements:
            return "No event follows another in the log, so no work was handed over."
        total = int(self.between["handovers"].sum())
        parts = [
            f"Of {self.movements:,} movements {total:,} ({total / self.movements:.1%}) pass from one to another "
            f"({self.column}) and {int(self.within['handovers'].sum()):,} stay."
        ]
        if self.unknown:
            parts.append(f"Of {self.unknown:,} it is not known: {self.share_missing:.1%} of the events do not say who.")
        if total:
            top = self.between.iloc[0]
            took = "it is not yet known how long the next step takes then"
            if np.isfinite(top["median_days"]):
                took = f"the next step comes after {top['median_days']:,.1f} days (median, those waiting counted)"
            parts.append(
                f"Most frequent: {top['source']} → {top['target']}, {top['handovers']:,} times in {top['cases']:,} "
                f"cases; {took}."
            )
        return " ".join(parts)


def handover(log: EventLog, column: str, *, declared: bool | None = None) -> Handover:
    """The handovers of work in a log, by an event attribute such as `org:resource` or a team.

    An event without the attribute hands nothing over and receives nothing: its movements are counted as unknown,
    never bridged. `declared` as in `mining.order.order_uncertainty`. An empty log gives empty tables. Raises
    ValueError for an attribute that the events do not have, naming the nearest.
    """
    names = [str(name) for name in log.events if name not in EVENT_COLUMNS]
    if column not in names:
        near = get_close_matches(column, names, n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]!r}?" if near else "; the events have no attributes"
        raise ValueError(f"column must be an attribute of the events, got {column!r}{hint}")
    codes, teams = pd.factorize(log.events[column].astype("str"), sort=True)
    team = codes.astype(np.int64)
    steps = steps_of(log.arrays)
    moves = np.flatnonzero(steps.arrow >= 0)
    known = moves[(team[moves] >= 0) & (team[moves + 1] >= 0)]
    k = max(len(teams), 1)
    # For each event the pair of its team and the next; -1 where there is none that is known.
    pair = np.full(len(team), -1, dtype=np.int64)
    pair[known] = team[known] * k + team[known + 1]
    sure = _single(log, team, declared)
    certain = np.zeros(len(team), dtype=bool)
    certain[known] = sure[known] & sure[known + 1]
    table = _counts(pair, steps.case, certain, k)
    waiting = np.bincount(team[steps.waiting & (team >= 0)], minlength=k)
    table["waiting"] = waiting[table["pair"] // k] if len(table) else 0
    laws = _laws(table["pair"].to_numpy(), pair, team, steps.days, (steps.entry, steps.waiting))
    table = pd.concat([table, laws], axis=1)
    label = np.array([*map(str, teams), ""], dtype=object)
    table.insert(0, "source", pd.Series(label[table["pair"] // k], dtype="str"))
    table.insert(1, "target", pd.Series(label[table["pair"] % k], dtype="str"))
    same = (table["source"] == table["target"]).to_numpy()
    return Handover(
        between=_with_share(table[~same]),
        within=_with_share(table[same]),
        column=column,
        events=len(log),
        missing=int((team < 0).sum()),
        movements=len(moves),
        unknown=len(moves) - len(known),
    )


def _single(log: EventLog, team: IntArray, declared: bool | None) -> BoolArray:
    """For each event whether all events that share its place in time are of one team."""
    blocks = blocks_of(log, declared=declared)
    if not len(team):
        return np.zeros(0, dtype=bool)
    low, high = (limit.reduceat(team, blocks.first[:-1]) for limit in (np.minimum, np.maximum))
    single: BoolArray = (low == high)[blocks.of]
    return single


def _counts(pair: IntArray, case: IntArray, certain: BoolArray, teams: int) -> pd.DataFrame:
    here = np.flatnonzero(pair >= 0)
    pairs, counts = np.unique(pair[here], return_counts=True)
    cases = int(case.max(initial=0)) + 1
    of = distinct(pair[here] * cases + case[here]) // cases
    return pd.DataFrame(
        {
            "pair": pairs,
            "handovers": counts,
            "certain": np.bincount(np.searchsorted(pairs, pair[certain]), minlength=len(pairs)),
            "cases": np.bincount(np.searchsorted(pairs, of), minlength=len(pairs)),
        }
    )


def _laws(
    pairs: IntArray, pair: IntArray, team: IntArray, days: FloatArray, seen: tuple[FloatArray, BoolArray]
) -> pd.DataFrame:
    """Median and interval of each pair's days; every event of a team is a wait for whatever comes next."""
    entry, still = seen
    median, limits = np.full(len(pairs), np.nan), np.full((len(pairs), 2), np.nan)
    numbers = np.bincount(np.searchsorted(pairs, pair[pair >= 0]), minlength=len(pairs))
    top = set(np.argsort(-numbers, kind="stable")[:_WITH_INTERVAL].tolist())
    order = np.argsort(team, kind="stable")
    ends = np.searchsorted(team[order], np.arange(int(team.max(initial=-1)) + 2))
    owner = np.zeros(len(pairs), dtype=np.int64)
    owner[np.searchsorted(pairs, pair[pair >= 0])] = team[pair >= 0]
    for one in range(len(ends) - 1):
        mine, rows = order[ends[one] : ends[one + 1]], np.flatnonzero(owner == one)
        if not len(rows):
            continue
        found = waits(days[mine], ~still[mine], entry[mine])
        way = np.where(pair[mine] >= 0, np.searchsorted(pairs[rows], pair[mine]), len(rows))
        ended = np.full(len(rows) + 1, found.weights.sum())
        median[rows] = weighted_medians(days[mine], found.weights, way, ended)[0][: len(rows)]
        for place, row in enumerate(rows.tolist()):
            if row in top:
                limits[row] = found.law(way == place).interval(0.5)
    return pd.DataFrame({"median_days": median, "low_days": limits[:, 0], "high_days": limits[:, 1]})


def _with_share(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(share=table["handovers"] / max(int(table["handovers"].sum()), 1))
    table = table.sort_values(["handovers", "source", "target"], ascending=[False, True, True], kind="stable")
    return table[["source", "target", *_COLUMNS]].reset_index(drop=True)
