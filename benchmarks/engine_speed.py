"""How fast is the engine? Against a bare heap and against a process a child, in one run; many runs; size; import.

Edinburgh, five years ahead from today's open cases, on the declared pathway with its gates. The three forms make the
same log to the byte, which is checked, take turns within one process, and are compared by the median of the ratios of
their CPU times; `shared` is what all three do alike before and after (arrivals, draws made ready, the log as tables).
Growth and memory are those of the pathway without gates, from empty, with demand multiplied.

Run: python benchmarks/engine_speed.py [repetitions] [most cases] [replications] [file for the table]
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "simulation"))

from bare_heap import simulate_on_a_heap
from process_form import simulate_by_processes

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from simulation.children import everybody
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.model import PathwayModel
from simulation.running import in_order
from simulation.streams import Streams

REPETITIONS, MOST_CASES, REPLICATIONS = 15, 1_000_000, 1_000
YEARS = 5.0
WORKERS = 2
_PLAIN = "import sys"


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    measured: str
    wanted: str
    met: bool | None = None

    def __str__(self) -> str:
        met = "" if self.met is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {self.measured} | {self.wanted} | {met} |"


def edinburgh() -> tuple[EventLog, PathwayModel, Cohort, pd.Timestamp]:
    """The demo council's log, the model fitted to it, its open cases, and the day five years on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "council"
        generate(folder, council=Council(), seed=1, mess="none")
        log = derive(load_project(folder), quarantine=Path(name) / "quarantine.csv").log
    model = fit_pathway(log)
    return log, model, snapshot(log, model), log.window.end + pd.Timedelta(days=round(YEARS * 365.25))


def seconds(call: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of a call, and what it gave. What others left behind is cleared away before, at nobody's cost."""
    gc.collect()
    begun = time.process_time()
    found = call()
    return time.process_time() - begun, found


def side_by_side(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, repetitions: int) -> list[Line]:
    """The three forms by turns, one replication at a time."""
    forms = {"engine": simulate, "heap": simulate_on_a_heap, "process": simulate_by_processes}
    times: dict[str, list[float]] = {name: [] for name in (*forms, "shared")}
    events = 0
    for number in range(-1, repetitions):  # the first warms up
        logs = {}
        for name, form in forms.items():
            took, log = seconds(
                lambda form=form, number=number: form(model, cohort, end, seed=1, replication=number + 1)
            )
            assert isinstance(log, EventLog)
            logs[name] = log
            times[name].append(took)
        for name in ("heap", "process"):
            same = logs[name].events.equals(logs["engine"].events) and logs[name].cases.equals(logs["engine"].cases)
            if not same:
                raise AssertionError(f"{name}: another log than the engine's, replication {number + 1}")
        times["shared"].append(shared_seconds(model, cohort, end, logs["engine"], number + 1))
        if number < 0:
            for one in times.values():
                one.clear()
        events = len(logs["engine"])
    to_heap = median(a / b for a, b in zip(times["engine"], times["heap"], strict=True))
    to_process = median(b / a for a, b in zip(times["engine"], times["process"], strict=True))
    alone = {name: median(t - s for t, s in zip(times[name], times["shared"], strict=True)) for name in forms}
    said = ", ".join(f"{name} {1000 * median(one):.0f}" for name, one in times.items())
    return [
        Line(f"one run, ms of CPU ({events:,} events in the log)", said, ""),
        Line("engine / bare heap, whole run", f"{to_heap:.2f}", "at most 2.5", to_heap <= 2.5),
        Line("engine / bare heap, without what is shared", f"{alone['engine'] / alone['heap']:.2f}", ""),
        Line("process a child / engine, whole run", f"{to_process:.2f}", "at least 3", to_process >= 3.0),
        Line("process a child / engine, without what is shared", f"{alone['process'] / alone['engine']:.2f}", ""),
    ]


def shared_seconds(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, log: EventLog, replication: int) -> float:
    """What every form does alike: who is there, and the log as tables (made again from the log's own events)."""
    from array import array

    from event_logs.log import to_days
    from simulation.record import Recorded, log_of

    took, children = seconds(lambda: everybody(model, cohort, end, Streams(1, replication, 0).generator("arrivals")))
    inside = log.arrays.day > cohort.day
    # Positions in the run: the open cases first, then the arrivals.
    place = pd.Index(children.cases["case"]).get_indexer(log.cases["case"])
    recorded = Recorded(
        array("i", place[log.arrays.case[inside]].astype(np.intc).tobytes()),
        array("i", log.arrays.activity[inside].astype(np.intc).tobytes()),
        array("d", log.arrays.day[inside].tobytes()),
        np.where(np.isnan(ends := to_days(log.cases["end"])), np.inf, ends)[np.argsort(place)].tolist(),
    )
    return took + seconds(lambda: log_of(recorded, model, cohort, children, end))[0]


def ungated(model: PathwayModel) -> PathwayModel:
    """The same pathway without gates: a plan is decided, and a panel held, when the papers are ready."""
    steps = {name: replace(step, gate="") for name, step in model.steps.items()}
    return replace(model, steps=steps, gates={})


def growth(model: PathwayModel, end: pd.Timestamp, most: int) -> list[Line]:
    """From empty, ten years, at demand that brings so many cases; the quickest of several runs of each size."""
    assert model.arrivals is not None
    start = end - pd.Timedelta(days=3652)
    a_year = float(model.arrivals.per_month.sum())
    nobody = model.arrivals.pool.iloc[:0].assign(case="", start=pd.NaT, end=pd.NaT)
    cohort = Cohort.newcomers(model, nobody, np.zeros(0), float((start - pd.Timestamp(0)).days))
    lines, rates = [], []
    cases = 10_000
    while cases <= most:
        more = replace(model.arrivals, per_month=model.arrivals.per_month * cases / (a_year * 10.0))
        busy = replace(model, arrivals=more)
        took, log = np.inf, None
        for _ in range(5 if cases < 50_000 else 3):
            log = None
            once, log = seconds(lambda busy=busy: simulate(busy, replace(cohort, model=busy), end, seed=1))
            took = min(took, once)  # what others do beside it can only make it slower
        assert isinstance(log, EventLog)
        rates.append(len(log) / took)
        held = float(log.events.memory_usage(deep=True).sum()) / len(log)
        what = f"without gates, {len(log.cases):,} cases, {len(log):,} events"
        lines.append(Line(what, f"{rates[-1]:,.0f} events a CPU second", "at least 100,000", rates[-1] >= 100_000))
        lines.append(Line(what, f"{held:.0f} bytes an event in the log", "under 300", held < 300))
        del log
        cases *= 10
    if len(rates) > 1:
        slower = rates[0] / rates[-1]
        what = f"time an event, largest against smallest of {len(rates)} sizes"
        lines.append(Line(what, f"{slower:.2f}", "at most 1.15", slower <= 1.15))
    tracemalloc.start()
    more = replace(model.arrivals, per_month=model.arrivals.per_month * 10_000 / (a_year * 10.0))
    busy = replace(model, arrivals=more)
    log = simulate(busy, replace(cohort, model=busy), end, seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = peak / len(log)
    lines.append(
        Line(
            "most memory while 10,000 cases are run and put in tables",
            f"{each:.0f} bytes an event",
            "under 300",
            each < 300,
        )
    )
    return lines


def one(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, replication: int) -> float:
    """One replication, of which only its CPU seconds come back."""
    begun = time.process_time()  # as it comes: clearing away before each would cost the wall clock a third
    simulate(model, cohort, end, seed=1, replication=replication)
    return time.process_time() - begun


def many(model: PathwayModel, cohort: Cohort, end: pd.Timestamp, count: int) -> list[Line]:
    """So many replications in two processes, the start of the processes included.

    On a machine that is busy with other work the time says nothing, and is not judged: the CPU seconds then tell what
    is to be expected.
    """
    others, begun = os.getloadavg()[0], time.perf_counter()
    found = list(in_order(one, [(model, cohort, end, number) for number in range(count)], WORKERS))
    scaled = (time.perf_counter() - begun) * 1_000 / count
    each = sum(found) * 1_000 / count / WORKERS
    scale = "" if count == 1_000 else ", scaled to 1,000"
    busy = f" (load of the machine before: {others:.1f})"
    return [
        Line(
            f"{count:,} replications on {WORKERS} cores{scale}",
            f"{scaled:.0f} s{busy}",
            "under 60 s",
            True if scaled < 60.0 else None if others >= 1.0 else False,
        ),
        Line(f"CPU seconds of them a core{scale}", f"{each:.0f}", "under 60", each < 60.0),
    ]


def import_cost() -> list[Line]:
    """CPU seconds that an import adds to a bare interpreter, the least of five."""

    def cost(statement: str) -> float:
        found = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", statement], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(found)

    bare, engine, pandas = (cost(text) for text in (_PLAIN, "import simulation.engine", "import pandas"))
    return [
        Line("import simulation.engine", f"{engine - bare:.2f} CPU s", "under 0.5", engine - bare < 0.5),
        Line("of which pandas alone, with numpy", f"{pandas - bare:.2f} CPU s", ""),
    ]


def main(repetitions: int, most: int, replications: int, file: str | None) -> None:
    """Print the table, and write it."""
    _, model, cohort, end = edinburgh()
    lines = side_by_side(model, cohort, end, repetitions)
    if replications:
        lines += many(model, cohort, end, replications)
    lines += growth(ungated(model), end, most)
    lines += import_cost()
    table = [
        "# Speed of the engine",
        "",
        "Made by `python benchmarks/engine_speed.py`; see the head of that file for what is measured.",
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
        *map(str, lines),
    ]
    text = "\n".join(table) + "\n"
    print(text)
    if file:
        Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    numbers = [int(text) for text in given[:3]]
    main(*[*numbers, *(REPETITIONS, MOST_CASES, REPLICATIONS)[len(numbers) :]], given[3] if len(given) > 3 else None)
