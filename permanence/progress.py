"""What a person sees while a run goes on: bars on a terminal, one line a stage anywhere else; always on stderr."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

Advance = Callable[[int, int], None]
"""Called with how much is done, and of how much."""
_SAID_EVERY_SECONDS = 30.0
"""Where there are no bars, how far a long stage is stands in a line of its own this often."""
_PACE_OVER_SECONDS = 60.0
_SOON_SECONDS = 0.05
"""What comes faster than this was kept from an earlier run, and says nothing about the pace."""


class TimeLeft:
    """How long the rest will take at the pace of the last minute."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or time.monotonic
        self._seen: deque[tuple[float, int]] = deque()

    def seconds(self, done: int, total: int) -> float | None:
        """Seconds left; None while the pace is not known."""
        now = self._clock()
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        if len(self._seen) == 1 and now - self._seen[0][0] < _SOON_SECONDS:
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > _PACE_OVER_SECONDS:
            self._seen.popleft()
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        if after <= before or last <= first:
            return None
        return (total - done) * (last - first) / (after - before)


def in_words(seconds: float | None) -> str:
    """Time left, as exactly as it is known.

    >>> [in_words(left) for left in (None, 3.0, 48.0, 130.0, 5400.0, 9000.0)]
    ['', 'a few seconds left', '50 s left', '3 min left', '1 h 30 min left', '2 h 30 min left']
    """
    if seconds is None:
        return ""
    if seconds < 8.0:
        return "a few seconds left"
    if seconds <= 90.0:
        return f"{10 * round(seconds / 10.0)} s left"
    minutes = int(-(-seconds // 60.0))
    if minutes < 60:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"


class _LeftColumn(TextColumn):
    """The time left of a stage that goes on."""

    def __init__(self) -> None:
        super().__init__("{task.fields[left]}")

    def render(self, task: Task) -> Text:
        """Nothing once it is done."""
        return Text("") if task.finished else super().render(task)


class StageDisplay:
    """Shows the stages of a run one after another; use it in a `with` block."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars: Progress | None = None

    def __enter__(self) -> StageDisplay:
        if self._console.is_terminal:
            self._bars = Progress(
                SpinnerColumn(finished_text="[green]✓"),
                TextColumn("{task.description}"),
                BarColumn(bar_width=28),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                _LeftColumn(),
                console=self._console,
            )
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def skipped(self, what: str) -> None:
        """Say that a stage need not run again."""
        self._say(f"{what}: nothing changed, kept")

    @contextmanager
    def stage(self, what: str) -> Iterator[Advance]:
        """Show one stage while the block runs; the block may report how far it is."""
        left = TimeLeft()
        if self._bars is None:
            self._say(what)
            yield self._in_lines(what, left)
            return
        bars = self._bars
        task = bars.add_task(what, total=1, left="")
        yield lambda done, total: bars.update(
            task, completed=done, total=total, left=in_words(left.seconds(done, total))
        )
        total = bars.tasks[task].total
        bars.update(task, completed=total)

    def _in_lines(self, what: str, left: TimeLeft) -> Advance:
        """Says now and then how far a stage is, where it takes long."""
        said = time.monotonic()

        def advance(done: int, total: int) -> None:
            nonlocal said
            seconds = left.seconds(done, total)
            if time.monotonic() - said >= _SAID_EVERY_SECONDS and done < total:
                said = time.monotonic()
                self._say(", ".join(filter(None, [f"{what}: {done:,} of {total:,}", in_words(seconds)])))

        return advance

    def _say(self, line: str) -> None:
        if self._bars is not None:
            self._bars.console.print(f"[green]✓[/] {line}")
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
