"""Places and decisions for the plain process form: a list looked through from its start, days gone by one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from datetime import date, timedelta
from math import floor
from typing import Any

import simpy

from simulation.gates import DecisionMaker, Places

Process = Generator[simpy.Event, Any, None]
_LAST = simpy.events.EventPriority(2)


def is_working(day: float, holidays: Iterable[str]) -> bool:
    """Whether work is done on the day."""
    found = date(1970, 1, 1) + timedelta(days=floor(day))
    return found.weekday() < 5 and found.isoformat() not in holidays


def next_working(day: float, holidays: Iterable[str]) -> float:
    """The day itself, or the beginning of the next on which work is done."""
    while not is_working(day, holidays):
        day = floor(day) + 1.0
    return day


def after_working_days(day: float, count: float, holidays: Iterable[str]) -> float:
    """The day on which so many whole working days have gone by after this one."""
    for _ in range(int(count)):
        day = next_working(floor(day) + 1.0, holidays)
    return next_working(day, holidays)


def decided(
    gate: DecisionMaker, span: tuple[float, float], keeps: bool, earliest: float, holidays: Iterable[str]
) -> float:
    """The day of a decision asked for on the first day of the span, that would be made on the second."""
    begun, made = span
    day = next_working(made, holidays) if gate.working_days and made < earliest + 4000 else made
    if gate.limit_days is None or not keeps or day < floor(begun) + floor(gate.limit_days) + 1:
        return day
    last = floor(begun) + floor(gate.limit_days)
    while gate.working_days and not is_working(last, holidays):
        last -= 1
    return max(float(last), earliest) if last >= floor(earliest) else day


class Desk:
    """The places of one gate."""

    def __init__(self, gate: Places, run: Any) -> None:
        self.gate, self.run = gate, run
        self.waiting: list[tuple[int, float, int, int, simpy.Event]] = []
        self.held: Counter[int] = Counter()
        self.let_go: set[int] = set()
        self.asked, self.number = False, 0

    def open(self) -> None:
        """Somebody comes back after each absence."""
        for one in self.gate.away:
            back = (date.fromisoformat(one.end) - date(1970, 1, 1)).days + 1.0
            if self.run.start < back <= self.run.horizon:
                self.run.env.process(self.hand_out_on(back))
        if self.waiting:
            by_day = self.run.model.whole_days or self.gate.working_days
            self.run.env.process(self.hand_out_on(self.run.start + (1.0 if by_day else 0.0)))

    def take(self, child: int, ready: float, *, ask: bool = True) -> Process:
        """Wait for a place; whoever keeps one has it. Not to `ask` is to wait for the first day of the run."""
        if ask and self.gate.until and self.held[child]:
            return
        turn, rule = self.run.env.event(), self.gate.priority
        group = rule.place(self.run.draws.stratum(rule.by, child)) if rule else 0
        self.let_go.discard(child)
        self.number += 1
        self.waiting.append((group, ready, child, self.number, turn))
        if ask:
            self.ask()
        yield turn

    def ask(self) -> None:
        if not (self.run.model.whole_days or self.gate.working_days):
            self.hand_out()
        elif not self.asked:
            self.asked = True
            day = self.run.env.now
            self.run.env.process(
                self.hand_out_on(next_working(day, self.run.model.holidays) if self.gate.working_days else day)
            )

    def hand_out_on(self, day: float) -> Process:
        yield self.run.on(day, _LAST)
        self.asked = False
        self.hand_out()

    def hand_out(self) -> None:
        self.waiting = [entry for entry in self.waiting if self.run.here(entry[2])]
        for entry in [one for one in self.waiting if self.gate.until and self.held[one[2]]]:
            self.waiting.remove(entry)
            entry[4].succeed()
        while self.waiting and sum(self.held.values()) < self.gate.capacity(self.run.env.now):
            first = min(self.waiting, key=lambda entry: entry[:4])
            self.held[first[2]] += 1
            for entry in [one for one in self.waiting if one is first or (self.gate.until and one[2] == first[2])]:
                self.waiting.remove(entry)
                entry[4].succeed()

    def work(self, child: int, name: str, days: float) -> Process:
        """The work and its continuations; then the place is given back, if it is not kept."""
        gate, run = self.gate, self.run
        while True:
            if gate.working_days:
                days = after_working_days(run.env.now, days, run.model.holidays) - run.env.now
            yield run.env.timeout(days)
            if not run.here(child):
                return
            if not gate.continued or run.draws.unit(f"continued {name}", child) > gate.continued:
                break
            if gate.continued_as:
                run.record(child, gate.continued_as, run.env.now)
            days = run.draws.rounded(gate.continuation.isf(run.draws.unit(f"continuation {name}", child)))
        if not gate.until or child in self.let_go:
            self.let_go.discard(child)
            self.held[child] -= 1
            self.ask()

    def free(self, child: int) -> None:
        """The activity at which the place is given back."""
        if self.held[child]:
            self.left(child)
        else:
            self.let_go.add(child)

    def left(self, child: int) -> None:
        if self.held.pop(child, 0):
            self.ask()
