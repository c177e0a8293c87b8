"""One verdict a case for each kind of rule, by arrays, and for the kindest and the harshest order of each day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays, to_days
from mining.declare import Rule

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Verdicts = npt.NDArray[np.int8]
Order = Literal["declared", "best", "worst"]
"""In which order events of one instant stand: as the log has them, or as suits the rule best or worst."""

DOES_NOT_APPLY, SATISFIED, STILL_OPEN, CANNOT_TELL, VIOLATED = range(5)
"""How a case stands; of several events of a case under one rule the highest number holds."""


@dataclass(frozen=True, eq=False)
class _Events:
    """The events of some activities, in the log's order."""

    at: IntArray
    """Position in the log."""
    case: IntArray
    instant: IntArray
    day: FloatArray


@dataclass(frozen=True, eq=False)
class View:
    """The log as the checks need it."""

    log: EventLog

    @cached_property
    def arrays(self) -> LogArrays:
        return self.log.arrays

    @cached_property
    def instant(self) -> IntArray:
        """For each event the number of its case's instant; it grows through the whole log."""
        case, day = self.arrays.case, self.arrays.day
        new = np.ones(len(case), dtype=bool)
        new[1:] = (case[1:] != case[:-1]) | (day[1:] != day[:-1])
        return np.cumsum(new) - 1

    @cached_property
    def together(self) -> IntArray:
        """How many events each instant has."""
        return np.bincount(self.instant).astype(np.int64) if len(self.instant) else np.empty(0, dtype=np.int64)

    @cached_property
    def tied(self) -> bool:
        return bool((self.together > 1).any())

    @cached_property
    def is_open(self) -> BoolArray:
        return np.isnan(self.arrays.end)

    @cached_property
    def filled(self) -> BoolArray:
        """Which cases have events."""
        return np.diff(self.arrays.first) > 0

    def member(self, names: Sequence[str]) -> BoolArray:
        """For each event whether it is of one of the activities."""
        wanted = np.isin(np.array([*self.arrays.activities, ""], dtype=object), list(names))
        return np.asarray(wanted[self.arrays.activity], dtype=bool)

    @cached_property
    def found(self) -> dict[tuple[str, ...], _Events]:
        """The events looked for so far."""
        return {}

    def events(self, names: tuple[str, ...]) -> _Events:
        if names not in self.found:
            at = np.flatnonzero(self.member(names))
            self.found[names] = _Events(
                at, self.arrays.case[at].astype(np.int64), self.instant[at], self.arrays.day[at]
            )
        return self.found[names]

    def recorded_from(self, names: Sequence[str]) -> float:
        """The day from which the activities were reliably recorded; never, if the log has none of them."""
        if not set(names) & set(self.arrays.activities):
            return np.inf
        return float(to_days(pd.Series([self.log.window.reliable_from(*names)]))[0])

    def unrecorded(self, names: Sequence[str]) -> BoolArray:
        """Which cases began before the activities were reliably recorded, so that a missing one proves nothing."""
        return self.arrays.start < self.recorded_from(names)

    def per_case(self, case: IntArray, verdict: Verdicts) -> Verdicts:
        """The gravest verdict of each case; cases without any are not concerned."""
        worst = np.zeros(len(self.arrays.start), dtype=np.int8)
        np.maximum.at(worst, case, verdict)
        return worst

    def counts(self, events: _Events) -> IntArray:
        return np.bincount(events.case, minlength=len(self.arrays.start)).astype(np.int64)


def _next(a: _Events, b: _Events, order: Order) -> tuple[BoolArray, FloatArray]:
    """For each a whether a b comes after it in its case, and how many days later the next one comes."""
    if order == "declared":
        place = np.searchsorted(b.at, a.at, side="right")
    else:
        place = np.searchsorted(b.instant, a.instant, side="left" if order == "best" else "right")
    return _gap(a, b, place)


def _previous(b: _Events, a: _Events, order: Order) -> tuple[BoolArray, FloatArray]:
    """For each b whether an a came before it in its case, and how many days earlier the last one came."""
    if order == "declared":
        place = np.searchsorted(a.at, b.at, side="left") - 1
    else:
        place = np.searchsorted(a.instant, b.instant, side="right" if order == "best" else "left") - 1
    found, gap = _gap(b, a, place)
    return found, -gap


def _gap(here: _Events, there: _Events, place: IntArray) -> tuple[BoolArray, FloatArray]:
    inside = (place >= 0) & (place < len(there.at))
    safe = np.where(inside, place, 0)
    if not len(there.at):
        return inside, np.full(len(place), np.nan)
    found = inside & (there.case[safe] == here.case)
    return found, np.where(found, there.day[safe] - here.day, np.nan)


def _limit(rule: Rule) -> float:
    return np.inf if rule.within_days is None else rule.within_days


def _answer(view: View, rule: Rule, a: _Events, found: BoolArray, gap: FloatArray) -> Verdicts:
    """Verdict on each a that should be answered: kept, still open, not recorded, or broken."""
    limit = _limit(rule)
    # An answer counts on the last day of its limit; the clock of dates knows no hours.
    kept = found & (gap <= limit)
    waiting = ~found & view.is_open[a.case] & (view.arrays.window_end - a.day <= limit)
    unknown = a.day < view.recorded_from(rule.second)
    codes = np.select([kept, waiting, unknown], [SATISFIED, STILL_OPEN, CANNOT_TELL], VIOLATED)
    return codes.astype(np.int8)


def _response(view: View, rule: Rule, order: Order) -> Verdicts:
    a, b = view.events(rule.first), view.events(rule.second)
    found, gap = _next(a, b, order)
    return view.per_case(a.case, _answer(view, rule, a, found, gap))


def _need(view: View, rule: Rule, b: _Events, kept: BoolArray) -> Verdicts:
    """Verdict on each b that needed something before it."""
    since = np.maximum(view.arrays.start[b.case], b.day - _limit(rule))
    unknown = since < view.recorded_from(rule.first)
    return np.select([kept, unknown], [SATISFIED, CANNOT_TELL], VIOLATED).astype(np.int8)


def _precedence(view: View, rule: Rule, order: Order) -> Verdicts:
    a, b = view.events(rule.first), view.events(rule.second)
    found, gap = _previous(b, a, order)
    return view.per_case(b.case, _need(view, rule, b, found & (gap <= _limit(rule))))


def _succession(view: View, rule: Rule, order: Order) -> Verdicts:
    both: Verdicts = np.maximum(_response(view, rule, order), _precedence(view, rule, order))
    return both


def _beside(view: View, of: _Events, names: Sequence[str], order: Order, step: int) -> tuple[BoolArray, FloatArray]:
    """Whether the event next to each (`step` 1 after, -1 before) is one of the activities, and how many days away."""
    member, case = view.member(names), view.arrays.case
    place = of.at + step
    safe = np.clip(place, 0, max(len(case) - 1, 0))
    there = (place >= 0) & (place < len(case)) & (case[safe] == of.case)
    days = np.where(there, (view.arrays.day[safe] - of.day) * step, np.nan)
    if order == "declared":
        return there & member[safe], days
    in_instant = np.bincount(view.instant, member, minlength=len(view.together))
    beside = of.instant + step
    beside_safe = np.clip(beside, 0, max(len(view.together) - 1, 0))
    first_of = np.searchsorted(view.instant, beside_safe)
    near = (beside >= 0) & (beside < len(view.together)) & (case[first_of] == of.case)
    far = np.where(near, (view.arrays.day[first_of] - of.day) * step, np.nan)
    if order == "best":
        same = in_instant[of.instant] > 0
        return same | (near & (in_instant[beside_safe] > 0)), np.where(same, 0.0, far)
    all_are = near & (in_instant[beside_safe] == view.together[beside_safe]) & (view.together[of.instant] == 1)
    return all_are, far


def _chain_response(view: View, rule: Rule, order: Order) -> Verdicts:
    a = view.events(rule.first)
    found, gap = _beside(view, a, rule.second, order, 1)
    codes = _answer(view, rule, a, found, gap)
    # Another event has come in between: waiting longer cannot mend that.
    last = view.arrays.first[a.case + 1] - 1
    overtaken = (codes == STILL_OPEN) & (a.at < last)
    unknown = a.day < view.recorded_from(rule.second)
    codes[overtaken] = np.where(unknown[overtaken], CANNOT_TELL, VIOLATED)
    if order == "best":
        # The a may have been the very last event of its day.
        codes[overtaken & (a.instant == view.instant[last])] = STILL_OPEN
    return view.per_case(a.case, codes)


def _chain_precedence(view: View, rule: Rule, order: Order) -> Verdicts:
    b = view.events(rule.second)
    found, gap = _beside(view, b, rule.first, order, -1)
    return view.per_case(b.case, _need(view, rule, b, found & (gap <= _limit(rule))))


def _responded_existence(view: View, rule: Rule, order: Order) -> Verdicts:
    a, b = view.events(rule.first), view.events(rule.second)
    after, later = _next(a, b, "best")
    before, earlier = _previous(a, b, "best")
    gap = np.fmin(np.where(after, later, np.nan), np.where(before, earlier, np.nan))
    found = (after | before) & (gap <= _limit(rule))
    codes = _answer(view, rule, a, found, np.where(found, gap, np.nan))
    return view.per_case(a.case, codes)


def _existence(view: View, rule: Rule, order: Order) -> Verdicts:
    events, start = view.events(rule.first), view.arrays.start
    counted = events.day - start[events.case] <= _limit(rule)
    counts = np.bincount(events.case[counted], minlength=len(start))
    waiting = view.is_open & (view.arrays.window_end - start <= _limit(rule))
    unknown = view.unrecorded(rule.first)
    choices = [SATISFIED, STILL_OPEN, CANNOT_TELL]
    return np.select([counts >= rule.times, waiting, unknown], choices, VIOLATED).astype(np.int8)


def _absence(view: View, rule: Rule, order: Order) -> Verdicts:
    too_many = view.counts(view.events(rule.first)) > rule.times
    choices = [VIOLATED, CANNOT_TELL, STILL_OPEN]
    conditions = [too_many, view.unrecorded(rule.first), view.is_open]
    return np.select(conditions, choices, SATISFIED).astype(np.int8)


def _exactly(view: View, rule: Rule, order: Order) -> Verdicts:
    counts = view.counts(view.events(rule.first))
    conditions = [counts > rule.times, view.is_open, view.unrecorded(rule.first), counts < rule.times]
    choices = [VIOLATED, STILL_OPEN, CANNOT_TELL, VIOLATED]
    return np.select(conditions, choices, SATISFIED).astype(np.int8)


def _edge(view: View, rule: Rule, order: Order, at: IntArray) -> BoolArray:
    """Whether the event at the edge of each case (given for cases with events) is one of the activities."""
    member = view.member(rule.first)
    if order == "declared":
        return member[at]
    share = np.bincount(view.instant, member, minlength=len(view.together))[view.instant[at]]
    return share > 0 if order == "best" else share == view.together[view.instant[at]]


def _init(view: View, rule: Rule, order: Order) -> Verdicts:
    codes = np.zeros(len(view.filled), dtype=np.int8)
    kept = _edge(view, rule, order, view.arrays.first[:-1][view.filled])
    unknown = view.unrecorded(rule.first)[view.filled]
    codes[view.filled] = np.select([kept, unknown], [SATISFIED, CANNOT_TELL], VIOLATED)
    return codes


def _end(view: View, rule: Rule, order: Order) -> Verdicts:
    codes = np.zeros(len(view.filled), dtype=np.int8)
    kept = _edge(view, rule, order, view.arrays.first[1:][view.filled] - 1)
    ended = view.arrays.end[view.filled]
    unknown = ended < view.recorded_from(rule.first)
    conditions = [np.isnan(ended), kept, unknown]
    codes[view.filled] = np.select(conditions, [STILL_OPEN, SATISFIED, CANNOT_TELL], VIOLATED)
    return codes


def _co_existence(view: View, rule: Rule, order: Order) -> Verdicts:
    a, b = (view.counts(view.events(names)) > 0 for names in (rule.first, rule.second))
    unknown = np.where(a, view.unrecorded(rule.second), view.unrecorded(rule.first))
    conditions = [~a & ~b, a & b, view.is_open, unknown]
    return np.select(conditions, [DOES_NOT_APPLY, SATISFIED, STILL_OPEN, CANNOT_TELL], VIOLATED).astype(np.int8)


def _not_co_existence(view: View, rule: Rule, order: Order) -> Verdicts:
    a, b = (view.counts(view.events(names)) > 0 for names in (rule.first, rule.second))
    unknown = np.where(a, view.unrecorded(rule.second), view.unrecorded(rule.first))
    conditions = [~a & ~b, a & b, unknown, view.is_open]
    return np.select(conditions, [DOES_NOT_APPLY, VIOLATED, CANNOT_TELL, STILL_OPEN], SATISFIED).astype(np.int8)


CHECKS: dict[str, Callable[[View, Rule, Order], Verdicts]] = {
    "existence": _existence,
    "absence": _absence,
    "exactly": _exactly,
    "init": _init,
    "end": _end,
    "response": _response,
    "precedence": _precedence,
    "succession": _succession,
    "chain response": _chain_response,
    "chain precedence": _chain_precedence,
    "responded existence": _responded_existence,
    "co-existence": _co_existence,
    "not co-existence": _not_co_existence,
}
