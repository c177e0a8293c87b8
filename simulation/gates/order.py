"""Who goes first where several wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Priority:
    """Children whose attribute `by` has the first of these values go first, then those with the second, then the rest.

    Within each of these groups, first come, first served, by the day each was ready.
    """

    by: str
    first: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.by:
            raise ValueError("a priority rule must name the case attribute it goes by")
        if not self.first or len(set(self.first)) < len(self.first):
            raise ValueError(f"a priority rule must list at least one value, each once, got {self.first}")

    def place(self, value: str) -> int:
        """The group of a child with this value: 0 goes first."""
        return self.first.index(value) if value in self.first else len(self.first)


@dataclass(frozen=True, kw_only=True)
class CarveOut:
    """Slots of every session kept for the children whose attribute `by` has one of the values; unused, they are lost.

    A child takes a slot kept for it before one that is open to all.
    """

    by: str
    values: tuple[str, ...]
    slots: int

    def __post_init__(self) -> None:
        if not self.by or not self.values:
            raise ValueError("a carve-out must name a case attribute and at least one of its values")
        if self.slots < 1:
            raise ValueError(f"a carve-out must keep at least 1 slot, got {self.slots}")


def check_share(name: str, value: float, *, certain: bool = False) -> None:
    """Raise ValueError for what is no probability; 1 is allowed only where it can be `certain`."""
    if not 0.0 <= value <= 1.0 or (value == 1.0 and not certain):
        raise ValueError(f"{name} must be in [0, 1{']' if certain else ')'}, got {value}")
