"""report.html: one file, offline, made from results.json and the picture of the map and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from permanence import change_words, charts, wording
from permanence.compared import ScenarioResult, Scenarios
from permanence.mining_stage import PICTURES
from permanence.pages import environment
from permanence.results import DataQuality, Results, YearCompleteness

MAP = PICTURES[0]


def render(results: Results, pictures: Mapping[str, str]) -> str:
    """The report as HTML text. Parts that are null in the results are left out, and the report says so.

    `pictures` are the SVG files of the run by name: the process map, outcomes, the charts of the aims; any may be
    missing. The same arguments give the same text.
    """
    from markupsafe import Markup

    templates = environment()
    drawn = {name: Markup(inline_svg(text, name)) for name, text in pictures.items()}
    templates.globals |= {"words": wording, "change": change_words, "charts": charts, "Scale": charts.Scale}
    return templates.get_template("report.html.j2").render(
        results=results,
        headlines=wording.headlines(results),
        map_svg=drawn.get(MAP),
        pictures=drawn,
        completeness=completeness_by_year(results.data_quality, results.log.observed_from),
        caveats=caveats(results),
        effect_scale=partial(effect_scale, results.scenarios),
    )


def inline_svg(text: str, name: str = "") -> str:
    """An SVG document as part of a page: without XML declaration and document type, sized by the page.

    Several on one page must not share ids, so each gets its own, after the file's name.
    """
    own = re.sub(r"\W", "_", name.removesuffix(".svg"))
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{own}_", text) if own else text
    body = text[text.index("<svg") :].strip()
    opening, rest = body.split(">", 1)
    opening = re.sub(r'\s(width|height)="[^"]*"', "", opening)
    return f"{opening}>{rest}"


def completeness_by_year(quality: DataQuality | None, since: str) -> dict[str, Any]:
    """Completeness as a table: the years of the observation window, and one row for each step not complete in all.

    `years`, `rows` of (step, what implies it, one YearCompleteness or None a year), and `complete`, the other steps.
    """
    if quality is None:
        return {"years": [], "rows": [], "complete": []}
    seen = [row for row in quality.completeness if row.year >= int(since[:4])]
    years = sorted({row.year for row in seen})
    by_step: dict[str, dict[int, YearCompleteness]] = {}
    for row in seen:
        by_step.setdefault(row.activity, {})[row.year] = row
    partial, complete = [], []
    for step, found in by_step.items():
        if all(row.recorded_records == row.expected_records for row in found.values()):
            complete.append(step)
        else:
            implied_by = next(iter(found.values())).implied_by
            partial.append((step, implied_by, [found.get(year) for year in years]))
    return {"years": years, "rows": partial, "complete": complete}


def effect_scale(scenarios: Scenarios | None, idea: ScenarioResult | None = None) -> charts.Scale:
    """The scale for child-week differences: of one idea's stages, or of all ideas' totals to compare them by eye."""
    effects = [one.all_stages for one in scenarios.ideas] if scenarios is not None else []
    if idea is not None:
        effects = [*idea.stages, idea.all_stages]
    return charts.Scale.over([end for effect in effects for end in (effect.low_child_weeks, effect.high_child_weeks)])


def caveats(results: Results) -> list[str]:
    """What the report does not know, in sentences."""
    said = [
        "It shows where children wait, not why. That a stage is long does not say what made it so, and a difference "
        "between groups of children would not say that the group is the cause.",
    ]
    if results.scenarios is not None:
        said += [
            "The savings are estimates from a model of the pathway fitted to these records. They hold if the model "
            "does: steps take as long, and panels and courts work, as they did; new children come at the rate of the "
            "last three years.",
            "The sizes of the changes come from the ranges stated with each idea. Where no measured effect is known "
            "they are assumptions, and the interval carries them; test a change on a small scale before relying on it.",
        ]
    if results.aims and not all(aim.confirmed for aim in results.aims):
        said.append(
            "Limits and targets marked as unconfirmed were not found in any published source that could be read. "
            "Change them in the project file if yours differ."
        )
    if results.stages:
        said.append(
            "Dates are days. Steps recorded on the same day are put in the order of the process, whatever order they "
            "happened in."
        )
    if results.log.recorded_from:
        late = sorted(results.log.recorded_from.items(), key=lambda item: (item[1], item[0]))
        names = wording.listed([activity for activity, _ in late])
        said.append(
            f"{names} {'was' if len(late) == 1 else 'were'} not reliably recorded until "
            f"{wording.date(late[-1][1])}; stages that need them are measured from then on only."
        )
    said.append(
        "Intervals cover the chance of which children happened to be looked after. They do not cover records that are "
        "wrong in a way that nobody noticed."
    )
    return said
