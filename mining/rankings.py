"""Two of the three rankings of stages, never one: where children wait, and where they wait too long.

The third, where shortening would help, cannot be read off a log: a long stage may help little when shortened (work
goes on beside it, or the next panel sets the date), and a short one much. It is simulated by `scenarios.leverage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import STAGES, Stage
from mining.bottlenecks import LOOPS, Loop, bottlenecks
from mining.excess import excess


@dataclass(frozen=True, eq=False)
class Rankings:
    """Two tables of the same stages, each in its own order."""

    burden: pd.DataFrame
    """Child-days spent, rework loops as rows of their own; columns of `mining.bottlenecks.bottlenecks`."""
    excess: pd.DataFrame
    """Child-days beyond the limit; columns of `mining.excess.excess`."""


def rankings(
    log: EventLog,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 1000,
    loops: Sequence[Loop] = LOOPS,
) -> Rankings:
    """The two rankings of a log; loops of stages that are not asked for are left out.

    Raises as `mining.bottlenecks.bottlenecks`.
    """
    names = {stage.name for stage in stages}
    mine = [loop for loop in loops if loop.stage in names]
    return Rankings(
        burden=bottlenecks(log, stages, seed=seed, draws=draws, loops=mine),
        excess=excess(log, stages, seed=seed, draws=draws),
    )
