"""Places against queueing theory: known waits, exact recursions, and what must hold for every queue.

The limits are 99.9 % limits of the mean of 60,000 customers: 3.29 times its standard error, which was found beforehand
by 40 or more runs of the plain recursion with other random numbers. Seeds are fixed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from heapq import heapify, heappop, heappush

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, Floats, at, days_of, model_of, only, run, step, weibull
from hypothesis import example, given, settings
from hypothesis import strategies as st

from event_logs.log import EventLog, from_days
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.gates import Places, Priority
from simulation.laws import Law, exponential, fixed
from simulation.model import START, PathwayModel

CUSTOMERS = 60_000


def queue(law: Law, gate: Places, *, whole_days: bool = False) -> PathwayModel:
    """One step at one gate, then the case ends."""
    return model_of([step("end", law, gate="desk")], {START: only("end")}, gates={"desk": gate}, whole_days=whole_days)


def customers(seed: int, count: int = CUSTOMERS, gap: float = 1.0) -> Floats:
    """A Poisson stream: the days of arrival."""
    days: Floats = np.cumsum(np.random.default_rng(seed).exponential(gap, count))
    return days


def waits_and_times(log: EventLog, arrived: Floats) -> tuple[Floats, Floats]:
    """Each customer's wait for a place, and how long it then took."""
    begun, ended = days_of(log, "begun"), days_of(log, "end")
    return begun - arrived, ended - begun


def recursion(arrived: Floats, took: Floats, servers: int) -> Floats:
    """Waits when each customer in turn takes the server that is free first (Kiefer and Wolfowitz)."""
    free = [0.0] * servers
    heapify(free)
    waits = []
    for day, time in zip(arrived.tolist(), took.tolist(), strict=True):
        begins = max(day, heappop(free))
        waits.append(begins - day)
        heappush(free, begins + time)
    return np.asarray(waits)


def erlang_c(servers: int, load: float) -> float:
    """Chance of having to wait in M/M/c with `load` servers busy on average."""
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) / (1.0 - load / servers)
    return last / (sum(terms) + last)


SHAPE, MEAN = 0.7, 0.6
SCALE = MEAN / math.gamma(1.0 + 1.0 / SHAPE)
SECOND_MOMENT = SCALE**2 * math.gamma(1.0 + 2.0 / SHAPE)


@pytest.mark.parametrize(
    ("law", "servers", "wait", "limit"),
    [
        pytest.param(exponential(0.7), 1, 0.7 * 0.7 / 0.3, 3.29 * 0.0563, id="M/M/1"),
        pytest.param(exponential(3.5), 5, erlang_c(5, 3.5) * 3.5 / (5 - 3.5), 3.29 * 0.0485, id="M/M/5"),
        pytest.param(fixed(0.7), 1, 0.7 * 0.7 / (2 * 0.3), 3.29 * 0.0176, id="M/D/1"),
        pytest.param(weibull(SHAPE, SCALE), 1, SECOND_MOMENT / (2 * (1 - MEAN)), 3.29 * 0.0515, id="M/G/1"),
    ],
)
def test_the_mean_wait_is_that_of_theory_and_every_wait_that_of_the_recursion(
    law: Law, servers: int, wait: float, limit: float
) -> None:
    arrived = customers(seed=11)
    log = run(queue(law, Places(places=servers, begins_as="begun")), arrived, arrived[-1] + 1000.0)
    waits, took = waits_and_times(log, arrived)
    assert np.abs(waits - recursion(arrived, took, servers)).max() < 1e-6
    assert waits.mean() == pytest.approx(wait, abs=limit)


def test_who_finds_the_waiting_room_full_is_turned_away() -> None:
    # M/M/2/3 with 3 arrivals and 4 services a day a server: balance equations give p0 to p3.
    load = 3.0 / 4.0
    states = np.array([1.0, load, load**2 / 2, load**3 / 4])
    states /= states.sum()
    arrived = customers(seed=12, gap=1.0 / 3.0)
    gate = Places(places=2, begins_as="begun", room=1, turned_away_as="elsewhere")
    log = run(queue(exponential(0.25), gate), arrived, arrived[-1] + 100.0)
    lost, ended = days_of(log, "elsewhere"), days_of(log, "end")
    assert (np.isnan(lost) ^ np.isnan(ended)).all()
    assert lost[~np.isnan(lost)] == pytest.approx(arrived[~np.isnan(lost)], abs=1e-6)
    assert (~np.isnan(lost)).mean() == pytest.approx(states[3], abs=3.29 * 0.00109)
    present = np.nansum(ended - arrived) / arrived[-1]
    assert present == pytest.approx(states @ np.arange(4), abs=3.29 * 0.00456)


def test_those_who_go_first_wait_as_cobham_says() -> None:
    arrived = customers(seed=13)
    first = np.random.default_rng(14).random(CUSTOMERS) < 0.4
    gate = Places(places=1, begins_as="begun", priority=Priority(by="age_band", first=("0",)))
    log = arriving_with(queue(exponential(0.7), gate), arrived, age_band=np.where(first, "0", "5-11"))
    waits, _ = waits_and_times(log, arrived)
    residual = 0.7 * 0.7  # the mean remaining service an arrival finds, times the chance of finding one
    assert waits[first].mean() == pytest.approx(residual / (1 - 0.28), abs=3.29 * 0.0101)
    assert waits[~first].mean() == pytest.approx(residual / ((1 - 0.28) * (1 - 0.7)), abs=3.29 * 0.0882)


def test_two_queues_in_a_row_are_each_as_if_alone() -> None:
    # Burke: what leaves an M/M/1 queue is a Poisson stream again.
    steps = [step("first", exponential(0.6), gate="one"), step("end", exponential(0.5), gate="two")]
    gates = {"one": Places(places=1), "two": Places(places=1, begins_as="begun")}
    model = model_of(steps, {START: only("first"), "first": only("end")}, gates=gates)
    arrived = customers(seed=15)
    log = run(model, arrived, arrived[-1] + 100.0)
    first, begun, ended = (days_of(log, name) for name in ("first", "begun", "end"))
    assert (ended - arrived).mean() == pytest.approx(1 / (1 / 0.6 - 1) + 1 / (1 / 0.5 - 1), abs=3.29 * 0.0302)
    assert (begun - first).mean() == pytest.approx(0.5 * 0.5 / (1 - 0.5), abs=3.29 * 0.0118)


def test_a_continued_case_keeps_its_place_and_its_whole_time_is_the_service_of_theory() -> None:
    # Service: exponential of mean 0.3, and 0.4 more for each continuation, of which there are 3/7 on average.
    again, more = 0.3, 0.4
    number = again / (1 - again)
    mean = 0.3 + more * number
    variance = 0.3**2 + more**2 * again / (1 - again) ** 2
    arrived = customers(seed=16)
    gate = Places(places=1, begins_as="begun", continued=again, continuation=fixed(more), continued_as="continued")
    log = run(queue(exponential(0.3), gate), arrived, arrived[-1] + 100.0)
    waits, took = waits_and_times(log, arrived)
    times = np.bincount(log.arrays.case[log.arrays.activity == log.arrays.activities.index("continued")])
    assert times.sum() / CUSTOMERS == pytest.approx(
        number, abs=3.29 * math.sqrt(again) / (1 - again) / math.sqrt(CUSTOMERS)
    )
    assert np.abs(waits - recursion(arrived, took, 1)).max() < 1e-6
    assert waits.mean() == pytest.approx((mean**2 + variance) / (2 * (1 - mean)), abs=3.29 * 0.00858)


# What holds for every queue -----------------------------------------------------------------------------------------


def arriving_with(model: PathwayModel, arrived: Floats, **attributes: np.ndarray) -> EventLog:
    """As `run`, for cases with attributes, up to 1,000 days after the last."""
    day = arrived + DAY_ZERO
    cases = pd.DataFrame({"case": [f"{n:06d}" for n in range(len(day))], "start": from_days(day), "end": pd.NaT})
    cohort = Cohort.newcomers(model, cases.assign(**attributes), day, DAY_ZERO)
    return simulate(model, cohort, at(arrived[-1] + 1000.0), seed=1)


def test_littles_law_is_an_identity() -> None:
    # Over a time that begins and ends empty, the mean number present is exactly the rate times the mean time there.
    arrived = customers(seed=17, count=5_000)
    log = run(queue(exponential(2.5), Places(places=3, begins_as="begun")), arrived, arrived[-1] + 1000.0)
    begun, ended = days_of(log, "begun"), days_of(log, "end")
    until = float(ended.max())
    for entered, left in ((arrived, ended), (arrived, begun), (begun, ended)):
        moments = np.concatenate([entered, left])
        order = np.argsort(moments, kind="stable")
        present = np.cumsum(np.repeat([1.0, -1.0], len(entered))[order])
        area = float((present[:-1] * np.diff(moments[order])).sum())
        rate = len(entered) / until
        assert area / until == pytest.approx(rate * float((left - entered).mean()), rel=1e-9)


SMALL = st.lists(st.tuples(st.floats(0.01, 3.0), st.integers(0, 2)), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(SMALL, st.integers(1, 3), st.booleans())
def test_one_more_place_lengthens_nobodys_wait(gaps: list[tuple[float, int]], places: int, whole: bool) -> None:
    arrived = np.cumsum([gap for gap, _ in gaps])
    arrived = np.maximum(np.round(arrived), 1.0) if whole else arrived
    fewer, more = (
        waits_and_times(
            run(queue(exponential(3.0), Places(places=number, begins_as="begun"), whole_days=whole), arrived, 400.0),
            arrived,
        )
        for number in (places, places + 1)
    )
    assert (more[0] <= fewer[0] + 1e-9).all()
    assert more[1] == pytest.approx(fewer[1])  # the same luck


@settings(max_examples=25, deadline=None)
@given(SMALL, st.integers(1, 3), st.floats(1.5, 4.0))
def test_doubling_all_times_doubles_all_waits(gaps: list[tuple[float, int]], places: int, factor: float) -> None:
    arrived = np.cumsum([gap for gap, _ in gaps])
    gate = Places(places=places, begins_as="begun", continued=0.3, continuation=exponential(2.0))
    twice = replace(gate, continuation=exponential(2.0).scaled(factor))
    waits, took = waits_and_times(run(queue(exponential(3.0), gate), arrived, 900.0), arrived)
    longer, slower = waits_and_times(
        run(queue(exponential(3.0).scaled(factor), twice), factor * arrived, 900.0 * factor), factor * arrived
    )
    assert longer == pytest.approx(factor * waits, abs=1e-6)
    assert slower == pytest.approx(factor * took, abs=1e-6)


TOO_SHORT_TO_TELL = 1e-10
"""Days: a log holds microseconds, and an arrival and what begins with it may be rounded to two that are neighbours."""


@settings(max_examples=40, deadline=None)
@given(SMALL, st.integers(1, 3), st.booleans())
@example([(1.1742160865145403, 0), (0.9732989319401992, 0)], 2, False)
def test_whatever_the_rule_nobody_idles_nobody_is_lost_and_no_place_is_held_twice(
    gaps: list[tuple[float, int]], places: int, whole: bool
) -> None:
    arrived = np.cumsum([gap for gap, _ in gaps])
    arrived = np.maximum(np.round(arrived), 1.0) if whole else arrived
    groups = np.asarray([str(group) for _, group in gaps])
    gate = Places(places=places, begins_as="begun", priority=Priority(by="group", first=("2", "0")))
    log = arriving_with(queue(exponential(3.0), gate, whole_days=whole), arrived, group=groups)
    arrived = log.arrays.start - DAY_ZERO  # as the log holds it: to the microsecond
    begun, ended = days_of(log, "begun"), days_of(log, "end")
    assert not np.isnan(ended).any()
    assert log.cases["end"].notna().all()
    for moment in np.unique(np.concatenate([arrived, begun, ended])):
        held = (begun <= moment) & (moment < ended)
        assert held.sum() <= places
        if ((arrived <= moment) & (moment < begun - TOO_SHORT_TO_TELL)).any():
            assert held.sum() == places
    turn = np.asarray([{"2": 0, "0": 1}.get(group, 2) for group in groups])
    for one in range(len(arrived)):
        # Whoever took a place while this one waited was before it by the rule.
        took = (begun > arrived[one]) & (begun < begun[one])
        assert all((turn[other], arrived[other]) <= (turn[one], arrived[one]) for other in np.flatnonzero(took))


def test_the_waits_of_one_queue_do_not_depend_on_another_gate_or_activity() -> None:
    arrived = customers(seed=18, count=500)
    plain = queue(exponential(2.0), Places(places=2, begins_as="begun"))
    other = step("aside", exponential(5.0), gate="other")
    beside = replace(
        plain,
        steps={**plain.steps, "aside": other},
        choices={START: only("end", "aside")},
        ranks={**plain.ranks, "aside": 90, "elsewhere": 91},
        gates={**plain.gates, "other": Places(places=1, continued=0.4, room=3, turned_away_as="elsewhere")},
    )
    logs = [run(model, arrived, 700.0) for model in (plain, beside)]
    for name in ("begun", "end"):
        np.testing.assert_array_equal(days_of(logs[0], name), days_of(logs[1], name))
