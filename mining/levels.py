"""Maps from simple to full: the most frequent pathway first and the next ones added, or two sliders."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from mining.abstraction import by_frequency, is_recurring
from mining.measures import Limit
from mining.process_map import ESTABLISHED_FROM, ProcessMap, simplify
from mining.sequences import equal_slices, spread
from mining.steps import steps_of

IntArray = npt.NDArray[np.int64]
ARROW = " → "


def pathway_levels(log: EventLog, *, recurring: bool = False) -> pd.DataFrame:
    """The levels of detail of a map that begins with the most frequent pathway; one row a level, simplest first.

    A pathway is the whole sequence of a case's activities, recurring milestones such as reviews left out unless asked
    for. The most frequent pathway of closed cases is the first level; each next most frequent one that brings an
    activity or arrow not yet shown is the next. Pathways of open cases alone come last: they may be cut short.

    Columns: `level` (1 ...), `pathway` (its activities joined by arrows), `cases` and `closed_cases` that took exactly
    it, `activities` and `arrows` shown at this level, `covered_cases` and `covered_share` (cases, open ones included,
    and their share of all, that took only steps and movements shown at this level; those without events do, too).
    Draw a level with `along_pathways`. An empty log has no levels.
    """
    found = _pathways(_spine(log, recurring))
    closed = ~log.cases["end"].isna().to_numpy()
    cases = np.bincount(found.kind, minlength=len(found.stands))
    of_closed = np.bincount(found.kind[closed[found.case]], minlength=len(found.stands))
    covered = np.cumsum(np.bincount(found.level[found.kind], minlength=len(found.levels)))
    covered += len(log.cases) - len(found.case)
    shown = found.levels
    return pd.DataFrame(
        {
            "level": np.arange(1, len(shown) + 1),
            "pathway": pd.Series([ARROW.join(found.words(kind)) for kind in shown], dtype="str"),
            "cases": cases[shown],
            "closed_cases": of_closed[shown],
            "activities": np.cumsum(found.new_activities),
            "arrows": np.cumsum(found.new_arrows),
            "covered_cases": covered[: len(shown)],
            "covered_share": covered[: len(shown)] / max(len(log.cases), 1),
        }
    )


def along_pathways(
    log: EventLog,
    level: int = 1,
    *,
    recurring: bool = False,
    limit: Limit | None = None,
    threshold: float = ESTABLISHED_FROM,
) -> ProcessMap:
    """The map of a level of `pathway_levels`: exactly the activities and arrows of the pathways up to it.

    A level beyond the last shows everything; every case's counts and waiting are in the arrows that are shown, as in
    `simplify`. Raises ValueError for a level below 1.
    """
    if level < 1:
        raise ValueError(f"level must be at least 1, got {level}")
    found = _pathways(_spine(log, recurring))
    names: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for kind in found.levels[:level]:
        words = found.words(kind)
        names |= set(words)
        pairs |= set(pairwise(words))
    if not names:
        return simplify(log, activities=(), arrows=(), limit=limit, threshold=threshold)
    shown = tuple(name for name in log.activities if name in names)
    return simplify(log, activities=shown, arrows=pairs, limit=limit, threshold=threshold)


def slide(
    log: EventLog,
    *,
    activities: float = 1.0,
    paths: float = 1.0,
    limit: Limit | None = None,
    threshold: float = ESTABLISHED_FROM,
) -> ProcessMap:
    """A map by two sliders from 0 to 1: the share of activities and the share of paths (arrows) to be shown.

    At 0 the activities are those of the most frequent pathway, at 1 all; between, those in most cases are added first
    and recurring ones last. At 0 the paths are as few as leave every activity reachable from a start and able to
    reach an end, at 1 all between the shown activities. Raises ValueError for numbers outside 0 to 1.
    """
    for name, value in (("activities", activities), ("paths", paths)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1, got {value}")
    found = _pathways(_spine(log, False))
    least = dict.fromkeys(found.words(found.levels[0])) if len(found.levels) else {}
    order = list(dict.fromkeys([*least, *by_frequency(log)]))
    chosen = set(order[: len(least) + round((len(order) - len(least)) * activities)])
    shown = tuple(name for name in log.activities if name in chosen)
    total = len(steps_of(log.keeping(shown).arrays).pairs)
    return simplify(log, activities=shown, arrows=max(1, round(total * paths)), limit=limit, threshold=threshold)


@dataclass(frozen=True, eq=False)
class _Pathways:
    """The distinct pathways of the cases that have events, most frequent closed ones first."""

    names: tuple[str, ...]
    tokens: IntArray
    first: IntArray
    stop: IntArray
    case: IntArray
    """Position in the case table of each case that has events."""
    kind: IntArray
    """The pathway of each of these cases."""
    stands: IntArray
    """For each pathway, one of these cases that took it."""
    level: IntArray
    """For each pathway, the level (from 0) at which all of it is shown."""
    levels: IntArray
    """The pathways that bring something new, in order."""
    new_activities: IntArray
    new_arrows: IntArray

    def words(self, kind: int) -> tuple[str, ...]:
        """The activities of a pathway."""
        case = self.stands[kind]
        return tuple(self.names[token] for token in self.tokens[self.first[case] : self.stop[case]])


def _spine(log: EventLog, recurring: bool) -> EventLog:
    names = tuple(name for name in log.activities if recurring or not is_recurring(name))
    return log if len(names) == len(log.activities) else log.keeping(names)


def _pathways(log: EventLog) -> _Pathways:
    arrays = log.arrays
    tokens = arrays.activity.astype(np.int64)
    case = np.flatnonzero(np.diff(arrays.first) > 0)
    first, stop = arrays.first[case], arrays.first[case + 1]
    found, stands = equal_slices(tokens, first, stop)
    cases = np.bincount(found, minlength=len(stands))
    closed = np.bincount(found[~np.isnan(arrays.end[case])], minlength=len(stands))
    # Shorter first among equals, then by the codes of their steps, so that the order of the case ids never matters.
    by_steps = sorted(
        range(len(stands)),
        key=lambda kind: (
            -closed[kind],
            -cases[kind],
            stop[stands[kind]] - first[stands[kind]],
            tokens[first[stands[kind]] : stop[stands[kind]]].tolist(),
        ),
    )
    order = np.array(by_steps, dtype=np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    kind, stands = place[found], stands[order]
    k = max(len(log.activities), 1)
    of_step, step = _items(tokens, first[stands], stop[stands])
    of_move, move = _items(tokens, first[stands], stop[stands] - 1, k)
    first_step, first_move = _first_users(of_step, step, k), _first_users(of_move, move, k * k)
    levels = np.unique(np.concatenate([first_step[step], first_move[move]]))
    needs = np.zeros(len(stands), dtype=np.int64)
    np.maximum.at(needs, of_step, first_step[step])
    np.maximum.at(needs, of_move, first_move[move])
    new = [
        np.bincount(np.searchsorted(levels, users[users >= 0]), minlength=len(levels))
        for users in (first_step, first_move)
    ]
    return _Pathways(
        names=log.activities,
        tokens=tokens,
        first=first,
        stop=stop,
        case=case,
        kind=kind,
        stands=stands,
        level=np.searchsorted(levels, needs),
        levels=levels,
        new_activities=new[0],
        new_arrows=new[1],
    )


def _items(tokens: IntArray, first: IntArray, stop: IntArray, k: int = 0) -> tuple[IntArray, IntArray]:
    """Each step of some slices (or, with k activities, each movement), and the number of the slice it is in."""
    lengths = stop - first
    at = spread(first, lengths)
    item = tokens[at] if not k else tokens[at] * k + tokens[at + 1]
    return np.repeat(np.arange(len(first)), lengths), item


def _first_users(users: IntArray, items: IntArray, below: int) -> IntArray:
    """For each item the least number of those that use it, -1 for an item of nobody; users increase."""
    first = np.full(below, -1, dtype=np.int64)
    first[items[::-1]] = users[::-1]
    return first
