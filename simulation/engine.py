"""The engine: a pathway model run on SimPy's clock, giving an event log.

One SimPy event an activity that ends, granted by callbacks: several times faster than a process a child, with the same
log. The engine counts nothing and plots nothing; every measure is taken from the log it returns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import simpy

from event_logs.log import EventLog, from_days, to_days
from simulation.children import NEVER, Children, everybody
from simulation.cohort import Cohort, Running, Undecided, strata_of
from simulation.frailty import Paced, draw_frailties, frail
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import START, PathwayModel, Step
from simulation.record import Recorded, log_of
from simulation.streams import Streams

EVENTS_PER_CASE = 10_000
"""A case with more events than this is in a loop without end; the run stops and says so."""
_WITHIN_THE_DAY = 0.5
"""A duration up to half a day longer is rounded to the same whole day."""
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
    run.load(cohort)
    run.go()
    return log_of(Recorded(run.recorded, run.ended), model, cohort, children, end)


class _Run:
    """The state of one run. Lists indexed by child, no tables."""

    def __init__(self, model: PathwayModel, children: Children, streams: Streams, span: tuple[float, float]) -> None:
        self.model, self.children, self.streams = model, children, streams
        self.start, self.horizon = span
        self.env = simpy.Environment(initial_time=self.start)
        self.happened: list[set[str]] = [set() for _ in children.arrival]
        self.ended = [NEVER] * len(children.arrival)
        self.occasions: dict[tuple[str, int], int] = {}
        self.recorded: list[tuple[int, str, float]] = []
        self.events = [0] * len(children.arrival)
        self.queues: dict[str, list[tuple[float, int, Step]]] = {
            name: [] for name, gate in model.gates.items() if isinstance(gate, Sessions)
        }
        self.joins: dict[str, list[Step]] = {}
        for step in model.steps.values():
            for activity in step.waits_for:
                self.joins.setdefault(activity, []).append(step)
        self.cumulative: dict[tuple[str, str], list[float]] = {}
        self.strata: dict[str, list[str]] = {}
        self.frailty: list[float] = []

    def go(self) -> None:
        """Run to the horizon."""
        for name in self.queues:
            gate = self.model.gates[name]
            assert isinstance(gate, Sessions)
            sessions = gate.dates(pd.Timestamp(from_days([self.start])[0]), pd.Timestamp(from_days([self.horizon])[0]))
            for day in to_days(pd.Series(sessions)).tolist():
                # After all else that happens on the day, so that papers completed on it count as in.
                self._at(day, self._session, (name, gate), priority=_LAST)
        for child, day in enumerate(self.children.arrival):
            # Nobody leaves before they are there; who should have left by now leaves on the first day.
            leaves = max(self.children.leaves[child], day if day == day else self.start + 1.0)
            if day == day:
                self._at(max(day, self.start), self._arrive, child)
            if leaves <= self.horizon and self.model.leaves_as:
                self._at(leaves, self._leave, child)
        self.env.run(until=self.horizon + 1.0)

    # What happens --------------------------------------------------------------------------------------------------

    def _at(self, day: float, action: Any, value: Any, priority: Any = simpy.events.NORMAL) -> None:
        event = simpy.Event(self.env)
        event._ok, event._value = True, value
        event.callbacks.append(action)
        self.env.schedule(event, priority, max(day - self.env.now, 0.0))

    def _arrive(self, event: Any) -> None:
        self._choose(START, event._value)

    def _leave(self, event: Any) -> None:
        child = event._value
        if self.ended[child] == NEVER:
            self._record(child, self.model.leaves_as)
            self.ended[child] = self.env.now

    def begin(self, child: int, step: Step) -> None:
        """Start a step now: draw its duration and look for it then."""
        days = self._duration(child, step)
        gate = self.model.gates.get(step.gate)
        if isinstance(gate, ReviewCycle):
            self._reviews(child, step, gate, self.env.now + days, (self.env.now,))
        else:
            simpy.Timeout(self.env, days, (child, step)).callbacks.append(self._worked)

    def _duration(self, child: int, step: Step) -> float:
        law = self._law(child, step)
        unit = self.streams.unit(step.name, child, self._occasion(step.name, child))
        if step.by_age:
            age = self._age(child, 0.0)
            return self._rounded(law.remaining(unit, age) - age)
        return self._rounded(law.isf(unit))

    def _age(self, child: int, unknown: float) -> float:
        """The child's age today, in days; `unknown` where no date of birth is known."""
        birth = self.children.birth[child]
        return self.env.now - birth if birth == birth else unknown

    def _law(self, child: int, step: Step) -> Law | Paced:
        """The step's law for this child: shifted by its frailty where the step depends on it."""
        law = step.law(self.children.strata[child])
        return Paced(law, step.rho, self.frailty[child]) if step.rho > 0.0 else law

    def _rounded(self, days: float) -> float:
        return float(round(days)) if self.model.whole_days and days < 1e9 else days

    def _occasion(self, name: str, child: int) -> int:
        key = (name, child)
        number = self.occasions.get(key, 0)
        self.occasions[key] = number + 1
        return number

    def _worked(self, event: Any) -> None:
        child, step = event._value
        if self.ended[child] != NEVER:
            return
        if step.gate:
            insort(self.queues[step.gate], (self.env.now, child, step), key=lambda item: item[:2])
        else:
            self._happen(child, step)

    def _session(self, event: Any) -> None:
        name, gate = event._value
        queue = self.queues[name]
        queue[:] = [item for item in queue if self.ended[item[1]] == NEVER]
        in_time = bisect_right(queue, self.env.now - gate.lead_days, key=lambda item: item[0])
        for _, child, step in queue[: min(in_time, gate.slots)]:
            self._happen(child, step)
        del queue[: min(in_time, gate.slots)]

    def _done(self, event: Any) -> None:
        child, step = event._value
        if self.ended[child] == NEVER:
            self._happen(child, step)

    def _happen(self, child: int, step: Step) -> None:
        self.events[child] += 1
        if self.events[child] > EVENTS_PER_CASE:
            raise EndlessLoopError(
                f"a case passed {EVENTS_PER_CASE} events at {step.name!r}: the routing has a loop without end"
            )
        if step.activity:
            self._record(child, step.activity)
            if step.activity in self.model.final:
                self.ended[child] = self.env.now
                return
            self._join(child, step.activity)
        if step.leads_to in self.model.choices:
            self._choose(step.leads_to, child)

    def _join(self, child: int, activity: str) -> None:
        happened = self.happened[child]
        if activity in happened:
            return
        happened.add(activity)
        for waiting in self.joins.get(activity, ()):
            if happened.issuperset(waiting.waits_for) and waiting.activity not in happened:
                self.begin(child, waiting)

    def _choose(self, name: str, child: int) -> None:
        choice = self.model.choices[name]
        number = 0
        if len(choice.options) > 1:
            unit = self.streams.unit(f"choice {name}", child, self._occasion(f"choice {name}", child))
            number = bisect_left(self._shares(name, child), unit)
        starts = choice.options[number].starts
        if not starts:
            self.ended[child] = self.env.now
        for step in starts:
            self.begin(child, self.model.steps[step])

    def _shares(self, name: str, child: int) -> list[float]:
        choice = self.model.choices[name]
        stratum = self._stratum(choice.by, child)
        key = (name, stratum)
        if key not in self.cumulative:
            self.cumulative[key] = choice.cumulative(stratum)
        return self.cumulative[key]

    def _stratum(self, by: str, child: int) -> str:
        if by not in self.strata:
            self.strata[by] = strata_of(self.children.cases, by)
        return self.strata[by][child]

    def _record(self, child: int, activity: str) -> None:
        self.recorded.append((child, activity, self.env.now))

    def _reviews(self, child: int, step: Step, gate: ReviewCycle, ready: float, held: tuple[float, ...]) -> None:
        """Lay out the child's reviews until one decides. `held` is the start, then the reviews already held."""
        now, decided = self.env.now, NEVER
        # What is begun beforehand may begin within the horizon for a review just beyond it.
        last = self.horizon + max((before.lead_days for before in gate.beforehand), default=0.0)
        for due, chance in self._calendar(child, gate, held):
            if due > last:
                break
            self.recorded.append((child, gate.review, due))
            if due >= ready and chance <= gate.decides:
                decided = due
                self._at(decided, self._done, (child, step))
                break
        # Of what was begun on the day of the snapshot, the records would know.
        earliest = now if now > self.start else now + 1.0
        for before in gate.beforehand:
            begin = max(decided - self._rounded(before.lead_days), earliest)
            if begin <= self.horizon:
                self._at(begin, self._started_beforehand, (child, self.model.steps[before.step]))

    def _calendar(self, child: int, gate: ReviewCycle, held: tuple[float, ...]) -> Iterator[tuple[float, float]]:
        """The child's reviews after now, each with the draw that says whether a ready plan is decided at it.

        Additional reviews leave the ordinary calendar, and its draws, as they were.
        """
        now, day, number = self.env.now, held[-1], len(held) - 1
        extra = [due for due in (held[0] + float(round(d)) for d in sorted(gate.extra_days)) if due > now]
        while True:
            unit = self.streams.unit(f"gap {gate.review}", child, number)
            gap = gate.gap(number).remaining(unit, max(now - day, 0.0) + _WITHIN_THE_DAY)
            day = max(day + float(round(gap)), max(day, now) + 1.0)
            while extra and extra[0] <= day:
                occasion, due = len(gate.extra_days) - len(extra), extra.pop(0)
                if due < day:  # on the day of an ordinary review there is no other
                    yield due, self.streams.unit(f"decides additional {gate.review}", child, occasion)
            yield day, self.streams.unit(f"decides {gate.review}", child, number)
            number += 1

    def _started_beforehand(self, event: Any) -> None:
        child, step = event._value
        if self.ended[child] == NEVER and step.activity not in self.happened[child]:
            self.begin(child, step)

    # The state at the start ----------------------------------------------------------------------------------------

    def load(self, cohort: Cohort) -> None:
        """Take over the children open at the start: what has happened to them, and what is under way."""
        if frail(self.model) or frail(cohort.model):
            self.frailty = draw_frailties(cohort, self.streams)
        history = cohort.history
        for child, row in enumerate(cohort.rows):
            span = slice(int(history.first[row]), int(history.first[row + 1]))
            self.happened[child] = {history.activities[code] for code in history.activity[span]}
        running = list(cohort.running)
        for hidden in cohort.undecided:
            running += self._reveal(cohort, hidden)
        for item in running:
            self._continue(cohort, item)

    def _reveal(self, cohort: Cohort, hidden: Undecided) -> list[Running]:
        """Which way an undecided child is on, given that the time so far has not shown it."""
        name, child, since = hidden.choice, hidden.child, hidden.since
        choice = cohort.model.choices[name]
        stratum = self._stratum(choice.by, child)
        weights = []
        for option in choice.options:
            lasting = 1.0
            for step in option.starts:
                lasting *= self._law(child, cohort.model.steps[step]).sf(self.start - since)
            weights.append(option.share.get(stratum, option.share.get("", 0.0)) * lasting)
        if sum(weights) <= 0:
            weights = [1.0] * len(weights)
        cumulative = np.cumsum(weights) / sum(weights)
        unit = self.streams.unit(f"choice {name}", child, self._occasion(f"choice {name}", child))
        option = choice.options[min(int(np.searchsorted(cumulative, unit)), len(weights) - 1)]
        return [Running(child, step, since) for step in option.starts]

    def _continue(self, cohort: Cohort, item: Running) -> None:
        step = cohort.model.steps[item.step]
        law, elapsed = self._law(item.child, step), self.start - item.since
        if step.by_age:
            elapsed = self._age(item.child, elapsed)
        unit = self.streams.unit(step.name, item.child, self._occasion(step.name, item.child))
        gate = cohort.model.gates.get(step.gate)
        if isinstance(gate, ReviewCycle):
            held = cohort.reviews.get(item.child, ())
            ready = item.since + _readiness(law, unit, (item.since, *held), gate)
            # Work under way keeps its calendar; only what is begun beforehand may be new.
            present = self.model.gates[step.gate]
            assert isinstance(present, ReviewCycle)
            known = ReviewCycle(review=gate.review, gaps=gate.gaps, decides=gate.decides, beforehand=present.beforehand)
            self._reviews(item.child, step, known, ready, (item.since, *held))
        elif step.gate and law.sf(elapsed) <= 0.0:
            # The work is done: the child stands in the queue, in the place of the day it was ready.
            ready = item.since + law.isf(unit)
            insort(self.queues[step.gate], (ready, item.child, self.model.steps[item.step]), key=lambda i: i[:2])
        else:
            if self.model.whole_days:
                # An end on the day of the snapshot would have been recorded: the day after is the first there can be.
                days = max(self._rounded(law.remaining(unit, elapsed + _WITHIN_THE_DAY)) - elapsed, 1.0)
            else:
                days = law.remaining(unit, elapsed) - elapsed
            simpy.Timeout(self.env, days, (item.child, self.model.steps[item.step])).callbacks.append(self._worked)


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
