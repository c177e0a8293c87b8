"""Can the model be trusted with this council's figures? The checks, a traffic light on each, and why, in words.

Three kinds of check: back-casts (`backcast`), distances to simulated logs and predictive checks (`time_split`). A
light says what chance allows: with many figures looked at, some lie outside their interval although the model is
right, so each is judged by how unlikely the worst of its figures is once it is counted how many were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import AIMS, STAGES, Aim, Stage
from simulation import time_split as splits
from simulation.backcast import (
    AIM,
    CLOSURES,
    DRAWS,
    MINIMUM_HISTORY_DAYS,
    MONTHS,
    Backcast,
    Fit,
    backcast,
    independent,
    past_cuts,
)
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.running import Progress
from simulation.time_split import TimeSplit, time_split

GREEN, AMBER, RED = "green", "amber", "red"
RED_BELOW, AMBER_BELOW = 0.01, 0.05
"""A check is red or amber when what happened would be this unlikely if the model were right."""
_INSIDE_RED = 0.50
"""Of the predictive checks, the share inside their 90 % band below which a log that stands apart is no near miss."""
_FARTHER = 4.0
"""Standard deviations by which the real log must stand apart from the simulations before that is said."""
_TWICE = 2.0
_FAR = 2.5
"""Standard deviations from which one forecast counts as missed when the day is looked for on which misses begin."""
BACKCAST, DISTANCE, PREDICTIVE = "Back-cast", "Distance", "Predictive check"


@dataclass(frozen=True, eq=False)
class Validation:
    """The verdict on a model, and everything that it rests on.

    `checks` has one row a check: `topic` ("Back-cast", "Distance", "Predictive check"), `check`, `light` ("green",
    "amber", "red"), `reason` (one sentence).
    """

    light: str
    reasons: tuple[str, ...]
    """Why the light over all is what it is, the weightiest first."""
    checks: pd.DataFrame
    backcast: Backcast | None
    """None where the log is too short to forecast from a past day."""
    split: TimeSplit | None
    notes: tuple[str, ...]
    """What was not checked, and why."""
    settings: dict[str, Any]


def validate(
    log: EventLog,
    *,
    stages: Sequence[Stage] = STAGES,
    aims: Sequence[Aim] = AIMS,
    cuts: Sequence[pd.Timestamp] | None = None,
    panel: Known = None,
    fit: Fit = fit_pathway,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Progress = lambda done, total: None,
) -> Validation:
    """Check the model against the log's own past and say whether its figures can be trusted.

    Back-casts from `cuts` (default: `past_cuts`); distances and predictive checks from the last of them on. `fit` makes
    the model, the declared pathway by default. `workers`, `store` and `cluster` are those of
    `simulation.running.in_order`; the result does not depend on them. A log too short to be cut gives an amber light
    that says so. Raises ValueError as `backcast` does for a cut that does not fit.
    """
    days = past_cuts(log) if cuts is None else tuple(cuts)
    if not days:
        return _too_short(log)
    total = draws * len(days) + splits.DRAWS
    found = backcast(
        log,
        cuts=days,
        stages=stages,
        aims=aims,
        panel=panel,
        fit=fit,
        draws=draws,
        seed=seed,
        workers=workers,
        store=store,
        cluster=cluster,
        progress=lambda done, _: progress(done, total),
    )
    split = time_split(
        log,
        days[-1],
        stages=stages,
        panel=panel,
        fit=fit,
        seed=seed,
        workers=workers,
        store=store,
        cluster=cluster,
        progress=lambda done, _: progress(total - splits.DRAWS + done, total),
    )
    rows = [*backcast_checks(found), *distance_checks(split), *predictive_checks(split)]
    checks = pd.DataFrame(rows, columns=["topic", "check", "light", "reason"])
    light, reasons = verdict(checks)
    reasons = (*reasons, *_since(found, checks))
    notes = list(found.notes)
    if split.left_out:
        notes.append(f"{', '.join(split.left_out)}: left out of the distances, because the model has no step for it")
    settings = {**found.settings, "split": f"{split.cut:%Y-%m-%d}", "split_draws": splits.DRAWS}
    return Validation(light, reasons, checks, found, split, tuple(notes), settings)


def verdict(checks: pd.DataFrame) -> tuple[str, tuple[str, ...]]:
    """The light over all, and its reasons: red with a red check; amber when more checks are amber than chance makes.

    One amber check in ten is what chance alone brings about now and then, and is named without dimming the light.
    """
    red, amber = checks[checks["light"] == RED], checks[checks["light"] == AMBER]
    named = [*_sentences(red), *_sentences(amber)]
    if len(red):
        head = (
            f"{len(red)} of {len(checks)} checks {'is' if len(red) == 1 else 'are'} red: do not decide on the figures"
        )
        return RED, (f"{head} that these touch before the cause is known.", *named)
    if len(amber) > max(1.0, 0.1 * len(checks)):
        return AMBER, (
            f"{len(amber)} of {len(checks)} checks are amber: use the figures that these touch with care.",
            *named,
        )
    if len(checks) == 0:
        return AMBER, ("Nothing could be checked.",)
    good = f"What happened lies within what the model forecast in {len(checks) - len(amber)} of {len(checks)} checks."
    return GREEN, (good, *named)


def _since(found: Backcast, checks: pd.DataFrame) -> list[str]:
    """Where the misses begin on one day and what happened before it was foreseen: that the process may have changed."""
    missed = checks.loc[(checks["topic"] == BACKCAST) & (checks["light"] != GREEN), "check"]
    rows = found.forecasts[found.forecasts["measure"].isin(list(missed))]
    if rows.empty:
        return []
    day = pd.Series([c + pd.DateOffset(months=int(m)) for c, m in zip(rows["cut"], rows["months"], strict=True)])
    bad = (rows["score"].abs() > _FAR).to_numpy()
    for first in sorted(set(day))[1:]:
        before = (day < first).to_numpy()
        if bad[before].mean() <= 0.1 and bad[~before].mean() >= 0.5:
            held = f"What happened up to {day[before].max():%d/%m/%Y} lay within the forecasts"
            change = "the process, or the way it is recorded, may have changed about then"
            return [f"{held}, what happened by {first:%d/%m/%Y} and later did not: {change}."]
    return []


def _sentences(checks: pd.DataFrame) -> list[str]:
    return [f"{row['check']}: {row['reason']}" for row in checks.to_dict("records")]


def _too_short(log: EventLog) -> Validation:
    years = f"{(MINIMUM_HISTORY_DAYS + max(MONTHS) * 365.25 / 12) / 365.25:.0f}"
    since = log.window.reliable_from(*log.window.recorded_from)
    reason = (
        f"The model could not be checked against the past: that takes {years} years of reliable records, and they run "
        f"from {since:%d/%m/%Y} to {log.window.end:%d/%m/%Y}."
    )
    none = pd.DataFrame(columns=["topic", "check", "light", "reason"])
    return Validation(AMBER, (reason,), none, None, None, (reason,), {"cuts": []})


# Back-casts -----------------------------------------------------------------------------------------------------------


def backcast_checks(found: Backcast) -> list[tuple[str, str, str, str]]:
    """One check a measure: topic, name, light and reason."""
    forecasts = found.forecasts
    names = list(dict.fromkeys(forecasts["measure"]))
    rows = []
    for name in names:
        of_name = forecasts[forecasts["measure"] == name]
        chance, ahead = surprise(of_name, found.settings["draws"])
        chance = min(1.0, chance * len(names))
        light = RED if chance < RED_BELOW else AMBER if chance < AMBER_BELOW else GREEN
        summary = found.summary[found.summary["measure"] == name]
        rows.append((BACKCAST, name, light, _backcast_reason(of_name, summary, light, ahead)))
    return rows


def surprise(forecasts: pd.DataFrame, draws: int) -> tuple[float, int | None]:
    """How unlikely the worst miss of one measure is if the model were right, between 0 and 1, and where it lies.

    Looked at are every forecast, and at each horizon the mean of its scores over the cuts (a miss that is small but
    always to one side); the smallest of their chances (Student's t, as many draws less one) is multiplied by how many
    there are (Bonferroni). Forecasts that overlap miss together, and fits to nearly the same records err together, so
    cuts count for half beyond the first. The second value is the months ahead where the mean is the worst, else None.
    """
    from scipy.special import stdtr

    scores: list[tuple[float, int | None]] = [(abs(score), None) for score in forecasts["score"]]
    for ahead in dict.fromkeys(forecasts["months"].tolist()):
        group = forecasts[forecasts["months"] == ahead]
        if len(group) > 1:
            apart = (1.0 + independent(group["cut"], int(ahead))) / 2.0
            scores.append((abs(float(group["score"].mean())) * float(np.sqrt(apart)), int(ahead)))
    if not scores:
        return 1.0, None
    worst, where = max(scores, key=lambda item: item[0])
    return min(1.0, 2.0 * float(stdtr(draws - 1, -worst)) * len(scores)), where


def _backcast_reason(of_name: pd.DataFrame, summary: pd.DataFrame, light: str, ahead: int | None) -> str:
    kind = of_name["kind"].iloc[0]
    inside = int(of_name["observed"].between(of_name["low95"], of_name["high95"]).sum())
    held = f"{inside} of {len(of_name)} forecasts hold what happened in their 95 % interval"
    if light == GREEN or ahead is not None:
        row = summary[summary["months"] == ahead].iloc[0] if ahead is not None and light != GREEN else summary.iloc[-1]
        levels = f"forecast {_said(kind, row['forecast'])}, happened {_said(kind, row['observed'])}"
        days = f"{int(row['months'])} months ahead, on average over {_cuts(int(row['cuts']))}: {levels}"
        return f"{held}; {days}." if light == GREEN else f"the forecasts miss to one side; {days}. {held}."
    worst = of_name.iloc[int(of_name["score"].abs().argmax())]
    where = f"{worst['months']} months after {worst['cut']:%d/%m/%Y}"
    more = "more" if worst["observed"] > worst["forecast"] else "fewer" if kind != AIM else "less"
    limits = f"{_said(kind, worst['low95'])} to {_said(kind, worst['high95'])}"
    figures = f"{_said(kind, worst['observed'])} against {_said(kind, worst['forecast'])} (95 % interval {limits})"
    return f"{more} than forecast; {_what(kind)} {where}: {figures}. {held}."


def _what(kind: str) -> str:
    if kind == CLOSURES:
        return "cases ended within"
    return "children who met the aim within" if kind == AIM else "children in the stage"


def _cuts(number: int) -> str:
    return "1 past day" if number == 1 else f"{number} past days"


def _said(kind: str, value: float) -> str:
    if kind == AIM:
        return f"{100 * value:.0f} %"
    return f"{value:.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


# Distances and predictive checks --------------------------------------------------------------------------------------


def distance_checks(split: TimeSplit) -> list[tuple[str, str, str, str]]:
    """One check a distance: amber where the real log is farther than its halves are apart, red where twice as far."""
    rows = []
    for row in split.distances.to_dict("records"):
        real, parts = float(row["simulated"]), float(row["halves"])
        apart = f"{_amount(real, row['unit'])} from the simulated logs"
        yardstick = f"two halves of the real log are {_amount(parts, row['unit'])} apart"
        if real > _TWICE * parts:
            light, reason = RED, f"the real log is {apart}, more than twice as far as it should be: {yardstick}."
        elif real > parts:
            light, reason = AMBER, f"the real log is {apart}, farther than chance makes it: {yardstick}."
        elif row["farther"] <= 0.0 and row["score"] > _FARTHER:
            light = AMBER
            reason = (
                f"the real log is {apart}; {yardstick}, but every simulation is closer to the others "
                f"({_amount(float(row['between']), row['unit'])}), so the model differs in something."
            )
        else:
            light, reason = GREEN, f"the real log is {apart}; {yardstick}."
        rows.append((DISTANCE, str(row["measure"]), light, reason))
    return rows


def _amount(value: float, unit: str) -> str:
    return f"{100 * value:.0f} %" if unit == "share" else f"{value:.1f} {unit}"


def predictive_checks(split: TimeSplit) -> list[tuple[str, str, str, str]]:
    """One check of all figures together; nothing where there was nothing to look at.

    Amber where hardly a simulation is as odd among the others as the real log is, or where the open children's time in
    a stage is beyond what any simulation gave; red where, besides, most figures lie outside their band.
    """
    from scipy.special import ndtr

    checks = split.checks
    if checks.empty:
        return []
    outside = checks[~checks["inside"]]
    share = 1.0 - len(outside) / len(checks)
    vital = checks.loc[checks["vital"], "score"].abs().where(checks["beyond"], 0.0)
    odd = split.as_odd <= AMBER_BELOW
    # The open children's time so far shows a wrong tail or a backlog before anything else does.
    failed = bool(2.0 * float(ndtr(-vital.max())) * len(vital) < AMBER_BELOW) if len(vital) else False
    light = RED if odd and share < _INSIDE_RED else AMBER if odd or failed else GREEN
    reason = f"{len(checks) - len(outside)} of {len(checks)} figures lie within their simulated 90 % band"
    if len(outside):
        named = [f"{row['check']}{_of(row['stage'])} ({row['observed']:.3g}, simulated {row['low90']:.3g} to "
                 f"{row['high90']:.3g})" for row in outside.to_dict("records")]  # fmt: skip
        reason += f"; outside: {'; '.join(named)}"
    if failed:
        worst = checks.loc[vital.idxmax()]
        longer = "longer" if worst["score"] > 0 else "shorter"
        reason += (
            f"; the children still in {worst['stage'].split(':')[0]} have been there {longer} than in any simulation"
        )
    if light != GREEN:
        reason += f"; {100 * split.as_odd:.0f} % of simulations are as odd among the others"
    return [(PREDICTIVE, "What the simulated logs look like", light, f"{reason}.")]


def _of(stage: str) -> str:
    return f", {stage.split(':')[0]}" if stage else ""
