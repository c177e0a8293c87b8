"""Sessions on set dates: a panel, a children's hearing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """A panel: it meets on the given weekday in the given weeks of the month and hears up to `slots` children.

    A child's papers must be complete `lead_days` before a session. First come, first served by the day the papers were
    complete; unused slots are lost.
    """

    weekday: str
    weeks_of_month: tuple[int, ...]
    slots: int
    lead_days: float = 0.0
    skip_months: tuple[int, ...] = ()
    source: str = "declared"
    """Whether the calendar was declared, or inferred from the dates in the log."""

    def __post_init__(self) -> None:
        if self.weekday not in WEEKDAYS:
            raise ValueError(f"weekday must be one of {', '.join(WEEKDAYS)}, got {self.weekday!r}")
        if self.slots < 1:
            raise ValueError(f"slots must be at least 1, got {self.slots}")
        if self.lead_days < 0:
            raise ValueError(f"lead_days must not be negative, got {self.lead_days}")

    def dates(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
        """Every session after `start` up to and including `end`."""
        days = pd.date_range(start.normalize() + pd.Timedelta(days=1), end.normalize(), freq="D")
        wanted = (
            (days.day_of_week == WEEKDAYS.index(self.weekday))
            & np.isin((days.day - 1) // 7 + 1, self.weeks_of_month)
            & ~np.isin(days.month, self.skip_months)
        )
        return days[wanted]
