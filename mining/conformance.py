"""Does a journey follow the declared pathway, and where does it leave it? By alignments, in words and counts.

An alignment is the way through the model that explains a journey with the fewest disagreements (Adriansyah 2014). The
search is pm4py's; it gets a time budget, and what does not fit in it is judged by token replay, which only says whether
a journey fits. Open journeys are compared up to where they stand: the model may stop anywhere for them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining import _pm4py
from mining.petri_net import STILL_OPEN, PetriNet, net_of, with_way_out
from mining.process_tree import Tree, choice, loop, optional, parallel, sequence
from mining.traces import BoolArray, main_line, traces_of
from mining.visits import check_activities

_STEP_COLUMNS = ["activity", "cases", "skipped", "extra", "out_of_order"]
_NAMED = 3
"""How many steps a finding names at most."""


def pathway_tree() -> Tree:
    """The declared permanence pathway: every way from becoming looked after to an order, reviews left aside.

    Ceasing to be looked after is not in it, for it can happen at any time.
    """
    papers = (
        sequence(v.LEGAL_REQUESTED, v.LEGAL_RECEIVED),
        sequence(v.HEALTH_REQUESTED, v.HEALTH_COMPLETED),
        v.REPORT_COMPLETED,
    )
    permanence = sequence(
        parallel(v.RECOMMENDED, *papers),
        loop(v.PANEL, v.INFORMATION_RECEIVED),
        v.AGENCY_DECISION,
        parallel(v.LODGED, optional(v.HEARING_ADVICE)),
        choice(
            v.PERMANENCE_ORDER,
            sequence(v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER),
            v.ADOPTION_ORDER,
            sequence(v.NOT_GRANTED, optional(v.LONG_TERM)),
        ),
    )
    plan = choice(
        permanence,
        sequence(v.RETURN_HOME, v.RETURNED_HOME),
        sequence(v.KINSHIP_ORDER_PLANNED, v.KINSHIP_ORDER),
        v.LONG_TERM,
    )
    return sequence(v.BECAME_LOOKED_AFTER, optional(v.AT_HOME), v.ACCOMMODATED, plan)


@dataclass(frozen=True, eq=False)
class Conformance:
    """How a log agrees with a model."""

    steps: pd.DataFrame
    """One row an activity of model or log, in the log's order, see `check_conformance`."""
    cases: int
    """Compared by alignment; with `replayed` these are all that were compared."""
    closed: int
    """How many of these are closed."""
    fitting: int
    """How many of these agree with the model in every step."""
    fitness: float
    """1 less the disagreeing moves among as many as there could be; 1 is full agreement, NaN for no cases."""
    tied: int
    """Cases that disagree and have steps on one day, whose order is only assumed."""
    replayed: int
    """Cases that the time budget did not reach, judged by token replay."""
    replayed_fitting: int
    """How many of these fit."""
    before_window: int
    """Cases left out because they began before recording did: what they lack may only be unrecorded."""
    left_out: tuple[str, ...]
    """Activities left out of the comparison because they recur beside the main line."""
    fits: BoolArray
    """For each case of the log whether it agrees in every step; False for cases left out."""

    @property
    def findings(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        return tuple(_findings(self))


def check_conformance(
    log: EventLog,
    model: Tree | PetriNet | None = None,
    *,
    leaving: str | None = None,
    seconds: float = 60.0,
    seconds_each: float = 5.0,
) -> Conformance:
    """Compare every case with a model, by default with the declared pathway.

    Columns of `steps`: `activity`; `cases` (compared by alignment in which it happened), and cases in which the
    cheapest explanation has it `skipped` (the model asks for it, the case does not have it), `extra` (it happened
    where the model has no place for it), or `out_of_order` (both in one case: it happened, at another place). Where
    two explanations are as cheap the same one is taken every time.

    `leaving` is the activity by which a case may end at any time without that counting as a disagreement; for the
    declared pathway it is ceasing to be looked after. Open cases are compared as beginnings. An activity that the log
    does not have at all, or that was not reliably recorded when a case began, is not missed in that case. Recurring
    milestones that the model does not have are left aside. `seconds` and `seconds_each` limit the search for all and
    for each trace, in order of frequency; only when they run out can two runs differ.

    A log without cases gives zero counts. Raises ValueError for an activity of the model that neither log nor
    vocabulary knows, and for limits that are not positive.
    """
    if not (seconds > 0 and seconds_each > 0):
        raise ValueError(f"seconds and seconds_each must be above 0, got {seconds} and {seconds_each}")
    if model is None:
        model, leaving = pathway_tree(), v.CEASED if leaving is None else leaving
    net = net_of(model) if isinstance(model, Tree) else model
    known = (*net.activities, *([leaving] if leaving else []))
    check_activities(log, known)
    shown = tuple(name for name in log.activities if name in set(main_line(log)) | set(known))
    inside = log.arrays.start >= log.arrays.window_start
    tally = _Tally.of(log, shown)
    until = time.monotonic() + seconds
    for chosen, free in _alike(log, known, inside):
        for still_open in (False, True):
            chosen_here = chosen & (np.isnan(log.arrays.end) == still_open)
            plain = _unseen(net, free)
            ending = STILL_OPEN if still_open else "" if leaving in free else leaving
            tally.add(log, _Part(plain, chosen_here, ending, still_open), (seconds_each, until))
    return tally.result(log, shown, known, before_window=int((~inside).sum()))


def _alike(log: EventLog, names: Sequence[str], inside: BoolArray) -> list[tuple[BoolArray, frozenset[str]]]:
    """The cases in groups for which the same activities may have happened unrecorded."""
    absent = frozenset(names) - set(log.activities)
    dates = sorted({log.window.reliable_from(name) for name in names} - {log.window.start})
    edges = [log.window.start, *dates]
    start = log.cases["start"].to_numpy()
    groups = []
    for number, edge in enumerate(edges):
        later = edges[number + 1] if number + 1 < len(edges) else pd.Timestamp.max
        chosen = inside & (start >= np.datetime64(edge)) & (start < np.datetime64(later))
        free = absent | {name for name in names if log.window.reliable_from(name) > edge}
        groups.append((chosen, free))
    return [(chosen, free) for chosen, free in groups if chosen.any()]


def _unseen(net: PetriNet, free: frozenset[str]) -> PetriNet:
    """The net in which the given activities may pass unseen."""
    unseen = [replace(one, name=f"{one.name}_unseen", label="") for one in net.transitions if one.label in free]
    return replace(net, transitions=(*net.transitions, *unseen))


@dataclass(frozen=True, eq=False)
class _Part:
    """Cases that are compared with the same net."""

    plain: PetriNet
    chosen: BoolArray
    ending: str | None
    """The step by which they may end at any time, "" for one that is not seen; None where there is no such step."""
    still_open: bool

    @property
    def net(self) -> PetriNet:
        return self.plain if self.ending is None else with_way_out(self.plain, self.ending)

    def replayed(self, traces: Sequence[tuple[str, ...]]) -> list[bool]:
        """Which traces fit by token replay. Tokens left over are held against those alone that had to reach the end."""
        net = _pm4py.loaded(self.plain)
        if self.ending is None:
            return [one.fits for one in _pm4py.replay(net, traces)]
        ended = [not self.ending or trace[-1:] == (self.ending,) for trace in traces]
        steps = [tuple(name for name in trace if name != self.ending) for trace in traces]
        fit = [one.enabled for one in _pm4py.replay(net, steps)]
        known = set(self.plain.activities)
        return [a and b and known.issuperset(trace) for a, b, trace in zip(ended, fit, steps, strict=True)]


@dataclass(eq=False)
class _Tally:
    """Counts added up over the parts of a log."""

    counts: dict[str, npt.NDArray[np.int64]]
    place: dict[str, int]
    fits: BoolArray
    moves: int = 0
    most: int = 0
    cases: int = 0
    closed: int = 0
    fitting: int = 0
    tied: int = 0
    replayed: int = 0
    replayed_fitting: int = 0

    @classmethod
    def of(cls, log: EventLog, shown: Sequence[str]) -> _Tally:
        place: dict[str, int] = {name: number for number, name in enumerate(shown)}
        return cls({}, place, np.zeros(len(log.cases), dtype=bool))

    def add(self, log: EventLog, part: _Part, limits: tuple[float, float]) -> None:
        found = traces_of(log, tuple(self.place), part.chosen)
        if not found.traces:
            return
        ending = (STILL_OPEN,) if part.still_open else ()
        traces = [(*trace, *ending) for trace in found.traces]
        net = _pm4py.loaded(part.net)
        shortest = _pm4py.align(net, [ending], seconds_each=max(limits[0], 5.0), until=np.inf)[0]
        least = shortest.cost if shortest else 0
        aligned = _pm4py.align(net, traces, seconds_each=limits[0], until=limits[1])
        good = np.zeros(len(traces), dtype=bool)
        for number, one in enumerate(aligned):
            if one is not None:
                good[number] = one.cost == 0
                self._count(one, found.traces[number], int(found.counts[number]), least)
        missed = [number for number, one in enumerate(aligned) if one is None]
        if missed:
            good[missed] = part.replayed([traces[number] for number in missed])
            self.replayed += int(found.counts[missed].sum())
            self.replayed_fitting += int(found.counts[missed][good[missed]].sum())
        mine = part.chosen
        self.fits[mine] = good[found.trace[mine]]
        reached = np.array([one is not None for one in aligned])
        judged = found.counts[reached]
        self.cases += int(judged.sum())
        self.closed += 0 if part.still_open else int(judged.sum())
        self.fitting += int(found.counts[reached & good].sum())
        self.tied += int((found.tied[mine] & (reached & ~good)[found.trace[mine]]).sum())

    def _count(self, one: _pm4py.Alignment, trace: tuple[str, ...], cases: int, least: int) -> None:
        self.moves += one.cost * cases
        self.most += (len(trace) + least) * cases
        skipped, extra = set(one.skipped), set(one.extra)
        for column, names in (
            ("cases", set(trace)),
            ("skipped", skipped - extra),
            ("extra", extra - skipped),
            ("out_of_order", skipped & extra),
        ):
            for name in names - {STILL_OPEN}:
                self.counts.setdefault(name, np.zeros(4, dtype=np.int64))[_STEP_COLUMNS.index(column) - 1] += cases

    def result(self, log: EventLog, shown: Sequence[str], known: Sequence[str], *, before_window: int) -> Conformance:
        names = list(dict.fromkeys([*shown, *known]))
        nothing = np.zeros(4, dtype=np.int64)
        rows = [(name, *self.counts.get(name, nothing).tolist()) for name in names]
        return Conformance(
            steps=pd.DataFrame(rows, columns=_STEP_COLUMNS),
            cases=self.cases,
            closed=self.closed,
            fitting=self.fitting,
            fitness=1 - self.moves / self.most if self.most else (1.0 if self.cases else np.nan),
            tied=self.tied,
            replayed=self.replayed,
            replayed_fitting=self.replayed_fitting,
            before_window=before_window,
            left_out=tuple(name for name in log.activities if name not in shown),
            fits=self.fits,
        )


def _findings(found: Conformance) -> list[str]:
    if not found.cases and not found.replayed:
        left = f": all {found.before_window:,} began before recording did" if found.before_window else ""
        return [f"There are no journeys to compare{left}."]
    said = []
    if found.cases:
        said.append(
            f"{found.fitting:,} of {found.cases:,} journeys ({100 * found.fitting / found.cases:.0f}%) follow the "
            f"pathway in every step; fitness {found.fitness:.3f} of 1."
        )
        said += [_most(found, column, words) for column, words in _KINDS if (found.steps[column] > 0).any()]
    if found.tied:
        said.append(
            f"{found.tied:,} of those that do not have steps on one day, whose order is only assumed; in another order "
            "some may follow it."
        )
    if found.cases > found.closed:
        said.append(
            f"{found.cases - found.closed:,} of the journeys are still open and were compared up to where they stand: "
            "nothing still to come is held against them."
        )
    if found.replayed:
        said.append(
            f"The time allowed did not reach {found.replayed:,} more. By token replay, which cannot say where a "
            f"journey leaves the pathway, {found.replayed_fitting:,} of them follow it."
        )
    if found.before_window:
        said.append(f"{found.before_window:,} journeys that began before recording did are left out.")
    if found.left_out:
        said.append(f"Left aside, because it recurs beside the main line: {', '.join(found.left_out)}.")
    return said


_KINDS = (
    ("skipped", "Most often skipped"),
    ("extra", "Most often extra, where the pathway has no place for it"),
    ("out_of_order", "Most often out of order"),
)


def _most(found: Conformance, column: str, words: str) -> str:
    rows = found.steps[found.steps[column] > 0].sort_values(
        [column, "activity"], ascending=[False, True], kind="stable"
    )
    named = [
        f"{row['activity']} in {row[column]:,} journeys ({100 * row[column] / found.cases:.0f}%)"
        for _, row in rows.head(_NAMED).iterrows()
    ]
    more = f", and {len(rows) - _NAMED} other steps less often" if len(rows) > _NAMED else ""
    return f"{words}: {'; '.join(named)}{more}."
