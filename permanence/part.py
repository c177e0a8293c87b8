"""What every part of results.json has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the results: fixed once made, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)
