"""The mining stage: tables for results.json, the picture of the map, and the charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import mining
from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.drawing import Drawing, GraphvizMissingError, fit_map, write_map
from mining.process_map import Hidden, ProcessMap
from permanence import collect, collect_mined
from permanence.progress import Advance

if TYPE_CHECKING:
    from event_logs.project.sections import TriedChange
    from permanence.mined import (
        Conformance,
        Handovers,
        OrderUnknown,
        Outcomes,
        PanelWait,
        ReworkKind,
        RunCharts,
        Variants,
    )
    from simulation.gates import Sessions

RECENT = pd.DateOffset(years=2)
PICTURES = ("process_map.svg", "process_map.png", "process_map.pdf", "process_map.dot")
OUTCOMES = "outcomes.svg"
CHARTS = tuple(collect_mined.chart_file(aim.number, kind) for aim in v.AIMS for kind in ("entry", "completion"))
INTERNAL = ("internal_performance_spectrum.png", "internal_dotted_chart.png")
"""Pictures that show single children: for those who work with them, never to be passed on."""
_SPINE = (v.ACCOMMODATED, v.RECOMMENDED, v.PANEL, v.AGENCY_DECISION, v.LODGED)
Draw = Callable[[Path], object]
"""Writes a picture to a path."""
_WORKERS = ("team", "org:group", "org:resource", "resource")
"""Attributes of events that may say who did them, the first that a log has."""


@dataclass(frozen=True, eq=False)
class Mined:
    """What mining found."""

    parts: dict[str, Any]
    """Parts of the results, by name."""
    drawing: Drawing | None
    """The picture of the map; None when nothing on this machine can lay it out."""
    no_picture: str
    """Why there is no picture; empty when there is one."""
    draw: Mapping[str, Draw] = field(default_factory=dict)
    """File name -> what writes it, for the other pictures."""

    def write(self, folder: Path) -> None:
        """Write the pictures' files."""
        if self.drawing is not None:
            write_map(self.drawing, folder)
        for name, draw in self.draw.items():
            draw(folder / name)


def mine_stages(
    log: EventLog,
    *,
    seed: int,
    advance: Advance,
    panel: Sessions | None = None,
    placements: pd.DataFrame | None = None,
    change: TriedChange | None = None,
) -> Mined:
    """Everything that a log of permanence planning shows.

    `panel` is the panel's calendar where the council declared it; `placements` (`case`, `start`) are the placements
    themselves, which the log does not hold; `change` is what is being tried out, for the run charts.
    """
    from mining.groups import by_group
    from mining.little import littles_law
    from mining.rankings import rankings

    pictures: dict[str, Draw] = {}
    ranked = rankings(log, seed=seed)
    tables: dict[str, Callable[[], Any]] = {
        "stages": lambda: collect.stages(stage_durations(log)),
        "aims": lambda: collect.aims(mining.aims(log)),
        "bottlenecks": lambda: collect.bottlenecks(ranked.burden),
        "excess": lambda: collect_mined.excess(ranked.excess),
        "panel_wait": lambda: _panel_wait(log, panel, seed=seed),
        "groups": lambda: collect_mined.groups(by_group(log, seed=seed).medians),
        "flow": lambda: collect_mined.flow(littles_law(log)),
        "rework": lambda: _rework(log, placements),
        "outcomes": lambda: _outcomes(log, pictures),
        "conformance": lambda: _conformance(log),
        "run_charts": lambda: _run_charts(log, pictures, change),
        "order": lambda: _order(log),
        "variants": lambda: _main_variants(log),
    }
    return _mined(log, tables, advance, pictures, spine=_SPINE)


def stage_durations(log: EventLog) -> pd.DataFrame:
    """The stages, with what a look at the completed stays of the last two years alone would say, and with medians
    corrected for children who are slow at several stages."""
    from mining.frailty import frailty_summary

    recent = mining.stage_summary(log, begun_since=log.window.end - RECENT)
    joint = frailty_summary(log)
    corrected = {
        "corrected_median_days": "frailty_median_days",
        "corrected_low_days": "low_days",
        "corrected_high_days": "high_days",
        "corrected_preferred": "prefer_frailty",
        "corrected_note": "note",
    }
    return mining.stage_summary(log).assign(
        recent_naive_median_days=recent["naive_median_days"],
        **{name: joint[column] for name, column in corrected.items()},
    )


def mine_activities(log: EventLog, *, seed: int, advance: Advance) -> Mined:
    """What any log shows: its map, where cases wait, its variants, and who hands over to whom."""
    who = next((name for name in _WORKERS if name in log.events), None)
    tables: dict[str, Callable[[], Any]] = {
        "bottlenecks": lambda: collect.bottlenecks(mining.bottlenecks_by_activity(log, seed=seed)),
        "order": lambda: _order(log),
        "variants": lambda: _variants(log),
    }
    if who is not None:
        tables["handovers"] = lambda: _handovers(log, who)
    return _mined(log, tables, advance, {}, spine=())


def _mined(
    log: EventLog,
    tables: dict[str, Callable[[], Any]],
    advance: Advance,
    pictures: dict[str, Draw],
    *,
    spine: Sequence[str],
) -> Mined:
    total = len(tables) + 2
    parts = {}
    for done, (name, make) in enumerate(tables.items()):
        advance(done, total)
        parts[name] = make()
    from mining.order import certain_arrows

    advance(total - 2, total)
    full = mining.discover_map(log)
    advance(total - 1, total)
    drawing, hidden, missing = _picture(log, full)
    parts["transitions"] = collect.transitions(full, hidden, certain_arrows(log))
    return Mined(parts, drawing, missing, {**pictures, **_internal(log, spine)})


def _picture(log: EventLog, full: ProcessMap) -> tuple[Drawing | None, Hidden | None, str]:
    try:
        shown, drawing = fit_map(log)
    except GraphvizMissingError as error:
        return None, None, str(error)
    return drawing, shown.hidden, ""


def _internal(log: EventLog, spine: Sequence[str]) -> dict[str, Draw]:
    """The pictures that show single children."""
    from mining.dotted import dotted_chart, draw_dotted_chart
    from mining.spectrum import draw_spectrum, spectrum

    steps = [name for name in spine if name in log.activities]
    drawn: dict[str, Draw] = {}
    if len(steps) > 1:
        drawn[INTERNAL[0]] = lambda path: draw_spectrum(spectrum(log, steps), path)
    drawn[INTERNAL[1]] = lambda path: draw_dotted_chart(dotted_chart(log, sort="start"), path)
    return drawn


def _panel_wait(log: EventLog, panel: Sessions | None, *, seed: int) -> PanelWait:
    from mining.panel_wait import panel_wait
    from mining.sessions import detect_sessions

    found = detect_sessions(log, v.PANEL, seed=seed)
    if panel is None:
        return collect_mined.panel_wait(panel_wait(log, seed=seed), found)
    days = panel.dates(log.window.start, log.window.end)
    lead = round(panel.lead_days)
    wait = panel_wait(log, seed=seed, calendar=days, slots=panel.slots, lead_days=lead)
    return collect_mined.panel_wait(wait, found, lead)


def _rework(log: EventLog, placements: pd.DataFrame | None) -> list[ReworkKind]:
    from mining.rework import rework

    return collect_mined.rework(rework(log, placements=placements).table)


def _outcomes(log: EventLog, pictures: dict[str, Draw]) -> Outcomes:
    from mining.outcome_bars import draw_outcomes, outcomes_in_words
    from mining.outcomes import ENDS, PERMANENCE, competing_outcomes

    ends = competing_outcomes(log, v.ACCOMMODATED, ENDS)
    achieved = competing_outcomes(log, v.ACCOMMODATED, PERMANENCE)
    title = "Where children were 1, 2 and 3 years after they were accommodated"
    pictures[OUTCOMES] = lambda path: draw_outcomes(ends, path, title=title)
    return collect_mined.outcomes(ends, achieved, outcomes_in_words(achieved))


def _conformance(log: EventLog) -> Conformance:
    from mining.conformance import check_conformance
    from mining.declare import pathway_rules
    from mining.rule_checks import check_rules

    return collect_mined.conformance(check_conformance(log), check_rules(log, pathway_rules()))


def _run_charts(log: EventLog, pictures: dict[str, Draw], change: TriedChange | None) -> RunCharts:
    from mining.aims_over_time import aim_sentences, aims_over_time
    from mining.charts import Marker
    from mining.charts.pace import pace_charts

    marker = None if change is None else Marker(pd.Timestamp(change.date), change.name)
    planned = None if change is None else change.planned
    charts = [pace_charts(log, aim, change=marker, planned=planned) for aim in v.AIMS]
    for pair in charts:
        for kind, chart in (("entry", pair.by_entry), ("completion", pair.by_completion)):
            name, text = collect_mined.chart_file(pair.aim.number, kind), chart.svg
            pictures[name] = partial(_write, text)
    periods = aims_over_time(log)
    words = aim_sentences(periods)
    if "locality" in log.cases:
        periods = pd.concat([periods, aims_over_time(log, period="year", by="locality")], ignore_index=True)
    return collect_mined.run_charts(periods, words, charts)


def _order(log: EventLog) -> OrderUnknown:
    from mining.order import order_uncertainty

    return collect_mined.order(order_uncertainty(log))


def _variants(log: EventLog) -> Variants:
    from mining.variants import variants, variants_text

    table = variants(log)
    return collect_mined.variants(table, variants_text(table))


def _main_variants(log: EventLog) -> Variants:
    """The ways along the main line: how often something recurs beside it would make nearly every way its own."""
    from mining.abstraction import is_recurring

    aside = [name for name in log.activities if is_recurring(name)]
    found = _variants(log.keeping([name for name in log.activities if name not in aside]))
    said = f" Left aside, because it recurs beside the main line: {', '.join(aside)}." if aside else ""
    return found.model_copy(update={"words": found.words + said})


def _handovers(log: EventLog, who: str) -> Handovers:
    from mining.handover import handover

    return collect_mined.handovers(handover(log, who))


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
