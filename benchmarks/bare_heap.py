"""A declared pathway run by nothing but a heap and a loop: what the same events cost without a simulation library.

Reviews, a plain waiting list, joins, choices and leaving by age, with the engine's draws, so that the log is the
engine's to the byte. It knows no other gate and is no way to write a simulation: it is the yardstick.
"""

from __future__ import annotations

import gc
from array import array
from bisect import insort
from heapq import heappop, heappush
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from simulation.children import NEVER, everybody
from simulation.cohort import Cohort, Running
from simulation.draws import WITHIN_THE_DAY, Draws
from simulation.frailty import Paced, draw_frailties, frail
from simulation.gates import ReviewCycle, Sessions
from simulation.gates.iso import text_of
from simulation.model import START, PathwayModel
from simulation.queues.reviews import _readiness
from simulation.record import Recorded, activity_codes, log_of
from simulation.runnable import Runnable
from simulation.streams import Streams

URGENT, NORMAL, LAST = 0, 1, 2
ARRIVE, LEAVE, WORKED, DECIDED, BEFOREHAND, SESSION = range(6)


def simulate_on_a_heap(
    model: PathwayModel, cohort: Cohort, end: pd.Timestamp, *, seed: int, replication: int = 0
) -> EventLog:
    """What `simulation.engine.simulate` returns."""
    horizon = float(to_days(pd.Series([end]))[0])
    children = everybody(model, cohort, end, Streams(seed, replication, 0).generator("arrivals"))
    streams = Streams(seed, replication, len(children.arrival))
    was_on = gc.isenabled()
    gc.disable()
    try:
        recorded = _loop(model, cohort, children, streams, horizon)
    finally:
        if was_on:
            gc.enable()
    return log_of(recorded, model, cohort, children, end)


def _loop(model: PathwayModel, cohort: Cohort, children: Any, streams: Streams, horizon: float) -> Recorded:
    count, start, now = len(children.arrival), cohort.day, cohort.day
    draws, codes = Draws(children, streams, whole_days=model.whole_days), activity_codes(model)
    ready = Runnable(model, draws, codes)
    if frail(model) or frail(cohort.model):
        draws.frailty = draw_frailties(cohort, streams)
    ended, seen = [NEVER] * count, [set() for _ in range(count)]
    for child, happened in enumerate(cohort.happened):
        seen[child] = set(happened)
    recorded = Recorded(array("i"), array("i"), array("d"), ended)
    add_child, add_code, add_day = recorded.child.append, recorded.activity.append, recorded.day.append
    heap: list[tuple[float, int, int, int, Any, Any]] = []
    number = 0
    queues: dict[str, list[Any]] = {}
    gates, birth, leaves = model.gates, children.birth, children.leaves

    def push(day: float, priority: int, kind: int, child: Any, work: Any) -> None:
        nonlocal number
        number += 1
        heappush(heap, (day if day > now else now, priority, number, kind, child, work))

    def law_of(child: int, step: Any) -> Any:
        law = step.law(children.strata[child])
        return Paced(law, step.rho, float(draws.frailty[child])) if step.rho > 0.0 else law

    def duration(child: int, work: Any) -> float:
        if not work.step.by_age:
            return work.days.next(child)
        age = now - birth[child] if birth[child] == birth[child] else 0.0
        return draws.rounded(law_of(child, work.step).remaining(draws.unit(work.step.name, child), age) - age)

    def begin(child: int, work: Any) -> None:
        gate = gates.get(work.step.gate)
        days = duration(child, work)
        if isinstance(gate, ReviewCycle):
            plan(child, work, gate, work.reviews, (now,), now + days)
        else:
            push(now + days, NORMAL, WORKED, child, work)

    def plan(child: int, work: Any, gate: Any, reviews: Any, held: tuple[float, ...], at: float) -> None:
        last = horizon + max((before.lead_days for before in gate.beforehand), default=0.0)
        day, turn, decided, code = held[-1], len(held) - 1, NEVER, codes[gate.review]
        while True:
            if day < now:
                unit = streams.unit(f"gap {gate.review}", child, turn)
                gap = float(round(gate.gap(turn).remaining(unit, now - day + WITHIN_THE_DAY)))
                day = max(day + gap, now + 1.0)
            else:
                day += reviews.gaps.at(child, turn)
            if day > last:
                break
            add_child(child), add_code(code), add_day(day)
            if day >= at and reviews.decides.at(child, turn) <= gate.decides:
                decided = day
                push(day, NORMAL, DECIDED, child, work)
                break
            turn += 1
        for before in gate.beforehand:
            day = max(decided - draws.rounded(before.lead_days), now if now > start else now + 1.0)
            if day <= horizon:
                push(day, NORMAL, BEFOREHAND, child, ready.work[before.step])

    def happen(child: int, work: Any) -> None:
        if work.code >= 0:
            add_child(child), add_code(work.code), add_day(now)
            if work.final:
                ended[child] = now
                return
            if work.counts and work.step.activity not in seen[child]:
                happened = seen[child]
                ahead = [other.step.may_begin(happened) for other in work.joins]
                happened.add(work.step.activity)
                for other, before in zip(work.joins, ahead, strict=True):
                    if not before and other.step.may_begin(happened) and other.step.activity not in happened:
                        begin(child, other)
        if work.then is not None:
            choose(child, work.then)

    def choose(child: int, branch: Any) -> None:
        starts = branch.options[0 if branch.number is None else branch.number.next(child)]
        if not starts:
            ended[child] = now
        for work in starts:
            begin(child, work)

    def leave(child: int, earliest: float) -> None:
        day = max(leaves[child], earliest)
        if day <= horizon and model.leaves_as:
            push(day, URGENT, LEAVE, child, None)

    def load() -> None:
        known = ready if cohort.model is model else Runnable(cohort.model, draws, codes)
        by_step: dict[str, list[Running]] = {}
        for item in [*cohort.running, *(one for hidden in cohort.undecided for one in reveal(hidden))]:
            by_step.setdefault(item.step, []).append(item)
        for name, items in by_step.items():
            step, work = cohort.model.steps[name], ready.work[name]
            gate = cohort.model.gates.get(step.gate)
            if isinstance(gate, ReviewCycle):
                present: Any = model.gates[step.gate]
                kept = ReviewCycle(
                    review=gate.review, gaps=gate.gaps, decides=gate.decides, beforehand=present.beforehand
                )
                for item in items:
                    held = (item.since, *cohort.reviews.get(item.child, ()))
                    unit = draws.unit(step.name, item.child)
                    at = item.since + _readiness(law_of(item.child, step), unit, held, gate)
                    plan(item.child, work, kept, known.work[name].reviews, held, at)
                continue
            since = np.asarray([item.since for item in items])
            elapsed = start - since
            if step.by_age:
                ages = np.asarray([start - birth[item.child] for item in items])
                elapsed = np.where(np.isnan(ages), elapsed, ages)
            who = np.asarray([item.child for item in items], dtype=np.int64)
            total, over = draws.remaining(step, cohort.model.stratify_by, who, elapsed)
            for item, so_far, days, done in zip(items, elapsed.tolist(), total.tolist(), over.tolist(), strict=True):
                if step.gate and done:
                    insort(queues[step.gate], (item.since + days, item.child, work), key=lambda entry: entry[:2])
                else:
                    left = draws.rounded(days) - so_far
                    push(start + (max(left, 1.0) if model.whole_days else left), NORMAL, WORKED, item.child, work)

    def reveal(hidden: Any) -> list[Running]:
        choice, weights = cohort.model.choices[hidden.choice], []
        stratum = draws.stratum(choice.by, hidden.child)
        for option in choice.options:
            lasting = 1.0
            for name in option.starts:
                lasting *= law_of(hidden.child, cohort.model.steps[name]).sf(start - hidden.since)
            weights.append(option.share.get(stratum, option.share.get("", 0.0)) * lasting)
        weights = weights if sum(weights) > 0 else [1.0] * len(weights)
        target, place = draws.unit(f"choice {hidden.choice}", hidden.child) * sum(weights), 0
        while place < len(weights) - 1 and target > weights[place]:
            target, place = target - weights[place], place + 1
        return [Running(hidden.child, name, hidden.since) for name in choice.options[place].starts]

    for name, gate in gates.items():
        if isinstance(gate, Sessions):
            queues[name] = []
    load()
    for name, gate in gates.items():
        if isinstance(gate, Sessions):
            first, last = (pd.Timestamp(from_days([day])[0]) for day in (start, horizon))
            for day in to_days(pd.Series(gate.dates(first, last, closed=model.holidays))).tolist():
                push(day, LAST, SESSION, name, gate)
    for child, day in enumerate(children.arrival):
        if day == day:
            push(day, NORMAL, ARRIVE, child, None)
        else:
            leave(child, start + 1.0)
    entry_branch, beyond = ready.branches.get(START), horizon + 1.0
    while heap:
        now, _, _, kind, child, work = heappop(heap)
        if now >= beyond:
            break
        if kind == WORKED:
            if ended[child] == NEVER:
                if work.step.gate:
                    insort(queues[work.step.gate], (now, child, work), key=lambda entry: entry[:2])
                else:
                    happen(child, work)
        elif kind == DECIDED:
            if ended[child] == NEVER:
                happen(child, work)
        elif kind == BEFOREHAND:
            if ended[child] == NEVER and work.step.activity not in seen[child]:
                begin(child, work)
        elif kind == ARRIVE:
            leave(child, now)
            if entry_branch is not None:
                choose(child, entry_branch)
        elif kind == LEAVE:
            if ended[child] == NEVER:
                add_child(child), add_code(codes[model.leaves_as]), add_day(now)
                ended[child] = now
        else:
            gate, waiting = work, [entry for entry in queues[child] if ended[entry[1]] == NEVER]
            by, slots = now - gate.lead_days, gate.slots_at(text_of(now))
            heard = [entry for entry in waiting if entry[0] <= by][:slots]
            queues[child] = waiting[len(heard) :]
            for _, who, step in heard:
                happen(who, step)
    return recorded
