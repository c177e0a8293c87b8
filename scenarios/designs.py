"""Runs at chosen points rather than at random ones: every group of parameters, and every size, set where it is wanted.

Groups come from the fits of resampled records: the share u of a group is the group of that fit whose telling number
has a share u of the others below it. So what is tried is what the records leave possible, not plus and minus 10 %.
All points run on the same streams: what differs between two points is what was set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.inputs import Input, inputs_of
from scenarios.nested import Experiment, drawn_sizes, resampled, run_models
from simulation.fit import fit_pathway
from simulation.model import PathwayModel
from simulation.reach import Reach
from simulation.running import in_order

Floats = npt.NDArray[np.float64]
_APART = 1_000_000
"""The points' replications are numbered from here, so that they share no stream with the draws of the comparison."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where the inputs are set: shares in [0, 1] by the input's position; those not named stay as fitted (sizes: at
    their middle)."""

    groups: tuple[tuple[int, float], ...] = ()
    sizes: tuple[tuple[int, float], ...] = ()
    """By position among the scenario's sizes; each scenario's own."""


@dataclass(frozen=True, eq=False)
class Space:
    """What a comparison leaves possible: its groups of parameters and sizes, in order."""

    experiment: Experiment
    told: Floats
    """Telling number of each group in each fit, as [draw, input]."""
    drawn: tuple[Floats, ...]
    """The sizes of each scenario in each draw, as [draw, size]; NaN where the draw has no effect."""
    fits: dict[int, PathwayModel]
    """The model fitted in each draw."""

    @classmethod
    def of(cls, experiment: Experiment, draws: int) -> Space:
        """From so many fits of resampled records and drawn sizes; nothing is run."""
        inputs = inputs_of(experiment.base)
        fits, told, sizes = {}, [], []
        for number in range(draws):
            weight = resampled(experiment.units, experiment.seed, number)
            fits[number] = fit_pathway(experiment.log, panel=experiment.panel, weight=weight, base=experiment.base)
            told.append([one.tell(fits[number]) for one in inputs])
            drawn = [drawn_sizes(scenario, experiment.seed, number) for scenario in experiment.scenarios]
            sizes.append([np.asarray([np.nan if size is None else size for size in one], dtype=float) for one in drawn])
        found = tuple(np.stack(one) for one in zip(*sizes, strict=True))
        return cls(experiment, np.asarray(told, dtype=np.float64), found, fits)

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """Every group of parameters of the fitted model."""
        return inputs_of(self.experiment.base)

    @cached_property
    def varying(self) -> list[int]:
        """Positions of the groups that differ between fits."""
        return [place for place, values in enumerate(self.told.T) if np.ptp(values) > 0]

    def ranked(self, place: int, share: float) -> int:
        """The draw whose telling number of a group has this share of the draws below it."""
        order = np.argsort(self.told[:, place], kind="stable")
        return int(order[round(share * (len(order) - 1))])

    def value(self, place: int, share: float) -> float:
        """The telling number of a group there."""
        return float(self.told[self.ranked(place, share), place])

    def size(self, scenario: int, place: int, share: float) -> float:
        """A size of a scenario that this share of its draws does not exceed, of those with an effect; NaN for none."""
        drawn = self.drawn[scenario][:, place]
        known = drawn[np.isfinite(drawn)]
        return float(np.quantile(known, share)) if len(known) else float("nan")

    def model(self, point: Point) -> PathwayModel:
        """The base fit with the groups of a point."""
        model = self.experiment.base
        for place, share in point.groups:
            model = self.inputs[place].take(model, self.fits[self.ranked(place, share)])
        return model

    def sizes(self, scenario: int, point: Point) -> tuple[float | None, ...]:
        """The sizes of a scenario at a point; None for each where no draw has an effect."""
        asked = dict(point.sizes)
        count = self.drawn[scenario].shape[1]
        found = [self.size(scenario, place, asked.get(place, 0.5)) for place in range(count)]
        return tuple(None if np.isnan(size) else size for size in found)

    def models(self, point: Point) -> list[tuple[PathwayModel, Reach | None]]:
        """Baseline and scenarios at a point, and whom each is for."""
        model = self.model(point)
        changed = [
            (scenario.apply(model, self.sizes(number, point)), scenario.reach())
            for number, scenario in enumerate(self.experiment.scenarios)
        ]
        return [(model, None), *changed]


def run_points(space: Space, points: Sequence[Point], **running: Any) -> Floats:
    """Child-weeks of all stages saved (below 0) at each point: [point, replication, scenario], on common streams."""
    jobs = [(space.experiment, space.models(point)) for point in points]
    return np.stack(list(in_order(_saved, jobs, **running)))


def _saved(experiment: Experiment, models: list[tuple[PathwayModel, Reach | None]]) -> Floats:
    values = run_models(experiment, models[0][0], models, _APART)
    spent = experiment.yardstick.part("child_weeks", values).sum(axis=-1)
    return np.asarray(spent[:, 1:] - spent[:, :1])
