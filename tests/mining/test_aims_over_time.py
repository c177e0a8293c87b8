"""Each cohort adds up, says what is not known yet, and agrees with the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.aims import aims
from mining.aims_over_time import COLUMNS, aim_sentences, aims_over_time
from mining.measures import wilson
from mining.survival import aalen_johansen

AIM = v.AIMS[3]  # agency decision to application lodged, within 112 days
RANKS = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
BASE = 18262  # 1 January 2020
ROWS = [
    # started, days to application (None: none), days to the end of the case (None: open), locality
    ("met", 10, 50, None, "North"),
    ("late", 20, 150, None, "North"),
    ("left", 30, None, 60, "South"),
    ("overdue", 40, None, None, "South"),
    ("next quarter", 100, 112, None, "North"),
    ("recent", 270, None, None, "North"),
    ("recent, met", 275, 5, None, "South"),
]


def log_of(rows: list[tuple[str, int, int | None, int | None, str]], *, until: int = 300) -> EventLog:
    events = [(case, v.AGENCY_DECISION, start) for case, start, *_ in rows]
    events += [(case, v.LODGED, start + days) for case, start, days, _, _ in rows if days is not None]
    frame = pd.DataFrame(events, columns=["case", "activity", "day"])
    frame["date"] = from_days(frame.pop("day").to_numpy(dtype=float) + BASE)
    cases = pd.DataFrame(
        {
            "case": [row[0] for row in rows],
            "start": from_days(np.array([row[1] for row in rows], dtype=float) + BASE),
            "end": from_days(np.array([np.nan if row[3] is None else row[1] + row[3] for row in rows]) + BASE),
            "locality": [row[4] for row in rows],
        }
    )
    zero = pd.Timestamp("2020-01-01")
    return EventLog.of(frame, ObservationWindow(zero, zero + pd.Timedelta(days=until)), cases=cases, ranks=RANKS)


def test_cohorts_by_hand() -> None:
    table = aims_over_time(log_of(ROWS), [AIM])
    assert tuple(table.columns) == COLUMNS
    assert table["label"].tolist() == ["2020 Q1", "2020 Q2", "2020 Q3", "2020 Q4"]
    counts = table.set_index("label")[["eligible", "met", "late", "overdue", "open_within", "left"]]
    assert counts.loc["2020 Q1"].tolist() == [4, 1, 1, 1, 0, 1]
    assert counts.loc["2020 Q2"].tolist() == [1, 1, 0, 0, 0, 0]
    assert counts.loc["2020 Q3"].tolist() == [1, 0, 0, 0, 1, 0]
    assert counts.loc["2020 Q4"].tolist() == [1, 1, 0, 0, 0, 0]
    assert (counts["eligible"] == counts.drop(columns="eligible").sum(axis=1)).all()
    first = table.iloc[0]
    assert (first["share_met"], first["low_share"], first["high_share"]) == (0.25, *map(float, wilson(1, 4, 0.95)))
    assert table["complete"].tolist() == [True, True, False, False]
    # The last child of the third quarter started on 27 September 2020, day 270.
    assert table.loc[2, "reason"] == "complete on 2021-01-17"
    assert first["start"] == pd.Timestamp("2020-01-01")
    assert first["end"] == pd.Timestamp("2020-03-31")


def test_an_incomplete_cohort_counts_those_still_waiting() -> None:
    generator = np.random.default_rng(4)
    rows: list[tuple[str, int, int | None, int | None, str]] = []
    for k in range(80):
        start, days = int(generator.integers(91, 181)), int(generator.exponential(90)) + 1
        rows.append((f"c{k:02d}", start, days if start + days <= 230 else None, None, "North"))
    row = aims_over_time(log_of(rows, until=230), [AIM]).set_index("label").loc["2020 Q2"]
    assert not row["complete"]
    days = np.array([row[2] if row[2] is not None else 230 - row[1] for row in rows], dtype=float)
    cause = np.array([int(row[2] is not None) for row in rows])
    known = aalen_johansen(days, cause)
    assert row["share_met"] == pytest.approx(float(known.at(112.0)[0]))
    assert (row["low_share"], row["high_share"]) == pytest.approx(known.interval_at(112.0))
    # The bare share would call children late who are only waiting.
    assert row["met"] / row["eligible"] < row["share_met"]


def test_localities_add_up_to_the_whole_and_to_the_aims_table() -> None:
    log = log_of(ROWS)
    by_locality = aims_over_time(log, [AIM], by="locality")
    assert by_locality["group"].unique().tolist() == ["North", "South"]
    columns = ["eligible", "met", "late", "overdue", "open_within", "left"]
    whole = aims_over_time(log, [AIM]).set_index("label")[columns]
    assert by_locality.groupby("label")[columns].sum().equals(whole)
    total = aims(log, [AIM])[columns].iloc[0]
    assert whole.sum().tolist() == total.tolist()
    with pytest.raises(ValueError, match="did you mean 'locality'"):
        aims_over_time(log, by="localty")


def test_a_half_recorded_quarter_is_marked() -> None:
    log = log_of(ROWS)
    window = ObservationWindow(pd.Timestamp("2020-01-15"), log.window.end)
    table = aims_over_time(EventLog(log.events, log.cases, window), [AIM])
    assert table.loc[0, "eligible"] == 3  # the child of 11 January is left out
    assert table.loc[0, "reason"] == "recording began within the period"
    assert not table.loc[0, "complete"]


def test_sentences() -> None:
    said = aim_sentences(aims_over_time(log_of(ROWS), [AIM]))
    assert said == (
        "Aim 4 (Agency decision to application lodged): of the children of 2020 Q2, 1 of 1 (100%, interval 21 to 100%) "
        "met it; of those of 2020 Q1, 1 of 4 (25%, interval 5 to 70%) met it. 2 later cohorts have not had the time "
        "yet.",
    )


def test_odd_logs_get_a_clear_answer(tiny_log: EventLog) -> None:
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}), tiny_log.window)
    table = aims_over_time(empty)
    assert table.empty
    assert table["eligible"].dtype == np.int64
    assert aim_sentences(table) == ("No child falls under any of the aims.",)
    one = aims_over_time(log_of(ROWS[:1]), [AIM])
    assert one["eligible"].sum() == one["met"].sum() == 1
    opened = aims_over_time(log_of(ROWS[5:6]), [AIM])
    assert opened["share_met"].isna().all()
    assert "no cohort has had its 112 days yet" in aim_sentences(opened)[0]
    same = aims_over_time(log_of([(str(k), 5, 0, 0, "North") for k in range(8)]), [AIM])
    assert (same.loc[0, "met"], same.loc[0, "share_met"]) == (8, 1)
    with pytest.raises(ValueError, match="did you mean 'Agency decision'"):
        aims_over_time(tiny_log, [v.Aim(9, "x", "Agency desicion", (v.LODGED,), 10, 0.5)])
    with pytest.raises(ValueError, match="period must be one of"):
        aims_over_time(log_of(ROWS), [AIM], period="week")  # type: ignore[arg-type]
