"""A process map as a diagram: which numbers stand where, in which unit and colour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from event_logs.vocabulary import MILESTONES
from mining.aggregation import aim_groups, stage_groups
from mining.drawing.diagram import Diagram, DiagramEdge
from mining.drawing.scales import MEASURES, UNITS, Measure, measure_of, typical_unit
from mining.drawing.wording import Wording
from mining.process_map import ProcessMap


def diagram_of(
    process_map: ProcessMap,
    *,
    colour: str = "median",
    width: str = "cases",
    label: Sequence[str] = ("cases", "median"),
    unit: str = "weeks",
    title: str = "Process map",
) -> Diagram:
    """The map as a diagram with its legend, caption and description in words.

    `colour`, `width` and each part of `label` are one of the measures `cases`, `traversals`, `cases_share` (of all
    cases), `waiting` (open cases now at the arrow's start) and `waiting_median` (how long so far), `median`, `p25`,
    `p75`, `p90`, `mean` (restricted to two years), `child_days` and `beyond` (share over the map's limit), or the
    column of `ProcessMap.arrows` that holds it. `unit` is minutes, hours, days, weeks, months, or auto for the one in
    which the typical median is easiest to read; it stands on the picture. Durations the log is too short to tell
    stand as "> 104 wk", and an arrow of which the colour's measure is not known is grey. Raises ValueError for a name
    that is not one of these, and for `beyond` on a map without a limit.
    """
    of_colour, of_width = (_measure(*choice, process_map) for choice in (("colour", colour), ("width", width)))
    on_label = [_measure("label", part, process_map) for part in label]
    _check("unit", unit, (*UNITS, "auto"))
    arrows = process_map.arrows
    if unit == "auto":
        unit = typical_unit(arrows["median_days"].to_numpy(dtype=float), arrows["traversals"].to_numpy(dtype=float))
    writer = Wording(process_map, UNITS[unit], noun_of(process_map.activities["activity"]))
    places, breaks = writer.colours(of_colour)
    weights = writer.weights(of_width)
    rows: list[Any] = list(arrows.itertuples(index=False))
    edges = tuple(
        DiagramEdge(
            source=row.source,
            target=row.target,
            label=" · ".join(filter(None, (writer.part(row, part) for part in on_label))),
            weight=float(weights[position]),
            colour=float(places[position]),
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
        legend=writer.legend(of_colour, breaks, of_width, on_label),
        description=writer.description(),
    )


def noun_of(names: Collection[str]) -> str:
    """Cases are children when every activity is one of permanence planning, or one of its stages or aims."""
    known = {*MILESTONES, *stage_groups().values(), *aim_groups().values()}
    return "children" if len(names) and all(name in known for name in names) else "cases"


def _measure(use: str, name: str, process_map: ProcessMap) -> Measure:
    measure = measure_of(name)
    if measure is None:
        raise ValueError(f"{use} must be one of {', '.join(MEASURES)}, got {name!r}")
    if measure.name == "beyond" and process_map.limit is None:
        raise ValueError(f"{use} asks for the share beyond a limit, but the map was made without a limit")
    return measure


def _check(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
