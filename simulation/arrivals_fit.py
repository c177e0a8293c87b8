"""New cases as the log shows them: level, trend and season of the months, and who comes together.

The level is that of the last three years. The trend is looked for over the last six: a constant yearly change, by
Poisson regression on the months, drawn towards none as far as chance could have made it. The season is each month's
ratio to that, drawn towards level by its noise. No more than a trend and a season can be told from so few months.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days, to_days
from simulation.arrivals import GROUP, YEAR, Arrivals

Floats = npt.NDArray[np.float64]
LEVEL_DAYS, TREND_DAYS = 3 * YEAR, 6 * YEAR
"""The rate, and the attributes of new cases, are those of the last three years; trend and season of the last six."""
FEWEST_CASES, FEWEST_YEARS = 30, 2.0
"""From fewer cases, or a shorter time, no trend and no season are told: the rate is level, and a warning says so."""
TREND_SD = 0.05
"""Yearly changes are taken to be about this large beforehand (assumed; the number of children who start to be looked
after in Scotland has moved by up to 5 % a year): it is how strongly a trend that chance may have made is drawn to 0."""
_AT_5_PERCENT = 1.645
_HOW_A_CASE_ENDED = ("destination", "permanence_date", "permanence_as")


def fit_arrivals(
    log: EventLog, weight: Floats, attributes: dict[str, npt.NDArray[np.str_]]
) -> tuple[Arrivals, tuple[str, ...]]:
    """New cases fitted to a log, and what a reader must know of the fit.

    `weight` counts each case; `attributes` are further columns of the pool, one value a case. A log in which nobody
    arrived in the last three years gives its whole window's rate. How scattered the months are is told from the cases
    as they are, whatever their weight: cases drawn again are more scattered than cases.
    """
    arrays = log.arrays
    end = arrays.window_end
    begin = max(end - LEVEL_DAYS, arrays.window_start)
    recent = np.flatnonzero((arrays.start > begin) & (arrays.start <= end))
    nobody = weight[recent].sum() <= 0
    if nobody:
        recent = np.arange(len(arrays.start))
        begin = float(arrays.start.min()) if len(recent) else end - 1.0
    since = max(end - TREND_DAYS, arrays.window_start)
    months = _Months.of(arrays.start, weight, since, end)
    warnings: tuple[str, ...] = ()
    trend, season, dispersion = 0.0, np.ones(12), 0.0
    if months.cases.sum() >= FEWEST_CASES and not nobody and end - since >= FEWEST_YEARS * YEAR:
        once = np.ones(len(arrays.start))
        trend, season = _trend_and_season(months, _index(_Months.of(arrays.start, once, since, end)))
        dispersion = _dispersion(_Months.of(arrays.start, once / _together(log), since, end))
    elif log.cases.shape[0]:
        warnings = (
            f"New cases: {months.cases.sum():.0f} in {(end - since) / YEAR:.1f} years tell no trend and no season; "
            "they are taken to come at one rate",
        )
    pool, sizes = _pool(log, weight, recent, attributes)
    model = Arrivals(
        season,
        pool,
        np.maximum(weight[recent], 0.0),
        trend_per_year=round(trend, 6),
        origin=f"{pd.Timestamp(from_days([end])[0]):%Y-%m-%d}" if trend else "",
        dispersion=dispersion,
        group_sizes=sizes,
    )
    # The level: what was seen in the last three years is what the rate expects of them.
    span = [pd.Timestamp(day) for day in from_days([begin, end])]
    expected = model.expected(span[0], span[1])
    rate = float(weight[recent].sum()) / expected if expected > 0 else 0.0
    return replace(model, per_month=season * rate), warnings


class _Months:
    """Cases by month of the calendar, the first and the last perhaps only in part."""

    def __init__(self, month: npt.NDArray[np.int64], year: Floats, length: Floats, cases: Floats) -> None:
        self.month, self.year, self.length, self.cases = month, year, length, cases
        """Month of the year from 0; its middle in years before the end (negative); its length in months; cases."""

    @classmethod
    def of(cls, start: Floats, weight: Floats, since: float, end: float) -> _Months:
        """The months after `since` up to and including `end`."""
        days = np.arange(np.floor(since) + 1.0, np.floor(end) + 1.0)
        dates = pd.DatetimeIndex(from_days(days))
        number = (dates.year - dates.year[0]) * 12 + dates.month - dates.month[0]
        inside = (start > since) & (start <= end)
        place = (np.floor(start[inside]) - days[0]).astype(np.int64)
        cases = np.bincount(number[place], weight[inside], minlength=int(number[-1]) + 1).astype(np.float64)
        length = np.bincount(number, 1.0 / dates.days_in_month).astype(np.float64)
        middle = np.bincount(number, weights=days) / np.bincount(number)
        month = (dates.month[0] - 1 + np.arange(len(length))) % 12
        return cls(month.astype(np.int64), (middle - end) / YEAR, length, cases)


def _trend_and_season(months: _Months, scatter: float) -> tuple[float, Floats]:
    """Yearly change and the twelve months' ratios (mean 1), each drawn towards none by its noise."""
    season = np.ones(12)
    slope, error = 0.0, np.inf
    for _ in range(3):  # each given the other; they hardly depend on each other
        offset = months.length * season[months.month]
        slope, error = _slope(months, offset)
        expected = _expected(months, months.length, slope)
        season = _season(months, expected, scatter)
    error *= np.sqrt(max(scatter, 1.0))
    kept = TREND_SD**2 / (TREND_SD**2 + error**2)
    return float(np.expm1(kept * slope)), season


def _slope(months: _Months, offset: Floats) -> tuple[float, float]:
    """Log change a year by Poisson regression with the given exposure, and its standard error."""
    slope = 0.0
    for _ in range(20):
        mean = offset * np.exp(slope * months.year)
        mean *= months.cases.sum() / mean.sum()
        centre = float((mean * months.year).sum() / mean.sum())
        information = float((mean * (months.year - centre) ** 2).sum())
        step = float(((months.cases - mean) * months.year).sum()) / information
        slope += float(np.clip(step, -0.5, 0.5))
        if abs(step) < 1e-9:
            break
    return slope, 1.0 / np.sqrt(information)


def _expected(months: _Months, offset: Floats, slope: float) -> Floats:
    mean = offset * np.exp(slope * months.year)
    return np.asarray(mean * (months.cases.sum() / mean.sum()))


def _season(months: _Months, expected: Floats, scatter: float) -> Floats:
    """Each month's ratio of seen to expected, drawn to 1 by how much of their spread noise explains."""
    seen = np.bincount(months.month, months.cases, minlength=12)
    due = np.bincount(months.month, expected, minlength=12)
    ratio = np.divide(seen, due, out=np.ones(12), where=due > 0)
    noise = np.divide(max(scatter, 1.0), due, out=np.full(12, np.inf), where=due > 0)
    known = np.isfinite(noise)
    true = max(float(((ratio[known] - 1.0) ** 2 - noise[known]).sum()) / max(int(known.sum()) - 1, 1), 0.0)
    season = 1.0 + (ratio - 1.0) * np.where(known, true / (true + np.where(known, noise, 1.0)), 0.0)
    return np.asarray(season / season.mean())


def _index(months: _Months) -> float:
    """Index of dispersion: squared deviations from trend and season, over what chance alone would make of them."""
    slope, _ = _slope(months, months.length)
    expected = _expected(months, months.length, slope)
    due = np.bincount(months.month, expected, minlength=12)
    seen = np.bincount(months.month, months.cases, minlength=12)
    expected = expected * np.divide(seen, due, out=np.ones(12), where=due > 0)[months.month]
    known = expected > 0
    return float(((months.cases - expected)[known] ** 2 / expected[known]).sum() / _freedom(months))


def _freedom(months: _Months) -> int:
    """Degrees of freedom left by a trend and twelve months of the year."""
    return max(len(months.cases) - 13, 1)


def _dispersion(months: _Months) -> float:
    """Variance of the months' rates beyond what chance makes of the counts; 0 unless it is shown at 5 %."""
    index = _index(months)
    # The index of Poisson counts is near normal about 1, with variance 2 over its degrees of freedom.
    if index <= 1.0 + _AT_5_PERCENT * np.sqrt(2.0 / _freedom(months)):
        return 0.0
    return float((index - 1.0) / months.cases.mean())


def _together(log: EventLog) -> Floats:
    """How many cases of the same family began on the same day, for each case; 1 where no family is known."""
    group = _groups(log, np.arange(len(log.cases)))
    return np.bincount(group).astype(np.float64)[group] if len(group) else np.zeros(0)


def _groups(log: EventLog, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A number for each of the given cases, the same for those of one family that began on one day."""
    alone = np.arange(len(rows))
    if "family" not in log.cases:
        return alone
    family = pd.factorize(log.cases["family"].iloc[rows])[0]
    pairs = np.column_stack([np.where(family < 0, -1 - alone, family), np.floor(log.arrays.start[rows])])
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _pool(
    log: EventLog, weight: Floats, recent: npt.NDArray[np.int64], attributes: dict[str, npt.NDArray[np.str_]]
) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """The cases that new ones copy, without who they were and how they ended, and the shares of family sizes."""
    pool = log.cases.iloc[recent].drop(columns=["case", "start", "end"])
    pool = pool.drop(columns=list(_HOW_A_CASE_ENDED), errors="ignore").reset_index(drop=True)
    for name, values in attributes.items():
        pool[name] = values[recent]
    if "birth" in pool:
        pool["age_days"] = log.arrays.start[recent] - to_days(pool["birth"])
        pool["birth"] = pd.Series(pd.NaT, index=pool.index, dtype=pool["birth"].dtype)  # a model names no child
    for name in ("child", "family"):
        if name in pool:
            pool[name] = pd.Series("", index=pool.index, dtype="str")  # whatever ids they were: numbers, categories
    group = _groups(log, recent)
    size = np.bincount(group) if len(group) else np.zeros(0, dtype=np.int64)
    if size.max(initial=1) <= 1:
        return pool, ()
    pool[GROUP] = group
    families = np.bincount(group, np.maximum(weight[recent], 0.0)) / size
    shares = np.bincount(size, families)[1:]
    return pool, tuple((shares / shares.sum()).tolist()) if shares.sum() > 0 else ()
