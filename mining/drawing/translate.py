"""A process map as a diagram: which numbers stand where, in which unit and colour."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from event_logs.vocabulary import MILESTONES
from mining.drawing.diagram import Diagram, DiagramEdge
from mining.drawing.wording import DURATIONS, UNITS, Unit, Wording
from mining.process_map import ProcessMap


def diagram_of(
    process_map: ProcessMap,
    *,
    colour: str = "median_days",
    width: str = "cases",
    label: Sequence[str] = ("cases", "median"),
    unit: str = "weeks",
    title: str = "Process map",
) -> Diagram:
    """The map as a diagram with its legend, caption and description in words.

    `colour` is a duration column of the arrows (`median_days`, `p75_days`, `p90_days`), `width` a count column
    (`cases`, `traversals`), `label` what stands on an arrow, from `cases`, `traversals`, `median`, `p75`, `p90`.
    `unit` is minutes, hours, days, weeks, months, or auto for the one in which the typical median is easiest to read.
    Durations the log is too short to tell stand as "> 104 wk". Raises ValueError for a name that is not one of these.
    """
    _check("colour", colour, DURATIONS)
    _check("width", width, ("cases", "traversals"))
    for part in label:
        _check("label", part, ("cases", "traversals", "median", "p75", "p90"))
    _check("unit", unit, (*UNITS, "auto"))
    writer = Wording(process_map, UNITS[_typical_unit(process_map) if unit == "auto" else unit], _noun(process_map))
    values = writer.values(colour)
    breaks = _breaks(values, writer.unit)
    classes = np.searchsorted(breaks, values, side="right") / max(len(breaks), 1)
    counts = process_map.arrows[width].to_numpy(dtype=float)
    most = max(float(counts.max(initial=0.0)), 1.0)
    rows: list[Any] = list(process_map.arrows.itertuples(index=False))
    edges = tuple(
        DiagramEdge(
            source=row.source,
            target=row.target,
            label=" · ".join(writer.part(row, part) for part in label),
            weight=math.sqrt(counts[position] / most),
            colour=float(classes[position]),
            dashed=not row.established,
            title=writer.arrow_title(row),
        )
        for position, row in enumerate(rows)
    )
    return Diagram(
        title=title,
        nodes=tuple(writer.node(row) for row in process_map.activities.itertuples(index=False)),
        edges=edges,
        caption=writer.caption(),
        legend=writer.legend(colour, breaks, width, most, label),
        description=writer.description(),
    )


def _check(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _noun(process_map: ProcessMap) -> str:
    """Cases are children when every activity is one of permanence planning."""
    names = process_map.activities["activity"]
    return "children" if len(names) and all(name in MILESTONES for name in names) else "cases"


def _typical_unit(process_map: ProcessMap) -> str:
    """The unit for the median that a typical movement has."""
    known = process_map.arrows[["median_days", "traversals"]].dropna()
    known = known[known["median_days"] > 0].sort_values("median_days", kind="stable")
    if known.empty:
        return "days"
    sums = known["traversals"].to_numpy(dtype=float).cumsum()
    typical = float(known["median_days"].to_numpy(dtype=float)[np.searchsorted(sums, sums[-1] / 2)])
    return "minutes" if typical < 10 / 1440 else "hours" if typical < 2 else "days" if typical < 21 else "weeks"


def _breaks(values: npt.NDArray[np.float64], unit: Unit) -> tuple[float, ...]:
    """Four round numbers, evenly spaced on the unit's scale, that part the values most evenly in five."""
    known = values[np.isfinite(values)]
    choices = [
        unit.breaks[start : start + 3 * stride + 1 : stride]
        for stride in (1, 2, 3)
        for start in range(len(unit.breaks) - 3 * stride)
    ]
    if not len(known):
        return choices[len(choices) // 2]

    # Long waits weigh more: they are what the colours are for.
    weights = np.sqrt(np.maximum(known, 0.0))

    def unevenness(choice: tuple[float, ...]) -> float:
        classes = np.bincount(np.searchsorted(choice, known, side="right"), weights, minlength=5)
        return round(float((classes**2).sum()), 6)

    return min(choices, key=unevenness)
