"""A million records read and validated: CPU seconds and peak memory, with a progress bar.

Run: python benchmarks/reading.py [--rows 1000000] [--whole]

The records are placements with an id, a code and two dates, in day-first CSV with missing texts and faults among them.
"Read" is the file to text cells with the account of every record; "validate" is the checks that `permanence derive`
makes of each record by itself: identifier, code, both dates, their order, duplicates, and the ledger that must add up.
Targets: 10 CPU seconds and 1 GB, in a process of its own.

`--whole` also derives the event log from as many records in three tables, children and episodes among them, with all
rules that look at several records at once; there is no target for it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

ROWS = 1_000_000
TYPES = ("At home with parents", "Kinship carer", "Foster carer", "Residential", "Prospective adopters")
MOST_CPU_SECONDS, MOST_MEGABYTES = 10.0, 1_000.0
_KIB = 1024 if sys.platform != "darwin" else 1
_DAYS = np.arange("2004-01-01", "2024-08-01", dtype="datetime64[D]")
PROJECT = """schema_version = 1
name = "Benchmark"
[window]
recording_start = 2004-01-01
extraction_date = 2024-07-31
[reading]
date_format = "%d/%m/%Y"
missing = ["", "n/k", "-"]
[children]
file = "children.csv"
child = "child_id"
birth = "date_of_birth"
[episodes]
file = "episodes.csv"
episode = "episode_id"
child = "child_id"
start = "start_date"
end = "end_date"
[placements]
file = "placements.csv"
episode = "episode_id"
type = "placement_type"
start = "start_date"
end = "end_date"
[placements.settings]
"""


def write_tables(folder: Path, rows: int) -> None:
    """Placements, one record in a hundred with a fault, of a twentieth as many episodes and children."""
    rng = np.random.default_rng(1)
    text = np.array(pd.DatetimeIndex(_DAYS).strftime("%d/%m/%Y"), dtype=object)
    cases = max(1, rows // 20)
    number = np.char.zfill(np.arange(cases).astype("str"), 7)
    episode, child = np.char.add("E", number), np.char.add("C", number)
    began = rng.integers(0, len(_DAYS) - 3_000, cases)
    birth = pd.DatetimeIndex(_DAYS[began] - rng.integers(0, 5_000, cases)).strftime("%d/%m/%Y")
    pd.DataFrame({"child_id": child, "date_of_birth": birth}).to_csv(folder / "children.csv", index=False)
    spans = {"episode_id": episode, "child_id": child, "start_date": text[began], "end_date": ""}
    pd.DataFrame(spans).to_csv(folder / "episodes.csv", index=False)
    of = np.sort(rng.integers(0, cases, rows))
    days = rng.integers(1, 130, rows)
    passed = np.cumsum(days) - days
    first = np.searchsorted(of, np.arange(cases))
    start = np.minimum(began[of] + passed - passed[np.minimum(first, rows - 1)][of], len(_DAYS) - 200)
    end = start + days
    unknown = np.array(["", "n/k", "-"], dtype=object)[rng.integers(0, 3, rows)]
    wrong = rng.random(rows)
    placements = {
        "episode_id": episode[of],
        "placement_type": np.where(
            wrong < 0.005, "Fostre carer", np.array(TYPES, dtype=object)[rng.integers(0, 5, rows)]
        ),
        "start_date": np.where(wrong > 0.995, "31/02/2020", text[start]),
        "end_date": np.where(rng.random(rows) < 0.1, unknown, text[end]),
    }
    shuffled = rng.permutation(rows)
    pd.DataFrame(placements).iloc[shuffled].to_csv(folder / "placements.csv", index=False)
    settings = "\n".join(f'"{name}" = "{"home" if "home" in name else "away"}"' for name in TYPES)
    (folder / "permanence.toml").write_text(f"{PROJECT}{settings}\n", encoding="utf-8")


def validate(folder: Path, rows: int) -> int:
    """Read and validate in this process, and print what it took; 0 if within the targets."""
    from event_logs.project import Reading
    from event_logs.quarantine import Records
    from event_logs.sources import read_source
    from event_logs.sources.spec import Source

    before = time.process_time()
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as bars:
        task = bars.add_task("Reading", total=rows)
        spec = Source(file="placements.csv", encoding="utf-8", delimiter=",")
        table = read_source(spec, folder, lambda done: bars.update(task, completed=done))
    read = time.process_time() - before
    reading = Reading(date_format="%d/%m/%Y", missing=("", "n/k", "-"))
    columns = ["episode_id", "placement_type", "start_date", "end_date"]
    records = Records(table, reading, columns, pd.Timestamp("2024-07-31"))
    records.identifier("episode_id", "episode id")
    records.code("placement_type", TYPES)
    start, end = records.date("start_date"), records.date("end_date", required=False)
    records.reject((end < start).to_numpy(), "end before start")
    ledger = records.ledger()
    set_aside = len(records.quarantined())
    cpu, peak = time.process_time() - before, _peak()
    counts = f"{ledger['used']:,} used, {set_aside:,} quarantined, {ledger['ignored']:,} ignored"
    print(f"{ledger['rows_read']:,} records: {counts}")
    print(f"read      {read:6.2f} CPU s")
    print(f"validate  {cpu - read:6.2f} CPU s")
    print(f"together  {cpu:6.2f} CPU s   (target {MOST_CPU_SECONDS:.0f})")
    print(f"peak      {peak:6.0f} MB      (target {MOST_MEGABYTES:.0f})")
    return 0 if cpu <= MOST_CPU_SECONDS and peak <= MOST_MEGABYTES else 1


def whole(folder: Path) -> int:
    """Derive the event log of all three tables, and print what it took."""
    from event_logs.derive import derive
    from event_logs.project import load_project

    before = time.process_time()
    done = derive(load_project(folder))
    cpu = time.process_time() - before
    rows = done.ledger[["rows_read", "used", "quarantined", "ignored"]].sum()
    print("derive:", ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in rows.items()))
    print(f"whole     {cpu:6.2f} CPU s, peak {_peak():,.0f} MB, {done.log}")
    return 0


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB / 1e6


def main() -> int:
    """Write the records in one process and measure in others, whose peak memory is then their own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--step", choices=["validate", "whole"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step is not None:
        return validate(options.folder, options.rows) if options.step == "validate" else whole(options.folder)
    codes = []
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), options.rows)
        for step in ["validate", *(["whole"] if options.whole else [])]:
            command = [sys.executable, __file__, "--rows", str(options.rows), "--step", step, "--folder", folder]
            codes.append(subprocess.run(command).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
