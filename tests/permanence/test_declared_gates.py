"""What a project file says of panel, decision maker and court is what the model has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.project import Project, load_project
from event_logs.window import ObservationWindow
from permanence.gates import gates_of, panel_of
from simulation.at_gates import over_full
from simulation.cohort import snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.gates import Away, CarveOut, DecisionMaker, Places, Priority

HEAD = """
schema_version = 1
name = "Somewhere"

[window]
recording_start = 2015-01-01
extraction_date = 2024-07-31

[children]
file = "c.csv"
child = "c"
birth = "b"

[episodes]
file = "e.csv"
episode = "e"
child = "c"
start = "s"
end = "t"

[panel]
weekday = "Tuesday"
weeks_of_month = [1, 3]
slots = 4
"""
MORE = """
cancelled = [2024-08-06]
added = [2024-08-08]
slots_on = { 2024-08-20 = 2 }
booked_in = "panel_booked"
siblings_together = true
priority = { by = "age_band", first = ["0", "1-4"] }
kept_slots = [{ by = "age_band", values = ["0"], slots = 1 }]

[decision_maker]
keeps_limit = 0.5

[court]
places = 12
[[court.away]]
start = 2024-12-20
end = 2025-01-06
places = 12

[holidays]
closed = [2024-09-16]
open = [2024-12-02]
"""


def project(folder: Path, text: str) -> Project:
    for name, columns in (("c.csv", "c,b"), ("e.csv", "e,c,s,t")):
        (folder / name).write_text(columns + "\n", encoding="utf-8")
    (folder / "permanence.toml").write_text(text, encoding="utf-8")
    return load_project(folder)


def test_the_gates_are_those_of_the_file(tmp_path: Path) -> None:
    known = gates_of(project(tmp_path, HEAD + MORE))
    panel = known.panel
    assert panel is not None
    assert (panel.cancelled, panel.added, panel.slots_on) == (("2024-08-06",), ("2024-08-08",), {"2024-08-20": 2})
    assert panel.priority == Priority(by="age_band", first=("0", "1-4"))
    assert panel.carve_outs == (CarveOut(by="age_band", values=("0",), slots=1),)
    assert (panel.booked_in, panel.siblings_together, panel.booking) == ("panel_booked", True, False)
    assert known.decision_maker == DecisionMaker(limit_days=14.0, keeps_limit=0.5)
    assert known.court == Places(places=12, away=(Away(start="2024-12-20", end="2025-01-06", places=12),))
    assert {"2024-09-16", "2024-12-25", "2034-01-02"} <= set(known.holidays)
    assert "2024-12-02" not in known.holidays


def test_a_file_without_them_has_the_panel_as_before(tmp_path: Path) -> None:
    plain = project(tmp_path, HEAD)
    known = gates_of(plain)
    assert known.panel == panel_of(plain)
    assert (known.decision_maker, known.court) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('booked_in = "panel_booked"', "booking = true", "cannot go with `booking`"),
        ("added = [2024-08-08]", "added = [2024-08-06]", "both cancelled and added: 2024-08-06"),
        ("slots = 1 }", "slots = 5 }", "more slots than the 4"),
        ("end = 2025-01-06", "end = 2024-01-06", "before `start`"),
        ("keeps_limit = 0.5", "keeps_limit = 1.5", "less than or equal to 1"),
        ("cancelled = [", "canceled = [", "unknown key 'canceled'"),
    ],
)
def test_a_wrong_gate_is_refused_with_its_place(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in MORE
    with pytest.raises(InputError, match=r"panel|decision_maker|court") as raised:
        project(tmp_path, HEAD + MORE.replace(old, new))
    assert any(said in one.problem for one in raised.value.problems), raised.value


def before_court() -> EventLog:
    """Forty children of whom the panel heard all: twenty decided and lodged, half of them with an order."""
    rows, start = [], pd.Timestamp("2024-01-02")
    for number in range(40):
        case, panel = f"{number:02d}", start + pd.Timedelta(days=3 * number)
        rows.append((case, v.PANEL, panel))
        if number < 20:
            rows += [(case, v.AGENCY_DECISION, panel + pd.Timedelta(days=9)),
                     (case, v.LODGED, panel + pd.Timedelta(days=30))]  # fmt: skip
        if number < 10:
            rows.append((case, v.PERMANENCE_ORDER, panel + pd.Timedelta(days=80 + number)))
    frame = pd.DataFrame(rows, columns=["case", "activity", "date"])
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    cases = pd.DataFrame({"case": [f"{n:02d}" for n in range(40)], "start": start, "end": pd.NaT})
    window = ObservationWindow(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-07-31"))
    return EventLog.of(frame, window, cases=cases, ranks=ranks)


def test_the_fitted_pathway_passes_them(tmp_path: Path) -> None:
    log = before_court()
    known = gates_of(project(tmp_path, HEAD + MORE.replace("places = 12\n[[", "places = 4\n[[")))
    plain, model = fit_pathway(log, panel=known.panel), fit_pathway(log, panel=known)
    assert model.holidays == known.holidays
    decide = f"{v.PANEL} → {v.AGENCY_DECISION}"
    assert (plain.steps[decide].gate, model.steps[decide].gate) == ("", "decision maker")
    assert {step.gate for step in model.steps.values() if step.activity == v.PERMANENCE_ORDER} == {"court"}
    row = over_full(snapshot(log, model)).set_index("gate").loc["court"]
    assert (row["places"], row["held"], row["waiting"], row["over"]) == (4, 4, 6, 0)
    ahead = simulate(model, snapshot(log, model), pd.Timestamp("2026-07-31"), seed=1)
    decided = ahead.events[ahead.events["activity"] == v.AGENCY_DECISION]["date"]
    made = decided[decided > log.window.end]
    assert len(made) > 5
    assert made.dt.day_of_week.max() < 5
    assert not set(made.dt.strftime("%Y-%m-%d")) & set(known.holidays)
    heard = ahead.events[ahead.events["activity"] == v.PANEL]["date"]
    assert not set(heard[heard > log.window.end].dt.strftime("%Y-%m-%d")) & set(known.holidays)
