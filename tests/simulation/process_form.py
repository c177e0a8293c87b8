"""The engine once more, as plain SimPy processes: the form that is easy to believe, kept as an oracle for the fast one.

A child is a process that goes from step to step, waits out each duration with a timeout, and waits at a panel for an
event of its own; where steps run side by side, each is a process. The draws, the laws and the way a log is made are
the engine's; who does what when is said here anew. Of panels only a plain waiting list is covered.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import simpy
from process_gates import Desk, decided, is_working

from event_logs.log import EventLog, from_days, to_days
from simulation.at_gates import at_work
from simulation.children import NEVER, everybody
from simulation.cohort import Cohort, Running
from simulation.draws import WITHIN_THE_DAY, Draws
from simulation.frailty import Paced, draw_frailties, frail
from simulation.gates import DecisionMaker, Places, ReviewCycle, Sessions
from simulation.gates.iso import text_of
from simulation.laws import Law
from simulation.model import START, PathwayModel, Step
from simulation.queues.host import days_left, remaining
from simulation.queues.reviews import _readiness
from simulation.record import Recorded, activity_codes, log_of
from simulation.streams import Streams

Process = Generator[simpy.Event, Any, None]
_LAST = simpy.events.EventPriority(2)


def simulate_by_processes(
    model: PathwayModel, cohort: Cohort, end: pd.Timestamp, *, seed: int, replication: int = 0
) -> EventLog:
    """What `simulation.engine.simulate` returns, by processes. Raises NotImplementedError for a gate not covered."""
    horizon = float(to_days(pd.Series([end]))[0])
    children = everybody(model, cohort, end, Streams(seed, replication, 0).generator("arrivals"))
    run = _Processes(model, cohort, children, Streams(seed, replication, len(children.arrival)), horizon)
    run.start_all(cohort)
    run.env.run(until=horizon + 1.0)
    return log_of(run.recorded, model, cohort, children, end)


class _Processes:
    def __init__(self, model: PathwayModel, cohort: Cohort, children: Any, streams: Streams, horizon: float) -> None:
        self.model, self.children, self.streams = model, children, streams
        self.start, self.horizon = cohort.day, horizon
        self.env = simpy.Environment(initial_time=self.start)
        count = len(children.arrival)
        self.draws = Draws(children, streams, whole_days=model.whole_days)
        self.frail = frail(model) or frail(cohort.model)
        self.codes = activity_codes(model)
        self.recorded = Recorded(array("i"), array("i"), array("d"), [NEVER] * count)
        self.ended = self.recorded.ended
        self.happened: list[set[str]] = [set() for _ in range(count)]
        self.waiting: dict[str, list[tuple[float, int, simpy.Event]]] = {}
        for name, gate in model.gates.items():
            if isinstance(gate, Sessions):
                plain = Sessions(
                    weekday=gate.weekday,
                    weeks_of_month=gate.weeks_of_month,
                    slots=gate.slots,
                    lead_days=gate.lead_days,
                    skip_months=gate.skip_months,
                    source=gate.source,
                    cancelled=gate.cancelled,
                    added=gate.added,
                    slots_on=gate.slots_on,
                )
                if gate != plain:
                    raise NotImplementedError(f"{name}: only a plain waiting list is covered")
                self.waiting[name] = []
            elif isinstance(gate, Places) and gate.room is not None:
                raise NotImplementedError(f"{name}: a waiting room that is full is not covered")
        self.desks = {name: Desk(gate, self) for name, gate in model.gates.items() if isinstance(gate, Places)}

    # Small things --------------------------------------------------------------------------------------------------

    def on(self, day: float, priority: Any = simpy.events.NORMAL) -> simpy.Event:
        """An event that happens on that day, or now if it has passed."""
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        self.env.schedule(event, priority, max(day - self.env.now, 0.0))
        return event

    def here(self, child: int) -> bool:
        return self.ended[child] == NEVER

    def record(self, child: int, activity: str, day: float) -> None:
        self.recorded.add(child, self.codes[activity], day)

    def age(self, child: int, unknown: float) -> float:
        birth = self.children.birth[child]
        return self.env.now - birth if birth == birth else unknown

    def law(self, child: int, step: Step) -> Law | Paced:
        law = step.law(self.children.strata[child])
        return Paced(law, step.rho, float(self.draws.frailty[child])) if step.rho > 0.0 else law

    def elapsed(self, step: Step, item: Running) -> float:
        days = self.start - item.since
        return self.age(item.child, days) if step.by_age else days

    def goes_on(self, child: int, step: Step, elapsed: float, total: float) -> float:
        return total  # a change of work under way is not covered

    def duration(self, child: int, step: Step) -> float:
        unit, law = self.draws.unit(step.name, child), self.law(child, step)
        if step.by_age:
            age = self.age(child, 0.0)
            return self.draws.rounded(law.remaining(unit, age) - age)
        return self.draws.rounded(law.isf(unit))

    # Processes -----------------------------------------------------------------------------------------------------

    def arriving(self, coming: list[int]) -> Process:
        """Children come one after another, each as a process of its own."""
        for child in coming:
            yield self.on(max(self.children.arrival[child], self.start))
            self.env.process(self.leaving(child, self.env.now))
            self.go_on_with(child, self.chosen(child, START))

    def leaving(self, child: int, earliest: float) -> Process:
        day = max(self.children.leaves[child], earliest)
        if day <= self.horizon and self.model.leaves_as:
            yield self.on(day, simpy.events.URGENT)
            if self.here(child):
                self.record(child, self.model.leaves_as, self.env.now)
                self.end(child)

    def end(self, child: int) -> None:
        self.ended[child] = self.env.now
        for desk in self.desks.values():
            desk.left(child)

    def go_on_with(self, child: int, steps: list[Step]) -> None:
        for step in steps:
            self.env.process(self.journey(child, step))

    def journey(self, child: int, step: Step, first: Process | None = None) -> Process:
        """One step after another, until there is none or there are several at once. `first`: it is under way."""
        while True:
            yield from first or self.perform(child, step)
            first = None
            if not self.here(child):
                return
            following = self.happen(child, step)
            if len(following) != 1:
                self.go_on_with(child, following)
                return
            step = following[0]

    def perform(self, child: int, step: Step) -> Process:
        gate = self.model.gates.get(step.gate)
        if isinstance(gate, Places):
            yield from self.desks[step.gate].take(child, self.env.now)
            if self.here(child):
                yield from self.at_work(child, step, self.duration)
            return
        days = self.duration(child, step)
        if isinstance(gate, DecisionMaker):
            yield self.decision(child, step.gate, gate, self.env.now, self.env.now + days)
            return
        if isinstance(gate, ReviewCycle):
            yield from self.reviewed(child, gate, (self.env.now,), self.env.now + days)
            return
        yield self.env.timeout(days)
        if step.gate and self.here(child):
            yield from self.heard(child, step.gate, self.env.now)

    def at_work(self, child: int, step: Step, lasting: Any) -> Process:
        """A place has been taken: the work, of which `lasting` says how long it is."""
        desk = self.desks[step.gate]
        if desk.gate.begins_as:
            self.record(child, desk.gate.begins_as, self.env.now)
        yield from desk.work(child, step.gate, lasting(child, step))

    def decision(self, child: int, name: str, gate: DecisionMaker, begun: float, made: float) -> simpy.Event:
        keeps, now = False, self.env.now
        if gate.limit_days is not None and gate.keeps_limit > 0.0:
            keeps = self.draws.unit(f"keeps the limit {name}", child) <= gate.keeps_limit
        earliest = now + (1.0 if now == self.start and self.model.whole_days else 0.0)
        return self.on(decided(gate, (begun, made), keeps, earliest, self.model.holidays))

    def heard(self, child: int, gate: str, ready: float) -> Process:
        """Wait on the list, in the place of the day the papers were ready."""
        turn = self.env.event()
        insort(self.waiting[gate], (ready, child, turn), key=lambda entry: entry[:2])
        yield turn

    def sessions(self, name: str, gate: Sessions) -> Process:
        """Hear those whose papers are in, as many as there are slots, after all else that happens on the day."""
        start, end = (pd.Timestamp(from_days([day])[0]) for day in (self.start, self.horizon))
        for day in to_days(pd.Series(gate.dates(start, end, closed=self.model.holidays))).tolist():
            yield self.on(day, _LAST)
            waiting = [entry for entry in self.waiting[name] if self.here(entry[1])]
            in_time = [entry for entry in waiting if entry[0] <= day - gate.lead_days]
            called = in_time[: gate.slots_at(text_of(day))]
            self.waiting[name] = waiting[len(called) :]
            for _, _, turn in called:
                turn.succeed()

    def reviewed(self, child: int, gate: ReviewCycle, held: tuple[float, ...], ready: float) -> Process:
        """Live through the reviews until one decides; some steps are begun so many days before that."""
        now, decided = self.env.now, NEVER
        last = self.horizon + max((before.lead_days for before in gate.beforehand), default=0.0)
        for day, unit in self.calendar(child, gate, held):
            if day > last:
                break
            self.record(child, gate.review, day)
            if day >= ready and unit <= gate.decides:
                decided = day
                break
        decision = self.on(decided) if decided < NEVER else self.env.event()
        for before in gate.beforehand:
            day = max(decided - self.draws.rounded(before.lead_days), now if now > self.start else now + 1.0)
            if day <= self.horizon:
                self.env.process(self.beforehand(child, self.on(day), self.model.steps[before.step]))
        yield decision

    def calendar(self, child: int, gate: ReviewCycle, held: tuple[float, ...]) -> Iterator[tuple[float, float]]:
        """Days of the reviews after now, and the draw that says whether each would decide."""
        now, day, number = self.env.now, held[-1], len(held) - 1
        extra = sorted(held[0] + float(round(days)) for days in gate.extra_days)
        extra = [day for day in extra if day > now]
        while True:
            unit = self.streams.unit(f"gap {gate.review}", child, number)
            gap = float(round(gate.gap(number).remaining(unit, max(now - day, 0.0) + WITHIN_THE_DAY)))
            day = max(day + gap, max(day, now) + 1.0)
            while extra and extra[0] <= day:
                occasion, due = len(gate.extra_days) - len(extra), extra.pop(0)
                if due < day:
                    yield due, self.streams.unit(f"decides additional {gate.review}", child, occasion)
            yield day, self.streams.unit(f"decides {gate.review}", child, number)
            number += 1

    def beforehand(self, child: int, begin: simpy.Event, step: Step) -> Process:
        yield begin
        if self.here(child) and step.activity not in self.happened[child]:
            yield from self.journey(child, step)

    # What happens --------------------------------------------------------------------------------------------------

    def happen(self, child: int, step: Step) -> list[Step]:
        """A step is done: the steps that begin now."""
        following: list[Step] = []
        if step.activity:
            self.record(child, step.activity, self.env.now)
            if step.activity in self.model.final:
                self.end(child)
                return []
            for desk in self.desks.values():
                if desk.gate.until == step.activity:
                    desk.free(child)
            following = self.joined(child, step.activity)
        return following + (self.chosen(child, step.leads_to) if step.leads_to in self.model.choices else [])

    def joined(self, child: int, activity: str) -> list[Step]:
        """The steps that could not begin before this activity, and can now."""
        before = frozenset(self.happened[child])
        after = before | {activity}
        self.happened[child].add(activity)
        return [
            step
            for step in self.model.steps.values()
            if activity in step.joins
            and not step.may_begin(before)
            and step.may_begin(after)
            and step.activity not in after
        ]

    def chosen(self, child: int, name: str) -> list[Step]:
        choice = self.model.choices[name]
        number = 0
        if len(choice.options) > 1:
            unit = self.draws.unit(f"choice {name}", child)
            shares = choice.cumulative(self.draws.stratum(choice.by, child))
            number = next(place for place, share in enumerate(shares) if unit <= share)
        starts = choice.options[number].starts
        if not starts:
            self.end(child)
        return [self.model.steps[start] for start in starts]

    # The start -----------------------------------------------------------------------------------------------------

    def start_all(self, cohort: Cohort) -> None:
        if self.frail:
            self.draws.frailty = draw_frailties(cohort, self.streams)
        for child, happened in enumerate(cohort.happened):
            self.happened[child] = set(happened)
        running = [*cohort.running, *(item for hidden in cohort.undecided for item in self.revealed(cohort, hidden))]
        by_step: dict[str, list[Running]] = {}
        for item in running:
            by_step.setdefault(item.step, []).append(item)
        for name, items in by_step.items():
            self.load(cohort, cohort.model.steps[name], items)
        for name, desk in self.desks.items():
            self.load_places(cohort, name, desk, running)
        for name, gate in self.model.gates.items():
            if isinstance(gate, Sessions):
                self.env.process(self.sessions(name, gate))
        arrival = self.children.arrival
        for child, day in enumerate(arrival):
            if day != day:
                self.env.process(self.leaving(child, self.start + 1.0))
        coming = sorted((child for child, day in enumerate(arrival) if day == day), key=lambda one: (arrival[one], one))
        if coming:
            self.env.process(self.arriving(coming))

    def load(self, cohort: Cohort, step: Step, items: list[Running]) -> None:
        """Children for whom the step is under way go on with it, in what is left of its time."""
        gate, present = cohort.model.gates.get(step.gate), self.model.steps[step.name]
        if isinstance(gate, ReviewCycle):
            now = self.model.gates[step.gate]
            assert isinstance(now, ReviewCycle)
            kept = ReviewCycle(review=gate.review, gaps=gate.gaps, decides=gate.decides, beforehand=now.beforehand)
            for item in items:
                held = (item.since, *cohort.reviews.get(item.child, ()))
                unit = self.draws.unit(step.name, item.child)
                ready = item.since + _readiness(self.law(item.child, step), unit, held, gate)
                self.env.process(self.journey(item.child, present, self.reviewed(item.child, kept, held, ready)))
            return
        if isinstance(gate, Places):
            return
        for item, so_far, total, over in remaining(self, cohort, step, items):  # type: ignore[arg-type]
            wait = item.since + total if step.gate and over else None
            if isinstance(gate, DecisionMaker):
                made = self.start + days_left(self, so_far, total)  # type: ignore[arg-type]
                day = self.decision(item.child, step.gate, gate, item.since, made)
                self.env.process(self.journey(item.child, present, self.awaited(day)))
                continue
            left = 0.0 if wait is not None else days_left(self, so_far, total)  # type: ignore[arg-type]
            self.env.process(self.journey(item.child, present, self.rest(item.child, present, left, wait)))

    def awaited(self, day: simpy.Event) -> Process:
        yield day

    def load_places(self, cohort: Cohort, name: str, desk: Desk, running: list[Running]) -> None:
        """Work under way goes on in its places; the others wait, in the place of the day they were ready."""
        for child in cohort.at_gates.holding.get(name, ()):
            desk.held[child] = 1
        steps = [item.step for item in running if cohort.model.steps[item.step].gate == name]
        items = [item for step in dict.fromkeys(steps) for item in running if item.step == step]
        before = cohort.model.gates[name]
        assert isinstance(before, Places)
        since = list(zip(items, at_work(cohort, name, before, items), strict=True))
        for step in dict.fromkeys(item.step for item in items):
            present = self.model.steps[step]
            there = [(item, day) for item, day in since if item.step == step and day is not None]
            elapsed = [self.elapsed(present, replace(item, since=day)) for item, day in there]
            if desk.gate.working_days:
                elapsed = [self.worked(day) for _, day in there]
            some = [item for item, _ in there]
            told = remaining(self, cohort, present, some, elapsed) if there else []  # type: ignore[arg-type]
            for item, so_far, total, _ in told:
                desk.held[item.child] = 1 if desk.gate.until else desk.held[item.child] + 1
                rest = desk.work(item.child, name, days_left(self, so_far, total))  # type: ignore[arg-type]
                self.env.process(self.journey(item.child, present, rest))
            for item in [item for item, day in since if item.step == step and day is None]:
                self.env.process(self.journey(item.child, present, self.queued(item, present, desk)))
        self.env.process(self.opened(desk))

    def worked(self, since: float) -> float:
        days = range(int(since) + 1, int(self.start) + 1)
        return float(sum(is_working(day, self.model.holidays) for day in days))

    def queued(self, item: Running, step: Step, desk: Desk) -> Process:
        yield from desk.take(item.child, item.since, ask=False)
        if self.here(item.child):
            yield from self.at_work(item.child, step, self.duration)

    def opened(self, desk: Desk) -> Process:
        desk.open()
        yield self.env.timeout(0)

    def rest(self, child: int, step: Step, days: float, ready: float | None) -> Process:
        """The rest of a step under way; `ready` is when its papers were, where the child stands in the queue."""
        if ready is None:
            yield self.env.timeout(days)
        if step.gate and self.here(child):
            yield from self.heard(child, step.gate, self.env.now if ready is None else ready)

    def revealed(self, cohort: Cohort, hidden: Any) -> list[Running]:
        """Which way an undecided child is on, given that the time so far has not shown it."""
        choice = cohort.model.choices[hidden.choice]
        stratum = self.draws.stratum(choice.by, hidden.child)
        weights = []
        for option in choice.options:
            lasting = 1.0
            for name in option.starts:
                lasting *= self.law(hidden.child, cohort.model.steps[name]).sf(self.start - hidden.since)
            weights.append(option.share.get(stratum, option.share.get("", 0.0)) * lasting)
        weights = weights if sum(weights) > 0 else [1.0] * len(weights)
        target, place = self.draws.unit(f"choice {hidden.choice}", hidden.child) * sum(weights), 0
        while place < len(weights) - 1 and target > weights[place]:
            target, place = target - weights[place], place + 1
        return [Running(hidden.child, name, hidden.since) for name in choice.options[place].starts]
