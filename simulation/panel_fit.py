"""The calendar of a panel, as the observed dates of its sessions suggest it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.gates import WEEKDAYS, Sessions

_MINIMUM_A_MONTH = 5.0
"""A month counts as skipped only where the months have this many appearances on average."""


def inferred_sessions(days: npt.NDArray[np.float64]) -> Sessions:
    """The calendar that observed session dates suggest: the weekday and weeks of the month that most children
    were heard on, months in which hardly anybody was, and as many slots as the busiest session used.

    `days` are days since 1970-01-01, one an appearance. Raises ValueError when there are none.
    """
    if len(days) == 0:
        raise ValueError("a panel calendar cannot be inferred without any observed session")
    dates = pd.to_datetime(np.floor(days), unit="D")
    weekday = int(pd.Series(dates.day_of_week).mode().iloc[0])
    on_day = dates[dates.day_of_week == weekday]
    # Children heard for each date there was: a month has a fifth Tuesday only every third time.
    possible = pd.date_range(on_day.min(), on_day.max(), freq="7D")
    heard, offered = (pd.Series((d.day - 1) // 7 + 1).value_counts() for d in (on_day, possible))
    weeks = heard / offered.reindex(heard.index)
    weeks = weeks / weeks.sum()
    months = pd.Series(on_day.month).value_counts().reindex(range(1, 13), fill_value=0)
    # In a short log a month without a session may be chance.
    rare = months < 0.1 * months.mean() if months.mean() >= _MINIMUM_A_MONTH else months < 0
    return Sessions(
        weekday=WEEKDAYS[weekday],
        weeks_of_month=tuple(sorted(int(week) for week in weeks.index[weeks >= 0.1])),
        skip_months=tuple(int(month) for month in months.index[rare]),
        slots=int(pd.Series(dates).value_counts().max()),
        source="inferred from the dates in the log",
    )
