"""Duration laws under a change: every duration mapped to another, or some kinds of case made rarer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulation.laws import Law

Floats = npt.NDArray[np.float64]
_LEAST = 1e-6
"""The tail is followed down to this share of what enters it."""
_EDGES = np.concatenate([np.linspace(1.0, 0.2, 241), np.geomspace(0.2, _LEAST, 600)[1:], [0.0]])
_MIDDLES = np.append(np.sqrt(_EDGES[:-2] * _EDGES[1:-1]), _LEAST / 2.0)


def points(law: Law) -> tuple[Floats, Floats]:
    """The days on which a law's cases end, and the share of them on each.

    The tail is cut into slices, each standing at its middle in chance; none is more than 2 % of what lasts beyond it.
    """
    times, survival = np.asarray(law.times, dtype=float), np.asarray(law.survival, dtype=float)
    mass = -np.diff(np.concatenate([[1.0], survival]))
    if law.tail_scale <= 0.0 or survival[-1] <= 0.0:
        return times, mass
    days = np.asarray([law.isf(float(survival[-1] * middle)) for middle in _MIDDLES.tolist()])
    return np.concatenate([times, days]), np.concatenate([mass, -np.diff(_EDGES) * survival[-1]])


def law_of(days: Floats, mass: Floats, note: str) -> Law:
    """The law with these shares of children ending on these days; days need not be in order or different."""
    unique, place = np.unique(days, return_inverse=True)
    total = np.bincount(place, weights=mass, minlength=len(unique))
    survival = np.maximum(1.0 - np.cumsum(total) / total.sum(), 0.0)
    survival[-1] = 0.0
    return Law(unique, survival, note=note)


def mapped(law: Law, change: Callable[[Floats], Floats], note: str) -> Law:
    """The law of the changed durations; `change` must never turn a longer one into a shorter one."""
    days, mass = points(law)
    return law_of(np.maximum(change(days), 0.0), mass, note)


def beyond(law: Law, from_day: float, change: Callable[[Floats], Floats], note: str) -> Law:
    """The law with only the durations beyond a day changed; `change` is given the days in excess of it."""
    return mapped(
        law, lambda days: np.where(days > from_day, from_day + np.maximum(change(days - from_day), 0.0), days), note
    )
