"""How long does a comparison take? Ten ready-made ideas by draws by replications, Edinburgh, three years.

Wanted: 200 draws of 5 replications in at most 8 minutes on two processors, everything fitted again in each draw; the
default quick setting (the poster's four ideas, 50 draws of 2, and the ranking of stages) in less than 60 seconds.

Wall time is of everything after the records were read: first fit, refits, runs, measuring, tables. Processor time is
told where one process does it all: that of workers still running cannot be read.

Run: python benchmarks/comparison_speed.py [draws] [workers] > benchmarks/comparison_speed.md
     (fewer draws than 200: the table says so, and what 200 would take at that pace)
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from permanence.gates import gates_of
from scenarios import IDEAS, compare
from scenarios.leverage import leverage
from simulation.known_gates import Known

FULL_DRAWS, REPLICATIONS = 200, 5


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of some work."""
    begun, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - begun, sum(after[:4]) - sum(before[:4])


def whole(log: EventLog, panel: Known, draws: int, workers: int) -> tuple[float, float]:
    """Ten ideas."""
    settings = {"panel": panel, "draws": draws, "replications": REPLICATIONS, "workers": workers}
    return taken(lambda: compare(log, list(IDEAS.values()), **settings))


def quick(log: EventLog, panel: Known, workers: int) -> tuple[float, float]:
    """What `permanence compare` does by default."""

    def work() -> None:
        compare(log, panel=panel, draws=50, workers=workers)
        leverage(log, panel=panel, draws=20, workers=workers)

    return taken(work)


def table(draws: int, workers: int) -> str:
    """The table of results, in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), council=Council(), seed=1)
        project = load_project(Path(folder))
        log = derive(project).log
    panel = gates_of(project)
    runs = draws * REPLICATIONS * (1 + len(IDEAS))
    wall, processor = whole(log, panel, draws, workers)
    fast, fast_processor = quick(log, panel, workers)
    alone = workers == 1

    def told(seconds: float, of: int) -> str:
        return f"{seconds:.0f} s | {1000 * seconds / of:.0f}" if alone else "– | –"

    at_full = f"{wall / draws * FULL_DRAWS / 60:.1f} min" if draws < FULL_DRAWS else "as measured"
    return "\n".join(
        [
            f"{workers} workers; load of the machine before: {os.getloadavg()[1]:.1f} (5 minutes).",
            "",
            "| what | wall | processor | processor ms a run | at 200 draws | wanted |",
            "|---|---|---|---|---|---|",
            f"| {len(IDEAS)} ideas x {draws} draws x {REPLICATIONS} replications | {wall:.0f} s | "
            f"{told(processor, runs)} | {at_full} | 8 min at most |",
            f"| quick: 4 ideas x 50 draws x 2, and six stages x 20 | {fast:.0f} s | "
            f"{told(fast_processor, 50 * 2 * 5 + 20 * 7)} | | less than 60 s |",
        ]
    )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    print(table(given[0] if given else FULL_DRAWS, given[1] if len(given) > 1 else 2))
