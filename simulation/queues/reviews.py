"""A review cycle while a run goes on: each child's own calendar, laid out when the plan begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulation.children import NEVER
from simulation.cohort import Cohort, Running
from simulation.draws import WITHIN_THE_DAY
from simulation.frailty import Paced
from simulation.gates import ReviewCycle
from simulation.laws import NO_DELAY, Law
from simulation.model import Step
from simulation.queues.host import Host
from simulation.runnable import Reviews, Runnable, Work


class Plan(NamedTuple):
    """A plan in the making: the reviews that may decide it, and from when on one can."""

    gate: ReviewCycle
    draws: Reviews
    ready: float
    held: tuple[float, ...]
    """The start, then the reviews already held."""


class ReviewPlans:
    """Lays out reviews; one event for the decision."""

    def __init__(self, gate: ReviewCycle, host: Host) -> None:
        self._gate, self._host = gate, host
        self.holds = False

    def begin(self, child: int, work: Work) -> None:
        """A plan begins now."""
        assert work.reviews is not None
        now = self._host.now
        self._lay_out(child, work, Plan(self._gate, work.reviews, now + self._host.time_for(child, work), (now,)))

    def load(self, cohort: Cohort, known: Runnable, step: Step, items: Sequence[Running]) -> None:
        """Carry on with plans in the making. They keep their calendar; only what is begun beforehand may be new."""
        gate, reviews = cohort.model.gates[step.gate], known.work[step.name].reviews
        assert isinstance(gate, ReviewCycle)
        assert reviews is not None
        kept = ReviewCycle(review=gate.review, gaps=gate.gaps, decides=gate.decides, beforehand=self._gate.beforehand)
        for item in items:
            held = (item.since, *cohort.reviews.get(item.child, ()))
            unit = self._host.draws.unit(step.name, item.child)
            days = _readiness(self._host.law(item.child, step), unit, held, gate)
            ready = item.since + self._host.goes_on(item.child, step, self._host.now - item.since, days)
            self._lay_out(item.child, self._host.ready.work[step.name], Plan(kept, reviews, ready, held))

    def open(self) -> None:
        """Every calendar is a child's own."""

    def left(self, child: int) -> None:
        """Nothing was held for the child; what was laid out beyond the end is left out of the log."""

    def free(self, child: int) -> None:
        """No place is held here."""

    def _lay_out(self, child: int, work: Work, plan: Plan) -> None:
        """Lay out the child's reviews until one decides, and what is begun before it."""
        host, early = self._host, plan.gate.beforehand
        # What is begun beforehand may begin within the horizon for a review just beyond it.
        last = host.horizon + max((before.lead_days for before in early), default=0.0)
        decided = self._decision(child, plan, last)
        if decided < NEVER:
            host.at(decided, self._done, child, work)
        if early:
            # Of what was begun on the day of the snapshot, the records would know.
            now = host.now if host.now > host.start else host.now + 1.0
            earliest = max(now, host.reached_from(child))
            for before in early:
                begin = max(decided - host.draws.rounded(before.lead_days), earliest)
                if begin <= min(host.horizon, decided):
                    host.at(begin, self._started_beforehand, child, host.ready.work[before.step])

    def _decision(self, child: int, plan: Plan, last: float) -> float:
        """Record the child's reviews after now; the day of the one that decides, infinite if none does up to `last`.

        Additional reviews leave the ordinary calendar, and its draws, as they were.
        """
        host, gate, draws, now = self._host, plan.gate, plan.draws, self._host.now
        day, number = plan.held[-1], len(plan.held) - 1
        extra = self._additional(child, plan) if gate.extra_days else []
        while True:
            day = day + draws.gaps.at(child, number) if day >= now else self._coming(child, plan)
            while extra and extra[0][0] <= day:
                due, occasion = extra.pop(0)
                if due < day and due <= last:  # on the day of an ordinary review there is no other
                    host.note(child, gate.review, due)
                    chance = host.streams.unit(f"decides additional {gate.review}", child, occasion)
                    if due >= plan.ready and chance <= gate.decides:
                        return due
            if day > last:
                return NEVER
            host.note(child, gate.review, day)
            if day >= plan.ready and draws.decides.at(child, number) <= gate.decides:
                return day
            number += 1

    def _coming(self, child: int, plan: Plan) -> float:
        """The first review after those held before the snapshot: among those that have not come yet."""
        gate, now, day, number = plan.gate, self._host.now, plan.held[-1], len(plan.held) - 1
        unit = self._host.streams.unit(f"gap {gate.review}", child, number)
        gap = float(round(gate.gap(number).remaining(unit, now - day + WITHIN_THE_DAY)))
        return max(day + gap, now + 1.0)

    def _additional(self, child: int, plan: Plan) -> list[tuple[float, int]]:
        """The child's additional reviews after now, in order of their days, each with its number."""
        gate, streams, found = plan.gate, self._host.streams, []
        for number, day in enumerate(sorted(gate.extra_days)):
            due = plan.held[0] + float(round(day))
            if gate.extra_late is not NO_DELAY[""]:
                due += float(round(gate.extra_late.isf(streams.unit(f"late additional {gate.review}", child, number))))
            if due > self._host.now:
                found.append((due, number))
        return sorted(found)

    def _done(self, child: int, work: Work) -> None:
        if not self._host.gone(child):
            self._host.happen(child, work)

    def _started_beforehand(self, child: int, work: Work) -> None:
        if not self._host.gone(child) and not self._host.happened(child, work.step.activity):
            self._host.begin(child, work)


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
