"""results.json: everything a run found, as data with units in the names. The report is made from nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from event_logs.errors import InputError, Problem
from permanence import compared, mined
from permanence.part import Part

SCHEMA_VERSION: Literal[1] = 1
_DECIMALS = 4
"""Every number with a fraction is rounded to this many decimals, so that the file is the same on every machine."""


class LogSummary(Part):
    """What was observed."""

    name: str
    synthetic: bool
    """Whether the records were made up by the generator."""
    cases: int
    open_cases: int
    events: int
    activities: list[str]
    observed_from: str
    observed_to: str
    recorded_from: dict[str, str]
    """Activity -> date from which it is reliably recorded, where that is later than the start of the window."""
    same_day_pairs: int
    """Neighbouring events of one case on one day, whose order is that of the milestones."""


class FileLedger(Part):
    """One table of the extract: rows read = used + quarantined + ignored."""

    file: str
    read_rows: int
    used_rows: int
    quarantined_rows: int
    ignored_rows: int
    ignored_rows_by_rule: dict[str, int]


class QuarantineReason(Part):
    """One reason for which rows of a file were set aside, and for how many."""

    file: str
    reason: str
    rows: int


class YearCompleteness(Part):
    """How many of the steps that must have happened in a year are on record."""

    activity: str
    year: int
    implied_by: str
    expected_records: int
    recorded_records: int
    recorded_share: float | None


class DataQuality(Part):
    """How the records were read, and how complete they are."""

    files: list[FileLedger]
    quarantine_reasons: list[QuarantineReason]
    completeness: list[YearCompleteness]
    notes: list[str]


class StageDuration(Part):
    """How long a stage takes, open cases counted (Kaplan-Meier with delayed entry)."""

    stage: str
    children: int
    reached_children: int
    left_children: int
    open_children: int
    median_days: float | None
    low_days: float | None
    high_days: float | None
    p75_days: float | None
    p90_days: float | None
    more_than_days: float | None
    naive_median_days: float | None
    """Median of completed stays only, which drops everybody still waiting."""
    recent_naive_median_days: float | None
    """The same among stays begun in the last two years, where leaving out the waiting does most harm."""
    restricted_mean_days: float | None
    limit_days: float | None
    limit_confirmed: bool
    beyond_limit_share: float | None
    corrected_median_days: float | None = None
    """By a likelihood in which children who are slow at one stage may be slow at the others (methods: frailty)."""
    corrected_low_days: float | None = None
    corrected_high_days: float | None = None
    corrected_preferred: bool = False
    """Whether the corrected median is the one to use."""
    corrected_note: str = ""
    not_recorded_children: int
    before_reliable_children: int
    before_window_children: int
    warning: str


class AimStanding(Part):
    """How one aim stands."""

    number: int
    name: str
    clock: str
    population: str
    eligible_children: int
    met_children: int
    late_children: int
    overdue_children: int
    open_within_children: int
    left_children: int
    met_share: float | None
    low_share: float | None
    high_share: float | None
    crude_share: float | None
    target_share: float
    limit_days: float
    meets_target: str
    not_recorded_children: int
    before_reliable_children: int
    age_unknown_children: int
    confirmed: bool
    source: str
    warning: str


class ActivityCount(Part):
    """One activity of the process."""

    activity: str
    cases: int
    events: int
    starting_cases: int
    ending_cases: int
    waiting_cases: int
    waiting_median_days: float | None
    waiting_days: float
    total_days: float


class Arrow(Part):
    """One arrow of the process: one activity directly followed by another."""

    source: str
    target: str
    cases: int
    traversals: int
    minimum_traversals: int
    """The fewest and the most there can have been, whatever the order of events of one day was."""
    maximum_traversals: int
    certain_traversals: int
    """Those whose order is beyond doubt."""
    waiting_cases: int
    """Open cases at the source, the same on every arrow that leaves it."""
    waiting_median_days: float | None
    waiting_longest_days: float | None
    median_days: float | None
    low_days: float | None
    high_days: float | None
    p25_days: float | None
    p75_days: float | None
    p90_days: float | None
    more_than_days: float | None
    restricted_mean_days: float | None
    restricted_low_days: float | None
    restricted_high_days: float | None
    restricted_to_days: float | None
    """The mean is of the days within so many."""
    total_days: float
    cases_share: float | None
    low_cases_share: float | None
    high_cases_share: float | None
    established: bool


class PictureLeavesOut(Part):
    """What the picture of the map does not show."""

    activities: list[str]
    arrows: int
    cases_share: float
    traversals_share: float
    days_share: float


class Transitions(Part):
    """The whole process map, and what its picture leaves out (None when there is no picture)."""

    activities: list[ActivityCount]
    arrows: list[Arrow]
    picture_leaves_out: PictureLeavesOut | None


class Bottleneck(Part):
    """One stage (or activity) in the ranking by days spent waiting."""

    rank: int
    stage: str
    child_days: float
    share: float | None
    low_share: float | None
    high_share: float | None
    first_probability: float | None
    tied: bool
    excess_child_days: float | None
    children: int
    open_children: int
    not_recorded_children: int
    before_reliable_children: int
    since: str


class StepLaw(Part):
    """One step of the fitted model for one group of children."""

    step: str
    stratum: str
    waits_for: list[str]
    gate: str
    median_days: float | None
    tail_share: float | None
    child_share: float | None = None
    """Share of the variance of log days that belongs to the child: who is slow at one step is slow at others."""
    note: str


class LoadedStep(Part):
    """How many open cases stand in a step of the model at its start."""

    step: str
    children: int


class GateAtStart(Part):
    """Who is at a gate of the model at its start."""

    gate: str
    places: int | None
    """Places of the day; none for a panel."""
    held_children: int
    """Those who hold a place, or who are booked for a coming session."""
    waiting_children: int
    over_children: int
    """Held or booked beyond what there is; nobody is sent away, the surplus drains."""


class Model(Part):
    """The pathway model fitted from the log, and where today's open cases stand in it."""

    name: str
    steps: list[StepLaw]
    panel: str
    """The panel's calendar in words; empty when there is none."""
    open_children: int
    placed_children: int
    unplaced_reasons: dict[str, int]
    loaded: list[LoadedStep]
    gates: list[GateAtStart] = Field(default_factory=list)
    before_running: list[str] = Field(default_factory=list)
    """What is to be said before the model is run: queues that can only grow, sessions that are never held."""
    warnings: list[str]


class Results(Part):
    """Everything one run found; a part is null while its stage has not run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    log: LogSummary
    data_quality: DataQuality | None = None
    stages: list[StageDuration] | None = None
    aims: list[AimStanding] | None = None
    transitions: Transitions | None = None
    bottlenecks: list[Bottleneck] | None = None
    excess: list[mined.ExcessRank] | None = None
    leverage: list[mined.LeverageRank] | None = None
    panel_wait: mined.PanelWait | None = None
    groups: list[mined.GroupMedian] | None = None
    flow: list[mined.StageFlow] | None = None
    rework: list[mined.ReworkKind] | None = None
    outcomes: mined.Outcomes | None = None
    order: mined.OrderUnknown | None = None
    variants: mined.Variants | None = None
    handovers: mined.Handovers | None = None
    conformance: mined.Conformance | None = None
    run_charts: mined.RunCharts | None = None
    model: Model | None = None
    scenarios: compared.Scenarios | None = None
    sensitivity: compared.Sensitivity | None = None

    def text(self) -> str:
        """The file's content: fixed order, fixed decimals, no clock and no path in it."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def json_schema() -> str:
    """The JSON Schema that results.json keeps to, as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Results.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def load_results(path: Path) -> Results:
    """Read a results.json back. Raises InputError when it is missing or not of this version."""
    try:
        return Results.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        remedy = "Run: permanence run"
        raise InputError(Problem(str(path), "", "there are no results yet", remedy)) from None
    except ValidationError:
        remedy = "Delete the file and run: permanence run"
        raise InputError(Problem(str(path), "", "these are not results of this version", remedy)) from None


_Row = TypeVar("_Row", bound=Part)


def rows(kind: type[_Row], frame: pd.DataFrame, rename: Mapping[str, str] | None = None) -> list[_Row]:
    """The rows of a table as parts of the results: columns renamed, those not wanted left out, numbers rounded."""
    named = frame.rename(columns=dict(rename or {}))
    wanted = [name for name, field in kind.model_fields.items() if name in named or field.is_required()]
    return [kind.model_validate(row) for row in records(named[wanted])]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values: missing is None, floats rounded, dates ISO 8601."""
    columns = [[plain(value) for value in frame[column]] for column in frame]
    return [dict(zip(map(str, frame.columns), values, strict=True)) for values in zip(*columns, strict=True)]


def plain(value: Any) -> Any:
    """One value as JSON knows it.

    >>> plain(1 / 3), plain(float("nan")), plain(-0.00001), plain(pd.Timestamp("2024-07-31"))
    (0.3333, None, 0.0, '2024-07-31')
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        # Adding 0.0 turns -0.0 into 0.0.
        return round(float(value), _DECIMALS) + 0.0 if math.isfinite(value) else None
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
