"""Child-days worked by hand, Little's law, the bootstrap against theory, and the ranking's honesty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.bottlenecks import bottlenecks, bottlenecks_by_activity
from mining.visits import find_visits

RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
BASE = 18262


def log_of(
    rows: Sequence[tuple[str, str, float]], *, window: tuple[int, int] = (0, 1000), cases: list[str] | None = None
) -> EventLog:
    """A log from (case, activity, day) rows, days counted from 1 January 2020; `cases` adds cases without events."""
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    observed = ObservationWindow(*(pd.Timestamp("2020-01-01") + pd.Timedelta(days=day) for day in window))
    table = None
    if cases is not None:
        start = pd.Timestamp("2020-01-01")
        table = pd.DataFrame({"case": cases, "start": start, "end": pd.NaT})
    return EventLog.of(events, observed, cases=table, ranks=RANKS, final=[v.CEASED])


def random_log(seed: int, cases: int = 150) -> EventLog:
    """Children going through three stages, some still under way when recording begins, some open at its end."""
    rng = np.random.default_rng(seed)
    start = np.floor(rng.uniform(-900, 1000, cases))
    panel = start + np.ceil(rng.lognormal(4.0, 0.8, cases))
    decision = panel + np.ceil(rng.lognormal(2.5, 0.5, cases))
    lodged = decision + np.ceil(rng.lognormal(4.6, 0.6, cases))
    order = lodged + np.ceil(rng.lognormal(5.0, 0.8, cases))
    steps = ((v.PANEL, panel), (v.AGENCY_DECISION, decision), (v.LODGED, lodged), (v.ADOPTION_ORDER, order))
    return log_of(
        [
            (f"c{i:03d}", name, days[i])
            for name, days in steps
            for i in range(cases)
            if order[i] >= 0 and days[i] <= 1000
        ]
    )


def test_tiny_log(tiny_log: EventLog) -> None:
    table = bottlenecks(tiny_log, seed=1, draws=200).set_index("stage")
    planning = table.loc["Planning: accommodated to plan decided"]
    # Since 1 February 2020, when recommendations became reliably recorded: A, accommodated before but with its plan
    # on record, adds 1 February to 10 May (99 days); B 40; C, open, 1 September to 30 June (302).
    assert (table["since"] == pd.Timestamp("2020-02-01")).all()
    assert planning["child_days"] == 99 + 40 + 302
    assert (planning["children"], planning["open"], planning["rank"]) == (3, 1, 1)
    # Six months are 183 days: C passed them on 3 March 2021; A on 2 July 2020, after its plan.
    assert planning["excess_days"] == 302 - 183
    assert table.loc["Lodging: agency decision to application lodged", "child_days"] == 100
    assert table.loc["Papers: recommendation to papers complete", "not_recorded"] == 1
    assert table["share"].sum() == pytest.approx(1)


def test_since_can_be_given(tiny_log: EventLog) -> None:
    table = bottlenecks(tiny_log, seed=1, draws=50, since=pd.Timestamp("2021-01-01")).set_index("stage")
    assert table.loc["Planning: accommodated to plan decided", "child_days"] == 180
    assert table.loc["Court: application lodged to order", "child_days"] == 59
    assert table.loc["Planning: accommodated to plan decided", "excess_days"] == 119


def test_littles_law() -> None:
    log = random_log(1)
    days = np.arange(log.arrays.window_start, log.arrays.window_end)
    table = bottlenecks(log, seed=1, draws=10).set_index("stage")
    for stage in v.STAGES[3:]:
        visits = find_visits(log, stage)
        counts = (visits.start <= days[:, None]) & (days[:, None] < visits.exit)
        assert table.loc[stage.name, "child_days"] / len(days) == pytest.approx(counts.sum(axis=1).mean(), abs=1e-9)


def test_littles_law_by_activity() -> None:
    log = random_log(2)
    table = bottlenecks_by_activity(log, seed=1, draws=10)
    arrays = log.arrays
    first_days = pd.Series(arrays.day).groupby(arrays.case).min()
    end = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)
    present = np.minimum(end, arrays.window_end) - np.maximum(first_days, arrays.window_start)
    assert table["child_days"].sum() == pytest.approx(np.maximum(present, 0).sum(), abs=1e-6)


def test_cutting_the_log_later_changes_nothing_before_the_cut() -> None:
    log = random_log(3)
    day = log.window.end - pd.Timedelta(days=300)
    early = EventLog.of(
        log.events.loc[log.events["date"] <= day, ["case", "activity", "date"]],
        ObservationWindow(log.window.start, day),
        ranks=RANKS,
        final=[v.CEASED],
    )
    whole = replace(log, window=ObservationWindow(log.window.start, log.window.end))
    until_cut = bottlenecks(early, seed=1, draws=5).set_index("stage")["child_days"]
    after_cut = bottlenecks(whole, seed=1, draws=5, since=day).set_index("stage")["child_days"]
    everything = bottlenecks(whole, seed=1, draws=5).set_index("stage")["child_days"]
    pd.testing.assert_series_equal((until_cut + after_cut).sort_index(), everything.sort_index())


def test_interval_is_that_of_the_plain_bootstrap() -> None:
    log = random_log(4, 80)
    table = bottlenecks(log, seed=1, draws=4000).set_index("stage")
    rng = np.random.default_rng(9)
    names = [stage.name for stage in v.STAGES]
    days = np.zeros((len(log.cases), len(names)))
    for column, stage in enumerate(v.STAGES):
        visits = find_visits(log, stage)
        days[visits.case, column] = np.maximum(0, visits.exit - np.maximum(visits.start, log.arrays.window_start))
    days[:, :3] = 0  # planning, papers and panel do not happen in this log
    totals = np.array([days[rng.integers(0, len(days), len(days))].sum(axis=0) for _ in range(4000)])
    shares = totals / totals.sum(axis=1, keepdims=True)
    for column in range(3, 6):
        row = table.loc[names[column]]
        low, high = np.quantile(shares[:, column], [0.025, 0.975])
        assert row["low_share"] == pytest.approx(low, abs=0.01)
        assert row["high_share"] == pytest.approx(high, abs=0.01)
        first = (shares.argmax(axis=1) == column).mean()
        assert row["probability_first"] == pytest.approx(first, abs=0.03)


def test_clear_first_place_is_not_tied() -> None:
    rows = []
    for i in range(40):
        rows += [(f"c{i:02d}", v.PANEL, i), (f"c{i:02d}", v.AGENCY_DECISION, i + 10), (f"c{i:02d}", v.LODGED, i + 200)]
    table = bottlenecks(log_of(rows, window=(0, 300)), v.STAGES[3:5], seed=1)
    assert table["stage"].iloc[0].startswith("Lodging")
    assert table["probability_first"].tolist() == [1, 0]
    assert not table["tied"].any()


def test_two_equal_stages_are_tied() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for i in range(60):
        a, b = rng.integers(20, 200, 2)
        rows += [(f"c{i:02d}", v.PANEL, 0), (f"c{i:02d}", v.AGENCY_DECISION, a), (f"c{i:02d}", v.LODGED, a + b)]
    table = bottlenecks(log_of(rows), v.STAGES[3:5], seed=1)
    assert table["probability_first"].between(0.05, 0.95).all()
    assert table["tied"].all()


def test_case_bootstrap_covers_the_true_share() -> None:
    """Share of the decision stage in stationary councils whose mean stage lengths are 30 and 70 days."""
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng([1, seed])
        start = np.floor(rng.uniform(-2000, 1000, 240))
        a = start + np.round(rng.exponential(30, 240))
        b = a + np.round(rng.exponential(70, 240))
        steps = ((v.PANEL, start), (v.AGENCY_DECISION, a), (v.LODGED, b))
        log = log_of([(f"c{i:03d}", name, d[i]) for name, d in steps for i in range(240) if b[i] >= 0 and d[i] <= 1000])
        row = bottlenecks(log, v.STAGES[3:5], seed=seed, draws=300).set_index("stage").iloc[1]
        covered += bool(row["low_share"] <= 0.3 <= row["high_share"])
    assert covered >= 33  # 95 % nominal, about 92 % for a percentile bootstrap of this size


def test_same_seed_same_numbers_and_rows_do_not_matter() -> None:
    log = random_log(6)
    shuffled = EventLog.of(
        log.events[["case", "activity", "date"]].sample(frac=1, random_state=1).reset_index(drop=True),
        log.window,
        ranks=RANKS,
        final=[v.CEASED],
    )
    first = bottlenecks(log, seed=3, draws=100)
    pd.testing.assert_frame_equal(first, bottlenecks(shuffled, seed=3, draws=100))
    assert not first["low_share"].equals(bottlenecks(log, seed=4, draws=100)["low_share"])


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    log = random_log(6)
    whole = bottlenecks(log, seed=3, draws=100)
    monkeypatch.setattr(import_module("mining.resampling"), "_BLOCK", 700)
    pd.testing.assert_frame_equal(whole, bottlenecks(log, seed=3, draws=100))


def test_visit_from_before_reliable_recording_adds_only_what_is_known() -> None:
    rows = [("a", v.ACCOMMODATED, 10), ("b", v.ACCOMMODATED, 20), ("b", v.RECOMMENDED, 150), ("c", v.ACCOMMODATED, 200)]
    log = log_of(rows, window=(0, 300))
    begun = log.window.start + pd.Timedelta(days=100)
    log = replace(log, window=ObservationWindow(log.window.start, log.window.end, {v.RECOMMENDED: begun}))
    row = bottlenecks(log, v.STAGES[:1], seed=1, draws=10).iloc[0]
    assert row["child_days"] == 50 + 100  # b from day 100 to 150, c from 200 to 300; a may have been decided unseen
    assert (row["children"], row["before_reliable"], row["not_recorded"]) == (2, 1, 0)


def test_nothing_to_rank() -> None:
    for log in (log_of([]), log_of([("a", v.BECAME_LOOKED_AFTER, 5)])):
        table = bottlenecks(log, seed=1, draws=20)
        assert len(table) == 6
        assert table["child_days"].sum() == 0
        assert table[["share", "low_share", "probability_first"]].isna().all(axis=None)
        assert not table["tied"].any()
    assert bottlenecks_by_activity(log_of([]), seed=1).empty
    same_day = log_of([("a", v.PANEL, 5), ("a", v.AGENCY_DECISION, 5)])
    assert bottlenecks(same_day, v.STAGES[3:4], seed=1, draws=20)["child_days"].tolist() == [0]


def test_one_case_and_cases_without_events() -> None:
    log = log_of([("a", v.PANEL, 5), ("a", v.AGENCY_DECISION, 25)], cases=["a", "b", "z"])
    row = bottlenecks(log, v.STAGES[3:4], seed=1, draws=50).iloc[0]
    assert (row["child_days"], row["share"], row["low_share"], row["high_share"]) == (20, 1, 1, 1)


def test_by_activity_on_the_tiny_log(tiny_log: EventLog) -> None:
    table = bottlenecks_by_activity(tiny_log, seed=1, draws=100).set_index("stage")
    # After a review: A 40 + 90 days to ... in order: A 10 Feb to 10 May (90) and 0 to the plan, B 0, C 263 and open.
    assert table.loc[v.REVIEW, "child_days"] == 90 + 0 + 0 + 263
    assert table.loc[v.REVIEW, "open"] == 1
    assert table.loc[v.CEASED, "child_days"] == 0
    total = 425 + 92 + 394  # each child's days from first event to its end, or to 30 June 2021
    assert table["child_days"].sum() == total


def test_bad_requests(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="draw"):
        bottlenecks(tiny_log, seed=1, draws=0)
    with pytest.raises(ValueError, match="draw"):
        bottlenecks_by_activity(tiny_log, seed=1, draws=0)
    with pytest.raises(ValueError, match="did you mean"):
        bottlenecks(tiny_log, [replace(v.STAGES[0], stops=("Permanence recomended",))], seed=1)
