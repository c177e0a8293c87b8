"""How much of what a case has been through tells what it does next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.discovery.journeys import Floats, Ints, Journeys

LONGEST = 5
_LATER = 0.2
"""Share of the cases, the latest, that the memory is tried on."""


def routing_memory(past: Journeys) -> pd.DataFrame:
    """How well the last k activities tell the next, on the latest fifth of the cases.

    One row for each k from 0 to 5: `memory` (k), `bits` (mean of -log2 of the probability given to what came next, the
    end of the case included), `error` (its standard error over cases), `best` (the shortest memory within one standard
    error of the best of all). Probabilities are those of the earlier cases, each memory falling back on the next
    shorter one as far as its own is thin (Witten and Bell 1991). Empty for fewer than ten cases.
    """
    if past.cases < 10:
        return pd.DataFrame({"memory": [], "bits": [], "error": [], "best": []})
    before, following, case = _steps(past)
    tried = case >= past.cases - max(int(_LATER * past.cases), 1)
    given = np.full(int(tried.sum()), 1.0 / (len(past.names) + 1))
    rows = []
    for memory in range(LONGEST + 1):
        given = _probability(before[:, :memory], following, tried, given)
        bits = np.bincount(case[tried], -np.log2(given), past.cases)[-len(np.unique(case[tried])) :]
        steps = np.bincount(case[tried], minlength=past.cases)[-len(bits) :]
        mean = float(bits.sum() / steps.sum())
        error = float(np.sqrt(((bits - mean * steps) ** 2).sum()) / steps.sum())
        rows.append((memory, mean, error))
    lowest = min(rows, key=lambda row: row[1])
    best = next(memory for memory, mean, _ in rows if mean <= lowest[1] + lowest[2])
    table = pd.DataFrame(rows, columns=["memory", "bits", "error"])
    return table.assign(best=table["memory"] == best)


def _steps(past: Journeys) -> tuple[Ints, Ints, Ints]:
    """For each step the activities before it, latest first, what came next, and its case; the end is a step too."""
    start, end = len(past.names) + 1, len(past.names)
    lengths = past.lengths + 1
    case = np.repeat(np.arange(past.cases), lengths)
    following = np.full(len(case), end)
    place = np.arange(len(past.activity)) + past.case
    following[place] = past.activity
    position = np.arange(len(case)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    before = np.full((len(case), LONGEST), start)
    for back in range(1, LONGEST + 1):
        there = np.flatnonzero(position >= back)
        before[there, back - 1] = following[there - back]
    return before, following, case


def _probability(context: Ints, following: Ints, tried: np.ndarray, shorter: Floats) -> Floats:
    """The probability of each tried step given its context, falling back on `shorter`."""
    state = np.zeros(len(following), dtype=np.int64)
    for column in context.T:
        _, state = np.unique(state * (int(column.max()) + 1) + column, return_inverse=True)
    both = state * (int(following.max()) + 1) + following
    kinds, pair = np.unique(both, return_inverse=True)
    count = np.bincount(pair[~tried], minlength=len(kinds))
    of_state = kinds // (int(following.max()) + 1)
    total = np.bincount(of_state, count)
    distinct = np.bincount(of_state, count > 0)
    known, fresh = total[state[tried]], distinct[state[tried]]
    mixed: Floats = np.where(known > 0, (count[pair[tried]] + fresh * shorter) / np.maximum(known + fresh, 1), shorter)
    return mixed
