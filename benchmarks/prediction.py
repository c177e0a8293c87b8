"""Does a saved prediction hold? Small synthetic councils, each predicted today and seen again three years later.

Each council is the generator's, with a third of Edinburgh's children. The prediction of two change ideas is made from
the extract of today alone; the later extract is written twice, from journeys in which the change happens on the day
after (`event_logs.synthetic`, planted sizes) and from journeys in which nothing changes. What is counted:

- how often a point lies within its 80 and 95 % limits: points of the changed future within those with the change, and
  of the unchanged future within those without. Shares of few children fall into few values, so a share of what lies on
  a limit counts as inside ("exact", from the point's randomised place in its prediction), beside the plain count. The
  unchanged future of a council is the same for both ideas, so its points count twice; errors are between councils;
- the verdicts, on the stage agreed beforehand and on the step that should respond first, in both futures;
- how often the log predictive ratio favours the change.

Run: python benchmarks/prediction.py [councils] [file for the table] [first seed]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import CHANGES, Change, Council, generate
from event_logs.synthetic.later import generate_later
from permanence.gates import panel_of
from scenarios import IDEAS
from scenarios.futures import Ahead
from scenarios.observed import ObservedChart, observe
from scenarios.predicted import WITH, WITHOUT, Prediction
from scenarios.prediction import predict

TRIED = ("earlier-legal-advice", "four-week-review")
STARTS_PER_YEAR = 110.0
YEARS_LATER = 3
DRAWS = 60
WANTED = (0.90, 0.98)


def later_extract(folder: Path, council: Council, seed: int, change: Change | None) -> EventLog:
    """The log of the same council three years on, with or without a change since the first extract."""
    return derive(load_project(generate_later(folder, council, seed, change, years=YEARS_LATER))).log


def predictions(folder: Path, council: Council, seed: int) -> Iterator[tuple[Prediction, EventLog, EventLog]]:
    """For each idea its prediction, and what was seen later when it happened and when nothing changed."""
    generate(folder / "today", council=council, seed=seed)
    project = load_project(folder / "today")
    log = derive(project).log
    same = later_extract(folder / "unchanged", council, seed, None)
    for name in TRIED:
        ahead = Ahead(gates=panel_of(project), draws=DRAWS, power_tests=0, seed=seed)
        prediction = predict(log, IDEAS[name], ahead)
        yield prediction, later_extract(folder / name, council, seed, CHANGES[name]), same


def inside(chart: ObservedChart, future: int, luck: np.random.Generator) -> Iterator[dict[str, object]]:
    """For each complete point whether it lies within its limits, plainly and exactly."""
    shares = chart.predicted.shares(future)
    for cohort, point in enumerate(chart.points):
        if point.complete and point.children:
            limits = point.change if future == WITH else point.no_change
            assert limits is not None
            share = point.reached / point.children
            pmf = shares.pmf(cohort, point.children)
            place = float(pmf[: point.reached].sum() + luck.random() * pmf[point.reached])
            yield {
                "kind": chart.predicted.watched.kind,
                "chart": chart.predicted.watched.name,
                "plain 80": limits.low80 - 1e-4 <= share <= limits.high80 + 1e-4,
                "plain 95": limits.low95 - 1e-4 <= share <= limits.high95 + 1e-4,
                "exact 80": 0.1 <= place <= 0.9,
                "exact 95": 0.025 <= place <= 0.975,
            }


def council_rows(seed: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Points and verdicts of one council."""
    council = Council(horizon_days=1200).scaled(STARTS_PER_YEAR)
    points: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for prediction, changed, same in predictions(Path(folder), council, seed):
            for future, log in ((WITH, changed), (WITHOUT, same)):
                seen = observe(prediction, log)
                named = {"seed": seed, "idea": prediction.name, "future": ("change", "no change")[future]}
                for chart in seen.charts:
                    luck = np.random.default_rng([seed, future])
                    points += [{**named, **row} for row in inside(chart, future, luck)]
                for chart in seen.decisive:
                    watched = chart.predicted.watched
                    found = {"kind": watched.kind, "verdict": chart.verdict, "ratio": chart.evidence.log_ratio}
                    verdicts.append({**named, **found})
    return points, verdicts


def coverage_table(points: pd.DataFrame) -> list[str]:
    """Coverage by future and kind of chart; its standard error from the spread between councils."""
    lines = ["| future | charts | points | 80 %, exact | 95 %, exact | ± 2 s.e. | 95 %, plain | wanted |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    groups = [(future, "all", points[points["future"] == future]) for future in ("change", "no change")]
    groups += [
        (future, kind, points[(points["future"] == future) & (points["kind"] == kind)])
        for future in ("change", "no change")
        for kind in ("stage", "responds first", "aim")
    ]
    for future, kind, rows in groups:
        each = rows.groupby("seed")["exact 95"].mean()
        error = float(each.std() / np.sqrt(len(each)))
        cells = [f"{rows[name].mean():.1%}" for name in ("exact 80", "exact 95")]
        lines.append(
            f"| {future} | {kind} | {len(rows):,} | {cells[0]} | {cells[1]} | {2 * error:.1%} | "
            f"{rows['plain 95'].mean():.1%} | {WANTED[0]:.0%} to {WANTED[1]:.0%} |"
        )
    return lines


def verdict_table(verdicts: pd.DataFrame) -> list[str]:
    """The verdicts, and how often the ratio favours the change."""
    lines = ["| idea | judged by | future | councils | verdicts | points likelier with the change |"]
    lines.append("|---|---|---|---|---|---|")
    for (idea, kind, future), rows in verdicts.groupby(["idea", "kind", "future"], sort=False):
        said = "; ".join(f"{name}: {count}" for name, count in Counter(rows["verdict"]).most_common())
        lines.append(f"| {idea} | {kind} | {future} | {len(rows)} | {said} | {(rows['ratio'] > 0).mean():.0%} |")
    return lines


def main(councils: int, file: Path | None, first: int) -> None:
    """Print the tables, and keep them in a file if one is named: after every council, as it takes long."""
    points: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    for number in range(councils):
        found = council_rows(first + number)
        points += found[0]
        verdicts += found[1]
        lines = [*coverage_table(pd.DataFrame(points)), "", *verdict_table(pd.DataFrame(verdicts))]
        head = (
            "# Predictions against what happened\n\n"
            f"Made by `python benchmarks/prediction.py`: {number + 1} councils of {STARTS_PER_YEAR:.0f} starts a year, "
            f"{DRAWS} draws each; see the head of that file for what is counted."
        )
        if file is not None:
            file.write_text("\n".join([head, "", *lines]) + "\n", encoding="utf-8")
        print(f"council {number + 1} of {councils}: {len(points)} points", file=sys.stderr, flush=True)
    print("\n".join(lines))


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        int(sys.argv[3]) if len(sys.argv) > 3 else 1,
    )
