"""Checking a project's model against the council's own past: the verdict, what it rests on, and the STRESS answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from event_logs.quarantine import inert
from permanence.files import complete_files, write_text
from permanence.gates import gates_of
from permanence.pipeline import HORIZON_YEARS, Run, versions
from permanence.progress import Advance
from permanence.results import plain, records

if TYPE_CHECKING:
    from simulation.stress import RunFacts
    from simulation.validation import Validation

VALIDATION, STRESS = "validation.json", "stress_des.csv"
_SAID = {
    "green": "GREEN: the model holds up against this council's own past.",
    "amber": "AMBER: use the model's figures with care.",
    "red": "RED: the model does not hold up against this council's own past.",
}
_MOST_SAID = 12
_PATHWAY = "pathway.bpmn"


def validate(
    run: Run,
    *,
    seed: int = 1,
    past_days: int = 4,
    draws: int | None = None,
    workers: int = 1,
    advance: Advance = lambda done, total: None,
) -> Validation:
    """Write validation.json and stress_des.csv of a derived project into its run's folder, and return the verdict.

    `past_days` is the number of days to forecast from and `draws` that of forecasts from each (default: as many as
    exact 95 % intervals need). The same records and seed give the same files, whatever the number of `workers`. Raises
    InputError for a folder that cannot be written to.
    """
    from simulation.backcast import DRAWS, past_cuts
    from simulation.validation import validate as judge

    found = judge(
        run.log,
        cuts=past_cuts(run.log, count=past_days),
        panel=gates_of(run.project),
        draws=draws or DRAWS,
        seed=seed,
        workers=workers,
        store=run.cache,
        cluster=run.cluster,
        progress=advance,
    )
    stress = stress_table(run)
    with complete_files(run.folder) as scratch:
        write_text(scratch / VALIDATION, as_json(found, run, seed))
        write_text(scratch / STRESS, inert(stress).to_csv(index=False, lineterminator="\n"))
    return found


def as_json(found: Validation, run: Run, seed: int) -> str:
    """The content of validation.json: the verdict first, then every check, then the figures they rest on."""
    content: dict[str, Any] = {
        "schema_version": 1,
        "light": found.light,
        "reasons": list(found.reasons),
        "checks": records(found.checks),
        "not_checked": list(found.notes),
        "backcast_summary": records(found.backcast.summary) if found.backcast else None,
        "backcast_forecasts": records(found.backcast.forecasts) if found.backcast else None,
        "distances": records(found.split.distances) if found.split else None,
        "predictive_checks": records(found.split.checks) if found.split else None,
        "settings": plain(found.settings),
        "seed": seed,
        "inputs_sha256": run.inputs,
        "versions": versions(),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def said(found: Validation) -> list[str]:
    """The verdict as lines of plain English: the light, why, and what was not checked."""
    reasons = list(found.reasons[:_MOST_SAID])
    if len(found.reasons) > _MOST_SAID:
        reasons.append(f"{len(found.reasons) - _MOST_SAID} more in {VALIDATION}")
    lines = [_SAID[found.light], *(f"- {reason}" for reason in reasons)]
    return [*lines, *(f"- Not checked: {note}." for note in found.notes if note not in found.reasons)]


def stress_table(run: Run) -> Any:
    """The STRESS-DES answers of this project's comparison of change ideas: see `simulation.stress.stress_des`."""
    from simulation.cohort import snapshot
    from simulation.fit import fit_pathway
    from simulation.stress import stress_des

    model = fit_pathway(run.log, panel=gates_of(run.project))
    return stress_des(model, run_facts(run), log=run.log, cohort=snapshot(run.log, model))


def run_facts(run: Run) -> RunFacts:
    """What a run knows of itself, for the STRESS answers.

    The machine and the number of processes are left unstated, so that the file is the same anywhere.
    """
    from simulation.stress import RunFacts

    return RunFacts(
        purpose=(
            "To show where children wait on the way to permanence and to estimate, before anything is changed for a "
            "child, what a change would save."
        ),
        outputs=(
            "weeks in each stage of new visits (mean of their first two years)",
            "child-weeks spent in each stage",
            "how often each activity happens",
        ),
        aims="To compare each change idea with the pathway as it is, child by child.",
        diagram=_PATHWAY if (run.folder / _PATHWAY).is_file() else "",
        scenarios={idea.title: idea.rationale for idea in run.scenarios},
        sources=tuple(run.inputs),
        pre_processing=_pre_processing(run),
        horizon=f"{HORIZON_YEARS:g} years from the extraction date, {run.log.window.end:%Y-%m-%d}.",
        draws=run.draws,
        replications=1,
        seed=run.seed,
        versions=versions(),
        sharing=(
            "The program is free software (AGPL-3.0-or-later). Whether this model and its data may be shared is for "
            "the council to state."
        ),
    )


def _pre_processing(run: Run) -> str:
    quality = run.found.data_quality
    made = "Events are made from the case records as the project file says; events of one day stand in milestone order."
    if quality is None:
        return made
    read = sum(file.read_rows for file in quality.files)
    refused = sum(file.quarantined_rows for file in quality.files)
    return f"{made} Of {read:,} rows read, {refused:,} were set aside with a reason (quarantine.csv)."


def files(folder: Path) -> list[Path]:
    """What `validate` writes, the verdict first."""
    return [folder / VALIDATION, folder / STRESS]
