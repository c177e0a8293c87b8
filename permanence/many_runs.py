"""A project simulated many times: named figures with their intervals, and what the pathway settles at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.log import EventLog, to_days
from event_logs.project import nearest
from permanence.files import complete_files, write_text
from permanence.gates import gates_of
from permanence.pipeline import HORIZON_YEARS, Run
from permanence.progress import StageDisplay
from scenarios.measures import Yardstick, measure, simulated_aims

if TYPE_CHECKING:
    from simulation.replications import Precision, Replications
    from simulation.steady_state import SteadyState

INTERVALS, VALUES = "replications.csv", "replication_values.csv"
WEEKS, PICTURE = "steady_state.csv", "steady_state.svg"
SIMULATED = "simulated"
CLOSURES = "closures"


@dataclass(frozen=True)
class Figures:
    """The figures of one simulated log, by name."""

    yardstick: Yardstick

    def __call__(self, log: EventLog) -> dict[str, float]:
        """`closures` (cases that end), `weeks: STAGE` (mean weeks a visit), `child-weeks: STAGE` (spent in it),
        `queue: GATE` (children waiting, mean over the years), `aim N` (share in time, of the aims that the model can
        speak of), `past two years` (children away from home for more than two years, at the end)."""
        yardstick, row = self.yardstick, measure(log, self.yardstick)
        ended = log.arrays.end
        closures = float(((ended > yardstick.start) & (ended <= yardstick.end)).sum())
        return {CLOSURES: closures} | {name: float(row[place]) for name, place in self.places.items()}

    @property
    def places(self) -> dict[str, int]:
        """Each figure but the closures, and where it stands in the row that `scenarios.measures.measure` returns."""
        yardstick = self.yardstick
        labels = {
            "weeks": [f"weeks: {stage.name}" for stage in yardstick.stages],
            "child_weeks": [f"child-weeks: {stage.name}" for stage in yardstick.stages],
            "queue": [f"queue: {gate.name}" for gate in yardstick.gates],
            "aims": [f"aim {aim.number}" for aim in yardstick.aims],
        }
        found = {
            name: yardstick.places[kind].start + at for kind, named in labels.items() for at, name in enumerate(named)
        }
        return found | {"past two years": yardstick.places["past_two_years"].stop - 1}


def many_runs(
    run: Run,
    precise: Sequence[str],
    replications: int | None,
    steady_years: float | None,
    *,
    seed: int,
    display: StageDisplay,
) -> Replications | SteadyState:
    """What is asked of many simulations: what the pathway settles at, or else named figures."""
    if steady_years is not None:
        return settled(run, years=steady_years, replications=replications, seed=seed, display=display)
    return again_and_again(run, precise=precise, replications=replications, seed=seed, display=display)


def again_and_again(
    run: Run, *, precise: Sequence[str], replications: int | None, seed: int, display: StageDisplay
) -> Replications:
    """Simulate a project's next three years until the figures are as precise as asked, or a given number of times.

    Writes replications.csv (one row a figure) and replication_values.csv (one row a replication). Raises InputError
    for a figure that there is not, or a half width that cannot be read.
    """
    from simulation.cohort import snapshot
    from simulation.fit import fit_pathway
    from simulation.replications import replicate

    end = run.log.window.end + pd.Timedelta(days=round(HORIZON_YEARS * 365.25))
    start_day, end_day = to_days(pd.Series([run.log.window.end, end])).tolist()
    figures = Figures(Yardstick(aims=simulated_aims(), start=start_day, end=end_day))
    wanted = _precision(precise, [CLOSURES, *figures.places])
    with display.stage("Simulating again and again") as advance:
        model = fit_pathway(run.log, panel=gates_of(run.project))
        found = replicate(
            model,
            snapshot(run.log, model),
            end,
            figures,
            seed=seed,
            until=wanted or replications or 1,
            most=replications or 500,
            workers=run.workers,
            store=run.cache,
            cluster=run.cluster,
            progress=advance,
        )
    folder = run.folder / SIMULATED
    with complete_files(folder) as scratch:
        write_text(scratch / INTERVALS, found.intervals.to_csv(index=False, lineterminator="\n"))
        values = found.values.rename_axis("replication").reset_index()
        write_text(scratch / VALUES, values.to_csv(index=False, lineterminator="\n"))
    return found


def settled(run: Run, *, years: float, replications: int | None, seed: int, display: StageDisplay) -> SteadyState:
    """Run a project's model from empty for so many years and tell what it settles at.

    Writes steady_state.csv (one row a week) and steady_state.svg. Raises InputError for what never settles.
    """
    from simulation.fit import fit_pathway
    from simulation.steady_picture import steady_picture
    from simulation.steady_state import NoSteadyStateError, steady_state

    with display.stage("Running from empty") as advance:
        model = fit_pathway(run.log, panel=gates_of(run.project))
        try:
            found = steady_state(
                model,
                run.log.window.end,
                years=years,
                seed=seed,
                replications=replications or 10,
                workers=run.workers,
                store=run.cache,
                cluster=run.cluster,
                progress=advance,
            )
        except NoSteadyStateError as error:
            remedy = "Ask for the next years instead (without --steady-state), or declare gates that can keep up"
            raise InputError(Problem("--steady-state", "", f"there is no steady state: {error}", remedy)) from error
    with complete_files(run.folder / SIMULATED) as scratch:
        write_text(scratch / WEEKS, found.weeks.round(6).to_csv(index=False, lineterminator="\n"))
        (scratch / PICTURE).write_bytes(steady_picture(found))
    return found


def _precision(asked: Sequence[str], names: Sequence[str]) -> Mapping[str, Precision]:
    """`closures=5` or `closures=5%`, as typed."""
    from simulation.replications import Precision

    found: dict[str, Precision] = {}
    problems = []
    by_lower = {name.lower(): name for name in names}
    for text in asked:
        typed, _, width = text.rpartition("=")
        name = by_lower.get(typed.strip().lower())
        if name is None:
            near = nearest(typed.strip(), names, 1)
            meant = f"; the nearest is {near[0]!r}" if near else ""
            remedy = f"Use MEASURE=HALFWIDTH with one of: {', '.join(names)}"
            problems.append(Problem("--until-precise", text, f"there is no such measure{meant}", remedy))
            continue
        number = _number(width.strip().removesuffix("%"))
        if not number > 0.0:
            remedy = f"Write for instance {name}=5, or {name}=5% of the mean"
            problems.append(Problem("--until-precise", text, "the half width must be a number above 0", remedy))
        elif width.strip().endswith("%"):
            found[name] = Precision(relative=number / 100.0)
        else:
            found[name] = Precision(absolute=number)
    if problems:
        raise InputError(problems)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(np.nan)
