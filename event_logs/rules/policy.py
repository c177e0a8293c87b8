"""What the rules take for granted, as numbers that a council may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Limits of the rules; the defaults are meant to bring up little that is not worth a look."""

    oldest_age: int = 26
    """No record of a child is expected from this birthday on: aftercare ends there."""
    adult_age: int = 18
    """From this birthday on a placement must be continuing care."""
    continuing_care: tuple[str, ...] = ("Continuing care",)
    """Placement types that go on after `adult_age`."""
    unborn_days: int = 294
    """A child may be registered this many days before the expected birth: 42 weeks."""
    unborn_activities: tuple[str, ...] = ()
    """Activities that may be dated before the birth of a child who has been born since, by up to `unborn_days`."""
    reused_ids_share: float = 0.01
    """More child ids than this share with two dates of birth mean that the column is no child id at all."""
    near_days: int = 3
    """The same step of a child recorded twice within so many days is probably one step."""
    gap_days: int = 1
    """A day between two placements may be a way of writing; more days are a gap."""
    spike_times: float = 10.0
    """A day with more than this many times the records of the median day is a spike ..."""
    spike_records: int = 20
    """... if it has at least this many."""
    late_entry_days: int = 90
    """A record entered more than so many days after what it tells is late."""
    records_times: float = 10.0
    """A child with more than this many times the events of the child at the 95th percentile stands out ..."""
    records_least: int = 200
    """... with at least this many."""
    group_share: float = 0.8
    """One team or locality with more than this share of all episodes stands out, where there are several."""
    groups: tuple[str, ...] = ("team", "locality")
    """Attributes of an episode by which records are counted apart."""
    child_id: str = ""
    """Regular expression that a whole child id must match; empty: any id."""
    check_digit: Literal["", "mod 11"] = ""
    """How the last digit of a child id is computed from the others: weights 2, 3, ... from the right, as in CHI and
    NHS numbers; empty: it is no check digit."""
