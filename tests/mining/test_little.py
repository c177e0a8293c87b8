"""Little's law: the identity to the last digit, daily counts by hand, and odd logs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_logs import log_of, odd_logs, stage_log

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.bottlenecks import bottlenecks
from mining.little import ALL_STAGES, daily_counts, littles_law


@pytest.mark.parametrize("times_of_day", [False, True])
def test_child_days_are_the_sum_of_the_counts(times_of_day: bool) -> None:
    log = stage_log(1, times_of_day=times_of_day)
    table = littles_law(log)
    assert table["child_days"].sum() > 1000
    assert (table["difference"].abs() <= 1e-9 * table["child_days"].clip(lower=1)).all()
    law = table[table["arrivals"] > 0]
    assert (law["arrivals_a_day"] * law["days_each"]).tolist() == pytest.approx(law["mean_in_stage"].tolist())


def test_daily_counts_add_up_to_the_burden() -> None:
    log = stage_log(2)
    counts = daily_counts(log, v.STAGES[3:])
    table = bottlenecks(log, v.STAGES[3:], seed=1, draws=2).set_index("stage")
    for stage in v.STAGES[3:]:
        assert counts[stage.name].iloc[:-1].sum() == pytest.approx(table.loc[stage.name, "child_days"], abs=1e-9)
    assert len(counts) == 1001


def test_by_hand() -> None:
    rows = [
        ("a", v.PANEL, -10),
        ("a", v.AGENCY_DECISION, 5),
        ("b", v.PANEL, 2),
        ("b", v.AGENCY_DECISION, 4),
        ("c", v.PANEL, 8),
    ]
    row = littles_law(log_of(rows, window=(0, 10)), v.STAGES[3:4]).iloc[0]
    assert (row["arrivals"], row["departures"], row["at_start"], row["at_end"]) == (2, 2, 1, 1)
    assert row["child_days"] == row["counted_days"] == 5 + 2 + 2
    assert row["mean_in_stage"] == pytest.approx(0.9)
    assert row["days_each"] == pytest.approx(4.5)
    counts = daily_counts(log_of(rows, window=(0, 10)), v.STAGES[3:4])[v.STAGES[3].name]
    assert counts.tolist() == [1, 1, 2, 2, 1, 0, 0, 0, 1, 1, 1]


def test_a_growing_queue_is_said() -> None:
    rows = [(f"c{i}", v.PANEL, i) for i in range(60)]
    note = littles_law(log_of(rows, window=(0, 100)), v.STAGES[3:4])["note"].iloc[0]
    assert "grew from 0 to 60" in note


def test_whole_journey(tiny_log: EventLog) -> None:
    row = littles_law(tiny_log).iloc[-1]
    assert row["stage"] == ALL_STAGES
    assert row["child_days"] == 425 + 92 + 394
    since = littles_law(tiny_log, since=pd.Timestamp("2021-01-01")).iloc[-1]
    assert since["child_days"] == 59 + 180


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    table = littles_law(odd_logs()[name])
    assert (table["difference"] == 0).all()
    assert table["note"].str.len().gt(0).all()
    assert not np.isinf(table[["mean_in_stage", "days_each"]].to_numpy()).any()


def test_misspelt(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="did you mean"):
        littles_law(tiny_log, [v.Stage("x", ("Pannel",), (v.PANEL,))])
