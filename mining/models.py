"""Models discovered from a log: process tree, Petri net and BPMN by the inductive miner, dependencies by heuristics.

Only closed cases teach a model: a trace that the extraction cut off has no end, and would make false ones. Recurring
milestones, such as reviews, are left aside, for they tie a model in knots. The noise threshold is never fixed: the
usual ones are tried on the earlier cases and judged on the later ones, and the scan is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.log import EventLog
from mining import _pm4py
from mining.bpmn import bpmn
from mining.budget import Budget
from mining.petri_net import PetriNet, net_of, pnml
from mining.process_tree import Tree, ordered, relabelled
from mining.traces import BoolArray, main_line, traces_of
from mining.visits import check_activities

THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
"""The noise thresholds tried."""
UNJUDGED = 0.2
"""The noise threshold taken, or the nearest to it, when there was no time to judge any."""
_WITHIN = 0.02
_EARLIER = 0.7
_LEAST_SPLIT = 10
_STABLE = 100
_MOST = 0.8
_JUDGING = 2 / 3
"""How much of the time allowed thresholds may take, so that some is left to measure the chosen model."""
_RESAMPLES = 5
_PRECISION_CASES = 3000

SCAN_COLUMNS = (
    *("noise", "fitness_train", "precision_train", "fitness_test", "fitting_test", "precision_test"),
    *("harmonic_mean", "size", "chosen"),
)
Variants = dict[_pm4py.Trace, int]
Row = tuple[float | bool, ...]


@dataclass(frozen=True)
class Quality:
    """How well a model describes cases; each from 0 to 1, NaN without cases."""

    fitness: float
    """By token replay: how little was missing or left over (Rozinat and van der Aalst 2008)."""
    share_fitting: float
    """Share of the cases that the model can replay from beginning to end."""
    precision: float
    """How little the model allows that did not happen (Munoz-Gama and Carmona 2010)."""
    generalisation: float
    """By bootstrap: share of left-out cases that fit a model made from the same number drawn at random."""
    simplicity: float
    """By arcs a node (Blum 2015)."""

    def __str__(self) -> str:
        return (
            f"fitness {self.fitness:.2f} ({100 * self.share_fitting:.0f}% of cases fit whole), precision "
            f"{self.precision:.2f}, generalisation {self.generalisation:.2f}, simplicity {self.simplicity:.2f}"
        )


@dataclass(frozen=True, eq=False)
class DiscoveredModel:
    """A model, how it was chosen, and how far to trust it."""

    tree: Tree | None
    """The process tree; None for the heuristics miner, and where there was nothing to learn from."""
    net: PetriNet | None
    """The Petri net; None where there was nothing to learn from."""
    noise: float
    """The threshold: noise for the inductive miner, dependency for the heuristics miner; NaN without a model."""
    scan: pd.DataFrame
    """One row a threshold tried, see `discover_model`; empty for the heuristics miner."""
    arcs: pd.DataFrame
    """Heuristics miner: `source`, `target`, `dependency` (-1 to 1), `count`; empty for the inductive miner."""
    quality: Quality
    cases: int
    """Closed cases it was made from."""
    messages: tuple[str, ...]
    """What to know before trusting it."""

    def pnml(self) -> bytes:
        """The Petri net as a PNML file; raises ValueError where there is no model."""
        if self.net is None:
            raise ValueError(f"there is no model to write: {self.messages[0]}")
        return pnml(self.net, "discovered model")

    def bpmn(self) -> bytes:
        """The process tree as a BPMN 2.0 file with its layout; raises ValueError where there is no tree."""
        if self.tree is None:
            raise ValueError(f"there is no process tree to write as BPMN: {self.messages[0]}")
        return bpmn(self.tree, "Discovered model")


def discover_model(
    log: EventLog,
    *,
    activities: Sequence[str] | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    seed: int = 0,
    seconds: float | None = None,
) -> DiscoveredModel:
    """The process tree of the closed cases by the inductive miner, with the noise threshold that does best.

    Columns of `scan`: `noise`; on the earlier 70 % of the closed cases (by their end), from which each tree was made,
    `fitness_train` and `precision_train`; on the later ones `fitness_test`, `fitting_test` (share of cases that fit
    whole), `precision_test` and the `harmonic_mean` of fitness and precision; `size` (steps of the net, silent ones
    included); `chosen`. Of the thresholds within 0.02 of the best harmonic mean the one with the smallest net is
    chosen (ties: the lower one), and the model is made again from all closed cases with it.

    `activities` are by default all but the recurring milestones. `seed` is for the bootstrap of `generalisation`. The
    result is the same for every order of rows and every hash seed. Measuring takes seconds for a council's log, and
    minutes for one with many hundreds of different long traces: `seconds` is how long it may take. No step of the
    work is begun when the time is up or when the longest step of its kind so far would not end in it; then thresholds
    are left untried, the most telling measures come first (later cases, fitness, precision, generalisation, earlier
    cases), what was not measured is NaN, and `messages` says so. Which is then left out depends on the machine; a
    model is always made. A log without closed cases gives a model without tree and a message. Raises ValueError for
    an activity that is not known, a threshold outside [0, 1) and seconds below 0.
    """
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"seconds must be 0 or more, got {seconds}")
    wrong = [one for one in thresholds if not 0 <= one < 1]
    if wrong or not thresholds:
        raise ValueError(f"thresholds must be in [0, 1), at least one, got {list(thresholds)}")
    closed = _Closed.of(log, activities)
    if not closed.total:
        return _nothing(closed)
    time_left = Budget(seconds)
    # From the highest, whose models are plainest and soonest judged.
    tried = ((one, _judged(closed, one, time_left)) for one in sorted(thresholds, reverse=True))
    judged = {one: found for one, found in tried if found is not None}
    noise = _best(judged) if judged else min(thresholds, key=lambda one: (abs(one - UNJUDGED), one))
    tree = _mined(closed.variants(), noise, closed.names)
    net = net_of(tree)
    quality = _quality(net, closed, time_left, generalisation=lambda: _generalisation(closed, noise, seed))
    rows = [
        _scan_row(one, judged.get(one), _on_earlier(closed, judged.get(one), time_left), chosen=one == noise)
        for one in thresholds
    ]
    scan = pd.DataFrame(rows, columns=[*SCAN_COLUMNS])
    arcs = pd.DataFrame({"source": [], "target": [], "dependency": [], "count": []})
    said = tuple(_messages(closed, scan, quality, time_left))
    return DiscoveredModel(tree, net, noise, scan, arcs, quality, closed.total, said)


def discover_heuristics(
    log: EventLog, *, activities: Sequence[str] | None = None, threshold: float = 0.9
) -> DiscoveredModel:
    """Dependencies and Petri net of the closed cases by the heuristics miner (Weijters and others 2006).

    Good for seeing what depends on what; the net is not always sound, and `messages` says so. `threshold` is the
    least dependency shown, in (-1, 1). Cases and errors as in `discover_model`; `generalisation` is not worked out.
    """
    if not -1 < threshold < 1:
        raise ValueError(f"threshold must be in (-1, 1), got {threshold}")
    closed = _Closed.of(log, activities)
    if not closed.total:
        return _nothing(closed)
    found, coded = _pm4py.heuristics(closed.variants(), threshold)
    net = PetriNet(
        coded.places,
        tuple(type(one)(one.name, _name(closed.names, one.label), one.takes, one.gives) for one in coded.transitions),
        coded.initial,
        coded.final,
    )
    rows = [
        (_name(closed.names, arc.source), _name(closed.names, arc.target), arc.dependency, arc.count) for arc in found
    ]
    arcs = pd.DataFrame(rows, columns=["source", "target", "dependency", "count"])
    quality = _quality(net, closed, Budget(None), generalisation=lambda: np.nan)
    scan = pd.DataFrame(columns=list(SCAN_COLUMNS))
    said = ("A net of the heuristics miner is not always sound: some of its ways may not reach the end.",)
    return DiscoveredModel(None, net, threshold, scan, arcs, quality, closed.total, (*said, *_small(closed)))


@dataclass(frozen=True, eq=False)
class _Closed:
    """The closed cases of a log as coded traces, in the order of their ends."""

    names: tuple[str, ...]
    traces: tuple[_pm4py.Trace, ...]
    """Distinct traces."""
    of_case: npt.NDArray[np.int64]
    """The trace of each closed case, in the order of ends."""
    open_cases: int
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, log: EventLog, activities: Sequence[str] | None) -> _Closed:
        names = main_line(log) if activities is None else tuple(activities)
        check_activities(log, names)
        names = tuple(name for name in log.activities if name in set(names))
        chosen = _with_events(log, names) & ~np.isnan(log.arrays.end)
        found = traces_of(log, names, chosen)
        code = {name: number for number, name in enumerate(names)}
        coded = tuple(tuple(code[name] for name in trace) for trace in found.traces)
        members = np.flatnonzero(chosen)
        order = members[np.argsort(log.arrays.end[members], kind="stable")]
        left_out = tuple(name for name in log.activities if name not in code)
        return cls(names, coded, found.trace[order], log.open_cases, left_out)

    @property
    def total(self) -> int:
        return len(self.of_case)

    @property
    def split(self) -> int:
        """How many of the earliest teach the model while the threshold is chosen; all where there are few."""
        return self.total if self.total < _LEAST_SPLIT else round(_EARLIER * self.total)

    def variants(self, cases: npt.NDArray[np.int64] | slice = slice(None)) -> Variants:
        """The traces of the given closed cases with their numbers."""
        counts = np.bincount(self.of_case[cases], minlength=len(self.traces))
        return {trace: int(count) for trace, count in zip(self.traces, counts, strict=True) if count}


def _with_events(log: EventLog, names: Sequence[str]) -> BoolArray:
    shown = np.array([name in set(names) for name in log.arrays.activities] + [False])
    has: BoolArray = np.bincount(log.arrays.case, shown[log.arrays.activity], minlength=len(log.cases)) > 0
    return has


def _mined(variants: Variants, noise: float, names: Sequence[str]) -> Tree:
    tree = _pm4py.inductive_tree(variants, noise)
    return ordered(relabelled(tree, lambda label: names[int(label)]), names)


def _name(names: Sequence[str], label: str) -> str:
    return names[int(label)] if label else ""


@dataclass(frozen=True, eq=False)
class _Judged:
    """How a model of the earlier cases does on the later ones."""

    noise: float
    net: PetriNet
    fitness: float
    fitting: float
    precision: float

    @property
    def harmonic_mean(self) -> float:
        both = self.fitness + self.precision
        return 2 * self.fitness * self.precision / both if both > 0 else 0.0


def _judged(closed: _Closed, noise: float, time_left: Budget) -> _Judged | None:
    def judge() -> _Judged:
        earlier = closed.variants(slice(0, closed.split))
        later = closed.variants(slice(closed.split, None)) if closed.split < closed.total else earlier
        net = net_of(_mined(earlier, noise, closed.names))
        loaded = _pm4py.loaded(net)
        return _Judged(noise, net, *_replayed(loaded, later, closed.names), _precision(loaded, later, closed.names))

    return time_left.of("later", judge, share=_JUDGING)


def _best(judged: dict[float, _Judged]) -> float:
    """The threshold with the smallest net among those that do about best; the lower one of equals."""
    best = max(one.harmonic_mean for one in judged.values())
    near = [one for one in judged.values() if one.harmonic_mean >= best - _WITHIN]
    return min(near, key=lambda one: (len(one.net.transitions), one.noise)).noise


def _on_earlier(closed: _Closed, judged: _Judged | None, time_left: Budget) -> tuple[float, float] | None:
    """Fitness and precision on the cases that the model was made from; None if not judged, or without time."""
    if judged is None:
        return None
    earlier, loaded = closed.variants(slice(0, closed.split)), _pm4py.loaded(judged.net)

    def measure() -> tuple[float, float]:
        return _replayed(loaded, earlier, closed.names)[0], _precision(loaded, earlier, closed.names)

    return time_left.of("earlier", measure)


def _scan_row(noise: float, judged: _Judged | None, earlier: tuple[float, float] | None, *, chosen: bool) -> Row:
    fit, precise = earlier or (np.nan, np.nan)
    if judged is None:
        return noise, fit, precise, np.nan, np.nan, np.nan, np.nan, np.nan, chosen
    found = judged.fitness, judged.fitting, judged.precision, judged.harmonic_mean
    return noise, fit, precise, *found, len(judged.net.transitions), chosen


def _replayed(net: _pm4py.Loaded, variants: Variants, names: Sequence[str]) -> tuple[float, float]:
    """Fitness, and the share of cases that fit whole."""
    traces = [tuple(names[code] for code in trace) for trace in variants]
    counts = np.array(list(variants.values()))
    replays = _pm4py.replay(net, traces)
    missing, consumed, remaining, produced = (
        float(np.dot([getattr(one, name) for one in replays], counts))
        for name in ("missing", "consumed", "remaining", "produced")
    )
    fitness = 0.5 * (1 - missing / consumed) + 0.5 * (1 - remaining / produced)
    return fitness, float(np.dot([one.fits for one in replays], counts) / counts.sum())


def _precision(net: _pm4py.Loaded, variants: Variants, names: Sequence[str]) -> float:
    traces = [tuple(names[code] for code in trace) for trace in variants]
    counts = np.array(list(variants.values()))
    # Precision is worked out case by case; beyond some thousand cases more change nothing but the time it takes.
    fewer = np.maximum(1, np.round(counts * min(1.0, _PRECISION_CASES / counts.sum()))).astype(np.int64)
    each = [trace for trace, count in zip(traces, fewer.tolist(), strict=True) for _ in range(count)]
    return _pm4py.precision(net, each)


def _quality(net: PetriNet, closed: _Closed, time_left: Budget, *, generalisation: Callable[[], float]) -> Quality:
    loaded, variants = _pm4py.loaded(net), closed.variants()
    fitness, whole = time_left.of("replay", lambda: _replayed(loaded, variants, closed.names)) or (np.nan, np.nan)
    general = time_left.of("generalisation", generalisation)
    precise = time_left.of("precision", lambda: _precision(loaded, variants, closed.names))
    precise, general = (np.nan if one is None else one for one in (precise, general))
    return Quality(fitness, whole, precise, general, _pm4py.simplicity(loaded))


def _generalisation(closed: _Closed, noise: float, seed: int) -> float:
    """Share of the cases left out of a bootstrap sample that fit the model made from the sample; NaN for one case."""
    words = int.from_bytes(blake2b(b"model generalisation", digest_size=8).digest(), "big")
    generator = np.random.default_rng(np.random.SeedSequence([seed, words]))
    shares = []
    for _ in range(_RESAMPLES):
        drawn = generator.integers(0, closed.total, closed.total)
        left = np.setdiff1d(np.arange(closed.total), drawn)
        if not len(left):
            continue
        net = _pm4py.loaded(net_of(_mined(closed.variants(drawn), noise, closed.names)))
        variants = closed.variants(left)
        traces = [tuple(closed.names[code] for code in trace) for trace in variants]
        fits = [one.fits for one in _pm4py.replay(net, traces)]
        shares.append(np.average(fits, weights=list(variants.values())))
    return float(np.mean(shares)) if shares else np.nan


def _nothing(closed: _Closed) -> DiscoveredModel:
    why = f"all {closed.open_cases} cases are still open" if closed.open_cases else "there are no cases with events"
    said = f"No model: it can be learnt from closed cases only, and {why}."
    nan = float("nan")
    arcs = pd.DataFrame({"source": [], "target": [], "dependency": [], "count": []})
    scan = pd.DataFrame(columns=list(SCAN_COLUMNS))
    return DiscoveredModel(None, None, nan, scan, arcs, Quality(nan, nan, nan, nan, nan), 0, (said,))


def _messages(closed: _Closed, scan: pd.DataFrame, quality: Quality, time_left: Budget) -> list[str]:
    best = scan[scan["chosen"]].iloc[0]
    said = [
        f"Learnt from {closed.total:,} closed cases with noise threshold {best['noise']:g}, which does best on the "
        f"later cases (fitness {best['fitness_test']:.2f}, precision {best['precision_test']:.2f}) with the smallest "
        "net."
    ]
    if len(scan) == 1:
        said[0] = f"Learnt from {closed.total:,} closed cases with the noise threshold asked for, {best['noise']:g}."
    elif closed.split == closed.total:
        said[0] = (
            f"Learnt from {closed.total} closed cases with noise threshold {best['noise']:g}; too few to try it on "
            "later cases."
        )
    if time_left.ran_out:
        said += _out_of_time(closed, scan, quality, time_left)
        if scan["harmonic_mean"].isna().all():
            said[0] = f"Learnt from {closed.total:,} closed cases with noise threshold {best['noise']:g}, not judged."
    if quality.share_fitting < _MOST:
        said.append(
            f"The model shows what is usual: {100 * quality.share_fitting:.0f}% of the closed cases go through it from "
            "beginning to end, the others leave it somewhere."
        )
    return [*said, *_small(closed)]


def _out_of_time(closed: _Closed, scan: pd.DataFrame, quality: Quality, time_left: Budget) -> list[str]:
    """What the time was too short for."""
    untried = scan.loc[scan["harmonic_mean"].isna(), "noise"]
    missing = [f"how noise thresholds {', '.join(f'{one:g}' for one in untried)} would do"] if len(untried) else []
    measures = {"fitness": quality.fitness, "generalisation": quality.generalisation, "precision": quality.precision}
    missing += [f"the {name} of the model" for name, value in measures.items() if np.isnan(value)]
    if scan.loc[scan["harmonic_mean"].notna(), "precision_train"].isna().any():
        missing.append("how the thresholds do on the earlier cases")
    if not missing:
        return []
    return [
        f"The {time_left.seconds:g} seconds allowed were too short to find out {'; '.join(missing)}. With more time "
        "the model may be another one, and on another machine, too."
    ]


def _small(closed: _Closed) -> tuple[str, ...]:
    said = []
    if closed.open_cases:
        said.append(
            f"{closed.open_cases:,} open cases are left out: where the extraction cut them is no end of the process. "
            "Slow journeys are therefore under-represented."
        )
    if closed.total < _STABLE:
        said.append(
            f"With {closed.total} closed cases (fewer than {_STABLE}) a discovered model is not stable: a few other "
            "cases would give another one. Rather compare the journeys with the declared pathway."
        )
    if closed.left_out:
        said.append(f"Left aside: {', '.join(closed.left_out)}.")
    return tuple(said)
