"""The automatic map of every public log: legible on A4, and the same bytes in every process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from event_logs.exchange import read_log
from event_logs.log import EventLog
from event_logs.log_tables import LogColumns
from mining.drawing import A4_LANDSCAPE, fit_map, write_map
from mining.drawing.clutter import clutter_of
from mining.drawing.scene import Text

ROOT = Path(__file__).resolve().parents[3]
LOGS = ROOT.parent / "shared" / "logs"
PUBLIC: dict[str, tuple[tuple[str, str, str] | None, int, int, float]] = {
    "sepsis_full.xes.gz": (None, 13, 25, 0.08),
    "receipt_wabo.xes.gz": (None, 15, 25, 0.05),
    "traffic_fines_sample.csv.gz": (("case_id", "activity", "timestamp"), 8, 10, 0.03),
    "helpdesk.xes.gz": (None, 7, 12, 0.03),
    "loan_app.csv.gz": (("case_id", "activity", "end_time"), 12, 18, 0.03),
    "interval_event_log.csv.gz": (("case:concept:name", "concept:name", "time:timestamp"), 8, 10, 0.02),
    "running-example.xes": (None, 8, 14, 0.06),
}
"""Columns, the least activities and arrows the picture shows, and the most of all movements it hides."""
SCRIPT = """
import sys
from pathlib import Path
from event_logs.exchange import read_log
from event_logs.log_tables import LogColumns
from mining.drawing import fit_map, write_map
path, out, *names = sys.argv[1:]
columns = LogColumns(case=names[0], activity=names[1], timestamp=names[2]) if names else None
write_map(fit_map(read_log(Path(path), columns=columns))[1], Path(out))
"""


def read_public(name: str) -> EventLog:
    if not (LOGS / name).exists():
        pytest.skip(f"needs the public log {name} in shared/logs beside the repository")
    names = PUBLIC[name][0]
    return read_log(
        LOGS / name, columns=LogColumns(case=names[0], activity=names[1], timestamp=names[2]) if names else None
    )


@pytest.mark.parametrize("name", list(PUBLIC))
def test_the_automatic_map_is_legible_and_shows_most_of_it(name: str) -> None:
    _, activities, arrows, hidden = PUBLIC[name]
    found, drawing = fit_map(read_public(name))
    assert drawing.fits
    assert (drawing.scene.width, drawing.scene.height) == (A4_LANDSCAPE.width, A4_LANDSCAPE.height)
    texts = [mark for group in drawing.scene.groups for mark in group.marks if isinstance(mark, Text)]
    assert min(mark.size for mark in texts) >= 9 - 1e-9
    assert len(found.activities) >= activities
    assert len(found.arrows) >= arrows
    assert found.hidden.traversals_share <= hidden
    clutter = clutter_of(drawing.layout)
    assert clutter.struck == 0
    assert clutter.grazed <= 2
    units = {"min", "h", "d", "wk"}
    labels = [edge.label for edge in drawing.diagram.edges]
    assert all(label.split()[-1] in units or label.endswith("same day") for label in labels), "every time has its unit"


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PUBLIC))
def test_bytes_are_the_same_in_every_process(name: str, tmp_path: Path) -> None:
    log = read_public(name)
    here = write_map(fit_map(log)[1], tmp_path / "here")
    expected = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in here}
    for seed in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC+{len(seed)}"}
        command = [sys.executable, "-c", SCRIPT, str(LOGS / name), str(tmp_path / seed), *(PUBLIC[name][0] or ())]
        subprocess.run(command, check=True, env=environment, cwd=tmp_path)
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / seed).iterdir()}
        assert found == expected
