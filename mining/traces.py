"""The distinct traces of a log with the cases that took them, found without a Python step a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from event_logs.vocabulary import MILESTONES

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Traces:
    """Distinct traces, and which of them each chosen case took."""

    traces: tuple[tuple[str, ...], ...]
    """Most frequent first; of equal frequency in the order of their activities."""
    trace: IntArray
    """For each case of the log the position of its trace, -1 for cases not chosen."""
    counts: IntArray
    """How many cases took each trace."""
    tied: BoolArray
    """For each case whether two of the events shown share an instant, so that their order is only assumed."""


def main_line(log: EventLog) -> tuple[str, ...]:
    """The log's activities without the recurring milestones, such as reviews, which happen beside the main line."""
    return tuple(name for name in log.activities if name not in MILESTONES or not MILESTONES[name].recurring)


def traces_of(log: EventLog, activities: Sequence[str], chosen: BoolArray) -> Traces:
    """The traces of the chosen cases (one flag a case), of the events of the given activities; none may be empty."""
    arrays, wanted = log.arrays, set(activities)
    shown = np.array([name in wanted for name in arrays.activities] + [False])
    keep = shown[arrays.activity] & chosen[arrays.case]
    case, code, day = arrays.case[keep].astype(np.int64), arrays.activity[keep], arrays.day[keep]
    cases = len(arrays.start)
    first = np.searchsorted(case, np.arange(cases + 1))
    place = np.arange(len(case)) - first[case]
    # Equal traces have equal sums; that unequal ones should too has a chance of one in 10^9 for a million traces.
    prints = [_sums(_mixed(code, place, salt), case, cases) for salt in (1, 2)]
    keys = np.stack([*prints, np.diff(first).astype(np.uint64)], axis=1)[chosen]
    members = np.flatnonzero(chosen)
    trace = np.full(cases, -1, dtype=np.int64)
    if not len(members):
        return Traces((), trace, np.empty(0, dtype=np.int64), np.zeros(cases, dtype=bool))
    _, example, inverse, counts = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    found = [tuple(int(x) for x in code[first[c] : first[c + 1]]) for c in members[example].tolist()]
    order = sorted(range(len(found)), key=lambda number: (-int(counts[number]), found[number]))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    trace[members] = position[inverse.reshape(-1)]
    tied = np.zeros(cases, dtype=bool)
    tied[case[1:][(case[1:] == case[:-1]) & (day[1:] == day[:-1])]] = True
    named = tuple(tuple(arrays.activities[x] for x in found[number]) for number in order)
    return Traces(named, trace, counts[order].astype(np.int64), tied)


def _mixed(code: npt.NDArray[np.int32], place: IntArray, salt: int) -> npt.NDArray[np.uint64]:
    """A number that looks random for each activity in each place (splitmix64)."""
    with np.errstate(over="ignore"):
        x = code.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + place.astype(np.uint64) * np.uint64(
            0xD1B54A32D192ED03
        )
        x += np.uint64(salt) * np.uint64(0x8CB92BA72F3D8DD7)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: npt.NDArray[np.uint64] = x ^ (x >> np.uint64(31))
    return mixed


def _sums(values: npt.NDArray[np.uint64], case: IntArray, cases: int) -> npt.NDArray[np.uint64]:
    total = np.zeros(cases, dtype=np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(total, case, values)
    return total
