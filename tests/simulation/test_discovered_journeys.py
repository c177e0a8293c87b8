"""What is planted in a log is found: open cases, cases too long to be seen, drift, arrivals; logs are drawn evenly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.discovery.arrivals import ArrivalLaw, fit_arrivals, latest_weeks
from simulation.discovery.choose import choose, origins
from simulation.discovery.even_draw import fitted_weights
from simulation.discovery.journeys import DAY, HOUR, WEEK, Ints, Journeys, hour_of_week, weekday
from simulation.discovery.kinds import kinds, variants
from simulation.discovery.memory import Memory, Seen, unseen_long
from simulation.discovery.open_cases import completed
from simulation.discovery.play import discover, simulate_log

ZERO = int(pd.Timestamp("2024-01-01").to_datetime64().astype("datetime64[us]").astype(np.int64))
"""A Monday."""


def journeys(begin: np.ndarray, *gaps: np.ndarray, names: str = "abcdef", finished: bool = True) -> Journeys:
    """Cases begun at `begin` days, one event after each of `gaps` (days; NaN for no more events)."""
    steps = np.cumsum(np.column_stack([np.zeros(len(begin)), *gaps]), axis=1)
    there = ~np.isnan(steps)
    first = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    end = ZERO + np.round((begin[:, None] + steps)[there] * DAY).astype(np.int64)
    activity = np.broadcast_to(np.arange(steps.shape[1]), steps.shape)[there]
    return Journeys(
        first=first,
        activity=activity,
        start=end,
        end=end,
        resource=np.full(len(end), -1),
        finished=np.full(len(begin), finished),
        names=tuple(names),
        ranks=tuple(range(len(names))),
    )


def test_open_cases_are_completed_as_kaplan_and_meier_would_have_it() -> None:
    rng = np.random.default_rng(1)
    begin = np.sort(rng.uniform(0, 400, 3000))
    whole = journeys(begin, rng.exponential(100, 3000))
    now = ZERO + 400 * DAY
    known = whole.seen_until(now)
    known = Journeys(**{**vars_of(known), "finished": known.lengths == 2})
    assert 0.15 < 1 - known.finished.mean() < 0.35
    naive = known.take(np.flatnonzero(known.finished)).span.mean() / DAY
    assert naive < 85
    after = completed(known, now, rng)
    assert after.cases == 3000
    over = after.span[after.finished] / DAY
    assert np.median(over) == pytest.approx(100 * np.log(2), rel=0.06)
    # What was known stays: the first events are the same, and nothing new happened before `now`.
    assert (after.begin == known.begin).all()
    new = after.end[after.first[1:] - 1][~known.finished & after.finished]
    assert (new > now).all()


def vars_of(one: Journeys) -> dict[str, object]:
    """Its fields, without what was computed from them."""
    return {name: getattr(one, name) for name in Journeys.__dataclass_fields__}


def test_of_two_ways_on_the_open_cases_take_those_of_the_ones_that_waited_as_long() -> None:
    # Quick cases go to b within a day, slow ones to c after 50: who has waited 10 days will go to c.
    rows = [("q", n, day, code) for n in range(50) for day, code in ((n, 0), (n + 0.5, 1))]
    rows += [("s", n, day, code) for n in range(50) for day, code in ((n, 0), (n + 50.0, 2))]
    rows += [("o", n, 90.0, 0) for n in range(20)]
    frame = pd.DataFrame(rows, columns=["kind", "number", "day", "code"])
    frame["case"] = frame["kind"] + frame["number"].astype("str").str.zfill(2)
    frame["activity"] = frame["code"].map({0: "a", 1: "b", 2: "c"})
    frame["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D").astype("timedelta64[us]")
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01") + pd.Timedelta(days=101))
    log = EventLog.of(frame[["case", "activity", "date"]], window, final=["b", "c"])
    known = Journeys.of(log)
    assert (~known.finished).sum() == 20
    after = completed(known, ZERO + 101 * DAY, np.random.default_rng(2))
    assert after.finished.all()
    last = after.activity[after.first[1:] - 1][~known.finished]
    assert {after.names[code] for code in last} == {"c"}


def test_long_cases_that_could_not_be_seen_are_made_up_for() -> None:
    rng = np.random.default_rng(4)
    begin = np.sort(rng.uniform(0, 300, 4000))
    whole = journeys(begin, rng.exponential(60, 4000))
    now = ZERO + 300 * DAY
    seen = whole.take(np.flatnonzero(whole.finish <= now))
    naive, weight = seen.span.mean() / DAY, unseen_long(seen, now)
    corrected = float((seen.span * weight).sum() / weight.sum() / DAY)
    # Of cases longer than the log nothing can be known.
    truth = whole.span[whole.span < 300 * DAY].mean() / DAY
    assert naive < 0.85 * truth
    assert corrected == pytest.approx(truth, rel=0.06)
    ended = Memory(by="end", half_life=0.25, corrected=True).weights(seen, now)
    assert float((seen.span * ended).sum() / DAY) == pytest.approx(truth, rel=0.12)
    assert Seen.of(seen, weight).median() / DAY == pytest.approx(60 * np.log(2), rel=0.07)


def test_weights_add_up_and_halve_with_age() -> None:
    past = journeys(np.array([0.0, 50.0, 100.0]), np.ones(3))
    weight = Memory(half_life=0.5).weights(past, ZERO + 100 * DAY)
    assert weight == pytest.approx(np.array([0.25, 0.5, 1.0]) / 1.75)
    assert "half as much every 50 days since the case began" in Memory(half_life=0.5).said(100.0)


def test_a_process_that_has_changed_is_told_from_one_that_has_not() -> None:
    rng = np.random.default_rng(5)
    begin = np.sort(rng.uniform(0, 360, 1500))
    steady, changing = rng.exponential(0.5, 1500), rng.exponential(0.5, 1500) * np.exp(begin / 120)
    found = []
    for gaps in (steady, changing):
        past = journeys(begin, gaps)
        now = int(past.finish.max())
        choice = choose(past, now, finished_only=True, seed=1)
        _, timing = choice.weights(past, now)
        found.append(float((timing * (now - past.begin)).sum() / DAY))
        assert choice.table[["routing", "timing"]].sum().to_numpy() == pytest.approx([1.0, 1.0])
    assert found[1] < 0.6 * found[0]


def test_origins_know_nothing_of_what_came_after() -> None:
    rng = np.random.default_rng(6)
    past = journeys(np.sort(rng.uniform(0, 100, 400)), rng.exponential(5, 400))
    for finished_only in (True, False):
        every = list(origins(past, finished_only=finished_only))
        assert len(every) >= 5
        for instant, known, later in every:
            assert known.end.max() <= instant < later.begin.min()


def test_arrivals_every_half_hour_of_working_days_come_again_exactly() -> None:
    slots = np.array([day + hour / 24 for day in range(70) if day % 7 < 5 for hour in np.arange(8, 16, 0.5)])
    past = journeys(slots, np.full(len(slots), 0.01))
    now = int(past.finish.max())
    law = fit_arrivals(past, now, origins(past, finished_only=True), finished_only=True)
    assert law.again == 1.0
    start = ZERO + 70 * DAY + 8 * HOUR
    drawn = law.draw(start, 160, 0.3)
    assert days_of(drawn) == pytest.approx(slots[:160] + 70)


def days_of(instants: Ints) -> np.ndarray:
    """Days since that Monday."""
    return (instants - ZERO) / DAY


def test_arrivals_at_a_rate_keep_to_the_hours_of_the_week() -> None:
    profile = np.zeros(168)
    profile[[9, 10, 33]] = 0.5, 0.25, 0.25
    law = ArrivalLaw(per_week=4.0, profile=profile, again=0.0, past=np.zeros(0, dtype=np.int64))
    drawn = law.draw(ZERO + 9 * HOUR, 40, 0.5)
    assert set(hour_of_week(drawn)) == {9, 10, 33}
    assert np.bincount(hour_of_week(drawn))[[9, 10, 33]].tolist() == [20, 10, 10]
    assert (drawn[-1] - drawn[0]) / WEEK == pytest.approx(10, abs=1)


def test_the_latest_weeks_are_as_late_as_they_can_be() -> None:
    past = ZERO + np.arange(100) * DAY
    chosen, moved = latest_weeks(past, ZERO + 100 * DAY, 10)
    assert (moved, chosen[0], len(chosen)) == (2 * WEEK, 86, 10)


def test_raking_meets_both_margins() -> None:
    rng = np.random.default_rng(7)
    kind, day = rng.integers(0, 4, 500), rng.integers(0, 7, 500)
    shares, wanted = np.array([0.1, 0.2, 0.3, 0.4]), np.array([5.0, 9, 1, 2, 3, 0, 0])
    weight = fitted_weights(np.ones(500), [(kind, shares), (day, wanted)], 20.0)
    assert np.bincount(day, weight, 7) == pytest.approx(wanted)
    assert np.bincount(kind, weight) == pytest.approx(20 * shares, rel=0.01)


def test_a_margin_of_codes_that_no_case_has_is_passed_over() -> None:
    code, hour = np.array([0, 0, 1]), np.array([9, 9, 10])
    at_eleven = np.bincount([11], minlength=24).astype(float)
    weight = fitted_weights(np.ones(3), [(code, np.array([1.0, 3.0])), (hour, at_eleven)], 8.0)
    assert weight == pytest.approx([1.0, 1.0, 6.0])


def test_kinds_put_rare_variants_together() -> None:
    some = journeys(np.arange(60.0), np.ones(60), np.where(np.arange(60) < 50, np.nan, 1.0))
    assert len(np.unique(variants(some))) == 2
    assert np.bincount(kinds(some, fewest=5)).tolist() in ([50, 10], [10, 50])
    assert kinds(some.take([0, 55, 56]), fewest=5).max() <= 2


@pytest.fixture(scope="module")
def log() -> EventLog:
    """Two ways, 30 % the long one, starts, two people; nothing at weekends."""
    rng = np.random.default_rng(8)
    day = np.sort(rng.integers(0, 280, 900))
    day = day[day % 7 < 5]
    rows = []
    for number, each in enumerate(day):
        start = pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(each), hours=9, minutes=int(rng.integers(0, 300)))
        way = ("a", "c", "d") if rng.random() < 0.3 else ("a", "b")
        for place, activity in enumerate(way):
            begin = start + pd.Timedelta(hours=place)
            who = "ann" if activity == "a" else "bob"
            rows.append((f"{number:04d}", activity, begin + pd.Timedelta(minutes=20), begin, who))
    frame = pd.DataFrame(rows, columns=["case", "activity", "date", "start", "resource"])
    frame[["date", "start"]] = frame[["date", "start"]].astype("datetime64[us]")
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-10-10"))
    return EventLog.of(frame, window, final=["b", "d"])


def test_a_played_log_keeps_shares_times_people_and_weekdays(log: EventLog) -> None:
    known = Journeys.of(log)
    model = discover(known, int(known.finish.max()), finished_only=True)
    assert (model.past.begin == known.begin).all()
    start = int(known.begin[-1] // WEEK * WEEK + 5 * DAY + 9 * HOUR)
    played = model.play(start, 200, seed=3)
    assert played.cases == 200
    assert weekday(played.begin).max() <= 4
    shares = (played.lengths == 3).mean()
    assert shares == pytest.approx((known.lengths == 3).mean(), abs=0.03)
    assert ((played.end - played.start) / HOUR).max() == pytest.approx(1 / 3)
    who = np.asarray(played.resources)[played.resource]
    assert set(who[played.activity == played.names.index("a")]) == {"ann"}
    assert set(who[played.activity != played.names.index("a")]) == {"bob"}


def test_the_same_seed_gives_the_same_bytes(log: EventLog) -> None:
    known = Journeys.of(log)
    models = [discover(known, int(known.finish.max()), finished_only=True, seed=2) for _ in range(2)]
    one, same = (model.play(int(known.begin[-1]) + WEEK, 50, seed=2, replication=1) for model in models)
    other = models[0].play(int(known.begin[-1]) + WEEK, 50, seed=2, replication=2)
    assert one.end.tobytes() == same.end.tobytes() != other.end.tobytes()
    assert one.activity.tobytes() == same.activity.tobytes()


def test_a_simulated_log_is_a_log_again(log: EventLog) -> None:
    simulated = simulate_log(log, seed=4)
    assert len(simulated.cases) == len(log.cases)
    assert simulated.events.columns.tolist() == ["case", "activity", "date", "rank", "start", "resource"]
    assert (simulated.events["start"] <= simulated.events["date"]).all()
    again = Journeys.of(simulated)
    assert again.cases == len(log.cases)
    assert again.log(simulated.window).events.equals(simulated.events)


def test_drawn_evenly_a_log_is_nearer_to_its_law_than_by_chance(log: EventLog) -> None:
    known = Journeys.of(log)
    model = discover(known, int(known.finish.max()), finished_only=True, ahead=False)
    truth = (known.lengths == 3).mean()
    shares = [(model.play(int(known.begin[0]), 100, seed=s).lengths == 3).mean() for s in range(20)]
    by_chance = np.sqrt(truth * (1 - truth) / 100)
    assert np.sqrt(np.mean((np.asarray(shares) - truth) ** 2)) < 0.5 * by_chance
