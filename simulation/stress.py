"""The STRESS-DES answers of a model and a run: what another person needs to judge the simulation and to repeat it.

The items are those of the STRESS guidelines for discrete-event simulation (Monks and others 2019, Journal of
Simulation 13(1), doi 10.1080/17477778.2018.1442155). Every answer is taken from the model and from what the run says of
itself. What neither holds is answered with `NOT_STATED`: an answer is never made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from event_logs.log import EventLog
from simulation.cohort import Cohort
from simulation.gates import Places, Sessions
from simulation.model import START, PathwayModel, Step
from simulation.stress_gates import listed, resource_of, rule_of

NOT_STATED = "Not stated."
SECTIONS = {
    "1": "Objectives",
    "2": "Logic",
    "3": "Data",
    "4": "Experimentation",
    "5": "Implementation",
    "6": "Code access",
}
ITEMS = {
    "1.1": "Purpose of the model",
    "1.2": "Model outputs",
    "1.3": "Aims of experimentation",
    "2.1": "Base model overview diagram",
    "2.2": "Base model logic",
    "2.3": "Scenario logic",
    "2.4": "Algorithms",
    "2.5": "Components: entities, activities, resources, queues, entry and exit points",
    "3.1": "Data sources",
    "3.2": "Input parameters",
    "3.3": "Pre-processing",
    "3.4": "Assumptions",
    "4.1": "Initialisation",
    "4.2": "Run length",
    "4.3": "Estimation approach",
    "5.1": "Software or programming language",
    "5.2": "Random sampling",
    "5.3": "Model execution",
    "5.4": "System specification",
    "6.1": "Computer model sharing statement",
}
"""The twenty items of the checklist, by number."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run knows of itself that its model does not; whatever is left empty is answered as not stated."""

    purpose: str = ""
    outputs: tuple[str, ...] = ()
    aims: str = ""
    """What the experiments are to find out."""
    diagram: str = ""
    """Name of the file with the diagram of the pathway."""
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """Each scenario's name and what it changes."""
    sources: tuple[str, ...] = ()
    """Files that the data came from."""
    pre_processing: str = ""
    horizon: str = ""
    """How long a run lasts, in words."""
    draws: int | None = None
    """Fits to children drawn again."""
    replications: int | None = None
    """Runs of each fit."""
    seed: int | None = None
    workers: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    """Machine and run time, in words."""
    sharing: str = ""


def stress_des(
    model: PathwayModel, facts: RunFacts, *, log: EventLog | None = None, cohort: Cohort | None = None
) -> pd.DataFrame:
    """The checklist as a table with one row an item: `section`, `number`, `item`, `answer`.

    `log` is the log that the model was fitted to, `cohort` the children a run starts with; without them what they
    would tell is not stated.
    """
    answers = {
        "1.1": facts.purpose,
        "1.2": "; ".join(facts.outputs),
        "1.3": facts.aims,
        "2.1": f"See {facts.diagram}." if facts.diagram else "",
        "2.2": _logic(model),
        "2.3": " ".join(f"{name}: {text.rstrip('.')}." for name, text in facts.scenarios.items()),
        "2.4": _algorithms(model),
        "2.5": _components(model),
        "3.1": _sources(facts, log),
        "3.2": _parameters(model),
        "3.3": facts.pre_processing,
        "3.4": _assumptions(model),
        "4.1": _initialisation(cohort),
        "4.2": facts.horizon,
        "4.3": _estimation(facts),
        "5.1": ", ".join(f"{name} {version}" for name, version in facts.versions.items()),
        "5.2": _sampling(facts),
        "5.3": _execution(facts),
        "5.4": facts.system,
        "6.1": facts.sharing,
    }
    rows = [(SECTIONS[number[0]], number, item, answers[number] or NOT_STATED) for number, item in ITEMS.items()]
    return pd.DataFrame(rows, columns=["section", "number", "item", "answer"])


def _logic(model: PathwayModel) -> str:
    parts = []
    for after, choice in model.choices.items():
        ways = [" together with ".join(_way(model.steps[name]) for name in option.starts) for option in choice.options]
        name = "A case begins with" if after == START else f"After {_quoted(after)}:"
        told = f", by {choice.by.replace('_', ' ')}" if choice.by else ""
        parts.append(f"{name} {' or '.join(way or 'the case finishes' for way in ways)}{told}")
    parts += [f"{_way(step)} begins when {_joined(step)}" for step in model.steps.values() if step.joins]
    return f"{model.name}. {'; '.join(parts)}."


def _joined(step: Step) -> str:
    parts = [f"all of {listed(step.waits_for)} have happened"] if step.waits_for else []
    parts += [f"the first of {listed(step.waits_for_any)} happens"] if step.waits_for_any else []
    return " and ".join(parts)


def _way(step: Step) -> str:
    return _quoted(step.activity or step.name)


def _algorithms(model: PathwayModel) -> str:
    found = ["Durations are drawn by inversion of the survival curve; ways on by their shares."]
    if model.arrivals is not None:
        found.append("New cases: a Poisson process of families with a rate for each month, read off its running total.")
    found += [f"{_capital(name)}: {rule_of(gate)}." for name, gate in model.gates.items()]
    return " ".join(found)


def _components(model: PathwayModel) -> str:
    activities = [step.activity for step in model.steps.values() if step.activity]
    found = [
        "Entities: cases, each one episode of a child being looked after"
        + (f", in strata by {model.stratify_by}." if model.stratify_by else "."),
        f"Activities: {listed(tuple(dict.fromkeys(activities)))}.",
    ]
    limited = {name: gate for name, gate in model.gates.items() if isinstance(gate, Sessions | Places)}
    if limited:
        found += [f"Resource: {_capital(name)}, {resource_of(gate)}." for name, gate in limited.items()]
        found.append(f"Queues: one for each of {listed(tuple(limited))}, {_room(tuple(limited.values()))}.")
    else:
        found.append("Resources and queues: none; every step takes its own time.")
    if model.holidays:
        found.append(f"Holidays: {len(model.holidays)} days, {min(model.holidays)} to {max(model.holidays)}.")
    entry = "new cases arrive" if model.arrivals is not None else "none: no new cases arrive"
    leaves = listed(model.final) if model.final else "the last activity of a case"
    found.append(f"Entry points: {entry}. Exit points: {leaves}{_birthday(model)}.")
    return " ".join(found)


def _birthday(model: PathwayModel) -> str:
    if model.leaves_at_days is None:
        return ""
    return f"; whatever else happens, a case ends {model.leaves_at_days / 365.25:.0f} years after birth"


def _room(gates: tuple[Sessions | Places, ...]) -> str:
    rooms = [str(gate.room) for gate in gates if isinstance(gate, Places) and gate.room is not None]
    return f"unlimited but for those with room for {listed(tuple(rooms))}" if rooms else "unlimited"


def _sources(facts: RunFacts, log: EventLog | None) -> str:
    found = [f"Files: {', '.join(facts.sources)}."] if facts.sources else []
    if log is not None:
        found.append(f"The log: {str(log).removeprefix('event log: ')}.")
        late = [f"{name} from {day:%Y-%m-%d}" for name, day in sorted(log.window.recorded_from.items())]
        found += [f"Reliably recorded only later: {', '.join(late)}."] if late else []
    return " ".join(found)


def _parameters(model: PathwayModel) -> str:
    found = [_duration(step) for step in model.steps.values()]
    for after, choice in model.choices.items():
        if len(choice.options) > 1:
            shares = [
                f"{' and '.join(option.starts) or 'finished'} {100 * option.share.get('', float('nan')):.0f} %"
                for option in choice.options
            ]
            found.append(f"share after {_quoted(after)}: {', '.join(shares)}{' (all strata)' if choice.by else ''}")
    if model.arrivals is not None:
        found.append(f"new cases: {model.arrivals.in_words()}")
    return "; ".join(item for item in found if item) + "."


def _duration(step: Step) -> str:
    law = step.law("")
    if law.isf(0.5) == 0.0 and law.isf(0.01) == 0.0:
        return ""
    tail = f", {100 * law.tail_share:.0f} % of draws from the fitted tail" if law.tail_share else ""
    median = f"median {law.isf(0.5):.0f} days" if law.isf(0.5) < float("inf") else "median not reached"
    return f"{_quoted(step.name)}: {median}{tail}"


def _assumptions(model: PathwayModel) -> str:
    found = ["A step's duration depends on its stratum only" + (
        ", and on a pace of the child that its steps share." if any(step.rho > 0 for step in model.steps.values()) else
        ": steps of one child are independent of each other."
    )]  # fmt: skip
    found.append("What is under way at the start carries on by the law fitted to the records.")
    if model.whole_days:
        found.append("Durations are whole days.")
    found += [f"{warning.rstrip('.')}." for warning in model.warnings]
    return " ".join(found)


def _initialisation(cohort: Cohort | None) -> str:
    if cohort is None:
        return ""
    if not len(cohort.rows):
        return "The run starts empty."
    day = pd.Timestamp("1970-01-01") + pd.Timedelta(days=cohort.day)
    loaded = "the 1 case" if len(cohort.rows) == 1 else f"the {len(cohort.rows)} cases"
    steps = ", ".join(f"{row['step']} {row['children']}" for row in cohort.counts.to_dict("records"))
    return (
        f"Warm start from {loaded} open on {day:%Y-%m-%d}, remaining times conditional on the time "
        f"already spent; no warm-up. Loaded: {steps}. In no step of the model: {len(cohort.unplaced)}."
    )


def _estimation(facts: RunFacts) -> str:
    found = []
    if facts.draws is not None:
        found.append(f"{facts.draws} fits, each to children drawn again from the log.")
    if facts.replications is not None:
        found.append(f"Replications of each: {facts.replications}.")
    if facts.draws is not None and facts.draws > 1:
        found.append("Intervals are taken from the spread between fits: they hold what a finite log leaves unknown.")
    return " ".join(found)


def _sampling(facts: RunFacts) -> str:
    seed = f" Seed {facts.seed}." if facts.seed is not None else ""
    return (
        "NumPy's PCG64. A stream for each purpose, keyed by seed, replication and name, with a row for each child: "
        f"adding a stream or a step changes no other draw, and scenarios share each child's draws.{seed}"
    )


def _execution(facts: RunFacts) -> str:
    found = "An event for each activity that ends, on SimPy's clock; ties by schedule, sessions last on their day."
    return found + (f" Processes used: {facts.workers}; the result does not depend on it." if facts.workers else "")


def _quoted(name: str) -> str:
    return f"“{name.strip()}”"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
