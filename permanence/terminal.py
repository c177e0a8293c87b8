"""What a command says at its end, on standard output: the few figures a person wants before opening a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from event_logs.log import EventLog
from permanence import wording
from permanence.results import Results

if TYPE_CHECKING:
    from simulation.judge import Judgement
    from simulation.replications import Replications
    from simulation.steady_state import SteadyState

_SHOWN = 6


def show_ledger(results: Results) -> None:
    """How many rows of each file were read, used, set aside and ignored."""
    if results.data_quality is None:
        return
    table = _table("Rows", ("file", "read", "= used", "+ quarantined", "+ ignored"))
    table.add_column("by rule")
    for file in results.data_quality.files:
        rules = [f"{rule} {count:,}" for rule, count in file.ignored_rows_by_rule.items() if count]
        counts = (file.read_rows, file.used_rows, file.quarantined_rows, file.ignored_rows)
        table.add_row(file.file, *(f"{count:,}" for count in counts), ", ".join(rules))
    console = _console()
    console.print(table)
    if any(file.quarantined_rows for file in results.data_quality.files):
        console.print("quarantine.csv holds each quarantined row with every reason.")


def show_loaded(results: Results) -> None:
    """The open cases at the start of the model, step by step, who is at its gates, and what is to be said of it.

    A child whose steps run side by side is counted in each of them.
    """
    model = results.model
    if model is None:
        return
    console = _console()
    table = _table("Open cases in the model at its start", ("step", "children"))
    for step in model.loaded:
        table.add_row(step.step, f"{step.children:,}")
    console.print(table)
    left = model.open_children - model.placed_children
    console.print(
        f"{model.open_children:,} open in the log = {model.placed_children:,} in the model + {left:,} in no step"
    )
    for reason, count in model.unplaced_reasons.items():
        console.print(f"  {count:,}: {reason}")
    for gate in model.gates:
        held = f"{gate.held_children:,} hold or are booked for one"
        places = "" if gate.places is None else f" of {gate.places:,} places"
        over = f"; {gate.over_children:,} more than there are, which drain" if gate.over_children else ""
        console.print(f"At {gate.gate}: {gate.waiting_children:,} wait, {held}{places}{over}")
    for finding in model.before_running:
        console.print(f"Before running: {finding}.")


def show_findings(results: Results) -> None:
    """The headlines of the report."""
    console = _console()
    for sentence in wording.headlines(results):
        console.print(f"- {sentence}")


def show_mined(results: Results) -> None:
    """The activities that cases wait longest after."""
    console = _console()
    log = results.log
    console.print(
        f"{log.name}: {log.cases:,} cases ({log.open_cases:,} open), {log.events:,} events, {len(log.activities)} "
        f"activities, {log.observed_from} to {log.observed_to}"
    )
    table = _table("Longest waits", ("after", "days waited", "share of all", "95 % interval", "cases"))
    for row in (results.bottlenecks or [])[:_SHOWN]:
        interval = wording.percent_interval(row.low_share, row.high_share)
        table.add_row(row.stage, f"{row.child_days:,.0f}", wording.percent(row.share), interval, f"{row.children:,}")
    console.print(table)


def show_simulated(observed: EventLog, simulated: EventLog) -> None:
    """The observed and the simulated log in one line each."""
    console = _console()
    console.print(f"observed:  {observed}")
    console.print(f"simulated: {simulated}")


_MEASURES = {
    "ngram": "sequences of activities (0 alike, 1 nothing in common)",
    "absolute_hours": "when events happen, hours",
    "circadian_hours": "at what hour of the week, hours",
    "relative_hours": "how long after the case began, hours",
    "cycle_hours": "how long cases take, hours",
    "arrival_hours": "when cases arrive, hours",
    "survival_hours": "how long cases take, open ones counted, hours",
}


def show_judged(judged: list[Judgement]) -> None:
    """How far simulated logs are from the real rest of the log, beside two forecasts that need no model."""
    console = _console()
    for protocol, found in zip(("cases cut by the split left out", "open cases counted"), judged, strict=True):
        left_out = f"; {found.left_out:,} cases left out" if found.left_out else ""
        title = f"Distance from the last {found.later_cases:,} cases, {protocol}: known were {found.past_cases:,}"
        table = _table(title + left_out, ("", "model", "latest weeks again", "past cases redrawn", "two real halves"))
        for name, words in _MEASURES.items():
            if name in found.table and np.isfinite(found.table[name]["model"]):
                table.add_row(words, *(f"{value:,.3g}" for value in found.table[name]))
        console.print(table)
        known = found.beaten[np.isfinite(found.table[found.beaten.index].loc["model"])]
        nearer = int(known.sum())
        console.print(
            f"The model is nearer than both forecasts without a model in {nearer} of {len(known)} measures. Over all "
            f"measures it is {found.overall['replay']:.2f} times as far as the latest weeks again and "
            f"{found.overall['resampled']:.2f} times as far as past cases redrawn."
        )
    console.print("Means of ten logs. Two halves of the real cases differ by chance alone, at half the size.")


def show_many_runs(found: Replications | SteadyState) -> None:
    """Each figure of many simulations with its interval, and why there were no more; or what the pathway settles at."""
    from simulation.steady_picture import said
    from simulation.steady_state import SteadyState

    console = _console()
    if isinstance(found, SteadyState):
        console.print(said(found))
        return
    table = _table(f"Next three years, {len(found.values)} simulations", ("figure", "mean", "95 % interval", "±"))
    for row in found.intervals.itertuples(index=False):
        if row.replications:
            interval = f"{row.low:,.2f} to {row.high:,.2f}"
            table.add_row(str(row.figure), f"{row.mean:,.2f}", interval, f"{row.half_width:,.2f}")
    console.print(table)
    console.print(f"{found.why[0].upper()}{found.why[1:]}.")


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    return table


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    # Written to a file or a pipe, nothing needs to be cut to a screen.
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, markup=False, width=200)
