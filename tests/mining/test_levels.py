"""From the simplest map to the full one: pathways by hand, sliders, and activities that can always be reached."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.levels import along_pathways, pathway_levels, slide
from mining.process_map import ProcessMap, discover_map, simplify

WINDOW = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))


def log_of(paths: list[str], *, final: str = "z") -> EventLog:
    """A case for each word, an event for each letter, a day apart; closed if it ends in a final letter."""
    rows = [
        (f"c{number:03d}", letter, WINDOW.start + pd.Timedelta(days=place))
        for number, path in enumerate(paths)
        for place, letter in enumerate(path)
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    ranks = {letter: rank for rank, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    return EventLog.of(events, WINDOW, ranks=ranks, final=final)


def assert_connected(found: ProcessMap) -> None:
    """Every activity can be reached from one in which cases begin, and reaches one where they end or wait."""
    graph = nx.DiGraph(zip(found.arrows["source"], found.arrows["target"], strict=True))
    graph.add_nodes_from(found.activities["activity"])
    counts = found.activities.set_index("activity")
    starts = set(counts.index[counts["starting"] > 0])
    ends = set(counts.index[counts["ending"] + counts["waiting"] > 0])
    assert starts.union(*(nx.descendants(graph, name) for name in starts)) == set(counts.index)
    assert ends.union(*(nx.ancestors(graph, name) for name in ends)) == set(counts.index)


def test_levels_by_hand() -> None:
    # abz three times; acz twice; abcz once brings b -> c; then open cases: ad, and ab, which brings nothing new.
    log = log_of(["abz"] * 3 + ["acz"] * 2 + ["abcz"] + ["ad"] * 4 + ["ab"])
    found = pathway_levels(log)
    assert found["pathway"].tolist() == ["a → b → z", "a → c → z", "a → b → c → z", "a → d"]
    assert found["cases"].tolist() == [3, 2, 1, 4]
    assert found["closed_cases"].tolist() == [3, 2, 1, 0]
    assert found["activities"].tolist() == [3, 4, 4, 5]
    assert found["arrows"].tolist() == [2, 4, 5, 6]
    assert found["covered_cases"].tolist() == [4, 6, 7, 11]  # ab uses nothing but the first level
    assert found["covered_share"].iloc[-1] == 1


def test_a_level_shows_its_pathways_and_owns_up() -> None:
    log = log_of(["abz"] * 3 + ["acz"] * 2 + ["abcz"] + ["ad"] * 4 + ["ab"])
    first = along_pathways(log)
    assert set(first.activities["activity"]) == {"a", "b", "z"}
    assert list(zip(first.arrows["source"], first.arrows["target"], strict=True)) == [("a", "b"), ("b", "z")]
    assert first.hidden.activities == ("c", "d")
    assert first.hidden.arrows == 1  # a -> z, the way of acz when c is not shown
    assert first.hidden.cases_share == pytest.approx(2 / 11)
    everything = along_pathways(log, 99)
    pd.testing.assert_frame_equal(everything.arrows, discover_map(log).arrows)
    assert everything.hidden.arrows == 0


def test_covered_cases_are_those_with_nothing_hidden() -> None:
    log = log_of(["abz"] * 5 + ["acbz", "adz", "adz", "aabz", "abab", "a"])
    levels = pathway_levels(log)
    for row in levels.itertuples():
        found = along_pathways(log, row.level)
        assert (len(found.activities), len(found.arrows)) == (row.activities, row.arrows)
        shown = set(zip(found.arrows["source"], found.arrows["target"], strict=True))
        names = set(found.activities["activity"])
        traces = log.events.groupby("case")["activity"].agg(lambda one: "".join(one.astype("str")))
        covered = sum(set(t) <= names and set(pairwise(t)) <= shown for t in traces)
        assert covered == row.covered_cases
        assert_connected(found)


def test_reviews_are_beside_the_pathways(tiny_log: EventLog) -> None:
    assert not pathway_levels(tiny_log)["pathway"].str.contains(v.REVIEW).any()
    assert pathway_levels(tiny_log, recurring=True)["pathway"].str.contains(v.REVIEW).any()


def test_sliders_at_their_ends() -> None:
    log = log_of(["abz"] * 6 + ["acz"] * 2 + ["abcz", "adbz", "aez"])
    assert set(slide(log, activities=0, paths=0).activities["activity"]) == {"a", "b", "z"}
    whole = slide(log)
    pd.testing.assert_frame_equal(whole.arrows, discover_map(log).arrows)
    fewest = slide(log, paths=0)
    assert len(fewest.activities) == 6
    assert len(fewest.arrows) < len(whole.arrows)
    assert ("a", "b") in set(zip(fewest.arrows["source"], fewest.arrows["target"], strict=True))
    sizes = [len(slide(log, activities=share, paths=1).activities) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert sizes == sorted(sizes)


@settings(max_examples=60, deadline=None)
@given(
    paths=st.lists(st.text("abcdefz", min_size=1, max_size=9), min_size=1, max_size=25),
    activities=st.floats(0, 1),
    share=st.floats(0, 1),
    number=st.integers(1, 7),
    level=st.integers(1, 6),
)
def test_no_activity_is_ever_unreachable(
    paths: list[str], activities: float, share: float, number: int, level: int
) -> None:
    log = log_of(paths)
    whole = discover_map(log)
    for found in (
        slide(log, activities=activities, paths=share),
        simplify(log, activities=number, arrows=1),
        simplify(log, activities=number, arrows=number),
        along_pathways(log, level),
    ):
        assert_connected(found)
        hidden = found.hidden
        assert all(0 <= part <= 1 for part in (hidden.cases_share, hidden.traversals_share, hidden.child_days_share))
        assert found.arrows["traversals"].sum() <= whole.traversals


def test_odd_logs() -> None:
    empty = log_of([])
    assert pathway_levels(empty).empty
    assert along_pathways(empty).arrows.empty
    assert slide(empty).arrows.empty
    one = log_of(["a"])
    assert pathway_levels(one)["covered_cases"].tolist() == [1]
    assert along_pathways(one).activities["waiting"].tolist() == [1]
    same_day = EventLog.of(
        pd.DataFrame({"case": ["x"] * 3, "activity": list("abc"), "date": pd.to_datetime(["2024-05-05"] * 3)}), WINDOW
    )
    assert pathway_levels(same_day)["arrows"].tolist() == [2]


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="level must be at least 1"):
        along_pathways(log_of(["ab"]), 0)
    with pytest.raises(ValueError, match=r"paths must be from 0 to 1, got 1\.5"):
        slide(log_of(["ab"]), paths=1.5)
