"""How long those take who end a wait in each of many ways, for all ways at once, with those still waiting counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mining.survival import CumulativeIncidence, SurvivalCurve, kaplan_meier

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SAME = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, eq=False)
class Waits:
    """Waits that ended, in whichever way, or are open; what each adds to the incidence of its way."""

    curve: SurvivalCurve
    """How long a wait lasts, whatever ends it."""
    step: IntArray
    """For each wait the position in `curve.times` at which it ended; -1 for one that is open or was never at risk."""
    weights: FloatArray
    """What each wait adds to the Aalen-Johansen incidence of its way: the share still waiting just before it ended,
    divided by the number then at risk; 0 for open waits. They sum to the share that ended."""

    def law(self, way: BoolArray) -> SurvivalCurve:
        """How long the waits of one way take, as `CumulativeIncidence.given` has it."""
        steps, curve = self.step[way & (self.step >= 0)], self.curve
        ends = np.bincount(steps, minlength=len(curve.times)).astype(np.float64)[None, :]
        before = np.concatenate([[1.0], curve.survival[:-1]])[: len(curve.times)]
        incidence = np.cumsum(before * ends / curve.at_risk, axis=1)
        shares = CumulativeIncidence(
            times=curve.times,
            survival=curve.survival,
            incidence=incidence,
            variance=np.zeros_like(incidence),
            at_risk=curve.at_risk,
            events=ends,
            last=curve.last,
            warning=curve.warning,
        )
        return shares.given(1)


def waits(days: FloatArray, ended: BoolArray, entry: FloatArray) -> Waits:
    """Waits in days, whether each ended, and how many days of each had passed when observation began."""
    curve = kaplan_meier(days, ended, entry=entry)
    step, weights = np.full(len(days), -1), np.zeros(len(days))
    if len(curve.times):
        place = np.minimum(np.searchsorted(curve.times, days), len(curve.times) - 1)
        seen = ended & (curve.times[place] == days) & ((entry <= 0) | (entry < days))
        before = np.concatenate([[1.0], curve.survival[:-1]])
        step[seen], weights[seen] = place[seen], (before / curve.at_risk)[place[seen]]
    return Waits(curve, step.astype(np.int64), weights)


def weighted_medians(
    days: FloatArray, weights: FloatArray, group: IntArray, ended: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The median of each group of weighted days, and the weight of each group.

    `ended` is, for each group, the share of all waits it belongs to that ended: the sum of `Waits.weights` over every
    way out of the same wait. A group's own share is scaled up to it, as `CumulativeIncidence.given` does, so the
    median is NaN where fewer than half ended; a group without weight has NaN too. Where the curve lies at exactly a
    half it is the middle between that day and the next.
    """
    groups = len(ended)
    medians = np.full(groups, np.nan)
    total = np.bincount(group, weights, minlength=groups).astype(np.float64)
    kept = np.flatnonzero(weights > 0)
    order = kept[np.lexsort((days[kept], group[kept]))]
    if not len(order):
        return medians, total
    of, sorted_days = group[order], days[order]
    running = np.concatenate([[0.0], np.cumsum(weights[order])])
    before = running[np.searchsorted(of, np.arange(groups))]
    share = (running[1:] - before[of]) / total[of] * ended[of]
    enough = np.flatnonzero(share >= 0.5 - _SAME)
    # Written last to first, so that the first of a group stays.
    place = np.full(groups, -1)
    place[of[enough[::-1]]] = enough[::-1]
    found = np.flatnonzero(place >= 0)
    here = place[found]
    following = np.minimum(here + 1, len(order) - 1)
    middle = (np.abs(share[here] - 0.5) < _SAME) & (of[following] == found)
    medians[found] = np.where(middle, (sorted_days[here] + sorted_days[following]) / 2, sorted_days[here])
    return medians, total
