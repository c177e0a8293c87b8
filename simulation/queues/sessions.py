"""A panel or a hearing while a run goes on: one event a session, none a child."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from event_logs.log import from_days, to_days
from simulation.cohort import Cohort, Running
from simulation.gates import Sessions
from simulation.gates.iso import day_of, text_of
from simulation.model import Step
from simulation.queues.host import Host, chance, days_left, remaining
from simulation.queues.slots import Slots
from simulation.runnable import Runnable, Work

Entry = tuple[float, int, Work]
"""The day the papers were complete, the child, and the step it waits to have done."""
FAMILY = "family"
"""The case attribute that says who are siblings."""


@dataclass(slots=True, eq=False)
class Seat:
    """A slot that is booked, for a child or for siblings; kind None is one more than there were."""

    kind: int | None
    waiting: list[Entry] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)
    """Children whose booked date was known at the start, and whose papers are still to come."""


@dataclass(slots=True, eq=False)
class Session:
    """A date: what is left of its slots, and who is booked."""

    slots: Slots
    seats: list[Seat] = field(default_factory=list)


class SessionQueue:
    """The waiting list and the bookings of one gate."""

    def __init__(self, name: str, gate: Sessions, host: Host, cohort: Cohort) -> None:
        self._name, self._gate, self._host = name, gate, host
        self._later: tuple[float, Sessions] | None = None
        self._waiting: list[list[Entry]] = []
        """The waiting list, by group of the priority rule, each in order."""
        self._arrange()
        self._loaded: list[Entry] = []
        self._sessions: dict[float, Session] = {}
        self._dates: list[float] = []
        self._booked: dict[int, list[float]] = {}
        """The dates of each child that is booked."""
        self._expected: dict[int, float] = {}
        """Of them, the dates known at the start of children whose papers are still to come."""
        self._known = cohort.at_gates.booked.get(name, {})
        self.holds = gate.booking or bool(self._known)

    def _arrange(self) -> None:
        """An empty waiting list, as the gate's rules have it."""
        gate = self._gate
        self._waiting = [[] for _ in range(len(gate.priority.first) + 1 if gate.priority else 1)]
        self._plain = not (gate.carve_outs or gate.siblings_together or gate.priority)

    def _group(self, child: int) -> int:
        rule = self._gate.priority
        return rule.place(self._host.draws.stratum(rule.by, child)) if rule else 0

    # What the run calls --------------------------------------------------------------------------------------------

    def begin(self, child: int, work: Work) -> None:
        """Papers are made ready from now on."""
        self._host.later(self._host.time_for(child, work), self._ready, child, work)

    def load(self, cohort: Cohort, known: Runnable, step: Step, items: Sequence[Running]) -> None:
        """Who must be ready by now stands in the queue, in the place of the day it was ready; others go on working."""
        work = self._host.ready.work[step.name]
        for item, elapsed, total, over in remaining(self._host, cohort, step, items):
            if over:
                self._loaded.append((item.since + total, item.child, work))
            else:
                self._host.later(days_left(self._host, elapsed, total), self._ready, item.child, work)

    def becomes(self, day: float, gate: Sessions) -> None:
        """Its rules and its calendar are others from this day on."""
        self._later = (day, gate)

    def _lay_out(self, gate: Sessions, after: float, until: float) -> None:
        start, end = (pd.Timestamp(from_days([day])[0]) for day in (after, until))
        for day in to_days(pd.Series(gate.dates(start, end, closed=self._host.model.holidays))).tolist():
            self._add(day, gate.slots_at(text_of(day)))

    def _change(self, gate: Sessions) -> None:
        """The later rules begin: who waits is put in their order."""
        self._gate = gate
        waiting = [entry for group in self._waiting for entry in group]
        self._arrange()
        for entry in sorted(waiting, key=_turn):
            self._waiting[self._group(entry[1])].append(entry)

    def open(self) -> None:
        """Lay out the sessions, keep the dates known at the start, and queue or book whoever was loaded."""
        gate, host = self._gate, self._host
        if self._later is None or self._later[0] > host.horizon:
            self._lay_out(gate, host.start, host.horizon)
        else:
            changes, later = self._later
            self._lay_out(gate, host.start, changes - 1.0)
            self._lay_out(later, changes - 1.0, host.horizon)
            host.at(changes, self._change, later)
        cancelled = {day_of(date) for date in gate.cancelled}
        for child, day in self._known.items():
            if day > host.start and day not in cancelled:
                if day not in self._sessions:
                    self._add(day, 0)
                self._keep(child, day)
        self._dates = sorted(self._sessions)
        for day in self._dates:
            if day <= host.horizon:
                # After all else that happens on the day, so that papers completed on it count as in.
                host.at(day, self._hold, day, last=True)
        for entry in sorted(self._loaded, key=_turn):
            self._enter(entry)

    def left(self, child: int) -> None:
        """A booked child gives its slot back; from a waiting list it is struck when the next session is held."""
        self._expected.pop(child, None)
        for session in [self._sessions[day] for day in self._booked.pop(child, ())]:
            for seat in session.seats:
                seat.expected = [one for one in seat.expected if one != child]
                seat.waiting = [entry for entry in seat.waiting if entry[1] != child]
            for seat in [seat for seat in session.seats if not seat.expected and not seat.waiting]:
                session.seats.remove(seat)
                if seat.kind is not None:
                    session.slots.give_back(seat.kind)

    def free(self, child: int) -> None:
        """No place is held here."""

    # Waiting and booking -------------------------------------------------------------------------------------------

    def _ready(self, child: int, work: Work) -> None:
        if not self._host.gone(child):
            self._enter((self._host.now, child, work))

    def _enter(self, entry: Entry) -> None:
        child = entry[1]
        day = self._expected.pop(child, None)
        if day is not None:
            seat = next(seat for seat in self._sessions[day].seats if child in seat.expected)
            seat.expected.remove(child)
            seat.waiting.append(entry)
        elif self._gate.booking:
            self._book(entry, entry[0] + self._gate.lead_days)
        else:
            insort(self._waiting[self._group(child)], entry, key=_turn)

    def _add(self, day: float, slots: int) -> None:
        self._sessions[day] = Session(Slots(slots, self._gate.carve_outs, self._host.draws.stratum))

    def _keep(self, child: int, day: float) -> None:
        """A date booked before the start is kept, whether or not there is a slot left on it."""
        session = self._sessions[day]
        seat = self._siblings_seat(session, child)
        if seat is None:
            seat = Seat(session.slots.take((child,)))
            session.seats.append(seat)
        seat.expected.append(child)
        self._expected[child] = day
        self._booked.setdefault(child, []).append(day)

    def _book(self, entry: Entry, earliest: float) -> None:
        """The siblings' date, or the first with a free slot; beyond the horizon none is needed."""
        child, place = entry[1], bisect_right(self._dates, max(earliest, self._host.now) - 1e-9)
        ahead = self._dates[place:]
        for day in ahead:
            seat = self._siblings_seat(self._sessions[day], child)
            if seat is not None:
                seat.waiting.append(entry)
                self._booked.setdefault(child, []).append(day)
                return
        for day in ahead:
            session = self._sessions[day]
            kind = session.slots.take((child,))
            if kind is not None:
                session.seats.append(Seat(kind, [entry]))
                self._booked.setdefault(child, []).append(day)
                return

    def _siblings_seat(self, session: Session, child: int) -> Seat | None:
        if not self._gate.siblings_together:
            return None
        family = self._host.draws.stratum(FAMILY, child)
        for seat in session.seats if family else ():
            one = seat.expected[0] if seat.expected else seat.waiting[0][1]
            if self._host.draws.stratum(FAMILY, one) == family:
                return seat
        return None

    # A session -----------------------------------------------------------------------------------------------------

    def _hold(self, day: float) -> None:
        session = self._sessions.pop(day)
        self._dates.pop(0)
        booked = sorted((entry for seat in session.seats for entry in seat.waiting), key=_turn)
        for seat in session.seats:
            for child in (*seat.expected, *(entry[1] for entry in seat.waiting)):
                self._booked[child].remove(day)
                if self._expected.get(child) == day:  # the papers have not come: the date is lost
                    del self._expected[child]
        fails = self._gate.quorum_failure
        if fails > 0.0 and chance(self._host, f"quorum {self._name} {text_of(day)}") <= fails:
            for entry in booked:
                if self._gate.booking:
                    self._book(entry, day)
                else:
                    self._enter(entry)
            return
        for entry in [*booked, *self._called_off(day, session.slots)]:
            self._hear(entry)

    def _called_off(self, day: float, slots: Slots) -> list[Entry]:
        """Whose turn it is on the waiting list."""
        for group in self._waiting:
            group[:] = [entry for entry in group if not self._host.gone(entry[1])]
        by = day - self._gate.lead_days
        if self._plain:
            queue = self._waiting[0]
            count = min(bisect_right(queue, by, key=_readiness), slots.left)
            heard = queue[:count]
            del queue[:count]
            return heard
        heard = list(self._in_turn(by, slots))
        taken = {id(entry) for entry in heard}
        for group in self._waiting:
            group[:] = [entry for entry in group if id(entry) not in taken]
        return heard

    def _in_turn(self, by: float, slots: Slots) -> Iterator[Entry]:
        """Those whose papers are in, in order, as long as there are slots for them; siblings come along."""
        ahead = [entry for group in self._waiting for entry in group[: bisect_right(group, by, key=_readiness)]]
        families: dict[str, list[Entry]] = {}
        for entry in ahead if self._gate.siblings_together else ():
            families.setdefault(self._host.draws.stratum(FAMILY, entry[1]), []).append(entry)
        seen: set[int] = set()
        for entry in ahead:
            if id(entry) in seen:
                continue
            if not slots.left:
                return
            family = self._host.draws.stratum(FAMILY, entry[1]) if families else ""
            together = families[family] if family else [entry]
            seen |= {id(one) for one in together}
            if slots.take([one[1] for one in together]) is not None:
                yield from together

    def _hear(self, entry: Entry) -> None:
        """A child's turn: its step is done, or it goes away undecided and comes again."""
        _, child, work = entry
        gate, host = self._gate, self._host
        if host.gone(child):  # by what was said earlier in this session: its slot passes unused, nobody else is there
            return
        if gate.deferral > 0.0 and host.draws.unit(f"deferral {self._name}", child) <= gate.deferral:
            host.note(child, gate.deferred_as, host.now)
            days = gate.deferral_days.isf(host.draws.unit(f"deferral days {self._name}", child))
            again = host.now + host.draws.rounded(days)
            if gate.booking:
                host.at(again, self._ready, child, work)
            else:
                self._enter((again, child, work))
        else:
            host.happen(child, work)


def _turn(entry: Entry) -> tuple[float, int]:
    """Whose turn it is: by the day of readiness, then by number."""
    return entry[:2]


def _readiness(entry: Entry) -> float:
    return entry[0]
