"""Placement moves: a stated model, because the simulated log holds no placements.

While a child is away from home, moves come at a rate that depends only on the time since accommodation (in the bands
of `measures.AWAY_FROM`), as they did in the records. A change that shortens the time away saves the moves of that time;
that a better plan might also make placements last longer is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, to_days
from scenarios.measures import AWAY_FROM, Clock, away_spells, days_by_band

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moves:
    """What the records say of moves: for each case and band, the moves there were and the days there could be some."""

    moves: Floats
    """[case, band]."""
    days: Floats
    """[case, band]: days away from home under observation."""

    @classmethod
    def of(cls, log: EventLog, placements: pd.DataFrame) -> Moves:
        """From the placements (`case`, `start`) of a log's cases; the first of a time away is no move.

        Raises ValueError for placements without those columns.
        """
        missing = [name for name in ("case", "start") if name not in placements]
        if missing:
            raise ValueError(f"placements must have the columns case and start; missing: {', '.join(missing)}")
        arrays = log.arrays
        begin, end = away_spells(Clock(arrays))
        case = pd.Index(log.cases["case"]).get_indexer(placements["case"].astype("str"))
        day = to_days(placements["start"])
        known = (case >= 0) & ~np.isnan(day)
        # Several that start on one day are one.
        case, day = np.unique(np.column_stack([case[known], day[known]]), axis=0).T
        case = case.astype(np.int64)
        inside = (day > begin[case]) & (day < end[case]) & (day > arrays.window_start) & (day <= arrays.window_end)
        band = np.searchsorted(AWAY_FROM, (day - begin[case])[inside], side="right") - 1
        moves = np.zeros((len(log.cases), len(AWAY_FROM)))
        np.add.at(moves, (case[inside], band), 1.0)
        return cls(moves, days_by_band(begin, end, arrays.window_start, arrays.window_end))

    def rates(self, weight: Floats) -> Floats:
        """Moves a day in each band, each case counted with its weight; 0 in a band that nobody was seen in."""
        days = weight @ self.days
        return np.divide(weight @ self.moves, days, out=np.zeros(len(days)), where=days > 0)
