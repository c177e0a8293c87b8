"""When cases arrive: at the log's rate and at its hours of the week, or as they did in its latest weeks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simulation.discovery.journeys import HOUR, WEEK, Floats, Ints, Journeys, hour_of_week
from simulation.discovery.memory import Seen, unseen_long

_WEEK_HOURS = 168
_MONDAY_HOURS = 72
"""Hours from 1970-01-01 back to the Monday before it, less a week: 1 January 1970 was a Thursday."""
_SHARPNESS = 0.2
"""By so much (in log error) a forecast must have been worse in the past to count e times less."""
_LEAST = 0.05
"""Hours: errors of arrivals below this are equally good."""
_WAYS = "at the long-run rate", "as in the latest weeks"
_SEEN = 0.5
"""Arrivals of which fewer than this share can have been seen yet are not judged by."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ArrivalLaw:
    """Arrivals at `per_week` by the hours of the week, mixed with the latest weeks over again."""

    per_week: float
    profile: Floats
    """Share of the arrivals in each of the 168 hours of the week, from Monday midnight."""
    again: float
    """How far arrivals follow those of the latest weeks, moved by whole weeks: 0 not at all, 1 exactly."""
    past: Ints
    """When the cases of the log began, in order."""
    errors: tuple[tuple[str, float], ...] = ()
    """Mean error, in hours, of the two ways on the log's own past."""

    def draw(self, start: int, count: int, unit: float) -> Ints:
        """`count` arrivals in order, the first at `start`, evenly spread over the law; `unit` in [0, 1) sets where.

        The arrivals of the two ways are averaged one by one in operational time, in which the hours without arrivals
        take no time.
        """
        places = np.maximum(np.arange(count) + unit - 0.5, 0.0)
        smooth = self._operational(np.asarray([start]))[0] + places / self.per_week
        if self.again > 0:
            chosen, moved = latest_weeks(self.past, start, count)
            if len(chosen) == count:
                again = self.past[chosen] + moved
                if self.again >= 1:
                    return again
                smooth = (1.0 - self.again) * smooth + self.again * self._operational(again)
        found = self._clock(smooth)
        found[0] = start
        return np.sort(np.maximum(found, start))

    def _operational(self, instants: Ints) -> Floats:
        """Weeks since an origin, in which time runs as fast as cases arrive."""
        hours = instants / HOUR + _MONDAY_HOURS
        weeks = np.floor(hours / _WEEK_HOURS)
        rest = hours - weeks * _WEEK_HOURS
        hour = np.minimum(rest.astype(np.int64), _WEEK_HOURS - 1)
        passed: Floats = weeks + self._passed[hour] + (rest - hour) * self.profile[hour]
        return passed

    def _clock(self, operational: Floats) -> Ints:
        weeks = np.floor(operational + 1e-12)
        rest = operational - weeks
        hour = np.clip(np.searchsorted(self._passed, rest, side="right") - 1, 0, _WEEK_HOURS - 1)
        into = np.clip((rest - self._passed[hour]) / np.maximum(self.profile[hour], 1e-12), 0.0, 1.0)
        seconds = np.round((weeks * _WEEK_HOURS + hour + into - _MONDAY_HOURS) * 3600)
        return seconds.astype(np.int64) * 1_000_000

    @property
    def _passed(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.profile)])


def latest_weeks(past: Ints, start: int, count: int) -> tuple[Ints, int]:
    """The latest `count` arrivals in a row that lie whole weeks before `start`, and by how much to move them.

    Fewer than `count` where the past is too short.
    """
    weeks = 1
    while True:
        begins = int(np.searchsorted(past, start - weeks * WEEK))
        if begins + count <= len(past) or start - weeks * WEEK <= past[0]:
            return np.arange(begins, min(begins + count, len(past))), weeks * WEEK
        weeks += 1


def fit_arrivals(
    past: Journeys, now: int, origins: Iterable[tuple[int, Journeys, Journeys]] = (), *, finished_only: bool
) -> ArrivalLaw:
    """The law of arrivals, its two ways weighed by how well each foretold what came after the `origins`.

    Of a log of finished cases only, each arrival counts 1 / P(finished by now), and those too late for half of them to
    have finished do not count.
    """
    level = _fitted(past, now, finished_only)
    everyone = _Counted.of(past, now, finished_only)
    errors = []
    for origin, known, later in origins:
        true = everyone.between(origin, int(later.begin[-1]))
        if true is None or known.cases < 2:
            continue
        count = max(round(float(true.weight.sum())), 1)
        law = _fitted(known, origin, finished_only)
        found = []
        for again in (0.0, 1.0):
            way = ArrivalLaw(per_week=law.per_week, profile=law.profile, again=again, past=known.begin)
            found.append(true.distance(way.draw(int(later.begin[0]), count, 0.5)))
        errors.append(found)
    if not errors:
        return level
    log_error = np.log(np.asarray(errors) + _LEAST).mean(axis=0)
    share = np.exp(-(log_error - log_error.min()) / _SHARPNESS)
    # Where the weeks are as like as one egg to another nothing else need be mixed in.
    again = 1.0 if np.mean(errors, axis=0)[1] < _LEAST else float(share[1] / share.sum())
    return ArrivalLaw(
        per_week=level.per_week,
        profile=level.profile,
        again=again,
        past=past.begin,
        errors=tuple(zip(_WAYS, np.mean(errors, axis=0).tolist(), strict=True)),
    )


def _fitted(past: Journeys, now: int, finished_only: bool) -> ArrivalLaw:
    counted = _Counted.of(past, now, finished_only)
    per_week = _rate(float(counted.weight.sum()), counted.until - int(past.begin[0]))
    if finished_only:
        # Nobody knows whether the log to come will be followed until its cases have ended: half-way between both.
        per_week = float(np.sqrt(per_week * _rate(past.cases, now - int(past.begin[0]))))
    profile = np.bincount(hour_of_week(past.begin), minlength=_WEEK_HOURS).astype(np.float64)
    return ArrivalLaw(per_week=per_week, profile=profile / profile.sum(), again=0.0, past=past.begin)


def _rate(cases: float, time: int) -> float:
    """Cases a week, over an hour at least."""
    return cases / max(time / WEEK, 1 / _WEEK_HOURS)


@dataclass(frozen=True, eq=False)
class _Counted:
    """Arrivals up to the instant `until`, each standing for `weight`."""

    begin: Ints
    weight: Floats
    until: int

    @classmethod
    def of(cls, past: Journeys, now: int, finished_only: bool) -> _Counted:
        if not finished_only:
            return cls(past.begin, np.ones(past.cases), max(now, int(past.begin[-1]) + 1))
        lengths = Seen.of(past, unseen_long(past, now))
        until = max(now - lengths.median(), int(past.begin[0]) + HOUR)
        kept = past.begin <= until
        seen = lengths.within(now - past.begin[kept])
        return cls(past.begin[kept], 1.0 / np.maximum(seen, _SEEN), until)

    def between(self, origin: int, last: int) -> _Counted | None:
        kept = (self.begin > origin) & (self.begin <= last)
        return _Counted(self.begin[kept], self.weight[kept], self.until) if kept.sum() >= 20 else None

    def distance(self, other: Ints) -> float:
        """Earth mover's distance, in hours, to other arrivals."""
        places = np.unique(np.concatenate([self.begin, other]))
        mine = np.concatenate([[0.0], np.cumsum(self.weight)]) / self.weight.sum()
        below = mine[np.searchsorted(self.begin, places[:-1], side="right")]
        theirs = np.searchsorted(np.sort(other), places[:-1], side="right") / len(other)
        return float((np.abs(below - theirs) * np.diff(places)).sum() / HOUR)
