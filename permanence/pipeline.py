"""The stages of a run, each run again only when what it depends on has changed."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from event_logs import exchange
from event_logs.derive import Derivation, derive, write_quarantine
from event_logs.digests import code_digest, combined_digest, digest, file_digest
from event_logs.errors import InputError, Problem
from event_logs.log import EventLog
from event_logs.project import Project, load_project, nearest
from permanence import collect, collect_compared, collect_mined
from permanence.files import complete_files, write_text
from permanence.gates import gates_of, panel_of
from permanence.mining_stage import CHARTS, INTERNAL, OUTCOMES, PICTURES, mine_stages
from permanence.progress import Advance, StageDisplay
from permanence.project_scenarios import compared_scenarios, scenario_files
from permanence.report import render
from permanence.results import Results, load_results, records

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

RESULTS, REPORT, RUN = "results.json", "report.html", "run.json"
HORIZON_YEARS = 3.0
LEVER_DRAWS = 0.4
"""Draws for the ranking of stages, beside those for the change ideas."""
MODEL_FILES = ("pathway_model.toml", "pathway.bpmn", "duration_laws.svg")
PLACEMENTS = "placements.parquet"
_DISTRIBUTIONS = ("permanence", "numpy", "scipy", "pandas", "pyarrow", "pm4py", "simpy", "matplotlib", "pygraphviz")


@dataclass(frozen=True)
class Stage:
    """One stage of a run."""

    name: str
    says: str
    """What a person reads while it runs."""
    after: tuple[str, ...]
    """Stages whose outcome it depends on."""
    parts: tuple[str, ...] = ()
    """Parts of results.json that it fills."""
    files: tuple[str, ...] = ()
    """Files that it writes."""


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "derive",
            "Reading the case records",
            after=(),
            parts=("log", "data_quality"),
            files=(
                "event_log.parquet",
                "event_log_cases.parquet",
                "event_log.csv",
                "event_log.xes.gz",
                "quarantine.csv",
                PLACEMENTS,
            ),
        ),
        Stage(
            "mine",
            "Mining the process map, bottlenecks and aims",
            after=("derive",),
            parts=(
                *("stages", "aims", "transitions", "bottlenecks", "excess", "panel_wait", "groups", "flow", "rework"),
                *("outcomes", "order", "variants", "conformance", "run_charts"),
            ),
            files=(*PICTURES, OUTCOMES, *CHARTS, *INTERNAL),
        ),
        Stage("fit", "Fitting the pathway model", after=("derive",), parts=("model",), files=MODEL_FILES),
        Stage("compare", "Comparing change ideas", after=("derive", "fit"), parts=("scenarios", "leverage")),
        Stage(
            "sensitivity",
            "Finding what the savings depend on",
            after=("derive", "fit", "compare"),
            parts=("sensitivity",),
        ),
        Stage(
            "report", "Writing the report", after=("derive", "mine", "fit", "compare", "sensitivity"), files=(REPORT,)
        ),
    )
}
OPTIONAL_FOR_REPORT = frozenset({"fit", "compare", "sensitivity"})
"""The report says so when these have not run; it does not need them."""


@dataclass
class Run:
    """One project's run: what has been done, and what is still to do."""

    project: Project
    folder: Path
    """Where everything is written."""
    seed: int = 1
    draws: int = 50
    workers: int = 1
    cluster: str | None = None
    """Address of a dask scheduler whose workers do the work of many runs; None for processes here."""
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of ideas to be compared both at once as well."""
    record: dict[str, Any] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    """What the person should know at the end."""
    derivation: Derivation | None = None
    """Set when the derive stage ran just now; empty when its former outcome was kept."""

    @classmethod
    def of(cls, path: Path, *, out: Path | None = None, **settings: Any) -> Run:
        """The run of a project given as its folder or its project file."""
        project = load_project(path)
        folder = out or project.folder / "run"
        record = _former_record(folder)
        return cls(project, folder, record=record, **{"seed": record.get("seed", 1), **settings})

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Digest of every file the run reads, by name."""
        return {path.name: file_digest(path) for path in self.project.input_files()}

    @cached_property
    def log(self) -> EventLog:
        """The event log, from the derive stage that ran, or as it was kept."""
        return self.derivation.log if self.derivation is not None else exchange.read_run_log(self.folder)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The change ideas that are compared. Raises InputError, with everything wrong at once."""
        return compared_scenarios(self.project)

    @property
    def cache(self) -> Path:
        """Where finished runs are kept, so that what was stopped goes on where it was: see `simulation.store`."""
        return self.folder / "cache"

    @property
    def synthetic(self) -> bool:
        """Whether the records were made up: the generator leaves the planted truth beside them."""
        return (self.project.folder / "truth.json").is_file()

    def key(self, name: str) -> str:
        """Digest of everything the outcome of a stage depends on."""
        stage = STAGES[name]
        parts = {f"after {before}": self.key(before) for before in stage.after}
        parts |= {"stage": name, "code": code_digest()}
        if not stage.after:
            parts |= {f"file {file}": sha for file, sha in self.inputs.items()}
            parts["synthetic"] = str(self.synthetic)
        if name in {"mine", "compare", "sensitivity"}:
            parts["seed"] = str(self.seed)
        if name in {"compare", "sensitivity"}:
            parts["draws"] = str(self.draws)
        if name == "compare":
            parts |= {f"scenario {file.name}": file_digest(file) for file in scenario_files(self.project)}
            if self.together:
                parts["together"] = json.dumps(self.together)
        if name == "report":
            parts |= {f"has {other}": str(self.is_current(other)) for other in sorted(OPTIONAL_FOR_REPORT)}
        return combined_digest(parts)

    def is_current(self, name: str) -> bool:
        """Whether a stage's outcome is there, whole, and made from what is there now."""
        done = self.record.get("stages", {}).get(name)
        if not isinstance(done, dict) or done.get("key") != self.key(name):
            return False
        files = {file: file_digest(self.folder / file) for file in done["files"]}
        return bool(files == done["files"] and done["parts"] == self._parts_digest(name))

    def _parts_digest(self, name: str) -> str:
        if not STAGES[name].parts:
            return ""
        try:
            results = load_results(self.folder / RESULTS)
        except InputError:
            return "none"
        found = results.model_dump(mode="json", include=set(STAGES[name].parts))
        return digest(json.dumps(found, sort_keys=True).encode())

    def commit(self, name: str, results: Results | None, write: Callable[[Path], None]) -> None:
        """Write what a stage made; what later stages made of its former outcome is taken away first."""
        later = [stage for stage in STAGES.values() if name in stage.after]
        stale = {file for stage in later for file in stage.files} - set(STAGES[name].files)
        done = self.record.setdefault("stages", {})
        for stage in later:
            done.pop(stage.name, None)
        with complete_files(self.folder) as scratch:
            write(scratch)
            if results is not None:
                write_text(scratch / RESULTS, results.text())
            made = sorted(path.name for path in scratch.iterdir() if path.name != RESULTS)
            for file in stale:
                (self.folder / file).unlink(missing_ok=True)
        done[name] = {
            "key": self.key(name),
            "files": {file: file_digest(self.folder / file) for file in made},
            "parts": self._parts_digest(name),
        }
        self._write_record()

    @property
    def found(self) -> Results:
        """What has been found so far."""
        return load_results(self.folder / RESULTS)

    def forget(self, name: str) -> None:
        """Have a stage run again next time, because its outcome is not all that it should be."""
        self.record["stages"][name]["key"] = ""
        self._write_record()

    def results(self, name: str, **parts: Any) -> Results:
        """results.json with a stage's parts filled in and those of later stages emptied."""
        if name == "derive":
            return Results(**parts)
        later = [part for stage in STAGES.values() if name in stage.after for part in stage.parts]
        former = load_results(self.folder / RESULTS)
        return former.model_copy(update={**dict.fromkeys(later), **parts})

    def _write_record(self) -> None:
        order = [name for name in STAGES if name in self.record["stages"]]
        record = {
            "schema_version": 1,
            "seed": self.seed,
            "inputs_sha256": self.inputs,
            "versions": versions(),
            "stages": {name: self.record["stages"][name] for name in order},
        }
        self.record = record
        with complete_files(self.folder) as scratch:
            write_text(scratch / RUN, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def run_stages(run: Run, names: tuple[str, ...], display: StageDisplay) -> None:
    """Run the named stages in order, each only if it is not current. What is wrong with a scenario is told first."""
    if "compare" in names:
        _ = run.scenarios
    for name in names:
        stage = STAGES[name]
        if run.is_current(name):
            display.skipped(stage.says)
            continue
        with display.stage(stage.says) as advance:
            _DO[name](run, advance)


def _derive(run: Run, advance: Advance) -> None:
    derivation = derive(run.project, quarantine=run.folder / "quarantine.csv", advance=advance)
    _check_usable(derivation)
    run.derivation = derivation
    run.__dict__.pop("log", None)
    results = run.results(
        "derive",
        log=collect.log_summary(derivation.log, run.project.name, synthetic=run.synthetic),
        data_quality=collect.quality(derivation),
    )

    def write(folder: Path) -> None:
        exchange.write_log(derivation.log, folder)
        write_quarantine(derivation, folder / "quarantine.csv")
        if derivation.facts is not None and "placements" in derivation.facts.given:
            # When children moved: the log has only the moves between home and away.
            derivation.facts.placements[["case", "start"]].to_parquet(folder / PLACEMENTS, index=False)

    run.commit("derive", results, write)


def _check_usable(derivation: Derivation) -> None:
    """A table of which not one row could be used is a wrong setting, not bad rows."""
    problems = []
    for row in records(derivation.ledger):
        # A yearly return of which everything stands in later ones is used up, not unusable.
        if row["quarantined"] and not row["used"]:
            refused = derivation.quarantine[derivation.quarantine["file"] == row["file"]]
            place = f"line {refused['row'].iloc[0]}" if len(refused) else ""
            reasons = f"; here: {collect.without_values(refused['reasons'].iloc[0])}" if len(refused) else ""
            problem = f"none of its {row['rows_read']:,} rows can be used{reasons}"
            remedy = "Check date_format, missing and codes in the project file, or export the table again"
            problems.append(Problem(row["file"], place, problem, remedy))
    if problems:
        raise InputError(problems)


def _mine(run: Run, advance: Advance) -> None:
    found = mine_stages(
        run.log,
        seed=run.seed,
        advance=advance,
        panel=panel_of(run.project),
        placements=_placements(run),
        change=run.project.test_of_change,
    )
    run.commit("mine", run.results("mine", **found.parts), found.write)
    if found.no_picture:
        run.messages.append(found.no_picture)
        run.forget("mine")


def _placements(run: Run) -> pd.DataFrame | None:
    """When children moved, where the records say so."""
    file = run.folder / PLACEMENTS
    return pd.read_parquet(file) if file.is_file() else None


def _fit(run: Run, advance: Advance) -> None:
    from mining.drawing import GraphvizMissingError
    from simulation.bpmn_export import write_bpmn
    from simulation.cohort import snapshot
    from simulation.fit import fit_pathway
    from simulation.law_pictures import check_laws, write_law_pictures
    from simulation.model_file import write_model

    fitted = fit_pathway(run.log, panel=gates_of(run.project))
    cohort = snapshot(run.log, fitted)
    # Steps always done within the day have no law to draw.
    checks = [check for check in check_laws(run.log, fitted) if check.model[0] > 0]

    def write(folder: Path) -> None:
        write_model(fitted, folder / MODEL_FILES[0])
        try:
            write_bpmn(fitted, folder / MODEL_FILES[1])
        except GraphvizMissingError as error:
            run.messages.append(str(error))
        if checks:
            write_law_pictures(checks, folder / MODEL_FILES[2])

    end = run.log.window.end + pd.Timedelta(days=round(HORIZON_YEARS * 365.25))
    run.commit("fit", run.results("fit", model=collect.model(fitted, cohort, panel_of(run.project), end)), write)


def _compare(run: Run, advance: Advance) -> None:
    from scenarios.compare import compare
    from scenarios.leverage import leverage

    settings: dict[str, Any] = {"panel": gates_of(run.project), "years": HORIZON_YEARS, "workers": run.workers}
    settings |= {"store": run.cache, "cluster": run.cluster}
    _check_pairs(run)
    levers = max(2, round(run.draws * LEVER_DRAWS))
    total = run.draws + levers
    comparison = compare(
        run.log,
        run.scenarios,
        **settings,
        together=run.together,
        placements=_placements(run),
        draws=run.draws,
        seed=run.seed,
        progress=lambda done, _: advance(done, total),
    )
    table = leverage(
        run.log, **settings, draws=levers, seed=run.seed, progress=lambda done, _: advance(run.draws + done, total)
    )
    parts = {"scenarios": collect_compared.scenarios(comparison), "leverage": collect_mined.leverage(table)}
    run.commit("compare", run.results("compare", **parts), lambda folder: None)


def _check_pairs(run: Run) -> None:
    """Only ideas that are compared can be compared together."""
    known = [scenario.name for scenario in run.scenarios]
    for name in (name for pair in run.together for name in pair if name not in known):
        near = nearest(name, known)
        problem = f"{name!r} is not compared in this project" + (f"; the nearest is {near[0]!r}" if near else "")
        raise InputError(Problem("--together", "", problem, f"Name two of: {', '.join(known)}"))


def _sensitivity(run: Run, advance: Advance) -> None:
    from permanence.sensitivity_stage import sensitivity

    found = run.found.scenarios
    assert found is not None
    settings: dict[str, Any] = {"panel": gates_of(run.project), "years": HORIZON_YEARS, "workers": run.workers}
    settings |= {"store": run.cache, "cluster": run.cluster, "seed": run.seed}
    told = sensitivity(run.log, run.scenarios, found, run.draws, advance, settings)
    run.commit("sensitivity", run.results("sensitivity", sensitivity=told), lambda folder: None)


def _report(run: Run, advance: Advance) -> None:
    results = load_results(run.folder / RESULTS)
    files = {name: run.folder / name for name in (PICTURES[0], OUTCOMES, *CHARTS)}
    pictures = {name: file.read_text(encoding="utf-8") for name, file in files.items() if file.is_file()}
    page = render(results, pictures)
    run.commit("report", None, lambda folder: write_text(folder / REPORT, page))


def versions() -> dict[str, str]:
    """The versions of Python and of the packages whose figures these are."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in _DISTRIBUTIONS}


_DO: dict[str, Callable[[Run, Advance], None]] = {
    "derive": _derive,
    "mine": _mine,
    "fit": _fit,
    "compare": _compare,
    "sensitivity": _sensitivity,
    "report": _report,
}


def _former_record(folder: Path) -> dict[str, Any]:
    """run.json as it was left; nothing when there is none or it cannot be read, so that everything runs."""
    try:
        record = json.loads((folder / RUN).read_bytes())
    except (OSError, ValueError):
        return {}
    usable = isinstance(record, dict) and isinstance(record.get("stages"), dict) and isinstance(record.get("seed"), int)
    return {"seed": record["seed"], "stages": record["stages"]} if usable else {}
