"""Replications until they are enough: until the interval of what is asked for is as narrow as asked for.

Sequential, as methods.md 4.3 has it (Hoad, Robinson and Davies): after each replication the half width of Student's t
interval is looked at; it must be narrow enough and stay so for some further replications, because it may be narrow by
chance. Relative widths are of the mean's size, whatever its sign: differences are often negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from simulation.cohort import Cohort
from simulation.engine import simulate
from simulation.model import PathwayModel
from simulation.running import Progress, in_order

Floats = npt.NDArray[np.float64]
Measure = Callable[[EventLog], Mapping[str, float]]
"""Named figures of one simulated log, the same names for every log; NaN where a figure cannot be told from it."""
MOST = 500


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How narrow an interval must be: mean plus and minus `absolute`, or plus and minus `relative` times its size."""

    absolute: float | None = None
    relative: float | None = None
    confidence: float = 0.95
    fewest: int = 10
    """Replications before the width is looked at: it is not known well from a few."""
    look_ahead: int = 5
    """Further replications for which the interval must stay as narrow."""

    def __post_init__(self) -> None:
        given = [width for width in (self.absolute, self.relative) if width is not None]
        if len(given) != 1 or not given[0] > 0.0:
            raise ValueError(f"give one of absolute and relative, above 0; got {self.absolute} and {self.relative}")
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"confidence must be in (0, 1), got {self.confidence}")
        if self.fewest < 2 or self.look_ahead < 0:
            raise ValueError(
                f"fewest must be at least 2 and look_ahead at least 0, got {self.fewest} and {self.look_ahead}"
            )

    def allowed(self, mean: float) -> float:
        """The widest half width allowed around this mean."""
        return self.absolute if self.absolute is not None else float(self.relative or 0.0) * abs(mean)


@dataclass(frozen=True, eq=False)
class Replications:
    """What the replications gave.

    `values` has one row a replication, in order, and one column a figure. `intervals` has one row a figure: `figure`,
    `mean`, `low`, `high`, `half_width` (Student's t, at the confidence asked for, 95 % otherwise; NaN for fewer than
    two known values), `replications` (those in which the figure could be told), `wanted` (the half width asked for, as
    text; empty for none) and `precise_from` (the number of replications from which it was narrow enough and stayed so;
    missing where it was not, or nothing was asked).
    """

    values: pd.DataFrame
    intervals: pd.DataFrame
    why: str
    """Why no more were made, in words."""


def replicate(
    model: PathwayModel,
    cohort: Cohort,
    end: pd.Timestamp,
    measure: Measure,
    *,
    seed: int,
    until: int | Precision | Mapping[str, Precision],
    changed: PathwayModel | None = None,
    most: int = MOST,
    workers: int = 1,
    store: Path | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> Replications:
    """Simulate from the cohort to `end` again and again, and measure each log.

    `until` is a number of replications, or the precision of some named figures (of all, for a single one), at most
    `most` times. With `changed`, each replication is a pair on the same streams, and the figures are those of the
    changed model less those of `model`. `workers`, `store`, `cluster` and `progress` are those of
    `simulation.running.in_order`: the result does not depend on them, and with a store an interrupted run goes on
    where it was. Raises ValueError for fewer than one replication, or a precision of a figure that is not measured.
    """
    enough = until if isinstance(until, int) else most
    if enough < 1:
        raise ValueError(f"there must be at least 1 replication, got {enough}")
    rows: list[dict[str, float]] = []
    wanted: dict[str, Precision] = {}
    ahead = enough if isinstance(until, int) else min(_first_round(until), enough)
    stop: int | None = None
    while stop is None:
        arguments = [(model, changed, cohort, end, measure, seed, number) for number in range(len(rows), ahead)]
        told = None if progress is None else _shifted(progress, len(rows), ahead)
        rows += in_order(_one, arguments, workers, store=store, cluster=cluster, progress=told)
        if not isinstance(until, int):
            wanted = _by_figure(until, rows[0])
        values = pd.DataFrame(rows)
        stop = enough if isinstance(until, int) else _stop(values, wanted, enough)
        if stop is None:
            ahead = _next_round(values, wanted, enough)
    values = values.iloc[:stop]
    intervals = _intervals(values, wanted)
    return Replications(values, intervals, _why(intervals, until, enough, stop))


def half_widths(values: npt.ArrayLike, confidence: float = 0.95) -> Floats:
    """Half width of Student's t interval of the mean of the first n values, for n = 1, 2, ...; NaN below two known.

    >>> half_widths([3.0, 5.0]).round(3).tolist()  # sd sqrt(2), t of one degree 12.706
    [nan, 12.706]
    """
    from scipy.special import stdtrit

    known = np.asarray(values, dtype=np.float64)
    found = np.full(len(known), np.nan)
    for number in range(1, len(known) + 1):
        so_far = known[:number][np.isfinite(known[:number])]
        if len(so_far) > 1:
            scale = float(so_far.std(ddof=1)) / np.sqrt(len(so_far))
            found[number - 1] = scale * float(stdtrit(len(so_far) - 1, 0.5 + confidence / 2.0))
    return found


def precise_from(values: npt.ArrayLike, precision: Precision) -> int | None:
    """The number of replications from which the interval is narrow enough and stays so for `look_ahead` further ones.

    None where the values given do not show that.
    """
    known = np.asarray(values, dtype=np.float64)
    widths, run = half_widths(known, precision.confidence), 0
    for number in range(precision.fewest, len(known) + 1):
        so_far = known[:number][np.isfinite(known[:number])]
        # Not so for NaN.
        run = run + 1 if len(so_far) and widths[number - 1] <= precision.allowed(float(so_far.mean())) else 0
        if run == precision.look_ahead + 1:
            return number - precision.look_ahead
    return None


def _one(
    model: PathwayModel,
    changed: PathwayModel | None,
    cohort: Cohort,
    end: pd.Timestamp,
    measure: Measure,
    seed: int,
    number: int,
) -> dict[str, float]:
    """The figures of one replication, or of a pair their difference."""
    found = dict(measure(simulate(model, cohort, end, seed=seed, replication=number)))
    if changed is None:
        return {name: float(value) for name, value in found.items()}
    other = measure(simulate(changed, cohort, end, seed=seed, replication=number))
    return {name: float(other[name]) - float(value) for name, value in found.items()}


def _by_figure(until: Precision | Mapping[str, Precision], row: Mapping[str, float]) -> dict[str, Precision]:
    if isinstance(until, Precision):
        return dict.fromkeys(row, until)
    unknown = sorted(set(until) - set(row))
    if unknown:
        raise ValueError(f"not measured: {', '.join(unknown)}; measured are: {', '.join(row)}")
    return dict(until)


def _first_round(until: Precision | Mapping[str, Precision]) -> int:
    wanted = [until] if isinstance(until, Precision) else list(until.values())
    return max((one.fewest + one.look_ahead for one in wanted), default=1)


def _stop(values: pd.DataFrame, wanted: Mapping[str, Precision], most: int) -> int | None:
    """The replication after which every figure is precise, and has stayed so; None while more are needed."""
    found = [
        None if (at := precise_from(values[name], one)) is None else at + one.look_ahead for name, one in wanted.items()
    ]
    known = [at for at in found if at is not None]
    if len(known) == len(found):
        return max(known, default=len(values))
    return most if len(values) >= most else None


def _next_round(values: pd.DataFrame, wanted: Mapping[str, Precision], most: int) -> int:
    """How many there should be next: as many as the present spread asks for, at most twice as many as there are.

    What is made in excess is not used: the result is that of looking after every single one.
    """
    now = len(values)
    ahead = now + 1
    for name, one in wanted.items():
        width, allowed = half_widths(values[name], one.confidence)[-1], one.allowed(float(values[name].mean()))
        needed = ceil(now * (width / allowed) ** 2) if allowed > 0.0 and width < 1e6 * allowed else 2 * now
        ahead = max(ahead, needed + one.look_ahead)
    return min(ahead, 2 * now, most)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


def _intervals(values: pd.DataFrame, wanted: Mapping[str, Precision]) -> pd.DataFrame:
    rows = []
    for name in values:
        one = wanted.get(str(name))
        column = values[name].to_numpy()
        known = column[np.isfinite(column)]
        mean = float(known.mean()) if len(known) else float("nan")
        width = float(half_widths(column, one.confidence if one else 0.95)[-1])
        at = None if one is None else precise_from(column, one)
        text = "" if one is None else f"{one.absolute:g}" if one.absolute is not None else f"{one.relative:.1%}"
        rows.append((str(name), mean, mean - width, mean + width, width, len(known), text, at))
    columns = ["figure", "mean", "low", "high", "half_width", "replications", "wanted", "precise_from"]
    return pd.DataFrame(rows, columns=columns).astype({"precise_from": "Int64"})


def _why(intervals: pd.DataFrame, until: int | Precision | Mapping[str, Precision], enough: int, stop: int) -> str:
    if isinstance(until, int):
        return f"{enough} replications, as asked"
    missed = intervals[(intervals["wanted"] != "") & intervals["precise_from"].isna()]
    if missed.empty:
        return f"every interval was as narrow as asked, and stayed so, after {stop} replications"
    said = [
        f"{figure} is known to ± {width:.3g}, asked was ± {wanted}"
        for figure, width, wanted in zip(missed["figure"], missed["half_width"], missed["wanted"], strict=True)
    ]
    return f"stopped at {enough} replications, the most allowed: {'; '.join(said)}"
