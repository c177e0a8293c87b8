"""Variants by hand, against pm4py, and never a complete variant from an open case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs._pm4py import to_pm4py
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.given import waits, weighted_medians
from mining.survival import aalen_johansen, kaplan_meier
from mining.variants import variant_kinds, variants, variants_text

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
BASE = 18262
Row = tuple[str, str, float]


def log_of(rows: Sequence[Row], *, final: tuple[str, ...] = ("out",), end: int = 1000) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    start = pd.Timestamp("2020-01-01")
    return EventLog.of(events, ObservationWindow(start, start + pd.Timedelta(days=end)), final=final)


def test_ways_of_a_small_log_by_hand() -> None:
    log = log_of(
        [
            *(("x", "in", 0), ("x", "B", 5), ("x", "C", 5), ("x", "out", 9)),
            *(("y", "in", 0), ("y", "C", 7), ("y", "B", 7), ("y", "out", 19)),
            *(("z", "in", 1), ("z", "B", 2), ("z", "C", 3), ("z", "out", 4)),
            *(("o", "in", 1), ("o", "B", 2)),
        ],
        end=100,
    )
    table = variants(log)
    assert table["variant"].tolist() == ["in → {B, C} → out", "in → B → C → out", "in → B"]
    assert table["complete"].tolist() == [True, True, False]
    assert table["cases"].tolist() == [2, 1, 1]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 1.0])
    assert table["cumulated_share"].tolist() == pytest.approx([2 / 3, 1.0, 1.0])
    assert table["so_far_days"].tolist()[2] == 99
    whole = variants(log, partial_order=False)
    # The made-up order says C before B, against the only case whose order is known.
    assert whole["variant"].tolist() == ["in → C → B → out", "in → B → C → out", "in → B"]
    assert "3 closed cases went 2 different ways" in variants_text(table)
    assert "1 cases are still open" in variants_text(table)


def test_an_open_case_with_the_same_steps_as_a_closed_one_is_not_a_complete_variant() -> None:
    rows = [("x", "in", 0), ("x", "out", 9), ("y", "in", 0), ("y", "out", 3)]
    log = log_of(rows)
    reopened = EventLog(log.events, log.cases.assign(end=[log.cases["end"][0], pd.NaT]), log.window)
    table = variants(reopened)
    assert table[["variant", "complete", "cases"]].values.tolist() == [["in → out", True, 1], ["in → out", False, 1]]


def test_repeats_inside_a_set_are_counted_and_equal_events_are_no_set() -> None:
    log = log_of([("x", "A", 1), ("x", "A", 1), ("x", "B", 1), ("x", "out", 2), ("y", "A", 1), ("y", "A", 1)])
    assert variants(log)["variant"].tolist() == ["{A ×2, B} → out", "A → A"]


def test_declared_ranks_leave_no_sets(tiny_log: EventLog) -> None:
    table = variants(tiny_log)
    assert not table["variant"].str.contains("{", regex=False).any()
    assert variants(tiny_log, declared=False)["variant"].str.contains("{", regex=False).all()


def test_the_median_of_a_single_variant_is_kaplan_meier() -> None:
    generator = np.random.default_rng(5)
    start, days = generator.integers(0, 400, 60), generator.integers(5, 600, 60)
    rows: list[Row] = []
    for case, (begin, length) in enumerate(zip(start.tolist(), days.tolist(), strict=True)):
        rows += [(f"{case:03}", "in", begin)] + [(f"{case:03}", "out", begin + length)] * (begin + length <= 500)
    log = log_of(rows, end=500)
    until = np.minimum(start + days, 500)
    curve = kaplan_meier(until - start, start + days <= 500)
    first = variants(log).iloc[0]
    assert first["median_days"] == curve.quantile(0.5)
    assert (first["low_days"], first["high_days"]) == curve.interval(0.5)
    # What counting closed cases only would say is far too short.
    assert first["median_days"] > np.median(days[start + days <= 500]) * 1.2


def test_weights_and_medians_are_those_of_aalen_johansen() -> None:
    generator = np.random.default_rng(9)
    days = generator.integers(0, 60, 400).astype(float)
    entry = np.where(generator.random(400) < 0.3, generator.integers(1, 30, 400), 0).astype(float)
    way = generator.integers(0, 5, 400)
    found = waits(days, way > 0, entry)
    weights = found.weights
    whole = aalen_johansen(days, way, entry=entry, ways=4)
    assert np.bincount(way, weights, minlength=5)[1:] == pytest.approx(whole.incidence[:, -1])
    medians, total = weighted_medians(days, weights, way, np.full(5, weights.sum()))
    assert total[1:] == pytest.approx(whole.incidence[:, -1])
    assert np.isnan(medians[0])
    for k in range(1, 5):
        assert medians[k] == whole.given(k).quantile(0.5)
        assert found.law(way == k).interval(0.5) == pytest.approx(whole.given(k).interval(0.5))


def test_half_of_the_weight_exactly_gives_the_middle_as_everywhere() -> None:
    medians, _ = weighted_medians(np.array([1.0, 3.0, 9.0]), np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1]), np.ones(3))
    assert medians[:2].tolist() == [2.0, 9.0]
    assert np.isnan(medians[2])


@pytest.mark.parametrize("name", ["sepsis_full.xes.gz", "helpdesk.xes.gz", "running-example.xes"])
def test_totally_ordered_variants_are_those_of_pm4py(name: str) -> None:
    if not (LOGS / name).exists():
        pytest.skip("the public logs are not beside the repository")
    import pm4py

    log = read_log(LOGS / name)
    expected = {" → ".join(variant): count for variant, count in pm4py.get_variants(to_pm4py(log)).items()}
    table = variants(log, partial_order=False)
    assert Counter(table.groupby("variant")["cases"].sum().to_dict()) == Counter(expected)


def test_sets_of_unknown_order_only_ever_split_ways_that_a_made_up_order_had_joined() -> None:
    path = LOGS / "sepsis_full.xes.gz"
    if not path.exists():
        pytest.skip("the public logs are not beside the repository")
    log = read_log(path)
    sets, _, _ = variant_kinds(log)
    made_up, _, _ = variant_kinds(log, False)
    assert len(np.unique(sets)) > len(np.unique(made_up))
    assert len(np.unique(np.stack([sets, made_up]), axis=1)[0]) == len(np.unique(sets))


def test_an_empty_log_one_case_and_a_case_without_events() -> None:
    log = log_of([("x", "in", 0), ("x", "out", 0)])
    none = EventLog(log.events.iloc[:0], log.cases.iloc[:0], log.window)
    assert variants(none).empty
    assert "no cases" in variants_text(variants(none))
    assert list(variants(none).columns) == list(variants(log).columns)
    one = variants(log)
    assert one[["variant", "complete"]].values.tolist() == [["{in, out}", True]]
    assert one["median_days"].tolist() == [0.0]
    bare = EventLog(log.events.iloc[:0], log.cases, log.window)
    assert variants(bare)["variant"].tolist() == [""]


def test_all_cases_open_gives_only_ways_so_far() -> None:
    table = variants(log_of([("x", "in", 0), ("y", "in", 0)], final=()))
    assert table["complete"].tolist() == [False]
    assert table["median_days"].isna().all()
    assert "still open" in variants_text(table)
