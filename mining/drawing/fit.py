"""The most detailed map that can still be read on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from event_logs.log import EventLog
from mining.drawing.diagram import Diagram
from mining.drawing.drawing import A4_LANDSCAPE, Drawing, Page, draw, fitting
from mining.drawing.engine import Graphviz
from mining.drawing.geometry import FONT_SIZE
from mining.drawing.layout import Ranker
from mining.drawing.scene import space_for_map
from mining.drawing.translate import diagram_of
from mining.process_map import ProcessMap, simplify

MOST_ACTIVITIES = 25
_ARROWS_PER_ACTIVITY = 1.4
_LOOK_AHEAD = 4
_ALL_ARROWS = 1_000_000


class Simplifier(Protocol):
    """Anything called like `mining.process_map.simplify`."""

    def __call__(self, log: EventLog, *, activities: int, arrows: int) -> ProcessMap: ...


def fit_map(
    log: EventLog,
    *,
    page: Page = A4_LANDSCAPE,
    min_pt: float = 9.0,
    choose: Simplifier = simplify,
    diagram: Callable[[ProcessMap], Diagram] | None = None,
) -> tuple[ProcessMap, Drawing]:
    """The map of a log at the most detailed level whose picture fits the page, and that picture.

    First as many activities as fit with 1.4 arrows each (of those that at least 1 % of cases have), then as many
    arrows as fit between them (of those that are established); both are searched by halving. `choose` makes the map
    of a level, `diagram` turns it into a diagram (default: `diagram_of` with an automatic unit). Raises
    GraphvizMissingError when nothing can lay it out.
    """
    to_diagram = diagram or (lambda level: diagram_of(level, unit="auto"))
    with Graphviz() as graphviz:
        search = _Search(log, page, min_pt, choose, to_diagram, graphviz)
        total = min(_usual_activities(log), MOST_ACTIVITIES)

        def enough(n: int) -> bool:
            return search.fits(n, round(_ARROWS_PER_ACTIVITY * n))

        activities = _largest(enough, 1, total)
        # A layout's size does not grow evenly: one more activity may need less room.
        more = range(min(activities + _LOOK_AHEAD, total), activities, -1)
        activities = next((n for n in more if enough(n)), activities)
        least = max(1, round(_ARROWS_PER_ACTIVITY * activities))
        established = int(search.level(activities, _ALL_ARROWS).arrows["established"].sum())
        arrows = _largest(lambda m: search.fits(activities, m), least, max(least, established))
        process_map = search.level(activities, arrows)
        return process_map, draw(to_diagram(process_map), page=page, min_pt=min_pt, graphviz=graphviz)


def _usual_activities(log: EventLog) -> int:
    """How many activities happen in at least 1 % of cases; rarer ones are noise on a picture of the whole."""
    arrays = log.arrays
    k = max(len(arrays.activities), 1)
    pairs = np.unique(arrays.case.astype(np.int64) * k + arrays.activity)
    cases = np.bincount(pairs % k, minlength=1)
    return max(1, int((cases * 100 >= len(log.cases)).sum()))


def _largest(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number from low to high for which it holds, taking `low` to hold and truth to end but once."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


class _Search:
    """Remembers the levels already made and tried."""

    def __init__(
        self,
        log: EventLog,
        page: Page,
        min_pt: float,
        choose: Simplifier,
        to_diagram: Callable[[ProcessMap], Diagram],
        graphviz: Graphviz,
    ) -> None:
        self._log, self._page, self._min_pt = log, page, min_pt
        self._choose, self._to_diagram, self._graphviz = choose, to_diagram, graphviz
        self._levels: dict[tuple[int, int], ProcessMap] = {}

    def level(self, activities: int, arrows: int) -> ProcessMap:
        """The map of a level."""
        key = activities, arrows
        if key not in self._levels:
            self._levels[key] = self._choose(self._log, activities=activities, arrows=max(arrows, 1))
        return self._levels[key]

    def fits(self, activities: int, arrows: int) -> bool:
        """Whether some layout of the level fits."""
        diagram = self._to_diagram(self.level(activities, arrows))
        scale = self._min_pt / FONT_SIZE
        width, height = space_for_map(diagram, self._page.width, self._page.height, size=self._min_pt)
        ranker = Ranker(diagram, self._graphviz)
        return bool(fitting(ranker, width / scale, height / scale, quick=True))
