"""Age of a child at an event.

An age is attained at the beginning of the birthday. A child born on 29 February has the birthday on 1 March in a year
without that day: the law of Scotland, Age of Legal Capacity (Scotland) Act 1991, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog

BEFORE_BIRTH = "before birth"
BAND_LIMITS = (1, 5, 12)
"""The ages at which a band begins, after the first."""


def age_at(births: pd.Series[pd.Timestamp], dates: pd.Series[pd.Timestamp] | pd.Timestamp) -> pd.Series[int]:
    """Age in completed years on each date, as Int64 with the index of `births`; missing where either is missing.

    Negative before birth, as for a child registered unborn: -1 in the year before. Times of day are left out of
    account. Raises ValueError if the two series do not have the same index.

    >>> births = pd.Series(pd.to_datetime(["2016-02-29", "2016-02-29", "2016-03-01"]))
    >>> age_at(births, pd.Timestamp("2019-02-28")).tolist()
    [2, 2, 2]
    >>> age_at(births, pd.Timestamp("2019-03-01")).tolist()
    [3, 3, 3]
    """
    if isinstance(dates, pd.Timestamp):
        dates = pd.Series(dates, index=births.index)
    if not births.index.equals(dates.index):
        raise ValueError("births and dates must have the same index")
    # No 29 February has to be made up: on 28 February the birthday is still to come, on 1 March it has been.
    to_come = _day_of_year(dates) < _day_of_year(births)
    years = dates.dt.year.astype("Int64") - births.dt.year.astype("Int64")
    return (years - to_come.astype("Int64")).rename(None)


def birthday(births: pd.Series[pd.Timestamp], age: int) -> pd.Series[pd.Timestamp]:
    """The day on which each child attains an age; missing where the birth is.

    >>> birthday(pd.Series(pd.to_datetime(["2008-02-29", "2008-03-31"])), 18).dt.strftime("%Y-%m-%d").tolist()
    ['2026-03-01', '2026-03-31']
    """
    years = births.to_numpy(dtype="datetime64[Y]") + np.timedelta64(age, "Y")
    months = years.astype("datetime64[M]") + _part(births, "M", "Y")
    # Counting the days of the month from its first lets 29 February run over into 1 March by itself.
    days = months.astype("datetime64[D]") + _part(births, "D", "M")
    return pd.Series(days.astype("datetime64[us]"), index=births.index)


def band_labels(limits: Sequence[int] = BAND_LIMITS) -> tuple[str, ...]:
    """The names of the age bands, youngest first; ValueError unless the limits are ages that grow.

    >>> band_labels((1, 5, 12, 16))
    ('0', '1-4', '5-11', '12-15', '16+')
    """
    edges = [0, *limits]
    if any(upper <= lower for lower, upper in zip(edges, limits, strict=False)):
        raise ValueError(f"age bands must begin at ages above 0 that grow, got {', '.join(map(str, limits))}")
    closed = [
        f"{lower}" if upper == lower + 1 else f"{lower}-{upper - 1}"
        for lower, upper in zip(edges, limits, strict=False)
    ]
    return (*closed, f"{edges[-1]}+")


def age_bands(ages: pd.Series[int], limits: Sequence[int] = BAND_LIMITS) -> pd.Series[str]:
    """The band of each age in completed years; "before birth" for a negative age, missing for a missing one.

    >>> age_bands(pd.Series([-1, 0, 1, 4, 5, 12, None], dtype="Int64")).tolist()
    ['before birth', '0', '1-4', '1-4', '5-11', '12+', nan]
    """
    labels = np.array([BEFORE_BIRTH, *band_labels(limits), None], dtype=object)
    years = ages.to_numpy(dtype="float64", na_value=np.nan)
    place = np.searchsorted([0, *limits], years, side="right")
    place[np.isnan(years)] = -1
    return pd.Series(labels[place], index=ages.index, dtype="str")


def ages_at_events(log: EventLog, birth: str = "birth") -> pd.Series[int]:
    """Age in completed years at each event of a log, in its order; missing where the date of birth is.

    `birth` names the case attribute with the date of birth; ValueError if the case table has none.
    """
    if birth not in log.cases:
        raise ValueError(f"the case table has no {birth!r}; it has: {', '.join(map(str, log.cases))}")
    births = log.cases[birth].take(log.arrays.case).reset_index(drop=True)
    return age_at(births, log.events["date"]).rename("age")


def _day_of_year(dates: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    return dates.dt.month * 100 + dates.dt.day


def _part(dates: pd.Series[pd.Timestamp], unit: str, of: str) -> npt.NDArray[np.timedelta64]:
    """How many units, from 0, a date lies after the beginning of its year or month."""
    whole = dates.to_numpy(dtype=f"datetime64[{unit}]")
    return np.asarray(whole - whole.astype(f"datetime64[{of}]").astype(whole.dtype))
