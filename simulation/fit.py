"""Fitting the declared permanence pathway to a log, open and left-truncated stays counted throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, to_days
from simulation import pathway as p
from simulation.arrivals import Arrivals
from simulation.arrivals_fit import fit_arrivals
from simulation.frailty_fit import Planned, Watched, fit_rho
from simulation.gates import NO_DELAY, ReviewCycle, Sessions
from simulation.known_gates import Known, KnownGates
from simulation.laws import FEWEST_EXITS, MINIMUM_OBSERVED, Competing, Stays, fit_competing
from simulation.model import START, UNRECORDED, Choice, Option, PathwayModel, Step
from simulation.panel_fit import Waits, inferred_sessions
from simulation.readiness import ReviewHistories, fit_readiness

Floats = npt.NDArray[np.float64]


def fit_pathway(
    log: EventLog,
    *,
    panel: Known = None,
    weight: npt.NDArray[np.float64] | None = None,
    base: PathwayModel | None = None,
    by_age: bool = False,
) -> PathwayModel:
    """The declared permanence pathway with its laws, shares and arrivals fitted from `log`.

    Durations come from Kaplan-Meier with delayed entry and a Weibull tail (`laws.fit_competing`), on the scale of the
    child's age where young people leave when they are old enough (if every date of birth is known); planning from the
    review histories (`readiness.fit_readiness`); the panel calendar is `panel`, or is inferred from the dates in the
    log; other gates that are known (`KnownGates`) are put in at the end. `weight` gives each case a weight (a bootstrap
    draw: how often it was drawn); None counts each case once.
    `base` is an earlier fit of the same log to start the search from; its rho are kept. With `by_age`, age bands with
    at least 30 endings of a stretch have shares of their own there, and a law of their own for every way that 30 of
    them took; smaller ones share those of all children. How far durations go with the child is fitted last
    (`frailty_fit`). `warnings` of the result name every step fitted
    from few or no records. Steps that the log never shows keep a stated fallback, never an invented figure.
    """
    fitter = _Fitter(log, _weights(log, weight), by_age=by_age, base=base)
    for ways in p.COMPETING:
        fitter.competing(ways)
    for ways in p.SIDE_BY_SIDE:
        fitter.side_by_side(ways)
    fitter.planning()
    known = KnownGates.of(panel)
    fitter.panel(known.panel)
    fitter.start()
    fitter.unrecorded()
    fitter.newcomers()
    fitter.frailty()
    fitted = PathwayModel(
        name="Declared permanence pathway",
        steps=fitter.steps,
        choices=fitter.choices,
        ranks={activity: milestone.rank for activity, milestone in v.MILESTONES.items()},
        final=(v.CEASED,),
        gates=fitter.gates,
        arrivals=fitter.arrivals,
        leaves_at_days=p.LEAVES_AT_DAYS,
        leaves_as=v.CEASED,
        stratify_by="age_band",
        warnings=tuple(fitter.warnings),
    )
    return known.put_into(fitted)


def observed_stays(log: EventLog) -> tuple[Watched, ...]:
    """The stays that the laws of the declared pathway are fitted from, a stretch each; planning has none of its own."""
    fitter = _Fitter(log, np.ones(len(log.cases)))
    for ways in p.COMPETING:
        fitter.competing(ways)
    for ways in p.SIDE_BY_SIDE:
        fitter.side_by_side(ways)
    return tuple(fitter.watched)


@dataclass
class _Fitter:
    """Collects the parts of a model while they are fitted."""

    log: EventLog
    weight: Floats
    by_age: bool = False
    base: PathwayModel | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    gates: dict[str, Sessions | ReviewCycle] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    planned: Planned | None = None
    arrivals: Arrivals | None = None

    def __post_init__(self) -> None:
        arrays = self.log.arrays
        self.arrays = arrays
        self.code = {name: number for number, name in enumerate(arrays.activities)}
        birth = to_days(self.log.cases["birth"]) if "birth" in self.log.cases else np.full(len(arrays.start), np.nan)
        self.adult = birth + p.LEAVES_AT_DAYS
        self.until = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)
        self.downstream = p.downstream()
        self._first: dict[str, Floats] = {}

    def first(self, activity: str) -> Floats:
        """Day of each case's first such event; NaN where it has none."""
        if activity not in self._first:
            days = np.full(len(self.arrays.start), np.nan)
            if activity in self.code:
                rows = np.flatnonzero(self.arrays.activity == self.code[activity])[::-1]
                days[self.arrays.case[rows]] = self.arrays.day[rows]
            self._first[activity] = days
        return self._first[activity]

    def reliable(self, activities: Sequence[str]) -> float:
        """First day from which all these activities were reliably recorded."""
        return float(to_days(pd.Series([self.log.window.reliable_from(*activities)]))[0])

    def stays(self, after: str, ways: tuple[str, ...], *, by_age: bool = False) -> Stays:
        """Every stay between an activity and the first of the ways out of it; every occurrence counts.

        With `by_age` the clock is the child's age: it starts at birth, and what came before the activity is not seen.

        Leaving at the 18th birthday is the calendar's doing, not the step's: such stays are censored.
        """
        case, begin = self._occurrences(after)
        days, cause = self.until[case] - begin, np.zeros(len(case), dtype=np.int64)
        for number, way in enumerate(ways, start=1):
            ending = self._next(case, begin, way) - begin
            sooner = ~np.isnan(ending) & ((ending < days) | ((cause == 0) & (ending <= days)))
            days, cause = np.where(sooner, ending, days), np.where(sooner, number, cause)
        cause = np.where((cause > 0) & (begin + days >= self.adult[case] - 1.0), 0, cause)
        # A later milestone without this one: the ending happened, unrecorded, so the stay is not open and is left out.
        passed = (cause == 0) & (self._latest_beyond(after, ways)[case] >= begin)
        entry = np.maximum(self.arrays.window_start - begin, 0.0)
        since = self.reliable((after, *ways))
        known = (
            ~passed
            & (begin + days >= self.arrays.window_start)
            & ((begin >= since) | (since <= self.arrays.window_start))
        )
        clock = begin - self.adult[case] + p.LEAVES_AT_DAYS if by_age else np.zeros(len(case))
        days, entry = days + clock, entry + clock
        return Stays(days[known], cause[known], entry[known], self.weight[case[known]], case[known])

    def _latest_beyond(self, after: str, ways: tuple[str, ...]) -> Floats:
        """Each case's last day with a milestone that can only follow one of the ways; minus infinity where none."""
        follow = frozenset().union(*(self.downstream[way] for way in ways)) - {after, *ways}
        beyond = [code for name, code in self.code.items() if name in follow and not v.MILESTONES[name].final]
        latest = np.full(len(self.arrays.start), -np.inf)
        rows = np.flatnonzero(np.isin(self.arrays.activity, beyond))
        latest[self.arrays.case[rows]] = self.arrays.day[rows]
        return latest

    def _occurrences(self, activity: str) -> tuple[npt.NDArray[np.int64], Floats]:
        if activity not in self.code:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        rows = np.flatnonzero(self.arrays.activity == self.code[activity])
        return self.arrays.case[rows].astype(np.int64), self.arrays.day[rows]

    def _next(self, case: npt.NDArray[np.int64], begin: Floats, way: str) -> Floats:
        """Day of the first event `way` of the same case on or after `begin`; NaN where there is none."""
        if way not in self.code or len(case) == 0:
            return np.full(len(case), np.nan)
        rows = np.flatnonzero(self.arrays.activity == self.code[way])
        # Case and day in one number, so that one sorted search serves all cases. Days are below 100,000.
        keys = self.arrays.case[rows] * 1e6 + self.arrays.day[rows]
        found = np.searchsorted(keys, case * 1e6 + begin, side="left")
        inside = np.minimum(found, max(len(rows) - 1, 0))
        hit = (found < len(rows)) & (self.arrays.case[rows][inside] == case) if len(rows) else np.zeros(len(case), bool)
        return np.where(hit, self.arrays.day[rows][inside], np.nan) if len(rows) else np.full(len(case), np.nan)

    def competing(self, ways: p.Ways) -> None:
        """Shares and laws of the ways on from one activity."""
        # Young people leave when they are old enough, however long ago an order was made: a law of the time since would
        # let young children go, and leave it to the calendar to end the stays of those who should have gone before.
        by_age = ways.after in p.BY_AGE and not np.isnan(self.adult).any()
        stays = self.stays(ways.after, ways.ways, by_age=by_age)
        fit = fit_competing(ways.after, ways.ways, stays, base=self._earlier(ways, ""))
        self._note(fit)
        names = tuple(self._name(ways.after, way) for way in ways.ways)
        shares = tuple(fit.shares[way] for way in ways.ways)
        self.watched.append(Watched(names, shares, stays, frail=ways.after not in p.BY_AGE))
        bands = {} if by_age else self._bands(ways.after, ways, stays)
        options = []
        for name, way in zip(names, ways.ways, strict=True):
            own = {band: one.laws[way] for band, (one, enough) in bands.items() if way in enough}
            self.steps[name] = Step(name=name, activity=way, laws={"": fit.laws[way], **own}, by_age=by_age)
            share = {band: one.shares[way] for band, (one, _) in bands.items()}
            options.append(Option(starts=(name,), share={"": fit.shares[way], **share}))
        self.choices[ways.after] = Choice(options=tuple(options), by="age_band" if bands else "")

    def _earlier(self, ways: p.Ways, stratum: str) -> Competing | None:
        """What an earlier fit of the same log found of these ways."""
        if self.base is None:
            return None
        steps = [self.base.steps[self._name(ways.after, way)] for way in ways.ways]
        shares = [option.share.get(stratum, option.share[""]) for option in self.base.choices[ways.after].options]
        return Competing(
            dict(zip(ways.ways, shares, strict=True)),
            {way: step.law(stratum) for way, step in zip(ways.ways, steps, strict=True)},
        )

    def _bands(self, after: str, ways: p.Ways, stays: Stays) -> dict[str, tuple[Competing, frozenset[str]]]:
        """Own fits of the age bands in which enough stays ended, each with the ways that enough of them took."""
        if not self.by_age or "age_band" not in self.log.cases or stays.case is None:
            return {}
        band = self.log.cases["age_band"].astype("str").to_numpy()[stays.case]
        known = self.log.cases["age_band"].notna().to_numpy()[stays.case]
        found = {}
        for name in sorted(set(band[known])):
            rows = (band == name) & known
            part = Stays(stays.days[rows], stays.cause[rows], stays.entry[rows], stays.weight[rows], stays.case[rows])
            seen = np.bincount(part.cause, weights=part.weight, minlength=len(ways.ways) + 1)[1:]
            if seen.sum() >= MINIMUM_OBSERVED:
                enough = frozenset(way for way, count in zip(ways.ways, seen, strict=True) if count >= MINIMUM_OBSERVED)
                earlier = self._earlier(ways, str(name)) if len(ways.ways) > 1 else None
                fit = fit_competing(f"{after}, age {name}", ways.ways, part, base=earlier)
                found[str(name)] = (fit, enough)
        return found

    def side_by_side(self, ways: p.Ways) -> None:
        """One law for each of the steps that begin together; a step only some children need gets its share."""
        always, sometimes = [], []
        for way in ways.ways:
            stays = self.stays(ways.after, (way,))
            name = self._name(ways.after, way)
            if way in p.OPTIONAL:
                share, stays = self._needed(ways.after, way, ways.ways[0])
                sometimes.append((name, share))
            else:
                always.append(name)
                self.watched.append(Watched((name,), (1.0,), stays))
            fit = fit_competing(name, (way,), stays)
            self._note(fit)
            bands = self._bands(name, p.Ways(ways.after, (way,)), stays)
            own = {band: one.laws[way] for band, (one, _) in bands.items()}
            self.steps[name] = Step(name=name, activity=way, laws={"": fit.laws[way], **own})
        options = [Option(starts=tuple(always), share={"": 1.0 - sum(share for _, share in sometimes)})]
        options += [Option(starts=(*always, name), share={"": share}) for name, share in sometimes]
        self.choices[ways.after] = Choice(options=tuple(option for option in options if option.share[""] > 0))

    def _needed(self, after: str, way: str, before: str) -> tuple[float, Stays]:
        """Share of children past `before` who had the optional step, and the stays of those who had it."""
        done = ~np.isnan(self.first(before)) & (self.first(before) >= self.arrays.window_start)
        had = done & ~np.isnan(self.first(way))
        total = float(self.weight[done].sum())
        days = (self.first(way) - self.first(after))[had]
        known = days >= 0
        stays = Stays(days[known], np.ones(int(known.sum()), dtype=np.int64), np.zeros(int(known.sum())),
                      self.weight[had][known])  # fmt: skip
        return (float(self.weight[had].sum()) / total if total else 0.0), stays

    def planning(self) -> None:
        """From accommodation to the review that decides the plan, and what it decides, by age band."""
        decided = np.column_stack([self.first(name) for name in p.DECISIONS])
        since = self.reliable((v.ACCOMMODATED, *p.DECISIONS))
        entered = self.first(v.ACCOMMODATED)
        known = np.flatnonzero(entered >= since)
        first = np.where(np.isnan(decided), np.inf, decided).min(axis=1)
        histories = ReviewHistories.of(self.log, v.REVIEW, known, entered[known], first[known])
        base = self.base
        start = base.steps[p.PLANNING].law("") if base else None
        fit = fit_readiness(histories, self.weight[known], start=start,
                            decides=_cycle(base).decides if base else None)  # fmt: skip
        self.warnings += fit.warnings
        self.planned = Planned(p.PLANNING, histories, known, fit.decides)
        self.gates[p.REVIEW_GATE] = ReviewCycle(review=v.REVIEW, gaps=fit.gaps, decides=fit.decides)
        self.steps[p.PLANNING] = Step(
            name=p.PLANNING, activity="", laws={"": fit.readiness}, gate=p.REVIEW_GATE, then=p.PLAN_DECIDED
        )
        self.choices[v.ACCOMMODATED] = Choice(options=(Option(starts=(p.PLANNING,), share={"": 1.0}),))
        self.choices[p.PLAN_DECIDED] = self._decisions(known, decided, first)

    def _decisions(self, known: npt.NDArray[np.int64], decided: Floats, first: Floats) -> Choice:
        for name in p.DECISIONS:
            self.steps[name] = Step(name=name, activity=name, laws=NO_DELAY)
        rows = known[np.isfinite(first[known])]
        which = np.where(np.isnan(decided[rows]), np.inf, decided[rows]).argmin(axis=1)
        if self.weight[rows].sum() <= 0:
            self.warnings.append("Planning: no decision in the log; every decision is taken to be equally likely")
        by = "age_band" if "age_band" in self.log.cases else ""
        bands = self.log.cases[by].astype("str").to_numpy()[rows] if by else np.full(len(rows), "")
        options = []
        for number, name in enumerate(p.DECISIONS):
            share = {
                "": _share(which == number, self.weight[rows]) if self.weight[rows].sum() > 0 else 1 / len(p.DECISIONS)
            }
            for band in sorted(set(bands)):
                inside = bands == band
                if self.weight[rows][inside].sum() >= 30:  # smaller bands take the share of all children
                    share[str(band)] = _share((which == number)[inside], self.weight[rows][inside])
            options.append(Option(starts=(name,), share=share))
        return Choice(options=tuple(options), by=by)

    def panel(self, declared: Sessions | None) -> None:
        """The panel: a queue for sessions, entered when the papers are complete or further information has come."""
        _, days = self._occurrences(v.PANEL)
        # Of sessions before recording began only those appearances are known whose cases were still open then.
        days = days[days >= self.arrays.window_start]
        if declared is None and len(days) == 0:
            self.warnings.append(
                "Permanence panel: no session in the log and none declared; taken as weekly, 100 slots"
            )
        sessions = declared or (
            inferred_sessions(days, self._waits())
            if len(days)
            else Sessions(weekday="Wednesday", weeks_of_month=(1, 2, 3, 4, 5), slots=100, source="fallback")
        )
        self.gates[p.PANEL_GATE] = sessions
        self.steps[v.PANEL] = Step(name=v.PANEL, activity=v.PANEL, laws=NO_DELAY, waits_for=p.PAPERS, gate=p.PANEL_GATE)
        self.steps[p.PANEL_AGAIN] = Step(name=p.PANEL_AGAIN, activity=v.PANEL, laws=NO_DELAY, gate=p.PANEL_GATE)
        self.choices[v.INFORMATION_RECEIVED] = Choice(options=(Option(starts=(p.PANEL_AGAIN,), share={"": 1.0}),))

    def _waits(self) -> Waits:
        """Who waited for the panel: from complete papers, or further information, to the next hearing."""
        papers = np.column_stack([self.first(name) for name in p.PAPERS]).max(axis=1)
        first = self.first(v.PANEL)
        # A hearing before the papers were complete, or a later milestone without one, tells nothing of the wait.
        told = ~np.isnan(papers) & ~(first < papers)
        told &= ~np.isnan(first) | (self._latest_beyond(v.REPORT_COMPLETED, (v.PANEL,)) < papers)
        begun = np.flatnonzero(told)
        again, informed = self._occurrences(v.INFORMATION_RECEIVED)
        case = np.concatenate([begun, again]).astype(np.int64)
        ready = np.concatenate([papers[begun], informed])
        heard = self._next(case, ready, v.PANEL)
        gone = np.where(np.isnan(heard), self.until[case], heard)
        seen = gone >= self.arrays.window_start
        return Waits(ready[seen], np.where(np.isnan(heard), np.inf, heard)[seen], gone[seen])

    def start(self) -> None:
        """How a case begins: at home or away, as the observed case that a new one copies did."""
        home = self.first(v.AT_HOME) <= np.where(
            np.isnan(self.first(v.ACCOMMODATED)), np.inf, self.first(v.ACCOMMODATED)
        )
        self.first_setting = np.where(home, v.AT_HOME, v.ACCOMMODATED)
        opening = f"{v.BECAME_LOOKED_AFTER} "
        self.steps[opening] = Step(name=opening, activity=v.BECAME_LOOKED_AFTER, laws=NO_DELAY)
        options = []
        for setting in (v.AT_HOME, v.ACCOMMODATED):
            name = f"{opening}→ {setting}"
            self.steps[name] = Step(name=name, activity=setting, laws=NO_DELAY)
            # A case already open without a placement recorded copies nobody: it begins as the others did on average.
            share = _share(self.first_setting == setting, self.weight)
            others = dict.fromkeys((v.AT_HOME, v.ACCOMMODATED), 0.0)
            options.append(Option(starts=(name,), share={"": share, **others, setting: 1.0}))
        self.choices[START] = Choice(options=(Option(starts=(opening,), share={"": 1.0}),))
        self.choices[v.BECAME_LOOKED_AFTER] = Choice(options=tuple(options), by="first_setting")

    def unrecorded(self) -> None:
        """Children away since before plans were recorded, none known since: they leave at an age, as others did."""
        since = self.reliable(p.DECISIONS)
        case, begin = self._occurrences(v.ACCOMMODATED)
        known = (begin < since) & (self.until[case] >= since)
        if since <= self.arrays.window_start or not known.any():
            return
        case, begin = case[known], begin[known]
        others = set(v.MILESTONES) - {v.BECAME_LOOKED_AFTER, v.AT_HOME, v.ACCOMMODATED, v.REVIEW, v.CEASED}
        other = np.fmin.reduce([self._next(case, begin, name) for name in sorted(others)])
        other, left = (np.where(np.isnan(day), np.inf, day) for day in (other, self._next(case, begin, v.CEASED)))
        end = np.minimum(self.until[case], other)
        # Nothing before `since` tells how those go on who are still there then without a plan.
        cause = ((left <= end) & (left < other) & (left < self.adult[case] - 1.0)).astype(np.int64)
        by_age = not np.isnan(self.adult).any()
        clock = begin - (self.adult[case] - p.LEAVES_AT_DAYS) if by_age else np.zeros(len(case))
        stays = Stays(end - begin + clock, cause, since - begin + clock, self.weight[case], case)
        name = self._name(p.UNRECORDED_STAGE, v.CEASED)
        if (cause > 0).sum() >= FEWEST_EXITS:
            fit = fit_competing(name, (v.CEASED,), stays)
            self._note(fit)
            law = fit.laws[v.CEASED]
        else:
            like = self._name(v.LONG_TERM, v.CEASED)
            by_age, law = self.steps[like].by_age, self.steps[like].law("")
            self.warnings.append(f"{name}: fewer than {FEWEST_EXITS} were seen to leave; taken to be as {like}")
        self.steps[name] = Step(name=name, activity=v.CEASED, laws={"": law}, by_age=by_age)
        self.choices[UNRECORDED] = Choice(options=(Option(starts=(name,), share={"": 1.0}),))

    def newcomers(self) -> None:
        """Who becomes looked after from now on."""
        self.arrivals, warnings = fit_arrivals(self.log, self.weight, {"first_setting": self.first_setting})
        self.warnings += warnings

    def frailty(self) -> None:
        """How much of each duration goes with the child; of an earlier fit of the same log it is taken as it was."""
        if self.base is None:
            rho = fit_rho(self.steps, self.watched, self.planned)
        else:
            rho = {name: step.rho for name, step in self.base.steps.items()}
        for name, value in rho.items():
            self.steps[name] = replace(self.steps[name], rho=value)

    def _note(self, fit: Competing) -> None:
        self.warnings += fit.warnings

    @staticmethod
    def _name(after: str, way: str) -> str:
        return f"{after} → {way}"


def _weights(log: EventLog, weight: npt.NDArray[np.float64] | None) -> Floats:
    """One weight a case, scaled so that they add up to the number of cases."""
    if weight is None:
        return np.ones(len(log.cases))
    if len(weight) != len(log.cases) or not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise ValueError(f"weight must hold one finite number of at least 0 for each of the {len(log.cases)} cases")
    return np.asarray(weight * (len(weight) / weight.sum()), dtype=np.float64)


def _cycle(model: PathwayModel) -> ReviewCycle:
    gate = model.gates[p.REVIEW_GATE]
    assert isinstance(gate, ReviewCycle)
    return gate


def _share(chosen: npt.NDArray[np.bool_], weight: Floats) -> float:
    total = float(weight.sum())
    return float(weight[chosen].sum()) / total if total else 0.0
