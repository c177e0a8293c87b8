"""Which line of a table is its header, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from event_logs.errors import InputError, Problem
from event_logs.sources.spec import AUTO, Source
from event_logs.sources.table import BROKEN, Block, Header

SAMPLE = 60
"""The header is looked for among this many first lines."""
_VALUE = re.compile(r"[\d\s./:,£$%+-]*\d[\d\s./:,£$%+-]*|\d.*\d.*")
JOIN = " "
"""The names of a header on two lines are joined with this."""


def chosen_header(sample: Block, spec: Source, file: str) -> Header:
    """The header as the source declares it; InputError where it cannot be, or is not plausible."""
    rows, lines = sample
    filled = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        raise InputError(Problem(file, "", "the file has no text in it", "Export it again"))
    if spec.header_row == AUTO:
        return _found_header(rows, lines, file)
    if spec.header_row is None:
        _check_first(rows, lines, filled[0], file)
        return _header(rows, [filled[0]], lines)
    rows_named = spec.header_row
    wanted = (rows_named,) if isinstance(rows_named, int) else tuple(int(row) for row in rows_named)
    at = [lines.index(line) for line in wanted if line in lines and any(c.strip() for c in rows[lines.index(line)])]
    if not wanted or len(at) != len(wanted) or at != sorted(set(at)):
        problem = f"header_row = {spec.header_row} is not a line with text"
        remedy = f"Name one of the first lines of the file; line {lines[filled[0]]} is the first with text"
        raise InputError(Problem(file, "", problem, remedy))
    return _header(rows, at, lines)


def _header(rows: Sequence[list[str]], at: Sequence[int], lines: Sequence[int], found: str = "") -> Header:
    parts = tuple(tuple(rows[i]) for i in at)
    names, where = flattened(parts), tuple(lines[i] for i in at)
    notes = [found] if found else []
    if len(at) > 1:
        stand = " and ".join(str(line) for line in where)
        notes.append(f"the header on lines {stand} was joined into: {', '.join(names)}")
    elif where[0] > 1 and not found:
        notes.append(f"the header stands on line {where[0]}: {', '.join(names)}")
    return Header(names, where, parts, tuple(notes))


def flattened(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """One name a column from a header on one or several lines.

    The rule: in all lines but the last, a name reaches over the empty cells to its right, as a merged cell does, as
    far as the last line has names there; then the different names above each other are joined with a space.

    >>> flattened([["Child", "Placement", "", ""], ["", "start", "end", "type"]])
    ('Child', 'Placement start', 'Placement end', 'Placement type')
    """
    width = max(len(part) for part in parts)
    grid = [[" ".join(cell.split()) for cell in part] + [""] * (width - len(part)) for part in parts]
    for row in grid[:-1]:
        for column in range(1, width):
            if not row[column] and grid[-1][column]:
                row[column] = row[column - 1]
    return tuple(JOIN.join(dict.fromkeys(filter(None, column))) for column in zip(*grid, strict=True))


def _found_header(rows: Sequence[list[str]], lines: Sequence[int], file: str) -> Header:
    at = _likely(rows)
    if at is None:
        problem = f"none of the first {len(rows)} lines looks like a header"
        raise InputError(Problem(file, "", problem, "Set `header_row` in the project file to the line of the header"))
    above = sum(any(cell.strip() for cell in row) for row in rows[:at])
    names = ", ".join(" ".join(cell.split()) for cell in rows[at])
    both = _second_line(rows, at)
    first = f"the header was found on line {lines[at]}"
    first += f", below {above} lines of title" if above > 1 else ", below a line of title" if above else ""
    return _header(rows, [at, at + 1] if both else [at], lines, first if both else f"{first}: {names}")


def _likely(rows: Sequence[list[str]]) -> int | None:
    """The first row that is as wide as the records, with a different word in each cell; missing if none is."""
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    most = max(widths.values())
    width = max(width for width, count in widths.items() if count == most)
    fills = Counter(_fill(row) for row in rows[1:] if len(row) == width)
    usual = max(fills, key=lambda fill: (fills[fill], fill)) if fills else width
    for i, row in enumerate(rows):
        names = [cell.strip() for cell in row if cell.strip()]
        wide = len(row) >= width and (len(names) >= max(1, usual * 2 // 3) or len(names) * 2 > width)
        words = not any(_VALUE.fullmatch(name) for name in names)
        if names and words and len(row) >= width and _second_line(rows, i):
            return i
        if wide:  # two names alike are for the checks of the header to explain; a value means there is no header
            return i if words else None
    return None


def _second_line(rows: Sequence[list[str]], at: int) -> bool:
    """Whether the header goes on: gaps on its first line that the second fills with words, then values."""
    if at + 2 >= len(rows):
        return False
    first, second, third = rows[at], rows[at + 1], rows[at + 2]
    gaps = [i for i, cell in enumerate(first) if not cell.strip()]
    below = [i for i, cell in enumerate(second) if cell.strip()]
    if not gaps or len(first) != len(second) or not all(second[i].strip() for i in gaps):
        return False
    if len(gaps) == len(first) - 1 and gaps[0] == 1:  # one text in the first cell is a title above the header
        return False
    if any(_VALUE.fullmatch(second[i].strip()) for i in below):
        return False
    return any(_VALUE.fullmatch(cell.strip()) for cell in third)


def _fill(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _check_first(rows: Sequence[list[str]], lines: Sequence[int], first: int, file: str) -> None:
    """Refuse a title taken for the header, and say where the header seems to be."""
    title = _fill(rows[first])
    widths = [_fill(row) for row in rows[first + 1 :] if row is not BROKEN and _fill(row)]
    if len(widths) < 2 or title * 2 > sorted(widths)[len(widths) // 2]:
        return
    likely = _likely(rows)
    if likely is None or likely == first:
        return
    names = ", ".join(" ".join(cell.split()) for cell in rows[likely])
    problem = f"this looks like a title, not the header; line {lines[likely]} looks like the header: {names}"
    remedy = f'Set `header_row = {lines[likely]}` or `header_row = "auto"` for this table in the project file'
    raise InputError(Problem(file, f"line {lines[first]}", problem, remedy))


def check_names(header: Header, file: str) -> None:
    """InputError with all that is wrong with the names; a name may be missing, which is seen to later."""
    problems = []
    place = f"line {header.last}" if header.lines else ""
    for name, count in Counter(header.names).items():
        if name and count > 1:
            times = "twice" if count == 2 else f"{count} times"
            problem = f"the column {name!r} stands {times} in the header"
            problems.append(Problem(file, place, problem, "Give each column its own name"))
    for name in header.names:
        if re.search(r"[\x00-\x1f\x7f]", name):
            problem = f"the column name {name!r} holds a control character"
            problems.append(Problem(file, place, problem, "Correct the header"))
    if problems:
        raise InputError(sorted(problems, key=lambda problem: problem.problem))
