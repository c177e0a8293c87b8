"""All shapes together: from the records of every table to the cases and the events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from event_logs.project.sections import Reviews
from event_logs.quarantine import Records
from event_logs.rules import Facts, Findings
from event_logs.shapes.cases import described, permanence, related
from event_logs.shapes.cells import Cells
from event_logs.shapes.events import episode_events, placement_events, review_events
from event_logs.shapes.inputs import PLACE, Input
from event_logs.shapes.judged import judge, set_aside
from event_logs.shapes.keys import look_up
from event_logs.shapes.people import People, read_people
from event_logs.shapes.settle import differing_attributes, settle_events
from event_logs.shapes.steps import EVENT, CaseFinder, StepsRead, read_steps

if TYPE_CHECKING:
    from event_logs.project import Project


@dataclass(frozen=True, eq=False)
class Assembled:
    """The cases and events of a project, with the account of every record."""

    cases: pd.DataFrame
    events: pd.DataFrame
    reviews: pd.DataFrame | None
    """The usable reviews, where their outcomes are recorded: `case`, `date`, `outcome`."""
    inputs: list[Input]
    cells: list[Cells]
    facts: Facts
    findings: Findings
    reconciled: pd.DataFrame
    notes: list[str]

    @property
    def records(self) -> list[Records]:
        """Every account of records: those of the files, and those of the dates of trackers."""
        return [*(item.records for item in self.inputs), *(one.item.records for one in self.cells)]


def assemble(project: Project, inputs: list[Input], advance: Callable[[int], None]) -> Assembled:
    """The cases and events in the records; records that cannot be used are noted as such.

    In this order: the children and their episodes, what happened in them, the rules, and at last the reconciliation
    of what several records tell of one thing. `advance` is called with 0 before the records are checked, and with 1
    before the rules look at them.
    """
    advance(0)
    extraction = project.window.end
    people = read_people(inputs, extraction)
    finder = CaseFinder(
        people.prospective,
        people.births,
        by_case=people.known_cases,
        by_child=people.known_children,
        unborn=project.policy.unborn_activities,
    )
    steps = read_steps(inputs, people.told, finder, extraction)
    steps = _with_stretches(steps, people)
    cases, reconciled = people.cases(steps.first_days())
    tables = {"children": people.different(), "episodes": cases, **steps.tables()}
    advance(1)
    facts, findings = judge(project, _facts_tables(tables))
    by_number = {item.number: item for item in [*inputs, *(one.item for one in steps.cells)]}
    owners = {"child": people.child_rows[["child", "input", "row"]], "case": people.case_rows()}
    kept = set_aside(findings, tables, owners, by_number)
    children, found = people.settled(kept["children"]["child"])
    reconciled += [*people.reconciled, *found]
    reconciled.append(differing_attributes(kept["episodes"], people.child_rows, people.child_attributes))
    cases = _described(kept, children, people, inputs)
    events, differing = _events(kept, cases)
    reconciled.append(differing)
    told = kept.get("reviews")
    with_outcomes = any(isinstance(item.section, Reviews) and item.section.outcome for item in inputs)
    return Assembled(
        cases=_finished(cases, kept, events),
        events=events,
        reviews=told[["case", "date", "outcome"]] if told is not None and with_outcomes else None,
        inputs=inputs,
        cells=steps.cells,
        facts=facts,
        findings=findings,
        reconciled=pd.concat(reconciled, ignore_index=True),
        notes=people.notes,
    )


def _with_stretches(steps: StepsRead, people: People) -> StepsRead:
    """The steps with the placements, legal statuses and ends that stretches tell of."""
    told = people.stretches
    if told is None:
        return steps
    placed = told.rows.loc[told.rows["type"].notna(), ["case", "type", "start", "end", "away", *PLACE]]
    legal = told.rows.loc[told.rows["status"].notna(), ["case", "status", "start", "end", "basis", *PLACE]]
    return steps.adding(placements=placed, legal_statuses=legal, milestones=told.achieved.assign(source="stretches"))


def _facts_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The frames as the rules want them: numbered by their place in the frame, so that a finding can be traced."""
    return {name: frame.reset_index(drop=True).drop(columns="row") for name, frame in tables.items()}


def _described(
    kept: Mapping[str, pd.DataFrame], children: pd.DataFrame, people: People, inputs: list[Input]
) -> pd.DataFrame:
    cases = described(kept["episodes"], children, people.child_attributes)
    destination = cases["destination"] if "destination" in cases else pd.Series(index=cases.index, dtype="str")
    home = {name for item in inputs for name in getattr(item.section, "home_destinations", ())}
    return cases.assign(went_home=destination.isin(sorted(home)))


def _events(kept: Mapping[str, pd.DataFrame], cases: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = [episode_events(cases)]
    if "placements" in kept:
        parts.append(placement_events(kept["placements"], cases))
    if "reviews" in kept:
        parts.append(review_events(kept["reviews"]))
    if "milestones" in kept:
        parts.append(kept["milestones"])
    return settle_events(pd.concat([part[EVENT] for part in parts], ignore_index=True))


def _finished(cases: pd.DataFrame, kept: Mapping[str, pd.DataFrame], events: pd.DataFrame) -> pd.DataFrame:
    """The case table as the log has it."""
    start_known = cases["start_known"].astype(bool)
    cases = cases.drop(columns=["went_home", "start_known", *PLACE])
    if "placements" in kept:
        placed = kept["placements"].sort_values(["case", "start", "end", "type"], na_position="last")
        first = placed.drop_duplicates("case").set_index("case")["type"]
        cases["first_placement"] = _filled(cases, "first_placement", first)
    if "legal_statuses" in kept:
        basis = kept["legal_statuses"].sort_values(["case", "start", "basis"]).drop_duplicates("case")
        cases["legal_basis"] = _filled(cases, "legal_basis", basis.set_index("case")["status"])
    cases = related(cases.assign(start_known=start_known))
    achieved = permanence(events)
    return cases.assign(**{str(name): look_up(cases["case"], achieved[name]) for name in achieved})


def _filled(cases: pd.DataFrame, name: str, values: pd.Series[str]) -> pd.Series[str]:
    """The values by case, and where there are none what the table says already."""
    found = look_up(cases["case"], values)
    return found.where(found.notna(), cases[name]) if name in cases else found
