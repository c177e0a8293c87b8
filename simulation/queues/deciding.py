"""A decision maker while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from simulation.cohort import Cohort, Running
from simulation.gates import DecisionMaker
from simulation.model import Step
from simulation.queues.host import Host, days_left, remaining
from simulation.queues.working_clock import WorkingClock
from simulation.runnable import Runnable, Work


class Decisions:
    """Says on which day each decision is made; nobody waits for anybody else."""

    def __init__(self, name: str, gate: DecisionMaker, host: Host, clock: WorkingClock) -> None:
        self._gate, self._host, self._clock = gate, host, clock
        self.holds = False
        self._keeps = f"keeps the limit {name}"

    def begin(self, child: int, work: Work) -> None:
        """The decision falls due now (a recommendation has been made)."""
        now = self._host.now
        self._decide(child, work, now, now + self._host.time_for(child, work))

    def load(self, cohort: Cohort, known: Runnable, step: Step, items: Sequence[Running]) -> None:
        """Carry on with decisions not yet made; a limit that has passed was not kept."""
        for item, elapsed, total, _ in remaining(self._host, cohort, step, items):
            due = self._host.start + days_left(self._host, elapsed, total)
            self._decide(item.child, self._host.ready.work[step.name], item.since, due)

    def open(self) -> None:
        """A decision maker does nothing by itself."""

    def left(self, child: int) -> None:
        """Nothing was held for the child."""

    def free(self, child: int) -> None:
        """No place is held here."""

    def _decide(self, child: int, work: Work, begun: float, made: float) -> None:
        gate, host = self._gate, self._host
        day = self._clock.on_or_after(made) if gate.working_days and made < host.horizon + 1.0 else made
        if gate.limit_days is not None and gate.keeps_limit > 0.0:
            # Drawn for a decision in good time too: the child's next one then has the same luck whatever this one is.
            kept = host.draws.unit(self._keeps, child) <= gate.keeps_limit
            limit = floor(floor(begun) + gate.limit_days)
            last = self._clock.on_or_before(limit) if gate.working_days else float(limit)
            # What happened on the day of the snapshot would have been recorded.
            earliest = host.now + (1.0 if host.now == host.start and host.model.whole_days else 0.0)
            if kept and day >= limit + 1.0 and last >= floor(earliest):
                day = max(last, earliest)
        host.at(day, self._done, child, work)

    def _done(self, child: int, work: Work) -> None:
        if not self._host.gone(child):
            self._host.happen(child, work)
