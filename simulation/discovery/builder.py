"""A pathway model built from the stays of a log: steps and choices, with their laws and shares."""

from __future__ import annotations

import numpy as np

from simulation.discovery.follows import STILL_OPEN, Follows
from simulation.discovery.journeys import DAY, Journeys
from simulation.discovery.teams import Team
from simulation.laws import NO_DELAY, Law, Stays, fit_competing, fit_complete
from simulation.model import START, Choice, Option, Step

FINISHED = "case finished"


class _Names:
    """Names of steps or choices, no two alike: an activity may be called like anything."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, int], str] = {}
        self._taken: set[str] = set()

    def of(self, kind: str, number: int, wish: str) -> str:
        """The name of the thing of a kind with this number: as wished, or, where that is taken, with a number."""
        if (kind, number) not in self._given:
            name, again = wish, 1
            while name in self._taken:
                again += 1
                name = f"{wish} ({again})"
            self._taken.add(name)
            self._given[kind, number] = name
        return self._given[kind, number]


class Builder:
    """Steps and choices of the model, place by place.

    A place is where a case is after an activity: having waited for it, or (numbered from the number of activities on)
    with it going on beside whatever comes next.
    """

    def __init__(self, journeys: Journeys, follows: Follows, found: list[Team]) -> None:
        self._journeys, self._follows = journeys, follows
        self._gate = {code: team.name for team in found for code in team.activities}
        self._steps, self._choices = _Names(), _Names()
        self._choices.of("start", 0, START)
        for place in range(2 * len(journeys.names)):
            self._after(place)
        self._finished = self._choices.of("finished", 0, FINISHED)
        self.steps: dict[str, Step] = {}
        self.choices: dict[str, Choice] = {}
        self.warnings: list[str] = []

    def build(self) -> None:
        """Everything, in the order of the log's activities."""
        if self._journeys.timed:
            for place in np.unique(self._follows.place).tolist():
                self._work(place)
        self._begin()
        for place in np.unique(self._follows.place).tolist():
            self._follow(place)

    def _split(self, place: int) -> tuple[str, bool]:
        """The activity, and whether it goes on beside."""
        beside, code = divmod(place, len(self._journeys.names))
        return self._journeys.names[code], bool(beside)

    def _said(self, place: int) -> str:
        name, beside = self._split(place)
        return f"{name} beside other work" if beside else name

    def _after(self, place: int) -> str:
        """The choice of what comes next."""
        return self._choices.of("after", place, self._said(place))

    def _begins(self, place: int) -> str:
        """The choice in which work begins."""
        return self._choices.of("begins", place, f"{self._said(place)} begins")

    def _work(self, place: int) -> None:
        """Work on an activity that is waited for, or that keeps people of a team busy beside other work."""
        name, beside = self._split(place)
        gate = self._gate.get(place % len(self._journeys.names), "")
        if beside and not gate:
            return
        here = self._follows.place == place
        days = np.maximum(self._journeys.end - self._journeys.start, 0)[here] / DAY
        step = self._steps.of("work", place, f"work on {self._said(place)}")
        fit = fit_complete(step, ("done",), days, np.ones(len(days), dtype=np.int64))
        self.warnings += fit.warnings
        starts: tuple[str, ...] = (step,)
        if beside:
            # The case goes on at once, so the activity is recorded at once; the work behind it leaves no record.
            going = self._steps.of("goes on", place, f"goes on beside {name}")
            self.steps[step] = Step(name=step, activity="", laws={"": fit.laws["done"]}, gate=gate)
            self.steps[going] = Step(name=going, activity=name, laws=NO_DELAY, then=self._then(place))
            starts = (step, going)
        else:
            self.steps[step] = Step(
                name=step, activity=name, laws={"": fit.laws["done"]}, gate=gate, then=self._then(place)
            )
        self.choices[self._begins(place)] = Choice(options=(Option(starts=starts, share={"": 1.0}),))

    def _then(self, place: int) -> str:
        """What follows the activity, where it is not the choice that is called like it."""
        after = self._after(place)
        return "" if after == self._split(place)[0] else after

    def _arrow(self, source: int, place: int, law: Law, share: float) -> Option:
        """One way on to an activity: the wait, and then the work where the two are told apart."""
        name, _ = self._split(place)
        origin = self._said(source) if source >= 0 else START
        step = self._steps.of("wait", (source + 1) * self._follows.finished + place, f"{origin} → {self._said(place)}")
        begins = self._begins(place)
        if begins in self.choices:
            self.steps[step] = Step(name=step, activity="", laws={"": law}, then=begins)
        else:
            self.steps[step] = Step(name=step, activity=name, laws={"": law}, then=self._then(place))
        return Option(starts=(step,), share={"": share})

    def _begin(self) -> None:
        """How cases begin: the share of each first activity."""
        first = self._follows.place[self._journeys.first[:-1]]
        counts = np.bincount(first) / len(first)
        self.choices[START] = Choice(
            options=tuple(
                self._arrow(-1, place, NO_DELAY[""], float(counts[place])) for place in np.flatnonzero(counts).tolist()
            )
        )

    def _follow(self, source: int) -> None:
        """What comes after an activity."""
        follows, name = self._follows, self._said(source)
        rows = np.flatnonzero(follows.source == source)
        targets = sorted(set(follows.target[rows].tolist()) - {STILL_OPEN})
        ways = tuple(self._after(target) if target < follows.finished else self._finished for target in targets)
        if not ways:
            self.warnings.append(f"{name}: nobody has been seen to go on or finish; simulated cases stay here, open")
            return
        number = {target: k for k, target in enumerate(targets, start=1)}
        cause = np.asarray([number.get(target, 0) for target in follows.target[rows].tolist()], dtype=np.int64)
        days, entry = follows.days[rows], follows.entry[rows]
        if (cause > 0).all() and not entry.any():
            fit = fit_complete(name, ways, days, cause)
        else:
            fit = fit_competing(name, ways, Stays(days, cause, entry, np.ones(len(rows))))
        self.warnings += fit.warnings
        self.choices[self._after(source)] = Choice(
            options=tuple(
                Option(starts=(), share={"": fit.shares[way]})
                if target == follows.finished
                else self._arrow(source, target, fit.laws[way], fit.shares[way])
                for target, way in zip(targets, ways, strict=True)
            )
        )
