"""The frailty likelihood: its slope, its recovery of planted dependence, delayed entry, and its advice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_logs import log_of, odd_logs, stage_log
from scipy.optimize import check_grad

from event_logs import vocabulary as v
from mining.frailty import MOST_CHILDREN, Spells, _Model, fit_frailty, frailty_summary, spells_of
from mining.visits import find_visits, stage_summary

TRUE = np.array([60.0, 150.0, 100.0, 260.0])


def planted(seed: int, n: int, rho: float, *, before: float = 0.0, years: float = 2) -> Spells:
    """Four stages of n children who come at random from `before` days ahead of recording on."""
    rng = np.random.default_rng([4, seed])
    b = rng.normal(0, 0.8 * np.sqrt(rho), n)
    days = np.exp(np.log(TRUE) + b[:, None] + rng.normal(0, 0.8 * np.sqrt(1 - rho), (n, 4)))
    came = rng.uniform(-before, 365 * years, n)[:, None]
    end = came + np.cumsum(days, axis=1)
    begin, last = end - days, 365.0 * years
    child, stage = np.nonzero((begin < last) & (end[:, -1:] > 0))
    start, leave = begin[child, stage], end[child, stage]
    past = np.where(leave <= 0, np.inf, np.maximum(0.0, -start))
    return Spells(child, stage, np.minimum(leave, last) - start, leave <= last, past)


def test_slope_of_the_likelihood_with_delayed_entry() -> None:
    model = _Model.of(planted(1, 60, 0.3, before=600), np.arange(4), 4, 15)
    assert len(model.past_child)
    theta = np.concatenate([np.log(TRUE) + 0.1, np.full(4, -0.3), [0.4]])
    assert check_grad(lambda x: model.objective(x)[0], lambda x: model.objective(x)[1], theta) < 1e-2


def test_planted_medians_are_recovered_where_single_stages_are_too_short() -> None:
    fits = [fit_frailty(planted(seed, 100, 0.3), 4) for seed in range(14)]
    corrected = np.median([fit.median_days[3] for fit in fits]) / TRUE[3] - 1
    alone = np.median([fit.independent_median_days[3] for fit in fits]) / TRUE[3] - 1
    assert abs(corrected) < 0.12  # 6 % promised, over 200 logs: see benchmarks
    assert alone < -0.1
    assert np.median([fit.rho.mean() for fit in fits]) == pytest.approx(0.3, abs=0.07)
    held = np.mean([(fit.low_days <= TRUE) & (fit.high_days >= TRUE) for fit in fits])
    assert held > 0.85


def test_delayed_entry_does_not_bend_it() -> None:
    fit = fit_frailty(planted(3, 2500, 0.4, before=1500, years=1.5), 4)
    assert fit.median_days == pytest.approx(TRUE, rel=0.12)
    assert fit.rho.mean() == pytest.approx(0.4, abs=0.1)


def test_no_dependence_is_found_where_there_is_none() -> None:
    fit = fit_frailty(planted(5, 300, 0.0), 4)
    assert fit.rho.max() < 0.12
    assert fit.dependence < 4


def test_more_nodes_change_little() -> None:
    spells = planted(6, 200, 0.5)
    assert fit_frailty(spells, 4).median_days == pytest.approx(fit_frailty(spells, 4, nodes=41).median_days, rel=0.02)


def test_stage_with_few_ends_is_left_out() -> None:
    spells = planted(7, 60, 0.3)
    ended = spells.ended & ~((spells.stage == 3) & (np.cumsum(spells.stage == 3) > 5))
    fit = fit_frailty(Spells(spells.child, spells.stage, spells.days, ended, spells.past), 4)
    assert np.isnan(fit.median_days[3])
    assert np.isfinite(fit.median_days[:3]).all()


def test_table_beside_the_stage_summary() -> None:
    log = stage_log(1, 300)
    table = frailty_summary(log)
    assert table["stage"].tolist() == [stage.name for stage in v.STAGES]
    pd.testing.assert_series_equal(table["median_days"], stage_summary(log)["median_days"])
    assert table["note"].str.len().gt(10).all()
    assert not table["prefer_frailty"].any()  # the stages of this log were made without dependence
    assert table["frailty_median_days"].iloc[4] == pytest.approx(np.exp(4.6), rel=0.2)


def test_dependent_log_prefers_the_corrected_median() -> None:
    rng = np.random.default_rng(8)
    n = 400
    b = rng.normal(0, 0.55, n)
    start = rng.uniform(0, 700, n)
    reached = start[:, None] + np.cumsum(
        np.exp(np.log([60, 100, 250]) + b[:, None] + rng.normal(0, 0.5, (n, 3))), axis=1
    )
    steps = (v.AGENCY_DECISION, v.LODGED, v.ADOPTION_ORDER)
    rows = [(f"c{i:03d}", v.PANEL, start[i]) for i in range(n)]
    rows += [
        (f"c{i:03d}", name, reached[i, k]) for k, name in enumerate(steps) for i in range(n) if reached[i, k] <= 730
    ]
    court = frailty_summary(log_of(rows, window=(0, 730)), v.STAGES[3:]).iloc[2]
    assert court["prefer_frailty"]
    assert court["median_days"] < 235
    assert court["low_days"] < 250 < court["high_days"]
    assert "prefer the corrected median" in court["note"]


def test_part_of_very_many_children_is_used() -> None:
    log = stage_log(2, 300)
    found = [find_visits(log, stage) for stage in v.STAGES]
    assert len(np.unique(spells_of(found).child)) <= 300
    assert MOST_CHILDREN >= 1000


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    table = frailty_summary(odd_logs()[name])
    assert len(table) == len(v.STAGES)
    assert not table["prefer_frailty"].any()


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="at least one stage"):
        frailty_summary(stage_log(1, 20), ())
