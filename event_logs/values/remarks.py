"""What is to be said about some values of a column: a reason against them, or a sentence with a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Remark:
    """Something noticed about values, to be kept or fixed (W, F), or a mistake in the whole column (E).

    It never holds a value: the sentence goes to the terminal.
    """

    letter: Literal["E", "W", "F"]
    """E stops the run, W is to be looked at, F was put right by a declared rule."""
    rule: str
    """Short name of what was noticed, the same for every column."""
    mask: Mask
    """Which values are meant."""
    words: tuple[str, str]
    """What follows the count, for one and for many."""
    remedy: str = ""
    """E: what to do about it."""


@dataclass(frozen=True, eq=False)
class Refusal:
    """Values that cannot be used, with the reason for the quarantine file."""

    mask: Mask
    """Which values are meant."""
    reason: str | Sequence[str]
    """One for all of them, or one for each."""


def counted(number: int, one: str, many: str) -> str:
    """The number with the words for it.

    >>> counted(1, "date is", "dates are"), counted(1200, "date is", "dates are")
    ('1 date is', '1,200 dates are')
    """
    return f"{number:,} {one if number == 1 else many}"
