"""The model of a log, and logs played from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.discovery.arrivals import ArrivalLaw, fit_arrivals
from simulation.discovery.choose import Choice, all_alike, choose, origins
from simulation.discovery.even_draw import even_sample, fitted_weights
from simulation.discovery.journeys import (
    DAY,
    Floats,
    Ints,
    Journeys,
    hour_of_week,
    instant,
    placed,
    since_recording,
    weekday,
)
from simulation.discovery.kinds import kinds
from simulation.discovery.open_cases import completed
from simulation.streams import stable_hash

_WEEK_HOURS = 168


@dataclass(frozen=True, eq=False, kw_only=True)
class LogModel:
    """How the cases of a log go, how long they take and when they arrive.

    A case to come goes as a past one did: of a kind as often as the past, weighed by `routing`, had that kind; among
    those of a kind as one drawn by its weight in `timing`, begun on the same weekday, since what happens on a Friday
    afternoon waits for Monday.
    """

    past: Journeys
    """The cases it was found from, open ones completed."""
    now: int
    """The instant up to which the log was known."""
    choice: Choice
    routing: Floats
    timing: Floats
    arrivals: ArrivalLaw
    finished_only: bool
    """Whether the log holds only cases that had finished by its end."""

    def play(self, start: int, count: int, *, seed: int, replication: int = 0) -> Journeys:
        """`count` new cases from `start` on, each to its end, or as far as such cases are known to go."""
        generator = _generator(seed, replication, "journeys")
        arrival = self.arrivals.draw(start, count, float(_generator(seed, replication, "arrivals").random()))
        kind = kinds(self.past)
        wanted = np.bincount(kind, self.routing).astype(np.float64)
        begin = self.past.begin
        weight, hourly = (
            fitted_weights(self.timing, [(kind, wanted), (when(begin), _counted(when(arrival)))], float(count))
            for when in (weekday, hour_of_week)
        )
        return placed(self.past, even_sample(self.past, weight, hourly, arrival, generator), arrival)


def _counted(codes: Ints) -> Floats:
    found: Floats = np.bincount(codes, minlength=_WEEK_HOURS).astype(np.float64)
    return found


def _generator(seed: int, replication: int, name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, replication, stable_hash(name)])))


def discover(known: Journeys, now: int, *, finished_only: bool, ahead: bool = True, seed: int = 1) -> LogModel:
    """The model of what was known at the instant `now`.

    `finished_only` says that cases not finished by then were left out of the log; otherwise those not marked as
    finished are open and go on. With `ahead` the model is of the cases to come, and how much the recent past counts is
    chosen on the log's own past; without, it is of the log as a whole. Raises ValueError for a log without events.
    """
    if not known.cases:
        raise ValueError("a model cannot be discovered from a log without events")
    past = known if finished_only else completed(known, now, _generator(seed, 0, "open cases"))
    choice = choose(known, now, finished_only=finished_only, seed=seed) if ahead else all_alike()
    before = origins(known, finished_only=finished_only) if ahead else ()
    routing, timing = choice.weights(past, now)
    return LogModel(
        past=past,
        now=now,
        choice=choice,
        routing=routing,
        timing=timing,
        arrivals=fit_arrivals(known, now, before, finished_only=finished_only),
        finished_only=finished_only,
    )


def discover_log(log: EventLog, *, ahead: bool = False, seed: int = 1) -> LogModel:
    """The model of a log as it stands at the end of its window.

    Of cases that were running when recording began only those that lasted are there, so none is learnt from. Raises
    ValueError for a log without events.
    """
    known = since_recording(log)
    now = int(known.end.max(initial=instant(log.window.end)))
    return discover(known, now, finished_only=bool(known.finished.all()), ahead=ahead, seed=seed)


def simulate_log(log: EventLog, *, cases: int | None = None, seed: int = 1) -> EventLog:
    """A simulated log of `cases` new cases (default: as many as `log` has) under the model discovered from `log`.

    Cases arrive from the first arrival of `log` on, at its rate and hours of the week. Open cases are completed first,
    by cases that were in the same place for as long. The window closes as long after the last arrival as it did in
    `log`; what would come later is not in the simulated log, and such a case is open. Raises ValueError for a log
    without events, or fewer than 1 case.
    """
    model = discover_log(log, seed=seed)
    count = len(log.cases) if cases is None else cases
    if count < 1:
        raise ValueError(f"cases must be at least 1, got {count}")
    begin = model.arrivals.past
    played = model.play(int(begin[0]), count, seed=seed)
    end = int(played.begin.max()) + max(model.now - int(begin[-1]), DAY)
    end = max(end, int(played.end[played.first[:-1]].max()))
    seen = played.seen_until(end)
    return seen.log(ObservationWindow(stamp(int(seen.begin.min())), stamp(end)))


def stamp(time: int) -> pd.Timestamp:
    """The inverse of `instant`."""
    return pd.Timestamp(time, unit="us")
