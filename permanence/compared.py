"""The parts of results.json that the comparison of change ideas fills.

Differences are with the change minus without; 95 % intervals in `low_...` and `high_...`, 80 % in `low_80_...` and
`high_80_...`: in them the difference that these years will show lies, chance included.
"""

from __future__ import annotations

from permanence.part import Part


class StageEffect(Part):
    """What a change does to one stage; negative differences mean less waiting."""

    stage: str
    baseline_weeks: float | None
    changed_weeks: float | None
    difference_weeks: float | None
    low_weeks: float | None
    high_weeks: float | None
    low_80_weeks: float | None
    high_80_weeks: float | None
    baseline_child_weeks: float | None
    difference_child_weeks: float | None
    low_child_weeks: float | None
    high_child_weeks: float | None
    low_80_child_weeks: float | None
    high_80_child_weeks: float | None
    helps_probability: float | None


class AimEffect(Part):
    """What a change does to the share of children in time for an aim, of those whose clock starts in these years."""

    number: int
    aim: str
    target_share: float
    baseline_share: float | None
    changed_share: float | None
    difference_share: float | None
    low_share: float | None
    high_share: float | None
    low_80_share: float | None
    high_80_share: float | None
    better_probability: float | None
    meets_now_probability: float | None
    """Probability that the target is reached without the change, and with it."""
    meets_probability: float | None


class GateEffect(Part):
    """What a change does to the queue at a gate: children waiting there on an average day."""

    gate: str
    baseline_children: float | None
    difference_children: float | None
    low_children: float | None
    high_children: float | None
    low_80_children: float | None
    high_80_children: float | None


class QuarterCount(Part):
    """Children at a gate, or past two years, at the end of a quarter."""

    count: str
    date: str
    baseline_children: float | None
    difference_children: float | None
    low_children: float | None
    high_children: float | None
    low_80_children: float | None
    high_80_children: float | None


class MovesEffect(Part):
    """What a change does to moves of placement, by a stated model; nothing where no placements are known."""

    baseline_moves: float | None
    difference_moves: float | None
    low_moves: float | None
    high_moves: float | None
    low_80_moves: float | None
    high_80_moves: float | None
    note: str


class WorkloadEffect(Part):
    """What a change does to how often something has to be done."""

    activity: str
    baseline_per_year: float | None
    difference_per_year: float | None
    low_per_year: float | None
    high_per_year: float | None
    low_80_per_year: float | None
    high_80_per_year: float | None


class SpreadParts(Part):
    """What the spread of a difference in child-weeks is made of, as shares of its variance."""

    stage: str
    spread_child_weeks: float | None
    """Standard deviation of the difference in one future."""
    stochastic_share: float | None
    """The chance of the years themselves."""
    parameter_share: float | None
    """What the records leave open."""
    effect_share: float | None
    """The stated range of the effect."""


class Verdict(Part):
    """Whether a difference in all stages can be told, alone and among the ideas compared."""

    helps_probability: float | None
    no_effect_share: float
    """The stated chance that the idea changes nothing here."""
    effect_child_weeks: float | None
    """The difference where it does take hold."""
    effect_low_child_weeks: float | None
    effect_high_child_weeks: float | None
    effect_low_80_child_weeks: float | None
    effect_high_80_child_weeks: float | None
    chance_probability: float | None
    """How likely a difference so far from none would be by chance; adjusted: for the number of ideas (Holm)."""
    adjusted_probability: float | None
    detectable: bool
    detectable_among_all: bool
    correlation: float | None
    """Of the runs with and without the change, and how many times smaller their pairing makes the variance."""
    variance_reduction: float | None


class DelayMoves(Part):
    """Where the delay goes; empty text where it goes nowhere that can be told."""

    saves_stage: str
    saves_child_weeks: float | None
    grows_stage: str
    grows_weeks: float | None
    fills_gate: str
    fills_children: float | None


class Unknown(Part):
    """Something not known, and its share of the spread between draws."""

    input: str
    kind: str
    """"records" or "judgement"."""
    share: float
    adjusted_probability: float
    told: bool
    rank: int


class ScenarioResult(Part):
    """One change idea against leaving things as they are."""

    name: str
    title: str
    rationale: str
    evidence: str
    confirmed: bool
    touches: list[str]
    """What each change touches on the map, a line a change."""
    applies_to: str
    """Whom it is for, in words."""
    first_measure: str
    """The measure that moves first if it works."""
    side_effects: list[str]
    stages: list[StageEffect]
    all_stages: StageEffect
    aims: list[AimEffect]
    gates: list[GateEffect]
    quarters: list[QuarterCount]
    moves: MovesEffect
    workload: list[WorkloadEffect]
    spread: list[SpreadParts]
    verdict: Verdict
    delay: DelayMoves
    unknowns: list[Unknown]


class Interaction(Part):
    """Two changes made together: above 0 child-weeks of interaction, they save less together than apart."""

    first: str
    second: str
    first_child_weeks: float | None
    second_child_weeks: float | None
    together_child_weeks: float | None
    low_together_child_weeks: float | None
    high_together_child_weeks: float | None
    interaction_child_weeks: float | None
    low_child_weeks: float | None
    high_child_weeks: float | None
    low_80_child_weeks: float | None
    high_80_child_weeks: float | None


class Scenarios(Part):
    """The comparison of change ideas with the baseline."""

    horizon_years: float
    draws: int
    replications: int
    seed: int
    open_children: int
    new_cases_per_year: float
    ideas: list[ScenarioResult]
    interactions: list[Interaction]
    not_simulated: list[str]
    """What was asked for and is not known, with the reason."""
    warnings: list[str]


class TornadoBar(Part):
    """One unknown moved by itself from its 10th to its 90th percentile: what the idea then saves in all stages."""

    input: str
    kind: str
    unit: str
    low_value: float | None
    high_value: float | None
    at_low_child_weeks: float
    at_high_child_weeks: float
    swing_child_weeks: float
    error_child_weeks: float | None
    """Error of the swing from simulating; a swing of less than twice that is not told from none."""
    told: bool


class ScreenedInput(Part):
    """One unknown with all moved at once: how much going through the whole of it changes what is saved (Morris)."""

    input: str
    kind: str
    importance_child_weeks: float
    error_child_weeks: float
    interaction_child_weeks: float
    """As large as the importance: its effect depends on the other unknowns."""
    rank: int


class BreakEvenSize(Part):
    """How large the effect must be for an aim's target."""

    effect: str
    """Which size, in words."""
    aim: int
    target_share: float
    none_value: float
    """The size that changes nothing, and the largest that was tried."""
    tried_value: float
    size_value: float | None
    """Where the mean share reaches the target; nothing where it does not even at the largest tried."""
    low_value: float | None
    high_value: float | None
    reached_share: float
    """Share of the draws in which the target is reached at all."""
    without_share: float | None
    tried_share: float | None


class IdeaSensitivity(Part):
    """What one idea's savings depend on."""

    name: str
    title: str
    middle_child_weeks: float
    """Difference in all stages with everything as fitted and the sizes at their middle."""
    tornado: list[TornadoBar]
    screened: list[ScreenedInput]
    break_even: list[BreakEvenSize]


class Sensitivity(Part):
    """What the savings depend on, for each idea."""

    draws: int
    replications: int
    ideas: list[IdeaSensitivity]
