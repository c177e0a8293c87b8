"""Counts worked by hand and against pm4py, laws that count the waiting, and a simplified map that owns up."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.log_tables import LogColumns
from event_logs.window import ObservationWindow
from mining.directly_follows import directly_follows, directly_follows_times
from mining.measures import Limit
from mining.process_map import ProcessMap, discover_map, simplify
from mining.survival import kaplan_meier

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
XES = LogColumns(case="case:concept:name", activity="concept:name", timestamp="time:timestamp")
PUBLIC: dict[str, LogColumns | None] = {
    "sepsis_full.xes.gz": None,
    "receipt_wabo.xes.gz": None,
    "traffic_fines_sample.csv.gz": LogColumns(case="case_id", activity="activity", timestamp="timestamp"),
    "helpdesk.xes.gz": None,
    "loan_app.csv.gz": LogColumns(case="case_id", activity="activity", timestamp="end_time"),
    "interval_event_log.csv.gz": XES,
    "running-example.xes": None,
}
"""Every public log that can be read as one (another lacks a timestamp, which is refused), and its columns."""
LARGE = ("sepsis_full.xes.gz", "receipt_wabo.xes.gz", "traffic_fines_sample.csv.gz")
BASE = 18262


def read_public(name: str) -> EventLog:
    if not (LOGS / name).exists():
        pytest.skip("the public logs are not beside the repository")
    return read_log(LOGS / name, columns=PUBLIC[name])


@pytest.fixture(scope="module", params=LARGE)
def public_log(request: pytest.FixtureRequest) -> EventLog:
    return read_public(request.param)


@pytest.fixture(scope="module", params=list(PUBLIC))
def any_public_log(request: pytest.FixtureRequest) -> EventLog:
    return read_public(request.param)


def log_of(
    rows: Sequence[tuple[str, str, float]], *, final: tuple[str, ...] = (), window: tuple[int, int] = (0, 1000)
) -> EventLog:
    """A log from (case, activity, day) rows, days counted from 1 January 2020; ranks by name."""
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    observed = ObservationWindow(*(pd.Timestamp("2020-01-01") + pd.Timedelta(days=day) for day in window))
    ranks = {name: rank for rank, name in enumerate(sorted(events["activity"].unique()))}
    return EventLog.of(events, observed, ranks=ranks, final=final)


def arrow(found: ProcessMap, source: str, target: str) -> pd.Series:
    rows = found.arrows[(found.arrows["source"] == source) & (found.arrows["target"] == target)]
    assert len(rows) == 1
    return rows.iloc[0]


def assert_days_add_up(found: ProcessMap, log: EventLog) -> None:
    """Arrows, those waiting and closed cases with a later end share out every day from first event to end."""
    arrays = log.arrays
    assert found.activities["child_days"].sum() == pytest.approx(found.child_days)
    first, last = arrays.first[:-1], arrays.first[1:] - 1
    present = last >= first
    is_open = np.isnan(arrays.end[present])
    until = np.where(is_open, arrays.window_end, arrays.end[present])
    until = np.maximum(until, arrays.day[last[present]])
    assert found.child_days == pytest.approx((until - arrays.day[first[present]]).sum())
    closing = (until - arrays.day[last[present]])[~is_open].sum()
    waiting = found.activities["waiting_days"].sum()
    assert found.arrows["child_days"].sum() + waiting + closing == pytest.approx(found.child_days)


def test_tiny_log(tiny_log: EventLog) -> None:
    found = discover_map(tiny_log)
    assert (found.cases, found.open_cases, found.events, found.traversals) == (3, 1, 20, 17)
    assert found.child_days == 425 + 92 + 394
    review = found.activities.set_index("activity").loc[v.REVIEW]
    assert (review["cases"], review["events"], review["starting"], review["ending"]) == (3, 4, 0, 0)
    assert (review["waiting"], review["waiting_median_days"], review["waiting_days"]) == (1, 263, 263)
    assert review["child_days"] == 90 + 263
    ceased = found.activities.set_index("activity").loc[v.CEASED]
    assert (ceased["ending"], ceased["child_days"]) == (2, 0)
    assert found.activities.set_index("activity")["starting"][v.BECAME_LOOKED_AFTER] == 3

    first_review = arrow(found, v.ACCOMMODATED, v.REVIEW)
    assert (first_review["cases"], first_review["traversals"], first_review["waiting"]) == (3, 3, 0)
    assert (first_review["median_days"], first_review["child_days"], first_review["cases_share"]) == (40, 119, 1)
    again = arrow(found, v.REVIEW, v.REVIEW)
    assert (again["cases"], again["traversals"], again["waiting"], again["child_days"]) == (1, 1, 1, 90)
    assert arrow(found, v.RECOMMENDED, v.PANEL)["median_days"] == 114
    assert_days_add_up(found, tiny_log)


def test_every_public_log_is_compared() -> None:
    if not LOGS.exists():
        pytest.skip("the public logs are not beside the repository")
    there = {path.name for path in LOGS.iterdir() if path.is_file() and path.suffix != ".md"}
    assert there == {*PUBLIC, "L1_missing_timestamp.xes"}
    with pytest.raises(InputError, match="1 of 46 events have no timestamp"):
        read_log(LOGS / "L1_missing_timestamp.xes")


def test_counts_and_times_equal_pm4py(any_public_log: EventLog) -> None:
    public_log = any_public_log
    sys._pm4py_welcome_shown = True  # type: ignore[attr-defined]  # no banner on standard output
    import pm4py

    frame = pd.DataFrame(
        {
            "case:concept:name": public_log.events["case"],
            "concept:name": public_log.events["activity"].astype("str"),
            "time:timestamp": public_log.events["date"],
        }
    )
    dfg, starting, ending = pm4py.discover_dfg(frame)
    found = discover_map(public_log)
    assert len(found.arrows) >= 15
    ours = found.arrows.set_index(["source", "target"])["traversals"]
    assert ours.to_dict() == dfg
    activities = found.activities.set_index("activity")
    assert activities["starting"][activities["starting"] > 0].to_dict() == starting
    last = activities["ending"] + activities["waiting"]
    assert last[last > 0].to_dict() == ending
    assert_days_add_up(found, public_log)

    plain = directly_follows_times(public_log).set_index(["source", "target"])
    assert plain["traversals"].to_dict() == dfg
    pd.testing.assert_frame_equal(directly_follows(public_log), plain.reset_index()[["source", "target", "traversals"]])
    # pm4py counts whole seconds, rounded down.
    for pair, theirs in pm4py.discover_performance_dfg(frame)[0].items():
        row = plain.loc[pair] * 86_400
        for measure in ("mean", "median", "min", "max", "stdev"):
            mine = row["std_days" if measure == "stdev" else f"{measure}_days"]
            assert mine == pytest.approx(theirs[measure], abs=1.001, nan_ok=True), (pair, measure)


def test_public_logs_are_quick(public_log: EventLog) -> None:
    public_log.arrays  # noqa: B018 - computed once for every use
    began = time.process_time()
    discover_map(public_log)
    assert time.process_time() - began < 5


def test_shuffled_rows_give_the_same_map(tiny_log: EventLog) -> None:
    events = tiny_log.events[["case", "activity", "date"]].sample(frac=1, random_state=4).reset_index(drop=True)
    ranks = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
    shuffled = EventLog.of(events, tiny_log.window, cases=tiny_log.cases, ranks=ranks)
    pd.testing.assert_frame_equal(discover_map(shuffled).arrows, discover_map(tiny_log).arrows)
    pd.testing.assert_frame_equal(discover_map(shuffled).activities, discover_map(tiny_log).activities)


def test_only_arrow_out_is_kaplan_meier_with_delayed_entry() -> None:
    rng = np.random.default_rng(0)
    start = np.floor(rng.uniform(-600, 1000, 120))
    days = np.ceil(rng.lognormal(5, 0.8, 120))
    seen = start + days >= 0
    start, days = start[seen], days[seen]
    rows = [(f"c{i:03d}", "a", start[i]) for i in range(len(start))]
    rows += [(f"c{i:03d}", "b", start[i] + days[i]) for i in range(len(start)) if start[i] + days[i] <= 1000]
    row = arrow(discover_map(log_of(rows, final=("b",))), "a", "b")
    curve = kaplan_meier(np.minimum(days, 1000 - start), start + days <= 1000, entry=np.maximum(0, -start))
    assert row["median_days"] == curve.quantile(0.5)
    assert (row["low_days"], row["high_days"]) == curve.interval(0.5)
    assert row["p90_days"] == curve.quantile(0.9)
    assert row["traversals"] == (start + days <= 1000).sum()
    assert row["waiting"] == (start + days > 1000).sum()


def test_median_counts_the_waiting() -> None:
    # Three of eight have gone on, after 10, 20 and 30 days; five have waited 500 days.
    rows = [(f"c{i}", "a", 500) for i in range(8)] + [(f"c{i}", "b", 510 + 10 * i) for i in range(3)]
    row = arrow(discover_map(log_of(rows, final=("b",))), "a", "b")
    assert np.isnan(row["median_days"])
    assert not row["median_reached"]
    assert row["more_than_days"] == 500
    assert (row["waiting"], row["child_days"]) == (5, 60)


def test_arrows_of_one_activity_share_its_waiting() -> None:
    rows = [(f"c{i}", "a", 0) for i in range(6)]
    rows += [("c0", "b", 10), ("c1", "b", 20), ("c2", "b", 30), ("c3", "c", 100), ("c4", "c", 200)]
    found = discover_map(log_of(rows, final=("b", "c")))
    assert arrow(found, "a", "b")["waiting"] == arrow(found, "a", "c")["waiting"] == 1
    assert found.activities.set_index("activity")["waiting"].to_dict() == {"a": 1, "b": 0, "c": 0}
    assert arrow(found, "a", "b")["median_days"] < arrow(found, "a", "c")["median_days"]


def test_closed_elsewhere_is_not_waiting() -> None:
    log = log_of([("c1", "a", 0), ("c2", "a", 0), ("c2", "b", 30)], final=("b",))
    cases = log.cases.assign(end=log.cases["start"] + pd.Timedelta(days=90))
    found = discover_map(EventLog(log.events, cases, log.window))
    assert found.activities["waiting"].sum() == 0
    assert found.activities.set_index("activity")["ending"].to_dict() == {"a": 1, "b": 1}
    assert found.child_days == 90 + 90
    assert_days_add_up(found, EventLog(log.events, cases, log.window))


def test_events_before_the_window_count_but_do_not_bend_durations() -> None:
    rows = [("old", "a", -500), ("old", "b", -100), ("old", "c", 50), ("new", "a", 10), ("new", "b", 40)]
    found = discover_map(log_of(rows, final=("c",)))
    assert arrow(found, "a", "b")["traversals"] == 2
    assert arrow(found, "a", "b")["median_days"] == 30  # the movement of 400 days was over when recording began
    assert arrow(found, "b", "c")["child_days"] == 150


def test_empty_log_and_cases_without_events() -> None:
    found = discover_map(log_of([]))
    assert (found.cases, found.events, found.child_days) == (0, 0, 0)
    assert found.activities.empty
    assert found.arrows.empty
    assert {"median_days", "established"} <= set(found.arrows)
    assert simplify(log_of([])).hidden.cases_share == 0
    cases = pd.DataFrame({"case": ["x"], "start": pd.to_datetime(["2020-01-01"]), "end": [pd.NaT]})
    window = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01"))
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": []}), window, cases=cases)
    assert (discover_map(empty).cases, discover_map(empty).open_cases) == (1, 1)


def test_one_event_and_all_dates_equal() -> None:
    found = discover_map(log_of([("c1", "a", 0)]))
    assert found.arrows.empty
    assert found.activities["waiting"].tolist() == [1]
    rows = [(f"c{i}", name, 5) for i in range(8) for name in "abc"]
    found = discover_map(log_of(rows, final=("c",)))
    assert (found.arrows[["median_days", "low_days", "high_days", "child_days"]] == 0).all(axis=None)


def test_established_needs_more_than_a_few_of_many() -> None:
    rows = [(f"c{i:03d}", "a", i) for i in range(200)] + [(f"c{i:03d}", "b", i + 5) for i in range(199)]
    rows.append(("c199", "c", 300))
    found = discover_map(log_of(rows, final=("b", "c")))
    assert arrow(found, "a", "b")["established"]
    assert not arrow(found, "a", "c")["established"]


def test_threshold_is_a_choice() -> None:
    rows = [(f"c{i:03d}", "a", i) for i in range(200)] + [
        (f"c{i:03d}", "b" if i % 10 else "c", i + 5) for i in range(200)
    ]
    log = log_of(rows, final=("b", "c"))
    assert discover_map(log, threshold=0.05).arrows["established"].tolist() == [True, True]
    strict = discover_map(log, threshold=0.1).arrows.set_index("target")
    assert strict["established"].to_dict() == {"b": True, "c": False}
    assert strict["cases_low"]["c"] < 0.1 < strict["cases_high"]["c"]
    with pytest.raises(ValueError, match="threshold must be a share"):
        discover_map(log, threshold=5)


def test_share_beyond_a_limit_counts_those_waiting() -> None:
    # Ten come on day 0: two leave after 5 days, two after 60, six still wait on day 100; limit 30 days: 8 of 10.
    rows = [(f"c{i}", "a", 900) for i in range(10)]
    rows += [("c0", "b", 905), ("c1", "b", 905), ("c2", "b", 960), ("c3", "b", 960)]
    log = log_of(rows, final=("b",))
    row = arrow(discover_map(log, limit=Limit(30)), "a", "b")
    assert row["beyond_share"] == pytest.approx(0.8)
    assert 0.3 < row["beyond_low"] < 0.8 < row["beyond_high"] < 1
    curve = kaplan_meier([5, 5, 60, 60, *[100] * 6], [True] * 4 + [False] * 6)
    assert row["beyond_share"] == pytest.approx(curve.at(30.0))
    assert arrow(discover_map(log, limit=Limit(1, "months")), "a", "b")["beyond_share"] == pytest.approx(0.8)
    assert arrow(discover_map(log, limit=Limit(40, "working days")), "a", "b")["beyond_share"] == pytest.approx(0.8)
    assert np.isnan(arrow(discover_map(log, limit=Limit(20, "weeks")), "a", "b")["beyond_share"])  # nobody seen so long
    assert np.isnan(arrow(discover_map(log), "a", "b")["beyond_share"])


def test_restricted_mean_is_always_there_and_named() -> None:
    rows = [(f"c{i}", "a", 500) for i in range(8)] + [(f"c{i}", "b", 510 + 10 * i) for i in range(3)]
    row = arrow(discover_map(log_of(rows, final=("b",))), "a", "b")
    assert not row["median_reached"]
    assert row["restricted_to_days"] == 500  # nobody was followed for two years
    assert row["restricted_mean_days"] == pytest.approx((10 + 20 + 30 + 5 * 500) / 8)
    assert row["restricted_low_days"] < row["restricted_mean_days"] < row["restricted_high_days"] <= 500
    full = arrow(discover_map(log_of([("x", "a", 0), ("x", "b", 900), ("y", "a", 0), ("y", "b", 31)])), "a", "b")
    assert (full["restricted_mean_days"], full["restricted_to_days"]) == ((731 + 31) / 2, 731)


def test_how_long_those_in_it_have_waited() -> None:
    rows = [("x", "a", 900), ("y", "a", 600), ("z", "a", 990), ("w", "a", 0), ("w", "b", 9)]
    row = arrow(discover_map(log_of(rows, final=("b",))), "a", "b")
    assert (row["waiting"], row["waiting_median_days"], row["waiting_longest_days"]) == (3, 100, 400)
    nobody = arrow(discover_map(log_of([("w", "a", 0), ("w", "b", 9)], final=("b",))), "a", "b")
    assert np.isnan(nobody["waiting_longest_days"])


def test_all_cases_open_and_all_dates_equal_have_answers() -> None:
    rows = [(f"c{i}", "a", 0) for i in range(5)] + [(f"c{i}", "b", 7) for i in range(5)]
    found = discover_map(log_of(rows), limit=Limit(1, "weeks"))
    assert found.activities["waiting"].tolist() == [0, 5]
    assert arrow(found, "a", "b")["beyond_share"] == 0
    assert arrow(found, "a", "b")["beyond_high"] == pytest.approx(1 - 0.025 ** (1 / 5))
    same = discover_map(log_of([("x", "a", 5), ("x", "b", 5)], final=("b",)), limit=Limit(3, "working days"))
    assert arrow(same, "a", "b")["beyond_share"] == 0


def test_a_cases_first_event_in_a_log_of_one_activity() -> None:
    plain = directly_follows_times(log_of([("x", "a", 0)]))
    assert plain.empty
    assert directly_follows(log_of([])).empty


# --- simplified maps


def test_reviews_are_left_off_the_spine_unless_named(tiny_log: EventLog) -> None:
    small = simplify(tiny_log, activities=20, arrows=40)
    assert small.hidden.activities == (v.REVIEW,)
    assert v.REVIEW not in set(small.activities["activity"])
    # Over the shown activities the days run from accommodation to the plan.
    assert arrow(small, v.ACCOMMODATED, v.RECOMMENDED)["child_days"] == 130
    assert small.hidden.arrows == 0
    assert small.hidden.cases_share == 0
    assert small.hidden.traversals_share == pytest.approx(1 - 13 / 17)
    assert small.hidden.child_days_share == 0
    named = simplify(tiny_log, activities=[v.ACCOMMODATED, v.REVIEW], arrows=40)
    assert named.activities["activity"].tolist() == [v.ACCOMMODATED, v.REVIEW]


def test_hidden_shares_by_hand() -> None:
    rows = []
    for i in range(8):
        rows += [(f"c{i}", "a", 0), (f"c{i}", "b", 10), (f"c{i}", "d", 20)]
    rows += [("c8", "a", 0), ("c8", "d", 60), ("c9", "a", 0), ("c9", "x", 5), ("c9", "b", 10), ("c9", "d", 20)]
    small = simplify(log_of(rows, final=("d",)), activities=3, arrows=2)
    assert small.activities["activity"].tolist() == ["a", "b", "d"]
    assert list(zip(small.arrows["source"], small.arrows["target"], strict=True)) == [("a", "b"), ("b", "d")]
    assert small.hidden.activities == ("x",)
    assert small.hidden.arrows == 1
    assert small.hidden.cases_share == 0.1  # c8, whose a -> d is not shown; c9's path over a, b, d is
    assert small.hidden.traversals_share == pytest.approx(1 - 18 / 20)
    assert small.hidden.child_days_share == pytest.approx(60 / 240)


@pytest.mark.parametrize("number", [1, 10, 25])
def test_every_shown_activity_can_be_reached_and_can_end(public_log: EventLog, number: int) -> None:
    small = simplify(public_log, activities=9, arrows=number)
    whole = simplify(public_log, activities=9, arrows=10_000)
    assert len(small.activities) == 9
    graph = nx.DiGraph(zip(small.arrows["source"], small.arrows["target"], strict=True))
    graph.add_nodes_from(small.activities["activity"])
    counts = small.activities.set_index("activity")
    starts = set(counts.index[counts["starting"] > 0])
    ends = set(counts.index[counts["ending"] + counts["waiting"] > 0])
    assert starts.union(*(nx.descendants(graph, name) for name in starts)) == set(counts.index)
    assert ends.union(*(nx.ancestors(graph, name) for name in ends)) == set(counts.index)
    assert len(small.arrows) == number or number < 25
    assert len(small.arrows) <= max(number, 16)  # at most one arrow into and one out of each activity must stay
    # What is shown is what the whole projected map has, and what is hidden is the rest.
    merged = small.arrows.merge(whole.arrows, how="left")
    assert merged["traversals"].notna().all()
    assert small.hidden.arrows == len(whole.arrows) - len(small.arrows)
    assert 0 <= whole.hidden.cases_share <= small.hidden.cases_share <= 1
    assert whole.hidden.traversals_share <= small.hidden.traversals_share < 1


def test_ties_go_by_name() -> None:
    rows = [(f"c{name}", activity, day) for name in "dcb" for activity, day in (("a", 0), (name, 5), ("z", 9))]
    small = simplify(log_of(rows, final=("z",)), activities=3, arrows=10)
    assert small.activities["activity"].tolist() == ["a", "b", "z"]


def test_bad_requests(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        simplify(tiny_log, activities=0)
    with pytest.raises(ValueError, match="at least 1"):
        simplify(tiny_log, arrows=0)
    with pytest.raises(ValueError, match=f"got 'Panel'; did you mean '{v.PANEL}'"):
        simplify(tiny_log, activities=["Panel"])
    with pytest.raises(ValueError, match="not in the log"):
        simplify(tiny_log, activities=[v.LONG_TERM])
    with pytest.raises(ValueError, match="no arrow leads from"):
        simplify(tiny_log, activities=[v.PANEL, v.LODGED], arrows=[(v.LODGED, v.PANEL)])


def test_the_main_line_is_never_hidden_for_a_detour() -> None:
    # Nearly all go a -> b -> d; a few go a -> b -> c -> d, which alone would leave every activity reachable.
    rows = [(f"m{i:02d}", name, day) for i in range(30) for name, day in (("a", 0), ("b", 5), ("d", 9))]
    rows += [(f"n{i}", name, day) for i in range(4) for name, day in (("a", 0), ("b", 5), ("c", 7), ("d", 9))]
    small = simplify(log_of(rows, final=("d",)), arrows=1)
    assert ("b", "d") in set(zip(small.arrows["source"], small.arrows["target"], strict=True))
