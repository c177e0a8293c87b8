"""Logs made for tests of waits: from rows of days, and the odd ones that every function must answer clearly."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow

RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
BASE = 18262
ORIGIN = pd.Timestamp("2020-01-01")


def log_of(
    rows: Sequence[tuple[str, str, float]],
    *,
    window: tuple[int, int] = (0, 1000),
    recorded_from: dict[str, int] | None = None,
    attributes: dict[str, dict[str, object]] | None = None,
) -> EventLog:
    """A log from (case, activity, day) rows, days counted from 1 January 2020; attributes by name and case."""
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    reliable = {name: ORIGIN + pd.Timedelta(days=day) for name, day in (recorded_from or {}).items()}
    begin, end = (ORIGIN + pd.Timedelta(days=day) for day in window)
    ranks = {**dict.fromkeys(events["activity"], 205), **RANKS}  # what the vocabulary lacks comes after lodging
    made = EventLog.of(events, ObservationWindow(begin, end, reliable), ranks=ranks, final=[v.CEASED])
    if not attributes:
        return made
    cases = made.cases.assign(**{name: made.cases["case"].map(values) for name, values in attributes.items()})
    plain = made.events[["case", "activity", "date"]]
    return EventLog.of(plain, made.window, cases=cases, ranks=ranks, final=[v.CEASED])


def stage_log(seed: int, cases: int = 150, *, times_of_day: bool = False) -> EventLog:
    """Children from panel to order, some under way when recording begins, some open, with locality and age band."""
    rng = np.random.default_rng(seed)
    whole = (lambda x: x) if times_of_day else np.ceil
    start = whole(rng.uniform(-900, 1000, cases))
    days = [
        whole(rng.lognormal(mean, spread, cases)) for mean, spread in ((4.0, 0.8), (2.5, 0.5), (4.6, 0.6), (5.0, 0.8))
    ]
    reached = np.stack([start, *(start + total for total in np.cumsum(days, axis=0))], axis=1)
    steps = (v.RECOMMENDED, v.PANEL, v.AGENCY_DECISION, v.LODGED, v.ADOPTION_ORDER)
    rows = [
        (f"c{i:03d}", name, reached[i, step])
        for step, name in enumerate(steps)
        for i in range(cases)
        if reached[i, -1] >= 0 and reached[i, step] <= 1000
    ]
    names = [f"c{i:03d}" for i in range(cases)]
    places = dict(zip(names, rng.choice(["North", "South"], cases).tolist(), strict=True))
    bands = dict(zip(names, rng.choice(["0", "1-4"], cases).tolist(), strict=True))
    return log_of(rows, attributes={"locality": places, "age_band": bands})


def odd_logs() -> dict[str, EventLog]:
    """An empty log, one with a single case, one where all are open, and one where all dates are equal."""
    steps = (v.BECAME_LOOKED_AFTER, v.ACCOMMODATED, v.RECOMMENDED, v.PANEL, v.AGENCY_DECISION, v.CEASED)
    return {
        "empty": log_of([]),
        "one case": log_of([("a", name, 10.0 * place) for place, name in enumerate(steps)]),
        "all open": log_of([(f"c{i}", name, i) for i in range(20) for name in steps[:2]]),
        "all dates equal": log_of([(f"c{i}", name, 5) for i in range(20) for name in steps]),
    }


def benchmark(name: str) -> ModuleType:
    """A benchmark of the repository as a module."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
