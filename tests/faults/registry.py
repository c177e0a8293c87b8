"""Which of the known faults have a test: each test says the number it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

FAULTS = 94
"""Sections A to E of the acceptance list: files, tables, values, dates, records."""

Test = TypeVar("Test", bound=Callable[..., object])


def fault(*numbers: int) -> Callable[[Test], Test]:
    """Mark a test as the one for these faults of the list."""

    def mark(test: Test) -> Test:
        if outside := [number for number in numbers if not 1 <= number <= FAULTS]:
            raise ValueError(f"faults are numbered 1 to {FAULTS}, got {outside}")
        test.faults = (*getattr(test, "faults", ()), *numbers)  # type: ignore[attr-defined]
        return test

    return mark
