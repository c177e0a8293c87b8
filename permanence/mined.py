"""The parts of results.json that mining fills beside map, stages, aims and the ranking by child-days."""

from __future__ import annotations

from permanence.part import Part


class OutcomeShare(Part):
    """The share of children to whom something had happened so many years after they came into a state."""

    state: str
    years: float
    outcome: str
    """An end, or "Still waiting"."""
    share: float | None
    low_share: float | None
    high_share: float | None
    children: int
    followed_children: int
    """How many of them were followed for so long."""
    note: str


class Outcomes(Part):
    """What became of children after they were accommodated, those still waiting counted (Aalen-Johansen)."""

    ends: list[OutcomeShare]
    permanence: list[OutcomeShare]
    """Permanence achieved against ceasing to be looked after without it: two different ends."""
    words: str


class ExcessRank(Part):
    """One stage in the ranking by days spent beyond its limit."""

    rank: int
    stage: str
    limit_days: float
    limit_confirmed: bool
    excess_child_days: float
    low_child_days: float | None
    high_child_days: float | None
    share: float | None
    first_probability: float | None
    tied: bool
    children: int
    beyond_children: int
    beyond_open_children: int


class LeverageRank(Part):
    """One stage in the ranking by what shortening it would do: known only where it has been simulated."""

    rank: int | None
    stage: str
    saved_child_days: float | None
    low_child_days: float | None
    high_child_days: float | None
    first_probability: float | None
    tied: bool
    note: str


class WaitPart(Part):
    """One part of the wait before a panel."""

    part: str
    child_days: float
    share: float | None
    mean_days: float | None
    low_days: float | None
    high_days: float | None


class PanelWait(Part):
    """The wait before the permanence panel and what it was for."""

    meets: str
    """When the panel meets, as its dates show it."""
    words: str
    parts: list[WaitPart]
    heard_children: int
    waiting_children: int
    slots: int
    """Children a session can hear."""
    lead_days: int
    """How long before a session papers must be complete, where the council has said so."""
    load_share: float | None
    """Children ready for each session as a share of its slots; above 1 the queue grows."""
    low_load_share: float | None
    high_load_share: float | None
    full_months: int
    """Months in the longest run of sessions that each left ready children unheard."""


class GroupMedian(Part):
    """How long a stage takes for one group of children."""

    attribute: str
    group: str
    stage: str
    children: int
    open_children: int
    median_days: float | None
    low_days: float | None
    high_days: float | None
    chance_probability: float | None
    """How often chance alone would show such differences between groups: the log-rank test's p value, adjusted for the
    number of comparisons."""
    remark: str


class StageFlow(Part):
    """Little's law for a stage: what came in, what was there, and how long each stayed."""

    stage: str
    observed_days: float
    arrivals: int
    departures: int
    start_children: int
    end_children: int
    mean_children: float | None
    arrivals_per_day: float | None
    each_days: float | None
    child_days: float
    counted_child_days: float
    note: str


class ReworkKind(Part):
    """Something that was done again, or drifted."""

    what: str
    children: int | None
    """To whom it could happen."""
    happened_children: int | None
    share: float | None
    low_share: float | None
    high_share: float | None
    within_days: float | None
    open_children: int | None
    times: int | None
    child_days: float | None
    now_children: int | None
    note: str


class OrderUnknown(Part):
    """How much of the order of events nobody knows, because dates are equal."""

    cases: int
    unknown_cases: int
    unknown_cases_share: float
    words: str


class Variant(Part):
    """One way through the process; events in braces happened on one day in an order nobody knows."""

    variant: str
    complete: bool
    """Whether the cases are closed; otherwise it is how far they have come."""
    events: int
    cases: int
    share: float | None
    cumulated_share: float | None
    median_days: float | None
    low_days: float | None
    high_days: float | None
    so_far_days: float | None


class Variants(Part):
    """The ways cases went, most frequent first."""

    words: str
    frequent: list[Variant]


class RuleFinding(Part):
    """How one rule of the process is kept."""

    name: str
    sentence: str
    satisfied_cases: int
    violated_cases: int
    still_open_cases: int
    does_not_apply_cases: int
    cannot_tell_cases: int
    violated_share: float | None
    low_share: float | None
    high_share: float | None
    could_vanish_cases: int
    could_appear_cases: int
    within_days: float | None
    confirmed: bool
    source: str


class PathwayStep(Part):
    """How one activity fits the declared pathway."""

    activity: str
    cases: int
    skipped_cases: int
    extra_cases: int
    out_of_order_cases: int


class Conformance(Part):
    """How practice agrees with the declared pathway and with rules."""

    fitness: float | None
    compared_cases: int
    fitting_cases: int
    replayed_cases: int
    before_window_cases: int
    findings: list[str]
    steps: list[PathwayStep]
    rule_findings: list[str]
    rules: list[RuleFinding]


class AimPeriod(Part):
    """How an aim stands for the children whose clock started in one period."""

    number: int
    group: str
    """The locality; empty for all children."""
    label: str
    start: str
    end: str
    eligible_children: int
    met_children: int
    late_children: int
    overdue_children: int
    open_within_children: int
    left_children: int
    met_share: float | None
    low_share: float | None
    high_share: float | None
    meets_target: str
    complete: bool
    """Whether all have had the time; otherwise the share is of the quick ones so far."""
    reason: str


class ChartPoint(Part):
    """One point of a run chart."""

    label: str
    share: float | None
    """By entry: the share that got there within the horizon."""
    median_days: float | None
    """By completion: the median of those who got there."""
    children: int
    complete: bool


class RunChart(Part):
    """One run chart of an aim: its points, and what the rules find in them."""

    number: int
    kind: str
    """"entry": by quarter of entry, at a fixed horizon; "completion": by month of completion."""
    picture: str
    """The file with the chart."""
    description: str
    points: list[ChartPoint]


class RunCharts(Part):
    """The aims over time."""

    words: list[str]
    periods: list[AimPeriod]
    charts: list[RunChart]


class Handover(Part):
    """One pair of teams or people between whom work passes."""

    source: str
    target: str
    handovers: int
    cases: int
    share: float | None
    waiting_cases: int
    median_days: float | None
    low_days: float | None
    high_days: float | None


class Handovers(Part):
    """Who hands over to whom."""

    by: str
    words: str
    between: list[Handover]
