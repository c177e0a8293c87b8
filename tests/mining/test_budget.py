"""A time budget, with a clock that the test moves."""

from __future__ import annotations

from mining.budget import Budget


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 50.0

    def __call__(self) -> float:
        return self.time

    def work(self, seconds: float) -> float:
        """Work that takes so long."""
        self.time += seconds
        return seconds


def test_without_a_limit_everything_is_done() -> None:
    clock = Clock()
    budget = Budget(None, clock)
    assert [budget.of("x", lambda: clock.work(1e6)) for _ in range(3)] == [1e6] * 3
    assert not budget.ran_out


def test_a_step_begins_only_if_one_like_it_would_end_in_time() -> None:
    clock = Clock()
    budget = Budget(10, clock)
    assert budget.of("slow", lambda: clock.work(6)) == 6
    assert budget.of("slow", lambda: clock.work(1)) is None  # 4 seconds are left
    assert budget.ran_out
    assert budget.of("quick", lambda: clock.work(3)) == 3  # of which nothing is known yet
    assert budget.of("quick", lambda: clock.work(3)) is None
    assert clock.time == 59


def test_nothing_begins_when_the_time_is_up() -> None:
    clock = Clock()
    assert Budget(0, clock).of("x", lambda: 1) is None
    budget = Budget(10, clock)
    clock.work(10)
    assert budget.of("x", lambda: 1) is None


def test_a_part_of_the_work_may_have_a_share_only() -> None:
    clock = Clock()
    budget = Budget(9, clock)
    clock.work(6)
    assert budget.of("x", lambda: 1, share=2 / 3) is None
    assert budget.of("x", lambda: 1) == 1
