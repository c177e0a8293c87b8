"""The time left is that of the pace of late."""

from __future__ import annotations

import pytest

from permanence import progress
from permanence.progress import StageDisplay, TimeLeft


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rest_takes_as_long_as_what_was_done() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    assert left.seconds(0, 50) is None
    for done in range(1, 11):
        clock.now += 2.0
        assert left.seconds(done, 50) == pytest.approx((50 - done) * 2.0)


def test_what_was_kept_from_an_earlier_run_says_nothing_about_the_pace() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    for done in range(1, 31):
        clock.now += 0.001
        assert left.seconds(done, 50) is None
    clock.now += 4.0
    assert left.seconds(31, 50) == pytest.approx(19 * 4.0)


def test_the_pace_is_that_of_the_last_minute() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    for done in range(100):
        clock.now += 1.0
        left.seconds(done, 1000)
    for done in range(100, 140):
        clock.now += 10.0
        seconds = left.seconds(done, 1000)
    assert seconds == pytest.approx((1000 - 139) * 10.0, rel=0.01)


def test_away_from_a_terminal_a_long_stage_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    with StageDisplay() as display, display.stage("Comparing") as advance:
        for done in range(1, 101):
            clock.now += 1.0
            advance(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Comparing"
    assert len(lines) == 4
    assert lines[1].startswith("Comparing: 30 of 100, ")
    assert lines[1].endswith("70 s left")
