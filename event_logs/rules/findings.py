"""What the rules found: records to set aside, to leave out by name, and to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.rules.facts import Facts
from event_logs.rules.rule import Hits, Rule, Severity

_SHOWN_LINES = 5
_TYPES = {
    "code": "str",
    "severity": "str",
    "table": "str",
    "file": "str",
    "line": "int64",
    "row": "int64",
    "case": "str",
    "child": "str",
    "activity": "str",
    "reason": "str",
    "days": "float64",
    "other_file": "str",
    "other_line": "int64",
}


@dataclass(frozen=True, eq=False)
class Findings:
    """Every record that a rule found; empty where the records are as they should be."""

    rows: pd.DataFrame
    """One row a record and rule: `code`, `severity`, `table`, `file`, `line`, `row` (number of the record in its
    file), `case`, `child`, `activity`, `reason`, `days`, `other_file`, `other_line` (the record it was judged
    against, line 0 where there is none)."""
    rules: tuple[Rule, ...]
    """The rules that were applied, in their order."""

    def of(self, code: str) -> pd.DataFrame:
        """The rows of one rule; ValueError for a rule that was not applied."""
        known = [rule.code for rule in self.rules]
        if code not in known:
            raise ValueError(f"no rule {code!r} was applied; applied were: {', '.join(known)}")
        return self.rows[self.rows["code"] == code].reset_index(drop=True)

    @property
    def quarantined(self) -> pd.DataFrame:
        """The records to set aside, one row each: `table`, `file`, `line`, `row`, `reasons` joined by "; "."""
        found = self.rows[self.rows["severity"] == Severity.QUARANTINE]
        joined = found.groupby(["table", "file", "line", "row"], sort=True)["reason"].agg("; ".join)
        return joined.rename("reasons").reset_index()

    @property
    def ignored(self) -> pd.DataFrame:
        """The records left out by name, one row each: `table`, `file`, `line`, `row`, `rule` (its sentence).

        A record that is set aside as well is not left out; of two rules the first names it.
        """
        names = {rule.code: rule.sentence for rule in self.rules if rule.ignores}
        place = ["table", "file", "line", "row"]
        found = self.rows[self.rows["code"].isin(list(names))].drop_duplicates(place)
        aside = pd.MultiIndex.from_frame(self.quarantined[place])
        found = found[~pd.MultiIndex.from_frame(found[place]).isin(aside)]
        return found[place].assign(rule=found["code"].map(names).astype("str")).reset_index(drop=True)

    @cached_property
    def warnings(self) -> pd.DataFrame:
        """What the rules found, one row a rule that found something, the graver first.

        Columns: `code`, `sentence`, `severity`, `records`, `cases`, `children` (how many different ones), `lines`
        (file and line of the first few records), `median_days` (NaN where days mean nothing), `advice`.
        """
        known = {rule.code: rule for rule in self.rules}
        found = []
        for code, rows in self.rows.groupby("code", sort=False):
            rule = known[str(code)]
            found.append(
                {
                    "code": rule.code,
                    "sentence": rule.sentence,
                    "severity": str(rule.severity),
                    "records": len(rows[["file", "line", "activity"]].drop_duplicates()),
                    "cases": int(rows["case"].nunique()),
                    "children": int(rows["child"].nunique()),
                    "lines": lines_of(rows),
                    "median_days": float(rows["days"].median()) if rows["days"].notna().any() else np.nan,
                    "advice": rule.advice,
                }
            )
        columns = ["code", "sentence", "severity", "records", "cases", "children", "lines", "median_days", "advice"]
        frame = pd.DataFrame(found, columns=columns)
        grave = frame["severity"].map({letter: place for place, letter in enumerate("EQWF")})
        order = frame.assign(_grave=grave).sort_values(["_grave", "children", "code"], ascending=[True, False, True])
        return order.drop(columns="_grave").reset_index(drop=True)

    def stop_if_unusable(self) -> None:
        """Raise InputError if a rule of severity E found something; the message holds no child's data."""
        rules = {rule.code: rule for rule in self.rules}
        grave = self.rows[self.rows["severity"] == Severity.STOP]
        problems = []
        for (code, file), rows in grave.groupby(["code", "file"], sort=True):
            rule = rules[str(code)]
            first, many = int(rows["line"].min()), len(rows)
            said = rule.sentence[0].lower() + rule.sentence[1:].rstrip(".")
            problems.append(Problem(str(file), f"line {first}", f"{said} ({many:,} records)", rule.advice))
        if problems:
            raise InputError(problems)


def apply_rules(facts: Facts, rules: Iterable[Rule]) -> Findings:
    """What these rules find in the facts. ValueError if two of the rules share a code."""
    rules = tuple(rules)
    codes = [rule.code for rule in rules]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"rules must have different codes, got more than one {', '.join(twice)}")
    parts = [_rows(facts, rule, hits) for rule in rules for hits in rule.predicate(facts) if len(hits)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_TYPES))
    return Findings(rows.astype(_TYPES), rules)


def remaining(facts: Facts, findings: Findings) -> tuple[Facts, Findings]:
    """The facts without the records to set aside or to leave out, and what the rules find in those.

    What was set aside or left out stays among the findings; a warning about such a record does not.
    """
    dropped = pd.concat([findings.quarantined, findings.ignored], ignore_index=True)
    if dropped.empty:
        return facts, findings
    facts = facts.without(dropped)
    removing = [rule.code for rule in findings.rules if rule.ignores or rule.severity == Severity.QUARANTINE]
    removed = findings.rows["code"].isin(removing)
    again = apply_rules(facts, [rule for rule in findings.rules if rule.code not in removing])
    return facts, Findings(pd.concat([findings.rows[removed], again.rows], ignore_index=True), findings.rules)


def lines_of(rows: pd.DataFrame) -> str:
    """Where the first few records stand: "placements.csv lines 3, 8 and 12 more".

    >>> lines_of(pd.DataFrame({"file": ["a.csv"] * 2, "line": [8, 3]}))
    'a.csv lines 3, 8'
    """
    said = []
    for file, lines in rows.groupby("file", sort=True)["line"]:
        known = sorted(set(lines.tolist()))
        shown = ", ".join(map(str, known[:_SHOWN_LINES]))
        more = f" and {len(known) - _SHOWN_LINES:,} more" if len(known) > _SHOWN_LINES else ""
        said.append(f"{file} line{'s' if len(known) > 1 else ''} {shown}{more}")
    return "; ".join(said)


def _rows(facts: Facts, rule: Rule, hits: Hits) -> pd.DataFrame:
    frame = facts.table(hits.table).take(hits.at).reset_index(drop=True)
    size = len(frame)
    case, child = _whose(facts, hits.table, frame)
    reason = hits.reason if isinstance(hits.reason, str) else ""
    said = _same(reason or rule.sentence, size) if isinstance(hits.reason, str) else pd.array(hits.reason, dtype="str")
    other_file, other_line = _same(None, size), np.zeros(size, dtype=np.int64)
    if hits.other is not None:
        other = facts.table(hits.other_table or hits.table)
        other_file = other["file"].array.take(hits.other, allow_fill=True)
        known = hits.other >= 0
        other_line[known] = other["line"].to_numpy()[hits.other[known]]
    return pd.DataFrame(
        {
            "code": _same(rule.code, size),
            "severity": _same(str(rule.severity), size),
            "table": _same(hits.table, size),
            "file": frame["file"],
            "line": frame["line"],
            "row": frame["row"],
            "case": case,
            "child": child,
            "activity": frame["activity"].astype("str") if "activity" in frame else _same(None, size),
            "reason": said,
            "days": hits.days if hits.days is not None else np.full(size, np.nan),
            "other_file": other_file,
            "other_line": other_line,
        }
    )


def _same(text: str | None, size: int) -> Any:
    """One text for every row; much faster than an object for each."""
    return pd.array([text], dtype="str").take(np.zeros(size, dtype=np.int64))


def _whose(facts: Facts, table: str, frame: pd.DataFrame) -> tuple[Any, Any]:
    """The case and the child of each record, missing where not known."""
    if table == "children":
        return _same(None, len(frame)), frame["child"]
    if table == "episodes":
        return frame["case"], frame["child"]
    children = facts.episodes["child"].array
    if not len(children):
        return frame["case"], _same(None, len(frame))
    return frame["case"], children.take(frame["at"].to_numpy(), allow_fill=True)
