"""The break-even size of an effect: how large a change must be for an aim to reach its target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scenarios.designs import Space
from scenarios.nested import run_models
from simulation.running import in_order

Floats = npt.NDArray[np.float64]
STEPS = 7
"""Halvings of the stretch from no change to the largest one tried: what is left is below a hundredth of it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: which size of which scenario brings an aim to its target."""

    scenario: str
    place: int = 0
    """Position of the size among the scenario's sizes; the others are at their middle."""
    aim: int
    """Number of the aim."""
    nothing: float
    """The size at which the change changes nothing, and the largest one to try."""
    most: float


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """How large an effect must be for an aim's target."""

    question: Question
    target_share: float
    size: float
    """Where the mean share reaches the target; NaN where it does not even at `most`."""
    low: float
    """95 % interval over the outer draws: the smaller change first. NaN where the draw at that limit does not reach the
    target even at `most`."""
    high: float
    reached_share: float
    """Share of the draws in which the target is reached at `most` or before."""
    share_without: float
    """Mean share of children in time without the change..."""
    share_at_most: float
    """... and with the largest one tried."""


def break_even(space: Space, question: Question, *, draws: int = 20, replications: int = 1) -> BreakEven:
    """Answer a question by bisection of the mean share over the first `draws` fits, on common random numbers.

    Every size is tried on the same fits and streams, so that the mean is smooth in the size. The interval is of the
    sizes at which each draw by itself reaches the target, read off between the sizes tried. Raises ValueError for a
    scenario or an aim that is not compared, or more draws than the comparison has.
    """
    curve = _Curve(space, question, draws, replications)
    target = curve.target
    size = root_by_bisection(curve.mean, question.nothing, question.most, target)
    curve.mean(question.most)
    sizes, shares = curve.tried()
    roots = np.asarray([first_crossing(sizes, one, target) for one in shares.T])
    low, high = np.quantile(np.where(np.isnan(roots), np.inf, roots), [0.025, 0.975], method="inverted_cdf")
    span = question.most - question.nothing
    ends = [question.nothing + end * span if np.isfinite(end) else float("nan") for end in (low, high)]
    return BreakEven(
        question=question,
        target_share=target,
        size=size,
        low=ends[0],
        high=ends[1],
        reached_share=float(np.isfinite(roots).mean()),
        share_without=curve.mean(question.nothing),
        share_at_most=curve.mean(question.most),
    )


class _Curve:
    """Share in time by size of the change, for each of the draws; every size is run once."""

    def __init__(self, space: Space, question: Question, draws: int, replications: int) -> None:
        work = space.experiment
        names = [scenario.name for scenario in work.scenarios]
        numbers = [aim.number for aim in work.yardstick.aims]
        if question.scenario not in names or question.aim not in numbers:
            raise ValueError(
                f"scenario must be one of {', '.join(names)} and aim one of {', '.join(map(str, numbers))}, "
                f"got {question.scenario!r} and {question.aim}"
            )
        if draws > len(space.fits):
            raise ValueError(f"draws must be at most {len(space.fits)}, those there are, got {draws}")
        self.space, self.question, self.draws = space, question, draws
        self.work = replace(work, replications=replications)
        self.scenario = names.index(question.scenario)
        self.aim = numbers.index(question.aim)
        self.target = work.yardstick.aims[self.aim].target_share
        self.found: dict[float, Floats] = {}

    def mean(self, size: float) -> float:
        """Mean share over the draws at a size; NaN where no draw can tell."""
        known = self.shares(size)
        known = known[np.isfinite(known)]
        return float(known.mean()) if len(known) else float("nan")

    def shares(self, size: float) -> Floats:
        """Share in time of each draw at a size."""
        if size not in self.found:
            self.found[size] = np.asarray([self._share(number, size) for number in range(self.draws)])
        return self.found[size]

    def _share(self, number: int, size: float) -> float:
        fitted = model = self.space.fits[number]
        reach = None
        if size != self.question.nothing:
            count = self.space.drawn[self.scenario].shape[1]
            middle = [self.space.size(self.scenario, place, 0.5) for place in range(count)]
            sizes = tuple(size if place == self.question.place else other for place, other in enumerate(middle))
            scenario = self.work.scenarios[self.scenario]
            model, reach = scenario.apply(fitted, sizes), scenario.reach()
        values = run_models(self.work, fitted, [(model, reach)], number)
        shares = self.work.yardstick.part("aims", values)[:, 0, self.aim]
        known = shares[np.isfinite(shares)]
        return float(known.mean()) if len(known) else float("nan")

    def tried(self) -> tuple[Floats, Floats]:
        """Every size tried, as a share of the way from no change to the largest, and the shares [size, draw]."""
        span = self.question.most - self.question.nothing
        way = sorted(self.found, key=lambda size: (size - self.question.nothing) / span)
        places = np.asarray([(size - self.question.nothing) / span for size in way])
        return places, np.stack([self.found[size] for size in way])


def break_evens(space: Space, questions: Sequence[Question], *, draws: int = 20, **running: Any) -> list[BreakEven]:
    """The answers to several questions, in their order; `running`: as `simulation.running.in_order`."""
    return list(in_order(_answer, [(space, question, draws) for question in questions], **running))


def _answer(space: Space, question: Question, draws: int) -> BreakEven:
    return break_even(space, question, draws=draws)


def root_by_bisection(
    function: Callable[[float], float], nothing: float, most: float, target: float, steps: int = STEPS
) -> float:
    """The size between `nothing` and `most` at which a function that rises that way reaches the target.

    Of the last half, the end that reaches it, so that the size found does; `nothing` where that reaches it already, and
    NaN where `most` does not.

    >>> root_by_bisection(lambda size: size / 10, 0.0, 8.0, 0.5, steps=30)
    5.0
    """
    if function(nothing) >= target:
        return nothing
    if not function(most) >= target:
        return float("nan")
    short, enough = nothing, most
    for _ in range(steps):
        middle = (short + enough) / 2.0
        if function(middle) >= target:
            enough = middle
        else:
            short = middle
    return enough


def first_crossing(places: Floats, values: Floats, target: float) -> float:
    """Where a curve through points first reaches the target, straight lines between them; NaN where it never does.

    >>> first_crossing(np.array([0.0, 0.5, 1.0]), np.array([0.2, 0.4, 0.8]), 0.6)
    0.75
    """
    known = np.isfinite(values)
    places, values = places[known], values[known]
    enough = np.flatnonzero(values >= target)
    if not len(enough):
        return float("nan")
    at = int(enough[0])
    if at == 0:
        return float(places[0])
    step = (target - values[at - 1]) / (values[at] - values[at - 1])
    return float(places[at - 1] + step * (places[at] - places[at - 1]))
