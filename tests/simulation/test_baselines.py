"""The two forecasts without a model, the floor and the published split, worked by hand; the loan log's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import exchange
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.baselines import halves, resampled_cases, seasonal_replay
from simulation.discovery.journeys import DAY, HOUR, WEEK, Journeys, placed, weekday
from simulation.judge import Judgement, TooSmallError, judge_honest, judge_published, published_split, survival_distance

LOAN = Path(__file__).resolve().parents[2].parent / "shared" / "logs" / "loan_app.csv.gz"
MONDAY = pd.Timestamp("2024-01-01")


def log_of(*rows: tuple[str, str, float], end: float = 60.0, final: tuple[str, ...] = ()) -> EventLog:
    """A log from (case, activity, days since a Monday)."""
    frame = pd.DataFrame(rows, columns=["case", "activity", "date"])
    frame["date"] = MONDAY + pd.to_timedelta(frame["date"], unit="D").astype("timedelta64[us]")
    return EventLog.of(frame, ObservationWindow(MONDAY, MONDAY + pd.Timedelta(days=end)), final=final)


def days(instants: np.ndarray) -> list[float]:
    """Days since that Monday."""
    return ((instants - MONDAY.to_datetime64().astype("datetime64[us]").astype(np.int64)) / DAY).round(6).tolist()


PAST = Journeys.of(
    log_of(("a", "in", 0.25), ("a", "out", 3), ("b", "in", 1.5), ("b", "out", 2), ("c", "in", 7.5), ("c", "out", 8))
)


def test_the_latest_weeks_come_again_moved_by_whole_weeks() -> None:
    start = int(PAST.begin[0]) + 2 * WEEK
    replay = seasonal_replay(PAST, start, 2)
    # One week back begins on day 7.25: only c is there, so it is two weeks back, at a and b.
    assert days(replay.begin) == [14.25, 15.5]
    assert days(replay.end) == [14.25, 17.0, 15.5, 16.0]
    assert days(seasonal_replay(PAST, start, 1).begin) == [14.5]
    assert seasonal_replay(PAST, start, 9).cases == 3


def test_past_cases_are_redrawn_from_their_weekday_with_their_time_of_day() -> None:
    start = int(PAST.begin[0]) + 2 * WEEK
    for seed in range(20):
        drawn = resampled_cases(PAST, start, 2, np.random.default_rng(seed))
        # On the Monday a or c, on the Tuesday b alone.
        assert days(drawn.begin)[0] in (14.25, 14.5)
        assert days(drawn.begin)[1] == 15.5
        assert days(drawn.span + PAST.begin[0])[1] == 0.75
    assert weekday(PAST.begin).tolist() == [0, 1, 0]


def test_a_copy_is_moved_by_whole_days() -> None:
    copies = placed(PAST, np.array([2, 2]), PAST.begin[[0, 1]] + DAY)
    assert days(copies.begin) == [1.5, 2.5]


def test_halves_share_no_case() -> None:
    whole = Journeys.of(log_of(*[(f"{n:02d}", "in", float(n)) for n in range(11)]))
    one, other = halves(whole, np.random.default_rng(3))
    assert (one.cases, other.cases) == (5, 5)
    assert not set(one.begin) & set(other.begin)


def test_the_published_split_by_hand() -> None:
    rows = [("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 3.0), ("b", "y", 9.5), ("c", "x", 8.0), ("c", "y", 9.0)]
    rows += [("d", "x", 4.0), ("d", "y", 5.0), ("e", "x", 9.1), ("e", "y", 9.2)]
    # Eight of ten events end by day 9.1: b and e are cut, a, c and d known, nothing is left to foretell.
    past, later, cut = published_split(log_of(*rows))
    assert (past.cases, later.cases, cut) == (3, 0, 2)
    # Nine of twelve events end by day 9.2: e is whole.
    past, later, cut = published_split(log_of(*rows, ("f", "x", 9.3), ("f", "y", 9.4)))
    assert (past.cases, later.cases, cut) == (4, 1, 1)


def test_a_log_too_small_to_split_is_refused() -> None:
    small = log_of(("a", "x", 1.0), ("b", "x", 2.0))
    for judge in (judge_published, judge_honest):
        with pytest.raises(TooSmallError, match="at least 10 cases"):
            judge(small)


def test_the_survival_distance_by_hand() -> None:
    one = Journeys.of(log_of(("a", "x", 0.0), ("a", "end", 2.0), end=10.0, final=("end",)))
    other = Journeys.of(log_of(("a", "x", 0.0), ("a", "end", 5.0), end=10.0, final=("end",)))
    end = int(one.begin[0]) + 10 * DAY
    # Followed for 2 days by one, which is over then, so that is as long as both speak of; there they agree.
    assert survival_distance(one, one, end) == 0.0
    assert survival_distance(one, other, end) == 0.0
    both = Journeys.of(log_of(("a", "x", 0.0), ("a", "end", 2.0), ("b", "x", 0.0), end=10.0, final=("end",)))
    # Up to day 5: half of one is over from day 2 on, none of the other: 3 days times a half.
    assert survival_distance(both, other, end) == pytest.approx(36.0)


@pytest.fixture(scope="module")
def loan() -> EventLog:
    """The loan log with start times."""
    if not LOAN.is_file():
        pytest.skip("the public logs are not beside the repository")
    return exchange.read_log(LOAN)


def test_over_all_measures_is_the_geometric_mean_of_the_ratios() -> None:
    rows = {"model": [0.1, 3.0, np.nan, 1.0], "replay": [0.2, 3.0, np.nan, 0.0], "resampled": [0.4, 12.0, np.nan, 5.0]}
    names = ["ngram", "absolute_hours", "circadian_hours", "arrival_hours"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    overall = Judgement(table, None, 1, 1, 0).overall  # type: ignore[arg-type]
    # What cannot be told, and where the replay is exactly right, are left out: 1/2 and 1, 1/4 and 1/4.
    assert overall.to_dict() == pytest.approx({"replay": 0.5**0.5, "resampled": 0.25})


def test_the_known_figures_of_the_loan_log(loan: EventLog) -> None:
    past, later, cut = published_split(loan)
    assert (past.cases, len(past.activity), later.cases, len(later.activity), cut) == (797, 5976, 200, 1490, 3)
    found = judge_published(loan, seed=1).table
    # Measured by others on the package this follows: A .092/3.07/.128/.311/.455, B .064/3.31/.277/.90/.99.
    names = ["ngram", "absolute_hours", "circadian_hours", "relative_hours", "cycle_hours"]
    assert found.loc["replay", names].to_numpy() == pytest.approx([0.092, 3.07, 0.128, 0.311, 0.455], abs=0.005)
    spread = found.loc["resampled", [f"{name}_sd" for name in names]].to_numpy()
    assert (abs(found.loc["resampled", names].to_numpy() - [0.064, 3.31, 0.277, 0.90, 0.99]) < 2.0 * spread).all()
    # Below the best that was published in every column.
    assert (found.loc["model", names].to_numpy() < [0.069, 2.97, 0.271, 1.66, 2.71]).all()


def test_start_times_split_work_from_waiting(loan: EventLog) -> None:
    journeys = Journeys.of(loan)
    assert journeys.timed
    assert journeys.resource_column == "resource"
    assert len(journeys.resources) == 19
    work = (journeys.end - journeys.start) / HOUR
    assert 0 < np.median(work) < 2
