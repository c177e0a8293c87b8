"""Who has what at the gates on the day a simulation starts: booked dates, places held, more held than there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from simulation.gates import Places, Sessions
from simulation.gates.iso import text_of
from simulation.model import PathwayModel

if TYPE_CHECKING:
    from simulation.cohort import Cohort, Running


@dataclass(frozen=True)
class AtGates:
    """What the records say of the open cases and the gates. Gate -> child -> day (since 1970-01-01)."""

    booked: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """The date each child is booked for: the case attribute that `Sessions.booked_in` names, if it is still to come."""
    begun: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """The day on which each child last took a place, where the log records that (`Places.begins_as`)."""
    holding: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Gate -> children who are past a step of it and hold their place until a later activity (`Places.until`)."""


def read_at_gates(log: EventLog, model: PathwayModel, rows: npt.NDArray[np.int64]) -> AtGates:
    """What the log says of its open cases (their positions are `rows`; children are numbered in that order)."""
    booked: dict[str, dict[int, float]] = {}
    begun: dict[str, dict[int, float]] = {}
    holding: dict[str, tuple[int, ...]] = {}
    for name, gate in model.gates.items():
        if isinstance(gate, Sessions) and gate.booked_in in log.cases:
            days = np.floor(to_days(_dates(log.cases, gate.booked_in).iloc[rows]))
            booked[name] = {int(child): float(days[child]) for child in np.flatnonzero(days > log.arrays.window_end)}
        if isinstance(gate, Places) and gate.begins_as:
            days = _last(log, (gate.begins_as,))[rows]
            begun[name] = {int(child): float(days[child]) for child in np.flatnonzero(~np.isnan(days))}
        if isinstance(gate, Places) and gate.until:
            at_gate = tuple(step.activity for step in model.steps.values() if step.gate == name and step.activity)
            since, back = _last(log, at_gate)[rows], _last(log, (gate.until,))[rows]
            kept = ~np.isnan(since) & (np.isnan(back) | (back < since))
            holding[name] = tuple(np.flatnonzero(kept).tolist())
    return AtGates(booked, begun, holding)


def _dates(cases: pd.DataFrame, attribute: str) -> pd.Series:
    column = cases[attribute]
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    try:
        return pd.to_datetime(column, format="%Y-%m-%d")
    except (TypeError, ValueError) as error:
        raise ValueError(f"the case attribute {attribute!r} must hold dates such as 2025-03-04: {error}") from None


def _last(log: EventLog, activities: Sequence[str]) -> npt.NDArray[np.float64]:
    """Day of each case's last such event; NaN where it has none."""
    arrays = log.arrays
    codes = [code for code, name in enumerate(arrays.activities) if name in activities]
    found = np.full(len(arrays.start), np.nan)
    events = np.flatnonzero(np.isin(arrays.activity, codes))
    found[arrays.case[events]] = arrays.day[events]  # events are in order: the last one stays
    return found


def at_work(cohort: Cohort, name: str, gate: Places, items: Sequence[Running]) -> list[float | None]:
    """For each of the children in steps of this gate, the day its work began; None for one who waits for a place.

    Where the log records that a place was taken, it says so; otherwise as many as there are places are at work, in
    turn, and their work is taken to have begun when the step did. Who kept a place from an earlier step began then too.
    """
    from simulation.cohort import strata_of

    holding = set(cohort.at_gates.holding.get(name, ()))
    found = [item.since if item.child in holding else None for item in items]
    if gate.begins_as:
        begun = cohort.at_gates.begun.get(name, {})
        days = [begun.get(item.child, -np.inf) for item in items]
        told = zip(items, days, found, strict=True)
        return _served(gate, items, [day if day >= item.since else kept for item, day, kept in told])
    free = gate.capacity(cohort.day) - len(holding)
    values = strata_of(cohort.cases, gate.priority.by) if gate.priority else []
    group = [gate.priority.place(values[item.child]) if gate.priority else 0 for item in items]
    for place in sorted(range(len(items)), key=lambda n: (group[n], items[n].since, items[n].child)):
        if found[place] is None and gate.until and items[place].child in holding:
            continue  # served by the place it has
        if free > 0 and found[place] is None:
            found[place] = items[place].since
            holding.add(items[place].child)
            free -= 1
    return _served(gate, items, found)


def _served(gate: Places, items: Sequence[Running], begun: list[float | None]) -> list[float | None]:
    """A place kept until a later activity serves every step of the child at the gate."""
    if not gate.until:
        return begun
    there = {item.child for item, day in zip(items, begun, strict=True) if day is not None}
    return [item.since if day is None and item.child in there else day for item, day in zip(items, begun, strict=True)]


def over_full(cohort: Cohort) -> pd.DataFrame:
    """Every gate with slots or places as the simulation finds it, one row a gate.

    Columns: `gate`; `places`: those of the day, missing for a panel; `held`: children who hold one, or who are booked
    for a coming session; `waiting`: children at the gate without place or date; `over`: places held beyond those there
    are, or booked beyond the slots of their dates. What is over is not taken away: at `Places` no newcomer begins until
    as many have ended, and at a session all who are booked are heard. An undecided child is at a gate if all of its
    ways pass it.
    """
    rows: list[tuple[str, int | None, int, int, int]] = []
    for name, gate in cohort.model.gates.items():
        items = [item for item in cohort.running if cohort.model.steps[item.step].gate == name]
        items += _undecided_at(cohort, name)
        if isinstance(gate, Places):
            holding, began = set(cohort.at_gates.holding.get(name, ())), at_work(cohort, name, gate, items)
            there = [item for item, day in zip(items, began, strict=True) if day is not None]
            held = len(holding | {item.child for item in there}) if gate.until else len(there)
            places = gate.capacity(cohort.day)
            rows.append((name, places, held, len(items) - len(there), max(held - places, 0)))
        elif isinstance(gate, Sessions):
            booked = cohort.at_gates.booked.get(name, {})
            over = _over_booked(gate, cohort, booked.values())
            waiting = sum(1 for item in items if item.child not in booked)
            rows.append((name, None, len(booked), waiting, over))
    frame = pd.DataFrame(rows, columns=["gate", "places", "held", "waiting", "over"])
    return frame.astype({"gate": "str", "places": "Int64", "held": "int64", "waiting": "int64", "over": "int64"})


def _undecided_at(cohort: Cohort, gate: str) -> list[Running]:
    from simulation.cohort import Running

    found = []
    for hidden in cohort.undecided:
        ways = [option.starts for option in cohort.model.choices[hidden.choice].options]
        if all(len(way) == 1 and cohort.model.steps[way[0]].gate == gate for way in ways):
            found.append(Running(hidden.child, ways[0][0], hidden.since))
    return found


def _over_booked(gate: Sessions, cohort: Cohort, booked: Collection[float]) -> int:
    """Children booked beyond the slots of their dates; a date that is not in the calendar has none."""
    start, end = (pd.Timestamp(from_days([day])[0]) for day in (cohort.day, max(booked, default=cohort.day)))
    held = set(to_days(pd.Series(gate.dates(start, end, closed=cohort.model.holidays))).tolist())
    slots = {day: gate.slots_at(text_of(day)) if day in held else 0 for day in booked}
    return sum(max(count - slots[day], 0) for day, count in Counter(booked).items())
