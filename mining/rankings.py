"""Three rankings of stages, never one: where children wait, where they wait too long, and where shortening would help.

A long stage may help little when shortened (work goes on beside it, or the next panel sets the date), and a short one
much. The third ranking comes from the simulation; until it has run it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import STAGES, Stage
from mining.bottlenecks import LOOPS, SURE, Loop, bottlenecks
from mining.excess import excess

NOT_SIMULATED = "not known yet: run the simulation to see what shortening this stage would save"
_LEVERAGE_COLUMNS = [
    *("rank", "stage", "saved_child_days", "low_days", "high_days", "probability_first", "tied", "leverage_note"),
]


@dataclass(frozen=True, eq=False)
class Rankings:
    """Three tables of the same stages, each in its own order."""

    burden: pd.DataFrame
    """Child-days spent, rework loops as rows of their own; columns of `mining.bottlenecks.bottlenecks`."""
    excess: pd.DataFrame
    """Child-days beyond the limit; columns of `mining.excess.excess`."""
    leverage: pd.DataFrame
    """What shortening each stage would save: `rank`, `stage`, `saved_child_days` with `low_days`, `high_days`,
    `probability_first`, `tied` (no stage comes first in 90 % of draws, and this one comes first in 5 % or more),
    `leverage_note`. Numbers are NaN, and the note says so, until `with_leverage` has filled them in."""


def rankings(
    log: EventLog,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 1000,
    loops: Sequence[Loop] = LOOPS,
) -> Rankings:
    """The three rankings of a log; loops of stages that are not asked for are left out.

    Raises as `mining.bottlenecks.bottlenecks`.
    """
    names = {stage.name for stage in stages}
    mine = [loop for loop in loops if loop.stage in names]
    leverage = pd.DataFrame({"stage": [stage.name for stage in stages]})
    leverage = leverage.assign(leverage_note=NOT_SIMULATED, tied=False).reindex(columns=_LEVERAGE_COLUMNS)
    return Rankings(
        burden=bottlenecks(log, stages, seed=seed, draws=draws, loops=mine),
        excess=excess(log, stages, seed=seed, draws=draws),
        leverage=leverage,
    )


def with_leverage(found: Rankings, table: pd.DataFrame) -> Rankings:
    """The rankings with the third filled in from the simulation.

    `table` has one row a stage: `stage`, `saved_child_days` (saved by shortening the stage by a tenth, or as its note
    says), and where they are known `low_days`, `high_days`, `probability_first`, `leverage_note`. A stage that is not
    in it keeps its NaN and its note. Raises ValueError for a missing column, a stage that comes twice or that the
    rankings do not have.
    """
    missing = [name for name in ("stage", "saved_child_days") if name not in table]
    if missing:
        raise ValueError(f"table must have the columns stage and saved_child_days; missing: {', '.join(missing)}")
    stages = found.leverage["stage"].tolist()
    for name in table["stage"]:
        if name not in stages:
            near = get_close_matches(str(name), stages, n=1, cutoff=0.0)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"stage must be one of the rankings, got {name!r}{hint}")
    if table["stage"].duplicated().any():
        raise ValueError(f"a stage comes twice: {table.loc[table['stage'].duplicated(), 'stage'].iloc[0]!r}")
    known = table.set_index("stage").reindex(stages)
    filled = found.leverage.set_index("stage")
    for name in ("saved_child_days", "low_days", "high_days", "probability_first"):
        if name in known:
            filled[name] = known[name].astype("float64").fillna(filled[name].astype("float64"))
    simulated = known["saved_child_days"].notna()
    notes = known["leverage_note"] if "leverage_note" in known else pd.Series("", index=known.index)
    filled["leverage_note"] = filled["leverage_note"].where(~simulated, notes.fillna(""))
    first = filled["probability_first"].astype("float64")
    filled["tied"] = (first.max() < SURE) & (first >= 0.05)
    filled = filled.reset_index().sort_values(
        ["saved_child_days", "stage"], ascending=[False, True], kind="stable", na_position="last"
    )
    ranks = np.where(filled["saved_child_days"].notna(), np.arange(1, len(filled) + 1), np.nan)
    return replace(found, leverage=filled.assign(rank=ranks).reset_index(drop=True)[_LEVERAGE_COLUMNS])
