"""Small versions of the benchmarks: accuracy on synthetic logs with known truth, and coverage of the intervals."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from made_logs import benchmark


@pytest.fixture(scope="module")
def acceptance() -> ModuleType:
    """The six promises."""
    return benchmark("acceptance")


def number(measured: str) -> float:
    """The first number of a measured value."""
    return float(measured.split()[0].rstrip("%"))


def test_median_of_a_two_year_log(acceptance: ModuleType) -> None:
    bias, coverage, _, naive = acceptance.median_of_a_wait(0.12)
    assert abs(number(bias.measured)) < 5  # 60 logs of the 500; its standard error is 1.4 %
    assert number(coverage.measured) >= 85
    assert number(naive.measured) < -25


def test_delayed_entry(acceptance: ModuleType) -> None:
    for row in acceptance.delayed_entry(0.02):
        assert abs(number(row.measured)) < 10, row


def test_child_days(acceptance: ModuleType) -> None:
    for row in acceptance.child_days(0.08):
        assert number(row.measured) >= 75, row


def test_share_and_dependence_and_their_table(acceptance: ModuleType) -> None:
    rows = [*acceptance.share_of_a_way(0.01), *acceptance.dependent_stages(0.01)]
    assert number(rows[0].measured) < 0.09
    assert number(rows[0].measured) < number(rows[1].measured)
    assert abs(number(rows[2].measured)) < abs(number(rows[3].measured))
    assert acceptance.table(rows).count("\n") == len(rows) + 1


@pytest.mark.parametrize("children", [50, 200])
def test_intervals_hold_the_truth(children: int) -> None:
    table = benchmark("coverage").coverage(children, 12, laws=2).set_index("interval")["coverage"]
    assert set(table.index) == {
        "median of a stage",
        "share that reached an end",
        "share of child-days",
        "rank of a stage",
    }
    assert (table > 0.8).all()  # 60 intervals of 12 councils each; 200 councils in benchmarks/coverage.md
    assert np.average(table) > 0.88
