"""What chance gives each child in one run: durations, choices and review gaps, drawn in blocks for everybody at once.

A draw belongs to a purpose (a stream's name), a child and an occasion: the first, second... time the child needs it.
The engine asks for one at a time; a whole occasion of a purpose is worked out when the first child needs it, which is
many times faster than one law and one draw at a time. Two models run together share occasions, so that a step of the
same name has the same luck in both.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from simulation.children import Children
from simulation.cohort import strata_of
from simulation.frailty import paced_quantiles, paced_remaining, paced_survival
from simulation.gates import ReviewCycle
from simulation.laws import Law
from simulation.model import Choice, Step
from simulation.streams import Streams

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
T = TypeVar("T", float, int)
WITHIN_THE_DAY = 0.5
"""A duration up to half a day longer is rounded to the same whole day."""


class Column(Generic[T]):
    """One purpose's values for all children, occasion by occasion."""

    __slots__ = ("_occasions", "_of", "_taken")

    def __init__(self, taken: array[int], of: Callable[[int], array[T]]) -> None:
        self._taken = taken
        self._of: Callable[[int], array[T]] = of
        self._occasions: list[array[T]] = []

    def next(self, child: int) -> T:
        """The child's value on its next occasion."""
        number = self._taken[child]
        self._taken[child] = number + 1
        try:
            return self._occasions[number][child]
        except IndexError:
            return self.at(child, number)

    def at(self, child: int, number: int) -> T:
        """The child's value on the occasion with this number, counted from 0."""
        while number >= len(self._occasions):
            self._occasions.append(self._of(len(self._occasions)))
        return self._occasions[number][child]


class Always:
    """A purpose with the same value for all children on all occasions, which are counted, but nothing is drawn."""

    __slots__ = ("_taken", "_value")

    def __init__(self, taken: array[int], value: float) -> None:
        self._taken, self._value = taken, value

    def next(self, child: int) -> float:
        """The value."""
        self._taken[child] += 1
        return self._value


class Draws:
    """The draws of one run."""

    def __init__(self, children: Children, streams: Streams, *, whole_days: bool) -> None:
        self._children, self._streams, self._whole_days = children, streams, whole_days
        self.frailty: Floats = np.zeros(len(children.arrival))
        """b of every child; set before any duration is asked for."""
        self._taken: dict[str, array[int]] = {}
        self._units: dict[str, Column[float]] = {}
        self._strata: dict[str, list[str]] = {}
        self._groups: dict[str, tuple[list[str], Ints]] = {}

    def unit(self, name: str, child: int) -> float:
        """The child's bare draw for a purpose on its next occasion."""
        return self._bare(name).next(child)

    def _bare(self, name: str) -> Column[float]:
        if name not in self._units:
            self._units[name] = Column(
                self._counter(name), lambda number: _floats(self._streams.occasion(name, number))
            )
        return self._units[name]

    def durations(self, step: Step, stratify_by: str) -> Column[float] | Always:
        """Days that a step takes; not of steps by age, whose law asks for the age at which they begin."""
        if len(step.laws) == 1 and (days := step.law("").always) is not None:
            return Always(self._counter(step.name), self.rounded(days))
        return Column(self._counter(step.name), partial(self._days, step, stratify_by))

    def remaining(
        self, step: Step, stratify_by: str, children: Ints, elapsed: Floats
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Whole duration of a step under way for some children, given that it has lasted `elapsed` days so far.

        The second is whether the step must be over by now; the duration is then the one drawn.
        """
        column = self._bare(step.name)
        units = np.asarray([column.next(child) for child in children.tolist()])
        days, over = np.empty(len(children)), np.empty(len(children), dtype=bool)
        sooner = WITHIN_THE_DAY if self._whole_days else 0.0
        for law, rows in self._laws_of(step, stratify_by, children):
            b, unit, so_far = self.frailty[children[rows]], units[rows], elapsed[rows]
            done = law.sf_of(so_far) <= 0.0
            lasting = paced_remaining(law, step.rho, (b, unit), so_far + sooner)
            if done.any():
                lasting[done] = paced_quantiles(law, step.rho, b[done], unit[done])
            days[rows], over[rows] = lasting, done
        return days, over

    def lasting(self, step: Step, stratify_by: str, children: Ints, elapsed: Floats) -> Floats:
        """Probability that the step lasts longer than `elapsed` days, for each of some children."""
        found = np.empty(len(children))
        for law, rows in self._laws_of(step, stratify_by, children):
            found[rows] = paced_survival(law, step.rho, self.frailty[children[rows]], elapsed[rows])
        return found

    def _laws_of(self, step: Step, stratify_by: str, children: Ints) -> list[tuple[Law, Ints | slice]]:
        """The laws of a step, and which of these children each is for."""
        if len(step.laws) == 1:
            return [(step.law(""), slice(None))]
        strata = np.asarray([self.stratum(stratify_by, child) for child in children.tolist()], dtype=object)
        return [(step.law(name), np.flatnonzero(strata == name)) for name in sorted(set(strata.tolist()))]

    def options(self, name: str, choice: Choice) -> Column[int]:
        """Which option of a choice comes up, by position."""
        stream = f"choice {name}"
        return Column(self._counter(stream), partial(self._chosen, stream, choice))

    def gaps(self, cycle: ReviewCycle) -> Column[float]:
        """Days from one review (or the start) to the next, at least one; the occasion is the review's number."""
        return Column(array("i"), partial(self._gaps, cycle))

    def decides(self, cycle: ReviewCycle) -> Column[float]:
        """The draw that says whether a ready plan is decided; the occasion is the review's number."""
        return Column(array("i"), lambda number: _floats(self._streams.occasion(f"decides {cycle.review}", number)))

    def stratum(self, by: str, child: int) -> str:
        """The child's stratum by a case attribute."""
        return self._strata_by(by)[child]

    def _strata_by(self, by: str) -> list[str]:
        if by not in self._strata:
            self._strata[by] = strata_of(self._children.cases, by)
        return self._strata[by]

    def rounded(self, days: float) -> float:
        """The days as the records would hold them."""
        return float(round(days)) if self._whole_days and days < 1e9 else days

    def _counter(self, name: str) -> array[int]:
        if name not in self._taken:
            self._taken[name] = array("i", bytes(array("i").itemsize * len(self._children.arrival)))
        return self._taken[name]

    def _days(self, step: Step, stratify_by: str, number: int) -> array[float]:
        units = self._streams.occasion(step.name, number)
        days = np.empty(len(units))
        for law, rows in self._by_law(step, stratify_by):
            days[rows] = paced_quantiles(law, step.rho, self.frailty[rows], units[rows])
        return _floats(np.round(days) if self._whole_days else days)

    def _by_law(self, step: Step, stratify_by: str) -> list[tuple[Law, Ints | slice]]:
        """The laws of a step and the children that each is for."""
        if len(step.laws) == 1:
            return [(step.law(""), slice(None))]
        names, group = self._group(stratify_by)
        return [(step.law(name), np.flatnonzero(group == number)) for number, name in enumerate(names)]

    def _group(self, by: str) -> tuple[list[str], Ints]:
        """The strata there are, and of each child which of them is its own, by position."""
        if by not in self._groups:
            strata = self._strata_by(by)
            names = sorted(set(strata))
            number = {name: place for place, name in enumerate(names)}
            self._groups[by] = names, np.asarray([number[one] for one in strata], dtype=np.int64)
        return self._groups[by]

    def _chosen(self, stream: str, choice: Choice, number: int) -> array[int]:
        units, (names, group) = self._streams.occasion(stream, number), self._group(choice.by)
        # How many of its stratum's running totals lie below the draw; no draw is above the last.
        below = np.asarray([choice.cumulative(name)[:-1] for name in names]).T
        chosen = np.zeros(len(units), dtype=np.intc)
        for total in below:
            chosen += units > total[group]
        return array("i", chosen.tobytes())

    def _gaps(self, cycle: ReviewCycle, number: int) -> array[float]:
        units = self._streams.occasion(f"gap {cycle.review}", number)
        # A review on the day of the last one would be the last one.
        gaps = cycle.gap(number).remaining_of(units, np.full(len(units), WITHIN_THE_DAY))
        return _floats(np.maximum(np.round(gaps), 1.0))


def _floats(values: Floats) -> array[float]:
    """Eight bytes a value, and nearly as quick to look into as a list."""
    return array("d", values.tobytes())
