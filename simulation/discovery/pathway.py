"""A model from any event log: what follows each activity, how often, after what wait, and who works on it.

The model remembers the last activity only (a semi-Markov chain). Open cases are counted in the shares and the waits.
Where the log says when work began, waiting is told from work; where it also says who did it, each team becomes a gate
with as many places as it had, and of the waiting only that remains which was not for a place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days
from simulation.cohort import Cohort
from simulation.discovery.journeys import DAY, Floats, Ints, Journeys, since_recording
from simulation.discovery.teams import NOT_FULL, Team, teams
from simulation.engine import EndlessLoopError, simulate
from simulation.gates import Places
from simulation.laws import NO_DELAY, Law, Stays, fit_competing
from simulation.model import START, Choice, Option, PathwayModel, Step

FINISHED = "case finished"
_STILL_OPEN = -1
_GOLDEN = (5**0.5 - 1) / 2
_ARRIVALS = 1000
"""Cases, the latest, with which it is tried whether places explain the waiting."""
_FACTOR, _LITTLE = 2.0, 0.05
"""Times waited are alike within this factor, give or take this share of the mean length of a case."""


def discover_pathway(log: EventLog) -> PathwayModel:
    """A pathway model of `log`: one step for each arrow of its directly-follows graph, with fitted shares and laws.

    Cases that have ended finish after their last activity; open ones are censored there at the end of the window. In a
    log with start times the step of an arrow is the wait, which leaves no record, and work on the activity is a step
    of its own ("work on a"), in a log with resources at the gate of its team. Work that overlaps what came before it
    has not waited. Work in hand at the end of the window is not in a log, so its case counts as waiting still.

    A team is a gate only where its places explain the waiting: with the log's own arrivals they must keep cases
    waiting about as long as cases were seen to wait for them. Otherwise (people who are not there at night, say) its
    waits are laws like all others, and a warning says so. Raises ValueError for a log without events.
    """
    if len(log) == 0:
        raise ValueError("a model cannot be discovered from a log without events")
    journeys = Journeys.of(log)
    kept, doubts = [], []
    for team in teams(journeys):
        follows = _follows(log, journeys, [team])
        would = _kept_waiting(_model(journeys, follows, [team]), journeys)
        if _alike(would, follows.for_places, journeys):
            kept.append(team)
        else:
            doubts.append(
                f"{team.name}: with {team.places} places cases would wait for one {24 * would:.1f} hours on average, "
                f"and did {24 * follows.for_places:.1f}; its waits are taken as they were"
            )
    model = _model(journeys, _follows(log, journeys, kept), kept)
    return replace(model, warnings=(*model.warnings, *doubts))


def _model(journeys: Journeys, follows: _Follows, found: list[Team]) -> PathwayModel:
    builder = _Builder(journeys, found)
    builder.begin()
    for source in range(len(journeys.names)):
        builder.follow(source, follows)
    return PathwayModel(
        name="Discovered from the log",
        steps=builder.steps,
        choices=builder.choices,
        ranks=dict(zip(journeys.names, journeys.ranks, strict=True)),
        final=(),
        gates={team.name: Places(places=len(team.people), cases_each=team.cases_each) for team in found},
        whole_days=not (journeys.end % DAY).any() and not (journeys.start % DAY).any(),
        warnings=tuple(builder.warnings),
    )


def newcomers(log: EventLog, model: PathwayModel) -> Cohort:
    """The cases that began while the log was recorded, to arrive when they did; nobody is there before the first."""
    return _arriving(since_recording(log).begin, model)


def _arriving(begin: Ints, model: PathwayModel) -> Cohort:
    arrival = np.floor(begin / DAY) if model.whole_days else begin / DAY
    ids = [f"{number:07d}" for number in range(1, len(arrival) + 1)]
    opening = pd.DataFrame({"case": ids, "start": from_days(arrival), "end": pd.NaT})
    return Cohort.newcomers(model, opening, arrival, float(np.floor(arrival[0])) - 1.0)


def _kept_waiting(model: PathwayModel, journeys: Journeys) -> float:
    """Mean days by which the gates of a model lengthen a case, for the log's latest arrivals; infinite for no end."""
    free = replace(model, gates={}, steps={name: replace(step, gate="") for name, step in model.steps.items()})
    begin = journeys.begin[-_ARRIVALS:]
    horizon = float(begin[-1] + 2 * journeys.span.max()) / DAY + 1.0
    end = pd.Timestamp(from_days([horizon])[0])
    means = []
    for each in (model, free):
        try:
            arrays = simulate(each, _arriving(begin, each), end, seed=1).arrays
        except EndlessLoopError:
            return float("inf")
        # Who has nothing behind them waits to the very end.
        begun = np.diff(arrays.first) > 0
        last = np.where(begun, np.append(arrays.day, horizon)[arrays.first[1:] - 1], horizon)
        means.append(float((last - arrays.start).mean()))
    return means[0] - means[1]


def _alike(would: float, did: float, journeys: Journeys) -> bool:
    """Whether the times waited for a place are alike: within a factor, or both little beside the length of a case."""
    little = _LITTLE * float(journeys.span.mean()) / DAY
    return did / _FACTOR - little <= would <= did * _FACTOR + little


class _Builder:
    """Steps and choices of the model, activity by activity."""

    def __init__(self, journeys: Journeys, found: list[Team]) -> None:
        self._journeys = journeys
        self._gate = {code: team.name for team in found for code in team.activities}
        self.steps: dict[str, Step] = {}
        self.choices: dict[str, Choice] = {}
        self.warnings: list[str] = []
        if journeys.timed:
            for code in np.unique(journeys.activity).tolist():
                self._work(code)

    def _work(self, code: int) -> None:
        """The step in which an activity is worked on, and the choice that leads to it."""
        name, journeys = self._journeys.names[code], self._journeys
        here = journeys.activity == code
        days = np.maximum(journeys.end - journeys.start, 0)[here] / DAY
        ended = np.ones(len(days), dtype=np.int64)
        fit = fit_competing(f"work on {name}", ("done",), Stays(days, ended, np.zeros(len(days)), np.ones(len(days))))
        self.warnings += fit.warnings
        self._add(f"work on {name}", name, fit.laws["done"], gate=self._gate.get(code, ""))
        self.choices[f"{name} begins"] = Choice(options=(Option(starts=(f"work on {name}",), share={"": 1.0}),))

    def _add(self, step: str, activity: str, law: Law, *, gate: str = "", then: str = "") -> None:
        self.steps[step] = Step(name=step, activity=activity, laws={"": law}, gate=gate, then=then)

    def _arrow(self, source: str, code: int, law: Law, share: float) -> Option:
        """One way on to an activity: the wait, and then the work where the two are told apart."""
        name = self._journeys.names[code]
        step = f"{source} → {name}"
        if self._journeys.timed:
            self._add(step, "", law, then=f"{name} begins")
        else:
            self._add(step, name, law)
        return Option(starts=(step,), share={"": share})

    def begin(self) -> None:
        """How cases begin: the share of each first activity."""
        journeys = self._journeys
        first = journeys.activity[journeys.first[:-1]]
        counts = np.bincount(first, minlength=len(journeys.names)) / len(first)
        self.choices[START] = Choice(
            options=tuple(
                self._arrow("start", code, NO_DELAY[""], float(counts[code]))
                for code in np.flatnonzero(counts).tolist()
            )
        )

    def follow(self, source: int, follows: _Follows) -> None:
        """What comes after an activity."""
        name, names = self._journeys.names[source], self._journeys.names
        rows = np.flatnonzero(follows.source == source)
        targets = sorted(set(follows.target[rows].tolist()) - {_STILL_OPEN})
        ways = tuple(names[t] if t < len(names) else FINISHED for t in targets)
        if not ways:
            self.warnings.append(f"{name}: nobody has been seen to go on or finish; simulated cases stay here, open")
            return
        number = {target: k for k, target in enumerate(targets, start=1)}
        cause = np.asarray([number.get(target, 0) for target in follows.target[rows].tolist()], dtype=np.int64)
        fit = fit_competing(name, ways, Stays(follows.days[rows], cause, follows.entry[rows], np.ones(len(rows))))
        self.warnings += fit.warnings
        self.choices[name] = Choice(
            options=tuple(
                Option(starts=(), share={"": fit.shares[way]})
                if target == len(names)
                else self._arrow(name, target, fit.laws[way], fit.shares[way])
                for target, way in zip(targets, ways, strict=True)
            )
        )


@dataclass(frozen=True)
class _Follows:
    """Every stay after an event: activity, what came next, days, and days already passed when observed."""

    source: Ints
    target: Ints
    """Code of the next activity; the number of activities for a finished case; -1 for a case still open."""
    days: Floats
    entry: Floats
    for_places: float
    """Mean days for which a case waited for places of the teams."""


def _follows(log: EventLog, journeys: Journeys, found: list[Team]) -> _Follows:
    source = journeys.activity
    last: npt.NDArray[np.bool_] = np.zeros(len(source), dtype=bool)
    last[journeys.first[1:] - 1] = True
    is_open = ~journeys.finished[journeys.case]
    target = np.where(last, np.where(is_open, _STILL_OPEN, len(journeys.names)), np.append(source[1:], 0))
    # A finished case finishes with its last event; an open one is still there at the end of the window.
    begins, ends = (np.round(day * DAY).astype(np.int64) for day in (log.arrays.window_start, log.arrays.window_end))
    until = np.where(last, np.where(is_open, ends, journeys.end), np.append(journeys.start[1:], 0))
    whole = np.maximum(until - journeys.end, 0)
    stay = whole.copy()
    for team in found:
        for code in team.activities:
            for before in np.unique(source[~last & (target == code)]).tolist():
                rows = np.flatnonzero(~last & (target == code) & (source == before))
                stay[rows] = _until_ready(stay[rows], until[rows], team)
    for_places = float((whole - stay).sum() / DAY / journeys.cases)
    entry = np.maximum(begins - journeys.end, 0)
    kept = until >= begins
    return _Follows(source[kept], target[kept], stay[kept] / DAY, entry[kept] / DAY, for_places)


def _until_ready(wait: Ints, begun: Ints, team: Team) -> Ints:
    """Of each wait until work was `begun`, the part before the case was ready and only wanted a place.

    Who began while a place was free had not waited for one. Who began when a place had just been given back may have
    been ready for it since all places were last taken, or any time after: how long it had taken until then is what it
    took for one of the others, among those for whom it took as long as it can have.
    """
    since = team.full_until(begun)
    queued = since < NOT_FULL
    known = np.sort(wait[~queued])
    least = np.maximum(since[queued] - (begun - wait)[queued], 0)
    first = np.searchsorted(known, least, side="left")
    count = np.searchsorted(known, wait[queued], side="right") - first
    # Evenly spread without chance, however many there are: multiples of the golden ratio.
    spread = (np.arange(len(count)) * _GOLDEN % 1.0 * count).astype(np.int64)
    found = wait.copy()
    found[queued] = np.where(count > 0, np.append(known, 0)[np.minimum(first + spread, len(known))], least)
    return found
