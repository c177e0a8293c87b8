"""The arrival of new cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.log import to_days
from simulation.arrivals import GROUP, Arrivals
from simulation.children import everybody
from simulation.cohort import Cohort
from simulation.model import PathwayModel

RATES = np.array([10.0, 20, 30, 0, 40, 15, 15, 15, 15, 5, 25, 60])


def arrivals(rates: np.ndarray = RATES, weight: tuple[float, ...] = (1.0, 3.0)) -> Arrivals:
    return Arrivals(rates, pd.DataFrame({"sex": ["f", "m"]}), np.array(weight))


def drawn(start: str, end: str, seed: int, model: Arrivals | None = None) -> tuple[pd.DatetimeIndex, np.ndarray]:
    generator = np.random.Generator(np.random.PCG64(seed))
    days, rows, _ = (model or arrivals()).draw(pd.Timestamp(start), pd.Timestamp(end), generator)
    return pd.DatetimeIndex(pd.to_datetime(days, unit="D")), rows


def test_counts_a_month_are_poisson_with_the_months_rate() -> None:
    counts = np.array(
        [np.bincount(drawn("2022-12-31", "2023-12-31", seed)[0].month, minlength=13)[1:] for seed in range(400)]
    )
    assert (counts[:, 3] == 0).all()
    busy = RATES > 0
    # 99.97 % limits of a mean of 400 Poisson counts; of 400, the variance is within 30 % of the mean as surely.
    assert (np.abs(counts.mean(axis=0) - RATES)[busy] < 3.6 * np.sqrt(RATES[busy] / 400)).all()
    assert (np.abs(counts.var(axis=0, ddof=1) / np.maximum(RATES, 1) - 1)[busy] < 0.30).all()
    assert np.abs(np.corrcoef(counts[:, busy].T) - np.eye(int(busy.sum()))).max() < 4 / np.sqrt(400)


def test_partial_months_have_their_share_and_every_day_is_possible() -> None:
    flat = arrivals(np.full(12, 31.0))  # one a day in months of 31 days
    days = [drawn("2023-01-10", "2023-03-20", seed, flat)[0] for seed in range(300)]
    every = pd.Series(pd.DatetimeIndex(np.concatenate(days)))
    per_month = every.dt.month.value_counts() / 300
    # 11 to 31 January: 21 days of 31; February whole; 1 to 20 March: 20 days of 31.
    for month, expected in ((1, 21.0), (2, 31.0), (3, 20.0)):
        assert per_month[month] == pytest.approx(expected, abs=3.5 * np.sqrt(expected / 300))
    assert f"{every.min():%Y-%m-%d}" == "2023-01-11"
    assert f"{every.max():%Y-%m-%d}" == "2023-03-20"
    assert every.nunique() == 21 + 28 + 20


def test_days_are_whole_and_ascending_and_rows_follow_the_weights() -> None:
    days, rows = drawn("2019-12-31", "2029-12-31", 1)
    assert days.is_monotonic_increasing
    assert (days == days.normalize()).all()
    assert set(rows.tolist()) == {0, 1}
    assert (rows == 1).mean() == pytest.approx(0.75, abs=3.5 * np.sqrt(0.1875 / len(rows)))
    assert (drawn("2019-12-31", "2029-12-31", 1, arrivals(weight=(1.0, 0.0)))[1] == 0).all()


def test_a_longer_horizon_only_adds_arrivals() -> None:
    short, long = drawn("2023-01-10", "2023-09-20", 5), drawn("2023-01-10", "2026-01-31", 5)
    assert len(short[0]) > 50
    assert short[0].equals(long[0][: len(short[0])])
    assert (short[1] == long[1][: len(short[1])]).all()


def test_under_higher_rates_the_same_cases_come_sooner() -> None:
    usual = drawn("2023-01-10", "2025-01-31", 5, arrivals(np.full(12, 20.0)))
    more = drawn("2023-01-10", "2025-01-31", 5, arrivals(np.full(12, 25.0)))
    n = len(usual[0])
    assert len(more[0]) > n
    assert (usual[1] == more[1][:n]).all()
    assert (more[0][:n] <= usual[0]).all()


def test_no_rate_no_arrival() -> None:
    days, rows = drawn("2023-01-10", "2024-01-31", 5, arrivals(np.zeros(12)))
    assert len(days) == len(rows) == 0


# Families -------------------------------------------------------------------------------------------------------------

POOL = pd.DataFrame(
    {
        "case": [""] * 6,
        "child": [""] * 6,
        "family": [""] * 6,
        GROUP: [7, 3, 3, 9, 3, 1],  # families of one (7, 9 and 1) and of three (3)
        "sex": list("abcdef"),
    }
)
FAMILIES = Arrivals(np.full(12, 30.0), POOL, np.array([1.0, 2.0, 2.0, 3.0, 2.0, 0.0]), group_sizes=(0.75, 0.0, 0.25))


def test_the_members_of_a_family_come_on_one_day_and_are_copied_together() -> None:
    found = FAMILIES.draw(pd.Timestamp("2020-12-31"), pd.Timestamp("2024-12-31"), np.random.default_rng(3))
    table = pd.DataFrame({"day": found.days, "row": found.rows, "group": found.group})
    families = table.groupby("group").agg(days=("day", "nunique"), rows=("row", tuple))
    assert (families["days"] == 1).all()
    assert set(families["rows"]) == {(0,), (3,), (1, 2, 4)}
    assert table["group"].is_monotonic_increasing
    # Of those that come alone, row 3 is drawn three times as often as row 0.
    share = families["rows"].value_counts(normalize=True)
    limit = 3.5 * np.sqrt(0.25 / len(families))
    assert share[(1, 2, 4)] == pytest.approx(0.25, abs=limit)
    assert share[(3,)] == pytest.approx(0.75 * 0.75, abs=limit)


def test_a_rate_counts_children_not_families() -> None:
    # Four children to three families... a mean of 1.5: 30 cases a month are 20 families.
    assert FAMILIES.mean_group == pytest.approx(1.5)
    span = pd.Timestamp("2020-12-31"), pd.Timestamp("2022-12-31")
    assert FAMILIES.expected(*span) == pytest.approx(24 * 30.0)
    counts = [len(FAMILIES.draw(*span, np.random.default_rng(seed)).days) for seed in range(200)]
    # Compound Poisson: the variance is that of 480 families with a mean square size of (3 + 9) / 4 = 3.
    assert np.mean(counts) == pytest.approx(720, abs=3.5 * np.sqrt(480 * 3 / 200))
    assert np.var(counts, ddof=1) == pytest.approx(480 * 3.0, rel=3.5 * np.sqrt(2 / 199))


def test_new_brothers_and_sisters_get_a_family_of_their_own() -> None:
    columns = {name: pd.Series(dtype="str") for name in ("case", "child", "family", "sex")}
    frame = pd.DataFrame(
        {**columns, "start": pd.Series(dtype="datetime64[us]"), "end": pd.Series(dtype="datetime64[us]")}
    )
    model = PathwayModel(name="none", steps={}, choices={}, ranks={}, final=(), arrivals=FAMILIES)
    nobody = Cohort.newcomers(model, frame, np.zeros(0), float(to_days(pd.Series([pd.Timestamp("2020-12-31")]))[0]))
    cases = everybody(model, nobody, pd.Timestamp("2021-12-31"), np.random.default_rng(3)).cases
    assert GROUP not in cases
    by_family = cases.groupby("family").agg(days=("start", "nunique"), who=("sex", "".join), child=("child", "nunique"))
    assert (by_family["days"] == 1).all()
    assert set(by_family["who"]) == {"a", "d", "bce"}
    assert (by_family["child"] == by_family["who"].str.len()).all()


# Trend and scatter --------------------------------------------------------------------------------------------------


def test_a_trend_is_worked_by_hand_and_fades_ahead_of_its_origin() -> None:
    model = replace(arrivals(np.full(12, 10.0)), trend_per_year=0.1, origin="2023-01-01", trend_lasts_years=2.0)
    day = float(to_days(pd.Series([pd.Timestamp("2023-01-01")]))[0])
    year = 365.25
    found = model.level([day - 3 * year, day, day + year, day + 5 * year, day + 100 * year])
    # Behind the origin the trend is whole; ahead of it e^-(years / 2) of it is left, two years' worth in all.
    expected = [1.1**-3, 1.0, 1.1 ** (2 * (1 - np.exp(-0.5))), 1.1 ** (2 * (1 - np.exp(-2.5))), 1.1**2]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    before = model.expected(pd.Timestamp("2019-12-31"), pd.Timestamp("2020-12-31"))
    assert before == pytest.approx(120 * 1.1**-2.5, rel=0.002)


def test_scattered_months_have_the_variance_that_was_asked_for() -> None:
    model = replace(arrivals(np.full(12, 20.0)), dispersion=0.2)
    counts = np.array(
        [np.bincount(drawn("2022-12-31", "2023-12-31", s, model)[0].month, minlength=13)[1:] for s in range(400)]
    )
    assert counts.mean() == pytest.approx(20.0, rel=0.03)
    assert counts.var(axis=0, ddof=1).mean() == pytest.approx(20 + 0.2 * 400, rel=0.1)


MODELS = st.builds(
    Arrivals,
    st.lists(st.floats(0.0, 40.0), min_size=12, max_size=12).map(np.array),
    st.just(POOL),
    st.just(FAMILIES.weight),
    trend_per_year=st.floats(-0.3, 0.3),
    origin=st.just("2022-06-30"),
    dispersion=st.sampled_from([0.0, 0.1, 1.0]),
    group_sizes=st.sampled_from([(), (1.0,), (0.5, 0.0, 0.5)]),
)


@settings(max_examples=40, deadline=None)
@given(MODELS, st.integers(0, 1000), st.integers(1, 500), st.integers(0, 800))
def test_a_longer_horizon_only_adds_and_a_family_shares_its_day(
    model: Arrivals, seed: int, days: int, more: int
) -> None:
    start = pd.Timestamp("2022-11-13")
    ends = start + pd.Timedelta(days=days), start + pd.Timedelta(days=days + more)
    short, long = (model.draw(start, end, np.random.default_rng(seed)) for end in ends)
    n = len(short.days)
    for one, other in zip(short, long, strict=True):
        assert (one == other[:n]).all()
    assert (long.days[n:] > to_days(pd.Series([ends[0]]))[0]).all()
    for group in np.unique(long.group):
        assert np.ptp(long.days[long.group == group]) == 0


@settings(max_examples=40, deadline=None)
@given(MODELS, st.integers(0, 1000), st.floats(1.0, 3.0))
def test_at_a_higher_rate_the_same_families_come_no_later(model: Arrivals, seed: int, factor: float) -> None:
    span = pd.Timestamp("2022-11-13"), pd.Timestamp("2023-08-31")
    fewer = model.draw(*span, np.random.default_rng(seed))
    more = replace(model, per_month=model.per_month * factor).draw(*span, np.random.default_rng(seed))
    n = len(fewer.days)
    assert len(more.days) >= n
    assert (more.rows[:n] == fewer.rows).all()
    assert (more.days[:n] <= fewer.days).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"trend_per_year": -1.0}, "must be above -1"),
        ({"trend_per_year": 0.1}, "origin is empty"),
        ({"dispersion": -0.1}, "dispersion at least 0"),
        ({"group_sizes": (0.5, 0.5)}, "families of 2, and the pool none"),
        ({"group_sizes": (0.0,)}, "not all 0"),
    ],
)
def test_arrivals_that_cannot_be_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(FAMILIES, **wrong)
