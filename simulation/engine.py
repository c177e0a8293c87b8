"""The engine: a pathway model run on SimPy's clock, giving an event log.

One SimPy event an activity that ends, granted by callbacks: several times faster than a process a child, with the same
log. The engine counts nothing and plots nothing; every measure is taken from the log it returns.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_right, insort
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import simpy

from event_logs.log import EventLog, from_days, to_days
from simulation.children import NEVER, Children, everybody
from simulation.cohort import Cohort, Running, Undecided
from simulation.draws import WITHIN_THE_DAY, Draws
from simulation.frailty import Paced, draw_frailties, frail
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import START, PathwayModel, Step
from simulation.record import Recorded, activity_codes, log_of
from simulation.runnable import Branch, Reviews, Runnable, Work
from simulation.streams import Streams

EVENTS_PER_CASE = 10_000
"""A case with more events than this is in a loop without end; the run stops and says so."""
_LAST = simpy.events.EventPriority(2)
"""After everything of SimPy's own priorities on the same instant."""


class EndlessLoopError(RuntimeError):
    """A case went round the same steps without end."""


def simulate(
    model: PathwayModel,
    cohort: Cohort,
    end: pd.Timestamp,
    *,
    seed: int,
    replication: int = 0,
) -> EventLog:
    """Run the model from the cohort's day to `end` and return what happened, as an event log.

    The log holds the children open at the start with their recorded past, and the new arrivals. Its window runs from
    the cohort's day to `end`: every child already there is left-truncated at the start, every child not finished is
    open at the end, as in any extract. Steps under way carry on under the law of the cohort's own model, with the
    remaining time conditional on the time already spent; everything that begins later follows `model`. The same
    arguments give the same log, whatever else is simulated.

    Raises EndlessLoopError when a case passes `EVENTS_PER_CASE` events.
    """
    horizon = float(to_days(pd.Series([end]))[0])
    if horizon <= cohort.day:
        raise ValueError(f"end must be after the cohort's day, got {end:%Y-%m-%d}")
    seeds = Streams(seed, replication, 0)
    children = everybody(model, cohort, end, seeds.generator("arrivals"))
    run = _Run(model, children, Streams(seed, replication, len(children.arrival)), (cohort.day, horizon))
    with _uncollected():
        run.load(cohort)
        run.go()
    return log_of(run.recorded, model, cohort, children, end)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: a run leaves no cycles while it goes on, and the collector would walk
    through all that is loaded beside it again and again (a seventh of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Run:
    """The state of one run. Lists indexed by child, no tables."""

    def __init__(self, model: PathwayModel, children: Children, streams: Streams, span: tuple[float, float]) -> None:
        self.model, self.children, self.streams = model, children, streams
        self.start, self.horizon = span
        self.env = simpy.Environment(initial_time=self.start)
        count = len(children.arrival)
        self.draws = Draws(children, streams, whole_days=model.whole_days)
        self.codes = activity_codes(model)
        self.ready = Runnable(model, self.draws, self.codes)
        self.happened: list[set[str]] = [set() for _ in range(count)]
        self.recorded = Recorded(array("i"), array("i"), array("d"), [NEVER] * count)
        self.ended = self.recorded.ended
        self.events = [0] * count
        self.queues: dict[str, list[tuple[float, int, Work]]] = {
            name: [] for name, gate in model.gates.items() if isinstance(gate, Sessions)
        }

    def go(self) -> None:
        """Run to the horizon."""
        for name in self.queues:
            gate = self.model.gates[name]
            assert isinstance(gate, Sessions)
            sessions = gate.dates(pd.Timestamp(from_days([self.start])[0]), pd.Timestamp(from_days([self.horizon])[0]))
            for day in to_days(pd.Series(sessions)).tolist():
                # After all else that happens on the day, so that papers completed on it count as in.
                self._at(day, self._session, (name, gate), priority=_LAST)
        arrival = self.children.arrival
        for child, day in enumerate(arrival):
            if day != day:
                # Who should have left by now leaves on the first day.
                self._leaves(child, self.start + 1.0)
        coming = sorted(
            (child for child, day in enumerate(arrival) if day == day), key=arrival.__getitem__, reverse=True
        )
        if coming:
            self._at(max(arrival[coming[-1]], self.start), self._arrive, coming)
        self.env.run(until=self.horizon + 1.0)

    # What happens --------------------------------------------------------------------------------------------------

    def _at(self, day: float, action: Any, value: Any, priority: Any = simpy.events.NORMAL) -> None:
        event = simpy.Event(self.env)
        event._ok, event._value = True, value
        event.callbacks.append(action)
        self.env.schedule(event, priority, max(day - self.env.now, 0.0))

    def _arrive(self, event: Any) -> None:
        """The next of those still to come, last first; one event at a time, however many there are."""
        coming, branch = event._value, self.ready.branches.get(START)
        child = coming.pop()
        if coming:
            self._at(self.children.arrival[coming[-1]], self._arrive, coming)
        # Nobody leaves before they are there.
        self._leaves(child, self.env.now)
        if branch is not None:
            self._choose(branch, child)

    def _leaves(self, child: int, earliest: float) -> None:
        day = max(self.children.leaves[child], earliest)
        if day <= self.horizon and self.model.leaves_as:
            # Before all else that happens on the day.
            self._at(day, self._leave, child, priority=simpy.events.URGENT)

    def _leave(self, event: Any) -> None:
        child = event._value
        if self.ended[child] == NEVER:
            self.recorded.add(child, self.codes[self.model.leaves_as], self.env.now)
            self.ended[child] = self.env.now

    def begin(self, child: int, work: Work) -> None:
        """Start a step now: draw its duration and look for it then."""
        days = work.days.next(child) if not work.step.by_age else self._by_age(child, work.step)
        if isinstance(work.gate, ReviewCycle):
            assert work.reviews is not None
            self._reviews(child, work, Plan(work.gate, work.reviews, self.env.now + days, (self.env.now,)))
        else:
            simpy.Timeout(self.env, days, (child, work)).callbacks.append(self._worked)

    def _by_age(self, child: int, step: Step) -> float:
        law, age = self._law(child, step), self._age(child, 0.0)
        return self.draws.rounded(law.remaining(self.draws.unit(step.name, child), age) - age)

    def _age(self, child: int, unknown: float) -> float:
        """The child's age today, in days; `unknown` where no date of birth is known."""
        birth = self.children.birth[child]
        return self.env.now - birth if birth == birth else unknown

    def _law(self, child: int, step: Step) -> Law | Paced:
        """The step's law for this child: shifted by its frailty where the step depends on it."""
        law = step.law(self.children.strata[child])
        return Paced(law, step.rho, float(self.draws.frailty[child])) if step.rho > 0.0 else law

    def _worked(self, event: Any) -> None:
        child, work = event._value
        if self.ended[child] != NEVER:
            return
        if work.gate is not None:
            insort(self.queues[work.step.gate], (self.env.now, child, work), key=_turn)
        else:
            self._happen(child, work)

    def _session(self, event: Any) -> None:
        name, gate = event._value
        queue = self.queues[name]
        queue[:] = [item for item in queue if self.ended[item[1]] == NEVER]
        in_time = bisect_right(queue, self.env.now - gate.lead_days, key=lambda item: item[0])
        for _, child, work in queue[: min(in_time, gate.slots)]:
            self._happen(child, work)
        del queue[: min(in_time, gate.slots)]

    def _done(self, event: Any) -> None:
        child, work = event._value
        if self.ended[child] == NEVER:
            self._happen(child, work)

    def _happen(self, child: int, work: Work) -> None:
        self.events[child] += 1
        if self.events[child] > EVENTS_PER_CASE:
            raise EndlessLoopError(
                f"a case passed {EVENTS_PER_CASE} events at {work.step.name!r}: the routing has a loop without end"
            )
        if work.code >= 0:
            self.recorded.add(child, work.code, self.env.now)
            if work.final:
                self.ended[child] = self.env.now
                return
            if work.counts:
                self._join(child, work)
        if work.then is not None:
            self._choose(work.then, child)

    def _join(self, child: int, work: Work) -> None:
        happened = self.happened[child]
        if work.step.activity in happened:
            return
        happened.add(work.step.activity)
        for waiting in work.joins:
            if happened.issuperset(waiting.step.waits_for) and waiting.step.activity not in happened:
                self.begin(child, waiting)

    def _choose(self, branch: Branch, child: int) -> None:
        starts = branch.options[0 if branch.number is None else branch.number.next(child)]
        if not starts:
            self.ended[child] = self.env.now
        for work in starts:
            self.begin(child, work)

    def _reviews(self, child: int, work: Work, plan: Plan) -> None:
        """Lay out the child's reviews until one decides."""
        now, decided, gate = self.env.now, NEVER, plan.gate
        # What is begun beforehand may begin within the horizon for a review just beyond it.
        last = self.horizon + max((before.lead_days for before in gate.beforehand), default=0.0)
        code = self.codes[gate.review]
        for due, chance in self._calendar(child, plan):
            if due > last:
                break
            self.recorded.add(child, code, due)
            if due >= plan.ready and chance <= gate.decides:
                decided = due
                self._at(decided, self._done, (child, work))
                break
        # Of what was begun on the day of the snapshot, the records would know.
        earliest = now if now > self.start else now + 1.0
        for before in gate.beforehand:
            begin = max(decided - self.draws.rounded(before.lead_days), earliest)
            if begin <= self.horizon:
                self._at(begin, self._started_beforehand, (child, self.ready.work[before.step]))

    def _calendar(self, child: int, plan: Plan) -> Iterator[tuple[float, float]]:
        """The child's reviews after now, each with the draw that says whether a ready plan is decided at it.

        Additional reviews leave the ordinary calendar, and its draws, as they were.
        """
        now, day, number, gate = self.env.now, plan.held[-1], len(plan.held) - 1, plan.gate
        extra = [due for due in (plan.held[0] + float(round(d)) for d in sorted(gate.extra_days)) if due > now]
        while True:
            if day < now:
                # Held before the snapshot: the next one is among those that have not come yet.
                unit = self.streams.unit(f"gap {gate.review}", child, number)
                gap = float(round(gate.gap(number).remaining(unit, now - day + WITHIN_THE_DAY)))
                day = max(day + gap, now + 1.0)
            else:
                day += plan.draws.gaps.at(child, number)
            while extra and extra[0] <= day:
                occasion, due = len(gate.extra_days) - len(extra), extra.pop(0)
                if due < day:  # on the day of an ordinary review there is no other
                    yield due, self.streams.unit(f"decides additional {gate.review}", child, occasion)
            yield day, plan.draws.decides.at(child, number)
            number += 1

    def _started_beforehand(self, event: Any) -> None:
        child, work = event._value
        if self.ended[child] == NEVER and work.step.activity not in self.happened[child]:
            self.begin(child, work)

    # The state at the start ----------------------------------------------------------------------------------------

    def load(self, cohort: Cohort) -> None:
        """Take over the children open at the start: what has happened to them, and what is under way."""
        if frail(self.model) or frail(cohort.model):
            self.draws.frailty = draw_frailties(cohort, self.streams)
        known = self.ready if cohort.model is self.model else Runnable(cohort.model, self.draws, self.codes)
        for child, happened in enumerate(cohort.happened):
            self.happened[child] = set(happened)
        running = list(cohort.running)
        for hidden in cohort.undecided:
            running += self._reveal(cohort, hidden)
        by_step: dict[str, list[Running]] = {}
        for item in running:
            by_step.setdefault(item.step, []).append(item)
        for name, items in by_step.items():
            gate = cohort.model.gates.get(cohort.model.steps[name].gate)
            if isinstance(gate, ReviewCycle):
                for item in items:
                    self._go_on_planning(cohort, known, item, gate)
            else:
                self._go_on(cohort, cohort.model.steps[name], items)

    def _reveal(self, cohort: Cohort, hidden: Undecided) -> list[Running]:
        """Which way an undecided child is on, given that the time so far has not shown it."""
        name, child, since = hidden.choice, hidden.child, hidden.since
        choice = cohort.model.choices[name]
        stratum = self.draws.stratum(choice.by, child)
        weights = []
        for option in choice.options:
            lasting = 1.0
            for step in option.starts:
                lasting *= self._law(child, cohort.model.steps[step]).sf(self.start - since)
            weights.append(option.share.get(stratum, option.share.get("", 0.0)) * lasting)
        if sum(weights) <= 0:
            weights = [1.0] * len(weights)
        target, place = self.draws.unit(f"choice {name}", child) * sum(weights), 0
        while place < len(weights) - 1 and target > weights[place]:
            target, place = target - weights[place], place + 1
        return [Running(child, step, since) for step in choice.options[place].starts]

    def _go_on_planning(self, cohort: Cohort, known: Runnable, item: Running, gate: ReviewCycle) -> None:
        step, work = cohort.model.steps[item.step], self.ready.work[item.step]
        held = (item.since, *cohort.reviews.get(item.child, ()))
        reviews, present = known.work[item.step].reviews, work.gate
        assert isinstance(present, ReviewCycle)
        assert reviews is not None
        unit = self.draws.unit(step.name, item.child)
        ready = item.since + _readiness(self._law(item.child, step), unit, held, gate)
        # Work under way keeps its calendar; only what is begun beforehand may be new.
        kept = ReviewCycle(review=gate.review, gaps=gate.gaps, decides=gate.decides, beforehand=present.beforehand)
        self._reviews(item.child, work, Plan(kept, reviews, ready, held))

    def _go_on(self, cohort: Cohort, step: Step, items: list[Running]) -> None:
        """Carry on with a step that is under way for some children, each with the time it still needs."""
        work, whole = self.ready.work[step.name], self.model.whole_days
        children = np.asarray([item.child for item in items])
        elapsed = self.start - np.asarray([item.since for item in items])
        if step.by_age:
            elapsed = np.asarray([self._age(item.child, elapsed[n]) for n, item in enumerate(items)])
        lasting, done = self.draws.remaining(step, cohort.model.stratify_by, children, elapsed)
        for number, (item, total) in enumerate(zip(items, lasting.tolist(), strict=True)):
            if step.gate and done[number]:
                # The work is done: the child stands in the queue, in the place of the day it was ready.
                insort(self.queues[step.gate], (item.since + total, item.child, work), key=_turn)
                continue
            days = self.draws.rounded(total) - float(elapsed[number])
            # An end on the day of the snapshot would have been recorded: the day after is the first there can be.
            simpy.Timeout(self.env, max(days, 1.0) if whole else days, (item.child, work)).callbacks.append(
                self._worked
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in the making: the reviews that may decide it, and from when on one can."""

    gate: ReviewCycle
    draws: Reviews
    ready: float
    held: tuple[float, ...]
    """The start, then the reviews already held."""


def _turn(item: tuple[float, int, Work]) -> tuple[float, int]:
    """Whose turn it is: by the day of readiness, then by number."""
    return item[:2]


def _readiness(law: Law | Paced, unit: float, held: tuple[float, ...], gate: ReviewCycle) -> float:
    """Time from the start until a plan is ready, for a child whose reviews so far have decided nothing.

    Each review that a ready plan has passed makes readiness before it less likely by the factor 1 - decides; the draw
    is taken from that posterior, so a child long without a decision is probably not ready yet.
    """
    survival = [law.sf(day - held[0]) for day in held]
    reviews = len(held) - 1
    mass = [survival[i] - survival[i + 1] for i in range(reviews)] + [survival[-1]]
    weights = [mass[i] * (1.0 - gate.decides) ** (reviews - i) for i in range(reviews + 1)]
    if sum(weights) <= 0.0:
        return held[-1] - held[0]
    target = (1.0 - unit) * sum(weights)
    for place, weight in enumerate(weights):
        if target <= weight or place == reviews:
            break
        target -= weight
    within = min(target / weight, 1.0) if weight > 0.0 else 0.0
    return law.isf(min(max(survival[place] - within * mass[place], 1e-300), 1.0))
