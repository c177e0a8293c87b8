"""The tables a council would export, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.synthetic.council import LEGAL_STATUSES, LOCALITIES, PLACEMENT_TYPES, day_number
from event_logs.synthetic.journeys import ADOPTION, AUTHORITY, Journeys
from event_logs.synthetic.spells import HOME, Spells, legal_statuses, placements
from event_logs.synthetic.streams import Bools, Floats, Ints, generator

MILESTONE_LABELS = (
    v.LEGAL_REQUESTED,
    v.LEGAL_RECEIVED,
    v.HEALTH_REQUESTED,
    v.HEALTH_COMPLETED,
    v.REPORT_COMPLETED,
    v.PANEL,
    v.INFORMATION_RECEIVED,
    v.AGENCY_DECISION,
    v.HEARING_ADVICE,
    v.LODGED,
    v.PERMANENCE_ORDER,
    v.AUTHORITY_TO_ADOPT,
    v.KINSHIP_ORDER,
    v.NOT_GRANTED,
    v.ADOPTION_ORDER,
)
OUTCOMES: Mapping[str, str] = {
    "Permanence away from home recommended": v.RECOMMENDED,
    "Return home recommended": v.RETURN_HOME,
    "Kinship care order recommended": v.KINSHIP_ORDER_PLANNED,
    "Long-term placement agreed": v.LONG_TERM,
    "Assessment continues": "",
    "Plan continues": "",
}
_FORENAMES = (
    "Aaron Aisha Alasdair Amelia Andrew Ava Blair Callum Cameron Chloé Connor Craig Daniel Eilidh Ella Emily Erin Euan "
    "Fatima Finlay Fraser Freya Grace Hamish Harris Iain Isla Jack Jamie Jessica José Kayleigh Kirsty Kyle Leila Lewis "
    "Logan Lucy Mhairi Millie Mohammed Murray Niamh Noah Olivia Orla Paige René Rory Ross Ruby Ruaridh Siân Skye Sofía "
    "Struan Tyler Zara Zoë"
)
_SURNAMES = (
    "Allan Anderson Begum Brown Burns Campbell Clark Cunningham D’Angelo Docherty Duncan Ferguson Fernández Fraser "
    "Gallagher Gordon Grant Hamilton Henderson Hussain Jönsson Kelly Kerr Khan MacDonald MacKay Marshall McLean Miller "
    "Mitchell Morrison Müller Murphy Murray Nowak O’Brien O’Neill Paterson Reid Robertson Ross Scott Sinclair Smith "
    "Stewart Taylor Thomson Walker Wallace Watson Wilson Wright Young"
)
FORENAMES = tuple(_FORENAMES.split())
SURNAMES = tuple(_SURNAMES.split())

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Extract:
    """The tables by name, every cell text and a missing value empty, with the journeys they come from."""

    tables: Mapping[str, pd.DataFrame]
    """`children`, `episodes`, `legal_statuses`, `placements`, `reviews`, `milestones`."""


def extract(journeys: Journeys, *, date_format: str = "%Y-%m-%d") -> Extract:
    """What a council's system would export at the extraction date.

    Every episode that touches the window, with its true start and all its earlier history; nothing later than the
    extraction date, so what is still going on has an empty end. Review outcomes before `outcomes_recorded_from` are
    empty for a share of the children.
    """
    from_day, today = journeys.council.window
    rows = np.flatnonzero((journeys.end >= from_day) & (journeys.start <= today))
    dates = _DateText(journeys, date_format)
    child = pd.unique(journeys.entries.child[rows])
    child.sort()
    inside = np.zeros(len(journeys), dtype=bool)
    inside[rows] = True
    lived = placements(journeys)
    return Extract(
        {
            "children": _children(journeys, child, dates),
            "episodes": _episodes(journeys, rows, lived, dates),
            "legal_statuses": _spells(legal_statuses(journeys), LEGAL_STATUSES, "legal_status", inside, dates),
            "placements": _spells(lived, PLACEMENT_TYPES, "placement_type", inside, dates),
            "reviews": _reviews(journeys, inside, dates),
            "milestones": _milestones(journeys, inside, dates),
        }
    )


class _DateText:
    """Days to text by looking them up; days after the extraction date, infinite and missing ones are empty."""

    def __init__(self, journeys: Journeys, date_format: str) -> None:
        self.today = journeys.council.window[1]
        self._first = int(journeys.children.birth.min())
        days = np.arange(self._first, self.today + 1).astype("datetime64[D]")
        text = [*pd.DatetimeIndex(days).strftime(date_format), ""]
        self._text = np.array(text, dtype=object)

    def __call__(self, day: Floats) -> Texts:
        known = day <= self.today
        index = np.where(known, day, 0).astype(np.int64) - self._first
        return np.asarray(self._text[np.where(known, index, -1)])


def _ids(letter: str, number: Ints) -> Texts:
    return np.array([f"{letter}{n:06d}" for n in (number + 1).tolist()], dtype=object)


def _pick(names: tuple[str, ...], position: Ints) -> Texts:
    return np.array(names, dtype=object)[position]


def _children(journeys: Journeys, child: Ints, dates: _DateText) -> pd.DataFrame:
    children, seed = journeys.children, journeys.seed
    forename = generator(seed, "forename").integers(0, len(FORENAMES), len(children))
    surname = generator(seed, "surname").integers(0, len(SURNAMES), int(children.family.max()) + 1)
    return pd.DataFrame(
        {
            "child_id": _ids("C", child),
            "forename": _pick(FORENAMES, forename[child]),
            "surname": _pick(SURNAMES, surname[children.family[child]]),
            "sex": _pick(("Female", "Male"), children.boy[child].astype(np.int64)),
            "date_of_birth": dates(children.birth[child]),
            "locality": _pick(LOCALITIES, children.locality[child]),
            "family_id": _ids("F", children.family[child]),
        }
    )


def _episodes(journeys: Journeys, rows: Ints, lived: Spells, dates: _DateText) -> pd.DataFrame:
    destination = np.where(journeys.end <= dates.today, _destinations(journeys, lived), "")
    return pd.DataFrame(
        {
            "episode_id": _ids("E", rows),
            "child_id": _ids("C", journeys.entries.child[rows]),
            "start_date": dates(journeys.start[rows]),
            "end_date": dates(journeys.end[rows]),
            "destination": destination[rows],
        }
    )


def _destinations(journeys: Journeys, lived: Spells) -> Texts:
    """Where each child went when it ceased to be looked after, whenever that was."""
    days, end = journeys.days, journeys.end
    last = np.full(len(journeys), -1)
    last[lived.episode] = lived.kind  # spells are ordered: the last one of an episode stays
    where = np.full(len(journeys), "Continuing care", dtype=object)
    on_their_own = journeys.draws().below("moves on alone", journeys.council.moves_on_alone)
    where[on_their_own] = "Own tenancy or supported accommodation"
    where[(last == HOME) | (days[v.RETURNED_HOME] == end)] = "Home with parents"
    where[days[v.KINSHIP_ORDER] == end] = "Kinship care order"
    adopted: Bools = np.isin(journeys.order, [AUTHORITY, ADOPTION]) & (days[v.ADOPTION_ORDER] == end)
    where[adopted] = "Adoption"
    return where


def _spells(spells: Spells, names: tuple[str, ...], column: str, inside: Bools, dates: _DateText) -> pd.DataFrame:
    keep = inside[spells.episode] & (spells.start <= dates.today)
    return pd.DataFrame(
        {
            "episode_id": _ids("E", spells.episode[keep]),
            column: _pick(names, spells.kind[keep]),
            "start_date": dates(spells.start[keep]),
            "end_date": dates(spells.end[keep]),
        }
    )


def _reviews(journeys: Journeys, inside: Bools, dates: _DateText) -> pd.DataFrame:
    council = journeys.council
    ordered = np.sort(journeys.reviews[inside], axis=1)  # NaN goes last
    held = ordered <= dates.today
    episode = np.broadcast_to(np.flatnonzero(inside)[:, None], ordered.shape)[held]
    day = ordered[held]
    outcome = np.full(len(day), "Assessment continues", dtype=object)
    decided = np.full(len(journeys), np.nan)
    for label, activity in OUTCOMES.items():
        if activity:
            planned = journeys.days[activity]
            decided = np.fmin(decided, planned)
            outcome[day == planned[episode]] = label
    away = journeys.days[v.ACCOMMODATED][episode]
    outcome[(day > decided[episode]) | ~(day >= away)] = "Plan continues"
    blank_child = journeys.draws().child_uniform("outcomes not recorded") < council.outcome_blank_share
    outcome[blank_child[episode] & (day < day_number(council.outcomes_recorded_from))] = ""
    return pd.DataFrame({"episode_id": _ids("E", episode), "review_date": dates(day), "outcome": outcome})


def _milestones(journeys: Journeys, inside: Bools, dates: _DateText) -> pd.DataFrame:
    columns: list[tuple[str, Floats]] = []
    for label in MILESTONE_LABELS:
        again = {v.PANEL: journeys.panel, v.INFORMATION_RECEIVED: journeys.information}.get(label)
        if again is None:
            columns.append((label, journeys.days[label]))
        else:
            columns += [(label, again[:, number]) for number in range(again.shape[1])]
    day = np.column_stack([column for _, column in columns])[inside]
    labels = np.array([label for label, _ in columns], dtype=object)
    rank = np.array([v.MILESTONES[label].rank for label, _ in columns])
    row, column = np.nonzero(day <= dates.today)
    order = np.lexsort((rank[column], day[row, column], row))
    row, column = row[order], column[order]
    return pd.DataFrame(
        {
            "episode_id": _ids("E", np.flatnonzero(inside)[row]),
            "milestone": labels[column],
            "date": dates(day[row, column]),
        }
    )


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How the tables' text is written, and how the project file says it must be read."""

    encoding: str = "utf-8"
    date_format: str = "%Y-%m-%d"
    missing: tuple[str, ...] = ("",)
    total_row_labels: tuple[str, ...] = ()


def write_tables(tables: Mapping[str, pd.DataFrame], directory: Path, writing: Writing) -> dict[str, Path]:
    """Write each table as NAME.csv; the same tables give the same bytes."""
    paths = {}
    for name, table in tables.items():
        paths[name] = directory / f"{name}.csv"
        table.to_csv(paths[name], index=False, encoding=writing.encoding, lineterminator="\n")
    return paths
