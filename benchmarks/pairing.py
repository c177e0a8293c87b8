"""What do common random numbers gain? Variance of paired differences against independent ones, by kind of change.

One council of Edinburgh's size, its fitted model, three years. Baseline and changed pathway are run on the same
streams, 40 times, and on different ones; what is compared is the difference in child-weeks of all stages together. The
gain is the variance of the difference of two independent runs over that of paired ones: as many times fewer runs are
needed for the same accuracy. At least 10 is wanted for a change of duration or of slots.

The same in the one stage that changes most, where less of the variance is that of the baseline; the correlation of the
paired runs; and how many runs bring the 95 % interval of the mean difference to within 1 %
of the baseline's child-weeks a year, paired and independent.

Run: python benchmarks/pairing.py [replications] > benchmarks/pairing.md
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from permanence.gates import gates_of
from scenarios import IDEAS, NULL, Range, Scenario
from scenarios.activities import Add
from scenarios.capacity import Demand, GateChange
from scenarios.compare import experiment_of
from scenarios.earlier import BringForward
from scenarios.effects import pairing_of
from scenarios.nested import changed_models, run_models
from scenarios.routes import Return
from scenarios.shorter import Shorten
from simulation import pathway

Floats = npt.NDArray[np.float64]


def kinds() -> dict[str, Scenario]:
    """One change of each kind, of a size that somebody might try."""
    one = Range.exactly
    changes = {
        "shorten: court, all durations x 0.9": (Shorten(after=(v.LODGED,), factor=one(0.9)),),
        "shorten: time until a plan is ready x 0.9": (Shorten(activities=(pathway.PLANNING,), factor=one(0.9)),),
        "shorten: legal advice by 7 days": (Shorten(after=(v.LEGAL_REQUESTED,), days=one(7)),),
        "gate: one more slot at each panel": (GateChange(more_slots=one(1)),),
        "gate: two more slots at each panel": (GateChange(more_slots=one(2)),),
        "gate: papers 7 days before the panel instead of 14": (GateChange(lead_days=one(7)),),
        "bring forward: legal advice 28 days before the review": (
            BringForward(activity=v.LEGAL_REQUESTED, days_before_review=one(28)),
        ),
        "add: a review at four weeks": (Add(activity=v.REVIEW, day=one(28)),),
        "return: papers come back half as often": (Return(times=one(0.5)),),
        "demand: 10 % fewer new cases": (Demand(factor=one(0.9)),),
    }
    found = {
        what: Scenario(name=f"change-{number}", title=what, rationale="a size that might be tried", changes=change)
        for number, (what, change) in enumerate(changes.items())
    }
    route = {"route: fewer contested cases (the leaflet)": IDEAS["leaflet-and-conversations"]}
    return {"nothing at all": NULL, **found, **route}


def differences(replications: int) -> tuple[list[str], Floats, Floats]:
    """Names; child-weeks of the baseline, [replication, stage], and of each change, [change, replication, stage]."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), council=Council(), seed=1)
        project = load_project(Path(folder))
        log = derive(project).log
    chosen = kinds()
    work = experiment_of(log, list(chosen.values()), panel=gates_of(project), replications=replications)
    sizes = [scenario.likely_sizes() for scenario in work.scenarios]
    models = list(zip(changed_models(work, work.base, sizes), work.reaches, strict=True))
    spent = work.yardstick.part("child_weeks", run_models(work, work.base, models, 0))
    return list(chosen), spent[:, 0], spent[:, 1:].swapaxes(0, 1)


def table(replications: int) -> str:
    """The table of results, in Markdown."""
    names, by_stage, changed_by_stage = differences(replications)
    baseline, changed = by_stage.sum(axis=-1), changed_by_stage.sum(axis=-1)
    wanted = 0.01 * baseline.mean()
    text = [
        f"Edinburgh's size, three years, {replications} replications; the baseline has {baseline.mean():,.0f} "
        "child-weeks in the stages.",
        "",
        "| change | difference in child-weeks (mean, sd) | correlation | gain: variance independent / paired | "
        "the same, from runs on different streams | gain in the stage that changes most | "
        "runs for ± 1 % of the baseline: paired, independent |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one, stages in zip(names, changed, changed_by_stage, strict=True):
        paired = one - baseline
        apart = one - np.roll(baseline, 1)
        found = pairing_of(baseline[None], one[None])
        measured = apart.var(ddof=1) / paired.var(ddof=1) if paired.any() else np.inf
        most = int(np.abs((stages - by_stage).mean(axis=0)).argmax())
        there = pairing_of(by_stage[None, :, most], stages[None, :, most])
        runs = " ".join(f"{_runs(values, wanted):,}," for values in (paired, apart)).rstrip(",")
        text.append(
            f"| {name} | {paired.mean():,.0f}, {paired.std(ddof=1):,.1f} | {found.correlation:.4f} | "
            f"{_times(found.reduction)} | {_times(measured)} | {_times(there.reduction)} | {runs} |"
        )
    return "\n".join(text)


def _times(gain: float) -> str:
    return "no difference" if np.isinf(gain) else f"{gain:,.0f}" if gain >= 10 else f"{gain:.1f}"


def _runs(values: Floats, wanted: float) -> int:
    """Runs for which 1.96 standard errors of the mean are within what is wanted; 2 at the least."""
    return max(2, int(np.ceil((1.96 * values.std(ddof=1) / wanted) ** 2)))


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
