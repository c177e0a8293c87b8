"""Gates: places in the pathway where a child waits for a date, not for work.

`Sessions` is a panel that meets on set dates with a limited number of slots; `ReviewCycle` is the child's own calendar
of reviews, at which a plan can be decided once the assessment is ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import to_days
from simulation.laws import Law, fixed

_MINIMUM_A_MONTH = 5.0
"""A month counts as skipped only where the months have this many appearances on average."""
_BLOCK = 256
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

    @classmethod
    def inferred(cls, days: npt.NDArray[np.float64]) -> Sessions:
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
        return cls(
            weekday=WEEKDAYS[weekday],
            weeks_of_month=tuple(sorted(int(week) for week in weeks.index[weeks >= 0.1])),
            skip_months=tuple(int(month) for month in months.index[rare]),
            slots=int(pd.Series(dates).value_counts().max()),
            source="inferred from the dates in the log",
        )


@dataclass(frozen=True, kw_only=True)
class Beforehand:
    """A step that is started before the review that decides, for every child decided."""

    step: str
    lead_days: float


@dataclass(frozen=True, kw_only=True)
class ReviewCycle:
    """The child's own reviews after a start: gap laws one after another, and the chance that a ready plan is decided.

    `gaps[0]` is the time from the start to the first review, `gaps[1]` to the second, the last one repeats. A plan can
    be decided at the first review on or after the day the assessment is ready, and is with probability `decides`;
    otherwise it waits for the next. `extra_days` are additional reviews at set days after the start.
    """

    review: str
    gaps: tuple[Law, ...]
    decides: float
    extra_days: tuple[float, ...] = ()
    beforehand: tuple[Beforehand, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.decides <= 1.0:
            raise ValueError(f"decides must be in (0, 1], got {self.decides}")
        if not self.gaps:
            raise ValueError("a review cycle needs at least one gap law")

    def gap(self, number: int) -> Law:
        """The law of the gap before the review with this number, counted from 0."""
        return self.gaps[min(number, len(self.gaps) - 1)]


@dataclass(frozen=True)
class Arrivals:
    """New cases: a rate for each calendar month and the observed cases whose attributes they take.

    Counts are Poisson; attributes are copied from whole observed cases, so what goes together stays together.
    """

    per_month: npt.NDArray[np.float64]
    """Twelve rates, January first: cases a month."""
    pool: pd.DataFrame
    """One row an observed case that new cases may copy, with its attributes."""
    weight: npt.NDArray[np.float64]
    """How often each row of the pool is drawn, relative to the others."""

    def draw(
        self, start: pd.Timestamp, end: pd.Timestamp, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Days of arrival (since 1970-01-01, whole, ascending) after `start` up to `end`, and rows of the pool.

        A unit-rate Poisson process is read off the running total of the rates (inversion), two draws an arrival: a
        longer horizon only adds arrivals, and under other rates the same cases come sooner or later.
        """
        months = pd.date_range(start.normalize().replace(day=1), end, freq="MS")
        first, last = float(to_days(pd.Series([start]))[0]) + 1.0, float(to_days(pd.Series([end]))[0]) + 1.0
        bounds = np.clip(to_days(pd.Series(months.append(months[-1:] + pd.offsets.MonthBegin(1)))), first, last)
        length = np.asarray(months.days_in_month, dtype=float)
        total = np.append(0.0, np.cumsum(self.per_month[np.asarray(months.month) - 1] * np.diff(bounds) / length))
        points, units = np.zeros(0), np.zeros(0)
        while not len(points) or points[-1] <= total[-1]:
            draws = generator.random((_BLOCK, 2))
            points = np.append(points, (points[-1] if len(points) else 0.0) - np.cumsum(np.log1p(-draws[:, 0])))
            units = np.append(units, draws[:, 1])
        count = int(np.searchsorted(points, total[-1], side="left"))
        # Of two bounds with one total (a month with rate 0 between them), the later one is taken.
        day = np.floor(np.interp(points[:count], total, bounds))
        cumulative = np.cumsum(self.weight) / self.weight.sum()
        rows = np.searchsorted(cumulative, units[:count], side="right")
        return np.minimum(day, last - 1.0), np.minimum(rows, len(self.pool) - 1).astype(np.int64)


NO_DELAY: Mapping[str, Law] = {"": fixed(0.0)}
"""Laws of a step that takes no time of its own."""
