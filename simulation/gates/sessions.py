"""Sessions on set dates with a limited number of slots: a panel, a children's hearing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulation.gates.iso import check_dates
from simulation.gates.order import CarveOut, Priority, check_share
from simulation.laws import NO_DELAY, Law

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """A panel: it meets on the given weekday in the given weeks of the month and hears up to `slots` children.

    A child's papers must be complete `lead_days` before a session. Either children are called off the waiting list
    for each session, first come, first served by the day the papers were complete or by `priority`; or, with
    `booking`, each is booked, on the day its papers are complete, into the first session at least `lead_days` ahead
    that has a free slot. Unused slots are lost.
    """

    weekday: str
    weeks_of_month: tuple[int, ...]
    slots: int
    lead_days: float = 0.0
    skip_months: tuple[int, ...] = ()
    source: str = "declared"
    """Whether the calendar was declared, or inferred from the dates in the log."""
    cancelled: tuple[str, ...] = ()
    """Dates of the calendar on which there is no session (ISO, as all dates here)."""
    added: tuple[str, ...] = ()
    """Dates of additional sessions, on whatever day; held on a holiday too."""
    slots_on: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Date -> slots of that session, where they are not `slots`."""
    quorum_failure: float = 0.0
    """Chance that a session cannot take place: its slots are lost, and who was booked for it is booked again."""
    deferral: float = 0.0
    """Chance that a child whose turn it is goes away undecided. The slot is used; each sibling has its own luck."""
    deferral_days: Law = NO_DELAY[""]
    """Time from a deferral until the child's papers are complete again."""
    deferred_as: str = ""
    """The activity that the log records for a deferral; empty for none."""
    booking: bool = False
    siblings_together: bool = False
    """Whether children of one `family` whose papers are all in for a session are heard in one slot."""
    carve_outs: tuple[CarveOut, ...] = ()
    priority: Priority | None = None
    booked_in: str = ""
    """The case attribute with the date a child is booked for when the simulation starts; empty for none."""

    def __post_init__(self) -> None:
        if self.weekday not in WEEKDAYS:
            raise ValueError(f"weekday must be one of {', '.join(WEEKDAYS)}, got {self.weekday!r}")
        if self.slots < 1:
            raise ValueError(f"slots must be at least 1, got {self.slots}")
        if self.lead_days < 0:
            raise ValueError(f"lead_days must not be negative, got {self.lead_days}")
        for name in ("cancelled", "added", "slots_on"):
            check_dates(name, getattr(self, name))
        both = sorted(set(self.cancelled) & set(self.added))
        if both:
            raise ValueError(f"a session cannot be both cancelled and added: {', '.join(both)}")
        if any(slots < 0 for slots in self.slots_on.values()):
            raise ValueError(f"slots_on must not be negative, got {dict(self.slots_on)}")
        check_share("quorum_failure", self.quorum_failure)
        check_share("deferral", self.deferral)
        kept = sum(one.slots for one in self.carve_outs)
        if kept > self.slots:
            raise ValueError(f"carve_outs keep {kept} slots, which is more than the {self.slots} of a session")
        if self.booking and self.priority is not None:
            raise ValueError("priority needs a waiting list to call children off: it cannot go with booking")

    def dates(self, start: pd.Timestamp, end: pd.Timestamp, *, closed: Iterable[str] = ()) -> pd.DatetimeIndex:
        """Every session after `start` up to and including `end`; `closed` are holidays, on which none is held."""
        days = pd.date_range(start.normalize() + pd.Timedelta(days=1), end.normalize(), freq="D")
        wanted = (
            (days.day_of_week == WEEKDAYS.index(self.weekday))
            & np.isin((days.day - 1) // 7 + 1, self.weeks_of_month)
            & ~np.isin(days.month, self.skip_months)
        )
        without = pd.DatetimeIndex([*self.cancelled, *closed])
        if len(without):
            wanted &= ~days.isin(without)
        if self.added:
            wanted |= days.isin(pd.DatetimeIndex(self.added))
        return days[wanted]

    def slots_at(self, date: str) -> int:
        """The slots of the session on this date."""
        return self.slots_on.get(date, self.slots)
