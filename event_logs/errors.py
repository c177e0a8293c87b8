"""The one error a user meets when an input or a project file is at fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input, in four parts that a person can act on."""

    file: str
    place: str
    """Where in the file: a line, a column, a key. Empty when the whole file is meant."""
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        return f"{self.file}{place}: {self.problem}. {self.remedy}"


class InputError(Exception):
    """An input or project file cannot be used; `problems` holds everything found, not just the first.

    The command line prints the problems and ends with exit code 1, without a traceback.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        if not self.problems:
            raise ValueError("InputError needs at least one problem, got none")
        super().__init__("\n".join(str(problem) for problem in self.problems))
