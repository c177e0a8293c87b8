"""A run of a discovered pathway whose log says when work began and which team did it.

A run records what is done. So beforehand each wait is made to leave a mark when the case is ready, each team one when
it takes a case on, and each piece of work one of its own when it is done; afterwards the marks are put together and
taken out. What happens is the same with them and without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from event_logs.lifecycle import START_COLUMN
from event_logs.log import EventLog
from simulation.discovery.pathway import newcomers
from simulation.engine import simulate
from simulation.gates import Places
from simulation.model import PathwayModel, Step

TEAM_COLUMN = "resource"


@dataclass(frozen=True, eq=False)
class Ran:
    """What a run gave.

    `log` has, where the model tells waiting from work, the columns `start` (when work began; for work beside other work
    when it was recorded) and `resource` (the team; missing for work at no gate). `teams` has one row a gate with
    places: `gate`, `pieces` (of work done that cases waited for) and `waited_hours` (mean time from being ready to a
    place).
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
        while any(name.startswith(sign) for name in model.ranks):
            sign += "·"
        # Where activities are waited for by name, or end the case, they must keep their names.
        bound = bool(model.final) or any(step.joins or step.once for step in model.steps.values())
        bound |= any(getattr(gate, "until", "") for gate in model.gates.values())
        self._work = {} if bound else self._work_after_waits()
        self._ready = {f"{sign} ready {name}": name for name in self._work.values()}
        self._done = {f"{sign} done {name}": name for name in self._work.values()}
        self._begins = {
            f"{sign} begins {name}": name
            for name, gate in model.gates.items()
            if self._work and isinstance(gate, Places) and not gate.begins_as
        }

    def _work_after_waits(self) -> dict[str, str]:
        """For each step that leaves no record and leads to one step that does, that one."""
        model, found = self._model, {}
        for wait in model.steps.values():
            options = model.choices[wait.then].options if not wait.activity and wait.then in model.choices else ()
            recorded = {name for option in options for name in option.starts if model.steps[name].activity}
            if len(recorded) == 1:
                found[wait.name] = next(iter(recorded))
        return found

    def marked(self) -> PathwayModel:
        """The model with every mark recorded."""
        model = self._model
        ready, done, begins = (
            {of: mark for mark, of in marks.items()} for marks in (self._ready, self._done, self._begins)
        )

        def with_mark(step: Step) -> Step:
            if step.name in self._work:
                return replace(step, activity=ready[self._work[step.name]])
            return replace(step, activity=done[step.name], then=step.leads_to) if step.name in done else step

        return replace(
            model,
            steps={name: with_mark(step) for name, step in model.steps.items()},
            gates={
                name: replace(gate, begins_as=begins[name]) if isinstance(gate, Places) and name in begins else gate
                for name, gate in model.gates.items()
            },
            ranks={
                **model.ranks,
                **dict.fromkeys([*self._ready, *self._begins], 0),
                **{mark: model.ranks[model.steps[name].activity] for mark, name in self._done.items()},
            },
        )

    def read(self, run: EventLog) -> Ran:
        """The run without its marks, but with what they say."""
        steps, step_of = self._model.steps, {**self._ready, **self._done}
        what = run.events["activity"].astype("str")
        events = run.events[["case", "date"]].assign(what=what, step=what.map(step_of))
        is_ready, is_begun = what.isin(self._ready), what.isin(self._begins)
        done = events[~is_ready & ~is_begun]
        done = done.assign(
            activity=[steps[self._done[name]].activity if name in self._done else name for name in done["what"]],
            gate=[steps[self._done[name]].gate if name in self._done else "" for name in done["what"]],
        )
        table = _with_ready(done, events[is_ready])
        begun = events[is_begun].assign(gate=what[is_begun].map(self._begins))
        table[START_COLUMN] = _starts(table, begun)
        kept = ["case", "activity", "date"]
        if self._work:
            kept.append(START_COLUMN)
        if self._begins:
            table[TEAM_COLUMN] = table["gate"].astype("str").where(table["gate"] != "")
            kept.append(TEAM_COLUMN)
        log = EventLog.of(table[kept], run.window, cases=run.cases, ranks=self._model.ranks)
        return Ran(log, _teams(table[table["gate"].isin(list(self._begins.values()))]))


def _with_ready(done: pd.DataFrame, ready: pd.DataFrame) -> pd.DataFrame:
    """When the case was ready for each: it is so once for each time that the step is done, and in that order."""
    key = ["case", "step", "number"]
    numbered = [table.assign(number=table.groupby(["case", "step"]).cumcount()) for table in (done, ready)]
    return numbered[0].merge(numbered[1][[*key, "date"]].rename(columns={"date": "ready"}), on=key, how="left")


def _starts(table: pd.DataFrame, begun: pd.DataFrame) -> pd.Series:
    """When work began: at a gate the last time that a place was taken since the case was ready, else as it was ready.

    Whatever else of the case was at the gate had come before, and was served before.
    """
    here = table.reset_index().sort_values("date", kind="stable")
    taken = begun[["case", "gate", "date"]].rename(columns={"date": "taken"}).sort_values("taken", kind="stable")
    found = pd.merge_asof(here, taken, left_on="date", right_on="taken", by=["case", "gate"], allow_exact_matches=False)
    last = found.set_index("index")["taken"].reindex(table.index)
    at_gate = table["gate"].isin(begun["gate"].unique())
    start = table["ready"].where(~at_gate, last.where(last >= table["ready"]))
    return start.fillna(table["date"])


def _teams(table: pd.DataFrame) -> pd.DataFrame:
    waited = (table[START_COLUMN] - table["ready"]).dt.total_seconds() / 3600
    found = waited.groupby(table["gate"], sort=True).agg(["size", "mean"]).reset_index()
    return found.set_axis(["gate", "pieces", "waited_hours"], axis=1)
