"""Filters by what a case is: its attributes, its length, its first and last activity, its variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, LogArrays
from mining.blocks import Blocks, blocks_of
from mining.filters.algebra import Choice, Verdict
from mining.filters.checks import OPEN, check_known, check_names, either, is_one_of
from mining.variants import ranked_ways, variant_kinds
from mining.visits import check_activities

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Attribute(Choice):
    """Cases by an attribute of the case; make one with `equals`, `one_of`, `between` or `missing`.

    Where the value is missing, whether it is one of those asked for is not known.
    """

    column: str
    values: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None

    @classmethod
    def equals(cls, column: str, value: Any) -> Attribute:
        """Cases whose attribute has the value."""
        return cls(column, (value,))

    @classmethod
    def one_of(cls, column: str, values: tuple[Any, ...]) -> Attribute:
        """Cases whose attribute has one of the values."""
        if not values:
            raise ValueError(f"values of {column!r} must be at least one, got none")
        return cls(column, tuple(values))

    @classmethod
    def between(cls, column: str, low: Any = None, high: Any = None) -> Attribute:
        """Cases whose attribute, a number or a date, is at least `low` and at most `high`."""
        if (low is None and high is None) or (low is not None and high is not None and low > high):
            raise ValueError(f"low and high of {column!r} must be a range, got {low} to {high}")
        return cls(column, (), low, high)

    @classmethod
    def missing(cls, column: str) -> Attribute:
        """Cases whose attribute is missing."""
        return cls(column)

    @property
    def label(self) -> str:
        if self.values:
            return f"{self.column} is {either(tuple(str(value) for value in self.values))}"
        if self.low is None and self.high is None:
            return f"{self.column} is missing"
        parts = [f"at least {self.low}"] * (self.low is not None) + [f"at most {self.high}"] * (self.high is not None)
        return f"{self.column} is {' and '.join(parts)}"

    @property
    def why_unknown(self) -> str:
        return f"{self.column} is missing"

    def check(self, log: EventLog) -> None:
        check_known(self.column, [str(name) for name in log.cases if name != "case"], "case attribute", "the log")
        column = log.cases[self.column]
        known = sorted({str(value) for value in column.dropna()})
        for value in self.values:
            if isinstance(value, str):
                check_known(value, known, f"value of {self.column}", "the log")
        ranged = self.low is not None or self.high is not None
        if ranged and not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            raise ValueError(f"{self.column} must hold numbers or dates to be between two, got {column.dtype}")

    def verdict(self, log: EventLog) -> Verdict:
        column = log.cases[self.column]
        gone = column.isna().to_numpy(dtype=bool)
        if not self.values and self.low is None and self.high is None:
            return Verdict(gone, gone)
        if self.values:
            match = column.isin(list(self.values)).to_numpy(dtype=bool)
        else:
            inside = pd.Series(True, index=column.index)
            inside &= column >= self.low if self.low is not None else True
            inside &= column <= self.high if self.high is not None else True
            match = inside.to_numpy(dtype=bool)
        return Verdict(match & ~gone, match | gone)


@dataclass(frozen=True)
class Duration(Choice):
    """Cases by how long they last, from their true start to their end, in days, both limits included.

    An open case has lasted so long *so far*. Whether it will reach `at_least`, and whether it will stay within
    `at_most`, is not yet known until it has passed that limit.
    """

    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        low, high = self.at_least, self.at_most
        if (low is None and high is None) or (low is not None and high is not None and not low <= high):
            raise ValueError(f"at_least and at_most must be a range of days, got {low} to {high}")

    @property
    def label(self) -> str:
        parts = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        return f"cases that last {' and '.join(parts)} days"

    @property
    def why_unknown(self) -> str:
        return f"{OPEN} and its length so far has not passed the limit"

    def verdict(self, log: EventLog) -> Verdict:
        arrays = log.arrays
        is_open = np.isnan(arrays.end)
        days = np.where(is_open, arrays.window_end, arrays.end) - arrays.start
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        inside = (days >= low) & (days <= high)
        surely = np.where(is_open, (days >= low) & (high == np.inf), inside)
        return Verdict(surely, np.where(is_open, days <= high, inside))


@dataclass(frozen=True)
class Endpoints(Choice):
    """Cases by their first and their last activity; an empty tuple asks nothing of that end.

    Not known: the end of an open case; the start of a case that began before the window and has no event from then;
    and an end on a day whose events stand in an unknown order, when only some of them are asked for.
    """

    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_names(self.starts, self.ends)
        if not (self.starts or self.ends):
            raise ValueError("starts or ends must name at least one activity, got none")

    @property
    def label(self) -> str:
        parts = [f"start with {either(self.starts)}"] if self.starts else []
        parts += [f"end with {either(self.ends)}"] if self.ends else []
        return f"cases that {' and '.join(parts)}"

    @property
    def why_unknown(self) -> str:
        return "the case is still open, or its beginning or the order of that day is not known"

    def check(self, log: EventLog) -> None:
        check_activities(log, (*self.starts, *self.ends))

    def verdict(self, log: EventLog) -> Verdict:
        arrays, blocks = log.arrays, blocks_of(log)
        surely = possibly = np.ones(len(arrays.start), dtype=bool)
        present = np.diff(arrays.first) > 0
        if self.starts:
            every, some = _block_holds(arrays, blocks, self.starts)
            first = blocks.of[arrays.first[:-1][present]]
            cut = (arrays.start < arrays.window_start) & ~_at(
                arrays.day < arrays.window_start, arrays.first[:-1], present
            )
            surely, possibly = _placed(every[first], present) & ~cut, _placed(some[first], present) | cut
        if self.ends:
            every, some = _block_holds(arrays, blocks, self.ends)
            last = blocks.of[arrays.first[1:][present] - 1]
            is_open = np.isnan(arrays.end)
            surely = surely & _placed(every[last], present) & ~is_open
            possibly = possibly & (_placed(some[last], present) | is_open)
        return Verdict(surely, possibly)


@dataclass(frozen=True)
class InVariants(Choice):
    """Closed cases that went one of the most frequent ways, or a named one; make one with `top`, `covering`, `named`.

    Ways are those of `mining.variants.variants`, with events of unknown order as sets. Which way an open case will
    have gone is not known.
    """

    number: int | None = None
    share: float | None = None
    names: tuple[str, ...] = ()

    @classmethod
    def top(cls, number: int) -> InVariants:
        """The so many most frequent complete variants (ties by name)."""
        if number < 1:
            raise ValueError(f"number must be at least 1, got {number}")
        return cls(number=number)

    @classmethod
    def covering(cls, share: float) -> InVariants:
        """The most frequent complete variants, as many as it takes to cover this share of the closed cases."""
        if not 0 < share <= 1:
            raise ValueError(f"share must be in (0, 1], got {share}")
        return cls(share=share)

    @classmethod
    def named(cls, *names: str) -> InVariants:
        """Complete variants by name, as the table of variants writes them."""
        if not names:
            raise ValueError("names must hold at least one variant, got none")
        return cls(names=names)

    @property
    def label(self) -> str:
        if self.number is not None:
            return f"cases that went one of the {self.number} most frequent ways"
        if self.share is not None:
            return f"cases that went one of the most frequent ways covering {self.share:.0%} of the closed cases"
        return f"cases that went the way {either(self.names)}"

    @property
    def why_unknown(self) -> str:
        return f"{OPEN}, so its way is not complete"

    def verdict(self, log: EventLog) -> Verdict:
        is_open = np.isnan(log.arrays.end)
        complete = ranked_ways(log).query("complete")
        if self.number is not None:
            chosen = complete.head(self.number)
        elif self.share is not None:
            chosen = complete[complete["cumulated_share"] - complete["share"] < self.share - 1e-12]
        else:
            for name in self.names:
                check_known(name, list(complete["variant"]), "variant", "the log")
            chosen = complete[complete["variant"].isin(list(self.names))]
        kinds, _, _ = variant_kinds(log)
        among = np.isin(kinds, chosen["kind"].to_numpy())
        return Verdict(among & ~is_open, among | is_open)


def _block_holds(arrays: LogArrays, blocks: Blocks, activities: tuple[str, ...]) -> tuple[BoolArray, BoolArray]:
    """For each block whether all, and whether any, of its events are among the activities."""
    among = np.bincount(blocks.of[is_one_of(arrays, activities)], minlength=len(blocks.case))
    return among == np.diff(blocks.first), among > 0


def _placed(values: BoolArray, present: BoolArray) -> BoolArray:
    """Values of the cases that have events, False for the others."""
    whole = np.zeros(len(present), dtype=bool)
    whole[present] = values
    return whole


def _at(values: BoolArray, positions: IntArray, present: BoolArray) -> BoolArray:
    return _placed(values[positions[present]], present)
