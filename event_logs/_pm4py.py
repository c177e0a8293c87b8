"""The only place where this package meets pm4py: hand it clean, typed frames, never text to guess from."""

from __future__ import annotations

import pandas as pd

from event_logs.log import EventLog


def to_pm4py(log: EventLog) -> pd.DataFrame:
    """The events as pm4py wants them, in the log's own order.

    Columns: `case:concept:name` and `concept:name` (text), `time:timestamp` (datetime64), then the log's other event
    attributes; case attributes stay in the log. pm4py's own `format_dataframe` is not
    to be used on it: it would parse what is parsed already.
    """
    events = log.events.drop(columns="rank").rename(
        columns={"case": "case:concept:name", "activity": "concept:name", "date": "time:timestamp"}
    )
    return events.astype({"case:concept:name": "str", "concept:name": "str"})
