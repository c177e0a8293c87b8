"""What a comparison says, as tables: one function a table, from the draws and what was measured.

Every difference is changed minus baseline, with its 95 % interval in `low...`, `high...` and its 80 % interval in
`low_80...`, `high_80...` (see `scenarios.effects`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import from_days
from event_logs.vocabulary import REVIEW
from scenarios.effects import Difference, difference_of, holm, pairing_of, parts_of, two_sided
from scenarios.measures import Yardstick
from scenarios.nested import Draws
from scenarios.scenario import Scenario

Floats = npt.NDArray[np.float64]
ALL_STAGES = "All stages"
PAST_TWO_YEARS = "Away from home for over two years without permanence"
_SPAN = ("low", "high", "low_80", "high_80")


@dataclass(frozen=True, eq=False)
class Compared:
    """The draws, and what their axes mean."""

    draws: Draws
    scenarios: tuple[Scenario, ...]
    yardstick: Yardstick

    def runs(self, name: str) -> Floats:
        """A measure as [draw, replication, model, ...]."""
        return self.yardstick.part(name, self.draws.values)

    def differences(self, name: str, scenario: int) -> Floats:
        """Of a scenario (its position), as [draw, replication, ...]."""
        runs = self.runs(name)
        return runs[:, :, scenario + 1] - runs[:, :, 0]

    def in_all(self, model: int) -> Floats:
        """Child-weeks in all stages together of a model, as [draw, replication]."""
        total: Floats = self.runs("child_weeks")[:, :, model].sum(axis=-1)
        return total

    def saved_in_all(self, scenario: int) -> Floats:
        """Difference of a scenario in child-weeks of all stages together, as [draw, replication]."""
        return self.in_all(scenario + 1) - self.in_all(0)

    def takes_hold(self, scenario: int) -> npt.NDArray[np.bool_]:
        """The draws in which the scenario has an effect at all."""
        return np.asarray(np.isfinite(self.draws.sizes[scenario]).all(axis=1))


def mean_of(values: Floats) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def span(found: Difference) -> tuple[float, float, float, float]:
    """The limits of both intervals."""
    return found.low, found.high, found.low_80, found.high_80


def stages_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario and stage, then one for all stages together.

    Columns: `scenario`, `title`, `stage`; `baseline_weeks`, `changed_weeks` (mean weeks of visits begun within the
    horizon, counting their first two years, open ones included by Kaplan-Meier; NaN for all stages),
    `difference_weeks` with `low_weeks`, `high_weeks`, `low_80_weeks`, `high_80_weeks`; `baseline_child_weeks` (weeks
    spent in the stage within the horizon, all children together), `difference_child_weeks` with `low_child_weeks` and
    so on; `probability_helps` (that fewer child-weeks are spent).
    """
    names = [stage.name for stage in compared.yardstick.stages]
    weeks, child_weeks = compared.runs("weeks"), compared.runs("child_weeks")
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        for place, name in enumerate([*names, ALL_STAGES]):
            if name == ALL_STAGES:
                levels, longer = (np.nan, np.nan), difference_of(np.empty((0, 1)))
                base, spent = mean_of(compared.in_all(0)), difference_of(compared.saved_in_all(number))
            else:
                levels = (mean_of(weeks[:, :, 0, place]), mean_of(weeks[:, :, number + 1, place]))
                longer = difference_of(compared.differences("weeks", number)[..., place])
                base = mean_of(child_weeks[:, :, 0, place])
                spent = difference_of(compared.differences("child_weeks", number)[..., place])
            measured = (*levels, longer.mean, *span(longer), base, spent.mean, *span(spent), spent.less)
            rows.append((scenario.name, scenario.title, name, *measured))
    columns = ["scenario", "title", "stage", "baseline_weeks", "changed_weeks", "difference_weeks"]
    columns += [f"{end}_weeks" for end in _SPAN] + ["baseline_child_weeks", "difference_child_weeks"]
    return pd.DataFrame(rows, columns=[*columns, *(f"{end}_child_weeks" for end in _SPAN), "probability_helps"])


def aims_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario and aim, for children whose clock starts within the horizon.

    Columns: `scenario`, `number`, `aim`, `target_share`, `baseline_share`, `changed_share`, `difference_share` with
    `low_share` and so on; `probability_better`; `probability_meets_now`, `probability_meets` (that the share reaches
    its target, without and with the change).
    """
    runs = compared.runs("aims")
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        for place, aim in enumerate(compared.yardstick.aims):
            values = compared.differences("aims", number)[..., place]
            found = difference_of(values)
            base, changed = runs[:, :, 0, place], runs[:, :, number + 1, place]
            better, now, then = (_share(told) for told in (
                (values > 0, values), (base >= aim.target_share, base), (changed >= aim.target_share, changed)
            ))  # fmt: skip
            levels = (mean_of(base), mean_of(changed), found.mean, *span(found))
            rows.append((scenario.name, aim.number, aim.name, aim.target_share, *levels, better, now, then))
    columns = ["scenario", "number", "aim", "target_share", "baseline_share", "changed_share", "difference_share"]
    columns += [f"{end}_share" for end in _SPAN]
    return pd.DataFrame(
        rows, columns=[*columns, "probability_better", "probability_meets_now", "probability_meets"]
    )  # fmt: skip


def _share(told: tuple[npt.NDArray[np.bool_], Floats]) -> float:
    """How often something is so, among the runs in which it is known."""
    so, values = told
    known = np.isfinite(values)
    return float(so[known].mean()) if known.any() else float("nan")


def gates_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario and gate: children waiting there on an average day.

    Columns: `scenario`, `gate`, `baseline_children`, `difference_children` with `low_children` and so on.
    """
    return _listed(compared, "queue", "gate", [gate.name for gate in compared.yardstick.gates], "children")


def over_time_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario, count and quarter: children at each gate, and children past two years.

    Columns: `scenario`, `count` (a gate, or `PAST_TWO_YEARS`), `date` (end of the quarter), `baseline_children`,
    `difference_children` with `low_children` and so on.
    """
    dates = from_days(compared.yardstick.quarters)
    tables = []
    for place, name in enumerate([*(gate.name for gate in compared.yardstick.gates), PAST_TWO_YEARS]):
        measure = "past_two_years" if name == PAST_TWO_YEARS else "queue_at"
        keep = (...,) if name == PAST_TWO_YEARS else (..., place, slice(None))
        table = _listed(compared, measure, "date", list(dates), "children", keep)
        table.insert(1, "count", name)
        tables.append(table)
    order = {scenario.name: number for number, scenario in enumerate(compared.scenarios)}
    whole = pd.concat(tables, ignore_index=True)
    return whole.sort_values("scenario", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def moves_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario: placement moves within the horizon, by the stated model of `scenarios.moves`.

    Columns: `scenario`, `baseline_moves`, `difference_moves` with `low_moves` and so on; NaN where the records say
    nothing of moves.
    """
    return _listed(compared, "moves", "measure", ["Placement moves"], "moves").drop(columns="measure")


def _listed(
    compared: Compared, measure: str, column: str, names: Sequence[object], unit: str, keep: tuple[Any, ...] = (...,)
) -> pd.DataFrame:
    rows = []
    runs = compared.runs(measure)
    for number, scenario in enumerate(compared.scenarios):
        base, values = runs[:, :, 0][keep], compared.differences(measure, number)[keep]
        for place, name in enumerate(names):
            found = difference_of(values[..., place])
            rows.append((scenario.name, name, mean_of(base[..., place]), found.mean, *span(found)))
    columns = ["scenario", column, f"baseline_{unit}", f"difference_{unit}", *(f"{end}_{unit}" for end in _SPAN)]
    return pd.DataFrame(rows, columns=columns)


def workload_table(compared: Compared, years: float) -> pd.DataFrame:
    """One row a scenario and activity that happens more or less often with it.

    Columns: `scenario`, `activity`, `baseline_per_year`, `difference_per_year` with `low`, `high`, `low_80`, `high_80`.
    """
    runs = compared.runs("events") / years
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        for place, activity in enumerate(compared.yardstick.activities):
            base, changed = runs[:, :, 0, place], runs[:, :, number + 1, place]
            if (base != changed).any():
                # The model holds the reviews of a plan in the making, not the half-yearly ones ever after.
                label = f"{activity} until the plan is decided" if activity == REVIEW else activity
                found = difference_of(changed - base)
                rows.append((scenario.name, label, mean_of(base), found.mean, *span(found)))
    return pd.DataFrame(rows, columns=["scenario", "activity", "baseline_per_year", "difference_per_year", *_SPAN])


def parts_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario and stage (and all together): what the spread of its child-weeks is made of.

    Columns: `scenario`, `stage`, `spread_child_weeks` (standard deviation of the difference in one future),
    `stochastic_share`, `parameter_share`, `effect_share` of its variance (see `effects.parts_of`); NaN where nothing
    differs, and of the first two with one replication a draw.
    """
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        stages = compared.differences("child_weeks", number)
        named = [(stage.name, stages[..., place]) for place, stage in enumerate(compared.yardstick.stages)]
        for name, values in [*named, (ALL_STAGES, compared.saved_in_all(number))]:
            parts = parts_of(values, compared.draws.sizes[number])
            total = parts.total if parts.total > 0 else np.nan
            shares = (parts.stochastic / total, parts.parameter / total, parts.effect / total)
            rows.append((scenario.name, name, float(np.sqrt(total)), *shares))
    columns = ["scenario", "stage", "spread_child_weeks", "stochastic_share", "parameter_share", "effect_share"]
    return pd.DataFrame(rows, columns=columns)


def verdicts_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario: whether a difference can be told, alone and among several.

    Columns: `scenario`; `probability_helps`; `no_effect_share` (the stated chance of no effect); `effect_child_weeks`
    with `effect_low_child_weeks` and so on (the difference in all stages where it does take hold: equal to the whole
    where no chance of no effect is stated); `chance_probability` (how likely a difference so far from 0 would be by
    chance, of those draws), `adjusted_probability` (the same, for the number of scenarios: Holm); `detectable` and
    `detectable_among_all` (below 0.05, without and with the adjustment). `correlation` of baseline and scenario on
    common random numbers within a draw, and `variance_reduction` over independent runs (see `effects.pairing_of`).
    """
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        values = compared.saved_in_all(number)
        held = values[compared.takes_hold(number)]
        found, pairing = difference_of(held), pairing_of(compared.in_all(0), compared.in_all(number + 1))
        helps, chance = difference_of(values).less, two_sided(held)
        effect = (found.mean, *span(found), chance, found.detectable)
        rows.append((scenario.name, helps, scenario.no_effect, *effect, pairing.correlation, pairing.reduction))
    columns = ["scenario", "probability_helps", "no_effect_share", "effect_child_weeks"]
    columns += [f"effect_{end}_child_weeks" for end in _SPAN] + ["chance_probability", "detectable"]
    table = pd.DataFrame(rows, columns=[*columns, "correlation", "variance_reduction"])
    adjusted = holm(table["chance_probability"].to_numpy(dtype=np.float64))
    table.insert(9, "adjusted_probability", adjusted)
    table.insert(11, "detectable_among_all", table["detectable"] & (adjusted < 0.05))
    return table


def moved_table(compared: Compared) -> pd.DataFrame:
    """One row a scenario: where the delay goes.

    Columns: `scenario`; `saves_stage` (the stage that saves most child-weeks, of those that surely save some) and
    `saves_child_weeks` (below 0); `grows_stage` (the first stage, in the order of the pathway, in which each child
    surely waits longer) and `grows_weeks`; `fills_gate` (the next gate in the pathway's order whose queue surely grows)
    and `fills_children` (more waiting on an average day). Surely: the 95 % interval lies on that side of 0. Empty text
    and NaN where there is none. Of a scenario with a stated chance of no effect, the draws in which it takes hold.
    """
    names = [stage.name for stage in compared.yardstick.stages]
    gates = [gate.name for gate in compared.yardstick.gates]
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        held = compared.takes_hold(number)
        spent, longer, queues = (
            _each(compared.differences(name, number)[held]) for name in ("child_weeks", "weeks", "queue")
        )
        saving = [place for place, found in enumerate(spent) if found.high < 0]
        most = min(saving, key=lambda place: spent[place].mean, default=None)
        grows = next((place for place, found in enumerate(longer) if found.low > 0), None)
        fills = next((place for place, found in enumerate(queues) if found.low > 0), None)
        rows.append(
            (
                scenario.name,
                *(("", np.nan) if most is None else (names[most], spent[most].mean)),
                *(("", np.nan) if grows is None else (names[grows], longer[grows].mean)),
                *(("", np.nan) if fills is None else (gates[fills], queues[fills].mean)),
            )
        )
    columns = ["scenario", "saves_stage", "saves_child_weeks", "grows_stage", "grows_weeks"]
    return pd.DataFrame(rows, columns=[*columns, "fills_gate", "fills_children"])


def _each(values: Floats) -> list[Difference]:
    return [difference_of(values[..., place]) for place in range(values.shape[-1])]


def interactions_table(compared: Compared, together: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """One row a pair of scenarios run both at once, in child-weeks of all stages together.

    Columns: `first`, `second` (names), `first_child_weeks`, `second_child_weeks`, `together_child_weeks` (mean
    differences from the baseline), with `low_together_child_weeks`, `high_together_child_weeks`;
    `interaction_child_weeks` = together - first - second with `low_child_weeks` and so on: above 0, they save less
    together than apart.
    """
    rows = []
    for number, (one, two) in enumerate(together):
        first, second = compared.saved_in_all(one), compared.saved_in_all(two)
        both = compared.in_all(1 + len(compared.scenarios) + number) - compared.in_all(0)
        whole, extra = difference_of(both), difference_of(both - first - second)
        names = (compared.scenarios[one].name, compared.scenarios[two].name)
        apart = (mean_of(first), mean_of(second), whole.mean, whole.low, whole.high)
        rows.append((*names, *apart, extra.mean, *span(extra)))
    columns = ["first", "second", "first_child_weeks", "second_child_weeks", "together_child_weeks"]
    columns += ["low_together_child_weeks", "high_together_child_weeks", "interaction_child_weeks"]
    return pd.DataFrame(rows, columns=[*columns, *(f"{end}_child_weeks" for end in _SPAN)])
