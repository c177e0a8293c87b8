"""The data-quality report as tables, and what of it is worth taking to the team first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.data_quality.completeness import ALL, REVIEW_OUTCOME, completeness
from event_logs.data_quality.spread import missing_months, recording_lag, same_day
from event_logs.data_quality.tracking import standing, track
from event_logs.data_quality.trend import HISTORY_COLUMNS, trend, with_earlier
from event_logs.log import EventLog, from_days
from event_logs.rules.facts import Facts
from event_logs.rules.findings import Findings, lines_of
from event_logs.rules.order import ORDERS, Missing, WrongOrder
from event_logs.rules.overlaps import overlap_matrix
from event_logs.rules.spells import gaps
from event_logs.rules.spread import spikes

_DUPLICATES = ("E71", "E72", "E72.1", "E72.2", "E73")
_CHILDREN = ("E74", "E74.1", "E75", "E76", "E78.1", "E90.1")
_QUOTED = r""" ('|").*$"""
_NO_CODES = pd.DataFrame(columns=["file", "column", "value", "rows", "nearest"])
Account = tuple[pd.DataFrame, pd.DataFrame]
FIRST = 8
"""How many things are worth taking to the team first."""


@dataclass(frozen=True, eq=False, kw_only=True)
class QualityReport:
    """The tables of a data-quality report. Each may be empty: then there is nothing of the kind, or nothing to tell."""

    first: pd.DataFrame
    """What to take to the team first, most children first: `what`, `children`, `records`, `advice`, `where`."""
    completeness: pd.DataFrame
    """See `completeness.completeness`."""
    order: pd.DataFrame
    """One row an order rule: `before`, `after`, `due` (episodes with the later step), `wrong_order`, `missing`,
    `median_days_early` (of those in the wrong order)."""
    same_day: pd.DataFrame
    """See `spread.same_day`."""
    lag: pd.DataFrame
    """See `spread.recording_lag`; empty where no entry date is known."""
    spikes: pd.DataFrame
    """See `event_logs.rules.spread.spikes`."""
    missing_months: pd.DataFrame
    """See `spread.missing_months`."""
    duplicates: pd.DataFrame
    """One row a pair or copy: `code`, `kind`, `table`, `file`, `line`, `other_file`, `other_line`."""
    overlaps: pd.DataFrame
    """Overlapping placements: see `event_logs.rules.overlaps.overlap_matrix`."""
    gaps: pd.DataFrame
    """Gaps between placements: `case`, `child`, `from` (first day without one), `days`."""
    children: pd.DataFrame
    """Ids that need a look: `code`, `kind`, `file`, `line`, `other_file`, `other_line`, `child`; nothing is merged."""
    aims: pd.DataFrame
    """How the children of each aim stand: see `tracking.standing`."""
    aims_children: pd.DataFrame
    """Who has no milestone on record where one is due: the rows of `tracking.track` that are overdue or skipped."""
    unknown_codes: pd.DataFrame
    """The unknown codes that stand most often: `file`, `column`, `value`, `rows`, `nearest`."""
    rules: pd.DataFrame
    """What each rule found: see `Findings.warnings`."""
    findings: pd.DataFrame
    """Every record that a rule found: see `Findings.rows`."""
    history: pd.DataFrame
    """The measures of this and earlier extracts: `extraction_date`, `measure`, `what`, `count`, `out_of`."""
    trend: pd.DataFrame
    """This extract beside the one before: see `trend.trend`."""


def quality_report(
    log: EventLog,
    facts: Facts,
    findings: Findings,
    *,
    account: Account | None = None,
    earlier: pd.DataFrame | None = None,
    unknown_codes: pd.DataFrame | None = None,
) -> QualityReport:
    """What is wrong with the records, by topic.

    `account` is the ledger and the quarantine, `unknown_codes` those of the same name (see
    `event_logs.derive.Derivation`); `earlier` the measures of earlier reports (see `trend.read_history`), for the
    trend. The same arguments give the same tables.
    """
    groups = tuple(name for name in facts.policy.groups if name in log.cases)
    complete = completeness(log, facts.reviews if "reviews" in facts.given else None, groups=groups)
    tracked = track(facts)
    aims = standing(tracked)
    history = with_earlier(_measures(log, facts, findings, complete, aims, account), earlier)
    unrecorded = tracked["status"].isin(["due, none recorded", "none recorded, but a later step is"])
    return QualityReport(
        first=_first(findings, aims, facts, account),
        completeness=complete,
        order=_order(facts),
        same_day=same_day(log),
        lag=recording_lag(facts),
        spikes=spikes(facts),
        missing_months=missing_months(facts, groups=groups),
        duplicates=_pairs(findings, _DUPLICATES)[["code", "kind", "table", "file", "line", "other_file", "other_line"]],
        overlaps=overlap_matrix(facts),
        gaps=_gaps(facts),
        children=_pairs(findings, _CHILDREN)[["code", "kind", "file", "line", "other_file", "other_line", "child"]],
        aims=aims,
        aims_children=tracked[unrecorded].reset_index(drop=True),
        unknown_codes=_NO_CODES if unknown_codes is None else unknown_codes,
        rules=findings.warnings,
        findings=findings.rows,
        history=history,
        trend=trend(history),
    )


def _order(facts: Facts) -> pd.DataFrame:
    rows = []
    for order in ORDERS:
        then, _ = facts.firsts.first(order.after)
        early = np.concatenate([hits.days for hits in WrongOrder(order)(facts) if hits.days is not None])
        missing = sum(len(hits) for hits in Missing(order)(facts)) if order.never_without else 0
        rows.append(
            {
                "before": order.first,
                "after": order.then,
                "due": int((~np.isnan(then)).sum()),
                "wrong_order": len(early),
                "missing": missing,
                "median_days_early": float(np.median(early)) if len(early) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _gaps(facts: Facts) -> pd.DataFrame:
    episode, since, days = gaps(facts)
    whose = facts.episodes[["case", "child"]].take(episode).reset_index(drop=True)
    whose["from"] = from_days(since)
    return whose.assign(days=days.astype(np.int64))


def _pairs(findings: Findings, codes: tuple[str, ...]) -> pd.DataFrame:
    names = {rule.code: rule.sentence for rule in findings.rules}
    found = findings.rows[findings.rows["code"].isin(codes)].reset_index(drop=True)
    return found.assign(kind=found["code"].map(names).astype("str"))


def quarantine_reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Why records were set aside, the commonest reason first: `file`, `reason`, `records`.

    What a reason quotes of the record itself, and what follows it, is left out, so that equal reasons fall together.
    """
    reasons = quarantine.assign(reason=quarantine["reasons"].str.split("; ")).explode("reason")
    reasons["reason"] = reasons["reason"].str.replace(_QUOTED, "", regex=True)
    counts = reasons.groupby(["file", "reason"]).size().rename("records").reset_index()
    order = ["records", "file", "reason"]
    return counts.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _first(findings: Findings, aims: pd.DataFrame, facts: Facts, account: Account | None) -> pd.DataFrame:
    """The things that touch most children, or most records where the children are not known."""
    rows = [*_first_aims(aims), *_first_rules(findings, "QW" if account is None else "W"), *_first_outcomes(facts)]
    if account is not None:
        rows += _first_refused(account[1])
    table = pd.DataFrame(rows, columns=["what", "children", "records", "advice", "where"])
    size = table["children"].where(table["children"] > 0, table["records"])
    order = size.sort_values(ascending=False, kind="stable").index[:FIRST]
    return table.loc[order].reset_index(drop=True)


def _first_refused(quarantine: pd.DataFrame) -> Iterator[dict[str, object]]:
    """One thing a file: how many of its records could not be used, and why most often."""
    reasons = quarantine_reasons(quarantine).drop_duplicates("file")
    usual = dict(zip(reasons["file"], reasons["reason"], strict=True))
    counts = quarantine["file"].value_counts(sort=False).to_dict()
    for file, count in counts.items():
        yield {
            "what": f"{file}: set aside because they cannot be used, most often for “{usual[str(file)]}”.",
            "children": 0,
            "records": int(count),
            "advice": "Correct them in the case management system, or, if a code is right, in the project file.",
            "where": "quarantine.csv",
        }


def _first_aims(aims: pd.DataFrame) -> Iterator[dict[str, object]]:
    for row in aims[aims["unrecorded"] > 0].to_dict("records"):
        yield {
            "what": f"Aim {row['aim']} ({row['name']}): no milestone on record where one is due.",
            "children": row["unrecorded"],
            "records": 0,
            "advice": "Go through the list child by child: enter the milestone if it was reached, else plan it.",
            "where": "data_quality_aims_children.csv",
        }


def _first_rules(findings: Findings, severities: str) -> Iterator[dict[str, object]]:
    found = findings.warnings
    for row in found[found["severity"].isin(list(severities))].to_dict("records"):
        yield {
            "what": row["sentence"],
            "children": row["children"] or row["cases"] or row["records"],
            "records": row["records"],
            "advice": row["advice"],
            "where": row["lines"],
        }


def _first_outcomes(facts: Facts) -> Iterator[dict[str, object]]:
    since = facts.window.reliable_from(*facts.window.recorded_from)
    reviews = facts.reviews[(facts.reviews["date"] >= since) & facts.reviews["outcome"].isna()]
    if len(reviews):
        yield {
            "what": f"{REVIEW_OUTCOME}: not on record though the review is.",
            "children": int(reviews["case"].nunique()),
            "records": len(reviews),
            "advice": "Enter what the review decided; agree who records it after each review.",
            "where": lines_of(reviews),
        }


def _extent(log: EventLog, groups: Sequence[str], account: Account | None) -> Iterator[tuple[str, str, int, float]]:
    """How much there is at all: what an extract lacks that the one before had was probably filtered out."""
    for file in [] if account is None else account[0].to_dict("records"):
        yield f"rows {file['file']}", f"{file['file']}: rows read", int(file["rows_read"]), np.nan
    for name in [name for name in groups if name in log.cases]:
        for value, count in log.cases[name].value_counts().sort_index().items():
            yield f"episodes {name} {value}", f"Episodes of {name} {value}", int(count), float(len(log.cases))


def _measures(
    log: EventLog,
    facts: Facts,
    findings: Findings,
    complete: pd.DataFrame,
    aims: pd.DataFrame,
    account: Account | None,
) -> pd.DataFrame:
    """The figures that can be compared from one extract to the next."""
    rows: list[tuple[str, str, int, float]] = []
    if account is not None:
        for file in account[0].to_dict("records"):
            said = f"{file['file']}: rows set aside"
            rows.append((f"quarantined {file['file']}", said, int(file["quarantined"]), float(file["rows_read"])))
    found = findings.warnings.to_dict("records")
    rows += [(f"rule {rule['code']}", str(rule["sentence"]), int(rule["records"]), np.nan) for rule in found]
    whole = complete[(complete["by"] == ALL) & complete["reliable"]]
    for step, row in whole.groupby("activity", sort=False)[["expected", "recorded"]].sum().iterrows():
        rows.append((f"on record {step}", f"{step}: on record", int(row["recorded"]), float(row["expected"])))
    rows += _extent(log, facts.policy.groups, account)
    for aim in aims.to_dict("records"):
        said = f"Aim {aim['aim']}: no milestone on record where one is due"
        rows.append((f"aim {aim['aim']}", said, int(aim["unrecorded"]), float(aim["children"])))
    table = pd.DataFrame(rows, columns=list(HISTORY_COLUMNS[1:]))
    table.insert(0, "extraction_date", f"{log.window.end:%Y-%m-%d}")
    return table.astype({"extraction_date": "str", "measure": "str", "what": "str"})
