"""One simulated future of a project: today's open cases at their stage, and the new ones to come."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from event_logs import exchange
from event_logs.log import EventLog
from permanence.files import complete_files
from permanence.gates import gates_of
from permanence.pipeline import HORIZON_YEARS, Run
from permanence.progress import StageDisplay


def forecast(run: Run, folder: Path, *, seed: int, display: StageDisplay) -> EventLog:
    """Write the simulated log of the years after the extraction date into `folder`, and return it."""
    from simulation.cohort import snapshot
    from simulation.engine import simulate
    from simulation.fit import fit_pathway

    with display.stage("Simulating the next three years"):
        model = fit_pathway(run.log, panel=gates_of(run.project))
        end = run.log.window.end + pd.Timedelta(days=round(HORIZON_YEARS * 365.25))
        simulated = simulate(model, snapshot(run.log, model), end, seed=seed)
    with display.stage("Writing the simulated log"), complete_files(folder) as scratch:
        exchange.write_log(simulated, scratch)
    return simulated
