"""Shifts and trends: ties, missing points, several in a row. Cases of the Scottish run-chart rules, worked by hand.

The cases (not the code) follow the public tests of the R package runchart; positions are from 1 as there.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.charts.rules import run_count, run_lengths, same_side, sides, steps, trends

NA = float("nan")
Stretches = list[tuple[int, list[int]]]


def up(*bounds: int) -> list[float]:
    """1:5 as R writes it, also downwards."""
    first, last = bounds
    step = 1 if last >= first else -1
    return [float(i) for i in range(first, last + step, step)]


def rep(value: float, times: int) -> list[float]:
    return [value] * times


def shifts_of(values: list[float], centre: float = 0.0) -> Stretches:
    """Each shift with all the points from its first to its last that have a value, from 1."""
    return [(s.sign, sorted(i + 1 for i in s.points + s.passed_over)) for s in same_side(np.array(values), centre, 6)]


def trends_of(values: list[float]) -> Stretches:
    return [(s.sign, sorted(i + 1 for i in s.points + s.passed_over)) for s in trends(np.array(values), 5)]


def span(*bounds: int) -> list[int]:
    return list(range(bounds[0], bounds[1] + 1))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (up(1, 5), []),
        (up(1, 6), [(1, span(1, 6))]),
        (up(1, 9), [(1, span(1, 9))]),
        (up(-1, -7), [(-1, span(1, 7))]),
        # up and down again on one side is one shift; a point on the line before it is not part of it
        (up(1, 9) + up(8, 1), [(1, span(1, 17))]),
        ([0, *up(1, 3), *up(3, 1)], [(1, span(2, 7))]),
        ([0, *up(-1, -3), *up(-3, -1)], [(-1, span(2, 7))]),
        ([1, -1] * 3 + [1], []),
        # points on the line neither break nor count, missing ones are ignored
        (rep(1, 5) + rep(0, 9), []),
        (rep(1, 5) + rep(0, 2) + [1], [(1, span(1, 8))]),
        (rep(1, 5) + rep(NA, 2) + [1], [(1, [*span(1, 5), 8])]),
        ([*up(1, 5), NA, 0, *up(-1, -5), 0, NA], []),
        ([*up(1, 5), NA, 0, 1], [(1, [*span(1, 5), 7, 8])]),
        (rep(NA, 15), []),
        (rep(0, 15), []),
        ([0, NA] * 5, []),
        (rep(NA, 5) + rep(1, 7), [(1, span(6, 12))]),
        (rep(0, 5) + rep(1, 8), [(1, span(6, 13))]),
        (rep(1, 4) + rep(NA, 4) + rep(1, 2), [(1, [*span(1, 4), 9, 10])]),
        (rep(1, 4) + rep(0, 4) + rep(1, 2), [(1, span(1, 10))]),
        ([1, NA] * 5 + [1], [(1, [1, 3, 5, 7, 9, 11])]),
        ([1, NA] * 5 + [0], []),
        ([1, NA] * 5 + [NA], []),
        ([1, NA] * 5 + [-1], []),
        ([*up(1, 6), NA], [(1, span(1, 6))]),
        ([*up(1, 6), 0], [(1, span(1, 6))]),
        ([*up(1, 6), NA, *up(1, 2)], [(1, [*span(1, 6), 8, 9])]),
        (up(1, 6) + up(0, 2), [(1, span(1, 9))]),
        ([*up(1, 6), -1, *up(1, 2)], [(1, span(1, 6))]),
        # several
        (up(1, 6) + up(-1, -6), [(1, span(1, 6)), (-1, span(7, 12))]),
        ([*up(1, 6), NA, *up(-1, -6)], [(1, span(1, 6)), (-1, span(8, 13))]),
        (up(1, 6) + up(0, -6), [(1, span(1, 6)), (-1, span(8, 13))]),
        (up(1, 6) + up(0, 6), [(1, span(1, 13))]),
        ([*up(1, 6), NA, *up(1, 6)], [(1, [*span(1, 6), *span(8, 13)])]),
        (rep(0, 8) + rep(1, 6) + [-1] + rep(1, 6), [(1, span(9, 14)), (1, span(16, 21))]),
        (rep(0, 8) + rep(1, 5) + rep(-1, 6), [(-1, span(14, 19))]),
        (rep(0, 8) + rep(1, 5) + [0, 1], [(1, span(9, 15))]),
    ],
)
def test_shifts(values: list[float], expected: Stretches) -> None:
    assert shifts_of(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (up(1, 4), []),
        (up(1, 5), [(1, span(1, 5))]),
        (up(1, 6), [(1, span(1, 6))]),
        (up(-1, -5), [(-1, span(1, 5))]),
        ([1, 3] * 5, []),
        (up(1, 17), [(1, span(1, 17))]),
        # two trends share the point where they turn
        (up(1, 9) + up(8, 1), [(1, span(1, 9)), (-1, span(9, 17))]),
        (up(1, 4) + up(3, 1), []),
        # a value equal to the one before neither breaks nor counts
        (up(1, 4) + rep(4, 9), []),
        (up(1, 4) + rep(4, 2) + [5], [(1, span(1, 7))]),
        (up(1, 4) + rep(NA, 2) + [5], [(1, [*span(1, 4), 7])]),
        ([*up(1, 4), NA, 0, *up(-1, -3), 0, NA], [(-1, [4, *span(6, 9)])]),
        ([*up(1, 4), NA, 4, 5], [(1, [*span(1, 4), 6, 7])]),
        (rep(NA, 15), []),
        (rep(0, 15), []),
        ([0, NA] * 5, []),
        (rep(NA, 5) + up(1, 7), [(1, span(6, 12))]),
        (rep(0, 5) + up(1, 8), [(1, span(5, 13))]),
        (up(1, 3) + rep(NA, 4) + up(4, 5), [(1, [1, 2, 3, 8, 9])]),
        (up(1, 3) + rep(3, 4) + up(4, 5), [(1, span(1, 9))]),
        ([1, NA, 2, NA, 3, NA, 4, NA, 5], [(1, [1, 3, 5, 7, 9])]),
        ([1, NA, 2, NA, 3, NA, 4, NA, 4], []),
        ([1, NA, 2, NA, 3, NA, 4, NA, NA], []),
        ([1, NA, 2, NA, 3, NA, 4, NA, 3], []),
        ([*up(1, 6), NA], [(1, span(1, 6))]),
        ([*up(1, 6), 0], [(1, span(1, 6))]),
        ([*up(1, 5), NA, *up(6, 7)], [(1, [*span(1, 5), 7, 8])]),
        ([*up(1, 4), 4, 5], [(1, span(1, 6))]),
        ([*up(1, 5), -1, *up(1, 2)], [(1, span(1, 5))]),
        # several
        (up(1, 5) + up(-1, -5), [(1, span(1, 5)), (-1, span(5, 10))]),
        ([*up(1, 5), NA, *up(-1, -5)], [(1, span(1, 5)), (-1, [5, *span(7, 11)])]),
        ([*up(1, 5), 0, *up(-1, -5)], [(1, span(1, 5)), (-1, span(5, 11))]),
        ([*up(1, 5), 0, *up(1, 5)], [(1, span(1, 5)), (1, span(6, 11))]),
        ([*up(1, 5), NA, *up(1, 5)], [(1, span(1, 5)), (1, span(7, 11))]),
        # realistic ones
        ([0, 1, 5, 2, 3, 8, 2, 2, 3, 4, 7, 4, 3, 4, 2, 3, 1, 2, 3, 2, 8, 9, 7, 8, 7, 9, NA, 7, 7, 8], []),
        ([5, 6, 6, 5, 5, 6, 7, 8, 9], [(1, span(4, 9))]),
        # a trailing equal value is not part of the trend (R's package counts it in)
        ([*up(1, 5), 5], [(1, span(1, 5))]),
    ],
)
def test_trends(values: list[float], expected: Stretches) -> None:
    assert trends_of(values) == expected


def test_what_is_passed_over_is_told_apart() -> None:
    (shift,) = same_side(np.array([1, 1, 0, NA, 1, 1, 1, 1]), 0.0, 6)
    assert (shift.points, shift.passed_over) == ((0, 1, 4, 5, 6, 7), (2,))
    (trend,) = trends(np.array([1, 2, 2, NA, 3, 4, 5]), 5)
    assert (trend.points, trend.passed_over) == ((0, 1, 4, 5, 6), (2,))


def test_no_points_find_nothing() -> None:
    empty = np.empty(0)
    assert same_side(empty, 0.0, 6) == ()
    assert trends(empty, 5) == ()
    assert trends(np.array([3.0]), 5) == ()


@given(st.lists(st.one_of(st.just(NA), st.integers(-3, 3).map(float)), max_size=25))
def test_missing_points_change_nothing(values: list[float]) -> None:
    known = [value for value in values if not np.isnan(value)]
    assert [len(s.points) for s in same_side(np.array(values), 0.0, 3)] == [
        len(s.points) for s in same_side(np.array(known), 0.0, 3)
    ]
    assert [(s.sign, len(s.points)) for s in trends(np.array(values), 3)] == [
        (s.sign, len(s.points)) for s in trends(np.array(known), 3)
    ]


@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=25))
def test_against_a_plain_reading_of_the_rules(values: list[float]) -> None:
    """Leave out what does not count, then look for rows: the longest must be the same."""
    off = [value > 0 for value in values if value != 0]
    assert max((len(s.points) for s in same_side(np.array(values), 0.0, 1)), default=0) == longest(off)
    moves = [b > a for a, b in itertools.pairwise(values) if a != b]
    found = max((len(s.points) for s in trends(np.array(values), 2)), default=1)
    assert found == longest(moves) + 1


def longest(flags: list[bool]) -> int:
    best = run = 0
    for number, flag in enumerate(flags):
        run = run + 1 if number and flag == flags[number - 1] else 1
        best = max(best, run)
    return best


def test_a_matrix_is_judged_row_by_row() -> None:
    rows = np.random.default_rng(3).integers(-2, 3, (50, 14)).astype(float)
    signs, moves = sides(rows, 0.0), steps(rows)
    for row, sign, move in zip(rows, signs, moves, strict=True):
        assert (sides(row, 0.0) == sign).all()
        assert (steps(row) == move).all()
        assert run_lengths(sign).max() == run_lengths(signs).max(axis=1)[(rows == row).all(axis=1)][0]
    assert (run_count(signs) == [run_count(sign) for sign in signs]).all()
