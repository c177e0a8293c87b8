"""New cases fitted to a log: level, trend, season, scatter and families that were planted are found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.arrivals import GROUP, Arrivals
from simulation.arrivals_fit import fit_arrivals

END = pd.Timestamp("2024-07-31")
POOL = pd.DataFrame({GROUP: [0, 1, 1, 2, 2, 2]})
SIZES = (0.7, 0.2, 0.1)


def log_of(truth: Arrivals, years: float, seed: int) -> EventLog:
    """Cases that arrive as planted, families with a name, in a log of so many years; some go on, some have ended."""
    begin = END - pd.Timedelta(days=round(years * 365.25))
    days, _, group = truth.draw(begin, END, np.random.default_rng(seed))
    start = pd.Series(pd.to_datetime(days, unit="D"))
    case = pd.Series([f"c{number}" for number in range(len(days))], dtype="str")
    cases = pd.DataFrame({"case": case, "start": start, "end": pd.Series(pd.NaT, index=case.index, dtype=start.dtype)})
    cases["family"] = pd.Series([f"f{number}" for number in group], dtype="str")
    cases["child"] = case
    cases["destination"] = "home"
    events = pd.DataFrame({"case": case, "activity": v.BECAME_LOOKED_AFTER, "date": start})
    return EventLog.of(events, ObservationWindow(begin, END), cases=cases, ranks={v.BECAME_LOOKED_AFTER: 10})


def fitted(log: EventLog, weight: np.ndarray | None = None) -> tuple[Arrivals, tuple[str, ...]]:
    return fit_arrivals(log, np.ones(len(log.cases)) if weight is None else weight, {})


def planted(per_month: np.ndarray, **settings: object) -> Arrivals:
    return Arrivals(per_month, POOL, np.ones(6), group_sizes=SIZES, **settings)  # type: ignore[arg-type]


SEASON = 1.0 + 0.4 * np.sin(2 * np.pi * np.arange(12) / 12)


def test_level_trend_and_season_are_found_again() -> None:
    truth = planted(40.0 * SEASON, trend_per_year=-0.06, origin="2024-07-31")
    found = [fitted(log_of(truth, 10.0, seed))[0] for seed in range(20)]
    trends = np.array([one.trend_per_year for one in found])
    rates = np.array([one.per_month for one in found])
    # A yearly change over six years of 480 cases, 1.9 times as scattered as singles: standard error 0.018; a tenth of
    # the change is given up for its noise.
    assert trends.mean() == pytest.approx(-0.054, abs=3.5 * 0.018 / np.sqrt(20))
    assert trends.std(ddof=1) == pytest.approx(0.016, rel=0.6)
    ahead = pd.Timestamp("2025-07-31")
    due = np.array([one.expected(END, ahead) for one in found])
    assert due.mean() == pytest.approx(truth.expected(END, ahead), rel=0.03)
    np.testing.assert_allclose(rates.mean(axis=0) / rates.mean(), SEASON, atol=0.08)


def test_what_chance_makes_of_level_months_is_not_taken_for_a_season_or_a_trend() -> None:
    truth = planted(np.full(12, 28.0))
    found = [fitted(log_of(truth, 6.0, seed))[0] for seed in range(20)]
    # Monthly ratios of six years scatter by 0.1 by chance, yearly changes by 0.02.
    swing = np.array([one.per_month.std() / one.per_month.mean() for one in found])
    assert swing.mean() < 0.04
    assert np.abs([one.trend_per_year for one in found]).max() < 0.06
    short = [fitted(log_of(truth, 2.1, seed))[0].trend_per_year for seed in range(20)]
    # Two years' change has a standard error of 0.10: drawn to a fifth of what it seems.
    assert np.std(short) < 0.05


def test_the_rate_expects_what_the_last_three_years_saw() -> None:
    log = log_of(planted(np.full(12, 20.0), trend_per_year=0.1, origin="2024-07-31"), 8.0, 4)
    weight = np.random.default_rng(1).integers(0, 3, len(log.cases)).astype(float)
    begin = END - pd.Timedelta(days=3 * 365.25)
    for counted in (np.ones(len(weight)), weight):
        found, _ = fitted(log, counted)
        seen = counted[(log.cases["start"] > begin).to_numpy()].sum()
        assert found.expected(begin, END) == pytest.approx(seen, rel=1e-3)
        assert found.origin == "2024-07-31"


def test_families_are_found_again_and_stay_together() -> None:
    found, _ = fitted(log_of(planted(np.full(12, 40.0)), 6.0, 2))
    families = len(found.pool[GROUP].unique())
    np.testing.assert_allclose(found.group_sizes, SIZES, atol=3.5 * np.sqrt(0.25 / families))
    assert (found.pool["family"] == "").all()
    assert "destination" not in found.pool
    singles = fitted(log_of(Arrivals(np.full(12, 10.0), POOL, np.ones(6)), 6.0, 2))[0]
    assert singles.group_sizes == ()


def test_brothers_and_sisters_who_come_at_other_times_come_alone() -> None:
    log = log_of(planted(np.full(12, 20.0)), 6.0, 2)
    one_family = EventLog(log.events, log.cases.assign(family="f"), log.window)
    found = fitted(one_family)[0]
    days = one_family.cases["start"][one_family.cases["start"] > END - pd.Timedelta(days=3 * 365.25)]
    sizes = days.value_counts().value_counts(normalize=True)
    assert found.group_sizes[0] == pytest.approx(sizes[1])
    nobody = EventLog(log.events, log.cases.drop(columns="family"), log.window)
    assert fitted(nobody)[0].group_sizes == ()


def test_only_scatter_beyond_chance_is_modelled() -> None:
    level = planted(np.full(12, 30.0))
    scattered = planted(np.full(12, 30.0), dispersion=0.25)
    chance = np.array([fitted(log_of(level, 6.0, seed))[0].dispersion for seed in range(60)])
    # Tested at 5 % on families; 60 tests give more than 8 false alarms once in 300 times.
    assert (chance > 0).sum() <= 8
    found = np.array([fitted(log_of(scattered, 6.0, seed))[0].dispersion for seed in range(20)])
    assert (found > 0).all()
    assert found.mean() == pytest.approx(0.25, rel=0.25)


def test_too_few_cases_or_years_tell_a_rate_and_no_more() -> None:
    truth = planted(np.full(12, 30.0) * SEASON, trend_per_year=0.2, origin="2024-07-31")
    for years, log in ((1.5, log_of(truth, 1.5, 1)), (6.0, log_of(planted(np.full(12, 0.2)), 6.0, 1))):
        found, warnings = fitted(log)
        assert found.trend_per_year == 0.0
        assert found.dispersion == 0.0
        assert np.ptp(found.per_month) < 1e-9
        assert len(warnings) == 1
        assert f"in {years:.1f} years tell no trend" in warnings[0]


def test_a_log_in_which_nobody_has_come_for_three_years_gives_its_whole_rate() -> None:
    log = log_of(planted(np.full(12, 20.0)), 8.0, 2)
    old = (log.cases["start"] < END - pd.Timedelta(days=4 * 365)).to_numpy()
    cases = log.cases[old].reset_index(drop=True)
    events = log.events[log.events["case"].isin(cases["case"])].reset_index(drop=True)
    found, _ = fitted(EventLog(events, cases, log.window))
    assert found.trend_per_year == 0.0
    assert found.per_month.sum() == pytest.approx(old.sum() / 8, rel=0.01)
