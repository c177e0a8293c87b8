"""Do the estimates of waiting hold the accuracy we promise? Six promises, each measured on synthetic logs.

1. The median of a two-year log whose true median is 300 days: bias of 3 % at most, its 95 % interval holding the truth
   in 92 to 98 % of logs.
2. Children already under way when recording began (delayed entry): bias of 3 % at most in every row.
3. The share bound for one of two ways out, from a two-year log with 60 children a year: root mean square error of
   0.06 at most, where counting completed cases says 75 % of a true 60 %.
4. Stages of the same children depend on each other (correlation .3 of log days, 100 children, two years): bias of the
   corrected median of the fourth stage of 6 % at most.
5. A stage's share of child-days: the 90 % bootstrap interval holds the truth in 84 % of logs or more.
6. Sessions found from dates: power of 95 % or more at 12 events a year for two years, false alarms in 6 % at most; the
   wait before a panel split into next date, slots full and the rest with a mean error of 4 days at most.

Run: python benchmarks/acceptance.py [part of the full number of logs, 1 for all] [file for the table]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days
from event_logs.vocabulary import Stage
from event_logs.window import ObservationWindow
from mining.bottlenecks import spent_days
from mining.frailty import Spells, fit_frailty
from mining.mixture import fit_mixture
from mining.panel_wait import PARTS, Hearings, split_wait
from mining.resampling import percentile_limits, resampled_totals, resampling_units
from mining.sessions import detect_from_days
from mining.visits import OPEN, REACHED, Visits, stage_visits

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

YEAR = 365.25
EPOCH = 16_000.0
STEPS = ("Asked", "Assessed", "Approved", "Placed")
WAITS = tuple(Stage(f"{a} to {b}", (a,), (b,)) for a, b in pairwise(STEPS))


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    promise: str
    what: str
    logs: int
    measured: str
    wanted: str
    kept: bool


def log_of(reached: FloatArray, window: float) -> EventLog:
    """A log seen from day 0 to `window` of children whose steps were reached on the days given, as [child, step]."""
    seen = (reached <= window) & (reached[:, -1] > 0)[:, None]
    child, step = np.nonzero(seen)
    names = STEPS[: reached.shape[1]]
    events = pd.DataFrame(
        {
            "case": np.char.mod("%06d", child),
            "activity": np.asarray(names)[step],
            "date": from_days(EPOCH + reached[child, step]),
        }
    )
    first, last = from_days([EPOCH, EPOCH + window])
    observed = ObservationWindow(pd.Timestamp(first), pd.Timestamp(last))
    return EventLog.of(events, observed, ranks={name: rank for rank, name in enumerate(names)}, final=[names[-1]])


def arrivals(rng: np.random.Generator, a_year: float, years: float, *, before: float = 0.0) -> FloatArray:
    """Days on which children come, at random from `before` years ahead of day 0 on."""
    n = rng.poisson(a_year * (years + before))
    return np.sort(rng.uniform(-before * YEAR, years * YEAR, n))


def median_of_a_wait(part: float) -> list[Row]:
    """Promise 1."""
    logs = max(20, round(500 * part))
    estimates, covered, naive = [], 0, []
    for number in range(logs):
        rng = np.random.default_rng([1, number])
        start = arrivals(rng, 60, 2)
        reached = np.stack([start, start + rng.lognormal(np.log(300), 0.8, len(start))], axis=1)
        visits = stage_visits(log_of(reached, 2 * YEAR), WAITS[0])
        curve = visits.sojourn
        low, high = curve.interval(0.5)
        covered += bool(low <= 300 and not high < 300)
        estimates.append(curve.quantile(0.5))
        naive.append(float(np.median(visits.days[visits.cause == REACHED])))
    bias, coverage = float(np.nanmean(estimates)) / 300 - 1, covered / logs
    unknown = float(np.isnan(estimates).mean())
    return [
        Row(
            "1 median",
            "bias, two-year log, true median 300 days",
            logs,
            f"{bias:+.1%}",
            "within 3 %",
            abs(bias) <= 0.03,
        ),
        Row(
            "1 median",
            "truth inside the 95 % interval",
            logs,
            f"{coverage:.1%}",
            "92 to 98 %",
            0.92 <= coverage <= 0.98,
        ),
        Row("1 median", "not reached, said so", logs, f"{unknown:.1%}", "", True),
        Row("1 median", "bias of completed cases only", logs, f"{float(np.mean(naive)) / 300 - 1:+.1%}", "", True),
    ]


def delayed_entry(part: float) -> list[Row]:
    """Promise 2."""
    logs = max(20, round(1_500 * part))
    rows = []
    for place, (years, median) in enumerate(((1, 200), (1, 500), (2, 200), (2, 500), (4, 500))):
        estimates = []
        for number in range(logs):
            rng = np.random.default_rng([2, place, number])
            start = arrivals(rng, 30, years, before=25)
            reached = np.stack([start, start + rng.lognormal(np.log(median), 0.8, len(start))], axis=1)
            estimates.append(stage_visits(log_of(reached, years * YEAR), WAITS[0]).sojourn.quantile(0.5))
        bias = float(np.nanmean(estimates)) / median - 1
        error = float(np.nanstd(estimates)) / median / np.sqrt(logs)
        what = f"bias, {years}-year log, true median {median} days, 30 children a year"
        told = f"{bias:+.1%} ± {2 * error:.1%}"
        rows.append(Row("2 delayed entry", what, logs, told, "within 3 %", abs(bias) <= 0.03))
    return rows


def share_of_a_way(part: float) -> list[Row]:
    """Promise 3."""
    logs = max(20, round(400 * part))
    estimates, counted = [], []
    for number in range(logs):
        rng = np.random.default_rng([3, number])
        start = arrivals(rng, 60, 2)
        quick = rng.random(len(start)) < 0.6
        days = np.where(quick, rng.lognormal(np.log(90), 0.7, len(start)), rng.lognormal(np.log(400), 0.7, len(start)))
        left = 2 * YEAR - start
        cause = np.where(days > left, 0, np.where(quick, 1, 2))
        fitted = fit_mixture(np.minimum(days, left), cause, names=("A", "B"), intervals=False)
        estimates.append(float(fitted.ways["p"].iloc[0]))
        counted.append(float((cause == 1).sum() / max(1, (cause > 0).sum())))
    error, naive = _rmse(estimates, 0.6), _rmse(counted, 0.6)
    return [
        Row("3 share of a way", "root mean square error, 60 a year, two years", logs, f"{error:.3f}", "0.06 at most",
            error <= 0.06),
        Row("3 share of a way", "the same, completed cases only", logs, f"{naive:.3f}", "", True),
    ]  # fmt: skip


def dependent_stages(part: float) -> list[Row]:
    """Promise 4."""
    logs, children, rho = max(20, round(200 * part)), 100, 0.3
    truth = np.array([60.0, 150.0, 100.0, 260.0])
    estimates, covered, alone, rhos = [], [], [], []
    for number in range(logs):
        rng = np.random.default_rng([4, number])
        b = rng.normal(0, 0.8 * np.sqrt(rho), children)
        days = np.exp(np.log(truth) + b[:, None] + rng.normal(0, 0.8 * np.sqrt(1 - rho), (children, 4)))
        end = np.cumsum(days, axis=1)
        begin, left = end - days, rng.uniform(0, 2 * YEAR, children)[:, None]
        child, stage = np.nonzero(begin < left)
        seen = (np.minimum(end, left) - begin)[child, stage]
        ended = (end <= left)[child, stage]
        fitted = fit_frailty(Spells(child, stage, seen, ended, np.zeros(len(child))), 4)
        estimates.append(fitted.median_days[3])
        covered.append(fitted.low_days[3] <= truth[3] <= fitted.high_days[3])
        alone.append(fitted.independent_median_days[3])
        rhos.append(float(fitted.rho.mean()))
    bias, uncorrected = (float(np.nanmedian(values)) / truth[3] - 1 for values in (estimates, alone))
    what = "median bias of stage 4, 100 children, two years, correlation .3"
    return [
        Row("4 dependence", what, logs, f"{bias:+.1%}", "within 6 %", abs(bias) <= 0.06),
        Row("4 dependence", "the same without correction", logs, f"{uncorrected:+.1%}", "", True),
        Row("4 dependence", "truth inside the 95 % interval", logs, f"{float(np.mean(covered)):.1%}", "", True),
        Row("4 dependence", "estimated correlation, median", logs, f"{float(np.median(rhos)):.2f}", "", True),
    ]


def child_days(part: float) -> list[Row]:
    """Promise 5."""
    logs = max(20, round(400 * part))
    median, sigma = np.array([60.0, 150.0, 260.0]), 0.8
    truth = median / median.sum()
    rows = []
    for place, (a_year, years) in enumerate(((15, 2), (50, 3))):
        covered = np.zeros(3)
        for number in range(logs):
            rng = np.random.default_rng([5, place, number])
            start = arrivals(rng, a_year, years, before=15)
            days = np.exp(np.log(median) + sigma * rng.standard_normal((len(start), 3)))
            log = log_of(
                np.concatenate([start[:, None], start[:, None] + np.cumsum(days, axis=1)], axis=1), years * YEAR
            )
            _, spent = spent_days(log, WAITS, log.window.start)
            totals = resampled_totals(spent, number, 1000, resampling_units(log))
            limits = percentile_limits(int((spent.sum(axis=1) > 0).sum()), 0.9)
            low, high = np.quantile(totals / totals.sum(axis=1, keepdims=True), limits, axis=0)
            covered += (low <= truth) & (truth <= high)
        least = float(covered.min() / logs)
        what = f"truth inside the 90 % interval, worst stage, {a_year} children a year, {years} years"
        rows.append(Row("5 child-days", what, logs, f"{least:.1%}", "84 % or more", least >= 0.84))
    return rows


def panel_days(years: float, rng: np.random.Generator) -> IntArray:
    """Days of a monthly panel (second Tuesday), one in five moved by a week; days since 1970-01-01."""
    day = np.arange(int(EPOCH), int(EPOCH + years * YEAR))
    dates = day.astype("datetime64[D]")
    week = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) // 7
    held = day[(np.mod(day + 3, 7) == 1) & (week == 1)]
    moved = rng.random(len(held)) < 0.2
    return np.asarray(held + np.where(moved, rng.choice([-7, 7], len(held)), 0), dtype=np.int64)


def session_detector(part: float) -> list[Row]:
    """Promise 6, the detector."""
    logs = max(40, round(300 * part))
    found, false = 0, 0
    for number in range(logs):
        rng = np.random.default_rng([6, number])
        ready = EPOCH + arrivals(rng, 12, 2)
        panels = panel_days(2.3, rng)
        place = np.searchsorted(panels, ready) + (rng.random(len(ready)) < 0.15)
        heard = panels[place[place < len(panels)]]
        found += detect_from_days(heard, "Panel", seed=number).batched
        plain = np.floor(EPOCH + arrivals(rng, 12, 2)).astype(np.int64)
        weekday = np.mod(plain + 3, 7)
        rolled = plain + np.where(weekday >= 5, 7 - weekday, 0)  # dates at weekends are recorded on Mondays
        false += detect_from_days(rolled, "No panel", seed=number).batched
    power, alarms = found / logs, false / logs
    return [
        Row("6 sessions", "power, 12 events a year for two years", logs, f"{power:.1%}", "95 % or more", power >= 0.95),
        Row("6 sessions", "false alarms, no sessions", logs, f"{alarms:.1%}", "6 % at most", alarms <= 0.06),
    ]


def hear(ready: FloatArray, late: npt.NDArray[np.bool_], panels: IntArray, slots: int) -> tuple[FloatArray, FloatArray]:
    """First come, first served: the session at which each is heard, and the true days of each part, as [part, child].

    A late child is not ready after all at the first session that could have heard it.
    """
    heard, parts = np.full(len(ready), np.inf), np.zeros((3, len(ready)))
    gaps = np.diff(np.append(panels, panels[-1] + 30)).astype(np.float64)
    waiting: list[int] = []
    coming = 0
    for panel, gap in zip(panels, gaps, strict=True):
        fresh = []
        while coming < len(ready) and ready[coming] <= panel:
            parts[0, coming] = panel - ready[coming]
            fresh.append(coming)
            coming += 1
        able = waiting + [child for child in fresh if not late[child]]
        for child in able[:slots]:
            heard[child] = panel
        parts[1, able[slots:]] += gap
        unable = [child for child in fresh if late[child]]
        parts[2, unable] += gap
        waiting = sorted(able[slots:] + unable)
    return heard, parts


def panel_split(part: float) -> list[Row]:
    """Promise 6, the wait before a panel."""
    logs = max(10, round(100 * part))
    rows = []
    for place, (a_year, slots) in enumerate(((24, 4), (40, 4), (46, 4), (60, 6))):
        errors, truths = np.zeros((logs, 3)), np.zeros((logs, 3))
        for number in range(logs):
            rng = np.random.default_rng([7, place, number])
            panels = panel_days(4.2, rng)
            ready = np.floor(EPOCH + arrivals(rng, a_year, 4))
            heard, parts = hear(ready, rng.random(len(ready)) < 0.15, np.unique(panels), slots)
            begin, end = EPOCH + YEAR, EPOCH + 4 * YEAR
            mine = (ready >= begin) & (ready < end)
            seen = heard <= end
            visits = Visits(
                case=np.flatnonzero(mine),
                start=ready[mine],
                exit=np.where(seen, heard, end)[mine],
                cause=np.where(seen, REACHED, OPEN)[mine],
                entry_delay=np.zeros(int(mine.sum())),
            )
            days = heard[seen & (heard >= begin)].astype(np.int64)
            hearings = Hearings(days, np.zeros(len(days), dtype=bool), detect_from_days(days, "Panel", seed=number))
            found = split_wait(visits, hearings, (begin, end)).parts["mean_days"].to_numpy(dtype=np.float64)
            truths[number] = parts[:, mine & seen].mean(axis=1)
            errors[number] = np.abs(found - truths[number])
        worst = float(errors.mean(axis=0).max())
        told = " / ".join(f"{value:.1f}" for value in errors.mean(axis=0))
        true = " / ".join(f"{value:.1f}" for value in truths.mean(axis=0))
        what = f"mean error of {' / '.join(PARTS).lower()}, {a_year} a year, {slots} slots (truth {true} days)"
        rows.append(Row("6 sessions", what, logs, f"{told} days", "4 days at most", worst <= 4))
    return rows


def _rmse(estimates: list[float], truth: float) -> float:
    return float(np.sqrt(np.mean((np.asarray(estimates) - truth) ** 2)))


PROMISES: tuple[Callable[[float], list[Row]], ...] = (
    median_of_a_wait,
    delayed_entry,
    share_of_a_way,
    dependent_stages,
    child_days,
    session_detector,
    panel_split,
)


def table(rows: list[Row]) -> str:
    """The rows as a table in Markdown."""
    lines = ["| promise | what | logs | measured | wanted | kept |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.promise} | {row.what} | {row.logs} | {row.measured} | {row.wanted or 'for comparison'} | "
        f"{('yes' if row.kept else 'NO') if row.wanted else ''} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(part: float, file: Path | None) -> None:
    """Print the table, and keep it in a file if one is named."""
    rows = []
    for promise in PROMISES:
        rows += promise(part)
        print(promise.__name__, "done", flush=True)
    text = table(rows)
    print(text)
    if file is not None:
        head = "# Acceptance numbers 1 to 6\n\nMade by `python benchmarks/acceptance.py 1 benchmarks/acceptance.md`; "
        file.write_text(f"{head}see the head of that file for what is measured.\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 1.0,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
