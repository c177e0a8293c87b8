"""The real command, as a person runs it: what it says, and with which exit code it ends."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs.log import EventLog
from simulation.arrivals import Arrivals
from simulation.model_file import read_model, write_model

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
COMMANDS = (
    "validate",
    "demo",
    "generate",
    "new",
    "key",
    "check",
    "run",
    "derive",
    "mine",
    "map",
    "discover",
    "simulate",
    "compare",
    "scenarios",
    "report",
)


@pytest.fixture
def log_csv(tmp_path: Path, tiny_log: EventLog) -> Path:
    """The tiny log as somebody else's CSV, with UK dates."""
    file = tmp_path / "log.csv"
    table = tiny_log.events[["case", "activity", "date"]].set_axis(["id", "step", "when"], axis=1)
    table.to_csv(file, index=False, date_format="%d/%m/%Y")
    return file


COLUMNS = ("--case", "id", "--activity", "step", "--timestamp", "when")


def fails_with(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """The input is at fault: exit code 1, the words in one line on standard error, no traceback."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert any(all(word in line for word in words) for line in result.stderr.splitlines()), result.stderr


def test_help_lists_every_command_and_is_quick(permanence) -> None:
    code = "import resource, sys; from permanence.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "u = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime + u.ru_stime, file=sys.stderr)"
    runs = [subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True) for _ in range(3)]
    assert all(f"\n  {command} " in runs[0].stdout for command in COMMANDS)
    assert min(float(run.stderr) for run in runs) < 0.5


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from permanence.cli import app; print(*{'pandas', 'numpy', 'pm4py', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(permanence, command: str) -> None:
    done = permanence(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")


def test_version(permanence) -> None:
    assert permanence("--version").stdout == "permanence 0.1.0\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("runn",),
        ("demo", "--seed", "soon"),
        ("generate",),
        ("generate", "new", "--mess", "much"),
        ("mine", "--log", "log.csv"),
        ("mine", "--case", "id"),
        ("simulate", "--cases", "5"),
        ("simulate", "--model", "model.toml"),
        ("simulate", "--log", "log.csv", "--out", "out", "--model", "model.toml", "--judge"),
        ("simulate", "--log", "log.csv", "--out", "out", "--cases", "0"),
    ],
)
def test_wrong_usage_ends_with_2(permanence, arguments: tuple[str, ...]) -> None:
    done = permanence(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", [("--model", "model.toml"), ("--judge",)])
def test_what_goes_with_a_log_says_so(permanence, option: tuple[str, ...]) -> None:
    done = permanence("simulate", *option)
    assert done.returncode == 2
    assert f"Invalid value for {option[0]}: goes with --log FILE" in done.stderr


def test_a_log_too_small_to_be_judged_is_simulated_all_the_same(permanence, tmp_path: Path, log_csv: Path) -> None:
    done = permanence("simulate", "--log", log_csv, "--out", "out", "--judge", *COLUMNS, "--format", "%d/%m/%Y")
    fails_with(done, "--judge", "Leave --judge out")
    assert "All files were written; only the judgement could not be made." in done.stderr
    # What was done is said as it is without --judge.
    plain = permanence("simulate", "--log", log_csv, "--out", "plain", *COLUMNS, "--format", "%d/%m/%Y")
    assert plain.returncode == 0
    assert done.stdout == plain.stdout.replace("plain", "out")
    for file in (tmp_path / "plain").iterdir():
        assert (tmp_path / "out" / file.name).read_bytes() == file.read_bytes()


def test_a_missing_project_file(permanence) -> None:
    fails_with(permanence("run", "nowhere"), "nowhere", "does not exist", "Give the folder")


def test_a_missing_table(permanence, project: Path) -> None:
    (project / "reviews.csv").unlink()
    fails_with(permanence("run", project), "permanence.toml", "reviews.file", "reviews.csv", "Put the file there")
    assert not (project / "run").exists()


def test_an_unreadable_date_in_the_project_file(permanence, project: Path) -> None:
    toml = project / "permanence.toml"
    toml.write_text(toml.read_text().replace("extraction_date = ", "extraction_date = 31/07/2024 # "))
    fails_with(permanence("derive", project), "permanence.toml", "line ")


def test_an_unreadable_date_in_a_record_sets_the_record_aside(permanence, project: Path) -> None:
    table = project / "children.csv"
    header, first, *rest = table.read_text().splitlines()
    born = first.split(",")[header.split(",").index("date_of_birth")]
    table.write_text("\n".join([header, first.replace(born, "31/02/2020"), *rest]) + "\n")
    done = permanence("derive", project)
    assert done.returncode == 0
    quarantine = (project / "run" / "quarantine.csv").read_text()
    assert "children.csv,2," in quarantine
    assert "date_of_birth: unreadable date '31/02/2020'" in quarantine


def test_a_table_full_of_unreadable_dates(permanence, project: Path) -> None:
    toml = project / "permanence.toml"
    toml.write_text(toml.read_text().replace("%Y-%m-%d", "%d/%m/%Y"))
    fails_with(permanence("derive", project), "children.csv", "line 2", "can be used", "Check date_format")


def test_an_empty_table(permanence, project: Path) -> None:
    (project / "episodes.csv").write_text("")
    fails_with(permanence("run", project), "episodes.csv", "empty")


def test_a_missing_column(permanence, project: Path) -> None:
    table = project / "episodes.csv"
    table.write_text(table.read_text().replace("start_date", "strat_date", 1))
    fails_with(permanence("run", project), "episodes.csv", "line 1", "start_date", "strat_date", "[episodes]")


def test_every_problem_is_said_at_once(permanence, project: Path) -> None:
    (project / "reviews.csv").write_text("")
    (project / "episodes.csv").write_text("a,b\n1,2\n")
    said = permanence("run", project).stderr
    assert "reviews.csv" in said
    assert "episodes.csv" in said


def test_a_missing_log(permanence) -> None:
    fails_with(permanence("mine", "--log", "gone.csv", "--out", "out"), "gone.csv", "does not exist", "Check the name")


def test_a_log_with_an_unreadable_date(permanence, log_csv: Path) -> None:
    log_csv.write_text(log_csv.read_text().replace("10/02/2020", "31/02/2020"))
    arguments = ("mine", "--log", log_csv, "--out", "out", *COLUMNS, "--format", "%d/%m/%Y")
    fails_with(permanence(*arguments), "log.csv", "line 4", "31/02/2020")


def test_an_empty_log(permanence, log_csv: Path) -> None:
    log_csv.write_text("")
    fails_with(permanence("mine", "--log", log_csv, "--out", "out", *COLUMNS), "log.csv", "empty")


def test_a_log_with_a_header_only(permanence, log_csv: Path) -> None:
    log_csv.write_text("id,step,when\n")
    fails_with(permanence("mine", "--log", log_csv, "--out", "out", *COLUMNS), "log.csv")


def test_a_log_with_a_missing_column(permanence, log_csv: Path) -> None:
    arguments = ("mine", "--log", log_csv, "--out", "out", "--case", "id", "--activity", "stepp", "--timestamp", "when")
    fails_with(permanence(*arguments), "log.csv", "line 1", "'stepp'", '--activity "step"')


def test_an_unknown_end_activity(permanence, log_csv: Path) -> None:
    arguments = ("mine", "--log", log_csv, "--out", "out", *COLUMNS, "--format", "%d/%m/%Y", "--end", "Finished")
    fails_with(permanence(*arguments), "Finished")


def test_a_folder_that_cannot_be_made(permanence, log_csv: Path) -> None:
    arguments = ("mine", "--log", log_csv, "--out", log_csv / "out", *COLUMNS, "--format", "%d/%m/%Y")
    fails_with(permanence(*arguments), "cannot be written", "--out")


def test_made_up_records_are_not_written_among_other_files(permanence, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "permanence.toml").write_text("precious")
    fails_with(permanence("demo", "--out", "mine"), "holds other files", "Name a new or empty folder")
    assert (tmp_path / "mine" / "permanence.toml").read_text() == "precious"


def test_an_unexpected_fault_is_one_sentence_unless_debugging(permanence, project: Path) -> None:
    code = "import permanence.pipeline as p\ndef broken(*a): raise RuntimeError('boom')\np._DO['derive'] = broken\n"
    code += "from permanence.cli import main; main()"
    runs = [
        subprocess.run([sys.executable, "-c", code, *debug, "derive", project], capture_output=True, text=True)
        for debug in ([], ["--debug"])
    ]
    assert [run.returncode for run in runs] == [1, 1]
    fails_with(runs[0], "unexpected fault", "--debug")
    assert "boom" not in runs[0].stderr
    assert "RuntimeError: boom" in runs[1].stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_an_interrupted_run_ends_with_130(tmp_path: Path) -> None:
    code = "from permanence.cli import main; main()"
    command = [sys.executable, "-c", code, "generate", tmp_path / "new", "--children", "5000", "--years", "20"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in said


def test_generate_then_derive_then_mine(permanence, tmp_path: Path) -> None:
    done = permanence("generate", "council", "--children", 40, "--years", 6, "--seed", 5, "--mess", "swift")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Project: {Path('council') / 'permanence.toml'}\n"
    done = permanence("derive", "council")
    assert done.returncode == 0, done.stderr
    assert "children.csv" in done.stdout
    assert "total row" in done.stdout
    assert "quarantine.csv holds each quarantined row" in done.stdout
    done = permanence("mine", tmp_path / "council" / "permanence.toml", "--out", "elsewhere")
    assert done.returncode == 0, done.stderr
    assert "Children wait longest in" in done.stdout
    assert done.stderr.splitlines() == ["Reading the case records", "Mining the process map, bottlenecks and aims"]
    assert (tmp_path / "elsewhere" / "process_map.svg").is_file()


def test_simulate_a_project(permanence, project: Path) -> None:
    done = permanence("simulate", project, "--seed", 4)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (project / "run" / "simulated").iterdir()} >= {"event_log.csv", "event_log.xes.gz"}
    assert "observed 2024-07-31 to 2027-08-01" in done.stdout


def test_mine_and_simulate_a_csv_log(permanence, tmp_path: Path, log_csv: Path) -> None:
    reading = (*COLUMNS, "--format", "%d/%m/%Y", "--end", "Ceased to be looked after", "--end", "Returned home")
    done = permanence("mine", "--log", log_csv, "--out", "mined", *reading)
    assert done.returncode == 0, done.stderr
    assert "3 cases (1 open), 20 events" in done.stdout
    results = json.loads((tmp_path / "mined" / "results.json").read_text())
    # Child C stands at the first review from 10 October 2020 to the last event of the log, 1 March 2021.
    reviews = next(row for row in results["bottlenecks"] if row["stage"] == "LAAC review")
    assert reviews["open_children"] == 1
    done = permanence("simulate", "--log", log_csv, "--out", "simulated", "--cases", 7, "--seed", 2, *reading)
    assert done.returncode == 0, done.stderr
    simulated = (tmp_path / "simulated" / "event_log.csv").read_text().splitlines()
    assert len({line.split(",")[0] for line in simulated[1:]}) == 7
    model = read_model(tmp_path / "simulated" / "pathway_model.toml")
    assert "LAAC review" in {step.activity for step in model.steps.values()}
    assert "<bpmn:process" in (tmp_path / "simulated" / "pathway.bpmn").read_text()
    pathway = tmp_path / "simulated" / "pathway_model.toml"
    done = permanence("simulate", "--log", log_csv, "--out", "again", "--model", pathway, *reading)
    assert done.returncode == 0, done.stderr
    again = (tmp_path / "again" / "event_log.csv").read_text().splitlines()
    # The cases of the log that began while it was recorded, each on the day it did.
    assert len({line.split(",")[0] for line in again[1:]}) == 3
    assert len(json.loads((tmp_path / "again" / "run.json").read_text())["inputs_sha256"]) == 2
    # New cases of the model's own would come on top of those of the log.
    many = Arrivals(np.full(12, 50.0), pd.DataFrame({"sex": ["f", "m"]}), np.ones(2))
    write_model(replace(model, arrivals=many), pathway)
    done = permanence("simulate", "--log", log_csv, "--out", "again", "--model", pathway, *reading)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again" / "event_log.csv").read_text().splitlines() == again
    pathway.write_text("kind = 1")
    done = permanence("simulate", "--log", log_csv, "--out", "again", "--model", pathway, *reading)
    assert done.returncode == 1
    assert "pathway_model.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_of_work_by_one_clerk_says_how_long_cases_waited_for_her(permanence, tmp_path: Path) -> None:
    # Two cases come at nine; the clerk takes an hour for each, one after the other.
    rows = ["case_id,activity,start_time,end_time,user"]
    for day in range(1, 29):
        for number, hour in (("a", 9), ("b", 10)):
            rows.append(f"{day}{number},in,2024-01-{day:02d}T08:00,2024-01-{day:02d}T09:00,door{number}")
            rows.append(f"{day}{number},check,2024-01-{day:02d}T{hour:02d}:00,2024-01-{day:02d}T{hour + 1:02d}:00,ann")
            rows.append(f"{day}{number},told,2024-01-{day:02d}T{hour + 2}:00,2024-01-{day:02d}T{hour + 2}:00,")
    (tmp_path / "log.csv").write_text("\n".join(rows) + "\n")
    done = permanence("simulate", "--log", "log.csv", "--out", "out", "--resource", "user")
    assert done.returncode == 0, done.stderr
    assert "columns taken by their names: case 'case_id', activity 'activity', timestamp 'end_time'" in done.stderr
    done = permanence("simulate", "--log", "log.csv", "--out", "again", "--model", "out/pathway_model.toml")
    assert done.returncode == 0, done.stderr
    assert "check: waited 0.5 hours for a place on average, 56 pieces of work." in done.stderr
    assert "These waits are of one run, --seed 1" in done.stderr
    again = pd.read_csv(tmp_path / "again" / "event_log.csv")
    assert set(again.loc[again["activity"] == "check", "resource"]) == {"check"}
    model = (tmp_path / "out" / "pathway_model.toml").read_text()
    (tmp_path / "none.toml").write_text(model.replace("start of the case", "somewhere"))
    done = permanence("simulate", "--log", "log.csv", "--out", "again", "--model", "none.toml")
    assert done.returncode == 1
    assert "the model does not say how cases begin" in done.stderr
    (tmp_path / "one.csv").write_text("case,activity,date\n1,in,2024-01-01\n2,in,2024-01-01\n2,told,2024-01-01\n")
    done = permanence("simulate", "--log", "one.csv", "--out", "one")
    assert done.returncode == 0, done.stderr
    done = permanence("simulate", "--log", "one.csv", "--out", "again", "--model", "one/pathway_model.toml")
    assert done.returncode == 1
    assert "one.csv: all its events are of one instant" in done.stderr
    (tmp_path / "other.csv").write_text("case,activity,date\n1,x,2024-01-01\n1,y,2024-01-02\n")
    done = permanence("simulate", "--log", "other.csv", "--out", "again", "--model", "out/pathway_model.toml")
    assert done.returncode == 1
    assert "the model has none of the log's activities (x, y)" in done.stderr


@pytest.mark.parametrize(
    ("name", "options", "summary"),
    [
        ("sepsis_full.xes.gz", (), "1,050 cases"),
        ("receipt_wabo.xes.gz", (), "1,434 cases"),
        (
            "traffic_fines_sample.csv.gz",
            ("--case", "case_id", "--activity", "activity", "--timestamp", "timestamp", "--format", "%Y-%m-%d"),
            "10,000 cases",
        ),
    ],
)
@pytest.mark.slow
def test_public_logs(permanence, tmp_path: Path, name: str, options: tuple[str, ...], summary: str) -> None:
    if not (LOGS / name).is_file():
        pytest.skip(f"the public log {name} is not beside this repository")
    done = permanence("mine", "--log", LOGS / name, "--out", "mined", *options)
    assert done.returncode == 0, done.stderr
    assert summary in done.stdout
    expected = {"process_map.svg", "process_map.png", "results.json", "run.json", "event_log.parquet"}
    assert {path.name for path in (tmp_path / "mined").iterdir()} >= expected
    done = permanence("simulate", "--log", LOGS / name, "--out", "simulated", "--cases", 50, *options)
    assert done.returncode == 0, done.stderr
    with gzip.open(tmp_path / "simulated" / "event_log.xes.gz") as file:
        assert file.read().count(b"<trace>") == 50
