"""What is to be said of a model before it is run: queues that only grow, gates that never open, loops without end,
shares that do not add up to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.log import from_days, to_days
from simulation.cohort import Cohort, strata_of
from simulation.gates import Places, Sessions
from simulation.gates.iso import text_of
from simulation.laws import Law
from simulation.model import PathwayModel, Step
from simulation.queues.working_clock import WorkingClock
from simulation.routing import Routing, routing

YEAR = 365.25
_OFF = 0.005
"""By how much a sum of shares may miss 1 through rounding."""
_NAMED = 8
"""Shares of a choice that are said; of thousands nobody would read more."""
_POINTS, _WEIGHTS = np.polynomial.laguerre.laggauss(64)


@dataclass(frozen=True)
class Finding:
    """One thing to know before a run."""

    kind: str
    """"unstable gate", "no session", "no slots", "loop without end", "no arrivals" or "shares"."""
    where: str
    """The gate or choice; empty for the model as a whole."""
    figure: float
    """The load, the sum of the shares, or the number that is too small or without end."""
    words: str

    def __str__(self) -> str:
        return self.words


def before_running(model: PathwayModel, cohort: Cohort | None, end: pd.Timestamp) -> list[Finding]:
    """What is to be said before the model is run from the cohort's day (without one: a year) to `end`.

    The load of a gate is the work that new cases bring to it for each unit of work that it can do: with 1 or more its
    queue grows for ever. It counts the cases that are expected to arrive, not those that wait at the start. A place
    held until a later activity counts with the time its steps take, without the waits at other gates: at least that.
    """
    start = pd.Timestamp(from_days([cohort.day])[0]) if cohort is not None else end - pd.Timedelta(days=365)
    expected = routing(model)
    coming = _coming(model, cohort, start, end)
    days = float(to_days(pd.Series([end]))[0] - to_days(pd.Series([start]))[0])
    found = [*_shares(model), *_loops(model, expected)]
    if coming <= 0.0:
        words = f"No new cases arrive from {start:%Y-%m-%d} to {end:%Y-%m-%d}: 0 are expected a year"
        found.append(Finding("no arrivals", "", 0.0, words))
    for name, gate in model.gates.items():
        visits = sum(expected.begun[step.name] for step in model.steps.values() if step.gate == name)
        if isinstance(gate, Sessions):
            found += _sessions(name, gate, model, coming * visits if coming else 0.0, (start, end))
        elif isinstance(gate, Places) and gate.room is None and coming > 0.0 and np.isfinite(visits):
            found += _places(name, gate, model, expected, (coming / days, start, end))
    return found


def _coming(model: PathwayModel, cohort: Cohort | None, start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Cases expected to arrive after the start."""
    last = float(to_days(pd.Series([end]))[0])
    listed = sum(day <= last for day in cohort.arrival) if cohort is not None else 0
    return listed + (model.arrivals.expected(start, end) if model.arrivals is not None else 0.0)


def _shares(model: PathwayModel) -> Iterator[Finding]:
    """The choices whose shares the run makes others of, as it does when one was changed and its siblings were not."""
    for after, choice in model.choices.items():
        groups = {group for option in choice.options for group in option.share} if choice.by else {""}
        for group in sorted(groups):
            shares = [option.share_of(group) for option in choice.options]
            total = sum(shares)
            if total <= 0.0 or abs(total - 1.0) <= _OFF:
                continue
            taken = [_percent(share / total) for share in shares]
            if len(taken) > _NAMED:
                taken = [*taken[:_NAMED], f"and {len(taken) - _NAMED} more"]
            of = f" of group {group!r}" if group else ""
            words = f"The shares{of} after {after!r} add up to {total:.2f}; taken as {', '.join(taken)}"
            yield Finding("shares", after, total, words)


def _percent(share: float) -> str:
    """A share in words, a small one not as nothing."""
    percent = 100.0 * share
    return f"{percent:.0f} %" if percent >= 1.0 or not percent else f"{percent:.2g} %"


def _loops(model: PathwayModel, expected: Routing) -> Iterator[Finding]:
    leaving = f", but for the age of {model.leaves_at_days / YEAR:.4g} years" if model.leaves_at_days else ""
    for loop in expected.endless:
        words = f"From {', '.join(map(repr, loop))} there is no way out: a case goes round without end{leaving}"
        yield Finding("loop without end", loop[0], float("inf"), words)
    if not expected.endless and not np.isfinite(expected.events):
        words = (
            f"The routing begins more steps than it ends: the expected number of events of a case is infinite{leaving}"
        )
        yield Finding("loop without end", "", float("inf"), words)


def _sessions(
    name: str, gate: Sessions, model: PathwayModel, visits: float, span: tuple[pd.Timestamp, pd.Timestamp]
) -> Iterator[Finding]:
    dates = to_days(pd.Series(gate.dates(*span, closed=model.holidays))).tolist()
    slots = sum(gate.slots_at(text_of(day)) for day in dates)
    between = f"from {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}"
    if not dates:
        yield Finding("no session", name, 0.0, f"{name}: 0 sessions {between}; nobody can be heard")
    elif not slots:
        yield Finding(
            "no slots", name, 0.0, f"{name}: {len(dates)} sessions with 0 slots {between}; nobody can be heard"
        )
    elif np.isfinite(visits):
        a_year = YEAR / (span[1] - span[0]).days
        needed, there = visits / (1.0 - gate.deferral) * a_year, slots * (1.0 - gate.quorum_failure) * a_year
        if needed >= there:
            counted = " (siblings who share a slot counted singly)" if gate.siblings_together else ""
            words = (
                f"{name}: new cases need {needed:.1f} slots a year{counted} and there are {there:.1f}: "
                f"load {needed / there:.2f}; with 1 or more the queue grows for ever"
            )
            yield Finding("unstable gate", name, needed / there, words)


def _places(
    name: str, gate: Places, model: PathwayModel, expected: Routing, arriving: tuple[float, pd.Timestamp, pd.Timestamp]
) -> Iterator[Finding]:
    rate, start, end = arriving
    weights = _strata(model)
    steps = [step for step in model.steps.values() if step.gate == name and not step.by_age]
    busy = rate * sum(expected.begun[step.name] * _held(step, gate, model, weights) for step in steps)
    first, last = (float(to_days(pd.Series([day]))[0]) for day in (start, end))
    days = np.arange(first + 1.0, last + 1.0).tolist()
    if gate.working_days:
        working = set(WorkingClock(model.holidays, first, last).working())
        places = sum(gate.capacity(day) for day in days if int(day) in working) / len(days)
    else:
        places = sum(gate.capacity(day) for day in days) / len(days)
    if busy >= places:
        load = busy / places if places > 0 else float("inf")
        least = "at least " if gate.until else ""
        words = (
            f"{name}: new cases keep {least}{busy:.1f} places busy and there are {places:.1f} on average: "
            f"load {load:.2f}; with 1 or more the queue grows for ever"
        )
        yield Finding("unstable gate", name, load, words)


def _strata(model: PathwayModel) -> Mapping[str, float]:
    """Share of the new cases in each stratum of the laws."""
    if model.arrivals is None or not len(model.arrivals.pool):
        return {"": 1.0}
    shares = pd.Series(model.arrivals.weight / model.arrivals.weight.sum())
    by = shares.groupby(np.asarray(strata_of(model.arrivals.pool, model.stratify_by), dtype=object)).sum()
    return {str(name): float(share) for name, share in by.items()}


def _mean(step: Step, weights: Mapping[str, float]) -> float:
    return 0.0 if step.by_age else sum(share * mean_days(step.law(name)) for name, share in weights.items())


def _held(step: Step, gate: Places, model: PathwayModel, weights: Mapping[str, float]) -> float:
    """Days for which a place is held on average, each time a step begins."""
    days = _mean(step, weights)
    if gate.continued:
        days += gate.continued / (1.0 - gate.continued) * mean_days(gate.continuation)
    if not gate.until or step.activity == gate.until or step.activity in model.final:
        return days
    return days + _until(gate.until, model, weights).get(step.leads_to, 0.0)


def _until(activity: str, model: PathwayModel, weights: Mapping[str, float]) -> dict[str, float]:
    """Mean days from each choice until an activity, the case's end or rest; of steps side by side, the longest."""
    means = {step.name: _mean(step, weights) for step in model.steps.values()}
    found = dict.fromkeys(model.choices, 0.0)
    for _ in range(200):
        before = dict(found)
        for name, choice in model.choices.items():
            total = sum(option.share.get("", 0.0) for option in choice.options) or 1.0
            found[name] = sum(
                option.share.get("", 0.0)
                / total
                * max((means[s] + _after(model.steps[s], activity, model, before) for s in option.starts), default=0.0)
                for option in choice.options
            )
        if all(abs(found[name] - before[name]) < 1e-6 for name in found):
            break
    return found


def _after(step: Step, activity: str, model: PathwayModel, ahead: Mapping[str, float]) -> float:
    return 0.0 if step.activity == activity or step.activity in model.final else ahead.get(step.leads_to, 0.0)


def mean_days(law: Law) -> float:
    """Mean of a duration law, in days; infinite where some never end.

    The area under the body's steps, and the tail by Gauss-Laguerre quadrature, which is within 0.1 % of the truth.
    """
    times, survival = np.asarray(law.times, dtype=float), np.asarray(law.survival, dtype=float)
    body = float(times[0] + (survival[:-1] * np.diff(times)).sum())
    left = float(survival[-1])
    if left <= 1e-12:
        return body
    if law.tail_scale <= 0.0:
        return float("inf")
    # The tail spends its hazard h at the day t(h); h is exponential of mean 1.
    spent = (times[-1] / law.tail_scale) ** law.tail_shape + _POINTS
    ends = law.tail_scale * spent ** (1.0 / law.tail_shape)
    return body + left * float(_WEIGHTS @ ends - times[-1])
