"""A map of certain movements only: those between events that stand next to each other whatever their order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from event_logs.log import EventLog
from mining.blocks import blocks_of
from mining.measures import wilson
from mining.order import certain_arrows
from mining.process_map import ProcessMap
from mining.steps import steps_of


@dataclass(frozen=True, eq=False)
class CertainMap:
    """A map of certain movements, and what was taken out to get it."""

    map: ProcessMap
    arrows: int
    """Arrows of the given map that are gone: no movement on them is certain."""
    traversals: int
    """Movements on arrows of the given map that do not count any more, those on arrows that stay included."""
    unreached: tuple[str, ...]
    """Activities to or from which the given map had arrows and this one has none."""

    @property
    def text(self) -> str:
        """What was taken out, in words."""
        if not self.traversals:
            return "Only certain movements are shown: the order of all of them was certain."
        movements = "1 movement was" if self.traversals == 1 else f"{self.traversals:,} movements were"
        arrows = "1 arrow is" if self.arrows == 1 else f"{self.arrows:,} arrows are"
        words = (
            f"Only certain movements are shown: {movements} taken out because the order of events of the same "
            f"date is not known, and {arrows} gone with them. Times are those of every movement on an arrow."
        )
        if self.unreached:
            words += f" No certain movement joins to the rest: {', '.join(self.unreached)}."
        return words


def certain_only(process_map: ProcessMap, log: EventLog, *, declared: bool | None = None) -> CertainMap:
    """The map with the arrows that some movement surely takes, counting those movements alone.

    `log` is the log that the map was made from, before activities were hidden; not one whose activities were drawn
    together. `cases`, `traversals`, `cases_share` with its interval and `established` count certain movements
    (`mining.order.certain_arrows`), and so does what is hidden; durations and `child_days` stay those of every
    movement on the arrow. Raises ValueError for a map with activities that the log does not have. `declared` as in
    `mining.order.order_uncertainty`.
    """
    projected = log.keeping(list(process_map.activities["activity"]))
    pairs = ["source", "target"]
    table = certain_arrows(projected, declared=declared).set_index(pairs)[["certain", "cases_certain"]]
    arrows = process_map.arrows.join(table, on=pairs)
    kept = arrows[arrows["certain"] > 0].copy()
    lost = int(arrows["traversals"].sum() - kept["certain"].sum())
    kept = kept.assign(
        traversals=kept["certain"].astype("int64"),
        cases=kept["cases_certain"].astype("int64"),
        cases_share=kept["cases_certain"] / max(process_map.cases, 1),
    ).drop(columns=["certain", "cases_certain"])
    kept["cases_low"], kept["cases_high"] = wilson(kept["cases"], process_map.cases)
    kept["established"] = kept["cases_low"] >= process_map.threshold
    kept = kept.sort_values(["traversals", *pairs], ascending=[False, True, True], kind="stable", ignore_index=True)
    total = int((steps_of(log.arrays).arrow >= 0).sum())
    hidden = replace(
        process_map.hidden,
        arrows=process_map.hidden.arrows + len(arrows) - len(kept),
        traversals_share=max(0.0, 1 - float(kept["traversals"].sum()) / total) if total else 0.0,
        cases_share=_cases_beside(projected, list(zip(kept["source"], kept["target"], strict=True)), declared)
        / max(len(log.cases), 1),
    )
    before, after = (set(one["source"]) | set(one["target"]) for one in (arrows, kept))
    unreached = tuple(name for name in process_map.activities["activity"] if name in before - after)
    return CertainMap(replace(process_map, arrows=kept, hidden=hidden), len(arrows) - len(kept), lost, unreached)


def _cases_beside(log: EventLog, shown: list[tuple[str, str]], declared: bool | None) -> int:
    """How many cases have a movement that is not certain, or is on none of the arrows shown."""
    arrays, blocks = log.arrays, blocks_of(log, declared=declared)
    k = max(len(arrays.activities), 1)
    code = {name: place for place, name in enumerate(arrays.activities)}
    wanted = [code[source] * k + code[target] for source, target in shown]
    case, activity = arrays.case.astype(np.int64), arrays.activity.astype(np.int64)
    moves = np.flatnonzero(case[1:] == case[:-1])
    sure = blocks.certain[moves] & blocks.certain[moves + 1]
    there = np.isin(activity[moves] * k + activity[moves + 1], np.array(wanted, dtype=np.int64))
    return len(np.unique(case[moves[~(sure & there)]]))
