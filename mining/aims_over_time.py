"""The PACE aims over time: how each cohort of children fares, by the quarter in which their clock started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import AIMS, Aim
from mining.aims import find_aim_visits, share_met, verdict
from mining.charts.periods import Grid, Period, date_of, first_day, groups_of
from mining.measures import wilson
from mining.visits import LEFT, OPEN, REACHED, Visits

COLUMNS = (
    *("number", "name", "group", "label", "start", "end"),
    *("eligible", "met", "late", "overdue", "open_within", "left"),
    *("share_met", "low_share", "high_share", "target_share", "limit_days", "meets_target"),
    *("complete", "reason", "warning"),
)


def aims_over_time(
    log: EventLog, aims: Sequence[Aim] = AIMS, *, period: Period = "quarter", by: str | None = None
) -> pd.DataFrame:
    """How each aim stands for the children whose clock started in each period; one row an aim, group and period.

    Columns: `number`, `name`; `group` (value of the case attribute `by`, such as locality; "" without it; every group
    has all periods of its aim), `label` ("2024 Q1", "2024-01", "2024"), `start` and `end` (first and last day);
    `eligible` (children whose clock started) = `met` (in time) + `late` (the stop came after the limit) + `overdue`
    (still open beyond it) + `open_within` (still open, limit not up) + `left` (before the stop); `share_met` with its
    95 % interval `low_share`, `high_share`: met / eligible and Wilson's interval once all have had the limit, until
    then Aalen-Johansen, which counts those still waiting as far as they were seen (NaN without children, or while
    nobody was followed to the limit); `target_share`, `limit_days`, `meets_target` ("yes", "no", "cannot tell");
    `complete` (False: the cohort has not had its limit yet, or recording began within it; draw it hollow) with the
    `reason`; `warning`.

    Children are left out as in `aims`; so are those whose clock started before recording did, of whom only the slow
    ones are in the log. An aim nobody falls under has no rows. Raises ValueError for an unknown activity or attribute.

    The last cohorts are met so far by the quick ones only: never read `met` / `eligible` of an incomplete cohort.
    """
    rows = [row for aim in aims for row in _rows(log, aim, period, by)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    counts = dict.fromkeys(("eligible", "met", "late", "overdue", "open_within", "left"), "int64")
    shares = dict.fromkeys(("share_met", "low_share", "high_share", "target_share", "limit_days"), "float64")
    for column in ("start", "end"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[us]")
    return table.astype({**counts, **shares, "complete": "bool"})


def _rows(log: EventLog, aim: Aim, period: Period, by: str | None) -> list[tuple[object, ...]]:
    found, _ = find_aim_visits(log, aim)
    first = max(first_day(log, (aim.clock_start, *aim.clock_stops)) + aim.starts_after_days, log.arrays.window_start)
    visits = found.usable().begun_since(first)
    grid = Grid.of(log, visits.start, period, first)
    groups, group = groups_of(log, visits.case, by)
    rows: list[tuple[object, ...]] = []
    for name in groups:
        for number in range(len(grid)):
            cohort = visits.only((group == name) & (grid.cell == number))
            latest = float(cohort.start.max(initial=-np.inf))
            due = max(grid.edges[number + 1] - 1, latest + aim.limit_days)
            waiting = "" if due <= log.arrays.window_end else f"complete on {date_of(due):%Y-%m-%d}"
            cut = "recording began within the period" if grid.edges[number] < first else ""
            rows.append((aim.number, aim.name, name, *grid.row(number), *_standing(cohort, aim, waiting, cut)))
    return rows


def _standing(cohort: Visits, aim: Aim, waiting: str, cut: str) -> tuple[object, ...]:
    within = cohort.days <= aim.limit_days
    reached, is_open = cohort.cause == REACHED, cohort.cause == OPEN
    met = int((within & reached).sum())
    if waiting and len(cohort):
        share, low, high, warning = share_met(cohort, aim.limit_days)
    else:
        (low, high), warning = (float(end) for end in wilson(met, len(cohort), 0.95)), ""
        share = met / len(cohort) if len(cohort) else np.nan
    return (
        *(len(cohort), met, int((~within & reached).sum()), int((~within & is_open).sum())),
        *(int((within & is_open).sum()), int((cohort.cause == LEFT).sum())),
        *(share, low, high, aim.target_share, float(aim.limit_days), verdict(low, high, aim.target_share)),
        *(not (waiting or cut), waiting or cut, warning),
    )


def aim_sentences(table: pd.DataFrame) -> tuple[str, ...]:
    """What a table of `aims_over_time` says: for each aim and group the first and the last complete cohort.

    >>> aim_sentences(pd.DataFrame(columns=list(COLUMNS)))
    ('No child falls under any of the aims.',)
    """
    if table.empty:
        return ("No child falls under any of the aims.",)
    said = []
    for (number, name, group), rows in table.groupby(["number", "name", "group"], sort=True):
        about = f"Aim {number} ({name}){f', {group}' if group else ''}"
        whole = rows[rows["complete"] & (rows["eligible"] > 0)]
        pending = int((~rows["complete"] & (rows["eligible"] > 0)).sum())
        if whole.empty:
            said.append(f"{about}: no cohort has had its {rows['limit_days'].iloc[0]:g} days yet.")
            continue
        first, last = whole.iloc[0], whole.iloc[-1]
        sentence = f"{about}: of the children of {last['label']}, {_share(last)}"
        if len(whole) > 1:
            sentence += f"; of those of {first['label']}, {_share(first)}"
        if pending:
            sentence += f". {pending} later {'cohort has' if pending == 1 else 'cohorts have'} not had the time yet"
        said.append(f"{sentence}.")
    return tuple(said)


def _share(row: pd.Series[Any]) -> str:
    return (
        f"{row['met']} of {row['eligible']} ({100 * row['share_met']:.0f}%, interval "
        f"{100 * row['low_share']:.0f} to {100 * row['high_share']:.0f}%) met it"
    )
