"""A predicted chart whose chances are planted: nothing about it is simulated."""

from __future__ import annotations

import numpy as np

from scenarios.predicted import Limits, PredictedChart, PredictedPoint
from scenarios.watched import Watched

ONE = Watched(name="Papers", kind="stage", starts=("in",), stops=("out",), horizon_days=90)
NOWHERE = Limits(low95=0, low80=0, middle=0.5, high80=1, high95=1)


def chart(
    change: float,
    no_change: float,
    *,
    children: int = 20,
    cohorts: int = 8,
    unknown: float = 0.1,
    draws: int = 200,
    gain: np.ndarray | None = None,
) -> PredictedChart:
    """A chart on which so large a share gets there in time with the change and without it.

    `unknown` is the standard deviation of the log odds over the draws; `gain` adds to those with the change.
    """
    noise = unknown * np.random.default_rng(1).standard_normal(draws)
    levels = [np.log(p / (1 - p)) + noise for p in (change, no_change)]
    levels[0] = levels[0] + (0 if gain is None else gain)
    chances = [np.repeat((1 / (1 + np.exp(-level)))[:, None], cohorts, axis=1) for level in levels]
    moved = chances[0].mean(axis=1) - chances[1].mean(axis=1)
    return PredictedChart(
        watched=ONE,
        baseline=(),
        points=tuple(
            PredictedPoint(
                label=f"Q{number}",
                start="2024-01-01",
                end="2024-03-31",
                children=children,
                change=NOWHERE,
                no_change=NOWHERE,
            )
            for number in range(cohorts)
        ),
        difference=float(moved.mean()),
        low_difference=float(moved.min()),
        high_difference=float(moved.max()),
        spread=0.0,
        no_change_spread=0.0,
        change_draws=tuple(map(tuple, chances[0].tolist())),
        no_change_draws=tuple(map(tuple, chances[1].tolist())),
    )
