"""The slots of one session: some kept for some children, the rest for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulation.gates import CarveOut

Value = Callable[[str, int], str]
"""The value of a case attribute for a child."""
OPEN_TO_ALL = -1


class Slots:
    """What is left of a session's slots. Where the carve-outs keep more than there are, the first come first."""

    def __init__(self, slots: int, carve_outs: Sequence[CarveOut], value: Value) -> None:
        self._carve_outs, self._value = carve_outs, value
        self._kept: list[int] = []
        for one in carve_outs:
            self._kept.append(min(one.slots, slots))
            slots -= self._kept[-1]
        self._open = slots

    @property
    def left(self) -> int:
        """How many are left, for whomever."""
        return self._open + sum(self._kept)

    def take(self, children: Sequence[int]) -> int | None:
        """Take one slot for these children together; None where there is none for them, otherwise which kind it is."""
        for number, one in enumerate(self._carve_outs):
            if self._kept[number] and any(self._value(one.by, child) in one.values for child in children):
                self._kept[number] -= 1
                return number
        if self._open > 0:
            self._open -= 1
            return OPEN_TO_ALL
        return None

    def give_back(self, kind: int) -> None:
        """A slot of this kind is free again."""
        if kind == OPEN_TO_ALL:
            self._open += 1
        else:
            self._kept[kind] += 1
