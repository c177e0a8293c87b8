"""The nested design: outer draws of what is not known, inner paired runs of chance.

Each outer draw resamples the children of the log (whole families, where they are known), fits the whole model again and
draws the size of each effect from its range. Within a draw, baseline and scenarios run on the same streams, so that
they differ only by the change; different draws, and different replications, run on different ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from scenarios.inputs import inputs_of
from scenarios.measures import Yardstick, measure
from scenarios.moves import Moves
from scenarios.scenario import Scenario
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.model import PathwayModel
from simulation.reach import Reach
from simulation.running import in_order
from simulation.streams import stable_hash

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Experiment:
    """Everything one outer draw needs; sent to worker processes."""

    log: EventLog
    base: PathwayModel
    cohort: Cohort
    panel: Known
    scenarios: tuple[Scenario, ...]
    together: tuple[tuple[int, int], ...] = ()
    """Pairs of scenarios (their positions) that are also run both at once."""
    yardstick: Yardstick
    end: pd.Timestamp
    units: npt.NDArray[np.int64]
    """For each case of the log, the unit (family, child or case) that is resampled whole."""
    moves: Moves | None = None
    """What the records say of placement moves; None where nothing is known of them."""
    seed: int = 1
    replications: int = 1

    @property
    def reaches(self) -> list[Reach | None]:
        """Whom each model is for; the two of a pair are for the same children (`checks.check`)."""
        single = [scenario.reach() for scenario in self.scenarios]
        return [None, *single, *(single[one] for one, _ in self.together)]

    @property
    def models(self) -> int:
        """How many models each replication runs: the baseline, the scenarios, the pairs."""
        return 1 + len(self.scenarios) + len(self.together)


@dataclass(frozen=True, eq=False)
class Draw:
    """What one outer draw gave."""

    values: Floats
    """[replication, model, measure]: model 0 is the baseline, then the scenarios, then the pairs."""
    inputs: Floats
    """The telling number of each group of fitted parameters (`inputs.inputs_of`)."""
    sizes: tuple[Floats, ...]
    """The sizes of each scenario's changes; NaN where the draw has no effect."""


@dataclass(frozen=True, eq=False)
class Draws:
    """All outer draws: the arrays of `Draw` with one more axis in front."""

    values: Floats
    inputs: Floats
    sizes: tuple[Floats, ...]

    @classmethod
    def of(cls, draws: list[Draw]) -> Draws:
        """Put together in order."""
        sizes = tuple(np.stack(one) for one in zip(*(draw.sizes for draw in draws), strict=True))
        return cls(np.stack([draw.values for draw in draws]), np.stack([draw.inputs for draw in draws]), sizes)


def all_draws(experiment: Experiment, draws: int, workers: int = 1, **running: Any) -> Draws:
    """Every outer draw, the same whatever the number of workers; `running`: as `simulation.running.in_order`."""
    jobs = [(experiment, number) for number in range(draws)]
    return Draws.of(list(in_order(one_draw, jobs, workers, **running)))


def one_draw(experiment: Experiment, number: int) -> Draw:
    """The outer draw with this number: resample, fit again, draw sizes, run every model on the same streams."""
    weight = resampled(experiment.units, experiment.seed, number)
    model = fit_pathway(experiment.log, panel=experiment.panel, weight=weight, base=experiment.base)
    sizes = [drawn_sizes(scenario, experiment.seed, number) for scenario in experiment.scenarios]
    models = changed_models(experiment, model, sizes)
    values = run_models(experiment, model, list(zip(models, experiment.reaches, strict=True)), number)
    if experiment.moves is not None:
        yardstick = experiment.yardstick
        moves = yardstick.part("away_days", values) @ experiment.moves.rates(weight)
        values[..., yardstick.places["moves"]] = moves[..., None]
    known = tuple(np.asarray([np.nan if size is None else size for size in drawn], dtype=np.float64) for drawn in sizes)
    told = [one.tell(model) for one in inputs_of(experiment.base)]
    return Draw(values, np.asarray(told, dtype=np.float64), known)


def resampled(units: npt.NDArray[np.int64], seed: int, number: int) -> Floats:
    """How often each case counts in a resample of whole units."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number, stable_hash("draw")])))
    names, unit = np.unique(units, return_inverse=True)
    drawn = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
    return drawn[unit].astype(np.float64)


def drawn_sizes(scenario: Scenario, seed: int, number: int) -> tuple[float | None, ...]:
    """The sizes of a scenario in a draw: its own, so that another scenario beside it leaves them as they are."""
    key = np.random.SeedSequence([seed, number, stable_hash(scenario.name)])
    return scenario.sizes(np.random.Generator(np.random.PCG64(key)))


def changed_models(
    experiment: Experiment, model: PathwayModel, sizes: list[tuple[float | None, ...]]
) -> list[PathwayModel]:
    """The baseline, each scenario's model, and each pair's: the second change on top of the first.

    Raises ValueError where two cannot be made together, with their names.
    """
    single = [scenario.apply(model, size) for scenario, size in zip(experiment.scenarios, sizes, strict=True)]
    both = []
    for one, two in experiment.together:
        first, second = experiment.scenarios[one], experiment.scenarios[two]
        try:
            both.append(second.apply(single[one], sizes[two]))
        except ValueError as error:
            raise ValueError(f"{first.name!r} and {second.name!r} cannot be made together: {error}") from error
    return [model, *single, *both]


def run_models(
    experiment: Experiment, under: PathwayModel, models: Sequence[tuple[PathwayModel, Reach | None]], number: int
) -> Floats:
    """Measures of every model, and whom it is for, in every replication of a draw: [replication, model, measure].

    Work under way at the start goes on by the laws of the model `under`, whatever a change does to later work.
    Placement moves stay unknown.
    """
    cohort = replace(experiment.cohort, model=under)
    values = np.empty((experiment.replications, len(models), experiment.yardstick.width))
    for replication in range(experiment.replications):
        run = number * experiment.replications + replication
        for place, (model, reach) in enumerate(models):
            log = simulate(model, cohort, experiment.end, seed=experiment.seed, replication=run, reach=reach)
            values[replication, place] = measure(log, experiment.yardstick)
    return values
