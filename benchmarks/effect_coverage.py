"""Does the interval hold the true effect of a change 95 times in 100, and is nothing called a help when it is none?

A hundred synthetic councils. Each is run twice by the generator, with and without each of the poster's four ideas, so
that the true effect in that council's own three years after the extract is known. The comparison sees the records up to
the extract and the stated change (its exact size), and nothing else.

The truth is the difference that really came about in that council: it holds the chance of its own children and panels.
So the interval that must hold it is a predictive one, which `scenarios.effects.difference_of` gives: it covers the
records, the fit and the chance of the years. An interval for the expected difference alone would be narrower and would
miss the realised one more often than it says. The truth is not the mean of many futures because a council has one.

What is counted, for each idea: whether the 95 % (80 %) interval holds the child-weeks saved in all stages together, and
in the stage that the idea is about: its child-weeks and the mean weeks of a visit.

Two changes that do nothing: a size of exactly nothing (the difference must be exactly 0), and a placebo, for which a
step is replaced by an equal one under another name, whose streams are therefore others: runs differ, by chance alone.
"It helps" (the whole 95 % interval below 0) may be said in 5 % of councils at most.

Run: python benchmarks/effect_coverage.py [councils] [first council] [file of results, appended to]
     python benchmarks/effect_coverage.py table [file of results, ...] > benchmarks/effect_coverage.md
A council whose number is in the file already is not run again, so an interrupted run goes on where it stopped; two
processes with different first councils and files share the work.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from event_logs.vocabulary import STAGES
from permanence.gates import panel_of
from scenarios import Range, Scenario, compare
from scenarios.effects import Difference, difference_of
from scenarios.planted import planted_idea
from scenarios.shorter import Shorten
from scenarios.tables import Compared
from simulation.model import PathwayModel

COUNCILS, DRAWS, REPLICATIONS = 100, 40, 1
STARTS = (120.0, 200.0, 340.0)
"""Councils of three sizes in turn: starts a year (Edinburgh has 340)."""
_ASSUMED = "as the generator has it"
STAGE_OF = {
    "earlier-legal-advice": 1,
    "earlier-health-advice": 1,
    "four-week-review": 0,
    "leaflet-and-conversations": 5,
}
"""The stage that each idea is about."""


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A change that does nothing: a step becomes an equal one under another name, with other streams."""

    type: ClassVar[str] = "nothing"
    factor: Range
    step: str = f"{v.LODGED} → {v.PERMANENCE_ORDER}"

    def ranges(self) -> dict[str, Range]:
        """Its one size, which is not used."""
        return {"factor": self.factor}

    def touches(self, model: PathwayModel) -> frozenset[tuple[str, str]]:
        """Nothing that another change could touch."""
        return frozenset()

    def pictured(self, model: PathwayModel) -> str:
        """What it touches on the map: nothing."""
        return "nothing"

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the step under another name."""
        name = f"{self.step} again"
        steps = {**model.steps, name: replace(model.steps[self.step], name=name)}
        choice = model.choices[v.LODGED]
        options = tuple(
            replace(option, starts=tuple(name if one == self.step else one for one in option.starts))
            for option in choice.options
        )
        return replace(model, steps=steps, choices={**model.choices, v.LODGED: replace(choice, options=options)})


def _idea(name: str, *changes: Any) -> Scenario:
    return Scenario(name=name, title=name, rationale=_ASSUMED, changes=changes)


def scenarios() -> list[Scenario]:
    """The stated changes, at the very size that the generator plants, and the two that do nothing."""
    return [
        *(planted_idea(name) for name in STAGE_OF),
        _idea("nothing", Shorten(activities=("Planning",), factor=Range.exactly(1.0))),
        _idea("placebo", Renamed(factor=Range.exactly(1.0))),
    ]


def one_council(number: int) -> dict[str, Any]:
    """What was estimated for a council, and what came about: one line of the file of results."""
    council = Council().scaled(STARTS[number % len(STARTS)])
    with tempfile.TemporaryDirectory() as folder:
        generated = generate(Path(folder), council=council, seed=10_000 + number)
        project = load_project(Path(folder))
        log = derive(project).log
    chosen = scenarios()
    years = council.horizon_days / 365.25
    found = compare(
        log, chosen, panel=panel_of(project), years=years, draws=DRAWS, replications=REPLICATIONS, seed=number + 1
    )
    lines = []
    for place, scenario in enumerate(chosen):
        true = generated.truth["changes"].get(scenario.name)
        lines += _measures(found.compared, place, scenario.name, true)
    return {"council": number, "starts": council.starts_per_year, "lines": lines}


def _measures(compared: Compared, place: int, name: str, true: dict[str, Any] | None) -> list[dict[str, Any]]:
    stage = STAGE_OF.get(name, 0)
    of_stage = {"child_weeks_saved": 0.0, "difference_weeks": 0.0}
    whole = 0.0
    if true is not None:
        of_stage, whole = true["stages"][STAGES[stage].name], true["child_weeks_saved"]
    told = {
        "child-weeks, all stages": (difference_of(compared.saved_in_all(place)), -whole),
        "child-weeks, its stage": (
            difference_of(compared.differences("child_weeks", place)[..., stage]),
            -of_stage["child_weeks_saved"],
        ),
        "weeks a visit, its stage": (
            difference_of(compared.differences("weeks", place)[..., stage]),
            of_stage["difference_weeks"],
        ),
    }
    return [_line(name, what, found, truth) for what, (found, truth) in told.items()]


def _line(idea: str, what: str, found: Difference, truth: float) -> dict[str, Any]:
    ends = {"low": found.low, "high": found.high, "low_80": found.low_80, "high_80": found.high_80}
    return {"idea": idea, "what": what, "truth": truth, "mean": found.mean, **ends}


def run_all(councils: int, first: int, file: Path) -> None:
    """Every council that is not in the file yet, each appended as soon as it is done."""
    done = {json.loads(line)["council"] for line in file.read_text().splitlines()} if file.is_file() else set()
    for number in range(first, first + councils):
        if number in done:
            continue
        found = one_council(number)
        with file.open("a") as out:
            out.write(json.dumps(found) + "\n")
        print(f"council {number} done", flush=True)


def table(files: Sequence[Path]) -> str:
    """The table of results, in Markdown."""
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    councils = {line["council"]: line for line in lines}
    rows = [row for line in councils.values() for row in line["lines"]]
    kinds = list(dict.fromkeys((row["idea"], row["what"]) for row in rows))
    text = [
        f"{len(councils)} councils of {', '.join(f'{starts:g}' for starts in STARTS)} starts a year in turn; "
        f"{DRAWS} draws of {REPLICATIONS} paired run each.",
        "",
        "| change | measure | truth (mean) | estimate less truth (mean ± se) | width of 95 % (mean) | 95 % holds | "
        "80 % holds | helps said |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for idea, what in kinds:
        mine = [row for row in rows if (row["idea"], row["what"]) == (idea, what)]
        value = {key: np.asarray([row[key] for row in mine]) for key in mine[0] if key not in ("idea", "what")}
        off = value["mean"] - value["truth"]
        inside = (value["low"] <= value["truth"]) & (value["truth"] <= value["high"])
        inside_80 = (value["low_80"] <= value["truth"]) & (value["truth"] <= value["high_80"])
        error = off.std(ddof=1) / np.sqrt(len(off)) if len(off) > 1 else np.nan
        text.append(
            f"| {idea} | {what} | {value['truth'].mean():.1f} | {off.mean():+.1f} ± {error:.1f} | "
            f"{(value['high'] - value['low']).mean():.1f} | {inside.mean():.0%} | {inside_80.mean():.0%} | "
            f"{(value['high'] < 0).mean():.0%} |"
        )
    return "\n".join(text)


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["table"]:
        print(table([Path(name) for name in given[1:]]))
    else:
        run_all(
            int(given[0]) if given else COUNCILS,
            int(given[1]) if len(given) > 1 else 0,
            Path(given[2] if len(given) > 2 else "effect_coverage.jsonl"),
        )
