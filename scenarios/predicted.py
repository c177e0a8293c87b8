"""What a prediction says, as data: points to come with their limits, the draws behind them, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from scenarios.cohort_shares import CohortShares
from scenarios.watched import CohortPeriod, Watched

WITH, WITHOUT = 0, 1
"""The two futures, in the order of the arrays: with the change, and without it."""
TOUCHED = 0.02
"""A change that moves the share by less than two children in a hundred is not expected to show in that stage."""

_AGREE = 0.9


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a point should lie: its mean, and the limits within which it lies 80 and 95 times in 100."""

    low95: float
    low80: float
    middle: float
    high80: float
    high95: float


@dataclass(frozen=True, kw_only=True)
class PredictedPoint:
    """One point still to come: the cohort that enters in one period."""

    label: str
    start: str
    end: str
    """Last day of the period (ISO, as `start`)."""
    children: int
    """The expected number: the limits are for so many."""
    change: Limits
    no_change: Limits


@dataclass(frozen=True, kw_only=True)
class BaselinePoint:
    """One complete point before the change."""

    label: str
    children: int
    reached: int


@dataclass(frozen=True, kw_only=True)
class PredictedChart:
    """One run chart: what it shows so far and what it should show."""

    watched: Watched
    baseline: tuple[BaselinePoint, ...]
    points: tuple[PredictedPoint, ...]
    difference: float
    """By how much the change should move the share, on average over the points and draws."""
    low_difference: float
    high_difference: float
    """Its 95 % interval over the draws."""
    spread: float
    no_change_spread: float
    """Correlation of two children of a cohort beyond what the chance explains, in each future."""
    change_draws: tuple[tuple[float, ...], ...]
    """[draw][period]: chance of getting there in time with the change."""
    no_change_draws: tuple[tuple[float, ...], ...]

    @cached_property
    def touched(self) -> bool:
        """Whether the change is expected to show here: it moves the share, and nine draws in ten agree which way."""
        moved = self.shares(WITH).chance.mean(axis=1) - self.shares(WITHOUT).chance.mean(axis=1)
        return abs(self.difference) >= TOUCHED and float((moved * self.difference > 0).mean()) >= _AGREE

    def shares(self, future: int) -> CohortShares:
        """The stored draws of one future, `WITH` or `WITHOUT` the change."""
        return self._shares[future]

    @cached_property
    def _shares(self) -> tuple[CohortShares, CohortShares]:
        change, usual = (np.asarray(rows, dtype=np.float64) for rows in (self.change_draws, self.no_change_draws))
        return CohortShares(change, self.spread), CohortShares(usual, self.no_change_spread)


@dataclass(frozen=True, kw_only=True)
class PowerRow:
    """How likely one way of looking at one run chart is to see the predicted change."""

    chart: str
    per_month: float
    months: int
    children: int
    method: str
    detected: float
    false_alarm: float


@dataclass(frozen=True, kw_only=True)
class MadeFrom:
    """What a prediction rests on."""

    log_sha256: str
    model_sha256: str
    scenario_sha256: str
    version: str
    seed: int
    draws: int


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a scenario says will happen, said before it happens."""

    schema_version: Literal[1] = 1
    name: str
    """The scenario's name."""
    title: str
    date: str
    """The last day of the extract it was made from (ISO)."""
    begins: str
    """The day on which the change is taken to begin."""
    period: CohortPeriod
    judge_by: str
    """The stage that decides, agreed beforehand: the one in which the change is most likely to show. Without a stage
    that it should move, an aim or a single step; "" where nothing should move."""
    responds_first: str
    """The single step that should show it first, which says that the change is done, not that it helps; "" for none."""
    no_effect: float
    """Probability, stated beforehand, that tried here the idea changes nothing."""
    size_names: tuple[str, ...]
    charts: tuple[PredictedChart, ...]
    power: tuple[PowerRow, ...]
    made_from: MadeFrom
    sizes: tuple[tuple[float, ...], ...]
    """[draw][change]: the sizes drawn."""

    def chart(self, name: str) -> PredictedChart:
        """The chart of this name; raises KeyError for another."""
        return {chart.watched.name: chart for chart in self.charts}[name]
