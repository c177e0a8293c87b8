"""A small council for the tests of the front door."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_results import aim_table, bottleneck_table, log_summary, scenario_part, sensitivity_part, stage_table

from event_logs.synthetic import Council, generate
from permanence import collect
from permanence.results import Results

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Case records of a council with about 60 children looked after; do not change them."""
    folder = tmp_path_factory.mktemp("records")
    generate(folder, council=Council.of_size(60, years=8), seed=3)
    return folder


@pytest.fixture
def project(records: Path, tmp_path: Path) -> Path:
    """A copy of the small council's records that a test may change."""
    return Path(shutil.copytree(records, tmp_path / "project"))


@pytest.fixture
def permanence(tmp_path: Path) -> Command:
    """Runs the real command in an empty folder and returns what it said and its exit code."""

    def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        code = "from permanence.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "200", **environment},
            timeout=300,
            check=False,
        )

    return command


@pytest.fixture
def hand_made() -> Results:
    """Results of every part that the report shows, small enough to work out on paper."""
    return Results(
        log=log_summary(),
        stages=collect.stages(stage_table()),
        aims=collect.aims(aim_table()),
        bottlenecks=collect.bottlenecks(bottleneck_table([0.7, 0.3], [False, False])),
        scenarios=scenario_part(),
        sensitivity=sensitivity_part(),
    )
