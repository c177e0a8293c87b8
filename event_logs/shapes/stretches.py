"""Stretches of placement and legal status, of one return or several, put together to episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from event_logs.project.shapes import Stretches
from event_logs.shapes.checks import check_dates
from event_logs.shapes.children import told_by
from event_logs.shapes.episodes import nth_case
from event_logs.shapes.inputs import Input, by_section, of_kind
from event_logs.shapes.keys import Known, look_up
from event_logs.shapes.settle import supersede


@dataclass(frozen=True, eq=False)
class StretchesRead:
    """What the sections [stretches] tell."""

    rows: pd.DataFrame
    """One row a stretch that stands: `case`, `child`, `start`, `end`, `type`, `away`, `status`, `basis`, place."""
    cases: pd.DataFrame
    """One row an episode: `case`, `child`, `start`, `end`, `start_known`, `destination`, the place of its first row."""
    achieved: pd.DataFrame
    """What the reason for an end tells: `case`, `activity`, `date`, place."""
    reconciled: list[pd.DataFrame]
    notes: list[str]


def read_stretches(
    inputs: Sequence[Input], children: Known | None, births: pd.Series[pd.Timestamp], extraction: pd.Timestamp
) -> StretchesRead | None:
    """The stretches of all sections, those of earlier returns superseded; None where the project has none."""
    groups = by_section(of_kind(inputs, Stretches))
    if not groups:
        return None
    rows, reconciled, notes = [], [], []
    for items in groups.values():
        section = items[0].section
        assert isinstance(section, Stretches)
        read = [(item, _read(item, section, children, births, extraction)) for item in items]
        if section.episode_start is None:
            stands, found = supersede(read, ["child", "start"], "stretch in placement and legal status")
            reconciled.append(found)
            stands, said = _episodes_by_reasons(stands, section)
            notes += [f"{items[0].name}: {sentence}" for sentence in said]
        else:
            stands = pd.concat([item.used(frame) for item, frame in read], ignore_index=True)
            stands = stands.assign(start_known=True)
        rows.append(_called(stands, section))
    together = pd.concat(rows, ignore_index=True)
    if "case" not in together or together["episode_start"].notna().any():
        together = _episodes_by_start(together)
    together = together.sort_values(["case", "start", "end", "input", "row"], na_position="last", kind="stable")
    together = together.reset_index(drop=True)
    return StretchesRead(together, _cases(together), _achieved(together), reconciled, notes)


def _read(
    item: Input,
    section: Stretches,
    children: Known | None,
    births: pd.Series[pd.Timestamp],
    extraction: pd.Timestamp,
) -> pd.DataFrame:
    """One row a record, with the codes as they stand in the file."""
    records = item.records
    child = children.refer(item, section.child) if children else records.identifier(section.child, "child id")
    rows = told_by(item, child)
    rows["start"], rows["end"] = records.date(section.start), records.date(section.end, required=False)
    blank = pd.Series(index=rows.index, dtype="str")
    no_date = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    rows["type"] = records.code(section.placement, section.settings) if section.placement else blank
    rows["status"] = records.code(section.status, section.statuses) if section.status else blank
    began, ended = section.began_for, section.ended_for
    rows["began"] = records.code(began, section.began_reasons) if began else blank
    reasons = [*section.goes_on_for, *section.reasons]
    rows["reason"] = records.code(ended, reasons, required=False) if ended else blank
    rows["episode_start"] = records.date(section.episode_start) if section.episode_start else no_date
    rows["episode_end"] = records.date(section.episode_end, required=False) if section.episode_end else no_date
    rows["went_to"] = records.text(section.destination) if section.destination else blank
    birth = look_up(child, births)
    check_dates(item, extraction, birth, (section.start, rows["start"]), (section.end, rows["end"]))
    if section.episode_start is not None:
        check_dates(item, extraction, birth, (section.episode_start, rows["episode_start"]))
    return rows


def _episodes_by_reasons(rows: pd.DataFrame, section: Stretches) -> tuple[pd.DataFrame, list[str]]:
    """The case of each stretch, by the reasons why stretches begin and end, with what does not fit in them."""
    rows = rows.sort_values(["child", "start", "end"], na_position="last", kind="stable", ignore_index=True)
    first = ~rows["child"].duplicated()
    goes_on = rows["reason"].isna() | rows["reason"].isin(section.goes_on_for)
    before = rows.groupby("child", sort=False)[["end"]].shift()["end"]
    ended_before = (~goes_on).shift(fill_value=False) & ~first & before.notna() & (before <= rows["start"])
    starts = rows["began"].isin(section.starts_for)
    begins = first | starts | ended_before
    nth = begins.groupby(rows["child"], sort=False).cumsum().astype("int64")
    rows["case"] = nth_case(rows["child"], nth)
    rows["start_known"] = (starts | ended_before).groupby(rows["case"], sort=False).transform("first")
    last = ~rows["case"].duplicated(keep="last")
    said = [
        (
            int((first & ~starts).sum()),
            "children's first stretch on record is no start: their episode began earlier, when is not on record",
        ),
        (
            int((ended_before & ~starts & ~first).sum()),
            "stretches follow an end of being looked after, but do not say that it started again; it did",
        ),
        (
            int((~goes_on & rows["end"].isna()).sum()),
            "open stretches give a reason for an end; without a date they are open",
        ),
        (
            int((~goes_on & rows["end"].notna() & ~last).sum()),
            "stretches give an end of being looked after, but the next one began before it; the episode goes on",
        ),
        (
            _left_open(rows, last),
            "episodes are open in an earlier return and not in the latest; when they ended is not on record",
        ),
    ]
    return rows, [f"{count:,} {sentence}." for count, sentence in said if count]


def _left_open(rows: pd.DataFrame, last: pd.Series[bool]) -> int:
    latest = rows["input"].max()
    return int((last & rows["end"].isna() & (rows["input"] < latest)).sum()) if rows["input"].nunique() > 1 else 0


def _episodes_by_start(rows: pd.DataFrame) -> pd.DataFrame:
    """The case of each stretch that carries the start of its episode."""
    told = rows["episode_start"].notna()
    nth = rows[told].groupby("child")["episode_start"].rank(method="dense").astype("int64")
    case = nth_case(rows.loc[told, "child"], nth)
    return rows.assign(case=rows["case"].where(~told, case) if "case" in rows else case)


def _called(rows: pd.DataFrame, section: Stretches) -> pd.DataFrame:
    """The rows under the names that the section gives to codes, and what is home and what is away."""
    order = {code: place for place, code in enumerate(section.statuses)}
    destination = rows["reason"].map(section.reasons).where(rows["end"].notna())
    named = {**dict(zip(section.settings, section.settings, strict=True)), **section.placement_names}
    return rows.assign(
        away=rows["type"].map(section.settings) == "away",
        has_type=section.placement is not None,
        type=rows["type"].map(named).astype("str"),
        basis=rows["status"].map(order).astype("float64"),
        status=rows["status"].map(section.statuses).astype("str"),
        destination=destination.astype("str") if section.ended_for else rows["went_to"],
        achieved=rows["reason"].map(section.achieved).where(rows["end"].notna()).replace("", None).astype("str"),
    )


def _cases(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an episode; it is open while its last stretch is."""
    grouped = rows.groupby("case", sort=True)
    last = rows.drop_duplicates("case", keep="last").set_index("case")
    first = rows.drop_duplicates("case").set_index("case")
    told = grouped["episode_start"].min()
    start = told.where(told.notna(), grouped["start"].min())
    # Where stretches overlap, the one that began last says when and why the episode ended.
    by_stretch = last["end"]
    destination = rows[rows["destination"].notna()].drop_duplicates("case", keep="last").set_index("case")
    by_start = grouped["episode_end"].max()
    return pd.DataFrame(
        {
            "child": first["child"],
            "start": start,
            "end": by_start.where(told.notna(), by_stretch),
            "start_known": first["start_known"].astype(bool),
            "destination": last["destination"].where(told.isna(), destination["destination"].reindex(last.index)),
            **{name: first[name] for name in ("input", "row", "file", "line")},
        }
    ).reset_index()


def _achieved(rows: pd.DataFrame) -> pd.DataFrame:
    # Only the last stretch of an episode ends it; a reason given before has been told of in the notes.
    last = ~rows["case"].duplicated(keep="last")
    found = rows[last & rows["achieved"].notna()]
    return found[["case", "achieved", "end", "input", "row", "file", "line"]].rename(
        columns={"achieved": "activity", "end": "date"}
    )
