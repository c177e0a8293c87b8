"""What the filters share: names that must be known, and words for lists of them."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from event_logs.log import LogArrays

BoolArray = npt.NDArray[np.bool_]

OPEN = "the case is still open"


def check_names(*names: tuple[str, ...]) -> None:
    for one in names:
        if isinstance(one, str):
            raise ValueError(f"activities must be a tuple of names, got the text {one!r}")


def check_known(name: str, known: list[str], what: str, where: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{what} must be in {where}, got {name!r}{hint}")


def either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def is_one_of(arrays: LogArrays, activities: tuple[str, ...]) -> BoolArray:
    """For each event whether it is one of the activities."""
    wanted = np.array([name in set(activities) for name in arrays.activities] + [False], dtype=bool)
    chosen: BoolArray = wanted[arrays.activity]
    return chosen
