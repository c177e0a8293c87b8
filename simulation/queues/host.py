"""What a gate needs of the run it stands in, and what the run needs of a gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from simulation.cohort import Cohort, Running
from simulation.draws import Draws
from simulation.frailty import Paced
from simulation.laws import Law
from simulation.model import PathwayModel, Step
from simulation.runnable import Runnable, Work
from simulation.streams import Streams

Action = Callable[..., None]
"""Called with what was handed over with it."""


class Host(Protocol):
    """A run, as its gates see it. Days are days since 1970-01-01."""

    model: PathwayModel
    draws: Draws
    streams: Streams
    ready: Runnable
    start: float
    horizon: float

    @property
    def now(self) -> float:
        """The day it is."""

    def at(self, day: float, action: Action, *what: Any, last: bool = False) -> None:
        """Have the action called on that day; with `last`, after all else that happens then."""

    def later(self, days: float, action: Action, *what: Any) -> None:
        """Have the action called after so many days."""

    def time_for(self, child: int, work: Work) -> float:
        """Days that a step takes which begins now: the child's next draw."""

    def elapsed(self, step: Step, item: Running) -> float:
        """On the clock of the step's law, the time that a step under way has lasted at the start of the run."""

    def law(self, child: int, step: Step) -> Law | Paced:
        """The law of a step for this child."""

    def reached_from(self, child: int) -> float:
        """From when on the child follows the changed model; minus infinity where all do from the start."""

    def goes_on(self, child: int, step: Step, elapsed: float, total: float) -> float:
        """The whole length of work under way, when a change comes to it; as it was where none does.

        `elapsed` is what has passed of it now, `total` its length without the change, as the law counts days.
        """

    def gone(self, child: int) -> bool:
        """Whether the child's case has ended."""

    def happened(self, child: int, activity: str) -> bool:
        """Whether the activity has happened, as far as joins and work begun beforehand ask."""

    def happen(self, child: int, work: Work) -> None:
        """The step is done: its activity happens, and what follows begins."""

    def begin(self, child: int, work: Work) -> None:
        """A step begins now."""

    def note(self, child: int, activity: str, day: float) -> None:
        """Record an activity from which nothing follows; an empty name records nothing."""


class Station(Protocol):
    """A gate while a run goes on."""

    holds: bool
    """Whether it keeps something for a child, which it must be told of when the child leaves."""

    def begin(self, child: int, work: Work) -> None:
        """A step with this gate begins now."""

    def load(self, cohort: Cohort, known: Runnable, step: Step, items: Sequence[Running]) -> None:
        """Take over children for whom the step, as the cohort's own model has it, is under way at the start."""

    def open(self) -> None:
        """Everybody is loaded: lay out what the gate does by itself."""

    def left(self, child: int) -> None:
        """The child's case has ended."""

    def free(self, child: int) -> None:
        """The activity has happened at which the child gives back what it holds."""


def chance(host: Host, name: str) -> float:
    """A draw that is no child's, uniform on (0, 1]: the same for this name whatever else is drawn."""
    return 1.0 - float(host.streams.generator(name).random())


def remaining(
    host: Host, cohort: Cohort, step: Step, items: Sequence[Running], elapsed: Sequence[float] | None = None
) -> list[tuple[Running, float, float, bool]]:
    """For each child with the step under way: how long it has lasted, its whole length, and whether it must be over.

    `elapsed` gives the time so far of each, where it is not that since the step began.
    """
    children = np.asarray([item.child for item in items], dtype=np.int64)
    so_far = [host.elapsed(step, item) for item in items] if elapsed is None else list(elapsed)
    lasting, over = host.draws.remaining(step, cohort.model.stratify_by, children, np.asarray(so_far))
    found = zip(items, so_far, lasting.tolist(), over.tolist(), strict=True)
    return [(one, days, total if is_over else host.goes_on(one.child, step, days, total), is_over)
            for one, days, total, is_over in found]  # fmt: skip


def days_left(host: Host, elapsed: float, total: float) -> float:
    """Days from the start of the run to the end of a step under way.

    An end on the day of the snapshot would have been recorded: the day after is the first there can be. Where days are
    not whole, the snapshot is an instant, and what should be over by then ends at it: never before the run starts.
    """
    return max(host.draws.rounded(total) - elapsed, 1.0 if host.model.whole_days else 0.0)
