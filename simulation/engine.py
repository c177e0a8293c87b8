"""The engine: a pathway model run on SimPy's clock, giving an event log.

One SimPy event for all that is due at an instant, by callbacks: several times faster than a process a child, with the
same log. The engine counts nothing and plots nothing; every measure is taken from the log it returns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import simpy

from event_logs.log import EventLog, to_days
from simulation.blocks import blocks, uncollected
from simulation.children import NEVER, Children, everybody
from simulation.cohort import Cohort, Running, Undecided
from simulation.draws import Draws
from simulation.frailty import Paced, draw_frailties, frail
from simulation.laws import Law
from simulation.model import START, PathwayModel, Step
from simulation.queues import own_stations, stations
from simulation.queues.host import Action, days_left, remaining
from simulation.reach import Reach, reached
from simulation.record import Recorded, activity_codes, log_of
from simulation.runnable import Branch, Runnable, Work
from simulation.streams import Streams

EVENTS_PER_CASE = 10_000
"""A case with more events than this is in a loop without end; the run stops and says so."""
Entry = tuple[Action | None, tuple[Any, ...]]
"""What is called, and what is handed over to it; None: the step is done, if the child is still there."""
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
    reach: Reach | None = None,
) -> EventLog:
    """Run the model from the cohort's day to `end` and return what happened, as an event log.

    The log holds the children open at the start with their recorded past, and the new arrivals. Its window runs from
    the cohort's day to `end`: every child already there is left-truncated at the start, every child not finished is
    open at the end, as in any extract. Steps under way carry on under the law of the cohort's own model, with the
    remaining time conditional on the time already spent; everything that begins later follows `model`: for all
    children, or, with `reach`, for those whom it reaches, from the day that it reaches them on. The same arguments give
    the same log, whatever else is simulated.

    Raises EndlessLoopError when a case passes `EVENTS_PER_CASE` events, and ValueError where `end` is not after the
    cohort's day, or where a step that is under way is not in `model`, or is at another gate there.
    """
    horizon = float(to_days(pd.Series([end]))[0])
    if horizon <= cohort.day:
        raise ValueError(f"end must be after the cohort's day, got {end:%Y-%m-%d}")
    _check_under_way(model, cohort)
    reach = None if cohort.model is model else reach
    with uncollected():
        children = everybody(model, cohort, end, Streams(seed, replication, 0).generator("arrivals"))
        recorded = Recorded.nothing(0)
        for first, last in blocks(model, cohort, len(children.arrival)):
            there = cohort if first == 0 else cohort.without_openers()
            streams = Streams(seed, replication, last - first, first=first)
            recorded.take_over(_recorded(model, there, children.part(first, last), streams, horizon, reach))
        return log_of(recorded, model, cohort, children, end)


def _check_under_way(model: PathwayModel, cohort: Cohort) -> None:
    """Nobody can say how a child that stands at a gate goes on where there is none any more."""
    choices = cohort.model.choices
    ways = {start for one in cohort.undecided for way in choices[one.choice].options for start in way.starts}
    for name in sorted({item.step for item in cohort.running} | ways):
        if name not in model.steps:
            raise ValueError(f"step {name!r} is under way for open cases, so the model must have it")
        gate, former = model.steps[name].gate, cohort.model.steps[name].gate
        if gate != former:
            raise ValueError(
                f"step {name!r} is under way for open cases at {_named(former)}, so it must be there in the model too, "
                f"got {_named(gate)}"
            )


def _named(gate: str) -> str:
    return f"gate {gate!r}" if gate else "no gate"


def _recorded(
    model: PathwayModel, cohort: Cohort, children: Children, streams: Streams, horizon: float, reach: Reach | None
) -> Recorded:
    """What happens to some of the children."""
    run = _Run(model, cohort, children, streams, horizon, reach)
    run.load(cohort)
    run.go()
    return run.recorded


class _Due:
    """What SimPy's environment asks of an event that is sure to happen: half the time of a Timeout."""

    __slots__ = ("_ok", "_value", "callbacks")

    def __init__(self, value: Any, action: Callable[[Any], None]) -> None:
        self._ok, self._value, self.callbacks = True, value, (action,)


class _Run:
    """The state of one run. Lists indexed by child, no tables."""

    def __init__(
        self,
        model: PathwayModel,
        cohort: Cohort,
        children: Children,
        streams: Streams,
        horizon: float,
        reach: Reach | None,
    ) -> None:
        self.model, self.children, self.streams = model, children, streams
        self.start, self.horizon = cohort.day, horizon
        self.env = simpy.Environment(initial_time=self.start)
        self.schedule: Callable[..., None] = self.env.schedule
        self.now = self.start
        """The clock's time, as of the event that it has come to."""
        self.diary: dict[float, list[Entry]] = {}
        """What is to happen at each instant, in the order in which it was entered."""
        count = len(children.arrival)
        self.leaves = children.leaves if model.leaves_as else [NEVER] * count
        self.draws = Draws(children, streams, whole_days=model.whole_days)
        self.codes = activity_codes(model)
        self.ready = Runnable(model, self.draws, self.codes)
        self.known = self.ready if cohort.model is model else Runnable(cohort.model, self.draws, self.codes)
        self.seen: defaultdict[int, set[str]] = defaultdict(set)
        self.recorded = Recorded.nothing(count)
        self.ended = self.recorded.ended
        self.events = [0] * count
        self.reached = reached(reach, children.cases, self) if reach is not None else None
        self.stations = stations(model, cohort, self, since=None if self.reached is None else self.reached.begins)
        self.ready.enter(self.stations, plain=self.reached is None)
        if self.reached is not None:
            self.known.remember_for(self.ready)
            self.known.enter({**self.stations, **own_stations(cohort.model, model, self)})
        self.holding = [station for station in self.stations.values() if station.holds]
        self.under_way: set[tuple[int, str]] = set()
        """Child and activity of the steps begun that are begun only once."""

    def go(self) -> None:
        """Run to the horizon."""
        arrival, leaves = self.children.arrival, self.leaves
        for child, day in enumerate(arrival):
            if day != day and leaves[child] <= self.horizon:
                # Who should have left by now leaves on the first day.
                self._leaves(child, max(leaves[child], self.start + 1.0))
        coming = [child for child, day in enumerate(arrival) if day == day]
        coming.sort(key=lambda child: (arrival[child], child), reverse=True)
        if coming:
            self.at(arrival[coming[-1]], self._arrive, coming)
        self.env.run(until=self.horizon + 1.0)

    # What happens --------------------------------------------------------------------------------------------------

    def at(self, day: float, action: Action, *what: Any, last: bool = False) -> None:
        """Have the action called on that day; with `last`, after all else that happens then."""
        days = max(day - self.now, 0.0)
        if last:
            self.schedule(_Due((action, what), self._call), _LAST, days)
        else:
            self._enter(days, (action, what))

    def later(self, days: float, action: Action, *what: Any) -> None:
        """Have the action called after so many days."""
        self._enter(days, (action, what))

    def _enter(self, days: float, entry: Entry) -> None:
        """One event of the clock for all that is entered for an instant."""
        day = self.now + days
        due = self.diary.get(day)
        if due is not None:
            due.append(entry)
        else:
            self.diary[day] = [entry]
            self.schedule(_Due(day, self._today), simpy.events.NORMAL, days)

    def _today(self, event: Any) -> None:
        """All that was entered for this instant happens."""
        self.now = day = event._value
        ended, happen, diary = self.ended, self.happen, self.diary
        due = diary[day]
        while due:
            # What is entered for the same instant meanwhile comes after: in a list of its own, so that this one is let
            # go of when an instant has no end.
            later: list[Entry] = []
            diary[day] = later
            for action, what in due:
                if action is not None:
                    action(*what)
                elif ended[what[0]] == NEVER:
                    happen(*what)
            due = later
        del diary[day]

    def _call(self, event: Any) -> None:
        self.now = self.env.now
        action, what = event._value
        action(*what)

    def gone(self, child: int) -> bool:
        """Whether the child's case has ended."""
        return self.ended[child] != NEVER

    def happened(self, child: int, activity: str) -> bool:
        """Whether the activity has happened, as far as joins and work begun beforehand ask."""
        return activity in self.seen.get(child, ())

    def note(self, child: int, activity: str, day: float) -> None:
        """Record an activity from which nothing follows; an empty name records nothing."""
        if activity:
            self.recorded.add(child, self.codes[activity], day)

    def _arrive(self, coming: list[int]) -> None:
        """Those who come today, out of all still to come (last first)."""
        arrival, late = self.children.arrival, []
        today = arrival[coming[-1]]
        while coming and arrival[coming[-1]] == today:
            child = coming.pop()
            leaves = max(self.leaves[child], self.now)
            if self.now < leaves <= self.horizon:
                self._leaves(child, leaves)
            elif leaves <= self.horizon:
                late.append(child)
            way = self.ready if self.reached is None else self.reached.way(child)
            if (branch := way.branches.get(START)) is not None:
                self._choose(branch, child)
        if coming:
            self.at(arrival[coming[-1]], self._arrive, coming)
        # Nobody leaves before they are there; who should have left leaves before all else that happens on the day.
        for child in late:
            self._leave(child)

    def _leaves(self, child: int, day: float) -> None:
        """The child's case ends then whatever happens, before all else that happens on the day."""
        self.schedule(_Due((self._leave, (child,)), self._call), simpy.events.URGENT, day - self.now)

    def _leave(self, child: int) -> None:
        if self.ended[child] == NEVER:
            self.note(child, self.model.leaves_as, self.now)
            self._end(child)

    def _end(self, child: int) -> None:
        self.ended[child] = self.now
        for station in self.holding:
            station.left(child)

    def begin(self, child: int, work: Work) -> None:
        """A step begins now: at its gate, or, without one, by drawing how long it takes."""
        if work.plain:
            self._enter(work.days.next(child), (None, (child, work)))
            return
        if work.once:
            once = (child, work.step.activity)
            if once in self.under_way or once[1] in self.seen[child]:
                return
            self.under_way.add(once)
        if work.station is not None:
            work.station.begin(child, work)
            return
        self._enter(self.time_for(child, work), (None, (child, work)))

    def time_for(self, child: int, work: Work) -> float:
        """Days that a step takes which begins now: the child's next draw."""
        if self.reached is not None:
            work = self.reached.work(child, work)
        days = work.days.next(child) if not work.by_age else self._by_age(child, work.step)
        return days if self.reached is None else self.draws.rounded(self.goes_on(child, work.step, 0.0, days))

    def reached_from(self, child: int) -> float:
        """From when on the child follows the changed model; minus infinity where all do from the start."""
        return -NEVER if self.reached is None else self.reached.since[child]

    def goes_on(self, child: int, step: Step, elapsed: float, total: float) -> float:
        """The whole length of work under way, when a change comes to it; as it was where none does."""
        return total if self.reached is None else self.reached.goes_on(child, step, elapsed, total)

    def _by_age(self, child: int, step: Step) -> float:
        law, age = self.law(child, step), self._age(child, 0.0)
        return self.draws.rounded(law.remaining(self.draws.unit(step.name, child), age) - age)

    def elapsed(self, step: Step, item: Running) -> float:
        """On the clock of the step's law, the time that a step under way has lasted at the start of the run."""
        days = self.start - item.since
        return self._age(item.child, days) if step.by_age else days

    def _age(self, child: int, unknown: float) -> float:
        """The child's age today, in days; `unknown` where no date of birth is known."""
        birth = self.children.birth[child]
        return self.now - birth if birth == birth else unknown

    def law(self, child: int, step: Step) -> Law | Paced:
        """The step's law for this child: shifted by its frailty where the step depends on it."""
        law = step.law(self.children.strata[child])
        return Paced(law, step.rho, float(self.draws.frailty[child])) if step.rho > 0.0 else law

    def happen(self, child: int, work: Work) -> None:
        """The step is done: its activity happens, and what follows begins."""
        if self.reached is not None:
            work = self.reached.work(child, work)
        self.events[child] = number = self.events[child] + 1
        if number > EVENTS_PER_CASE:
            raise EndlessLoopError(
                f"a case passed {EVENTS_PER_CASE} events at {work.step.name!r}: the routing has a loop without end"
            )
        if work.code >= 0:
            recorded = self.recorded
            recorded.child.append(child)
            recorded.activity.append(work.code)
            recorded.day.append(self.now)
            if work.final:
                self._end(child)
                return
            for station in work.frees:
                station.free(child)
            if work.counts:
                self._join(child, work)
        if work.then is not None:
            self._choose(work.then, child)

    def _join(self, child: int, work: Work) -> None:
        seen, activity = self.seen[child], work.step.activity
        if activity in seen:
            return
        # Of several activities that may each let a step begin, only the first does.
        waiting = [one for one in work.joins if not one.step.may_begin(seen)]
        seen.add(activity)
        for one in waiting:
            if one.step.may_begin(seen) and one.step.activity not in seen:
                self.begin(child, one)

    def _choose(self, branch: Branch, child: int) -> None:
        starts = branch.options[0 if branch.number is None else branch.number.next(child)]
        if not starts:
            self._end(child)
        for work in starts:
            self.begin(child, work)

    # The state at the start ----------------------------------------------------------------------------------------

    def load(self, cohort: Cohort) -> None:
        """Take over the children open at the start: what has happened to them, and what is under way."""
        if frail(self.model) or frail(cohort.model):
            self.draws.frailty = draw_frailties(cohort, self.streams)
        for child, happened in enumerate(cohort.happened):
            self.seen[child] = set(happened)
        running = [*cohort.running, *self._revealed(cohort)]
        self.under_way |= {(item.child, cohort.model.steps[item.step].activity) for item in running}
        by_step: dict[str, list[Running]] = {}
        for item in running:
            by_step.setdefault(item.step, []).append(item)
        for name, items in by_step.items():
            way = self.ready if self.reached is None else self.known
            step, station = cohort.model.steps[name], way.work[name].station
            if station is not None:
                station.load(cohort, self.known, step, items)
            else:
                self._go_on(cohort, step, items)
        for station in self.stations.values():
            station.open()
        if self.known is not self.ready:
            self._look_again(len(cohort.rows))

    def _look_again(self, loaded: int) -> None:
        """Who waits only for what the changed model no longer waits for goes on when the change begins for them."""
        former = {name: work.step for name, work in self.known.work.items()}
        looser = [
            (work, former[name])
            for name, work in self.ready.work.items()
            if name in former and former[name].joins and work.step.joins != former[name].joins
        ]
        if looser:
            first = self.start + 1.0 if self.model.whole_days else self.start
            count = loaded if self.reached is None else len(self.children.arrival)
            for child in range(count):
                day = max(first, self.reached_from(child))
                if day <= self.horizon:
                    self.at(day, self._go_through, child, looser)

    def _go_through(self, child: int, looser: list[tuple[Work, Step]]) -> None:
        seen = self.seen[child]
        for work, former in looser:
            waited = work.step.may_begin(seen) and not former.may_begin(seen)
            if waited and work.step.activity not in seen and not self.gone(child):
                self.begin(child, work)

    def _revealed(self, cohort: Cohort) -> list[Running]:
        """The steps of those on a way that the time so far has not shown."""
        undecided, choices = cohort.undecided, cohort.model.choices
        by_choice: dict[str, list[int]] = {}
        for number, hidden in enumerate(undecided):
            by_choice.setdefault(hidden.choice, []).append(number)
        ways = np.zeros(len(undecided), dtype=np.int64)
        for name, numbers in by_choice.items():
            ways[numbers] = self._ways(cohort, name, [undecided[number] for number in numbers])
        return [
            Running(hidden.child, step, hidden.since)
            for hidden, way in zip(undecided, ways.tolist(), strict=True)
            for step in choices[hidden.choice].options[way].starts
        ]

    def _ways(self, cohort: Cohort, name: str, undecided: list[Undecided]) -> npt.NDArray[np.int64]:
        """The option of a choice that each child is on, given that none of its steps is over yet."""
        choice, by = cohort.model.choices[name], self.model.stratify_by
        child = np.asarray([one.child for one in undecided])
        elapsed = self.start - np.asarray([one.since for one in undecided])
        strata = [self.draws.stratum(choice.by, one.child) for one in undecided]
        weight = np.empty((len(undecided), len(choice.options)))
        for place, option in enumerate(choice.options):
            lasting = np.ones(len(undecided))
            for step in option.starts:
                lasting *= self.draws.lasting(cohort.model.steps[step], by, child, elapsed)
            usual = option.share.get("", 0.0)
            weight[:, place] = lasting * [option.share.get(stratum, usual) for stratum in strata]
        weight[weight.sum(axis=1) <= 0.0] = 1.0
        unit = np.asarray([self.draws.unit(f"choice {name}", one.child) for one in undecided])
        target, beyond = unit * weight.sum(axis=1), np.ones(len(undecided), dtype=bool)
        found = np.zeros(len(undecided), dtype=np.int64)
        for column in weight.T[:-1]:
            beyond &= target > column
            target, found = target - column, found + beyond
        return found

    def _go_on(self, cohort: Cohort, step: Step, items: list[Running]) -> None:
        """Carry on with a step that is under way for some children, each with the time it still needs."""
        work = self.ready.work[step.name]
        for item, elapsed, total, _ in remaining(self, cohort, step, items):
            self._enter(days_left(self, elapsed, total), (None, (item.child, work)))
