"""What the README promises, .ci/run runs and constraints.txt pins is one and the same."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e . && .venv/bin/permanence demo"
SECOND = '.venv/bin/pip install -c constraints.txt -e ".[dev]" && .venv/bin/pytest'


def test_the_readme_has_the_two_set_up_lines_once_each() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines.count(FIRST) == 1
    assert lines.count(SECOND) == 1


def test_ci_takes_its_lines_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in script
    for pattern in re.findall(r"grep -m 1 '([^']+)' README\.md", script):
        found = [line for line in (FIRST, SECOND) if re.search(pattern.replace(r"\.", "[.]"), line)]
        assert len(found) == 1
    assert FIRST not in script
    assert SECOND not in script


def test_every_dependency_is_pinned_without_an_address() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, version = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.]*)", line).groups()
        pins[name.lower().replace("_", "-")] = version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    wanted = [*project["dependencies"], *extras]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in wanted}
    assert names <= set(pins), f"not pinned: {sorted(names - set(pins))}"
    assert "permanence" not in pins


def test_the_pictures_and_links_of_the_readme_are_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets
    assert all((ROOT / target).is_file() for target in targets)


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in text.splitlines()[0]
    assert "13. Remote Network Interaction" in text
    assert "END OF TERMS AND CONDITIONS" in text
