"""Distinct traces equal those of a plain dictionary, whatever the log."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.traces import main_line, traces_of


def test_traces_equal_a_dictionary() -> None:
    rng = np.random.default_rng(3)
    events = pd.DataFrame({"case": rng.integers(0, 400, 1500).astype(str), "activity": rng.choice(list("abcd"), 1500)})
    events["date"] = from_days(18300 + rng.integers(0, 30, 1500).astype(float))
    window = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01"))
    log = EventLog.of(events, window, ranks={x: k for k, x in enumerate("abcd")})
    chosen = np.arange(len(log.cases)) % 3 > 0
    found = traces_of(log, ["a", "b", "d"], chosen)
    wanted = log.events[log.events["activity"].isin(["a", "b", "d"])]
    plain = wanted.groupby("case")["activity"].agg(tuple).reindex(log.cases["case"]).tolist()
    traces = [trace if isinstance(trace, tuple) else () for trace in plain]
    counts = Counter(trace for trace, taken in zip(traces, chosen, strict=True) if taken)
    assert dict(zip(found.traces, found.counts.tolist(), strict=True)) == counts
    assert [found.traces[k] if k >= 0 else None for k in found.trace] == [
        trace if taken else None for trace, taken in zip(traces, chosen, strict=True)
    ]
    assert (np.diff(found.counts) <= 0).all()
    ties = wanted.groupby("case")["date"].agg(lambda dates: dates.duplicated().any()).reindex(log.cases["case"])
    assert found.tied.tolist() == [bool(tie is True) and bool(taken) for tie, taken in zip(ties, chosen, strict=True)]


def test_main_line_leaves_reviews_aside(tiny_log: EventLog) -> None:
    assert v.REVIEW in tiny_log.activities
    assert main_line(tiny_log) == tuple(name for name in tiny_log.activities if name != v.REVIEW)


def test_no_cases(tiny_log: EventLog) -> None:
    nobody = np.zeros(3, dtype=bool)
    assert traces_of(tiny_log, tiny_log.activities, nobody).traces == ()
