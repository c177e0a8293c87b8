"""What a change would save: baseline and changed pathway simulated side by side, child by child.

The interval is honest about three unknowns at once (methods 3.7, `scenarios.nested`): the children in the records and
all that is fitted from them, the size of each effect, and the chance of the years to come. Replications alone would
cover the truth about half the time or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from event_logs.log import EventLog, to_days
from event_logs.vocabulary import AIMS, STAGES, Aim, Stage
from mining.resampling import resampling_units
from scenarios import tables
from scenarios.checks import check
from scenarios.inputs import inputs_of
from scenarios.measures import Yardstick, simulated_aims
from scenarios.moves import Moves
from scenarios.nested import Draws, Experiment, all_draws, changed_models
from scenarios.ready_made import IDEAS, POSTER
from scenarios.scenario import Scenario
from scenarios.tables import ALL_STAGES, Compared
from scenarios.unknowns import unknowns_table
from simulation.cohort import snapshot
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.running import Progress

__all__ = ["ALL_STAGES", "Comparison", "compare", "experiment_of"]

MOVES_MODEL = (
    "by a stated model, not observed: moves a day away from home as in the records, by time since accommodation"
)
MOVES_UNKNOWN = "not known: no placements were given with the records"
_NO_HOME_REVIEWS = "not known; the model holds no reviews of children at home"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scenarios against the baseline, with what the figures rest on.

    Differences are changed minus baseline; negative is less waiting. The tables are described where they are made, in
    `scenarios.tables`, under their own names (`stages`: `stages_table`, ...).
    """

    stages: pd.DataFrame
    aims: pd.DataFrame
    gates: pd.DataFrame
    over_time: pd.DataFrame
    moves: pd.DataFrame
    moves_note: str
    """Where the moves come from, or that they are not known."""
    workload: pd.DataFrame
    parts: pd.DataFrame
    verdicts: pd.DataFrame
    moved: pd.DataFrame
    unknowns: pd.DataFrame
    """`scenarios.unknowns.unknowns_table`: which unknown is worth measuring first."""
    interactions: pd.DataFrame
    not_simulated: tuple[str, ...]
    """What was asked for and cannot be said, with the reason."""
    settings: dict[str, Any]
    loaded: pd.DataFrame
    """Children open at the start, by the step of the model they were loaded into."""
    unplaced: int
    """Children open at the start who are in no step of the model: they stay as they are."""
    warnings: tuple[str, ...]
    evidence: pd.DataFrame
    """scenario, title, rationale, evidence, confirmed, touches (a line a change), applies_to (in words), first_measure,
    side_effects."""
    compared: Compared
    """The runs behind the tables."""

    @property
    def draws(self) -> Draws:
        """The outer draws."""
        return self.compared.draws


def compare(
    log: EventLog,
    scenarios: Sequence[Scenario] | None = None,
    *,
    together: Sequence[tuple[str, str]] = (),
    stages: Sequence[Stage] = STAGES,
    aims: Sequence[Aim] = AIMS,
    placements: pd.DataFrame | None = None,
    panel: Known = None,
    years: float = 3.0,
    draws: int = 50,
    replications: int = 2,
    seed: int = 1,
    workers: int = 1,
    store: Path | str | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare scenarios (default: the ideas of the poster) with the baseline over `years` from the end of the log.

    `draws` outer draws (children resampled, model fitted again, effect sizes drawn) of `replications` paired runs
    each; with fewer than 40 draws the intervals are from t, else percentiles (`effects.difference_of`). `together`
    names pairs of scenarios to be run both at once as well. `placements` (`case`, `start`) are the placements of the
    log's children, for placement moves. The result does not depend on `workers`; `store`, `cluster` and `progress` are
    those of `simulation.running.in_order`. Raises ValueError for fewer than 2 draws, fewer than 1 replication, a log
    without a case, a scenario named in `together` that is not compared, or two that cannot be made together;
    InputError, with everything wrong at once, for scenarios that cannot be run on these records (`checks.check`).
    """
    if draws < 2 or replications < 1:
        raise ValueError(
            f"draws must be at least 2 for an interval and replications at least 1, got {draws} and {replications}"
        )
    experiment = experiment_of(
        log,
        [IDEAS[name] for name in POSTER] if scenarios is None else scenarios,
        together=together,
        stages=stages,
        aims=aims,
        placements=placements,
        panel=panel,
        years=years,
        seed=seed,
        replications=replications,
    )
    found = all_draws(experiment, draws, workers, store=store, cluster=cluster, progress=progress)
    left_out = tuple(f"Aim {aim.number}: {_NO_HOME_REVIEWS}" for aim in aims if aim not in simulated_aims(aims))
    return _comparison(experiment, found, years, left_out)


def experiment_of(
    log: EventLog,
    scenarios: Sequence[Scenario],
    *,
    together: Sequence[tuple[str, str]] = (),
    stages: Sequence[Stage] = STAGES,
    aims: Sequence[Aim] = AIMS,
    placements: pd.DataFrame | None = None,
    panel: Known = None,
    years: float = 3.0,
    seed: int = 1,
    replications: int = 2,
) -> Experiment:
    """What every draw of a comparison has in common: the base fit, today's children, what is measured."""
    if not len(log.cases):
        raise ValueError("the log has no case to compare scenarios on")
    chosen = tuple(scenarios)
    base = fit_pathway(log, panel=panel)
    end = log.window.end + pd.Timedelta(days=round(years * 365.25))
    first, last = to_days(pd.Series([log.window.end, end])).tolist()
    experiment = Experiment(
        log=log,
        base=base,
        cohort=snapshot(log, base),
        panel=panel,
        scenarios=chosen,
        together=_pairs(chosen, together),
        yardstick=Yardstick(
            stages=tuple(stages),
            aims=simulated_aims(aims),
            activities=tuple(base.ranks),
            start=first,
            end=last,
        ),
        end=end,
        units=resampling_units(log),
        moves=None if placements is None else Moves.of(log, placements),
        seed=seed,
        replications=replications,
    )
    check(chosen, base, experiment.cohort, years, together=experiment.together)
    # A change may add an activity; made once here, what cannot be made together is said before anything is run.
    sizes = [scenario.likely_sizes() for scenario in chosen]
    ranks: dict[str, int] = {}
    for model in changed_models(experiment, base, sizes):
        ranks |= model.ranks
    named = tuple(sorted(ranks, key=lambda name: (ranks[name], name)))
    return replace(experiment, yardstick=replace(experiment.yardstick, activities=named))


def _pairs(scenarios: tuple[Scenario, ...], together: Sequence[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
    place = {scenario.name: number for number, scenario in enumerate(scenarios)}
    for name in (name for pair in together for name in pair):
        if name not in place:
            near = get_close_matches(name, list(place), n=1, cutoff=0.0)
            hint = f", the nearest is {near[0]!r}" if near else ""
            raise ValueError(f"together must name scenarios that are compared, got {name!r}{hint}")
    return tuple((place[one], place[two]) for one, two in together)


def _comparison(experiment: Experiment, draws: Draws, years: float, left_out: tuple[str, ...]) -> Comparison:
    compared = Compared(draws, experiment.scenarios, experiment.yardstick)
    base, log = experiment.base, experiment.log
    return Comparison(
        stages=tables.stages_table(compared),
        aims=tables.aims_table(compared),
        gates=tables.gates_table(compared),
        over_time=tables.over_time_table(compared),
        moves=tables.moves_table(compared),
        moves_note=MOVES_UNKNOWN if experiment.moves is None else MOVES_MODEL,
        workload=tables.workload_table(compared, years),
        parts=tables.parts_table(compared),
        verdicts=tables.verdicts_table(compared),
        moved=tables.moved_table(compared),
        unknowns=unknowns_table(compared, inputs_of(base)),
        interactions=tables.interactions_table(compared, experiment.together),
        not_simulated=left_out,
        settings={
            "years": years,
            "draws": len(draws.values),
            "replications": experiment.replications,
            "seed": experiment.seed,
            "children_open": len(experiment.cohort.cases),
            "from": f"{log.window.end:%Y-%m-%d}",
            "to": f"{experiment.end:%Y-%m-%d}",
            "new_cases_per_year": round(float(base.arrivals.per_month.sum()), 1) if base.arrivals else 0.0,
        },
        loaded=experiment.cohort.counts,
        unplaced=len(experiment.cohort.unplaced),
        warnings=base.warnings,
        evidence=pd.DataFrame(
            [
                {
                    "scenario": one.name,
                    "title": one.title,
                    "rationale": one.rationale,
                    "evidence": one.evidence_text,
                    "confirmed": one.confirmed,
                    "touches": list(one.pictured(base)),
                    "applies_to": str(one.applies_to),
                    "first_measure": one.first_measure,
                    "side_effects": list(one.side_effects),
                }
                for one in experiment.scenarios
            ]
        ),
        compared=compared,
    )
