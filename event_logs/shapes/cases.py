"""The case table: one row an episode, with what is known of the child, the family and the two ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from event_logs import vocabulary as v
from event_logs.ages import BAND_LIMITS, age_at, age_bands, band_labels
from event_logs.shapes.keys import look_up
from event_logs.shapes.settle import EARLIEST, EPISODE_TABLE, settle

AGE_BANDS = band_labels(BAND_LIMITS)
_DAYS_A_YEAR = 365.25
FAMILY = "family"
"""The attribute that children of one family share."""


def settle_cases(rows: pd.DataFrame, attributes: Sequence[str]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One row a case: `case`, `child`, `start`, `end`, `start_known`, the attributes, and the place of its first row.

    The table of the episodes stands (column `priority`); where it tells nothing, the earliest of the dates. A start
    that nobody tells is the day of the first step on record, and `start_known` is then false.
    """
    place = ["input", "row", "file", "line"]
    ordered = rows.sort_values(["case", "priority", "file", "line"], ascending=[True, False, True, True], kind="stable")
    cases = ordered.drop_duplicates("case").set_index("case")[place].sort_index()
    reconciled: list[pd.DataFrame] = []
    whose = ["file", "line", "case", "priority"]

    def one(column: str) -> pd.Series[Any]:
        rule = EPISODE_TABLE if rows["priority"].nunique() > 1 else EARLIEST
        values, found = settle(rows[[*whose, column]].rename(columns={column: "value"}), "case", column, rule)
        reconciled.append(found)
        return values.reindex(cases.index).astype(rows[column].dtype)

    cases["child"] = one("child")
    start = one("start")
    cases["start_known"] = start.notna() & rows.groupby("case")["start_known"].any().reindex(cases.index)
    first = rows.groupby("case")["first_step"].min().reindex(cases.index)
    cases["start"], cases["end"] = start.where(start.notna(), first), one("end")
    for name in attributes:
        cases[name] = one(name) if name in rows else pd.Series(index=cases.index, dtype="str")
    return cases.reset_index(), reconciled


def described(cases: pd.DataFrame, children: pd.DataFrame, attributes: Sequence[str]) -> pd.DataFrame:
    """The cases with birth, age and the attributes of the child; `children` is indexed by child id."""
    births = children["birth"] if "birth" in children else pd.Series(dtype="datetime64[us]")
    cases = cases.assign(birth=look_up(cases["child"], births).astype("datetime64[us]"))
    cases["age_at_start"] = (cases["start"] - cases["birth"]).dt.days / _DAYS_A_YEAR
    cases["age_band"] = age_bands(age_at(cases["birth"], cases["start"]))
    for attribute in attributes:
        told = look_up(cases["child"], children[attribute])
        cases[attribute] = cases[attribute].where(cases[attribute].notna(), told) if attribute in cases else told
    return cases


def related(cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with `episode_number` (1 for a child's first on record) and, where families are known, `siblings`.

    `siblings` counts the other children of the family that are on record; missing where the family is.
    """
    ordered = cases.sort_values(["child", "start", "case"], kind="stable")
    number = ordered.groupby("child", sort=False).cumcount() + 1
    cases = cases.assign(episode_number=number.reindex(cases.index).fillna(1).astype("int64"))
    if FAMILY in cases:
        members = cases.groupby(FAMILY)["child"].nunique()
        cases["siblings"] = look_up(cases[FAMILY], members).astype("float64") - 1
    return cases


def permanence(events: pd.DataFrame) -> pd.DataFrame:
    """When and as what each case first achieved permanence, by case: `permanence_date`, `permanence_as`.

    Permanence achieved is not the same as ceasing to be looked after: a child under a permanence order still is.
    """
    found = events[events["activity"].isin([name for name, step in v.MILESTONES.items() if step.permanence])]
    rank = found["activity"].map({name: step.rank for name, step in v.MILESTONES.items()})
    first = found.assign(_rank=rank).sort_values(["case", "date", "_rank"], kind="stable").drop_duplicates("case")
    first = first.set_index("case")[["date", "activity"]]
    return first.rename(columns={"date": "permanence_date", "activity": "permanence_as"})
