"""The calendar of a panel, as its observed sessions and the children who waited for them suggest it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import from_days, to_days
from simulation.gates import WEEKDAYS, Sessions

Floats = npt.NDArray[np.float64]
_MINIMUM_A_MONTH = 5.0
"""A month counts as skipped only where the months have this many appearances on average."""
_FEWEST_GAPS = 5
"""From fewer waits no lead time is told: it is taken to be none."""
_FEW_SPARE = 0.1
MAY_BE_LESS = "; the lead time may be less than that: hardly a date had a slot to spare"
"""Said of a panel that is full on more than nine dates out of ten: nobody is heard on the first date there could be."""
_FEWEST_FULL = 5
_ODD_SHARE = 0.02
_WAITING = 2
"""A date of the calendar with nobody heard was cancelled if at least this many could have been heard, else empty."""
_SEVERAL = 2
"""An appearance off the calendar is a session of its own if at least this many were heard, else a wrong date."""


@dataclass(frozen=True, eq=False)
class Waits:
    """Children whose papers were in: days since 1970-01-01, a row a wait."""

    ready: Floats
    heard: Floats
    """The day of the hearing; infinite for those not heard."""
    gone: Floats
    """The day until which the child waited: of the hearing, the end of the case or of the records."""


def inferred_sessions(days: Floats, waits: Waits | None = None) -> Sessions:
    """The calendar that observed appearances suggest; `days` are days since 1970-01-01, one an appearance.

    Weekday and weeks of the month are those that most children were heard on, months in which hardly anybody was are
    skipped. With `waits`: the lead time is the one that the fewest waits speak against (see `_lead`); the slots are
    what was heard on most of the dates on which others were left waiting (on fewer than five such dates, or without
    `waits`, what the busiest sessions used, the odd one out of fifty left aside); a date on which nobody was heard
    though two or more could have been was cancelled, and `quorum_failure` is the share of those among all dates that as
    many could have been heard on. `source` says so where the lead time may be less. Sessions off the calendar, and
    those with more heard than there are slots, are named. Raises ValueError when there are no days.
    """
    if len(days) == 0:
        raise ValueError("a panel calendar cannot be inferred without any observed session")
    calendar = _calendar(np.floor(days))
    held = pd.Series(np.floor(days)).value_counts().sort_index()
    regular = _regular(calendar, held)
    heard: Floats = held.reindex(regular, fill_value=0).to_numpy().astype(np.float64)
    spare = regular[(heard > 0) & (heard < _busiest(heard))]
    lead = 0.0 if waits is None else _lead(waits, spare)
    left = np.zeros(len(regular)) if waits is None else _left(waits, regular, lead)
    slots = _slots(heard, left)
    missed = (heard == 0) & (left >= _WAITING)
    off = held[~held.index.isin(regular)]
    off = off[off >= _SEVERAL]
    full = held[held > slots]
    return replace(
        calendar,
        slots=slots,
        source=calendar.source + (MAY_BE_LESS if lead and len(spare) < _FEW_SPARE * (heard > 0).sum() else ""),
        lead_days=lead,
        cancelled=_dates(regular[missed]),
        added=_dates(np.asarray(off.index, dtype=np.float64)),
        slots_on=dict(zip(_dates(np.asarray(full.index, dtype=np.float64)), full.astype(int).tolist(), strict=True)),
        quorum_failure=float(missed.sum() / (heard + left >= _WAITING).sum()) if missed.any() else 0.0,
    )


def _calendar(days: Floats) -> Sessions:
    """Weekday, weeks of the month and skipped months."""
    dates = pd.DatetimeIndex(from_days(days))
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
        slots=1,
        source="inferred from the dates in the log",
    )


def _regular(calendar: Sessions, held: pd.Series[int]) -> Floats:
    """Dates of the calendar from the first to the last session seen, in days."""
    first, last = (pd.Timestamp(from_days([day])[0]) for day in (held.index[0] - 1.0, held.index[-1]))
    return np.asarray(to_days(pd.Series(calendar.dates(first, last))), dtype=np.float64)


def _lead(waits: Waits, not_full: Floats) -> float:
    """The lead time that the fewest waits speak against; 0 where there are too few to tell.

    Against a lead time speaks every wait that was shorter, and every child left out, though in time, on a date with
    slots to spare (`not_full`). Where no date has any, the shortest waits alone tell: then it may be less than this.
    """
    known = np.isfinite(waits.heard) & (waits.heard >= waits.ready)
    gaps = np.sort(np.floor(waits.heard[known]) - np.floor(waits.ready[known]))
    if len(gaps) < _FEWEST_GAPS:
        return 0.0
    days = np.arange(float(np.median(gaps)) + 1.0)
    there = (waits.heard[:, None] > not_full[None, :]) & (waits.gone[:, None] > not_full[None, :])
    spare = np.sort((not_full[None, :] - np.floor(waits.ready)[:, None])[there])
    against = np.searchsorted(gaps, days, side="left") + len(spare) - np.searchsorted(spare, days, side="left")
    # Of equally good ones the longest: every wait was at least as long.
    return float(days[len(days) - 1 - int(np.argmin(against[::-1]))])


def _left(waits: Waits, dates: Floats, lead: float) -> Floats:
    """How many could have been heard on each date and were not."""
    in_time = waits.ready[:, None] + lead <= dates[None, :]
    there = (waits.heard[:, None] > dates[None, :]) & (waits.gone[:, None] > dates[None, :])
    return np.asarray((in_time & there).sum(axis=0), dtype=np.float64)


def _slots(heard: Floats, left: Floats) -> int:
    """Slots of a session: what was heard where others were left, or else what the busiest but the odd ones used."""
    full = heard[(left > 0) & (heard > 0)]
    if len(full) >= _FEWEST_FULL:
        return max(int(np.median(full)), 1)
    return _busiest(heard)


def _busiest(heard: Floats) -> int:
    """What the busiest dates but the odd ones used."""
    busy = np.sort(heard[heard > 0])[::-1]
    return max(int(busy[int(_ODD_SHARE * len(busy))]), 1) if len(busy) else 1


def _dates(days: Floats) -> tuple[str, ...]:
    return tuple(f"{pd.Timestamp(day):%Y-%m-%d}" for day in from_days(days))
