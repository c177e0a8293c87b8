"""What a fitted model consists of, group by group: each with one telling number, and exchangeable between fits.

The number (mean days, a share, cases a year) puts the fits of resampled records in order, and says which of them has
the group at its 10th or 90th percentile; the whole group is then taken from that fit, shape of the curve and all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from event_logs import vocabulary as v
from simulation import pathway
from simulation.gates import ReviewCycle
from simulation.model import START, Choice, PathwayModel

_MEAN_UP_TO_DAYS = 730.0
_TELLING = {pathway.PLAN_DECIDED: v.RECOMMENDED, v.PANEL: v.INFORMATION_RECEIVED}
"""Of the ways after these, the one whose share is told; elsewhere the first."""


@dataclass(frozen=True)
class Input:
    """One group of fitted parameters."""

    name: str
    unit: str
    tell: Callable[[PathwayModel], float]
    """The telling number of a model's group."""
    take: Callable[[PathwayModel, PathwayModel], PathwayModel]
    """The first model with the group of the second."""


def inputs_of(model: PathwayModel) -> tuple[Input, ...]:
    """The groups of a model: how long each stretch lasts, which way children go, the gates, the new cases.

    Steps that take no time of their own, choices without an alternative and how a case begins are no groups: of the
    last, the observed cases that new ones copy decide.
    """
    stretches: dict[str, list[str]] = {}
    for name, step in model.steps.items():
        if any(law.isf(0.5) > 0 or law.isf(0.05) > 0 for law in step.laws.values()):
            stretches.setdefault(name.split(" → ")[0], []).append(name)
    found = [_duration(after, tuple(names)) for after, names in stretches.items()]
    for name, choice in model.choices.items():
        if len(choice.options) > 1 and name not in (START, v.BECAME_LOOKED_AFTER):
            found.append(_share(name, _told(model, name, choice)))
    found += [_gate(name) for name, gate in model.gates.items() if isinstance(gate, ReviewCycle)]
    if model.arrivals is not None:
        found.append(Input("New cases", "a year", _cases_a_year, lambda one, two: replace(one, arrivals=two.arrivals)))
    return tuple(found)


def _duration(after: str, names: tuple[str, ...]) -> Input:
    def tell(model: PathwayModel) -> float:
        return float(np.mean([model.steps[name].laws[""].mean(_MEAN_UP_TO_DAYS) for name in names]))

    def take(model: PathwayModel, donor: PathwayModel) -> PathwayModel:
        return replace(model, steps={**model.steps, **{name: donor.steps[name] for name in names}})

    label = "Time until a plan is ready" if after == pathway.PLANNING else f"Time after {after}"
    return Input(label, "days on average, at most two years counted", tell, take)


def _told(model: PathwayModel, name: str, choice: Choice) -> int:
    """Which of the options is told."""
    ways = [{model.steps[step].activity for step in option.starts} for option in choice.options]
    return next((number for number, way in enumerate(ways) if _TELLING.get(name) in way), 0)


def _share(name: str, number: int) -> Input:
    def tell(model: PathwayModel) -> float:
        choice = model.choices[name]
        strata = {stratum for option in choice.options for stratum in option.share}
        runs = [np.diff([0.0, *choice.cumulative(stratum)]) for stratum in sorted(strata)]
        return float(np.mean([run[number] for run in runs]))

    def take(model: PathwayModel, donor: PathwayModel) -> PathwayModel:
        return replace(model, choices={**model.choices, name: donor.choices[name]})

    after = "the plan is decided" if name == pathway.PLAN_DECIDED else name
    way = f": {_TELLING[name]}" if name in _TELLING else ""
    return Input(f"Which way after {after}{way}", "share", tell, take)


def _gate(name: str) -> Input:
    def tell(model: PathwayModel) -> float:
        gate = model.gates[name]
        assert isinstance(gate, ReviewCycle)
        return float(np.mean([gap.mean(_MEAN_UP_TO_DAYS) for gap in gate.gaps])) / gate.decides

    def take(model: PathwayModel, donor: PathwayModel) -> PathwayModel:
        return replace(model, gates={**model.gates, name: donor.gates[name]})

    return Input(f"{name}: gaps, and how often a ready plan is decided", "days from one chance to the next", tell, take)


def _cases_a_year(model: PathwayModel) -> float:
    return 0.0 if model.arrivals is None else float(model.arrivals.per_month.sum())
