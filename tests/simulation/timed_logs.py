"""Small logs that say when work began, made by hand."""

from __future__ import annotations

import pandas as pd
from hand_models import at

from event_logs.log import EventLog
from event_logs.window import ObservationWindow

Row = tuple[str, str, float, float]
"""Case, activity, and the hours since 1 January 2020 at which work began and was done."""
END = 400 * 24.0


def log_of(rows: list[Row], *, who: str = "", end: float = END, final: list[str] | None = None) -> EventLog:
    frame = pd.DataFrame(rows, columns=["case", "activity", "start", "date"])
    for column in ("start", "date"):
        frame[column] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(frame[column], unit="h")).astype("datetime64[us]")
    frame = frame.assign(resource=who) if who else frame
    return EventLog.of(frame, ObservationWindow(at(0), at(end / 24)), final=final or ["panel"])


def three_at_once(case: int, longest: int) -> list[Row]:
    """An hour of intake, then three reports side by side, one of which takes 10 hours and the others less."""
    begun, lasting = 24.0 * case + 1, [9.0, 9.5, 9.0]
    lasting[longest] = 10.0
    reports = [
        (f"{case:03d}", name, begun, begun + took)
        for name, took in zip(("legal", "health", "child's"), lasting, strict=True)
    ]
    return [(f"{case:03d}", "in", begun - 1, begun), *reports, (f"{case:03d}", "panel", begun + 10, begun + 11)]
