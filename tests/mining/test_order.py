"""Ranges of arrow counts against every order there is, and what is unknown by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.blocks import blocks_of, order_is_declared
from mining.order import certain_arrows, certain_terminals, order_uncertainty
from mining.process_map import discover_map

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
WINDOW = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2022-01-01"))
BASE = 18262

Row = tuple[str, str, float]


def log_of(rows: Sequence[Row], ranks: dict[str, int] | None = None) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    return EventLog.of(events, WINDOW, ranks=ranks)


def orders(rows: Sequence[Row], ranks: dict[str, int] | None) -> Iterator[list[str]]:
    """Every order of one case's activities that its dates (and ranks) allow, by trying all."""
    groups: dict[tuple[float, int], list[str]] = {}
    for _, activity, day in rows:
        groups.setdefault((day, ranks[activity] if ranks else 0), []).append(activity)
    for choice in product(*(sorted(set(permutations(groups[key]))) for key in sorted(groups))):
        yield [activity for group in choice for activity in group]


def by_brute_force(rows: Sequence[Row], ranks: dict[str, int] | None) -> dict[tuple[str, str], list[int]]:
    """arrow -> [minimum, maximum, cases minimum, cases maximum], one case after another."""
    totals: dict[tuple[str, str], list[int]] = {}
    for case in sorted({row[0] for row in rows}):
        counts = [Counter(pairwise(o)) for o in orders([r for r in rows if r[0] == case], ranks)]
        for arrow in sorted({arrow for count in counts for arrow in count}):
            seen = [count[arrow] for count in counts]
            total = totals.setdefault(arrow, [0, 0, 0, 0])
            for place, value in enumerate([min(seen), max(seen), min(seen) > 0, max(seen) > 0]):
                total[place] += int(value)
    return totals


rows_of_logs = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("ABCD"), st.integers(0, 3)), min_size=1, max_size=14
).filter(lambda rows: max(Counter((row[0], row[2]) for row in rows).values()) <= 5)
some_ranks = st.one_of(st.none(), st.fixed_dictionaries({name: st.integers(1, 2) for name in "ABCD"}))


@settings(max_examples=120, deadline=None)
@given(rows_of_logs, some_ranks)
def test_ranges_are_those_of_all_orders_tried(rows: list[Row], ranks: dict[str, int] | None) -> None:
    found = certain_arrows(log_of(rows, ranks), declared=ranks is not None)
    columns = ["minimum", "maximum", "cases_minimum", "cases_maximum"]
    told = {(row.source, row.target): [getattr(row, column) for column in columns] for row in found.itertuples()}
    assert told == by_brute_force(rows, ranks)
    assert (found["certain"] <= found["minimum"]).all()
    assert (found["minimum"] <= found["count"]).all()
    assert (found["count"] <= found["maximum"]).all()
    assert (found["cases_certain"] <= found["cases_minimum"]).all()
    assert (found["cases_minimum"] <= found["cases"]).all()
    assert (found["cases"] <= found["cases_maximum"]).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.just("x"), st.sampled_from("AB"), st.integers(0, 2)), min_size=2, max_size=12))
def test_ranges_hold_where_two_activities_repeat_often(rows: list[Row]) -> None:
    found = certain_arrows(log_of(rows), declared=False)
    expected = by_brute_force(rows, None) if max(Counter(r[2] for r in rows).values()) <= 8 else None
    if expected is not None:
        assert {(r.source, r.target): [r.minimum, r.maximum] for r in found.itertuples()} == {
            arrow: total[:2] for arrow, total in expected.items()
        }


@settings(max_examples=40, deadline=None)
@given(rows_of_logs)
def test_first_and_last_are_those_of_all_orders_tried(rows: list[Row]) -> None:
    found = certain_terminals(log_of(rows), declared=False).set_index("activity")
    sure: Counter[tuple[str, str]] = Counter()
    possible: Counter[tuple[str, str]] = Counter()
    for case in sorted({row[0] for row in rows}):
        tried = list(orders([row for row in rows if row[0] == case], None))
        for end, place in (("first", 0), ("last", -1)):
            seen = {order[place] for order in tried}
            possible.update((end, name) for name in seen)
            sure.update((end, name) for name in seen if len(seen) == 1)
    for end in ("first", "last"):
        for name in found.index:
            row = found.loc[name]
            assert row[f"{end}_minimum"] == sure[end, name]
            assert row[f"{end}_maximum"] == possible[end, name]
            assert row[f"{end}_minimum"] <= row[end] <= row[f"{end}_maximum"]


@settings(max_examples=40, deadline=None)
@given(rows_of_logs)
def test_pairs_are_those_counted_one_by_one(rows: list[Row]) -> None:
    ranks = {"A": 1, "B": 1, "C": 2, "D": 3}
    found = order_uncertainty(log_of(rows, ranks), declared=True).pairs.set_index("pair").loc["any two"]
    counts: Counter[str] = Counter()
    for place, (case, activity, day) in enumerate(rows):
        for other_case, other, other_day in rows[:place]:
            if case != other_case:
                continue
            counts["pairs"] += 1
            if day == other_day:
                counts["same_time"] += 1
                kind = "same_activity" if activity == other else "unknown"
                counts[kind if ranks[activity] == ranks[other] else "declared"] += 1
    for name in ("pairs", "same_time", "same_activity", "declared", "unknown"):
        assert found[name] == counts[name]


def test_a_day_with_two_activities_by_hand() -> None:
    # in, then B and C on one day, then out: in-B-C-out or in-C-B-out.
    log = log_of([("x", "in", 0), ("x", "B", 5), ("x", "C", 5), ("x", "out", 9)])
    found = certain_arrows(log).set_index(["source", "target"])
    assert len(found) == 6
    assert (found["minimum"] == 0).all()
    assert (found["maximum"] == 1).all()
    assert (found["certain"] == 0).all()
    told = order_uncertainty(log)
    near = told.pairs.set_index("pair").loc["adjacent"]
    assert near[["pairs", "same_time", "unknown", "beside_unknown"]].tolist() == [3, 1, 1, 2]
    assert told.cases_unknown == told.cases == 1
    assert "of 1 the order is unknown" in told.text
    assert "1 of 1 cases (100.0%) and 3 of 3 movements" in told.text


def test_equal_activities_of_a_day_are_no_ambiguity() -> None:
    log = log_of([("x", "A", 0), ("x", "A", 0), ("x", "B", 2)])
    found = certain_arrows(log)
    assert found[["source", "target", "minimum", "maximum", "certain"]].values.tolist() == [
        ["A", "A", 1, 1, 1],
        ["A", "B", 1, 1, 1],
    ]
    assert order_uncertainty(log).cases_unknown == 0


def test_milestone_ranks_settle_the_order_and_typical_ranks_do_not(tiny_log: EventLog) -> None:
    told = order_uncertainty(tiny_log)
    assert told.declared
    assert told.pairs["unknown"].tolist() == [0, 0]
    # A: two days with two events; B: three; C: one.
    assert told.pairs["declared"].tolist() == [7, 7]
    assert told.text == (
        "7 pairs of events of one case have the same date; the declared order of milestones settles 7, 0 are of the "
        "same kind: no order that matters is unknown."
    )
    assert certain_arrows(tiny_log)["certain"].tolist() == certain_arrows(tiny_log)["count"].tolist()
    typical = EventLog.of(tiny_log.events.drop(columns="rank"), tiny_log.window, cases=tiny_log.cases)
    assert not order_is_declared(typical)
    assert order_uncertainty(typical).pairs["unknown"].tolist() == [7, 7]
    assert order_uncertainty(typical, declared=True).pairs["unknown"].tolist() == [0, 0]


def test_times_of_day_settle_the_order() -> None:
    log = log_of([("x", "A", 0.25), ("x", "B", 0.5), ("x", "C", 0.5)])
    assert order_uncertainty(log).pairs["same_time"].tolist() == [1, 1]


@pytest.mark.parametrize("name", ["sepsis_full.xes.gz", "receipt_wabo.xes.gz", "helpdesk.xes.gz"])
def test_public_logs_hold_the_map_within_the_ranges(name: str) -> None:
    if not (LOGS / name).exists():
        pytest.skip("the public logs are not beside the repository")
    timed = read_log(LOGS / name)
    log = EventLog.of(
        timed.events.drop(columns="rank").assign(date=timed.events["date"].dt.floor("D")), timed.window, cases=None
    )
    assert order_uncertainty(timed).cases_unknown < order_uncertainty(log).cases_unknown
    found = certain_arrows(log)
    drawn = discover_map(log).arrows
    counts = found[found["count"] > 0].set_index(["source", "target"])["count"]
    assert counts.sort_index().equals(
        drawn.set_index(["source", "target"])["traversals"].rename("count").sort_index().astype("int64")
    )
    assert (found["certain"] <= found["minimum"]).all()
    assert (found["minimum"] <= found["count"]).all()
    assert (found["count"] <= found["maximum"]).all()
    assert found["certain"].sum() < found["count"].sum()


def test_an_empty_log_and_one_case_and_equal_dates() -> None:
    empty = log_of([("x", "A", 0)])
    none = EventLog(empty.events.iloc[:0], empty.cases.iloc[:0], WINDOW)
    assert certain_arrows(none).empty
    assert "no events" in order_uncertainty(none).text
    assert certain_arrows(empty).empty
    assert "every event is known" in order_uncertainty(empty).text
    same = log_of([(case, activity, 3) for case in "xy" for activity in "ABC"])
    found = certain_arrows(same)
    assert len(found) == 6
    assert found["maximum"].tolist() == [2] * 6
    assert found["minimum"].tolist() == [0] * 6


def test_blocks_do_not_depend_on_the_order_of_rows() -> None:
    rows = [("x", "B", 1.0), ("x", "A", 1.0), ("y", "A", 1.0), ("x", "C", 4.0)]
    one, other = blocks_of(log_of(rows)), blocks_of(log_of(rows[::-1]))
    assert np.array_equal(one.of, other.of)
    assert one.unknown.tolist() == [True, False, False]


def test_unknown_and_declared_add_up_on_a_vocabulary_log_with_a_stranger() -> None:
    ranks = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()} | {"Contact": 15}
    log = log_of([("x", v.BECAME_LOOKED_AFTER, 0), ("x", "Contact", 0)], ranks)
    assert not order_is_declared(log)
    assert order_uncertainty(log, declared=True).cases_unknown == 0
