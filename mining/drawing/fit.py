"""The most detailed map that can still be read on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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
from mining.steps import distinct_cases

T = TypeVar("T")

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
    search = Levels(
        make=lambda activities, arrows: choose(log, activities=activities, arrows=arrows),
        draw=diagram or (lambda level: diagram_of(level, unit="auto")),
        activities=min(usual_activities(log), MOST_ACTIVITIES),
        established=lambda level: int(level.arrows["established"].sum()),
    )
    return fit_levels(search, page=page, min_pt=min_pt)


@dataclass(frozen=True)
class Levels(Generic[T]):
    """What is searched for the most detailed level: how a level is made, and how it is drawn."""

    make: Callable[[int, int], T]
    """The level with so many activities and arrows."""
    draw: Callable[[T], Diagram]
    activities: int
    """The most activities to try."""
    established: Callable[[T], int]
    """How many arrows of a level with all its arrows are worth showing."""


def fit_levels(levels: Levels[T], *, page: Page = A4_LANDSCAPE, min_pt: float = 9.0) -> tuple[T, Drawing]:
    """The most detailed of some levels whose picture fits the page, and that picture; searched as in `fit_map`."""
    with Graphviz() as graphviz:
        search = _Search(levels, page, min_pt, graphviz)
        total = levels.activities

        def enough(n: int) -> bool:
            return search.fits(n, round(_ARROWS_PER_ACTIVITY * n))

        activities = _largest(enough, 1, total)
        # A layout's size does not grow evenly: one more activity may need less room.
        more = range(min(activities + _LOOK_AHEAD, total), activities, -1)
        activities = next((n for n in more if enough(n)), activities)
        least = max(1, round(_ARROWS_PER_ACTIVITY * activities))
        established = levels.established(search.level(activities, _ALL_ARROWS))
        arrows = _largest(lambda m: search.fits(activities, m), least, max(least, established))
        found = search.level(activities, arrows)
        return found, draw(levels.draw(found), page=page, min_pt=min_pt, graphviz=graphviz)


def usual_activities(*logs: EventLog) -> int:
    """How many activities happen in at least 1 % of the cases of a log; rarer ones are noise on a picture of it all."""
    usual: set[str] = set()
    for log in logs:
        arrays = log.arrays
        cases = distinct_cases(arrays.case.astype(np.int64), arrays.activity.astype(np.int64), len(log.activities))
        usual |= {name for name, n in zip(log.activities, cases, strict=True) if n * 100 >= len(log.cases)}
    return max(1, len(usual))


def _largest(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number from low to high for which it holds, taking `low` to hold and truth to end but once."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


class _Search(Generic[T]):
    """Remembers the levels already made and tried."""

    def __init__(self, levels: Levels[T], page: Page, min_pt: float, graphviz: Graphviz) -> None:
        self._levels, self._page, self._min_pt, self._graphviz = levels, page, min_pt, graphviz
        self._made: dict[tuple[int, int], T] = {}

    def level(self, activities: int, arrows: int) -> T:
        """The map of a level."""
        key = activities, max(arrows, 1)
        if key not in self._made:
            self._made[key] = self._levels.make(*key)
        return self._made[key]

    def fits(self, activities: int, arrows: int) -> bool:
        """Whether some layout of the level fits."""
        diagram = self._levels.draw(self.level(activities, arrows))
        scale = self._min_pt / FONT_SIZE
        width, height = space_for_map(diagram, self._page.width, self._page.height, size=self._min_pt)
        ranker = Ranker(diagram, self._graphviz)
        return bool(fitting(ranker, width / scale, height / scale, quick=True))
