"""The span of time a log can speak about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd


@dataclass(frozen=True)
class ObservationWindow:
    """When recording began and when the extract was taken.

    Every case still open at `end` is right-censored there; every case already running at `start` is left-truncated
    there (it is in the log only because it lasted until recording began). `recorded_from` names activities whose
    recording became reliable only later, such as review outcomes before a system kept them.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    recorded_from: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    """Activity -> first day on which it was reliably recorded; an activity not named is reliable from `start`."""

    def __post_init__(self) -> None:
        if pd.isna(self.start) or pd.isna(self.end):
            raise ValueError(f"an observation window needs both dates, got start={self.start}, end={self.end}")
        if self.start > self.end:
            raise ValueError(f"start must be on or before end={self.end:%Y-%m-%d}, got {self.start:%Y-%m-%d}")
        object.__setattr__(self, "recorded_from", MappingProxyType(dict(self.recorded_from)))

    def reliable_from(self, *activities: str) -> pd.Timestamp:
        """The first day from which all the given activities were reliably recorded."""
        return max([self.start, *(self.recorded_from[a] for a in activities if a in self.recorded_from)])

    @property
    def days(self) -> float:
        """Length in days."""
        return float((self.end - self.start) / pd.Timedelta(days=1))

    # A mapping proxy cannot be pickled, and logs travel to worker processes.
    def __getstate__(self) -> dict[str, object]:
        return {"start": self.start, "end": self.end, "recorded_from": dict(self.recorded_from)}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "recorded_from", MappingProxyType(dict(self.recorded_from)))
