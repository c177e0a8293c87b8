"""Overlapping placements: how they overlap, and the three ways of counting their days once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from event_logs.rules.facts import Facts
from event_logs.rules.spells import ends, overlaps

Choice = Literal["primary", "last", "shared"]


def overlap_matrix(facts: Facts) -> pd.DataFrame:
    """Overlapping placements by their types: `first`, `second` (in alphabetical order), `pairs`, `days` shared."""
    one, two, days = overlaps(facts)
    kind = facts.placements["type"].fillna("not known").to_numpy(dtype=object)
    sides = np.sort(np.stack([kind[one], kind[two]]).astype(str), axis=0)
    table = pd.DataFrame({"first": sides[0], "second": sides[1], "days": days})
    counts = table.groupby(["first", "second"], sort=True)["days"].agg(pairs="size", days="sum").reset_index()
    return counts.astype({"pairs": "int64", "days": "float64"})


def resolve(facts: Facts, by: Choice, *, primary: tuple[str, ...] = ()) -> pd.DataFrame:
    """The placements cut where they overlap, so that no day of a child is counted twice.

    One row a piece: `placement` (position in the facts), `start`, `end` (days since 1970-01-01; the extraction date
    for an open one), `weight`. By "last" a day belongs to the placement that began last, by "primary" to the type
    that stands first in `primary` (types not named come after; of equals the one that began first), and by "shared"
    to all in equal parts: then pieces overlap and `weight` is below 1. Days without a placement have no row; nor has
    a placement of no days. ValueError for another choice.
    """
    if by not in ("primary", "last", "shared"):
        raise ValueError(f"overlapping placements are counted by 'primary', 'last' or 'shared', got {by!r}")
    frame = facts.placements
    at, start, end = frame["at"].to_numpy(), facts.days("placements", "start"), ends(facts, "placements")
    rows = np.flatnonzero((at >= 0) & (end > start))
    pieces = _pieces(at[rows], start[rows], end[rows])
    pieces["placement"] = rows[pieces["placement"]]
    whose = pieces["placement"].to_numpy()
    if by == "shared":
        together = pieces.groupby(["at", "start"])["placement"].transform("size")
        return pieces.assign(weight=1.0 / together)[["placement", "start", "end", "weight"]]
    began = start[whose]
    if by == "last":
        preference = [-began, -whose]
    else:
        places = {kind: place for place, kind in enumerate(primary)}
        kinds = frame["type"].map(places).fillna(len(places)).to_numpy(dtype=np.float64)
        preference = [kinds[whose], began, whose]
    order = np.lexsort([*preference[::-1], pieces["start"], pieces["at"]])
    chosen = pieces.take(order).drop_duplicates(["at", "start"])
    return chosen.assign(weight=1.0)[["placement", "start", "end", "weight"]].reset_index(drop=True)


def _pieces(at: np.ndarray, start: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """Every spell cut at each date on which a spell of the same episode begins or ends."""
    if not len(at):
        return pd.DataFrame({"at": at, "placement": at, "start": start, "end": end})
    low = start.min()
    span = end.max() - low + 1
    cuts = np.unique(np.concatenate([at * span + (start - low), at * span + (end - low)]))
    first = np.searchsorted(cuts, at * span + (start - low))
    count = np.searchsorted(cuts, at * span + (end - low)) - first
    spell = np.repeat(np.arange(len(at)), count)
    cut = np.repeat(first, count) + np.arange(len(spell)) - np.repeat(np.cumsum(count) - count, count)
    base = at[spell] * span - low
    return pd.DataFrame({"at": at[spell], "placement": spell, "start": cuts[cut] - base, "end": cuts[cut + 1] - base})
