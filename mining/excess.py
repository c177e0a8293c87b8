"""Where children wait too long: stages ranked by the child-days spent beyond their limits, open cases included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from event_logs.log import EventLog
from event_logs.vocabulary import STAGES, Stage
from mining.bottlenecks import comparable_since, ranked, stage_burden
from mining.resampling import percentile_limits, resampled_totals, resampling_units
from mining.visits import FoundVisits


def excess(
    log: EventLog,
    stages: Sequence[Stage] = STAGES,
    *,
    seed: int,
    draws: int = 1000,
    since: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Stages with a limit by the child-days spent beyond it since `since`, open visits included, most first.

    Columns: `rank`; `stage`; `limit_days`, `limit_confirmed`; `excess_days` with its 95 % interval `low_days`,
    `high_days`; `share` of all excess with `low_share`, `high_share`; `probability_first`, `tied`, `low_rank`,
    `high_rank`; `children_beyond` (of `children`), `open_beyond` of them still in the stage; `since`; and of all who
    ever begin the stage, not only those of this time, `share_beyond` the limit and `mean_excess_days` beyond it,
    within the `followed_days` that anybody was followed (Kaplan-Meier; NaN if that is less than the limit).

    Resamples, ties and `since` are as in `mining.bottlenecks.bottlenecks`. Without a stage that has a limit the table
    is empty. Raises as that does.
    """
    if draws < 1 or not stages:
        raise ValueError(f"excess needs at least one stage and one draw, got {len(stages)} and {draws}")
    since = comparable_since(log, stages) if since is None else since
    limited = [stage for stage in stages if stage.limit_days is not None]
    days = np.zeros((len(log.cases), len(limited)))
    rows = []
    for column, stage in enumerate(limited):
        part = stage_burden(log, stage, since)
        days[part.case, column] = part.beyond
        beyond = part.beyond > 0
        rows.append(
            {
                **part.row,
                "limit_days": stage.limit_days,
                "limit_confirmed": stage.confirmed,
                "children_beyond": int(beyond.sum()),
                "open_beyond": int((beyond & part.open).sum()),
                **_cohort_excess(part.found, float(stage.limit_days or 0)),
            }
        )
    if not rows:
        return pd.DataFrame(columns=_EXCESS_COLUMNS)
    units = resampling_units(log)
    low = high = np.full(len(limited), np.nan)
    if days.sum() > 0:
        limits = percentile_limits(len(np.unique(units[days.sum(axis=1) > 0])))
        low, high = np.quantile(resampled_totals(days, seed, draws, units), limits, axis=0)
    table = pd.DataFrame(rows)
    order = ranked(table[list(part.row)], days, seed=seed, draws=draws, units=units)
    more = table.drop(columns=[name for name in part.row if name != "stage"])
    merged = order.merge(more.assign(low_days=low, high_days=high), on="stage", validate="one_to_one")
    return merged[_EXCESS_COLUMNS]


def _cohort_excess(found: FoundVisits, limit: float) -> dict[str, object]:
    curve = found.usable().sojourn
    known = limit <= curve.last
    mean = curve.restricted_mean(curve.last) - curve.restricted_mean(limit) if known else np.nan
    return {"share_beyond": curve.at(limit), "mean_excess_days": mean, "followed_days": curve.last}


_EXCESS_COLUMNS = [
    *("rank", "stage", "limit_days", "limit_confirmed", "excess_days", "low_days", "high_days"),
    *("share", "low_share", "high_share", "probability_first", "tied", "low_rank", "high_rank"),
    *("children_beyond", "children", "open_beyond", "since", "share_beyond", "mean_excess_days", "followed_days"),
]
