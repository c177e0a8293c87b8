"""Who does the work: people who do the same activities are a team, which can have so many cases in hand."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from simulation.discovery.journeys import NOBODY, Bools, Ints, Journeys

NOT_FULL = np.iinfo(np.int64).max
_ALIKE = 0.5
"""Two activities are one team's when at least this share of both is done by the same people in the same measure."""
_KNOWN = 0.5
"""An activity of which fewer events say who did them is nobody's in particular."""
_SELDOM = 0.01
"""A team may have had more in hand than it can for this share of the time it was at work."""


@dataclass(frozen=True, eq=False)
class Team:
    """People who do the same activities.

    A person belongs to the team for which they did most. A team has `people` times `cases_each` places: the fewest that
    all but a hundredth of its time at work had in hand.
    """

    name: str
    activities: tuple[int, ...]
    people: tuple[str, ...]
    cases_each: int
    changes: Ints
    """Instants at which the work in hand changes, in order."""
    full_since: Ints
    """From each of them to the next: since when all places have been taken; `NOT_FULL` where some are free."""

    @property
    def places(self) -> int:
        """How many cases it works on at once, at most."""
        return len(self.people) * self.cases_each

    def full_until(self, instants: Ints) -> Ints:
        """Since when all places had been taken right up to each of the instants; `NOT_FULL` where some were free."""
        before = np.searchsorted(self.changes, instants, side="left") - 1
        found: Ints = np.where(before >= 0, self.full_since[np.maximum(before, 0)], NOT_FULL)
        return found


def teams(journeys: Journeys) -> list[Team]:
    """The teams of a log with start times and resources, by the first of their activities; none for any other log.

    Activities that take no time occupy nobody.
    """
    if not journeys.timed or not journeys.resources:
        return []
    count = np.zeros((len(journeys.names), len(journeys.resources)))
    known = journeys.resource != NOBODY
    np.add.at(count, (journeys.activity[known], journeys.resource[known]), 1.0)
    every = np.bincount(journeys.activity, minlength=len(journeys.names))
    lasting = np.bincount(journeys.activity, journeys.end > journeys.start, minlength=len(journeys.names))
    worked = np.flatnonzero((count.sum(axis=1) >= _KNOWN * np.maximum(every, 1)) & (lasting > 0)).tolist()
    share = count / np.maximum(count.sum(axis=1, keepdims=True), 1.0)
    graph = nx.Graph()
    graph.add_nodes_from(worked)
    graph.add_edges_from(
        (one, other)
        for one in worked
        for other in worked
        if one < other and np.minimum(share[one], share[other]).sum() >= _ALIKE
    )
    groups = sorted(sorted(group) for group in nx.connected_components(graph))
    if not groups:
        return []
    done = np.stack([count[group].sum(axis=0) for group in groups])
    # A team all of whose people do more elsewhere still has somebody: whoever does most of its work.
    belongs = [np.flatnonzero((done.argmax(axis=0) == number) & (done[number] > 0)) for number in range(len(groups))]
    return [
        _team(journeys, group, people if len(people) else done[number].argmax(keepdims=True))
        for number, (group, people) in enumerate(zip(groups, belongs, strict=True))
    ]


def _team(journeys: Journeys, activities: list[int], people: Ints) -> Team:
    mine: Bools = np.isin(journeys.activity, activities) & (journeys.end > journeys.start)
    instants = np.concatenate([journeys.start[mine], journeys.end[mine]])
    step = np.repeat([1, -1], mine.sum())
    order = np.argsort(instants, kind="stable")
    changes, first = np.unique(instants[order], return_index=True)
    in_hand = np.add.reduceat(step[order], first).cumsum()
    lasting = np.append(np.diff(changes), 0)
    each = _cases_each(in_hand, lasting, len(people))
    return Team(
        name=_named([journeys.names[code] for code in activities]),
        activities=tuple(activities),
        people=tuple(journeys.resources[code] for code in people.tolist()),
        cases_each=each,
        changes=changes,
        full_since=_runs(changes, in_hand >= each * len(people)),
    )


def _named(activities: list[str]) -> str:
    return " / ".join(activities) if len(activities) <= 3 else f"{activities[0]} and {len(activities) - 1} more"


def _runs(changes: Ints, full: Bools) -> Ints:
    """For each change, the first of the run of changes at which the team is full; `NOT_FULL` where it is not."""
    begins = full & ~np.append(False, full[:-1])
    latest = np.maximum.accumulate(np.where(begins, np.arange(len(full)), 0))
    return np.where(full, changes[latest], NOT_FULL)


def _cases_each(in_hand: Ints, lasting: Ints, people: int) -> int:
    """The fewest cases a person with which the team hardly ever had more in hand than places."""
    at_work = max(int(lasting[in_hand > 0].sum()), 1)
    each = 1
    while lasting[in_hand > each * people].sum() > _SELDOM * at_work:
        each += 1
    return each
