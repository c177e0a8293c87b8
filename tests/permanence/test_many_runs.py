"""A project simulated many times from the command line: figures with intervals, steady states, interruptions."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs.errors import InputError
from event_logs.log import EventLog, to_days
from event_logs.vocabulary import AIMS, STAGES
from permanence.many_runs import CLOSURES, Figures, _precision
from permanence.pipeline import Run, run_stages
from permanence.progress import StageDisplay
from scenarios.measures import Yardstick
from simulation.backcast import measured, measures_of
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway

TABLE = "simulated/replications.csv"
CODE = "from permanence.cli import main; main()"


@pytest.fixture(scope="module")
def fitted(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small council with its log derived and its model fitted; tests work on copies."""
    project = Path(shutil.copytree(records, tmp_path_factory.mktemp("fitted") / "project"))
    run_stages(Run.of(project), ("derive", "fit"), StageDisplay())
    return project


@pytest.fixture
def ready(fitted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fitted, tmp_path / "project"))


def test_figures_are_those_of_back_casts(fitted: Path) -> None:
    """One log measured by both: closures, and the children waiting for the panel at the end."""
    log: EventLog = Run.of(fitted).log
    model = fit_pathway(log)
    end = log.window.end + pd.Timedelta(days=365)
    simulated = simulate(model, snapshot(log, model), end, seed=1)
    start_day, end_day = to_days(pd.Series([log.window.end, end])).tolist()
    figures = Figures(Yardstick(start=start_day, end=end_day))
    found = figures(simulated)
    assert list(found) == [CLOSURES, *figures.places]
    asked = measures_of(model, STAGES, AIMS)[:1]
    assert asked[0].name == "Closures"
    assert found[CLOSURES] == measured(simulated, asked, start_day, [end_day])[0, 0, 0]
    waiting = [value for name, value in found.items() if name.startswith("queue: ")]
    assert len(waiting) == 5
    assert all(value >= 0.0 for value in waiting)


def test_what_is_asked_for_is_read_and_misspelt_measures_are_named() -> None:
    names = [CLOSURES, "queue: Permanence panel"]
    found = _precision(["Closures=5", "queue: permanence panel=2.5%"], names)
    assert found[CLOSURES].absolute == 5.0
    assert found["queue: Permanence panel"].relative == 0.025
    with pytest.raises(InputError) as caught:
        _precision(["queue: permanence panl=1", "closures=x", "closures=0", "closures"], names)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 4
    assert "the nearest is 'queue: Permanence panel'" in said[0]
    assert all("must be a number above 0. Write for instance closures=5" in one for one in said[1:3])
    assert "there is no such measure" in said[3]


def test_until_precise_writes_a_table(ready: Path, permanence) -> None:
    done = permanence("simulate", ready, "--until-precise", "closures=4", "--workers", 1)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(ready / "run" / TABLE).set_index("figure")
    # The model holds no reviews of children at home: a share of aim 1 would be a plausible 0.
    assert [name for name in table.index if name.startswith("aim")] == ["aim 2", "aim 3", "aim 4"]
    values = pd.read_csv(ready / "run" / "simulated" / "replication_values.csv")
    row = table.loc[CLOSURES]
    assert row["half_width"] <= 4.0
    assert row["mean"] == pytest.approx(values[CLOSURES].mean())
    assert row["precise_from"] + 5 == len(values) == row["replications"]
    assert f"Next three years, {len(values)} simulations" in done.stdout
    assert "Every interval was as narrow as asked" in done.stdout
    # A given number makes the same replications, from what was kept.
    kept = {path.name: path.stat().st_mtime_ns for path in (ready / "run" / "cache").rglob("*.npz")}
    assert len(kept) >= len(values)
    again = permanence("simulate", ready, "--replications", len(values))
    assert again.returncode == 0, again.stderr
    pd.testing.assert_frame_equal(pd.read_csv(ready / "run" / "simulated" / "replication_values.csv"), values)
    assert {path.name for path in (ready / "run" / "cache").rglob("*.npz")} == set(kept)


def again(project: Path) -> list[str]:
    return ["simulate", str(project), "--replications", "60", "--workers", "1"]


def written(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / "run" / "simulated").iterdir()}


@pytest.fixture(scope="module")
def undisturbed(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What sixty replications write when nothing stops them."""
    project = Path(shutil.copytree(fitted, tmp_path_factory.mktemp("undisturbed") / "project"))
    subprocess.run([sys.executable, "-c", CODE, *again(project)], check=True, capture_output=True, timeout=120)
    return written(project)


@pytest.mark.parametrize("how", ["interrupted", "killed"])
def test_stopped_in_the_middle_it_ends_with_the_same_bytes(
    ready: Path, permanence, how: str, undisturbed: dict[str, bytes]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE, *again(ready)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        give_up = time.monotonic() + 60.0
        while len(list((ready / "run" / "cache").rglob("*.npz"))) < 5 and time.monotonic() < give_up:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT if how == "interrupted" else signal.SIGKILL)
        _, errors = process.communicate(timeout=30)
    kept = len(list((ready / "run" / "cache").rglob("*.npz")))
    assert 5 <= kept < 60
    assert not (ready / "run" / TABLE).exists()
    if how == "interrupted":
        assert process.returncode == 130
        assert "Stopping as soon as what is being worked on is done; it is kept." in errors
        assert "Traceback" not in errors
    assert permanence(*again(ready)).returncode == 0
    assert written(ready) == undisturbed


def test_a_steady_state_is_shown_and_said(ready: Path, permanence) -> None:
    done = permanence("simulate", ready, "--steady-state", 60, "--replications", 4)
    assert done.returncode == 0, done.stderr
    assert "MSER-5" in done.stdout
    weeks = pd.read_csv(ready / "run" / "simulated" / "steady_state.csv")
    assert len(weeks) == int(60 * 365.25 // 7)
    assert np.isfinite(weeks["in_progress"]).all()
    assert (ready / "run" / "simulated" / "steady_state.svg").read_bytes().startswith(b"<?xml")


def test_many_simulations_are_of_a_project(permanence, ready: Path) -> None:
    done = permanence("simulate", "--log", "x.csv", "--out", "o", "--replications", 5)
    assert done.returncode == 2
    assert "only of a project" in done.stderr
    done = permanence("validate", ready, "--cluster", "tcp://127.0.0.1:9", "--workers", 0)
    assert done.returncode == 2
