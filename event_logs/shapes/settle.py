"""What stands where several records tell of the same thing: always by a named rule, and never silently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.quarantine import REPEATED, SAME_DETAILS, SUPERSEDED
from event_logs.shapes.inputs import PLACE, Input
from event_logs.vocabulary import MILESTONES

RECONCILED = {
    "rule": "str",
    "what": "str",
    "child": "str",
    "case": "str",
    "kept": "str",
    "kept_file": "str",
    "kept_line": "int64",
    "other": "str",
    "other_file": "str",
    "other_line": "int64",
}
"""Columns of the account of what was reconciled: the rule, what it is about, what stands and what does not, with
the place of both."""

EARLIEST = "the earliest date stands"
LATEST_RETURN = "the latest return stands"
FIRST_FILE = "the file named first in the project stands"
EPISODE_TABLE = "the table of the episodes stands"
OF_THE_EPISODE = "what is told of the episode itself stands"
NOT_KNOWN = "it is taken as not known"
LATEST_EXPORT = "older export of the same episode"


def no_reconciled() -> pd.DataFrame:
    """An empty account."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in RECONCILED.items()})


def account(
    rule: str | Sequence[str], what: str | pd.Series[str], kept: pd.DataFrame, other: pd.DataFrame
) -> pd.DataFrame:
    """The account of pairs, row by row: both frames have `value`, `file`, `line`, and `child` or `case`."""
    size = len(kept)
    blank = pd.Series([None] * size, dtype="str")

    def of(frame: pd.DataFrame, column: str) -> pd.Series[str]:
        return frame[column].reset_index(drop=True) if column in frame else blank

    rows = pd.DataFrame(
        {
            "rule": rule if isinstance(rule, str) else list(rule),
            "what": what if isinstance(what, str) else what.reset_index(drop=True),
            "child": of(kept, "child"),
            "case": of(kept, "case"),
            "kept": _shown(of(kept, "value")),
            "kept_file": of(kept, "file"),
            "kept_line": of(kept, "line"),
            "other": _shown(of(other, "value")),
            "other_file": of(other, "file"),
            "other_line": of(other, "line"),
        },
        index=range(size),
    )
    return rows.astype(RECONCILED)


def _shown(values: pd.Series[Any]) -> pd.Series[str]:
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    return values.astype("str")


def supersede(
    read: Sequence[tuple[Input, pd.DataFrame]], key: Sequence[str], what: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What stands of the records of several returns, with the account of what does not.

    Records of one `key` tell of one thing. In one return the same details again are ignored, and different ones
    reject all of them. Of several returns the latest stands; an earlier one is ignored as the same or as superseded.
    """
    items = {item.number: item for item, _ in read}
    for item, frame in read:
        _unique_within(item, frame, key)
    frames = [item.used(frame).assign(year=item.year) for item, frame in read]
    rows = pd.concat(frames, ignore_index=True)
    rows = rows.sort_values([*key, "year", "input", "row"], kind="stable", ignore_index=True)
    last = ~rows.duplicated(list(key), keep="last")
    kept, earlier = rows[last], rows[~last]
    stands = earlier[list(key)].merge(kept.assign(_at=kept.index), on=list(key), how="left", validate="many_to_one")
    told = [column for column in rows if column not in (*PLACE, "year", "file")]
    winner = kept.loc[stands["_at"]].reset_index(drop=True)
    same = np.ones(len(earlier), dtype=bool)
    was, is_now = np.full(len(earlier), "", dtype=object), np.full(len(earlier), "", dtype=object)
    for column in told:
        old, new = earlier[column].reset_index(drop=True), winner[column]
        equal = ((old == new) | (old.isna() & new.isna())).fillna(False).to_numpy(dtype=bool)
        for texts, values in ((was, old), (is_now, new)):
            texts[~equal] += f"{column} " + _shown(values[~equal]).fillna("not known").to_numpy(dtype=object) + " "
        same &= equal
    for number, item in items.items():
        for rule, chosen in ((REPEATED, same), (SUPERSEDED, ~same)):
            mask = np.zeros(len(item.records.table), dtype=bool)
            mask[earlier.loc[chosen & (earlier["input"] == number).to_numpy(), "row"]] = True
            item.records.ignore(rule, mask)
    kept_rows, other_rows = winner.assign(value=is_now), earlier.assign(value=was)
    found = account(SUPERSEDED, what, kept_rows[~same], other_rows[~same])
    return kept.drop(columns="year").reset_index(drop=True), found


def _unique_within(item: Input, frame: pd.DataFrame, key: Sequence[str]) -> None:
    records = item.records
    used = np.flatnonzero(records.used)
    again = np.zeros(len(frame), dtype=bool)
    again[used] = frame.iloc[used].duplicated().to_numpy()
    records.ignore(SAME_DETAILS, again)
    used = np.flatnonzero(records.used)
    clash = np.zeros(len(frame), dtype=bool)
    clash[used] = frame.iloc[used].duplicated(list(key), keep=False).to_numpy()
    records.reject(clash, f"{' and '.join(key)}: several rows of this return tell different things of it")


def settle(rows: pd.DataFrame, of: str, what: str, rule: str) -> tuple[pd.Series[Any], pd.DataFrame]:
    """One value for each child or case (column `of`) of several rows, with the account of those that differ.

    `rows` has `value`, `priority` (the highest stands), `file` and `line`; among equals the earliest or first value
    stands, so that the order of the rows never matters. A missing value contradicts none.
    """
    known = rows.dropna(subset=["value", of])
    ordered = known.sort_values([of, "priority", "value", "file", "line"], ascending=[True, False, True, True, True])
    first = ordered.drop_duplicates(of)
    values = first.set_index(of)["value"]
    if len(first) == len(ordered):
        return values, no_reconciled()
    stands = first.set_index(of)
    differs = ordered["value"].to_numpy() != stands["value"].reindex(ordered[of]).to_numpy()
    other = ordered[differs].drop_duplicates([of, "value", "file"])
    return values, account(rule, what, stands.reindex(other[of]).reset_index(), other)


def differing_attributes(cases: pd.DataFrame, child_rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The account of attributes that a record of an episode tells otherwise than one of its child; the former stand."""
    found = [no_reconciled()]
    for name in [name for name in names if name in cases and name in child_rows]:
        place = ["child", name, "file", "line"]
        told = child_rows[place].dropna(subset=["child", name]).drop_duplicates(["child", name, "file"])
        both = cases[["case", *place]].dropna(subset=[name]).merge(told, on="child", suffixes=("", "_of_child"))
        both = both[(both[name].astype("str") != both[f"{name}_of_child"].astype("str")).to_numpy(dtype=bool)]
        kept = both[["case", *place]].rename(columns={name: "value"})
        other = both[[f"{column}_of_child" for column in place[1:]]].set_axis(["value", "file", "line"], axis=1)
        found.append(account(OF_THE_EPISODE, name, kept, other))
    return pd.concat(found, ignore_index=True)


def settle_events(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The events of several sources, each told once, with the account of where they disagree.

    `events` has `case`, `activity`, `date`, `source`, `file`, `line`. What one source tells stands as it is. Where
    several tell of one activity of a case: the same date counts once; of a recurring activity every date stands; of
    any other, the first, second, ... time in one source is the first, second, ... in another, and of different dates
    the earliest stands.
    """
    events = events.reset_index(drop=True)
    group = events.groupby(["case", "activity"], sort=False)["source"]
    if not len(events) or not (several := group.transform("nunique") > 1).any():
        return events, no_reconciled()
    shared = events[several].sort_values(["case", "activity", "source", "date", "file", "line"], kind="stable")
    recurring = shared["activity"].isin([name for name, step in MILESTONES.items() if step.recurring])
    # Two reviews of one day in one source are two; in two sources they are one.
    same_day = shared.groupby(["case", "activity", "source", "date"], sort=False).cumcount()
    nth = shared.groupby(["case", "activity", "source"], sort=False).cumcount()
    key = pd.DataFrame({"case": shared["case"], "activity": shared["activity"], "nth": nth.where(~recurring, same_day)})
    key["date"] = shared["date"].where(recurring, pd.NaT)
    ordered = shared.assign(_key=_codes(key)).sort_values(["_key", "date", "source"], kind="stable")
    first = ordered.drop_duplicates("_key")
    stands = first.set_index("_key")
    winner = stands.reindex(ordered["_key"])
    differs = ordered["date"].to_numpy() != winner["date"].to_numpy()
    other = ordered[differs].rename(columns={"date": "value"})
    kept = winner[differs].reset_index(drop=True).rename(columns={"date": "value"})
    found = account(EARLIEST, other["activity"].astype("str"), kept, other)
    return pd.concat([events[~several], first.drop(columns="_key")], ignore_index=True), found


def _codes(key: pd.DataFrame) -> npt.NDArray[np.int64]:
    codes = key.groupby(list(key.columns), sort=False, dropna=False).ngroup()
    return np.asarray(codes, dtype=np.int64)
