"""A million events mined: CPU seconds beside pm4py on the same frame, and the whole `mine` with its peak memory.

Run: python benchmarks/mining_speed.py [--events 1000000]

The log is synthetic: about ten events a case in 20 activities, one event in twelve out of place, timestamps to the
second, one case in twenty open.
Compared with pm4py in one process, on one frame, everything already read and sorted:
  counts       `mining.directly_follows.directly_follows` and `pm4py.discover_dfg`
  performance  `directly_follows_times` and `pm4py.discover_performance_dfg`: mean, median, min, max, sum and spread
  variants     `mining.variants.variants`, open cases apart, and `pm4py.get_variants`
The target is 10 times faster for the first two and 5 times for the third. The full process map, which counts the
open cases and gives intervals, has no counterpart and stands by itself. Before, in a process each, `permanence mine`
without its picture for a hundredth, a tenth and all of the events: targets 15 CPU seconds and 2 GB for a million, and
at most 1.3 times as much time for each event as with a tenth of them.

Every timing is the least of three, pm4py's too; the answers are compared, so that the same work was done.

Measured in one run on two shared cores (Python 3.11, pm4py 2.7.23), 1,000,000 events of 98,376 cases:
                   ours    pm4py  times faster
    counts        0.019    0.780          41.9
    performance   0.048    0.903          18.8
    variants      0.127    1.091           8.6
    process map   1.064, which counts the open cases and gives intervals
    mine: 10,000 events 0.41 CPU s, 100,000 0.58 CPU s, 1,000,000 2.06 CPU s and 464 MB
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.window import ObservationWindow

EVENTS, ACTIVITIES, DAYS = 1_000_000, 20, 3650
MOST_CPU_SECONDS, MOST_MEGABYTES, MOST_GROWTH = 15.0, 2_000.0, 1.3
_KIB = 1024 if sys.platform != "darwin" else 1


def synthetic(events: int, seed: int = 1) -> EventLog:
    """A log of about so many events: steps mostly in order, lognormal gaps, cut off at the window's end."""
    rng = np.random.default_rng(seed)
    cases = max(1, events // 10)
    case = np.sort(rng.integers(0, cases, round(events * 1.02)))
    first = np.searchsorted(case, np.arange(cases))
    place = np.arange(len(case)) - first[case]
    passed = np.cumsum(np.ceil(86_400 * rng.lognormal(2.5, 1.0, len(case))))
    begin = rng.integers(0, 86_400 * (DAYS - 200), cases)
    second = begin[case] + passed - passed[np.minimum(first, len(case) - 1)][case]
    strays = np.where(rng.random(len(case)) < 0.1, rng.integers(-2, 3, len(case)), 0)
    activity = np.clip(place + strays, 0, ACTIVITIES - 1)
    kept = np.flatnonzero(second <= 86_400 * DAYS)[:events]
    start = pd.Timestamp("2014-08-01")
    frame = pd.DataFrame(
        {
            "case": np.char.add("c", np.char.zfill(case[kept].astype("str"), 7)),
            "activity": np.char.add("step ", np.char.zfill(activity[kept].astype("str"), 2)),
            "date": start + pd.to_timedelta(second[kept], unit="s"),
        }
    )
    window = ObservationWindow(start, start + pd.Timedelta(days=DAYS))
    log = EventLog.of(frame, window)
    # Ended, unless the last event lies in the last half year.
    last = log.events.groupby("case", sort=True)["date"].max().to_numpy()
    ended = last < (window.end - pd.Timedelta(days=183)).to_datetime64()
    return EventLog(log.events, log.cases.assign(end=pd.Series(last).where(ended)), window)


def compare(events: int) -> int:
    """Counts, performance and variants beside pm4py; 0 if all targets are met."""
    sys._pm4py_welcome_shown = True  # type: ignore[attr-defined]  # no banner on standard output
    import pm4py

    from mining.directly_follows import directly_follows, directly_follows_times
    from mining.process_map import discover_map

    log = synthetic(events)
    print(f"\n{log}")
    frame = pd.DataFrame(
        {
            "case:concept:name": log.events["case"],
            "concept:name": log.events["activity"].astype("str"),
            "time:timestamp": log.events["date"],
        }
    )
    print(f"{'':14}{'ours':>9}{'pm4py':>9}{'times faster':>14}{'target':>8}   CPU s, least of three")
    ours, counts = _least(lambda: directly_follows(log))
    theirs, graph = _least(lambda: pm4py.discover_dfg(frame))
    assert counts.set_index(["source", "target"])["traversals"].to_dict() == graph[0]
    met = [_row("counts", ours, theirs, 10)]
    ours, times = _least(lambda: directly_follows_times(log))
    theirs, performance = _least(lambda: pm4py.discover_performance_dfg(frame))
    median = times.set_index(["source", "target"])["median_days"]
    assert all(abs(median[pair] * 86_400 - values["median"]) <= 1 for pair, values in performance[0].items())
    met.append(_row("performance", ours, theirs, 10))
    try:
        from mining.variants import variants
    except ImportError:
        print("variants      not measured: there is no mining.variants")
    else:
        ours, found = _least(lambda: variants(log, partial_order=False))
        theirs, known = _least(lambda: pm4py.get_variants(frame))
        print(f"{'':14}{len(found):,} variants in ours, {len(known):,} in pm4py's")
        met.append(_row("variants", ours, theirs, 5))
    arrays, _ = _least(lambda: EventLog(log.events, log.cases, log.window).arrays)
    seconds, _ = _least(lambda: discover_map(log))
    print(f"{'process map':14}{seconds:9.3f}   (and {arrays:.3f} for the log's arrays, once for everything)")
    return 0 if all(met) else 1


def mine(events: int) -> int:
    """The whole `mine` of one log in this process, without its picture: prints events, CPU seconds and megabytes."""
    from permanence import mining_stage

    log = synthetic(events)
    mining_stage.fit_map = _no_picture
    before = time.process_time()
    mining_stage.mine_activities(log, seed=1, advance=lambda done, total: None)
    print(len(log), time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB / 1e6)
    return 0


def growth(events: int) -> int:
    """`mine` for a hundredth, a tenth and all of the events; 0 if all targets are met."""
    print(f"{'mine':>10}{'CPU s':>9}{'per event':>12}{'MB':>8}   targets {MOST_CPU_SECONDS:.0f} s, ", end="")
    print(f"{MOST_MEGABYTES:,.0f} MB, growth of the time per event {MOST_GROWTH}")
    each, seconds, memory = [], 0.0, 0.0
    for size in (events // 100, events // 10, events):
        command = [sys.executable, __file__, "--step", "mine", "--events", str(size)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        number, seconds, memory = int(said[-3]), float(said[-2]), float(said[-1])
        each.append(seconds / number)
        print(f"{number:10,}{seconds:9.2f}{1e6 * each[-1]:9.2f} µs{memory:8,.0f}")
    met = seconds <= MOST_CPU_SECONDS and memory <= MOST_MEGABYTES and each[-1] <= MOST_GROWTH * each[-2]
    return 0 if met else 1


def _no_picture(*_: object, **__: object) -> Any:
    from mining.drawing import GraphvizMissingError

    raise GraphvizMissingError("left out of the measurement")


def _least(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least CPU seconds of three runs, and what came out."""
    seconds, answer = [], None
    for _ in range(3):
        before = time.process_time()
        answer = work()
        seconds.append(time.process_time() - before)
    return min(seconds), answer


def _row(name: str, ours: float, theirs: float, target: int) -> bool:
    print(f"{name:14}{ours:9.3f}{theirs:9.3f}{theirs / ours:14.1f}{target:8}")
    return theirs >= target * ours


def main() -> int:
    """Mine in processes of their own, and compare in this one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--step", choices=["mine"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "mine":
        return mine(options.events)
    # First, while this process is small: a child's peak memory begins with its parent's.
    grown = growth(options.events)
    return max(grown, compare(options.events))


if __name__ == "__main__":
    sys.exit(main())
