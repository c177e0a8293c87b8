"""Named random streams: a draw belongs to a child and a purpose, and to nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from simulation.streams import Streams, stable_hash


def draws(streams: Streams, name: str, children: int, occasions: int) -> list[float]:
    return [streams.unit(name, child, occasion) for child in range(children) for occasion in range(occasions)]


def test_another_stream_and_more_children_leave_every_draw_as_it_was() -> None:
    alone, among_others = Streams(7, 3, 20), Streams(7, 3, 500)
    for name in ("panel", "court", "legal advice"):
        draws(among_others, name, 5, 9)
    assert draws(alone, "health", 20, 11) == draws(among_others, "health", 20, 11)


def test_the_order_of_asking_does_not_matter() -> None:
    forwards, backwards = Streams(1, 0, 6), Streams(1, 0, 6)
    late_first = backwards.unit("a", 5, 9)
    assert draws(forwards, "a", 6, 10) == draws(backwards, "a", 6, 10)
    assert forwards.unit("a", 5, 9) == late_first


def test_seed_replication_name_child_and_occasion_each_give_other_draws() -> None:
    values = {
        Streams(seed, replication, 8).unit(name, child, occasion)
        for seed in (1, 2)
        for replication in (0, 1)
        for name in ("a", "b")
        for child in range(8)
        for occasion in range(13)
    }
    assert len(values) == 2 * 2 * 2 * 8 * 13


def test_draws_are_uniform_on_the_unit_interval_and_never_zero() -> None:
    values = np.array(draws(Streams(5, 0, 5000), "x", 5000, 6))
    assert values.min() > 0.0
    assert values.max() <= 1.0
    # 99.9 % limits of mean and of the share below 0.1 for 30,000 uniform draws.
    assert abs(values.mean() - 0.5) < 3.29 * np.sqrt(1 / 12 / 30_000)
    assert abs((values < 0.1).mean() - 0.1) < 3.29 * np.sqrt(0.09 / 30_000)
    by_occasion = values.reshape(5000, 6)
    assert np.abs(np.corrcoef(by_occasion.T) - np.eye(6)).max() < 4.0 / np.sqrt(5000)


def test_a_generator_that_returns_zero_still_gives_a_positive_draw() -> None:
    # random() lies in [0, 1): the draw is one minus it.
    streams = Streams(1, 0, 3)
    raw = streams.generator("x#0").random(12)
    assert [streams.unit("x", child, o) for child in range(3) for o in range(4)] == (1.0 - raw).tolist()
    assert streams.column("x").tolist() == (1.0 - raw)[::4].tolist()


def test_the_hash_of_a_name_is_fixed() -> None:
    assert stable_hash("Legal advice received") == 674134080651532182
    assert stable_hash("a") != stable_hash("b")


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_draws_do_not_depend_on_pythons_hash_seed(hash_seed: str) -> None:
    code = "from simulation.streams import Streams; print(repr(Streams(3, 1, 4).unit('panel', 2, 5)))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) == Streams(3, 1, 4).unit("panel", 2, 5)
