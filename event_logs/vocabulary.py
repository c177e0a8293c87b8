"""The words of permanence planning, written once as data: milestones, stages and the four PACE aims.

A council replaces any of them in its project file. Every figure carries its source, and whether that source
confirms it; an unconfirmed figure is shown as such wherever it appears.
"""

from __future__ import annotations

from dataclasses import dataclass

BECAME_LOOKED_AFTER = "Became looked after"
AT_HOME = "Looked after at home"
ACCOMMODATED = "Accommodated"
REVIEW = "LAAC review"
RETURN_HOME = "Return home recommended"
KINSHIP_ORDER_PLANNED = "Kinship order recommended"
LONG_TERM = "Long-term placement agreed"
RECOMMENDED = "Permanence recommended"
LEGAL_REQUESTED = "Legal advice requested"
LEGAL_RECEIVED = "Legal advice received"
HEALTH_REQUESTED = "Health assessment requested"
HEALTH_COMPLETED = "Health assessment completed"
REPORT_COMPLETED = "Child's report completed"
PANEL = "Permanence panel"
INFORMATION_RECEIVED = "Further information received"
AGENCY_DECISION = "Agency decision"
HEARING_ADVICE = "Hearing advice received"
LODGED = "Application lodged"
PERMANENCE_ORDER = "Permanence order granted"
AUTHORITY_TO_ADOPT = "Permanence order with authority to adopt granted"
KINSHIP_ORDER = "Kinship care order granted"
NOT_GRANTED = "Application refused or withdrawn"
ADOPTION_ORDER = "Adoption order granted"
RETURNED_HOME = "Returned home"
CEASED = "Ceased to be looked after"


@dataclass(frozen=True)
class Milestone:
    """One kind of step in a child's journey."""

    activity: str
    rank: int
    """Place in the process order; decides which of two events on the same day comes first."""
    recurring: bool = False
    """Happens again and again beside the main line (reviews): counted and kept, not drawn on the spine of the map."""
    final: bool = False
    """Ends the case: the child is no longer looked after."""
    permanence: bool = False
    """Counts as permanence achieved, which is not the same as ceasing to be looked after."""


_ORDER: tuple[Milestone, ...] = tuple(
    Milestone(activity, rank * 10, **flags)
    for rank, (activity, flags) in enumerate(
        [
            (BECAME_LOOKED_AFTER, {}),
            (AT_HOME, {}),
            (ACCOMMODATED, {}),
            (REVIEW, {"recurring": True}),
            (RETURN_HOME, {}),
            (KINSHIP_ORDER_PLANNED, {}),
            (LONG_TERM, {}),
            (RECOMMENDED, {}),
            (LEGAL_REQUESTED, {}),
            (HEALTH_REQUESTED, {}),
            (LEGAL_RECEIVED, {}),
            (HEALTH_COMPLETED, {}),
            (REPORT_COMPLETED, {}),
            (PANEL, {}),
            (INFORMATION_RECEIVED, {}),
            (AGENCY_DECISION, {}),
            (HEARING_ADVICE, {}),
            (LODGED, {}),
            (NOT_GRANTED, {}),
            (PERMANENCE_ORDER, {"permanence": True}),
            (AUTHORITY_TO_ADOPT, {"permanence": True}),
            (KINSHIP_ORDER, {"permanence": True}),
            (ADOPTION_ORDER, {"permanence": True}),
            (RETURNED_HOME, {}),
            (CEASED, {"final": True}),
        ],
        start=1,
    )
)

MILESTONES: dict[str, Milestone] = {milestone.activity: milestone for milestone in _ORDER}
"""Every milestone by its activity name, in process order."""


@dataclass(frozen=True)
class Stage:
    """A stretch of a child's journey that has a clock: it starts, and it stops.

    The clock starts when *all* of `starts` have happened (each at its first occurrence) and stops at the first of
    `stops`, or, with `all_stops`, when all of them have happened. A stop that came before the start counts as a stage
    of zero days only with `all_stops` (papers that were ready early); otherwise only stops on or after the start count.
    """

    name: str
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    all_stops: bool = False
    limit_days: float | None = None
    """The time the stage should take at most; None where no limit is known."""
    limit_source: str = ""
    confirmed: bool = False
    """Whether the source confirms the limit. Unconfirmed limits are shown as such."""


_PAPERS = (LEGAL_RECEIVED, HEALTH_COMPLETED, REPORT_COMPLETED)
_ORDERS = (PERMANENCE_ORDER, AUTHORITY_TO_ADOPT, ADOPTION_ORDER, NOT_GRANTED)

STAGES: tuple[Stage, ...] = (
    Stage(
        "Planning: accommodated to plan decided",
        starts=(ACCOMMODATED,),
        stops=(RETURN_HOME, KINSHIP_ORDER_PLANNED, LONG_TERM, RECOMMENDED),
        limit_days=183,
        limit_source="Scottish Government guidance: clear direction of the plan within 6 months of being accommodated",
        confirmed=True,
    ),
    Stage("Papers: recommendation to papers complete", starts=(RECOMMENDED,), stops=_PAPERS, all_stops=True),
    Stage("Panel: papers complete to first panel", starts=(RECOMMENDED, *_PAPERS), stops=(PANEL,)),
    Stage(
        "Decision: panel to agency decision",
        starts=(PANEL,),
        stops=(AGENCY_DECISION,),
        limit_days=14,
        limit_source="Adoption Agencies (Scotland) Regulations 2009, reg 13: within 14 days of the recommendation",
        confirmed=True,
    ),
    Stage(
        "Lodging: agency decision to application lodged",
        starts=(AGENCY_DECISION,),
        stops=(LODGED,),
        limit_days=112,
        limit_source="PACE aim 4 as recalled (16 weeks); not confirmed by any source read",
    ),
    Stage("Court: application lodged to order", starts=(LODGED,), stops=_ORDERS),
)
"""The permanence line, stage by stage, without overlap."""


@dataclass(frozen=True)
class Aim:
    """One PACE aim: who it is about, which clock it sets, and how many should meet it."""

    number: int
    name: str
    clock_start: str
    clock_stops: tuple[str, ...]
    limit_days: float
    target_share: float
    starts_after_days: float = 0.0
    """The clock starts this many days after `clock_start` (aim 1: two years at home), for those still there."""
    max_age: float | None = 12.0
    """Only children younger than this when the clock starts, in years; None for all. Edinburgh's focus is under 12."""
    source: str = ""
    confirmed: bool = False
    """Whether limit and target are confirmed by the source."""


_RECALLED = "national wording as recalled, not confirmed by any source read; change it in the project file"

AIMS: tuple[Aim, ...] = (
    Aim(
        1,
        "At home on a supervision order for two years: plan reviewed",
        clock_start=AT_HOME,
        clock_stops=(REVIEW,),
        starts_after_days=730,
        limit_days=91,
        target_share=0.75,
        max_age=None,
        source=f"CELCIS PACE aims page (population and review); limit of 91 days is our assumption; 75 %: {_RECALLED}",
    ),
    Aim(
        2,
        "Accommodated to plan decided, return home included",
        clock_start=ACCOMMODATED,
        clock_stops=(RETURN_HOME, KINSHIP_ORDER_PLANNED, LONG_TERM, RECOMMENDED),
        limit_days=228,
        target_share=0.75,
        source=f"CELCIS PACE aims page (clock); 7.5 months and 75 %: {_RECALLED}",
    ),
    Aim(
        3,
        "Permanence recommended to agency decision",
        clock_start=RECOMMENDED,
        clock_stops=(AGENCY_DECISION,),
        limit_days=98,
        target_share=0.75,
        source=f"Edinburgh PACE poster 2018 (clock); 14 weeks and 75 %: {_RECALLED}",
    ),
    Aim(
        4,
        "Agency decision to application lodged",
        clock_start=AGENCY_DECISION,
        clock_stops=(LODGED,),
        limit_days=112,
        target_share=0.75,
        source=f"Edinburgh PACE poster 2018 (clock); 16 weeks and 75 %: {_RECALLED}",
    ),
)
"""The four PACE aims."""
