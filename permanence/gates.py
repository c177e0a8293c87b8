"""The gates that a project file declares, as the model has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from event_logs.project import Panel, Project
    from simulation.gates import Sessions
    from simulation.known_gates import KnownGates

_AHEAD_YEARS = 10
"""How far beyond the extraction date holidays are told."""


def panel_of(project: Project) -> Sessions | None:
    """The panel calendar the project declares, as the model's gate; None when it declares none."""
    from simulation.gates import CarveOut, Priority, Sessions

    known: Panel | None = project.panel
    if known is None:
        return None
    rule = known.priority
    return Sessions(
        weekday=known.weekday,
        weeks_of_month=known.weeks_of_month,
        slots=known.slots,
        lead_days=float(known.lead_days),
        skip_months=known.skip_months,
        source="declared in the project file",
        cancelled=tuple(day.isoformat() for day in known.cancelled),
        added=tuple(day.isoformat() for day in known.added),
        slots_on={day.isoformat(): slots for day, slots in known.slots_on.items()},
        booking=known.booking,
        booked_in=known.booked_in or "",
        siblings_together=known.siblings_together,
        priority=Priority(by=rule.by, first=rule.first) if rule else None,
        carve_outs=tuple(CarveOut(by=one.by, values=one.values, slots=one.slots) for one in known.kept_slots),
    )


def gates_of(project: Project) -> KnownGates:
    """Every gate the project declares, and the council's holidays from the window's start to ten years ahead."""
    from simulation.gates import Away, DecisionMaker, Places
    from simulation.known_gates import KnownGates

    decides, court = project.decision_maker, project.court
    closed = project.working_days.holidays["date"]
    last = project.window.end + pd.DateOffset(years=_AHEAD_YEARS)
    return KnownGates(
        panel=panel_of(project),
        decision_maker=DecisionMaker(limit_days=float(decides.limit_days), keeps_limit=decides.keeps_limit)
        if decides
        else None,
        court=Places(
            places=court.places,
            away=tuple(
                Away(start=one.start.isoformat(), end=one.end.isoformat(), places=one.places) for one in court.away
            ),
        )
        if court
        else None,
        holidays=tuple(f"{day:%Y-%m-%d}" for day in closed[(closed >= project.window.start) & (closed <= last)]),
    )
