"""How large an effect may be: a range, never a point, drawn by inversion of one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import isfinite, sqrt
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from event_logs.project.fields import FORBID
from simulation.model_law import Number

PERT_WEIGHT = 4.0
"""How much more the likely value counts than a limit (methods 8.2)."""
_LEAST_UNIT = 1e-15
MISFIT = 0.02
"""A fitted curve further than this from a stated probability does not say what was said: the points are joined."""


@dataclass(frozen=True)
class Range:
    """A law over low, likely, high: triangular, or PERT, which gives the likely value more and the limits less."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    low: Number
    likely: Number
    high: Number
    shape: Literal["triangular", "pert"] = "triangular"
    """"triangular", or "pert": Beta(1 + 4 (likely - low) / (high - low), 1 + 4 (high - likely) / (high - low))."""

    def __post_init__(self) -> None:
        if not (self.low <= self.likely <= self.high and isfinite(self.high - self.low)):
            raise ValueError(f"a range must be low <= likely <= high, got {self.low:g}, {self.likely:g}, {self.high:g}")

    @classmethod
    def exactly(cls, value: float) -> Range:
        """A size that is known."""
        return cls(value, value, value)

    def quantile(self, unit: float) -> float:
        """The size that is not exceeded with probability `unit`, for `unit` in [0, 1]."""
        if self.low == self.high:
            return float(self.low)
        span, turn = self.high - self.low, (self.likely - self.low) / (self.high - self.low)
        if self.shape == "pert":
            shapes = 1.0 + PERT_WEIGHT * turn, 1.0 + PERT_WEIGHT * (1.0 - turn)
            return self.low + span * _beta_quantile(*shapes, unit)
        if unit < turn:
            return self.low + sqrt(unit * span * (self.likely - self.low))
        return self.high - sqrt((1.0 - unit) * span * (self.high - self.likely))

    def draw(self, generator: np.random.Generator) -> float:
        """One size; drawn even when the size is known, so that other draws stay as they are."""
        return self.quantile(float(generator.random()))

    @property
    def brief(self) -> str:
        """The limits, or the size that is known."""
        return _brief(self.low, self.high)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        return f"{self.low:g} to {self.high:g}, most likely {self.likely:g}"


def _brief(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def _beta_quantile(first: float, second: float, unit: float) -> float:
    from scipy.special import betaincinv

    # Units closer to 0 than any that are drawn can make the inverse fail.
    return float(betaincinv(first, second, unit)) if unit > _LEAST_UNIT else 0.0


def _chances(quantiles: Mapping[str, float]) -> list[tuple[float, float]]:
    found = sorted((float(chance), float(value)) for chance, value in quantiles.items())
    return [(value, chance) for chance, value in found]


@dataclass(frozen=True)
class Elicited:
    """A law from stated quantiles between two limits, as experts are asked for them (SHELF; methods 8.2).

    A Beta law on the limits is fitted by least squares on the probabilities (Oakley and O'Hagan). Where it misses a
    stated probability by more than `MISFIT`, where only one is stated, or with `fit` "joined", the stated points are
    joined by straight lines, which keeps to them exactly.

    >>> tuple(round(one, 2) for one in Elicited(0, 100, {"0.25": 30, "0.5": 40, "0.75": 50}).beta)
    (4.5, 6.63)
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    low: Number
    """Nothing less is possible."""
    high: Number
    """Nothing more is possible."""
    quantiles: Annotated[Mapping[str, Number], Field(min_length=1)] = field(hash=False)
    """Probability -> the size that is not exceeded with it, such as { "0.25" = 30, "0.5" = 40, "0.75" = 50 }."""
    fit: Literal["beta", "joined"] = "beta"

    def __post_init__(self) -> None:
        for chance in self.quantiles:
            try:
                known = 0.0 < float(chance) < 1.0
            except ValueError:
                known = False
            if not known:
                raise ValueError(f'a quantile is a probability between 0 and 1, such as "0.25", got {chance!r}')
        values = [self.low, *(value for value, _ in _chances(self.quantiles)), self.high]
        if not all(before < after for before, after in pairwise(values)):
            raise ValueError(
                f"quantiles must rise with their probability, from above low to below high, got {values[1:-1]} "
                f"between {self.low} and {self.high}"
            )

    @cached_property
    def beta(self) -> tuple[float, float]:
        """The two parameters of the fitted Beta law on the limits."""
        from scipy.optimize import minimize
        from scipy.special import betainc

        points = [((value - self.low) / (self.high - self.low), chance) for value, chance in _chances(self.quantiles)]
        place, chance = (np.asarray(column) for column in zip(*points, strict=True))

        def loss(logs: np.ndarray) -> float:
            return float(((betainc(np.exp(logs[0]), np.exp(logs[1]), place) - chance) ** 2).sum())

        middle = float(np.interp(0.5, chance, place))
        start = np.log([4.0 * middle, 4.0 * (1.0 - middle)])
        found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2000})
        first, second = np.exp(found.x)
        return float(first), float(second)

    @cached_property
    def misfit(self) -> dict[str, float]:
        """Stated probability -> the fitted Beta law's probability of its size, less the stated one."""
        from scipy.special import betainc

        span = self.high - self.low
        return {
            chance: float(betainc(*self.beta, (value - self.low) / span)) - float(chance)
            for chance, value in self.quantiles.items()
        }

    @cached_property
    def joined(self) -> bool:
        """Whether the stated points are joined by straight lines rather than smoothed by the Beta law."""
        return self.fit == "joined" or len(self.quantiles) < 2 or max(map(abs, self.misfit.values())) > MISFIT

    @property
    def likely(self) -> float:
        """The median."""
        return self.quantile(0.5)

    def quantile(self, unit: float) -> float:
        """The size that is not exceeded with probability `unit`, for `unit` in [0, 1]."""
        if self.joined:
            values, chances = zip(*_chances(self.quantiles), strict=True)
            return float(np.interp(unit, [0.0, *chances, 1.0], [self.low, *values, self.high]))
        return float(self.low + (self.high - self.low) * _beta_quantile(*self.beta, unit))

    def draw(self, generator: np.random.Generator) -> float:
        """One size."""
        return self.quantile(float(generator.random()))

    @property
    def brief(self) -> str:
        """The limits."""
        return _brief(self.low, self.high)

    def __str__(self) -> str:
        said = ", ".join(f"{float(chance):.0%} below {value:g}" for value, chance in _chances(self.quantiles))
        worst = max(self.misfit.values(), key=abs)
        fitted = "points joined" if self.joined else "Beta({:.2f}, {:.2f})".format(*self.beta)
        misfit = f"largest misfit of the Beta law {100 * worst:+.1f} points"
        return f"{self.low:g} to {self.high:g}, {said} ({fitted}; {misfit})"


KINDS_OF_SIZE = ("range", "elicited")
"""What pydantic puts into the place of an error for the kind of a size; no key of the file."""


def _kind(value: object) -> str:
    quantiles = isinstance(value, Elicited) or (isinstance(value, Mapping) and "quantiles" in value)
    return KINDS_OF_SIZE[quantiles]


def _number_as_range(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return Range.exactly(float(value))
    if isinstance(value, Mapping | Range | Elicited):
        return value
    raise ValueError(
        "must be a number, a range such as { low = 14, likely = 28, high = 42 }, or quantiles such as "
        '{ low = 0, high = 60, quantiles = { "0.25" = 20, "0.5" = 28, "0.75" = 35 } }'
    )


Size = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Elicited, Tag("elicited")],
    Discriminator(_kind),
    BeforeValidator(_number_as_range, json_schema_input_type=float | Range | Elicited),
]
"""A size as a file may state it: a number that is known exactly, a range, or quantiles."""
