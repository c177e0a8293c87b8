"""What a person has still to check in a project file that was proposed."""

from __future__ import annotations

from collections.abc import Iterator

from event_logs.errors import Problem

CHECK = "# CHECK"
"""A line with this text keeps a project from being loaded."""
GOES_ON = "#       "
"""Begins the further lines of what is to be checked."""
_SHOWN = 12
_REMEDY = "See to it, then take the comment out"


def unchecked(file: str, text: str) -> Iterator[Problem]:
    """A problem for each line that is still marked to be checked; where there are very many, for the first ones.

    >>> [str(problem) for problem in unchecked("permanence.toml", "# CHECK Is this the day?\\nday = 1\\n")]
    ['permanence.toml, line 1: still to be checked. Is this the day? See to it, then take the comment out']
    """
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines) if CHECK in line]
    for place, number in enumerate(marked):
        if place == _SHOWN and len(marked) > _SHOWN + 1:
            shown = ", ".join(str(other + 1) for other in marked[place:])
            problem = f"{len(marked) - place} further lines are still to be checked"
            yield Problem(file, f"lines {shown}", problem, "See to each, then take its comment out")
            return
        said = _said(lines, number)
        yield Problem(file, f"line {number + 1}", "still to be checked", f"{said} {_REMEDY}" if said else _REMEDY)


def _said(lines: list[str], number: int) -> str:
    """The sentence after a mark, with its further lines."""
    parts = [lines[number].split(CHECK, 1)[1].strip(" :")]
    for line in lines[number + 1 :]:
        if not line.startswith(GOES_ON):
            break
        parts.append(line.removeprefix(GOES_ON).strip())
    said = " ".join(filter(None, parts))
    return said if not said or said[-1] in ".?!" else f"{said}."
