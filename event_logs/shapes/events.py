"""The events that cases, placements and reviews tell of."""

from __future__ import annotations

import pandas as pd

from event_logs import vocabulary as v
from event_logs.shapes.keys import look_up
from event_logs.shapes.steps import EVENT

_PLACE = ["input", "row", "file", "line"]


def episode_events(cases: pd.DataFrame) -> pd.DataFrame:
    """When each child became and ceased to be looked after, as far as it is on record."""
    began = cases[cases["start_known"]]
    closed = cases[cases["end"].notna()]
    told = [_told(began, v.BECAME_LOOKED_AFTER, "start"), _told(closed, v.CEASED, "end")]
    return pd.concat(told, ignore_index=True).assign(source="episodes")


def placement_events(placed: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """When each child was first placed at home, first accommodated, and went home again.

    `cases` has `went_home`: its destination means that the child went home. Of a case whose start is not on record
    the first placement on record is not its first, so nothing is said of how it began.
    """
    # A placement that ended the day it began comes before the one that followed it on that day.
    placed = placed.sort_values(["case", "start", "end", "type"], na_position="last", ignore_index=True)
    away, case = placed["away"], placed["case"]
    known = look_up(case, cases.set_index("case")["start_known"]).eq(True)
    first = ~case.duplicated()
    first_away = away & ~placed[["case", "away"]].duplicated()
    back = ~away & ~first & away.shift(fill_value=False)
    last = placed[~case.duplicated(keep="last")].set_index("case")["away"]
    gone_home = cases["end"].notna() & look_up(cases["case"], last).eq(True) & cases["went_home"]
    told = [
        _told(placed[first & ~away & known], v.AT_HOME, "start"),
        _told(placed[first_away & known], v.ACCOMMODATED, "start"),
        _told(placed[back], v.RETURNED_HOME, "start"),
        _told(cases[gone_home], v.RETURNED_HOME, "end"),
    ]
    return pd.concat(told, ignore_index=True).assign(source="placements")


def review_events(reviews: pd.DataFrame) -> pd.DataFrame:
    """Each review, and the first of each outcome that decides something."""
    decided = reviews[reviews["activity"].notna()]
    decided = decided.sort_values(["case", "date", "activity", "input", "row"]).drop_duplicates(["case", "activity"])
    held = reviews.assign(activity=pd.Series(v.REVIEW, index=reviews.index, dtype="str"))
    return pd.concat([held, decided], ignore_index=True).assign(source="reviews")[EVENT]


def _told(rows: pd.DataFrame, activity: str, date: str) -> pd.DataFrame:
    told = rows[["case", date, *_PLACE]].rename(columns={date: "date"})
    return told.assign(activity=pd.Series(activity, index=told.index, dtype="str"))
