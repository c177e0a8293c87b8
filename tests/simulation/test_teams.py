"""Teams planted in a log are found, with their places; what is waited for them is told from other waiting."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import arriving, at, poisson_days

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.discovery import discover_pathway
from simulation.discovery.journeys import Journeys
from simulation.discovery.teams import teams
from simulation.engine import simulate
from simulation.gates import Places
from simulation.model import PathwayModel

DAYS = 3000.0
CLERKS = ("ann", "bob", "cy")
CHECK, PAUSE, SIGN = 1.0, 2.0, 0.4
"""Mean days of the check by one of three clerks, of a pause for nobody, and of the signature by the one head."""
RATE = 2.4


def served(ready: np.ndarray, work: np.ndarray, people: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """First come, first served by whoever is free first: when work begins, and who does it."""
    free = [(0.0, name) for name in people]
    begin, who = np.empty(len(ready)), [""] * len(ready)
    for case in np.argsort(ready, kind="stable").tolist():
        day, name = heapq.heappop(free)
        begin[case], who[case] = max(day, ready[case]), name
        heapq.heappush(free, (begin[case] + work[case], name))
    return begin, who


@pytest.fixture(scope="module")
def log() -> EventLog:
    """A check by three clerks, 80 % busy, who are queued for; a pause; a signature by the head."""
    rng = np.random.default_rng(1)
    arrival = np.cumsum(rng.exponential(1 / RATE, int(RATE * DAYS)))
    check, sign = rng.exponential(CHECK, len(arrival)), rng.exponential(SIGN, len(arrival)) / RATE
    begun, clerk = served(arrival, check, CLERKS)
    ready = begun + check + rng.exponential(PAUSE, len(arrival))
    signed, head = served(ready, sign, ("dee",))
    rows = []
    for case in range(len(arrival)):
        name = f"{case:05d}"
        rows.append((name, "arrived", arrival[case], arrival[case], "desk"))
        rows.append((name, "check", begun[case] + check[case], begun[case], clerk[case]))
        rows.append((name, "sign", signed[case] + sign[case], signed[case], head[case]))
    frame = pd.DataFrame(rows, columns=["case", "activity", "date", "start", "resource"])
    for column in ("date", "start"):
        frame[column] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(frame[column], unit="D")).astype("datetime64[us]")
    end = frame["date"].max() + pd.Timedelta(days=1)
    return EventLog.of(frame, ObservationWindow(at(0), end), final=["sign"])


@pytest.fixture(scope="module")
def model(log: EventLog) -> PathwayModel:
    return discover_pathway(log)


def test_who_works_together_is_a_team_and_who_takes_no_time_is_none(log: EventLog) -> None:
    found = teams(Journeys.of(log))
    assert [(team.name, sorted(team.people), team.cases_each) for team in found] == [
        ("check", ["ann", "bob", "cy"], 1),
        ("sign", ["dee"], 1),
    ]


def test_a_log_without_people_or_starts_has_no_teams(log: EventLog) -> None:
    for column in ("resource", "start"):
        bare = replace(log, events=log.events.drop(columns=column))
        assert teams(Journeys.of(bare)) == []
        assert not discover_pathway(bare).gates


def test_people_with_several_cases_at_once_have_several_places(log: EventLog) -> None:
    both = replace(log, events=log.events.assign(resource=log.events["resource"].replace({"bob": "ann", "cy": "ann"})))
    assert [team.cases_each for team in teams(Journeys.of(both))] == [3, 1]


def test_waiting_for_a_place_is_told_from_other_waiting(log: EventLog, model: PathwayModel) -> None:
    assert model.gates == {"check": Places(places=3), "sign": Places(places=1)}
    assert model.steps["work on check"].gate == "check"
    events = log.events.set_index(["case", "activity"])
    waited = (events["start"].xs("check", level=1) - events["date"].xs("arrived", level=1)).dt.total_seconds() / 86400
    assert waited.mean() > 0.9
    # All of that was for a clerk; the pause was for nobody.
    assert model.steps["arrived → check"].laws[""].mean(100.0) < 0.02
    assert model.steps["check → sign"].laws[""].mean(100.0) == pytest.approx(PAUSE, rel=0.05)
    assert model.steps["work on check"].laws[""].mean(100.0) == pytest.approx(CHECK, rel=0.05)


def erlang_wait(servers: int, rate: float, mean: float) -> float:
    """Mean wait of M/M/c (Erlang's C formula)."""
    load = rate * mean
    terms = [1.0]
    for k in range(1, servers + 1):
        terms.append(terms[-1] * load / k)
    busy = terms[-1] / (1 - load / servers)
    return float(busy / (sum(terms[:-1]) + busy) * mean / (servers - load))


@pytest.mark.parametrize(("clerks", "rel"), [(3, 0.25), (4, 0.25)])
def test_with_one_clerk_more_cases_wait_as_queueing_theory_says(model: PathwayModel, clerks: int, rel: float) -> None:
    changed = replace(model, gates={**model.gates, "check": Places(places=clerks)})
    days = poisson_days(RATE, 4000.0, seed=5)
    played = simulate(changed, arriving(changed, days), at(4000), seed=5)
    ends = played.events.pivot(index="case", columns="activity", values="date").dropna()
    took = (ends["check"] - ends["arrived"]).dt.total_seconds().mean() / 86400
    work = model.steps["work on check"].laws[""].mean(100.0)
    assert took - work == pytest.approx(erlang_wait(clerks, RATE, work), rel=rel, abs=0.02)


def test_a_team_whose_places_do_not_explain_the_waiting_is_no_gate() -> None:
    """One clerk who is quick whenever the next case comes soon: nobody waits, as many would for a clerk who is not."""
    gap = np.tile([0.2, 1.8], 300)
    arrival = np.concatenate([[0.0], np.cumsum(gap)[:-1]])
    rows = [(f"{case:03d}", "check", day + 0.95 * gap[case], day, "ann") for case, day in enumerate(arrival.tolist())]
    rows += [(f"{case:03d}", "told", day + gap[case], day + gap[case], "") for case, day in enumerate(arrival.tolist())]
    frame = pd.DataFrame(rows, columns=["case", "activity", "date", "start", "resource"])
    for column in ("date", "start"):
        frame[column] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(frame[column], unit="D")).astype("datetime64[us]")
    frame["resource"] = frame["resource"].replace({"": "ben"})
    model = discover_pathway(EventLog.of(frame, ObservationWindow(at(0), at(610)), final=["told"]))
    assert not model.gates
    assert [warning for warning in model.warnings if warning.startswith("check: were its 1 place all there is")]
    assert model.steps["work on check"].gate == ""
