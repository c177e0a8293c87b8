"""A run of a discovered pathway whose log says when work began and which team did it.

A run records what is done. So each piece of work is made to leave a mark when the case is ready for it and one of its
own when it is done, and each team one when it takes a case on; afterwards the marks are put together and taken out. A
team serves what waits for it in the order in which it was ready, so of one case the first to be ready is the first to
be taken on. What happens is the same with marks and without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from event_logs.lifecycle import START_COLUMN
from event_logs.log import EventLog
from simulation.discovery.pathway import newcomers
from simulation.engine import simulate
from simulation.gates import Places
from simulation.laws import NO_DELAY
from simulation.model import Choice, Option, PathwayModel, Step

TEAM_COLUMN = "resource"


@dataclass(frozen=True, eq=False)
class Ran:
    """What a run gave.

    `log` has, where the model tells waiting from work, the columns `start` (when work began; for what is no work, and
    work beside other work, when it was recorded) and `resource` (the team; missing for work at no gate). `teams` has
    one row a gate with places: `gate`, `pieces` (of work done that cases waited for) and `waited_hours` (mean time from
    being ready to a place).
    """

    log: EventLog
    teams: pd.DataFrame


def run_on(log: EventLog, model: PathwayModel, *, seed: int) -> Ran:
    """What becomes of the cases of `log`, arriving as they did, under `model`.

    Raises EndlessLoopError for a model whose routing never ends a case.
    """
    marks = _Marks(model)
    marked = marks.marked()
    return marks.read(simulate(marked, newcomers(log, marked), log.window.end, seed=seed))


class _Marks:
    """Activities that a marked run records beside those of the model, and the steps and gates they stand for."""

    def __init__(self, model: PathwayModel) -> None:
        self._model = model
        sign = "·"
        while any(name.startswith(sign) for name in (*model.ranks, *model.choices, *model.steps)):
            sign += "·"
        self._teams = {name: gate for name, gate in model.gates.items() if isinstance(gate, Places)}
        work = self._work()
        self._ready = {f"{sign} ready {name}": name for name in work}
        self._done = {f"{sign} done {name}": name for name in work if model.steps[name].activity}
        self._begins = {f"{sign} begins {name}": name for name in self._teams if work}
        self._activity = {
            **{mark: model.steps[name].activity for mark, name in self._done.items()},
            **{mark: told for mark, name in self._begins.items() if (told := self._teams[name].begins_as)},
        }
        """What a mark stands for in the log; the others are not in it."""

    def _work(self) -> list[str]:
        """The steps that are work: those for which a place is taken, and those that come after a mere wait.

        None where the model does not tell waiting from work, or where activities are waited for by their names.
        """
        steps, choices = self._model.steps, self._model.choices
        waits = [step.then for step in steps.values() if not step.activity and step.then in choices]
        named = any(step.joins or step.once for step in steps.values())
        named |= any(gate.until for gate in self._teams.values())
        if named or not waits:
            return []
        after = {start for then in waits for option in choices[then].options for start in option.starts}
        return [
            name
            for name, step in steps.items()
            if step.gate in self._teams or (name in after and step.activity and not step.gate)
        ]

    def marked(self) -> PathwayModel:
        """The model with every mark recorded."""
        model = self._model
        ready, done, begins = (
            {of: mark for mark, of in marks.items()} for marks in (self._ready, self._done, self._begins)
        )
        steps = {
            name: replace(step, activity=done[name], then=step.leads_to) if name in done else step
            for name, step in model.steps.items()
        }
        steps |= {mark: Step(name=mark, activity=mark, laws=NO_DELAY, then=mark) for mark in self._ready}
        choices = {after: choice.starting(ready) for after, choice in model.choices.items()}
        choices |= {
            mark: Choice(options=(Option(starts=(name,), share={"": 1.0}),)) for mark, name in self._ready.items()
        }
        return replace(
            model,
            steps=steps,
            choices=choices,
            gates={
                name: replace(gate, begins_as=begins[name]) if isinstance(gate, Places) and name in begins else gate
                for name, gate in model.gates.items()
            },
            final=(*model.final, *(mark for mark, name in self._activity.items() if name in model.final)),
            ranks={
                **dict.fromkeys([*self._ready, *self._begins], 0),
                **model.ranks,
                **{mark: model.ranks[name] for mark, name in self._activity.items()},
            },
        )

    def read(self, run: EventLog) -> Ran:
        """The run without its marks, but with what they say."""
        steps, ranks = self._model.steps, self._model.ranks
        what = run.events["activity"].astype("str")
        events = run.events[["case", "date"]].assign(step=_mapped(what, {**self._ready, **self._done}))
        events["gate"] = _mapped(events["step"], {name: step.gate for name, step in steps.items()})
        taken = events.assign(gate=_mapped(what, self._begins))[what.isin(self._begins)]
        begun = _taken_on(events[what.isin(self._ready)], taken, list(self._teams))
        done = events.assign(activity=_mapped(what, {**{name: name for name in ranks}, **self._activity}))
        done = done[done["activity"] != ""]
        key = ["case", "step", "number"]
        table = _numbered(done, ["case", "step"]).merge(
            _numbered(begun, ["case", "step"])[[*key, "ready", START_COLUMN]], on=key, how="left"
        )
        work = table["step"].isin(self._done.values())
        # What is not work takes no time of anybody's.
        table[START_COLUMN] = table[START_COLUMN].where(work, table["date"])
        table[TEAM_COLUMN] = table["gate"].where(table["gate"].isin(list(self._teams)))
        columns = ["case", "activity", "date"]
        columns += [START_COLUMN] if self._ready else []
        columns += [TEAM_COLUMN] if self._begins else []
        log = EventLog.of(table[columns], run.window, cases=run.cases, ranks=ranks)
        return Ran(log, _teams(table[table[TEAM_COLUMN].notna()]))


def _mapped(values: pd.Series[str], meaning: Mapping[str, str]) -> pd.Series[str]:
    """What each stands for; empty for nothing."""
    return pd.Series([meaning.get(value, "") for value in values], index=values.index, dtype="str")


def _numbered(events: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Which of its like in the case each is."""
    return events.assign(number=events.groupby(by).cumcount())


def _taken_on(ready: pd.DataFrame, taken: pd.DataFrame, teams: list[str]) -> pd.DataFrame:
    """When work began on what was ready: at a team's as it was taken on, in the order in which it was ready; NaT where
    it was not."""
    key = ["case", "gate", "number"]
    begun = _numbered(taken, ["case", "gate"])[[*key, "date"]].rename(columns={"date": START_COLUMN})
    table = _numbered(ready, ["case", "gate"]).rename(columns={"date": "ready"}).merge(begun, on=key, how="left")
    table[START_COLUMN] = table[START_COLUMN].where(table["gate"].isin(teams), table["ready"])
    return table.drop(columns="number")


def _teams(table: pd.DataFrame) -> pd.DataFrame:
    waited = (table[START_COLUMN] - table["ready"]).dt.total_seconds() / 3600
    found = waited.groupby(table["gate"], sort=True).agg(["size", "mean"]).reset_index()
    return found.set_axis(["gate", "pieces", "waited_hours"], axis=1)
