"""A model from any log: shares, waits and open cases of a chain are found again, and odd logs are survived."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, Floats, arriving, at, cut, either, model_of, only, poisson_days, step, weibull

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.discovery import discover_pathway, simulate_log
from simulation.engine import simulate
from simulation.laws import fixed
from simulation.model import START, Choice, Option, PathwayModel

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
LAWS = {"a → b": (1.5, 40.0), "a → c": (2.0, 200.0), "b → a": (1.2, 20.0), "c → d": (1.0, 60.0)}
SHARES = {"a → b": 0.55, "a → c": 0.45}


def chain() -> PathwayModel:
    """in -> a -> b (and back to a) or c -> d; d finishes."""
    steps = [step("a", fixed(0.0), name="in")]
    steps += [step(name[-1], weibull(*law), name=name) for name, law in LAWS.items()]
    stop = Choice(options=(Option(starts=(), share={"": 1.0}),))
    choices = {START: only("in"), "a": either(SHARES), "b": only("b → a"), "c": only("c → d"), "d": stop}
    return model_of(steps, choices, final=())


def observed(whole: bool = False) -> EventLog:
    """Four years of the chain, two thirds of a case a day; recording begins after 200 days."""
    model = chain()
    if whole:
        model = PathwayModel(**{**vars(model), "whole_days": True})
    days = poisson_days(0.66, 1400, seed=3, whole=whole)
    log = simulate(model, arriving(model, days), at(1400), seed=3)
    return cut(log, DAY_ZERO + 1400, start=DAY_ZERO + 200)


@pytest.mark.parametrize("whole", [False, True])
def test_shares_and_medians_of_a_chain_are_found_again(whole: bool) -> None:
    log = observed(whole)
    model = discover_pathway(log)
    assert model.whole_days == whole
    assert log.open_cases > 80
    shares = {option.starts[0]: option.share[""] for option in model.choices["a"].options}
    assert shares["a → b"] == pytest.approx(0.55, abs=0.05)
    assert sum(shares.values()) == pytest.approx(1.0)
    for name, (shape, scale) in LAWS.items():
        assert model.steps[name].laws[""].isf(0.5) == pytest.approx(scale * np.log(2) ** (1 / shape), rel=0.15)
    assert [option.starts for option in model.choices["d"].options] == [()]


def test_stays_already_running_when_recording_began_are_truncated_there() -> None:
    # A stay of 624 days in the median, seen through a window of 700 days that opens after 1,300.
    model = model_of([step("in", fixed(0.0)), step("end", weibull(1.0, 900.0))], {START: only("in"), "in": only("end")})
    log = simulate(model, arriving(model, poisson_days(0.6, 2000, seed=8)), at(2000), seed=8)
    seen = cut(log, DAY_ZERO + 2000, start=DAY_ZERO + 1300)
    assert (seen.cases["start"] < at(1300)).mean() > 0.3
    law = discover_pathway(seen).steps["in → end"].laws[""]
    assert law.isf(0.5) == pytest.approx(900 * np.log(2), rel=0.15)


def test_the_naive_share_would_have_been_off() -> None:
    log = observed()
    arrays = log.arrays
    follows = pd.Series([arrays.activities[c] for c in arrays.activity])
    same_case = arrays.case[1:] == arrays.case[:-1]
    late = arrays.day[:-1] > DAY_ZERO + 1250
    after_a = follows[1:][(follows[:-1] == "a").to_numpy() & same_case & late]
    assert (after_a == "b").mean() > 0.66


def test_a_simulated_log_looks_like_the_log() -> None:
    log = cut(observed(), DAY_ZERO + 1400, start=None)
    twin = simulate_log(log, seed=2)
    assert len(twin.cases) == len(log.cases)
    assert set(twin.activities) == set(log.activities)
    assert twin.open_cases / len(twin.cases) == pytest.approx(log.open_cases / len(log.cases), abs=0.05)
    lengths = [len(each) / len(each.cases) for each in (log, twin)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.12)
    assert twin.events["date"].min() >= twin.window.start


def test_the_number_of_cases_and_the_seed_are_the_callers() -> None:
    log = observed()
    assert len(simulate_log(log, cases=17).cases) == 17
    one, same, other = (simulate_log(log, cases=40, seed=s).events.to_csv() for s in (5, 5, 6))
    assert one == same != other
    with pytest.raises(ValueError, match="at least 1"):
        simulate_log(log, cases=0)


def log_of(rows: list[tuple[str, str, float]], *, end: float, final: tuple[str, ...] = ()) -> EventLog:
    frame = pd.DataFrame(rows, columns=["case", "activity", "date"])
    frame["date"] = [at(day) for day in frame["date"]]
    return EventLog.of(frame, ObservationWindow(at(0), at(end)), final=final)


def test_an_empty_log_is_refused() -> None:
    empty = log_of([], end=10)
    for call in (discover_pathway, simulate_log):
        with pytest.raises(ValueError, match="without events"):
            call(empty)


def test_one_case_is_enough() -> None:
    log = log_of([("x", "a", 1), ("x", "b", 4), ("x", "end", 9)], end=20, final=("end",))
    model = discover_pathway(log)
    assert len(model.warnings) == 3
    twin = simulate_log(log, cases=5)
    for _, events in twin.events.groupby("case"):
        assert events["activity"].astype("str").tolist()[:1] == ["a"]
    assert len(twin.cases) == 5


def test_where_nobody_was_seen_to_finish_cases_stay_open() -> None:
    rows = [(f"{n:03d}", name, n + day) for n in range(60) for name, day in (("a", 0.0), ("b", 5.0 + n % 7))]
    log = log_of(rows, end=300)
    assert log.open_cases == 60
    model = discover_pathway(log)
    assert "b" not in model.choices
    assert any(warning.startswith("b: nobody") for warning in model.warnings)
    twin = simulate_log(log)
    assert twin.open_cases == 60
    assert len(twin) == 120


def test_a_case_that_finishes_does_so_with_its_last_event() -> None:
    rows = [(f"{n:03d}", name, n + day) for n in range(80) for name, day in (("a", 0.0), ("b", 5.0 + n % 7))]
    twin = simulate_log(log_of(rows, end=300, final=("b",)))
    assert twin.open_cases == 0
    assert (twin.cases["end"].to_numpy() == twin.events.groupby("case")["date"].max().to_numpy()).all()


def test_times_within_the_day_stay_times_within_the_day() -> None:
    rng = np.random.default_rng(1)
    rows = [
        (f"{n:03d}", name, n / 3 + lag) for n in range(90) for name, lag in (("a", 0.0), ("b", rng.uniform(0, 0.4)))
    ]
    log = log_of(rows, end=100, final=("b",))
    model = discover_pathway(log)
    assert not model.whole_days
    twin = simulate_log(log)
    gaps = twin.arrays.day[1::2] - twin.arrays.day[::2]
    assert 0 < gaps.min() < gaps.max() < 0.6
    assert np.median(gaps) == pytest.approx(0.2, abs=0.06)


def open_share(log: EventLog) -> float:
    return log.open_cases / len(log.cases)


def durations(log: EventLog) -> Floats:
    arrays = log.arrays
    return np.asarray(arrays.day[arrays.first[1:] - 1] - arrays.day[arrays.first[:-1]])


@pytest.mark.skipif(not (LOGS / "traffic_fines_sample.csv.gz").exists(), reason="the public sample logs are not here")
def test_open_fines_stay_open_in_the_simulated_log() -> None:
    frame = pd.read_csv(LOGS / "traffic_fines_sample.csv.gz", dtype=str)
    case, activity, date = (
        next(c for c in frame.columns.astype(str) if word in c.lower()) for word in ("case", "activity", "time")
    )
    dates = pd.to_datetime(frame[date], utc=True).dt.tz_localize(None)
    events = pd.DataFrame({"case": frame[case], "activity": frame[activity], "date": dates})
    end = events["date"].max().normalize() + pd.Timedelta(days=1)
    final = ("Payment", "Send for Credit Collection", "Send Appeal to Prefecture")
    log = EventLog.of(events, ObservationWindow(events["date"].min().normalize(), end), final=final)
    assert 0.05 < open_share(log) < 0.95
    twin = simulate_log(log, seed=1)
    assert open_share(twin) == pytest.approx(open_share(log), abs=0.015)
    assert len(twin) / len(twin.cases) == pytest.approx(len(log) / len(log.cases), rel=0.05)
    assert durations(twin).mean() == pytest.approx(durations(log).mean(), rel=0.25)
