"""What a team watches after a change: the share of children who get somewhere in time, by when their clock started.

The same definition serves the prediction and the extract that comes later: by entry cohort at a fixed horizon, a
cohort counting only when all its children have had the horizon, leaving another way counting as not reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import Aim, Stage
from mining.aims import aim_visits
from mining.charts import entry_cohort_series
from mining.survival import aalen_johansen
from mining.visits import REACHED, Visits, stage_visits
from simulation.gates import ReviewCycle
from simulation.model import PathwayModel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
CohortPeriod = Literal["month", "quarter"]
_WEEK = 7.0
_USEFUL = (0.15, 0.85)
"""A share nearer to none or all than this can hardly show a change; another horizon is then chosen."""
_LONGEST_WEEKS = 104
_FEWEST_VISITS = 20
"""Visits without which no horizon can be chosen."""

RESPOND_FIRST: tuple[Stage, ...] = (
    Stage("First review: accommodated to first review", (v.ACCOMMODATED,), (v.REVIEW,)),
    Stage("Legal advice: recommendation to advice received", (v.RECOMMENDED,), (v.LEGAL_RECEIVED,), all_stops=True),
    Stage("Health assessment: recommendation to completed", (v.RECOMMENDED,), (v.HEALTH_COMPLETED,), all_stops=True),
)
"""Single steps that a change can move within weeks; papers that are in before the recommendation take 0 days."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One run chart: who is on it, what stops the clock, and within how many days."""

    name: str
    kind: Literal["stage", "responds first", "aim"]
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    horizon_days: float
    all_stops: bool = False
    starts_after_days: float = 0.0
    max_age: float | None = None

    @property
    def what(self) -> Stage | Aim:
        """The stage or aim that is timed."""
        if self.kind == "aim":
            return Aim(
                number=0,
                name=self.name,
                clock_start=self.starts[0],
                clock_stops=self.stops,
                limit_days=self.horizon_days,
                target_share=0.0,
                starts_after_days=self.starts_after_days,
                max_age=self.max_age,
            )
        return Stage(self.name, self.starts, self.stops, self.all_stops, self.horizon_days)

    @property
    def label(self) -> str:
        """The share in words, with its horizon."""
        return f"{self.name}, within {self.horizon_days:g} days"

    @property
    def activities(self) -> tuple[str, ...]:
        """Everything that starts or stops the clock."""
        return (*self.starts, *self.stops)


def watched_in(
    log: EventLog,
    model: PathwayModel,
    *,
    stages: Sequence[Stage] = v.STAGES,
    more: Sequence[Stage] = RESPOND_FIRST,
    aims: Sequence[Aim] = v.AIMS,
) -> tuple[Watched, ...]:
    """What of the stages, single steps and aims can be predicted: all that starts and stops it is in the model.

    The horizon is the limit where the share within it is neither near none nor near all; otherwise, and without a
    limit, the whole number of weeks within which half of those who ever get there have got there. What fewer than 20
    visits speak of is left out.
    """
    modelled = {step.activity for step in model.steps.values()}
    # Reviews are in the model only while a plan is in the making, so no aim can be judged by them.
    reviews = {gate.review for gate in model.gates.values() if isinstance(gate, ReviewCycle)}
    found = []
    for kind, whats, there in (("stage", stages, modelled), ("responds first", more, modelled | reviews)):
        for stage in whats:
            if {*stage.starts, *stage.stops} <= there:
                days = _horizon(stage_visits(log, stage), stage.limit_days)
                if days is not None:
                    where = {"starts": stage.starts, "stops": stage.stops, "all_stops": stage.all_stops}
                    found.append(Watched(name=stage.name, kind=kind, horizon_days=days, **where))  # type: ignore[arg-type]
    known = [aim for aim in aims if {aim.clock_start, *aim.clock_stops} <= modelled]
    found += [_of_aim(aim) for aim in known if len(aim_visits(log, aim)[0]) >= _FEWEST_VISITS]
    return tuple(found)


def _of_aim(aim: Aim) -> Watched:
    return Watched(
        name=f"Aim {aim.number}: {aim.name}",
        kind="aim",
        starts=(aim.clock_start,),
        stops=aim.clock_stops,
        horizon_days=float(aim.limit_days),
        starts_after_days=float(aim.starts_after_days),
        max_age=aim.max_age,
    )


def _horizon(visits: Visits, limit: float | None) -> float | None:
    if len(visits) < _FEWEST_VISITS or not (visits.cause == REACHED).any():
        return None
    reached = aalen_johansen(visits.days, visits.cause, entry=visits.entry_delay, ways=2)
    if limit is not None and _USEFUL[0] <= float(reached.at(limit)[0]) <= _USEFUL[1]:
        return float(limit)
    shares = np.array([float(reached.at(week * _WEEK)[0]) for week in range(1, _LONGEST_WEEKS + 1)])
    known = shares[~np.isnan(shares)]
    if not len(known) or not known[-1] > 0:
        return None
    return float((int(np.argmax(known >= known[-1] / 2)) + 1) * _WEEK)


@dataclass(frozen=True, kw_only=True)
class CohortPeriods:
    """Calendar periods in which cohorts enter, one after the other."""

    period: CohortPeriod
    labels: tuple[str, ...]
    starts: tuple[pd.Timestamp, ...]
    ends: tuple[pd.Timestamp, ...]

    @classmethod
    def after(cls, day: pd.Timestamp, months: int, period: CohortPeriod) -> CohortPeriods:
        """The whole periods that begin after a day, for so many months (at least one period).

        >>> CohortPeriods.after(pd.Timestamp("2024-07-31"), 6, "quarter").labels
        ('2024 Q4', '2025 Q1')
        """
        letter = "Q" if period == "quarter" else "M"
        first = day.to_period(letter) + 1
        whole = [first + number for number in range(max(1, months // (3 if period == "quarter" else 1)))]
        labels = [f"{p.year} Q{p.quarter}" if period == "quarter" else f"{p.year}-{p.month:02d}" for p in whole]
        return cls(
            period=period,
            labels=tuple(labels),
            starts=tuple(p.start_time.normalize() for p in whole),
            ends=tuple(p.end_time.normalize() for p in whole),
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def months_each(self) -> int:
        """Months in one period."""
        return 3 if self.period == "quarter" else 1


@dataclass(frozen=True, eq=False)
class Cohorts:
    """The children who entered in each of some periods."""

    children: Ints
    """For each period how many children's clock started in it."""
    reached: Ints
    """How many of them got there within the horizon so far."""
    complete: BoolArray
    """Whether the period is over and every one of them has had the horizon."""
    due: tuple[pd.Timestamp, ...]
    """The day on which it is, or was, complete, as far as can be told by now."""
    days: Floats
    """The days of every child of all periods; infinite for those not there within the horizon."""


def cohorts_of(log: EventLog, watched: Watched, periods: CohortPeriods) -> Cohorts:
    """The cohorts of a log, simulated or observed: the points of `mining.charts.entry_cohort_series`, and the days."""
    what = watched.what
    visits = aim_visits(log, what)[0] if isinstance(what, Aim) else stage_visits(log, what)
    edges = to_days(pd.Series([*periods.starts, periods.ends[-1] + pd.Timedelta(days=1)]))
    cell = np.searchsorted(edges, visits.start, side="right") - 1
    inside = (cell >= 0) & (cell < len(periods))
    cell, start = cell[inside], visits.start[inside]
    there = ((visits.cause == REACHED) & (visits.days <= watched.horizon_days))[inside]
    last = edges[1:] - 1
    np.maximum.at(last, cell, start + watched.horizon_days)
    return Cohorts(
        children=np.bincount(cell, minlength=len(periods)).astype(np.int64),
        reached=np.bincount(cell[there], minlength=len(periods)).astype(np.int64),
        complete=last <= log.arrays.window_end,
        due=tuple(pd.Timestamp(day) for day in from_days(last)),
        days=np.asarray(np.where(there, visits.days[inside], np.inf)),
    )


def points(log: EventLog, watched: Watched, period: CohortPeriod) -> pd.DataFrame:
    """The whole run chart of a log: see `mining.charts.entry_cohort_series`."""
    return entry_cohort_series(log, watched.what, horizon_days=watched.horizon_days, period=period)
