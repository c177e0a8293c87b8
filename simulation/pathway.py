"""The declared permanence pathway: which steps there are, what starts each, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from event_logs import vocabulary as v
from simulation.model import reachable

PLANNING = "Planning"
PLAN_DECIDED = "plan decided"
PANEL_AGAIN = "Permanence panel again"
UNRECORDED_STAGE = "Stage not recorded"
PANEL_GATE = "permanence panel"
REVIEW_GATE = "LAAC reviews"


@dataclass(frozen=True)
class Ways:
    """What competes to follow an activity: exactly one of `ways` happens next on this line."""

    after: str
    ways: tuple[str, ...]


COMPETING: tuple[Ways, ...] = (
    Ways(v.AT_HOME, (v.ACCOMMODATED, v.CEASED)),
    Ways(v.RETURN_HOME, (v.RETURNED_HOME,)),
    Ways(v.RETURNED_HOME, (v.CEASED,)),
    Ways(v.KINSHIP_ORDER_PLANNED, (v.KINSHIP_ORDER,)),
    Ways(v.KINSHIP_ORDER, (v.CEASED,)),
    Ways(v.LONG_TERM, (v.CEASED,)),
    Ways(v.LEGAL_REQUESTED, (v.LEGAL_RECEIVED,)),
    Ways(v.HEALTH_REQUESTED, (v.HEALTH_COMPLETED,)),
    Ways(v.PANEL, (v.AGENCY_DECISION, v.INFORMATION_RECEIVED)),
    Ways(v.LODGED, (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER, v.NOT_GRANTED)),
    Ways(v.PERMANENCE_ORDER, (v.CEASED,)),
    Ways(v.AUTHORITY_TO_ADOPT, (v.ADOPTION_ORDER,)),
    Ways(v.ADOPTION_ORDER, (v.CEASED,)),
    Ways(v.NOT_GRANTED, (v.CEASED,)),
)
"""Stretches where one of several things happens next."""

SIDE_BY_SIDE: tuple[Ways, ...] = (
    Ways(v.RECOMMENDED, (v.LEGAL_REQUESTED, v.HEALTH_REQUESTED, v.REPORT_COMPLETED)),
    Ways(v.AGENCY_DECISION, (v.LODGED, v.HEARING_ADVICE)),
)
"""Stretches where several things begin together and run side by side; the first is always needed."""

PAPERS: tuple[str, ...] = (v.RECOMMENDED, v.LEGAL_RECEIVED, v.HEALTH_COMPLETED, v.REPORT_COMPLETED)
"""What must have happened before a child's papers can go to the panel."""

DECISIONS: tuple[str, ...] = (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.LONG_TERM, v.RECOMMENDED)
"""What a LAAC review can decide."""

OPTIONAL: frozenset[str] = frozenset({v.HEARING_ADVICE})
"""Steps that only some children need."""
BY_AGE: frozenset[str] = frozenset({v.LONG_TERM, v.PERMANENCE_ORDER, v.NOT_GRANTED})
"""What follows these ends when the young person is old enough: not a matter of how fast a child's journey goes."""
LEAVES_AT_DAYS = 6574.0
"""The 18th birthday, in days."""


def downstream() -> dict[str, frozenset[str]]:
    """For each activity of the pathway, those that follow it, directly or through others."""
    edges: dict[str, tuple[str, ...]] = dict.fromkeys(v.MILESTONES, ())
    for stretch in (*COMPETING, *SIDE_BY_SIDE):
        edges[stretch.after] += stretch.ways
    for papers in PAPERS:
        edges[papers] += (v.PANEL,)
    edges[v.INFORMATION_RECEIVED] += (v.PANEL,)
    edges[v.ACCOMMODATED] += DECISIONS
    return reachable(edges)
