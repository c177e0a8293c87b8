"""What happened in each episode: reviews, milestones, the dates of trackers, the rows of long tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from event_logs import vocabulary as v
from event_logs.project.sections import CaseTable, LegalStatuses, Milestones, Placements, Reviews
from event_logs.project.shapes import Tracker
from event_logs.shapes.cells import Cells, read_cells
from event_logs.shapes.checks import check_dates
from event_logs.shapes.episodes import Told
from event_logs.shapes.inputs import Input, of_kind
from event_logs.shapes.keys import Known, look_up, running
from event_logs.shapes.settle import supersede

EVENT = ["case", "activity", "date", "source", "input", "row", "file", "line"]


@dataclass(frozen=True, eq=False)
class StepsRead:
    """What happened in the episodes, as it was read; None where the project has no such table."""

    legal_statuses: pd.DataFrame | None
    placements: pd.DataFrame | None
    reviews: pd.DataFrame | None
    milestones: pd.DataFrame | None
    """With those of trackers and long tables."""
    cells: list[Cells]
    reconciled: list[pd.DataFrame]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames that there are, by name."""
        names = ("legal_statuses", "placements", "reviews", "milestones")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def adding(self, **more: pd.DataFrame) -> StepsRead:
        """The same with more rows in some of the frames."""
        here = self.tables()
        both = {name: [here[name]] if name in here else [] for name in more}
        frames: dict[str, Any] = {
            name: pd.concat([*both[name], rows], ignore_index=True) for name, rows in more.items()
        }
        return replace(self, **frames)

    def first_days(self) -> pd.Series[pd.Timestamp]:
        """For each case the first day of which anything is told."""
        dates = [frame[["case", "start" if "start" in frame else "date"]] for frame in self.tables().values()]
        rows = pd.concat([frame.set_axis(["case", "date"], axis=1) for frame in dates] or [_none()[["case", "date"]]])
        return rows.groupby("case")["date"].min()


def read_steps(
    inputs: Sequence[Input], told: Sequence[Told], finder: CaseFinder, extraction: pd.Timestamp
) -> StepsRead:
    """What happened in the episodes, of every shape."""
    reviews, reconciled = read_reviews(inputs, finder, extraction)
    cells: list[Cells] = []
    for item in of_kind(inputs, Tracker):
        cells += read_cells(item, len(inputs) + len(cells))
    parts = [
        read_milestones(inputs, finder, extraction),
        cell_events(cells, {one.item.number: one for one in told}, finder, extraction),
        long_events(told, finder, extraction),
    ]
    given = [part for part in parts if part is not None and (len(part) or part is parts[0])]
    return StepsRead(
        legal_statuses=read_legal_statuses(inputs, finder, extraction),
        placements=read_placements(inputs, finder, extraction),
        reviews=reviews,
        milestones=pd.concat(given, ignore_index=True) if given else None,
        cells=cells,
        reconciled=reconciled,
    )


class CaseFinder:
    """Finds the case of a record and the birth of its child, once it is known which cases there are."""

    def __init__(
        self,
        cases: pd.DataFrame,
        births: pd.Series[pd.Timestamp],
        *,
        by_case: Known | None = None,
        by_child: Known | None = None,
        unborn: Sequence[str] = (),
    ) -> None:
        self.cases = cases
        self._births = births
        self._of_case = look_up(cases["child"], births).set_axis(pd.Index(cases["case"]))
        self._known_cases, self._known_children = by_case, by_child
        self._unborn = list(unborn)

    def case(self, item: Input, date: pd.Series[pd.Timestamp]) -> pd.Series[str]:
        """The case of each record of a table with an episode or child id; what cannot be found is rejected."""
        section = item.section
        assert isinstance(section, CaseTable)
        if section.episode is not None:
            known = self._known_cases or Known("episode", "any file", *[pd.Index(self.cases["case"])] * 2)
            return known.refer(item, section.episode)
        assert section.child is not None
        known = self._known_children or Known("child", "any file", *[pd.Index(self.cases["child"].unique())] * 2)
        return self.at(item, section.child, known.refer(item, section.child), date)

    def at(self, item: Input, column: str, child: pd.Series[str], date: pd.Series[pd.Timestamp]) -> pd.Series[str]:
        """The case of each child on a date; a child without any episode is rejected."""
        case = running(child, date, self.cases)
        without = case.isna() & child.notna() & date.notna()
        item.records.reject(without.to_numpy(), f"{column}: the child has no episode that can be used")
        return case

    def birth(self, case: pd.Series[str], activity: pd.Series[str] | None = None) -> pd.Series[pd.Timestamp]:
        """The birth of the child of each case; missing where the activity may be dated before it."""
        births = look_up(case, self._of_case)
        return births if activity is None else births.mask(activity.isin(self._unborn))


def read_legal_statuses(inputs: Sequence[Input], finder: CaseFinder, extraction: pd.Timestamp) -> pd.DataFrame | None:
    """The legal statuses: `case`, `status`, `start`, `end`, `basis` (place in the project's list), place."""

    def read(item: Input) -> pd.DataFrame:
        names, records = item.section, item.records
        assert isinstance(names, LegalStatuses)
        if names.episode is not None:  # in this order the reasons stand in the quarantine
            case = finder.case(item, pd.Series(dtype="datetime64[us]"))
        status = records.code(names.status, names.codes)
        start, end = records.date(names.start), records.date(names.end, required=False)
        if names.episode is None:
            case = finder.case(item, start)
        check_dates(item, extraction, finder.birth(case), (names.start, start), (names.end, end))
        order = status.map({code: place for place, code in enumerate(names.codes)}).astype("float64")
        rows = pd.DataFrame({"case": case, "status": status, "start": start, "end": end, "basis": order})
        return _with_entry(item, rows)

    return _read_all(of_kind(inputs, LegalStatuses), read)


def read_placements(inputs: Sequence[Input], finder: CaseFinder, extraction: pd.Timestamp) -> pd.DataFrame | None:
    """The placements: `case`, `type`, `start`, `end`, `away`, place."""

    def read(item: Input) -> pd.DataFrame:
        names, records = item.section, item.records
        assert isinstance(names, Placements)
        if names.episode is not None:
            case = finder.case(item, pd.Series(dtype="datetime64[us]"))
        kind = records.code(names.type, names.settings)
        start, end = records.date(names.start), records.date(names.end, required=False)
        if names.episode is None:
            case = finder.case(item, start)
        check_dates(item, extraction, finder.birth(case), (names.start, start), (names.end, end))
        away = kind.map(names.settings) == "away"
        return _with_entry(item, pd.DataFrame({"case": case, "type": kind, "start": start, "end": end, "away": away}))

    return _read_all(of_kind(inputs, Placements), read)


def read_reviews(
    inputs: Sequence[Input], finder: CaseFinder, extraction: pd.Timestamp
) -> tuple[pd.DataFrame | None, list[pd.DataFrame]]:
    """The reviews: `case`, `date`, `outcome` (missing where none is recorded), `activity`, place.

    Of several returns the latest stands, by case and date.
    """

    def read(item: Input) -> pd.DataFrame:
        names, records = item.section, item.records
        assert isinstance(names, Reviews)
        if names.episode is not None:
            case = finder.case(item, pd.Series(dtype="datetime64[us]"))
        date = records.date(names.date)
        if names.outcome is not None:
            outcome = records.code(names.outcome, names.outcomes, required=False)
        else:
            outcome = pd.Series(index=range(len(records.table)), dtype="str")
        if names.episode is None:
            case = finder.case(item, date)
        check_dates(item, extraction, finder.birth(case), (names.date, date))
        activity = outcome.map(names.outcomes).replace("", None).astype("str")
        return _with_entry(item, pd.DataFrame({"case": case, "date": date, "outcome": outcome, "activity": activity}))

    items = of_kind(inputs, Reviews)
    if items and items[0].section.files:
        rows, found = supersede([(item, read(item)) for item in items], ["case", "date"], v.REVIEW)
        return rows, [found]
    return _read_all(items, read), []


def read_milestones(inputs: Sequence[Input], finder: CaseFinder, extraction: pd.Timestamp) -> pd.DataFrame | None:
    """The milestones: `case`, `activity`, `date`, place."""

    def read(item: Input) -> pd.DataFrame:
        names, records = item.section, item.records
        assert isinstance(names, Milestones)
        if names.episode is not None:
            case = finder.case(item, pd.Series(dtype="datetime64[us]"))
        label = records.code(names.milestone, names.codes)
        date = records.date(names.date)
        if names.episode is None:
            case = finder.case(item, date)
        activity = label.map(names.codes)
        check_dates(item, extraction, finder.birth(case, activity), (names.date, date))
        frame = pd.DataFrame({"case": case, "activity": activity, "date": date})
        return _with_entry(item, frame.assign(source=item.name))

    return _read_all(of_kind(inputs, Milestones), read)


def cell_events(
    cells: Sequence[Cells], told: Mapping[int, Told], finder: CaseFinder, extraction: pd.Timestamp
) -> pd.DataFrame:
    """The dates of trackers as events."""
    parts = [_none()]
    for one in cells:
        rows = told[one.tracker.number].rows.iloc[one.rows].reset_index(drop=True)
        case, child = rows["case"].astype("str"), rows["child"].astype("str")
        column = one.item.records.columns[0]
        if case.isna().any():  # the episodes stand in another table, and the row names the child only
            case = case.where(case.notna(), finder.at(one.item, column, child.where(case.isna()), one.date))
        told_of = pd.Series(one.activity, index=case.index, dtype="str")
        check_dates(one.item, extraction, finder.birth(case, told_of), (column, one.date))
        frame = pd.DataFrame({"case": case, "activity": one.activity, "date": one.date, "source": one.tracker.name})
        parts.append(one.item.used(frame))
    return pd.concat(parts, ignore_index=True)


def long_events(told: Sequence[Told], finder: CaseFinder, extraction: pd.Timestamp) -> pd.DataFrame:
    """The rows of long tables as events; start and end of episodes are told by the cases, not here."""
    parts = [_none()]
    for one in told:
        if not len(one.steps.columns):
            continue
        case, date = one.rows["case"].astype("str"), one.steps["date"]
        column = getattr(one.item.section, "date", "date")
        if (case.isna() & one.rows["child"].notna()).any():
            child = one.rows["child"].where(case.isna())
            case = case.where(
                case.notna(), finder.at(one.item, getattr(one.item.section, "child", "child"), child, date)
            )
        check_dates(one.item, extraction, finder.birth(case, one.steps["activity"]), (column, date))
        frame = pd.DataFrame({"case": case, "activity": one.steps["activity"], "date": date, "source": one.item.name})
        used = one.item.used(_with_entry(one.item, frame))
        parts.append(used[~used["activity"].isin(["", v.BECAME_LOOKED_AFTER, v.CEASED])])
    return pd.concat(parts, ignore_index=True)


def _none() -> pd.DataFrame:
    kinds = {"case": "str", "activity": "str", "date": "datetime64[us]", "source": "str"}
    places = {"input": "int64", "row": "int64", "file": "str", "line": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in {**kinds, **places}.items()})


def _with_entry(item: Input, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the day on which each was typed in, where the extract has it."""
    column = getattr(item.section, "entered", None)
    return rows if column is None else rows.assign(entered=item.records.date(column, required=False))


def _read_all(items: Sequence[Input], read: Callable[[Input], pd.DataFrame]) -> pd.DataFrame | None:
    """What stands on the usable records of all inputs; None where there is none."""
    parts = [item.used(read(item)) for item in items]
    return pd.concat(parts, ignore_index=True) if parts else None
