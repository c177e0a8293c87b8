"""Writing small projects of any shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from event_logs.derive import Derivation, derive
from event_logs.project import load_project

HEAD = """\
schema_version = 1
name = "Shapes"
window = { recording_start = 2019-01-01, extraction_date = 2022-12-31 }
reading = { date_format = "%d/%m/%Y" }
"""

Derive = Callable[..., Derivation]


@pytest.fixture
def derive_files(tmp_path: Path) -> Derive:
    """Writes files and a project file with the given sections, derives, and checks that every row is accounted for."""

    def run(sections: str, files: dict[str, str], *, head: str = HEAD) -> Derivation:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "permanence.toml").write_text(head + sections, encoding="utf-8")
        found = derive(load_project(tmp_path))
        check_accounted(found)
        return found

    return run


def check_accounted(found: Derivation) -> None:
    """Every row is used, quarantined or ignored, and each one quarantined stands in the quarantine."""
    ledger = found.ledger
    assert (ledger["rows_read"] == ledger["used"] + ledger["quarantined"] + ledger["ignored"]).all()
    assert ledger["quarantined"].sum() == len(found.quarantine)


def rows(found: Derivation) -> list[tuple[str, str, str]]:
    """The events as (case, activity, day)."""
    events = found.log.events
    return list(zip(events["case"], events["activity"], events["date"].dt.strftime("%Y-%m-%d"), strict=True))
