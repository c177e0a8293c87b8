"""From what the comparison returns to the parts of results.json that `permanence.compared` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from permanence.compared import (
    AimEffect,
    DelayMoves,
    GateEffect,
    Interaction,
    MovesEffect,
    QuarterCount,
    ScenarioResult,
    Scenarios,
    SpreadParts,
    StageEffect,
    Unknown,
    Verdict,
    WorkloadEffect,
)
from permanence.results import plain, records, rows

if TYPE_CHECKING:
    from scenarios.compare import Comparison

_AIMS = {
    "probability_better": "better_probability",
    "probability_meets_now": "meets_now_probability",
    "probability_meets": "meets_probability",
}
_WORKLOAD = {
    "low": "low_per_year",
    "high": "high_per_year",
    "low_80": "low_80_per_year",
    "high_80": "high_80_per_year",
}


def scenarios(comparison: Comparison) -> Scenarios:
    """From `scenarios.compare`."""
    settings = comparison.settings
    return Scenarios(
        horizon_years=plain(settings["years"]),
        draws=settings["draws"],
        replications=settings["replications"],
        seed=settings["seed"],
        open_children=settings["children_open"],
        new_cases_per_year=plain(settings["new_cases_per_year"]),
        ideas=[_idea(comparison, about["scenario"]) for about in records(comparison.evidence)],
        interactions=rows(Interaction, comparison.interactions),
        not_simulated=list(comparison.not_simulated),
        warnings=list(comparison.warnings),
    )


def _idea(comparison: Comparison, name: str) -> ScenarioResult:
    def mine(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["scenario"] == name]

    (about,) = records(mine(comparison.evidence))
    effects = rows(StageEffect, mine(comparison.stages), {"probability_helps": "helps_probability"})
    (moves,) = rows(MovesEffect, mine(comparison.moves).assign(note=comparison.moves_note))
    (verdict,) = rows(Verdict, mine(comparison.verdicts), {"probability_helps": "helps_probability"})
    (delay,) = rows(DelayMoves, mine(comparison.moved))
    return ScenarioResult(
        name=name,
        title=about["title"],
        rationale=about["rationale"],
        evidence=about["evidence"],
        touches=about["touches"],
        applies_to=about["applies_to"],
        first_measure=about["first_measure"],
        side_effects=about["side_effects"],
        confirmed=about["confirmed"],
        stages=effects[:-1],
        all_stages=effects[-1],
        aims=rows(AimEffect, mine(comparison.aims), _AIMS),
        gates=rows(GateEffect, mine(comparison.gates)),
        quarters=rows(QuarterCount, mine(comparison.over_time)),
        moves=moves,
        workload=rows(WorkloadEffect, mine(comparison.workload), _WORKLOAD),
        spread=rows(SpreadParts, mine(comparison.parts)),
        verdict=verdict,
        delay=delay,
        unknowns=rows(Unknown, mine(comparison.unknowns)),
    )
