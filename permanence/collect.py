"""From what each stage returns to the parts of results.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from event_logs.log import EventLog
from permanence.results import (
    ActivityCount,
    AimStanding,
    Arrow,
    Bottleneck,
    DataQuality,
    FileLedger,
    GateAtStart,
    LoadedStep,
    LogSummary,
    Model,
    PictureLeavesOut,
    QuarantineReason,
    StageDuration,
    StepLaw,
    Transitions,
    YearCompleteness,
    plain,
    records,
    rows,
)
from permanence.wording import MONTHS

if TYPE_CHECKING:
    from event_logs.derive import Derivation
    from mining.process_map import Hidden, ProcessMap
    from simulation.cohort import Cohort
    from simulation.gates import Sessions
    from simulation.model import PathwayModel

_LITERAL = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_HINT = rf", the nearest known is {_LITERAL}(?: or {_LITERAL})*"
_VALUE = rf"(?<= ){_LITERAL}"
"""A value that stands in a reason, as Python writes it."""
_LEDGER = ("file", "section", "rows_read", "used", "quarantined", "ignored")
_STAGES = {
    "reached": "reached_children",
    "left": "left_children",
    "open": "open_children",
    "share_beyond_limit": "beyond_limit_share",
    "not_recorded": "not_recorded_children",
    "before_reliable": "before_reliable_children",
    "before_window": "before_window_children",
}
_AIMS = {
    "eligible": "eligible_children",
    "met": "met_children",
    "late": "late_children",
    "overdue": "overdue_children",
    "open_within": "open_within_children",
    "left": "left_children",
    "share_met": "met_share",
    "not_recorded": "not_recorded_children",
    "before_reliable": "before_reliable_children",
    "age_unknown": "age_unknown_children",
}
_ACTIVITIES = {
    "starting": "starting_cases",
    "ending": "ending_cases",
    "waiting": "waiting_cases",
    "child_days": "total_days",
}
_ARROWS = {
    "waiting": "waiting_cases",
    "child_days": "total_days",
    "cases_low": "low_cases_share",
    "cases_high": "high_cases_share",
}
_BOTTLENECKS = {
    "probability_first": "first_probability",
    "excess_days": "excess_child_days",
    "open": "open_children",
    "not_recorded": "not_recorded_children",
    "before_reliable": "before_reliable_children",
}


def log_summary(log: EventLog, name: str, *, synthetic: bool = False) -> LogSummary:
    """The log in figures."""
    late = {a: day for a, day in log.window.recorded_from.items() if day > log.window.start}
    return LogSummary(
        name=name,
        synthetic=synthetic,
        cases=len(log.cases),
        open_cases=log.open_cases,
        events=len(log),
        activities=list(log.activities),
        observed_from=plain(log.window.start),
        observed_to=plain(log.window.end),
        recorded_from={activity: plain(late[activity]) for activity in sorted(late)},
        same_day_pairs=int(log.events.duplicated(["case", "date"]).sum()),
    )


def quality(derivation: Derivation) -> DataQuality:
    """How the records were read, and how complete they are."""
    completeness = derivation.data_quality.rename(columns={"share": "recorded_share"})
    named = {"expected": "expected_records", "recorded": "recorded_records"}
    return DataQuality(
        files=[_file(row) for row in records(derivation.ledger)],
        quarantine_reasons=rows(QuarantineReason, quarantine_reasons(derivation.quarantine)),
        completeness=rows(YearCompleteness, completeness, named),
        notes=list(derivation.notes),
    )


def quarantine_reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """How many rows each reason set aside; columns `file`, `reason`, `rows`, most frequent first within a file.

    A row with several reasons counts for each of them. Values in the reasons are left out: they may be a child's.
    """
    reasons = quarantine["reasons"].map(without_values).str.split("; ").explode()
    table = pd.DataFrame({"file": quarantine["file"].loc[reasons.index], "reason": reasons})
    counted = table.groupby(["file", "reason"], sort=True).size().rename("rows").reset_index()
    order = {file: place for place, file in enumerate(quarantine["file"].unique())}
    counted = counted.assign(place=counted["file"].map(order))
    counted = counted.sort_values(["place", "rows", "reason"], ascending=[True, False, True], kind="stable")
    return counted[["file", "reason", "rows"]].reset_index(drop=True)


def without_values(reasons: str) -> str:
    """The reasons for which a record was set aside, without what stood in its cells: that may be a child's.

    >>> without_values("born: unreadable date '31/02/2020', a date is written like 25/12/2024")
    'born: unreadable date …, a date is written like 25/12/2024'
    """
    return re.sub(_VALUE, "…", re.sub(_HINT, "", reasons))


def _file(row: Mapping[str, Any]) -> FileLedger:
    return FileLedger(
        file=row["file"],
        read_rows=row["rows_read"],
        used_rows=row["used"],
        quarantined_rows=row["quarantined"],
        ignored_rows=row["ignored"],
        ignored_rows_by_rule={rule: count for rule, count in row.items() if rule not in _LEDGER},
    )


def stages(table: pd.DataFrame) -> list[StageDuration]:
    """From `mining.stage_summary`."""
    return rows(StageDuration, table, _STAGES)


def aims(table: pd.DataFrame) -> list[AimStanding]:
    """From `mining.aims`."""
    return rows(AimStanding, table, _AIMS)


def transitions(full: ProcessMap, hidden: Hidden | None, order: pd.DataFrame) -> Transitions:
    """The whole map, with what its picture hides; `order` is what `mining.order.certain_arrows` says of its counts."""
    spread = {"certain": "certain_traversals", "minimum": "minimum_traversals", "maximum": "maximum_traversals"}
    counts = order.rename(columns=spread)[["source", "target", *spread.values()]]
    arrows = full.arrows.merge(counts, on=["source", "target"], how="left", validate="one_to_one")
    return Transitions(
        activities=rows(ActivityCount, full.activities, _ACTIVITIES),
        arrows=rows(Arrow, arrows, _ARROWS),
        picture_leaves_out=None
        if hidden is None
        else PictureLeavesOut(
            activities=list(hidden.activities),
            arrows=hidden.arrows,
            cases_share=plain(hidden.cases_share),
            traversals_share=plain(hidden.traversals_share),
            days_share=plain(hidden.child_days_share),
        ),
    )


def bottlenecks(table: pd.DataFrame) -> list[Bottleneck]:
    """From `mining.bottlenecks` or `mining.bottlenecks_by_activity`."""
    return rows(Bottleneck, table, _BOTTLENECKS)


_GATES = {name: f"{name}_children" for name in ("held", "waiting", "over")}


def model(fitted: PathwayModel, cohort: Cohort, panel: Sessions | None, end: pd.Timestamp) -> Model:
    """The fitted model, how the open cases were loaded into it, and what is to be said before it is run to `end`."""
    from simulation.at_gates import over_full
    from simulation.checks import before_running

    reasons = cohort.unplaced["reason"].value_counts().sort_index()
    described = pd.DataFrame(fitted.describe()).rename(columns={"share_from_tail": "tail_share", "rho": "child_share"})
    return Model(
        name=fitted.name,
        steps=rows(StepLaw, described),
        panel="" if panel is None else panel_in_words(panel),
        open_children=len(cohort.cases),
        placed_children=len(cohort.cases) - len(cohort.unplaced),
        unplaced_reasons={str(reason): int(count) for reason, count in reasons.items()},
        loaded=rows(LoadedStep, cohort.counts),
        gates=rows(GateAtStart, over_full(cohort), _GATES),
        before_running=[str(finding) for finding in before_running(fitted, cohort, end)],
        warnings=list(fitted.warnings),
    )


def panel_in_words(panel: Sessions) -> str:
    """The panel's calendar as a person would say it."""
    weeks = " and ".join(str(week) for week in panel.weeks_of_month)
    skipped = f", not in {' or '.join(MONTHS[month - 1] for month in panel.skip_months)}" if panel.skip_months else ""
    return (
        f"{panel.weekday} of week {weeks} of the month{skipped}, {panel.slots} children a session, papers complete "
        f"{panel.lead_days:g} days before; calendar {panel.source}"
    )
