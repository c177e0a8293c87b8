"""Placements and legal statuses: what each child's records say between the milestones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from event_logs import vocabulary as v
from event_logs.synthetic.council import PLACEMENT_TYPES
from event_logs.synthetic.entries import age_band
from event_logs.synthetic.journeys import ADOPTION, AUTHORITY, KINSHIP, Journeys
from event_logs.synthetic.streams import Bools, Draws, Floats, Ints

HOME, KIN, FOSTER, RESIDENTIAL, OTHER, ADOPTERS = range(len(PLACEMENT_TYPES))
VOLUNTARY, PROTECTION, INTERIM, SUPERVISION, PERMANENCE, PERMANENCE_AUTHORITY = range(6)
MOVES = 5
_SHORT = 14
"""Moves that would leave a placement shorter than this are not made."""
_AWAY_KINDS = np.array([KIN, FOSTER, RESIDENTIAL, OTHER])


@dataclass(frozen=True)
class Spells:
    """One entry a spell, ordered by episode and start: consecutive spells of an episode leave no gap."""

    episode: Ints
    """Row of the episode in the journeys."""
    kind: Ints
    start: Floats
    end: Floats

    def __len__(self) -> int:
        return len(self.episode)


def placements(journeys: Journeys) -> Spells:
    """Where each child lived; `kind` is a position in `council.PLACEMENT_TYPES`."""
    draws, days, council = journeys.draws(), journeys.days, journeys.council
    away = _never(days[v.ACCOMMODATED])
    returned = _never(days[v.RETURNED_HOME])
    adopters = _adopters(journeys, draws)
    first_band = age_band(np.where(np.isfinite(away), away, journeys.start) - journeys.entries.birth)
    first = _AWAY_KINDS[draws.choice("first placement", np.array(council.first_away)[first_band])]
    later = np.array(council.later_away)[journeys.band]
    later_kind = _AWAY_KINDS[(draws.uniforms("later placement", MOVES)[:, :, None] >= _cut(later)).sum(axis=2)]
    stay = draws.durations("move", council.move, MOVES) * council.moves_slow ** np.arange(MOVES)
    moves = away[:, None] + _SHORT + np.cumsum(stay, axis=1)
    kinship = journeys.route == KINSHIP
    settled = np.minimum(moves[:, 0], _never(days[v.KINSHIP_ORDER_PLANNED]) + 7)
    moves[:, 0] = np.where(kinship, np.where(first == KIN, np.inf, settled), moves[:, 0])
    moves[kinship, 1:] = np.inf
    later_kind[kinship] = KIN
    last = np.minimum.reduce([journeys.end, returned, adopters])
    moves = np.where(moves < (last - _SHORT)[:, None], moves, np.inf)
    at_home = np.where(journeys.at_home, journeys.start, np.inf)
    # Those who cease on the day they return home never have a placement there.
    home_again = np.where(returned < journeys.end, returned, np.inf)
    starts = np.column_stack([at_home, away, moves, adopters, home_again])
    size = len(journeys)
    kinds = np.column_stack([np.full(size, HOME), first, later_kind, np.full(size, ADOPTERS), np.full(size, HOME)])
    return _chain(starts, kinds, journeys.end)


def legal_statuses(journeys: Journeys) -> Spells:
    """The legal basis on which each child was looked after; `kind` is a position in `council.LEGAL_STATUSES`."""
    draws, days, council = journeys.draws(), journeys.days, journeys.council
    start, home, away = journeys.start, journeys.at_home, _never(days[v.ACCOMMODATED])
    basis = np.where(home, -1, journeys.basis)
    interim_first = np.isin(basis, [2, 3]) | (home & draws.below("interim at home", council.interim_at_home))
    protection = np.where(basis == 2, start, np.inf)
    to_hearing = 3 + np.floor(draws.uniform("protection order") * 8)
    wait = np.maximum(draws.duration("voluntary to hearing", council.voluntary_to_hearing), 1)
    later_interim = (basis == 1) & draws.below("interim after voluntary", council.interim_after_voluntary)
    voluntary = np.where(basis <= 1, start, np.inf)
    voluntary[home] = np.inf
    from_interim = np.where(
        interim_first, start + np.where(basis == 2, to_hearing, 0), np.where(later_interim, start + wait, np.inf)
    )
    orders = 1 + draws.choice("interim orders", council.interim_orders)
    interim = from_interim[:, None] + 22 * np.arange(3)
    interim = np.where(np.arange(3) < orders[:, None], interim, np.inf)
    straight = np.where(basis == 1, start + wait, np.where(home | (basis == 4), start, np.inf))
    first_order = np.where(np.isfinite(from_interim), from_interim + 22 * orders, straight)
    # The order is varied when the child is accommodated, and made or varied when it goes home but stays looked after.
    varied = np.where(home & np.isfinite(away), away, np.inf)
    returned = _never(days[v.RETURNED_HOME])
    at_home = np.where(returned < journeys.end, returned, np.inf)
    ordered, authority = _never(days[v.PERMANENCE_ORDER]), _never(days[v.AUTHORITY_TO_ADOPT])
    later = np.minimum.reduce([ordered, authority, at_home])
    early = np.column_stack([protection, interim, voluntary, first_order, varied])
    early = np.where(early < later[:, None], early, np.inf)
    starts = np.column_stack([early, at_home, ordered, authority])
    row = np.repeat([PROTECTION, INTERIM, VOLUNTARY, SUPERVISION, PERMANENCE, PERMANENCE_AUTHORITY], [1, 3, 1, 3, 1, 1])
    return _chain(starts, np.broadcast_to(row, starts.shape), journeys.end)


def _adopters(journeys: Journeys, draws: Draws) -> Floats:
    """Day of the move to prospective adopters, for children on the way to adoption."""
    days = journeys.days
    decided = _never(days[v.AGENCY_DECISION])
    matched = decided + draws.duration("match", journeys.council.match)
    to_adoption: Bools = np.isin(journeys.order, [AUTHORITY, ADOPTION])
    latest = np.minimum(_never(days[v.ADOPTION_ORDER]), journeys.end) - _SHORT
    return np.asarray(np.where(to_adoption & (matched < latest), matched, np.inf))


def _chain(starts: Floats, kinds: Ints, end: Floats) -> Spells:
    """Candidate starts to consecutive spells: each ends where the next begins, the last with the episode.

    Of two candidates on one day only the later column counts.
    """
    columns = np.broadcast_to(np.arange(starts.shape[1]), starts.shape)
    starts = np.where(starts < end[:, None], starts, np.inf)
    order = np.lexsort((columns, starts), axis=1)
    starts = np.take_along_axis(starts, order, axis=1)
    kinds = np.take_along_axis(kinds, order, axis=1)
    following = np.column_stack([starts[:, 1:], np.full(len(starts), np.inf)])
    ends = np.minimum(following, end[:, None])
    keep = np.isfinite(starts) & (ends > starts)
    # An episode that ends on the day it starts keeps its one spell.
    episode = np.broadcast_to(np.arange(len(starts))[:, None], starts.shape)
    return Spells(episode[keep], kinds[keep], starts[keep], ends[keep])


def _cut(shares: Floats) -> Floats:
    return np.asarray(np.cumsum(shares, axis=1)[:, None, :-1])


def _never(day: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(day), np.inf, day))
