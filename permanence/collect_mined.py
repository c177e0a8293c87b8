"""From what mining returns to the parts of results.json that `permanence.mined` describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from permanence.mined import (
    AimPeriod,
    ChartPoint,
    Conformance,
    ExcessRank,
    GroupMedian,
    Handover,
    Handovers,
    LeverageRank,
    OrderUnknown,
    Outcomes,
    OutcomeShare,
    PanelWait,
    PathwayStep,
    ReworkKind,
    RuleFinding,
    RunChart,
    RunCharts,
    StageFlow,
    Variant,
    Variants,
    WaitPart,
)
from permanence.results import plain, rows

if TYPE_CHECKING:
    from mining.charts.pace import PaceChart, PaceCharts
    from mining.conformance import Conformance as Compared
    from mining.handover import Handover as HandoverTables
    from mining.order import OrderUncertainty
    from mining.panel_wait import PanelWait as SplitWait
    from mining.rule_checks import RuleCheck
    from mining.sessions import Sessions

SHOWN_VARIANTS = 20
_OUTCOMES = {"followed": "followed_children"}
_EXCESS = {
    "excess_days": "excess_child_days",
    "low_days": "low_child_days",
    "high_days": "high_child_days",
    "probability_first": "first_probability",
    "children_beyond": "beyond_children",
    "open_beyond": "beyond_open_children",
}
_LEVERAGE = {
    "low_days": "low_child_days",
    "high_days": "high_child_days",
    "probability_first": "first_probability",
    "leverage_note": "note",
}
_GROUPS = {"open": "open_children", "p_adjusted": "chance_probability"}
_FLOW = {
    "days": "observed_days",
    "at_start": "start_children",
    "at_end": "end_children",
    "mean_in_stage": "mean_children",
    "arrivals_a_day": "arrivals_per_day",
    "counted_days": "counted_child_days",
    "days_each": "each_days",
}
_REWORK = {"n": "happened_children", "open": "open_children", "now": "now_children"}
_RULES = {
    "satisfied": "satisfied_cases",
    "violated": "violated_cases",
    "still_open": "still_open_cases",
    "does_not_apply": "does_not_apply_cases",
    "cannot_tell": "cannot_tell_cases",
    "share_violated": "violated_share",
    "could_vanish": "could_vanish_cases",
    "could_appear": "could_appear_cases",
}
_STEPS = {"skipped": "skipped_cases", "extra": "extra_cases", "out_of_order": "out_of_order_cases"}
_PERIODS = {
    "eligible": "eligible_children",
    "met": "met_children",
    "late": "late_children",
    "overdue": "overdue_children",
    "open_within": "open_within_children",
    "left": "left_children",
    "share_met": "met_share",
}


def outcomes(ends: pd.DataFrame, permanence: pd.DataFrame, words: str) -> Outcomes:
    """From `mining.outcomes.competing_outcomes`, for all ends and for permanence against leaving without it."""
    return Outcomes(
        ends=rows(OutcomeShare, ends, _OUTCOMES), permanence=rows(OutcomeShare, permanence, _OUTCOMES), words=words
    )


def excess(table: pd.DataFrame) -> list[ExcessRank]:
    """From `mining.rankings`."""
    return rows(ExcessRank, table, _EXCESS)


def leverage(table: pd.DataFrame) -> list[LeverageRank]:
    """From `scenarios.leverage`; a stage that could not be simulated has no rank."""
    ranks = table["rank"].astype("Int64").astype(object)
    return rows(LeverageRank, table.assign(rank=ranks.where(ranks.notna(), None)), _LEVERAGE)


def panel_wait(wait: SplitWait, sessions: Sessions, lead_days: int = 0) -> PanelWait:
    """From `mining.panel_wait` and the sessions that the dates show."""
    return PanelWait(
        meets=sessions.words,
        words=wait.words,
        parts=rows(WaitPart, wait.parts),
        heard_children=wait.heard,
        waiting_children=wait.waiting,
        slots=wait.slots,
        lead_days=lead_days,
        load_share=plain(wait.load),
        low_load_share=plain(wait.low_load),
        high_load_share=plain(wait.high_load),
        full_months=wait.months_full,
    )


def groups(table: pd.DataFrame) -> list[GroupMedian]:
    """From `mining.groups.by_group`."""
    return rows(GroupMedian, table, _GROUPS)


def flow(table: pd.DataFrame) -> list[StageFlow]:
    """From `mining.little.littles_law`."""
    return rows(StageFlow, table, _FLOW)


def rework(table: pd.DataFrame) -> list[ReworkKind]:
    """From `mining.rework`; counts of a kind that the log cannot show are missing."""
    counts = ["children", "n", "open", "times", "now"]
    whole = table.assign(**{name: table[name].astype("Int64").astype(object) for name in counts})
    return rows(ReworkKind, whole.where(whole.notna(), None), _REWORK)


def order(found: OrderUncertainty) -> OrderUnknown:
    """From `mining.order.order_uncertainty`."""
    return OrderUnknown(
        cases=found.cases,
        unknown_cases=found.cases_unknown,
        unknown_cases_share=plain(found.share_of_cases),
        words=found.text,
    )


def variants(table: pd.DataFrame, words: str) -> Variants:
    """From `mining.variants.variants`: the most frequent ways of closed cases, and of open ones so far."""
    shown = pd.concat([table[table["complete"]].head(SHOWN_VARIANTS), table[~table["complete"]].head(SHOWN_VARIANTS)])
    return Variants(words=words, frequent=rows(Variant, shown))


def handovers(found: HandoverTables) -> Handovers:
    """From `mining.handover.handover`."""
    between = found.between.head(SHOWN_VARIANTS)
    return Handovers(by=found.column, words=found.text, between=rows(Handover, between, {"waiting": "waiting_cases"}))


def conformance(found: Compared, checked: RuleCheck) -> Conformance:
    """From `mining.conformance` and `mining.rule_checks`."""
    return Conformance(
        fitness=plain(found.fitness),
        compared_cases=found.cases,
        fitting_cases=found.fitting,
        replayed_cases=found.replayed,
        before_window_cases=found.before_window,
        findings=list(found.findings),
        steps=rows(PathwayStep, found.steps, _STEPS),
        rule_findings=list(checked.findings),
        rules=rows(RuleFinding, checked.table, _RULES),
    )


def run_charts(periods: pd.DataFrame, words: Sequence[str], charts: Sequence[PaceCharts]) -> RunCharts:
    """From `mining.aims_over_time` and `mining.charts.pace`."""
    return RunCharts(
        words=list(words),
        periods=rows(AimPeriod, periods, _PERIODS),
        charts=[
            one
            for pair in charts
            for one in (
                _chart(pair.aim.number, "entry", pair.by_entry),
                _chart(pair.aim.number, "completion", pair.by_completion),
            )
        ],
    )


def chart_file(number: int, kind: str) -> str:
    """The name of the picture of an aim's chart."""
    return f"aim_{number}_by_{kind}.svg"


def _chart(number: int, kind: str, chart: PaceChart) -> RunChart:
    value, other = ("share", "median_days") if kind == "entry" else ("median_days", "share")
    points = chart.points.rename(columns={"n": "children", "value": value}).assign(**{other: None})
    return RunChart(
        number=number,
        kind=kind,
        picture=chart_file(number, kind),
        description=chart.alt,
        points=rows(ChartPoint, points),
    )
