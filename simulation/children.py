"""Everybody in one run: the cohort it starts from, and the new cases that arrive during it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import from_days, to_days
from simulation.arrivals import Arriving
from simulation.cohort import Cohort, strata_of
from simulation.model import PathwayModel

NEVER = float("inf")
"""The day of what does not happen."""


@dataclass(frozen=True)
class Children:
    """Everybody in one run: those open at the start, then the arrivals, numbered in that order."""

    cases: pd.DataFrame
    arrival: list[float]
    """Day of arrival, for those not yet there at the start; NaN for the others."""
    strata: list[str]
    leaves: list[float]
    """Day on which the case ends whatever else happens; infinite where there is none."""
    birth: list[float]
    """Day of birth; NaN where it is not known."""

    def part(self, first: int, last: int) -> Children:
        """Those from number `first` up to, but not including, `last`, numbered from 0."""
        some = slice(first, last)
        return Children(
            self.cases.iloc[some], self.arrival[some], self.strata[some], self.leaves[some], self.birth[some]
        )


def everybody(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, generator: np.random.Generator) -> Children:
    """Those of the cohort, then the model's new arrivals up to `end`."""
    cases = cohort.cases
    arrival = list(cohort.arrival) or [float("nan")] * len(cases)
    if model.arrivals is not None:
        start = pd.Timestamp(from_days([cohort.day])[0])
        coming = model.arrivals.draw(start, end, generator)
        cases = _with_newcomers(cohort, model.arrivals.pool, coming)
        arrival += coming.days.tolist()
    leaves = [NEVER] * len(cases)
    birth = [float("nan")] * len(cases)
    if "birth" in cases:
        born = to_days(cases["birth"])
        birth = born.tolist()
        if model.leaves_at_days is not None:
            leaves = np.where(np.isnan(born), NEVER, born + model.leaves_at_days).tolist()
    return Children(cases, arrival, strata_of(cases, model.stratify_by), leaves, birth)


def _with_newcomers(cohort: Cohort, pool: pd.DataFrame, coming: Arriving) -> pd.DataFrame:
    """The cohort's cases, then the new ones with what they copy from the pool."""
    known = len(cohort.cases)
    cases = cohort.beside(pool).take(np.concatenate([np.arange(known), known + coming.rows]))
    cases.index = pd.RangeIndex(len(cases))
    ids = pd.array(_new_ids(cohort.cases["case"], len(coming.rows)), dtype="str")
    new: dict[str, Any] = {"case": ids, "start": from_days(coming.days)}
    if "child" in pool:
        new["child"] = ids  # another child with the same attributes, not the same child again
    if "family" in pool:  # named by the first of its children
        new["family"] = ids.take(np.searchsorted(coming.group, coming.group))
    if "birth" in pool:
        new["birth"] = from_days(coming.days - pool["age_days"].to_numpy()[coming.rows])
    for name, values in new.items():
        column = cases[name].array.copy()
        column[known:] = values
        cases[name] = column
    return cases


def _new_ids(taken: pd.Series[str], count: int) -> list[str]:
    """Ids for new cases that no case has yet: a simulated log may itself be simulated further."""
    prefix, known = "new", taken.tolist()
    while any(name.startswith(f"{prefix}-") for name in known):
        prefix += "er"
    return [f"{prefix}-{number:06d}" for number in range(count)]
