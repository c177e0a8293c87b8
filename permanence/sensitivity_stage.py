"""What the savings depend on: the runs behind that part of the results, for every idea compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from permanence.compared import (
    BreakEvenSize,
    IdeaSensitivity,
    ScenarioResult,
    Scenarios,
    ScreenedInput,
    Sensitivity,
    TornadoBar,
)
from permanence.progress import Advance
from permanence.results import plain, rows

if TYPE_CHECKING:
    from event_logs.log import EventLog
    from scenarios.break_even import BreakEven, Question
    from scenarios.scenario import Scenario

REPLICATIONS = 3
TRAJECTORIES = 4
"""Of the Morris design: so often is each unknown moved, wherever the others stand."""
BREAK_EVEN_DRAWS = 20
_WAYS = {"days_before_review": (0.0, 180.0), "factor": (1.0, 0.1), "times": (1.0, 0.0), "more_slots": (0.0, 10.0)}
"""Sizes that go one way from no change: the size that changes nothing, and the largest that is tried."""
_A_DAY_IN_WEEKS = 1 / 7
"""What changes the savings by less is not shown."""
_BAR = {"swing_error": "error_child_weeks"}
_SCREENED = {
    "importance": "importance_child_weeks",
    "error": "error_child_weeks",
    "interaction": "interaction_child_weeks",
}


def sensitivity(
    log: EventLog,
    chosen: Sequence[Scenario],
    found: Scenarios,
    draws: int,
    advance: Advance,
    settings: Mapping[str, Any],
) -> Sensitivity:
    """Tornado, Morris screening and break-even sizes of the ideas that were compared.

    `found` is what the comparison found: it says which aim each idea moves most. `draws` resamples of the children are
    fitted again; `settings`: `panel`, `years` and `seed` of the comparison, and how to run: `workers`, `store`,
    `cluster`.
    """
    from scenarios.break_even import break_evens
    from scenarios.compare import experiment_of
    from scenarios.designs import Space
    from scenarios.sensitivity import screen, tornado

    model = {name: settings[name] for name in ("panel", "years", "seed")}
    running = {name: settings[name] for name in ("workers", "store", "cluster")}
    work = experiment_of(log, chosen, replications=REPLICATIONS, **model)
    space = Space.of(work, draws)
    bars = tornado(space, **running, progress=_part(advance, 0))
    single = replace(space, experiment=replace(work, replications=1))
    screened = screen(single, size=TRAJECTORIES, **running, progress=_part(advance, 1))
    aims = {idea.name: aim_moved_most(idea) for idea in found.ideas}
    asked = [question for scenario in chosen for question in questions(scenario, aims[scenario.name])]
    few = min(BREAK_EVEN_DRAWS, draws)
    answers = break_evens(space, asked, draws=few, **running, progress=_part(advance, 2))
    middle = bars.drop_duplicates("scenario").set_index("scenario")["middle_child_weeks"]
    wide = bars["swing_child_weeks"] >= _A_DAY_IN_WEEKS
    ideas = [
        IdeaSensitivity(
            name=scenario.name,
            title=scenario.title,
            middle_child_weeks=plain(middle[scenario.name]),
            tornado=rows(TornadoBar, bars[(bars["scenario"] == scenario.name) & wide], _BAR),
            screened=rows(ScreenedInput, screened[screened["scenario"] == scenario.name], _SCREENED),
            break_even=[_size(scenario, one) for one in answers if one.question.scenario == scenario.name],
        )
        for scenario in chosen
    ]
    return Sensitivity(draws=draws, replications=REPLICATIONS, ideas=ideas)


def _part(advance: Advance, part: int) -> Callable[[int, int], None]:
    """Progress of one of three parts."""
    return lambda done, total: advance(part * total + done, 3 * total)


def aim_moved_most(idea: ScenarioResult) -> int | None:
    """The number of the aim whose share an idea moves most; None where it moves none."""
    moved = [(abs(aim.difference_share or 0.0), -aim.number) for aim in idea.aims]
    most, number = max(moved, default=(0.0, 0))
    return -number if most > 0 else None


def questions(scenario: Scenario, aim: int | None) -> list[Question]:
    """For each size that goes one way: which size brings this aim to its target?"""
    from scenarios.break_even import Question

    found = []
    for place, key in enumerate(scenario.ranges()):
        way = _WAYS.get(key.rsplit(".", 1)[-1])
        if way is not None and aim is not None:
            found.append(Question(scenario=scenario.name, place=place, aim=aim, nothing=way[0], most=way[1]))
    return found


def _size(scenario: Scenario, found: BreakEven) -> BreakEvenSize:
    from scenarios.unknowns import size_names

    return BreakEvenSize(
        effect=size_names(scenario)[found.question.place],
        aim=found.question.aim,
        target_share=found.target_share,
        none_value=found.question.nothing,
        tried_value=found.question.most,
        size_value=plain(found.size),
        low_value=plain(found.low),
        high_value=plain(found.high),
        reached_share=plain(found.reached_share),
        without_share=plain(found.share_without),
        tried_share=plain(found.share_at_most),
    )
