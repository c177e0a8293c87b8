"""Every arrow of a process map with its counts and its durations, those still waiting counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.measures import Limit, restricted_mean, share_beyond, wilson
from mining.steps import IntArray, Steps, by_group, distinct_cases
from mining.survival import CumulativeIncidence, aalen_johansen
from mining.visits import RESTRICTED_TO_DAYS

_LAW_COLUMNS = [
    *("median_days", "low_days", "high_days", "p25_days", "p75_days", "p90_days", "median_reached", "more_than_days"),
    "followed_days",
    *("restricted_mean_days", "restricted_low_days", "restricted_high_days", "restricted_to_days"),
    *("beyond_share", "beyond_low", "beyond_high"),
]


def arrow_table(
    names: tuple[str, ...], cases: int, steps: Steps, *, limit: Limit | None = None, threshold: float = 0.01
) -> pd.DataFrame:
    """The arrows of `ProcessMap.arrows` from the steps of a log with these activities and so many cases."""
    k, m = max(len(names), 1), len(steps.pairs)
    label = np.array(names, dtype=object)
    source, target = steps.pairs // k, steps.pairs % k
    taken = steps.arrow >= 0
    by_cases = distinct_cases(steps.case[taken], steps.arrow[taken], m)
    waiting = np.bincount(steps.source[steps.waiting], minlength=k)
    longest = np.zeros(k)
    np.maximum.at(longest, steps.source[steps.waiting], steps.days[steps.waiting])
    table = pd.DataFrame(
        {
            "source": pd.Series(label[source], dtype="str"),
            "target": pd.Series(label[target], dtype="str"),
            "cases": by_cases,
            "traversals": np.bincount(steps.arrow[taken], minlength=m)[:m],
            "waiting": waiting[source],
            "waiting_median_days": waiting_medians(steps, k)[source],
            "waiting_longest_days": np.where(waiting > 0, longest, np.nan)[source],
        }
    )
    table = pd.concat([table, _laws(steps, source, limit)], axis=1)
    table["child_days"] = np.bincount(steps.arrow[taken], steps.days[taken], minlength=m)[:m].astype(np.float64)
    table["cases_share"] = by_cases / max(cases, 1)
    table["cases_low"], table["cases_high"] = wilson(by_cases, cases)
    table["established"] = table["cases_low"] >= threshold
    table = table.sort_values(["traversals", "source", "target"], ascending=[False, True, True], kind="stable")
    return table.reset_index(drop=True)


def waiting_medians(steps: Steps, activities: int) -> npt.NDArray[np.float64]:
    """For each activity how long the cases standing there have stood so far (median), NaN for none."""
    elapsed = pd.Series(steps.days[steps.waiting]).groupby(steps.source[steps.waiting]).median()
    return np.asarray(elapsed.reindex(range(activities)), dtype=np.float64)


def _laws(steps: Steps, sources: IntArray, limit: Limit | None) -> pd.DataFrame:
    """What is known of each arrow's days, arrows in the order of `pairs`, which goes by source."""
    order = by_group(steps.source, int(steps.source.max(initial=0)) + 1)
    visits, days, closing = steps.source[order], steps.days, steps.closing
    used = None if limit is None else limit.used(steps.start, steps.until)
    used_entry = None if limit is None else np.maximum(limit.used(steps.start, steps.start + steps.entry), 0.0)
    rows: list[tuple[float, ...]] = []
    for source in np.unique(sources):
        mine = order[np.searchsorted(visits, source) : np.searchsorted(visits, source, side="right")]
        arrows = np.flatnonzero(sources == source)
        # Ways: 1.. the arrows in order, then one more for cases that were closed here.
        way = np.where(steps.arrow[mine] >= 0, steps.arrow[mine] - arrows[0] + 1, 0)
        way[closing[mine]] = len(arrows) + 1
        laws = aalen_johansen(days[mine], way, entry=steps.entry[mine], ways=len(arrows) + 1)
        late = None
        if used is not None and used_entry is not None:
            seen = steps.until[mine] > steps.start[mine] + steps.entry[mine]
            seen |= steps.entry[mine] <= 0
            kept = mine[seen]
            late = aalen_johansen(used[kept], way[seen], entry=used_entry[kept], ways=len(arrows) + 1)
        rows += [_law(laws, late, cause) for cause in range(1, len(arrows) + 1)]
    table = pd.DataFrame(rows, columns=_LAW_COLUMNS)
    return table.astype({column: "bool" if column == "median_reached" else "float64" for column in _LAW_COLUMNS})


def _law(laws: CumulativeIncidence, late: CumulativeIncidence | None, cause: int) -> tuple[float, ...]:
    """One arrow's row, from what happens at its source over days and over the part of the limit used."""
    law = laws.given(cause)
    median = law.quantile(0.5)
    reached = bool(np.isfinite(median))
    low, high = law.interval(0.5)
    quartile, three_quarters, nine_tenths = (law.quantile(p) for p in (0.25, 0.75, 0.9))
    bound = np.nan if reached else law.last
    mean = restricted_mean(law, RESTRICTED_TO_DAYS)
    beyond = (np.nan, np.nan, np.nan) if late is None else share_beyond(late.given(cause))
    quantiles = (median, low, high, quartile, three_quarters, nine_tenths, reached, bound, law.last)
    return (*quantiles, mean.days, mean.low, mean.high, mean.to_days, *beyond)
