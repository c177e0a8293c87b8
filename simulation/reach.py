"""Whom a change reaches, and from which day on: everybody else follows the pathway as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.ages import age_at
from event_logs.log import from_days, to_days
from simulation.children import NEVER
from simulation.frailty import Paced
from simulation.laws import Law
from simulation.model import PathwayModel, Step
from simulation.runnable import Runnable, Work
from simulation.streams import Streams

_HALF_A_DAY = 0.5

UnderWay = Literal["unaffected", "scaled", "redrawn"]
STREAM = "reached by a change"
"""The stream of the draw by which a change reaches a child: a larger share reaches the same children, and more."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The children that a change reaches.

    From `start` on (days since 1970-01-01; None, or a day before the run: from its first day on) the change reaches
    the children with these `values` of their attributes who are younger than `age_under` years on that day, or on the
    day their case starts if that is later. What is not known of a child does not match. Of these children a `share` is
    reached, evenly over `ramp_days` from `start`; once reached, a child stays so. What begins before a child is reached
    goes on as `under_way` says: "unaffected"; "scaled", its remaining time multiplied by what the change does to a
    duration of that length; "redrawn", its remaining time from the changed law, given the time it has taken so far.
    """

    start: float | None = None
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    age_under: int | None = None
    share: float = 1.0
    ramp_days: float = 0.0
    under_way: UnderWay = "unaffected"

    def begins(self, day: float) -> float:
        """The first instant of the change in a run that starts on `day`."""
        return float(np.nextafter(day, np.inf)) if self.start is None or self.start <= day else self.start

    def since(self, cases: pd.DataFrame, streams: Streams, day: float) -> list[float]:
        """From which instant on each child follows the change, in a run that starts on `day`; infinite: never."""
        begins = self.begins(day)
        units = streams.column(STREAM)
        reached = self.meant(cases, begins) & (units <= self.share)
        return [
            begins + self.ramp_days * unit / self.share if yes else NEVER
            for unit, yes in zip(units.tolist(), reached.tolist(), strict=True)
        ]

    def meant(self, cases: pd.DataFrame, day: float) -> npt.NDArray[np.bool_]:
        """Which of these cases the change is for, if it begins on `day`."""
        meant = np.ones(len(cases), dtype=bool)
        for name, values in self.values.items():
            column = cases[name] if name in cases else pd.Series(pd.NA, index=cases.index)
            meant &= (column.notna() & column.astype("str").isin(values)).to_numpy(dtype=bool)
        if self.age_under is not None:
            birth = cases["birth"] if "birth" in cases else pd.Series(pd.NaT, index=cases.index)
            when = np.maximum(to_days(cases["start"]), np.floor(day) if np.isfinite(day) else -np.inf)
            when = np.where(np.isnan(when), np.floor(day), when)
            age = age_at(pd.Series(pd.to_datetime(birth)), pd.Series(from_days(when), index=cases.index))
            meant &= (age < self.age_under).fillna(False).to_numpy(dtype=bool)
        return meant


class Run(Protocol):
    """What is asked of a run in which a change reaches some children, or reaches them later."""

    ready: Runnable
    known: Runnable
    streams: Streams
    start: float
    model: PathwayModel

    @property
    def now(self) -> float:
        """The day it is."""

    def law(self, child: int, step: Step) -> Law | Paced:
        """The law of a step for this child."""


@dataclass(frozen=True, eq=False)
class Reached:
    """A change while a run goes on: which of the two models each child follows now, and what becomes of its work."""

    since: list[float]
    """From which instant on each child follows the changed model; infinite: never."""
    begins: float
    under_way: UnderWay
    run: Run

    def way(self, child: int) -> Runnable:
        """The model that the child follows now."""
        return self.run.ready if self.run.now >= self.since[child] else self.run.known

    def work(self, child: int, work: Work) -> Work:
        """The step as the model that the child follows now has it."""
        return self.way(child).work.get(work.step.name, work)

    def goes_on(self, child: int, step: Step, elapsed: float, total: float) -> float:
        """The whole length of a step that would last `total` days, and has lasted `elapsed`, as its law counts days."""
        since = self.since[child]
        if self.under_way == "unaffected" or since == NEVER or since < self.run.now or step.by_age:
            return total
        passed = elapsed + max(since - self.run.now, 0.0)
        changed = self.run.ready.model.steps.get(step.name)
        if total <= passed or changed is None or changed.laws == step.laws:
            return total
        old, new = self.run.law(child, step), self.run.law(child, changed)
        # A whole number of days stands for all that is rounded to it.
        around = _HALF_A_DAY if self.run.model.whole_days else 1e-9
        level = (old.sf(total - around) + old.sf(total + around)) / 2.0
        if not 0.0 < level <= 1.0:
            return total
        if self.under_way == "scaled":
            return passed + (total - passed) * new.isf(level) / total
        return max(new.remaining(min(level / max(old.sf(passed), level), 1.0), passed), passed)


def reached(reach: Reach, cases: pd.DataFrame, run: Run) -> Reached:
    """Whom the change reaches in a run, and when."""
    since = reach.since(cases, run.streams, run.start)
    if run.model.whole_days:
        since = [float(np.ceil(day)) for day in since]
    return Reached(since, reach.begins(run.start), reach.under_way, run)
