"""Graphviz in a child process: what happens when it is missing or fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from drawing_examples import chain

from event_logs.errors import InputError
from mining.drawing import GraphvizMissingError, draw
from mining.drawing.engine import Graphviz, LayoutError

WITHOUT_PACKAGES = (sys.executable, "-I", "-S")


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("python", [WITHOUT_PACKAGES, ("no-such-python",)])
def test_without_graphviz_the_error_names_the_remedy(python: tuple[str, ...]) -> None:
    with pytest.raises(GraphvizMissingError) as caught, Graphviz(python=python) as graphviz:
        draw(chain(2), graphviz=graphviz)
    (problem,) = caught.value.problems
    assert isinstance(caught.value, InputError)
    assert "Graphviz" in problem.problem
    assert "pip install pygraphviz" in problem.remedy
    assert "dot" in problem.remedy


def test_without_pygraphviz_a_dot_command_is_used(tmp_path: Path) -> None:
    # A `dot` made of pygraphviz, since the machine need not have Graphviz itself.
    dot = tmp_path / "dot"
    graph = "pygraphviz.AGraph(string=sys.stdin.read())"
    body = f"import sys, pygraphviz\nprint({graph}.draw(format='json0', prog='dot').decode())"
    dot.write_text(f"#!{sys.executable}\n{body}\n")
    dot.chmod(0o755)
    with Graphviz(python=WITHOUT_PACKAGES, dot=str(dot)) as graphviz:
        by_command = draw(chain(4), graphviz=graphviz)
    assert by_command.scene == draw(chain(4)).scene


def test_a_bad_graph_is_an_error_and_the_next_one_works() -> None:
    with Graphviz() as graphviz:
        with pytest.raises(LayoutError):
            graphviz.layout("this is not a graph {")
        assert graphviz.layout("digraph { a -> b }")["objects"]


def test_a_child_that_died_is_replaced() -> None:
    with Graphviz() as graphviz:
        graphviz.layout("digraph { a }")
        assert graphviz._child is not None
        graphviz._child.kill()
        with pytest.raises(LayoutError, match="stopped"):
            graphviz.layout("digraph { a }")
        assert graphviz.layout("digraph { a }")["objects"][0]["name"] == "a"
    assert graphviz._child is None
