"""`permanence compare --predict`, `--power` and `--observed`: a prediction before a test, and the verdict after it.

A prediction is saved in PROJECT/predictions and never changed. What happened is laid over it with the project's own
later extract; observed.html and observed.json go into the run's folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from event_logs.errors import InputError, Problem
from permanence.files import complete_files, write_text
from permanence.gates import gates_of
from permanence.pages import environment
from permanence.pipeline import Run, versions
from permanence.progress import Advance
from permanence.project_scenarios import found_scenario, known_scenarios
from permanence.results import plain

if TYPE_CHECKING:
    from scenarios import Scenario
    from scenarios.observed import Observed, ObservedChart
    from scenarios.predicted import Prediction

PAGE, DATA = "observed.html", "observed.json"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a prediction is to be made."""

    months: int = 24
    """Cohorts that enter in so many months are predicted."""
    monthly: bool = False
    """Points by month instead of by quarter."""
    draws: int = 100


def command(run: Run, named: Mapping[str, str | None], **wanted: Any) -> list[str]:
    """What `permanence compare` does and says about a prediction.

    `named` has one of "predict" and "power" (an idea) and "observed" (a prediction, or "") that is not None.
    """
    from permanence.progress import StageDisplay

    if named["observed"] is not None:
        return said_after(lay_over(run, named["observed"]), run.folder)
    if named["power"] is not None and (known := saved_today(run, named["power"])) is not None:
        return said_power(known)
    idea = named["predict"] or named["power"] or ""
    with StageDisplay() as display, display.stage("Simulating with the change and without it") as advance:
        prediction = make_prediction(run, idea, Wanted(**wanted), advance=advance)
    if named["predict"] is None:
        return said_power(prediction)
    path, new = save(run, prediction)
    return said_before(prediction, path, new=new)


def saved_today(run: Run, idea: str) -> Prediction | None:
    """The prediction of an idea that was saved from this very extract; None where there is none."""
    from scenarios.prediction import log_digest
    from scenarios.prediction_file import FOLDER, read_prediction

    path = run.project.folder / FOLDER / f"{idea}-{run.log.window.end:%Y-%m-%d}.json"
    if not path.is_file():
        return None
    found = read_prediction(path)
    return found if found.made_from.log_sha256 == log_digest(run.log) else None


def make_prediction(
    run: Run, name: str, wanted: Wanted | None = None, *, advance: Advance = lambda done, total: None
) -> Prediction:
    """The prediction of a scenario from a derived project.

    Raises InputError for a scenario that does not exist, naming the nearest, and for a log too small to predict from.
    """
    from scenarios.futures import Ahead
    from scenarios.prediction import predict

    wanted = wanted or Wanted()
    scenario = scenario_named(run, name)
    try:
        ahead = Ahead(
            gates=gates_of(run.project),
            months=wanted.months,
            period="month" if wanted.monthly else "quarter",
            draws=wanted.draws,
            seed=run.seed,
        )
        running: Any = {"workers": run.workers, "store": run.cache, "cluster": run.cluster}
        return predict(run.log, scenario, ahead, **running, progress=advance)
    except ValueError as error:
        remedy = getattr(error, "remedy", "Use an extract with more children or more years, or another scenario")
        raise InputError(Problem(name, "", str(error), remedy)) from error


def scenario_named(run: Run, name: str) -> Scenario:
    """The scenario of this name, of the project or ready-made. Raises InputError with the nearest name."""
    return found_scenario(name, known_scenarios(run.project))


def save(run: Run, prediction: Prediction) -> tuple[Path, bool]:
    """Save a prediction in the project; see `scenarios.prediction_file.write_prediction`."""
    from scenarios.prediction_file import FOLDER, write_prediction

    return write_prediction(prediction, run.project.folder / FOLDER)


def lay_over(run: Run, name: str = "") -> Observed:
    """Lay a derived project's records over one of its predictions, and write the page and the data.

    `name` is a prediction's name, a scenario's (its latest prediction), or a file; without it the only one there is.
    Raises InputError for a prediction that is not there or has been changed, and for records it cannot be laid over.
    """
    from scenarios.observed import observe
    from scenarios.prediction_file import FOLDER, find_prediction, read_prediction

    path = find_prediction(run.project.folder / FOLDER, name)
    found = observe(read_prediction(path), run.log, file=path.name, seed=run.seed)
    with complete_files(run.folder) as scratch:
        write_text(scratch / PAGE, page(found, run.project.name, synthetic=run.synthetic))
        write_text(scratch / DATA, as_json(found, path.name, run.inputs))
    return found


def said_before(prediction: Prediction, path: Path, *, new: bool) -> list[str]:
    """What `--predict` says at its end."""
    from scenarios.prediction_words import foreseen, power_lines

    kept = "Prediction saved" if new else "The same prediction was there already"
    return [*(f"- {line}" for line in foreseen(prediction)), *power_lines(prediction), f"{kept}: {path}"]


def said_power(prediction: Prediction) -> list[str]:
    """What `--power` says."""
    from scenarios.prediction_words import power_lines

    head = f"{prediction.title}: how likely the change is to be seen, if it does what the scenario says"
    return [head, *power_lines(prediction)]


def said_after(found: Observed, folder: Path) -> list[str]:
    """What `--observed` says: the verdict, and where the page is."""
    from scenarios.prediction_words import verdict_lines

    return [*verdict_lines(found), f"Page: {folder / PAGE}"]


def page(found: Observed, name: str, *, synthetic: bool) -> str:
    """observed.html: the verdict, then each chart that the change should move, then the others."""
    from markupsafe import Markup

    from permanence import wording
    from permanence.report import inline_svg
    from scenarios import prediction_words as words
    from scenarios.prediction_chart import band_chart

    templates = environment()
    decisive = list(found.decisive)
    moved = [one for one in found.charts if one.predicted.touched and one not in decisive]
    drawn = {
        one.predicted.watched.name: Markup(inline_svg(band_chart(found, one).svg, f"chart{number}"))
        for number, one in enumerate([*decisive, *moved])
    }
    return templates.get_template("observed.html.j2").render(
        name=name,
        synthetic=synthetic,
        found=found,
        decisive=decisive,
        moved=moved,
        others=[one for one in found.charts if not one.predicted.touched],
        drawn=drawn,
        words=words,
        wording=wording,
    )


def as_json(found: Observed, file: str, inputs: Mapping[str, str]) -> str:
    """The content of observed.json: every point with its limits, the evidence and the verdicts."""
    from scenarios.prediction_words import sentence

    content: dict[str, Any] = {
        "schema_version": 1,
        "prediction": file,
        "scenario": found.prediction.name,
        "predicted_from": found.prediction.date,
        "seen_to": found.seen_to,
        "judge_by": found.prediction.judge_by,
        "responds_first": found.prediction.responds_first,
        "no_effect_before": found.prediction.no_effect,
        "no_effect_after": found.no_effect_after,
        "charts": [_chart(one, sentence(one)) for one in found.charts],
        "notes": list(found.notes),
        "inputs_sha256": dict(inputs),
        "versions": versions(),
    }
    return json.dumps(plain(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _chart(one: ObservedChart, words: str) -> dict[str, Any]:
    return {
        "chart": one.predicted.watched.name,
        "horizon_days": one.predicted.watched.horizon_days,
        "expected_to_move": one.predicted.touched,
        "verdict": one.verdict,
        "words": words,
        "evidence": asdict(one.evidence),
        "children_to_tell": one.children_to_tell,
        "points": [asdict(point) for point in one.points],
        "sizes": [asdict(size) for size in one.sizes],
        "effective_draws": one.draws_left,
    }
