"""Local time and UTC: the day on the clock of the council is the day of the record."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

Moments = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]


def to_local(utc: Moments, zone: str) -> Moments:
    """What the clock of the zone shows at moments of UTC."""
    index = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return index.to_numpy(dtype="datetime64[us]")


def to_utc(local: Moments, zone: str) -> tuple[Moments, Mask, Mask]:
    """UTC of moments on the clock of a zone, and which of them that clock never showed, and which it showed twice.

    Of two moments with one name the first is meant; a moment in the hour that is left out in spring is counted on
    with the clock of before (Python's `fold=0`): 01:30 on 31 March 2024 in London is 01:30 UTC.
    """
    index = pd.DatetimeIndex(local)
    there = np.asarray(index.notna())
    twice: Mask = np.asarray(index.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()) & there
    shown = index.tz_localize(zone, ambiguous=np.ones(len(index), dtype=bool), nonexistent="NaT")
    never: Mask = np.asarray(shown.isna()) & there
    utc = shown.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[us]").copy()
    special = never | twice  # few enough for the definition itself
    utc[special] = [
        np.datetime64(moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None), "us")
        for moment in index[special].to_pydatetime()
    ]
    return utc, never, twice
