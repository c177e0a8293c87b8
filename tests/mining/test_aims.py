"""The aims' populations, clocks and shares, worked by hand and against the truth of simulated councils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.aims import aim_visits, aims

RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
BASE = 18262
HOME, PLAN, DECISION, LODGING = v.AIMS


def log_of(
    rows: Sequence[tuple[str, str, float]], *, window: tuple[int, int] = (0, 1500), **attributes: dict[str, object]
) -> EventLog:
    """A log from (case, activity, day) rows, days from 1 January 2020; attributes map case to value."""
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    observed = ObservationWindow(*(pd.Timestamp("2020-01-01") + pd.Timedelta(days=day) for day in window))
    log = EventLog.of(events, observed, ranks=RANKS, final=[v.CEASED])
    cases = log.cases.assign(**{name: log.cases["case"].map(values) for name, values in attributes.items()})
    return EventLog(log.events, cases, observed)


def row_of(log: EventLog, aim: v.Aim) -> pd.Series:
    return aims(log, [aim]).iloc[0]


def test_tiny_log(tiny_log: EventLog) -> None:
    table = aims(tiny_log).set_index("number")
    assert table.index.tolist() == [1, 2, 3, 4]
    # Aim 2: A began before recommendations were reliably recorded; B's plan took 40 days; C is 12 and a half.
    assert (table.loc[2, "eligible"], table.loc[2, "met"], table.loc[2, "before_reliable"]) == (1, 1, 1)
    assert table.loc[2, "share_met"] == 1
    # Aim 3: A's recommendation of 10 May 2020 to the decision of 11 September took 124 days, more than 98.
    assert (table.loc[3, "late"], table.loc[3, "share_met"]) == (1, 0)
    assert (table.loc[4, "met"], table.loc[4, "share_met"]) == (1, 1)
    assert (table["meets_target"] == "cannot tell").all()  # one child tells nothing
    assert not table["confirmed"].any()
    assert "limit 228 days" in table.loc[2, "clock"]
    assert "under 12" in table.loc[2, "population"]


def test_every_eligible_child_is_counted_once() -> None:
    rows = [
        ("met", v.AGENCY_DECISION, 0), ("met", v.LODGED, 112),
        ("late", v.AGENCY_DECISION, 0), ("late", v.LODGED, 113),
        ("overdue", v.AGENCY_DECISION, 0),
        ("within", v.AGENCY_DECISION, 1400),
        ("left", v.AGENCY_DECISION, 0), ("left", v.CEASED, 50),
    ]  # fmt: skip
    row = row_of(log_of(rows), LODGING)
    parts = row[["met", "late", "overdue", "open_within", "left"]].tolist()
    assert parts == [1, 1, 1, 1, 1]
    assert row["eligible"] == 5
    assert row["crude_share"] == 0.5
    # Five start; one is seen for 100 days only, so at day 112 one of the four then left of those five has met it:
    # 50 days: 1 of 5 leaves; 100: one is censored; 112: 1 of 3 still waiting meets the limit: 4/5 * 1/3.
    assert row["share_met"] == pytest.approx(4 / 15)


def test_not_recorded_is_left_out() -> None:
    rows = [("a", v.RECOMMENDED, 0), ("a", v.LODGED, 200), ("b", v.RECOMMENDED, 0), ("b", v.AGENCY_DECISION, 50)]
    row = row_of(log_of(rows), DECISION)
    assert (row["eligible"], row["not_recorded"], row["met"]) == (1, 1, 1)


def test_age_is_that_on_the_day_the_clock_starts() -> None:
    rows = [(case, v.ACCOMMODATED, 100) for case in ("eve", "day", "unknown")]
    clock = pd.Timestamp("2020-01-01") + pd.Timedelta(days=100)
    twelve = clock - pd.DateOffset(years=12)
    birth = {"eve": twelve + pd.Timedelta(days=1), "day": twelve, "unknown": pd.NaT}
    log = log_of(rows, birth=birth)
    row = row_of(log, PLAN)
    assert (row["eligible"], row["age_unknown"]) == (1, 1)  # on the twelfth birthday a child is not under twelve
    # Where the birth is missing, the age at the case's start stands in.
    log = log_of(rows, birth=birth, age_at_start={"eve": 15.0, "day": 15.0, "unknown": 11.0})
    row = row_of(log, PLAN)
    assert (row["eligible"], row["age_unknown"]) == (2, 0)


def test_age_grows_between_the_start_of_the_case_and_of_the_clock() -> None:
    rows = [("a", v.BECAME_LOOKED_AFTER, 0), ("a", v.ACCOMMODATED, 400)]
    assert row_of(log_of(rows, age_at_start={"a": 11.0}), PLAN)["eligible"] == 0
    assert row_of(log_of(rows, age_at_start={"a": 10.0}), PLAN)["eligible"] == 1


def test_log_without_ages_says_so() -> None:
    row = row_of(log_of([("a", v.ACCOMMODATED, 0)]), PLAN)
    assert row["eligible"] == 1
    assert "does not hold ages" in row["population"]


def test_aim_one_is_about_those_still_at_home_after_two_years() -> None:
    rows = [
        ("reviewed", v.AT_HOME, 0), ("reviewed", v.REVIEW, 700), ("reviewed", v.REVIEW, 770),
        ("late", v.AT_HOME, 0), ("late", v.REVIEW, 850),
        ("open", v.AT_HOME, 0),
        ("accommodated before", v.AT_HOME, 0), ("accommodated before", v.ACCOMMODATED, 729),
        ("ceased before", v.AT_HOME, 0), ("ceased before", v.CEASED, 500),
        ("too recent", v.AT_HOME, 800),
        ("accommodated after", v.AT_HOME, 0), ("accommodated after", v.ACCOMMODATED, 740),
        ("accommodated after", v.REVIEW, 760),
    ]  # fmt: skip
    log = log_of(rows)
    row = row_of(log, HOME)
    assert row[["eligible", "met", "late", "overdue", "open_within", "left"]].tolist() == [4, 1, 1, 1, 0, 1]
    visits, _ = aim_visits(log, HOME)
    assert sorted(visits.days.tolist()) == [10, 40, 120, 770]
    assert row["share_met"] == 0.25
    assert "730 days" in row["population"]


def council(seed: int, cases: int = 250, window: int = 500) -> EventLog:
    """Decisions of which 45 % lead to lodging within 112 days; some leave; recording begins amid some."""
    rng = np.random.default_rng([3, seed])
    start = np.floor(rng.uniform(-1500, window, cases))
    lodges = rng.random(cases) < 0.9
    days = np.ceil(np.where(lodges, rng.lognormal(np.log(112), 0.8, cases), rng.exponential(400, cases)))
    rows: list[tuple[str, str, float]] = []
    for i in range(cases):
        if start[i] + days[i] < 0:
            continue
        rows.append((f"c{i:03d}", v.AGENCY_DECISION, start[i]))
        if start[i] + days[i] <= window:
            rows.append((f"c{i:03d}", v.LODGED if lodges[i] else v.CEASED, start[i] + days[i]))
    return log_of(rows, window=(0, window))


def test_interval_covers_the_true_share() -> None:
    table = pd.concat([aims(council(seed), [LODGING]) for seed in range(40)])
    assert ((table["low_share"] <= 0.45) & (table["high_share"] >= 0.45)).sum() >= 35
    assert abs(table["share_met"].mean() - 0.45) < 0.02


def test_verdict_needs_the_whole_interval() -> None:
    log = council(1)
    share = row_of(log, LODGING)["share_met"]
    for target, verdict in ((share, "cannot tell"), (share - 0.3, "yes"), (share + 0.3, "no")):
        assert row_of(log, replace(LODGING, target_share=target))["meets_target"] == verdict


@pytest.mark.parametrize(("days", "verdict"), [(10, "yes"), (200, "no")])
def test_everybody_or_nobody_meets_it(days: int, verdict: str) -> None:
    rows = [(f"c{i:02d}", name, day) for i in range(30) for name, day in ((v.AGENCY_DECISION, 0), (v.LODGED, days))]
    row = row_of(log_of(rows), LODGING)
    assert row["meets_target"] == verdict
    # The exact binomial limit for 30 of 30, or none of 30.
    limit = 0.025 ** (1 / 30)
    assert row["low_share"] == pytest.approx(limit if days == 10 else 0)
    assert row["high_share"] == pytest.approx(1 if days == 10 else 1 - limit)


def test_nobody_followed_to_the_limit() -> None:
    row = row_of(log_of([("a", v.AGENCY_DECISION, 1490), ("b", v.AGENCY_DECISION, 1495)]), LODGING)
    assert row["open_within"] == 2
    assert np.isnan(row["share_met"])
    assert row["meets_target"] == "cannot tell"


def test_nobody_falls_under_an_aim() -> None:
    for log in (log_of([]), log_of([("a", v.BECAME_LOOKED_AFTER, 3)])):
        table = aims(log)
        assert table["eligible"].tolist() == [0, 0, 0, 0]
        assert table["share_met"].isna().all()


def test_misspelt_activity(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="did you mean 'Agency decision'"):
        aims(tiny_log, [replace(LODGING, clock_start="Agency Decission")])
