"""The extract: complete, true, and nothing of the future in it."""

from __future__ import annotations

import tomllib
from datetime import date

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Generated, Journeys
from event_logs.synthetic.council import day_number
from event_logs.synthetic.spells import legal_statuses, placements
from event_logs.synthetic.tables import Extract, extract

TODAY = "2024-07-31"


@pytest.fixture(scope="module")
def tables(small: Journeys) -> Extract:
    return extract(small)


def test_every_episode_that_touches_the_window_and_no_other(small: Journeys, tables: Extract) -> None:
    episodes = tables.tables["episodes"]
    first, last = small.council.window
    touching = sum(1 for s, e in zip(small.start, small.end, strict=True) if e >= first and s <= last)
    assert len(episodes) == touching
    assert (episodes["start_date"] <= TODAY).all()
    assert ((episodes["end_date"] == "") | (episodes["end_date"] >= "2014-08-01")).all()
    # Those already running when recording began have their true start and earlier history.
    assert (episodes["start_date"] < "2014-08-01").sum() > 100
    assert (tables.tables["reviews"]["review_date"] < "2014-08-01").any()


def test_nothing_after_the_extraction_date_anywhere(tables: Extract) -> None:
    seen = 0
    for name, table in tables.tables.items():
        for column in table.columns.astype(str):
            if "date" in column:
                assert (table[column] <= TODAY).all(), (name, column)
                seen += 1
    assert seen == 9
    episodes = tables.tables["episodes"]
    still = episodes["end_date"] == ""
    assert still.sum() > 200
    assert (episodes.loc[still, "destination"] == "").all()
    assert (episodes.loc[~still, "destination"] != "").all()


def test_open_spells_are_open_and_closed_episodes_have_none(tables: Extract) -> None:
    still = set(tables.tables["episodes"].query("end_date == ''")["episode_id"])
    for name in ("placements", "legal_statuses"):
        table = tables.tables[name]
        open_spells = table.loc[table["end_date"] == "", "episode_id"]
        assert open_spells.is_unique
        assert set(open_spells) == still


def test_spells_leave_no_gap_and_fill_the_episode(small: Journeys) -> None:
    for spells in (placements(small), legal_statuses(small)):
        same = np.diff(spells.episode) == 0
        assert (spells.end[:-1][same] == spells.start[1:][same]).all()
        assert (spells.end > spells.start).all()
        firsts, lasts = np.append(True, ~same), np.append(~same, True)
        assert (spells.start[firsts] == small.start).all()
        assert (spells.end[lasts] == small.end).all()


def test_outcomes_are_blank_before_2018_for_four_children_in_ten(journeys: Journeys) -> None:
    tables = extract(journeys).tables
    reviews = tables["reviews"].merge(tables["episodes"][["episode_id", "child_id"]])
    early = reviews[reviews["review_date"] < "2018-01-01"]
    blank = (early["outcome"] == "").groupby(early["child_id"]).agg(["any", "all"])
    assert (blank["any"] == blank["all"]).all()
    assert blank["any"].mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / len(blank)))
    assert (reviews.loc[reviews["review_date"] >= "2018-01-01", "outcome"] != "").all()


def test_names_are_written_but_not_in_the_project(clean: Generated) -> None:
    children = pd.read_csv(clean.paths["children"], dtype=str)
    assert {"forename", "surname"} <= set(children)
    project = clean.project.read_text(encoding="utf-8")
    assert "name = " in project
    assert "forename" not in project
    assert "surname" not in project
    assert tomllib.loads(project)["panel"]["slots"] == clean.truth["parameters"]["panel_slots"]


def test_siblings_share_their_start_and_their_name(tables: Extract) -> None:
    children = tables.tables["children"]
    families = children.groupby("family_id")
    assert (families.size() > 1).sum() > 50
    assert (families["surname"].nunique() == 1).all()
    assert (families["locality"].nunique() == 1).all()
    assert children["locality"].nunique() == 4


def test_derived_log_holds_exactly_the_planted_milestones(clean: Generated, small: Journeys) -> None:
    """Records written, read and derived give back every milestone of the planted journeys up to the extraction."""
    derivation = derive(load_project(clean.project))
    assert derivation.quarantine.empty
    assert len(derivation.log.cases) == clean.rows["episodes"]
    first = derivation.log.events.drop_duplicates(["case", "activity"])
    day = (first["date"] - pd.Timestamp("1970-01-01")).dt.days
    found = pd.Series(day.to_numpy(), index=[first["case"].astype("str"), first["activity"].astype("str")])
    window_start, today = small.council.window
    rows = np.flatnonzero((small.end >= window_start) & (small.start <= today))
    unrecorded = day_number(date(2018, 1, 1))
    plans = (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.RECOMMENDED, v.LONG_TERM)
    for activity, days in small.days.items():
        planted = pd.Series(days[rows], index=[f"E{row + 1:06d}" for row in rows])
        planted = planted[planted <= today]
        derived = found[found.index.get_level_values(1) == activity].droplevel(1)
        assert derived.index.isin(planted.index).all(), activity
        assert (planted[derived.index] == derived).all(), activity
        lost = planted.drop(derived.index)
        assert lost.empty or activity in plans, activity
        assert (lost < unrecorded).all(), activity
