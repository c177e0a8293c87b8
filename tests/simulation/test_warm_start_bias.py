"""A forecast from the open cases is without bias, over many worlds; durations drawn anew would not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hand_models import (
    DAY_ZERO,
    Floats,
    at,
    cut,
    days_of,
)
from small_permanence import AHEAD, HISTORY, permanence, world

from event_logs.log import EventLog
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate


def measures(log: EventLog) -> Floats:
    """Ended within 90 and 300 days of the cut, open then, first panels within 90 and 300 days, open steps of court."""
    arrays = log.arrays
    ended = np.nan_to_num(arrays.end - DAY_ZERO, nan=np.inf)
    panel = days_of(log, "panel")
    order = np.fmin(days_of(log, "order"), days_of(log, "contested order"))

    def between(days: Floats, first: float, last: float) -> int:
        return int(((days > first) & (days <= last)).sum())

    lodged = days_of(log, "lodged")
    in_court = (lodged <= HISTORY + AHEAD) & ~(order <= HISTORY + AHEAD)
    return np.array(
        [
            between(ended, HISTORY, HISTORY + 90),
            between(ended, HISTORY, HISTORY + AHEAD),
            between(panel, HISTORY, HISTORY + 90),
            between(panel, HISTORY, HISTORY + AHEAD),
            between(lodged, HISTORY, HISTORY + 90),
            int(in_court.sum()),
            int((log.events["activity"] == "review").to_numpy()[arrays.day > DAY_ZERO + HISTORY].sum()),
        ],
        dtype=float,
    )


def forecast_errors(change: Callable[[Cohort], Cohort], worlds: int) -> Floats:
    """Forecast minus what really happened to the children open at the cut, one row a world."""
    model = permanence()
    errors = []
    for number in range(worlds):
        whole = world(model, 100 + number)
        cohort = change(snapshot(cut(whole, DAY_ZERO + HISTORY), model))
        forecast = np.mean(
            [
                measures(simulate(model, cohort, at(HISTORY + AHEAD), seed=5000 + number, replication=r))
                for r in range(3)
            ],
            axis=0,
        )
        mine = whole.cases["case"].isin(cohort.cases["case"])
        truth = EventLog(
            whole.events[whole.events["case"].isin(whole.cases["case"][mine])].reset_index(drop=True),
            whole.cases[mine].reset_index(drop=True),
            whole.window,
        )
        errors.append(forecast - measures(truth))
    return np.array(errors)


def test_a_warm_start_forecasts_without_bias() -> None:
    errors = forecast_errors(lambda cohort: cohort, 40)
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert (np.abs(errors.mean(axis=0)) < 3.3 * standard_error).all(), (errors.mean(axis=0) / standard_error).round(2)
    # Small against what is forecast: fewer than one child in all of them.
    assert (np.abs(errors.mean(axis=0))[:6] < 1.0).all()


def test_durations_drawn_anew_would_be_biased() -> None:
    def anew(cohort: Cohort) -> Cohort:
        return replace(
            cohort,
            running=tuple(replace(item, since=cohort.day) for item in cohort.running),
            undecided=tuple(replace(item, since=cohort.day) for item in cohort.undecided),
        )

    errors = forecast_errors(anew, 12)
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert errors.mean(axis=0)[0] < -4 * standard_error[0]
    assert errors.mean(axis=0)[0] < -1.5
