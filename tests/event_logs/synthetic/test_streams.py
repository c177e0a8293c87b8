"""Random streams by name, child and episode."""

from __future__ import annotations

import numpy as np
import pytest

from event_logs.synthetic.council import Law
from event_logs.synthetic.streams import Streams, stable_hash, working_day, working_day_before


def test_hash_is_the_same_everywhere() -> None:
    # blake2b of b"abc" with eight bytes, read with the lowest byte first, by coreutils' b2sum -l 64.
    assert stable_hash("abc").to_bytes(8, "little").hex() == "d8bb14d833d59559"


def test_a_child_keeps_its_draws_whatever_else_is_drawn() -> None:
    alone = Streams(5, 10).of(np.array([7]), np.array([1]), 0.3)
    others = Streams(5, 10).of(np.arange(10), np.ones(10, dtype=int), 0.3)
    others.uniform("another purpose")
    law = Law(100, 0.5)
    assert alone.duration("report", law)[0] == others.duration("report", law)[7]
    assert alone.uniform("route")[0] == others.uniform("route")[7]


def test_purposes_episodes_and_seeds_differ() -> None:
    child, first, second = np.arange(50), np.zeros(50, dtype=int), np.ones(50, dtype=int)
    draws = [
        Streams(5, 50).of(child, first, 0.3).uniform("a"),
        Streams(5, 50).of(child, first, 0.3).uniform("b"),
        Streams(5, 50).of(child, second, 0.3).uniform("a"),
        Streams(6, 50).of(child, first, 0.3).uniform("a"),
    ]
    for one in range(4):
        for other in range(one):
            assert not (draws[one] == draws[other]).any()


def test_durations_have_the_planted_median_spread_and_correlation() -> None:
    size = 40_000
    draws = Streams(1, size).of(np.arange(size), np.zeros(size, dtype=int), 0.3)
    one, other = draws.duration("one", Law(2000, 0.5)), draws.duration("other", Law(3000, 0.9))
    assert np.median(one) == pytest.approx(2000, rel=0.01)
    assert np.log(one).std() == pytest.approx(0.5, rel=0.02)
    assert np.corrcoef(np.log(one), np.log(other))[0, 1] == pytest.approx(0.3, abs=0.015)


def test_choice_has_the_shares_of_each_row() -> None:
    size = 20_000
    draws = Streams(1, 2 * size).of(np.arange(2 * size), np.zeros(2 * size, dtype=int), 0.3)
    shares = np.repeat([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0]], size, axis=0)
    chosen = draws.choice("route", shares)
    assert np.bincount(chosen[:size]) / size == pytest.approx([0.2, 0.5, 0.3], abs=0.015)
    assert (chosen[size:] == 2).all()


def test_working_days_agree_with_numpy() -> None:
    day = np.arange(-400, 400)
    dates = day.astype("datetime64[D]")
    forward = np.busday_offset(dates, 0, roll="forward").astype(int)
    backward = np.busday_offset(dates, 0, roll="backward").astype(int)
    assert (working_day(day.astype(float)) == forward).all()
    assert (working_day_before(day.astype(float)) == backward).all()
