"""Are the rules kept? Each case is judged by each rule, the open ones without blame for what may still happen.

Nothing is held against an open case for what has not happened yet, until its time limit is over. Nothing is held
against a case for what was not recorded when it would have happened. Where a verdict hangs on the order of events of
one day, which nobody knows, it is given by the declared order and counted as one that another order would turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from mining.declare import Rule
from mining.measures import wilson
from mining.rule_verdicts import (
    CANNOT_TELL,
    CHECKS,
    DOES_NOT_APPLY,
    SATISFIED,
    STILL_OPEN,
    VIOLATED,
    BoolArray,
    Verdicts,
    View,
)
from mining.visits import check_activities

_COLUMNS = [
    *("name", "sentence", "cases", "satisfied", "violated", "still_open", "does_not_apply", "cannot_tell"),
    *(
        "share_violated",
        "low_share",
        "high_share",
        "could_vanish",
        "could_appear",
        "within_days",
        "confirmed",
        "source",
    ),
]


@dataclass(frozen=True, eq=False)
class RuleCheck:
    """What the rules found in a log."""

    rules: tuple[Rule, ...]
    table: pd.DataFrame
    """One row a rule, in the order given; the columns are those of `check_rules`."""
    verdicts: Verdicts
    """[rule, case]: 0 does not apply, 1 satisfied, 2 still open, 3 the records cannot say, 4 violated."""
    turning: BoolArray
    """[rule, case]: whether another order of events of one day would turn the verdict."""
    cases: pd.Series[str]
    """The case ids, in the order of the log's case table."""

    def violating(self, number: int) -> list[str]:
        """The cases that break the rule with this number (from 0)."""
        return [str(case) for case in self.cases[self.verdicts[number] == VIOLATED]]

    @property
    def findings(self) -> tuple[str, ...]:
        """One sentence for each rule that is broken somewhere, most often broken first; else one that says so."""
        broken = self.table[self.table["violated"] > 0]
        if broken.empty:
            return (_nothing_broken(self.table),)
        ordered = broken.sort_values(["violated", "name"], ascending=[False, True], kind="stable")
        return tuple(_sentence(row) for _, row in ordered.iterrows())


def check_rules(log: EventLog, rules: Sequence[Rule]) -> RuleCheck:
    """Judge every case of the log by every rule.

    Columns of `table`: `name` (Declare), `sentence`; `cases` = `satisfied` + `violated` + `still_open` (an open case
    in which what the rule asks for can still happen, its limit not over; also one that may still do what the rule
    forbids) + `does_not_apply` (what the rule is about did not happen) + `cannot_tell` (what is missing was not
    reliably recorded at the time, or nowhere in the log); `share_violated` = violated / (satisfied + violated) with
    its Wilson 95 % interval `low_share`, `high_share` (NaN when nobody could be judged); `could_vanish` (violated
    cases that would not be under another order of events of one day; for chain rules at most so many) and
    `could_appear` (cases not violated that would be); `within_days`, `confirmed`, `source`.

    In a response or succession every occurrence so far is judged: an open case whose occurrences have all been
    answered counts as satisfied. An event on the last day of a limit is in time. A log without cases gives zero
    counts. Raises ValueError for an activity that neither log nor vocabulary knows, naming the nearest.
    """
    for rule in rules:
        check_activities(log, (*rule.first, *rule.second))
    view = View(log)
    shape = (len(rules), len(log.cases))
    verdicts, turning = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=bool)
    rows = []
    for number, rule in enumerate(rules):
        found = CHECKS[rule.template](view, rule, "declared")
        best = worst = found
        if view.tied:
            best, worst = (CHECKS[rule.template](view, rule, order) for order in ("best", "worst"))
        vanish = (found == VIOLATED) & (best != VIOLATED)
        appear = (found != VIOLATED) & (worst == VIOLATED)
        verdicts[number], turning[number] = found, vanish | appear
        rows.append(_row(rule, found, int(vanish.sum()), int(appear.sum())))
    return RuleCheck(tuple(rules), pd.DataFrame(rows, columns=_COLUMNS), verdicts, turning, log.cases["case"])


def _row(rule: Rule, found: Verdicts, vanish: int, appear: int) -> dict[str, object]:
    counts = np.bincount(found, minlength=5)
    judged, broken = int(counts[SATISFIED] + counts[VIOLATED]), int(counts[VIOLATED])
    low, high = (float(end) for end in wilson(broken, judged, 0.95)) if judged else (np.nan, np.nan)
    return {
        "name": rule.name,
        "sentence": rule.sentence,
        "cases": len(found),
        "satisfied": int(counts[SATISFIED]),
        "violated": broken,
        "still_open": int(counts[STILL_OPEN]),
        "does_not_apply": int(counts[DOES_NOT_APPLY]),
        "cannot_tell": int(counts[CANNOT_TELL]),
        "share_violated": broken / judged if judged else np.nan,
        "low_share": low,
        "high_share": high,
        "could_vanish": vanish,
        "could_appear": appear,
        "within_days": np.nan if rule.within_days is None else rule.within_days,
        "confirmed": rule.confirmed and rule.within_days is not None,
        "source": rule.source,
    }


def _nothing_broken(table: pd.DataFrame) -> str:
    if table.empty:
        return "There are no rules to check."
    if not table["cases"].iloc[0]:
        return "There are no cases to check."
    judged = int((table["satisfied"] > 0).sum())
    if not judged:
        return f"None of the {len(table)} rules could be judged: nothing they are about has happened yet."
    which = "the 1 rule" if judged == 1 else f"any of the {judged} rules"
    return f"No case breaks {which} that could be judged."


def _sentence(row: pd.Series[Any]) -> str:
    broken = int(row["violated"])
    judged = int(row["satisfied"]) + broken
    said = f"{row['sentence']}: broken in {broken:,} of {judged:,} cases ({100 * broken / judged:.0f}%)"
    asides = []
    if row["still_open"]:
        asides.append(f"{row['still_open']:,} still open")
    if row["cannot_tell"]:
        asides.append(f"{row['cannot_tell']:,} that the records cannot speak for")
    if asides:
        said += f"; besides {' and '.join(asides)}"
    if row["could_vanish"]:
        verb = "hangs" if row["could_vanish"] == 1 else "hang"
        said += f". Of those broken, {row['could_vanish']:,} {verb} on the unknown order of events of one day"
    return f"{said}."
