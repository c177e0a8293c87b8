"""Rules about stretches of time: placements, legal statuses and episodes that cannot be, overlap, or leave gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from event_logs.rules.facts import SPELLS, Facts, Floats, Ints
from event_logs.rules.pairs import covered, overlapping
from event_logs.rules.rule import Hits, Rule, Severity


def ends(facts: Facts, table: str) -> Floats:
    """The end of each spell as a day, the extraction date for an open one."""
    end = facts.days(table, "end")
    return np.where(np.isnan(end), facts.today, end)


def _backwards(facts: Facts) -> Iterator[Hits]:
    for name in SPELLS:
        found = np.flatnonzero(facts.days(name, "end") < facts.days(name, "start"))
        start, end = facts.column(name, "start"), facts.column(name, "end")
        days = (facts.days(name, "start") - facts.days(name, "end"))[found]
        yield Hits(name, found, f"end before start: {end} is before {start}", days=days)


def _no_days(facts: Facts) -> Iterator[Hits]:
    yield Hits("placements", np.flatnonzero(facts.days("placements", "end") == facts.days("placements", "start")))


def _overlaps(facts: Facts) -> Iterator[Hits]:
    one, two, days = overlaps(facts)
    yield Hits("placements", two, other=one, days=days)


def overlaps(facts: Facts) -> tuple[Ints, Ints, Floats]:
    """Placements of one episode that overlap: the earlier, the later, and the days they share."""
    at = facts.placements["at"].to_numpy()
    return overlapping(at, facts.days("placements", "start"), ends(facts, "placements"))


def gaps(facts: Facts) -> tuple[Ints, Floats, Floats]:
    """Stretches of an episode without a placement, longer than the policy allows: episode, first day, length.

    Before the first placement, between two, and after the last; episodes without any placement are left out.
    """
    at = facts.placements["at"].to_numpy()
    whose, start, end = covered(at, facts.days("placements", "start"), ends(facts, "placements"))
    begins, closes = facts.days("episodes", "start"), ends(facts, "episodes")
    first, last = np.ones(len(whose), dtype=bool), np.ones(len(whose), dtype=bool)
    first[1:] = whose[1:] != whose[:-1]
    last[:-1] = first[1:]
    since = np.where(first, begins[whose], np.roll(end, 1))
    tail = whose[last]
    episode = np.concatenate([whose, tail])
    from_day = np.concatenate([since, end[last]])
    to_day = np.concatenate([start, closes[tail]])
    from_day, to_day = np.maximum(from_day, begins[episode]), np.minimum(to_day, closes[episode])
    long = to_day - from_day > facts.policy.gap_days
    order = np.lexsort((from_day[long], episode[long]))
    return episode[long][order], from_day[long][order], (to_day - from_day)[long][order]


def _gaps(facts: Facts) -> Iterator[Hits]:
    episode, _, days = gaps(facts)
    yield Hits("episodes", episode, days=days)


def _outside_episode(facts: Facts) -> Iterator[Hits]:
    for name in ("placements", "legal_statuses"):
        before = facts.of_episode(name, "start") - facts.days(name, "start")
        after = ends(facts, name) - facts.of_episode(name, "end")
        # An open spell of a closed episode is outside from the episode's end on.
        days = np.maximum(np.nan_to_num(before), np.nan_to_num(after))
        found = np.flatnonzero(days > 0)
        yield Hits(
            name, found, other=facts.table(name)["at"].to_numpy()[found], other_table="episodes", days=days[found]
        )


def _outside_order(facts: Facts) -> Iterator[Hits]:
    if "legal_statuses" not in facts.given:
        return
    at = facts.placements["at"].to_numpy()
    start, end = facts.days("placements", "start"), ends(facts, "placements")
    whose, first, last = covered(
        facts.legal_statuses["at"].to_numpy(), facts.days("legal_statuses", "start"), ends(facts, "legal_statuses")
    )
    if not len(whose):
        return
    # The covered stretch that holds the placement's first day, if there is one.
    low = min(first.min(), np.nanmin(start, initial=np.inf))
    span = max(last.max(), np.nanmax(end, initial=-np.inf)) - low + 1
    place = (
        np.searchsorted(whose * span + (first - low), at * span + (np.nan_to_num(start, nan=low) - low), "right") - 1
    )
    held = (place >= 0) & (whose[place] == at)
    uncovered = np.where(held, np.maximum(end - np.maximum(last[place], start), 0), end - start)
    has_any = np.isin(at, whose)
    found = np.flatnonzero((at >= 0) & has_any & (uncovered > facts.policy.gap_days))
    yield Hits("placements", found, days=uncovered[found])


def _two_open(facts: Facts) -> Iterator[Hits]:
    at = facts.placements["at"].to_numpy()
    still = np.isnan(facts.days("placements", "end")) & (at >= 0)
    count = np.bincount(at[still], minlength=len(facts.episodes))
    yield Hits("placements", np.flatnonzero(still & (count[at] > 1)))


def _none_open(facts: Facts) -> Iterator[Hits]:
    if "placements" not in facts.given:
        return
    at = facts.placements["at"].to_numpy()
    still = np.isnan(facts.days("placements", "end")) & (at >= 0)
    placed = np.zeros(len(facts.episodes), dtype=bool)
    placed[at[still]] = True
    open_ = np.isnan(facts.days("episodes", "end")) & ~np.isnan(facts.days("episodes", "start"))
    yield Hits("episodes", np.flatnonzero(open_ & ~placed))


RULES: tuple[Rule, ...] = (
    Rule("E79", "The record ends before it starts.", Severity.QUARANTINE, _backwards, "Were the two dates swapped?"),
    Rule(
        "E80",
        "The placement began and ended on one day. It is kept; of two that begin on one day the one that ended first "
        "comes first.",
        Severity.FIX,
        _no_days,
    ),
    Rule(
        "E81",
        "Two placements of a child overlap.",
        Severity.WARN,
        _overlaps,
        "Was the earlier placement never closed? Enter its end date. Respite may stay as it is.",
    ),
    Rule(
        "E82",
        "There is a gap between placements while the child is looked after.",
        Severity.WARN,
        _gaps,
        "Where was the child? Enter the missing placement, or correct the dates on either side.",
    ),
    Rule(
        "E83",
        "A placement or legal status lies outside its episode.",
        Severity.WARN,
        _outside_episode,
        "Correct the dates, or close the placement when the episode ends.",
    ),
    Rule(
        "E83.1",
        "A placement has days that no legal status covers.",
        Severity.WARN,
        _outside_order,
        "Enter the legal status that the child had then, or its right dates.",
    ),
    Rule(
        "E88",
        "A child has two placements without an end.",
        Severity.WARN,
        _two_open,
        "Enter the end date of the placement that the child has left.",
    ),
    Rule(
        "E88.1",
        "A child counted as looked after has no current placement.",
        Severity.WARN,
        _none_open,
        "Enter where the child lives, or the end of the episode.",
    ),
)
"""The rules about stretches of time."""
