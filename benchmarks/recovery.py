"""Does the mining recover what was planted? Ten synthetic councils, one table.

For each seed a council of Edinburgh's size is generated, derived and mined. The table counts, stage by stage, how often
the 95 % interval of the Kaplan-Meier median holds the planted median, and shows what a count of completed visits says
to somebody who looks at the last two years only.

Run: python benchmarks/recovery.py [number of councils]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from event_logs.derive import derive
from event_logs.log import to_days
from event_logs.project import load_project
from event_logs.synthetic import Council, generate, simulate_council, visits
from event_logs.vocabulary import STAGES
from mining.bottlenecks import bottlenecks
from mining.survival import kaplan_meier
from mining.visits import REACHED, stage_visits

TWO_YEARS = 730.0


def council(seed: int) -> pd.DataFrame:
    """One council: a row a stage with the planted median, the interval, and the two-year figures."""
    with tempfile.TemporaryDirectory() as folder:
        truth = generate(Path(folder), seed=seed).truth
        log = derive(load_project(Path(folder))).log
    journeys = simulate_council(Council(), seed)
    top = bottlenecks(log, seed=seed).iloc[0]["stage"]
    rows = []
    for stage in STAGES:
        found = stage_visits(log, stage)
        curve = found.sojourn
        low, high = curve.interval(0.5)
        planted = truth["stages"][stage.name]
        if "queue" in planted or "this council" in planted["from"]:
            # Behind a queue the truth is this council's own history, over the time the records can speak for.
            since = float(to_days(pd.Series([log.window.reliable_from(*stage.starts, *stage.stops)]))[0])
            true = float(np.median(visits(journeys, stage).entering(since, log.arrays.window_end).days))
        else:
            true = float(planted["median_days"])
        recent = found.start >= log.arrays.window_end - TWO_YEARS
        done = recent & (found.cause == REACHED)
        counted = kaplan_meier(found.days[recent], found.cause[recent] > 0).quantile(0.5)
        rows.append(
            {
                "seed": seed,
                "stage": stage.name.split(":")[0],
                "true": true,
                "km": curve.quantile(0.5),
                "low": low,
                "high": high,
                "inside": bool(low <= true <= high),
                "two_years_km": counted,
                "two_years_completed_only": float(np.median(found.days[done])) if done.any() else np.nan,
                "top_found": top == truth["burden"][0]["stage"],
            }
        )
    return pd.DataFrame(rows)


def main(councils: int) -> None:
    """Print the table."""
    found = pd.concat([council(seed) for seed in range(1, councils + 1)], ignore_index=True)
    pd.set_option("display.width", 200, "display.max_columns", 20)
    by_stage = found.groupby("stage", sort=False).agg(
        inside=("inside", "sum"),
        councils=("inside", "size"),
        true=("true", "median"),
        km=("km", "median"),
        low=("low", "median"),
        high=("high", "median"),
        two_years_km=("two_years_km", "median"),
        two_years_completed_only=("two_years_completed_only", "median"),
    )
    print(by_stage.round(1).to_string())
    print(f"\nIntervals that hold the planted median: {found['inside'].sum()} of {len(found)}")
    print(f"Planted top bottleneck named first: {found.groupby('seed')['top_found'].first().sum()} of {councils}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
