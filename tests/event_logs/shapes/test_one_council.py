"""The same synthetic council as tables, as a tracker and as a long table is the same event log."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from event_logs.derive import Derivation, derive
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from event_logs.synthetic.shapes import DETAILS, NOT_CARRIED, write_long, write_tracker

COUNCIL, SEED = Council.of_size(250), 11


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Derivation]:
    """The council in each of the three shapes."""
    folder = tmp_path_factory.mktemp("one council")
    projects = {
        "tables": generate(folder / "tables", council=COUNCIL, seed=SEED).project,
        "tracker": write_tracker(folder / "tracker", council=COUNCIL, seed=SEED),
        "long": write_long(folder / "long", council=COUNCIL, seed=SEED),
    }
    return {shape: derive(load_project(path)) for shape, path in projects.items()}


@pytest.mark.parametrize("shape", ["tracker", "long"])
def test_same_events_and_same_cases(derived: dict[str, Derivation], shape: str) -> None:
    tables, other = derived["tables"].log, derived[shape].log
    assert len(tables) > 5_000
    pd.testing.assert_frame_equal(other.events, tables.events)
    assert set(other.cases) == set(tables.cases)
    pd.testing.assert_frame_equal(other.cases[list(tables.cases)], tables.cases)
    assert other.window == tables.window


@pytest.mark.parametrize("shape", ["tracker", "long"])
def test_every_row_and_date_is_used(derived: dict[str, Derivation], shape: str) -> None:
    ledger = derived[shape].ledger
    assert (ledger["used"] == ledger["rows_read"]).all()
    if shape == "long":
        assert ledger["used"].sum() == len(derived[shape].log)
    else:
        begun_or_ended = len(derived[shape].log.cases) * 2 - derived[shape].log.open_cases
        dates = ledger.set_index("file")["used"]["tracker.csv (dates)"]
        assert dates + begun_or_ended == len(derived[shape].log)


def test_what_a_tracker_cannot_carry(derived: dict[str, Derivation]) -> None:
    # The reviews whose outcome is not recorded show in the tables only, and with them their completeness.
    assert "Review outcome" in set(derived["tables"].data_quality["activity"])
    assert "Review outcome" not in set(derived["tracker"].data_quality["activity"])
    assert len(NOT_CARRIED) == 3
    assert set(DETAILS) <= set(derived["tracker"].log.cases)


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    council = Council.of_size(40)
    for write in (write_tracker, write_long):
        first = write(tmp_path / "a", council=council, seed=2).parent
        second = write(tmp_path / "b", council=council, seed=2).parent
        for path in first.iterdir():
            assert path.read_bytes() == (second / path.name).read_bytes()
