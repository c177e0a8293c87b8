"""How waits and bottlenecks differ between groups of children: locality, age, legal basis, placement, year.

Groups of a council are small, and many comparisons turn up chance differences, so each comes with intervals, with a
log-rank test corrected for how many were made, and with a remark in words. Groups too small to say anything are
pooled, and the table says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from event_logs.vocabulary import STAGES, Stage
from mining.bottlenecks import comparable_since, ranked, stage_burden
from mining.resampling import resampling_units
from mining.visits import OPEN, FoundVisits, Visits, find_visits

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

YEAR = "year"
"""The year in which the stage began."""
ATTRIBUTES = ("locality", "age_band", "legal_basis", "first_placement", YEAR)
FEWEST = 10
POOLED, NOT_RECORDED = "other groups together", "not recorded"
_LEVEL = 0.05
_MEDIANS = [
    *("attribute", "group", "stage", "children", "open", "median_days", "low_days", "high_days", "pooled"),
    *("p_value", "p_adjusted", "remark"),
]
_BURDEN = ["attribute", "group", "rank", "stage", "child_days", "share", "low_share", "high_share", "first_too"]


@dataclass(frozen=True, eq=False)
class Groups:
    """Stages by group."""

    medians: pd.DataFrame
    """One row a group and stage: `attribute`, `group`, `stage`; `children` (visits used), `open`; `median_days` with
    its 95 % interval `low_days`, `high_days` (Kaplan-Meier, open counted; NaN: not reached); `pooled` (groups put
    together because fewer than 10 children each, with their counts); `p_value` of the log-rank test that all groups
    take equally long, `p_adjusted` for the number of tests in the table (Holm), `remark` in words (the last three are
    the same in all rows of an attribute and stage)."""
    burden: pd.DataFrame
    """One row a group and stage: `attribute`, `group`, `rank` within the group, `stage`, `child_days`, `share` of the
    group's with `low_share`, `high_share`, `first_too` (the stage that is first in this group is first for all). A
    group of the attribute "year" is the child-days spent in that calendar year, whenever the stage began."""


def by_group(
    log: EventLog,
    attributes: Sequence[str] = ATTRIBUTES,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 200,
    fewest: int = FEWEST,
) -> Groups:
    """Stage medians and the ranking of stages for each group of children.

    Attributes are columns of the case table, and "year". The standard ones that the log does not have are passed
    over; ValueError for any other that it has not, for fewer than 1 draw or fewest, and as
    `mining.visits.stage_visits` raises. Missing values are a group "not recorded".
    """
    if draws < 1 or fewest < 1:
        raise ValueError(f"draws and fewest must be at least 1, got {draws} and {fewest}")
    unknown = [name for name in attributes if name not in log.cases and name not in ATTRIBUTES]
    if unknown:
        raise ValueError(f"the case table has no {unknown[0]!r}; it has: {', '.join(map(str, log.cases))}, and {YEAR}")
    present = [name for name in attributes if name == YEAR or name in log.cases]
    labels = {name: _labels(log, name) for name in present if name != YEAR}
    medians = []
    visits_of = [find_visits(log, stage) for stage in stages]
    for stage, every in zip(stages, visits_of, strict=True):
        visits = every.usable()
        for name in present:
            mine = _years(visits) if name == YEAR else replace(labels[name], codes=labels[name].codes[visits.case])
            medians += _median_rows(visits, mine.pooled(fewest), name, stage.name, fewest)
    table = pd.DataFrame(medians, columns=_MEDIANS)
    table = _with_remarks(table)
    how = (seed, draws)
    spent = _Spent.of(log, stages, visits_of)
    found = [
        _by_year(log, spent, how) if name == YEAR else _by_attribute(spent, labels[name].pooled(fewest), how)
        for name in present
    ]
    filled = [rows for rows in found if len(rows)]
    return Groups(table, pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_BURDEN))


def log_rank(days: FloatArray, ended: npt.NDArray[np.bool_], entry: FloatArray, group: IntArray) -> float:
    """p-value of the log-rank test that groups 0, 1, ... leave at the same rate (Mantel 1966), with delayed entry.

    NaN where fewer than two groups have anybody at risk, or nobody leaves.
    """
    from scipy.stats import chi2

    k = int(group.max(initial=-1)) + 1
    times = np.unique(days[ended])
    if k < 2 or not len(times):
        return np.nan
    at_risk, events = np.empty((k, len(times))), np.empty((k, len(times)))
    for one in range(k):
        mine = group == one
        late = np.sort(entry[mine & (entry > 0)])
        at_risk[one] = mine.sum() - np.searchsorted(np.sort(days[mine]), times, side="left")
        at_risk[one] -= len(late) - np.searchsorted(late, times, side="left")
        left = np.sort(days[mine & ended])
        events[one] = np.searchsorted(left, times, side="right") - np.searchsorted(left, times, side="left")
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    inside = n > 1
    at_risk, events, n, d = at_risk[:, inside], events[:, inside], n[inside], d[inside]
    gap = (events - at_risk * d / n).sum(axis=1)
    spread = d * (n - d) / (n - 1)
    part = at_risk / n
    covariance = np.diag((part * spread).sum(axis=1)) - (part * spread) @ part.T
    known = np.flatnonzero(np.diag(covariance) > 1e-12)
    if len(known) < 2:
        return np.nan
    inverse = np.linalg.pinv(covariance[np.ix_(known, known)], rcond=1e-10)
    return float(chi2.sf(gap[known] @ inverse @ gap[known], len(known) - 1))


@dataclass(frozen=True, eq=False)
class _Labels:
    """Which group each row belongs to, as a position in `names`; `said` names the groups that were put together."""

    attribute: str
    names: tuple[str, ...]
    codes: IntArray
    said: str = ""

    def pooled(self, fewest: int) -> _Labels:
        """With small groups put together, if there are several, and without those that have no rows."""
        counts = np.bincount(self.codes, minlength=len(self.names))
        small = (counts > 0) & (counts < fewest)
        together = small & (small.sum() > 1)
        named = [POOLED if pooled else name for name, pooled in zip(self.names, together, strict=True)]
        left = sorted({name for name, count in zip(named, counts, strict=True) if count})
        new = np.array([left.index(name) if name in left else -1 for name in named], dtype=np.int64)
        pairs = zip(self.names, counts, together, strict=True)
        said = ", ".join(f"{name} ({count})" for name, count, pooled in pairs if pooled)
        return _Labels(self.attribute, tuple(left), new[self.codes] if len(new) else self.codes, said)


def _labels(log: EventLog, attribute: str) -> _Labels:
    """The group of each case."""
    codes, names = pd.factorize(log.cases[attribute], sort=True)
    labels = [*map(str, names), NOT_RECORDED]
    return _Labels(attribute, tuple(labels), np.where(codes < 0, len(labels) - 1, codes).astype(np.int64))


def _years(visits: Visits) -> _Labels:
    """The year in which each visit began."""
    years, codes = np.unique(from_days(visits.start).astype("datetime64[Y]"), return_inverse=True)
    return _Labels(YEAR, tuple(map(str, years)), codes)


def _median_rows(visits: Visits, labels: _Labels, attribute: str, stage: str, fewest: int) -> list[dict[str, object]]:
    names, group, said = labels.names, labels.codes, labels.said
    p_value = log_rank(visits.days, visits.cause > 0, visits.entry_delay, group)
    rows: list[dict[str, object]] = []
    for one, name in enumerate(names):
        mine = visits.only(group == one)
        curve = mine.sojourn
        low, high = curve.interval(0.5)
        rows.append(
            {
                "attribute": attribute,
                "group": name,
                "stage": stage,
                "children": len(mine),
                "open": int((mine.cause == OPEN).sum()),
                "median_days": curve.quantile(0.5),
                "low_days": low,
                "high_days": high,
                "pooled": said if name == POOLED else (f"fewer than {fewest} children" if len(mine) < fewest else ""),
                "p_value": p_value,
            }
        )
    return rows


def _with_remarks(table: pd.DataFrame) -> pd.DataFrame:
    """Add Holm's adjusted p-values and the remarks."""
    tests = table.drop_duplicates(["attribute", "stage"])[["attribute", "stage", "p_value"]]
    known = tests[tests["p_value"].notna()].sort_values("p_value", kind="stable")
    factor = np.arange(len(known), 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(known["p_value"].to_numpy(dtype=np.float64) * factor))
    keyed = {
        (attribute, stage): float(p)
        for attribute, stage, p in zip(known["attribute"], known["stage"], adjusted, strict=True)
    }
    pairs = list(zip(table["attribute"], table["stage"], strict=True))
    table["p_adjusted"] = [keyed.get(pair, np.nan) for pair in pairs]
    remarks = {
        pair: _remark(rows)
        for pair, rows in table.groupby(["attribute", "stage"], sort=False)
    }  # fmt: skip
    table["remark"] = pd.Series([remarks[pair] for pair in pairs], dtype="str", index=table.index)
    return table


def _remark(rows: pd.DataFrame) -> str:
    p = float(rows["p_adjusted"].iloc[0])
    if np.isnan(p):
        return "one group only, or nobody has left: nothing to compare"
    if p >= _LEVEL:
        return "no difference shown: what is seen may be chance"
    known = rows[rows["median_days"].notna()]
    if len(known) < 2:
        return "groups differ"
    medians = known["median_days"].to_numpy(dtype=np.float64)
    slow, quick = known.iloc[int(medians.argmax())], known.iloc[int(medians.argmin())]
    text = f"groups differ: {slow['group']} {medians.max():.0f} days, {quick['group']} {medians.min():.0f}"
    apart = float(slow["low_days"]) > float(quick["high_days"])
    return text if apart else f"{text}, though the intervals of these two overlap"


@dataclass(frozen=True, eq=False)
class _Spent:
    """Days each case spent in each stage since all stages could be seen, and what is needed to count them again."""

    log: EventLog
    stages: Sequence[Stage]
    visits: Sequence[FoundVisits]
    since: pd.Timestamp
    units: IntArray
    rows: pd.DataFrame
    days: FloatArray

    @classmethod
    def of(cls, log: EventLog, stages: Sequence[Stage], visits: Sequence[FoundVisits]) -> _Spent:
        since = comparable_since(log, stages)
        rows, days = _between(log, stages, visits, (since, log.arrays.window_end))
        return cls(log, stages, visits, since, resampling_units(log), rows, days)

    @property
    def first(self) -> str:
        """The stage that is first for all."""
        return str(self.rows["stage"].iloc[int(self.days.sum(axis=0).argmax())])

    def within(self, begin: pd.Timestamp, until: float) -> FloatArray:
        """Days between two days."""
        return _between(self.log, self.stages, self.visits, (begin, until))[1]

    def ranking(
        self, attribute: str, name: str, part: tuple[FloatArray, IntArray], how: tuple[int, int]
    ) -> pd.DataFrame:
        """The ranking within one group, whose days and units are `part`."""
        table = ranked(self.rows, part[0], seed=how[0], draws=how[1], units=part[1])
        same = bool(table["stage"].iloc[0] == self.first)
        return table.assign(attribute=attribute, group=name, first_too=same)[_BURDEN]


def _between(
    log: EventLog, stages: Sequence[Stage], visits: Sequence[FoundVisits], when: tuple[pd.Timestamp, float]
) -> tuple[pd.DataFrame, FloatArray]:
    days = np.zeros((len(log.cases), len(stages)))
    rows = []
    for column, (stage, found) in enumerate(zip(stages, visits, strict=True)):
        part = stage_burden(log, stage, when[0], when[1], found)
        days[part.case, column] = part.days
        rows.append(part.row)
    return pd.DataFrame(rows), days


def _by_attribute(spent: _Spent, labels: _Labels, how: tuple[int, int]) -> pd.DataFrame:
    tables = []
    for one, name in enumerate(labels.names):
        mine = labels.codes == one
        tables.append(spent.ranking(labels.attribute, name, (spent.days[mine], spent.units[mine]), how))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_BURDEN)


def _by_year(log: EventLog, spent: _Spent, how: tuple[int, int]) -> pd.DataFrame:
    """Child-days by the calendar year in which they were spent."""
    tables = []
    for year in range(spent.since.year, log.window.end.year + 1):
        last = float(to_days(pd.Series([pd.Timestamp(year + 1, 1, 1)]))[0])
        begin = max(spent.since, pd.Timestamp(year, 1, 1))
        days = spent.within(begin, min(last, log.arrays.window_end))
        if days.sum() > 0:
            tables.append(spent.ranking(YEAR, str(year), (days, spent.units), how))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_BURDEN)
