"""The exact law of runs against printed values, a stored table, and brute force."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pytest

from mining.charts.rules import run_count
from mining.charts.runs_test import crossings_min, exact_limits, longest_max, runs_probability, runs_test

ORACLES = Path(__file__).resolve().parents[3].parent / "shared" / "oracles"


def test_limits_equal_the_stored_table() -> None:
    path = ORACLES / "runs_limits_exact_025.json"
    if not path.exists():
        pytest.skip("the stored table of exact limits is not beside the repository")
    table = json.loads(path.read_text())
    assert len(table) == 51
    assert {n: list(exact_limits(int(n) // 2, int(n) - int(n) // 2)) for n in table} == table


@pytest.mark.parametrize(
    ("useful", "limits"),
    [
        (10, (3, 9)), (12, (4, 10)), (16, (5, 13)), (20, (7, 15)),
        (24, (8, 18)), (30, (11, 21)), (40, (15, 27)), (60, (24, 38)),
    ],
)  # fmt: skip
def test_limits_of_even_halves(useful: int, limits: tuple[int, int]) -> None:
    assert exact_limits(useful // 2, useful // 2) == limits


def test_probabilities_of_swed_and_eisenhart() -> None:
    printed = {2: 0.333333, 3: 0.2, 4: 0.133333, 5: 0.095238, 10: 0.030303}
    for below, probability in printed.items():
        assert runs_probability(1, 2, below) + runs_probability(2, 2, below) == pytest.approx(probability, abs=5e-7)
    # Their seating example: 11 runs among 5 and 11.
    assert runs_probability(11, 5, 11) == 252 / 4368


def test_a_short_textbook_order_of_16_seats() -> None:
    """Five of one kind and eleven of the other so mixed that there are 11 runs."""
    signs = np.array([1 if kind == "O" else -1 for kind in "EOEEOEEEOEEEOEOE"])
    assert (int((signs > 0).sum()), int(run_count(signs))) == (5, 11)
    test = runs_test(signs)
    # P(R >= 11) = 252/4368 = 5.8 % is more than 2.5 %: unusual only by the normal approximation.
    assert (test.runs, test.high, test.unusual) == (11, 11, "")


@pytest.mark.parametrize(("above", "below"), [(1, 1), (3, 4), (5, 2), (6, 6)])
def test_law_equals_brute_force(above: int, below: int) -> None:
    counted: Counter[int] = Counter()
    for chosen in combinations(range(above + below), above):
        signs = -np.ones(above + below, dtype=int)
        signs[list(chosen)] = 1
        counted[int(run_count(signs))] += 1
    total = comb(above + below, above)
    law = {runs: runs_probability(runs, above, below) for runs in range(above + below + 2)}
    assert {runs: p for runs, p in law.items() if p} == pytest.approx({runs: n / total for runs, n in counted.items()})
    low, high = exact_limits(above, below)
    assert sum(n for runs, n in counted.items() if runs < low) / total <= 0.025
    assert sum(n for runs, n in counted.items() if runs <= low) / total > 0.025
    assert sum(n for runs, n in counted.items() if runs > high) / total <= 0.025


def test_long_charts_are_quick_and_agree_with_the_normal_approximation() -> None:
    for n in (400, 10_000):
        low, high = exact_limits(n // 2, n // 2)
        spread = 1.96 * np.sqrt(n * (n - 2) / (4 * (n - 1)))
        assert (low, high) == pytest.approx((n / 2 + 1 - spread, n / 2 + 1 + spread), abs=1.01)
    # On both sides of where whole numbers give way to logarithms.
    for n in (298, 300, 302):
        assert sum(runs_probability(runs, n // 2 - 20, n // 2 + 20) for runs in range(n + 1)) == pytest.approx(
            1, abs=1e-9
        )


def test_anhoej_limits() -> None:
    """Figures R's qbinom and round give, as printed with the R fixtures."""
    assert [(n, longest_max(n), crossings_min(n)) for n in (7, 8, 13, 16, 19, 20, 22, 24)] == [
        (7, 6, 1), (8, 6, 1), (13, 7, 3), (16, 7, 4), (19, 7, 6), (20, 7, 6), (22, 7, 7), (24, 8, 8)
    ]  # fmt: skip


def test_signals() -> None:
    few = runs_test(np.repeat([1, -1], 6))
    assert (few.runs, few.low, few.unusual, few.crossings, few.anhoej) == (2, 4, "too few", 1, True)
    many = runs_test(np.tile([1, -1], 8))
    assert (many.runs, many.high, many.unusual, many.anhoej) == (16, 13, "too many", False)
    fair = runs_test(np.tile([1, 1, -1, -1], 4))
    assert (fair.runs, fair.unusual, fair.anhoej) == (8, "", False)


def test_too_few_points_are_not_judged() -> None:
    short = runs_test(np.array([1] * 4 + [-1] * 5))
    assert (short.useful, short.enough, short.unusual, short.anhoej) == (9, False, "", False)
    nothing = runs_test(np.zeros(20, dtype=int))
    assert (nothing.useful, nothing.runs, nothing.longest, nothing.low, nothing.high) == (0, 0, 0, 0, 0)


def test_a_table_of_ones_own() -> None:
    signs = np.tile([1, -1], 8)
    assert runs_test(signs, {16: (5, 16)}).unusual == ""
    # A table that does not hold this number says nothing.
    assert runs_test(signs, {17: (5, 12)}).unusual == ""


def test_all_on_one_side_of_a_given_line() -> None:
    """One run is all that is possible, so its number says nothing; its length does."""
    test = runs_test(np.ones(12, dtype=int))
    assert (test.runs, test.low, test.high, test.unusual, test.anhoej) == (1, 1, 1, "", True)
