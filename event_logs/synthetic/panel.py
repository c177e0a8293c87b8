"""The permanence panel: set dates, limited slots, first come first served by the day the papers were complete."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from event_logs.synthetic.council import Council
from event_logs.synthetic.streams import Draws, Floats, Ints, working_day

MAX_HEARINGS = 4
"""A child deferred three times is decided at the fourth hearing."""


@dataclass(frozen=True)
class Hearings:
    """What the panel did: one row a child for the first two, one entry a session for the others."""

    panel: Floats
    """Day of each hearing; infinite where there was none."""
    information: Floats
    """Day on which the information asked for at each hearing was in; infinite where the hearing did not defer."""
    session: Ints
    """Day of each session."""
    heard: Ints
    """Children heard at each session."""
    left: Ints
    """Children whose papers were in time for the session and who found no slot."""

    @property
    def first(self) -> Floats:
        """Day of each child's first hearing; infinite for none."""
        return self.panel[:, 0]

    @property
    def last(self) -> Floats:
        """Day of the hearing that did not defer; infinite for none."""
        return np.asarray(np.where(np.isfinite(self.information), np.inf, self.panel).min(axis=1))


def sessions(council: Council, until: int) -> Ints:
    """Days on which the panel meets, from the burn-in to `until`.

    >>> from datetime import date, timedelta
    >>> days = sessions(Council(), 19935)  # to 31 July 2024
    >>> str(date(1970, 1, 1) + timedelta(days=int(days[-1])))  # no panel in July
    '2024-06-18'
    """
    day = np.arange(council.first_day, until + 1)
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    week_of_month = (dates - month.astype("datetime64[D]")).astype(np.int64) // 7 + 1
    meets = (
        (np.mod(day + 3, 7) == council.panel_weekday)
        & np.isin(week_of_month, council.panel_weeks)
        & ~np.isin(month.astype(np.int64) % 12 + 1, council.panel_skip_months)
    )
    return np.asarray(day[meets], dtype=np.int64)


def hold_panels(council: Council, draws: Draws, ready: Floats, leaves: Floats) -> Hearings:
    """Hear every child whose papers are complete on a day before it `leaves`, one session after the other.

    A session takes the children whose papers (or whose further information) were complete at least
    `panel_lead_days` before, in the order of that day and then of their row, up to `panel_slots`. A deferred child
    queues again from the day its information is in. A child who leaves while waiting takes no slot.
    """
    deferred = draws.uniforms("deferral", MAX_HEARINGS) < council.deferral
    deferred[:, -1] = False
    delay = draws.durations("further information", council.further_information, MAX_HEARINGS)
    panel = np.full(deferred.shape, np.inf)
    information = np.full(deferred.shape, np.inf)
    waiting = [(float(ready[row]), int(row), 0) for row in np.flatnonzero(ready < leaves)]
    heapq.heapify(waiting)
    last_ready = max(waiting)[0] if waiting else council.first_day
    # Long enough for the last child to be heard four times at the end of a long queue.
    calendar = sessions(council, int(last_ready) + 10 * 365)
    heard = np.zeros(len(calendar), dtype=np.int64)
    left = np.zeros(len(calendar), dtype=np.int64)
    in_time: list[tuple[float, int, int]] = []
    for number, day in enumerate(calendar.tolist()):
        while waiting and waiting[0][0] <= day - council.panel_lead_days:
            heapq.heappush(in_time, heapq.heappop(waiting))
        while in_time and heard[number] < council.panel_slots:
            _, row, hearing = heapq.heappop(in_time)
            if leaves[row] < day:
                continue
            heard[number] += 1
            panel[row, hearing] = day
            if deferred[row, hearing]:
                back = float(working_day(np.array([day + delay[row, hearing]]))[0])
                information[row, hearing] = back
                heapq.heappush(waiting, (back, row, hearing + 1))
        left[number] = len(in_time)
        if not waiting and not in_time:
            break
    return Hearings(panel, information, calendar, heard, left)
