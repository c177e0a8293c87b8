"""The declared permanence pathway without any council's records: what a scenario file is checked against."""

from __future__ import annotations

from functools import cache

import pandas as pd

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation.fit import fit_pathway
from simulation.known_gates import Known
from simulation.model import PathwayModel


@cache
def declared_pathway() -> PathwayModel:
    """The steps, choices and gates that every fit of the declared pathway has; its durations are placeholders."""
    return declared_with(None)


def declared_with(gates: Known) -> PathwayModel:
    """The same with the gates that a council declares."""
    day = pd.Timestamp("2020-01-01")
    events = pd.DataFrame({"case": ["1"], "activity": [v.BECAME_LOOKED_AFTER], "date": [day]})
    cases = pd.DataFrame({"case": ["1"], "child": ["1"], "start": [day], "end": [pd.NaT]})
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    window = ObservationWindow(day, day + pd.Timedelta(days=365))
    return fit_pathway(EventLog.of(events, window, cases=cases, ranks=ranks), panel=gates)
