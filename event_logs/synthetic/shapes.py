"""The same synthetic council in the other two shapes of extract: a tracker, and one long table of events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import from_days
from event_logs.synthetic.council import LEGAL_STATUSES, Council
from event_logs.synthetic.journeys import Journeys, simulate_council
from event_logs.synthetic.project_file import PROJECT_FILE, window_text
from event_logs.synthetic.tables import OUTCOMES, extract

DETAILS: Mapping[str, str] = {
    "child": "Child",
    "birth": "Date of birth",
    "sex": "Sex",
    "locality": "Locality",
    "family": "Family",
    "destination": "Destination",
    "first_placement": "First placement",
    "legal_basis": "Legal basis",
}
"""What every row tells of its case beside what happened -> its column."""
NOT_CARRIED = (
    "placements after the first",
    "legal statuses after the first",
    "outcomes of reviews that decide nothing",
)
"""What the tables have and a tracker or a long table of milestones does not: the log is the same without it."""


def write_tracker(directory: Path, *, council: Council | None = None, seed: int = 1) -> Path:
    """Write the council as a tracker, one row an episode and a column for each time of each milestone.

    Returns the project file. `generate` with the same council and seed writes the same council as tables.
    """
    council = Council() if council is None else council
    steps, details = _told(simulate_council(council, seed))
    nth = steps.groupby(["case", "activity"]).cumcount() + 1
    often = nth.groupby(steps["activity"]).transform("max") > 1
    column = steps["activity"].where(~often, steps["activity"] + " " + nth.astype("str"))
    order = pd.DataFrame({"column": column, "activity": steps["activity"], "nth": nth}).drop_duplicates()
    order["rank"] = order["activity"].map({name: step.rank for name, step in v.MILESTONES.items()})
    order = order.sort_values(["rank", "nth"])
    wide = steps.assign(column=column).pivot(index="case", columns="column", values="date")[list(order["column"])]
    rows = details.join(wide, how="left").reset_index(names="Episode").rename(columns=DETAILS)
    columns = "\n".join(f'"{name}" = "{of}"' for name, of in zip(order["column"], order["activity"], strict=True))
    section = f'[[trackers]]\nfile = "tracker.csv"\ncase = "Episode"\n{_details()}\n\n[trackers.columns]\n{columns}\n'
    return _write(directory, council, rows, "tracker.csv", section)


def write_long(directory: Path, *, council: Council | None = None, seed: int = 1) -> Path:
    """Write the council as one long table, one row an event, the details of the case on each row.

    Returns the project file. `generate` with the same council and seed writes the same council as tables.
    """
    council = Council() if council is None else council
    steps, details = _told(simulate_council(council, seed))
    rows = steps.join(details, on="case").rename(
        columns={"case": "Episode", "activity": "Step", "date": "Date", **DETAILS}
    )
    codes = "\n".join(f'"{name}" = "{name}"' for name in v.MILESTONES if name in set(steps["activity"]))
    named = 'case = "Episode"\nactivity = "Step"\ndate = "Date"'
    section = f'[[events]]\nfile = "events.csv"\n{named}\n{_details()}\n\n[events.codes]\n{codes}\n'
    return _write(directory, council, rows, "events.csv", section)


def _told(journeys: Journeys) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What happened, one row an event (`case`, `activity`, `date` as text), and the details of each case, by its id."""
    tables = extract(journeys).tables
    episodes = tables["episodes"].set_index("episode_id")
    children = tables["children"].set_index("child_id")
    numbers = episodes.index.str[1:].astype(int).to_numpy() - 1
    parts = [_step(episodes["start_date"], v.BECAME_LOOKED_AFTER), _step(episodes["end_date"], v.CEASED)]
    today = journeys.council.window[1]
    for activity in (v.AT_HOME, v.ACCOMMODATED, v.RETURNED_HOME):
        day = journeys.days[activity][numbers]
        dates = pd.Series(from_days(np.where(day <= today, day, np.nan)), index=episodes.index).dt.strftime("%Y-%m-%d")
        parts.append(_step(dates.fillna(""), activity))
    reviews = tables["reviews"].set_index("episode_id")
    parts.append(_step(reviews["review_date"], v.REVIEW))
    decided = reviews.assign(activity=reviews["outcome"].map(OUTCOMES).fillna("")).sort_values("review_date")
    for name, rows in decided[decided["activity"] != ""].groupby("activity"):
        parts.append(_step(rows.loc[~rows.index.duplicated(), "review_date"], str(name)))
    milestones = tables["milestones"].rename(columns={"episode_id": "case", "milestone": "activity"})
    steps = pd.concat([*parts, milestones], ignore_index=True)
    placed = tables["placements"].drop_duplicates("episode_id").set_index("episode_id")["placement_type"]
    legal = tables["legal_statuses"]
    rank = legal["legal_status"].map({name: place for place, name in enumerate(LEGAL_STATUSES)})
    legal = legal.assign(rank=rank).sort_values(["start_date", "rank"]).drop_duplicates("episode_id")
    details = pd.DataFrame(
        {
            "child": episodes["child_id"],
            "birth": episodes["child_id"].map(children["date_of_birth"]),
            "sex": episodes["child_id"].map(children["sex"]),
            "locality": episodes["child_id"].map(children["locality"]),
            "family": episodes["child_id"].map(children["family_id"]),
            "destination": episodes["destination"],
            "first_placement": placed.reindex(episodes.index),
            "legal_basis": legal.set_index("episode_id")["legal_status"].reindex(episodes.index),
        }
    )
    return steps.sort_values(["case", "date", "activity"], kind="stable", ignore_index=True), details


def _step(dates: pd.Series[str], activity: str) -> pd.DataFrame:
    known = dates[dates != ""]
    return pd.DataFrame({"case": known.index, "activity": activity, "date": known.to_numpy()})


def _details() -> str:
    attributes = ", ".join(f'{name} = "{column}"' for name, column in DETAILS.items() if name not in ("child", "birth"))
    return f'child = "{DETAILS["child"]}"\nbirth = "{DETAILS["birth"]}"\nattributes = {{ {attributes} }}'


def _write(directory: Path, council: Council, rows: pd.DataFrame, file: str, section: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    rows.to_csv(directory / file, index=False, encoding="utf-8", lineterminator="\n")
    project = directory / PROJECT_FILE
    head = (
        '# A synthetic council: no record here is of a real child.\nschema_version = 1\nname = "Synthetic council"\n\n'
    )
    project.write_text(f"{head}{window_text(council)}\n{section}", encoding="utf-8", newline="\n")
    return project
