"""Everybody in one run: the cohort it starts from, and the new cases that arrive during it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.log import from_days, to_days
from simulation.arrivals import GROUP
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


def everybody(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, generator: np.random.Generator) -> Children:
    """Those of the cohort, then the model's new arrivals up to `end`."""
    cases = cohort.cases
    arrival = list(cohort.arrival) or [float("nan")] * len(cases)
    if model.arrivals is not None:
        start = pd.Timestamp(from_days([cohort.day])[0])
        days, rows, group = model.arrivals.draw(start, end, generator)
        new = model.arrivals.pool.iloc[rows].reset_index(drop=True).drop(columns=GROUP, errors="ignore")
        new["case"] = _new_ids(cases["case"], len(new))
        if "child" in new:
            new["child"] = new["case"]  # another child with the same attributes, not the same child again
        if "family" in new:  # named by the first of its children
            new["family"] = new["case"].to_numpy()[np.searchsorted(group, group)]
        new["start"], new["end"] = from_days(days), pd.NaT
        if "birth" in new:
            new["birth"] = from_days(days - new.pop("age_days").to_numpy())
        cases = pd.concat([cases, new], ignore_index=True) if len(cases) else new
        arrival += days.tolist()
    leaves = [NEVER] * len(cases)
    if model.leaves_at_days is not None and "birth" in cases:
        birthday = to_days(cases["birth"]) + model.leaves_at_days
        leaves = np.where(np.isnan(birthday), NEVER, birthday).tolist()
    birth = to_days(cases["birth"]).tolist() if "birth" in cases else [float("nan")] * len(cases)
    return Children(cases, arrival, strata_of(cases, model.stratify_by), leaves, birth)


def _new_ids(taken: pd.Series[str], count: int) -> list[str]:
    """Ids for new cases that no case has yet: a simulated log may itself be simulated further."""
    prefix, known = "new", set(taken)
    while any(f"{prefix}-{number:06d}" in known for number in range(count)):
        prefix += "er"
    return [f"{prefix}-{number:06d}" for number in range(count)]
