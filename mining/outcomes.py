"""Where children get to, and when: the share that reaches each of several ends, the open cases counted.

Ends compete: a child who is adopted can no longer go home. Each share is Aalen and Johansen's cumulative incidence at
a stated time after a stated beginning; those who have reached none of the ends by then are "still waiting", a share of
its own, never left out and never spread over the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, to_days
from event_logs.vocabulary import MILESTONES, Stage
from mining.survival import CumulativeIncidence, aalen_johansen, score_interval
from mining.visits import BoolArray, FloatArray, IntArray, check_activities, first_days, start_days

YEAR = 365.25
"""Days a year, on average."""
CASE_START = "case start"
CASE_END = "case end"
CASE_ENDED = "Case ended in none of these ways"
STILL_WAITING = "Still waiting"
"""The last line of every table: those who have reached none of the ends."""


@dataclass(frozen=True)
class Outcome:
    """One end that a journey may reach: the first of some activities, or, without any, the end of the case."""

    name: str
    activities: tuple[str, ...] = ()


ENDS: tuple[Outcome, ...] = (
    Outcome("Permanence order", (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT)),
    Outcome("Kinship care order", (v.KINSHIP_ORDER,)),
    Outcome("Adoption order", (v.ADOPTION_ORDER,)),
    Outcome("Returned home", (v.RETURNED_HOME,)),
    Outcome("Ceased to be looked after in another way"),
)
"""Which way it went first. Of ends on the same day the one that stands first here counts."""

PERMANENCE: tuple[Outcome, ...] = (
    Outcome("Permanence achieved", tuple(name for name, step in MILESTONES.items() if step.permanence)),
    Outcome("Ceased to be looked after without it"),
)
"""Whether permanence was achieved; a child under a permanence order has it and is still looked after."""

CEASED: tuple[Outcome, ...] = (Outcome("Ceased to be looked after"),)
"""When the child stopped being looked after, whatever was achieved before."""


@dataclass(frozen=True, eq=False)
class Journeys:
    """From one state to the first of several ends: arrays of equal length, one entry a case that was in the state."""

    case: IntArray
    """Position of the case in the log's case table."""
    start: FloatArray
    """Day on which the case came into the state."""
    days: FloatArray
    """Days until the first end, so far for cases that have reached none."""
    cause: IntArray
    """0 for none so far; 1, 2, ... for the ends in the order given."""
    entry_delay: FloatArray
    """Days that had passed when observation began."""
    before_reliable: int
    """Cases left out: they came into the state before all the ends were reliably recorded."""
    before_window: int
    """Cases left out: it was over when the window began."""
    ends: tuple[str, ...]
    """Names of the ends."""

    def incidence(self) -> CumulativeIncidence:
        """The share that has reached each end by each day."""
        return aalen_johansen(self.days, self.cause, entry=self.entry_delay, ways=len(self.ends))

    def __len__(self) -> int:
        return len(self.case)


def journeys(log: EventLog, state: str | Stage, outcomes: Sequence[Outcome] = ENDS) -> Journeys:
    """Every case from the day it came into the state to the first of the ends on or after that day.

    `state` is an activity (its first occurrence), a stage (the day all its starts had happened) or "case start". Where
    none of the ends given is the end of the case, that is added as the last, "Case ended in none of these ways": who
    has ceased waits no longer. Raises ValueError for no outcomes, two of one name, or an activity that neither log
    nor vocabulary knows.
    """
    _check_outcomes(log, outcomes)
    if all(one.activities for one in outcomes):
        outcomes = (*outcomes, Outcome(CASE_ENDED))
    arrays = log.arrays
    start = _state_days(log, state)
    # A case that by its dates ended before it came into the state ended as it did so.
    ended = np.maximum(arrays.end, start)
    stops = [first_days(arrays, one.activities, start) if one.activities else ended for one in outcomes]
    times = np.stack([np.where(np.isnan(stop), np.inf, stop) for stop in stops])
    first = times.min(axis=0)
    reached = np.isfinite(first)
    exit_day = np.where(reached, first, np.maximum(arrays.window_end, start))
    cause = np.where(reached, times.argmin(axis=0) + 1, 0)
    began = ~np.isnan(start)
    over, early = _left_out(log, outcomes, start, exit_day)
    keep = began & ~over & ~early
    return Journeys(
        case=np.flatnonzero(keep),
        start=start[keep],
        days=(exit_day - start)[keep],
        cause=cause[keep].astype(np.int64),
        entry_delay=np.maximum(0.0, arrays.window_start - start[keep]),
        before_reliable=int((began & early & ~over).sum()),
        before_window=int((began & over).sum()),
        ends=tuple(one.name for one in outcomes),
    )


def competing_outcomes(
    log: EventLog,
    state: str | Stage = CASE_START,
    outcomes: Sequence[Outcome] = ENDS,
    *,
    years: Sequence[float] = (1, 2, 3),
) -> pd.DataFrame:
    """The share of those who came into a state that has reached each end some years later; open cases counted.

    One row an end and horizon, and after the ends of each horizon "Still waiting"; the shares of a horizon add up to
    1. Columns: `state`; `years`; `outcome`; `share` with its 95 % interval `low_share`, `high_share` (Aalen-Johansen
    with delayed entry; score limits for what its error is worth, see `mining.survival.score_interval`); `children`
    (came into the state) = `reached` (those seen to reach this end, at any time; for "Still waiting" those who have
    reached none) summed over the rows of a horizon; `followed` (those seen from the beginning, whose fate
    at the horizon is known); `before_reliable`, `before_window` (cases left out, see `Journeys`); `note`. Where
    nobody was followed as long as the horizon the shares are NaN, and `note` says up to when they could be given.
    Raises as `journeys`, and ValueError for years that are not above 0.
    """
    if not years or any(not year > 0 for year in years):
        raise ValueError(f"years must be above 0, got {list(years)}")
    found = journeys(log, state, outcomes)
    shares = found.incidence()
    rows = [row for year in years for row in _horizon(found, shares, float(year))]
    name = state.name if isinstance(state, Stage) else state
    return pd.DataFrame(rows, columns=_COLUMNS[1:]).assign(state=name)[_COLUMNS]


_COLUMNS = [
    *("state", "years", "outcome", "share", "low_share", "high_share", "children", "reached", "followed"),
    *("before_reliable", "before_window", "note"),
]


def outcome_curves(log: EventLog, state: str | Stage = CASE_START, outcomes: Sequence[Outcome] = ENDS) -> pd.DataFrame:
    """How the shares of `competing_outcomes` grow, as steps to be drawn on top of each other.

    One row an end and day on which a share changes, the first at day 0; columns `days`, `outcome`, `share`; the rows
    of a day add up to 1 with "Still waiting". Nobody in the state gives an empty table. Raises as `journeys`.
    """
    found = journeys(log, state, outcomes)
    shares = found.incidence()
    if not len(found):
        return pd.DataFrame({"days": pd.Series(dtype="float64"), "outcome": pd.Series(dtype="str"),
                             "share": pd.Series(dtype="float64")})  # fmt: skip
    edges = np.concatenate([np.zeros((len(found.ends), 1)), shares.incidence], axis=1)
    names = [*found.ends, STILL_WAITING]
    values = np.concatenate([edges, 1.0 - edges.sum(axis=0, keepdims=True)])
    days = np.concatenate([[0.0], shares.times])
    return pd.DataFrame(
        {"days": np.repeat(days, len(names)), "outcome": np.tile(names, len(days)), "share": values.T.ravel()}
    )


def _check_outcomes(log: EventLog, outcomes: Sequence[Outcome]) -> None:
    names = [one.name for one in outcomes]
    if not names or len(set(names)) < len(names) or {STILL_WAITING, CASE_ENDED} & set(names):
        raise ValueError(f"outcomes must have names of their own, other than {STILL_WAITING!r}, got {names}")
    check_activities(log, [name for one in outcomes for name in one.activities])


def _state_days(log: EventLog, state: str | Stage) -> FloatArray:
    if isinstance(state, Stage):
        check_activities(log, state.starts)
        return start_days(log.arrays, state.starts)
    if state == CASE_START:
        return log.arrays.start.copy()
    check_activities(log, (state,))
    return start_days(log.arrays, (state,))


def _left_out(
    log: EventLog, outcomes: Sequence[Outcome], start: FloatArray, exit_day: FloatArray
) -> tuple[BoolArray, BoolArray]:
    """Which cases were over before the window, and which began before every end was reliably recorded."""
    arrays = log.arrays
    over = (exit_day <= arrays.window_start) & (start < arrays.window_start)
    reliable_from = log.window.reliable_from(*(name for one in outcomes for name in one.activities))
    reliable = float(to_days(pd.Series([reliable_from]))[0])
    return over, (start < reliable) & (reliable > arrays.window_start)


def _horizon(found: Journeys, shares: CumulativeIncidence, years: float) -> list[dict[str, object]]:
    """The rows of one horizon."""
    day = years * YEAR
    values, errors = shares.at(day), shares.error_at(day)
    survived = 1.0 - float(values.sum())
    step = int(np.searchsorted(shares.times, day, side="right")) - 1 if len(shares.times) else -1
    left = _waiting_error(shares, step)
    known = (found.cause > 0) | (found.days >= day)
    followed = int((known & (found.entry_delay <= 0)).sum())
    note = _note(found, shares, day)
    rows: list[dict[str, object]] = []
    counts = [int((found.cause == way).sum()) for way in [*range(1, len(found.ends) + 1), 0]]
    names = [*found.ends, STILL_WAITING]
    pairs = [*zip(values.tolist(), errors.tolist(), strict=True), (survived, left)]
    for name, (share, error), count in zip(names, pairs, counts, strict=True):
        share = float(np.clip(share, 0.0, 1.0))
        low, high = score_interval(share, error, followed)
        rows.append(
            {
                "years": years,
                "outcome": name,
                "share": share,
                "low_share": low,
                "high_share": high,
                "children": len(found),
                "reached": count,
                "followed": followed,
                "before_reliable": found.before_reliable,
                "before_window": found.before_window,
                "note": note,
            }
        )
    return rows


def _waiting_error(shares: CumulativeIncidence, step: int) -> float:
    """Standard error (Greenwood) of the share still waiting just after a step."""
    if step < 0:
        return 0.0
    n, d = shares.at_risk[: step + 1], shares.events[:, : step + 1].sum(axis=0)
    if (n <= d).any():
        return 0.0
    return float(shares.survival[step] * np.sqrt(np.sum(d / (n * (n - d)))))


def _note(found: Journeys, shares: CumulativeIncidence, day: float) -> str:
    if not len(found):
        return "nobody came into this state"
    if np.isnan(shares.at(day)).any():
        return f"not yet known: nobody was followed for more than {shares.last:g} days"
    return shares.warning
