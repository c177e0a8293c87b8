"""The log that a run gives: who the new cases are, and the order of everything in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_models import (
    DAY_ZERO,
    arriving,
    at,
    single,
    weibull,
    with_arrivals,
)

from event_logs.log import EventLog, to_days
from simulation.arrivals_fit import fit_arrivals
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.record import _sorted


def test_new_cases_copy_attributes_and_are_nobody_who_was_there() -> None:
    model = with_arrivals(single(weibull(1.0, 90.0), whole_days=True))
    log = simulate(model, arriving(model, [1.0, 2.0]), at(900), seed=3)
    new = log.cases[log.cases["case"].str.startswith("new")]
    assert 150 < len(new) < 400
    assert new["child"].is_unique
    assert not new["child"].isin(["x", "y"]).any()
    ages = (to_days(new["start"]) - to_days(new["birth"])).tolist()
    assert {(sex, age) for sex, age in zip(new["sex"], ages, strict=True)} == {("f", 100.0), ("m", 900.0)}
    assert to_days(new["start"]).min() > DAY_ZERO


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (pd.Categorical, ["0", "0", "1", "1", "2", "2"]),
        (lambda numbers: numbers, ["0", "0", "1", "1", "2", "2"]),
        (
            lambda numbers: [float("nan"), *(float(one) for one in numbers[1:])],
            [None, "0.0", "1.0", "1.0", "2.0", "2.0"],
        ),
    ],
)
def test_ids_that_are_no_text_and_births_that_are_have_new_ones_beside_them(
    written: Callable[[list[int]], Any], read: list[str | None]
) -> None:
    model = single(weibull(1.0, 900.0), whole_days=True)
    log = simulate(model, arriving(model, [5.0, 5.0, 9.0, 9.0, 20.0, 20.0]), at(25), seed=1)
    families = written([0, 0, 1, 1, 2, 2])
    log = EventLog(
        log.events, log.cases.assign(child=range(6), family=families, birth=["2015-04-01", None] * 3), log.window
    )
    arrivals, _ = fit_arrivals(log, np.ones(6), {})
    future = simulate(replace(model, arrivals=arrivals), snapshot(log, model), at(400), seed=1).cases
    new = future["case"].str.startswith("new")
    assert (future["child"].dtype, future["family"].dtype, future["birth"].dtype) == ("str", "str", "datetime64[us]")
    assert future.loc[~new, "child"].tolist() == ["0", "1", "2", "3", "4", "5"]
    assert [None if pd.isna(one) else one for one in future.loc[~new, "family"]] == read
    assert future.loc[~new, "birth"].isna().tolist() == [False, True] * 3
    assert (future.loc[new, "child"] == future.loc[new, "case"]).all()
    assert future.loc[new, "family"].str.startswith("new").all()
    assert 0 < future.loc[new, "birth"].notna().sum() < new.sum()


def test_new_ids_never_clash_with_those_of_an_earlier_simulation() -> None:
    model = with_arrivals(single(weibull(1.0, 900.0), whole_days=True))
    cohort = arriving(model, [1.0, 2.0])
    cohort = replace(cohort, cases=cohort.cases.assign(case=["new-000000", "new-000007"]))
    assert simulate(model, cohort, at(900), seed=3).cases["case"].is_unique


def test_new_cases_take_their_attributes_from_the_pool_of_their_own_model() -> None:
    first = with_arrivals(single(weibull(1.0, 90.0), whole_days=True))
    assert first.arrivals is not None
    other = replace(first, arrivals=replace(first.arrivals, pool=first.arrivals.pool.assign(sex=["x", "y"], town="z")))
    cohort = arriving(first, [1.0, 2.0])
    for model, sexes, towns in ((first, {"f", "m"}, set()), (other, {"x", "y"}, {"z"}), (first, {"f", "m"}, set())):
        cases = simulate(model, cohort, at(400), seed=3).cases
        new = cases["case"].str.startswith("new")
        assert set(cases.loc[new, "sex"]) == sexes
        assert cases.loc[~new, "sex"].isna().all()
        assert set(cases.loc[new].get("town", pd.Series(dtype="str"))) == towns


@pytest.mark.parametrize(("whole", "activities"), [(True, 9), (False, 9), (True, 2**60)])
def test_the_log_is_in_the_order_of_case_day_and_activity(whole: bool, activities: int) -> None:
    rng = np.random.default_rng(5)
    day = rng.uniform(-30.0, 30.0, 4000)
    day = np.floor(day) if whole else day
    events = rng.integers(0, 60, 4000).astype(np.int32), rng.integers(0, 9, 4000).astype(np.int32), day
    child, activity, days = _sorted(events, activities)
    rows = sorted(zip(events[0].tolist(), day.tolist(), events[1].tolist(), strict=True))
    assert list(zip(child.tolist(), days.tolist(), activity.tolist(), strict=True)) == rows
    assert (child.dtype, activity.dtype, days.dtype) == (np.int32, np.int32, np.float64)
