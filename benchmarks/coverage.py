"""Do the 95 % intervals hold the truth 95 times in 100? Two hundred synthetic councils of three sizes, one table.

Each council is a stationary process of five stages in a row, seen for four years: children arrive at random all the
time, those already under way when recording begins are seen from then on, and many are still waiting at its end. At
each stage some leave another way. Stage lengths and shares differ from council to council; the truth of each is known
in closed form (medians, shares of a stage, child-days) or from a million simulated children (shares from the start).

What is counted, for logs of about 50, 200 and 1,000 children: whether the interval holds the true median of each
stage; the true share that has reached each end after one, two and three years, and of those still waiting; each
stage's true share of the child-days; and its true rank. A median whose upper limit is not reached is held by
"longer than": the interval is open on that side.

Councils whose stages are far apart have ranks nobody could mistake, so ranks are looked at where it is hard: with
stages a little apart, as far as two standard errors of the share of child-days at that number of children.

Run: python benchmarks/coverage.py [councils per size] [file for the table]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog, from_days
from event_logs.vocabulary import Stage
from event_logs.window import ObservationWindow
from mining.bottlenecks import bottlenecks
from mining.outcomes import CASE_START, STILL_WAITING, Outcome, competing_outcomes
from mining.visits import stage_visits

FloatArray = npt.NDArray[np.float64]

SIZES = (50, 200, 1_000)
WINDOW = 4 * 365.25
BURN_IN = 25 * 365.25
STEPS = ("Start", "First", "Second", "Third", "Fourth", "Order")
HOME = "Home"
STAGES = tuple(Stage(f"{a} to {b}", starts=(a,), stops=(b,)) for a, b in pairwise(STEPS))
OUTCOMES = (Outcome("Order", ("Order",)), Outcome("Home", (HOME,)))
YEARS = (1, 2, 3)
_EPOCH = 16_000.0
_TRUTH_CHILDREN = 1_000_000


@dataclass(frozen=True)
class Law:
    """The truth of one kind of council: lognormal stages, and the share that leaves another way at each."""

    medians: tuple[float, ...]
    sigma: float
    leave: tuple[float, ...]

    @property
    def means(self) -> FloatArray:
        """Mean days of each stage, whichever way it ends."""
        return np.asarray(np.asarray(self.medians) * np.exp(self.sigma**2 / 2), dtype=np.float64)

    @property
    def burden(self) -> FloatArray:
        """Expected share of each stage in the child-days of a stationary council."""
        reach = np.concatenate([[1.0], np.cumprod(1 - np.asarray(self.leave))[:-1]])
        days = reach * self.means
        return np.asarray(days / days.sum())

    def children(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Days of each stage of n children, and at which stage each leaves (the number of stages: at none)."""
        k = len(self.medians)
        days = np.asarray(self.medians) * np.exp(self.sigma * rng.standard_normal((n, k)))
        leaves = rng.random((n, k)) < np.asarray(self.leave)
        return days, np.where(leaves.any(axis=1), leaves.argmax(axis=1), k)

    def shares(self, rng: np.random.Generator) -> pd.DataFrame:
        """True share that has reached each end some years after the start: years, outcome, truth."""
        days, stage = self.children(_TRUTH_CHILDREN, rng)
        last = np.minimum(stage, days.shape[1] - 1)
        total = np.take_along_axis(np.cumsum(days, axis=1), last[:, None], axis=1)[:, 0]
        ordered = stage == days.shape[1]
        rows = []
        for year in YEARS:
            done = total <= year * 365.25
            order, home = float((done & ordered).mean()), float((done & ~ordered).mean())
            rows += [(year, "Order", order), (year, "Home", home), (year, STILL_WAITING, 1 - order - home)]
        return pd.DataFrame(rows, columns=["years", "outcome", "truth"])


def random_law(rng: np.random.Generator) -> Law:
    """A council at random: stages of one to nine months at the median."""
    return Law(
        tuple(np.exp(rng.uniform(np.log(40), np.log(260), 5)).tolist()),
        float(rng.uniform(0.6, 0.9)),
        tuple(rng.uniform(0.02, 0.12, 5).tolist()),
    )


def close_law(rng: np.random.Generator, children: int) -> Law:
    """A council whose stages' shares of child-days lie as close together as such a log can hardly tell apart."""
    # The standard error of a share of one fifth is about 0.2 / sqrt(children).
    gap = rng.uniform(0.0, 2.0, 5) * 0.2 / np.sqrt(children)
    share = 0.2 + (np.cumsum(gap) - np.cumsum(gap).mean())
    share = rng.permutation(np.clip(share, 0.05, None))
    leave = np.full(5, 0.05)
    reach = np.concatenate([[1.0], np.cumprod(1 - leave)[:-1]])
    medians = 600 * share / share.sum() / reach
    return Law(tuple(medians.tolist()), 0.7, tuple(leave.tolist()))


def council(law: Law, children: int, rng: np.random.Generator) -> EventLog:
    """A log of about so many children, seen for four years of a process that has been going on for long."""
    days, leaves = law.children(20_000, rng)
    cut = np.arange(days.shape[1])[None, :] <= leaves[:, None]
    mean_total = float((days * cut).sum(axis=1).mean())
    rate = children / (WINDOW + mean_total)
    n = rng.poisson(rate * (BURN_IN + WINDOW))
    start = np.sort(rng.uniform(-BURN_IN, WINDOW, n))
    days, leaves = law.children(n, rng)
    reached = np.concatenate([start[:, None], start[:, None] + np.cumsum(days, axis=1)], axis=1)
    place = np.arange(days.shape[1] + 1)[None, :]
    end = np.take_along_axis(reached, np.minimum(leaves + 1, days.shape[1])[:, None], axis=1)[:, 0]
    seen = (place <= leaves[:, None]) & (reached <= WINDOW) & (end > 0)[:, None]
    child, step = np.nonzero(seen)
    home = np.flatnonzero((leaves < days.shape[1]) & (end > 0) & (end <= WINDOW))
    events = pd.DataFrame(
        {
            "case": np.char.mod("%06d", np.concatenate([child, home])),
            "activity": np.concatenate([np.asarray(STEPS)[step], np.full(len(home), HOME)]),
            "date": from_days(_EPOCH + np.concatenate([reached[child, step], end[home]])),
        }
    )
    first, last = from_days([_EPOCH, _EPOCH + WINDOW])
    window = ObservationWindow(pd.Timestamp(first), pd.Timestamp(last))
    ranks = {name: rank for rank, name in enumerate((*STEPS, HOME))}
    return EventLog.of(events, window, ranks=ranks, final=["Order", HOME])


def held(low: object, high: object, truth: float) -> bool:
    """Whether an interval holds the truth; a limit that is not reached is infinitely far off."""
    lower, upper = float(str(low)), float(str(high))
    return (np.isnan(lower) and not np.isnan(upper)) or (lower <= truth and (np.isnan(upper) or truth <= upper))


def medians(log: EventLog, law: Law) -> list[tuple[str, bool]]:
    """Whether the interval of each stage's median holds the truth; a stage without an interval is not counted."""
    found = []
    for stage, truth in zip(STAGES, law.medians, strict=True):
        low, high = stage_visits(log, stage).sojourn.interval(0.5)
        if not np.isnan(low):
            found.append(("median of a stage", held(low, high, truth)))
    return found


def shares(log: EventLog, truth: pd.DataFrame) -> list[tuple[str, bool]]:
    """Whether the interval of each share at each horizon holds the truth."""
    table = competing_outcomes(log, CASE_START, OUTCOMES, years=YEARS).merge(truth, on=["years", "outcome"])
    known = table[table["share"].notna()]
    return [
        ("share that reached an end", held(low, high, true))
        for low, high, true in zip(known["low_share"], known["high_share"], known["truth"], strict=True)
    ]


def burdens(log: EventLog, law: Law, seed: int, *, ranks: bool) -> list[tuple[str, bool]]:
    """Whether the interval of each stage's share of child-days, or of its rank, holds the truth."""
    table = bottlenecks(log, STAGES, seed=seed).set_index("stage")
    true = law.burden
    place = np.argsort(np.argsort(-true)) + 1
    found = []
    for stage, share, rank in zip(STAGES, true, place, strict=True):
        row = table.loc[stage.name]
        if ranks:
            found.append(("rank of a stage", held(row["low_rank"], row["high_rank"], float(rank))))
        else:
            found.append(("share of child-days", held(row["low_share"], row["high_share"], float(share))))
    return found


def coverage(children: int, councils: int, *, laws: int = 10) -> pd.DataFrame:
    """Coverage for logs of one size: `children`, `interval`, `councils`, `intervals`, `coverage`, `error`.

    `error` is the standard error of the coverage, councils taken as independent and their intervals as not.
    """
    kinds = [random_law(np.random.default_rng([1, number])) for number in range(laws)]
    truths = [law.shares(np.random.default_rng([2, number])) for number, law in enumerate(kinds)]
    rows: list[tuple[int, str, bool]] = []
    for number in range(councils):
        rng = np.random.default_rng([3, children, number])
        law = kinds[number % laws]
        log = council(law, children, rng)
        close = close_law(rng, children)
        found = [
            *medians(log, law),
            *shares(log, truths[number % laws]),
            *burdens(log, law, number, ranks=False),
            *burdens(council(close, children, rng), close, number, ranks=True),
        ]
        rows += [(number, name, covered) for name, covered in found]
    table = pd.DataFrame(rows, columns=["council", "interval", "covered"])
    each = table.groupby(["interval", "council"], sort=False)["covered"].mean().groupby("interval", sort=False)
    total = table.groupby("interval", sort=False)["covered"].agg(["size", "mean"])
    return pd.DataFrame(
        {
            "children": children,
            "interval": total.index,
            "councils": councils,
            "intervals": total["size"].to_numpy(),
            "coverage": total["mean"].to_numpy(),
            "error": (each.std() / np.sqrt(each.size())).to_numpy(),
        }
    )


def main(councils: int, file: Path | None) -> None:
    """Print the table, and keep it in a file if one is named."""
    table = pd.concat([coverage(size, councils) for size in SIZES], ignore_index=True)
    lines = [
        "| children | 95 % interval of the | councils | intervals | coverage | ± 2 s.e. | wanted |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row['children']:,} | {row['interval']} | {row['councils']} | {row['intervals']:,} | "
            f"{row['coverage']:.1%} | {2 * row['error']:.1%} | 92 to 98 % |"
            for row in table.to_dict("records")
        ),
    ]
    text = "\n".join(lines)
    print(text)
    if file is not None:
        head = (
            "# Coverage of the 95 % intervals\n\nMade by `python benchmarks/coverage.py 200 benchmarks/coverage.md`; "
        )
        file.write_text(f"{head}see the head of that file for what is counted.\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 200,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
