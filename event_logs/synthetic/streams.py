"""Named random streams: every draw belongs to a purpose and to an episode of a child."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from event_logs.synthetic.council import Law, Shares

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_EPISODES = 3
"""Episodes a child can have."""


def stable_hash(name: str) -> int:
    """A 64-bit number for a name that is the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def generator(seed: int, name: str, number: int = 0) -> np.random.Generator:
    """The random stream of this name."""
    return np.random.default_rng(np.random.SeedSequence([seed, stable_hash(name), number]))


@dataclass(frozen=True)
class Streams:
    """Unit draws by named stream, one row a child and episode number; drawn once, so any two runs share them.

    A stream drawn for one purpose never shifts another, and a child keeps its draws whatever changes around it:
    common random numbers for comparing a council with and without a change.
    """

    seed: int
    children: int
    prefix: str = ""
    episodes: int = MAX_EPISODES
    _kept: dict[tuple[str, int], Floats] = field(default_factory=dict, repr=False, compare=False)

    def of(self, child: Ints, number: Ints, correlation: float) -> Draws:
        """The draws of these episodes: of child `child[i]`, its episode `number[i]` (from 0)."""
        return Draws(self, number * self.children + child, child, correlation)

    def uniform(self, name: str, columns: int) -> Floats:
        """Uniform draws in [0, 1), one row for each episode a child may have."""
        if (name, columns) not in self._kept:
            rows = [
                generator(self.seed, self.prefix + name, number).random((self.children, columns))
                for number in range(self.episodes)
            ]
            self._kept[name, columns] = np.concatenate(rows)
        return self._kept[name, columns]

    def normal(self, name: str, columns: int) -> Floats:
        """Standard normal draws, one row for each episode a child may have."""
        if (name, columns) not in self._kept:
            rows = [
                generator(self.seed, self.prefix + name, number).standard_normal((self.children, columns))
                for number in range(self.episodes)
            ]
            self._kept[name, columns] = np.concatenate(rows)
        return self._kept[name, columns]


@dataclass(frozen=True)
class Draws:
    """The draws of a set of episodes, in their order."""

    streams: Streams
    rows: Ints
    child: Ints
    correlation: float

    def uniforms(self, name: str, columns: int) -> Floats:
        """Uniform draws, one row an episode."""
        return self.streams.uniform(name, columns)[self.rows]

    def uniform(self, name: str) -> Floats:
        """One uniform draw an episode."""
        return self.uniforms(name, 1)[:, 0]

    def below(self, name: str, share: float | Floats) -> Bools:
        """True for a random share of the episodes."""
        return np.asarray(self.uniform(name) < share)

    def choice(self, name: str, shares: Floats | Shares) -> Ints:
        """A random position in `shares`: one tuple for all episodes, or one row an episode."""
        cumulative = np.cumsum(np.atleast_2d(np.asarray(shares, dtype=float)), axis=1)
        return np.asarray((self.uniform(name)[:, None] >= cumulative[:, :-1]).sum(axis=1), dtype=np.int64)

    def child_uniform(self, name: str) -> Floats:
        """One uniform draw a child: the same in all its episodes."""
        return np.asarray(self.streams.uniform(name, 1)[self.child, 0])

    def durations(self, name: str, law: Law, columns: int) -> Floats:
        """Lognormal durations in whole days, one row an episode, slowed or sped up by the child's frailty."""
        frailty = self.streams.normal("frailty", 1)[self.child]
        own = self.streams.normal(name, columns)[self.rows]
        z = np.sqrt(self.correlation) * frailty + np.sqrt(1 - self.correlation) * own
        return np.asarray(np.rint(law.median * np.exp(law.sigma * z)))

    def duration(self, name: str, law: Law) -> Floats:
        """One lognormal duration in whole days an episode."""
        return self.durations(name, law, 1)[:, 0]


def working_day(day: Floats) -> Floats:
    """The day itself, or the Monday after for a day at a weekend; infinite days stay so.

    >>> working_day(np.array([2.0, 3.0, np.inf])).tolist()  # Saturday 3 January 1970, Sunday 4 January 1970
    [4.0, 4.0, inf]
    """
    with np.errstate(invalid="ignore"):
        weekday = np.mod(day + 3, 7)  # 1970-01-01 was a Thursday; NaN for infinite days
    return np.asarray(day + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0)))


def working_day_before(day: Floats) -> Floats:
    """The day itself, or the Friday before for a day at a weekend."""
    with np.errstate(invalid="ignore"):
        weekday = np.mod(day + 3, 7)
    return np.asarray(day - np.where(weekday == 5, 1, np.where(weekday == 6, 2, 0)))
