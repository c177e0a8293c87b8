"""How fast are variants beside pm4py's, on the same frame of a million events?

Run `python benchmarks/variants.py [events]`. It prints seconds of wall clock for our variants as pm4py means them
(one order, counts only), for the whole table with sets of unknown order and medians, and for pm4py; best of three.
The counts of all variants are checked to be equal first.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pm4py

from event_logs._pm4py import to_pm4py
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.order import certain_arrows
from mining.variants import variant_kinds, variants

ACTIVITIES = 20
YEARS = 10


def big_log(events: int, seed: int = 1) -> EventLog:
    """Cases of ten events on average, on days of ten years; one in ten shares its day with the event before."""
    generator = np.random.default_rng(seed)
    lengths = 2 + generator.geometric(1 / 9, events // 10)
    case = np.repeat(np.arange(len(lengths)), lengths)
    first = np.cumsum(lengths) - lengths
    place = np.arange(len(case)) - np.repeat(first, lengths)
    # Mostly onwards, one in seven back or aside: few frequent ways and very many rare ones.
    activity = np.where(
        generator.random(len(case)) < 0.85,
        np.minimum(place, ACTIVITIES - 1),
        generator.integers(0, ACTIVITIES, len(case)),
    )
    gaps = generator.integers(0, 60, len(case)) * (generator.random(len(case)) > 0.1)
    day = np.cumsum(gaps) - np.repeat(np.cumsum(gaps)[first], lengths)
    begin = generator.integers(0, 365 * YEARS, len(lengths))
    frame = pd.DataFrame({"case": np.char.add("c", case.astype("U7")), "activity": activity, "day": begin[case] + day})
    frame["activity"] = np.array([f"Step {number:02}" for number in range(ACTIVITIES)])[activity]
    frame = frame[frame["day"] <= 365 * YEARS]
    frame["date"] = from_days(frame.pop("day").to_numpy(dtype=float) + 16_000)
    window = ObservationWindow(frame["date"].min(), frame["date"].max())
    return EventLog.of(frame, window, final=[f"Step {number:02}" for number in range(10, ACTIVITIES)])


def best(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest of several calls."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    log = big_log(events)
    frame = to_pm4py(log)
    log.arrays  # noqa: B018  computed once for everything that mines a log
    theirs = {" → ".join(way): count for way, count in pm4py.get_variants(frame).items()}
    ours = variants(log, partial_order=False).groupby("variant")["cases"].sum().to_dict()
    assert ours == theirs, "the variants differ"
    print(f"{len(log):,} events, {len(log.cases):,} cases, {len(ours):,} variants, equal to pm4py's")
    pm4py_seconds = best(lambda: pm4py.get_variants(frame))
    rows = {
        "pm4py.get_variants": pm4py_seconds,
        "which case goes which way": best(lambda: variant_kinds(log, False)),
        "variants, one order": best(lambda: variants(log, partial_order=False)),
        "variants, sets of unknown order": best(lambda: variants(log)),
        "range of every arrow over all orders": best(lambda: certain_arrows(log)),
    }
    for name, seconds in rows.items():
        print(f"{name:40} {seconds:8.2f} s  {pm4py_seconds / seconds:6.1f} times as fast as pm4py's variants")


if __name__ == "__main__":
    main()
