"""What a person sees while a run goes on: bars on a terminal, one line a stage anywhere else; always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


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
        if self._bars is None:
            self._say(what)
            yield lambda done, total: None
            return
        bars = self._bars
        task = bars.add_task(what, total=1)
        yield lambda done, total: bars.update(task, completed=done, total=total)
        total = bars.tasks[task].total
        bars.update(task, completed=total)

    def _say(self, line: str) -> None:
        if self._bars is not None:
            self._bars.console.print(f"[green]✓[/] {line}")
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
