"""Graphviz geometry: pygraphviz in a child process, else `dot` on the PATH, else an error that names the remedy."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from event_logs.errors import InputError, Problem


class GraphvizMissingError(InputError):
    """No Graphviz can be used on this machine; everything but the pictures can go on."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            Problem(
                file="process map picture",
                place="",
                problem=f"Graphviz, which lays the picture out, cannot be used ({reason})",
                remedy="Run: pip install pygraphviz. Or install Graphviz so that the command dot is on the PATH",
            )
        )


class LayoutError(Exception):
    """Graphviz could not lay out one graph; another one may work."""


class Graphviz:
    """A running Graphviz, for as many layouts as needed; use it in a `with` block.

    `python` is the command of an interpreter with pygraphviz, `dot` that of Graphviz itself (None: looked for on the
    PATH, only if pygraphviz is missing). Entering raises GraphvizMissingError when neither works.
    """

    def __init__(self, *, python: tuple[str, ...] = (sys.executable, "-P"), dot: str | None = None) -> None:
        self._python = python
        self._dot = dot
        self._child: subprocess.Popen[str] | None = None
        self._use_dot = False

    def __enter__(self) -> Graphviz:
        reason = self._start()
        if reason:
            self._dot = self._dot or shutil.which("dot")
            if self._dot is None or shutil.which(self._dot) is None:
                raise GraphvizMissingError(f"pygraphviz: {reason}; no command dot on the PATH")
            self._use_dot = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def layout(self, source: str) -> dict[str, Any]:
        """Graphviz' JSON geometry of a graph in the DOT language. Raises LayoutError."""
        return self._by_dot(source) if self._use_dot else self._by_child(source)

    def _start(self) -> str:
        """Start the child; returns why it cannot be used, or nothing."""
        command = [*self._python, str(Path(__file__).with_name("_worker.py"))]
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            return str(error)
        answer = self._read()
        if "ready" in answer:
            return ""
        self._stop()
        return str(answer.get("missing", "it stopped when it was started"))

    def _by_child(self, source: str) -> dict[str, Any]:
        if self._child is None and self._start():
            raise LayoutError("Graphviz stopped and could not be started again")
        assert self._child is not None
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps(source) + "\n")
            self._child.stdin.flush()
        answer = self._read()
        if "layout" in answer:
            layout: dict[str, Any] = answer["layout"]
            return layout
        if not answer:  # the child died of this graph: the next layout gets a new one
            self._stop()
        raise LayoutError(str(answer.get("error", "Graphviz stopped")))

    def _by_dot(self, source: str) -> dict[str, Any]:
        run = subprocess.run(
            [str(self._dot), "-Tjson0"], input=source, capture_output=True, text=True, encoding="utf-8"
        )
        if run.returncode != 0:
            raise LayoutError(run.stderr.strip() or f"dot ended with {run.returncode}")
        layout: dict[str, Any] = json.loads(run.stdout)
        return layout

    def _read(self) -> dict[str, Any]:
        assert self._child is not None
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line.strip() else {}
        return answer

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
