"""A model discovered from each public log, judged beside two forecasts that need none and beside the floor.

Run: python benchmarks/any_log.py [FOLDER] [OUT.md] [--only NAME ...]
Another log: permanence simulate --log FILE --out DIR --judge, with --case, --activity, --timestamp, --start and
--resource where a table does not use the customary names.

FOLDER (default ../shared/logs) holds the public logs; those that are not there are passed over, and files too small to
be split are named. Nothing is set for any log: all that differs between them is which columns hold what. The constants
that hold for every log (half-lives tried, sharpness of the mixing, largest weight, tries) were settled with the figures
of these logs in view, so only other logs test them.
Two protocols for each log (see simulation/judge.py): the published one, whose figures can be laid beside those of other
tools, and the censoring-honest one, in which open cases count. Means and standard deviations of ten simulated logs.
CPU seconds are those of reading nothing, discovering the model, ten simulated logs, both baselines and all distances.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from event_logs import EventLog, InputError, exchange
from simulation.judge import HONEST_MEASURES, Judgement, TooSmallError, judge_honest, judge_published

PUBLISHED = {"loan_app.csv.gz": (0.069, 2.97, 0.271, 1.66, 2.71)}
"""Best published figure in each column: AgentSimulator's evaluation, mean of ten."""
_HEADS = ("n-grams", "absolute h", "circadian h", "relative h", "cycle h", "arrival h", "survival h")
_ROWS = {
    "model": "**model**",
    "replay": "A latest weeks again",
    "resampled": "B past cases redrawn",
    "floor": "two real halves",
}
_NAIVE = {"replay": "A", "resampled": "B"}
_SPLITS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
_ENDS = (".xes", ".xes.gz", ".csv", ".csv.gz", ".parquet")


def readable(folder: Path, only: list[str]) -> Iterator[tuple[str, EventLog | str]]:
    """Name and log of each file that can be read; or why it cannot."""
    for path in sorted(folder.iterdir()):
        if not path.name.endswith(_ENDS) or (only and not any(name in path.name for name in only)):
            continue
        try:
            yield path.name, exchange.read_log(path)
        except InputError as error:
            yield path.name, str(error.problems[0])


def table(name: str, log: EventLog, judge: Callable[[EventLog], Judgement]) -> list[str]:
    """The lines of one log's table."""
    begun = time.process_time()
    found = judge(log)
    spent = time.process_time() - begun
    measures = [measure for measure in HONEST_MEASURES if measure in found.table]
    left_out = f", {found.left_out:,} cut by the split and left out" if found.left_out else ""
    lines = [
        "",
        f"**{name}**: {found.past_cases:,} cases known, {found.later_cases:,} to foretell{left_out}; {spent:.1f} CPU s",
        "",
        "| | " + " | ".join(_HEADS[: len(measures)]) + " |",
        "|---" * (len(measures) + 1) + "|",
    ]
    for row, words in _ROWS.items():
        cells = [_cell(found.table.loc[row, m], found.table.loc[row, f"{m}_sd"]) for m in measures]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    if judge is judge_published and name in PUBLISHED:
        cells = [f"{value:.3g}" for value in PUBLISHED[name]]
        lines.append("| best published | " + " | ".join([*cells, *([""] * (len(measures) - len(cells)))]) + " |")
    beaten = found.beaten[np.isfinite(found.table[measures].loc["model"])]
    missed = [head for head, nearer in zip(_HEADS, found.beaten, strict=False) if not nearer]
    known = [head for head, m in zip(_HEADS, measures, strict=False) if np.isfinite(found.table.loc["model", m])]
    said = f"Nearer than A and B in {int(beaten.sum())} of {len(beaten)}"
    missed = [head for head in missed if head in known]
    overall = " and ".join(f"{found.overall[row]:.2f} of {row_name}" for row, row_name in _NAIVE.items())
    lines += ["", said + (f"; not in: {', '.join(missed)}" if missed else "") + f". Over all columns: {overall}."]
    return lines


def other_splits(logs: list[tuple[str, EventLog]]) -> list[str]:
    """Every log split at nine points: how much of one split's figures is its luck."""
    measures = HONEST_MEASURES[:5]
    counts, detail = [], []
    for name, log in logs:
        rows, nearer, tried = [], np.zeros(5), np.zeros(5)
        for share in _SPLITS:
            try:
                found = judge_published(log, training=share)
            except TooSmallError:
                continue
            cells = [" / ".join(f"{found.table.loc[row, m]:.3g}" for row in list(_ROWS)[:3]) for m in measures]
            rows.append(f"| {share:.0%} | " + " | ".join(cells) + " |")
            nearer += found.beaten[list(measures)].to_numpy()
            tried += np.isfinite(found.table.loc["model", list(measures)].to_numpy(dtype=float))
        if not rows:
            continue
        shown = [f"{int(n)} of {int(of)}" if of else "-" for n, of in zip(nearer, tried, strict=True)]
        counts.append(f"| {name} | " + " | ".join(shown) + " |")
        if name in PUBLISHED:
            heads = ["| known | " + " | ".join(_HEADS[:5]) + " |", "|---" * 6 + "|"]
            detail += ["", f"**{name}**, model / A / B", "", *heads, *rows]
    return [
        "",
        "## Split elsewhere",
        "",
        "Published protocol, 50, 55, ... 90 % of the events known: how often the model is nearer than both A and B.",
        "",
        "| | " + " | ".join(_HEADS[:5]) + " |",
        "|---" * 6 + "|",
        *counts,
        *detail,
    ]


def _cell(mean: float, spread: float) -> str:
    if not np.isfinite(mean):
        return "-"
    return f"{mean:.3g}" + (f" ± {spread:.2g}" if spread > 0 else "")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "logs")
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    logs = list(readable(given.folder, given.only))
    lines = [
        "# Models discovered from any log",
        "",
        "Made by `benchmarks/any_log.py`; see its head for what is measured.",
    ]
    for title, judge in (("Published protocol", judge_published), ("Open cases counted", judge_honest)):
        lines += ["", f"## {title}"]
        for name, log in logs:
            if isinstance(log, str):
                lines += ["", f"**{name}**: cannot be read: {log}"]
                continue
            try:
                lines += table(name, log, judge)
            except TooSmallError as error:
                lines += ["", f"**{name}**: {error}"]
    lines += other_splits([(name, log) for name, log in logs if not isinstance(log, str)])
    text = "\n".join(lines) + "\n"
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
