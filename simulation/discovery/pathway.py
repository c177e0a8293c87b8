"""A model from any event log: what follows each activity, how often, after what wait, and who works on it.

The model remembers the last activity only (a semi-Markov chain). Open cases are counted in the shares and the waits.
Where the log says when work began, waiting is told from work; where it also says who did it, each team becomes a gate
with as many places as it had, and of the waiting only that remains which was not for a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from simulation.cohort import Cohort
from simulation.discovery.builder import Builder
from simulation.discovery.follows import Follows, follows_of
from simulation.discovery.journeys import DAY, Ints, Journeys, since_recording
from simulation.discovery.parallel_work import waited_for
from simulation.discovery.teams import Team, teams
from simulation.engine import EndlessLoopError, simulate
from simulation.gates import Places
from simulation.model import PathwayModel

_ARRIVALS = 1000
"""Cases, the latest, with which it is tried whether places explain the waiting."""
_COMPARED, _OFF = 5000, 0.05
"""Cases, the earliest, by which it is seen whether the whole model is like the log, and what is let pass."""
_OFTEN = 0.05
"""Share of times beside other work from which on it is said."""
_TRIES = 5
"""Runs in which it is tried: where few wait very long one run says little."""
_FACTOR, _LITTLE = 2.0, 0.01
"""Times waited are alike within this factor, give or take this share of the mean length of a case."""


def discover_pathway(log: EventLog) -> PathwayModel:
    """A pathway model of `log`: one step for each arrow of its directly-follows graph, with fitted shares and laws.

    Cases that have ended finish after their last activity; open ones are censored there at the end of the window. In a
    log with start times the step of an arrow is the wait, which leaves no record, and work on the activity is a step
    of its own ("work on a"), in a log with resources at the gate of its team. Where work overlaps, the case waits for
    that which ended last; all other is beside it: it takes the case no time, is recorded when it begins, and keeps a
    place of its team taken. So the model holds exactly the time that cases took. Work in hand at the end of the window
    is not in a log, so its case counts as waiting still.

    A team is a gate only where its places explain the waiting: with the log's own arrivals they must, beside the teams
    before it, keep cases waiting about as long as cases were seen to wait for them. Otherwise (people who are not
    there at night, say) its waits are laws like all others, and a warning says so. So does one where the model, run
    unchanged, is unlike the log. Raises ValueError for a log without events.
    """
    if len(log) == 0:
        raise ValueError("a model cannot be discovered from a log without events")
    journeys = Journeys.of(log)
    kept: list[Team] = []
    doubts = []
    for team in teams(journeys):
        # Beside the teams already kept: what each delays a little adds up.
        together = [*kept, team]
        follows = follows_of(log, journeys, together)
        would = _kept_waiting(_model(journeys, follows, together), journeys)
        if _alike(would, follows.for_places, journeys):
            kept.append(team)
        else:
            places = "1 place" if team.places == 1 else f"{team.places} places"
            doubts.append(
                f"{team.name}: were its {places} all there is, cases would wait {24 * would:.1f} hours on average for "
                f"a team, and did {24 * follows.for_places:.1f}; its waits are taken as they were"
            )
    model = _model(journeys, follows_of(log, journeys, kept), kept)
    return replace(model, warnings=(*_unlike(log, model), *_beside(journeys), *doubts, *model.warnings))


def _unlike(log: EventLog, model: PathwayModel) -> Iterator[str]:
    """What is to be known where the model, run unchanged, keeps cases open for longer or shorter than they were."""
    past = since_recording(log)
    past = past.take(np.arange(min(past.cases, _COMPARED)))
    until = float(log.arrays.window_end)
    if not past.cases or until <= np.floor(past.begin[0] / DAY):
        return
    spent = (np.where(past.finished, past.finish / DAY, until) - past.begin / DAY).clip(min=0.0)
    was, error = float(spent.mean()), float(spent.std() / np.sqrt(len(spent)))
    try:
        would = mean_days(model, past.begin, log.window.end, seeds=1 if past.cases > _ARRIVALS else _TRIES)
    except EndlessLoopError:
        return
    if abs(would - was) > max(_OFF * was, 2.0 * error):
        share = would / was - 1.0 if was > 0 else float("inf")
        yield (
            f"run unchanged, cases are open for {24 * would:,.1f} hours on average up to the end of the log, and were "
            f"for {24 * was:,.1f} ({share:+.0%}): where cases go depends on more than their last activity, or has "
            "changed. Lay a changed run beside an unchanged one, not beside the log"
        )


def _beside(journeys: Journeys) -> Iterator[str]:
    """What is to be known where work on an activity often goes on beside other work of the case."""
    waited = waited_for(journeys)
    often = {
        name: float((~waited[journeys.activity == code]).mean())
        for code, name in enumerate(journeys.names)
        if (journeys.activity == code).any()
    }
    told = ", ".join(f"{name} ({share:.0%} of the time)" for name, share in often.items() if share >= _OFTEN)
    if told:
        yield (
            f"{told}: work beside other work that ended later, which is what the case waited for. Made quicker, such "
            "an activity saves at most what a run shows, since the work beside it may then be what is waited for; made "
            "slower, it costs at least that"
        )


def _model(journeys: Journeys, follows: Follows, found: list[Team]) -> PathwayModel:
    builder = Builder(journeys, follows, found)
    builder.build()
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
    return Cohort.newcomers(model, opening, arrival, float(np.floor(arrival[0])))


def _kept_waiting(model: PathwayModel, journeys: Journeys) -> float:
    """Mean days by which the gates of a model lengthen a case, for the log's latest arrivals; infinite for no end."""
    free = replace(model, gates={}, steps={name: replace(step, gate="") for name, step in model.steps.items()})
    begin = journeys.begin[-_ARRIVALS:]
    # Who has nothing behind them waits to the very end.
    end = pd.Timestamp(from_days([float(begin[-1] + 2 * journeys.span.max()) / DAY + 1.0])[0])
    try:
        means = [mean_days(each, begin, end, seeds=_TRIES) for each in (model, free)]
    except EndlessLoopError:
        return float("inf")
    return means[0] - means[1]


def mean_days(model: PathwayModel, begin: Ints, end: pd.Timestamp, *, seeds: int) -> float:
    """Mean days in which cases that arrive at `begin` are open until `end`, over runs with seeds from 1 on."""
    cohort = _arriving(begin, model)
    until = float(to_days(pd.Series([end]))[0])
    found = []
    for seed in range(1, seeds + 1):
        arrays = simulate(model, cohort, end, seed=seed).arrays
        found.append(float((np.where(np.isnan(arrays.end), until, arrays.end) - arrays.start).mean()))
    return float(np.mean(found))


def _alike(would: float, did: float, journeys: Journeys) -> bool:
    """Whether the times waited for a place are alike: within a factor, or both little beside the length of a case."""
    little = _LITTLE * float(journeys.span.mean()) / DAY
    return did / _FACTOR - little <= would <= did * _FACTOR + little
