"""Places while a run goes on: who holds one, and who waits."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from heapq import heapify, heappop, heappush

from simulation.at_gates import at_work
from simulation.cohort import Cohort, Running
from simulation.gates import Places
from simulation.gates.iso import day_of
from simulation.model import Step
from simulation.queues.host import Host, days_left, remaining
from simulation.queues.working_clock import WorkingClock
from simulation.runnable import Runnable, Work

Entry = tuple[int, float, int, int, Work]
"""Group of the priority rule, the day the child was ready, the child, a running number, and the step it waits for."""


class PlaceQueue:
    """The places of one gate and the queue for them.

    In a model of whole days, who is ready on a day has a claim of its day, not of its turn in the run: the places are
    given out at the end of the day, by the rule. Otherwise they are given out at once.
    """

    def __init__(self, name: str, gate: Places, host: Host, clock: WorkingClock, cohort: Cohort) -> None:
        self._gate, self._host, self._clock, self._cohort = gate, host, clock, cohort
        self._continued, self._continuation = f"continued {name}", f"continuation {name}"
        self.holds = True
        self._name = name
        self._away = [(day_of(one.start), day_of(one.end) + 1.0) for one in gate.away]
        self._usual = gate.places * gate.cases_each
        self._by_day = host.model.whole_days or gate.working_days
        self._waiting: list[Entry] = []
        self._number = 0
        self._held: dict[int, int] = {}
        """Places that each child holds."""
        self._busy = 0
        self._passed: set[int] = set()
        """Children for whom the activity that gives a place back happened while they waited for one."""
        self._newcomers: list[Entry] = []
        self._asked = False
        self._loaded: list[tuple[Step, list[Running]]] = []
        self._later: tuple[float, Places] | None = None

    # What the run calls --------------------------------------------------------------------------------------------

    def begin(self, child: int, work: Work) -> None:
        """The step waits for a place; who holds one already, until some later activity, goes on at once."""
        if self._gate.until and self._held.get(child):
            self._start(child, work)
            return
        entry = self._queue(child, work, self._host.now)
        if self._gate.room is not None:
            self._newcomers.append(entry)
        self._ask()

    def load(self, cohort: Cohort, known: Runnable, step: Step, items: Sequence[Running]) -> None:
        """Remember who is in the step; who holds a place is settled when everybody is known."""
        self._loaded.append((step, list(items)))

    def open(self) -> None:
        """Work under way takes its places, even where it is more than there are; then the queue forms."""
        host = self._host
        # Who is past every step of the gate may hold a place all the same.
        for child in self._cohort.at_gates.holding.get(self._name, ()):
            self._hold(child)
        self._take_up()
        if self._later is not None and self._later[0] <= host.horizon:
            host.at(self._later[0], self._change, self._later[1])
        for _, back in self._away:
            if host.start < back <= host.horizon:
                host.at(back, self._offer, last=True)
        if self._waiting and self._by_day:
            # What happened on the day of the snapshot would have been recorded.
            host.at(host.start + 1.0, self._first_offer, last=True)
        elif self._waiting:
            self._first_offer()

    def _take_up(self) -> None:
        """Of those in the steps of the gate, some are at work, and the others wait."""
        host, cohort = self._host, self._cohort
        items = [item for _, some in self._loaded for item in some]
        # What was under way was so under the gate as it was: a scenario takes no place away from anybody.
        before = cohort.model.gates.get(self._name)
        begun = iter(at_work(cohort, self._name, before if isinstance(before, Places) else self._gate, items))
        for step, some in self._loaded:
            days = [next(begun) for _ in some]
            there = list(zip(some, days, strict=True))
            self._go_on(cohort, step, [(item, day) for item, day in there if day is not None])
            for item, day in there:
                if day is None:
                    self._queue(item.child, host.ready.work[step.name], item.since)

    def becomes(self, day: float, gate: Places) -> None:
        """There are others, in number or by rule, from this day on."""
        self._later = (day, gate)

    def _change(self, gate: Places) -> None:
        self._gate = gate
        self._away = [(day_of(one.start), day_of(one.end) + 1.0) for one in self._gate.away]
        self._usual = self._gate.places * self._gate.cases_each
        self._serve_holders()
        self._ask()

    def left(self, child: int) -> None:
        """The case has ended: its places are free."""
        if self._held.get(child):
            self._busy -= self._held.pop(child)
            self._ask()

    def free(self, child: int) -> None:
        """The activity has happened at which the child gives its place back."""
        if self._held.get(child):
            self.left(child)
        else:
            self._passed.add(child)

    # Places --------------------------------------------------------------------------------------------------------

    def _queue(self, child: int, work: Work, ready: float) -> Entry:
        rule = self._gate.priority
        group = rule.place(self._host.draws.stratum(rule.by, child)) if rule else 0
        self._passed.discard(child)
        self._number += 1
        entry = (group, ready, child, self._number, work)
        heappush(self._waiting, entry)
        return entry

    def _ask(self) -> None:
        """Places are to be given out: now, or at the end of the day."""
        if not self._by_day:
            self._give_out()
        elif not self._asked:
            day = self._host.now
            if self._gate.working_days:
                day = self._clock.on_or_after(day)
            self._asked = True
            self._host.at(day, self._offer, last=True)

    def _offer(self) -> None:
        self._asked = False
        self._give_out()

    def _first_offer(self) -> None:
        self._serve_holders()
        self._offer()

    def _give_out(self) -> None:
        host, capacity = self._host, self._capacity(self._host.now)
        while self._waiting and (self._busy < capacity or host.gone(self._waiting[0][2])):
            _, _, child, _, work = heappop(self._waiting)
            if not host.gone(child):
                self._start(child, work)
                if self._gate.until:
                    self._start_all_of({child})
        newcomers, self._newcomers = self._newcomers, []
        if self._gate.room is not None and newcomers:
            self._turn_away(newcomers, self._gate.room)

    def _serve_holders(self) -> None:
        """Under a rule that places are kept, nobody waits who has one: the place waited for might be that very one."""
        if self._gate.until and self._waiting:
            self._start_all_of({child for child, held in self._held.items() if held})

    def _start_all_of(self, children: Set[int]) -> None:
        """A place that is kept until a later activity serves all that the child waits for here."""
        theirs = [entry for entry in self._waiting if entry[2] in children]
        if theirs:
            self._waiting = [entry for entry in self._waiting if entry[2] not in children]
            heapify(self._waiting)
            for entry in sorted(theirs, key=lambda entry: entry[:4]):
                self._start(entry[2], entry[4])

    def _turn_away(self, newcomers: list[Entry], room: int) -> None:
        """Of those who came since places were last given out, the last in turn find the room full."""
        host = self._host
        waiting = {entry[3]: entry[2] for entry in self._waiting if not host.gone(entry[2])}
        for entry in sorted(newcomers, key=lambda entry: entry[:4], reverse=True):
            if len(waiting) <= room:
                return
            if entry[3] in waiting:
                child = waiting.pop(entry[3])
                self._waiting = [one for one in self._waiting if one[3] != entry[3]]
                heapify(self._waiting)
                host.happen(child, host.ready.turned_away[self._name])
                if host.gone(child):  # who waited here with other steps too is turned away once
                    waiting = {number: one for number, one in waiting.items() if one != child}

    def _capacity(self, day: float) -> int:
        return self._gate.capacity(day) if self._away else self._usual

    def _hold(self, child: int) -> None:
        held = self._held.get(child, 0)
        if not (held and self._gate.until):
            self._held[child] = held + 1
            self._busy += 1

    def _start(self, child: int, work: Work) -> None:
        self._hold(child)
        self._host.note(child, self._gate.begins_as, self._host.now)
        self._work_on(child, work, self._host.time_for(child, work))

    def _work_on(self, child: int, work: Work, days: float) -> None:
        now = self._host.now
        end = self._clock.add(now, days) - now if self._gate.working_days else days
        self._host.later(end, self._worked, child, work)

    def _go_on(self, cohort: Cohort, step: Step, begun: Sequence[tuple[Running, float]]) -> None:
        """Carry on with work that began on those days, each with the time it still needs."""
        host, work = self._host, self._host.ready.work[step.name]
        if not begun:
            return
        if self._gate.working_days and not step.by_age:
            elapsed = [self._clock.between(day, host.start) for _, day in begun]
        else:
            elapsed = [host.elapsed(step, replace(item, since=day)) for item, day in begun]
        for item, so_far, total, _ in remaining(host, cohort, step, [item for item, _ in begun], elapsed):
            self._hold(item.child)
            self._work_on(item.child, work, days_left(host, so_far, total))

    def _worked(self, child: int, work: Work) -> None:
        gate, host = self._gate, self._host
        if host.gone(child):
            return
        if gate.continued > 0.0 and host.draws.unit(self._continued, child) <= gate.continued:
            host.note(child, gate.continued_as, host.now)
            days = gate.continuation.isf(host.draws.unit(self._continuation, child))
            self._work_on(child, work, host.draws.rounded(days))
            return
        over = not gate.until or child in self._passed
        self._passed.discard(child)
        # First what happens: a case that ends with it waits for no other place of the gate.
        host.happen(child, work)
        if over and self._held.get(child):
            self._held[child] -= 1
            self._busy -= 1
            self._ask()
