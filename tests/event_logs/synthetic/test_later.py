"""The extract of some years later tells the same past, and what came of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import CHANGES, Council, generate
from event_logs.synthetic.later import generate_later

COUNCIL = Council(years=6).scaled(30)


def test_the_past_is_the_same_and_a_change_shows_only_afterwards(tmp_path: Path) -> None:
    generate(tmp_path / "today", council=COUNCIL, seed=2)
    first = derive(load_project(tmp_path / "today")).log
    changes = {"same": None, "changed": CHANGES["earlier-legal-advice"]}
    later = {
        name: derive(load_project(generate_later(tmp_path / name, COUNCIL, 2, change, years=3))).log
        for name, change in changes.items()
    }
    end = first.window.end
    keys = ["case", "activity", "date"]
    for log in later.values():
        assert log.window.end == end + pd.DateOffset(years=3)
        assert log.window.start == first.window.start
        before = log.events.loc[log.events["date"] <= end, keys].astype("str").reset_index(drop=True)
        assert before.equals(first.events[keys].astype("str").reset_index(drop=True))
    assert not later["same"].events[keys].astype("str").equals(later["changed"].events[keys].astype("str"))


def test_beyond_the_horizon_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="within the horizon of 1096 days"):
        generate_later(tmp_path, COUNCIL, 2, years=4)
