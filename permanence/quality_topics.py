"""The data-quality report as topics: what each table says, in the words and cells of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from event_logs.data_quality.completeness import ALL
from event_logs.data_quality.report import QualityReport, quarantine_reasons
from event_logs.data_quality.tracking import STATUSES, status_column
from permanence import wording

SHOWN = 12
"""At most so many rows of a long list stand on the page; the CSV file has all."""
LOW = 0.95
_LEDGER = ("file", "section", "rows_read", "used", "quarantined", "ignored")
"""The columns of the account of rows that are no rule."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    number: bool = False
    low: bool = False
    """Worth a look."""


@dataclass(frozen=True)
class Table:
    """One table of the page."""

    caption: str
    headers: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Topic:
    """One section of the page."""

    anchor: str
    title: str
    says: str
    """What was found, or that nothing was, in a sentence or two."""
    tables: Sequence[Table] = field(default=())
    files: Sequence[str] = field(default=())
    """The CSV files with all of it, by the part of their names after "data_quality_"."""


def topics(
    report: QualityReport, *, ledger: pd.DataFrame, quarantine: pd.DataFrame, notes: Sequence[str] = ()
) -> list[Topic]:
    """The sections of the page, in the order in which a team would read them."""
    return [
        _aims(report),
        _rows_of_files(report, ledger, quarantine),
        _completeness(report),
        _order(report),
        _placements(report),
        _identity(report),
        _time(report),
        _same_day(report),
        _rules(report),
        _trend(report),
        Topic("notes", "What else to know", "" if notes else "Nothing else.", _notes(notes)),
    ]


def _aims(report: QualityReport) -> Topic:
    headers = [Cell("Aim"), Cell("Children", True), *(Cell(wording.sentence(name), True) for name in STATUSES)]
    rows = [
        [
            Cell(f"{row['aim']}. {row['name']}{'' if row['confirmed'] else ' (limit unconfirmed)'}"),
            _count(row["children"]),
            *(_count(row[status_column(name)], worry=name in STATUSES[3:5]) for name in STATUSES),
        ]
        for row in report.aims.to_dict("records")
    ]
    tables = [Table("Children by the milestone of each aim", headers, rows)]
    waiting = report.aims_children
    group = next((name for name in ("team", "locality") if name in waiting), None)
    if group is not None and len(waiting):
        counts = waiting.groupby([waiting[group].fillna("not known"), "aim"]).size().unstack(fill_value=0)
        headers = [Cell(wording.sentence(group)), *(Cell(f"Aim {aim}", True) for aim in counts.columns)]
        rows = [[Cell(str(name)), *(_count(count) for count in row)] for name, row in counts.iterrows()]
        tables.append(Table(f"Children without a milestone on record where one is due, by {group}", headers, rows))
    longest = waiting.sort_values(["days_over", "case"], ascending=[False, True]).head(SHOWN)
    if len(longest):
        headers = [Cell("Episode"), Cell("Aim", True), Cell("Due"), Cell("Days beyond", True), Cell("How it stands")]
        rows = [
            [
                Cell(str(row["case"])),
                Cell(str(row["aim"]), True),
                Cell(f"{row['due']:%d/%m/%Y}"),
                _count(row["days_over"]),
                Cell(wording.sentence(str(row["status"]))),
            ]
            for row in longest.to_dict("records")
        ]
        tables.append(Table(f"The {len(rows)} that are due longest", headers, rows, _of(len(rows), len(waiting))))
    count = len(waiting)
    says = f"{_many(count, 'child has', 'children have')} no milestone on record where one is due: either it was not "
    says += "reached, or it was and nobody entered it. A child may stand under several aims."
    none = "Every child has the milestone that is due on record."
    return Topic("aims", "Children by the four PACE aims", says if count else none, tables, ("aims", "aims_children"))


def _rows_of_files(report: QualityReport, ledger: pd.DataFrame, quarantine: pd.DataFrame) -> Topic:
    rules = [name for name in ledger if name not in _LEDGER]
    headers = [Cell("File"), *(Cell(name, True) for name in ("Read", "Used", "Set aside", "Left out")), Cell("By rule")]
    rows = []
    for row in ledger.to_dict("records"):
        named = ", ".join(f"{rule} {int(row[rule]):,}" for rule in rules if row[rule])
        counts = [_count(row["rows_read"]), _count(row["used"]), _count(row["quarantined"], worry=True)]
        rows.append([Cell(str(row["file"])), *counts, _count(row["ignored"]), Cell(named or "–")])
    tables = [Table("Rows of each file: read = used + set aside + left out by a named rule", headers, rows)]
    if len(quarantine):
        found = quarantine_reasons(quarantine).head(SHOWN).to_dict("records")
        rows = [[Cell(row["file"]), Cell(row["reason"]), _count(row["records"])] for row in found]
        headers = [Cell("File"), Cell("Reason"), Cell("Rows", True)]
        tables.append(Table("Why rows were set aside (a row may have several reasons)", headers, rows))
    if len(report.unknown_codes):
        tables.append(_unknown_codes(report.unknown_codes))
    count = len(quarantine)
    says = f"{_many(count, 'row was', 'rows were')} set aside; every one stands in quarantine.csv with its reasons."
    none = "Every row could be used or left out by name."
    return Topic("rows", "Rows set aside", says if count else none, tables, ("unknown_codes",))


def _unknown_codes(found: pd.DataFrame) -> Table:
    headers = [Cell("File"), Cell("Column"), Cell("Code"), Cell("Rows", True), Cell("Nearest known")]
    shown = found.sort_values(["rows", "file", "column", "value"], ascending=[False, True, True, True]).head(SHOWN)
    rows = [
        [Cell(row["file"]), Cell(row["column"]), Cell(row["value"]), _count(row["rows"]), Cell(row["nearest"] or "–")]
        for row in shown.to_dict("records")
    ]
    caption = "Codes that the project file does not know: add them to it, or correct the records"
    return Table(caption, headers, rows, _of(len(rows), len(found)))


def _completeness(report: QualityReport) -> Topic:
    table = report.completeness
    whole = table[table["by"] == ALL]
    tables = [_by_year(whole)] if len(whole) else []
    for by in [name for name in table["by"].unique() if name != ALL]:
        part = table[(table["by"] == by) & table["reliable"]]
        if len(part):
            tables.append(_by_group(part, str(by)))
    says = "The share of steps that must have happened, because a later one is on record, and are on record themselves."
    says += " Shaded: below 95%. In brackets: years in which the step was not yet reliably recorded."
    return Topic("completeness", "Completeness of each milestone", says, tables, ("completeness",))


def _by_year(whole: pd.DataFrame) -> Table:
    years = sorted(whole["year"].unique())[-SHOWN:]
    rows = []
    for step, found in whole.groupby("activity", sort=False):
        by_year = dict(zip(found["year"], zip(found["share"], found["reliable"], strict=True), strict=True))
        cells = [_share_cell(*by_year.get(year, (None, False))) for year in years]
        rows.append([Cell(str(step)), *cells])
    headers = [Cell("Step"), *(Cell(str(year), True) for year in years)]
    return Table("Share on record, by year", headers, rows)


def _share_cell(share: float | None, reliable: bool) -> Cell:
    if share is None:
        return Cell("–", True)
    said = wording.percent(share)
    return Cell(said if reliable else f"({said})", True, low=reliable and share < LOW)


def _by_group(part: pd.DataFrame, by: str) -> Table:
    counts = part.groupby(["activity", "group"], sort=False)[["expected", "recorded"]].sum()
    share = (counts["recorded"] / counts["expected"]).unstack()
    groups = sorted(share.columns)
    rows = []
    for step, row in share.reindex(part["activity"].unique()).iterrows():
        cells = [
            Cell("–", True) if pd.isna(row[group]) else Cell(wording.percent(row[group]), True, low=row[group] < LOW)
            for group in groups
        ]
        rows.append([Cell(str(step)), *cells])
    headers = [Cell("Step"), *(Cell(str(group), True) for group in groups)]
    return Table(f"Share on record, by {by} (years of reliable recording)", headers, rows)


def _order(report: QualityReport) -> Topic:
    found = report.order
    headers = [
        Cell("First"),
        Cell("Then"),
        *(Cell(name, True) for name in ("Episodes", "Wrong order", "First missing")),
    ]
    headers.append(Cell("Days too early (median)", True))
    rows = [
        [
            Cell(str(row["before"])),
            Cell(str(row["after"])),
            _count(row["due"]),
            _count(row["wrong_order"], worry=True),
            _count(row["missing"], worry=True),
            Cell("–" if pd.isna(row["median_days_early"]) else wording.whole(row["median_days_early"]), True),
        ]
        for row in found.to_dict("records")
    ]
    wrong, missing = int(found["wrong_order"].sum()), int(found["missing"].sum())
    says = f"{_many(wrong, 'pair of steps is', 'pairs of steps are')} dated in an order that cannot be, and "
    says += f"{_many(missing, 'step is', 'steps are')} missing though a later one is on record. All are kept."
    none = "No step is dated in an order that cannot be, and none is missing before a later one."
    return Topic(
        "order", "Order of steps", says if wrong + missing else none, [Table("Order", headers, rows)], ("order",)
    )


def _placements(report: QualityReport) -> Topic:
    tables = []
    if len(report.overlaps):
        headers = [Cell("Placement"), Cell("and"), Cell("Pairs", True), Cell("Days shared", True)]
        rows = [
            [Cell(row["first"]), Cell(row["second"]), _count(row["pairs"]), _count(row["days"])]
            for row in report.overlaps.to_dict("records")
        ]
        tables.append(Table("Overlapping placements, by type", headers, rows))
    if len(report.gaps):
        years = report.gaps.assign(year=report.gaps["from"].dt.year).groupby("year")["days"]
        headers = [Cell("Year the gap began"), *(Cell(name, True) for name in ("Gaps", "Days", "Longest"))]
        rows = [[Cell(str(year)), _count(len(d)), _count(d.sum()), _count(d.max())] for year, d in list(years)[-SHOWN:]]
        tables.append(Table("Gaps between placements while looked after", headers, rows))
    pairs, gaps = int(report.overlaps["pairs"].sum()), len(report.gaps)
    says = f"{_many(pairs, 'pair of placements overlaps', 'pairs of placements overlap')}, and there "
    says += f"{_many(gaps, 'is', 'are', shown=False)} {_many(gaps, 'gap', 'gaps')} between placements. Both are kept; "
    says += "the event log takes the first day away from home from them, whatever overlaps."
    none = "No placements of a child overlap, and there are no gaps between them."
    return Topic("placements", "Placements", says if pairs + gaps else none, tables, ("overlaps", "gaps"))


def _identity(report: QualityReport) -> Topic:
    tables = []
    both = (("Records that stand twice, or nearly", report.duplicates), ("Child ids to look at", report.children))
    for caption, found in both:
        if len(found):
            counts = found.groupby(["file", "kind"]).size().rename("records").reset_index().to_dict("records")
            rows = [[Cell(row["file"]), Cell(row["kind"]), _count(row["records"])] for row in counts]
            tables.append(Table(caption, [Cell("File"), Cell("What"), Cell("Records", True)], rows))
    says = "Nothing was merged: two ids that are probably one child stay two until somebody has looked."
    none = "No nearly equal records, and no ids that look wrong."
    return Topic("identity", "Duplicates and ids", says if tables else none, tables, ("duplicates", "children"))


def _time(report: QualityReport) -> Topic:
    tables = []
    if len(report.lag):
        names = ("Events", "With entry date", "Median days", "9 in 10 within", "Late", "Entered ahead")
        keys = ("events", "entered", "median_days", "p90_days", "late", "ahead")
        rows = [[Cell(row["activity"]), *(_count(row[key]) for key in keys)] for row in report.lag.to_dict("records")]
        headers = [Cell("Step"), *(Cell(name, True) for name in names)]
        tables.append(Table("Days from a step to its entry", headers, rows))
    if len(report.spikes):
        headers = [Cell("Day"), Cell("Step"), Cell("Records", True), Cell("Median day", True)]
        rows = [
            [Cell(f"{row['date']:%d/%m/%Y}"), Cell(row["activity"]), _count(row["events"]), _count(row["median_day"])]
            for row in report.spikes.head(SHOWN).to_dict("records")
        ]
        tables.append(
            Table("Days with more than ten times the usual", headers, rows, _of(len(rows), len(report.spikes)))
        )
    if len(report.missing_months):
        headers = [Cell("Step"), Cell("Where"), Cell("From"), Cell("To"), Cell("Usual a month", True)]
        rows = [
            [
                Cell(row["activity"]),
                Cell("everywhere" if row["by"] == ALL else f"{row['by']} {row['group']}"),
                Cell(row["first_month"]),
                Cell(row["last_month"]),
                Cell(f"{row['usual']:.1f}", True),
            ]
            for row in report.missing_months.head(SHOWN).to_dict("records")
        ]
        note = _of(len(rows), len(report.missing_months))
        tables.append(Table("Months without a single record, too many to be chance", headers, rows, note))
    parts = [] if len(report.lag) else ["No dates of entry are given, so how late steps are entered is not known."]
    parts += [] if len(report.spikes) else ["No day has more than ten times the records of the median day."]
    parts += [] if len(report.missing_months) else ["No month is empty that should not be."]
    return Topic(
        "time", "Entry, spikes and missing months", " ".join(parts), tables, ("lag", "spikes", "missing_months")
    )


def _same_day(report: QualityReport) -> Topic:
    found = report.same_day
    headers = [Cell("First"), Cell("Then"), *(Cell(name, True) for name in ("Pairs", "Episodes", "Of all pairs"))]
    rows = [
        [
            Cell(row["first"]),
            Cell(row["second"]),
            _count(row["pairs"]),
            _count(row["cases"]),
            Cell(wording.percent(row["share"]), True),
        ]
        for row in found.head(SHOWN).to_dict("records")
    ]
    pairs = int(found["pairs"].sum())
    says = f"{_many(pairs, 'neighbouring pair of steps has', 'neighbouring pairs of steps have')} the same date, so "
    says += "their order is that of the process, not of the records."
    table = Table("Steps of one day", headers, rows, _of(len(rows), len(found)))
    none = "No two steps of an episode have the same date."
    return Topic("same-day", "Same-day steps", says if pairs else none, [table] if pairs else [], ("same_day",))


def _rules(report: QualityReport) -> Topic:
    severity = {"E": "stop", "Q": "set aside", "W": "look at it", "F": "by rule"}
    headers = [Cell("Rule"), Cell("What was found"), Cell("Treatment"), Cell("Records", True), Cell("Children", True)]
    headers.append(Cell("Where"))
    rows = [
        [
            Cell(row["code"]),
            Cell(row["sentence"]),
            Cell(severity[row["severity"]]),
            _count(row["records"]),
            _count(row["children"]),
            Cell(row["lines"]),
        ]
        for row in report.rules.to_dict("records")
    ]
    says = f"{_many(len(rows), 'rule', 'rules')} found something; the CSV file has every record with file and line."
    tables = [Table("Rules that found something", headers, rows)] if rows else []
    return Topic("rules", "All rules", says if rows else "No rule found anything.", tables, ("rules", "findings"))


def _trend(report: QualityReport) -> Topic:
    found = report.trend
    if found.empty:
        says = "This is the first report. Keep data_quality_history.csv beside the next extract, and the next report "
        return Topic("trend", "Since the last extract", says + "will say what has changed.", (), ("history",))
    earlier, now = (wording.date(found[name].iloc[0]) for name in ("earlier_date", "now_date"))
    changed = found[(found["change"] != 0) | (found["earlier_share"].fillna(-1) != found["now_share"].fillna(-1))]
    headers = [Cell("What"), Cell(earlier, True), Cell(now, True), Cell("Change", True)]
    rows = [
        [
            Cell(row["what"]),
            _with_share(row["earlier"], row["earlier_share"]),
            _with_share(row["now"], row["now_share"]),
            Cell(wording.signed(row["change"]), True),
        ]
        for row in changed.to_dict("records")
    ]
    says = f"Compared with the extract of {earlier}: what has changed."
    gone = found[found["measure"].str.match("(rows|episodes) ") & (found["now"] == 0) & (found["earlier"] > 0)]
    if len(gone):
        names = ", ".join(f"{row['what']} ({row['earlier']:,} before)" for row in gone.to_dict("records"))
        says += f" None any more of: {names}. Was the extract filtered?"
    none = f"Nothing has changed since the extract of {earlier}."
    tables = [Table("Changes", headers, rows)] if rows else []
    return Topic("trend", "Since the last extract", says if rows else none, tables, ("trend", "history"))


def _notes(notes: Iterable[str]) -> list[Table]:
    rows = [[Cell(note)] for note in notes]
    return [Table("Notes on the event log", [Cell("Note")], rows)] if rows else []


def _count(number: float, *, worry: bool = False) -> Cell:
    return Cell(wording.whole(number), True, low=worry and number > 0)


def _with_share(count: float, share: float) -> Cell:
    return Cell(wording.whole(count) + ("" if pd.isna(share) else f" ({wording.percent(share)})"), True)


def _many(count: int, one: str, several: str, *, shown: bool = True) -> str:
    said = one if count == 1 else several
    return f"{count:,} {said}" if shown else said


def _of(shown: int, count: int) -> str:
    return f"{shown} of {count:,}; the CSV file has all." if count > shown else ""
