"""Who becomes looked after, and when: families, children, and those who come back."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from event_logs.synthetic.council import BAND_FROM, LOCALITIES, Council, Shares
from event_logs.synthetic.streams import Bools, Floats, Ints, generator

YEAR = 365.25


@dataclass(frozen=True)
class Children:
    """One entry a child, in the order in which families first became known."""

    family: Ints
    first_start: Floats
    birth: Floats
    boy: Bools
    locality: Ints
    """Position in `council.LOCALITIES`."""

    def __len__(self) -> int:
        return len(self.family)


@dataclass(frozen=True)
class Entries:
    """One entry an episode: which child becomes looked after for the how-manieth time (from 0), and when."""

    child: Ints
    number: Ints
    start: Floats
    birth: Floats

    def __len__(self) -> int:
        return len(self.child)

    def pick(self, index: Ints | Bools) -> Entries:
        """The entries at these positions."""
        return Entries(*(getattr(self, field.name)[index] for field in fields(self)))

    def and_then(self, other: Entries) -> Entries:
        """These entries followed by others."""
        names = [field.name for field in fields(self)]
        return Entries(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


def age_band(days: Floats) -> Ints:
    """Position in `council.AGE_BANDS` of an age in days."""
    return np.asarray(np.searchsorted(np.array(BAND_FROM) * YEAR, days, side="right"), dtype=np.int64)


def first_entries(council: Council, seed: int) -> Children:
    """The children who become looked after from the burn-in to the end of the horizon, with their first start.

    The number of families is the same every year (Edinburgh's starts hardly vary: 332 and 341), their days are
    random. Brothers and sisters start on one day, at least ten months apart in age.
    """
    until = council.window[1] + council.horizon_days
    size_mean = float(np.dot(council.family_sizes, np.arange(1, len(council.family_sizes) + 1)))
    per_year = council.starts_per_year * (1 - council.reentries_of_starts) / size_mean
    families = int(np.ceil((until - council.first_day) / YEAR * per_year)) + 1
    year = np.floor((np.arange(families) + 0.5) / per_year)
    day = np.floor(council.first_day + (year + generator(seed, "family day").random(families)) * YEAR)
    day = np.sort(day)
    cumulative = np.cumsum(council.family_sizes)[:-1]
    size = 1 + (generator(seed, "family size").random(families)[:, None] >= cumulative).sum(axis=1)
    most = len(council.family_sizes)
    position = generator(seed, "age").random((families, most))
    age = np.interp(position, council.age_cumulative, council.age_knots)
    member = np.arange(most) < size[:, None]
    age = np.sort(np.where(member, age, np.inf), axis=1)
    for column in range(1, most):
        age[:, column] = np.maximum(age[:, column], age[:, column - 1] + 0.85)
    # Older than the oldest start after spacing: such a brother or sister is not looked after.
    member &= (age < council.age_knots[-1]) & (day <= until)[:, None]
    family = np.broadcast_to(np.arange(families)[:, None], member.shape)[member]
    locality = _choice(generator(seed, "locality").random(families), council.locality_shares)
    return Children(
        family=family,
        first_start=day[family],
        birth=day[family] - np.floor(age[member] * YEAR),
        boy=generator(seed, "sex").random((families, most))[member] < council.boys,
        locality=locality[family],
    )


def _choice(uniform: Floats, shares: Shares) -> Ints:
    if len(shares) != len(LOCALITIES):
        raise ValueError(f"locality_shares must have {len(LOCALITIES)} shares, got {len(shares)}")
    return np.asarray((uniform[:, None] >= np.cumsum(shares)[:-1]).sum(axis=1), dtype=np.int64)
