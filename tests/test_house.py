"""The rules of the house that no single package can hold by itself."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("event_logs", "mining", "simulation", "scenarios", "permanence")
"""A package may import from those to its left only."""
MODULES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
MOST_LINES = 450
MOST_NAMES = 12


def module_name(path: Path) -> str:
    """The dotted name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> set[str]:
    """Every module imported anywhere in a source, inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


def conventional_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, each by name: the order that ruff asks for."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def tracked_text() -> list[tuple[str, str]]:
    """Every file that git tracks or would track (without git: that is not hidden), pictures and licence left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        folders = [*LAYERS, "tests", "docs", "benchmarks", ".ci"]
        below = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
        listed = [str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.*"), *below] if path.is_file()]
    texts = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".pdf", ".gz", ".parquet", ".xlsx"} or name == "LICENSE" or not path.is_file():
            continue
        texts.append((name, path.read_text(encoding="utf-8", errors="replace")))
    return texts


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 40
    assert all((ROOT / layer / "__init__.py").is_file() for layer in LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    layer = LAYERS.index(path.relative_to(ROOT).parts[0])
    downstream = set(LAYERS[layer + 1 :])
    wrong = {name for name in imports(ast.parse(path.read_text(encoding="utf-8"))) if name.split(".")[0] in downstream}
    assert not wrong, f"{module_name(path)} imports from downstream: {', '.join(sorted(wrong))}"


def test_the_import_check_sees_imports_inside_functions() -> None:
    assert imports(ast.parse("def f():\n    import permanence.cli\n    from mining import aims")) == {
        "permanence.cli",
        "mining",
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_a_package_exports_few_names_in_order_and_says_what_it_answers(layer: str) -> None:
    package = importlib.import_module(layer)
    assert package.__doc__
    assert len(package.__all__) <= MOST_NAMES
    assert list(package.__all__) == sorted(package.__all__, key=conventional_order)
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_is_short_has_a_docstring_and_never_prints(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not text.strip()
    assert len(text.splitlines()) <= MOST_LINES
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@pytest.mark.parametrize(
    "path", [path for path in MODULES if ">>>" in path.read_text(encoding="utf-8")], ids=module_name
)
def test_examples_in_docstrings_are_true(path: Path) -> None:
    outcome = doctest.testmod(importlib.import_module(module_name(path)))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|root|home|tmp|farm|Users)/[\w.-]+")
    registry = re.compile("|".join([r"pypi\.(?:org|io)", r"python" + r"hosted", r"files\." + r"python", r"index-url"]))
    wrong = []
    for name, text in tracked_text():
        if name == "tests/test_house.py":
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if machine.search(line) or registry.search(line):
                wrong.append(f"{name}:{number}: {line.strip()[:120]}")
    assert not wrong, "\n".join(wrong)
