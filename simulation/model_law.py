"""What a model file may hold as a number, and as a duration law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, StrictFloat, StrictStr

from event_logs.project.fields import FORBID
from simulation.laws import Law

Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
NotNegative = Annotated[StrictFloat, Field(allow_inf_nan=False, ge=0)]


@dataclass(frozen=True, kw_only=True)
class LawFile:
    """One duration law."""

    __pydantic_config__: ClassVar[Any] = FORBID
    times: Annotated[tuple[NotNegative, ...], Field(min_length=1)]
    survival: tuple[Annotated[StrictFloat, Field(ge=0, le=1)], ...]
    tail_shape: Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)] = 1.0
    tail_scale: NotNegative = 0.0
    note: StrictStr = ""

    def __post_init__(self) -> None:
        if len(self.times) != len(self.survival):
            raise ValueError(f"times has {len(self.times)} entries and survival {len(self.survival)}; they go together")
        if any(later <= sooner for sooner, later in zip(self.times, self.times[1:], strict=False)):
            raise ValueError("times must rise from entry to entry")
        if any(later > sooner for sooner, later in zip(self.survival, self.survival[1:], strict=False)):
            raise ValueError("survival must never rise from entry to entry")
        if self.survival[-1] > 1e-9 and self.tail_scale <= 0:
            raise ValueError(f"survival ends at {self.survival[-1]}, and without a tail (tail_scale) it must end at 0")

    def law(self) -> Law:
        """The law."""
        return Law(np.asarray(self.times), np.asarray(self.survival), self.tail_shape, self.tail_scale, self.note)


def law_values(law: Law) -> dict[str, Any]:
    """A law as it stands in the file."""
    return {
        "times": [float(day) for day in law.times],
        "survival": [float(share) for share in law.survival],
        "tail_shape": float(law.tail_shape),
        "tail_scale": float(law.tail_scale),
        "note": law.note,
    }
