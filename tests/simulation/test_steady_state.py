"""From empty to the steady state: where the filling up ends, and what is there afterwards."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hand_models import model_of, only, single, step
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.arrivals import Arrivals
from simulation.gates import Places, Sessions
from simulation.laws import exponential, fixed
from simulation.model import START, PathwayModel
from simulation.steady_picture import said, steady_picture
from simulation.steady_state import NoSteadyStateError, SteadyState, mser5, steady_state, weekly_in_progress, welch

START_DAY = pd.Timestamp("2020-01-01")
A_DAY = 365.25 / 12.0


def demand(per_day: float, **more: object) -> Arrivals:
    return Arrivals(np.full(12, per_day * A_DAY), pd.DataFrame({"kind": ["a"]}), np.ones(1), **more)


def coming(model: PathwayModel, per_day: float) -> PathwayModel:
    return replace(model, arrivals=demand(per_day))


def one_server(mean_days: float) -> PathwayModel:
    served = replace(step("end", exponential(mean_days)), gate="server")
    return model_of([served], {START: only("end")}, gates={"server": Places(places=1)})


@pytest.fixture(scope="module")
def queue() -> SteadyState:
    """M/M/1 from empty: a case every 25 days, 20 days of work each, over a hundred years."""
    return steady_state(coming(one_server(20.0), 1 / 25), START_DAY, years=100, seed=1, replications=12)


def test_mser_on_values_worked_by_hand() -> None:
    # Batch means 10, 0, 1, 0, 1. None left out: mean 2.4, squares 57.76 + 5.76 + 1.96 + 5.76 + 1.96 = 73.2, over 25.
    # One: mean 0.5, squares 1, over 16. Two: 1, 0, 1: mean 2/3, squares 2/3, over 9.
    found = mser5(np.repeat([10.0, 0.0, 1.0, 0.0, 1.0], 5))
    assert found.statistic == pytest.approx([73.2 / 25, 1 / 16, 2 / 27])
    assert (found.deleted, found.settled) == (5, True)
    # The batches are means of five: within them the order does not matter, and two over at the end are not used.
    mixed = [8.0, 12.0, 10.0, 9.0, 11.0, *np.repeat([0.0, 1.0, 0.0, 1.0], 5), 1e6, 1e6]
    assert mser5(mixed).statistic == pytest.approx(found.statistic)


def test_a_series_that_goes_on_climbing_has_not_settled() -> None:
    assert not mser5(np.arange(200.0)).settled
    with pytest.raises(ValueError, match="at least 10 observations, got 9"):
        mser5(np.zeros(9))


def test_welch_on_a_series_worked_by_hand() -> None:
    # 1 alone; 1, 3, 2; then five at a time: 1 3 2 6 4, 3 2 6 4 8, 2 6 4 8 5.
    assert welch([1, 3, 2, 6, 4, 8, 5], 2) == pytest.approx([1.0, 2.0, 3.2, 4.6, 5.0])
    assert welch([1, 3, 2], 0) == pytest.approx([1, 3, 2])
    with pytest.raises(ValueError, match="fit twice into 4 observations, got 2"):
        welch([1, 2, 3, 4], 2)


@given(st.lists(st.floats(-50.0, 50.0), min_size=9, max_size=40), st.integers(0, 4), st.floats(-3.0, 3.0))
@settings(max_examples=50, deadline=None)
def test_a_straight_line_is_added_by_welch_as_it_is(values: list[float], window: int, slope: float) -> None:
    line = slope * np.arange(len(values))
    assert welch(np.asarray(values) + line, window) == pytest.approx(
        welch(values, window) + line[: len(values) - window], abs=1e-6
    )


def test_mser_finds_where_an_autoregression_has_come_down() -> None:
    """x(t) = 0.9 x(t-1) + e from 40: after 42 steps the start is worth less than one standard error, 0.51."""
    rng = np.random.default_rng(1)
    deleted, after = [], []
    for _ in range(40):
        runs = np.full((20, 400), 40.0)
        noise = rng.standard_normal(runs.shape)
        for t in range(1, 400):
            runs[:, t] = 0.9 * runs[:, t - 1] + noise[:, t]
        average = runs.mean(axis=0)
        found = mser5(average)
        assert found.settled
        deleted.append(found.deleted)
        after.append(average[found.deleted :].mean())
    assert 20 <= np.median(deleted) <= 60
    # Nothing of the start is left: of the whole series the mean would be 40 * 10 / 400 = 1.0.
    assert abs(np.mean(after)) < 0.1


def test_in_progress_is_counted_at_the_end_of_each_week() -> None:
    dates = {"a": ("2024-01-03", "2024-01-20"), "b": ("2024-01-08", None), "c": ("2024-01-10", "2024-01-15")}
    cases = pd.DataFrame(
        {
            "case": list(dates),
            **{c: pd.to_datetime([d[n] for d in dates.values()]) for n, c in enumerate(("start", "end"))},
        }
    )
    events = pd.DataFrame({"case": list(dates), "activity": "in", "date": cases["start"]})
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-24"))
    log = EventLog.of(events, window, cases=cases)
    # 8 January: a, and b of that day; 15: a and b, c has ended on it; 22: b. The 24th ends no week.
    assert weekly_in_progress(log).tolist() == [2.0, 2.0, 1.0]


def test_a_queue_from_empty_settles_at_what_theory_says(queue: SteadyState) -> None:
    # Load 0.8: 0.8 / (1 - 0.8) = 4 in progress.
    assert queue.warm_up.settled
    assert queue.low < 4.0 < queue.high
    assert queue.high - queue.low < 2.0
    assert 0 < queue.warm_up.deleted < len(queue.weeks) / 2
    # It began from nothing, and that is left out.
    assert queue.weeks["in_progress"].iloc[0] < 1.0
    assert queue.per_week == pytest.approx(7 / 25)
    smooth = queue.weeks["smoothed"].dropna()
    assert len(smooth) == len(queue.weeks) - queue.window_weeks
    assert smooth.std() < queue.weeks["in_progress"].std()


def test_without_gates_it_fills_up_as_theory_says() -> None:
    # M/G/infinity: demand times mean duration, 0.5 a day for 90 days; after t days, as far as 90 of them fit into t.
    found = steady_state(coming(single(fixed(90.0)), 0.5), START_DAY, years=12, seed=3, replications=20)
    assert found.low < 45.0 < found.high
    # 90 days are 13 weeks; MSER-5 leaves out whole batches of five, here and there more than it need.
    assert 10 <= found.warm_up.deleted <= len(found.weeks) / 4
    filling = found.weeks[found.weeks["week"] <= 12]
    inside = (filling["low"] <= 3.5 * filling["week"]) & (3.5 * filling["week"] <= filling["high"])
    assert inside.mean() > 0.7


def test_the_demand_of_the_day_is_held() -> None:
    model = single(exponential(60.0))
    growing = replace(model, arrivals=demand(0.5, trend_per_year=0.2, origin="2020-01-01"))
    one, other = (steady_state(m, START_DAY, years=4, seed=3, replications=3) for m in (growing, coming(model, 0.5)))
    pd.testing.assert_frame_equal(one.weeks, other.weeks)


def test_what_never_settles_is_refused_with_its_figure() -> None:
    with pytest.raises(NoSteadyStateError, match=r"1\.25"):
        steady_state(coming(one_server(25.0), 1 / 20), START_DAY, years=5, seed=1)
    panel = Sessions(weekday="Monday", weeks_of_month=(1,), slots=1)
    gated = model_of([step("end", fixed(0.0), gate="panel")], {START: only("end")}, gates={"panel": panel})
    with pytest.raises(NoSteadyStateError, match="panel"):
        steady_state(coming(gated, 0.1), START_DAY, years=5, seed=1)
    with pytest.raises(NoSteadyStateError, match="No new cases"):
        steady_state(single(fixed(3.0)), START_DAY, years=5, seed=1)
    with pytest.raises(ValueError, match=r"got 0\.5 and 10"):
        steady_state(coming(single(fixed(3.0)), 1.0), START_DAY, years=0.5, seed=1)


def test_a_series_too_short_is_said_to_be(queue: SteadyState) -> None:
    short = steady_state(coming(single(exponential(2000.0)), 0.5), START_DAY, years=3, seed=1, replications=4)
    assert not short.warm_up.settled
    assert np.isnan(short.mean)
    assert "has not settled" in said(short)
    assert b"settles at" not in steady_picture(short)


def test_the_picture_shows_both_and_says_it_in_words(queue: SteadyState) -> None:
    data = steady_picture(queue)
    assert data == steady_picture(queue)
    text = " ".join(ElementTree.fromstring(data).itertext())
    assert f"warm-up by MSER-5: {queue.warm_up.deleted} weeks" in text
    assert "Welch's moving average, 53 weeks" in text
    assert f"{queue.mean:.1f} cases in progress once it has settled" in text
