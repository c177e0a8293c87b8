"""Reading any event log, and keeping our own so that it comes back identical."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from event_logs.errors import InputError, Problem
from event_logs.lifecycle import START_COLUMN, TRANSITIONS
from event_logs.log import EventLog
from event_logs.log_tables import LogColumns, csv_events, parquet_events, parse_log_dates
from event_logs.packed import read_bytes, replacing
from event_logs.project import nearest
from event_logs.quarantine import inert
from event_logs.window import ObservationWindow
from event_logs.xes import (
    CASE_ORDER,
    EVENT_ORDER,
    WINDOW_END,
    WINDOW_START,
    XesContent,
    read_xes,
    without_offset,
    write_xes,
)

EVENTS_FILE, CASES_FILE = "event_log.parquet", "event_log_cases.parquet"
_METADATA = b"permanence"
_OVER = ("complete", "autoskip", "manualskip", "withdraw", "ate_abort", "pi_abort")
"""Transitions of the XES standard (IEEE 1849-2016, lifecycle extension) after which a piece of work is over."""


def read_log(
    path: Path,
    *,
    columns: LogColumns | None = None,
    date_format: str | None = None,
    final: Sequence[str] | None = None,
    notes: list[str] | None = None,
) -> EventLog:
    """An event log from a file ending in .xes, .xes.gz, .csv, .csv.gz or .parquet.

    `columns` names the columns of a table, `date_format` how its timestamps are written (ISO 8601 if not given; never
    guessed). Timestamps with an offset keep the date and time as written, without the offset. The window runs from the
    first event to the last. A case has ended if its last event is one of the `final` activities, by default those that
    `final_activities` finds; every other case is open. Where a log tells events that complete an activity from others
    (scheduled, assigned), the last that is complete counts, provided that no work began after it. A file that we wrote
    ourselves (XES or Parquet) comes back with its own window and cases. Traces without events are left out, since
    nothing says when they began; how many is added to `notes`. Of events of one instant a `final` one is the last. Of a
    log with start and complete events all are kept. Raises InputError for a file or column that cannot be used, columns
    named for an XES file (which names its own), an activity in `final` that the log does not have, and, with count and
    first lines, for values that are missing or unreadable.
    """
    name = path.name.lower()
    if name.endswith((".xes", ".xes.gz")):
        if columns is not None:
            problem = "an XES file says itself what the case, the activity and the timestamp are"
            raise InputError(Problem(path.name, "", problem, "Leave the names of columns out"))
        content = read_xes(path)
        if content.empty_traces and notes is not None:
            are = "1 trace has" if content.empty_traces == 1 else f"{content.empty_traces:,} traces have"
            notes.append(f"{path.name}: {are} no events and {'is' if content.empty_traces == 1 else 'are'} left out.")
        if WINDOW_START in content.attributes and final is None:
            return _own_xes(content)
        events = content.events.assign(date=_xes_dates(content.events, path.name))
        return _foreign(events, content.cases, final, path.name)
    if name.endswith((".csv", ".csv.gz")):
        events = csv_events(path, columns, date_format, notes)
    elif name.endswith(".parquet"):
        if columns is None and final is None and (own := _own_parquet(path)) is not None:
            return own
        events = parquet_events(_parquet_table(path), path, columns, date_format, notes)
    else:
        problem = "the kind of file is not known from its name"
        raise InputError(Problem(path.name, "", problem, "Give a .xes, .xes.gz, .csv, .csv.gz or .parquet file"))
    return _foreign(events, None, final, path.name)


def final_activities(log: EventLog) -> tuple[str, ...]:
    """The activities with which cases of a log end, as far as the log itself tells, in the log's order.

    An activity counts as an end when at least half of its occurrences that are old enough are the last event of their
    case. Old enough is what lies before the window's end by at least the 95th percentile of the gaps between
    consecutive events of a case: of a later event we cannot say that nothing followed. Where some events say that they
    complete an activity (in a column lifecycle:transition or lifecycle), only events that do, or say nothing, are
    looked at: an activity that is scheduled, started and completed happens once, not three times. Empty if no activity
    qualifies; then every case counts as open.
    """
    arrays = log.arrays
    done = _completing(log.events)
    case, activity, day = arrays.case[done], arrays.activity[done], arrays.day[done]
    if not len(day):
        return ()
    same_case = case[1:] == case[:-1]
    gaps = np.diff(day)[same_case]
    patience = float(np.quantile(gaps, 0.95)) if len(gaps) else 0.0
    last = np.append(~same_case, True)
    settled = day <= arrays.window_end - patience
    count = np.bincount(activity[settled], minlength=len(arrays.activities))
    ends = np.bincount(activity[settled & last], minlength=len(arrays.activities))
    return tuple(name for name, n, at_end in zip(arrays.activities, count, ends, strict=True) if n and 2 * at_end >= n)


def write_log(log: EventLog, directory: Path) -> list[Path]:
    """Write a log as event_log.parquet, event_log_cases.parquet, event_log.csv and event_log.xes.gz; their paths.

    The Parquet pair comes back identical with `read_run_log`. The CSV has the events alone, with ISO 8601 dates, and
    text that a spreadsheet would run as a formula made inert. Same log, same bytes; each file appears complete or not
    at all.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / name for name in (CASES_FILE, EVENTS_FILE, "event_log.csv", "event_log.xes.gz")]
    cases = _parquet_bytes(log.cases, {})
    window = {
        "start": log.window.start.isoformat(),
        "end": log.window.end.isoformat(),
        "recorded_from": {name: day.isoformat() for name, day in sorted(log.window.recorded_from.items())},
    }
    digest = hashlib.blake2b(cases, digest_size=16).hexdigest()
    stored = {"schema_version": 1, "window": window, "cases_digest": digest}
    with replacing(paths[0]) as file:
        file.write(cases)
    with replacing(paths[1]) as file:
        file.write(_parquet_bytes(log.events, stored))
    with replacing(paths[2]) as file:
        table = inert(log.events.astype({"activity": "str"}))
        table["date"] = _iso_text(log.events["date"])
        table.to_csv(file, index=False, encoding="utf-8", lineterminator="\n")
    # No name and no time in the packed file: they would make its bytes differ from run to run.
    with replacing(paths[3]) as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        write_xes(log, packed)
    return paths


def read_run_log(directory: Path) -> EventLog:
    """The log that `write_log` put into a directory, identical: events, cases, window, ranks.

    Raises InputError if it is not there, was not written by us, or its two files do not belong together.
    """
    path = directory / EVENTS_FILE
    log = _own_parquet(path)
    if log is None:
        problem = "this Parquet file was not written by this product"
        raise InputError(Problem(str(path), "", problem, "Read it as a foreign log, or derive the log again"))
    return log


def _foreign(events: pd.DataFrame, cases: pd.DataFrame | None, final: Sequence[str] | None, file: str) -> EventLog:
    # Work in hand before anything was done has been recorded too.
    dates = [events[column] for column in ("date", START_COLUMN) if column in events]
    first = min(each.min() for each in dates if pd.api.types.is_datetime64_any_dtype(each) and each.notna().any())
    window = ObservationWindow(first, events["date"].max())
    log = EventLog.of(events, window, ranks=_ranks(events))
    if final is not None:
        unknown = [name for name in final if name not in log.activities]
        if unknown:
            raise InputError([_unknown_final(name, log.activities, file) for name in unknown])
        if _ranks(events) is None:
            log = EventLog.of(events, window, ranks={name: int(name in final) for name in log.activities})
    ends = final if final is not None else final_activities(log)
    arrays = log.arrays
    done, ending = _completing(log.events), log.events["activity"].isin(list(ends)).to_numpy()
    # An end that is never said to be complete is one all the same.
    said = log.events["activity"].isin(log.events.loc[done, "activity"].unique()).to_numpy()
    done |= ending & ~said
    # Work that began after all that is complete is still in hand: its case is open.
    counts = done | (_transitions(log.events) == "start")
    latest = np.full(len(log.cases), -np.inf)
    latest[arrays.case[counts]] = arrays.day[counts]  # of several events of a case the last one stays
    # At its last instant a case may bear several events, whose order nobody recorded.
    ended = np.zeros(len(latest), dtype=bool)
    ended[arrays.case[done & ending & (arrays.day == latest[arrays.case])]] = True
    last = log.events["date"].iloc[arrays.first[1:] - 1].reset_index(drop=True)
    table = log.cases.assign(end=last.where(ended))
    if cases is not None:
        table = table.merge(cases, on="case", how="left")
    return EventLog(log.events, table, window)


def _completing(events: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which events complete an activity: all, where none says so; otherwise those that do, or say nothing."""
    kind = _transitions(events)
    if not (kind == "complete").any():
        return np.ones(len(events), dtype=bool)
    return np.isin(kind.astype(str), ("", *_OVER))


def _transitions(events: pd.DataFrame) -> npt.NDArray[np.object_]:
    """What each event says that it does to its activity, in small letters; empty where it says nothing."""
    column = next((name for name in TRANSITIONS if name in events), None)
    if column is None:
        return np.full(len(events), "", dtype=object)
    said = events[column]
    return said.astype("str").str.strip().str.casefold().where(said.notna(), "").to_numpy(dtype=object)


def _unknown_final(name: str, activities: Sequence[str], file: str) -> Problem:
    near = nearest(name, activities)
    remedy = f"Did you mean {near[0]!r}?" if near else f"The activities are: {', '.join(activities)}"
    return Problem(file, "", f"there is no activity {name!r} to end a case", remedy)


def _ranks(events: pd.DataFrame) -> dict[str, int] | None:
    """The ranks that a file of our own brings along; None if it brings none that can be used."""
    if "rank" not in events:
        return None
    ranks = events[["activity", "rank"]].drop_duplicates()
    whole = pd.to_numeric(ranks["rank"], errors="coerce")
    if ranks["activity"].duplicated().any() or not (whole.notna() & (whole % 1 == 0)).all():
        return None
    return dict(zip(ranks["activity"].astype("str"), whole.astype(int), strict=True))


def _own_xes(content: XesContent) -> EventLog:
    day = {key: _wall(content.attributes[key]) for key in (WINDOW_START, WINDOW_END)}
    recorded_from = {activity: _wall(text) for activity, text in content.recorded_from.items()}
    window = ObservationWindow(day[WINDOW_START], day[WINDOW_END], recorded_from)
    dates = pd.to_datetime(without_offset(content.events["date"]), format="ISO8601")
    events = content.events.assign(date=dates).rename(columns={"rank_": "rank"})
    cases = content.cases.rename(columns={"start_": "start", "end_": "end"})
    for column in ("start", "end"):
        if column not in cases:
            cases[column] = pd.NaT
    events = _in_order(events, content.attributes.get(EVENT_ORDER))
    return EventLog.of(events, window, cases=_in_order(cases, content.attributes.get(CASE_ORDER)), ranks=_ranks(events))


def _in_order(frame: pd.DataFrame, order: str | None) -> pd.DataFrame:
    """The columns in the order that the file tells, others at the end."""
    names = json.loads(order) if order is not None else []
    first = [name for name in names if name in frame]
    return frame[[*first, *(name for name in frame if name not in first)]]


def _wall(text: str) -> pd.Timestamp:
    return pd.Timestamp(without_offset(pd.Series([text], dtype="str")).iloc[0])


def _own_parquet(path: Path) -> EventLog | None:
    """The log of a Parquet file that we wrote; None for a foreign one."""
    table = _parquet_table(path)
    stored = (table.schema.metadata or {}).get(_METADATA)
    if stored is None:
        return None
    about = json.loads(stored)
    cases = path.parent / CASES_FILE
    data = read_bytes(cases)
    if hashlib.blake2b(data, digest_size=16).hexdigest() != about["cases_digest"]:
        problem = f"{CASES_FILE} beside it belongs to another log"
        raise InputError(Problem(path.name, "", problem, "Copy both files together, or derive the log again"))
    window = about["window"]
    return EventLog(
        table.to_pandas(),
        pq.read_table(pa.BufferReader(data)).to_pandas(),
        ObservationWindow(
            pd.Timestamp(window["start"]),
            pd.Timestamp(window["end"]),
            {name: pd.Timestamp(day) for name, day in window["recorded_from"].items()},
        ),
    )


def _parquet_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(read_bytes(path)))
    except pa.ArrowException:
        raise InputError(Problem(path.name, "", "the file is not Parquet, or damaged", "Export it again")) from None


def _parquet_bytes(frame: pd.DataFrame, stored: dict[str, object]) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if stored:
        metadata = {**(table.schema.metadata or {}), _METADATA: json.dumps(stored, sort_keys=True).encode()}
        table = table.replace_schema_metadata(metadata)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _iso_text(dates: pd.Series[pd.Timestamp]) -> list[str]:
    """ISO 8601 with as much of the time of day as the log needs: none for whole days."""
    whole_days = bool((dates == dates.dt.normalize()).all())
    written = dates.dt.strftime("%Y-%m-%d" if whole_days else "%Y-%m-%dT%H:%M:%S.%f")
    return [str(text) for text in written]


def _xes_dates(events: pd.DataFrame, file: str) -> pd.Series[pd.Timestamp]:
    dates = parse_log_dates(events["date"], None, file)
    bad = dates.isna()
    if bad.any():
        first = events[bad].iloc[0]
        problem = f"{int(bad.sum()):,} timestamps are not ISO 8601 dates, first {first['date']!r}"
        raise InputError(Problem(file, f"trace {first['case']!r}", problem, "Correct them or export the log again"))
    return dates
