"""Power before a test: against the table of the methods notes (6.4), and against what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.power import CUSUM, RANK_TEST, RUN_CHART, Plan, power_table

PUBLISHED = {(1, 0.25): (30, 32), (2, 0.25): (42, 48), (4, 0.25): (60, 66), (2, 0.4): (76, 79), (4, 0.4): (93, 96)}
"""Children a month and fall -> per cent seen within 12 months after 12 before, by the CUSUM and the rank test."""
RUN_CHARTS = {(5, 0.25): (17, 46, 59), (10, 0.25): (36, 65, 76), (5, 0.4): (40, 74, 86)}
"""The same for the run chart of monthly medians, with 6, 12 and 18 months after."""
TESTS = 3000


def lognormal(fall: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """The methods notes' children: lognormal days with a spread of 0.8, shorter by a share."""
    generator = np.random.default_rng(5)
    usual, changed = (200 * np.exp(0.8 * generator.standard_normal(20_000)) for _ in range(2))
    return [(changed * (1 - fall), usual)]


def shares(table: pd.DataFrame, method: str) -> pd.Series:
    """Per cent detected by children a month and months."""
    return 100 * table[table["method"] == method].set_index(["per_month", "months"])["detected"]


@pytest.mark.parametrize("fall", [0.25, 0.4])
def test_the_published_power_is_met_within_its_sampling_error(fall: float) -> None:
    rates = [rate for rate, size in PUBLISHED if size == fall]
    table = power_table(lognormal(fall), Plan(), months=(12,), per_month=rates, tests=TESTS)
    for place, method in enumerate((CUSUM, RANK_TEST)):
        found = shares(table, method)
        for rate in rates:
            # Two tables by simulation: about three standard errors of their difference.
            assert found[(rate, 12)] == pytest.approx(PUBLISHED[rate, fall][place], abs=6)
    assert table.loc[table["method"] != RUN_CHART, "false_alarm"].max() <= 0.1


def test_the_published_power_of_a_run_chart_is_met() -> None:
    for fall in (0.25, 0.4):
        rates = [rate for rate, size in RUN_CHARTS if size == fall]
        found = shares(power_table(lognormal(fall), Plan(), months=(6, 12, 18), per_month=rates, tests=1000), RUN_CHART)
        for rate in rates:
            assert found.loc[rate].tolist() == pytest.approx(RUN_CHARTS[rate, fall], abs=6)


def test_more_children_and_more_months_show_more_and_no_change_shows_nothing() -> None:
    plan = Plan(horizon_days=200)
    table = power_table(lognormal(0.3), plan, months=(6, 12, 24), per_month=(2, 8), tests=400)
    for method in (CUSUM, RANK_TEST):
        found = shares(table, method)
        assert found[(8, 24)] > found[(8, 6)]
        assert found[(8, 24)] > found[(2, 24)]
    usual = lognormal(0.0)[0][1]
    nothing = power_table([(usual, usual)], plan, months=(12,), tests=400)
    assert (nothing["detected"] == nothing["false_alarm"]).all()


def test_a_change_for_the_longer_is_seen_when_that_is_what_is_looked_for() -> None:
    (changed, usual) = lognormal(0.4)[0]
    slower = [(usual, changed)]
    for horizon in (np.inf, 150.0):
        way = {
            shorter: power_table(
                slower, Plan(horizon_days=horizon, shorter=shorter), months=(24,), per_month=(6,), tests=300
            )
            for shorter in (True, False)
        }
        assert way[False]["detected"].min() > 0.7
        assert way[True].loc[way[True]["method"] != RUN_CHART, "detected"].max() < 0.05


def test_children_who_never_get_there_count() -> None:
    """A change that lets more children get there at all is seen, though nobody is faster."""
    usual = np.concatenate([np.full(50, 30.0), np.full(50, np.inf)])
    changed = np.concatenate([np.full(90, 30.0), np.full(10, np.inf)])
    table = power_table([(changed, usual)], Plan(horizon_days=60), months=(18,), per_month=(5,), tests=300)
    assert table.set_index("method")["detected"].loc[[RANK_TEST, CUSUM]].min() > 0.95


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one draw"):
        power_table([], Plan())
    with pytest.raises(ValueError, match="must be positive"):
        power_table(lognormal(0.2), Plan(), months=(0,))
