"""What shortening each stage would do to the whole: the third ranking, beside burden and excess.

A long stage need not be worth shortening: what is saved in it may be waited for at the next gate. So each stage is
shortened by itself in the simulation, and what counts is the days saved in all stages together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.vocabulary import STAGES
from mining.bottlenecks import tied
from scenarios.capacity import GateChange
from scenarios.compare import compare
from scenarios.effects import difference_of
from scenarios.measures import DAYS_A_WEEK
from scenarios.ranges import Range
from scenarios.scenario import Scenario
from scenarios.shorter import Shorten
from simulation import pathway
from simulation.known_gates import Known
from simulation.running import Progress

TENTH = Range.exactly(0.9)
_BY_TIME = "every step in it takes a tenth less time"

LEVERS: Mapping[str, Scenario] = {
    stage.name: Scenario(name=f"shorter {stage.name}", title=stage.name, rationale=note, changes=(change,))
    for stage, change, note in (
        (STAGES[0], Shorten(activities=(pathway.PLANNING,), factor=TENTH), "plans are ready a tenth sooner"),
        (
            STAGES[1],
            Shorten(after=(v.RECOMMENDED, v.LEGAL_REQUESTED, v.HEALTH_REQUESTED), factor=TENTH),
            _BY_TIME,
        ),
        (STAGES[2], GateChange(more_slots=Range.exactly(1)), "one more child is heard at each session"),
        (STAGES[3], Shorten(after=(v.PANEL,), factor=TENTH), _BY_TIME),
        (STAGES[4], Shorten(after=(v.AGENCY_DECISION,), factor=TENTH), _BY_TIME),
        (STAGES[5], Shorten(after=(v.LODGED,), factor=TENTH), _BY_TIME),
    )
}
"""Stage -> the change that shortens it. A panel is not made shorter by working faster, but by hearing more."""


def leverage(
    log: EventLog,
    *,
    panel: Known = None,
    years: float = 3.0,
    draws: int = 20,
    seed: int = 1,
    workers: int = 1,
    store: Path | str | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The stages by the child-days that shortening each would save in all stages together, most first.

    Columns: `rank`, `stage`, `saved_child_days` over `years` with its 95 % interval `low_days`, `high_days`,
    `probability_first` (share of the outer draws in which it saves most; a draw in which nothing is saved has no
    first, and equal ones share it), `tied` (as in `mining.bottlenecks`), `leverage_note` (how it is shortened). The
    draws are those of `scenarios.compare`: children resampled and everything fitted again. Raises ValueError as that
    does.
    """
    found = compare(
        log,
        list(LEVERS.values()),
        panel=panel,
        years=years,
        draws=draws,
        replications=1,
        seed=seed,
        workers=workers,
        store=store,
        cluster=cluster,
        progress=progress,
    )
    saved = [-found.compared.saved_in_all(number) * DAYS_A_WEEK for number in range(len(LEVERS))]
    first = first_places(np.column_stack([one.mean(axis=1) for one in saved]))
    rows = []
    for number, (stage, lever) in enumerate(LEVERS.items()):
        days = difference_of(saved[number])
        rows.append((stage, days.mean, days.low, days.high, first[number], lever.rationale))
    columns = ["stage", "saved_child_days", "low_days", "high_days", "probability_first", "leverage_note"]
    table = pd.DataFrame(rows, columns=columns)
    table["tied"] = tied(first)
    table = table.sort_values(["saved_child_days", "stage"], ascending=[False, True], kind="stable", ignore_index=True)
    return table.assign(rank=np.arange(1, len(table) + 1))


def first_places(saved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How often each column of [draw, stage] is the largest, where that is more than nothing; equal ones share it.

    >>> first_places(np.array([[3.0, 1.0], [0.0, -2.0], [5.0, 5.0]])).round(2).tolist()
    [0.5, 0.17]
    """
    most = saved.max(axis=1, keepdims=True)
    best = (saved == most) & (most > 0)
    return np.asarray((best / np.maximum(best.sum(axis=1, keepdims=True), 1)).mean(axis=0))
