"""The thing simulated: a pathway as data that a person can read, save and change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.arrivals import Arrivals
from simulation.gates import Gate
from simulation.gates.iso import check_dates
from simulation.gates.recorded import recorded_at
from simulation.laws import Law

START = "start of the case"
"""What a choice comes after when it says how a case begins."""
UNRECORDED = "stage not recorded"
"""What a choice comes after when it says how a case goes on whose stage the records do not show."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that takes time and then happens: its law, what it waits for, and the gate it passes."""

    name: str
    activity: str
    """What the log records when the step is done; empty for a step that leaves no record of its own."""
    laws: Mapping[str, Law]
    """Duration law by stratum; the entry "" serves every stratum that has none of its own."""
    waits_for: tuple[str, ...] = ()
    """Activities that must all have happened before the step begins by itself (a join)."""
    waits_for_any: tuple[str, ...] = ()
    """Activities of which the first to happen lets the step begin by itself, if all of `waits_for` have happened."""
    gate: str = ""
    """Name of the gate to pass, after the duration or (`Places`) before it; empty for none."""
    then: str = ""
    """Which choice follows; empty for the one named like the activity."""
    by_age: bool = False
    """Whether the law is of the child's age in days when the step is done, given the age when it begins."""
    once: bool = False
    """Whether it is begun only where its activity has not happened and is not under way in another such step."""
    rho: float = 0.0
    """Share of the variance of the duration's normal score that goes with the child (see `simulation.frailty`)."""

    @property
    def leads_to(self) -> str:
        """The name of the choice that follows."""
        return self.then or self.activity

    @property
    def joins(self) -> tuple[str, ...]:
        """Every activity that may let the step begin by itself."""
        return (*self.waits_for, *self.waits_for_any)

    def may_begin(self, happened: set[str]) -> bool:
        """Whether what has happened is all that the step waits for. False for a step that waits for nothing."""
        if not happened.issuperset(self.waits_for):
            return False
        return not happened.isdisjoint(self.waits_for_any) if self.waits_for_any else bool(self.waits_for)

    def law(self, stratum: str) -> Law:
        """The law for a child of this stratum."""
        return self.laws[stratum] if stratum in self.laws else self.laws[""]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way on: the steps begun side by side, and the share of children who take it, by stratum."""

    starts: tuple[str, ...]
    share: Mapping[str, float]

    def share_of(self, stratum: str) -> float:
        """The share of this stratum as it stands; over the sum of all options it is a probability."""
        return self.share.get(stratum, self.share.get("", 0.0))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What may follow an activity. `by` names the case attribute whose values are the strata of the shares."""

    options: tuple[Option, ...]
    by: str = ""

    def cumulative(self, stratum: str) -> list[float]:
        """Running total of the shares, in the order of the options, ending at 1."""
        shares = [option.share_of(stratum) for option in self.options]
        total, running = sum(shares), []
        if total <= 0:
            raise ValueError(f"the shares of a choice must add up to more than 0, got {shares}")
        so_far = 0.0
        for share in shares:
            so_far += share / total
            running.append(so_far)
        running[-1] = 1.0
        return running

    def starting(self, instead: Mapping[str, str]) -> Choice:
        """The same choice with other steps begun in the place of those named in `instead`."""
        options = (
            replace(option, starts=tuple(instead.get(name, name) for name in option.starts)) for option in self.options
        )
        return replace(self, options=tuple(options))


@dataclass(frozen=True, kw_only=True)
class PathwayModel:
    """A pathway: steps, what follows what, gates, arrivals. Frozen: a scenario is another model.

    A step begins when a choice starts it, or, with `waits_for`, when the last of those activities happens, or, with
    `waits_for_any`, when the first of those does. When it is done, its activity is recorded and the choice named after
    it is made. An activity in `final` ends the case.
    """

    name: str
    steps: Mapping[str, Step]
    choices: Mapping[str, Choice]
    ranks: Mapping[str, int]
    final: tuple[str, ...]
    gates: Mapping[str, Gate] = field(default_factory=dict)
    arrivals: Arrivals | None = None
    leaves_at_days: float | None = None
    """Age in days at which a case ends whatever else is happening (the 18th birthday); None for no such age."""
    leaves_as: str = ""
    """The activity recorded then."""
    whole_days: bool = True
    """Whether durations are rounded to whole days, as case records are."""
    stratify_by: str = ""
    """Case attribute whose values are the strata of the laws."""
    warnings: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    """Dates on which, of Monday to Friday, no work is done and no session held; kept so that a run can be repeated."""

    def __post_init__(self) -> None:
        problems = []
        for step in self.steps.values():
            if step.gate and step.gate not in self.gates:
                problems.append(f"step {step.name!r} waits at the gate {step.gate!r}, which is not in the model")
            if step.activity and step.activity not in self.ranks:
                problems.append(f"step {step.name!r} records {step.activity!r}, which has no rank")
            if "" not in step.laws:
                problems.append(f"step {step.name!r} has no law for strata without one of their own")
            if not 0.0 <= step.rho < 1.0:
                problems.append(f"step {step.name!r} has rho {step.rho}, which must be at least 0 and below 1")
        for name, gate in self.gates.items():
            missing = [word for word in recorded_at(gate) if word not in self.ranks]
            problems += [f"the gate {name!r} names {word!r}, which has no rank" for word in missing]
        try:
            check_dates("holidays", self.holidays)
        except ValueError as error:
            problems.append(str(error))
        for after, choice in self.choices.items():
            unknown = {name for option in choice.options for name in option.starts if name not in self.steps}
            problems += [
                f"after {after!r} the step {name!r} begins, which is not in the model" for name in sorted(unknown)
            ]
        if problems:
            raise ValueError("; ".join(problems))

    def downstream(self) -> dict[str, frozenset[str]]:
        """For each activity, those that follow it directly or through others: seen, they show that it is over.

        Ranks cannot tell this: of two steps that run side by side, neither is over because the other is done.
        """
        edges: dict[str, set[str]] = {activity: set() for activity in self.ranks}
        for after in self.choices:
            edges.setdefault(after, set()).update(self._nexts(after, frozenset()))
        for step in self.steps.values():
            if step.activity:
                edges[step.activity] |= self._nexts(step.leads_to, frozenset())
                for earlier in step.waits_for:
                    edges.setdefault(earlier, set()).add(step.activity)
        return self._past_any(edges)

    def _past_any(self, edges: dict[str, set[str]]) -> dict[str, frozenset[str]]:
        """With the steps that begin at the first of several activities: they follow what all of those follow.

        That such a step is done does not show of any one of the activities that it is over.
        """
        found = reachable(edges)
        steps = [step for step in self.steps.values() if step.waits_for_any and step.activity]
        added = True
        while added:
            added = False
            for step in steps:
                for name, after in found.items():
                    if all(one == name or one in after for one in step.waits_for_any) and step.activity not in after:
                        edges[name].add(step.activity)
                        added = True
            found = reachable(edges) if added else found
        return found

    def _nexts(self, choice: str, seen: frozenset[str]) -> set[str]:
        """Activities that come next after a choice, looking through steps that leave no record."""
        if choice in seen or choice not in self.choices:
            return set()
        found: set[str] = set()
        for option in self.choices[choice].options:
            for step in (self.steps[name] for name in option.starts):
                found |= {step.activity} if step.activity else self._nexts(step.leads_to, seen | {choice})
        return found

    def describe(self) -> list[dict[str, Any]]:
        """The steps as rows a person can read: what each records and waits for, and its median days by stratum.

        A step by age has no median of its own (NaN); its note says the age.
        """
        rows = []
        for step in self.steps.values():
            first_of = [f"the first of: {', '.join(step.waits_for_any)}"] if step.waits_for_any else []
            for stratum, law in step.laws.items():
                rows.append(
                    {
                        "step": step.name,
                        "stratum": stratum or "all",
                        "waits_for": [*step.waits_for, *first_of],
                        "gate": step.gate,
                        "median_days": float("nan") if step.by_age else round(law.isf(0.5), 3),
                        "share_from_tail": round(law.tail_share, 4),
                        "rho": round(step.rho, 3),
                        "by_age": step.by_age,
                        "note": f"by age: half by {law.isf(0.5) / 365.25:.1f} years" if step.by_age else law.note,
                    }
                )
        return rows


def reachable(edges: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """For each node of a graph, the nodes that can be reached from it; itself only where a loop leads back."""
    found = {}
    for node in edges:
        reached: set[str] = set()
        ahead = list(edges[node])
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += edges.get(name, ())
        found[node] = frozenset(reached)
    return found
