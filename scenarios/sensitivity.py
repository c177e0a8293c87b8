"""What a difference depends on: each unknown moved by itself (tornado), or all of them at once (Morris, Sobol)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.designs import Point, Space, run_points
from scenarios.measures import DAYS_A_WEEK
from scenarios.unknowns import JUDGEMENT, RECORDS, size_names

Floats = npt.NDArray[np.float64]
ENDS = (0.1, 0.9)
"""From the 10th to the 90th percentile of what the records, or the stated range, leave possible."""


def tornado(space: Space, **running: Any) -> pd.DataFrame:
    """One row a scenario and unknown: the child-weeks saved with that unknown at either end, widest first.

    Columns: `scenario`; `input`, `kind`, `unit`; `low_value`, `high_value` (the unknown at its 10th and 90th
    percentile); `middle_child_weeks` (difference in all stages with everything as fitted, sizes at their middle),
    `at_low_child_weeks`, `at_high_child_weeks`; `swing_child_weeks` (the distance of these two) with its simulation
    error `swing_error` (NaN with one replication) and `told` (more than twice that). Negative differences are less
    waiting. All points run on the same streams. `running`: as `simulation.running.in_order`, and `workers`.
    """
    points = [Point()]
    points += [Point(groups=((place, end),)) for place in space.varying for end in ENDS]
    most = max((one.shape[1] for one in space.drawn), default=0)
    points += [Point(sizes=((place, end),)) for place in range(most) for end in ENDS]
    saved = run_points(space, points, **running)
    rows = []
    for number, scenario in enumerate(space.experiment.scenarios):
        mine = saved[:, :, number]
        for place, name, kind, unit in _unknowns(space, number):
            at = 1 + 2 * (place if kind == JUDGEMENT else space.varying.index(place))
            at += 2 * len(space.varying) if kind == JUDGEMENT else 0
            ends = [_value(space, number, place, kind, end) for end in ENDS]
            measured = swing(mine[0], mine[at], mine[at + 1])
            rows.append((scenario.name, name, kind, unit, *ends, *measured))
    columns = ["scenario", "input", "kind", "unit", "low_value", "high_value", "middle_child_weeks"]
    columns += ["at_low_child_weeks", "at_high_child_weeks", "swing_child_weeks", "swing_error"]
    table = pd.DataFrame(rows, columns=columns)
    # What does not change the difference by so much as a day changes nothing.
    changes = table["swing_child_weeks"] * DAYS_A_WEEK >= 1.0
    table["told"] = changes & (table["swing_child_weeks"] > 2 * table["swing_error"])
    order = {scenario.name: number for number, scenario in enumerate(space.experiment.scenarios)}
    table = table.assign(place=table["scenario"].map(order), width=-table["swing_child_weeks"])
    return table.sort_values(["place", "width", "input"], kind="stable", ignore_index=True)[[*columns, "told"]]


def _unknowns(space: Space, scenario: int) -> list[tuple[int, str, str, str]]:
    """Position, name, kind and unit of everything that varies for a scenario."""
    found = [(place, space.inputs[place].name, RECORDS, space.inputs[place].unit) for place in space.varying]
    sizes = space.drawn[scenario]
    for place, name in enumerate(size_names(space.experiment.scenarios[scenario])):
        drawn = sizes[:, place][np.isfinite(sizes[:, place])]
        if len(drawn) and np.ptp(drawn) > 0:
            found.append((place, name, JUDGEMENT, "as stated"))
    return found


def _value(space: Space, scenario: int, place: int, kind: str, end: float) -> float:
    return space.size(scenario, place, end) if kind == JUDGEMENT else space.value(place, end)


def swing(middle: Floats, low: Floats, high: Floats) -> tuple[float, float, float, float, float]:
    """Means in the middle and at both ends, the distance of the ends, and its error, from replications on the same
    streams; NaN for the error of one."""
    apart = high - low
    error = float(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else float("nan")
    return float(middle.mean()), float(low.mean()), float(high.mean()), abs(float(apart.mean())), error


def screen(
    space: Space,
    *,
    method: Literal["morris", "sobol"] = "morris",
    size: int = 8,
    **running: Any,
) -> pd.DataFrame:
    """One row a scenario and unknown, all unknowns moved at once, most important first (through SALib).

    "morris": elementary effects along `size` trajectories of (unknowns + 1) points: `importance` is mu* (mean size of
    the effect of going through the whole of an input, in child-weeks), `error` its 95 % half-width, `interaction` sigma
    (as large as mu*: the effect depends on the others). "sobol": from `size` x (unknowns + 2) points, a power of 2:
    `importance` is the total share of the variance, `error` its half-width, `interaction` that less the first-order
    share; 32 is too few for a number, though ranks agree (methods 4.5). Columns: `scenario`, `input`, `kind`,
    `importance`, `error`, `interaction`, `rank`. Raises ValueError for another method.
    """
    if method not in ("morris", "sobol"):
        raise ValueError(f"method must be morris or sobol, got {method!r}")
    most = max((one.shape[1] for one in space.drawn), default=0)
    names = [f"group {place}" for place in space.varying] + [f"size {place}" for place in range(most)]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    sample = sampled(method, problem, size, space.experiment.seed)
    saved = run_points(space, [_point(space, row) for row in sample], **running).mean(axis=1)
    rows = []
    for number, scenario in enumerate(space.experiment.scenarios):
        told = analysed(method, problem, sample, saved[:, number], space.experiment.seed)
        mine: list[tuple[Any, ...]] = []
        for place, name, kind, _ in _unknowns(space, number):
            at = len(space.varying) + place if kind == JUDGEMENT else space.varying.index(place)
            mine.append((scenario.name, name, kind, *(float(values[at]) for values in told)))
        mine.sort(key=lambda row: (-float(row[3]), row[1]))
        rows += [(*row, rank) for rank, row in enumerate(mine, start=1)]
    return pd.DataFrame(rows, columns=["scenario", "input", "kind", "importance", "error", "interaction", "rank"])


def _point(space: Space, row: Floats) -> Point:
    groups = tuple((place, float(share)) for place, share in zip(space.varying, row, strict=False))
    sizes = tuple((place, float(share)) for place, share in enumerate(row[len(space.varying) :]))
    return Point(groups=groups, sizes=sizes)


def sampled(method: str, problem: dict[str, Any], size: int, seed: int) -> Floats:
    """The points of the design, as [point, variable]."""
    if method == "morris":
        from SALib.sample import morris

        return np.asarray(morris.sample(problem, size, num_levels=4, seed=seed))
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem, size, calc_second_order=False, seed=seed))


def analysed(method: str, problem: dict[str, Any], sample: Floats, outcome: Floats, seed: int) -> tuple[Floats, ...]:
    """Importance, error and interaction of each variable of the problem."""
    if np.ptp(outcome) == 0.0:
        nothing = np.zeros(problem["num_vars"])
        return nothing, nothing, nothing
    if method == "morris":
        from SALib.analyze import morris

        found = morris.analyze(problem, sample, outcome, num_levels=4, seed=seed)
        return tuple(np.asarray(found[name]) for name in ("mu_star", "mu_star_conf", "sigma"))
    from SALib.analyze import sobol

    found = sobol.analyze(problem, outcome, calc_second_order=False, seed=seed)
    total = np.asarray(found["ST"])
    return total, np.asarray(found["ST_conf"]), total - np.asarray(found["S1"])
