"""`permanence validate`: a verdict in plain words, and files with everything that it rests on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from permanence.pipeline import Run, run_stages
from permanence.progress import StageDisplay
from permanence.validate import STRESS, VALIDATION, said, validate
from simulation.validation import Validation


@pytest.fixture(scope="module")
def judged(records: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Validation]:
    run = Run.of(records, out=tmp_path_factory.mktemp("validated"))
    run_stages(run, ("derive",), StageDisplay())
    return run, validate(run, past_days=2, draws=19)


def test_the_verdict_comes_first_with_reasons(judged: tuple[Run, Validation]) -> None:
    run, found = judged
    content = json.loads((run.folder / VALIDATION).read_text(encoding="utf-8"))
    assert list(content)[:3] == ["schema_version", "light", "reasons"]
    assert content["light"] == found.light
    assert content["light"] in {"green", "amber", "red"}
    assert content["reasons"]
    assert {"Back-cast", "Distance", "Predictive check"} == {check["topic"] for check in content["checks"]}
    assert {check["light"] for check in content["checks"]} <= {"green", "amber", "red"}


def test_every_forecast_and_distance_is_in_the_file(judged: tuple[Run, Validation]) -> None:
    run, _ = judged
    content = json.loads((run.folder / VALIDATION).read_text(encoding="utf-8"))
    closures = [row for row in content["backcast_forecasts"] if row["measure"] == "Closures"]
    assert len(closures) == len(content["settings"]["cuts"]) * 3
    assert all(row["low95"] <= row["low80"] <= row["high80"] <= row["high95"] for row in content["backcast_forecasts"])
    for row in closures:
        end = pd.Timestamp(row["cut"]) + pd.DateOffset(months=row["months"])
        ends = run.log.cases["end"]
        assert row["observed"] == ((ends > row["cut"]) & (ends <= end)).sum()
    assert {row["measure"] for row in content["distances"]} >= {"Sequences of activities", "When cases arrive"}
    assert content["settings"]["panel"] == "declared"
    assert set(content["inputs_sha256"]) >= {"children.csv", "permanence.toml"}


def test_the_checklist_is_answered_from_the_run(judged: tuple[Run, Validation]) -> None:
    run, _ = judged
    table = pd.read_csv(run.folder / STRESS, dtype=str)
    assert len(table) == 20
    answers = table.set_index("number")["answer"]
    assert "declared in the project file" in answers["2.5"]
    assert "children.csv" in answers["3.1"]
    assert "rows read" in answers["3.3"]
    assert answers["5.4"] == "Not stated."


def test_what_the_terminal_says_is_short_and_plain(judged: tuple[Run, Validation]) -> None:
    _, found = judged
    lines = said(found)
    assert lines[0].startswith(found.light.upper())
    assert lines[1] == f"- {found.reasons[0]}"
    assert any(line.startswith("- Not checked: Aim 1") for line in lines)
    assert len(lines) < 25


def test_the_same_records_and_seed_give_the_same_bytes(judged: tuple[Run, Validation], always_processes: None) -> None:
    run, _ = judged
    before = [(run.folder / name).read_bytes() for name in (VALIDATION, STRESS)]
    shutil.rmtree(run.cache)  # everything is worked out again, not found again
    validate(run, past_days=2, draws=19, workers=2)
    assert [(run.folder / name).read_bytes() for name in (VALIDATION, STRESS)] == before


def test_the_command_on_records_too_short_to_look_back_says_so(permanence, tmp_path: Path) -> None:
    assert permanence("generate", "council", "--children", "40", "--years", "2").returncode == 0
    done = permanence("validate", "council")
    assert done.returncode == 0, done.stderr
    assert "AMBER: use the model's figures with care." in done.stdout
    assert "takes 3 years of reliable records" in done.stdout
    content = json.loads((tmp_path / "council" / "run" / VALIDATION).read_text(encoding="utf-8"))
    assert content["backcast_forecasts"] is None


def test_a_project_that_is_not_there_is_a_plain_error(permanence) -> None:
    done = permanence("validate", "nowhere")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
