"""The activities that a gate names."""

from __future__ import annotations

from typing import Any

_FIELDS = ("review", "deferred_as", "until", "continued_as", "begins_as", "turned_away_as")


def recorded_at(gate: Any) -> tuple[str, ...]:
    """What a gate records, and the activity at which a place is given back: all must have a rank in the model.

    `gate` is a gate, or the part of a file that describes one.
    """
    return tuple(filter(None, (getattr(gate, name, "") for name in _FIELDS)))
