"""Work of one case that goes on side by side: its model takes cases as long as the log did."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from timed_logs import log_of, three_at_once

from event_logs import exchange
from event_logs.log import EventLog
from simulation.discovery import discover_pathway, newcomers
from simulation.discovery.journeys import DAY, HOUR, Journeys
from simulation.discovery.parallel_work import waited_for, went_on
from simulation.discovery.pathway import mean_days
from simulation.engine import simulate
from simulation.laws import fixed
from simulation.model import START, PathwayModel

LOAN = Path(__file__).resolve().parents[3] / "shared" / "logs" / "loan_app.csv.gz"


def hours(model: PathwayModel, log: EventLog, seed: int = 1) -> np.ndarray:
    """Hours that each case of the log takes in a run of the model."""
    cases = simulate(model, newcomers(log, model), log.window.end, seed=seed).cases
    return ((cases["end"] - cases["start"]).dt.total_seconds() / 3600).to_numpy()


def test_what_ends_last_is_waited_for_and_leads_back_to_what_ended_before_it_began() -> None:
    rows = [
        ("1", "a", 0.0, 2.0),
        ("1", "b", 1.0, 9.0),  # over while c and d are done, but ends before the last begins
        ("1", "c", 3.0, 5.0),
        ("1", "d", 5.0, 10.0),  # waited for: the last to end before the panel began
        ("1", "panel", 12.0, 13.0),
        ("2", "a", 0.0, 4.0),
        ("2", "stamp", 4.0, 4.0),
        ("2", "panel", 4.0, 5.0),
    ]
    journeys = Journeys.of(log_of(rows))
    waited = waited_for(journeys)
    found = [journeys.names[code] for code in journeys.activity[waited]]
    assert found == ["a", "c", "d", "panel", "a", "stamp", "panel"]
    began = np.repeat(journeys.begin, journeys.lengths)
    # After b, which goes on beside the rest, the case is free for the next from 2, when a has ended.
    assert ((went_on(journeys, waited) - began) / HOUR).tolist() == [2.0, 2.0, 5.0, 10.0, 13.0, 4.0, 4.0, 5.0]


@pytest.mark.parametrize("seed", range(20))
def test_waits_and_work_waited_for_add_up_to_the_length_of_every_case(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for case in range(30):
        for _ in range(rng.integers(1, 8)):
            begun = float(rng.integers(0, 12))
            rows.append((f"{case:02d}", str(rng.choice(["a", "b", "panel"])), begun, begun + float(rng.integers(0, 6))))
    journeys = Journeys.of(log_of(rows))
    waited = waited_for(journeys)
    free = went_on(journeys, waited)
    first, last = journeys.first[:-1], journeys.first[1:] - 1
    waits = np.maximum(journeys.start - np.append(0, free[:-1]), 0)
    waits[first] = 0
    work = np.where(waited, journeys.end - journeys.start, 0)
    assert np.add.reduceat(waits + work, first).tolist() == journeys.span.tolist()
    assert free[last].tolist() == journeys.finish.tolist()


@pytest.mark.parametrize("who", ["", "ann"])
def test_three_reports_at_once_take_as_long_as_the_longest(who: str) -> None:
    log = log_of([row for case in range(300) for row in three_at_once(case, 0)], who=who)
    model = discover_pathway(log)
    found = hours(model, log)
    assert np.allclose(found, 12.0)
    # The log's own events, as many of each.
    again = simulate(model, newcomers(log, model), log.window.end, seed=1)
    assert again.events["activity"].value_counts().to_dict() == log.events["activity"].value_counts().to_dict()
    (said,) = [warning for warning in model.warnings if "beside other work that ended later" in warning]
    assert "health (100% of the time)" in said
    assert "child's (100% of the time)" in said
    assert "legal" not in said
    assert not any("stay here, open" in warning for warning in model.warnings)


def test_on_average_cases_take_as_long_where_now_one_report_is_the_longest_and_now_another() -> None:
    log = log_of([row for case in range(390) for row in three_at_once(case, case % 3)])
    model = discover_pathway(log)
    found = np.concatenate([hours(model, log, seed) for seed in range(1, 6)])
    assert found.mean() == pytest.approx(12.0, abs=3 * found.std() / np.sqrt(len(found)))


def test_a_quicker_report_that_nobody_waited_for_changes_nothing() -> None:
    log = log_of([row for case in range(300) for row in three_at_once(case, 0)])
    model = discover_pathway(log)
    steps = {
        name: replace(step, laws={"": fixed(0.0)}) if "health" in name else step for name, step in model.steps.items()
    }
    assert hours(replace(model, steps=steps), log).tolist() == hours(model, log).tolist()


@pytest.mark.parametrize(
    "names",
    [("start", "a", "b"), ("work on b", "b", "b begins"), (START, "a → b", "a"), ("a", "a beside other work", "b")],
)
def test_an_activity_may_be_called_like_a_step_or_a_choice(names: tuple[str, str, str]) -> None:
    rng = np.random.default_rng(1)
    rows = []
    for case in range(200):
        day = 24.0 * case
        # Half begin with the first activity, ten hours before the second; the others without it.
        chain = names if case % 2 else names[1:]
        for name in chain:
            rows.append((f"{case:03d}", name, day, day + 1.0))
            day += 11.0 if name == names[0] else 2.0
    rng.shuffle(rows)
    log = log_of(rows, final=[names[2]])
    for timed in (True, False):
        known = log if timed else replace(log, events=log.events.drop(columns="start"))
        model = discover_pathway(known)
        played = simulate(model, newcomers(known, model), known.window.end, seed=3)
        assert played.open_cases == 0
        count = played.events["activity"].value_counts().to_dict()
        assert (count[names[1]], count[names[2]]) == (200, 200)
        assert count[names[0]] == pytest.approx(100, abs=25)
        took = hours(model, known, seed=3)
        short, long = (3.0, 14.0) if timed else (2.0, 13.0)
        assert sorted(set(np.round(took, 6))) == [short, long]


def test_an_activity_called_case_finished_is_not_the_end_of_the_case() -> None:
    rows = [(f"{case:03d}", "a", 24.0 * case, 24.0 * case) for case in range(300)]
    rows += [(f"{case:03d}", "case finished", 24.0 * case + 5, 24.0 * case + 5) for case in range(0, 300, 3)]
    log = log_of(rows, final=["a", "case finished"])
    model = discover_pathway(log)
    shares = [option.share[""] for option in model.choices["a"].options]
    assert sorted(shares) == pytest.approx([1 / 3, 2 / 3])
    assert set(np.round(hours(model, log), 6)) == {0.0, 5.0}


def test_a_model_that_run_unchanged_is_unlike_its_log_says_so() -> None:
    # Of those who came in the first half none has finished; all others had after an hour. Open for 3/4 of the time on
    # average, and half of them, that is 3/8 of 300 days; the model lets half of all stay, for half the time: 2/8.
    rows = [(f"{case:03d}", "a", 24.0 * case, 24.0 * case) for case in range(300)]
    rows += [(f"{case:03d}", "panel", 24.0 * case + 1, 24.0 * case + 1) for case in range(150, 300)]
    log = log_of(rows, end=300 * 24.0)
    (said,) = [warning for warning in discover_pathway(log).warnings if warning.startswith("run unchanged")]
    was, off = re.search(r"were for ([\d,.]+) \((-\d+)%\)", said).groups()  # type: ignore[union-attr]
    assert float(was.replace(",", "")) == pytest.approx(300 * 24 * 3 / 8, rel=0.01)
    assert int(off) == pytest.approx(-33, abs=8)


def test_a_model_like_its_log_says_nothing_of_it() -> None:
    log = log_of([row for case in range(300) for row in three_at_once(case, 0)])
    assert not any("run unchanged" in warning for warning in discover_pathway(log).warnings)


def test_the_cases_of_the_loan_log_take_as_long_as_they_did() -> None:
    if not LOAN.is_file():
        pytest.skip("the public logs are not beside the repository")
    log = exchange.read_log(LOAN)
    journeys = Journeys.of(log)
    model = discover_pathway(log)
    found = mean_days(model, journeys.begin, log.window.end, seeds=12)
    # A quarter of its work goes on beside other work; put end to end, cases took 21 % too long.
    assert (~waited_for(journeys)).mean() == pytest.approx(0.244, abs=0.001)
    assert found == pytest.approx((journeys.span / DAY).mean(), rel=0.05)
    assert not any("run unchanged" in warning for warning in model.warnings)
