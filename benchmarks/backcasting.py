"""Do forecasts made on a past day hold? Synthetic councils with drifting demand, one table; and the speed of distances.

Each council is generated from the planted process of `event_logs.synthetic`, whose laws the model does not share, with
demand that rises or falls by a quarter over the ten years of records. Its records are derived, cut twelve months before
their end, and forecast from there. Every council gives one forecast of each figure, so that errors are independent:
bias is held against twice its standard error between councils, coverage of the 95 % intervals against 92 to 98 %.

Counts that are small lie inside an interval of whole numbers somewhat more often than its name says.

Run: python benchmarks/backcasting.py [councils] [children looked after on any day] [file for the table]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import Project, load_project
from event_logs.synthetic import Council
from event_logs.synthetic.journeys import population, run
from event_logs.synthetic.mess import WRITING
from event_logs.synthetic.project_file import PROJECT_FILE, project_text
from event_logs.synthetic.streams import generator
from event_logs.synthetic.tables import extract, write_tables
from permanence.gates import panel_of
from simulation.backcast import backcast
from simulation.distances import log_distances
from simulation.time_split import halves

COUNCILS, CHILDREN = 50, 1350
DRAWS = 39
DRIFT = 0.25
_PACKAGE_SECONDS = 10.0
"""What log-distance-measures 2.2.0 takes for seven measures of two logs of 300 cases (methods, 5.1)."""


def drifting_council(seed: int, children: int) -> tuple[EventLog, Project]:
    """The log of a council whose demand rises (even seeds) or falls (odd ones) over its records."""
    council = Council.of_size(children)
    known, entries, streams = population(council, seed)
    begin, end = council.window
    through = np.clip((known.first_start - begin) / (end + council.horizon_days - begin), 0.0, 1.0)
    kept_share = 1.0 - DRIFT * (1.0 - through if seed % 2 == 0 else through)
    # Families are left out whole, at a rate that changes with time.
    chance = generator(seed, "drift").random(int(known.family.max()) + 1)[known.family]
    stays = chance < kept_share
    journeys = run(council, known, entries.pick(stays[entries.child]), streams, change=None)
    writing = WRITING["none"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(extract(journeys, date_format=writing.date_format).tables, folder, writing)
        (folder / PROJECT_FILE).write_text(project_text(council, writing), encoding="utf-8", newline="\n")
        project = load_project(folder)
        return derive(project).log, project


def forecasts(councils: int, children: int) -> pd.DataFrame:
    """Every forecast of every council, a year before its records end."""
    found = []
    for seed in range(1, councils + 1):
        log, project = drifting_council(seed, children)
        cut = log.window.end - pd.DateOffset(months=12)
        made = backcast(log, cuts=[cut], panel=panel_of(project), draws=DRAWS, seed=seed)
        found.append(made.forecasts.assign(council=seed))
        print(f"council {seed} of {councils}", file=sys.stderr)
    return pd.concat(found, ignore_index=True)


def table(found: pd.DataFrame) -> list[str]:
    """Bias and coverage of each figure over the councils, as lines of a table."""
    lines = ["| figure | months | councils | happened | forecast | bias | ± 2 s.e. | inside 80 % | inside 95 % |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    order = {name: place for place, name in enumerate(dict.fromkeys(found["measure"]))}
    found = found.sort_values(["measure", "months"], key=lambda column: column.map(order).fillna(column), kind="stable")
    for (name, months), rows in found.groupby(["measure", "months"], sort=False):
        error = rows["forecast"] - rows["observed"]
        scale, unit = (100.0, " %") if rows["kind"].iloc[0] == "aim share" else (1.0, "")
        inside = [rows["observed"].between(rows[f"low{p}"], rows[f"high{p}"]).mean() for p in (80, 95)]
        figures = (rows["observed"].mean(), rows["forecast"].mean(), error.mean(), 2 * error.sem())
        said = " | ".join(f"{scale * figure:.1f}{unit}" if np.isfinite(figure) else "–" for figure in figures)
        lines.append(f"| {name} | {months} | {len(rows)} | {said} | {inside[0]:.0%} | {inside[1]:.0%} |")
    year = found[found["months"] == 12]
    inside = [year["observed"].between(year[f"low{p}"], year[f"high{p}"]) for p in (80, 95)]
    error = inside[1].groupby(year["council"]).mean().sem()
    lines.append("")
    lines.append(
        f"All figures twelve months ahead: {inside[0].mean():.1%} inside the 80 % interval, {inside[1].mean():.1%} "
        f"inside the 95 % interval (± {2 * error:.1%})."
    )
    return [*lines, _unbiased(year)]


def _unbiased(year: pd.DataFrame) -> str:
    """Which figures are further off than two standard errors, twelve months ahead."""
    error = year["forecast"] - year["observed"]
    by_figure = error.groupby(year["measure"], sort=False).agg(["mean", "sem"])
    beyond = by_figure[by_figure["mean"].abs() > 2 * by_figure["sem"]]
    closures = year[year["measure"] == "Closures"]
    off = (closures["forecast"] - closures["observed"]).sum() / closures["observed"].sum()
    return (
        f"Unbiased within two standard errors, twelve months ahead: {len(by_figure) - len(beyond)} of {len(by_figure)} "
        f"figures{''.join(f'; beyond: {name}' for name in beyond.index)}. Closures are {off:+.1%} off."
    )


def speed() -> str:
    """How long the six distances take for two logs of about 300 cases, against the package."""
    log, _ = drifting_council(1, 170)
    one, other = next(iter(halves(log, 1, 1)))
    log_distances(one, other)
    begin = time.process_time()
    for _ in range(10):
        log_distances(one, other)
    took = (time.process_time() - begin) / 10
    return (
        f"Six distances of two logs of {len(one.cases)} and {len(other.cases)} cases: {1000 * took:.1f} ms, "
        f"{_PACKAGE_SECONDS / took:,.0f} times less than the package's ten seconds."
    )


def main(councils: int, children: int, file: Path | None) -> None:
    """Print the table, and keep it in a file if one is named."""
    text = "\n".join([*table(forecasts(councils, children)), "", speed()])
    print(text)
    if file is not None:
        head = f"# Back-casting\n\nMade by `python benchmarks/backcasting.py {councils} {children} {file.as_posix()}`; "
        file.write_text(f"{head}see the head of that file for what is counted.\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else COUNCILS,
        int(sys.argv[2]) if len(sys.argv) > 2 else CHILDREN,
        Path(sys.argv[3]) if len(sys.argv) > 3 else None,
    )
