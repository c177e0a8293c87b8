"""A run of a project: what is done, what need not be done again, and what never stands there half written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from event_logs.errors import InputError
from permanence.pipeline import STAGES, Run, run_stages
from permanence.progress import StageDisplay

MINING = ("derive", "mine", "report")
EVERYTHING = ("derive", "mine", "fit", "compare", "report")


def done_by(run: Run, stages: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run the stages and return those that were really done."""
    capsys.readouterr()
    with StageDisplay() as display:
        run_stages(run, stages, display)
    said = capsys.readouterr().err.splitlines()
    return [name for name in stages if STAGES[name].says in said]


@pytest.fixture(scope="module")
def mined(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small council, derived, mined and reported; do not change it."""
    project = tmp_path_factory.mktemp("mined") / "project"
    shutil.copytree(records, project)
    run = Run.of(project)
    with StageDisplay() as display:
        run_stages(run, MINING, display)
    return project


@pytest.fixture
def again(mined: Path, tmp_path: Path) -> Path:
    """A copy of the mined project that a test may change."""
    return Path(shutil.copytree(mined, tmp_path / "again"))


def test_a_run_leaves_the_files_that_are_promised_and_no_others(mined: Path) -> None:
    promised = {file for name in MINING for file in STAGES[name].files} | {"results.json", "run.json"}
    assert {path.name for path in (mined / "run").iterdir()} == promised


def test_fitting_leaves_the_model_and_its_laws_drawn_over_what_was_observed(
    again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert done_by(Run.of(again), ("fit",), capsys) == ["fit"]
    for file in STAGES["fit"].files:
        assert (again / "run" / file).stat().st_size > 0
    drawn = (again / "run" / "duration_laws.svg").read_text(encoding="utf-8")
    assert "Kaplan-Meier" in drawn
    assert "Agency decision" in drawn


def test_run_json_says_what_went_in(mined: Path) -> None:
    record = json.loads((mined / "run" / "run.json").read_text())
    tables = ("children", "episodes", "legal_statuses", "placements", "reviews", "milestones")
    assert set(record["inputs_sha256"]) == {"permanence.toml", *(f"{table}.csv" for table in tables)}
    assert record["seed"] == 1
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_nothing_is_done_again_when_nothing_changed(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert done_by(Run.of(again), MINING, capsys) == []


def test_one_changed_cell_runs_everything_again(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = again / "reviews.csv"
    table.write_text(table.read_text().replace("Assessment continues", "Plan continues", 1))
    before = (again / "run" / "run.json").read_text()
    assert done_by(Run.of(again), MINING, capsys) == list(MINING)
    assert (again / "run" / "run.json").read_text() != before


def test_another_seed_mines_again_but_does_not_derive_again(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert done_by(Run.of(again, seed=2), MINING, capsys) == ["mine", "report"]
    assert Run.of(again).seed == 2, "a later run keeps the seed of the one before"


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("quarantine.csv", ["derive", "mine", "report"]),
        ("process_map.png", ["mine", "report"]),
        ("report.html", ["report"]),
    ],
)
def test_a_lost_or_damaged_file_is_made_again(
    again: Path, capsys: pytest.CaptureFixture[str], file: str, wanted: list[str]
) -> None:
    whole = (again / "run" / file).read_bytes()
    (again / "run" / file).write_bytes(whole[: len(whole) // 2])
    assert done_by(Run.of(again), MINING, capsys) == wanted
    assert (again / "run" / file).read_bytes() == whole


def test_results_changed_by_hand_are_made_again(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = again / "run" / "results.json"
    whole = file.read_text()
    results = json.loads(whole)
    results["aims"][0]["met_children"] += 1
    file.write_text(json.dumps(results))
    assert done_by(Run.of(again), MINING, capsys) == ["mine", "report"]
    assert file.read_text() == whole


def test_a_damaged_run_json_makes_everything_run(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (again / "run" / "run.json").write_text("{")
    assert done_by(Run.of(again), MINING, capsys) == list(MINING)


def test_what_rests_on_old_records_is_gone_before_new_records_are_mined(again: Path) -> None:
    table = again / "milestones.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    run = Run.of(again)
    with StageDisplay() as display:
        run_stages(run, ("derive",), display)
    left = {path.name for path in (again / "run").iterdir()}
    assert left == {*STAGES["derive"].files, "results.json", "run.json"}
    assert run.found.aims is None
    assert run.found.transitions is None


def test_a_stage_that_fails_leaves_the_former_files(again: Path) -> None:
    before = {path.name: path.read_bytes() for path in (again / "run").iterdir()}
    (again / "episodes.csv").write_text("episode_id,child_id\n1,1\n")
    with pytest.raises(InputError, match="start_date"), StageDisplay() as display:
        run_stages(Run.of(again), MINING, display)
    assert {path.name: path.read_bytes() for path in (again / "run").iterdir()} == before


def test_a_table_of_which_no_row_can_be_used_stops_the_run(project: Path) -> None:
    table = project / "reviews.csv"
    table.write_text(re.sub(r"\b(\d{4})-(\d\d)-(\d\d)\b", r"\3/\2/\1", table.read_text()))
    with pytest.raises(
        InputError, match=r"reviews\.csv, line 2: none of its [\d,]+ rows can be used; here: .*unreadable date …"
    ):
        run_stages(Run.of(project), ("derive",), StageDisplay())
    assert not (project / "run" / "results.json").exists()
    assert not (project / "run" / "event_log.csv").exists()


def test_rows_read_are_used_quarantined_or_ignored(mined: Path) -> None:
    quality = Run.of(mined).found.data_quality
    assert quality is not None
    for file in quality.files:
        lines = (mined / file.file).read_text().count("\n")
        assert file.read_rows == lines - 1
        assert file.read_rows == file.used_rows + file.quarantined_rows + file.ignored_rows
        assert file.ignored_rows == sum(file.ignored_rows_by_rule.values())


@pytest.mark.slow
def test_two_runs_with_one_seed_give_the_same_bytes_whatever_the_hash_seed_and_workers(
    records: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from permanence.pipeline import Run, run_stages\n"
        "from permanence.progress import StageDisplay\n"
        "run = Run.of(Path(sys.argv[1]), draws=2, workers=int(sys.argv[2]))\n"
        f"run_stages(run, {EVERYTHING}, StageDisplay())\n"
    )
    made = []
    for hash_seed, workers in (("1", "1"), ("2", "2")):
        project = tmp_path / f"hash-seed-{hash_seed}"
        shutil.copytree(records, project)
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code, project, workers], env=environment, check=True, timeout=300)
        made.append({path.name: path.read_bytes() for path in (project / "run").iterdir() if path.is_file()})
    assert made[0]["results.json"] == made[1]["results.json"]
    assert made[0]["process_map.svg"] == made[1]["process_map.svg"]
    # run.json too: it holds no clock and no path.
    assert made[0] == made[1]
    results = json.loads(made[0]["results.json"])
    # Who hands over to whom needs a log that says who did what, which case records do not; sensitivity is asked for.
    assert {name for name, part in results.items() if part is None} == {"handovers", "sensitivity"}
    assert {idea["name"] for idea in results["scenarios"]["ideas"]} >= {"earlier-legal-advice", "four-week-review"}
    text = made[0]["results.json"].decode()
    assert str(tmp_path) not in text
    assert "NaN" not in text
