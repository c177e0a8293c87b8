"""A model from any event log: what follows each activity, how often, and after how long.

The model remembers the last activity only (a semi-Markov chain). Open cases are counted in the shares and the waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.laws import NO_DELAY, Stays, fit_competing
from simulation.model import START, Choice, Option, PathwayModel, Step

FINISHED = "case finished"


def discover_pathway(log: EventLog) -> PathwayModel:
    """A pathway model of `log`: one step for each arrow of its directly-follows graph, with fitted shares and laws.

    Cases that have ended finish after their last activity; open ones are censored there at the end of the window.
    Raises ValueError for a log without events.
    """
    if len(log) == 0:
        raise ValueError("a model cannot be discovered from a log without events")
    follows = _follows(log)
    names = log.activities
    steps: dict[str, Step] = {}
    choices: dict[str, Choice] = {START: _beginnings(log, steps)}
    warnings: list[str] = []
    for source, name in enumerate(names):
        rows = np.flatnonzero(follows.source == source)
        targets = sorted(set(follows.target[rows].tolist()) - {_STILL_OPEN})
        ways = tuple(names[t] if t < len(names) else FINISHED for t in targets)
        number = {target: k for k, target in enumerate(targets, start=1)}
        cause = np.asarray([number.get(target, 0) for target in follows.target[rows].tolist()], dtype=np.int64)
        if not ways:
            warnings.append(f"{name}: nobody has been seen to go on or finish; simulated cases stay here, open")
            continue
        fit = fit_competing(name, ways, Stays(follows.days[rows], cause, follows.entry[rows], np.ones(len(rows))))
        warnings += fit.warnings
        options = []
        for way in ways:
            if way == FINISHED:
                options.append(Option(starts=(), share={"": fit.shares[way]}))
                continue
            step = Step(name=f"{name} → {way}", activity=way, laws={"": fit.laws[way]})
            steps[step.name] = step
            options.append(Option(starts=(step.name,), share={"": fit.shares[way]}))
        choices[name] = Choice(options=tuple(options))
    return PathwayModel(
        name="Discovered from the log",
        steps=steps,
        choices=choices,
        ranks=_ranks(log),
        final=(),
        whole_days=_whole_days(log),
        warnings=tuple(warnings),
    )


def simulate_log(log: EventLog, *, cases: int | None = None, seed: int = 1) -> EventLog:
    """A simulated log of `cases` new cases (default: as many as `log` has) under the model discovered from `log`.

    Cases arrive from the first arrival of `log` on, with gaps drawn from the observed gaps. The window closes as long
    after the last arrival as it did in `log`, so that the share of open cases can be compared; a case not finished by
    then is open. Raises ValueError for a log without events, or fewer than 1 case, and EndlessLoopError where the
    routing never ends a case.
    """
    model = discover_pathway(log)
    count = len(log.cases) if cases is None else cases
    if count < 1:
        raise ValueError(f"cases must be at least 1, got {count}")
    arrays = log.arrays
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 0])))
    begins = np.sort(arrays.day[arrays.first[:-1][np.diff(arrays.first) > 0]])
    gaps = np.diff(begins) if len(begins) > 1 else np.ones(1)
    arrival = begins[0] + np.concatenate([[0.0], np.cumsum(generator.choice(gaps, count - 1))])
    if model.whole_days:
        arrival = np.floor(arrival)
    opening = pd.DataFrame(
        {"case": [f"{n:07d}" for n in range(1, count + 1)], "start": from_days(arrival), "end": pd.NaT}
    )
    empty = Cohort.newcomers(model, opening, arrival, float(begins[0]) - 1.0)
    follow_up = max(arrays.window_end - begins[-1], 1.0)
    end = pd.Timestamp(from_days([arrival[-1] + follow_up])[0])
    simulated = simulate(model, empty, end, seed=seed)
    begin = pd.Timestamp(from_days([begins[0]])[0])
    return EventLog(simulated.events, simulated.cases, ObservationWindow(begin, end))


_STILL_OPEN = -1


@dataclass(frozen=True)
class _Follows:
    """Every stay after an event: activity, what came next, days, and days already passed when observed."""

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    """Code of the next activity; the number of activities for a finished case; -1 for a case still open."""
    days: npt.NDArray[np.float64]
    entry: npt.NDArray[np.float64]


def _follows(log: EventLog) -> _Follows:
    arrays = log.arrays
    source, day = arrays.activity.astype(np.int64), arrays.day
    last = np.zeros(len(source), dtype=bool)
    last[arrays.first[1:][np.diff(arrays.first) > 0] - 1] = True
    is_open = np.isnan(arrays.end)[arrays.case]
    target = np.append(source[1:], 0)
    target = np.where(last, np.where(is_open, _STILL_OPEN, len(arrays.activities)), target)
    until = np.append(day[1:], 0.0)
    # A finished case finishes with its last event; an open one is still there at the end of the window.
    until = np.where(last, np.where(is_open, arrays.window_end, day), until)
    entry = np.maximum(arrays.window_start - day, 0.0)
    kept = until >= arrays.window_start
    return _Follows(source[kept], target[kept], (until - day)[kept], entry[kept])


def _beginnings(log: EventLog, steps: dict[str, Step]) -> Choice:
    """How cases begin: the share of each first activity."""
    arrays = log.arrays
    first = arrays.activity[arrays.first[:-1][np.diff(arrays.first) > 0]]
    counts = np.bincount(first, minlength=len(arrays.activities))
    options = []
    for code in np.flatnonzero(counts):
        activity = arrays.activities[code]
        step = Step(name=f"start → {activity}", activity=activity, laws=NO_DELAY)
        steps[step.name] = step
        options.append(Option(starts=(step.name,), share={"": float(counts[code] / counts.sum())}))
    return Choice(options=tuple(options))


def _ranks(log: EventLog) -> dict[str, int]:
    ranks = log.events.groupby("activity", observed=True)["rank"].first()
    return {str(name): int(rank) for name, rank in ranks.items()}


def _whole_days(log: EventLog) -> bool:
    return bool((log.arrays.day == np.floor(log.arrays.day)).all())
