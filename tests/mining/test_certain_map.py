"""Maps of certain movements only, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.certain_map import certain_only
from mining.process_map import discover_map, simplify


def log_of(words: list[list[tuple[str, int]]]) -> EventLog:
    """One case a word: its steps and the days on which they happened."""
    zero = pd.Timestamp("2020-01-01")
    rows = [
        (f"c{number}", name, zero + pd.Timedelta(days=day)) for number, word in enumerate(words) for name, day in word
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    ranks = {name: place for place, name in enumerate(sorted(events["activity"].unique()))}
    return EventLog.of(events, ObservationWindow(zero, zero + pd.Timedelta(days=100)), ranks=ranks, final=["d", "y"])


LOG = log_of(
    [
        [("a", 1), ("b", 2), ("c", 2), ("d", 3)],  # nothing is certain: b and c share a day
        [("a", 1), ("b", 2), ("c", 3), ("d", 4)],  # all is certain
        [("x", 1), ("y", 1)],  # the only movement of x and y, and it is not certain
    ]
)


def test_only_certain_movements_count() -> None:
    whole = discover_map(LOG)
    found = certain_only(whole, LOG)
    arrows = found.map.arrows.set_index(["source", "target"])
    assert arrows["traversals"].to_dict() == {("a", "b"): 1, ("b", "c"): 1, ("c", "d"): 1}
    assert arrows["cases"].tolist() == [1, 1, 1]
    assert arrows["cases_share"].tolist() == pytest.approx([1 / 3] * 3)
    assert found.traversals == 4  # of seven movements three are left
    assert found.arrows == 1
    assert found.unreached == ("x", "y")
    assert found.map.hidden.traversals_share == pytest.approx(4 / 7)
    assert found.map.hidden.cases_share == pytest.approx(2 / 3)
    assert found.map.hidden.arrows == 1
    # Times stay those of both cases: b to c took 0 and 1 days.
    assert arrows.loc[("b", "c"), "child_days"] == 1
    assert "4 movements were taken out" in found.text
    assert "1 arrow is gone" in found.text
    assert "No certain movement joins to the rest: x, y." in found.text


def test_established_goes_by_certain_movements() -> None:
    words = [[("a", 1), ("b", 2)]] + [[("a", 1), ("b", 1)]] * 200
    log = log_of(words)
    assert discover_map(log).arrows["established"].all()
    found = certain_only(discover_map(log), log).map.arrows
    assert found["cases"].tolist() == [1]
    assert not found["established"].any()


def test_declared_order_is_certain(tiny_log: EventLog) -> None:
    whole = discover_map(tiny_log)
    found = certain_only(whole, tiny_log)
    assert len(found.map.arrows) == len(whole.arrows)
    assert found.traversals == 0
    assert found.text == "Only certain movements are shown: the order of all of them was certain."
    assert certain_only(whole, tiny_log, declared=False).traversals > 0


def test_the_order_is_judged_among_the_steps_shown() -> None:
    """Without c the first case has no two steps of one day, so a to b is certain in both."""
    shown = simplify(LOG, activities=["a", "b", "d"], arrows=9)
    found = certain_only(shown, LOG).map.arrows
    assert dict(zip(found["source"], found["traversals"], strict=True)) == {"a": 2, "b": 2}


def test_an_empty_log() -> None:
    empty = EventLog.of(LOG.events.drop(columns="rank").head(0), LOG.window)
    found = certain_only(discover_map(empty), empty)
    assert found.map.arrows.empty
    assert found.traversals == 0
